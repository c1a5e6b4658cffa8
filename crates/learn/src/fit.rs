//! How to train, and what a training notes.

use std::sync::Arc;

use serde::Serialize;

use crate::batches::Sampling;
use crate::clock::StepTime;
use crate::optimizer::{Optimizer, Sgd};

/// How to train. Every field has a default, so that a training names only what differs.
///
/// ```
/// use limpid_learn::Fit;
///
/// let fit = Fit { epochs: 3, learning_rate: Some(0.05), ..Fit::default() };
/// assert_eq!(fit.batch_size, 100);
/// ```
#[derive(Clone, Debug)]
pub struct Fit {
    /// The number of passes over the training samples.
    pub epochs: usize,
    /// How many samples a step learns from; all of them, where there are fewer.
    pub batch_size: usize,
    /// How far a step goes against the gradient. None takes the one that is usual for the optimizer:
    /// [`Optimizer::usual_learning_rate`].
    pub learning_rate: Option<f64>,
    /// The optimizer: how a step changes the parameters.
    pub optimizer: Arc<dyn Optimizer>,
    /// How the samples of a batch are chosen.
    pub sampling: Sampling,
    /// The seed that batches are drawn by.
    pub seed: u64,
    /// Whether to record the time of each step.
    pub timed: bool,
}

impl Default for Fit {
    /// 25 epochs of shuffled batches of 100 drawn by seed 1, stochastic gradient descent with its usual learning rate, 0.1.
    fn default() -> Self {
        Self {
            epochs: 25,
            batch_size: 100,
            learning_rate: None,
            optimizer: Arc::new(Sgd),
            sampling: Sampling::default(),
            seed: 1,
            timed: false,
        }
    }
}

impl Fit {
    /// The learning rate that was given, or the optimiser's usual one.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use limpid_learn::{Adam, Fit};
    ///
    /// let fit = Fit { optimizer: Arc::new(Adam::default()), ..Fit::default() };
    /// assert_eq!(fit.rate(), 0.001);
    /// ```
    pub fn rate(&self) -> f64 {
        self.learning_rate.unwrap_or_else(|| self.optimizer.usual_learning_rate())
    }
}

/// The record of a training.
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

/// Loss and accuracy of a model at the end of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Epoch {
    /// Which epoch; 0 is before the first step.
    pub epoch: usize,
    /// How many steps were taken.
    pub step: usize,
    /// Mean loss over the training data.
    pub train_loss: f64,
    /// Accuracy on the training data: the share of right answers.
    pub train_accuracy: Option<f64>,
    /// Mean loss over the held-out data.
    pub test_loss: Option<f64>,
    /// Accuracy on the held-out data: the share of right answers.
    pub test_accuracy: Option<f64>,
}

/// An event of a training, given to a watching function as it happens.
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
