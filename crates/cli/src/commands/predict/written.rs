//! Predictions as they are written: as JSON, as cells of a table, and how many of them.

use std::path::Path;
use std::str::FromStr;

use limpid::learn::Prediction;
use limpid::predictions::class_name;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::arguments::Format;
use crate::failure::Failure;
use crate::{output, text};

/// How many samples are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    All,
    First(usize),
}

impl FromStr for Count {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text.trim(), text.trim().parse()) {
            ("all", _) => Ok(Self::All),
            (_, Ok(count)) if count > 0 => Ok(Self::First(count)),
            _ => Err("expected `all`, or a whole number, 1 or more".to_string()),
        }
    }
}

/// As many as somebody sees at once.
const AT_A_TERMINAL: usize = 20;

/// How many of so many samples are written. Where nothing is said, people at a terminal get the first ones, and files and
/// programs get all.
pub(super) fn shown(count: Option<Count>, format: Format, is_terminal: bool, total: usize) -> usize {
    match count {
        Some(Count::First(count)) => count.min(total),
        None if is_terminal && format == Format::Text => AT_A_TERMINAL.min(total),
        Some(Count::All) | None => total,
    }
}

/// What is said of those that are not written.
pub(super) fn shown_note(shown: usize, total: usize, noun: &str) -> Option<String> {
    (shown < total).then(|| {
        let (first, total) = (text::count(shown as u64), text::counted(total as u64, noun));
        format!("written: the first {first} of {total}; --count all writes all of them")
    })
}

/// What is said of a sample, for programs.
pub(super) type Entry = Map<String, Value>;

/// The result, for programs.
#[derive(Serialize)]
struct Report<'r> {
    model: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    classes: Option<&'r [String]>,
    predictions: Vec<Entry>,
}

/// All of it as one line.
pub(super) fn json(
    model: &Path,
    target: Option<&str>,
    classes: Option<&[String]>,
    predictions: Vec<Entry>,
) -> Result<String, Failure> {
    output::json_line(&Report { model: model.display().to_string(), target, classes, predictions })
}

pub(super) fn entry(name: &str, value: Value) -> Entry {
    Entry::from_iter([(name.to_string(), value)])
}

pub(super) fn class_entry(said: &Prediction, classes: &[String]) -> Entry {
    let mut entry = entry("prediction", Value::from(class_name(classes, said.class)));
    if let Some(shares) = &said.probabilities {
        let shares = classes.iter().zip(shares).map(|(class, share)| (class.clone(), Value::from(*share)));
        entry.insert("probabilities".to_string(), Value::Object(shares.collect()));
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_at_a_terminal_get_the_first_samples_and_everybody_else_gets_all() {
        let table = [
            (None, Format::Text, true, 20),
            (None, Format::Text, false, 10_000),
            (None, Format::Json, true, 10_000),
            (Some(Count::All), Format::Text, true, 10_000),
            (Some(Count::First(3)), Format::Json, false, 3),
            (Some(Count::First(20_000)), Format::Text, true, 10_000),
        ];
        for (count, format, is_terminal, wanted) in table {
            assert_eq!(shown(count, format, is_terminal, 10_000), wanted, "{count:?} {format:?} {is_terminal}");
        }
        assert_eq!(shown_note(20, 20, "row"), None);
        let note = "written: the first 20 of 10,000 samples; --count all writes all of them";
        assert_eq!(shown_note(20, 10_000, "sample").as_deref(), Some(note));
        assert_eq!("all".parse(), Ok(Count::All));
        assert!(["0", "-1", "some", ""].iter().all(|text| text.parse::<Count>().is_err()));
    }
}
