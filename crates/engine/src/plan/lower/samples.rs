//! Work within samples: the instructions of convolutions, windows, and arrangements and folds that no form makes simple.

use limpid_graph::op::{Monoid, row_major_strides};
use limpid_graph::{Layout, NodeId, Windows};

use super::Lowering;
use super::fusions::{Load, Writer};
use super::values::Rearranged;
use crate::kernels::arrange;
use crate::kernels::convolution::{Convolution, Method};
use crate::kernels::pooling::Pooling;
use crate::plan::convolutions::Convolved;
use crate::plan::extremes::ExtremeSlope;
use crate::plan::forms::Access;
use crate::plan::reads::Read;
use crate::plan::{
    Argument, Filter, InstructionKind, Matrix, Operand, Place, SampleKind, StepKind, Target, ValueId, pitch,
};

impl Lowering<'_> {
    pub(super) fn convolution(&mut self, writer: &mut Writer, id: NodeId, convolved: Convolved, reads: &[Read]) {
        let (kind, operands) = match convolved {
            Convolved::Filtered { convolution, tail, .. } => {
                let filter = self.filter(convolution, reads, tail.relu);
                writer.read(filter.matrix);
                filter.bias.into_iter().for_each(|bias| _ = writer.read(bias));
                (SampleKind::Filtered(filter), &reads[..1])
            }
            Convolved::OfImages { convolution, .. } => {
                let method = convolution.method_of_images(self.reader.limits.squares);
                let by_filters = Matrix { rows: convolution.filters, columns: convolution.window() };
                let (matrix, pitch) = match method {
                    Method::Adding => self.right_operand(reads[1], by_filters),
                    Method::Windows | Method::Pairs | Method::Squares => {
                        let matrix = self.mirrored(reads[1], &convolution);
                        self.matrix_for(method, matrix, &convolution.back())
                    }
                };
                (SampleKind::OfImages { convolution, method, matrix: writer.read(matrix), pitch }, &reads[..1])
            }
            Convolved::OfFilters { convolution, .. } => {
                let count = convolution.window() * convolution.filters;
                let partials = self.new_value(&[0, count], pitch(count), Place::Arena(0), None);
                let value = self.value(id);
                writer.partials.push((Monoid::Sum, partials, value, id));
                (SampleKind::OfFilters { convolution, method: convolution.method_of_filters(), partials }, reads)
            }
        };
        let is_partial = matches!(kind, SampleKind::OfFilters { .. });
        let operands = operands.iter().map(|&read| self.sample(writer, read)).collect();
        let kind = InstructionKind::Sample { kind, operands };
        if is_partial { writer.push(kind, Target::Partials, (1, 0)) } else { self.result(writer, id, kind) }
    }

    /// How images are filtered, with the filters and the bias that are read second and third.
    fn filter(&mut self, convolution: Convolution, reads: &[Read], relu: bool) -> Filter {
        let matrix = Matrix { rows: convolution.window(), columns: convolution.filters };
        let method = convolution.method(self.reader.limits.squares);
        let (matrix, pitch) = self.right_operand(reads[1], matrix);
        let (matrix, pitch) = self.matrix_for(method, (matrix, pitch), &convolution);
        let bias = reads.get(2).map(|bias| {
            let value = self.value(bias.source);
            self.contiguous(value)
        });
        Filter { convolution, method, matrix, pitch, bias, relu }
    }

    /// The step that filters a single sample, cut into bands of rows.
    pub(super) fn bands(&mut self, id: NodeId) {
        let Some(Convolved::Filtered { convolution, tail, .. }) = self.reader.convolved(id) else { return };
        let reads = self.reader.reads(id);
        let filter = self.filter(convolution, &reads, tail.relu);
        let pixels = Matrix { rows: convolution.pixels(), columns: convolution.channels };
        let (from, _) = self.as_matrix(reads[0].source, pixels);
        let from = self.contiguous(from);
        let value = self.value(id);
        self.step(StepKind::Filter { from, filter }, vec![value], None, vec![id]);
    }

    /// The matrix that a method takes, from one with a row for each tap and channel and a column for each filter.
    fn matrix_for(
        &mut self,
        method: Method,
        (value, pitch): (ValueId, usize),
        convolution: &Convolution,
    ) -> (ValueId, usize) {
        let value = match method {
            Method::Windows | Method::Adding => return (value, pitch),
            Method::Squares => {
                let sizes = [convolution.channels, convolution.filters];
                self.derived(value, Rearranged::SumsOfWeights { sizes })
            }
            Method::Pairs => self.derived(value, Rearranged::Paired { convolution: *convolution }),
        };
        (value, self.values[value].pitch)
    }

    /// The matrix of a convolution for its images' derivative, from one with a row for each filter.
    fn mirrored(&mut self, read: Read, convolution: &Convolution) -> (ValueId, usize) {
        // Read through a transposition, it has a column for each filter.
        let is_transposed = !matches!(read.access, Access::Matrix { transposed: true });
        let (window, filters) = (convolution.window(), convolution.filters);
        let (rows, columns) = if is_transposed { (filters, window) } else { (window, filters) };
        let matrix = Matrix { rows, columns };
        let (value, _) = self.as_matrix(read.source, matrix);
        let value = self.with_form(value, matrix);
        let sizes = [convolution.taps(), convolution.channels, filters];
        let value = self.derived(value, Rearranged::Mirrored { is_transposed, sizes });
        (value, self.values[value].pitch)
    }

    pub(super) fn fold_within(
        &mut self,
        writer: &mut Writer,
        id: NodeId,
        (monoid, groups): (Monoid, Vec<(bool, usize)>),
        read: Read,
    ) {
        let kind = match Pooling::of(&groups) {
            Some(pooling) => SampleKind::Pooled { monoid, pooling },
            None => SampleKind::Fold { monoid, groups },
        };
        self.within(writer, id, kind, &[read]);
    }

    pub(super) fn arrangement(&mut self, writer: &mut Writer, id: NodeId, layout: &Layout, read: Read) {
        let input = self.reader.inputs(id)[0];
        let (from, to) = (self.reader.shape(input), self.reader.shape(id));
        let (item, shape) = (&from[1..], to[1..].to_vec());
        let strides = row_major_strides(from);
        let count = item.iter().product();
        let kind = match layout {
            Layout::Pad { axis, before, after } => {
                SampleKind::Pad { shape: item.to_vec(), axis: axis - 1, around: (*before, *after) }
            }
            Layout::Slice { axis, start, .. } => {
                SampleKind::Arrange { count, offset: start * strides[*axis], shape, strides: strides[1..].to_vec() }
            }
            _ => {
                let axes = self.reader.op(id).axes(&[from], to);
                let stride = |axis: usize| axes[0].same_input(axis).map_or(0, |input| strides[input]);
                let strides: Vec<usize> = (1..to.len()).map(stride).collect();
                match arrange::transposition(&shape, &strides) {
                    Some((rows, columns)) if rows * columns == count => SampleKind::Transposed { rows, columns },
                    _ => SampleKind::Arrange { count, offset: 0, shape, strides },
                }
            }
        };
        self.within(writer, id, kind, &[read]);
    }

    pub(super) fn windows(&mut self, writer: &mut Writer, id: NodeId, windows: &Windows, read: Read) {
        let input = self.reader.inputs(id)[0];
        let of_one = |shape: &[usize]| std::iter::once(1).chain(shape[1..].iter().copied()).collect::<Vec<_>>();
        let walk = windows.walk(&of_one(self.reader.shape(input)), &of_one(self.reader.shape(id)));
        self.within(writer, id, SampleKind::Windows { walk }, &[read]);
    }

    pub(super) fn extreme_slopes(&mut self, writer: &mut Writer, id: NodeId, slope: ExtremeSlope, reads: &[Read]) {
        let ExtremeSlope { monoid, pooling, .. } = slope;
        self.within(writer, id, SampleKind::ExtremeSlopes { monoid, pooling }, reads);
    }

    fn within(&mut self, writer: &mut Writer, id: NodeId, kind: SampleKind, reads: &[Read]) {
        let operands = reads.iter().map(|&read| self.sample(writer, read)).collect();
        self.result(writer, id, InstructionKind::Sample { kind, operands });
    }

    /// What is read sample by sample, without padding.
    fn sample(&mut self, writer: &mut Writer, read: Read) -> Argument {
        let Operand { at, rows, columns, pitch } = self.items(writer, read);
        match at {
            // In the arena there is room behind every value; what is fed, and constants, are read no further than they go.
            Argument::Value(from) if pitch != columns || !matches!(self.values[from].place, Place::Arena(_)) => {
                writer.load(Load::Rows(from, pitch), (rows, columns), InstructionKind::Load { from, pitch })
            }
            at => at,
        }
    }
}
