//! Data as a model's graphs are fed it: all of it with the numbers of rows, or a batch that was read.

use std::borrow::Cow;

use limpid_engine::{Answers, Precision, Program, Session};
use limpid_graph::{Graph, Tensor};

use crate::data::augmentation::{Augmentation, Augmenter};
use crate::data::data_source::DataSource;
use crate::data::dataset::Dataset;
use crate::data::labels;
use crate::describe::context::LEARNING_RATE;
use crate::error::Error;
use crate::train::model::Model;
use crate::train::step::{INPUTS, ROWS, SampleShape, TARGETS};

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

/// What a step is fed.
#[derive(Debug)]
pub(crate) enum Batch<'f> {
    /// Rows of all inputs and targets.
    Rows([&'f Tensor; 2], Cow<'f, Tensor>),
    /// A batch that was read: its inputs and targets, all of its rows.
    Read([Tensor; 2], Tensor),
    /// A batch that was made: the same, lent.
    Made([&'f Tensor; 2], &'f Tensor),
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

impl Batch<'_> {
    /// Inputs, targets and the numbers of the rows among these, under the names by which graphs of a batch are fed.
    pub(crate) fn named(&self) -> [(&'static str, &Tensor); 3] {
        match self {
            Self::Rows([inputs, targets], rows) => [(INPUTS, inputs), (TARGETS, targets), (ROWS, rows)],
            Self::Made([inputs, targets], rows) => [(INPUTS, inputs), (TARGETS, targets), (ROWS, rows)],
            Self::Read([inputs, targets], rows) => [(INPUTS, inputs), (TARGETS, targets), (ROWS, rows)],
        }
    }
}

fn is_bytes(data: &Dataset) -> bool {
    data.inputs().as_slice::<u8>().is_some()
}

pub(crate) fn counted(start: usize, end: usize) -> Tensor {
    Tensor::from((start..end).map(|row| row as f64).collect::<Vec<_>>())
}

/// A loaded graph of a batch, and which inputs it reads: an optimizer may do without a learning rate, and a loss without
/// targets. A graph is fed nothing that it does not read.
#[derive(Clone, Debug)]
pub(crate) struct BatchProgram {
    program: Program,
    reads: Vec<&'static str>,
}

impl BatchProgram {
    pub(crate) fn load(session: &mut Session, graph: Graph) -> Self {
        let all = [INPUTS, TARGETS, ROWS, LEARNING_RATE];
        let reads = all.into_iter().filter(|name| graph.find(name).is_ok()).collect();
        Self { program: session.load(graph), reads }
    }

    pub(crate) fn program(&self) -> Program {
        self.program
    }

    /// Runs the graph on a batch, and on a learning rate where it is a training step.
    pub(crate) fn run<'s>(
        &self,
        session: &'s mut Session,
        batch: &Batch<'_>,
        rate: Option<&Tensor>,
    ) -> Result<Answers<'s>, Error> {
        let [inputs, targets, rows] = batch.named();
        let all = [Some(inputs), Some(targets), Some(rows), rate.map(|rate| (LEARNING_RATE, rate))];
        let (mut feeds, mut count) = ([rows; 4], 0);
        for feed in all.into_iter().flatten().filter(|(name, _)| self.reads.contains(name)) {
            feeds[count] = feed;
            count += 1;
        }
        Ok(session.step(self.program, &feeds[..count])?)
    }
}
