//! Index: numbers picked, placed or found by position. A position is a whole number stored as a real one.

use limpid_tensor::{Dim, Shape};

use super::axes::{AxisLink, AxisMap, same};
use super::{Monoid, Reduce, one, two};
use crate::builder::Var;
use crate::map::{Gradient, Lane};
use crate::mistake::Fault;

/// An op that deals in positions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Index {
    /// `(data, positions)`: the parts of `data` at these positions of `axis`, which the positions' own axes replace.
    Gather {
        /// The axis that is indexed.
        axis: usize,
    },
    /// `(parts, positions)`: zeros of `extent` along `axis`, to which each part is added at its position: the
    /// derivative of a gather.
    ScatterAdd {
        /// The axis that is indexed.
        axis: usize,
        /// How long that axis of the result is.
        extent: Dim,
    },
    /// A new last axis that is 1 at the position and 0 elsewhere.
    OneHot {
        /// How long that axis is.
        classes: usize,
    },
    /// The position of the largest number over the axes, the first of equals.
    ArgMax {
        /// The axes that are searched, ascending; several are searched as one, in row-major order.
        axes: Vec<usize>,
    },
}

/// A position that is not one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BadPosition {
    pub(crate) found: f64,
    pub(crate) extent: usize,
}

impl Index {
    /// Its name in listings.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Gather { .. } => "gather",
            Self::ScatterAdd { .. } => "scatter_add",
            Self::OneHot { .. } => "one_hot",
            Self::ArgMax { .. } => "argmax",
        }
    }

    pub(super) fn attributes(&self) -> String {
        match self {
            Self::Gather { axis } => format!("axis {axis}"),
            Self::ScatterAdd { axis, extent } => format!("axis {axis} of {extent}"),
            Self::OneHot { classes } => format!("{classes} classes"),
            Self::ArgMax { axes } => {
                format!("axes {}", axes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
            }
        }
    }

    pub(super) fn infer(&self, inputs: &[&Shape]) -> Result<Shape, Fault> {
        match self {
            &Self::Gather { axis } => {
                let (data, positions) = two(inputs)?;
                let (before, after) = split(data, axis)?;
                Ok(Shape::new(before.iter().chain(positions.dims()).chain(after).cloned()))
            }
            Self::ScatterAdd { axis, extent } => {
                let (parts, positions) = two(inputs)?;
                let end = axis + positions.rank();
                match parts.dims().get(*axis..end) {
                    Some(dims) if dims == positions.dims() => {
                        let (before, after) = (&parts.dims()[..*axis], &parts.dims()[end..]);
                        Ok(Shape::new(before.iter().chain([extent]).chain(after).cloned()))
                    }
                    _ => Err(Fault::Broadcast),
                }
            }
            &Self::OneHot { classes: 0 } => Err(Fault::NoClasses),
            &Self::OneHot { classes } => {
                Ok(Shape::new(one(inputs)?.dims().iter().cloned().chain([Dim::known(classes)])))
            }
            Self::ArgMax { axes } => {
                Reduce { monoid: Monoid::Max, axes: axes.clone(), keep: false }.infer(one(inputs)?)
            }
        }
    }

    /// Which numbers of an indexed axis belong together is known only from the positions.
    pub(super) fn axes(&self, inputs: &[&[usize]], output: &[usize]) -> Vec<AxisMap> {
        let new = |output: usize| AxisLink::New { input: None, output };
        match (self, inputs) {
            (&Self::Gather { axis }, &[data, positions]) => {
                let end = axis + positions.len();
                let before = (0..axis).map(|i| same(i, i));
                let after = (end..output.len()).map(|to| same(to + 1 - positions.len(), to));
                let picked = AxisLink::Indexed { inputs: axis..axis + 1, outputs: axis..end };
                let own = (0..positions.len()).map(|i| same(i, axis + i));
                vec![
                    AxisMap::new(data, output, before.chain([picked]).chain(after)),
                    AxisMap::new(positions, output, own.chain((0..axis).chain(end..output.len()).map(new))),
                ]
            }
            (&Self::ScatterAdd { axis, .. }, &[parts, positions]) => {
                let end = axis + positions.len();
                let before = (0..axis).map(|i| same(i, i));
                let after = (end..parts.len()).map(|from| same(from, from + 1 - positions.len()));
                let placed = |inputs| AxisLink::Indexed { inputs, outputs: axis..axis + 1 };
                let others = (0..output.len()).filter(|&to| to != axis).map(new);
                vec![
                    AxisMap::new(parts, output, before.chain([placed(axis..end)]).chain(after)),
                    AxisMap::new(positions, output, others.chain([placed(0..positions.len())])),
                ]
            }
            (Self::OneHot { .. }, _) => {
                let classes = |labels: &&[usize]| {
                    let own = (0..labels.len()).map(|i| same(i, i));
                    AxisMap::new(labels, output, own.chain([new(labels.len())]))
                };
                inputs.iter().map(classes).collect()
            }
            (Self::ArgMax { axes }, _) => {
                let search = Reduce { monoid: Monoid::Max, axes: axes.clone(), keep: false };
                inputs.iter().map(|shape| search.axes(shape, output)).collect()
            }
            (Self::Gather { .. } | Self::ScatterAdd { .. }, _) => Vec::new(),
        }
    }

    pub(super) fn gradient<'b>(&self, inputs: &[Var<'b>], up: Var<'b>, which: usize) -> Gradient<'b> {
        match self {
            Self::Gather { axis } if which == 0 => {
                let extent = inputs[0].shape().dims()[*axis].clone();
                up.builder().index(Self::ScatterAdd { axis: *axis, extent }, &[up, inputs[1]]).into()
            }
            Self::ScatterAdd { axis, .. } if which == 0 => {
                up.builder().index(Self::Gather { axis: *axis }, &[up, inputs[1]]).into()
            }
            Self::Gather { .. } | Self::ScatterAdd { .. } => Gradient::Nowhere("positions are whole numbers"),
            Self::OneHot { .. } => Gradient::Nowhere("class labels are whole numbers"),
            Self::ArgMax { .. } => Gradient::Nowhere("the position of the largest number jumps or stays"),
        }
    }

    /// The reference value.
    pub(crate) fn value<T: Lane<Mask = bool> + Into<f64>>(
        &self,
        inputs: &[(&[usize], &[T])],
        shape: &[usize],
    ) -> Result<Vec<T>, BadPosition> {
        let (input_shape, input) = inputs[0];
        match self {
            &Self::Gather { axis } => {
                let positions = positions(inputs[1].1, input_shape[axis])?;
                Ok(self.by_positions(inputs[0], &positions, shape))
            }
            &Self::ScatterAdd { axis, .. } => {
                let positions = positions(inputs[1].1, shape[axis])?;
                Ok(self.by_positions(inputs[0], &positions, shape))
            }
            &Self::OneHot { classes } => {
                let mut out = vec![T::of(0.0); input.len() * classes];
                for (row, position) in positions(input, classes)?.into_iter().enumerate() {
                    out[row * classes + position] = T::of(1.0);
                }
                Ok(out)
            }
            Self::ArgMax { axes } => Ok(argmax(input_shape, input, axes)),
        }
    }

    /// The reference value of a gather or a scatter whose positions are known; nothing for the others.
    pub(crate) fn by_positions<T: Lane<Mask = bool>>(
        &self,
        (input_shape, input): (&[usize], &[T]),
        positions: &[usize],
        shape: &[usize],
    ) -> Vec<T> {
        match self {
            &Self::Gather { axis } => {
                gather(input_shape, axis, positions, |range, out| out.extend_from_slice(&input[range]))
            }
            &Self::ScatterAdd { axis, .. } => {
                let inner: usize = shape[axis + 1..].iter().product();
                let outer: usize = shape[..axis].iter().product();
                let mut out = vec![T::of(0.0); outer * shape[axis] * inner];
                for o in 0..outer {
                    for (p, &position) in positions.iter().enumerate() {
                        let part = &input[(o * positions.len() + p) * inner..][..inner];
                        let place = &mut out[(o * shape[axis] + position) * inner..][..inner];
                        place.iter_mut().zip(part).for_each(|(to, &from)| *to = *to + from);
                    }
                }
                out
            }
            Self::OneHot { .. } | Self::ArgMax { .. } => Vec::new(),
        }
    }
}

/// Checks that `values` are positions on an axis of `extent`.
pub(crate) fn positions<T: Copy + Into<f64>>(values: &[T], extent: usize) -> Result<Vec<usize>, BadPosition> {
    let position = |&value: &T| {
        let found: f64 = value.into();
        let whole = found >= 0.0 && found < extent as f64 && found.fract() == 0.0;
        if whole { Ok(found as usize) } else { Err(BadPosition { found, extent }) }
    };
    values.iter().map(position).collect()
}

/// Lets `copy` append, for each position, the range of the data that stands there.
pub(crate) fn gather<T>(
    data_shape: &[usize],
    axis: usize,
    positions: &[usize],
    mut copy: impl FnMut(std::ops::Range<usize>, &mut Vec<T>),
) -> Vec<T> {
    let inner: usize = data_shape[axis + 1..].iter().product();
    let outer: usize = data_shape[..axis].iter().product();
    let mut out = Vec::with_capacity(outer * positions.len() * inner);
    for o in 0..outer {
        for &position in positions {
            let start = (o * data_shape[axis] + position) * inner;
            copy(start..start + inner, &mut out);
        }
    }
    out
}

/// Brings the searched axes to the end, then finds the first largest of each run; as in NumPy, the first that is not
/// a number wins over all.
fn argmax<T: Lane<Mask = bool>>(shape: &[usize], input: &[T], axes: &[usize]) -> Vec<T> {
    let order: Vec<usize> = (0..shape.len()).filter(|axis| !axes.contains(axis)).chain(axes.iter().copied()).collect();
    let moved: Vec<usize> = order.iter().map(|&axis| shape[axis]).collect();
    let count: usize = axes.iter().map(|&axis| shape[axis]).product();
    let values = super::Layout::Permute(order).value(&[(shape, input)], &moved);
    let largest = |run: &[T]| {
        let mut best = 0;
        for (i, &x) in run.iter().enumerate() {
            if run[best].equal(run[best]) && (run[best].less(x) || !x.equal(x)) {
                best = i;
            }
        }
        T::of(best as f64)
    };
    match count {
        0 => vec![T::of(0.0); moved.iter().take(shape.len() - axes.len()).product()],
        _ => values.chunks_exact(count).map(largest).collect(),
    }
}

fn split(data: &Shape, axis: usize) -> Result<(&[Dim], &[Dim]), Fault> {
    match data.dims().get(axis + 1..) {
        Some(after) => Ok((&data.dims()[..axis], after)),
        None => Err(Fault::Axis { axis: axis as isize, rank: data.rank() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equals_is_the_largest() {
        let values = [1.0, 3.0, 3.0, 0.0, -1.0, 0.0];
        assert_eq!(argmax(&[2, 3], &values, &[1]), [1.0, 0.0]);
        assert_eq!(argmax(&[2, 3], &values, &[0]), [0.0, 0.0, 0.0]);
        assert_eq!(argmax(&[2, 3], &values, &[0, 1]), [1.0]);
        assert_eq!(argmax(&[3], &[1.0, f64::NAN, 9.0], &[0]), [1.0]);
    }

    #[test]
    fn gather_and_scatter_are_each_others_transpose() {
        let data = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let positions = [2.0, 0.0, 2.0];
        let picked = Index::Gather { axis: 0 }.value(&[(&[3, 2], &data), (&[3], &positions)], &[3, 2]).unwrap();
        assert_eq!(picked, [5.0, 6.0, 1.0, 2.0, 5.0, 6.0]);
        let scatter = Index::ScatterAdd { axis: 0, extent: Dim::known(3) };
        let placed = scatter.value(&[(&[3, 2], &picked), (&[3], &positions)], &[3, 2]).unwrap();
        assert_eq!(placed, [1.0, 2.0, 0.0, 0.0, 10.0, 12.0]);
    }

    #[test]
    fn a_position_outside_or_between_is_refused() {
        for wrong in [-1.0, 3.0, 0.5, f64::NAN] {
            let answer = Index::OneHot { classes: 3 }.value(&[(&[1], &[wrong])], &[1, 3]);
            assert_eq!(answer.unwrap_err().extent, 3, "{wrong}");
        }
    }
}
