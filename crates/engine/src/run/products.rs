//! Products of matrices that are steps of their own.

use std::ops::Range;

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
    writes: &[ValueId],
    (task, before): (usize, Option<usize>),
    scratch: &mut [f32],
) {
    let Product { sizes, left, transposed, left_pitch, right, update, rows_a_task, panels_a_task, k_a_task } = *work;
    let panels = product::panels(*frame.level, sizes.n);
    let chunks = panels.div_ceil(panels_a_task).max(1);
    let is_cut_along_k = k_a_task < sizes.k;
    let tile = |task: usize| match is_cut_along_k {
        true => (0..sizes.m, 0..panels),
        false => (part(task / chunks, rows_a_task, sizes.m), part(task % chunks, panels_a_task, panels)),
    };
    // Parts along k have a result each.
    let depth = if is_cut_along_k { part(task, k_a_task, sizes.k) } else { 0..sizes.k };
    let (value, before) = if is_cut_along_k { (writes[task], None) } else { (writes[0], before) };
    let sizes = product::Sizes { k: depth.len(), ..sizes };
    let (rows, which) = tile(task);
    let (row, column) = if transposed { (1, left_pitch) } else { (left_pitch, 1) };
    let a = product::Matrix { start: frame.base(left).wrapping_add(depth.start * column).cast_const(), row, column };
    let pitch = frame.plan.value(right.value).pitch;
    let step = if right.transposed { 1 } else { pitch };
    let start = frame.base(right.value).wrapping_add(depth.start * step).cast_const();
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

/// Some rows of the results of products without padding, counted through all of them.
///
/// # Safety
/// As for [`super::steps::run`].
pub(super) unsafe fn batch(
    frame: &Frame<'_>,
    product::Sizes { m, k, n }: product::Sizes,
    rows: Range<usize>,
    (operands, transposed): ([ValueId; 2], [bool; 2]),
    to: ValueId,
    scratch: &mut [f32],
) {
    if rows.is_empty() {
        return;
    }
    // SAFETY: the task's rows are its own; the caller answers for the rest.
    let (a, b, mut out) = unsafe {
        let out = frame.numbers_mut(to, rows.start * n, rows.len() * n);
        (frame.contiguous(operands[0]), frame.contiguous(operands[1]), out)
    };
    for at in rows.start / m..rows.end.div_ceil(m) {
        let (first, last) = (rows.start.max(at * m) - at * m, rows.end.min((at + 1) * m) - at * m);
        let own;
        (own, out) = out.split_at_mut((last - first) * n);
        let mut a = matrix(a, (m, k), transposed[0], at);
        a.numbers = &a.numbers[(first * a.row).min(a.numbers.len())..];
        let sizes = product::Sizes { m: last - first, k, n };
        product::product(frame.level, sizes, (a, matrix(b, (k, n), transposed[1], at)), own, (1.0, false), scratch);
    }
}

/// The matrix of this number among matrices that stand one after the other, read through a transposition or not.
fn matrix(all: &[f32], (rows, columns): (usize, usize), transposed: bool, at: usize) -> product::View<'_> {
    let numbers = &all[at * rows * columns..][..rows * columns];
    let (row, column) = if transposed { (1, rows) } else { (columns, 1) };
    product::View { numbers, row, column }
}
