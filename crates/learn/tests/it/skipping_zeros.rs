//! Data that are mostly zeros are read by lists of what is not zero. That changes no result beyond rounding, hides no
//! number that is not finite, and fails as the interpreter does.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid_engine::{Precision, Session};
use limpid_graph::Tensor;

use crate::training::{Recipe, SAMPLES, Stored, Training, engine, levels, samples};

const ZEROS: Stored = Stored::Bytes { zeros: 81 };
const RECIPES: &[Recipe] = &[
    Recipe { network: "784, affine 50, relu, affine 10", optimizer: "sgd", batch: 100, data: ZEROS },
    Recipe { network: "784, affine 50, relu, affine 10", optimizer: "sgd", batch: 1, data: ZEROS },
    Recipe { network: "300, affine 400, tanh, affine 10", optimizer: "adam", batch: 50, data: ZEROS },
    Recipe { network: "129, affine 140, tanh, affine 3", optimizer: "momentum", batch: 31, data: ZEROS },
    Recipe {
        network: "129, affine 20, tanh, affine 3",
        optimizer: "sgd",
        batch: 31,
        data: Stored::Floats { zeros: 90 },
    },
];

/// A training whose plan was made for data with few zeros, and stays.
fn dense(session: Session, recipe: &Recipe) -> Training {
    let mut training = Training::new(session, recipe);
    let kept: Vec<(String, Tensor)> =
        training.session.kept().map(|(name, value)| (name.to_string(), value.clone())).collect();
    let full = match recipe.data {
        Stored::Bytes { .. } => Stored::Bytes { zeros: 0 },
        Stored::Floats { .. } => Stored::Floats { zeros: 0 },
    };
    let full = samples(full, SAMPLES, recipe.network().input()[0], 2);
    training.step_on(&full, &Tensor::from(vec![0.0; recipe.batch])).unwrap();
    kept.into_iter().for_each(|(name, value)| training.session.set(&name, value));
    training
}

fn interpreter() -> Session {
    Session::reference(Precision::F32)
}

#[track_caller]
fn assert_close(what: &str, found: &[f32], wanted: &[f32], tolerance: f32) {
    let largest = wanted.iter().fold(1e-3f32, |largest, x| largest.max(x.abs()));
    for (i, (a, b)) in found.iter().zip(wanted).enumerate() {
        assert!((a - b).abs() <= tolerance * largest, "{what}, number {i}: {a} for {b}");
    }
}

#[test]
fn a_training_is_the_same_with_lists_and_without() {
    for recipe in RECIPES {
        for level in levels() {
            let (mut listed, mut dense) = (Training::new(engine(level, 2), recipe), dense(engine(level, 2), recipe));
            let (found, wanted) = (listed.steps(20), dense.steps(20));
            let what = format!("{recipe:?} at {level}");
            assert!(listed.plan().contains("non-zeros") && !dense.plan().contains("non-zeros"), "{what}");
            for (found, wanted) in found.iter().zip(&wanted) {
                assert!((found - wanted).abs() <= 1e-5 * wanted.abs(), "{what}: loss {found} for {wanted}");
            }
            for ((name, found), (_, wanted)) in listed.kept().iter().zip(&dense.kept()) {
                assert_close(&format!("{what}: {name}"), found, wanted, 1e-5);
            }
        }
    }
}

#[test]
fn a_plan_with_lists_reads_data_without_zeros_as_well() {
    for recipe in RECIPES {
        let full = match recipe.data {
            Stored::Bytes { .. } => Stored::Bytes { zeros: 0 },
            Stored::Floats { .. } => Stored::Floats { zeros: 0 },
        };
        let full = samples(full, SAMPLES, recipe.network().input()[0], 2);
        let rows = Tensor::from((0..recipe.batch).map(|row| (SAMPLES - 1 - row) as f64).collect::<Vec<_>>());
        let run = |session: Session| {
            let mut training = Training::new(session, recipe);
            training.steps(2);
            let losses: Vec<f64> = (0..3).map(|_| training.step_on(&full, &rows).unwrap()).collect();
            (losses, training.kept())
        };
        let wanted = run(interpreter());
        for level in levels() {
            let found = run(engine(level, 2));
            for (found, wanted) in found.0.iter().zip(&wanted.0) {
                assert!((found - wanted).abs() <= 1e-4 * wanted.abs(), "{recipe:?} at {level}: {found} for {wanted}");
            }
            for ((name, found), (_, wanted)) in found.1.iter().zip(&wanted.1) {
                assert_close(&format!("{recipe:?} at {level}: {name}"), found, wanted, 1e-3);
            }
        }
    }
}

#[test]
fn a_weight_that_is_not_finite_shows_in_the_loss_even_if_it_only_meets_zeros() {
    for recipe in RECIPES {
        let features = recipe.network().input()[0];
        // One column of the data is nothing but zeros.
        let blind = features / 2;
        let mut data = recipe.data().inputs().clone();
        for row in 0..SAMPLES {
            match recipe.data {
                Stored::Bytes { .. } => data.as_mut_slice::<u8>().unwrap()[row * features + blind] = 0,
                Stored::Floats { .. } => data.as_mut_slice::<f32>().unwrap()[row * features + blind] = 0.0,
            }
        }
        let rows = Tensor::from((0..recipe.batch).map(|row| row as f64).collect::<Vec<_>>());
        let units = recipe.network.split([' ', ',']).nth(3).unwrap().parse::<usize>().unwrap();
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for (row, unit) in [(blind, 0), (blind, units - 1), (0, units / 2), (features - 1, units - 1)] {
                for level in levels() {
                    let mut training = Training::new(engine(level, 2), recipe);
                    let mut w = training.session.get("0/w").unwrap().clone();
                    w.as_mut_slice::<f32>().unwrap()[row * units + unit] = bad;
                    training.session.set("0/w", w);
                    // A ReLU or tanh may make a finite number of an infinity; of what is no number, none does.
                    let first = training.step_on(&data, &rows).unwrap();
                    let is_blind = row == blind;
                    assert!(training.plan().contains("non-zeros"));
                    if is_blind || bad.is_nan() {
                        assert!(!first.is_finite(), "{recipe:?} at {level}: {bad} at {row}, {unit} gives {first}");
                    }
                }
            }
        }
    }
}

#[test]
fn rows_that_are_none_give_the_interpreters_message_and_change_nothing() {
    for recipe in RECIPES {
        let data = recipe.data();
        for (at, bads) in
            [(0, [-1.0, 0.5]), (recipe.batch / 2, [f64::NAN, 1e30]), (recipe.batch - 1, [-0.5, SAMPLES as f64])]
        {
            for bad in bads {
                let mut rows = vec![3.0; recipe.batch];
                rows[at] = bad;
                let rows = Tensor::from(rows);
                let run = |session: Session, level: &str| {
                    let mut training = Training::new(session, recipe);
                    // In a plan's first run, and in a later one.
                    let first = training.step_on(data.inputs(), &rows).unwrap_err().to_string();
                    training.steps(2);
                    let before = training.kept();
                    let message = training.step_on(data.inputs(), &rows).unwrap_err().to_string();
                    assert_eq!(message, first);
                    let kept = training.kept();
                    for ((name, kept), (_, before)) in kept.iter().zip(&before) {
                        assert!(kept == before, "{recipe:?} at {level}, row {at}: {bad} changed {name}");
                    }
                    // And the run after that is as if nothing had been.
                    (message, training.step())
                };
                let (message, loss) = run(interpreter(), "interpreter");
                for level in levels() {
                    for threads in [1, 2] {
                        let found = run(engine(level, threads), &level.to_string());
                        assert_eq!(found.0, message, "{recipe:?} at {level}");
                        assert!((found.1 - loss).abs() <= 1e-4 * loss, "{recipe:?} at {level}");
                    }
                }
            }
        }
    }
}
