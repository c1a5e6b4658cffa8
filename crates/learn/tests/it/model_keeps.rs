//! What a model keeps: what bytes are divided by, and how far its training has come; and what asks it besides.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::ops::ControlFlow;
use std::sync::Arc;

use limpid_engine::Precision;
use limpid_graph::Tensor;
use limpid_learn::{
    DataSource, Dataset, Error, Event, FitOptions, Generated, GradientCheck, Loss, Model, Network, Optimizer,
    Predictor, Sampling, Windowed, optimizer, optimizer_names,
};

const SAMPLES: usize = 60;

fn network() -> Network {
    "4, affine 5, tanh, affine 3".parse().unwrap()
}

fn model() -> Model {
    Model::new(&network(), 1).unwrap()
}

/// Bytes that say their class in which of them are bright.
fn bytes() -> Tensor {
    let pixel = |at: usize| (at * 37 % 50 + if at % 4 == at / 4 % 3 { 200 } else { 0 }) as u8;
    Tensor::new([SAMPLES, 4], (0..SAMPLES * 4).map(pixel).collect()).unwrap()
}

fn labels() -> Tensor {
    Tensor::from((0..SAMPLES).map(|row| (row % 3) as u8).collect::<Vec<_>>())
}

fn raw() -> Dataset {
    Dataset::new(bytes(), labels()).unwrap()
}

fn pixels() -> Dataset {
    raw().divided_by(255.0)
}

/// The same samples, divided already.
fn scaled(precision: Precision) -> Tensor {
    match precision {
        Precision::F32 => Tensor::new([SAMPLES, 4], pixels().inputs_as_f32()).unwrap(),
        Precision::F64 => Tensor::new([SAMPLES, 4], bytes().to_f64().into_iter().map(|x| x / 255.0).collect()).unwrap(),
    }
}

fn fit(epochs: usize) -> FitOptions {
    FitOptions { epochs, batch_size: 7, ..FitOptions::default() }
}

fn trained(precision: Precision) -> Model {
    let mut model = Model::in_precision(&network(), 1, precision).unwrap();
    model.fit(&pixels(), &fit(5)).unwrap();
    model
}

fn bits(model: &Model) -> Vec<Vec<u64>> {
    let numbers = |tensor: &Tensor| tensor.to_f64().into_iter().map(f64::to_bits).collect();
    model.parameters().unwrap().iter().map(|(_, tensor)| numbers(tensor)).collect()
}

#[test]
fn bytes_and_scaled_numbers_are_answered_alike_without_being_told() {
    for precision in [Precision::F32, Precision::F64] {
        let mut model = trained(precision);
        assert_eq!(model.divisor(), Some(255.0));
        let wanted = model.evaluate(&pixels()).unwrap();
        assert!(wanted.loss < 1.2, "{wanted:?}");
        assert_eq!(model.predict(&bytes()).unwrap(), model.predict(&scaled(precision)).unwrap());
        let one = bytes().rows(3, 4).reshaped([4]).unwrap();
        assert_eq!(model.predict(&one).unwrap().to_f64(), model.predict(&bytes()).unwrap().rows(3, 4).to_f64());
        assert_eq!(model.evaluate(&raw()).unwrap(), wanted);
        assert_eq!(model.evaluate(&Dataset::new(scaled(precision), labels()).unwrap()).unwrap(), wanted);
        assert_eq!(model.score(&bytes(), &labels()).unwrap(), wanted);
        let check = |data: &Dataset| model.check_gradients(data, &GradientCheck::default()).unwrap().to_string();
        assert_eq!(check(&raw()), check(&pixels()));
        let predictor = model.predictor().unwrap();
        assert_eq!(predictor.predict(&bytes()).unwrap(), model.predict(&bytes()).unwrap());
        // Bytes that come without a divisor are divided in a training that goes on, too, and so are held-out ones.
        let history = model.fit_watched(&raw(), Some(&raw()), &fit(1), |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(history.epochs[0].test_loss, Some(wanted.loss));
    }
}

#[test]
fn another_divisor_than_the_models_is_refused() {
    let mut model = trained(Precision::F32);
    let before = bits(&model);
    let halved = raw().divided_by(2.0);
    let wanted = "the samples are divided by 2, but those that the model learned from were divided by 255; prepare them \
                  alike, or change that with `Model::with_divisor`";
    for error in [model.evaluate(&halved).unwrap_err(), model.fit(&halved, &fit(1)).unwrap_err()] {
        assert_eq!(error.to_string(), wanted);
    }
    assert_eq!((bits(&model), model.divisor()), (before, Some(255.0)));
    let mut of_bytes = self::model();
    of_bytes.fit(&raw(), &FitOptions { learning_rate: Some(1e-5), ..fit(1) }).unwrap();
    assert_eq!(of_bytes.divisor(), Some(1.0));
    let message = of_bytes.evaluate(&pixels()).unwrap_err().to_string();
    assert!(message.starts_with("the samples are divided by 255, but those that the model learned from were not"));
    let mut changed = model.with_divisor(Some(2.0));
    assert!(changed.evaluate(&halved).is_ok());
}

#[test]
fn a_training_that_is_refused_teaches_no_divisor() {
    let mut model = model();
    let wrong = Dataset::new(bytes(), Tensor::from(vec![9u8; SAMPLES])).unwrap().divided_by(255.0);
    assert!(model.fit(&wrong, &fit(1)).is_err());
    assert!(model.fit(&raw().divided_by(0.0), &fit(1)).is_err());
    assert_eq!(model.divisor(), None);
    assert!(model.fit(&pixels(), &fit(1)).is_ok());
}

#[test]
fn epochs_in_parts_give_the_bits_of_all_at_once() {
    for name in optimizer_names() {
        for sampling in [Sampling::Shuffled, Sampling::WithReplacement] {
            let fit = |epochs| FitOptions { sampling, optimizer: optimizer(name).unwrap(), ..fit(epochs) };
            let (mut at_once, mut in_parts) = (model(), model());
            let whole = at_once.fit(&pixels(), &fit(5)).unwrap();
            let mut losses = in_parts.fit(&pixels(), &fit(2)).unwrap().losses;
            losses.extend(in_parts.clone().fit(&pixels(), &fit(3)).unwrap().losses);
            in_parts.fit(&pixels(), &fit(3)).unwrap();
            assert_eq!(losses, whole.losses, "{name}, {sampling}: a clone goes on from there, too");
            assert_eq!(bits(&in_parts), bits(&at_once), "{name}, {sampling}");
        }
    }
}

#[test]
fn a_training_that_was_stopped_goes_on_with_the_next_batch() {
    let adam = || FitOptions { optimizer: optimizer("adam").unwrap(), ..fit(2) };
    let (mut at_once, mut stopped) = (model(), model());
    let whole = at_once.fit(&pixels(), &adam()).unwrap().losses;
    let first = stopped.fit_watched(&pixels(), None, &adam(), |event| match event {
        Event::Step { step: 4, .. } => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    let mut losses = first.unwrap().losses;
    losses.extend(stopped.fit(&pixels(), &adam()).unwrap().losses);
    assert_eq!(losses[..whole.len()], whole);
}

#[test]
fn what_begins_anew_and_what_another_optimiser_does_not_take_over() {
    let momentum = || FitOptions { optimizer: optimizer("momentum").unwrap(), ..fit(2) };
    let mut first = model();
    first.fit(&pixels(), &momentum()).unwrap();
    let mut fresh = model();
    fresh.set_parameters(&first.parameters().unwrap()).unwrap();
    let wanted = fresh.fit(&pixels(), &momentum()).unwrap().losses;
    let mut on = first.clone();
    assert_ne!(on.fit(&pixels(), &momentum()).unwrap().losses, wanted, "it goes on");
    first.begin_anew();
    assert_eq!(first.fit(&pixels(), &momentum()).unwrap().losses, wanted);
    // Another optimiser, and back: its state was not kept meanwhile.
    first.fit(&pixels(), &fit(1)).unwrap();
    let mut fresh = model();
    fresh.set_parameters(&first.parameters().unwrap()).unwrap();
    assert_eq!(first.fit(&pixels(), &momentum()).unwrap().losses, fresh.fit(&pixels(), &momentum()).unwrap().losses);
}

#[test]
fn the_learning_rate_is_the_optimisers_usual_one_unless_it_is_given() {
    let adam = optimizer("adam").unwrap();
    for learning_rate in [None, Some(adam.usual_learning_rate())] {
        let mut model = model();
        let settings = FitOptions { optimizer: Arc::clone(&adam), learning_rate, ..fit(3) };
        assert_eq!(settings.rate(), 0.001);
        model.fit(&pixels(), &settings).unwrap();
        let mut other = self::model();
        other.fit(&pixels(), &FitOptions { learning_rate: Some(0.001), ..settings }).unwrap();
        assert_eq!(bits(&model), bits(&other));
    }
}

#[test]
fn a_default_batch_of_more_samples_than_there_are_is_one_of_all() {
    let mut all = model();
    let history = all.fit(&pixels(), &FitOptions { epochs: 2, ..FitOptions::default() }).unwrap();
    assert_eq!(history.losses.len(), 2);
    let mut exact = model();
    exact.fit(&pixels(), &FitOptions { epochs: 2, batch_size: SAMPLES, ..FitOptions::default() }).unwrap();
    assert_eq!(bits(&all), bits(&exact));
    assert!(all.evaluate_watched(&pixels(), usize::MAX, |_| ()).is_ok());
}

#[test]
fn many_threads_ask_one_predictor_and_get_the_models_bits() {
    fn is_shared<T: Send + Sync + Clone>(_: &T) {}
    let mut model = trained(Precision::F32);
    let predictor: Predictor = model.predictor().unwrap();
    is_shared(&predictor);
    is_shared(&model);
    let wanted = model.predict(&bytes()).unwrap();
    // What the model learns later does not change it.
    model.fit(&pixels(), &fit(1)).unwrap();
    assert_ne!(model.predict(&bytes()).unwrap(), wanted);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (predictor, wanted) = (predictor.clone(), &wanted);
            scope.spawn(move || {
                for turn in 0..20 {
                    let row = (7 * thread + turn) % SAMPLES;
                    let one = predictor.predict(&bytes().rows(row, row + 1)).unwrap();
                    assert_eq!(one, wanted.rows(row, row + 1));
                    assert_eq!(predictor.predict(&bytes()).unwrap(), *wanted);
                }
            });
        }
    });
    assert!(predictor.predict(&Tensor::zeros([3])).is_err());
    assert_eq!(predictor.predict(&bytes()).unwrap(), wanted, "also after a mistake");
}

#[test]
fn a_callback_sees_the_model_sets_the_rate_and_its_errors_end_the_training() {
    #[derive(Debug, PartialEq)]
    enum Own {
        Limpid(Error),
        Enough(usize),
    }
    impl From<Error> for Own {
        fn from(error: Error) -> Self {
            Self::Limpid(error)
        }
    }
    let test = pixels().range(0, 20).unwrap();
    let (mut model, mut seen) = (model(), Vec::new());
    let outcome = model.fit_with(&pixels(), None, &fit(3), |training| {
        if let Event::Step { step, .. } = training.event() {
            seen.push(training.evaluate(&test)?.loss);
            assert_eq!(training.history().losses.len(), step);
            if step == 5 {
                return Err(Own::Enough(step));
            }
        }
        Ok(ControlFlow::Continue(()))
    });
    assert_eq!((outcome, seen.len()), (Err(Own::Enough(5)), 5));
    assert_eq!(model.evaluate(&test).unwrap().loss, seen[4]);
    // A rate for each step is that of trainings of one step.
    let (mut scheduled, mut single) = (self::model(), self::model());
    let rate = |step: usize| 0.1 / (1.0 + step as f64);
    let settings =
        |epochs| FitOptions { batch_size: SAMPLES, epochs, learning_rate: Some(rate(0)), ..FitOptions::default() };
    let set = |training: &mut limpid_learn::Training<'_>| {
        if let Event::Step { step, .. } = training.event() {
            training.set_learning_rate(rate(step))?;
        }
        Ok::<_, Error>(ControlFlow::Continue(()))
    };
    scheduled.fit_with(&pixels(), None, &settings(4), set).unwrap();
    for step in 0..4 {
        single.fit(&pixels(), &FitOptions { learning_rate: Some(rate(step)), ..settings(1) }).unwrap();
    }
    assert_eq!(bits(&scheduled), bits(&single));
    let refused = self::model().fit_with(&pixels(), None, &fit(1), |training| {
        training.set_learning_rate(f64::NAN).map(|()| ControlFlow::Continue(()))
    });
    assert!(refused.unwrap_err().to_string().starts_with("the learning rate is NaN"));
}

/// Weighted by class.
fn weighted(weights: [f64; 3]) -> Loss {
    let loss = Loss::custom("class-weighted", move |scores, labels| {
        let one_hot = labels.one_hot(3);
        let weights = scores.builder().constant_tensor(Tensor::from(weights));
        -((one_hot * weights * scores.log_softmax(-1)).sum(-1).mean_all())
    });
    loss.read_as(Loss::SoftmaxCrossEntropy)
}

#[test]
fn a_loss_of_ones_own_is_trained_and_evaluated_and_its_gradient_checked() {
    let mut plain = Model::in_precision(&network(), 1, Precision::F64).unwrap();
    let mut own = plain.clone().with_loss(weighted([1.0; 3]));
    let (by_plain, by_own) = (plain.evaluate(&pixels()).unwrap(), own.evaluate(&pixels()).unwrap());
    assert!((by_plain.loss - by_own.loss).abs() < 1e-12);
    assert_eq!(by_plain.accuracy, by_own.accuracy);
    own.fit(&pixels(), &fit(3)).unwrap();
    plain.fit(&pixels(), &fit(3)).unwrap();
    let apart = |a: &Model, b: &Model| {
        let numbers = |model: &Model| -> Vec<f64> {
            model.parameters().unwrap().iter().flat_map(|(_, tensor)| tensor.to_f64()).collect()
        };
        numbers(a).iter().zip(numbers(b)).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    };
    assert!(apart(&plain, &own) < 1e-10);
    let mut heavy = own.clone().with_loss(weighted([5.0, 1.0, 1.0]));
    assert!(heavy.check_gradients(&pixels(), &GradientCheck::default()).unwrap().passed());
    let before = heavy.evaluate(&pixels()).unwrap().loss;
    heavy.fit(&pixels(), &fit(10)).unwrap();
    assert!(heavy.evaluate(&pixels()).unwrap().loss < before);
}

#[test]
fn a_mask_in_the_targets_leaves_numbers_out() {
    let masked = Loss::custom("masked-squares", |output, targets| {
        let (target, mask) = (targets.slice(1, 0..1), targets.slice(1, 1..2));
        (mask * (output - target).square()).sum_all() / mask.sum_all()
    });
    let x = Tensor::from([[1.0], [2.0], [3.0]]);
    let data = Dataset::new(x, Tensor::from([[2.0, 1.0], [1e6, 0.0], [6.0, 1.0]])).unwrap();
    let network: Network = "1, affine 1 init=zeros".parse().unwrap();
    let mut model = Model::in_precision(&network, 1, Precision::F64).unwrap().with_loss(masked);
    assert_eq!(model.evaluate(&data).unwrap().loss, (4.0 + 36.0) / 2.0);
    model.fit(&data, &FitOptions { epochs: 2000, ..FitOptions::default() }).unwrap();
    assert!((model.predict(&Tensor::from([2.0])).unwrap().to_f64()[0] - 4.0).abs() < 1e-3);
}

#[test]
fn a_loss_that_is_not_one_number_or_only_a_name_is_told_so() {
    let rows = Loss::custom("rows", |output, targets| (output - targets).square());
    let data = Dataset::new(scaled(Precision::F32), Tensor::zeros([SAMPLES, 3])).unwrap();
    let message = model().with_loss(rows).fit(&data, &fit(1)).unwrap_err().to_string();
    assert!(message.contains("rows: the loss has shape (batch, 3), and training needs one number"), "{message}");
    assert!(message.contains("`.mean_all()`"), "{message}");
    let mut named = model().with_loss(Loss::unknown("focal", Some(Loss::SoftmaxCrossEntropy)));
    assert!(named.predict(&bytes()).is_ok());
    let wanted = "the loss `focal` is not one of limpid's, and the model file holds only its name";
    for error in [named.evaluate(&pixels()).unwrap_err(), named.fit(&pixels(), &fit(1)).unwrap_err()] {
        assert!(error.to_string().starts_with(wanted), "{error}");
    }
}

fn generated() -> Generated<impl Fn(usize) -> (Tensor, Tensor)> {
    let (inputs, targets) = (bytes().to_f64(), labels().to_f64());
    Generated::new(SAMPLES, move |row| {
        let sample: Vec<f64> = inputs[4 * row..4 * row + 4].iter().map(|x| x / 255.0).collect();
        (Tensor::from(sample), Tensor::scalar(targets[row]))
    })
}

fn windowed(window: usize) -> Windowed {
    let windows = move || {
        let part = move |start: usize| pixels().range(start, SAMPLES.min(start + window));
        Ok(Box::new((0..SAMPLES).step_by(window).map(part)) as limpid_learn::Windows)
    };
    Windowed::new(SAMPLES, window, windows).unwrap()
}

#[test]
fn data_that_is_made_or_read_while_it_is_used_gives_the_bits_of_data_in_memory() {
    let in_memory = Dataset::new(scaled(Precision::F64), labels()).unwrap();
    let learn = |data: &dyn DataSource| {
        let mut model = Model::in_precision(&network(), 1, Precision::F64).unwrap();
        let history = model.fit_watched(data, Some(data), &fit(3), |_| ControlFlow::Continue(())).unwrap();
        (bits(&model), history, model.evaluate_watched(data, 11, |_| ()).unwrap())
    };
    assert_eq!(learn(&generated()), learn(&in_memory));
    // A window of all samples is shuffled as data in memory is; smaller ones otherwise, but by the same rule.
    assert_eq!(learn(&windowed(SAMPLES)), learn(&pixels()));
    let by_windows = learn(&windowed(25));
    assert_ne!(by_windows.0, learn(&pixels()).0);
    assert_eq!(by_windows.1.epochs[0], learn(&pixels()).1.epochs[0], "evaluation goes in order");
    let mut of_bytes = model();
    of_bytes.fit(&windowed(25), &fit(1)).unwrap();
    assert_eq!(of_bytes.divisor(), Some(255.0));
}

#[test]
fn data_that_is_not_what_it_says_is_refused_with_the_place() {
    let ragged = Generated::new(SAMPLES, |row| (Tensor::zeros([if row == 40 { 3 } else { 4 }]), Tensor::scalar(0.0)));
    let message = model().evaluate(&ragged).unwrap_err().to_string();
    assert_eq!(message, "sample 40 has shape [3], and sample 0 has [4]: all samples have one shape");
    let labelled =
        Generated::new(SAMPLES, |row| (Tensor::zeros([4]), Tensor::scalar(if row == 40 { 7.0 } else { 0.0 })));
    let message = model().fit(&labelled, &fit(1)).unwrap_err().to_string();
    assert!(message.starts_with("label 7 of sample 40: the network has 3 outputs"), "{message}");
    let short = Windowed::new(SAMPLES, 25, || Ok(Box::new(std::iter::once(pixels().range(0, 25))))).unwrap();
    let message = model().evaluate(&short).unwrap_err().to_string();
    assert!(message.starts_with("the samples from 25 on: there are 0 where 25 were expected"), "{message}");
    assert!(model().evaluate(&Generated::new(0, |_| (Tensor::zeros([4]), Tensor::scalar(0.0)))).is_err());
    let replaced = FitOptions { sampling: Sampling::WithReplacement, ..fit(1) };
    let message = model().fit(&windowed(25), &replaced).unwrap_err().to_string();
    assert!(message.ends_with("use shuffled"), "{message}");
    assert!(windowed(25).read(&[SAMPLES]).is_err() && windowed(25).read(&[]).is_err());
}

#[test]
fn an_optimiser_without_a_rate_of_its_own_is_asked_for_its_usual_one() {
    #[derive(Debug)]
    struct Own;
    impl Optimizer for Own {
        fn name(&self) -> &'static str {
            "own"
        }
        fn usual_learning_rate(&self) -> f64 {
            0.25
        }
        fn update<'b>(
            &self,
            context: &limpid_learn::Context<'b>,
            parameter: limpid_graph::Var<'b>,
            gradient: limpid_graph::Var<'b>,
        ) {
            context.update(parameter, parameter - context.learning_rate() * gradient);
        }
    }
    let (mut own, mut plain) = (model(), model());
    own.fit(&pixels(), &FitOptions { optimizer: Arc::new(Own), ..fit(2) }).unwrap();
    plain.fit(&pixels(), &FitOptions { learning_rate: Some(0.25), ..fit(2) }).unwrap();
    assert_eq!(bits(&own), bits(&plain));
}
