//! `limpid evaluate`: a model file and a data set → loss and accuracy.

use clap::Args;
use limpid::learn::Regression;
use serde::Serialize;

use crate::arguments::{Format, FormatOption};
use crate::asked::Asked;
use crate::data::Part;
use crate::failure::Failure;
use crate::output;
use crate::source;
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
  On a table, or on pictures, that it has not seen:
    limpid evaluate iris.safetensors --data more.csv
  Only the accuracy:
    limpid evaluate digits.safetensors --format json | jq .accuracy";

/// The result.
#[derive(Serialize)]
struct Report {
    samples: usize,
    loss: f64,
    accuracy: Option<f64>,
    /// For a regression, in the target's own units.
    #[serde(flatten)]
    regression: Option<Regression>,
    model: String,
    network: String,
    dataset: String,
    part: Option<Part>,
    #[serde(skip)]
    described: String,
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { asked, format } = arguments;
    let mut asking = asked.read()?;
    let described = asking.described();
    let evaluation = asking.model.evaluate(&asking.data)?;
    let regression = source::regression(&mut asking.model, &asking.data, asking.samples.as_ref())?;
    let report = Report {
        samples: evaluation.samples,
        loss: evaluation.loss,
        accuracy: evaluation.accuracy,
        regression,
        model: asked.model.display().to_string(),
        network: asking.model.network().to_string(),
        dataset: asking.name,
        part: asking.part,
        described,
    };
    match format.format {
        Format::Json => output::json(&report),
        Format::Text => output::result(&report.text()),
    }
}

impl Report {
    fn text(&self) -> String {
        let regression = |number: fn(&Regression) -> Option<f64>| self.regression.as_ref().and_then(number);
        let rows = [
            ("model", Some(self.model.clone())),
            ("network", Some(self.network.clone())),
            ("data", Some(self.described.clone())),
            ("loss", Some(text::loss(self.loss))),
            ("accuracy", self.accuracy.map(text::percent)),
            ("R²", regression(|seen| seen.r2).map(text::loss)),
            ("root mean squared error", regression(|seen| Some(seen.rmse)).map(text::figures)),
            ("mean absolute error", regression(|seen| Some(seen.mae)).map(text::figures)),
        ];
        let rows: Vec<_> = rows.into_iter().filter_map(|(name, value)| Some(vec![name.into(), value?])).collect();
        text::table(&[Align::Left, Align::Left], &rows)
    }
}
