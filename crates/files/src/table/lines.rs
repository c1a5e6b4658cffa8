//! The lines that rows begin in, in four bytes each.

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lines {
    /// That of the first row.
    first: u64,
    /// How many lines each row begins behind the first. A table has fewer bytes than this counts.
    behind: Vec<u32>,
}

impl Lines {
    pub(super) fn with_room_for(rows: usize) -> Self {
        Self { first: 0, behind: Vec::with_capacity(rows) }
    }

    /// Gives back the room that no row needed.
    pub(super) fn shrink(&mut self) {
        self.behind.shrink_to_fit();
    }

    /// The next row's, which is no line before the first row's.
    pub(super) fn push(&mut self, line: u64) {
        if self.behind.is_empty() {
            self.first = line;
        }
        self.behind.push(u32::try_from(line - self.first).unwrap_or(u32::MAX));
    }

    pub(super) fn get(&self, row: usize) -> Option<u64> {
        self.behind.get(row).map(|&behind| self.first + u64::from(behind))
    }

    pub(super) fn len(&self) -> usize {
        self.behind.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.behind.is_empty()
    }
}
