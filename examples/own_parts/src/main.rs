//! Learns which of two spirals a point lies on, with parts of its own.

mod parts;

use std::sync::Arc;

use limpid::learn::Registry;
use limpid::models;
use limpid::prelude::*;

use parts::{Residual, Signum, Spirals, focal, mish};

/// The names of the parts, for networks as text and for model files.
fn registry() -> Registry {
    Registry::new().activation(mish()).loss(focal()).layer("residual", |words| match words {
        [units] => Ok(Box::new(Residual(units.parse().map_err(|_| "expected a number of units")?))),
        _ => Err("expected one number of units".to_string()),
    })
}

/// A model that was trained for so many epochs.
fn trained(epochs: usize) -> Result<Model, limpid::Error> {
    let network = registry().network("2, affine 32, mish, residual 32, residual 32, affine 2")?;
    let mut model = Model::new(&network, 1)?.with_loss(focal());
    let optimizer = Arc::new(Signum { momentum: 0.9 });
    model.fit(&Spirals { points: 1000 }, &FitOptions { epochs, batch_size: 50, optimizer, ..FitOptions::default() })?;
    Ok(model)
}

fn main() -> Result<(), limpid::Error> {
    let mut model = trained(60)?;
    // Other points of the same spirals.
    let seen = model.evaluate(&Spirals { points: 774 })?;
    println!("{} of {} points are on the spiral that the model says", seen.right.unwrap_or(0), seen.samples);

    let path = std::env::temp_dir().join(format!("spirals-{}.safetensors", std::process::id()));
    models::save(&model, &path)?;
    let mut loaded = models::load_with(&path, &registry())?.model;
    let _ = std::fs::remove_file(&path);
    assert_eq!(loaded.evaluate(&Spirals { points: 774 })?, seen);

    let predictor = loaded.predictor()?;
    std::thread::scope(|scope| {
        let ask = |x: f32, y: f32| {
            let predictor = predictor.clone();
            scope.spawn(move || predictor.predict(&Tensor::from([x, y])))
        };
        let asked = [(0.2, 0.0), (-0.2, 0.0)].map(|(x, y)| ((x, y), ask(x, y)));
        for ((x, y), answer) in asked {
            let scores = answer.join().expect("a prediction does not panic")?.to_f64();
            println!("({x}, {y}) lies on spiral {}", u8::from(scores[1] > scores[0]));
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use limpid::learn::GradientCheck;

    #[test]
    fn the_parts_learn_and_come_back_from_a_file() {
        let mut model = trained(60).unwrap();
        let seen = model.evaluate(&Spirals { points: 774 }).unwrap();
        assert!(seen.accuracy > Some(0.98), "{seen:?}");
    }

    #[test]
    fn the_gradient_through_the_parts_is_the_losss() {
        let network = registry().network("2, affine 4, mish, residual 4, affine 2").unwrap();
        let model = Model::in_precision(&network, 1, limpid::engine::Precision::F64).unwrap().with_loss(focal());
        let points = Spirals { points: 20 }.read(&[0, 3, 8, 11]).unwrap();
        let report = model.check_gradients(&points, &GradientCheck::default()).unwrap();
        assert!(report.passed(), "{report}");
    }

    #[test]
    fn the_parts_of_a_network_say_what_they_expect() {
        let error = registry().network("2, residual two").unwrap_err().to_string();
        assert!(error.contains("expected a number of units"), "{error}");
    }
}
