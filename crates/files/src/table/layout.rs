//! Where in a text the table begins, and what separates its cells.

use csv::ByteRecord;

use super::SEPARATORS;

/// How a text is laid out.
pub(super) struct Layout {
    /// The text from its header on, with tabs where blanks separated.
    pub(super) text: String,
    /// How many bytes stand before it, and how many lines.
    pub(super) start: usize,
    pub(super) lines_before: u64,
    pub(super) separator: u8,
    /// Whether cells were apart by blanks.
    pub(super) by_blanks: bool,
    /// Whether the header has a name less than the rows have cells, since names of rows have none.
    pub(super) has_row_names: bool,
    /// What was passed over.
    pub(super) notes: Vec<String>,
}

/// So many records, or so many bytes, tell how a table is laid out.
const SAMPLE_RECORDS: usize = 60;
pub(super) const SAMPLE_BYTES: usize = 4 << 20;

impl Layout {
    pub(super) fn of(text: String) -> Self {
        let mut notes = Vec::new();
        let (mut start, mut last_comment, mut forced) = (0, None, None);
        let mut comments = 0usize;
        while let Some(line) = text.get(start..).and_then(|rest| rest.split_inclusive('\n').next()) {
            let own = line.trim();
            if let Some(separator) = separator_line(own).filter(|_| forced.is_none() && comments == 0) {
                notes.push(format!("the line `{own}` is passed over: it names the separator"));
                forced = Some(separator);
            } else if own.starts_with('#') {
                comments += 1;
                last_comment = Some(start + line.len() - line.trim_start().len() + 1);
            } else if !own.is_empty() {
                break;
            }
            start += line.len();
        }
        let sample = sample(&text, start);
        let (separator, by_blanks) = forced.map_or_else(|| separator(sample), |own| (own, false));
        // NumPy writes the header of numbers behind a comment's mark.
        if let Some(from) = last_comment.filter(|&from| is_header(&text, from, start, separator, by_blanks)) {
            (start, comments) = (from, comments - 1);
            notes.push("the names of the columns stand behind `#`".to_string());
        }
        notes.extend(passed_over(comments, "comment that begins with `#`", "comments that begin with `#`"));
        let (titles, has_row_names) = titles(&text, start, separator, by_blanks);
        if titles > start {
            let lines = text[start..titles].lines().filter(|line| !line.trim().is_empty()).count();
            notes.extend(passed_over(lines, "title line before the header", "title lines before the header"));
            start = titles;
        }
        let lines_before = text[..start].matches('\n').count() as u64;
        let text = match (by_blanks, start) {
            (true, _) => tabs_for_blanks(&text[start..]),
            (false, 0) => text,
            (false, _) => text[start..].to_string(),
        };
        Self { text, start, lines_before, separator, by_blanks, has_row_names, notes }
    }
}

pub(super) fn passed_over(count: usize, one: &str, several: &str) -> Option<String> {
    match count {
        0 => None,
        1 => Some(format!("passed over: a {one}")),
        _ => Some(format!("passed over: {count} {several}")),
    }
}

/// `sep=;`, as Excel reads it.
fn separator_line(line: &str) -> Option<u8> {
    let line = line.trim_matches('"');
    let is_it = line.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("sep="));
    let rest = line.as_bytes().get(4..).filter(|_| is_it)?;
    match rest {
        [own] if SEPARATORS.contains(own) => Some(*own),
        // The tab was taken for a blank around the line.
        [] => Some(b'\t'),
        _ => None,
    }
}

/// As much of a text as tells its layout, cut at a line's end.
fn sample(text: &str, start: usize) -> &str {
    let rest = text.get(start..).unwrap_or_default();
    if rest.len() <= SAMPLE_BYTES {
        return rest;
    }
    let end = (0..=SAMPLE_BYTES).rev().find(|&end| rest.is_char_boundary(end)).unwrap_or(0);
    match rest[..end].rfind('\n') {
        Some(last) => &rest[..=last],
        None => &rest[..end],
    }
}

/// The cells of the first records, and where each begins.
fn records(sample: &str, separator: u8, by_blanks: bool) -> Vec<(usize, Vec<String>)> {
    each_record(sample, separator, by_blanks, |record| {
        let cells = record.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_string()).collect();
        (record.position().map_or(0, |position| position.byte() as usize), cells)
    })
}

fn each_record<T>(sample: &str, separator: u8, by_blanks: bool, mut of: impl FnMut(&ByteRecord) -> T) -> Vec<T> {
    let with_tabs;
    let text = if by_blanks {
        with_tabs = tabs_for_blanks(sample);
        &with_tabs
    } else {
        sample
    };
    let mut reader = super::reader(text.as_bytes(), separator);
    let mut record = ByteRecord::new();
    let mut found = Vec::new();
    while found.len() < SAMPLE_RECORDS && matches!(reader.read_byte_record(&mut record), Ok(true)) {
        found.push(of(&record));
    }
    found
}

/// The number of cells that most records have, and how many have it.
fn usual(counts: &[usize]) -> (usize, usize) {
    let share = |wanted: usize| counts.iter().filter(|&&count| count == wanted).count();
    counts.iter().map(|&count| (count, share(count))).max_by_key(|&(count, share)| (share, count)).unwrap_or((0, 0))
}

/// What separates the cells of a text, and whether it is blanks, for which tabs stand then.
fn separator(sample: &str) -> (u8, bool) {
    if let Some(separator) = behind_a_quote(sample) {
        return if separator == b' ' { (b'\t', true) } else { (separator, false) };
    }
    // The share of records that have the usual number of cells, and that number.
    let seen = |separator: u8, by_blanks: bool| {
        let counts = each_record(sample, separator, by_blanks, ByteRecord::len);
        let (cells, share) = usual(&counts);
        let header = counts.first().copied().unwrap_or(0);
        // One record alone is like any other, and may be a quote that is never closed.
        (if counts.len() > 1 { 1000 * share / counts.len() } else { 0 }, cells, header)
    };
    let candidates: Vec<(u8, (usize, usize, usize))> = SEPARATORS.iter().map(|&own| (own, seen(own, false))).collect();
    let mut best: Option<(u8, (usize, usize, usize))> = None;
    for (own, (share, cells, header)) in
        candidates.iter().copied().filter(|(_, (share, cells, _))| *cells > 1 && *share > 500)
    {
        let is_better = best.is_none_or(|(_, (best_share, best_cells, _))| {
            // A comma within numbers, `1,5;2,5`, is no separator of more cells than a semicolon twice over.
            share > best_share
                || (share == best_share && if own == b',' { cells > 2 * best_cells } else { cells > best_cells })
        });
        if is_better {
            best = Some((own, (share, cells, header)));
        }
    }
    let (share, cells, header) = seen(b'\t', true);
    let is_blank = cells > 1 && share > 900 && header + 1 >= cells;
    match best {
        Some((_, (other, fewer, _))) if is_blank && cells > 2 * fewer && share >= other && !sample.contains('\t') => {
            (b'\t', true)
        }
        Some((own, _)) => (own, false),
        None => {
            // No two rows are alike: what the header has most of.
            let most =
                candidates.iter().max_by_key(|(_, (_, _, header))| *header).filter(|(_, (_, _, header))| *header > 1);
            match most {
                Some((own, _)) => (*own, false),
                None if is_blank => (b'\t', true),
                None => (b',', false),
            }
        }
    }
}

/// What follows the first name, where all names stand in quotes.
fn behind_a_quote(sample: &str) -> Option<u8> {
    let bytes = sample.trim_start_matches(['\r', '\n']).as_bytes();
    let name_end = |from: usize| {
        let mut at = from + 1;
        while let Some(&byte) = bytes.get(at) {
            match (byte, bytes.get(at + 1)) {
                (b'"', Some(b'"')) => at += 2,
                (b'"', _) => return Some(at + 1),
                _ => at += 1,
            }
        }
        None
    };
    let mut at = 0;
    let mut separator = None;
    loop {
        if bytes.get(at) != Some(&b'"') {
            return None;
        }
        at = name_end(at)?;
        match bytes.get(at) {
            None | Some(b'\r' | b'\n') => return separator.or(Some(b',')),
            Some(own) if (SEPARATORS.contains(own) || *own == b' ') && separator.is_none_or(|known| known == *own) => {
                separator = Some(*own);
                at += 1;
            }
            _ => return None,
        }
    }
}

/// Whether what stands from `from` to `start` are names for the numbers behind it.
fn is_header(text: &str, from: usize, start: usize, separator: u8, by_blanks: bool) -> bool {
    let Some(comment) = text.get(from..start).filter(|own| own.trim_end().lines().count() == 1) else { return false };
    let names = records(comment, separator, by_blanks);
    let rows = records(sample(text, start), separator, by_blanks);
    let is_number = |cell: &String| cell.parse::<f64>().is_ok();
    match (names.first(), rows.first()) {
        (Some((_, names)), Some((_, row))) => {
            names.len() == row.len()
                && row.iter().all(is_number)
                && !names.iter().any(|name| name.is_empty() || is_number(name))
        }
        _ => false,
    }
}

/// Where the header begins, behind titles, and whether it lacks a name for the rows' names.
fn titles(text: &str, start: usize, separator: u8, by_blanks: bool) -> (usize, bool) {
    let records = records(sample(text, start), separator, by_blanks);
    let counts: Vec<usize> = records.iter().map(|(_, cells)| cells.len()).collect();
    let (width, share) = usual(&counts);
    if width < 2 || 2 * share <= counts.len() {
        return (start, false);
    }
    let is_filled = |cell: &&String| !cell.is_empty();
    // Separators at the ends of lines make cells without contents.
    let last_filled = |cells: &[String]| cells.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1);
    let usual_records = records.iter().filter(|(_, cells)| cells.len() == width);
    let width = usual_records.map(|(_, cells)| last_filled(cells)).max().unwrap_or(width);
    for (place, (position, cells)) in records.iter().enumerate() {
        let next = records.get(place + 1).map(|(_, cells)| cells.as_slice()).unwrap_or_default();
        let filled = cells.iter().filter(is_filled).count();
        let later = records[place + 1..].iter().map(|(_, cells)| cells.iter().filter(is_filled).count());
        let next_filled = later.into_iter().find(|&filled| filled > 0).unwrap_or(0);
        let names_rows = cells.len() + 1 == width
            && filled == cells.len()
            && next.iter().skip(1).any(|cell| cell.parse::<f64>().is_ok())
            && records[place + 1..]
                .iter()
                .any(|(_, cells)| cells.len() == width && cells.last().is_some_and(|cell| !cell.is_empty()));
        let is_title = cells.len() < width || (width > 2 && filled <= 1 && next_filled > 1);
        let is_last = records.len() < place + 3;
        if names_rows || !is_title || is_last {
            // The reader of blanks has another text than this one: lines are the same.
            let at = if by_blanks { line_start(&text[start..], &records[place], &records) } else { *position };
            let found = place > 0 || names_rows || !is_title;
            return if found && !(is_last && is_title && !names_rows) {
                (start + at, names_rows)
            } else {
                (start, false)
            };
        }
    }
    (start, false)
}

/// Where the line of a record begins in the text before blanks became tabs.
fn line_start(text: &str, record: &(usize, Vec<String>), all: &[(usize, Vec<String>)]) -> usize {
    if all.first().is_some_and(|(first, _)| first == &record.0) {
        return 0;
    }
    let with_tabs = tabs_for_blanks(sample(text, 0));
    let lines = with_tabs.get(..record.0).unwrap_or_default().matches('\n').count();
    text.split_inclusive('\n').take(lines).map(str::len).sum()
}

/// Runs of blanks and tabs outside quotes become one tab, those at both ends of a line nothing.
fn tabs_for_blanks(text: &str) -> String {
    let mut with_tabs = String::with_capacity(text.len());
    Blanks::new().write(text, &mut with_tabs);
    with_tabs
}

/// Makes tabs of blanks in a text that comes in pieces.
#[derive(Clone, Debug)]
pub(super) struct Blanks {
    is_quoted: bool,
    is_pending: bool,
    begins_line: bool,
    begins_cell: bool,
}

impl Blanks {
    pub(super) fn new() -> Self {
        Self { is_quoted: false, is_pending: false, begins_line: true, begins_cell: true }
    }

    pub(super) fn write(&mut self, piece: &str, with_tabs: &mut String) {
        for own in piece.chars() {
            match own {
                ' ' | '\t' if !self.is_quoted => self.is_pending = !self.begins_line,
                '\n' | '\r' if !self.is_quoted => {
                    (self.is_pending, self.begins_line, self.begins_cell) = (false, true, true);
                    with_tabs.push(own);
                }
                _ => {
                    if std::mem::take(&mut self.is_pending) {
                        with_tabs.push('\t');
                        self.begins_cell = true;
                    }
                    if own == '"' && (self.is_quoted || self.begins_cell) {
                        self.is_quoted = !self.is_quoted;
                    }
                    (self.begins_line, self.begins_cell) = (false, own == '\t');
                    with_tabs.push(own);
                }
            }
        }
    }
}
