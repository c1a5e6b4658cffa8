//! Products of matrices that are steps of their own.

use super::task_frame::{Frame, part};
use crate::kernels::product;
use crate::plan::{Product, Right, Update, ValueId};

/// What a product is multiplied by before it is added.
///
/// # Safety
/// As for [`super::steps::run`].
pub(super) unsafe fn factor(frame: &Frame<'_>, update: Option<Update>) -> f32 {
    let Some(Update { sign, scale }) = update else { return 1.0 };
    // SAFETY: a scale is a single number.
    sign * scale.map_or(1.0, |scale| unsafe { frame.numbers(scale, 0, 1) }[0])
}

/// A product, or what it adds: a task's rows and panels of it.
///
/// # Safety
/// As for [`super::steps::run`].
pub(super) unsafe fn product(
    frame: &Frame<'_>,
    work: &Product,
    value: ValueId,
    (task, before): (usize, Option<usize>),
    scratch: &mut [f32],
) {
    let Product { sizes, left, transposed, left_pitch, right, update, rows_a_task, panels_a_task } = *work;
    let panels = product::panels(*frame.level, sizes.n);
    let chunks = panels.div_ceil(panels_a_task).max(1);
    let tile = |task: usize| (part(task / chunks, rows_a_task, sizes.m), part(task % chunks, panels_a_task, panels));
    let (rows, which) = tile(task);
    let (row, column) = if transposed { (1, left_pitch) } else { (left_pitch, 1) };
    let a = product::Matrix { start: frame.base(left), row, column };
    let (start, pitch) = (frame.base(right.value).cast_const(), frame.plan.value(right.value).pitch);
    let b = match right {
        Right { packed: true, transposed: true, .. } => {
            product::Right::Plain(product::Matrix { start, row: 1, column: pitch })
        }
        Right { packed: true, .. } => product::Right::Plain(product::Matrix { start, row: pitch, column: 1 }),
        _ => product::Right::Direct { start, row: pitch },
    };
    let pitch = frame.plan.value(value).pitch;
    let c = product::Target { start: frame.base(value), row: pitch, padded: pitch.is_multiple_of(product::PAD) };
    // SAFETY: the plan's values have these sizes, and the task its own rows × panels.
    unsafe {
        let alpha = factor(frame, update);
        let has_left = before
            .map(tile)
            .is_some_and(|(same, others)| same == rows && product::keeps_left(*frame.level, sizes, b, &same, &others));
        let how = product::ProductOptions { alpha, accumulate: update.is_some(), has_left };
        product::multiply(frame.level, sizes, a, b, (rows, which), c, how, scratch);
    }
}

/// Products of matrices without padding, one after the other.
///
/// # Safety
/// As for [`super::steps::run`].
pub(super) unsafe fn batch(
    frame: &Frame<'_>,
    batch: usize,
    sizes: product::Sizes,
    (operands, transposed): ([ValueId; 2], [bool; 2]),
    to: ValueId,
    scratch: &mut [f32],
) {
    let product::Sizes { m, k, n } = sizes;
    // SAFETY: the caller answers for it.
    let (a, b, out) = unsafe { (frame.contiguous(operands[0]), frame.contiguous(operands[1]), frame.all_mut(to)) };
    for (at, out) in out.chunks_exact_mut((m * n).max(1)).take(batch).enumerate() {
        let operands = (matrix(a, (m, k), transposed[0], at), matrix(b, (k, n), transposed[1], at));
        product::product(frame.level, sizes, operands, out, (1.0, false), scratch);
    }
}

/// The matrix of this number among matrices that stand one after the other, read through a transposition or not.
fn matrix(all: &[f32], (rows, columns): (usize, usize), transposed: bool, at: usize) -> product::View<'_> {
    let numbers = &all[at * rows * columns..][..rows * columns];
    let (row, column) = if transposed { (1, rows) } else { (columns, 1) };
    product::View { numbers, row, column }
}
