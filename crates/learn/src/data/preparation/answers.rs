//! A network's outputs → classes with probabilities, or numbers in the target's own units.

use limpid_graph::Tensor;

use super::{Goal, Preparation};
use crate::describe::loss::Loss;
use crate::error::PreparationError;

/// What a classifier says of a sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Where among the classes.
    pub class: usize,
    /// How likely each class is, where the loss gives outputs that meaning.
    pub probabilities: Option<Vec<f64>>,
}

/// What a model says of samples.
#[derive(Clone, Debug, PartialEq)]
pub enum Answers {
    /// Classes.
    Classes(Vec<Prediction>),
    /// Numbers, in the target's own units.
    Numbers(Vec<f64>),
}

impl Prediction {
    /// What the outputs of a classifier say: the class with the largest, the first of equals. Trained by softmax
    /// cross-entropy the outputs' softmax are probabilities, by binary cross-entropy each output's sigmoid is one; by
    /// another loss they are none.
    ///
    /// ```
    /// use limpid_learn::{Loss, Prediction};
    ///
    /// let said = Prediction::of(&[0.0, 3f64.ln()], &Loss::SoftmaxCrossEntropy);
    /// assert_eq!(said.class, 1);
    /// assert!((said.probabilities.unwrap_or_default()[1] - 0.75).abs() < 1e-12);
    /// ```
    pub fn of(scores: &[f64], loss: &Loss) -> Self {
        let class = (0..scores.len()).fold(0, |best, i| if scores[i] > scores[best] { i } else { best });
        let most = scores.get(class).copied().unwrap_or(0.0);
        let probabilities = match loss.reading() {
            Some(Loss::SoftmaxCrossEntropy) => {
                let shares: Vec<f64> = scores.iter().map(|score| (score - most).exp()).collect();
                let sum: f64 = shares.iter().sum();
                Some(shares.into_iter().map(|share| share / sum).collect())
            }
            Some(Loss::BinaryCrossEntropy) => Some(scores.iter().map(|score| 1.0 / (1.0 + (-score).exp())).collect()),
            Some(Loss::HalfSumOfSquares | Loss::MeanSquaredError | Loss::Custom(_)) | None => None,
        };
        Self { class, probabilities }
    }
}

impl Preparation {
    /// What a model's outputs say, of shape (rows, outputs).
    ///
    /// # Errors
    /// [`PreparationError::Outputs`] where they are of another shape.
    pub fn answers(&self, outputs: &Tensor, loss: &Loss) -> Result<Answers, PreparationError> {
        let (count, numbers) = (self.target().outputs(), outputs.to_f64());
        match outputs.shape() {
            [_, own] if *own == count => {}
            [_] if count == 1 => {}
            found => return Err(PreparationError::Outputs { found: found.to_vec(), outputs: count }),
        }
        Ok(match self.target().goal {
            Goal::Number { mean, deviation } => {
                Answers::Numbers(numbers.into_iter().map(|number| mean + deviation * number).collect())
            }
            _ => Answers::Classes(numbers.chunks(count).map(|scores| Prediction::of(scores, loss)).collect()),
        })
    }
}
