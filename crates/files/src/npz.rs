//! `.npz`: a zip archive of `.npy` files, both ways.
//!
//! Source: the documentation of `numpy.savez`: one file `NAME.npy` an array.

use std::collections::HashSet;

use thiserror::Error;

use crate::archive::{ZipError, unzip, zip};
use crate::array::NamedArray;
use crate::npy::{NpyError, npy_header, unpack_npy};
use crate::pickle::Unfolded;

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
    #[error("{name:?} in the archive is not an .npy file; if PyTorch wrote it, read it as .pt")]
    NotNpy {
        /// The file's name.
        name: String,
    },
    /// A name that readers of archives would take for another.
    #[error(
        "an .npz archive cannot hold an array named {name:?}: {reason}; choose another name, or write a pickle or safetensors"
    )]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
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
    Ok(unpack_npz(bytes)?.arrays)
}

/// What an archive holds: arrays of numbers, those among pickled objects, and what else these are.
pub(crate) fn unpack_npz(bytes: &[u8]) -> Result<Unfolded, NpzError> {
    let mut all = Unfolded::default();
    for member in unzip(bytes)? {
        let Some(name) = member.name.strip_suffix(EXTENSION) else {
            return Err(NpzError::NotNpy { name: member.name });
        };
        match unpack_npy(&member.bytes, Some(name)) {
            Ok(Unfolded { arrays, left_out, from_lists }) => {
                all.arrays.extend(arrays);
                all.left_out.extend(left_out);
                all.from_lists.extend(from_lists);
            }
            Err(cause) => return Err(NpzError::Npy { name: name.to_string(), cause }),
        }
    }
    Ok(all)
}

/// What other programs would make of a name, where that is another name.
fn misread(name: &str, names: &HashSet<&String>) -> Option<&'static str> {
    // Python's zipfile ends a name there, so that arrays would be taken for one another.
    if name.contains('\0') {
        return Some("programs that read archives end a name at its NUL character");
    }
    // `numpy.load(path)["a.npy"]` is the array `a`, if there is one.
    let stem = name.strip_suffix(EXTENSION)?;
    names.contains(&stem.to_string()).then_some("NumPy would take it for the array of the same name without .npy")
}

/// Writes a `.npz` archive, which `numpy.load` reads.
///
/// # Errors
/// [`NpzError`]: a name twice, too long or that NumPy would take for another, or numbers that NumPy does not have.
pub fn write_npz(arrays: &[NamedArray], packing: Packing) -> Result<Vec<u8>, NpzError> {
    let mut names = HashSet::new();
    if let Some(array) = arrays.iter().find(|array| !names.insert(&array.name)) {
        return Err(NpzError::Duplicate { name: array.name.clone() });
    }
    if let Some((name, reason)) = arrays.iter().find_map(|array| Some((&array.name, misread(&array.name, &names)?))) {
        return Err(NpzError::Name { name: name.clone(), reason });
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
