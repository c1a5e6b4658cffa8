//! `limpid gradcheck`: a network and real samples → whether back-propagation agrees with difference quotients.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use limpid::files::{Arrays, LayersError, MODEL_CAP_BYTES, NamedArray, Orientation, decode_plain_or_gzip, find_layers};
use limpid::graph::{Sizes, Tensor};
use limpid::learn::step::GraphKind;
use limpid::learn::{Elements, GradientCheck, GradientReport, Model, Sgd};
use limpid::models::Part;
use limpid::training::check_interpreted_memory;
use serde::Serialize;

use crate::arguments::{DataOptions, Format, FormatOption, PartOption, at_least_one, positive, seed};
use crate::chosen_samples::{ChosenSamples, Wanted};
use crate::failure::Failure;
use crate::network_or_model::{NetworkOrModel, NetworkOrModelArgument};
use crate::output;
use crate::source::set_of;
use crate::text;

/// Check a network's gradient against numerical differences, on real samples
///
/// Each number of each parameter is made a little larger and a little smaller; how the loss changes must agree with
/// what back-propagation says, in f64. Where it does not, the likely cause is named if an experiment shows it, and the
/// exit code is 1.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: NetworkOrModelArgument,
    #[command(flatten)]
    data: DataOptions,
    #[command(flatten)]
    part: PartOption,
    /// Samples that the loss is taken over: the first of the part, such as 100
    ///
    /// A model that learned from a table or from pictures takes them from --data, and random ones without it.
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
    /// Step of the numerical differences, such as 1e-5
    #[arg(long, value_name = "SIZE", default_value = "1e-4", value_parser = positive, allow_negative_numbers = true)]
    step: f64,
    /// Largest error that passes: |a − n| / max(1, |a|, |n|) of the two derivatives, such as 1e-6
    #[arg(long, value_name = "ERROR", default_value = "1e-7", value_parser = positive, allow_negative_numbers = true)]
    tolerance: f64,
    /// Derivatives to check in the place of back-propagation's: a JSON file, such as {"W1": [[0.1, …], …], "b1": […], …},
    /// or an .npz or pickle of NumPy arrays
    ///
    /// Their names are those of weights: W1, b1, W2, … or the parameters' own, 0/w, 0/b, …. They were computed by hand or by another program, of the mean loss over the same samples. Mistakes that are
    /// often made are tried on them: a softmax over the wrong axis, class labels taken for numbers, arrays of integers,
    /// a derivative overwritten.
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
            _ => Err("expected `all`, or a whole number, 1 or more".to_string()),
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
    dataset: &'r str,
    samples: usize,
    seed: u64,
    step: f64,
    #[serde(flatten)]
    report: &'r GradientReport,
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { input, data, part, samples, check, format } = arguments;
    let input = input.read()?;
    let chosen = chosen(&input, &data, part.part, samples, check.seed)?;
    let samples = chosen.data.len();
    let graph = GraphKind::Gradient.graph(&input.network, &chosen.data, &input.loss, &Sgd)?;
    check_interpreted_memory(&graph, &Sizes::from([("batch", samples), ("samples", samples)]))?;
    let model_file = input.model_file();
    let model = match input.model {
        Some(model) => model,
        None => Model::new(&input.network, check.seed)?,
    };
    let settings = GradientCheck {
        step: check.step,
        elements: check.elements.0,
        tolerance: check.tolerance,
        seed: check.seed,
        ..GradientCheck::default()
    };
    chosen.notes.iter().for_each(|note| output::note(note));
    output::note(&format!(
        "checking the gradient of {} on {} of {}",
        input.network,
        text::counted(samples as u64, &format!("{}sample", chosen.part)),
        chosen.name
    ));
    let report = match &check.gradient {
        Some(path) => model.compare_gradients(&chosen.data, &gradients(path, &model)?, &settings)?,
        None => model.check_gradients(&chosen.data, &settings)?,
    };
    match format.format {
        Format::Text => output::result(&format!("{report}\n"))?,
        Format::Json => output::json(&Report {
            passed: report.passed(),
            worst_error: report.worst_error(),
            network: input.network.to_string(),
            model: model_file,
            dataset: &chosen.name,
            samples,
            seed: check.seed,
            step: check.step,
            report: &report,
        })?,
    }
    match report.passed() {
        true => Ok(()),
        false => Err(Failure::Input(format!(
            "the gradient check failed: the worst error is {:.2e}, above the tolerance of {:.0e}",
            report.worst_error(),
            check.tolerance
        ))),
    }
}

/// The samples that the loss is taken over. A model that learned from a table or from pictures, and has none of either
/// at hand, is checked on random ones.
fn chosen(
    input: &NetworkOrModel,
    data: &DataOptions,
    part: Option<Part>,
    count: usize,
    seed: u64,
) -> Result<ChosenSamples, Failure> {
    match &input.samples {
        Some(samples) if data.data.is_none() && set_of(Some(samples)).is_none() => match part {
            Some(_) => Err(Failure::Usage(
                "--part is about data, and without --data the samples are random numbers; add --data FILE or FOLDER"
                    .to_string(),
            )),
            None => ChosenSamples::drawn(input, samples, count, seed),
        },
        _ => Ok(ChosenSamples::read(input, data, &Wanted { part, start: 0, count })?),
    }
}

/// Reads an array for each parameter of a model: from JSON, or from any file of arrays. Their names may be the
/// parameters', or those of another program, as for weights: W1, b1, W2, ….
fn gradients(path: &Path, model: &Model) -> Result<Vec<(String, Tensor)>, Failure> {
    let wrong = |why: String| Failure::Input(format!("{}: {why}", path.display()));
    let arrays: Vec<NamedArray> =
        decode_plain_or_gzip(path, MODEL_CAP_BYTES, |bytes| match bytes.trim_ascii_start().first() {
            Some(b'{' | b'[') | None => of_json(&bytes).map_err(wrong),
            _ => Arrays::from_bytes(&bytes).map(|read| read.arrays).map_err(|error| wrong(error.to_string())),
        })?;
    let names = model.network().parameter_names()?;
    let is_own = |array: &NamedArray| names.contains(&array.name);
    if arrays.iter().any(is_own) {
        return fitting(tensors(arrays).map_err(wrong)?, model, wrong);
    }
    // As weights are: in the layers' order, (in, out).
    let found = match find_layers(arrays.clone(), None) {
        Err(LayersError::Question { .. }) => find_layers(arrays, Some(Orientation::InOut)),
        found => found,
    };
    let found = found.map_err(|error| wrong(error.to_string()))?;
    found.assumed.iter().for_each(|sentence| output::note(sentence));
    let layers = found.layers.into_iter().map(|layer| layer.arrays().cloned().collect::<Vec<_>>());
    let own = names.chunks(2).zip(layers).flat_map(|(names, arrays)| names.iter().cloned().zip(arrays));
    let (own, said): (Vec<_>, Vec<_>) = own
        .map(|(name, array)| {
            let said = format!("{} is {name}", array.name);
            (NamedArray { name, array: array.array }, said)
        })
        .unzip();
    output::note(&format!("the derivatives by name: {}", said.join(", ")));
    fitting(tensors(own).map_err(wrong)?, model, wrong)
}

fn fitting(
    gradients: Vec<(String, Tensor)>,
    model: &Model,
    wrong: impl Fn(String) -> Failure,
) -> Result<Vec<(String, Tensor)>, Failure> {
    model.network().check_parameters(&gradients).map_err(|error| wrong(error.to_string()))?;
    Ok(gradients)
}

fn tensors(arrays: Vec<NamedArray>) -> Result<Vec<(String, Tensor)>, String> {
    let tensor = |NamedArray { name, array }: NamedArray| match array.to_tensor() {
        Ok(tensor) => Ok((name, tensor)),
        Err(error) => Err(format!("`{name}`: {error}")),
    };
    arrays.into_iter().map(tensor).collect()
}

/// The arrays of a JSON object.
fn of_json(bytes: &[u8]) -> Result<Vec<NamedArray>, String> {
    let hint =
        "expected an object with an array for each parameter, such as {\"0/w\": [[0.1, 0.2]], \"0/b\": [0.3, 0.4]}";
    let value: serde_json::Value = serde_json::from_slice(bytes).map_err(|error| format!("{error}; {hint}"))?;
    let object = value.as_object().ok_or_else(|| format!("this is not an object; {hint}"))?;
    let array = |(name, value): (&String, &serde_json::Value)| {
        let (mut shape, mut numbers) = (Vec::new(), Vec::new());
        collect(value, 0, &mut shape, &mut numbers).map_err(|why| format!("`{name}`: {why}; {hint}"))?;
        let tensor = Tensor::new(shape, numbers).map_err(|_| format!("`{name}`: its rows differ in length; {hint}"))?;
        Ok(NamedArray::new(name, tensor))
    };
    object.iter().map(array).collect()
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
