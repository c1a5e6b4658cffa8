//! The data sets that the command knows by name.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use limpid::datasets::{Mnist, named};
use limpid::files::{DataSet, data_sets};
use limpid::graph::{Dim, Shape};
use limpid::learn::{Dataset, Loss, Mode, Network, Task};
use serde::Serialize;

/// A data set by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Named {
    /// 70,000 handwritten digits of 28×28 pixels
    Mnist,
    /// 70,000 pieces of clothing, 28×28
    FashionMnist,
    /// 70,000 handwritten Japanese syllables, 28×28
    Kmnist,
    /// 131,600 handwritten digits and letters in 47 classes, 28×28
    EmnistBalanced,
    /// 145,600 handwritten letters in 26 classes, 28×28
    EmnistLetters,
    /// 280,000 handwritten digits, 28×28
    EmnistDigits,
    /// 70,000 handwritten digits, prepared as EMNIST's letters are
    EmnistMnist,
    /// 814,255 handwritten digits and letters in 62 classes, 28×28
    EmnistByclass,
    /// The same in 47 classes
    EmnistBymerge,
    /// 60,000 colour photographs of 32×32 pixels in 10 classes
    #[value(name = "cifar-10")]
    #[serde(rename = "cifar-10")]
    Cifar10,
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
    /// to use instead.
    pub(crate) fn check_fits(&self, network: &Network) -> Result<(), String> {
        let Self { name, size, outputs, task } = self;
        let takes: usize = network.input().iter().product();
        if takes != *size {
            return Err(format!(
                "the network takes {takes} numbers, but a sample of {name} has {size}; use a network that begins with `{size}`"
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
                "the network ends in {ends_in}, but {has}; use a network{flatten} that ends in `affine {outputs}`"
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
    /// What is known of it. The table has a row for each name; a test says so.
    pub(crate) fn set(self) -> &'static DataSet {
        let name = self.to_possible_value();
        let is_it = |set: &&DataSet| name.as_ref().is_some_and(|name| name.get_name() == set.name);
        data_sets().iter().find(is_it).unwrap_or(&data_sets()[0])
    }

    /// The data set of this name.
    pub(crate) fn called(name: &str) -> Option<Self> {
        Self::from_str(name, false).ok()
    }

    pub(crate) fn name(self) -> &'static str {
        self.set().name
    }

    /// How many samples a part has. Known before any file is read, so that a setting can be refused in time.
    pub(crate) fn samples(self, part: Part) -> usize {
        match part {
            Part::Train => self.set().train,
            Part::Test => self.set().test,
        }
    }

    /// How many numbers a sample has.
    pub(crate) fn sample_size(self) -> usize {
        self.set().sample_size()
    }

    /// How many classes there are.
    pub(crate) fn classes(self) -> usize {
        self.set().classes.len()
    }

    /// What the classes are called.
    pub(crate) fn class_names(self) -> Vec<String> {
        self.set().classes.iter().map(ToString::to_string).collect()
    }

    /// What each number of a sample is divided by for training.
    pub(crate) fn divisor(self) -> Option<f64> {
        Some(255.0)
    }

    /// The folder with the files.
    pub(crate) fn locate(self, folder: Option<&Path>) -> Result<PathBuf, limpid::Error> {
        Ok(self.set().locate(folder)?)
    }

    /// Reads both parts, with targets as `loss` takes them.
    pub(crate) fn read(self, folder: Option<&Path>, divisor: Option<f64>, loss: &Loss) -> Result<Parts, limpid::Error> {
        let one_hot_label = !loss.takes_labels();
        let folder = folder.map(Path::to_path_buf);
        let (train, test) = named(self.set(), &Mnist { normalize: false, flatten: true, one_hot_label, folder })?;
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

    /// Checks that a network takes this data set's samples and tells its classes apart; otherwise says what to use instead.
    pub(crate) fn check_fits(self, network: &Network) -> Result<(), String> {
        self.form().check_fits(network)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_row_of_the_table_and_every_row_has_a_name() {
        let names: Vec<_> = Named::value_variants().iter().map(|named| named.name()).collect();
        assert_eq!(names, data_sets().iter().map(|set| set.name).collect::<Vec<_>>());
        for named in Named::value_variants() {
            assert_eq!(named.to_possible_value().unwrap().get_name(), named.name());
            assert_eq!(Named::called(named.name()), Some(*named));
            assert_eq!(serde_json::to_value(named).unwrap(), named.name());
        }
    }
}
