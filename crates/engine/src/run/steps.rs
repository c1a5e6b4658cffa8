//! The tasks of steps.

use super::task_frame::Frame;
use super::{block, lists, moves, positions, products};
use crate::kernels::reduce;
use crate::plan::{Step, StepKind, Value};

/// Runs one task of a step; `before` is the step's task that used the scratch memory last, if it was one of this step
/// and run.
///
/// # Safety
/// As [`Frame`] says: the tasks that run meanwhile are of the same stage, and leaves are bound as the plan was told.
pub(super) unsafe fn run(frame: &Frame<'_>, step: &Step, task: usize, scratch: &mut [f32], before: Option<usize>) {
    // Steps without a result of their own do not ask for it.
    let to = step.writes.first().copied().unwrap_or_default();
    // SAFETY: the plan has nobody write what a step reads while it runs, and no task write what is another's.
    unsafe {
        match &step.kind {
            StepKind::Fusion(fusion) => block::run(frame, fusion, task, scratch, before.is_none()),
            StepKind::Combine { monoid, partials } => {
                let Value { matrix, pitch, .. } = frame.plan.value(*partials);
                let out = frame.numbers_mut(to, 0, matrix.columns);
                combine(*monoid, frame.all(*partials), (matrix.rows, matrix.columns, *pitch), out);
            }
            StepKind::Product(product) => products::product(frame, product, to, (task, before), scratch),
            StepKind::Products { batch, m, k, n, operands, transposed } => {
                let sizes = crate::kernels::product::Sizes { m: *m, k: *k, n: *n };
                products::batch(frame, *batch, sizes, (*operands, *transposed), to, scratch);
            }
            StepKind::List { list, table, source } => {
                lists::list(frame, step, (*list, *source), table.as_deref(), task)
            }
            StepKind::SparseProduct { list, right, n, by_panels, .. } => {
                lists::product(frame, &step.writes, *list, *right, (*n, *by_panels), task);
            }
            StepKind::SparseGradient { list, right, n, by_panels, update, .. } => {
                let scale = (products::factor(frame, *update), update.is_some());
                lists::gradient(frame, *list, *right, to, (*n, *by_panels), scale, task);
            }
            StepKind::Reduce { from, monoid, groups } => {
                reduce::reduce(*monoid, groups, frame.contiguous(*from), frame.all_mut(to));
            }
            StepKind::Strided { .. }
            | StepKind::Copy { .. }
            | StepKind::Transpose { .. }
            | StepKind::Convert { .. }
            | StepKind::Pad { .. }
            | StepKind::Concat { .. } => moves::run(frame, &step.kind, to),
            StepKind::Rows { .. }
            | StepKind::Gather { .. }
            | StepKind::ScatterAdd { .. }
            | StepKind::OneHot { .. }
            | StepKind::ArgMax { .. } => positions::run(frame, step, to, task),
        }
    }
}

/// Folds rows of partial results: two halves, each folded likewise, so that rounding grows with the logarithm.
fn combine(
    monoid: limpid_graph::op::Monoid,
    from: &[f32],
    (rows, columns, pitch): (usize, usize, usize),
    out: &mut [f32],
) {
    for (column, out) in out.iter_mut().enumerate().take(columns) {
        *out = reduce::pairwise(monoid, rows, &|row| from[row * pitch + column]).unwrap_or(reduce::neutral(monoid));
    }
}
