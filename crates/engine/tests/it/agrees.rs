//! The engine computes what the graph says: random graphs, engine against interpreter.
//!
//! `LIMPID_GRAPHS` says how many graphs each of the tests draws; without it, as many as take some seconds:
//!
//! ```console
//! $ LIMPID_GRAPHS=500000 cargo test --release -p limpid-engine --test it agrees -- --nocapture
//! ```
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may stop, and say how far it is")]

use limpid_engine::kernels::Level;
use limpid_engine::{Precision, Session};
use limpid_graph::{Graph, Tensor};

use crate::support::Feeds;
use crate::support::random_graph::{Kind, random_graph};
use crate::training_graph::{RandomTraining, random_training};

pub(crate) type Answers = Result<Vec<Tensor>, String>;

pub(crate) fn answers(mut session: Session, graph: &Graph, feeds: &Feeds) -> Answers {
    let program = session.load(graph.clone());
    // A simplified graph may have dropped a leaf that nothing depends on.
    let has = |name: &str| graph.fed().any(|(_, node)| node.name.as_deref() == Some(name));
    let feeds: Vec<(&str, &Tensor)> =
        feeds.iter().filter(|(name, _)| has(name)).map(|(name, value)| (name.as_str(), value)).collect();
    // Twice: the second run finds the memory as the first has left it.
    let first = session.run(program, &feeds).map_err(|error| error.to_string())?;
    let second = session.run(program, &feeds).map_err(|error| error.to_string())?;
    assert!(
        same_bits(&first, &second),
        "two runs over the same memory differ\n{}\n{first:?}\n{second:?}",
        graph.show()
    );
    Ok(second)
}

pub(crate) fn same_bits(a: &[Tensor], b: &[Tensor]) -> bool {
    let bits = |t: &Tensor| {
        t.to_f64().into_iter().map(|x| if x.is_nan() { None } else { Some(x.to_bits()) }).collect::<Vec<_>>()
    };
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.shape() == b.shape() && bits(a) == bits(b))
}

/// The seeds to draw by, and a word now and then about how far it is.
pub(crate) fn seeds(usual: u64) -> impl Iterator<Item = u64> {
    let asked = std::env::var("LIMPID_GRAPHS").ok().map(|count| count.parse().unwrap());
    (0..asked.unwrap_or(usual)).inspect(move |seed| {
        if asked.is_some() && seed % 10_000 == 9_999 {
            println!("{}: {} graphs", std::thread::current().name().unwrap_or_default(), seed + 1);
        }
    })
}

#[test]
fn graphs_whose_values_move_little_agree_within_rounding() {
    for seed in seeds(6_000) {
        let drawn = random_graph(seed, Kind::Gentle);
        let graph = drawn.graph.simplified().unwrap();
        let wanted = answers(Session::reference(Precision::F64), &graph, &drawn.feeds).unwrap();
        for level in Level::available() {
            let found = answers(Session::new(Precision::F32).at_level(level), &graph, &drawn.feeds).unwrap();
            for (found, wanted) in found.iter().zip(&wanted) {
                assert_eq!(found.shape(), wanted.shape(), "seed {seed} at {level}");
                for (a, b) in found.to_f64().into_iter().zip(wanted.to_f64()) {
                    let close = (a - b).abs() <= 2e-4 * b.abs().max(1.0) || (a.is_nan() && b.is_nan()) || a == b;
                    assert!(close, "seed {seed} at {level}: {a} for {b}\n{}", graph.show());
                }
            }
        }
    }
}

#[test]
fn wild_graphs_give_shapes_and_errors_of_the_interpreter_and_the_same_bits_at_each_run() {
    for (seed, kind) in seeds(6_000).map(|seed| (seed / 2, [Kind::Wild, Kind::WildWithGradient][seed as usize % 2])) {
        let drawn = random_graph(seed, kind);
        let shapes = |answers: &Answers| match answers {
            Ok(tensors) => Ok(tensors.iter().map(|tensor| tensor.shape().to_vec()).collect::<Vec<_>>()),
            Err(error) => Err(error.clone()),
        };
        let wanted = shapes(&answers(Session::reference(Precision::F32), &drawn.graph, &drawn.feeds));
        for level in Level::available() {
            let found = shapes(&answers(Session::new(Precision::F32).at_level(level), &drawn.graph, &drawn.feeds));
            assert_eq!(found, wanted, "seed {seed} at {level}\n{}", drawn.graph.show());
        }
    }
}

/// Answers of each run, or the message where it fails, and what is kept afterwards.
pub(crate) type Trained = Vec<Run>;
pub(crate) type Run = (Answers, Vec<(String, Tensor)>);

pub(crate) fn trained(mut session: Session, training: &RandomTraining) -> Trained {
    let RandomTraining { graph, kept, runs } = training;
    let has = |name: &str| graph.fed().any(|(_, node)| node.name.as_deref() == Some(name));
    kept.iter().filter(|(name, _)| has(name)).for_each(|(name, value)| session.set(name, value.clone()));
    let program = session.load(graph.clone());
    let run = |feeds: &Feeds| {
        let feeds: Vec<(&str, &Tensor)> =
            feeds.iter().filter(|(name, _)| has(name)).map(|(name, value)| (name.as_str(), value)).collect();
        let answers = session.run(program, &feeds).map_err(|error| error.to_string());
        (answers, session.kept().map(|(name, value)| (name.to_string(), value.clone())).collect())
    };
    runs.iter().map(run).collect()
}

#[test]
fn trainings_agree_within_rounding_over_three_steps_and_fail_without_a_trace() {
    for seed in seeds(800) {
        let training = random_training(seed);
        let wanted = trained(Session::reference(Precision::F64), &training);
        for level in Level::available() {
            let found = trained(Session::new(Precision::F32).at_level(level), &training);
            for (run, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
                let what = || format!("seed {seed} at {level}, run {run}\n{}", training.graph.show());
                assert_eq!(found.0.as_ref().err(), wanted.0.as_ref().err(), "{}", what());
                for (at, (found, wanted)) in numbers(found).iter().zip(numbers(wanted)).enumerate() {
                    assert_eq!(found.shape(), wanted.shape(), "{}", what());
                    // Sums round by as much as their largest parts do.
                    let scale = wanted.to_f64().iter().fold(1.0f64, |scale, x| scale.max(x.abs()));
                    if furthest_apart(found, wanted) <= 2e-4 * scale {
                        continue;
                    }
                    // Some trainings run away from themselves: then rounding moves the interpreter as far.
                    let rounded = trained(Session::reference(Precision::F32), &training);
                    let moved = furthest_apart(numbers(&rounded[run])[at], wanted);
                    let apart = furthest_apart(found, wanted);
                    assert!(apart <= 10.0 * moved, "{apart} apart, the interpreter {moved}: {}", what());
                }
            }
        }
    }
}

/// What a run answered, and kept.
pub(crate) fn numbers((answers, kept): &Run) -> Vec<&Tensor> {
    answers.iter().flatten().chain(kept.iter().map(|(_, value)| value)).collect()
}

/// The largest difference; infinite where one of two is no number.
pub(crate) fn furthest_apart(a: &Tensor, b: &Tensor) -> f64 {
    let apart = |(a, b): (f64, f64)| if a == b || (a.is_nan() && b.is_nan()) { 0.0 } else { (a - b).abs() };
    let pairs = a.to_f64().into_iter().zip(b.to_f64());
    pairs.map(apart).fold(0.0, |most, x| if x.is_nan() { f64::INFINITY } else { most.max(x) })
}
