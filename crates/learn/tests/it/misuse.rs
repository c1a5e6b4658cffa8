//! What a user can get wrong, and what limpid answers: what is wrong, and what to use instead.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::ops::ControlFlow;

use limpid_engine::Precision;
use limpid_graph::{Tensor, Var};
use limpid_learn::{
    Affine, Context, Dataset, Error, FitOptions, Flatten, History, Initializer, Layer, Loss, Model, Network, Optimizer,
    Relu,
};
use proptest::prelude::*;

fn network(text: &str) -> Network {
    text.parse().unwrap()
}

fn model() -> Model {
    Model::new(&network("2, affine 3, relu, affine 2"), 1).unwrap()
}

fn samples() -> Tensor {
    Tensor::from([[1.0, 2.0], [0.5, -1.0], [0.0, 3.0], [2.0, 2.0]])
}

fn with_targets(targets: impl Into<Tensor>) -> Dataset {
    Dataset::new(samples(), targets.into()).unwrap()
}

fn data() -> Dataset {
    with_targets([0u8, 1, 0, 1])
}

fn fit() -> FitOptions {
    FitOptions { epochs: 2, batch_size: 2, ..FitOptions::default() }
}

fn message<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn settings_out_of_range_are_refused_before_anything_is_learned() {
    let refused = |fit: FitOptions| {
        let mut model = model();
        let before = model.parameters().unwrap();
        let message = message(model.fit(&data(), &fit));
        assert_eq!(model.parameters().unwrap(), before);
        message
    };
    assert_eq!(refused(FitOptions { epochs: 0, ..fit() }), "the number of epochs is 0; use 1 or more");
    for learning_rate in [f64::NAN, f64::INFINITY, -0.1, 0.0] {
        let wanted = format!("the learning rate is {learning_rate}; use a number above 0, such as 0.1");
        assert_eq!(refused(FitOptions { learning_rate: Some(learning_rate), ..fit() }), wanted);
    }
    assert_eq!(refused(FitOptions { batch_size: 0, ..fit() }), "the batch size is 0; use 1 or more");
}

#[test]
fn more_epochs_than_there_is_time_for_can_be_stopped() {
    let fit = FitOptions { epochs: usize::MAX, ..fit() };
    let history = model().fit_watched(&data(), None, &fit, |_| ControlFlow::Break(())).unwrap();
    assert_eq!((history.losses.len(), history.epochs.len()), (0, 1));
}

#[test]
fn a_label_that_is_no_class_is_named() {
    let whole = "a label is a whole number from 0 to 1, one for each of the network's outputs";
    let large = "the network has 2 outputs, for labels from 0 to 1; use `affine 6` as its last layer";
    for (labels, wanted) in [
        ([0.0, 5.0], format!("label 5 of sample 1: {large}")),
        ([0.5, 1.0], format!("label 0.5 of sample 0: {whole}")),
        ([-1.0, 0.0], format!("label -1 of sample 0: {whole}")),
        ([0.0, f64::NAN], format!("label NaN of sample 1: {whole}")),
    ] {
        let data = data().range(0, 2).unwrap();
        let data = Dataset::new(data.inputs().clone(), Tensor::from(labels)).unwrap();
        let mut model = model();
        let x = data.inputs().clone();
        let tested = model.fit_watched(&self::data(), Some(&data), &fit(), |_| ControlFlow::Continue(()));
        for message in [
            message(model.fit(&data, &fit())),
            message(model.evaluate(&data)),
            message(model.score(&x, data.targets())),
            message(tested),
        ] {
            assert_eq!(message, wanted);
        }
    }
    let bytes = with_targets([0u8, 1, 5, 0]);
    assert_eq!(message(model().fit(&bytes, &fit())), format!("label 5 of sample 2: {large}"));
}

#[test]
fn targets_of_another_kind_than_the_loss_wants_are_one_mistake_on_the_users_line() {
    for targets in [Tensor::zeros([4, 5]), Tensor::zeros([4, 1])] {
        let message = message(model().evaluate(&with_targets(targets)));
        assert!(message.starts_with("1 mistake"), "{message}");
        assert!(
            message.contains("one-hot targets of shape (batch, 2), or class labels of shape (batch,)"),
            "{message}"
        );
        assert!(message.contains("it/misuse.rs"), "{message}");
    }
}

#[test]
fn targets_are_never_broadcast_against_outputs() {
    let row = [0.0, 1.0, 0.0, 1.0];
    let column = Tensor::new([4, 1], row.to_vec()).unwrap();
    for loss in [Loss::HalfSumOfSquares, Loss::MeanSquaredError, Loss::BinaryCrossEntropy] {
        let mut model =
            Model::in_precision(&network("2, affine 1"), 1, Precision::F64).unwrap().with_loss(loss.clone());
        let by_column = model.evaluate(&with_targets(column.clone())).unwrap();
        assert_eq!(model.evaluate(&with_targets(row)).unwrap(), by_column, "{loss}: one number for each sample");
        let message = message(model.evaluate(&with_targets(Tensor::zeros([4, 2]))));
        assert!(message.contains(&format!("{loss}: the targets have another shape than the output")), "{message}");
        assert!(message.contains("targets of shape (batch, 1)"), "{message}");
    }
}

#[test]
fn a_loss_that_is_no_number_before_the_first_step_is_not_blamed_on_the_learning_rate() {
    let fails = |model: &mut Model, data: &Dataset| {
        let message = message(model.fit(data, &fit()));
        message.strip_prefix("the loss is NaN before the first step: ").unwrap_or(&message).to_string()
    };
    let holed = Dataset::new(Tensor::from([[1.0, 2.0], [3.0, f64::NAN]]), Tensor::from([0u8, 1])).unwrap();
    assert_eq!(fails(&mut model(), &holed), "the inputs of sample 1 hold NaN");
    let mut regression = model().with_loss(Loss::MeanSquaredError);
    let holed = with_targets([[0.0, 1.0], [0.0, 0.0], [f64::NAN, 0.0], [0.0, 0.0]]);
    assert_eq!(fails(&mut regression, &holed), "the targets of sample 2 hold NaN");
    assert_eq!(fails(&mut model(), &data().divided_by(0.0)), "the inputs are divided by 0");
    let unsound = Network::new(2, Affine::new(2, 2).init(Initializer::Normal(f64::NAN)));
    assert_eq!(fails(&mut Model::new(&unsound, 1).unwrap(), &data()), "the parameter `0/w` holds NaN");
    let vast = with_targets(Tensor::new([4, 2], vec![1e30; 8]).unwrap());
    let message = message(regression.fit(&vast, &fit()));
    let wanted = "the loss is inf before the first step: some numbers on the way are too large for f32; scale the data";
    assert_eq!(message, wanted);
}

#[test]
fn divergence_is_said_with_the_step_the_epoch_and_the_learning_rate() {
    let diverge = |fit: FitOptions| {
        let mut model = Model::new(&network("2, affine 2"), 1).unwrap().with_loss(Loss::MeanSquaredError);
        message(model.fit(&with_targets(Tensor::zeros([4, 2])), &fit))
    };
    let wanted = |step: usize| {
        format!("training diverged: the loss is inf at step {step} (epoch 1); use a learning rate smaller than 1e30")
    };
    assert_eq!(diverge(FitOptions { learning_rate: Some(1e30), ..fit() }), wanted(2));
    // Found by the evaluation at the epoch's end: the one step's own loss was taken before it.
    assert_eq!(diverge(FitOptions { learning_rate: Some(1e30), batch_size: 4, ..fit() }), wanted(1));
}

#[test]
fn a_network_of_no_layers_answers_its_input_and_has_nothing_to_learn() {
    let nothing = || Network::new(2, Vec::<Box<dyn Layer>>::new());
    for network in [nothing(), Network::new(2, Flatten)] {
        let mut model = Model::new(&network, 1).unwrap();
        assert_eq!(model.predict(&Tensor::from([1.0, 2.0])).unwrap().to_f64(), [1.0, 2.0]);
        assert_eq!(model.evaluate(&data()).unwrap().accuracy, Some(0.0));
        let wanted = "the network has no parameters to learn; a layer such as `affine 10` brings some";
        assert_eq!(message(model.fit(&data(), &fit())), wanted);
    }
}

#[test]
fn predict_takes_samples_in_any_arrangement_that_holds_as_many_numbers_and_nothing_else() {
    let mut model = model();
    for (shape, wanted) in [
        (&[2][..], &[2][..]),
        (&[1, 2], &[1, 2]),
        (&[0, 2], &[0, 2]),
        (&[3, 2], &[3, 2]),
        (&[3, 2, 1], &[3, 2]),
        (&[3, 1, 1, 2], &[3, 2]),
    ] {
        assert_eq!(model.predict(&Tensor::zeros(shape)).unwrap().shape(), wanted, "{shape:?}");
    }
    for shape in [&[][..], &[0], &[1], &[4], &[2, 0], &[3, 3], &[2, 2, 2]] {
        let wanted = format!("an input of shape {shape:?} is neither one sample of shape [2] nor a batch of them");
        assert_eq!(message(model.predict(&Tensor::zeros(shape))), wanted);
    }
}

#[test]
fn samples_of_another_size_than_the_networks_are_refused() {
    for shape in [&[4][..], &[4, 3], &[4, 2, 2], &[4, 0]] {
        let data = Dataset::new(Tensor::zeros(shape), Tensor::from([0u8, 1, 0, 1])).unwrap();
        let found = &shape[1..];
        let wanted = format!(
            "samples of shape {found:?} do not fit a network whose input is [2]; give as many numbers for each sample"
        );
        assert_eq!(message(model().evaluate(&data)), wanted);
        assert_eq!(message(model().fit(&data, &fit())), wanted);
        let tested_on_it = model().fit_watched(&self::data(), Some(&data), &fit(), |_| ControlFlow::Continue(()));
        assert_eq!(message(tested_on_it), wanted);
    }
    let rearranged = Dataset::new(samples().reshaped([4, 1, 2]).unwrap(), data().targets().clone()).unwrap();
    assert_eq!(model().evaluate(&rearranged).unwrap(), model().evaluate(&data()).unwrap());
}

#[test]
fn parameters_that_are_not_the_networks_are_refused_and_change_nothing() {
    let mut model = model();
    let before = model.parameters().unwrap();
    type Spoil = fn(&mut Vec<(String, Tensor)>);
    let table: [(Spoil, &str); 4] = [
        (|p| drop(p.pop()), "the parameter `2/b` is missing; the network has `0/w` [2, 3]"),
        (|p| p[0].1 = Tensor::zeros([3, 2]), "`0/w` has shape [3, 2]; the network needs [2, 3]"),
        (|p| p[0].0 = "0/weights".to_string(), "the network has no parameter `0/weights`; it has `0/w` [2, 3]"),
        (|p| p.push(("0/w".to_string(), Tensor::zeros([9]))), "the parameter `0/w` is given twice; give it once"),
    ];
    for (spoil, wanted) in table {
        let mut parameters = before.clone();
        spoil(&mut parameters);
        let message = message(model.set_parameters(&parameters));
        assert!(message.starts_with(wanted), "{message}");
        assert_eq!(model.parameters().unwrap(), before);
    }
}

#[test]
fn parameters_stored_as_bytes_become_real_numbers() {
    let mut model = model();
    let mut parameters = model.parameters().unwrap();
    parameters[0].1 = Tensor::new([2, 3], vec![1u8; 6]).unwrap();
    model.set_parameters(&parameters).unwrap();
    assert_eq!(model.parameters().unwrap()[0].1, Tensor::new([2, 3], vec![1f32; 6]).unwrap());
}

#[test]
fn a_network_too_large_for_memory_is_refused_before_it_is_allocated() {
    let table = [
        (Network::new(2, Affine::new(2, usize::MAX)), "18446744073709551615"),
        (Network::new(2, Affine::new(2, 1 << 40)), "the network has 3298534883328 parameters; use at most 268435456"),
        (network("16777216, affine 16777216"), "the network has 281474993487872 parameters; use at most 268435456"),
        (Network::new([usize::MAX, 2], Relu), "samples of shape [18446744073709551615, 2] hold more than memory"),
    ];
    for (network, wanted) in table {
        let message = message(Model::new(&network, 1));
        assert!(message.contains(wanted), "{message}");
    }
    assert!(data().one_hot(usize::MAX).is_err());
    let wanted = "the number of classes is 0; use one for each label, 1 or more";
    assert_eq!(message(data().one_hot(0)), wanted);
}

/// Declares the same parameter twice.
#[derive(Debug)]
struct Twice;

impl Layer for Twice {
    fn text(&self) -> String {
        "twice".into()
    }

    fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
        let gain = |context: &Context<'b>| context.parameter("gain", (), Initializer::Zeros);
        x * gain(context) + gain(context)
    }
}

#[test]
fn a_layer_that_uses_a_parameters_name_twice_is_told_so() {
    let message = message(Model::new(&Network::new(2, Twice), 1));
    assert!(message.contains("the name `0/gain` is taken already"), "{message}");
    assert!(message.contains("layer 0 (twice)"), "{message}");
}

/// Declares a parameter as large as the batch.
#[derive(Debug)]
struct PerSample;

impl Layer for PerSample {
    fn text(&self) -> String {
        "per-sample".into()
    }

    fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
        x * context.parameter("gain", x.shape(), Initializer::Zeros)
    }
}

#[test]
fn a_parameter_whose_size_is_not_known_is_a_mistake() {
    let message = message(Model::new(&Network::new(2, PerSample), 1));
    assert!(message.contains("the parameter `gain` of shape (batch, 2) has no known size"), "{message}");
}

#[test]
fn a_layer_that_does_not_fit_is_told_with_the_line_that_constructed_it() {
    let (layer, line) = (Affine::new(3, 3), line!());
    let message = message(Model::new(&Network::new(2, (layer, Affine::new(3, 5))), 1));
    assert!(message.starts_with("1 mistake") && message.contains("`Affine::new(2, 3)` here"), "{message}");
    assert!(message.contains(&format!("it/misuse.rs:{line}:")), "{message}");
}

/// Moves by the sign of the gradient, a hundredth at a time: it has no learning rate.
#[derive(Debug)]
struct Signs;

impl Optimizer for Signs {
    fn name(&self) -> &'static str {
        "signs"
    }

    fn update<'b>(&self, context: &Context<'b>, parameter: Var<'b>, gradient: Var<'b>) {
        context.update(parameter, parameter - 0.01 * gradient.sign());
    }
}

#[test]
fn an_optimiser_may_do_without_a_learning_rate() {
    let fit = FitOptions { epochs: 50, optimizer: std::sync::Arc::new(Signs), ..fit() };
    let History { losses, .. } = model().fit(&data(), &fit).unwrap();
    assert!(losses[98..].iter().sum::<f64>() < 0.8 * losses[..2].iter().sum::<f64>(), "{losses:?}");
}

#[test]
fn an_evaluation_is_described_once_for_each_form_of_data() {
    let mut model = model();
    let first = model.evaluate(&data()).unwrap();
    let size = |model: &Model| format!("{model:?}").len();
    let before = size(&model);
    assert!((0..10).all(|_| model.evaluate(&data()).unwrap() == first));
    assert_eq!(size(&model), before, "nothing piles up");
    let one_hot = model.evaluate(&data().one_hot(2).unwrap()).unwrap();
    assert_eq!(one_hot, first);
    assert_ne!(model.evaluate(&data().divided_by(2.0)).unwrap(), first);
}

fn network_like_text() -> impl Strategy<Value = String> {
    let words =
        ["784", "2x3", "affine", "relu", "50", "init=", "he", "normal(", "0.1)", "×", "é", "=", "#", "\n", "\r"];
    let word = prop_oneof![
        prop::sample::select(words.to_vec()).prop_map(String::from),
        prop::sample::select(vec![", ", ",", " ", "\t"]).prop_map(String::from),
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(word, 0..12).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in network_like_text()) {
        match text.parse::<Network>() {
            Ok(network) => prop_assert_eq!(network.to_string().parse::<Network>().unwrap().to_string(), network.to_string()),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}
