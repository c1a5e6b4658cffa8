//! Cells, one after the other: their text, and little more than a byte for each to find it by.
//!
//! A table of digits has more cells than most texts have words, each of a character or two. Where each one ends would take
//! eight bytes; its length takes one, and the place of every sixty-fourth is kept.

use std::collections::HashMap;

use crate::digest::Checksum;

/// How many cells lie between two whose places are kept.
const BLOCK: usize = 64;
/// Stands for a length that does not fit into a byte, and is kept elsewhere.
const LONG: u8 = u8::MAX;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cells {
    text: String,
    lengths: Vec<u8>,
    long: HashMap<usize, usize>,
    /// Where the first cell of each block begins.
    starts: Vec<usize>,
}

impl Cells {
    /// With room for the cells of a text: growing would take twice as much at times.
    pub(super) fn of_text(text: &[u8], separator: u8) -> Self {
        let ends = text.iter().filter(|&&byte| byte == separator || byte == b'\n').count();
        let (lengths, starts) = (Vec::with_capacity(ends + 1), Vec::with_capacity(ends / BLOCK + 1));
        Self { text: String::with_capacity(text.len()), lengths, starts, ..Self::default() }
    }

    /// Gives back the room that no cell needed.
    pub(super) fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.lengths.shrink_to_fit();
    }

    pub(super) fn push(&mut self, cell: &str) {
        let place = self.lengths.len();
        if place.is_multiple_of(BLOCK) {
            self.starts.push(self.text.len());
        }
        self.text.push_str(cell);
        let length = u8::try_from(cell.len()).unwrap_or(LONG);
        if length == LONG {
            self.long.insert(place, cell.len());
        }
        self.lengths.push(length);
    }

    pub(super) fn get(&self, place: usize) -> Option<&str> {
        #[cfg(test)]
        looks::count();
        let length = self.length(place)?;
        let first = place - place % BLOCK;
        let before: usize = match self.long.is_empty() {
            // The usual case, in which bytes are added up many at a time.
            true => self.lengths[first..place].iter().map(|&length| usize::from(length)).sum(),
            false => (first..place).filter_map(|own| self.length(own)).sum(),
        };
        let start = self.starts.get(place / BLOCK)? + before;
        self.text.get(start..start + length)
    }

    fn length(&self, place: usize) -> Option<usize> {
        match *self.lengths.get(place)? {
            LONG => self.long.get(&place).copied(),
            length => Some(usize::from(length)),
        }
    }
}

/// A checksum of cells that come part by part, whatever the parts are.
#[derive(Default)]
pub(super) struct CellsChecksum {
    text: Checksum,
    lengths: Checksum,
    long: Checksum,
    cells: usize,
}

impl CellsChecksum {
    pub(super) fn add(&mut self, cells: &Cells) {
        self.text.extend(cells.text.as_bytes());
        self.lengths.extend(&cells.lengths);
        let mut long: Vec<(&usize, &usize)> = cells.long.iter().collect();
        long.sort_unstable();
        for (place, length) in long {
            self.long.extend(&[(self.cells + place) as u64, *length as u64].map(u64::to_le_bytes).concat());
        }
        self.cells += cells.lengths.len();
    }

    /// The checksum of a table with columns of these names.
    pub(super) fn hex(self, names: &[String]) -> String {
        let mut checksum = Checksum::default();
        checksum.add(&(names.len() as u64).to_le_bytes());
        names.iter().for_each(|name| checksum.add(name.as_bytes()));
        [self.text, self.lengths, self.long].into_iter().for_each(|part| checksum.add(part.hex().as_bytes()));
        checksum.hex()
    }
}

/// How often cells are looked up, for tests of what reading costs.
#[cfg(test)]
pub(super) mod looks {
    use std::cell::Cell;

    thread_local! {
        static LOOKS: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn count() {
        LOOKS.set(LOOKS.get() + 1);
    }

    /// Lookups by this thread during `work`.
    pub(crate) fn during(work: impl FnOnce()) -> usize {
        let before = LOOKS.get();
        work();
        LOOKS.get() - before
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_cell_comes_back(lengths in prop::collection::vec(prop::sample::select(vec![0usize, 1, 2, 254, 255, 256, 300]), 0..200)) {
            let mut cells = Cells::default();
            let wanted: Vec<String> = lengths.iter().enumerate().map(|(i, &length)| ((i % 10).to_string()).repeat(length)).collect();
            wanted.iter().for_each(|cell| cells.push(cell));
            for (place, cell) in wanted.iter().enumerate() {
                prop_assert_eq!(cells.get(place), Some(cell.as_str()));
            }
            prop_assert_eq!(cells.get(wanted.len()), None);
        }
    }
}
