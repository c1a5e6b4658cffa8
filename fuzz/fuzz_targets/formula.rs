#![no_main]

use libfuzzer_sys::fuzz_target;
use limpid_expression::{Expression, ExpressionFault as Fault};
use limpid_graph::Builder;

// What is read is written and read again as the same, and computed; what is not is answered with its place.
fuzz_target!(|text: &str| {
    match text.parse::<Expression>() {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(formula) => {
            match formula.to_string().parse() {
                Ok(again) => assert_eq!(formula, again),
                // Spaces and brackets make it longer and deeper than what was read.
                Err(error) => assert!(matches!(error.fault(), Fault::TooLong { .. } | Fault::TooDeep { .. })),
            }
            let builder = Builder::new();
            let graph = builder.finish([formula.build(&builder)]).expect("what was read can be described");
            let names = formula.names();
            let values: Vec<_> = names.iter().map(|_| 0.5.into()).collect();
            graph.trace(&values).expect("what was described can be computed");
        }
    }
});
