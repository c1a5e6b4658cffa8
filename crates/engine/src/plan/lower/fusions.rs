//! Fusions from groups: the instructions of what goes item by item.

use std::collections::{HashMap, HashSet};

use limpid_graph::op::Monoid;
use limpid_graph::{FormulaBody, Index, MapOp, NodeId, Op};

use super::Lowering;
use crate::plan::forms::{Access, ByNumber, Form, Repeat};
use crate::plan::fusion::Store;
use crate::plan::reads::Read;
use crate::plan::{
    Argument, Fusion, Instruction, InstructionKind, Matrix, Operand, Place, StepKind, Target, ValueId, pitch,
};

/// A fusion as it is written: slots are numbered afresh, and placed when it is whole.
#[derive(Default)]
pub(super) struct Writer {
    instructions: Vec<Instruction>,
    stores: Vec<Store>,
    /// Where each member's items are.
    results: HashMap<NodeId, Argument>,
    /// What is repeated or loaded to another pitch, each once.
    loaded: HashMap<(Load, Rows), Argument>,
    slots: usize,
    /// Whether rows lie in slots without padding, as values of more than two axes lie in memory.
    is_contiguous: bool,
    reads: Vec<ValueId>,
    writes: Vec<ValueId>,
    /// Partial results of tasks, and what they are folded into.
    pub(super) partials: Vec<(Monoid, ValueId, ValueId, NodeId)>,
}

/// The rows of an item, and their columns.
pub(super) type Rows = (usize, usize);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Load {
    Rows(ValueId, usize),
    Spread(Operand),
    Repeat(ValueId, Repeat),
    /// A number's bits.
    Number(u32),
    Sum(NodeId, usize),
}

impl Writer {
    pub(super) fn slot(&mut self) -> usize {
        self.slots += 1;
        self.slots - 1
    }

    /// How far apart rows lie in slots.
    pub(super) fn pitch(&self, columns: usize) -> usize {
        if self.is_contiguous { columns } else { pitch(columns) }
    }

    pub(super) fn push(&mut self, kind: InstructionKind, to: Target, (rows, columns): Rows) {
        let pitch = self.pitch(columns);
        self.instructions.push(Instruction { kind, to, rows, columns, pitch });
    }

    pub(super) fn emit(&mut self, kind: InstructionKind, form: Rows) -> Argument {
        let slot = self.slot();
        self.push(kind, Target::Slot(slot), form);
        Argument::Slot(slot)
    }

    /// The result of an instruction as the operand of another.
    pub(super) fn operand(&mut self, kind: InstructionKind, form @ (rows, columns): Rows) -> Operand {
        Operand { at: self.emit(kind, form), rows, columns, pitch: self.pitch(columns) }
    }

    pub(super) fn load(&mut self, what: Load, form: Rows, kind: InstructionKind) -> Argument {
        if let Some(&argument) = self.loaded.get(&(what, form)) {
            return argument;
        }
        let argument = self.emit(kind, form);
        self.loaded.insert((what, form), argument);
        argument
    }

    pub(super) fn read(&mut self, value: ValueId) -> ValueId {
        self.reads.push(value);
        value
    }
}

impl Lowering<'_> {
    /// Lowers a group's fusion, and the steps that fold its tasks' partial results.
    pub(super) fn fusion(&mut self, group: usize, items: usize) {
        let members: Vec<NodeId> =
            self.groups.all[group].members.iter().copied().filter(|&id| self.is_needed(id)).collect();
        if members.is_empty() {
            return;
        }
        let is_contiguous = members.iter().any(|&id| self.reader.is_merged(id));
        let mut writer = Writer { is_contiguous, ..Writer::default() };
        for &member in &members {
            self.member(&mut writer, member);
        }
        let Writer { mut instructions, mut stores, mut reads, writes, partials, .. } = writer;
        let mut items = items;
        if let Some(an_item) = Fusion::flat(&instructions, &stores) {
            items *= an_item;
            instructions.iter_mut().for_each(Instruction::flatten);
            stores.iter_mut().for_each(Store::flatten);
        }
        let written: HashSet<ValueId> = writes.iter().copied().collect();
        reads.retain(|value| !written.contains(value));
        reads.sort_unstable();
        reads.dedup();
        let limits = self.reader.limits;
        let shortest = if is_contiguous { 1 } else { limits.shortest_block };
        let fusion =
            Fusion::laid_out((self.level, limits), (items, shortest), instructions, stores, reads, &self.values);
        let tasks = fusion.tasks();
        let folds = partials.iter().map(|&(_, partial, ..)| partial);
        let all_writes = writes.iter().copied().chain(folds).collect();
        self.step(StepKind::Fusion(fusion), all_writes, None, members);
        for (monoid, partial, value, node) in partials {
            self.values[partial].matrix.rows = tasks;
            self.step(StepKind::Combine { monoid, partials: partial }, vec![value], None, vec![node]);
        }
    }

    /// The step that adds the parts of a product cut along k, for readers outside fusions.
    pub(super) fn sum_of_parts(&mut self, id: NodeId, value: ValueId) {
        let form = self.reader.form(id);
        let mut writer = Writer::default();
        let sum = self.operand(&mut writer, form, id).at;
        let kind = InstructionKind::Map { op: MapOp::Identity, arguments: vec![sum] };
        writer.push(kind, Target::Value(value), (form.rows, form.columns));
        let limits = self.reader.limits;
        let items = (form.items, limits.shortest_block);
        let fusion =
            Fusion::laid_out((self.level, limits), items, writer.instructions, Vec::new(), writer.reads, &self.values);
        self.step(StepKind::Fusion(fusion), vec![value], None, vec![id]);
    }

    fn member(&mut self, writer: &mut Writer, id: NodeId) {
        let node = self.reader.graph.node(id);
        let reads = self.reader.reads(id);
        if let Some(convolved) = self.reader.convolved(id) {
            return self.convolution(writer, id, convolved, &reads);
        }
        if let Some(slope) = self.reader.extreme_slope(id) {
            return self.extreme_slopes(writer, id, slope, &reads);
        }
        let form = self.reader.form(id);
        match &node.op {
            Op::Map(op) => {
                let arguments = self.arguments(writer, id);
                self.result(writer, id, InstructionKind::Map { op: *op, arguments });
            }
            Op::Formula(formula) => {
                let arguments = self.arguments(writer, id);
                let kind = lower(writer, formula.body(), &arguments, (form.rows, form.columns));
                self.result(writer, id, kind);
            }
            Op::Contract => {
                let left = self.items(writer, reads[0]);
                let matrix = Matrix { rows: left.columns, columns: form.columns };
                let (right, right_pitch) = self.right_operand(reads[1], matrix);
                writer.read(right);
                self.result(writer, id, InstructionKind::Product { left, right, right_pitch });
            }
            Op::Reduce(reduce) => match self.reader.fold_within(id) {
                Some(groups) => self.fold_within(writer, id, (reduce.monoid, groups), reads[0]),
                None => self.fold(writer, id, reduce.monoid, reads[0]),
            },
            Op::Layout(layout) => self.arrangement(writer, id, layout, reads[0]),
            Op::Window(windows) => self.windows(writer, id, windows, reads[0]),
            Op::Index(Index::OneHot { .. }) => {
                let positions = self.items(writer, reads[0]).at;
                self.result(writer, id, InstructionKind::OneHot { positions, node: id });
            }
            Op::Index(Index::ArgMax { .. }) => {
                let from = self.items(writer, reads[0]);
                self.result(writer, id, InstructionKind::ArgMax { from });
            }
            Op::Random(random) => {
                let single = |read: &Read| {
                    let step = self.value(read.source);
                    writer.read(step)
                };
                let step = reads.iter().map(single).collect();
                self.result(writer, id, InstructionKind::Uniform { stream: random.stream, step });
            }
            Op::Index(_) | Op::Leaf(_) => {}
        }
    }

    /// The instructions of a fold: rows first, then the rows of an item, then items.
    fn fold(&mut self, writer: &mut Writer, id: NodeId, monoid: Monoid, read: Read) {
        let Some(fold) = self.reader.fold(id) else { return };
        let mut from = self.items(writer, read);
        // A row of one number is that number; a fold of nothing but such rows copies them.
        let folds_rows = fold.columns && (from.columns != 1 || (!fold.rows && fold.items.is_none()));
        if folds_rows {
            let kind = InstructionKind::FoldRows { monoid, from };
            if !fold.rows && fold.items.is_none() {
                return self.result(writer, id, kind);
            }
            from = writer.operand(kind, (from.rows, 1));
        }
        if fold.rows {
            let kind = InstructionKind::FoldItem { monoid, from };
            if fold.items.is_none() {
                return self.result(writer, id, kind);
            }
            from = writer.operand(kind, (1, from.columns));
        }
        let Some(kept) = fold.items else {
            // Only axes of one position are folded.
            return self.result(writer, id, InstructionKind::Spread { from });
        };
        let columns = kept.extent * from.rows * from.columns;
        let partials = self.new_value(&[0, columns], pitch(columns), Place::Arena(0), None);
        let kind = InstructionKind::FoldItems { monoid, from, kept, partials };
        writer.push(kind, Target::Partials, (1, columns));
        let value = self.value(id);
        writer.partials.push((monoid, partials, value, id));
    }

    /// The instruction that computes a member, to where its items are wanted.
    pub(super) fn result(&mut self, writer: &mut Writer, id: NodeId, kind: InstructionKind) {
        let Form { rows, columns, .. } = self.reader.form(id);
        if !self.materialised[id.index()] {
            let items = writer.emit(kind, (rows, columns));
            writer.results.insert(id, items);
            return;
        }
        let value = self.value(id);
        let own_pitch = self.values[value].pitch;
        writer.writes.push(value);
        let from_pitch = writer.pitch(columns);
        if self.is_stored_after_block(id) || own_pitch != from_pitch {
            let items = writer.emit(kind, (rows, columns));
            let Argument::Slot(slot) = items else { return };
            writer.stores.push(Store { slot, value, rows, columns, from_pitch, pitch: own_pitch });
            writer.results.insert(id, items);
            return;
        }
        writer.push(kind, Target::Value(value), (rows, columns));
        writer.results.insert(id, Argument::Value(value));
    }

    /// The arguments of a function of single numbers, in the form of its result and at its pitch.
    fn arguments(&mut self, writer: &mut Writer, id: NodeId) -> Vec<Argument> {
        let (reader, form) = (self.reader, self.reader.form(id));
        reader.by_number(id).map(|(source, read)| self.argument(writer, form, source, read)).collect()
    }

    fn argument(&mut self, writer: &mut Writer, form: Form, source: NodeId, read: ByNumber) -> Argument {
        let rows = (form.rows, form.columns);
        match read {
            ByNumber::Items(own) => {
                let from = self.operand(writer, own, source);
                if (own.rows, own.columns) != rows {
                    return writer.load(Load::Spread(from), rows, InstructionKind::Spread { from });
                }
                match from.at {
                    Argument::Value(value) if from.pitch != writer.pitch(form.columns) => {
                        let kind = InstructionKind::Load { from: value, pitch: from.pitch };
                        writer.load(Load::Rows(value, from.pitch), rows, kind)
                    }
                    argument => argument,
                }
            }
            ByNumber::Repeated(repeat) => {
                let value = self.value(source);
                let from = self.contiguous(value);
                writer.read(from);
                writer.load(Load::Repeat(from, repeat), rows, InstructionKind::Repeat { from, repeat })
            }
        }
    }

    /// What is read item by item, whatever its pitch.
    pub(super) fn items(&mut self, writer: &mut Writer, read: Read) -> Operand {
        let form = match read.access {
            Access::Items(form) => form,
            // What is read otherwise is no instruction's operand.
            _ => self.reader.form(read.source),
        };
        self.operand(writer, form, read.source)
    }

    fn operand(&mut self, writer: &mut Writer, form: Form, source: NodeId) -> Operand {
        let Form { rows, columns, .. } = form;
        if let Some(&at) = writer.results.get(&source) {
            return Operand { at, rows, columns, pitch: writer.pitch(columns) };
        }
        // The parts lie as the product's rows do; read in another form, they are added up first.
        let lie_so = form.matrix() == self.reader.usual(source) && writer.pitch(columns) == pitch(columns);
        if let Some(sums) = self.parts.get(&source).filter(|_| lie_so).cloned() {
            let arguments: Vec<Argument> = sums.iter().map(|&sum| Argument::Value(writer.read(sum))).collect();
            let mut sum = arguments[0];
            for (i, &next) in arguments.iter().enumerate().skip(1) {
                let kind = InstructionKind::Map { op: MapOp::Add, arguments: vec![sum, next] };
                sum = writer.load(Load::Sum(source, i), (rows, columns), kind);
            }
            return Operand { at: sum, rows, columns, pitch: writer.pitch(columns) };
        }
        let (value, pitch) = self.as_matrix(source, form.matrix());
        writer.read(value);
        Operand { at: Argument::Value(value), rows, columns, pitch }
    }
}

/// A formula's body as instructions; answers the last one's work.
fn lower(writer: &mut Writer, body: &FormulaBody, arguments: &[Argument], form: Rows) -> InstructionKind {
    let (op, inner) = match body {
        FormulaBody::Apply(op, inner) => (*op, inner.as_slice()),
        // A bare argument or number is copied.
        _ => (MapOp::Identity, std::slice::from_ref(body)),
    };
    let arguments = inner
        .iter()
        .map(|inner| match inner {
            FormulaBody::Argument(i) => arguments[*i],
            FormulaBody::Number(number) => {
                let number = *number as f32;
                writer.load(Load::Number(number.to_bits()), form, InstructionKind::Number(number))
            }
            FormulaBody::Apply(..) => {
                let kind = lower(writer, inner, arguments, form);
                writer.emit(kind, form)
            }
        })
        .collect();
    InstructionKind::Map { op, arguments }
}
