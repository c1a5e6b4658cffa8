//! A model and the samples that it is asked about, as several verbs take them.

use std::path::PathBuf;

use clap::Args;
use limpid::learn::{Dataset, Model};
use limpid::models::{self, Samples, Saved};

use crate::arguments::{DataOptions, ThreadsOption};
use crate::data::Part;
use crate::failure::Failure;
use crate::source::{Questions, Source, unprepared};
use crate::{output, text};

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

/// A model with the samples that it is asked about.
pub(crate) struct Asking {
    pub(crate) model: Model,
    pub(crate) data: Dataset,
    /// What its samples are made from, where its file says so.
    pub(crate) samples: Option<Samples>,
    /// What the data is called in a report.
    pub(crate) name: String,
    /// None where the data has no parts.
    pub(crate) part: Option<Part>,
}

impl Asked {
    /// The model, and the samples as it learned to read them.
    pub(crate) fn read(&self) -> Result<Asking, Failure> {
        let Saved { model, divisor, samples } = models::load(&self.model)?;
        let model = model.with_threads(self.threads.count());
        if let Some(samples) = samples {
            let Questions { data, name, part, notes } = Questions::read(&self.data, self.part, &samples, model.loss())?;
            notes.iter().for_each(|note| output::note(note));
            return Ok(Asking { model, data, samples: Some(samples), name, part });
        }
        let source = Source::of(&self.data);
        let Source::Named(named) = source else { return Err(unprepared(&source)) };
        named.check_fits(model.network()).map_err(|why| Failure::Misfit(format!("{}: {why}", self.model.display())))?;
        let data = named.read(self.data.data.as_deref(), divisor, model.loss())?.into_part(self.part);
        Ok(Asking { model, data, samples: None, name: named.name().to_string(), part: Some(self.part) })
    }
}

impl Asking {
    /// The names of the classes, where they are known by more than their numbers.
    pub(crate) fn classes(&self) -> Result<Option<Vec<String>>, Failure> {
        match &self.samples {
            Some(Samples::Table(preparation)) => match preparation.target().classes() {
                Some(classes) => Ok(Some(classes)),
                None => Err(Failure::Usage("the model predicts a number; this picture is of classes".to_string())),
            },
            Some(Samples::Pictures(form)) => Ok(Some(form.classes.clone())),
            None => Ok(None),
        }
    }

    /// Refuses samples that cannot be shown as grey pictures.
    pub(crate) fn check_pictures(&self) -> Result<(), Failure> {
        let what = match &self.samples {
            Some(Samples::Table(_)) => "rows of a table",
            Some(Samples::Pictures(form)) if form.channels > 1 => "coloured pictures",
            _ => return Ok(()),
        };
        Err(Failure::Usage(format!("{what} are not drawn; a model of grey pictures fits")))
    }

    /// The samples in words: `10,000 test samples of mnist`.
    pub(crate) fn described(&self) -> String {
        let part = self.part.map(|part| format!("{} ", part.adjective())).unwrap_or_default();
        format!("{} {part}samples of {}", text::count(self.data.len() as u64), self.name)
    }
}
