//! `limpid train`: settings → data → training → a report, and a model file.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use limpid::files::write_atomically;
use limpid::graph::memory;
use limpid::learn::{Event, History, Loss, Network, Optimizer, Regression};
use limpid::models::Samples;
use limpid::training::{Hyperparameters, TrainedModel, TrainingRun, TrainingSetup};
use serde::Serialize;

use crate::arguments::{Format, FormatOption};
use crate::failure::Failure;
use crate::interrupt::{self, Held};
use crate::progress::Progress;
use crate::signal::Signal;
use crate::text::{self, Align};
use crate::training_arguments::TrainingArguments;
use crate::{model_format, output};

/// Train a network and report how well it does on data it has not seen
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    asked: TrainingArguments,

    /// Model file to write, such as digits.safetensors
    ///
    /// A name in .safetensors, or without an ending, keeps the whole model; .pkl and .npz keep its arrays for NumPy: W1, b1,
    /// W2, ….
    ///
    /// The place is checked before training. An existing file is replaced at the end, as a whole. A training that fails
    /// writes nothing; one that is ended by Ctrl-C, SIGTERM or SIGHUP writes the model as it is then.
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    /// File to write the training's history to, such as history.json, for `limpid plot history`
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    history: Option<PathBuf>,
    #[command(flatten)]
    format: FormatOption,
    /// Record the time of each step: on stderr, or with --format json in history.times
    #[arg(long, help_heading = "Output")]
    timed: bool,
    /// Print only errors on stderr
    #[arg(long, short, help_heading = "Output")]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  Train 784-50-10 on MNIST and keep the model:
    limpid train --output digits.safetensors
  Two hidden layers, smaller steps, more of them:
    limpid train --hidden 100,50 --learning-rate 0.05 --epochs 30
  A network of convolutions, in one epoch:
    limpid train --preset fast --output digits.safetensors
  A network of your own:
    limpid train --network \"784, affine 64 init=xavier, tanh, affine 10\"
  On a table: a class, or a number, from the other columns:
    limpid train --data iris.csv --target species --output iris.safetensors
  On pictures, with a folder for each class:
    limpid train --data pictures --output pictures.safetensors
  For a program: one JSON object on stdout, nothing on stderr:
    limpid train --epochs 3 --format json --quiet > run.json";

/// The result.
#[derive(Serialize)]
struct Report<'r> {
    dataset: &'r str,
    /// Of a table, the column that is predicted.
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    classes: Option<Vec<String>>,
    network: String,
    parameters: u64,
    seed: u64,
    epochs: usize,
    steps: usize,
    batch_size: usize,
    learning_rate: f64,
    optimizer: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    momentum: Option<f64>,
    /// The optimizer with its settings, where they are not the usual ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    optimizer_text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight_decay: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label_smoothing: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    average_weights: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    augmentation: Option<String>,
    sampling: String,
    loss: String,
    precision: String,
    train_accuracy: Option<f64>,
    test_accuracy: Option<f64>,
    train_loss: f64,
    test_loss: Option<f64>,
    /// For a regression, in the target's own units.
    #[serde(skip_serializing_if = "Option::is_none")]
    train_regression: Option<Regression>,
    #[serde(skip_serializing_if = "Option::is_none")]
    test_regression: Option<Regression>,
    training_seconds: f64,
    output: Option<String>,
    /// The signal that ended it before its time, such as SIGINT.
    #[serde(skip_serializing_if = "Option::is_none")]
    interrupted: Option<&'static str>,
    history: &'r History,
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let (mut setup, notes) = arguments.asked.setup(arguments.timed)?;
    arguments.check_outputs()?;
    let folder = setup.locate()?.map(Path::to_path_buf);
    let facts = Facts::of(&setup);
    if !arguments.quiet {
        output::note(&arguments.settings(&facts, &notes, folder.as_deref())?);
        let Hyperparameters { network, loss, .. } = &facts.chosen;
        network.notes()?.iter().for_each(|note| output::note(&format!("note: {note}")));
        last_layer_warning(network, loss).iter().for_each(|warning| output::note(warning));
    }
    let run = setup.begin()?;
    let spare = arguments.spare_memory(&facts)?;
    let started = Instant::now();
    let held = interrupt::hold("the step under way is finished, and what was asked for is written");
    let mut trained = arguments.train(run, &facts, &held)?;
    let seconds = started.elapsed().as_secs_f64();
    drop(spare);
    // Should saving fail, hours of training still end in a report.
    let save = |path: &PathBuf| model_format::save(&trained.saved, path);
    let saved = arguments.output.as_ref().map(save).transpose();
    let kept = arguments.write_history(&trained.history);
    let regressions = trained.regressions()?;
    let history = &trained.history;
    let is_saved = matches!(saved, Ok(Some(())));
    let signal = held.signal();
    arguments.report(&facts, Outcome { history, regressions, seconds, is_saved, signal })?;
    saved?;
    kept?;
    match signal {
        Some(signal) => output::note(&arguments.interrupted_text(signal, history, &facts)),
        None => arguments.print_next_steps(history, &facts),
    }
    held.release()
}

/// What came of a training.
struct Outcome<'h> {
    history: &'h History,
    /// How a regression does on the training and on the test part.
    regressions: [Option<Regression>; 2],
    seconds: f64,
    is_saved: bool,
    /// What ended it before its time.
    signal: Option<Signal>,
}

/// What is known of a training before it begins.
struct Facts {
    chosen: Hyperparameters,
    /// How many numbers the parameters have.
    parameters: u64,
    steps_per_epoch: usize,
    /// The data's name.
    name: String,
    /// Samples to learn from, and samples to test on.
    counts: [usize; 2],
    /// What samples of one's own are made from.
    samples: Option<Samples>,
}

impl Facts {
    fn of(setup: &TrainingSetup) -> Self {
        let data = setup.data();
        Self {
            chosen: setup.hyperparameters().clone(),
            parameters: setup.parameters(),
            steps_per_epoch: setup.steps_per_epoch(),
            name: data.spec().name.clone(),
            counts: [data.train_samples(), data.test_samples()],
            samples: data.samples().cloned(),
        }
    }
}

impl Arguments {
    /// Memory that is given back before the model is saved: a training does not end without enough to write what came of
    /// it. Until then nothing is written there, so that it takes addresses and no more.
    fn spare_memory(&self, facts: &Facts) -> Result<Option<Vec<u8>>, limpid::graph::Error> {
        // The parameters as the session lends them, as the file's arrays, and as the file.
        let bytes = (facts.parameters as usize).saturating_mul(3 * self.asked.training.precision.bytes());
        self.output.as_ref().map(|_| memory::room_for("saving the model", bytes)).transpose()
    }

    /// Checks that what will be written can be.
    fn check_outputs(&self) -> Result<(), Failure> {
        if let Some(path) = &self.output {
            if output::is_dash(path) {
                return Err(Failure::Usage("a model is not written to stdout; give --output a file name".to_string()));
            }
            model_format::format_of(path)?;
        }
        if let Some(path) = &self.history {
            if output::is_dash(path) {
                let hint = "print it with --format json, or give --history a file name";
                return Err(Failure::Usage(format!("a history is not written to stdout by itself; {hint}")));
            }
            model_format::check_history(path)?;
        }
        Ok(())
    }

    fn settings(&self, facts: &Facts, notes: &[String], folder: Option<&Path>) -> Result<String, Failure> {
        let Facts { chosen, parameters, .. } = facts;
        let Hyperparameters { learning_rate, batch_size, seed, sampling, precision, .. } = chosen;
        let optimizer = chosen.fit_options().recipe(facts.steps_per_epoch).map_err(limpid::Error::from)?.text();
        let smoothing = Some(chosen.label_smoothing).filter(|&smoothing| smoothing > 0.0);
        let smoothing = smoothing.map(|smoothing| format!(", label smoothing {smoothing:?}")).unwrap_or_default();
        let bytes = parameters * precision.bytes() as u64;
        let [train, test] = facts.counts.map(|count| text::count(count as u64));
        let test = if facts.counts[1] == 0 { "none".to_string() } else { test };
        let place = folder.map(|folder| ("", format!("in {}", folder.display())));
        let notes = notes.iter().map(|note| ("", note.clone()));
        let rows = [
            ("network", chosen.network.to_string()),
            ("parameters", format!("{} ({} in {precision})", text::count(*parameters), text::bytes(bytes))),
            ("data", format!("{}: {train} to learn from, {test} to test on", facts.name)),
        ];
        let augmented = chosen.augmentation.as_ref().map(|changes| ("", format!("pictures changed by {changes}")));
        let training = [
            ("training", format!("{} of {}", epochs_text(chosen.epochs), steps_text(facts.steps_per_epoch))),
            ("", format!("{sampling} batches of {batch_size}, {optimizer}, learning rate {learning_rate:?}")),
            ("loss", format!("{}{smoothing}", chosen.loss)),
            ("seed", seed.to_string()),
        ];
        let rows = rows.into_iter().chain(place).chain(notes).chain(augmented).chain(training);
        let rows: Vec<_> = rows.map(|(name, value)| vec![name.to_string(), value]).collect();
        Ok(text::table(&[Align::Left, Align::Left], &rows))
    }

    fn train(&self, run: TrainingRun, facts: &Facts, held: &Held) -> Result<TrainedModel, Failure> {
        let mut progress = Progress::start(facts.chosen.epochs, self.quiet);
        let says_times = self.timed && self.format.format == Format::Text;
        let outcome = run.train(|training| {
            let event = training.event();
            if let Event::Step { step, loss, .. } = event
                && says_times
            {
                progress.step_line(step, loss);
            }
            progress.on(event);
            Ok(if held.signal().is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        });
        progress.finish();
        Ok(outcome?)
    }

    /// Writes the history, where that was asked for.
    fn write_history(&self, history: &History) -> Result<(), Failure> {
        let Some(path) = &self.history else { return Ok(()) };
        match serde_json::to_string(history) {
            Ok(line) => Ok(write_atomically(path, (line + "\n").as_bytes())?),
            Err(error) => Err(Failure::Input(format!("the history cannot be put into JSON: {error}"))),
        }
    }

    fn report(&self, facts: &Facts, outcome: Outcome<'_>) -> Result<(), Failure> {
        let Outcome { history, regressions: [train_regression, test_regression], seconds, is_saved, signal } = outcome;
        let last = history.epochs.last();
        let test_loss = last.and_then(|epoch| epoch.test_loss);
        let test_accuracy = last.and_then(|epoch| epoch.test_accuracy);
        let train_loss = last.map_or(f64::NAN, |epoch| epoch.train_loss);
        let train_accuracy = last.and_then(|epoch| epoch.train_accuracy);
        if self.format.format == Format::Text {
            let r2 = |regression: &Option<Regression>| regression.and_then(|seen| seen.r2).map(text::loss);
            let rmse = |regression: &Option<Regression>| regression.map(|seen| text::figures(seen.rmse));
            let rows = [
                ("test accuracy", test_accuracy.map(text::percent)),
                ("test R²", r2(&test_regression)),
                ("test root mean squared error", rmse(&test_regression)),
                ("test loss", test_loss.map(text::loss)),
                ("train accuracy", train_accuracy.map(text::percent)),
                ("train R²", r2(&train_regression)),
                ("train loss", Some(text::loss(train_loss))),
                ("seconds", Some(format!("{seconds:.1}"))),
            ];
            let rows: Vec<_> = rows.into_iter().filter_map(|(name, value)| Some(vec![name.into(), value?])).collect();
            return output::result(&text::table(&[Align::Left, Align::Left], &rows));
        }
        let training = &self.asked.training;
        let target = match &facts.samples {
            Some(Samples::Table(table)) => Some(table.target().name.as_str()),
            _ => None,
        };
        let classes = facts.samples.as_ref().and_then(Samples::classes);
        let chosen = &facts.chosen;
        output::json(&Report {
            dataset: &facts.name,
            target,
            classes,
            network: chosen.network.to_string(),
            parameters: facts.parameters,
            seed: training.seed,
            epochs: chosen.epochs,
            steps: history.losses.len(),
            batch_size: chosen.batch_size,
            learning_rate: chosen.learning_rate,
            optimizer: chosen.optimizer.name(),
            momentum: chosen.optimizer.setting("momentum").filter(|&momentum| momentum > 0.0),
            optimizer_text: Some(chosen.optimizer.text()).filter(|text| text != chosen.optimizer.name()),
            schedule: Some(chosen.schedule).filter(|schedule| !schedule.is_constant()).map(|it| it.to_string()),
            weight_decay: given(chosen.weight_decay),
            label_smoothing: given(chosen.label_smoothing),
            average_weights: chosen.average_weights,
            augmentation: chosen.augmentation.as_ref().map(ToString::to_string),
            sampling: training.sampling.to_string(),
            loss: chosen.loss.to_string(),
            precision: training.precision.to_string(),
            train_accuracy,
            test_accuracy,
            train_loss,
            test_loss,
            train_regression,
            test_regression,
            training_seconds: seconds,
            output: self.output.as_ref().filter(|_| is_saved).map(|path| path.display().to_string()),
            interrupted: signal.map(Signal::name),
            history,
        })
    }

    /// How far an interrupted training came, and what of it was written.
    fn interrupted_text(&self, signal: Signal, history: &History, facts: &Facts) -> String {
        let steps = history.losses.len();
        let epochs = steps / facts.steps_per_epoch;
        let written = [("model", &self.output), ("history", &self.history)];
        let written: Vec<_> = written
            .into_iter()
            .filter_map(|(what, path)| Some(format!("{what} written to {}", path.as_ref()?.display())))
            .collect();
        let written = match &written[..] {
            [] => "nothing was written, since neither --output nor --history was given".to_string(),
            written => written.join(", "),
        };
        format!(
            "ended by {signal} after {epochs} of {} ({}): {written}",
            epochs_text(facts.chosen.epochs),
            steps_text(steps)
        )
    }

    /// A model's name that goes with the data: `iris.safetensors` for `iris.csv`.
    fn file_suggestion(&self, facts: &Facts) -> String {
        let path = self.asked.data.data.as_deref().filter(|path| !output::is_dash(path) && facts.samples.is_some());
        let name = path.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        let stem =
            name.as_deref().map(|name| name.split('.').next().unwrap_or_default()).filter(|stem| !stem.is_empty());
        let usual = if facts.samples.is_some() { "model" } else { "digits" };
        text::shell_word(Path::new(&format!("{}.safetensors", stem.unwrap_or(usual))))
    }

    fn print_next_steps(&self, history: &History, facts: &Facts) {
        if self.quiet {
            return;
        }
        if let Some(warning) = growth_warning(history, &facts.chosen) {
            output::note(&warning);
        }
        let without =
            |path: &PathBuf| model_format::left_out(path, &facts.chosen.network.to_string(), facts.samples.is_some());
        let data = self.asked.data.data.as_ref().map(|path| format!(" --data {}", text::shell_word(path)));
        let line = match (&self.output, &facts.samples) {
            (Some(path), None) => {
                let file = text::shell_word(path);
                format!("saved {file}; ask it again with: limpid evaluate {file}{}", data.unwrap_or_default())
            }
            (Some(path), Some(_)) => {
                let file = text::shell_word(path);
                format!("saved {file}; ask it with: limpid predict {file}{}", data.unwrap_or_default())
            }
            (None, _) => format!("the model was not kept; to keep it add: --output {}", self.file_suggestion(facts)),
        };
        output::note(&self.output.as_ref().and_then(without).unwrap_or(line));
    }
}

/// What to try where the loss is larger at the end than at the beginning.
fn growth_warning(history: &History, chosen: &Hyperparameters) -> Option<String> {
    let [first, .., last] = &history.epochs[..] else { return None };
    (last.train_loss > first.train_loss).then(|| {
        let smaller = chosen.usual_learning_rate.min(chosen.learning_rate / 10.0);
        format!(
            "warning: the loss grew from {} to {}; the steps are too large: try --learning-rate {smaller:?}",
            text::loss(first.train_loss),
            text::loss(last.train_loss)
        )
    })
}

/// Warns of a last layer that the loss applies itself, or that keeps the scores from taking the values the loss needs.
fn last_layer_warning(network: &Network, loss: &Loss) -> Option<String> {
    let text = network.layers().last()?.text();
    let last = text.split_whitespace().next().unwrap_or_default();
    let why = match (loss, last) {
        (Loss::SoftmaxCrossEntropy, "softmax") => "which applies softmax itself, so that it is applied twice",
        (Loss::BinaryCrossEntropy, "sigmoid") => "which applies sigmoid itself, so that it is applied twice",
        (
            Loss::SoftmaxCrossEntropy | Loss::BinaryCrossEntropy,
            "sigmoid" | "softmax" | "tanh" | "relu" | "softplus",
        ) => "which needs scores of any size and both signs",
        _ => return None,
    };
    Some(format!("warning: the network ends in {last}, and the loss is {loss}, {why}; leave that layer out"))
}

/// A number that is not 0, as it is by default.
fn given(number: f64) -> Option<f64> {
    Some(number).filter(|&number| number != 0.0)
}

fn epochs_text(epochs: usize) -> String {
    text::counted(epochs as u64, "epoch")
}

fn steps_text(steps: usize) -> String {
    text::counted(steps as u64, "step")
}
