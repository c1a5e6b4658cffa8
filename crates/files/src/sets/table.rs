//! The data sets, one a row.
//!
//! Lengths and SHA-256 are those that TensorFlow Datasets publishes for its own downloads (tensorflow/datasets,
//! `tensorflow_datasets/url_checksums/`: `mnist`, `fashion_mnist`, `kmnist`, `emnist`, `cifar10`); mirrors are those of
//! the data sets' own pages and of torchvision (pytorch/vision, `torchvision/datasets/mnist.py`, `cifar.py`), whose
//! MD5 of the same files agree with other projects that state both. Classes: the data sets' own pages; of EMNIST,
//! Cohen et al. 2017, section III, and the archive's mapping files.

use super::{DataSet, Layout, PublishedFile};

/// All data sets that are known by name.
pub fn data_sets() -> &'static [DataSet] {
    &SETS
}

/// The data set of a name.
///
/// ```
/// let fashion = limpid_files::data_set("fashion-mnist").expect("it is known");
/// assert_eq!((fashion.train, fashion.shape, fashion.classes[9]), (60_000, [1, 28, 28], "ankle boot"));
/// assert!(limpid_files::data_set("imagenet").is_none());
/// ```
pub fn data_set(name: &str) -> Option<&'static DataSet> {
    SETS.iter().find(|set| set.name == name)
}

const fn file(name: &'static str, bytes: u64, sha256: &'static str) -> PublishedFile {
    assert!(sha256.len() == 64, "a SHA-256 has 64 digits");
    PublishedFile { name, bytes, sha256, unpacked: None }
}

const fn unpacking(file: PublishedFile, bytes: u64, sha256: &'static str) -> PublishedFile {
    PublishedFile { unpacked: Some((bytes, sha256)), ..file }
}

const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
const LETTERS: [&str; 26] = [
    "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O", "P", "Q", "R", "S", "T", "U", "V", "W",
    "X", "Y", "Z",
];
/// Digits and capitals, and those small letters that do not look like their capitals.
const MERGED: [&str; 47] = [
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M",
    "N", "O", "P", "Q", "R", "S", "T", "U", "V", "W", "X", "Y", "Z", "a", "b", "d", "e", "f", "g", "h", "n", "q", "r",
    "t",
];
const ALPHANUMERIC: [&str; 62] = [
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M",
    "N", "O", "P", "Q", "R", "S", "T", "U", "V", "W", "X", "Y", "Z", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j",
    "k", "l", "m", "n", "o", "p", "q", "r", "s", "t", "u", "v", "w", "x", "y", "z",
];

static SETS: [DataSet; 10] = [
    DataSet {
        name: "mnist",
        title: "MNIST",
        about: "handwritten digits",
        summary: "70,000 handwritten digits of 28×28 pixels",
        train: 60_000,
        test: 10_000,
        shape: [1, 28, 28],
        classes: &DIGITS,
        folder: "mnist",
        // What they unpack to is known, too: some mirrors packed them anew.
        files: &[
            unpacking(
                file(
                    "train-images-idx3-ubyte.gz",
                    9_912_422,
                    "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                ),
                47_040_016,
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            ),
            unpacking(
                file(
                    "train-labels-idx1-ubyte.gz",
                    28_881,
                    "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                ),
                60_008,
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            ),
            unpacking(
                file(
                    "t10k-images-idx3-ubyte.gz",
                    1_648_877,
                    "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                ),
                7_840_016,
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            ),
            unpacking(
                file(
                    "t10k-labels-idx1-ubyte.gz",
                    4_542,
                    "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                ),
                10_008,
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
        ],
        mirrors: &[
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "http://yann.lecun.com/exdb/mnist/",
        ],
        licence: "CC BY-SA 3.0",
        source: "http://yann.lecun.com/exdb/mnist/",
        cite: "LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition, 1998",
        layout: Layout::Mnist,
    },
    DataSet {
        name: "fashion-mnist",
        title: "Fashion-MNIST",
        about: "pieces of clothing",
        summary: "70,000 pieces of clothing, 28×28",
        train: 60_000,
        test: 10_000,
        shape: [1, 28, 28],
        classes: &[
            "T-shirt/top",
            "trouser",
            "pullover",
            "dress",
            "coat",
            "sandal",
            "shirt",
            "sneaker",
            "bag",
            "ankle boot",
        ],
        folder: "fashion-mnist",
        files: &[
            file(
                "train-images-idx3-ubyte.gz",
                26_421_880,
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            ),
            file(
                "train-labels-idx1-ubyte.gz",
                29_515,
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            ),
            file(
                "t10k-images-idx3-ubyte.gz",
                4_422_102,
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            ),
            file(
                "t10k-labels-idx1-ubyte.gz",
                5_148,
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ),
        ],
        mirrors: &[
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        ],
        licence: "MIT, Zalando SE",
        source: "https://github.com/zalandoresearch/fashion-mnist",
        cite: "Xiao, Rasul, Vollgraf: Fashion-MNIST, arXiv:1708.07747, 2017",
        layout: Layout::Idx,
    },
    DataSet {
        name: "kmnist",
        title: "Kuzushiji-MNIST",
        about: "handwritten Japanese syllables",
        summary: "70,000 handwritten Japanese syllables, 28×28",
        train: 60_000,
        test: 10_000,
        shape: [1, 28, 28],
        classes: &["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"],
        folder: "kmnist",
        files: &[
            file(
                "train-images-idx3-ubyte.gz",
                18_165_135,
                "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
            ),
            file(
                "train-labels-idx1-ubyte.gz",
                29_497,
                "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
            ),
            file(
                "t10k-images-idx3-ubyte.gz",
                3_041_136,
                "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
            ),
            file(
                "t10k-labels-idx1-ubyte.gz",
                5_120,
                "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
            ),
        ],
        mirrors: &["https://codh.rois.ac.jp/kmnist/dataset/kmnist/", "http://codh.rois.ac.jp/kmnist/dataset/kmnist/"],
        licence: "CC BY-SA 4.0",
        source: "https://github.com/rois-codh/kmnist",
        cite: "Clanuwat et al.: Deep Learning for Classical Japanese Literature, arXiv:1812.01718, 2018",
        layout: Layout::Idx,
    },
    emnist(
        "emnist-balanced",
        "EMNIST Balanced",
        "handwritten digits and letters, as many of each",
        "131,600 handwritten digits and letters in 47 classes, 28×28",
        [112_800, 18_800],
        &MERGED,
        Layout::Emnist { split: "balanced", first_label: 0 },
    ),
    emnist(
        "emnist-letters",
        "EMNIST Letters",
        "handwritten letters, capital and small ones together",
        "145,600 handwritten letters in 26 classes, 28×28",
        [124_800, 20_800],
        &LETTERS,
        Layout::Emnist { split: "letters", first_label: 1 },
    ),
    emnist(
        "emnist-digits",
        "EMNIST Digits",
        "handwritten digits",
        "280,000 handwritten digits, 28×28",
        [240_000, 40_000],
        &DIGITS,
        Layout::Emnist { split: "digits", first_label: 0 },
    ),
    emnist(
        "emnist-mnist",
        "EMNIST MNIST",
        "handwritten digits, prepared as EMNIST's letters are",
        "70,000 handwritten digits, prepared as EMNIST's letters are",
        [60_000, 10_000],
        &DIGITS,
        Layout::Emnist { split: "mnist", first_label: 0 },
    ),
    emnist(
        "emnist-byclass",
        "EMNIST By Class",
        "all handwritten digits and letters",
        "814,255 handwritten digits and letters in 62 classes, 28×28",
        [697_932, 116_323],
        &ALPHANUMERIC,
        Layout::Emnist { split: "byclass", first_label: 0 },
    ),
    emnist(
        "emnist-bymerge",
        "EMNIST By Merge",
        "all handwritten digits and letters, those together that look alike",
        "The same in 47 classes",
        [697_932, 116_323],
        &MERGED,
        Layout::Emnist { split: "bymerge", first_label: 0 },
    ),
    DataSet {
        name: "cifar-10",
        title: "CIFAR-10",
        about: "small colour photographs of things and animals",
        summary: "60,000 colour photographs of 32×32 pixels in 10 classes",
        train: 50_000,
        test: 10_000,
        shape: [3, 32, 32],
        classes: &["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
        folder: "cifar-10",
        files: &[file(
            "cifar-10-binary.tar.gz",
            170_052_171,
            "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        )],
        mirrors: &[
            "https://www.cs.toronto.edu/~kriz/",
            "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/",
        ],
        licence: "none stated; cite the report",
        source: "https://www.cs.toronto.edu/~kriz/cifar.html",
        cite: "Krizhevsky: Learning Multiple Layers of Features from Tiny Images, 2009",
        layout: Layout::Cifar,
    },
];

const EMNIST_FILES: [PublishedFile; 1] =
    [file("gzip.zip", 561_753_746, "fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e")];

/// One way to cut EMNIST. All lie in one archive.
const fn emnist(
    name: &'static str,
    title: &'static str,
    about: &'static str,
    summary: &'static str,
    [train, test]: [usize; 2],
    classes: &'static [&'static str],
    layout: Layout,
) -> DataSet {
    DataSet {
        name,
        title,
        about,
        summary,
        train,
        test,
        shape: [1, 28, 28],
        classes,
        folder: "emnist",
        files: &EMNIST_FILES,
        mirrors: &[
            "https://biometrics.nist.gov/cs_links/EMNIST/",
            "https://www.itl.nist.gov/iaui/vip/cs_links/EMNIST/",
        ],
        licence: "none stated; made from NIST Special Database 19",
        source: "https://www.nist.gov/itl/products-and-services/emnist-dataset",
        cite: "Cohen, Afshar, Tapson, van Schaik: EMNIST, arXiv:1702.05373, 2017",
        layout,
    }
}
