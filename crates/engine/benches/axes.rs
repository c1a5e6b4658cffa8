//! Pictures with their channels as a middle axis, beside the same graphs with the channels last:
//! `cargo bench -p limpid-engine --bench axes`.
//!
//! Each line is a graph as a user writes it for `batch × channels × height × width`, beside the same mathematics written
//! by hand for `batch × height × width × channels`, on one thread and on two. Medians; the figures of a line are measured
//! in rounds that take turns, because the second core of a shared machine comes and goes. `--plans` prints the plans.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::time::Instant;

use limpid_engine::{Precision, Session};
use limpid_graph::{Builder, Graph, Tensor, Var};

const BATCH: usize = 100;
const CHANNELS: usize = 30;
const SIDE: usize = 24;
const ROUNDS: usize = 15;
const TIMES: usize = 4;

/// Where the channels stand.
#[derive(Clone, Copy)]
enum Channels {
    Middle,
    Last,
}

impl Channels {
    fn shape(self) -> [usize; 4] {
        match self {
            Self::Middle => [BATCH, CHANNELS, SIDE, SIDE],
            Self::Last => [BATCH, SIDE, SIDE, CHANNELS],
        }
    }

    /// The axis of the channels.
    fn axis(self) -> isize {
        match self {
            Self::Middle => 1,
            Self::Last => 3,
        }
    }

    /// All axes but that of the channels.
    fn others(self) -> [isize; 3] {
        match self {
            Self::Middle => [0, 2, 3],
            Self::Last => [0, 1, 2],
        }
    }

    /// The shape of one number for each channel.
    fn of_each(self) -> Vec<usize> {
        match self {
            Self::Middle => vec![CHANNELS, 1, 1],
            Self::Last => vec![CHANNELS],
        }
    }
}

/// How a line is called, and what it computes: from the values, an upstream derivative and the channels' place.
type Line = (&'static str, for<'b> fn(&'b Builder, Var<'b>, Var<'b>, Channels) -> Vec<Var<'b>>);

const LINES: &[Line] = &[
    ("bias, ReLU, gradient of the bias", bias_and_relu),
    ("batch norm there and back", batch_norm),
    ("sum over the channels, and back", sum_over_channels),
    ("softmax over the channels", softmax_over_channels),
    ("mean of each channel, and back", mean_of_each),
];

fn bias_and_relu<'b>(b: &'b Builder, x: Var<'b>, up: Var<'b>, channels: Channels) -> Vec<Var<'b>> {
    let bias = b.parameter("bias", channels.of_each().as_slice());
    let loss = ((x + bias).relu() * up).sum_all();
    b.grad(loss, &[bias])
}

fn batch_norm<'b>(b: &'b Builder, x: Var<'b>, up: Var<'b>, channels: Channels) -> Vec<Var<'b>> {
    let of_each = channels.of_each();
    let parameters = ["bias", "gamma", "beta"].map(|name| b.parameter(name, of_each.as_slice()));
    let [bias, gamma, beta] = parameters;
    let x = x + bias;
    let mean = |x: Var<'b>| x.sum_keep(channels.others()) / ((BATCH * SIDE * SIDE) as f64);
    let centred = x - mean(x);
    let normal = centred / (mean(centred.square()) + 1e-5).sqrt();
    let loss = ((normal * gamma + beta) * up).sum_all();
    b.grad(loss, &parameters)
}

fn sum_over_channels<'b>(_: &'b Builder, x: Var<'b>, up: Var<'b>, channels: Channels) -> Vec<Var<'b>> {
    vec![(x / (x.square().sum_keep([channels.axis()]) + 1.0) * up).sum_all()]
}

fn softmax_over_channels<'b>(_: &'b Builder, x: Var<'b>, up: Var<'b>, channels: Channels) -> Vec<Var<'b>> {
    vec![(x.softmax(channels.axis()) * up).sum_all()]
}

fn mean_of_each<'b>(_: &'b Builder, x: Var<'b>, up: Var<'b>, channels: Channels) -> Vec<Var<'b>> {
    let mean = x.sum_keep(channels.others()) / ((BATCH * SIDE * SIDE) as f64);
    vec![((x - mean).square() * up).sum_all()]
}

/// A graph with a session on so many threads, and what it is fed.
struct Run {
    session: Session,
    program: limpid_engine::Program,
    feeds: [Tensor; 2],
}

impl Run {
    fn new((_, line): &Line, channels: Channels, threads: usize) -> Self {
        let graph = graph(*line, channels);
        let mut session = Session::new(Precision::F32).with_threads(threads);
        for (_, node) in graph.parameters() {
            let name = node.name.clone().unwrap();
            let shape = node.shape.as_known().unwrap();
            let numbers = (0..CHANNELS).map(|i| 0.5 + i as f32 / 100.0).collect::<Vec<_>>();
            session.set(&name, Tensor::new(shape, numbers).unwrap());
        }
        let program = session.load(graph);
        Self { session, program, feeds: [7919, 104_729].map(|prime| picture(channels, prime)) }
    }

    fn answers(&mut self) -> Vec<f32> {
        let [x, up] = &self.feeds;
        let answers = self.session.step(self.program, &[("x", x), ("up", up)]).unwrap();
        (0..answers.len()).flat_map(|i| answers.floats(i).unwrap().to_vec()).collect()
    }

    /// Milliseconds of a run.
    fn time(&mut self) -> f64 {
        let start = Instant::now();
        for _ in 0..TIMES {
            let [x, up] = &self.feeds;
            self.session.step(self.program, &[("x", x), ("up", up)]).unwrap();
        }
        start.elapsed().as_secs_f64() * 1e3 / TIMES as f64
    }
}

fn graph(line: for<'b> fn(&'b Builder, Var<'b>, Var<'b>, Channels) -> Vec<Var<'b>>, channels: Channels) -> Graph {
    let b = Builder::new();
    let [x, up] = ["x", "up"].map(|name| b.input(name, channels.shape().as_slice()));
    b.finish(line(&b, x, up, channels)).unwrap().simplified().unwrap()
}

/// The same picture, wherever its channels stand.
fn picture(channels: Channels, prime: usize) -> Tensor {
    let number = |sample: usize, channel: usize, pixel: usize| {
        let i = (sample * CHANNELS + channel) * SIDE * SIDE + pixel;
        ((i * prime) % 2003) as f32 / 1001.0 - 1.0
    };
    let pixels = SIDE * SIDE;
    let numbers: Vec<f32> = match channels {
        Channels::Middle => (0..BATCH * CHANNELS * pixels)
            .map(|i| number(i / (CHANNELS * pixels), i / pixels % CHANNELS, i % pixels))
            .collect(),
        Channels::Last => (0..BATCH * CHANNELS * pixels)
            .map(|i| number(i / (CHANNELS * pixels), i % CHANNELS, i / CHANNELS % pixels))
            .collect(),
    };
    Tensor::new(channels.shape(), numbers).unwrap()
}

fn main() {
    let shows_plans = std::env::args().any(|argument| argument == "--plans");
    println!(
        "{:36} {:>9} {:>9} {:>6} {:>11} {:>11}",
        "ms, medians", "middle", "last", "ratio", "2 threads", "2 threads"
    );
    for line in LINES {
        let mut runs = [(Channels::Middle, 1), (Channels::Last, 1), (Channels::Middle, 2), (Channels::Last, 2)]
            .map(|(channels, threads)| Run::new(line, channels, threads));
        let [middle, last, ..] = &mut runs;
        for (a, b) in middle.answers().iter().zip(last.answers()) {
            assert!((a - b).abs() <= 2e-3 * b.abs().max(1.0), "{}: {a} with the channels last {b}", line.0);
        }
        if shows_plans {
            println!("{}\n{}", middle.session.plan(middle.program).unwrap(), last.session.plan(last.program).unwrap());
        }
        let mut times = [const { Vec::new() }; 4];
        for _ in 0..ROUNDS {
            times.iter_mut().zip(&mut runs).for_each(|(times, run)| times.push(run.time()));
        }
        let [middle, last, middle_2, last_2] = times.map(|mut times: Vec<f64>| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        });
        let (ratio, faster, last_faster) = (middle / last, middle / middle_2, last / last_2);
        println!("{:36} {middle:9.2} {last:9.2} {ratio:6.2} {faster:10.2}× {last_faster:10.2}×", line.0);
    }
}
