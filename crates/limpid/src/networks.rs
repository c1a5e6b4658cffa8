//! Networks as files: TOML, as [`Network::from_toml`] reads it.

use std::path::Path;

use limpid_files::{read_plain_or_gzip, sniff};
use limpid_learn::{Network, Registry};

use crate::Error;

/// The largest file of a network that is read, in bytes: 16 MiB.
pub const NETWORK_CAP_BYTES: u64 = 16 << 20;

/// Whether a file's name is that of a network as TOML: it ends in `.toml`.
pub fn is_toml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
}

/// The network of a TOML file, whose layers fit together.
///
/// ```
/// # let folder = std::env::temp_dir().join(format!("limpid-networks-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// let path = folder.join("network.toml");
/// std::fs::write(&path, "input = 784\n[[layer]]\nkind = \"affine\"\noutputs = 10\n")?;
/// assert_eq!(limpid::networks::read(&path)?.to_string(), "784, affine 10");
///
/// std::fs::write(&path, "input = 784\n[[layer]]\nkind = \"afine\"\noutputs = 10\n")?;
/// let message = limpid::networks::read(&path).unwrap_err().to_string();
/// assert!(message.contains("network.toml: unknown layer `afine`, did you mean `affine`? (line 3, column 8)"), "{message}");
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Network`], with the file, the line and what would fit, for each mistake.
pub fn read(path: &Path) -> Result<Network, Error> {
    read_with(path, &Registry::new())
}

/// The same, with layers of your own by name.
///
/// # Errors
/// As [`read`].
pub fn read_with(path: &Path, registry: &Registry) -> Result<Network, Error> {
    let wrong = |what: String| Error::Network { path: path.display().to_string(), what };
    let bytes = read_plain_or_gzip(path, NETWORK_CAP_BYTES)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| {
        let advice = "name a file of text, such as `limpid summary NETWORK --format toml` writes";
        wrong(format!("expected a network as TOML, found {}", sniff(&bytes).or(advice)))
    })?;
    let network = registry.network_from_toml(text).map_err(|error| wrong(error.to_string()))?;
    // Layers that do not fit together are mistakes in the file, too.
    network.variables().map_err(|error| wrong(error.to_string()))?;
    Ok(network)
}
