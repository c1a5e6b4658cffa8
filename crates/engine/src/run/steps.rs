//! The tasks of steps.

use limpid_graph::{Index, Layout, NodeId};

use super::block;
use super::frame::{Frame, Raw};
use super::lists;
use crate::kernels::{arrange, convert, index, product, reduce, tile};
use crate::plan::{GATHERED, Matrix, Place, Product, Right, Step, Update, Value, Work};

/// Runs one task of a step; `before` is the step's task that used the scratch memory last, if it was one of this step
/// and run.
///
/// # Safety
/// As [`Frame`] says: the tasks that run meanwhile are of the same stage, and leaves are bound as the plan was told.
pub(super) unsafe fn run(frame: &Frame<'_>, step: &Step, task: usize, scratch: &mut [f32], before: Option<usize>) {
    let described = |i: usize| frame.plan.value(step.reads[i]);
    // SAFETY: the plan has nobody write what a step reads while it runs, and no task write what is another's.
    unsafe {
        let (read, plain) = (|i: usize| frame.all(step.reads[i]), |i: usize| frame.plain(step.reads[i]));
        let written = step.writes.first().copied();
        match (&step.work, written) {
            (Work::Region(region), _) => block::run(frame, region, task, scratch, before.is_none()),
            (_, None) => {}
            (Work::Product(product), Some(value)) => multiply(frame, product, step, value, (task, before), scratch),
            (Work::Combine { monoid }, Some(value)) => {
                let (columns, pitch) = (described(0).matrix.columns, described(0).pitch);
                combine(
                    *monoid,
                    read(0),
                    (described(0).matrix.rows, columns, pitch),
                    frame.numbers_mut(value, 0, columns),
                );
            }
            (Work::Products { batch, m, k, n, transposed }, Some(value)) => {
                let sizes = product::Sizes { m: *m, k: *k, n: *n };
                let view = |i: usize, columns: usize, transposed: bool, at: usize, rows: usize| {
                    let numbers = &plain(i)[at * rows * columns..][..rows * columns];
                    let (row, column) = if transposed { (1, rows) } else { (columns, 1) };
                    product::View { numbers, row, column }
                };
                for (i, out) in frame.all_mut(value).chunks_exact_mut((m * n).max(1)).take(*batch).enumerate() {
                    let a = view(0, *k, transposed[0], i, *m);
                    let b = view(1, *n, transposed[1], i, *k);
                    product::product(frame.level, sizes, (a, b), out, (1.0, false), scratch);
                }
            }
            (Work::List { list, table }, _) => lists::list(frame, step, *list, table.as_deref(), task),
            (Work::SparseProduct { list, n, by_panels }, _) => {
                lists::product(frame, step, *list, (*n, *by_panels), task);
            }
            (Work::SparseGradient { list, n, by_panels, update }, Some(value)) => {
                let alpha = factor(frame, *update);
                let accumulate = update.is_some();
                lists::gradient(frame, step, *list, value, (*n, *by_panels), (alpha, accumulate), task);
            }
            (Work::Reduce { monoid, groups }, Some(value)) => {
                reduce::reduce(*monoid, groups, plain(0), frame.all_mut(value));
            }
            (Work::Strided { offset, strides }, Some(value)) => {
                let shape = &frame.plan.value(value).shape;
                arrange::strided(plain(0), *offset, shape, strides, frame.all_mut(value));
            }
            (Work::Copy, Some(value)) => copy(frame, described(0), step.reads[0], value),
            (Work::Transpose, Some(value)) => {
                let Matrix { rows, columns } = frame.plan.value(value).matrix;
                let to = frame.plan.value(value).pitch;
                arrange::transpose(read(0), described(0).pitch, (rows, columns), frame.all_mut(value), to);
            }
            (Work::Convert { leaf }, Some(value)) => {
                let Value { matrix, pitch, .. } = frame.plan.value(value);
                let data = frame.stored[leaf.index()];
                let out = frame.all_mut(value);
                for (row, out) in out.chunks_exact_mut((*pitch).max(1)).enumerate() {
                    brought(frame, data, row * matrix.columns, &mut out[..matrix.columns]);
                }
            }
            (Work::Rows { leaf, extent }, Some(value)) => rows(frame, step, (*leaf, *extent), value, task),
            (Work::Arrange(Layout::Pad { axis, before, after }), Some(value)) => {
                arrange::pad(&step.shapes[0], plain(0), *axis, (*before, *after), frame.all_mut(value));
            }
            (Work::Arrange(Layout::Concat { axis }), Some(value)) => {
                let inputs = (0..step.reads.len()).map(|i| (step.shapes[i].as_slice(), plain(i)));
                arrange::concat(inputs, *axis, frame.all_mut(value));
            }
            (Work::Index(index), Some(value)) => {
                let shape = &frame.plan.value(value).shape;
                let out = frame.all_mut(value);
                let done = match index {
                    Index::Gather { axis } => {
                        index::gather(&step.shapes[0], *axis, frame.positions(step, 1), plain(0), out)
                    }
                    Index::ScatterAdd { axis, .. } => {
                        index::scatter_add(shape, *axis, frame.positions(step, 1), plain(0), out)
                    }
                    Index::OneHot { classes } => index::one_hot(plain(0), (*classes, *classes), out),
                    Index::ArgMax { axes } => {
                        index::argmax(&step.shapes[0], plain(0), axes, out);
                        Ok(())
                    }
                };
                if let Err(bad) = done {
                    frame.fail(step.nodes[0], task, bad);
                }
            }
            // The other layouts are strided, or read through.
            (Work::Arrange(_), Some(_)) => {}
        }
    }
}

/// The `task`th part of `count` things, `size` of them.
pub(super) fn part(task: usize, size: usize, count: usize) -> std::ops::Range<usize> {
    (task * size).min(count)..((task + 1) * size).min(count)
}

/// What a product is multiplied by before it is added.
///
/// # Safety
/// As for [`run`].
unsafe fn factor(frame: &Frame<'_>, update: Option<Update>) -> f32 {
    let Some(Update { sign, scale }) = update else { return 1.0 };
    // SAFETY: a scale is a single number.
    sign * scale.map_or(1.0, |scale| unsafe { frame.numbers(scale, 0, 1) }[0])
}

/// A product, or what it adds: a task's rows and panels of it.
///
/// # Safety
/// As for [`run`].
unsafe fn multiply(
    frame: &Frame<'_>,
    work: &Product,
    step: &Step,
    value: usize,
    (task, before): (usize, Option<usize>),
    scratch: &mut [f32],
) {
    let Product { sizes, transposed, left_pitch, right, update, rows_a_task, panels_a_task } = *work;
    let panels = product::panels(*frame.level, sizes.n);
    let chunks = panels.div_ceil(panels_a_task).max(1);
    let tile = |task: usize| (part(task / chunks, rows_a_task, sizes.m), part(task % chunks, panels_a_task, panels));
    let (rows, which) = tile(task);
    let (row, column) = if transposed { (1, left_pitch) } else { (left_pitch, 1) };
    let a = product::Matrix { start: frame.base(step.reads[0]), row, column };
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
        let how = product::How { alpha, accumulate: update.is_some(), has_left };
        product::multiply(frame.level, sizes, a, b, (rows, which), c, how, scratch);
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

/// # Safety
/// As for [`run`].
unsafe fn copy(frame: &Frame<'_>, from: &Value, read: usize, written: usize) {
    let to = frame.plan.value(written);
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
unsafe fn brought(frame: &Frame<'_>, data: Raw, from: usize, out: &mut [f32]) {
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

/// Rows of a leaf by position.
///
/// # Safety
/// As for [`run`].
unsafe fn rows(frame: &Frame<'_>, step: &Step, (leaf, extent): (NodeId, usize), value: usize, task: usize) {
    let to = frame.plan.value(value);
    // SAFETY: positions are read only here, and the task's rows are its own.
    unsafe {
        let positions = frame.positions(step, 0);
        let which = if step.tasks == 1 { 0..positions.len() } else { part(task, GATHERED, positions.len()) };
        // All axes but the first, as rows of the result's columns.
        let rows = to.matrix.rows / positions.len().max(1);
        let columns = to.matrix.columns;
        for at in which {
            let found = match positions.at(at, extent) {
                Ok(found) => found,
                Err(bad) => return frame.fail(step.nodes[0], at, bad),
            };
            for row in 0..rows {
                let out = frame.numbers_mut(value, (at * rows + row) * to.pitch, columns);
                match (frame.stored[leaf.index()], step.reads.get(1)) {
                    (Raw::None, Some(&kept)) => {
                        let pitch = frame.plan.value(kept).pitch;
                        out.copy_from_slice(frame.numbers(kept, (found * rows + row) * pitch, columns));
                    }
                    (data, _) => brought(frame, data, (found * rows + row) * columns, out),
                }
            }
        }
    }
}
