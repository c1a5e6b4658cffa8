//! Steps whose learning rate grows from one to the next, to see at which rates a model learns.

use std::ops::ControlFlow;

use serde::Serialize;

use crate::data::data_source::DataSource;
use crate::describe::schedule::Schedule;
use crate::error::Error;
use crate::train::history::Event;
use crate::train::model::Model;
use crate::train::options::{FitOptions, checked_learning_rate};

/// The rates that are tried: from one to another, each larger than the one before by the same factor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateRange {
    /// The first.
    pub from: f64,
    /// The last.
    pub to: f64,
    /// How many steps are taken.
    pub steps: usize,
}

impl Default for RateRange {
    /// 200 steps from 10⁻⁵ to 10.
    fn default() -> Self {
        Self { from: 1e-5, to: 10.0, steps: 200 }
    }
}

/// What steps of growing rates did: the loss of each step's batch before the step.
///
/// Source: Smith 2017, "Cyclical learning rates for training neural networks", section 3.3.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RateSearch {
    /// The learning rate of each step.
    pub rates: Vec<f64>,
    /// The loss of each step's batch.
    pub losses: Vec<f64>,
    /// A running mean of the losses.
    pub smoothed: Vec<f64>,
}

/// How much of the running mean is kept from step to step.
const KEPT: f64 = 0.95;
/// The search is over when the running mean is so many times its smallest.
const MOST_GROWTH: f64 = 4.0;
/// The first steps say nothing: their mean is that of few batches.
const FIRST: usize = 10;
/// Over how many steps to either side a slope is measured.
const NEAR: usize = 3;

impl RateSearch {
    /// The rate at which the mean loss falls fastest over the logarithm of the rate, on the way to its smallest; None where it
    /// falls nowhere.
    pub fn steepest(&self) -> Option<f64> {
        let ends = |at: usize| Some((at.checked_sub(NEAR)?, at + NEAR)).filter(|(_, end)| *end < self.rates.len());
        let slope = |at: usize| {
            let (start, end) = ends(at)?;
            Some((self.smoothed[end] - self.smoothed[start]) / (self.rates[end] / self.rates[start]).ln())
        };
        let slopes = (FIRST..=self.lowest()?).filter_map(|at| Some((at, slope(at)?)));
        let (at, slope) = slopes.min_by(|a, b| a.1.total_cmp(&b.1))?;
        (slope < 0.0).then(|| self.rates[at])
    }

    /// The rate at which the mean loss is smallest; None where that is at the beginning.
    pub fn minimum(&self) -> Option<f64> {
        Some(self.rates[self.lowest()?])
    }

    /// The step of the smallest mean loss, where that is not at the beginning.
    fn lowest(&self) -> Option<usize> {
        let smoothed = self.smoothed.iter().enumerate().skip(FIRST);
        let (at, least) = smoothed.min_by(|a, b| a.1.total_cmp(b.1))?;
        let falls = self.smoothed.first().is_some_and(|first| least < first) && at > FIRST;
        falls.then_some(at)
    }

    /// A good rate: a tenth of that of the smallest mean loss, which lies at the edge of where learning breaks down.
    pub fn suggestion(&self) -> Option<f64> {
        Some(self.minimum()? / 10.0)
    }

    /// Takes a loss in, and says whether it is worth going on.
    fn push(&mut self, rate: f64, loss: f64) -> bool {
        // As Adam's means: begun at 0, and divided by what is missing of the whole.
        let steps = self.losses.len() as i32;
        let before = self.smoothed.last().map_or(0.0, |mean| mean * (1.0 - KEPT.powi(steps)));
        let mean = (KEPT * before + (1.0 - KEPT) * loss) / (1.0 - KEPT.powi(steps + 1));
        self.rates.push(rate);
        self.losses.push(loss);
        self.smoothed.push(mean);
        let least = self.smoothed.iter().copied().fold(f64::INFINITY, f64::min);
        self.losses.len() <= FIRST || mean <= MOST_GROWTH * least
    }
}

impl Model {
    /// Takes steps of growing learning rates with a copy of this model, which itself stays as it is, and notes their losses.
    /// It ends before the last rate where the loss has grown to four times its smallest, or is no number any more. A
    /// schedule and an average of weights are left out.
    ///
    /// ```
    /// use limpid_graph::Tensor;
    /// use limpid_learn::{Dataset, FitOptions, Model, Network, RateRange};
    ///
    /// let network: Network = "2, affine 2".parse()?;
    /// let data = Dataset::new(Tensor::from([[1.0, 0.0], [0.0, 1.0], [2.0, 0.5]]), Tensor::from([0u8, 1, 0]))?;
    /// let model = Model::new(&network, 1)?;
    /// let found = model.try_learning_rates(&data, &FitOptions::default(), RateRange { steps: 50, ..RateRange::default() })?;
    /// assert_eq!(found.rates[0], 1e-5);
    /// assert!(found.suggestion().is_some_and(|rate| rate > 1e-3));
    /// # Ok::<(), limpid_learn::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`fit`](Model::fit), and [`Error::Setting`] for a range that does not grow, or of fewer than 20 steps.
    #[track_caller]
    pub fn try_learning_rates(
        &self,
        data: &dyn DataSource,
        fit: &FitOptions,
        range: RateRange,
    ) -> Result<RateSearch, Error> {
        checked_learning_rate(range.from)?;
        let refused = |name: &'static str, found: String, hint: &str| {
            let hint = hint.to_string();
            Err(Error::Setting { name, found, hint })
        };
        if !(range.to.is_finite() && range.to > range.from) {
            return refused("the largest rate", format!("{:?}", range.to), "use a number above the smallest rate");
        }
        if range.steps < 2 * FIRST {
            return refused("the number of steps", range.steps.to_string(), "use 20 or more");
        }
        let mut model = self.clone();
        model.begin_anew();
        let per_epoch = data.len().div_ceil(fit.batch_size.clamp(1, data.len().max(1))).max(1);
        let fit = FitOptions {
            epochs: range.steps.div_ceil(per_epoch),
            learning_rate: Some(range.from),
            schedule: Schedule::default(),
            average_weights: None,
            ..fit.clone()
        };
        let rate = |step: usize| range.from * (range.to / range.from).powf(step as f64 / (range.steps - 1) as f64);
        let mut found = RateSearch { rates: Vec::new(), losses: Vec::new(), smoothed: Vec::new() };
        let outcome = model.fit_with(data, None, &fit, |training| {
            let Event::Step { step, loss, .. } = training.event() else { return Ok(ControlFlow::Continue(())) };
            let goes_on = found.push(rate(step - 1), loss) && step < range.steps;
            training.set_learning_rate(rate(step))?;
            Ok::<_, Error>(if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        });
        match outcome {
            // Where the loss is no number any more, the rate is too large: that is what was looked for.
            Ok(_) | Err(Error::Diverged { .. }) if !found.losses.is_empty() => Ok(found),
            Ok(_) => Ok(found),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A search whose running mean is this function of the step.
    fn search(steps: usize, mean: impl Fn(usize) -> f64) -> RateSearch {
        let rates = (0..steps).map(|step| 1e-5 * 10f64.powf(step as f64 / 20.0)).collect();
        let smoothed: Vec<f64> = (0..steps).map(mean).collect();
        RateSearch { rates, losses: smoothed.clone(), smoothed }
    }

    #[test]
    fn the_rates_are_those_of_the_steepest_fall_and_of_a_tenth_of_the_minimum() {
        // Level, then a fall that is steepest in step 60, the smallest in step 80, and a rise with steeper falls in it.
        let mean = |step: usize| match step {
            0..=80 => 1.0 / (1.0 + (0.2 * (step as f64 - 60.0)).exp()),
            _ => 0.02 * (step - 80) as f64 + if step % 20 < 10 { 1.0 } else { 0.0 },
        };
        let found = search(120, mean);
        assert_eq!(found.steepest(), Some(found.rates[60]));
        assert_eq!(found.minimum(), Some(found.rates[80]));
        assert_eq!(found.suggestion(), Some(found.rates[80] / 10.0));
        for grows in [search(100, |step| 1.0 + step as f64), search(100, |_| 1.0), search(3, |_| 1.0)] {
            assert_eq!((grows.steepest(), grows.minimum(), grows.suggestion()), (None, None, None));
        }
    }

    #[test]
    fn the_running_mean_of_equal_losses_is_the_loss_and_growth_ends_the_search() {
        let mut found = search(0, |_| 0.0);
        assert!((0..30).all(|step| found.push(f64::from(step), 2.0)));
        assert!(found.smoothed.iter().all(|mean| (mean - 2.0).abs() < 1e-12));
        // 0.05 of a loss of 200 takes the mean beyond four times 2.
        assert!(!found.push(31.0, 200.0));
    }
}
