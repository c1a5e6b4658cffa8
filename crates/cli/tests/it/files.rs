//! Files that are missing, cut, changed or something else: exit code 1, the file's name, and what would help.

use std::fs;
use std::path::{Path, PathBuf};

use limpid::learn::{Model, Network};

use crate::support::{Place, published};

const LABELS: &str = "train-labels-idx1-ubyte";

fn model(network: &str) -> Model {
    Model::new(&network.parse::<Network>().expect("a model"), 1).expect("a model")
}

/// A model file in `place`, and its bytes.
fn written(place: &Place, name: &str, network: &str) -> Vec<u8> {
    let path = place.path(name);
    limpid::models::save(&model(network).with_divisor(Some(255.0)), &path).expect("a model");
    fs::read(path).expect("a model")
}

#[test]
fn a_model_file_that_is_not_whole_is_refused_by_name() {
    let place = Place::new();
    let whole = written(&place, "whole.safetensors", "784, affine 10");
    let changed = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    };
    // Another program's safetensors file: a header without notes, and no arrays.
    let foreign = [&2u64.to_le_bytes()[..], b"{}"].concat();
    // `evaluate` takes more than limpid's models.
    let table: [(&str, Vec<u8>, &str, &str); 6] = [
        ("cut.safetensors", whole[..whole.len() - 100].to_vec(), "cut off", "cut off"),
        (
            "changed.safetensors",
            changed(whole.len() - 5),
            "changed after it was written",
            "changed after it was written",
        ),
        ("header.safetensors", changed(3), "header", "header"),
        ("foreign.safetensors", foreign, "limpid did not write", "no weights among []"),
        (
            "pickled",
            b"\x80\x04\x95 a pickled dictionary".to_vec(),
            "expected a model that limpid wrote, found a pickle",
            "the pickle is cut off",
        ),
        ("empty.safetensors", Vec::new(), "found an empty file; copy it again", "the file is empty"),
    ];
    for (name, bytes, others, evaluates) in &table {
        fs::write(place.path(name), bytes).unwrap();
        for verb in ["evaluate", "summary", "graph", "plan", "gradcheck"] {
            let answer = if verb == "evaluate" { evaluates } else { others };
            let told = place.run(&[verb, name]);
            assert!(told.stderr.starts_with(&format!("error: {name}: ")), "{name}: {}", told.stderr);
            if *name != "header.safetensors" {
                told.failed(1, answer);
            } else {
                assert_eq!((told.code, told.stdout.as_str()), (Some(1), ""));
            }
        }
    }
    for verb in ["evaluate", "summary", "graph", "plan", "gradcheck"] {
        place.run(&[verb, "missing.safetensors"]).failed(1, "missing.safetensors: No such file");
    }
    place.run(&["evaluate", "."]).failed(1, "name a file in it");
}

#[test]
fn a_model_for_other_data_is_refused_with_what_would_fit() {
    let place = Place::new();
    let table = [
        ("few.safetensors", "10, affine 10", "takes 10 numbers, but a sample of mnist has 784"),
        ("classes.safetensors", "784, affine 7", "ends in (batch, 7), but mnist has 10 classes"),
    ];
    for (name, network, answer) in table {
        written(&place, name, network);
        for verb in ["evaluate", "gradcheck"] {
            place.run(&[verb, name]).failed(1, &format!("{name}: the network {answer}"));
        }
        place.run(&["summary", name]).done();
    }
}

/// A folder with the published data but for one file, which has these bytes; without any where there are none.
fn broken(place: &Place, name: &str, file: &str, bytes: Option<&[u8]>) -> PathBuf {
    let folder = place.path(name);
    fs::create_dir(&folder).expect("files in a folder");
    for entry in fs::read_dir(published()).expect("files in a folder") {
        let path = entry.expect("files in a folder").path();
        let own = path.file_name().expect("files in a folder").to_str().expect("files in a folder");
        if own.ends_with(".gz") && !own.starts_with(file) {
            fs::copy(&path, folder.join(own)).expect("files in a folder");
        }
    }
    if let Some(bytes) = bytes {
        fs::write(folder.join(file), bytes).expect("files in a folder");
    }
    folder
}

#[test]
fn data_that_is_not_what_was_published_is_refused_by_name() {
    let place = Place::new();
    let packed = fs::read(published().join(format!("{LABELS}.gz"))).unwrap();
    let plain = limpid::files::read_plain_or_gzip(&published().join(format!("{LABELS}.gz")), 1 << 20).unwrap();
    let with = |bytes: &[u8], at: usize, value: u8| {
        let mut bytes = bytes.to_vec();
        bytes[at] = value;
        bytes
    };
    let damaged = with(&packed, packed.len() / 2, !packed[packed.len() / 2]);
    let table: [(&str, Vec<u8>, &str); 6] = [
        ("cut-gzip", packed[..packed.len() / 2].to_vec(), "cut off after"),
        ("damaged-gzip", damaged, "damaged gzip data near byte"),
        ("cut", plain[..1000].to_vec(), "takes 60008 bytes with its header, but there are only 1000"),
        (
            "magic",
            with(&plain, 0, 7),
            "expected IDX, which begins with two zero bytes, found binary data that begins with the bytes 07 00 08",
        ),
        ("checksum", with(&plain, 5000, plain[5000] ^ 1), "not the published file"),
        ("empty", Vec::new(), "the IDX header is 4 bytes long, but there are only 0"),
    ];
    written(&place, "model.safetensors", "784, affine 10");
    for (name, bytes, answer) in &table {
        let folder = broken(&place, name, LABELS, Some(bytes));
        let folder = folder.to_str().unwrap();
        let verbs: [&[&str]; 3] = [&["train", "--output", "a"], &["evaluate", "model.safetensors"], &["gradcheck"]];
        for verb in verbs {
            let told = place.run(&[verb, &["--data", folder]].concat()).failed(1, answer);
            let file = Path::new(folder).join(LABELS);
            assert!(told.stderr.contains(&format!("error: {}: ", file.display())), "{name}: {}", told.stderr);
        }
    }
    assert!(!place.files().contains(&"a".to_string()));
}

#[test]
fn data_that_is_not_there_is_answered_with_the_places_that_were_searched() {
    let place = Place::new();
    let folder = broken(&place, "lacking", LABELS, None);
    place.run(&["train", "--data", folder.to_str().unwrap()]).failed(1, "lacks train-labels-idx1-ubyte");
    let told = place
        .run(&["train", "--data", "nowhere"])
        .failed(1, "nowhere: there is no such file or folder; check the path");
    assert!(!told.stderr.contains("network  "), "{}", told.stderr);
}
