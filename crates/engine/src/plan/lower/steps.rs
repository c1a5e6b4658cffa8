//! Steps of a single node: batched products, folds, rearrangements, positions.

use limpid_graph::op::row_major_strides;
use limpid_graph::{Index, Layout, NodeId, Op};

use super::Lowering;
use crate::kernels::arrange;
use crate::plan::forms::{Access, runs};
use crate::plan::{PositionsRead, StepKind, Storage, ValueId};

impl Lowering<'_> {
    /// The step of a broadcast or permutation that nothing reads through.
    pub(super) fn spread(&mut self, id: NodeId, value: ValueId) {
        let input = self.reader.inputs(id)[0];
        let (from, to) = (self.reader.shape(input), self.reader.shape(id));
        let strides = row_major_strides(from);
        let axes = self.reader.op(id).axes(&[from], to);
        let stride = |axis: usize| axes[0].same_input(axis).map_or(0, |input| strides[input]);
        let strides = (0..to.len()).map(stride).collect();
        let held = self.reader.storage(input);
        let from = self.value(held);
        let from = self.contiguous(from);
        self.step(StepKind::Strided { from, offset: 0, strides }, vec![value], None, vec![id]);
    }

    /// A node that is a step by itself.
    pub(super) fn standalone(&mut self, id: NodeId) {
        if !self.is_needed(id) {
            return;
        }
        let node = self.reader.graph.node(id);
        let shape = self.reader.shape(id);
        if let Some(added) = self.added.get(&id).copied() {
            return self.product(added.product, id, Some(added));
        }
        if self.reader.is_banded(id) {
            return self.bands(id);
        }
        let reads = self.reader.reads(id);
        let is_raw = reads.first().is_some_and(|read| read.access == Access::Raw);
        if is_raw && matches!(node.op, Op::Index(Index::Gather { axis: 0 })) {
            return self.raw_gather(id);
        }
        if matches!(&node.op, Op::Contract) && shape.len() == 2 {
            return self.product(id, id, None);
        }
        let inputs: Vec<ValueId> = reads
            .iter()
            .map(|read| {
                let value = self.value(read.source);
                self.contiguous(value)
            })
            .collect();
        let input_shape = |i: usize| self.reader.shape(node.inputs[i]);
        let kind = match &node.op {
            Op::Contract => {
                let [lead @ .., m, n] = shape else { return };
                let k = input_shape(0).last().copied().unwrap_or(0);
                let transposed = [0, 1].map(|i| self.reader.transposed(node.inputs[i]).is_some());
                let (batch, operands) = (lead.iter().product(), [inputs[0], inputs[1]]);
                StepKind::Products { batch, m: *m, k, n: *n, operands, transposed }
            }
            Op::Reduce(reduce) => {
                let is_folded = |axis: usize| reduce.axes.contains(&axis);
                let groups = runs(input_shape(0), is_folded);
                StepKind::Reduce { from: inputs[0], monoid: reduce.monoid, groups }
            }
            Op::Layout(Layout::Slice { axis, start, .. }) => {
                let strides = row_major_strides(input_shape(0));
                StepKind::Strided { from: inputs[0], offset: start * strides[*axis], strides }
            }
            Op::Layout(Layout::Pad { axis, before, after }) => {
                let (shape, around) = (input_shape(0).to_vec(), (*before, *after));
                StepKind::Pad { from: inputs[0], shape, axis: *axis, around }
            }
            Op::Layout(Layout::Concat { axis }) => {
                let shapes = (0..inputs.len()).map(|i| input_shape(i).to_vec());
                StepKind::Concat { from: inputs.iter().copied().zip(shapes).collect(), axis: *axis }
            }
            // Lazy layouts are read through.
            Op::Layout(Layout::Reshape(_) | Layout::Permute(_) | Layout::Broadcast(_)) => return,
            // One that no kernel is for.
            Op::Layout(layout) => {
                let shapes: Vec<&[usize]> = (0..inputs.len()).map(input_shape).collect();
                let table = arrange::table(layout, &shapes, shape);
                StepKind::Arrange { from: inputs, table }
            }
            Op::Window(windows) => StepKind::Windows { from: inputs[0], walk: windows.walk(input_shape(0), shape) },
            Op::Index(Index::Gather { axis }) => {
                let positions = self.positions(id, inputs[1]);
                StepKind::Gather { from: inputs[0], shape: input_shape(0).to_vec(), axis: *axis, positions }
            }
            Op::Index(Index::ScatterAdd { axis, .. }) => {
                let positions = self.positions(id, inputs[1]);
                StepKind::ScatterAdd { from: inputs[0], axis: *axis, positions }
            }
            Op::Index(Index::OneHot { classes }) => StepKind::OneHot { positions: inputs[0], classes: *classes },
            Op::Index(Index::ArgMax { axes }) => {
                StepKind::ArgMax { from: inputs[0], shape: input_shape(0).to_vec(), axes: axes.clone() }
            }
            // They belong to fusions.
            Op::Leaf(_) | Op::Map(_) | Op::Formula(_) | Op::Random(_) => return,
        };
        let value = self.value(id);
        self.step(kind, vec![value], None, vec![id]);
    }

    /// A gather of rows of a leaf's data, as they are stored.
    fn raw_gather(&mut self, id: NodeId) {
        let reads = self.reader.reads(id);
        let leaf = reads[0].source;
        let positions = self.value(reads[1].source);
        let positions = self.contiguous(positions);
        let positions = self.positions(id, positions);
        let of_variable = |lowering: &mut Self| {
            let variable = lowering.value(leaf);
            let is_alike = lowering.values[variable].matrix.columns == lowering.reader.form(id).columns;
            if is_alike { variable } else { lowering.contiguous(variable) }
        };
        let variable = ((self.stored)(leaf).storage == Storage::Padded).then(|| of_variable(self));
        let extent = self.reader.shape(leaf)[0];
        let value = self.value(id);
        let kind = StepKind::Rows { leaf, variable, extent, positions };
        self.step(kind, vec![value], Some(leaf), vec![id]);
    }

    /// The positions by which a gather or a scatter picks or places, where `value` holds them.
    pub(super) fn positions(&self, id: NodeId, value: ValueId) -> PositionsRead {
        let positions = self.reader.storage(self.reader.inputs(id)[1]);
        PositionsRead { value, fed: self.reader.is_fed(positions).then_some(positions) }
    }
}
