//! Fuse: which functions of single numbers run together.
//!
//! A node joins a group of its shape where that makes no circle: no input from outside the group may depend on the
//! group.

use limpid_graph::{Graph, Layout, NodeId, Op};

/// The steps that nodes belong to. Leaves, and nodes that are read through, belong to none.
#[derive(Debug)]
pub(super) struct Groups {
    /// The group of each node.
    pub(super) of: Vec<Option<usize>>,
    /// The nodes of each group, in order.
    pub(super) members: Vec<Vec<NodeId>>,
    /// How a group's elements are cut into rows, where a broadcast into it says so.
    pub(super) columns: Vec<Option<usize>>,
}

/// How a broadcast value is found from a position in the tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    Single,
    /// One number for each row of `columns`.
    PerRow {
        columns: usize,
    },
    PerColumn {
        columns: usize,
    },
}

/// How `to` reads a value of shape `from`; `None` where neither rows nor columns say it.
pub(super) fn pattern(from: &[usize], to: &[usize]) -> Option<Pattern> {
    if from.iter().product::<usize>() == 1 {
        return Some(Pattern::Single);
    }
    let padded: Vec<usize> = std::iter::repeat_n(1, to.len() - from.len()).chain(from.iter().copied()).collect();
    let differs: Vec<bool> = padded.iter().zip(to).map(|(a, b)| a != b).collect();
    let first_same = differs.iter().zip(to).position(|(differs, &extent)| !differs && extent != 1)?;
    if differs[first_same..].iter().all(|differs| !differs) {
        return Some(Pattern::PerColumn { columns: to[first_same..].iter().product() });
    }
    let last_same = differs.iter().zip(to).rposition(|(differs, &extent)| !differs && extent != 1)?;
    if differs[..=last_same].iter().all(|differs| !differs) {
        return Some(Pattern::PerRow { columns: to[last_same + 1..].iter().product() });
    }
    None
}

pub(super) fn is_elementwise(op: &Op) -> bool {
    matches!(op, Op::Map(_) | Op::Formula(_))
}

impl Groups {
    pub(super) fn of(graph: &Graph, shapes: &[Vec<usize>]) -> Self {
        let count = graph.nodes().len();
        let mut groups = Self { of: vec![None; count], members: Vec::new(), columns: Vec::new() };
        for (id, node) in graph.nodes() {
            match &node.op {
                Op::Leaf(_) | Op::Layout(Layout::Reshape(_) | Layout::Broadcast(_) | Layout::Permute(_)) => {}
                op if is_elementwise(op) => groups.place(graph, shapes, id),
                _ => groups.open(id, None),
            }
        }
        groups
    }

    fn open(&mut self, id: NodeId, columns: Option<usize>) {
        self.of[id.index()] = Some(self.members.len());
        self.members.push(vec![id]);
        self.columns.push(columns);
    }

    fn place(&mut self, graph: &Graph, shapes: &[Vec<usize>], id: NodeId) {
        let needs = self.columns_needed(graph, shapes, id);
        let joins = |&group: &usize| {
            let first = self.members[group][0];
            is_elementwise(&graph.node(first).op)
                && shapes[first.index()] == shapes[id.index()]
                && (needs.is_none() || self.columns[group].is_none() || needs == self.columns[group])
                && !self.inputs_depend_on(graph, id, group)
        };
        // The latest group: most likely the one that its inputs come from.
        let found = (0..self.members.len()).rev().find(joins);
        match found {
            Some(group) => {
                self.of[id.index()] = Some(group);
                self.members[group].push(id);
                self.columns[group] = self.columns[group].or(needs);
            }
            None => self.open(id, needs),
        }
    }

    /// The row length that the node's broadcast inputs ask for: the first that says one. Others are written out.
    fn columns_needed(&self, graph: &Graph, shapes: &[Vec<usize>], id: NodeId) -> Option<usize> {
        graph.node(id).inputs.iter().find_map(|&input| {
            let (source, is_broadcast) = read_through(graph, input);
            match pattern(&shapes[source.index()], &shapes[id.index()]) {
                Some(Pattern::PerRow { columns } | Pattern::PerColumn { columns }) if is_broadcast => Some(columns),
                _ => None,
            }
        })
    }

    /// Whether an input from outside `group` depends on `group`.
    fn inputs_depend_on(&self, graph: &Graph, id: NodeId, group: usize) -> bool {
        let mut seen = vec![false; graph.nodes().len()];
        let mut open: Vec<NodeId> =
            graph.node(id).inputs.iter().copied().filter(|input| self.of[input.index()] != Some(group)).collect();
        while let Some(at) = open.pop() {
            if std::mem::replace(&mut seen[at.index()], true) {
                continue;
            }
            let own = [at];
            let members = self.of[at.index()].map_or(&own[..], |group| &self.members[group]);
            for &input in members.iter().flat_map(|&member| &graph.node(member).inputs) {
                if self.of[input.index()] == Some(group) {
                    return true;
                }
                open.push(input);
            }
        }
        false
    }
}

/// The node whose numbers a broadcast of reshapes repeats, and whether there is a broadcast on the way.
pub(super) fn read_through(graph: &Graph, id: NodeId) -> (NodeId, bool) {
    match &graph.node(id).op {
        Op::Layout(Layout::Broadcast(_)) => (graph.node(id).inputs[0], true),
        _ => (id, false),
    }
}

/// The node that holds the numbers of `id`: a reshape holds none of its own.
pub(super) fn storage(graph: &Graph, id: NodeId) -> NodeId {
    match &graph.node(id).op {
        Op::Layout(Layout::Reshape(_)) => storage(graph, graph.node(id).inputs[0]),
        _ => id,
    }
}
