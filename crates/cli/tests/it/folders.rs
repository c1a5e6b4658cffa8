//! Pictures as people have them: any polarity and size, arrays of one's own, and what is no data at all.

#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::fs;
use std::path::Path;
use std::process::Command;

use limpid::files::Picture;

use crate::shots;
use crate::support::Place;

/// Twenty digits of MNIST's test part, dark on white; the label is in the name.
fn digits() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/inputs/dark-on-white"));
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
        .into_iter()
        .map(|path| (path.file_name().unwrap().to_string_lossy().into(), fs::read(path).unwrap()))
        .collect()
}

fn grey_png(width: usize, height: usize, pixels: &[u8]) -> Vec<u8> {
    shots::png(width, height, 1, pixels)
}

/// How many lines of `file,class,probability` have the class that the file's name says.
fn right(lines: &str) -> usize {
    let is_right = |line: &&str| {
        let (file, rest) = line.split_once(',').unwrap();
        file.split_once("_is_").is_some_and(|(_, label)| label.starts_with(rest.split(',').next().unwrap()))
    };
    lines.lines().skip(1).filter(is_right).count()
}

#[test]
fn digits_on_white_and_of_another_size_are_read_and_it_is_said() {
    let place = Place::new();
    for (name, bytes) in digits() {
        let white = Picture::from_bytes(&bytes).unwrap();
        let large = white.resized(280, 280);
        let black: Vec<u8> = white.pixels.iter().map(|pixel| 255 - pixel).collect();
        let versions =
            [("white", bytes), ("photo", grey_png(280, 280, &large.pixels)), ("black", grey_png(28, 28, &black))];
        for (folder, bytes) in versions {
            fs::create_dir_all(place.path(folder)).unwrap();
            fs::write(place.path(folder).join(&name), bytes).unwrap();
        }
    }
    place.run(&["train", "--epochs", "3", "--output", "m.safetensors", "--quiet"]).done();
    let black = place.run(&["predict", "m.safetensors", "black"]).done();
    assert_eq!((right(&black.stdout) >= 19, black.stderr.as_str()), (true, ""), "{}", black.stdout);
    let inverted = "20 pictures are inverted: the model learned from light on dark\n";
    let white = place.run(&["predict", "m.safetensors", "white"]).done();
    assert_eq!(white.stderr, format!("{inverted}--as-is leaves pictures as they are\n"));
    assert_eq!(white.stdout, black.stdout.replace("black/", "white/"));
    let photo = place.run(&["predict", "m.safetensors", "photo"]).done();
    assert!(right(&photo.stdout) >= 19, "{}", photo.stdout);
    assert!(photo.stderr.starts_with(inverted) && photo.stderr.contains("scaled and centred"), "{}", photo.stderr);
    let as_is = place.run(&["predict", "m.safetensors", "white", "--as-is"]).done();
    assert!(right(&as_is.stdout) < 5 && as_is.stderr.is_empty(), "{}", as_is.stdout);
    place.run(&["predict", "m.safetensors", "photo", "--as-is"]).failed(1, "280 wide and 280 high; the model reads");
}

/// An IDX array of bytes.
fn idx(shape: &[u32], bytes: &[u8]) -> Vec<u8> {
    let extents = shape.iter().flat_map(|extent| extent.to_be_bytes());
    [0, 0, 8, shape.len() as u8].into_iter().chain(extents).chain(bytes.iter().copied()).collect()
}

/// Forty pictures of 4×4 pixels, bright on the left (label 3) or on the right (label 7), and their labels.
fn sides() -> (Vec<u8>, Vec<u8>) {
    let bright = |at: usize, column: usize| (column < 2) == at.is_multiple_of(2);
    let pixel = |at: usize| if bright(at / 16, at % 4) { 220 } else { (at / 16) as u8 };
    ((0..40 * 16).map(pixel).collect(), (0..40).map(|at| if at % 2 == 0 { 3 } else { 7 }).collect())
}

#[test]
fn arrays_of_ones_own_are_learned_as_pictures_are() {
    use limpid::files::{NamedArray, Packing, write_npz};
    use limpid::graph::Tensor;
    let place = Place::new();
    let (images, labels) = sides();
    fs::create_dir_all(place.path("own/raw")).unwrap();
    fs::create_dir(place.path("own.idx")).unwrap();
    for (name, images, labels) in [("train", &images[..], &labels[..]), ("t10k", &images[..160], &labels[..10])] {
        let count = labels.len() as u32;
        fs::write(place.path(&format!("own.idx/{name}-images-idx3-ubyte")), idx(&[count, 4, 4], images)).unwrap();
        fs::write(place.path(&format!("own.idx/{name}-labels-idx1-ubyte")), idx(&[count], labels)).unwrap();
    }
    let array = |name: &str, shape: &[usize], bytes: &[u8]| {
        NamedArray::new(name, Tensor::new(shape.to_vec(), bytes.to_vec()).unwrap())
    };
    let arrays = [
        array("x_train", &[40, 4, 4], &images),
        array("y_train", &[40], &labels),
        array("x_test", &[10, 4, 4, 1], &images[..160]),
        array("y_test", &[10, 1], &labels[..10]),
    ];
    fs::write(place.path("mnist.npz"), write_npz(&arrays, Packing::Stored).unwrap()).unwrap();
    for data in ["own.idx", "mnist.npz"] {
        let told = place.run(&["train", "--data", data, "--epochs", "30", "--batch-size", "8", "--output", "m"]).done();
        assert!(told.stderr.contains(&format!("{data}: 40 to learn from, 10 to test on\n")), "{}", told.stderr);
        assert!(told.stderr.contains("4×4 pixels in grey: 2 classes, 3, 7\n"), "{}", told.stderr);
        let seen = place.run(&["evaluate", "m", "--data", data, "--format", "json"]).done().json();
        assert_eq!((&seen["samples"], &seen["accuracy"]), (&10.into(), &1.0.into()));
    }
    fs::write(place.path("own.idx/train-labels-idx1-ubyte"), idx(&[39], &labels[..39])).unwrap();
    place.run(&["train", "--data", "own.idx"]).failed(1, "39 labels for the 40 images of own.idx/train-images");
}

#[test]
fn pictures_of_mixed_sizes_are_brought_to_one_that_is_asked_for() {
    let place = Place::new();
    for (class, shade) in [("dark", 10), ("light", 200)] {
        fs::create_dir_all(place.path(&format!("mixed/{class}"))).unwrap();
        for side in 4..14 {
            let bytes = grey_png(side, 2 * side, &vec![shade; 2 * side * side]);
            fs::write(place.path(&format!("mixed/{class}/{side:02}.png")), bytes).unwrap();
        }
    }
    let said =
        "5 wide and 10 high, but mixed/dark/04.png is 4 wide and 8 high; use pictures of one size; --size 4x8 brings";
    place.run(&["train", "--data", "mixed"]).failed(1, said);
    let told = place.run(&["train", "--data", "mixed", "--size", "6x6", "--epochs", "2", "--output", "m"]).done();
    for said in ["6×6 pixels in grey: 2 classes", "resized, as they are of other sizes: 20\n"] {
        assert!(told.stderr.contains(said), "{said:?} is not in:\n{}", told.stderr);
    }
    let seen = place.run(&["evaluate", "m", "--data", "mixed"]).done();
    assert!(seen.stderr.contains("20 pictures are resized to the size that the model reads\n"), "{}", seen.stderr);
    place.run(&["train", "--size", "6x6"]).failed(2, "--size is for tables and folders of pictures");
}

#[test]
fn a_sample_that_is_read_wrongly_is_named_by_its_file() {
    let place = Place::new();
    for (class, names) in [("a", ["one", "two"]), ("b", ["six", "ten"])] {
        fs::create_dir_all(place.path(&format!("shots/{class}"))).unwrap();
        for name in names {
            // All alike: of each class as many are wrong as the other has.
            fs::write(place.path(&format!("shots/{class}/{name}.png")), grey_png(3, 3, &[7; 9])).unwrap();
        }
    }
    place
        .run(&["train", "--data", "shots", "--test-share", "0", "--epochs", "1", "--batch-size", "4", "--output", "m"])
        .done();
    let told = place.run(&["plot", "misclassified", "m", "--data", "shots"]).done();
    let names = [
        ["shots/a/one.png: a read as b", "shots/a/two.png: a read as b"],
        ["shots/b/six.png: b read as a", "shots/b/ten.png: b read as a"],
    ];
    assert!(names.iter().any(|both| both.iter().all(|name| told.stderr.contains(name))), "{}", told.stderr);
}

#[test]
fn what_is_no_data_is_named_for_what_it_is() {
    let place = Place::new();
    let (images, _) = sides();
    fs::write(place.path("images.idx"), idx(&[40, 4, 4], &images)).unwrap();
    fs::write(place.path("w.npy"), b"\x93NUMPY\x01\0v\0{'descr': '<f4'}\n").unwrap();
    fs::write(place.path("x.png"), grey_png(2, 2, &[0; 4])).unwrap();
    fs::write(place.path("t.csv"), "a,b\n1,2\n").unwrap();
    fs::create_dir_all(place.path("flat")).unwrap();
    fs::write(place.path("flat/x.png"), grey_png(2, 2, &[0; 4])).unwrap();
    let table: [(&[&str], i32, &str); 9] = [
        (&["train", "--data", "nowhere"], 1, "nowhere: there is no such file or folder; check the path"),
        (&["evaluate", "images.idx"], 1, "expected weights, found an IDX file of 40 images of 4×4"),
        (&["plot", "confusion", "images.idx"], 1, "expected weights, found an IDX file of 40 images of 4×4"),
        (&["evaluate", "t.csv"], 1, "expected weights, found a table of text that begins \"a,b…\""),
        (&["plot", "confusion", "t.csv"], 1, "expected weights, found a table of text that begins \"a,b…\""),
        (
            &["train", "--data", "images.idx"],
            1,
            "an IDX file of 40 images of 4×4, as MNIST is published in; give --data the folder",
        ),
        (&["train", "--data", "w.npy"], 1, "a .npy file of NumPy's; give --data samples"),
        (
            &["train", "--data", "x.png"],
            1,
            "a PNG picture; give --data a folder that has a folder of pictures for each class",
        ),
        (&["train", "--data", "t.csv", "--dataset", "mnist"], 2, "--dataset mnist and --data t.csv are two data sets"),
    ];
    for (arguments, code, said) in table {
        place.run(arguments).failed(code, said);
    }
    place.run(&["train", "--data", "flat"]).failed(1, "flat: there is no folder in it");
    let mut command = place.command(&["train", "--epochs", "1"]);
    command.env("LIMPID_DATA", "/nowhere/at/all");
    place.outcome(command).failed(1, "$LIMPID_DATA: no folder /nowhere/at/all");
}

#[test]
#[cfg(unix)]
fn pipes_devices_and_circles_are_answered_and_never_waited_for() {
    let place = Place::new();
    let (images, labels) = sides();
    for (at, label) in labels.iter().enumerate() {
        fs::create_dir_all(place.path(&format!("shots/{label}"))).unwrap();
        let bytes = grey_png(4, 4, &images[16 * at..16 * (at + 1)]);
        fs::write(place.path(&format!("shots/{label}/{at:02}.png")), bytes).unwrap();
    }
    place.run(&["train", "--data", "shots", "--epochs", "1", "--output", "m", "--quiet"]).done();
    std::os::unix::fs::symlink("circle.png", place.path("circle.png")).unwrap();
    assert!(Command::new("mkfifo").arg(place.path("pipe.png")).status().unwrap().success());
    let table: [(&[&str], &str); 5] = [
        (&["predict", "m", "pipe.png"], "pipe.png: a pipe (FIFO), not a file; name a file"),
        (&["predict", "m", "/dev/zero"], "/dev/zero: a device, not a file; name a file"),
        (&["predict", "m", "circle.png"], "its links lead in a circle: name the file itself"),
        (&["evaluate", "/dev/zero"], "/dev/zero: a device, not a file; name a file"),
        (&["train", "--data", "/dev/zero", "--target", "a"], "/dev/zero: a device, not a file; name a file"),
    ];
    for (arguments, said) in table {
        place.run(arguments).failed(1, said);
    }
    fs::rename(place.path("pipe.png"), place.path("shots/3/pipe.png")).unwrap();
    place.run(&["train", "--data", "shots"]).failed(1, "shots/3/pipe.png: a pipe (FIFO), not a file; name a file");
    // What a shell opened for `<(command)` is read as the table that it brings.
    let limpid = env!("CARGO_BIN_EXE_limpid");
    let script = format!(
        "'{limpid}' train --data <(printf 'a,b\\n1,x\\n2,y\\n3,x\\n4,y\\n') --target b --test-share 0 --epochs 1"
    );
    match Command::new("bash").args(["-c", &script]).current_dir(place.path(".")).output() {
        Ok(told) => assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr)),
        Err(_) => println!("there is no bash here"),
    }
}

#[test]
fn a_model_of_a_named_set_knows_its_set_its_classes_and_that_nothing_is_centred() {
    use limpid::models::{PictureForm, Samples, save_with};
    use limpid::pictures::Ground;
    let place = Place::new();
    let clothes = limpid::files::data_set("fashion-mnist").unwrap();
    let form = PictureForm {
        channels: 1,
        height: 28,
        width: 28,
        classes: clothes.classes.iter().map(ToString::to_string).collect(),
        set: Some(clothes.name.to_string()),
        ground: Some(Ground { brightness: 0, extent: None, centre: None }),
        split: None,
    };
    let model = limpid::learn::Model::new(&"784, affine 10".parse().unwrap(), 1).unwrap().with_divisor(Some(255.0));
    save_with(&model, Some(&Samples::Pictures(form)), place.path("m")).unwrap();
    let told = place.run(&["summary", "m"]).done();
    assert!(
        told.stdout.contains("fashion-mnist, pictures of 28×28 pixels in grey, light on dark\n"),
        "{}",
        told.stdout
    );
    // A photograph of dark on light, three times as large.
    let ink: Vec<u8> = (0..84 * 84).map(|at| if (20..64).contains(&(at % 84)) { 10 } else { 240 }).collect();
    fs::write(place.path("shirt.png"), grey_png(84, 84, &ink)).unwrap();
    let told = place.run(&["predict", "m", "shirt.png"]).done();
    let class = told.stdout.lines().nth(1).and_then(|line| line.split(',').nth(1)).unwrap_or_default();
    assert!(clothes.classes.contains(&class), "{}", told.stdout);
    let notes = ["1 picture is inverted", "1 picture is resized to the size that the model reads"];
    assert!(notes.iter().all(|note| told.stderr.contains(note)), "{}", told.stderr);
    assert!(!told.stderr.contains("centred"), "{}", told.stderr);
    // Without a word on data it is asked about its own set, which is not there; with one, about that.
    place.run(&["evaluate", "m"]).failed(1, "fashion-mnist");
    place.run(&["evaluate", "m", "--dataset", "mnist"]).done();
}
