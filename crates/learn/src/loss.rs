//! Losses: how far a network's output is from its targets, as one number.

use std::fmt;
use std::str::FromStr;

use limpid_graph::Var;

use crate::error::{Error, choose};

/// The number that training makes small. Each averages over the batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Loss {
    /// Cross-entropy of the softmax of scores; targets are class labels or one-hot rows. For classification.
    #[default]
    SoftmaxCrossEntropy,
    /// ½Σ(y − t)² along the last axis.
    HalfSumOfSquares,
    /// Mean of (y − t)² over all numbers. For regression.
    MeanSquaredError,
    /// Cross-entropy of the sigmoid of scores with targets between 0 and 1. For yes or no, and for several labels.
    BinaryCrossEntropy,
}

const NAMES: &[(&str, Loss)] = &[
    ("softmax-cross-entropy", Loss::SoftmaxCrossEntropy),
    ("half-sum-of-squares", Loss::HalfSumOfSquares),
    ("mean-squared-error", Loss::MeanSquaredError),
    ("binary-cross-entropy", Loss::BinaryCrossEntropy),
];

impl Loss {
    /// Every loss.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.iter().map(|(_, loss)| *loss)
    }

    /// Describes the loss of `output` against `targets`.
    #[track_caller]
    pub fn describe<'b>(self, output: Var<'b>, targets: Var<'b>) -> Var<'b> {
        match self {
            Self::SoftmaxCrossEntropy => output.softmax_cross_entropy(targets),
            Self::HalfSumOfSquares => output.half_sum_of_squares(targets),
            Self::MeanSquaredError => output.mean_squared_error(targets),
            Self::BinaryCrossEntropy => output.sigmoid_cross_entropy(targets),
        }
    }

    /// Describes the share of right answers, where the loss is one of classification.
    #[track_caller]
    pub(crate) fn accuracy<'b>(self, output: Var<'b>, targets: Var<'b>) -> Option<Var<'b>> {
        match self {
            Self::SoftmaxCrossEntropy => Some(output.accuracy(targets)),
            Self::BinaryCrossEntropy => Some(output.greater(0.0).equal(targets.greater(0.5)).mean_all()),
            Self::HalfSumOfSquares | Self::MeanSquaredError => None,
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(_, loss)| loss == self).map_or("", |(name, _)| name);
        f.write_str(name)
    }
}

impl FromStr for Loss {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        choose("loss", text, NAMES)
    }
}
