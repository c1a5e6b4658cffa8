//! Options that do not go with the data.

use limpid_learn::{Loss, Task};
use thiserror::Error;

/// Options of a training that do not go with its data. Each names what does.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum TrainingError {
    /// A network that takes other samples.
    #[error(
        "the network takes {takes} numbers, but a sample of {name} has {size}; use a network that begins with `{size}`"
    )]
    Inputs {
        /// How many numbers the network takes.
        takes: usize,
        /// The data's name.
        name: String,
        /// How many numbers a sample has.
        size: usize,
    },
    /// A network that gives other outputs.
    #[error("the network ends in {ends_in}, but {}; use a network{} that ends in `affine {outputs}`",
        has(name, *outputs, *task),
        if *has_rows { " with `flatten` before its first `affine`" } else { "" })]
    Outputs {
        /// The shape that the network ends in.
        ends_in: String,
        /// The data's name.
        name: String,
        /// How many outputs there should be.
        outputs: usize,
        /// What is learned.
        task: Task,
        /// Whether the network gives more than one row for a sample.
        has_rows: bool,
    },
    /// A preset for images, and data that has none.
    #[error(
        "the preset `{preset}` is for images, and samples of {name} are none; use the preset `two-layer`, or a network"
    )]
    Preset {
        /// The preset.
        preset: &'static str,
        /// The data's name.
        name: String,
    },
    /// A network with mistakes in it.
    #[error("{0}")]
    Network(String),
    /// A loss for classes, and a target that is a number.
    #[error("{loss} is for classes, but the target is a number; use {} for it", Loss::MeanSquaredError)]
    Loss {
        /// The loss.
        loss: Loss,
    },
    /// A batch of more samples than there are.
    #[error("a batch of {batch_size} is more than the {samples} training samples of {name}; use 1 to {samples}")]
    BatchSize {
        /// The batch's size.
        batch_size: usize,
        /// How many training samples there are.
        samples: usize,
        /// The data's name.
        name: String,
    },
    /// Augmentation of what is no picture.
    #[error("augmentation changes pictures, and {name} is a table; leave it out")]
    Augmentation {
        /// The data's name.
        name: String,
    },
    /// A learning rate, and a schedule that says its own.
    #[error("the learning rate is {learning_rate:?}, and the schedule's largest is {max:?}; give one of them")]
    TwoRates {
        /// The learning rate.
        learning_rate: f64,
        /// The schedule's.
        max: f64,
    },
    /// A step that no machine's memory is expected to hold.
    #[error("a step would keep more than 2,147,483,648 numbers in memory; use a smaller network or batch")]
    Memory,
}

/// What the data needs, in words.
fn has(name: &str, outputs: usize, task: Task) -> String {
    match task {
        Task::Classification => format!("{name} has {outputs} classes"),
        Task::Regression => "a regression has one output".to_string(),
    }
}
