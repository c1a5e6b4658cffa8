//! The course notes' rows on losses and mini-batches.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid_graph::{Builder, Error, Fault, Mistakes, Shape, Tensor, Var};
use limpid_learn::numeric::{H, numerical_gradient};
use limpid_learn::{Batches, Sampling};

/// Class 2 is the most likely, and then class 7.
const FOR_2: [f64; 10] = [0.1, 0.05, 0.6, 0.0, 0.05, 0.1, 0.0, 0.1, 0.0, 0.0];
const FOR_7: [f64; 10] = [0.1, 0.05, 0.1, 0.0, 0.05, 0.1, 0.0, 0.6, 0.0, 0.0];
const IS_2: [f64; 10] = [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];

type Loss = for<'b> fn(Var<'b>, Var<'b>) -> Var<'b>;

fn of(loss: Loss, y: impl Into<Tensor>, t: impl Into<Tensor>) -> f64 {
    let (y, t) = (y.into(), t.into());
    let b = Builder::new();
    let (outputs, targets) = (b.input("y", Shape::from(y.shape())), b.input("t", Shape::from(t.shape())));
    let graph = b.finish([loss(outputs, targets)]).unwrap();
    graph.run(&[("y", &y), ("t", &t)]).unwrap()[0].item().unwrap()
}

fn half_sum_of_squares<'b>(y: Var<'b>, t: Var<'b>) -> Var<'b> {
    y.half_sum_of_squares(t)
}

fn cross_entropy<'b>(y: Var<'b>, t: Var<'b>) -> Var<'b> {
    y.cross_entropy(t, 1e-7)
}

// row G1
#[test]
fn half_sum_of_squares_gives_the_printed_digits() {
    assert_eq!(of(half_sum_of_squares, FOR_2, IS_2), 0.09750000000000003);
    assert_eq!(of(half_sum_of_squares, FOR_7, IS_2), 0.5975);
}

// row G2
#[test]
fn cross_entropy_gives_the_printed_digits() {
    assert_eq!(of(cross_entropy, FOR_2, IS_2), 0.510825457099338);
    assert_eq!(of(cross_entropy, FOR_7, IS_2), 2.302584092994546);
}

// row G2
#[test]
fn the_small_delta_keeps_the_logarithm_of_0_away() {
    let sure_and_wrong = of(cross_entropy, [0.0, 1.0], [1.0, 0.0]);
    assert!((sure_and_wrong - 16.11809565095832).abs() < 1e-12, "{sure_and_wrong}: −ln(1e−7)");
}

// row G3
#[test]
fn a_batch_has_the_mean_of_its_samples_and_labels_agree_with_one_hot_rows() {
    let (y, one_hot, labels) = ([FOR_2, FOR_7, FOR_2], [IS_2, IS_2, IS_7], [2.0, 2.0, 7.0]);
    let by_rows = of(cross_entropy, y, one_hot);
    assert_eq!(of(cross_entropy, y, labels), by_rows);
    assert_eq!(of(cross_entropy, y, [2u8, 2, 7]), by_rows);
    let each = [(FOR_2, IS_2), (FOR_7, IS_2), (FOR_2, IS_7)].map(|(y, t)| of(cross_entropy, y, t));
    assert!((by_rows - each.iter().sum::<f64>() / 3.0).abs() < 1e-15);
    let from_scores: Loss = |y, t| y.softmax_cross_entropy(t);
    assert_eq!(of(from_scores, y, labels), of(from_scores, y, one_hot));
    assert_eq!(of(cross_entropy, FOR_2, 2.0), of(cross_entropy, FOR_2, IS_2), "one sample, one label");
}

const IS_7: [f64; 10] = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0];

// row G4
#[test]
fn the_accuracy_is_a_staircase_whose_slope_is_0_where_the_loss_has_one() {
    let scores = Tensor::from([[1.0, 0.8], [0.1, 0.5], [2.0, 1.9]]);
    let labels = Tensor::from([0u8, 0, 1]);
    let shaped = |x: &[f64]| Tensor::new([3, 2], x.to_vec()).unwrap();
    let accuracy = |x: &[f64]| of(|y, t| y.accuracy(t), shaped(x), labels.clone());
    let loss = |x: &[f64]| of(|y, t| y.softmax_cross_entropy(t), shaped(x), labels.clone());
    assert_eq!(accuracy(&scores.to_f64()), 1.0 / 3.0);
    assert_eq!(numerical_gradient(accuracy, &scores, H).unwrap().to_f64(), [0.0; 6]);
    assert!(numerical_gradient(loss, &scores, H).unwrap().to_f64().iter().all(|slope| slope.abs() > 0.1));
    // A little better is the same accuracy, until it jumps by a whole sample.
    let with_last = |x: f64| accuracy(&[1.0, 0.8, 0.1, 0.5, 2.0, x]);
    assert_eq!([1.9, 1.95, 1.99, 2.01, 2.1].map(with_last), [1.0, 1.0, 1.0, 2.0, 2.0].map(|right| right / 3.0));
}

// row G4
#[test]
fn a_derivative_of_the_accuracy_is_refused_and_the_way_to_it_named() {
    let b = Builder::new();
    let (x, w, t) = (b.input("x", (5, 4)), b.parameter("w", (4, 3)), b.input("labels", 5));
    let accuracy = x.matmul(w).named("scores").accuracy(t);
    b.grad(accuracy, &[w]);
    let Err(Error::Described(Mistakes(mistakes))) = b.finish([accuracy]) else { panic!("it was not refused") };
    let Fault::NoDerivative { op, way, .. } = &mistakes[0].fault else { panic!("{mistakes:?}") };
    assert_eq!(op, "argmax");
    assert_eq!(way, &["`w`", "`scores`", "argmax"]);
}

// row G5
#[test]
fn both_ways_to_draw_mini_batches_can_be_chosen() {
    let mut drawn = Batches::new(Sampling::WithReplacement, 60_000, 100, 1).unwrap();
    let one_epoch: Vec<usize> = (0..600).flat_map(|step| drawn.rows(step)).collect();
    let mut distinct = one_epoch.clone();
    distinct.sort_unstable();
    distinct.dedup();
    // A share of 1 − 1/e is expected.
    assert_eq!(one_epoch.len(), 60_000);
    assert!((distinct.len() as f64 / 60_000.0 - 0.632).abs() < 0.01, "{}", distinct.len());

    let mut shuffled = Batches::new(Sampling::Shuffled, 60_000, 100, 1).unwrap();
    let mut one_epoch: Vec<usize> = (0..600).flat_map(|step| shuffled.rows(step)).collect();
    assert_ne!(one_epoch[..100], (0..100).collect::<Vec<_>>());
    one_epoch.sort_unstable();
    assert!(one_epoch.into_iter().eq(0..60_000), "every sample once");
}
