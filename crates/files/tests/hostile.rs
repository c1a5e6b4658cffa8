//! Bytes that mean harm, or nothing: nothing runs, nothing panics, nothing takes more memory than its length allows.

#[path = "support/counting.rs"]
mod counting;

use std::fs;
use std::path::PathBuf;

use counting::peak_bytes;
use limpid_files::{
    Arrays, Packing, PickleError, Safetensors, Value, ZipError, find_layers, read_idx, read_npy, read_npz, read_pickle,
    read_torch, sniff, write_npz,
};
use limpid_files::{ModelFile, NamedArray, NpzError, Picture, Table, TorchError};
use limpid_graph::Tensor;
use proptest::prelude::*;

/// What reading a pickle may hold: this many times its length, and a little. See `docs/decisions/0015`.
const PICKLE_FACTOR: usize = 160;
const PICKLE_BYTES: usize = 2 << 20;

/// What decoding a picture may hold: 16 bytes for each of the 2²³ pixels that it may have, and a little.
const PICTURE_BYTES: usize = (16 << 23) + (1 << 20);

/// What reading a table may hold: its text, and where each cell ends, which may be a single byte; and 2¹⁶ names.
const TABLE_FACTOR: usize = 64;
const TABLE_BYTES: usize = 8 << 20;

/// What reading anything else may hold. An archive unpacks to 64 MiB or 64 times its length, whichever is more.
fn archive_cap(length: usize) -> usize {
    (1 << 20) + (64 << 20).max(64 * length)
}

fn read_and_unfold(bytes: &[u8]) -> Result<(), PickleError> {
    let mut outcome = Ok(());
    let peak = peak_bytes(|| outcome = read_pickle(bytes).and_then(|pickle| pickle.arrays().map(drop)));
    let cap = PICKLE_FACTOR * bytes.len() + PICKLE_BYTES;
    assert!(peak <= cap, "{peak} bytes for {}, more than {cap}", bytes.len());
    outcome
}

/// Every reader there is. None may panic.
fn read_as_everything(bytes: &[u8]) {
    let _ = read_and_unfold(bytes);
    let peak = peak_bytes(|| drop(sniff(bytes)));
    assert!(peak <= (1 << 20) + 8 * bytes.len(), "{peak} bytes to say what {} are", bytes.len());
    let peak = peak_bytes(|| {
        let _ = read_torch(bytes);
        let _ = read_npz(bytes);
        let _ = read_npy(bytes);
        let _ = Safetensors::from_bytes(bytes);
        let _ = ModelFile::from_bytes(bytes);
        let _ = read_idx(bytes);
    });
    assert!(peak <= archive_cap(bytes.len()) + PICKLE_FACTOR * bytes.len());
    let peak = peak_bytes(|| drop(Arrays::from_bytes(bytes).map(|read| find_layers(read.arrays, None))));
    assert!(peak <= archive_cap(bytes.len()) + PICKLE_FACTOR * bytes.len());
    let peak = peak_bytes(|| drop(Picture::from_bytes(bytes)));
    assert!(peak <= PICTURE_BYTES + 8 * bytes.len(), "{peak} bytes for a picture of {}", bytes.len());
    let peak = peak_bytes(|| drop(Table::from_bytes(bytes)));
    assert!(peak <= TABLE_BYTES + TABLE_FACTOR * bytes.len(), "{peak} bytes for a table of {}", bytes.len());
}

/// What reading a table takes, beside its file's length.
const TABLE_FILE_FACTOR: usize = 4;

#[test]
fn reading_a_table_takes_four_times_its_file_at_most() {
    let of = |row: &dyn Fn(usize) -> String, rows: usize, header: &str| {
        format!("{header}\n{}", (0..rows).map(|at| row(at) + "\n").collect::<String>())
    };
    let names = |count: usize| (0..count).map(|place| format!("pixel{place}")).collect::<Vec<_>>().join(",");
    let pixels = |row: usize| (0..785).map(move |place| (row * place % 300).saturating_sub(44).to_string());
    let tables = [
        ("digits", of(&|row| pixels(row).collect::<Vec<_>>().join(","), 800, &names(785))),
        ("single digits", of(&|row| format!("{}", row % 10) + &",0".repeat(784), 800, &names(785))),
        ("empty cells", of(&|_| ",".repeat(199), 3_000, &names(200))),
        ("long numbers", of(&|row| format!("{0},{0},{0}", (row as f64).sqrt()), 20_000, "a,b,c")),
        ("blanks", of(&|row| format!("{row}   {}  x", row * 7), 40_000, "a  b  c")),
        ("quotes", of(&|row| format!("\"{row}\";\"a, b\";\"\""), 40_000, "a;b;c")),
        ("Latin-1", of(&|row| format!("{row};café"), 40_000, "a;b")),
    ];
    for (name, text) in tables {
        let bytes = match name {
            "Latin-1" => text.chars().map(|character| character as u32 as u8).collect(),
            _ => text.into_bytes(),
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        fs::write(&path, &bytes).unwrap();
        let (length, mut rows) = (bytes.len(), 0);
        drop(bytes);
        let peak = peak_bytes(|| rows = Table::read(&path).unwrap().rows());
        assert!(rows > 0 && peak <= TABLE_FILE_FACTOR * length, "{name}: {peak} bytes for {length}");
    }
}

#[test]
fn a_pickle_that_would_run_something_is_refused_naming_what_and_where() {
    let table: [(&[u8], &str, &str, usize); 9] = [
        (b"cos\nsystem\n(S'reboot'\ntR.", "os", "system", 0),
        (b"\x80\x02cposix\nsystem\nU\x06reboot\x85R.", "posix", "system", 2),
        (b"\x80\x03cbuiltins\neval\nX\x04\x00\x00\x001+1.\x85R.", "builtins", "eval", 2),
        (b"\x80\x04\x8c\x08builtins\x8c\x04exec\x93\x8c\x01x\x85R.", "builtins", "exec", 18),
        (b"(S'reboot'\nios\nsystem\n.", "os", "system", 11),
        (b"(cos\nsystem\nS'reboot'\no.", "os", "system", 1),
        (b"c__builtin__\ngetattr\n(cos\npath\nS'x'\ntR.", "__builtin__", "getattr", 0),
        (b"\x80\x04\x8c\x05numpy\x8c\x16core.multiarray.scalar\x93.", "numpy", "core.multiarray.scalar", 33),
        (b"\x80\x02]cnumpy.testing\nrunstring\na.", "numpy.testing", "runstring", 3),
    ];
    for (bytes, module, name, offset) in table {
        let error = read_pickle(bytes).unwrap_err();
        let advice = "pickle a dict of NumPy arrays, or use numpy.savez";
        let expected = PickleError::Global { module: module.to_string(), name: name.to_string(), offset, advice };
        assert_eq!(error, expected, "{}", bytes.escape_ascii());
        let start = format!("the pickle asks for {module}.{name} at byte {offset}; limpid runs nothing that a file");
        assert!(error.to_string().starts_with(&start), "{error}");
    }
}

#[test]
fn calling_what_a_call_gave_and_restoring_what_has_no_state_are_refused() {
    let table: [(&[u8], &str); 6] = [
        (b"cnumpy\ndtype\n(S'f4'\nI0\nI1\ntR(tR.", "calls the result of another call (a NumPy type) at byte 30"),
        (b"\x80\x02ccollections\nOrderedDict\n)R)R.", "calls the result of another call (a dict) at byte 30"),
        (b"cnumpy\nfloat32\n(tR.", "calls float32 at byte 17"),
        (b"c__builtin__\nobject\n)\x81.", "calls object at byte 21"),
        (b"](S'a'\nI1\ndb.", "restores a list at byte 11"),
        (b"\x80\x04ccollections\nOrderedDict\n)}S'k'\nNs\x92.", "makes an object with keywords"),
    ];
    for (bytes, fact) in table {
        let message = read_pickle(bytes).unwrap_err().to_string();
        assert!(message.starts_with("the pickle ") && message.contains(fact), "{message}");
    }
}

#[test]
fn what_lies_outside_the_pickle_is_refused() {
    let table: [(&[u8], &str); 5] = [
        (b"\x80\x05\x97.", "a buffer outside itself at byte 2; dump without buffer_callback"),
        (b"\x80\x05N\x98.", "a buffer"),
        (b"\x80\x02\x82\x01.", "a registered extension"),
        (b"Pkey\n.", "an object"),
        (b"NQ.", "an object outside itself at byte 1; if PyTorch wrote it, read the whole .pt file"),
    ];
    for (bytes, fact) in table {
        let message = read_pickle(bytes).unwrap_err().to_string();
        assert!(message.contains(fact), "{message}");
    }
}

#[test]
fn damage_is_named_with_its_place() {
    let table: [(&[u8], &str); 18] = [
        (b"", "ends at byte 0 without its stop mark"),
        (b"N", "ends at byte 1 without its stop mark"),
        (b"\xff\xff", "expected a pickle, found binary data that begins with the bytes ff ff; is it the right file?"),
        (b"N\xff.", "unknown pickle instruction 0xff at byte 1"),
        (b"\x80\x06N.", "protocol 6 at byte 0"),
        (b"N.N.", "ends at byte 2, and 2 bytes follow"),
        (b".", "at byte 0: the stack is empty"),
        (b"Na.", "at byte 1: the stack is empty"),
        (b"NNa.", "items for None"),
        (b"h\x05.", "nothing was memorised as 5"),
        (b"t.", "there is no mark"),
        (b"(N(\x85.", "a tuple of more than the stack holds"),
        (b"}(Nu.", "a key without a value"),
        (b"X\xff\xff\xff\xffabc", "needs 4294967295 bytes after it, 3 are left"),
        (b"\x8b\xff\xff\xff\xff.", "a whole number of negative length"),
        (b"\x8e\xff\xff\xff\xff\xff\xff\xff\xff.", "needs 18446744073709551615 bytes"),
        (b"X\x01\x00\x00\x00\xff.", "not UTF-8 from its byte 0"),
        (b"\x95\xff\xff\x00\x00\x00\x00\x00\x00N.", "needs 65535 bytes after it, 2 are left"),
    ];
    for (bytes, fact) in table {
        let message = read_pickle(bytes).unwrap_err().to_string();
        assert!(message.contains(fact), "{}: {message}", bytes.escape_ascii());
        assert!(message.contains("; ") || message.contains(", and"), "{message}");
    }
}

#[test]
fn values_that_hold_themselves_are_refused() {
    let table: [&[u8]; 4] = [b"]q\x00h\x00a.", b"}q\x00Nh\x00s.", b"](q\x00h\x00ea.", b"]q\x00(h\x00tq\x01a."];
    assert_eq!(read_pickle(table[0]).unwrap_err(), PickleError::Recursive);
    assert_eq!(read_pickle(table[1]).unwrap_err(), PickleError::Recursive);
    assert_eq!(read_pickle(table[3]).unwrap_err(), PickleError::Recursive);
    assert!(read_pickle(table[2]).is_err());
}

#[test]
fn a_million_lists_in_one_another_neither_overflow_the_stack_nor_memory() {
    // A little more than a power of two: lists that grow by doubling have just done so.
    let million = (1 << 20) + 100;
    let bytes = [vec![b']'; million], vec![b'a'; million - 1], vec![b'.']].concat();
    assert_eq!(read_and_unfold(&bytes), Err(PickleError::TooDeep { found: million - 1 }));
    // By tuples of one, by dicts, and left behind on the stack.
    let bytes = [vec![b')'], vec![0x85; million], vec![b'.']].concat();
    assert!(matches!(read_and_unfold(&bytes), Err(PickleError::TooDeep { .. })));
    let bytes = [&b"}"[..], &b"}N".repeat(million), b"N."].concat();
    assert_eq!(read_and_unfold(&bytes), Ok(()));
    for filler in [&b"]"[..], b"(", b"N", b")", b"}", b"]\x94", b"]2a", b"K\x00\x85", b"U\x00", b"(N", b"]Na", b"}NNs"]
    {
        let _ = read_and_unfold(&[filler.repeat(million / filler.len()), b"N.".to_vec()].concat());
    }
}

#[test]
fn values_that_double_through_the_memo_are_refused_before_they_unfold() {
    // Each list holds the one before twice, the innermost an array: 2⁶⁰ arrays.
    let array = b"cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(S'f8'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntbS'12345678'\ntR";
    let mut bytes = array.to_vec();
    for _ in 0..60 {
        bytes.extend(b"q\x000](h\x00h\x00e");
    }
    bytes.push(b'.');
    assert!(matches!(read_and_unfold(&bytes), Err(PickleError::TooLarge { .. })));
    // Without arrays there is nothing to unfold.
    let mut bytes = b"N".to_vec();
    for _ in 0..60 {
        bytes.extend(b"q\x000](h\x00h\x00e");
    }
    bytes.push(b'.');
    assert_eq!(read_and_unfold(&bytes), Ok(()));
}

#[test]
fn copies_of_one_long_text_or_list_are_refused_when_they_add_up() {
    let text = "x".repeat(100_000);
    let mut bytes = format!("(V{text}\np0\n0").into_bytes();
    bytes.extend(b"(g0\nVlatin1\ntp1\n0".iter());
    bytes.extend(b"c_codecs\nencode\ng1\nR".repeat(10_000));
    bytes.extend(b"l.");
    assert!(matches!(read_and_unfold(&bytes), Err(PickleError::TooLarge { .. })));
    let mut bytes = [&b"((("[..], &b"N".repeat(100_000), b"lp0\n0"].concat();
    bytes.extend(b"c__builtin__\nset\n(g0\ntR".repeat(10_000));
    bytes.extend(b"l.");
    assert!(matches!(read_and_unfold(&bytes), Err(PickleError::TooLarge { .. })));
}

#[test]
fn many_arrays_over_the_same_bytes_are_refused_when_they_add_up() {
    let mut bytes = b"(cnumpy\ndtype\n(S'u1'\nI0\nI1\ntRp0\n0S'".to_vec();
    bytes.extend([b'x'; 100_000]);
    bytes.extend(b"'\np1\n0");
    let array = b"cnumpy.core.numeric\n_frombuffer\n(g1\ng0\n(I100000\ntS'C'\ntR";
    bytes.extend(array.repeat(2_000));
    bytes.extend(b"l.");
    assert!(matches!(read_and_unfold(&bytes), Err(PickleError::TooLarge { .. })));
}

#[test]
fn shapes_beyond_memory_are_refused_before_anything_is_allocated() {
    let table = [
        ("(I9223372036854775807\nI9223372036854775807\nt", "larger than memory"),
        ("(I1000000000000\nt", "takes 8000000000000 bytes, but there are 8"),
        ("(I-1\nt", "not a tuple of whole numbers"),
        ("(I1\nI1\nI1\nt", ""),
    ];
    for (shape, fact) in table {
        let bytes = format!(
            "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n{shape}cnumpy\ndtype\n(S'f8'\n\
             I0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntbI00\nS'12345678'\ntb."
        );
        match read_and_unfold(bytes.as_bytes()) {
            Ok(()) => assert!(fact.is_empty()),
            Err(error) => assert!(!fact.is_empty() && error.to_string().contains(fact), "{error}"),
        }
    }
    let many = format!("({}t", "I1\n".repeat(65));
    let bytes = format!("cnumpy.core.numeric\n_frombuffer\n(S'x'\ncnumpy\ndtype\n(S'u1'\nI0\nI1\ntR{many}S'C'\ntR.");
    assert!(read_pickle(bytes.as_bytes()).unwrap_err().to_string().contains("an array of 65 axes"));
}

#[test]
fn a_dict_with_a_key_twice_and_two_ways_to_one_name_are_refused() {
    let twice = b"(S'W'\nI1\nVW\nI2\nd.";
    assert_eq!(read_pickle(twice).unwrap_err(), PickleError::Duplicate { name: "W".to_string() });
    let scalar = "cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(S'u1'\nI0\nI1\ntRS'1'\ntR";
    let ways = format!("(S'a.b'\n{scalar}S'a'\n(S'b'\n{scalar}dd.");
    let error = read_pickle(ways.as_bytes()).unwrap().arrays().unwrap_err();
    assert_eq!(error, PickleError::Duplicate { name: "a.b".to_string() });
}

#[test]
fn an_array_that_is_never_filled_and_a_key_that_is_no_name_are_refused() {
    assert_eq!(read_pickle(b"cnumpy\nndarray\n(tR.").unwrap_err(), PickleError::Unfilled);
    let key = [b"}V", "x".repeat(1025).as_bytes(), b"\nNs."].concat();
    assert_eq!(read_pickle(&key).unwrap_err(), PickleError::LongKey { length: 1025 });
}

#[test]
fn a_zip_bomb_is_refused_at_its_cap() {
    let zeros = NamedArray::new("W", Tensor::zeros([16 << 20]));
    let bomb = write_npz(&[zeros], Packing::Deflated).unwrap();
    assert!(bomb.len() < 200_000);
    let mut outcome = None;
    let peak = peak_bytes(|| outcome = Some(read_npz(&bomb)));
    let Some(Err(NpzError::Zip(ZipError::TooLarge { length, cap_bytes }))) = outcome else { panic!("{outcome:?}") };
    assert_eq!((length, cap_bytes), (bomb.len(), 64 << 20));
    assert!(peak <= archive_cap(bomb.len()), "{peak}");
    assert!(matches!(read_torch(&bomb), Err(TorchError::Zip(ZipError::TooLarge { .. }))));
}

#[test]
fn a_zip_archive_of_what_is_not_read_is_refused_by_name() {
    let arrays = ["a", "b"].map(|name| NamedArray::new(name, Tensor::from([1.0f32])));
    let sound = write_npz(&arrays, Packing::Stored).unwrap();
    // In both headers of the first file: flags stand at 6 and 8, the method at 8 and 10.
    let central = sound.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    let patched = |offset: usize, byte: u8| {
        let mut bytes = sound.clone();
        bytes[offset] |= byte;
        bytes[central + offset + 2] |= byte;
        bytes
    };
    let replace = |from: &[u8], to: &[u8]| {
        let mut bytes = sound.clone();
        for at in 0..bytes.len() - from.len() {
            if bytes[at..].starts_with(from) {
                bytes[at..at + to.len()].copy_from_slice(to);
            }
        }
        bytes
    };
    let table = [
        (patched(8, 12), "\"a.npy\" in the zip archive is packed by"),
        (patched(6, 1), "\"a.npy\" in the zip archive is packed by encryption"),
        (replace(b"b.npy", b"a.npy"), "the zip archive holds \"a.npy\" twice"),
        (replace(b"b.npy", b"b.txt"), "\"b.txt\" in the archive is not an .npy file"),
        (replace(b"\x93NUMPY", b"\x93NUMPX"), "damaged file \"a.npy\" in the zip archive"),
        (sound[..sound.len() - 1].to_vec(), "damaged or cut zip archive"),
    ];
    for (bytes, fact) in table {
        let message = read_npz(&bytes).unwrap_err().to_string();
        assert!(message.contains(fact), "{message}");
    }
}

#[test]
fn a_broken_npy_header_is_refused_with_its_place() {
    let file =
        |header: &str| [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes()].concat();
    let entries = |descr: &str, order: &str, shape: &str| {
        file(&format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"))
    };
    let table = [
        (b"\x93NUMPX".to_vec(), "expected a .npy file, found binary data"),
        (b"\x93NUM".to_vec(), "takes 8 bytes, but there are only 4"),
        (b"\x93NUMPY\x04\x00".to_vec(), ".npy version 4.0 at byte 6"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff{".to_vec(), "takes 4294967307 bytes"),
        (file("{'descr': '<f4'}"), "is missing"),
        (file("{'descr': '<f4', 'descr': '<f4'}"), "at byte 41: a key that is there twice"),
        (file("{'a': 1}"), "a key that is not one of"),
        (file("{}x"), "something after the closing brace"),
        (entries("'<f4'", "Maybe", "(1,)"), "expected True or False"),
        (entries("'<f4'", "False", "(-1,)"), "expected an extent"),
        (entries("'<f4'", "False", "(99999999999999999999,)"), "expected an extent"),
        (entries("'<f4'", "False", "(4000000000000000000, 4)"), "larger than memory can address"),
        (entries("'<f4'", "False", "(2,)"), "takes 8 bytes, but there are 0"),
        (entries("'<f4", "False", "(2,)"), "numbers of an unknown type (f4, )"),
        (entries("'|O'", "False", "(2,)"), "holds Python objects (object arrays) (O)"),
        (entries("'<c8'", "False", "(2,)"), "holds complex numbers (c8)"),
        (entries("[('a', '<f4')]", "False", "(2,)"), "holds structured records"),
    ];
    for (bytes, fact) in table {
        let message = read_npy(&bytes).unwrap_err().to_string();
        assert!(message.contains(fact), "{message}");
    }
    // Python 2's long integers.
    assert!(read_npy(&[entries("'<f4'", "True", "(1L, 1L)"), vec![0; 4]].concat()).is_ok());
}

fn fixtures() -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let paths = fs::read_dir(folder).expect("the fixtures are there").filter_map(|entry| Some(entry.ok()?.path()));
    let mut files: Vec<_> =
        paths.map(|path| (path.display().to_string(), fs::read(path).expect("a fixture is readable"))).collect();
    files.sort();
    assert!(files.len() > 50);
    files
}

#[test]
fn every_fixture_cut_at_any_length_is_refused() {
    for (name, bytes) in fixtures() {
        if name.contains("refused") || bytes.len() > 4000 && !name.ends_with("numpy2.4-5.pkl") {
            continue;
        }
        for length in 0..bytes.len() {
            let cut = &bytes[..length];
            let refused = match name.rsplit_once('.').unwrap().1 {
                "pkl" => read_pickle(cut).is_err(),
                "npy" => read_npy(cut).is_err(),
                "npz" => read_npz(cut).is_err(),
                "pt" => read_torch(cut).is_err(),
                _ => Safetensors::from_bytes(cut).is_err(),
            };
            assert!(refused, "{name} cut to {length}");
        }
    }
}

/// Instructions with well-formed operands, so that a random row of them gets far.
fn instruction() -> impl Strategy<Value = Vec<u8>> {
    let fixed =
        prop::sample::select(b"(012N\x88\x89)t\x85\x86\x87]lae}dsu\x8f\x90\x91\x94\x93Rbo\x81\x92\x97\x98Q".to_vec());
    let text = prop::sample::select(vec![
        "numpy",
        "dtype",
        "ndarray",
        "f4",
        "O8",
        "V8",
        "<",
        ">",
        "C",
        "F",
        "latin1",
        "os",
        "system",
        "builtins",
        "storage",
        "collections",
        "OrderedDict",
        "_codecs",
        "encode",
        "numpy.core.multiarray",
        "_reconstruct",
        "scalar",
    ]);
    let global = prop::sample::select(vec![
        "numpy.core.multiarray\n_reconstruct",
        "numpy.core.multiarray\nscalar",
        "numpy._core.numeric\n_frombuffer",
        "numpy\ndtype",
        "numpy\nndarray",
        "numpy\nfloat32",
        "_codecs\nencode",
        "collections\nOrderedDict",
        "collections\ndefaultdict",
        "builtins\nset",
        "builtins\nlist",
        "builtins\nbytearray",
        "__builtin__\ntuple",
    ]);
    prop_oneof![
        6 => fixed.prop_map(|code| vec![code]),
        2 => (0u8..6).prop_map(|small| vec![b'K', small]),
        1 => any::<i32>().prop_map(|value| [&b"J"[..], &value.to_le_bytes()].concat()),
        1 => any::<i64>().prop_map(|value| format!("L{value}L\n").into_bytes()),
        1 => any::<f64>().prop_map(|value| [&b"G"[..], &value.to_be_bytes()].concat()),
        2 => text.prop_map(|text| [&[0x8c, text.len() as u8], text.as_bytes()].concat()),
        1 => prop::collection::vec(any::<u8>(), 0..20).prop_map(|b| [&[b'C', b.len() as u8], &b[..]].concat()),
        1 => prop::collection::vec(any::<u8>(), 0..20).prop_map(|b| [&[b'U', b.len() as u8], &b[..]].concat()),
        3 => (0u8..8).prop_map(|index| vec![b'q', index]),
        4 => (0u8..8).prop_map(|index| vec![b'h', index]),
        3 => global.prop_map(|global| format!("c{global}\n").into_bytes()),
        1 => any::<u8>().prop_map(|code| vec![code]),
    ]
}

/// Touches every value that can be reached, to some depth.
fn look(value: &Value<'_>, depth: usize) -> usize {
    let parts = match value {
        _ if depth == 0 => return 1,
        Value::List(items) | Value::Tuple(items) | Value::Set(items) => {
            items.iter().take(50).map(|item| look(&item, depth - 1)).sum()
        }
        Value::Dict(entries) => {
            let _ = entries.get("W1");
            entries.iter().take(50).map(|(key, value)| look(&key, depth - 1) + look(&value, depth - 1)).sum()
        }
        Value::Array(array) => array.to_array().len(),
        other => other.text().map_or(0, |text| text.len()),
    };
    1 + parts + format!("{value:?}").len()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn random_instructions_never_panic(soup in prop::collection::vec(instruction(), 0..60)) {
        let bytes = [soup.concat(), b".".to_vec()].concat();
        let _ = read_and_unfold(&bytes);
        if let Ok(pickle) = read_pickle(&bytes) {
            prop_assert!(look(&pickle.value(), 4) > 0);
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_as_everything(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn damaged_fixtures_never_panic(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
        doubled in prop::option::weighted(0.2, (any::<prop::sample::Index>(), any::<prop::sample::Index>())),
    ) {
        thread_local!(static FIXTURES: Vec<(String, Vec<u8>)> = fixtures());
        let mut bytes = FIXTURES.with(|fixtures| which.get(fixtures).1.clone());
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some((from, to)) = doubled {
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
            let part = bytes[from.min(to)..from.max(to)].to_vec();
            bytes.splice(to..to, part);
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        read_as_everything(&bytes);
    }
}
