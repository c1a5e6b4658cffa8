//! What can be wrong with a model file.

use std::path::PathBuf;

use limpid_graph::TensorError;
use thiserror::Error;

use super::{FORMAT, SHA256_KEY, VERSION};
use crate::bytes::ReadError;
use crate::output::OutputError;
use crate::sniff::Sniffed;

/// Bytes that are not a limpid model, or a model that cannot be put into bytes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The bytes do not start as safetensors does.
    #[error("expected a model that limpid wrote, found {}", found.or("name a model that limpid wrote"))]
    NotSafetensors {
        /// What they are.
        found: Sniffed,
    },
    /// The header is not text.
    #[error("the model's header is not UTF-8 at byte {offset}; copy the file again")]
    NotUtf8 {
        /// The first wrong byte, counted from the start of the file.
        offset: usize,
    },
    /// The header is text, but not one that describes arrays.
    #[error("the model's header is damaged ({reason}); copy the file again")]
    Header {
        /// What is wrong with it.
        reason: String,
    },
    /// The bytes end too soon.
    #[error("the model file is cut off: {needed} bytes were written, {found} are left; copy the whole file again")]
    Cut {
        /// The length of the whole file, in bytes, as far as it is known.
        needed: u64,
        /// How many bytes there are.
        found: u64,
    },
    /// Something follows the last array.
    #[error("the model ends at byte {needed}, but the file has {found} bytes; copy the file again")]
    TrailingBytes {
        /// The length of the whole file, in bytes.
        needed: u64,
        /// How many bytes there are.
        found: u64,
    },
    /// A safetensors file, but not one of limpid's.
    #[error(
        "a safetensors file of {arrays} arrays that limpid did not write (its `format` is {}, not `{FORMAT}`); name \
         a model that limpid wrote",
        format_text(.found)
    )]
    NotLimpid {
        /// The value of `format`, if there is one.
        found: Option<String>,
        /// How many arrays there are.
        arrays: usize,
    },
    /// Written in a later format than this library knows.
    #[error("the model has format version {found:?}, this limpid reads up to {VERSION}; use a newer limpid")]
    NewerVersion {
        /// The file's version.
        found: String,
    },
    /// Numbers of a type that limpid does not compute with.
    #[error("array {name:?} is stored as {stored}; limpid's models hold F32, F64 and U8: convert it to one of them")]
    Stored {
        /// The array's name.
        name: String,
        /// The type's name in safetensors.
        stored: String,
    },
    /// The contents are not the ones that were written.
    #[error(
        "the model was changed after it was written: its contents have SHA-256 {found}, its `{SHA256_KEY}` is {}; \
         copy the file again, or go back to the one before",
        format_text(.expected)
    )]
    Checksum {
        /// The file's own `limpid.sha256`, if there is one.
        expected: Option<String>,
        /// What its contents add up to, hexadecimal.
        found: String,
    },
    /// Two arrays of one name.
    #[error("two arrays are named {name:?}; give each a name of its own")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// A name that the file format uses itself.
    #[error("{name:?} is a name that the model file uses itself; choose another")]
    Reserved {
        /// The array's or the note's name.
        name: String,
    },
    /// More than a model file holds.
    #[error(
        "the model's {what} takes {bytes} bytes, more than the {cap_bytes} that fit in a model file; make it smaller"
    )]
    TooLarge {
        /// Which part of the file.
        what: &'static str,
        /// Its length in bytes.
        bytes: u64,
        /// The most that fits.
        cap_bytes: u64,
    },
    /// The numbers do not make a tensor.
    #[error(transparent)]
    Tensor(#[from] TensorError),
}

fn format_text(value: &Option<String>) -> String {
    value.as_ref().map_or("missing".to_string(), |value| format!("{value:?}"))
}

/// A model file that cannot be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ModelFileError {
    /// The file cannot be read, or is larger than [`MODEL_CAP_BYTES`](crate::MODEL_CAP_BYTES).
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The file cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The contents are not a model.
    #[error("{}: {cause}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with them.
        cause: ModelError,
    },
}
