//! The course notes' rows on activations and output layers.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid_engine::Precision;
use limpid_graph::{Builder, Shape, Tensor, Var};
use limpid_learn::{Affine, Identity, Initializer, Model, Network, Relu, Sigmoid, SingleLayer, Softmax};

use crate::numpy_print::printed;

/// A function of one value, run.
fn of(x: impl Into<Tensor>, function: for<'b> fn(Var<'b>) -> Var<'b>) -> Tensor {
    let x = x.into();
    let b = Builder::new();
    let graph = b.finish([function(b.input("x", Shape::from(x.shape())))]).unwrap();
    graph.run(&[("x", &x)]).unwrap().swap_remove(0)
}

fn plain_softmax(x: Var<'_>) -> Var<'_> {
    x.exp() / x.exp().sum_all()
}

// row D1
#[test]
fn step_sigmoid_relu_and_identity_take_arrays_of_any_rank() {
    assert_eq!(of([-1.0, 1.0, 2.0], |x| x.step()), Tensor::from([0.0, 1.0, 1.0]));
    assert_eq!(of(0.0, |x| x.step()), Tensor::scalar(0.0));
    assert_eq!(printed(&of([-1.0, 1.0, 2.0], |x| x.sigmoid())), "0.26894142 0.73105858 0.88079708");
    let cube = Tensor::new([2, 1, 2], vec![-1.0, 1.0, 2.0, -0.5]).unwrap();
    assert_eq!(of(cube.clone(), |x| x.step()), Tensor::new([2, 1, 2], vec![0.0, 1.0, 1.0, 0.0]).unwrap());
    assert_eq!(of(cube.clone(), |x| x.relu()), Tensor::new([2, 1, 2], vec![0.0, 1.0, 2.0, 0.0]).unwrap());
    assert_eq!(of(cube.clone(), |x| x.identity()), cube);
    assert_eq!(of(cube.clone(), |x| x.sigmoid()).shape(), cube.shape());
    for layer in
        [SingleLayer::layer(Sigmoid, 0), SingleLayer::layer(Relu, 0), SingleLayer::layer(Identity, 0)].iter_mut()
    {
        assert_eq!(layer.forward(&cube).unwrap().shape(), cube.shape());
        assert_eq!(layer.forward(&Tensor::scalar(0.5)).unwrap().shape(), [0usize; 0]);
    }
}

// row D2
#[test]
fn plain_softmax_gives_the_printed_digits() {
    let x = [0.3, 2.9, 4.0, 0.0];
    assert_eq!(printed(&of(x, |x| x.exp())), "1.34985881 18.17414537 54.59815003 1.");
    assert_eq!(of(x, |x| x.exp().sum_all()).item(), Some(75.1221542101633));
    assert_eq!(printed(&of(x, plain_softmax)), "0.01796885 0.2419279 0.72679159 0.01331165");
}

// row D2
#[test]
fn plain_softmax_overflows_where_the_stable_one_does_not() {
    let large = [1010.0, 1000.0, 990.0];
    assert!(of(large, plain_softmax).to_f64().iter().all(|y| y.is_nan()));
    assert_eq!(printed(&of(large, |x| x.softmax(-1))), "9.99954600e-01 4.53978686e-05 2.06106005e-09");
}

// row D3
#[test]
fn stable_softmax_gives_the_printed_digits_and_sums_to_1() {
    let y = of([0.3, 2.9, 4.0], |x| x.softmax(-1));
    assert_eq!(printed(&y), "0.01821127 0.24519181 0.73659691");
    assert_eq!(of(y, |x| x.sum_all()).item(), Some(1.0));
}

// row D3
#[test]
fn softmax_of_a_batch_is_the_softmax_of_each_row() {
    let rows = [[0.3, 2.9, 4.0], [1010.0, 1000.0, 990.0], [-5.0, 0.0, 5.0]];
    let batch = of(rows, |x| x.softmax(-1)).to_f64();
    for (row, together) in rows.iter().zip(batch.chunks(3)) {
        assert_eq!(of(*row, |x| x.softmax(-1)).to_f64(), together);
        assert!((together.iter().sum::<f64>() - 1.0).abs() < 1e-15);
    }
}

// row D4
#[test]
fn a_stack_of_linear_layers_equals_one() {
    let init = || Initializer::Normal(1.0);
    let stack = Network::new(4, (Affine::new(4, 7).init(init()), Identity, Affine::new(7, 5).init(init())));
    let mut stack = Model::in_precision(&stack, 3, Precision::F64).unwrap();
    // W = W1·W2 and b = b1·W2 + b2: what the stack makes of the unit vectors, less what it makes of 0.
    let at_zero = stack.predict(&Tensor::zeros([4])).unwrap();
    let unit = |i: usize| Tensor::from((0..4).map(|j| f64::from(u8::from(i == j))).collect::<Vec<_>>());
    let row = |i: usize, stack: &mut Model| {
        let made = stack.predict(&unit(i)).unwrap().to_f64();
        made.iter().zip(at_zero.to_f64()).map(|(y, zero)| y - zero).collect::<Vec<_>>()
    };
    let w: Vec<f64> = (0..4).flat_map(|i| row(i, &mut stack)).collect();
    let mut one = Model::in_precision(&Network::new(4, Affine::new(4, 5)), 0, Precision::F64).unwrap();
    let w = Tensor::new([4, 5], w).unwrap();
    one.set_parameters(&[("0/w".into(), w), ("0/b".into(), at_zero)]).unwrap();
    let x = Initializer::Normal(3.0).draw(&[20, 4], 9, "x");
    let (by_stack, by_one) = (stack.predict(&x).unwrap().to_f64(), one.predict(&x).unwrap().to_f64());
    assert!(by_stack.iter().zip(by_one).all(|(a, b)| (a - b).abs() < 1e-12));
}

// row D4
#[test]
fn with_a_non_linear_activation_between_them_the_stack_is_more_than_one_layer() {
    let network = Network::new(1, (Affine::new(1, 4).init(Initializer::Normal(1.0)), Relu, Affine::new(4, 1)));
    let mut model = Model::in_precision(&network, 3, Precision::F64).unwrap();
    let mut at = |x: f64| model.predict(&Tensor::from([x])).unwrap().to_f64()[0];
    assert!((at(1.0) - 2.0 * at(0.0) + at(-1.0)).abs() > 0.1, "a line has no bend");
}

// row D5
#[test]
fn a_regression_ends_in_the_identity_and_a_classification_in_softmax_with_one_output_per_class() {
    let x = Tensor::from([[0.3, -2.0], [1.0, 4.0], [0.0, 0.0]]);
    let mut regression = Model::new(&Network::new(2, (Affine::new(2, 1), Identity)), 1).unwrap();
    assert_eq!(regression.predict(&x).unwrap().shape(), [3, 1]);
    let mut classification = Model::new(&Network::new(2, (Affine::new(2, 10), Softmax)), 1).unwrap();
    let probabilities = classification.predict(&x).unwrap();
    assert_eq!(probabilities.shape(), [3, 10]);
    for row in probabilities.to_f64().chunks(10) {
        assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-6 && row.iter().all(|p| (0.0..=1.0).contains(p)));
    }
}

// row D5
#[test]
fn softmax_does_not_change_which_class_is_largest() {
    let x = Tensor::from([[0.3, 2.9, 4.0], [9.0, 1.0, 1.0]]);
    assert_eq!(of(x.clone(), |x| x.softmax(-1).argmax(-1)), of(x, |x| x.argmax(-1)));
}
