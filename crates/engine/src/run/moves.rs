//! Steps that only move numbers.

use std::ops::Range;

use super::task_frame::{Frame, Raw, part};
use crate::kernels::convolution::winograd;
use crate::kernels::{arrange, convert, convolution, tile};
use crate::plan::{Matrix, Place, Step, StepKind, Value, ValueId};

/// Runs a task of a step of one of these kinds.
///
/// # Safety
/// As for [`super::steps::run`].
pub(super) unsafe fn run(frame: &Frame<'_>, step: &Step, to: ValueId, task: usize) {
    let Value { matrix: Matrix { rows, columns }, pitch, ref shape, .. } = *frame.plan.value(to);
    let units = |count: usize| part(task, step.units, count);
    // SAFETY: the task's units are its own; the caller answers for the rest.
    unsafe {
        match &step.kind {
            StepKind::Strided { from, offset, strides } => {
                let (outer, inner) = shape.split_at(arrange::outer_axes(shape));
                let (which, each) = (units(outer.iter().product()), inner.iter().product::<usize>());
                let out = frame.numbers_mut(to, which.start * each, which.len() * each);
                match step.tasks {
                    1 => arrange::strided(frame.contiguous(*from), *offset, shape, strides, out),
                    _ => arrange::strided_part(frame.contiguous(*from), *offset, shape, strides, which, out),
                }
            }
            StepKind::Copy { from } => copy(frame, *from, to, units(rows)),
            StepKind::Transpose { from } => {
                let which = units(rows);
                let out = frame.numbers_mut(to, which.start * pitch, which.len() * pitch);
                arrange::transpose(frame.all(*from), frame.plan.value(*from).pitch, (which, columns), out, pitch);
            }
            StepKind::Mirror { from, is_transposed, sizes: sizes @ [taps, _, filters] } => {
                let (which, input) = (units(*taps), frame.plan.value(*from).pitch);
                let of_tap = filters * pitch;
                let out = frame.numbers_mut(to, which.start * of_tap, which.len() * of_tap);
                convolution::mirror((frame.all(*from), input, *is_transposed), (*sizes, which), (out, pitch));
            }
            StepKind::SumsOfWeights { from, sizes: sizes @ [channels, _] } => {
                let (which, input) = (units(winograd::rows(1)), frame.plan.value(*from).pitch);
                let each = channels * pitch;
                let out = frame.numbers_mut(to, which.start * each, which.len() * each);
                winograd::of_weights((frame.all(*from), input), *sizes, which, (out, pitch));
            }
            StepKind::Pair { from, convolution: of } => {
                let out = frame.numbers_mut(to, 0, rows * pitch);
                convolution::paired(of, (frame.all(*from), frame.plan.value(*from).pitch), (out, pitch));
            }
            StepKind::Convert { leaf } => {
                let (which, data) = (units(rows), frame.stored[leaf.index()]);
                let out = frame.numbers_mut(to, which.start * pitch, which.len() * pitch);
                if pitch == columns {
                    return load(frame, data, which.start * columns, out);
                }
                for (row, out) in which.zip(out.chunks_exact_mut(pitch.max(1))) {
                    load(frame, data, row * columns, &mut out[..columns]);
                }
            }
            StepKind::Pad { from, shape, axis, around } => {
                let which = units(rows * columns);
                let out = frame.numbers_mut(to, which.start, which.len());
                arrange::pad(shape, frame.contiguous(*from), *axis, *around, which, out);
            }
            StepKind::Windows { from, walk } => {
                let which = units(walk.outer());
                let input = frame.contiguous(*from);
                let (of_input, of_result) = match walk.inner() {
                    (windows, values) if walk.folds() => (windows, values),
                    (windows, values) => (values, windows),
                };
                let out = frame.numbers_mut(to, which.start * of_result, which.len() * of_result);
                out.fill(0.0);
                walk.write(which.len(), &input[which.start * of_input..], out, |a, b| a + b);
            }
            StepKind::Concat { from, axis } => {
                let which = units(rows * columns);
                let out = frame.numbers_mut(to, which.start, which.len());
                let inputs = from.iter().map(|(value, shape)| (shape.as_slice(), frame.contiguous(*value)));
                arrange::concat(inputs, *axis, which, out);
            }
            StepKind::Arrange { from, table } => {
                let which = units(rows * columns);
                let out = frame.numbers_mut(to, which.start, which.len());
                arrange::by_table(from.iter().map(|&value| frame.contiguous(value)), &table[which], out);
            }
            // The others move nothing, or by position.
            _ => {}
        }
    }
}

/// The same numbers with another pitch, or in another place: some rows of them.
///
/// # Safety
/// As for [`super::steps::run`].
unsafe fn copy(frame: &Frame<'_>, read: ValueId, written: ValueId, rows: Range<usize>) {
    let (from, to) = (frame.plan.value(read), frame.plan.value(written));
    let columns = to.matrix.columns;
    // Of another form: without padding, then.
    let from_pitch = if from.matrix == to.matrix { from.pitch } else { columns };
    // Rows that lie next to each other are copied at once.
    let is_contiguous = from_pitch == columns && to.pitch == columns;
    let at_once = if is_contiguous { rows.len().max(1) } else { 1 };
    for row in rows.step_by(at_once) {
        // SAFETY: the rows are within both values, and the task's own.
        unsafe {
            let numbers = frame.numbers(read, row * from_pitch, at_once * columns);
            let out = frame.numbers_mut(written, row * to.pitch, at_once * columns);
            match to.place {
                Place::Leaf(_) => tile::keep(frame.level, numbers, out),
                _ => out.copy_from_slice(numbers),
            }
        }
    }
}

/// Numbers of a leaf's data as floats.
///
/// # Safety
/// The leaf is bound as the plan was told.
pub(super) unsafe fn load(frame: &Frame<'_>, data: Raw, from: usize, out: &mut [f32]) {
    // SAFETY: the plan asks for no more than a leaf of its shape has.
    unsafe {
        match data {
            Raw::Floats(numbers, len) => {
                out.copy_from_slice(&std::slice::from_raw_parts(numbers, len)[from..from + out.len()]);
            }
            Raw::Doubles(numbers, len) => {
                let numbers = &std::slice::from_raw_parts(numbers, len)[from..from + out.len()];
                out.iter_mut().zip(numbers).for_each(|(out, &x)| *out = x as f32);
            }
            Raw::Bytes(bytes, len) => {
                convert::bytes(frame.level, &std::slice::from_raw_parts(bytes, len)[from..from + out.len()], out);
            }
            Raw::None => {}
        }
    }
}
