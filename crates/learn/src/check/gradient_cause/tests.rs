//! Each cause, named where that mistake was made, and not where it was not.

use limpid_graph::Stream;

use super::*;
use crate::{Dataset, GradientCheck, GradientReport, Model, Network};

fn check() -> GradientCheck {
    GradientCheck { directions: 0, ..GradientCheck::default() }
}

fn cause(report: &GradientReport, parameter: usize) -> Option<Cause> {
    report.parameters[parameter].cause.clone()
}

/// The report on a graph's own gradient along `w`, a vector.
fn own(numbers: &[f64], check: &GradientCheck, describe: impl for<'b> Fn(Var<'b>) -> Var<'b>) -> GradientReport {
    let b = Builder::new();
    let w = b.parameter("w", numbers.len());
    let graph = b.finish([describe(w).sum_all()]).unwrap();
    check.run(&graph, &["w"], &[("w", &Tensor::from(numbers.to_vec()))]).unwrap()
}

#[test]
fn a_derivative_that_a_stop_gradient_cuts_is_found_by_leaving_that_out() {
    let report = own(&[0.1, -5.0, 0.2], &check(), |w| w * w.tanh().named("squashed").stop_gradient());
    let Some(Cause::Cut { node, location }) = cause(&report, 0) else { panic!("{report}") };
    assert!(node == "squashed" && location.contains("gradient_cause"), "{node} {location}");
    assert!(report.to_string().contains("likely cause: `stop_gradient` holds `squashed` constant"), "{report}");
}

#[test]
fn a_stop_gradient_that_changes_nothing_is_not_blamed() {
    // Of the two, only the second is missing from the derivative; the softmax has another, which is right.
    let report = own(&[0.1, -1.0, 0.2], &check(), |w| w.log_softmax(0).square() + w.square().stop_gradient());
    let Some(Cause::Cut { node, .. }) = cause(&report, 0) else { panic!("{report}") };
    assert!(node.contains("square") || node.starts_with('%'), "{node}");
    let righted = own(&[0.1, -1.0, 0.2], &check(), |w| w.log_softmax(0).square() + w.square());
    assert!(righted.passed(), "{righted}");
}

#[test]
fn what_the_step_does_is_seen_by_other_steps() {
    let hidden_kink = own(&[3e-5, 1.0], &check(), |w| w.square().sqrt());
    assert!(matches!(cause(&hidden_kink, 0), Some(Cause::Kink { .. })), "{hidden_kink}");
    let curved = own(&[1.0, 2.0], &GradientCheck { step: 0.1, ..check() }, |w| (3.0 * w).exp());
    assert!(matches!(cause(&curved, 0), Some(Cause::StepTooLarge { .. })), "{curved}");
    let far = own(&[1e13, 2e13], &check(), |w| w * 3.0);
    assert_eq!(cause(&far, 0), Some(Cause::StepLost { number: 2e13, step: 1e-4 }), "{far}");
    let strict = own(&[0.3, 0.7], &GradientCheck { tolerance: 1e-16, ..check() }, |w| w.tanh());
    assert!(matches!(cause(&strict, 0), Some(Cause::Rounding { .. })), "{strict}");
    let at_kinks = own(&[0.0, 5e-5], &check(), |w| w.relu());
    assert_eq!(cause(&at_kinks, 0), Some(Cause::OnlyKinks), "{at_kinks}");
}

#[test]
fn the_first_value_that_is_not_finite_is_named() {
    let report = own(&[-1.0, 2.0], &check(), |w| (w.ln().named("logarithm") * 2.0).exp());
    let Some(Cause::NotFinite { node, .. }) = cause(&report, 0) else { panic!("{report}") };
    assert_eq!(node, "logarithm");
}

/// A model, a few samples, and the model's right gradient.
fn classifier() -> (Model, Dataset, Vec<(String, Tensor)>) {
    let network: Network = "5, affine 4, tanh, affine 3".parse().unwrap();
    let model = Model::in_precision(&network, 3, limpid_engine::Precision::F64).unwrap();
    let draws = Stream::new(5, "samples");
    let inputs: Vec<f64> = (0..30).map(|i| draws.normal(0, i)).collect();
    let data = Dataset::new(Tensor::new([6, 5], inputs).unwrap(), Tensor::from([0u8, 2, 1, 2, 0, 1])).unwrap();
    let gradients = model.numerical_gradients(&data, 1e-5).unwrap();
    (model, data, gradients)
}

fn changed(gradients: &[(String, Tensor)], change: impl Fn(f64) -> f64) -> Vec<(String, Tensor)> {
    let changed = |value: &Tensor| {
        let numbers: Vec<f64> = value.to_f64().into_iter().map(&change).collect();
        Tensor::new(value.shape(), numbers).unwrap()
    };
    gradients.iter().map(|(name, value)| (name.clone(), changed(value))).collect()
}

/// The causes that are found for derivatives from elsewhere, by parameter.
fn found(gradients: &[(String, Tensor)]) -> Vec<Option<Cause>> {
    let (model, data, _) = classifier();
    let report = model.compare_gradients(&data, gradients, &check()).unwrap();
    report.parameters.iter().map(|parameter| parameter.cause.clone()).collect()
}

#[test]
fn right_derivatives_from_elsewhere_pass() {
    let (model, data, gradients) = classifier();
    let report = model.compare_gradients(&data, &gradients, &check()).unwrap();
    assert!(report.passed(), "{report}");
    assert!(report.parameters.iter().all(|parameter| parameter.cause.is_none()));
}

#[test]
fn factors_signs_zeros_and_whole_numbers_are_told_apart() {
    let (_, _, gradients) = classifier();
    let factor = |change: fn(f64) -> f64| match found(&changed(&gradients, change)).remove(0) {
        Some(Cause::Factor { known, .. }) => known,
        other => panic!("{other:?}"),
    };
    assert_eq!(factor(|x| 6.0 * x), Some(KnownFactor::Samples));
    assert_eq!(factor(|x| x / 6.0), Some(KnownFactor::OneOverSamples));
    assert_eq!(factor(|x| -x), Some(KnownFactor::Sign));
    assert_eq!(factor(|x| 1.7 * x), None);
    assert_eq!(found(&changed(&gradients, |_| 0.0))[0], Some(Cause::Zero));
}

#[test]
fn integers_that_hold_derivatives_are_found() {
    let b = Builder::new();
    let w = b.parameter("w", 3);
    let graph = b.finish([w.square().sum_all()]).unwrap();
    let at = Tensor::from([1.3, -2.4, 0.2]);
    let cut = Tensor::from([2.0, -4.0, 0.0]);
    let report = check().compare(&graph, &["w"], &[("w", &at)], &[cut]).unwrap();
    assert_eq!(cause(&report, 0), Some(Cause::WholeNumbers), "{report}");
}

/// By hand, as a learner writes it: the derivative of the scores, and what follows for the last layer's weights.
fn by_hand(arriving: impl Fn(&[f64], &[usize]) -> Vec<f64>) -> Vec<(String, Tensor)> {
    let (mut model, data, mut gradients) = classifier();
    let scores = model.predict(data.inputs()).unwrap().to_f64();
    let labels: Vec<usize> = data.targets().to_f64().iter().map(|&label| label as usize).collect();
    let parameters = model.parameters().unwrap();
    let (w, b) = (parameters[0].1.to_f64(), parameters[1].1.to_f64());
    let x = data.inputs().to_f64();
    let unit =
        |row: usize, unit: usize| libm::tanh((0..5).map(|i| x[row * 5 + i] * w[i * 4 + unit]).sum::<f64>() + b[unit]);
    let arriving = arriving(&scores, &labels);
    let weights = (0..12).map(|at| (0..6).map(|row| unit(row, at / 3) * arriving[row * 3 + at % 3]).sum());
    let biases = (0..3).map(|class| (0..6).map(|row| arriving[row * 3 + class]).sum());
    gradients[2].1 = Tensor::new([4, 3], weights.collect::<Vec<f64>>()).unwrap();
    gradients[3].1 = Tensor::from(biases.collect::<Vec<f64>>());
    gradients
}

fn one_hot(labels: &[usize], at: usize) -> f64 {
    f64::from(u8::from(labels[at / 3] == at % 3))
}

fn softmax(scores: &[f64], at: usize, over: impl Iterator<Item = usize>) -> f64 {
    libm::exp(scores[at]) / over.map(|other| libm::exp(scores[other])).sum::<f64>()
}

#[test]
fn mistakes_made_by_hand_are_named() {
    let own = |scores: &[f64], at: usize| softmax(scores, at, at / 3 * 3..at / 3 * 3 + 3);
    let right = by_hand(|scores, labels| (0..18).map(|at| (own(scores, at) - one_hot(labels, at)) / 6.0).collect());
    assert_eq!(found(&right), vec![None; 4]);
    let all =
        by_hand(|scores, labels| (0..18).map(|at| (softmax(scores, at, 0..18) - one_hot(labels, at)) / 6.0).collect());
    assert_eq!(
        found(&all)[2..],
        [
            const { Some(Cause::SoftmaxAxis { over: SoftmaxOver::All }) },
            const { Some(Cause::SoftmaxAxis { over: SoftmaxOver::All }) }
        ]
    );
    let columns = by_hand(|scores, labels| {
        let over = |at: usize| (0..6).map(move |row| row * 3 + at % 3);
        (0..18).map(|at| (softmax(scores, at, over(at)) - one_hot(labels, at)) / 6.0).collect()
    });
    assert_eq!(found(&columns)[2], Some(Cause::SoftmaxAxis { over: SoftmaxOver::Samples }));
    let labelled = by_hand(|scores, labels| {
        let label = |at: usize| labels[at / 3] as f64;
        (0..18).map(|at| label(at) * (own(scores, at) - one_hot(labels, at)) / 6.0).collect()
    });
    assert_eq!(found(&labelled)[2], Some(Cause::LabelForm { how: LabelMistake::Multiplied }));
    let subtracted =
        by_hand(|scores, labels| (0..18).map(|at| (own(scores, at) - labels[at / 3] as f64) / 6.0).collect());
    assert_eq!(found(&subtracted)[2], Some(Cause::LabelForm { how: LabelMistake::Subtracted }));
    let last = by_hand(|scores, labels| {
        (0..18).map(|at| if at < 15 { 0.0 } else { own(scores, at) - one_hot(labels, at) }).collect()
    });
    assert_eq!(found(&last)[2], Some(Cause::LastSample));
}

#[test]
fn a_derivative_that_one_use_overwrote_is_named_with_the_use_that_is_left() {
    let b = Builder::new();
    let w = b.parameter("w", 3);
    let hidden = w.tanh().named("hidden");
    let graph = b.finish([(hidden.square().named("one") + hidden.exp().named("other")).sum_all()]).unwrap();
    let numbers = [0.3, -0.6, 1.1];
    let left = numbers.map(|x: f64| 2.0 * libm::tanh(x) * (1.0 - libm::tanh(x) * libm::tanh(x)));
    let at = Tensor::from(numbers);
    let report = check().compare(&graph, &["w"], &[("w", &at)], &[Tensor::from(left)]).unwrap();
    let wanted = Cause::Overwritten { node: "hidden".to_string(), kept: "one".to_string() };
    assert_eq!(cause(&report, 0), Some(wanted), "{report}");
}

#[test]
fn numbers_that_no_mistake_gives_get_no_cause() {
    let (_, _, gradients) = classifier();
    let odd = changed(&gradients, |x| x + 0.1 * libm::sin(1e4 * x));
    assert_eq!(found(&odd), vec![None; 4]);
}

/// A network that is right, with a softmax that holds its largest score constant.
fn right(step: f64, tolerance: f64) -> GradientReport {
    let network: Network = "5, affine 6, relu, affine 3".parse().unwrap();
    let inputs: Vec<f64> = (0..20).map(|i| libm::sin(f64::from(i) * 1.7)).collect();
    let data = Dataset::new(Tensor::new([4, 5], inputs).unwrap(), Tensor::from([0u8, 2, 1, 0])).unwrap();
    let check = GradientCheck { step, tolerance, ..GradientCheck::default() };
    Model::new(&network, 3).unwrap().check_gradients(&data, &check).unwrap()
}

#[test]
fn within_rounding_nothing_else_is_blamed_and_what_is_advised_passes() {
    for (step, tolerance) in [(1e-9, 1e-7), (1e-11, 1e-7), (1e-4, 1e-20), (1e-3, 1e-13), (1e-5, 1e-12), (1e-13, 1e-9)] {
        let report = right(step, tolerance);
        assert!(!report.passed(), "{step} {tolerance}: {report}");
        let causes: Vec<_> = report.parameters.iter().filter_map(|parameter| parameter.cause.clone()).collect();
        assert!(!causes.is_empty() || report.directions_cause.is_some(), "{step} {tolerance}: {report}");
        for cause in causes.into_iter().chain(report.directions_cause.clone()) {
            let Cause::Rounding { advice, .. } = cause else { panic!("{step} {tolerance}: {report}") };
            let again = match advice {
                CauseAdvice::Step(fitting) => right(fitting, tolerance),
                CauseAdvice::Tolerance(fitting) => right(step, fitting),
            };
            assert!(again.passed(), "{step} {tolerance}, then {advice:?}: {again}");
        }
    }
}

#[test]
fn a_gradient_that_is_wrong_is_not_excused_by_rounding() {
    let cut = |step, tolerance| {
        own(&[0.1, -5.0, 0.2], &GradientCheck { step, tolerance, ..check() }, |w| w * w.stop_gradient())
    };
    for (step, tolerance) in [(1e-4, 1e-7), (1e-4, 1e-20), (1e-9, 1e-7)] {
        let report = cut(step, tolerance);
        assert!(matches!(cause(&report, 0), Some(Cause::Cut { .. })), "{step} {tolerance}: {report}");
    }
}
