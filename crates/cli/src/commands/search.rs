//! `limpid search`: flags of `train` that vary → many trainings, their figures on a validation part, the best flags.

mod results;
mod rounds;
mod shared_data;
mod vary;

use std::path::PathBuf;

use clap::{Args, Parser, ValueEnum};
use serde::{Deserialize, Serialize};

use self::results::Results;
use self::rounds::{Aside, Round};
use self::shared_data::SharedData;
pub(crate) use self::vary::{Values, Vary};
use crate::arguments::{Format, FormatOption, ThreadsOption, at_least_one, listed, seed, share};
use crate::failure::Failure;
use crate::output;
use crate::picture::{PictureOptions, SizeOption};
use crate::plots::runs;
use crate::text::{self, Align};
use crate::training_arguments::TrainingArguments;

/// Search for the settings of a training that do best on a validation part of its training set
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Flag of `train` to vary, and its values: "lr=0.001..0.1 log", "batch-size=16..256", or "hidden=50|100,50"
    ///
    /// A range is drawn from evenly; with `log` evenly over its powers. Between two whole numbers whole numbers are drawn.
    /// Values with | between them are drawn with the same chance each.
    #[arg(long, value_name = "FLAG=VALUES", required = true)]
    vary: Vec<Vary>,

    /// Number of settings that are drawn
    #[arg(long, value_name = "N", default_value = "20", value_parser = at_least_one, allow_negative_numbers = true)]
    runs: usize,

    /// Method: train all to the end, or train all a little, the better half more, and so on
    #[arg(long, value_enum, value_name = "METHOD", default_value_t = Method::Random)]
    method: Method,

    /// Epochs of the first round of halving; each next round has twice as many
    #[arg(id = "least-epochs", long, value_name = "N", default_value = "1")]
    #[arg(value_parser = at_least_one, allow_negative_numbers = true)]
    least_epochs: usize,

    /// Share of the training samples that is held out to compare with; the test set is not looked at
    #[arg(long, value_name = "SHARE", default_value = "0.2", value_parser = share, allow_negative_numbers = true)]
    validation: f64,

    /// Seed that settings and the validation part are drawn by
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = seed, allow_negative_numbers = true)]
    seed: u64,

    #[command(flatten)]
    threads: ThreadsOption,

    /// File that each run is noted in when it ends, a JSON object a line; a search that was ended goes on from it
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    results: Option<PathBuf>,

    #[command(flatten)]
    format: FormatOption,
    /// Print only errors on stderr
    #[arg(long, short, help_heading = "Output")]
    quiet: bool,
    #[command(flatten)]
    picture: PictureOptions,

    /// Flags of `limpid train`, the same for all runs, behind --
    #[arg(value_name = "TRAIN FLAGS", last = true, allow_hyphen_values = true)]
    train: Vec<String>,
}

/// How runs share the epochs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Method {
    /// Every run has all epochs
    Random,
    /// Successive halving: after each round the better half goes on, to twice the epochs
    Halving,
}

const EXAMPLES: &str = "\
Each run has one thread, and as many run at a time as there are threads. The data is read once. A table's numbers are scaled \
by all of its training rows.

With halving, a run that goes on continues from where it was, with the optimizer's state; schedules of the learning rate go \
over all epochs from the first round on. So the last runs give the bits of trainings that were never interrupted.

Examples:
  Learning rate and units, twenty times:
    limpid search --vary \"lr=0.001..0.5 log\" --vary \"hidden=50|100|200\" --results runs.jsonl -- --epochs 5
  More settings, most of them for an epoch or two:
    limpid search --vary \"lr=0.001..0.1 log\" --vary \"weight-decay=1e-6..0.01 log\" --runs 32 --method halving \\
      -- --optimizer adam --epochs 8
  On a table, with a picture:
    limpid search --vary \"lr=0.001..0.1 log\" --vary \"activation=relu|tanh\" --output runs.svg \\
      -- --data iris.csv --target species --optimizer adam";

/// A run as it ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Run {
    /// Which of the settings that were drawn, counted from 0.
    pub(crate) run: usize,
    /// The values of the flags that vary, in their order.
    pub(crate) values: Vec<String>,
    pub(crate) epochs: usize,
    /// On the validation part, after the last epoch.
    pub(crate) accuracy: Option<f64>,
    pub(crate) loss: Option<f64>,
    pub(crate) seconds: f64,
    /// Why it has no loss.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) error: Option<String>,
}

/// The result.
#[derive(Serialize)]
struct Report<'r> {
    vary: Vec<String>,
    train: &'r [String],
    method: Method,
    seed: u64,
    validation: f64,
    /// The flags of the best run.
    best: Option<Vec<String>>,
    /// The best first; of each setting the run with the most epochs.
    runs: &'r [Run],
}

/// Flags of `train`, as one run has them.
#[derive(Debug, Parser)]
#[command(name = "train", no_binary_name = true)]
struct Flags {
    #[command(flatten)]
    asked: TrainingArguments,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    arguments.picture.check()?;
    let settings: Vec<Vec<String>> = (0..arguments.runs).map(|run| arguments.drawn(run)).collect();
    let data = SharedData::validating(arguments.validation, arguments.seed);
    let last = arguments.check(&settings, &data)?;
    let mut results = Results::open(arguments.results.as_deref(), &arguments.signature())?;
    let mut chosen: Vec<usize> = (0..arguments.runs).collect();
    let aside = Aside::default();
    for epochs in arguments.rounds(last) {
        let round = Round { arguments, settings: &settings, epochs, last, data: &data, aside: &aside };
        round.train(&chosen, &mut results)?;
        chosen = results.best_half(&chosen, epochs);
        aside.keep(&chosen);
    }
    let runs = results.ranked();
    let best = runs.first().filter(|run| run.loss.is_some()).map(|run| arguments.flags_of(&run.values));
    let names: Vec<&str> = arguments.vary.iter().map(|vary| vary.flag.as_str()).collect();
    let drawn = runs::draw(&arguments.vary, &runs);
    let has_file = arguments.picture.file().is_some();
    if arguments.format.format == Format::Json {
        let vary = arguments.vary.iter().map(ToString::to_string).collect();
        let Arguments { train, method, seed, validation, .. } = arguments;
        let (method, seed, validation) = (*method, *seed, *validation);
        output::json(&Report { vary, train, method, seed, validation, best, runs: &runs })?;
        return if has_file { arguments.show(drawn.picture.as_ref()) } else { Ok(()) };
    }
    if has_file || arguments.picture.open {
        arguments.show(drawn.picture.as_ref())?;
    }
    output::result(&table(&names, &runs))?;
    match best {
        Some(flags) => {
            let words = arguments.train.iter().chain(&flags).map(|word| text::shell_word(word.as_ref()));
            output::note(&format!("train the best with: limpid train {}", words.collect::<Vec<_>>().join(" ")));
        }
        None => output::note("no run ended with a loss that is a number; vary smaller learning rates"),
    }
    Ok(())
}

/// The runs, the best first.
fn table(names: &[&str], runs: &[Run]) -> String {
    let heading = ["run"].iter().chain(names).chain(&["epochs", "accuracy", "loss", "seconds"]);
    let heading: Vec<String> = heading.map(ToString::to_string).collect();
    let rows = runs.iter().map(|run| {
        let figures = [
            run.epochs.to_string(),
            run.accuracy.map_or_else(String::new, text::percent),
            run.loss.map_or_else(|| "diverged".to_string(), text::loss),
            format!("{:.1}", run.seconds),
        ];
        std::iter::once(run.run.to_string()).chain(run.values.iter().cloned()).chain(figures).collect()
    });
    let rows: Vec<Vec<String>> = std::iter::once(heading.clone()).chain(rows).collect();
    text::table(&vec![Align::Right; heading.len()], &rows)
}

impl Arguments {
    fn show(&self, picture: &dyn limpid::draw::Picture) -> Result<(), Failure> {
        self.picture.show(picture, &SizeOption { size: None })
    }

    /// The values of a run's flags.
    fn drawn(&self, run: usize) -> Vec<String> {
        self.vary.iter().enumerate().map(|(at, vary)| vary.draw(self.seed, run, at)).collect()
    }

    /// Values as flags.
    fn flags_of(&self, values: &[String]) -> Vec<String> {
        self.vary.iter().zip(values).map(|(vary, value)| format!("--{}={value}", vary.flag)).collect()
    }

    /// What `train` makes of a run's flags.
    fn parsed(&self, values: &[String]) -> Result<TrainingArguments, Failure> {
        let words = self.train.iter().cloned().chain(self.flags_of(values));
        let flags = Flags::try_parse_from(words).map_err(|error| {
            let message = error.to_string();
            let first = message.lines().next().unwrap_or_default().trim_start_matches("error: ");
            Failure::Usage(format!("{first}; a run's flags are those of `limpid train --help`"))
        })?;
        Ok(flags.asked)
    }

    /// Checks every run before the first begins, and answers how many epochs each has.
    fn check(&self, settings: &[Vec<String>], data: &SharedData) -> Result<usize, Failure> {
        for (at, vary) in self.vary.iter().enumerate() {
            if self.vary.iter().take(at).any(|other| other.flag == vary.flag) {
                return Err(Failure::Usage(format!("--vary {} is given twice; give it once", vary.flag)));
            }
            let written =
                |word: &String| *word == format!("--{}", vary.flag) || word.starts_with(&format!("--{}=", vary.flag));
            if self.train.iter().any(written) {
                return Err(Failure::Usage(format!(
                    "--{} is both varied and given behind --; leave it out of one of them",
                    vary.flag
                )));
            }
            if matches!(vary.flag.as_str(), "epochs" | "threads") {
                return Err(Failure::Usage(format!(
                    "--vary {}: all runs have the same; give it behind --, as in -- --epochs 5",
                    vary.flag
                )));
            }
        }
        self.check_words(settings)?;
        let mut epochs = None;
        for values in settings {
            epochs = Some(data.setup(&self.parsed(values)?)?.hyperparameters().epochs);
        }
        match epochs {
            Some(0) | None => {
                Err(Failure::Usage("a search needs trainings of 1 epoch or more; use -- --epochs 5".into()))
            }
            Some(epochs) => Ok(epochs),
        }
    }

    /// Checks the words that a flag may have, those that no run drew, too.
    fn check_words(&self, settings: &[Vec<String>]) -> Result<(), Failure> {
        let Some(first) = settings.first() else { return Ok(()) };
        for (at, vary) in self.vary.iter().enumerate() {
            let Values::Words(words) = &vary.values else { continue };
            for word in words {
                let values = first.iter().enumerate().map(|(place, own)| if place == at { word } else { own });
                self.parsed(&values.cloned().collect::<Vec<_>>())?;
            }
        }
        Ok(())
    }

    /// The epochs of each round, all of them in the last.
    fn rounds(&self, epochs: usize) -> Vec<usize> {
        let doubled = std::iter::successors(Some(self.least_epochs), |epochs| epochs.checked_mul(2));
        match self.method {
            Method::Random => vec![epochs],
            Method::Halving => doubled.take_while(|round| *round < epochs).chain([epochs]).collect(),
        }
    }

    /// All that decides the runs of a search, apart from how many there are and how they share the epochs.
    fn signature(&self) -> String {
        format!(
            "vary {}; seed {}; validation {:?}; train {}",
            listed(self.vary.iter()),
            self.seed,
            self.validation,
            self.train.join(" ")
        )
    }
}
