//! The format of a file, detected by the first and the last of its bytes.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::bytes::{ReadError, decode_open};
use crate::sniff::{HEAD_BYTES, Kind, Sniffed, TAIL_BYTES, View, archives, marks};

/// Recognises a file from its bytes, of which only the first and the last are read; and by its name, where bytes
/// alone do not tell.
///
/// # Errors
/// [`ReadError`] where the file cannot be read, or is none: a folder, a device, a pipe.
pub fn sniff_file(path: &Path) -> Result<Sniffed, ReadError> {
    let unreadable = |cause: io::Error| ReadError::Unreadable { path: path.to_path_buf(), cause };
    let found = decode_open(path, |mut file| {
        let length = file.metadata().map_err(unreadable)?.len();
        let mut head = Vec::new();
        file.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head).map_err(unreadable)?;
        let mut tail = Vec::new();
        if length > HEAD_BYTES as u64 && file.seek(SeekFrom::End(-(TAIL_BYTES as i64))).is_ok() {
            file.by_ref().take(TAIL_BYTES as u64).read_to_end(&mut tail).map_err(unreadable)?;
        } else {
            tail = head[head.len().saturating_sub(TAIL_BYTES)..].to_vec();
        }
        let names = if head.starts_with(b"PK") { archives::names_of(file) } else { None };
        Ok::<_, ReadError>(View { head: &head, tail: &tail, length, names }.sniffed())
    })?;
    Ok(if found.kind() == Kind::Unknown { marks::by_name(path).unwrap_or(found) } else { found })
}
