//! `limpid evaluate`: a model file and a data set → loss and accuracy.

use clap::Args;
use serde::Serialize;

use crate::arguments::{Format, FormatOption};
use crate::asked::Asked;
use crate::data::{Named, Part};
use crate::failure::Failure;
use crate::output;
use crate::text::{self, Align};

/// Report how well a saved model does on a data set
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    asked: Asked,
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
    let Arguments { asked, format } = arguments;
    let (mut model, data) = asked.read()?;
    let evaluation = model.evaluate(&data)?;
    let report = Report {
        samples: evaluation.samples,
        loss: evaluation.loss,
        accuracy: evaluation.accuracy,
        model: asked.model.display().to_string(),
        network: model.network().to_string(),
        dataset: asked.data.dataset,
        part: asked.part,
    };
    match format.format {
        Format::Json => output::json(&report),
        Format::Text => output::result(&report.text()),
    }
}

impl Report {
    fn text(&self) -> String {
        let part = self.part.adjective();
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
