//! The tasks of lists of non-zeros: those that make them, and those that multiply by them.

use super::list_memory::Owned;
use super::task_frame::{Frame, Raw, part};
use crate::kernels::sparse::{self, Ahead, Lists, Rows};
use crate::plan::{ListSource, Step, ValueId};

/// Makes the lists of a part.
///
/// # Safety
/// As for [`super::steps::run`].
pub(super) unsafe fn list(
    frame: &Frame<'_>,
    step: &Step,
    (list, source): (usize, ListSource),
    table: Option<&[f32; 256]>,
    task: usize,
) {
    let plan = &frame.plan.lists[list];
    let (rows, columns) = plan.parts[task].clone();
    // SAFETY: this task alone has the part's memory.
    let Owned { made, transposed, positions } = unsafe { &mut *frame.lists[list].parts[task].0.get() };
    let memory = made.lend();
    let lists = match source {
        ListSource::Rows(given) => {
            let Some((leaf, extent)) = plan.data else { return };
            // SAFETY: nobody writes them while they are read.
            let given = given.map(|given| unsafe { frame.positions(given) });
            for (row, position) in rows.zip(positions.iter_mut()) {
                // The planner lists no data of more rows than 32 bits count.
                *position = match given {
                    None => row as u32,
                    Some(given) => match given.at(row, extent) {
                        Ok(found) => found as u32,
                        // What was listed before stays, and no later step reads it.
                        Err(bad) => return frame.fail(step.nodes[0], row, bad),
                    },
                };
            }
            // SAFETY: a leaf's data are there as long as the run is.
            unsafe {
                match (frame.stored[leaf.index()], table) {
                    (Raw::Bytes(bytes, len), Some(table)) => {
                        let data = std::slice::from_raw_parts(bytes, len);
                        sparse::list_bytes(frame.level, data, (plan.columns, positions), columns, table, memory)
                    }
                    (Raw::Floats(numbers, len), _) => {
                        let data = std::slice::from_raw_parts(numbers, len);
                        let rows = Rows::Gathered(plan.columns, positions);
                        sparse::list_floats(frame.level, data, rows, positions.len(), columns, memory)
                    }
                    _ => return,
                }
            }
        }
        ListSource::Value(from) => {
            let pitch = frame.plan.value(from).pitch;
            // SAFETY: written in an earlier stage.
            let numbers = unsafe { frame.numbers(from, rows.start * pitch, rows.len() * pitch) };
            sparse::list_floats(frame.level, numbers, Rows::Pitch(pitch), rows.len(), columns, memory)
        }
    };
    if let Some(transposed) = transposed {
        lists.transpose(transposed.lend());
    }
}

/// The part of a list that a task reads, and its columns.
fn part_of(frame: &Frame<'_>, by_panels: bool, task: usize, n: usize) -> (usize, std::ops::Range<usize>) {
    if by_panels { (0, part(task, frame.plan.limits.sparse_panel, n)) } else { (task, 0..n) }
}

/// The lists of a part, as made.
///
/// # Safety
/// They were made in an earlier stage.
unsafe fn made<'l>(frame: &Frame<'l>, list: usize, at: usize) -> (Lists<'l>, Option<Lists<'l>>) {
    let (rows, columns) = frame.plan.lists[list].parts[at].clone();
    // SAFETY: nobody writes them now.
    unsafe {
        let Owned { made, transposed, .. } = &*frame.lists[list].parts[at].0.get();
        let transposed =
            transposed.as_ref().map(|transposed| Lists::made(transposed.read(), columns.len(), 0..rows.len()));
        (Lists::made(made.read(), rows.len(), columns), transposed)
    }
}

/// A product from lists: a part's, or some columns of all.
///
/// # Safety
/// As for [`super::steps::run`].
pub(super) unsafe fn product(
    frame: &Frame<'_>,
    writes: &[ValueId],
    list: usize,
    right: ValueId,
    (n, by_panels): (usize, bool),
    task: usize,
) {
    if frame.has_failed() {
        return;
    }
    let plan = &frame.plan.lists[list];
    let right_row = frame.plan.value(right).pitch;
    let (at, which) = part_of(frame, by_panels, task, n);
    let (rows, columns) = plan.parts[at].clone();
    // Parts along k have a result each; those along the rows have their rows of one.
    let (to, first) = if columns.len() < plan.columns { (writes[task], 0) } else { (writes[0], rows.start) };
    let to_row = frame.plan.value(to).pitch;
    // SAFETY: rows are padded to whole cache lines, and the task's rows × columns are its own.
    unsafe {
        let (lists, _) = made(frame, list, at);
        let data = plan.data.map_or(Raw::None, |(leaf, _)| frame.stored[leaf.index()]);
        let ahead = match data {
            // A panel's task is one of several over the same rows: the first asks for them.
            Raw::Bytes(bytes, len) if which.start == 0 => Some(Ahead {
                data: std::slice::from_raw_parts(bytes, len),
                k: plan.columns,
                positions: &frame.lists[list].next,
                columns,
            }),
            _ => None,
        };
        let w = (frame.base(right).add(which.start).cast_const(), right_row, frame.finite[right]);
        let z = (frame.base(to).add(first * to_row + which.start), to_row);
        sparse::forward(frame.level, &lists, w, which.len(), z, ahead.as_ref());
    }
}

/// A product from transposed lists, or what it adds: a part's rows of it, or some columns.
///
/// # Safety
/// As for [`super::steps::run`].
pub(super) unsafe fn gradient(
    frame: &Frame<'_>,
    list: usize,
    right: ValueId,
    to: ValueId,
    (n, by_panels): (usize, bool),
    scale: (f32, bool),
    task: usize,
) {
    if frame.has_failed() {
        return;
    }
    let right_row = frame.plan.value(right).pitch;
    let (at, which) = part_of(frame, by_panels, task, n);
    let to_row = frame.plan.value(to).pitch;
    // SAFETY: as in `product`.
    unsafe {
        let (lists, transposed) = made(frame, list, at);
        let d = (frame.base(right).add(which.start).cast_const(), right_row);
        let g = (frame.base(to).add(which.start), to_row);
        sparse::gradient(frame.level, &lists, transposed.as_ref(), d, which.len(), scale, g);
    }
}
