//! Kinds that a row of bytes at a fixed place says, one a row.

use std::path::Path;

use super::{Kind, Sniffed, View, text};

/// What is recognised by a mark.
struct Row {
    kind: Kind,
    at: usize,
    mark: &'static [u8],
    described: &'static str,
    way_out: &'static str,
}

const fn row(kind: Kind, at: usize, mark: &'static [u8], described: &'static str, way_out: &'static str) -> Row {
    Row { kind, at, mark, described, way_out }
}

const AS_CSV: &str =
    "write it as CSV, such as with pandas: pandas.read_parquet(path).to_csv(\"table.csv\", index=False)";
const FEATHER: &str =
    "write it as CSV, such as with pandas: pandas.read_feather(path).to_csv(\"table.csv\", index=False)";
const FROM_R: &str = "in R, write.csv(data, \"table.csv\", row.names = FALSE) writes a table that is read";
const AS_PNG: &str = "save it as PNG";
const UNPACK: &str = "unpack it first";
const AGAIN_BINARY: &str = "fetch it again, as binary data (Git: `*.png binary` in .gitattributes; FTP: binary mode)";

/// The longer marks come before the shorter ones that they begin with.
static ROWS: &[Row] = {
    use Kind::*;
    &[
        row(Picture, 0, b"\x89PNG\r\n\x1a\n", "a PNG picture", ""),
        row(Picture, 0, b"\xff\xd8\xff", "a JPEG picture", ""),
        row(OtherPicture, 0, b"GIF8", "a GIF picture", AS_PNG),
        row(OtherPicture, 8, b"WEBP", "a WebP picture", AS_PNG),
        row(OtherPicture, 0, b"II*\0", "a TIFF picture", AS_PNG),
        row(OtherPicture, 0, b"MM\0*", "a TIFF picture", AS_PNG),
        row(OtherPicture, 4, b"ftypavif", "an AVIF picture", AS_PNG),
        row(OtherPicture, 4, b"ftypavis", "an AVIF picture", AS_PNG),
        row(OtherPicture, 4, b"ftyphei", "a HEIC picture, as phones take them", AS_PNG),
        row(OtherPicture, 4, b"ftyphev", "a HEIC picture, as phones take them", AS_PNG),
        row(OtherPicture, 4, b"ftypmif1", "a HEIF picture", AS_PNG),
        row(OtherPicture, 0, b"\xff\x0a", "a JPEG XL picture", AS_PNG),
        row(OtherPicture, 0, b"\0\0\0\x0cJXL ", "a JPEG XL picture", AS_PNG),
        row(OtherPicture, 0, b"\0\0\0\x0cjP  ", "a JPEG 2000 picture", AS_PNG),
        row(OtherPicture, 0, b"8BPS", "a Photoshop picture", AS_PNG),
        row(OtherPicture, 0, b"\0\0\x01\0\x01\0", "an icon (.ico)", AS_PNG),
        row(Other, 4, b"ftyp", "a film (MP4 or the like)", ""),
        // The first line ends of a PNG, HDF5 or .npy file are there to show this.
        row(Changed, 0, b"\x89PNG\n", "a PNG picture whose line ends a transfer has changed", AGAIN_BINARY),
        row(Changed, 0, b"\x89PNG\r\r\n", "a PNG picture whose line ends a transfer has changed", AGAIN_BINARY),
        row(Changed, 0, b"\x09PNG\r\n", "a PNG picture that lost a bit of each byte in a transfer", AGAIN_BINARY),
        row(Changed, 0, b"\x89HDF\n", "an HDF5 file whose line ends a transfer has changed", AGAIN_BINARY),
        row(Changed, 0, b"\xef\xbf\xbd", "binary data that some program read as text and wrote again", AGAIN_BINARY),
        row(Changed, 0, b"\xc2\x89PNG", "a PNG picture that some program read as text and wrote again", AGAIN_BINARY),
        row(Changed, 0, b"\xc2\x93NUMPY", "a .npy file that some program read as text and wrote again", AGAIN_BINARY),
        row(
            OtherArrays,
            0,
            b"MATLAB 5.0 MAT-file",
            "a MATLAB file (.mat)",
            "write its arrays as .npz: data = scipy.io.loadmat(path); numpy.savez(\"arrays.npz\", **{k: v for k, v in \
             data.items() if k[0] != \"_\"})",
        ),
        row(
            OtherArrays,
            0,
            b"MATLAB 7.3 MAT-file",
            "a MATLAB file (.mat, version 7.3: HDF5)",
            "save it in MATLAB with save(path, \"-v7\"), and write its arrays as .npz with scipy.io.loadmat and \
             numpy.savez",
        ),
        row(OtherModel, 0, b"GGUF", "a GGUF model, as llama.cpp reads them", "its weights as safetensors are read"),
        row(
            OtherModel,
            4,
            b"TFL3",
            "a TensorFlow Lite model (.tflite)",
            "save the weights of the model that it was made from: numpy.savez(\"weights.npz\", *model.get_weights())",
        ),
        row(OtherTable, 0, b"PAR1", "a Parquet file", AS_CSV),
        row(OtherTable, 0, b"PARE", "an encrypted Parquet file", AS_CSV),
        row(OtherTable, 0, b"ARROW1", "an Arrow (Feather) file", FEATHER),
        row(OtherTable, 0, b"FEA1", "a Feather file", FEATHER),
        row(OtherTable, 0, b"ORC", "an ORC file", "write it as CSV, such as with pandas.read_orc(path).to_csv"),
        row(OtherTable, 0, b"Obj\x01", "an Avro file", "write it as CSV with the program that made it"),
        row(
            OtherTable,
            0,
            b"SQLite format 3\0",
            "an SQLite database",
            "write a table of it as CSV: sqlite3 -header -csv FILE \"select * from TABLE\" > table.csv",
        ),
        row(
            OtherTable,
            0,
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "an Excel workbook (.xls), or another document of old \
             Microsoft Office",
            "save its sheet as CSV (UTF-8)",
        ),
        row(OtherTable, 0, b"RDX", "R's data (.RData)", FROM_R),
        row(OtherTable, 0, b"RDA2\n", "R's data (.RData)", FROM_R),
        row(OtherTable, 0, b"RDA3\n", "R's data (.RData)", FROM_R),
        row(OtherTable, 0, b"X\n\0\0\0", "R's data (.rds)", FROM_R),
        row(OtherTable, 0, b"A\n2\n", "R's data (.rds)", FROM_R),
        row(OtherTable, 0, b"A\n3\n", "R's data (.rds)", FROM_R),
        row(OtherTable, 0, b"$FL2", "an SPSS file (.sav)", "save it as CSV in SPSS, or with pandas.read_spss"),
        row(OtherTable, 0, b"$FL3", "an SPSS file (.zsav)", "save it as CSV in SPSS, or with pandas.read_spss"),
        row(OtherTable, 0, b"<stata_dta>", "a Stata file (.dta)", "save it as CSV in Stata, or with pandas.read_stata"),
        row(OtherTable, 12, b"\xc2\xea\x81\x60", "a SAS file (.sas7bdat)", "write it as CSV with pandas.read_sas"),
        row(Other, 0, b"%PDF-", "a PDF document", "copy its table into a CSV file"),
        row(Other, 0, b"{\\rtf", "a document (.rtf)", "save it as plain text"),
        row(Packed, 0, b"BZh", "packed by bzip2", "unpack it first, with bunzip2"),
        row(Packed, 0, b"\xfd7zXZ\0", "packed by xz", "unpack it first, with unxz"),
        row(Packed, 0, b"\x28\xb5\x2f\xfd", "packed by Zstandard", "unpack it first, with unzstd"),
        row(Packed, 0, b"\x04\x22\x4d\x18", "packed by LZ4", "unpack it first, with unlz4"),
        row(Packed, 0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
        row(Packed, 0, b"Rar!\x1a\x07", "a RAR archive", UNPACK),
        row(Packed, 0, b"\x1f\x9d", "packed by compress (.Z)", UNPACK),
        row(Packed, 257, b"ustar", "a tar archive", "unpack it first, with tar -xf"),
        row(
            Debris,
            0,
            b"\0\x05\x16\x07",
            "a side file of macOS (its name begins with ._)",
            "the file of the name without ._ is meant",
        ),
        row(Debris, 0, b"\0\0\0\x01Bud1", "macOS's notes on a folder (.DS_Store)", "leave it out"),
        row(Other, 0, b"\x7fELF", "a program", ""),
        row(Other, 0, b"MZ\x90\0", "a program for Windows", ""),
        row(Other, 0, b"\xcf\xfa\xed\xfe", "a program for macOS", ""),
        row(Other, 8, b"WAVE", "a sound (.wav)", ""),
        row(Other, 0, b"OggS", "a sound or film (Ogg)", ""),
    ]
};

pub(super) fn found(view: &View<'_>) -> Option<Sniffed> {
    let has =
        |row: &&Row| view.head.get(row.at..).is_some_and(|rest| rest.starts_with(row.mark)) && !is_word(row, view);
    let known = ROWS.iter().find(has);
    known
        .map(|row| Sniffed::new(row.kind, row.described, row.way_out))
        .or_else(|| bitmap(view))
        .or_else(|| sstable(view))
}

/// Whether the mark is letters alone, and stands in a text: a table's first column may be called so.
fn is_word(row: &Row, view: &View<'_>) -> bool {
    let is_letters = row.kind != Kind::Other && row.mark.iter().all(u8::is_ascii_graphic);
    is_letters && text::readable(view).is_some_and(|text| text.len() > 16 || text.contains('\n'))
}

/// Two letters are few: the header that follows them says its own length, which is one of these.
fn bitmap(view: &View<'_>) -> Option<Sniffed> {
    const HEADERS: [u32; 7] = [12, 40, 52, 56, 64, 108, 124];
    let length = view.head.get(14..)?.first_chunk()?;
    let is_one = view.head.starts_with(b"BM") && HEADERS.contains(&u32::from_le_bytes(*length));
    is_one.then(|| Sniffed::new(Kind::OtherPicture, "a BMP picture", AS_PNG))
}

const TENSORFLOW: &str =
    "load it in TensorFlow and save its weights: numpy.savez(\"weights.npz\", *model.get_weights())";

/// The index of a TensorFlow checkpoint is a table of LevelDB, which ends in this number.
fn sstable(view: &View<'_>) -> Option<Sniffed> {
    let is_one = view.tail.ends_with(&0xdb47_7524_8b80_fb57u64.to_le_bytes());
    is_one.then(|| Sniffed::new(Kind::OtherModel, "the index of a TensorFlow checkpoint", TENSORFLOW))
}

/// The numbers of a TensorFlow checkpoint stand alone in their file, which is known by its name.
pub(crate) fn by_name(path: &Path) -> Option<Sniffed> {
    let name = path.file_name()?.to_str()?;
    let (_, places) = name.rsplit_once(".data-")?;
    let (own, all) = places.split_once("-of-")?;
    let is_count = |text: &str| text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_one = is_count(own) && is_count(all);
    is_one.then(|| Sniffed::new(Kind::OtherModel, "the numbers of a TensorFlow checkpoint", TENSORFLOW))
}

/// What TensorFlow's other files are answered with.
pub(super) fn tensorflow(described: &'static str) -> Sniffed {
    Sniffed::new(Kind::OtherModel, described, TENSORFLOW)
}
