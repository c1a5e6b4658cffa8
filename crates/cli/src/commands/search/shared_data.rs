//! The data of a search: read and split once, however many runs learn from it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use limpid::training::{TrainingData, TrainingSetup};

use crate::failure::Failure;
use crate::training_arguments::TrainingArguments;

/// Data with its validation part, by all that it depends on. Runs that vary a flag of the data have data of their own.
pub(super) struct SharedData {
    validation: f64,
    seed: u64,
    read: Mutex<HashMap<String, TrainingData>>,
}

impl SharedData {
    /// Data of which this share of the training samples, drawn by the seed, is held out to compare with.
    pub(super) fn validating(validation: f64, seed: u64) -> Self {
        Self { validation, seed, read: Mutex::default() }
    }

    /// The training that is asked for, on its data.
    pub(super) fn setup(&self, asked: &TrainingArguments) -> Result<TrainingSetup, Failure> {
        asked.setup_with(self.of(asked)?, false, &mut Vec::new())
    }

    fn of(&self, asked: &TrainingArguments) -> Result<TrainingData, Failure> {
        let key = asked.data_key();
        // Whoever wants the same data waits for it.
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(data) = read.get(&key) {
            return Ok(data.clone());
        }
        let (data, _) = asked.read_data()?;
        let data = data.validating(self.validation, self.seed)?;
        read.insert(key, data.clone());
        Ok(data)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    #[command(no_binary_name = true)]
    struct Flags {
        #[command(flatten)]
        asked: TrainingArguments,
    }

    #[test]
    fn a_file_is_read_once_for_all_runs_that_take_the_same_data() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("t.csv");
        let rows = (0..40).map(|i| format!("{i},{}\n", if i % 3 == 0 { "a" } else { "b" }));
        std::fs::write(&file, format!("x,kind\n{}", rows.collect::<String>())).unwrap();
        let data = SharedData::validating(0.25, 1);
        let setup = |more: &[&str]| {
            let typed = ["--data", file.to_str().unwrap(), "--target", "kind", "--test-share", "0"];
            data.setup(&Flags::parse_from([&typed[..], more].concat()).asked)
        };
        let first = setup(&["--lr", "0.1"]).unwrap();
        assert_eq!((first.data().train_samples(), first.data().test_samples()), (30, 10));
        std::fs::remove_file(&file).unwrap();
        for more in [&["--lr", "0.2"][..], &["--hidden", "7", "--optimizer", "adam"], &["--activation", "tanh"]] {
            assert_eq!(setup(more).unwrap().data().train_samples(), 30);
        }
        // Another seed draws other rows to hold out.
        assert!(setup(&["--seed", "2"]).unwrap_err().to_string().contains("t.csv"));
    }
}
