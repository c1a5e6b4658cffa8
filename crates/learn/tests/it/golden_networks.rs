//! Ten steps of networks with dropout, convolutions and batch norm against PyTorch's: in 64 bits, and by the engine in 32.
//! `tools/golden/README.md` says how the numbers were made; the recipe stands in the fixture.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid_engine::kernels::Level;
use limpid_engine::{Precision, Session};
use limpid_graph::Tensor;
use limpid_learn::{Dataset, Loss, Mode, Network, Sgd, Variable, VariableKind, step};
use serde_json::Value;

const TOLERANCE: f64 = 1e-8;
const SAMPLES: usize = 48;

/// A fraction from −0.5 to below 0.5, the same on every machine.
fn u(k: usize) -> f64 {
    (k * 2_654_435_761 % (1 << 32)) as f64 / 4_294_967_296.0 - 0.5
}

fn numbers(of: &Value) -> Vec<f64> {
    of.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn network(case: &Value) -> Network {
    case["network"].as_str().unwrap().parse().unwrap()
}

/// The recipe's samples and labels.
fn data(network: &Network) -> Dataset {
    let shape = [&[SAMPLES], network.input()].concat();
    let samples = (0..shape.iter().product()).map(|k| u(3 * k + 1) + 0.5).collect::<Vec<_>>();
    let labels = (0..SAMPLES).map(|i| (i * 7 % 10) as u8).collect::<Vec<_>>();
    Dataset::new(Tensor::new(shape, samples).unwrap(), Tensor::from(labels)).unwrap()
}

/// The recipe's value of a parameter whose first number is the `first` of all.
fn parameter(Variable { name, shape, .. }: &Variable, first: usize) -> Tensor {
    let inputs = match shape[..] {
        [inputs, _] => inputs,
        [_, ref inputs @ ..] => inputs.iter().product(),
        [] => 1,
    };
    let number = |k: usize| match () {
        () if shape.len() > 1 => (24.0 / inputs as f64).sqrt() * u(k),
        () if name.ends_with("scale") => 1.0 + 0.2 * u(k),
        () => 0.1 * u(k),
    };
    let count = shape.iter().product::<usize>();
    Tensor::new(shape.clone(), (first..first + count).map(number).collect::<Vec<_>>()).unwrap()
}

/// Takes the recipe's steps; answers their losses.
fn trained(case: &Value, session: &mut Session) -> Vec<f64> {
    let network = network(case);
    let data = data(&network);
    let step = step::training_step(&network, &data, &Loss::SoftmaxCrossEntropy, &Sgd).unwrap();
    step.initial_states().for_each(|(name, value)| session.set(name, value));
    let mut first = 0;
    for variable in &network.variables().unwrap() {
        if variable.kind == VariableKind::RunningStatistic {
            session.set(&variable.name, variable.initial_value(0));
            continue;
        }
        let value = parameter(variable, first);
        first += value.len();
        session.set(&variable.name, value);
    }
    let program = session.load(step.graph);
    let (batch, rate) = (case["batch"].as_u64().unwrap() as usize, case["learning_rate"].as_f64().unwrap());
    let rate = Tensor::scalar(rate);
    let losses = (0..10).map(|step| {
        let rows: Vec<f64> = (0..batch).map(|j| ((step * batch + j) * 11 % SAMPLES) as f64).collect();
        let rows = Tensor::from(rows);
        let feeds = [("inputs", data.inputs()), ("targets", data.targets()), ("rows", &rows), ("learning rate", &rate)];
        session.run(program, &feeds).unwrap()[0].item().unwrap()
    });
    losses.collect()
}

fn furthest_apart(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

fn of_kind(network: &Network, kind: VariableKind, session: &Session) -> Vec<Vec<f64>> {
    let variables = network.variables().unwrap();
    let wanted = variables.iter().filter(|variable| variable.kind == kind);
    wanted.map(|variable| session.get(&variable.name).unwrap().to_f64()).collect()
}

/// Every loss is PyTorch's, and so is what the network is afterwards.
fn is_pytorchs(name: &str) {
    let fixture: Value = serde_json::from_str(include_str!("../fixtures/golden_networks.json")).unwrap();
    let case = &fixture["networks"][name];
    let (network, mut session) = (network(case), Session::new(Precision::F64));
    let (losses, wanted) = (trained(case, &mut session), numbers(&case["losses"]));
    assert_eq!(losses.len(), 10);
    assert!(furthest_apart(&losses, &wanted) <= TOLERANCE, "{name}: {losses:?}, not {wanted:?}");
    let parameters = of_kind(&network, VariableKind::Learned, &session);
    let sums: Vec<f64> = parameters.iter().map(|parameter| parameter.iter().sum()).collect();
    assert!(furthest_apart(&sums, &numbers(&case["final_sums"])) <= TOLERANCE, "{name}: {sums:?}");
    let running = of_kind(&network, VariableKind::RunningStatistic, &session);
    let wanted: Vec<Vec<f64>> = case["running"].as_array().into_iter().flatten().map(numbers).collect();
    assert_eq!(running.len(), wanted.len());
    for (found, wanted) in running.iter().zip(&wanted) {
        assert!(furthest_apart(found, wanted) <= TOLERANCE, "{name}: {found:?}, not {wanted:?}");
    }
    if !wanted.is_empty() {
        let program = session.load(network.graph(Mode::Inference).unwrap());
        let answers = session.run(program, &[("x", &data(&network).inputs().rows(0, 2))]).unwrap()[0].to_f64();
        let wanted = numbers(&case["answers"]);
        assert!(furthest_apart(&answers, &wanted) <= TOLERANCE, "{name}: {answers:?}, not {wanted:?}");
    }
    // In 32 bits each number is rounded, and a rounding moves all that follows.
    let wanted = numbers(&case["losses"]);
    for (level, threads) in Level::available().flat_map(|level| [(level, 1), (level, 3)]) {
        let mut session = Session::new(Precision::F32).at_level(level).with_threads(threads);
        let losses = trained(case, &mut session);
        let apart = furthest_apart(&losses, &wanted);
        assert!(apart <= 1e-4, "{name} at {level}, {threads} threads: {losses:?}, not {wanted:?}");
    }
}

#[test]
fn dropout_by_masks_of_the_stream() {
    is_pytorchs("dropout");
}

#[test]
fn a_convolutional_network() {
    is_pytorchs("convnet");
}

#[test]
fn six_convolutions_with_dropout() {
    is_pytorchs("deep convnet");
}

#[test]
fn batch_norm_of_images_and_of_features() {
    is_pytorchs("batch norm");
}
