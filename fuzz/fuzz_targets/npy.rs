#![no_main]

use libfuzzer_sys::fuzz_target;
use limpid_files::{read_npy, write_npy};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(array) = read_npy(bytes) {
        let written = write_npy(&array).expect("what was read can be written");
        assert_eq!(read_npy(&written), Ok(array));
    }
});
