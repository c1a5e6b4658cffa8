//! Networks as text: `784, affine 50, relu, affine 10`; and optimizers: `adam beta1=0.8`.
//!
//! The input's extents come first (`784`, or `1x28x28`), then the layers, separated by commas or line ends. A layer is
//! its name, what it needs, and options as `name=value`. A `#` begins a comment.

use std::str::FromStr;
use std::sync::Arc;

use crate::choice::{nearest, normalised};
use crate::describe::choices::{Choice, MOST_UNITS, Piece, Wrong, made};
use crate::describe::layer::Layer;
use crate::describe::layers;
use crate::describe::network::Network;
use crate::describe::optimizer::Optimizer;
use crate::describe::optimizers::OPTIMIZERS;
use crate::describe::registry::Registry;
use crate::error::{Error, TextError};

impl Registry {
    /// The network of a text.
    ///
    /// # Errors
    /// [`Error::Text`] with the place and a hint.
    #[track_caller]
    pub fn network(&self, text: &str) -> Result<Network, Error> {
        let (input, layers) = parse(text, self)?;
        Ok(Network::new(input, layers))
    }
}

impl FromStr for Network {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Registry::new().network(text)
    }
}

/// The input's extents, and the layers.
type Parts = (Vec<usize>, Vec<Box<dyn Layer>>);

/// The input's extents and the layers of a network's text; the registry knows the user's own.
fn parse(text: &str, registry: &Registry) -> Result<Parts, TextError> {
    let mut items = items(text);
    let wrong = |start: usize, end: usize, what: String| {
        let unknown = None;
        TextError { text: text.to_string(), start, end, what, unknown }
    };
    let Some(first) = items.next() else {
        return Err(wrong(
            0,
            0,
            "the network is empty; write one such as `784, affine 50, relu, affine 10`".to_string(),
        ));
    };
    let input = extents(first.text).map_err(|what| wrong(first.start, first.end(), what))?;
    let layers = items
        .map(|item| {
            layer(&item, registry).map_err(|(word, what)| {
                let unknown = what.starts_with(UNKNOWN_LAYER).then(|| word.text.to_string());
                TextError { unknown, ..wrong(word.start, word.end(), what) }
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    if layers.is_empty() {
        return Err(wrong(first.start, first.end(), "there is no layer after the input's extents".to_string()));
    }
    Ok((input, layers))
}

fn items(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let whole = Piece { text, start: 0 };
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or(line));
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|item| !item.is_empty()).map(move |i| whole.part(i))
}

fn extents(text: &str) -> Result<Vec<usize>, String> {
    let extent = |part: &str| match part.trim().parse::<usize>() {
        Ok(extent) if extent > 0 => Ok(extent),
        _ => Err("a network begins with its input's extents, such as `784` or `1x28x28`".to_string()),
    };
    let extents = text.split(['x', '×']).map(extent).collect::<Result<Vec<_>, _>>()?;
    match extents.iter().try_fold(1usize, |n, &d| n.checked_mul(d)) {
        Some(count) if count <= MOST_UNITS => Ok(extents),
        _ => Err(format!("an input of more than {MOST_UNITS} numbers is not supported")),
    }
}

/// How a message about an unknown layer begins.
const UNKNOWN_LAYER: &str = "unknown layer";

fn layer<'t>(item: &Piece<'t>, registry: &Registry) -> Result<Box<dyn Layer>, Wrong<'t>> {
    let mut words = item.words();
    let Some(name) = words.next() else { return Err((*item, "a layer is missing here".to_string())) };
    let words: Vec<Piece<'_>> = words.collect();
    if let Some(make) = registry.constructor(name.text) {
        let words: Vec<&str> = words.iter().map(|word| word.text).collect();
        return make(&words).map_err(|what| (*item, format!("layer `{}`: {what}", name.text)));
    }
    let known = normalised(name.text);
    match layers::rows().find(|row| row.is_called(&known)) {
        Some(row) => row.of_words("layer", name, words),
        None => Err((name, unknown(&known, registry))),
    }
}

fn unknown(name: &str, registry: &Registry) -> String {
    let names: Vec<&str> = layers::rows().map(|row| row.name).chain(registry.layer_names()).collect();
    match nearest(name, &names) {
        Some(near) => format!("{UNKNOWN_LAYER} `{name}`, did you mean `{near}`?"),
        None => format!("{UNKNOWN_LAYER} `{name}`; there are: {}", names.join(", ")),
    }
}

/// The layers, one row each.
///
/// ```
/// for layer in limpid_learn::layer_choices() {
///     let network: limpid_learn::Network = format!("5, {}", layer.example).parse()?;
///     assert_eq!(network.to_string(), format!("5, {}", layer.example));
/// }
/// # Ok::<(), limpid_learn::Error>(())
/// ```
pub fn layer_choices() -> impl Iterator<Item = &'static Choice<Box<dyn Layer>>> {
    layers::rows()
}

/// The layers that are a function of each number alone, one row each; those with settings come last.
pub fn activation_choices() -> impl Iterator<Item = &'static Choice<Box<dyn Layer>>> {
    layers::activation_rows()
}

/// The names of the layers that act on each number alone, which can stand between two others: `relu`, `sigmoid`, …
pub fn activation_names() -> impl Iterator<Item = &'static str> {
    activation_choices().map(|row| row.name)
}

/// The optimizer of this text: its name, alone or with settings, such as `adam beta1=0.8` or `momentum 0.8 nesterov`.
///
/// ```
/// use limpid_learn::optimizer;
///
/// assert_eq!(optimizer("adam")?.name(), "adam");
/// assert_eq!(optimizer("sgd momentum=0.8 nesterov")?.text(), "nesterov 0.8");
/// let message = optimizer("adam beta1=1.5").unwrap_err().to_string();
/// assert!(message.starts_with("Adam's beta1 is 1.5; use a number from 0 to below 1"));
/// # Ok::<(), limpid_learn::Error>(())
/// ```
///
/// # Errors
/// [`Error::Unknown`], with the known names, and [`Error::Text`] with the place of a wrong setting.
pub fn optimizer(text: &str) -> Result<Arc<dyn Optimizer>, Error> {
    made("optimizer", OPTIMIZERS, text)
}

/// The optimizers, one row each.
pub fn optimizer_choices() -> impl Iterator<Item = &'static Choice<Arc<dyn Optimizer>>> {
    OPTIMIZERS.iter()
}

/// The optimizers' names.
pub fn optimizer_names() -> impl Iterator<Item = &'static str> {
    OPTIMIZERS.iter().map(|row| row.name)
}
