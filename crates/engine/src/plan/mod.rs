//! Plan: what is run, in which order, in which memory. A pure function of a graph and its sizes.
//!
//! ```text
//! graph + sizes ──► groups ──► order ──► places ──► Plan
//!                   fuse       sort      memory
//! ```
//!
//! Functions of single numbers that hang together become one [`Tile`] step, which computes them tile by tile in the
//! first-level cache; the broadcasts between them are read where they come from. A transposed operand of a matrix
//! product is read by its strides. Everything else is a step of its own. Each value that a step writes gets an offset in
//! one arena for the time from its first to its last use.

mod build;
mod group;
mod memory;
mod show;

use limpid_graph::{Layout, MapOp, NodeId};

use crate::kernels::product;

/// The steps of one graph at one set of sizes, and the memory that they share.
#[derive(Debug)]
pub struct Plan {
    /// In the order in which they run.
    pub(crate) steps: Vec<Step>,
    /// Where each node's value is; `None` for nodes that are never written by themselves.
    pub(crate) places: Vec<Option<Place>>,
    /// The shape of each node, in numbers.
    pub(crate) shapes: Vec<Vec<usize>>,
    /// The numbers of the graph's constants.
    pub(crate) constants: Vec<f32>,
    /// The leaves that are read as floats and may have to be converted into the arena: `(leaf, place)`.
    pub(crate) converted: Vec<(NodeId, Place)>,
    /// How many numbers the arena holds.
    pub(crate) arena: usize,
    /// How many numbers the values would take without sharing memory.
    pub(crate) unshared: usize,
    /// How many numbers of scratch memory the widest step needs.
    pub(crate) scratch: usize,
}

/// Where a value's numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the arena.
    Arena { offset: usize, len: usize },
    /// Among the plan's constants.
    Constant { offset: usize, len: usize },
    /// With whoever feeds the leaf.
    Fed(NodeId),
}

/// One thing to do.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) work: Work,
    /// The nodes whose values it writes.
    pub(crate) writes: Vec<NodeId>,
    /// What it reads, in the order in which its work names them; for tiles, in no order.
    pub(crate) inputs: Vec<NodeId>,
    /// The nodes whose values it reads, each once.
    pub(crate) reads: Vec<NodeId>,
    /// The nodes that it computes, the unwritten ones included.
    pub(crate) nodes: Vec<NodeId>,
}

/// What a step does.
#[derive(Debug)]
pub(crate) enum Work {
    /// Functions of single numbers, tile by tile.
    Tile(Tile),
    /// Matrix products, one for each index of the leading axes.
    Product { batch: usize, sizes: product::Sizes, left: Operand, right: Operand },
    /// A fold over alternately folded and kept axes.
    Reduce { monoid: limpid_graph::op::Monoid, groups: Vec<(bool, usize)> },
    /// Numbers copied from where strides say; for permuted, broadcast and sliced values.
    Strided { offset: usize, strides: Vec<usize> },
    /// Zeros around an axis, or inputs joined along it.
    Arrange(Layout),
    /// Numbers picked, placed or found by position.
    Index(limpid_graph::Index),
}

/// An operand of a matrix product: how its rows and columns are strided, and how far apart the matrices of a batch are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operand {
    pub(crate) row: usize,
    pub(crate) column: usize,
    pub(crate) matrix: usize,
}

impl Operand {
    pub(crate) fn view(self, numbers: &[f32]) -> product::View<'_> {
        product::View { numbers, row: self.row, column: self.column }
    }
}

impl Plan {
    /// Where a leaf is put that is not stored as floats.
    pub(crate) fn converted_place(&self, leaf: NodeId) -> Option<Place> {
        self.converted.iter().find(|(id, _)| *id == leaf).map(|(_, place)| *place)
    }
}

/// Instructions run over each tile of a value of `rows` × `columns`.
#[derive(Debug)]
pub(crate) struct Tile {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) instructions: Vec<Instruction>,
    pub(crate) slots: usize,
}

/// One row of the table over one tile.
#[derive(Debug)]
pub(crate) struct Instruction {
    pub(crate) op: MapOp,
    pub(crate) arguments: Vec<Source>,
    pub(crate) to: Target,
}

/// Where an instruction finds an argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Source {
    /// In a slot that an earlier instruction of the tile has written.
    Slot(usize),
    /// At the same position of a value of the tile's shape.
    Full(NodeId),
    /// One number for each row.
    PerRow(NodeId),
    /// One number for each column.
    PerColumn(NodeId),
    /// One number for all.
    Single(NodeId),
    /// A number of a formula.
    Number(f32),
}

/// Where an instruction leaves its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// In a slot, for later instructions of the same tile.
    Slot(usize),
    /// In the node's place, at the same position.
    Value(NodeId),
}

/// How many numbers of each value a tile spans: with its neighbours it stays in the first-level cache.
pub(crate) const TILE: usize = 1024;
