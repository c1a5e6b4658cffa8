//! What is wanted of a training, and what is chosen where nothing is said.

use std::sync::Arc;

use limpid_engine::{Precision, available_threads};
use limpid_graph::Tensor;
use limpid_learn::{Augmentation, Initializer, Loss, Network, Optimizer, Sampling, Schedule, Sgd, Task, optimizer};

use super::data::{DataKind, DataSpec};
use super::error::TrainingError;
use super::presets::Preset;
use crate::Error;

/// What is wanted of a training. None is the usual choice for the kind of data: see [`Defaults`].
#[derive(Clone, Debug)]
pub struct TrainingOptions {
    /// The preset that says what is not said here: the network, the learning rate, the sizes of batch and training.
    pub preset: Option<&'static Preset>,
    /// The whole network. None takes the preset's, or makes one of [`hidden`](Self::hidden) layers.
    pub network: Option<Network>,
    /// The values of that network's parameters and running statistics before the first step, all of them, as
    /// [`Model::variables`](limpid_learn::Model::variables) gives them. None draws the parameters.
    pub variables: Option<Vec<(String, Tensor)>>,
    /// The number of units of each hidden layer.
    pub hidden: Vec<usize>,
    /// The activation after each hidden layer, as network text: `relu`, `leaky-relu slope=0.1`.
    pub activation: String,
    /// The initializer of the weights; see [`usual_initializer`].
    pub initializer: Option<Initializer>,
    /// The loss; see [`usual_loss`].
    pub loss: Option<Loss>,
    /// How a step changes the parameters.
    pub optimizer: Arc<dyn Optimizer>,
    /// How the learning rate changes from step to step.
    pub schedule: Schedule,
    /// How strongly weights are drawn to 0: [`Recipe::weight_decay`](limpid_learn::Recipe).
    pub weight_decay: f64,
    /// How much of the right class's 1 all classes share: [`Loss::smoothed`].
    pub label_smoothing: f64,
    /// How much of the running average of the parameters is kept from step to step; None for no averages. The model is
    /// evaluated and saved with the averages.
    pub average_weights: Option<f64>,
    /// How pictures to learn from are changed, anew in every epoch; extents and background are those of the data.
    pub augmentation: Option<Augmentation>,
    /// The size of a step; see [`usual_learning_rate`].
    pub learning_rate: Option<f64>,
    /// The number of samples in a batch.
    pub batch_size: Option<usize>,
    /// The number of passes over the training data; with 0 the model stays untrained.
    pub epochs: Option<usize>,
    /// How batches are sampled.
    pub sampling: Sampling,
    /// The seed of the weights, of the batches, and of the samples that are held out.
    pub seed: u64,
    /// The type of the numbers.
    pub precision: Precision,
    /// The number of threads, which changes no bit of the result; None uses all that are available.
    pub threads: Option<usize>,
    /// Whether to record the time of each step.
    pub timed: bool,
}

impl Preset {
    /// Its options. Those that are set to something else go before the preset's.
    ///
    /// # Errors
    /// None for the presets that there are.
    pub fn options(&'static self) -> Result<TrainingOptions, Error> {
        let augmentation = match self.augmentation {
            "" => None,
            changes => Some(changes.parse()?),
        };
        Ok(TrainingOptions {
            preset: Some(self),
            optimizer: optimizer(self.optimizer)?,
            schedule: self.schedule.parse()?,
            weight_decay: self.weight_decay,
            label_smoothing: self.label_smoothing,
            average_weights: self.average_weights,
            augmentation,
            ..TrainingOptions::default()
        })
    }
}

impl Default for TrainingOptions {
    /// One hidden layer of 50 ReLUs, stochastic gradient descent, shuffled batches, seed 1, `f32`.
    fn default() -> Self {
        Self {
            preset: None,
            network: None,
            variables: None,
            hidden: vec![50],
            activation: "relu".to_string(),
            initializer: None,
            loss: None,
            optimizer: Arc::new(Sgd),
            schedule: Schedule::default(),
            weight_decay: 0.0,
            label_smoothing: 0.0,
            average_weights: None,
            augmentation: None,
            learning_rate: None,
            batch_size: None,
            epochs: None,
            sampling: Sampling::default(),
            seed: 1,
            precision: Precision::F32,
            threads: None,
            timed: false,
        }
    }
}

/// What is chosen by the kind of data alone.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Defaults {
    /// The number of samples in a batch; of fewer samples, all.
    pub batch_size: usize,
    /// The number of passes over the training data.
    pub epochs: usize,
    /// The initializer of the weights, where it does not depend on the activation.
    pub initializer: Option<Initializer>,
}

impl Defaults {
    /// A table has few rows mostly, and so smaller batches and more epochs. Its few columns go into many units: by what
    /// comes in alone, the first weights would begin too large, and the network would follow the noise of its few rows.
    /// `docs/tables.md` has the figures.
    pub const fn of(kind: DataKind) -> Self {
        match kind {
            DataKind::Table => Self { batch_size: 32, epochs: 100, initializer: Some(Initializer::Xavier) },
            DataKind::Pictures => Self { batch_size: 100, epochs: 25, initializer: None },
        }
    }
}

/// The learning rate of a regression by plain gradient descent. Its loss grows with the square of the error, and at the
/// rate that suits scores it diverges.
const REGRESSION_LEARNING_RATE: f64 = 0.01;

/// The learning rate that an optimizer usually takes, for this task.
pub fn usual_learning_rate(optimizer: &dyn Optimizer, task: Task) -> f64 {
    match task {
        Task::Regression => optimizer.usual_learning_rate().min(REGRESSION_LEARNING_RATE),
        Task::Classification => optimizer.usual_learning_rate(),
    }
}

/// The usual loss of a task.
pub fn usual_loss(task: Task) -> Loss {
    match task {
        Task::Classification => Loss::SoftmaxCrossEntropy,
        Task::Regression => Loss::MeanSquaredError,
    }
}

/// How the weights around an activation best begin: Glorot & Bengio 2010 for functions that are nearly linear around 0
/// and saturate, He et al. 2015 for those that are 0 on one side. A table has its own, whatever the activation:
/// [`Defaults::of`].
///
/// ```
/// use limpid::learn::Initializer;
/// use limpid::training::{DataKind, usual_initializer};
///
/// assert_eq!(usual_initializer("tanh", DataKind::Pictures), Initializer::Xavier);
/// assert_eq!(usual_initializer("leaky-relu slope=0.1", DataKind::Pictures), Initializer::He);
/// ```
pub fn usual_initializer(activation: &str, kind: DataKind) -> Initializer {
    let name = activation.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
    let of_activation =
        || if ["sigmoid", "tanh"].contains(&name.as_str()) { Initializer::Xavier } else { Initializer::He };
    Defaults::of(kind).initializer.unwrap_or_else(of_activation)
}

impl TrainingOptions {
    /// The network for data: the one that was given, or one of the hidden layers.
    pub(super) fn network_for(&self, spec: &DataSpec, kind: DataKind) -> Result<Network, TrainingError> {
        let network = match (&self.network, self.preset) {
            (Some(network), _) => network.clone(),
            (None, Some(preset)) => preset.network(spec)?,
            (None, None) => {
                self.text(spec, kind).parse().map_err(|error| TrainingError::Network(without_text(error)))?
            }
        };
        spec.check(&network)?;
        Ok(network)
    }

    fn text(&self, spec: &DataSpec, kind: DataKind) -> String {
        let init = self.initializer.unwrap_or_else(|| usual_initializer(&self.activation, kind));
        let affine = |outputs: usize| format!("affine {outputs} init={init}");
        let hidden = self.hidden.iter().map(|&units| format!("{}, {}, ", affine(units), self.activation));
        format!("{}, {}{}", spec.size, hidden.collect::<String>(), affine(spec.outputs))
    }

    pub(super) fn loss_for(&self, task: Task) -> Result<Loss, TrainingError> {
        match (task, self.loss.clone()) {
            (_, None) => Ok(usual_loss(task)),
            (Task::Regression, Some(loss @ (Loss::SoftmaxCrossEntropy | Loss::BinaryCrossEntropy))) => {
                Err(TrainingError::Loss { loss })
            }
            (_, Some(loss)) => Ok(loss),
        }
    }

    pub(super) fn thread_count(&self) -> usize {
        self.threads.unwrap_or_else(available_threads)
    }
}

/// What is wrong with a network that was put together here, without the text that nobody typed.
fn without_text(error: limpid_learn::Error) -> String {
    match error {
        limpid_learn::Error::Text(error) => error.what().to_string(),
        error => error.to_string(),
    }
}
