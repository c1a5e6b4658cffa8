//! The course notes' forward pass through three layers.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid_engine::Precision;
use limpid_graph::Tensor;
use limpid_learn::{Model, Network};

use crate::numpy_print::printed;

fn model() -> Model {
    let network: Network = "2, affine 3, sigmoid, affine 2, sigmoid, affine 2, identity".parse().unwrap();
    let mut model = Model::in_precision(&network, 0, Precision::F64).unwrap();
    let parameters: [(&str, Tensor); 6] = [
        ("0/w", [[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]].into()),
        ("0/b", [0.1, 0.2, 0.3].into()),
        ("2/w", [[0.1, 0.4], [0.2, 0.5], [0.3, 0.6]].into()),
        ("2/b", [0.1, 0.2].into()),
        ("4/w", [[0.1, 0.3], [0.2, 0.4]].into()),
        ("4/b", [0.1, 0.2].into()),
    ];
    model.set_parameters(&parameters.map(|(name, value)| (name.to_string(), value))).unwrap();
    model
}

#[test]
fn three_layers_give_the_printed_digits() {
    let y = model().predict(&Tensor::from([1.0, 0.5])).unwrap();
    assert_eq!(y.shape(), [2]);
    assert_eq!(printed(&y), "0.31682708 0.69627909");
}

#[test]
fn one_sample_a_batch_of_one_and_a_row_of_a_batch_have_the_same_bits() {
    let mut model = model();
    let one = model.predict(&Tensor::from([1.0, 0.5])).unwrap();
    let alone = model.predict(&Tensor::from([[1.0, 0.5]])).unwrap();
    let batch = model.predict(&Tensor::from([[0.0, -3.0], [1.0, 0.5], [7.0, 7.0]])).unwrap();
    assert_eq!((alone.shape(), batch.shape()), (&[1, 2][..], &[3, 2][..]));
    assert_eq!(alone.to_f64(), one.to_f64());
    assert_eq!(batch.rows(1, 2).to_f64(), one.to_f64());
}
