//! Flags that say how a training step moves the parameters, and how pictures are changed meanwhile.

use std::str::FromStr;
use std::sync::Arc;

use clap::Args;
use limpid::learn::{
    Augmentation, Change, Choice, Optimizer, Recipe, Schedule, Span, Task, augmentation_choices, optimizer,
    optimizer_choices, optimizer_names, schedule_choices,
};
use limpid::training::{TrainingOptions, usual_learning_rate};

use crate::choices::offering;
use crate::failure::Failure;
use crate::value_parsers::{listed, not_negative, share};

/// How a training step moves the parameters.
#[derive(Debug, Args)]
pub(crate) struct OptimizerOptions {
    #[arg(long, value_name = "NAME", hide_possible_values = true)]
    #[arg(value_parser = offering(optimizer_choices(), TypedOptimizer::from_str))]
    #[arg(help = format!("Optimizer: {} [default: sgd]", listed(optimizer_names())), long_help = optimizer_help())]
    optimizer: Option<TypedOptimizer>,

    /// Momentum coefficient, for the optimizers momentum and nesterov, such as 0.8 [default: 0.9]
    #[arg(long, value_name = "SHARE", value_parser = share, allow_negative_numbers = true)]
    momentum: Option<f64>,

    #[arg(long, value_name = "SCHEDULE", hide_possible_values = true)]
    #[arg(value_parser = offering(schedule_choices(), Schedule::from_str))]
    #[arg(help = format!("How the learning rate changes: {}", listed(schedule_choices().map(|row| row.name))))]
    #[arg(long_help = schedule_help())]
    schedule: Option<Schedule>,

    /// Weight decay: how strongly each step draws the weights to 0, such as 0.0001 [default: 0]
    ///
    /// It applies to weights, not to biases and norms. With adam it is a step of its own, as by PyTorch's AdamW; with sgd,
    /// momentum and nesterov it is a part of the gradient, as by PyTorch's SGD.
    #[arg(id = "weight-decay", long, value_name = "NUMBER", value_parser = not_negative, allow_negative_numbers = true)]
    weight_decay: Option<f64>,

    /// Keep a running average of the weights, with this share kept from step to step, such as 0.999
    ///
    /// The network is evaluated and saved with these averages. The first steps keep less, so that a short training's
    /// averages do not stay near its beginning.
    #[arg(id = "average-weights", long, value_name = "SHARE", value_parser = share, allow_negative_numbers = true)]
    average_weights: Option<f64>,
}

/// `--augment`.
#[derive(Debug, Args)]
pub(crate) struct AugmentOption {
    #[arg(long, value_name = "CHANGES", help = "Change pictures at random, such as \"shift 2, rotate 10\"")]
    #[arg(long_help = augmentation_help())]
    pub(crate) augment: Option<Augmentation>,
}

/// The changes of pictures with their settings, for help.
fn augmentation_help() -> String {
    let row = |row: &Choice<Change>| match row.settings {
        [] => format!("  {}: {}", row.name, row.about),
        settings => format!("  {}: {}; {}", row.name, row.about, listed(settings.iter())),
    };
    format!(
        "Change pictures at random, such as \"shift 2, rotate 10\"\n\nEach picture to learn from is changed anew in every \
         epoch, by numbers that depend on the seed, the epoch and the picture alone; test data stays as it is. `limpid data \
         show mnist --augment \"shift 2\"` shows what comes of it. With their defaults and ranges:\n{}",
        augmentation_choices().map(row).collect::<Vec<_>>().join("\n")
    )
}

/// The schedules with their settings, for help.
fn schedule_help() -> String {
    let rows = schedule_choices().map(|row| format!("  {}: {}; {}", row.name, row.about, listed(row.settings.iter())));
    let examples = listed(schedule_choices().map(|row| format!("\"{}\"", row.example)));
    format!(
        "How the learning rate changes from step to step: {} [default: constant]\n\nSettings may follow the name: \
         {examples}. The warm-up is the share of all steps over which the rate rises to its full size. With their defaults \
         and ranges:\n{}",
        listed(schedule_choices().map(|row| row.name)),
        rows.collect::<Vec<_>>().join("\n")
    )
}

/// An optimizer as it was typed.
#[derive(Clone, Debug)]
struct TypedOptimizer {
    optimizer: Arc<dyn Optimizer>,
    text: String,
}

impl FromStr for TypedOptimizer {
    type Err = limpid::learn::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self { optimizer: optimizer(text)?, text: text.trim().to_string() })
    }
}

/// The optimizers with their settings, for help.
fn optimizer_help() -> String {
    let row = |row: &Choice<Arc<dyn Optimizer>>| match row.settings {
        [] => format!("  {}: {}", row.name, row.about),
        settings => format!("  {}: {}; {}", row.name, row.about, listed(settings.iter())),
    };
    let rows: Vec<String> = optimizer_choices().map(row).collect();
    let examples = listed(optimizer_choices().map(|row| format!("\"{}\"", row.example)));
    format!(
        "Optimizer: {} [default: sgd]\n\nSettings may follow the name: {examples}. With their defaults and ranges:\n{}",
        listed(optimizer_names()),
        rows.join("\n")
    )
}

/// The usual learning rates, for help: of the first optimizer, then of those that have another.
pub(crate) fn learning_rate_help() -> String {
    let rates = optimizer_choices().filter_map(|row| Some((row.name, row.usual()?.usual_learning_rate())));
    let mut groups: Vec<(f64, Vec<&str>)> = Vec::new();
    for (name, rate) in rates {
        match groups.iter_mut().find(|(own, _)| *own == rate) {
            Some((_, names)) => names.push(name),
            None => groups.push((rate, vec![name])),
        }
    }
    let regression = usual_learning_rate(&limpid::prelude::Sgd, Task::Regression);
    let (first, others) = groups.split_first().map_or((0.1, &[][..]), |(first, others)| (first.0, others));
    let other = |(rate, names): &(f64, Vec<&str>)| {
        let of_regression = if *rate == regression { " or for a regression" } else { "" };
        format!("{rate} with {}{of_regression}", names.join(" and "))
    };
    let others = others.iter().map(other);
    format!("Learning rate: the size of a step, such as 0.05 [default: {first}; {}]", listed(others))
}

/// The training that the schedule of a step goes over which is looked at without data: 25 epochs of 600 steps, as by
/// default on MNIST.
const LOOKED_AT: Span = Span { steps: 25 * 600, per_epoch: 600 };

impl OptimizerOptions {
    /// What was asked for beside the optimizer.
    pub(crate) fn of(&self, options: TrainingOptions) -> Result<TrainingOptions, Failure> {
        Ok(TrainingOptions {
            optimizer: self.optimizer(&options.optimizer)?,
            schedule: self.schedule.unwrap_or(options.schedule),
            weight_decay: self.weight_decay.unwrap_or(options.weight_decay),
            average_weights: self.average_weights.or(options.average_weights),
            ..options
        })
    }

    /// The optimizer with what goes along with it, of a step that is looked at without data.
    pub(crate) fn recipe(&self) -> Result<Recipe, Failure> {
        let TrainingOptions { optimizer, schedule, weight_decay, average_weights, .. } =
            self.of(TrainingOptions::default())?;
        Ok(Recipe { optimizer, schedule, span: LOOKED_AT, weight_decay, average_weights })
    }

    /// The optimizer, told what was typed for it; the usual one where none was.
    fn optimizer(&self, usual: &Arc<dyn Optimizer>) -> Result<Arc<dyn Optimizer>, Failure> {
        let (own, text) = match &self.optimizer {
            Some(TypedOptimizer { optimizer, text }) => (optimizer, text.as_str()),
            None => (usual, usual.name()),
        };
        let Some(momentum) = self.momentum else { return Ok(Arc::clone(own)) };
        // Those that keep a velocity by themselves take its share as their first word.
        let takes_momentum = |row: &Choice<Arc<dyn Optimizer>>| row.settings.iter().any(|s| s.positional);
        let named = text.split_whitespace().next().unwrap_or_default();
        if named.len() < text.len() {
            return Err(Failure::Usage(format!(
                "the settings of an optimizer are given in one place; use --optimizer \"{named} {momentum}\" alone, or \
                 --optimizer {named} --momentum {momentum}"
            )));
        }
        if !optimizer_choices().any(|row| row.name == own.name() && takes_momentum(row)) {
            let names: Vec<&str> = optimizer_choices().filter(|row| takes_momentum(row)).map(|row| row.name).collect();
            let (first, others) = names.split_first().unwrap_or((&"", &[]));
            return Err(Failure::Usage(format!(
                "--momentum does not apply to the optimizer {}; use --optimizer {first} (or {})",
                own.name(),
                others.join(", ")
            )));
        }
        Ok(optimizer(&format!("{} {momentum}", own.name()))?)
    }
}
