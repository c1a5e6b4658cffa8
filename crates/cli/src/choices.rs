//! Flags whose values are rows of a table: a name, what it means, and the value.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use limpid::learn;
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

/// A parser of text that begins with one of several names; shells are told these when they complete it.
#[derive(Clone)]
pub(crate) struct Offering<P> {
    parser: P,
    offered: Vec<PossibleValue>,
}

/// Parses text by `parser`, and offers the names of these rows.
pub(crate) fn offering<T: 'static, P: TypedValueParser>(
    rows: impl Iterator<Item = &'static learn::Choice<T>>,
    parser: P,
) -> Offering<P> {
    let offered = rows.map(|row| PossibleValue::new(row.name).help(row.about.trim())).collect();
    Offering { parser, offered }
}

impl<P: TypedValueParser> TypedValueParser for Offering<P> {
    type Value = P::Value;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Self::Value, clap::Error> {
        self.parser.parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.offered.iter().cloned()))
    }
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
