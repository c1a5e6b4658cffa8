#![no_main]

use libfuzzer_sys::fuzz_target;
use limpid_files::Safetensors;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(file) = Safetensors::from_bytes(bytes) {
        let written = file.to_bytes().expect("what was read can be written");
        assert_eq!(Safetensors::from_bytes(&written), Ok(file));
    }
});
