//! Window: parts of a value that a window sees while it slides along axes, and the overlapping sum of such parts. Each is
//! the transpose of the other, so each is the other's derivative. Convolution, its gradients and pooling are compositions.

use std::ops::Range;

use limpid_tensor::{Dim, Shape};

use super::axes::{AxisLink, AxisMap, IndexBox, Window, same};
use super::{one, row_major_strides};
use crate::builder::Var;
use crate::map::{Gradient, Lane};
use crate::mistake::Fault;

/// An op of windows. Its windows slide along some axes of a value; the positions within the windows are axes of their own,
/// which stand behind the last of the axes that are slid along.
///
/// ```text
/// images (n, h, w, c)  ── unfold along 1 and 2 ──►  windows (n, places, places, size, size, c)
///                      ◄── fold ──────────────────
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Windows {
    /// What the window sees at each of its places; 0 outside of the value.
    Unfold(Vec<Slide>),
    /// The sum of all that the windows saw, at the position where it was seen: the derivative of unfolding.
    Fold(Vec<Slide>),
}

/// A window that slides along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slide {
    /// The axis.
    pub axis: usize,
    /// How many positions the axis has.
    pub extent: usize,
    /// The window.
    pub window: Window,
    /// At how many places it stops.
    pub places: usize,
}

/// A window of so many neighbouring positions that moves by one, without padding, unless said otherwise.
///
/// ```
/// use limpid_graph::Sliding;
///
/// // The windows of a kernel of 3, moved by 2 along 8 positions with a zero before the first.
/// let sliding = Sliding::new(3).stride(2).pad(1, 0);
/// assert_eq!(sliding.places(8), Some(4));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sliding {
    window: Window,
    after: usize,
}

impl Sliding {
    /// Windows of `size` positions.
    pub fn new(size: usize) -> Self {
        Self { window: Window { size, stride: 1, dilation: 1, before: 0 }, after: 0 }
    }

    /// How many positions a window sees.
    pub fn size(&self) -> usize {
        self.window.size
    }

    /// How far the window moves from place to place.
    #[must_use]
    pub fn stride(mut self, stride: usize) -> Self {
        self.window.stride = stride;
        self
    }

    /// How far apart the positions are that it sees.
    #[must_use]
    pub fn dilation(mut self, dilation: usize) -> Self {
        self.window.dilation = dilation;
        self
    }

    /// How many zeros stand before the first position and after the last.
    #[must_use]
    pub fn pad(mut self, before: usize, after: usize) -> Self {
        (self.window.before, self.after) = (before, after);
        self
    }

    /// Zeros around the axis, so that a window moved by one has as many places as the axis has positions.
    #[must_use]
    pub fn pad_to_the_same(self) -> Self {
        let around = self.window.dilation.saturating_mul(self.window.size.saturating_sub(1));
        self.pad(around / 2, around - around / 2)
    }

    /// From the first position that a window sees to the last.
    pub fn reach(&self) -> usize {
        let steps = self.window.size.saturating_sub(1);
        if self.window.size == 0 { 0 } else { self.window.dilation.saturating_mul(steps).saturating_add(1) }
    }

    /// How many positions an axis of `extent` has with its padding.
    pub fn padded(&self, extent: usize) -> usize {
        extent.saturating_add(self.window.before).saturating_add(self.after)
    }

    /// At how many places the window stops along an axis of `extent`; `None` where it does not fit once, or where a
    /// setting is 0 that cannot be.
    pub fn places(&self, extent: usize) -> Option<usize> {
        let Window { size, stride, dilation, .. } = self.window;
        let room = self.padded(extent).checked_sub(self.reach())?;
        (size > 0 && stride > 0 && dilation > 0).then(|| room / stride + 1)
    }

    /// How many positions at the end of a padded axis of `extent` no window sees.
    pub fn left_over(&self, extent: usize) -> usize {
        self.places(extent).map_or(0, |places| self.padded(extent) - self.reach() - (places - 1) * self.window.stride)
    }

    /// The window along an axis of `extent` positions.
    pub(crate) fn along(self, axis: usize, extent: usize) -> Result<Slide, Fault> {
        let Self { window, .. } = self;
        match self.places(extent) {
            Some(places) => Ok(Slide { axis, extent, window, places }),
            None => Err(Fault::Window { axis, extent: self.padded(extent), reach: self.reach() }),
        }
    }
}

impl Slide {
    /// Whether all that it names is a number that memory can count, and no setting is 0 that cannot be.
    fn is_sound(&self) -> bool {
        let Window { size, stride, dilation, before } = self.window;
        let last = |count: usize, step: usize| count.saturating_sub(1).checked_mul(step);
        let farthest = last(self.places, stride).zip(last(size, dilation)).and_then(|(a, b)| a.checked_add(b));
        let all = farthest.and_then(|farthest| farthest.checked_add(before)?.checked_add(self.extent));
        size > 0 && stride > 0 && dilation > 0 && all.is_some_and(|all| isize::try_from(all).is_ok())
    }
}

impl Windows {
    /// Its name in listings.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unfold(_) => "unfold",
            Self::Fold(_) => "fold",
        }
    }

    /// The windows, by ascending axis.
    pub fn slides(&self) -> &[Slide] {
        let (Self::Unfold(slides) | Self::Fold(slides)) = self;
        slides
    }

    pub(super) fn attributes(&self) -> String {
        let along = |slide: &Slide| {
            let Window { size, stride, dilation, before } = slide.window;
            let mut text = format!("{size} along axis {}", slide.axis);
            for (name, setting, usual) in [("stride", stride, 1), ("dilation", dilation, 1), ("pad", before, 0)] {
                if setting != usual {
                    text.push_str(&format!(" {name} {setting}"));
                }
            }
            text
        };
        self.slides().iter().map(along).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn infer(&self, inputs: &[&Shape]) -> Result<Shape, Fault> {
        let (input, slides) = (one(inputs)?, self.slides());
        let mut dims = input.dims().to_vec();
        if let Some(pair) = slides.windows(2).find(|pair| pair[0].axis >= pair[1].axis) {
            return Err(Fault::RepeatedAxis { axis: pair[1].axis });
        }
        let Some(last) = slides.last().map(|slide| slide.axis) else { return Ok(input.clone()) };
        if !slides.iter().all(Slide::is_sound) {
            return Err(Fault::TooLarge);
        }
        let within = last + 1..last + 1 + slides.len();
        let needed = if let Self::Fold(_) = self { within.end } else { within.start };
        if input.rank() < needed {
            return Err(Fault::Axis { axis: needed as isize - 1, rank: input.rank() });
        }
        for slide in slides {
            let (from, to) = match self {
                Self::Unfold(_) => (slide.extent, slide.places),
                Self::Fold(_) => (slide.places, slide.extent),
            };
            match dims[slide.axis].as_known() {
                Some(extent) if extent == from => dims[slide.axis] = Dim::known(to),
                Some(extent) => return Err(Fault::Extent { axis: slide.axis, wanted: from, found: extent }),
                None => {
                    let (doing, axis, dim) = ("slide a window", slide.axis, dims[slide.axis].clone());
                    return Err(Fault::SymbolicAxis { doing, axis, dim });
                }
            }
        }
        match self {
            Self::Unfold(_) => {
                dims.splice(within.start..within.start, slides.iter().map(|slide| Dim::known(slide.window.size)));
            }
            Self::Fold(_) => {
                for (dim, (axis, slide)) in dims.drain(within.clone()).zip(within.zip(slides)) {
                    if dim != Dim::known(slide.window.size) {
                        let found = dim.as_known().unwrap_or(0);
                        return Err(Fault::Extent { axis, wanted: slide.window.size, found });
                    }
                }
            }
        }
        Ok(Shape::from(dims))
    }

    pub(super) fn axes(&self, inputs: &[&[usize]], output: &[usize]) -> Vec<AxisMap> {
        let slides = self.slides();
        let behind = slides.last().map_or(0, |slide| slide.axis + 1);
        let slid = |axis: usize| slides.iter().position(|slide| slide.axis == axis);
        let of_one = |input: &&[usize]| {
            let plain = input.len().min(output.len());
            let link = |axis: usize| match (self, slid(axis)) {
                (Self::Unfold(_), Some(at)) => AxisLink::Windowed {
                    input: axis,
                    output: axis,
                    within: Some(behind + at),
                    window: slides[at].window,
                },
                (Self::Fold(_), Some(at)) => {
                    AxisLink::Overlapped { input: axis, within: behind + at, output: axis, window: slides[at].window }
                }
                (_, None) if axis < behind => same(axis, axis),
                (Self::Unfold(_), None) => same(axis, axis + slides.len()),
                (Self::Fold(_), None) => same(axis + slides.len(), axis),
            };
            AxisMap::new(input, output, (0..plain).map(link))
        };
        inputs.iter().map(of_one).collect()
    }

    pub(super) fn gradient<'b>(&self, up: Var<'b>) -> Gradient<'b> {
        let transposed = match self {
            Self::Unfold(slides) => Self::Fold(slides.clone()),
            Self::Fold(slides) => Self::Unfold(slides.clone()),
        };
        up.builder().windows(transposed, up).into()
    }

    /// The reference value.
    pub(crate) fn value<T: Lane>(&self, (input_shape, input): (&[usize], &[T]), shape: &[usize]) -> Vec<T> {
        let mut out = vec![T::of(0.0); shape.iter().product()];
        self.write((input_shape, input), (shape, &mut out), |a, b| a + b);
        out
    }

    /// The reference value into `out`, which holds zeros, of elements of any kind that `add` adds. Sums go through the
    /// windows in row-major order. The input and the result come with their shapes.
    pub fn write<T: Copy>(
        &self,
        (input_shape, input): (&[usize], &[T]),
        (shape, out): (&[usize], &mut [T]),
        add: impl Fn(T, T) -> T,
    ) {
        let walk = self.walk(input_shape, shape);
        walk.write(walk.outer(), input, out, add);
    }

    /// A way through the windows of an input and a result of these shapes.
    pub fn walk(&self, input_shape: &[usize], shape: &[usize]) -> WindowWalk {
        let (folds, windows) = match self {
            Self::Unfold(_) => (false, shape),
            Self::Fold(_) => (true, input_shape),
        };
        let slides = self.slides().to_vec();
        let behind = slides.last().map_or(0, |slide| slide.axis + 1);
        let within = behind..behind + slides.len();
        let mut values = windows.to_vec();
        values.drain(within.clone());
        slides.iter().for_each(|slide| values[slide.axis] = slide.extent);
        WindowWalk {
            folds,
            first: slides.first().map_or(0, |slide| slide.axis),
            within,
            slides,
            windows: windows.to_vec(),
            window_strides: row_major_strides(windows),
            value_strides: row_major_strides(&values),
            values,
        }
    }

    /// The reference value of a part of the output, from the part of the input in which its numbers are. `whole` and
    /// `shape` are the shapes of the whole input and of the whole output.
    pub(crate) fn value_of_part<T: Lane>(
        &self,
        (whole, shape): (&[usize], &[usize]),
        part: &IndexBox,
        (from, numbers): (&IndexBox, &[T]),
    ) -> Vec<T> {
        let mut input = vec![T::of(0.0); whole.iter().product()];
        from.places(whole).zip(numbers).for_each(|(place, &x)| input[place] = x);
        let all = self.value((whole, &input), shape);
        part.places(shape).map(|place| all[place]).collect()
    }
}

/// A way through windows, which takes no memory while it is walked.
#[derive(Clone, Debug)]
pub struct WindowWalk {
    /// Whether what the windows saw is added up.
    folds: bool,
    slides: Vec<Slide>,
    /// The first axis that a window slides along.
    first: usize,
    /// The axes of positions within the windows.
    within: Range<usize>,
    windows: Vec<usize>,
    window_strides: Vec<usize>,
    values: Vec<usize>,
    value_strides: Vec<usize>,
}

/// Where the windows are that slide along the axes so far, counted from the first position of padding.
struct Started<'s> {
    axis: usize,
    start: usize,
    before: Option<&'s Self>,
}

impl WindowWalk {
    /// Whether what the windows saw is added up.
    pub fn folds(&self) -> bool {
        self.folds
    }

    /// How many positions the axes have before the first that a window slides along. Over them, work can be divided.
    pub fn outer(&self) -> usize {
        self.windows[..self.first].iter().product()
    }

    /// How many numbers of the windows, and of the value that they slide over, stand at each position of the outer axes.
    pub fn inner(&self) -> (usize, usize) {
        (self.windows[self.first..].iter().product(), self.values[self.first..].iter().product())
    }

    /// Writes what stands at `count` positions of the outer axes. `input` and `out`, which holds zeros, begin with the
    /// first of these.
    pub fn write<T: Copy>(&self, count: usize, input: &[T], out: &mut [T], add: impl Fn(T, T) -> T) {
        if self.windows.contains(&0) {
            return;
        }
        let (windows, values) = self.inner();
        let len = self.windows[self.within.end..].iter().product::<usize>();
        for at in 0..count {
            self.axis(self.first, (at * windows, at * values), None, &mut |window, value| match self.folds {
                false => out[window..window + len].copy_from_slice(&input[value..value + len]),
                true => {
                    let seen = input[window..window + len].iter();
                    out[value..value + len].iter_mut().zip(seen).for_each(|(out, &x)| *out = add(*out, x));
                }
            });
        }
    }

    /// From `axis` on: `each` is told where each run of neighbouring numbers stands among the windows and among the
    /// values. What is padding is left out.
    fn axis(
        &self,
        axis: usize,
        (window, value): (usize, usize),
        started: Option<&Started<'_>>,
        each: &mut impl FnMut(usize, usize),
    ) {
        if axis == self.within.end {
            return each(window, value);
        }
        let slid = self.slides.iter().find(|slide| slide.axis == axis);
        for i in 0..self.windows[axis] {
            let window = window + i * self.window_strides[axis];
            if self.within.contains(&axis) {
                let Slide { axis: along, extent, window: Window { dilation, before, .. }, .. } =
                    self.slides[axis - self.within.start];
                let position = Started::of(started, along) + i * dilation;
                if position >= before && position - before < extent {
                    let value = value + (position - before) * self.value_strides[along];
                    self.axis(axis + 1, (window, value), started, each);
                }
            } else if let Some(slide) = slid {
                let started = Started { axis, start: i * slide.window.stride, before: started };
                self.axis(axis + 1, (window, value), Some(&started), each);
            } else {
                self.axis(axis + 1, (window, value + i * self.value_strides[axis]), started, each);
            }
        }
    }
}

impl Started<'_> {
    /// Where the window along `axis` begins.
    fn of(mut started: Option<&Self>, axis: usize) -> usize {
        while let Some(at) = started {
            if at.axis == axis {
                return at.start;
            }
            started = at.before;
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unfold(slides: Vec<Slide>, shape: &[usize], input: &[f64]) -> (Vec<usize>, Vec<f64>) {
        let op = Windows::Unfold(slides);
        let windows = op.infer(&[&Shape::from(shape)]).unwrap().as_known().unwrap();
        let value = op.value((shape, input), &windows);
        (windows, value)
    }

    #[test]
    fn windows_of_a_row_are_what_a_person_would_write() {
        let slide = Sliding::new(3).stride(2).pad(1, 1).along(0, 4).unwrap();
        let (shape, windows) = unfold(vec![slide], &[4], &[1.0, 2.0, 3.0, 4.0]);
        assert_eq!(shape, [2, 3]);
        assert_eq!(windows, [0.0, 1.0, 2.0, 2.0, 3.0, 4.0]);
        let sums = Windows::Fold(vec![slide]).value((&[2, 3], &windows), &[4]);
        assert_eq!(sums, [1.0, 4.0, 3.0, 4.0]);
    }

    #[test]
    fn windows_of_pictures_keep_channels_together() {
        // 2 × 3 pixels of two channels; windows of 2 × 2.
        let input: Vec<f64> = (0..12).map(f64::from).collect();
        let slides = vec![Sliding::new(2).along(0, 2).unwrap(), Sliding::new(2).along(1, 3).unwrap()];
        let (shape, windows) = unfold(slides, &[2, 3, 2], &input);
        assert_eq!(shape, [1, 2, 2, 2, 2]);
        let first = [0.0, 1.0, 2.0, 3.0, 6.0, 7.0, 8.0, 9.0];
        let second = first.map(|x| x + 2.0);
        assert_eq!(windows, [first, second].concat());
    }

    #[test]
    fn what_does_not_fit_is_said() {
        assert_eq!(Sliding::new(5).along(1, 4), Err(Fault::Window { axis: 1, extent: 4, reach: 5 }));
        assert_eq!(Sliding::new(0).places(4), None);
        assert_eq!(Sliding::new(3).dilation(2).pad_to_the_same().places(7), Some(7));
        assert_eq!(Sliding::new(2).stride(2).left_over(5), 1);
        let slide = Sliding::new(2).along(0, 4).unwrap();
        let other = Windows::Unfold(vec![slide]).infer(&[&Shape::from(5)]);
        assert_eq!(other, Err(Fault::Extent { axis: 0, wanted: 4, found: 5 }));
    }
}
