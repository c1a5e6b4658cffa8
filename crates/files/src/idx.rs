//! IDX, the format MNIST is published in: bytes → [`Tensor`].
//!
//! Source: "The IDX file format" at the end of <http://yann.lecun.com/exdb/mnist/>. Two zero bytes, a type, a rank,
//! one big-endian 32-bit extent an axis, then the numbers, big-endian, row by row. Nothing follows them.

use limpid_graph::{Tensor, TensorError};
use thiserror::Error;

use crate::sniff::{Sniffed, sniff};

/// Bytes that are not a whole IDX array.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IdxError {
    /// The bytes end inside the header.
    #[error("the IDX header is {needed} bytes long, but there are only {found}; fetch or copy the whole file again")]
    HeaderCut {
        /// The length of the header, in bytes, as far as it is known.
        needed: usize,
        /// How many bytes there are.
        found: usize,
    },
    /// The bytes do not start as IDX does.
    #[error("expected IDX, which begins with two zero bytes, found {}", found.or("is it the right file?"))]
    Magic {
        /// What they are.
        found: Sniffed,
    },
    /// The numbers are of no type that IDX has.
    #[error(
        "unknown IDX type {code:#04x} at byte 2; IDX has 0x08 (u8), 0x09 (i8), 0x0b (i16), 0x0c (i32), 0x0d (f32) \
         and 0x0e (f64): write the array as one of them"
    )]
    Type {
        /// The type byte.
        code: u8,
    },
    /// The array has no axes.
    #[error("the IDX array has rank 0 at byte 3; write a single number as one axis of extent 1")]
    NoAxes,
    /// An axis is empty.
    #[error("axis {axis} of the IDX array has extent 0 at byte {offset}; leave empty arrays out")]
    EmptyAxis {
        /// Which axis, counted from 0.
        axis: usize,
        /// Where its extent stands, in bytes.
        offset: usize,
    },
    /// No memory could hold the array.
    #[error("an IDX array of shape {shape:?} is larger than memory can address; its header is damaged: fetch it again")]
    Overflow {
        /// The extents in the header.
        shape: Vec<usize>,
    },
    /// The numbers end too soon.
    #[error(
        "an IDX array of shape {shape:?} takes {needed} bytes with its header, but there are only {found}; \
         fetch or copy the whole file again"
    )]
    Cut {
        /// The extents in the header.
        shape: Vec<usize>,
        /// The length of header and numbers, in bytes.
        needed: usize,
        /// How many bytes there are.
        found: usize,
    },
    /// Something follows the numbers.
    #[error(
        "an IDX array of shape {shape:?} ends at byte {needed}, but there are {found} bytes; cut the rest off, or \
         correct the extents"
    )]
    TrailingBytes {
        /// The extents in the header.
        shape: Vec<usize>,
        /// The length of header and numbers, in bytes.
        needed: usize,
        /// How many bytes there are.
        found: usize,
    },
    /// The numbers do not make a tensor.
    #[error(transparent)]
    Tensor(#[from] TensorError),
}

/// The types of numbers that IDX has, with the byte that stands for each.
#[derive(Clone, Copy)]
enum Stored {
    U8 = 0x08,
    I8 = 0x09,
    I16 = 0x0b,
    I32 = 0x0c,
    F32 = 0x0d,
    F64 = 0x0e,
}

impl Stored {
    const ALL: [Self; 6] = [Self::U8, Self::I8, Self::I16, Self::I32, Self::F32, Self::F64];

    fn from_code(code: u8) -> Result<Self, IdxError> {
        Self::ALL.into_iter().find(|&stored| stored as u8 == code).ok_or(IdxError::Type { code })
    }

    fn width_bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

/// Reads one IDX array.
///
/// Bytes and floats stay as they are stored; 8- and 16-bit integers become `f32` and 32-bit integers `f64`, which
/// hold every one of them exactly.
///
/// # Errors
/// [`IdxError`]: not IDX, cut off, followed by something, empty, or too large to address. All of them are found
/// before anything is allocated.
///
/// ```
/// // Two labels: type 0x08 (u8), rank 1, extent 2.
/// let labels = limpid_files::read_idx(&[0, 0, 0x08, 1, 0, 0, 0, 2, 5, 7])?;
/// assert_eq!(labels.shape(), [2]);
/// assert_eq!(labels.as_slice::<u8>(), Some(&[5, 7][..]));
/// # Ok::<(), limpid_files::IdxError>(())
/// ```
pub fn read_idx(bytes: &[u8]) -> Result<Tensor, IdxError> {
    let (stored, shape, numbers) = split(bytes)?;
    let tensor = match stored {
        Stored::U8 => Tensor::new(shape, numbers.to_vec()),
        Stored::I8 => Tensor::new(shape, convert(numbers, |b| f32::from(i8::from_be_bytes(b)))),
        Stored::I16 => Tensor::new(shape, convert(numbers, |b| f32::from(i16::from_be_bytes(b)))),
        Stored::I32 => Tensor::new(shape, convert(numbers, |b| f64::from(i32::from_be_bytes(b)))),
        Stored::F32 => Tensor::new(shape, convert(numbers, f32::from_be_bytes)),
        Stored::F64 => Tensor::new(shape, convert(numbers, f64::from_be_bytes)),
    };
    Ok(tensor?)
}

/// The type, the extents, and exactly the bytes of the numbers.
fn split(bytes: &[u8]) -> Result<(Stored, Vec<usize>, &[u8]), IdxError> {
    let found = bytes.len();
    let Some(&[zero, also_zero, code, rank]) = bytes.first_chunk() else {
        return Err(IdxError::HeaderCut { needed: 4, found });
    };
    if [zero, also_zero] != [0, 0] {
        return Err(IdxError::Magic { found: sniff(bytes) });
    }
    let stored = Stored::from_code(code)?;
    if rank == 0 {
        return Err(IdxError::NoAxes);
    }
    let header = 4 + 4 * usize::from(rank);
    let Some(extents) = bytes.get(4..header) else {
        return Err(IdxError::HeaderCut { needed: header, found });
    };
    let shape: Vec<usize> = convert(extents, |b| u32::from_be_bytes(b) as usize);
    if let Some(axis) = shape.iter().position(|&extent| extent == 0) {
        return Err(IdxError::EmptyAxis { axis, offset: 4 + 4 * axis });
    }
    let needed = shape
        .iter()
        .try_fold(stored.width_bytes(), |bytes, &extent| bytes.checked_mul(extent))
        .and_then(|bytes| bytes.checked_add(header));
    match needed {
        None => Err(IdxError::Overflow { shape }),
        Some(needed) if found < needed => Err(IdxError::Cut { shape, needed, found }),
        Some(needed) if found > needed => Err(IdxError::TrailingBytes { shape, needed, found }),
        Some(_) => Ok((stored, shape, &bytes[header..])),
    }
}

/// Each group of `WIDTH` bytes as one number.
fn convert<const WIDTH: usize, T>(bytes: &[u8], number: impl Fn([u8; WIDTH]) -> T) -> Vec<T> {
    bytes.as_chunks::<WIDTH>().0.iter().map(|&group| number(group)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A 2×3 array of bytes.
    const SMALL: [u8; 18] = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6];

    #[test]
    fn bytes_stay_bytes() {
        assert_eq!(read_idx(&SMALL).unwrap(), Tensor::new([2, 3], vec![1u8, 2, 3, 4, 5, 6]).unwrap());
    }

    #[test]
    fn every_other_type_is_read_big_endian_and_exactly() {
        let array = |code: u8, numbers: &[u8]| [&[0, 0, code, 1, 0, 0, 0, 2], numbers].concat();
        let table = [
            (array(0x09, &[0xff, 0x7f]), Tensor::from([-1.0f32, 127.0])),
            (array(0x0b, &[0xff, 0xfe, 0x01, 0x00]), Tensor::from([-2.0f32, 256.0])),
            (array(0x0c, &[0x7f, 0xff, 0xff, 0xff, 0x80, 0, 0, 0]), Tensor::from([2147483647.0, -2147483648.0])),
            (array(0x0d, &[0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0]), Tensor::from([1.0f32, -2.0])),
            (array(0x0e, &[0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), Tensor::from([1.5f64, 0.0])),
        ];
        for (bytes, expected) in table {
            assert_eq!(read_idx(&bytes), Ok(expected));
        }
    }

    #[test]
    fn a_file_cut_at_any_length_is_refused_naming_both_lengths() {
        for length in 0..SMALL.len() {
            let expected = match length {
                0..4 => IdxError::HeaderCut { needed: 4, found: length },
                4..12 => IdxError::HeaderCut { needed: 12, found: length },
                _ => IdxError::Cut { shape: vec![2, 3], needed: 18, found: length },
            };
            assert_eq!(read_idx(&SMALL[..length]), Err(expected));
        }
    }

    #[test]
    fn a_broken_header_is_refused_with_its_facts_and_a_fix() {
        let table: [(&[u8], &str); 8] = [
            (
                &[1, 0, 8, 1, 0, 0, 0, 1, 9],
                "begins with two zero bytes, found binary data that begins with the bytes 01 00 08 01 00 00 00 01; is it the",
            ),
            (&[0x1f, 0x8b, 8, 0, 0], "found packed by gzip; unpack it first, with gunzip"),
            (&[0, 0, 0x0a, 1, 0, 0, 0, 1, 9], "unknown IDX type 0x0a at byte 2"),
            (&[0, 0, 8, 0, 9], "rank 0 at byte 3"),
            (&[0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 0], "axis 1 of the IDX array has extent 0 at byte 8"),
            (&[0, 0, 8, 1, 0, 0, 0, 1, 9, 9], "ends at byte 9, but there are 10 bytes"),
            (&[0, 0, 8, 1, 0xff, 0xff, 0xff, 0xff, 9], "takes 4294967303 bytes with its header, but there are only 9"),
            (
                &[0, 0, 14, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
                "shape [4294967295, 4294967295] is larger than memory can address",
            ),
        ];
        for (bytes, fact) in table {
            let message = read_idx(bytes).unwrap_err().to_string();
            assert!(message.contains(fact), "{message}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_idx(&bytes);
        }

        #[test]
        fn arbitrary_bytes_after_a_good_start_never_panic(
            code in 8u8..15,
            rank in 0u8..5,
            extents in proptest::collection::vec(prop_oneof![0u32..4, any::<u32>()], 0..5),
            numbers in proptest::collection::vec(any::<u8>(), 0..64),
        ) {
            let mut bytes = vec![0, 0, code, rank];
            bytes.extend(extents.iter().flat_map(|extent| extent.to_be_bytes()));
            bytes.extend(numbers);
            if let Ok(tensor) = read_idx(&bytes) {
                prop_assert_eq!(tensor.rank(), usize::from(rank));
            }
        }
    }
}
