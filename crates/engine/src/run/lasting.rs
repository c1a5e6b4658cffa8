//! What a runner knows of the values that last from run to run.

use std::ops::Range;

use limpid_graph::NodeId;

use crate::numbers::Numbers;
use crate::plan::{Place, Plan};

/// Whether they are there, and from which variables they were made.
#[derive(Debug)]
pub(super) struct LastingState {
    is_made: bool,
    /// The variables, and how often each had changed when it was last read.
    read: Vec<(NodeId, u64)>,
    /// The rest of the arena.
    others: Vec<Range<usize>>,
}

impl LastingState {
    /// None of them is there yet.
    pub(super) fn new(plan: &Plan) -> Self {
        let mut own: Vec<Range<usize>> = (plan.lasting.values.iter())
            .filter_map(|&value| match plan.value(value).place {
                Place::Arena(start) => Some(start..start + plan.value(value).len()),
                Place::Constant(_) | Place::Leaf(_) => None,
            })
            .collect();
        own.sort_by_key(|range| (range.start, range.end));
        let starts = std::iter::once(0).chain(own.iter().map(|range| range.end));
        let ends = own.iter().map(|range| range.start).chain([plan.arena]);
        let others = starts.zip(ends).map(|(start, end)| start..end).collect();
        let read = plan.lasting.leaves.iter().map(|&leaf| (leaf, 0)).collect();
        Self { is_made: false, read, others }
    }

    /// Whether they are there as they would be made now. Where they are not, the caller makes them.
    pub(super) fn is_there(&mut self, changes: impl Fn(NodeId) -> Option<u64>) -> bool {
        // Until they are made, they are not: a run may end before its time.
        let mut is_there = std::mem::take(&mut self.is_made);
        for (leaf, read) in &mut self.read {
            let now = changes(*leaf);
            is_there &= now == Some(*read);
            *read = now.unwrap_or_default();
        }
        is_there
    }

    /// Notes that they were made, or were there.
    pub(super) fn is_made(&mut self) {
        self.is_made = true;
    }

    /// See [`Numbers::poison`].
    pub(super) fn poison_others(&self, is_there: bool, arena: &mut Numbers) {
        if !cfg!(debug_assertions) {
            return;
        }
        if is_there {
            self.others.iter().for_each(|others| arena[others.clone()].fill(f32::NAN));
        } else {
            arena.poison();
        }
    }
}
