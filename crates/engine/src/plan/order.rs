//! Order: which steps run in which stage, and which assignments are written in place.
//!
//! A step stands in the first stage behind those that write what it reads; one that waits for nothing stands right
//! before whoever needs it. Where an assignment's value is written over the kept one, that step stands behind everything
//! that reads the old value, and behind everything that can fail.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use limpid_graph::{Graph, NodeId};

use super::lasting::{self, Lasting};
use super::lower::{Assigned, Lowered, can_fail};
use super::tasks;
use super::{Limits, Place, Plan, Step, StepKind, Storage, Stored, Value, ValueId};
use crate::kernels::Level;

/// A lowered plan with its steps in stages.
pub(super) fn ordered(
    graph: &Graph,
    mut lowered: Lowered,
    at: (Level, &Limits),
    stored: &dyn Fn(NodeId) -> Stored,
) -> Plan {
    let is_leaf: Vec<bool> = lowered.values.iter().map(|value| matches!(value.place, Place::Leaf(_))).collect();
    let mut order = Order::of(std::mem::take(&mut lowered.steps), is_leaf);
    let failing: Vec<usize> = (0..order.steps.len()).filter(|&at| step_can_fail(graph, &order.steps[at])).collect();
    let mut assigned = Vec::new();
    for Assigned { target, value, kept, in_place, adds } in std::mem::take(&mut lowered.assigned) {
        let Some(kept) = kept else {
            assigned.push((target, Some(value)));
            continue;
        };
        assigned.push((target, None));
        let writer = order.writer.get(&value).copied();
        // A product reads its operands to the end, and must not find its own result there.
        let reads_it = |writer: usize| adds && order.steps[writer].reads.contains(&kept);
        let before: Vec<usize> = order.readers(kept, target).chain(failing.iter().copied()).collect();
        if let (true, Some(writer)) = (in_place, writer.filter(|&writer| !reads_it(writer))) {
            // What stands before it must not wait for it: its own step reads what it overwrites, block by block.
            let reads = order.readers(kept, target).filter(|&at| at != writer);
            let before: Vec<usize> = reads.chain(failing.iter().copied()).collect();
            if order.put_before(&before, writer) {
                order.changing[writer] = true;
                lowered.values[value].place = Place::Leaf(target);
                continue;
            }
        }
        if let (true, Some(writer)) = (adds, writer) {
            // What is added to is a copy.
            let copy = order.push(StepKind::Copy { from: kept }, (value, false), target, &lowered.values, at);
            order.edge(copy, writer);
        }
        let before = before.into_iter().chain(order.readers(kept, target).collect::<Vec<_>>());
        let mut before: Vec<usize> = before.chain(order.writer.get(&value).copied()).collect();
        before.sort_unstable();
        before.dedup();
        let commit = order.push(StepKind::Copy { from: value }, (kept, true), target, &lowered.values, at);
        before.into_iter().filter(|&at| at != commit).for_each(|at| order.edge(at, commit));
    }
    let Order { steps, edges, changing, is_leaf, .. } = order;
    let Lowered { values, constants, lists, outputs, flops, .. } = lowered;
    let is_assigned: HashSet<NodeId> = assigned.iter().map(|(target, _)| *target).collect();
    let is_constant = |id: NodeId| stored(id).storage == Storage::Padded && !is_assigned.contains(&id);
    let lasts = lasting::of_steps(graph, &steps, &values, is_constant);
    let (levels, lasting_stages) = schedule(&steps, &edges, &is_leaf, &lasts);
    let changes_from = (0..steps.len()).filter(|&at| changing[at]).map(|at| levels[at]).min();
    let stage_count = levels.iter().max().map_or(0, |&last| last + 1);
    let mut order: Vec<usize> = (0..steps.len()).collect();
    // A fusion may have as many nodes as the graph: the latest of them is looked for once.
    let latest = |at: usize| steps[at].nodes.iter().max().copied();
    order.sort_by_cached_key(|&at| (levels[at], std::cmp::Reverse(steps[at].tasks), latest(at), at));
    let mut stages = Vec::with_capacity(stage_count);
    let mut from = 0;
    for stage in 0..stage_count {
        let to = from + order[from..].iter().take_while(|&&at| levels[at] == stage).count();
        stages.push(from..to);
        from = to;
    }
    let mut steps: Vec<Option<Step>> = steps.into_iter().map(Some).collect();
    let steps: Vec<Step> = order.into_iter().filter_map(|at| steps[at].take()).collect();
    let first_behind = stages[..lasting_stages].last().map_or(0, |last: &Range<usize>| last.end);
    let answered = outputs.iter().map(|(value, _)| *value).chain(assigned.iter().filter_map(|&(_, value)| value));
    let lasting = Lasting::of(steps.split_at(first_behind), lasting_stages, &values, answered);
    let numbers = crate::numbers::Numbers::from_slice(&constants);
    Plan {
        values,
        steps,
        stages,
        changes_from: changes_from.unwrap_or(stage_count),
        lasting,
        constants: numbers,
        outputs,
        assigned,
        arena: 0,
        unshared: 0,
        scratch: 0,
        lists,
        flops,
        limits: at.1.clone(),
    }
}

/// Steps while assignments find their places among them.
struct Order {
    steps: Vec<Step>,
    /// Whether a step changes what is kept.
    changing: Vec<bool>,
    /// Who reads a leaf never waits for whoever changes it: it is the other way round.
    is_leaf: Vec<bool>,
    /// What has to stand behind what, beyond reading what it writes.
    edges: Vec<(usize, usize)>,
    /// The step that finishes a value.
    writer: HashMap<ValueId, usize>,
    /// The steps that read a value, and those that read a leaf's data as stored.
    read_by: HashMap<ValueId, Vec<usize>>,
    stored_by: HashMap<NodeId, Vec<usize>>,
    /// The steps that wait for a step.
    followers: Vec<Vec<usize>>,
}

impl Order {
    fn of(steps: Vec<Step>, is_leaf: Vec<bool>) -> Self {
        let mut order = Self {
            changing: vec![false; steps.len()],
            followers: vec![Vec::new(); steps.len()],
            is_leaf,
            edges: Vec::new(),
            writer: HashMap::new(),
            read_by: HashMap::new(),
            stored_by: HashMap::new(),
            steps,
        };
        for at in 0..order.steps.len() {
            order.index(at);
        }
        for at in 0..order.steps.len() {
            order.follow(at);
        }
        order
    }

    fn index(&mut self, at: usize) {
        let Step { writes, reads, stored, .. } = &self.steps[at];
        writes.iter().for_each(|&value| _ = self.writer.entry(value).or_insert(at));
        for &value in reads {
            let readers = self.read_by.entry(value).or_default();
            if readers.last() != Some(&at) {
                readers.push(at);
            }
        }
        stored.iter().for_each(|&leaf| self.stored_by.entry(leaf).or_default().push(at));
    }

    /// Notes which steps a step waits for.
    fn follow(&mut self, at: usize) {
        for value in self.steps[at].reads.iter().filter(|&&value| !self.is_leaf[value]) {
            if let Some(&writer) = self.writer.get(value).filter(|&&writer| writer != at) {
                self.followers[writer].push(at);
            }
        }
    }

    fn push(
        &mut self,
        kind: StepKind,
        (to, changes): (ValueId, bool),
        node: NodeId,
        values: &[Value],
        at: (Level, &Limits),
    ) -> usize {
        let writes = vec![to];
        let cut = tasks::cut(&kind, &writes, (values, &[]), at);
        self.steps.push(Step::new(kind, cut, writes, None, vec![node]));
        self.changing.push(changes);
        self.followers.push(Vec::new());
        let at = self.steps.len() - 1;
        self.index(at);
        self.follow(at);
        at
    }

    fn edge(&mut self, before: usize, after: usize) {
        self.edges.push((before, after));
        self.followers[before].push(after);
    }

    /// The steps that read a leaf where it is kept.
    fn readers(&self, kept: ValueId, target: NodeId) -> impl Iterator<Item = usize> + use<> {
        let read = self.read_by.get(&kept).into_iter().flatten();
        let stored = self.stored_by.get(&target).into_iter().flatten();
        let mut readers: Vec<usize> = read.chain(stored).copied().collect();
        readers.sort_unstable();
        readers.dedup();
        readers.into_iter()
    }

    /// Puts these steps before `after`, unless one of them waits for it: then nothing is changed, and the answer is no.
    fn put_before(&mut self, before: &[usize], after: usize) -> bool {
        let wanted: HashSet<usize> = before.iter().copied().collect();
        let (mut open, mut seen) = (vec![after], HashSet::from([after]));
        while let Some(at) = open.pop() {
            if wanted.contains(&at) {
                return false;
            }
            open.extend(self.followers[at].iter().filter(|&&follower| seen.insert(follower)));
        }
        before.iter().for_each(|&at| self.edge(at, after));
        true
    }
}

fn step_can_fail(graph: &Graph, step: &Step) -> bool {
    step.nodes.iter().any(|&id| can_fail(&graph.node(id).op))
}

/// What each step waits for.
fn waits(steps: &[Step], edges: &[(usize, usize)], is_leaf: &[bool]) -> Vec<Vec<usize>> {
    let mut writer = HashMap::new();
    for (at, step) in steps.iter().enumerate() {
        step.writes.iter().filter(|&&value| !is_leaf[value]).for_each(|&value| _ = writer.entry(value).or_insert(at));
    }
    let mut waits: Vec<Vec<usize>> = steps
        .iter()
        .enumerate()
        .map(|(at, step)| {
            step.reads.iter().filter_map(|value| writer.get(value).copied()).filter(|&on| on != at).collect()
        })
        .collect();
    edges.iter().for_each(|&(before, after)| waits[after].push(before));
    waits
}

/// The first stage that each step can stand in; `None` where steps wait for each other in a circle.
fn levels(waits: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut missing: Vec<usize> = waits.iter().map(Vec::len).collect();
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); waits.len()];
    for (at, waits) in waits.iter().enumerate() {
        waits.iter().for_each(|&on| followers[on].push(at));
    }
    let mut ready: Vec<usize> = (0..waits.len()).filter(|&at| missing[at] == 0).collect();
    let mut levels = vec![0; waits.len()];
    let mut done = 0;
    while let Some(at) = ready.pop() {
        done += 1;
        for &follower in &followers[at] {
            levels[follower] = levels[follower].max(levels[at] + 1);
            missing[follower] -= 1;
            if missing[follower] == 0 {
                ready.push(follower);
            }
        }
    }
    (done == waits.len()).then_some(levels)
}

/// The stage of each step: the first possible, but what waits for nothing right before its first follower. What lasts
/// stands before all others; the number of its stages comes second.
fn schedule(steps: &[Step], edges: &[(usize, usize)], is_leaf: &[bool], lasts: &[bool]) -> (Vec<usize>, usize) {
    let mut waits = waits(steps, edges, is_leaf);
    // What lasts is there when others begin, and waits for none of them.
    for (at, waits) in waits.iter_mut().enumerate() {
        waits.retain(|&on| lasts[on] == lasts[at]);
    }
    // Edges that would close a circle were never added.
    let levels = levels(&waits);
    debug_assert!(levels.is_some(), "steps of the plan wait for each other in a circle");
    let mut levels = levels.unwrap_or_else(|| (0..steps.len()).collect());
    let lasting_stages = (0..steps.len()).filter(|&at| lasts[at]).map(|at| levels[at] + 1).max().unwrap_or(0);
    let mut latest = vec![usize::MAX; steps.len()];
    for (at, waits) in waits.iter().enumerate() {
        waits.iter().for_each(|&on| latest[on] = latest[on].min(levels[at].saturating_sub(1)));
    }
    for at in 0..steps.len() {
        if waits[at].is_empty() && latest[at] != usize::MAX {
            levels[at] = latest[at];
        }
    }
    for (level, _) in levels.iter_mut().zip(lasts).filter(|(_, lasts)| !**lasts) {
        *level += lasting_stages;
    }
    (levels, lasting_stages)
}

impl Plan {
    pub(crate) fn value(&self, id: ValueId) -> &Value {
        &self.values[id]
    }
}
