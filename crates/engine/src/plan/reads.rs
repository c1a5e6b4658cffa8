//! Reads: how a node reads its inputs. Everything else in a plan follows from it: what can run together, what has to be
//! in memory, and in which form.

use limpid_graph::{Graph, Index, Layout, Leaf, NodeId, Op};

use super::choose_forms::Forms;
use super::convolutions::Convolved;
use super::extremes::ExtremeSlope;
use super::forms::{Access, ByNumber, Fold, Form, Split, axes, repeated, runs};
use super::{Limits, Matrix, pitch};

/// One input of a node, as the node reads it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Read {
    /// The node whose numbers are read: an input, or what it only rearranges.
    pub(super) source: NodeId,
    pub(super) access: Access,
}

/// A graph with its shapes, as the planner asks about it.
#[derive(Clone, Copy)]
pub(super) struct Reader<'g> {
    pub(super) graph: &'g Graph,
    pub(super) shapes: &'g [Vec<usize>],
    pub(super) forms: &'g Forms,
    pub(super) limits: &'g Limits,
}

impl<'g> Reader<'g> {
    pub(super) fn op(self, id: NodeId) -> &'g Op {
        &self.graph.node(id).op
    }

    pub(super) fn inputs(self, id: NodeId) -> &'g [NodeId] {
        &self.graph.node(id).inputs
    }

    pub(super) fn shape(self, id: NodeId) -> &'g [usize] {
        &self.shapes[id.index()]
    }

    /// The form in which the node's value is computed.
    pub(super) fn form(self, id: NodeId) -> Form {
        self.forms.forms[id.index()]
    }

    fn split(self, id: NodeId) -> Split {
        self.forms.splits[id.index()]
    }

    /// Whether the node's value has another form than matrices have, or is a picture: then its rows lie without padding.
    pub(super) fn is_merged(self, id: NodeId) -> bool {
        self.form(id).matrix() != self.usual(id) || self.forms.sampled[id.index()]
    }

    /// What the node is, if it is a convolution or a gradient of one.
    pub(super) fn convolved(self, id: NodeId) -> Option<Convolved> {
        self.forms.convolved[id.index()]
    }

    /// Whether the node filters a single sample at such length that the threads share its rows.
    pub(super) fn is_banded(self, id: NodeId) -> bool {
        match self.convolved(id) {
            Some(Convolved::Filtered { convolution: of, .. }) => {
                of.samples == 1 && of.places() * of.window() * of.filters >= self.limits.banded
            }
            _ => false,
        }
    }

    /// What the node is, if it is the derivative of extremes within samples.
    pub(super) fn extreme_slope(self, id: NodeId) -> Option<ExtremeSlope> {
        self.forms.extreme_slopes[id.index()]
    }

    /// Whether the node goes from sample to sample, each worked on whole.
    pub(super) fn goes_by_samples(self, id: NodeId) -> bool {
        let sampled = |id: NodeId| self.forms.sampled[id.index()];
        match self.op(id) {
            Op::Reduce(_) => sampled(self.inputs(id)[0]),
            Op::Contract => self.convolved(id).is_some(),
            _ => sampled(id),
        }
    }

    /// Whether the node's value has as many items as there are samples, with all axes but the last as rows: pictures, and
    /// what is fed as such.
    fn is_of_samples(self, id: NodeId) -> bool {
        let rank = self.shape(id).len();
        rank > 2 && self.split(id) == Split { items: 1, rows: rank - 1 }
    }

    /// How axes within a sample are folded that do not stand side by side: alternately kept and folded ones.
    pub(super) fn fold_within(self, id: NodeId) -> Option<Vec<(bool, usize)>> {
        let Op::Reduce(reduce) = self.op(id) else { return None };
        let from = self.inputs(id)[0];
        let is_within = self.forms.sampled[from.index()] && self.fold(id).is_none() && !reduce.axes.contains(&0);
        let same_items = || self.form(id).items == self.form(from).items;
        (is_within && same_items()).then(|| runs(&self.shape(from)[1..], |axis| reduce.axes.contains(&(axis + 1))))
    }

    /// The node's value as a matrix of its last axis.
    pub(super) fn usual(self, id: NodeId) -> Matrix {
        Matrix::of(self.shape(id))
    }

    /// The node that holds the numbers of `id`: a reshape holds none of its own.
    pub(super) fn storage(self, id: NodeId) -> NodeId {
        match self.op(id) {
            Op::Layout(Layout::Reshape(_)) => self.storage(self.inputs(id)[0]),
            _ => id,
        }
    }

    /// Whether the node is only another way of reading its input: it is computed where nothing can read through it.
    pub(super) fn is_lazy(self, id: NodeId) -> bool {
        let is_layout =
            matches!(self.op(id), Op::Layout(Layout::Reshape(_) | Layout::Broadcast(_) | Layout::Permute(_)));
        is_layout && !self.forms.arranged[id.index()]
    }

    /// Whether the value comes from outside: fed or kept.
    pub(super) fn is_fed(self, id: NodeId) -> bool {
        matches!(self.op(id), Op::Leaf(Leaf::Input | Leaf::Parameter | Leaf::State))
    }

    /// How many items a fusion has that the node can be part of; `None` where it cannot go item by item.
    pub(super) fn domain(self, id: NodeId) -> Option<usize> {
        let inputs = self.inputs(id);
        if let Some(convolved) = self.convolved(id) {
            return (!self.is_banded(id)).then_some(convolved.samples());
        }
        match self.op(id) {
            Op::Map(_) | Op::Formula(_) | Op::Random(_) => Some(self.form(id).items),
            Op::Reduce(_) if self.fold_within(id).is_some() => Some(self.form(id).items),
            Op::Reduce(_) => self.fold(id).map(|_| self.folded_form(id).items),
            Op::Layout(_) => self.forms.arranged[id.index()].then(|| self.form(id).items),
            Op::Window(windows) => {
                let is_within = windows.slides().first().is_some_and(|slide| slide.axis > 0);
                let all_sampled = [id, inputs[0]].iter().all(|&id| self.is_of_samples(id));
                (is_within && all_sampled).then(|| self.form(id).items)
            }
            Op::Contract => {
                let [m, n] = *self.shape(id) else { return None };
                let k = self.shape(inputs[1])[0];
                let by_rows = self.transposed(inputs[0]).is_none();
                (by_rows && k * pitch(n) <= self.limits.small_operand).then_some(m)
            }
            Op::Index(Index::OneHot { .. }) => {
                let of = self.form(inputs[0]);
                let rows = self.form(id).items;
                (of == Form { items: rows, rows: 1, columns: 1 } && self.form(id).rows == 1).then_some(rows)
            }
            Op::Index(Index::ArgMax { axes }) => {
                let shape = self.shape(inputs[0]);
                (shape.len() == 2 && axes.as_slice() == [1]).then(|| shape[0])
            }
            Op::Index(Index::Gather { .. } | Index::ScatterAdd { .. }) | Op::Leaf(_) => None,
        }
    }

    /// How a fusion folds, where it can.
    pub(super) fn fold(self, id: NodeId) -> Option<Fold> {
        let Op::Reduce(reduce) = self.op(id) else { return None };
        let from = self.inputs(id)[0];
        Fold::of(&axes(self.graph, self.shapes, id), self.shape(from), self.split(from), reduce.monoid)
    }

    /// The form of what a fold folds: of its input under the shape in which it reads it.
    fn folded_form(self, id: NodeId) -> Form {
        let from = self.inputs(id)[0];
        self.split(from).form(self.shape(from))
    }

    /// Whether the node's value is there only when a fusion has run over all its items.
    pub(super) fn is_terminal(self, id: NodeId) -> bool {
        let folds_items = || self.fold(id).is_some_and(|fold| fold.items.is_some());
        matches!(self.convolved(id), Some(Convolved::OfFilters { .. })) || folds_items()
    }

    /// What a transposition of the last two axes transposes.
    pub(super) fn transposed(self, id: NodeId) -> Option<NodeId> {
        match self.op(id) {
            Op::Layout(Layout::Permute(axes)) if is_transposition(axes) => Some(self.inputs(id)[0]),
            _ => None,
        }
    }

    /// How `id` reads its inputs.
    pub(super) fn reads(self, id: NodeId) -> Vec<Read> {
        let inputs = self.inputs(id);
        let by_items = self.domain(id).is_some();
        let contiguous = |input: NodeId| Read { source: self.storage(input), access: Access::Contiguous };
        let items_of = |input: NodeId, form: Form| Read { source: self.storage(input), access: Access::Items(form) };
        let matrix = |input: NodeId| match self.transposed(input) {
            Some(source) => Read { source: self.storage(source), access: Access::Matrix { transposed: true } },
            None => Read { source: self.storage(input), access: Access::Matrix { transposed: false } },
        };
        if let Some(convolved) = self.convolved(id) {
            let pixels = |input: NodeId, rows: usize, columns: usize| {
                items_of(input, Form { items: convolved.samples(), rows, columns })
            };
            return match convolved {
                Convolved::Filtered { images, matrix: filters, convolution: c, tail } => {
                    let bias = tail.bias.map(contiguous);
                    [pixels(images, c.pixels(), c.channels), matrix(filters)].into_iter().chain(bias).collect()
                }
                Convolved::OfImages { up, matrix: filters, convolution: c } => {
                    vec![pixels(up, c.places(), c.filters), matrix(filters)]
                }
                Convolved::OfFilters { images, up, convolution: c } => {
                    vec![pixels(images, c.pixels(), c.channels), pixels(up, c.places(), c.filters)]
                }
            };
        }
        if let Some(ExtremeSlope { from, up, pooling, .. }) = self.extreme_slope(id) {
            let form @ Form { items, .. } = self.form(id);
            let up = items_of(up, Form { items, rows: pooling.down * pooling.across, columns: pooling.channels });
            return vec![items_of(from, form), up];
        }
        match self.op(id) {
            Op::Leaf(_) => Vec::new(),
            Op::Map(_) | Op::Formula(_) => {
                let read = |(source, read): (NodeId, ByNumber)| Read { source, access: read.into() };
                self.by_number(id).map(read).collect()
            }
            Op::Random(_) => inputs.iter().map(|&input| contiguous(input)).collect(),
            Op::Contract if self.shape(id).len() == 2 => {
                let left = if by_items { items_of(inputs[0], self.usual(inputs[0]).into()) } else { matrix(inputs[0]) };
                vec![left, matrix(inputs[1])]
            }
            Op::Contract => inputs.iter().map(|&input| contiguous(self.transposed(input).unwrap_or(input))).collect(),
            Op::Reduce(_) if by_items => vec![items_of(inputs[0], self.folded_form(id))],
            Op::Layout(_) | Op::Window(_) if by_items => {
                vec![items_of(inputs[0], self.split(inputs[0]).form(self.shape(inputs[0])))]
            }
            Op::Index(Index::OneHot { .. } | Index::ArgMax { .. }) if by_items => {
                vec![items_of(inputs[0], self.form(inputs[0]))]
            }
            Op::Index(Index::Gather { axis: 0 }) if self.is_fed(inputs[0]) && self.shape(inputs[1]).len() == 1 => {
                vec![Read { source: inputs[0], access: Access::Raw }, contiguous(inputs[1])]
            }
            Op::Reduce(_) | Op::Index(_) | Op::Layout(_) | Op::Window(_) => {
                inputs.iter().map(|&input| contiguous(input)).collect()
            }
        }
    }

    /// How a function of single numbers reads its inputs: through broadcasts.
    pub(super) fn by_number(self, id: NodeId) -> impl Iterator<Item = (NodeId, ByNumber)> {
        let form = self.form(id);
        self.inputs(id).iter().map(move |&input| {
            let all = self.storage(input);
            if !matches!(self.op(all), Op::Layout(Layout::Broadcast(_))) {
                return (all, ByNumber::Items(form));
            }
            // A broadcast says which number is read by the number that is written: a reshape between changes neither.
            let source = self.storage(self.inputs(all)[0]);
            match repeated(&axes(self.graph, self.shapes, all), self.shape(all), form) {
                Some(read) if !self.is_lazy(source) => (source, read),
                _ => (all, ByNumber::Items(form)),
            }
        })
    }
}

fn is_transposition(axes: &[usize]) -> bool {
    let rank = axes.len();
    let expected = |axis: usize| match axis {
        _ if axis + 2 == rank => rank - 1,
        _ if axis + 1 == rank => rank - 2,
        _ => axis,
    };
    rank >= 2 && axes.iter().enumerate().all(|(axis, &from)| from == expected(axis))
}
