//! Reads: how a node reads its inputs. Everything else in a plan follows from it: what can run together, what has to be
//! in memory, and in which form.

use limpid_graph::op::{Monoid, Reduce};
use limpid_graph::{Graph, Index, Layout, Leaf, NodeId, Op};

use super::{Matrix, pitch};

/// One input of a node, as the node reads it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Read {
    /// The node whose numbers are read: an input, or what it only rearranges.
    pub(super) source: NodeId,
    pub(super) access: Access,
}

/// How numbers are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Row by row, as a matrix of as many rows as the node has.
    Rows,
    /// One number for each row.
    PerRow,
    /// One number for each column.
    PerColumn,
    /// One number for all.
    Single,
    /// A whole matrix, read through a transposition or not.
    Matrix { transposed: bool },
    /// Everything, row after row without padding.
    Contiguous,
    /// A leaf's data, as they are stored.
    Raw,
}

impl Access {
    /// Whether a block of rows of the node needs no more than the same rows of what is read.
    pub(super) fn is_by_rows(self) -> bool {
        matches!(self, Self::Rows | Self::PerRow)
    }
}

/// A right operand of at most so many numbers is read by a fusion, block after block of its rows: it stays in the
/// first-level cache or near it.
const SMALL_OPERAND: usize = 1 << 14;

/// A graph with its shapes, as the planner asks about it.
#[derive(Clone, Copy)]
pub(super) struct Reader<'g> {
    pub(super) graph: &'g Graph,
    pub(super) shapes: &'g [Vec<usize>],
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

    pub(super) fn matrix(self, id: NodeId) -> Matrix {
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
        matches!(self.op(id), Op::Layout(Layout::Reshape(_) | Layout::Broadcast(_) | Layout::Permute(_)))
    }

    /// Whether the value comes from outside: fed or kept.
    pub(super) fn is_fed(self, id: NodeId) -> bool {
        matches!(self.op(id), Op::Leaf(Leaf::Input | Leaf::Parameter | Leaf::State))
    }

    /// How many rows a fusion has that the node can be part of; `None` where it cannot go row by row.
    pub(super) fn domain(self, id: NodeId) -> Option<usize> {
        let inputs = self.inputs(id);
        match self.op(id) {
            Op::Map(_) | Op::Formula(_) => Some(self.matrix(id).rows),
            Op::Reduce(reduce) => self.fold(id, reduce).map(|_| self.matrix(inputs[0]).rows),
            Op::Contract => {
                let [_, n] = self.shape(id) else { return None };
                let k = self.shape(inputs[1])[0];
                let by_rows = self.transposed(inputs[0]).is_none();
                (by_rows && k * pitch(*n) <= SMALL_OPERAND).then(|| self.matrix(id).rows)
            }
            Op::Index(Index::OneHot { .. }) => {
                let of = self.matrix(inputs[0]);
                (of.columns == 1 && of.rows == self.matrix(id).rows).then_some(of.rows)
            }
            Op::Index(Index::ArgMax { axes }) => {
                let shape = self.shape(inputs[0]);
                (shape.len() == 2 && axes.as_slice() == [1]).then(|| shape[0])
            }
            _ => None,
        }
    }

    /// How a fusion folds, where it can.
    pub(super) fn fold(self, id: NodeId, reduce: &Reduce) -> Option<Fold> {
        let rank = self.shape(self.inputs(id)[0]).len();
        let axes = reduce.axes.as_slice();
        let is_all_but_last = axes.len() + 1 == rank && axes.iter().enumerate().all(|(i, &axis)| i == axis);
        match rank {
            0 => None,
            _ if axes.len() == rank && (rank == 1 || reduce.monoid == Monoid::Sum) => Some(Fold::Everything),
            _ if axes.len() == rank => None,
            1 => None,
            _ if axes == [rank - 1] && (rank == 2 || reduce.keep) => Some(Fold::Rows),
            _ if is_all_but_last && axes.first() == Some(&0) => Some(Fold::Columns),
            _ => None,
        }
    }

    /// Whether the node's value is there only when a fusion has run over all its rows.
    pub(super) fn is_terminal(self, id: NodeId) -> bool {
        match self.op(id) {
            Op::Reduce(reduce) => matches!(self.fold(id, reduce), Some(Fold::Columns | Fold::Everything)),
            _ => false,
        }
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
        let by_rows = self.domain(id).is_some();
        let contiguous = |input: NodeId| Read { source: self.storage(input), access: Access::Contiguous };
        let by_rows_of = |input: NodeId| Read { source: self.storage(input), access: Access::Rows };
        match self.op(id) {
            Op::Leaf(_) => Vec::new(),
            Op::Map(_) | Op::Formula(_) => inputs.iter().map(|&input| self.elementwise(id, input)).collect(),
            Op::Contract if self.shape(id).len() == 2 => {
                let operand = |input: NodeId| match self.transposed(input) {
                    Some(source) => Read { source: self.storage(source), access: Access::Matrix { transposed: true } },
                    None => Read { source: self.storage(input), access: Access::Matrix { transposed: false } },
                };
                let left = if by_rows { by_rows_of(inputs[0]) } else { operand(inputs[0]) };
                vec![left, operand(inputs[1])]
            }
            Op::Contract => inputs.iter().map(|&input| contiguous(self.transposed(input).unwrap_or(input))).collect(),
            Op::Reduce(_) | Op::Index(Index::OneHot { .. } | Index::ArgMax { .. }) if by_rows => {
                vec![by_rows_of(inputs[0])]
            }
            Op::Index(Index::Gather { axis: 0 }) if self.is_fed(inputs[0]) && self.shape(inputs[1]).len() == 1 => {
                vec![Read { source: inputs[0], access: Access::Raw }, contiguous(inputs[1])]
            }
            _ => inputs.iter().map(|&input| contiguous(input)).collect(),
        }
    }

    /// How a function of single numbers reads an input: through broadcasts.
    fn elementwise(self, id: NodeId, input: NodeId) -> Read {
        let by_rows = Read { source: self.storage(input), access: Access::Rows };
        if !matches!(self.op(by_rows.source), Op::Layout(Layout::Broadcast(_))) {
            return by_rows;
        }
        let source = self.storage(self.inputs(by_rows.source)[0]);
        let (from, to) = (self.shape(self.inputs(by_rows.source)[0]), self.shape(by_rows.source));
        let matrix = self.matrix(id);
        // The broadcast may have been reshaped on its way here; then only its own rows and columns say how it repeats.
        if Matrix::of(to) != matrix || self.is_lazy(source) {
            return by_rows;
        }
        let access = match repeats(from, to) {
            Some(Access::PerColumn) if self.shape(source).iter().product::<usize>() == matrix.columns => {
                Access::PerColumn
            }
            Some(Access::PerRow) if self.shape(source).iter().product::<usize>() == matrix.rows => Access::PerRow,
            Some(Access::Single) => Access::Single,
            _ => return by_rows,
        };
        Read { source, access }
    }
}

/// The result of a fold in a fusion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fold {
    /// One number for each row.
    Rows,
    /// One number for each column.
    Columns,
    /// One number.
    Everything,
}

/// How a broadcast from one shape to another repeats its input, where rows or columns say it.
fn repeats(from: &[usize], to: &[usize]) -> Option<Access> {
    if from.iter().product::<usize>() == 1 {
        return Some(Access::Single);
    }
    let padded: Vec<usize> = std::iter::repeat_n(1, to.len() - from.len()).chain(from.iter().copied()).collect();
    let last = to.len() - 1;
    let same = |axis: usize| padded[axis] == to[axis];
    let ones = |axis: usize| padded[axis] == 1;
    if same(last) && (0..last).all(ones) {
        return Some(Access::PerColumn);
    }
    if ones(last) && (0..last).all(same) {
        return Some(Access::PerRow);
    }
    None
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
