//! The course notes' row on loading MNIST.

use limpid::datasets::{mnist, mnist_split};
use limpid::prelude::*;

// row F1
#[test]
fn the_digits_come_flat_or_as_images() {
    for (flatten, shape) in [(true, &[784][..]), (false, &[1, 28, 28])] {
        let (train, test) = mnist(&Mnist { flatten, ..Mnist::default() }).unwrap();
        assert_eq!(train.shape(), [&[60_000], shape].concat());
        assert_eq!(test.shape(), [&[10_000], shape].concat());
    }
}

// row F1
#[test]
fn pixels_come_as_bytes_or_from_0_to_1() {
    let (_, raw) = mnist(&Mnist { normalize: false, ..Mnist::default() }).unwrap();
    let (_, normalised) = mnist(&Mnist { normalize: true, ..Mnist::default() }).unwrap();
    let (raw, normalised) = (raw.inputs_as_f32(), normalised.inputs_as_f32());
    assert_eq!(raw.iter().copied().fold(0.0, f32::max), 255.0);
    assert_eq!(normalised.iter().copied().fold(0.0, f32::max), 1.0);
    assert!(raw.iter().zip(&normalised).all(|(byte, share)| *share == byte / 255.0));
}

// row F1
#[test]
fn targets_come_as_labels_or_as_one_hot_rows() {
    let (train, test) = mnist(&Mnist::default()).unwrap();
    assert_eq!((train.targets().shape(), test.targets().shape()), (&[60_000][..], &[10_000][..]));
    assert_eq!(train.targets().rows(0, 5).to_f64(), [5.0, 0.0, 4.0, 1.0, 9.0]);
    assert!(train.targets().to_f64().iter().all(|label| (0.0..=9.0).contains(label)));
    let (one_hot, _) = mnist(&Mnist { one_hot_label: true, ..Mnist::default() }).unwrap();
    assert_eq!(one_hot.targets().shape(), [60_000, 10]);
    for (row, label) in one_hot.targets().to_f64().chunks(10).zip(train.targets().to_f64()) {
        assert!(row.iter().enumerate().all(|(class, &share)| share == f64::from(u8::from(class as f64 == label))));
    }
}

// row F1
#[test]
fn a_seeded_split_cuts_all_70_000_digits_into_80_and_20_percent() {
    let (train, test) = mnist_split(&Mnist::default(), 1).unwrap();
    assert_eq!((train.shape(), test.shape()), (&[56_000, 784][..], &[14_000, 784][..]));
    assert_eq!(
        mnist_split(&Mnist::default(), 1).unwrap(),
        (train.clone(), test.clone()),
        "the same seed, the same cut"
    );
    assert_ne!(mnist_split(&Mnist::default(), 2).unwrap().1.targets(), test.targets());

    // Every digit is there once: as many of each, and the same pixels together.
    let (published, published_test) = mnist(&Mnist::default()).unwrap();
    let sorted = |data: &Dataset| {
        let mut images: Vec<Vec<u8>> =
            data.inputs().as_slice::<u8>().unwrap().chunks(784).map(<[u8]>::to_vec).collect();
        images.sort_unstable();
        images
    };
    let (all, published) = (train.followed_by(&test).unwrap(), published.followed_by(&published_test).unwrap());
    assert!(sorted(&all) == sorted(&published), "some digit is missing or there twice");
    let mut counts = [0; 10];
    test.targets().to_f64().iter().for_each(|&label| counts[label as usize] += 1);
    assert!(counts.iter().all(|count| (1100..1700).contains(count)), "{counts:?}: cut without regard to the digit");
}
