//! Transforms of random graphs keep what the graph computes, to the bit.

use std::collections::BTreeSet;

use limpid_graph::op::Class;
use limpid_graph::{Builder, Graph};

use crate::support::random_graph::{Kind, RandomGraph, random_graph};
use crate::support::{Feeds, same_bits, values};

const CASES: u64 = 3_000;

fn each_case(claim: impl Fn(&str, RandomGraph)) {
    for kind in [Kind::Wild, Kind::WildWithGradient] {
        (0..CASES).for_each(|seed| claim(&format!("{kind:?} graph {seed}"), random_graph(seed, kind)));
    }
}

/// Shapes and numbers of the outputs, and of what is assigned.
fn answers(graph: &Graph, feeds: &Feeds, case: &str) -> Vec<(Vec<usize>, Vec<f64>)> {
    let run = values::<f64>(graph, feeds).unwrap_or_else(|error| panic!("{case}: {error}"));
    let assigned = graph.assignments().iter().map(|a| a.value);
    let asked = graph.outputs().iter().copied().chain(assigned);
    asked.map(|id| (run.shape(id).to_vec(), run.numbers(id).into_owned())).collect()
}

fn assert_same(a: &[(Vec<usize>, Vec<f64>)], b: &[(Vec<usize>, Vec<f64>)], case: &str) {
    assert_eq!(a.len(), b.len(), "{case}");
    for (i, ((a_shape, a), (b_shape, b))) in a.iter().zip(b).enumerate() {
        assert_eq!(a_shape, b_shape, "{case}, answer {i}");
        assert!(a.iter().zip(b).all(|(&a, &b)| same_bits(a, b)), "{case}, answer {i}: {a:?} became {b:?}");
    }
}

#[test]
fn a_simplified_graph_computes_the_same_bits() {
    each_case(|case, RandomGraph { graph, feeds }| {
        let simplified = graph.simplified().unwrap();
        assert_eq!(simplified.check(), Ok(()), "{case}");
        assert!(simplified.nodes().len() <= graph.nodes().len(), "{case}");
        assert_same(&answers(&graph, &feeds, case), &answers(&simplified, &feeds, case), case);
    });
}

#[test]
fn a_graph_simplified_twice_is_as_it_was_after_once() {
    each_case(|case, RandomGraph { graph, .. }| {
        let once = graph.simplified().unwrap();
        let twice = once.simplified().unwrap();
        assert_eq!(once.nodes().len(), twice.nodes().len(), "{case}");
    });
}

#[test]
fn a_resumed_description_keeps_ids_and_can_go_on() {
    each_case(|case, RandomGraph { graph, feeds }| {
        let b = Builder::resume(&graph);
        let outputs: Vec<_> = graph.outputs().iter().map(|&id| b.var(id)).collect();
        let more = outputs.iter().fold(b.constant(0.0), |sum, x| sum + x.sum_all());
        let longer = b.finish(outputs.into_iter().chain([more])).unwrap();
        assert_eq!(longer.check(), Ok(()), "{case}");
        assert_eq!(longer.outputs()[..graph.outputs().len()], *graph.outputs(), "{case}");
        assert_eq!(longer.assignments(), graph.assignments(), "{case}");
        let kept = graph.nodes().zip(longer.nodes());
        kept.for_each(|((id, a), (same_id, b))| assert_eq!((id, &a.name, &a.inputs), (same_id, &b.name, &b.inputs)));
        let run = values::<f64>(&longer, &feeds).unwrap();
        let before = values::<f64>(&graph, &feeds).unwrap();
        for (id, _) in graph.nodes() {
            let same = before.numbers(id).iter().zip(&*run.numbers(id)).all(|(&a, &b)| same_bits(a, b));
            assert!(same, "{case}, node {}", id.index());
        }
    });
}

#[test]
fn the_random_graphs_reach_every_class_and_every_row() {
    let mut classes = BTreeSet::new();
    let mut names = BTreeSet::new();
    for seed in 0..CASES {
        for (_, node) in random_graph(seed, Kind::WildWithGradient).graph.nodes() {
            classes.insert(node.op.class());
            names.insert(node.op.name().to_string());
        }
    }
    assert_eq!(classes.into_iter().collect::<Vec<_>>(), Class::ALL);
    let rows = limpid_graph::MapOp::ALL.iter().map(|op| op.info().name);
    let others = ["sum", "max", "min", "reshape", "permute", "broadcast", "slice", "pad", "concat", "gather"];
    let more =
        ["scatter_add", "one_hot", "argmax", "matmul", "uniform", "damped", "extent", "input", "parameter", "state"];
    let missing: Vec<_> = rows.chain(others).chain(more).filter(|name| !names.contains(*name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn an_input_that_says_what_a_symbol_is_survives() {
    let b = Builder::new();
    let x = b.input("x", ("batch", 2));
    let zeros = b.grad(b.constant(1.0), &[x])[0];
    let graph = b.finish([zeros, b.extent("batch".into())]).unwrap();
    let simplified = graph.simplified().unwrap();
    assert_eq!(simplified.inputs().count(), 1);
    let answers = simplified.run(&[("x", &limpid_graph::Tensor::zeros([3, 2]))]).unwrap();
    assert_eq!((answers[0].shape(), answers[1].item()), (&[3, 2][..], Some(3.0)));
}

#[test]
fn formulas_that_differ_in_the_sign_of_a_zero_stay_apart() {
    let over = |zero: f64| limpid_graph::Formula::new("over", move |[x]| x / zero);
    let b = Builder::new();
    let x = b.scalar("x");
    let graph = b.finish([over(0.0).apply([x]), over(-0.0).apply([x])]).unwrap().simplified().unwrap();
    let answers = graph.run(&[("x", &1.0.into())]).unwrap();
    assert_eq!((answers[0].item(), answers[1].item()), (Some(f64::INFINITY), Some(f64::NEG_INFINITY)));
}

#[test]
fn a_reshape_of_a_reshape_becomes_one_or_none() {
    let b = Builder::new();
    let x = b.input("x", (2, 6));
    let (back, on) = (x.flatten(0).reshape((2, 6)), x.reshape((3, 4)).reshape((4, 3)));
    let graph = b.finish([back, on]).unwrap().simplified().unwrap();
    assert_eq!(graph.nodes().len(), 2);
    assert_eq!(graph.outputs()[0].index(), 0);
}
