//! Every value and every derivative of a graph, for looking at.

use limpid_tensor::{Shape, Tensor};

use crate::builder::Builder;
use crate::graph::{Graph, NodeId, listed};
use crate::interpret::interpret;
use crate::mistake::Error;

/// The value of each node of a graph in one run, in `f64`, and the derivative of the first output with respect to it.
#[derive(Clone, Debug)]
pub struct Trace {
    graph: Graph,
    values: Vec<Tensor>,
    derivatives: Vec<Option<Tensor>>,
}

impl Trace {
    /// The value of the node of this name.
    ///
    /// # Errors
    /// [`Error::UnknownName`].
    pub fn value(&self, name: &str) -> Result<&Tensor, Error> {
        Ok(self.value_at(self.graph.find(name)?))
    }

    /// The derivative of the first output with respect to the node of this name; zeros where the output does not
    /// depend on it, or only through a function that is piecewise constant.
    ///
    /// # Errors
    /// [`Error::UnknownName`].
    pub fn derivative(&self, name: &str) -> Result<Tensor, Error> {
        let id = self.graph.find(name)?;
        Ok(self.derivative_at(id).cloned().unwrap_or_else(|| Tensor::zeros(self.value_at(id).shape())))
    }

    /// The value of a node.
    ///
    /// # Panics
    /// Where the id is of a larger graph than this.
    pub fn value_at(&self, id: NodeId) -> &Tensor {
        &self.values[id.index()]
    }

    /// The derivative of the first output with respect to a node; `None` where the backward pass does not come by.
    ///
    /// # Panics
    /// Where the id is of a larger graph than this.
    pub fn derivative_at(&self, id: NodeId) -> Option<&Tensor> {
        self.derivatives[id.index()].as_ref()
    }

    /// The graph that was run.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }
}

impl Graph {
    /// Runs the graph forward and backward in `f64`, from one value per leaf that is fed (inputs, parameters and state,
    /// in the order of their declaration), and keeps everything.
    ///
    /// # Errors
    /// What a run finds, [`Error::FeedCount`] for too many values, and [`Error::Described`] where the first output is not
    /// a single number.
    #[track_caller]
    pub fn trace(&self, feeds: &[Tensor]) -> Result<Trace, Error> {
        let leaves: Vec<NodeId> = self.fed().map(|(id, _)| id).collect();
        if feeds.len() > leaves.len() {
            let needs = listed(self.fed().filter_map(|(_, node)| node.name.as_deref()));
            return Err(Error::FeedCount { wanted: leaves.len(), found: feeds.len(), needs });
        }
        let feeds: Vec<_> = leaves.into_iter().zip(feeds).collect();
        let builder = Builder::resume(self);
        let arriving = match self.outputs.first() {
            Some(&output) if self.node(output).shape == Shape::scalar() => builder.grad_everywhere(builder.var(output)),
            Some(&output) => {
                builder.grad(builder.var(output), &[]);
                Vec::new()
            }
            None => Vec::new(),
        };
        let everything = builder.finish(self.outputs.iter().map(|&id| builder.var(id)))?;
        let run = interpret::<f64>(&everything, &feeds)?;
        let values = (0..self.nodes.len()).map(|i| run.tensor(NodeId(i))).collect();
        let derivative = |i: usize| Some(run.tensor(arriving.get(i).copied()??.id()));
        let derivatives = (0..self.nodes.len()).map(derivative).collect();
        Ok(Trace { graph: self.clone(), values, derivatives })
    }
}
