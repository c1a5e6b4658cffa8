//! What a model keeps: parameters, a layer's running statistic, an optimizer's states and its counter of steps.

use std::sync::Arc;

use limpid_graph::{Tensor, Var};
use limpid_learn::{
    Adam, Affine, Context, Dataset, FitOptions, GradientCheck, Layer, Loss, Mode, Model, Momentum, Network, Optimizer,
    Sgd, SingleLayer, VariableKind, step,
};

/// Subtracts the mean of each column: the batch's in training, the running mean in evaluation.
#[derive(Debug)]
struct Centred;

impl Layer for Centred {
    fn text(&self) -> String {
        "centred".to_string()
    }

    fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
        let running = context.state("mean", 2, 1.0);
        match context.mode() {
            Mode::Inference => x - running,
            Mode::Train => {
                let mean = x.mean(0);
                context.update(running, 0.5 * running + 0.5 * mean.stop_gradient());
                x - mean
            }
        }
    }
}

fn network() -> Network {
    Network::new(2, (Centred, Affine::to(3), limpid_learn::Tanh, Affine::to(2)))
}

/// Four samples whose columns have the means 2 and 5: one batch holds all of them.
fn data() -> Dataset {
    let x = Tensor::from([[1.0, 3.0], [3.0, 5.0], [0.0, 8.0], [4.0, 4.0]]);
    Dataset::new(x, Tensor::from([0u8, 1, 1, 0])).unwrap()
}

fn fit(epochs: usize, optimizer: Arc<dyn Optimizer>) -> FitOptions {
    FitOptions { epochs, optimizer, ..FitOptions::default() }
}

fn mean(model: &Model) -> Vec<f64> {
    let variables = model.variables().unwrap();
    variables.iter().find(|(name, _)| name == "0/mean").unwrap().1.to_f64()
}

#[test]
fn a_training_step_updates_a_running_statistic_and_nothing_else_changes_it() {
    let mut model = Model::new(&network(), 1).unwrap();
    assert_eq!(mean(&model), [1.0, 1.0]);
    model.fit(&data(), &fit(1, Arc::new(Sgd))).unwrap();
    assert_eq!(mean(&model), [1.5, 3.0]);
    model.evaluate(&data()).unwrap();
    model.check_gradients(&data(), &GradientCheck { tolerance: 1e-6, ..GradientCheck::default() }).unwrap();
    model.numerical_gradients(&data(), 1e-4).unwrap();
    assert_eq!(mean(&model), [1.5, 3.0]);
    // A next training goes on from it, with another optimizer and when it begins anew, too.
    model.fit(&data(), &fit(1, Arc::new(Adam::default()))).unwrap();
    assert_eq!(mean(&model), [1.75, 4.0]);
    model.begin_anew();
    model.fit(&data(), &fit(1, Arc::new(Adam::default()))).unwrap();
    assert_eq!(mean(&model), [1.875, 4.5]);
}

#[test]
fn evaluation_and_every_way_to_predict_read_the_running_statistic() {
    let mut model = Model::new(&network(), 1).unwrap();
    let x = Tensor::from([2.0, 5.0]);
    let before = model.predict(&x).unwrap();
    let mut variables = model.variables().unwrap();
    let at = variables.iter().position(|(name, _)| name == "0/mean").unwrap();
    variables[at].1 = Tensor::from([2.0, 5.0]);
    model.set_variables(&variables).unwrap();
    let after = model.predict(&x).unwrap();
    assert!(before != after);
    // x − mean is 0 there, and so are tanh(0) and the scores, as biases begin at 0.
    assert_eq!(after.to_f64(), [0.0, 0.0]);
    assert_eq!(model.predictor().unwrap().predict(&x).unwrap(), after);
    assert_eq!(model.clone().predict(&x).unwrap(), after);
    assert!((model.score(&x, &Tensor::scalar(0.0)).unwrap().loss - 2f64.ln()).abs() < 1e-6);
}

#[test]
fn gradients_through_a_layer_with_a_running_statistic_are_right() {
    let model = Model::new(&network(), 1).unwrap();
    let report = model.check_gradients(&data(), &GradientCheck::default()).unwrap();
    assert!(report.passed(), "{report}");
    let names: Vec<&str> = report.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    assert_eq!(names, ["1/w", "1/b", "3/w", "3/b"]);
    let mut alone = SingleLayer::layer(Centred, 1);
    assert_eq!(alone.forward(data().inputs()).unwrap().to_f64(), [-1.0, -2.0, 1.0, 0.0, -2.0, 3.0, 2.0, -1.0]);
    assert_eq!(alone.backward(&Tensor::zeros([4, 2])).unwrap().parameters, []);
}

#[test]
fn variables_are_checked_by_name_shape_and_number() {
    let mut model = Model::new(&network(), 1).unwrap();
    let whole = model.variables().unwrap();
    assert_eq!(whole.len(), 5);
    let mut told = |variables: &[(String, Tensor)]| model.set_variables(variables).unwrap_err().to_string();
    let message = told(&whole[1..]);
    assert!(
        message.starts_with("the running statistic `0/mean` is missing; the network has `0/mean` [2], "),
        "{message}"
    );
    let wrong = [vec![("0/mean".to_string(), Tensor::zeros([3]))], whole[1..].to_vec()].concat();
    assert_eq!(told(&wrong), "`0/mean` has shape [3]; the network needs [2]");
    let twice = [whole.clone(), vec![whole[0].clone()]].concat();
    assert_eq!(told(&twice), "the running statistic `0/mean` is given twice; give it once");
    // Parameters alone are those that are learned.
    assert_eq!(model.parameters().unwrap(), whole[1..]);
    model.set_parameters(&whole[1..]).unwrap();
    assert!(model.set_parameters(&whole).unwrap_err().to_string().starts_with("the network has no parameter `0/mean`"));
}

#[test]
fn a_step_keeps_the_networks_variables_and_the_optimizers_with_one_counter_for_all() {
    let kept = |optimizer: &dyn Optimizer| {
        let step = step::training_step(&network(), &data(), &Loss::default(), optimizer).unwrap();
        let own = step.variables.iter().filter(|variable| variable.kind == VariableKind::Optimizer);
        let own: Vec<String> = own.map(|variable| variable.name.clone()).collect();
        assert_eq!(step.variables[..5], network().variables().unwrap());
        own
    };
    assert_eq!(kept(&Sgd), [""; 0]);
    assert_eq!(kept(&Momentum::default()), ["1/w velocity", "1/b velocity", "3/w velocity", "3/b velocity"]);
    let adam = kept(&Adam::default());
    assert_eq!(adam.iter().filter(|name| *name == "steps taken").count(), 1);
    assert_eq!(adam.len(), 1 + 2 * 4);
}

/// Adds the number of the step to each parameter, and shrinks those that may decay to nothing.
#[derive(Debug)]
struct Counting;

impl Optimizer for Counting {
    fn name(&self) -> &'static str {
        "counting"
    }

    fn update<'b>(&self, context: &Context<'b>, parameter: Var<'b>, _: Var<'b>) {
        let from = if context.decays(parameter) { parameter * 0.0 } else { parameter };
        context.update(parameter, from + context.step_number());
    }
}

#[test]
fn the_counter_goes_on_with_the_training_and_weights_decay_but_no_biases() {
    let mut model = Model::new(&network(), 1).unwrap();
    let first = |model: &Model, name: &str| {
        model.parameters().unwrap().iter().find(|(own, _)| own == name).unwrap().1.to_f64()[0]
    };
    model.fit(&data(), &fit(2, Arc::new(Counting))).unwrap();
    assert_eq!((first(&model, "1/w"), first(&model, "1/b")), (2.0, 1.0 + 2.0));
    model.fit(&data(), &fit(1, Arc::new(Counting))).unwrap();
    assert_eq!((first(&model, "1/w"), first(&model, "3/b")), (3.0, 1.0 + 2.0 + 3.0));
    model.begin_anew();
    model.fit(&data(), &fit(1, Arc::new(Counting))).unwrap();
    assert_eq!((first(&model, "3/w"), first(&model, "1/b")), (1.0, 1.0 + 2.0 + 3.0 + 1.0));
}

/// Declares a running statistic for training alone.
#[derive(Debug)]
struct Forgetful;

impl Layer for Forgetful {
    fn text(&self) -> String {
        "forgetful".to_string()
    }

    fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
        if context.is_training() { x - context.state("mean", 2, 0.0) } else { x }
    }
}

#[test]
fn a_variable_that_is_declared_for_training_alone_is_refused_by_name() {
    let mut model = Model::new(&Network::new(2, (Forgetful, Affine::to(2))), 1).unwrap();
    let told = model.fit(&data(), &fit(1, Arc::new(Sgd))).unwrap_err().to_string();
    assert!(told.starts_with("`0/mean` is declared for training alone, so that no model keeps it; "), "{told}");
}

#[test]
fn one_description_gives_a_graph_for_training_and_another_for_inference_whatever_came_before() {
    let both = |network: &Network, modes: [Mode; 2]| {
        modes.map(|mode| (mode == Mode::Train, network.graph(mode).unwrap().show().to_string()))
    };
    let [train, inference] = both(&network(), [Mode::Train, Mode::Inference]);
    assert_ne!(train.1, inference.1);
    // In the other order, and again after a training, the graphs are the same.
    let again = network();
    assert_eq!(both(&again, [Mode::Inference, Mode::Train]), [inference.clone(), train.clone()]);
    let mut model = Model::new(&again, 1).unwrap();
    model.fit(&data(), &fit(1, Arc::new(Sgd))).unwrap();
    assert_eq!(both(model.network(), [Mode::Train, Mode::Inference]), [train, inference]);
    // An evaluation while a training goes on reads the running mean, and the next step the batch's own again.
    let in_between = |watch: bool| {
        let mut model = Model::new(&network(), 1).unwrap();
        let mut losses = Vec::new();
        for _ in 0..3 {
            losses.extend(model.fit(&data(), &fit(1, Arc::new(Sgd))).unwrap().losses);
            if watch {
                model.evaluate(&data()).unwrap();
            }
        }
        losses
    };
    assert_eq!(in_between(true), in_between(false));
}
