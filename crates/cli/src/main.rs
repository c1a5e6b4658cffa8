//! The `limpid` command: arguments → a verb → data on stdout, progress and notes on stderr, an exit code.
//!
//! | code | means |
//! |---|---|
//! | 0 | done |
//! | 1 | failed: a file that is missing or broken, a training that diverged, a gradient that is wrong |
//! | 2 | wrong usage: a flag or a value that does not fit |
//! | 130, 143, 129 | ended by Ctrl-C (SIGINT), SIGTERM, SIGHUP |

mod arguments;
mod bench;
mod choices;
mod chosen_samples;
mod commands;
mod data;
mod failure;
mod ignored;
mod interrupt;
mod model_and_data;
mod model_format;
mod network_or_model;
mod optimizer_arguments;
mod output;
mod pager;
mod parse;
mod picture;
mod places;
mod plots;
mod preset;
mod progress;
mod seen;
mod signal;
mod source;
mod tabular;
mod text;
mod training_arguments;
mod value_parsers;
mod viewer;

use std::env;
use std::process::ExitCode;

use clap::error::ContextKind;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::failure::Failure;

/// Where there is no memory left, the command says so and fails, instead of aborting.
#[global_allocator]
static ALLOCATOR: limpid::engine::ExitingAllocator = limpid::engine::ExitingAllocator;

/// Train small neural networks, and see every number on the way.
///
/// A network is a computational graph, and the graph is a value: train it, draw it, print it, count its cost, check its
/// gradient.
#[derive(Debug, Parser)]
#[command(name = "limpid", version, arg_required_else_help = true, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

const AFTER_HELP: &str = "\
Examples:
  limpid train --output digits.safetensors
  limpid evaluate digits.safetensors
  limpid convert digits.safetensors digits.pkl
  limpid train --data iris.csv --target species --output iris.safetensors
  limpid predict iris.safetensors --data more.csv
  limpid book 4.4
  limpid summary \"784, affine 50, relu, affine 10\"
  limpid graph \"(x+y)^2\" --at x=3,y=4
  limpid plot function \"0.01*x^2 + 0.1*x\" --range 0,20 --tangent 5

Results go to stdout, progress and notes to stderr.
Exit codes: 0 done, 1 failed, 2 wrong usage; ended by Ctrl-C 130, by SIGTERM 143, by SIGHUP 129.";

#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "there is one, and it is made once")]
enum Verb {
    Train(commands::train::Arguments),
    Evaluate(commands::evaluate::Arguments),
    LrFind(commands::lr_find::Arguments),
    Search(commands::search::Arguments),
    Convert(commands::convert::Arguments),
    Predict(commands::predict::Arguments),
    Summary(commands::summary::Arguments),
    Plot(commands::plot::Arguments),
    Graph(commands::graph::Arguments),
    Plan(commands::plan::Arguments),
    Gradcheck(commands::gradcheck::Arguments),
    Data(commands::data::Arguments),
    Book(commands::book::Arguments),
    Bench(commands::bench::Arguments),
    Completions(commands::completions::Arguments),
}

impl Verb {
    fn run(self) -> Result<(), Failure> {
        match self {
            Self::Train(arguments) => commands::train::run(arguments),
            Self::Evaluate(arguments) => commands::evaluate::run(arguments),
            Self::LrFind(arguments) => commands::lr_find::run(&arguments),
            Self::Search(arguments) => commands::search::run(&arguments),
            Self::Convert(arguments) => commands::convert::run(arguments),
            Self::Predict(arguments) => commands::predict::run(arguments),
            Self::Summary(arguments) => commands::summary::run(arguments),
            Self::Plot(arguments) => commands::plot::run(arguments),
            Self::Graph(arguments) => commands::graph::run(arguments),
            Self::Plan(arguments) => commands::plan::run(arguments),
            Self::Gradcheck(arguments) => commands::gradcheck::run(arguments),
            Self::Data(arguments) => commands::data::run(arguments),
            Self::Book(arguments) => commands::book::run(arguments),
            Self::Bench(arguments) => commands::bench::run(arguments),
            Self::Completions(arguments) => commands::completions::run(arguments, Cli::command()),
        }
    }
}

fn main() -> ExitCode {
    output::report_panics_as_bugs();
    // What `bench` starts to see what starting costs is a program that uses a network, and reads no flags.
    let result = match env::args_os().nth(1) {
        Some(verb) if verb == bench::START => bench::start(),
        _ => run(),
    };
    match result {
        Ok(()) | Err(Failure::BrokenPipe) => ExitCode::SUCCESS,
        Err(failure) => {
            // A signal was told when it came.
            if !matches!(failure, Failure::Interrupted(_)) {
                output::error(&failure.to_string());
            }
            failure.exit_code()
        }
    }
}

/// Reads the arguments and runs the verb. Wrong arguments end the process here, as clap does.
fn run() -> Result<(), Failure> {
    let mut command = Cli::command();
    let matches = command.try_get_matches_from_mut(env::args_os()).unwrap_or_else(|error| plainly(error).exit());
    let verb = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut command).exit()).verb;
    limpid::engine::check_environment().map_err(|error| Failure::Usage(error.to_string()))?;
    interrupt::watch();
    ignored::check(&verb_path(&matches), leaf(&matches))?;
    places::check(&command, &matches)?;
    verb.run()
}

/// A mistake in the arguments without the advice to pass a flag on as a value, which is never what was meant.
fn plainly(mut error: clap::Error) -> clap::Error {
    error.remove(ContextKind::Suggested);
    error
}

/// The verb, and where it has them its kind: `plot`, `history`.
fn verb_path(matches: &ArgMatches) -> Vec<&str> {
    std::iter::successors(matches.subcommand(), |(_, matches)| matches.subcommand()).map(|(name, _)| name).collect()
}

/// What was typed for the verb itself.
fn leaf(matches: &ArgMatches) -> &ArgMatches {
    matches.subcommand().map_or(matches, |(_, matches)| leaf(matches))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_declared_without_contradiction() {
        Cli::command().debug_assert();
    }
}
