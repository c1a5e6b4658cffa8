//! Numbers put where a layout wants them.

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

/// `rows` × `columns` numbers, of which column j is row j of `input`.
pub(crate) fn transpose(
    input: &[f32],
    input_pitch: usize,
    (rows, columns): (usize, usize),
    out: &mut [f32],
    pitch: usize,
) {
    // A few rows at once, so that whole cache lines are read.
    for first in (0..rows).step_by(16) {
        let last = rows.min(first + 16);
        for column in 0..columns {
            let from = &input[column * input_pitch..][first..last];
            from.iter().enumerate().for_each(|(i, &x)| out[(first + i) * pitch + column] = x);
        }
    }
}

/// Zeros before and after one axis.
pub(crate) fn pad(shape: &[usize], input: &[f32], axis: usize, (before, after): (usize, usize), out: &mut [f32]) {
    out.fill(0.0);
    let inner: usize = shape[axis + 1..].iter().product();
    let (from, to) = (shape[axis] * inner, (before + shape[axis] + after) * inner);
    if from == 0 {
        return;
    }
    for (input, out) in input.chunks_exact(from).zip(out.chunks_exact_mut(to)) {
        out[before * inner..before * inner + from].copy_from_slice(input);
    }
}

/// Inputs one after the other along an axis.
pub(crate) fn concat<'n>(inputs: impl Iterator<Item = (&'n [usize], &'n [f32])> + Clone, axis: usize, out: &mut [f32]) {
    let chunk = |shape: &[usize]| shape[axis..].iter().product::<usize>();
    let whole: usize = inputs.clone().map(|(shape, _)| chunk(shape)).sum();
    if whole == 0 {
        return;
    }
    for (i, out) in out.chunks_exact_mut(whole).enumerate() {
        let mut from = 0;
        for (shape, numbers) in inputs.clone() {
            let len = chunk(shape);
            out[from..from + len].copy_from_slice(&numbers[i * len..(i + 1) * len]);
            from += len;
        }
    }
}
