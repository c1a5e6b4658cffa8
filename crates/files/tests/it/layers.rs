//! Bare arrays and their names are enough to know the layers, or the question is asked.

use limpid_files::{
    Array, Dtype, FoundLayer, FoundLayers, LayersError, NamedArray, Naming, Orientation, find_layers, read_torch,
};
use proptest::prelude::*;

fn arrays(shapes: &[(&str, &[usize])]) -> Vec<NamedArray> {
    let named = shapes.iter().map(|(name, shape)| {
        let count = shape.iter().product::<usize>();
        let bytes = (0..count).flat_map(|index| (index as f32).to_le_bytes()).collect();
        NamedArray::new(*name, Array::new(Dtype::F32, *shape, bytes).expect("as many bytes"))
    });
    named.collect()
}

/// `W1 (784, 50) + b1`, one a layer.
fn listing(found: &FoundLayers) -> Vec<String> {
    let layers = found.layers.iter().map(|layer| {
        let (kind, weight, bias) = match layer {
            FoundLayer::Affine { weight, bias } => ("affine", weight, bias),
            FoundLayer::Convolution { kernel, bias } => ("convolution", kernel, bias),
            FoundLayer::BatchNorm { scale, shift, .. } => ("batch norm", scale, shift),
            other => panic!("{other:?}"),
        };
        let bias = bias.as_ref().map_or(String::new(), |bias| format!(" + {} {:?}", bias.name, bias.array.shape()));
        format!("{kind} {} {:?}{bias}", weight.name, weight.array.shape())
    });
    layers.collect()
}

#[test]
fn numbered_weights_are_put_in_order_and_their_orientation_follows_from_the_shapes() {
    // As a Python 2 dict of eleven layers would have them: in no order.
    let found = find_layers(
        arrays(&[
            ("b2", &[100]),
            ("W10", &[10, 3]),
            ("W1", &[784, 50]),
            ("b1", &[1, 50]),
            ("W3", &[100, 10]),
            ("W2", &[50, 100]),
            ("b3", &[10]),
        ]),
        None,
    );
    let found = found.unwrap();
    assert_eq!(
        listing(&found),
        [
            "affine W1 [784, 50] + b1 [50]",
            "affine W2 [50, 100] + b2 [100]",
            "affine W3 [100, 10] + b3 [10]",
            "affine W10 [10, 3]"
        ]
    );
    assert_eq!(
        found.assumed,
        [
            "The weights are (in, out), as the shapes match only this way.",
            "b1 of shape [1, 50] was flattened.",
            "W10 has no bias."
        ]
    );
}

#[test]
fn a_pytorch_state_dict_is_transposed_and_says_so() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/state-dict.pt");
    let arrays = read_torch(&std::fs::read(path).unwrap()).unwrap().arrays;
    let original = arrays[0].array.to_f64();
    let found = find_layers(arrays, None).unwrap();
    assert_eq!(listing(&found), ["affine 0.weight [4, 3] + 0.bias [3]", "affine 2.weight [3, 2] + 2.bias [2]"]);
    assert_eq!(found.assumed, ["The weights are (out, in), as the shapes match only this way; they were transposed."]);
    let FoundLayer::Affine { weight, .. } = &found.layers[0] else { panic!() };
    // Element (out 2, in 1) of the file is element (in 1, out 2) here.
    assert_eq!(weight.array.to_f64()[3 + 2], original[2 * 4 + 1]);
}

#[test]
fn where_both_ways_fit_the_names_decide_and_else_it_is_asked() {
    let square = |name: &'static str| arrays(&[(name, &[5, 5])]);
    let table = [
        ("fc.weight", "(out, in), as PyTorch has them"),
        ("dense/kernel:0", "(in, out), as Keras has them"),
        ("0/w", "(in, out), as limpid has them"),
    ];
    for (name, sentence) in table {
        let found = find_layers(square(name), None).unwrap();
        assert!(found.assumed[0].contains(sentence), "{:?}", found.assumed);
    }
    let error = find_layers(square("W1"), None).unwrap_err();
    assert_eq!(error, LayersError::Question { names: vec!["W1".to_string()] });
    assert!(error.to_string().ends_with("fit both as (in, out) and as (out, in); name one of the two"));
    for (orientation, element) in [(Orientation::InOut, 1.0), (Orientation::OutIn, 5.0)] {
        let found = find_layers(square("W1"), Some(orientation)).unwrap();
        let FoundLayer::Affine { weight, .. } = &found.layers[0] else { panic!() };
        assert_eq!(weight.array.to_f64()[1], element);
    }
}

#[test]
fn convolutions_are_kept_with_four_axes_and_what_is_no_layer_is_listed() {
    let found = find_layers(
        arrays(&[
            ("conv1.weight", &[8, 1, 3, 3]),
            ("conv1.bias", &[8]),
            ("fc.weight", &[10, 8 * 13 * 13]),
            ("fc.bias", &[10]),
            ("epoch", &[]),
        ]),
        None,
    );
    let found = found.unwrap();
    assert_eq!(
        listing(&found),
        ["convolution conv1.weight [8, 1, 3, 3] + conv1.bias [8]", "affine fc.weight [1352, 10] + fc.bias [10]"]
    );
    assert_eq!(found.left_out[0].name, "epoch");
    assert_eq!(
        found.assumed,
        [
            "The weights are (out, in), as the shapes match only this way; they were transposed.",
            "The layers follow one another as they stand in the file: conv1, fc.",
            "conv1.weight has four axes: it is a convolution's kernel, kept as it is.",
            "Left out, as their names are neither a weight's nor a bias's: epoch."
        ]
    );
}

#[test]
fn a_batch_norm_is_known_by_its_running_statistics() {
    let of_torch: &[(&str, &[usize])] = &[
        ("0.weight", &[8, 1, 3, 3]),
        ("1.weight", &[8]),
        ("1.bias", &[8]),
        ("1.running_mean", &[8]),
        ("1.running_var", &[8]),
        ("1.num_batches_tracked", &[]),
        ("5.weight", &[10, 8 * 13 * 13]),
        ("5.bias", &[10]),
    ];
    // In the order in which a file of sorted names has them.
    let sorted: &[(&str, &[usize])] = &[
        ("bn1.bias", &[8]),
        ("bn1.running_mean", &[8]),
        ("bn1.running_var", &[8]),
        ("bn1.weight", &[8]),
        ("bn2.running_mean", &[16]),
        ("bn2.running_var", &[16]),
        ("bn2.weight", &[16]),
        ("conv1.weight", &[8, 1, 3, 3]),
        ("conv2.weight", &[16, 8, 3, 3]),
        ("fc.weight", &[10, 16 * 9]),
    ];
    let of_numpy: &[(&str, &[usize])] = &[
        ("gamma1", &[4]),
        ("W2", &[4, 2]),
        ("W1", &[3, 4]),
        ("running_mean1", &[4]),
        ("beta1", &[4]),
        ("running_var1", &[4]),
    ];
    let listed = |shapes| listing(&find_layers(arrays(shapes), None).unwrap());
    assert_eq!(
        listed(of_torch),
        [
            "convolution 0.weight [8, 1, 3, 3]",
            "batch norm 1.weight [8] + 1.bias [8]",
            "affine 5.weight [1352, 10] + 5.bias [10]"
        ]
    );
    assert_eq!(
        listed(sorted),
        [
            "convolution conv1.weight [8, 1, 3, 3]",
            "batch norm bn1.weight [8] + bn1.bias [8]",
            "convolution conv2.weight [16, 8, 3, 3]",
            "batch norm bn2.weight [16]",
            "affine fc.weight [144, 10]"
        ]
    );
    assert_eq!(listed(of_numpy), ["affine W1 [3, 4]", "batch norm gamma1 [4] + beta1 [4]", "affine W2 [4, 2]"]);
    let found = find_layers(arrays(of_torch), None).unwrap();
    let said = "1.weight is a batch norm's scale, since running statistics stand beside it.";
    assert!(found.assumed.iter().any(|sentence| sentence == said), "{:?}", found.assumed);
    // Under the names of each style, and back.
    for (naming, names) in [
        (Naming::NumPy, ["W1", "gamma1", "beta1", "running_mean1", "running_var1", "W2", "b2"]),
        (Naming::Torch, ["0.weight", "1.weight", "1.bias", "1.running_mean", "1.running_var", "5.weight", "5.bias"]),
        (Naming::Limpid, ["0/w", "1/scale", "1/shift", "1/mean", "1/variance", "5/w", "5/b"]),
    ] {
        let named = find_layers(arrays(of_torch), None).unwrap().named(naming);
        assert_eq!(named.iter().map(|named| named.name.as_str()).collect::<Vec<_>>(), names);
        let again = find_layers(named, None).unwrap().named(Naming::NumPy);
        let numbers = |named: &[NamedArray]| named.iter().map(|named| named.array.to_f64()).collect::<Vec<_>>();
        let first = find_layers(arrays(of_torch), None).unwrap().named(Naming::NumPy);
        assert_eq!(numbers(&again), numbers(&first), "{naming:?}");
    }
}

#[test]
fn arrays_without_names_go_by_their_places() {
    for names in [["0", "1", "2", "10"], ["arr_0", "arr_1", "arr_2", "arr_10"]] {
        let found =
            find_layers(arrays(&[(names[3], &[2]), (names[0], &[4, 3]), (names[2], &[3, 2]), (names[1], &[3])]), None);
        let [w1, b1, w2, b2] = names;
        let expected = [format!("affine {w1} [4, 3] + {b1} [3]"), format!("affine {w2} [3, 2] + {b2} [2]")];
        assert_eq!(listing(&found.unwrap()), expected);
    }
}

#[test]
fn what_makes_no_chain_is_refused_with_what_does_not_fit() {
    type Shapes = &'static [(&'static str, &'static [usize])];
    let table: [(Shapes, &str); 13] = [
        (
            &[("c1.weight", &[4, 1, 3, 2]), ("c1.bias", &[3]), ("fc.weight", &[2, 4])],
            "c1.weight gives 4 or 2 channels, c1.bias has 3",
        ),
        (&[("x", &[3]), ("y", &[3, 4])], "no weights among [\"x\", \"y\"]; name them W1, b1"),
        (&[], "no weights among []"),
        (&[("W1", &[3, 4]), ("w1", &[3, 4])], "\"W1\" and \"w1\" are both the weight of one layer"),
        (&[("W1", &[3, 4]), ("b2", &[4])], "\"b2\" has no weight beside it"),
        (&[("bn.weight", &[8]), ("bn.bias", &[8])], "\"bn.weight\" has shape [8]: an affine layer's"),
        (
            &[("W1", &[3, 4]), ("gamma1", &[4])],
            "\"gamma1\" is a norm's, and no running mean and variance stand beside it",
        ),
        (
            &[("0/scale", &[4]), ("0/shift", &[4]), ("1/w", &[4, 3])],
            "\"0/scale\" is a norm's, and no running mean and variance stand beside it",
        ),
        (
            &[("0.weight", &[8, 1, 3, 3]), ("1.weight", &[7]), ("1.running_mean", &[7]), ("1.running_var", &[7])],
            "0.weight gives 8, 1.weight takes 7",
        ),
        (
            &[("0.weight", &[8]), ("0.running_mean", &[7]), ("0.running_var", &[8]), ("1.weight", &[8, 3])],
            "0.weight has 8 numbers, 0.running_mean has shape [7]",
        ),
        (&[("0.weight", &[8, 1, 3, 3]), ("1.weight", &[4, 6, 3, 3])], "0.weight gives 8 channels, 1.weight takes 6"),
        (&[("W1", &[3, 4]), ("b1", &[2, 2])], "\"b1\" has shape [2, 2]"),
        (
            &[("W1", &[3, 4]), ("W2", &[5, 6])],
            "As (in, out): W1 gives 4, W2 takes 5. As (out, in): W1 gives 3, W2 takes 6.",
        ),
    ];
    for (shapes, fact) in table {
        let message = find_layers(arrays(shapes), None).unwrap_err().to_string();
        assert!(message.contains(fact), "{message}");
    }
    let message = find_layers(arrays(&[("W1", &[3, 4]), ("b1", &[4])]), Some(Orientation::OutIn)).unwrap_err();
    assert!(message.to_string().starts_with("as (out, in) the layers do not follow one another: W1 gives 3, b1 has 4"));
}

proptest! {
    /// Whatever is found follows on: each layer takes what the one before gives.
    #[test]
    fn arrays_of_any_names_and_shapes_are_a_chain_or_refused(
        named in proptest::collection::vec(("([Wbwx]|fc|a\\.|arr_)[0-9]{0,2}(/w|\\.weight|\\.bias|_b)?", proptest::collection::vec(0usize..4, 0..5)), 0..7),
        orientation in proptest::option::of(prop_oneof![Just(Orientation::InOut), Just(Orientation::OutIn)]),
    ) {
        let shapes: Vec<_> = named.iter().map(|(name, shape)| (name.as_str(), shape.as_slice())).collect();
        let count = shapes.len();
        let Ok(found) = find_layers(arrays(&shapes), orientation) else { return Ok(()) };
        let mut given = None;
        let mut used = found.left_out.len();
        for layer in &found.layers {
            let (weight, bias) = match layer {
                FoundLayer::Affine { weight, bias } => {
                    let &[inputs, outputs] = weight.array.shape() else { panic!("{weight:?}") };
                    prop_assert!(given.is_none_or(|given| given == inputs));
                    prop_assert!(bias.as_ref().is_none_or(|bias| bias.array.shape() == [outputs]));
                    given = Some(outputs);
                    (weight, bias)
                }
                FoundLayer::Convolution { kernel, bias } => {
                    given = None;
                    (kernel, bias)
                }
                FoundLayer::BatchNorm { scale, shift, .. } => {
                    used += 2;
                    (scale, shift)
                }
                other => panic!("{other:?}"),
            };
            prop_assert!(!weight.name.is_empty());
            used += 1 + usize::from(bias.is_some());
        }
        prop_assert_eq!(used, count);
    }
}
