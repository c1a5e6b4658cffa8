//! `limpid evaluate`: a model, or weights of another program, and a data set → loss, accuracy and right answers.

mod top_losses;

use std::time::{Duration, Instant};

use clap::Args;
use indicatif::ProgressBar;
use limpid::datasets::Pixels;
use limpid::evaluation::regression;
use limpid::files::Format as FileFormat;
use limpid::learn::{Dataset, EVALUATION_BATCH, Evaluation, Regression};
use limpid::models::{Part, Seen};
use serde::Serialize;

use self::top_losses::{TopLosses, listed};
use crate::arguments::{Format, FormatOption, at_least_one};
use crate::failure::Failure;
use crate::model_and_data::{EvaluationInput, ModelAndData};
use crate::output;
use crate::plots::classes::TopLoss;
use crate::progress::{bar, show};
use crate::text::{self, Align};

/// Report how well a saved model, or weights of another program, does on a data set
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    model_and_data: ModelAndData,
    /// Number of samples that are evaluated at a time, such as 1 or 100
    ///
    /// Larger batches are faster; the results are the same.
    #[arg(long, value_name = "SAMPLES", default_value_t = EVALUATION_BATCH, help_heading = "Data")]
    #[arg(value_parser = at_least_one, allow_negative_numbers = true)]
    batch_size: usize,
    #[command(flatten)]
    format: FormatOption,
    /// Print only errors on stderr
    #[arg(long, short, help_heading = "Output")]
    quiet: bool,
    #[command(flatten)]
    top_losses: TopLosses,
}

const EXAMPLES: &str = "\
Examples:
  On the 10,000 digits that were held out:
    limpid evaluate digits.safetensors
  On the training samples:
    limpid evaluate digits.safetensors --part train
  On a table, or on pictures, that it has not seen:
    limpid evaluate iris.safetensors --data more.csv
  On the rows that were held out of the table that it was trained on:
    limpid evaluate iris.safetensors --data iris.csv --part test
  Weights that NumPy pickled, on pixels from 0 to 255, one digit at a time:
    limpid evaluate weights.pkl --activation sigmoid --normalize none --batch-size 1
  The twenty digits that it does worst on, and their picture:
    limpid evaluate digits.safetensors --top-losses 20 --output worst.png
  Only the accuracy:
    limpid evaluate digits.safetensors --format json | jq .accuracy";

/// The result.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    all: Measured,
    model: String,
    model_format: String,
    network: String,
    dataset: String,
    part: Option<Part>,
    /// How many of the samples the model was trained on, where that is known of all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    trained_on: Option<usize>,
    /// The same for what the model was trained on, and for what was held out.
    #[serde(skip_serializing_if = "Option::is_none")]
    parts: Option<PartsReport>,
    batch_size: usize,
    /// What was done to the pixels, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pixels: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pixel_mean: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pixel_deviation: Option<f64>,
    /// What was concluded about bare weights.
    assumed: Vec<String>,
    /// The samples with the largest losses, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    top_losses: Option<Vec<TopLoss>>,
    #[serde(skip)]
    described: String,
}

/// How well a model does on some samples.
#[derive(Serialize)]
struct Measured {
    samples: usize,
    loss: f64,
    accuracy: Option<f64>,
    right: Option<usize>,
    /// For a regression, in the target's own units.
    #[serde(flatten)]
    regression: Option<Regression>,
}

#[derive(Serialize)]
struct PartsReport {
    train: Measured,
    test: Measured,
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { model_and_data, batch_size, format, quiet, top_losses } = arguments;
    let mut input = model_and_data.read(quiet)?;
    top_losses.check(&input)?;
    let described = input.described();
    let mut running = Running::start(input.data.len(), quiet);
    let evaluation = input.saved.model.evaluate_watched(&input.data, batch_size, |so_far| running.show(so_far));
    running.finish();
    let all = Measured::of(evaluation?, &mut input, None)?;
    let top_losses = top_losses.find(&mut input)?;
    let (trained_on, parts) = match input.seen.take() {
        Some(Seen::Same { train, test }) => {
            let trained_on = train.len();
            let mut part = |rows: Vec<usize>| {
                let data = input.data.select(&rows)?;
                let evaluation = input.saved.model.evaluate_watched(&data, batch_size, |_| {})?;
                Measured::of(evaluation, &mut input, Some(data))
            };
            // Where nothing was held out, the part is all of it.
            let parts = match test.is_empty() {
                true => None,
                false => Some(PartsReport { train: part(train)?, test: part(test)? }),
            };
            (Some(trained_on), parts)
        }
        _ => (None, None),
    };
    let (pixel_mean, pixel_deviation) = match input.pixels {
        Some(Pixels::Standard { mean, deviation }) => (Some(mean), Some(deviation)),
        _ => (None, None),
    };
    let model_format = input.format;
    let report = Report {
        all,
        model: model_and_data.model.display().to_string(),
        model_format: model_format.to_string(),
        network: input.saved.model.network().to_string(),
        dataset: input.name,
        part: input.part,
        trained_on,
        parts,
        batch_size,
        pixels: input.pixels.map(|pixels| pixels.to_string()),
        pixel_mean,
        pixel_deviation,
        assumed: input.assumed,
        top_losses,
        described,
    };
    match format.format {
        Format::Json => output::json(&report),
        Format::Text => {
            let top = report.top_losses.as_ref().map(|found| format!("\n{}", listed(found))).unwrap_or_default();
            output::report(&(report.text(model_format) + &top))
        }
    }
}

impl Measured {
    /// What was found, and for a regression more, of some samples of an input or of all of them.
    fn of(evaluation: Evaluation, input: &mut EvaluationInput, some: Option<Dataset>) -> Result<Self, Failure> {
        let EvaluationInput { saved, data, .. } = input;
        let Evaluation { samples: count, loss, accuracy, right, .. } = evaluation;
        let regression = regression(saved, some.as_ref().unwrap_or(data))?;
        Ok(Self { samples: count, loss, accuracy, right, regression })
    }

    /// Each figure with its name, where there is one.
    fn figures(&self) -> Vec<(&'static str, String)> {
        let samples = text::count(self.samples as u64);
        let regression = |number: fn(&Regression) -> Option<f64>| self.regression.as_ref().and_then(number);
        let figures = [
            ("loss", Some(text::loss(self.loss))),
            ("accuracy", self.accuracy.map(text::percent)),
            ("right", self.right.map(|right| format!("{} of {samples}", text::count(right as u64)))),
            ("R²", regression(|seen| seen.r2).map(text::loss)),
            ("root mean squared error", regression(|seen| Some(seen.rmse)).map(text::figures)),
            ("mean absolute error", regression(|seen| Some(seen.mae)).map(text::figures)),
        ];
        figures.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

impl Report {
    fn text(&self, format: FileFormat) -> String {
        let model = match format {
            FileFormat::Model => self.model.clone(),
            other => format!("{} ({})", self.model, other.described()),
        };
        let rows = [
            ("model", Some(model)),
            ("network", Some(self.network.clone())),
            ("data", Some(self.described.clone())),
            ("", self.pixels.clone()),
        ];
        let rows = rows.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let cells = |(name, value): (&str, String)| vec![name.to_string(), value];
        let Some(PartsReport { train, test }) = &self.parts else {
            let rows: Vec<_> = rows.chain(self.all.figures()).map(cells).collect();
            return text::table(&[Align::Left, Align::Left], &rows);
        };
        let rows: Vec<_> = rows.map(cells).collect();
        // A column for each part. What was held out comes first: it says how the model does on new samples.
        let columns = [("held out", test), ("trained on", train), ("all", &self.all)];
        let figures: Vec<Vec<_>> = columns.iter().map(|(_, measured)| measured.figures()).collect();
        let line = |name: &str, of: &dyn Fn(usize) -> String| {
            std::iter::once(name.to_string()).chain((0..columns.len()).map(of)).collect::<Vec<_>>()
        };
        let mut lines = vec![
            line("", &|column| columns[column].0.to_string()),
            line("samples", &|column| text::count(columns[column].1.samples as u64)),
        ];
        lines.extend(figures[2].iter().map(|(name, _)| {
            let of = |column: usize| {
                let own = figures[column].iter().find(|(own, _)| own == name);
                own.map(|(_, value)| value.clone()).unwrap_or_default()
            };
            line(name, &of)
        }));
        let aligns = [Align::Left, Align::Right, Align::Right, Align::Right];
        format!("{}\n{}", text::table(&[Align::Left, Align::Left], &rows), text::table(&aligns, &lines))
    }
}

/// The accuracy so far, on stderr: a bar where it is a terminal, elsewhere a line each tenth of the samples.
struct Running {
    bar: Option<ProgressBar>,
    is_quiet: bool,
    samples: usize,
    next: usize,
    drawn: Instant,
}

impl Running {
    /// The bar is drawn again after this long.
    const REDRAW: Duration = Duration::from_millis(50);

    fn start(samples: usize, is_quiet: bool) -> Self {
        let bar = (!is_quiet && output::can_redraw()).then(bar);
        Self { bar, is_quiet, samples, next: samples.div_ceil(10), drawn: Instant::now() }
    }

    fn show(&mut self, so_far: &Evaluation) {
        let Self { bar, is_quiet, samples, next, drawn } = self;
        match bar {
            Some(bar) if drawn.elapsed() >= Self::REDRAW => {
                *drawn = Instant::now();
                let parts = [(0, Self::line(so_far, *samples))];
                show(bar, "", &parts, so_far.samples as u64, *samples as u64);
            }
            None if !*is_quiet && so_far.samples >= *next => {
                *next = so_far.samples + samples.div_ceil(10);
                output::note(&Self::line(so_far, *samples));
            }
            _ => {}
        }
    }

    fn line(so_far: &Evaluation, samples: usize) -> String {
        let [seen, all] = [so_far.samples, samples].map(|number| text::count(number as u64));
        let seen = format!("{seen:>width$} of {all}", width = all.len());
        match so_far.accuracy {
            Some(accuracy) => format!("{seen}  accuracy {:>8}", text::percent(accuracy)),
            None => format!("{seen}  loss {}", text::loss(so_far.loss)),
        }
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
