//! What is predicted: classes or a number, as a network is told them.

use limpid_graph::Tensor;
use serde::{Deserialize, Serialize};

use super::Task;
use crate::data::column::{Column, Values};
use crate::error::PreparationError;

/// What is predicted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// The column's name.
    pub name: String,
    /// What its values mean.
    pub goal: Goal,
    /// How cells of text became numbers; see [`Column::reading`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<String>,
}

/// What a target's values mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Goal {
    /// Classes by name, sorted.
    Words(Vec<String>),
    /// Classes by number, in ascending order.
    Numbers(Vec<f64>),
    /// A number, which a network gives less its mean, by its standard deviation.
    Number {
        /// The mean of the training samples.
        mean: f64,
        /// Their standard deviation; 1 where they are all the same.
        deviation: f64,
    },
}

impl Target {
    /// The names of the classes, where it has classes.
    pub fn classes(&self) -> Option<Vec<String>> {
        match &self.goal {
            Goal::Words(classes) => Some(classes.clone()),
            Goal::Numbers(classes) => Some(classes.iter().map(ToString::to_string).collect()),
            Goal::Number { .. } => None,
        }
    }

    /// How many outputs a network has for it.
    pub fn outputs(&self) -> usize {
        match &self.goal {
            Goal::Words(classes) => classes.len(),
            Goal::Numbers(classes) => classes.len(),
            Goal::Number { .. } => 1,
        }
    }

    /// Whether its column is one of numbers.
    pub fn is_numeric(&self) -> bool {
        !matches!(self.goal, Goal::Words(_))
    }

    /// What of it is predicted.
    pub fn task(&self) -> Task {
        match &self.goal {
            Goal::Number { .. } => Task::Regression,
            _ => Task::Classification,
        }
    }

    pub(super) fn encode(&self, column: &Column) -> Result<Tensor, PreparationError> {
        let unknown = |row| PreparationError::Unknown { name: self.name.clone(), row };
        let class = |row, found: String| {
            let known = self.classes().unwrap_or_default();
            PreparationError::Class { name: self.name.clone(), row, found, known }
        };
        let numbers: Vec<f64> = match (&self.goal, &column.values) {
            (Goal::Words(classes), Values::Words(words)) => {
                let label = |(row, word): (usize, Option<&str>)| {
                    let word = word.ok_or_else(|| unknown(row))?;
                    let place = classes.binary_search_by(|own| own.as_str().cmp(word));
                    place.map(|place| place as f64).map_err(|_| class(row, word.to_string()))
                };
                words.iter().enumerate().map(label).collect::<Result<_, _>>()?
            }
            (Goal::Numbers(classes), Values::Numbers(numbers)) => {
                let label = |(row, number): (usize, &Option<f64>)| {
                    let number = number.ok_or_else(|| unknown(row))?;
                    let place = classes.iter().position(|own| *own == number);
                    place.map(|place| place as f64).ok_or_else(|| class(row, number.to_string()))
                };
                numbers.iter().enumerate().map(label).collect::<Result<_, _>>()?
            }
            (Goal::Number { mean, deviation }, Values::Numbers(numbers)) => {
                let scaled = |(row, number): (usize, &Option<f64>)| {
                    let scaled = (number.ok_or_else(|| unknown(row))? - mean) / deviation;
                    let too_large = || PreparationError::TooLarge { name: self.name.clone(), row: Some(row) };
                    (scaled as f32).is_finite().then_some(scaled).ok_or_else(too_large)
                };
                numbers.iter().enumerate().map(scaled).collect::<Result<_, _>>()?
            }
            (goal, _) => {
                let wanted = if matches!(goal, Goal::Words(_)) { "words" } else { "numbers" };
                return Err(PreparationError::Kind { name: self.name.clone(), wanted });
            }
        };
        Ok(Tensor::from(numbers))
    }
}
