//! `limpid summary`: a network → its layers, with shapes, parameters, bytes and operations.

use std::collections::{HashMap, HashSet};

use clap::{Args, ValueEnum};
use limpid::graph::{Graph, Shape, Sizes};
use limpid::learn::step::training_step;
use limpid::learn::{Encoding, Goal, Input, Layer, Mode, Network, Sgd, Split};
use limpid::models::Samples;
use serde::Serialize;

use crate::arguments::BatchOption;
use crate::failure::Failure;
use crate::network_or_model::NetworkOrModelArgument;
use crate::text::{self, Align};
use crate::{output, seen};

/// Print a network's layers with their shapes, parameters and cost
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: NetworkOrModelArgument,
    #[command(flatten)]
    batch: BatchOption,
    /// Format of the result on stdout
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORM", help_heading = "Output")]
    format: Format,
}

/// The form of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text for people
    #[value(alias = "table")]
    Text,
    /// One JSON object, for programs
    Json,
    /// The network as TOML, which --network and other commands read
    Toml,
}

const EXAMPLES: &str = "\
FLOPs are floating-point operations: a multiply-add in a matrix product is 2, a function of one number is 1 (exp, too), \
a sum is 1 for each number added. Bytes are those of the parameters in f32.

Examples:
  limpid summary \"784, affine 100, relu, affine 50, relu, affine 10\"
  limpid summary digits.safetensors --format json
  A network as a file to edit, and to train:
    limpid summary \"784, affine 50, relu, affine 10\" --format toml > network.toml
    limpid train --network network.toml";

/// The result.
#[derive(Serialize)]
struct Report {
    network: String,
    model: Option<String>,
    /// What a model's samples are made from: a table's columns and target, or the form of pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    samples: Option<serde_json::Value>,
    #[serde(skip)]
    samples_text: String,
    layers: Vec<Row>,
    parameters: u64,
    bytes: u64,
    /// Of one sample, forward.
    flops: u64,
    batch_size: usize,
    /// Of a training step: forward, backward and update.
    training_step_flops: u64,
}

/// One layer.
#[derive(Serialize)]
struct Row {
    path: String,
    layer: String,
    output_shape: String,
    parameters: u64,
    bytes: u64,
    flops: u64,
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let input = arguments.input.read()?;
    let layers = rows(&input.network)?;
    if arguments.format == Format::Toml {
        return output::result(&input.network.to_toml());
    }
    let shape = input.sample_shape()?;
    let step = training_step(&input.network, shape, &input.loss, &Sgd)?.graph;
    let sizes = arguments.batch.sizes();
    let parameters = layers.iter().fold(0u64, |sum, row| sum.saturating_add(row.parameters));
    let samples = input.samples.as_ref();
    let report = Report {
        samples: samples.map(as_json).transpose()?,
        samples_text: samples.map(as_text).unwrap_or_default(),
        network: input.network.to_string(),
        model: input.model_file(),
        parameters,
        bytes: parameters.saturating_mul(BYTES),
        flops: layers.iter().fold(0u64, |sum, row| sum.saturating_add(row.flops)),
        layers,
        batch_size: arguments.batch.batch_size,
        training_step_flops: total(&step, &sizes).map_err(|_| too_large(arguments.batch.batch_size))?,
    };
    for note in input.network.notes()? {
        output::note(&format!("note: {note}"));
    }
    match arguments.format {
        Format::Json => output::json(&report),
        Format::Text | Format::Toml => output::report(&report.text()),
    }
}

/// Of one number in `f32`.
const BYTES: u64 = 4;

fn total(graph: &Graph, sizes: &Sizes) -> Result<u64, limpid::graph::Error> {
    Ok(graph.flops(sizes)?.into_iter().fold(0, u64::saturating_add))
}

fn too_large(batch_size: usize) -> Failure {
    Failure::Usage(format!("a batch of {batch_size} is more than memory can address; use fewer samples"))
}

/// The layers in order, for one sample; those that a layer is made of stand below it. A layer that describes nothing (a
/// `flatten` of what is flat) has the shape before it.
fn rows(network: &Network) -> Result<Vec<Row>, Failure> {
    let graph = network.graph(Mode::Train)?;
    let flops = graph.flops(&Sizes::from([("batch", 1)]))?;
    let mut listing = Listing { rows: Vec::new(), nodes: HashMap::new(), parameters: HashMap::new() };
    let mut paths = HashSet::new();
    network.layers().enumerate().for_each(|(i, layer)| paths_of(i.to_string(), layer, &mut paths));
    for (id, node) in graph.nodes() {
        let described = listing.nodes.entry(owner(&node.origin.path, &paths)).or_default();
        described.shape = Some(node.shape.clone());
        described.flops = described.flops.saturating_add(flops[id.index()]);
    }
    for parameter in &network.parameters()? {
        let sum = listing.parameters.entry(owner(&parameter.name, &paths)).or_default();
        *sum = sum.saturating_add(count(&parameter.shape));
    }
    let shape = graph.inputs().next().map(|(_, node)| node.shape.clone()).unwrap_or_default();
    network.layers().enumerate().fold(shape, |shape, (i, layer)| listing.layer(&i.to_string(), layer, shape));
    Ok(listing.rows)
}

/// Adds the paths of a layer and of those in it.
fn paths_of(path: String, layer: &dyn Layer, paths: &mut HashSet<String>) {
    layer.inner().into_iter().for_each(|(name, inner)| paths_of(format!("{path}/{name}"), inner, paths));
    paths.insert(path);
}

/// The path of the layer that a path is within; empty where it is in none.
fn owner(path: &str, paths: &HashSet<String>) -> String {
    let mut path = path;
    while !paths.contains(path) {
        path = path.rsplit_once('/').map_or("", |(outer, _)| outer);
        if path.is_empty() {
            break;
        }
    }
    path.to_string()
}

/// Rows under way, and what is known of each path.
struct Listing {
    rows: Vec<Row>,
    nodes: HashMap<String, Described>,
    parameters: HashMap<String, u64>,
}

/// What a layer itself describes, apart from the layers in it.
#[derive(Default)]
struct Described {
    /// The shape of what it gives.
    shape: Option<Shape>,
    flops: u64,
}

impl Listing {
    /// Adds a layer that is given this shape, and those in it; answers the shape that it gives.
    fn layer(&mut self, path: &str, layer: &dyn Layer, given: Shape) -> Shape {
        let own = self.nodes.remove(path).unwrap_or_default();
        let parameters = self.parameters.remove(path).unwrap_or_default();
        let (at, inner, text) = (self.rows.len(), layer.inner(), layer.text());
        let layer = match text.split_once('(') {
            Some((name, _)) if !inner.is_empty() => format!("{name}(…)"),
            _ => text,
        };
        let bytes = parameters.saturating_mul(BYTES);
        self.rows.push(Row {
            path: path.to_string(),
            layer,
            output_shape: String::new(),
            parameters,
            bytes,
            flops: own.flops,
        });
        let (mut shape, mut branch) = (given.clone(), None);
        for (name, layer) in &inner {
            // Each branch begins with what the layer is given.
            let own_branch = name.rsplit_once('/').map(|(branch, _)| branch.to_string());
            if own_branch != branch {
                (shape, branch) = (given.clone(), own_branch);
            }
            shape = self.layer(&format!("{path}/{name}"), *layer, shape);
        }
        let shape = own.shape.unwrap_or(shape);
        self.rows[at].output_shape = shape.to_string();
        shape
    }
}

fn count(shape: &[usize]) -> u64 {
    shape.iter().fold(1, |count, &extent| count.saturating_mul(extent as u64))
}

fn as_json(samples: &Samples) -> Result<serde_json::Value, Failure> {
    let value = match samples {
        Samples::Table(preparation) => serde_json::to_value(preparation),
        Samples::Pictures(form) => serde_json::to_value(form),
    };
    value.map_err(|error| Failure::Input(format!("the model's samples cannot be put into JSON: {error}")))
}

/// What the model was trained on, for people; nothing where its file does not say.
fn split_text(samples: &Samples) -> String {
    let noun = seen::noun(samples);
    let Some(Split { train, test, share, seed, .. }) = samples.split() else { return String::new() };
    let trained = text::counted(*train as u64, noun);
    match test {
        0 => format!("trained  on {trained}\n"),
        _ => {
            let held_out = text::counted(*test as u64, noun);
            format!("trained  on {trained}; held out: {held_out} (a share of {share}, drawn by seed {seed})\n")
        }
    }
}

/// What samples are made from, for people.
fn as_text(samples: &Samples) -> String {
    let classes = |classes: &[String]| {
        format!("{}: {}", text::counted(classes.len() as u64, "class"), text::first_names(classes))
    };
    let preparation = match samples {
        Samples::Table(preparation) => preparation,
        Samples::Pictures(form) => {
            let colour = if form.channels == 1 { "in grey" } else { "in colour" };
            let set = form.set.as_ref().map(|set| format!("{set}, ")).unwrap_or_default();
            let ground = form.ground.map(|ground| format!(", {ground}")).unwrap_or_default();
            return format!(
                "samples  {set}pictures of {}×{} pixels {colour}{ground}\n{}classes  {}\n",
                form.width,
                form.height,
                split_text(samples),
                classes(&form.classes)
            );
        }
    };
    let target = preparation.target();
    let goal = match (&target.goal, target.classes()) {
        (Goal::Number { mean, deviation }, _) => format!("a number, {}", standardised(*mean, *deviation)),
        (_, Some(names)) => classes(&names),
        (_, None) => String::new(),
    };
    let column = |input: &Input| {
        let what = match &input.encoding {
            Encoding::Number { mean, deviation } => format!("number, {}", standardised(*mean, *deviation)),
            Encoding::Word { categories } => {
                let count = categories.len() as u64;
                format!("{}, one-hot: {}", text::counted(count, "word"), text::first_names(categories))
            }
        };
        let missing = if input.marks_missing { "; one input more marks missing values" } else { "" };
        vec![format!("  {}", input.name), text::count(input.size() as u64), format!("{what}{missing}")]
    };
    let header = ["  column", "inputs", "preparation"].map(str::to_string).to_vec();
    let rows: Vec<_> = std::iter::once(header).chain(preparation.inputs().iter().map(column)).collect();
    let left_out = preparation.left_out().iter().map(|column| format!("left out {}: {}\n", column.name, column.why));
    format!(
        "samples  rows of a table: {}\n{}target   {}: {goal}\n{}\n{}",
        text::counted(preparation.inputs().len() as u64, "column"),
        split_text(samples),
        target.name,
        left_out.collect::<String>(),
        text::table(&[Align::Left, Align::Right, Align::Left], &rows)
    )
}

fn standardised(mean: f64, deviation: f64) -> String {
    format!("standardised: mean {}, deviation {}", text::figures(mean), text::figures(deviation))
}

impl Report {
    fn text(&self) -> String {
        let header = ["path", "layer", "output", "parameters", "bytes", "FLOPs"].map(str::to_string).to_vec();
        let cells = |row: &Row| {
            let numbers = [row.parameters, row.bytes, row.flops].map(text::count);
            [row.path.clone(), row.layer.clone(), row.output_shape.clone()].into_iter().chain(numbers).collect()
        };
        let numbers = [self.parameters, self.bytes, self.flops].map(text::count);
        let total = ["".to_string(), "total".to_string(), String::new()].into_iter().chain(numbers).collect();
        let rows: Vec<Vec<String>> =
            std::iter::once(header).chain(self.layers.iter().map(cells)).chain([total]).collect();
        let aligns = [Align::Left, Align::Left, Align::Left, Align::Right, Align::Right, Align::Right];
        let model = self.model.as_ref().map(|file| format!("model    {file}\n")).unwrap_or_default();
        format!(
            "{model}network  {}\n{}\n{}\nbytes are those of the parameters in f32; FLOPs those of one sample, forward; a \
             multiply-add is 2\na training step on {} (forward, backward, update) takes {}\n",
            self.network,
            self.samples_text,
            text::table(&aligns, &rows),
            text::counted(self.batch_size as u64, "sample"),
            text::flops(self.training_step_flops),
        )
    }
}
