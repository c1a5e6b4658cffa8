//! A training step that is described before its training begins.

use crate::describe::loss::Loss;
use crate::describe::network::Network;
use crate::describe::recipe::Recipe;
use crate::error::Error;
use crate::train::options::FitOptions;
use crate::train::step::{SampleShape, TrainingStep, training_step_of_seed};

/// A training step described ahead: to look at it or to ask for its memory before there are parameters, and then to train
/// with it, without describing it again.
///
/// ```
/// use limpid_graph::Tensor;
/// use limpid_learn::{Dataset, FitOptions, Loss, Model, Network};
///
/// let network: Network = "2, affine 3, tanh, affine 2".parse()?;
/// let data = Dataset::new(Tensor::from([[0.0, 1.0], [1.0, 0.0]]), Tensor::from([0u8, 1]))?;
/// let (fit, loss) = (FitOptions { epochs: 2, ..FitOptions::default() }, Loss::SoftmaxCrossEntropy);
/// let prepared = fit.prepare(&network, &data, data.len(), &loss)?;
/// let shown = prepared.step().graph.show().to_string();
/// let mut model = Model::new(&network, 1)?.with_step(prepared);
/// model.fit(&data, &fit)?;
/// assert!(model.training_graph().is_some_and(|run| run.show().to_string() == shown));
/// # Ok::<(), limpid_learn::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct PreparedStep {
    network: Network,
    loss: Loss,
    key: StepKey,
    step: TrainingStep,
}

/// All that a training step depends on but the network and the loss.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StepKey {
    shape: SampleShape,
    recipe: String,
    smoothing: f64,
    seed: u64,
}

impl StepKey {
    pub(crate) fn new(shape: &SampleShape, recipe: &Recipe, smoothing: f64, seed: u64) -> Self {
        Self { shape: shape.clone(), recipe: format!("{recipe:?}"), smoothing, seed }
    }
}

impl PreparedStep {
    /// The step: the graph that the training runs, and the variables that it keeps.
    pub fn step(&self) -> &TrainingStep {
        &self.step
    }

    /// The step, where it is that of this network and this loss and of all the rest.
    pub(crate) fn for_training(self, network: &Network, loss: &Loss, key: &StepKey) -> Option<TrainingStep> {
        (self.network.is_same(network) && self.loss == *loss && self.key == *key).then_some(self.step)
    }
}

impl FitOptions {
    /// Describes the step of a training with these options, on so many samples of this shape.
    /// [`Model::with_step`](crate::Model::with_step) hands it to a model.
    ///
    /// # Errors
    /// As [`training_step_of_seed`], and [`Error::Setting`] for a label smoothing out of range, or where the schedule names
    /// another rate than the options.
    #[track_caller]
    pub fn prepare(
        &self,
        network: &Network,
        shape: impl Into<SampleShape>,
        samples: usize,
        loss: &Loss,
    ) -> Result<PreparedStep, Error> {
        let per_epoch = samples.div_ceil(self.batch_size.clamp(1, samples.max(1)));
        let (shape, recipe) = (shape.into(), self.recipe(per_epoch)?);
        let smoothed = loss.clone().smoothed(self.label_smoothing)?;
        let step = training_step_of_seed(network, &shape, &smoothed, &recipe, self.seed)?;
        let key = StepKey::new(&shape, &recipe, self.label_smoothing, self.seed);
        Ok(PreparedStep { network: network.clone(), loss: loss.clone(), key, step })
    }
}
