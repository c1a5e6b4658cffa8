//! Assignments: the values of outputs and assignments, and which of them are written where the variable stands.

use limpid_graph::{Assignment, NodeId};

use super::values::Rearranged;
use super::{Assigned, Lowering};
use crate::plan::{Place, Storage, ValueId};

impl<'g> Lowering<'g> {
    /// The value of an output or an assignment: one that no other assignment changes meanwhile.
    pub(super) fn end(&mut self, id: NodeId) -> ValueId {
        let held = self.reader.storage(id);
        let value = self.value(held);
        match self.values[value].place {
            Place::Leaf(_) => self.derived(value, Rearranged::Copied),
            _ => value,
        }
    }

    pub(super) fn assigned(&mut self, target: NodeId, id: NodeId) -> Assigned {
        let value = self.end(id);
        let value = self.with_form(value, self.reader.usual(id));
        let is_kept = (self.stored)(target).storage == Storage::Padded;
        let kept = is_kept.then(|| self.value(target));
        let adds = self.added.contains_key(&id);
        // A value has one place: where it is assigned to several, the others get copies.
        let is_first = self.assignment(id).is_some_and(|first| first.target == target);
        Assigned { target, value, kept, in_place: is_first && (adds || self.is_stored_after_block(id)), adds }
    }

    /// Whether a fusion computes `id` and writes it only after everything else that it does with the block.
    pub(super) fn is_stored_after_block(&self, id: NodeId) -> bool {
        let Some(assignment) = self.assignment(id) else { return false };
        let Some(group) = self.groups.of[id.index()] else { return false };
        let is_fusion = self.groups.all[group].items.is_some() && !self.reader.is_terminal(id);
        let same_form = self.reader.form(id).matrix() == self.reader.usual(assignment.target);
        let reads_by_items = !self.read_otherwise.contains(&(group, assignment.target));
        is_fusion && same_form && !self.failing[group] && reads_by_items
    }

    /// The first assignment of what `id` computes.
    pub(super) fn assignment(&self, id: NodeId) -> Option<&'g Assignment> {
        self.first_assignments.get(&id).copied()
    }
}
