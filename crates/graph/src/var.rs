//! What can be said of a value beside the rows of the Map table: operators, reductions, products, arrangements.

use std::ops::{Add, Div, Mul, Neg, Sub};

use limpid_tensor::{Dim, Shape};

use crate::builder::{Operand, Var};
use crate::mistake::Fault;
use crate::op::{Index, Layout, Monoid, Op, Reduce, Slide, Sliding, Windows};

macro_rules! var_operator {
    ($($Trait:ident, $method:ident, $row:ident);*) => {$(
        impl<'b, T: Operand<'b>> $Trait<T> for Var<'b> {
            type Output = Var<'b>;

            #[track_caller]
            fn $method(self, other: T) -> Var<'b> {
                Var::$row(self, other)
            }
        }
        impl<'b> $Trait<Var<'b>> for f64 {
            type Output = Var<'b>;

            #[track_caller]
            fn $method(self, other: Var<'b>) -> Var<'b> {
                Var::$row(self.into_var(other.builder()), other)
            }
        }
    )*};
}
var_operator!(Add, add, add; Sub, sub, subtract; Mul, mul, multiply; Div, div, divide);

impl<'b> Neg for Var<'b> {
    type Output = Self;

    #[track_caller]
    fn neg(self) -> Self {
        self.negate()
    }
}

/// Which axes an op works over: one, several or all; negative ones count from the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Axes {
    /// Every axis.
    All,
    /// These.
    Listed(Vec<isize>),
}

impl From<isize> for Axes {
    fn from(axis: isize) -> Self {
        Self::Listed(vec![axis])
    }
}

impl<const N: usize> From<[isize; N]> for Axes {
    fn from(axes: [isize; N]) -> Self {
        Self::Listed(axes.to_vec())
    }
}

impl<'b> Var<'b> {
    // ---- reductions -----------------------------------------------------------------------------------------------

    /// Sum over `axes`, which disappear.
    #[track_caller]
    pub fn sum(self, axes: impl Into<Axes>) -> Self {
        self.reduce(Monoid::Sum, axes, false)
    }

    /// Sum of all its numbers.
    #[track_caller]
    pub fn sum_all(self) -> Self {
        self.sum(Axes::All)
    }

    /// Sum over `axes`, which stay with extent 1, so that the result broadcasts back.
    #[track_caller]
    pub fn sum_keep(self, axes: impl Into<Axes>) -> Self {
        self.reduce(Monoid::Sum, axes, true)
    }

    /// Arithmetic mean over `axes`, which disappear.
    #[track_caller]
    pub fn mean(self, axes: impl Into<Axes>) -> Self {
        let axes = axes.into();
        let folded = match self.axes(&axes) {
            Ok(folded) => folded,
            Err(fault) => return self.fault("mean", fault),
        };
        let dims = self.shape();
        let count = folded.iter().fold(Dim::known(1), |count, &axis| count * dims.dims()[axis].clone());
        self.sum(axes) / self.builder().extent(count)
    }

    /// Arithmetic mean of all its numbers.
    #[track_caller]
    pub fn mean_all(self) -> Self {
        self.mean(Axes::All)
    }

    /// Largest number over `axes`, which disappear. For the larger of two values see [`maximum`](Var::maximum).
    #[track_caller]
    pub fn max(self, axes: impl Into<Axes>) -> Self {
        self.reduce(Monoid::Max, axes, false)
    }

    /// Largest number over `axes`, which stay with extent 1.
    #[track_caller]
    pub fn max_keep(self, axes: impl Into<Axes>) -> Self {
        self.reduce(Monoid::Max, axes, true)
    }

    /// Smallest number over `axes`, which disappear. For the smaller of two values see [`minimum`](Var::minimum).
    #[track_caller]
    pub fn min(self, axes: impl Into<Axes>) -> Self {
        self.reduce(Monoid::Min, axes, false)
    }

    /// Position of the largest number over `axes`, the first of equals; several axes are searched as one. Of no numbers
    /// at all it is 0; what is not a number counts as the largest.
    #[track_caller]
    pub fn argmax(self, axes: impl Into<Axes>) -> Self {
        match self.axes(&axes.into()) {
            Ok(axes) => self.builder().index(Index::ArgMax { axes }, &[self]),
            Err(fault) => self.fault("argmax", fault),
        }
    }

    /// Axes folded by a monoid; they disappear, or stay with extent 1 where `keep` says so. [`sum`](Var::sum),
    /// [`max`](Var::max) and their like are this.
    #[track_caller]
    pub fn reduce(self, monoid: Monoid, axes: impl Into<Axes>, keep: bool) -> Self {
        match self.axes(&axes.into()) {
            Ok(axes) => self.builder().reduce(Reduce { monoid, axes, keep }, self),
            Err(fault) => self.fault(monoid.name(), fault),
        }
    }

    // ---- matrix product -------------------------------------------------------------------------------------------

    /// Matrix product over the last axis of `self` and the last but one of `right`, by NumPy's rules: a vector on
    /// either side is a row or a column whose axis disappears again, and axes before the last two broadcast.
    #[track_caller]
    pub fn matmul(self, right: Self) -> Self {
        if let Some(poisoned) = self.builder().spoiled("matmul", &[self, right]) {
            return poisoned;
        }
        let (left_shape, right_shape) = (self.shape(), right.shape());
        match (left_shape.dims(), right_shape.dims()) {
            ([], _) | (_, []) => self.builder().poison("matmul", Fault::MatrixRank, &[self, right]),
            ([inner], [right_lead @ .., right_inner, columns]) if inner == right_inner => {
                let row = self.reshape([Dim::known(1), inner.clone()]);
                row.matmul(right).reshape(Shape::new(right_lead.iter().chain([columns]).cloned()))
            }
            (lead @ [.., _], [inner]) if lead.last() == Some(inner) => {
                let column = right.reshape([inner.clone(), Dim::known(1)]);
                match lead {
                    [_] => self.reshape([Dim::known(1), inner.clone()]).matmul(column).reshape(Shape::scalar()),
                    [kept @ .., _] => self.matmul(column).reshape(Shape::new(kept.iter().cloned())),
                    [] => self,
                }
            }
            // One matrix for all the leading axes: fold those into the rows rather than repeating the matrix.
            ([lead @ .., inner], [right_inner, columns]) if lead.len() > 1 && inner == right_inner => {
                let rows = lead.iter().cloned().fold(Dim::known(1), |product, dim| product * dim);
                let flat = self.reshape([rows, inner.clone()]).matmul(right);
                flat.reshape(Shape::new(lead.iter().chain([columns]).cloned()))
            }
            ([left_lead @ .., m, k], [right_lead @ .., right_k, n]) => {
                let (left_lead, right_lead) = (Shape::new(left_lead.to_vec()), Shape::new(right_lead.to_vec()));
                let Some(lead) = left_lead.broadcast(&right_lead).filter(|_| k == right_k) else {
                    return self.builder().apply(Op::Contract, &[self, right]);
                };
                let with = |a: &Dim, b: &Dim| Shape::new(lead.dims().iter().chain([a, b]).cloned());
                let operands = [self.broadcast_to(with(m, k)), right.broadcast_to(with(right_k, n))];
                self.builder().apply(Op::Contract, &operands)
            }
            _ => {
                let (left, right_inner) = (last(&left_shape, 1), last(&right_shape, right.rank().min(2)));
                let fault = Fault::InnerSizes { left, right: right_inner };
                self.builder().poison("matmul", fault, &[self, right])
            }
        }
    }

    // ---- arrangements ---------------------------------------------------------------------------------------------

    /// The same row-major numbers under another shape.
    #[track_caller]
    pub fn reshape(self, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        if self.is_poisoned() || shape == self.shape() {
            return self;
        }
        self.builder().layout(Layout::Reshape(shape), &[self])
    }

    /// Its numbers, arranged otherwise. [`permute`](Var::permute), [`slice`](Var::slice) and their like are this.
    #[track_caller]
    pub fn arrange(self, layout: Layout) -> Self {
        self.builder().layout(layout, &[self])
    }

    /// Axes `from..` made one: `(batch, 28, 28)` flattened from 1 is `(batch, 784)`.
    #[track_caller]
    pub fn flatten(self, from: usize) -> Self {
        let shape = self.shape();
        if self.is_poisoned() {
            return self;
        }
        if from > shape.rank() {
            return self.fault(
                "flatten",
                Fault::Axis { axis: isize::try_from(from).unwrap_or(isize::MAX), rank: shape.rank() },
            );
        }
        let (kept, folded) = shape.dims().split_at(from);
        let product = folded.iter().cloned().fold(Dim::known(1), |product, dim| product * dim);
        self.reshape(Shape::new(kept.iter().cloned().chain([product])))
    }

    /// Axis i of the result is axis `axes[i]` of this.
    #[track_caller]
    pub fn permute<const N: usize>(self, axes: [isize; N]) -> Self {
        let rank = self.rank();
        match axes.iter().map(|&axis| resolve_axis(axis, rank)).collect() {
            Ok(axes) => self.builder().layout(Layout::Permute(axes), &[self]),
            Err(fault) => self.fault("permute", fault),
        }
    }

    /// The last two axes exchanged.
    #[track_caller]
    pub fn transpose(self) -> Self {
        let rank = self.rank();
        if rank < 2 {
            return self.fault("transpose", Fault::TransposeRank);
        }
        let mut axes: Vec<usize> = (0..rank).collect();
        axes.swap(rank - 2, rank - 1);
        self.builder().layout(Layout::Permute(axes), &[self])
    }

    /// Repeated to `shape` under NumPy's rule.
    #[track_caller]
    pub fn broadcast_to(self, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        if self.is_poisoned() || shape == self.shape() {
            return self;
        }
        self.builder().layout(Layout::Broadcast(shape), &[self])
    }

    /// Positions `range` of one axis.
    #[track_caller]
    pub fn slice(self, axis: isize, range: std::ops::Range<usize>) -> Self {
        match resolve_axis(axis, self.rank()) {
            Ok(axis) => self.builder().layout(Layout::Slice { axis, start: range.start, end: range.end }, &[self]),
            Err(fault) => self.fault("slice", fault),
        }
    }

    /// Zeros put before and after one axis.
    #[track_caller]
    pub fn pad(self, axis: isize, before: usize, after: usize) -> Self {
        match resolve_axis(axis, self.rank()) {
            Ok(axis) => self.builder().layout(Layout::Pad { axis, before, after }, &[self]),
            Err(fault) => self.fault("pad", fault),
        }
    }

    /// `self`, then each of `others`, along one axis.
    #[track_caller]
    pub fn concat(self, others: impl IntoIterator<Item = Self>, axis: isize) -> Self {
        let inputs: Vec<_> = std::iter::once(self).chain(others).collect();
        match resolve_axis(axis, self.rank()) {
            Ok(axis) => self.builder().layout(Layout::Concat { axis }, &inputs),
            Err(fault) => match self.builder().spoiled("concat", &inputs) {
                Some(poisoned) => poisoned,
                None => self.builder().poison("concat", fault, &inputs),
            },
        }
    }

    // ---- windows --------------------------------------------------------------------------------------------------

    /// What windows see that slide along some axes, each with its [`Sliding`], from the first axis to the last. Each of
    /// these axes becomes one of places of the window; the positions within the windows are new axes behind the last of
    /// them. Positions outside of the value are 0.
    ///
    /// ```
    /// use limpid_graph::{Builder, Shape, Sliding, Tensor};
    ///
    /// let b = Builder::new();
    /// let x = b.input("x", 4);
    /// let windows = x.unfold([(0, Sliding::new(2))]);
    /// let back = windows.fold([(0, Sliding::new(2))], [4]);
    /// let graph = b.finish([windows, back])?;
    /// let answers = graph.run(&[("x", &Tensor::new([4], vec![1.0, 2.0, 3.0, 4.0])?)])?;
    /// assert_eq!(answers[0], Tensor::new([3, 2], vec![1.0, 2.0, 2.0, 3.0, 3.0, 4.0])?);
    /// assert_eq!(answers[1], Tensor::new([4], vec![1.0, 4.0, 6.0, 4.0])?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn unfold<const N: usize>(self, windows: [(isize, Sliding); N]) -> Self {
        let extents = |axis: usize| self.shape().dims()[axis].as_known();
        match self.slides(windows, extents) {
            Ok(slides) => self.builder().windows(Windows::Unfold(slides), self),
            Err(fault) => self.fault("unfold", fault),
        }
    }

    /// The overlapping sum of windows: [`unfold`](Var::unfold) transposed, so its derivative. `extents` are those of the
    /// axes that the windows slide along, as they become.
    #[track_caller]
    pub fn fold<const N: usize>(self, windows: [(isize, Sliding); N], extents: [usize; N]) -> Self {
        let mut extents = extents.into_iter();
        match self.slides(windows, |_| extents.next()) {
            Ok(slides) => self.builder().windows(Windows::Fold(slides), self),
            Err(fault) => self.fault("fold", fault),
        }
    }

    fn slides<const N: usize>(
        self,
        windows: [(isize, Sliding); N],
        mut extent: impl FnMut(usize) -> Option<usize>,
    ) -> Result<Vec<Slide>, Fault> {
        let slide = |(axis, sliding): (isize, Sliding)| {
            let axis = resolve_axis(axis, self.rank())?;
            let symbolic =
                || Fault::SymbolicAxis { doing: "slide a window", axis, dim: self.shape().dims()[axis].clone() };
            sliding.along(axis, extent(axis).ok_or_else(symbolic)?)
        };
        windows.into_iter().map(slide).collect()
    }

    // ---- positions ------------------------------------------------------------------------------------------------

    /// The parts of this at `positions` (whole numbers) of one axis, which the positions' axes replace.
    #[track_caller]
    pub fn gather(self, axis: isize, positions: Self) -> Self {
        match resolve_axis(axis, self.rank()) {
            Ok(axis) => self.builder().index(Index::Gather { axis }, &[self, positions]),
            Err(fault) => self.fault("gather", fault),
        }
    }

    /// A new last axis of `classes`, 1 at the position that this says (a whole number) and 0 elsewhere.
    #[track_caller]
    pub fn one_hot(self, classes: usize) -> Self {
        self.builder().index(Index::OneHot { classes }, &[self])
    }

    // ---- axes -----------------------------------------------------------------------------------------------------

    /// The axes meant, ascending.
    pub(crate) fn axes(self, axes: &Axes) -> Result<Vec<usize>, Fault> {
        let rank = self.rank();
        let mut axes = match axes {
            Axes::All => (0..rank).collect(),
            Axes::Listed(axes) => axes.iter().map(|&axis| resolve_axis(axis, rank)).collect::<Result<Vec<_>, _>>()?,
        };
        axes.sort_unstable();
        match axes.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(Fault::RepeatedAxis { axis: pair[0] }),
            None => Ok(axes),
        }
    }

    /// Poison for an op that this alone was given, unless it is poisoned already.
    #[track_caller]
    pub(crate) fn fault(self, op: &str, fault: Fault) -> Self {
        if self.is_poisoned() { self } else { self.builder().poison(op, fault, &[self]) }
    }
}

fn resolve_axis(axis: isize, rank: usize) -> Result<usize, Fault> {
    let from_start = if axis < 0 { axis + rank as isize } else { axis };
    usize::try_from(from_start).ok().filter(|&found| found < rank).ok_or(Fault::Axis { axis, rank })
}

/// The last extent, the last but one, …
fn last(shape: &Shape, back: usize) -> Dim {
    shape.dims()[shape.rank() - back].clone()
}
