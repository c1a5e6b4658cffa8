//! Differentiate: the gradient of a graph is more graph.
//!
//! [`Builder::vjp`] is the primitive, [`Builder::grad`] is `vjp` with an upstream derivative of 1. One walk goes from
//! the outputs to the inputs; it asks each node what reaches its inputs (the op's own rule) and adds up what reaches a
//! node along several ways. What it appends are ordinary nodes, so a gradient can be drawn, planned, run and
//! differentiated again.

use limpid_tensor::Shape;

use crate::builder::{Builder, Var};
use crate::graph::{Graph, Node, NodeId};
use crate::map::{Gradient, MapOp};
use crate::mistake::{Error, Fault};
use crate::op::Op;

impl Builder {
    /// The derivative of `output`, a single number, with respect to each of `wrt`.
    #[track_caller]
    pub fn grad<'b>(&'b self, output: Var<'b>, wrt: &[Var<'b>]) -> Vec<Var<'b>> {
        if let Some(poisoned) = self.spoiled("grad", &[output]) {
            return vec![poisoned; wrt.len()];
        }
        if output.shape() != Shape::scalar() {
            let poisoned = self.poison("grad", Fault::NotScalar { shape: output.shape() }, &[output]);
            return vec![poisoned; wrt.len()];
        }
        self.vjp(&[output], &[self.constant(1.0)], wrt)
    }

    /// Vector–Jacobian product: the derivative of Σ outputs·upstream with respect to each of `wrt`, where each upstream
    /// derivative has its output's shape. What `wrt` does not reach is 0.
    #[track_caller]
    pub fn vjp<'b>(&'b self, outputs: &[Var<'b>], upstream: &[Var<'b>], wrt: &[Var<'b>]) -> Vec<Var<'b>> {
        let given: Vec<_> = outputs.iter().chain(upstream).chain(wrt).copied().collect();
        if let Some(poisoned) = self.spoiled("vjp", &given) {
            return vec![poisoned; wrt.len()];
        }
        if outputs.len() != upstream.len() {
            let fault = Fault::UpstreamCount { outputs: outputs.len(), upstream: upstream.len() };
            return vec![self.poison("vjp", fault, &given[..outputs.len() + upstream.len()]); wrt.len()];
        }
        if let Some((&output, &up)) = outputs.iter().zip(upstream).find(|(out, up)| out.shape() != up.shape()) {
            let poisoned = self.poison("vjp", Fault::UpstreamShape { output: output.shape() }, &[output, up]);
            return vec![poisoned; wrt.len()];
        }
        let (arriving, blocked) = self.walk_back(outputs, upstream, wrt);
        for Blocked { at, input, reason } in blocked {
            let _there = self.within(at.node().origin);
            let (op, way) = (at.node().op.name().to_string(), self.way(wrt, at, input));
            self.poison("gradient", Fault::NoDerivative { op, reason, way }, &[at]);
        }
        // A loop, not a closure: a closure would hide the user's line.
        let mut gradients = Vec::with_capacity(wrt.len());
        for var in wrt {
            gradients.push(match arriving[var.id().index()] {
                Some(gradient) => gradient,
                None => self.constant(0.0).broadcast_to(var.shape()),
            });
        }
        gradients
    }

    /// What arrives at each node noted so far, by its index, and where the walk could not go on.
    #[track_caller]
    fn walk_back<'b>(
        &'b self,
        outputs: &[Var<'b>],
        upstream: &[Var<'b>],
        wrt: &[Var<'b>],
    ) -> (Vec<Option<Var<'b>>>, Vec<Blocked<'b>>) {
        let mut blocked = Vec::new();
        let reached = self.reached_from(wrt);
        let mut arriving: Vec<Option<Var<'b>>> = vec![None; reached.len()];
        for (output, &up) in outputs.iter().zip(upstream) {
            accumulate(&mut arriving[output.id().index()], up);
        }
        for index in (0..reached.len()).rev() {
            let (true, Some(up)) = (reached[index], arriving[index]) else { continue };
            let result = self.var(NodeId(index));
            let node = result.node();
            let _there = self.within(node.origin.clone());
            let inputs: Vec<_> = node.inputs.iter().map(|&id| self.var(id)).collect();
            for (which, input) in inputs.iter().enumerate().filter(|(_, input)| reached[input.id().index()]) {
                match node.op.gradient(&inputs, result, up, which) {
                    Gradient::Flows(share) => accumulate(&mut arriving[input.id().index()], share),
                    Gradient::Zero => {}
                    Gradient::Nowhere(reason) => blocked.push(Blocked { at: result, input: *input, reason }),
                }
            }
        }
        (arriving, blocked)
    }

    /// Which of the nodes noted so far depend on any of `wrt`, those included, by a way that no `stop_gradient` cuts.
    fn reached_from(&self, wrt: &[Var<'_>]) -> Vec<bool> {
        let mut reached = vec![false; self.len()];
        wrt.iter().for_each(|var| reached[var.id().index()] = true);
        for index in 0..reached.len() {
            let Node { op, inputs, .. } = self.var(NodeId(index)).node();
            reached[index] |= op != Op::Map(MapOp::StopGradient) && inputs.iter().any(|id| reached[id.index()]);
        }
        reached
    }

    /// The names along one way from a variable of `wrt` through `input` to `end`.
    fn way(&self, wrt: &[Var<'_>], end: Var<'_>, input: Var<'_>) -> Vec<String> {
        let reached = self.reached_from(wrt);
        let mut way = vec![end.label(), input.label()];
        let mut at = input;
        while let Some(&before) = at.node().inputs.iter().find(|id| reached[id.index()]) {
            at = self.var(before);
            way.push(at.label());
        }
        way.reverse();
        way
    }

    /// For drawing: what arrives at every node of a scalar `output` that it depends on, by node index. Where an op has
    /// no derivative the walk just ends.
    #[track_caller]
    pub(crate) fn grad_everywhere<'b>(&'b self, output: Var<'b>) -> Vec<Option<Var<'b>>> {
        let leaves: Vec<_> =
            (0..self.len()).map(|i| self.var(NodeId(i))).filter(|v| v.node().inputs.is_empty()).collect();
        self.walk_back(&[output], &[self.constant(1.0)], &leaves).0
    }
}

/// An op that has no derivative with respect to one of its inputs, met on the way back.
struct Blocked<'b> {
    at: Var<'b>,
    input: Var<'b>,
    reason: &'static str,
}

#[track_caller]
fn accumulate<'b>(total: &mut Option<Var<'b>>, share: Var<'b>) {
    *total = match *total {
        Some(earlier) => Some(earlier + share),
        None => Some(share),
    };
}

impl Graph {
    /// This graph with the derivatives of its value named `output`, a single number, appended to what it answers: one
    /// for each name in `wrt`, called `d output / d name`.
    ///
    /// # Errors
    /// [`Error::UnknownName`], and [`Error::Described`] where the output is not a single number or a way to it has no
    /// derivative.
    #[track_caller]
    pub fn with_gradient(&self, output: &str, wrt: &[&str]) -> Result<Graph, Error> {
        let builder = Builder::resume(self);
        let targets = wrt.iter().map(|name| Ok(builder.var(self.find(name)?))).collect::<Result<Vec<_>, Error>>()?;
        let gradients = builder.grad(builder.var(self.find(output)?), &targets);
        let mut outputs: Vec<_> = self.outputs.iter().map(|&id| builder.var(id)).collect();
        for (gradient, name) in gradients.into_iter().zip(wrt) {
            // A derivative can be a node that has a name already, such as the other factor.
            let own = if gradient.name().is_some() { gradient.identity() } else { gradient };
            outputs.push(own.named(&format!("d {output} / d {name}")));
        }
        builder.finish(outputs)
    }
}
