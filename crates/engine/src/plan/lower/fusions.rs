//! Fusions from groups: the instructions of what goes row by row.

use std::collections::{HashMap, HashSet};

use limpid_graph::op::Monoid;
use limpid_graph::{Expr, Index, MapOp, NodeId, Op};

use super::Lowering;
use crate::plan::fusion::Store;
use crate::plan::reads::{Access, Fold, Read};
use crate::plan::{
    Argument, Fusion, Instruction, InstructionKind, Matrix, Operand, Place, StepKind, Target, ValueId, pitch,
};

/// A fusion as it is written: slots are numbered afresh, and placed when it is whole.
#[derive(Default)]
struct Writer {
    instructions: Vec<Instruction>,
    stores: Vec<Store>,
    /// Where each member's rows are.
    results: HashMap<NodeId, Argument>,
    /// What is repeated or loaded to another pitch, each once.
    loaded: HashMap<(Load, usize), Argument>,
    slots: usize,
    reads: Vec<ValueId>,
    writes: Vec<ValueId>,
    /// Partial results of blocks, and what they are folded into.
    partials: Vec<(Monoid, ValueId, ValueId, NodeId)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Load {
    Rows(ValueId, usize),
    PerRow(Argument),
    PerColumn(ValueId),
    Single(ValueId),
    /// A number's bits.
    Number(u32),
    Sum(NodeId, usize),
}

impl Writer {
    fn slot(&mut self) -> usize {
        self.slots += 1;
        self.slots - 1
    }

    fn emit(&mut self, kind: InstructionKind, columns: usize) -> Argument {
        let slot = self.slot();
        self.instructions.push(Instruction { kind, to: Target::Slot(slot), columns });
        Argument::Slot(slot)
    }

    fn load(&mut self, what: Load, columns: usize, kind: InstructionKind) -> Argument {
        if let Some(&argument) = self.loaded.get(&(what, columns)) {
            return argument;
        }
        let argument = self.emit(kind, columns);
        self.loaded.insert((what, columns), argument);
        argument
    }

    fn read(&mut self, value: ValueId) -> ValueId {
        self.reads.push(value);
        value
    }
}

impl Lowering<'_> {
    /// Lowers a group's fusion, and the steps that fold its blocks' partial results.
    pub(super) fn fusion(&mut self, group: usize, rows: usize) {
        let members: Vec<NodeId> =
            self.groups.all[group].members.iter().copied().filter(|&id| self.is_needed(id)).collect();
        if members.is_empty() {
            return;
        }
        let mut writer = Writer::default();
        for &member in &members {
            self.member(&mut writer, rows, member);
        }
        let Writer { mut instructions, mut stores, mut reads, writes, partials, .. } = writer;
        let mut rows = rows;
        if Fusion::is_flat(&instructions) {
            let across = instructions.first().map_or(1, |first| pitch(first.columns));
            rows *= across;
            instructions.iter_mut().for_each(|instruction| instruction.columns = 1);
            stores.iter_mut().for_each(|store| (store.columns, store.pitch) = (1, 1));
        }
        let written: HashSet<ValueId> = writes.iter().copied().collect();
        reads.retain(|value| !written.contains(value));
        reads.sort_unstable();
        reads.dedup();
        let fusion = Fusion::laid_out(self.level, rows, instructions, stores, reads, &self.values);
        let blocks = fusion.blocks();
        let folds = partials.iter().map(|&(_, partial, ..)| partial);
        let all_writes = writes.iter().copied().chain(folds).collect();
        self.step(StepKind::Fusion(fusion), blocks.max(1), all_writes, None, members);
        for (monoid, partial, value, node) in partials {
            self.values[partial].matrix.rows = blocks;
            self.step(StepKind::Combine { monoid, partials: partial }, 1, vec![value], None, vec![node]);
        }
    }

    /// The step that adds the parts of a product cut along k, for readers outside fusions.
    pub(super) fn sum_of_parts(&mut self, id: NodeId, value: ValueId) {
        let matrix = self.reader.matrix(id);
        let mut writer = Writer::default();
        let sum = self.operand_as(&mut writer, matrix, id).rows;
        let kind = InstructionKind::Map { op: MapOp::Identity, arguments: vec![sum] };
        writer.instructions.push(Instruction { kind, to: Target::Value(value), columns: matrix.columns });
        let fusion =
            Fusion::laid_out(self.level, matrix.rows, writer.instructions, Vec::new(), writer.reads, &self.values);
        let blocks = fusion.blocks();
        self.step(StepKind::Fusion(fusion), blocks.max(1), vec![value], None, vec![id]);
    }

    fn member(&mut self, writer: &mut Writer, rows: usize, id: NodeId) {
        let node = self.reader.graph.node(id);
        let reads = self.reader.reads(id);
        let columns = self.reader.matrix(id).columns;
        match &node.op {
            Op::Map(op) => {
                let arguments = reads.iter().map(|&read| self.argument(writer, rows, columns, read)).collect();
                self.result(writer, id, columns, InstructionKind::Map { op: *op, arguments });
            }
            Op::Formula(formula) => {
                let arguments: Vec<_> = reads.iter().map(|&read| self.argument(writer, rows, columns, read)).collect();
                let kind = lower(writer, formula.body(), &arguments, columns);
                self.result(writer, id, columns, kind);
            }
            Op::Contract => {
                let left = self.operand(writer, rows, id, reads[0]);
                let matrix = Matrix { rows: left.columns, columns };
                let (right, right_pitch) = self.right_operand(reads[1], matrix);
                writer.read(right);
                self.result(writer, id, columns, InstructionKind::Product { left, right, right_pitch });
            }
            Op::Reduce(reduce) => {
                let mut from = self.operand(writer, rows, id, reads[0]);
                let monoid = reduce.monoid;
                let Some(fold) = self.reader.fold(id, reduce) else { return };
                if fold == Fold::Everything && from.columns != 1 {
                    from = Operand {
                        rows: writer.emit(InstructionKind::FoldRows { monoid, from }, 1),
                        columns: 1,
                        pitch: 1,
                    };
                }
                match fold {
                    Fold::Rows => self.result(writer, id, 1, InstructionKind::FoldRows { monoid, from }),
                    Fold::Columns | Fold::Everything => {
                        let partials = self.new_value(&[0, from.columns], pitch(from.columns), Place::Arena(0), None);
                        let kind = InstructionKind::FoldColumns { monoid, from, partials };
                        let columns = from.columns;
                        writer.instructions.push(Instruction { kind, to: Target::Partials, columns });
                        let value = self.value(id);
                        writer.partials.push((monoid, partials, value, id));
                    }
                }
            }
            Op::Index(Index::OneHot { .. }) => {
                let positions = self.operand(writer, rows, id, reads[0]).rows;
                self.result(writer, id, columns, InstructionKind::OneHot { positions, node: id });
            }
            Op::Index(Index::ArgMax { .. }) => {
                let from = self.operand(writer, rows, id, reads[0]);
                self.result(writer, id, 1, InstructionKind::ArgMax { from });
            }
            Op::Index(_) | Op::Layout(_) | Op::Leaf(_) => {}
        }
    }

    /// The instruction that computes a member, to where its rows are wanted.
    fn result(&mut self, writer: &mut Writer, id: NodeId, columns: usize, kind: InstructionKind) {
        if !self.materialised[id.index()] {
            let rows = writer.emit(kind, columns);
            writer.results.insert(id, rows);
            return;
        }
        let value = self.value(id);
        writer.writes.push(value);
        if self.is_stored_after_block(id) {
            let rows = writer.emit(kind, columns);
            let Argument::Slot(slot) = rows else { return };
            writer.stores.push(Store { slot, value, columns, pitch: pitch(columns) });
            writer.results.insert(id, rows);
            return;
        }
        writer.instructions.push(Instruction { kind, to: Target::Value(value), columns });
        writer.results.insert(id, Argument::Value(value));
    }

    /// An argument of a function of single numbers, at the pitch of `columns`.
    fn argument(&mut self, writer: &mut Writer, rows: usize, columns: usize, read: Read) -> Argument {
        let inner = writer.results.get(&read.source).copied();
        match read.access {
            Access::Rows => {
                let Operand { rows: argument, pitch: found, .. } =
                    self.operand_as(writer, Matrix { rows, columns }, read.source);
                match argument {
                    Argument::Value(from) if found != pitch(columns) => {
                        writer.load(Load::Rows(from, found), columns, InstructionKind::Load { from, pitch: found })
                    }
                    argument => argument,
                }
            }
            Access::PerRow => {
                let from = inner.unwrap_or_else(|| {
                    let value = self.value(read.source);
                    Argument::Value(writer.read(value))
                });
                // Rows of one number are that number's.
                if columns == 1 {
                    from
                } else {
                    writer.load(Load::PerRow(from), columns, InstructionKind::PerRow { from })
                }
            }
            Access::PerColumn => {
                let from = self.value(read.source);
                writer.read(from);
                writer.load(Load::PerColumn(from), columns, InstructionKind::PerColumn { from })
            }
            _ => {
                let from = self.value(read.source);
                writer.read(from);
                writer.load(Load::Single(from), columns, InstructionKind::Single { from })
            }
        }
    }

    /// The rows of a node's first input, whatever their pitch.
    fn operand(&mut self, writer: &mut Writer, rows: usize, id: NodeId, read: Read) -> Operand {
        // What is read may be of another form, and without numbers that does not say how many columns there are.
        let form = self.reader.matrix(self.reader.inputs(id)[0]);
        let columns = if form.rows == rows { form.columns } else { form.count() / rows.max(1) };
        self.operand_as(writer, Matrix { rows, columns }, read.source)
    }

    fn operand_as(&mut self, writer: &mut Writer, matrix: Matrix, source: NodeId) -> Operand {
        let columns = matrix.columns;
        if let Some(&rows) = writer.results.get(&source) {
            return Operand { rows, columns, pitch: pitch(columns) };
        }
        if let Some(sums) = self.parts.get(&source).cloned() {
            let arguments: Vec<Argument> = sums.iter().map(|&sum| Argument::Value(writer.read(sum))).collect();
            let mut sum = arguments[0];
            for (i, &next) in arguments.iter().enumerate().skip(1) {
                let kind = InstructionKind::Map { op: MapOp::Add, arguments: vec![sum, next] };
                sum = writer.load(Load::Sum(source, i), columns, kind);
            }
            return Operand { rows: sum, columns, pitch: pitch(columns) };
        }
        let (value, pitch) = self.as_matrix(source, matrix);
        writer.read(value);
        Operand { rows: Argument::Value(value), columns, pitch }
    }
}

/// A formula's body as instructions; answers the last one's work.
fn lower(writer: &mut Writer, body: &Expr, arguments: &[Argument], columns: usize) -> InstructionKind {
    let (op, inner) = match body {
        Expr::Apply(op, inner) => (*op, inner.as_slice()),
        // A bare argument or number is copied.
        _ => (MapOp::Identity, std::slice::from_ref(body)),
    };
    let arguments = inner
        .iter()
        .map(|inner| match inner {
            Expr::Argument(i) => arguments[*i],
            Expr::Number(number) => {
                let number = *number as f32;
                writer.load(Load::Number(number.to_bits()), columns, InstructionKind::Number(number))
            }
            Expr::Apply(..) => {
                let kind = lower(writer, inner, arguments, columns);
                writer.emit(kind, columns)
            }
        })
        .collect();
    InstructionKind::Map { op, arguments }
}
