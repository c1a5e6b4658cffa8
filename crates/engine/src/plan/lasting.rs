//! What lasts: values made from variables alone that a plan does not change, such as a network's weights in the layout
//! that a kernel reads. The steps that make them stand in stages of their own, before all others, and run again only when
//! one of those variables has changed.

use std::collections::{BTreeSet, HashMap};

use limpid_graph::{Graph, NodeId};

use super::lower::can_fail;
use super::{Place, Plan, Step, StepKind, Value, ValueId};

/// The stages at the beginning of a plan whose results last from run to run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lasting {
    /// How many stages there are.
    pub(crate) stages: usize,
    /// The variables that they read.
    pub(crate) leaves: Vec<NodeId>,
    /// The values that later stages read, or a run answers.
    pub(crate) values: Vec<ValueId>,
}

/// Which steps make what lasts. `is_constant` says of a leaf whether its value is a variable's that nothing changes here.
pub(super) fn of_steps(
    graph: &Graph,
    steps: &[Step],
    values: &[Value],
    is_constant: impl Fn(NodeId) -> bool,
) -> Vec<bool> {
    let mut writers: HashMap<ValueId, Vec<usize>> = HashMap::new();
    for (at, step) in steps.iter().enumerate() {
        step.writes.iter().for_each(|&value| writers.entry(value).or_default().push(at));
    }
    // A step is taken out once; what reads what it writes follows.
    let mut lasts = vec![true; steps.len()];
    let mut readers: HashMap<ValueId, Vec<usize>> = HashMap::new();
    for (at, step) in steps.iter().enumerate() {
        step.reads.iter().for_each(|&value| readers.entry(value).or_default().push(at));
    }
    let may_last = |step: &Step| {
        let is_memory = |&value: &ValueId| matches!(values[value].place, Place::Arena(_));
        let is_known = |&value: &ValueId| match values[value].place {
            Place::Arena(_) => writers.contains_key(&value),
            Place::Constant(_) => true,
            Place::Leaf(id) => is_constant(id),
        };
        let is_list = matches!(
            step.kind,
            StepKind::List { .. } | StepKind::SparseProduct { .. } | StepKind::SparseGradient { .. }
        );
        !is_list
            && step.stored.is_none()
            && !step.nodes.iter().any(|&id| can_fail(&graph.node(id).op))
            && step.writes.iter().all(is_memory)
            && step.reads.iter().all(is_known)
    };
    let mut out: Vec<usize> = (0..steps.len()).filter(|&at| !may_last(&steps[at])).collect();
    out.iter().for_each(|&at| lasts[at] = false);
    while let Some(at) = out.pop() {
        for value in &steps[at].writes {
            // Whoever else writes the value writes a part of it.
            let others = writers.get(value).into_iter().chain(readers.get(value)).flatten();
            for &other in others {
                if std::mem::replace(&mut lasts[other], false) {
                    out.push(other);
                }
            }
        }
    }
    lasts
}

impl Lasting {
    /// What lasts among steps that are in stages.
    pub(super) fn of(
        (own, others): (&[Step], &[Step]),
        stages: usize,
        values: &[Value],
        outputs: impl Iterator<Item = ValueId>,
    ) -> Self {
        let written: BTreeSet<ValueId> = own.iter().flat_map(|step| &step.writes).copied().collect();
        let leaf = |&value: &ValueId| match values[value].place {
            Place::Leaf(id) => Some(id),
            _ => None,
        };
        let leaves: BTreeSet<NodeId> = own.iter().flat_map(|step| &step.reads).filter_map(leaf).collect();
        let read: BTreeSet<ValueId> = others.iter().flat_map(|step| &step.reads).copied().chain(outputs).collect();
        Self { stages, leaves: leaves.into_iter().collect(), values: written.intersection(&read).copied().collect() }
    }
}

impl Plan {
    /// The first step that runs each time.
    pub(crate) fn first_behind_lasting(&self) -> usize {
        self.stages.get(self.lasting.stages).map_or(self.steps.len(), |stage| stage.start)
    }
}
