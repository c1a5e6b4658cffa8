//! Run: a plan's stages over its memory. After a runner is made, a run allocates nothing.

mod block;
mod lasting;
mod list_memory;
mod lists;
mod moves;
mod positions;
mod products;
mod samples;
mod steps;
mod task_frame;

use std::collections::HashSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

use limpid_graph::{Error, Graph, NodeId, Tensor, memory};

use lasting::LastingState;
use list_memory::ListMemory;
pub(crate) use task_frame::{Base, Raw};
use task_frame::{Failure, Frame};

use crate::kernels::{Supported, prefetch};
use crate::numbers::{LINE, Numbers};
use crate::plan::{Place, Plan, StepKind, Storage};
use crate::pool::{Pool, Walk};

/// A plan with the memory that it runs in.
#[derive(Debug)]
pub(crate) struct Runner {
    plan: Plan,
    level: Supported,
    arena: Numbers,
    scratch: Vec<Scratch>,
    lists: Vec<ListMemory>,
    bases: Vec<Base>,
    finite: Vec<bool>,
    /// Of each leaf that is fed or kept, by its node.
    stored: Vec<Raw>,
    leaves: Vec<limpid_graph::NodeId>,
    /// By node, whether it is a leaf that products from lists multiply with, and that no assignment changes.
    finite_leaves: Vec<bool>,
    /// Over the stages whose results last, and over the others.
    walks: [Walk; 2],
    lasting: LastingState,
    outputs: Vec<Output>,
}

/// A thread's scratch memory, and the step and task of this run that used it last.
#[derive(Debug)]
struct Scratch(Mutex<OwnMemory>);

type OwnMemory = (Numbers, Option<(usize, usize)>);

/// The outputs of the graph, without padding.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) shape: Vec<usize>,
    pub(crate) numbers: Vec<f32>,
}

/// Where a leaf's value is for a run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bound<'t> {
    /// With whoever feeds it.
    Fed(&'t Tensor),
    /// In the session, which lends it for reading and writing, may know that it is finite throughout, and counts how often
    /// it has changed.
    Variable { base: Base, is_finite: bool, changes: u64 },
}

/// Leaves of no more numbers are asked for before a run: 16 KiB, half of a small first-level cache.
const FEW: usize = 1 << 12;

impl Runner {
    pub(crate) fn new(graph: &Graph, plan: Plan, level: Supported, threads: usize) -> Result<Self, Error> {
        let none_for = |what: &str, count: usize| memory::no_memory(what, count.saturating_mul(size_of::<f32>()));
        // Products read whole vectors, and so beyond the last number of a value.
        let arena = Numbers::zeros(plan.arena + LINE).ok_or_else(|| none_for("the values of a run", plan.arena))?;
        let threads = if plan.flops + plan.moved() < plan.limits.parallel { 1 } else { threads };
        let scratch =
            (0..threads).map(|_| Numbers::zeros(plan.scratch + LINE).map(|own| Scratch(Mutex::new((own, None)))));
        let scratch = scratch.collect::<Option<_>>();
        let scratch = scratch.ok_or_else(|| none_for("the values that kernels work on", plan.scratch * threads))?;
        let tasks: Vec<usize> =
            plan.stages.iter().map(|steps| plan.steps[steps.clone()].iter().map(|step| step.tasks).sum()).collect();
        let output = |(_, shape): &(usize, Vec<usize>)| {
            let count = shape.iter().product();
            let mut numbers = memory::room_for("the answers of a run", count)?;
            numbers.resize(count, 0.0);
            Ok(Output { shape: shape.clone(), numbers })
        };
        let right_leaves = plan.steps.iter().filter_map(|step| match step.kind {
            StepKind::SparseProduct { right, .. } => match plan.value(right).place {
                Place::Leaf(id) => Some(id),
                _ => None,
            },
            _ => None,
        });
        let assigned: HashSet<NodeId> = plan.assigned.iter().map(|(target, _)| *target).collect();
        // By node, since each leaf asks at each step.
        let mut finite_leaves = Vec::new();
        for id in right_leaves.filter(|id| !assigned.contains(id)) {
            finite_leaves.resize(finite_leaves.len().max(id.index() + 1), false);
            finite_leaves[id.index()] = true;
        }
        Ok(Self {
            finite_leaves,
            outputs: plan.outputs.iter().map(output).collect::<Result<_, Error>>()?,
            walks: [&tasks[..plan.lasting.stages], &tasks[plan.lasting.stages..]]
                .map(|tasks| Walk::new(tasks, threads)),
            lasting: LastingState::new(&plan),
            bases: vec![Base(std::ptr::NonNull::dangling().as_ptr()); plan.values.len()],
            finite: vec![false; plan.values.len()],
            stored: vec![Raw::None; graph.nodes().len()],
            leaves: graph.fed().map(|(id, _)| id).collect(),
            lists: plan.lists.iter().map(ListMemory::new).collect::<Result<_, _>>()?,
            level,
            arena,
            scratch,
            plan,
        })
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Whether steps gain from knowing that a kept value is finite throughout.
    pub(crate) fn asks_if_finite(&self, leaf: limpid_graph::NodeId) -> bool {
        self.finite_leaves.get(leaf.index()).copied().unwrap_or(false)
    }

    pub(crate) fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    /// Notes what a leaf will be fed in the run after the next.
    pub(crate) fn announce(&mut self, leaf: limpid_graph::NodeId, positions: &Tensor) {
        let lists = self.lists.iter_mut().zip(&self.plan.lists);
        lists.filter(|(_, plan)| plan.positions == Some(leaf)).for_each(|(list, plan)| list.announce(plan, positions));
    }

    /// Computes every step from the leaves at hand, in the threads of the pool.
    ///
    /// # Safety
    /// `bound` answers for every leaf, with as many numbers as the plan was made for and stored as it was told. What it
    /// says is kept belongs to this call until it returns, in the engine's layout.
    pub(crate) unsafe fn run<'t>(
        &mut self,
        graph: &Graph,
        pool: &Pool,
        bound: impl Fn(limpid_graph::NodeId) -> Option<Bound<'t>>,
    ) -> Result<(), Error> {
        let (arena, constants) = (self.arena.as_mut_ptr(), self.plan.constants.as_ptr());
        for &id in &self.leaves {
            self.stored[id.index()] = match bound(id) {
                Some(Bound::Fed(tensor)) => Raw::of(tensor.data()),
                _ => Raw::None,
            };
            // A sample or two are on their way while what follows is made ready.
            if let Raw::Floats(numbers, len @ ..=FEW) = self.stored[id.index()] {
                prefetch(numbers, len);
            }
        }
        for (at, value) in self.plan.values.iter().enumerate() {
            self.bases[at].0 = match value.place {
                Place::Arena(offset) => arena.wrapping_add(offset),
                // Constants are never written: no step has one among its results.
                Place::Constant(offset) => constants.wrapping_add(offset).cast_mut(),
                Place::Leaf(id) => match (bound(id), self.stored[id.index()]) {
                    (Some(Bound::Variable { base, is_finite, .. }), _) => {
                        self.finite[at] = is_finite;
                        base.0
                    }
                    (_, Raw::Floats(numbers, _)) => numbers.cast_mut(),
                    // Read by steps that know how it is stored.
                    _ => std::ptr::NonNull::dangling().as_ptr(),
                },
            };
        }
        let lasts = self.lasting.is_there(|leaf| match bound(leaf) {
            Some(Bound::Variable { changes, .. }) => Some(changes),
            _ => None,
        });
        self.lasting.poison_others(lasts, &mut self.arena);
        for scratch in &mut self.scratch {
            let (numbers, last) = scratch.0.get_mut().unwrap_or_else(PoisonError::into_inner);
            numbers.poison();
            *last = None;
        }
        let Self { plan, level, scratch, lists, bases, finite, stored, walks, .. } = self;
        let (changes_from, stages, lasting) = (plan.changes_from, &plan.stages, plan.lasting.stages);
        let frame = Frame {
            plan,
            level: *level,
            bases,
            stored,
            lists,
            finite,
            failed: AtomicBool::new(false),
            failure: Mutex::new(None),
        };
        let run = |(numbers, last): &mut OwnMemory, stage: usize, mut task: usize| {
            // What is kept changes only where all went well.
            if stage >= changes_from && frame.has_failed() {
                return;
            }
            for at in stages[stage].clone() {
                let step = &frame.plan.steps[at];
                if task < step.tasks {
                    let before = last.replace((at, task)).filter(|(step, _)| *step == at).map(|(_, task)| task);
                    // SAFETY: as the frame says.
                    return unsafe { steps::run(&frame, step, task, numbers, before) };
                }
                task -= step.tasks;
            }
        };
        for (walk, first) in walks.iter_mut().zip([0, lasting]).skip(usize::from(lasts)) {
            if let [Scratch(own)] = &mut scratch[..] {
                // A small network's answer takes a microsecond, of which locks would be a twentieth.
                let own = own.get_mut().unwrap_or_else(PoisonError::into_inner);
                walk.run_alone(|stage, task| run(own, first + stage, task));
            } else {
                walk.run_by(pool, &|worker, stage, task| {
                    let mut own = scratch[worker].0.lock().unwrap_or_else(PoisonError::into_inner);
                    run(&mut own, first + stage, task);
                });
            }
        }
        let failure = frame.failure.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.lasting.is_made();
        self.lists.iter_mut().for_each(ListMemory::forget);
        match failure {
            Some(failure) => Err(position(graph, failure)),
            None => {
                self.answer();
                Ok(())
            }
        }
    }

    /// Copies the outputs out of the arena.
    fn answer(&mut self) {
        for (&(value, _), output) in self.plan.outputs.iter().zip(&mut self.outputs) {
            // SAFETY: the run is over, and nobody else has the arena.
            unsafe { unpadded(&self.plan, &self.bases, value, &mut output.numbers) };
        }
    }

    /// The value of an assignment to what is not kept yet.
    pub(crate) fn value(&self, value: usize) -> Output {
        let described = self.plan.value(value);
        let mut numbers = vec![0.0; described.matrix.count()];
        let from = match described.place {
            Place::Arena(offset) => &self.arena[offset..],
            Place::Constant(offset) => &self.plan.constants[offset..],
            // The planner has a leaf that is assigned copied.
            Place::Leaf(_) => &[],
        };
        let (columns, rows) = (described.matrix.columns.max(1), from.chunks(described.pitch.max(1)));
        numbers.chunks_exact_mut(columns).zip(rows).for_each(|(to, row)| to.copy_from_slice(&row[..columns]));
        Output { shape: described.shape.clone(), numbers }
    }
}

/// # Safety
/// Nobody writes the value meanwhile.
unsafe fn unpadded(plan: &Plan, bases: &[Base], value: usize, to: &mut [f32]) {
    let described = plan.value(value);
    let columns = described.matrix.columns.max(1);
    for (row, to) in to.chunks_exact_mut(columns).enumerate() {
        // SAFETY: rows of a value lie its pitch apart; the caller answers for the rest.
        let from = unsafe { std::slice::from_raw_parts(bases[value].0.add(row * described.pitch), columns) };
        to.copy_from_slice(from);
    }
}

fn position(graph: &Graph, Failure { node: id, bad, .. }: Failure) -> Error {
    let node = graph.node(id);
    let of = graph.label(node.inputs.last().copied().unwrap_or(id));
    Error::Position { what: format!("`{}` of {of}", node.op.name()), found: bad.found, extent: bad.extent }
}

/// How a fed tensor is stored.
pub(crate) fn storage(tensor: &Tensor) -> Storage {
    match tensor.data() {
        limpid_graph::Data::F32(_) => Storage::Floats,
        limpid_graph::Data::F64(_) => Storage::Doubles,
        limpid_graph::Data::U8(_) => Storage::Bytes,
    }
}
