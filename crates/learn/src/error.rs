//! Errors of training and of networks.

use limpid_engine::SessionError;
use thiserror::Error;

use crate::choice::UnknownName;

mod preparation;
mod text;

pub use preparation::{MOST_CATEGORIES, PreparationError};
pub use text::TextError;
pub(crate) use text::{TextFault, place_text};

/// An error in describing, training or using a network.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum Error {
    /// The graph, or what a run was fed.
    #[error(transparent)]
    Graph(#[from] limpid_graph::Error),
    /// The session.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// A tensor whose numbers and shape do not fit together.
    #[error(transparent)]
    Tensor(#[from] limpid_graph::TensorError),
    /// A network's text.
    #[error(transparent)]
    Text(#[from] TextError),
    /// An unknown initializer.
    #[error("unknown initializer `{found}`; use {known}")]
    Initializer {
        /// What was asked for.
        found: String,
        /// An example of each.
        known: String,
    },
    /// An unknown name of a loss, a sampling or another choice.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// A setting out of its range.
    #[error("{name} is {found}; {hint}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// Its value.
        found: String,
        /// What to use instead.
        hint: String,
    },
    /// Data whose parts do not fit together, or do not fit the network.
    #[error("{0}")]
    Data(String),
    /// Columns that a model cannot be trained on, or that differ from those it was trained on.
    #[error(transparent)]
    Preparation(#[from] PreparationError),
    /// A parameter that does not fit the network.
    #[error("{0}")]
    Parameters(String),
    /// The loss became infinite or NaN.
    #[error(
        "training diverged: the loss is {loss} at step {step} (epoch {epoch}); use a learning rate smaller than {learning_rate:?}"
    )]
    Diverged {
        /// The step, counted from 1.
        step: usize,
        /// The epoch, counted from 1.
        epoch: usize,
        /// Not a number, or infinite.
        loss: f64,
        /// The learning rate it was trained with.
        learning_rate: f64,
    },
    /// A loss of which a model file has only the name.
    #[error(
        "the loss `{name}` is not one of limpid's, and the model file holds only its name: the model can predict; to \
         evaluate or train it, give it the loss by `with_loss`"
    )]
    UnknownLoss {
        /// The loss.
        name: String,
    },
    /// A label that is none of the classes of a network.
    #[error("label {label} of sample {sample}: {}", .outputs.explained(*.label))]
    Label {
        /// The label.
        label: f64,
        /// Which sample, counted from 0.
        sample: usize,
        /// How many classes the network tells apart.
        outputs: Outputs,
    },
    /// Samples that cannot be read from where they are.
    #[error("{0}")]
    Read(String),
    /// A backward pass without a forward pass.
    #[error("backward needs a forward pass first: the derivative depends on the values it keeps")]
    NothingForward,
}

/// How many outputs a network has, one for each class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outputs(pub usize);

impl Outputs {
    fn explained(self, label: f64) -> String {
        let Self(outputs) = self;
        let most = outputs.saturating_sub(1);
        // Beyond this a label is more likely not a class at all than one class too many.
        const MOST_CLASSES: f64 = 1e6;
        match label >= outputs as f64 && label.fract() == 0.0 && label < MOST_CLASSES {
            true => format!(
                "the network has {outputs} outputs, for labels from 0 to {most}; use `affine {}` as its last layer",
                label + 1.0
            ),
            false => format!("a label is a whole number from 0 to {most}, one for each of the network's outputs"),
        }
    }
}
