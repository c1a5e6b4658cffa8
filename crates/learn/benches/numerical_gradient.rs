//! Seconds for the numerical gradient of 784-50-10 units over 100 digits, in `f64`, on as many threads as
//! `LIMPID_THREADS` says.
//!
//! `LIMPID_THREADS=1 cargo bench -p limpid-learn --bench numerical_gradient`; `tools/numerical_gradient.py` measures the same with
//! NumPy, and runs this beside it if it is told where.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement may stop, and prints")]

use std::time::Instant;

use limpid_engine::Precision;
use limpid_files::{Mnist, locate_mnist};
use limpid_learn::{Dataset, Model, Network, numeric};

fn main() {
    let files = Mnist::load(&locate_mnist(None).unwrap()).unwrap();
    let data = Dataset::new(files.train_images.rows(0, 100), files.train_labels.rows(0, 100)).unwrap();
    let data = data.reshaped(&[784]).unwrap().divided_by(255.0);
    let network: Network = "784, affine 50 init=normal(0.01), sigmoid, affine 10 init=normal(0.01)".parse().unwrap();
    let model = Model::in_precision(&network, 1, Precision::F64).unwrap();
    for _ in 0..7 {
        let start = Instant::now();
        let gradients = model.numerical_gradients(&data, numeric::H).unwrap();
        let seconds = start.elapsed().as_secs_f64();
        let count: usize = gradients.iter().map(|(_, gradient)| gradient.len()).sum();
        println!("{seconds:.6} s for {count} parameters, {:.3} µs each", 1e6 * seconds / count as f64);
    }
}
