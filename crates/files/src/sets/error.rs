//! What can be wrong with a data set's files.

use std::path::PathBuf;

use limpid_graph::TensorError;
use thiserror::Error;

use crate::bytes::{GzipError, ReadError};
use crate::idx::IdxError;
use crate::mnist::{Looked, MnistError, looked_text};

/// A data set's files that are not there, or are not what was published.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SetError {
    /// No place has the files.
    #[error(
        "the files of {set} were not found; looked in{}\n`limpid data fetch {folder}` fetches them; or name their \
         folder with --data or $LIMPID_DATA",
        looked_text(.looked)
    )]
    NotFound {
        /// The data set's name.
        set: &'static str,
        /// The folder that they usually lie in, which is also a name to fetch them by.
        folder: &'static str,
        /// Each place looked at, in order.
        looked: Vec<Looked>,
    },
    /// A folder lacks one of the files.
    #[error("{}: there is no {name}; `limpid data fetch {fetched}` fetches it", folder.display())]
    Missing {
        /// The folder.
        folder: PathBuf,
        /// The file's published name.
        name: &'static str,
        /// The name to fetch it by.
        fetched: &'static str,
    },
    /// MNIST's files.
    #[error(transparent)]
    Mnist(#[from] MnistError),
    /// A file cannot be read or unpacked.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A file is not IDX.
    #[error("{}: {cause}", path.display())]
    Idx {
        /// The file, and the file in it where it is an archive.
        path: PathBuf,
        /// What is wrong with it.
        cause: IdxError,
    },
    /// A file in an archive does not unpack.
    #[error("{}: {cause}", path.display())]
    Gzip {
        /// The archive and the file in it.
        path: PathBuf,
        /// What is wrong with it.
        cause: GzipError,
    },
    /// A file holds an array of another shape, or of other numbers than bytes.
    #[error("{}: expected bytes of shape {expected:?}, found {found}; fetch the published file", path.display())]
    Array {
        /// The file, and the file in it where it is an archive.
        path: PathBuf,
        /// The published shape.
        expected: Vec<usize>,
        /// What the file holds.
        found: String,
    },
    /// A file has the right form and other contents.
    #[error(
        "{}: not the published file of {set}: its SHA-256 is {found}, expected {expected}; \
         `limpid data fetch {fetched}` fetches it",
        path.display()
    )]
    Checksum {
        /// The file.
        path: PathBuf,
        /// The data set's name.
        set: &'static str,
        /// The published file's SHA-256, hexadecimal.
        expected: &'static str,
        /// This file's SHA-256, hexadecimal.
        found: String,
        /// The name to fetch it by.
        fetched: &'static str,
    },
    /// A label is none of the classes.
    #[error("{}: label {label} of sample {sample} is not one of {first} to {last}; fetch the published file", path.display())]
    Label {
        /// The file, and the file in it where it is an archive.
        path: PathBuf,
        /// Which sample, counted from 0.
        sample: usize,
        /// Its label.
        label: u8,
        /// The least label that there is.
        first: u8,
        /// The greatest.
        last: u8,
    },
    /// An archive is damaged, cut, or does not hold what was published.
    #[error("{}: {reason}; fetch the published file", path.display())]
    Archive {
        /// The archive.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The numbers do not make a tensor.
    #[error(transparent)]
    Tensor(#[from] TensorError),
}
