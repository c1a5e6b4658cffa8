//! Every kind of work is cut into tasks where it is large, and no cut changes a bit.
#![allow(clippy::unwrap_used, reason = "a test may stop")]

use limpid_engine::{Precision, Session};
use limpid_graph::{Builder, Graph, Tensor, Var};

type Feeds = Vec<(&'static str, Tensor)>;

/// Numbers between -1 and 1 that look random.
fn numbers(shape: &[usize]) -> Tensor {
    let count = shape.iter().product::<usize>();
    let number = |i: usize| ((i * 7919 + 13) % 2003) as f32 / 1001.0 - 1.0;
    Tensor::new(shape, (0..count).map(number).collect::<Vec<f32>>()).unwrap()
}

fn run(mut session: Session, graph: &Graph, feeds: &Feeds) -> (Vec<Tensor>, String) {
    let program = session.load(graph.clone());
    let feeds: Vec<(&str, &Tensor)> = feeds.iter().map(|(name, value)| (*name, value)).collect();
    let answers = session.run(program, &feeds).unwrap();
    let plan = session.plan(program).map(ToString::to_string).unwrap_or_default();
    (answers, plan)
}

/// The number of tasks of the first step whose line in the plan has this label.
fn tasks(plan: &str, label: &str) -> usize {
    let line = plan.lines().find(|line| line.contains(label)).unwrap_or_else(|| panic!("no {label} in\n{plan}"));
    let words: Vec<&str> = line.split_whitespace().collect();
    words.iter().position(|&word| word == "tasks").map_or(1, |at| words[at - 1].parse().unwrap())
}

/// The same bits in 1, 2, 3 and 7 threads, as the interpreter finds them but for rounding; and several tasks.
fn holds(
    label: &str,
    inputs: &[(&'static str, Tensor)],
    describe: impl for<'b> Fn(&[Var<'b>], &'b Builder) -> Var<'b>,
) {
    let b = Builder::new();
    let leaves: Vec<Var<'_>> = inputs.iter().map(|(name, value)| b.input(name, value.shape())).collect();
    let graph = b.finish([describe(&leaves, &b)]).unwrap();
    let feeds = inputs.to_vec();
    let (wanted, _) = run(Session::reference(Precision::F64), &graph, &feeds);
    let (first, plan) = run(Session::new(Precision::F32).with_threads(1), &graph, &feeds);
    assert!(tasks(&plan, label) > 1, "{label} is one task:\n{plan}");
    for (a, b) in first[0].to_f64().into_iter().zip(wanted[0].to_f64()) {
        assert!((a - b).abs() <= 1e-4 * b.abs().max(1.0), "{label}: {a} for {b}");
    }
    for threads in [2, 3, 7] {
        let (found, _) = run(Session::new(Precision::F32).with_threads(threads), &graph, &feeds);
        assert_eq!(found, first, "{label} in {threads} threads");
    }
}

#[test]
fn every_kind_of_work_is_cut_and_gives_the_same_bits_in_any_number_of_threads() {
    let x = || ("x", numbers(&[7, 60, 150]));
    holds("convert", &[("x", numbers(&[300, 170]).to_f64_tensor())], |v, _| v[0] + 1.0);
    holds("rearrange", &[x()], |v, _| v[0].permute([2, 0, 1]).slice(0, 3..150).exp());
    holds("rearrange", &[x()], |v, _| v[0].slice(1, 3..59));
    holds("copy", &[("x", numbers(&[331, 250]))], |v, _| v[0].relu().reshape([25, 3310]).slice(1, 0..3300));
    let one = || ("x", numbers(&[1, 8, 40, 40]));
    let square = |size: usize| limpid_graph::Sliding::new(size).pad(1, 1);
    holds("Winograd", &[one(), ("w", numbers(&[17, 8, 3, 3]))], move |v, _| v[0].convolve(v[1], [square(3); 2], 1));
    holds("convolution", &[one(), ("w", numbers(&[17, 8, 5, 5]))], move |v, _| v[0].convolve(v[1], [square(5); 2], 1));
    holds("pad", &[x()], |v, _| v[0].pad(1, 2, 3));
    let one = || ("x", numbers(&[1, 8, 40, 40]));
    let square = |size: usize| limpid_graph::Sliding::new(size).pad(1, 1);
    holds("Winograd", &[one(), ("w", numbers(&[17, 8, 3, 3]))], move |v, _| v[0].convolve(v[1], [square(3); 2], 1));
    holds("convolution", &[one(), ("w", numbers(&[17, 8, 5, 5]))], move |v, _| v[0].convolve(v[1], [square(5); 2], 1));
    holds("pad", &[x()], |v, _| v[0].pad(0, 1, 0));
    holds("concat", &[x(), ("y", numbers(&[7, 60, 11]))], |v, _| v[0].concat([v[1]], 2));
    let positions = |count: usize, below: usize| {
        Tensor::new([count], (0..count).map(|i| ((i * 31) % below) as f32).collect::<Vec<f32>>()).unwrap()
    };
    holds("gather", &[x(), ("p", positions(90, 60))], |v, _| (v[0] * 2.0).gather(1, v[1]));
    holds("scatter_add", &[x(), ("p", positions(90, 60)), ("y", numbers(&[7, 90, 150]))], |v, b| {
        b.grad((v[0].gather(1, v[1]) * v[2]).sum_all(), &[v[0]])[0]
    });
    holds("products", &[("a", numbers(&[3, 110, 70])), ("b", numbers(&[3, 70, 90]))], |v, _| v[0].matmul(v[1]));
}

#[test]
fn a_product_of_long_k_and_a_small_result_is_cut_along_k() {
    // The gradient of a filter: 100 pictures of 24 × 24, 25 taps, 30 channels.
    let inputs = [("a", numbers(&[57_600, 25])), ("b", numbers(&[57_600, 30]))];
    holds("product 25×57600", &inputs, |v, _| v[0].transpose().matmul(v[1]) / 57_600.0);
    holds("product 2×33000", &[("a", numbers(&[2, 33_000])), ("b", numbers(&[3, 33_000]))], |v, _| {
        v[0].matmul(v[1].transpose()) / 33_000.0
    });
}

#[test]
fn what_is_cut_along_k_is_read_under_other_shapes() {
    // Rows of 30 lie 32 numbers apart, and those of another shape otherwise.
    let inputs = [("a", numbers(&[33_000, 10])), ("b", numbers(&[33_000, 30]))];
    let label = "product 10×33000";
    holds(label, &inputs, |v, _| (v[0].transpose().matmul(v[1]) / 33_000.0).reshape([300]).exp());
    holds(label, &inputs, |v, _| v[0].transpose().matmul(v[1]).reshape([300]) / 33_000.0);
    holds(label, &inputs, |v, _| v[0].transpose().matmul(v[1]).reshape([20, 15]).sum([1]) / 33_000.0);
    holds(label, &inputs, |v, _| {
        let x = v[0].transpose().matmul(v[1]).reshape([2, 5, 30]) / 33_000.0;
        x / (1.0 + x.square().sum_keep([0]))
    });
    holds(label, &inputs, |v, _| {
        let x = v[0].transpose().matmul(v[1]).reshape([10, 5, 6]) / 33_000.0;
        x / (1.0 + x.square().sum_keep([1, 2]))
    });
}

#[test]
fn an_update_behind_a_reshape_is_added_in_place() {
    let b = Builder::new();
    let (x, w) = (b.input("x", (50, 27)), b.parameter("w", (3, 9, 32)));
    let loss = x.matmul(w.reshape([27, 32])).tanh().square().sum_all();
    let slope = b.grad(loss, &[w])[0];
    b.assign(w, w - 0.01 * slope);
    let graph = b.finish([loss]).unwrap().simplified().unwrap();
    let trained = |mut session: Session| {
        session.set("w", numbers(&[3, 9, 32]));
        let program = session.load(graph.clone());
        let x = numbers(&[50, 27]);
        for _ in 0..3 {
            session.run(program, &[("x", &x)]).unwrap();
        }
        (session.get("w").unwrap().clone(), session.plan(program).map(ToString::to_string).unwrap_or_default())
    };
    let (found, plan) = trained(Session::new(Precision::F32));
    assert!(plan.contains("added in place"), "{plan}");
    let (wanted, _) = trained(Session::reference(Precision::F64));
    for (a, b) in found.to_f64().into_iter().zip(wanted.to_f64()) {
        assert!((a - b).abs() < 1e-5, "{a} for {b}");
    }
}
