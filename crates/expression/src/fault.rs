//! What can be wrong with a formula's text, and where.

use std::fmt;
use std::ops::Range;

use thiserror::Error;

use crate::width::cells;

/// A mistake in a formula's text. Every message ends with a remedy.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ExpressionFault {
    /// There is nothing.
    #[error("the formula is empty; write one, such as `0.01*x^2 + 0.1*x`")]
    Empty,
    /// More than anyone writes.
    #[error("the formula has {found} characters; use at most {most}")]
    TooLong {
        /// How many there are.
        found: usize,
        /// How many may be.
        most: usize,
    },
    /// Brackets, signs or powers inside each other beyond any use.
    #[error("the formula is nested too deeply; use at most {most} levels")]
    TooDeep {
        /// How many levels may be.
        most: usize,
    },
    /// A character that means nothing in a formula.
    #[error("`{}` means nothing in a formula; {hint}", .found.escape_debug())]
    Character {
        /// The character, or a few that belong together.
        found: String,
        /// What to write instead.
        hint: String,
    },
    /// Digits and points that are no number.
    #[error("`{found}` is not a number; expected one such as `0.5`, `2` or `1e-3`")]
    Number {
        /// What was found.
        found: String,
    },
    /// A number that no `f64` holds.
    #[error("`{found}` is too large for a number of 64 bits; use at most 1.7976931348623157e308")]
    TooLarge {
        /// What was found.
        found: String,
    },
    /// An operator, a bracket or the end where a value should stand.
    #[error("a value is missing before {before}; {hint}")]
    MissingValue {
        /// What stands in its place.
        before: String,
        /// What to write instead.
        hint: String,
    },
    /// Two values without an operator between them.
    #[error("there is no operator before `{right}`; for a product, write `{left}*{right}`")]
    MissingOperator {
        /// The end of the value before.
        left: String,
        /// The beginning of the value behind.
        right: String,
    },
    /// A bracket that is never closed.
    #[error("this bracket is not closed; add a `)` at the end")]
    Unclosed,
    /// A bracket that was never opened.
    #[error("this bracket was not opened; add a `(` before it, or remove it")]
    Unopened,
    /// A comma outside a function's brackets.
    #[error("a comma separates the values of a function; in a number, use a point, as in `0.5`")]
    Comma,
    /// A name called that is no function.
    #[error("there is no function `{name}`; {hint}")]
    UnknownFunction {
        /// The name.
        name: String,
        /// What to write instead.
        hint: String,
    },
    /// A function's name without its values.
    #[error("`{name}` is a function; write `{call}`")]
    BareFunction {
        /// The name.
        name: String,
        /// A call.
        call: String,
    },
    /// A function given another number of values than it takes.
    #[error("`{name}` takes {wanted} {}, and {found} {} given; write `{call}`",
        if *.wanted == 1 { "value" } else { "values" }, if *.found == 1 { "is" } else { "are" })]
    Arity {
        /// The function.
        name: String,
        /// How many it takes.
        wanted: usize,
        /// How many it was given.
        found: usize,
        /// A call.
        call: String,
    },
}

/// A formula's text that is wrong, and where. `Display` says what is wrong and what to write instead, and shows the text with
/// carets under the place.
///
/// ```
/// use limpid_expression::Expression;
///
/// let wrong = "2x + 1".parse::<Expression>().unwrap_err();
/// assert_eq!((wrong.column(), wrong.length()), (2, 1));
/// let said = wrong.to_string();
/// assert_eq!(said, "there is no operator before `x`; for a product, write `2*x` (column 2)\n  2x + 1\n   ^");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpressionError {
    text: String,
    start: usize,
    end: usize,
    fault: ExpressionFault,
}

impl ExpressionError {
    pub(crate) fn new(text: &str, place: Range<usize>, fault: ExpressionFault) -> Self {
        Self { text: text.to_string(), start: place.start, end: place.end, fault }
    }

    /// What is wrong, without the place.
    pub fn fault(&self) -> &ExpressionFault {
        &self.fault
    }

    /// The formula's text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The wrong part of the text, in bytes; empty at the end where something is missing there.
    pub fn bytes(&self) -> Range<usize> {
        self.start..self.end
    }

    /// The first wrong character, counted from 1.
    pub fn column(&self) -> usize {
        self.text[..self.start].chars().count() + 1
    }

    /// How many characters are wrong; 1 where something is missing at the end.
    pub fn length(&self) -> usize {
        self.text[self.start..self.end].chars().count().max(1)
    }

    /// The text in one line and under it the carets, in a terminal's cells. Of a long text the neighbourhood is shown.
    pub fn line_and_carets(&self) -> [String; 2] {
        let characters: Vec<char> = self.text.chars().collect();
        let (first, length) = (self.column() - 1, self.length());
        let (from, to) = match characters.len() {
            short if short <= MOST_SHOWN => (0, short),
            long => (first.saturating_sub(MOST_SHOWN / 2), long.min(first + MOST_SHOWN / 2)),
        };
        let before = if from > 0 { "…" } else { "" };
        let after = if to < characters.len() { "…" } else { "" };
        let printed = |c: &char| if c.is_control() || c.is_whitespace() { ' ' } else { *c };
        let shown: String = characters[from..to].iter().map(printed).collect();
        let width = |part: &[char]| part.iter().map(|c| cells(printed(c))).sum::<usize>();
        let indent = before.chars().count() + width(&characters[from..first]);
        let carets = width(&characters[first.min(to)..(first + length).min(to)]).max(1);
        [format!("{before}{shown}{after}"), format!("{}{}", " ".repeat(indent), "^".repeat(carets))]
    }
}

/// A longer text is shown around the place only.
const MOST_SHOWN: usize = 72;

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [line, carets] = self.line_and_carets();
        write!(f, "{} (column {})\n  {line}\n  {carets}", self.fault, self.column())
    }
}

impl std::error::Error for ExpressionError {}
