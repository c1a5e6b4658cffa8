//! What has come of a file: `NAME.part` beside its place, held by one process at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::check::{Download, Found, foreign_kind};
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
                Err(error) => return Err(error),
            }
        }
    }

    /// The part, or the file that another process holds.
    fn try_hold(path: &Path) -> Result<Result<Self, File>, FetchError> {
        let disk = |cause| FetchError::Disk { path: path.to_path_buf(), cause };
        loop {
            let file = open(path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(Err(file)),
                // Some network file systems know no locks: two processes at once are rarer than those.
                Err(TryLockError::Error(cause)) if cause.kind() == io::ErrorKind::Unsupported => {}
                Err(TryLockError::Error(cause)) => return Err(disk(cause)),
            }
            if is_still(path, &file).map_err(disk)? {
                let length = file.metadata().map_err(disk)?.len();
                return Ok(Ok(Self { file, path: path.to_path_buf(), length }));
            }
        }
    }

    /// A part that is written to a device, which no fetch would open.
    #[cfg(test)]
    pub(crate) fn on_device(path: &Path) -> io::Result<Self> {
        Ok(Self { file: OpenOptions::new().write(true).open(path)?, path: path.to_path_buf(), length: 0 })
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
        // What stands there instead, if anything, was put there by somebody else.
        match is_still(&self.path, &self.file) {
            Ok(true) => {}
            Ok(false) => {
                return Err(FetchError::Foreign { path: self.path, what: "no longer the file that was fetched" });
            }
            Err(cause) => return Err(FetchError::Disk { path: self.path, cause }),
        }
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

/// Opens the part, or makes it. In a folder that others may write to, what stands at its place may be a link or a second
/// name of any file of this user: those are refused, and never written to.
fn open(path: &Path) -> Result<File, FetchError> {
    let foreign = |what| FetchError::Foreign { path: path.to_path_buf(), what };
    let disk = |cause| FetchError::Disk { path: path.to_path_buf(), cause };
    match fs::symlink_metadata(path) {
        Ok(metadata) => foreign_kind(&metadata).map_or(Ok(()), |what| Err(foreign(what)))?,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
        Err(cause) => return Err(disk(cause)),
    }
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;

        use rustix::fs::OFlags;

        // Should it be replaced between the look above and here.
        options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32);
    }
    let file = options.open(path).map_err(|cause| match fs::symlink_metadata(path) {
        Ok(metadata) => foreign_kind(&metadata).map_or(disk(cause), foreign),
        Err(_) => disk(cause),
    })?;
    match foreign_kind(&file.metadata().map_err(disk)?) {
        Some(what) => Err(foreign(what)),
        None => Ok(file),
    }
}

/// Whether a name still leads to an open file, and not to one that was made after another process renamed this one.
#[cfg(unix)]
fn is_still(path: &Path, file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;

    let held = file.metadata()?;
    match fs::symlink_metadata(path) {
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
