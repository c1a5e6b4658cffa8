//! Folds along axes: sums in sixteen partial sums, extremes as the interpreter finds them.

use std::ops::Range;

use limpid_graph::op::Monoid;

#[cfg(target_arch = "x86_64")]
use super::Level;
use super::Supported;
use crate::plan::Repeat;

/// How many partial results a fold along contiguous numbers keeps.
const WIDTH: usize = 16;

/// Folds `input`, whose axes are alternately folded and kept `groups`, into `out`: what stands at the indexes `which` of
/// the first kept axes. The bits are the same whichever are folded with them.
pub(crate) fn reduce(monoid: Monoid, groups: &[(bool, usize)], which: Range<usize>, input: &[f32], out: &mut [f32]) {
    out.fill(neutral(monoid));
    match groups {
        [(true, folded), rest @ ..] if !rest.is_empty() => {
            let step = input.len() / (*folded).max(1);
            for i in 0..*folded {
                kept(monoid, rest, which.clone(), &input[i * step..(i + 1) * step], out);
            }
        }
        _ => kept(monoid, groups, which, input, out),
    }
}

/// The part of a fold at some indexes of the first axes, which are kept.
fn kept(monoid: Monoid, groups: &[(bool, usize)], which: Range<usize>, input: &[f32], out: &mut [f32]) {
    match groups {
        [(false, _)] => fold(monoid, groups, &input[which], out),
        [(false, extent), rest @ ..] => {
            let input_step = input.len() / (*extent).max(1);
            let out_step = (out.len() / which.len().max(1)).max(1);
            for (i, out) in which.zip(out.chunks_exact_mut(out_step)) {
                fold(monoid, rest, &input[i * input_step..(i + 1) * input_step], out);
            }
        }
        _ => fold(monoid, groups, input, out),
    }
}

#[inline(always)]
pub(crate) fn neutral(monoid: Monoid) -> f32 {
    monoid.neutral()
}

#[inline(always)]
fn join(monoid: Monoid, a: f32, b: f32) -> f32 {
    monoid.join(a, b)
}

fn fold(monoid: Monoid, groups: &[(bool, usize)], input: &[f32], out: &mut [f32]) {
    match groups {
        [] | [(false, _)] => match monoid {
            Monoid::Sum => out.iter_mut().zip(input).for_each(|(o, &x)| *o += x),
            _ => out.iter_mut().zip(input).for_each(|(o, &x)| *o = join(monoid, *o, x)),
        },
        [(true, _)] => out[0] = join(monoid, out[0], contiguous(monoid, input)),
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

at_each_level!(
    /// All rows of so many columns, their pitch apart, folded into one.
    pub(crate) columns => columns_generic, monoid: Monoid, from: &[f32], form: (usize, usize), out: &mut [f32]
);

/// A block of items, and those that they are folded into: `kept` says which.
#[derive(Clone, Copy)]
pub(crate) struct Items {
    /// The rows of an item.
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) pitch: usize,
    pub(crate) kept: Repeat,
    /// Which item the first is.
    pub(crate) first: usize,
    /// Whether the result begins with it, or there is one already.
    pub(crate) is_first: bool,
}

at_each_level!(
    /// Items folded into the result's, which lie without padding.
    pub(crate) items => items_generic, monoid: Monoid, from: &[f32], form: Items, out: &mut [f32]
);

/// Folds each row of so many columns, its pitch apart, to a number.
pub(crate) fn rows(level: Supported, monoid: Monoid, from: &[f32], form: (usize, usize), out: &mut [f32]) {
    match *level {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a supported level is one that this processor has.
        Level::Avx512 if let Monoid::Sum | Monoid::Max | Monoid::Min = monoid => unsafe {
            rows_avx512(monoid, from, form, out);
        },
        _ => rows_generic(monoid, from, form, out),
    }
}

/// As [`rows_generic`], to the bit: the sixteen partial results are the lanes of a vector.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw")]
fn rows_avx512(monoid: Monoid, from: &[f32], (columns, pitch): (usize, usize), out: &mut [f32]) {
    use std::arch::x86_64::*;
    if columns == 0 {
        return out.fill(neutral(monoid));
    }
    let first = _mm512_set1_ps(neutral(monoid));
    let join = |a: __m512, b: __m512| match monoid {
        Monoid::Sum => _mm512_add_ps(a, b),
        Monoid::Max => {
            let keeps = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(b, a) | _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(a, a);
            _mm512_mask_mov_ps(b, keeps, a)
        }
        // The smallest; others do not come here.
        _ => {
            let keeps = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b) | _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(a, a);
            _mm512_mask_mov_ps(b, keeps, a)
        }
    };
    for (out, row) in out.iter_mut().zip(from.chunks_exact(pitch)) {
        let (chunks, rest) = row[..columns].as_chunks::<WIDTH>();
        let mut parts = first;
        for chunk in chunks {
            // SAFETY: a chunk has as many numbers as the vector.
            parts = join(parts, unsafe { _mm512_loadu_ps(chunk.as_ptr()) });
        }
        if !rest.is_empty() {
            let mask = (1u16 << rest.len()) - 1;
            // SAFETY: lanes that are masked out are not read.
            parts = join(parts, unsafe { _mm512_mask_loadu_ps(first, mask, rest.as_ptr()) });
        }
        let parts = join(parts, _mm512_shuffle_f32x4::<0b00_00_11_10>(parts, parts));
        let parts = join(parts, _mm512_shuffle_f32x4::<0b00_00_00_01>(parts, parts));
        let parts = join(parts, _mm512_permute_ps::<0b00_00_11_10>(parts));
        let parts = join(parts, _mm512_permute_ps::<0b00_00_00_01>(parts));
        *out = _mm512_cvtss_f32(parts);
    }
}

fn rows_generic(monoid: Monoid, from: &[f32], (columns, pitch): (usize, usize), out: &mut [f32]) {
    if columns == 0 {
        return out.fill(neutral(monoid));
    }
    for (out, row) in out.iter_mut().zip(from.chunks_exact(pitch)) {
        *out = match monoid {
            Monoid::Sum => row_generic(0.0, &row[..columns], |a, b| a + b),
            Monoid::Max => row_generic(f32::NEG_INFINITY, &row[..columns], |a, b| join(Monoid::Max, a, b)),
            Monoid::Min => row_generic(f32::INFINITY, &row[..columns], |a, b| join(Monoid::Min, a, b)),
            other => row_generic(neutral(other), &row[..columns], |a, b| join(other, a, b)),
        };
    }
}

/// One row: sixteen partial results, folded in halves.
#[inline(always)]
#[allow(clippy::needless_range_loop)]
fn row_generic(neutral: f32, row: &[f32], join: impl Fn(f32, f32) -> f32) -> f32 {
    let mut parts = [neutral; WIDTH];
    let (chunks, rest) = row.as_chunks::<WIDTH>();
    for chunk in chunks {
        for i in 0..WIDTH {
            parts[i] = join(parts[i], chunk[i]);
        }
    }
    if !rest.is_empty() {
        let mut last = [neutral; WIDTH];
        last[..rest.len()].copy_from_slice(rest);
        for i in 0..WIDTH {
            parts[i] = join(parts[i], last[i]);
        }
    }
    for width in [8, 4, 2, 1] {
        for i in 0..width {
            parts[i] = join(parts[i], parts[i + width]);
        }
    }
    parts[0]
}

#[inline(always)]
fn columns_generic(monoid: Monoid, from: &[f32], (columns, pitch): (usize, usize), out: &mut [f32]) {
    if columns == 1 && pitch == 1 {
        out[0] = contiguous(monoid, from);
        return;
    }
    match monoid {
        Monoid::Sum => all_columns(Monoid::Sum, from, (columns, pitch), out),
        other => all_columns(other, from, (columns, pitch), out),
    }
}

#[inline(always)]
fn all_columns(monoid: Monoid, from: &[f32], form: (usize, usize), out: &mut [f32]) {
    match form.0 {
        0 => {}
        16.. => some_columns::<16>(monoid, from, form, out),
        8.. => some_columns::<8>(monoid, from, form, out),
        4.. => some_columns::<4>(monoid, from, form, out),
        _ => some_columns::<1>(monoid, from, form, out),
    }
}

/// Folds two parts of so many columns at once, from part to part; the last begin earlier, so that they fit. What is folded
/// stays in registers.
#[inline(always)]
fn some_columns<const L: usize>(monoid: Monoid, from: &[f32], (columns, pitch): (usize, usize), out: &mut [f32]) {
    for first in (0..columns).step_by(2 * L) {
        let starts = [first.min(columns - L), (first + L).min(columns - L)];
        let mut all = [[neutral(monoid); L]; 2];
        for row in from.chunks_exact(pitch) {
            for part in 0..2 {
                let row = &row[starts[part]..starts[part] + L];
                for lane in 0..L {
                    all[part][lane] = join(monoid, all[part][lane], row[lane]);
                }
            }
        }
        for part in 0..2 {
            out[starts[part]..starts[part] + L].copy_from_slice(&all[part]);
        }
    }
}

#[inline(always)]
fn items_generic(monoid: Monoid, from: &[f32], form: Items, out: &mut [f32]) {
    let Items { rows, columns, pitch, kept: Repeat { inner, extent }, first, is_first } = form;
    if extent == 1 && rows == 1 && is_first {
        return columns_generic(monoid, from, (columns, pitch), out);
    }
    if is_first {
        out.fill(neutral(monoid));
    }
    let item = rows * columns;
    if item == 0 || from.is_empty() {
        return;
    }
    let mut onto = |at: usize, from: &[f32]| {
        let to = &mut out[at..at + from.len()];
        match monoid {
            Monoid::Sum => to.iter_mut().zip(from).for_each(|(to, &x)| *to += x),
            _ => to.iter_mut().zip(from).for_each(|(to, &x)| *to = join(monoid, *to, x)),
        }
    };
    let is_of_numbers = item == 1 && pitch == 1;
    let mut i = 0;
    let count = from.len() / (rows * pitch);
    while i < count {
        let at = (first + i) / inner % extent;
        // As many as go to one place, or to places side by side.
        let left = if inner == 1 { extent - at } else { inner - (first + i) % inner };
        let run = if is_of_numbers { left.min(count - i) } else { 1 };
        match (is_of_numbers, inner) {
            (true, 1) => onto(at, &from[i..i + run]),
            (true, _) => onto(at, &[contiguous(monoid, &from[i..i + run])]),
            _ => {
                (0..rows).for_each(|row| onto(at * item + row * columns, &from[(i * rows + row) * pitch..][..columns]))
            }
        }
        i += run;
    }
}

/// Folds some columns of rows, their pitch apart: two halves of the rows, each folded likewise, so that rounding grows with
/// the logarithm of their number.
pub(crate) fn pairwise(monoid: Monoid, from: &[f32], (rows, first, pitch): (usize, usize, usize), out: &mut [f32]) {
    if rows == 0 {
        return out.fill(neutral(monoid));
    }
    let (chunks, rest) = out.as_chunks_mut::<WIDTH>();
    for (at, out) in chunks.iter_mut().enumerate() {
        *out = halves(monoid, from, (first + at * WIDTH, pitch), 0..rows);
    }
    let first = first + chunks.len() * WIDTH;
    for (at, out) in rest.iter_mut().enumerate() {
        [*out] = halves(monoid, from, (first + at, pitch), 0..rows);
    }
}

fn halves<const L: usize>(
    monoid: Monoid,
    from: &[f32],
    (first, pitch): (usize, usize),
    rows: Range<usize>,
) -> [f32; L] {
    let row = |row: usize| -> [f32; L] {
        let mut lanes = [0.0; L];
        lanes.copy_from_slice(&from[row * pitch + first..][..L]);
        lanes
    };
    let joined = |a: [f32; L], b: [f32; L]| -> [f32; L] { std::array::from_fn(|lane| join(monoid, a[lane], b[lane])) };
    match rows.len() {
        1 => row(rows.start),
        2 => joined(row(rows.start), row(rows.start + 1)),
        count => {
            let middle = rows.start + count / 2;
            let before = halves(monoid, from, (first, pitch), rows.start..middle);
            joined(before, halves(monoid, from, (first, pitch), middle..rows.end))
        }
    }
}

#[inline(always)]
fn contiguous(monoid: Monoid, input: &[f32]) -> f32 {
    if monoid != Monoid::Sum || input.len() < 2 * WIDTH {
        return input.iter().fold(neutral(monoid), |a, &b| join(monoid, a, b));
    }
    let mut sums = [0.0f32; WIDTH];
    let (chunks, rest) = input.as_chunks::<WIDTH>();
    // A sum of many is split, so that its rounding grows with the logarithm of its length.
    if chunks.len() > 64 {
        let half = chunks.len() / 2 * WIDTH;
        return contiguous(monoid, &input[..half]) + contiguous(monoid, &input[half..]);
    }
    for chunk in chunks {
        sums.iter_mut().zip(chunk).for_each(|(sum, x)| *sum += x);
    }
    for width in [8, 4, 2, 1] {
        for i in 0..width {
            sums[i] += sums[i + width];
        }
    }
    rest.iter().fold(sums[0], |sum, x| sum + x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_fold_to_the_same_bits_at_every_level_whatever_their_length() {
        for columns in [1, 7, 10, 16, 17, 50, 129] {
            let pitch = columns + 3;
            let number = |i: usize| match i % 97 {
                13 if columns > 20 => f32::NAN,
                i => ((i * 7919) % 2003) as f32 / 1001.0 - 1.0,
            };
            let from: Vec<f32> = (0..5 * pitch).map(number).collect();
            for &monoid in Monoid::ALL {
                let bits = |level: Supported| {
                    let mut out = [0.0; 5];
                    rows(level, monoid, &from, (columns, pitch), &mut out);
                    out.map(|x| if x.is_nan() { f32::NAN.to_bits() } else { x.to_bits() })
                };
                for level in Supported::each() {
                    assert_eq!(bits(level), bits(Supported::PORTABLE), "{monoid:?} of {columns} at {level}");
                }
            }
        }
    }
}
