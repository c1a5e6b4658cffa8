#![no_main]

use libfuzzer_sys::fuzz_target;
use limpid_files::Picture;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(picture) = Picture::from_bytes(bytes) {
        assert_eq!(picture.pixels.len(), picture.height * picture.width * picture.channels);
    }
});
