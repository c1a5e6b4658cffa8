//! A fusion's task: its instructions over its blocks of items.

use limpid_graph::Random;

use super::samples::{self, Samples};
use super::task_frame::Frame;
use crate::kernels::{index, prefetch, product, random, reduce, tile};
use crate::plan::{Argument, Fusion, Instruction, InstructionKind, Operand, Place, Store, Target, ValueId};

/// A block at work.
struct Block<'b> {
    frame: &'b Frame<'b>,
    task: usize,
    /// Whether the task's partial results begin with it.
    is_first: bool,
    /// Its first item, and how many it has.
    first: usize,
    items: usize,
    slots: *mut f32,
}

impl Block<'_> {
    /// Where the block's items of an argument begin, each of so many numbers.
    ///
    /// # Safety
    /// The slot is within the block's scratch memory, or the block's items within the value.
    unsafe fn start(&self, argument: Argument, item: usize) -> *mut f32 {
        match argument {
            // SAFETY: the caller answers for it.
            Argument::Slot(offset) => unsafe { self.slots.add(offset) },
            // SAFETY: as above.
            Argument::Value(value) => unsafe { self.frame.base(value).add(self.first * item) },
        }
    }

    /// The block's items of an argument.
    ///
    /// # Safety
    /// As for [`Frame::numbers`]; a slot is not the one that is written.
    unsafe fn items<'n>(&self, argument: Argument, item: usize) -> &'n [f32] {
        // SAFETY: the caller answers for it.
        unsafe { std::slice::from_raw_parts(self.start(argument, item), self.items * item) }
    }
}

/// Runs a fusion over the blocks of `task`. `is_first` where another fusion, or another run of this one, has had the
/// scratch memory before.
///
/// # Safety
/// As for [`super::steps::run`]: the plan made the fusion for the frame's values, and the task is its own.
pub(super) unsafe fn run(frame: &Frame<'_>, fusion: &Fusion, task: usize, scratch: &mut [f32], is_first: bool) {
    let (slots, rest) = scratch.split_at_mut(fusion.slots);
    let slots = slots.as_mut_ptr();
    let a_task = fusion.blocks_a_task * fusion.block;
    // Without items there is no block, nor a place for its partial results.
    let (start, end) = ((task * a_task).min(fusion.items), ((task + 1) * a_task).min(fusion.items));
    // A range by steps would be divided to count them.
    let mut first = start;
    while first < end {
        let starts = first == start;
        let items = fusion.block.min(end - first);
        let block = Block { frame, task, is_first: starts, first, items, slots };
        // A thread's first block may be the last, which has fewer items than those to come.
        let whole = Block { items: fusion.block, ..block };
        for instruction in fusion.prologue.iter().filter(|_| starts && is_first) {
            // SAFETY: as below; the prologue reads no slots, and writes items of slots only.
            unsafe { instruct(&whole, instruction, rest) };
        }
        for (at, instruction) in fusion.instructions.iter().enumerate() {
            if !fusion.ahead.is_empty() {
                ask_ahead(&block, fusion, at);
            }
            // SAFETY: an instruction writes a slot or a block's items of a value, and the fusion reads neither through
            // its arguments: slots that are live lie apart, and what a fusion both reads and writes is stored behind its
            // last instruction. Other blocks have other items, and other threads other scratch memory.
            unsafe { instruct(&block, instruction, rest) };
        }
        // SAFETY: as above.
        fusion.stores.iter().for_each(|store| unsafe { put(&block, store) });
        first += items;
    }
}

/// Copies a slot to where a value stands.
///
/// # Safety
/// Nobody else uses the block's items of the value; a row of it is at least as long as what is copied to it.
unsafe fn put(block: &Block<'_>, store: &Store) {
    let Block { frame, first, items, slots, .. } = *block;
    let Store { slot, value, rows, columns, from_pitch, pitch } = *store;
    let is_kept = matches!(frame.plan.value(value).place, Place::Leaf(_));
    // Rows that are as far apart here as there are copied at once.
    let (runs, count) = if from_pitch == pitch { (1, items * rows * pitch) } else { (items * rows, columns) };
    for row in 0..runs {
        // SAFETY: the caller answers for the value's items; the slot has as many, and lies elsewhere.
        let (from, to) = unsafe {
            let to = frame.numbers_mut(value, (first * rows + row) * pitch, count);
            (std::slice::from_raw_parts(slots.add(slot + row * from_pitch), count), to)
        };
        if is_kept {
            tile::keep(frame.level, from, to);
        } else {
            to.copy_from_slice(from);
        }
    }
}

/// Asks for what the next block reads, a part of it before each instruction. Where blocks are shorter than pages, the
/// processor does not see by itself that one follows the other.
fn ask_ahead(block: &Block<'_>, fusion: &Fusion, at: usize) {
    let parts = fusion.instructions.len();
    let next = block.first + block.items;
    let items = fusion.block.min(fusion.items - next);
    for &(value, item) in &fusion.ahead {
        let start = block.frame.base(value).wrapping_add(next * item).cast_const();
        let part = |at: usize| at * items * item / parts;
        prefetch(start.wrapping_add(part(at)), part(at + 1) - part(at));
    }
}

/// # Safety
/// The instruction's result overlaps none of its operands.
unsafe fn instruct(block: &Block<'_>, instruction: &Instruction, rest: &mut [f32]) {
    let Block { frame, task, first, items, .. } = *block;
    let Instruction { ref kind, to, rows, columns, pitch: across } = *instruction;
    let (level, item) = (frame.level, rows * across);
    let (start, len) = match to {
        // SAFETY: the plan has room for the instruction's items where it writes them.
        Target::Slot(slot) => (unsafe { block.start(Argument::Slot(slot), item) }, items * item),
        // SAFETY: as above.
        Target::Value(value) => (unsafe { block.start(Argument::Value(value), item) }, items * item),
        Target::Partials => (std::ptr::NonNull::dangling().as_ptr(), 0),
    };
    // SAFETY: the slot, or the block's items of the value, has as many numbers; the caller answers for the rest.
    let out = unsafe { std::slice::from_raw_parts_mut(start, len) };
    // SAFETY: the caller answers for it.
    let operand = |of: &Operand| unsafe { block.items(of.at, of.rows * of.pitch) };
    match kind {
        InstructionKind::Map { op, arguments } => {
            let mut slices: [&[f32]; 3] = [&[]; 3];
            for (slice, &argument) in slices.iter_mut().zip(arguments) {
                // SAFETY: as above.
                *slice = unsafe { std::slice::from_raw_parts(block.start(argument, item), len) };
            }
            tile::apply(level, *op, &slices[..arguments.len()], out);
        }
        InstructionKind::Load { from, pitch } => {
            // Rows that are as far apart here as there are copied at once.
            let (each, columns) = if *pitch == across { (len, len) } else { (across, columns) };
            for (row, out) in out.chunks_exact_mut(each.max(1)).enumerate() {
                // SAFETY: the value has the row.
                let from = unsafe { frame.numbers(*from, (first * rows + row) * pitch, columns) };
                out[..columns].copy_from_slice(from);
            }
        }
        InstructionKind::Spread { from } => {
            tile::spread(operand(from), (from.rows, from.columns, from.pitch), (rows, columns, across), out);
        }
        InstructionKind::Repeat { from, repeat } => {
            // SAFETY: what is repeated lies without padding.
            let numbers = unsafe { frame.numbers(*from, 0, repeat.extent) };
            tile::repeat(numbers, repeat.inner, first * rows * columns, (columns, across), out);
        }
        InstructionKind::Number(number) => out.fill(*number),
        InstructionKind::FoldRows { monoid, from } => {
            reduce::rows(level, *monoid, operand(from), (from.columns, from.pitch), out);
        }
        InstructionKind::FoldItem { monoid, from } => {
            let of_an_item = operand(from).chunks_exact((from.rows * from.pitch).max(1));
            for (from_rows, out) in of_an_item.zip(out.chunks_exact_mut(across.max(1))) {
                reduce::columns(level, *monoid, from_rows, (columns, from.pitch), &mut out[..columns]);
            }
        }
        InstructionKind::FoldItems { monoid, from, kept, partials } => {
            // SAFETY: the task's own row of the partial results.
            let out = unsafe { frame.numbers_mut(*partials, task * frame.plan.value(*partials).pitch, columns) };
            let Operand { rows, columns, pitch, .. } = *from;
            let form = reduce::Items { rows, columns, pitch, kept: *kept, first, is_first: block.is_first };
            reduce::items(level, *monoid, operand(from), form, out);
        }
        InstructionKind::Product { left, right, right_pitch } => {
            let sizes = product::Sizes { m: items * rows, k: left.columns, n: columns };
            // SAFETY: as above.
            let start_of_left = unsafe { block.start(left.at, left.rows * left.pitch) };
            let a = product::Matrix { start: start_of_left, row: left.pitch, column: 1 };
            let b = product::Right::Direct { start: frame.base(*right), row: *right_pitch };
            let c = product::Target { start, row: across, padded: across.is_multiple_of(product::PAD) };
            let all = (0..sizes.m, 0..product::panels(*level, columns));
            // SAFETY: rows of the right operand are padded; the caller answers for the rest.
            unsafe { product::multiply(level, sizes, a, b, all, c, product::ProductOptions::PLAIN, rest) };
        }
        InstructionKind::Sample { kind, operands } => {
            let mut starts = [std::ptr::null(); 2];
            for (which, (start, &argument)) in starts.iter_mut().zip(operands).enumerate() {
                let len = kind.operand_len(which);
                // SAFETY: as above.
                *start = unsafe { block.start(argument, len) }.cast_const();
            }
            let samples = Samples { operands: starts, count: items, task, is_first: block.is_first, out };
            // SAFETY: as above; the plan has slack behind slots and values.
            unsafe { samples::run(frame, kind, samples, rest) };
        }
        InstructionKind::OneHot { positions, node } => {
            // SAFETY: as above.
            let positions = unsafe { block.items(*positions, rows) };
            if let Err(bad) = index::one_hot(positions, (columns, across), out) {
                frame.fail(*node, task, bad);
            }
        }
        InstructionKind::ArgMax { from } => index::argmax_rows(operand(from), (from.columns, from.pitch), out),
        InstructionKind::Uniform { stream, step } => {
            // SAFETY: each is a single number.
            let single = |&value: &ValueId| f64::from(unsafe { frame.numbers(value, 0, 1) }[0]);
            let step = Random::step(step.iter().map(single));
            random::uniform(level, (*stream, step), first * rows * columns, (columns, across), out);
        }
    }
}
