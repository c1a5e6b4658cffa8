//! Named arrays → the layers that they are the weights of.
//!
//! Whoever trained a network elsewhere has its arrays and their names, and seldom more. Names say which array is a
//! weight or a bias, and in which order layers come; shapes say which way round a weight is. What is concluded is
//! listed as sentences, and what cannot be is asked.

use thiserror::Error;

use crate::array::NamedArray;

mod array_order;
mod group;
mod name;
mod networks;
mod orient;
mod outline;

use outline::Outline;

pub use networks::only;

/// Which axis of an affine layer's weight is which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orientation {
    /// (in, out), as limpid, Keras and most NumPy programs have it: `x · W + b`.
    InOut,
    /// (out, in), as PyTorch has it: `x · Wᵀ + b`.
    OutIn,
}

/// One layer's arrays.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FoundLayer {
    /// `x · W + b`.
    Affine {
        /// Shape (in, out).
        weight: NamedArray,
        /// Shape (out).
        bias: Option<NamedArray>,
    },
    /// A convolution, its kernel as it was found.
    Convolution {
        /// Four axes; PyTorch's are (out, in, height, width).
        kernel: NamedArray,
        /// One number an output channel.
        bias: Option<NamedArray>,
    },
    /// A batch norm. All its arrays have one number for each feature or channel.
    BatchNorm {
        /// What it multiplies by.
        scale: NamedArray,
        /// What it adds then.
        shift: Option<NamedArray>,
        /// The running mean.
        mean: NamedArray,
        /// The running variance.
        variance: NamedArray,
    },
}

/// The layers that arrays belong to, from input to output.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FoundLayers {
    /// From input to output.
    pub layers: Vec<FoundLayer>,
    /// Arrays that belong to no layer.
    pub left_out: Vec<NamedArray>,
    /// What was concluded, a sentence each.
    pub assumed: Vec<String>,
}

/// How arrays are called, and which way round weights are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// `W1`, `b1`, `W2`, …; weights (in, out).
    NumPy,
    /// `0.weight`, `0.bias`, `2.weight`, …, as `torch.nn.Sequential` has them; weights (out, in).
    Torch,
    /// `0/w`, `0/b`, `2/w`, …; weights (in, out).
    Limpid,
}

/// Arrays that do not say which layers they belong to.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LayersError {
    /// No array is called as a weight is.
    #[error("no weights among {names:?}; name them W1, b1, W2, b2, … or 0.weight, 0.bias, …, from input to output")]
    NoWeights {
        /// The first names.
        names: Vec<String>,
    },
    /// The arrays of more than one network.
    #[error("there is more than one network: {}; name the one that is meant", .names.join(", "))]
    Networks {
        /// What the networks are called.
        names: Vec<String>,
    },
    /// A part that is not there.
    #[error("no array's name begins with {wanted:?}{}", parts_text(.found))]
    NoPart {
        /// What was asked for.
        wanted: String,
        /// What there is.
        found: Vec<String>,
    },
    /// Two arrays would be the same part of the same layer.
    #[error("{first:?} and {second:?} are both the {part} of one layer; give each layer a number of its own")]
    Twice {
        /// The one.
        first: String,
        /// The other.
        second: String,
        /// `weight` or `bias`.
        part: &'static str,
    },
    /// A bias without a weight.
    #[error("{bias:?} has no weight beside it; add its weight, or leave it out")]
    NoWeight {
        /// The bias.
        bias: String,
    },
    /// A batch norm without its running statistics, or a norm of another kind.
    #[error(
        "{name:?} is a norm's, and no running mean and variance stand beside it: a batch norm needs both, such as \
         running_mean1 and running_var1, and norms of other kinds are not read from arrays alone"
    )]
    NoStatistics {
        /// Its scale or shift.
        name: String,
    },
    /// A weight of a layer that is not known.
    #[error(
        "{name:?} has shape {shape:?}: an affine layer's weight has two axes, a convolution's four, a bias one, and a batch \
         norm's arrays one, with a running mean and variance among them; layers of other kinds are not read: fold them \
         into their neighbours first"
    )]
    Unknown {
        /// The array.
        name: String,
        /// Its extents.
        shape: Vec<usize>,
    },
    /// Layers without an affine one among them do not follow one another.
    #[error("the layers do not follow one another: {reason}. Name them in their order")]
    Apart {
        /// What does not fit.
        reason: String,
    },
    /// The shapes fit neither way.
    #[error(
        "the layers do not follow one another. As (in, out): {in_out}. As (out, in): {out_in}. Name them in their order"
    )]
    Broken {
        /// What does not fit as (in, out).
        in_out: String,
        /// What does not fit as (out, in).
        out_in: String,
    },
    /// The shapes do not fit the way that was named.
    #[error("as {orientation} the layers do not follow one another: {reason}; name the other orientation, or none")]
    Orientation {
        /// `(in, out)` or `(out, in)`.
        orientation: &'static str,
        /// What does not fit.
        reason: String,
    },
    /// The shapes fit both ways, and the names do not tell.
    #[error("which way round are the weights? {names:?} fit both as (in, out) and as (out, in); name one of the two")]
    Question {
        /// The weights.
        names: Vec<String>,
    },
}

impl FoundLayer {
    /// Its weight or kernel, and its bias, if it has one; a batch norm's scale, shift, mean and variance.
    pub fn arrays(&self) -> impl Iterator<Item = &NamedArray> {
        let (first, second, statistics) = match self {
            Self::Affine { weight: first, bias } | Self::Convolution { kernel: first, bias } => (first, bias, None),
            Self::BatchNorm { scale, shift, mean, variance } => (scale, shift, Some([mean, variance])),
        };
        std::iter::once(first).chain(second).chain(statistics.into_iter().flatten())
    }
}

impl FoundLayers {
    /// The layers' arrays under names of another style, from input to output; arrays that were left out stay so.
    ///
    /// PyTorch and limpid count activations as layers. Arrays whose names say the places keep them; otherwise there is
    /// one activation behind each layer.
    ///
    /// ```
    /// use limpid_files::{NamedArray, Naming, find_layers};
    /// use limpid_graph::Tensor;
    ///
    /// let arrays = vec![
    ///     NamedArray::new("W1", Tensor::zeros([784, 50])),
    ///     NamedArray::new("b1", Tensor::zeros([50])),
    ///     NamedArray::new("W2", Tensor::zeros([50, 10])),
    /// ];
    /// let named = find_layers(arrays, None)?.named(Naming::Torch);
    /// let names: Vec<&str> = named.iter().map(|named| named.name.as_str()).collect();
    /// assert_eq!(names, ["0.weight", "0.bias", "2.weight"]);
    /// assert_eq!(named[0].array.shape(), [50, 784]);
    /// # Ok::<(), limpid_files::LayersError>(())
    /// ```
    pub fn named(self, naming: Naming) -> Vec<NamedArray> {
        let places = places(&self.layers);
        let mut number = 0;
        let mut named = Vec::new();
        for (layer, place) in self.layers.into_iter().zip(places) {
            let is_norm = matches!(layer, FoundLayer::BatchNorm { .. });
            // A batch norm has the number of the layer that it stands behind.
            number += usize::from(!is_norm || number == 0);
            let is_transposed = naming == Naming::Torch && matches!(layer, FoundLayer::Affine { .. });
            let parts = match layer {
                FoundLayer::Affine { weight, bias } | FoundLayer::Convolution { kernel: weight, bias } => {
                    vec![(Part::Weight, Some(weight)), (Part::Bias, bias)]
                }
                FoundLayer::BatchNorm { scale, shift, mean, variance } => vec![
                    (Part::Scale, Some(scale)),
                    (Part::Shift, shift),
                    (Part::Mean, Some(mean)),
                    (Part::Variance, Some(variance)),
                ],
            };
            for (part, array) in parts.into_iter().filter_map(|(part, array)| Some((part, array?.array))) {
                let array = if is_transposed && part == Part::Weight { array.transposed() } else { array };
                let name = match naming {
                    Naming::NumPy => format!("{}{number}", part.name(naming)),
                    Naming::Torch => format!("{place}.{}", part.name(naming)),
                    Naming::Limpid => format!("{place}/{}", part.name(naming)),
                };
                named.push(NamedArray { name, array });
            }
        }
        named
    }
}

/// What an array is to its layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Weight,
    Bias,
    Scale,
    Shift,
    Mean,
    Variance,
}

impl Part {
    fn name(self, naming: Naming) -> &'static str {
        let [numpy, torch, limpid] = match self {
            Self::Weight => ["W", "weight", "w"],
            Self::Bias => ["b", "bias", "b"],
            Self::Scale => ["gamma", "weight", "scale"],
            Self::Shift => ["beta", "bias", "shift"],
            Self::Mean => ["running_mean", "running_mean", "mean"],
            Self::Variance => ["running_var", "running_var", "variance"],
        };
        match naming {
            Naming::NumPy => numpy,
            Naming::Torch => torch,
            Naming::Limpid => limpid,
        }
    }
}

/// The place of each layer among all layers, activations counted too.
fn places(layers: &[FoundLayer]) -> Vec<usize> {
    let told = layers.iter().map(|layer| {
        let name = &layer.arrays().next()?.name;
        // `W1` has a number too, but counts no activations, and neither do the places of a list.
        let (place, part) = name.split_once(['.', '/'])?;
        (!part.starts_with(|c: char| c.is_ascii_digit())).then(|| place.parse::<usize>().ok())?
    });
    let told: Option<Vec<usize>> = told.collect();
    match told {
        Some(places) if places.is_sorted_by(|a, b| a < b) => places,
        _ => {
            // Behind each layer that is none, and behind its batch norm, stands an activation.
            let mut place = 0;
            let mut places = Vec::with_capacity(layers.len());
            for (at, layer) in layers.iter().enumerate() {
                let is_norm = matches!(layer, FoundLayer::BatchNorm { .. });
                place += if at == 0 { 0 } else { 1 + usize::from(!is_norm) };
                places.push(place);
            }
            places
        }
    }
}

/// The parts to choose from, after what is wrong.
fn parts_text(found: &[String]) -> String {
    if found.is_empty() {
        "; no name begins with a part".to_string()
    } else {
        format!("; choose one of {}", found.join(", "))
    }
}

impl Orientation {
    fn text(self) -> &'static str {
        match self {
            Self::InOut => "(in, out)",
            Self::OutIn => "(out, in)",
        }
    }
}

/// Finds the layers that these arrays belong to, and turns the affine ones' weights to (in, out).
///
/// Known are names such as `W1`, `b1`; `0.weight`, `fc1.bias`; `dense/kernel`; `fc1_w`; `weights.0`, `coefs_.1`; and
/// arrays whose names say nothing, as lists, `numpy.savez` and some classes have them: weights and biases in any order
/// that their shapes tell. A bias of shape (1, n) or (n, 1) becomes (n). Without `orientation` it is concluded from the
/// shapes, then from the names (PyTorch's `weight` is (out, in), Keras's `kernel` (in, out)).
///
/// # Errors
/// [`LayersError`]: no weights, more than one network ([`only`] takes one of them), layers of an unknown kind, shapes
/// that do not follow one another, or that would both ways.
///
/// ```
/// use limpid_files::{FoundLayer, NamedArray, find_layers};
/// use limpid_graph::Tensor;
///
/// let arrays = vec![
///     NamedArray::new("fc.weight", Tensor::zeros([10, 784])),
///     NamedArray::new("fc.bias", Tensor::zeros([10])),
/// ];
/// let found = find_layers(arrays, None)?;
/// let FoundLayer::Affine { weight, .. } = &found.layers[0] else { panic!() };
/// assert_eq!(weight.array.shape(), [784, 10]);
/// assert_eq!(found.assumed[0], "The weights are (out, in), as the shapes match only this way; they were transposed.");
/// # Ok::<(), limpid_files::LayersError>(())
/// ```
pub fn find_layers(arrays: Vec<NamedArray>, orientation: Option<Orientation>) -> Result<FoundLayers, LayersError> {
    let plan = {
        let outlines: Vec<Outline<'_>> = arrays.iter().map(Outline::of).collect();
        networks::plan_of_one(&outlines, orientation)?
    };
    Ok(plan.carried_out(arrays))
}
