//! The course notes' rows on the computational graph.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid_graph::{Builder, Graph, Tensor, Trace};
use limpid_learn::{Exercise, Verdict};

fn value(trace: &Trace, name: &str) -> f64 {
    trace.value(name).unwrap().item().unwrap()
}

fn derivative(trace: &Trace, name: &str) -> f64 {
    trace.derivative(name).unwrap().item().unwrap()
}

// row K1
#[test]
fn the_chain_rule_multiplies_what_each_node_knows_of_itself() {
    let b = Builder::new();
    let (x, y) = (b.scalar("x"), b.scalar("y"));
    let z = (x + y).named("t").square().named("z");
    let graph = b.finish([z]).unwrap();
    for (x, y) in [(3.0, 4.0), (-1.5, 0.25), (0.0, 0.0)] {
        let trace = graph.trace(&[x.into(), y.into()]).unwrap();
        let t = x + y;
        assert_eq!((value(&trace, "t"), value(&trace, "z")), (t, t * t));
        // From the right: dz/dz = 1; the square knows only its input t; the sum passes on what arrives.
        let (dz, dz_dt, dt_dx) = (1.0, 2.0 * t, 1.0);
        assert_eq!(derivative(&trace, "z"), dz);
        assert_eq!(derivative(&trace, "t"), dz * dz_dt);
        assert_eq!(derivative(&trace, "x"), dz * dz_dt * dt_dx);
        assert_eq!(derivative(&trace, "x"), 2.0 * (x + y));
        assert_eq!(derivative(&trace, "y"), derivative(&trace, "x"));
    }
}

// row K1
#[test]
fn nodes_stand_in_an_order_in_which_each_needs_only_what_was_computed_before() {
    for graph in [shop(), with_oranges()] {
        let in_order = |(id, node): (limpid_graph::NodeId, &limpid_graph::Node)| node.inputs.iter().all(|&i| i < id);
        assert!(graph.nodes().all(in_order));
    }
}

/// Two apples at 100 each, with tax.
fn shop() -> Graph {
    let b = Builder::new();
    let (price, count, tax) = (b.scalar("price"), b.scalar("count"), b.scalar("tax"));
    let cost = (price * count).named("cost");
    b.finish([(cost * tax).named("total")]).unwrap()
}

// row K2
#[test]
fn two_apples_with_tax_give_the_printed_digits() {
    let trace = shop().trace(&[100.0, 2.0, 1.1].map(Tensor::scalar)).unwrap();
    assert_eq!((value(&trace, "cost"), value(&trace, "total")), (200.0, 220.00000000000003));
    assert_eq!(derivative(&trace, "total"), 1.0);
    assert_eq!(derivative(&trace, "cost"), 1.1);
    assert_eq!(derivative(&trace, "price"), 2.2);
    assert_eq!(derivative(&trace, "count"), 110.00000000000001);
    assert_eq!(derivative(&trace, "tax"), 200.0);
}

/// Two apples at 100 and three oranges at 150, with tax.
fn with_oranges() -> Graph {
    let b = Builder::new();
    let apples = (b.scalar("apple price") * b.scalar("apple count")).named("apples");
    let oranges = (b.scalar("orange price") * b.scalar("orange count")).named("oranges");
    let subtotal = (apples + oranges).named("subtotal");
    b.finish([(subtotal * b.scalar("tax")).named("total")]).unwrap()
}

// row K3
#[test]
fn apples_and_oranges_with_tax_give_the_printed_digits() {
    let trace = with_oranges().trace(&[100.0, 2.0, 150.0, 3.0, 1.1].map(Tensor::scalar)).unwrap();
    assert_eq!(["apples", "oranges", "subtotal"].map(|name| value(&trace, name)), [200.0, 450.0, 650.0]);
    assert_eq!(value(&trace, "total"), 715.0000000000001);
    assert_eq!(derivative(&trace, "subtotal"), 1.1);
    assert_eq!(derivative(&trace, "tax"), 650.0);
    assert_eq!(derivative(&trace, "apple price"), 2.2);
    assert_eq!(derivative(&trace, "apple count"), 110.00000000000001);
    assert_eq!(derivative(&trace, "orange price"), 3.3000000000000003);
    assert_eq!(derivative(&trace, "orange count"), 165.0);
}

// row K4
#[test]
fn an_add_node_passes_the_derivative_on_and_a_multiply_node_times_the_other_input() {
    let trace = with_oranges().trace(&[100.0, 2.0, 150.0, 3.0, 1.1].map(Tensor::scalar)).unwrap();
    let arriving = derivative(&trace, "subtotal");
    assert_eq!((derivative(&trace, "apples"), derivative(&trace, "oranges")), (arriving, arriving));
    for (factor, other) in [("apple price", "apple count"), ("apple count", "apple price")] {
        assert_eq!(derivative(&trace, factor), derivative(&trace, "apples") * value(&trace, other));
    }
}

// row K5
#[test]
fn the_derivatives_of_the_shop_are_filled_in_and_checked() {
    let mut exercise = Exercise::of(&with_oranges().trace(&[100.0, 2.0, 150.0, 3.0, 1.1].map(Tensor::scalar)).unwrap());
    let blanks = exercise.show().to_string().matches("d ____").count();
    assert_eq!(blanks, exercise.open().len());
    let graph = with_oranges();
    let id = |name: &str| graph.find(name).unwrap();
    let wrong = exercise.answer(id("oranges"), 1.0);
    assert!(matches!(&wrong, Verdict::Wrong { hint } if hint.contains("subtotal")), "{wrong:?}");
    let answers = [
        ("subtotal", 1.1),
        ("tax", 650.0),
        ("apples", 1.1),
        ("oranges", 1.1),
        ("apple price", 2.2),
        ("apple count", 110.0),
        ("orange price", 3.3),
        ("orange count", 165.0),
    ];
    for (name, derivative) in answers {
        assert_eq!(exercise.answer(id(name), derivative), Verdict::Right, "{name}");
        assert_eq!(exercise.answer(id(name), derivative), Verdict::NotAsked, "{name}");
    }
    assert!(exercise.is_done());
    assert!(!exercise.show().to_string().contains("____"));
}
