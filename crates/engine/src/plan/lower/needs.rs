//! Needs: what has to be computed, and what of it is read from memory.

use std::collections::HashSet;

use limpid_graph::{Node, NodeId};

use super::{Lowering, can_fail};
use crate::plan::forms::Access;
use crate::plan::groups::Groups;
use crate::plan::reads::{Read, Reader};
use crate::plan::sparse_operands::Origin;

impl Lowering<'_> {
    /// Marks what has to be computed, and what of it is read from memory.
    pub(super) fn find_needs(&mut self) {
        let graph = self.reader.graph;
        let ends = graph.outputs().iter().copied().chain(graph.assignments().iter().map(|a| a.value));
        let mut open: Vec<NodeId> = ends.map(|end| self.reader.storage(end)).collect();
        open.iter().for_each(|end| self.materialised[end.index()] = true);
        // What can fail is computed even if nobody reads it: the mistake is told all the same.
        // A gather that a list does is checked there.
        let listed: Vec<NodeId> = self.origins.values().filter_map(Origin::gather).collect();
        let fails = |(id, node): &(NodeId, &Node)| can_fail(&node.op) && !listed.contains(id);
        open.extend(graph.nodes().filter(fails).map(|(id, _)| id));
        while let Some(id) = open.pop() {
            if std::mem::replace(&mut self.needed[id.index()], true) {
                continue;
            }
            for read in self.reads(id) {
                let group = self.groups.of[id.index()];
                let is_inner = group.is_some_and(|group| self.groups.is_inner(self.reader, group, &read));
                if !is_inner && read.access != Access::Raw {
                    self.materialised[read.source.index()] = true;
                }
                open.push(read.source);
            }
        }
    }

    /// What computing `id` reads, with updates and lists of non-zeros as they are run.
    pub(super) fn reads(&self, id: NodeId) -> Vec<Read> {
        if self.reader.is_lazy(id) {
            let source = self.reader.storage(self.reader.inputs(id)[0]);
            return vec![Read { source, access: Access::Contiguous }];
        }
        if let Some(added) = self.added.get(&id) {
            let scale = added.scale.map(|source| Read { source, access: Access::SINGLE });
            return self.product_reads(added.product).into_iter().chain(scale).collect();
        }
        if self.origins.contains_key(&id) { self.product_reads(id) } else { self.reader.reads(id) }
    }

    pub(super) fn product_reads(&self, product: NodeId) -> Vec<Read> {
        let mut reads = self.reader.reads(product);
        if let Access::Items(_) = reads[0].access {
            reads[0].access = Access::Matrix { transposed: false };
        }
        if let Some(Origin::Stored { leaf, rows, .. }) = self.origins.get(&product) {
            reads[0] = Read { source: *leaf, access: Access::Raw };
            reads.extend(rows.map(|rows| Read { source: rows.positions, access: Access::Contiguous }));
        }
        reads
    }
}

/// Which groups have a member that can fail, and what their members read otherwise than item by item as it lies.
pub(super) fn what_members_do(reader: Reader<'_>, groups: &Groups) -> (Vec<bool>, HashSet<(usize, NodeId)>) {
    let (mut failing, mut read_otherwise) = (vec![false; groups.all.len()], HashSet::new());
    for (at, group) in groups.all.iter().enumerate() {
        for &member in &group.members {
            failing[at] |= can_fail(reader.op(member));
            let as_it_lies = |read: &Read| match read.access {
                Access::Items(form) => form.matrix() == reader.usual(read.source),
                _ => false,
            };
            let otherwise = reader.reads(member).into_iter().filter(|read| !as_it_lies(read));
            read_otherwise.extend(otherwise.map(|read| (at, read.source)));
        }
    }
    (failing, read_otherwise)
}
