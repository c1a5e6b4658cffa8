//! A table in a file that may be larger than memory, read in windows: a few thousand rows at a time, each a [`Table`].
//!
//! The first bytes of the file are read as a table, which tells the layout and the names of the columns. The rest is read
//! by that layout. Whether a column is numbers is decided by all of its cells, as for a table in memory.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::layout::{Blanks, Layout, SAMPLE_BYTES};
use super::reading::Guess;
use super::rows::{MOST_ROW_BYTES, Passed, Rows};
use super::tally::{Commas, Look, Plain, Tally, Verdict};
use super::text::{BYTE_ORDER_MARK, check_format, has_outer_bars, one_byte_a_character, wide};
use super::{Cells, CellsChecksum, Lines, Table, TableError, TableFileError, TableForm};
use crate::bytes::{Unpacked, behind_guard};
use crate::sniff::sniff;

/// So many bytes are read from the file at a time.
const PIECE_BYTES: usize = 1 << 20;
/// A window of so many cells is read where the reader of a table chooses its windows.
const USUAL_CELLS: usize = 1 << 17;

/// A table in a file, plain or gzip'd, of any length. It is read from its beginning as often as is asked for, and never
/// more than a window of it is held. It is UTF-8, and each row is at most 4 MiB long.
///
/// ```
/// use limpid_files::{Reading, TableFile, TableForm};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("many.csv");
/// let rows: String = (0..10).map(|row| format!("{row},{}\n", if row < 9 { "0.5" } else { "\"1,234\"" })).collect();
/// std::fs::write(&path, format!("number,size\n{rows}"))?;
/// let file = TableFile::open(&path, &TableForm::default())?;
/// let mut windows = file.windows(4)?;
/// let rows: Vec<usize> = windows.by_ref().map(|window| window.map(|table| table.rows())).collect::<Result<_, _>>()?;
/// assert_eq!(rows, [4, 4, 2]);
/// // The last cell of the file says that commas stand between thousands.
/// let readings = file.readings(&[1])?;
/// assert_eq!((readings.rows, &readings.guesses[0].reading), (10, &Reading::PLAIN));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct TableFile {
    path: PathBuf,
    /// What the first rows tell, without them.
    head: Arc<Head>,
}

#[derive(Debug)]
struct Head {
    /// The table without its rows.
    table: Table,
    /// Where the header begins, in bytes of the text, and how many lines stand before it.
    start: usize,
    lines_before: u64,
    /// Whether lines end by carriage returns alone.
    by_returns: bool,
    /// Columns that have neither a name nor a cell.
    empty: Vec<usize>,
}

/// What columns are by all of their cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableReadings {
    /// How many rows there are.
    pub rows: usize,
    /// What each column is, in the order that was asked for.
    pub guesses: Vec<Guess>,
    /// The checksum of the table, as [`Table::checksum`] gives it.
    pub checksum: String,
}

impl TableFile {
    /// Reads the first rows of a table, which tell how it is laid out.
    ///
    /// # Errors
    /// As [`Table::read_as`], and for a pipe, which can be read only once, for a text that is not UTF-8, and for a row of
    /// more than 4 MiB.
    pub fn open(path: &Path, form: &TableForm) -> Result<Self, TableFileError> {
        behind_guard(path, || Self::of_head(path, form))
    }

    fn of_head(path: &Path, form: &TableForm) -> Result<Self, TableFileError> {
        let mut text = Text::open(path, false)?;
        let mut head = String::new();
        while head.len() <= SAMPLE_BYTES && text.append(&mut head)? {}
        let by_returns = head.contains('\r') && !head.contains('\n');
        if by_returns {
            head = head.replace('\r', "\n");
        }
        let wrong = |cause| content(path, cause);
        if has_outer_bars(&head) {
            let reason =
                "it stands between bars, as Markdown has it; what is read in windows has separators between cells only";
            return Err(wrong(TableError::Other { reason: reason.to_string() }));
        }
        let layout = Layout::of(head);
        let (mut table, empty) = Table::of_layout(&layout, Vec::new(), form, text.is_ended()).map_err(wrong)?;
        table.without_rows();
        let Layout { start, lines_before, .. } = layout;
        let head = Head { table, start, lines_before, by_returns, empty };
        Ok(Self { path: path.to_path_buf(), head: Arc::new(head) })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The table without its rows: the names of its columns, its notes, its form.
    pub fn head(&self) -> &Table {
        &self.head.table
    }

    /// Begins to read the rows, `rows` at a time; 0 for as many as take about a megabyte.
    ///
    /// # Errors
    /// Where the file cannot be read any more.
    pub fn windows(&self, rows: usize) -> Result<TableWindows, TableFileError> {
        let usual = (USUAL_CELLS / self.head.table.names.len().max(1)).max(1);
        let mut windows = TableWindows {
            text: Text::open(&self.path, self.head.by_returns)?,
            file: self.clone(),
            rows: if rows == 0 { usual } else { rows },
            blanks: self.head.table.by_blanks.then(Blanks::new),
            buffer: String::new(),
            at: 0,
            lines: self.head.lines_before,
            is_in_header: self.head.table.has_header,
            has_ended: false,
        };
        let mut before = String::new();
        while before.len() < self.head.start && windows.text.append(&mut before)? {}
        windows.add(before.get(self.head.start..).unwrap_or_default());
        Ok(windows)
    }

    /// What these columns are, decided by all of their cells as [`Table::reading`] decides it. The file is read once, or
    /// twice where a column is neither all numbers nor all words.
    ///
    /// # Errors
    /// As for [`windows`](Self::windows) and [`Table::reading`].
    pub fn readings(&self, columns: &[usize]) -> Result<TableReadings, TableFileError> {
        let separator = self.head.table.separator;
        let has_commas = separator != b',';
        let mut seen = vec![Seen::new(has_commas); self.head.table.names.len()];
        let mut rows = 0;
        let mut checksum = CellsChecksum::default();
        let all: Vec<usize> = (0..seen.len()).collect();
        // Whether commas stand before decimals is told by any column.
        let looked_at = if has_commas { &all } else { columns };
        for table in self.windows(0)? {
            let table = table?;
            rows += table.rows();
            checksum.add(&table.cells);
            for &column in looked_at {
                if let Some(seen) = seen.get_mut(column) {
                    table.words(column).flatten().for_each(|word| seen.see(word));
                }
            }
        }
        let has_commas = seen.iter().filter_map(|seen| seen.commas.as_ref()).any(Commas::are_decimal);
        let verdicts = columns.iter().filter_map(|&column| seen.get(column));
        let mut verdicts: Vec<Verdict> = verdicts.map(|seen| seen.verdict(separator, has_commas)).collect();
        let mut looks: Vec<(usize, &mut Look)> = columns
            .iter()
            .zip(&mut verdicts)
            .filter_map(|(&column, verdict)| match verdict {
                Verdict::Look(look) => Some((column, look)),
                Verdict::Is(_) => None,
            })
            .collect();
        if !looks.is_empty() {
            for table in self.windows(0)? {
                let table = table?;
                looks.iter_mut().for_each(|(column, look)| look.see_column(&table, *column));
            }
        }
        let name = |column: usize| self.head.table.names.get(column).map_or("", String::as_str);
        let guess = |(verdict, &column)| match verdict {
            Verdict::Is(guess) => Ok(guess),
            Verdict::Look(look) => look.guess(name(column)).map_err(|cause| content(&self.path, cause)),
        };
        let guesses = verdicts.into_iter().zip(columns).map(guess).collect::<Result<_, _>>()?;
        Ok(TableReadings { rows, guesses, checksum: checksum.hex(&self.head.table.names) })
    }
}

/// What is gathered of a column while its cells go by.
#[derive(Clone, Debug)]
struct Seen {
    /// None once a cell was no number as programs write it.
    plain: Option<Plain>,
    /// None where commas separate.
    commas: Option<Commas>,
    tally: Tally,
}

impl Seen {
    fn new(has_commas: bool) -> Self {
        Self { plain: Some(Plain::new()), commas: has_commas.then(Commas::new), tally: Tally::default() }
    }

    fn see(&mut self, word: &str) {
        self.plain.take_if(|plain| !plain.see(word));
        if let Some(commas) = &mut self.commas {
            commas.see(word);
        }
        self.tally.see(word);
    }

    fn verdict(&self, separator: u8, has_commas: bool) -> Verdict {
        let plain = self.plain.as_ref().and_then(|plain| plain.verdict(separator, || has_commas));
        plain.unwrap_or_else(|| self.tally.verdict(separator))
    }
}

/// The rows of a [`TableFile`] from its first on, window by window, each a [`Table`] whose lines are the file's.
pub struct TableWindows {
    file: TableFile,
    text: Text,
    rows: usize,
    /// Where cells are apart by blanks.
    blanks: Option<Blanks>,
    /// Text of which the rows from `at` on were not read yet, `lines` lines after the first.
    buffer: String,
    at: usize,
    lines: u64,
    is_in_header: bool,
    has_ended: bool,
}

impl std::fmt::Debug for TableWindows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TableWindows").field("path", &self.file.path).field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl Iterator for TableWindows {
    type Item = Result<Table, TableFileError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        let path = self.file.path.clone();
        let outcome = behind_guard(&path, || self.window()).transpose();
        self.has_ended = !matches!(outcome, Some(Ok(_)));
        outcome
    }
}

impl TableWindows {
    fn window(&mut self) -> Result<Option<Table>, TableFileError> {
        let mut table = self.file.head.table.clone();
        loop {
            let is_whole = self.text.is_ended();
            self.push_rows(&mut table, is_whole).map_err(|cause| content(&self.file.path, cause))?;
            if table.rows() == self.rows || is_whole {
                return Ok((table.rows() > 0).then_some(table));
            }
            self.buffer.drain(..std::mem::take(&mut self.at));
            if self.buffer.len() > MOST_ROW_BYTES {
                let cause = TableError::LongRow { line: self.lines + 1, most: MOST_ROW_BYTES };
                return Err(content(&self.file.path, cause));
            }
            let mut piece = String::new();
            self.text.append(&mut piece)?;
            self.add(&piece);
        }
    }

    fn add(&mut self, piece: &str) {
        match &mut self.blanks {
            Some(blanks) => blanks.write(piece, &mut self.buffer),
            None => self.buffer.push_str(piece),
        }
    }

    /// Takes rows from the text that is there, until the window is full.
    fn push_rows(&mut self, table: &mut Table, is_whole: bool) -> Result<(), TableError> {
        let text = self.buffer.get(self.at..).unwrap_or_default();
        let mut rows = Rows::new(text, table.separator, self.lines, is_whole);
        // What is passed over was told of the first rows.
        let mut passed = Passed::default();
        while table.rows() < self.rows {
            let Some(line) = rows.next()? else { break };
            if !std::mem::take(&mut self.is_in_header) {
                table.push(line, &rows.record, &self.file.head.empty, &mut passed)?;
            }
        }
        let (bytes, lines) = rows.taken();
        self.at += bytes;
        self.lines += lines;
        Ok(())
    }
}

impl Table {
    fn without_rows(&mut self) {
        self.cells = Cells::default();
        self.lines = Lines::default();
        self.decimal_commas = OnceLock::new();
    }
}

/// The text of a file, UTF-8, piece by piece.
struct Text {
    path: PathBuf,
    bytes: Unpacked,
    /// Bytes of a character that is not whole yet.
    rest: Vec<u8>,
    by_returns: bool,
    has_begun: bool,
    has_ended: bool,
    lines: u64,
}

impl Text {
    fn open(path: &Path, by_returns: bool) -> Result<Self, TableFileError> {
        let bytes = Unpacked::open(path)?;
        let path = path.to_path_buf();
        Ok(Self { path, bytes, rest: Vec::new(), by_returns, has_begun: false, has_ended: false, lines: 0 })
    }

    /// Whether all of it was given.
    fn is_ended(&self) -> bool {
        self.has_ended
    }

    /// Appends the next piece; false where nothing is left behind it.
    fn append(&mut self, to: &mut String) -> Result<bool, TableFileError> {
        let mut piece = std::mem::take(&mut self.rest);
        let wanted = piece.len() + PIECE_BYTES;
        self.bytes.append(PIECE_BYTES, &mut piece)?;
        self.has_ended = piece.len() < wanted;
        let wrong = |cause| content(&self.path, cause);
        if !std::mem::replace(&mut self.has_begun, true) {
            check_format(&piece).map_err(wrong)?;
            if wide(&piece).is_some() {
                return Err(wrong(TableError::NotUtf8 { line: 1, encoding: "UTF-16" }));
            }
            if piece.starts_with(BYTE_ORDER_MARK) {
                piece.drain(..BYTE_ORDER_MARK.len());
            }
        }
        let valid = match std::str::from_utf8(&piece) {
            Ok(_) => piece.len(),
            Err(error) if error.error_len().is_none() && !self.has_ended => error.valid_up_to(),
            Err(error) => return Err(wrong(self.other_encoding(&piece, error.valid_up_to()))),
        };
        self.rest = piece.split_off(valid);
        let text = String::from_utf8(piece).unwrap_or_default();
        self.lines += text.matches('\n').count() as u64;
        match self.by_returns {
            true => to.push_str(&text.replace('\r', "\n")),
            false => to.push_str(&text),
        }
        Ok(!self.has_ended)
    }

    fn other_encoding(&self, piece: &[u8], valid: usize) -> TableError {
        let line = 1 + self.lines + piece[..valid].iter().filter(|&&byte| byte == b'\n').count() as u64;
        match one_byte_a_character(piece) {
            Some(_) => TableError::NotUtf8 { line, encoding: "WINDOWS-1252" },
            None => TableError::NotText { line, found: Box::new(sniff(piece)) },
        }
    }
}

fn content(path: &Path, cause: TableError) -> TableFileError {
    TableFileError::Content { path: path.to_path_buf(), cause: Box::new(cause) }
}
