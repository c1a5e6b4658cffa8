//! Numbers put where a layout wants them.

use std::ops::Range;

use limpid_graph::Layout;

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

/// Column j of `rows` × `columns` numbers as row j: sixteen rows at once, so that whole cache lines are written.
pub(crate) fn transposed(input: &[f32], (rows, columns): (usize, usize), out: &mut [f32]) {
    for first in (0..rows).step_by(16) {
        let count = (rows - first).min(16);
        let input = &input[first * columns..][..count * columns];
        for column in 0..columns {
            let out = &mut out[column * rows + first..][..count];
            out.iter_mut().zip(input[column..].iter().step_by(columns)).for_each(|(to, &x)| *to = x);
        }
    }
}

/// Two axes that are exchanged, if this is all that the strides say: how many rows and columns are read.
pub(crate) fn transposition(shape: &[usize], strides: &[usize]) -> Option<(usize, usize)> {
    // Neighbouring axes that are read one after the other are one.
    let mut merged: Vec<(usize, usize)> = Vec::new();
    for (&extent, &stride) in shape.iter().zip(strides).filter(|(extent, _)| **extent != 1) {
        match merged.last_mut() {
            Some((before, step)) if *step == stride * extent => (*before, *step) = (*before * extent, stride),
            _ => merged.push((extent, stride)),
        }
    }
    match merged[..] {
        [(columns, 1), (rows, step)] if step == columns => Some((rows, columns)),
        _ => None,
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

/// Where each number of a layout's result comes from, counted through its inputs' numbers one after the other; beyond all
/// of them where it is 0. So a layout runs for which there is no kernel.
pub(crate) fn table(layout: &Layout, inputs: &[&[usize]], shape: &[usize]) -> Box<[usize]> {
    let mut next = 0;
    let places: Vec<(&[usize], Vec<usize>)> = inputs
        .iter()
        .map(|&input| {
            let first = next;
            next += input.iter().product::<usize>();
            (input, (first..next).collect())
        })
        .collect();
    let places: Vec<(&[usize], &[usize])> = places.iter().map(|(shape, places)| (*shape, &places[..])).collect();
    let mut table = vec![0; shape.iter().product()];
    layout.write(&places, shape, usize::MAX, &mut table);
    table.into()
}

/// The numbers that a part of a [`table`] names.
pub(crate) fn by_table<'n>(inputs: impl Iterator<Item = &'n [f32]>, table: &[usize], out: &mut [f32]) {
    out.fill(0.0);
    let mut first = 0;
    for input in inputs {
        for (out, place) in out.iter_mut().zip(table) {
            if let Some(&x) = place.checked_sub(first).and_then(|place| input.get(place)) {
                *out = x;
            }
        }
        first += input.len();
    }
}

#[cfg(test)]
mod tests {
    use limpid_graph::{Builder, Tensor};

    use super::*;

    #[test]
    fn a_table_puts_every_layouts_numbers_where_the_interpreter_does() {
        let (shape, count) = ([2, 3, 4], 24);
        let numbers: Vec<f32> = (1..=count).map(|i| i as f32).collect();
        for layout in Layout::examples(&shape) {
            let b = Builder::new();
            let graph = b.finish([b.input("x", shape).arrange(layout.clone())]).unwrap();
            let x = Tensor::new(shape, numbers.clone()).unwrap();
            let wanted = graph.run(&[("x", &x)]).unwrap().swap_remove(0);
            let mut out = vec![0.0; wanted.len()];
            by_table([&numbers[..]].into_iter(), &table(&layout, &[&shape], wanted.shape()), &mut out);
            assert_eq!(out, wanted.to_f32(), "{layout:?}");
        }
    }

    #[test]
    fn a_table_counts_through_all_inputs() {
        let (a, b) = ([1.0, 2.0], [3.0, 4.0, 5.0, 6.0]);
        let table = table(&Layout::Concat { axis: 1 }, &[&[2, 1], &[2, 2]], &[2, 3]);
        let mut out = [0.0; 6];
        by_table([&a[..], &b[..]].into_iter(), &table, &mut out);
        assert_eq!(out, [1.0, 3.0, 4.0, 2.0, 5.0, 6.0]);
        by_table([&a[..], &b[..]].into_iter(), &table[2..4], &mut out[..2]);
        assert_eq!(out[..2], [4.0, 2.0]);
    }
}
