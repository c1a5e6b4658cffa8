//! Tables of text, as spreadsheets and databases write them: separated values ⇄ named columns.
//!
//! Format: [RFC 4180](https://www.rfc-editor.org/rfc/rfc4180), with a header; tabs, semicolons, bars and blanks separate as
//! well, and any line end is taken as it comes. Bytes become text in `text`, `layout` finds where the table begins and what
//! separates its cells, `rows` reads them. A table stays text: whether a column is numbers is asked of it by whoever wants
//! numbers (`reading`), and answered with a line where it is not.

use std::collections::HashMap;
use std::path::Path;
use std::sync::OnceLock;

use csv::ReaderBuilder;

use crate::bytes::{GZIP_MAGIC, GzipError, ReadError, behind_guard, decode_plain_or_gzip, gunzip};

mod cells;
mod column;
mod date;
mod error;
mod layout;
mod lines;
mod number;
mod reading;
mod rows;
mod tally;
mod text;
mod windows;
mod write;

use cells::{Cells, CellsChecksum};
pub use date::DateOrder;
pub use error::{TableError, TableFileError};
use lines::Lines;
pub use number::Decimal;
pub use reading::{Doubt, Guess, Reading};
pub use windows::{TableFile, TableReadings, TableWindows};
pub use write::comma_separated;

/// The largest table that is read at once, in bytes after unpacking: 1 GiB. A larger one is read in windows, by
/// [`TableFile`].
pub const TABLE_CAP_BYTES: u64 = 1 << 30;

/// What may stand between two cells, beside blanks.
const SEPARATORS: [u8; 4] = *b",\t;|";
/// What stands in a cell of which nothing is known, in small letters: pandas' marks, and a question mark.
const MISSING: [&str; 16] = [
    "", "na", "n/a", "nan", "null", "?", "<na>", "#n/a", "#na", "#n/a n/a", "-nan", "-1.#ind", "1.#ind", "-1.#qnan",
    "1.#qnan", "n.a.",
];
/// The longest of them, in bytes.
const LONGEST_MISSING: usize = 8;
/// What is missing in a column of numbers, and may be a category among words.
const MISSING_NUMBER: &str = "none";
/// The most columns: a header longer than that is no header.
const MOST_COLUMNS: usize = 1 << 16;
/// The most characters of a cell that a message repeats.
const LONGEST_QUOTED: usize = 60;

/// Facts about a table that are given before it is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableForm {
    /// Whether the first line has the columns' names. Without it they are called by their places, `column 1`. Where it is
    /// not said, a first line that looks like a row is refused.
    pub header: Option<bool>,
    /// What stands for a missing value, beside the usual marks.
    pub missing: Vec<String>,
}

/// A table with a header: rows of cells, each cell the text it was written as.
///
/// ```
/// use limpid_files::Table;
///
/// let table = Table::from_bytes(b"height,colour\n1.5,red\n,\"light, blue\"\n")?;
/// assert_eq!(table.names(), ["height", "colour"]);
/// assert_eq!(table.numbers(0)?, [Some(1.5), None]);
/// assert_eq!(table.cell(1, 1), Some("light, blue"));
/// let message = table.numbers(1).unwrap_err().to_string();
/// assert_eq!(message, "line 2, column `colour`: \"red\" is not a number; write one such as -0.5, or leave the cell empty");
/// # Ok::<(), limpid_files::TableError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Table {
    names: Vec<String>,
    /// The cells one after the other, row by row.
    cells: Cells,
    /// The line that each row begins in.
    lines: Lines,
    separator: u8,
    by_blanks: bool,
    has_header: bool,
    missing: Vec<String>,
    notes: Vec<String>,
    /// Whether it has decimal commas, once that was asked.
    decimal_commas: OnceLock<bool>,
    /// The place of each name, once one was looked for.
    places: OnceLock<HashMap<String, usize>>,
}

impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        let of = |table: &Self| (table.separator, table.by_blanks, table.has_header);
        of(self) == of(other) && self.names == other.names && self.cells == other.cells && self.lines == other.lines
    }
}

impl Table {
    /// Reads a table from a file, plain or gzip'd.
    ///
    /// # Errors
    /// [`TableFileError`], with the path: unreadable, larger than [`TABLE_CAP_BYTES`], or any [`TableError`].
    pub fn read(path: &Path) -> Result<Self, TableFileError> {
        Self::read_as(path, &TableForm::default())
    }

    /// Reads a table of which something is known from a file, plain or gzip'd.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_as(path: &Path, form: &TableForm) -> Result<Self, TableFileError> {
        let wrong = |cause| TableFileError::Content { path: path.to_path_buf(), cause: Box::new(cause) };
        let read = decode_plain_or_gzip(path, TABLE_CAP_BYTES, |bytes| Self::from_plain(bytes, form).map_err(wrong));
        read.map_err(|error| match error {
            TableFileError::Read(
                ReadError::TooLarge { path, .. } | ReadError::Gzip { path, cause: GzipError::TooLarge { .. } },
            ) => TableFileError::TooLarge { path },
            error => error,
        })
    }

    /// Reads a table of which something is known from what did not stand in a file, such as standard input, plain or
    /// gzip'd. Errors call it by its name.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_named(name: &Path, bytes: Vec<u8>, form: &TableForm) -> Result<Self, TableFileError> {
        let wrong = |cause| TableFileError::Content { path: name.to_path_buf(), cause: Box::new(cause) };
        behind_guard(name, || Self::from_bytes_as(bytes, form).map_err(wrong))
    }

    /// Reads a table. What separates its cells is what its lines have most alike: commas, tabs, semicolons, bars or blanks.
    ///
    /// # Errors
    /// [`TableError`]: no header, no rows, no text, two columns of one name, a row of another length, an open quote, a
    /// first line that looks like a row.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TableError> {
        Self::from_bytes_as(bytes.to_vec(), &TableForm::default())
    }

    /// Reads a table of which something is known, plain or gzip'd.
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes).
    pub fn from_bytes_as(bytes: Vec<u8>, form: &TableForm) -> Result<Self, TableError> {
        match bytes.starts_with(&GZIP_MAGIC) {
            true => Self::from_plain(gunzip(&bytes, TABLE_CAP_BYTES).map_err(TableError::Gzip)?, form),
            false => Self::from_plain(bytes, form),
        }
    }

    fn from_plain(bytes: Vec<u8>, form: &TableForm) -> Result<Self, TableError> {
        let (text, notes) = text::text_of(bytes)?;
        Self::of_text(text, notes, form)
    }

    /// The columns' names, in order, without the spaces around them. A column without one is called by its place:
    /// `column 3`.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Notes on what was skipped or assumed, a sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The facts that are needed to read more tables of this kind.
    pub fn form(&self) -> TableForm {
        TableForm { header: Some(self.has_header), missing: self.missing.clone() }
    }

    /// Whether the names stood in its first line.
    pub fn has_header(&self) -> bool {
        self.has_header
    }

    /// Whether a column had no name, or the one that pandas gives such a column.
    pub fn is_unnamed(&self, column: usize) -> bool {
        let own = self.names.get(column).map_or("", String::as_str);
        self.has_header
            && (own == format!("column {}", column + 1) || own == format!("Unnamed: {column}") || own == "row names")
    }

    /// How many rows there are, the header not counted. At least one.
    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    /// The line of the file that a row begins in, counted from 1.
    pub fn line(&self, row: usize) -> Option<u64> {
        self.lines.get(row)
    }

    /// A cell as it was written.
    pub fn cell(&self, row: usize, column: usize) -> Option<&str> {
        if column >= self.names.len() || row >= self.lines.len() {
            return None;
        }
        self.cells.get(row * self.names.len() + column)
    }

    /// The column of this name, or of this place, counted from 1, where the names are only places.
    ///
    /// # Errors
    /// [`TableError::NoColumn`] with the names that there are, and the one that was likely meant.
    ///
    /// ```
    /// let table = limpid_files::Table::from_bytes(b"length,species\n1,a\n")?;
    /// assert_eq!(table.column("species")?, 1);
    /// let message = table.column("Specis").unwrap_err().to_string();
    /// assert_eq!(message, "there is no column `Specis`; did you mean `species`? The columns are: length, species");
    /// # Ok::<(), limpid_files::TableError>(())
    /// ```
    pub fn column(&self, name: &str) -> Result<usize, TableError> {
        let name = name.trim();
        let by_place =
            || name.parse::<usize>().ok().filter(|place| !self.has_header && (1..=self.names.len()).contains(place));
        let places = self
            .places
            .get_or_init(|| self.names.iter().enumerate().map(|(place, own)| (own.clone(), place)).collect());
        let place = places.get(name).copied().or_else(|| by_place().map(|place| place - 1));
        place.ok_or_else(|| TableError::no_column(name, &self.names))
    }

    /// A column's cells without the spaces around them; none where the cell says that it is not known: empty, or one of
    /// pandas' marks such as `NA`, `N/A`, `NaN`, `null`, `<NA>`, `#N/A`, or `?`, in small letters or large.
    pub fn words(&self, column: usize) -> impl ExactSizeIterator<Item = Option<&str>> {
        (0..self.rows()).map(move |row| self.cell(row, column).and_then(|cell| self.known(cell)))
    }

    /// What a cell says, where it says something.
    fn known<'c>(&self, cell: &'c str) -> Option<&'c str> {
        let word = cell.trim();
        let is_own = || self.missing.iter().any(|mark| word.eq_ignore_ascii_case(mark));
        (!is_missing(word) && !is_own()).then_some(word)
    }

    /// A column as numbers, where it is one of them by [`reading`](Self::reading) and each known cell reads so; none where
    /// the cell is not known, as in [`words`](Self::words).
    ///
    /// # Errors
    /// [`TableError::Number`] with line and column of the first cell that is no finite number.
    pub fn numbers(&self, column: usize) -> Result<Vec<Option<f64>>, TableError> {
        match self.reading(column)?.reading {
            Reading::Words => self.read_column(column, &Reading::PLAIN),
            reading => self.read_column(column, &reading),
        }
    }

    /// Whether a column is one of numbers: each of its known cells reads as one, and there is one. A number too large to
    /// compute with is one here, and refused by [`numbers`](Self::numbers).
    pub fn is_numeric(&self, column: usize) -> bool {
        matches!(self.reading(column), Ok(Guess { reading: Reading::Numbers(..) | Reading::Times, .. }))
    }

    /// A checksum of names and cells, whatever separates them and however they are packed: 64 hexadecimal digits.
    ///
    /// ```
    /// # use limpid_files::Table;
    /// let table = Table::from_bytes(b"height,colour\n1.5,red\n2,blue\n")?;
    /// let same = Table::from_bytes(b"height;colour\r\n1.5;\"red\"\r\n2;blue\r\n")?;
    /// let other = Table::from_bytes(b"height,colour\n1.5,red\n2,blu\n")?;
    /// assert_eq!(table.checksum(), same.checksum());
    /// assert_ne!(table.checksum(), other.checksum());
    /// # Ok::<(), limpid_files::TableError>(())
    /// ```
    pub fn checksum(&self) -> String {
        let mut checksum = CellsChecksum::default();
        checksum.add(&self.cells);
        checksum.hex(&self.names)
    }

    /// Calls the columns of a table without a header as those of one that has one column more, which this one lacks.
    pub fn without_place(&mut self, place: usize) {
        self.places.take();
        for (own, name) in self.names.iter_mut().enumerate().filter(|_| !self.has_header) {
            *name = format!("column {}", if own < place { own + 1 } else { own + 2 });
        }
    }
}

fn reader(bytes: &[u8], separator: u8) -> csv::Reader<&[u8]> {
    ReaderBuilder::new().delimiter(separator).has_headers(false).flexible(true).from_reader(bytes)
}

/// Whether a word stands for a missing value anywhere.
fn is_missing(word: &str) -> bool {
    // The marks are short: most cells are decided by their length.
    word.len() <= LONGEST_MISSING && MISSING.iter().any(|missing| word.eq_ignore_ascii_case(missing))
}

/// A cell as a message repeats it.
fn quoted(word: &str) -> String {
    word.chars().take(LONGEST_QUOTED).collect()
}

#[cfg(test)]
mod tests {
    use super::cells::looks;
    use super::*;

    /// Columns of all kinds: numbers, words, dates, decimal commas, none of them named twice.
    fn wide(columns: usize, rows: usize) -> String {
        let row = |row: usize| {
            let cell = |column: usize| match column % 5 {
                0 => format!("{}", row + column),
                1 => format!("{}.{:03}", row, column % 1000),
                2 => ["red", "green", "NA"][(row + column) % 3].to_string(),
                3 => format!("{:02}.01.2024", 1 + (row + column) % 28),
                _ => format!("{row},5"),
            };
            (0..columns).map(cell).collect::<Vec<_>>().join(";") + "\n"
        };
        let names = (0..columns).map(|column| format!("c{column}")).collect::<Vec<_>>().join(";");
        format!("{names}\n{}", (0..rows).map(row).collect::<String>())
    }

    #[test]
    fn each_cell_is_looked_up_a_few_times_however_many_columns_there_are() {
        const ROWS: usize = 6;
        // Counted: 2.9 for each cell.
        const MOST: usize = 6;
        for columns in [100, 1_000, 10_000] {
            let text = wide(columns, ROWS);
            let looks = looks::during(|| {
                let table = Table::from_bytes(text.as_bytes()).unwrap();
                for column in 0..columns {
                    let place = table.column(&format!("c{column}")).unwrap();
                    let Guess { reading, .. } = table.reading(place).unwrap();
                    if reading == Reading::Words {
                        assert_eq!(table.words(place).len(), ROWS);
                    } else {
                        assert_eq!(table.read_column(place, &reading).unwrap().len(), ROWS);
                    }
                }
            });
            assert!(looks < MOST * ROWS * columns, "{looks} lookups of {} cells", ROWS * columns);
        }
    }
}
