//! The samples of each step's batch: a pure function of the seed and the step.

use std::fmt;
use std::str::FromStr;

use limpid_graph::{Stream, Tensor};

use crate::choice::choose;
use crate::data::dataset::permutation;
use crate::error::Error;

/// How the samples of a batch are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sampling {
    /// Each epoch visits every sample once, in an order of its own; its last batch may be smaller.
    #[default]
    Shuffled,
    /// Each sample of each batch is drawn from all samples, independently of earlier draws.
    WithReplacement,
}

const NAMES: &[(&str, Sampling)] = &[("shuffled", Sampling::Shuffled), ("with-replacement", Sampling::WithReplacement)];

impl fmt::Display for Sampling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAMES.iter().find(|(_, sampling)| sampling == self).map_or("", |(name, _)| name))
    }
}

impl FromStr for Sampling {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Ok(choose("sampling", text, NAMES)?)
    }
}

/// The batches of a training, addressed by step.
///
/// ```
/// use limpid_learn::{Batches, Sampling};
///
/// let mut batches = Batches::new(Sampling::Shuffled, 10, 4, 1)?;
/// assert_eq!(batches.per_epoch(), 3);
/// let mut epoch: Vec<usize> = (0..3).flat_map(|step| batches.rows(step)).collect();
/// epoch.sort();
/// assert_eq!(epoch, (0..10).collect::<Vec<_>>());
/// # Ok::<(), limpid_learn::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Batches {
    sampling: Sampling,
    samples: usize,
    batch_size: usize,
    seed: u64,
    stream: Stream,
    /// So many samples that follow each other are shuffled among themselves: all, or those of a window.
    window: usize,
    /// The orders of windows that were asked for last, by epoch and window; derived from the seed, kept for speed.
    orders: [Option<Order>; 2],
}

/// The order of a window's samples in an epoch.
#[derive(Clone, Debug)]
struct Order {
    epoch: u64,
    window: usize,
    rows: Vec<usize>,
}

impl Batches {
    /// Batches of `batch_size` out of `samples`; of all samples, where there are fewer.
    ///
    /// # Errors
    /// [`Error::Setting`] where the batch size or the number of samples is 0.
    pub fn new(sampling: Sampling, samples: usize, batch_size: usize, seed: u64) -> Result<Self, Error> {
        for (name, number) in [("the batch size", batch_size), ("the number of samples", samples)] {
            if number == 0 {
                return Err(Error::Setting { name, found: "0".to_string(), hint: "use 1 or more".to_string() });
            }
        }
        let batch_size = batch_size.min(samples);
        Ok(Self {
            sampling,
            samples,
            batch_size,
            seed,
            stream: Stream::new(seed, "batches"),
            window: samples,
            orders: [None, None],
        })
    }

    /// The same, shuffled only within windows of `window` samples that follow each other, for samples that are read in
    /// their order.
    ///
    /// ```
    /// use limpid_learn::{Batches, Sampling};
    ///
    /// let mut batches = Batches::new(Sampling::Shuffled, 10, 5, 1)?.within(5)?;
    /// assert!(batches.rows(0).iter().all(|&row| row < 5) && batches.rows(1).iter().all(|&row| row >= 5));
    /// # Ok::<(), limpid_learn::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Setting`] where the window is 0, or samples are drawn with replacement: from all of them.
    pub fn within(self, window: usize) -> Result<Self, Error> {
        if window == 0 {
            let (found, hint) = ("0".to_string(), "use 1 or more".to_string());
            return Err(Error::Setting { name: "the number of samples in a window", found, hint });
        }
        if self.sampling != Sampling::Shuffled {
            return Err(Error::Setting {
                name: "the sampling",
                found: self.sampling.to_string(),
                hint: format!("samples that are read in order cannot be drawn from all; use {}", Sampling::Shuffled),
            });
        }
        Ok(Self { window: window.min(self.samples), ..self })
    }

    /// How many samples a step has at most.
    pub fn batch_size(&self) -> usize {
        self.batch_size
    }

    /// Number of steps in an epoch: enough for as many samples as the data set has.
    pub fn per_epoch(&self) -> usize {
        self.samples.div_ceil(self.batch_size)
    }

    /// The samples of a step, counted from 0.
    pub fn rows(&mut self, step: usize) -> Vec<usize> {
        let mut rows = Vec::new();
        self.each_row(step, |row| rows.push(row));
        rows
    }

    /// The samples of a step as a tensor to feed, in memory that is used again where it has the right length.
    ///
    /// ```
    /// use limpid_graph::Tensor;
    /// use limpid_learn::{Batches, Sampling};
    ///
    /// let mut batches = Batches::new(Sampling::Shuffled, 10, 4, 1)?;
    /// let mut rows = Tensor::zeros([4]);
    /// batches.write_rows(0, &mut rows);
    /// assert_eq!(rows.to_f64(), batches.rows(0).into_iter().map(|row| row as f64).collect::<Vec<_>>());
    /// # Ok::<(), limpid_learn::Error>(())
    /// ```
    pub fn write_rows(&mut self, step: usize, to: &mut Tensor) {
        let count = self.batch_len(step);
        if to.shape() != [count] || to.as_slice::<f64>().is_none() {
            *to = Tensor::from(vec![0.0; count]);
        }
        let mut places = to.as_mut_slice::<f64>().unwrap_or_default().iter_mut();
        self.each_row(step, |row| {
            if let Some(place) = places.next() {
                *place = row as f64;
            }
        });
    }

    /// How many samples a step has.
    fn batch_len(&self, step: usize) -> usize {
        match self.sampling {
            Sampling::WithReplacement => self.batch_size,
            Sampling::Shuffled => self.batch_size.min(self.samples - step % self.per_epoch() * self.batch_size),
        }
    }

    fn each_row(&mut self, step: usize, mut with: impl FnMut(usize)) {
        let (epoch, within) = ((step / self.per_epoch()) as u64, step % self.per_epoch());
        match self.sampling {
            Sampling::WithReplacement => {
                let draw = |i| self.stream.below(step as u64, i, self.samples as u64) as usize;
                (0..self.batch_size as u64).map(draw).for_each(with);
            }
            Sampling::Shuffled => {
                let start = within * self.batch_size;
                let mut at = start;
                let end = self.samples.min(start + self.batch_size);
                while at < end {
                    let window = at / self.window;
                    let first = window * self.window;
                    let upto = end.min(first + self.window);
                    self.order(epoch, window)[at - first..upto - first].iter().for_each(|&row| with(first + row));
                    at = upto;
                }
            }
        }
    }

    /// The order of a window's samples, counted from its first.
    fn order(&mut self, epoch: u64, window: usize) -> &[usize] {
        let slot = window % self.orders.len();
        let is_it = |order: &Order| order.epoch == epoch && order.window == window;
        if !self.orders[slot].as_ref().is_some_and(is_it) {
            let count = self.window.min(self.samples - window * self.window);
            // Each window has draws of its own: the first those that samples without windows have.
            let stream = match window {
                0 => self.stream,
                _ => Stream::new(self.seed, &format!("batches of window {window}")),
            };
            self.orders[slot] = Some(Order { epoch, window, rows: permutation(count, stream, epoch) });
        }
        self.orders[slot].as_ref().map_or(&[], |order| &order.rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_has_the_same_batch_however_it_is_reached() {
        for sampling in [Sampling::Shuffled, Sampling::WithReplacement] {
            let mut forward = Batches::new(sampling, 103, 10, 5).unwrap();
            let all: Vec<_> = (0..40).map(|step| forward.rows(step)).collect();
            let mut resumed = Batches::new(sampling, 103, 10, 5).unwrap();
            assert_eq!(resumed.rows(37), all[37]);
            assert_eq!(resumed.rows(3), all[3]);
            assert_ne!(all[0], all[11], "epochs differ");
        }
    }

    #[test]
    fn draws_with_replacement_fill_every_batch() {
        let mut batches = Batches::new(Sampling::WithReplacement, 103, 10, 5).unwrap();
        assert_eq!(batches.per_epoch(), 11);
        assert!((0..22).all(|step| batches.rows(step).len() == 10));
    }

    #[test]
    fn a_batch_of_more_samples_than_there_are_is_one_of_all() {
        for sampling in [Sampling::Shuffled, Sampling::WithReplacement] {
            let mut batches = Batches::new(sampling, 60, 100, 1).unwrap();
            assert_eq!((batches.per_epoch(), batches.batch_size(), batches.rows(0).len()), (1, 60, 60));
        }
        let mut all = Batches::new(Sampling::Shuffled, 60, 100, 1).unwrap().rows(0);
        all.sort_unstable();
        assert_eq!(all, (0..60).collect::<Vec<_>>());
        let message = Batches::new(Sampling::Shuffled, 10, 0, 1).unwrap_err().to_string();
        assert_eq!(message, "the batch size is 0; use 1 or more");
    }

    #[test]
    fn windows_are_shuffled_each_by_itself_and_one_of_all_samples_is_the_whole() {
        let whole = Batches::new(Sampling::Shuffled, 103, 10, 5).unwrap();
        let (mut one, mut whole) = (whole.clone().within(1000).unwrap(), whole);
        assert!((0..30).all(|step| one.rows(step) == whole.rows(step)));
        let mut batches = Batches::new(Sampling::Shuffled, 103, 10, 5).unwrap().within(25).unwrap();
        for epoch in 0..3 {
            let rows: Vec<usize> = (0..11).flat_map(|step| batches.rows(11 * epoch + step)).collect();
            assert_eq!(rows.len(), 103);
            for (number, window) in rows.chunks(25).enumerate() {
                let mut sorted = window.to_vec();
                sorted.sort_unstable();
                assert_eq!(sorted, (25 * number..103.min(25 * number + 25)).collect::<Vec<_>>());
                assert_ne!(window, sorted, "shuffled");
            }
        }
        assert!(batches.clone().within(0).is_err());
        assert!(Batches::new(Sampling::WithReplacement, 103, 10, 5).unwrap().within(25).is_err());
    }
}
