//! Draft: from groups to steps, each with what it reads and writes; in no order yet, and without places in the arena.

use std::collections::{HashMap, HashSet};

use limpid_graph::op::row_major_strides;
use limpid_graph::{Assignment, Graph, Index, Layout, Leaf, Node, NodeId, Op, Sizes};

use super::groups::Groups;
use super::updates::{self, Added};
use super::uses::{Reader, Use, View};
use super::zeros::{self, Origin};
use super::{ListPlan, Matrix, Place, Product, Right, Step, Storage, Stored, Update, Value, ValueId, Work, pitch};
use crate::kernels::{Level, product, sparse};
use crate::numbers::LINE;

/// Copies and gathers of at least so many numbers are cut into tasks.
const LARGE: usize = 1 << 13;

/// Products of at least so many multiplications are cut into tasks.
const LARGE_PRODUCT: usize = 1 << 19;

/// How many rows a task of a gather brings.
pub(crate) const GATHERED: usize = 32;

/// Large products are cut into about so many tasks.
const TASKS: usize = 4;

/// How many columns a task of a product from lists makes, where tasks share lists.
pub(crate) const SPARSE_PANEL: usize = 128;

/// Products of at least so many columns gather by transposed lists in the gradient: making them pays.
const TURNED: usize = 256;

/// How many rows a task lists, about.
const LISTED: usize = 64;

/// Steps and values as drafted.
#[derive(Debug)]
pub(super) struct Drafted {
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

pub(super) struct Draft<'g> {
    pub(super) reader: Reader<'g>,
    sizes: &'g Sizes,
    pub(super) level: Level,
    stored: &'g dyn Fn(NodeId) -> Stored,
    pub(super) groups: Groups,
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
    pub(super) demanded: Vec<bool>,
    pub(super) values: Vec<Value>,
    of_node: HashMap<NodeId, ValueId>,
    /// The sums that a product is cut into along k.
    pub(super) parts: HashMap<NodeId, Vec<ValueId>>,
    derived: HashMap<(ValueId, Form), ValueId>,
    listed: HashMap<(NodeId, bool), usize>,
    pub(super) steps: Vec<Step>,
    constants: Vec<f32>,
    lists: Vec<ListPlan>,
}

/// Another form of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Form {
    /// Without padding.
    Plain,
    /// Columns as rows.
    Transposed,
    /// With rows of whole cache lines.
    Padded,
    /// As a matrix of other rows and columns.
    Reshaped(Matrix),
    /// The same, in memory of its own.
    Copied,
}

impl<'g> Draft<'g> {
    pub(super) fn of(
        graph: &'g Graph,
        sizes: &'g Sizes,
        shapes: &'g [Vec<usize>],
        level: Level,
        stored: &'g dyn Fn(NodeId) -> Stored,
    ) -> Drafted {
        let reader = Reader { graph, shapes };
        let added: HashMap<NodeId, Added> = updates::find(reader)
            .into_iter()
            .filter(|(_, added)| stored(added.target).storage == Storage::Kept)
            .collect();
        let products: HashSet<NodeId> = added.values().map(|added| added.product).collect();
        let mut origins = HashMap::new();
        for (id, _) in graph.nodes().filter(|(_, node)| matches!(node.op, Op::Contract)) {
            if let Some((x, matrix)) = left_operand(reader, id) {
                let is_gradient = reader.transposed(reader.inputs(id)[0]).is_some();
                let is_added = products.contains(&id);
                let origin = zeros::origin(reader, x, matrix, stored);
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
        let (failing, read_otherwise) = what_members_do(reader, &groups);
        let mut draft = Self {
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
            needed: vec![false; shapes.len()],
            demanded: vec![false; shapes.len()],
            values: Vec::new(),
            of_node: HashMap::new(),
            parts: HashMap::new(),
            derived: HashMap::new(),
            listed: HashMap::new(),
            steps: Vec::new(),
            constants: Vec::new(),
            lists: Vec::new(),
        };
        draft.find_needs();
        draft.draft()
    }

    /// Marks what has to be computed, and what of it is read from memory.
    fn find_needs(&mut self) {
        let graph = self.reader.graph;
        let ends = graph.outputs().iter().copied().chain(graph.assignments().iter().map(|a| a.value));
        let mut open: Vec<NodeId> = ends.map(|end| self.reader.storage(end)).collect();
        open.iter().for_each(|end| self.demanded[end.index()] = true);
        // What can fail is computed even if nobody reads it: the mistake is told all the same.
        // A gather that a list does is checked there.
        let listed: Vec<NodeId> = self.origins.values().filter_map(Origin::gather).collect();
        let fails = |(id, node): &(NodeId, &Node)| can_fail(&node.op) && !listed.contains(id);
        open.extend(graph.nodes().filter(fails).map(|(id, _)| id));
        while let Some(id) = open.pop() {
            if std::mem::replace(&mut self.needed[id.index()], true) {
                continue;
            }
            for used in self.uses(id) {
                let group = self.groups.of[id.index()];
                let is_inner = used.view.is_by_rows()
                    && group.is_some_and(|group| self.groups.is_inner(self.reader, group, used.source));
                if !is_inner && used.view != View::Stored {
                    self.demanded[used.source.index()] = true;
                }
                open.push(used.source);
            }
        }
    }

    /// What computing `id` reads, with updates and lists of non-zeros as they are run.
    fn uses(&self, id: NodeId) -> Vec<Use> {
        if self.reader.is_lazy(id) {
            let source = self.reader.storage(self.reader.inputs(id)[0]);
            return vec![Use { source, view: View::Plain }];
        }
        if let Some(added) = self.added.get(&id) {
            let scale = added.scale.map(|source| Use { source, view: View::Single });
            return self.product_uses(added.product).into_iter().chain(scale).collect();
        }
        if self.origins.contains_key(&id) { self.product_uses(id) } else { self.reader.uses(id) }
    }

    fn product_uses(&self, product: NodeId) -> Vec<Use> {
        let mut uses = self.reader.uses(product);
        if let View::Full = uses[0].view {
            uses[0].view = View::Matrix { transposed: false };
        }
        if let Some(Origin::Stored { leaf, rows, .. }) = self.origins.get(&product) {
            uses[0] = Use { source: *leaf, view: View::Stored };
            uses.extend(rows.map(|rows| Use { source: rows.positions, view: View::Plain }));
        }
        uses
    }

    fn draft(mut self) -> Drafted {
        let graph = self.reader.graph;
        // Products cut along k are known before anything else reads them.
        for group in 0..self.groups.all.len() {
            if self.groups.all[group].rows.is_none() {
                self.alone(self.groups.all[group].members[0]);
            }
        }
        let outputs = graph.outputs().iter().map(|&id| (self.end(id), self.reader.shape(id).to_vec())).collect();
        let assigned: Vec<Assigned> = graph.assignments().iter().map(|a| self.assigned(a.target, a.value)).collect();
        for group in 0..self.groups.all.len() {
            if let Some(rows) = self.groups.all[group].rows {
                self.region(group, rows);
            }
        }
        let flops = graph.flops(self.sizes).unwrap_or_default().iter().sum();
        let Self { values, steps, constants, lists, .. } = self;
        Drafted { values, steps, constants, lists, outputs, assigned, flops }
    }

    /// The value of an output or an assignment: one that no other assignment changes meanwhile.
    fn end(&mut self, id: NodeId) -> ValueId {
        let held = self.reader.storage(id);
        let value = self.value(held);
        match self.values[value].place {
            Place::Leaf(_) => self.derived(value, Form::Copied),
            _ => value,
        }
    }

    fn assigned(&mut self, target: NodeId, id: NodeId) -> Assigned {
        let value = self.end(id);
        let value = self.with_form(value, self.reader.matrix(id));
        let is_kept = (self.stored)(target).storage == Storage::Kept;
        let kept = is_kept.then(|| self.value(target));
        let adds = self.added.contains_key(&id);
        // A value has one place: where it is assigned to several, the others get copies.
        let is_first = self.assignment(id).is_some_and(|first| first.target == target);
        Assigned { target, value, kept, in_place: is_first && (adds || self.is_written_late(id)), adds }
    }

    /// Whether a region computes `id` and writes it only after everything else that it does with the block.
    pub(super) fn is_written_late(&self, id: NodeId) -> bool {
        let Some(assignment) = self.assignment(id) else { return false };
        let Some(group) = self.groups.of[id.index()] else { return false };
        let is_region = self.groups.all[group].rows.is_some() && !self.reader.is_terminal(id);
        let same_form = self.reader.matrix(id) == self.reader.matrix(assignment.target);
        let reads_by_rows = !self.read_otherwise.contains(&(group, assignment.target));
        is_region && same_form && !self.failing[group] && reads_by_rows
    }

    /// The first assignment of what `id` computes.
    fn assignment(&self, id: NodeId) -> Option<&'g Assignment> {
        self.first_assignments.get(&id).copied()
    }

    pub(super) fn is_needed(&self, id: NodeId) -> bool {
        self.needed[id.index()]
    }

    pub(super) fn new_value(&mut self, shape: &[usize], pitch: usize, place: Place, node: Option<NodeId>) -> ValueId {
        self.values.push(Value { matrix: Matrix::of(shape), pitch, place, node, shape: shape.to_vec() });
        self.values.len() - 1
    }

    /// The value of a node that is read from memory, with a step that writes it where no group does.
    pub(super) fn value(&mut self, id: NodeId) -> ValueId {
        if let Some(&value) = self.of_node.get(&id) {
            return value;
        }
        let shape = self.reader.shape(id).to_vec();
        let columns = Matrix::of(&shape).columns;
        let own_pitch = if self.is_written_plainly(id) { columns } else { pitch(columns) };
        let value = match self.reader.op(id) {
            Op::Leaf(Leaf::Constant(tensor)) => self.constant(id, &tensor.to_f32()),
            Op::Leaf(Leaf::Extent(dim)) => self.constant(id, &[dim.resolve(self.sizes).unwrap_or(0) as f32]),
            Op::Leaf(_) => match (self.stored)(id).storage {
                Storage::Kept => self.new_value(&shape, pitch(columns), Place::Leaf(id), Some(id)),
                Storage::Floats => self.new_value(&shape, columns, Place::Leaf(id), Some(id)),
                Storage::Bytes | Storage::Doubles => {
                    let value = self.new_value(&shape, pitch(columns), Place::Arena(0), Some(id));
                    self.step(Work::Convert { leaf: id }, 1, vec![value], Vec::new(), Some(id), vec![id]);
                    value
                }
            },
            _ => self.new_value(&shape, own_pitch, Place::Arena(0), Some(id)),
        };
        self.of_node.insert(id, value);
        if self.reader.is_lazy(id) {
            self.spread(id, value);
        }
        if self.parts.contains_key(&id) {
            self.sum_of_parts(id, value);
        }
        value
    }

    /// Whether the step that computes `id` writes it row after row without padding.
    fn is_written_plainly(&self, id: NodeId) -> bool {
        let by_rows = self.groups.of[id.index()].is_some_and(|group| self.groups.all[group].rows.is_some());
        match self.reader.op(id) {
            Op::Contract => self.reader.shape(id).len() != 2,
            Op::Index(Index::Gather { .. }) => self.reader.uses(id)[0].view != View::Stored,
            Op::Reduce(_) | Op::Index(_) => !by_rows,
            Op::Layout(_) => true,
            Op::Leaf(_) | Op::Map(_) | Op::Formula(_) => false,
        }
    }

    fn constant(&mut self, id: NodeId, numbers: &[f32]) -> ValueId {
        let shape = self.reader.shape(id).to_vec();
        let Matrix { rows, columns } = Matrix::of(&shape);
        let pitch = pitch(columns);
        let offset = self.constants.len();
        self.constants.resize(offset + (rows * pitch).next_multiple_of(LINE), 0.0);
        for (row, from) in numbers.chunks_exact(columns.max(1)).enumerate() {
            self.constants[offset + row * pitch..][..columns].copy_from_slice(from);
        }
        self.new_value(&shape, pitch, Place::Constant(offset), Some(id))
    }

    pub(super) fn step(
        &mut self,
        work: Work,
        tasks: usize,
        writes: Vec<ValueId>,
        reads: Vec<ValueId>,
        stored: Option<NodeId>,
        nodes: Vec<NodeId>,
    ) {
        let positions = self.fed_positions(&nodes);
        self.steps.push(Step { work, tasks, writes, reads, shapes: Vec::new(), stored, positions, nodes });
    }

    /// The leaf that is fed the positions by which a gather or a scatter among these nodes picks or places.
    fn fed_positions(&self, nodes: &[NodeId]) -> Option<NodeId> {
        let by_position =
            |&&id: &&NodeId| matches!(self.reader.op(id), Op::Index(Index::Gather { .. } | Index::ScatterAdd { .. }));
        let positions = self.reader.storage(self.reader.inputs(*nodes.iter().find(by_position)?)[1]);
        self.reader.is_fed(positions).then_some(positions)
    }

    fn derived(&mut self, from: ValueId, form: Form) -> ValueId {
        if let Some(&value) = self.derived.get(&(from, form)) {
            return value;
        }
        let Value { matrix: Matrix { rows, columns }, node, ref shape, .. } = self.values[from];
        let (shape, arena) = (shape.clone(), Place::Arena(0));
        let (value, work, tasks) = match form {
            Form::Plain => (self.new_value(&shape, columns, arena, node), Work::Copy, 1),
            Form::Copied => (self.new_value(&shape, pitch(columns), arena, node), Work::Copy, 1),
            Form::Reshaped(Matrix { rows, columns }) => {
                (self.new_value(&[rows, columns], pitch(columns), arena, node), Work::Copy, 1)
            }
            Form::Padded => {
                let pitch = columns.next_multiple_of(LINE);
                (self.new_value(&[rows, columns], pitch, arena, node), Work::Copy, 1)
            }
            Form::Transposed => {
                (self.new_value(&[columns, rows], rows.next_multiple_of(LINE), arena, None), Work::Transpose, 1)
            }
        };
        self.derived.insert((from, form), value);
        self.step(work, tasks, vec![value], vec![from], None, node.into_iter().collect());
        value
    }

    /// The value without padding between its rows.
    pub(super) fn plain(&mut self, value: ValueId) -> ValueId {
        let Value { matrix, pitch, .. } = self.values[value];
        if pitch == matrix.columns || matrix.rows <= 1 { value } else { self.derived(value, Form::Plain) }
    }

    /// A node's value as a matrix of this form, and the pitch of its rows.
    pub(super) fn as_matrix(&mut self, id: NodeId, matrix: Matrix) -> (ValueId, usize) {
        let value = self.value(id);
        if self.values[value].matrix == matrix {
            return (value, self.values[value].pitch);
        }
        (self.plain(value), matrix.columns)
    }

    /// A right operand that is read where it lies, in rows of whole cache lines, and its pitch.
    pub(super) fn right_operand(&mut self, used: Use, matrix: Matrix) -> (ValueId, usize) {
        let value = match used.view {
            View::Matrix { transposed: true } => {
                let turned = Matrix { rows: matrix.columns, columns: matrix.rows };
                let (value, _) = self.as_matrix(used.source, turned);
                let value = self.with_form(value, turned);
                self.derived(value, Form::Transposed)
            }
            _ => {
                let (value, pitch) = self.as_matrix(used.source, matrix);
                let value = self.with_form(value, matrix);
                if pitch.is_multiple_of(LINE) && pitch > 0 { value } else { self.derived(value, Form::Padded) }
            }
        };
        (value, self.values[value].pitch)
    }

    /// A value as a value of this matrix form: the same memory, if it is not padded otherwise.
    fn with_form(&mut self, value: ValueId, matrix: Matrix) -> ValueId {
        if self.values[value].matrix == matrix {
            return value;
        }
        let value = self.plain(value);
        self.derived(value, Form::Reshaped(matrix))
    }

    /// The step of a broadcast or permutation that nothing reads through.
    fn spread(&mut self, id: NodeId, value: ValueId) {
        let input = self.reader.inputs(id)[0];
        let (from, to) = (self.reader.shape(input), self.reader.shape(id));
        let strides = row_major_strides(from);
        let strides = match self.reader.op(id) {
            Op::Layout(Layout::Permute(axes)) => axes.iter().map(|&axis| strides[axis]).collect(),
            _ => {
                let new = to.len() - from.len();
                let stride = |axis: usize| match axis.checked_sub(new) {
                    Some(old) if from[old] != 1 => strides[old],
                    _ => 0,
                };
                (0..to.len()).map(stride).collect()
            }
        };
        let held = self.reader.storage(input);
        let read = self.value(held);
        let read = self.plain(read);
        self.step(Work::Strided { offset: 0, strides }, 1, vec![value], vec![read], None, vec![id]);
    }

    /// A node that is a step by itself.
    fn alone(&mut self, id: NodeId) {
        if !self.is_needed(id) {
            return;
        }
        let node = self.reader.graph.node(id);
        let shape = self.reader.shape(id);
        if let Some(added) = self.added.get(&id).copied() {
            return self.product(added.product, id, Some(added));
        }
        let mut stored = None;
        let uses = self.reader.uses(id);
        let mut reads: Vec<NodeId> = uses.iter().map(|used| used.source).collect();
        let (work, tasks) = match &node.op {
            Op::Contract if shape.len() == 2 => return self.product(id, id, None),
            Op::Contract => {
                let [lead @ .., m, n] = shape else { return };
                let k = self.reader.shape(node.inputs[0]).last().copied().unwrap_or(0);
                let transposed = [0, 1].map(|i| self.reader.transposed(node.inputs[i]).is_some());
                (Work::Products { batch: lead.iter().product(), m: *m, k, n: *n, transposed }, 1)
            }
            Op::Reduce(reduce) => {
                let groups = folded_groups(self.reader.shape(node.inputs[0]), &reduce.axes);
                (Work::Reduce { monoid: reduce.monoid, groups }, 1)
            }
            Op::Layout(Layout::Slice { axis, start, .. }) => {
                let strides = row_major_strides(self.reader.shape(node.inputs[0]));
                (Work::Strided { offset: start * strides[*axis], strides }, 1)
            }
            Op::Layout(layout) => (Work::Arrange(layout.clone()), 1),
            Op::Index(Index::Gather { axis: 0 }) if uses[0].view == View::Stored => {
                stored = Some(uses[0].source);
                reads.remove(0);
                let rows: usize = self.reader.shape(node.inputs[1]).iter().product();
                let tasks = if shape.iter().product::<usize>() >= LARGE { rows.div_ceil(GATHERED) } else { 1 };
                let leaf = uses[0].source;
                if (self.stored)(leaf).storage == Storage::Kept {
                    reads.push(leaf);
                }
                (Work::Rows { leaf, extent: self.reader.shape(leaf)[0] }, tasks)
            }
            Op::Index(index) => (Work::Index(index.clone()), 1),
            Op::Leaf(_) | Op::Map(_) | Op::Formula(_) => return,
        };
        let reads = reads
            .into_iter()
            .map(|id| {
                let value = self.value(id);
                if Some(id) == stored { value } else { self.plain(value) }
            })
            .collect();
        let value = self.value(id);
        let shapes = node.inputs.iter().map(|&input| self.reader.shape(input).to_vec()).collect();
        let (nodes, positions) = (vec![id], self.fed_positions(&[id]));
        self.steps.push(Step { work, tasks, writes: vec![value], reads, shapes, stored, positions, nodes });
    }

    /// A matrix product that is a step by itself, whose result is `id`'s.
    fn product(&mut self, product: NodeId, id: NodeId, added: Option<Added>) {
        let uses = self.product_uses(product);
        let [m, n] = *self.reader.shape(product) else { return };
        let k = self.reader.shape(self.reader.inputs(product)[1])[0];
        let nodes = if product == id { vec![id] } else { vec![product, id] };
        let update = added.map(|added| Update { sign: added.sign, scale: added.scale.map(|scale| self.value(scale)) });
        let scale = update.and_then(|update| update.scale);
        if let Some(origin) = self.origins.get(&product).cloned() {
            return self.sparse_product(product, id, origin, update, nodes);
        }
        let View::Matrix { transposed } = uses[0].view else { return };
        let left_form = if transposed { Matrix { rows: k, columns: m } } else { Matrix { rows: m, columns: k } };
        let (left, left_pitch) = self.as_matrix(uses[0].source, left_form);
        let sizes = product::Sizes { m, k, n };
        let right = match uses[1].view {
            View::Matrix { transposed } if transposed || product::packing_pays(self.level, sizes) => {
                let form = if transposed { Matrix { rows: n, columns: k } } else { Matrix { rows: k, columns: n } };
                let (value, _) = self.as_matrix(uses[1].source, form);
                let value = self.with_form(value, form);
                Right { value, transposed, packed: true }
            }
            _ => {
                let (value, _) = self.right_operand(uses[1], Matrix { rows: k, columns: n });
                Right { value, transposed: false, packed: false }
            }
        };
        // A task makes some columns of the result, so that a weight is always the same thread's; where there are too few
        // of them, some rows.
        let panels = product::panels(self.level, n);
        let is_large = m * k * n >= LARGE_PRODUCT;
        let panels_a_task = if is_large { panels.div_ceil(TASKS) } else { panels }.max(1);
        let chunks = panels.div_ceil(panels_a_task).max(1);
        let rows_a_task = if is_large && chunks < TASKS { m.div_ceil(TASKS / chunks).next_multiple_of(12) } else { m };
        let rows_a_task = rows_a_task.clamp(1, m.max(1));
        let tasks = m.div_ceil(rows_a_task) * chunks;
        let work = Product { sizes, transposed, left_pitch, right, update, rows_a_task, panels_a_task };
        let value = self.value(id);
        let reads = [left, right.value].into_iter().chain(scale).collect();
        self.step(Work::Product(work), tasks.max(1), vec![value], reads, None, nodes);
    }

    fn sparse_product(
        &mut self,
        product: NodeId,
        id: NodeId,
        origin: Origin,
        update: Option<Update>,
        nodes: Vec<NodeId>,
    ) {
        let uses = self.product_uses(product);
        let Some((x, matrix)) = left_operand(self.reader, product) else { return };
        let [_, n] = *self.reader.shape(product) else { return };
        let by_panels = n > SPARSE_PANEL && self.has_gradient(x);
        let list = self.listed(x, matrix, n, by_panels, &origin);
        let ListPlan { ref parts, .. } = self.lists[list];
        let (parts, rows) = (parts.len(), matrix.rows);
        let right_form = match self.reader.transposed(self.reader.inputs(product)[0]) {
            Some(_) => Matrix { rows, columns: n },
            None => Matrix { rows: matrix.columns, columns: n },
        };
        let (right, _) = self.right_operand(uses[1], right_form);
        let token = self.list_token(list);
        let tasks = if by_panels { n.div_ceil(SPARSE_PANEL) } else { parts };
        let is_gradient = self.reader.transposed(self.reader.inputs(product)[0]).is_some();
        let reads = [token, right].into_iter().chain(update.and_then(|update| update.scale)).collect();
        if is_gradient || update.is_some() {
            let value = self.value(id);
            let work = Work::SparseGradient { list, n, by_panels, update };
            return self.step(work, tasks, vec![value], reads, None, nodes);
        }
        let is_cut_along_k = self.lists[list].parts.iter().any(|(_, columns)| columns.len() < matrix.columns);
        let writes = if is_cut_along_k {
            let shape = self.reader.shape(product).to_vec();
            let new = |draft: &mut Self| draft.new_value(&shape, pitch(n), Place::Arena(0), None);
            let sums: Vec<ValueId> = (0..parts).map(|_| new(self)).collect();
            self.parts.insert(product, sums.clone());
            sums
        } else {
            vec![self.value(product)]
        };
        self.step(Work::SparseProduct { list, n, by_panels }, tasks, writes, reads, None, nodes);
    }
}
impl Draft<'_> {
    /// The list of the non-zeros of `x`, with a step that makes it.
    fn listed(&mut self, x: NodeId, matrix: Matrix, n: usize, by_panels: bool, origin: &Origin) -> usize {
        if let Some(&list) = self.listed.get(&(x, by_panels)) {
            return list;
        }
        let has_gradient = self.has_gradient(x);
        let Matrix { rows, columns } = matrix;
        let parts: Vec<_> = if by_panels {
            vec![(0..rows, 0..columns)]
        } else if has_gradient {
            // Each part owns its rows of the weights from the product to the update. Whole blocks, as near to halves as
            // may be: two threads wait for the larger one in three stages of a step.
            let blocks = ((columns + sparse::BLOCK) / (2 * sparse::BLOCK)).max(1);
            let middle = (blocks * sparse::BLOCK).min(columns);
            [0..middle, middle..columns]
                .into_iter()
                .filter(|part| !part.is_empty())
                .map(|part| (0..rows, part))
                .collect()
        } else {
            let chunks = if rows * columns >= LARGE { 2 * rows.div_ceil(2 * LISTED) } else { 1 };
            ranges(rows, rows.div_ceil(chunks)).map(|part| (part, 0..columns)).collect()
        };
        let tasks = parts.len();
        let turned = by_panels && n >= TURNED && sparse::Lengths::fit(columns, rows);
        let (positions, data) = match origin {
            Origin::Stored { leaf, rows, .. } => {
                let positions = rows.map(|rows| rows.positions).filter(|&id| self.reader.is_fed(id));
                (positions, Some((*leaf, self.reader.shape(*leaf)[0])))
            }
            Origin::Value => (None, None),
        };
        self.lists.push(ListPlan { rows, columns, parts, positions, data, turned });
        let list = self.lists.len() - 1;
        self.listed.insert((x, by_panels), list);
        let token = self.list_token(list);
        let (table, stored, reads) = match origin {
            Origin::Stored { leaf, rows, table } => {
                let positions = rows.map(|rows| self.value(rows.positions));
                let positions = positions.map(|value| self.plain(value));
                (table.clone(), Some(*leaf), positions.into_iter().collect())
            }
            Origin::Value => {
                let (value, _) = self.as_matrix(x, matrix);
                (None, None, vec![self.with_form(value, matrix)])
            }
        };
        // It fails as the gather that it does would.
        let nodes = origin.gather().into_iter().collect();
        self.step(Work::List { list, table }, tasks, vec![token], reads, stored, nodes);
        list
    }

    /// Whether a product reads the listed matrix through a transposition.
    fn has_gradient(&self, x: NodeId) -> bool {
        self.origins.keys().any(|&product| {
            let left = self.reader.inputs(product)[0];
            self.reader.transposed(left).is_some_and(|of| self.reader.storage(of) == x)
        })
    }

    /// A value of no numbers that stands for a list: who reads the list waits for it.
    fn list_token(&mut self, list: usize) -> ValueId {
        let found = self.steps.iter().find(|step| matches!(step.work, Work::List { list: other, .. } if other == list));
        match found {
            Some(step) => step.writes[0],
            None => self.new_value(&[0], 1, Place::Arena(0), None),
        }
    }
}

/// Which groups have a member that can fail, and what their members read otherwise than row by row as it is.
fn what_members_do(reader: Reader<'_>, groups: &Groups) -> (Vec<bool>, HashSet<(usize, NodeId)>) {
    let (mut failing, mut read_otherwise) = (vec![false; groups.all.len()], HashSet::new());
    for (at, group) in groups.all.iter().enumerate() {
        for &member in &group.members {
            failing[at] |= can_fail(reader.op(member));
            let otherwise = reader.uses(member).into_iter().filter(|used| used.view != View::Full);
            read_otherwise.extend(otherwise.map(|used| (at, used.source)));
        }
    }
    (failing, read_otherwise)
}

/// The left operand of a product, read through a transposition, and its form.
fn left_operand(reader: Reader<'_>, product: NodeId) -> Option<(NodeId, Matrix)> {
    let left = reader.inputs(product)[0];
    let [m, k] = *reader.shape(left) else { return None };
    match reader.transposed(left) {
        Some(of) => Some((reader.storage(of), Matrix { rows: k, columns: m })),
        None => Some((reader.storage(left), Matrix { rows: m, columns: k })),
    }
}

/// Whether what it is fed may hold a position that is none.
pub(super) fn can_fail(op: &Op) -> bool {
    matches!(op, Op::Index(Index::Gather { .. } | Index::ScatterAdd { .. } | Index::OneHot { .. }))
}

/// `0..end` cut into ranges of `step`.
fn ranges(end: usize, step: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let step = step.max(1);
    (0..end.div_ceil(step)).map(move |i| i * step..((i + 1) * step).min(end))
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
