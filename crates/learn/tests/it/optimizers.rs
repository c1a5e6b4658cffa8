//! Twenty steps of each optimiser against its formula written out, and against PyTorch's numbers
//! (`tools/golden/README.md` says how those were made).
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid_engine::kernels::Level;
use limpid_engine::{Plan, Precision, Session};
use limpid_graph::{Builder, Sizes, Tensor};
use limpid_learn::{
    Adam, Context, Dataset, FitOptions, Loss, Model, Momentum, Optimizer, Sgd, optimizer, optimizer_names,
    step::{self, TrainingStep},
};
use serde_json::Value;

/// Those whose formula is written out here, and that PyTorch has.
const FORMULAS: [&str; 4] = ["sgd", "momentum", "nesterov", "adam"];
const STEPS: usize = 20;
const NUMBERS: usize = 7;
const LEARNING_RATE: f64 = 0.01;

/// The recipe's fractions from −½ to ½: whole numbers divided by a power of two, exact everywhere.
fn fraction(k: u64) -> f64 {
    (k * 2_654_435_761 % (1 << 32)) as f64 / 4_294_967_296.0 - 0.5
}

fn beginning() -> Vec<f64> {
    (0..NUMBERS as u64).map(fraction).collect()
}

/// The gradient of each step, of very different sizes: the k-th number's is 8^(k − 3) times as large as the fourth's.
fn gradients() -> Vec<Vec<f64>> {
    let gradient = |step: usize, k: usize| fraction((100 + step * NUMBERS + k) as u64) * 8f64.powi(k as i32 - 3);
    (0..STEPS).map(|step| (0..NUMBERS).map(|k| gradient(step, k)).collect()).collect()
}

/// The optimiser's graph for one parameter, whose gradient is fed.
fn step_of(optimizer: &dyn Optimizer, numbers: usize) -> TrainingStep {
    let b = Builder::new();
    let (w, gradient) = (b.parameter("w", numbers), b.input("gradient", numbers));
    let context = Context::of_training_step(&b);
    optimizer.update(&context, w, gradient);
    let graph = b.finish([]).unwrap().simplified().unwrap();
    TrainingStep { graph, variables: context.into_variables() }
}

/// The parameter after the recipe's steps.
fn walked(optimizer: &dyn Optimizer, precision: Precision) -> Vec<f64> {
    let step = step_of(optimizer, NUMBERS);
    let mut session = Session::new(precision);
    step.initial_states().for_each(|(name, zeros)| session.set(name, zeros));
    let program = session.load(step.graph);
    session.set("w", Tensor::from(beginning()));
    let learning_rate = Tensor::scalar(LEARNING_RATE);
    for gradient in gradients() {
        let feeds = [("gradient", &Tensor::from(gradient)), ("learning rate", &learning_rate)];
        session.run(program, &feeds).unwrap();
    }
    session.get("w").unwrap().to_f64()
}

/// The same by the formulas, for one number at a time.
fn by_hand(name: &str) -> Vec<f64> {
    let (gradients, mut w) = (gradients(), beginning());
    for (k, w) in w.iter_mut().enumerate() {
        let (mut v, mut m, mut s) = (0.0, 0.0, 0.0);
        for (step, gradient) in gradients.iter().enumerate() {
            let (g, t) = (gradient[k], step as i32 + 1);
            v = 0.9 * v + g;
            m = 0.9 * m + 0.1 * g;
            s = 0.999 * s + 0.001 * g * g;
            let (m_hat, s_hat) = (m / (1.0 - 0.9f64.powi(t)), s / (1.0 - 0.999f64.powi(t)));
            *w -= LEARNING_RATE
                * match name {
                    "sgd" => g,
                    "momentum" => v,
                    "nesterov" => g + 0.9 * v,
                    "adam" => m_hat / (s_hat.sqrt() + 1e-8),
                    _ => panic!("no formula for {name}"),
                };
        }
    }
    w
}

fn furthest_apart(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs() / b.abs().max(1.0)).fold(0.0, f64::max)
}

#[test]
fn every_optimiser_walks_as_its_formula_says() {
    for name in FORMULAS {
        let optimizer = optimizer(name).unwrap();
        assert_eq!(optimizer.name(), name);
        let wanted = by_hand(name);
        for (precision, tolerance) in [(Precision::F64, 1e-12), (Precision::F32, 2e-6)] {
            let apart = furthest_apart(&walked(optimizer.as_ref(), precision), &wanted);
            assert!(apart <= tolerance, "{name} in {precision}: {apart:e}");
        }
    }
}

#[test]
fn every_optimiser_walks_as_pytorchs() {
    let fixture: Value = serde_json::from_str(include_str!("../fixtures/golden_optimizers.json")).unwrap();
    for name in FORMULAS {
        let wanted: Vec<f64> =
            fixture[name].as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect();
        let apart = furthest_apart(&walked(optimizer(name).unwrap().as_ref(), Precision::F64), &wanted);
        assert!(apart <= 1e-12, "{name}: {apart:e}");
    }
}

#[test]
fn adams_corrections_hold_in_f32_for_a_hundred_thousand_steps() {
    let adam = Adam::default();
    let step = step_of(&adam, 1);
    let mut session = Session::new(Precision::F32);
    let program = session.load(step.graph);
    let learning_rate = Tensor::scalar(1.0);
    for t in [1u32, 2, 3, 10, 100, 1000, 5000, 20_000, 100_000] {
        // One step from a state in which both means are 1 and all weights 0 moves by the corrections alone.
        for (name, value) in [("w", 0.0), ("w mean", 1.0), ("w square", 1.0)] {
            session.set(name, Tensor::from([value]));
        }
        session.set("steps taken", Tensor::scalar(f64::from(t - 1)));
        session.run(program, &[("gradient", &Tensor::from([1.0])), ("learning rate", &learning_rate)]).unwrap();
        let (first, second) = (1.0 - 0.9f64.powf(t.into()), 1.0 - 0.999f64.powf(t.into()));
        let wanted = -(1.0 / first) / ((1.0 / second).sqrt() + 1e-8);
        let found = session.get("w").unwrap().to_f64()[0];
        assert!((found / wanted - 1.0).abs() <= 2e-6, "after {t} steps: {found} instead of {wanted}");
        assert_eq!(session.get("steps taken").unwrap().item(), Some(f64::from(t)));
    }
}

#[test]
fn the_whole_update_of_a_parameter_is_one_pass_over_its_numbers() {
    for name in optimizer_names() {
        let plan =
            Plan::new(&step_of(optimizer(name).unwrap().as_ref(), 12_345).graph, &Sizes::default(), Level::Portable)
                .unwrap()
                .to_string();
        let passes: Vec<&str> =
            plan.lines().filter(|line| line.contains("12345 ") || line.contains("rearrange")).collect();
        assert!(passes.len() == 1 && passes[0].contains("region of "), "{name}:\n{plan}");
    }
}

#[test]
fn a_training_that_begins_anew_begins_with_the_states_at_zero() {
    let data = Dataset::new(Tensor::from([[1.0, 2.0], [0.5, -1.0], [0.0, 3.0]]), Tensor::from([0u8, 1, 0])).unwrap();
    let network = "2, affine 4, tanh, affine 2".parse().unwrap();
    for name in optimizer_names() {
        let (learning_rate, optimizer) = (Some(0.1), optimizer(name).unwrap());
        let fit = FitOptions { epochs: 40, batch_size: 2, learning_rate, optimizer, ..FitOptions::default() };
        let mut model = Model::new(&network, 1).unwrap();
        let begins = model.parameters().unwrap();
        let first = model.fit(&data, &fit).unwrap();
        model.set_parameters(&begins).unwrap();
        model.begin_anew();
        assert_eq!(model.fit(&data, &fit).unwrap(), first, "{name}");
        let losses: Vec<f64> = first.epochs.iter().map(|epoch| epoch.train_loss).collect();
        assert!(losses[40] < 0.3 * losses[0], "{name}: {losses:?}");
    }
}

#[test]
fn settings_out_of_range_are_answered_with_a_remedy() {
    let data = Dataset::new(Tensor::from([[1.0, 2.0]]), Tensor::from([0u8])).unwrap();
    let network = "2, affine 2".parse().unwrap();
    let answer = |optimizer: &dyn Optimizer| {
        step::training_step(&network, &data, &Loss::default(), optimizer).unwrap_err().to_string()
    };
    for momentum in [1.0, -0.1, f64::NAN] {
        let message = answer(&Momentum { momentum, nesterov: false });
        assert_eq!(message, format!("the momentum is {momentum:?}; use a number from 0 to below 1"));
    }
    assert!(answer(&Adam { beta1: 1.0, ..Adam::default() }).starts_with("Adam's beta1 is 1.0; "));
    assert!(answer(&Adam { beta2: f64::INFINITY, ..Adam::default() }).starts_with("Adam's beta2 is inf; "));
    assert!(answer(&Adam { epsilon: 1e-60, ..Adam::default() }).contains("such as 1e-8"));
    // The ends of the ranges are in them.
    let plain = walked(&Momentum { momentum: 0.0, nesterov: false }, Precision::F64);
    assert_eq!(plain, walked(&Sgd, Precision::F64));
    let signs = walked(&Adam { beta1: 0.0, beta2: 0.0, epsilon: 1e-30 }, Precision::F64);
    assert!(signs.iter().all(|w| w.is_finite()), "{signs:?}");
}
