#![no_main]

use libfuzzer_sys::fuzz_target;
use limpid_files::read_idx;

fuzz_target!(|bytes: &[u8]| {
    let _ = read_idx(bytes);
});
