//! How to train.

use std::sync::Arc;

use crate::data::augmentation::Augmentation;
use crate::data::batches::Sampling;
use crate::describe::context::USUAL_SEED;
use crate::describe::optimizers::{Optimizer, Sgd};
use crate::describe::recipe::Recipe;
use crate::describe::schedule::{Schedule, Span};
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
    /// How the learning rate changes from step to step. Each training has the whole schedule; a training that is done in
    /// parts says by [`Schedule::over`] how many epochs all parts have, and each part goes on with it.
    pub schedule: Schedule,
    /// How strongly weights are drawn to 0; biases and the like are not. See [`Recipe::weight_decay`].
    pub weight_decay: f64,
    /// How much of the right class's 1 all classes share: [`Loss::smoothed`](crate::Loss::smoothed). Evaluations do not smooth.
    pub label_smoothing: f64,
    /// How much of the running average of the parameters is kept from step to step, such as 0.999. The model is evaluated
    /// and saved with these averages, after each epoch and when the training ends; steps go on from the parameters
    /// themselves. None for no averages.
    pub average_weights: Option<f64>,
    /// How pictures to learn from are changed, anew in every epoch. Evaluations, of the training samples too, are of the
    /// pictures as they are.
    pub augmentation: Option<Augmentation>,
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
            schedule: Schedule::default(),
            weight_decay: 0.0,
            label_smoothing: 0.0,
            average_weights: None,
            augmentation: None,
            sampling: Sampling::default(),
            seed: USUAL_SEED,
            timed: false,
        }
    }
}

impl FitOptions {
    /// The learning rate that was given, or else the largest of the schedule, or else the optimiser's usual one.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use limpid_learn::{Adam, FitOptions};
    ///
    /// let fit = FitOptions { optimizer: Arc::new(Adam::default()), ..FitOptions::default() };
    /// assert_eq!(fit.rate(), 0.001);
    /// ```
    pub fn rate(&self) -> f64 {
        let usual = || self.schedule.max().unwrap_or_else(|| self.optimizer.usual_learning_rate());
        self.learning_rate.unwrap_or_else(usual)
    }

    /// The optimizer with what goes along with it, for epochs of so many steps.
    ///
    /// # Errors
    /// [`Error::Setting`] where the schedule names another rate than the training.
    pub fn recipe(&self, per_epoch: usize) -> Result<Recipe, Error> {
        if let (Some(rate), Some(max)) = (self.learning_rate, self.schedule.max())
            && rate != max
        {
            let hint = format!("the schedule's is {max:?}; give one of them");
            return Err(Error::Setting { name: "the learning rate", found: format!("{rate:?}"), hint });
        }
        let steps = per_epoch.saturating_mul(self.schedule.epochs.unwrap_or(self.epochs));
        // Where the rate stays as it is, a next training goes on whatever its length.
        let span = if self.schedule.is_constant() { Span::default() } else { Span { steps, per_epoch } };
        Ok(Recipe {
            optimizer: Arc::clone(&self.optimizer),
            schedule: self.schedule,
            span,
            weight_decay: self.weight_decay,
            average_weights: self.average_weights,
        })
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
