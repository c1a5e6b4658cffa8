//! Forms: how the planner sees a value's numbers, as items of some rows of some columns.
//!
//! A value's axes fall into three runs: the first ones count *items*, those behind them the rows of an item, the last
//! ones the columns of a row. What belongs to one item is computed together; a fusion goes from item to item. Where the
//! runs end is the planner's choice ([`super::choose_forms`]). A matrix is the simplest case: each row is an item.
//!
//! ```text
//! batch × channels × height × width
//! ├─ items ────────┤ ├─ columns ───┤     one number for each channel, sums for each channel
//! ├ items ┤├─ rows ─┤├─ columns ───┤     sums over the channels
//! ```

use limpid_graph::op::{AxisLink, AxisMap, Monoid};
use limpid_graph::{Graph, NodeId};

use super::Matrix;

/// A value's numbers as items of rows of columns, in row-major order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Form {
    pub(crate) items: usize,
    /// The rows of an item.
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

impl Form {
    /// How many numbers an item has.
    pub(crate) fn item(self) -> usize {
        self.rows * self.columns
    }

    pub(crate) fn count(self) -> usize {
        self.items * self.item()
    }

    /// All rows of all items.
    pub(crate) fn matrix(self) -> Matrix {
        Matrix { rows: self.items * self.rows, columns: self.columns }
    }
}

impl From<Matrix> for Form {
    /// Each row is an item.
    fn from(Matrix { rows: items, columns }: Matrix) -> Self {
        Self { items, rows: 1, columns }
    }
}

/// Number `i` of a broadcast is number `(i / inner) % extent` of what is repeated. The same numbers say where a fold
/// adds: it is a broadcast backwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Repeat {
    pub(crate) inner: usize,
    pub(crate) extent: usize,
}

impl Repeat {
    /// One number for all.
    const SINGLE: Self = Self { inner: 1, extent: 1 };

    /// Whether each run of so many numbers is the same as the one before.
    pub(crate) fn is_the_same_for_each(self, count: usize) -> bool {
        self.extent <= 1 || count.is_multiple_of((self.inner * self.extent).max(1))
    }
}

/// How functions of single numbers read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ByNumber {
    /// Item by item, in this form; repeated where the node's own has more rows or columns.
    Items(Form),
    /// Without padding, and repeated.
    Repeated(Repeat),
}

/// How numbers are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// As [`ByNumber::Items`].
    Items(Form),
    /// As [`ByNumber::Repeated`].
    Repeated(Repeat),
    /// A whole matrix, read through a transposition or not.
    Matrix { transposed: bool },
    /// Everything, row after row without padding.
    Contiguous,
    /// A leaf's data, as they are stored.
    Raw,
}

impl Access {
    /// One number for all.
    pub(super) const SINGLE: Self = Self::Repeated(Repeat::SINGLE);
}

impl From<ByNumber> for Access {
    fn from(read: ByNumber) -> Self {
        match read {
            ByNumber::Items(form) => Self::Items(form),
            ByNumber::Repeated(repeat) => Self::Repeated(repeat),
        }
    }
}

/// Where the axes of a shape are cut: those before `items` count items, those before `rows` the rows of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Split {
    pub(super) items: usize,
    pub(super) rows: usize,
}

impl Split {
    /// The last axis is a row's; a vector is a column.
    pub(super) fn usual(rank: usize) -> Self {
        let items = if rank < 2 { rank } else { rank - 1 };
        Self { items, rows: items }
    }

    pub(super) fn form(self, shape: &[usize]) -> Form {
        Form {
            items: shape[..self.items].iter().product(),
            rows: shape[self.items..self.rows].iter().product(),
            columns: shape[self.rows..].iter().product(),
        }
    }
}

/// What a fusion folds of each item, and of all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fold {
    /// Each row, to one number.
    pub(super) columns: bool,
    /// The rows of each item, to one.
    pub(super) rows: bool,
    /// Items, to so many: item `i` is added to number `(i / inner) % extent`.
    pub(super) items: Option<Repeat>,
}

impl Fold {
    /// How a fusion folds a value of this shape, where it can: in each of the three runs, all axes or none; of the items,
    /// those that stay have to stand side by side.
    pub(super) fn of(axes: &AxisMap, shape: &[usize], split: Split, monoid: Monoid) -> Option<Self> {
        let rank = shape.len();
        let is_folded = |axis: usize| {
            axes.links().iter().any(|link| matches!(link, AxisLink::Folded { input, .. } if *input == axis))
        };
        let count = (0..rank).filter(|&axis| is_folded(axis)).count();
        if count == 0 || (count == rank && rank > 1 && monoid != Monoid::Sum) {
            return None;
        }
        let whole = |mut run: std::ops::Range<usize>| {
            let mut long = run.clone().filter(|&axis| shape[axis] != 1).map(is_folded);
            match long.next() {
                // Axes of one position are folded as well as kept.
                None => Some(run.any(is_folded)),
                Some(first) => long.all(|other| other == first).then_some(first),
            }
        };
        let (columns, rows) = (whole(split.rows..rank)?, whole(split.items..split.rows)?);
        let items = match (0..split.items).any(is_folded) {
            true => Some(kept_together(&runs(&shape[..split.items], |axis| !is_folded(axis)))?),
            false => None,
        };
        Some(Self { columns, rows, items })
    }

    /// The form of what a value becomes, where its items are not folded.
    pub(super) fn form(self, Form { items, rows, columns }: Form) -> Form {
        let of = |is_folded: bool, count: usize| if is_folded { 1 } else { count };
        Form { items, rows: of(self.rows, rows), columns: of(self.columns, columns) }
    }
}

/// Neighbouring axes of one kind, together: whether they are of it, and how many positions they have. Axes of one position
/// belong to either kind.
pub(super) fn runs(shape: &[usize], is_of_it: impl Fn(usize) -> bool) -> Vec<(bool, usize)> {
    let mut runs: Vec<(bool, usize)> = Vec::new();
    for (axis, &extent) in shape.iter().enumerate().filter(|(_, extent)| **extent != 1) {
        match runs.last_mut() {
            Some((kind, product)) if *kind == is_of_it(axis) => *product *= extent,
            _ => runs.push((is_of_it(axis), extent)),
        }
    }
    runs
}

/// Where the positions that are kept stand, if they stand side by side.
fn kept_together(runs: &[(bool, usize)]) -> Option<Repeat> {
    let (inner, extent) = match *runs {
        [] => (1, 1),
        [(false, inner)] => (inner, 1),
        [(true, extent)] | [(false, _), (true, extent)] => (1, extent),
        [(true, extent), (false, inner)] | [(false, _), (true, extent), (false, inner)] => (inner, extent),
        _ => return None,
    };
    Some(Repeat { inner, extent })
}

/// How the axes of a node's first input relate to its own.
pub(super) fn axes(graph: &Graph, shapes: &[Vec<usize>], id: NodeId) -> AxisMap {
    let node = graph.node(id);
    let inputs: Vec<&[usize]> = node.inputs.iter().map(|input| shapes[input.index()].as_slice()).collect();
    node.op.axes(&inputs, &shapes[id.index()]).swap_remove(0)
}

/// How a function of single numbers whose values have this form reads through a broadcast to this shape; `None` where it
/// cannot.
pub(super) fn repeated(axes: &AxisMap, to: &[usize], form: Form) -> Option<ByNumber> {
    let is_new =
        |axis: usize| axes.links().iter().any(|link| matches!(link, AxisLink::New { output, .. } if *output == axis));
    let runs = runs(to, |axis| !is_new(axis));
    let Form { items, rows, columns } = form;
    match *runs.as_slice() {
        [(true, kept), (false, _)] if kept == items * rows && kept * columns == form.count() => {
            Some(ByNumber::Items(Form { columns: 1, ..form }))
        }
        [(true, kept), (false, _)] if kept == items => Some(ByNumber::Items(Form { items, rows: 1, columns: 1 })),
        [(true, kept), (false, repeated), (true, last)] if (kept, repeated, last) == (items, rows, columns) => {
            Some(ByNumber::Items(Form { rows: 1, ..form }))
        }
        _ => kept_together(&runs)
            .map(|repeat| if repeat.extent == 1 { Repeat::SINGLE } else { repeat })
            .map(ByNumber::Repeated),
    }
}
