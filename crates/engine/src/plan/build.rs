//! From groups to steps: what each reads and how, what has to be written, in which order.

use std::collections::{HashMap, HashSet};

use limpid_graph::op::row_major_strides;
use limpid_graph::{Error, Expr, Graph, Layout, Leaf, MapOp, NodeId, Op, Sizes};

use super::group::{Groups, Pattern, is_elementwise, pattern, read_through, storage};
use super::{Instruction, Operand, Place, Plan, Source, Step, Target, Tile, Work, memory};
use crate::kernels::product;

impl Plan {
    /// Plans `graph` for these sizes.
    ///
    /// # Errors
    /// As [`Graph::shapes`].
    pub fn new(graph: &Graph, sizes: &Sizes) -> Result<Self, Error> {
        let shapes = graph.shapes(sizes)?;
        let groups = Groups::of(graph, &shapes);
        let mut drafter = Drafter {
            graph,
            shapes: &shapes,
            groups: &groups,
            steps: Vec::new(),
            written: vec![false; shapes.len()],
            spread: HashSet::new(),
        };
        drafter.draft();
        let Drafter { steps, written, .. } = drafter;
        let steps = in_order(steps);
        let (constants, mut places) = constants(graph, sizes);
        let converted = memory::place(graph, &shapes, &steps, &written, &mut places);
        let scratch = steps.iter().map(|step| step.work.scratch()).max().unwrap_or(0);
        Ok(Self { steps, places, shapes, constants, scratch, ..converted })
    }
}

impl Work {
    fn scratch(&self) -> usize {
        match self {
            Self::Product { sizes, .. } => product::scratch_len(*sizes),
            Self::Tile(tile) => tile.scratch(),
            _ => 0,
        }
    }
}

struct Drafter<'g> {
    graph: &'g Graph,
    shapes: &'g [Vec<usize>],
    groups: &'g Groups,
    steps: Vec<Step>,
    /// Which values have to be in memory.
    written: Vec<bool>,
    /// The broadcasts and permutations that could not be read through, and have a step.
    spread: HashSet<NodeId>,
}

impl Drafter<'_> {
    fn draft(&mut self) {
        let ends: Vec<NodeId> = self
            .graph
            .outputs()
            .iter()
            .copied()
            .chain(self.graph.assignments().iter().map(|assignment| assignment.value))
            .collect();
        for end in ends {
            self.read(end);
        }
        // Who reads what decides what is written, so the single steps come first and tiles are built when all is known.
        for members in &self.groups.members {
            if !is_elementwise(&self.graph.node(members[0]).op) {
                self.single(members[0]);
            }
        }
        let tiles: Vec<(usize, Vec<NodeId>)> = self
            .groups
            .members
            .iter()
            .enumerate()
            .filter(|(_, members)| is_elementwise(&self.graph.node(members[0]).op))
            .map(|(group, members)| (group, members.clone()))
            .collect();
        for (group, members) in &tiles {
            self.mark_reads(*group, members);
        }
        for (group, members) in tiles {
            self.tile(group, members);
        }
    }

    /// Sees to it that the value of `id` is in memory; answers the node that holds it.
    fn read(&mut self, id: NodeId) -> NodeId {
        let held = storage(self.graph, id);
        self.written[held.index()] = true;
        let lazy = matches!(self.graph.node(held).op, Op::Layout(Layout::Broadcast(_) | Layout::Permute(_)));
        if lazy && self.spread.insert(held) {
            let work = self.strided(held);
            let input = self.graph.node(held).inputs[0];
            self.push(work, vec![held], vec![input], vec![held]);
        }
        held
    }

    fn push(&mut self, work: Work, writes: Vec<NodeId>, reads: Vec<NodeId>, nodes: Vec<NodeId>) {
        let at = self.steps.len();
        self.steps.push(Step { work, writes, inputs: Vec::new(), reads: Vec::new(), nodes });
        let mut held: Vec<NodeId> = reads.iter().map(|&id| self.read(id)).collect();
        self.steps[at].inputs = reads;
        held.sort();
        held.dedup();
        self.steps[at].reads = held;
    }

    fn strided(&self, id: NodeId) -> Work {
        let node = self.graph.node(id);
        let (from, to) = (&self.shapes[node.inputs[0].index()], &self.shapes[id.index()]);
        let strides = row_major_strides(from);
        match &node.op {
            Op::Layout(Layout::Permute(axes)) => {
                Work::Strided { offset: 0, strides: axes.iter().map(|&axis| strides[axis]).collect() }
            }
            Op::Layout(Layout::Slice { axis, start, .. }) => Work::Strided { offset: start * strides[*axis], strides },
            _ => {
                let new = to.len() - from.len();
                let stride = |axis: usize| match axis.checked_sub(new) {
                    Some(old) if from[old] != 1 => strides[old],
                    _ => 0,
                };
                Work::Strided { offset: 0, strides: (0..to.len()).map(stride).collect() }
            }
        }
    }

    /// A step that is one node.
    fn single(&mut self, id: NodeId) {
        let node = self.graph.node(id);
        let mut reads = node.inputs.clone();
        let work = match &node.op {
            Op::Contract => {
                let (left_node, left) = self.operand(node.inputs[0]);
                let (right_node, right) = self.operand(node.inputs[1]);
                reads = vec![left_node, right_node];
                let shape = &self.shapes[id.index()];
                let [lead @ .., m, n] = shape.as_slice() else { return };
                let k = self.shapes[node.inputs[0].index()].last().copied().unwrap_or(0);
                let sizes = product::Sizes { m: *m, k, n: *n };
                Work::Product { batch: lead.iter().product(), sizes, left, right }
            }
            Op::Reduce(reduce) => {
                let shape = &self.shapes[node.inputs[0].index()];
                Work::Reduce { monoid: reduce.monoid, groups: folded_groups(shape, &reduce.axes) }
            }
            Op::Layout(Layout::Slice { .. }) => self.strided(id),
            Op::Layout(layout) => Work::Arrange(layout.clone()),
            Op::Index(index) => Work::Index(index.clone()),
            Op::Leaf(_) | Op::Map(_) | Op::Formula(_) => return,
        };
        self.written[id.index()] = true;
        self.push(work, vec![id], reads, vec![id]);
    }

    /// How a product reads an operand: through a transposition, where it is one.
    fn operand(&self, id: NodeId) -> (NodeId, Operand) {
        let node = self.graph.node(id);
        let [.., rows, columns] = self.shapes[id.index()].as_slice() else {
            return (id, Operand { row: 0, column: 0, matrix: 0 });
        };
        let matrix = rows * columns;
        match &node.op {
            Op::Layout(Layout::Permute(axes)) if is_transposition(axes) => {
                (node.inputs[0], Operand { row: 1, column: *rows, matrix })
            }
            _ => (id, Operand { row: *columns, column: 1, matrix }),
        }
    }

    /// Marks what a tile reads of other steps as written.
    fn mark_reads(&mut self, group: usize, members: &[NodeId]) {
        for &member in members {
            for input in self.graph.node(member).inputs.clone() {
                if self.groups.of[input.index()] != Some(group) {
                    self.source(group, member, input);
                }
            }
        }
    }

    /// How a member of a tile finds an input from outside.
    fn source(&mut self, group: usize, member: NodeId, input: NodeId) -> Source {
        let (from, is_broadcast) = read_through(self.graph, input);
        if !is_broadcast {
            return Source::Full(self.read(input));
        }
        let (from_shape, to) = (&self.shapes[from.index()], &self.shapes[member.index()]);
        let columns = self.groups.columns[group];
        match pattern(from_shape, to) {
            Some(Pattern::Single) => Source::Single(self.read(from)),
            Some(Pattern::PerRow { columns: own }) if Some(own) == columns => Source::PerRow(self.read(from)),
            Some(Pattern::PerColumn { columns: own }) if Some(own) == columns => Source::PerColumn(self.read(from)),
            _ => Source::Full(self.read(input)),
        }
    }

    fn tile(&mut self, group: usize, members: Vec<NodeId>) {
        let count: usize = self.shapes[members[0].index()].iter().product();
        let columns = self.groups.columns[group].unwrap_or(count).max(1);
        let mut instructions = Vec::new();
        let mut reads = Vec::new();
        // Where each member's result is: its place, or a slot numbered afresh and packed below.
        let mut results: HashMap<NodeId, Source> = HashMap::new();
        let mut next = 0;
        for &member in &members {
            let node = self.graph.node(member);
            let mut arguments = Vec::with_capacity(node.inputs.len());
            for &input in &node.inputs {
                arguments.push(match results.get(&input) {
                    Some(&result) => result,
                    None => self.source(group, member, input),
                });
            }
            reads.extend(arguments.iter().filter_map(Source::node));
            let to = if self.written[member.index()] { Target::Value(member) } else { Target::Slot(fresh(&mut next)) };
            match &node.op {
                Op::Map(op) => instructions.push(Instruction { op: *op, arguments, to }),
                Op::Formula(formula) => lower(formula.body(), &arguments, to, &mut next, &mut instructions),
                _ => {}
            }
            let result = match to {
                Target::Value(node) => Source::Full(node),
                Target::Slot(slot) => Source::Slot(slot),
            };
            results.insert(member, result);
        }
        let slots = pack_slots(&mut instructions);
        let writes: Vec<NodeId> = members.iter().copied().filter(|id| self.written[id.index()]).collect();
        reads.retain(|id| !writes.contains(id));
        let tile = Tile { rows: count / columns, columns, instructions, slots };
        self.push(Work::Tile(tile), writes, reads, members);
    }
}

fn fresh(next: &mut usize) -> usize {
    *next += 1;
    *next - 1
}

/// A formula's body as instructions, the last of which writes `to`.
fn lower(body: &Expr, arguments: &[Source], to: Target, next: &mut usize, out: &mut Vec<Instruction>) {
    let (op, inner) = match body {
        Expr::Apply(op, inner) => (*op, inner.as_slice()),
        // A bare argument or number is copied.
        _ => (MapOp::Identity, std::slice::from_ref(body)),
    };
    let arguments = inner
        .iter()
        .map(|inner| match inner {
            Expr::Argument(i) => arguments[*i],
            Expr::Number(number) => Source::Number(*number as f32),
            Expr::Apply(..) => {
                let slot = fresh(next);
                lower(inner, arguments, Target::Slot(slot), next, out);
                Source::Slot(slot)
            }
        })
        .collect();
    out.push(Instruction { op, arguments, to });
}

/// Renumbers slots so that one is used again after its last reader; answers how many there are.
fn pack_slots(instructions: &mut [Instruction]) -> usize {
    let mut last_use: HashMap<usize, usize> = HashMap::new();
    for (at, instruction) in instructions.iter().enumerate() {
        for argument in &instruction.arguments {
            if let Source::Slot(slot) = argument {
                last_use.insert(*slot, at);
            }
        }
    }
    let (mut renamed, mut free, mut count) = (HashMap::new(), Vec::new(), 0);
    for (at, instruction) in instructions.iter_mut().enumerate() {
        let mut ending = Vec::new();
        for argument in &mut instruction.arguments {
            if let Source::Slot(slot) = argument {
                if last_use.get(slot) == Some(&at) {
                    ending.push(renamed[&*slot]);
                }
                *slot = renamed[&*slot];
            }
        }
        if let Target::Slot(slot) = &mut instruction.to {
            let new = free.pop().unwrap_or_else(|| fresh(&mut count));
            renamed.insert(*slot, new);
            // A result that nobody reads frees its slot at once.
            if !last_use.contains_key(slot) {
                ending.push(new);
            }
            *slot = new;
        }
        ending.sort_unstable();
        ending.dedup();
        free.extend(ending);
    }
    count
}

impl Source {
    /// The value that it reads, if any.
    pub(crate) fn node(&self) -> Option<NodeId> {
        match self {
            Self::Full(id) | Self::PerRow(id) | Self::PerColumn(id) | Self::Single(id) => Some(*id),
            Self::Slot(_) | Self::Number(_) => None,
        }
    }
}

fn is_transposition(axes: &[usize]) -> bool {
    let rank = axes.len();
    let expected = |axis: usize| match axis {
        _ if axis + 2 == rank => rank - 1,
        _ if axis + 1 == rank => rank - 2,
        _ => axis,
    };
    rank >= 2 && axes.iter().enumerate().all(|(axis, &from)| from == expected(axis))
}

/// Neighbouring axes that are folded, or kept, together. Axes of extent 1 belong to either.
fn folded_groups(shape: &[usize], axes: &[usize]) -> Vec<(bool, usize)> {
    let mut groups: Vec<(bool, usize)> = Vec::new();
    for (axis, &extent) in shape.iter().enumerate().filter(|(_, extent)| **extent != 1) {
        match groups.last_mut() {
            Some((folded, product)) if *folded == axes.contains(&axis) => *product *= extent,
            _ => groups.push((axes.contains(&axis), extent)),
        }
    }
    groups
}

/// Sorts steps so that each stands behind those that write what it reads; among those that can run, the one whose last
/// node was described first.
fn in_order(steps: Vec<Step>) -> Vec<Step> {
    let mut writer: HashMap<NodeId, usize> = HashMap::new();
    for (at, step) in steps.iter().enumerate() {
        writer.extend(step.writes.iter().map(|&id| (id, at)));
    }
    let mut waits: Vec<usize> = vec![0; steps.len()];
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); steps.len()];
    for (at, step) in steps.iter().enumerate() {
        for before in step.reads.iter().filter_map(|id| writer.get(id)).filter(|&&before| before != at) {
            waits[at] += 1;
            followers[*before].push(at);
        }
    }
    let rank = |at: usize| std::cmp::Reverse((steps[at].nodes.iter().max().copied(), at));
    let mut ready: std::collections::BinaryHeap<_> =
        (0..steps.len()).filter(|&at| waits[at] == 0).map(|at| (rank(at), at)).collect();
    let mut order = Vec::with_capacity(steps.len());
    while let Some((_, at)) = ready.pop() {
        order.push(at);
        for &follower in &followers[at] {
            waits[follower] -= 1;
            if waits[follower] == 0 {
                ready.push((rank(follower), follower));
            }
        }
    }
    debug_assert_eq!(order.len(), steps.len(), "groups make no circles");
    let mut steps: Vec<Option<Step>> = steps.into_iter().map(Some).collect();
    order.into_iter().filter_map(|at| steps[at].take()).collect()
}

/// The numbers of constants and extents, and their places.
fn constants(graph: &Graph, sizes: &Sizes) -> (Vec<f32>, Vec<Option<Place>>) {
    let mut numbers: Vec<f32> = Vec::new();
    let mut places = vec![None; graph.nodes().len()];
    for (id, node) in graph.nodes() {
        let values = match &node.op {
            Op::Leaf(Leaf::Constant(value)) => value.to_f32(),
            Op::Leaf(Leaf::Extent(dim)) => vec![dim.resolve(sizes).unwrap_or(0) as f32],
            _ => continue,
        };
        places[id.index()] = Some(Place::Constant { offset: numbers.len(), len: values.len() });
        numbers.extend(values);
    }
    (numbers, places)
}
