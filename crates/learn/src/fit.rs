//! The training loop.

use std::ops::ControlFlow;
use std::sync::Arc;

use limpid_graph::Tensor;
use serde::Serialize;

use crate::batches::{Batches, Sampling};
use crate::clock::Clock;
use crate::dataset::Dataset;
use crate::error::Error;
use crate::model::Model;
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
    /// How far a step goes against the gradient.
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
    /// 20 epochs of shuffled batches of 100, stochastic gradient descent with a learning rate of 0.1.
    fn default() -> Self {
        Self {
            epochs: 20,
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

/// When a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct StepTime {
    /// Time of day: seconds since 1970-01-01 00:00 UTC.
    pub unix_seconds: f64,
    /// Seconds since the training began.
    pub elapsed_seconds: f64,
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
    pub fn fit(&mut self, train: &Dataset, fit: &Fit) -> Result<History, Error> {
        self.fit_watched(train, None, fit, |_| ControlFlow::Continue(()))
    }

    /// Trains on `train`, notes after each epoch how the model does on `test` too, and tells `watch` what happens;
    /// its answer may stop the training.
    ///
    /// # Errors
    /// As [`fit`](Model::fit). After [`Error::Diverged`] the parameters are those that diverged.
    pub fn fit_watched(
        &mut self,
        train: &Dataset,
        test: Option<&Dataset>,
        fit: &Fit,
        mut watch: impl FnMut(Event<'_>) -> ControlFlow<()>,
    ) -> Result<History, Error> {
        if !(fit.learning_rate.is_finite() && fit.learning_rate > 0.0) {
            return Err(Error::Setting {
                name: "the learning rate",
                found: fit.learning_rate.to_string(),
                fits: "a number above 0, such as 0.1, fits".to_string(),
            });
        }
        let mut batches = Batches::new(fit.sampling, train.len(), fit.batch_size, fit.seed)?;
        let (per_epoch, steps) = (batches.per_epoch(), batches.per_epoch().saturating_mul(fit.epochs));
        let train = train.stored_for(self.precision());
        let step_graph = step::training_step(self.network(), &train, self.loss(), fit.optimizer.as_ref())?;
        let program = self.session.load(step_graph);
        let mut noter = Noter::new(self, &train, test, fit.learning_rate)?;
        let learning_rate = Tensor::scalar(fit.learning_rate);
        let mut history = History::default();
        let clock = Clock::start();
        history.epochs.push(noter.note(self, 0, 0)?);
        if watch(Event::Epoch(&history.epochs[0])).is_break() {
            return Ok(history);
        }
        for step in 0..steps {
            let rows = Tensor::from(batches.rows(step).into_iter().map(|row| row as f64).collect::<Vec<_>>());
            let feeds =
                [(INPUTS, train.inputs()), (TARGETS, train.targets()), (ROWS, &rows), (LEARNING_RATE, &learning_rate)];
            let loss = self.session.run(program, &feeds)?[0].item().unwrap_or(f64::NAN);
            let (step, epoch) = (step + 1, step / per_epoch + 1);
            if !loss.is_finite() {
                return Err(Error::Diverged { step, epoch, loss, learning_rate: fit.learning_rate });
            }
            history.losses.push(loss);
            history.times.extend(fit.timed.then(|| clock.now()));
            let mut flow = watch(Event::Step { step, steps, epoch, loss });
            if step.is_multiple_of(per_epoch) {
                history.epochs.push(noter.note(self, epoch, step)?);
                let ended = history.epochs.last();
                flow = ended.map_or(flow, |ended| if flow.is_break() { flow } else { watch(Event::Epoch(ended)) });
            }
            if flow.is_break() {
                break;
            }
        }
        Ok(history)
    }
}

/// Evaluates the model at the ends of epochs.
struct Noter<'d> {
    train: &'d Dataset,
    test: Option<&'d Dataset>,
    learning_rate: f64,
    on_train: limpid_engine::Program,
    on_test: Option<limpid_engine::Program>,
}

impl<'d> Noter<'d> {
    fn new(
        model: &mut Model,
        train: &'d Dataset,
        test: Option<&'d Dataset>,
        learning_rate: f64,
    ) -> Result<Self, Error> {
        let (network, loss) = (model.network().clone(), model.loss());
        let mut load = |data: &Dataset| Ok::<_, Error>(model.session.load(step::evaluation(&network, data, loss)?));
        Ok(Self { train, test, learning_rate, on_train: load(train)?, on_test: test.map(load).transpose()? })
    }

    fn note(&mut self, model: &mut Model, epoch: usize, step: usize) -> Result<Epoch, Error> {
        let train = model.evaluate_by(self.on_train, self.train, crate::model::EVALUATION_BATCH)?;
        let test = match (self.on_test, self.test) {
            (Some(program), Some(data)) => Some(model.evaluate_by(program, data, crate::model::EVALUATION_BATCH)?),
            _ => None,
        };
        let at_start = epoch == 0;
        match train.loss.is_finite() || at_start {
            true => Ok(Epoch {
                epoch,
                step,
                train_loss: train.loss,
                train_accuracy: train.accuracy,
                test_loss: test.map(|test| test.loss),
                test_accuracy: test.and_then(|test| test.accuracy),
            }),
            false => Err(Error::Diverged { step, epoch, loss: train.loss, learning_rate: self.learning_rate }),
        }
    }
}
