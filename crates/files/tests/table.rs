//! Tables: what is read, what is refused and where, and that what is written is read again.

use std::fs;

use limpid_files::{Table, TableError, TableFileError, comma_separated};
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
    assert_eq!(numeric, [true, true, false, false, false, true]);
    assert_eq!(table.numbers(0).unwrap(), [Some(1.0), Some(-1000.0), None]);
    assert_eq!(table.numbers(1).unwrap(), [Some(2.5), None, None]);
    assert_eq!(table.numbers(3).unwrap(), [None; 3]);
    assert_eq!(table.words(2).collect::<Vec<_>>(), [Some("x"), Some("1"), None]);
    let said = |column| table.numbers(column).unwrap_err().to_string();
    assert_eq!(said(2), "line 2, column `c`: \"x\" is no number; write one such as -0.5, or leave the cell empty");
    assert_eq!(said(4), "line 3, column `e`: \"3,5\" is no number; write it with a point: 0.5 for 0,5");
    assert!(said(5).starts_with("line 2, column `f`: \"1e999\" is no number to compute with; write a finite one"));
}

#[test]
fn what_is_no_table_is_refused_with_its_line() {
    let table: [(&[u8], &str); 12] = [
        (b"", "the table is empty"),
        (b"\xef\xbb\xbf\n\n", "the table is empty"),
        (b"a,b\n", "a header of 2 columns and no row"),
        (b"a,b\n1,2\n3\n", "line 3 has 1 cell, the header has 2"),
        (b"a,b\n1,2\n\n3,4,5\n", "line 4 has 3 cells, the header has 2"),
        (b"a,b\n\"x\ny\",2\n3\n", "line 4 has 1 cell, the header has 2"),
        (b"a,b,a\n1,2,3\n", "columns 1 and 3 are both called `a`"),
        (b"a,b\n1,2\n3,\"4\n5,6\n", "the row of line 3 has a quote that is never closed"),
        (b"a,\"b\n1,2\n", "the row of line 1 has a quote that is never closed"),
        (b"a,b\n1,caf\xe9\n", "line 2 is not UTF-8"),
        (b"\xff\xfea\0,\0b\0\n\0", "the table is UTF-16"),
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
        let table = Table::from_bytes(text.as_bytes()).unwrap();
        prop_assert_eq!(table.names(), &names);
        prop_assert_eq!(cells(&table), rows);
        let again = Table::from_bytes(table.to_text(&[]).as_bytes()).unwrap();
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
    fn random_bytes_are_a_table_or_refused(bytes in prop::collection::vec(prop::sample::select(b"ab1,;\t\n\r\" \xc3\xa9".to_vec()), 0..60)) {
        if let Ok(table) = Table::from_bytes(&bytes) {
            for column in 0..table.names().len() {
                let _ = (table.is_numeric(column), table.numbers(column));
            }
            let again = Table::from_bytes(table.to_text(&[]).as_bytes()).unwrap();
            prop_assert_eq!(cells(&again), cells(&table));
        }
    }
}
