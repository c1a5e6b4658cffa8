//! Where the MNIST files may be: the environment → their folder.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{Looked, MnistError, PARTS, names_text};

/// The places that are searched when no folder is named. What is `None` is not searched.
///
/// [`MnistPlaces::of_this_process`] reads them from the environment; a test or an embedding program can state them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MnistPlaces {
    /// `$LIMPID_DATA`: a folder with the files, or with a folder `mnist` that has them.
    pub limpid_data: Option<PathBuf>,
    /// The folder to start from: it, and every folder above it, may have the files in `data/mnist`.
    pub current: Option<PathBuf>,
    /// `data/mnist` of the checkout that this library was built from.
    pub built_from: Option<PathBuf>,
    /// `limpid/mnist` in the user's cache folder.
    pub cache: Option<PathBuf>,
}

impl MnistPlaces {
    /// The places as this process sees them.
    pub fn of_this_process() -> Self {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
        Self {
            limpid_data: env::var_os("LIMPID_DATA").filter(|folder| !folder.is_empty()).map(PathBuf::from),
            current: env::current_dir().ok(),
            built_from: checkout.map(|checkout| checkout.join("data/mnist")),
            cache: cache(env::var_os("XDG_CACHE_HOME"), env::home_dir()),
        }
    }
}

/// `limpid/mnist` in the cache folder of the XDG base directory specification, which tells us to ignore a relative
/// `$XDG_CACHE_HOME`.
fn cache(xdg_cache_home: Option<OsString>, home: Option<PathBuf>) -> Option<PathBuf> {
    let stated = xdg_cache_home.map(PathBuf::from).filter(|folder| folder.is_absolute());
    let usual = home.filter(|home| !home.as_os_str().is_empty()).map(|home| home.join(".cache"));
    stated.or(usual).map(|folder| folder.join("limpid/mnist"))
}

/// Finds the folder with the four MNIST files.
///
/// If a folder is named, only that one is searched, its sub-folder `mnist`, and those that torchvision makes, such as
/// `MNIST/raw`. Otherwise, in this order:
///
/// 1. `$LIMPID_DATA`, or its sub-folders likewise; where it is set, it is a folder that there is;
/// 2. the checkout: `data/mnist` in the current folder or one above it, or where this library was built;
/// 3. the cache: `$XDG_CACHE_HOME/limpid/mnist`, or `~/.cache/limpid/mnist`.
///
/// A folder that lacks one of the files is passed over.
///
/// # Errors
/// [`MnistError::NotFound`], with each place and what was found there.
///
/// ```
/// use std::path::Path;
///
/// let folder = limpid_files::locate_mnist(None)?;
/// assert!(folder.is_dir());
/// let error = limpid_files::locate_mnist(Some(Path::new("/nowhere"))).unwrap_err();
/// assert!(error.to_string().contains("the given folder: no folder /nowhere"));
/// # Ok::<(), limpid_files::MnistError>(())
/// ```
pub fn locate_mnist(explicit: Option<&Path>) -> Result<PathBuf, MnistError> {
    locate_mnist_in(explicit, &MnistPlaces::of_this_process())
}

/// [`locate_mnist`] with the places stated instead of read from the environment.
///
/// # Errors
/// [`MnistError::NotFound`], with each place and what was found there.
///
/// ```
/// use limpid_files::{MnistPlaces, locate_mnist_in};
///
/// let error = locate_mnist_in(None, &MnistPlaces::default()).unwrap_err();
/// assert!(error.to_string().contains("$LIMPID_DATA: not set"));
/// ```
pub fn locate_mnist_in(explicit: Option<&Path>, places: &MnistPlaces) -> Result<PathBuf, MnistError> {
    locate("mnist", explicit, places, PARTS.len(), &lacking).map_err(|looked| MnistError::NotFound { looked })
}

impl MnistPlaces {
    /// What each place is called, the folders there that may have the files of a data set, which are those of MNIST
    /// under its own name, and what to say if it has none.
    fn searches(&self, name: &str) -> Vec<(&'static str, Vec<PathBuf>, String)> {
        let limpid_data = self.limpid_data.as_deref().map(|folder| with_sub_folder(folder, name)).unwrap_or_default();
        let sub_folder = Path::new("data").join(name);
        let above = self.current.iter().flat_map(|current| current.ancestors());
        let above: Vec<_> = above.map(|folder| folder.join(&sub_folder)).filter(|folder| folder.is_dir()).collect();
        let none_above = match &self.current {
            Some(current) => format!("no folder {} in {} or above it", sub_folder.display(), current.display()),
            None => "there is no current folder".to_string(),
        };
        let own = |folder: &PathBuf| if name == "mnist" { folder.clone() } else { folder.with_file_name(name) };
        let beside = |folder: &Option<PathBuf>| folder.iter().map(own).collect();
        vec![
            (STATED, limpid_data, "not set".to_string()),
            ("the current checkout", above, none_above),
            ("the checkout limpid was built from", beside(&self.built_from), "not known".to_string()),
            ("the cache", beside(&self.cache), "there is no home folder".to_string()),
        ]
    }
}

/// What the environment's own place is called.
const STATED: &str = "$LIMPID_DATA";

/// Finds the folder of a data set: the first, in the order of [`locate_mnist`], in which nothing is `lacking`, of as
/// many files as there are.
pub(crate) fn locate(
    name: &str,
    explicit: Option<&Path>,
    places: &MnistPlaces,
    files: usize,
    lacking: &dyn Fn(&Path) -> Vec<&'static str>,
) -> Result<PathBuf, Vec<Looked>> {
    let searches = match explicit {
        Some(folder) => vec![("the given folder", with_sub_folder(folder, name), "not given".to_string())],
        None => places.searches(name),
    };
    let mut looked = Vec::new();
    for (place, folders, otherwise) in searches {
        if let Some(folder) = folders.iter().find(|folder| lacking(folder).is_empty()) {
            return Ok(folder.clone());
        }
        looked.push(Looked { place, finding: finding(&folders, otherwise, files, lacking) });
        // Whoever set it meant it: what lies elsewhere is other data.
        if place == STATED && places.limpid_data.as_ref().is_some_and(|folder| !folder.exists()) {
            break;
        }
    }
    Err(looked)
}

/// A folder and its sub-folder of a name; and those of the folders that torchvision and Kaggle make in it that are there.
fn with_sub_folder(folder: &Path, name: &str) -> Vec<PathBuf> {
    let torchvision = match name {
        "mnist" => "MNIST",
        "fashion-mnist" => "FashionMNIST",
        "kmnist" => "KMNIST",
        _ => name,
    };
    let nested = ["raw".to_string(), format!("{torchvision}/raw"), torchvision.to_string(), format!("{name}/{name}")];
    let nested = nested.into_iter().map(|sub_folder| folder.join(sub_folder)).filter(|folder| folder.is_dir());
    [folder.to_path_buf(), folder.join(name)].into_iter().chain(nested).collect()
}

/// The names of the files that `folder` does not have.
fn lacking(folder: &Path) -> Vec<&'static str> {
    PARTS.iter().filter(|part| part.find(folder).is_none()).map(|part| part.name).collect()
}

/// What was found in `folders`, none of which has all files.
fn finding(
    folders: &[PathBuf],
    otherwise: String,
    files: usize,
    lacking: &dyn Fn(&Path) -> Vec<&'static str>,
) -> String {
    let findings: Vec<_> = folders
        .iter()
        .map(|folder| match lacking(folder) {
            _ if !folder.exists() => format!("no folder {}", folder.display()),
            _ if !folder.is_dir() => format!("{} is not a folder", folder.display()),
            all if all.len() == files => format!("{} has none of the files", folder.display()),
            some => format!("{} lacks {}", folder.display(), names_text(some)),
        })
        .collect();
    if findings.is_empty() { otherwise } else { findings.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_is_where_the_xdg_specification_says() {
        let home = || Some(PathBuf::from("/home/lake"));
        let table = [
            (Some("/var/cache"), home(), Some("/var/cache/limpid/mnist")),
            (Some("relative"), home(), Some("/home/lake/.cache/limpid/mnist")),
            (Some(""), home(), Some("/home/lake/.cache/limpid/mnist")),
            (None, home(), Some("/home/lake/.cache/limpid/mnist")),
            (None, None, None),
        ];
        for (xdg, home, expected) in table {
            assert_eq!(cache(xdg.map(OsString::from), home), expected.map(PathBuf::from), "{xdg:?}");
        }
    }
}
