//! The record of a training, and the events that it is made from.

use serde::Serialize;

use crate::train::clock::StepTime;

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
    /// The learning rate of the epoch's last step, where a schedule changes it; of epoch 0 the first step's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
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
