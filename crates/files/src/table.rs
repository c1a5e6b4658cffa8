//! Tables of text, as spreadsheets and databases write them: comma-separated values ⇄ named columns.
//!
//! Format: [RFC 4180](https://www.rfc-editor.org/rfc/rfc4180), with a header; tabs and semicolons separate as well, a
//! byte-order mark and either kind of line end are taken as they come. A table stays text: whether a column is numbers is
//! asked of it by whoever wants numbers, and answered with a line where it is not.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use csv::{ByteRecord, QuoteStyle, ReaderBuilder, WriterBuilder};

use crate::bytes::read_plain_or_gzip;

mod error;

pub use error::{TableError, TableFileError};

/// The largest table that is read, in bytes after unpacking: 1 GiB.
pub const TABLE_CAP_BYTES: u64 = 1 << 30;

/// What may stand between two cells.
const SEPARATORS: [u8; 3] = *b",\t;";
/// The mark that some programs begin a UTF-8 text with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// What stands in a cell of which nothing is known, in small letters.
const MISSING: [&str; 6] = ["", "na", "n/a", "nan", "null", "?"];
/// The most columns: a header longer than that is no header.
const MOST_COLUMNS: usize = 1 << 16;

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
/// assert_eq!(message, "line 2, column `colour`: \"red\" is no number; write one such as -0.5, or leave the cell empty");
/// # Ok::<(), limpid_files::TableError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    names: Vec<String>,
    /// The cells one after the other, row by row.
    text: String,
    /// Where each cell ends in the text.
    ends: Vec<usize>,
    /// The line that each row begins in.
    lines: Vec<u64>,
    separator: u8,
}

impl Table {
    /// Reads a table from a file, plain or gzip'd.
    ///
    /// # Errors
    /// [`TableFileError`], with the path: unreadable, larger than [`TABLE_CAP_BYTES`], or any [`TableError`].
    pub fn read(path: &Path) -> Result<Self, TableFileError> {
        let bytes = read_plain_or_gzip(path, TABLE_CAP_BYTES)?;
        Self::from_bytes(&bytes).map_err(|cause| TableFileError::Content { path: path.to_path_buf(), cause })
    }

    /// Reads a table. What separates its cells is what its header has most of: commas, tabs or semicolons.
    ///
    /// # Errors
    /// [`TableError`]: no header, no rows, no UTF-8, two columns of one name, a row of another length, an open quote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TableError> {
        let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        check_text(bytes)?;
        let separator = separator(bytes);
        let mut reader = ReaderBuilder::new().delimiter(separator).has_headers(false).flexible(true).from_reader(bytes);
        let mut record = ByteRecord::new();
        if !next(&mut reader, &mut record)? {
            return Err(TableError::Empty);
        }
        check_quotes(bytes, &record)?;
        let names = names(&record)?;
        let mut table = Self { names, text: String::new(), ends: Vec::new(), lines: Vec::new(), separator };
        while next(&mut reader, &mut record)? {
            check_quotes(bytes, &record)?;
            table.push(line(bytes, &record), &record)?;
        }
        if table.lines.is_empty() {
            return Err(TableError::NoRows { columns: table.names.len() });
        }
        Ok(table)
    }

    fn push(&mut self, line: u64, record: &ByteRecord) -> Result<(), TableError> {
        if record.len() != self.names.len() {
            return Err(TableError::Ragged { line, found: record.len(), expected: self.names.len() });
        }
        for cell in record {
            // The whole text was checked before; a cell is cut at characters of one byte.
            self.text.push_str(std::str::from_utf8(cell).map_err(|_| TableError::NotUtf8 { line })?);
            self.ends.push(self.text.len());
        }
        self.lines.push(line);
        Ok(())
    }

    /// The columns' names, in order, without the spaces around them. A column without one is called by its place:
    /// `column 3`.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many rows there are, the header not counted. At least one.
    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    /// The line of the file that a row begins in, counted from 1.
    pub fn line(&self, row: usize) -> Option<u64> {
        self.lines.get(row).copied()
    }

    /// A cell as it was written.
    pub fn cell(&self, row: usize, column: usize) -> Option<&str> {
        if column >= self.names.len() || row >= self.lines.len() {
            return None;
        }
        self.text.get(self.place(row * self.names.len() + column))
    }

    fn place(&self, cell: usize) -> Range<usize> {
        let start = cell.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        start..self.ends.get(cell).copied().unwrap_or(start)
    }

    /// The column of this name.
    ///
    /// # Errors
    /// [`TableError::NoColumn`] with the names that there are, and the one that was likely meant.
    ///
    /// ```
    /// let table = limpid_files::Table::from_bytes(b"length,species\n1,a\n")?;
    /// assert_eq!(table.column("species")?, 1);
    /// let message = table.column("Specis").unwrap_err().to_string();
    /// assert_eq!(message, "there is no column `Specis`, did you mean `species`? There are: length, species");
    /// # Ok::<(), limpid_files::TableError>(())
    /// ```
    pub fn column(&self, name: &str) -> Result<usize, TableError> {
        let place = self.names.iter().position(|own| own == name.trim());
        place.ok_or_else(|| TableError::no_column(name, &self.names))
    }

    /// A column's cells without the spaces around them; none where the cell says that it is not known: empty, `NA`,
    /// `N/A`, `NaN`, `null` or `?`, in small letters or large.
    pub fn words(&self, column: usize) -> impl ExactSizeIterator<Item = Option<&str>> {
        (0..self.rows()).map(move |row| self.cell(row, column).and_then(known))
    }

    /// A column as numbers, where each known cell is one; none where the cell is not known, as in
    /// [`words`](Self::words).
    ///
    /// # Errors
    /// [`TableError::Number`] with line and column of the first cell that is no finite number.
    pub fn numbers(&self, column: usize) -> Result<Vec<Option<f64>>, TableError> {
        let number = |(row, word): (usize, Option<&str>)| {
            let Some(word) = word else { return Ok(None) };
            word.parse::<f64>().ok().filter(|number| number.is_finite()).map(Some).ok_or_else(|| TableError::Number {
                line: self.line(row).unwrap_or(0),
                column: self.names.get(column).cloned().unwrap_or_default(),
                found: word.chars().take(LONGEST_QUOTED).collect(),
            })
        };
        self.words(column).enumerate().map(number).collect()
    }

    /// Whether a column is one of numbers: each of its known cells reads as one, and there is one. A number too large to
    /// compute with is one here, and refused by [`numbers`](Self::numbers).
    pub fn is_numeric(&self, column: usize) -> bool {
        let mut known = self.words(column).flatten().peekable();
        known.peek().is_some() && known.all(|word| word.parse::<f64>().is_ok())
    }

    /// The table as text again, with its own separator, and with more columns to its right, each as long as the table has
    /// rows; what a longer one has beyond them is left out.
    ///
    /// ```
    /// let table = limpid_files::Table::from_bytes(b"a;b\n1;\"x;y\"\n")?;
    /// let more = [("c".to_string(), vec!["0.5".to_string()])];
    /// assert_eq!(table.to_text(&more), "a;b;c\n1;\"x;y\";0.5\n");
    /// # Ok::<(), limpid_files::TableError>(())
    /// ```
    pub fn to_text(&self, more: &[(String, Vec<String>)]) -> String {
        let names = self.names.iter().chain(more.iter().map(|(name, _)| name)).map(String::as_str);
        let row = |row: usize| {
            let own = (0..self.names.len()).map(move |column| self.cell(row, column).unwrap_or_default());
            own.chain(more.iter().map(move |(_, cells)| cells.get(row).map_or("", String::as_str)))
        };
        lines(self.separator, names, (0..self.rows()).map(row))
    }
}

/// The most characters of a cell that a message repeats.
const LONGEST_QUOTED: usize = 60;

/// Rows of cells under a header as comma-separated text, each line ended by a line feed.
///
/// ```
/// let text = limpid_files::comma_separated(["file", "class"], [["a, b.png", "cat"]]);
/// assert_eq!(text, "file,class\n\"a, b.png\",cat\n");
/// ```
pub fn comma_separated<'t, R: IntoIterator<Item = &'t str>>(
    names: impl IntoIterator<Item = &'t str>,
    rows: impl IntoIterator<Item = R>,
) -> String {
    lines(b',', names, rows)
}

fn lines<'t, R: IntoIterator<Item = &'t str>>(
    separator: u8,
    names: impl IntoIterator<Item = &'t str>,
    rows: impl IntoIterator<Item = R>,
) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    // Another separator in a name would be taken for the table's; a name that begins as a mark does would lose it.
    let is_misread = |name: &&str| {
        name.starts_with('\u{feff}') || name.bytes().any(|byte| byte != separator && SEPARATORS.contains(&byte))
    };
    let style = if names.iter().any(is_misread) { QuoteStyle::Always } else { QuoteStyle::Necessary };
    let writer = |style| WriterBuilder::new().delimiter(separator).quote_style(style).from_writer(Vec::new());
    let mut header = writer(style);
    let mut body = writer(QuoteStyle::Necessary);
    // Memory takes every write, and rows may differ in length only where the caller's do.
    let _ = header.write_record(&names);
    for row in rows {
        let _ = body.write_record(row);
    }
    let parts = [header.into_inner().unwrap_or_default(), body.into_inner().unwrap_or_default()];
    String::from_utf8(parts.concat()).unwrap_or_default()
}

/// What a cell says, where it says something.
fn known(cell: &str) -> Option<&str> {
    let word = cell.trim();
    // The longest mark has four letters: most cells are decided by their length.
    let is_missing = word.len() <= 4 && MISSING.iter().any(|missing| word.eq_ignore_ascii_case(missing));
    (!is_missing).then_some(word)
}

fn check_text(bytes: &[u8]) -> Result<(), TableError> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(TableError::Utf16);
    }
    match std::str::from_utf8(bytes) {
        Ok(_) => Ok(()),
        Err(error) => {
            let before = &bytes[..error.valid_up_to()];
            Err(TableError::NotUtf8 { line: 1 + before.iter().filter(|&&byte| byte == b'\n').count() as u64 })
        }
    }
}

/// The separator that stands most often outside quotes in the header, a comma where there is none.
fn separator(bytes: &[u8]) -> u8 {
    let mut counts = [0usize; SEPARATORS.len()];
    let mut is_quoted = false;
    // A quote opens where a cell begins, and right behind one that closed: two are one of the cell's. Elsewhere it is a
    // character like others.
    let mut may_open = true;
    for &byte in bytes.iter().skip_while(|byte| b"\r\n".contains(byte)) {
        if is_quoted {
            is_quoted = byte != b'"';
            may_open = !is_quoted;
            continue;
        }
        match byte {
            b'"' if may_open => is_quoted = true,
            b'\r' | b'\n' => break,
            _ => SEPARATORS.iter().zip(&mut counts).for_each(|(&own, count)| *count += usize::from(own == byte)),
        }
        may_open = SEPARATORS.contains(&byte);
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    SEPARATORS.into_iter().zip(counts).find(|&(_, count)| count == most).map_or(b',', |(separator, _)| separator)
}

fn next(reader: &mut csv::Reader<&[u8]>, record: &mut ByteRecord) -> Result<bool, TableError> {
    // Rows of any length and any bytes are taken, and memory is read without fail.
    reader.read_byte_record(record).map_err(|error| TableError::Other { reason: error.to_string() })
}

/// The line that a record begins in. The reader tells where it began to look for it: before any empty lines.
fn line(bytes: &[u8], record: &ByteRecord) -> u64 {
    let Some(position) = record.position() else { return 0 };
    let rest = bytes.get(position.byte() as usize..).unwrap_or_default();
    let empty = rest.iter().take_while(|byte| b"\r\n".contains(byte)).filter(|&&byte| byte == b'\n').count();
    position.line() + empty as u64
}

/// A quote that is never closed takes the rest of the file into one cell, which then has lines in it.
fn check_quotes(bytes: &[u8], record: &ByteRecord) -> Result<(), TableError> {
    let has_lines = record.iter().next_back().is_some_and(|cell| cell.contains(&b'\n'));
    if !has_lines {
        return Ok(());
    }
    let start = record.position().map_or(0, |position| position.byte() as usize);
    let length = record.as_slice().len();
    // As far as the record may reach, were each of its characters a quote that is written twice, and each cell quoted.
    let end = bytes.len().min(start + 2 * length + 4 * record.len() + 4);
    let is_last = end == bytes.len();
    let quotes = bytes[start.min(end)..end].iter().filter(|&&byte| byte == b'"').count();
    match is_last && quotes % 2 == 1 {
        true => Err(TableError::OpenQuote { line: line(bytes, record) }),
        false => Ok(()),
    }
}

fn names(record: &ByteRecord) -> Result<Vec<String>, TableError> {
    if record.len() > MOST_COLUMNS {
        return Err(TableError::Columns { found: record.len(), most: MOST_COLUMNS });
    }
    let name = |(place, cell): (usize, &[u8])| {
        let name = String::from_utf8_lossy(cell).trim().to_string();
        if name.is_empty() { format!("column {}", place + 1) } else { name }
    };
    let names: Vec<String> = record.iter().enumerate().map(name).collect();
    let mut places = HashMap::new();
    for (place, name) in names.iter().enumerate() {
        if let Some(first) = places.insert(name.as_str(), place) {
            return Err(TableError::SameName { name: name.clone(), first: first + 1, second: place + 1 });
        }
    }
    Ok(names)
}
