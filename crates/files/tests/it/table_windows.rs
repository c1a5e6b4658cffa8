//! Tables that are read in windows are those that are read at once, however large the windows are.
#![cfg(feature = "tables")]
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use flate2::{Compression, write::GzEncoder};
use limpid_files::{Reading, Table, TableFile, TableForm};
use tempfile::TempDir;

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, bytes: &[u8]) -> TableFile {
        self.open(bytes).unwrap_or_else(|error| panic!("{error}"))
    }

    fn open(&self, bytes: &[u8]) -> Result<TableFile, String> {
        let path = self.0.path().join("t.csv");
        std::fs::write(&path, bytes).unwrap();
        TableFile::open(&path, &TableForm::default()).map_err(|error| without_path(&error.to_string(), &path))
    }
}

fn without_path(message: &str, path: &Path) -> String {
    message.replace(&format!("{}: ", path.display()), "")
}

/// The lines and the cells of all rows.
fn rows<'t>(tables: impl IntoIterator<Item = &'t Table>) -> Vec<(u64, Vec<String>)> {
    let mut rows = Vec::new();
    for table in tables {
        for row in 0..table.rows() {
            let cells = (0..table.names().len()).map(|column| table.cell(row, column).unwrap().to_string());
            rows.push((table.line(row).unwrap(), cells.collect()));
        }
    }
    rows
}

fn check(file: &TableFile, whole: &Table, what: &str) {
    assert_eq!(file.head().names(), whole.names(), "{what}");
    assert_eq!(file.head().form(), whole.form(), "{what}");
    for window in [1, 2, 3, 1000, 0] {
        let tables: Vec<Table> = file.windows(window).unwrap().map(Result::unwrap).collect();
        assert!(window == 0 || tables.iter().rev().skip(1).all(|table| table.rows() == window), "{what}");
        assert_eq!(rows(&tables), rows([whole]), "{what}, {window} rows at a time");
    }
    for column in 0..whole.names().len() {
        let own = file.readings(&[column]).map(|readings| readings.guesses[0].clone());
        let own = own.map_err(|error| without_path(&error.to_string(), file.path()));
        assert_eq!(own, whole.reading(column).map_err(|error| error.to_string()), "{what}, column {column}");
    }
}

/// Lines of few bytes, with everything that a reader passes over or has to understand.
fn small_tables() -> Vec<Vec<u8>> {
    let texts = [
        "a,b\n1,x\n2,y\n",
        "a,b\r\n1,\"x\r\ny\"\r\n\r\n2,\"say \"\"no\"\"\"\r\n",
        "\u{feff}a;b\n1,5;x\n2,5;é\n",
        "sep=;\na;b\n1;2\n3;4\n",
        "# made today\n# by hand\na,b\n1,2\n# between\n3,4\n\n\n5,6",
        "A title\n\na\tb\tc\n1\t2\t3\n4\t5\t6\n7\t8\t9\n",
        "a b   c\n 1 2  3\n4 \"5 5\" 6\n7 8 9\n",
        "a,b,,\n1,2,,\n3,4,,\n",
        "x y\nr1 1 2\nr2 3 4\nr3 5 6\n",
        "a\rb,c\r1,2\r",
        "d,t,p,n\n2024-01-31,12:30,5 %,1\n2024-02-01,13:00,6 %,None\n",
        "a;b\n1.234;17,36\n2.345;1,5\n",
        "zip,n\n01234,1\n02345,1\n",
        "n,w\n1,x\n2,3\n3,y\n",
    ];
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}

#[test]
fn windows_of_any_size_have_the_rows_and_the_lines_of_the_whole_table() {
    let place = Place::new();
    for bytes in small_tables() {
        let whole = Table::from_bytes(&bytes).unwrap();
        check(&place.file(&bytes), &whole, &format!("{:?}", String::from_utf8_lossy(&bytes)));
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(&bytes).unwrap();
        check(&place.file(&packed.finish().unwrap()), &whole, "packed");
    }
}

/// More than the head and several pieces of a file, so that rows, characters, line ends and quotes are cut anywhere.
fn large(of_row: impl Fn(usize) -> String, rows: usize) -> Vec<u8> {
    let mut text = "number,word,size\n".to_string();
    (0..rows).for_each(|row| write!(text, "{row},{}", of_row(row)).unwrap());
    text.into_bytes()
}

#[test]
fn rows_characters_and_quotes_that_pieces_cut_are_whole() {
    let place = Place::new();
    let cells = |row: usize| {
        let break_ = if row.is_multiple_of(3) { "\r\n" } else { "\n" };
        format!("\"été {}{break_}, {}\",{}.5{break_}", "ü".repeat(row % 50), "\"\"".repeat(row % 3), row % 7)
    };
    let bytes = large(cells, 100_000);
    assert!(bytes.len() > 7 << 20);
    let (file, whole) = (place.file(&bytes), Table::from_bytes(&bytes).unwrap());
    let tables: Vec<Table> = file.windows(7001).unwrap().map(Result::unwrap).collect();
    assert!(rows(&tables) == rows([&whole]));
    let guesses = file.readings(&[0, 1, 2]).unwrap();
    assert_eq!(guesses.rows, 100_000);
    (0..3).for_each(|column| assert_eq!(guesses.guesses[column], whole.reading(column).unwrap()));
}

#[test]
fn a_column_is_decided_by_its_last_cell_too_and_an_error_names_its_line() {
    let place = Place::new();
    let last = |cell: &str| {
        large(|row| format!("w,{}\n", if row + 1 == 300_000 { cell } else { "1,5" }.replace(',', "")), 300_000)
    };
    let file = place.file(&last("oops"));
    let message = file.readings(&[2]).unwrap_err().to_string();
    assert_eq!(
        without_path(&message, file.path()),
        "line 300001, column `size`: \"oops\" is not one of the numbers that 299999 of 300000 cells of this column are; \
         correct it, or leave the cell empty"
    );
    assert_eq!(file.readings(&[0, 1]).unwrap().guesses[1].reading, Reading::Words);
    let file = place.file(&last("5 kg,"));
    let message = file.readings(&[2]).unwrap_err().to_string();
    assert!(message.contains("line 300001, column `size`: \"5 kg\""), "{message}");
    let message = file.windows(1000).unwrap().find_map(Result::err);
    assert!(message.is_none(), "{message:?}");
}

#[test]
fn what_cannot_be_read_in_windows_names_its_line_and_the_way_out() {
    let place = Place::new();
    let read = |bytes: &[u8]| {
        let file = place.open(bytes)?;
        let tables = file.windows(1000).map_err(|error| error.to_string())?;
        let all = tables.collect::<Result<Vec<_>, _>>().map(|_| String::new());
        all.map_err(|error| without_path(&error.to_string(), file.path()))
    };
    let long = |end: &[u8]| [&large(|_| "word,1.5\n".to_string(), 500_000), end].concat();
    let utf16: Vec<u8> = [0xfeff].into_iter().chain("a,b\n1,2\n".encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let table: [(Vec<u8>, &str); 9] = [
        (long(b"7,\"word,1.5\n8,word,1.5\n"), "the row of line 500002 has a quote that is never closed"),
        (
            [&long(b"7,\"word,1.5\n")[..], &large(|_| "w,1\n".to_string(), 900_000)].concat(),
            "the row of line 500002 is longer than 4194304 bytes; is a quote never closed? Write a quote within a cell twice",
        ),
        (long(b"7,word\n"), "line 500002 has 2 cells, the header has 3"),
        (
            long(b"7,b\xe4r,1\n"),
            "line 500002 is not UTF-8, which a table that is read in windows has to be; convert it first: iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW",
        ),
        (
            utf16,
            "line 1 is not UTF-8, which a table that is read in windows has to be; convert it first: iconv -f UTF-16 -t UTF-8 OLD > NEW",
        ),
        (b"| a | b |\n|---|---|\n| 1 | 2 |\n".to_vec(), "the table cannot be read: it stands between bars"),
        (b"".to_vec(), "the table is empty"),
        (b"a,b\n".to_vec(), "the table has a header of 2 columns and no row"),
        (b"3,1.5\n3,4\n2,5\n".to_vec(), "line 1 looks like a row"),
    ];
    for (bytes, wanted) in table {
        let message = read(&bytes).expect_err(wanted);
        assert!(message.starts_with(wanted), "{message}");
    }
    let unnamed = large(|row| format!("w,1,{}\n", if row == 600_000 { "x" } else { "" }), 600_001);
    let text = String::from_utf8(unnamed).unwrap().replacen("size\n", "size,\n", 1);
    assert_eq!(
        read(text.as_bytes()).unwrap_err(),
        "line 600002: \"x\" stands in column 4, which has no name; write one into the header, or empty the cell"
    );
}

#[test]
fn a_file_that_cannot_be_read_twice_or_is_no_table_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let open = |path: &Path| TableFile::open(path, &TableForm::default()).unwrap_err().to_string();
    let zip = folder.path().join("t.csv");
    std::fs::write(&zip, b"PK\x03\x04not really").unwrap();
    assert!(open(&zip).contains("t.csv: this is"), "{}", open(&zip));
    assert!(open(&folder.path().join("none")).ends_with("check the path"));
    assert!(open(folder.path()).ends_with("name a file in it"));
    #[cfg(target_os = "linux")]
    {
        use std::os::fd::AsRawFd;
        let (reader, _writer) = std::io::pipe().unwrap();
        let message = open(Path::new(&format!("/dev/fd/{}", reader.as_raw_fd())));
        assert!(message.ends_with("a pipe, which can be read only once, not a file; name a file"), "{message}");
    }
}

#[test]
fn damaged_tables_are_read_or_refused_as_they_are_at_once() {
    let place = Place::new();
    for bytes in small_tables() {
        let damaged = (0..bytes.len()).flat_map(|at| {
            let cut = bytes[..at].to_vec();
            let replaced = b"\",\n\r#\xff ".iter().map(|&byte| [&bytes[..at], &[byte], &bytes[at + 1..]].concat());
            replaced.chain([cut]).collect::<Vec<_>>()
        });
        for damaged in damaged.filter(|damaged| std::str::from_utf8(damaged).is_ok()) {
            let read = place.open(&damaged).and_then(|file| {
                let tables = file.windows(2).and_then(Iterator::collect::<Result<Vec<_>, _>>);
                tables.map(|tables| rows(&tables)).map_err(|error| without_path(&error.to_string(), file.path()))
            });
            let wanted = Table::from_bytes(&damaged).map(|table| rows([&table])).map_err(|error| error.to_string());
            assert_eq!(read, wanted, "{:?}", String::from_utf8_lossy(&damaged));
        }
    }
}

#[test]
fn a_table_that_is_too_large_to_be_held_is_told_of_windows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.csv");
    let file = std::fs::File::create(&path).unwrap();
    // A hole: it takes no room.
    file.set_len(limpid_files::TABLE_CAP_BYTES + (64 << 20)).unwrap();
    let message = Table::read(&path).unwrap_err().to_string();
    assert!(
        message.ends_with(
            "large.csv: larger than the 1 GiB that a table in memory may have; in Rust, `limpid::tables::stream` reads it in windows"
        ),
        "{message}"
    );
}
