//! What a table costs that is read and prepared for a training: memory by its file's length, work by its columns.
#![cfg(feature = "tables")]
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

#[path = "../../files/tests/support/counting.rs"]
mod counting;

use counting::{allocations, peak_bytes};
use limpid::files::Table;
use limpid::prelude::Precision;
use limpid::tables::{self, TableOptions};

/// Pixels from 0 to 255 and a class, as digits are handed out as a table.
fn pixels(columns: usize, rows: usize) -> String {
    let names = (0..columns).map(|place| format!("pixel{place}")).collect::<Vec<_>>().join(",");
    let cell = |row: usize, place: usize| (row * (place + 3) % 300).saturating_sub(44).to_string();
    let row = |row: usize| (0..columns).map(|place| cell(row, place) + ",").collect::<String>();
    let rows = (0..rows).map(|at| format!("{}{}\n", row(at), ["a", "b"][at % 2]));
    format!("{names},class\n{}", rows.collect::<String>())
}

fn options() -> TableOptions {
    TableOptions { precision: Precision::F32, ..TableOptions::predicting("class") }
}

#[test]
fn a_table_of_digits_takes_four_times_its_file_at_most() {
    let text = pixels(784, 600);
    let length = text.len();
    let bytes = text.into_bytes();
    let mut preparation = None;
    let peak = peak_bytes(|| {
        let table = Table::from_bytes_as(bytes, &Default::default()).unwrap();
        let split = tables::split(&table, &options()).unwrap();
        preparation = Some(split.preparation);
    });
    // The file's bytes were held before.
    assert!(peak + length <= 4 * length, "{peak} bytes beside a file of {length}");
    let preparation = preparation.unwrap();
    let table = Table::from_bytes(pixels(784, 600).as_bytes()).unwrap();
    let peak = peak_bytes(|| drop(tables::labelled(&table, &preparation).unwrap()));
    assert!(peak <= 3 * length, "{peak} bytes beside a table whose file has {length}");
}

#[test]
fn twice_the_columns_take_twice_the_work() {
    let counted = |columns: usize| {
        let text = pixels(columns, 4).into_bytes();
        let mut preparation = None;
        let trained = allocations(|| {
            let table = Table::from_bytes(&text).unwrap();
            let split = tables::split(&table, &TableOptions { test_share: 0.25, ..options() }).unwrap();
            preparation = Some(split.preparation);
        });
        let preparation = preparation.unwrap();
        let asked = allocations(|| {
            let table = Table::from_bytes(&text).unwrap();
            tables::labelled(&table, &preparation).unwrap();
            tables::samples(&table, &preparation).unwrap();
        });
        [trained, asked]
    };
    let [few, many] = [2_000, 4_000].map(counted);
    for (few, many) in few.into_iter().zip(many) {
        assert!(10 * many < 22 * few, "{few} allocations for 2,000 columns, {many} for 4,000");
    }
}
