//! A fusion's task: its instructions over one block of rows.

use super::task_frame::Frame;
use crate::kernels::{index, prefetch, product, reduce, tile};
use crate::plan::{Argument, Fusion, Instruction, InstructionKind, Operand, Place, Store, Target, pitch};

/// A block at work.
struct Block<'b> {
    frame: &'b Frame<'b>,
    first: usize,
    rows: usize,
    slots: *mut f32,
}

impl Block<'_> {
    /// Where the block's rows of an argument begin.
    ///
    /// # Safety
    /// The slot is within the block's scratch memory, or the block's rows within the value.
    unsafe fn start(&self, argument: Argument, pitch: usize) -> *mut f32 {
        match argument {
            // SAFETY: the caller answers for it.
            Argument::Slot(offset) => unsafe { self.slots.add(offset) },
            // SAFETY: as above.
            Argument::Value(value) => unsafe { self.frame.base(value).add(self.first * pitch) },
        }
    }

    /// The block's rows of an argument.
    ///
    /// # Safety
    /// As for [`Frame::numbers`]; a slot is not the one that is written.
    unsafe fn rows<'n>(&self, argument: Argument, pitch: usize) -> &'n [f32] {
        // SAFETY: the caller answers for it.
        unsafe { std::slice::from_raw_parts(self.start(argument, pitch), self.rows * pitch) }
    }
}

/// Runs a fusion over its block `task`. `is_first` where another fusion, or another run of this one, has had the scratch
/// memory before.
///
/// # Safety
/// As for [`super::steps::run`]: the plan made the fusion for the frame's values, and the task is its own.
pub(super) unsafe fn run(frame: &Frame<'_>, fusion: &Fusion, task: usize, scratch: &mut [f32], is_first: bool) {
    let first = task * fusion.block;
    let rows = fusion.block.min(fusion.rows.saturating_sub(first));
    // Without rows there is no block, nor a place for its partial results.
    if rows == 0 {
        return;
    }
    let (slots, rest) = scratch.split_at_mut(fusion.slots);
    let block = Block { frame, first, rows, slots: slots.as_mut_ptr() };
    // A thread's first block may be the last, which has fewer rows than those to come.
    let whole = Block { rows: fusion.block, ..block };
    for instruction in fusion.prologue.iter().filter(|_| is_first) {
        // SAFETY: as below; the prologue reads no slots, and writes rows of slots only.
        unsafe { instruct(&whole, instruction, task, rest) };
    }
    for (at, instruction) in fusion.instructions.iter().enumerate() {
        ask_ahead(&block, fusion, at);
        // SAFETY: an instruction writes a slot or a block's rows of a value, and the fusion reads neither through its
        // arguments: slots that are live lie apart, and what a fusion both reads and writes is stored behind its last
        // instruction. Other blocks have other rows, and other threads other scratch memory.
        unsafe { instruct(&block, instruction, task, rest) };
    }
    // SAFETY: as above.
    fusion.stores.iter().for_each(|store| unsafe { put(&block, store) });
}

/// Copies a slot to where a value stands.
///
/// # Safety
/// Nobody else uses the block's rows of the value; a row of it is at least as long as what is copied to it.
unsafe fn put(block: &Block<'_>, store: &Store) {
    let Block { frame, first, rows, slots } = *block;
    let across = pitch(store.columns);
    let is_kept = matches!(frame.plan.value(store.value).place, Place::Leaf(_));
    let (at_once, count) = if across == store.pitch { (rows, rows * across) } else { (1, store.columns) };
    for row in (0..rows).step_by(at_once) {
        // SAFETY: the caller answers for the value's rows; the slot has as many, and lies elsewhere.
        let (from, to) = unsafe {
            let to = frame.numbers_mut(store.value, (first + row) * store.pitch, count);
            (std::slice::from_raw_parts(slots.add(store.slot + row * across), count), to)
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
    let next = block.first + block.rows;
    let rows = fusion.block.min(fusion.rows - next);
    for &(value, pitch) in &fusion.ahead {
        let start = block.frame.base(value).wrapping_add(next * pitch).cast_const();
        let part = |at: usize| at * rows * pitch / parts;
        prefetch(start.wrapping_add(part(at)), part(at + 1) - part(at));
    }
}

/// # Safety
/// The instruction's result overlaps none of its operands.
unsafe fn instruct(block: &Block<'_>, instruction: &Instruction, task: usize, rest: &mut [f32]) {
    let Block { frame, first, rows, .. } = *block;
    let (level, columns) = (frame.level, instruction.columns);
    let across = pitch(columns);
    let start = match instruction.to {
        // SAFETY: the plan has room for the instruction's rows where it writes them.
        Target::Slot(slot) => unsafe { block.start(Argument::Slot(slot), across) },
        // SAFETY: as above.
        Target::Value(value) => unsafe { block.start(Argument::Value(value), across) },
        Target::Partials => std::ptr::NonNull::dangling().as_ptr(),
    };
    let len = if instruction.to == Target::Partials { 0 } else { rows * across };
    // SAFETY: the slot, or the block's rows of the value, has as many numbers; the caller answers for the rest.
    let out = unsafe { std::slice::from_raw_parts_mut(start, len) };
    // SAFETY: the caller answers for it.
    let operand = |operand: &Operand| unsafe { block.rows(operand.rows, operand.pitch) };
    // SAFETY: as above.
    let column = |argument: Argument| unsafe { block.rows(argument, 1) };
    match &instruction.kind {
        InstructionKind::Map { op, arguments } => {
            let mut slices: [&[f32]; 3] = [&[]; 3];
            for (slice, &argument) in slices.iter_mut().zip(arguments) {
                // SAFETY: as above.
                *slice = unsafe { block.rows(argument, across) };
            }
            tile::apply(level, *op, &slices[..arguments.len()], out);
        }
        InstructionKind::Load { from, pitch } => {
            for (row, out) in out.chunks_exact_mut(across.max(1)).enumerate() {
                // SAFETY: the value has the row.
                let from = unsafe { frame.numbers(*from, (first + row) * pitch, columns) };
                out[..columns].copy_from_slice(from);
            }
        }
        InstructionKind::PerRow { from } => tile::spread_rows(column(*from), across, out),
        InstructionKind::PerColumn { from } => {
            // SAFETY: the value has a number for each column.
            let numbers = unsafe { frame.numbers(*from, 0, columns) };
            out.chunks_exact_mut(across.max(1)).for_each(|row| row[..columns].copy_from_slice(numbers));
        }
        // SAFETY: the value has one number.
        InstructionKind::Single { from } => out.fill(unsafe { frame.numbers(*from, 0, 1) }[0]),
        InstructionKind::Number(number) => out.fill(*number),
        InstructionKind::FoldRows { monoid, from } => {
            reduce::rows(level, *monoid, operand(from), (from.columns, from.pitch), out);
        }
        InstructionKind::FoldColumns { monoid, from, partials } => {
            // SAFETY: the block's own row of the partial results.
            let out = unsafe { frame.numbers_mut(*partials, task * across, columns) };
            reduce::columns(level, *monoid, operand(from), (columns, from.pitch), out);
        }
        InstructionKind::Product { left, right, right_pitch } => {
            let sizes = product::Sizes { m: rows, k: left.columns, n: columns };
            // SAFETY: as above.
            let start_of_left = unsafe { block.start(left.rows, left.pitch) };
            let a = product::Matrix { start: start_of_left, row: left.pitch, column: 1 };
            let b = product::Right::Direct { start: frame.base(*right), row: *right_pitch };
            let c = product::Target { start, row: across, padded: across.is_multiple_of(product::PAD) };
            let all = (0..rows, 0..product::panels(*level, columns));
            // SAFETY: rows of the right operand are padded; the caller answers for the rest.
            unsafe { product::multiply(level, sizes, a, b, all, c, product::ProductOptions::PLAIN, rest) };
        }
        InstructionKind::OneHot { positions, node } => {
            if let Err(bad) = index::one_hot(column(*positions), (columns, across), out) {
                frame.fail(*node, task, bad);
            }
        }
        InstructionKind::ArgMax { from } => index::argmax_rows(operand(from), (from.columns, from.pitch), out),
    }
}
