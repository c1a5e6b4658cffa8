//! The model file: named arrays and notes about them, as safetensors.
//!
//! Source: the format section of <https://github.com/huggingface/safetensors>, which any safetensors reader, Python's
//! too, opens as it is. On top of it come three notes: `format`, `limpid.version` and `limpid.sha256`.

use std::collections::BTreeMap;
use std::path::Path;

use limpid_graph::{Data, Tensor};
use safetensors::Dtype;
use sha2::{Digest, Sha256};

use crate::bytes::decode_file;
use crate::digest::hex;
use crate::output::write_atomically;

mod error;
mod layout;

pub use error::{ModelError, ModelFileError};
pub(crate) use layout::{Layout, Piece};

/// The largest model file that is read or written, in bytes: 4 GiB.
pub const MODEL_CAP_BYTES: u64 = 4 << 30;

const FORMAT_KEY: &str = "format";
const FORMAT: &str = "limpid-model";
const VERSION_KEY: &str = "limpid.version";
const VERSION: u32 = 1;
const SHA256_KEY: &str = "limpid.sha256";

/// Named arrays with notes about them.
///
/// ```
/// use limpid_files::ModelFile;
/// use limpid_graph::Tensor;
///
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("line.safetensors");
/// let mut model = ModelFile::default();
/// model.metadata.insert("network".into(), "2, affine 1".into());
/// model.arrays.push(("0/w".into(), Tensor::new([2, 1], vec![0.5f32, -1.0])?));
/// model.write(&path)?;
/// assert_eq!(ModelFile::read(&path)?, model);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelFile {
    /// Notes by name. `format`, `limpid.version` and `limpid.sha256` belong to the file: writing adds them, reading
    /// takes them out.
    pub metadata: BTreeMap<String, String>,
    /// The arrays, in the order they were given in, each with a name of its own.
    pub arrays: Vec<(String, Tensor)>,
}

impl ModelFile {
    /// The array of that name.
    pub fn array(&self, name: &str) -> Option<&Tensor> {
        self.arrays.iter().find(|(own, _)| own == name).map(|(_, array)| array)
    }

    /// Reads and verifies a model file.
    ///
    /// # Errors
    /// [`ModelFileError`], with the path: unreadable, too large, or any [`ModelError`].
    pub fn read(path: &Path) -> Result<Self, ModelFileError> {
        decode_file(path, MODEL_CAP_BYTES, |bytes| {
            Self::from_bytes(&bytes).map_err(|cause| ModelFileError::Content { path: path.to_path_buf(), cause })
        })
    }

    /// Writes a model file, replacing the one that may be there: a reader sees the old one or the new one, whole.
    ///
    /// # Errors
    /// [`ModelFileError`], with the path: unwritable (see [`writable`](crate::writable) to know in time), or what
    /// [`to_bytes`](Self::to_bytes) refuses.
    pub fn write(&self, path: &Path) -> Result<(), ModelFileError> {
        let bytes = self.to_bytes();
        let bytes = bytes.map_err(|cause| ModelFileError::Content { path: path.to_path_buf(), cause })?;
        Ok(write_atomically(path, &bytes)?)
    }

    /// Reads and verifies the bytes of a model file.
    ///
    /// # Errors
    /// [`ModelError`]: not safetensors, cut, followed by something, not limpid's, of a newer version, or changed.
    ///
    /// ```
    /// let error = limpid_files::ModelFile::from_bytes(b"\x80\x04\x95 pickled").unwrap_err();
    /// assert!(error.to_string().starts_with("expected a model that limpid wrote, found a pickle"));
    /// ```
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let Layout { mut metadata, pieces } = Layout::parse(bytes)?;
        if metadata.get(FORMAT_KEY).is_none_or(|format| format != FORMAT) {
            return Err(ModelError::NotLimpid { found: metadata.remove(FORMAT_KEY), arrays: pieces.len() });
        }
        match metadata.get(VERSION_KEY) {
            Some(version) if *version == VERSION.to_string() => {}
            Some(version) => return Err(ModelError::NewerVersion { found: version.clone() }),
            None => return Err(ModelError::Header { reason: format!("it has no `{VERSION_KEY}`") }),
        }
        let expected = metadata.remove(SHA256_KEY);
        let found = digest(&metadata, &pieces);
        if expected.as_deref() != Some(&found) {
            return Err(ModelError::Checksum { expected, found });
        }
        metadata.remove(FORMAT_KEY);
        metadata.remove(VERSION_KEY);
        let arrays = pieces.into_iter().map(|piece| Ok((piece.name.clone(), tensor(piece)?)));
        Ok(Self { metadata, arrays: arrays.collect::<Result<_, ModelError>>()? })
    }

    /// The bytes of the model file. The same model gives the same bytes.
    ///
    /// # Errors
    /// [`ModelError`]: two arrays of one name, a reserved name, or more than fits.
    ///
    /// ```
    /// use limpid_files::ModelFile;
    ///
    /// let model = ModelFile::default();
    /// assert_eq!(ModelFile::from_bytes(&model.to_bytes()?)?, model);
    /// # Ok::<(), limpid_files::ModelError>(())
    /// ```
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        let reserved = [FORMAT_KEY, VERSION_KEY, SHA256_KEY];
        if let Some(name) = reserved.into_iter().find(|&key| self.metadata.contains_key(key)) {
            return Err(ModelError::Reserved { name: name.to_string() });
        }
        let stored: Vec<_> = self.arrays.iter().map(|(_, array)| stored(array.data())).collect();
        let pieces = self.arrays.iter().zip(&stored).map(|((name, array), (dtype, bytes))| Piece {
            name: name.clone(),
            dtype: *dtype,
            shape: array.shape().to_vec(),
            bytes,
        });
        let pieces: Vec<_> = pieces.collect();
        let mut metadata = self.metadata.clone();
        metadata.insert(FORMAT_KEY.to_string(), FORMAT.to_string());
        metadata.insert(VERSION_KEY.to_string(), VERSION.to_string());
        metadata.insert(SHA256_KEY.to_string(), digest(&metadata, &pieces));
        Layout { metadata, pieces }.to_bytes()
    }
}

/// The digest that a model file carries: SHA-256 over, in this order,
///
/// 1. the number of notes; then each note, except `limpid.sha256` itself, in the byte order of the keys: key, value;
/// 2. the number of arrays; then each array, in the byte order of the names: name, type (`F32`, `F64`, `U8`), rank,
///    extents, numbers.
///
/// Every text and every array's numbers are preceded by their length in bytes, and every number, length and extent
/// is 64 bits, little-endian; so no two models run together. Where an array stands in the file does not count: a
/// tool that rearranges the file keeps the model.
fn digest(metadata: &BTreeMap<String, String>, pieces: &[Piece<'_>]) -> String {
    let mut sha256 = Sha256::new();
    digest_number(&mut sha256, metadata.len());
    for (key, value) in metadata {
        digest_text(&mut sha256, key.as_bytes());
        digest_text(&mut sha256, value.as_bytes());
    }
    let mut by_name: Vec<_> = pieces.iter().collect();
    by_name.sort_by(|a, b| a.name.cmp(&b.name));
    digest_number(&mut sha256, by_name.len());
    for piece in by_name {
        digest_text(&mut sha256, piece.name.as_bytes());
        digest_text(&mut sha256, piece.dtype.to_string().as_bytes());
        digest_number(&mut sha256, piece.shape.len());
        for &extent in &piece.shape {
            digest_number(&mut sha256, extent);
        }
        digest_text(&mut sha256, piece.bytes);
    }
    hex(&sha256.finalize())
}

fn digest_number(sha256: &mut Sha256, number: usize) {
    sha256.update((number as u64).to_le_bytes());
}

fn digest_text(sha256: &mut Sha256, bytes: &[u8]) {
    digest_number(sha256, bytes.len());
    sha256.update(bytes);
}

/// The type and the little-endian bytes of an array's numbers.
fn stored(data: &Data) -> (Dtype, Vec<u8>) {
    match data {
        Data::F32(numbers) => (Dtype::F32, numbers.iter().flat_map(|x| x.to_le_bytes()).collect()),
        Data::F64(numbers) => (Dtype::F64, numbers.iter().flat_map(|x| x.to_le_bytes()).collect()),
        Data::U8(numbers) => (Dtype::U8, numbers.clone()),
    }
}

fn tensor(piece: Piece<'_>) -> Result<Tensor, ModelError> {
    let Piece { name, dtype, shape, bytes } = piece;
    Ok(match dtype {
        Dtype::F32 => Tensor::new(shape, bytes.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect())?,
        Dtype::F64 => Tensor::new(shape, bytes.as_chunks().0.iter().map(|&b| f64::from_le_bytes(b)).collect())?,
        Dtype::U8 => Tensor::new(shape, bytes.to_vec())?,
        other => return Err(ModelError::Stored { name, stored: other.to_string() }),
    })
}
