//! What goes along with an optimizer: schedules, weight decay, averages of the weights, smoothed labels. Each against its
//! formula written out, as PyTorch's documentation and source have it.

use std::f64::consts::PI;
use std::ops::ControlFlow;
use std::sync::Arc;

use limpid_engine::{Plan, Precision, Session, kernels::Level};
use limpid_graph::{Builder, Sizes, Tensor};
use limpid_learn::{
    Context, Dataset, Error, Event, FitOptions, Loss, Model, Network, Optimizer, Recipe, Schedule, Sgd, Span,
    optimizer, optimizer_names, schedule_choices, step::TrainingStep,
};

fn schedule(text: &str) -> Schedule {
    text.parse().unwrap()
}

/// PyTorch's `OneCycleLR`, with its own loop over two phases.
fn one_cycle(max: f64, steps: usize, pct_start: f64, div: f64, final_div: f64) -> Vec<f64> {
    let between = |from: f64, to: f64, share: f64| to + (from - to) / 2.0 * (1.0 + (PI * share).cos());
    let (first, top, last) = (max / div, pct_start * steps as f64 - 1.0, steps as f64 - 1.0);
    let rate = |step: usize| match step as f64 {
        n if n <= top && top > 0.0 => between(first, max, n / top),
        n => between(max, first / final_div, (n - top) / (last - top)),
    };
    (0..steps).map(rate).collect()
}

/// Each schedule with the rates that PyTorch's scheduler gives, at base rate 0.2, 6 epochs of 5 steps.
fn by_hand() -> Vec<(&'static str, Vec<f64>)> {
    let each = |rate: &dyn Fn(f64) -> f64| (0..30).map(|n| 0.2 * rate(f64::from(n))).collect::<Vec<f64>>();
    let rising = |n: f64, steps: f64| ((n + 1.0) / (steps + 1.0)).min(1.0);
    let after = |n: f64, steps: f64| (n - steps).max(0.0);
    let half_cosine = |n: f64, steps: f64| 0.5 * (1.0 + (PI * n / steps).cos());
    vec![
        ("constant", each(&|_| 1.0)),
        ("constant warm-up=0.2", each(&|n| rising(n, 6.0))),
        ("step 2", each(&|n| 0.1f64.powi((n / 10.0) as i32))),
        ("step step-size=1 gamma=0.5", each(&|n| 0.5f64.powi((n / 5.0) as i32))),
        ("step 1 warm-up=0.1", each(&|n| rising(n, 3.0) * 0.1f64.powi((after(n, 3.0) / 5.0) as i32))),
        ("step 100", each(&|_| 1.0)),
        ("exponential gamma=0.9", each(&|n| 0.9f64.powf(n / 5.0))),
        ("cosine", each(&|n| half_cosine(n, 30.0))),
        ("cosine eta-min=0.02", each(&|n| 0.1 + 0.9 * half_cosine(n, 30.0))),
        ("cosine warm-up=0.2", each(&|n| rising(n, 6.0) * half_cosine(after(n, 6.0), 24.0))),
        ("one-cycle", one_cycle(0.2, 30, 0.3, 25.0, 1e4)),
        ("one-cycle warm-up=0.5 div=10 final-div=100", one_cycle(0.2, 30, 0.5, 10.0, 100.0)),
        ("one-cycle warm-up=0", one_cycle(0.2, 30, 0.0, 25.0, 1e4)),
    ]
}

const SPAN: Span = Span { steps: 30, per_epoch: 5 };

/// How far numbers are apart, as a share of the second ones.
fn apart(found: &[f64], wanted: &[f64]) -> f64 {
    assert_eq!(found.len(), wanted.len());
    found.iter().zip(wanted).map(|(a, b)| (a / b - 1.0).abs()).fold(0.0, f64::max)
}

/// A step of a recipe for a parameter `w`, a weight, and a parameter `b` that does not decay; their gradients are fed.
fn step_of(recipe: &Recipe) -> TrainingStep {
    let builder = Builder::new();
    let context = Context::of_training_step(&builder);
    let weight = limpid_learn::Variable::learned("w", [2], 0.0);
    let bias = limpid_learn::Variable::learned("b", [2], 0.0).without_decay();
    for variable in [weight, bias] {
        let parameter = context.declare(variable);
        recipe.update(&context, parameter, builder.input(&format!("d {}", parameter.name().unwrap()), 2));
    }
    let graph = builder.finish([]).unwrap().simplified().unwrap();
    TrainingStep { graph, variables: context.into_variables() }
}

/// What a value is after each of so many steps, where w begins at (1, −2), b at the same, and each gradient is (0.5, −1).
fn walked(recipe: &Recipe, precision: Precision, steps: usize, rate: f64, name: &str) -> Vec<[f64; 2]> {
    let step = step_of(recipe);
    let mut session = Session::new(precision);
    step.initial_states().for_each(|(name, value)| session.set(name, value));
    let program = session.load(step.graph);
    ["w", "b"].iter().for_each(|name| session.set(name, Tensor::from([1.0, -2.0])));
    let (gradient, rate) = (Tensor::from([0.5, -1.0]), Tensor::scalar(rate));
    let mut after = || {
        session.run(program, &[("d w", &gradient), ("d b", &gradient), ("learning rate", &rate)]).unwrap();
        let value = session.get(name).unwrap().to_f64();
        [value[0], value[1]]
    };
    (0..steps).map(|_| after()).collect()
}

#[test]
fn every_schedule_has_the_rates_of_pytorchs_scheduler_and_the_step_takes_them() {
    for (text, wanted) in by_hand() {
        let schedule = schedule(text);
        let rates = schedule.rates(0.2, SPAN, 0..30).unwrap();
        assert!(apart(&rates, &wanted) < 1e-12, "{text}: {rates:?}\n{wanted:?}");
        let recipe = Recipe { schedule, span: SPAN, ..Recipe::of(Arc::new(Sgd)) };
        for (precision, tolerance) in [(Precision::F64, 1e-12), (Precision::F32, 3e-6)] {
            let walked = walked(&recipe, precision, 30, 0.2, "w");
            let mut sum = 0.0;
            for (step, ([found, _], rate)) in walked.iter().zip(&wanted).enumerate() {
                sum += rate;
                assert!((found - (1.0 - 0.5 * sum)).abs() < tolerance, "{text} in {precision}, step {step}: {found}");
            }
        }
    }
    // The formula of PyTorch's OneCycleLR(max_lr=0.01, total_steps=10), worked out by hand.
    let rates = schedule("one-cycle").rates(0.01, Span { steps: 10, per_epoch: 10 }, 0..10).unwrap();
    let printed = [
        0.0004,
        0.0052,
        0.01,
        0.009504846320134737,
        0.008117456539497631,
        0.0061126202193628925,
        0.003887419780637108,
        0.00188258346050237,
        0.0004951936798652628,
        4e-08,
    ];
    assert!(apart(&rates, &printed) < 1e-9, "{rates:?}");
}

#[test]
fn a_schedule_of_one_step_and_steps_beyond_its_end_are_defined() {
    for row in schedule_choices() {
        for steps in [1, 2, 3] {
            let rates = schedule(row.name).rates(0.1, Span { steps, per_epoch: 1 }, 0..20).unwrap();
            assert!(rates.iter().all(|&rate| (0.0..=0.1 + 1e-15).contains(&rate)), "{}: {rates:?}", row.name);
        }
    }
    let rates = schedule("cosine eta-min=0.01").rates(0.1, SPAN, [30, 31, 1000]).unwrap();
    assert!(rates.iter().all(|rate| (rate - 0.01).abs() < 1e-15), "{rates:?}");
}

#[test]
fn the_text_of_every_schedule_is_read_back_and_a_wrong_one_is_answered_with_what_fits() {
    for row in schedule_choices() {
        assert_eq!(schedule(row.name).to_string(), row.name);
        assert_eq!(schedule(row.example).to_string(), row.example);
        assert!(row.aliases.iter().all(|name| schedule(name) == schedule(row.name)));
        for setting in row.settings {
            let text = format!("{} {}=-1", row.name, setting.name);
            let message = text.parse::<Schedule>().unwrap_err().to_string();
            assert!(message.starts_with(setting.title) && message.contains(&format!("  {text}\n")), "{message}");
        }
    }
    assert_eq!(schedule("one-cycle max=0.01 warm-up=0.3").to_string(), "one-cycle max=0.01");
    let table = [
        ("cosin", "unknown schedule `cosin`, did you mean `cosine`? There are: constant, step, "),
        ("", "unknown schedule ``"),
        ("cosine warmup=0.1", "the schedule `cosine` does not take `warmup=0.1`, did you mean `warm-up`?"),
        ("cosine warm-up=1", "the warm-up is 1.0; use a number from 0 to below 1 (line 1, column 16)"),
        ("step 0", "the step size is 0.0; use a number above 0"),
        ("one-cycle max=0", "the largest rate is 0.0; use a number above 0"),
        ("one-cycle max", "`max` takes a value, as in `max=…`"),
    ];
    for (text, wanted) in table {
        let message = text.parse::<Schedule>().unwrap_err().to_string();
        assert!(message.starts_with(wanted), "{text:?} gives: {message}");
    }
    let bad = Schedule { warm_up: 2.0, ..Schedule::default() }.check().unwrap_err().to_string();
    assert_eq!(bad, "the warm-up is 2.0; use a number from 0 to below 1");
}

#[test]
fn weight_decay_is_adamws_for_adam_and_a_part_of_the_gradient_for_sgd_and_momentum() {
    let (decay, rate, gradient) = (0.1, 0.05, 0.5);
    let recipe = |name: &str| Recipe { weight_decay: decay, ..Recipe::of(optimizer(name).unwrap()) };
    let (mut sgd, mut nesterov, mut velocity, mut adam) = (1.0f64, 1.0f64, 0.0, 1.0f64);
    for step in 1..=10usize {
        sgd -= rate * (gradient + decay * sgd);
        let coupled = gradient + decay * nesterov;
        velocity = 0.9 * velocity + coupled;
        nesterov -= rate * (coupled + 0.9 * velocity);
        // The gradient is the same at each step, so that Adam's corrected means are it and its square.
        adam = adam * (1.0 - rate * decay) - rate * gradient / (gradient + 1e-8);
        for (name, wanted) in [("sgd", sgd), ("nesterov", nesterov), ("adam", adam)] {
            let found = walked(&recipe(name), Precision::F64, step, rate, "w")[step - 1][0];
            assert!((found - wanted).abs() < 1e-12, "{name}, step {step}: {found} instead of {wanted}");
        }
    }
    for name in optimizer_names() {
        let without = walked(&Recipe::of(optimizer(name).unwrap()), Precision::F64, 10, rate, "b");
        assert_eq!(walked(&recipe(name), Precision::F64, 10, rate, "b"), without, "{name}: biases do not decay");
        assert_ne!(walked(&recipe(name), Precision::F64, 10, rate, "w"), without, "{name}: weights do");
    }
}

#[test]
fn an_average_of_weights_is_the_first_weight_and_then_a_running_mean_of_those_after_each_step() {
    let recipe = Recipe { average_weights: Some(0.8), ..Recipe::of(optimizer("momentum").unwrap()) };
    let weights = walked(&recipe, Precision::F64, 60, 0.01, "w");
    let averages = walked(&recipe, Precision::F64, 60, 0.01, "w average");
    let mut mean = 0.0;
    for (step, (weight, average)) in weights.iter().zip(&averages).enumerate() {
        let t = step as f64 + 1.0;
        let kept = ((t - 1.0) / (t + 8.0)).min(0.8);
        mean = kept * mean + (1.0 - kept) * weight[0];
        assert!((average[0] - mean).abs() < 1e-12, "step {t}: {} instead of {mean}", average[0]);
    }
    assert_eq!(weights, walked(&Recipe::of(optimizer("momentum").unwrap()), Precision::F64, 60, 0.01, "w"));
}

#[test]
fn a_recipes_update_of_a_parameter_stays_one_pass_over_its_numbers() {
    let builder = Builder::new();
    let (w, gradient) = (builder.parameter("w", 12_345), builder.input("gradient", 12_345));
    let context = Context::of_training_step(&builder);
    let schedule = schedule("one-cycle");
    let recipe = Recipe { schedule, span: SPAN, weight_decay: 0.1, ..Recipe::of(optimizer("adam").unwrap()) };
    Recipe { average_weights: Some(0.9), ..recipe }.update(&context, w, gradient);
    let graph = builder.finish([]).unwrap().simplified().unwrap();
    let plan = Plan::new(&graph, &Sizes::default(), Level::Portable).unwrap().to_string();
    let passes: Vec<&str> = plan.lines().filter(|line| line.contains("12345 ") || line.contains("rearrange")).collect();
    assert!(passes.len() == 1 && passes[0].contains("region of "), "{plan}");
}

fn spots() -> Dataset {
    let numbers: Vec<f64> = (0..40).map(|i| f64::from(i * 37 % 23) / 11.5 - 1.0).collect();
    let labels: Vec<f64> = (0..20).map(|i| f64::from(numbers[2 * i as usize] > numbers[2 * i as usize + 1])).collect();
    Dataset::new(Tensor::new([20, 2], numbers).unwrap(), Tensor::from(labels)).unwrap()
}

fn network() -> Network {
    "2, affine 4, tanh, affine 2".parse().unwrap()
}

fn recipe_options(epochs: usize) -> FitOptions {
    FitOptions {
        epochs,
        batch_size: 5,
        learning_rate: Some(0.05),
        optimizer: optimizer("adam").unwrap(),
        schedule: schedule("cosine warm-up=0.1").over(5),
        weight_decay: 0.01,
        label_smoothing: 0.1,
        average_weights: Some(0.9),
        ..FitOptions::default()
    }
}

#[test]
fn a_training_in_parts_gives_the_bits_of_one_with_all_that_goes_along() {
    for precision in [Precision::F32, Precision::F64] {
        let model = || Model::in_precision(&network(), 3, precision).unwrap();
        let (mut whole, mut parts) = (model(), model());
        let history = whole.fit(&spots(), &recipe_options(5)).unwrap();
        let first = parts.fit(&spots(), &recipe_options(2)).unwrap();
        // A clone and a look at the model between the parts change nothing.
        let mut parts = parts.clone();
        parts.predict(&Tensor::from([0.5, 0.25])).unwrap();
        let second = parts.fit(&spots(), &recipe_options(3)).unwrap();
        assert_eq!(whole.parameters().unwrap(), parts.parameters().unwrap());
        assert_eq!(history.losses, [first.losses, second.losses].concat());
        let rates = |epochs: &[limpid_learn::Epoch]| epochs.iter().map(|it| it.learning_rate).collect::<Vec<_>>();
        assert_eq!(rates(&history.epochs[3..]), rates(&second.epochs[1..]));
    }
}

#[test]
fn each_training_has_a_schedule_of_its_own() {
    let mut model = Model::new(&network(), 3).unwrap();
    let fit = FitOptions { schedule: schedule("cosine"), ..recipe_options(4) };
    for _ in 0..2 {
        let history = model.fit(&spots(), &fit).unwrap();
        let rates: Vec<f64> = history.epochs.iter().map(|epoch| epoch.learning_rate.unwrap()).collect();
        let wanted = schedule("cosine").rates(0.05, Span { steps: 16, per_epoch: 4 }, [0, 3, 7, 11, 15]).unwrap();
        assert_eq!(rates, wanted);
    }
    let constant = FitOptions { schedule: Schedule::default(), ..fit };
    assert!(model.fit(&spots(), &constant).unwrap().epochs.iter().all(|epoch| epoch.learning_rate.is_none()));
}

#[test]
fn a_model_is_evaluated_and_left_with_the_averages_and_goes_on_from_its_parameters() {
    let fit = FitOptions { average_weights: Some(0.9), label_smoothing: 0.0, ..recipe_options(5) };
    let plain = FitOptions { average_weights: None, ..fit.clone() };
    let mut raw = Vec::new();
    let mut without = Model::in_precision(&network(), 3, Precision::F64).unwrap();
    let losses = without
        .fit_with(&spots(), None, &plain, |training| {
            if let Event::Step { .. } = training.event() {
                raw.push(training.model().parameters()?);
            }
            Ok::<_, Error>(ControlFlow::Continue(()))
        })
        .unwrap();
    let mut model = Model::in_precision(&network(), 3, Precision::F64).unwrap();
    let mut seen = Vec::new();
    let history = model
        .fit_with(&spots(), None, &fit, |training| {
            match training.event() {
                Event::Step { step, .. } => assert_eq!(training.model().parameters()?, raw[step - 1]),
                Event::Epoch(epoch) if epoch.epoch > 0 => {
                    let own = training.evaluate(&spots())?.loss;
                    seen.push((epoch.train_loss, own, training.model().parameters()?));
                }
                Event::Epoch(_) => {}
            }
            Ok::<_, Error>(ControlFlow::Continue(()))
        })
        .unwrap();
    assert_eq!(history.losses, losses.losses, "averages change no step");
    let mut mean = vec![0.0; raw[0][0].1.len()];
    for (step, parameters) in raw.iter().enumerate() {
        let t = step as f64 + 1.0;
        let kept = ((t - 1.0) / (t + 8.0)).min(0.9);
        mean.iter_mut().zip(parameters[0].1.to_f64()).for_each(|(mean, w)| *mean = kept * *mean + (1.0 - kept) * w);
        if (step + 1) % 4 == 0 {
            let (noted, own, averages) = &seen[step / 4];
            assert_eq!(noted, own);
            assert!(averages[0].1.to_f64().iter().zip(&mean).all(|(a, b)| (a - b).abs() < 1e-12));
        }
    }
    assert_eq!(model.parameters().unwrap(), seen[4].2);
    assert_eq!(model.evaluate(&spots()).unwrap().loss, history.epochs[5].train_loss);
    // Parameters that are put in place are those that the next training begins with.
    let mut begun = model.clone();
    begun.set_parameters(&raw[2]).unwrap();
    begun
        .fit_with(&spots(), None, &FitOptions { schedule: schedule("cosine").over(50), ..fit }, |training| {
            assert_eq!(training.model().parameters()?, raw[2]);
            Ok::<_, Error>(ControlFlow::Break(()))
        })
        .unwrap();
    assert_eq!(begun.parameters().unwrap(), raw[2], "no step was taken");
}

#[test]
fn smoothed_labels_are_trained_on_and_labels_as_they_are_evaluated() {
    // Scores 0 and ln 3: probabilities 1/4 and 3/4, label 1.
    let network: Network = "1, affine 2 init=zeros".parse().unwrap();
    let data = Dataset::new(Tensor::from([[1.0], [1.0]]), Tensor::from([1u8, 1])).unwrap();
    let one_hot = Dataset::new(Tensor::from([[1.0], [1.0]]), Tensor::from([[0.0, 1.0], [0.0, 1.0]])).unwrap();
    let begin = [("0/w".to_string(), Tensor::from([[0.0, 3f64.ln()]])), ("0/b".to_string(), Tensor::from([0.0, 0.0]))];
    for data in [&data, &one_hot] {
        let mut model = Model::in_precision(&network, 1, Precision::F64).unwrap();
        model.set_parameters(&begin).unwrap();
        let fit = FitOptions { epochs: 1, label_smoothing: 0.2, learning_rate: Some(0.5), ..FitOptions::default() };
        let history = model.fit(data, &fit).unwrap();
        // 1 − ε + ε/K = 0.9 on the right class, 0.1 on the other one.
        assert!((history.losses[0] - (-0.9 * 0.75f64.ln() - 0.1 * 0.25f64.ln())).abs() < 1e-12);
        assert!((history.epochs[0].train_loss + 0.75f64.ln()).abs() < 1e-12);
        // The gradient of the scores is p − t: 0.25 − 0.1 and 0.75 − 0.9.
        let bias = &model.parameters().unwrap()[1].1.to_f64();
        assert!((bias[0] + 0.5 * 0.15).abs() < 1e-12 && (bias[1] - 0.5 * 0.15).abs() < 1e-12, "{bias:?}");
    }
    let yes = Loss::BinaryCrossEntropy.smoothed(0.2).unwrap();
    let builder = Builder::new();
    let score = builder.constant(3f64.ln()).broadcast_to((1, 1));
    let loss = yes.describe(score, builder.constant(1.0).broadcast_to(1));
    let graph = builder.finish([loss]).unwrap();
    let value = limpid_graph::interpret::<f64>(&graph, &[]).unwrap().tensor(loss.id()).item().unwrap();
    // softplus(ln 3) − ln 3 · 0.9
    assert!((value - (4f64.ln() - 0.9 * 3f64.ln())).abs() < 1e-12);
}

#[test]
fn settings_out_of_range_are_answered_with_a_remedy_and_change_nothing() {
    let refused = |fit: FitOptions, loss: Loss| {
        let mut model = Model::new(&network(), 1).unwrap().with_loss(loss);
        let before = model.parameters().unwrap();
        let data = Dataset::new(Tensor::from([[0.0, 1.0]]), Tensor::from([[1.0, 0.0]])).unwrap();
        let message = model.fit(&data, &fit).unwrap_err().to_string();
        assert_eq!(model.parameters().unwrap(), before);
        message
    };
    let fit = || FitOptions { epochs: 1, ..FitOptions::default() };
    let table = [
        (FitOptions { weight_decay: -1.0, ..fit() }, "the weight decay is -1.0; use 0 or more, such as 0.0001"),
        (
            FitOptions { average_weights: Some(1.0), ..fit() },
            "the average of weights is 1.0; use a number from 0 to below 1, such as 0.999",
        ),
        (
            FitOptions { label_smoothing: f64::NAN, ..fit() },
            "the label smoothing is NaN; use a number from 0 to below 1, such as 0.1",
        ),
        (
            FitOptions { schedule: Schedule { warm_up: 1.0, ..Schedule::default() }, ..fit() },
            "the warm-up is 1.0; use a number from 0 to below 1",
        ),
        (
            FitOptions { schedule: schedule("one-cycle max=0.2"), learning_rate: Some(0.1), ..fit() },
            "the learning rate is 0.1; the schedule's is 0.2; give one of them",
        ),
    ];
    for (fit, wanted) in table {
        assert_eq!(refused(fit, Loss::default()), wanted);
    }
    let message = refused(FitOptions { label_smoothing: 0.1, ..fit() }, Loss::MeanSquaredError);
    assert_eq!(
        message,
        "the label smoothing is 0.1; it is for the losses softmax-cross-entropy and binary-cross-entropy; use 0 with \
         mean-squared-error"
    );
    assert_eq!(FitOptions { schedule: schedule("one-cycle max=0.2"), ..fit() }.rate(), 0.2);
}

#[test]
fn weights_decay_and_biases_gains_and_shifts_of_every_layer_do_not() {
    let mut seen = 0;
    for row in limpid_learn::layer_choices() {
        for input in ["5", "4x8x8"] {
            let Ok(network) = format!("{input}, {}", row.example).parse::<Network>() else { continue };
            for variable in network.variables().into_iter().flatten() {
                let is_weight = variable.kind == limpid_learn::VariableKind::Learned && variable.shape.len() > 1;
                // A norm's gains and shifts may have an extent for each axis, but are one number for each feature.
                let is_norm = row.name.contains("norm");
                assert_eq!(variable.decays, is_weight && !is_norm, "{}: {}", row.example, variable.name);
                seen += 1;
            }
        }
    }
    assert!(seen >= 4, "{seen}");
}
