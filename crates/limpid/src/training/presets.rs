//! Presets: networks for pictures with all that goes along with their training, one row each.

use std::fmt::Write;

use limpid_learn::{Network, optimizer};

use super::data::DataSpec;
use super::error::TrainingError;

/// A network and how it is trained. What options say for themselves goes first.
///
/// ```
/// use limpid::training::{Preset, TrainingData, TrainingOptions};
///
/// let preset = Preset::named("convnet").expect("there is one");
/// let options = TrainingOptions { epochs: Some(3), ..preset.options()? };
/// let setup = options.setup(TrainingData::mnist(None))?;
/// let chosen = setup.hyperparameters();
/// assert_eq!(chosen.network.to_string(), "1x28x28, conv 30 5x5, relu, max-pool 2, affine 100, relu, affine 10");
/// assert_eq!((chosen.optimizer.text().as_str(), chosen.epochs), ("adam", 3));
/// # Ok::<(), limpid::Error>(())
/// ```
#[derive(Debug, PartialEq)]
#[non_exhaustive]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// What it is, in a few words.
    pub about: &'static str,
    /// The layers as network text, without the last: that is an `affine` with an output for each class.
    pub layers: &'static str,
    /// How the weights of the last `affine` begin, as a setting of it; empty for as usual.
    pub last_init: &'static str,
    /// What stands behind the last `affine`, if anything.
    pub behind: &'static str,
    /// Whether its samples must be images.
    pub of_images: bool,
    /// The optimizer, as text.
    pub optimizer: &'static str,
    /// The learning rate with this optimizer; None for the usual one.
    pub learning_rate: Option<f64>,
    /// The schedule, as text.
    pub schedule: &'static str,
    /// The number of samples in a batch; None for the usual one.
    pub batch_size: Option<usize>,
    /// The number of epochs; None for the usual one.
    pub epochs: Option<usize>,
    /// The weight decay.
    pub weight_decay: f64,
    /// The label smoothing.
    pub label_smoothing: f64,
    /// How much of the average of the weights is kept from step to step; None for no averages.
    pub average_weights: Option<f64>,
    /// How pictures are changed, as text; empty for not at all.
    pub augmentation: &'static str,
}

/// What rows have in common.
const USUAL: Preset = Preset {
    name: "",
    about: "",
    layers: "",
    last_init: "",
    behind: "",
    of_images: true,
    optimizer: "adam",
    learning_rate: None,
    schedule: "constant",
    batch_size: Some(100),
    epochs: None,
    weight_decay: 0.0,
    label_smoothing: 0.0,
    average_weights: None,
    augmentation: "",
};

/// The presets, one row each.
static PRESETS: &[Preset] = &[
    Preset {
        name: "two-layer",
        about: "one hidden layer of 50 ReLUs, for data of every kind",
        layers: "affine 50, relu",
        of_images: false,
        optimizer: "sgd",
        batch_size: None,
        ..USUAL
    },
    Preset {
        name: "convnet",
        about: "one convolution of 30 filters, one hidden layer of 100 ReLUs",
        layers: "conv 30 5x5, relu, max-pool 2, affine 100, relu",
        schedule: "cosine",
        epochs: Some(10),
        ..USUAL
    },
    Preset {
        name: "deep-convnet",
        about: "six convolutions, with dropout",
        layers: "conv 16 3x3 pad=1, relu, conv 16 3x3 pad=1, relu, max-pool 2, \
                 conv 32 3x3 pad=1, relu, conv 32 3x3 pad=2, relu, max-pool 2, \
                 conv 64 3x3 pad=1, relu, conv 64 3x3 pad=1, relu, max-pool 2, affine 50, relu, dropout 0.5",
        behind: "dropout 0.5",
        schedule: "cosine",
        epochs: Some(12),
        ..USUAL
    },
    Preset {
        name: "fast",
        about: "two convolutions, trained in one epoch whose learning rate rises and falls",
        layers: "standardize mean=0.1307 deviation=0.3081, \
                 conv 24 5x5 init=fan-in, max-pool 2, relu, conv 32 3x3 init=fan-in, max-pool 2, relu, \
                 affine 256 init=fan-in, relu",
        last_init: " init=fan-in",
        optimizer: "adam beta1=0.7 beta2=0.9",
        learning_rate: Some(0.01),
        schedule: "one-cycle",
        batch_size: Some(256),
        epochs: Some(1),
        ..USUAL
    },
    Preset {
        name: "best",
        about: "six convolutions with batch norms, over changed pictures, slowly",
        layers: "conv 32 3x3 pad=1 no-bias, batch-norm, relu, conv 32 3x3 pad=1 no-bias, batch-norm, relu, max-pool 2, \
                 conv 64 3x3 pad=1 no-bias, batch-norm, relu, conv 64 3x3 pad=1 no-bias, batch-norm, relu, max-pool 2, \
                 conv 96 3x3 pad=1 no-bias, batch-norm, relu, conv 96 3x3 pad=1 no-bias, batch-norm, relu, \
                 global-average-pool, dropout 0.2",
        learning_rate: Some(0.005),
        schedule: "one-cycle",
        batch_size: Some(128),
        epochs: Some(15),
        weight_decay: 0.01,
        average_weights: Some(0.999),
        augmentation: "shift 2, rotate 10, scale 0.1",
        ..USUAL
    },
    Preset {
        name: "tiny",
        about: "five convolutions with batch norms and at most 8,000 parameters",
        layers: "conv 8 3x3 pad=1 no-bias, batch-norm, relu, conv 12 3x3 pad=1 no-bias, batch-norm, relu, max-pool 2, \
                 conv 16 3x3 pad=1 no-bias, batch-norm, relu, conv 16 3x3 pad=1 no-bias, batch-norm, relu, max-pool 2, \
                 conv 16 3x3 pad=1 no-bias, batch-norm, relu, global-average-pool",
        learning_rate: Some(0.01),
        schedule: "one-cycle",
        epochs: Some(20),
        augmentation: "shift 2, rotate 10",
        ..USUAL
    },
];

impl Preset {
    /// The presets.
    pub fn all() -> &'static [Self] {
        PRESETS
    }

    /// The preset of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        PRESETS.iter().find(|preset| preset.name == name)
    }

    /// Its network for data.
    ///
    /// # Errors
    /// [`TrainingError::Preset`] where it is for images and the data has none, [`TrainingError::Network`] where these are
    /// too small for it.
    pub fn network(&self, spec: &DataSpec) -> Result<Network, TrainingError> {
        let mut text = match (self.of_images, spec.image) {
            (false, _) => spec.size.to_string(),
            (true, Some([channels, height, width])) => format!("{channels}x{height}x{width}"),
            (true, None) => return Err(TrainingError::Preset { preset: self.name, name: spec.name.clone() }),
        };
        // Writing to a String cannot fail.
        let _ = write!(text, ", {}, affine {}{}", self.layers, spec.outputs, self.last_init);
        if !self.behind.is_empty() {
            let _ = write!(text, ", {}", self.behind);
        }
        let told = |error: limpid_learn::Error| {
            TrainingError::Network(format!("the preset `{}` does not fit {}: {error}", self.name, spec.name))
        };
        let network: Network = text.parse().map_err(told)?;
        network.variables().map_err(told)?;
        Ok(network)
    }

    /// The learning rate, where the optimizer is the preset's.
    pub(super) fn learning_rate_with(&self, optimizer_text: &str) -> Option<f64> {
        let own = optimizer(self.optimizer).ok()?.text();
        self.learning_rate.filter(|_| own == optimizer_text)
    }
}
