//! Plan: what is run, in which order, in which memory. A pure function of a graph, its sizes, how its leaves are stored
//! and the processor's instructions; it never sees how many threads there are.
//!
//! ```text
//! graph ──► uses ──► groups ──► steps ──► stages ──► places ──► Plan
//!           reads    fuse       draft     order      memory
//! ```
//!
//! Everything that can be computed row by row hangs together in *regions* ([`Region`]): functions of single numbers,
//! folds along a row, products with a small matrix, sums over the rows. A region runs over blocks of rows, in the
//! first-level cache. Large products are steps of their own. Steps that do not wait for each other share a stage, and
//! the tasks of a stage run on any number of threads. Each value that a step writes has a place in one arena from its
//! first to its last stage; what an assignment makes is written where the parameter is kept.

mod draft;
mod fit;
mod groups;
mod memory;
mod order;
mod region;
mod rows;
mod show;
mod updates;
mod uses;
mod zeros;

use std::ops::Range;

use limpid_graph::{Error, Graph, Layout, Leaf, NodeId, Op, Sizes};

pub(crate) use draft::{GATHERED, SPARSE_PANEL};
pub(crate) use region::{Argument, Do, Instruction, Operand, Region, Store, Target};

use crate::kernels::{Level, product};
use crate::numbers::{LINE, Numbers};

/// The steps of one graph at one set of sizes, and the memory that they share.
#[derive(Debug)]
pub struct Plan {
    pub(crate) values: Vec<Value>,
    /// In the order in which they run.
    pub(crate) steps: Vec<Step>,
    /// The steps of each stage.
    pub(crate) stages: Vec<Range<usize>>,
    /// The first stage that changes what is kept; what can fail stands before it.
    pub(crate) changes_from: usize,
    pub(crate) constants: Numbers,
    /// What the graph answers, and in which shapes.
    pub(crate) outputs: Vec<(ValueId, Vec<usize>)>,
    /// Which leaves an assignment changes, and the values that those get which are not kept yet.
    pub(crate) assigned: Vec<(NodeId, Option<ValueId>)>,
    /// How many numbers the arena holds.
    pub(crate) arena: usize,
    /// How many numbers the values would take without sharing memory.
    pub(crate) unshared: usize,
    /// How many numbers of scratch memory a thread needs.
    pub(crate) scratch: usize,
    /// The lists of non-zeros that steps fill and read.
    pub(crate) lists: Vec<ListPlan>,
    /// Multiplications and additions of the whole run, about.
    pub(crate) flops: u64,
}

/// A value's number in its plan.
pub(crate) type ValueId = usize;

/// A value that is somewhere in memory, as a matrix: all axes but the last are rows.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) matrix: Matrix,
    /// How far apart rows are, in numbers.
    pub(crate) pitch: usize,
    pub(crate) place: Place,
    /// The node whose value it is, where it is one's.
    pub(crate) node: Option<NodeId>,
    pub(crate) shape: Vec<usize>,
}

impl Value {
    /// How many numbers it takes, padding included.
    pub(crate) fn len(&self) -> usize {
        self.matrix.rows * self.pitch
    }
}

/// Rows and columns of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Matrix {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

impl Matrix {
    /// A vector is a column.
    pub(crate) fn of(shape: &[usize]) -> Self {
        match shape {
            [] => Self { rows: 1, columns: 1 },
            [rows] => Self { rows: *rows, columns: 1 },
            [rows @ .., columns] => Self { rows: rows.iter().product(), columns: *columns },
        }
    }

    pub(crate) fn count(self) -> usize {
        self.rows * self.columns
    }
}

/// How far apart the engine puts rows of so many columns: whole cache lines, unless rows are short.
///
/// What lies between the last column and the next row is **padding**. The promise about it, which every kernel keeps at
/// every level of instructions (`kernels/padding.rs` holds them to it):
///
/// - Padding may hold any number, NaN and infinities included, and means nothing. Two kernels that give the same result
///   may leave different padding.
/// - Whoever writes a row may write its padding, and whoever reads it may read its padding; nobody else touches it. A
///   kernel writes nothing else outside of its columns.
/// - No number of a result depends on the padding of what it was made from.
///
/// In builds with debug assertions all padding begins as NaN, so that a break of the promise shows.
pub(crate) fn pitch(columns: usize) -> usize {
    if columns < LINE / 2 { columns } else { columns.next_multiple_of(LINE) }
}

/// Where a value's numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the arena, from this number on.
    Arena(usize),
    /// Among the plan's constants.
    Constant(usize),
    /// Where the leaf is fed from or kept.
    Leaf(NodeId),
}

/// How whoever feeds a leaf stores it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Storage {
    /// 32-bit floats, row after row.
    #[default]
    Floats,
    /// 64-bit floats, row after row.
    Doubles,
    /// Bytes, row after row.
    Bytes,
    /// In the session, in the engine's own layout.
    Kept,
}

/// How a leaf is stored, and what is known of its numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stored {
    /// The numbers' type and layout.
    pub storage: Storage,
    /// Whether so many numbers are exactly zero that products had better skip them.
    pub mostly_zeros: bool,
}

/// One thing to do, cut into tasks that may run at the same time.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) work: Work,
    pub(crate) tasks: usize,
    /// The values that it writes.
    pub(crate) writes: Vec<ValueId>,
    /// The values that it reads, in the order in which its work names them; for regions, in no order.
    pub(crate) reads: Vec<ValueId>,
    /// In which shapes it reads them, where that matters.
    pub(crate) shapes: Vec<Vec<usize>>,
    /// The leaf whose data it reads as they are stored, if it does.
    pub(crate) stored: Option<NodeId>,
    /// The leaf that is fed the positions that it picks or places by, if one is: they are read as they are fed.
    pub(crate) positions: Option<NodeId>,
    /// The nodes that it computes.
    pub(crate) nodes: Vec<NodeId>,
}

/// The kinds of step.
#[derive(Debug)]
pub(crate) enum Work {
    /// Whatever goes row by row.
    Region(Region),
    /// Folds the partial results of a region's blocks: one row each.
    Combine { monoid: limpid_graph::op::Monoid },
    /// A matrix product.
    Product(Product),
    /// Matrix products, one for each index of the leading axes.
    Products { batch: usize, m: usize, k: usize, n: usize, transposed: [bool; 2] },
    /// The non-zeros of a left operand.
    List { list: usize, table: Option<Box<[f32; 256]>> },
    /// A product from lists.
    SparseProduct { list: usize, n: usize, by_panels: bool },
    /// The transposed lists' product, added to what is there or written.
    SparseGradient { list: usize, n: usize, by_panels: bool, update: Option<Update> },
    /// A fold over alternately folded and kept axes.
    Reduce { monoid: limpid_graph::op::Monoid, groups: Vec<(bool, usize)> },
    /// Numbers copied from where strides say; for permuted, broadcast and sliced values.
    Strided { offset: usize, strides: Vec<usize> },
    /// The same numbers with another pitch, or in another place.
    Copy,
    /// Columns as rows.
    Transpose,
    /// A leaf's data as floats.
    Convert { leaf: NodeId },
    /// Rows of a leaf's data, as floats.
    Rows { leaf: NodeId, extent: usize },
    /// Zeros around an axis, or inputs joined along it.
    Arrange(Layout),
    /// Numbers picked, placed or found by position.
    Index(limpid_graph::Index),
}

/// A product of two matrices that is a step of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Product {
    pub(crate) sizes: product::Sizes,
    /// Whether the left operand is read through a transposition.
    pub(crate) transposed: bool,
    /// How far apart the rows of the left operand lie as it is stored.
    pub(crate) left_pitch: usize,
    pub(crate) right: Right,
    pub(crate) update: Option<Update>,
    /// How many rows of the result a task makes.
    pub(crate) rows_a_task: usize,
    /// How many panels of columns a task makes.
    pub(crate) panels_a_task: usize,
}

/// A product's right operand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Right {
    pub(crate) value: ValueId,
    pub(crate) transposed: bool,
    /// Whether it is packed on the way, and not read where it lies.
    pub(crate) packed: bool,
}

/// A product that is added to what is there, times a sign and a number read when it runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Update {
    pub(crate) sign: f32,
    pub(crate) scale: Option<ValueId>,
}

/// Lists of the non-zeros of a matrix.
#[derive(Clone, Debug)]
pub(crate) struct ListPlan {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// The part of the matrix that each task lists: rows and columns.
    pub(crate) parts: Vec<(Range<usize>, Range<usize>)>,
    /// The leaf that is fed the positions of the rows, where one is.
    pub(crate) positions: Option<NodeId>,
    /// The leaf of the data, and how many rows it has.
    pub(crate) data: Option<(NodeId, usize)>,
    /// Whether the transposed matrix is listed too, for gathering.
    pub(crate) turned: bool,
}

impl Plan {
    /// Plans `graph` for these sizes and instructions, with parameters and state kept, and inputs fed as 32-bit floats.
    ///
    /// # Errors
    /// As [`Graph::shapes`].
    pub fn new(graph: &Graph, sizes: &Sizes, level: Level) -> Result<Self, Error> {
        Self::with(graph, sizes, level, |id| Stored {
            storage: match graph.node(id).op {
                Op::Leaf(Leaf::Parameter | Leaf::State) => Storage::Kept,
                _ => Storage::Floats,
            },
            mostly_zeros: false,
        })
    }

    /// Plans `graph` for these sizes, with each leaf stored as `stored` says.
    ///
    /// # Errors
    /// As [`Graph::shapes`].
    pub fn with(graph: &Graph, sizes: &Sizes, level: Level, stored: impl Fn(NodeId) -> Stored) -> Result<Self, Error> {
        let shapes = graph.shapes(sizes)?;
        graph.positions_fit_f32(&shapes)?;
        let drafted = draft::Draft::of(graph, sizes, &shapes, level, &stored);
        Ok(memory::placed(order::ordered(graph, drafted), level))
    }
}
