//! Errors in text, and how they show the place.

use std::fmt;
use std::ops::Range;

/// A network's text that is wrong: everything that is, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextError {
    text: String,
    /// At least one, in the order of the text.
    faults: Vec<TextFault>,
}

/// What is wrong at one place of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TextFault {
    pub(crate) place: Range<usize>,
    pub(crate) what: String,
    /// The name of a layer that there is not.
    pub(crate) unknown: Option<String>,
}

impl TextFault {
    /// A fault at a place of a text.
    pub(crate) fn new(place: Range<usize>, what: impl Into<String>) -> Self {
        Self { place, what: what.into(), unknown: None }
    }
}

impl TextError {
    /// A text with one fault.
    pub(crate) fn one(text: &str, fault: TextFault) -> Self {
        Self { text: text.to_string(), faults: vec![fault] }
    }

    /// A text with these faults; nothing where there are none.
    pub(crate) fn of(text: &str, mut faults: Vec<TextFault>) -> Option<Self> {
        faults.sort_by_key(|fault| fault.place.start);
        (!faults.is_empty()).then(|| Self { text: text.to_string(), faults })
    }

    /// What is wrong, and where.
    pub(crate) fn into_faults(self) -> Vec<TextFault> {
        self.faults
    }

    /// The name of the first layer that there is not, where that is what is wrong.
    pub fn unknown_layer(&self) -> Option<&str> {
        self.faults.iter().find_map(|fault| fault.unknown.as_deref())
    }

    /// What is wrong first, without the place.
    pub fn what(&self) -> &str {
        self.faults.first().map_or("", |fault| &fault.what)
    }

    /// How many mistakes there are.
    pub fn count(&self) -> usize {
        self.faults.len()
    }

    /// The column of the first wrong character in its line, counted from 1.
    pub fn column(&self) -> usize {
        column(&self.text, self.faults.first().map_or(0, |fault| fault.place.start))
    }
}

/// The column of a place in its line, counted from 1.
fn column(text: &str, at: usize) -> usize {
    text[..at].rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1
}

/// A place in a text, for people: `line 1, column 6`.
pub(crate) fn place_text(text: &str, at: usize) -> String {
    format!("line {}, column {}", text[..at].matches('\n').count() + 1, column(text, at))
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.count() > 1 {
            write!(f, "{} mistakes:", self.count())?;
        }
        for TextFault { place, what, .. } in &self.faults {
            if self.count() > 1 {
                writeln!(f)?;
            }
            let (before, column) = (&self.text[..place.start], column(&self.text, place.start));
            let line_start = before.rfind('\n').map_or(0, |at| at + 1);
            let line = self.text[line_start..].lines().next().unwrap_or_default();
            let marked = self.text[place.clone()].lines().next().unwrap_or_default();
            writeln!(f, "{what} ({})", place_text(&self.text, place.start))?;
            writeln!(f, "  {line}")?;
            write!(f, "  {}{}", " ".repeat(column - 1), "^".repeat(marked.chars().count().max(1)))?;
        }
        Ok(())
    }
}

impl std::error::Error for TextError {}
