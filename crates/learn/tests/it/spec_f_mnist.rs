//! The course notes' rows on inference from handwritten digits: what a network makes of them before it has learned.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid_engine::Precision;
use limpid_graph::Tensor;
use limpid_learn::{Model, Network};

use crate::mnist;
use crate::numpy_random::RandomState;

// row F4
#[test]
fn untrained_random_weights_guess_at_about_a_tenth() {
    let (_, test) = mnist::data();
    let text = "784, affine 50 init=normal(0.01), sigmoid, affine 100 init=normal(0.01), sigmoid, \
                affine 10 init=normal(0.01)";
    let network: Network = text.parse().unwrap();
    for seed in 0..5 {
        let accuracy = Model::new(&network, seed).unwrap().evaluate(&test).unwrap().accuracy.unwrap();
        assert!((0.07..=0.13).contains(&accuracy), "seed {seed}: {accuracy}");
    }
}

/// 784-50-50-10 sigmoids, drawn in one stream as randn × 0.01 for W1, W2, W3.
fn drawn_by_numpy() -> Model {
    let network: Network = "784, affine 50, sigmoid, affine 50, sigmoid, affine 10, identity".parse().unwrap();
    let mut model = Model::in_precision(&network, 0, Precision::F64).unwrap();
    let mut random = RandomState::new(42);
    let mut weights = |inputs: usize, outputs: usize| {
        let values: Vec<f64> = (0..inputs * outputs).map(|_| random.randn() * 0.01).collect();
        Tensor::new([inputs, outputs], values).unwrap()
    };
    let parameters = [
        ("0/w", weights(784, 50)),
        ("0/b", Tensor::zeros([50])),
        ("2/w", weights(50, 50)),
        ("2/b", Tensor::zeros([50])),
        ("4/w", weights(50, 10)),
        ("4/b", Tensor::zeros([10])),
    ];
    model.set_parameters(&parameters.map(|(name, value)| (name.to_string(), value))).unwrap();
    model
}

/// The position of the largest, the first of equals.
fn argmax(scores: &[f64]) -> usize {
    (0..scores.len()).rev().max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap()
}

// row F6
#[test]
fn the_running_accuracy_of_numpys_random_net_gives_the_printed_digits() {
    const PRINTED: [&str; 21] = [
        "0.1100", "0.1000", "0.0833", "0.1025", "0.1060", "0.0983", "0.0986", "0.0975", "0.0956", "0.0950", "0.0955",
        "0.0975", "0.0962", "0.0993", "0.0973", "0.0950", "0.0935", "0.0922", "0.0921", "0.0945", "0.0971",
    ];
    const FIRST_SCORES: [f64; 4] =
        [0.045712558921472024, -0.018813206060570544, -0.009001700659899468, -0.013755562554588608];
    const LAST_SCORE: f64 = -0.09907317519994634;

    let (train, test) = mnist::data();
    let order: Vec<usize> = RandomState::new(42).permutation(70_000).into_iter().map(|row| row as usize).collect();
    let chosen = train.followed_by(&test).unwrap().select(&order[..14_000]).unwrap();
    let labels = chosen.targets().to_f64();
    let pixels: Vec<f64> = chosen.inputs().to_f64().into_iter().map(|pixel| pixel / 255.0).collect();
    let images = Tensor::new([14_000, 784], pixels).unwrap();

    let mut model = drawn_by_numpy();
    let (mut right, mut running) = (0, Vec::new());
    for start in (0..14_000).step_by(100) {
        let scores = model.predict(&images.rows(start, start + 100)).unwrap().to_f64();
        if start == 0 {
            assert!(scores.iter().zip(FIRST_SCORES).all(|(score, wanted)| (score - wanted).abs() < 1e-12));
            assert!((scores[9] - LAST_SCORE).abs() < 1e-12, "{}", scores[9]);
        }
        let answers = scores.chunks(10).map(argmax);
        right += answers.zip(&labels[start..]).filter(|(answer, label)| *answer as f64 == **label).count();
        running.push(right as f64 / (start + 100) as f64);
    }
    let shown: Vec<String> = running[..21].iter().map(|accuracy| format!("{accuracy:.4}")).collect();
    assert_eq!(shown, PRINTED);
    assert_eq!(right, 1343);
    assert_eq!(format!("{:.8}", running[139]), "0.09592857");
    assert_eq!(model.evaluate(&chosen).unwrap().accuracy, Some(right as f64 / 14_000.0), "by evaluation as well");
}
