//! A block of numbers that begins at a cache line.

use std::ops::{Deref, DerefMut};

use limpid_graph::memory;

/// How many numbers a cache line holds; rows of matrices are padded to whole lines.
pub(crate) const LINE: usize = 16;

#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

/// Numbers in whole cache lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    lines: Vec<Line>,
}

impl Numbers {
    /// Zeros, at least `len` of them; `None` where memory has no room for them.
    pub(crate) fn zeros(len: usize) -> Option<Self> {
        let count = len.div_ceil(LINE);
        let mut lines = Vec::new();
        memory::asking(|| lines.try_reserve_exact(count)).ok()?;
        lines.resize(count, Line([0.0; LINE]));
        Some(Self { lines })
    }

    /// In builds with debug assertions, the tests' among them, makes every number NaN: whoever reads one that nobody has
    /// written then finds out. Other builds leave what is there.
    pub(crate) fn poison(&mut self) {
        if cfg!(debug_assertions) {
            self.fill(f32::NAN);
        }
    }

    /// These numbers, filled up with zeros to a whole line.
    pub(crate) fn from_slice(numbers: &[f32]) -> Self {
        let mut own = Self { lines: vec![Line([0.0; LINE]); numbers.len().div_ceil(LINE)] };
        own[..numbers.len()].copy_from_slice(numbers);
        own
    }
}

impl Deref for Numbers {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        let lines: &[[f32; LINE]] = {
            // SAFETY: `Line` is an array of numbers and nothing else; its alignment is only stricter.
            unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.lines.len()) }
        };
        lines.as_flattened()
    }
}

impl DerefMut for Numbers {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as in `deref`, and the borrow is exclusive.
        let lines: &mut [[f32; LINE]] =
            unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.lines.len()) };
        lines.as_flattened_mut()
    }
}
