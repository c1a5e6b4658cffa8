//! Contract: the matrix product over the last two axes.

use limpid_tensor::Shape;

use super::axes::{AxisLink, AxisMap, same};
use super::two;
use crate::builder::Var;
use crate::map::{Gradient, Lane};
use crate::mistake::Fault;

/// `(…, m, k) · (…, k, n)` gives `(…, m, n)`; the leading axes are equal, which the builder has seen to.
pub(super) fn infer(inputs: &[&Shape]) -> Result<Shape, Fault> {
    let (left, right) = two(inputs)?;
    let ([left_lead @ .., rows, inner], [right_lead @ .., right_inner, columns]) = (left.dims(), right.dims()) else {
        return Err(Fault::MatrixRank);
    };
    if inner != right_inner {
        return Err(Fault::InnerSizes { left: inner.clone(), right: right_inner.clone() });
    }
    if left_lead != right_lead {
        return Err(Fault::LeadingAxes);
    }
    Ok(Shape::new(left_lead.iter().chain([rows, columns]).cloned()))
}

/// The leading axes, and rows or columns, are the output's; the others are contracted, or repeat the operand.
pub(super) fn axes(inputs: &[&[usize]], output: &[usize]) -> Vec<AxisMap> {
    let rank = output.len();
    let (rows, columns) = (rank - 2, rank - 1);
    let operand = |(input, kept, contracted, repeated): (&[usize], usize, usize, usize)| {
        let own = [
            same(kept, kept),
            AxisLink::Contracted { input: contracted },
            AxisLink::New { input: None, output: repeated },
        ];
        AxisMap::new(input, output, (0..rows).map(|axis| same(axis, axis)).chain(own))
    };
    [(inputs[0], rows, columns, columns), (inputs[1], columns, rows, rows)].map(operand).into()
}

/// d(a·b) reaches a as `up·bᵀ` and b as `aᵀ·up`.
pub(super) fn gradient<'b>(inputs: &[Var<'b>], up: Var<'b>, which: usize) -> Gradient<'b> {
    match which {
        0 => up.matmul(inputs[1].transpose()).into(),
        _ => inputs[0].transpose().matmul(up).into(),
    }
}

/// The reference value: each element of the result adds its products one after the other, along k.
pub(crate) fn value<T: Lane>(left_shape: &[usize], left: &[T], right_shape: &[usize], right: &[T]) -> Vec<T> {
    let [.., m, k] = *left_shape else { return Vec::new() };
    let [.., n] = *right_shape else { return Vec::new() };
    let batch: usize = left_shape[..left_shape.len() - 2].iter().product();
    let mut out = vec![T::of(0.0); batch * m * n];
    if n == 0 || k == 0 {
        return out;
    }
    for b in 0..batch {
        let right = &right[b * k * n..(b + 1) * k * n];
        for i in 0..m {
            let row = (b * m + i) * n;
            accumulate_row(&left[(b * m + i) * k..][..k], right, n, &mut out[row..row + n]);
        }
    }
    out
}

/// Adds `left · right` to one row. Four rows of `right` at a time, so that the row is loaded and stored less often;
/// each element still adds its products in order.
fn accumulate_row<T: Lane>(left: &[T], right: &[T], n: usize, out: &mut [T]) {
    let (quads, rest) = left.as_chunks::<4>();
    let (right_quads, right_rest) = right.split_at(quads.len() * 4 * n);
    for (&[a, b, c, d], rows) in quads.iter().zip(right_quads.chunks_exact(4 * n)) {
        let (first, second) = rows.split_at(2 * n);
        let ((p, q), (r, s)) = (first.split_at(n), second.split_at(n));
        for ((((o, &p), &q), &r), &s) in out.iter_mut().zip(p).zip(q).zip(r).zip(s) {
            *o = (((*o + a * p) + b * q) + c * r) + d * s;
        }
    }
    for (&a, row) in rest.iter().zip(right_rest.chunks_exact(n)) {
        out.iter_mut().zip(row).for_each(|(o, &p)| *o = *o + a * p);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_agree_with_the_definition_at_awkward_sizes() {
        for (batch, m, k, n) in [(1, 1, 1, 1), (1, 2, 3, 4), (2, 3, 9, 5), (3, 1, 4, 7), (1, 5, 0, 2), (1, 0, 3, 2)] {
            let left: Vec<f64> = (0..batch * m * k).map(|i| (i * 7 % 11) as f64 - 5.0).collect();
            let right: Vec<f64> = (0..batch * k * n).map(|i| (i * 5 % 13) as f64 - 6.0).collect();
            let out = value(&[batch, m, k], &left, &[batch, k, n], &right);
            for (at, &found) in out.iter().enumerate() {
                let (b, i, j) = (at / (m * n), at / n % m, at % n);
                let wanted: f64 = (0..k).map(|p| left[(b * m + i) * k + p] * right[(b * k + p) * n + j]).sum();
                assert_eq!(found, wanted, "{batch} × {m}×{k}·{k}×{n} at {b}, {i}, {j}");
            }
        }
    }

    #[test]
    fn sizes_that_do_not_meet_are_a_fault() {
        let wrong = infer(&[&Shape::from(("batch", 784)), &Shape::from((780, 50))]);
        assert_eq!(wrong, Err(Fault::InnerSizes { left: 784.into(), right: 780.into() }));
        assert_eq!(infer(&[&Shape::from(3), &Shape::from((3, 2))]), Err(Fault::MatrixRank));
    }
}
