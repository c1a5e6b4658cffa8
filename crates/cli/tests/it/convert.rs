//! `convert`: arrays from any format into any other, and what is said of that.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::fs;
use std::path::Path;
use std::process::Stdio;

use limpid::files::{Arrays, Container, Format, NamedArray, Packing};
use limpid::graph::Tensor;
use limpid::learn::{Model, Network};

use crate::support::Place;

fn arrays() -> Vec<NamedArray> {
    let grid: Vec<f32> = (0..12).map(|number| number as f32 / 8.0).collect();
    let column: Vec<f64> = (0..8).map(f64::from).collect();
    vec![
        NamedArray::new("W1", Tensor::new([4, 3], grid).unwrap()),
        NamedArray::new("b1", Tensor::from([0.5f32, -0.5, 0.0])),
        NamedArray::new("W2", Tensor::new([3, 2], column[..6].to_vec()).unwrap()),
        NamedArray::new("b2", Tensor::from([1.0, 2.0])),
    ]
}

fn written(place: &Place, name: &str, container: Container) {
    fs::write(place.path(name), Arrays::new(arrays()).to_bytes(container).unwrap()).unwrap();
}

fn read(place: &Place, name: &str) -> Arrays {
    Arrays::read(&place.path(name)).unwrap()
}

#[test]
fn every_format_becomes_every_other_bit_for_bit() {
    let place = Place::new();
    let formats = [
        ("pkl", Container::Pickle { protocol: 2 }, Format::Pickle),
        ("npz", Container::Npz(Packing::Stored), Format::Npz),
        ("safetensors", Container::Safetensors, Format::Safetensors),
    ];
    for (from, container, _) in formats {
        written(&place, &format!("a.{from}"), container);
        for (to, _, format) in formats {
            place.run(&["convert", &format!("a.{from}"), &format!("b.{to}")]).done();
            let mut read = read(&place, &format!("b.{to}"));
            assert_eq!(read.format, Some(format), "{from} → {to}");
            // Safetensors are in an order of their own.
            let place = |name: &str| arrays().iter().position(|named| named.name == name);
            read.arrays.sort_by_key(|named| place(&named.name));
            assert_eq!(read.arrays, arrays(), "{from} → {to}");
        }
    }
    for protocol in ["0", "1", "2", "3", "4", "5"] {
        place.run(&["convert", "a.npz", "p.pkl", "--protocol", protocol]).done();
        assert_eq!(read(&place, "p.pkl").arrays, arrays(), "protocol {protocol}");
    }
    place.run(&["convert", "a.npz", "packed.npz", "--compress"]).done();
    assert_eq!(read(&place, "packed.npz").arrays, arrays());
}

#[test]
fn a_model_goes_out_under_the_names_of_others_and_comes_back_to_the_bit() {
    let place = Place::new();
    let network: Network = "784, affine 20, tanh, affine 10".parse().unwrap();
    let model = Model::new(&network, 3).unwrap().with_divisor(Some(255.0));
    limpid::models::save(&model, place.path("model.safetensors")).unwrap();
    let table = [
        ("out.pkl", ["W1", "b1", "W2", "b2"], [784, 20]),
        ("out.npz", ["W1", "b1", "W2", "b2"], [784, 20]),
        ("out.safetensors", ["0.weight", "0.bias", "2.weight", "2.bias"], [20, 784]),
    ];
    for (name, names, shape) in table {
        let told = place.run(&["convert", "model.safetensors", name]).done();
        let arrays = read(&place, name).arrays;
        let mut found: Vec<&str> = arrays.iter().map(|named| named.name.as_str()).collect();
        found.sort_by_key(|name| names.iter().position(|wanted| wanted == name));
        assert_eq!(found, names, "{name}");
        let first = arrays.iter().find(|named| named.name == names[0]).unwrap();
        assert_eq!(first.array.shape(), shape, "{name}");
        if !name.ends_with("safetensors") {
            assert!(told.stderr.contains("It was: 784, affine 20, tanh, affine 10.\n"), "{}", told.stderr);
        }
        place.run(&["convert", name, "back.safetensors", "--activation", "tanh"]).done();
        let back = limpid::models::load(place.path("back.safetensors")).unwrap();
        assert_eq!(back.parameters().unwrap(), model.parameters().unwrap(), "{name}");
        assert_eq!((back.network().to_string(), back.divisor()), (network.to_string(), Some(255.0)));
    }
}

#[test]
fn a_pytorch_file_becomes_a_model_and_the_turning_of_its_weights_is_said() {
    let place = Place::new();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../files/tests/fixtures/state-dict.pt");
    fs::copy(fixture, place.path("state.pt")).unwrap();
    let told = place.run(&["convert", "state.pt", "model.safetensors", "--activation", "relu"]).done();
    assert!(told.stderr.contains("they were transposed."), "{}", told.stderr);
    assert!(told.stdout.contains("0.weight → 0/w  f32  3×4 → 4×3  transposed\n"), "{}", told.stdout);
    assert!(told.stdout.contains("2.bias → 2/b    f32  2          kept\n"), "{}", told.stdout);
    let told = place.run(&["convert", "state.pt", "state.npz", "--format", "json"]).done().json();
    assert_eq!((&told["from_format"], &told["to_format"]), (&"torch".into(), &"npz".into()));
    assert_eq!((&told["arrays"][0]["to"], &told["arrays"][0]["change"]), (&"0.weight".into(), &"kept".into()));
}

#[test]
fn a_file_that_was_there_is_replaced_only_by_a_whole_new_one() {
    let place = Place::new();
    written(&place, "a.npz", Container::Npz(Packing::Stored));
    fs::write(place.path("b.pkl"), "the old file").unwrap();
    fs::write(place.path("broken.npz"), b"PK\x03\x04").unwrap();
    place.run(&["convert", "broken.npz", "b.pkl"]).failed(1, "broken.npz: ");
    assert_eq!(fs::read(place.path("b.pkl")).unwrap(), b"the old file");
    place.run(&["convert", "a.npz", "b.pkl"]).done();
    assert_eq!(read(&place, "b.pkl").arrays, arrays());
    place.run(&["convert", "a.npz", "a.npz"]).failed(2, "TO a.npz is the file that FROM reads, and would replace it");
    place.run(&["convert", "a.npz", "./a.npz", "--compress"]).failed(2, "is the file that FROM reads");
    assert_eq!(place.files(), ["a.npz", "b.pkl", "broken.npz"]);
}

#[test]
fn stdin_and_stdout_are_files_too() {
    let place = Place::new();
    written(&place, "a.npz", Container::Npz(Packing::Stored));
    let mut command = place.command(&["convert", "-", "-", "--to", "pickle"]);
    let output = command.stdin(fs::File::open(place.path("a.npz")).unwrap()).stderr(Stdio::piped()).output().unwrap();
    assert!(output.status.success());
    assert_eq!(Arrays::from_bytes(&output.stdout).unwrap().arrays, arrays());
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("- (an .npz archive) → - (a pickle): 4 arrays"), "{told}");
}

#[test]
fn typical_mistakes_are_answered_with_what_would_fit() {
    let place = Place::new();
    written(&place, "a.npz", Container::Npz(Packing::Stored));
    let network: Network = "4, affine 2".parse().unwrap();
    limpid::models::save(&Model::new(&network, 3).unwrap(), place.path("model.safetensors")).unwrap();
    let table = [
        ("convert", 2, "<FROM>"),
        ("convert|a.npz", 2, "<TO>"),
        ("convert|a.npz|b.pt", 2, "limpid reads PyTorch's files but does not write them; use .safetensors"),
        ("convert|a.npz|b.onnx", 2, "its ending names no format; .pkl, .npz, .npy and .safetensors do"),
        ("convert|a.npz|b", 2, "or --to FORMAT"),
        ("convert|a.npz|-", 2, "add --to FORMAT"),
        ("convert|a.npz|b|--to|pickel", 2, "a similar value exists: 'pickle'"),
        ("convert|a.npz|b.pkl|--protocol|6", 2, "6 is not in 0..=5"),
        ("convert|a.npz|b.npz|--protocol|2", 2, "--protocol is nothing that an .npz archive has; it is for pickles"),
        ("convert|a.npz|b.pkl|--compress", 2, "--compress is nothing that a pickle has; it is for .npz archives"),
        ("convert|a.npz|b.pkl|--activation|relu", 2, "it is for limpid models: --to limpid"),
        ("convert|a.npz|b.pkl|--orientation|out-in", 2, "changes nothing where arrays are kept as they are"),
        ("convert|a.npz|b.safetensors|--to|limpid|--names|torch", 2, "names its arrays itself; leave out --names"),
        ("convert|a.npz|b.safetensors|--to|limpid", 2, "a.npz: weights of 2 layers do not tell which activation"),
        ("convert|a.npz|b.npz|--names|torch|--orientation|out-in", 2, "name the other orientation, or none"),
        ("convert|a.npz|b.npy", 1, ".npy holds one array, but there are 4; use .npz, which holds them all"),
        ("convert|missing.pkl|b.npz", 1, "missing.pkl: No such file"),
        ("convert|a.npz|nowhere/b.pkl", 1, "there is no folder nowhere; create it first"),
        ("convert|model.safetensors|b.safetensors|--to|limpid", 2, "is a limpid model already"),
    ];
    for (typed, code, answer) in table {
        place.run(&typed.split('|').collect::<Vec<_>>()).failed(code, answer);
    }
    assert_eq!(place.files(), ["a.npz", "model.safetensors"]);
}

#[test]
fn what_is_replaced_is_said_and_what_is_new_is_not() {
    let place = Place::new();
    written(&place, "a.npz", Container::Npz(Packing::Stored));
    let note = "replaced b.pkl, which was there before\n";
    let first = place.run(&["convert", "a.npz", "b.pkl"]).done();
    assert!(!first.stderr.contains("replaced"), "{}", first.stderr);
    let second = place.run(&["convert", "a.npz", "b.pkl"]).done();
    assert!(second.stderr.ends_with(note), "{}", second.stderr);
    let report = place.run(&["convert", "a.npz", "b.pkl", "--format", "json"]).done();
    assert_eq!((report.json()["replaced"].as_bool(), report.stderr.ends_with(note)), (Some(true), true));
}

#[test]
fn control_characters_of_names_are_written_out_and_not_sent_to_a_terminal() {
    let place = Place::new();
    let names = ["W\u{0}1", "b\x1b[31m1", "W\n2", "b\u{9b}2"];
    let named = arrays().into_iter().zip(names).map(|(array, name)| NamedArray { name: name.to_string(), ..array });
    let bytes = Arrays::new(named.collect()).to_bytes(Container::Pickle { protocol: 2 }).unwrap();
    fs::write(place.path("a.pkl"), bytes).unwrap();
    let told = place.run(&["convert", "a.pkl", "b.safetensors"]).done();
    for shown in [r"W\u{0}1", r"b\u{1b}[31m1", r"W\n2", r"b\u{9b}2"] {
        assert!(told.stdout.contains(shown), "{shown} is not in {}", told.stdout);
    }
    // In a note, in an error, and in the answer of another verb; columns and classes of tables likewise.
    fs::write(place.path("t.csv"), "a\x1b[1m,b\n1,x\x07\n2,y\n3,x\x07\n4,y\n").unwrap();
    let train = ["train", "--data", "t.csv", "--target", "b", "--test-share", "0", "--epochs", "1", "--output", "m"];
    let answers = [
        place.run(&["evaluate", "a.pkl", "--activation", "relu"]),
        place.run(&train).done(),
        place.run(&["summary", "m"]).done(),
        place.run(&["train", "--data", "t.csv", "--target", "no\x1bne"]),
    ];
    for told in [told].into_iter().chain(answers) {
        let raw = |text: &str| text.chars().any(|c| c.is_control() && c != '\n');
        assert!(!raw(&told.stdout) && !raw(&told.stderr), "{:?} {:?}", told.stdout, told.stderr);
    }
}
