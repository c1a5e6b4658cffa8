//! Data as a model's graphs are fed it: all of it with the numbers of rows, or a batch that was read.

use std::borrow::Cow;

use limpid_engine::Precision;
use limpid_graph::Tensor;

use crate::data::augmentation::{Augmentation, Augmenter};
use crate::data::data_source::DataSource;
use crate::data::dataset::Dataset;
use crate::data::labels;
use crate::error::Error;
use crate::train::batch_program::Batch;
use crate::train::model::Model;
use crate::train::step::SampleShape;

/// A data set that fits a model, ready to be fed.
pub(crate) struct Feed<'d> {
    source: &'d dyn DataSource,
    /// All inputs and all targets, where they are in memory.
    whole: Option<[Cow<'d, Tensor>; 2]>,
    shape: SampleShape,
    /// Whether samples are stored as bytes.
    is_bytes: bool,
    divisor: Option<f64>,
    precision: Precision,
    classes: Option<usize>,
}

impl<'d> Feed<'d> {
    /// Data for a model: labels that are in memory are checked, and division agrees with the model's.
    pub(crate) fn new(model: &Model, source: &'d dyn DataSource) -> Result<Self, Error> {
        if source.is_empty() {
            return Err(Error::Data("the data set has no samples; at least one is needed".to_string()));
        }
        let (classes, precision) = (model.classes(), model.precision());
        let read;
        let first = match source.in_memory() {
            Some(whole) => {
                labels::check(whole.targets(), classes, |sample| sample)?;
                whole
            }
            None => {
                read = source.read(&[0])?;
                &read
            }
        };
        let shape = SampleShape { divisor: model.division(first)?, ..SampleShape::from(first) };
        let is_bytes = is_bytes(first);
        let divisor = first.divisor();
        let whole = source.in_memory().map(|whole| whole.stored_for(precision));
        Ok(Self { source, whole, shape, is_bytes, divisor, precision, classes })
    }

    pub(crate) fn shape(&self) -> &SampleShape {
        &self.shape
    }

    pub(crate) fn len(&self) -> usize {
        self.source.len()
    }

    /// The changes of its pictures by an augmentation.
    pub(crate) fn augmenter(&self, augmentation: &Augmentation, seed: u64, threads: usize) -> Result<Augmenter, Error> {
        Augmenter::new(augmentation, &self.shape.sample, self.is_bytes, seed, threads)
    }

    /// All inputs and all targets, where they are in memory.
    pub(crate) fn whole(&self) -> Option<[&Tensor; 2]> {
        self.whole.as_ref().map(|[inputs, targets]| [&**inputs, &**targets])
    }

    /// The samples from `start` to before `end`.
    pub(crate) fn range(&self, start: usize, end: usize) -> Result<Batch<'_>, Error> {
        match self.whole() {
            Some(whole) => Ok(Batch::Rows(whole, Cow::Owned(counted(start, end)))),
            None => self.read(&(start..end).collect::<Vec<_>>()),
        }
    }

    /// The samples of these numbers, read from where they are.
    pub(crate) fn read(&self, rows: &[usize]) -> Result<Batch<'_>, Error> {
        let data = self.source.read(rows)?;
        let shape = SampleShape { divisor: self.shape.divisor, ..SampleShape::from(&data) };
        let is_alike = shape == self.shape && is_bytes(&data) == self.is_bytes && data.divisor() == self.divisor;
        if data.len() != rows.len() || !is_alike {
            let first = rows.first().copied().unwrap_or(0);
            return Err(Error::Read(format!(
                "the samples from {first} on: {} of shape {:?} with targets of shape {:?} were read, where {} of {:?} and \
                 {:?} were expected; all samples have one shape, one storage and one divisor",
                data.len(),
                shape.sample,
                shape.target,
                rows.len(),
                self.shape.sample,
                self.shape.target
            )));
        }
        labels::check(data.targets(), self.classes, |at| rows.get(at).copied().unwrap_or(at))?;
        let all = counted(0, data.len());
        Ok(Batch::Read(data.into_stored_for(self.precision), all))
    }
}

fn is_bytes(data: &Dataset) -> bool {
    data.inputs().as_slice::<u8>().is_some()
}

pub(crate) fn counted(start: usize, end: usize) -> Tensor {
    Tensor::from((start..end).map(|row| row as f64).collect::<Vec<_>>())
}
