//! What other programs wrote is read as they meant it. The fixtures and how they were made: `tools/fixtures/`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use limpid_files::{
    Array, Dtype, NamedArray, Packing, Safetensors, Unfolded, Value, read_npy, read_npz, read_pickle, read_torch,
    write_npy, write_npz, write_pickle,
};
use limpid_graph::Tensor;
use proptest::prelude::*;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn fixture(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The fixtures whose name starts and ends so.
fn fixtures(start: &str, end: &str) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder()).expect("the fixtures are there");
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<_> = names.filter(|name| name.starts_with(start) && name.ends_with(end)).collect();
    names.sort();
    names.into_iter().map(|name| (name.clone(), fixture(&name))).collect()
}

fn number(dtype: Dtype, value: f64) -> Vec<u8> {
    match dtype {
        Dtype::Bool => vec![u8::from(value != 0.0)],
        Dtype::U8 => (value as u8).to_le_bytes().to_vec(),
        Dtype::I8 => (value as i8).to_le_bytes().to_vec(),
        Dtype::U16 => (value as u16).to_le_bytes().to_vec(),
        Dtype::I16 => (value as i16).to_le_bytes().to_vec(),
        Dtype::U32 => (value as u32).to_le_bytes().to_vec(),
        Dtype::I32 => (value as i32).to_le_bytes().to_vec(),
        Dtype::U64 => (value as u64).to_le_bytes().to_vec(),
        Dtype::I64 => (value as i64).to_le_bytes().to_vec(),
        Dtype::F16 => match value as i32 {
            -2 => vec![0x00, 0xc0],
            -1 => vec![0x00, 0xbc],
            0 => vec![0, 0],
            1 => vec![0x00, 0x3c],
            _ => vec![0x00, 0x40],
        },
        Dtype::F32 => (value as f32).to_le_bytes().to_vec(),
        _ => value.to_le_bytes().to_vec(),
    }
}

fn array(dtype: Dtype, shape: &[usize], values: impl IntoIterator<Item = f64>) -> Array {
    let bytes = values.into_iter().flat_map(|value| number(dtype, value)).collect();
    Array::new(dtype, shape, bytes).expect("as many values as the shape has")
}

const CODES: [(&str, Dtype); 12] = [
    ("f2", Dtype::F16),
    ("f4", Dtype::F32),
    ("f8", Dtype::F64),
    ("i1", Dtype::I8),
    ("i2", Dtype::I16),
    ("i4", Dtype::I32),
    ("i8", Dtype::I64),
    ("u1", Dtype::U8),
    ("u2", Dtype::U16),
    ("u4", Dtype::U32),
    ("u8", Dtype::U64),
    ("b1", Dtype::Bool),
];

/// What `arrays` in `tools/fixtures/write.py` makes.
fn expected() -> BTreeMap<String, Array> {
    let mut arrays = BTreeMap::new();
    for (code, dtype) in CODES {
        let low = if code.starts_with(['u', 'b']) { 0.0 } else { 2.0 };
        let grid = array(dtype, &[2, 3], [0.0, 1.0, 2.0, 3.0, 4.0, 0.0].map(|value| value - low));
        for end in ["le", "be", "leF", "beF"] {
            arrays.insert(format!("{code}{end}"), grid.clone());
        }
    }
    arrays.insert("none".into(), array(Dtype::F64, &[], [2.5]));
    arrays.insert("empty".into(), array(Dtype::F32, &[0, 3], []));
    arrays.insert("cube".into(), array(Dtype::F32, &[2, 3, 4], (0..24).map(f64::from)));
    arrays.insert("part".into(), array(Dtype::F64, &[2, 3], [1.0, 3.0, 5.0, 13.0, 15.0, 17.0]));
    arrays.insert("all bytes".into(), array(Dtype::U8, &[256], (0..256).map(f64::from)));
    // NumPy's NaN is the positive quiet one.
    let special = [f64::from_bits(0x7ff8 << 48), f64::INFINITY, f64::NEG_INFINITY, -0.0, 5e-324];
    arrays.insert("special".into(), array(Dtype::F64, &[5], special));
    arrays
}

fn by_name(arrays: Vec<NamedArray>) -> BTreeMap<String, Array> {
    arrays.into_iter().map(|named| (named.name, named.array)).collect()
}

#[test]
fn every_type_order_and_protocol_of_three_numpys_under_two_pythons_is_read_bit_for_bit() {
    let files = fixtures("arrays-", ".pkl");
    assert_eq!(files.len(), 3 + 6 + 6);
    for (name, bytes) in files {
        let unfolded = read_pickle(&bytes).and_then(|pickle| pickle.arrays()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(by_name(unfolded.arrays), expected(), "{name}");
        assert!(unfolded.left_out.is_empty(), "{name}");
    }
}

#[test]
fn plain_values_of_every_protocol_are_read() {
    let files = fixtures("plain-", ".pkl");
    assert_eq!(files.len(), 15);
    for (name, bytes) in files {
        let python_2 = name.contains("py2-");
        let pickle = read_pickle(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let Value::Dict(entries) = pickle.value() else { panic!("{name}: no dict") };
        let get = |key: &str| entries.get(key).unwrap_or_else(|| panic!("{name}: no {key}"));
        assert!(matches!(get("nothing"), Value::None), "{name}");
        assert!(matches!(get("yes"), Value::Bool(true)), "{name}");
        assert!(matches!(get("no"), Value::Bool(false)), "{name}");
        for (key, expected) in [("small", -7), ("byte", 200), ("short", 60000), ("int", -(1 << 31)), ("long", 1 << 40)]
        {
            assert!(matches!(get(key), Value::Integer(value) if value == expected), "{name}: {key}");
        }
        let Value::BigInteger(big) = get("big") else { panic!("{name}: big") };
        assert_eq!((&big[..8], big[8], big.len()), (&[0; 8][..], 64, 9), "{name}");
        let Value::BigInteger(bigger) = get("bigger") else { panic!("{name}: bigger") };
        assert_eq!((bigger.len(), bigger[250]), (251, 0xff), "{name}");
        assert!(matches!(get("float"), Value::Float(0.1)), "{name}");
        assert_eq!(get("text").text().as_deref(), Some("klär 水\n\\"), "{name}");
        let bytes = |value: Value<'_>| match value {
            Value::Bytes(bytes) if !python_2 => bytes.to_vec(),
            Value::ByteString(bytes) if python_2 => bytes.to_vec(),
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(bytes(get("bytes")), b"\x00\xff'\"\\\n", "{name}");
        assert_eq!(bytes(get("no bytes")), b"", "{name}");
        let Value::List(list) = get("list") else { panic!("{name}: list") };
        let lengths = list.iter().skip(2).map(|item| match item {
            Value::Tuple(items) => items.len(),
            other => panic!("{name}: {other:?}"),
        });
        assert_eq!(lengths.collect::<Vec<_>>(), [0, 1, 2, 3, 4], "{name}");
        for (key, member) in [("set", 3), ("frozen", 4)] {
            let Value::Set(set) = get(key) else { panic!("{name}: {key}") };
            assert!(matches!(set.iter().next(), Some(Value::Integer(value)) if value == member), "{name}");
        }

        let unfolded = pickle.arrays().unwrap();
        let arrays = by_name(unfolded.arrays);
        assert_eq!(arrays.keys().collect::<Vec<_>>(), ["dict.a.b.0", "scalar", "truth"], "{name}");
        assert_eq!(arrays["dict.a.b.0"], array(Dtype::I16, &[3], [0.0, 1.0, 2.0]));
        assert_eq!(arrays["scalar"], array(Dtype::F32, &[], [1.5]));
        assert_eq!(arrays["truth"], array(Dtype::Bool, &[], [1.0]));
        assert_eq!(unfolded.left_out.len(), 17, "{name}: {:?}", unfolded.left_out);
    }
}

#[test]
fn ordered_and_default_dicts_are_dicts_and_a_shared_array_is_under_both_names() {
    for (name, bytes) in fixtures("ordered-", ".pkl") {
        let arrays = by_name(read_pickle(&bytes).unwrap().arrays().unwrap().arrays);
        assert_eq!(arrays.keys().collect::<Vec<_>>(), ["grouped.b.0", "weights.W1", "weights.tied"], "{name}");
        assert_eq!(arrays["weights.W1"], arrays["weights.tied"]);
    }
}

#[test]
fn arrays_of_anything_but_numbers_are_refused_by_name() {
    let table = [
        ("object", "array \"W1\" holds Python objects (object arrays) (O8) at byte"),
        ("structured", "array \"W1\" holds structured records (V12) at byte"),
        ("complex", "array \"W1\" holds complex numbers (c16) at byte"),
        ("text", "array \"W1\" holds texts (U3) at byte"),
    ];
    for (kind, start) in table {
        let files = fixtures(&format!("refused-{kind}-"), ".pkl");
        assert_eq!(files.len(), 3);
        for (name, bytes) in files {
            let message = read_pickle(&bytes).unwrap_err().to_string();
            assert!(message.starts_with(start), "{name}: {message}");
            assert!(message.contains("; "), "{name}: {message}");
        }
    }
}

#[test]
fn what_is_pickled_here_is_read_here_in_every_protocol() {
    let arrays: Vec<_> = expected().into_iter().map(|(name, array)| NamedArray { name, array }).collect();
    let odd = NamedArray::new("kl\u{e4}r 水 🌊 \\ \n \0 \x1a", Tensor::from([1.0f32]));
    let arrays = [arrays, vec![odd]].concat();
    for protocol in 0..=5 {
        let bytes = write_pickle(&arrays, protocol).unwrap();
        assert_eq!(read_pickle(&bytes).unwrap().arrays().unwrap().arrays, arrays, "protocol {protocol}");
    }
    assert!(write_pickle(&arrays, 6).is_err());
    let twice = [arrays[0].clone(), arrays[0].clone()];
    assert!(write_pickle(&twice, 2).unwrap_err().to_string().starts_with("two arrays are named"));
    let brain = NamedArray::new("W", Array::new(Dtype::Bf16, [1], vec![0, 0]).unwrap());
    assert!(write_pickle(&[brain], 2).unwrap_err().to_string().contains("bf16, which NumPy does not have"));
}

#[test]
fn npy_files_of_three_numpys_are_read_and_written_as_numpy_writes_them() {
    let all = expected();
    let mut same = 0;
    for name in ["f2le", "f4be", "f8leF", "i8beF", "b1le", "none", "empty", "cube", "all-bytes"] {
        let expected = &all[&name.replace('-', " ")];
        let files = fixtures(&format!("{name}-"), ".npy");
        assert_eq!(files.len(), 3, "{name}");
        for (file, bytes) in files {
            assert_eq!(&read_npy(&bytes).unwrap_or_else(|error| panic!("{file}: {error}")), expected, "{file}");
            // NumPy 1.16 leaves less room in the header.
            let plain = !name.ends_with('F') && !name.contains("be") && name != "cube" && !file.contains("py2-");
            if plain {
                assert_eq!(write_npy(expected).unwrap(), bytes, "{file}");
                same += 1;
            }
        }
    }
    assert_eq!(same, 10);
    for (file, bytes) in fixtures("version", ".npy") {
        assert_eq!(read_npy(&bytes).unwrap(), all["f4leF"], "{file}");
    }
}

#[test]
fn npz_archives_stored_and_deflated_are_read_and_come_back() {
    let all = expected();
    let files = [fixtures("stored-", ".npz"), fixtures("deflated-", ".npz")].concat();
    assert_eq!(files.len(), 6);
    for (file, bytes) in files {
        let arrays = read_npz(&bytes).unwrap_or_else(|error| panic!("{file}: {error}"));
        let wanted = ["cube", "f4le", "f8beF", "none"].map(|name| (name.to_string(), all[name].clone()));
        assert_eq!(by_name(arrays.clone()), BTreeMap::from(wanted), "{file}");
        for packing in [Packing::Stored, Packing::Deflated] {
            let written = write_npz(&arrays, packing).unwrap();
            assert_eq!(read_npz(&written).unwrap(), arrays);
            assert_eq!(write_npz(&arrays, packing).unwrap(), written);
        }
    }
}

#[test]
fn names_with_folders_and_letters_of_any_script_survive_an_npz_and_others_are_refused() {
    let arrays = ["0/w", "水.weight", "a b"].map(|name| NamedArray::new(name, Tensor::from([1.0f32])));
    assert_eq!(read_npz(&write_npz(&arrays, Packing::Stored).unwrap()).unwrap(), arrays);
    for name in ["/w", "a//b", "../w"] {
        let error = write_npz(&[NamedArray::new(name, Tensor::from([1.0f32]))], Packing::Stored).unwrap_err();
        assert!(error.to_string().contains("is not a plain file name"), "{error}");
    }
}

#[test]
fn safetensors_from_elsewhere_are_read_with_every_type_and_come_back() {
    let file = Safetensors::from_bytes(&fixture("kinds.safetensors")).unwrap();
    assert_eq!(file.metadata["made"], "elsewhere");
    let all = expected();
    assert_eq!(file.arrays.len(), 13);
    for named in &file.arrays {
        assert_eq!(named.array, all[&named.name], "{}", named.name);
    }
    assert_eq!(Safetensors::from_bytes(&file.to_bytes().unwrap()).unwrap(), file);
    let brain = Safetensors::from_bytes(&fixture("bf16.safetensors")).unwrap();
    assert_eq!(brain.array("half").unwrap().to_tensor().unwrap(), Tensor::from([1.5f32, -2.0]));
}

#[test]
fn a_pytorch_state_dict_is_read() {
    let Unfolded { arrays, left_out, .. } = read_torch(&fixture("state-dict.pt")).unwrap();
    let names: Vec<_> = arrays.iter().map(|named| named.name.as_str()).collect();
    assert_eq!(names, ["0.weight", "0.bias", "2.weight", "2.bias"]);
    let quarters = |count: i32| (0..count).map(|index| f64::from(index - 2) / 4.0);
    assert_eq!(arrays[0].array, array(Dtype::F32, &[3, 4], quarters(12)));
    assert_eq!(arrays[1].array, array(Dtype::F32, &[3], quarters(3)));
    assert!(left_out.is_empty());
}

#[test]
fn pytorch_tensors_that_share_and_stride_their_storage_are_read_as_pytorch_sees_them() {
    let Unfolded { arrays, left_out, .. } = read_torch(&fixture("views.pt")).unwrap();
    let found = by_name(arrays);
    let floats = |shape: &[usize], values: &[f64]| array(Dtype::F32, shape, values.iter().copied());
    let grid: Vec<f64> = (0..12).map(f64::from).collect();
    assert_eq!(found["whole"], floats(&[3, 4], &grid));
    assert_eq!(found["transposed"], floats(&[3, 4], &grid).transposed());
    assert_eq!(found["middle"], floats(&[2, 2], &[5.0, 6.0, 9.0, 10.0]));
    assert_eq!(found["row"], floats(&[4], &[8.0, 9.0, 10.0, 11.0]));
    assert_eq!(found["spread"], floats(&[2, 3], &[7.0; 6]));
    assert_eq!(found["single"], array(Dtype::F64, &[], [2.5]));
    assert_eq!(found["empty"], floats(&[0, 3], &[]));
    assert_eq!(found["learned"], floats(&[2], &[1.0; 2]));
    assert_eq!(found["kernel"].shape(), [2, 1, 2, 2]);
    let types = [
        ("float16", Dtype::F16),
        ("bfloat16", Dtype::Bf16),
        ("float64", Dtype::F64),
        ("int8", Dtype::I8),
        ("int16", Dtype::I16),
        ("int32", Dtype::I32),
        ("int64", Dtype::I64),
        ("uint8", Dtype::U8),
        ("uint16", Dtype::U16),
        ("uint32", Dtype::U32),
        ("uint64", Dtype::U64),
        ("bool", Dtype::Bool),
    ];
    for (name, dtype) in types {
        assert_eq!((found[name].dtype(), found[name].to_f64()), (dtype, vec![0.0, 1.0, 1.0]), "{name}");
    }
    assert_eq!(left_out, ["step (a whole number)", "size (a tuple)", "type (a name)"]);
}

#[test]
fn a_pickled_module_is_refused_by_its_class_and_the_old_form_with_what_writes_the_new_one() {
    let message = read_torch(&fixture("refused-module.pt")).unwrap_err().to_string();
    assert!(message.contains("class torch.nn.modules.container.Sequential (byte"), "{message}");
    assert!(message.ends_with("torch.save(module.state_dict(), path)"), "{message}");
    let message = read_torch(&fixture("refused-legacy.pt")).unwrap_err().to_string();
    assert!(message.contains("before version 1.6 (a row of pickles)"), "{message}");
    let mut tar = vec![0; 512];
    tar[257..262].copy_from_slice(b"ustar");
    assert!(read_torch(&tar).unwrap_err().to_string().contains("(a tar archive)"));
}

#[test]
fn a_file_of_one_format_read_as_another_is_told_what_it_is() {
    let npz = fixture("stored-py3-numpy2.4.npz");
    let pt = fixture("state-dict.pt");
    let npy = fixture("cube-py3-numpy2.4.npy");
    assert!(read_pickle(&npz).unwrap_err().to_string().contains("found an .npz archive of NumPy's"));
    assert!(read_pickle(&npy).unwrap_err().to_string().contains("found a .npy file of NumPy's"));
    assert!(read_torch(&npz).unwrap_err().to_string().contains("read it as .npz"));
    assert!(read_npz(&pt).unwrap_err().to_string().contains("read it as .pt"));
    assert!(
        read_npz(&npy).unwrap_err().to_string().starts_with("expected a zip archive, found a .npy file of NumPy's")
    );
}

/// An array of any type and shape, of any bits.
fn any_array() -> impl Strategy<Value = Array> {
    let dtype = proptest::sample::select(Dtype::ALL.to_vec());
    (dtype, proptest::collection::vec(0usize..5, 0..5), any::<u64>()).prop_map(|(dtype, shape, seed)| {
        let count = shape.iter().product::<usize>() * dtype.width_bytes();
        let bytes = (0..count as u64).map(|index| (seed ^ index).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes()[7]);
        Array::new(dtype, shape, bytes.collect()).expect("as many bytes as the shape has")
    })
}

proptest! {
    #[test]
    fn any_arrays_under_any_names_come_back_from_every_format(
        named in proptest::collection::btree_map("[a-zA-Z0-9_ é水]{1,12}", any_array(), 0..5),
        protocol in 0u8..6,
    ) {
        let all: Vec<_> = named.into_iter().map(|(name, array)| NamedArray { name, array }).collect();
        let file = Safetensors { arrays: all.clone(), ..Safetensors::default() };
        prop_assert_eq!(Safetensors::from_bytes(&file.to_bytes().unwrap()).unwrap().arrays, all.clone());
        let numpy: Vec<_> = all.into_iter().filter(|named| named.array.dtype() != Dtype::Bf16).collect();
        let bytes = write_pickle(&numpy, protocol).unwrap();
        prop_assert_eq!(&read_pickle(&bytes).unwrap().arrays().unwrap().arrays, &numpy);
        for packing in [Packing::Stored, Packing::Deflated] {
            prop_assert_eq!(&read_npz(&write_npz(&numpy, packing).unwrap()).unwrap(), &numpy);
        }
        for named in numpy {
            prop_assert_eq!(read_npy(&write_npy(&named.array).unwrap()).unwrap(), named.array);
        }
    }
}
