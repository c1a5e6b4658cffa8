//! Lowering: from groups to steps, each with what it reads and writes; in no order yet, and without places in the arena.

mod assignments;
mod fusions;
mod needs;
mod products;
mod samples;
mod sparse;
mod steps;
mod values;

use std::collections::{HashMap, HashSet};

use limpid_graph::{Assignment, Index, NodeId, Op, Sizes};

use self::values::Rearranged;
use super::groups::Groups;
use super::reads::Reader;
use super::sparse_operands::{self, Origin};
use super::tasks;
use super::updates::{self, Added};
use super::{ListPlan, Step, StepKind, Storage, Stored, Value, ValueId, pitch};
use crate::kernels::Level;
use crate::numbers::LINE;

/// Steps and values as lowered.
#[derive(Debug)]
pub(super) struct Lowered {
    pub(super) values: Vec<Value>,
    pub(super) steps: Vec<Step>,
    pub(super) constants: Vec<f32>,
    pub(super) lists: Vec<ListPlan>,
    pub(super) outputs: Vec<(ValueId, Vec<usize>)>,
    pub(super) assigned: Vec<Assigned>,
    pub(super) flops: u64,
}

/// An assignment's new value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Assigned {
    pub(super) target: NodeId,
    pub(super) value: ValueId,
    /// The value of the leaf as it is kept, where it is.
    pub(super) kept: Option<ValueId>,
    /// Whether the step that makes the value may write it over the kept one.
    pub(super) in_place: bool,
    /// Whether that step adds to what stands there.
    pub(super) adds: bool,
}

pub(super) struct Lowering<'g> {
    reader: Reader<'g>,
    sizes: &'g Sizes,
    level: Level,
    stored: &'g dyn Fn(NodeId) -> Stored,
    groups: Groups,
    added: HashMap<NodeId, Added>,
    origins: HashMap<NodeId, Origin>,
    /// The first assignment of what a node computes.
    first_assignments: HashMap<NodeId, &'g Assignment>,
    /// Whether a group has a member that can fail.
    failing: Vec<bool>,
    /// The nodes that a member of a group reads otherwise than row by row as they are.
    read_otherwise: HashSet<(usize, NodeId)>,
    /// Whether the node is computed.
    needed: Vec<bool>,
    /// Whether its value is read from memory.
    materialised: Vec<bool>,
    values: Vec<Value>,
    of_node: HashMap<NodeId, ValueId>,
    /// The sums that a product is cut into along k.
    parts: HashMap<NodeId, Vec<ValueId>>,
    derived: HashMap<(ValueId, Rearranged), ValueId>,
    listed: HashMap<(NodeId, bool), usize>,
    steps: Vec<Step>,
    constants: Vec<f32>,
    lists: Vec<ListPlan>,
}

impl<'g> Lowering<'g> {
    pub(super) fn of(
        reader: Reader<'g>,
        sizes: &'g Sizes,
        level: Level,
        stored: &'g dyn Fn(NodeId) -> Stored,
    ) -> Lowered {
        let graph = reader.graph;
        let added: HashMap<NodeId, Added> = updates::find(reader)
            .into_iter()
            .filter(|(_, added)| stored(added.target).storage == Storage::Padded)
            // A product that is cut along k has several results, which are added up first.
            .filter(|(_, added)| {
                let sizes = products::sizes(reader, added.product);
                sizes.is_some_and(|sizes| tasks::depth(sizes, reader.limits) == sizes.k)
            })
            .collect();
        let products: HashSet<NodeId> = added.values().map(|added| added.product).collect();
        let mut origins = HashMap::new();
        for (id, _) in graph.nodes().filter(|(_, node)| matches!(node.op, Op::Contract)) {
            if reader.convolved(id).is_some() {
                continue;
            }
            if let Some((x, matrix)) = sparse::left_operand(reader, id) {
                let is_gradient = reader.transposed(reader.inputs(id)[0]).is_some();
                let is_added = products.contains(&id);
                let origin = sparse_operands::origin(reader, x, matrix, stored);
                // Products from lists read and write whole cache lines.
                let is_padded = reader.shape(id).last().is_some_and(|&n| n > 0 && pitch(n).is_multiple_of(LINE));
                let is_listed = is_padded && (is_gradient || !is_added);
                origins.extend(origin.filter(|_| is_listed).map(|origin| (id, origin)));
            }
        }
        let alone = |id: NodeId| added.contains_key(&id) || products.contains(&id) || origins.contains_key(&id);
        let groups = Groups::of(reader, alone);
        let mut first_assignments = HashMap::new();
        graph.assignments().iter().for_each(|a| _ = first_assignments.entry(a.value).or_insert(a));
        let (failing, read_otherwise) = needs::what_members_do(reader, &groups);
        let mut lowering = Self {
            reader,
            sizes,
            level,
            stored,
            groups,
            added,
            origins,
            first_assignments,
            failing,
            read_otherwise,
            needed: vec![false; graph.nodes().len()],
            materialised: vec![false; graph.nodes().len()],
            values: Vec::new(),
            of_node: HashMap::new(),
            parts: HashMap::new(),
            derived: HashMap::new(),
            listed: HashMap::new(),
            steps: Vec::new(),
            constants: Vec::new(),
            lists: Vec::new(),
        };
        lowering.find_needs();
        lowering.lower()
    }

    fn lower(mut self) -> Lowered {
        let graph = self.reader.graph;
        // Products cut along k are known before anything else reads them.
        for group in 0..self.groups.all.len() {
            if self.groups.all[group].items.is_none() {
                self.standalone(self.groups.all[group].members[0]);
            }
        }
        let outputs = graph.outputs().iter().map(|&id| (self.end(id), self.reader.shape(id).to_vec())).collect();
        let assigned: Vec<Assigned> = graph.assignments().iter().map(|a| self.assigned(a.target, a.value)).collect();
        for group in 0..self.groups.all.len() {
            if let Some(items) = self.groups.all[group].items {
                self.fusion(group, items);
            }
        }
        let flops = graph.flops(self.sizes).unwrap_or_default().iter().sum();
        let Self { values, steps, constants, lists, .. } = self;
        Lowered { values, steps, constants, lists, outputs, assigned, flops }
    }

    fn is_needed(&self, id: NodeId) -> bool {
        self.needed[id.index()]
    }

    fn step(&mut self, kind: StepKind, writes: Vec<ValueId>, stored: Option<NodeId>, nodes: Vec<NodeId>) {
        let cut = tasks::cut(&kind, &writes, (&self.values, &self.lists), (self.level, self.reader.limits));
        self.steps.push(Step::new(kind, cut, writes, stored, nodes));
    }
}

/// Whether what it is fed may hold a position that is none.
pub(super) fn can_fail(op: &Op) -> bool {
    matches!(op, Op::Index(Index::Gather { .. } | Index::ScatterAdd { .. } | Index::OneHot { .. }))
}
