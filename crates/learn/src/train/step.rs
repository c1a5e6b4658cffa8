//! The graphs that learning runs: the training step, and the evaluation of a batch.
//!
//! Both read their batch from a whole data set by row numbers, so that a run is told only which rows.

use limpid_engine::{Storage, Stored};
use limpid_graph::{Builder, Dim, Graph, Leaf, NodeId, Op, Shape, Sizes, Tensor, Var, memory};

use crate::data::dataset::Dataset;
use crate::describe::context::{Context, Mode, USUAL_SEED};
use crate::describe::loss::Loss;
use crate::describe::network::{Network, scores};
use crate::describe::optimizers::{Optimizer, Sgd};
use crate::describe::variable::{Variable, VariableKind};
use crate::error::Error;

/// The names by which these graphs are fed.
pub(crate) const INPUTS: &str = "inputs";
pub(crate) const TARGETS: &str = "targets";
pub(crate) const ROWS: &str = "rows";

/// What these graphs depend on of the data.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleShape {
    /// The shape of one sample, as stored.
    pub sample: Vec<usize>,
    /// The shape of one target: `[]` for a class label.
    pub target: Vec<usize>,
    /// What each number of a sample is divided by.
    pub divisor: Option<f64>,
}

impl SampleShape {
    /// The samples that a network takes by itself, with targets as the loss takes them.
    ///
    /// # Errors
    /// Every mistake in the network.
    pub fn of_network(network: &Network, loss: &Loss, divisor: Option<f64>) -> Result<Self, Error> {
        let graph = network.graph(Mode::Inference)?;
        let scores = graph.outputs().first().map(|&id| graph.node(id).shape.clone()).unwrap_or_default();
        // The batch is 1 here, and the axis of classes is left to the label.
        let scores = scores.resolve(&Sizes::from([("batch", 1)])).unwrap_or_default();
        let target = match scores.as_slice() {
            [_, inner @ .., _] if loss.takes_labels() => inner,
            [_, rest @ ..] => rest,
            [] => &[],
        };
        Ok(Self { sample: network.input().to_vec(), target: target.to_vec(), divisor })
    }
}

impl From<&Dataset> for SampleShape {
    fn from(data: &Dataset) -> Self {
        let one = |tensor: &Tensor| tensor.shape().get(1..).unwrap_or_default().to_vec();
        Self { sample: one(data.inputs()), target: one(data.targets()), divisor: data.divisor() }
    }
}

impl From<&SampleShape> for SampleShape {
    fn from(shape: &SampleShape) -> Self {
        shape.clone()
    }
}

/// The graphs between a network and its training: each has what the one before it has, and more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GraphKind {
    /// The network: from a sample to its scores.
    Network,
    /// The mean loss of a batch of a data set.
    Loss,
    /// The same, with the loss's derivative with respect to each parameter, called `d` and the parameter's name.
    Gradient,
    /// The same, with each parameter's next value: the training step, which answers the loss.
    Step,
}

impl GraphKind {
    /// The graph as it is described. A training runs the [`Step`](GraphKind::Step), simplified: [`training_step`]. Only the
    /// step asks for the optimizer, and the network alone for nothing else.
    ///
    /// ```
    /// use limpid_learn::step::{GraphKind, SampleShape, training_step};
    /// use limpid_learn::{Loss, Network, Sgd};
    ///
    /// let (network, loss): (Network, _) = ("2, affine 3, relu, affine 2".parse()?, Loss::SoftmaxCrossEntropy);
    /// let shape = SampleShape::of_network(&network, &loss, None)?;
    /// let shown = GraphKind::Step.graph(&network, &shape, &loss, &Sgd)?.simplified()?;
    /// let run = training_step(&network, &shape, &loss, &Sgd)?;
    /// assert_eq!(shown.show().to_string(), run.graph.show().to_string());
    /// # Ok::<(), limpid_learn::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`training_step`].
    #[track_caller]
    pub fn graph(
        self,
        network: &Network,
        data: impl Into<SampleShape>,
        loss: &Loss,
        optimizer: &dyn Optimizer,
    ) -> Result<Graph, Error> {
        self.graph_of_seed(network, data, loss, optimizer, USUAL_SEED)
    }

    /// The same of a training whose layers draw by this seed.
    ///
    /// # Errors
    /// As [`training_step`].
    #[track_caller]
    pub fn graph_of_seed(
        self,
        network: &Network,
        data: impl Into<SampleShape>,
        loss: &Loss,
        optimizer: &dyn Optimizer,
        seed: u64,
    ) -> Result<Graph, Error> {
        Ok(self.described(network, &data.into(), loss, optimizer, seed)?.0)
    }

    /// The graph, and the variables that it reads or changes.
    #[track_caller]
    pub(crate) fn described(
        self,
        network: &Network,
        shape: &SampleShape,
        loss: &Loss,
        optimizer: &dyn Optimizer,
        seed: u64,
    ) -> Result<(Graph, Vec<Variable>), Error> {
        if self == Self::Network {
            return network.described(Mode::Train).cloned();
        }
        if self == Self::Step {
            optimizer.check()?;
        }
        loss.check()?;
        let builder = Builder::new();
        let context = match self {
            Self::Step => Context::of_training_step(&builder),
            _ => Context::new(&builder, Mode::Train),
        }
        .drawing_by(seed);
        let (output, targets) = on_batch(&context, network, shape)?;
        let loss = loss.describe(output, targets).named("loss");
        if self == Self::Loss {
            return Ok((network.placed(builder.finish([loss]))?, context.into_variables()));
        }
        let parameters = builder.parameters();
        let gradients = builder.grad(loss, &parameters);
        for (parameter, gradient) in parameters.iter().zip(&gradients) {
            if let (Some(parameter), None) = (parameter.name(), gradient.name()) {
                gradient.named(&format!("d {parameter}"));
            }
        }
        if self == Self::Gradient {
            let graph = network.placed(builder.finish(std::iter::once(loss).chain(gradients)))?;
            return Ok((graph, context.into_variables()));
        }
        context.learning_rate();
        for (&parameter, gradient) in parameters.iter().zip(gradients) {
            optimizer.update(&context, parameter, gradient);
        }
        Ok((network.placed(builder.finish([loss]))?, context.into_variables()))
    }
}

/// A training step: its graph, and the variables that it keeps.
#[derive(Clone, Debug)]
pub struct TrainingStep {
    /// The loss of a batch, its gradient, and each variable's next value. It answers the loss.
    pub graph: Graph,
    /// The network's variables in the order of its layers, then the optimizer's.
    pub variables: Vec<Variable>,
}

impl TrainingStep {
    /// The optimizer's states by name, with their values when a training begins.
    pub fn initial_states(&self) -> impl Iterator<Item = (&str, Tensor)> {
        self.states().map(|state| (state.name.as_str(), state.initial_value(0)))
    }

    fn states(&self) -> impl Iterator<Item = &Variable> {
        self.variables.iter().filter(|variable| variable.kind == VariableKind::Optimizer)
    }

    /// Asks whether there is memory for the optimizer's states: all of them, and the largest once more in 64 bits.
    ///
    /// # Errors
    /// [`limpid_graph::Error::NoMemory`].
    pub(crate) fn states_fit(&self, number: usize) -> Result<(), Error> {
        let counts = self.states().map(|state| state.shape.iter().product());
        Ok(memory::check("the optimiser's states", kept_bytes(counts, number))?)
    }
}

/// A training step: the loss of a batch, its gradient, and the next value of each variable. Layers that draw do so by the
/// seed 1, as a training of [`FitOptions::default`](crate::FitOptions) does; [`training_step_of_seed`] takes another.
///
/// # Errors
/// [`Error::Data`] where the samples do not fit the network's input, [`Error::Setting`] where the optimizer's settings are
/// out of range, and every mistake in the network, or between it, the data and the loss.
#[track_caller]
pub fn training_step(
    network: &Network,
    data: impl Into<SampleShape>,
    loss: &Loss,
    optimizer: &dyn Optimizer,
) -> Result<TrainingStep, Error> {
    training_step_of_seed(network, data, loss, optimizer, USUAL_SEED)
}

/// A training step whose layers draw by this seed.
///
/// # Errors
/// As [`training_step`].
#[track_caller]
pub fn training_step_of_seed(
    network: &Network,
    data: impl Into<SampleShape>,
    loss: &Loss,
    optimizer: &dyn Optimizer,
    seed: u64,
) -> Result<TrainingStep, Error> {
    let (graph, variables) = GraphKind::Step.described(network, &data.into(), loss, optimizer, seed)?;
    network.keeps(&variables)?;
    Ok(TrainingStep { graph: graph.simplified()?, variables })
}

/// How a training over bytes that are mostly zeros, as MNIST's are, stores what a graph of a batch is fed: samples and
/// labels as bytes, row numbers and single numbers in 64 bits, parameters and states with the session.
pub fn stored_as_bytes(graph: &Graph, id: NodeId) -> Stored {
    let node = graph.node(id);
    let storage = match (&node.op, node.shape.rank()) {
        (Op::Leaf(Leaf::Input), 0) => Storage::Doubles,
        (Op::Leaf(Leaf::Input), _) if node.name.as_deref() == Some(ROWS) => Storage::Doubles,
        (Op::Leaf(Leaf::Input), _) => Storage::Bytes,
        _ => Storage::Padded,
    };
    Stored { storage, mostly_zeros: storage == Storage::Bytes && node.shape.rank() > 1 }
}

/// How many bytes it takes to make values of so many numbers in 64 bits, one after the other, and to keep each in
/// `number` bytes a number.
pub(crate) fn kept_bytes(counts: impl Iterator<Item = usize>, number: usize) -> usize {
    let (all, largest) = counts.fold((0usize, 0), |(all, largest), n| (all.saturating_add(n), largest.max(n)));
    all.saturating_mul(number).saturating_add(largest.saturating_mul(size_of::<f64>()))
}

/// The network alone, fed bytes under the name `x` that it divides first.
pub(crate) fn inference(network: &Network, divisor: f64) -> Result<Graph, Error> {
    let builder = Builder::new();
    let context = Context::new(&builder, Mode::Inference);
    let output = scores(network.forward(network.batch_input(&builder) / divisor, &context));
    Ok(network.placed(builder.finish([output]))?.simplified()?)
}

/// The loss of a batch as training describes it, alone and not rewritten.
///
/// # Errors
/// As [`training_step`].
#[track_caller]
pub fn batch_loss(network: &Network, data: impl Into<SampleShape>, loss: &Loss) -> Result<Graph, Error> {
    GraphKind::Loss.graph(network, data, loss, &Sgd)
}

/// The loss of samples `x` against targets `t`, which have this shape each, without the data set that training takes batches
/// from.
///
/// # Errors
/// Every mistake in the network, or between it, the targets and the loss.
pub fn sample_loss(network: &Network, loss: &Loss, target: &[usize]) -> Result<Graph, Error> {
    let scores = network.graph(Mode::Inference)?;
    let Some(&output) = scores.outputs().first() else { return Ok(scores) };
    let builder = Builder::resume(&scores);
    let rest = target.iter().map(|&extent| Dim::known(extent));
    let targets = builder.input("t", Shape::new(std::iter::once(Dim::symbol("batch")).chain(rest)));
    Ok(builder.finish([loss.describe(builder.var(output), targets).named("loss")])?)
}

/// The mean loss of a batch, and the share of right answers where the loss is one of classification.
///
/// # Errors
/// As [`training_step`].
#[track_caller]
pub fn evaluation(network: &Network, data: impl Into<SampleShape>, loss: &Loss) -> Result<Graph, Error> {
    loss.check()?;
    let builder = Builder::new();
    let (output, targets) = on_batch(&Context::new(&builder, Mode::Inference), network, &data.into())?;
    let described = loss.describe(output, targets).named("loss");
    // Targets that do not fit the loss are one mistake, not two.
    let accuracy = if described.is_poisoned() { None } else { loss.accuracy(output, targets) };
    let accuracy = accuracy.map(|accuracy| accuracy.named("accuracy"));
    Ok(network.placed(builder.finish([described].into_iter().chain(accuracy)))?.simplified()?)
}

/// The network's output on the rows fed, and their targets.
fn on_batch<'b>(context: &Context<'b>, network: &Network, shape: &SampleShape) -> Result<(Var<'b>, Var<'b>), Error> {
    let sample = &shape.sample;
    if sample.iter().product::<usize>() != network.input().iter().product::<usize>() {
        return Err(Error::Data(format!(
            "samples of shape {sample:?} do not fit a network whose input is {:?}; give as many numbers for each sample",
            network.input()
        )));
    }
    let builder = context.builder();
    let rows = builder.input(ROWS, "batch");
    let x = builder.input(INPUTS, per_sample(sample)).gather(0, rows).named("batch inputs");
    let targets = builder.input(TARGETS, per_sample(&shape.target)).gather(0, rows).named("batch targets");
    let x = shape.divisor.map_or(x, |divisor| x / divisor);
    Ok((scores(network.forward(x, context)), targets))
}

fn per_sample(shape: &[usize]) -> Shape {
    let samples = std::iter::once(Dim::symbol("samples"));
    Shape::new(samples.chain(shape.iter().map(|&extent| extent.into())))
}
