//! `limpid lr-find`: a training's settings → steps of growing learning rates, their losses, and a rate to train with.

use clap::Args;
use limpid::learn::{RateRange, RateSearch};
use limpid::training::TrainingSetup;
use serde::Serialize;

use crate::arguments::{Format, FormatOption, at_least_one, positive};
use crate::failure::Failure;
use crate::output;
use crate::picture::{PictureOptions, SizeOption};
use crate::plots::rates;
use crate::text::{self, Align};
use crate::training_arguments::TrainingArguments;

/// Find a learning rate: take steps with growing rates, and see where the loss falls
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    asked: TrainingArguments,

    /// Smallest learning rate
    #[arg(long, value_name = "RATE", default_value = "1e-5", help_heading = "Learning rates")]
    #[arg(value_parser = positive, allow_negative_numbers = true)]
    from_rate: f64,
    /// Largest learning rate; the search ends before it where the loss grows to four times its smallest
    #[arg(long, value_name = "RATE", default_value = "10", help_heading = "Learning rates")]
    #[arg(value_parser = positive, allow_negative_numbers = true)]
    to_rate: f64,
    /// Number of steps from the smallest to the largest
    #[arg(long, value_name = "N", default_value = "200", help_heading = "Learning rates")]
    #[arg(value_parser = at_least_one, allow_negative_numbers = true)]
    steps: usize,

    #[command(flatten)]
    format: FormatOption,
    #[command(flatten)]
    picture: PictureOptions,
}

const EXAMPLES: &str = "\
Each step has a larger rate than the one before. Two rates are named: that at which the mean loss falls fastest, and a tenth \
of that at which it is smallest, which is the suggestion. The model is thrown away.

Examples:
  For the default network on MNIST:
    limpid lr-find
  For the training of a table with Adam, as a file:
    limpid lr-find --data iris.csv --target species --optimizer adam --output rates.svg
  Only the suggestion:
    limpid lr-find --format json | jq .suggestion";

/// The result.
#[derive(Serialize)]
struct Report<'r> {
    dataset: &'r str,
    network: String,
    optimizer: String,
    /// A tenth of the rate of the smallest mean loss.
    suggestion: Option<f64>,
    /// The rate at which the mean loss falls fastest.
    steepest: Option<f64>,
    /// The rate of the smallest mean loss.
    minimum: Option<f64>,
    #[serde(flatten)]
    found: &'r RateSearch,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    arguments.picture.check()?;
    let Arguments { from_rate, to_rate, steps, .. } = *arguments;
    if to_rate <= from_rate {
        return Err(Failure::Usage(format!(
            "--to-rate {to_rate:?} is not above --from-rate {from_rate:?}; use a larger one"
        )));
    }
    let (setup, notes) = arguments.asked.setup(false)?;
    notes.iter().for_each(|note| output::note(note));
    let name = setup.data().spec().name.clone();
    let (network, optimizer) = described(&setup);
    let range = RateRange { from: from_rate, to: to_rate, steps };
    let found = setup.begin()?.try_learning_rates(range)?;
    let drawn = rates::draw(&found, &format!("{optimizer} on {name}"));
    let (suggestion, steepest, minimum) = (found.suggestion(), found.steepest(), found.minimum());
    if arguments.format.format == Format::Json {
        output::json(&Report { dataset: &name, network, optimizer, suggestion, steepest, minimum, found: &found })?;
        return match arguments.picture.file() {
            Some(_) => arguments.picture.show(drawn.picture.as_ref(), &SizeOption { size: None }),
            None => Ok(()),
        };
    }
    arguments.picture.show(drawn.picture.as_ref(), &SizeOption { size: None })?;
    let text = explained(&found);
    if arguments.picture.file().is_some() { output::result(&text) } else { output::result(&format!("\n{text}")) }
}

fn described(setup: &TrainingSetup) -> (String, String) {
    let chosen = setup.hyperparameters();
    (chosen.network.to_string(), chosen.optimizer.text())
}

/// Both rates, and which of them is the suggestion.
fn explained(found: &RateSearch) -> String {
    let Some((minimum, suggestion)) = found.minimum().zip(found.suggestion()) else {
        return format!(
            "the loss did not fall between the rates {} and {}; use another --from-rate and --to-rate, or more --steps\n",
            text::figures(found.rates.first().copied().unwrap_or(f64::NAN)),
            text::figures(found.rates.last().copied().unwrap_or(f64::NAN))
        );
    };
    let steepest = found.steepest().map_or_else(|| "nowhere".to_string(), rates::short_rate);
    let rows = [
        ("steepest descent", steepest, "the mean loss falls fastest there".to_string()),
        ("smallest mean loss", rates::short_rate(minimum), "beyond it the loss grows".to_string()),
        (
            "suggestion",
            rates::short_rate(suggestion),
            format!("a tenth of the smallest's: --learning-rate {}", rates::short_rate(suggestion)),
        ),
    ];
    let rows: Vec<_> = rows.into_iter().map(|(name, rate, why)| vec![name.to_string(), rate, why]).collect();
    text::table(&[Align::Left, Align::Left, Align::Left], &rows)
}
