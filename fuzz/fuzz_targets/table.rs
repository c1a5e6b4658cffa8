#![no_main]

use libfuzzer_sys::fuzz_target;
use limpid_files::Table;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(table) = Table::from_bytes(bytes) {
        for column in 0..table.names().len() {
            assert!(table.is_numeric(column) || table.numbers(column).is_err() || table.words(column).all(|word| word.is_none()));
        }
        let again = Table::from_bytes(table.to_text(&[]).as_bytes()).expect("what was read can be written");
        assert_eq!((again.names(), again.rows()), (table.names(), table.rows()));
    }
});
