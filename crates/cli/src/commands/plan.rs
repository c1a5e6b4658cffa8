//! `limpid plan`: a network's loss, gradient or training step → the steps that the engine runs, and their memory.

use clap::Args;
use limpid::engine::kernels::Level;
use limpid::engine::{Limits, Plan, with_permutations_sunk};
use limpid::learn::step::{GraphKind, stored_as_bytes};
use limpid::models::Samples;
use limpid::training::check_memory;
use serde::Serialize;

use crate::arguments::{BatchOption, Format, FormatOption, OptimizerOptions};
use crate::choices::{GRAPH_KINDS, name_of, one_of};
use crate::failure::Failure;
use crate::network_or_model::NetworkOrModelArgument;
use crate::output;

/// Print how the engine runs a network: its steps, fusion, and shared memory
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: NetworkOrModelArgument,

    /// Graph to show: the network, or with its loss, gradient or training step
    #[arg(long, value_name = "STAGE", value_parser = one_of(GRAPH_KINDS), default_value = "step")]
    stage: GraphKind,

    #[command(flatten)]
    optimizer: OptimizerOptions,

    #[command(flatten)]
    batch: BatchOption,

    /// Plan for samples stored as bytes that are mostly zeros, as MNIST's are
    #[arg(long)]
    sparse: bool,

    #[command(flatten)]
    format: FormatOption,
}

const EXAMPLES: &str = "\
A line is a step: the stage that it runs in, what it does, the tasks that it is cut into, and the values that it writes. \
`%35@240` is the value of node 35 (as `limpid graph --simplified` numbers them), at number 240 of the arena, the memory that \
all values share: 240 × 4 bytes from its beginning. `%61 in place` is written over the parameter itself. Below a region \
stands what it does with each row.

Examples:
  The training step of the default network, at batch 100:
    limpid plan
  How much memory a larger one shares:
    limpid plan \"784, affine 512, relu, affine 512, relu, affine 10\" --batch-size 128";

/// The result.
#[derive(Serialize)]
struct Report {
    network: String,
    stage: &'static str,
    batch_size: usize,
    nodes: usize,
    steps: usize,
    bytes_unshared: usize,
    bytes: usize,
    plan: String,
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let recipe = arguments.optimizer.recipe()?;
    let input = arguments.input.read()?;
    if let (true, Some(Samples::Table(_))) = (arguments.sparse, &input.samples) {
        let why = "--sparse is for samples stored as bytes, and the rows of a table are real numbers; leave it out";
        return Err(Failure::Usage(why.to_string()));
    }
    let shape = input.sample_shape()?;
    let described = arguments.stage.graph(&input.network, shape, &input.loss, &recipe)?;
    let graph = with_permutations_sunk(described.simplified()?)?;
    let sizes = arguments.batch.sizes();
    check_memory(&graph, &sizes)?;
    let level = Level::of_this_machine();
    let plan = if arguments.sparse {
        Plan::with(&graph, &sizes, (level, &Limits::default()), |id| stored_as_bytes(&graph, id))?
    } else {
        Plan::new(&graph, &sizes, level)?
    };
    match arguments.format.format {
        Format::Text => output::result(&format!("{plan}\n")),
        Format::Json => output::json(&Report {
            network: input.network.to_string(),
            stage: name_of(GRAPH_KINDS, arguments.stage),
            batch_size: arguments.batch.batch_size,
            nodes: graph.nodes().len(),
            steps: plan.steps(),
            bytes_unshared: plan.unshared_bytes(),
            bytes: plan.arena_bytes(),
            plan: plan.to_string(),
        }),
    }
}
