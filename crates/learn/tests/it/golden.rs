//! Twenty steps of training against PyTorch's: in 64 bits, and by the engine in 32. `tools/golden/README.md` says how the
//! numbers were made.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid_engine::kernels::Level;
use limpid_engine::{Precision, Session};
use limpid_graph::Tensor;
use limpid_learn::{Loss, Network, Sgd, step};
use serde_json::Value;

use crate::mnist;

const TOLERANCE: f64 = 1e-9;

fn fixture() -> Value {
    serde_json::from_str(include_str!("../fixtures/golden_two_layer.json")).unwrap()
}

fn numbers(fixture: &Value, key: &str) -> Vec<f64> {
    fixture[key].as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

/// The recipe's weights: whole numbers made into fractions, the same on every machine.
fn weights(first: u64, inputs: usize, outputs: usize) -> Tensor {
    let weight = |k: u64| ((k * 2_654_435_761 % (1 << 32)) as f64 / 4_294_967_296.0 - 0.5) * 0.1;
    let values: Vec<f64> = (first..first + (inputs * outputs) as u64).map(weight).collect();
    Tensor::new([inputs, outputs], values).unwrap()
}

/// The losses of the recipe's twenty steps, and the parameters after them.
fn trained(activation: &str, fixture: &Value, mut session: Session) -> (Vec<f64>, Vec<Tensor>) {
    let network: Network = format!("784, affine 50, {activation}, affine 10").parse().unwrap();
    let (train, _) = mnist::data();
    let graph = step::training_step(&network, &train, &Loss::SoftmaxCrossEntropy, &Sgd).unwrap().graph;
    let program = session.load(graph);
    session.set("0/w", weights(0, 784, 50));
    session.set("0/b", Tensor::zeros([50]));
    session.set("2/w", weights(784 * 50, 50, 10));
    session.set("2/b", Tensor::zeros([10]));
    let learning_rate = Tensor::scalar(0.1);
    let mut step = |rows: &Value| {
        let rows: Vec<f64> = rows.as_array().unwrap().iter().map(|row| row.as_f64().unwrap()).collect();
        let rows = Tensor::from(rows);
        let feeds = [
            ("inputs", train.inputs()),
            ("targets", train.targets()),
            ("rows", &rows),
            ("learning rate", &learning_rate),
        ];
        session.run(program, &feeds).unwrap()[0].item().unwrap()
    };
    let losses = fixture["batches"].as_array().unwrap().iter().map(&mut step).collect();
    let parameters = ["0/w", "0/b", "2/w", "2/b"].map(|name| session.get(name).unwrap().clone());
    (losses, parameters.to_vec())
}

/// PyTorch's parameters after the steps with ReLU, in the order of [`trained`].
fn wanted_parameters() -> Vec<f64> {
    let bytes = include_bytes!("../fixtures/golden_two_layer.f64");
    bytes.as_chunks().0.iter().map(|&number| f64::from_le_bytes(number)).collect()
}

fn furthest_apart(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn with_relu_every_loss_and_every_final_weight_is_pytorchs() {
    let fixture = fixture();
    let (losses, parameters) = trained("relu", &fixture, Session::new(Precision::F64));
    assert_eq!(losses.len(), 20);
    assert!(furthest_apart(&losses, &numbers(&fixture, "relu_losses")) <= TOLERANCE);
    let wanted = wanted_parameters();
    let found: Vec<f64> = parameters.iter().flat_map(Tensor::to_f64).collect();
    assert!(furthest_apart(&found, &wanted) <= TOLERANCE);
    for (parameter, name) in parameters.iter().zip(["W1", "b1", "W2", "b2"]) {
        let wanted = fixture["relu_final_sums"][name].as_f64().unwrap();
        let sum: f64 = parameter.to_f64().iter().sum();
        assert!((sum - wanted).abs() <= TOLERANCE, "{name} sums to {sum}");
    }
}

#[test]
fn with_sigmoid_every_loss_is_pytorchs() {
    let fixture = fixture();
    let (losses, _) = trained("sigmoid", &fixture, Session::new(Precision::F64));
    assert!(furthest_apart(&losses, &numbers(&fixture, "sigmoid_losses")) <= TOLERANCE);
}

/// The Euclidean length of the difference.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

/// In 32 bits each number is rounded, and a rounding moves all that follows. What can be promised is the way as a whole:
/// each parameter array ends as near to PyTorch's as one rounding of it at each step may leave it.
#[test]
fn the_engine_goes_pytorchs_way_in_32_bits_at_every_level_and_on_one_thread_or_more() {
    /// Twenty steps, each of which rounds to 24 bits.
    const OF_ITS_LENGTH: f64 = 20.0 / (1u32 << 24) as f64;
    let fixture = fixture();
    let wanted_losses = numbers(&fixture, "relu_losses");
    for (level, threads) in Level::available().flat_map(|level| [(level, 1), (level, 3)]) {
        let session = Session::new(Precision::F32).at_level(level).with_threads(threads);
        let (losses, parameters) = trained("relu", &fixture, session);
        for (step, (loss, wanted)) in losses.iter().zip(&wanted_losses).enumerate() {
            assert!(
                (loss - wanted).abs() <= 1e-6 * wanted,
                "{level}, {threads} threads, step {step}: {loss}, not {wanted}"
            );
        }
        let wanted = wanted_parameters();
        let mut rest = wanted.as_slice();
        for (name, found) in ["W1", "b1", "W2", "b2"].iter().zip(&parameters) {
            let wanted = rest.split_off(..found.len()).unwrap();
            let (away, length) = (distance(&found.to_f64(), wanted), distance(&vec![0.0; wanted.len()], wanted));
            assert!(away <= OF_ITS_LENGTH * length, "{level}, {threads} threads, {name}: {away:e} of {length:e}");
        }
        assert!(rest.is_empty());
    }
}
