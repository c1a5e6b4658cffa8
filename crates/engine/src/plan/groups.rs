//! Fuse: which nodes run together.
//!
//! A node that goes item by item joins a fusion of as many items where that makes no circle: nothing that it needs whole,
//! or from outside, may depend on the fusion. What depends on nothing that is fed stays apart: joined to what is, it would
//! make everybody who needs it wait.
//!
//! Each group has a level above those of all groups that it reads. So a group can depend on another only if its level is
//! higher, and a search for a circle looks at no group below: that keeps the whole near the size of the graph.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use limpid_graph::NodeId;

use super::forms::Access;
use super::reads::{Read, Reader};

/// The groups that nodes belong to. Leaves, and nodes that are read through, belong to none.
#[derive(Debug)]
pub(super) struct Groups {
    /// The group of each node.
    pub(super) of: Vec<Option<usize>>,
    pub(super) all: Vec<Group>,
    /// What each node that is read through rearranges in the end; other nodes themselves.
    root: Vec<NodeId>,
    /// Which groups read which.
    edges: HashSet<(usize, usize)>,
    /// How many groups were looked at in searches for circles.
    looked_at: Cell<usize>,
}

/// Nodes that run together.
#[derive(Debug)]
pub(super) struct Group {
    /// In order.
    pub(super) members: Vec<NodeId>,
    /// How many items they have, where they form a fusion; otherwise it is one node that runs by itself.
    pub(super) items: Option<usize>,
    level: usize,
    /// The groups that it reads, and those that read it.
    reads: Vec<usize>,
    readers: Vec<usize>,
}

impl Groups {
    /// Groups the nodes; those that are `alone` join no fusion.
    pub(super) fn of(reader: Reader<'_>, alone: impl Fn(NodeId) -> bool) -> Self {
        let count = reader.shapes.len();
        let (of, root) = (vec![None; count], Vec::with_capacity(count));
        let mut groups = Self { of, all: Vec::new(), root, edges: HashSet::new(), looked_at: Cell::new(0) };
        let mut fixed = vec![false; count];
        // The fusions of so many items that depend on what is fed, or do not, and go by samples, or by rows; the latest is
        // the last.
        let mut fusions: HashMap<(usize, bool, bool), Vec<usize>> = HashMap::new();
        for (id, node) in reader.graph.nodes() {
            let is_lazy = reader.is_lazy(id);
            groups.root.push(if is_lazy { groups.root[node.inputs[0].index()] } else { id });
            let is_fixed = !reader.is_fed(id) && node.inputs.iter().all(|input| fixed[input.index()]);
            fixed[id.index()] = is_fixed;
            if matches!(node.op, limpid_graph::Op::Leaf(_)) || is_lazy {
                continue;
            }
            let items = if alone(id) { None } else { reader.domain(id) };
            let known = items.map(|items| fusions.entry((items, is_fixed, reader.goes_by_samples(id))).or_default());
            let found = known.as_ref().and_then(|known| groups.that_takes(reader, id, known));
            let group = found.unwrap_or(groups.all.len());
            if found.is_none() {
                let (reads, readers) = (Vec::new(), Vec::new());
                groups.all.push(Group { members: Vec::new(), items, level: 0, reads, readers });
                known.into_iter().for_each(|known| known.push(group));
            }
            groups.join(reader, id, group);
        }
        groups
    }

    /// Whether a member of `group` finds what it reads in the group, block by block: another member's items.
    pub(super) fn is_inner(&self, reader: Reader<'_>, group: usize, read: &Read) -> bool {
        let Read { source, access } = *read;
        self.of[source.index()] == Some(group)
            && !reader.is_terminal(source)
            && access == Access::Items(reader.form(source))
    }

    /// The fusion among these that `id` can join: the latest, most likely the one that its inputs come from.
    fn that_takes(&self, reader: Reader<'_>, id: NodeId, fusions: &[usize]) -> Option<usize> {
        let reads = reader.reads(id);
        let own: Vec<Option<usize>> = reads.iter().map(|read| self.of[read.source.index()]).collect();
        let fusions = &fusions[fusions.len().saturating_sub(reader.limits.tried)..];
        let lowest = fusions.iter().map(|&fusion| self.all[fusion].level).min().unwrap_or(0);
        // What all inputs depend on, as far as it is tried, found when it is first asked for.
        let mut before: Option<HashSet<usize>> = None;
        fusions.iter().rev().copied().find(|&fusion| match own.contains(&Some(fusion)) {
            true => !self.makes_a_circle(reader, &reads, fusion),
            // All inputs are from outside.
            false => {
                let is_above = |of: &Option<usize>| of.is_some_and(|of| self.all[of].level > self.all[fusion].level);
                let roots = || reads.iter().filter_map(|read| self.group_read(read.source));
                !roots().any(|of| is_above(&Some(of)) || of == fusion)
                    || !before.get_or_insert_with(|| self.before(roots().collect(), lowest)).contains(&fusion)
            }
        })
    }

    /// The group that a node's numbers come from.
    fn group_read(&self, id: NodeId) -> Option<usize> {
        self.of[self.root[id.index()].index()]
    }

    /// Whether something that a node reads from outside `group` depends on the group.
    fn makes_a_circle(&self, reader: Reader<'_>, reads: &[Read], group: usize) -> bool {
        let outside = |read: &&Read| !self.is_inner(reader, group, read);
        let open = reads.iter().filter(outside).filter_map(|read| self.group_read(read.source)).collect();
        self.before(open, self.all[group].level).contains(&group)
    }

    /// These groups and all that they depend on, as far as it is not below a level.
    fn before(&self, mut open: Vec<usize>, level: usize) -> HashSet<usize> {
        let mut seen = HashSet::new();
        while let Some(at) = open.pop() {
            self.looked_at.set(self.looked_at.get() + 1);
            if self.all[at].level >= level && seen.insert(at) {
                open.extend(&self.all[at].reads);
            }
        }
        seen
    }

    fn join(&mut self, reader: Reader<'_>, id: NodeId, group: usize) {
        self.of[id.index()] = Some(group);
        self.all[group].members.push(id);
        for read in reader.reads(id) {
            let Some(read) = self.group_read(read.source).filter(|&read| read != group) else { continue };
            if self.edges.insert((read, group)) {
                self.all[group].reads.push(read);
                self.all[read].readers.push(group);
                self.raise(group, self.all[read].level + 1);
            }
        }
    }

    /// Lifts a group to a level, and those that read it above it.
    fn raise(&mut self, group: usize, level: usize) {
        let mut open = vec![(group, level)];
        while let Some((at, level)) = open.pop() {
            if self.all[at].level < level {
                self.all[at].level = level;
                open.extend(self.all[at].readers.iter().map(|&reader| (reader, level + 1)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use limpid_graph::{Builder, Sizes};

    use super::*;
    use crate::plan::Limits;
    use crate::plan::choose_forms::Forms;

    /// How many nodes the training step of so many layers has, and how many groups a search for circles looks at.
    fn searched(layers: usize, width: usize) -> (usize, usize) {
        let b = Builder::new();
        let mut x = b.input("x", ("batch", width));
        for layer in 0..layers {
            let (w, c) = (b.parameter(&format!("w{layer}"), (width, width)), b.parameter(&format!("c{layer}"), width));
            x = (x.matmul(w) + c).relu();
        }
        let (loss, parameters) = (x.square().sum_all(), b.parameters());
        for (&parameter, slope) in parameters.iter().zip(b.grad(loss, &parameters)) {
            b.assign(parameter, parameter - 0.1 * slope);
        }
        let graph = b.finish([loss]).unwrap().simplified().unwrap();
        let shapes = graph.shapes(&Sizes::from([("batch", 3)])).unwrap();
        let limits = Limits::default();
        let groups = Groups::of(
            Reader { graph: &graph, shapes: &shapes, forms: &Forms::of(&graph, &shapes, &limits), limits: &limits },
            |_| false,
        );
        (graph.nodes().len(), groups.looked_at.get())
    }

    #[test]
    fn the_search_for_circles_grows_as_the_network_does() {
        // Small layers run in one fusion, large products by themselves.
        for width in [2, 200] {
            for layers in [100, 200, 400] {
                let (nodes, looked_at) = searched(layers, width);
                println!("{layers} layers of {width}: {nodes} nodes, {looked_at} groups looked at");
                assert!(looked_at <= 40 * nodes, "{layers} layers of {width}: {nodes} nodes, {looked_at} looked at");
            }
        }
    }
}
