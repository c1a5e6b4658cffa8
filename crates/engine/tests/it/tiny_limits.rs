//! Random graphs with limits so small that a few numbers have many blocks, tasks and partial results: on any number of
//! threads they give the same bits, and what the interpreter gives.
//!
//! `LIMPID_GRAPHS` says how many graphs are drawn, as for the tests in `agrees`; they then run on 1 and 3 threads.
#![allow(clippy::unwrap_used, reason = "a test may stop")]

use limpid_engine::kernels::Level;
use limpid_engine::{Limits, Precision, Session};

use crate::agrees::{Run, Trained, answers, furthest_apart, numbers, same_bits, seeds, trained};
use crate::support::draws::Draws;
use crate::support::random_graph::{Kind, random_graph};
use crate::training_graph::random_training;

/// Sessions on 1, 2, 3 and 7 threads, each with threads of its own.
fn sessions() -> Vec<Session> {
    let counts: &[usize] = if std::env::var_os("LIMPID_GRAPHS").is_some() { &[1, 3] } else { &[1, 2, 3, 7] };
    counts.iter().map(|&threads| Session::new(Precision::F32).with_threads(threads)).collect()
}

/// The limits of this seed: each far below what suits a processor, or as it is.
fn limits(seed: u64) -> Limits {
    let draws = Draws::new(seed, "limits");
    let (tiny, usual) = (Limits::tiny(), Limits::default());
    let one = |few: &[usize], usual: usize| if draws.once_in(4) { usual } else { draws.pick(few) };
    Limits {
        small_operand: one(&[0, 16, 48, 200], usual.small_operand),
        slots: one(&[1, 8, 24, 100], usual.slots),
        shortest_block: one(&[1, 2, 3], usual.shortest_block),
        most_tasks: one(&[1, 2, 5, 9], usual.most_tasks),
        partials: one(&[1, 16, 64], usual.partials),
        far: one(&[1, 8], usual.far),
        large: one(&[1, 4, 32], usual.large),
        large_product: one(&[1, 8, 64], usual.large_product),
        tasks: one(&[1, 2, 3, 7], usual.tasks),
        gathered: one(&[1, 2, 3], usual.gathered),
        sparse_panel: one(&[16, 32], usual.sparse_panel),
        transposed: one(&[1, 32], usual.transposed),
        listed: one(&[1, 2, 5], usual.listed),
        ..tiny
    }
}

/// The session with the limits and instructions of a seed.
fn of_seed(session: &Session, seed: u64) -> Session {
    let levels: Vec<Level> = Level::available().collect();
    let level = levels[seed as usize % levels.len()];
    session.emptied().with_limits(limits(seed)).at_level(level)
}

#[test]
fn graphs_of_many_tasks_agree_with_the_interpreter_and_give_the_same_bits_on_any_number_of_threads() {
    let sessions = sessions();
    for seed in seeds(1_500) {
        let kind = [Kind::Gentle, Kind::Wild, Kind::Gentle, Kind::WildWithGradient][seed as usize % 4];
        let drawn = random_graph(seed, kind);
        let graph = if kind == Kind::Gentle { drawn.graph.simplified().unwrap() } else { drawn.graph };
        let what = || format!("seed {seed} with {:?}\n{}", limits(seed), graph.show());
        let first = answers(of_seed(&sessions[0], seed), &graph, &drawn.feeds);
        for session in &sessions[1..] {
            let found = answers(of_seed(session, seed), &graph, &drawn.feeds);
            let is_same = match (&first, &found) {
                (Ok(first), Ok(found)) => same_bits(first, found),
                (first, found) => first == found,
            };
            assert!(is_same, "{} threads: {}", session.threads(), what());
        }
        let precision = if kind == Kind::Gentle { Precision::F64 } else { Precision::F32 };
        match (&first, &answers(Session::reference(precision), &graph, &drawn.feeds)) {
            (Ok(found), Ok(wanted)) => {
                for (found, wanted) in found.iter().zip(wanted) {
                    assert_eq!(found.shape(), wanted.shape(), "{}", what());
                    for (a, b) in found.to_f64().into_iter().zip(wanted.to_f64()).filter(|_| kind == Kind::Gentle) {
                        let close = (a - b).abs() <= 2e-4 * b.abs().max(1.0) || (a.is_nan() && b.is_nan()) || a == b;
                        assert!(close, "{a} for {b}: {}", what());
                    }
                }
            }
            (found, wanted) => assert_eq!(found.as_ref().err(), wanted.as_ref().err(), "{}", what()),
        }
    }
}

#[test]
fn trainings_of_many_tasks_agree_with_the_interpreter_and_give_the_same_bits_on_any_number_of_threads() {
    let sessions = sessions();
    for seed in seeds(200) {
        let training = random_training(seed);
        let what = || format!("seed {seed} with {:?}\n{}", limits(seed), training.graph.show());
        let first = trained(of_seed(&sessions[0], seed), &training);
        for session in &sessions[1..] {
            let found = trained(of_seed(session, seed), &training);
            assert!(are_same(&first, &found), "{} threads: {}", session.threads(), what());
        }
        let wanted = trained(Session::reference(Precision::F64), &training);
        for (run, (found, wanted)) in first.iter().zip(&wanted).enumerate() {
            assert_eq!(found.0.as_ref().err(), wanted.0.as_ref().err(), "{}", what());
            for (at, (found, wanted)) in numbers(found).iter().zip(numbers(wanted)).enumerate() {
                assert_eq!(found.shape(), wanted.shape(), "{}", what());
                // Sums round by as much as their largest parts do.
                let scale = wanted.to_f64().iter().fold(1.0f64, |scale, x| scale.max(x.abs()));
                let apart = furthest_apart(found, wanted);
                if apart > 2e-4 * scale {
                    // Some trainings run away from themselves: then rounding moves the interpreter as far.
                    let rounded = trained(Session::reference(Precision::F32), &training);
                    let moved = furthest_apart(numbers(&rounded[run])[at], wanted);
                    assert!(apart <= 10.0 * moved, "{apart} apart, the interpreter {moved}: {}", what());
                }
            }
        }
    }
}

/// Whether every run answers the same bits, or fails with the same message, and keeps the same afterwards.
fn are_same(a: &Trained, b: &Trained) -> bool {
    let values = |run: &Run| numbers(run).into_iter().cloned().collect::<Vec<_>>();
    let is_same = |(a, b): (&Run, &Run)| a.0.as_ref().err() == b.0.as_ref().err() && same_bits(&values(a), &values(b));
    a.len() == b.len() && a.iter().zip(b).all(is_same)
}
