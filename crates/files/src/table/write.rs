//! Rows of cells → text.

use csv::{QuoteStyle, WriterBuilder};

use super::{SEPARATORS, Table};

impl Table {
    /// The table as text again, with its own separator, and with more columns to its right, each as long as the table has
    /// rows; what a longer one has beyond them is left out. Cells that were apart by blanks are written with commas.
    ///
    /// ```
    /// let table = limpid_files::Table::from_bytes(b"a;b\n1;\"x;y\"\n")?;
    /// let more = [("c".to_string(), vec!["0.5".to_string()])];
    /// assert_eq!(table.to_text(&more), "a;b;c\n1;\"x;y\";0.5\n");
    /// # Ok::<(), limpid_files::TableError>(())
    /// ```
    pub fn to_text(&self, more: &[(String, Vec<String>)]) -> String {
        self.rows_to_text(&(0..self.rows()).collect::<Vec<_>>(), more)
    }

    /// Some rows of the table as text, as [`to_text`](Self::to_text) writes all of them; each further column has a cell
    /// for each of these rows.
    ///
    /// ```
    /// let table = limpid_files::Table::from_bytes(b"a,b\n1,x\n2,y\n3,z\n")?;
    /// let more = [("c".to_string(), vec!["0.5".to_string(), "0.25".to_string()])];
    /// assert_eq!(table.rows_to_text(&[0, 2], &more), "a,b,c\n1,x,0.5\n3,z,0.25\n");
    /// # Ok::<(), limpid_files::TableError>(())
    /// ```
    pub fn rows_to_text(&self, rows: &[usize], more: &[(String, Vec<String>)]) -> String {
        let names = self.names().iter().chain(more.iter().map(|(name, _)| name)).map(String::as_str);
        let row = |(place, &row): (usize, &usize)| {
            let own = (0..self.names().len()).map(move |column| self.cell(row, column).unwrap_or_default());
            own.chain(more.iter().map(move |(_, cells)| cells.get(place).map_or("", String::as_str)))
        };
        let separator = if self.by_blanks { b',' } else { self.separator };
        lines(separator, names, rows.iter().enumerate().map(row))
    }
}

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
    // A header of one name shows no separator: the usual one is expected then.
    let separator = if names.len() == 1 { b',' } else { separator };
    let writer = |style| WriterBuilder::new().delimiter(separator).quote_style(style).from_writer(Vec::new());
    let mut body = writer(QuoteStyle::Necessary);
    // Memory takes every write, and rows may differ in length only where the caller's do.
    for row in rows {
        let _ = body.write_record(row);
    }
    let body = body.into_inner().unwrap_or_default();
    // A header within quotes is a header, and says what separates. Without them it could be taken for a comment or a
    // title, or another character for the separator.
    let is_plain = |name: &&str| {
        name.starts_with(|first: char| first.is_ascii_alphabetic())
            && !name.bytes().any(|byte| SEPARATORS.contains(&byte) || b"\n\r".contains(&byte))
            && !name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("sep="))
    };
    let is_misread =
        |byte: &u8| *byte != separator && (SEPARATORS.contains(byte) || (names.len() == 1 && *byte == b' '));
    let is_sure = names.iter().all(is_plain) && !body.iter().any(is_misread);
    let mut header = writer(if is_sure { QuoteStyle::Necessary } else { QuoteStyle::Always });
    let _ = header.write_record(&names);
    let parts = [header.into_inner().unwrap_or_default(), body];
    String::from_utf8(parts.concat()).unwrap_or_default()
}
