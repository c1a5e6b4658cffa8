#![no_main]

use libfuzzer_sys::fuzz_target;
use limpid_files::{Arrays, Naming, find_layers};

// A file of unknown format, and the layers that its arrays belong to.
fuzz_target!(|bytes: &[u8]| {
    if let Ok(read) = Arrays::from_bytes(bytes)
        && let Ok(found) = find_layers(read.arrays, None)
    {
        let layers = found.layers.len();
        assert!(found.named(Naming::Torch).len() >= layers);
    }
});
