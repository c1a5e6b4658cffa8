//! `limpid train`: settings → data → training → a report, and a model file.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use limpid::files::{writable, write_atomically};
use limpid::graph::Sizes;
use limpid::learn::{Event, Fit, History, Loss, Model, Network, Optimizer, Sampling};
use limpid::prelude::Precision;
use limpid::{engine, models};
use serde::Serialize;

use crate::arguments::{
    DataOptions, Format, FormatOption, NetworkOptions, OptimizerOptions, ThreadsOption, at_least_one, listed, positive,
    seed,
};
use crate::data::{Named, Part};
use crate::failure::Failure;
use crate::output;
use crate::progress::Progress;
use crate::stage::{Stage, check_memory};
use crate::text::{self, Align};

/// Train a network and report how well it does on data it has not seen
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    network: NetworkOptions,
    #[command(flatten)]
    data: DataOptions,
    #[command(flatten)]
    training: TrainingOptions,
    #[command(flatten)]
    threads: ThreadsOption,

    /// Model file to write, such as digits.safetensors
    ///
    /// That it can be written is checked before training; a file that is there already is replaced, at the end and as a
    /// whole. A training that fails writes nothing.
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    /// File to write the training's history to, such as history.json, for `limpid plot history`
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    history: Option<PathBuf>,
    #[command(flatten)]
    format: FormatOption,
    /// Note the time of each step: on stderr, or in the JSON's history.times
    #[arg(long, help_heading = "Output")]
    timed: bool,
    /// Print nothing on stderr but errors
    #[arg(long, short, help_heading = "Output")]
    quiet: bool,
}

/// How it is trained.
#[derive(Debug, Args)]
#[command(next_help_heading = "Training")]
struct TrainingOptions {
    /// How far a step goes against the gradient, such as 0.05 [default: 0.1; 0.01 with momentum, 0.001 with adam]
    #[arg(long, visible_alias = "lr", value_name = "RATE")]
    #[arg(value_parser = positive, allow_negative_numbers = true)]
    learning_rate: Option<f64>,

    /// How many samples a step learns from, such as 32
    #[arg(long, value_name = "SAMPLES", default_value = "100")]
    #[arg(value_parser = at_least_one, allow_negative_numbers = true)]
    batch_size: usize,

    /// How many times as many samples are seen as there are, such as 5
    #[arg(long, value_name = "N", default_value = "25")]
    #[arg(value_parser = at_least_one, allow_negative_numbers = true)]
    epochs: usize,

    /// What weights and batches are drawn by; the same seed gives the same model to the last bit
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = seed, allow_negative_numbers = true)]
    seed: u64,

    /// How batches are drawn: shuffled (each epoch sees every sample once) or with-replacement
    #[arg(long, value_name = "HOW", default_value_t = Sampling::Shuffled)]
    sampling: Sampling,

    #[command(flatten)]
    optimizer: OptimizerOptions,

    #[arg(long, value_name = "NAME", default_value_t = Loss::SoftmaxCrossEntropy)]
    #[arg(help = format!("What is made small: {}", listed(Loss::all())))]
    loss: Loss,

    /// Numbers that are computed with: f32, or f64 for more digits at less speed
    #[arg(long, value_name = "TYPE", default_value_t = Precision::F32)]
    precision: Precision,
}

const EXAMPLES: &str = "\
Examples:
  Train 784-50-10 on MNIST and keep the model:
    limpid train --output digits.safetensors
  Two hidden layers, smaller steps, more of them:
    limpid train --hidden 100,50 --learning-rate 0.05 --epochs 30
  A network of your own:
    limpid train --network \"784, affine 64 init=xavier, tanh, affine 10\"
  For a program: one JSON object on stdout, nothing on stderr:
    limpid train --epochs 3 --format json --quiet > run.json";

/// What a training is, decided before it begins.
struct Plan {
    network: Network,
    parameters: u64,
    steps_per_epoch: usize,
    optimizer: Arc<dyn Optimizer>,
    learning_rate: f64,
}

/// The result.
#[derive(Serialize)]
struct Report<'r> {
    dataset: Named,
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
    sampling: String,
    loss: String,
    precision: String,
    train_accuracy: Option<f64>,
    test_accuracy: Option<f64>,
    train_loss: f64,
    test_loss: Option<f64>,
    training_seconds: f64,
    output: Option<String>,
    history: &'r History,
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let plan = arguments.plan()?;
    let folder = arguments.data.dataset.locate(arguments.data.data.as_deref())?;
    if !arguments.quiet {
        output::note(&arguments.settings(&plan, &folder));
    }
    let named = arguments.data.dataset;
    let data = named.read(Some(&folder), named.divisor(), arguments.training.loss)?;
    let training = &arguments.training;
    let model = Model::in_precision(&plan.network, training.seed, training.precision)?;
    let mut model = model.with_loss(training.loss).with_threads(arguments.threads.count());
    let started = Instant::now();
    let history = arguments.fit(&mut model, &data, &plan)?;
    let seconds = started.elapsed().as_secs_f64();
    // Should saving fail, hours of training still end in a report.
    let saved = arguments.output.as_deref().map(|path| models::save(&model, named.divisor(), path)).transpose();
    let kept = arguments.keep(&history);
    arguments.report(&plan, &history, seconds, matches!(saved, Ok(Some(()))))?;
    saved?;
    kept?;
    arguments.say_how_to_go_on();
    Ok(())
}

impl Arguments {
    /// Checks everything that can be known before any file is read.
    fn plan(&self) -> Result<Plan, Failure> {
        let TrainingOptions { batch_size, loss, learning_rate, .. } = self.training;
        let optimizer = self.training.optimizer.optimizer()?;
        let named = self.data.dataset;
        let network = self.network.network(named)?;
        let samples = named.samples(Part::Train);
        if batch_size > samples {
            return Err(Failure::Usage(format!(
                "a batch of {batch_size} is more than the {samples} training samples of {}; 1 to {samples} fits",
                named.name()
            )));
        }
        let step = Stage::Step.graph(&network, loss, named.divisor(), optimizer.as_ref())?;
        check_memory(&step, &Sizes::from([("batch", batch_size), ("samples", samples)]))?;
        if let Some(path) = &self.output {
            if output::is_dash(path) {
                return Err(Failure::Usage("a model is not written to stdout; a file name fits --output".to_string()));
            }
            writable(path)?;
        }
        if let Some(path) = &self.history {
            if output::is_dash(path) {
                let fits = "--format json prints it there, a file name fits --history";
                return Err(Failure::Usage(format!("a history is not written to stdout by itself; {fits}")));
            }
            writable(path)?;
        }
        let declared = network.parameters()?;
        let parameters = declared.iter().map(|parameter| parameter.shape.iter().product::<usize>() as u64).sum();
        let learning_rate = learning_rate.unwrap_or_else(|| optimizer.usual_learning_rate());
        Ok(Plan { network, parameters, steps_per_epoch: samples.div_ceil(batch_size), optimizer, learning_rate })
    }

    fn settings(&self, plan: &Plan, folder: &Path) -> String {
        let TrainingOptions { batch_size, epochs, seed, sampling, loss, precision, .. } = &self.training;
        let Plan { optimizer, learning_rate, .. } = plan;
        let named = self.data.dataset;
        let bytes = plan.parameters * if *precision == engine::Precision::F64 { 8 } else { 4 };
        let [train, test] = [Part::Train, Part::Test].map(|part| text::count(named.samples(part) as u64));
        let rows = [
            ("network", plan.network.to_string()),
            ("parameters", format!("{} ({} in {precision})", text::count(plan.parameters), text::bytes(bytes))),
            ("data", format!("{}: {train} to learn from, {test} to test on", named.name())),
            ("", format!("in {}", folder.display())),
            ("training", format!("{} of {}", epochs_text(*epochs), steps_text(plan.steps_per_epoch))),
            ("", format!("{sampling} batches of {batch_size}, {}, learning rate {learning_rate:?}", optimizer.name())),
            ("loss", loss.to_string()),
            ("seed", seed.to_string()),
        ];
        let rows: Vec<_> = rows.into_iter().map(|(name, value)| vec![name.to_string(), value]).collect();
        text::table(&[Align::Left, Align::Left], &rows)
    }

    fn fit(&self, model: &mut Model, data: &crate::data::Parts, plan: &Plan) -> Result<History, Failure> {
        let TrainingOptions { batch_size, epochs, seed, sampling, .. } = self.training;
        let (optimizer, learning_rate) = (Arc::clone(&plan.optimizer), plan.learning_rate);
        let fit = Fit { epochs, batch_size, learning_rate, optimizer, sampling, seed, timed: self.timed };
        let mut progress = Progress::start(epochs, self.quiet);
        let says_times = self.timed && self.format.format == Format::Text;
        let outcome = model.fit_watched(&data.train, Some(&data.test), &fit, |event| {
            if let Event::Step { step, loss, .. } = event
                && says_times
            {
                progress.step_line(step, loss);
            }
            progress.on(event);
            ControlFlow::Continue(())
        });
        progress.finish();
        Ok(outcome?)
    }

    /// Writes the history, where that was asked for.
    fn keep(&self, history: &History) -> Result<(), Failure> {
        let Some(path) = &self.history else { return Ok(()) };
        match serde_json::to_string(history) {
            Ok(line) => Ok(write_atomically(path, (line + "\n").as_bytes())?),
            Err(error) => Err(Failure::Misfit(format!("the history cannot be put into JSON: {error}"))),
        }
    }

    fn report(&self, plan: &Plan, history: &History, seconds: f64, is_saved: bool) -> Result<(), Failure> {
        let last = history.epochs.last();
        let test_loss = last.and_then(|epoch| epoch.test_loss);
        let test_accuracy = last.and_then(|epoch| epoch.test_accuracy);
        let train_loss = last.map_or(f64::NAN, |epoch| epoch.train_loss);
        let train_accuracy = last.and_then(|epoch| epoch.train_accuracy);
        if self.format.format == Format::Text {
            let rows = [
                ("test accuracy", test_accuracy.map(text::percent)),
                ("test loss", test_loss.map(text::loss)),
                ("train accuracy", train_accuracy.map(text::percent)),
                ("train loss", Some(text::loss(train_loss))),
                ("seconds", Some(format!("{seconds:.1}"))),
            ];
            let rows: Vec<_> = rows.into_iter().filter_map(|(name, value)| Some(vec![name.into(), value?])).collect();
            return output::result(&text::table(&[Align::Left, Align::Left], &rows));
        }
        let training = &self.training;
        output::json(&Report {
            dataset: self.data.dataset,
            network: plan.network.to_string(),
            parameters: plan.parameters,
            seed: training.seed,
            epochs: training.epochs,
            steps: history.losses.len(),
            batch_size: training.batch_size,
            learning_rate: plan.learning_rate,
            optimizer: plan.optimizer.name(),
            momentum: training.optimizer.share_kept(),
            sampling: training.sampling.to_string(),
            loss: training.loss.to_string(),
            precision: training.precision.to_string(),
            train_accuracy,
            test_accuracy,
            train_loss,
            test_loss,
            training_seconds: seconds,
            output: self.output.as_ref().filter(|_| is_saved).map(|path| path.display().to_string()),
            history,
        })
    }

    fn say_how_to_go_on(&self) {
        let data = self.data.data.as_ref().map(|folder| format!(" --data {}", text::shell_word(folder)));
        let line = match &self.output {
            Some(path) => {
                let file = text::shell_word(path);
                format!("saved {file}; ask it again with: limpid evaluate {file}{}", data.unwrap_or_default())
            }
            None => "the model was not kept; to keep it add: --output digits.safetensors".to_string(),
        };
        if !self.quiet {
            output::note(&line);
        }
    }
}

fn epochs_text(epochs: usize) -> String {
    text::counted(epochs as u64, "epoch")
}

fn steps_text(steps: usize) -> String {
    text::counted(steps as u64, "step")
}
