//! Errors in text, and how they show the place.

use std::fmt;

/// A network's text that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextError {
    pub(crate) text: String,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) what: String,
    pub(crate) unknown: Option<String>,
}

impl TextError {
    /// The name of a layer that there is not, where that is what is wrong.
    pub fn unknown_layer(&self) -> Option<&str> {
        self.unknown.as_deref()
    }

    /// What is wrong, without the place.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// The column of the first wrong character in its line, counted from 1.
    pub fn column(&self) -> usize {
        self.text[..self.start].rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1
    }
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line_start = self.text[..self.start].rfind('\n').map_or(0, |at| at + 1);
        let line = self.text[line_start..].lines().next().unwrap_or_default();
        let width = self.text[self.start..self.end].chars().count().max(1);
        let row = self.text[..self.start].matches('\n').count() + 1;
        writeln!(f, "{} (line {row}, column {})", self.what, self.column())?;
        writeln!(f, "  {line}")?;
        write!(f, "  {}{}", " ".repeat(self.column() - 1), "^".repeat(width))
    }
}

impl std::error::Error for TextError {}
