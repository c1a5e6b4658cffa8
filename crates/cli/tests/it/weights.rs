//! Weights of other programs, evaluated; and those that bring something to run, refused.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::fs;
use std::path::{Path, PathBuf};

use limpid::files::{Arrays, Container, NamedArray, Packing};
use limpid::graph::Tensor;

use crate::support::Place;

/// NumPy's net, and how many of the 10,000 digits NumPy reads with it; see crates/limpid/tests/it/spec_f_weights.rs.
fn numpys_net() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../limpid/tests/fixtures/sigmoid-net.pkl")
}

fn in_place(place: &Place) {
    fs::copy(numpys_net(), place.path("weights.pkl")).unwrap();
}

const EVALUATE: [&str; 6] = ["evaluate", "weights.pkl", "--activation", "sigmoid", "--format", "json"];

#[test]
fn a_numpy_pickle_is_evaluated_to_numpys_count_on_raw_and_normalised_pixels_in_any_batches() {
    let place = Place::new();
    in_place(&place);
    for (normalize, right) in [("none", 9473), ("unit", 9663), ("standard", 8614)] {
        for batch_size in ["1", "100", "2000"] {
            let typed = [&EVALUATE[..], &["--normalize", normalize, "--batch-size", batch_size]].concat();
            let seen = place.run(&typed).done().json();
            assert_eq!((&seen["right"], &seen["samples"]), (&right.into(), &10_000.into()), "{normalize} {batch_size}");
            assert_eq!(seen["batch_size"].to_string(), batch_size);
        }
    }
    let standard = place.run(&[&EVALUATE[..], &["--normalize", "standard"]].concat()).done().json();
    // NumPy adds in another order.
    for (name, numpys) in [("pixel_mean", 0.1306604762738429), ("pixel_deviation", 0.3081078038564622)] {
        let ours = standard[name].as_f64().unwrap();
        assert!((ours - numpys).abs() < 1e-13, "{name}: {ours}");
    }
}

#[test]
fn a_person_is_told_the_count_what_was_assumed_and_how_it_goes() {
    let place = Place::new();
    in_place(&place);
    let told = place.run(&["evaluate", "weights.pkl", "--activation", "sigmoid", "--batch-size", "500"]).done();
    for line in ["model     weights.pkl (a pickle)\n", "accuracy  96.63 %\n", "right     9,663 of 10,000\n"] {
        assert!(told.stdout.contains(line), "{}", told.stdout);
    }
    for line in [
        "The weights are (in, out), as the shapes match only this way.\n",
        "The layers are 784 → 50 → 100 → 10, with sigmoid behind each but the last.\n",
        "Pixels are divided by 255, as most programs do; --normalize none leaves them.\n",
        " 1,000 of 10,000  accuracy  ",
        "10,000 of 10,000  accuracy  96.63 %\n",
    ] {
        assert!(told.stderr.contains(line), "{line}{}", told.stderr);
    }
    let quiet = place.run(&["evaluate", "weights.pkl", "--activation", "sigmoid", "--quiet"]).done();
    assert_eq!((quiet.stderr.as_str(), quiet.stdout), ("", told.stdout));
}

#[test]
fn a_model_says_what_it_was_trained_on_and_a_flag_overrides_that_aloud() {
    let place = Place::new();
    in_place(&place);
    place.run(&["convert", "weights.pkl", "net.safetensors", "--activation", "sigmoid"]).done();
    let own = place.run(&["evaluate", "net.safetensors", "--format", "json", "--quiet"]).done();
    assert_eq!((&own.json()["right"], own.stderr.as_str()), (&9663.into(), ""));
    let other = place.run(&["evaluate", "net.safetensors", "--normalize", "none", "--format", "json"]).done();
    assert_eq!(other.json()["right"], 9473);
    let said =
        "The model was trained on pixels divided by 255; --normalize takes the place of that: pixels as they are";
    assert!(other.stderr.contains(said), "{}", other.stderr);
    let typed = ["evaluate", "net.safetensors", "--activation", "relu"];
    place.run(&typed).failed(2, "net.safetensors is a limpid model and says itself what --activation would");
}

#[test]
fn every_verb_that_asks_a_model_takes_weights() {
    let place = Place::new();
    in_place(&place);
    let told = place.run(&["plot", "confusion", "weights.pkl", "--activation", "sigmoid"]).done();
    assert!(told.stdout.contains("weights.pkl on the test samples of mnist"), "{}", told.stdout);
    for verb in ["summary", "graph", "plan", "gradcheck"] {
        let said = "weights alone (a pickle), without the network that they belong to; make a model of them with: limpid \
                    convert weights.pkl weights.limpid.safetensors --activation sigmoid";
        place.run(&[verb, "weights.pkl"]).failed(1, said);
    }
}

fn written(place: &Place, name: &str, arrays: Vec<NamedArray>, container: Container) {
    fs::write(place.path(name), Arrays::new(arrays).to_bytes(container).unwrap()).unwrap();
}

#[test]
fn what_weights_do_not_tell_is_asked_for_by_the_flag_that_tells_it() {
    let place = Place::new();
    in_place(&place);
    place.run(&["evaluate", "weights.pkl"]).failed(2, "do not tell which activation stands between them");
    place.run(&["evaluate", "weights.pkl"]).failed(2, ": --activation sigmoid");
    place.run(&["evaluate", "weights.pkl", "--activation", "sigmod"]).failed(2, "did you mean `sigmoid`?");
    let matrix = |name: &str, shape: Vec<usize>| NamedArray::new(name, Tensor::zeros(shape));
    let square = vec![matrix("W1", vec![784, 784]), matrix("W2", vec![784, 784])];
    written(&place, "square.npz", square, Container::Npz(Packing::Stored));
    let typed = ["evaluate", "square.npz", "--activation", "relu"];
    place.run(&typed).failed(2, "name one of the two: --orientation in-out, or --orientation out-in");
    let typed = [&typed[..], &["--orientation", "out-in"]].concat();
    place.run(&typed).failed(1, "square.npz: the network ends in (batch, 784), but mnist has 10 classes");

    let kernel = vec![matrix("conv.weight", vec![8, 1, 3, 3]), matrix("fc.weight", vec![10, 8 * 25 * 25])];
    written(&place, "kernel.safetensors", kernel, Container::Safetensors);
    let typed = ["evaluate", "kernel.safetensors", "--activation", "relu"];
    place
        .run(&typed)
        .failed(2, "the shapes of convolutions do not tell the size of the pictures, padding, strides and pools");
    let swapped = vec![matrix("W1", vec![784, 50]), matrix("W2", vec![100, 10])];
    written(&place, "gap.npz", swapped, Container::Npz(Packing::Stored));
    let answer = "gap.npz: the layers do not follow one another. As (in, out): W1 gives 50, W2 takes 100";
    place.run(&["evaluate", "gap.npz", "--activation", "relu"]).failed(1, answer);
    let nameless = vec![matrix("loss", vec![3])];
    written(&place, "history.npz", nameless, Container::Npz(Packing::Stored));
    place.run(&["evaluate", "history.npz"]).failed(1, "history.npz: no weights among [\"loss\"]; name them W1, b1");
}

#[test]
fn of_two_networks_in_one_file_only_tells_which_is_meant() {
    let place = Place::new();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../files/tests/fixtures/weights-two-networks.pkl");
    fs::copy(fixture, place.path("two.pkl")).unwrap();
    let answer = "two.pkl: there is more than one network: net, ema; name the one that is meant: --only net";
    for typed in [
        &["evaluate", "two.pkl", "--activation", "relu"][..],
        &["convert", "two.pkl", "m.safetensors", "--activation", "relu"],
        &["convert", "two.pkl", "a.npz", "--names", "torch"],
    ] {
        place.run(typed).failed(2, answer);
    }
    place
        .run(&["convert", "two.pkl", "a.npz", "--only", "best"])
        .failed(2, "begins with \"best\"; choose one of net, ema");
    let told = place.run(&["convert", "two.pkl", "net.npz", "--only", "ema"]).done();
    assert!(told.stdout.contains("W1  f64  3×4  kept\n"), "{}", told.stdout);
    assert_eq!(Arrays::read(&place.path("net.npz")).unwrap().arrays.len(), 4);
    place.run(&["convert", "two.pkl", "m.safetensors", "--activation", "relu", "--only", "net"]).done();
    let network = limpid::models::load(place.path("m.safetensors")).unwrap().network().to_string();
    assert_eq!(network, "3, affine 4, relu, affine 2");
    place.run(&["evaluate", "m.safetensors", "--only", "net"]).failed(2, "says itself what --only would: leave it out");
}

#[test]
fn weights_that_are_not_finite_are_said_by_name() {
    let place = Place::new();
    let mut numbers = vec![0.25f32; 30];
    (numbers[4], numbers[17]) = (f32::NAN, f32::INFINITY);
    let first = NamedArray::new("W1", Tensor::new([10, 3], numbers).unwrap());
    let arrays = vec![first, NamedArray::new("b1", Tensor::zeros([3]))];
    written(&place, "w.npz", arrays, Container::Npz(Packing::Stored));
    let told = place.run(&["convert", "w.npz", "m.safetensors", "--to", "limpid"]).done();
    let said = "W1 holds 2 numbers that are not finite, the first NaN at [1, 1]";
    assert!(told.stderr.contains(said), "{}", told.stderr);
    let told = place.run(&["summary", "m.safetensors"]).done();
    let said = "0/w holds 2 numbers that are not finite, the first NaN at [1, 1]";
    assert!(told.stderr.contains(said), "{}", told.stderr);
}

#[test]
fn brain_floats_are_widened_for_numpy_and_kept_for_others() {
    let place = Place::new();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../files/tests/fixtures/bf16.safetensors");
    fs::copy(fixture, place.path("half.safetensors")).unwrap();
    for to in ["half.npz", "half.pkl", "half.npy"] {
        let told = place.run(&["convert", "half.safetensors", to]).done();
        let said = "Widened from bf16, which NumPy does not have, to f32, each number exactly: half.";
        assert!(told.stderr.contains(said), "{}", told.stderr);
        assert!(told.stdout.contains("half  f32  2  widened\n"), "{}", told.stdout);
        assert_eq!(Arrays::read(&place.path(to)).unwrap().arrays[0].array.to_f64(), [1.5, -2.0]);
    }
    let told = place.run(&["convert", "half.safetensors", "same.safetensors"]).done();
    assert!(told.stdout.contains("half  bf16  2  kept\n") && told.stderr.is_empty(), "{}{}", told.stdout, told.stderr);
}

#[test]
fn a_pickle_that_would_run_something_is_refused_with_its_name_and_its_byte() {
    let place = Place::new();
    let table: [(&str, &[u8], &str); 6] = [
        ("system.pkl", b"cos\nsystem\n(S'touch ran'\ntR.", "asks for os.system at byte 0"),
        (
            "eval.pkl",
            b"\x80\x02c__builtin__\neval\nX\x08\x00\x00\x00open('x')\x85R.",
            "asks for __builtin__.eval at byte 2",
        ),
        // pickle.dumps of an object whose __reduce__ is (eval, ("1",)), protocol 4.
        (
            "eval4.pkl",
            b"\x80\x04\x95\x17\x00\x00\x00\x00\x00\x00\x00\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85R.",
            "asks for builtins.eval at byte 27",
        ),
        ("posix.pkl", b"\x80\x02cposix\nsystem\nU\x09touch ran\x85R.", "asks for posix.system at byte 2"),
        // Behind weights that are sound.
        (
            "chain.pkl",
            b"\x80\x02}(U\x02W1K\x01U\x02b1cnumpy\ndtype\nU\x02f4\x85Rcbuiltins\ngetattr\nh\x00U\x05eval\x86Ru.",
            "asks for builtins.getattr at byte 33",
        ),
        ("numpy.pkl", b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nload\ntR.", "asks for numpy.load at byte 37"),
    ];
    for (name, bytes, answer) in table {
        fs::write(place.path(name), bytes).unwrap();
        for typed in [
            &["evaluate", name, "--activation", "sigmoid"][..],
            &["convert", name, "out.npz"],
            &["plot", "confusion", name],
        ] {
            let told = place.run(typed).failed(1, answer);
            assert!(told.stderr.starts_with(&format!("error: {name}: the pickle asks for ")), "{}", told.stderr);
        }
    }
    assert!(!place.files().iter().any(|name| name == "ran" || name == "out.npz"));
}

#[test]
fn a_file_of_something_else_is_answered_with_what_would_fit() {
    let place = Place::new();
    in_place(&place);
    let pickle = fs::read(numpys_net()).unwrap();
    let table: [(&str, &[u8], &str); 7] = [
        ("weights.pkl.gz", b"\x1f\x8b\x08\x00", "expected weights, found packed by gzip; unpack it first, with gunzip"),
        (
            "weights.txt",
            b"W1 = 0.5\n",
            "expected weights, found text that begins \"W1 = 0.5\"; weights are read from pickles",
        ),
        ("photo.png", b"\x89PNG\r\n\x1a\nrest of it", "expected weights, found a PNG picture; weights are read from"),
        ("empty.pkl", b"", "the file is empty"),
        ("cut.pkl", &pickle[..pickle.len() / 2], "the pickle is cut off"),
        ("archive.zip", b"PK\x03\x04 and no directory", "damaged or cut zip archive"),
        ("array.npy", b"\x93NUMPY\x01\x00", "the .npy header takes"),
    ];
    for (name, bytes, answer) in table {
        fs::write(place.path(name), bytes).unwrap();
        for typed in [&["evaluate", name, "--activation", "sigmoid"][..], &["convert", name, "out.npz"]] {
            let told = place.run(typed).failed(1, answer);
            assert!(told.stderr.starts_with(&format!("error: {name}: ")), "{}", told.stderr);
        }
    }
    place.run(&["evaluate", "missing.pkl"]).failed(1, "missing.pkl: No such file");
}

/// A convolutional net of NumPy's, and how many digits NumPy reads with it; see
/// crates/limpid/tests/it/convolution_weights.rs.
fn convolutional_net(place: &Place) {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../limpid/tests/fixtures/convolution-net.pkl");
    fs::copy(fixture, place.path("conv.pkl")).unwrap();
}

const NETWORK: &str = "1x28x28, conv 4 5x5, relu, max-pool 2, affine 12, relu, affine 10";

#[test]
fn a_convolutional_pickle_is_evaluated_converted_and_trained_on() {
    let place = Place::new();
    convolutional_net(&place);
    let evaluated = |typed: &[&str]| {
        let seen = place.run(&[&["evaluate"], typed, &["--format", "json", "--quiet"]].concat()).done().json();
        assert_eq!(seen["right"], 7520, "{typed:?}");
    };
    evaluated(&["conv.pkl", "--activation", "relu"]);
    evaluated(&["conv.pkl", "--network", NETWORK]);
    place.run(&["convert", "conv.pkl", "conv.safetensors", "--network", NETWORK]).done();
    evaluated(&["conv.safetensors"]);
    // Each way back, and to it again.
    place.run(&["convert", "conv.safetensors", "torch.safetensors"]).done();
    place.run(&["convert", "conv.safetensors", "again.npz"]).done();
    evaluated(&["torch.safetensors", "--activation", "relu"]);
    evaluated(&["again.npz", "--activation", "relu"]);
    // A training begins where the file ends.
    let typed = ["train", "--from", "conv.pkl", "--network", NETWORK, "--epochs", "0", "--format", "json"];
    let report = place.run(&typed).done().json();
    assert_eq!((&report["network"], &report["test_accuracy"]), (&NETWORK.into(), &0.752.into()));
    let typed = ["train", "--from", "conv.safetensors", "--epochs", "0", "--format", "json", "--quiet"];
    assert_eq!(place.run(&typed).done().json()["test_accuracy"], 0.752);
}

#[test]
fn what_a_network_and_a_file_to_begin_with_say_of_each_other_is_checked() {
    let place = Place::new();
    convolutional_net(&place);
    place.run(&["convert", "conv.pkl", "conv.safetensors", "--activation", "relu"]).done();
    let of_model = "conv.safetensors is a limpid model and brings its network: leave out --network";
    place.run(&["train", "--from", "conv.safetensors", "--network", NETWORK]).failed(2, of_model);
    let of_model = "conv.safetensors is a limpid model and says itself what --network would: leave it out";
    place.run(&["evaluate", "conv.safetensors", "--network", NETWORK]).failed(2, of_model);
    let other = "W1 does not fit the network, whose `0/w` has shape [4, 1, 3, 3]; name the layers in their order";
    let typed = "1x28x28, conv 4 3x3, relu, affine 12, relu, affine 10";
    place.run(&["evaluate", "conv.pkl", "--network", typed]).failed(2, other);
    place.run(&["train", "--from", "conv.pkl", "--hidden", "5"]).failed(2, "cannot be used with");
    place.run(&["train", "--from", "missing.pkl"]).failed(1, "missing.pkl");
}

#[test]
fn arrays_of_a_norm_that_numpy_programs_have_no_names_for_are_kept_and_never_passed_over() {
    let place = Place::new();
    let typed = ["train", "--network", "784, layer-norm, affine 10", "--epochs", "0", "--output", "norm.pkl"];
    place.run(&typed).done();
    let kept = Arrays::read(&place.path("norm.pkl")).unwrap().arrays;
    let mut names: Vec<&str> = kept.iter().map(|named| named.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["0/scale", "0/shift", "1/b", "1/w"]);
    place.run(&["evaluate", "norm.pkl"]).failed(1, "is a norm's, and no running mean and variance stand beside it");
}
