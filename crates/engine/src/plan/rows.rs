//! Regions from groups: the instructions of what goes row by row.

use std::collections::{HashMap, HashSet};

use limpid_graph::op::Monoid;
use limpid_graph::{Expr, Index, MapOp, NodeId, Op};

use super::draft::Draft;
use super::region::Store;
use super::uses::{Fold, Use, View};
use super::{Argument, Do, Instruction, Matrix, Operand, Place, Region, Target, ValueId, Work, pitch};

/// A region as it is written: slots are numbered afresh, and placed when it is whole.
#[derive(Default)]
struct Writer {
    instructions: Vec<Instruction>,
    stores: Vec<Store>,
    /// Where each member's rows are.
    results: HashMap<NodeId, Argument>,
    /// What is repeated or brought to another pitch, each once.
    brought: HashMap<(Brought, usize), Argument>,
    slots: usize,
    reads: Vec<ValueId>,
    writes: Vec<ValueId>,
    /// Partial results of blocks, and what they are folded into.
    partials: Vec<(Monoid, ValueId, ValueId, NodeId)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Brought {
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

    fn emit(&mut self, work: Do, columns: usize) -> Argument {
        let slot = self.slot();
        self.instructions.push(Instruction { work, to: Target::Slot(slot), columns });
        Argument::Slot(slot)
    }

    fn bring(&mut self, what: Brought, columns: usize, work: Do) -> Argument {
        if let Some(&argument) = self.brought.get(&(what, columns)) {
            return argument;
        }
        let argument = self.emit(work, columns);
        self.brought.insert((what, columns), argument);
        argument
    }

    fn read(&mut self, value: ValueId) -> ValueId {
        self.reads.push(value);
        value
    }
}

impl Draft<'_> {
    /// Drafts a group's region, and the steps that fold its blocks' partial results.
    pub(super) fn region(&mut self, group: usize, rows: usize) {
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
        if Region::is_flat(&instructions) {
            let across = instructions.first().map_or(1, |first| pitch(first.columns));
            rows *= across;
            instructions.iter_mut().for_each(|instruction| instruction.columns = 1);
            stores.iter_mut().for_each(|store| (store.columns, store.pitch) = (1, 1));
        }
        let written: HashSet<ValueId> = writes.iter().copied().collect();
        reads.retain(|value| !written.contains(value));
        reads.sort_unstable();
        reads.dedup();
        let region = Region::laid_out(self.level, rows, instructions, stores, &self.values);
        let blocks = region.blocks();
        let folds = partials.iter().map(|&(_, partial, ..)| partial);
        let all_writes = writes.iter().copied().chain(folds).collect();
        self.step(Work::Region(region), blocks.max(1), all_writes, reads, None, members);
        for (monoid, partial, value, node) in partials {
            self.values[partial].matrix.rows = blocks;
            self.step(Work::Combine { monoid }, 1, vec![value], vec![partial], None, vec![node]);
        }
    }

    /// The step that adds the parts of a product cut along k, for readers outside regions.
    pub(super) fn sum_of_parts(&mut self, id: NodeId, value: ValueId) {
        let matrix = self.reader.matrix(id);
        let mut writer = Writer::default();
        let sum = self.operand_as(&mut writer, matrix, id).rows;
        let work = Do::Map { op: MapOp::Identity, arguments: vec![sum] };
        writer.instructions.push(Instruction { work, to: Target::Value(value), columns: matrix.columns });
        let region = Region::laid_out(self.level, matrix.rows, writer.instructions, Vec::new(), &self.values);
        let blocks = region.blocks();
        self.step(Work::Region(region), blocks.max(1), vec![value], writer.reads, None, vec![id]);
    }

    fn member(&mut self, writer: &mut Writer, rows: usize, id: NodeId) {
        let node = self.reader.graph.node(id);
        let uses = self.reader.uses(id);
        let columns = self.reader.matrix(id).columns;
        match &node.op {
            Op::Map(op) => {
                let arguments = uses.iter().map(|&used| self.argument(writer, rows, columns, used)).collect();
                self.result(writer, id, columns, Do::Map { op: *op, arguments });
            }
            Op::Formula(formula) => {
                let arguments: Vec<_> = uses.iter().map(|&used| self.argument(writer, rows, columns, used)).collect();
                let work = lower(writer, formula.body(), &arguments, columns);
                self.result(writer, id, columns, work);
            }
            Op::Contract => {
                let left = self.operand(writer, rows, id, uses[0]);
                let matrix = Matrix { rows: left.columns, columns };
                let (right, right_pitch) = self.right_operand(uses[1], matrix);
                writer.read(right);
                self.result(writer, id, columns, Do::Product { left, right, right_pitch });
            }
            Op::Reduce(reduce) => {
                let mut from = self.operand(writer, rows, id, uses[0]);
                let monoid = reduce.monoid;
                let Some(fold) = self.reader.fold(id, reduce) else { return };
                if fold == Fold::Everything && from.columns != 1 {
                    from = Operand { rows: writer.emit(Do::FoldRows { monoid, from }, 1), columns: 1, pitch: 1 };
                }
                match fold {
                    Fold::Rows => self.result(writer, id, 1, Do::FoldRows { monoid, from }),
                    Fold::Columns | Fold::Everything => {
                        let partials = self.new_value(&[0, from.columns], pitch(from.columns), Place::Arena(0), None);
                        let work = Do::FoldColumns { monoid, from, partials };
                        let columns = from.columns;
                        writer.instructions.push(Instruction { work, to: Target::Partials, columns });
                        let value = self.value(id);
                        writer.partials.push((monoid, partials, value, id));
                    }
                }
            }
            Op::Index(Index::OneHot { .. }) => {
                let positions = self.operand(writer, rows, id, uses[0]).rows;
                self.result(writer, id, columns, Do::OneHot { positions, node: id });
            }
            Op::Index(Index::ArgMax { .. }) => {
                let from = self.operand(writer, rows, id, uses[0]);
                self.result(writer, id, 1, Do::ArgMax { from });
            }
            Op::Index(_) | Op::Layout(_) | Op::Leaf(_) => {}
        }
    }

    /// The instruction that computes a member, to where its rows are wanted.
    fn result(&mut self, writer: &mut Writer, id: NodeId, columns: usize, work: Do) {
        if !self.demanded[id.index()] {
            let rows = writer.emit(work, columns);
            writer.results.insert(id, rows);
            return;
        }
        let value = self.value(id);
        writer.writes.push(value);
        if self.is_written_late(id) {
            let rows = writer.emit(work, columns);
            let Argument::Slot(slot) = rows else { return };
            writer.stores.push(Store { slot, value, columns, pitch: pitch(columns) });
            writer.results.insert(id, rows);
            return;
        }
        writer.instructions.push(Instruction { work, to: Target::Value(value), columns });
        writer.results.insert(id, Argument::Value(value));
    }

    /// An argument of a function of single numbers, at the pitch of `columns`.
    fn argument(&mut self, writer: &mut Writer, rows: usize, columns: usize, used: Use) -> Argument {
        let inner = writer.results.get(&used.source).copied();
        match used.view {
            View::Full => {
                let Operand { rows: argument, pitch: found, .. } =
                    self.operand_as(writer, Matrix { rows, columns }, used.source);
                match argument {
                    Argument::Value(from) if found != pitch(columns) => {
                        writer.bring(Brought::Rows(from, found), columns, Do::Load { from, pitch: found })
                    }
                    argument => argument,
                }
            }
            View::PerRow => {
                let from = inner.unwrap_or_else(|| {
                    let value = self.value(used.source);
                    Argument::Value(writer.read(value))
                });
                // Rows of one number are that number's.
                if columns == 1 { from } else { writer.bring(Brought::PerRow(from), columns, Do::PerRow { from }) }
            }
            View::PerColumn => {
                let from = self.value(used.source);
                writer.read(from);
                writer.bring(Brought::PerColumn(from), columns, Do::PerColumn { from })
            }
            _ => {
                let from = self.value(used.source);
                writer.read(from);
                writer.bring(Brought::Single(from), columns, Do::Single { from })
            }
        }
    }

    /// The rows of a node's first input, whatever their pitch.
    fn operand(&mut self, writer: &mut Writer, rows: usize, id: NodeId, used: Use) -> Operand {
        // What is read may be of another form, and without numbers that does not say how many columns there are.
        let form = self.reader.matrix(self.reader.inputs(id)[0]);
        let columns = if form.rows == rows { form.columns } else { form.count() / rows.max(1) };
        self.operand_as(writer, Matrix { rows, columns }, used.source)
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
                let work = Do::Map { op: MapOp::Add, arguments: vec![sum, next] };
                sum = writer.bring(Brought::Sum(source, i), columns, work);
            }
            return Operand { rows: sum, columns, pitch: pitch(columns) };
        }
        let (value, pitch) = self.as_matrix(source, matrix);
        writer.read(value);
        Operand { rows: Argument::Value(value), columns, pitch }
    }
}

/// A formula's body as instructions; answers the last one's work.
fn lower(writer: &mut Writer, body: &Expr, arguments: &[Argument], columns: usize) -> Do {
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
                writer.bring(Brought::Number(number.to_bits()), columns, Do::Number(number))
            }
            Expr::Apply(..) => {
                let work = lower(writer, inner, arguments, columns);
                writer.emit(work, columns)
            }
        })
        .collect();
    Do::Map { op, arguments }
}
