//! PyTorch's files: a zip archive of one pickle and the numbers that it refers to.
//!
//! Source: `torch/serialization.py`, `_save`: `NAME/data.pkl`, `NAME/data/KEY` for each storage, `NAME/byteorder`.

use std::collections::HashMap;

use thiserror::Error;

use crate::archive::{ZipError, unzip};
use crate::pickle::{PickleError, Storages, Unfolded, read_torch_pickle};

/// Bytes that are not a PyTorch file of numbers.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TorchError {
    /// The archive is wrong.
    #[error(transparent)]
    Zip(#[from] ZipError),
    /// Its pickle is, or asks for something that is not read.
    #[error("data.pkl in the archive: {0}")]
    Pickle(#[from] PickleError),
    /// The form that PyTorch wrote before version 1.6.
    #[error(
        "the file is in the form that PyTorch wrote before version 1.6 ({form}); write it again with \
         torch.save(torch.load(path, map_location=\"cpu\"), path)"
    )]
    Legacy {
        /// Which of the old forms.
        form: &'static str,
    },
    /// A zip archive, but not PyTorch's.
    #[error(
        "a zip archive of {members} files without a data.pkl; PyTorch's have one: if NumPy wrote it, read it as .npz"
    )]
    NotTorch {
        /// How many files it has.
        members: usize,
    },
    /// The numbers are in an order of bytes that has no name.
    #[error("the archive's byteorder is {found:?}; it should be `little` or `big`: write it again with torch.save")]
    ByteOrder {
        /// What it says.
        found: String,
    },
}

/// The pickle of 0x1950a86a20f9469cfc6c, the number that PyTorch's old form begins with, after `PROTO 2`.
const LEGACY_MAGIC: [u8; 12] = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
/// Where a tar archive says that it is one.
const TAR_MARK: (usize, &[u8]) = (257, b"ustar");

/// Reads the tensors of a `.pt` or `.pth` file, as PyTorch from version 1.6 on saves a state dict. Runs nothing.
///
/// Tensors are read as PyTorch has them: the weights of a linear layer are (out, in). They are named by the keys that
/// lead to them, joined by dots.
///
/// # Errors
/// [`TorchError`]: not PyTorch's, of its old form, damaged, or holding objects, such as a whole module.
///
/// ```no_run
/// let bytes = limpid_files::read_plain_or_gzip("digits.pt".as_ref(), 1 << 30)?;
/// for named in limpid_files::read_torch(&bytes)?.arrays {
///     println!("{} {:?}", named.name, named.array.shape());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_torch(bytes: &[u8]) -> Result<Unfolded, TorchError> {
    if let Some(form) = legacy_form(bytes) {
        return Err(TorchError::Legacy { form });
    }
    let members = unzip(bytes)?;
    let count = members.len();
    let mut pickle = None;
    let mut storages = Storages { files: HashMap::new(), big_endian: false };
    for member in members {
        // The first folder is called as the file was when it was saved.
        let (_, place) = member.name.split_once('/').unwrap_or_default();
        match place {
            "data.pkl" => pickle = Some(member.bytes),
            "byteorder" => storages.big_endian = big_endian(&member.bytes)?,
            _ => {
                if let Some(key) = place.strip_prefix("data/") {
                    storages.files.insert(key.to_string(), member.bytes);
                }
            }
        }
    }
    let pickle = pickle.ok_or(TorchError::NotTorch { members: count })?;
    Ok(read_torch_pickle(&pickle, &storages, bytes.len())?.arrays()?)
}

/// Which of PyTorch's old forms the bytes start as, if any.
pub(crate) fn legacy_form(bytes: &[u8]) -> Option<&'static str> {
    let (offset, mark) = TAR_MARK;
    if bytes.get(2..14) == Some(&LEGACY_MAGIC) {
        return Some("a row of pickles");
    }
    (bytes.get(offset..offset + mark.len()) == Some(mark)).then_some("a tar archive")
}

fn big_endian(bytes: &[u8]) -> Result<bool, TorchError> {
    match bytes.trim_ascii() {
        b"little" => Ok(false),
        b"big" => Ok(true),
        other => Err(TorchError::ByteOrder { found: other.iter().take(16).map(|&byte| char::from(byte)).collect() }),
    }
}
