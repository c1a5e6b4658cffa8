//! Frame: the memory of one run, as the tasks of its steps see it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use limpid_graph::{Data, NodeId};

use super::list_memory::ListMemory;
use crate::kernels::Supported;
use crate::kernels::index::{BadPosition, Positions};
use crate::plan::{Plan, PositionsRead, Value, ValueId};

/// Where a value begins in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Base(pub(crate) *mut f32);

// SAFETY: an address; what may be done with it is said where it is used.
unsafe impl Send for Base {}
// SAFETY: as above.
unsafe impl Sync for Base {}

/// A leaf's data as they are stored.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Raw {
    None,
    Floats(*const f32, usize),
    Doubles(*const f64, usize),
    Bytes(*const u8, usize),
}

// SAFETY: addresses of what is only read.
unsafe impl Send for Raw {}
// SAFETY: as above.
unsafe impl Sync for Raw {}

impl Raw {
    pub(crate) fn of(data: &Data) -> Self {
        match data {
            Data::F32(numbers) => Self::Floats(numbers.as_ptr(), numbers.len()),
            Data::F64(numbers) => Self::Doubles(numbers.as_ptr(), numbers.len()),
            Data::U8(bytes) => Self::Bytes(bytes.as_ptr(), bytes.len()),
        }
    }
}

/// A position that is none, and where it was met.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failure {
    pub(crate) node: NodeId,
    task: usize,
    pub(crate) bad: BadPosition,
}

/// What the tasks of a run share.
///
/// Tasks read and write through addresses, since several work on parts of one value at the same time. That is sound
/// because of how plans are made: a step's tasks write parts of their own; a stage's steps do not read what another of
/// them writes; the tasks of a stage are done before the next begins; no two values that are live in the same stage
/// share memory ([`crate::plan`] asserts it of every plan in builds with debug assertions).
#[derive(Debug)]
pub(crate) struct Frame<'r> {
    pub(crate) plan: &'r Plan,
    pub(crate) level: Supported,
    pub(crate) bases: &'r [Base],
    /// Of each node that is a leaf.
    pub(crate) stored: &'r [Raw],
    pub(crate) lists: &'r [ListMemory],
    /// Of each value, whether it is known to be finite throughout.
    pub(crate) finite: &'r [bool],
    pub(crate) failed: AtomicBool,
    pub(crate) failure: Mutex<Option<Failure>>,
}

impl<'r> Frame<'r> {
    pub(crate) fn base(&self, value: ValueId) -> *mut f32 {
        self.bases[value].0
    }

    /// Numbers of a value.
    ///
    /// # Safety
    /// They are within the value, and nobody writes them meanwhile.
    pub(crate) unsafe fn numbers(&self, value: ValueId, from: usize, len: usize) -> &'r [f32] {
        // SAFETY: the caller answers for it.
        unsafe { std::slice::from_raw_parts(self.base(value).add(from), len) }
    }

    /// The numbers of a value whose rows have no padding between them, without the padding behind the last.
    ///
    /// # Safety
    /// Nobody writes them meanwhile.
    pub(crate) unsafe fn contiguous(&self, value: ValueId) -> &'r [f32] {
        let Value { matrix, pitch, .. } = self.plan.value(value);
        debug_assert!(*pitch == matrix.columns || matrix.rows <= 1, "a step reads padding as numbers");
        // SAFETY: the value's rows are one or lie next to each other, so that they begin with as many numbers.
        unsafe { self.numbers(value, 0, matrix.count()) }
    }

    /// Positions that a step reads: where they are fed, as they are fed.
    ///
    /// # Safety
    /// As for [`contiguous`](Self::contiguous), and leaves are bound as the plan was told.
    pub(crate) unsafe fn positions(&self, positions: PositionsRead) -> Positions<'r> {
        match positions.fed.map(|leaf| self.stored[leaf.index()]) {
            // SAFETY: a leaf's data are there as long as the run is.
            Some(Raw::Doubles(numbers, len)) => unsafe { Positions::Doubles(std::slice::from_raw_parts(numbers, len)) },
            // SAFETY: the caller answers for it.
            _ => Positions::Floats(unsafe { self.contiguous(positions.value) }),
        }
    }

    /// All numbers of a value, padding included.
    ///
    /// # Safety
    /// Nobody writes them meanwhile.
    pub(crate) unsafe fn all(&self, value: ValueId) -> &'r [f32] {
        // SAFETY: a value's place holds as many numbers as the value has.
        unsafe { self.numbers(value, 0, self.plan.value(value).len()) }
    }

    /// Numbers of a value, to write.
    ///
    /// # Safety
    /// They are within the value, and nobody else uses them meanwhile.
    #[allow(clippy::mut_from_ref)]
    pub(crate) unsafe fn numbers_mut(&self, value: ValueId, from: usize, len: usize) -> &'r mut [f32] {
        // SAFETY: the caller answers for it.
        unsafe { std::slice::from_raw_parts_mut(self.base(value).add(from), len) }
    }

    /// Notes a failure: of all, the first node's is told, as if nodes ran one after the other.
    pub(crate) fn fail(&self, node: NodeId, task: usize, bad: BadPosition) {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        if failure.is_none_or(|other| (node, task) < (other.node, other.task)) {
            *failure = Some(Failure { node, task, bad });
        }
        self.failed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }
}

/// The `task`th part of `count` things, `size` of them.
pub(super) fn part(task: usize, size: usize, count: usize) -> std::ops::Range<usize> {
    (task * size).min(count)..((task + 1) * size).min(count)
}
