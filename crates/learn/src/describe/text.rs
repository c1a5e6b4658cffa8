//! Networks as text: `784, affine 50, relu, affine 10`.
//!
//! The input's extents come first (`784`, or `1x28x28`), then the layers, separated by commas or line ends. A layer is
//! its name, what it needs, and options as `name=value`. A `#` begins a comment.

use std::str::FromStr;

use crate::choice::nearest;
use crate::describe::initializer::Initializer;
use crate::describe::layer::Layer;
use crate::describe::layers::{ACTIVATIONS, Affine, Elu, Flatten, LeakyRelu, Softmax};
use crate::describe::network::Network;
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

/// A piece of the text and where it begins.
#[derive(Clone, Copy)]
struct Piece<'t> {
    text: &'t str,
    start: usize,
}

impl<'t> Piece<'t> {
    fn end(&self) -> usize {
        self.start + self.text.len()
    }

    fn part(&self, text: &'t str) -> Self {
        Self { text, start: self.start + (text.as_ptr() as usize - self.text.as_ptr() as usize) }
    }

    fn words(self) -> impl Iterator<Item = Piece<'t>> {
        self.text.split_whitespace().map(move |word| self.part(word))
    }
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

/// More numbers than this in one layer is taken for a slip of the finger.
const MOST_UNITS: usize = 1 << 24;

type Wrong<'t> = (Piece<'t>, String);

/// How a message about an unknown layer begins.
const UNKNOWN_LAYER: &str = "unknown layer";

fn layer<'t>(item: &Piece<'t>, registry: &Registry) -> Result<Box<dyn Layer>, Wrong<'t>> {
    let mut words = item.words();
    let Some(name) = words.next() else { return Err((*item, "a layer is missing here".to_string())) };
    let mut arguments = Arguments { name, words: words.collect() };
    if let Some(make) = registry.constructor(name.text) {
        let words: Vec<&str> = arguments.words.iter().map(|word| word.text).collect();
        return make(&words).map_err(|what| (*item, format!("layer `{}`: {what}", name.text)));
    }
    let known = name.text.to_ascii_lowercase().replace('_', "-");
    let layer: Box<dyn Layer> = match known.as_str() {
        "affine" | "linear" | "dense" => {
            let affine = Affine::to(arguments.units()?);
            match arguments.option("init")? {
                Some(value) => {
                    Box::new(affine.init(value.text.parse::<Initializer>().map_err(|e| (value, e.to_string()))?))
                }
                None => Box::new(affine),
            }
        }
        "leaky-relu" => Box::new(arguments.number("slope")?.map_or_else(LeakyRelu::default, LeakyRelu::new)),
        "elu" => Box::new(arguments.number("alpha")?.map_or_else(Elu::default, Elu::new)),
        "softmax" => Box::new(Softmax),
        "flatten" => Box::new(Flatten),
        other => match ACTIVATIONS.iter().find(|(text, _)| *text == other) {
            Some((_, make)) => make(),
            None => return Err((name, unknown(other, registry))),
        },
    };
    match arguments.words.first() {
        Some(&rest) => Err((rest, format!("the layer `{1}` does not take `{0}`", rest.text, name.text))),
        None => Ok(layer),
    }
}

/// The layers' names.
pub(crate) fn layer_names() -> Vec<&'static str> {
    let others = ["affine", "leaky-relu", "elu", "softmax", "flatten"];
    others.into_iter().chain(ACTIVATIONS.iter().map(|(name, _)| *name)).collect()
}

/// The names of the layers that act on each number alone, which can stand between two others: `relu`, `sigmoid`, …
pub fn activation_names() -> impl Iterator<Item = &'static str> {
    ACTIVATIONS.iter().map(|(name, _)| *name).chain(["leaky-relu", "elu"])
}

fn unknown(name: &str, registry: &Registry) -> String {
    let names: Vec<&str> = layer_names().into_iter().chain(registry.layer_names()).collect();
    match nearest(name, &names) {
        Some(near) => format!("{UNKNOWN_LAYER} `{name}`, did you mean `{near}`?"),
        None => format!("{UNKNOWN_LAYER} `{name}`; there are: {}", names.join(", ")),
    }
}

/// The words after a layer's name.
struct Arguments<'t> {
    name: Piece<'t>,
    words: Vec<Piece<'t>>,
}

impl<'t> Arguments<'t> {
    fn units(&mut self) -> Result<usize, Wrong<'t>> {
        let what = format!("`{}` takes the number of its outputs, such as `{0} 50`", self.name.text);
        if self.words.is_empty() {
            return Err((self.name, what));
        }
        let word = self.words.remove(0);
        match word.text.parse::<usize>() {
            Ok(0) => Err((word, "a layer has at least 1 output".to_string())),
            Ok(units) if units <= MOST_UNITS => Ok(units),
            Ok(_) => Err((word, format!("a layer of more than {MOST_UNITS} outputs is not supported"))),
            Err(_) => Err((word, what)),
        }
    }

    fn option(&mut self, key: &str) -> Result<Option<Piece<'t>>, Wrong<'t>> {
        let found = self.words.iter().position(|word| word.text.split('=').next() == Some(key));
        let Some(at) = found else { return Ok(None) };
        let word = self.words.remove(at);
        match word.text.split_once('=') {
            Some((_, value)) if !value.is_empty() => Ok(Some(word.part(value))),
            _ => Err((word, format!("`{key}` takes a value, as in `{key}=…`"))),
        }
    }

    fn number(&mut self, key: &str) -> Result<Option<f64>, Wrong<'t>> {
        let Some(value) = self.option(key)? else { return Ok(None) };
        match value.text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Some(number)),
            _ => Err((value, format!("`{key}` takes a number"))),
        }
    }
}
