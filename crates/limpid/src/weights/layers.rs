//! Layers found among arrays → the values of a network's variables.

use limpid_files::{FoundLayer, LayersError, NamedArray};
use limpid_graph::Tensor;
use limpid_learn::{Network, Variable};

use super::WeightsError;
use crate::Error;

/// A layer that a network is built of.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) kind: Kind,
    /// The name of its first array.
    pub(super) name: String,
    values: Vec<Value>,
}

/// What a layer does, as far as its arrays tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Affine { inputs: usize, outputs: usize },
    Convolution { filters: usize, channels: usize, kernel: [usize; 2], has_bias: bool },
    BatchNorm,
}

/// An array as a layer of limpid's has it.
#[derive(Debug)]
struct Value {
    /// What the layer calls it.
    part: &'static str,
    /// What it was called.
    from: String,
    tensor: Tensor,
}

/// A variable's name, its value, and what that was called.
pub(super) type Filled = (String, Tensor, Option<String>);

/// The layers, from input to output, as limpid has them, with a sentence on each that was turned.
pub(super) fn known(found: Vec<FoundLayer>, assumed: &mut Vec<String>) -> Result<Vec<Layer>, WeightsError> {
    let mut layers: Vec<Layer> = Vec::with_capacity(found.len());
    // The filters of a convolution whose channels come last, until an affine layer takes its numbers.
    let mut channels_last: Option<usize> = None;
    for layer in found {
        let hollow =
            |array: &NamedArray| WeightsError::Hollow { shape: array.array.shape().to_vec(), name: array.name.clone() };
        layers.push(match layer {
            FoundLayer::Affine { mut weight, bias } => {
                let &[inputs, outputs] = weight.array.shape() else { return Err(hollow(&weight)) };
                if inputs == 0 || outputs == 0 {
                    return Err(hollow(&weight));
                }
                let filters = channels_last.take().filter(|filters| inputs.is_multiple_of(*filters));
                if let Some(filters) = filters.filter(|&filters| filters < inputs) {
                    weight = rows_by_channels(weight, filters)?;
                    assumed.push(format!("The rows of {} were put in the order of channels.", weight.name));
                }
                Layer::of(Kind::Affine { inputs, outputs }, [("w", Some(weight)), ("b", bias)])?
            }
            FoundLayer::Convolution { mut kernel, bias } => {
                if has_channels_last(&kernel, bias.as_ref()) {
                    kernel = with_channels_first(kernel)?;
                    channels_last = Some(kernel.array.shape()[0]);
                    let name = &kernel.name;
                    assumed.push(format!("{name} is (height, width, in, out), as Keras has kernels; it was turned."));
                }
                let &[filters, channels, height, width] = kernel.array.shape() else { return Err(hollow(&kernel)) };
                if [filters, channels, height, width].contains(&0) {
                    return Err(hollow(&kernel));
                }
                let has_bias = bias.is_some();
                let kind = Kind::Convolution { filters, channels, kernel: [height, width], has_bias };
                Layer::of(kind, [("w", Some(kernel)), ("b", bias)])?
            }
            FoundLayer::BatchNorm { scale, shift, mean, variance } => {
                let parts =
                    [("scale", Some(scale)), ("shift", shift), ("mean", Some(mean)), ("variance", Some(variance))];
                Layer::of(Kind::BatchNorm, parts)?
            }
            _ => return Err(LayersError::NoWeights { names: Vec::new() }.into()),
        });
    }
    Ok(layers)
}

impl Layer {
    fn of<const N: usize>(kind: Kind, parts: [(&'static str, Option<NamedArray>); N]) -> Result<Self, WeightsError> {
        let there = parts.into_iter().filter_map(|(part, array)| Some((part, array?)));
        let value = |(part, array): (_, NamedArray)| {
            Ok(Value { part, from: array.name.clone(), tensor: super::tensor(array)? })
        };
        let values = there.map(value).collect::<Result<Vec<_>, WeightsError>>()?;
        let name = values.first().map(|value| value.from.clone()).unwrap_or_default();
        Ok(Self { kind, name, values })
    }
}

/// Whether a kernel is (height, width, in, out), as Keras has it: its name, or else its bias, says so.
fn has_channels_last(kernel: &NamedArray, bias: Option<&NamedArray>) -> bool {
    let name = kernel.name.strip_suffix(":0").unwrap_or(&kernel.name);
    let &[first, .., last] = kernel.array.shape() else { return false };
    match bias.map(|bias| bias.array.len()) {
        Some(length) if first != last => length == last,
        _ => name.ends_with("kernel"),
    }
}

/// (height, width, in, out) as (out, in, height, width).
fn with_channels_first(kernel: NamedArray) -> Result<NamedArray, WeightsError> {
    let &[height, width, channels, filters] = kernel.array.shape() else { return Ok(kernel) };
    let from = |to: usize| {
        let (column, row) = (to % width, to / width % height);
        let (channel, filter) = (to / (width * height) % channels, to / (width * height * channels));
        ((row * width + column) * channels + channel) * filters + filter
    };
    moved(kernel, &[filters, channels, height, width], from)
}

/// The rows of a weight behind a picture whose channels come last, for one whose channels come first.
fn rows_by_channels(weight: NamedArray, channels: usize) -> Result<NamedArray, WeightsError> {
    let &[inputs, outputs] = weight.array.shape() else { return Ok(weight) };
    let places = inputs / channels;
    let from = |to: usize| {
        let (row, output) = (to / outputs, to % outputs);
        (row % places * channels + row / places) * outputs + output
    };
    moved(weight, &[inputs, outputs], from)
}

/// The same numbers at other places.
fn moved(array: NamedArray, shape: &[usize], from: impl Fn(usize) -> usize) -> Result<NamedArray, WeightsError> {
    let NamedArray { name, .. } = &array;
    let name = name.clone();
    let tensor = super::tensor(array)?;
    let places = 0..tensor.len();
    let turned = match tensor.as_slice::<f32>() {
        Some(numbers) => Tensor::new(shape, places.map(|to| numbers[from(to)]).collect::<Vec<_>>()),
        None => {
            let numbers = tensor.to_f64();
            Tensor::new(shape, places.map(|to| numbers[from(to)]).collect::<Vec<_>>())
        }
    };
    Ok(NamedArray::new(name, turned.unwrap_or(tensor)))
}

/// The value of each of the network's variables: its layers with variables take the layers' arrays, one after the other.
/// A bias that is not there is one of zeros.
pub(super) fn filled(network: &Network, layers: Vec<Layer>) -> Result<Vec<Filled>, Error> {
    let variables = network.variables()?;
    let mut groups: Vec<(&str, Vec<&Variable>)> = Vec::new();
    for variable in &variables {
        let path = variable.name.rsplit_once('/').map_or("", |(path, _)| path);
        match groups.last_mut().filter(|(last, _)| *last == path) {
            Some((_, group)) => group.push(variable),
            None => groups.push((path, vec![variable])),
        }
    }
    if groups.len() != layers.len() {
        let (wanted, found) = (groups.len(), layers.len());
        return Err(WeightsError::Count { network: network.to_string(), wanted, found }.into());
    }
    let mut filled = Vec::with_capacity(variables.len());
    for ((_, group), layer) in groups.into_iter().zip(layers) {
        let unfit = |variable: &Variable| {
            let (wanted, shape) = (variable.name.clone(), variable.shape.clone());
            WeightsError::Unfit { name: layer.name.clone(), wanted, shape }
        };
        let name = |part: &str| group.iter().find(|variable| variable.name.rsplit('/').next() == Some(part));
        // What the network's layer has no place for belongs to a layer of another kind.
        if layer.values.iter().any(|value| name(value.part).is_none()) {
            return Err(unfit(group[0]).into());
        }
        for variable in &group {
            let part = variable.name.rsplit('/').next().unwrap_or_default();
            let value = layer.values.iter().find(|value| value.part == part);
            filled.push(match value {
                Some(value) if value.tensor.shape() == variable.shape => {
                    (variable.name.clone(), value.tensor.clone(), Some(value.from.clone()))
                }
                None if part == "b" || part == "shift" => {
                    (variable.name.clone(), Tensor::zeros(variable.shape.clone()), None)
                }
                _ => return Err(unfit(variable).into()),
            });
        }
    }
    Ok(filled)
}
