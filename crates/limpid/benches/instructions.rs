//! So many steps of a workload of `limpid bench`, for a counter of instructions; `.ci/instructions.sh` runs it.
//!
//! The data are random numbers, as many of them zero as of MNIST's: nothing is read from files.

use limpid::engine::{Precision, Program, Session};
use limpid::graph::{Stream, Tensor};
use limpid::learn::{Adam, Dataset, Loss, Mode, Network, Optimizer, Sgd, step};

const SAMPLES: usize = 512;
const FEATURES: usize = 784;
/// Steps before the first that counts: plans are made, and memory.
const WARM_UP: usize = 2;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> Outcome {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let (Some(workload), Some(steps)) = (arguments.next(), arguments.next()) else {
        // As `cargo bench` runs it, there is nothing to count.
        return Ok(());
    };
    let steps = WARM_UP + steps.parse::<usize>()?;
    match workload.as_str() {
        "W1" => train("784, affine 50, relu, affine 10", &Sgd, 100, steps),
        "W2" => train("784, affine 512, relu, affine 512, relu, affine 10", &Adam::default(), 128, steps),
        "W6" => ask(steps),
        _ => Err(format!("there are W1, W2 and W6, no {workload}").into()),
    }
}

/// A session on one thread with the network's parameters.
fn session(network: &Network) -> Result<Session, Box<dyn std::error::Error>> {
    let mut session = Session::new(Precision::F32).with_threads(1);
    for declared in network.variables()? {
        session.set(&declared.name, declared.initial_value(1));
    }
    Ok(session)
}

fn pixels() -> Vec<u8> {
    let stream = Stream::new(1, "pixels");
    let pixel = |i| if stream.below(0, i, 100) < 81 { 0 } else { 1 + stream.below(1, i, 255) as u8 };
    (0..(SAMPLES * FEATURES) as u64).map(pixel).collect()
}

fn train(network: &str, optimizer: &dyn Optimizer, batch: usize, steps: usize) -> Outcome {
    let network: Network = network.parse()?;
    let labels: Vec<u8> = (0..SAMPLES).map(|sample| (sample % 10) as u8).collect();
    let data = Dataset::new(Tensor::new([SAMPLES, FEATURES], pixels())?, Tensor::from(labels))?.divided_by(255.0);
    let step = step::training_step(&network, &data, &Loss::SoftmaxCrossEntropy, optimizer)?;
    let mut session = session(&network)?;
    step.initial_states().for_each(|(name, zeros)| session.set(name, zeros));
    let program: Program = session.load(step.graph);
    let rate = Tensor::scalar(0.1 * optimizer.usual_learning_rate());
    let mut rows: Vec<Tensor> = Vec::new();
    for first in 0..5 {
        rows.push(Tensor::from((0..batch).map(|row| ((first + 5 * row) % SAMPLES) as f64).collect::<Vec<_>>()));
    }
    for taken in 0..steps {
        session.announce(program, ("rows", &rows[(taken + 1) % rows.len()]));
        let feeds = [
            ("inputs", data.inputs()),
            ("targets", data.targets()),
            ("rows", &rows[taken % rows.len()]),
            ("learning rate", &rate),
        ];
        session.step(program, &feeds)?;
    }
    Ok(())
}

/// One picture a call.
fn ask(calls: usize) -> Outcome {
    const NETWORK: &str = "784, affine 50 init=xavier, sigmoid, affine 100 init=xavier, sigmoid, affine 10, softmax";
    let network: Network = NETWORK.parse()?;
    let mut session = session(&network)?;
    let program = session.load(network.graph(Mode::Inference)?.simplified()?);
    let numbers: Vec<f32> = pixels().iter().map(|&pixel| f32::from(pixel) / 255.0).collect();
    let pictures: Result<Vec<Tensor>, _> =
        numbers.chunks(FEATURES).take(20).map(|one| Tensor::new([1, FEATURES], one.to_vec())).collect();
    let pictures = pictures?;
    for call in 0..calls {
        session.step(program, &[("x", &pictures[call % pictures.len()])])?;
    }
    Ok(())
}
