//! `limpid summary`: a network → its layers, with shapes, parameters, bytes and operations.

use clap::Args;
use limpid::graph::{Graph, Sizes};
use limpid::learn::{Mode, Network, Sgd};
use serde::Serialize;

use crate::arguments::{BatchOption, Format, FormatOption};
use crate::failure::Failure;
use crate::output;
use crate::stage::Stage;
use crate::subject::SubjectArgument;
use crate::text::{self, Align};

/// Print what a network is made of, layer by layer, and what it costs
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    subject: SubjectArgument,
    #[command(flatten)]
    batch: BatchOption,
    #[command(flatten)]
    format: FormatOption,
}

const EXAMPLES: &str = "\
FLOPs are floating-point operations: a multiply-add in a matrix product is 2, a function of one number is 1 (exp, too), \
a sum is 1 for each number added. Bytes are those of the parameters in f32.

Examples:
  limpid summary \"784, affine 100, relu, affine 50, relu, affine 10\"
  limpid summary digits.safetensors --format json";

/// The result.
#[derive(Serialize)]
struct Report {
    network: String,
    model: Option<String>,
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
    let subject = arguments.subject.read()?;
    let layers = rows(&subject.network)?;
    let step = Stage::Step.graph(&subject.network, subject.loss, subject.divisor, &Sgd)?.simplified()?;
    let sizes = arguments.batch.sizes();
    let parameters = layers.iter().fold(0u64, |sum, row| sum.saturating_add(row.parameters));
    let report = Report {
        network: subject.network.to_string(),
        model: subject.file,
        parameters,
        bytes: parameters.saturating_mul(BYTES),
        flops: layers.iter().fold(0u64, |sum, row| sum.saturating_add(row.flops)),
        layers,
        batch_size: arguments.batch.batch_size,
        training_step_flops: total(&step, &sizes).map_err(|_| too_large(arguments.batch.batch_size))?,
    };
    match arguments.format.format {
        Format::Json => output::json(&report),
        Format::Text => output::result(&report.text()),
    }
}

/// Of one number in `f32`.
const BYTES: u64 = 4;

fn total(graph: &Graph, sizes: &Sizes) -> Result<u64, limpid::graph::Error> {
    Ok(graph.flops(sizes)?.into_iter().fold(0, u64::saturating_add))
}

fn too_large(batch_size: usize) -> Failure {
    Failure::Usage(format!("a batch of {batch_size} is more than memory can address; fewer samples fit"))
}

/// The layers in order, for one sample. A layer that describes nothing (a `flatten` of what is flat) has the shape
/// before it.
fn rows(network: &Network) -> Result<Vec<Row>, Failure> {
    let graph = network.graph(Mode::Train)?;
    let flops = graph.flops(&Sizes::from([("batch", 1)]))?;
    let declared = network.parameters()?;
    let mut shape = graph.inputs().next().map(|(_, node)| node.shape.clone()).unwrap_or_default();
    let row = |(i, layer): (usize, &dyn limpid::learn::Layer)| {
        let path = i.to_string();
        let is_within = |of: &str| of == path || of.strip_prefix(&path).is_some_and(|rest| rest.starts_with('/'));
        let own: Vec<_> = graph.nodes().filter(|(_, node)| is_within(&node.origin.path)).collect();
        shape = own.last().map_or_else(|| shape.clone(), |(_, node)| node.shape.clone());
        let parameters = declared.iter().filter(|parameter| is_within(&parameter.name));
        let parameters = parameters.fold(0u64, |sum, p| sum.saturating_add(count(&p.shape)));
        Row {
            layer: layer.text(),
            output_shape: shape.to_string(),
            parameters,
            bytes: parameters.saturating_mul(BYTES),
            flops: own.iter().fold(0u64, |sum, (id, _)| sum.saturating_add(flops[id.index()])),
            path,
        }
    };
    Ok(network.layers().enumerate().map(row).collect())
}

fn count(shape: &[usize]) -> u64 {
    shape.iter().fold(1, |count, &extent| count.saturating_mul(extent as u64))
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
            "{model}network  {}\n\n{}\nbytes are those of the parameters in f32; FLOPs those of one sample, forward; a \
             multiply-add is 2\na training step on {} (forward, backward, update) takes {}\n",
            self.network,
            text::table(&aligns, &rows),
            text::counted(self.batch_size as u64, "sample"),
            text::flops(self.training_step_flops),
        )
    }
}
