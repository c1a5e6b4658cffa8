//! Reduce: axes folded away by a monoid (sum, maximum, minimum). A mean is a sum and a division.

use limpid_tensor::{Dim, Shape};

use super::axes::{AxisLink, AxisMap, same};
use crate::builder::Var;
use crate::map::{Gradient, Lane};
use crate::mistake::Fault;

/// Folds `axes` of its input.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reduce {
    /// How two numbers become one.
    pub monoid: Monoid,
    /// The axes that are folded, ascending.
    pub axes: Vec<usize>,
    /// Whether a folded axis stays, with extent 1.
    pub keep: bool,
}

/// How two numbers become one. Which of them come first, or are joined first, does not matter but for rounding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Monoid {
    /// Their sum; of none, 0.
    Sum,
    /// The larger; not a number where either is not; of none, −∞.
    Max,
    /// The smaller; not a number where either is not; of none, +∞.
    Min,
}

impl Monoid {
    /// Every monoid.
    pub const ALL: &[Self] = &[Self::Sum, Self::Max, Self::Min];

    /// Its name in listings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Max => "max",
            Self::Min => "min",
        }
    }

    /// Whether the result is one of the numbers, so that it has a kink where another takes that one's place.
    pub fn picks_one(self) -> bool {
        match self {
            Self::Sum => false,
            Self::Max | Self::Min => true,
        }
    }

    /// What nothing folds to, and what changes no number that it is joined with.
    pub fn neutral<T: Lane>(self) -> T {
        match self {
            Self::Sum => T::of(0.0),
            Self::Max => T::of(f64::NEG_INFINITY),
            Self::Min => T::of(f64::INFINITY),
        }
    }

    /// Two numbers as one.
    #[inline(always)]
    pub fn join<T: Lane>(self, a: T, b: T) -> T {
        let winner = |a_wins| T::select(a_wins, a, T::select(a.equal(a), b, a));
        match self {
            Self::Sum => a + b,
            Self::Max => winner(b.less(a)),
            Self::Min => winner(a.less(b)),
        }
    }

    #[inline(always)]
    fn join_to<T: Lane, const L: usize>(self, to: &mut [T; L], from: &[T; L]) {
        for lane in 0..L {
            to[lane] = self.join(to[lane], from[lane]);
        }
    }

    #[inline(always)]
    fn join_all<T: Lane, const L: usize>(self, values: &[[T; L]]) -> [T; L] {
        if self == Self::Sum {
            return pairwise_sum(values);
        }
        let mut all = [self.neutral(); L];
        for value in values {
            self.join_to(&mut all, value);
        }
        all
    }
}

impl Reduce {
    pub(super) fn attributes(&self) -> String {
        let axes: Vec<_> = self.axes.iter().map(ToString::to_string).collect();
        format!("axes {}{}", axes.join(" "), if self.keep { ", kept" } else { "" })
    }

    pub(super) fn infer(&self, input: &Shape) -> Result<Shape, Fault> {
        if let Some(&axis) = self.axes.iter().find(|&&axis| axis >= input.rank()) {
            return Err(Fault::Axis { axis: axis as isize, rank: input.rank() });
        }
        if let Some(pair) = self.axes.windows(2).find(|pair| pair[0] >= pair[1]) {
            return Err(Fault::RepeatedAxis { axis: pair[1] });
        }
        let dims = input.dims().iter().enumerate().filter_map(|(axis, dim)| match self.axes.contains(&axis) {
            true => self.keep.then(|| Dim::known(1)),
            false => Some(dim.clone()),
        });
        Ok(Shape::new(dims))
    }

    pub(super) fn axes(&self, input: &[usize], output: &[usize]) -> AxisMap {
        let mut next = 0..;
        let links = (0..input.len()).map(|axis| match self.axes.contains(&axis) {
            true => AxisLink::Folded { input: axis, output: if self.keep { next.next() } else { None } },
            false => same(axis, next.next().unwrap_or(axis)),
        });
        AxisMap::new(input, output, links)
    }

    pub(super) fn gradient<'b>(&self, input: Var<'b>, result: Var<'b>, up: Var<'b>) -> Gradient<'b> {
        let input_shape = input.shape();
        let kept = Self { keep: true, ..self.clone() }.infer(&input_shape).unwrap_or_default();
        let spread = |value: Var<'b>| value.reshape(kept.clone()).broadcast_to(input_shape.clone());
        match self.monoid {
            Monoid::Sum => spread(up).into(),
            // Equal extremes share the derivative evenly.
            Monoid::Max | Monoid::Min => {
                let extreme = input.equal(spread(result));
                let count = input.builder().reduce(Self { monoid: Monoid::Sum, keep: false, ..self.clone() }, extreme);
                (extreme * spread(up.reshape(count.shape()) / count)).into()
            }
        }
    }

    /// The reference value, in NumPy's order of evaluation: folded axes at the end pairwise, others row after row.
    pub(crate) fn value<T: Lane>(&self, shape: &[usize], input: &[T]) -> Vec<T> {
        self.value_within(shape, shape, input)
    }

    /// The reference value of a part of the kept axes, evaluated in the order of the whole, which has `whole_shape`.
    pub(crate) fn value_within<T: Lane>(&self, whole_shape: &[usize], shape: &[usize], input: &[T]) -> Vec<T> {
        let is_folded = |axis: &usize| self.axes.contains(axis);
        let count = (0..shape.len()).filter(|axis| !is_folded(axis)).map(|axis| shape[axis]).product();
        let mut out = vec![T::of(0.0); count];
        self.write_within(whole_shape, shape, input.as_chunks::<1>().0, out.as_chunks_mut().0);
        out
    }

    /// The reference value of a part of the kept axes into `out`, evaluated in the order of the whole, which has
    /// `whole_shape`: of `L` values side by side, each of which is folded as it would be alone.
    #[inline(always)]
    pub fn write_within<T: Lane, const L: usize>(
        &self,
        whole_shape: &[usize],
        shape: &[usize],
        input: &[[T; L]],
        out: &mut [[T; L]],
    ) {
        let is_folded = |axis: &usize| self.axes.contains(axis);
        let mut groups: Vec<(bool, usize)> = Vec::new();
        for (axis, &extent) in shape.iter().enumerate().filter(|(axis, _)| whole_shape[*axis] != 1) {
            match groups.last_mut() {
                Some((folded, product)) if *folded == is_folded(&axis) => *product *= extent,
                _ => groups.push((is_folded(&axis), extent)),
            }
        }
        out.fill([self.monoid.neutral(); L]);
        match *groups {
            // The commonest, as part of the caller.
            [(true, columns)] => fold_rows(self.monoid, 1, columns, input, out),
            [(false, rows), (true, columns)] => fold_rows(self.monoid, rows, columns, input, out),
            _ => fold(self.monoid, &groups, input, out),
        }
    }
}

#[inline(always)]
fn fold_rows<T: Lane, const L: usize>(
    monoid: Monoid,
    rows: usize,
    columns: usize,
    input: &[[T; L]],
    out: &mut [[T; L]],
) {
    for row in 0..rows {
        let joined = monoid.join_all(&input[row * columns..(row + 1) * columns]);
        monoid.join_to(&mut out[row], &joined);
    }
}

/// Folds `input`, whose axes are alternately folded and kept `groups`, into `out`.
fn fold<T: Lane, const L: usize>(monoid: Monoid, groups: &[(bool, usize)], input: &[[T; L]], out: &mut [[T; L]]) {
    match groups {
        [] | [(false, _)] => out.iter_mut().zip(input).for_each(|(o, x)| monoid.join_to(o, x)),
        [(true, columns)] => fold_rows(monoid, 1, *columns, input, out),
        [(folded, extent), rest @ ..] => {
            let input_step = input.len() / (*extent).max(1);
            let out_step = if *folded { 0 } else { out.len() / (*extent).max(1) };
            let out_len = if *folded { out.len() } else { out_step };
            for i in 0..*extent {
                let part = &input[i * input_step..(i + 1) * input_step];
                fold(monoid, rest, part, &mut out[i * out_step..i * out_step + out_len]);
            }
        }
    }
}

/// The most numbers that are summed without being halved.
const BLOCK: usize = 128;

/// NumPy's pairwise summation: one after the other below 8 numbers, eight accumulators up to 128, halves above.
///
/// Source: the pairwise sum of NumPy's umath loops; Higham, "The accuracy of floating point summation" (1993).
#[inline(always)]
fn pairwise_sum<T: Lane, const L: usize>(values: &[[T; L]]) -> [T; L] {
    if values.len() <= BLOCK { sum_of_block(values) } else { sum_of_halves(values) }
}

fn sum_of_halves<T: Lane, const L: usize>(values: &[[T; L]]) -> [T; L] {
    let half = values.len() / 2 - values.len() / 2 % 8;
    let (mut sum, rest) = (pairwise_of(&values[..half]), pairwise_of(&values[half..]));
    Monoid::Sum.join_to(&mut sum, &rest);
    sum
}

fn pairwise_of<T: Lane, const L: usize>(values: &[[T; L]]) -> [T; L] {
    pairwise_sum(values)
}

#[inline(always)]
fn sum_of_block<T: Lane, const L: usize>(values: &[[T; L]]) -> [T; L] {
    let Some((first, rest)) = values.split_first_chunk::<8>() else {
        let mut sum = [T::of(-0.0); L];
        for value in values {
            Monoid::Sum.join_to(&mut sum, value);
        }
        return sum;
    };
    let mut sums = *first;
    let (blocks, rest) = rest.as_chunks::<8>();
    for block in blocks {
        for (sum, value) in sums.iter_mut().zip(block) {
            Monoid::Sum.join_to(sum, value);
        }
    }
    let mut sum = [T::of(0.0); L];
    for lane in 0..L {
        let at = |i: usize| sums[i][lane];
        sum[lane] = ((at(0) + at(1)) + (at(2) + at(3))) + ((at(4) + at(5)) + (at(6) + at(7)));
    }
    for value in rest {
        Monoid::Sum.join_to(&mut sum, value);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reduce(monoid: Monoid, axes: &[usize]) -> Reduce {
        Reduce { monoid, axes: axes.to_vec(), keep: false }
    }

    #[test]
    fn any_axes_fold_and_the_others_stay() {
        let input: Vec<f64> = (0..24).map(f64::from).collect();
        let table: &[(&[usize], Vec<f64>)] = &[
            (&[0, 1, 2], vec![276.0]),
            (&[0], (0..12).map(|i| f64::from(2 * i + 12)).collect()),
            (&[0, 2], vec![60.0, 92.0, 124.0]),
            (&[1, 2], vec![66.0, 210.0]),
            (&[], input.clone()),
        ];
        for (axes, wanted) in table {
            assert_eq!(&reduce(Monoid::Sum, axes).value(&[2, 3, 4], &input), wanted, "axes {axes:?}");
        }
    }

    #[test]
    fn not_a_number_survives_the_extremes_wherever_it_stands() {
        for at in 0..3 {
            let mut values = [1.0, 2.0, 3.0];
            values[at] = f64::NAN;
            assert!(reduce(Monoid::Max, &[0]).value(&[3], &values)[0].is_nan());
            assert!(reduce(Monoid::Min, &[0]).value(&[3], &values)[0].is_nan());
        }
    }

    #[test]
    fn nothing_folds_to_the_neutral_element() {
        assert_eq!(reduce(Monoid::Sum, &[0]).value::<f64>(&[0, 2], &[]), [0.0, 0.0]);
        assert!(reduce(Monoid::Sum, &[0]).value::<f64>(&[0], &[])[0].is_sign_positive());
        assert_eq!(reduce(Monoid::Max, &[1]).value::<f64>(&[2, 0], &[]), [f64::NEG_INFINITY; 2]);
        assert_eq!(reduce(Monoid::Min, &[0]).value::<f64>(&[0], &[]), [f64::INFINITY]);
    }

    #[test]
    fn a_wrong_axis_is_a_fault() {
        let shape = Shape::from((2, 3));
        assert_eq!(reduce(Monoid::Sum, &[2]).infer(&shape), Err(Fault::Axis { axis: 2, rank: 2 }));
        assert_eq!(reduce(Monoid::Sum, &[1, 1]).infer(&shape), Err(Fault::RepeatedAxis { axis: 1 }));
    }
}
