//! The frames around the nodes of opened layers.
//!
//! A frame runs around a layer's nodes rank by rank, so that it is no rectangle where others stand beside them. Each
//! node has room for its frames and for the names on them within its own block: the layout keeps it free.

use std::collections::BTreeMap;

use super::Direction;
use super::layered::Layout;
use super::sizes::{Band, CLEAR, LEADING, SMALL, UnitSize};
use super::sketch::Frame;
use crate::text_width;

/// Between a frame and what is in it.
const PAD: f64 = 7.0;

/// What the frames take at a node.
#[derive(Clone, Debug, Default)]
pub(super) struct Room {
    /// The frames around it, the outermost first, each with its distance from the block's edges.
    frames: Vec<(usize, f64, f64)>,
    before: f64,
    after: f64,
}

/// A piece of a frame: the ranks that it runs through, and how far it reaches across in each.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Piece {
    first: usize,
    spans: Vec<[f64; 2]>,
    /// How many frames are around it.
    level: usize,
}

/// A frame's name: the unit at which it stands, and where across, from the block's edge.
pub(super) struct Name {
    pub(super) text: String,
    pub(super) unit: usize,
    pub(super) across: f64,
}

/// Gives each node the room for its frames; answers that room, and where the names stand.
pub(super) fn make_room(frames: &[Frame], sizes: &mut [UnitSize], direction: Direction) -> (Vec<Room>, Vec<Name>) {
    let mut rooms = vec![Room::default(); sizes.len()];
    let mut names = Vec::new();
    for (at, frame) in frames.iter().enumerate() {
        for &unit in &frame.units {
            let room = &mut rooms[unit];
            room.frames.push((at, room.before, room.after));
            room.before += PAD;
            room.after += PAD;
            if frame.units.first() == Some(&unit) {
                let width = text_width(&frame.name, SMALL, false);
                names.push(Name { text: frame.name.clone(), unit, across: room.before });
                match direction {
                    Direction::Down => room.before += width + 2.0 * CLEAR,
                    _ => {
                        room.before += LEADING;
                        sizes[unit].make_long(width);
                    }
                }
            }
        }
    }
    sizes.iter_mut().zip(&rooms).for_each(|(form, room)| form.grow(room.before, room.after));
    (rooms, names)
}

/// The pieces of each frame. It is in one piece, but where others stand between its nodes.
pub(super) fn pieces(frames: &[Frame], rooms: &[Room], sizes: &[UnitSize], placed: &Layout) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for at in 0..frames.len() {
        let mut spans: BTreeMap<usize, Vec<[f64; 2]>> = BTreeMap::new();
        let mut level = 0;
        for (rank, blocks) in placed.ranks.iter().enumerate() {
            let mut is_beside = false;
            for &block in blocks {
                let depth = rooms[block].frames.iter().position(|(frame, ..)| *frame == at);
                let Some(depth) = depth else {
                    is_beside = false;
                    continue;
                };
                level = level.max(depth);
                let (_, before, after) = rooms[block].frames[depth];
                let top = placed.tops[block];
                let [low, high] = [top + before, top + sizes[block].block.height - after];
                let of_rank = spans.entry(rank).or_default();
                match of_rank.last_mut().filter(|_| is_beside) {
                    Some(span) => span[1] = high,
                    None => of_rank.push([low, high]),
                }
                is_beside = true;
            }
        }
        let mut open: Option<Piece> = None;
        for (rank, of_rank) in spans {
            let follows = |piece: &Piece| piece.first + piece.spans.len() == rank;
            match (&mut open, &of_rank[..]) {
                (Some(piece), [span]) if follows(piece) => piece.spans.push(*span),
                _ => {
                    pieces.extend(open.take());
                    let mut each = of_rank.iter().map(|&span| Piece { first: rank, spans: vec![span], level });
                    open = if of_rank.len() == 1 { each.next() } else { None };
                    pieces.extend(each);
                }
            }
        }
        pieces.extend(open);
    }
    pieces
}

impl Piece {
    /// The corners, along and across, around the piece.
    pub(super) fn corners(&self, bands: &[Band]) -> Vec<[f64; 2]> {
        // Frames within frames keep a little further in; none reaches the middle of the gap between two ranks.
        let beyond = (10.0 - 3.0 * self.level as f64).max(2.0);
        let last = self.first + self.spans.len() - 1;
        let edge = |place: usize| match place {
            0 => bands[self.first].start - beyond,
            _ if place == self.spans.len() => bands[last].end + beyond,
            _ => (bands[self.first + place - 1].end + bands[self.first + place].start) / 2.0,
        };
        let side = |which: usize| {
            self.spans
                .iter()
                .enumerate()
                .flat_map(move |(place, span)| [[edge(place), span[which]], [edge(place + 1), span[which]]])
        };
        let there = side(0).collect::<Vec<_>>();
        let back = side(1).collect::<Vec<_>>();
        there.into_iter().chain(back.into_iter().rev()).collect()
    }
}
