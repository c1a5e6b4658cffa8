//! Permutations of axes that sink: random graphs keep their leaves and compute the same.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid_engine::with_permutations_sunk;
use limpid_graph::Graph;

use crate::support::random_graph::{Kind, RandomGraph, random_graph};
use crate::support::{Feeds, same_bits, values};

/// Shapes and numbers of the outputs, and of what is assigned, in `f64`.
fn answers(graph: &Graph, feeds: &Feeds) -> Vec<(Vec<usize>, Vec<f64>)> {
    let run = values::<f64>(graph, feeds).unwrap();
    let asked = graph.outputs().iter().copied().chain(graph.assignments().iter().map(|a| a.value));
    asked.map(|id| (run.shape(id).to_vec(), run.numbers(id).into_owned())).collect()
}

#[test]
fn graphs_with_sunk_permutations_have_the_same_leaves_and_compute_the_same_but_for_rounding() {
    let mut sunk_in = 0;
    for seed in 0..6_000 {
        let RandomGraph { graph, feeds } = random_graph(seed, Kind::Gentle);
        let (case, sunk) = (format!("graph {seed}"), with_permutations_sunk(graph.clone()).unwrap());
        let names = |graph: &Graph| graph.fed().map(|(_, node)| node.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&graph), names(&sunk), "{case}");
        sunk_in += usize::from(sunk != graph);
        for (wanted, found) in answers(&graph, &feeds).into_iter().zip(answers(&sunk, &feeds)) {
            assert_eq!(wanted.0, found.0, "{case}");
            let close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-9 * a.abs().max(1.0) || same_bits(*a, *b);
            assert!(wanted.1.iter().zip(&found.1).all(close), "{case}\n{}became\n{}", graph.show(), sunk.show());
        }
    }
    assert!(sunk_in > 100, "only {sunk_in} graphs had permutations that could sink");
}
