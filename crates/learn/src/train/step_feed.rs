//! What a training step is fed, from step to step: a batch of the data, and the learning rate.

use std::borrow::Cow;

use limpid_engine::Session;
use limpid_graph::Tensor;

use crate::data::batches::Batches;
use crate::error::Error;
use crate::train::feed::{Batch, BatchProgram, Feed};
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
}

impl<'d> StepFeed<'d> {
    /// Begins at the batch of this number.
    pub(crate) fn new(step: BatchProgram, data: Feed<'d>, mut batches: Batches, first: usize) -> Self {
        let mut next_rows = Tensor::zeros([0]);
        batches.write_rows(first, &mut next_rows);
        Self { step, data, batches, rate: Tensor::scalar(f64::NAN), rows: Tensor::zeros([0]), next_rows }
    }

    /// Runs the step with the batch of this number, which follows the one before, and answers the loss of the batch.
    pub(crate) fn run(&mut self, session: &mut Session, at: usize, learning_rate: f64) -> Result<f64, Error> {
        std::mem::swap(&mut self.rows, &mut self.next_rows);
        self.batches.write_rows(at + 1, &mut self.next_rows);
        if self.rate.item() != Some(learning_rate) {
            self.rate = Tensor::scalar(learning_rate);
        }
        let batch = match self.data.whole() {
            Some(whole) => {
                session.announce(self.step.program(), (ROWS, &self.next_rows));
                Batch::Rows(whole, Cow::Borrowed(&self.rows))
            }
            None => self.data.read(&self.batches.rows(at))?,
        };
        Ok(self.step.run(session, &batch, Some(&self.rate))?.item(0).unwrap_or(f64::NAN))
    }
}
