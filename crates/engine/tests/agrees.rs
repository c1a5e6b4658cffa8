//! The engine computes what the graph says: random graphs, engine against interpreter.

#[path = "../../graph/tests/support/mod.rs"]
mod support;

use limpid_engine::kernels::Level;
use limpid_engine::{Precision, Session};
use limpid_graph::{Graph, Tensor};
use support::random_graph::{Kind, random_graph};

type Answers = Result<Vec<Tensor>, String>;

fn answers(mut session: Session, graph: &Graph, feeds: &support::Feeds) -> Answers {
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

fn same_bits(a: &[Tensor], b: &[Tensor]) -> bool {
    let bits = |t: &Tensor| {
        t.to_f64().into_iter().map(|x| if x.is_nan() { None } else { Some(x.to_bits()) }).collect::<Vec<_>>()
    };
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.shape() == b.shape() && bits(a) == bits(b))
}

fn levels() -> impl Iterator<Item = Level> {
    Level::ALL.iter().copied().filter(|level| *level <= Level::highest())
}

#[test]
fn graphs_whose_values_move_little_agree_within_rounding() {
    for seed in 0..6_000 {
        let drawn = random_graph(seed, Kind::Gentle);
        let graph = drawn.graph.simplified().unwrap();
        let wanted = answers(Session::reference(Precision::F64), &graph, &drawn.feeds).unwrap();
        for level in levels() {
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
    for (seed, kind) in (0..3_000).flat_map(|seed| [(seed, Kind::Wild), (seed, Kind::WildWithGradient)]) {
        let drawn = random_graph(seed, kind);
        let shapes = |answers: &Answers| match answers {
            Ok(tensors) => Ok(tensors.iter().map(|tensor| tensor.shape().to_vec()).collect::<Vec<_>>()),
            Err(error) => Err(error.clone()),
        };
        let wanted = shapes(&answers(Session::reference(Precision::F32), &drawn.graph, &drawn.feeds));
        for level in levels() {
            let found = shapes(&answers(Session::new(Precision::F32).at_level(level), &drawn.graph, &drawn.feeds));
            assert_eq!(found, wanted, "seed {seed} at {level}\n{}", drawn.graph.show());
        }
    }
}
