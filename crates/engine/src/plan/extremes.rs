//! Derivatives of extremes within samples, such as those of max-pooling: made in one go, so that neither the extremes nor
//! their places need to be kept. A graph describes them as a composition; here it is recognized.

use limpid_graph::op::{Monoid, Reduce};
use limpid_graph::{Graph, Layout, MapOp, NodeId, Op};

use super::forms::runs;
use crate::kernels::pooling::Pooling;

/// What reaches the numbers from which extremes were taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ExtremeSlope {
    pub(super) from: NodeId,
    pub(super) up: NodeId,
    pub(super) monoid: Monoid,
    pub(super) pooling: Pooling,
}

impl ExtremeSlope {
    /// (from = spread extreme) · spread (up / how many are equal), if the node is that.
    pub(super) fn of(graph: &Graph, shapes: &[Vec<usize>], id: NodeId) -> Option<Self> {
        let node = |id: NodeId| graph.node(id);
        let inputs = |id: NodeId| graph.node(id).inputs.as_slice();
        let (Op::Map(MapOp::Multiply), &[a, b]) = (&node(id).op, inputs(id)) else { return None };
        let (equal, shared) = if node(a).op == Op::Map(MapOp::Equal) { (a, b) } else { (b, a) };
        let (Op::Map(MapOp::Equal), &[from, spread]) = (&node(equal).op, inputs(equal)) else { return None };
        let (extreme, reduce) = spread_fold(graph, shapes, spread)?;
        let is_of_from = inputs(extreme)[0] == from && reduce.monoid.picks_one();
        let divided = spread_from(graph, shapes, shared, &reduce.axes)?;
        let (Op::Map(MapOp::Divide), &[up, count]) = (&node(divided).op, inputs(divided)) else { return None };
        let count = unshaped(graph, count);
        let Op::Reduce(counted) = &node(count).op else { return None };
        let is_count = counted.monoid == Monoid::Sum && counted.axes == reduce.axes && inputs(count)[0] == equal;
        let shape = &shapes[from.index()];
        if !is_of_from || !is_count || shape.is_empty() || reduce.axes.contains(&0) {
            return None;
        }
        let pooling = Pooling::of(&runs(&shape[1..], |axis| reduce.axes.contains(&(axis + 1))))?;
        Some(Self { from, up, monoid: reduce.monoid, pooling })
    }
}

/// The fold whose result a node repeats along the axes that were folded.
fn spread_fold<'g>(graph: &'g Graph, shapes: &[Vec<usize>], id: NodeId) -> Option<(NodeId, &'g Reduce)> {
    let Op::Layout(Layout::Broadcast(_)) = graph.node(id).op else { return None };
    let fold = unshaped(graph, graph.node(id).inputs[0]);
    let Op::Reduce(reduce) = &graph.node(fold).op else { return None };
    (spread_from(graph, shapes, id, &reduce.axes)? == fold).then_some((fold, reduce))
}

/// What a broadcast repeats along these axes, and along no others.
fn spread_from(graph: &Graph, shapes: &[Vec<usize>], id: NodeId, axes: &[usize]) -> Option<NodeId> {
    let Op::Layout(Layout::Broadcast(_)) = graph.node(id).op else { return None };
    let (input, shape) = (graph.node(id).inputs[0], &shapes[id.index()]);
    let kept = shape.iter().enumerate().map(|(axis, &extent)| if axes.contains(&axis) { 1 } else { extent });
    shapes[input.index()].iter().copied().eq(kept).then(|| unshaped(graph, input))
}

/// What a reshape reshapes.
pub(super) fn unshaped(graph: &Graph, id: NodeId) -> NodeId {
    match graph.node(id).op {
        Op::Layout(Layout::Reshape(_)) => unshaped(graph, graph.node(id).inputs[0]),
        _ => id,
    }
}
