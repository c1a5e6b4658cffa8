//! What a plan makes from variables alone is made once, and again when one of them has changed.
#![allow(clippy::unwrap_used, reason = "a test may stop")]

use limpid_engine::{Limits, Precision, Program, Session};
use limpid_graph::{Builder, Graph, Leaf, Op, Sliding, Tensor};

use crate::agrees::{same_bits, seeds};
use crate::support::random_graph::{Kind, random_graph};

/// Names and values, of what lasts and of what is fed at each run.
type Values<'v> = Vec<(&'v str, Tensor)>;

fn with(mut session: Session, graph: &Graph, kept: &Values<'_>) -> (Session, Program) {
    kept.iter().for_each(|(name, value)| session.set(name, value.clone()));
    let program = session.load(graph.clone());
    (session, program)
}

fn run((session, program): &mut (Session, Program), fed: &Values<'_>) -> Result<Vec<Tensor>, String> {
    let feeds: Vec<(&str, &Tensor)> = fed.iter().map(|(name, value)| (*name, value)).collect();
    session.run(*program, &feeds).map_err(|error| error.to_string())
}

fn stages_that_last(session: &Session, program: Program) -> bool {
    session.plan(program).is_some_and(|plan| plan.to_string().contains("only when a variable has changed"))
}

#[test]
fn answers_follow_the_variables_in_random_graphs() {
    let (mut lasted, mut changed) = (0, 0);
    for seed in seeds(3_000) {
        let kind = if seed % 4 == 3 { Kind::Wild } else { Kind::Gentle };
        let drawn = random_graph(seed, kind);
        let graph = if kind == Kind::Gentle { drawn.graph.simplified().unwrap() } else { drawn.graph };
        let lasts = |name: &str| {
            let mut leaves = graph.fed().filter(|(_, node)| node.name.as_deref() == Some(name));
            leaves.next().map(|(_, node)| !matches!(node.op, Op::Leaf(Leaf::Input)))
        };
        let of = |which: bool| -> Values<'_> {
            let wanted = drawn.feeds.iter().filter(|(name, _)| lasts(name) == Some(which));
            wanted.map(|(name, value)| (name.as_str(), value.clone())).collect()
        };
        let (kept, fed) = (of(true), of(false));
        let fresh = || {
            let limits = if seed % 2 == 0 { Limits::tiny() } else { Limits::default() };
            Session::new(Precision::F32).with_threads(1 + seed as usize % 3).with_limits(limits)
        };
        let mut session = with(fresh(), &graph, &kept);
        let first = run(&mut session, &fed);
        let follows = |session: &mut (Session, Program), what: &str| {
            let kept: Vec<(String, Tensor)> = session.0.kept().map(|(name, x)| (name.to_string(), x.clone())).collect();
            let kept = kept.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
            let (wanted, found) = (run(&mut with(fresh(), &graph, &kept), &fed), run(session, &fed));
            let is_same = match (&wanted, &found) {
                (Ok(wanted), Ok(found)) => same_bits(wanted, found),
                (wanted, found) => wanted == found,
            };
            let plan = session.0.plan(session.1).map(ToString::to_string).unwrap_or_default();
            assert!(is_same, "seed {seed}, {what}: {found:?} for {wanted:?}\n{}\n{plan}", graph.show());
            found
        };
        let _ = follows(&mut session, "again");
        // One variable after the other changes; a session that is told so answers as a new one.
        for (name, before) in kept.iter().take(3) {
            let halves: Vec<f64> =
                before.to_f64().iter().map(|x| if x.fract() == 0.0 { *x } else { x / 2.0 }).collect();
            session.0.set(name, Tensor::new(before.shape().to_vec(), halves).unwrap());
            changed += usize::from(follows(&mut session, name) != first);
        }
        lasted += usize::from(stages_that_last(&session.0, session.1));
    }
    assert!(lasted > 100 && changed > 100, "something lasts in {lasted} graphs, {changed} answers changed");
}

#[test]
fn an_assignment_elsewhere_a_failed_run_and_other_sizes_are_noticed() {
    let b = Builder::new();
    let (x, w) = (b.input("x", ("batch", 2, 6, 6)), b.parameter("w", (3, 2, 3, 3)));
    let scores = x.convolve(w, [Sliding::new(3); 2], 1).sum([2, 3]).gather(1, b.input("which", 1));
    let infer = b.finish([scores]).unwrap();
    let b = Builder::new();
    let w = b.parameter("w", (3, 2, 3, 3));
    b.assign(w, w * 2.0);
    let double = b.finish([]).unwrap();

    let ones = |shape: &[usize]| Tensor::new(shape, vec![1.0f32; shape.iter().product()]).unwrap();
    let mut session = Session::new(Precision::F32);
    session.set("w", ones(&[3, 2, 3, 3]));
    let (infer, double) = (session.load(infer), session.load(double));
    let (one, two) = (ones(&[1, 2, 6, 6]), ones(&[2, 2, 6, 6]));
    let (good, bad) = (Tensor::from([1.0f32]), Tensor::from([3.0f32]));
    let answer = |session: &mut Session, x: &Tensor, which: &Tensor| {
        session.run(infer, &[("x", x), ("which", which)]).map(|answers| answers[0].to_f64())
    };
    // Sixteen places, each a sum of 18 ones.
    assert_eq!(answer(&mut session, &one, &good).unwrap(), [288.0]);
    assert!(stages_that_last(&session, infer));
    assert!(answer(&mut session, &one, &bad).is_err());
    session.run(double, &[]).unwrap();
    assert!(answer(&mut session, &one, &bad).is_err());
    assert_eq!(answer(&mut session, &one, &good).unwrap(), [576.0]);
    assert_eq!(answer(&mut session, &two, &good).unwrap(), [576.0, 576.0]);
    session.run(double, &[]).unwrap();
    assert_eq!(answer(&mut session, &one, &good).unwrap(), [1152.0]);
    assert_eq!(answer(&mut session, &two, &good).unwrap(), [1152.0, 1152.0]);
}
