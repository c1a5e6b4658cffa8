#![no_main]

use libfuzzer_sys::fuzz_target;
use limpid_graph::{Builder, Expression};

// What is read is written and read again as the same, and computed; what is not is answered with its place.
fuzz_target!(|text: &str| {
    match text.parse::<Expression>() {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(formula) => {
            assert_eq!(formula.to_string().parse().as_ref(), Ok(&formula));
            let builder = Builder::new();
            let graph = builder.finish([formula.build(&builder)]).expect("what was read can be described");
            let names = formula.names();
            let values: Vec<_> = names.iter().map(|_| 0.5.into()).collect();
            graph.trace(&values).expect("what was described can be computed");
        }
    }
});
