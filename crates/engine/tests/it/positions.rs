//! Positions are whole numbers and stay so: no row of a data set is read for another, however many there are.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid_engine::kernels::Level;
use limpid_engine::{Precision, Session, SessionError};
use limpid_graph::{Builder, Error, Graph, Tensor};

/// The first whole number that is no 32-bit float is 2²⁴ + 1.
const FAR: usize = 1 << 24;
const ROWS: usize = FAR + 3;

fn sessions() -> Vec<Session> {
    let engines = Level::available().map(|level| Session::new(Precision::F32).at_level(level));
    engines.chain([Session::reference(Precision::F32), Session::reference(Precision::F64)]).collect()
}

/// Rows of one byte; those from 2²⁴ on hold 1, 2, 3, the others 0.
fn data() -> Tensor {
    let mut bytes = vec![0u8; ROWS];
    bytes[FAR..].copy_from_slice(&[1, 2, 3]);
    Tensor::new([ROWS, 1], bytes).unwrap()
}

fn rows() -> Tensor {
    Tensor::from([FAR as f64 + 1.0, FAR as f64, FAR as f64 + 2.0, 0.0, FAR as f64 + 1.0])
}

fn run(graph: &Graph, mut session: Session, feeds: &[(&str, &Tensor)]) -> Result<Vec<f64>, SessionError> {
    let program = session.load(graph.clone());
    session.run(program, feeds).map(|answers| answers[0].to_f64())
}

#[test]
fn rows_above_two_to_the_24_are_those_that_were_asked_for() {
    let (data, rows) = (data(), rows());
    let b = Builder::new();
    let gathered = b.input("data", ("samples", 1)).gather(0, b.input("rows", "batch"));
    let plain = b.finish([gathered]).unwrap();
    // Mostly zeros: here the rows are listed by their non-zeros.
    let b = Builder::new();
    let gathered = b.input("data", ("samples", 1)).gather(0, b.input("rows", "batch"));
    let listed = b.finish([gathered.matmul(b.input("w", (1, 16))).max([1])]).unwrap();
    // Positions with axes of their own.
    let b = Builder::new();
    let gathered = b.input("data", ("samples", 1)).gather(0, b.input("rows", 5).reshape((5, 1)));
    let reshaped = b.finish([gathered]).unwrap();
    let w = Tensor::new([1, 16], vec![1.0f32; 16]).unwrap();
    for graph in [&plain, &listed, &reshaped] {
        for session in sessions() {
            let feeds = [("data", &data), ("rows", &rows), ("w", &w)];
            let count = graph.fed().count();
            assert_eq!(run(graph, session, &feeds[..count]).unwrap(), [2.0, 1.0, 3.0, 0.0, 2.0], "{}", graph.show());
        }
    }
}

#[test]
fn rows_that_are_kept_are_those_that_were_set() {
    let b = Builder::new();
    let (samples, rows) = (b.input("data", ("samples", 1)), b.state("rows", 5));
    let graph = b.finish([samples.gather(0, rows)]).unwrap();
    for mut session in sessions() {
        session.set("data", data());
        session.set("rows", self::rows());
        assert_eq!(session.get("rows").unwrap().to_f64(), self::rows().to_f64());
        assert_eq!(run(&graph, session, &[]).unwrap(), [2.0, 1.0, 3.0, 0.0, 2.0]);
    }
    // What 32 bits hold is stored in them.
    let mut session = Session::new(Precision::F32);
    for numbers in [vec![0.1, 16_777_216.0, -3.0], vec![f64::NAN, f64::INFINITY, 1e300]] {
        session.set("x", Tensor::from(numbers));
        assert!(session.get("x").unwrap().as_slice::<f32>().is_some());
    }
}

#[test]
fn what_is_added_at_such_positions_is_added_there() {
    let b = Builder::new();
    let (table, rows) = (b.input("table", ("samples", 1)), b.input("rows", "batch"));
    let slope = b.grad(table.gather(0, rows).sum_all(), &[table])[0];
    let graph = b.finish([slope]).unwrap();
    let table = Tensor::new([ROWS, 1], vec![0.0f32; ROWS]).unwrap();
    for session in [Session::new(Precision::F32), Session::reference(Precision::F32)] {
        let found = run(&graph, session, &[("table", &table), ("rows", &self::rows())]).unwrap();
        assert_eq!(found[FAR - 1..], [0.0, 1.0, 2.0, 1.0]);
    }
}

#[test]
fn positions_that_would_round_are_refused_in_f32_and_not_in_f64() {
    let b = Builder::new();
    let gathered = b.input("data", ("samples", 1)).gather(0, b.input("rows", "batch") + 1.0);
    let computed = b.finish([gathered]).unwrap();
    let b = Builder::new();
    let found = b.finish([b.input("data", ("samples", 1)).argmax([0])]).unwrap();
    for (size, fits) in [(FAR - 1, true), (FAR, true), (FAR + 1, false)] {
        let data = self::data().rows(0, size);
        let rows = Tensor::from([size as f64 - 2.0]);
        for graph in [&computed, &found] {
            let feeds = [("data", &data), ("rows", &rows)];
            let feeds = &feeds[..graph.fed().count()];
            for session in [Session::new(Precision::F32), Session::reference(Precision::F32)] {
                let found = run(graph, session, feeds);
                let is_refused =
                    matches!(&found, Err(SessionError::Graph(Error::PositionsRound { extent, .. })) if *extent == size);
                assert_eq!(is_refused, !fits, "{size} rows: {found:?}");
            }
            assert!(run(graph, Session::reference(Precision::F64), feeds).is_ok());
        }
    }
}
