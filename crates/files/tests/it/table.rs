//! Tables: what is read, what is refused and where, and that what is written is read again.

use std::fs;

use limpid_files::{Doubt, Reading, Table, TableError, TableFileError, TableForm, comma_separated};
use proptest::prelude::*;

fn table(text: &str) -> Table {
    Table::from_bytes(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn cells(table: &Table) -> Vec<Vec<&str>> {
    let row = |row| (0..table.names().len()).map(|column| table.cell(row, column).expect("a cell")).collect();
    (0..table.rows()).map(row).collect()
}

#[test]
fn marks_line_ends_separators_and_quotes_are_taken_as_programs_write_them() {
    let written = [
        "a,b\n1,x y\n,\"2,5\"\n",
        "a,b\r\n1,x y\r\n,\"2,5\"\r\n",
        "\u{feff}a,b\n1,x y\n,\"2,5\"",
        "\n\"a\",\"b\"\n1,\"x y\"\n\n\"\",\"2,5\"\n\n",
        "a\tb\n1\tx y\n\t2,5\n",
        "a;b\n1;x y\n;2,5\n",
        "a , b\n1,x y\n,\"2,5\"\n",
    ];
    for text in written {
        let table = table(text);
        assert_eq!(table.names(), ["a", "b"], "{text:?}");
        assert_eq!(cells(&table), [["1", "x y"], ["", "2,5"]], "{text:?}");
    }
    let quoted = table("a,b\n\"say \"\"yes\"\"\",\"two\nlines\"\n1,2\n");
    assert_eq!(cells(&quoted), [["say \"yes\"", "two\nlines"], ["1", "2"]]);
    assert_eq!([quoted.line(0), quoted.line(1), quoted.line(2)], [Some(2), Some(4), None]);
    assert_eq!(table("a\n1\n").names(), ["a"]);
    assert_eq!(table("a;b,c;d\n1;2;3\n").names(), ["a", "b,c", "d"]);
    assert_eq!(table(",b\n1,2\n").names(), ["column 1", "b"]);
    // A quote within a cell is a character, in the header too; one that opens keeps separators in its cell.
    assert_eq!(table("5\" disk\n\"a;b\"\n").names(), ["5\" disk"]);
    assert_eq!(table("5\",a;b\n\"1;2\",3\n").names(), ["5\"", "a;b"]);
    assert_eq!(table("a,\"b;\"\";;\",c\n1,2,3\n").names(), ["a", "b;\";;", "c"]);
}

#[test]
fn a_column_is_numeric_where_every_known_cell_is_a_number() {
    let table = table("a,b,c,d,e,f\n1, 2.5 ,x,,3,1e999\n-1e3,NA,1,?,\"3,5\",2\n,null,NaN,n/a,4,inf\n");
    let numeric: Vec<bool> = (0..6).map(|column| table.is_numeric(column)).collect();
    assert_eq!(numeric, [true, true, false, false, true, true]);
    assert_eq!(table.numbers(4).unwrap(), [Some(3.0), Some(3.5), Some(4.0)]);
    assert_eq!(table.numbers(0).unwrap(), [Some(1.0), Some(-1000.0), None]);
    assert_eq!(table.numbers(1).unwrap(), [Some(2.5), None, None]);
    assert_eq!(table.numbers(3).unwrap(), [None; 3]);
    assert_eq!(table.words(2).collect::<Vec<_>>(), [Some("x"), Some("1"), None]);
    let said = |column| table.numbers(column).unwrap_err().to_string();
    assert_eq!(said(2), "line 2, column `c`: \"x\" is not a number; write one such as -0.5, or leave the cell empty");
    assert!(said(5).starts_with("line 2, column `f`: \"1e999\" is not a number to compute with; write a finite one"));
}

#[test]
fn what_is_no_table_is_refused_with_its_line() {
    let table: [(&[u8], &str); 16] = [
        (b"", "the table is empty"),
        (b"\xef\xbb\xbf\n\n", "the table is empty"),
        (b"a,b\n", "a header of 2 columns and no row"),
        (b"a,b\n1,2\n3\n", "line 3 has 1 cell, the header has 2"),
        (b"a,b\n1,2\n\n3,4,5\n", "line 4 has 3 cells, the header has 2"),
        (b"a,b\n\"x\ny\",2\n3\n", "line 4 has 1 cell, the header has 2"),
        (b"a,b,a\n1,2,3\n", "columns 1 and 3 are both called `a`"),
        (b"a,b\n1,2\n3,\"4\n5,6\n", "the row of line 3 has a quote that is never closed"),
        (b"a,\"b\n1,2\n", "the row of line 1 has a quote that is never closed"),
        (b"a,b\n1,caf\xe9\x01\n", "this is not text, as line 2 shows, but binary data"),
        (b"\xff\xfe\0\xd8", "the table begins as UTF-16, but is damaged"),
        (b"a,b\n1,2\n3,4,5\n6,7\n", "line 3 has 3 cells, the header has 2"),
        (b"a,b\n1,2,x\n1,3,y\n", "line 2 has 3 cells, the header has 2"),
        (b"[{\"a\": 1}]", "this is JSON; write it as CSV"),
        (b"% weather\n@relation w\n@data\n1\n", "this is an ARFF file"),
        (b"a,b\n1,2\n\"3\"\"\n5,6\n", "the row of line 3 has a quote that is never closed"),
    ];
    for (bytes, said) in table {
        let error = Table::from_bytes(bytes).unwrap_err().to_string();
        assert!(error.contains(said), "{}: {error}", bytes.escape_ascii());
    }
    let wide = vec!["a"; 70_000].join(",");
    assert!(matches!(Table::from_bytes(wide.as_bytes()), Err(TableError::Columns { found: 70_000, .. })));
}

#[test]
fn files_may_be_packed_and_errors_name_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    assert!(matches!(Table::read(&path), Err(TableFileError::Read(_))));
    fs::write(&path, "a,b\n1\n").unwrap();
    let error = Table::read(&path).unwrap_err().to_string();
    assert!(error.contains("a.csv: line 2 has 1 cell"), "{error}");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, b"a,b\n1,2\n").unwrap();
    fs::write(&path, packed.finish().unwrap()).unwrap();
    assert_eq!(Table::read(&path).unwrap(), table("a,b\n1,2\n"));
}

#[test]
fn more_columns_stand_to_the_right() {
    let table = table("a\tb\n1\t2\n3\t\"x\ty\"\n");
    let more = [("c".to_string(), vec!["5".to_string(), "6".to_string()])];
    assert_eq!(table.to_text(&more), "a\tb\tc\n1\t2\t5\n3\t\"x\ty\"\t6\n");
}

fn read(text: &str, column: usize) -> Result<Vec<Option<f64>>, String> {
    let table = table(text);
    let reading = table.reading(column).map_err(|error| error.to_string())?.reading;
    if reading == Reading::Words {
        return Err("words".to_string());
    }
    table.read_column(column, &reading).map_err(|error| error.to_string())
}

/// A table of one column of interest, separated by semicolons, or by commas with its cells in quotes.
fn of_cells(separator: char, cells: &[&str]) -> String {
    let quote = if separator == ',' { "\"" } else { "" };
    let rows: String =
        cells.iter().enumerate().map(|(row, cell)| format!("{quote}{cell}{quote}{separator}x{row}\n")).collect();
    format!("a{separator}name\n{rows}")
}

#[test]
fn columns_are_read_as_people_write_them() {
    let table: [(char, &[&str], &[f64]); 23] = [
        (';', &["4,46", "3,37", "17"], &[4.46, 3.37, 17.0]),
        (',', &["4,464", "3,365", "12"], &[4464.0, 3365.0, 12.0]),
        (';', &["4,464", "3,365"], &[4.464, 3.365]),
        (';', &["1.234", "2.345,5"], &[1234.0, 2345.5]),
        (';', &["1.234", "2.5"], &[1.234, 2.5]),
        (',', &["0,123", "4,464"], &[0.123, 4.464]),
        (',', &["$17,360", "$900", "1,200"], &[17360.0, 900.0, 1200.0]),
        (',', &["44%", "5 %"], &[44.0, 5.0]),
        (',', &["446 kg", "33 kg"], &[446.0, 33.0]),
        (',', &["(1,200)", "\u{2212}5", "7"], &[-1200.0, -5.0, 7.0]),
        (',', &["1e3", "1E+03", "2"], &[1000.0, 1000.0, 2.0]),
        (',', &["1'234.5", "1 234"], &[1234.5, 1234.0]),
        (',', &["2024-01-31", "2024-02-01T12:00:00Z"], &[19_753.0, 19_754.5]),
        (',', &["31.01.2024 12:00", "1.2.2024"], &[19_753.5, 19_754.0]),
        (',', &["01/02/2024", "01/31/2024"], &[19_724.0, 19_753.0]),
        (',', &["01/02/2024", "31/01/2024"], &[19_754.0, 19_753.0]),
        (',', &["20240131", "20240201"], &[19_753.0, 19_754.0]),
        (',', &["12:30", "0:15"], &[12.5, 0.25]),
        (',', &["3", "None", "4"], &[3.0, 4.0]),
        (',', &["2024-01-31", "None"], &[19_753.0]),
        (',', &["45322", "45323"], &[45322.0, 45323.0]),
        (',', &["007", "012"], &[7.0, 12.0]),
        (',', &["1,00,000", "12,34,567"], &[100_000.0, 1_234_567.0]),
    ];
    for (separator, cells, wanted) in table {
        let numbers = read(&of_cells(separator, cells), 0).map(|all| all.into_iter().flatten().collect::<Vec<_>>());
        assert_eq!(numbers.as_deref(), Ok(wanted), "{cells:?} by {separator:?}");
    }
    let words: [&[&str]; 8] = [
        &["1/2", "3/4"],
        &["yes", "no", "1", "0"],
        &["01234", "99999"],
        &["A1", "B2"],
        &["1st", "2nd"],
        &["True", "False"],
        &["None", "Some"],
        &["12 kg", "3 g", "5"],
    ];
    for cells in words {
        assert_eq!(read(&of_cells(',', cells), 0), Err("words".to_string()), "{cells:?}");
    }
}

#[test]
fn a_few_cells_that_do_not_read_as_the_others_are_named() {
    let slip = |usual: fn(usize) -> String, other: &str| {
        let rows: String =
            (0..40).map(|row| if row == 3 { format!("{other};x\n") } else { usual(row) + ";x\n" }).collect();
        table(&format!("a;b\n{rows}")).reading(0).map_err(|error| error.to_string())
    };
    let number = |row: usize| format!("{row}.5");
    for other in ["-", ".", "1O", "missing", "#DIV/0!", "12:30", "3 kg", "yes"] {
        let said = slip(number, other).unwrap_err();
        let start =
            format!("line 5, column `a`: {other:?} is not one of the numbers that 39 of 40 cells of this column are;");
        assert!(said.starts_with(&start), "{said}");
    }
    let said = slip(|row| format!("{row} %"), "12").unwrap_err();
    assert!(said.contains("\"12\" is not one of the numbers in % that 39 of 40"), "{said}");
    let said = slip(|row| format!("2024-01-{:02}", 1 + row % 31), "soon").unwrap_err();
    assert!(said.contains("\"soon\" is not one of the dates that 39 of 40"), "{said}");
    let said = slip(|row| format!("{row},5"), "x").unwrap_err();
    assert!(said.contains("line 5, column `a`: \"x\" is not one of the numbers"), "{said}");
    // Few different numbers, and one word in one row.
    assert!(slip(|row| (row % 5).to_string(), "-").is_err());
    assert_eq!(slip(number, "None").unwrap().reading, Reading::PLAIN);
}

#[test]
fn what_may_be_read_in_two_ways_is_said() {
    let doubt = |text: &str| table(text).reading(0).unwrap().doubt;
    assert_eq!(doubt("a,b\n\"1,234\",x\n\"2,345\",y\n"), Some(Doubt::Thousands("1,234".to_string())));
    assert_eq!(doubt("a,b\n\"1,234\",x\n\"2,345.5\",y\n"), None);
    assert_eq!(doubt("a;b\n1.234;17,3\n2.345;5,1\n"), Some(Doubt::Thousands("1.234".to_string())));
    assert_eq!(doubt("a;b\n1.234;17\n2.345;5\n"), None);
    assert_eq!(doubt("a,b\n01/02/2024,x\n03/04/2024,y\n"), Some(Doubt::MonthOrDay("01/02/2024".to_string())));
    assert_eq!(doubt("a,b\n1.2.2024,x\n3.4.2024,y\n"), None);
    assert_eq!(doubt("a,b\n01234,x\n56789,y\n"), Some(Doubt::Codes("01234".to_string())));
    assert_eq!(doubt("a,b\nyes,x\n7,y\nno,z\n"), Some(Doubt::SomeNumbers(1, "7".to_string())));
    let readings = ["point", "comma", "comma in kg", "time", "date year first", "date eight digits", "words"];
    for text in readings {
        assert_eq!(text.parse::<Reading>().unwrap().to_string(), text);
    }
    assert!("date".parse::<Reading>().is_err());
}

#[test]
fn marks_for_missing_values_are_pandas_own_and_those_that_are_named() {
    let marks = "#N/A,#N/A N/A,#NA,-1.#IND,-1.#QNAN,-NaN,-nan,1.#IND,1.#QNAN,<NA>,N/A,NA,NULL,NaN,None,n/a,nan,null,";
    for mark in marks.split(',') {
        let text = format!("a,b\n1.5,x\n{mark},y\n");
        assert_eq!(table(&text).numbers(0), Ok(vec![Some(1.5), None]), "{mark:?}");
    }
    let form = TableForm { missing: vec!["-".to_string(), "-999".to_string()], ..TableForm::default() };
    let own = Table::from_bytes_as(b"a,b\n1.5,x\n-,y\n-999,-\n".to_vec(), &form).unwrap();
    assert_eq!(own.numbers(0), Ok(vec![Some(1.5), None, None]));
    assert_eq!(own.words(1).collect::<Vec<_>>(), [Some("x"), Some("y"), None]);
}

#[test]
fn lines_that_are_none_of_the_table_are_passed_over_and_said() {
    let wanted = [["7.7", "ash"], ["3.6", "cedar"], ["3.9", "ash"]];
    let written = [
        ("# in May\n# by hand\nleaf,kind\n7.7,ash\n3.6,cedar\n3.9,ash\n", "2 comments that begin with `#`"),
        ("leaf,kind\n7.7,ash\n# the rest by hand\n3.6,cedar\n3.9,ash\n", "a comment between the rows"),
        ("sep=;\nleaf;kind\n7.7;ash\n3.6;cedar\n3.9;ash\n", "the line `sep=;` is passed over"),
        ("Trees of 2024\n\nleaf,kind\n7.7,ash\n3.6,cedar\n3.9,ash\n", "a title line before the header"),
        ("leaf,kind\n7.7,ash,\n3.6,cedar,\n3.9,ash,\n", "empty cells at the end of 3 rows"),
        ("leaf,kind,\n7.7,ash,\n3.6,cedar,\n3.9,ash,\n", "a column with neither a name nor a cell"),
        ("| leaf | kind |\n|------|:----:|\n| 7.7 | ash |\n| 3.6 | cedar |\n| 3.9 | ash |\n", ""),
        ("leaf|kind\n7.7|ash\n3.6|cedar\n3.9|ash\n", ""),
        ("leaf kind\n 7.7   ash\n3.6 cedar\n3.9 \t ash\n", ""),
        ("leaf,kind\r7.7,ash\r3.6,cedar\r3.9,ash\r", ""),
        ("leaf,kind\r\n7.7,ash\r\n3.6,cedar\r\n3.9,ash\r\n", ""),
    ];
    for (text, note) in written {
        let table = table(text);
        assert_eq!(table.names(), ["leaf", "kind"], "{text:?}");
        let trimmed: Vec<Vec<&str>> =
            cells(&table).iter().map(|row| row.iter().map(|cell| cell.trim()).collect()).collect();
        assert_eq!(trimmed, wanted, "{text:?}");
        assert!(table.notes().iter().any(|own| own.contains(note)) || note.is_empty(), "{note}: {:?}", table.notes());
    }
    let excel: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain("leaf\tkind\r\n7.7\tash\r\n".encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    assert_eq!(cells(&Table::from_bytes(&excel).unwrap()), [["7.7", "ash"]]);
    let latin = Table::from_bytes(b"a,b\n1,caf\xe9 \x80\n").unwrap();
    assert_eq!((latin.cell(0, 1), latin.notes().len()), (Some("caf\u{e9} \u{20ac}"), 1));
    let padded = table("Sales 2024,,\n,,\na,b,c\n1,2,3\n4,5,6\n");
    assert_eq!((padded.names(), padded.line(0)), (&["a".to_string(), "b".to_string(), "c".to_string()][..], Some(4)));
    let saved = table("# x y\n0.5 1.5\n2.5 3.5\n");
    assert_eq!((saved.names(), saved.rows()), (&["x".to_string(), "y".to_string()][..], 2));
}

#[test]
fn names_of_rows_are_a_column_of_their_own() {
    let written = [
        "\"leaf\",\"kind\"\n\"1\",7.7,\"ash\"\n\"2\",3.6,\"cedar\"\n",
        "\"leaf\" \"kind\"\n\"1\" 7.7 \"ash\"\n\"2\" 3.6 \"cedar\"\n",
        "leaf\tkind\n1\t7.7\tash\n2\t3.6\tcedar\n",
    ];
    for text in written {
        let table = table(text);
        assert_eq!(table.names(), ["row names", "leaf", "kind"], "{text:?}");
        assert_eq!(cells(&table), [["1", "7.7", "ash"], ["2", "3.6", "cedar"]], "{text:?}");
        assert!(table.is_unnamed(0) && !table.is_unnamed(1));
    }
}

#[test]
fn a_first_line_that_is_a_row_is_refused_and_columns_go_by_place_when_asked() {
    let rows = [
        "7.7,5.0,cedar\n3.6,9.3,ash\n3.9,9.1,cedar\n",
        "5,0,0,7\n0,3,0,1\n4,9,9,9\n",
        "n,y\ny,n\nn,y\n",
        "  4.4643  44  0  17.36\n  3.3654  82  1   12.34\n",
    ];
    for text in rows {
        let error = Table::from_bytes(text.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("line 1 looks like a row, not a header: "), "{text:?}: {error}");
        let form = TableForm { header: Some(false), ..TableForm::default() };
        let table = Table::from_bytes_as(text.as_bytes().to_vec(), &form).unwrap();
        assert_eq!(table.rows(), text.lines().count(), "{text:?}");
        assert_eq!((table.names()[0].as_str(), table.column("2"), table.line(0)), ("column 1", Ok(1), Some(1)));
    }
    let headers = [
        "a,b\n1,2\n",
        "country,2019,2020\nFrance,1.5,2\nPeru,2,3\n",
        "label,0,1,2\n5,0,0,0\n1,2,3,4\n",
        "0,1,2\n5,6,7\n",
        "name,age\nBob,3\n",
        "kind,size\nash,large\noak,small\n",
        "\"5.5\",b\n1,x\n",
    ];
    for text in headers {
        let form = TableForm { header: Some(true), ..TableForm::default() };
        let sure = Table::from_bytes_as(text.as_bytes().to_vec(), &form).unwrap();
        if !text.starts_with('"') {
            assert_eq!(table(text), sure, "{text:?}");
        }
    }
    let mut shorter =
        Table::from_bytes_as(b"1,x\n2,y\n".to_vec(), &TableForm { header: Some(false), ..TableForm::default() })
            .unwrap();
    shorter.without_place(0);
    assert_eq!(shorter.names(), ["column 2", "column 3"]);
}

#[test]
fn a_packed_table_is_read_from_its_bytes() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, b"a;b\r\n1;x\r\n").unwrap();
    let packed = Table::from_bytes_as(packed.finish().unwrap(), &TableForm::default()).unwrap();
    let plain = table("a,b\n1,x\n");
    assert_eq!((packed.names(), cells(&packed)), (plain.names(), cells(&plain)));
}

/// What was written has a header, whatever its names look like.
fn written(text: &str) -> Table {
    let form = TableForm { header: Some(true), ..TableForm::default() };
    Table::from_bytes_as(text.as_bytes().to_vec(), &form).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

/// Names as a header has them: no two alike, nothing but spaces in none, no spaces around any.
fn names() -> impl Strategy<Value = Vec<String>> {
    let name = "[ -~é\u{feff}\n\r\t]{1,6}"
        .prop_map(|name| name.trim().to_string())
        .prop_filter("a name", |name| !name.is_empty());
    prop::collection::hash_set(name, 1..6).prop_map(|names| names.into_iter().collect())
}

proptest! {
    #[test]
    fn a_table_that_is_written_is_read_again(
        (names, rows) in names().prop_flat_map(|names| {
            let row = prop::collection::vec("[ -~é\n\r\t]{0,6}", names.len());
            (Just(names), prop::collection::vec(row, 1..8))
        })
    ) {
        let text = comma_separated(names.iter().map(String::as_str), rows.iter().map(|row| row.iter().map(String::as_str)));
        let table = written(&text);
        prop_assert_eq!(table.names(), &names);
        prop_assert_eq!(cells(&table), rows);
        let again = written(&table.to_text(&[]));
        prop_assert_eq!(cells(&again), cells(&table));
    }

    #[test]
    fn numbers_come_back_to_the_bit(numbers in prop::collection::vec(prop::num::f64::NORMAL | prop::num::f64::ZERO, 1..20)) {
        let cells: Vec<String> = numbers.iter().map(|number| number.to_string()).collect();
        let text = comma_separated(["x"], cells.iter().map(|cell| [cell.as_str()]));
        let table = Table::from_bytes(text.as_bytes()).unwrap();
        let read: Vec<u64> = table.numbers(0).unwrap().into_iter().map(|number| number.unwrap().to_bits()).collect();
        prop_assert_eq!(read, numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>());
    }

    #[test]
    fn random_bytes_are_a_table_or_refused(bytes in prop::collection::vec(prop::sample::select(b"ab1,;\t|#%\n\r\" \xc3\xa9".to_vec()), 0..60)) {
        if let Ok(table) = Table::from_bytes(&bytes) {
            for column in 0..table.names().len() {
                let _ = (table.is_numeric(column), table.numbers(column));
            }
            let again = written(&table.to_text(&[]));
            prop_assert_eq!(cells(&again), cells(&table));
        }
    }
}
