//! Where results go: checked before the work, replaced whole after it.

#[cfg(not(target_family = "wasm"))]
mod replace;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf, is_separator};

use thiserror::Error;

/// A file that cannot be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OutputError {
    /// The path leads to a folder.
    #[error("{}: this is a folder; name a file in it", path.display())]
    IsFolder {
        /// The wanted file.
        path: PathBuf,
    },
    /// The path does not end in a name.
    #[error("{path:?} does not name a file; end it with a file name")]
    NoName {
        /// The wanted file.
        path: PathBuf,
    },
    /// The folder does not exist.
    #[error("{}: there is no folder {}; create it first, or choose another", path.display(), folder.display())]
    NoFolder {
        /// The wanted file.
        path: PathBuf,
        /// The folder it would be in.
        folder: PathBuf,
    },
    /// A file is where the folder should be.
    #[error("{}: {} is a file, not a folder; choose another place", path.display(), folder.display())]
    FolderIsFile {
        /// The wanted file.
        path: PathBuf,
        /// What stands in the folder's place.
        folder: PathBuf,
    },
    /// There already is such a file, and it is protected.
    #[error("{}: the file there is read-only; make it writable, or choose another name", path.display())]
    ReadOnly {
        /// The wanted file.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("{}: {cause}; {}", path.display(), writing_advice(cause))]
    Unwritable {
        /// The wanted file.
        path: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
}

fn writing_advice(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::PermissionDenied => "make its folder writable for this user, or choose another",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free some space, or choose another disk",
        io::ErrorKind::InvalidFilename => "choose a shorter name",
        _ => "choose another place",
    }
}

/// Checks that [`ModelFile::write`](crate::ModelFile::write) could write `path` now, and leaves nothing behind.
///
/// Worth calling before hours of training. The check makes and removes a temporary file in the same folder, as
/// writing does; an existing file at `path` stays as it is.
///
/// # Errors
/// [`OutputError`], with the path: no such folder, a folder instead of a file, read-only.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// limpid_files::writable(&folder.join("digits.safetensors"))?;
/// let error = limpid_files::writable(&folder.join("runs/digits.safetensors")).unwrap_err();
/// assert!(error.to_string().contains("create it first"));
/// assert_eq!(std::fs::read_dir(folder)?.count(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn writable(path: &Path) -> Result<(), OutputError> {
    match target(path)? {
        Target::Stream => Ok(()),
        Target::File(file) => {
            replace::probe(&file).map_err(|cause| OutputError::Unwritable { path: path.to_path_buf(), cause })
        }
    }
}

/// Checks that a folder could be filled with files now, and leaves nothing behind. Folders that are missing count as
/// possible where the nearest one above them takes new files.
///
/// # Errors
/// [`OutputError`], with the path: a file stands in a folder's place, or the folder takes no new files.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// limpid_files::writable_folder(&folder.join("book/site"))?;
/// std::fs::write(folder.join("book"), b"a file")?;
/// let error = limpid_files::writable_folder(&folder.join("book/site")).unwrap_err();
/// assert!(error.to_string().contains("is a file, not a folder"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn writable_folder(path: &Path) -> Result<(), OutputError> {
    let unwritable = |cause| OutputError::Unwritable { path: path.to_path_buf(), cause };
    let path_there = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    for folder in path_there.ancestors() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        match fs::metadata(folder) {
            Ok(found) if found.is_dir() => return replace::probe(&folder.join("probe")).map_err(unwritable),
            Ok(_) => {
                return Err(OutputError::FolderIsFile { path: path.to_path_buf(), folder: folder.to_path_buf() });
            }
            Err(cause) if matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            Err(cause) => return Err(unwritable(cause)),
        }
    }
    Ok(())
}

/// Replaces `path` by a file of these bytes: whoever reads it meanwhile sees the old file or the new one, whole. A
/// device or a pipe is written to and stays what it is.
///
/// The same is true when the process is killed meanwhile. On Linux a killed process leaves nothing else behind, save for
/// one that dies between the last two steps; on other systems it may leave a file `.limpid-XXXXXX.tmp`. The next write
/// to the folder removes such a file.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("curve.svg");
/// limpid_files::write_atomically(&path, b"<svg/>")?;
/// assert_eq!(std::fs::read(&path)?, b"<svg/>");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`OutputError`], with the path.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), OutputError> {
    let outcome = match target(path)? {
        Target::Stream => fs::OpenOptions::new().write(true).open(path).and_then(|mut file| file.write_all(bytes)),
        Target::File(file) => replace::replace(&file, bytes),
    };
    outcome.map_err(|cause| OutputError::Unwritable { path: path.to_path_buf(), cause })
}

/// What writing to a path means.
enum Target {
    /// A file, here or where a link leads, to be replaced whole.
    File(PathBuf),
    /// A device or a pipe, such as `/dev/null`: it takes bytes and must not be replaced.
    Stream,
}

fn target(path: &Path) -> Result<Target, OutputError> {
    let wanted = || path.to_path_buf();
    let existing = match fs::metadata(path) {
        Ok(existing) => existing,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return new_file(path),
        Err(cause) if cause.kind() == io::ErrorKind::NotADirectory => {
            return Err(OutputError::FolderIsFile { path: wanted(), folder: folder_of(path) });
        }
        Err(cause) => return Err(OutputError::Unwritable { path: wanted(), cause }),
    };
    if existing.is_dir() {
        return Err(OutputError::IsFolder { path: wanted() });
    }
    if !existing.is_file() {
        return Ok(Target::Stream);
    }
    // Renaming over a protected file would succeed; its owner protected it from exactly that.
    if existing.permissions().readonly() {
        return Err(OutputError::ReadOnly { path: wanted() });
    }
    // Renaming over a link would replace the link and leave the file it leads to.
    let file = if path.is_symlink() { fs::canonicalize(path) } else { Ok(wanted()) };
    file.map(Target::File).map_err(|cause| OutputError::Unwritable { path: wanted(), cause })
}

fn new_file(path: &Path) -> Result<Target, OutputError> {
    let path = path.to_path_buf();
    if path.to_string_lossy().ends_with(is_separator) {
        return Err(OutputError::IsFolder { path });
    }
    if path.file_name().is_none() {
        return Err(OutputError::NoName { path });
    }
    let folder = folder_of(&path);
    match fs::metadata(&folder) {
        Ok(metadata) if metadata.is_dir() => Ok(Target::File(path)),
        Ok(_) => Err(OutputError::FolderIsFile { path, folder }),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Err(OutputError::NoFolder { path, folder }),
        Err(cause) => Err(OutputError::Unwritable { path, cause }),
    }
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

#[cfg(target_family = "wasm")]
mod replace {
    //! A browser has no folders to write to.

    use std::io;
    use std::path::Path;

    pub(super) fn probe(_: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn replace(_: &Path, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn checking_leaves_nothing_behind_and_the_old_file_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model");
        writable(&path).unwrap();
        assert!(names(folder.path()).is_empty());
        fs::write(&path, b"old").unwrap();
        writable(&path).unwrap();
        assert_eq!(names(folder.path()), ["model"]);
        assert_eq!(fs::read(&path).unwrap(), b"old");
    }

    #[test]
    fn writing_replaces_the_old_file_and_leaves_only_the_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model");
        for contents in [&b"old"[..], b"new"] {
            write_atomically(&path, contents).unwrap();
            assert_eq!(fs::read(&path).unwrap(), contents);
            assert_eq!(names(folder.path()), ["model"]);
        }
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named_with_what_would_fit() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let protected = folder.join("protected");
        fs::write(&protected, b"best run").unwrap();
        let mut permissions = fs::metadata(&protected).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&protected, permissions).unwrap();

        let table = [
            (folder.to_path_buf(), "name a file in it"),
            (folder.join("new/"), "name a file in it"),
            (folder.join("missing/model"), "create it first, or choose another"),
            (folder.join("protected/model"), "is a file, not a folder; choose another place"),
            (protected, "make it writable, or choose another name"),
            (PathBuf::new(), "end it with a file name"),
            (folder.join("n".repeat(300)), "choose a shorter name"),
        ];
        for (path, fix) in table {
            let checked = writable(&path).unwrap_err().to_string();
            assert!(checked.ends_with(fix), "{checked}");
            assert!(checked.contains(path.to_str().unwrap()), "{checked}");
            assert_eq!(write_atomically(&path, b"new").unwrap_err().to_string(), checked);
        }
        assert_eq!(names(folder), ["protected"]);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_folder_that_takes_no_files_is_refused_with_the_systems_reason() {
        // Not even the superuser makes files here.
        let error = writable(Path::new("/proc/self/fdinfo/model")).unwrap_err();
        assert!(matches!(error, OutputError::Unwritable { .. }), "{error}");
    }

    #[test]
    #[cfg(unix)]
    fn a_read_only_folder_is_refused_unless_the_user_may_write_anyway() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
        let allowed_anyway = fs::write(folder.path().join("superuser"), b"").is_ok();
        let outcome = writable(&folder.path().join("model"));
        assert_eq!(outcome.is_ok(), allowed_anyway, "{outcome:?}");
        if let Err(error) = outcome {
            assert!(error.to_string().ends_with("make its folder writable for this user, or choose another"));
        }
    }

    #[test]
    #[cfg(unix)]
    fn writing_through_a_link_keeps_the_link() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("run-7"), folder.path().join("latest"));
        fs::write(&file, b"old").unwrap();
        std::os::unix::fs::symlink("run-7", &link).unwrap();
        write_atomically(&link, b"new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
    }

    #[test]
    #[cfg(unix)]
    fn what_is_no_regular_file_is_written_to_and_never_replaced() {
        use std::os::unix::{fs::FileTypeExt, net::UnixListener};

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let _listener = UnixListener::bind(&path).unwrap();
        writable(&path).unwrap();
        // A socket, unlike a device or a pipe, takes no bytes by its path.
        assert!(matches!(write_atomically(&path, b"model"), Err(OutputError::Unwritable { .. })));
        assert!(fs::metadata(&path).unwrap().file_type().is_socket());
        assert_eq!(names(folder.path()), ["socket"]);
    }
}
