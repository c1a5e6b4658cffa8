//! One network in every shape that programs keep weights in is read to the same layers, and what was assumed is said. The
//! fixtures and how they were made: `tools/fixtures/weights.py`.

use std::fs;
use std::path::PathBuf;

use limpid_files::{
    Array, Arrays, Dtype, FoundLayer, FoundLayers, LayersError, NamedArray, Packing, find_layers, only, read_npz,
    read_pickle, write_npz,
};
use limpid_graph::Tensor;

fn read(name: &str) -> Result<Arrays, String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(format!("weights-{name}"));
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{name}: {error}"));
    Arrays::from_bytes(&bytes).map_err(|error| error.to_string())
}

fn found(name: &str) -> FoundLayers {
    let arrays = read(name).unwrap_or_else(|error| panic!("{name}: {error}")).arrays;
    find_layers(arrays, None).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Shape and numbers of a layer's weight, and its bias.
type Numbers = (Vec<usize>, Vec<f64>, Option<Vec<f64>>);

/// The numbers of each layer's weight, (in, out), and bias.
fn numbers(found: &FoundLayers) -> Vec<Numbers> {
    let layers = found.layers.iter().map(|layer| match layer {
        FoundLayer::Affine { weight, bias } => {
            (weight.array.shape().to_vec(), weight.array.to_f64(), bias.as_ref().map(|bias| bias.array.to_f64()))
        }
        other => panic!("{other:?}"),
    });
    layers.collect()
}

/// What `weights.py` has: 3 to 4 to 2.
fn expected() -> Vec<Numbers> {
    let first = (0..12).map(|i| f64::from(i) / 8.0 - 0.5).collect();
    let second = (0..8).map(|i| f64::from(i) / 4.0 - 1.0).collect();
    vec![(vec![3, 4], first, Some(vec![0.25, 0.75, 1.25, 1.75])), (vec![4, 2], second, Some(vec![-0.75, 0.25]))]
}

#[test]
fn every_shape_of_weights_gives_the_same_layers_and_says_what_it_assumed() {
    let table = [
        ("two-lists.pkl", "the weights are taken to come first, then the biases"),
        ("pairs.pkl", "each bias is taken to follow its weight"),
        ("layer-dicts.pkl", "as the shapes match only this way"),
        ("dict-of-lists.pkl", "as the shapes match only this way"),
        ("scikit-learn.pkl", "as the shapes match only this way"),
        ("biases-first.pkl", "as the shapes match only this way"),
        ("biases-first-list.pkl", "the biases are taken to come first, then the weights"),
        ("bias-before-weight.pkl", "each bias is taken to stand before its weight"),
        ("nested-lists.pkl", "as the shapes match only this way"),
        ("lists-of-scalars.pkl", "as the shapes match only this way"),
        ("columns.pkl", "b1 of shape [4, 1] was flattened"),
        ("columns-two-lists.pkl", "they were transposed"),
        ("keras-get-weights.pkl", "each bias is taken to follow its weight"),
        ("flax.pkl", "Only the arrays under params make a network; the others are left out"),
        ("fortran-big-endian.pkl", "as the shapes match only this way"),
        ("epoch-and-momentum.pkl", "neither a weight's nor a bias's: loss, momentum.0, momentum.1"),
        ("savez-arguments.npz", "the weights are taken to come first, then the biases"),
        ("savez-pairs.npz", "each bias is taken to follow its weight"),
        ("savez-objects.npz", "as the shapes match only this way"),
        ("savez-dict.npz", "as the shapes match only this way"),
        ("save-dict.npy", "as the shapes match only this way"),
        ("save-objects.npy", "each bias is taken to follow its weight"),
    ];
    for (name, said) in table {
        let found = found(name);
        assert_eq!(numbers(&found), expected(), "{name}");
        let assumed = found.assumed.join(" ");
        assert!(assumed.contains(said), "{name}: {assumed}");
    }
    // What a file holds beside arrays is said, too.
    let said = |name: &str| read(name).map(|read| read.notes()).unwrap_or_default();
    assert_eq!(said("scikit-learn.pkl"), ["Left out, as they are not arrays: n_iter_ (a whole number)."]);
    assert_eq!(said("nested-lists.pkl"), ["Lists of numbers are taken for arrays: W1, b1, W2, b2."]);
}

#[test]
fn bare_matrices_that_chain_are_a_network_and_others_are_not() {
    let bare = found("bare-chain.pkl");
    let wanted: Vec<_> = expected().into_iter().map(|(shape, weight, _)| (shape, weight, None)).collect();
    assert_eq!(numbers(&bare), wanted);
    assert_eq!(bare.assumed[1], "The names do not say what the arrays are: all are taken for weights.");
    // A table of samples and their targets is none, whatever its shapes.
    let shaped = |shapes: &[(&str, &[usize])]| {
        shapes.iter().map(|(name, shape)| NamedArray::new(*name, Tensor::zeros(shape.to_vec()))).collect::<Vec<_>>()
    };
    for shapes in [&[("X", &[150, 4][..]), ("y", &[150])][..], &[("x_train", &[60, 4]), ("x_test", &[10, 4])]] {
        let error = find_layers(shaped(shapes), None).unwrap_err();
        assert!(matches!(error, LayersError::NoWeights { .. }), "{error}");
    }
    let pairs = find_layers(shaped(&[("Wh", &[3, 4]), ("bh", &[4]), ("Wo", &[4, 2]), ("bo", &[2])]), None).unwrap();
    assert_eq!(pairs.layers.len(), 2);
    assert!(pairs.layers.iter().all(|layer| layer.arrays().count() == 2));
}

#[test]
fn of_two_networks_in_one_file_the_one_that_is_named_is_read() {
    let arrays = read("two-networks.pkl").unwrap().arrays;
    let error = find_layers(arrays.clone(), None).unwrap_err();
    assert_eq!(error, LayersError::Networks { names: vec!["net".to_string(), "ema".to_string()] });
    let net = find_layers(only(arrays.clone(), &["net"]).unwrap(), None).unwrap();
    assert_eq!(numbers(&net), expected());
    let ema = find_layers(only(arrays.clone(), &["ema"]).unwrap(), None).unwrap();
    assert_eq!(numbers(&ema)[0].1[0], 2.0 * expected()[0].1[0]);
    let message = only(arrays, &["ema", "best"]).unwrap_err().to_string();
    assert_eq!(message, "no array's name begins with \"best\"; choose one of net, ema");

    let of = |parts: [(&str, [[usize; 2]; 2]); 2]| {
        let layers = parts.into_iter().flat_map(|(name, shapes)| {
            [0, 1].map(|i| NamedArray::new(format!("{name}.{}.weight", 2 * i), Tensor::zeros(shapes[i])))
        });
        layers.collect::<Vec<_>>()
    };
    let same = [[5, 5], [5, 5]];
    // What one part gives the other takes: an encoder and a decoder are one network, blocks of the same shape too.
    let coder = of([("encoder", [[4, 9], [3, 4]]), ("decoder", [[4, 3], [9, 4]])]);
    assert_eq!(find_layers(coder, None).unwrap().layers.len(), 4);
    assert_eq!(find_layers(of([("block1", same), ("block2", same)]), None).unwrap().layers.len(), 4);
    let pair = of([("actor", same), ("critic", same)]);
    let error = find_layers(pair.clone(), None).unwrap_err();
    assert!(error.to_string().starts_with("there is more than one network: actor, critic"), "{error}");
    // Both are wanted, one behind the other.
    let both = only(pair, &["critic", "actor"]).unwrap();
    assert_eq!(both[0].name, "critic.0.weight");
}

#[test]
fn objects_are_refused_by_their_class_with_what_keeps_their_numbers() {
    let table = [
        ("class-0.pkl", "class __main__.Net (byte 0 of its pickle)", "numpy.savez(path, **net.params)"),
        ("class-2.pkl", "class __main__.Net (byte 2 of its pickle)", "numpy.savez(path, **net.params)"),
        ("class-4.pkl", "class __main__.Net (byte 28 of its pickle)", "numpy.savez(path, **net.params)"),
        ("masked.pkl", "asks for numpy.ma.core._mareconstruct", "array.filled(0)"),
    ];
    for (name, place, advice) in table {
        let message = read(name).unwrap_err();
        assert!(message.contains(place) && message.contains(advice) && !message.contains("torch"), "{message}");
    }
}

#[test]
fn columns_and_rows_of_biases_tell_which_way_round_square_weights_are() {
    let square = |bias: [usize; 2]| {
        vec![NamedArray::new("W1", Tensor::zeros([5, 5])), NamedArray::new("b1", Tensor::zeros(bias))]
    };
    for (bias, said) in
        [([5, 1], "(out, in), as biases of shape (n, 1) show"), ([1, 5], "(in, out), as biases of shape (1, n) show")]
    {
        let found = find_layers(square(bias), None).unwrap();
        assert!(found.assumed[0].contains(said), "{:?}", found.assumed);
    }
}

#[test]
fn lists_of_numbers_are_arrays_where_they_have_a_shape() {
    // pickle.dumps({"a": [[1, 2], [3, 4]], "b": [0.5, 1], "c": [[1], [2, 3]], "d": [], "e": [1, "x"]}, 2)
    let bytes =
        b"\x80\x02}(U\x01a](](K\x01K\x02e](K\x03K\x04eeU\x01b](G?\xe0\0\0\0\0\0\0K\x01eU\x01c](](K\x01e](K\x02K\x03ee\
                  U\x01d]U\x01e](K\x01U\x01xeu.";
    let unfolded = read_pickle(bytes).unwrap().arrays().unwrap();
    let listing: Vec<_> = unfolded
        .arrays
        .iter()
        .map(|a| (a.name.as_str(), a.array.dtype(), a.array.shape().to_vec(), a.array.to_f64()))
        .collect();
    assert_eq!(listing[0], ("a", Dtype::I64, vec![2, 2], vec![1.0, 2.0, 3.0, 4.0]));
    assert_eq!(listing[1], ("b", Dtype::F64, vec![2], vec![0.5, 1.0]));
    // Rows of unlike lengths are arrays of their own.
    assert_eq!(listing[2..].iter().map(|row| row.0).collect::<Vec<_>>(), ["c.0", "c.1"]);
    assert_eq!(unfolded.left_out, ["d (a list)", "e (a list)"]);
    assert_eq!(unfolded.from_lists, ["a", "b", "c.0", "c.1"]);
}

#[test]
fn names_that_readers_of_archives_take_for_others_are_refused_and_all_others_come_back() {
    let one = |name: &str| NamedArray::new(name, Tensor::from([name.len() as f32]));
    let refused = [
        (&["a\0b", "a\0c"][..], "end a name at its NUL character"),
        (&["a", "a.npy"], "NumPy would take it for the array of the same name without .npy"),
        (&["..\\a"], "is not a plain file name"),
        (&["a/../b"], "is not a plain file name"),
        (&["a", "a"], "two arrays are named \"a\""),
    ];
    for (names, reason) in refused {
        let arrays: Vec<_> = names.iter().map(|name| one(name)).collect();
        let message = write_npz(&arrays, Packing::Stored).unwrap_err().to_string();
        assert!(message.contains(reason), "{names:?}: {message}");
    }
    let long = "n".repeat(60_000);
    let kept = ["", "a", "A", "a.npy.b", "b.npy", "\u{e9}", "e\u{301}", "a b", "0/w", "W\n1", long.as_str()];
    let arrays: Vec<_> = kept.iter().map(|name| one(name)).collect();
    assert_eq!(read_npz(&write_npz(&arrays, Packing::Stored).unwrap()).unwrap(), arrays);
    let message = write_npz(&[one(&"n".repeat(70_000))], Packing::Stored).unwrap_err().to_string();
    assert!(message.contains("give the arrays shorter names"), "{}", &message[message.len() - 80..]);
}

#[test]
fn halves_are_widened_to_the_bit_and_numbers_that_are_not_finite_are_found() {
    let half = Array::new(Dtype::F16, [2], vec![0x00, 0x3e, 0x00, 0x7c]).unwrap();
    assert_eq!(half.widened().to_f64(), [1.5, f64::INFINITY]);
    assert_eq!(half.not_finite(), Some((1, 1)));
    let numbers = Array::from(Tensor::from([[0.0, 1.0], [f64::NAN, f64::NEG_INFINITY]]));
    assert_eq!((numbers.not_finite(), &numbers.widened()), (Some((2, 2)), &numbers));
    assert_eq!(Array::new(Dtype::I16, [1], vec![0xff, 0xff]).unwrap().not_finite(), None);
}
