//! `limpid gradcheck`: a network and real samples → whether back-propagation agrees with difference quotients.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use limpid::graph::{Sizes, Tensor};
use limpid::learn::{Elements, GradientCheck, GradientReport, Model, Sgd};
use serde::Serialize;

use crate::arguments::{DataOptions, Format, FormatOption, at_least_one, positive, seed};
use crate::data::{Named, Part};
use crate::failure::Failure;
use crate::output;
use crate::stage::{Stage, check_memory};
use crate::subject::{Subject, SubjectArgument};
use crate::text;

/// Check a network's gradient against difference quotients, on real samples
///
/// Each number of each parameter is made a little larger and a little smaller; how the loss changes must agree with what
/// back-propagation says, in f64. Where it does not, the likely cause is named if an experiment shows it, and the exit code
/// is 1.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    subject: SubjectArgument,
    #[command(flatten)]
    data: DataOptions,
    /// Samples that the loss is taken over: the first of the test part, such as 100
    #[arg(long, value_name = "N", default_value = "10", help_heading = "Data")]
    #[arg(value_parser = at_least_one, allow_negative_numbers = true)]
    samples: usize,
    #[command(flatten)]
    check: CheckOptions,
    #[command(flatten)]
    format: FormatOption,
}

/// How it is checked.
#[derive(Debug, Args)]
#[command(next_help_heading = "Check")]
struct CheckOptions {
    /// What is checked of each parameter: all, or as many numbers drawn at random, such as 100
    #[arg(long, value_name = "N", default_value = "all", allow_negative_numbers = true)]
    elements: Count,
    /// How far a number is moved each way, such as 1e-5
    #[arg(long, value_name = "SIZE", default_value = "1e-4", value_parser = positive, allow_negative_numbers = true)]
    step: f64,
    /// Largest error that passes: |a − n| / max(1, |a|, |n|) of the two derivatives, such as 1e-6
    #[arg(long, value_name = "ERROR", default_value = "1e-7", value_parser = positive, allow_negative_numbers = true)]
    tolerance: f64,
    /// Derivatives to check in the place of back-propagation's: a JSON file, such as {"0/w": [[0.1, …], …], "0/b": […], …}
    ///
    /// They were computed by hand or by another program, of the mean loss over the same samples. Mistakes that are often
    /// made are tried on them: a softmax over the wrong axis, class labels taken for numbers, arrays of integers, a
    /// derivative overwritten.
    #[arg(long, value_name = "FILE")]
    gradient: Option<PathBuf>,
    /// What weights (of a network without a model file) and elements are drawn by
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = seed, allow_negative_numbers = true)]
    seed: u64,
}

const EXAMPLES: &str = "\
Examples:
  Every weight and bias of a network:
    limpid gradcheck \"784, affine 20, sigmoid, affine 10\"
  A sample of each parameter of a saved model:
    limpid gradcheck digits.safetensors --elements 100
  Derivatives of your own, of the first 10 test digits:
    limpid gradcheck digits.safetensors --gradient mine.json";

/// How many numbers of a parameter are checked.
#[derive(Clone, Copy, Debug)]
struct Count(Elements);

impl FromStr for Count {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text.trim(), text.trim().parse()) {
            ("all", _) => Ok(Self(Elements::All)),
            (_, Ok(most)) if most > 0 => Ok(Self(Elements::AtMost(most))),
            _ => Err("`all`, or a whole number, 1 or more, fits".to_string()),
        }
    }
}

/// The result.
#[derive(Serialize)]
struct Report<'r> {
    passed: bool,
    worst_error: f64,
    network: String,
    model: Option<String>,
    dataset: Named,
    samples: usize,
    seed: u64,
    step: f64,
    #[serde(flatten)]
    report: &'r GradientReport,
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { subject, data, samples, check, format } = arguments;
    let subject = subject.read()?;
    let dataset = data.dataset;
    dataset.check_fits(&subject.network).map_err(|why| misfit(&subject, why))?;
    let most = dataset.samples(Part::Test);
    if samples > most {
        return Err(Failure::Usage(format!(
            "{samples} samples are more than the {most} test samples of {}; 1 to {most} fits",
            dataset.name()
        )));
    }
    let graph = Stage::Gradient.graph(&subject.network, subject.loss, subject.divisor, &Sgd)?;
    check_memory(&graph, &Sizes::from([("batch", samples), ("samples", samples)]))?;
    let divisor = if subject.model.is_some() { subject.divisor } else { dataset.divisor() };
    let digits = dataset.read(data.data.as_deref(), divisor, subject.loss)?.test.range(0, samples)?;
    let model = match subject.model {
        Some(model) => model,
        None => Model::new(&subject.network, check.seed)?,
    };
    let settings = GradientCheck {
        step: check.step,
        elements: check.elements.0,
        tolerance: check.tolerance,
        seed: check.seed,
        ..GradientCheck::default()
    };
    output::note(&format!(
        "checking the gradient of {} on {} of {}",
        subject.network,
        text::counted(samples as u64, "test sample"),
        dataset.name()
    ));
    let report = match &check.gradient {
        Some(path) => model.compare_gradients(&digits, &gradients(path, &model)?, &settings)?,
        None => model.check_gradients(&digits, &settings)?,
    };
    match format.format {
        Format::Text => output::result(&format!("{report}\n"))?,
        Format::Json => output::json(&Report {
            passed: report.passed(),
            worst_error: report.worst_error(),
            network: subject.network.to_string(),
            model: subject.file,
            dataset,
            samples,
            seed: check.seed,
            step: check.step,
            report: &report,
        })?,
    }
    match report.passed() {
        true => Ok(()),
        false => Err(Failure::Misfit(format!(
            "the gradient check failed: the worst error is {:.2e}, above the tolerance of {:.0e}",
            report.worst_error(),
            check.tolerance
        ))),
    }
}

/// The largest file of derivatives that is read, in bytes.
const GRADIENT_CAP_BYTES: u64 = 1 << 30;

/// Reads an array for each parameter of a model.
fn gradients(path: &Path, model: &Model) -> Result<Vec<(String, Tensor)>, Failure> {
    let wrong = |why: String| Failure::Misfit(format!("{}: {why}", path.display()));
    let mut text = String::new();
    let file = fs::File::open(path).map_err(|error| wrong(error.to_string()))?;
    file.take(GRADIENT_CAP_BYTES).read_to_string(&mut text).map_err(|error| wrong(error.to_string()))?;
    let fits = "an object with an array for each parameter, such as {\"0/w\": [[0.1, 0.2]], \"0/b\": [0.3, 0.4]}, fits";
    let value: serde_json::Value = serde_json::from_str(&text).map_err(|error| wrong(format!("{error}; {fits}")))?;
    let object = value.as_object().ok_or_else(|| wrong(format!("this is no object; {fits}")))?;
    let array = |(name, value): (&String, &serde_json::Value)| {
        let (mut shape, mut numbers) = (Vec::new(), Vec::new());
        collect(value, 0, &mut shape, &mut numbers).map_err(|why| wrong(format!("`{name}`: {why}; {fits}")))?;
        let tensor =
            Tensor::new(shape, numbers).map_err(|_| wrong(format!("`{name}`: its rows differ in length; {fits}")))?;
        Ok((name.clone(), tensor))
    };
    let arrays = object.iter().map(array).collect::<Result<Vec<_>, Failure>>()?;
    model.network().check_parameters(&arrays).map_err(|error| wrong(error.to_string()))?;
    Ok(arrays)
}

/// The numbers of nested arrays, row by row, and their shape. `NaN` is `null` in JSON.
fn collect(
    value: &serde_json::Value,
    depth: usize,
    shape: &mut Vec<usize>,
    numbers: &mut Vec<f64>,
) -> Result<(), String> {
    match value {
        serde_json::Value::Array(parts) => {
            if shape.len() == depth && numbers.is_empty() {
                shape.push(parts.len());
            }
            if shape.get(depth) != Some(&parts.len()) {
                return Err("its rows differ in length".to_string());
            }
            parts.iter().try_for_each(|part| collect(part, depth + 1, shape, numbers))
        }
        _ if depth != shape.len() => Err("its rows differ in depth".to_string()),
        serde_json::Value::Null => {
            numbers.push(f64::NAN);
            Ok(())
        }
        _ => {
            numbers.push(value.as_f64().ok_or("not everything in it is a number")?);
            Ok(())
        }
    }
}

/// A network that was typed is wrong usage; one that is in a file is a file that does not fit.
fn misfit(subject: &Subject, why: String) -> Failure {
    match &subject.file {
        Some(file) => Failure::Misfit(format!("{file}: {why}")),
        None => Failure::Usage(why),
    }
}
