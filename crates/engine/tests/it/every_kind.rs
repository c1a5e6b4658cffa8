//! The engine runs every monoid and every kind of rearrangement, those too that it has no kernel for.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may stop, and say what it has seen")]

use limpid_engine::kernels::Level;
use limpid_engine::{Precision, Session};
use limpid_graph::op::{Layout, Monoid};
use limpid_graph::{Axes, Builder, Graph, Shape, Tensor};

use crate::support::draws::Draws;

/// What the engine answers is what the interpreter does, at every level of instructions.
fn assert_agrees(graph: &Graph, x: &Tensor, what: &str) {
    let answers = |mut session: Session| {
        let program = session.load(graph.clone());
        session.run(program, &[("x", x)]).unwrap().swap_remove(0)
    };
    let wanted = answers(Session::reference(Precision::F64));
    for level in Level::available() {
        for threads in [1, 3] {
            let found = answers(Session::new(Precision::F32).at_level(level).with_threads(threads));
            assert_eq!(found.shape(), wanted.shape(), "{what} at {level}");
            for (a, b) in found.to_f64().into_iter().zip(wanted.to_f64()) {
                assert!((a - b).abs() <= 1e-5 * b.abs().max(1.0), "{what} at {level}: {a} for {b}");
            }
        }
    }
}

const SHAPES: [&[usize]; 5] = [&[7], &[3, 17], &[2, 3, 4], &[40, 16, 30], &[2, 1, 3, 5]];

#[test]
fn every_kind_of_rearrangement_runs_in_the_engine() {
    for shape in SHAPES {
        let x = Draws::new(1, "layouts").tensor(shape, -1.0, 1.0);
        for layout in Layout::examples(shape) {
            let b = Builder::new();
            let squared = b.input("x", Shape::from(shape)).square();
            let graph = b.finish([squared.arrange(layout.clone()).tanh()]).unwrap();
            println!("{layout:?} of {shape:?}");
            assert_agrees(&graph, &x, &format!("{layout:?}"));
        }
    }
}

#[test]
fn every_monoid_runs_in_the_engine_over_any_axes() {
    for shape in SHAPES {
        let x = Draws::new(1, "monoids").tensor(shape, -1.0, 1.0);
        for &monoid in Monoid::ALL {
            for which in 1..1 << shape.len() {
                let axes = (0..shape.len() as isize).filter(|axis| which >> axis & 1 == 1).collect();
                let b = Builder::new();
                let squared = b.input("x", Shape::from(shape)).square();
                let folded = squared.reduce(monoid, Axes::Listed(axes), false);
                let graph = b.finish([folded / 100.0]).unwrap();
                assert_agrees(&graph, &x, &format!("{monoid:?}, axes {which:b} of {shape:?}"));
            }
        }
        println!("{:?} of {shape:?}", Monoid::ALL);
    }
}
