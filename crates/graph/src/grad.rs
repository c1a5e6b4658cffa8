//! Differentiate: the gradient of a graph is more graph.
//!
//! [`Builder::vjp`] is the primitive, [`Builder::grad`] is `vjp` with an upstream derivative of 1. One walk goes from
//! the outputs to the inputs; it asks each node what reaches its inputs (the op's own rule) and adds up what reaches a
//! node along several ways. What it appends are ordinary nodes, so a gradient can be drawn, planned, run and
//! differentiated again.

use crate::builder::{Builder, Var};
use crate::graph::{Graph, NodeId};
use crate::map::Gradient;
use crate::mistake::{Error, Fault};
use crate::shape::Shape;

impl Builder {
    /// The derivative of `output`, a single number, with respect to each of `wrt`.
    #[track_caller]
    pub fn grad<'b>(&'b self, output: Var<'b>, wrt: &[Var<'b>]) -> Vec<Var<'b>> {
        if !output.is_poisoned() && output.shape() != Shape::scalar() {
            let poisoned = self.poison("grad", Fault::NotScalar { shape: output.shape() }, &[output]);
            return vec![poisoned; wrt.len()];
        }
        self.vjp(&[output], &[self.constant(1.0)], wrt)
    }

    /// Vector–Jacobian product: the derivative of Σ outputs·upstream with respect to each of `wrt`, where each upstream
    /// derivative has its output's shape. What `wrt` does not reach is 0.
    #[track_caller]
    pub fn vjp<'b>(&'b self, outputs: &[Var<'b>], upstream: &[Var<'b>], wrt: &[Var<'b>]) -> Vec<Var<'b>> {
        if let Some(&poisoned) = outputs.iter().chain(upstream).chain(wrt).find(|var| var.is_poisoned()) {
            return vec![poisoned; wrt.len()];
        }
        if let Some((&output, &up)) = outputs.iter().zip(upstream).find(|(out, up)| out.shape() != up.shape()) {
            let poisoned = self.poison("vjp", Fault::Broadcast, &[output, up]);
            return vec![poisoned; wrt.len()];
        }
        let arriving = self.walk_back(outputs, upstream, wrt);
        let zeros = |var: &Var<'b>| self.constant(0.0).broadcast_to(var.shape());
        wrt.iter().map(|var| arriving[var.id().index()].unwrap_or_else(|| zeros(var))).collect()
    }

    /// What arrives at each node noted so far, by its index.
    #[track_caller]
    fn walk_back<'b>(&'b self, outputs: &[Var<'b>], upstream: &[Var<'b>], wrt: &[Var<'b>]) -> Vec<Option<Var<'b>>> {
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
                    Gradient::Nowhere(reason) => {
                        let way = self.way(wrt, result);
                        self.poison("gradient", Fault::NoDerivative { op: result.label(), reason, way }, &[result]);
                    }
                }
            }
        }
        arriving
    }

    /// Which of the nodes noted so far depend on any of `wrt`, those included.
    fn reached_from(&self, wrt: &[Var<'_>]) -> Vec<bool> {
        let mut reached = vec![false; self.len()];
        wrt.iter().for_each(|var| reached[var.id().index()] = true);
        for index in 0..reached.len() {
            let inputs = self.var(NodeId(index)).node().inputs;
            reached[index] |= inputs.iter().any(|id| reached[id.index()]);
        }
        reached
    }

    /// The names along one way from a variable of `wrt` to `end`.
    fn way(&self, wrt: &[Var<'_>], end: Var<'_>) -> Vec<String> {
        let reached = self.reached_from(wrt);
        let mut way = vec![end.label()];
        let mut at = end;
        while let Some(&before) = at.node().inputs.iter().find(|id| reached[id.index()]) {
            at = self.var(before);
            way.push(at.label());
        }
        way.reverse();
        way
    }

    /// For drawing: what arrives at every node of a scalar `output` that it depends on, by node index.
    pub(crate) fn grad_everywhere<'b>(&'b self, output: Var<'b>) -> Vec<Option<Var<'b>>> {
        let leaves: Vec<_> =
            (0..self.len()).map(|i| self.var(NodeId(i))).filter(|v| v.node().inputs.is_empty()).collect();
        self.walk_back(&[output], &[self.constant(1.0)], &leaves)
    }
}

fn accumulate<'b>(total: &mut Option<Var<'b>>, share: Var<'b>) {
    *total = Some(total.map_or(share, |earlier| earlier + share));
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
        for (gradient, name) in gradients.iter().zip(wrt) {
            // A derivative can be a node that has a name already: then it keeps that one.
            if gradient.node().name.is_none() {
                gradient.named(&format!("d {output} / d {name}"));
            }
        }
        let outputs: Vec<_> = self.outputs.iter().map(|&id| builder.var(id)).chain(gradients).collect();
        builder.finish(outputs)
    }
}
