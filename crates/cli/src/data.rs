//! The data sets that the command knows by name.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use limpid::datasets::{Mnist, mnist};
use limpid::graph::{Dim, Shape};
use limpid::learn::{Dataset, Loss, Mode, Network, Task};
use serde::Serialize;

/// A data set by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Named {
    /// 70,000 handwritten digits of 28×28 pixels
    Mnist,
}

/// One of the two parts of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Part {
    /// What a model learns from
    Train,
    /// What was held out
    Test,
}

/// A data set, read.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) train: Dataset,
    pub(crate) test: Dataset,
}

/// What a network for a data set must fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// What the data set is called in a message.
    pub(crate) name: String,
    /// How many numbers a sample has.
    pub(crate) size: usize,
    /// How many outputs a network has for it: its classes, or 1.
    pub(crate) outputs: usize,
    pub(crate) task: Task,
}

impl Form {
    /// Checks that a network takes the data set's samples and gives as many outputs as it needs; otherwise says what
    /// would fit.
    pub(crate) fn check_fits(&self, network: &Network) -> Result<(), String> {
        let Self { name, size, outputs, task } = self;
        let takes: usize = network.input().iter().product();
        if takes != *size {
            return Err(format!(
                "the network takes {takes} numbers, but a sample of {name} has {size}; a network that begins with `{size}` fits"
            ));
        }
        let graph = network.graph(Mode::Inference).map_err(|error| error.to_string())?;
        let ends_in = graph.outputs().first().map(|&id| graph.node(id).shape.clone()).unwrap_or_default();
        if ends_in != Shape::new([Dim::symbol("batch"), Dim::known(*outputs)]) {
            let flatten = if ends_in.rank() > 2 { " with `flatten` before its first `affine`" } else { "" };
            let has = match task {
                Task::Classification => format!("{name} has {outputs} classes"),
                Task::Regression => "a regression has one output".to_string(),
            };
            return Err(format!(
                "the network ends in {ends_in}, but {has}; a network{flatten} that ends in `affine {outputs}` fits"
            ));
        }
        Ok(())
    }
}

impl Part {
    /// As it stands before "samples".
    pub(crate) fn adjective(self) -> &'static str {
        match self {
            Self::Train => "training",
            Self::Test => "test",
        }
    }
}

impl Parts {
    pub(crate) fn into_part(self, part: Part) -> Dataset {
        match part {
            Part::Train => self.train,
            Part::Test => self.test,
        }
    }
}

impl Named {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mnist => "mnist",
        }
    }

    /// How many samples a part has. Known before any file is read, so that a setting can be refused in time.
    pub(crate) fn samples(self, part: Part) -> usize {
        match (self, part) {
            (Self::Mnist, Part::Train) => 60_000,
            (Self::Mnist, Part::Test) => 10_000,
        }
    }

    /// How many numbers a sample has.
    pub(crate) fn sample_size(self) -> usize {
        match self {
            Self::Mnist => 784,
        }
    }

    /// How many classes there are.
    pub(crate) fn classes(self) -> usize {
        match self {
            Self::Mnist => 10,
        }
    }

    /// What each number of a sample is divided by for training.
    pub(crate) fn divisor(self) -> Option<f64> {
        match self {
            Self::Mnist => Some(255.0),
        }
    }

    /// The folder with the files.
    pub(crate) fn locate(self, folder: Option<&Path>) -> Result<PathBuf, limpid::Error> {
        match self {
            Self::Mnist => Ok(limpid::files::locate_mnist(folder)?),
        }
    }

    /// Reads both parts, with targets as `loss` takes them.
    pub(crate) fn read(self, folder: Option<&Path>, divisor: Option<f64>, loss: Loss) -> Result<Parts, limpid::Error> {
        let one_hot_label = loss != Loss::SoftmaxCrossEntropy;
        let folder = folder.map(Path::to_path_buf);
        let (train, test) = match self {
            Self::Mnist => mnist(&Mnist { normalize: false, flatten: true, one_hot_label, folder })?,
        };
        let divided = |data: Dataset| divisor.map_or(data.clone(), |divisor| data.divided_by(divisor));
        Ok(Parts { train: divided(train), test: divided(test) })
    }

    /// What a network for it must fit.
    pub(crate) fn form(self) -> Form {
        Form {
            name: self.name().to_string(),
            size: self.sample_size(),
            outputs: self.classes(),
            task: Task::Classification,
        }
    }

    /// Checks that a network takes this data set's samples and tells its classes apart; otherwise says what would fit.
    pub(crate) fn check_fits(self, network: &Network) -> Result<(), String> {
        self.form().check_fits(network)
    }
}
