//! Why samples cannot be prepared.

use thiserror::Error;

/// A column of more different words than this is no choice among categories, but free text or a name.
pub const MOST_CATEGORIES: usize = 256;

/// Columns that cannot be learned from, or are not those that were learned from. Rows are counted from 0.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PreparationError {
    /// No column tells samples apart.
    #[error("no column is left to learn from{}; use at least one whose values differ", listed(.left_out))]
    NoInputs {
        /// Those that say nothing.
        left_out: Vec<String>,
    },
    /// Nothing is known of the target.
    #[error("the target `{name}` is empty in every row; choose a column with known values")]
    NoTarget {
        /// The target's name.
        name: String,
    },
    /// There is nothing to tell apart.
    #[error("the target `{name}` is {class} in every training row; use a target with at least two different values")]
    OneClass {
        /// The target's name.
        name: String,
        /// What it always is.
        class: String,
    },
    /// More classes than are told apart.
    #[error(
        "the target `{name}` has {count} different values, more than the {MOST_CATEGORIES} classes allowed{}",
        if *.is_numeric { "; to predict it as a number, use a regression" } else { "" }
    )]
    Classes {
        /// The target's name.
        name: String,
        /// How many classes it has.
        count: usize,
        /// Whether it is a column of numbers.
        is_numeric: bool,
    },
    /// More categories than make sense.
    #[error(
        "column `{name}` has {count} different words in {rows} rows, more than the {MOST_CATEGORIES} categories allowed; \
         leave it out, or, if it should be numbers, correct the cells that are not numbers"
    )]
    Categories {
        /// The column's name.
        name: String,
        /// How many different words it has.
        count: usize,
        /// In how many rows.
        rows: usize,
    },
    /// Two columns of one name.
    #[error("two columns are called `{name}`; give each a name of its own")]
    SameName {
        /// The name.
        name: String,
    },
    /// Columns of different lengths.
    #[error("column `{name}` has {found} rows, but the others have {expected}; use the same number in all")]
    Length {
        /// The column's name.
        name: String,
        /// How many rows it has.
        found: usize,
        /// How many the others have.
        expected: usize,
    },
    /// Columns that the model learned from are not there.
    #[error(
        "there is no column {}, which the model learned from{}",
        quoted(.missing),
        .suggestion.as_ref().map(|name| format!("; is `{name}` meant by {}?", quoted(.missing.get(..1).unwrap_or_default()))).unwrap_or_default()
    )]
    Missing {
        /// Their names.
        missing: Vec<String>,
        /// A name like the first one's that is there and is not one of the model's.
        suggestion: Option<String>,
    },
    /// Words for numbers, or the reverse.
    #[error("column `{name}` does not hold {wanted}; use a column of {wanted}")]
    Kind {
        /// The column's name.
        name: String,
        /// What its cells must be.
        wanted: &'static str,
    },
    /// A class that training never saw.
    #[error("the target `{name}` is {found:?} in row {row}; the classes that were learned are {}", quoted(.known))]
    Class {
        /// The target's name.
        name: String,
        /// The row.
        row: usize,
        /// The class.
        found: String,
        /// Those that were learned.
        known: Vec<String>,
    },
    /// A row whose target is not known.
    #[error("the target `{name}` is empty in row {row}; leave such rows out")]
    Unknown {
        /// The target's name.
        name: String,
        /// The row.
        row: usize,
    },
    /// Numbers that cannot be computed with.
    #[error(
        "column `{name}` has numbers too far from the others to compute with{}; scale or correct them",
        .row.map(|row| format!(" (row {row})")).unwrap_or_default()
    )]
    TooLarge {
        /// The column's name.
        name: String,
        /// The row, where it is one.
        row: Option<usize>,
    },
    /// More numbers than fit in memory.
    #[error("{rows} samples of {size} numbers are more than fit in memory; use fewer rows or categories")]
    TooMany {
        /// How many samples.
        rows: usize,
        /// How many numbers each.
        size: usize,
    },
    /// Outputs of another shape than the target's.
    #[error("outputs of shape {found:?} are not {outputs} for each sample")]
    Outputs {
        /// Their shape.
        found: Vec<usize>,
        /// How many there would be.
        outputs: usize,
    },
    /// A preparation that was changed after it was learned.
    #[error("the column `{name}` is {what}; the model file was changed")]
    Damaged {
        /// The column's name.
        name: String,
        /// What is wrong with it.
        what: &'static str,
    },
}

impl PreparationError {
    /// The same, of a row that is counted among these: with its number among all rows.
    pub(crate) fn among(self, rows: &[usize]) -> Self {
        match self {
            Self::TooLarge { name, row } => Self::TooLarge { name, row: row.and_then(|row| rows.get(row).copied()) },
            error => error,
        }
    }
}

/// The most names that a message lists.
const MOST_LISTED: usize = 20;

fn quoted(names: &[String]) -> String {
    let listed: Vec<String> = names.iter().take(MOST_LISTED).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(MOST_LISTED);
    listed.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() }
}

fn listed(left_out: &[String]) -> String {
    if left_out.is_empty() { String::new() } else { format!(": {} say nothing", quoted(left_out)) }
}
