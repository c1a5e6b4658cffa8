//! The model file: what is written comes back, and nothing else is taken for it.

use std::fs;

use limpid_files::{MODEL_CAP_BYTES, ModelError, ModelFile, ModelFileError};
use limpid_graph::Tensor;
use proptest::prelude::*;

fn small() -> ModelFile {
    let mut model = ModelFile::default();
    model.metadata.insert("network".into(), "3, affine 1".into());
    model.metadata.insert("note".into(), "klar \"wie\"\n Wasser ✓".into());
    model.arrays = vec![
        ("classes".into(), Tensor::from([0u8, 1, 2])),
        ("0/w".into(), Tensor::from([[0.5f32], [-1.0], [f32::MIN_POSITIVE]])),
        ("loss".into(), Tensor::scalar(0.25)),
        ("none".into(), Tensor::from(Vec::<f32>::new())),
    ];
    model
}

fn small_bytes() -> Vec<u8> {
    small().to_bytes().expect("the small model fits")
}

/// A safetensors file with this header and these bytes after it.
fn container(header: &str, arrays: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), arrays].concat()
}

#[test]
fn a_model_comes_back_as_it_was_with_its_arrays_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("small.safetensors");
    small().write(&path).unwrap();
    let read = ModelFile::read(&path).unwrap();
    assert_eq!(read, small());
    assert_eq!(read.array("loss"), Some(&Tensor::scalar(0.25)));
    assert_eq!(read.array("gain"), None);
}

#[test]
fn the_same_model_gives_the_same_bytes() {
    let mut model = small();
    for index in 0..20 {
        model.metadata.insert(format!("note {index}"), index.to_string());
    }
    let bytes = model.to_bytes().unwrap();
    for _ in 0..20 {
        assert_eq!(ModelFile::from_bytes(&bytes).unwrap().to_bytes().unwrap(), bytes);
    }
}

/// The bytes are a promise to files already written: a change here needs a new `limpid.version`.
#[test]
fn the_bytes_of_version_1_stay_as_they_are() {
    let mut model = ModelFile::default();
    model.metadata.insert("a".into(), "b".into());
    model.arrays = vec![("x".into(), Tensor::from([1u8])), ("y".into(), Tensor::from([1.0f32]))];
    let header = concat!(
        r#"{"__metadata__":{"a":"b","format":"limpid-model","#,
        r#""limpid.sha256":"@","limpid.version":"1"},"#,
        r#""x":{"dtype":"U8","shape":[1],"data_offsets":[4,5]},"y":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
    );
    // Worked out by another program, from the description of the digest alone.
    let mut header = header.replace('@', "8bc6c8c3ff5fa6ebe4659163158ac20e6ad86e3ac2ba780d21ce6d9ee9267785");
    while !header.len().is_multiple_of(8) {
        header.push(' ');
    }
    assert_eq!(model.to_bytes().unwrap(), container(&header, &[0, 0, 128, 63, 1]));
}

#[test]
fn other_safetensors_readers_open_the_file_as_it_is() {
    let bytes = small_bytes();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let weights = tensors.tensor("0/w").unwrap();
    assert_eq!((weights.dtype(), weights.shape()), (safetensors::Dtype::F32, &[3, 1][..]));
    assert_eq!(weights.data()[..4], 0.5f32.to_le_bytes());
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    assert_eq!(header.metadata().as_ref().unwrap()["format"], "limpid-model");
}

#[test]
fn every_array_is_aligned_to_its_numbers() {
    let bytes = small_bytes();
    let (header, metadata) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    for (name, info) in metadata.tensors() {
        assert_eq!((8 + header + info.data_offsets.0) % (info.dtype.bitsize() / 8), 0, "{name}");
    }
}

#[test]
fn a_tool_that_rearranges_the_file_keeps_the_model() {
    let bytes = small_bytes();
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let rewritten = safetensors::serialize(tensors.tensors(), header.metadata().clone()).unwrap();
    let read = ModelFile::from_bytes(&rewritten).unwrap();
    assert_eq!(read.metadata, small().metadata);
    for (name, array) in small().arrays {
        assert_eq!(read.array(&name), Some(&array));
    }
}

#[test]
fn a_file_cut_at_any_length_is_refused_naming_both_lengths() {
    let bytes = small_bytes();
    assert!(matches!(ModelFile::from_bytes(b""), Err(ModelError::NotSafetensors { .. })));
    for length in 1..bytes.len() {
        match ModelFile::from_bytes(&bytes[..length]) {
            Err(ModelError::Cut { needed, found }) => assert!(found == length as u64 && needed > found),
            other => panic!("cut to {length}: {other:?}"),
        }
    }
}

#[test]
fn a_flipped_bit_anywhere_is_noticed() {
    let bytes = small_bytes();
    for index in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[index / 8] ^= 1 << (index % 8);
        assert!(ModelFile::from_bytes(&damaged).is_err(), "bit {} of byte {}", index % 8, index / 8);
    }
}

#[test]
fn broken_bytes_are_refused_with_their_facts_and_a_fix() {
    let place = |name: &str, dtype: &str, end: usize| {
        format!(r#""{name}":{{"dtype":"{dtype}","shape":[1],"data_offsets":[0,{end}]}}"#)
    };
    let limpid = |version: &str, rest: &str| {
        container(&format!(r#"{{"__metadata__":{{"format":"limpid-model","limpid.version":"{version}"}}{rest}}}"#), &[])
    };
    let table = [
        (
            b"PK\x03\x04 a zip archive".to_vec(),
            "expected a model that limpid wrote, found a zip archive that is cut or damaged",
        ),
        (
            container("[1, 2]", &[]),
            "expected a model that limpid wrote, found binary data that begins with the bytes 06 00",
        ),
        (container("{", &[]), "the model's header is damaged (EOF while parsing"),
        (b"\x05\0\0\0\0\0\0\0{\"\xff\"}".to_vec(), "the model's header is not UTF-8 at byte 10; copy the file again"),
        (container(&format!("{{{}}}", place("a", "F32", 4)), &[0; 3]), "were written, "),
        (container(&format!("{{{}}}", place("a", "F32", 4)), &[0; 5]), "the model ends at byte "),
        (container(&format!("{{{}}}", place("a", "F32", 5)), &[0; 5]), "damaged (invalid shape, data type, or offset"),
        (container(&format!("{{{}}}", place("a", "F33", 4)), &[0; 4]), "damaged (unknown variant `F33`"),
        (container(&format!("{{{0},{0}}}", place("a", "F32", 4)), &[0; 4]), "damaged (\"a\" is there twice at line 1"),
        (
            container(r#"{"a":{"dtype":"F64","shape":[9007199254740993,9007199254740993],"data_offsets":[0,8]}}"#, &[]),
            "overflow computing buffer size",
        ),
        (
            container(&format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000)), &[]),
            "damaged (recursion limit exceeded",
        ),
        (container("{}", &[]), "of 0 arrays that limpid did not write (its `format` is missing, not `limpid-model`)"),
        (container(r#"{"__metadata__":{"format":"pt"}}"#, &[]), "(its `format` is \"pt\", not `limpid-model`)"),
        (limpid("2", ""), "has format version \"2\", this limpid reads up to 1; use a newer limpid"),
        (container(r#"{"__metadata__":{"format":"limpid-model"}}"#, &[]), "it has no `limpid.version`"),
        (limpid("1", ""), "its `limpid.sha256` is missing; copy the file again"),
    ];
    for (bytes, fact) in table {
        let message = ModelFile::from_bytes(&bytes).unwrap_err().to_string();
        assert!(message.contains(fact), "{message}");
    }
}

#[test]
fn numbers_of_a_type_limpid_does_not_hold_are_refused_by_name() {
    // The checksum of a file that holds them is right: another program may have written it with care.
    let without = container(
        concat!(
            r#"{"__metadata__":{"format":"limpid-model","limpid.version":"1","limpid.sha256":"@"},"#,
            r#""steps":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#
        ),
        &[7, 0, 0, 0, 0, 0, 0, 0],
    );
    let Err(ModelError::Checksum { found, .. }) = ModelFile::from_bytes(&without) else { panic!("no checksum error") };
    let header = String::from_utf8(without[8..without.len() - 8].to_vec()).unwrap().replace('@', &found);
    let with = container(&header, &without[without.len() - 8..]);
    let message = ModelFile::from_bytes(&with).unwrap_err().to_string();
    assert!(message.starts_with("array \"steps\" is stored as I64; limpid's models hold F32, F64 and U8"), "{message}");
}

#[test]
fn a_model_that_no_reader_would_take_is_not_written() {
    let named = |name: &str| ModelFile { arrays: vec![(name.into(), Tensor::scalar(1.0))], ..ModelFile::default() };
    let noted = |key: &str| {
        let mut model = ModelFile::default();
        model.metadata.insert(key.into(), "x".into());
        model
    };
    let mut twice = named("w");
    twice.arrays.push(("w".into(), Tensor::scalar(2.0)));
    let mut wordy = ModelFile::default();
    wordy.metadata.insert("log".into(), "x".repeat(9 << 20));

    assert_eq!(twice.to_bytes(), Err(ModelError::Duplicate { name: "w".into() }));
    for (model, name) in [
        (named("__metadata__"), "__metadata__"),
        (noted("format"), "format"),
        (noted("limpid.version"), "limpid.version"),
        (noted("limpid.sha256"), "limpid.sha256"),
    ] {
        assert_eq!(model.to_bytes(), Err(ModelError::Reserved { name: name.into() }));
    }
    assert!(matches!(wordy.to_bytes(), Err(ModelError::TooLarge { what: "header", .. })));
}

#[test]
fn a_file_that_is_no_model_is_refused_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    fs::write(&text, "the lake is deep").unwrap();
    let huge = folder.path().join("huge");
    fs::File::create(&huge).unwrap().set_len(MODEL_CAP_BYTES + 1).unwrap();
    let table = [
        (folder.path().join("missing"), "check the path"),
        (text, "name a model that limpid wrote"),
        (huge, "more than the 4294967296 bytes allowed here; is it the right file?"),
    ];
    for (path, fix) in table {
        let message = ModelFile::read(&path).unwrap_err().to_string();
        assert!(message.starts_with(&path.display().to_string()), "{message}");
        assert!(message.ends_with(fix), "{message}");
    }
}

#[test]
fn a_model_that_cannot_be_written_leaves_the_old_file_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    small().write(&path).unwrap();
    let mut reserved = small();
    reserved.metadata.insert("format".into(), "mine".into());
    let error = reserved.write(&path).unwrap_err();
    assert!(error.to_string().starts_with(&path.display().to_string()), "{error}");
    assert_eq!(ModelFile::read(&path).unwrap(), small());
    assert!(matches!(small().write(folder.path()), Err(ModelFileError::Output(_))));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

fn tensors() -> impl Strategy<Value = Tensor> {
    let shape = proptest::collection::vec(0usize..4, 0..4);
    shape.prop_flat_map(|shape| {
        let count: usize = shape.iter().product();
        let made = |shape: &Vec<usize>| shape.clone();
        let (a, b, c) = (made(&shape), made(&shape), made(&shape));
        prop_oneof![
            proptest::collection::vec(-1e30f32..1e30, count)
                .prop_map(move |v| Tensor::new(a.clone(), v).expect("counted")),
            proptest::collection::vec(-1e300..1e300, count)
                .prop_map(move |v| Tensor::new(b.clone(), v).expect("counted")),
            proptest::collection::vec(any::<u8>(), count)
                .prop_map(move |v| Tensor::new(c.clone(), v).expect("counted")),
        ]
    })
}

fn models() -> impl Strategy<Value = ModelFile> {
    let text = || proptest::collection::vec(any::<char>(), 0..6).prop_map(String::from_iter);
    (proptest::collection::btree_map(text(), text(), 0..4), proptest::collection::btree_map(text(), tensors(), 0..6))
        .prop_map(|(metadata, arrays)| ModelFile { metadata, arrays: arrays.into_iter().rev().collect() })
}

proptest! {
    #[test]
    fn any_model_comes_back_as_it_was(model in models()) {
        let bytes = model.to_bytes().unwrap();
        prop_assert_eq!(ModelFile::from_bytes(&bytes).unwrap(), model);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = ModelFile::from_bytes(&bytes);
    }

    #[test]
    fn arbitrary_headers_never_panic(header in "\\{[\\{\\}\\[\\]\",:0-9a-f_]{0,60}", arrays in any::<[u8; 8]>()) {
        let _ = ModelFile::from_bytes(&container(&header, &arrays));
    }

    #[test]
    fn a_model_with_arbitrary_damage_is_never_taken_for_another(
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let whole = small_bytes();
        let mut bytes = whole.clone();
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Ok(model) = ModelFile::from_bytes(&bytes) {
            prop_assert_eq!(model, small());
        }
    }
}
