//! Convolutional networks of other programs: NumPy's pickles answer as in NumPy, PyTorch's and Keras's arrays as the network
//! that they were taken from (`tools/fixtures/convolution_net.py`).
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::path::{Path, PathBuf};

use limpid::datasets::mnist;
use limpid::files::{NamedArray, Naming, Orientation, find_layers};
use limpid::graph::Stream;
use limpid::prelude::*;
use limpid::weights::{Hints, from_weights, open};

fn fixture(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures")).join(name)
}

fn of_network(text: &str) -> Hints {
    Hints { network: Some(text.to_string()), ..Hints::default() }
}

/// How many of the 10,000 NumPy reads rightly, in f32 and f64: `convolution_net.py count`.
const RIGHT: usize = 7520;

#[test]
fn numpys_convolutional_pickles_read_as_many_digits_as_in_numpy() {
    let (_, test) = mnist(&Mnist::default()).unwrap();
    let files = [("convolution-net.pkl", Precision::F32), ("convolution-net-f64.pkl", Precision::F64)];
    for (name, precision) in files {
        let opened = open(&fixture(name), &Hints::activation("relu")).unwrap();
        let mut model = opened.saved.model;
        let network = "1x28x28, conv 4 5x5, relu, max-pool 2, affine 12, relu, affine 10";
        assert_eq!((model.network().to_string().as_str(), model.precision()), (network, precision));
        let said = format!("The network is taken to be `{network}`, by which W2 takes 576 numbers.");
        assert!(opened.assumed.contains(&said), "{:?}", opened.assumed);
        assert_eq!(model.evaluate(&test).unwrap().right, Some(RIGHT), "{name}");
        let told = open(&fixture(name), &of_network(network)).unwrap().saved.model;
        assert_eq!(told.variables().unwrap(), model.variables().unwrap());
    }
}

/// A model whose every variable is drawn, running statistics too.
fn drawn(network: &str) -> Model {
    let mut model = Model::in_precision(&network.parse().unwrap(), 3, Precision::F64).unwrap();
    let stream = Stream::new(5, "variables");
    let variables: Vec<(String, Tensor)> = model
        .variables()
        .unwrap()
        .into_iter()
        .zip(0..)
        .map(|((name, value), which)| {
            let from = if name.ends_with("variance") { 0.5 } else { -0.5 };
            let numbers = (0..value.len() as u64).map(|i| from + stream.uniform(which, i)).collect::<Vec<_>>();
            (name, Tensor::new(value.shape(), numbers).unwrap())
        })
        .collect();
    model.set_variables(&variables).unwrap();
    model
}

fn samples(shape: &[usize]) -> Tensor {
    let stream = Stream::new(6, "samples");
    let numbers = (0..shape.iter().product::<usize>() as u64).map(|i| stream.uniform(0, i)).collect::<Vec<_>>();
    Tensor::new(shape, numbers).unwrap()
}

fn arrays(model: &Model, naming: Naming) -> Vec<NamedArray> {
    let variables = model.variables().unwrap();
    let arrays = variables.into_iter().map(|(name, value)| NamedArray::new(name, value)).collect();
    find_layers(arrays, Some(Orientation::InOut)).unwrap().named(naming)
}

const WITH_NORMS: &str = "2x8x8, conv 4 3x3 pad=1 no-bias, batch-norm, relu, max-pool 2, conv 6 3x3, batch-norm, relu, \
                          affine 7, batch-norm, relu, affine 3";

#[test]
fn a_network_with_batch_norms_answers_the_same_under_the_names_of_every_style() {
    let mut model = drawn(WITH_NORMS);
    let x = samples(&[5, 2, 8, 8]);
    let wanted = model.predict(&x).unwrap();
    for naming in [Naming::NumPy, Naming::Torch, Naming::Limpid] {
        let mut arrays = arrays(&model, naming);
        if naming == Naming::Torch {
            arrays.push(NamedArray::new("1.num_batches_tracked", Tensor::scalar(7.0)));
        }
        let mut made = from_weights(arrays, &of_network(WITH_NORMS)).unwrap().model;
        assert_eq!(made.predict(&x).unwrap(), wanted, "{naming:?}");
    }
}

#[test]
fn kernels_and_rows_whose_channels_come_last_are_turned() {
    let text = "2x6x6, conv 3 3x2, relu, affine 4";
    let mut model = drawn(text);
    let of = |name: &str| model.variables().unwrap().into_iter().find(|(own, _)| own == name).unwrap().1.to_f64();
    let (kernel, weight) = (of("0/w"), of("2/w"));
    // (out, in, height, width) → (height, width, in, out), and rows of (channel, place) → (place, channel).
    let mut keras = vec![0.0; kernel.len()];
    for (at, number) in kernel.into_iter().enumerate() {
        let (column, row, channel, filter) = (at % 2, at / 2 % 3, at / 6 % 2, at / 12);
        keras[((row * 2 + column) * 2 + channel) * 3 + filter] = number;
    }
    let mut rows = vec![0.0; weight.len()];
    for (at, number) in weight.into_iter().enumerate() {
        let (output, place, channel) = (at % 4, at / 4 % 20, at / 80);
        rows[(place * 3 + channel) * 4 + output] = number;
    }
    let arrays = vec![
        NamedArray::new("conv2d/kernel:0", Tensor::new([3, 2, 2, 3], keras).unwrap()),
        NamedArray::new("conv2d/bias:0", Tensor::from(of("0/b"))),
        NamedArray::new("dense/kernel:0", Tensor::new([60, 4], rows).unwrap()),
        NamedArray::new("dense/bias:0", Tensor::from(of("2/b"))),
    ];
    let made = from_weights(arrays, &of_network(text)).unwrap();
    let said = "conv2d/kernel:0 is (height, width, in, out), as Keras has kernels; it was turned.";
    assert!(made.assumed.iter().any(|sentence| sentence == said), "{:?}", made.assumed);
    let (x, mut made) = (samples(&[3, 2, 6, 6]), made.model);
    assert_eq!(made.predict(&x).unwrap(), model.predict(&x).unwrap());
}

#[test]
fn the_usual_networks_are_found_by_their_shapes() {
    for text in [
        "1x28x28, conv 30 5x5, relu, max-pool 2, affine 10, relu, affine 3",
        "1x28x28, conv 8 3x3, relu, max-pool 2, affine 10",
        "1x28x28, conv 4 3x3 pad=1, relu, max-pool 2, conv 8 3x3 pad=1, relu, max-pool 2, affine 3",
        "1x28x28, conv 6 5x5, relu, max-pool 2, conv 16 5x5, relu, max-pool 2, affine 12, relu, affine 3",
        "3x32x32, conv 4 5x5 no-bias, batch-norm, relu, max-pool 2, affine 3",
    ] {
        let model = drawn(text);
        let made = from_weights(arrays(&model, Naming::Torch), &Hints::activation("relu")).unwrap();
        assert_eq!(made.model.network().to_string(), text);
        assert_eq!(made.model.variables().unwrap().len(), model.variables().unwrap().len());
    }
}

#[test]
fn what_kernels_do_not_tell_is_asked_for() {
    let deep = "1x28x28, conv 2 3x3 pad=1, relu, conv 2 3x3 pad=1, relu, max-pool 2, conv 2 3x3 pad=1, relu, \
                conv 2 3x3 pad=2, relu, max-pool 2, affine 5, relu, affine 3";
    let odd = "1x9x9, conv 2 3x3 stride=2, relu, affine 3";
    let table = [
        (deep, Hints::activation("relu"), "padding, strides and pools: `1x28x28, conv 2 3x3"),
        (deep, Hints::default(), "weights of 6 layers do not tell which activation"),
        (odd, Hints::activation("relu"), "give the network as text, such as `1x28x28, conv 16 3x3 pad=1, relu"),
        (
            odd,
            of_network("1x9x9, conv 2 3x3, relu, affine 3"),
            "2.weight does not fit the network, whose `2/w` has shape",
        ),
        (odd, of_network("1x9x9, affine 3"), "the network `1x9x9, affine 3` has 1 layers with weights, the arrays are"),
        (
            odd,
            of_network("1x9x9, conv 2 3x3 stride=2, batch-norm"),
            "2.weight does not fit the network, whose `1/scale`",
        ),
        (odd, of_network("1x9x9, konv 2"), "unknown layer `konv`"),
    ];
    for (network, hints, wanted) in table {
        let error = from_weights(arrays(&drawn(network), Naming::Torch), &hints).unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
    }
    for text in [deep, odd] {
        let model = drawn(text);
        let made = from_weights(arrays(&model, Naming::Torch), &of_network(text)).unwrap();
        assert_eq!(made.model.variables().unwrap(), model.variables().unwrap());
    }
}
