//! Layers that normalise: their values, what they keep, and odd batches.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid_engine::Precision;
use limpid_graph::{Stream, Tensor};
use limpid_learn::{BatchNorm, Dataset, FitOptions, Mode, Model, Network};

/// Eight samples of 2·3·2 numbers around 5, of labels 0 to 2.
fn data() -> Dataset {
    let stream = Stream::new(4, "samples");
    let numbers: Vec<f64> = (0..96).map(|i| 5.0 + 3.0 * stream.normal(0, i)).collect();
    Dataset::new(Tensor::from(numbers).reshaped([8, 12]).unwrap(), Tensor::from([0u8, 1, 2, 0, 1, 2, 0, 1])).unwrap()
}

fn fit(epochs: usize, batch_size: usize) -> FitOptions {
    FitOptions { epochs, batch_size, learning_rate: Some(0.01), ..FitOptions::default() }
}

fn mean_and_variance(numbers: &[f64]) -> (f64, f64) {
    let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
    (mean, numbers.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / numbers.len() as f64)
}

/// What a network's training graph makes of the samples, with every variable as it is declared.
fn run(text: &str, mode: Mode, x: &Tensor) -> Vec<f64> {
    let network: Network = text.parse().unwrap();
    let variables: Vec<(String, Tensor)> = {
        let declared = network.variables().unwrap();
        declared.iter().map(|variable| (variable.name.clone(), variable.initial_value(1))).collect()
    };
    let graph = network.graph(mode).unwrap().simplified().unwrap();
    let known: Vec<&str> = graph.fed().filter_map(|(_, node)| node.name.as_deref()).collect();
    let mut feeds: Vec<(&str, &Tensor)> = variables.iter().map(|(name, value)| (name.as_str(), value)).collect();
    feeds.push(("x", x));
    feeds.retain(|(name, _)| known.contains(name));
    graph.run(&feeds).unwrap()[0].to_f64()
}

/// The numbers that are normalised together, as positions in a batch of shape (8, 2, 3, 2) or (8, 12).
fn groups(text: &str) -> Vec<Vec<usize>> {
    let all = 0..96usize;
    let by = |key: &dyn Fn(usize) -> usize| {
        let most = all.clone().map(key).max().unwrap();
        (0..=most).map(|group| all.clone().filter(|&at| key(at) == group).collect()).collect()
    };
    match text {
        "12, batch-norm" => by(&|at| at % 12),
        "2x3x2, batch-norm" => by(&|at| at / 6 % 2),
        "12, layer-norm" | "2x3x2, layer-norm" | "2x3x2, group-norm 1" => by(&|at| at / 12),
        "2x6, layer-norm" | "2x3x2, group-norm 2" => by(&|at| at / 6),
        _ => unreachable!("{text}"),
    }
}

#[test]
fn each_normalises_the_numbers_that_it_says() {
    let table = [
        "12, batch-norm",
        "2x3x2, batch-norm",
        "12, layer-norm",
        "2x3x2, layer-norm",
        "2x6, layer-norm",
        "2x3x2, group-norm 1",
        "2x3x2, group-norm 2",
    ];
    for text in table {
        let network: Network = text.parse().unwrap();
        let shape: Vec<usize> = std::iter::once(8).chain(network.input().iter().copied()).collect();
        let x = data().inputs().clone().reshaped(shape).unwrap();
        let (given, found) = (x.to_f64(), run(text, Mode::Train, &x));
        for group in groups(text) {
            let (mean, variance) = mean_and_variance(&group.iter().map(|&at| given[at]).collect::<Vec<_>>());
            for at in group {
                let wanted = (given[at] - mean) / (variance + 1e-5).sqrt();
                assert!((found[at] - wanted).abs() < 1e-12, "{text} at {at}: {} and {wanted}", found[at]);
            }
        }
    }
}

#[test]
fn prediction_uses_the_running_statistics_which_training_moves_by_the_momentum() {
    let network: Network = "2x3x2, batch-norm momentum=0.25, affine 3".parse().unwrap();
    let mut model = Model::in_precision(&network, 1, Precision::F64).unwrap();
    model.fit(&data(), &fit(1, 8)).unwrap();
    let numbers = data().inputs().to_f64();
    let variables = model.variables().unwrap();
    let named = |name: &str| variables.iter().find(|(own, _)| own == name).unwrap().1.to_f64();
    for channel in 0..2 {
        let own: Vec<f64> = (0..96).filter(|at| at / 6 % 2 == channel).map(|at| numbers[at]).collect();
        let (mean, variance) = mean_and_variance(&own);
        let unbiased = variance * 48.0 / 47.0;
        assert!((named("0/mean")[channel] - 0.25 * mean).abs() < 1e-12);
        assert!((named("0/variance")[channel] - (0.75 + 0.25 * unbiased)).abs() < 1e-12);
    }
    // One sample alone is answered as it is among others: nothing is taken from the batch.
    let all = model.predict(data().inputs()).unwrap();
    let one = model.predict(&data().inputs().rows(3, 4)).unwrap();
    assert_eq!(one.to_f64(), all.rows(3, 4).to_f64());
}

#[test]
fn a_batch_of_one_sample_leaves_a_feature_without_variance_and_changes_no_running_statistic() {
    // Batches of 7 leave one sample over.
    for batch_size in [1, 7] {
        let network: Network = "12, batch-norm, affine 3".parse().unwrap();
        let mut model = Model::new(&network, 1).unwrap();
        let history = model.fit(&data(), &fit(2, batch_size)).unwrap();
        assert!(history.losses.iter().all(|loss| loss.is_finite()));
        for (name, value) in model.variables().unwrap() {
            assert!(value.to_f64().iter().all(|number| number.is_finite()), "{name}");
            let untouched = match name.as_str() {
                "0/mean" => Some(0.0),
                "0/variance" => Some(1.0),
                _ => None,
            };
            if let (1, Some(initial)) = (batch_size, untouched) {
                assert!(value.to_f64().iter().all(|&number| number == initial), "{name}");
            }
        }
    }
    // Of an image, one sample is enough.
    let network: Network = "2x3x2, batch-norm, affine 3".parse().unwrap();
    let mut model = Model::new(&network, 1).unwrap();
    model.fit(&data(), &fit(1, 1)).unwrap();
    assert!(model.variables().unwrap()[2].1.to_f64().iter().all(|&mean| mean > 1.0));
}

#[test]
fn weight_decay_applies_to_no_scale_and_no_shift() {
    let network: Network = "4x3x1, batch-norm, group-norm 2, layer-norm, affine 3".parse().unwrap();
    let decaying: Vec<String> =
        network.variables().unwrap().into_iter().filter(|v| v.decays).map(|variable| variable.name).collect();
    assert_eq!(decaying, ["3/w"]);
}

#[test]
fn what_cannot_be_normalised_is_said_with_the_place() {
    let table = [
        (
            "6x2x2, group-norm 4, affine 3",
            "4 groups do not divide 6 channels; expected: 1, 2, 3 or 6 groups (line 1, column 8)",
        ),
        ("12, batch-norm eps=0", "eps is 0.0; use a small number above 0, such as 1e-8 (line 1, column 20)"),
        ("12, batch-norm momentum=2", "the momentum is 2.0; use a number from 0 to 1 (line 1, column 25)"),
        ("12, group-norm", "`group-norm` takes the number of groups, such as `group-norm 2` (line 1, column 5)"),
        ("12, group-norm 0", "the number of groups is 0; use 1 or more (line 1, column 16)"),
    ];
    for (text, wanted) in table {
        let told = text.parse::<Network>().and_then(|network| network.variables()).unwrap_err().to_string();
        assert!(told.starts_with(wanted), "{text}: {told}");
    }
    let network = Network::new(12, BatchNorm::default());
    assert_eq!(network.to_string(), "12, batch-norm");
}
