//! Subnormal numbers, below 1.2e-38: they are computed with, but what is kept from run to run does not end among them.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid_engine::kernels::Level;
use limpid_engine::{Precision, Session};
use limpid_graph::{Builder, Tensor};

/// Columns that end within a cache line, at it, and behind it.
const COLUMNS: &[usize] = &[1, 5, 16, 50];

fn filled(columns: usize, number: impl Fn(usize) -> f32) -> Tensor {
    Tensor::new([3, columns], (0..3 * columns).map(number).collect::<Vec<f32>>()).unwrap()
}

#[test]
fn what_decays_from_run_to_run_ends_at_zero_and_passes_no_subnormal_number() {
    let levels = || Level::available();
    for (level, &columns) in levels().flat_map(|level| COLUMNS.iter().map(move |columns| (level, columns))) {
        let b = Builder::new();
        let shape = (3, columns);
        let (average, slow, copied) = (b.state("average", shape), b.state("slow", shape), b.state("copied", shape));
        b.assign(average, average * 0.9);
        b.assign(slow, slow * 0.999_5);
        // An assignment of another's old value is a copy.
        b.assign(copied, average * 1e-30);
        let graph = b.finish([(average + slow + copied).sum_all()]).unwrap();
        let mut session = Session::new(Precision::F32).at_level(level);
        let program = session.load(graph);
        let sign = |i: usize| if i.is_multiple_of(2) { 1.0 } else { -1.0 };
        session.set("average", filled(columns, |i| sign(i) * 1e-30));
        session.set("slow", filled(columns, |i| sign(i) * 1.5e-38));
        session.set("copied", filled(columns, |_| 0.0));
        for run in 0..1000 {
            session.step(program, &[]).unwrap();
            for name in ["average", "slow", "copied"] {
                let kept = session.get(name).unwrap().as_slice::<f32>().unwrap();
                assert!(kept.iter().all(|x| !x.is_subnormal()), "{name} after {run} runs at {level}: {kept:?}");
            }
        }
        for name in ["average", "slow"] {
            let kept = session.get(name).unwrap().as_slice::<f32>().unwrap();
            let is_zero = |(i, x): (usize, &f32)| x.to_bits() == (0.0f32).copysign(sign(i)).to_bits();
            assert!(kept.iter().enumerate().all(is_zero), "{name} at {level}: {kept:?}");
        }
    }
}

#[test]
fn subnormal_numbers_are_computed_with_as_the_interpreter_does() {
    let b = Builder::new();
    let x = b.input("x", (3, "n"));
    // Down among them, and up again.
    let graph = b.finish([x * 1e10, (x * 1e30) * 1e-30 * 1e20, x.sum([1]) * 1e20]).unwrap();
    let run = |mut session: Session, x: &Tensor| {
        let program = session.load(graph.clone());
        session.run(program, &[("x", x)]).unwrap()
    };
    for &columns in COLUMNS {
        let x = filled(columns, |i| 1e-40 * (i + 1) as f32);
        let wanted = run(Session::reference(Precision::F32), &x);
        assert!(wanted.iter().all(|out| out.as_slice::<f32>().unwrap().iter().all(|&y| y > 0.0)));
        for level in Level::available() {
            let found = run(Session::new(Precision::F32).at_level(level), &x);
            assert_eq!(found[..2], wanted[..2], "{columns} columns at {level}");
            for (a, b) in found[2].as_slice::<f32>().unwrap().iter().zip(wanted[2].as_slice::<f32>().unwrap()) {
                assert!((a - b).abs() <= 1e-6 * b, "{a} and {b} at {level}");
            }
        }
    }
}
