#![no_main]

use libfuzzer_sys::fuzz_target;
use limpid_learn::{Mode, Network};

// What is read is written and read again as the same; what is not is answered with its place.
fuzz_target!(|text: &str| {
    match text.parse::<Network>() {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(network) => {
            let written = network.to_string();
            let again: Network = written.parse().expect("what was written can be read");
            assert_eq!(again.to_string(), written);
            if let Err(error) = network.graph(Mode::Inference) {
                assert!(!error.to_string().is_empty());
            }
        }
    }
});
