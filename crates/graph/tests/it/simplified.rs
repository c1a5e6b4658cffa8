//! What simplification leaves out, and what it keeps.
// The lint is off in functions marked as tests, and there are helpers here.
#![allow(clippy::unwrap_used)]

use limpid_graph::{Builder, MapOp, Op};

#[test]
fn repeated_subexpressions_are_computed_once() {
    let b = Builder::new();
    let x = b.input("x", 3);
    let sum = (x * 2.0).exp() + (x * 2.0).exp();
    let graph = b.finish([sum]).unwrap().simplified().unwrap();
    assert_eq!(graph.nodes().filter(|(_, n)| n.op == Op::Map(MapOp::Exp)).count(), 1);
    assert_eq!(graph.nodes().len(), 6, "x, 2, its broadcast, product, exp, sum");
}

#[test]
fn constant_arithmetic_is_folded_and_what_does_nothing_vanishes() {
    let b = Builder::new();
    let x = b.input("x", ());
    let one = b.constant(0.5) + 0.5;
    let graph = b.finish([-(-((x * one).identity())) / 1.0]).unwrap().simplified().unwrap();
    assert_eq!(graph.nodes().len(), 1);
    assert_eq!(graph.outputs()[0].index(), 0);
}

#[test]
fn dead_nodes_and_inputs_are_dropped_but_assignments_live() {
    let b = Builder::new();
    let (x, unused, w) = (b.input("x", ()), b.input("unused", ()), b.parameter("w", ()));
    let _dead = unused.exp();
    b.assign(w, w - x);
    let graph = b.finish([]).unwrap().simplified().unwrap();
    assert_eq!(graph.inputs().count(), 1);
    assert_eq!(graph.assignments().len(), 1);
}

#[test]
fn zeros_of_both_signs_stay_apart() {
    let b = Builder::new();
    let (x, plus, minus) = (b.input("x", ()), b.constant(0.0), b.constant(-0.0));
    let graph = b.finish([x / plus, x / minus]).unwrap().simplified().unwrap();
    let answers = graph.run(&[("x", &1.0.into())]).unwrap();
    assert_eq!((answers[0].item(), answers[1].item()), (Some(f64::INFINITY), Some(f64::NEG_INFINITY)));
}
