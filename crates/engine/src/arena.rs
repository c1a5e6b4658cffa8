//! The memory that a plan's steps share.

use crate::plan::Place;

/// A block of numbers from which a step reads some ranges while it writes others.
///
/// The plan places values so that what a step writes overlaps nothing that is live; this hands out the ranges.
#[derive(Debug)]
pub(crate) struct Arena {
    numbers: Vec<f32>,
}

impl Arena {
    /// A block of `len` numbers; `None` where memory has no room for it.
    pub(crate) fn new(len: usize) -> Option<Self> {
        let mut numbers = Vec::new();
        numbers.try_reserve_exact(len).ok()?;
        numbers.resize(len, 0.0);
        Some(Self { numbers })
    }

    /// All of it, to read.
    pub(crate) fn all(&self) -> Around<'_> {
        Around { before: &self.numbers, behind: &[], behind_from: usize::MAX }
    }

    /// The numbers of a place in the arena, to write.
    pub(crate) fn write(&mut self, place: Place) -> &mut [f32] {
        match place {
            Place::Arena { offset, len } => &mut self.numbers[offset..offset + len],
            _ => &mut [],
        }
    }

    /// The numbers of a place to write, and what stands before and behind it to read.
    pub(crate) fn around(&mut self, place: Place) -> (&mut [f32], Around<'_>) {
        let Place::Arena { offset, len } = place else { return (&mut [], self.all()) };
        let (before, rest) = self.numbers.split_at_mut(offset);
        let (own, behind) = rest.split_at_mut(len);
        (own, Around { before, behind, behind_from: offset + len })
    }
}

/// The arena but for one range.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Around<'a> {
    before: &'a [f32],
    behind: &'a [f32],
    behind_from: usize,
}

impl<'a> Around<'a> {
    /// The numbers of another place in the arena.
    ///
    /// # Panics
    /// Where it overlaps the range that is written: a defect of the plan.
    pub(crate) fn read(&self, offset: usize, len: usize) -> &'a [f32] {
        match offset.checked_sub(self.behind_from) {
            Some(from) => &self.behind[from..from + len],
            None => &self.before[offset..offset + len],
        }
    }
}
