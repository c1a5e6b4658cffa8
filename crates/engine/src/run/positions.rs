//! Steps that pick, place or find numbers by position.

use limpid_graph::NodeId;

use super::moves::load;
use super::task_frame::{Frame, Raw, part};
use crate::kernels::index::{self, Positions};
use crate::plan::{Step, StepKind, ValueId};

/// Runs a task of a step of one of these kinds.
///
/// # Safety
/// As for [`super::steps::run`].
pub(super) unsafe fn run(frame: &Frame<'_>, step: &Step, to: ValueId, task: usize) {
    // SAFETY: the caller answers for it.
    let done = unsafe {
        let numbers = |value: ValueId| frame.contiguous(value);
        let count = frame.plan.value(to).matrix.count();
        let shape_of_result = &frame.plan.value(to).shape;
        // Of each kind, the units that the task makes, and their place in the result.
        let units = |each: usize| {
            let which = part(task, step.units, count.checked_div(each).unwrap_or(0));
            let out = frame.numbers_mut(to, which.start * each, which.len() * each);
            (which, out)
        };
        match &step.kind {
            StepKind::Rows { leaf, variable, extent, positions } => {
                let positions = frame.positions(*positions);
                return rows(frame, step, (*leaf, *variable, *extent), positions, to, task);
            }
            StepKind::Gather { from, shape, axis, positions } => {
                let positions = frame.positions(*positions);
                let each: usize = shape[axis + 1..].iter().product();
                // Positions are looked at even where nothing stands at them.
                let all = shape[..*axis].iter().product::<usize>() * positions.len();
                let (which, out) = if each == 0 { (0..all, &mut [][..]) } else { units(each) };
                index::gather(shape, *axis, positions, numbers(*from), which, out)
            }
            StepKind::ScatterAdd { from, axis, positions } => {
                let shape = shape_of_result;
                let each: usize = shape[axis + 1..].iter().product();
                let (which, out) = match each {
                    0 => (0..shape[..=*axis].iter().product(), &mut [][..]),
                    _ => units(each),
                };
                index::scatter_add(shape, *axis, frame.positions(*positions), numbers(*from), which, out)
            }
            StepKind::OneHot { positions, classes } => {
                if *classes == 0 {
                    index::one_hot(numbers(*positions), (0, 0), &mut [])
                } else {
                    let (which, out) = units(*classes);
                    index::one_hot(&numbers(*positions)[which], (*classes, *classes), out)
                }
            }
            StepKind::ArgMax { from, shape, axes } => {
                let (which, out) = units(1);
                index::argmax(shape, numbers(*from), axes, which.start, out);
                Ok(())
            }
            // The others know no positions.
            _ => Ok(()),
        }
    };
    if let Err(bad) = done {
        frame.fail(step.nodes[0], task, bad);
    }
}

/// Rows of a leaf by position.
///
/// # Safety
/// As for [`super::steps::run`].
unsafe fn rows(
    frame: &Frame<'_>,
    step: &Step,
    (leaf, variable, extent): (NodeId, Option<ValueId>, usize),
    positions: Positions<'_>,
    value: ValueId,
    task: usize,
) {
    let to = frame.plan.value(value);
    // SAFETY: positions are read only here, and the task's rows are its own.
    unsafe {
        let which = if step.tasks == 1 { 0..positions.len() } else { part(task, step.units, positions.len()) };
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
                match (frame.stored[leaf.index()], variable) {
                    (Raw::None, Some(variable)) => {
                        // Of another form: without padding, then.
                        let kept = frame.plan.value(variable);
                        let pitch = if kept.matrix.columns == columns { kept.pitch } else { columns };
                        out.copy_from_slice(frame.numbers(variable, (found * rows + row) * pitch, columns));
                    }
                    (data, _) => load(frame, data, (found * rows + row) * columns, out),
                }
            }
        }
    }
}
