//! The course notes' rows on the gradient method, and the gradient of a network taken numerically.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid_graph::{Builder, Graph, Tensor};
use limpid_learn::numeric::{H, gradient_ascent, gradient_descent, numerical_gradient};
use limpid_learn::{Affine, Initializer, Sigmoid, SingleLayer};

use crate::numpy_print::printed;

fn bowl(x: &[f64]) -> f64 {
    x[0] * x[0] + x[1] * x[1]
}

fn start() -> Tensor {
    Tensor::from([-3.0, 4.0])
}

// row I1
#[test]
fn descent_gives_the_printed_digits() {
    let path = gradient_descent(bowl, &start(), 0.1, 100).unwrap();
    assert_eq!(printed(path.end()), "-6.11110793e-10 8.14814391e-10");
    assert_eq!(path.points().len(), 101);
    assert_eq!(path.points()[0], start());
}

// row I1
#[test]
fn ascent_of_the_upturned_bowl_goes_the_same_way() {
    let down = gradient_descent(bowl, &start(), 0.1, 100).unwrap();
    let up = gradient_ascent(|x| -bowl(x), &start(), 0.1, 100).unwrap();
    assert_eq!(down, up);
    let away = gradient_ascent(bowl, &start(), 0.1, 10).unwrap();
    assert!(bowl(&away.end().to_f64()) > bowl(&start().to_f64()));
}

// row I2
#[test]
fn a_learning_rate_too_large_or_too_small_gives_the_printed_digits() {
    let too_large = gradient_descent(bowl, &start(), 10.0, 100).unwrap();
    assert_eq!(printed(too_large.end()), "-2.58983747e+13 -1.29524862e+12");
    let too_small = gradient_descent(bowl, &start(), 1e-10, 100).unwrap();
    assert_eq!(printed(too_small.end()), "-2.99999994 3.99999992");
}

/// x (2,) through one layer of weights (2, 3): scores, and the cross-entropy with δ of their softmax.
fn simple_net() -> Graph {
    let b = Builder::new();
    let (x, w, t) = (b.input("x", 2), b.parameter("w", (2, 3)), b.input("t", 3));
    let scores = x.matmul(w);
    let loss = scores.softmax(-1).cross_entropy(t, 1e-7);
    b.finish([loss, scores, scores.argmax(-1)]).unwrap()
}

fn answers(w: &Tensor) -> Vec<Tensor> {
    let (x, t) = (Tensor::from([0.6, 0.9]), Tensor::from([0.0, 0.0, 1.0]));
    simple_net().run(&[("x", &x), ("w", w), ("t", &t)]).unwrap()
}

// row I3
#[test]
fn the_numerical_gradient_of_a_small_net_gives_the_printed_digits() {
    let w = Tensor::from([[-0.78391423, -0.0493546, 1.01982955], [-0.1693144, -0.82591994, -0.70009164]]);
    let loss = |w: &[f64]| answers(&Tensor::new([2, 3], w.to_vec()).unwrap())[0].item().unwrap();
    let gradient = numerical_gradient(loss, &w, H).unwrap();
    assert_eq!(gradient.shape(), [2, 3]);
    assert_eq!(printed(&gradient), "0.16255973 0.13988719 -0.30244691 0.24383959 0.20983078 -0.45367037");
}

// row I4
#[test]
fn the_small_net_with_other_weights_gives_the_printed_scores_and_loss() {
    let w = Tensor::from([[-1.01151507, 0.29654086, 0.54875784], [-0.65483815, 1.71663151, 0.79564619]]);
    let [loss, scores, class] = &answers(&w)[..] else { panic!("three outputs") };
    // The third is 1.045336275 on paper, half-way between two printed values. A fused multiply-add, which NumPy's matrix
    // product may use, makes it 1.0453362750000001 and rounds it up; ours, without one, is the double just below.
    assert_eq!(scores.to_f64()[2], 1.045336275);
    let wanted = [-1.19626338, 1.72289288, 1.04533628];
    assert!(scores.to_f64().iter().zip(wanted).all(|(score, wanted)| (score - wanted).abs() < 5.000001e-9));
    assert_eq!(class.item(), Some(1.0));
    let loss = loss.item().unwrap();
    assert!((loss - 1.123418080215234).abs() <= 1e-15, "{loss}");
    assert!((loss - 1.1234180817699424).abs() <= 1e-8, "the notes print it from unrounded weights");
}

// the first warning of group I
#[test]
fn the_gradient_points_to_where_the_function_grows_and_not_to_the_minimum() {
    // A valley 100 times as steep along x1 as along x0, with its minimum at (0, 0).
    let valley = |x: &[f64]| x[0] * x[0] + 100.0 * x[1] * x[1];
    let at = Tensor::from([10.0, 1.0]);
    let downhill: Vec<f64> = numerical_gradient(valley, &at, H).unwrap().to_f64().iter().map(|g| -g).collect();
    let uphill = [10.0 - 1e-3 * downhill[0], 1.0 - 1e-3 * downhill[1]];
    assert!(valley(&uphill) > valley(&at.to_f64()));
    let to_minimum = [-10.0, -1.0];
    let dot = downhill[0] * to_minimum[0] + downhill[1] * to_minimum[1];
    let cosine = dot / (downhill[0].hypot(downhill[1]) * to_minimum[0].hypot(to_minimum[1]));
    assert!(cosine < 0.25, "more than 75 degrees beside it: cosine {cosine}");
}

// the first warning of group I
#[test]
fn saddle_points_and_local_minima_have_no_gradient_either() {
    let saddle = |x: &[f64]| x[0] * x[0] - x[1] * x[1];
    assert_eq!(numerical_gradient(saddle, &Tensor::from([0.0, 0.0]), H).unwrap().to_f64(), [0.0, 0.0]);
    assert!(saddle(&[0.0, 1.0]) < saddle(&[0.0, 0.0]));

    // Minima near −1.06 (the lower) and 0.93 (a local one), found from either side.
    let two_minima = |x: &[f64]| x[0].powi(4) - 2.0 * x[0] * x[0] + 0.5 * x[0];
    let ends = [-1.5, 1.5].map(|x| gradient_descent(two_minima, &Tensor::from([x]), 0.01, 2000).unwrap());
    for path in &ends {
        let slope = numerical_gradient(two_minima, path.end(), H).unwrap();
        assert!(slope.to_f64()[0].abs() < 1e-6);
    }
    let heights = ends.each_ref().map(|path| two_minima(&path.end().to_f64()));
    assert!(heights[0] < heights[1] - 0.9, "{heights:?}");
}

// the first warning of group I
#[test]
fn on_a_plateau_nothing_learns_and_with_vanishing_gradients_later_layers_still_do() {
    // A plateau: the function is flat around the point, in every direction.
    let plateau = |x: &[f64]| (x[0] * x[0] + x[1] * x[1]).max(1.0);
    let path = gradient_descent(plateau, &Tensor::from([0.3, 0.4]), 0.1, 100).unwrap();
    assert_eq!(path.end(), &Tensor::from([0.3, 0.4]));

    // Vanishing gradients: ten layers of sigmoids, each of which passes a fraction back.
    let affine = |i| SingleLayer::layer(Affine::new(8, 8).init(Initializer::Normal(0.5)), i);
    let mut layers: Vec<(SingleLayer, SingleLayer)> =
        (0..10).map(|i| (affine(i), SingleLayer::layer(Sigmoid, 0))).collect();
    let mut x = Initializer::Normal(1.0).draw(&[4, 8], 5, "x");
    for (affine, sigmoid) in &mut layers {
        x = sigmoid.forward(&affine.forward(&x).unwrap()).unwrap();
    }
    let mut upstream = Tensor::new([4, 8], vec![1.0; 32]).unwrap();
    let mut largest_slopes = Vec::new();
    for (affine, sigmoid) in layers.iter().rev() {
        let through = sigmoid.backward(&upstream).unwrap();
        let mut backward = affine.backward(&through.inputs[0]).unwrap();
        largest_slopes.push(backward.parameters[0].1.to_f64().into_iter().fold(0.0, |a: f64, g| a.max(g.abs())));
        upstream = backward.inputs.swap_remove(0);
    }
    assert!(largest_slopes[0] > 0.1, "the last layer learns: {largest_slopes:?}");
    assert!(largest_slopes[9] < 1e-4 * largest_slopes[0], "the first hardly does: {largest_slopes:?}");
    assert!(largest_slopes[9] > 0.0, "but the loss does depend on it");
}

#[test]
fn learning_rates_and_starts_that_make_no_sense_are_refused() {
    for learning_rate in [0.0, -0.1, f64::NAN, f64::INFINITY] {
        let message = gradient_descent(bowl, &start(), learning_rate, 1).unwrap_err().to_string();
        assert_eq!(message, format!("the learning rate is {learning_rate}; use a number above 0, such as 0.1"));
        assert!(gradient_ascent(bowl, &start(), learning_rate, 1).is_err());
    }
    assert!(gradient_descent(bowl, &Tensor::from([f64::INFINITY, 0.0]), 0.1, 1).is_err());
    assert_eq!(gradient_descent(bowl, &start(), 0.1, 0).unwrap().points(), [start()]);
}
