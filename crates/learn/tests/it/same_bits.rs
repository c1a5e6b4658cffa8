//! The engine gives the same bits on any number of threads, with rows announced or not, and for a sample whatever other
//! samples are in the same call; at each level of instructions.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid_graph::Tensor;
use limpid_learn::{Mode, Model, Network};

use crate::training::{Recipe, Stored, Training, engine, levels, samples};

const STEPS: usize = 20;

/// Large enough to be cut into tasks, and sizes that fill no vector.
const RECIPES: &[Recipe] = &[
    Recipe {
        network: "784, affine 50, relu, affine 10",
        optimizer: "sgd",
        batch: 100,
        data: Stored::Bytes { zeros: 81 },
    },
    Recipe {
        network: "784, affine 50, relu, affine 10",
        optimizer: "sgd",
        batch: 100,
        data: Stored::Bytes { zeros: 20 },
    },
    Recipe {
        network: "64, affine 512, relu, affine 512, relu, affine 10",
        optimizer: "adam",
        batch: 64,
        data: Stored::Floats { zeros: 0 },
    },
    Recipe {
        network: "300, affine 400, relu, affine 150, tanh, affine 10",
        optimizer: "momentum",
        batch: 50,
        data: Stored::Bytes { zeros: 81 },
    },
    Recipe {
        network: "37, affine 301, sigmoid, affine 129, relu, affine 3",
        optimizer: "nesterov",
        batch: 77,
        data: Stored::Floats { zeros: 0 },
    },
    Recipe {
        network: "37, affine 301, sigmoid, affine 129, relu, affine 3",
        optimizer: "sgd",
        batch: 77,
        data: Stored::Floats { zeros: 80 },
    },
    Recipe {
        network: "1x12x12, conv 6 3x3 pad=1 no-bias, batch-norm, relu, max-pool 2, conv 10 3x3, relu, average-pool 2, affine 10",
        optimizer: "adam",
        batch: 50,
        data: Stored::Bytes { zeros: 81 },
    },
    Recipe {
        network: "2x7x9, conv 6 3x3 stride=2 pad=same, residual(conv 6 3x3 pad=1 groups=2, group-norm 3, swish), \
                  branches(max-pool 3 stride=1 pad=1 | conv-transpose 4 3x3 pad=1), \
                  branches(average-pool 3 stride=1 pad=1 exclude-padding | conv-transpose 4 3x3 pad=1 groups=2), \
                  layer-norm, affine 7",
        optimizer: "momentum",
        batch: 37,
        data: Stored::Floats { zeros: 0 },
    },
    Recipe {
        network: "64, noise 0.1, affine 300, relu, dropout 0.5, affine 129, dropout 0.2, tanh, affine 10",
        optimizer: "adam",
        batch: 100,
        data: Stored::Floats { zeros: 0 },
    },
];

fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn trainings_on_any_number_of_threads() {
    for recipe in RECIPES {
        for level in levels() {
            let run = |threads: usize, announces: bool| {
                let mut training = Training::new(engine(level, threads), recipe);
                training.announces = announces;
                let losses: Vec<u64> = training.steps(STEPS).into_iter().map(f64::to_bits).collect();
                (losses, training.kept())
            };
            let (losses, kept) = run(1, false);
            assert!(f64::from_bits(losses[STEPS - 1]).is_finite());
            for (threads, announces) in [(1, true), (2, false), (2, true), (3, false), (7, true)] {
                let found = run(threads, announces);
                let what = format!("{recipe:?} at {level}, {threads} threads, announced: {announces}");
                assert_eq!(found.0, losses, "{what}: losses");
                for ((name, found), (_, wanted)) in found.1.iter().zip(&kept) {
                    assert!(bits(found) == bits(wanted), "{what}: {name}");
                }
            }
        }
    }
}

const NETWORKS: &[&str] = &[
    "784, affine 50, relu, affine 10",
    "784, affine 50, sigmoid, affine 100, sigmoid, affine 10, softmax",
    "37, affine 301, tanh, affine 129, relu, affine 3",
    "64, affine 512, relu, affine 512, relu, affine 10, softmax",
    "1x12x12, conv 6 3x3 pad=1, batch-norm, relu, max-pool 2, residual(conv 6 3x3 pad=1, group-norm 3, relu), \
     branches(conv 4 1x1 | max-pool 3 stride=1 pad=1), global-average-pool, affine 10",
    "64, noise, affine 512, relu, dropout 0.5, affine 10, dropout 0.1",
];
/// How many samples a call has.
const SPLITS: &[usize] = &[1, 2, 3, 7, 13, 64, 100, 2000];

#[test]
fn a_samples_answer_however_the_batch_is_split() {
    for text in NETWORKS {
        let network: Network = text.parse().unwrap();
        let variables = Model::new(&network, 1).unwrap().variables().unwrap();
        let features = network.input().iter().product();
        for stored in [Stored::Floats { zeros: 0 }, Stored::Floats { zeros: 81 }, Stored::Bytes { zeros: 81 }] {
            let x = samples(stored, 2000, features, 1);
            for level in levels() {
                let mut first: Option<Vec<u32>> = None;
                for threads in [1, 3] {
                    for &split in SPLITS.iter().rev() {
                        let mut session = engine(level, threads);
                        variables.iter().for_each(|(name, value)| session.set(name, value.clone()));
                        let program = session.load(network.graph(Mode::Inference).unwrap().simplified().unwrap());
                        // Of single samples, the first few.
                        let count = 2000.min(20 * split);
                        let mut found = Vec::new();
                        for start in (0..count).step_by(split) {
                            let x: Tensor = x.rows(start, count.min(start + split));
                            let shape: Vec<usize> = [&x.shape()[..1], network.input()].concat();
                            let x = x.reshaped(shape).unwrap();
                            let answers = session.step(program, &[("x", &x)]).unwrap();
                            found.extend(bits(answers.floats(0).unwrap()));
                        }
                        let wanted = first.get_or_insert_with(|| found.clone());
                        let apart = found.iter().zip(&*wanted).filter(|(a, b)| a != b).count();
                        assert!(
                            apart == 0,
                            "{text}, {stored:?} at {level}, {threads} threads, {split} a call: {apart} of {} numbers differ",
                            found.len()
                        );
                    }
                }
            }
        }
    }
}
