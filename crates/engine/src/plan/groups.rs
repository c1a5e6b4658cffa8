//! Fuse: which nodes run together.
//!
//! A node that goes row by row joins a region of as many rows where that makes no circle: nothing that it needs whole,
//! or from outside, may depend on the region. What depends on nothing that is fed stays apart: joined to what is, it would
//! make everybody who needs it wait.

use limpid_graph::NodeId;

use super::uses::Reader;

/// The groups that nodes belong to. Leaves, and nodes that are read through, belong to none.
#[derive(Debug)]
pub(super) struct Groups {
    /// The group of each node.
    pub(super) of: Vec<Option<usize>>,
    pub(super) all: Vec<Group>,
}

/// Nodes that run together.
#[derive(Debug)]
pub(super) struct Group {
    /// In order.
    pub(super) members: Vec<NodeId>,
    /// How many rows they have, where they form a region; otherwise it is one node that runs by itself.
    pub(super) rows: Option<usize>,
    /// Whether they depend on constants and extents only.
    is_fixed: bool,
}

impl Groups {
    /// Groups the nodes; those that are `alone` join no region.
    pub(super) fn of(reader: Reader<'_>, alone: impl Fn(NodeId) -> bool) -> Self {
        let mut groups = Self { of: vec![None; reader.shapes.len()], all: Vec::new() };
        let mut fixed = vec![false; reader.shapes.len()];
        for (id, node) in reader.graph.nodes() {
            let is_fixed = !reader.is_fed(id) && node.inputs.iter().all(|input| fixed[input.index()]);
            fixed[id.index()] = is_fixed;
            if matches!(node.op, limpid_graph::Op::Leaf(_)) || reader.is_lazy(id) {
                continue;
            }
            let rows = if alone(id) { None } else { reader.domain(id) };
            // The latest region: most likely the one that the node's inputs come from.
            let joins = |&at: &usize| {
                let group = &groups.all[at];
                group.rows == rows && group.is_fixed == is_fixed && !groups.makes_a_circle(reader, id, at)
            };
            let found = rows.and_then(|_| (0..groups.all.len()).rev().find(joins));
            match found {
                Some(group) => groups.all[group].members.push(id),
                None => groups.all.push(Group { members: vec![id], rows, is_fixed }),
            }
            groups.of[id.index()] = found.or(Some(groups.all.len() - 1));
        }
        groups
    }

    /// Whether `source` is a member of `group` that the group's own rows can be read from, block by block.
    pub(super) fn is_inner(&self, reader: Reader<'_>, group: usize, source: NodeId) -> bool {
        self.of[source.index()] == Some(group) && !reader.is_terminal(source)
    }

    /// Whether something that `id` reads from outside `group` depends on the group.
    fn makes_a_circle(&self, reader: Reader<'_>, id: NodeId, group: usize) -> bool {
        let outside = |used: &super::uses::Use| !(used.view.is_by_rows() && self.is_inner(reader, group, used.source));
        let open = reader.uses(id).iter().filter(|used| outside(used)).map(|used| used.source).collect();
        self.reaches(reader, open, group)
    }

    /// Whether any of `open`, or anything that they depend on, is in `group`.
    pub(super) fn reaches(&self, reader: Reader<'_>, mut open: Vec<NodeId>, group: usize) -> bool {
        let mut seen = vec![false; self.of.len()];
        while let Some(at) = open.pop() {
            if self.of[at.index()] == Some(group) {
                return true;
            }
            if std::mem::replace(&mut seen[at.index()], true) {
                continue;
            }
            let own = [at];
            // All members of a group run together: what one waits for, all wait for.
            let members = self.of[at.index()].map_or(&own[..], |group| &self.all[group].members);
            for &member in members {
                seen[member.index()] = true;
                open.extend(reader.inputs(member));
            }
        }
        false
    }
}
