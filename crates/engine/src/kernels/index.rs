//! Numbers picked, placed or found by position.

use std::ops::Range;

/// A position that is not one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BadPosition {
    pub(crate) found: f64,
    pub(crate) extent: usize,
}

/// Positions as somebody feeds them or a step computes them. Those that are fed as 64-bit floats never become 32-bit ones,
/// which cannot tell 2²⁴ and 2²⁴ + 1 apart.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Positions<'p> {
    Floats(&'p [f32]),
    Doubles(&'p [f64]),
}

impl Positions<'_> {
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Floats(numbers) => numbers.len(),
            Self::Doubles(numbers) => numbers.len(),
        }
    }

    /// The position of this number, on an axis of `extent`.
    pub(crate) fn at(self, i: usize, extent: usize) -> Result<usize, BadPosition> {
        match self {
            Self::Floats(numbers) => position(numbers[i], extent),
            Self::Doubles(numbers) => exact(numbers[i], extent),
        }
    }
}

pub(crate) fn position(found: f32, extent: usize) -> Result<usize, BadPosition> {
    exact(f64::from(found), extent)
}

fn exact(found: f64, extent: usize) -> Result<usize, BadPosition> {
    let whole = found >= 0.0 && (found as usize) < extent && found.fract() == 0.0;
    if whole { Ok(found as usize) } else { Err(BadPosition { found, extent }) }
}

/// The parts of `data` at `positions` of an axis: those from `which.start` to `which.end`.
pub(crate) fn gather(
    shape: &[usize],
    axis: usize,
    positions: Positions<'_>,
    data: &[f32],
    which: Range<usize>,
    out: &mut [f32],
) -> Result<(), BadPosition> {
    let inner: usize = shape[axis + 1..].iter().product();
    for (to, part) in which.enumerate() {
        let (o, p) = (part / positions.len(), part % positions.len());
        let from = (o * shape[axis] + positions.at(p, shape[axis])?) * inner;
        out[to * inner..][..inner].copy_from_slice(&data[from..from + inner]);
    }
    Ok(())
}

/// Zeros of `shape`, to which each part is added at its position of an axis: the parts of the result from `which.start`
/// to `which.end`, counted over the axis and those before it. Every position is looked at.
pub(crate) fn scatter_add(
    shape: &[usize],
    axis: usize,
    positions: Positions<'_>,
    parts: &[f32],
    which: Range<usize>,
    out: &mut [f32],
) -> Result<(), BadPosition> {
    out.fill(0.0);
    let extent = shape[axis];
    let inner: usize = shape[axis + 1..].iter().product();
    let outer = match which.start.checked_div(extent) {
        Some(first) => first..which.end.div_ceil(extent),
        None => 0..shape[..axis].iter().product(),
    };
    for o in outer {
        for p in 0..positions.len() {
            let to = o * extent + positions.at(p, extent)?;
            if which.contains(&to) {
                let from = &parts[(o * positions.len() + p) * inner..][..inner];
                let out = &mut out[(to - which.start) * inner..][..inner];
                out.iter_mut().zip(from).for_each(|(out, &x)| *out += x);
            }
        }
    }
    Ok(())
}

/// Rows of `classes`, 1 at the position and 0 elsewhere, `pitch` numbers apart.
pub(crate) fn one_hot(labels: &[f32], (classes, pitch): (usize, usize), out: &mut [f32]) -> Result<(), BadPosition> {
    out.fill(0.0);
    if pitch == 0 {
        return labels.first().map_or(Ok(()), |&found| position(found, 0).map(drop));
    }
    for (row, &found) in out.chunks_exact_mut(pitch).zip(labels) {
        row[position(found, classes)?] = 1.0;
    }
    Ok(())
}

/// The position of each row's first largest number; the first that is not a number wins over all.
pub(crate) fn argmax_rows(from: &[f32], (columns, pitch): (usize, usize), out: &mut [f32]) {
    if columns == 0 {
        return out.fill(0.0);
    }
    for (row, out) in from.chunks_exact(pitch).zip(out) {
        let largest = |best: usize, j: usize| {
            let is_larger = !row[best].is_nan() && (row[j].is_nan() || row[best] < row[j]);
            if is_larger { j } else { best }
        };
        *out = (1..columns).fold(0, largest) as f32;
    }
}

/// The position of the first largest number over `axes`, for the results from `first` on; the first that is not a number
/// wins over all.
pub(crate) fn argmax(shape: &[usize], input: &[f32], axes: &[usize], first: usize, out: &mut [f32]) {
    let strides: Vec<usize> = (0..shape.len()).map(|axis| shape[axis + 1..].iter().product()).collect();
    let kept: Vec<usize> = (0..shape.len()).filter(|axis| !axes.contains(axis)).collect();
    let searched: usize = axes.iter().map(|&axis| shape[axis]).product();
    let at = |axes: &[usize], mut index: usize| -> usize {
        let mut offset = 0;
        for &axis in axes.iter().rev() {
            offset += index % shape[axis] * strides[axis];
            index /= shape[axis];
        }
        offset
    };
    for (i, out) in out.iter_mut().enumerate() {
        let base = at(&kept, first + i);
        let (mut best, mut largest) = (0, f32::NEG_INFINITY);
        for j in 0..searched {
            let x = input[base + at(axes, j)];
            if j == 0 || (!largest.is_nan() && (x.is_nan() || largest < x)) {
                (best, largest) = (j, x);
            }
        }
        *out = best as f32;
    }
}
