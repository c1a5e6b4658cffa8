//! What has come of a file: `NAME.part` beside its place, held by one process at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::check::{Download, Found};
use crate::error::FetchError;

/// The bytes that have come, under lock.
///
/// The lock is the operating system's and goes with the process, however that ends. Nobody takes a `.part` away but
/// its holder, so that whoever holds the lock and finds the name still leading to it is alone.
#[derive(Debug)]
pub(crate) struct Part {
    file: File,
    path: PathBuf,
    length: u64,
}

impl Part {
    /// Opens what has come, or begins anew. Calls `waiting` once where another process is at it, and waits.
    pub(crate) fn hold(download: &Download, waiting: &mut dyn FnMut()) -> Result<Self, FetchError> {
        let mut path = download.path.clone().into_os_string();
        path.push(".part");
        let path = PathBuf::from(path);
        let mut has_waited = false;
        loop {
            match Self::try_hold(&path) {
                Ok(Ok(part)) => return Ok(part),
                Ok(Err(other)) => {
                    if !has_waited {
                        waiting();
                    }
                    has_waited = true;
                    // What is behind the name may be another file by then: the lock is asked for anew.
                    other.lock().map_err(|cause| FetchError::Disk { path: path.clone(), cause })?;
                }
                Err(cause) => return Err(FetchError::Disk { path, cause }),
            }
        }
    }

    /// The part, or the file that another process holds.
    fn try_hold(path: &Path) -> io::Result<Result<Self, File>> {
        loop {
            let file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(Err(file)),
                // Some network file systems know no locks: two processes at once are rarer than those.
                Err(TryLockError::Error(cause)) if cause.kind() == io::ErrorKind::Unsupported => {}
                Err(TryLockError::Error(cause)) => return Err(cause),
            }
            if is_still(path, &file)? {
                let length = file.metadata()?.len();
                return Ok(Ok(Self { file, path: path.to_path_buf(), length }));
            }
        }
    }

    /// How many bytes have come.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), FetchError> {
        let outcome = self.file.write_all(bytes);
        // Where the disk was full, some may be written.
        self.length = match &outcome {
            Ok(()) => self.length + bytes.len() as u64,
            Err(_) => self.file.metadata().map_or(self.length, |metadata| metadata.len()),
        };
        outcome.map_err(|cause| self.disk(cause))
    }

    /// Throws away what has come.
    pub(crate) fn clear(&mut self) -> Result<(), FetchError> {
        self.file.set_len(0).map_err(|cause| self.disk(cause))?;
        self.length = 0;
        Ok(())
    }

    pub(crate) fn check(&self, download: &Download) -> Result<Found, FetchError> {
        download.check(&self.file).map_err(|cause| self.disk(cause))
    }

    /// Gives the file its name, once its bytes are on the disk.
    pub(crate) fn finish(self, place: &Path) -> Result<(), FetchError> {
        let named = self.file.sync_all().and_then(|()| fs::rename(&self.path, place)).and_then(|()| sync_folder(place));
        named.map_err(|cause| FetchError::Disk { path: place.to_path_buf(), cause })
    }

    /// Leaves what has come for the next time; nothing, where nothing came.
    pub(crate) fn leave(self) {
        if self.length == 0 && cfg!(unix) {
            // That an empty file stays is no harm.
            let _ = fs::remove_file(&self.path);
        }
    }

    fn disk(&self, cause: io::Error) -> FetchError {
        FetchError::Disk { path: self.path.clone(), cause }
    }
}

/// Whether a name still leads to an open file, and not to one that was made after another process renamed this one.
#[cfg(unix)]
fn is_still(path: &Path, file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;

    let held = file.metadata()?;
    match fs::metadata(path) {
        Ok(named) => Ok((named.dev(), named.ino()) == (held.dev(), held.ino())),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(cause) => Err(cause),
    }
}

/// Elsewhere there is no portable number of a file; the name is there, or the file was renamed.
#[cfg(not(unix))]
fn is_still(path: &Path, _: &File) -> io::Result<bool> {
    path.try_exists()
}

/// Puts a new name on the disk, too (a folder can be synchronised on Unix only).
fn sync_folder(place: &Path) -> io::Result<()> {
    if cfg!(unix)
        && let Some(folder) = place.parent().filter(|folder| !folder.as_os_str().is_empty())
    {
        return File::open(folder)?.sync_all();
    }
    Ok(())
}
