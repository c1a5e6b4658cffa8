//! Data sets: read by [`files`](crate::files), handed to [`learn`](crate::learn).

use std::path::PathBuf;

use limpid_files::locate_mnist;
use limpid_graph::Tensor;
use limpid_learn::Dataset;

use crate::Error;

/// How MNIST's 70,000 handwritten digits are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mnist {
    /// Pixels from 0 to 1, rather than the bytes from 0 to 255.
    pub normalize: bool,
    /// Samples of 784 numbers, rather than images of `(1, 28, 28)`.
    pub flatten: bool,
    /// Targets as one-hot rows of 10, rather than labels 0–9.
    pub one_hot_label: bool,
    /// The folder with the four files; without it, where they are usually found.
    pub folder: Option<PathBuf>,
}

impl Default for Mnist {
    /// Normalised, flattened, with labels.
    fn default() -> Self {
        Self { normalize: true, flatten: true, one_hot_label: false, folder: None }
    }
}

/// MNIST's 60,000 training and 10,000 test samples. The files are verified by their SHA-256.
///
/// ```
/// use limpid::datasets::{Mnist, mnist};
///
/// let (train, test) = mnist(&Mnist::default())?;
/// assert_eq!((train.shape(), test.shape()), (&[60_000, 784][..], &[10_000, 784][..]));
/// # Ok::<(), limpid::Error>(())
/// ```
///
/// # Errors
/// Where the files are not found, cut, or not MNIST.
pub fn mnist(options: &Mnist) -> Result<(Dataset, Dataset), Error> {
    let folder = locate_mnist(options.folder.as_deref())?;
    let files = limpid_files::Mnist::load(&folder)?;
    let wanted = |images, labels| wanted(images, labels, options, [1, 28, 28], 10);
    Ok((wanted(files.train_images, files.train_labels)?, wanted(files.test_images, files.test_labels)?))
}

/// Both parts of a data set that is known by name, prepared as `options` say of MNIST (the feature `sets`).
///
/// Flattened samples of CIFAR-10 are 3,072 numbers, the red ones first; otherwise they are `(3, 32, 32)`.
///
/// ```no_run
/// use limpid::datasets::{Mnist, named};
///
/// let cifar = limpid::files::data_set("cifar-10").expect("it is known");
/// let (train, test) = named(cifar, &Mnist { flatten: false, ..Mnist::default() })?;
/// assert_eq!(train.shape(), [50_000, 3, 32, 32]);
/// # Ok::<(), limpid::Error>(())
/// ```
///
/// # Errors
/// Where the files are not found, cut, or not what they should be.
#[cfg(feature = "sets")]
pub fn named(set: &limpid_files::DataSet, options: &Mnist) -> Result<(Dataset, Dataset), Error> {
    let folder = set.locate(options.folder.as_deref())?;
    let samples = set.load(&folder)?;
    let wanted = |images, labels| wanted(images, labels, options, set.shape, set.classes.len());
    Ok((wanted(samples.train_images, samples.train_labels)?, wanted(samples.test_images, samples.test_labels)?))
}

/// Images and labels as the options want them.
fn wanted(
    images: Tensor,
    labels: Tensor,
    options: &Mnist,
    shape: [usize; 3],
    classes: usize,
) -> Result<Dataset, Error> {
    let data = Dataset::new(images, labels)?;
    let data = if options.flatten { data.reshaped(&[shape.iter().product()]) } else { data.reshaped(&shape) }?;
    let data = if options.normalize { data.divided_by(255.0) } else { data };
    Ok(if options.one_hot_label { data.one_hot(classes)? } else { data })
}

/// All 70,000 samples of MNIST, shuffled by `seed` and cut into 56,000 for training and 14,000 held out.
///
/// # Errors
/// As [`mnist`].
pub fn mnist_split(options: &Mnist, seed: u64) -> Result<(Dataset, Dataset), Error> {
    let (train, test) = mnist(options)?;
    Ok(train.followed_by(&test)?.split(0.8, seed)?)
}
