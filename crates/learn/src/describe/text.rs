//! Networks as text: `784, affine 50, relu, affine 10`; and optimizers: `adam beta1=0.8`.
//!
//! The input's extents come first (`784`, or `1x28x28`, or `1 28 28`), then the layers, separated by commas or line ends.
//! A layer is its name, what it needs, and options as `name=value`. Layers that are made of others have these between
//! parentheses: `residual(affine 8, relu)`, `branches(affine 3 | affine 2, tanh)`. A `#` begins a comment.

use std::collections::HashMap;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use crate::choice::{nearest, normalised};
use crate::describe::choices::{Choice, MOST_UNITS, made};
use crate::describe::layer::Layer;
use crate::describe::layers::{self, BRANCHES, Branches, RESIDUAL, Residual};
use crate::describe::network::Network;
use crate::describe::optimizers::{OPTIMIZERS, Optimizer};
use crate::describe::registry::{Constructor, Registry};
use crate::describe::sequence::Sequence;
use crate::describe::source::Source;
use crate::describe::words::{Piece, Word, Wrong};
use crate::error::{Error, TextError, TextFault};

impl Registry {
    /// The network of a text. Layers whose shapes do not fit are reported by their places in it, too, when the network is
    /// described.
    ///
    /// # Errors
    /// [`Error::Text`] with each mistake's place and a hint.
    #[track_caller]
    pub fn network(&self, text: &str) -> Result<Network, Error> {
        let mut reading = Reading::new(self);
        let parts = reading.network(text);
        reading.finish(text, parts)
    }
}

impl FromStr for Network {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Registry::new().network(text)
    }
}

/// More parentheses than these within one another are taken for a slip of the finger.
pub(crate) const DEEPEST: usize = 32;

/// How a message about an unknown layer begins.
const UNKNOWN_LAYER: &str = "unknown layer";

/// A layer's row.
type Row = &'static Choice<Box<dyn Layer>>;

/// The input's extents, and the layers.
pub(crate) type Parts = (Vec<usize>, Vec<Box<dyn Layer>>);

/// A text that is being read: what is found on the way.
pub(crate) struct Reading<'r> {
    registry: &'r Registry,
    /// Where each layer stands, by its path.
    pub(crate) places: HashMap<String, Range<usize>>,
    pub(crate) faults: Vec<TextFault>,
    /// How many layers stand before the first of which nothing is known.
    pub(crate) known: Option<usize>,
}

impl<'r> Reading<'r> {
    pub(crate) fn new(registry: &'r Registry) -> Self {
        Self { registry, places: HashMap::new(), faults: Vec::new(), known: None }
    }

    /// The network of what was read, or all that is wrong with it.
    #[track_caller]
    pub(crate) fn finish(self, text: &str, parts: Option<Parts>) -> Result<Network, Error> {
        let Self { places, mut faults, known, .. } = self;
        let Some((input, mut layers)) = parts else {
            let unread = || TextError::one(text, TextFault::new(0..0, "the network cannot be read"));
            return Err(TextError::of(text, faults).unwrap_or_else(unread).into());
        };
        layers.truncate(known.unwrap_or(layers.len()));
        let network = Network::new(input, layers).written_as(Source::new(text, places));
        if faults.is_empty() {
            return Ok(network);
        }
        // What does not fit is told at once with what cannot be read.
        if let Err(Error::Text(unfit)) = network.variables() {
            faults.extend(unfit.into_faults());
        }
        TextError::of(text, faults).map_or(Ok(network), |error| Err(error.into()))
    }

    fn fault(&mut self, place: Range<usize>, what: impl Into<String>) {
        self.faults.push(TextFault::new(place, what));
    }

    /// The input's extents, and the layers; what is wrong is noted.
    fn network(&mut self, text: &str) -> Option<Parts> {
        let text = without_comments(text);
        self.check_parentheses(&text)?;
        let mut items = split(Piece::whole(&text), &[',', '\n']).filter(|item| !item.text.is_empty());
        let Some(first) = items.next() else {
            self.fault(0..0, "the network is empty; write one such as `784, affine 50, relu, affine 10`");
            return None;
        };
        let items: Vec<Piece<'_>> = items.collect();
        let input = extents(first.text).map_err(|what| self.fault(first.place(), what)).ok();
        if items.is_empty() && input.is_some() {
            self.fault(first.place(), "there is no layer after the input's extents");
        }
        let layers = self.layers(items, "");
        Some((input?, layers))
    }

    /// Notes the first parenthesis that has no other.
    fn check_parentheses(&mut self, text: &str) -> Option<()> {
        let mut open = Vec::new();
        for (at, c) in text.char_indices() {
            match c {
                '(' => open.push(at),
                ')' if open.pop().is_none() => {
                    self.fault(at..at + 1, "this `)` closes nothing");
                    return None;
                }
                _ => {}
            }
            if open.len() > DEEPEST {
                self.fault(at..at + 1, format!("more than {DEEPEST} parentheses within one another are not supported"));
                return None;
            }
        }
        match open.pop() {
            Some(at) => {
                self.fault(at..at + 1, "this `(` is not closed");
                None
            }
            None => Some(()),
        }
    }

    /// Layers one after the other, whose paths begin with `within`. Those that are wrong are noted and left out.
    fn layers<'t>(&mut self, items: impl IntoIterator<Item = Piece<'t>>, within: &str) -> Vec<Box<dyn Layer>> {
        let mut layers = Vec::new();
        for (i, item) in items.into_iter().enumerate() {
            let path = format!("{within}{i}");
            self.places.insert(path.clone(), item.place());
            let layer = self.layer(item, &path);
            self.note_unknown(&layer, within, layers.len());
            layers.extend(layer);
        }
        layers
    }

    fn layer(&mut self, item: Piece<'_>, path: &str) -> Option<Box<dyn Layer>> {
        let (name, rest) = name_and_rest(item);
        let known = normalised(name.text);
        if rest.text.starts_with('(') && [RESIDUAL, BRANCHES].contains(&known.as_str()) {
            return self.joined(&known, rest, path);
        }
        let words: Vec<Piece<'_>> = rest.words().collect();
        if self.constructor(name.text).is_some() {
            let words: Vec<&str> = words.iter().map(|word| word.text).collect();
            return self.own(name, item.place(), &words);
        }
        let words = words.into_iter().map(Word::of);
        match self.row(name) {
            Ok(row) => self.layer_or_faults(row.of_words("layer", row.words(name, words))),
            // It is most likely this one, so that the layers behind it are checked.
            Err(near) => near.and_then(|row| row.of_words("layer", row.words(name, words)).ok()),
        }
    }

    /// Notes that nothing is known of the layer behind so many others, if it is not within another one.
    pub(crate) fn note_unknown(&mut self, layer: &Option<Box<dyn Layer>>, within: &str, before: usize) {
        if layer.is_none() && within.is_empty() {
            self.known.get_or_insert(before);
        }
    }

    /// What makes a layer of this name, where the registry knows it.
    pub(crate) fn constructor(&self, name: &str) -> Option<&'r Constructor> {
        self.registry.constructor(name)
    }

    /// The layer that the registry makes of words.
    pub(crate) fn own(&mut self, name: Piece<'_>, place: Range<usize>, words: &[&str]) -> Option<Box<dyn Layer>> {
        let made = self.constructor(name.text)?(words);
        made.map_err(|what| self.fault(place, format!("layer `{}`: {what}", name.text))).ok()
    }

    /// The row of the layer of this name. That there is none is noted; then it is the one that is most likely meant.
    pub(crate) fn row(&mut self, name: Piece<'_>) -> Result<Row, Option<Row>> {
        let known = normalised(name.text);
        if let Some(row) = layers::rows().find(|row| row.is_called(&known)) {
            return Ok(row);
        }
        let names: Vec<&str> = layers::rows().map(|row| row.name).chain(self.registry.layer_names()).collect();
        let near = nearest(&known, &names);
        let what = match near {
            Some(near) => format!("{UNKNOWN_LAYER} `{known}`, did you mean `{near}`?"),
            None => format!("{UNKNOWN_LAYER} `{known}`; there are: {}", names.join(", ")),
        };
        let unknown = Some(name.text.to_string());
        self.faults.push(TextFault { unknown, ..TextFault::new(name.place(), what) });
        Err(near.and_then(|near| layers::rows().find(|row| row.name == near)))
    }

    /// The layer that was made; what is wrong with it is noted.
    pub(crate) fn layer_or_faults(&mut self, made: Result<Box<dyn Layer>, Vec<Wrong<'_>>>) -> Option<Box<dyn Layer>> {
        let wrong = match made {
            Ok(layer) => return Some(layer),
            Err(wrong) => wrong,
        };
        self.faults.extend(wrong.into_iter().map(|(piece, what)| TextFault::new(piece.place(), what)));
        None
    }

    /// A layer that is made of those between its parentheses.
    fn joined(&mut self, name: &str, rest: Piece<'_>, path: &str) -> Option<Box<dyn Layer>> {
        let mut depth = 0usize;
        let closing = rest.text.char_indices().find(|(_, c)| {
            depth = if *c == '(' { depth + 1 } else { depth - usize::from(*c == ')') };
            depth == 0
        });
        let (at, _) = closing?;
        let (inside, behind) = (rest.part(&rest.text[1..at]), rest.part(rest.text[at + 1..].trim()));
        if !behind.text.is_empty() {
            self.fault(
                behind.place(),
                format!("`{}` stands behind the layer `{name}`; a comma separates layers", behind.text),
            );
        }
        let found = self.faults.len();
        let mut branches = Vec::new();
        let bars: &[char] = if name == BRANCHES { &['|'] } else { &[] };
        for (i, branch) in split(inside, bars).enumerate() {
            let items: Vec<_> = split(branch, &[',', '\n']).filter(|item| !item.text.is_empty()).collect();
            if items.is_empty() {
                let what = "layers are missing here; `identity` hands on what it is given";
                self.fault(branch.start..branch.start, what);
            }
            let within = if name == BRANCHES { format!("{path}/{i}/") } else { format!("{path}/") };
            branches.push(Sequence::from(self.layers(items, &within)));
        }
        match branches.pop() {
            _ if self.faults.len() > found => None,
            Some(only) if name == RESIDUAL => Some(Box::new(Residual::new(only))),
            last => Some(Box::new(Branches::new(branches.into_iter().chain(last)))),
        }
    }
}

/// The text with spaces in the place of comments, so that all else stays where it is.
fn without_comments(text: &str) -> String {
    let mut is_comment = false;
    let kept = text.chars().flat_map(|c| {
        is_comment = c != '\n' && (is_comment || c == '#');
        let (kept, blank) = if is_comment { (None, c.len_utf8()) } else { (Some(c), 0) };
        std::iter::repeat_n(' ', blank).chain(kept)
    });
    kept.collect()
}

/// The parts of a piece between these characters, those within parentheses apart, without space around them.
fn split<'t>(piece: Piece<'t>, separators: &'static [char]) -> impl Iterator<Item = Piece<'t>> {
    let mut depth = 0usize;
    let parts = piece.text.split(move |c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && separators.contains(&c)
    });
    parts.map(move |part| piece.part(part.trim()))
}

/// A layer's name, and what stands behind it.
pub(crate) fn name_and_rest(item: Piece<'_>) -> (Piece<'_>, Piece<'_>) {
    let end = item.text.find(|c: char| c.is_whitespace() || c == '(').unwrap_or(item.text.len());
    (item.part(&item.text[..end]), item.part(item.text[end..].trim_start()))
}

/// The extents of a sample as text.
pub(crate) fn extents(text: &str) -> Result<Vec<usize>, String> {
    let extent = |part: &str| match part.trim().parse::<usize>() {
        Ok(extent) if extent > 0 => Ok(extent),
        _ => Err("a network begins with its input's extents, such as `784` or `1x28x28`".to_string()),
    };
    let separators = |c: char| c == 'x' || c == '×' || c.is_whitespace();
    let parts = text.split(separators).filter(|part| !part.is_empty());
    counted(parts.map(extent).collect::<Result<Vec<_>, _>>()?)
}

/// Extents of as many numbers as are supported.
pub(crate) fn counted(extents: Vec<usize>) -> Result<Vec<usize>, String> {
    match extents.iter().try_fold(1usize, |n, &d| n.checked_mul(d)) {
        Some(count) if count <= MOST_UNITS => Ok(extents),
        _ => Err(format!("an input of more than {MOST_UNITS} numbers is not supported")),
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
