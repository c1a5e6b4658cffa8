//! Matrix products with packed numbers, each sum in the order of a whole run.

use super::packed::{Packed, WIDTH, ZERO};

/// How many sums grow side by side, so that an addition need not wait for the one before it.
pub(super) const CHAINS: usize = 4;

/// What a product whose left side changes in one column adds in one row.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums {
    /// Of each column of the result, the sum of the terms before the changed one.
    pub(super) before: Vec<f64>,
    /// The factor of the changed number.
    pub(super) factors: Vec<f64>,
    /// The terms after the changed one, column by column.
    pub(super) after: Vec<f64>,
}

/// Adds each of `terms` to each of the sums, one after the other.
#[inline(always)]
pub(super) fn add_each<const N: usize>(sums: [&mut Packed; N], terms: &[f64]) {
    let mut grown = [ZERO; N];
    for which in 0..N {
        grown[which] = *sums[which];
    }
    for &term in terms {
        for sum in &mut grown {
            for lane in sum {
                lane.0 += term;
            }
        }
    }
    for (sum, grown) in sums.into_iter().zip(grown) {
        *sum = grown;
    }
}

#[inline(always)]
pub(super) fn column_product(sums: &Sums, left: &[Packed], out: &mut [Packed]) {
    let width = sums.before.len();
    let after = sums.after.len() / width;
    for to in 0..width {
        let (before, factor) = (sums.before[to], sums.factors[to]);
        let terms = &sums.after[to * after..(to + 1) * after];
        let begun = |x: &Packed| {
            let mut sum = *x;
            for lane in &mut sum {
                lane.0 = before + lane.0 * factor;
            }
            sum
        };
        let (chains, rest) = left.as_chunks::<CHAINS>();
        for (at, [a, b, c, d]) in chains.iter().enumerate() {
            let mut grown = [begun(a), begun(b), begun(c), begun(d)];
            add_each(grown.each_mut(), terms);
            for (group, sum) in grown.into_iter().enumerate() {
                out[(at * CHAINS + group) * width + to] = sum;
            }
        }
        for (group, lanes) in rest.iter().enumerate() {
            let mut sum = begun(lanes);
            add_each([&mut sum], terms);
            out[(chains.len() * CHAINS + group) * width + to] = sum;
        }
    }
}

#[inline(always)]
pub(super) fn rows_product(right: &[f64], width: usize, left: &[Packed], out: &mut [Packed]) {
    let inner = right.len() / width;
    for (left, out) in left.chunks_exact(inner).zip(out.chunks_exact_mut(width)) {
        out.fill(ZERO);
        for (a, right) in left.iter().zip(right.chunks_exact(width)) {
            for (out, b) in out.iter_mut().zip(right) {
                for lane in 0..WIDTH {
                    out[lane].0 += a[lane].0 * b;
                }
            }
        }
    }
}

/// A matrix product both of whose sides are packed; each element adds its products in order.
pub(super) fn product(
    left_shape: &[usize],
    left: &[Packed],
    right_shape: &[usize],
    right: &[Packed],
    out: &mut [Packed],
) {
    let (&[.., rows, inner], &[.., columns]) = (left_shape, right_shape) else { return };
    for (at, out) in out.iter_mut().enumerate() {
        let (row, column) = (at / columns, at % columns);
        *out = ZERO;
        for k in 0..inner {
            let (a, b) = (&left[row * inner + k], &right[(row / rows * inner + k) * columns + column]);
            for lane in 0..WIDTH {
                out[lane].0 += a[lane].0 * b[lane].0;
            }
        }
    }
}
