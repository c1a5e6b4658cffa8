//! Order: which steps run in which stage, and which assignments are written in place.
//!
//! A step stands in the first stage behind those that write what it reads; one that waits for nothing stands right
//! before whoever needs it. Where an assignment's value is written over the kept one, that step stands behind everything
//! that reads the old value, and behind everything that can fail.

use limpid_graph::{Graph, NodeId};

use super::draft::{Assigned, Drafted, can_fail};
use super::{Place, Plan, Step, Value, ValueId, Work};

/// A drafted plan with its steps in stages.
pub(super) fn ordered(graph: &Graph, mut drafted: Drafted) -> Plan {
    let mut changing = vec![false; drafted.steps.len()];
    // Who reads a leaf never waits for whoever changes it: it is the other way round.
    let is_leaf: Vec<bool> = drafted.values.iter().map(|value| matches!(value.place, Place::Leaf(_))).collect();
    // What has to stand behind what, beyond reading what it writes.
    let mut edges: Vec<(usize, usize)> = Vec::new();
    let failing: Vec<usize> = (0..drafted.steps.len()).filter(|&at| step_can_fail(graph, &drafted.steps[at])).collect();
    let mut assigned = Vec::new();
    for Assigned { target, value, kept, in_place, adds } in std::mem::take(&mut drafted.assigned) {
        let Some(kept) = kept else {
            assigned.push((target, Some(value)));
            continue;
        };
        assigned.push((target, None));
        let writer = writer_of(&drafted.steps, value);
        // A product reads its operands to the end, and must not find its own result there.
        let reads_it = |writer: usize| adds && drafted.steps[writer].reads.contains(&kept);
        if let (true, Some(writer)) = (in_place, writer.filter(|&writer| !reads_it(writer))) {
            let before = edges.len();
            edges.extend(readers(&drafted.steps, kept, target).filter(|&at| at != writer).map(|at| (at, writer)));
            edges.extend(failing.iter().map(|&at| (at, writer)));
            if levels(&drafted.steps, &edges, &is_leaf).is_some() {
                changing[writer] = true;
                drafted.values[value].place = Place::Leaf(target);
                continue;
            }
            edges.truncate(before);
        }
        if let (true, Some(writer)) = (adds, writer) {
            // What is added to is a copy.
            edges.push((drafted.steps.len(), writer));
            push(&mut drafted.steps, &mut changing, Work::Copy, kept, value, false, target);
        }
        let commit = drafted.steps.len();
        edges.extend(readers(&drafted.steps, kept, target).map(|at| (at, commit)));
        edges.extend(failing.iter().map(|&at| (at, commit)));
        edges.extend(writer_of(&drafted.steps, value).map(|at| (at, commit)));
        push(&mut drafted.steps, &mut changing, Work::Copy, value, kept, true, target);
    }
    let Drafted { values, steps, constants, lists, outputs, flops, .. } = drafted;
    let levels = settled(&steps, &edges, &is_leaf);
    let changes_from = (0..steps.len()).filter(|&at| changing[at]).map(|at| levels[at]).min();
    let stage_count = levels.iter().max().map_or(0, |&last| last + 1);
    let mut order: Vec<usize> = (0..steps.len()).collect();
    order
        .sort_by_key(|&at| (levels[at], std::cmp::Reverse(steps[at].tasks), steps[at].nodes.iter().max().copied(), at));
    let mut stages = Vec::with_capacity(stage_count);
    let mut from = 0;
    for stage in 0..stage_count {
        let to = from + order[from..].iter().take_while(|&&at| levels[at] == stage).count();
        stages.push(from..to);
        from = to;
    }
    let mut steps: Vec<Option<Step>> = steps.into_iter().map(Some).collect();
    let steps = order.into_iter().filter_map(|at| steps[at].take()).collect();
    let numbers = crate::numbers::Numbers::from_slice(&constants);
    Plan {
        values,
        steps,
        stages,
        changes_from: changes_from.unwrap_or(stage_count),
        constants: numbers,
        outputs,
        assigned,
        arena: 0,
        unshared: 0,
        scratch: 0,
        lists,
        flops,
    }
}

fn push(
    steps: &mut Vec<Step>,
    changing: &mut Vec<bool>,
    work: Work,
    from: ValueId,
    to: ValueId,
    changes: bool,
    node: NodeId,
) {
    let (shapes, stored) = (Vec::new(), None);
    steps.push(Step { work, tasks: 1, writes: vec![to], reads: vec![from], shapes, stored, nodes: vec![node] });
    changing.push(changes);
}

fn step_can_fail(graph: &Graph, step: &Step) -> bool {
    step.nodes.iter().any(|&id| can_fail(&graph.node(id).op))
}

/// The step that finishes a value.
fn writer_of(steps: &[Step], value: ValueId) -> Option<usize> {
    steps.iter().position(|step| step.writes.contains(&value))
}

/// The steps that read a leaf where it is kept.
fn readers(steps: &[Step], kept: ValueId, target: NodeId) -> impl Iterator<Item = usize> + use<'_> {
    let reads = move |step: &Step| step.reads.contains(&kept) || step.stored == Some(target);
    (0..steps.len()).filter(move |&at| reads(&steps[at]))
}

/// What each step waits for.
fn waits(steps: &[Step], edges: &[(usize, usize)], is_leaf: &[bool]) -> Vec<Vec<usize>> {
    let mut writer = std::collections::HashMap::new();
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
fn levels(steps: &[Step], edges: &[(usize, usize)], is_leaf: &[bool]) -> Option<Vec<usize>> {
    let waits = waits(steps, edges, is_leaf);
    let mut missing: Vec<usize> = waits.iter().map(Vec::len).collect();
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); steps.len()];
    for (at, waits) in waits.iter().enumerate() {
        waits.iter().for_each(|&on| followers[on].push(at));
    }
    let mut ready: Vec<usize> = (0..steps.len()).filter(|&at| missing[at] == 0).collect();
    let mut levels = vec![0; steps.len()];
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
    (done == steps.len()).then_some(levels)
}

/// The stage of each step: the first possible, but what waits for nothing right before its first follower.
fn settled(steps: &[Step], edges: &[(usize, usize)], is_leaf: &[bool]) -> Vec<usize> {
    // Edges that would close a circle were never added.
    let levels = levels(steps, edges, is_leaf);
    debug_assert!(levels.is_some(), "steps of the plan wait for each other in a circle");
    let mut levels = levels.unwrap_or_else(|| (0..steps.len()).collect());
    let waits = waits(steps, edges, is_leaf);
    let is_free: Vec<bool> = waits.iter().map(Vec::is_empty).collect();
    let mut latest = vec![usize::MAX; steps.len()];
    for (at, waits) in waits.iter().enumerate() {
        waits.iter().for_each(|&on| latest[on] = latest[on].min(levels[at].saturating_sub(1)));
    }
    for at in 0..steps.len() {
        if is_free[at] && latest[at] != usize::MAX {
            levels[at] = latest[at];
        }
    }
    levels
}

impl Plan {
    pub(crate) fn value(&self, id: ValueId) -> &Value {
        &self.values[id]
    }
}
