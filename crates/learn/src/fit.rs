//! The training loop.

use std::ops::ControlFlow;
use std::sync::Arc;

use limpid_graph::Tensor;
use serde::Serialize;

use crate::batches::{Batches, Sampling};
use crate::clock::{Clock, StepTime};
use crate::dataset::Dataset;
use crate::error::Error;
use crate::model::Model;
use crate::numeric::checked_learning_rate;
use crate::optimizer::{Optimizer, Sgd};
use crate::step::{self, INPUTS, LEARNING_RATE, ROWS, TARGETS};

/// How to train. Every field has a default, so that a training names only what differs.
///
/// ```
/// use limpid_learn::Fit;
///
/// let fit = Fit { epochs: 3, learning_rate: 0.05, ..Fit::default() };
/// assert_eq!(fit.batch_size, 100);
/// ```
#[derive(Clone, Debug)]
pub struct Fit {
    /// How many times as many samples are seen as there are.
    pub epochs: usize,
    /// How many samples a step learns from.
    pub batch_size: usize,
    /// How far a step goes against the gradient. What is worth trying first depends on the optimiser:
    /// [`Optimizer::usual_learning_rate`].
    pub learning_rate: f64,
    /// How a parameter moves.
    pub optimizer: Arc<dyn Optimizer>,
    /// How the samples of a batch are chosen.
    pub sampling: Sampling,
    /// What the batches are drawn by.
    pub seed: u64,
    /// Whether to note the time of each step.
    pub timed: bool,
}

impl Default for Fit {
    /// 25 epochs of shuffled batches of 100, stochastic gradient descent with a learning rate of 0.1.
    fn default() -> Self {
        Self {
            epochs: 25,
            batch_size: 100,
            learning_rate: 0.1,
            optimizer: Arc::new(Sgd),
            sampling: Sampling::default(),
            seed: 0,
            timed: false,
        }
    }
}

/// What a training noted.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct History {
    /// The loss of each step's batch, before the step.
    pub losses: Vec<f64>,
    /// The state before the first step (epoch 0) and after each epoch.
    pub epochs: Vec<Epoch>,
    /// When each step ended, if that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub times: Vec<StepTime>,
}

/// How a model does at the end of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Epoch {
    /// Which epoch; 0 is before the first step.
    pub epoch: usize,
    /// How many steps were taken.
    pub step: usize,
    /// Mean loss over the training data.
    pub train_loss: f64,
    /// Share of right answers on the training data.
    pub train_accuracy: Option<f64>,
    /// Mean loss over the held-out data.
    pub test_loss: Option<f64>,
    /// Share of right answers on the held-out data.
    pub test_accuracy: Option<f64>,
}

/// What happens in a training, as it happens.
#[derive(Clone, Copy, Debug)]
pub enum Event<'e> {
    /// A step was taken.
    Step {
        /// Which, counted from 1.
        step: usize,
        /// How many there will be.
        steps: usize,
        /// In which epoch, counted from 1.
        epoch: usize,
        /// The loss of its batch.
        loss: f64,
    },
    /// An epoch ended; or, as epoch 0, training is about to begin.
    Epoch(&'e Epoch),
}

impl Model {
    /// Trains on `train`.
    ///
    /// # Errors
    /// A setting out of range, data that does not fit, or a loss that leaves the numbers.
    #[track_caller]
    pub fn fit(&mut self, train: &Dataset, fit: &Fit) -> Result<History, Error> {
        self.fit_watched(train, None, fit, |_| ControlFlow::Continue(()))
    }

    /// Trains on `train`, notes after each epoch how the model does on `test` too, and tells `watch` what happens;
    /// its answer may stop the training.
    ///
    /// # Errors
    /// As [`fit`](Model::fit). After [`Error::Diverged`] the parameters are those that diverged.
    #[track_caller]
    pub fn fit_watched(
        &mut self,
        train: &Dataset,
        test: Option<&Dataset>,
        fit: &Fit,
        mut watch: impl FnMut(Event<'_>) -> ControlFlow<()>,
    ) -> Result<History, Error> {
        checked_learning_rate(fit.learning_rate)?;
        if fit.epochs == 0 {
            return Err(Error::Setting {
                name: "the number of epochs",
                found: "0".to_string(),
                fits: "1 or more fits".to_string(),
            });
        }
        if self.network().parameters()?.is_empty() {
            let what = "the network has no parameters to learn; a layer such as `affine 10` brings some";
            return Err(Error::Parameters(what.to_string()));
        }
        let mut batches = Batches::new(fit.sampling, train.len(), fit.batch_size, fit.seed)?;
        let (per_epoch, steps) = (batches.per_epoch(), batches.per_epoch().saturating_mul(fit.epochs));
        let (train, test) = (train.stored_for(self.precision()), test.map(|test| test.stored_for(self.precision())));
        let test = test.as_deref();
        let step_graph = step::training_step(self.network(), &train, self.loss(), fit.optimizer.as_ref())?;
        // An optimiser may do without a learning rate, and a graph is fed nothing that it does not read.
        let learning_rate = Tensor::scalar(fit.learning_rate);
        let fed = if step_graph.find(LEARNING_RATE).is_ok() { 4 } else { 3 };
        for (name, zeros) in step::initial_states(&step_graph) {
            self.session.set(name, zeros);
        }
        let program = self.session.load(step_graph);
        let mut history = History::default();
        let clock = Clock::start();
        let before = self.note(&train, test, 0, 0)?;
        if !before.train_loss.is_finite() {
            return Err(self.not_finite(&train, before.train_loss));
        }
        history.epochs.push(before);
        if watch(Event::Epoch(&before)).is_break() {
            return Ok(history);
        }
        // The rows of a step, and those of the next, which the engine brings near meanwhile.
        let (mut rows, mut next_rows) = (Tensor::zeros([0]), Tensor::zeros([0]));
        batches.write_rows(0, &mut next_rows);
        for step in 0..steps {
            std::mem::swap(&mut rows, &mut next_rows);
            batches.write_rows(step + 1, &mut next_rows);
            self.session.announce(program, (ROWS, &next_rows));
            let feeds =
                [(INPUTS, train.inputs()), (TARGETS, train.targets()), (ROWS, &rows), (LEARNING_RATE, &learning_rate)];
            let loss = self.session.step(program, &feeds[..fed])?.item(0).unwrap_or(f64::NAN);
            let (step, epoch) = (step + 1, step / per_epoch + 1);
            let diverged = |loss| Error::Diverged { step, epoch, loss, learning_rate: fit.learning_rate };
            if !loss.is_finite() {
                return Err(diverged(loss));
            }
            history.losses.push(loss);
            history.times.extend(fit.timed.then(|| clock.now()));
            let mut flow = watch(Event::Step { step, steps, epoch, loss });
            if step.is_multiple_of(per_epoch) {
                let ended = self.note(&train, test, epoch, step)?;
                if !ended.train_loss.is_finite() {
                    return Err(diverged(ended.train_loss));
                }
                history.epochs.push(ended);
                if flow.is_continue() {
                    flow = watch(Event::Epoch(&ended));
                }
            }
            if flow.is_break() {
                break;
            }
        }
        Ok(history)
    }
}

impl Model {
    /// How it does after `step` steps.
    #[track_caller]
    fn note(&mut self, train: &Dataset, test: Option<&Dataset>, epoch: usize, step: usize) -> Result<Epoch, Error> {
        let on_train = self.evaluate(train)?;
        let on_test = match test {
            Some(test) => Some(self.evaluate(test)?),
            None => None,
        };
        Ok(Epoch {
            epoch,
            step,
            train_loss: on_train.loss,
            train_accuracy: on_train.accuracy,
            test_loss: on_test.map(|test| test.loss),
            test_accuracy: on_test.and_then(|test| test.accuracy),
        })
    }

    /// Why the loss is not finite before the first step: no fault of the learning rate's.
    fn not_finite(&self, data: &Dataset, loss: f64) -> Error {
        let first_in = |tensor: &Tensor| tensor.to_f64().into_iter().enumerate().find(|(_, x)| !x.is_finite());
        let sample_of = |tensor: &Tensor, at: usize| at / (tensor.len() / data.len()).max(1);
        let in_data =
            [("inputs", data.inputs()), ("targets", data.targets())].into_iter().find_map(|(what, tensor)| {
                let (at, x) = first_in(tensor)?;
                Some(format!("the {what} of sample {} hold {x}", sample_of(tensor, at)))
            });
        let in_divisor = || data.divisor().filter(|d| !d.is_normal()).map(|d| format!("the inputs are divided by {d}"));
        let in_parameters = || {
            let found = self.session.kept().find_map(|(name, value)| Some((name, first_in(value)?.1)));
            found.map(|(name, x)| format!("the parameter `{name}` holds {x}"))
        };
        let too_large = || format!("some numbers on the way are too large for {}; scale the data", self.precision());
        let why = in_data.or_else(in_divisor).or_else(in_parameters).unwrap_or_else(too_large);
        Error::Data(format!("the loss is {loss} before the first step: {why}"))
    }
}
