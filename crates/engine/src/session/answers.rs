//! What a run answers.

use limpid_graph::Tensor;

use super::SessionError;
use crate::run::Output;

/// The outputs of a run, borrowed from the session.
#[derive(Debug)]
pub struct Answers<'s> {
    pub(super) from: From<'s>,
}

#[derive(Debug)]
pub(super) enum From<'s> {
    Engine(&'s [Output]),
    Interpreter(&'s [Tensor]),
}

impl Answers<'_> {
    /// How many outputs there are.
    pub fn len(&self) -> usize {
        match self.from {
            From::Engine(outputs) => outputs.len(),
            From::Interpreter(tensors) => tensors.len(),
        }
    }

    /// Whether the graph answers nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// An output's shape.
    ///
    /// # Panics
    /// Where there is no such output; so do the methods below.
    pub fn shape(&self, output: usize) -> &[usize] {
        match self.from {
            From::Engine(outputs) => &outputs[output].shape,
            From::Interpreter(tensors) => tensors[output].shape(),
        }
    }

    /// An output's numbers in row-major order, where the session computes in `f32`.
    pub fn floats(&self, output: usize) -> Option<&[f32]> {
        match self.from {
            From::Engine(outputs) => Some(&outputs[output].numbers),
            From::Interpreter(tensors) => tensors[output].as_slice(),
        }
    }

    /// The number of an output that is one.
    pub fn item(&self, output: usize) -> Option<f64> {
        match self.from {
            From::Engine(outputs) => match outputs[output].numbers[..] {
                [number] => Some(f64::from(number)),
                _ => None,
            },
            From::Interpreter(tensors) => tensors[output].item(),
        }
    }

    /// A copy of an output.
    ///
    /// # Errors
    /// [`SessionError::Broken`], which would be a defect of the engine.
    pub fn tensor(&self, output: usize) -> Result<Tensor, SessionError> {
        match self.from {
            From::Engine(outputs) => tensor(outputs[output].clone()),
            From::Interpreter(tensors) => Ok(tensors[output].clone()),
        }
    }
}

pub(super) fn tensor(Output { shape, numbers }: Output) -> Result<Tensor, SessionError> {
    Tensor::new(shape, numbers).map_err(|error| SessionError::Broken { what: error.to_string() })
}
