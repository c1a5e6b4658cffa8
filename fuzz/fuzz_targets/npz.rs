#![no_main]

use libfuzzer_sys::fuzz_target;
use limpid_files::{Packing, read_npz, write_npz};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(arrays) = read_npz(bytes) {
        if let Ok(written) = write_npz(&arrays, Packing::Stored) {
            assert_eq!(read_npz(&written), Ok(arrays));
        }
    }
});
