//! The tasks of steps.

use super::task_frame::{Frame, part};
use super::{block, lists, moves, positions, products, samples};
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
                let columns = part(task, step.units, matrix.columns);
                let out = frame.numbers_mut(to, columns.start, columns.len());
                reduce::pairwise(*monoid, frame.all(*partials), (matrix.rows, columns.start, *pitch), out);
            }
            StepKind::Product(product) => products::product(frame, product, &step.writes, (task, before), scratch),
            StepKind::Products { batch, m, k, n, operands, transposed } => {
                let sizes = crate::kernels::product::Sizes { m: *m, k: *k, n: *n };
                let rows = part(task, step.units, batch * m);
                products::batch(frame, sizes, rows, (*operands, *transposed), to, scratch);
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
                let kept = groups.iter().find(|(is_folded, _)| !is_folded).map_or(1, |(_, extent)| *extent);
                let which = part(task, step.units, kept);
                let each = frame.plan.value(to).matrix.count() / kept.max(1);
                let out = frame.numbers_mut(to, which.start * each, which.len() * each);
                reduce::reduce(*monoid, groups, which, frame.contiguous(*from), out);
            }
            StepKind::Filter { from, filter } => samples::bands(frame, step, (*from, filter), task, scratch),
            StepKind::Strided { .. }
            | StepKind::Copy { .. }
            | StepKind::Transpose { .. }
            | StepKind::Mirror { .. }
            | StepKind::SumsOfWeights { .. }
            | StepKind::Pair { .. }
            | StepKind::Convert { .. }
            | StepKind::Pad { .. }
            | StepKind::Windows { .. }
            | StepKind::Concat { .. }
            | StepKind::Arrange { .. } => moves::run(frame, step, to, task),
            StepKind::Rows { .. }
            | StepKind::Gather { .. }
            | StepKind::ScatterAdd { .. }
            | StepKind::OneHot { .. }
            | StepKind::ArgMax { .. } => positions::run(frame, step, to, task),
        }
    }
}
