//! What a file must be: its length and its checksum.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};

use crate::error::FetchError;

/// A file that is published: where it goes, where it can be had, and how it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// The file's place here. Folders that lack are made.
    pub path: PathBuf,
    /// Its addresses, `http://` or `https://`, tried in turn.
    pub urls: Vec<String>,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, in lower-case hexadecimal digits.
    pub sha256: String,
    /// Of a gzip'd file: what it unpacks to, where a mirror may have packed the same contents anew.
    pub unpacked: Option<Unpacked>,
}

/// What a gzip'd file unpacks to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpacked {
    /// The length of the contents.
    pub bytes: u64,
    /// Their SHA-256, in lower-case hexadecimal digits.
    pub sha256: String,
}

/// What a file turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Right,
    /// Of this length and SHA-256.
    Wrong {
        bytes: u64,
        sha256: String,
    },
}

impl Download {
    /// The file's name.
    pub(crate) fn name(&self) -> String {
        self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy().into_owned()
    }

    /// More than this is never written. A file that was packed anew may be larger than the published one, but not much
    /// larger than its contents.
    pub(crate) fn most_bytes(&self) -> u64 {
        match &self.unpacked {
            Some(unpacked) => self.bytes.max(unpacked.bytes.saturating_add(unpacked.bytes / 1024).saturating_add(1024)),
            None => self.bytes,
        }
    }

    /// Whether a file of this length can be the one.
    pub(crate) fn can_have(&self, bytes: u64) -> bool {
        bytes == self.bytes || (self.unpacked.is_some() && bytes <= self.most_bytes())
    }

    /// What is at the file's place, if anything.
    pub(crate) fn at_its_place(&self) -> Result<Option<Found>, FetchError> {
        // A pipe would be waited for. A link is read, and replaced rather than written to.
        if let Some(what) =
            fs::metadata(&self.path).ok().filter(|found| !found.is_file()).and_then(|found| foreign_kind(&found))
        {
            return Err(FetchError::Foreign { path: self.path.clone(), what });
        }
        match File::open(&self.path).and_then(|file| self.check(&file)) {
            Ok(found) => Ok(Some(found)),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(FetchError::Disk { path: self.path.clone(), cause }),
        }
    }

    /// Reads a file from its beginning and says whether it is the one.
    pub(crate) fn check(&self, mut file: &File) -> io::Result<Found> {
        file.seek(SeekFrom::Start(0))?;
        let (bytes, sha256) = digest(file, u64::MAX)?;
        if bytes == self.bytes && sha256 == self.sha256 {
            return Ok(Found::Right);
        }
        if let Some(unpacked) = &self.unpacked {
            file.seek(SeekFrom::Start(0))?;
            let contents = MultiGzDecoder::new(io::BufReader::new(file));
            // One byte more than fits tells "exactly this long" from "longer". What does not unpack is not the file.
            let found = digest(contents, unpacked.bytes.saturating_add(1)).ok();
            if found.is_some_and(|(bytes, sha256)| bytes == unpacked.bytes && sha256 == unpacked.sha256) {
                return Ok(Found::Right);
            }
        }
        Ok(Found::Wrong { bytes, sha256 })
    }
}

/// Whether the file is at its place and is the published one.
///
/// # Errors
/// [`FetchError::Disk`] where there is a file that cannot be read.
pub fn is_right(download: &Download) -> Result<bool, FetchError> {
    Ok(download.at_its_place()? == Some(Found::Right))
}

/// The length and SHA-256 of what is read, up to a number of bytes.
fn digest(bytes: impl Read, most: u64) -> io::Result<(u64, String)> {
    let mut bytes = bytes.take(most);
    let mut sha256 = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut length = 0;
    loop {
        match bytes.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => {
                sha256.update(&buffer[..read]);
                length += read as u64;
            }
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
    Ok((length, sha256.finalize().iter().map(|byte| format!("{byte:02x}")).collect()))
}

/// What stands in the place of a file that is fetched, where it is not a plain file with a single name.
pub(crate) fn foreign_kind(metadata: &Metadata) -> Option<&'static str> {
    let kind = metadata.file_type();
    if kind.is_symlink() {
        return Some("a link");
    }
    if kind.is_dir() {
        return Some("a folder");
    }
    if !kind.is_file() {
        return Some("a pipe, a socket or a device");
    }
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::nlink(metadata) > 1 {
        return Some("a file with several names (hard links)");
    }
    None
}
