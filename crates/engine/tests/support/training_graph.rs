//! Random training steps: layers over rows of a data set, a loss, and an update of every parameter.
//!
//! All functions are smooth, so that rounding moves results by little.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid_graph::{Builder, Graph, Stream, Tensor, Var};

use crate::support::Feeds;
use crate::support::draws::Draws;

/// A step with what it keeps, and what it is fed in each of three runs.
pub(crate) struct RandomTraining {
    pub(crate) graph: Graph,
    pub(crate) kept: Feeds,
    pub(crate) runs: [Feeds; 3],
}

const SAMPLES: usize = 40;

/// The training of this seed. In one of eight, the second run is fed a row that there is not.
pub(crate) fn random_training(seed: u64) -> RandomTraining {
    let (b, draws) = (Builder::new(), Draws::new(seed, "random training"));
    let batch = draws.pick(&[1, 2, 3, 5, 7, 13, 16, 33, 64, 65, 0]);
    let mut kept = Feeds::new();
    let mut keep = |name: String, shape: &[usize]| kept.push((name, draws.tensor(shape, -0.5, 0.5).to_f32_tensor()));

    let features = extent(&draws);
    let (rows, data) = (b.input("rows", batch), b.input("data", (SAMPLES, features)));
    let mut x = data.gather(0, rows);
    let data = samples(seed, &draws, features);
    if data.as_slice::<u8>().is_some() {
        x = x / 255.0;
    }
    let mut parameters = Vec::new();
    for layer in 0..1 + draws.below(3) {
        let (inputs, units) = (x.shape().dims()[1].as_known().unwrap_or(0), extent(&draws));
        let is_turned = draws.once_in(5);
        let shape = if is_turned { [units, inputs] } else { [inputs, units] };
        let w = b.parameter(&format!("w{layer}"), &shape[..]);
        keep(format!("w{layer}"), &shape);
        parameters.push(w);
        x = x.matmul(if is_turned { w.transpose() } else { w });
        if !draws.once_in(3) {
            let bias = b.parameter(&format!("b{layer}"), units);
            keep(format!("b{layer}"), &[units]);
            parameters.push(bias);
            x = x + bias;
        }
        x = match draws.below(4) {
            0 => x.tanh(),
            1 => x.sigmoid(),
            2 => x.softplus(),
            _ => x,
        };
    }
    let classes = x.shape().dims()[1].as_known().unwrap_or(0);
    let share = 1.0 / (batch * classes).max(1) as f64;
    let loss = match draws.below(3) {
        0 if classes > 0 => {
            x.softmax_cross_entropy(b.input("labels", SAMPLES).gather(0, rows).one_hot(classes)).mean_all()
        }
        1 => (x.tanh() - 0.5).square().sum_all() * share,
        _ => x.square().sum_all() * (0.5 * share),
    };
    let gradients = b.grad(loss, &parameters);
    let rate = b.scalar("rate");
    for (&parameter, gradient) in parameters.iter().zip(gradients) {
        for (name, shape) in update(&b, &draws, parameter, gradient, rate) {
            keep(name, &shape);
        }
    }
    let mut outputs = vec![loss];
    if draws.once_in(4) {
        outputs.push(draws.pick(&parameters));
    }
    if draws.once_in(4) {
        outputs.push(x);
    }
    let graph = b.finish(outputs).unwrap_or_else(|error| panic!("{error}"));
    let graph = graph.simplified().unwrap_or_else(|error| panic!("{error}"));

    let labels = draws.positions(&[SAMPLES], classes.max(1));
    let is_wrong = draws.once_in(8) && batch > 0;
    let runs = [0, 1, 2].map(|run| {
        let mut rows = draws.positions(&[batch], SAMPLES);
        if is_wrong && run == 1 {
            let bad = draws.pick(&[-1.0, 0.5, SAMPLES as f64, f64::NAN]);
            rows.as_mut_slice::<f64>().unwrap()[draws.below(batch)] = bad;
        }
        let named = [("rows", rows), ("data", data.clone()), ("labels", labels.clone()), ("rate", Tensor::scalar(0.1))];
        named.map(|(name, value)| (name.to_string(), value)).to_vec()
    });
    RandomTraining { graph, kept, runs }
}

/// A number of columns: all that fill vectors and pads in their own way, and some that are large.
fn extent(draws: &Draws) -> usize {
    match draws.below(12) {
        0 => draws.pick(&[0, 1, 1]),
        1 => draws.pick(&[97, 128, 131, 200]),
        _ => 1 + draws.below(70),
    }
}

/// Bytes or floats, many of them zero or few.
fn samples(seed: u64, draws: &Draws, features: usize) -> Tensor {
    let (stream, zeros) = (Stream::new(seed, "samples"), draws.pick(&[0, 50, 90]));
    let number = |i: usize| if stream.below(0, i as u64, 100) < zeros { 0 } else { stream.below(1, i as u64, 256) };
    let numbers = (0..SAMPLES * features).map(number);
    match draws.below(3) {
        0 => Tensor::new([SAMPLES, features], numbers.map(|x| x as f32 / 255.0).collect::<Vec<_>>()),
        _ => Tensor::new([SAMPLES, features], numbers.map(|x| x as u8).collect::<Vec<_>>()),
    }
    .unwrap()
}

/// Assigns a parameter's next value; answers the states that it keeps for that.
fn update<'b>(
    b: &'b Builder,
    draws: &Draws,
    w: Var<'b>,
    gradient: Var<'b>,
    rate: Var<'b>,
) -> Vec<(String, Vec<usize>)> {
    let name = w.name().unwrap_or_default();
    let shape = w.shape().as_known().unwrap_or_default();
    match draws.below(8) {
        0 => b.assign(w, w + gradient),
        1 => b.assign(w, gradient * 0.5 + w),
        2 => b.assign(w, w - gradient / 3.0),
        3 => {
            let velocity = b.state(&format!("{name} velocity"), w.shape());
            let next = 0.9 * velocity + gradient;
            b.assign(velocity, next);
            b.assign(w, w - rate * next);
            return vec![(format!("{name} velocity"), shape)];
        }
        4 => {
            let (mean, square) =
                (b.state(&format!("{name} mean"), w.shape()), b.state(&format!("{name} square"), w.shape()));
            let next_mean = mean + 0.1 * (gradient - mean);
            let next_square = square.square() + 0.1 * gradient.square();
            b.assign(mean, next_mean);
            b.assign(square, next_square);
            b.assign(w, w - rate * next_mean / ((next_square + 0.1).sqrt() + 0.01));
            return vec![(format!("{name} mean"), shape.clone()), (format!("{name} square"), shape)];
        }
        5 => b.assign(w, w * 0.99 - rate * gradient),
        _ => b.assign(w, w - rate * gradient),
    }
    Vec::new()
}
