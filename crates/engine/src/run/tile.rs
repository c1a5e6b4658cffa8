//! A tile step: its instructions over one tile after the other.

use super::{Feeds, Readable};
use crate::arena::Arena;
use crate::kernels::{Level, tile::apply};
use crate::plan::{Plan, Source, TILE, Target, Tile};

/// The part of a step's elements that is worked on at a time: whole rows, or a part of one.
#[derive(Clone, Copy)]
struct Part {
    row: usize,
    rows: usize,
    column: usize,
    columns: usize,
}

impl Tile {
    /// How many rows a part spans.
    fn part_rows(&self) -> usize {
        (TILE / self.columns).max(1).min(self.rows.max(1))
    }

    fn part_columns(&self) -> usize {
        self.columns.min(TILE)
    }

    fn parts(&self) -> impl Iterator<Item = Part> + use<> {
        let (rows, columns, high, wide) = (self.rows, self.columns, self.part_rows(), self.part_columns());
        (0..rows).step_by(high).flat_map(move |row| {
            (0..columns).step_by(wide).map(move |column| Part {
                row,
                rows: high.min(rows - row),
                column,
                columns: wide.min(columns - column),
            })
        })
    }

    /// How many numbers of scratch memory the step needs: its slots, and a place for each argument that is spread.
    pub(crate) fn scratch(&self) -> usize {
        let spread = self.instructions.iter().map(|instruction| instruction.arguments.len()).sum::<usize>();
        (self.slots + spread) * TILE
    }
}

pub(super) fn run(tile: &Tile, plan: &Plan, level: Level, arena: &mut Arena, feeds: &Feeds<'_>, scratch: &mut [f32]) {
    let (slots, spread) = scratch.split_at_mut(tile.slots * TILE);
    let part_len = tile.part_rows() * tile.part_columns();
    if tile.rows * tile.columns == 0 {
        return;
    }
    // What is the same for every part is spread once.
    let everything = Readable { plan, arena: arena.all(), feeds };
    for (source, place) in tile.sources().zip(spread.chunks_exact_mut(TILE)) {
        match source {
            Source::Number(number) => place[..part_len].fill(number),
            Source::Single(id) => place[..part_len].fill(everything.numbers(id)[0]),
            Source::PerColumn(id) if tile.columns <= TILE => {
                let row = everything.numbers(id);
                place[..part_len].chunks_exact_mut(tile.columns).for_each(|part| part.copy_from_slice(row));
            }
            _ => {}
        }
    }
    for part in tile.parts() {
        let (start, len) = (part.row * tile.columns + part.column, part.rows * part.columns);
        let mut spreads = spread.chunks_exact_mut(TILE);
        for instruction in &tile.instructions {
            let count = instruction.arguments.len();
            let own: [Option<&mut [f32]>; 3] = std::array::from_fn(|i| if i < count { spreads.next() } else { None });
            let (out, slots, around): (&mut [f32], _, _) = match instruction.to {
                Target::Slot(slot) => {
                    let (before, rest) = slots.split_at_mut(slot * TILE);
                    let (out, behind) = rest.split_at_mut(TILE);
                    (out, (&*before, &*behind, slot), arena.all())
                }
                Target::Value(id) => {
                    let Some(place) = plan.places[id.index()] else { continue };
                    let (out, around) = arena.around(place);
                    (&mut out[start..], (&*slots, &[][..], tile.slots), around)
                }
            };
            let readable = Readable { plan, arena: around, feeds };
            let mut arguments: [&[f32]; 3] = [&[]; 3];
            for ((argument, own), source) in arguments.iter_mut().zip(own).zip(&instruction.arguments) {
                let Some(own) = own else { continue };
                *argument = match *source {
                    Source::Slot(slot) => {
                        let (before, behind, written) = slots;
                        match slot.checked_sub(written + 1) {
                            Some(from) => &behind[from * TILE..][..len],
                            None => &before[slot * TILE..][..len],
                        }
                    }
                    Source::Full(id) => &readable.numbers(id)[start..start + len],
                    Source::PerRow(id) => {
                        let numbers = &readable.numbers(id)[part.row..part.row + part.rows];
                        own.chunks_exact_mut(part.columns).zip(numbers).for_each(|(row, &x)| row.fill(x));
                        &own[..len]
                    }
                    Source::PerColumn(id) if tile.columns > TILE => &readable.numbers(id)[part.column..][..len],
                    Source::PerColumn(_) | Source::Single(_) | Source::Number(_) => &own[..len],
                };
            }
            apply(level, instruction.op, &arguments[..count], &mut out[..len]);
        }
    }
}

impl Tile {
    /// Every argument of every instruction, in order.
    fn sources(&self) -> impl Iterator<Item = Source> {
        self.instructions.iter().flat_map(|instruction| instruction.arguments.iter().copied())
    }
}
