//! Values: where a node's numbers stand, and in which other forms.

use limpid_graph::{Index, Leaf, NodeId, Op};

use super::Lowering;
use crate::kernels::convolution::{Convolution, winograd};
use crate::numbers::LINE;
use crate::plan::forms::Access;
use crate::plan::reads::Read;
use crate::plan::{Matrix, Place, StepKind, Storage, Value, ValueId, pitch};

/// Another form of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Rearranged {
    /// Without padding.
    Contiguous,
    /// Columns as rows.
    Transposed,
    /// With rows of whole cache lines.
    Padded,
    /// As a matrix of other rows and columns.
    Reshaped(Matrix),
    /// The same, in memory of its own.
    Copied,
    /// A convolution's matrix, of so many taps, channels and filters, for its images' derivative.
    Mirrored { is_transposed: bool, sizes: [usize; 3] },
    /// A convolution's matrix of so many channels and filters, for results four at a time.
    SumsOfWeights { sizes: [usize; 2] },
    /// A convolution's matrix for results two at a time.
    Paired { convolution: Convolution },
}

impl Lowering<'_> {
    /// A value of no form of its own: all axes of its shape but the last are rows.
    pub(super) fn new_value(&mut self, shape: &[usize], pitch: usize, place: Place, node: Option<NodeId>) -> ValueId {
        let (matrix, shape) = (Matrix::of(shape), shape.to_vec());
        self.push(Value { matrix, pitch, place, node, shape })
    }

    fn push(&mut self, value: Value) -> ValueId {
        self.values.push(value);
        self.values.len() - 1
    }

    /// The value of a node that is read from memory, with a step that writes it where no group does.
    pub(super) fn value(&mut self, id: NodeId) -> ValueId {
        if let Some(&value) = self.of_node.get(&id) {
            return value;
        }
        let (shape, matrix) = (self.reader.shape(id).to_vec(), self.reader.form(id).matrix());
        let columns = matrix.columns;
        let own_pitch = if self.is_written_contiguously(id) { columns } else { pitch(columns) };
        let (node, arena) = (Some(id), Place::Arena(0));
        let value = match self.reader.op(id) {
            Op::Leaf(Leaf::Constant(tensor)) => self.constant(id, &tensor.to_f32()),
            Op::Leaf(Leaf::Extent(dim)) => self.constant(id, &[dim.resolve(self.sizes).unwrap_or(0) as f32]),
            Op::Leaf(_) => match (self.stored)(id).storage {
                Storage::Padded => {
                    let pitch = pitch(Matrix::of(&shape).columns);
                    self.new_value(&shape, pitch, Place::Leaf(id), node)
                }
                Storage::Floats => self.push(Value { matrix, pitch: columns, place: Place::Leaf(id), node, shape }),
                Storage::Bytes | Storage::Doubles => {
                    let value = self.push(Value { matrix, pitch: own_pitch, place: arena, node, shape });
                    self.step(StepKind::Convert { leaf: id }, vec![value], Some(id), vec![id]);
                    value
                }
            },
            _ => self.push(Value { matrix, pitch: own_pitch, place: arena, node, shape }),
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
    pub(super) fn is_written_contiguously(&self, id: NodeId) -> bool {
        let by_items = self.groups.of[id.index()].is_some_and(|group| self.groups.all[group].items.is_some());
        // So that it can be read in other forms, too.
        if self.reader.is_merged(id) || self.reader.is_banded(id) {
            return true;
        }
        match self.reader.op(id) {
            Op::Contract if self.reader.is_terminal(id) => true,
            Op::Contract => self.reader.shape(id).len() != 2,
            Op::Index(Index::Gather { .. }) => self.reader.reads(id)[0].access != Access::Raw,
            Op::Reduce(_) => !by_items || (self.reader.is_terminal(id) && self.reader.form(id).matrix().rows > 1),
            Op::Index(_) => !by_items,
            Op::Layout(_) | Op::Window(_) => true,
            Op::Leaf(_) | Op::Map(_) | Op::Formula(_) | Op::Random(_) => false,
        }
    }

    pub(super) fn constant(&mut self, id: NodeId, numbers: &[f32]) -> ValueId {
        let shape = self.reader.shape(id).to_vec();
        let matrix @ Matrix { rows, columns } = self.reader.form(id).matrix();
        let pitch = pitch(columns);
        let offset = self.constants.len();
        self.constants.resize(offset + (rows * pitch).next_multiple_of(LINE), 0.0);
        for (row, from) in numbers.chunks_exact(columns.max(1)).enumerate() {
            self.constants[offset + row * pitch..][..columns].copy_from_slice(from);
        }
        self.push(Value { matrix, pitch, place: Place::Constant(offset), node: Some(id), shape })
    }

    pub(super) fn derived(&mut self, from: ValueId, form: Rearranged) -> ValueId {
        if let Some(&value) = self.derived.get(&(from, form)) {
            return value;
        }
        let Value { matrix, node, ref shape, .. } = self.values[from];
        let (Matrix { rows, columns }, shape, place) = (matrix, shape.clone(), Place::Arena(0));
        let copy = StepKind::Copy { from };
        let (value, kind) = match form {
            Rearranged::Contiguous => (self.push(Value { matrix, pitch: columns, place, node, shape }), copy),
            Rearranged::Copied => (self.push(Value { matrix, pitch: pitch(columns), place, node, shape }), copy),
            Rearranged::Reshaped(Matrix { rows, columns }) => {
                (self.new_value(&[rows, columns], pitch(columns), place, node), copy)
            }
            Rearranged::Mirrored { is_transposed, sizes: sizes @ [taps, channels, filters] } => (
                self.new_value(&[taps * filters, channels], channels.next_multiple_of(LINE), place, None),
                StepKind::Mirror { from, is_transposed, sizes },
            ),
            Rearranged::SumsOfWeights { sizes: sizes @ [channels, filters] } => (
                self.new_value(&[winograd::rows(channels), filters], filters.next_multiple_of(LINE), place, None),
                StepKind::SumsOfWeights { from, sizes },
            ),
            Rearranged::Paired { convolution } => {
                let shape = [convolution.rows_of_pairs(), 2 * convolution.filters];
                let pitch = shape[1].next_multiple_of(LINE);
                (self.new_value(&shape, pitch, place, None), StepKind::Pair { from, convolution })
            }
            Rearranged::Padded => {
                let pitch = columns.next_multiple_of(LINE);
                (self.new_value(&[rows, columns], pitch, place, node), copy)
            }
            Rearranged::Transposed => (
                self.new_value(&[columns, rows], rows.next_multiple_of(LINE), place, None),
                StepKind::Transpose { from },
            ),
        };
        self.derived.insert((from, form), value);
        self.step(kind, vec![value], None, node.into_iter().collect());
        value
    }

    /// The value without padding between its rows.
    pub(super) fn contiguous(&mut self, value: ValueId) -> ValueId {
        let Value { matrix, pitch, .. } = self.values[value];
        if pitch == matrix.columns || matrix.rows <= 1 { value } else { self.derived(value, Rearranged::Contiguous) }
    }

    /// A node's value as a matrix of this form, and the pitch of its rows.
    pub(super) fn as_matrix(&mut self, id: NodeId, matrix: Matrix) -> (ValueId, usize) {
        let value = self.value(id);
        if self.values[value].matrix == matrix {
            return (value, self.values[value].pitch);
        }
        (self.contiguous(value), matrix.columns)
    }

    /// A right operand that is read where it lies, in rows of whole cache lines, and its pitch.
    pub(super) fn right_operand(&mut self, read: Read, matrix: Matrix) -> (ValueId, usize) {
        let value = match read.access {
            Access::Matrix { transposed: true } => {
                let transposed = Matrix { rows: matrix.columns, columns: matrix.rows };
                let (value, _) = self.as_matrix(read.source, transposed);
                let value = self.with_form(value, transposed);
                self.derived(value, Rearranged::Transposed)
            }
            _ => {
                let (value, pitch) = self.as_matrix(read.source, matrix);
                let value = self.with_form(value, matrix);
                if pitch.is_multiple_of(LINE) && pitch > 0 { value } else { self.derived(value, Rearranged::Padded) }
            }
        };
        (value, self.values[value].pitch)
    }

    /// A value as a value of this matrix form: the same memory, if it is not padded otherwise.
    pub(super) fn with_form(&mut self, value: ValueId, matrix: Matrix) -> ValueId {
        if self.values[value].matrix == matrix {
            return value;
        }
        let value = self.contiguous(value);
        self.derived(value, Rearranged::Reshaped(matrix))
    }
}
