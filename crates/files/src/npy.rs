//! `.npy`: one NumPy array as bytes, both ways.
//!
//! Source: NumPy's `numpy/lib/format.py` ("NEP 1"): the bytes `\x93NUMPY`, a version, the length of the header (16 bits
//! in version 1, 32 in 2 and 3), the header, which is a Python dict in text (Latin-1; version 3: UTF-8), and the
//! numbers.

use thiserror::Error;

#[cfg(feature = "archives")]
use crate::array::NamedArray;
use crate::array::{Array, ArrayError, Dtype, Layout, Stored, check, foreign_type, split_code};
use crate::pickle::PickleError;
#[cfg(feature = "archives")]
use crate::pickle::{Unfolded, read_pickle};
use crate::sniff::{NPY_MAGIC, Sniffed};

mod header;

use header::{Header, parse};

/// The header's length is a multiple of this, so that numbers in a mapped file are aligned.
const ALIGNMENT: usize = 64;
/// NumPy leaves room for the first extent to grow to this many digits.
const GROWTH_DIGITS: usize = 21;

/// Bytes that are not a `.npy` file of numbers.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NpyError {
    /// The bytes do not start as `.npy` does.
    #[error("expected a .npy file, found {}", found.or("is it the right file?"))]
    NotNpy {
        /// What they are.
        found: Sniffed,
    },
    /// The bytes end inside the header.
    #[error("the .npy header takes {needed} bytes, but there are only {found}; copy the whole file again")]
    HeaderCut {
        /// The header's length, as far as it is known.
        needed: u64,
        /// How many bytes there are.
        found: usize,
    },
    /// Written in a later version of the format.
    #[error(".npy version {major}.{minor} at byte 6; limpid reads 1.0, 2.0 and 3.0: write it with numpy.save again")]
    Version {
        /// The first number of the version.
        major: u8,
        /// The second.
        minor: u8,
    },
    /// The header is not the dict that describes an array.
    #[error("damaged .npy header at byte {offset}: {reason}; copy the file again")]
    Header {
        /// Where, counted from the start of the file.
        offset: usize,
        /// What is wrong.
        reason: String,
    },
    /// The array holds something else than numbers.
    #[error(
        "the .npy file holds {found}; limpid reads floats of at most 64 bits, integers and bool: convert it with .astype"
    )]
    Dtype {
        /// What it holds, in NumPy's words.
        found: String,
    },
    /// Shape and numbers do not belong together.
    #[error("the numbers, from byte {offset}: {cause}")]
    Array {
        /// Where the numbers start.
        offset: usize,
        /// What is wrong.
        cause: ArrayError,
    },
    /// The array holds Python objects, which are pickled behind the header.
    #[error("the .npy file holds Python objects: {0}")]
    Objects(Box<PickleError>),
    /// NumPy has no such numbers.
    #[error("numbers stored as {dtype}, which NumPy does not have; convert them to f32, or write safetensors")]
    Unwritable {
        /// The numbers' type.
        dtype: Dtype,
    },
}

/// Reads a `.npy` file: versions 1 to 3, either byte order, C or Fortran order.
///
/// # Errors
/// [`NpyError`]: not a `.npy` file, damaged, cut off, followed by something, or not of numbers. All of them are found
/// before anything is allocated for the numbers.
///
/// ```
/// use limpid_files::{Array, read_npy, write_npy};
/// use limpid_graph::Tensor;
///
/// let weights = Array::from(Tensor::from([[0.5f32, -1.0], [2.0, 0.25]]));
/// let bytes = write_npy(&weights)?;
/// assert_eq!(read_npy(&bytes)?, weights);
/// assert!(read_npy(&bytes[..bytes.len() - 1]).is_err());
/// # Ok::<(), limpid_files::NpyError>(())
/// ```
pub fn read_npy(bytes: &[u8]) -> Result<Array, NpyError> {
    let (header, offset) = parse(bytes)?;
    let Header { stored, fortran, shape } = header;
    let layout = if fortran { Layout::Fortran } else { Layout::C };
    let numbers = &bytes[offset..];
    match check(stored.dtype, &shape, &layout, numbers.len()) {
        Ok(()) => Ok(Array::arranged(stored, &shape, &layout, numbers)),
        Err(cause) => Err(NpyError::Array { offset, cause }),
    }
}

/// Whether an array is one of Python objects, as `numpy.save(path, dict)` makes it. These are pickled from the byte that
/// is answered on.
#[cfg(feature = "archives")]
fn objects_start(bytes: &[u8]) -> Option<usize> {
    match parse(bytes) {
        Err(NpyError::Dtype { ref found }) if *found == foreign_type(OBJECTS) => {
            header::text(bytes).ok().map(|(_, end)| end)
        }
        _ => None,
    }
}

/// NumPy's code for Python objects.
#[cfg(feature = "archives")]
const OBJECTS: &str = "O";

/// The arrays of a `.npy` file: one of numbers, or those among pickled objects. They are named by `name`, or by what
/// leads to them where there is none.
#[cfg(feature = "archives")]
pub(crate) fn unpack_npy(bytes: &[u8], name: Option<&str>) -> Result<Unfolded, NpyError> {
    let Some(start) = objects_start(bytes) else {
        let name = name.unwrap_or(crate::pickle::LONE_NAME).to_string();
        return Ok(Unfolded { arrays: vec![NamedArray { name, array: read_npy(bytes)? }], ..Unfolded::default() });
    };
    let wrong = |error| NpyError::Objects(Box::new(error));
    let pickle = read_pickle(&bytes[start..]).map_err(wrong)?;
    name.map_or_else(|| pickle.arrays(), |name| pickle.arrays_of(name)).map_err(wrong)
}

/// Writes a `.npy` file, byte for byte as `numpy.save` does.
///
/// # Errors
/// [`NpyError::Unwritable`]: numbers that NumPy does not have.
pub fn write_npy(array: &Array) -> Result<Vec<u8>, NpyError> {
    let mut bytes = npy_header(array)?;
    bytes.extend(array.bytes());
    Ok(bytes)
}

/// All that stands before the numbers.
pub(crate) fn npy_header(array: &Array) -> Result<Vec<u8>, NpyError> {
    let dtype = array.dtype();
    let code = dtype.numpy_code().ok_or(NpyError::Unwritable { dtype })?;
    let order = if dtype.width_bytes() == 1 { '|' } else { '<' };
    let extents: Vec<_> = array.shape().iter().map(usize::to_string).collect();
    let shape = match extents.as_slice() {
        [one] => format!("({one},)"),
        _ => format!("({})", extents.join(", ")),
    };
    let room = extents.first().map_or(0, |first| GROWTH_DIGITS.saturating_sub(first.len()));
    let text = format!("{{'descr': '{order}{code}', 'fortran_order': False, 'shape': {shape}, }}{:room$}", "");
    let prefix = NPY_MAGIC.len() + 2 + 2;
    let length = (prefix + text.len() + 1).next_multiple_of(ALIGNMENT) - prefix;
    let mut bytes = NPY_MAGIC.to_vec();
    // At most 64 extents of 20 digits: version 1's 16 bits always do.
    bytes.extend([1, 0]);
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.resize(prefix + length - 1, b' ');
    bytes.push(b'\n');
    Ok(bytes)
}
