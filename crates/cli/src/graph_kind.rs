//! The graphs that stand between a network and its training: network, loss, gradient, step.

use clap::ValueEnum;
use limpid::graph::{Builder, Dim, Graph, Shape, Sizes, Tensor};
use limpid::learn::{Dataset, Loss, Mode, Network, Optimizer, step};
use serde::Serialize;

use crate::failure::Failure;

/// How far the way from a network to its training step is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum GraphKind {
    /// From a sample to its scores
    Network,
    /// From a batch of a data set to its mean loss
    Loss,
    /// The same, with the loss's derivative with respect to each parameter
    Gradient,
    /// The same, with each parameter's next value
    Step,
}

impl GraphKind {
    /// The graph, as it is described and not rewritten. Only the step asks for the optimiser.
    pub(crate) fn graph(
        self,
        network: &Network,
        loss: &Loss,
        divisor: Option<f64>,
        optimizer: &dyn Optimizer,
    ) -> Result<Graph, Failure> {
        if self == Self::Network {
            return Ok(network.graph(Mode::Train)?);
        }
        let graph = step::batch_loss(network, &stand_in(network, loss, divisor)?, loss)?;
        if self == Self::Loss {
            return Ok(graph);
        }
        let builder = Builder::resume(&graph);
        let parameters = builder.parameters();
        let losses: Vec<_> = graph.outputs().iter().map(|&id| builder.var(id)).collect();
        let gradients = losses.first().map(|&loss| builder.grad(loss, &parameters)).unwrap_or_default();
        for (parameter, gradient) in parameters.iter().zip(&gradients) {
            if let (Some(parameter), None) = (parameter.name(), gradient.name()) {
                gradient.named(&format!("d {parameter}"));
            }
        }
        if self == Self::Gradient {
            return Ok(builder.finish(losses.into_iter().chain(gradients))?);
        }
        let learning_rate = builder.scalar("learning rate");
        for (&parameter, gradient) in parameters.iter().zip(gradients) {
            optimizer.update(&builder, parameter, gradient, learning_rate);
        }
        Ok(builder.finish(losses)?)
    }
}

/// The loss of samples `x` against targets `t`, without the data set that training takes batches from.
pub(crate) fn sample_loss(network: &Network, loss: &Loss, sample: &Dataset) -> Result<Graph, Failure> {
    let scores = network.graph(Mode::Inference)?;
    let Some(&output) = scores.outputs().first() else { return Ok(scores) };
    let builder = Builder::resume(&scores);
    let rest = sample.targets().shape().iter().skip(1).map(|&extent| Dim::known(extent));
    let targets = builder.input("t", Shape::new(std::iter::once(Dim::symbol("batch")).chain(rest)));
    Ok(builder.finish([loss.describe(builder.var(output), targets).named("loss")])?)
}

/// A data set of one blank sample: the graphs ask a data set only for its shapes.
fn stand_in(network: &Network, loss: &Loss, divisor: Option<f64>) -> Result<Dataset, Failure> {
    let blank = |shape: &[usize]| {
        let shape: Vec<usize> = std::iter::once(1).chain(shape.iter().copied()).collect();
        let zeros = vec![0u8; shape.iter().product()];
        Tensor::new(shape, zeros).map_err(|error| Failure::Limpid(error.into()))
    };
    let graph = network.graph(Mode::Inference)?;
    let scores = graph.outputs().first().map(|&id| graph.node(id).shape.clone()).unwrap_or_default();
    // The batch is 1 here, and the axis of classes is left to the label.
    let scores = scores.resolve(&Sizes::from([("batch", 1)])).unwrap_or_default();
    let targets = match scores.as_slice() {
        [_, inner @ .., _] if loss.takes_labels() => inner,
        [_, rest @ ..] => rest,
        [] => &[],
    };
    let data = Dataset::new(blank(network.input())?, blank(targets)?)?;
    Ok(divisor.map_or(data.clone(), |divisor| data.divided_by(divisor)))
}

/// More numbers than this are not kept in memory at a time: 8 GiB of them in `f32`.
const MOST_NUMBERS: u64 = 1 << 31;

/// Checks that a run of `graph` keeps no more numbers than a machine can be expected to hold.
pub(crate) fn check_memory(graph: &Graph, sizes: &Sizes) -> Result<(), Failure> {
    let count = |extents: Vec<usize>| extents.iter().fold(1u64, |n, &extent| n.saturating_mul(extent as u64));
    let numbers = graph.nodes().try_fold(0u64, |sum, (_, node)| {
        node.shape.resolve(sizes).map(|extents| sum.saturating_add(count(extents))).filter(|&sum| sum <= MOST_NUMBERS)
    });
    match numbers {
        Some(_) => Ok(()),
        None => Err(Failure::Usage(format!(
            "a step would keep more than {} numbers in memory; use a smaller network or batch",
            crate::text::count(MOST_NUMBERS)
        ))),
    }
}
