//! The data sets that the command knows by name: the rows of the table of data sets.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use clap::ValueEnum;
use clap::builder::PossibleValue;
use limpid::datasets::{Mnist, PIXEL_DIVISOR, named};
use limpid::files::{DataSet, data_sets};
use limpid::learn::{Dataset, Loss, Network};
use limpid::models::Part;
use limpid::training::{DataSpec, TrainingError};
use serde::{Serialize, Serializer};

/// A data set by name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named(&'static DataSet);

impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Named {}

impl Serialize for Named {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl ValueEnum for Named {
    fn value_variants<'a>() -> &'a [Self] {
        static ALL: LazyLock<Vec<Named>> = LazyLock::new(|| data_sets().iter().map(Named).collect());
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).help(self.0.summary))
    }
}

/// A data set, read.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) train: Dataset,
    pub(crate) test: Dataset,
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
    /// The one that is meant where none is named.
    pub(crate) fn usual() -> Self {
        Self(&data_sets()[0])
    }

    /// What is known of it.
    pub(crate) fn set(self) -> &'static DataSet {
        self.0
    }

    /// The data set of this name.
    pub(crate) fn called(name: &str) -> Option<Self> {
        data_sets().iter().find(|set| set.name == name).map(Self)
    }

    pub(crate) fn name(self) -> &'static str {
        self.0.name
    }

    /// How many samples a part has. Known before any file is read, so that a setting can be refused in time.
    pub(crate) fn samples(self, part: Part) -> usize {
        match part {
            Part::Train => self.0.train,
            Part::Test => self.0.test,
        }
    }

    /// What the classes are called.
    pub(crate) fn class_names(self) -> Vec<String> {
        self.0.classes.iter().map(ToString::to_string).collect()
    }

    /// What each number of a sample is divided by for training.
    pub(crate) fn divisor(self) -> Option<f64> {
        Some(PIXEL_DIVISOR)
    }

    /// The folder with the files.
    pub(crate) fn locate(self, folder: Option<&Path>) -> Result<PathBuf, limpid::Error> {
        Ok(self.0.locate(folder)?)
    }

    /// Reads both parts, with targets as `loss` takes them.
    pub(crate) fn read(self, folder: Option<&Path>, divisor: Option<f64>, loss: &Loss) -> Result<Parts, limpid::Error> {
        let one_hot_label = !loss.takes_labels();
        let folder = folder.map(Path::to_path_buf);
        let (train, test) = named(self.0, &Mnist { normalize: false, flatten: true, one_hot_label, folder })?;
        let divided = |data: Dataset| divisor.map_or(data.clone(), |divisor| data.divided_by(divisor));
        Ok(Parts { train: divided(train), test: divided(test) })
    }

    /// Checks that a network takes this data set's samples and tells its classes apart; otherwise says what to use instead.
    pub(crate) fn check_fits(self, network: &Network) -> Result<(), TrainingError> {
        DataSpec::of_set(self.0).check(network)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_data_set_is_known_by_its_name_to_flags_and_to_json() {
        for named in Named::value_variants() {
            assert_eq!(Named::from_str(named.name(), false), Ok(*named));
            assert_eq!(Named::called(named.name()), Some(*named));
            assert_eq!(serde_json::to_value(named).unwrap(), named.name());
        }
    }
}
