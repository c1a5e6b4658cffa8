//! Numbers with a shape, as they cross limpid's boundary: fed in, read out, stored.
//!
//! Inside the graph there are only real numbers; whether they are computed as `f32` or `f64` is the session's
//! choice. A [`Tensor`] remembers how its numbers are *stored*, so that 60,000 images of bytes stay bytes until
//! the step that reads them.

use std::fmt;

use thiserror::Error;

use crate::shape::count_of;

/// Row-major numbers with a shape. Rank 0 (an empty shape) is a single number.
///
/// ```
/// use limpid_tensor::Tensor;
///
/// let a = Tensor::from([[1.0, 2.0], [3.0, 4.0]]);
/// assert_eq!(a.shape(), [2, 2]);
/// let b = Tensor::new([3], vec![0u8, 128, 255])?;
/// assert_eq!(b.to_f64(), [0.0, 128.0, 255.0]);
/// # Ok::<(), limpid_tensor::TensorError>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Tensor {
    shape: Vec<usize>,
    data: Data,
}

/// The stored numbers of a [`Tensor`], row by row.
#[derive(Clone, PartialEq)]
pub enum Data {
    /// 32-bit floats.
    F32(Vec<f32>),
    /// 64-bit floats.
    F64(Vec<f64>),
    /// Bytes, such as grey pixels 0–255 or class labels.
    U8(Vec<u8>),
}

/// A number type that a [`Tensor`] can store.
pub trait Element: Copy + private::Sealed {
    /// Wraps a row-major buffer.
    fn into_data(values: Vec<Self>) -> Data;
    /// The buffer, if it holds this type.
    fn from_data(data: &Data) -> Option<&[Self]>;
    /// The buffer to write in, if it holds this type.
    fn from_data_mut(data: &mut Data) -> Option<&mut [Self]>;
}

mod private {
    pub trait Sealed {}
}

macro_rules! element {
    ($($type:ty => $variant:ident),*) => {$(
        impl private::Sealed for $type {}
        impl Element for $type {
            fn into_data(values: Vec<Self>) -> Data {
                Data::$variant(values)
            }
            fn from_data(data: &Data) -> Option<&[Self]> {
                match data {
                    Data::$variant(values) => Some(values),
                    _ => None,
                }
            }
            fn from_data_mut(data: &mut Data) -> Option<&mut [Self]> {
                match data {
                    Data::$variant(values) => Some(values),
                    _ => None,
                }
            }
        }
    )*};
}
element!(f32 => F32, f64 => F64, u8 => U8);

/// A tensor that cannot be made, or cannot be read as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TensorError {
    /// The shape and the number of values disagree.
    #[error("shape {shape:?} holds {} numbers, but {count} were given", product_text(.shape))]
    Count {
        /// The wanted shape.
        shape: Vec<usize>,
        /// How many numbers were given.
        count: usize,
    },
}

fn product_text(shape: &[usize]) -> String {
    match count_of(shape) {
        Some(n) => n.to_string(),
        None => "more than memory can address".to_string(),
    }
}

impl Tensor {
    /// Makes a tensor from row-major `values`.
    ///
    /// # Errors
    /// [`TensorError::Count`] when the shape's product is not the number of values.
    pub fn new<E: Element>(shape: impl Into<Vec<usize>>, values: Vec<E>) -> Result<Self, TensorError> {
        let shape = shape.into();
        if count_of(&shape) != Some(values.len()) {
            return Err(TensorError::Count { shape, count: values.len() });
        }
        Ok(Self { shape, data: E::into_data(values) })
    }

    /// A tensor of 64-bit zeros.
    ///
    /// # Panics
    /// Where there is no memory for as many.
    pub fn zeros(shape: impl Into<Vec<usize>>) -> Self {
        let shape = shape.into();
        let count = count_of(&shape).unwrap_or_else(|| panic!("{shape:?} holds {}", product_text(&shape)));
        Self { shape, data: Data::F64(vec![0.0; count]) }
    }

    /// A single number of rank 0.
    pub fn scalar(value: f64) -> Self {
        Self { shape: Vec::new(), data: Data::F64(vec![value]) }
    }

    /// The extent of each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// How many axes there are.
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// How many numbers there are.
    pub fn len(&self) -> usize {
        match &self.data {
            Data::F32(v) => v.len(),
            Data::F64(v) => v.len(),
            Data::U8(v) => v.len(),
        }
    }

    /// Whether there are no numbers at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The stored numbers.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// The stored numbers, if they are stored as `E`.
    pub fn as_slice<E: Element>(&self) -> Option<&[E]> {
        E::from_data(&self.data)
    }

    /// The stored numbers to write in, if they are stored as `E`: for a value that is fed again and again.
    ///
    /// ```
    /// let mut rows = limpid_tensor::Tensor::from([0.0, 1.0]);
    /// rows.as_mut_slice::<f64>().into_iter().flatten().for_each(|row| *row += 2.0);
    /// assert_eq!(rows, limpid_tensor::Tensor::from([2.0, 3.0]));
    /// ```
    pub fn as_mut_slice<E: Element>(&mut self) -> Option<&mut [E]> {
        E::from_data_mut(&mut self.data)
    }

    /// Every number as `f64`, row by row.
    pub fn to_f64(&self) -> Vec<f64> {
        match &self.data {
            Data::F32(v) => v.iter().map(|&x| f64::from(x)).collect(),
            Data::F64(v) => v.clone(),
            Data::U8(v) => v.iter().map(|&x| f64::from(x)).collect(),
        }
    }

    /// Every number as `f32`, row by row, rounded to nearest.
    pub fn to_f32(&self) -> Vec<f32> {
        match &self.data {
            Data::F32(v) => v.clone(),
            Data::F64(v) => v.iter().map(|&x| x as f32).collect(),
            Data::U8(v) => v.iter().map(|&x| f32::from(x)).collect(),
        }
    }

    /// The same tensor stored as `f32`.
    pub fn to_f32_tensor(&self) -> Self {
        Self { shape: self.shape.clone(), data: Data::F32(self.to_f32()) }
    }

    /// The same tensor stored as `f64`.
    pub fn to_f64_tensor(&self) -> Self {
        Self { shape: self.shape.clone(), data: Data::F64(self.to_f64()) }
    }

    /// The first number, as `f64`; of a scalar, its value. `None` when there is none.
    pub fn item(&self) -> Option<f64> {
        match &self.data {
            Data::F32(v) => v.first().map(|&x| f64::from(x)),
            Data::F64(v) => v.first().copied(),
            Data::U8(v) => v.first().map(|&x| f64::from(x)),
        }
    }

    /// The same numbers under another shape.
    ///
    /// # Errors
    /// [`TensorError::Count`] when the new shape holds another number of them.
    pub fn reshaped(mut self, shape: impl Into<Vec<usize>>) -> Result<Self, TensorError> {
        let shape = shape.into();
        if count_of(&shape) != Some(self.len()) {
            return Err(TensorError::Count { shape, count: self.len() });
        }
        self.shape = shape;
        Ok(self)
    }

    /// Rows `start..end` along the first axis, stored as they are.
    ///
    /// Clamped to the rows there are; of a scalar, the scalar.
    pub fn rows(&self, start: usize, end: usize) -> Self {
        let Some((&count, rest)) = self.shape.split_first() else { return self.clone() };
        let (start, end) = (start.min(count), end.clamp(start.min(count), count));
        let row: usize = rest.iter().product();
        let mut shape = self.shape.clone();
        shape[0] = end - start;
        let range = start * row..end * row;
        let data = match &self.data {
            Data::F32(v) => Data::F32(v[range].to_vec()),
            Data::F64(v) => Data::F64(v[range].to_vec()),
            Data::U8(v) => Data::U8(v[range].to_vec()),
        };
        Self { shape, data }
    }
}

impl From<f64> for Tensor {
    fn from(value: f64) -> Self {
        Self::scalar(value)
    }
}

impl<E: Element> From<Vec<E>> for Tensor {
    fn from(values: Vec<E>) -> Self {
        Self { shape: vec![values.len()], data: E::into_data(values) }
    }
}

impl<E: Element, const N: usize> From<[E; N]> for Tensor {
    fn from(values: [E; N]) -> Self {
        Self { shape: vec![N], data: E::into_data(values.to_vec()) }
    }
}

impl<E: Element, const N: usize, const M: usize> From<[[E; M]; N]> for Tensor {
    fn from(rows: [[E; M]; N]) -> Self {
        Self { shape: vec![N, M], data: E::into_data(rows.as_flattened().to_vec()) }
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stored = match &self.data {
            Data::F32(_) => "f32",
            Data::F64(_) => "f64",
            Data::U8(_) => "u8",
        };
        let shown: Vec<f64> = self.to_f64().into_iter().take(8).collect();
        let more = if self.len() > shown.len() { ", …" } else { "" };
        let shown = shown.iter().map(|x| x.to_string()).collect::<Vec<_>>().join(", ");
        write!(f, "Tensor {stored} {:?} [{shown}{more}]", self.shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_that_does_not_hold_the_values_is_refused_with_both_counts() {
        let error = Tensor::new([2, 3], vec![1.0f64; 5]).unwrap_err();
        assert_eq!(error.to_string(), "shape [2, 3] holds 6 numbers, but 5 were given");
        let huge = Tensor::new([usize::MAX, 3], vec![1.0f32]).unwrap_err();
        assert!(huge.to_string().contains("more than memory can address"));
    }

    #[test]
    fn rows_keep_the_storage_and_clamp_to_what_is_there() {
        let t = Tensor::new([3, 2], vec![1u8, 2, 3, 4, 5, 6]).unwrap();
        assert_eq!(t.rows(1, 9), Tensor::new([2, 2], vec![3u8, 4, 5, 6]).unwrap());
        assert_eq!(t.rows(7, 9).shape(), [0, 2]);
    }
}
