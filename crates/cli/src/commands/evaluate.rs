//! `limpid evaluate`: a model file and a data set → loss and accuracy.

use std::path::PathBuf;

use clap::Args;
use limpid::models::{self, Saved};
use serde::Serialize;

use crate::arguments::{DataOptions, Format, FormatOption, ThreadsOption};
use crate::data::{Named, Part};
use crate::failure::Failure;
use crate::output;
use crate::text::{self, Align};

/// Report how well a saved model does on a data set
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Model file, as written by `limpid train --output`
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    #[command(flatten)]
    data: DataOptions,
    /// Part of the data set
    #[arg(long, value_enum, value_name = "PART", default_value_t = Part::Test, help_heading = "Data")]
    part: Part,
    #[command(flatten)]
    threads: ThreadsOption,
    #[command(flatten)]
    format: FormatOption,
}

const EXAMPLES: &str = "\
Examples:
  On the 10,000 digits that were held out:
    limpid evaluate digits.safetensors
  On those it learned from:
    limpid evaluate digits.safetensors --part train
  Only the accuracy:
    limpid evaluate digits.safetensors --format json | jq .accuracy";

/// The result.
#[derive(Serialize)]
struct Report {
    samples: usize,
    loss: f64,
    accuracy: Option<f64>,
    model: String,
    network: String,
    dataset: Named,
    part: Part,
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { model: path, data: DataOptions { dataset, data: folder }, part, threads, format } = arguments;
    let Saved { model, divisor } = models::load(&path)?;
    let mut model = model.with_threads(threads.count());
    dataset.check_fits(model.network()).map_err(|why| Failure::Misfit(format!("{}: {why}", path.display())))?;
    let data = dataset.read(folder.as_deref(), divisor, model.loss())?;
    let evaluation = model.evaluate(data.part(part))?;
    let report = Report {
        samples: evaluation.samples,
        loss: evaluation.loss,
        accuracy: evaluation.accuracy,
        model: path.display().to_string(),
        network: model.network().to_string(),
        dataset,
        part,
    };
    match format.format {
        Format::Json => output::json(&report),
        Format::Text => output::result(&report.text()),
    }
}

impl Report {
    fn text(&self) -> String {
        let part = match self.part {
            Part::Train => "training",
            Part::Test => "test",
        };
        let rows = [
            ("model", Some(self.model.clone())),
            ("network", Some(self.network.clone())),
            ("data", Some(format!("{} {part} samples of {}", text::count(self.samples as u64), self.dataset.name()))),
            ("loss", Some(text::loss(self.loss))),
            ("accuracy", self.accuracy.map(text::percent)),
        ];
        let rows: Vec<_> = rows.into_iter().filter_map(|(name, value)| Some(vec![name.into(), value?])).collect();
        text::table(&[Align::Left, Align::Left], &rows)
    }
}
