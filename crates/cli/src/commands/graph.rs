//! `limpid graph`: a network, its loss, gradient or training step → a listing, DOT or JSON.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::arguments::OptimizerOptions;
use crate::failure::Failure;
use crate::output;
use crate::stage::Stage;
use crate::subject::SubjectArgument;

/// Print a network, its loss, gradient or training step as a graph
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    subject: SubjectArgument,

    /// How far to go from the network to its training step
    #[arg(long, value_enum, value_name = "STAGE", default_value_t = Stage::Network)]
    stage: Stage,

    #[command(flatten)]
    optimizer: OptimizerOptions,

    /// Leave out what is computed twice, what is constant and what does nothing: the graph that is run
    #[arg(long)]
    simplified: bool,

    /// Form of the graph
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Form::Text, help_heading = "Output")]
    format: Form,

    /// File to write, such as graph.dot [default: stdout, also as -]
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
}

/// The form of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// A listing, a node a line
    Text,
    /// For Graphviz
    Dot,
    /// One JSON object, for programs
    Json,
}

const EXAMPLES: &str = "\
Examples:
  A small network, with its training step:
    limpid graph \"2, affine 3, relu, affine 2\" --stage step --simplified
  A picture of a gradient, with Graphviz:
    limpid graph \"2, affine 3\" --stage gradient --format dot | dot -Tsvg > gradient.svg
  The loss of a saved model, for a program:
    limpid graph digits.safetensors --stage loss --format json --output loss.json";

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let optimizer = arguments.optimizer.optimizer()?;
    let subject = arguments.subject.read()?;
    let mut graph = arguments.stage.graph(&subject.network, subject.loss, subject.divisor, optimizer.as_ref())?;
    if arguments.simplified {
        graph = graph.simplified()?;
    }
    let drawing = graph.show();
    let text = match arguments.format {
        Form::Text => drawing.to_string(),
        Form::Dot => drawing.dot(),
        Form::Json => drawing.json() + "\n",
    };
    output::result_to(arguments.output.as_deref(), &text)
}
