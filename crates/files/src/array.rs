//! Arrays with names: what every format here is read into and written from.
//!
//! A [`Tensor`] holds what limpid computes with: `f32`, `f64` and bytes. Files hold more: half precision, integers
//! of every width, truth values. An [`Array`] keeps them as they are, so that what was read is written back bit for
//! bit, and is turned into a tensor where the numbers are wanted.

use std::fmt;

use limpid_graph::{Data, Tensor};
use thiserror::Error;

mod arrange;
mod dtype;
mod half;

pub(crate) use arrange::{Layout, Stored, element_count};
pub use dtype::Dtype;
#[cfg(feature = "arrays")]
pub(crate) use dtype::{foreign_type, split_code};

/// NumPy's limit since version 2; it was 32 before.
const MAX_RANK: usize = 64;

/// Numbers, shape and bytes that do not belong together, or that no tensor holds.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ArrayError {
    /// More or fewer bytes than the shape needs.
    #[error("{dtype} of shape {shape:?} takes {needed} bytes, but there are {found}; is the shape right?")]
    Length {
        /// The extents.
        shape: Vec<usize>,
        /// The numbers' type.
        dtype: Dtype,
        /// The bytes that such an array has.
        needed: usize,
        /// The bytes that there are.
        found: usize,
    },
    /// No memory could hold the array.
    #[error("an array of shape {shape:?} is larger than memory can address; is the file damaged?")]
    Overflow {
        /// The extents.
        shape: Vec<usize>,
    },
    /// More axes than any array library has.
    #[error("an array of {rank} axes; there are at most {MAX_RANK}: is the file damaged?")]
    Rank {
        /// How many axes were asked for.
        rank: usize,
    },
    /// A whole number of more digits than an `f64` holds.
    #[error(
        "element {index} is {value}, which no f64 holds exactly; limpid computes with f32 and f64: scale the numbers, \
         or store them as floats"
    )]
    Inexact {
        /// Which element, in row-major order.
        index: usize,
        /// Its value.
        value: i128,
    },
}

/// An array as files hold it: any of the types in [`Dtype`], row by row ("C order"), little-endian.
///
/// ```
/// use limpid_files::{Array, Dtype};
/// use limpid_graph::Tensor;
///
/// let halves = Array::new(Dtype::F16, [2], vec![0x00, 0x3c, 0x00, 0xc0])?;
/// assert_eq!(halves.to_tensor()?, Tensor::from([1.0f32, -2.0]));
/// # Ok::<(), limpid_files::ArrayError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Array {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// An [`Array`] and what it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedArray {
    /// Its name.
    pub name: String,
    /// Its numbers.
    pub array: Array,
}

impl NamedArray {
    /// The array under that name.
    pub fn new(name: impl Into<String>, array: impl Into<Array>) -> Self {
        Self { name: name.into(), array: array.into() }
    }
}

impl Array {
    /// An array of these bytes, row by row and little-endian.
    ///
    /// # Errors
    /// [`ArrayError`]: another number of bytes than the shape needs.
    pub fn new(dtype: Dtype, shape: impl Into<Vec<usize>>, bytes: Vec<u8>) -> Result<Self, ArrayError> {
        let shape = shape.into();
        check(dtype, &shape, &Layout::C, bytes.len())?;
        Ok(Self { dtype, shape, bytes })
    }

    /// The type of its numbers.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// The extent of each axis; none for a single number.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// How many axes there are.
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// How many numbers there are.
    pub fn len(&self) -> usize {
        self.bytes.len() / self.dtype.width_bytes()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The numbers: row by row, little-endian.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The same numbers in another shape, or `None` if it has another number of elements.
    pub fn reshaped(self, shape: impl Into<Vec<usize>>) -> Option<Self> {
        Self::new(self.dtype, shape, self.bytes).ok()
    }

    /// The array with its axes in reverse order: a matrix, transposed.
    pub fn transposed(&self) -> Self {
        let shape: Vec<usize> = self.shape.iter().rev().copied().collect();
        let stored = Stored { dtype: self.dtype, big_endian: false };
        // An array read along its columns is its transpose read along its rows.
        let bytes = arrange::arrange(stored, &shape, &Layout::Fortran, &self.bytes);
        Self { dtype: self.dtype, shape, bytes }
    }

    /// The same numbers as `f32`, if they are halves (`f16`, `bf16`); every one of these is an `f32` exactly. Anything
    /// else stays as it is.
    pub fn widened(&self) -> Self {
        let floats: Vec<f32> = match self.dtype {
            Dtype::F16 => numbers(&self.bytes, |b| half::f16_to_f32(u16::from_le_bytes(b))),
            Dtype::Bf16 => numbers(&self.bytes, |b| half::bf16_to_f32(u16::from_le_bytes(b))),
            _ => return self.clone(),
        };
        let bytes = floats.into_iter().flat_map(f32::to_le_bytes).collect();
        Self { dtype: Dtype::F32, shape: self.shape.clone(), bytes }
    }

    /// The first number that is not finite, by its place in row-major order, and how many there are; nothing where all
    /// are finite.
    pub fn not_finite(&self) -> Option<(usize, usize)> {
        if !matches!(self.dtype, Dtype::F16 | Dtype::Bf16 | Dtype::F32 | Dtype::F64) {
            return None;
        }
        let numbers = self.to_f64();
        let first = numbers.iter().position(|number| !number.is_finite())?;
        Some((first, numbers.iter().filter(|number| !number.is_finite()).count()))
    }

    /// Every number as an `f64`; whole numbers beyond 2⁵³ are rounded.
    pub fn to_f64(&self) -> Vec<f64> {
        let bytes = &self.bytes;
        match self.dtype {
            Dtype::Bool | Dtype::U8 => bytes.iter().map(|&x| x.into()).collect(),
            Dtype::I8 => numbers(bytes, |b| i8::from_le_bytes(b).into()),
            Dtype::U16 => numbers(bytes, |b| u16::from_le_bytes(b).into()),
            Dtype::I16 => numbers(bytes, |b| i16::from_le_bytes(b).into()),
            Dtype::U32 => numbers(bytes, |b| u32::from_le_bytes(b).into()),
            Dtype::I32 => numbers(bytes, |b| i32::from_le_bytes(b).into()),
            Dtype::U64 => numbers(bytes, |b| u64::from_le_bytes(b) as f64),
            Dtype::I64 => numbers(bytes, |b| i64::from_le_bytes(b) as f64),
            Dtype::F16 => numbers(bytes, |b| half::f16_to_f32(u16::from_le_bytes(b)).into()),
            Dtype::Bf16 => numbers(bytes, |b| half::bf16_to_f32(u16::from_le_bytes(b)).into()),
            Dtype::F32 => numbers(bytes, |b| f32::from_le_bytes(b).into()),
            Dtype::F64 => numbers(bytes, f64::from_le_bytes),
        }
    }

    /// The numbers as a tensor, every one of them exactly: bytes and truth values stay bytes; half precision and
    /// integers of at most 16 bits become `f32`; wider integers become `f64`.
    ///
    /// # Errors
    /// [`ArrayError::Inexact`]: a 64-bit integer that no `f64` holds.
    pub fn to_tensor(&self) -> Result<Tensor, ArrayError> {
        let (shape, bytes) = (self.shape.clone(), &self.bytes);
        self.exact()?;
        let tensor = match self.dtype {
            Dtype::Bool | Dtype::U8 => Tensor::new(shape, bytes.clone()),
            Dtype::F32 => Tensor::new(shape, numbers(bytes, f32::from_le_bytes)),
            Dtype::F16 => Tensor::new(shape, numbers(bytes, |b| half::f16_to_f32(u16::from_le_bytes(b)))),
            Dtype::Bf16 => Tensor::new(shape, numbers(bytes, |b| half::bf16_to_f32(u16::from_le_bytes(b)))),
            Dtype::I8 => Tensor::new(shape, numbers(bytes, |b| f32::from(i8::from_le_bytes(b)))),
            Dtype::U16 => Tensor::new(shape, numbers(bytes, |b| f32::from(u16::from_le_bytes(b)))),
            Dtype::I16 => Tensor::new(shape, numbers(bytes, |b| f32::from(i16::from_le_bytes(b)))),
            Dtype::U32 | Dtype::I32 | Dtype::U64 | Dtype::I64 | Dtype::F64 => Tensor::new(shape, self.to_f64()),
        };
        tensor.map_err(|_| ArrayError::Overflow { shape: self.shape.clone() })
    }

    /// Whether each whole number has an `f64` of its own.
    fn exact(&self) -> Result<(), ArrayError> {
        let wide: Vec<i128> = match self.dtype {
            Dtype::U64 => numbers(&self.bytes, |b| u64::from_le_bytes(b).into()),
            Dtype::I64 => numbers(&self.bytes, |b| i64::from_le_bytes(b).into()),
            _ => return Ok(()),
        };
        match wide.iter().position(|&value| value as f64 as i128 != value) {
            Some(index) => Err(ArrayError::Inexact { index, value: wide[index] }),
            None => Ok(()),
        }
    }

    /// An array of bytes that some file stores its own way, [checked](check).
    pub(crate) fn arranged(stored: Stored, shape: &[usize], layout: &Layout, bytes: &[u8]) -> Self {
        let bytes = arrange::arrange(stored, shape, layout, bytes);
        Self { dtype: stored.dtype, shape: shape.to_vec(), bytes }
    }
}

/// Whether `found` bytes are what such an array needs: exactly, or for strides at least.
pub(crate) fn check(dtype: Dtype, shape: &[usize], layout: &Layout, found: usize) -> Result<(), ArrayError> {
    if shape.len() > MAX_RANK {
        return Err(ArrayError::Rank { rank: shape.len() });
    }
    let width = dtype.width_bytes();
    let bytes = |count: Option<usize>| count.and_then(|count| count.checked_mul(width));
    let (Some(_), Some(needed)) = (bytes(element_count(shape)), bytes(layout.reach(shape))) else {
        return Err(ArrayError::Overflow { shape: shape.to_vec() });
    };
    let fits = if let Layout::Strided { .. } = layout { needed <= found } else { needed == found };
    if fits { Ok(()) } else { Err(ArrayError::Length { shape: shape.to_vec(), dtype, needed, found }) }
}

/// Each group of `WIDTH` bytes as one number.
fn numbers<const WIDTH: usize, T>(bytes: &[u8], number: impl Fn([u8; WIDTH]) -> T) -> Vec<T> {
    bytes.as_chunks::<WIDTH>().0.iter().map(|&group| number(group)).collect()
}

impl fmt::Debug for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start: Vec<f64> = self.to_f64().into_iter().take(8).collect();
        let rest = if self.len() > start.len() { ", …" } else { "" };
        write!(f, "{} {:?} {start:?}{rest}", self.dtype, self.shape)
    }
}

impl From<&Tensor> for Array {
    fn from(tensor: &Tensor) -> Self {
        let (dtype, bytes) = match tensor.data() {
            Data::F32(numbers) => (Dtype::F32, numbers.iter().flat_map(|x| x.to_le_bytes()).collect()),
            Data::F64(numbers) => (Dtype::F64, numbers.iter().flat_map(|x| x.to_le_bytes()).collect()),
            Data::U8(numbers) => (Dtype::U8, numbers.clone()),
        };
        Self { dtype, shape: tensor.shape().to_vec(), bytes }
    }
}

impl From<Tensor> for Array {
    fn from(tensor: Tensor) -> Self {
        Self::from(&tensor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tensor_of_every_kind_comes_back_from_its_array() {
        for tensor in [
            Tensor::from([[1.5f32, f32::NEG_INFINITY], [-0.0, f32::MIN_POSITIVE]]),
            Tensor::from([0.1f64, 1e300]),
            Tensor::from([0u8, 255]),
            Tensor::scalar(2.0),
            Tensor::zeros([3, 0]),
        ] {
            assert_eq!(Array::from(&tensor).to_tensor(), Ok(tensor));
        }
    }

    #[test]
    fn whole_numbers_become_the_smallest_float_that_holds_all_of_their_type() {
        let array = |dtype, bytes: &[u8]| Array::new(dtype, [1], bytes.to_vec()).unwrap().to_tensor().unwrap();
        assert_eq!(array(Dtype::Bool, &[1]), Tensor::from([1u8]));
        assert_eq!(array(Dtype::I8, &[0xff]), Tensor::from([-1.0f32]));
        assert_eq!(array(Dtype::U16, &[0xff, 0xff]), Tensor::from([65535.0f32]));
        assert_eq!(array(Dtype::I32, &[0, 0, 0, 0x80]), Tensor::from([-2147483648.0f64]));
        assert_eq!(array(Dtype::U64, &[0, 0, 0, 0, 0, 0, 0, 0x80]), Tensor::from([9223372036854775808.0f64]));
    }

    #[test]
    fn a_number_that_no_float_holds_is_named() {
        let bytes = [7i64, (1 << 53) + 1].iter().flat_map(|x| x.to_le_bytes()).collect();
        let error = Array::new(Dtype::I64, [2], bytes).unwrap().to_tensor().unwrap_err();
        assert_eq!(error, ArrayError::Inexact { index: 1, value: 9007199254740993 });
    }

    #[test]
    fn bytes_and_shape_must_agree() {
        let error = Array::new(Dtype::F32, [2, 3], vec![0; 20]).unwrap_err();
        assert_eq!(error.to_string(), "f32 of shape [2, 3] takes 24 bytes, but there are 20; is the shape right?");
        let error = Array::new(Dtype::F32, [usize::MAX, 2], vec![]).unwrap_err();
        assert!(matches!(error, ArrayError::Overflow { .. }), "{error}");
        assert!(Array::new(Dtype::F32, [usize::MAX, 0], vec![]).is_ok());
    }

    #[test]
    fn transposing_swaps_rows_and_columns_and_twice_is_nothing() {
        let matrix = Array::from(Tensor::from([[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]]));
        let expected = Array::from(Tensor::from([[1.0f32, 4.0], [2.0, 5.0], [3.0, 6.0]]));
        assert_eq!(matrix.transposed(), expected);
        assert_eq!(matrix.transposed().transposed(), matrix);
    }
}
