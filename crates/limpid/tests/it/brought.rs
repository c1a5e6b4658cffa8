//! MNIST's test digits as people bring them: on white, transparent, photographed, cut close. What a model says of each is
//! as right as of the digits themselves.
#![cfg(feature = "pictures")]
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid::datasets::{Mnist, mnist};
use limpid::files::Picture;
use limpid::graph::Tensor;
use limpid::learn::{FitOptions, Model};
use limpid::models::PictureForm;
use limpid::pictures::{Changes, Ground, brought};

/// So many of the test digits are asked about.
const ASKED: usize = 1000;

fn form() -> PictureForm {
    let classes = (0..10).map(|digit| digit.to_string()).collect();
    PictureForm { channels: 1, height: 28, width: 28, classes, set: None, ground: Some(Ground::MNIST), split: None }
}

fn grey(side: usize, pixels: Vec<u8>) -> Picture {
    Picture { height: side, width: side, channels: 1, pixels, alpha: None }
}

/// Ten times as wide and high, dark on paper that is not quite white and not quite even, as a phone takes it.
fn photographed(digit: &[u8], number: usize) -> Picture {
    let large = grey(28, digit.to_vec()).resized(280, 280).pixels;
    let paper = |at: usize| 200.0 + 40.0 * (at % 280) as f32 / 280.0 + ((at * 7919 + number) % 13) as f32 / 2.0;
    let pixel = |(at, &ink): (usize, &u8)| (paper(at) * (1.0 - 0.85 * f32::from(ink) / 255.0)) as u8;
    Picture { channels: 3, ..grey(280, large.iter().enumerate().map(pixel).flat_map(|pixel| [pixel; 3]).collect()) }
}

/// The digit alone, three times as large, with a narrow margin of white, off the middle.
fn cut_close(digit: &[u8]) -> Picture {
    let drawn = |at: &usize| digit[*at] > 30;
    let rows = (0..784).filter(drawn).map(|at| at / 28);
    let columns = (0..784).filter(drawn).map(|at| at % 28);
    let (top, bottom) = (rows.clone().min().unwrap().saturating_sub(1), 28.min(rows.max().unwrap() + 2));
    let (left, right) = (columns.clone().min().unwrap().saturating_sub(1), 28.min(columns.max().unwrap() + 2));
    let pixels = (top..bottom).flat_map(|row| digit[28 * row + left..28 * row + right].iter().map(|ink| 255 - ink));
    let (height, width) = (bottom - top, right - left);
    let small = Picture { height, width, channels: 1, pixels: pixels.collect(), alpha: None };
    small.resized(3 * height, 3 * width)
}

fn transparent(digit: &[u8], ink: u8) -> Picture {
    // What a decoder makes of it: on white.
    let on_white = |&alpha: &u8| ((u32::from(ink) * u32::from(alpha) + 255 * (255 - u32::from(alpha))) / 255) as u8;
    Picture { alpha: Some(digit.to_vec()), ..grey(28, digit.iter().map(on_white).collect()) }
}

#[test]
fn digits_as_people_bring_them_are_read_as_well_as_mnists_own() {
    let (train, test) = mnist(&Mnist { normalize: false, ..Mnist::default() }).unwrap();
    let network = "784, affine 50, relu, affine 10".parse().unwrap();
    let mut model = Model::new(&network, 1).unwrap();
    let fit = FitOptions { epochs: 1, batch_size: 50, ..FitOptions::default() };
    model.fit(&train.range(0, 30_000).unwrap().divided_by(255.0), &fit).unwrap();
    let digits: Vec<Vec<u8>> =
        test.inputs().as_slice::<u8>().unwrap().chunks(784).take(ASKED).map(<[u8]>::to_vec).collect();
    let labels = test.targets().to_f64();
    let mut right = |pictures: &mut dyn FnMut(usize, &[u8]) -> Picture, as_is: bool| {
        let mut pixels = Vec::new();
        let mut changes = Changes::default();
        for (number, digit) in digits.iter().enumerate() {
            let picture = pictures(number, digit);
            let (picture, own) = if as_is { (picture, changes) } else { brought(picture, &form()) };
            changes = own;
            pixels.extend(picture.planes(1).iter().map(|&pixel| f32::from(pixel) / 255.0));
        }
        let scores = model.predict(&Tensor::new([ASKED, 784], pixels).unwrap()).unwrap().to_f64();
        let best = |scores: &[f64]| (0..10).fold(0, |best, at| if scores[at] > scores[best] { at } else { best });
        let count = scores.chunks(10).zip(&labels).filter(|(scores, label)| best(scores) as f64 == **label).count();
        (count, changes)
    };
    let inverted = |digit: &[u8]| grey(28, digit.iter().map(|ink| 255 - ink).collect());
    let (own, nothing) = right(&mut |_, digit| grey(28, digit.to_vec()), false);
    assert_eq!(nothing, Changes::default());
    assert!(own > 880, "{own} of {ASKED}: too few to compare with");
    let (as_is, _) = right(&mut |_, digit| inverted(digit), true);
    assert!(as_is < ASKED / 4, "{as_is} digits on white are right as they are");

    let (on_white, done) = right(&mut |_, digit| inverted(digit), false);
    assert!(on_white == own && done.inverted && !done.resized, "{on_white}, {done:?}");
    let (dark_ink, done) = right(&mut |_, digit| transparent(digit, 0), false);
    assert!(dark_ink == own && done.inverted && !done.on_black, "{dark_ink}, {done:?}");
    let (light_ink, done) = right(&mut |_, digit| transparent(digit, 255), false);
    assert!(light_ink == own && !done.inverted && done.on_black, "{light_ink}, {done:?}");
    let (photographs, done) = right(&mut |number, digit| photographed(digit, number), false);
    // A shade over the ground, and lines that are a little blurred, cost a digit or two.
    assert!(photographs + ASKED / 100 > own && done.inverted && done.centred, "{photographs} and {own}, {done:?}");
    let (close, done) = right(&mut |_, digit| cut_close(digit), false);
    assert!(close + ASKED / 100 > own && done.inverted && done.centred, "{close} and {own}, {done:?}");
    println!(
        "of {ASKED}: as they are {own}; on white {on_white}, before {as_is}; transparent {dark_ink}, {light_ink}; photographed {photographs}; cut close {close}"
    );
}

#[test]
fn a_ground_is_seen_where_there_is_one_and_never_among_photographs() {
    let (train, _) = mnist(&Mnist { normalize: false, ..Mnist::default() }).unwrap();
    let pixels = train.range(0, 500).unwrap().inputs().as_slice::<u8>().unwrap().to_vec();
    assert_eq!(Ground::of(pixels.chunks(784), 1, (28, 28)), Some(Ground::MNIST));
    let white: Vec<u8> = pixels.iter().map(|ink| 255 - ink).collect();
    let light = Some(Ground { brightness: 255, ..Ground::MNIST });
    assert_eq!(Ground::of(white.chunks(784), 1, (28, 28)), light);
    // Borders of all brightnesses, and pictures that are all ground.
    let photographs: Vec<Vec<u8>> =
        (0..40u8).map(|shade| (0..300).map(|at| (at % 100) as u8 + shade * 4 % 155).collect()).collect();
    assert_eq!(Ground::of(photographs.iter().map(Vec::as_slice), 3, (10, 10)), None);
    let nights = vec![vec![3u8; 100]; 20];
    assert_eq!(Ground::of(nights.iter().map(Vec::as_slice), 1, (10, 10)), None);
    assert_eq!(Ground::of(std::iter::empty(), 1, (10, 10)), None);
}

#[test]
fn without_a_ground_nothing_is_inverted() {
    let plain = PictureForm { ground: None, height: 2, width: 2, ..form() };
    let night = Picture { height: 2, width: 2, channels: 1, pixels: vec![0, 9, 0, 3], alpha: Some(vec![9; 4]) };
    for pixels in [vec![255; 4], vec![0, 200, 3, 4]] {
        let (picture, changes) = brought(Picture { pixels: pixels.clone(), ..night.clone() }, &plain);
        assert_eq!((picture.pixels, changes), (pixels, Changes::default()));
    }
}

/// Pictures of 32×32 pixels with a bright block of 16×8, wherever `place` says of each.
fn blocks(place: impl Fn(usize) -> (usize, usize)) -> Vec<Vec<u8>> {
    let picture = |number: usize| {
        let (down, across) = place(number);
        let is_in = |at: usize| (down..down + 16).contains(&(at / 32)) && (across..across + 8).contains(&(at % 32));
        (0..1024).map(|at| if is_in(at) { 250 } else { 5 }).collect()
    };
    (0..50).map(picture).collect()
}

#[test]
fn what_is_drawn_is_put_where_the_trainings_pictures_have_it() {
    let ground = |pictures: &[Vec<u8>]| Ground::of(pictures.iter().map(Vec::as_slice), 1, (32, 32)).unwrap();
    // Off the middle, but all alike: a larger picture's drawing goes there.
    let placed = ground(&blocks(|_| (10, 5)));
    assert_eq!(placed, Ground { brightness: 5, extent: Some(16), centre: Some([18.0, 9.0]) });
    assert_eq!(placed.to_string(), "light on dark, 16 pixels long and centred");
    let form = PictureForm { height: 32, width: 32, ground: Some(placed), ..form() };
    let is_in = |at: usize| (4..100).contains(&(at / 120)) && (60..108).contains(&(at % 120));
    let photograph = (0..120 * 120).map(|at| if is_in(at) { 20 } else { 230 }).collect();
    let (picture, changes) = brought(grey(120, photograph), &form);
    assert!(changes.inverted && changes.centred && !changes.resized, "{changes:?}");
    let block = &blocks(|_| (10, 5))[0];
    assert!(picture.pixels.iter().zip(block).all(|(own, block)| own.abs_diff(*block) <= 25), "{:?}", picture.pixels);
    // Here and there, as pieces of clothing that fill their pictures: nothing is cut out or moved.
    let anywhere = ground(&blocks(|number| (number % 15, 3 + number % 11)));
    assert_eq!(anywhere, Ground { brightness: 5, extent: None, centre: None });
    let form = PictureForm { ground: Some(anywhere), ..form };
    let (_, changes) = brought(grey(120, vec![230; 120 * 120]), &form);
    assert!(changes.inverted && changes.resized && !changes.centred, "{changes:?}");
}

#[test]
fn a_picture_of_the_models_size_and_ground_is_left_as_it_is_wherever_its_drawing_lies() {
    for (down, across) in [(1, 1), (10, 18), (5, 2)] {
        let is_in = |at: usize| (down..down + 9).contains(&(at / 28)) && (across..across + 4).contains(&(at % 28));
        let picture = grey(28, (0..784).map(|at| if is_in(at) { 180 } else { 7 }).collect());
        assert_eq!(brought(picture.clone(), &form()), (picture, Changes::default()));
    }
}
