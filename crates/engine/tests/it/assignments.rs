//! What a session keeps: assignments read what was there before the run, happen together, and not at all where the run
//! fails. Each graph runs by the engine and by the interpreter.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid_engine::kernels::Level;
use limpid_engine::{Precision, Program, Session};
use limpid_graph::{Builder, Graph, Leaf, Op, Stream, Tensor};

/// A session of the engine for each level and number of threads, and the interpreter's at the end.
fn sessions() -> Vec<Session> {
    let levels = Level::available();
    let engines = levels
        .flat_map(|level| [1, 3].map(|threads| Session::new(Precision::F32).at_level(level).with_threads(threads)));
    engines.chain([Session::reference(Precision::F32)]).collect()
}

fn tensor(name: &str, shape: &[usize]) -> Tensor {
    let stream = Stream::new(1, name);
    let numbers = (0..shape.iter().product::<usize>()).map(|i| stream.uniform(0, i as u64) as f32 - 0.5).collect();
    Tensor::new(shape, numbers).unwrap()
}

/// Sessions that keep a value for each parameter and state, with the graph loaded.
fn loaded(graph: &Graph) -> Vec<(Session, Program)> {
    let keep = |mut session: Session| {
        for (_, node) in graph.fed().filter(|(_, node)| node.op != Op::Leaf(Leaf::Input)) {
            let name = node.name.as_deref().unwrap();
            session.set(name, tensor(name, &node.shape.as_known().unwrap()));
        }
        let program = session.load(graph.clone());
        (session, program)
    };
    sessions().into_iter().map(keep).collect()
}

fn kept(session: &Session) -> Vec<(String, Vec<f64>)> {
    session.kept().map(|(name, value)| (name.to_string(), value.to_f64())).collect()
}

#[track_caller]
fn assert_close(what: &str, found: &[f64], wanted: &[f64]) {
    assert_eq!(found.len(), wanted.len(), "{what}");
    // Where large numbers cancel, what is left has their rounding.
    let largest = wanted.iter().filter(|x| x.is_finite()).fold(0.0, |largest: f64, x| largest.max(x.abs()));
    for (i, (a, b)) in found.iter().zip(wanted).enumerate() {
        let close = (a - b).abs() <= 1e-4 * b.abs().max(1.0) + 1e-6 * largest || a == b || (a.is_nan() && b.is_nan());
        assert!(close, "{what}, number {i}: {a} for {b}");
    }
}

/// Runs the graph three times in each session: answers, what is kept and messages are the interpreter's.
#[track_caller]
fn agree(graph: &Graph, runs: [&[(&str, &Tensor)]; 3]) {
    let mut all = loaded(graph);
    let (mut reference, program) = all.pop().unwrap();
    let wanted = runs.map(|feeds| (reference.run(program, feeds), kept(&reference)));
    for (mut session, program) in all {
        for (run, (feeds, (answers, values))) in runs.into_iter().zip(&wanted).enumerate() {
            let before = kept(&session);
            let found = session.run(program, feeds);
            let what = |name: &str| format!("run {run}, {name}\n{}\n{}", graph.show(), session.plan(program).unwrap());
            match (&found, answers) {
                (Ok(found), Ok(wanted)) => {
                    assert_eq!(found.len(), wanted.len());
                    for (i, (found, wanted)) in found.iter().zip(wanted).enumerate() {
                        assert_eq!(found.shape(), wanted.shape());
                        assert_close(&what(&format!("answer {i}")), &found.to_f64(), &wanted.to_f64());
                    }
                }
                (Err(found), Err(wanted)) => {
                    assert_eq!(found.to_string(), wanted.to_string());
                    assert_eq!(kept(&session), before, "{}", what("what is kept"));
                }
                _ => panic!("{}\n{found:?} for {answers:?}", what("answers")),
            }
            for ((name, found), (other, wanted)) in kept(&session).iter().zip(values) {
                assert_eq!(name, other);
                assert_close(&what(name), found, wanted);
            }
        }
    }
}

fn positions(numbers: &[f64]) -> Tensor {
    Tensor::from(numbers.to_vec())
}

#[test]
fn swapped_assignments_of_every_size() {
    for shape in [vec![], vec![1], vec![7], vec![5, 3], vec![3, 40], vec![300, 50], vec![2, 3, 20], vec![0, 4]] {
        let b = Builder::new();
        let (x, y) = (b.state("x", &*shape), b.state("y", &*shape));
        b.assign(x, y);
        b.assign(y, x);
        agree(&b.finish([]).unwrap(), [&[]; 3]);

        let b = Builder::new();
        let (x, y) = (b.state("x", &*shape), b.state("y", &*shape));
        b.assign(x, y * 0.5 + x);
        b.assign(y, x * 0.25 - y);
        agree(&b.finish([x, y, x + y]).unwrap(), [&[]; 3]);
    }
}

#[test]
fn a_circle_of_three_assignments() {
    let b = Builder::new();
    let [x, y, z] = ["x", "y", "z"].map(|name| b.parameter(name, (33, 17)));
    b.assign(x, y.tanh());
    b.assign(y, z.tanh());
    b.assign(z, x.tanh());
    agree(&b.finish([x]).unwrap(), [&[]; 3]);
}

#[test]
fn a_leaf_is_assigned_to_another() {
    let b = Builder::new();
    let (x, y, fed) = (b.parameter("x", (5, 33)), b.parameter("y", (5, 33)), b.input("fed", (5, 33)));
    b.assign(x, fed);
    b.assign(y, x);
    let (first, second) = (tensor("first", &[5, 33]), tensor("second", &[5, 33]));
    agree(&b.finish([y]).unwrap(), [&[("fed", &first)], &[("fed", &second)], &[("fed", &first)]]);
}

#[test]
fn one_value_is_assigned_to_two() {
    for shape in [vec![7], vec![5, 33], vec![64, 64]] {
        let b = Builder::new();
        let (x, y, z) = (b.parameter("x", &*shape), b.parameter("y", &*shape), b.parameter("z", &*shape));
        let next = (x * 0.5 + z).tanh();
        b.assign(x, next);
        b.assign(y, next);
        agree(&b.finish([next]).unwrap(), [&[]; 3]);
    }
    // As a product that is added: the value of both is x + z·z.
    let b = Builder::new();
    let [x, y, z] = ["x", "y", "z"].map(|name| b.parameter(name, (40, 40)));
    let next = x + z.matmul(z);
    b.assign(x, next);
    b.assign(y, next);
    agree(&b.finish([]).unwrap(), [&[]; 3]);
}

#[test]
fn a_product_of_the_assigned_leaf_is_added_to_it() {
    for n in [1, 5, 16, 33, 70, 130] {
        for case in 0..8 {
            let b = Builder::new();
            let (w, x) = (b.parameter("w", (n, n)), b.parameter("x", (n, n)));
            let product = match case {
                0 => w.matmul(x),
                1 => x.matmul(w),
                2 => w.matmul(w),
                3 => w.transpose().matmul(w),
                4 => w.matmul(w.transpose()),
                5 => x.matmul(x).tanh().matmul(w),
                6 => w.tanh().matmul(x.matmul(w)),
                _ => (w.sum_keep([0]) / n as f64 * x).matmul(w),
            };
            b.assign(w, if case % 2 == 0 { w - 0.01 * product } else { w + product });
            agree(&b.finish([]).unwrap(), [&[]; 3]);
        }
    }
}

#[test]
fn an_update_whose_scale_reads_what_is_assigned() {
    let b = Builder::new();
    let (w, a, c) = (b.parameter("w", (30, 40)), b.input("a", (30, 9)), b.parameter("c", (9, 40)));
    let scale = 0.001 * w.square().sum_all();
    b.assign(w, w - scale * a.matmul(c));
    b.assign(c, c - scale * a.transpose().matmul(w));
    let a = tensor("a", &[30, 9]);
    agree(&b.finish([scale]).unwrap(), [&[("a", &a)]; 3]);
    // A matrix of one number is its own scale.
    let b = Builder::new();
    let (w, a) = (b.parameter("w", (1, 1)), b.input("a", (1, 9)));
    b.assign(w, w - w.reshape(()) * a.matmul(a.transpose()));
    let a = tensor("a", &[1, 9]);
    agree(&b.finish([w]).unwrap(), [&[("a", &a)]; 3]);
}

#[test]
fn outputs_that_are_parameters_under_update_have_their_old_values() {
    let b = Builder::new();
    let (w, bias, a, d) =
        (b.parameter("w", (60, 50)), b.parameter("bias", 50), b.input("a", (8, 60)), b.input("d", (8, 50)));
    let out = (a.matmul(w) + bias).relu();
    b.assign(w, w - 0.1 * a.transpose().matmul(out - d));
    b.assign(bias, bias - 0.1 * (out - d).sum([0]));
    let (a, d) = (tensor("a", &[8, 60]), tensor("d", &[8, 50]));
    let graph =
        b.finish([w, bias, w.reshape((50, 60)), w.transpose(), w.sum_all(), w.slice(0, 3..9), bias * 2.0]).unwrap();
    agree(&graph, [&[("a", &a), ("d", &d)]; 3]);
}

#[test]
fn what_an_assignment_makes_is_answered_too() {
    let b = Builder::new();
    let (w, v, a) = (b.parameter("w", (60, 50)), b.state("v", (60, 50)), b.input("a", (60, 60)));
    let next = 0.9 * v + a.matmul(w);
    let moved = w - 0.1 * next;
    b.assign(v, next);
    b.assign(w, moved);
    let a = tensor("a", &[60, 60]);
    agree(
        &b.finish([next, moved, moved.sum([0]), moved.square().sum_all(), moved.transpose()]).unwrap(),
        [&[("a", &a)]; 3],
    );
}

#[test]
fn an_assigned_leaf_that_is_fed_is_kept_afterwards() {
    let b = Builder::new();
    let (w, x) = (b.parameter("w", (4, 20)), b.input("x", (4, 20)));
    b.assign(w, w + x);
    let graph = b.finish([w]).unwrap();
    let (x, fed) = (tensor("x", &[4, 20]), tensor("fed", &[4, 20]));
    agree(&graph, [&[("x", &x)], &[("x", &x), ("w", &fed)], &[("x", &x)]]);
    agree(&graph, [&[("x", &x), ("w", &fed)], &[("x", &x), ("w", &fed)], &[("x", &x)]]);
    // In another type than the engine's own.
    let doubles = fed.to_f64_tensor();
    let bytes = Tensor::new([4, 20], (0..80u8).collect()).unwrap();
    agree(&graph, [&[("x", &x), ("w", &doubles)], &[("x", &x), ("w", &bytes)], &[("x", &x)]]);
}

#[test]
fn two_programs_share_what_is_kept_and_what_was_read_stays_as_it_was() {
    let b = Builder::new();
    let (w, x) = (b.parameter("w", (20, 33)), b.input("x", (5, 20)));
    let read = b.finish([x.matmul(w), w]).unwrap();
    let b = Builder::new();
    let (w, y) = (b.parameter("w", (20, 33)), b.input("y", (20, 33)));
    b.assign(w, w * 0.5 + y);
    let write = b.finish([]).unwrap();
    let (x, y) = (tensor("x", &[5, 20]), tensor("y", &[20, 33]));
    let mut found = Vec::new();
    for mut session in sessions() {
        let (read, write) = (session.load(read.clone()), session.load(write.clone()));
        session.set("w", tensor("w", &[20, 33]));
        let mut log = Vec::new();
        for run in 0..4 {
            let before = session.get("w").unwrap().clone();
            let answers = session.run(read, &[("x", &x)]).unwrap();
            assert_eq!(answers[1].to_f64(), before.to_f64(), "run {run}");
            assert!(session.run(write, &[("y", &y)]).unwrap().is_empty());
            assert_ne!(session.get("w").unwrap(), &before);
            // Set anew, as bytes for once, between two runs.
            if run == 1 {
                session.set("w", Tensor::new([20, 33], (0..660).map(|i| (i % 7) as u8).collect()).unwrap());
            }
            log.extend(answers.into_iter().chain([before]));
        }
        found.push(log);
    }
    let wanted = found.pop().unwrap();
    for found in found {
        for (found, wanted) in found.iter().zip(&wanted) {
            assert_close("two programs", &found.to_f64(), &wanted.to_f64());
        }
    }
}

/// Steps that fail, before, beside and behind what changes in place.
#[test]
fn a_run_that_fails_anywhere_changes_nothing() {
    for case in 0..7 {
        let b = Builder::new();
        let (w, v) = (b.parameter("w", (60, 64)), b.parameter("v", (60, 64)));
        let (table, bias) = (b.parameter("table", (6, 64)), b.parameter("bias", 64));
        let (a, rows) = (b.input("a", (60, 60)), b.input("rows", 60));
        let mut outputs = Vec::new();
        match case {
            // Nothing of the update waits for what fails.
            0 => {
                b.assign(w, w - 0.1 * a.matmul(a.matmul(v)));
                b.assign(bias, bias * 0.5);
                outputs.push(table.gather(0, rows));
            }
            // The gradient of what fails is added.
            1 => {
                b.assign(w, w - 0.1 * a.matmul(table.gather(0, rows)));
                b.assign(v, v * 0.5);
                b.assign(table, table * 0.5);
            }
            // What fails reads what is assigned.
            2 => {
                b.assign(table, table * 0.5);
                b.assign(v, table.gather(0, rows) + v);
                b.assign(w, v);
            }
            // What fails stands behind a product.
            3 => {
                let out = a.matmul(w).gather(0, rows);
                b.assign(w, w + out);
                b.assign(v, w - v);
                b.assign(bias, out.sum([0]));
            }
            // Nobody reads what fails.
            4 => {
                b.assign(w, w - 0.1 * a.matmul(v));
                b.assign(bias, bias + v.sum([0]));
                outputs.push(rows.one_hot(6).sum([0]));
            }
            // Two failures: the first node's is told.
            5 => {
                let (late, early) = (rows.one_hot(3), table.gather(0, rows));
                b.assign(w, w - 0.1 * a.matmul(v));
                b.assign(v, early + late.sum_all());
            }
            // The rows picked are those of a value that is made in place.
            _ => {
                let next = w.tanh();
                b.assign(w, next);
                b.assign(v, next.gather(0, rows * 12.0));
            }
        }
        let graph = b.finish(outputs).unwrap();
        let a = tensor("a", &[60, 60]);
        let good = positions(&[0.0, 1.0, 2.0, 4.0, 0.0, 2.0].repeat(10));
        let with = |at: usize, bad: f64| {
            let mut numbers = good.to_f64();
            numbers[at] = bad;
            positions(&numbers)
        };
        let good = if case == 5 { positions(&[0.0, 1.0, 2.0].repeat(20)) } else { good.clone() };
        for bad in [with(0, 6.0), with(59, -1.0), with(30, 0.25), with(59, f64::NAN), with(7, 1e30)] {
            agree(&graph, [&[("a", &a), ("rows", &good)], &[("a", &a), ("rows", &bad)], &[("a", &a), ("rows", &good)]]);
            agree(&graph, [&[("a", &a), ("rows", &bad)], &[("a", &a), ("rows", &bad)], &[("a", &a), ("rows", &good)]]);
        }
    }
}

#[test]
fn what_has_no_rows_has_the_columns_of_its_form_all_the_same() {
    let b = Builder::new();
    let (x, w) = (b.input("x", 0), b.parameter("w", (2, 0)));
    let empty = x.reshape((0, 0));
    let none = b.input("none", 0).reshape((0, 5));
    let graph =
        b.finish([empty.matmul(w.transpose()), none.sum([0]), none.max_keep([1]), none.tanh().sum([0])]).unwrap();
    let nothing = Tensor::zeros([0]);
    agree(&graph, [&[("x", &nothing), ("none", &nothing)]; 3]);
}
