//! Safetensors of any origin, both ways: named arrays and notes. [`ModelFile`](crate::ModelFile) is limpid's own use
//! of the same container.

use std::collections::BTreeMap;

use safetensors::Dtype as Tag;
use thiserror::Error;

use crate::array::{Array, ArrayError, Dtype, NamedArray};
use crate::model::{Layout, ModelError, Piece};
use crate::sniff::Sniffed;

/// Bytes that are not safetensors, or arrays that cannot be put into them.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SafetensorsError {
    /// The bytes do not start as safetensors does.
    #[error("expected safetensors, found {}", found.or("is it the right file?"))]
    NotSafetensors {
        /// What they are.
        found: Sniffed,
    },
    /// The header is not text.
    #[error("the safetensors header is not UTF-8 at byte {offset}; copy the file again")]
    NotUtf8 {
        /// The first wrong byte, counted from the start of the file.
        offset: usize,
    },
    /// The header is text, but not one that describes arrays.
    #[error("the safetensors header is damaged ({reason}); copy the file again")]
    Header {
        /// What is wrong with it.
        reason: String,
    },
    /// The bytes end too soon.
    #[error(
        "the safetensors file is cut off: {needed} bytes were written, {found} are left; copy the whole file again"
    )]
    Cut {
        /// The length of the whole file, in bytes, as far as it is known.
        needed: u64,
        /// How many bytes there are.
        found: u64,
    },
    /// Something follows the last array.
    #[error("the safetensors data end at byte {needed}, but the file has {found} bytes; copy the file again")]
    TrailingBytes {
        /// The length of the whole file, in bytes.
        needed: u64,
        /// How many bytes there are.
        found: u64,
    },
    /// Numbers of a type that is not read.
    #[error(
        "array {name:?} is stored as {stored}; limpid reads bool, integers, and floats of 16 to 64 bits: convert it"
    )]
    Stored {
        /// The array's name.
        name: String,
        /// The type's name in safetensors.
        stored: String,
    },
    /// An array that cannot be held.
    #[error("array {name:?}: {cause}")]
    Array {
        /// The array's name.
        name: String,
        /// What is wrong with it.
        cause: ArrayError,
    },
    /// Two arrays of one name.
    #[error("two arrays are named {name:?}; give each a name of its own")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// A name that the format uses itself.
    #[error("{name:?} is a name that safetensors uses itself; choose another")]
    Reserved {
        /// The name.
        name: String,
    },
    /// More than such a file holds.
    #[error(
        "the {what} takes {bytes} bytes, more than the {cap_bytes} that fit in a safetensors file; make it smaller"
    )]
    TooLarge {
        /// Which part of the file.
        what: &'static str,
        /// Its length in bytes.
        bytes: u64,
        /// The most that fits.
        cap_bytes: u64,
    },
}

/// Named arrays and notes about them, as any program writes them.
///
/// ```
/// use limpid_files::{NamedArray, Safetensors};
/// use limpid_graph::Tensor;
///
/// let mut file = Safetensors::default();
/// file.metadata.insert("format".into(), "pt".into());
/// file.arrays.push(NamedArray::new("fc.weight", Tensor::from([[0.5f32, -1.0]])));
/// assert_eq!(Safetensors::from_bytes(&file.to_bytes()?)?, file);
/// # Ok::<(), limpid_files::SafetensorsError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Safetensors {
    /// Notes by name.
    pub metadata: BTreeMap<String, String>,
    /// The arrays, in the order that the file lists them in.
    pub arrays: Vec<NamedArray>,
}

impl Safetensors {
    /// Reads the bytes of a safetensors file. Nothing in the format tells changed numbers; limpid's own model files
    /// carry a digest that [`ModelFile`](crate::ModelFile) verifies.
    ///
    /// # Errors
    /// [`SafetensorsError`]: not safetensors, damaged, cut, followed by something, or of numbers that are not read.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SafetensorsError> {
        let Layout { metadata, pieces } = Layout::parse(bytes)?;
        let arrays = pieces.into_iter().map(|Piece { name, dtype, shape, bytes }| {
            let Some(dtype) = TAGS.iter().find(|(_, tag)| *tag == dtype).map(|(dtype, _)| *dtype) else {
                return Err(SafetensorsError::Stored { name, stored: dtype.to_string() });
            };
            match Array::new(dtype, shape, bytes.to_vec()) {
                Ok(array) => Ok(NamedArray { name, array }),
                Err(cause) => Err(SafetensorsError::Array { name, cause }),
            }
        });
        Ok(Self { metadata, arrays: arrays.collect::<Result<_, _>>()? })
    }

    /// The bytes of a safetensors file. The same contents give the same bytes.
    ///
    /// # Errors
    /// [`SafetensorsError`]: two arrays of one name, a reserved name, or more than fits.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SafetensorsError> {
        let pieces = self.arrays.iter().map(|NamedArray { name, array }| {
            let tag = TAGS.iter().find(|(dtype, _)| *dtype == array.dtype()).map_or(Tag::U8, |(_, tag)| *tag);
            Piece { name: name.clone(), dtype: tag, shape: array.shape().to_vec(), bytes: array.bytes() }
        });
        Ok(Layout { metadata: self.metadata.clone(), pieces: pieces.collect() }.to_bytes()?)
    }

    /// The array of that name.
    pub fn array(&self, name: &str) -> Option<&Array> {
        self.arrays.iter().find(|named| named.name == name).map(|named| &named.array)
    }
}

/// Every type that is read and written, and what safetensors calls it.
const TAGS: [(Dtype, Tag); 13] = [
    (Dtype::Bool, Tag::BOOL),
    (Dtype::U8, Tag::U8),
    (Dtype::I8, Tag::I8),
    (Dtype::U16, Tag::U16),
    (Dtype::I16, Tag::I16),
    (Dtype::U32, Tag::U32),
    (Dtype::I32, Tag::I32),
    (Dtype::U64, Tag::U64),
    (Dtype::I64, Tag::I64),
    (Dtype::F16, Tag::F16),
    (Dtype::Bf16, Tag::BF16),
    (Dtype::F32, Tag::F32),
    (Dtype::F64, Tag::F64),
];

impl From<ModelError> for SafetensorsError {
    /// The container's own mistakes, without the advice for models.
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::NotSafetensors { found } => Self::NotSafetensors { found },
            ModelError::NotUtf8 { offset } => Self::NotUtf8 { offset },
            ModelError::Header { reason } => Self::Header { reason },
            ModelError::Cut { needed, found } => Self::Cut { needed, found },
            ModelError::TrailingBytes { needed, found } => Self::TrailingBytes { needed, found },
            ModelError::Duplicate { name } => Self::Duplicate { name },
            ModelError::Reserved { name } => Self::Reserved { name },
            ModelError::TooLarge { what, bytes, cap_bytes } => Self::TooLarge { what, bytes, cap_bytes },
            other => Self::Header { reason: other.to_string() },
        }
    }
}
