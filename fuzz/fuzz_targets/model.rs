#![no_main]

use libfuzzer_sys::fuzz_target;
use limpid_files::ModelFile;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(model) = ModelFile::from_bytes(bytes) {
        model.to_bytes().expect("what was read can be written");
    }
});
