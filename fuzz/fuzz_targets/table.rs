#![no_main]

use libfuzzer_sys::fuzz_target;
use limpid_files::{Table, TableForm};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(table) = Table::from_bytes(bytes) {
        for column in 0..table.names().len() {
            let _ = (table.is_numeric(column), table.numbers(column));
        }
        let form = TableForm { header: Some(true), ..TableForm::default() };
        let again = Table::from_bytes_as(table.to_text(&[]).into_bytes(), &form).expect("what was read can be written");
        assert_eq!((again.names(), again.rows()), (table.names(), table.rows()));
    }
});
