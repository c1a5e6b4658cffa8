//! Models from bare weights: named arrays of any program → layers → a network with its parameters.

mod described;
mod layers;

#[cfg(feature = "archives")]
use std::path::Path;

use limpid_files::{Array, ArrayError, FoundLayers, LayersError, NamedArray, Orientation, find_layers, only};
#[cfg(feature = "archives")]
use limpid_files::{Arrays, Format};
use limpid_graph::Tensor;
#[cfg(feature = "archives")]
use limpid_learn::Registry;
use limpid_learn::{Model, Network, activation_names};
use thiserror::Error;

use crate::Error;
use crate::models::precision_of;
#[cfg(feature = "archives")]
use crate::models::{Saved, from_entries};

/// Facts about a network that its weights do not tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// The activation after each layer but the last, as in a network's text: `sigmoid`, `leaky-relu slope=0.1`.
    pub activation: Option<String>,
    /// Which way round the weights are, where names and shapes do not tell.
    pub orientation: Option<Orientation>,
    /// What the names of its arrays begin with, where the file holds more than one network: `net` of `net.W1`.
    pub only: Vec<String>,
    /// The network as text, where its arrays do not tell it: `1x28x28, conv 16 3x3 pad=1, relu, max-pool 2, affine 10`. It
    /// says the activations too.
    pub network: Option<String>,
}

impl Hints {
    /// Nothing but the activation.
    pub fn activation(text: impl Into<String>) -> Self {
        Self { activation: Some(text.into()), ..Self::default() }
    }
}

/// A model that was made of bare weights.
#[derive(Debug)]
#[non_exhaustive]
pub struct FromWeights {
    /// The model, in `f64` where one of its arrays is, in `f32` otherwise.
    pub model: Model,
    /// What was concluded, a sentence each.
    pub assumed: Vec<String>,
    /// The model's variables in order, each with the name of the array that it was made from; a bias of zeros from none.
    pub made_from: Vec<(String, Option<String>)>,
}

/// Weights that no model can be made of.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// They do not say which layers they belong to.
    #[error(transparent)]
    Layers(#[from] LayersError),
    /// The activation between the layers is not known; weights do not tell it.
    #[error(
        "weights of {layers} layers do not tell which activation stands between them; name it, such as sigmoid or relu"
    )]
    Activation {
        /// How many layers there are.
        layers: usize,
    },
    /// What was named is no activation.
    #[error("`{found}` is not one activation; there are: {}", activation_names().collect::<Vec<_>>().join(", "))]
    NoActivation {
        /// What was named.
        found: String,
    },
    /// Convolutions, of whose network several are possible, or none that is usual.
    #[error(
        "the shapes of convolutions do not tell the size of the pictures, padding, strides and pools{}; give the network \
         as text, such as `{}`",
        candidates_text(candidates), candidates.first().map_or(EXAMPLE, String::as_str)
    )]
    Pictures {
        /// Networks that would be possible.
        candidates: Vec<String>,
    },
    /// A network of another number of layers with weights.
    #[error("the network `{network}` has {wanted} layers with weights, the arrays are those of {found}")]
    Count {
        /// The network as text.
        network: String,
        /// How many layers with weights it has.
        wanted: usize,
        /// How many were found.
        found: usize,
    },
    /// Arrays of another layer than the network has at that place.
    #[error("{name} does not fit the network, whose `{wanted}` has shape {shape:?}; name the layers in their order")]
    Unfit {
        /// The layer's first array.
        name: String,
        /// The network's variable.
        wanted: String,
        /// Its extents.
        shape: Vec<usize>,
    },
    /// A layer of nothing.
    #[error("{name} has shape {shape:?}: a layer has at least one input and one output")]
    Hollow {
        /// The weight.
        name: String,
        /// Its extents.
        shape: Vec<usize>,
    },
    /// Numbers that limpid does not compute with.
    #[error("array {name:?}: {cause}")]
    Array {
        /// The array's name.
        name: String,
        /// What is wrong with it.
        cause: ArrayError,
    },
}

/// Makes a model of bare weights. Layers are inferred from names and shapes (see [`find_layers`]). The activations
/// between them are not among the weights, so `hints` has to name them.
///
/// ```
/// use limpid::files::NamedArray;
/// use limpid::prelude::*;
/// use limpid::weights::{Hints, from_weights};
///
/// let arrays = vec![
///     NamedArray::new("W1", Tensor::from([[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]])),
///     NamedArray::new("b1", Tensor::from([0.1, 0.2, 0.3])),
///     NamedArray::new("W2", Tensor::from([[0.1, 0.4], [0.2, 0.5], [0.3, 0.6]])),
///     NamedArray::new("b2", Tensor::from([0.1, 0.2])),
/// ];
/// let mut made = from_weights(arrays.clone(), &Hints::activation("sigmoid"))?;
/// assert_eq!(made.model.network().to_string(), "2, affine 3, sigmoid, affine 2");
/// assert_eq!(made.assumed[0], "The weights are (in, out), as the shapes match only this way.");
/// let scores = made.model.predict(&Tensor::from([1.0, 0.5]))?;
/// assert_eq!(scores.shape(), [2]);
///
/// let error = from_weights(arrays, &Hints::default()).unwrap_err();
/// assert!(error.to_string().ends_with("name it, such as sigmoid or relu"));
/// # Ok::<(), limpid::Error>(())
/// ```
///
/// # Errors
/// [`WeightsError`]: names or shapes that do not tell the layers, an activation that is not named, convolutions of which
/// more than one network could be.
pub fn from_weights(arrays: Vec<NamedArray>, hints: &Hints) -> Result<FromWeights, Error> {
    let arrays = only(arrays, &hints.only).map_err(WeightsError::from)?;
    let FoundLayers { layers, mut assumed, .. } = find_layers(arrays, hints.orientation).map_err(WeightsError::from)?;
    let layers = layers::known(layers, &mut assumed)?;
    let text = match &hints.network {
        Some(text) => text.clone(),
        None => {
            let activation = hints.activation.as_deref();
            activation.map_or(Ok(()), check_activation)?;
            let (text, sentence) = described::described(&layers, activation)?;
            assumed.push(sentence);
            text
        }
    };
    assumed.push("The last layer's outputs are scores: the largest is the answer.".to_string());
    let network: Network = text.parse()?;
    let filled = layers::filled(&network, layers)?;
    let made_from = filled.iter().map(|(name, _, from)| (name.clone(), from.clone())).collect();
    let variables: Vec<(String, Tensor)> = filled.into_iter().map(|(name, value, _)| (name, value)).collect();
    let mut model = Model::in_precision(&network, 0, precision_of(&variables))?;
    model.set_variables(&variables)?;
    Ok(FromWeights { model, assumed, made_from })
}

/// Which arrays hold numbers that are not finite, a sentence each: a network with one of them answers with nothing but
/// NaN, as a rule.
///
/// ```
/// use limpid::prelude::*;
/// use limpid::weights::not_finite;
///
/// let said = not_finite([("0/w", &Tensor::from([[0.5, f64::NAN]])), ("0/b", &Tensor::from([0.0, 1.0]))]);
/// assert_eq!(said, ["0/w holds a number that is not finite: NaN at [0, 1]"]);
/// ```
pub fn not_finite<'a, S: AsRef<str>>(named: impl IntoIterator<Item = (S, &'a Tensor)>) -> Vec<String> {
    named.into_iter().filter_map(|(name, tensor)| not_finite_in(name.as_ref(), &Array::from(tensor))).collect()
}

/// That an array holds numbers that are not finite, in a sentence.
pub fn not_finite_in(name: &str, array: &Array) -> Option<String> {
    let (first, count) = array.not_finite()?;
    let number = array.to_f64()[first];
    let mut rest = first;
    let mut place: Vec<usize> = Vec::with_capacity(array.rank());
    for &extent in array.shape().iter().rev() {
        place.push(rest % extent);
        rest /= extent;
    }
    place.reverse();
    let number = if number.is_nan() { "NaN".to_string() } else { number.to_string() };
    Some(match count {
        1 => format!("{name} holds a number that is not finite: {number} at {place:?}"),
        _ => format!("{name} holds {count} numbers that are not finite, the first {number} at {place:?}"),
    })
}

/// A network of pictures as text.
const EXAMPLE: &str = "1x28x28, conv 16 3x3 pad=1, relu, max-pool 2, affine 10";

/// That several networks are possible.
fn candidates_text(candidates: &[String]) -> String {
    let listed: Vec<String> = candidates.iter().map(|text| format!("`{text}`")).collect();
    if listed.is_empty() { String::new() } else { format!(": {} would fit, for example", listed.join(" and ")) }
}

fn tensor(NamedArray { name, array }: NamedArray) -> Result<Tensor, WeightsError> {
    let tensor = array.to_tensor().map_err(|cause| WeightsError::Array { name, cause })?;
    // Bytes are whole numbers here, not pixels.
    Ok(if tensor.as_slice::<u8>().is_some() { tensor.to_f32_tensor() } else { tensor })
}

fn check_activation(text: &str) -> Result<(), WeightsError> {
    let word = text.split_whitespace().next().unwrap_or_default().to_ascii_lowercase().replace('_', "-");
    let alone = format!("1, {text}").parse::<Network>().is_ok_and(|network| network.layers().len() == 1);
    match alone && activation_names().any(|name| name == word) {
        true => Ok(()),
        false => Err(WeightsError::NoActivation { found: text.to_string() }),
    }
}

/// A model from a file of limpid's or of another program.
#[cfg(feature = "archives")]
#[derive(Debug)]
#[non_exhaustive]
pub struct Opened {
    /// The model, and what its samples are made from, where the file says that.
    pub saved: Saved,
    /// What the file is.
    pub format: Format,
    /// What was concluded about bare weights, a sentence each; nothing about a limpid model.
    pub assumed: Vec<String>,
}

/// Reads a model from a file: one of limpid's, or bare weights in a pickle, `.npy`, `.npz`, safetensors or PyTorch file.
/// The bytes tell which. Hints are for bare weights; a limpid model says everything itself.
///
/// ```
/// use limpid::files::Format;
/// use limpid::prelude::*;
/// use limpid::weights::{Hints, open};
///
/// # let folder = tempfile::tempdir().expect("a folder");
/// # let path = folder.path().join("net.safetensors");
/// let model = Model::new(&"2, affine 3, tanh, affine 2".parse()?, 1)?;
/// limpid::models::save(&model, &path)?;
/// let opened = open(&path, &Hints::default())?;
/// assert_eq!(opened.format, Format::Model);
/// assert_eq!(opened.saved.model.parameters()?, model.parameters()?);
/// # Ok::<(), limpid::Error>(())
/// ```
///
/// # Errors
/// Where the file cannot be read, and as [`load`](crate::models::load) and [`from_weights`].
#[cfg(feature = "archives")]
pub fn open(path: &Path, hints: &Hints) -> Result<Opened, Error> {
    let read = Arrays::read(path)?;
    match read.format.unwrap_or(Format::Model) {
        Format::Model => {
            let arrays = read.arrays.into_iter().map(|named| Ok((named.name.clone(), tensor(named)?)));
            let arrays = arrays.collect::<Result<Vec<_>, WeightsError>>()?;
            Ok(Opened {
                saved: from_entries(&read.metadata, &arrays, path, &Registry::new())?,
                format: Format::Model,
                assumed: Vec::new(),
            })
        }
        format => {
            let notes = read.notes();
            let FromWeights { model, mut assumed, .. } = from_weights(read.arrays, hints)?;
            assumed.extend(notes);
            Ok(Opened { saved: Saved { model, samples: None }, format, assumed })
        }
    }
}
