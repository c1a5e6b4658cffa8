//! Steps that only move numbers.

use super::task_frame::{Frame, Raw};
use crate::kernels::{arrange, convert, tile};
use crate::plan::{Matrix, Place, StepKind, Value, ValueId};

/// Runs a step of one of these kinds.
///
/// # Safety
/// As for [`super::steps::run`].
pub(super) unsafe fn run(frame: &Frame<'_>, kind: &StepKind, to: ValueId) {
    // SAFETY: the caller answers for it.
    unsafe {
        match kind {
            StepKind::Strided { from, offset, strides } => {
                let shape = &frame.plan.value(to).shape;
                arrange::strided(frame.contiguous(*from), *offset, shape, strides, frame.all_mut(to));
            }
            StepKind::Copy { from } => copy(frame, *from, to),
            StepKind::Transpose { from } => {
                let Value { matrix: Matrix { rows, columns }, pitch, .. } = *frame.plan.value(to);
                let from_pitch = frame.plan.value(*from).pitch;
                arrange::transpose(frame.all(*from), from_pitch, (rows, columns), frame.all_mut(to), pitch);
            }
            StepKind::Convert { leaf } => {
                let Value { matrix: Matrix { columns, .. }, pitch, .. } = *frame.plan.value(to);
                let data = frame.stored[leaf.index()];
                for (row, out) in frame.all_mut(to).chunks_exact_mut(pitch.max(1)).enumerate() {
                    load(frame, data, row * columns, &mut out[..columns]);
                }
            }
            StepKind::Pad { from, shape, axis, around } => {
                arrange::pad(shape, frame.contiguous(*from), *axis, *around, frame.all_mut(to));
            }
            StepKind::Concat { from, axis } => {
                let inputs = from.iter().map(|(value, shape)| (shape.as_slice(), frame.contiguous(*value)));
                arrange::concat(inputs, *axis, frame.all_mut(to));
            }
            // The others move nothing, or by position.
            _ => {}
        }
    }
}

/// The same numbers with another pitch, or in another place.
///
/// # Safety
/// As for [`super::steps::run`].
unsafe fn copy(frame: &Frame<'_>, read: ValueId, written: ValueId) {
    let (from, to) = (frame.plan.value(read), frame.plan.value(written));
    let Matrix { rows, columns } = to.matrix;
    // Of another form: without padding, then.
    let from_pitch = if from.matrix == to.matrix { from.pitch } else { columns };
    for row in 0..rows {
        // SAFETY: the row is within both values.
        unsafe {
            let numbers = frame.numbers(read, row * from_pitch, columns);
            let out = frame.numbers_mut(written, row * to.pitch, columns);
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
