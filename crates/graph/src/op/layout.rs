//! Layout: the same numbers, arranged otherwise. A view is never hidden in an edge: it is one of these nodes.

use limpid_tensor::{Dim, Shape};

use super::axes::{AxisLink, AxisMap, IndexBox, regroupings, same};
use super::one;
use crate::builder::Var;
use crate::map::{Gradient, Lane};
use crate::mistake::Fault;
use crate::op::reduce::{Monoid, Reduce};

/// A rearrangement.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Layout {
    /// The same row-major numbers under another shape.
    Reshape(Shape),
    /// Axis i of the result is axis `axes[i]` of the input.
    Permute(Vec<usize>),
    /// Repeated along new axes in front and axes of extent 1, under NumPy's rule.
    Broadcast(Shape),
    /// Positions `start..end` of one axis.
    Slice {
        /// The axis that is cut.
        axis: usize,
        /// First position kept.
        start: usize,
        /// One past the last.
        end: usize,
    },
    /// Zeros put around one axis.
    Pad {
        /// The axis that grows.
        axis: usize,
        /// How many zeros before.
        before: usize,
        /// How many after.
        after: usize,
    },
    /// Inputs one after the other along an axis.
    Concat {
        /// The axis that they are joined along.
        axis: usize,
    },
}

impl Layout {
    /// Rearrangements of one value of this shape, some of every kind: what is checked of each.
    pub fn examples(shape: &[usize]) -> Vec<Self> {
        let mut examples = vec![
            Self::Reshape(Shape::from([shape.iter().product::<usize>()])),
            Self::Permute((0..shape.len()).rev().collect()),
            Self::Broadcast(Shape::new([2].iter().chain(shape).map(|&extent| Dim::known(extent)))),
        ];
        for (axis, &extent) in shape.iter().enumerate() {
            examples.push(Self::Slice { axis, start: extent / 3, end: extent });
            examples.push(Self::Pad { axis, before: 1, after: 2 });
            examples.push(Self::Concat { axis });
        }
        examples
    }

    /// Its name in listings.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Reshape(_) => "reshape",
            Self::Permute(_) => "permute",
            Self::Broadcast(_) => "broadcast",
            Self::Slice { .. } => "slice",
            Self::Pad { .. } => "pad",
            Self::Concat { .. } => "concat",
        }
    }

    pub(super) fn attributes(&self) -> String {
        match self {
            Self::Reshape(_) | Self::Broadcast(_) => String::new(),
            Self::Permute(axes) => {
                format!("axes {}", axes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
            }
            Self::Slice { axis, start, end } => format!("axis {axis}, {start}..{end}"),
            Self::Pad { axis, before, after } => format!("axis {axis}, {before} before, {after} after"),
            Self::Concat { axis } => format!("axis {axis}"),
        }
    }

    pub(super) fn infer(&self, inputs: &[&Shape]) -> Result<Shape, Fault> {
        match self {
            Self::Reshape(target) => match one(inputs)? {
                input if input.count() == target.count() => Ok(target.clone()),
                _ => Err(Fault::Reshape { target: target.clone() }),
            },
            Self::Permute(axes) => permuted(one(inputs)?, axes),
            Self::Broadcast(target) => match one(inputs)?.broadcast(target) {
                Some(joined) if joined == *target => Ok(joined),
                _ => Err(Fault::BroadcastTo { target: target.clone() }),
            },
            &Self::Slice { axis, start, end } => {
                let input = one(inputs)?;
                let extent = known(input, axis, "slice")?;
                match start <= end && end <= extent {
                    true => Ok(with_extent(input, axis, end - start)),
                    false => Err(Fault::SliceBounds { start, end, extent }),
                }
            }
            &Self::Pad { axis, before, after } => {
                let input = one(inputs)?;
                let extent = known(input, axis, "pad")?;
                let grown = before.checked_add(extent).and_then(|sum| sum.checked_add(after));
                Ok(with_extent(input, axis, grown.ok_or(Fault::TooLarge)?))
            }
            &Self::Concat { axis } => concatenated(inputs, axis),
        }
    }

    pub(super) fn axes(&self, inputs: &[&[usize]], output: &[usize]) -> Vec<AxisMap> {
        let mut start = 0;
        let of_one = |input: &&[usize]| {
            let moved = |along: usize, by: isize| {
                let offset = move |axis| if axis == along { by } else { 0 };
                (0..input.len()).map(|i| AxisLink::Same { input: i, output: i, offset: offset(i) }).collect()
            };
            let links: Vec<AxisLink> = match self {
                Self::Reshape(_) => regroupings(input, output),
                Self::Permute(axes) => axes.iter().enumerate().map(|(to, &from)| same(from, to)).collect(),
                Self::Broadcast(_) => return AxisMap::broadcast(input, output),
                &Self::Slice { axis, start, .. } => moved(axis, -(start as isize)),
                &Self::Pad { axis, before, .. } => moved(axis, before as isize),
                &Self::Concat { axis } => {
                    start += input[axis];
                    moved(axis, (start - input[axis]) as isize)
                }
            };
            AxisMap::new(input, output, links)
        };
        inputs.iter().map(of_one).collect()
    }

    pub(super) fn gradient<'b>(&self, inputs: &[Var<'b>], up: Var<'b>, which: usize) -> Gradient<'b> {
        let input = inputs[which];
        let shape = input.shape();
        let extent = |var: Var<'b>, axis: usize| var.shape().dims().get(axis).and_then(Dim::as_known).unwrap_or(0);
        match self {
            Self::Reshape(_) => up.reshape(shape).into(),
            Self::Permute(axes) => {
                let mut inverse = vec![0; axes.len()];
                axes.iter().enumerate().for_each(|(to, &from)| inverse[from] = to);
                up.builder().layout(Self::Permute(inverse), &[up]).into()
            }
            Self::Broadcast(target) => {
                let new = target.rank() - shape.rank();
                let repeated = |&axis: &usize| axis < new || shape.dims()[axis - new] != target.dims()[axis];
                let axes = (0..target.rank()).filter(repeated).collect();
                let sum = Reduce { monoid: Monoid::Sum, axes, keep: false };
                up.builder().reduce(sum, up).reshape(shape).into()
            }
            &Self::Slice { axis, start, end } => {
                let after = extent(input, axis) - end;
                up.builder().layout(Self::Pad { axis, before: start, after }, &[up]).into()
            }
            &Self::Pad { axis, before, .. } => {
                let end = before + extent(input, axis);
                up.builder().layout(Self::Slice { axis, start: before, end }, &[up]).into()
            }
            &Self::Concat { axis } => {
                let start = inputs[..which].iter().map(|&earlier| extent(earlier, axis)).sum();
                let end = start + extent(input, axis);
                up.builder().layout(Self::Slice { axis, start, end }, &[up]).into()
            }
        }
    }

    /// The reference value. A reshape is the caller's, who need not copy for it.
    pub(crate) fn value<T: Lane>(&self, inputs: &[(&[usize], &[T])], shape: &[usize]) -> Vec<T> {
        let mut out = vec![T::of(0.0); shape.iter().product()];
        self.write(inputs, shape, T::of(0.0), &mut out);
        out
    }

    /// The reference value into `out`, of elements of any kind, with the one that stands for 0. Each input comes with its
    /// shape; `shape` is the result's.
    pub fn write<T: Copy>(&self, inputs: &[(&[usize], &[T])], shape: &[usize], zero: T, out: &mut [T]) {
        let (input_shape, input) = inputs[0];
        let strides = row_major_strides(input_shape);
        match self {
            Self::Reshape(_) => out.copy_from_slice(input),
            Self::Permute(axes) => {
                let strides: Vec<_> = axes.iter().map(|&axis| strides[axis]).collect();
                strided(input, 0, shape, &strides, out);
            }
            Self::Broadcast(_) => {
                let new = shape.len() - input_shape.len();
                let stride = |axis: usize| match axis.checked_sub(new) {
                    Some(from) if input_shape[from] != 1 => strides[from],
                    _ => 0,
                };
                strided(input, 0, shape, &(0..shape.len()).map(stride).collect::<Vec<_>>(), out);
            }
            &Self::Slice { axis, start, .. } => strided(input, start * strides[axis], shape, &strides, out),
            &Self::Pad { axis, before, .. } => {
                out.fill(zero);
                place(inputs[0], axis, before, shape, out);
            }
            &Self::Concat { axis } => {
                let mut start = 0;
                for &(input_shape, input) in inputs {
                    place((input_shape, input), axis, start, shape, out);
                    start += input_shape[axis];
                }
            }
        }
    }
}

impl Layout {
    /// The reference value of a part of the output, from parts of the inputs in which its numbers are. `whole` and `shape`
    /// are the shapes of the whole inputs and of the whole output.
    pub(crate) fn value_of_part<T: Lane>(
        &self,
        whole: &[&[usize]],
        shape: &[usize],
        part: &IndexBox,
        inputs: &[(&IndexBox, &[T])],
    ) -> Vec<T> {
        let (from, numbers) = inputs[0];
        match self {
            // Both in row-major order, so equal counts are the same numbers.
            Self::Reshape(_) if from.shape().iter().product::<usize>() == part.shape().iter().product::<usize>() => {
                numbers.to_vec()
            }
            Self::Reshape(_) => part.places(shape).map(|place| numbers[from.place_of(whole[0], place)]).collect(),
            &(Self::Slice { axis, .. } | Self::Pad { axis, .. } | Self::Concat { axis }) => {
                let mut out = vec![T::of(0.0); part.shape().iter().product()];
                for ((from, numbers), map) in
                    inputs.iter().zip(self.axes(whole, shape)).filter(|((from, _), _)| !from.is_empty())
                {
                    let start = map.reaches(from).ranges()[axis].start - part.ranges()[axis].start;
                    place((&from.shape(), numbers), axis, start, &part.shape(), &mut out);
                }
                out
            }
            _ => {
                // What the part of the input makes, of which the part that is asked for may be a part.
                let made = self.axes(whole, shape)[0].reaches(from);
                let all = self.value(&[(&from.shape(), numbers)], &made.shape());
                part.places(shape).map(|place| all[made.place_of(shape, place)]).collect()
            }
        }
    }
}

fn permuted(input: &Shape, axes: &[usize]) -> Result<Shape, Fault> {
    let mut seen = vec![false; input.rank()];
    for &axis in axes {
        match seen.get_mut(axis) {
            Some(seen) if *seen => return Err(Fault::RepeatedAxis { axis }),
            Some(seen) => *seen = true,
            None => return Err(Fault::Axis { axis: axis as isize, rank: input.rank() }),
        }
    }
    if axes.len() != input.rank() {
        return Err(Fault::PermuteRank { given: axes.len(), rank: input.rank() });
    }
    Ok(Shape::new(axes.iter().map(|&axis| input.dims()[axis].clone())))
}

fn known(input: &Shape, axis: usize, doing: &'static str) -> Result<usize, Fault> {
    let dim = input.dims().get(axis).ok_or(Fault::Axis { axis: axis as isize, rank: input.rank() })?;
    dim.as_known().ok_or_else(|| Fault::SymbolicAxis { doing, axis, dim: dim.clone() })
}

fn with_extent(input: &Shape, axis: usize, extent: usize) -> Shape {
    let mut dims = input.dims().to_vec();
    dims[axis] = Dim::known(extent);
    Shape::from(dims)
}

fn concatenated(inputs: &[&Shape], axis: usize) -> Result<Shape, Fault> {
    let (first, rest) = inputs.split_first().ok_or(Fault::Arity { wanted: 1, found: 0 })?;
    let mut total = known(first, axis, "concat")?;
    for input in rest {
        let extent = known(input, axis, "concat")?;
        if with_extent(input, axis, 0) != with_extent(first, axis, 0) {
            return Err(Fault::ConcatShapes { axis });
        }
        total = total.checked_add(extent).ok_or(Fault::TooLarge)?;
    }
    Ok(with_extent(first, axis, total))
}

/// How far apart neighbours along each axis stand in the row-major numbers of this shape.
pub fn row_major_strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    strides
}

/// The numbers at `offset + Σ index·stride`, over all indices of `shape` in row-major order.
fn strided<T: Copy>(input: &[T], offset: usize, shape: &[usize], strides: &[usize], out: &mut [T]) {
    if !out.is_empty() {
        copy_axis(input, offset, shape, strides, out);
    }
}

fn copy_axis<T: Copy>(input: &[T], offset: usize, shape: &[usize], strides: &[usize], out: &mut [T]) {
    match (shape, strides) {
        ([_], [0]) => out.fill(input[offset]),
        ([extent], [1]) => out.copy_from_slice(&input[offset..offset + extent]),
        ([_], [stride]) => out.iter_mut().zip(input[offset..].iter().step_by(*stride)).for_each(|(o, &x)| *o = x),
        ([extent, shape @ ..], [stride, strides @ ..]) => {
            let parts = out.chunks_exact_mut(out.len() / extent).enumerate();
            parts.for_each(|(i, part)| copy_axis(input, offset + i * stride, shape, strides, part));
        }
        _ => out[0] = input[offset],
    }
}

/// Puts an input where it stands along `axis` of a value of `shape`.
fn place<T: Copy>((input_shape, input): (&[usize], &[T]), axis: usize, start: usize, shape: &[usize], out: &mut [T]) {
    let inner: usize = shape[axis + 1..].iter().product();
    let (chunk, row) = (input_shape[axis] * inner, shape[axis] * inner);
    if chunk > 0 {
        let rows = out.chunks_exact_mut(row).zip(input.chunks_exact(chunk));
        rows.for_each(|(out, input)| out[start * inner..start * inner + chunk].copy_from_slice(input));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INPUT: [f64; 6] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];

    fn value(layout: Layout, shape: &[usize], input: &[f64]) -> Vec<f64> {
        let wanted = layout.infer(&[&Shape::from(shape)]).unwrap().as_known().unwrap();
        layout.value(&[(shape, input)], &wanted)
    }

    #[test]
    fn each_arrangement_puts_numbers_where_numpy_puts_them() {
        assert_eq!(value(Layout::Permute(vec![1, 0]), &[2, 3], &INPUT), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        assert_eq!(value(Layout::Permute(vec![2, 0, 1]), &[1, 2, 3], &INPUT), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        assert_eq!(value(Layout::Broadcast(Shape::from((2, 3))), &[3], &INPUT[..3]), [1.0, 2.0, 3.0, 1.0, 2.0, 3.0]);
        assert_eq!(value(Layout::Broadcast(Shape::from((2, 2))), &[2, 1], &INPUT[..2]), [1.0, 1.0, 2.0, 2.0]);
        assert_eq!(value(Layout::Slice { axis: 1, start: 1, end: 3 }, &[2, 3], &INPUT), [2.0, 3.0, 5.0, 6.0]);
        assert_eq!(value(Layout::Pad { axis: 0, before: 1, after: 0 }, &[2], &INPUT[..2]), [0.0, 1.0, 2.0]);
        assert_eq!(
            value(Layout::Pad { axis: 1, before: 0, after: 1 }, &[2, 2], &INPUT[..4]),
            [1.0, 2.0, 0.0, 3.0, 4.0, 0.0]
        );
    }

    #[test]
    fn joined_inputs_keep_their_rows() {
        let (a, b) = ([2, 1], [2, 2]);
        let joined = Layout::Concat { axis: 1 }.value(&[(&a, &INPUT[..2]), (&b, &INPUT[2..])], &[2, 3]);
        assert_eq!(joined, [1.0, 3.0, 4.0, 2.0, 5.0, 6.0]);
    }

    #[test]
    fn a_symbolic_axis_is_not_cut() {
        let shape = Shape::from(("batch", 3));
        let cut = Layout::Slice { axis: 0, start: 0, end: 1 }.infer(&[&shape]);
        assert_eq!(cut, Err(Fault::SymbolicAxis { doing: "slice", axis: 0, dim: Dim::symbol("batch") }));
    }
}
