//! The course notes' rows on learning: the two-layer net, trained by back-propagation.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid_engine::Precision;
use limpid_graph::Tensor;
use limpid_learn::{Affine, Dataset, FitOptions, Initializer, Model, Network, Relu, Sampling, Sigmoid};

use crate::mnist;

const INIT: Initializer = Initializer::Normal(0.01);

fn two_layers(activation: &str) -> Network {
    match activation {
        "sigmoid" => Network::new(784, (Affine::new(784, 50).init(INIT), Sigmoid, Affine::new(50, 10).init(INIT))),
        _ => Network::new(784, (Affine::new(784, 50).init(INIT), Relu, Affine::new(50, 10).init(INIT))),
    }
}

fn notes_fit() -> FitOptions {
    FitOptions {
        batch_size: 100,
        learning_rate: Some(0.1),
        sampling: Sampling::WithReplacement,
        seed: 0,
        ..FitOptions::default()
    }
}

// row J1
#[test]
fn the_two_layer_net_begins_with_small_normal_weights_and_no_biases() {
    for activation in ["sigmoid", "relu"] {
        let model = Model::new(&two_layers(activation), 1).unwrap();
        let parameters = model.parameters().unwrap();
        let shapes: Vec<_> = parameters.iter().map(|(name, value)| (name.as_str(), value.shape())).collect();
        assert_eq!(shapes, [("0/w", &[784, 50][..]), ("0/b", &[50]), ("2/w", &[50, 10]), ("2/b", &[10])]);
        assert_eq!(parameters.iter().map(|(_, value)| value.len()).sum::<usize>(), 39_760);
        assert!([1, 3].iter().all(|&i: &usize| parameters[i].1.to_f64().iter().all(|&b| b == 0.0)));
        let w = parameters[0].1.to_f64();
        let deviation = (w.iter().map(|x| x * x).sum::<f64>() / w.len() as f64).sqrt();
        assert!((deviation - 0.01).abs() < 1e-4, "{deviation}");
    }
}

// row J1
#[test]
fn one_sample_or_a_batch_and_labels_or_one_hot_rows_give_the_same_answers() {
    let (train, _) = mnist::data();
    let part = train.range(0, 7).unwrap();
    let images = Tensor::new([7, 784], part.inputs().to_f64().iter().map(|p| p / 255.0).collect::<Vec<_>>()).unwrap();
    let one_hot = part.clone().one_hot(10).unwrap().targets().clone();
    for activation in ["sigmoid", "relu"] {
        let mut model = Model::in_precision(&two_layers(activation), 1, Precision::F64).unwrap();
        let together = model.predict(&images).unwrap();
        assert_eq!(together.shape(), [7, 10]);
        let by_label = model.score(&images, part.targets()).unwrap();
        assert_eq!(model.score(&images, &one_hot).unwrap(), by_label);
        assert_eq!(model.evaluate(&part).unwrap(), by_label);
        assert_eq!(by_label.samples, 7);
        let (mut loss, mut right) = (0.0, 0.0);
        for i in 0..7 {
            let one = images.rows(i, i + 1).reshaped([784]).unwrap();
            let scores = model.predict(&one).unwrap();
            assert_eq!(scores.shape(), [10]);
            assert_eq!(scores.to_f64(), together.rows(i, i + 1).to_f64());
            let label = Tensor::scalar(part.targets().to_f64()[i]);
            let alone = model.score(&one, &label).unwrap();
            let row = one_hot.rows(i, i + 1).reshaped([10]).unwrap();
            assert_eq!(model.score(&one, &row).unwrap(), alone);
            loss += alone.loss / 7.0;
            right += alone.accuracy.unwrap();
        }
        assert!((by_label.loss - loss).abs() < 1e-14);
        assert_eq!(by_label.accuracy.unwrap(), right / 7.0);
    }
}

// row J1
#[test]
fn labels_and_one_hot_rows_train_the_same_weights() {
    let (train, _) = mnist::data();
    let (labels, fit) = (train.range(0, 500).unwrap(), FitOptions { epochs: 2, ..notes_fit() });
    let trained = |data: &Dataset| {
        let mut model = Model::new(&two_layers("relu"), 1).unwrap();
        let history = model.fit(data, &fit).unwrap();
        (history, model.parameters().unwrap())
    };
    assert_eq!(trained(&labels), trained(&labels.clone().one_hot(10).unwrap()));
}

// the warning in row J1
#[test]
fn a_sigmoid_before_the_softmax_learns_badly() {
    let (train, test) = mnist::data();
    // 2,000 steps of 100.
    let (train, fit) = (train.range(0, 20_000).unwrap(), FitOptions { epochs: 10, ..notes_fit() });
    let affine = |inputs, outputs| Affine::new(inputs, outputs).init(INIT);
    let with_sigmoid = Network::new(784, (affine(784, 50), Sigmoid, affine(50, 10), Sigmoid));
    let accuracy = |network: &Network| {
        let mut model = Model::new(network, 1).unwrap();
        let history = model.fit(&train, &fit).unwrap();
        assert_eq!(history.losses.len(), 2000);
        model.evaluate(&test).unwrap().accuracy.unwrap()
    };
    let (ours, theirs) = (accuracy(&two_layers("sigmoid")), accuracy(&with_sigmoid));
    println!("{ours} with scores before the softmax, {theirs} with a sigmoid there");
    assert!(ours > 0.87 && theirs < ours - 0.1, "{ours} and {theirs}");
}

// row J2
#[test]
fn ten_thousand_steps_of_stochastic_gradient_descent_read_digits_and_do_not_over_fit() {
    let (train, test) = mnist::data();
    let mut model = Model::new(&two_layers("sigmoid"), 1).unwrap();
    let mut steps = 0;
    let watch = |event: limpid_learn::Event<'_>| {
        steps += usize::from(matches!(event, limpid_learn::Event::Step { .. }));
        if steps == 10_000 { std::ops::ControlFlow::Break(()) } else { std::ops::ControlFlow::Continue(()) }
    };
    let history = model.fit_watched(&train, Some(&test), &FitOptions { timed: true, ..notes_fit() }, watch).unwrap();
    assert_eq!((history.losses.len(), history.times.len()), (10_000, 10_000));
    let epochs: Vec<_> = history.epochs.iter().map(|epoch| (epoch.epoch, epoch.step)).collect();
    assert_eq!(epochs, (0..=16).map(|epoch| (epoch, 600 * epoch)).collect::<Vec<_>>());
    assert!(history.losses[0] > 2.25 && history.losses[9_900..].iter().sum::<f64>() / 100.0 < 0.25);
    let (on_train, on_test) = (model.evaluate(&train).unwrap(), model.evaluate(&test).unwrap());
    let (on_train, on_test) = (on_train.accuracy.unwrap(), on_test.accuracy.unwrap());
    println!("after 10,000 steps: {on_train} on the training data, {on_test} on the test data");
    assert!(on_train > 0.94 && on_test > 0.94, "{on_train} and {on_test}");
    assert!((on_train - on_test).abs() < 0.02, "{on_train} and {on_test}");
}

/// 103 samples of two classes that a line parts.
fn small() -> Dataset {
    let x = Initializer::Normal(1.0).draw(&[103, 2], 1, "x");
    let labels: Vec<u8> = x.to_f64().chunks(2).map(|x| u8::from(x[0] + x[1] > 0.0)).collect();
    Dataset::new(x, Tensor::from(labels)).unwrap()
}

// row J2
#[test]
fn epochs_are_right_where_the_batch_does_not_divide_the_data() {
    let network: Network = "2, affine 8, relu, affine 2".parse().unwrap();
    for sampling in [Sampling::Shuffled, Sampling::WithReplacement] {
        let mut model = Model::in_precision(&network, 1, Precision::F64).unwrap();
        let fit = FitOptions { epochs: 30, batch_size: 10, sampling, ..FitOptions::default() };
        let history =
            model.fit_watched(&small(), Some(&small()), &fit, |_| std::ops::ControlFlow::Continue(())).unwrap();
        // 103 samples are 10 batches of 10 and one of 3, or 11 drawn ones.
        assert_eq!(history.losses.len(), 330);
        assert!(history.epochs.iter().enumerate().all(|(i, epoch)| (epoch.epoch, epoch.step) == (i, 11 * i)));
        let last = history.epochs.last().unwrap();
        assert_eq!((Some(last.train_loss), last.train_accuracy), (last.test_loss, last.test_accuracy));
        assert!(last.train_accuracy.unwrap() > 0.95, "{last:?}");
        // An accuracy is a count over all 103.
        let count = last.train_accuracy.unwrap() * 103.0;
        assert!((count - count.round()).abs() < 1e-9, "{count}");
        assert_eq!(history.times, [], "nobody asked for the time");
    }
}

// row J2
#[test]
fn the_time_of_day_and_the_time_passed_are_noted_for_each_step_on_request() {
    let mut model = Model::new(&"2, affine 2".parse().unwrap(), 1).unwrap();
    let fit = FitOptions { epochs: 2, batch_size: 10, timed: true, ..FitOptions::default() };
    let times = model.fit(&small(), &fit).unwrap().times;
    assert_eq!(times.len(), 22);
    let in_order = |pair: &[limpid_learn::StepTime]| pair[0].elapsed_seconds <= pair[1].elapsed_seconds;
    assert!(times.windows(2).all(in_order));
    assert!(times[0].elapsed_seconds >= 0.0 && times[0].unix_seconds > 1.7e9);
}
