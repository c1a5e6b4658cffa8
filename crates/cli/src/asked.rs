//! A model and the samples that it is asked about, as several verbs take them.

use std::path::PathBuf;

use clap::Args;
use limpid::learn::{Dataset, Model};
use limpid::models::{self, Saved};

use crate::arguments::{DataOptions, ThreadsOption};
use crate::data::Part;
use crate::failure::Failure;

/// A model that is asked about a data set.
#[derive(Debug, Args)]
pub(crate) struct Asked {
    /// Model file, as written by `limpid train --output`
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) data: DataOptions,
    /// Part of the data set
    #[arg(long, value_enum, value_name = "PART", default_value_t = Part::Test, help_heading = "Data")]
    pub(crate) part: Part,
    #[command(flatten)]
    pub(crate) threads: ThreadsOption,
}

impl Asked {
    /// The model, and the samples as it learned to read them.
    pub(crate) fn read(&self) -> Result<(Model, Dataset), Failure> {
        let Saved { model, divisor } = models::load(&self.model)?;
        let model = model.with_threads(self.threads.count());
        let named = self.data.dataset;
        named.check_fits(model.network()).map_err(|why| Failure::Misfit(format!("{}: {why}", self.model.display())))?;
        let data = named.read(self.data.data.as_deref(), divisor, model.loss())?;
        Ok((model, data.into_part(self.part)))
    }
}
