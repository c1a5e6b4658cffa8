//! Rewrites: the same values by fewer nodes.
//!
//! One pass from the leaves to the outputs maps each node to a node of the new graph. A node whose inputs are all
//! constant becomes a constant; one that does nothing (`x·1`) becomes its input; a reshape of a reshape becomes one;
//! one that stands in the new graph already becomes that one. What nothing asks for is left behind.
//!
//! A rewrite keeps values, not derivatives: `stop_gradient` does nothing to a value and is dropped. So differentiate
//! first, then rewrite.
//!
//! In `f64` the new graph gives the same bits as the old. In `f32` a folded constant is computed in `f64` and rounded
//! once, which may differ in the last place.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use limpid_tensor::Tensor;

use crate::graph::{Assignment, Graph, Node, NodeId};
use crate::interpret::interpret;
use crate::map::MapOp;
use crate::mistake::Error;
use crate::op::{Layout, Leaf, Op};

impl Graph {
    /// The graph without dead nodes, repeated subexpressions, constant arithmetic and ops that do nothing.
    ///
    /// Inputs that nothing depends on are dropped too, unless they are needed to say what a symbol is; named values
    /// survive where they are used. Take gradients before: [`stop_gradient`](crate::Var::stop_gradient) is dropped.
    ///
    /// # Errors
    /// [`Error::Broken`] in debug builds, for a defect in the rewrite.
    pub fn simplified(&self) -> Result<Graph, Error> {
        let alive = self.alive();
        let mut rewriter = Rewriter::default();
        let mut new_ids: Vec<Option<NodeId>> = vec![None; self.nodes.len()];
        for (id, node) in self.nodes().filter(|(id, _)| alive[id.index()]) {
            let inputs = node.inputs.iter().filter_map(|input| new_ids[input.index()]).collect();
            new_ids[id.index()] = Some(rewriter.add(Node { inputs, ..node.clone() }));
        }
        let at = |id: NodeId| new_ids[id.index()].unwrap_or(id);
        let rewritten = self.with_nodes(rewriter.nodes, at).without_the_dead();
        rewritten.check_in_debug()?;
        Ok(rewritten)
    }

    /// Which nodes an output or an assignment depends on.
    fn alive(&self) -> Vec<bool> {
        let mut alive = vec![false; self.nodes.len()];
        let ends = self.assignments.iter().flat_map(|a| [a.target, a.value]).chain(self.outputs.iter().copied());
        ends.for_each(|id| alive[id.index()] = true);
        for (id, node) in self.nodes().rev() {
            if alive[id.index()] {
                node.inputs.iter().for_each(|input| alive[input.index()] = true);
            }
        }
        self.keep_binders(&mut alive);
        alive
    }

    /// Keeps, for each symbol in what is alive, at least one leaf that says what the symbol is.
    fn keep_binders(&self, alive: &mut [bool]) {
        let is_alive = |alive: &[bool], id: NodeId| alive[id.index()];
        let mut needed: BTreeSet<&Arc<str>> = BTreeSet::new();
        for (_, node) in self.nodes().filter(|(id, _)| is_alive(alive, *id)) {
            needed.extend(node.shape.symbols());
            if let Op::Leaf(Leaf::Extent(dim)) = &node.op {
                needed.extend(dim.symbols());
            }
        }
        for (_, leaf) in self.fed().filter(|(id, _)| is_alive(alive, *id)) {
            leaf.shape.symbols().for_each(|symbol| _ = needed.remove(symbol));
        }
        for symbol in needed {
            if let Some((id, _)) = self.fed().find(|(_, leaf)| leaf.shape.symbols().any(|s| s == symbol)) {
                alive[id.index()] = true;
            }
        }
    }

    /// The graph without the nodes that nothing depends on.
    fn without_the_dead(self) -> Graph {
        let alive = self.alive();
        let mut new_ids = Vec::with_capacity(self.nodes.len());
        let mut next = 0;
        for alive in &alive {
            new_ids.push(NodeId(next));
            next += usize::from(*alive);
        }
        let at = |id: NodeId| new_ids[id.index()];
        let moved = |node: Node| Node { inputs: node.inputs.iter().map(|&id| at(id)).collect(), ..node };
        let living = self.nodes.iter().zip(&alive).filter(|(_, alive)| **alive);
        self.with_nodes(living.map(|(node, _)| moved(node.clone())).collect(), at)
    }

    /// These nodes, with this graph's outputs and assignments where `at` says that they stand now: the end of a rewrite.
    ///
    /// # Errors
    /// [`Error::Broken`] where they are no graph.
    pub fn rewritten(&self, nodes: Vec<Node>, at: impl Fn(NodeId) -> NodeId) -> Result<Graph, Error> {
        let rewritten = self.with_nodes(nodes, at);
        rewritten.check()?;
        Ok(rewritten)
    }

    fn with_nodes(&self, nodes: Vec<Node>, at: impl Fn(NodeId) -> NodeId) -> Graph {
        Graph {
            nodes,
            outputs: self.outputs.iter().map(|&id| at(id)).collect(),
            assignments: self
                .assignments
                .iter()
                .map(|a| Assignment { target: at(a.target), value: at(a.value) })
                .collect(),
        }
    }
}

/// The new graph's nodes so far.
#[derive(Default)]
struct Rewriter {
    nodes: Vec<Node>,
    seen: HashMap<String, Vec<NodeId>>,
}

impl Rewriter {
    /// Where the node's value stands in the new graph.
    fn add(&mut self, node: Node) -> NodeId {
        let node = self.shortened(node);
        if let Some(same) = self.does_nothing(&node) {
            return same;
        }
        let node = self.folded(node);
        // A name that is asked for must not vanish: named nodes merge only into themselves.
        let mergeable =
            node.name.is_none() && !matches!(node.op, Op::Leaf(Leaf::Input | Leaf::Parameter | Leaf::State));
        let key = format!("{} {:?}", node.op.name(), node.inputs);
        if mergeable {
            let earlier = self.seen.get(&key).into_iter().flatten();
            let same = earlier.copied().find(|id| same_value(&self.nodes[id.index()], &node));
            if let Some(same) = same {
                return same;
            }
        }
        let id = NodeId(self.nodes.len());
        self.nodes.push(node);
        self.seen.entry(key).or_default().push(id);
        id
    }

    /// The input that the node equals, to the bit, whatever its value.
    fn does_nothing(&self, node: &Node) -> Option<NodeId> {
        if node.name.is_some() {
            return None;
        }
        let is = |id: NodeId, number: f64| self.constant(id).is_some_and(|c| c.to_f64().iter().all(|&x| x == number));
        match (&node.op, node.inputs.as_slice()) {
            (Op::Map(MapOp::Multiply), &[x, y]) if is(y, 1.0) => Some(x),
            (Op::Map(MapOp::Multiply), &[x, y]) if is(x, 1.0) => Some(y),
            (Op::Map(MapOp::Divide), &[x, y]) if is(y, 1.0) => Some(x),
            (Op::Map(MapOp::Identity | MapOp::StopGradient), &[x]) => Some(x),
            (Op::Map(MapOp::Negate), &[x]) => match &self.nodes[x.index()] {
                Node { op: Op::Map(MapOp::Negate), inputs, .. } => inputs.first().copied(),
                _ => None,
            },
            (Op::Layout(Layout::Reshape(_) | Layout::Broadcast(_)), &[x]) if self.shape_is(x, node) => Some(x),
            (Op::Layout(Layout::Permute(axes)), &[x]) => match &self.nodes[x.index()] {
                _ if axes.iter().enumerate().all(|(i, &axis)| i == axis) => Some(x),
                Node { op: Op::Layout(Layout::Permute(first)), inputs, .. }
                    if axes.iter().enumerate().all(|(i, &axis)| first[axis] == i) =>
                {
                    inputs.first().copied()
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// A reshape of a reshape, as one.
    fn shortened(&self, node: Node) -> Node {
        match (&node.op, node.inputs.first().map(|&id| &self.nodes[id.index()])) {
            (Op::Layout(Layout::Reshape(_)), Some(Node { op: Op::Layout(Layout::Reshape(_)), inputs, .. })) => {
                Node { inputs: inputs.clone(), ..node }
            }
            _ => node,
        }
    }

    fn shape_is(&self, id: NodeId, node: &Node) -> bool {
        self.nodes[id.index()].shape == node.shape
    }

    /// The constant that stands at `id`, also where it is spread out by a broadcast.
    fn constant(&self, id: NodeId) -> Option<&Tensor> {
        match &self.nodes[id.index()] {
            Node { op: Op::Leaf(Leaf::Constant(value)), .. } => Some(value),
            Node { op: Op::Layout(Layout::Broadcast(_)), inputs, .. } => self.constant(inputs[0]),
            _ => None,
        }
    }

    /// The node, or the constant that it is. A broadcast of a constant stays, and so do draws: they are smaller so.
    fn folded(&self, node: Node) -> Node {
        let is_constant = |id: &NodeId| matches!(self.nodes[id.index()].op, Op::Leaf(Leaf::Constant(_)));
        let foldable = !node.inputs.is_empty()
            && node.inputs.iter().all(is_constant)
            && !matches!(node.op, Op::Layout(Layout::Broadcast(_)) | Op::Random(_))
            && node.shape.as_known().is_some();
        if !foldable {
            return node;
        }
        let mut nodes: Vec<Node> = node.inputs.iter().map(|id| self.nodes[id.index()].clone()).collect();
        let inputs = (0..nodes.len()).map(NodeId).collect();
        nodes.push(Node { inputs, ..node.clone() });
        let last = NodeId(nodes.len() - 1);
        let alone = Graph { nodes, outputs: vec![last], assignments: Vec::new() };
        // What the interpreter refuses (a label that is none) stays in the graph, to be refused when it runs.
        match interpret::<f64>(&alone, &[]) {
            Ok(values) => {
                let op = Op::Leaf(Leaf::Constant(Arc::new(values.tensor(last))));
                Node { op, inputs: Vec::new(), ..node }
            }
            Err(_) => node,
        }
    }
}

/// Whether two nodes of the same inputs compute the same bits. `0.0` and `-0.0` are different constants.
fn same_value(a: &Node, b: &Node) -> bool {
    let same_op = match (&a.op, &b.op) {
        (Op::Leaf(Leaf::Constant(x)), Op::Leaf(Leaf::Constant(y))) => {
            let bits = |t: &Tensor| t.to_f64().into_iter().map(f64::to_bits).collect::<Vec<_>>();
            x.shape() == y.shape() && bits(x) == bits(y)
        }
        (x, y) => x == y,
    };
    same_op && a.inputs == b.inputs && a.shape == b.shape
}
