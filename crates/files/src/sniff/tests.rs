use super::*;
use crate::bytes::tests::gzip;
use crate::sniff_file::sniff_file;

/// Bytes at their place, with zeros around them.
fn at(place: usize, mark: &[u8]) -> Vec<u8> {
    [&vec![0; place][..], mark, &[0; 40]].concat()
}

#[test]
fn known_kinds_are_named_by_their_bytes() {
    use Kind::*;
    let table: &[(Kind, &str, Vec<u8>)] = &[
        (Empty, "an empty file; copy it again", vec![]),
        (Pointer, "a Git LFS pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 1\n".to_vec()),
        (Pointer, "a git-annex pointer", b"/annex/objects/MD5E-s12--0cc1.png\n".to_vec()),
        (Pointer, "a DVC pointer", b"outs:\n- md5: 0cc175b9c0f1b6a831c399e269772661\n".to_vec()),
        (Markup, "a web page (HTML)", b"\n\n\n<!DOCTYPE html>\n<html>".to_vec()),
        (Markup, "a web page (HTML)", b"\xef\xbb\xbf<HTML><body>Sign in".to_vec()),
        (Markup, "an XML file", b"<?xml version=\"1.0\"?><a/>".to_vec()),
        (Json, "JSON", b"[{\"a\":1,\"b\":2}]".to_vec()),
        (Json, "JSON", b"{\n  \"message\": \"Not Found\"\n}".to_vec()),
        (Json, "a Jupyter notebook", b"{\"cells\": [], \"nbformat\": 4}".to_vec()),
        (OtherTable, "an ARFF file", b"% Weather\n\n@RELATION w\n@attribute t numeric\n@data\n1\n".to_vec()),
        (OtherTable, "a Parquet file", b"PAR1\0\0\0\0PAR1".to_vec()),
        (OtherTable, "an Arrow (Feather) file", b"ARROW1\0\0".to_vec()),
        (OtherTable, "an ORC file", b"ORC\x08\x03".to_vec()),
        (OtherTable, "an Avro file", b"Obj\x01\x04".to_vec()),
        (OtherTable, "an Excel workbook (.xls)", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0".to_vec()),
        (OtherTable, "an SQLite database", b"SQLite format 3\0\x10".to_vec()),
        (Packed, "gzip'd: R's data (.RData)", gzip(b"RDX3\nX\n\0\0\0")),
        (Packed, "gzip'd: R's data (.rds)", gzip(b"X\n\0\0\0\x03\0\x04\x01\x02")),
        (Packed, "gzip'd: an IDX file of 10,000 labels", gzip(&[0, 0, 8, 1, 0, 0, 0x27, 0x10, 7, 2])),
        (Packed, "a gzip'd tar archive; unpack it first, with tar -xzf", gzip(&at(257, b"ustar"))),
        (Packed, "packed by bzip2", b"BZh91AY&SY".to_vec()),
        (Packed, "packed by xz", b"\xfd7zXZ\0\0".to_vec()),
        (Packed, "packed by Zstandard", b"\x28\xb5\x2f\xfd\x04".to_vec()),
        (Packed, "a 7z archive", b"7z\xbc\xaf\x27\x1c\0".to_vec()),
        (Packed, "a RAR archive", b"Rar!\x1a\x07\x01".to_vec()),
        (Packed, "a tar archive", at(257, b"ustar")),
        (OtherArrays, "an HDF5 file", at(0, b"\x89HDF\r\n\x1a\n\0")),
        (OtherModel, "a Keras model in HDF5", at(0, b"\x89HDF\r\n\x1a\n\0\0keras_version\0")),
        (OtherArrays, "a MATLAB file (.mat); write its arrays", b"MATLAB 5.0 MAT-file, Platform".to_vec()),
        (OtherArrays, "a MATLAB file (.mat, version 7.3", b"MATLAB 7.3 MAT-file".to_vec()),
        (OtherModel, "an ONNX model", b"\x08\x07\x12\x07pytorch\x1a\x032.1:\x40\x0a\x0a\x0a\x01x".to_vec()),
        (OtherModel, "an ONNX model", b"\x08\x0a:\x90\x01\x12\x03net".to_vec()),
        (OtherModel, "a TensorFlow SavedModel", b"\x08\x01\x12\x90\x80\x01\x0a\x20\x12\x01".to_vec()),
        (OtherModel, "a TensorFlow graph", b"\x0a\x18\x0a\x01x\x12\x0bPlaceholder*\x05".to_vec()),
        (OtherModel, "a TensorFlow Lite model", b"\x1c\0\0\0TFL3\x14".to_vec()),
        (
            OtherModel,
            "the index of a TensorFlow",
            at(0, b"").into_iter().chain(0xdb47_7524_8b80_fb57u64.to_le_bytes()).collect(),
        ),
        (OtherModel, "the list of TensorFlow's checkpoints", b"model_checkpoint_path: \"model.ckpt-1\"\n".to_vec()),
        (OtherModel, "a GGUF model", b"GGUF\x03\0\0\0".to_vec()),
        (Picture, "a PNG picture", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec()),
        (Picture, "a JPEG picture", b"\xff\xd8\xff\xe0\0\x10JFIF".to_vec()),
        (OtherPicture, "a GIF picture; save it as PNG", b"GIF89a\x08\0".to_vec()),
        (OtherPicture, "a WebP picture", b"RIFF\x24\0\0\0WEBPVP8 ".to_vec()),
        (OtherPicture, "a BMP picture", [b"BM\x36\x03\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0".as_slice(), &[0; 36]].concat()),
        (OtherPicture, "a TIFF picture", b"II*\0\x08\0\0\0".to_vec()),
        (OtherPicture, "an AVIF picture", b"\0\0\0\x20ftypavif\0\0\0\0".to_vec()),
        (OtherPicture, "a HEIC picture", b"\0\0\0\x18ftypheic\0\0\0\0".to_vec()),
        (OtherPicture, "an SVG picture", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec()),
        (Changed, "a PNG picture whose line ends", b"\x89PNG\r\r\n\x1a\r\n\0\0\0\rIHDR".to_vec()),
        (Changed, "a PNG picture whose line ends", b"\x89PNG\n\x1a\n\0\0\0\rIHDR".to_vec()),
        (Changed, "binary data that some program read as text", "\u{fffd}PNG\r\n".as_bytes().to_vec()),
        (Changed, "a .npy file that some program read as text", "\u{93}NUMPY\x01".as_bytes().to_vec()),
        (Changed, "a pickle whose line ends", b"\x80\x02cnumpy.core.multiarray\r\n_reconstruct\r\nq\x01".to_vec()),
        (Changed, "a pickle whose line ends", b"(dp0\r\nVW1\r\np1\r\n".to_vec()),
        (Changed, "a picture written as base64 text", b"data:image/png;base64,iVBORw0KGgo=".to_vec()),
        (Pickle, "a pickle of Python's", b"(dp0\nVW1\np1\n".to_vec()),
        (Pickle, "a pickle of Python's", b"\x80\x04\x95\x10".to_vec()),
        (Npy, "a .npy file", b"\x93NUMPY\x01\0v\0{'descr': '<f4'}\n".to_vec()),
        (Changed, "a .npy file whose line ends", b"\x93NUMPY\x01\0v\0{'descr': '<f4'}\r\n".to_vec()),
        (
            Idx,
            "an IDX file of 60,000 images of 28×28, cut off",
            vec![0, 0, 8, 3, 0, 0, 0xea, 0x60, 0, 0, 0, 28, 0, 0, 0, 28, 1],
        ),
        (Idx, "an IDX file of 2 labels, as MNIST", vec![0, 0, 8, 1, 0, 0, 0, 2, 5, 7]),
        (Safetensors, "a safetensors file", b"\x20\0\0\0\0\0\0\0{\"a\":{\"dtype\":\"F32\"".to_vec()),
        (Model, "a limpid model", b"\x60\0\0\0\0\0\0\0{\"__metadata__\":{\"format\":\"limpid-model\"".to_vec()),
        (Debris, "macOS's notes on a folder", b"\0\0\0\x01Bud1\0\0".to_vec()),
        (Debris, "a side file of macOS", b"\0\x05\x16\x07\0\x02".to_vec()),
        (Other, "a PDF document", b"%PDF-1.7\n".to_vec()),
        (Other, "a program", b"\x7fELF\x02\x01".to_vec()),
        (Text, "text in UTF-16; save it as UTF-8", b"\xff\xfea\0,\0b\0".to_vec()),
        (Text, "text in UTF-16; save it as UTF-8", b"a\0,\0b\0\r\0\n\x001\0,\x002\0".to_vec()),
        (Text, "text that begins \"import numpy as np…\"", b"import numpy as np\nx = 1\n".to_vec()),
        (Text, "text of only blanks and empty lines", b" \n\n".to_vec()),
        (Table, "a table of text that begins \"a;b…\"", b"a;b\n1;2\n".to_vec()),
        (Unknown, "only zeros, 5 bytes; the copy or download did not finish", vec![0; 5]),
        (Unknown, "binary data that begins with the bytes 17 20 6c", vec![0x17, 0x20, 0x6c]),
    ];
    for (kind, start, bytes) in table {
        let found = sniff(bytes);
        assert_eq!((found.kind(), found.to_string().starts_with(start)), (*kind, true), "{found}, not {start}");
    }
}

#[test]
#[cfg(feature = "archives")]
fn zip_archives_are_told_by_the_names_in_them() {
    let table: &[(&[&str], Kind, &str)] = &[
        (&["[Content_Types].xml", "xl/workbook.xml"], Kind::OtherTable, "an Excel workbook (.xlsx)"),
        (&["[Content_Types].xml", "word/document.xml"], Kind::Other, "a document of Microsoft Office"),
        (&["mimetype", "content.xml"], Kind::OtherTable, "an OpenDocument file"),
        (&["Index/Tables.iwa"], Kind::OtherTable, "a document of Apple's Numbers"),
        (&["config.json", "metadata.json", "model.weights.h5"], Kind::OtherModel, "a Keras model (.keras)"),
        (&["net/data.pkl", "net/code/net.py", "net/constants.pkl"], Kind::OtherModel, "a TorchScript model"),
        (&["net/data.pkl", "net/data/0", "net/version"], Kind::Torch, "a PyTorch file"),
        (&["x_train.npy", "y_train.npy", "x_test.npy", "y_test.npy"], Kind::NpzSamples, "an .npz archive of samples"),
        (&["W1.npy", "b1.npy"], Kind::Npz, "an .npz archive"),
        (&["a.csv"], Kind::Zip, "a zip archive of one file, \"a.csv\"; unpack it first"),
        (&["a.png", "b.png"], Kind::Zip, "a zip archive of 2 files, such as \"a.png\"; unpack it first"),
    ];
    for (names, kind, start) in table {
        let members = names.iter().map(|name| (name.to_string(), [&b"x"[..], b""]));
        let bytes = crate::archive::zip(members, false).unwrap();
        let found = sniff(&bytes);
        assert_eq!((found.kind(), found.to_string().starts_with(start)), (*kind, true), "{found}, not {start}");
        let cut = sniff(&bytes[..bytes.len() - 10]);
        assert_eq!((cut.kind(), cut.described()), (Kind::Zip, "a zip archive that is cut or damaged"), "{names:?}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(sniff_file(&path).unwrap(), found);
    }
}

#[test]
fn a_file_is_told_as_its_bytes_are_however_long_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let long = |start: &[u8], end: &[u8]| [start, &vec![1; 2 * HEAD_BYTES], end].concat();
    let table = [
        b"".to_vec(),
        b"a,b\n1,2\n".to_vec(),
        long(b"PAR1", b"PAR1"),
        long(b"index", &0xdb47_7524_8b80_fb57u64.to_le_bytes()),
        long(&[0, 0, 8, 1, 0, 2, 0, 0], b""),
        long(&[0x17, 0x20], b""),
    ];
    for bytes in table {
        let path = folder.path().join("some file");
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(sniff_file(&path).unwrap(), sniff(&bytes));
    }
    let numbers = folder.path().join("model.ckpt.data-00000-of-00001");
    std::fs::write(&numbers, [0x17, 0x20, 0x6c]).unwrap();
    assert_eq!(sniff_file(&numbers).unwrap().described(), "the numbers of a TensorFlow checkpoint");
    assert!(sniff_file(folder.path()).is_err());
}

#[test]
fn good_data_is_never_taken_for_something_else() {
    // A table's first cell may be any word, and a pickle may begin with nearly any byte.
    for header in ["<b>,c", "[mm],b", "{a},b", "BM,x", "ORCA,x", "@x,y", "%a,b", "PK,x", "II,b"] {
        let found = sniff(format!("{header}\n1,2\n").as_bytes());
        assert!(matches!(found.kind(), Kind::Table), "{header}: {found}");
    }
    for start in [&b"}q\x00(U\x02W1"[..], b"]q\x01(", b"K\x01.", b"I1\n.", b"G?\xf0\0\0\0\0\0\0."] {
        let found = sniff(start);
        assert!(matches!(found.kind(), Kind::Unknown | Kind::Text), "{found}");
    }
}

proptest::proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        for start in [&b""[..], b"PK\x03\x04", b"\x1f\x8b\x08", b"\x08\x07", b"\0\0\x08", b"\x93NUMPY", b"{\""] {
            let found = sniff(&[start, &bytes].concat());
            proptest::prop_assert!(!found.described().is_empty());
        }
    }
}
