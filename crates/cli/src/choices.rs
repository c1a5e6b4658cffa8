//! Flags whose values are rows of a table: a name, what it means, and the value.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use limpid::learn::step::GraphKind;
use limpid::models::Part;

/// A value's name, what help says of it, and the value.
type Choice<T> = (&'static str, &'static str, T);

/// The parts of data.
pub(crate) const PARTS: &[Choice<Part>] =
    &[("train", "What a model learns from", Part::Train), ("test", "What was held out", Part::Test)];

/// The graphs between a network and its training.
pub(crate) const GRAPH_KINDS: &[Choice<GraphKind>] = &[
    ("network", "From a sample to its scores", GraphKind::Network),
    ("loss", "From a batch of a data set to its mean loss", GraphKind::Loss),
    ("gradient", "The same, with the loss's derivative with respect to each parameter", GraphKind::Gradient),
    ("step", "The same, with each parameter's next value", GraphKind::Step),
];

/// Parses one of the names.
pub(crate) fn one_of<T: Copy + Send + Sync + 'static>(
    choices: &'static [Choice<T>],
) -> impl TypedValueParser<Value = T> {
    let names = choices.iter().map(|(name, about, _)| PossibleValue::new(*name).help(*about));
    PossibleValuesParser::new(names).try_map(|name| {
        let choice = choices.iter().find(|(own, ..)| *own == name);
        choice.map(|(.., value)| *value).ok_or("this is none of the names")
    })
}

/// The name of a value.
pub(crate) fn name_of<T: PartialEq>(choices: &[Choice<T>], value: T) -> &'static str {
    choices.iter().find(|(.., own)| *own == value).map_or("", |(name, ..)| name)
}

/// A part as it stands before "samples".
pub(crate) fn adjective(part: Part) -> &'static str {
    match part {
        Part::Train => "training",
        Part::Test => "test",
    }
}
