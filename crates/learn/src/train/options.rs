//! How to train.

use std::sync::Arc;

use crate::data::batches::Sampling;
use crate::describe::context::USUAL_SEED;
use crate::describe::optimizer::Optimizer;
use crate::describe::optimizers::Sgd;
use crate::error::Error;

/// How to train. Every field has a default, so that a training names only what differs.
///
/// ```
/// use limpid_learn::FitOptions;
///
/// let fit = FitOptions { epochs: 3, learning_rate: Some(0.05), ..FitOptions::default() };
/// assert_eq!(fit.batch_size, 100);
/// ```
#[derive(Clone, Debug)]
pub struct FitOptions {
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
    /// The seed that batches are drawn by, and what layers such as dropout draw.
    pub seed: u64,
    /// Whether to record the time of each step.
    pub timed: bool,
}

impl Default for FitOptions {
    /// 25 epochs of shuffled batches of 100 drawn by seed 1, stochastic gradient descent with its usual learning rate, 0.1.
    fn default() -> Self {
        Self {
            epochs: 25,
            batch_size: 100,
            learning_rate: None,
            optimizer: Arc::new(Sgd),
            sampling: Sampling::default(),
            seed: USUAL_SEED,
            timed: false,
        }
    }
}

impl FitOptions {
    /// The learning rate that was given, or the optimiser's usual one.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use limpid_learn::{Adam, FitOptions};
    ///
    /// let fit = FitOptions { optimizer: Arc::new(Adam::default()), ..FitOptions::default() };
    /// assert_eq!(fit.rate(), 0.001);
    /// ```
    pub fn rate(&self) -> f64 {
        self.learning_rate.unwrap_or_else(|| self.optimizer.usual_learning_rate())
    }
}

/// A learning rate that a step can be taken with.
pub(crate) fn checked_learning_rate(learning_rate: f64) -> Result<f64, Error> {
    if learning_rate.is_finite() && learning_rate > 0.0 {
        return Ok(learning_rate);
    }
    Err(Error::Setting {
        name: "the learning rate",
        found: learning_rate.to_string(),
        hint: "use a number above 0, such as 0.1".to_string(),
    })
}
