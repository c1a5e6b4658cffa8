#![no_main]

use libfuzzer_sys::fuzz_target;
use limpid_files::read_pickle;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(pickle) = read_pickle(bytes) {
        let _ = pickle.arrays();
    }
});
