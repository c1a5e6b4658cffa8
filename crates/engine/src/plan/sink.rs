//! Sink: permutations move towards the outputs, so that few of them, or none, are carried out.
//!
//! A permutation of axes commutes with whatever treats all positions alike: a function of single numbers of permuted
//! values is the permuted function of the values, a fold folds other axes, a broadcast repeats along others. So one pass
//! from the leaves to the outputs carries each permutation along instead of writing it, merges it with the next, and
//! drops it where the two undo each other. What meets anything else is written there, once.
//!
//! Where a graph changes no variables, what is made from them alone is made once for many runs ([`super::lasting`]): there
//! a product of flattened pictures takes its matrix with the rows in the pictures' order.
//!
//! (The change of axes in sonos/tract, `core/src/optim/change_axes.rs`, does the same for more operators.)

use std::collections::HashMap;
use std::ops::Range;

use limpid_graph::op::Reduce;
use limpid_graph::{Dim, Error, Graph, Layout, Leaf, MapOp, Node, NodeId, Op, Origin, Shape};

/// The same values with fewer numbers permuted; the same graph, where nothing is won. It has the same leaves and names, and
/// nodes that nothing reads any more. A session does this to the graphs that it plans.
///
/// Sums may be taken in another order, so that they can differ in the last places.
///
/// # Errors
/// [`Error::Broken`], for a defect in the rewrite.
pub fn with_permutations_sunk(graph: Graph) -> Result<Graph, Error> {
    Ok(sunk(&graph)?.unwrap_or(graph))
}

/// As [`with_permutations_sunk`]; `None` where nothing is won.
pub(crate) fn sunk(graph: &Graph) -> Result<Option<Graph>, Error> {
    let before = permuted(graph);
    if before == 0 {
        return Ok(None);
    }
    let pictures = graph.nodes().find_map(|(_, node)| match &node.op {
        Op::Window(windows) if windows.slides().first().is_some_and(|slide| slide.axis > 0) => {
            node.shape.dims().first().cloned()
        }
        _ => None,
    });
    let mut sinker = Sinker { old: graph, pictures, lasts: lasts(graph), nodes: Vec::new(), at: Vec::new() };
    let relus = relus(graph);
    for (id, node) in graph.nodes() {
        // 1 where a number is positive is 1 where the rectified number is: so the number itself need not be kept.
        let moved = match relus.get(&id).filter(|_| sinker.is_picture(node)) {
            Some(&relu) => sinker.add(&Node { inputs: vec![relu], ..node.clone() }),
            None => sinker.add(node),
        };
        sinker.at.push(moved);
    }
    let assigned = graph.assignments().iter().flat_map(|a| [a.target, a.value]);
    graph.outputs().iter().copied().chain(assigned).for_each(|id| _ = sinker.written(id));
    let Sinker { nodes, at, .. } = sinker;
    let sunk = graph.rewritten(nodes, |id| at[id.index()].written.unwrap_or(at[id.index()].source))?;
    Ok((permuted(&sunk) < before).then_some(sunk))
}

/// For each node that says where numbers are positive, an earlier one that rectifies the same numbers.
fn relus(graph: &Graph) -> HashMap<NodeId, NodeId> {
    let (mut rectified, mut found) = (HashMap::new(), HashMap::new());
    for (id, node) in graph.nodes() {
        match (&node.op, node.inputs.as_slice()) {
            (Op::Map(MapOp::Relu), &[x]) => _ = rectified.entry(x).or_insert(id),
            (Op::Map(MapOp::Step), [x]) => found.extend(rectified.get(x).map(|&relu| (id, relu))),
            _ => {}
        }
    }
    found
}

/// Which nodes are made from variables and constants alone, in a graph that changes none.
fn lasts(graph: &Graph) -> Vec<bool> {
    let is_changing = !graph.assignments().is_empty();
    let mut lasts = Vec::with_capacity(graph.nodes().len());
    for (_, node) in graph.nodes() {
        lasts.push(match &node.op {
            _ if is_changing => false,
            Op::Leaf(Leaf::Input | Leaf::Extent(_)) => false,
            Op::Leaf(_) => true,
            _ => node.inputs.iter().all(|input| lasts[input.index()]),
        });
    }
    lasts
}

/// How many numbers its permutations write in each run, with each symbol counted as one. A product reads through a
/// transposition.
fn permuted(graph: &Graph) -> usize {
    let is_permutation = |node: &Node| matches!(node.op, Op::Layout(Layout::Permute(_)));
    if !graph.nodes().any(|(_, node)| is_permutation(node)) {
        return 0;
    }
    let (lasts, ends) = (lasts(graph), graph.outputs().iter().chain(graph.assignments().iter().map(|a| &a.value)));
    let (mut is_read, mut is_written) = (vec![false; graph.nodes().len()], vec![false; graph.nodes().len()]);
    ends.for_each(|id| (is_read[id.index()], is_written[id.index()]) = (true, true));
    for (id, node) in graph.nodes().rev().filter(|(_, node)| !node.inputs.is_empty()) {
        if is_read[id.index()] {
            node.inputs.iter().for_each(|input| {
                is_read[input.index()] = true;
                is_written[input.index()] |= node.op != Op::Contract;
            });
        }
    }
    let count = |node: &Node| -> usize { node.shape.dims().iter().map(|dim| dim.as_known().unwrap_or(1)).product() };
    let written = graph.nodes().filter(|(id, node)| {
        let at = id.index();
        is_written[at] && !lasts[at] && is_permutation(node)
    });
    written.map(|(_, node)| count(node)).sum()
}

/// A value in the new graph: `source`, with its axes permuted.
#[derive(Clone, Debug)]
struct Moved {
    source: NodeId,
    /// Axis i of the value is axis `axes[i]` of the source; none where it is the source.
    axes: Option<Vec<usize>>,
    /// Where the permuted value stands, once somebody has asked for it.
    written: Option<NodeId>,
}

struct Sinker<'g> {
    old: &'g Graph,
    /// How many pictures there are that windows slide over: these want to stay in the order in which windows see them.
    pictures: Option<Dim>,
    /// Of each old node, whether it is made once for many runs.
    lasts: Vec<bool>,
    nodes: Vec<Node>,
    /// Of each old node.
    at: Vec<Moved>,
}

impl Sinker<'_> {
    fn push(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        NodeId::at(self.nodes.len() - 1)
    }

    /// The node in the new graph, or what it permutes.
    fn add(&mut self, node: &Node) -> Moved {
        let moved = match (&node.op, node.inputs.as_slice()) {
            // A value of a name is asked for as it is.
            _ if node.name.is_some() => None,
            (Op::Map(_) | Op::Formula(_), inputs) => self.through_function(node, inputs),
            (Op::Reduce(reduce), &[input]) => self.through_fold(node, reduce, input),
            (Op::Layout(layout), &[input]) => self.through_layout(node, layout, input),
            (Op::Contract, &[left, right]) if self.lasts[right.index()] => self.through_product(node, left, right),
            _ => None,
        };
        moved.unwrap_or_else(|| {
            let inputs = node.inputs.iter().map(|&input| self.written(input)).collect();
            let source = self.push(Node { inputs, ..node.clone() });
            Moved { source, axes: None, written: None }
        })
    }

    /// The value itself, with its permutation written where that hasn't happened yet.
    fn written(&mut self, id: NodeId) -> NodeId {
        let Moved { source, axes, written } = self.at[id.index()].clone();
        let Some(axes) = axes else { return source };
        written.unwrap_or_else(|| {
            let old = self.old.node(id);
            let node = Node {
                op: Op::Layout(Layout::Permute(axes)),
                inputs: vec![source],
                shape: old.shape.clone(),
                name: None,
                origin: old.origin.clone(),
            };
            let written = self.push(node);
            self.at[id.index()].written = Some(written);
            written
        })
    }

    /// A node over values whose axes are still to be permuted.
    fn moved(&mut self, node: &Node, op: Op, inputs: Vec<NodeId>, axes: Vec<usize>) -> Moved {
        let source = self.push(Node { op, inputs, shape: unpermuted(&node.shape, &axes), ..node.clone() });
        Moved { source, axes: Some(axes).filter(|axes| !is_identity(axes)), written: None }
    }

    fn through_function(&mut self, node: &Node, inputs: &[NodeId]) -> Option<Moved> {
        let axes = inputs.iter().find_map(|input| self.at[input.index()].axes.clone())?;
        let can_follow = |&input: &NodeId| match &self.at[input.index()].axes {
            Some(other) => *other == axes,
            None => self.repeated(input).is_some(),
        };
        // Of what windows see, the values that follow are no larger than those that would have to be permuted back.
        if !self.is_picture(node) && !inputs.iter().all(can_follow) {
            return None;
        }
        let inputs = inputs.iter().map(|&input| self.followed(input, &axes)).collect();
        Some(self.moved(node, node.op.clone(), inputs, axes))
    }

    /// Whether the value is one of pictures in a graph of windows.
    fn is_picture(&self, node: &Node) -> bool {
        node.shape.rank() > 3 && self.pictures.is_some() && node.shape.dims().first() == self.pictures.as_ref()
    }

    /// What a broadcast repeats, where that is little: a number, or a number for each position of one axis.
    fn repeated(&self, id: NodeId) -> Option<NodeId> {
        let node = &self.nodes[self.at[id.index()].source.index()];
        let Op::Layout(Layout::Broadcast(_)) = node.op else { return None };
        let source = node.inputs[0];
        let long = self.nodes[source.index()].shape.dims().iter().filter(|dim| dim.as_known() != Some(1)).count();
        (long <= 1).then_some(source)
    }

    /// The value as it is before its axes are permuted: what it is permuted from already, a broadcast along others, or
    /// permuted on purpose.
    fn followed(&mut self, id: NodeId, axes: &[usize]) -> NodeId {
        let Moved { source, axes: own, .. } = self.at[id.index()].clone();
        match own {
            Some(own) if own == axes => return source,
            Some(own) => return self.permuted_back(source, Some(&own), axes),
            None => {}
        }
        match self.nodes[source.index()].op {
            Op::Layout(Layout::Broadcast(_)) => self.broadcast_after(source, axes),
            _ => self.permuted_back(source, None, axes),
        }
    }

    /// A value of `source`, permuted by `own`, as it is before it is permuted by `axes`.
    fn permuted_back(&mut self, source: NodeId, own: Option<&[usize]>, axes: &[usize]) -> NodeId {
        let back = inverse(axes);
        let composed: Vec<usize> = back.iter().map(|&axis| own.map_or(axis, |own| own[axis])).collect();
        if is_identity(&composed) {
            return source;
        }
        let Node { shape, origin, .. } = self.nodes[source.index()].clone();
        self.rearranged(source, Layout::Permute(composed.clone()), permuted_shape(&shape, &composed), &origin)
    }

    /// A broadcast of what is permuted before, not after. Axes of one position only are moved by a reshape.
    fn broadcast_after(&mut self, broadcast: NodeId, axes: &[usize]) -> NodeId {
        let Node { inputs, shape, origin, .. } = self.nodes[broadcast.index()].clone();
        let (repeated, from) = (inputs[0], self.nodes[inputs[0].index()].shape.clone());
        let missing = std::iter::repeat_n(Dim::known(1), shape.rank() - from.rank());
        let padded = Shape::new(missing.chain(from.dims().iter().cloned()));
        let (back, permuted, shape) = (inverse(axes), unpermuted(&padded, axes), unpermuted(&shape, axes));
        let permuted = if moves_only_units(&padded, &back) {
            self.rearranged(repeated, Layout::Reshape(permuted.clone()), permuted, &origin)
        } else {
            let padded = self.rearranged(repeated, Layout::Reshape(padded.clone()), padded, &origin);
            self.rearranged(padded, Layout::Permute(back), permuted, &origin)
        };
        self.rearranged(permuted, Layout::Broadcast(shape.clone()), shape, &origin)
    }

    fn rearranged(&mut self, input: NodeId, layout: Layout, shape: Shape, origin: &Origin) -> NodeId {
        let (op, inputs, origin) = (Op::Layout(layout), vec![input], origin.clone());
        self.push(Node { op, inputs, shape, name: None, origin })
    }

    fn through_fold(&mut self, node: &Node, reduce: &Reduce, input: NodeId) -> Option<Moved> {
        let Moved { source, axes, .. } = self.at[input.index()].clone();
        let axes = axes?;
        let mut folded: Vec<usize> = reduce.axes.iter().map(|&axis| axes[axis]).collect();
        folded.sort_unstable();
        let left = if reduce.keep {
            axes
        } else {
            // The axes that stay, numbered afresh.
            let stays = |axis: &usize| !folded.contains(axis);
            let rank = |axis: usize| (0..axis).filter(stays).count();
            axes.iter().copied().filter(stays).map(rank).collect()
        };
        Some(self.moved(node, Op::Reduce(Reduce { axes: folded, ..reduce.clone() }), vec![source], left))
    }

    /// A product of samples whose axes a reshape merged, with the rows of its matrix in the order before these were
    /// permuted.
    fn through_product(&mut self, node: &Node, left: NodeId, right: NodeId) -> Option<Moved> {
        let flat = self.old.node(left);
        let (Op::Layout(Layout::Reshape(_)), [of_samples, columns]) = (&flat.op, flat.shape.dims()) else {
            return None;
        };
        let whole = &self.old.node(flat.inputs[0]).shape;
        let Moved { source, axes, .. } = self.at[flat.inputs[0].index()].clone();
        let axes = axes.filter(|axes| axes.first() == Some(&0) && whole.dims().first() == Some(of_samples))?;
        let [_, width] = self.old.node(right).shape.dims() else { return None };
        let rows = |dims: &[Dim]| Shape::new(dims.iter().chain([width]).cloned());
        let rest = rows(&whole.dims()[1..]);
        let order: Vec<usize> = inverse(&axes)[1..].iter().map(|axis| axis - 1).chain([rest.rank() - 1]).collect();
        let (matrix, origin) = (self.written(right), &flat.origin);
        let matrix = self.rearranged(matrix, Layout::Reshape(rest.clone()), rest.clone(), origin);
        let permuted = permuted_shape(&rest, &order);
        let matrix = self.rearranged(matrix, Layout::Permute(order), permuted, origin);
        let [flat_shape, matrix_shape] = [flat.shape.clone(), rows(std::slice::from_ref(columns))];
        let matrix = self.rearranged(matrix, Layout::Reshape(matrix_shape.clone()), matrix_shape, origin);
        let samples = self.rearranged(source, Layout::Reshape(flat_shape.clone()), flat_shape, origin);
        let source = self.push(Node { inputs: vec![samples, matrix], ..node.clone() });
        Some(Moved { source, axes: None, written: None })
    }

    fn through_layout(&mut self, node: &Node, layout: &Layout, input: NodeId) -> Option<Moved> {
        let Moved { source, axes, .. } = self.at[input.index()].clone();
        if let Layout::Permute(next) = layout
            && !(self.pictures.is_some() && moves_only_units(&self.old.node(input).shape, next))
        {
            let axes = match axes {
                Some(axes) => next.iter().map(|&axis| axes[axis]).collect(),
                None => next.clone(),
            };
            return Some(Moved { source, axes: Some(axes).filter(|axes| !is_identity(axes)), written: None });
        }
        let axes = match (axes, layout) {
            (Some(axes), _) => axes,
            (None, Layout::Permute(next)) => (0..next.len()).collect(),
            (None, _) => return None,
        };
        let (layout, axes) = match *layout {
            Layout::Slice { axis, start, end } => (Layout::Slice { axis: axes[axis], start, end }, axes),
            Layout::Pad { axis, before, after } => (Layout::Pad { axis: axes[axis], before, after }, axes),
            Layout::Broadcast(ref shape) => {
                let new = shape.rank() - axes.len();
                let axes: Vec<usize> = (0..new).chain(axes.iter().map(|axis| new + axis)).collect();
                (Layout::Broadcast(unpermuted(shape, &axes)), axes)
            }
            Layout::Reshape(_) | Layout::Permute(_) if self.pictures.is_some() => {
                let (shape, axes) = reshaped_before(&self.old.node(input).shape, &node.shape, &axes)?;
                (Layout::Reshape(shape), axes)
            }
            // A reshape merges axes that a permutation keeps apart; of the others nothing is known here.
            _ => return None,
        };
        Some(self.moved(node, Op::Layout(layout), vec![source], axes))
    }
}

/// A reshape of a permuted value, as a reshape of the value and a permutation: the shape, and where its axes go. `axes`
/// permutes the value to `from`, which is reshaped to `to`. `None` where axes are merged that do not stand side by side.
fn reshaped_before(from: &Shape, to: &Shape, axes: &[usize]) -> Option<(Shape, Vec<usize>)> {
    let mut blocks = blocks(from.dims(), to.dims())?;
    let is_long = |axis: &usize| !from.dims()[*axis].is_one();
    for (merged, _) in &blocks {
        let places: Vec<usize> = merged.clone().filter(is_long).map(|axis| axes[axis]).collect();
        let between = |pair: &[usize]| (pair[0] + 1..pair[1]).all(|place| from.dims()[position(axes, place)].is_one());
        if !places.windows(2).all(|pair| pair[0] < pair[1] && between(pair)) {
            return None;
        }
    }
    blocks.sort_by_key(|(merged, _)| merged.clone().find(is_long).map(|axis| axes[axis]));
    let order: Vec<usize> = blocks.into_iter().flat_map(|(_, made)| made).collect();
    let shape = Shape::new(order.iter().map(|&axis| to.dims()[axis].clone()));
    Some((shape, inverse(&order)))
}

/// The axes of `from` that become axes of `to`, as few at a time as have equal products; axes of one position go with those
/// before them.
fn blocks(from: &[Dim], to: &[Dim]) -> Option<Vec<(Range<usize>, Range<usize>)>> {
    let (mut blocks, mut i, mut o): (Vec<(Range<usize>, Range<usize>)>, _, _) = (Vec::new(), 0, 0);
    while i < from.len() || o < to.len() {
        let (first_i, first_o) = (i, o);
        let (mut left, mut right) = (Dim::known(1), Dim::known(1));
        match (from.get(i), to.get(o)) {
            (_, Some(dim)) if dim.is_one() => o += 1,
            (Some(dim), _) if dim.is_one() => i += 1,
            (Some(a), Some(b)) => {
                (left, right, i, o) = (a.clone(), b.clone(), i + 1, o + 1);
                while left != right {
                    if right.divided_by(&left).is_some() {
                        (left, i) = (left * from.get(i)?.clone(), i + 1);
                    } else {
                        left.divided_by(&right)?;
                        (right, o) = (right * to.get(o)?.clone(), o + 1);
                    }
                }
            }
            _ => return None,
        }
        match blocks.last_mut() {
            Some((merged, made)) if left.is_one() => (merged.end, made.end) = (i, o),
            _ => blocks.push((first_i..i, first_o..o)),
        }
        let _ = right;
    }
    Some(blocks)
}

/// Where `place` stands in a permutation.
fn position(axes: &[usize], place: usize) -> usize {
    axes.iter().position(|&axis| axis == place).unwrap_or(place)
}

fn inverse(axes: &[usize]) -> Vec<usize> {
    (0..axes.len()).map(|place| position(axes, place)).collect()
}

/// Whether the axes that are longer than 1 keep their order.
fn moves_only_units(shape: &Shape, axes: &[usize]) -> bool {
    let long: Vec<usize> = axes.iter().copied().filter(|&axis| !shape.dims()[axis].is_one()).collect();
    long.is_sorted()
}

fn permuted_shape(shape: &Shape, axes: &[usize]) -> Shape {
    Shape::new(axes.iter().map(|&axis| shape.dims()[axis].clone()))
}

/// The shape before its axes were permuted: axis i stood at `axes[i]`.
fn unpermuted(shape: &Shape, axes: &[usize]) -> Shape {
    let mut dims = shape.dims().to_vec();
    axes.iter().zip(shape.dims()).for_each(|(&axis, dim)| dims[axis] = dim.clone());
    Shape::new(dims)
}

fn is_identity(axes: &[usize]) -> bool {
    axes.iter().enumerate().all(|(i, &axis)| i == axis)
}

#[cfg(test)]
mod tests {
    use limpid_graph::{Builder, Graph, Layout, Op, Var};

    use super::with_permutations_sunk;

    fn permutations(graph: &Graph) -> usize {
        graph
            .simplified()
            .unwrap()
            .nodes()
            .filter(|(_, node)| matches!(node.op, Op::Layout(Layout::Permute(_))))
            .count()
    }

    fn sunk<'b>(b: &'b Builder, outputs: impl IntoIterator<Item = Var<'b>>) -> Graph {
        with_permutations_sunk(b.finish(outputs).unwrap()).unwrap()
    }

    #[test]
    fn two_permutations_that_undo_each_other_vanish_whatever_stands_between() {
        let b = Builder::new();
        let (x, bias) = (b.input("x", ("batch", 3, 5, 7)), b.input("bias", 3));
        let last = x.permute([0, 2, 3, 1]);
        let normal = (last + bias).relu() - last.sum_keep([0, 1, 2]) / 2.0;
        let graph = sunk(&b, [normal.permute([0, 3, 1, 2]).exp()]);
        assert_eq!(permutations(&graph), 0, "{}", graph.show());
    }

    #[test]
    fn what_folds_the_picture_away_needs_no_permutation() {
        let b = Builder::new();
        let x = b.input("x", (4, 3, 5, 7));
        let graph = sunk(&b, [x.permute([0, 2, 3, 1]).square().sum([0, 1, 2]), x.permute([3, 2, 1, 0]).max([0, 1])]);
        assert_eq!(permutations(&graph), 1, "of 12 numbers: {}", graph.show());
    }

    #[test]
    fn what_cannot_vanish_is_one_step_at_the_edge() {
        let b = Builder::new();
        let x = b.input("x", (4, 3, 5, 7));
        let last = x.permute([0, 2, 3, 1]).tanh();
        let graph = sunk(&b, [last.reshape((4, 105)), last.reshape((20, 21)).exp()]);
        assert_eq!(permutations(&graph), 1, "{}", graph.show());
    }

    #[test]
    fn a_product_of_flattened_pictures_has_its_matrix_permuted_where_no_variable_changes() {
        for changes in [false, true] {
            let b = Builder::new();
            let (x, w, s) = (b.input("x", ("batch", 5, 7, 3)), b.parameter("w", (105, 4)), b.state("s", ()));
            if changes {
                b.assign(s, s + 1.0);
            }
            let pictures = x.exp().permute([0, 3, 1, 2]).relu();
            let graph = sunk(&b, [pictures.reshape(("batch", 105)).matmul(w)]).simplified().unwrap();
            let permuted = graph.nodes().find(|(_, node)| matches!(node.op, Op::Layout(Layout::Permute(_)))).unwrap().1;
            let is_matrix = permuted.shape.dims().last().is_some_and(|dim| dim.as_known() == Some(4));
            assert_eq!(is_matrix, !changes, "{}", graph.show());
        }
    }

    #[test]
    fn a_graph_that_wins_nothing_stays_as_it_is() {
        let b = Builder::new();
        let x = b.input("x", (4, 3, 5));
        let last = x.permute([0, 2, 1]);
        let graph = b.finish([last.exp(), last.tanh(), last.reshape(60)]).unwrap();
        assert_eq!(with_permutations_sunk(graph.clone()).unwrap(), graph);
    }
}
