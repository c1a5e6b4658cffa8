//! Random: numbers drawn from a stream. A draw is a function of the stream's key, a step and the number's place in the
//! value, and of nothing else: no order of computation changes it, and the same step draws the same numbers again.

use limpid_tensor::{Shape, Stream};

use super::axes::AxisMap;
use super::{IndexBox, Real};
use crate::mistake::Fault;

/// `(step)`, or `(step, of 2²⁴ steps)`: numbers of this shape, each drawn uniformly from [0, 1).
///
/// The number at place `i` of the value, in row-major order, is [`Stream::uniform_f32`]`(step, i)`, in every precision. The
/// step is a single whole number of the graph. A 32-bit float counts up to 2²⁴; whoever counts further gives a second one,
/// of so many steps each.
#[derive(Clone, Debug, PartialEq)]
pub struct Random {
    /// What is drawn from.
    pub stream: Stream,
    /// The value's shape.
    pub shape: Shape,
}

/// A second number of a step counts so many steps.
pub const STEPS_OF_THE_SECOND: u64 = 1 << f32::MANTISSA_DIGITS;

impl Random {
    /// Its name in listings.
    pub fn name(&self) -> &'static str {
        "uniform"
    }

    pub(super) fn attributes(&self) -> String {
        format!("stream {}", self.stream)
    }

    pub(super) fn infer(&self, inputs: &[&Shape]) -> Result<Shape, Fault> {
        match inputs {
            [_] | [_, _] => match inputs.iter().find(|shape| shape.rank() > 0) {
                Some(&shape) => Err(Fault::StepShape { shape: shape.clone() }),
                None => Ok(self.shape.clone()),
            },
            _ => Err(Fault::Arity { wanted: 1, found: inputs.len() }),
        }
    }

    pub(super) fn axes(&self, inputs: &[&[usize]], output: &[usize]) -> Vec<AxisMap> {
        inputs.iter().map(|shape| AxisMap::broadcast(shape, output)).collect()
    }

    /// The step that these numbers say. What is below 0 or no number counts as 0, a fraction is cut off.
    pub fn step(numbers: impl IntoIterator<Item = f64>) -> u64 {
        let each = numbers.into_iter().zip([1, STEPS_OF_THE_SECOND]);
        each.fold(0u64, |step, (number, of)| step.saturating_add((number as u64).saturating_mul(of)))
    }

    /// The reference value of a part of the whole, which has this shape.
    pub(crate) fn value<T: Real>(&self, inputs: &[&[T]], whole: &[usize], part: &IndexBox) -> Vec<T> {
        let step = Self::step(inputs.iter().filter_map(|number| number.first()).map(|&number| number.into()));
        let draw = |place: usize| T::of(f64::from(self.stream.uniform_f32(step, place as u64)));
        part.places(whole).map(draw).collect()
    }
}
