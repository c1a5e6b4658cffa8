//! Each kind of step that moves, picks or folds numbers, on one and on two threads: `cargo bench --bench tasks`.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may stop, and prints what it finds")]

use std::time::Instant;

use limpid_engine::{Precision, Session};
use limpid_graph::{Builder, Tensor, Var};

fn numbers(shape: &[usize]) -> Tensor {
    let count = shape.iter().product::<usize>();
    Tensor::new(shape, (0..count).map(|i| ((i * 7919 + 13) % 2003) as f32 / 1001.0 - 1.0).collect::<Vec<f32>>())
        .unwrap()
}

/// The shortest of several runs, in milliseconds.
fn shortest(threads: usize, graph: &limpid_graph::Graph, feeds: &[(&str, &Tensor)]) -> f64 {
    let mut session = Session::new(Precision::F32).with_threads(threads);
    let program = session.load(graph.clone());
    (0..20).fold(f64::INFINITY, |best, _| {
        let begun = Instant::now();
        session.step(program, feeds).unwrap();
        best.min(begun.elapsed().as_secs_f64() * 1e3)
    })
}

fn measure(name: &str, inputs: &[(&str, Tensor)], describe: impl for<'b> Fn(&[Var<'b>], &'b Builder) -> Var<'b>) {
    let b = Builder::new();
    let leaves: Vec<Var<'_>> = inputs.iter().map(|(name, value)| b.input(name, value.shape())).collect();
    // One number is answered, so that copying the answer takes no time.
    let graph = b.finish([describe(&leaves, &b).sum_all()]).unwrap();
    let feeds: Vec<(&str, &Tensor)> = inputs.iter().map(|(name, value)| (*name, value)).collect();
    let (one, two) = (shortest(1, &graph, &feeds), shortest(2, &graph, &feeds));
    println!("{name:36} {one:8.3} ms {two:8.3} ms   {:.2}", one / two);
}

fn main() {
    println!("{:36} {:>11} {:>11}   ratio", "", "one thread", "two");
    let x = || ("x", numbers(&[100, 96, 150]));
    let positions = || ("p", Tensor::new([90], (0..90).map(|i| (i * 31 % 90) as f32).collect::<Vec<f32>>()).unwrap());
    measure("convert", &[("x", numbers(&[4000, 400]).to_f64_tensor())], |v, _| v[0] + 1.0);
    measure("rearrange (permutation)", &[x()], |v, _| v[0].permute([2, 0, 1]).slice(0, 3..150));
    measure("rearrange (slice)", &[x()], |v, _| v[0].slice(1, 3..90));
    measure("pad", &[x()], |v, _| v[0].pad(1, 2, 3));
    measure("concat", &[x(), ("y", numbers(&[100, 96, 11]))], |v, _| v[0].concat([v[1]], 2));
    measure("gather", &[x(), positions()], |v, _| (v[0] * 2.0).gather(1, v[1]));
    measure("scatter_add", &[x(), positions(), ("y", numbers(&[100, 90, 150]))], |v, b| {
        b.grad((v[0].gather(1, v[1]) * v[2]).sum_all(), &[v[0]])[0]
    });
    measure(
        "16 products 128×64 · 64×128",
        &[("a", numbers(&[16, 128, 64])), ("b", numbers(&[16, 64, 128]))],
        |v, _| v[0].matmul(v[1]),
    );
    measure(
        "product 25×57600 · 57600×30",
        &[("a", numbers(&[57_600, 25])), ("b", numbers(&[57_600, 30]))],
        |v, _| v[0].transpose().matmul(v[1]),
    );
}
