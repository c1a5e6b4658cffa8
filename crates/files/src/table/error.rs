//! Why a table cannot be read.

use std::path::PathBuf;

use thiserror::Error;

use crate::bytes::{GzipError, ReadError};
use crate::sniff::Sniffed;

/// Text that is not a table, or does not hold what was asked of it. Lines are counted from 1, which is the header's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TableError {
    /// Nothing is there.
    #[error("the table is empty; write a line with the columns' names, and a line for each row")]
    Empty,
    /// Nothing follows the header.
    #[error("the table has a header of {columns} columns and no row; write at least one row")]
    NoRows {
        /// How many names the header has.
        columns: usize,
    },
    /// The bytes are no text.
    #[error("this is not text, as line {line} shows, but {}", found.or("save the table as text: comma-separated values in UTF-8"))]
    NotText {
        /// The first line that is none.
        line: u64,
        /// What the bytes are.
        found: Box<Sniffed>,
    },
    /// The text begins as UTF-16 but is not UTF-16.
    #[error("the table begins as UTF-16, but is damaged; save it as UTF-8")]
    Utf16,
    /// The bytes are gzip'd, and do not unpack.
    #[error("{0}")]
    Gzip(GzipError),
    /// Another format.
    #[error("this is {}", found.or("save it as text: comma-separated values"))]
    Format {
        /// What the bytes are.
        found: Box<Sniffed>,
    },
    /// A first line that is not a header.
    #[error("line {line} looks like a row, not a header: {shown}; write a line with the columns' names above it")]
    LooksLikeRow {
        /// The line.
        line: u64,
        /// Its first cells.
        shown: String,
    },
    /// Too many columns.
    #[error("the header has {found} columns, more than the {most} allowed; is it a table with a header?")]
    Columns {
        /// How many there are.
        found: usize,
        /// The most that fit.
        most: usize,
    },
    /// Two columns of one name.
    #[error("columns {first} and {second} are both called `{name}`; give each a name of its own")]
    SameName {
        /// The name.
        name: String,
        /// The first column of that name, counted from 1.
        first: usize,
        /// The other, counted from 1.
        second: usize,
    },
    /// A row with more or fewer cells than the header.
    #[error(
        "line {line} has {}, the header has {expected}; put a cell that contains the separator in quotes",
        cells(*.found)
    )]
    Ragged {
        /// The line the row begins in.
        line: u64,
        /// How many cells it has.
        found: usize,
        /// How many names the header has.
        expected: usize,
    },
    /// A quote that is never closed.
    #[error("the row of line {line} has a quote that is never closed; write a quote within a cell twice")]
    OpenQuote {
        /// The line the row begins in.
        line: u64,
    },
    /// An unknown column.
    #[error("there is no column `{name}`{}The columns are: {known}", suggested(.suggestion))]
    NoColumn {
        /// The name that was asked for.
        name: String,
        /// The known name that is most similar.
        suggestion: Option<String>,
        /// Those that there are.
        known: String,
    },
    /// A cell that is no number in a column of numbers.
    #[error("line {line}, column `{column}`: {found:?} is {wanted}")]
    Number {
        /// The line the row begins in.
        line: u64,
        /// The column's name.
        column: String,
        /// What stands there.
        found: String,
        /// What it is not, and what to write.
        wanted: String,
    },
    /// A cell that is neither in a column of numbers or dates.
    #[error(
        "line {line}, column `{column}`: {found:?} is not one of the {kind} that {count} of {known} cells of this column are; \
         correct it, or leave the cell empty"
    )]
    Mixed {
        /// The line the row begins in.
        line: u64,
        /// The column's name.
        column: String,
        /// What stands there.
        found: String,
        /// What the other cells are: numbers, dates.
        kind: String,
        /// How many of them are.
        count: usize,
        /// How many cells are not missing.
        known: usize,
    },
    /// A text in another encoding where only UTF-8 is read.
    #[error(
        "line {line} is not UTF-8, which a table that is read in windows has to be; convert it first: \
         iconv -f {encoding} -t UTF-8 OLD > NEW"
    )]
    NotUtf8 {
        /// The first line that is none.
        line: u64,
        /// What the text seems to be, as `iconv` calls it.
        encoding: &'static str,
    },
    /// A row longer than is held.
    #[error(
        "the row of line {line} is longer than {most} bytes; is a quote never closed? Write a quote within a cell twice"
    )]
    LongRow {
        /// The line the row begins in.
        line: u64,
        /// The most bytes that fit.
        most: usize,
    },
    /// A cell in a column that has neither a name nor, in the rows before, a cell.
    #[error(
        "line {line}: {found:?} stands in column {column}, which has no name; write one into the header, or empty the cell"
    )]
    NoName {
        /// The line the row begins in.
        line: u64,
        /// The column, counted from 1.
        column: usize,
        /// What stands there.
        found: String,
    },
    /// An error of the reader of records.
    #[error("the table cannot be read: {reason}")]
    Other {
        /// The reason.
        reason: String,
    },
}

/// A table's file that cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TableFileError {
    /// The file cannot be read, or is larger than [`TABLE_CAP_BYTES`](crate::TABLE_CAP_BYTES).
    #[error(transparent)]
    Read(#[from] ReadError),
    /// More than is read at once.
    #[error(
        "{}: larger than the {} GiB that a table in memory may have; in Rust, `limpid::tables::stream` reads it in windows",
        path.display(), crate::TABLE_CAP_BYTES >> 30
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The contents are no table.
    #[error("{}: {cause}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with them.
        cause: Box<TableError>,
    },
}

/// The most names that a message lists.
const MOST_LISTED: usize = 20;
/// Below this Jaro-Winkler likeness nothing was likely meant.
const LEAST_LIKENESS: f64 = 0.7;

impl TableError {
    pub(crate) fn no_column(name: &str, names: &[String]) -> Self {
        let wanted = name.trim().to_lowercase();
        let likeness = |own: &&String| strsim::jaro_winkler(&wanted, &own.to_lowercase());
        let nearest = names.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        let mut known = names.iter().take(MOST_LISTED).cloned().collect::<Vec<_>>().join(", ");
        if names.len() > MOST_LISTED {
            known += &format!(" and {} more", names.len() - MOST_LISTED);
        }
        let suggestion = nearest.filter(|own| likeness(own) >= LEAST_LIKENESS).cloned();
        Self::NoColumn { name: name.to_string(), suggestion, known }
    }
}

fn cells(count: usize) -> String {
    if count == 1 { "1 cell".to_string() } else { format!("{count} cells") }
}

fn suggested(suggestion: &Option<String>) -> String {
    suggestion.as_ref().map_or(". ".to_string(), |name| format!("; did you mean `{name}`? "))
}
