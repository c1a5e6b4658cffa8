//! Named arrays → the layers that they are the weights of.
//!
//! Whoever trained a network elsewhere has its arrays and their names, and seldom more. Names say which array is a
//! weight or a bias, and in which order layers come; shapes say which way round a weight is. What is concluded is
//! listed as sentences, and what cannot be is asked.

use std::collections::HashMap;

use thiserror::Error;

use crate::array::NamedArray;

mod name;
mod orient;

use name::{Role, natural_order, parts};
use orient::orient;

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
    /// A bias that stands alone.
    #[error("{bias:?} has no weight beside it; add its weight, or leave it out")]
    NoWeight {
        /// The bias.
        bias: String,
    },
    /// A weight of a layer that is not known.
    #[error(
        "{name:?} has shape {shape:?}: an affine layer's weight has two axes, a convolution's four, a bias one; layers \
         of other kinds (such as normalisation) are not read: fold them into their neighbours first"
    )]
    Unknown {
        /// The array.
        name: String,
        /// Its extents.
        shape: Vec<usize>,
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
    #[error("which way round are the weights? {names:?} fit as (in, out) and as (out, in); name one of the two")]
    Question {
        /// The weights.
        names: Vec<String>,
    },
}

impl FoundLayer {
    /// Its weight or kernel, and its bias, if it has one.
    pub fn arrays(&self) -> impl Iterator<Item = &NamedArray> {
        let (Self::Affine { weight: first, bias } | Self::Convolution { kernel: first, bias }) = self;
        std::iter::once(first).chain(bias)
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
        let renamed = |(index, layer): (usize, FoundLayer)| {
            let (weight, bias, is_affine) = match layer {
                FoundLayer::Affine { weight, bias } => (weight, bias, true),
                FoundLayer::Convolution { kernel, bias } => (kernel, bias, false),
            };
            let (number, place) = (index + 1, places[index]);
            let [weight_name, bias_name] = match naming {
                Naming::NumPy => [format!("W{number}"), format!("b{number}")],
                Naming::Torch => [format!("{place}.weight"), format!("{place}.bias")],
                Naming::Limpid => [format!("{place}/w"), format!("{place}/b")],
            };
            let turned = naming == Naming::Torch && is_affine;
            let weight = if turned { weight.array.transposed() } else { weight.array };
            let bias = bias.map(|bias| NamedArray { name: bias_name, array: bias.array });
            std::iter::once(NamedArray { name: weight_name, array: weight }).chain(bias)
        };
        self.layers.into_iter().enumerate().flat_map(renamed).collect()
    }
}

/// The place of each layer among all layers, activations counted too.
fn places(layers: &[FoundLayer]) -> Vec<usize> {
    let told = layers.iter().map(|layer| {
        let name = &layer.arrays().next()?.name;
        // `W1` has a number too, but counts no activations.
        let (place, _) = name.split_once(['.', '/'])?;
        place.parse::<usize>().ok()
    });
    let told: Option<Vec<usize>> = told.collect();
    match told {
        Some(places) if places.is_sorted_by(|a, b| a < b) => places,
        _ => (0..layers.len()).map(|index| 2 * index).collect(),
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
/// Known are names such as `W1`, `b1`; `0.weight`, `fc1.bias`; `dense/kernel`; `fc1_w`; and arrays without names, as
/// lists and `numpy.savez` have them. A bias of shape (1, n) or (n, 1) becomes (n). Without `orientation` it is
/// concluded from the shapes, then from the names (PyTorch's `weight` is (out, in), Keras's `kernel` (in, out)).
///
/// # Errors
/// [`LayersError`]: no weights, layers of an unknown kind, shapes that do not follow one another, or that would both
/// ways.
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
/// assert_eq!(found.assumed[0], "The weights are (out, in), as only so the shapes fit; they were transposed.");
/// # Ok::<(), limpid_files::LayersError>(())
/// ```
pub fn find_layers(arrays: Vec<NamedArray>, orientation: Option<Orientation>) -> Result<FoundLayers, LayersError> {
    let names = arrays.iter().take(6).map(|named| named.name.clone()).collect();
    let mut found = FoundLayers::default();
    let mut groups = group(arrays, &mut found)?;
    if groups.is_empty() {
        return Err(LayersError::NoWeights { names });
    }
    order(&mut groups, &mut found.assumed);
    for group in groups {
        found.layers.push(layer(group, &mut found.assumed)?);
    }
    orient(&mut found, orientation)?;
    if !found.left_out.is_empty() {
        let names: Vec<_> = found.left_out.iter().map(|named| named.name.as_str()).collect();
        found
            .assumed
            .push(format!("Left out, as their names are neither a weight's nor a bias's: {}.", names.join(", ")));
    }
    Ok(found)
}

/// The arrays that share a name but for their role.
struct Group {
    key: String,
    weight: Option<NamedArray>,
    bias: Option<NamedArray>,
}

fn group(arrays: Vec<NamedArray>, found: &mut FoundLayers) -> Result<Vec<Group>, LayersError> {
    let mut groups: Vec<Group> = Vec::new();
    let mut places = HashMap::new();
    let (unnamed, named): (Vec<_>, Vec<_>) =
        arrays.into_iter().map(|array| (parts(&array.name), array)).partition(|((_, role), _)| *role == Role::Place);
    for ((key, role), array) in named {
        if role == Role::Other {
            found.left_out.push(array);
            continue;
        }
        let at = *places.entry(key.clone()).or_insert(groups.len());
        if at == groups.len() {
            groups.push(Group { key, weight: None, bias: None });
        }
        let (part, slot) = match role {
            Role::Bias => ("bias", &mut groups[at].bias),
            _ => ("weight", &mut groups[at].weight),
        };
        if let Some(first) = slot {
            return Err(LayersError::Twice { first: first.name.clone(), second: array.name, part });
        }
        *slot = Some(array);
    }
    if groups.is_empty() {
        return Ok(by_place(unnamed.into_iter().map(|(_, array)| array).collect(), found));
    }
    found.left_out.extend(unnamed.into_iter().map(|(_, array)| array));
    Ok(groups)
}

/// Arrays that only have a place: a weight has two axes or more, and its bias follows it.
fn by_place(mut arrays: Vec<NamedArray>, found: &mut FoundLayers) -> Vec<Group> {
    arrays.sort_by(|a, b| natural_order(&a.name, &b.name));
    let mut groups: Vec<Group> = Vec::new();
    for array in arrays {
        let vector = array.array.rank() < 2 || array.array.rank() == 2 && array.array.shape()[0] == 1;
        match groups.last_mut() {
            Some(Group { bias: slot @ None, .. }) if vector => *slot = Some(array),
            _ => groups.push(Group { key: array.name.clone(), weight: Some(array), bias: None }),
        }
    }
    if !groups.is_empty() {
        found.assumed.push("The arrays have no names: each bias is taken to follow its weight.".to_string());
    }
    groups
}

/// By number where the names differ in nothing else; as they stand in the file otherwise.
fn order(groups: &mut [Group], assumed: &mut Vec<String>) {
    let mask = |key: &str| key.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).collect::<String>();
    let squeeze = |key: &str| {
        let mut masked = mask(key);
        while masked.contains("##") {
            masked = masked.replace("##", "#");
        }
        masked
    };
    let numbered = groups.iter().all(|group| squeeze(&group.key) == squeeze(&groups[0].key));
    if numbered {
        groups.sort_by(|a, b| natural_order(&a.key, &b.key));
        return;
    }
    let keys: Vec<_> = groups.iter().map(|group| group.key.as_str()).collect();
    assumed.push(format!("The layers follow one another as they stand in the file: {}.", keys.join(", ")));
}

fn layer(group: Group, assumed: &mut Vec<String>) -> Result<FoundLayer, LayersError> {
    let Group { weight, bias, .. } = group;
    let Some(weight) = weight else {
        let bias = bias.map_or_else(String::new, |bias| bias.name);
        return Err(LayersError::NoWeight { bias });
    };
    let bias = bias.map(|bias| flat(bias, assumed)).transpose()?;
    if bias.is_none() {
        assumed.push(format!("{} has no bias.", weight.name));
    }
    match weight.array.rank() {
        2 => Ok(FoundLayer::Affine { weight, bias }),
        4 => {
            assumed.push(format!("{} has four axes: it is a convolution's kernel, kept as it is.", weight.name));
            Ok(FoundLayer::Convolution { kernel: weight, bias })
        }
        _ => Err(LayersError::Unknown { shape: weight.array.shape().to_vec(), name: weight.name }),
    }
}

/// A bias with one axis.
fn flat(bias: NamedArray, assumed: &mut Vec<String>) -> Result<NamedArray, LayersError> {
    let NamedArray { name, array } = bias;
    let shape = array.shape().to_vec();
    let length = match shape[..] {
        [_] => return Ok(NamedArray { name, array }),
        [1, length] | [length, 1] => length,
        _ => return Err(LayersError::Unknown { name, shape }),
    };
    let Some(array) = array.reshaped([length]) else {
        return Err(LayersError::Unknown { name, shape });
    };
    assumed.push(format!("{name} of shape {shape:?} was flattened."));
    Ok(NamedArray { name, array })
}
