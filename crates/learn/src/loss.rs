//! Losses: how far a network's output is from its targets, as one number.

use std::fmt;
use std::panic::Location;
use std::str::FromStr;

use limpid_graph::{Fault, Var};

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

/// What other programs call them.
const ALIASES: &[(&str, Loss)] = &[
    ("ce", Loss::SoftmaxCrossEntropy),
    ("cross-entropy", Loss::SoftmaxCrossEntropy),
    ("crossentropy", Loss::SoftmaxCrossEntropy),
    ("categorical-crossentropy", Loss::SoftmaxCrossEntropy),
    ("sparse-categorical-crossentropy", Loss::SoftmaxCrossEntropy),
    ("mse", Loss::MeanSquaredError),
    ("l2", Loss::MeanSquaredError),
    ("bce", Loss::BinaryCrossEntropy),
    ("binary-crossentropy", Loss::BinaryCrossEntropy),
];

impl Loss {
    /// Every loss.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.iter().map(|(_, loss)| *loss)
    }

    /// Describes the loss of `output` against `targets`. Targets have the output's shape; where it ends in an axis of 1
    /// they may do without that axis. For [`SoftmaxCrossEntropy`](Loss::SoftmaxCrossEntropy) they may be class labels.
    /// What it describes belongs to the layer `loss`.
    #[track_caller]
    pub fn describe<'b>(self, output: Var<'b>, targets: Var<'b>) -> Var<'b> {
        let _scope = output.builder().scope("loss", &self.to_string(), Location::caller());
        match self {
            Self::SoftmaxCrossEntropy => output.softmax_cross_entropy(targets),
            Self::HalfSumOfSquares => output.half_sum_of_squares(self.shaped(targets, output)),
            Self::MeanSquaredError => output.mean_squared_error(self.shaped(targets, output)),
            Self::BinaryCrossEntropy => output.sigmoid_cross_entropy(self.shaped(targets, output)),
        }
    }

    /// Targets of the output's shape. They are never broadcast: `(batch, 1)` against `(batch,)` would compare each
    /// sample's output with every sample's target.
    #[track_caller]
    fn shaped<'b>(self, targets: Var<'b>, output: Var<'b>) -> Var<'b> {
        if targets.is_poisoned() || output.is_poisoned() {
            return targets;
        }
        let (own, wanted) = (targets.shape(), output.shape());
        match wanted.dims() {
            _ if own == wanted => targets,
            [lead @ .., last] if lead == own.dims() && last.as_known() == Some(1) => targets.reshape(wanted),
            _ => {
                let what = "the targets have another shape than the output".to_string();
                let hint = format!("targets of shape {wanted}");
                output.builder().poison(&self.to_string(), Fault::Layer { what, hint }, &[output, targets])
            }
        }
    }

    /// Describes the share of right answers, where the loss is one of classification.
    #[track_caller]
    pub(crate) fn accuracy<'b>(self, output: Var<'b>, targets: Var<'b>) -> Option<Var<'b>> {
        match self {
            Self::SoftmaxCrossEntropy => Some(output.accuracy(targets)),
            Self::BinaryCrossEntropy => {
                let yes = self.shaped(targets, output).greater(0.5);
                Some(output.greater(0.0).equal(yes).mean_all())
            }
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

    /// Its own name, or a usual short one: `mse`, `bce`, `ce`, `crossentropy`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let name = text.trim().to_ascii_lowercase().replace(['_', ' '], "-");
        if let Some((_, loss)) = ALIASES.iter().find(|(alias, _)| *alias == name) {
            return Ok(*loss);
        }
        if ["mae", "l1", "mean-absolute-error"].contains(&name.as_str()) {
            return Err(Error::Setting {
                name: "the loss",
                found: text.to_string(),
                fits: "there is no mean absolute error; `mean-squared-error` is near".to_string(),
            });
        }
        choose("loss", &name, NAMES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_is_known_by_its_own_name_and_by_the_usual_short_ones() {
        for loss in Loss::all() {
            assert_eq!(loss.to_string().parse::<Loss>().ok(), Some(loss));
        }
        let short = [
            ("mse", Loss::MeanSquaredError),
            ("MSE", Loss::MeanSquaredError),
            ("bce", Loss::BinaryCrossEntropy),
            ("binary_crossentropy", Loss::BinaryCrossEntropy),
            ("ce", Loss::SoftmaxCrossEntropy),
            ("crossentropy", Loss::SoftmaxCrossEntropy),
            ("Cross Entropy", Loss::SoftmaxCrossEntropy),
        ];
        for (name, loss) in short {
            assert_eq!(name.parse::<Loss>().ok(), Some(loss), "{name}");
        }
        let why = "mae".parse::<Loss>().map_err(|error| error.to_string());
        assert!(why.is_err_and(|why| why.contains("`mean-squared-error` is near")));
    }
}
