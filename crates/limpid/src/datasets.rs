//! Data sets: read by [`files`](crate::files), handed to [`learn`](crate::learn).

use std::fmt;
use std::path::PathBuf;

use limpid_engine::Precision;
use limpid_files::locate_mnist;
use limpid_graph::{Data, Tensor};
use limpid_learn::{Dataset, Loss, Task};

use crate::Error;

/// What a byte of a pixel is divided by: pixels run from 0 to 1 for a network.
pub const PIXEL_DIVISOR: f64 = 255.0;

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

/// Class labels as a loss takes them: as they are, or as one-hot rows. The targets of a regression stay as they are.
///
/// ```
/// use limpid::learn::{Loss, Task};
/// use limpid::prelude::*;
///
/// let data = Dataset::new(Tensor::from([[0.1], [0.2]]), Tensor::from([0u8, 2]))?;
/// let rows = limpid::datasets::targets_for(data, Task::Classification, 3, &Loss::MeanSquaredError)?;
/// assert_eq!(rows.targets().to_f64(), [1.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
/// # Ok::<(), limpid::Error>(())
/// ```
///
/// # Errors
/// Where a label is none of the classes.
pub fn targets_for(data: Dataset, task: Task, outputs: usize, loss: &Loss) -> Result<Dataset, Error> {
    match task {
        Task::Classification if !loss.takes_labels() => Ok(data.one_hot(outputs)?),
        _ => Ok(data),
    }
}

/// What is done to pixels, bytes from 0 to 255, before a network is given them.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Pixels {
    /// Nothing.
    Raw,
    /// Each is divided by this.
    Divided(f64),
    /// Each is divided by 255, then less `mean`, then divided by `deviation`.
    Standard {
        /// The mean of all pixels, from 0 to 1.
        mean: f64,
        /// Their standard deviation (of all of them, not of a sample).
        deviation: f64,
    },
}

impl Pixels {
    /// From 0 to 1.
    pub const UNIT: Self = Self::Divided(255.0);

    /// By the mean and the deviation of all pixels of all these samples, which are stored as bytes. Where all pixels are
    /// alike, the deviation is taken as 1.
    ///
    /// ```
    /// use limpid::datasets::{Mnist, Pixels, mnist};
    ///
    /// let (train, _) = mnist(&Mnist::default())?;
    /// let Pixels::Standard { mean, deviation } = Pixels::standard_of(&train) else { panic!() };
    /// assert_eq!((mean as f32, deviation as f32), (0.13066047, 0.3081078));
    /// # Ok::<(), limpid::Error>(())
    /// ```
    pub fn standard_of(data: &Dataset) -> Self {
        // Counts of each value are exact, however many pixels there are.
        let mut counts = [0u64; 256];
        match data.inputs().data() {
            Data::U8(bytes) => bytes.iter().for_each(|&byte| counts[usize::from(byte)] += 1),
            _ => data.inputs().to_f64().iter().for_each(|&number| counts[number.clamp(0.0, 255.0) as usize] += 1),
        }
        let pixels = counts.iter().sum::<u64>().max(1) as f64;
        let weighted = |value: &dyn Fn(f64) -> f64| {
            counts.iter().enumerate().map(|(byte, &count)| value(byte as f64) * count as f64).sum::<f64>() / pixels
        };
        let mean = weighted(&|byte| byte);
        let variance = weighted(&|byte| (byte - mean) * (byte - mean));
        let deviation = if variance > 0.0 { variance.sqrt() / 255.0 } else { 1.0 };
        Self::Standard { mean: mean / 255.0, deviation }
    }

    /// What bytes are divided by, for [`Model::with_divisor`](limpid_learn::Model::with_divisor): 1 where nothing is done
    /// to them; None where it is more than a division.
    pub fn divisor(self) -> Option<f64> {
        match self {
            Self::Raw => Some(1.0),
            Self::Divided(divisor) => Some(divisor),
            Self::Standard { .. } => None,
        }
    }

    /// The samples as a network that computes in `precision` is given them; they are stored as bytes.
    pub fn applied_to(self, data: Dataset, precision: Precision) -> Dataset {
        match self {
            Self::Raw => data,
            Self::Divided(divisor) => data.divided_by(divisor),
            Self::Standard { mean, deviation } => {
                let standard = |pixel: f64| (pixel / 255.0 - mean) / deviation;
                let (pixels, shape) = (data.inputs().to_f64(), data.shape().to_vec());
                let inputs = match precision {
                    Precision::F32 => Tensor::new(shape, pixels.into_iter().map(|x| standard(x) as f32).collect()),
                    Precision::F64 => Tensor::new(shape, pixels.into_iter().map(standard).collect()),
                };
                let inputs = inputs.unwrap_or_else(|_| unreachable!("as many pixels as before"));
                let applied = Dataset::new(inputs, data.targets().clone());
                applied.unwrap_or_else(|_| unreachable!("as many samples as before"))
            }
        }
    }
}

impl fmt::Display for Pixels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Raw => f.write_str("pixels as they are, from 0 to 255"),
            Self::Divided(divisor) => write!(f, "pixels divided by {divisor}"),
            Self::Standard { mean, deviation } => {
                write!(f, "pixels divided by 255, less their mean {mean:.6}, divided by their deviation {deviation:.6}")
            }
        }
    }
}

/// All 70,000 samples of MNIST, shuffled by `seed` and cut into 56,000 for training and 14,000 held out.
///
/// # Errors
/// As [`mnist`].
pub fn mnist_split(options: &Mnist, seed: u64) -> Result<(Dataset, Dataset), Error> {
    let (train, test) = mnist(options)?;
    Ok(train.followed_by(&test)?.split(0.8, seed)?)
}
