//! What a model says of samples: classes with probabilities, or numbers, and how they are written.

use limpid_engine::Precision;
use limpid_graph::Tensor;
use limpid_learn::{Dataset, EVALUATION_BATCH, Loss, Model, Prediction};

use crate::Error;

/// What a model gives for each sample, row by row: shape (samples, outputs). Samples are computed in batches, so that memory
/// is needed for one.
///
/// # Errors
/// Where the samples do not fit the network.
pub fn outputs(model: &mut Model, data: &Dataset) -> Result<Tensor, Error> {
    let (mut numbers, mut width) = (Vec::new(), 0);
    for start in (0..data.len()).step_by(EVALUATION_BATCH) {
        let part = data.range(start, start + EVALUATION_BATCH)?;
        let shape = part.shape().to_vec();
        let inputs = match part.divisor() {
            Some(_) => Tensor::new(shape, part.inputs_as_f32())?,
            None => part.inputs().clone(),
        };
        let said = model.predict(&inputs)?;
        width = said.shape().last().copied().unwrap_or(1);
        numbers.extend(said.to_f64());
    }
    Ok(Tensor::new([data.len(), width], numbers)?)
}

/// What a classifier's outputs say of each sample, row by row.
///
/// ```
/// use limpid::predictions;
/// use limpid::prelude::*;
///
/// let scores = Tensor::from([[0.0, 2.0], [1.0, -1.0]]);
/// let said = predictions::of_outputs(&scores, &Loss::SoftmaxCrossEntropy);
/// assert_eq!(said.iter().map(|said| said.class).collect::<Vec<_>>(), [1, 0]);
/// ```
pub fn of_outputs(outputs: &Tensor, loss: &Loss) -> Vec<Prediction> {
    let width = outputs.shape().last().copied().unwrap_or(1).max(1);
    outputs.to_f64().chunks(width).map(|scores| Prediction::of(scores, loss)).collect()
}

/// The class of each sample, by its label, or by where its one-hot row has the 1.
pub fn true_classes(data: &Dataset) -> Vec<usize> {
    let targets = data.targets();
    let numbers = targets.to_f64();
    match targets.shape() {
        [_, width] if *width > 1 => numbers.chunks(*width).map(argmax).collect(),
        _ => numbers.into_iter().map(|class| class as usize).collect(),
    }
}

/// Where the first of the largest numbers is.
pub fn argmax(numbers: &[f64]) -> usize {
    (0..numbers.len()).fold(0, |best, at| if numbers[at] > numbers[best] { at } else { best })
}

/// The name of a class: its number where it has no other.
pub fn class_name(classes: &[String], class: usize) -> String {
    classes.get(class).cloned().unwrap_or_else(|| class.to_string())
}

/// A probability, to a millionth.
pub fn probability_text(probability: f64) -> String {
    format!("{probability:.6}")
}

/// A number with the digits that its precision has.
pub fn number_text(number: f64, precision: Precision) -> String {
    match precision {
        Precision::F32 => (number as f32).to_string(),
        Precision::F64 => number.to_string(),
    }
}
