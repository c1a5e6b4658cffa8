//! Data to learn from: what is known of it before it is read, and its samples.

use std::path::{Path, PathBuf};

use limpid_graph::{Dim, Shape, Stream, Tensor};
use limpid_learn::step::SampleShape;
use limpid_learn::{Dataset, Loss, Mode, Network, Task, holdout};

use super::error::TrainingError;
use crate::Error;
use crate::datasets::{PIXEL_DIVISOR, targets_for};
use crate::models::Samples;

/// A kind of data, as far as defaults depend on it: see [`Defaults`](super::Defaults).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataKind {
    /// Rows of a table.
    Table,
    /// Pictures, and whatever is no table.
    Pictures,
}

/// What data demands of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataSpec {
    /// The data's name, for messages.
    pub name: String,
    /// How many numbers a sample has.
    pub size: usize,
    /// How many outputs a network has for it: its classes, or 1 for a regression.
    pub outputs: usize,
    /// What is learned.
    pub task: Task,
    /// Channels, height and width of a sample, where it is an image.
    pub image: Option<[usize; 3]>,
}

impl DataSpec {
    /// Of a data set that is known by name (the feature `sets`).
    #[cfg(feature = "sets")]
    pub fn of_set(set: &limpid_files::DataSet) -> Self {
        let (size, outputs) = (set.sample_size(), set.classes.len());
        let (task, image) = (Task::Classification, Some(set.shape));
        Self { name: set.name.to_string(), size, outputs, task, image }
    }

    /// Checks that a network takes such samples and gives as many outputs as they need.
    ///
    /// # Errors
    /// [`TrainingError::Inputs`], [`TrainingError::Outputs`], and every mistake in the network.
    pub fn check(&self, network: &Network) -> Result<(), TrainingError> {
        let (name, size, outputs) = (self.name.clone(), self.size, self.outputs);
        let takes: usize = network.input().iter().product();
        if takes != size {
            return Err(TrainingError::Inputs { takes, name, size });
        }
        let graph = network.graph(Mode::Inference).map_err(|error| TrainingError::Network(error.to_string()))?;
        let shape = graph.outputs().first().map(|&id| graph.node(id).shape.clone()).unwrap_or_default();
        if shape != Shape::new([Dim::symbol("batch"), Dim::known(outputs)]) {
            let (ends_in, has_rows) = (shape.to_string(), shape.rank() > 2);
            return Err(TrainingError::Outputs { ends_in, name, outputs, task: self.task, has_rows });
        }
        Ok(())
    }
}

/// Data to learn from. What a network must know of it is known; samples of a published data set are read when the training
/// begins, or by [`in_memory`](TrainingData::in_memory). Copies share samples that are read.
#[derive(Clone, Debug)]
pub struct TrainingData {
    spec: DataSpec,
    kind: DataKind,
    counts: [usize; 2],
    divisor: Option<f64>,
    samples: Option<Samples>,
    source: Source,
}

/// Where the samples are.
#[derive(Clone, Debug)]
enum Source {
    /// In memory.
    Read(Box<Parts>),
    /// In the files of a published data set: its row, and the folder, or none where they are looked for.
    Published {
        #[cfg(feature = "sets")]
        set: &'static limpid_files::DataSet,
        folder: Option<PathBuf>,
    },
}

/// Samples to learn from, and those that are held out.
type Parts = (Dataset, Option<Dataset>);

/// Samples as a training reads them.
pub(super) struct Read {
    pub(super) train: Dataset,
    pub(super) test: Option<Dataset>,
    /// What goes with the model, so that more samples of the kind can be read.
    pub(super) samples: Option<Samples>,
}

impl TrainingData {
    /// A table, split and prepared (the feature `tables`).
    #[cfg(feature = "tables")]
    pub fn of_table(name: impl Into<String>, split: crate::tables::TableSplit) -> Self {
        let crate::tables::TableSplit { train, test, preparation, .. } = split;
        let target = preparation.target();
        let (size, outputs, task) = (preparation.size(), target.outputs(), target.task());
        let spec = DataSpec { name: name.into(), size, outputs, task, image: None };
        Self {
            kind: DataKind::Table,
            samples: Some(Samples::Table(preparation)),
            ..Self::read_samples(spec, train, test)
        }
    }

    /// Pictures, split (the feature `pictures`).
    #[cfg(feature = "pictures")]
    pub fn of_pictures(name: impl Into<String>, split: crate::pictures::PictureSplit) -> Self {
        let crate::pictures::PictureSplit { train, test, form, .. } = split;
        let size = train.shape().iter().skip(1).product();
        let image = Some([form.channels, form.height, form.width]);
        let (outputs, task) = (form.classes.len(), Task::Classification);
        let spec = DataSpec { name: name.into(), size, outputs, task, image };
        Self { samples: Some(Samples::Pictures(form)), ..Self::read_samples(spec, train, test) }
    }

    /// A published data set, its pixels divided by 255 (the feature `sets`). Where no folder is named, its files are looked
    /// for in the usual places.
    #[cfg(feature = "sets")]
    pub fn of_set(set: &'static limpid_files::DataSet, folder: Option<&Path>) -> Self {
        let source = Source::Published { set, folder: folder.map(Path::to_path_buf) };
        Self::published(DataSpec::of_set(set), [set.train, set.test], source)
    }

    /// MNIST, its pixels divided by 255. Where no folder is named, its files are looked for in the usual places.
    ///
    /// ```
    /// let mnist = limpid::training::TrainingData::mnist(None);
    /// assert_eq!((mnist.spec().size, mnist.spec().outputs, mnist.train_samples()), (784, 10, 60_000));
    /// ```
    #[cfg(feature = "sets")]
    pub fn mnist(folder: Option<&Path>) -> Self {
        Self::of_set(&limpid_files::data_sets()[0], folder)
    }

    /// MNIST, its pixels divided by 255. Where no folder is named, its files are looked for in the usual places.
    ///
    /// ```
    /// let mnist = limpid::training::TrainingData::mnist(None);
    /// assert_eq!((mnist.spec().size, mnist.spec().outputs, mnist.train_samples()), (784, 10, 60_000));
    /// ```
    #[cfg(not(feature = "sets"))]
    pub fn mnist(folder: Option<&Path>) -> Self {
        let (task, image) = (Task::Classification, Some([1, 28, 28]));
        let spec = DataSpec { name: "mnist".to_string(), size: 784, outputs: 10, task, image };
        Self::published(spec, [60_000, 10_000], Source::Published { folder: folder.map(Path::to_path_buf) })
    }

    /// Samples of your own: with class labels for a classification, with numbers for a regression. `outputs` is the number
    /// of classes, or 1.
    pub fn of_samples(
        name: impl Into<String>,
        train: Dataset,
        test: Option<Dataset>,
        task: Task,
        outputs: usize,
    ) -> Self {
        let size = train.shape().iter().skip(1).product();
        let image = train.shape().get(1..).and_then(|sample| <[usize; 3]>::try_from(sample).ok());
        Self::read_samples(DataSpec { name: name.into(), size, outputs, task, image }, train, test)
    }

    fn read_samples(spec: DataSpec, train: Dataset, test: Option<Dataset>) -> Self {
        let counts = [train.len(), test.as_ref().map_or(0, Dataset::len)];
        let divisor = train.divisor();
        let source = Source::Read(Box::new((train, test)));
        Self { spec, kind: DataKind::Pictures, counts, divisor, samples: None, source }
    }

    fn published(spec: DataSpec, counts: [usize; 2], source: Source) -> Self {
        Self { spec, kind: DataKind::Pictures, counts, divisor: Some(PIXEL_DIVISOR), samples: None, source }
    }

    /// What it demands of a network.
    pub fn spec(&self) -> &DataSpec {
        &self.spec
    }

    /// Its kind.
    pub fn kind(&self) -> DataKind {
        self.kind
    }

    /// How many samples there are to learn from.
    pub fn train_samples(&self) -> usize {
        self.counts[0]
    }

    /// How many samples are held out.
    pub fn test_samples(&self) -> usize {
        self.counts[1]
    }

    /// What each number of a sample is divided by.
    pub fn divisor(&self) -> Option<f64> {
        self.divisor
    }

    /// What samples of your own are made from. Of a published data set it is known when that is read.
    pub fn samples(&self) -> Option<&Samples> {
        self.samples.as_ref()
    }

    /// The shape of its samples, with targets as `loss` takes them.
    pub(super) fn sample_shape(&self, loss: &Loss) -> SampleShape {
        let one_hot = self.spec.task == Task::Classification && !loss.takes_labels();
        let targets = |own: Vec<usize>| if one_hot { vec![self.spec.outputs] } else { own };
        match &self.source {
            Source::Read(read) => {
                let own = SampleShape::from(&read.0);
                SampleShape { target: targets(own.target), ..own }
            }
            Source::Published { .. } => {
                SampleShape { sample: vec![self.spec.size], target: targets(Vec::new()), divisor: self.divisor }
            }
        }
    }

    /// The folder with the files of a published data set, found before they are read.
    ///
    /// # Errors
    /// Where they are not found.
    pub fn locate(&mut self) -> Result<Option<&Path>, Error> {
        match &mut self.source {
            Source::Read(_) => Ok(None),
            #[cfg(feature = "sets")]
            Source::Published { set, folder } => Ok(Some(folder.insert(set.locate(folder.as_deref())?))),
            #[cfg(not(feature = "sets"))]
            Source::Published { folder } => Ok(Some(folder.insert(limpid_files::locate_mnist(folder.as_deref())?))),
        }
    }

    /// The same with the samples read, where they are not yet: for several trainings on the same data.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn in_memory(self) -> Result<Self, Error> {
        let ((train, test), samples) = self.read_parts()?;
        Ok(Self { samples, source: Source::Read(Box::new((train, test))), ..self })
    }

    /// The same with a part of the training samples in the place of what was held out, which is not looked at: a share of
    /// them, of each class alike and drawn by `seed`. It serves to choose between trainings.
    ///
    /// # Errors
    /// Where the samples cannot be read, or the share leaves nothing on a side.
    pub fn validating(self, share: f64, seed: u64) -> Result<Self, Error> {
        let ((whole, _), samples) = self.read_parts()?;
        let is_labels = self.spec.task == Task::Classification && whole.targets().shape().len() == 1;
        let labels: Option<Vec<usize>> =
            is_labels.then(|| whole.targets().to_f64().into_iter().map(|label| label as usize).collect());
        let (rows, validation) = holdout(whole.len(), labels.as_deref(), share, seed)?;
        let (train, test) = (whole.select(&rows)?, whole.select(&validation)?);
        let counts = [train.len(), test.len()];
        Ok(Self { samples, counts, source: Source::Read(Box::new((train, Some(test)))), ..self })
    }

    /// The samples, with targets as `loss` takes them.
    pub(super) fn read(self, loss: &Loss) -> Result<Read, Error> {
        let ((train, test), samples) = self.read_parts()?;
        let targeted = |data| targets_for(data, self.spec.task, self.spec.outputs, loss);
        Ok(Read { train: targeted(train)?, test: test.map(targeted).transpose()?, samples })
    }

    /// The samples as they are, and what goes with the model.
    fn read_parts(&self) -> Result<(Parts, Option<Samples>), Error> {
        let samples = self.samples.clone();
        Ok(match &self.source {
            Source::Read(read) => (Parts::clone(read), samples),
            #[cfg(feature = "sets")]
            Source::Published { set, folder } => {
                let (train, test) = crate::datasets::named(set, &as_bytes(folder.clone()))?;
                #[cfg(feature = "pictures")]
                let samples = Some(Samples::Pictures(crate::pictures::form_of(set, &train)));
                ((train.divided_by(PIXEL_DIVISOR), Some(test.divided_by(PIXEL_DIVISOR))), samples)
            }
            #[cfg(not(feature = "sets"))]
            Source::Published { folder } => {
                let (train, test) = crate::datasets::mnist(&as_bytes(folder.clone()))?;
                ((train.divided_by(PIXEL_DIVISOR), Some(test.divided_by(PIXEL_DIVISOR))), samples)
            }
        })
    }
}

fn as_bytes(folder: Option<PathBuf>) -> crate::datasets::Mnist {
    crate::datasets::Mnist { normalize: false, folder, ..Default::default() }
}

/// Samples that are drawn at random for a network, of the kind that a model learned from: pixels evenly from 0 to 1, rows
/// of a table by the standard normal distribution, and targets as `loss` takes them.
///
/// # Errors
/// Where they cannot be targets of the loss.
pub fn random_samples(
    network: &Network,
    samples: &Samples,
    loss: &Loss,
    count: usize,
    seed: u64,
) -> Result<Dataset, Error> {
    let size: usize = network.input().iter().product();
    let (inputs, labels) = (Stream::new(seed, "inputs"), Stream::new(seed, "targets"));
    let is_of_pictures = matches!(samples, Samples::Pictures(_));
    let number = |i: u64| if is_of_pictures { inputs.uniform(0, i) } else { inputs.normal(0, i) };
    let numbers: Vec<f64> = (0..(count * size) as u64).map(number).collect();
    let (task, outputs) = (samples.task(), samples.outputs());
    let shape: Vec<usize> = std::iter::once(count).chain(network.input().iter().copied()).collect();
    let targets = match task {
        Task::Regression => Tensor::new([count, 1], (0..count as u64).map(|i| labels.normal(0, i)).collect::<Vec<_>>()),
        Task::Classification => {
            let class = |i: u64| labels.below(0, i, outputs.max(1) as u64) as f64;
            Tensor::new([count], (0..count as u64).map(class).collect::<Vec<_>>())
        }
    };
    let data = Dataset::new(Tensor::new(shape, numbers)?, targets?)?;
    targets_for(data, task, outputs, loss)
}

/// The share of samples that is held out where nothing is said.
#[cfg(any(feature = "tables", feature = "pictures"))]
const TEST_SHARE: f64 = 0.2;

/// A table in a file, and what of it is learned (the feature `tables`). With [`new`](TableData::new) name what differs:
///
/// ```
/// use limpid::training::TableData;
///
/// let data = TableData { ignored: vec!["id".to_string()], test_share: 0.25, ..TableData::new("iris.csv", "species") };
/// assert_eq!(data.target, "species");
/// ```
#[cfg(feature = "tables")]
#[derive(Clone, Debug, PartialEq)]
pub struct TableData {
    /// The file.
    pub path: PathBuf,
    /// What is known of the table before it is read.
    pub form: limpid_files::TableForm,
    /// The column that is predicted.
    pub target: String,
    /// Columns that are not looked at.
    pub ignored: Vec<String>,
    /// Whether the target is a class or a number; None lets the column's values decide.
    pub task: Option<Task>,
    /// The share of the rows that is held out, of each class alike; 0 for none.
    pub test_share: f64,
}

#[cfg(feature = "tables")]
impl TableData {
    /// Predicts this column from all others; a fifth of the rows is held out.
    pub fn new(path: impl Into<PathBuf>, target: impl Into<String>) -> Self {
        let (path, form, target) = (path.into(), limpid_files::TableForm::default(), target.into());
        Self { path, form, target, ignored: Vec::new(), task: None, test_share: TEST_SHARE }
    }

    /// Reads, splits and prepares it. The seed draws the rows that are held out.
    ///
    /// # Errors
    /// Where the file cannot be read, or a column is not there or cannot be learned from.
    pub fn read(&self, seed: u64, precision: limpid_engine::Precision) -> Result<TrainingData, Error> {
        let table = limpid_files::Table::read_as(&self.path, &self.form)?;
        let options = crate::tables::TableOptions {
            ignored: self.ignored.clone(),
            task: self.task,
            test_share: self.test_share,
            seed,
            precision,
            ..crate::tables::TableOptions::predicting(&self.target)
        };
        Ok(TrainingData::of_table(self.path.display().to_string(), crate::tables::split(&table, &options)?))
    }
}

/// A folder of pictures, with a folder for each class, or of IDX files, or an `.npz` of arrays (the feature `pictures`).
#[cfg(feature = "pictures")]
#[derive(Clone, Debug, PartialEq)]
pub struct PictureData {
    /// The folder, or the archive.
    pub path: PathBuf,
    /// Height and width that pictures are brought to; None where all have the same.
    pub size: Option<(usize, usize)>,
    /// The share of each class that is held out, where the folder has no parts of its own; 0 for none.
    pub test_share: f64,
}

#[cfg(feature = "pictures")]
impl PictureData {
    /// Pictures of one size; a fifth of each class is held out, where the folder has no parts of its own.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), size: None, test_share: TEST_SHARE }
    }

    /// Reads and splits them. The seed draws the pictures that are held out.
    ///
    /// # Errors
    /// Where a file cannot be read, or pictures differ in size or classes.
    pub fn read(&self, seed: u64) -> Result<TrainingData, Error> {
        let split = crate::pictures::split_sized(&self.path, self.size, self.test_share, seed)?;
        Ok(TrainingData::of_pictures(self.path.display().to_string(), split))
    }
}
