//! `.npz`: a zip archive of `.npy` files, both ways.
//!
//! Source: the documentation of `numpy.savez`: one file `NAME.npy` an array.

use std::collections::HashSet;

use thiserror::Error;

use crate::archive::{ZipError, unzip, zip};
use crate::array::NamedArray;
use crate::npy::{NpyError, npy_header, read_npy};

const EXTENSION: &str = ".npy";

/// Bytes that are not a `.npz` archive of numbers.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NpzError {
    /// The archive is wrong.
    #[error(transparent)]
    Zip(#[from] ZipError),
    /// One of its arrays is.
    #[error("array {name:?}: {cause}")]
    Npy {
        /// The array's name.
        name: String,
        /// What is wrong with it.
        cause: NpyError,
    },
    /// A file in it is no array.
    #[error("{name:?} in the archive is no .npy file; if PyTorch wrote it, read it as .pt")]
    NotNpy {
        /// The file's name.
        name: String,
    },
    /// Two arrays of one name.
    #[error("two arrays are named {name:?}; give each a name of its own")]
    Duplicate {
        /// The name.
        name: String,
    },
}

/// How the arrays of an archive are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Packing {
    /// As they are, as `numpy.savez` does.
    #[default]
    Stored,
    /// Deflated, as `numpy.savez_compressed` does. Trained weights hardly shrink.
    Deflated,
}

/// Reads a `.npz` archive: its arrays, in their order.
///
/// # Errors
/// [`NpzError`]: not a zip archive, damaged, unpacking to far more than its length, or holding what is no array.
///
/// ```
/// use limpid_files::{NamedArray, Packing, read_npz, write_npz};
/// use limpid_graph::Tensor;
///
/// let arrays = vec![NamedArray::new("W1", Tensor::from([[0.5f32]])), NamedArray::new("b1", Tensor::from([0.0f32]))];
/// let bytes = write_npz(&arrays, Packing::Deflated)?;
/// assert_eq!(read_npz(&bytes)?, arrays);
/// # Ok::<(), limpid_files::NpzError>(())
/// ```
pub fn read_npz(bytes: &[u8]) -> Result<Vec<NamedArray>, NpzError> {
    let members = unzip(bytes)?.into_iter().map(|member| {
        let Some(name) = member.name.strip_suffix(EXTENSION) else {
            return Err(NpzError::NotNpy { name: member.name });
        };
        let name = name.to_string();
        match read_npy(&member.bytes) {
            Ok(array) => Ok(NamedArray { name, array }),
            Err(cause) => Err(NpzError::Npy { name, cause }),
        }
    });
    members.collect()
}

/// Writes a `.npz` archive, which `numpy.load` reads.
///
/// # Errors
/// [`NpzError`]: a name twice or too long, or numbers that NumPy does not have.
pub fn write_npz(arrays: &[NamedArray], packing: Packing) -> Result<Vec<u8>, NpzError> {
    let mut names = HashSet::new();
    if let Some(array) = arrays.iter().find(|array| !names.insert(&array.name)) {
        return Err(NpzError::Duplicate { name: array.name.clone() });
    }
    let headers = arrays
        .iter()
        .map(|named| npy_header(&named.array).map_err(|cause| NpzError::Npy { name: named.name.clone(), cause }));
    let headers: Vec<Vec<u8>> = headers.collect::<Result<_, _>>()?;
    let members = arrays
        .iter()
        .zip(&headers)
        .map(|(named, header)| (format!("{}{EXTENSION}", named.name), [header.as_slice(), named.array.bytes()]));
    Ok(zip(members, packing == Packing::Deflated)?)
}
