//! The text of a table → its names and cells.

use std::collections::HashMap;
use std::sync::OnceLock;

use csv::ByteRecord;

use super::layout::{Layout, passed_over};
use super::{Cells, Lines, MOST_COLUMNS, Table, TableError, TableForm, quoted};

/// The longest row of a table that is read in windows.
pub(super) const MOST_ROW_BYTES: usize = super::layout::SAMPLE_BYTES;
/// What rows are called that have names in front of them.
const ROW_NAMES: &str = "row names";

/// The rows of a text, one after the other. Where it is not the whole text, its last row may be cut, and is not read.
pub(super) struct Rows<'t> {
    bytes: &'t [u8],
    reader: csv::Reader<&'t [u8]>,
    pub(super) record: ByteRecord,
    lines_before: u64,
    is_whole: bool,
    taken: (usize, u64),
}

impl<'t> Rows<'t> {
    pub(super) fn new(text: &'t str, separator: u8, lines_before: u64, is_whole: bool) -> Self {
        let bytes = text.as_bytes();
        let reader = super::reader(bytes, separator);
        Self { bytes, reader, record: ByteRecord::new(), lines_before, is_whole, taken: (0, 0) }
    }

    /// Reads the next row, and gives its line; none where there is no whole one left.
    pub(super) fn next(&mut self) -> Result<Option<u64>, TableError> {
        // Rows of any length and any bytes are taken, and memory is read without fail.
        let other = |error: csv::Error| TableError::Other { reason: error.to_string() };
        if !self.reader.read_byte_record(&mut self.record).map_err(other)? {
            return Ok(None);
        }
        let end = self.reader.position();
        if !self.is_whole && end.byte() as usize >= self.bytes.len() {
            return Ok(None);
        }
        self.taken = (end.byte() as usize, end.line() - 1);
        let line = line(self.bytes, &self.record) + self.lines_before;
        if self.is_whole {
            check_quotes(self.bytes, &self.record, line)?;
        }
        Ok(Some(line))
    }

    /// How many bytes were taken, and how many line ends in them.
    pub(super) fn taken(&self) -> (usize, u64) {
        self.taken
    }
}

impl Table {
    pub(super) fn of_text(text: String, notes: Vec<String>, form: &TableForm) -> Result<Self, TableError> {
        Self::of_layout(&Layout::of(text), notes, form, true).map(|(table, _)| table)
    }

    /// Reads a table of this layout, or the first rows of one whose text goes on. Gives the places of the columns that were
    /// taken out, too.
    pub(super) fn of_layout(
        layout: &Layout,
        mut notes: Vec<String>,
        form: &TableForm,
        is_whole: bool,
    ) -> Result<(Self, Vec<usize>), TableError> {
        let Layout { text, lines_before, separator, by_blanks, has_row_names, notes: own, .. } = layout;
        notes.extend_from_slice(own);
        let mut rows = Rows::new(text, *separator, *lines_before, is_whole);
        let long = TableError::LongRow { line: 1 + lines_before, most: MOST_ROW_BYTES };
        let Some(first) = rows.next()? else {
            return Err(if is_whole { TableError::Empty } else { long });
        };
        let has_header = form.header != Some(false);
        let mut names = if has_header { names(&rows.record)? } else { places(rows.record.len())? };
        if *has_row_names && has_header {
            names.insert(0, ROW_NAMES.to_string());
            notes.push(format!("the header has a name less than the rows have cells: the first cells are the rows' names, `{ROW_NAMES}`"));
        }
        let mut table = Self {
            names,
            cells: Cells::of_text(text.as_bytes(), *separator),
            // Growing would take twice as much at times.
            lines: Lines::with_room_for(text.bytes().filter(|&byte| byte == b'\n').count() + 1),
            separator: *separator,
            by_blanks: *by_blanks,
            has_header,
            missing: form.missing.iter().map(|mark| mark.trim().to_string()).collect(),
            notes: Vec::new(),
            decimal_commas: OnceLock::new(),
            places: OnceLock::new(),
        };
        let header = rows.record.clone();
        let mut passed = Passed::default();
        let mut next = if has_header { rows.next()? } else { Some(first) };
        while let Some(line) = next {
            table.push(line, &rows.record, &[], &mut passed)?;
            next = rows.next()?;
        }
        table.cells.shrink();
        table.lines.shrink();
        match (table.lines.is_empty(), is_whole) {
            (true, true) => return Err(TableError::NoRows { columns: table.names.len() }),
            (true, false) => return Err(long),
            _ => table.check_row_names(*has_row_names && has_header)?,
        }
        if is_whole {
            notes.extend(passed.notes());
        }
        let empty = table.without_empty_columns();
        notes.extend(passed_over(
            empty.len(),
            "column with neither a name nor a cell",
            "columns with neither a name nor a cell",
        ));
        if form.header.is_none() && has_header {
            check_header(text.as_bytes(), &header, &table, first)?;
        }
        check_names(&table.names)?;
        table.notes = notes;
        Ok((table, empty))
    }

    /// Takes in a row. Cells at the places of `empty` were so in the rows before, and belong to no column.
    pub(super) fn push(
        &mut self,
        line: u64,
        record: &ByteRecord,
        empty: &[usize],
        passed: &mut Passed,
    ) -> Result<(), TableError> {
        let expected = self.names.len() + empty.len();
        let is_blank = |cell: &[u8]| cell.iter().all(u8::is_ascii_whitespace);
        match record.len() {
            found if found == expected => {}
            found if found > expected && record.iter().skip(expected).all(is_blank) => passed.empty_cells += 1,
            _ if record.get(0).is_some_and(|cell| cell.trim_ascii_start().starts_with(b"#")) => {
                passed.comments += 1;
                return Ok(());
            }
            found => return Err(TableError::Ragged { line, found, expected }),
        }
        for (place, cell) in record.iter().take(expected).enumerate() {
            if empty.binary_search(&place).is_ok() {
                if !is_blank(cell) {
                    let found = quoted(&String::from_utf8_lossy(cell));
                    return Err(TableError::NoName { line, column: place + 1, found });
                }
                continue;
            }
            // The whole text was checked before; a cell is cut at characters of one byte.
            self.cells.push(
                std::str::from_utf8(cell)
                    .map_err(|_| TableError::Other { reason: format!("line {line} is cut within a character") })?,
            );
        }
        self.lines.push(line);
        Ok(())
    }

    /// Names of rows are all different; where they are not, the rows have a cell too many.
    fn check_row_names(&self, has_row_names: bool) -> Result<(), TableError> {
        if !has_row_names {
            return Ok(());
        }
        let name = |row: &usize| self.cell(*row, 0).unwrap_or_default();
        let mut rows: Vec<usize> = (0..self.rows()).collect();
        rows.sort_unstable_by(|a, b| name(a).cmp(name(b)));
        if rows.windows(2).any(|pair| name(&pair[0]) == name(&pair[1])) {
            let expected = self.names.len() - 1;
            return Err(TableError::Ragged { line: self.line(0).unwrap_or(0), found: expected + 1, expected });
        }
        Ok(())
    }

    /// Takes out columns that have neither a name nor a cell, as separators at the ends of lines make them, and gives their
    /// places.
    fn without_empty_columns(&mut self) -> Vec<usize> {
        let is_unnamed = |place: &usize| self.names[*place] == unnamed(*place) && self.has_header;
        let is_empty = |place: &usize| {
            (0..self.rows()).all(|row| self.cell(row, *place).is_none_or(|cell| cell.trim().is_empty()))
        };
        let empty: Vec<usize> = (0..self.names.len()).filter(is_unnamed).filter(is_empty).collect();
        if empty.is_empty() || empty.len() == self.names.len() {
            return Vec::new();
        }
        let is_kept = |place: &usize| empty.binary_search(place).is_err();
        let mut cells = Cells::default();
        for row in 0..self.rows() {
            let kept = (0..self.names.len()).filter(is_kept);
            kept.for_each(|place| cells.push(self.cell(row, place).unwrap_or_default()));
        }
        self.cells = cells;
        let mut place = 0;
        self.names.retain(|_| {
            place += 1;
            is_kept(&(place - 1))
        });
        empty
    }
}

/// What was passed over in the rows.
#[derive(Default)]
pub(super) struct Passed {
    empty_cells: usize,
    comments: usize,
}

impl Passed {
    fn notes(&self) -> impl Iterator<Item = String> {
        let cells = match self.empty_cells {
            0 => None,
            1 => Some("passed over: empty cells at the end of a row".to_string()),
            count => Some(format!("passed over: empty cells at the end of {count} rows")),
        };
        let comments = passed_over(self.comments, "comment between the rows", "comments between the rows");
        cells.into_iter().chain(comments)
    }
}

/// The line that a record begins in. The reader tells where it began to look for it: before any empty lines.
fn line(bytes: &[u8], record: &ByteRecord) -> u64 {
    let Some(position) = record.position() else { return 0 };
    let rest = bytes.get(position.byte() as usize..).unwrap_or_default();
    let empty = rest.iter().take_while(|byte| b"\r\n".contains(byte)).filter(|&&byte| byte == b'\n').count();
    position.line() + empty as u64
}

/// A quote that is never closed takes the rest of the file into one cell, which then has lines in it.
fn check_quotes(bytes: &[u8], record: &ByteRecord, line: u64) -> Result<(), TableError> {
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
        true => Err(TableError::OpenQuote { line }),
        false => Ok(()),
    }
}

fn unnamed(place: usize) -> String {
    format!("column {}", place + 1)
}

fn check_width(found: usize) -> Result<(), TableError> {
    if found > MOST_COLUMNS { Err(TableError::Columns { found, most: MOST_COLUMNS }) } else { Ok(()) }
}

fn places(count: usize) -> Result<Vec<String>, TableError> {
    check_width(count)?;
    Ok((0..count).map(unnamed).collect())
}

fn names(record: &ByteRecord) -> Result<Vec<String>, TableError> {
    check_width(record.len())?;
    let name = |(place, cell): (usize, &[u8])| {
        let name = String::from_utf8_lossy(cell).trim().to_string();
        if name.is_empty() { unnamed(place) } else { name }
    };
    Ok(record.iter().enumerate().map(name).collect())
}

fn check_names(names: &[String]) -> Result<(), TableError> {
    let mut places = HashMap::new();
    for (place, name) in names.iter().enumerate() {
        if let Some(first) = places.insert(name.as_str(), place) {
            return Err(TableError::SameName { name: name.clone(), first: first + 1, second: place + 1 });
        }
    }
    Ok(())
}

/// So many rows tell whether the line above them is one of them.
const COMPARED_ROWS: usize = 1000;

/// Refuses a first line that is a row: it has numbers where the rows have numbers, and words that the rows have too.
fn check_header(bytes: &[u8], header: &ByteRecord, table: &Table, line: u64) -> Result<(), TableError> {
    let is_number = |cell: &str| cell.parse::<f64>().is_ok();
    let start = header.position().map_or(0, |position| position.byte() as usize);
    let all_quoted = |from: usize, count: usize| {
        let rest = bytes.get(from..).unwrap_or_default().trim_ascii_start();
        let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
        line.iter().filter(|&&byte| byte == b'"').count() >= 2 * count && line.first() == Some(&b'"')
    };
    let names = &table.names;
    if header.len() != names.len() {
        return Ok(());
    }
    let end_of_header =
        bytes.get(start..).unwrap_or_default().trim_ascii_start().iter().position(|&byte| byte == b'\n');
    if all_quoted(start, header.len()) && !end_of_header.is_some_and(|end| all_quoted(start + end + 1, header.len())) {
        return Ok(());
    }
    let rows = table.rows().min(COMPARED_ROWS);
    let below = |place: usize| {
        (0..rows).filter_map(move |row| table.cell(row, place)).map(str::trim).filter(|cell| !super::is_missing(cell))
    };
    let (mut numbers, mut words, mut repeated) = (Vec::new(), 0usize, 0usize);
    for (place, cell) in header.iter().map(String::from_utf8_lossy).enumerate() {
        let cell = cell.trim();
        if super::is_missing(cell) {
            continue;
        }
        if !is_number(cell) {
            words += 1;
            repeated += usize::from(below(place).any(|own| own == cell));
        } else if below(place).next().is_some() && below(place).all(is_number) {
            numbers.push(cell.parse::<f64>().unwrap_or(0.0));
        } else {
            return Ok(());
        }
    }
    // Years and pixels are numbered from left to right.
    let is_counted = numbers.len() > 1 && numbers.windows(2).all(|pair| pair[0] < pair[1] && pair[0].fract() == 0.0);
    let is_row = match (numbers.len(), words) {
        (0, 0) => false,
        (0, _) => words > 1 && repeated == words,
        (_, 0) => !is_counted,
        _ => !is_counted && (repeated > 0 || numbers.iter().any(|number| number.fract() != 0.0 || *number < 0.0)),
    };
    if !is_row {
        return Ok(());
    }
    let shown = header.iter().take(4).map(|cell| quoted(&String::from_utf8_lossy(cell))).collect::<Vec<_>>().join(", ");
    Err(TableError::LooksLikeRow { line, shown: if header.len() > 4 { shown + ", …" } else { shown } })
}
