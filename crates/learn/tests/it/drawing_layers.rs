//! Layers that draw: dropout and noise.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::sync::Arc;

use limpid_engine::{Precision, Session};
use limpid_graph::op::Class;
use limpid_graph::{Builder, Stream, Tensor, Var};
use limpid_learn::{
    Adam, Affine, Context, Dataset, Dropout, FitOptions, GradientCheck, Layer, Loss, Mode, Model, Network, Noise,
    Optimizer, Sgd, SingleLayer, VariableKind, layer_choices, step,
};

/// The names of the counter of steps, and of what counts on behind it.
const COUNTERS: [&str; 2] = ["steps taken", "steps taken, in 2^24s"];

fn network(text: &str) -> Network {
    text.parse().unwrap()
}

fn data(samples: usize) -> Dataset {
    let stream = Stream::new(11, "samples");
    let numbers: Vec<f64> = (0..5 * samples as u64).map(|i| stream.normal(0, i)).collect();
    let labels: Vec<u8> = (0..samples as u64).map(|i| stream.below(1, i, 3) as u8).collect();
    Dataset::new(Tensor::new([samples, 5], numbers).unwrap(), Tensor::new([samples], labels).unwrap()).unwrap()
}

fn fit(epochs: usize, seed: u64) -> FitOptions {
    FitOptions { epochs, batch_size: 4, optimizer: Arc::new(Adam::default()), seed, ..FitOptions::default() }
}

/// How many draws a graph has.
fn draws(graph: &limpid_graph::Graph) -> usize {
    graph.nodes().filter(|(_, node)| node.op.class() == Class::Random).count()
}

#[test]
fn dropout_sets_what_the_stream_says_to_zero_and_enlarges_the_rest_forward_and_backward() {
    for rate in [0.1, 0.5, 0.7, 0.9] {
        let mut layer = SingleLayer::layer(Dropout::new(rate), 1);
        let x = Tensor::from((0..3000).map(|i| f64::from(i) - 1500.5).collect::<Vec<_>>()).reshaped([30, 100]).unwrap();
        let y = layer.forward(&x).unwrap();
        let stream = Stream::new(1, "kept");
        let factor = |i: usize| {
            let is_kept = f64::from(stream.uniform_f32(0, i as u64)) >= rate;
            if is_kept { 1.0 / (1.0 - rate) } else { 0.0 }
        };
        let wanted = |of: &Tensor| of.to_f64().iter().enumerate().map(|(i, x)| x * factor(i)).collect::<Vec<_>>();
        assert_eq!(y.to_f64(), wanted(&x), "{rate}");
        let kept = (0..3000).filter(|&i| factor(i) > 0.0).count() as f64;
        // Five standard deviations of a binomial distribution.
        assert!((kept - 3000.0 * (1.0 - rate)).abs() < 5.0 * (3000.0 * rate * (1.0 - rate)).sqrt(), "{rate}: {kept}");
        assert_eq!(layer.forward(&x).unwrap(), y, "the same step drops the same numbers");
        let up = Tensor::from(vec![2.0; 3000]).reshaped([30, 100]).unwrap();
        assert_eq!(layer.backward(&up).unwrap().inputs[0].to_f64(), wanted(&up));
        layer.set("steps taken", Tensor::scalar(1.0)).unwrap();
        assert_ne!(layer.forward(&x).unwrap(), y, "another step drops others");
    }
}

#[test]
fn noise_has_the_deviation_that_is_asked_for() {
    let mut layer = SingleLayer::layer(Noise::new(0.25), 1);
    let x = Tensor::from(vec![3.0; 100_000]);
    let noise: Vec<f64> = layer.forward(&x).unwrap().to_f64().iter().map(|y| y - 3.0).collect();
    let mean = noise.iter().sum::<f64>() / 1e5;
    let variance = noise.iter().map(|x| x * x).sum::<f64>() / 1e5;
    let fourth = noise.iter().map(|x| x.powi(4)).sum::<f64>() / 1e5;
    // Five standard deviations of each statistic of a normal distribution.
    assert!(mean.abs() < 5.0 * 0.25 / 1e5f64.sqrt(), "{mean}");
    assert!((variance / 0.0625 - 1.0).abs() < 5.0 * (2.0 / 1e5f64).sqrt(), "{variance}");
    assert!((fourth / (3.0 * 0.0625 * 0.0625) - 1.0).abs() < 5.0 * (96.0 / 9.0 / 1e5f64).sqrt(), "{fourth}");
    let up = Tensor::from(vec![0.5; 100_000]);
    assert_eq!(layer.backward(&up).unwrap().inputs, [up]);
}

#[test]
fn inference_leaves_out_what_training_draws() {
    let drawing = network("5, noise 0.5, affine 4, relu, dropout 0.5, affine 3, dropout 0.9");
    let graph = drawing.graph(Mode::Inference).unwrap();
    assert_eq!((draws(&graph), draws(&drawing.graph(Mode::Train).unwrap())), (0, 4));
    assert!(graph.find("steps taken").is_err());
    // Dropping nothing, and no noise, draw nothing either.
    assert_eq!(draws(&network("5, noise 0, affine 4, dropout 0").graph(Mode::Train).unwrap()), 0);
    let names = |network: &Network| network.variables().unwrap().into_iter().map(|v| v.name).collect::<Vec<_>>();
    assert_eq!(names(&drawing), ["1/w", "1/b", "4/w", "4/b"]);
    // What a model answers while it is trained does not move a draw.
    let run = |watches: bool| {
        let mut model = Model::new(&drawing, 1).unwrap();
        let mut losses = Vec::new();
        for _ in 0..3 {
            losses.extend(model.fit(&data(12), &fit(1, 1)).unwrap().losses);
            if watches {
                model.evaluate(&data(12)).unwrap();
                model.predict(data(12).inputs()).unwrap();
                model.check_gradients(&data(12), &GradientCheck::default()).unwrap();
            }
        }
        (losses, model.parameters().unwrap())
    };
    assert_eq!(run(true), run(false));
    let answers = |mut model: Model| model.predict(data(12).inputs()).unwrap();
    let model = Model::new(&drawing, 1).unwrap();
    assert_eq!(answers(model.clone()), model.predictor().unwrap().predict(data(12).inputs()).unwrap());
}

#[test]
fn gradients_of_first_and_second_order_are_right_with_the_same_numbers_dropped_throughout() {
    let text = "5, noise 0.2, affine 4, dropout 0.4, tanh, dropout 0.2, affine 3";
    let model = Model::in_precision(&network(text), 3, Precision::F64).unwrap();
    let report = model.check_gradients(&data(6), &GradientCheck::default()).unwrap();
    assert!(report.passed(), "{report}");
    // A curvature is the gradient of a slope: the check takes the slope along a direction as its loss.
    let b = Builder::new();
    let (x, w, v) = (b.input("x", (6, 5)), b.parameter("w", (5, 4)), b.parameter("v", (4, 3)));
    let context = Context::new(&b, Mode::Train);
    let hidden = Dropout::new(0.4).forward(x.matmul(w).tanh(), &context);
    let scores = Noise::new(0.3).forward(hidden.matmul(v), &context);
    let loss = scores.log_softmax(-1).square().mean_all();
    let slopes = b.grad(loss, &[w, v]);
    let along = slopes.into_iter().map(|slope| (slope.square() * 0.5).sum_all()).reduce(|a, b| a + b).unwrap();
    let graph = b.finish([along]).unwrap();
    assert!(draws(&graph) >= 3);
    let stream = Stream::new(5, "values");
    let value = |step: u64, shape: [usize; 2]| {
        let count = (shape[0] * shape[1]) as u64;
        Tensor::new(shape, (0..count).map(|i| stream.normal(step, i)).collect::<Vec<_>>()).unwrap()
    };
    let (x, w, v, taken) = (value(0, [6, 5]), value(1, [5, 4]), value(2, [4, 3]), Tensor::scalar(7.0));
    let zero = Tensor::scalar(0.0);
    let feeds = [("x", &x), ("w", &w), ("v", &v), (COUNTERS[0], &taken), (COUNTERS[1], &zero)];
    let report = GradientCheck::default().run(&graph, &["w", "v", "x"], &feeds).unwrap();
    assert!(report.passed(), "{report}");
}

#[test]
fn every_layer_that_draws_is_checked_with_its_draws_in_the_graph() {
    // A layer takes rows of numbers, or images.
    let graph = |row: &str| {
        let inputs = ["5, affine 4, ", "1x5x4, "].into_iter();
        inputs.map(|input| network(&format!("{input}{row}"))).find_map(|network| network.graph(Mode::Train).ok())
    };
    let drawing: Vec<&str> = layer_choices()
        .filter(|row| draws(&graph(row.example).expect("one of the two fits")) > 0)
        .map(|row| row.name)
        .collect();
    assert_eq!(drawing, ["dropout", "noise"]);
}

#[test]
fn a_training_in_parts_drops_what_the_whole_one_does_and_another_seed_others() {
    let drawing = network("5, affine 8, relu, dropout 0.5, affine 3");
    let run = |parts: &[usize], seed: u64| {
        let mut model = Model::new(&drawing, 1).unwrap();
        let losses = parts.iter().flat_map(|&epochs| model.fit(&data(12), &fit(epochs, seed)).unwrap().losses);
        (losses.collect::<Vec<_>>(), model.parameters().unwrap())
    };
    assert_eq!(run(&[5], 1), run(&[2, 3], 1));
    assert_ne!(run(&[5], 1), run(&[5], 2));
    // A new seed in the middle is heard.
    let mut model = Model::new(&drawing, 1).unwrap();
    model.fit(&data(12), &fit(1, 1)).unwrap();
    let stream = |model: &Model| {
        let listing = model.training_graph().unwrap().show();
        listing.nodes.iter().find(|node| node.class == "Random").unwrap().attributes.clone()
    };
    let first = stream(&model);
    model.fit(&data(12), &fit(1, 2)).unwrap();
    assert_ne!(stream(&model), first);
}

#[test]
fn each_layer_has_draws_of_its_own_by_its_path_and_the_seed() {
    let text = "5, dropout 0.5, dropout 0.5, noise, affine 3";
    let of_seed = |seed: u64| {
        let step = step::training_step_of_seed(&network(text), &data(4), &Loss::default(), &Sgd, seed).unwrap();
        let listing = step.graph.show();
        let found = listing.nodes.iter().filter(|node| node.class == "Random");
        found.map(|node| node.attributes.clone()).collect::<Vec<_>>()
    };
    let paths = ["0/kept", "1/kept", "2/radius", "2/angle"];
    for seed in [1, 2] {
        assert_eq!(of_seed(seed), paths.map(|path| format!("stream {}", Stream::new(seed, path))));
    }
    let usual = step::training_step(&network(text), &data(4), &Loss::default(), &Sgd).unwrap();
    let by_default = FitOptions::default().seed;
    let same = step::training_step_of_seed(&network(text), &data(4), &Loss::default(), &Sgd, by_default).unwrap();
    assert_eq!(usual.graph.show().to_string(), same.graph.show().to_string());
}

/// Asks for the number of the step within its own scope.
#[derive(Debug)]
struct Aged;

impl Layer for Aged {
    fn text(&self) -> String {
        "aged".to_string()
    }

    fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
        if context.is_training() { x / context.step_number() } else { x }
    }
}

#[test]
fn there_is_one_counter_of_steps_whoever_asks_for_it_first() {
    let counters = |network: &Network, optimizer: &dyn Optimizer| {
        let step = step::training_step(network, &data(4), &Loss::default(), optimizer).unwrap();
        let own = step.variables.iter().filter(|variable| variable.kind == VariableKind::Optimizer);
        let named: Vec<String> = own.map(|variable| variable.name.clone()).collect();
        named.into_iter().filter(|name| name.contains("steps")).collect::<Vec<_>>()
    };
    let adam = Adam::default();
    assert_eq!(counters(&network("5, affine 3"), &adam), [COUNTERS[0]]);
    assert_eq!(counters(&network("5, dropout, affine 3"), &Sgd), COUNTERS);
    assert_eq!(counters(&network("5, affine 4, noise, dropout, affine 3"), &adam), COUNTERS);
    assert_eq!(counters(&Network::new(5, (Affine::to(4), Aged, Affine::to(3))), &adam), [COUNTERS[0]]);
    assert_eq!(counters(&Network::new(5, (Aged, Dropout::default(), Aged, Affine::to(3))), &adam), [COUNTERS[0]]);
    assert_eq!(counters(&Network::new(5, (Dropout::default(), Aged, Affine::to(3))), &adam), COUNTERS);
    // The layer and the optimizer count the same.
    let mut model = Model::new(&Network::new(5, (Affine::to(4), Aged, Affine::to(3))), 1).unwrap();
    model.fit(&data(12), &fit(2, 1)).unwrap();
    let graph = model.training_graph().unwrap();
    assert_eq!(graph.fed().filter(|(_, node)| node.name.as_deref() == Some(COUNTERS[0])).count(), 1);
}

#[test]
fn steps_beyond_what_a_float_counts_are_counted_and_draw_other_numbers() {
    let text = "5, affine 4, dropout 0.5, affine 3";
    let step = step::training_step(&network(text), &data(4), &Loss::default(), &Adam::default()).unwrap();
    for mut session in [Session::new(Precision::F32), Session::reference(Precision::F64)] {
        step.initial_states().for_each(|(name, value)| session.set(name, value));
        for (name, value) in Model::new(&network(text), 1).unwrap().parameters().unwrap() {
            session.set(&name, value);
        }
        let program = session.load(step.graph.clone());
        let (data, rate) = (data(4), Tensor::scalar(1e-30));
        let rows = Tensor::from([0.0, 1.0, 2.0, 3.0]);
        let feeds = [("inputs", data.inputs()), ("targets", data.targets()), ("rows", &rows), ("learning rate", &rate)];
        session.set(COUNTERS[0], Tensor::scalar(16_777_214.0));
        let mut losses = Vec::new();
        let mut counted = Vec::new();
        for _ in 0..4 {
            losses.push(session.step(program, &feeds).unwrap().item(0).unwrap());
            counted.push(COUNTERS.map(|name| session.get(name).unwrap().item().unwrap()));
        }
        assert_eq!(counted, [[16_777_215.0, 0.0], [0.0, 1.0], [1.0, 1.0], [2.0, 1.0]]);
        losses.sort_by(f64::total_cmp);
        losses.dedup();
        assert_eq!(losses.len(), 4, "each step drops others: {losses:?}");
    }
}

#[test]
fn both_precisions_drop_the_same_numbers_at_every_rate() {
    // Below 0.5 a 32-bit float is finer than draws; above, it may round across one.
    for rate in [0.1, 0.3, 0.55, 0.7, 0.9, 0.999] {
        let b = Builder::new();
        let x = b.input("x", 20_000);
        let y = Dropout::new(rate).forward(x, &Context::new(&b, Mode::Train));
        let graph = b.finish([y]).unwrap();
        let (ones, zero) = (Tensor::from(vec![1.0; 20_000]), Tensor::scalar(0.0));
        let feeds = [("x", &ones), (COUNTERS[0], &zero), (COUNTERS[1], &zero)];
        let kept = |mut session: Session| {
            let program = session.load(graph.clone());
            let y = session.run(program, &feeds).unwrap()[0].to_f64();
            y.iter().map(|&y| y > 0.0).collect::<Vec<_>>()
        };
        assert_eq!(kept(Session::new(Precision::F32)), kept(Session::reference(Precision::F64)), "{rate}");
    }
    // A rate between two draws that a 32-bit float rounds down to the lower one.
    let stream = Stream::new(1, "kept");
    let near = (0..20_000).map(|i| f64::from(stream.uniform_f32(0, i))).find(|u| *u > 0.6 && *u < 0.9).unwrap();
    let rate = near + 1e-9;
    assert_eq!(f64::from(rate as f32), near);
    let at = (0..20_000).position(|i| f64::from(stream.uniform_f32(0, i)) == near).unwrap();
    for precision in [Precision::F32, Precision::F64] {
        let b = Builder::new();
        let y = Dropout::new(rate).forward(b.input("x", 20_000), &Context::new(&b, Mode::Train));
        let mut session = Session::new(precision);
        let program = session.load(b.finish([y]).unwrap());
        let (ones, zero) = (Tensor::from(vec![1.0; 20_000]), Tensor::scalar(0.0));
        let feeds = [("x", &ones), (COUNTERS[0], &zero), (COUNTERS[1], &zero)];
        assert_eq!(session.run(program, &feeds).unwrap()[0].to_f64()[at], 0.0, "{precision}");
    }
}

#[test]
fn descent_by_numerical_gradients_drops_anew_in_each_step_and_counts_on() {
    let drawing = network("5, affine 3, dropout 0.5");
    let mut model = Model::in_precision(&drawing, 1, Precision::F64).unwrap();
    let first = model.descend_numerically(&data(6), 1e-12, 1e-4).unwrap();
    let second = model.descend_numerically(&data(6), 1e-12, 1e-4).unwrap();
    assert!((first - second).abs() > 1e-6, "{first} and {second}");
}

#[test]
fn what_cannot_be_drawn_is_told_with_the_layer_and_what_fits() {
    let told = |layer: Box<dyn Layer>| {
        let network = Network::new(5, vec![layer, Box::new(Affine::to(3))]);
        network.graph(Mode::Train).unwrap_err().to_string()
    };
    for (layer, what) in [
        (Box::new(Dropout::new(1.0)) as Box<dyn Layer>, "the rate is 1.0"),
        (Box::new(Dropout::new(-0.1)), "the rate is -0.1"),
        (Box::new(Dropout::new(f64::NAN)), "the rate is NaN"),
        (Box::new(Noise::new(-1.0)), "the standard deviation is -1.0"),
        (Box::new(Noise::new(f64::INFINITY)), "the standard deviation is inf"),
    ] {
        let message = told(layer);
        assert!(message.contains(what) && message.contains("expected: a number "), "{message}");
    }
    for (text, wanted) in [
        ("5, dropout 1, affine 3", "the rate is 1.0; use a number from 0 to below 1 (line 1, column 12)"),
        ("5, dropout rate=-0.5", "the rate is -0.5; use a number from 0 to below 1"),
        ("5, dropout half", "`rate` takes a number"),
        ("5, noise -1", "the standard deviation is -1.0; use 0 or more"),
        ("5, dropuot 0.5", "unknown layer `dropuot`, did you mean `dropout`?"),
    ] {
        let message = text.parse::<Network>().unwrap_err().to_string();
        assert!(message.contains(wanted), "{text}: {message}");
    }
    let b = Builder::new();
    let context = Context::new(&b, Mode::Inference);
    let _ = context.uniform("mask", 3);
    let training = Context::new(&b, Mode::Train);
    let _ = [training.uniform("mask", 3), training.uniform("mask", 4)];
    let message = b.finish([]).unwrap_err().to_string();
    assert!(message.contains("`mask` is drawn in a graph for inference, which has no steps"), "{message}");
    assert!(message.contains("`mask` is drawn twice, and would be the same numbers"), "{message}");
    assert!(message.starts_with("2 mistakes"), "{message}");
}
