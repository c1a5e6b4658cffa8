//! MNIST as data sets, read from the checkout. Include it with `#[path = "support/mnist.rs"] mod mnist;`.
#![allow(dead_code, reason = "whoever includes this module uses a part of it")]

use limpid_files::{Mnist, locate_mnist};
use limpid_learn::Dataset;

/// The four files.
pub(crate) fn files() -> Mnist {
    Mnist::load(&locate_mnist(None).unwrap()).unwrap()
}

/// 60,000 training and 10,000 test samples of 784 pixels from 0 to 1, with labels.
pub(crate) fn data() -> (Dataset, Dataset) {
    let files = files();
    let flat = |images, labels| Dataset::new(images, labels).unwrap().reshaped(&[784]).unwrap().divided_by(255.0);
    (flat(files.train_images, files.train_labels), flat(files.test_images, files.test_labels))
}
