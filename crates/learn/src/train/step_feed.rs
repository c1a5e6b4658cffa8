//! What a training step is fed, from step to step: a batch of the data, and the learning rate.

use std::borrow::Cow;

use limpid_engine::Session;
use limpid_graph::{Data, Tensor};

use crate::data::augmentation::Augmenter;
use crate::data::batches::Batches;
use crate::data::dataset::picked;
use crate::error::Error;
use crate::train::batch_program::{Batch, BatchProgram};
use crate::train::feed::{Feed, counted};
use crate::train::step::ROWS;

/// Feeds a training step, batch by batch.
pub(crate) struct StepFeed<'d> {
    step: BatchProgram,
    data: Feed<'d>,
    batches: Batches,
    rate: Tensor,
    rows: Tensor,
    /// The rows of the next step, which the engine brings near meanwhile.
    next_rows: Tensor,
    /// The same rows as `rows`, where samples are read or changed.
    samples: Vec<usize>,
    changed: Option<Changed>,
}

/// Batches of changed pictures, in memory that is used again.
struct Changed {
    augmenter: Augmenter,
    inputs: Tensor,
    targets: Tensor,
    /// The numbers of all rows of the batch, from 0.
    rows: Tensor,
}

impl<'d> StepFeed<'d> {
    /// Begins at the batch of this number; pictures are changed, where there is an augmenter.
    pub(crate) fn new(
        step: BatchProgram,
        data: Feed<'d>,
        mut batches: Batches,
        first: usize,
        augmenter: Option<Augmenter>,
    ) -> Self {
        let mut next_rows = Tensor::zeros([0]);
        batches.write_rows(first, &mut next_rows);
        let empty = || Tensor::zeros([0]);
        let changed =
            augmenter.map(|augmenter| Changed { augmenter, inputs: empty(), targets: empty(), rows: empty() });
        let samples = Vec::with_capacity(batches.batch_size());
        Self { step, data, batches, rate: Tensor::scalar(f64::NAN), rows: empty(), next_rows, samples, changed }
    }

    /// Runs the step with the batch of this number, which follows the one before, and answers the loss of the batch.
    pub(crate) fn run(&mut self, session: &mut Session, at: usize, learning_rate: f64) -> Result<f64, Error> {
        std::mem::swap(&mut self.rows, &mut self.next_rows);
        self.batches.write_rows(at + 1, &mut self.next_rows);
        if self.rate.item() != Some(learning_rate) {
            self.rate = Tensor::scalar(learning_rate);
        }
        let Self { step, data, batches, rate, rows, next_rows, samples, changed } = self;
        if changed.is_some() || data.whole().is_none() {
            // Not asked of the batches again: by now they may have drawn the next epoch's order.
            samples.clear();
            samples.extend(rows.as_slice::<f64>().unwrap_or_default().iter().map(|&row| row as usize));
        }
        let batch = match (data.whole(), changed) {
            (whole, Some(changed)) => {
                let epoch = (at / batches.per_epoch()) as u64;
                match whole {
                    Some(whole) => changed.of_whole(session, epoch, whole, samples),
                    None => changed.of_read(session, epoch, data.read(samples)?, samples),
                }
            }
            (Some(whole), None) => {
                session.announce(step.program(), (ROWS, next_rows));
                Batch::Rows(whole, Cow::Borrowed(rows))
            }
            (None, None) => data.read(samples)?,
        };
        Ok(step.run(session, &batch, Some(rate))?.item(0).unwrap_or(f64::NAN))
    }
}

impl Changed {
    /// A batch of changed samples out of all.
    fn of_whole<'f>(
        &'f mut self,
        session: &Session,
        epoch: u64,
        [inputs, targets]: [&Tensor; 2],
        samples: &[usize],
    ) -> Batch<'f> {
        self.augmenter.write(session.pool(), epoch, inputs, (samples, samples), &mut self.inputs);
        copy_rows(targets, samples, &mut self.targets);
        self.made(samples.len())
    }

    /// A batch of changed samples that were read.
    fn of_read<'f>(&'f mut self, session: &Session, epoch: u64, read: Batch<'_>, samples: &[usize]) -> Batch<'f> {
        let [(_, inputs), (_, targets), _] = read.named();
        let rows: Vec<usize> = (0..samples.len()).collect();
        self.augmenter.write(session.pool(), epoch, inputs, (&rows, samples), &mut self.inputs);
        copy_rows(targets, &rows, &mut self.targets);
        self.made(samples.len())
    }

    fn made(&mut self, count: usize) -> Batch<'_> {
        if self.rows.shape() != [count] {
            self.rows = counted(0, count);
        }
        Batch::Made([&self.inputs, &self.targets], &self.rows)
    }
}

/// Copies rows of a tensor, in memory that is used again where it has the right length.
fn copy_rows(from: &Tensor, rows: &[usize], to: &mut Tensor) {
    fn copy<T: Copy>(from: &[T], to: &mut [T], rows: &[usize]) {
        let size = to.len() / rows.len().max(1);
        for (to, &row) in to.chunks_exact_mut(size.max(1)).zip(rows) {
            if let Some(from) = from.get(row * size..(row + 1) * size) {
                to.copy_from_slice(from);
            }
        }
    }
    let is_alike = to.shape().first() == Some(&rows.len()) && to.shape().get(1..) == from.shape().get(1..);
    match (is_alike, from.data()) {
        (true, Data::U8(from)) => to.as_mut_slice::<u8>().into_iter().for_each(|to| copy(from, to, rows)),
        (true, Data::F32(from)) => to.as_mut_slice::<f32>().into_iter().for_each(|to| copy(from, to, rows)),
        (true, Data::F64(from)) => to.as_mut_slice::<f64>().into_iter().for_each(|to| copy(from, to, rows)),
        (false, _) => *to = picked(from, rows),
    }
}
