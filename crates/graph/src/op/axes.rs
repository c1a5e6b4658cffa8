//! How the axes of an op's inputs relate to the axes of its output. Each class says it once, in its own file; perturbation,
//! cost and plans read it from there.

use std::ops::Range;

use super::row_major_strides;

/// A box of elements: a range along each axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexBox(Vec<Range<usize>>);

impl IndexBox {
    /// The box of these ranges.
    pub fn new(ranges: impl IntoIterator<Item = Range<usize>>) -> Self {
        Self(ranges.into_iter().collect())
    }

    /// All elements of a value of this shape.
    pub fn whole(shape: &[usize]) -> Self {
        Self::new(shape.iter().map(|&extent| 0..extent))
    }

    /// One element, by its place in row-major order.
    pub fn of_element(shape: &[usize], element: usize) -> Self {
        let index = shape.iter().zip(row_major_strides(shape)).map(|(&extent, stride)| element / stride % extent);
        Self::new(index.map(|i| i..i + 1))
    }

    /// The range along each axis.
    pub fn ranges(&self) -> &[Range<usize>] {
        &self.0
    }

    /// The shape of the part that it cuts out.
    pub fn shape(&self) -> Vec<usize> {
        self.0.iter().map(ExactSizeIterator::len).collect()
    }

    /// Whether no element is in it.
    pub fn is_empty(&self) -> bool {
        self.0.iter().any(Range::is_empty)
    }

    /// The places of its elements in the row-major order of the whole, which has this shape.
    pub(crate) fn places(&self, shape: &[usize]) -> impl Iterator<Item = usize> {
        let (own, strides, starts) = (self.shape(), row_major_strides(shape), self.0.clone());
        let own_strides = row_major_strides(&own);
        let along = move |at: usize, axis: usize| starts[axis].start + at / own_strides[axis] % own[axis];
        let count = self.shape().iter().product();
        (0..count).map(move |at| strides.iter().enumerate().map(|(axis, stride)| along(at, axis) * stride).sum())
    }

    /// Where in the box the element of this place in the whole stands.
    pub(super) fn place_of(&self, shape: &[usize], place: usize) -> usize {
        let strides = row_major_strides(shape);
        let axes = self.0.iter().zip(shape).zip(strides);
        axes.fold(0, |at, ((range, extent), stride)| at * range.len() + place / stride % extent - range.start)
    }

    /// The smallest box around both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self::new(self.0.iter().zip(&other.0).map(|(a, b)| a.start.min(b.start)..a.end.max(b.end)))
    }
}

/// A window that slides along an axis: position `o` of the output reads the positions `o·stride + k·dilation − before` of
/// the input, for each `k` below `size`. Positions outside the input are padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// How many positions it reads.
    pub size: usize,
    /// How far it moves from one position of the output to the next.
    pub stride: usize,
    /// How far apart the positions are that it reads.
    pub dilation: usize,
    /// How many positions of padding stand before the first.
    pub before: usize,
}

/// How axes of one input relate to axes of the output. Each axis of the input is in one link, and each of the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AxisLink {
    /// The same axis: position `i` of the input is position `i + offset` of the output, where there is one.
    Same {
        /// The input's axis.
        input: usize,
        /// The output's axis.
        output: usize,
        /// Above 0 for padding or inputs before this one, below 0 for positions that are cut off.
        offset: isize,
    },
    /// Every position of the input's axis goes into each number of the output.
    Folded {
        /// The input's axis.
        input: usize,
        /// The output's axis of extent 1 in its place, if it is kept.
        output: Option<usize>,
    },
    /// As folded, in products with an axis of the other input.
    Contracted {
        /// The input's axis.
        input: usize,
    },
    /// The output repeats the input along this axis.
    New {
        /// The input's axis of extent 1 in its place, if there is one.
        input: Option<usize>,
        /// The output's axis.
        output: usize,
    },
    /// The output's axis slides a window along the input's.
    Windowed {
        /// The input's axis.
        input: usize,
        /// The output's axis of places of the window.
        output: usize,
        /// The output's axis of positions within the window, unless they are folded.
        within: Option<usize>,
        /// The window.
        window: Window,
    },
    /// A window backwards: what it saw at each place, at each position within it, is added up where it was seen.
    Overlapped {
        /// The input's axis of places of the window.
        input: usize,
        /// The input's axis of positions within the window.
        within: usize,
        /// The output's axis that the window slides along.
        output: usize,
        /// The window.
        window: Window,
    },
    /// The same numbers in row-major order, under other extents: axes that are merged, or split.
    Regrouped {
        /// The input's axes.
        inputs: Range<usize>,
        /// The output's axes.
        outputs: Range<usize>,
    },
    /// Any position of one side may belong to any of the other: the numbers of an input say which, or a rule that is none
    /// of the above.
    Indexed {
        /// The input's axes.
        inputs: Range<usize>,
        /// The output's axes.
        outputs: Range<usize>,
    },
}

/// How the axes of one input relate to those of the output, for given shapes.
///
/// ```
/// use limpid_graph::op::{IndexBox, Layout};
/// use limpid_graph::{Op, Shape};
///
/// // A column of a transposed matrix needs a row of the matrix.
/// let transposition = Op::Layout(Layout::Permute(vec![1, 0]));
/// let axes = transposition.axes(&[&[4, 3]], &[3, 4]);
/// assert_eq!(axes[0].needs(&IndexBox::new([0..3, 2..3])), IndexBox::new([2..3, 0..3]));
/// assert_eq!(axes[0].reaches(&IndexBox::new([2..3, 0..3])), IndexBox::new([0..3, 2..3]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AxisMap {
    input: Vec<usize>,
    output: Vec<usize>,
    links: Vec<AxisLink>,
}

impl AxisMap {
    /// These links between an input and an output of these shapes.
    pub fn new(input: &[usize], output: &[usize], links: impl IntoIterator<Item = AxisLink>) -> Self {
        Self { input: input.to_vec(), output: output.to_vec(), links: links.into_iter().collect() }
    }

    /// Equal shapes, each axis the same.
    pub(super) fn identity(shape: &[usize]) -> Self {
        Self::new(shape, shape, (0..shape.len()).map(|axis| same(axis, axis)))
    }

    /// A broadcast under NumPy's rule.
    pub fn broadcast(from: &[usize], to: &[usize]) -> Self {
        let new = to.len() - from.len();
        let link = |output: usize| match output.checked_sub(new) {
            Some(input) if from[input] == to[output] => same(input, output),
            input => AxisLink::New { input, output },
        };
        Self::new(from, to, (0..to.len()).map(link))
    }

    /// The links.
    pub fn links(&self) -> &[AxisLink] {
        &self.links
    }

    /// The output's axis that is this axis of the input, with every position at its place.
    pub fn same_output(&self, input: usize) -> Option<usize> {
        self.links.iter().find_map(|link| match *link {
            AxisLink::Same { input: from, output, offset: 0 } if from == input => Some(output),
            _ => None,
        })
    }

    /// The input's axis that is this axis of the output, with every position at its place.
    pub fn same_input(&self, output: usize) -> Option<usize> {
        self.links.iter().find_map(|link| match *link {
            AxisLink::Same { input, output: to, offset: 0 } if to == output => Some(input),
            _ => None,
        })
    }

    /// How many numbers of this input go into each number of the output by folding and contraction.
    pub fn folded(&self) -> usize {
        let extent = |link: &AxisLink| match *link {
            AxisLink::Folded { input, .. } | AxisLink::Contracted { input } => self.input[input],
            _ => 1,
        };
        self.links.iter().map(extent).product()
    }

    /// Whether [`needs`](Self::needs) is the smallest box around what is read, whatever the numbers are. It may be a
    /// larger one where positions are numbers of an input, where axes are merged and split at once, where a window steps
    /// over positions, and where windows are added up.
    pub fn is_exact(&self) -> bool {
        self.links.iter().all(|link| match link {
            AxisLink::Indexed { .. } => false,
            AxisLink::Overlapped { .. } => false,
            AxisLink::Regrouped { inputs, outputs } => inputs.len() <= 1 || outputs.len() <= 1,
            AxisLink::Windowed { within, window, .. } => {
                let overlapping = if within.is_none() { window.size } else { 1 };
                window.dilation == 1 && window.stride <= overlapping
            }
            _ => true,
        })
    }

    /// The part of the input that a part of the output, which is not empty, is computed from.
    pub fn needs(&self, part: &IndexBox) -> IndexBox {
        let mut needed = IndexBox::whole(&self.input).0;
        let part = part.ranges();
        for link in &self.links {
            match link {
                &AxisLink::Same { input, output, offset } => {
                    needed[input] = moved(&part[output], -offset, self.input[input]);
                }
                AxisLink::Regrouped { inputs, outputs } => {
                    let (from, to) = (&self.output[outputs.clone()], &self.input[inputs.clone()]);
                    needed[inputs.clone()].clone_from_slice(&regrouped(from, &part[outputs.clone()], to));
                }
                &AxisLink::Windowed { input, output, within, window } => {
                    let within = within.map_or(0..window.size, |axis| part[axis].clone());
                    needed[input] = window.needs(&part[output], &within, self.input[input]);
                }
                &AxisLink::Overlapped { input, within, output, window } => {
                    (needed[input], needed[within]) = window.reaches(&part[output], self.input[input]);
                }
                AxisLink::Folded { .. }
                | AxisLink::Contracted { .. }
                | AxisLink::New { .. }
                | AxisLink::Indexed { .. } => {}
            }
        }
        IndexBox(needed)
    }

    /// The part of the output that a part of the input, which is not empty, can change; empty where none.
    pub fn reaches(&self, part: &IndexBox) -> IndexBox {
        let mut reached = IndexBox::whole(&self.output).0;
        let part = part.ranges();
        for link in &self.links {
            match link {
                &AxisLink::Same { input, output, offset } => {
                    reached[output] = moved(&part[input], offset, self.output[output]);
                }
                AxisLink::Regrouped { inputs, outputs } => {
                    let (from, to) = (&self.input[inputs.clone()], &self.output[outputs.clone()]);
                    reached[outputs.clone()].clone_from_slice(&regrouped(from, &part[inputs.clone()], to));
                }
                &AxisLink::Windowed { input, output, within, window } => {
                    let (places, positions) = window.reaches(&part[input], self.output[output]);
                    reached[output] = places;
                    if let Some(axis) = within {
                        reached[axis] = positions;
                    }
                }
                &AxisLink::Overlapped { input, within, output, window } => {
                    reached[output] = window.needs(&part[input], &part[within], self.output[output]);
                }
                AxisLink::Folded { .. }
                | AxisLink::Contracted { .. }
                | AxisLink::New { .. }
                | AxisLink::Indexed { .. } => {}
            }
        }
        IndexBox(reached)
    }
}

impl Window {
    /// The positions of an input of `extent` that these places of the window read, at these positions within it.
    fn needs(self, places: &Range<usize>, within: &Range<usize>, extent: usize) -> Range<usize> {
        let at = |place: usize, within: usize| (place * self.stride + within * self.dilation) as isize;
        let before = self.before as isize;
        clipped(at(places.start, within.start) - before, at(places.end - 1, within.end - 1) - before + 1, extent)
    }

    /// The places of `count`, and the positions within the window, at which these positions of the input are read.
    fn reaches(self, positions: &Range<usize>, count: usize) -> (Range<usize>, Range<usize>) {
        // Counted from the first position of padding.
        let (first, last) = (positions.start + self.before, positions.end - 1 + self.before);
        let farthest = |count: usize, step: usize| count.saturating_sub(1) * step;
        let from = |reach: usize, step: usize| first.saturating_sub(reach).div_ceil(step);
        let places = from(farthest(self.size, self.dilation), self.stride)..(last / self.stride + 1).min(count);
        let within = from(farthest(count, self.stride), self.dilation)..(last / self.dilation + 1).min(self.size);
        (ordered(places), ordered(within))
    }
}

/// A link between equal axes.
pub(super) fn same(input: usize, output: usize) -> AxisLink {
    AxisLink::Same { input, output, offset: 0 }
}

/// The links of a reshape: as few axes at a time as have equal products.
pub(super) fn regroupings(input: &[usize], output: &[usize]) -> Vec<AxisLink> {
    if input.contains(&0) || output.contains(&0) {
        return vec![AxisLink::Regrouped { inputs: 0..input.len(), outputs: 0..output.len() }];
    }
    let (mut links, mut i, mut o) = (Vec::new(), 0, 0);
    while i < input.len() || o < output.len() {
        let (first_input, first_output) = (i, o);
        match (input.get(i), output.get(o)) {
            (Some(a), Some(b)) if a == b => {
                links.push(same(i, o));
                (i, o) = (i + 1, o + 1);
                continue;
            }
            (Some(1), _) => i += 1,
            (_, Some(1)) => o += 1,
            _ => {
                let (mut left, mut right) = (1, 1);
                // The side whose product is behind takes its next axis.
                while i == first_input || left != right {
                    match (input.get(i), output.get(o)) {
                        (Some(extent), _) if left <= right => (left, i) = (left * extent, i + 1),
                        (_, Some(extent)) => (right, o) = (right * extent, o + 1),
                        _ => break,
                    }
                }
            }
        }
        links.push(AxisLink::Regrouped { inputs: first_input..i, outputs: first_output..o });
    }
    links
}

/// The smallest box of a value of extents `to` around the row-major run from the first to the last element of `ranges`.
fn regrouped(from: &[usize], ranges: &[Range<usize>], to: &[usize]) -> Vec<Range<usize>> {
    if to.contains(&0) {
        return IndexBox::whole(to).0;
    }
    let place = |corner: &dyn Fn(&Range<usize>) -> usize| {
        from.iter().zip(ranges).fold(0, |place, (extent, range)| place * extent + corner(range))
    };
    let (first, last) = (place(&|range| range.start), place(&|range| range.end.saturating_sub(1)));
    // Behind the first axis along which they differ, the run goes to the end and begins anew.
    let mut differ = false;
    let range = |(&extent, stride): (&usize, usize)| {
        let (a, b) = (first / stride % extent, last / stride % extent);
        let range = if differ { 0..extent } else { a..b + 1 };
        differ |= a != b;
        range
    };
    to.iter().zip(row_major_strides(to)).map(range).collect()
}

/// The range moved, and cut to an axis of `extent`.
fn moved(range: &Range<usize>, offset: isize, extent: usize) -> Range<usize> {
    clipped(range.start as isize + offset, range.end as isize + offset, extent)
}

fn clipped(start: isize, end: isize, extent: usize) -> Range<usize> {
    let cut = |place: isize| place.clamp(0, extent as isize) as usize;
    cut(start)..cut(end)
}

/// The range, or an empty one.
fn ordered(range: Range<usize>) -> Range<usize> {
    range.start.min(range.end)..range.end
}
