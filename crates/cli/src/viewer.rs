//! Files → the program that the system shows them with.

use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::output;

/// Shows a file with the program that the system has for it, without waiting for that program to end.
///
/// # Errors
/// [`Failure::Input`] with the file's path where there is no such program.
pub(crate) fn open(path: &Path) -> Result<(), Failure> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    output::note(&format!("opening {}", path.display()));
    open::that_detached(&path).map_err(|error| {
        Failure::Input(format!(
            "no program could be started that shows {}: {error}\nthe file is there; open it in a browser",
            path.display()
        ))
    })
}

/// A new folder for what is shown and not kept. It stays: whoever shows it may read it later than limpid ends.
pub(crate) fn passing_folder() -> Result<PathBuf, Failure> {
    let made = tempfile::Builder::new().prefix("limpid-").tempdir();
    let folder = made.map_err(|cause| Failure::Input(format!("cannot make a temporary folder: {cause}")))?;
    Ok(folder.keep())
}
