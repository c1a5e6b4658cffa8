//! A plan as text: its steps, what they fuse, and the memory that they share.

use std::fmt;

use super::{Place, Plan, Step, Work};

impl Plan {
    /// How many steps there are.
    pub fn steps(&self) -> usize {
        self.steps.len()
    }

    /// How many bytes the values take in the arena.
    pub fn arena_bytes(&self) -> usize {
        self.arena * size_of::<f32>()
    }

    /// How many bytes the values would take if none shared memory with another.
    pub fn unshared_bytes(&self) -> usize {
        self.unshared * size_of::<f32>()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.steps.iter().enumerate() {
            let nodes: Vec<_> = step.nodes.iter().map(|id| format!("%{}", id.index())).collect();
            let places: Vec<_> = step.writes.iter().filter_map(|id| self.places[id.index()].map(shown)).collect();
            writeln!(f, "{at:>3}  {:28}  {:24}  {}", step.label(), nodes.join(" "), places.join(", "))?;
        }
        let (arena, unshared) = (self.arena_bytes(), self.unshared_bytes());
        write!(f, "{} steps, {unshared} bytes of values in an arena of {arena}", self.steps.len())
    }
}

fn shown(place: Place) -> String {
    match place {
        Place::Arena { offset, len } => format!("{offset}..{}", offset + len),
        Place::Constant { .. } => "constant".to_string(),
        Place::Fed(_) => "fed".to_string(),
    }
}

impl Step {
    fn label(&self) -> String {
        match &self.work {
            Work::Tile(tile) => {
                format!("tile of {} over {}×{}", tile.instructions.len(), tile.rows, tile.columns)
            }
            Work::Product { batch: 1, sizes, .. } => format!("product {}×{} · {1}×{}", sizes.m, sizes.k, sizes.n),
            Work::Product { batch, sizes, .. } => format!("{batch} products {}×{}×{}", sizes.m, sizes.k, sizes.n),
            Work::Reduce { monoid, .. } => monoid.name().to_string(),
            Work::Strided { .. } => "rearrange".to_string(),
            Work::Arrange(layout) => layout.name().to_string(),
            Work::Index(index) => index.name().to_string(),
        }
    }
}
