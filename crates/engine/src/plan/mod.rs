//! Plan: what is run, in which order, in which memory. A pure function of a graph, its sizes, how its leaves are stored
//! and the processor's instructions; it never sees how many threads there are.
//!
//! ```text
//! graph ──► reads ──► groups ──► steps ──► stages ──► places ──► Plan
//!                     fuse       lower     order      memory
//! ```
//!
//! Everything that can be computed row by row hangs together in *fusions* ([`Fusion`]): functions of single numbers,
//! folds along a row, products with a small matrix, sums over the rows. A fusion runs over blocks of rows, in the
//! first-level cache. Large products are steps of their own. Steps that do not wait for each other share a stage, and
//! the tasks of a stage run on any number of threads. Each value that a step writes has a place in one arena from its
//! first to its last stage; what an assignment makes is written where the parameter is kept.

mod choose_forms;
mod convolutions;
mod extremes;
mod first_fit;
mod forms;
mod fusion;
mod groups;
mod lasting;
mod limits;
mod lower;
mod memory;
mod order;
mod reads;
mod samples;
mod show;
mod sink;
mod sparse_operands;
mod tasks;
mod updates;

use std::ops::Range;

use limpid_graph::op::{Monoid, WindowWalk};
use limpid_graph::{Error, Graph, Leaf, NodeId, Op, Sizes};

pub(crate) use forms::Repeat;
pub(crate) use fusion::{Argument, Fusion, Instruction, InstructionKind, Operand, Store, Target};
pub(crate) use lasting::Lasting;
pub use limits::Limits;
pub(crate) use samples::{Filter, SampleKind};
pub(crate) use sink::sunk;
pub use sink::with_permutations_sunk;

use crate::kernels::convolution::Convolution;
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
    /// The stages that need not run again while variables are as they were.
    pub(crate) lasting: Lasting,
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
    pub(crate) limits: Limits,
}

/// A value's number in its plan.
pub(crate) type ValueId = usize;

/// A value that is somewhere in memory, as a matrix: the rows of all its items.
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
    /// In the session, in the padded layout: a row of 8 numbers and more begins at a cache line.
    Padded,
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
    pub(crate) kind: StepKind,
    pub(crate) tasks: usize,
    /// How many units a task makes, as [`tasks::cut`] counts them.
    pub(crate) units: usize,
    /// The values that it writes.
    pub(crate) writes: Vec<ValueId>,
    /// The values that it reads: those that its kind names.
    pub(crate) reads: Vec<ValueId>,
    /// The leaf whose data it reads as they are stored, if it does.
    pub(crate) stored: Option<NodeId>,
    /// The nodes that it computes.
    pub(crate) nodes: Vec<NodeId>,
}

impl Step {
    fn new(
        kind: StepKind,
        tasks::Cut { tasks, units }: tasks::Cut,
        writes: Vec<ValueId>,
        stored: Option<NodeId>,
        nodes: Vec<NodeId>,
    ) -> Self {
        let reads = kind.reads();
        Self { kind, tasks, units, writes, reads, stored, nodes }
    }
}

/// The kinds of step, each with the values that it reads.
#[derive(Debug)]
pub(crate) enum StepKind {
    /// Whatever goes row by row.
    Fusion(Fusion),
    /// Folds the partial results of a fusion's blocks: one row each.
    Combine { monoid: Monoid, partials: ValueId },
    /// A matrix product.
    Product(Product),
    /// Matrix products, one for each index of the leading axes.
    Products { batch: usize, m: usize, k: usize, n: usize, operands: [ValueId; 2], transposed: [bool; 2] },
    /// A convolution of a single sample, cut into bands of rows.
    Filter { from: ValueId, filter: Filter },
    /// The non-zeros of a left operand.
    List { list: usize, table: Option<Box<[f32; 256]>>, source: ListSource },
    /// A product from lists. The token stands for the list: who reads the list waits for it.
    SparseProduct { list: usize, token: ValueId, right: ValueId, n: usize, by_panels: bool },
    /// The transposed lists' product, added to what is there or written.
    SparseGradient { list: usize, token: ValueId, right: ValueId, n: usize, by_panels: bool, update: Option<Update> },
    /// A fold over alternately folded and kept axes.
    Reduce { from: ValueId, monoid: Monoid, groups: Vec<(bool, usize)> },
    /// Numbers copied from where strides say; for permuted, broadcast and sliced values.
    Strided { from: ValueId, offset: usize, strides: Vec<usize> },
    /// The same numbers with another pitch, or in another place.
    Copy { from: ValueId },
    /// Columns as rows.
    Transpose { from: ValueId },
    /// A convolution's matrix for its images' derivative: `sizes` are its taps, channels and filters.
    Mirror { from: ValueId, is_transposed: bool, sizes: [usize; 3] },
    /// The sums of a convolution's weights by which it is made four results at a time: `sizes` are channels and filters.
    SumsOfWeights { from: ValueId, sizes: [usize; 2] },
    /// A convolution's matrix for results two at a time.
    Pair { from: ValueId, convolution: Convolution },
    /// A leaf's data as floats.
    Convert { leaf: NodeId },
    /// Rows of a leaf's data, as floats; where the leaf is a variable, of its value.
    Rows { leaf: NodeId, variable: Option<ValueId>, extent: usize, positions: PositionsRead },
    /// Zeros before and after a value of this shape, along one axis.
    Pad { from: ValueId, shape: Vec<usize>, axis: usize, around: (usize, usize) },
    /// What windows see of a value, or the sum of what they saw.
    Windows { from: ValueId, walk: WindowWalk },
    /// Values of these shapes, one after the other along an axis.
    Concat { from: Vec<(ValueId, Vec<usize>)>, axis: usize },
    /// Numbers of values from where a table says, of all their numbers in order; zeros where it names none.
    Arrange { from: Vec<ValueId>, table: Box<[usize]> },
    /// Parts of a value of this shape, picked by position.
    Gather { from: ValueId, shape: Vec<usize>, axis: usize, positions: PositionsRead },
    /// Parts added up by position.
    ScatterAdd { from: ValueId, axis: usize, positions: PositionsRead },
    /// Rows of zeros with a 1 at a position.
    OneHot { positions: ValueId, classes: usize },
    /// The position of the largest number over some axes of a value of this shape.
    ArgMax { from: ValueId, shape: Vec<usize>, axes: Vec<usize> },
}

impl StepKind {
    /// The values that it reads.
    fn reads(&self) -> Vec<ValueId> {
        let scale = |update: &Option<Update>| update.and_then(|update| update.scale);
        match self {
            Self::Fusion(fusion) => fusion.reads.clone(),
            Self::Product(Product { left, right, update, .. }) => {
                [*left, right.value].into_iter().chain(scale(update)).collect()
            }
            Self::Products { operands, .. } => operands.to_vec(),
            Self::Filter { from, filter } => [*from, filter.matrix].into_iter().chain(filter.bias).collect(),
            Self::List { source: ListSource::Rows(positions), .. } => {
                positions.iter().map(|positions| positions.value).collect()
            }
            Self::List { source: ListSource::Value(from), .. } => vec![*from],
            Self::SparseProduct { token, right, .. } => vec![*token, *right],
            Self::SparseGradient { token, right, update, .. } => {
                [*token, *right].into_iter().chain(scale(update)).collect()
            }
            Self::Combine { partials: from, .. }
            | Self::Reduce { from, .. }
            | Self::Strided { from, .. }
            | Self::Copy { from }
            | Self::Transpose { from }
            | Self::Mirror { from, .. }
            | Self::SumsOfWeights { from, .. }
            | Self::Pair { from, .. }
            | Self::Pad { from, .. }
            | Self::Windows { from, .. }
            | Self::OneHot { positions: from, .. }
            | Self::ArgMax { from, .. } => vec![*from],
            Self::Convert { .. } => Vec::new(),
            Self::Rows { variable, positions, .. } => [positions.value].into_iter().chain(*variable).collect(),
            Self::Concat { from, .. } => from.iter().map(|(value, _)| *value).collect(),
            Self::Arrange { from, .. } => from.clone(),
            Self::Gather { from, positions, .. } | Self::ScatterAdd { from, positions, .. } => {
                vec![*from, positions.value]
            }
        }
    }
}

/// Positions that a step picks or places by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PositionsRead {
    pub(crate) value: ValueId,
    /// The leaf that is fed them, if one is: then they are read as they are fed.
    pub(crate) fed: Option<NodeId>,
}

/// What the non-zeros of a list come from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ListSource {
    /// A leaf's data as stored: the rows at these positions, or all.
    Rows(Option<PositionsRead>),
    Value(ValueId),
}

/// A product of two matrices that is a step of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Product {
    pub(crate) sizes: product::Sizes,
    pub(crate) left: ValueId,
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
    /// How many numbers along k a task takes. Where that is not all, each task has a result of its own.
    pub(crate) k_a_task: usize,
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
    pub(crate) transposed: bool,
}

impl Plan {
    /// Plans `graph` for these sizes and instructions, with parameters and state kept, and inputs fed as 32-bit floats.
    ///
    /// # Errors
    /// As [`Graph::shapes`].
    pub fn new(graph: &Graph, sizes: &Sizes, level: Level) -> Result<Self, Error> {
        Self::with(graph, sizes, (level, &Limits::default()), |id| Stored {
            storage: match graph.node(id).op {
                Op::Leaf(Leaf::Parameter | Leaf::State) => Storage::Padded,
                _ => Storage::Floats,
            },
            mostly_zeros: false,
        })
    }

    /// Plans `graph` for these sizes and limits, with each leaf stored as `stored` says.
    ///
    /// # Errors
    /// As [`Graph::shapes`].
    pub fn with(
        graph: &Graph,
        sizes: &Sizes,
        (level, limits): (Level, &Limits),
        stored: impl Fn(NodeId) -> Stored,
    ) -> Result<Self, Error> {
        let shapes = graph.shapes(sizes)?;
        graph.positions_fit_f32(&shapes)?;
        let forms = choose_forms::Forms::of(graph, &shapes, limits);
        let reader = reads::Reader { graph, shapes: &shapes, forms: &forms, limits };
        let lowered = lower::Lowering::of(reader, sizes, level, &stored);
        Ok(memory::placed(order::ordered(graph, lowered, (level, limits), &stored), level))
    }
}
