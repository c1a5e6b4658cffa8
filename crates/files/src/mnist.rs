//! The MNIST digits: folder → four verified arrays.
//!
//! 70,000 handwritten digits, 28×28 grey pixels each, by Yann LeCun, Corinna Cortes and Christopher J.C. Burges,
//! <http://yann.lecun.com/exdb/mnist/>.

use std::fmt;
use std::path::{Path, PathBuf};

use limpid_graph::Tensor;
use thiserror::Error;

use crate::bytes::{ReadError, decode_plain_or_gzip};
use crate::digest::sha256_hex;
use crate::idx::{IdxError, read_idx};

pub(crate) mod places;

pub use places::{MnistPlaces, locate_mnist, locate_mnist_in};

/// One of the four files.
struct Part {
    /// The name it is published under, without `.gz`.
    name: &'static str,
    /// The name it gets where an archiver took the last dash for a dot.
    dotted_name: &'static str,
    shape: &'static [usize],
    /// Of the unpacked file: packing it again does not change it.
    sha256: &'static str,
}

const TRAIN_IMAGES: Part = Part {
    name: "train-images-idx3-ubyte",
    dotted_name: "train-images.idx3-ubyte",
    shape: &[60_000, 28, 28],
    sha256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
};
const TRAIN_LABELS: Part = Part {
    name: "train-labels-idx1-ubyte",
    dotted_name: "train-labels.idx1-ubyte",
    shape: &[60_000],
    sha256: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
};
const TEST_IMAGES: Part = Part {
    name: "t10k-images-idx3-ubyte",
    dotted_name: "t10k-images.idx3-ubyte",
    shape: &[10_000, 28, 28],
    sha256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
};
const TEST_LABELS: Part = Part {
    name: "t10k-labels-idx1-ubyte",
    dotted_name: "t10k-labels.idx1-ubyte",
    shape: &[10_000],
    sha256: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
};
const PARTS: [&Part; 4] = [&TRAIN_IMAGES, &TRAIN_LABELS, &TEST_IMAGES, &TEST_LABELS];

/// The MNIST digits, stored as the bytes they are published as.
///
/// Pixels run from 0 (paper) to 255 (ink); labels are the digits 0–9.
#[derive(Clone, Debug, PartialEq)]
pub struct Mnist {
    /// Shape (60000, 28, 28), bytes.
    pub train_images: Tensor,
    /// Shape (60000), bytes.
    pub train_labels: Tensor,
    /// Shape (10000, 28, 28), bytes.
    pub test_images: Tensor,
    /// Shape (10000), bytes.
    pub test_labels: Tensor,
}

/// MNIST files that are not there, or are not what was published.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MnistError {
    /// No place has the files.
    #[error(
        "the MNIST files were not found; looked in{}\n`limpid data fetch mnist` fetches them; or put {} (gzip'd or not) \
         into one of these folders, or name their folder with --data or $LIMPID_DATA",
        looked_text(.looked),
        names_text(PARTS.map(|part| part.name))
    )]
    NotFound {
        /// Each place looked at, in order.
        looked: Vec<Looked>,
    },
    /// A folder lacks one of the files.
    #[error("{}: there is no {name}, with or without .gz; put it there, or name another folder", folder.display())]
    Missing {
        /// The folder.
        folder: PathBuf,
        /// The file's published name.
        name: &'static str,
    },
    /// A file cannot be read or unpacked.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A file is not IDX.
    #[error("{}: {cause}", path.display())]
    Idx {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: IdxError,
    },
    /// A file holds an array of another shape, or of other numbers than bytes.
    #[error("{}: expected bytes of shape {expected:?}, found {found}; fetch the published file", path.display())]
    Array {
        /// The file.
        path: PathBuf,
        /// The published shape.
        expected: Vec<usize>,
        /// What the file holds.
        found: String,
    },
    /// A file has the right form and other contents.
    #[error(
        "{}: not the published file: its unpacked bytes have SHA-256 {found}, expected {expected}; fetch it again \
         (other data in the same form: read it with `read_idx`)",
        path.display()
    )]
    Checksum {
        /// The file.
        path: PathBuf,
        /// The published file's SHA-256, hexadecimal.
        expected: &'static str,
        /// This file's SHA-256, hexadecimal.
        found: String,
    },
}

/// A place that was searched for the MNIST files, and what was found there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// What the place is called, such as `$LIMPID_DATA`.
    pub place: &'static str,
    /// What was found there instead of the files.
    pub finding: String,
}

impl fmt::Display for Looked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.finding)
    }
}

pub(crate) fn looked_text(looked: &[Looked]) -> String {
    looked.iter().map(|looked| format!("\n  {looked}")).collect()
}

pub(crate) fn names_text(names: impl IntoIterator<Item = &'static str>) -> String {
    names.into_iter().collect::<Vec<_>>().join(", ")
}

impl Mnist {
    /// Loads the four files from `folder`, each with or without `.gz`, and verifies that they are the published ones.
    ///
    /// Takes a fraction of a second, most of it unpacking.
    ///
    /// # Errors
    /// [`MnistError`], with the path: a file is missing, unreadable, damaged, or not the published one.
    ///
    /// ```
    /// let folder = limpid_files::locate_mnist(None)?;
    /// let mnist = limpid_files::Mnist::load(&folder)?;
    /// assert_eq!(mnist.train_images.shape(), [60_000, 28, 28]);
    /// assert_eq!(mnist.test_labels.rows(0, 3).to_f64(), [7.0, 2.0, 1.0]);
    /// # Ok::<(), limpid_files::MnistError>(())
    /// ```
    pub fn load(folder: &Path) -> Result<Self, MnistError> {
        Ok(Self {
            train_images: TRAIN_IMAGES.load(folder)?,
            train_labels: TRAIN_LABELS.load(folder)?,
            test_images: TEST_IMAGES.load(folder)?,
            test_labels: TEST_LABELS.load(folder)?,
        })
    }
}

impl Part {
    /// The file in `folder`, under any of the names it goes by.
    fn find(&self, folder: &Path) -> Option<PathBuf> {
        [self.name, self.dotted_name]
            .into_iter()
            // Kaggle unpacks each file into a folder of its own name.
            .flat_map(|name| [format!("{name}.gz"), name.to_string(), format!("{name}/{name}")])
            .map(|name| folder.join(name))
            .find(|path| path.is_file())
    }

    fn load(&self, folder: &Path) -> Result<Tensor, MnistError> {
        let Some(path) = self.find(folder) else {
            return Err(MnistError::Missing { folder: folder.to_path_buf(), name: self.name });
        };
        // Room for more than belongs there: damaged data may well unpack to more before its checksum shows the damage,
        // and is then called damaged, not too large.
        decode_plain_or_gzip(&path, 2 * self.length_bytes(), |bytes| self.decoded(&path, &bytes))
    }

    fn decoded(&self, path: &Path, bytes: &[u8]) -> Result<Tensor, MnistError> {
        let path = path.to_path_buf();
        // Form before checksum: a wrong shape says more than a wrong sum.
        let array = match read_idx(bytes) {
            Ok(array) => array,
            Err(cause) => return Err(MnistError::Idx { path, cause }),
        };
        if array.shape() != self.shape || array.as_slice::<u8>().is_none() {
            let kind = if array.as_slice::<u8>().is_some() { "bytes" } else { "other numbers" };
            let found = format!("{kind} of shape {:?}", array.shape());
            return Err(MnistError::Array { path, expected: self.shape.to_vec(), found });
        }
        let found = sha256_hex(bytes);
        if found != self.sha256 {
            return Err(MnistError::Checksum { path, expected: self.sha256, found });
        }
        Ok(array)
    }

    /// The length of the unpacked file: four bytes, four more an axis, one a number.
    fn length_bytes(&self) -> u64 {
        4 + 4 * self.shape.len() as u64 + self.shape.iter().map(|&extent| extent as u64).product::<u64>()
    }
}
