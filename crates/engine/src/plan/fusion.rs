//! Fusions: what goes item by item, as instructions over a block of items.

use std::collections::HashMap;

use limpid_graph::op::Monoid;
use limpid_graph::{MapOp, NodeId, Stream};

use super::first_fit::{LiveRange, first_fit};
use super::forms::Repeat;
use super::samples::SampleKind;
use super::{Limits, Value, ValueId};
use crate::kernels::{Level, product};
use crate::numbers::LINE;

/// Instructions that run over one block of items after the other. Of a matrix, an item is a row.
#[derive(Debug)]
pub(crate) struct Fusion {
    pub(crate) items: usize,
    /// How many items are worked on at a time; of the last block, there may be fewer.
    pub(crate) block: usize,
    /// How many blocks a task works on, one after the other; they share its partial results.
    pub(crate) blocks_a_task: usize,
    /// What is the same for every block: a thread loads it once, before its first.
    pub(crate) prologue: Vec<Instruction>,
    pub(crate) instructions: Vec<Instruction>,
    /// What is copied out of slots when a block is done: to values that lie otherwise than slots do, and to those that
    /// earlier instructions still read.
    pub(crate) stores: Vec<Store>,
    /// The values that instructions read from memory.
    pub(crate) reads: Vec<ValueId>,
    /// The large values that instructions read by items, and how far apart their items are: they are asked for a block
    /// ahead.
    pub(crate) ahead: Vec<(ValueId, usize)>,
    /// How many numbers the slots of a block take.
    pub(crate) slots: usize,
    /// How many numbers of scratch memory a block takes, slots first.
    pub(crate) scratch: usize,
}

impl Fusion {
    pub(crate) fn tasks(&self) -> usize {
        self.items.div_ceil(self.block.max(1)).div_ceil(self.blocks_a_task.max(1))
    }

    /// Whether an item of each value is a row.
    pub(crate) fn is_of_rows(&self) -> bool {
        self.prologue.iter().chain(&self.instructions).all(|instruction| instruction.rows == 1)
    }
}

/// One operation over a block.
#[derive(Debug)]
pub(crate) struct Instruction {
    pub(crate) kind: InstructionKind,
    pub(crate) to: Target,
    /// How many rows an item of the result has.
    pub(crate) rows: usize,
    /// How many columns the result has.
    pub(crate) columns: usize,
    /// How far apart its rows are.
    pub(crate) pitch: usize,
}

/// The kinds of instruction. Operands have the block's items.
#[derive(Debug)]
pub(crate) enum InstructionKind {
    /// A row of the Map table.
    Map { op: MapOp, arguments: Vec<Argument> },
    /// A value's rows, loaded to the slot's pitch.
    Load { from: ValueId, pitch: usize },
    /// One column, or the one row of each item, repeated.
    Spread { from: Operand },
    /// A value's numbers, repeated.
    Repeat { from: ValueId, repeat: Repeat },
    /// One number, repeated.
    Number(f32),
    /// Each row folded to a number.
    FoldRows { monoid: Monoid, from: Operand },
    /// The rows of each item folded into one.
    FoldItem { monoid: Monoid, from: Operand },
    /// Items folded into those that `kept` says, which are written to the task's row of the value.
    FoldItems { monoid: Monoid, from: Operand, kept: Repeat, partials: ValueId },
    /// A product with a whole matrix of `k` rows.
    Product { left: Operand, right: ValueId, right_pitch: usize },
    /// Work on each sample, from samples without padding.
    Sample { kind: SampleKind, operands: Vec<Argument> },
    /// Rows of zeros with a 1 at a position.
    OneHot { positions: Argument, node: NodeId },
    /// The position of the largest number of each row.
    ArgMax { from: Operand },
    /// The draws of a step, which single values count.
    Uniform { stream: Stream, step: Vec<ValueId> },
}

/// Items in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Argument {
    /// In a slot of the block's scratch memory, which begins at this number.
    Slot(usize),
    /// In a value, at the block's items.
    Value(ValueId),
}

/// Items in memory, with their form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Operand {
    pub(crate) at: Argument,
    /// The rows of an item.
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) pitch: usize,
}

/// Where an instruction leaves its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Slot(usize),
    Value(ValueId),
    /// In the rows of partial results that the instruction names.
    Partials,
}

/// A slot's rows, copied to a value's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Store {
    pub(crate) slot: usize,
    pub(crate) value: ValueId,
    /// The rows of an item.
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// How far apart rows are in the slot, and in the value.
    pub(crate) from_pitch: usize,
    pub(crate) pitch: usize,
}

impl Store {
    /// The same with each number as an item.
    pub(super) fn flatten(&mut self) {
        (self.rows, self.columns, self.from_pitch, self.pitch) = (1, 1, 1, 1);
    }
}

impl Fusion {
    /// A fusion from instructions whose slots are numbered afresh: gives the slots places, and the items blocks of
    /// `shortest` and more.
    pub(super) fn laid_out(
        (level, limits): (Level, &Limits),
        (items, shortest): (usize, usize),
        instructions: Vec<Instruction>,
        mut stores: Vec<Store>,
        reads: Vec<ValueId>,
        values: &[Value],
    ) -> Self {
        let (mut prologue, mut instructions): (Vec<_>, Vec<_>) =
            instructions.into_iter().partition(Instruction::is_the_same_for_all);
        let (_, of_slots) = place(&prologue, &instructions, &stores, 1);
        // A sample is worked on in the caches with all that is written of it.
        let has_samples = instructions.iter().any(|one| matches!(one.kind, InstructionKind::Sample { .. }));
        let is_written = |one: &&Instruction| has_samples && matches!(one.to, Target::Value(_));
        let an_item = of_slots + instructions.iter().filter(is_written).map(|one| one.rows * one.pitch).sum::<usize>();
        let fitting = (limits.slots / an_item.max(1)).max(shortest);
        let blocks = match items.div_ceil(fitting) {
            0 | 1 => 1,
            // An even number, so that two threads get as much each.
            more => more.next_multiple_of(2),
        };
        let block = items.div_ceil(blocks).max(1);
        let most_tasks = instructions.iter().filter_map(|instruction| instruction.most_tasks(limits)).min();
        let blocks_a_task = blocks.div_ceil(most_tasks.unwrap_or(limits.most_tasks));
        let (offsets, slots) = place(&prologue, &instructions, &stores, block);
        let for_products = instructions.iter().map(|instruction| instruction.scratch(level, block)).max().unwrap_or(0);
        let mut rename = |slot: &mut usize| *slot = offsets[slot];
        for instruction in prologue.iter_mut().chain(&mut instructions) {
            instruction.slots_mut().for_each(&mut rename);
            if let Target::Slot(slot) = &mut instruction.to {
                rename(slot);
            }
        }
        stores.iter_mut().for_each(|store| rename(&mut store.slot));
        let is_far = |&(value, _): &(ValueId, usize)| values[value].len() >= limits.far;
        let mut ahead: Vec<_> = instructions.iter().flat_map(Instruction::reads_by_items).filter(is_far).collect();
        ahead.sort_unstable();
        ahead.dedup();
        let scratch = slots + for_products;
        Self { items, block, blocks_a_task, prologue, instructions, stores, reads, ahead, slots, scratch }
    }

    /// How many numbers an item takes, where every value of the fusion has the same form: it may be worked on as one
    /// long column.
    pub(super) fn flat(instructions: &[Instruction], stores: &[Store]) -> Option<usize> {
        let form = |instruction: &Instruction| (instruction.rows, instruction.columns, instruction.pitch);
        let first = instructions.first()?;
        let is_flat = |instruction: &Instruction| match instruction.kind {
            InstructionKind::Map { .. } | InstructionKind::Number(_) => true,
            InstructionKind::Repeat { repeat, .. } => repeat.extent == 1,
            // By its place each number is drawn, and there is none in padding.
            InstructionKind::Uniform { .. } => instruction.pitch == instruction.columns,
            _ => false,
        };
        let all_alike = instructions.iter().all(|instruction| form(instruction) == form(first) && is_flat(instruction));
        let is_whole = |store: &Store| store.from_pitch == store.pitch;
        (all_alike && stores.iter().all(is_whole)).then_some(first.rows * first.pitch)
    }
}

impl Instruction {
    /// The same with each number as an item.
    pub(super) fn flatten(&mut self) {
        (self.rows, self.columns, self.pitch) = (1, 1, 1);
    }

    fn is_the_same_for_all(&self) -> bool {
        match self.kind {
            InstructionKind::Number(_) => true,
            InstructionKind::Repeat { repeat, .. } => repeat.is_the_same_for_each(self.rows * self.columns),
            _ => false,
        }
    }

    /// How many tasks may have partial results, where that is not as many as there are.
    fn most_tasks(&self, limits: &Limits) -> Option<usize> {
        if let InstructionKind::Sample { kind: SampleKind::OfFilters { convolution, .. }, .. } = &self.kind {
            let count = convolution.window() * convolution.filters;
            return Some((limits.partials / count.max(1)).clamp(4, limits.most_filters).min(limits.most_tasks));
        }
        let InstructionKind::FoldItems { from, kept, .. } = &self.kind else { return None };
        let item = from.rows * from.columns;
        let is_a_row = kept.extent <= 1 && from.rows == 1;
        (!is_a_row).then(|| (limits.partials / (kept.extent * item).max(1)).max(4).min(limits.most_tasks))
    }

    fn scratch(&self, level: Level, block: usize) -> usize {
        match &self.kind {
            InstructionKind::Product { left, .. } => {
                product::multiply_scratch_len(level, product::Sizes { m: block, k: left.columns, n: self.columns })
            }
            InstructionKind::Sample { kind, .. } => kind.scratch_len(),
            _ => 0,
        }
    }

    /// The values among the arguments of a function of single numbers, and how far apart their items are.
    fn reads_by_items(&self) -> impl Iterator<Item = (ValueId, usize)> {
        let arguments: &[Argument] =
            if let InstructionKind::Map { arguments, .. } = &self.kind { arguments } else { &[] };
        arguments.iter().filter_map(|argument| match *argument {
            Argument::Value(value) => Some((value, self.rows * self.pitch)),
            Argument::Slot(_) => None,
        })
    }

    fn arguments(&self) -> &[Argument] {
        match &self.kind {
            InstructionKind::Map { arguments, .. } => arguments,
            InstructionKind::Sample { operands, .. } => operands,
            InstructionKind::OneHot { positions, .. } => std::slice::from_ref(positions),
            InstructionKind::Spread { from }
            | InstructionKind::FoldRows { from, .. }
            | InstructionKind::FoldItem { from, .. }
            | InstructionKind::FoldItems { from, .. }
            | InstructionKind::ArgMax { from }
            | InstructionKind::Product { left: from, .. } => std::slice::from_ref(&from.at),
            InstructionKind::Load { .. }
            | InstructionKind::Repeat { .. }
            | InstructionKind::Number(_)
            | InstructionKind::Uniform { .. } => &[],
        }
    }

    fn arguments_mut(&mut self) -> &mut [Argument] {
        match &mut self.kind {
            InstructionKind::Map { arguments, .. } => arguments,
            InstructionKind::Sample { operands, .. } => operands,
            InstructionKind::OneHot { positions, .. } => std::slice::from_mut(positions),
            InstructionKind::Spread { from }
            | InstructionKind::FoldRows { from, .. }
            | InstructionKind::FoldItem { from, .. }
            | InstructionKind::FoldItems { from, .. }
            | InstructionKind::ArgMax { from }
            | InstructionKind::Product { left: from, .. } => std::slice::from_mut(&mut from.at),
            InstructionKind::Load { .. }
            | InstructionKind::Repeat { .. }
            | InstructionKind::Number(_)
            | InstructionKind::Uniform { .. } => &mut [],
        }
    }

    fn slots(&self) -> impl Iterator<Item = usize> {
        self.arguments().iter().filter_map(|argument| match *argument {
            Argument::Slot(slot) => Some(slot),
            Argument::Value(_) => None,
        })
    }

    fn slots_mut(&mut self) -> impl Iterator<Item = &mut usize> {
        self.arguments_mut().iter_mut().filter_map(|argument| match argument {
            Argument::Slot(slot) => Some(slot),
            Argument::Value(_) => None,
        })
    }
}

/// Places for slots in blocks of `block` items, each used again after its last reader; and how much they take together.
fn place(
    prologue: &[Instruction],
    instructions: &[Instruction],
    stores: &[Store],
    block: usize,
) -> (HashMap<usize, usize>, usize) {
    let mut last: HashMap<usize, usize> = HashMap::new();
    for (at, instruction) in instructions.iter().enumerate() {
        if let Target::Slot(slot) = instruction.to {
            last.insert(slot, at);
        }
        instruction.slots().for_each(|slot| _ = last.insert(slot, at));
    }
    stores.iter().for_each(|store| _ = last.insert(store.slot, instructions.len()));
    let lasting = prologue.iter().filter_map(|instruction| match instruction.to {
        Target::Slot(slot) => Some(slot),
        _ => None,
    });
    last.extend(lasting.map(|slot| (slot, instructions.len())));
    let all = prologue.iter().map(|instruction| (0, instruction)).chain(instructions.iter().enumerate());
    let (slots, ranges): (Vec<usize>, Vec<LiveRange>) = all
        .filter_map(|(first, instruction)| {
            let Target::Slot(slot) = instruction.to else { return None };
            let len =
                (block * instruction.rows * instruction.pitch).next_multiple_of(if block == 1 { 1 } else { LINE });
            Some((slot, LiveRange { len, first, last: last[&slot] }))
        })
        .unzip();
    let fit = first_fit(ranges);
    (slots.into_iter().zip(fit.starts).collect(), fit.total)
}
