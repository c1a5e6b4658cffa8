//! Lists of non-zeros: their memory, and the tasks that make and read them.

use std::cell::UnsafeCell;

use limpid_graph::{Data, Error, Tensor, memory};

use super::frame::{Frame, Raw};
use super::steps::part;
use crate::kernels::sparse::{self, Ahead, Lengths, Listed, Lists, Memory, Rows};
use crate::plan::{ListPlan, SPARSE_PANEL, Step};

/// The lists of one matrix, part by part.
#[derive(Debug)]
pub(crate) struct ListMemory {
    parts: Vec<PartMemory>,
    /// The rows that the next run will list, as far as they were announced.
    next: Vec<u32>,
}

/// The lists of a part. One task writes them; those of later stages read them.
#[derive(Debug)]
struct PartMemory(UnsafeCell<Owned>);

// SAFETY: who writes and who reads is said in the plan, as for values: `Frame` tells why that is sound.
unsafe impl Sync for PartMemory {}

#[derive(Debug)]
struct Owned {
    made: Vectors,
    /// The transposed lists, where they are read.
    turned: Option<Vectors>,
    positions: Vec<u32>,
}

#[derive(Debug)]
struct Vectors {
    values: Vec<f32>,
    columns: Vec<u16>,
    starts: Vec<u32>,
}

impl Vectors {
    fn new(Lengths { entries, starts }: Lengths) -> Result<Self, Error> {
        Ok(Self { values: zeros(entries)?, columns: zeros(entries)?, starts: zeros(starts)? })
    }

    fn lend(&mut self) -> Memory<'_> {
        let Self { values, columns, starts } = self;
        Memory { values, columns, starts }
    }

    fn read(&self) -> Listed<'_> {
        let Self { values, columns, starts } = self;
        Listed { values, columns, starts }
    }
}

impl ListMemory {
    pub(crate) fn new(plan: &ListPlan) -> Result<Self, Error> {
        let part = |(rows, columns): &(std::ops::Range<usize>, std::ops::Range<usize>)| {
            let (rows, width) = (rows.len(), columns.len());
            Ok(PartMemory(UnsafeCell::new(Owned {
                made: Vectors::new(Lengths::of(rows, width))?,
                turned: plan.turned.then(|| Vectors::new(Lengths::turned(rows, width))).transpose()?,
                positions: zeros(rows)?,
            })))
        };
        let parts = plan.parts.iter().map(part).collect::<Result<_, Error>>()?;
        Ok(Self { parts, next: memory::room_for(LISTS, plan.rows)? })
    }
}

/// What memory is asked for.
const LISTS: &str = "lists of the numbers that are not zero";

fn zeros<T: Clone + Default>(count: usize) -> Result<Vec<T>, Error> {
    let mut zeros = memory::room_for(LISTS, count)?;
    zeros.resize(count, T::default());
    Ok(zeros)
}

impl ListMemory {
    /// Notes the rows that the next run will list.
    pub(crate) fn announce(&mut self, plan: &ListPlan, positions: &Tensor) {
        let extent = plan.data.map_or(0, |(_, extent)| extent);
        let row = |position: f64| if position >= 0.0 && position < extent as f64 { position as u32 } else { 0 };
        self.next.clear();
        match positions.data() {
            Data::F32(numbers) => self.next.extend(numbers.iter().take(plan.rows).map(|&x| row(f64::from(x)))),
            Data::F64(numbers) => self.next.extend(numbers.iter().take(plan.rows).map(|&x| row(x))),
            Data::U8(_) => {}
        }
    }

    pub(crate) fn forget(&mut self) {
        self.next.clear();
    }
}

/// Makes the lists of a part.
///
/// # Safety
/// As for [`super::steps::run`].
pub(super) unsafe fn list(frame: &Frame<'_>, step: &Step, list: usize, table: Option<&[f32; 256]>, task: usize) {
    let plan = &frame.plan.lists[list];
    let (rows, columns) = plan.parts[task].clone();
    // SAFETY: this task alone has the part's memory.
    let Owned { made, turned, positions } = unsafe { &mut *frame.lists[list].parts[task].0.get() };
    let memory = made.lend();
    let lists = if let Some((leaf, extent)) = plan.data {
        // SAFETY: nobody writes them while they are read.
        let given = (!step.reads.is_empty()).then(|| unsafe { frame.positions(step, 0) });
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
    } else {
        let value = frame.plan.value(step.reads[0]);
        // SAFETY: written in an earlier stage.
        let numbers = unsafe { frame.numbers(step.reads[0], rows.start * value.pitch, rows.len() * value.pitch) };
        sparse::list_floats(frame.level, numbers, Rows::Pitch(value.pitch), rows.len(), columns, memory)
    };
    if let Some(turned) = turned {
        lists.turn(turned.lend());
    }
}

/// The part of a list that a task reads, and its columns.
fn part_of(by_panels: bool, task: usize, n: usize) -> (usize, std::ops::Range<usize>) {
    if by_panels { (0, part(task, SPARSE_PANEL, n)) } else { (task, 0..n) }
}

/// The lists of a part, as made.
///
/// # Safety
/// They were made in an earlier stage.
unsafe fn made<'l>(frame: &Frame<'l>, list: usize, at: usize) -> (Lists<'l>, Option<Lists<'l>>) {
    let (rows, columns) = frame.plan.lists[list].parts[at].clone();
    // SAFETY: nobody writes them now.
    unsafe {
        let Owned { made, turned, .. } = &*frame.lists[list].parts[at].0.get();
        let turned = turned.as_ref().map(|turned| Lists::made(turned.read(), columns.len(), 0..rows.len()));
        (Lists::made(made.read(), rows.len(), columns), turned)
    }
}

/// A product from lists: a part's, or some columns of all.
///
/// # Safety
/// As for [`super::steps::run`].
pub(super) unsafe fn product(frame: &Frame<'_>, step: &Step, list: usize, (n, by_panels): (usize, bool), task: usize) {
    if frame.has_failed() {
        return;
    }
    let plan = &frame.plan.lists[list];
    let right = step.reads[1];
    let right_row = frame.plan.value(right).pitch;
    let (at, which) = part_of(by_panels, task, n);
    let (rows, columns) = plan.parts[at].clone();
    // Parts along k have a result each; those along the rows have their rows of one.
    let (to, first) = if columns.len() < plan.columns { (step.writes[task], 0) } else { (step.writes[0], rows.start) };
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
    step: &Step,
    list: usize,
    to: usize,
    (n, by_panels): (usize, bool),
    scale: (f32, bool),
    task: usize,
) {
    if frame.has_failed() {
        return;
    }
    let right = step.reads[1];
    let right_row = frame.plan.value(right).pitch;
    let (at, which) = part_of(by_panels, task, n);
    let to_row = frame.plan.value(to).pitch;
    // SAFETY: as in `product`.
    unsafe {
        let (lists, turned) = made(frame, list, at);
        let d = (frame.base(right).add(which.start).cast_const(), right_row);
        let g = (frame.base(to).add(which.start), to_row);
        sparse::gradient(frame.level, &lists, turned.as_ref(), d, which.len(), scale, g);
    }
}
