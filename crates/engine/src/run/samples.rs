//! Work within samples, one after the other.

use std::ops::Range;

use super::task_frame::{Frame, part};
use crate::kernels::convolution::Convolution;
use crate::kernels::{arrange, convolution, pooling, reduce};
use crate::plan::{Filter, SampleKind, Step, ValueId};

/// What a block does: where the operands of its first sample begin, and how many samples it has.
pub(super) struct Samples<'s> {
    pub(super) operands: [*const f32; 2],
    pub(super) count: usize,
    pub(super) task: usize,
    /// Whether the task's partial results begin with the block.
    pub(super) is_first: bool,
    /// The result, of all samples.
    pub(super) out: &'s mut [f32],
}

/// # Safety
/// The operands hold the block's samples, without padding between them, and nobody writes them meanwhile; whole vectors
/// can be read from each of their rows. Matrices are padded, and the task's row of partial results is its own.
#[inline(never)]
pub(super) unsafe fn run(frame: &Frame<'_>, kind: &SampleKind, samples: Samples<'_>, scratch: &mut [f32]) {
    let Samples { operands, count, task, is_first, out } = samples;
    let level = frame.level;
    // SAFETY: the caller answers for it.
    let sample = |which: usize, at: usize| unsafe {
        let len = kind.operand_len(which);
        std::slice::from_raw_parts(operands[which].add(at * len), len)
    };
    if let SampleKind::OfFilters { convolution: of, method, partials } = kind {
        let len = of.window() * of.filters;
        // SAFETY: the caller answers for it.
        let out = unsafe { frame.numbers_mut(*partials, task * frame.plan.value(*partials).pitch, len) };
        for at in 0..count {
            let (image, up) = (sample(0, at), sample(1, at));
            let accumulate = at > 0 || !is_first;
            // SAFETY: the caller answers for `up`.
            unsafe { convolution::of_filters(level, (of, *method), image, up, (out, accumulate), scratch) };
        }
        return;
    }
    let each = (out.len() / count.max(1)).max(1);
    for (at, out) in out.chunks_exact_mut(each).enumerate() {
        match kind {
            SampleKind::Fold { monoid, groups } => {
                let kept = groups.iter().find(|(is_folded, _)| !is_folded).map_or(0, |(_, extent)| *extent);
                reduce::reduce(*monoid, groups, 0..kept, sample(0, at), out);
            }
            &SampleKind::Pooled { monoid, pooling } => pooling::pooled(level, pooling, monoid, sample(0, at), out),
            &SampleKind::ExtremeSlopes { monoid, pooling } => {
                pooling::slopes(level, pooling, monoid, sample(0, at), sample(1, at), out);
            }
            SampleKind::Arrange { offset, shape, strides, .. } => {
                arrange::strided(sample(0, at), *offset, shape, strides, out);
            }
            &SampleKind::Transposed { rows, columns } => arrange::transposed(sample(0, at), (rows, columns), out),
            SampleKind::Pad { shape, axis, around } => {
                arrange::pad(shape, sample(0, at), *axis, *around, 0..out.len(), out);
            }
            SampleKind::Windows { walk } => {
                out.fill(0.0);
                walk.write(walk.outer(), sample(0, at), out, |a, b| a + b);
            }
            // SAFETY: the caller answers for it.
            SampleKind::Filtered(filter) => unsafe {
                filtered(frame, filter, filter.convolution.rows(), sample(0, at), out, scratch);
            },
            SampleKind::OfImages { convolution: of, method, matrix, pitch } => {
                let (up, matrix) = (sample(0, at), (frame.base(*matrix).cast_const(), *pitch));
                // SAFETY: as above.
                unsafe { convolution::of_images(level, (of, *method), up, matrix, out, scratch) };
            }
            SampleKind::OfFilters { .. } => {}
        }
    }
}

/// A step that filters a single sample: a task's rows.
///
/// # Safety
/// As for [`super::steps::run`].
pub(super) unsafe fn bands(
    frame: &Frame<'_>,
    step: &Step,
    (from, filter): (ValueId, &Filter),
    task: usize,
    scratch: &mut [f32],
) {
    let Convolution { places: [rows, columns], filters, .. } = filter.convolution;
    let which = part(task, step.units, rows);
    let each = columns * filters;
    // SAFETY: the task's rows are its own; the caller answers for the rest.
    unsafe {
        let out = frame.numbers_mut(step.writes[0], which.start * each, which.len() * each);
        filtered(frame, filter, which, frame.contiguous(from), out, scratch);
    }
}

/// Some rows of a convolution's places.
///
/// # Safety
/// The matrix is padded, and nobody writes it meanwhile.
unsafe fn filtered(
    frame: &Frame<'_>,
    filter: &Filter,
    rows: Range<usize>,
    image: &[f32],
    out: &mut [f32],
    scratch: &mut [f32],
) {
    let Filter { convolution: ref of, method, matrix, pitch, bias, relu } = *filter;
    // SAFETY: the caller answers for the matrix; a bias has a number for each filter.
    unsafe {
        let bias = bias.map(|bias| frame.numbers(bias, 0, of.filters));
        let (matrix, tail) = (frame.base(matrix).cast_const(), convolution::Tail { bias, relu });
        convolution::filtered(frame.level, (of, method, rows), image, (matrix, pitch), tail, out, scratch);
    }
}
