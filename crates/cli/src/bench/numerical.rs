//! J3: the derivative with respect to every number of a network, by difference quotients.

use std::hint::black_box;

use limpid::engine::Precision;
use limpid::learn::{Dataset, Model};

use super::measure::{self, Spread};
use super::{Bench, Row};
use crate::failure::Failure;

const NETWORK: &str = "784, affine 50 init=normal(0.01), sigmoid, affine 10 init=normal(0.01)";
const BATCH: u64 = 100;
/// How far each number is moved, up and down.
const STEP: f64 = 1e-4;
const UNITS: [u64; 3] = [784, 50, 10];

impl Bench {
    /// Seconds for the whole gradient: as many repeats as fit into the time, and at least one.
    pub(super) fn numerical(&self) -> Result<Vec<Row>, Failure> {
        let model = Model::in_precision(&NETWORK.parse()?, 1, Precision::F64)?.with_threads(self.settings.threads);
        let batch = self.data()?.train.range(0, BATCH as usize)?;
        let mut times = Vec::new();
        while times.len() < self.settings.repeats {
            times.push(measure::seconds(|| gradient(&model, &batch))?);
            if times.iter().sum::<f64>() > self.settings.seconds {
                break;
            }
        }
        let flops = downstream_flops();
        // A register holds half as many numbers of f64 as of f32.
        let floor = flops as f64 / (self.peak() / 2.0);
        Ok(vec![Row::new("J3", self.settings.threads, Spread::of(times), "s").with_floor(flops, floor)])
    }
}

/// The whole numerical gradient.
fn gradient(model: &Model, batch: &Dataset) -> Result<(), Failure> {
    black_box(model.numerical_gradients(batch, STEP)?);
    Ok(())
}

/// What lies downstream of each number, twice, for each sample: of a first weight or bias its unit's sum and sigmoid,
/// what that changes in every score, softmax and loss; of a second one its score, softmax and loss. Softmax and loss
/// are an exponential, a sum and a product for each class.
fn downstream_flops() -> u64 {
    let [inputs, hidden, classes] = UNITS;
    let loss = 3 * classes;
    let first = (inputs + 1) * hidden * (2 + 1 + 2 * classes + loss);
    let second = (hidden + 1) * classes * (2 + loss);
    2 * BATCH * (first + second)
}
