//! A new file in the place of an old one: at every moment there is one of the two, whole.
//!
//! On Linux the new file has no name until it is whole and on the disk (`O_TMPFILE`, which needs `/proc`). It then gets
//! a passing name, `.limpid-` and six letters and `.tmp`, and at once its own by a rename. Elsewhere it has the passing
//! name from the start.
//!
//! A process that is killed in between leaves the passing name behind. Its writer holds a lock on a file with such a
//! name, and the system gives the lock back when the process ends, however it ends: so the next write to the folder
//! can tell what was left behind, and removes it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use tempfile::{Builder, NamedTempFile};

use super::folder_of;

const PREFIX: &str = ".limpid-";
const SUFFIX: &str = ".tmp";
const LETTERS: usize = 6;
/// What no lock can tell about (some network file systems have none) is left behind when it is older than this.
const LONGEST_WRITE: Duration = Duration::from_secs(24 * 60 * 60);
/// How often a passing name is taken away before its writer could lock it, at most.
const ATTEMPTS: usize = 8;

/// Whether a file could be made beside `file` now; leaves nothing behind.
pub(super) fn probe(file: &Path) -> io::Result<()> {
    let folder = folder_of(file);
    #[cfg(target_os = "linux")]
    if unnamed(&folder).is_ok() {
        return Ok(());
    }
    named(&folder).map(drop)
}

/// Gives `file` these bytes, whole. Permissions stay, and the owner where this user may give it.
pub(super) fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = folder_of(file);
    sweep(&folder);
    // The lock is held until the file has its own name.
    let (_locked, passing) = whole(&folder, file, bytes)?.into_parts();
    passing.persist(file).map_err(|error| error.error)?;
    // A folder can be synchronised on Unix only.
    if cfg!(unix) { File::open(&folder)?.sync_all() } else { Ok(()) }
}

/// A whole file under a passing name.
fn whole(folder: &Path, old: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let fill = |mut file: &File| {
        keep_attributes(old, file)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    #[cfg(target_os = "linux")]
    if let Ok(file) = unnamed(folder) {
        fill(&file)?;
        if let Ok(linked) = linked(file, folder) {
            // Some file systems put a file without a name on the disk only when it gets one.
            linked.as_file().sync_all()?;
            return Ok(linked);
        }
    }
    let new = named(folder)?;
    fill(new.as_file())?;
    Ok(new)
}

fn passing_name<R>(folder: &Path, mut make: impl FnMut(&Path) -> io::Result<R>) -> io::Result<NamedTempFile<R>> {
    Builder::new().prefix(PREFIX).suffix(SUFFIX).rand_bytes(LETTERS).make_in(folder, |path| make(path))
}

/// A new file under a passing name, under lock.
fn named(folder: &Path) -> io::Result<NamedTempFile> {
    for _ in 0..ATTEMPTS {
        let new = passing_name(folder, |path| OpenOptions::new().read(true).write(true).create_new(true).open(path))?;
        // Another process that sweeps may have come between making it and locking it.
        match new.as_file().try_lock() {
            Ok(()) if new.path().exists() => return Ok(new),
            Ok(()) | Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(_)) => return Ok(new),
        }
    }
    Err(io::Error::other("other processes keep removing the temporary file"))
}

/// A new file without a name, under lock before it gets one.
#[cfg(target_os = "linux")]
fn unnamed(folder: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, open};

    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    let file = File::from(open(folder, flags, Mode::from_raw_mode(0o666))?);
    // Without a lock its age tells.
    let _ = file.try_lock();
    Ok(file)
}

/// Gives a file without a name a passing one.
#[cfg(target_os = "linux")]
fn linked(file: File, folder: &Path) -> io::Result<NamedTempFile> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{AtFlags, CWD, linkat};

    let own = format!("/proc/self/fd/{}", file.as_raw_fd());
    let link = |path: &Path| Ok(linkat(CWD, own.as_str(), CWD, path, AtFlags::SYMLINK_FOLLOW)?);
    let (_, name) = passing_name(folder, link)?.into_parts();
    Ok(NamedTempFile::from_parts(file, name))
}

/// Gives the new file the permissions and, where that is allowed, the owner of the old one.
fn keep_attributes(old: &Path, new: &File) -> io::Result<()> {
    let Ok(before) = fs::metadata(old) else { return Ok(()) };
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};

        // Only the superuser gives files away; before the permissions, since giving away clears some of them.
        let _ = fchown(new, Some(before.uid()), Some(before.gid()));
    }
    new.set_permissions(before.permissions())
}

/// Removes what killed processes left in a folder. That something cannot be removed is no reason not to write.
fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten().filter(|entry| is_passing(&entry.file_name().to_string_lossy())) {
        // Under lock until it is gone: whoever made it this moment and is about to lock it takes another name then.
        if let Some(_locked) = left_behind(&entry.path()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn is_passing(name: &str) -> bool {
    let letters = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
    letters.is_some_and(|letters| letters.len() == LETTERS && letters.chars().all(|c| c.is_ascii_alphanumeric()))
}

/// A file whose writer has ended. A link is none of ours, and is not followed.
fn left_behind(path: &Path) -> Option<File> {
    let metadata = fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file)?;
    let file = File::open(path).ok()?;
    let is_left_behind = match file.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(_)) => {
            metadata.modified().is_ok_and(|then| then.elapsed().is_ok_and(|age| age > LONGEST_WRITE))
        }
    };
    is_left_behind.then_some(file)
}

#[cfg(test)]
mod tests {
    use super::super::tests::names;
    use super::*;

    #[test]
    fn what_a_killed_process_left_is_removed_by_the_next_write_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let file = |name: &str| File::create(folder.join(name)).unwrap();
        drop(file(".limpid-dEad01.tmp"));
        // A process that is still writing has its file locked; others have names that are not quite these.
        let alive = file(".limpid-alive1.tmp");
        alive.lock().unwrap();
        let others = [".limpid-notes.tmp", ".limpid-dEad01.tmp~", "limpid-dEad01.tmp", ".limpid-dé_d01.tmp"];
        others.iter().for_each(|name| drop(file(name)));
        fs::create_dir(folder.join(".limpid-folder.tmp")).unwrap();
        replace(&folder.join("model"), b"new").unwrap();
        let mut wanted: Vec<String> = others.iter().map(ToString::to_string).collect();
        wanted.extend([".limpid-alive1.tmp", ".limpid-folder.tmp", "model"].map(str::to_string));
        wanted.sort();
        assert_eq!(names(folder), wanted);
        drop(alive);
        replace(&folder.join("model"), b"newer").unwrap();
        assert!(!names(folder).contains(&".limpid-alive1.tmp".to_string()));
        assert_eq!(fs::read(folder.join("model")).unwrap(), b"newer");
    }

    #[test]
    fn processes_that_write_and_sweep_at_once_take_nothing_from_each_other() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let folder = folder.path();
                scope.spawn(move || {
                    for _ in 0..50 {
                        // The way of systems whose files have names from the start, too.
                        let new = named(folder).unwrap();
                        assert!(left_behind(new.path()).is_none());
                        replace(&folder.join(format!("model-{writer}")), b"whole").unwrap();
                        assert!(new.path().exists());
                    }
                });
            }
        });
        assert_eq!(names(folder.path()), ["model-0", "model-1", "model-2", "model-3"]);
    }

    #[test]
    #[cfg(unix)]
    fn links_of_a_passing_name_stay_and_so_does_what_they_lead_to() {
        let folder = tempfile::tempdir().unwrap();
        let (victim, link) = (folder.path().join("victim"), folder.path().join(".limpid-linked.tmp"));
        fs::write(&victim, b"precious").unwrap();
        std::os::unix::fs::symlink(&victim, &link).unwrap();
        replace(&folder.path().join("model"), b"new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
    }

    #[test]
    #[cfg(unix)]
    fn permissions_are_those_of_the_old_file_or_those_that_any_new_file_has() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
        fs::write(folder.path().join("plain"), b"").unwrap();
        replace(&folder.path().join("new"), b"new").unwrap();
        assert_eq!(mode("new"), mode("plain"));
        fs::set_permissions(folder.path().join("plain"), fs::Permissions::from_mode(0o640)).unwrap();
        replace(&folder.path().join("plain"), b"new").unwrap();
        assert_eq!(mode("plain"), 0o640);
        // Where files have names from the start.
        let new = named(folder.path()).unwrap();
        assert_eq!(fs::metadata(new.path()).unwrap().permissions().mode() & 0o777, mode("new"));
    }
}
