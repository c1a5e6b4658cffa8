//! Numbers put where a layout wants them.

use std::ops::Range;

/// Writes the numbers at `offset + Σ index·stride`, over all indices of `shape` in row-major order.
pub(crate) fn strided(input: &[f32], offset: usize, shape: &[usize], strides: &[usize], out: &mut [f32]) {
    if out.is_empty() {
        return;
    }
    match (shape, strides) {
        ([], _) | (_, []) => out[0] = input[offset],
        ([_], [0]) => out.fill(input[offset]),
        ([extent], [1]) => out.copy_from_slice(&input[offset..offset + extent]),
        ([_], [stride]) => out.iter_mut().zip(input[offset..].iter().step_by(*stride)).for_each(|(to, &x)| *to = x),
        ([extent, shape @ ..], [stride, strides @ ..]) => {
            let step = out.len() / extent;
            for (i, part) in out.chunks_exact_mut(step).enumerate() {
                strided(input, offset + i * stride, shape, strides, part);
            }
        }
    }
}

/// How many axes, from the first on, have some dozens of indexes together: over them, work is divided. The last is none.
pub(crate) fn outer_axes(shape: &[usize]) -> usize {
    let (mut axes, mut indexes) = (0, 1);
    while axes + 1 < shape.len() && indexes < 64 {
        indexes *= shape[axes];
        axes += 1;
    }
    axes
}

/// As [`strided`], for some of the indexes of the [`outer_axes`]: `out` holds what stands there.
pub(crate) fn strided_part(
    input: &[f32],
    offset: usize,
    shape: &[usize],
    strides: &[usize],
    which: Range<usize>,
    out: &mut [f32],
) {
    let axes = outer_axes(shape);
    let (outer, inner) = shape.split_at(axes);
    let each = inner.iter().product::<usize>().max(1);
    for (index, out) in which.zip(out.chunks_exact_mut(each)) {
        let (mut rest, mut from) = (index, offset);
        for (extent, stride) in outer.iter().zip(strides).rev() {
            from += rest % extent * stride;
            rest /= extent;
        }
        strided(input, from, inner, &strides[axes..], out);
    }
}

/// Some rows of `columns` numbers, of which column j is row j of `input`; `out` begins with the first of them.
pub(crate) fn transpose(
    input: &[f32],
    input_pitch: usize,
    (rows, columns): (Range<usize>, usize),
    out: &mut [f32],
    pitch: usize,
) {
    // A few rows at once, so that whole cache lines are read.
    for first in rows.clone().step_by(16) {
        let last = rows.end.min(first + 16);
        let to = first - rows.start;
        for column in 0..columns {
            let from = &input[column * input_pitch..][first..last];
            from.iter().enumerate().for_each(|(i, &x)| out[(to + i) * pitch + column] = x);
        }
    }
}

/// Zeros before and after one axis: the numbers of the result from `which.start` to `which.end`.
pub(crate) fn pad(
    shape: &[usize],
    input: &[f32],
    axis: usize,
    (before, after): (usize, usize),
    which: Range<usize>,
    out: &mut [f32],
) {
    out.fill(0.0);
    let inner: usize = shape[axis + 1..].iter().product();
    let (from, to) = (shape[axis] * inner, (before + shape[axis] + after) * inner);
    if from == 0 {
        return;
    }
    for block in which.start / to..which.end.div_ceil(to) {
        let start = block * to + before * inner;
        let (first, last) = (start.max(which.start), (start + from).min(which.end));
        if first < last {
            let input = &input[block * from + first - start..][..last - first];
            out[first - which.start..last - which.start].copy_from_slice(input);
        }
    }
}

/// Inputs one after the other along an axis: the numbers of the result from `which.start` to `which.end`.
pub(crate) fn concat<'n>(
    inputs: impl Iterator<Item = (&'n [usize], &'n [f32])> + Clone,
    axis: usize,
    which: Range<usize>,
    out: &mut [f32],
) {
    let chunk = |shape: &[usize]| shape[axis..].iter().product::<usize>();
    let whole: usize = inputs.clone().map(|(shape, _)| chunk(shape)).sum();
    if whole == 0 {
        return;
    }
    for block in which.start / whole..which.end.div_ceil(whole) {
        let mut start = block * whole;
        for (shape, numbers) in inputs.clone() {
            let len = chunk(shape);
            let (first, last) = (start.max(which.start), (start + len).min(which.end));
            if first < last {
                let numbers = &numbers[block * len + first - start..][..last - first];
                out[first - which.start..last - which.start].copy_from_slice(numbers);
            }
            start += len;
        }
    }
}
