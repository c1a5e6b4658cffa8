//! Small archives made here are read right, and damaged ones are refused.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::archive::zip;
use crate::bytes::tests::gzip;

/// A data set of few samples.
fn small(layout: Layout, shape: [usize; 3], files: &'static [PublishedFile]) -> DataSet {
    DataSet {
        name: "small",
        title: "Small",
        about: "made here",
        summary: "7 samples",
        train: 5,
        test: 2,
        shape,
        classes: &["a", "b", "c"],
        folder: "small",
        files,
        mirrors: &[],
        licence: "none",
        source: "here",
        cite: "nobody",
        layout,
    }
}

const fn file(name: &'static str) -> PublishedFile {
    PublishedFile { name, bytes: 0, sha256: "", unpacked: None }
}

const IDX_FILES: [PublishedFile; 4] = [
    file("train-images-idx3-ubyte.gz"),
    file("train-labels-idx1-ubyte.gz"),
    file("t10k-images-idx3-ubyte.gz"),
    file("t10k-labels-idx1-ubyte.gz"),
];

const ZIP: [PublishedFile; 1] = [file("gzip.zip")];
const TAR: [PublishedFile; 1] = [file("cifar-10-binary.tar.gz")];

/// The set of the four files that lie in a folder.
fn idx_set(folder: &Path) -> DataSet {
    let known = |file: &PublishedFile| {
        let bytes = fs::read(folder.join(file.name)).unwrap();
        let sha256 = crate::digest::sha256_hex(&bytes).leak();
        PublishedFile { name: file.name, bytes: bytes.len() as u64, sha256, unpacked: None }
    };
    small(Layout::Idx, [1, 2, 3], IDX_FILES.iter().map(known).collect::<Vec<_>>().leak())
}

fn emnist_set() -> DataSet {
    small(Layout::Emnist { split: "letters", first_label: 1 }, [1, 3, 3], &ZIP)
}

fn cifar_set() -> DataSet {
    small(Layout::Cifar, [3, 2, 2], &TAR)
}

fn idx(shape: &[u32], bytes: impl IntoIterator<Item = u8>) -> Vec<u8> {
    let mut array = vec![0, 0, 8, shape.len() as u8];
    array.extend(shape.iter().flat_map(|extent| extent.to_be_bytes()));
    array.extend(bytes);
    array
}

fn bytes(tensor: &Tensor) -> &[u8] {
    tensor.as_slice().unwrap()
}

/// The four files of `idx_set`.
fn write_idx(folder: &Path) {
    let arrays = [idx(&[5, 2, 3], 0..30), idx(&[5], [0, 1, 2, 1, 0]), idx(&[2, 2, 3], 100..112), idx(&[2], [2, 2])];
    for (file, array) in IDX_FILES.iter().zip(arrays) {
        fs::write(folder.join(file.name), gzip(&array)).unwrap();
    }
}

/// An archive as EMNIST's, with these labels to train on.
fn emnist(labels: [u8; 5], deflate: bool) -> Vec<u8> {
    let member = |name: &str, array: &[u8]| (format!("gzip/emnist-letters-{name}-ubyte.gz"), gzip(array));
    let members = [
        member("train-images-idx3", &idx(&[5, 3, 3], 0..45)),
        member("train-labels-idx1", &idx(&[5], labels)),
        member("test-images-idx3", &idx(&[2, 3, 3], 0..18)),
        member("test-labels-idx1", &idx(&[2], [3, 3])),
        ("gzip/emnist-letters-mapping.txt".to_string(), b"1 65 97".to_vec()),
    ];
    zip(members.iter().map(|(name, bytes)| (name.clone(), [&bytes[..], &[]])), deflate).unwrap()
}

/// An archive of these files.
fn tar(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut builder = ::tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = ::tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, format!("cifar-10-batches-bin/{name}"), &bytes[..]).unwrap();
    }
    builder.into_inner().unwrap()
}

/// Names and contents of the files in an archive.
type Members = Vec<(&'static str, Vec<u8>)>;

/// The files of CIFAR-10: a record of twelve numbers a training batch, two in the test batch.
fn batches() -> Members {
    let record = |label: u8, first: u8| std::iter::once(label).chain(first..first + 12).collect::<Vec<u8>>();
    vec![
        ("batches.meta.txt", b"a\nb\nc\n".to_vec()),
        ("data_batch_1.bin", record(0, 10)),
        ("data_batch_5.bin", record(2, 50)),
        ("data_batch_3.bin", record(1, 30)),
        ("data_batch_2.bin", record(1, 20)),
        ("data_batch_4.bin", record(0, 40)),
        ("readme.html", b"<html>".to_vec()),
        ("test_batch.bin", [record(2, 100), record(0, 120)].concat()),
    ]
}

/// Writes a set's only file and reads the set.
fn load(set: &DataSet, bytes: &[u8]) -> Result<Samples, SetError> {
    let folder = tempfile::tempdir().unwrap();
    let name = set.files[0].name;
    fs::write(folder.path().join(name), bytes).unwrap();
    let sha256 = crate::digest::sha256_hex(bytes).leak();
    let known = vec![PublishedFile { name, bytes: bytes.len() as u64, sha256, unpacked: None }];
    DataSet { files: known.leak(), ..*set }.load(folder.path())
}

fn message(set: &DataSet, bytes: &[u8]) -> String {
    load(set, bytes).unwrap_err().to_string()
}

#[test]
fn an_archive_of_the_right_length_and_form_is_not_believed_without_its_checksum() {
    let archives = [(emnist_set(), emnist([1, 2, 3, 2, 1], true)), (cifar_set(), gzip(&tar(&batches())))];
    for (set, bytes) in archives {
        assert!(load(&set, &bytes).is_ok());
        let folder = tempfile::tempdir().unwrap();
        let known =
            vec![PublishedFile { name: set.files[0].name, bytes: bytes.len() as u64, sha256: "0", unpacked: None }];
        fs::write(folder.path().join(set.files[0].name), &bytes).unwrap();
        let set = DataSet { files: known.leak(), ..set };
        assert!(set.locate(Some(folder.path())).is_ok());
        let message = set.load(folder.path()).unwrap_err().to_string();
        assert!(message.contains(": not the published file of small: its SHA-256 is "), "{message}");
    }
}

#[test]
fn four_idx_files_are_two_parts_with_an_axis_for_the_channel() {
    let folder = tempfile::tempdir().unwrap();
    write_idx(folder.path());
    let set = idx_set(folder.path());
    let samples = set.load(folder.path()).unwrap();
    assert_eq!(samples.train_images.shape(), [5, 1, 2, 3]);
    assert_eq!(samples.test_images, Tensor::new([2, 1, 2, 3], (100u8..112).collect()).unwrap());
    assert_eq!(bytes(&samples.train_labels), [0, 1, 2, 1, 0]);
    assert_eq!(set.locate(Some(folder.path())).unwrap(), folder.path());
}

#[test]
fn idx_files_of_another_form_are_refused_naming_the_file() {
    let table = [
        (1, gzip(&idx(&[5], [0, 1, 3, 1, 0])), "label 3 of sample 2 is not one of 0 to 2; fetch the published file"),
        (1, gzip(&idx(&[4], [0; 4])), "expected bytes of shape [5], found bytes of shape [4]"),
        (0, gzip(&idx(&[5, 3, 2], 0..30)), "expected bytes of shape [5, 2, 3], found bytes of shape [5, 3, 2]"),
        (0, gzip(&[0, 0, 9, 1, 0, 0, 0, 1, 1]), "expected bytes of shape [5, 2, 3], found other numbers of shape [1]"),
        (1, gzip(&idx(&[5], [0; 5])), "not the published file of small: its SHA-256 is "),
        (2, gzip(b"<html>"), "expected IDX, which begins with two zero bytes, found a web page (HTML); "),
        (2, b"<html>not found</html>".to_vec(), "expected gzip, found a web page (HTML); "),
        (2, gzip(&vec![0; 1 << 20]), "unpacks to more than the 56 bytes allowed here"),
    ];
    for (place, contents, expected) in table {
        let folder = tempfile::tempdir().unwrap();
        write_idx(folder.path());
        let path = folder.path().join(IDX_FILES[place].name);
        let set = idx_set(folder.path());
        fs::write(&path, contents).unwrap();
        let message = set.load(folder.path()).unwrap_err().to_string();
        assert!(message.starts_with(path.to_str().unwrap()), "{message}");
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn pictures_of_emnist_stand_upright_and_its_labels_begin_at_0() {
    for deflate in [false, true] {
        let samples = load(&emnist_set(), &emnist([1, 2, 3, 2, 1], deflate)).unwrap();
        assert_eq!(samples.train_images.shape(), [5, 1, 3, 3]);
        assert_eq!(bytes(&samples.train_images)[..9], [0, 3, 6, 1, 4, 7, 2, 5, 8]);
        assert_eq!(bytes(&samples.train_labels), [0, 1, 2, 1, 0]);
        assert_eq!(bytes(&samples.test_images)[9..], [9, 12, 15, 10, 13, 16, 11, 14, 17]);
        assert_eq!(bytes(&samples.test_labels), [2, 2]);
    }
}

#[test]
fn an_emnist_archive_that_is_damaged_is_refused_naming_it() {
    let set = emnist_set();
    let good = emnist([1; 5], false);
    let message_of = |bytes: &[u8]| message(&set, bytes);
    assert!(message_of(&emnist([0, 1, 1, 1, 1], true)).contains("label 0 of sample 0 is not one of 1 to 3"));
    assert!(message_of(b"<html>").contains("gzip.zip: damaged or cut zip archive"));
    assert!(message_of(&good[..good.len() - 30]).contains("damaged or cut zip archive"));
    let other = Layout::Emnist { split: "digits", first_label: 0 };
    let message = message(&small(other, [1, 3, 3], set.files), &good);
    assert!(message.contains("the archive does not hold gzip/emnist-digits-train-images-idx3-ubyte.gz"), "{message}");
    let place = good.windows(4).position(|window| window == [0x1f, 0x8b, 8, 0]).unwrap();
    let mut flipped = good.clone();
    flipped[place + 20] ^= 0x10;
    assert!(message_of(&flipped).contains("damaged file \"gzip/emnist-letters-train-images-idx3-ubyte.gz\""));
}

#[test]
fn records_of_cifar_are_labels_and_planes_in_the_order_of_the_batches() {
    let samples = load(&cifar_set(), &gzip(&tar(&batches()))).unwrap();
    assert_eq!(samples.train_images.shape(), [5, 3, 2, 2]);
    assert_eq!(bytes(&samples.train_labels), [0, 1, 1, 0, 2]);
    assert_eq!(bytes(&samples.train_images)[12..24], (20..32).collect::<Vec<u8>>());
    assert_eq!(samples.test_images, Tensor::new([2, 3, 2, 2], (100u8..112).chain(120..132).collect()).unwrap());
    assert_eq!(bytes(&samples.test_labels), [2, 0]);
}

#[test]
fn a_cifar_archive_that_is_damaged_is_refused_naming_it() {
    let with = |change: &dyn Fn(&mut Members)| {
        let mut files = batches();
        change(&mut files);
        message(&cifar_set(), &gzip(&tar(&files)))
    };
    assert!(
        with(&|files| drop(files.remove(3)))
            .contains("cifar-10-binary.tar.gz: the archive does not hold data_batch_3.bin")
    );
    assert!(with(&|files| drop(files.pop())).contains("does not hold test_batch.bin"));
    assert!(with(&|files| files[1].1.push(0)).contains("data_batch_1.bin has 14 bytes instead of 13"));
    assert!(with(&|files| files[2].1.clear()).contains("data_batch_5.bin has 0 bytes instead of 13"));
    assert!(with(&|files| files.push(files[7].clone())).contains("test_batch.bin twice"));
    assert!(with(&|files| files[1].1[0] = 3).contains("label 3 of sample 0 is not one of 0 to 2"));
    let whole = gzip(&tar(&batches()));
    for length in 0..whole.len() {
        assert!(load(&cifar_set(), &whole[..length]).is_err(), "cut to {length}");
    }
    // A header that claims terabytes, and one whose long name does.
    let mut claims = tar(&batches());
    for kind in [b'0', b'L', b'x'] {
        let mut header = ::tar::Header::new_gnu();
        header.set_path("cifar-10-batches-bin/data_batch_1.bin").unwrap();
        header.set_size(1 << 42);
        header.set_entry_type(::tar::EntryType::new(kind));
        header.set_cksum();
        claims.splice(0..0, header.as_bytes().iter().copied());
        assert!(load(&cifar_set(), &gzip(&claims)).is_err());
        let endless = [header.as_bytes().to_vec(), vec![7; 8 << 20]].concat();
        assert!(load(&cifar_set(), &gzip(&endless)).is_err());
    }
}

#[test]
fn each_row_of_the_table_can_be_what_it_says() {
    let mut names = HashSet::new();
    for set in data_sets() {
        assert!(names.insert(set.name), "{} twice", set.name);
        assert!(set.classes.len() > 1 && set.classes.iter().collect::<HashSet<_>>().len() == set.classes.len());
        assert!(set.mirrors.iter().all(|mirror| mirror.starts_with("http") && mirror.ends_with('/')));
        assert!(!set.files.is_empty());
        for file in set.files {
            let checksums = [Some(file.sha256), file.unpacked.map(|(_, sha256)| sha256)];
            for checksum in checksums.into_iter().flatten() {
                assert!(checksum.len() == 64 && checksum.bytes().all(|b| b"0123456789abcdef".contains(&b)));
            }
        }
        // Folders are shared only by what shares the files.
        for other in data_sets() {
            assert_eq!(other.folder == set.folder, other.files == set.files, "{} and {}", set.name, other.name);
        }
    }
    assert_eq!(names.len(), 10);
}

#[test]
fn mnist_by_name_is_mnist() {
    let mnist = data_set("mnist").unwrap();
    let folder = mnist.locate(None).unwrap();
    let samples = mnist.load(&folder).unwrap();
    let direct = Mnist::load(&folder).unwrap();
    assert_eq!(samples.train_images.shape(), [60_000, 1, 28, 28]);
    assert_eq!(bytes(&samples.train_images), bytes(&direct.train_images));
    assert_eq!(samples.test_labels, direct.test_labels);
    // What was downloaded is known by the same checksums.
    for file in mnist.files {
        let path = folder.join(file.name);
        let unpacked = crate::read_plain_or_gzip(&path, 1 << 26).unwrap();
        let (bytes, sha256) = file.unpacked.unwrap();
        assert_eq!((unpacked.len() as u64, crate::digest::sha256_hex(&unpacked).as_str()), (bytes, sha256));
    }
}

#[test]
fn a_set_is_looked_for_where_mnist_is_under_its_own_name() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    write_idx(root);
    fs::create_dir(root.join("data")).unwrap();
    let set = idx_set(root);
    let places = MnistPlaces {
        limpid_data: Some(root.join("data")),
        current: Some(root.join("work/deep")),
        built_from: Some(root.join("checkout/data/mnist")),
        cache: Some(root.join("cache/limpid/mnist")),
    };
    let error = set.locate_in(None, &places).unwrap_err().to_string();
    assert!(error.starts_with("the files of small were not found; looked in\n  $LIMPID_DATA: "), "{error}");
    assert!(error.contains("no folder data/small in"), "{error}");
    assert!(
        error.ends_with("`limpid data fetch small` fetches them; or name their folder with --data or $LIMPID_DATA")
    );
    for folder in ["cache/limpid/small", "checkout/data/small", "work/data/small", "data/small", "data"] {
        fs::create_dir_all(root.join(folder)).unwrap();
        write_idx(&root.join(folder));
        // Another data set's file under the same name.
        let cut = fs::OpenOptions::new().write(true).open(root.join(folder).join(IDX_FILES[0].name)).unwrap();
        let length = cut.metadata().unwrap().len();
        cut.set_len(length - 1).unwrap();
        assert!(!set.locate_in(None, &places).is_ok_and(|found| found == root.join(folder)));
        write_idx(&root.join(folder));
        assert_eq!(set.locate_in(None, &places).unwrap(), root.join(folder));
    }
    assert_eq!(set.home(&places).unwrap(), root.join("data/small"));
    assert_eq!(set.home(&MnistPlaces { limpid_data: None, ..places }).unwrap(), root.join("cache/limpid/small"));
    assert_eq!(set.home(&MnistPlaces::default()), None);
}

proptest! {
    #[test]
    fn damage_never_panics(place in 0usize..10_000, value: u8, length in 0usize..4000) {
        for (set, good) in [(emnist_set(), emnist([1; 5], true)), (cifar_set(), gzip(&tar(&batches())))] {
            let mut damaged = good.clone();
            let place = place % good.len();
            damaged[place] = value;
            let _ = load(&set, &damaged);
            damaged.truncate(length);
            let _ = load(&set, &damaged);
        }
        let mut raw = tar(&batches());
        let place = place % raw.len();
        raw[place] = value;
        let _ = load(&cifar_set(), &gzip(&raw));
    }
}
