//! Tiles: rows of the Map table over numbers in the first-level cache.

use limpid_graph::MapOp;

use super::elements::Element;
use crate::numbers::LINE;

at_each_level!(
    /// Computes `op` at each position of equally long slices.
    pub(crate) apply => generic, op: MapOp, arguments: &[&[f32]], out: &mut [f32]
);

at_each_level!(
    /// Copies numbers to where they are kept from run to run; subnormal ones become zeros of their sign.
    ///
    /// What decays, such as an average of gradients that have become 0, would end among the subnormal numbers (below
    /// 1.2e-38) and stay there: nine tenths of the smallest of them round to itself. Many processors are far slower with
    /// those.
    pub(crate) keep => keep_generic, from: &[f32], to: &mut [f32]
);

#[inline(always)]
fn keep_generic(from: &[f32], to: &mut [f32]) {
    to.iter_mut().zip(from).for_each(|(to, x)| {
        let bits = x.to_bits();
        // The exponent of subnormal numbers, and of zero, is 0.
        let kept = if bits & 0x7f80_0000 == 0 { 0x8000_0000 } else { u32::MAX };
        *to = f32::from_bits(bits & kept);
    });
}

/// The one column, or the one row, of each item of `from`, repeated; forms are rows of an item, columns and pitch. What
/// has as many of both is copied.
pub(crate) fn spread(
    from: &[f32],
    (from_rows, from_columns, from_pitch): (usize, usize, usize),
    (rows, columns, pitch): (usize, usize, usize),
    out: &mut [f32],
) {
    if from_columns == 1 && from_pitch == 1 {
        let numbers_a_row = if from_rows == rows { pitch } else { rows * pitch };
        return spread_rows(from, numbers_a_row, out);
    }
    let rows_of_each = rows / from_rows.max(1);
    for (row, out) in from.chunks_exact(from_pitch.max(1)).zip(out.chunks_exact_mut((rows_of_each * pitch).max(1))) {
        out.chunks_exact_mut(pitch.max(1)).for_each(|out| out[..columns].copy_from_slice(&row[..columns]));
    }
}

/// Number `i` of the result is number `(i / inner) % numbers.len()`; the result is the part of it that begins at
/// `first`, in rows of so many columns, their pitch apart.
pub(crate) fn repeat(numbers: &[f32], inner: usize, first: usize, (columns, pitch): (usize, usize), out: &mut [f32]) {
    if out.is_empty() {
        return;
    }
    if let &[number] = numbers {
        return out.fill(number);
    }
    if inner == 1 && numbers.len() == columns {
        // A number for each column.
        return out.chunks_exact_mut(pitch).for_each(|row| row[..columns].copy_from_slice(numbers));
    }
    // The number that is next, and how often it is still to come.
    let (mut at, mut left) = (first / inner % numbers.len(), inner - first % inner);
    for row in out.chunks_exact_mut(pitch) {
        let mut row = &mut row[..columns];
        while !row.is_empty() {
            let count = if inner == 1 { numbers.len() - at } else { left };
            let (now, later) = row.split_at_mut(count.min(row.len()));
            if inner == 1 {
                now.copy_from_slice(&numbers[at..at + now.len()]);
                at += now.len();
            } else {
                now.fill(numbers[at]);
                left -= now.len();
                if left == 0 {
                    (at, left) = (at + 1, inner);
                }
            }
            if at == numbers.len() {
                at = 0;
            }
            row = later;
        }
    }
}

/// Each number, repeated along a row.
pub(crate) fn spread_rows(numbers: &[f32], columns: usize, out: &mut [f32]) {
    if columns == LINE {
        // The commonest by far, as one store.
        let (rows, _) = out.as_chunks_mut::<LINE>();
        return rows.iter_mut().zip(numbers).for_each(|(row, &x)| *row = [x; LINE]);
    }
    out.chunks_exact_mut(columns.max(1)).zip(numbers).for_each(|(row, &x)| row.fill(x));
}

#[inline(always)]
fn generic(op: MapOp, arguments: &[&[f32]], out: &mut [f32]) {
    let out = elements_mut(out);
    match *arguments {
        [a] => op.apply(&[elements(a)], out),
        [a, b] => op.apply(&[elements(a), elements(b)], out),
        [a, b, c] => op.apply(&[elements(a), elements(b), elements(c)], out),
        _ => unreachable!("rows of the table take one to three arguments"),
    }
}

#[inline(always)]
fn elements(numbers: &[f32]) -> &[Element] {
    // SAFETY: `Element` is a transparent wrapper of `f32`.
    unsafe { std::slice::from_raw_parts(numbers.as_ptr().cast(), numbers.len()) }
}

#[inline(always)]
fn elements_mut(numbers: &mut [f32]) -> &mut [Element] {
    // SAFETY: as in `elements`, and the borrow is exclusive.
    unsafe { std::slice::from_raw_parts_mut(numbers.as_mut_ptr().cast(), numbers.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Supported;

    #[test]
    fn every_row_gives_the_same_bits_at_every_level_and_length() {
        for &op in MapOp::ALL {
            for length in [0, 1, 15, 16, 17, 53] {
                let argument = |seed: usize| -> Vec<f32> {
                    (0..length).map(|i| ((i * 31 + seed * 17) % 41) as f32 / 10.0 - 2.0).collect()
                };
                let arguments: Vec<Vec<f32>> = (0..op.info().arguments.len()).map(argument).collect();
                let slices: Vec<&[f32]> = arguments.iter().map(Vec::as_slice).collect();
                let bits = |level: Supported| -> Vec<u32> {
                    let mut out = vec![0.0; length];
                    apply(level, op, &slices, &mut out);
                    // Which of the many encodings of not-a-number comes out is the processor's choice.
                    out.iter().map(|x| if x.is_nan() { f32::NAN.to_bits() } else { x.to_bits() }).collect()
                };
                for level in Supported::each() {
                    assert_eq!(bits(level), bits(Supported::PORTABLE), "{op:?} at {level}, {length} numbers");
                }
            }
        }
    }
}
