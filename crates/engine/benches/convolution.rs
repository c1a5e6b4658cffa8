//! Training steps and inference of convolutional networks, on one thread and on two, beside the rate at which the machine
//! multiplies and adds: `cargo bench -p limpid-engine --bench convolution`. `--plans` prints the plans, `--only NAME` runs
//! one.
//!
//! One thread's figures count the time that the thread works, two threads' the time by the clock.
//!
//! Networks: `convnet` (conv 30@5×5, pool, affine 100), `deep` (six convolutions of 3×3), `lenet` (LeNet-5), `fast` (two
//! convolutions, affine 256). Steps are Adam's.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::time::Instant;

use limpid_engine::{Precision, Program, Session};
use limpid_graph::{Builder, Graph, Leaf, Op, Sliding, Tensor, Var};

const ROUNDS: usize = 7;

/// A layer of a network on pictures.
#[derive(Clone, Copy)]
enum Layer {
    /// Filters, the kernel's size, padding; and ReLU.
    Conv(usize, usize, usize),
    /// The largest of two by two.
    Pool,
    /// Units, and whether ReLU follows.
    Affine(usize, bool),
}
use Layer::{Affine, Conv, Pool};

struct Net {
    name: &'static str,
    batch: usize,
    layers: &'static [Layer],
}

const NETS: &[Net] = &[
    Net { name: "convnet", batch: 100, layers: &[Conv(30, 5, 0), Pool, Affine(100, true), Affine(10, false)] },
    Net {
        name: "deep",
        batch: 100,
        layers: &[
            Conv(16, 3, 1),
            Conv(16, 3, 1),
            Pool,
            Conv(32, 3, 1),
            Conv(32, 3, 2),
            Pool,
            Conv(64, 3, 1),
            Conv(64, 3, 1),
            Pool,
            Affine(50, true),
            Affine(10, false),
        ],
    },
    Net {
        name: "lenet",
        batch: 128,
        layers: &[Conv(6, 5, 0), Pool, Conv(16, 5, 0), Pool, Affine(120, true), Affine(84, true), Affine(10, false)],
    },
    Net {
        name: "fast",
        batch: 256,
        layers: &[Conv(24, 5, 0), Pool, Conv(32, 3, 0), Pool, Affine(256, true), Affine(10, false)],
    },
];

impl Net {
    fn scores<'b>(&self, b: &'b Builder, mut x: Var<'b>) -> Var<'b> {
        for (at, layer) in self.layers.iter().enumerate() {
            let extent = |x: Var<'b>, axis: usize| x.shape().dims()[axis].as_known().unwrap();
            let (w, c) = (format!("{at}/w"), format!("{at}/b"));
            x = match *layer {
                Conv(filters, size, pad) => {
                    let w = b.parameter(&w, (filters, extent(x, 1), size, size));
                    let sliding = Sliding::new(size).pad(pad, pad);
                    (x.convolve(w, [sliding; 2], 1) + b.parameter(&c, filters).reshape((filters, 1, 1))).relu()
                }
                Pool => {
                    let [n, c, h, w] = [0, 1, 2, 3].map(|axis| x.shape().dims()[axis].clone());
                    let [h, w] = [h, w].map(|dim| dim.as_known().unwrap() / 2);
                    x.reshape([n, c, h.into(), 2.into(), w.into(), 2.into()]).max([3, 5])
                }
                Affine(units, relu) => {
                    let flat = x.flatten(1);
                    let scores = flat.matmul(b.parameter(&w, (extent(flat, 1), units))) + b.parameter(&c, units);
                    if relu { scores.relu() } else { scores }
                }
            };
        }
        x
    }

    fn step(&self) -> Graph {
        let b = Builder::new();
        let (x, labels) = (b.input("x", (self.batch, 1, 28, 28)), b.input("labels", self.batch));
        let loss = self.scores(&b, x).softmax_cross_entropy(labels);
        let parameters = b.parameters();
        for (&parameter, slope) in parameters.iter().zip(b.grad(loss, &parameters)) {
            let name = parameter.name().unwrap();
            let state = |what: &str| b.state(&format!("{what} of {name}"), parameter.shape());
            let (m, v) = (state("m"), state("v"));
            let (next_m, next_v) = (m * 0.9 + slope * 0.1, v * 0.999 + slope.square() * 0.001);
            b.assign(m, next_m);
            b.assign(v, next_v);
            b.assign(parameter, parameter - 0.001 * next_m / (next_v.sqrt() + 1e-8));
        }
        b.finish([loss]).unwrap().simplified().unwrap()
    }

    fn inference(&self, batch: usize) -> Graph {
        let b = Builder::new();
        let x = b.input("x", (batch, 1, 28, 28));
        b.finish([self.scores(&b, x).softmax(-1)]).unwrap().simplified().unwrap()
    }
}

/// A graph with a session, and what it is fed.
struct Run {
    session: Session,
    program: Program,
    feeds: Vec<(&'static str, Tensor)>,
    /// Runs a second are this times what is counted.
    each: usize,
    threads: usize,
}

impl Run {
    fn new(graph: Graph, batch: usize, threads: usize, each: usize) -> Self {
        let mut session = Session::new(Precision::F32).with_threads(threads);
        let kept = graph.nodes().filter_map(|(_, node)| match node.op {
            Op::Leaf(Leaf::Parameter) => Some((node, 0.1)),
            Op::Leaf(Leaf::State) => Some((node, 0.0)),
            _ => None,
        });
        for (node, scale) in kept {
            let (name, shape) = (node.name.as_ref().unwrap(), node.shape.clone());
            let shape = shape.as_known().unwrap();
            let count: usize = shape.iter().product();
            let numbers = (0..count).map(|i| ((i * 7919) % 2003) as f32 / 1001.0 * scale - scale).collect::<Vec<_>>();
            session.set(name, Tensor::new(shape, numbers).unwrap());
        }
        let pixels = (0..batch * 784).map(|i| ((i * 104_729) % 256) as f32 / 255.0).collect::<Vec<_>>();
        let labels = (0..batch).map(|i| (i % 10) as f32).collect::<Vec<_>>();
        let mut feeds = vec![("x", Tensor::new([batch, 1, 28, 28], pixels).unwrap())];
        if graph.fed().any(|(_, node)| node.name.as_deref() == Some("labels")) {
            feeds.push(("labels", Tensor::new([batch], labels).unwrap()));
        }
        let program = session.load(graph);
        Self { session, program, feeds, each, threads }
    }

    /// How many a second.
    fn rate(&mut self) -> f64 {
        let feeds: Vec<(&str, &Tensor)> = self.feeds.iter().map(|(name, tensor)| (*name, tensor)).collect();
        self.session.step(self.program, &feeds).unwrap();
        let (start, before, mut runs) = (Instant::now(), worked(), 0);
        while start.elapsed().as_secs_f64() < 0.3 {
            self.session.step(self.program, &feeds).unwrap();
            runs += 1;
        }
        let seconds = match (self.threads, worked().zip(before)) {
            // What others do on the machine meanwhile does not count.
            (1, Some((after, before))) => after - before,
            _ => start.elapsed().as_secs_f64(),
        };
        (runs * self.each) as f64 / seconds
    }
}

/// How many seconds this thread has worked, where the system says so.
fn worked() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(text.split(' ').next()?.parse::<f64>().ok()? / 1e9)
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let only = arguments.iter().position(|argument| argument == "--only").map(|at| arguments[at + 1].clone());
    println!("{:24} {:>12} {:>12} {:>7}", "a second, medians", "1 thread", "2 threads", "");
    for net in NETS.iter().filter(|net| only.as_deref().is_none_or(|only| net.name == only)) {
        let lines: [(&str, Graph, usize, usize); 3] = [
            ("steps", net.step(), net.batch, 1),
            ("images", net.inference(100), 100, 100),
            ("one image", net.inference(1), 1, 1),
        ];
        for (what, graph, batch, each) in lines {
            let mut runs = [1, 2].map(|threads| Run::new(graph.clone(), batch, threads, each));
            runs.iter_mut().for_each(|run| _ = run.rate());
            if arguments.iter().any(|argument| argument == "--plans") {
                println!("{}", runs[0].session.plan(runs[0].program).unwrap());
            }
            let mut rates = [const { Vec::new() }; 2];
            for _ in 0..ROUNDS {
                rates.iter_mut().zip(&mut runs).for_each(|(rates, run)| rates.push(run.rate()));
            }
            let [one, two] = rates.map(|mut rates: Vec<f64>| {
                rates.sort_by(f64::total_cmp);
                rates[rates.len() / 2]
            });
            println!("{:24} {one:12.1} {two:12.1} {:6.2}×", format!("{} {what}", net.name), two / one);
        }
    }
}
