//! Which samples each step learns from: a pure function of the seed and the step.

use std::fmt;
use std::str::FromStr;

use limpid_graph::{Stream, Tensor};

use crate::dataset::permutation;
use crate::error::{Error, choose};

/// How the samples of a batch are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sampling {
    /// Each epoch visits every sample once, in an order of its own; its last batch may be smaller.
    #[default]
    Shuffled,
    /// Each sample of each batch is drawn from all, whatever was drawn before.
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
        choose("sampling", text, NAMES)
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
    stream: Stream,
    /// The order of the epoch that was asked for last; derived from the seed, kept for speed.
    order: Option<(u64, Vec<usize>)>,
}

impl Batches {
    /// Batches of `batch_size` out of `samples`.
    ///
    /// # Errors
    /// [`Error::Setting`] where the batch size is 0 or above the number of samples.
    pub fn new(sampling: Sampling, samples: usize, batch_size: usize, seed: u64) -> Result<Self, Error> {
        if batch_size == 0 || batch_size > samples {
            return Err(Error::Setting {
                name: "the batch size",
                found: batch_size.to_string(),
                fits: format!("1 to {samples}, the number of training samples, fits"),
            });
        }
        Ok(Self { sampling, samples, batch_size, stream: Stream::new(seed, "batches"), order: None })
    }

    /// How many steps an epoch has: as many as it takes to see as many samples as there are.
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
                if self.order.as_ref().is_none_or(|(of, _)| *of != epoch) {
                    self.order = Some((epoch, permutation(self.samples, self.stream, epoch)));
                }
                let order = self.order.as_ref().map_or(&[][..], |(_, order)| order);
                let start = within * self.batch_size;
                order[start..(start + self.batch_size).min(order.len())].iter().for_each(|&row| with(row));
            }
        }
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
    fn a_batch_size_that_does_not_fit_is_refused() {
        for size in [0, 11] {
            let message = Batches::new(Sampling::Shuffled, 10, size, 1).unwrap_err().to_string();
            assert_eq!(message, format!("the batch size is {size}; 1 to 10, the number of training samples, fits"));
        }
    }
}
