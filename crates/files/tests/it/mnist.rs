//! The MNIST digits: the published files are read right, and nothing else is taken for them.

use std::fs;
use std::path::{Path, PathBuf};

use limpid_files::{Mnist, MnistError, MnistPlaces, locate_mnist_in, read_plain_or_gzip};

const NAMES: [&str; 4] =
    ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];

fn published() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/mnist")
}

/// Makes `folder` with empty files of these names in it.
fn folder_of(folder: &Path, names: &[&str]) -> PathBuf {
    fs::create_dir_all(folder).expect("a folder in a temporary folder");
    for name in names {
        fs::write(folder.join(name), []).expect("a file in a temporary folder");
    }
    folder.to_path_buf()
}

#[test]
fn the_published_files_hold_the_digits_everybody_knows() {
    let mnist = Mnist::load(&published()).unwrap();
    assert_eq!(mnist.train_images.shape(), [60_000, 28, 28]);
    assert_eq!(mnist.train_labels.shape(), [60_000]);
    assert_eq!(mnist.test_images.shape(), [10_000, 28, 28]);
    assert_eq!(mnist.test_labels.shape(), [10_000]);

    let labels = mnist.train_labels.as_slice::<u8>().unwrap();
    assert_eq!(labels[..10], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    assert_eq!(mnist.test_labels.as_slice::<u8>().unwrap()[..5], [7, 2, 1, 0, 4]);
    let mut counts = [0; 10];
    labels.iter().for_each(|&label| counts[usize::from(label)] += 1);
    assert_eq!(counts, [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);

    // The mean that everybody normalises with: 0.1307 of full ink.
    let pixels = mnist.train_images.as_slice::<u8>().unwrap();
    let ink: u64 = pixels.iter().map(|&pixel| u64::from(pixel)).sum();
    assert_eq!((ink as f64 / 255.0 / pixels.len() as f64 * 1e4).round(), 1307.0);
}

#[test]
fn unpacked_and_renamed_files_are_the_same_digits() {
    let folder = tempfile::tempdir().unwrap();
    for name in NAMES {
        let packed = published().join(format!("{name}.gz"));
        let dotted = name.replace("-idx", ".idx");
        match name {
            "train-images-idx3-ubyte" => {
                fs::write(folder.path().join(name), read_plain_or_gzip(&packed, 1 << 26).unwrap()).unwrap();
            }
            "t10k-images-idx3-ubyte" => {
                fs::write(folder.path().join(dotted), read_plain_or_gzip(&packed, 1 << 26).unwrap()).unwrap();
            }
            // Packed although it is not named so.
            "train-labels-idx1-ubyte" => drop(fs::copy(packed, folder.path().join(name)).unwrap()),
            _ => drop(fs::copy(packed, folder.path().join(format!("{dotted}.gz"))).unwrap()),
        }
    }
    assert!(Mnist::load(folder.path()).unwrap() == Mnist::load(&published()).unwrap());
}

#[test]
fn files_that_were_not_published_are_refused_with_their_path_and_a_fix() {
    let packed = fs::read(published().join("train-images-idx3-ubyte.gz")).unwrap();
    let mut corrupt = packed.clone();
    corrupt[packed.len() / 2] ^= 0xff;
    let mut blank = vec![0; 47_040_016];
    blank[..16].copy_from_slice(&[0, 0, 8, 3, 0, 0, 0xea, 0x60, 0, 0, 0, 28, 0, 0, 0, 28]);
    let longer = [&blank[..], &[0]].concat();
    let far_longer = vec![0; 94_080_033];
    let table: [(&str, &[u8], &str); 9] = [
        (
            "cut",
            &packed[..5_000_000],
            "the gzip data is cut off after 5000000 bytes; fetch or copy the whole file again",
        ),
        ("corrupt in the middle", &corrupt, "damaged gzip data near byte"),
        ("trailing bytes", &[&packed[..], b"more"].concat(), "4 bytes that are not gzip follow the data at byte"),
        ("not IDX", b"<html>404</html>", "expected IDX, which begins with two zero bytes, found a web page (HTML)"),
        ("labels", &[0, 0, 8, 1, 0, 0, 0, 1, 5], "expected bytes of shape [60000, 28, 28], found bytes of shape [1]"),
        (
            "floats",
            &[0, 0, 13, 1, 0, 0, 0, 1, 0, 0, 0, 0],
            "found other numbers of shape [1]; fetch the published file",
        ),
        (
            "blank",
            &blank,
            "SHA-256 ba2048faa0242d852ccfba31d5efa227046ebcc173e3a4951fb9c906fb61ebdb, expected ba891046",
        ),
        ("longer", &longer, "ends at byte 47040016, but there are 47040017 bytes"),
        ("far too long", &far_longer, "more than the 94080032 bytes allowed here; is it the right file?"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("train-images-idx3-ubyte.gz");
    for (what, bytes, fact) in table {
        fs::write(&path, bytes).unwrap();
        let message = Mnist::load(folder.path()).unwrap_err().to_string();
        assert!(message.starts_with(&path.display().to_string()), "{what}: {message}");
        assert!(message.contains(fact), "{what}: {message}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let message = Mnist::load(folder.path()).unwrap_err().to_string();
    assert!(message.ends_with("no train-images-idx3-ubyte, with or without .gz; put it there, or name another folder"));
}

#[test]
fn the_places_are_searched_in_their_order() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let packed = NAMES.map(|name| format!("{name}.gz"));
    let packed = packed.each_ref().map(String::as_str);
    let explicit = folder_of(&root.join("given/mnist"), &packed);
    let stated = folder_of(&root.join("stated"), &NAMES);
    let above = folder_of(&root.join("work/data/mnist"), &NAMES);
    let built_from = folder_of(&root.join("source/data/mnist"), &NAMES);
    let cache = folder_of(&root.join("cache/limpid/mnist"), &NAMES);
    let current = folder_of(&root.join("work/notes/today"), &[]);

    let mut places = MnistPlaces {
        limpid_data: Some(stated.clone()),
        current: Some(current),
        built_from: Some(built_from.clone()),
        cache: Some(cache.clone()),
    };
    assert_eq!(locate_mnist_in(Some(&root.join("given")), &places).unwrap(), explicit);
    assert_eq!(locate_mnist_in(Some(&explicit), &places).unwrap(), explicit);
    assert_eq!(locate_mnist_in(None, &places).unwrap(), stated);
    places.limpid_data = Some(root.join("given"));
    assert_eq!(locate_mnist_in(None, &places).unwrap(), explicit);
    // Not all files: passed over.
    // Set, and not there: nothing else is what was meant.
    places.limpid_data = Some(root.join("nowhere"));
    let error = locate_mnist_in(None, &places).unwrap_err();
    let MnistError::NotFound { looked } = &error else { panic!("{error}") };
    assert_eq!((looked.len(), looked[0].place), (1, "$LIMPID_DATA"));
    places.limpid_data = Some(folder_of(&root.join("half"), &NAMES[..2]));
    assert_eq!(locate_mnist_in(None, &places).unwrap(), above);
    places.current = Some(root.to_path_buf());
    assert_eq!(locate_mnist_in(None, &places).unwrap(), built_from);
    places.built_from = None;
    assert_eq!(locate_mnist_in(None, &places).unwrap(), cache);
}

#[test]
fn folders_as_torchvision_and_kaggle_lay_them_out_are_found() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    for inner in ["MNIST/raw", "raw", "mnist/mnist", "MNIST"] {
        let folder = root.join(inner.replace('/', "-"));
        let expected = folder_of(&folder.join(inner), &NAMES);
        assert_eq!(locate_mnist_in(Some(&folder), &MnistPlaces::default()).unwrap(), expected);
    }
    let each_alone = root.join("kaggle");
    for name in NAMES {
        folder_of(&each_alone.join(name), &[name]);
    }
    assert_eq!(locate_mnist_in(Some(&each_alone), &MnistPlaces::default()).unwrap(), each_alone);
}

#[test]
fn a_given_folder_is_the_only_one_searched() {
    let root = tempfile::tempdir().unwrap();
    let full = folder_of(&root.path().join("full"), &NAMES);
    let places = MnistPlaces { limpid_data: Some(full.clone()), cache: Some(full), ..MnistPlaces::default() };
    let error = locate_mnist_in(Some(&root.path().join("empty")), &places).unwrap_err();
    let MnistError::NotFound { looked } = &error else { panic!("{error}") };
    assert_eq!(looked.len(), 1);
    assert_eq!(looked[0].place, "the given folder");
}

#[test]
fn when_nothing_is_found_each_place_is_listed_with_what_is_there() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    fs::write(root.join("file"), []).unwrap();
    let places = MnistPlaces {
        limpid_data: Some(folder_of(&root.join("half"), &NAMES[1..])),
        current: Some(root.join("work")),
        built_from: Some(root.join("file")),
        cache: Some(folder_of(&root.join("empty"), &[])),
    };
    let message = locate_mnist_in(None, &places).unwrap_err().to_string();
    let root = root.display();
    let expected = format!(
        "the MNIST files were not found; looked in
  $LIMPID_DATA: {root}/half lacks train-images-idx3-ubyte; no folder {root}/half/mnist
  the current checkout: no folder data/mnist in {root}/work or above it
  the checkout limpid was built from: {root}/file is not a folder
  the cache: {root}/empty has none of the files
`limpid data fetch mnist` fetches them; or put train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte \
(gzip'd or not) into one of these folders, or name their folder with --data or $LIMPID_DATA"
    );
    assert_eq!(message, expected);
    let empty = locate_mnist_in(None, &MnistPlaces::default()).unwrap_err().to_string();
    for fact in ["$LIMPID_DATA: not set", "there is no current folder", "from: not known", "there is no home folder"] {
        assert!(empty.contains(fact), "{empty}");
    }
}
