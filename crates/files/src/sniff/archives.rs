//! Archives, recognised by their contents: zip archives by the names in their directory, gzip'd files by what they unpack to.

use std::fs::File;
use std::io::Read;

use flate2::read::GzDecoder;

use super::{Kind, Sniffed, View, contains};
use crate::bytes::GZIP_MAGIC;

/// Names beyond these are not looked at.
#[cfg(feature = "archives")]
const MOST_NAMES: usize = 10_000;
/// As much of a gzip'd file is unpacked.
const PEEKED_BYTES: u64 = 4096;

/// The names in the directory of a zip archive; nothing where it is none, or cut.
#[cfg(feature = "archives")]
pub(super) fn names_in(bytes: &[u8]) -> Option<Vec<String>> {
    if !bytes.starts_with(b"PK") {
        return None;
    }
    let archive = rawzip::ZipArchive::from_slice(bytes).ok()?;
    let mut entries = archive.entries();
    let mut names = Vec::new();
    while let (Ok(Some(entry)), true) = (entries.next_entry(), names.len() < MOST_NAMES) {
        names.push(String::from_utf8_lossy(entry.file_path().as_bytes()).into_owned());
    }
    Some(names)
}

/// The same of a file, of which only the directory is read.
#[cfg(feature = "archives")]
pub(crate) fn names_of(file: File) -> Option<Vec<String>> {
    let mut buffer = vec![0; rawzip::RECOMMENDED_BUFFER_SIZE];
    let archive = rawzip::ZipArchive::from_file(file, &mut buffer).ok()?;
    let mut entries = archive.entries(&mut buffer);
    let mut names = Vec::new();
    while let (Ok(Some(entry)), true) = (entries.next_entry(), names.len() < MOST_NAMES) {
        names.push(String::from_utf8_lossy(entry.file_path().as_bytes()).into_owned());
    }
    Some(names)
}

#[cfg(not(feature = "archives"))]
pub(super) fn names_in(_: &[u8]) -> Option<Vec<String>> {
    None
}

#[cfg(not(feature = "archives"))]
pub(crate) fn names_of(_: File) -> Option<Vec<String>> {
    None
}

/// What is recognised by names in a zip archive.
struct Row {
    /// Whether the names are of this kind.
    is: fn(&[String]) -> bool,
    kind: Kind,
    described: &'static str,
    way_out: &'static str,
}

const ONE_SHEET: &str = "save its sheet as CSV (UTF-8)";
const KERAS: &str = "save its weights: numpy.savez(\"weights.npz\", *keras.models.load_model(path).get_weights())";

static ROWS: &[Row] = &[
    Row {
        is: |names| any_in(names, "xl/"),
        kind: Kind::OtherTable,
        described: "an Excel workbook (.xlsx)",
        way_out: ONE_SHEET,
    },
    Row {
        is: |names| any_in(names, "word/") || any_in(names, "ppt/"),
        kind: Kind::Other,
        described: "a document of Microsoft Office",
        way_out: "",
    },
    Row {
        is: |names| has(names, "mimetype") && has(names, "content.xml"),
        kind: Kind::OtherTable,
        described: "an OpenDocument file (.ods, .odt)",
        way_out: ONE_SHEET,
    },
    Row {
        is: |names| names.iter().any(|name| name.ends_with(".iwa")),
        kind: Kind::OtherTable,
        described: "a document of Apple's Numbers or Pages",
        way_out: "export it as CSV (UTF-8)",
    },
    Row {
        is: |names| has(names, "model.weights.h5"),
        kind: Kind::OtherModel,
        described: "a Keras model (.keras)",
        way_out: KERAS,
    },
    Row {
        is: |names| within(names, "constants.pkl") || names.iter().any(|name| name.contains("/code/")),
        kind: Kind::OtherModel,
        described: "a TorchScript model",
        way_out: "save its numbers in PyTorch: torch.save(torch.jit.load(path).state_dict(), \"weights.pt\")",
    },
    Row { is: |names| within(names, "data.pkl"), kind: Kind::Torch, described: "a PyTorch file", way_out: "" },
    Row {
        is: |names| ["x_train.npy", "y_train.npy"].iter().all(|name| has(names, name)),
        kind: Kind::NpzSamples,
        described: "an .npz archive of samples (x_train, y_train …)",
        way_out: "",
    },
    Row {
        is: |names| !names.is_empty() && names.iter().all(|name| name.ends_with(".npy")),
        kind: Kind::Npz,
        described: "an .npz archive of NumPy's",
        way_out: "",
    },
    Row { is: |names| has(names, "META-INF/MANIFEST.MF"), kind: Kind::Other, described: "a Java archive", way_out: "" },
];

fn has(names: &[String], wanted: &str) -> bool {
    names.iter().any(|name| name == wanted)
}

fn any_in(names: &[String], folder: &str) -> bool {
    names.iter().any(|name| name.starts_with(folder))
}

/// Whether a file of this name lies in the one folder that PyTorch puts everything in.
fn within(names: &[String], wanted: &str) -> bool {
    names.iter().any(|name| name.split_once('/').is_some_and(|(_, rest)| rest == wanted))
}

pub(super) fn found(view: &View<'_>) -> Option<Sniffed> {
    if view.head.starts_with(&GZIP_MAGIC) {
        return Some(gzip(view));
    }
    if !view.head.starts_with(b"PK\x03\x04") && !view.head.starts_with(b"PK\x05\x06") {
        return hdf5(view);
    }
    let Some(names) = &view.names else {
        let way_out = if cfg!(feature = "archives") { "copy the whole file again" } else { "unpack it first" };
        let described =
            if cfg!(feature = "archives") { "a zip archive that is cut or damaged" } else { "a zip archive" };
        return Some(Sniffed::new(Kind::Zip, described, way_out));
    };
    if let Some(row) = ROWS.iter().find(|row| (row.is)(names)) {
        return Some(Sniffed::new(row.kind, row.described, row.way_out));
    }
    let described = match names.as_slice() {
        [] => "an empty zip archive".to_string(),
        [one] => format!("a zip archive of one file, {one:?}"),
        [first, ..] => format!("a zip archive of {} files, such as {first:?}", names.len()),
    };
    Some(Sniffed::new(Kind::Zip, described, "unpack it first"))
}

fn gzip(view: &View<'_>) -> Sniffed {
    let mut peeked = Vec::new();
    // What the head holds of it; that it ends there is no fault.
    let _ = GzDecoder::new(view.head).take(PEEKED_BYTES).read_to_end(&mut peeked);
    if peeked.is_empty() {
        return Sniffed::new(Kind::Packed, "packed by gzip", "unpack it first, with gunzip");
    }
    let length = peeked.len() as u64;
    // Only what is packed is known of it: not how long it is, nor how it ends.
    let inner = View { head: &peeked, tail: &[], length, names: None }.sniffed();
    let (described, way_out) = match inner.kind {
        Kind::Packed if inner.described == "a tar archive" => {
            ("a gzip'd tar archive".into(), "unpack it first, with tar -xzf")
        }
        _ => (format!("gzip'd: {}", inner.described), inner.way_out().unwrap_or("unpack it first, with gunzip")),
    };
    let found = Sniffed::new(Kind::Packed, described, way_out.to_string());
    Sniffed { idx_shape: inner.idx_shape, ..found }
}

/// HDF5, which Keras and others keep theirs in.
fn hdf5(view: &View<'_>) -> Option<Sniffed> {
    if !view.head.starts_with(b"\x89HDF\r\n\x1a\n") {
        return None;
    }
    let is_keras = [&b"keras_version"[..], b"model_weights", b"layer_names", b"model_config"];
    Some(match is_keras.iter().any(|mark| contains(view.head, mark)) {
        true => Sniffed::new(Kind::OtherModel, "a Keras model in HDF5 (.h5)", KERAS),
        false => Sniffed::new(
            Kind::OtherArrays,
            "an HDF5 file (.h5)",
            "write its arrays as .npz, with h5py and numpy.savez; of a Keras model: numpy.savez(\"weights.npz\", \
             *model.get_weights())",
        ),
    })
}
