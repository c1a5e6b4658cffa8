//! Pictures that are changed while a model learns from them.

use limpid_engine::Precision;
use limpid_graph::Tensor;
use limpid_learn::{
    Augmentation, DataSource, Dataset, Error, FitOptions, Generated, Model, Network, augmentation_choices,
};

fn augmentation(text: &str) -> Augmentation {
    text.parse().unwrap()
}

/// Pictures of these extents whose pixels are all different as far as bytes go, none of them 0.
fn pictures(count: usize, extents: [usize; 3]) -> Dataset {
    let size: usize = extents.iter().product();
    let pixels: Vec<u8> = (0..count * size).map(|i| (i * 37 % 251) as u8 + 1).collect();
    let shape: Vec<usize> = std::iter::once(count).chain(extents).collect();
    let labels: Vec<u8> = (0..count).map(|i| (i % 3) as u8).collect();
    Dataset::new(Tensor::new(shape, pixels).unwrap(), Tensor::from(labels)).unwrap().divided_by(255.0)
}

fn pixels(data: &Dataset) -> Vec<u8> {
    data.inputs().as_slice::<u8>().unwrap().to_vec()
}

fn changed(text: &str, data: &Dataset, rows: &[usize], epoch: u64) -> Vec<u8> {
    pixels(&augmentation(text).applied(data, rows, epoch, 7).unwrap())
}

#[test]
fn a_picture_that_is_cropped_or_flipped_keeps_its_pixels_and_gets_background() {
    let data = pictures(1, [2, 4, 5]);
    let own = pixels(&data);
    let at = |channel: usize, row: i64, column: i64| match (0..4).contains(&row) && (0..5).contains(&column) {
        true => own[channel * 20 + row as usize * 5 + column as usize],
        false => 0,
    };
    let made = |down: i64, across: i64, is_flipped: bool| -> Vec<u8> {
        let pixel = |i: usize| {
            let (channel, row, column) = (i / 20, (i % 20 / 5) as i64, (i % 5) as i64);
            let column = column - across;
            at(channel, row - down, if is_flipped { 4 - column } else { column })
        };
        (0..40).map(pixel).collect()
    };
    let mut seen = std::collections::BTreeSet::new();
    for epoch in 0..200 {
        let changed = changed("crop 1, flip", &data, &[0], epoch);
        let moves = [-1, 0, 1].into_iter().flat_map(|down| [-1, 0, 1].map(|across| (down, across)));
        let found = moves
            .flat_map(|(down, across)| [(down, across, false), (down, across, true)])
            .find(|&(down, across, is_flipped)| made(down, across, is_flipped) == changed);
        seen.insert(found.unwrap_or_else(|| panic!("{changed:?} is no crop of {own:?}")));
    }
    assert_eq!(seen.len(), 18, "each of 3 · 3 places, both ways round");
}

#[test]
fn a_shift_by_a_share_of_a_pixel_lies_between_its_neighbours() {
    // A ramp along x: moved by s, its middle row becomes less by 10·s.
    let ramp = Tensor::new([1, 9, 20], (0..180).map(|i| 10.0 * f64::from(i % 20)).collect::<Vec<_>>()).unwrap();
    let data = Dataset::new(ramp, Tensor::from([0u8])).unwrap();
    let mut least_and_most = [f64::INFINITY, f64::NEG_INFINITY];
    for epoch in 0..300 {
        let moved = augmentation("shift 2").applied(&data, &[0], epoch, 3).unwrap().inputs().to_f64();
        let by: Vec<f64> = (4..16).map(|column| column as f64 - moved[80 + column] / 10.0).collect();
        assert!(by.iter().all(|s| (s - by[0]).abs() < 1e-4 && s.abs() <= 2.0), "{by:?}");
        least_and_most = [least_and_most[0].min(by[0]), least_and_most[1].max(by[0])];
    }
    assert!(least_and_most[0] < -1.9 && least_and_most[1] > 1.9, "{least_and_most:?}");
}

#[test]
fn a_disc_stays_where_it_is_when_it_is_turned_and_grows_with_its_scale() {
    let extent = 29usize;
    let inside = |i: usize| {
        let [y, x] = [i / extent, i % extent].map(|at| at as f64 - 14.0);
        255.0 * (8.5 - y.hypot(x)).clamp(0.0, 1.0)
    };
    let disc: Vec<f64> = (0..extent * extent).map(inside).collect();
    let data = Dataset::new(Tensor::new([1, extent, extent], disc.clone()).unwrap(), Tensor::from([0u8])).unwrap();
    let sum = |numbers: &[f64]| numbers.iter().sum::<f64>();
    let mut sizes = Vec::new();
    for epoch in 0..50 {
        let made = |text: &str| augmentation(text).applied(&data, &[0], epoch, 1).unwrap().inputs().to_f64();
        let turned = made("rotate 90");
        let apart: f64 = turned.iter().zip(&disc).map(|(a, b)| (a - b).abs()).sum();
        assert!(apart / (extent * extent) as f64 <= 3.0, "{apart}");
        assert!((sum(&turned) / sum(&disc) - 1.0).abs() < 0.02);
        sizes.push((sum(&made("scale 0.2")) / sum(&disc)).sqrt());
    }
    let range = sizes.iter().fold([f64::INFINITY, 0.0f64], |[least, most], &x| [least.min(x), most.max(x)]);
    assert!((range[0] - 0.8).abs() < 0.03 && (range[1] - 1.2).abs() < 0.03, "{range:?}");
}

#[test]
fn noise_has_its_deviation_and_a_cut_out_its_square() {
    let grey = Dataset::new(Tensor::new([1, 40, 40], vec![128u8; 1600]).unwrap(), Tensor::from([0u8])).unwrap();
    let (mut sum, mut squares, mut squared_twice) = (0.0, 0.0, 0.0);
    for epoch in 0..20 {
        for pixel in changed("noise 0.05", &grey, &[0], epoch) {
            let x = f64::from(pixel) - 128.0;
            (sum, squares, squared_twice) = (sum + x, squares + x * x, squared_twice + x * x * x * x);
        }
    }
    let (mean, deviation) = (sum / 32_000.0, (squares / 32_000.0).sqrt());
    assert!(mean.abs() < 0.3 && (deviation - 0.05 * 255.0).abs() < 0.3, "{mean} {deviation}");
    // A normal distribution's fourth moment is 3σ⁴; the sum of four even draws has 2.7σ⁴.
    assert!((squared_twice / 32_000.0 / deviation.powi(4) - 2.7).abs() < 0.15);
    for epoch in 0..100 {
        let cut = changed("cut-out 6", &grey, &[0], epoch);
        let black: Vec<usize> = (0..1600).filter(|&i| cut[i] == 0).collect();
        let (rows, columns) = (black.iter().map(|i| i / 40), black.iter().map(|i| i % 40));
        let spread = |of: Vec<usize>| of.iter().max().unwrap() - of.iter().min().unwrap() + 1;
        let (height, width) = (spread(rows.collect()), spread(columns.collect()));
        assert!(height * width == black.len() && (3..=6).contains(&height) && (3..=6).contains(&width));
    }
    let on_white = augmentation("cut-out 6").on(255.0).applied(&grey, &[0], 0, 1).unwrap();
    assert!(pixels(&on_white).iter().all(|&pixel| pixel == 128 || pixel == 255));
}

#[test]
fn elastic_changes_are_smooth_and_as_large_as_their_strength_says() {
    // On a ramp along x, a pixel's change is how far it was moved.
    let ramp: Vec<f64> = (0..64 * 64).map(|i| (i % 64) as f64).collect();
    let data = Dataset::new(Tensor::new([1, 64, 64], ramp.clone()).unwrap(), Tensor::from([0u8])).unwrap();
    let (mut squares, mut steps, mut count) = (0.0, 0.0, 0.0);
    for epoch in 0..10 {
        let pulled = augmentation("elastic 30 4").applied(&data, &[0], epoch, 1).unwrap().inputs().to_f64();
        let moved = |row: usize, column: usize| pulled[row * 64 + column] - column as f64;
        for (row, column) in (16..48).flat_map(|row| (16..48).map(move |column| (row, column))) {
            squares += moved(row, column).powi(2);
            steps += (moved(row, column + 1) - moved(row, column)).powi(2);
            count += 1.0;
        }
    }
    // Even draws from −1 to 1 have the variance 1/3; a Gaussian blur of σ = 4 divides it by 4πσ².
    let wanted = 30.0 * (1.0 / 3.0 / (4.0 * std::f64::consts::PI * 16.0)).sqrt();
    let found = f64::sqrt(squares / count);
    assert!((found / wanted - 1.0).abs() < 0.25, "{found} instead of {wanted}");
    assert!(steps < 0.1 * squares, "neighbours move together");
}

#[test]
fn a_changed_picture_depends_on_seed_epoch_and_sample_alone() {
    let all = "shift 2, rotate 10, scale 0.1, shear 5, elastic 8 3, noise 0.05, cut-out 6, crop 2, flip";
    let data = pictures(6, [3, 12, 10]);
    let one = |row: usize, epoch: u64| changed(all, &data, &[row], epoch);
    assert_eq!(changed(all, &data, &[4, 1, 4], 2), [one(4, 2), one(1, 2), one(4, 2)].concat());
    assert_ne!(one(4, 2), one(4, 3));
    let other_seed = augmentation(all).applied(&data, &[4], 2, 8).unwrap();
    assert_ne!(pixels(&other_seed), one(4, 2));
    // Two samples of the same pixels differ in how they are changed.
    let twins = Dataset::new(Tensor::new([2, 8, 8], [[9u8; 64], [9u8; 64]].concat()).unwrap(), Tensor::from([0u8, 0]));
    let both = changed("noise 0.2", &twins.unwrap(), &[0, 1], 0);
    assert_ne!(both[..64], both[64..]);
}

fn network() -> Network {
    "120, affine 8, tanh, affine 3".parse().unwrap()
}

fn fit(text: &str) -> FitOptions {
    let augmentation = Some(augmentation(text).of_pictures([1, 12, 10]));
    FitOptions { epochs: 3, batch_size: 4, augmentation, ..FitOptions::default() }
}

#[test]
fn threads_and_parts_change_no_bit_of_a_training_on_changed_pictures() {
    let data = pictures(10, [1, 12, 10]).reshaped(&[120]).unwrap();
    for precision in [Precision::F32, Precision::F64] {
        let train = |threads: usize, parts: &[usize]| {
            let mut model = Model::in_precision(&network(), 1, precision).unwrap().with_threads(threads);
            let mut losses = Vec::new();
            for &epochs in parts {
                let options = FitOptions { epochs, ..fit("elastic 8 3, noise 0.05, rotate 10") };
                losses.extend(model.fit(&data, &options).unwrap().losses);
            }
            (losses, model.parameters().unwrap())
        };
        let once = train(1, &[3]);
        for (threads, parts) in [(2, &[3][..]), (5, &[3]), (2, &[1, 2])] {
            assert_eq!(train(threads, parts), once, "{threads} threads, {parts:?}");
        }
    }
}

#[test]
fn steps_learn_from_changed_pictures_in_the_batches_order_and_evaluations_see_them_as_they_are() {
    let data = pictures(4, [1, 12, 10]).reshaped(&[120]).unwrap();
    let mut model = Model::new(&network(), 1).unwrap();
    let options = FitOptions { epochs: 1, ..fit("crop 3, noise 0.1") };
    let before = model.evaluate(&data).unwrap().loss;
    // One batch of all samples: its loss is that of the changed pictures, whatever their order.
    let changed = options.augmentation.as_ref().unwrap().applied(&data, &[0, 1, 2, 3], 0, options.seed).unwrap();
    let wanted = model.evaluate(&changed).unwrap().loss;
    let history = model.fit(&data, &options).unwrap();
    assert!((history.losses[0] - wanted).abs() < 1e-6 && (wanted - before).abs() > 1e-4);
    assert_eq!(history.epochs[0].train_loss, before);
    assert_eq!(history.epochs[1].train_loss, model.evaluate(&data).unwrap().loss);
}

#[test]
fn samples_that_are_read_are_changed_as_those_in_memory() {
    let data = pictures(10, [1, 12, 10]).reshaped(&[120]).unwrap();
    let copy = data.clone();
    let read = Generated::new(10, move |row| {
        let one = copy.select(&[row]).unwrap();
        (one.inputs().clone().reshaped([120]).unwrap(), Tensor::scalar(one.targets().to_f64()[0]))
    });
    assert!(read.in_memory().is_none());
    let trained = |data: &dyn DataSource| {
        let mut model = Model::new(&network(), 1).unwrap().with_divisor(Some(255.0));
        model.fit(data, &fit("shift 1, flip")).unwrap().losses
    };
    assert_eq!(trained(&read), trained(&data));
}

#[test]
fn the_text_of_an_augmentation_is_read_back_and_a_wrong_one_is_answered_with_what_fits() {
    let every: Vec<&str> = augmentation_choices().map(|row| row.example).collect();
    let every = every.join(", ");
    assert_eq!(augmentation(&every).to_string(), every);
    assert_eq!(augmentation("shift").to_string(), "shift 2");
    assert_eq!(augmentation("elastic width=5, Cutout 4").to_string(), "elastic 8 5, cut-out 4");
    let table = [
        ("", "there is no change; write one such as `shift 1.5`"),
        ("?!", "unknown change `?!`; there are: shift, rotate, scale, shear, elastic, noise, cut-out, crop, flip"),
        (
            "shfit 2, rotate x, crop 1.5, flip 3, flip",
            "4 mistakes:\nunknown change `shfit`, did you mean `shift`? There are: ",
        ),
        ("rotat 5", "unknown change `rotat`, did you mean `rotate`?"),
        ("shift 2, rotate ten", "`degrees` takes a number (line 1, column 17)"),
        ("shift -1", "the shift is -1.0; use 0 or more"),
        ("rotate 200", "`degrees` is 200.0; use at most 180 "),
        ("crop 1.5", "`pixels` is 1.5; use a whole number"),
        ("elastic 8 0", "the width is 0.0; use a number above 0"),
        ("noise nan", "`deviation` takes a number"),
        ("flip 2", "the change `flip` does not take `2`"),
        ("scale 1", "the scale is 1.0; use a number from 0 to below 1"),
        ("flip, shift 1, flip", "`flip` is there already; give each change once (line 1, column 16)"),
    ];
    for (text, wanted) in table {
        let message = text.parse::<Augmentation>().unwrap_err().to_string();
        assert!(message.starts_with(wanted), "{text:?} gives: {message}");
    }
}

#[test]
fn rows_of_a_table_are_no_pictures() {
    let table = Dataset::new(Tensor::from([[1.0, 2.0], [3.0, 4.0]]), Tensor::from([0u8, 1])).unwrap();
    let mut model = Model::new(&"2, affine 2".parse().unwrap(), 1).unwrap();
    let before = model.parameters().unwrap();
    let options = FitOptions { augmentation: Some(augmentation("flip")), ..FitOptions::default() };
    let message = model.fit(&table, &options).unwrap_err();
    assert!(matches!(message, Error::Data(_)));
    assert!(message.to_string().starts_with("augmentation changes pictures, and samples of shape [2] are none; "));
    assert_eq!(model.parameters().unwrap(), before);
    let wrong = augmentation("flip").of_pictures([1, 3, 3]).applied(&table, &[0], 0, 1);
    assert!(wrong.is_err());
}
