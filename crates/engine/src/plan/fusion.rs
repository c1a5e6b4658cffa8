//! Fusions: what goes row by row, as instructions over a block of rows.

use std::collections::HashMap;

use limpid_graph::op::Monoid;
use limpid_graph::{MapOp, NodeId};

use super::first_fit::{LiveRange, first_fit};
use super::{Value, ValueId, pitch};
use crate::kernels::{Level, product};
use crate::numbers::LINE;

/// Instructions that run over one block of rows after the other.
#[derive(Debug)]
pub(crate) struct Fusion {
    pub(crate) rows: usize,
    /// How many rows a task works on; the last may have fewer.
    pub(crate) block: usize,
    /// What is the same for every block: a thread brings it once, before its first.
    pub(crate) prologue: Vec<Instruction>,
    pub(crate) instructions: Vec<Instruction>,
    /// What is copied out of slots when a block is done: to values that lie otherwise than slots do, and to those that
    /// earlier instructions still read.
    pub(crate) stores: Vec<Store>,
    /// The values that instructions read from memory.
    pub(crate) reads: Vec<ValueId>,
    /// The large values that instructions read by rows, with their pitch: they are asked for a block ahead.
    pub(crate) ahead: Vec<(ValueId, usize)>,
    /// How many numbers the slots of a block take.
    pub(crate) slots: usize,
    /// How many numbers of scratch memory a block takes, slots first.
    pub(crate) scratch: usize,
}

impl Fusion {
    pub(crate) fn blocks(&self) -> usize {
        self.rows.div_ceil(self.block.max(1))
    }
}

/// One operation over a block.
#[derive(Debug)]
pub(crate) struct Instruction {
    pub(crate) kind: InstructionKind,
    pub(crate) to: Target,
    /// How many columns the result has.
    pub(crate) columns: usize,
}

/// The kinds of instruction. Operands have the block's rows.
#[derive(Debug)]
pub(crate) enum InstructionKind {
    /// A row of the Map table.
    Map { op: MapOp, arguments: Vec<Argument> },
    /// A value's rows, loaded to the slot's pitch.
    Load { from: ValueId, pitch: usize },
    /// A number for each row, repeated along it.
    PerRow { from: Argument },
    /// A number for each column, repeated for each row.
    PerColumn { from: ValueId },
    /// One number, repeated.
    Single { from: ValueId },
    /// One number, repeated.
    Number(f32),
    /// Each row folded to a number.
    FoldRows { monoid: Monoid, from: Operand },
    /// All rows folded into one, which is written to the block's row of the value.
    FoldColumns { monoid: Monoid, from: Operand, partials: ValueId },
    /// A product with a whole matrix of `k` rows.
    Product { left: Operand, right: ValueId, right_pitch: usize },
    /// Rows of zeros with a 1 at a position.
    OneHot { positions: Argument, node: NodeId },
    /// The position of the largest number of each row.
    ArgMax { from: Operand },
}

/// Rows in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Argument {
    /// In a slot of the block's scratch memory, which begins at this number.
    Slot(usize),
    /// In a value, at the block's rows.
    Value(ValueId),
}

/// Rows in memory, with their form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operand {
    pub(crate) rows: Argument,
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
    pub(crate) columns: usize,
    /// The value's pitch.
    pub(crate) pitch: usize,
}

/// A fusion's slots take about so many numbers: with the values that it reads they stay near the first-level cache.
const SLOTS: usize = 10 * 1024;

/// Values of a fusion whose rows are single numbers are worked on in blocks of at least so many rows.
const SHORTEST_BLOCK: usize = 8;

/// Values of fewer numbers are near anyway.
const FAR: usize = 1 << 17;

impl Fusion {
    /// A fusion from instructions whose slots are numbered afresh: gives the slots places, and the rows blocks.
    pub(super) fn laid_out(
        level: Level,
        rows: usize,
        instructions: Vec<Instruction>,
        mut stores: Vec<Store>,
        reads: Vec<ValueId>,
        values: &[Value],
    ) -> Self {
        let (mut prologue, mut instructions): (Vec<_>, Vec<_>) =
            instructions.into_iter().partition(|instruction| instruction.kind.is_the_same_for_all());
        let (_, a_row) = place(&prologue, &instructions, &stores, 1);
        let fitting = (SLOTS / a_row.max(1)).max(SHORTEST_BLOCK);
        let blocks = match rows.div_ceil(fitting) {
            0 | 1 => 1,
            // An even number, so that two threads get as much each.
            more => more.next_multiple_of(2),
        };
        let block = rows.div_ceil(blocks).max(1);
        let (offsets, slots) = place(&prologue, &instructions, &stores, block);
        let for_products = instructions.iter().map(|instruction| instruction.scratch(level, block)).max().unwrap_or(0);
        let mut rename = |slot: &mut usize| *slot = offsets[slot];
        for instruction in prologue.iter_mut().chain(&mut instructions) {
            instruction.slots_mut().into_iter().for_each(&mut rename);
            if let Target::Slot(slot) = &mut instruction.to {
                rename(slot);
            }
        }
        stores.iter_mut().for_each(|store| rename(&mut store.slot));
        let is_far = |&(value, _): &(ValueId, usize)| values[value].len() >= FAR;
        let mut ahead: Vec<_> = instructions.iter().flat_map(Instruction::reads_by_rows).filter(is_far).collect();
        ahead.sort_unstable();
        ahead.dedup();
        Self { rows, block, prologue, instructions, stores, reads, ahead, slots, scratch: slots + for_products }
    }

    /// Whether every value of the fusion has the same form, so that it may be worked on as one long column.
    pub(super) fn is_flat(instructions: &[Instruction]) -> bool {
        let columns = instructions.first().map_or(0, |first| first.columns);
        instructions.iter().all(|instruction| {
            instruction.columns == columns
                && matches!(
                    instruction.kind,
                    InstructionKind::Map { .. } | InstructionKind::Single { .. } | InstructionKind::Number(_)
                )
        })
    }
}

impl Instruction {
    fn scratch(&self, level: Level, block: usize) -> usize {
        match &self.kind {
            InstructionKind::Product { left, .. } => {
                product::multiply_scratch_len(level, product::Sizes { m: block, k: left.columns, n: self.columns })
            }
            _ => 0,
        }
    }

    /// The values among the arguments of a function of single numbers, and their pitch.
    fn reads_by_rows(&self) -> impl Iterator<Item = (ValueId, usize)> {
        let arguments: &[Argument] =
            if let InstructionKind::Map { arguments, .. } = &self.kind { arguments } else { &[] };
        arguments.iter().filter_map(|argument| match *argument {
            Argument::Value(value) => Some((value, pitch(self.columns))),
            Argument::Slot(_) => None,
        })
    }

    fn slots_mut(&mut self) -> Vec<&mut usize> {
        let arguments: Vec<&mut Argument> = match &mut self.kind {
            InstructionKind::Map { arguments, .. } => arguments.iter_mut().collect(),
            InstructionKind::PerRow { from } | InstructionKind::OneHot { positions: from, .. } => vec![from],
            InstructionKind::FoldRows { from, .. }
            | InstructionKind::FoldColumns { from, .. }
            | InstructionKind::ArgMax { from } => vec![&mut from.rows],
            InstructionKind::Product { left, .. } => vec![&mut left.rows],
            InstructionKind::Load { .. }
            | InstructionKind::PerColumn { .. }
            | InstructionKind::Single { .. }
            | InstructionKind::Number(_) => Vec::new(),
        };
        let slot = |argument| match argument {
            &mut Argument::Slot(ref mut slot) => Some(slot),
            Argument::Value(_) => None,
        };
        arguments.into_iter().filter_map(slot).collect()
    }

    fn slots(&self) -> Vec<usize> {
        let of = |argument: &Argument| match *argument {
            Argument::Slot(slot) => Some(slot),
            Argument::Value(_) => None,
        };
        match &self.kind {
            InstructionKind::Map { arguments, .. } => arguments.iter().filter_map(of).collect(),
            InstructionKind::PerRow { from } | InstructionKind::OneHot { positions: from, .. } => {
                of(from).into_iter().collect()
            }
            InstructionKind::FoldRows { from, .. }
            | InstructionKind::FoldColumns { from, .. }
            | InstructionKind::ArgMax { from } => of(&from.rows).into_iter().collect(),
            InstructionKind::Product { left, .. } => of(&left.rows).into_iter().collect(),
            InstructionKind::Load { .. }
            | InstructionKind::PerColumn { .. }
            | InstructionKind::Single { .. }
            | InstructionKind::Number(_) => Vec::new(),
        }
    }
}

impl InstructionKind {
    fn is_the_same_for_all(&self) -> bool {
        matches!(self, Self::PerColumn { .. } | Self::Single { .. } | Self::Number(_))
    }
}

/// Places for slots in blocks of `block` rows, each used again after its last reader; and how much they take together.
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
        instruction.slots().into_iter().for_each(|slot| _ = last.insert(slot, at));
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
            let len = (block * pitch(instruction.columns)).next_multiple_of(if block == 1 { 1 } else { LINE });
            Some((slot, LiveRange { len, first, last: last[&slot] }))
        })
        .unzip();
    let fit = first_fit(ranges);
    (slots.into_iter().zip(fit.starts).collect(), fit.total)
}
