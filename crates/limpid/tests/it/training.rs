//! One way to train: what is chosen, what is run, and what it takes to describe it.

#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use limpid::graph::{Sizes, Var};
use limpid::learn::step::GraphKind;
use limpid::learn::{Context, Task, optimizer};
use limpid::prelude::*;
use limpid::training::{
    DataKind, Defaults, MOST_NUMBERS, TrainingData, TrainingError, TrainingOptions, TrainingSetup, check_memory,
};

/// Two classes that a line tells apart.
fn points(count: usize) -> Dataset {
    let numbers: Vec<f64> = (0..2 * count).map(|i| ((i * 37) % 101) as f64 / 101.0).collect();
    let labels: Vec<u8> = numbers.chunks(2).map(|point| u8::from(point[0] > point[1])).collect();
    Dataset::new(Tensor::new([count, 2], numbers).unwrap(), Tensor::from(labels)).unwrap()
}

fn data() -> TrainingData {
    TrainingData::of_samples("points", points(40), Some(points(12)), Task::Classification, 2)
}

fn refused(setup: Result<TrainingSetup, limpid::Error>) -> TrainingError {
    match setup {
        Err(limpid::Error::Training(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// All that is known of a graph but the lines of Rust that asked for it.
fn json(graph: &Graph) -> Vec<String> {
    graph.show().json().lines().filter(|line| !line.contains("\"location\"")).map(str::to_string).collect()
}

#[test]
fn the_graph_that_is_shown_is_the_graph_that_runs_for_every_optimizer_and_loss() {
    for name in limpid::learn::optimizer_names() {
        for loss in [Loss::SoftmaxCrossEntropy, Loss::MeanSquaredError, Loss::BinaryCrossEntropy] {
            let optimizer = optimizer(name).unwrap();
            let options = TrainingOptions { loss: Some(loss), optimizer, epochs: Some(1), ..Default::default() };
            let setup = options.setup(data()).unwrap();
            let shown = setup.graph(GraphKind::Step).unwrap().simplified().unwrap();
            let shown = limpid::engine::with_permutations_sunk(shown).unwrap();
            let trained = setup.train().unwrap();
            let run = trained.saved.model.training_graph().expect("it was trained");
            assert_eq!(run.show().to_string(), shown.show().to_string(), "{name}");
            assert!(json(run) == json(&shown), "{name}");
        }
    }
}

/// A layer that notes how often it is described.
#[derive(Debug)]
struct Counted(Affine, Arc<AtomicUsize>);

impl Layer for Counted {
    fn text(&self) -> String {
        self.0.text()
    }

    fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.forward(x, context)
    }
}

#[test]
fn a_network_is_described_once_and_then_once_in_each_graph_that_is_run() {
    let count = Arc::new(AtomicUsize::new(0));
    let network = Network::new(2, (Counted(Affine::to(2), Arc::clone(&count)),));
    let described = || count.swap(0, Ordering::Relaxed);
    let options = TrainingOptions { network: Some(network.clone()), epochs: Some(2), ..Default::default() };
    let setup = options.setup(data()).unwrap();
    assert_eq!(described(), 2, "the network alone, and the step whose memory is checked");
    let run = setup.begin().unwrap();
    assert_eq!(described(), 0, "a model is made of the network as it was described");
    let mut before_the_first_step = None;
    let trained = run.train(|_| {
        before_the_first_step.get_or_insert_with(described);
        Ok(ControlFlow::Continue(()))
    });
    let mut trained = trained.unwrap();
    assert_eq!(before_the_first_step, Some(1), "the evaluation; the step is the one whose memory was checked");
    trained.saved.model.evaluate(&points(9)).unwrap();
    trained.saved.model.predict(&Tensor::from([0.5, 0.25])).unwrap();
    network.check_parameters(&trained.saved.model.parameters().unwrap()).unwrap();
    assert_eq!(described(), 0, "nothing is described twice");
}

#[test]
fn what_is_chosen_depends_on_the_kind_of_data_and_on_the_task() {
    let setup = TrainingOptions::default().setup(data()).unwrap();
    let chosen = setup.hyperparameters();
    assert_eq!(chosen.network.to_string(), "2, affine 50, relu, affine 2");
    assert_eq!((chosen.batch_size, chosen.epochs, chosen.learning_rate), (40, 25, 0.1));
    assert_eq!(Defaults::of(DataKind::Table).epochs, 100);
    let numbers = Dataset::new(Tensor::from([[0.1], [0.2]]), Tensor::from([[1.0], [2.0]])).unwrap();
    let data = || TrainingData::of_samples("numbers", numbers.clone(), None, Task::Regression, 1);
    let setup = TrainingOptions::default().setup(data()).unwrap();
    let chosen = setup.hyperparameters();
    assert_eq!((&chosen.loss, chosen.learning_rate), (&Loss::MeanSquaredError, 0.01));
    let loss = Some(Loss::SoftmaxCrossEntropy);
    let refusal = refused(TrainingOptions { loss, ..Default::default() }.setup(data()));
    assert_eq!(
        refusal.to_string(),
        "softmax-cross-entropy is for classes, but the target is a number; use mean-squared-error for it"
    );
}

#[test]
fn options_that_do_not_go_with_the_data_are_refused_before_anything_is_computed() {
    let table = [
        (
            "3, affine 2",
            "the network takes 3 numbers, but a sample of points has 2; use a network that begins with `2`",
        ),
        (
            "2, affine 5",
            "the network ends in (batch, 5), but points has 2 classes; use a network that ends in `affine 2`",
        ),
    ];
    for (text, said) in table {
        let network = Some(text.parse().unwrap());
        let refusal = refused(TrainingOptions { network, ..Default::default() }.setup(data()));
        assert_eq!(refusal.to_string(), said);
    }
    let refusal = refused(TrainingOptions { batch_size: Some(41), ..Default::default() }.setup(data()));
    assert_eq!(refusal.to_string(), "a batch of 41 is more than the 40 training samples of points; use 1 to 40");
    let refusal = refused(TrainingOptions { activation: "rleu".to_string(), ..Default::default() }.setup(data()));
    assert_eq!(refusal, TrainingError::Network("unknown layer `rleu`, did you mean `relu`?".to_string()));
    let hidden = vec![1 << 17, 1 << 17];
    let refusal = refused(TrainingOptions { hidden, ..Default::default() }.setup(data()));
    assert_eq!(refusal, TrainingError::Memory);
}

#[test]
fn memory_is_what_the_plan_shares_and_not_what_all_values_would_take_side_by_side() {
    let shape = limpid::learn::step::SampleShape { sample: vec![64], target: Vec::new(), divisor: None };
    let network: Network = "64, affine 64, relu, affine 64, relu, affine 64, relu, affine 2".parse().unwrap();
    let step = limpid::learn::step::training_step(&network, &shape, &Loss::default(), &Sgd).unwrap().graph;
    let sizes = |batch: usize| Sizes::from([("batch", batch), ("samples", batch)]);
    let all = |batch: usize| {
        let numbers = |extents: Vec<usize>| extents.iter().product::<usize>() as u64;
        step.nodes().map(|(_, node)| numbers(node.shape.resolve(&sizes(batch)).unwrap())).sum::<u64>()
    };
    let batch = 3_000_000;
    assert!(all(batch) > MOST_NUMBERS, "{}", all(batch));
    assert_eq!(check_memory(&step, &sizes(batch)), Ok(()));
    for batch in [30_000_000, 1 << 45, usize::MAX] {
        assert_eq!(check_memory(&step, &sizes(batch)), Err(TrainingError::Memory), "{batch}");
    }
}

#[test]
fn a_training_of_no_epochs_is_evaluated_and_no_more() {
    let setup = TrainingOptions { epochs: Some(0), ..Default::default() }.setup(data()).unwrap();
    let untrained = Model::new(&setup.hyperparameters().network, 1).unwrap();
    let trained = setup.train().unwrap();
    assert_eq!((trained.history.epochs.len(), trained.history.losses.len()), (1, 0));
    assert_eq!(trained.saved.model.parameters().unwrap(), untrained.parameters().unwrap());
}

#[test]
fn mnist_is_known_before_it_is_read() {
    let setup = TrainingOptions::default().setup(TrainingData::mnist(None)).unwrap();
    assert_eq!((setup.parameters(), setup.steps_per_epoch()), (39_760, 600));
    let shape = setup.graph(GraphKind::Loss).unwrap();
    assert!(shape.show().to_string().contains("255"), "pixels are divided: {}", shape.show());
}

/// An optimizer that goes its own steps.
#[derive(Debug)]
struct OwnRate;

impl limpid::learn::Optimizer for OwnRate {
    fn name(&self) -> &'static str {
        "own-rate"
    }

    fn update<'b>(&self, context: &Context<'b>, parameter: Var<'b>, gradient: Var<'b>) {
        context.update(parameter, parameter - gradient * 0.01);
    }
}

#[test]
fn a_step_and_an_evaluation_are_fed_what_they_read_and_nothing_else() {
    // Targets, or the learning rate, or neither.
    type Made = fn() -> Loss;
    let losses: [(&str, Made); 2] = [
        ("with targets", Loss::default),
        ("without", || Loss::custom("smallest", |output, _| output.square().mean_all())),
    ];
    for (reads, loss) in losses {
        for optimizer in [Arc::new(OwnRate) as Arc<dyn limpid::learn::Optimizer>, Arc::new(Sgd)] {
            let name = optimizer.name();
            let mut model = Model::new(&"2, affine 2 init=he".parse().unwrap(), 1).unwrap().with_loss(loss());
            let fit = FitOptions { epochs: 3, batch_size: 10, optimizer, ..FitOptions::default() };
            let history = model.fit(&points(40), &fit).unwrap_or_else(|error| panic!("{name} {reads}: {error}"));
            let [first, .., last] = &history.epochs[..] else { panic!("{history:?}") };
            assert!(last.train_loss < first.train_loss, "{name} {reads}: {history:?}");
        }
    }
}

#[test]
fn a_training_in_parts_through_checkpoints_gives_the_bits_of_one_in_one_go() {
    let pixels: Vec<u8> = (0..30 * 64).map(|i| ((i * 89 + i / 64 * 7) % 256) as u8).collect();
    let labels: Vec<u8> = (0..30).map(|i| (i % 3) as u8).collect();
    let images = Dataset::new(Tensor::new([30, 1, 8, 8], pixels).unwrap(), Tensor::from(labels)).unwrap();
    let data = TrainingData::of_samples("images", images, None, Task::Classification, 3).validating(0.3, 2).unwrap();
    for (optimizer, schedule, average_weights) in
        [("adam", "cosine warm-up=0.2", Some(0.9)), ("momentum", "one-cycle", None), ("sgd", "constant", Some(0.5))]
    {
        let network = "1x8x8, conv 4 3x3 pad=1, batch-norm, relu, max-pool 2, dropout 0.3, noise 0.1, affine 3";
        let setup = || {
            let options = TrainingOptions {
                network: Some(network.parse().unwrap()),
                optimizer: limpid::learn::optimizer(optimizer).unwrap(),
                schedule: schedule.parse().unwrap(),
                average_weights,
                augmentation: Some("shift 1, rotate 10, noise 0.1".parse().unwrap()),
                weight_decay: 0.01,
                label_smoothing: 0.1,
                batch_size: Some(8),
                epochs: Some(7),
                ..Default::default()
            };
            options.setup(data.clone()).unwrap().begin().unwrap()
        };
        let whole = setup().train(|_| Ok(ControlFlow::Continue(()))).unwrap();
        let (mut losses, mut checkpoint, mut last) = (Vec::new(), None, None);
        for epochs in [1, 1, 2, 3] {
            let mut run = setup();
            checkpoint.iter().for_each(|checkpoint| run.restore(checkpoint).unwrap());
            let history = run.train_epochs(epochs).unwrap();
            losses.extend(history.losses);
            (checkpoint, last) = (Some(run.checkpoint()), history.epochs.last().copied());
        }
        assert_eq!(losses, whole.history.losses, "{optimizer} {schedule}");
        let (last, wanted) = (last.unwrap(), whole.history.epochs.last().unwrap());
        assert_eq!((last.train_loss, last.test_loss), (wanted.train_loss, wanted.test_loss));
        assert_eq!(last.learning_rate, wanted.learning_rate);
        let mut other = Model::new(&network.parse().unwrap(), 5).unwrap();
        other.restore(&checkpoint.unwrap()).unwrap();
        assert_eq!(other.variables().unwrap(), whole.saved.model.variables().unwrap());
    }
}

#[test]
fn a_checkpoint_of_another_network_is_refused_and_changes_nothing() {
    let model = |network: &str| Model::new(&network.parse().unwrap(), 3).unwrap();
    let mut trained = model("2, affine 5, relu, affine 2");
    trained.fit(&points(20), &FitOptions { epochs: 1, ..FitOptions::default() }).unwrap();
    for other in ["2, affine 4, relu, affine 2", "2, affine 2", "2, affine 5, batch-norm, relu, affine 2"] {
        let mut other = model(other);
        let before = other.variables().unwrap();
        assert!(other.restore(&trained.checkpoint()).is_err());
        assert_eq!(other.variables().unwrap(), before);
    }
}
