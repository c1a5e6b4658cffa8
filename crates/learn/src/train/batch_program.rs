//! A graph of a batch as it is run: by the training step and by evaluation.

use std::borrow::Cow;

use limpid_engine::{Answers, Program, Session};
use limpid_graph::{Graph, Tensor};

use crate::describe::context::LEARNING_RATE;
use crate::error::Error;
use crate::train::step::{INPUTS, ROWS, TARGETS};

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
