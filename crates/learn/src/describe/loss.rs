//! Losses: one number that says how far a network's outputs are from their targets.

use std::fmt;
use std::panic::Location;
use std::str::FromStr;
use std::sync::Arc;

use limpid_graph::{Fault, Var};

use crate::describe::choices::{Choice, named};
use crate::error::Error;

/// A loss, the number that training minimizes. Each is a mean over the batch.
///
/// A loss of your own is [`Loss::custom`]: weighted, smoothed, masked, anything that the graph can compute.
///
/// ```
/// use limpid_graph::Tensor;
/// use limpid_learn::{Dataset, Loss, Model, Network};
///
/// assert_eq!("mean-squared-error".parse(), Ok(Loss::MeanSquaredError));
/// let network: Network = "1, affine 1".parse()?;
/// let mut model = Model::new(&network, 1)?.with_loss(Loss::MeanSquaredError);
/// model.set_parameters(&[("0/w".to_string(), Tensor::from([[2.0]])), ("0/b".to_string(), Tensor::from([0.0]))])?;
/// // 2·1 against 1 and 2·3 against 8: ((2 − 1)² + (6 − 8)²) / 2.
/// let data = Dataset::new(Tensor::from([[1.0], [3.0]]), Tensor::from([[1.0], [8.0]]))?;
/// assert_eq!(model.evaluate(&data)?.loss, 2.5);
/// # Ok::<(), limpid_learn::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
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
    /// One of your own.
    Custom(CustomLoss),
}

/// The losses, one row each; aliases are what other programs call them.
static LOSSES: &[Choice<Loss>] = &[
    Choice {
        name: "softmax-cross-entropy",
        aliases: &[
            "ce",
            "cross-entropy",
            "crossentropy",
            "categorical-crossentropy",
            "sparse-categorical-crossentropy",
        ],
        about: "for classification",
        example: "softmax-cross-entropy",
        settings: &[],
        make: |_| Ok(Loss::SoftmaxCrossEntropy),
    },
    Choice {
        name: "half-sum-of-squares",
        aliases: &[],
        about: "half the sum of squared errors of a sample",
        example: "half-sum-of-squares",
        settings: &[],
        make: |_| Ok(Loss::HalfSumOfSquares),
    },
    Choice {
        name: "mean-squared-error",
        aliases: &["mse", "l2"],
        about: "for regression",
        example: "mean-squared-error",
        settings: &[],
        make: |_| Ok(Loss::MeanSquaredError),
    },
    Choice {
        name: "binary-cross-entropy",
        aliases: &["bce", "binary-crossentropy"],
        about: "for yes or no, and for several labels",
        example: "binary-cross-entropy",
        settings: &[],
        make: |_| Ok(Loss::BinaryCrossEntropy),
    },
];

/// The losses, one row each.
pub fn loss_choices() -> impl Iterator<Item = &'static Choice<Loss>> {
    LOSSES.iter()
}

type Describe = dyn for<'b> Fn(Var<'b>, Var<'b>) -> Var<'b> + Send + Sync;

/// A loss of your own, as [`Loss::custom`] makes it.
#[derive(Clone)]
pub struct CustomLoss {
    name: Arc<str>,
    read_as: Option<Box<Loss>>,
    /// None where only the name is known, from a model file.
    describe: Option<Arc<Describe>>,
}

impl Loss {
    /// Every loss that limpid has.
    pub fn all() -> impl Iterator<Item = Self> {
        LOSSES.iter().filter_map(Choice::usual)
    }

    /// A loss of your own. `describe` is given a batch's outputs and targets, samples along the first axis, and answers
    /// one number: a mean over the batch. Its gradient follows from the ops that it uses. `name` stands in messages and
    /// in model files.
    ///
    /// Whatever else it needs of a sample goes into the targets: a weight, or a mask, as one more column.
    ///
    /// A weight for each sample, as the second column of the targets:
    ///
    /// ```
    /// use limpid_graph::Tensor;
    /// use limpid_learn::{Dataset, Loss, Model, Network};
    ///
    /// let weighted = Loss::custom("weighted-squares", |output, targets| {
    ///     let (target, weight) = (targets.slice(1, 0..1), targets.slice(1, 1..2));
    ///     (weight * (output - target).square()).mean_all()
    /// });
    /// let network: Network = "1, affine 1 init=zeros".parse()?;
    /// let mut model = Model::new(&network, 1)?.with_loss(weighted);
    /// let data = Dataset::new(Tensor::from([[1.0], [1.0]]), Tensor::from([[2.0, 1.0], [3.0, 0.0]]))?;
    /// assert_eq!(model.evaluate(&data)?.loss, (1.0 * 4.0 + 0.0 * 9.0) / 2.0);
    /// # Ok::<(), limpid_learn::Error>(())
    /// ```
    pub fn custom(
        name: impl Into<String>,
        describe: impl for<'b> Fn(Var<'b>, Var<'b>) -> Var<'b> + Send + Sync + 'static,
    ) -> Self {
        Self::Custom(CustomLoss { name: name.into().into(), read_as: None, describe: Some(Arc::new(describe)) })
    }

    /// A loss of which only the name is known: a model with it predicts, and is not evaluated or trained.
    pub fn unknown(name: impl Into<String>, read_as: Option<Self>) -> Self {
        Self::Custom(CustomLoss { name: name.into().into(), read_as: read_as.map(Box::new), describe: None })
    }

    /// The loss that is trained where labels are smoothed: the right class is wanted with 1 − `smoothing`, and the rest is
    /// shared by all K classes, smoothing / K each, as by PyTorch's `label_smoothing`. A yes is wanted with
    /// 1 − `smoothing` / 2, a no with `smoothing` / 2. Source: Szegedy et al. 2016, "Rethinking the Inception
    /// architecture", section 7.
    ///
    /// A training smooths by [`FitOptions::label_smoothing`](crate::FitOptions); its evaluations do not.
    ///
    /// # Errors
    /// [`Error::Setting`] for a number below 0, or 1 and above, and for a loss that is not one of classification.
    pub fn smoothed(self, smoothing: f64) -> Result<Self, Error> {
        let refused = |hint: &str| {
            let (name, hint) = ("the label smoothing", hint.to_string());
            Err(Error::Setting { name, found: format!("{smoothing:?}"), hint })
        };
        if !(0.0..1.0).contains(&smoothing) {
            return refused("use a number from 0 to below 1, such as 0.1");
        }
        if smoothing == 0.0 {
            return Ok(self);
        }
        let name = format!("{self} label-smoothing={smoothing:?}");
        let smoothed = match &self {
            Self::SoftmaxCrossEntropy => Self::custom(name, move |scores, targets| {
                let shape = scores.shape();
                let classes = shape.dims().last().and_then(|dim| dim.as_known()).unwrap_or(1);
                let is_label = targets.rank() + 1 == scores.rank();
                let right = if is_label { targets.one_hot(classes) } else { targets };
                scores.softmax_cross_entropy(right * (1.0 - smoothing) + smoothing / classes as f64)
            }),
            Self::BinaryCrossEntropy => {
                let own = self.clone();
                Self::custom(name, move |scores, targets| {
                    let targets = own.shaped(targets, scores);
                    scores.sigmoid_cross_entropy(targets * (1.0 - smoothing) + 0.5 * smoothing)
                })
            }
            _ => {
                let hint = format!(
                    "it is for the losses {} and {}; use 0 with {self}",
                    Self::SoftmaxCrossEntropy,
                    Self::BinaryCrossEntropy
                );
                return refused(&hint);
            }
        };
        Ok(smoothed.read_as(self))
    }

    /// Says of a loss of your own that outputs are read as those of another: as scores of classes, say, which gives an
    /// accuracy and probabilities. Without it they are numbers. A loss of limpid's stays as it is.
    pub fn read_as(self, other: Self) -> Self {
        match self {
            Self::Custom(custom) => {
                let other = other.reading().cloned();
                Self::Custom(CustomLoss { read_as: other.map(Box::new), ..custom })
            }
            known => known,
        }
    }

    /// The loss of limpid's that says how outputs are read; None for one of your own that does not say.
    pub fn reading(&self) -> Option<&Self> {
        match self {
            Self::Custom(custom) => custom.read_as.as_deref(),
            known => Some(known),
        }
    }

    /// Whether outputs are scores of classes, the largest for the class that is predicted, and targets class labels or
    /// one-hot rows.
    pub fn takes_labels(&self) -> bool {
        self.reading() == Some(&Self::SoftmaxCrossEntropy)
    }

    /// Whether it can be computed: it is limpid's own, or was given with its description.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self {
            Self::Custom(CustomLoss { describe: None, name, .. }) => Err(Error::UnknownLoss { name: name.to_string() }),
            _ => Ok(()),
        }
    }

    /// Describes the loss of `output` against `targets`. Targets have the output's shape; where it ends in an axis of 1
    /// they may do without that axis. For [`SoftmaxCrossEntropy`](Loss::SoftmaxCrossEntropy) they may be class labels.
    /// What it describes belongs to the layer `loss`.
    #[track_caller]
    pub fn describe<'b>(&self, output: Var<'b>, targets: Var<'b>) -> Var<'b> {
        let _scope = output.builder().scope("loss", &self.to_string(), Location::caller());
        match self {
            Self::SoftmaxCrossEntropy => output.softmax_cross_entropy(targets),
            Self::HalfSumOfSquares => output.half_sum_of_squares(self.shaped(targets, output)),
            Self::MeanSquaredError => output.mean_squared_error(self.shaped(targets, output)),
            Self::BinaryCrossEntropy => output.sigmoid_cross_entropy(self.shaped(targets, output)),
            Self::Custom(custom) => self.one_number(custom, output, targets),
        }
    }

    /// What a loss of the user's own describes, which must be one number.
    #[track_caller]
    fn one_number<'b>(&self, custom: &CustomLoss, output: Var<'b>, targets: Var<'b>) -> Var<'b> {
        let poison = |what: String, hint: &str, of: &[Var<'b>]| {
            output.builder().poison(&self.to_string(), Fault::Layer { what, hint: hint.to_string() }, of)
        };
        let Some(describe) = &custom.describe else {
            return poison("only its name is known".to_string(), "a loss made by `Loss::custom`", &[output, targets]);
        };
        let loss = describe(output, targets);
        match loss.is_poisoned() || loss.shape().rank() == 0 {
            true => loss,
            false => {
                let what = format!("the loss has shape {}, and training needs one number", loss.shape());
                poison(what, "its mean, `.mean_all()`,", &[loss])
            }
        }
    }

    /// Targets of the output's shape. They are never broadcast: `(batch, 1)` against `(batch,)` would compare each
    /// sample's output with every sample's target.
    #[track_caller]
    fn shaped<'b>(&self, targets: Var<'b>, output: Var<'b>) -> Var<'b> {
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
    pub(crate) fn accuracy<'b>(&self, output: Var<'b>, targets: Var<'b>) -> Option<Var<'b>> {
        match self.reading()? {
            Self::SoftmaxCrossEntropy => Some(output.accuracy(targets)),
            Self::BinaryCrossEntropy => {
                let yes = self.shaped(targets, output).greater(0.5);
                Some(output.greater(0.0).equal(yes).mean_all())
            }
            Self::HalfSumOfSquares | Self::MeanSquaredError | Self::Custom(_) => None,
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Custom(custom) => f.write_str(&custom.name),
            known => {
                f.write_str(LOSSES.iter().find(|row| row.usual().as_ref() == Some(known)).map_or("", |row| row.name))
            }
        }
    }
}

impl FromStr for Loss {
    type Err = Error;

    /// Its own name, or a usual short one: `mse`, `bce`, `ce`, `crossentropy`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let name = text.trim().to_ascii_lowercase().replace(['_', ' '], "-");
        if ["mae", "l1", "mean-absolute-error"].contains(&name.as_str()) {
            return Err(Error::Setting {
                name: "the loss",
                found: text.to_string(),
                hint: "limpid has no mean absolute error; `mean-squared-error` is the most similar".to_string(),
            });
        }
        let row = named("loss", LOSSES, &name)?;
        Ok(row.usual().unwrap_or_default())
    }
}

impl fmt::Debug for CustomLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomLoss").field("name", &self.name).field("read_as", &self.read_as).finish_non_exhaustive()
    }
}

impl PartialEq for CustomLoss {
    /// Two are equal where one is a clone of the other, or both are known by the same name alone.
    fn eq(&self, other: &Self) -> bool {
        let is_same = match (&self.describe, &other.describe) {
            (Some(own), Some(other)) => Arc::ptr_eq(own, other),
            (None, None) => true,
            _ => false,
        };
        is_same && self.name == other.name && self.read_as == other.read_as
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
        assert!(why.is_err_and(|why| why.contains("`mean-squared-error` is the most similar")));
    }
}
