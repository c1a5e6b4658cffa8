//! Texts that fuzzing found worth keeping are read again: formulas and networks. See `fuzz/`.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::fs;
use std::path::Path;

use limpid_expression::Expression;
use limpid_graph::Builder;
use limpid_learn::{Mode, Network};

/// The texts in a folder of the corpus; what is not UTF-8 never reaches a parser.
fn texts(folder: &str) -> Vec<String> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus")).join(folder);
    let files = fs::read_dir(folder).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap());
    files.filter_map(|bytes| String::from_utf8(bytes).ok()).collect()
}

#[test]
fn the_corpus_of_formulas_is_computed_or_refused() {
    let texts = texts("formula");
    assert!(texts.len() >= 15);
    for text in texts {
        match text.parse::<Expression>() {
            Err(error) => assert!(!error.to_string().is_empty()),
            Ok(formula) => {
                assert_eq!(formula.to_string().parse().as_ref(), Ok(&formula), "{text}");
                let builder = Builder::new();
                let graph = builder.finish([formula.build(&builder)]).unwrap();
                graph.trace(&formula.names().iter().map(|_| 0.5.into()).collect::<Vec<_>>()).unwrap();
            }
        }
    }
}

#[test]
fn the_corpus_of_networks_is_described_or_refused() {
    let texts = texts("network");
    assert!(texts.len() >= 10);
    for text in texts {
        match text.parse::<Network>() {
            Err(error) => assert!(!error.to_string().is_empty()),
            Ok(network) => {
                let written = network.to_string();
                assert_eq!(written.parse::<Network>().unwrap().to_string(), written);
                let _ = network.graph(Mode::Inference);
            }
        }
    }
}
