//! Forms chosen: for each node, where the axes of items, rows and columns end.
//!
//! Functions of single numbers give what they read the same form, so that all values of one shape that such functions
//! join have one. Values of up to two axes have their usual form. Of more axes, the cut is taken by which the most folds
//! and broadcasts are done on the way, and rows are long enough for the processor and items short enough for its caches.
//! A value that is folded, or broadcast, to a larger one follows that one's items: then they run together.

use std::collections::HashMap;

use limpid_graph::op::{AxisMap, Monoid};
use limpid_graph::{Graph, Index, Layout, NodeId, Op};

use super::convolutions::Convolved;
use super::extremes::ExtremeSlope;
use super::forms::{ByNumber, Fold, Form, Split, axes, repeated};
use super::{Limits, pitch};

/// Where the axes of each node's value are cut, and the form that follows.
#[derive(Debug)]
pub(super) struct Forms {
    pub(super) splits: Vec<Split>,
    pub(super) forms: Vec<Form>,
    /// Of each node, whether its items are samples, worked on whole: pictures, where windows slide over them.
    pub(super) sampled: Vec<bool>,
    /// Of each node, whether it is an arrangement that is made within a sample: nothing reads through it.
    pub(super) arranged: Vec<bool>,
    pub(super) convolved: Vec<Option<Convolved>>,
    pub(super) extreme_slopes: Vec<Option<ExtremeSlope>>,
}

/// Another cut than the usual one has to be so much cheaper: regions of matrices go on with the usual one.
const WORTH: f64 = 0.8;

// Prices, in passes over a value. They are no limits: tests draw graphs of every form as it is.

/// What a value costs that is written out because no cut lets it be read on the way, in passes over the others.
const WRITTEN_OUT: f64 = 2.0;

/// What filling rows with repeated numbers costs.
const FILLED: f64 = 0.05;

impl Forms {
    pub(super) fn of(graph: &Graph, shapes: &[Vec<usize>], limits: &Limits) -> Self {
        let mut splits: Vec<Split> = shapes.iter().map(|shape| Split::usual(shape.len())).collect();
        let mut sampled = vec![false; shapes.len()];
        let samples = samples(graph, shapes);
        if shapes.iter().any(|shape| shape.len() > 2) {
            Families::of(graph, shapes).choose((shapes, limits), samples, &mut splits, &mut sampled);
        }
        for (id, _) in graph.nodes().filter(|(_, node)| matches!(node.op, Op::Leaf(_))) {
            sampled[id.index()] = false;
        }
        let users = count_users(graph);
        let convolved = |(id, _): (NodeId, _)| {
            let samples = samples?;
            let convolved = Convolved::of(graph, shapes, &users, id)?;
            let is_of_samples = convolved.samples() == samples;
            let is_product = graph.node(id).op == Op::Contract;
            let is_written = is_product || sampled[id.index()];
            (is_of_samples && is_written).then_some(convolved)
        };
        let convolved: Vec<Option<Convolved>> = graph.nodes().map(convolved).collect();
        for (at, convolved) in convolved.iter().enumerate() {
            sampled[at] |= matches!(convolved, Some(Convolved::Filtered { .. }));
        }
        let extreme_slope = |(id, _): (NodeId, _)| {
            let slope = sampled[id.index()].then(|| ExtremeSlope::of(graph, shapes, id))??;
            sampled[slope.from.index()].then_some(slope)
        };
        let extreme_slopes = graph.nodes().map(extreme_slope).collect();
        let form = |(id, node): (NodeId, &limpid_graph::Node)| {
            let at = id.index();
            let own = splits[at].form(&shapes[at]);
            if let Some(Convolved::Filtered { convolution, .. }) = convolved[at] {
                return Form { items: convolution.samples, rows: convolution.places(), columns: convolution.filters };
            }
            let Op::Reduce(reduce) = &node.op else { return own };
            // What is left of each item has the form that the fold gives it.
            let from = node.inputs[0].index();
            match Fold::of(&axes(graph, shapes, id), &shapes[from], splits[from], reduce.monoid) {
                Some(fold) if fold.items.is_none() => fold.form(splits[from].form(&shapes[from])),
                _ => own,
            }
        };
        let forms: Vec<Form> = graph.nodes().map(form).collect();
        let arranged = |(id, node): (NodeId, &limpid_graph::Node)| {
            let (Op::Layout(layout), Some(from)) = (&node.op, node.inputs.first()) else { return false };
            let (own, axes) = (forms[id.index()], axes(graph, shapes, id));
            let is_within = sampled[id.index()] && sampled[from.index()] && axes.same_output(0) == Some(0);
            let is_read_through = || matches!(repeated(&axes, &shapes[id.index()], own), Some(ByNumber::Items(_)));
            is_within
                && match layout {
                    Layout::Permute(_) => true,
                    Layout::Broadcast(_) => !is_read_through(),
                    Layout::Slice { axis, .. } | Layout::Pad { axis, .. } => *axis > 0,
                    // Of the others nothing is known here.
                    _ => false,
                }
        };
        let arranged = graph.nodes().map(arranged).collect();
        Self { splits, forms, sampled, arranged, convolved, extreme_slopes }
    }
}

/// How often each node is read.
pub(super) fn count_users(graph: &Graph) -> Vec<usize> {
    let mut users = vec![0; graph.nodes().len()];
    let ends = graph.outputs().iter().copied().chain(graph.assignments().iter().map(|a| a.value));
    let reads = graph.nodes().flat_map(|(_, node)| node.inputs.iter().copied());
    ends.chain(reads).for_each(|id| users[id.index()] += 1);
    users
}

/// How many samples the pictures have that windows slide over.
fn samples(graph: &Graph, shapes: &[Vec<usize>]) -> Option<usize> {
    graph.nodes().find_map(|(id, node)| match &node.op {
        Op::Window(windows) if windows.slides().first().is_some_and(|slide| slide.axis > 0) => {
            shapes[id.index()].first().copied()
        }
        _ => None,
    })
}

/// Nodes of one shape that functions of single numbers join.
#[derive(Default)]
struct Family {
    members: Vec<NodeId>,
    /// Whether a member has to keep its usual form.
    is_fixed: bool,
    /// How members are folded.
    folds: Vec<(AxisMap, Monoid)>,
    /// How members are broadcast from others.
    broadcasts: Vec<AxisMap>,
    /// The families that this one is folded from, or broadcast to.
    larger: Vec<usize>,
}

struct Families(HashMap<usize, Family>);

impl Families {
    fn of(graph: &Graph, shapes: &[Vec<usize>]) -> Self {
        let mut joined = Joined((0..shapes.len()).collect());
        for (id, node) in graph.nodes().filter(|(_, node)| matches!(node.op, Op::Map(_) | Op::Formula(_))) {
            for input in node.inputs.iter().filter(|input| shapes[input.index()] == shapes[id.index()]) {
                joined.join(id.index(), input.index());
            }
        }
        let mut all: HashMap<usize, Family> = HashMap::new();
        for (id, node) in graph.nodes() {
            let own = joined.first(id.index());
            all.entry(own).or_default().members.push(id);
            let is_matrix = shapes[id.index()].len() <= 2;
            match &node.op {
                Op::Reduce(reduce) => {
                    let from = joined.first(node.inputs[0].index());
                    all.entry(from).or_default().folds.push((axes(graph, shapes, id), reduce.monoid));
                    all.entry(own).or_default().larger.push(from);
                }
                Op::Layout(Layout::Broadcast(_)) => {
                    let input = node.inputs[0];
                    all.entry(own).or_default().broadcasts.push(axes(graph, shapes, id));
                    let mut source = input;
                    loop {
                        all.entry(joined.first(source.index())).or_default().larger.push(own);
                        let Op::Layout(Layout::Reshape(_)) = graph.node(source).op else { break };
                        source = graph.node(source).inputs[0];
                    }
                }
                Op::Contract if is_matrix => {
                    let inputs = node.inputs.iter().map(|input| input.index());
                    let fixed: Vec<usize> = inputs.chain([id.index()]).map(|at| joined.first(at)).collect();
                    fixed.into_iter().for_each(|at| all.entry(at).or_default().is_fixed = true);
                }
                Op::Index(Index::OneHot { .. } | Index::ArgMax { .. }) => {
                    let fixed = [own, joined.first(node.inputs[0].index())];
                    fixed.into_iter().for_each(|at| all.entry(at).or_default().is_fixed = true);
                }
                Op::Leaf(_)
                | Op::Map(_)
                | Op::Formula(_)
                | Op::Contract
                | Op::Layout(_)
                | Op::Index(_)
                | Op::Window(_)
                | Op::Random(_) => {}
            }
        }
        Self(all)
    }

    /// Cuts the families' shapes, the largest first, so that smaller ones can follow.
    fn choose(
        self,
        (shapes, limits): (&[Vec<usize>], &Limits),
        samples: Option<usize>,
        splits: &mut [Split],
        sampled: &mut [bool],
    ) {
        let shape = |family: &Family| &shapes[family.members[0].index()];
        let mut order: Vec<(usize, &Family)> = self.0.iter().map(|(&at, family)| (at, family)).collect();
        let count = |family: &Family| shape(family).iter().product::<usize>();
        order.sort_by_key(|&(at, family)| (std::cmp::Reverse(count(family)), at));
        let mut chosen: HashMap<usize, Form> = HashMap::new();
        for (at, family) in order {
            let shape = shape(family);
            let larger: Vec<Form> = family.larger.iter().filter_map(|other| chosen.get(other).copied()).collect();
            let follows = shape.len() > 2 || !larger.is_empty();
            if family.is_fixed || shape.len() < 2 || !follows || count(family) == 0 {
                continue;
            }
            let is_sampled = samples == shape.first().copied() && shape.len() > 2;
            let split = match is_sampled {
                true => Split { items: 1, rows: shape.len() - 1 },
                false => family.cheapest((shape, limits), &larger),
            };
            family.members.iter().for_each(|member| sampled[member.index()] = is_sampled);
            family.members.iter().for_each(|member| splits[member.index()] = split);
            // What follows a matrix of the usual form is one, too.
            if shape.len() > 2 || split != Split::usual(shape.len()) {
                chosen.insert(at, split.form(shape));
            }
        }
    }
}

impl Family {
    fn cheapest(&self, at @ (shape, _): (&[usize], &Limits), larger: &[Form]) -> Split {
        let usual = Split::usual(shape.len());
        let mut best = (usual, self.cost(at, usual, larger) * WORTH);
        for items in (1..=shape.len()).rev() {
            for rows in items..=shape.len() {
                let split = Split { items, rows };
                let cost = self.cost(at, split, larger);
                if cost < best.1 {
                    best = (split, cost);
                }
            }
        }
        best.0
    }

    /// About how long a pass over a value takes in this form, with what has to be written out; 1 at best.
    fn cost(&self, (shape, limits): (&[usize], &Limits), split: Split, larger: &[Form]) -> f64 {
        let form @ Form { items, rows, columns } = split.form(shape);
        let across = pitch(columns);
        let mut cost = across as f64 / columns as f64 * (1.0 + 8.0 / columns as f64);
        cost *= match rows * across {
            item if item <= limits.near => 1.0,
            item if item <= limits.not_far => 1.25,
            _ => 2.0,
        };
        if items < 8 {
            cost *= 1.5;
        }
        if rows > 1 {
            cost += 0.01;
        }
        for (axes, monoid) in &self.folds {
            let is_done_on_the_way = Fold::of(axes, shape, split, *monoid).is_some_and(|fold| match fold.items {
                // Each task has partial results of its own.
                Some(kept) if kept.extent > 1 => kept.extent * fold.form(form).item() * 8 <= items * form.item(),
                _ => true,
            });
            cost += if is_done_on_the_way { 0.0 } else { WRITTEN_OUT };
        }
        for axes in &self.broadcasts {
            cost += match repeated(axes, shape, form) {
                None => WRITTEN_OUT,
                Some(ByNumber::Repeated(repeat)) if repeat.is_the_same_for_each(form.item()) => 0.0,
                Some(_) => FILLED,
            };
        }
        let follows = |other: &Form| other.items == items && (columns == 1 || columns == other.columns);
        if larger.iter().any(follows) { cost * 0.5 } else { cost }
    }
}

/// Sets that grow together, each known by its first member.
struct Joined(Vec<usize>);

impl Joined {
    fn first(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.first(a), self.first(b));
        let (first, later) = (a.min(b), a.max(b));
        self.0[later] = first;
    }
}
