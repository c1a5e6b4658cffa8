//! The course notes' rows on somebody else's trained weights: a sigmoid net of 784-50-100-10 units that NumPy trained
//! and pickled (`tools/fixtures/sigmoid_net.py`, run by NumPy 1.16 under Python 2.7).
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::path::Path;

use limpid::datasets::{Pixels, mnist};
use limpid::files::{Arrays, Container, Dtype, Format, NamedArray, Packing, Value, read_pickle};
use limpid::prelude::*;
use limpid::weights::{Hints, from_weights, open};

fn fixture() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/sigmoid-net.pkl"))
}

fn arrays() -> Vec<NamedArray> {
    let mut arrays = Arrays::read(fixture()).unwrap().arrays;
    arrays.sort_by(|a, b| a.name.cmp(&b.name));
    arrays
}

// row F2
#[test]
fn a_numpy_pickle_gives_its_arrays_whatever_order_they_are_in() {
    let bytes = std::fs::read(fixture()).unwrap();
    let pickle = read_pickle(&bytes).unwrap();
    let Value::Dict(entries) = pickle.value() else { panic!("not a dict") };
    assert_eq!(entries.len(), 6);
    let shapes = [
        ("W1", vec![784, 50]),
        ("W2", vec![50, 100]),
        ("W3", vec![100, 10]),
        ("b1", vec![50]),
        ("b2", vec![100]),
        ("b3", vec![10]),
    ];
    for (named, (name, shape)) in arrays().iter().zip(shapes) {
        assert_eq!((named.name.as_str(), named.array.shape()), (name, &shape[..]));
        assert_eq!(named.array.dtype(), Dtype::F32);
    }
    // numpy.load(…)["W1"][400, 3:5], ["W2"][7, :2], ["W3"][99, 8:], of Fortran, C and Fortran order.
    let number = |name: &str, row: usize, column: usize| {
        let array = &arrays().into_iter().find(|named| named.name == name).unwrap().array;
        array.to_f64()[row * array.shape()[1] + column] as f32
    };
    assert_eq!([number("W1", 400, 3), number("W1", 400, 4)], [-0.062010508, 0.07568823]);
    assert_eq!([number("W2", 7, 0), number("W2", 7, 1)], [0.10725393, 0.05615833]);
    assert_eq!([number("W3", 99, 8), number("W3", 99, 9)], [-0.40766546, -0.46108454]);
}

// row F2
#[test]
fn a_pickle_that_limpid_writes_is_read_again_bit_for_bit_in_every_protocol() {
    for protocol in 0..=5 {
        let bytes = Arrays::new(arrays()).to_bytes(Container::Pickle { protocol }).unwrap();
        let read = Arrays::from_bytes(&bytes).unwrap();
        assert_eq!((read.format, read.arrays), (Some(Format::Pickle), arrays()), "protocol {protocol}");
    }
}

/// How many of the 10,000 NumPy reads rightly, in f32 and f64, singly and in batches: `sigmoid_net.py count`.
const RAW: usize = 9473;
const UNIT: usize = 9663;
const STANDARD: usize = 8614;

// row F7
#[test]
fn somebody_elses_net_reads_as_many_digits_as_in_numpy_singly_and_in_batches() {
    let opened = open(fixture(), &Hints::activation("sigmoid")).unwrap();
    let mut model = opened.saved.model;
    assert_eq!(model.network().to_string(), "784, affine 50, sigmoid, affine 100, sigmoid, affine 10");
    let (train, test) = mnist(&Mnist { normalize: false, ..Mnist::default() }).unwrap();
    let forms = [(Pixels::Raw, RAW), (Pixels::UNIT, UNIT), (Pixels::standard_of(&train), STANDARD)];
    for (pixels, right) in forms {
        let data = pixels.applied_to(test.clone(), model.precision());
        for batch_size in [1, 100, 2000] {
            let seen = model.evaluate_watched(&data, batch_size, |_| ()).unwrap();
            assert_eq!((seen.samples, seen.right), (10_000, Some(right)), "{pixels} by {batch_size}");
        }
    }
}

// row F7
#[test]
fn the_same_net_in_double_precision_reads_as_many() {
    let wide = arrays().into_iter().map(|NamedArray { name, array }| {
        NamedArray::new(name, Tensor::new(array.shape().to_vec(), array.to_f64()).unwrap())
    });
    let mut model = from_weights(wide.collect(), &Hints::activation("sigmoid")).unwrap().model;
    assert_eq!(model.precision(), Precision::F64);
    let (_, test) = mnist(&Mnist { normalize: false, ..Mnist::default() }).unwrap();
    for (pixels, right) in [(Pixels::Raw, RAW), (Pixels::UNIT, UNIT)] {
        let data = pixels.applied_to(test.clone(), model.precision());
        assert_eq!(model.evaluate_watched(&data, 100, |_| ()).unwrap().right, Some(right), "{pixels}");
    }
}

// row F3
#[test]
fn the_accuracy_as_it_goes_is_that_of_the_samples_so_far() {
    let mut model = open(fixture(), &Hints::activation("sigmoid")).unwrap().saved.model;
    let (_, test) = mnist(&Mnist::default()).unwrap();
    let mut running = Vec::new();
    model.evaluate_watched(&test, 2000, |so_far| running.push((so_far.samples, so_far.right))).unwrap();
    for (samples, right) in running {
        let part = model.evaluate(&test.range(0, samples).unwrap()).unwrap();
        assert_eq!(part.right, right, "of the first {samples}");
    }
}

#[test]
fn every_format_gives_the_same_model() {
    let folder = tempfile::tempdir().unwrap();
    let hints = Hints::activation("sigmoid");
    let wanted = open(fixture(), &hints).unwrap().saved.model.parameters().unwrap();
    let containers = [
        (Container::Pickle { protocol: 5 }, Format::Pickle),
        (Container::Npz(Packing::Stored), Format::Npz),
        (Container::Npz(Packing::Deflated), Format::Npz),
        (Container::Safetensors, Format::Safetensors),
    ];
    for (container, format) in containers {
        // The name says nothing, the bytes do.
        let path = folder.path().join("weights");
        std::fs::write(&path, Arrays::new(arrays()).to_bytes(container).unwrap()).unwrap();
        let opened = open(&path, &hints).unwrap();
        assert_eq!((opened.format, opened.saved.model.parameters().unwrap()), (format, wanted.clone()));
    }
}

#[test]
fn what_weights_do_not_tell_is_asked_for() {
    let matrix = |name: &str, shape: [usize; 2]| NamedArray::new(name, Tensor::zeros(shape));
    let table = [
        (vec![matrix("W1", [4, 3]), matrix("W2", [3, 2])], None, "which activation stands between them"),
        (
            vec![matrix("W1", [4, 3]), matrix("W2", [3, 2])],
            Some("sigmod"),
            "`sigmod` is not one activation; there are: relu",
        ),
        (vec![matrix("W1", [4, 3]), matrix("W2", [3, 2])], Some("relu, affine 3"), "is not one activation"),
        (vec![matrix("W1", [4, 3]), matrix("W2", [3, 2])], Some("affine 3"), "is not one activation"),
        (vec![matrix("W1", [3, 3]), matrix("W2", [3, 3])], Some("relu"), "which way round are the weights?"),
        (
            vec![matrix("W1", [0, 3]), matrix("W2", [3, 2])],
            Some("relu"),
            "a layer has at least one input and one output",
        ),
        (
            vec![NamedArray::new("k.weight", Tensor::zeros([8, 1, 3, 3]))],
            None,
            "do not tell the size of the pictures, padding, strides and pools; give the network as text",
        ),
        (Vec::new(), None, "no weights among []"),
    ];
    for (arrays, activation, wanted) in table {
        let hints = Hints { activation: activation.map(str::to_string), ..Hints::default() };
        let error = from_weights(arrays, &hints).unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
    }
}

#[test]
fn what_is_concluded_is_said() {
    let arrays = vec![
        NamedArray::new("fc1.weight", Tensor::zeros([3, 4])),
        NamedArray::new("fc1.bias", Tensor::zeros([3])),
        NamedArray::new("fc2.weight", Tensor::zeros([2, 3])),
    ];
    let made = from_weights(arrays, &Hints::activation("relu")).unwrap();
    assert_eq!(
        made.assumed,
        [
            "The weights are (out, in), as the shapes match only this way; they were transposed.",
            "fc2.weight has no bias.",
            "The layers are 4 → 3 → 2, with relu behind each but the last.",
            "The last layer's outputs are scores: the largest is the answer.",
        ]
    );
}
