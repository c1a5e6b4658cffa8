//! Named arrays from any known format, which is detected by its bytes, and into any format.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::array::{Dtype, NamedArray};
use crate::bytes::{ReadError, decode_file};
use crate::model::{MODEL_CAP_BYTES, ModelError, ModelFile};
use crate::npy::{NpyError, unpack_npy, write_npy};
use crate::npz::{NpzError, Packing, unpack_npz, write_npz};
use crate::pickle::{PickleError, PickleWriteError, Unfolded, read_pickle, write_pickle};
use crate::safetensors::{Safetensors, SafetensorsError};
use crate::sniff::{Kind, NPY_MAGIC, Sniffed, sniff};
use crate::torch::{TorchError, legacy_form, read_torch};

/// A format of named arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// A model that limpid wrote: arrays and the network that they belong to.
    Model,
    /// A Python pickle of NumPy arrays.
    Pickle,
    /// One NumPy array.
    Npy,
    /// NumPy's archive of arrays.
    Npz,
    /// Safetensors that limpid did not write as a model.
    Safetensors,
    /// A state dict that PyTorch saved.
    Torch,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Model, Self::Pickle, Self::Npy, Self::Npz, Self::Safetensors, Self::Torch];

    /// As it stands in a sentence: `a NumPy pickle`.
    pub fn described(self) -> &'static str {
        match self {
            Self::Model => "a limpid model",
            Self::Pickle => "a pickle",
            Self::Npy => "a .npy file",
            Self::Npz => "an .npz archive",
            Self::Safetensors => "safetensors",
            Self::Torch => "a PyTorch file",
        }
    }

    /// The endings that its files' names have, the usual one first.
    pub fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Model | Self::Safetensors => &["safetensors"],
            Self::Pickle => &["pkl", "pickle"],
            Self::Npy => &["npy"],
            Self::Npz => &["npz"],
            Self::Torch => &["pt", "pth"],
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Model => "limpid",
            Self::Pickle => "pickle",
            Self::Npy => "npy",
            Self::Npz => "npz",
            Self::Safetensors => "safetensors",
            Self::Torch => "torch",
        })
    }
}

/// Where arrays are put, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Container {
    /// A pickle that NumPy loads, in a protocol from 0 to 5; Python 2 reads up to 2.
    Pickle {
        /// The protocol.
        protocol: u8,
    },
    /// One array.
    Npy,
    /// An archive.
    Npz(Packing),
    /// Safetensors.
    Safetensors,
}

/// The arrays of a file, in whatever format it was.
///
/// ```
/// use limpid_files::{Arrays, Container, Format, NamedArray};
/// use limpid_graph::Tensor;
///
/// let arrays = vec![NamedArray::new("W1", Tensor::from([[0.5f32, -1.0]]))];
/// let bytes = Arrays::new(arrays.clone()).to_bytes(Container::Pickle { protocol: 2 })?;
/// let read = Arrays::from_bytes(&bytes)?;
/// assert_eq!((read.format, read.arrays), (Some(Format::Pickle), arrays));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Arrays {
    /// What they were read from.
    pub format: Option<Format>,
    /// The arrays, in the file's order.
    pub arrays: Vec<NamedArray>,
    /// What the file held beside arrays: its name, and in brackets what it is.
    pub left_out: Vec<String>,
    /// The names of arrays that are lists of numbers in a pickle.
    pub from_lists: Vec<String>,
    /// Notes by name, as models and safetensors have them.
    pub metadata: BTreeMap<String, String>,
}

/// What weights are read from.
const READ: &str = "weights are read from pickles of NumPy arrays, .npy, .npz, safetensors, PyTorch's .pt and .pth, and \
                    limpid's own models";

/// Bytes that hold no arrays in any format that is read, or are damaged.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ArraysError {
    /// There are no bytes.
    #[error("the file is empty; copy it again")]
    Empty,
    /// No format that is known starts so.
    #[error("expected weights, found {}", found.or(READ))]
    Unknown {
        /// What the bytes are.
        found: Sniffed,
    },
    /// A limpid model that is wrong.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A pickle that is.
    #[error(transparent)]
    Pickle(#[from] PickleError),
    /// A `.npy` file that is.
    #[error(transparent)]
    Npy(#[from] NpyError),
    /// A `.npz` archive that is.
    #[error(transparent)]
    Npz(#[from] NpzError),
    /// Safetensors that are.
    #[error(transparent)]
    Safetensors(#[from] SafetensorsError),
    /// A PyTorch file that is.
    #[error(transparent)]
    Torch(#[from] TorchError),
}

/// A file that cannot be read as arrays.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ArraysFileError {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It can, but not as arrays.
    #[error("{}: {cause}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: Box<ArraysError>,
    },
}

/// Arrays that a format cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ContainerError {
    /// A `.npy` file holds one array.
    #[error(".npy holds one array, but there are {count}; use .npz, which holds them all")]
    Several {
        /// How many there are.
        count: usize,
    },
    /// A pickle that cannot be written.
    #[error(transparent)]
    Pickle(#[from] PickleWriteError),
    /// A `.npy` file that cannot be.
    #[error(transparent)]
    Npy(#[from] NpyError),
    /// A `.npz` archive that cannot be.
    #[error(transparent)]
    Npz(#[from] NpzError),
    /// Safetensors that cannot be.
    #[error(transparent)]
    Safetensors(#[from] SafetensorsError),
}

impl Arrays {
    /// These arrays, and nothing beside them.
    pub fn new(arrays: Vec<NamedArray>) -> Self {
        Self { arrays, ..Self::default() }
    }

    /// Notes on how the file was read, a sentence each: what was left out, and lists that are taken for arrays.
    pub fn notes(&self) -> Vec<String> {
        let note =
            |start: &str, names: &[String]| (!names.is_empty()).then(|| format!("{start}: {}.", first_of(names)));
        let lists = note("Lists of numbers are taken for arrays", &self.from_lists);
        lists.into_iter().chain(note("Left out, as they are not arrays", &self.left_out)).collect()
    }

    /// Every array as the format can hold it: what NumPy has no type for (`bf16`) becomes `f32`, each number exactly. Says
    /// so, if that was any.
    ///
    /// ```
    /// use limpid_files::{Array, Arrays, Container, Dtype, NamedArray, Packing};
    ///
    /// let half = Array::new(Dtype::Bf16, [1], vec![0xc0, 0x3f])?;
    /// let mut arrays = Arrays::new(vec![NamedArray::new("w", half)]);
    /// let said = arrays.widen(Container::Npz(Packing::Stored)).expect("something was widened");
    /// assert_eq!(said, "Widened from bf16, which NumPy does not have, to f32, each number exactly: w.");
    /// assert_eq!((arrays.arrays[0].array.dtype(), arrays.arrays[0].array.to_f64()), (Dtype::F32, vec![1.5]));
    /// # Ok::<(), limpid_files::ArrayError>(())
    /// ```
    pub fn widen(&mut self, container: Container) -> Option<String> {
        if container == Container::Safetensors {
            return None;
        }
        let mut names = Vec::new();
        for named in self.arrays.iter_mut().filter(|named| named.array.dtype() == Dtype::Bf16) {
            named.array = named.array.widened();
            names.push(named.name.clone());
        }
        let names = (!names.is_empty()).then(|| first_of(&names))?;
        Some(format!("Widened from bf16, which NumPy does not have, to f32, each number exactly: {names}."))
    }

    /// Reads the arrays of a file: a limpid model, a pickle, `.npy`, `.npz`, safetensors or PyTorch's `.pt`. Which it
    /// is, its bytes say; its name does not matter. Runs nothing.
    ///
    /// # Errors
    /// [`ArraysFileError`], with the path.
    pub fn read(path: &Path) -> Result<Self, ArraysFileError> {
        decode_file(path, MODEL_CAP_BYTES, |bytes| {
            Self::from_bytes(&bytes)
                .map_err(|cause| ArraysFileError::Content { path: path.to_path_buf(), cause: Box::new(cause) })
        })
    }

    /// Reads arrays from the bytes of a file, as [`read`](Self::read) does.
    ///
    /// # Errors
    /// [`ArraysError`]: of no format that is known, damaged, or bringing something to run.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ArraysError> {
        told_by_content(bytes)
    }

    /// The bytes of a file of these arrays; of notes, what the format has room for.
    ///
    /// # Errors
    /// [`ContainerError`]: more arrays, or other numbers, than the format holds.
    pub fn to_bytes(&self, container: Container) -> Result<Vec<u8>, ContainerError> {
        let arrays = &self.arrays;
        Ok(match container {
            Container::Pickle { protocol } => write_pickle(arrays, protocol)?,
            Container::Npy => match arrays.as_slice() {
                [one] => write_npy(&one.array)?,
                several => return Err(ContainerError::Several { count: several.len() }),
            },
            Container::Npz(packing) => write_npz(arrays, packing)?,
            Container::Safetensors => {
                Safetensors { metadata: self.metadata.clone(), arrays: arrays.clone() }.to_bytes()?
            }
        })
    }
}

/// The first names, and how many more there are.
fn first_of(names: &[String]) -> String {
    const MOST: usize = 12;
    match names.len() {
        0..=MOST => names.join(", "),
        count => format!("{} and {} more", names[..MOST].join(", "), count - MOST),
    }
}

fn told_by_content(bytes: &[u8]) -> Result<Arrays, ArraysError> {
    let of = |format, Unfolded { arrays, left_out, from_lists }| Arrays {
        format: Some(format),
        arrays,
        left_out,
        from_lists,
        ..Arrays::default()
    };
    if bytes.is_empty() {
        return Err(ArraysError::Empty);
    }
    let found = sniff(bytes);
    if is_foreign(found.kind()) && legacy_form(bytes).is_none() {
        return Err(ArraysError::Unknown { found });
    }
    if bytes.starts_with(NPY_MAGIC) {
        return Ok(of(Format::Npy, unpack_npy(bytes, None)?));
    }
    if bytes.starts_with(b"PK") || legacy_form(bytes).is_some() {
        return match read_torch(bytes) {
            Ok(read) => Ok(of(Format::Torch, read)),
            Err(TorchError::NotTorch { .. }) if found.kind() == Kind::Zip => Err(ArraysError::Unknown { found }),
            Err(TorchError::NotTorch { .. }) => Ok(of(Format::Npz, unpack_npz(bytes)?)),
            Err(error) => Err(error.into()),
        };
    }
    if starts_as_safetensors(bytes) {
        return from_safetensors(bytes);
    }
    match read_pickle(bytes).and_then(|pickle| pickle.arrays()) {
        Ok(read) => Ok(of(Format::Pickle, read)),
        Err(error) if is_about_another_file(&error, bytes) => Err(ArraysError::Unknown { found }),
        Err(error) => Err(error.into()),
    }
}

/// Whether it is known by its bytes as something that weights are not read from. Of what is gzip'd the length is tied to
/// nothing, and a pickle or a zip archive takes up to a hundred times its own: it is unpacked elsewhere.
fn is_foreign(kind: Kind) -> bool {
    kind.is_known() && !kind.is_weights() && !matches!(kind, Kind::Zip | Kind::NpzSamples)
}

/// Whether there is a header's length, and a header. No pickle starts so: its first eight bytes make a number that is
/// far longer than it.
fn starts_as_safetensors(bytes: &[u8]) -> bool {
    let Some((length, header)) = bytes.split_first_chunk() else { return false };
    // A file that was cut within its header is still one of them.
    header.first() == Some(&b'{') && u64::from_le_bytes(*length) <= MODEL_CAP_BYTES
}

fn from_safetensors(bytes: &[u8]) -> Result<Arrays, ArraysError> {
    let plain = match ModelFile::from_bytes(bytes) {
        Ok(ModelFile { metadata, arrays }) => {
            let arrays = arrays.into_iter().map(|(name, array)| NamedArray::new(name, array)).collect();
            return Ok(Arrays { format: Some(Format::Model), arrays, metadata, ..Arrays::default() });
        }
        Err(ModelError::NotLimpid { .. }) => Safetensors::from_bytes(bytes)?,
        Err(
            error @ (ModelError::NewerVersion { .. }
            | ModelError::Checksum { .. }
            | ModelError::Stored { .. }
            | ModelError::Tensor(_)),
        ) => return Err(error.into()),
        // What is wrong with the container is not a matter of models.
        Err(error) => return Err(SafetensorsError::from(error).into()),
    };
    let Safetensors { metadata, arrays } = plain;
    Ok(Arrays { format: Some(Format::Safetensors), arrays, metadata, ..Arrays::default() })
}

/// Pickles before protocol 2 begin with any instruction, so that most bytes could begin one. Whatever fails at once
/// was never a pickle.
fn is_about_another_file(error: &PickleError, bytes: &[u8]) -> bool {
    const PROTO: u8 = 0x80;
    if bytes.first() == Some(&PROTO) {
        return false;
    }
    match error {
        PickleError::NotPickle { .. } => true,
        PickleError::Instruction { offset, .. }
        | PickleError::Malformed { offset, .. }
        | PickleError::Outside { offset, .. }
        | PickleError::Cut { offset, .. } => *offset < 16,
        PickleError::NoStop { length } => *length < 16,
        _ => false,
    }
}
