//! Pooling: one number for each window of an image.

use limpid_graph::{Axes, Dim, Fault, Shape, Sliding, Tensor, Var};

use super::images::{Images, Window, by};
use super::written;
use crate::describe::choices::{Choice, Padding, Setting, Value};
use crate::describe::context::Context;
use crate::describe::layer::Layer;

const SIZE: Setting = Setting::needed_pair("size", "the size of its windows", false);
const STRIDE: Setting = Setting::pair("stride", "the stride", None);
const EXCLUDE_PADDING: Setting = Setting::flag("exclude-padding").also(&["exclude-pad"]);

/// The layers of this file, one row each.
pub(super) static ROWS: &[Choice<Box<dyn Layer>>] = &[
    Choice {
        name: "max-pool",
        aliases: &["maxpool"],
        about: "the largest number of each window of an image",
        example: "max-pool 2",
        settings: &[SIZE, STRIDE, Setting::PAD],
        make: |settings| {
            let size = settings.pair("size").unwrap_or([2, 2]);
            Ok(Box::new(MaxPool { size, stride: settings.pair("stride"), padding: settings.padding("pad") }))
        },
    },
    Choice {
        name: "average-pool",
        aliases: &["avg-pool"],
        about: "the mean of each window of an image",
        example: "average-pool 2",
        settings: &[SIZE, STRIDE, Setting::PAD, EXCLUDE_PADDING],
        make: |settings| {
            let size = settings.pair("size").unwrap_or([2, 2]);
            Ok(Box::new(AveragePool {
                size,
                stride: settings.pair("stride"),
                padding: settings.padding("pad"),
                exclude_padding: settings.flag("exclude-padding"),
            }))
        },
    },
    Choice {
        name: "global-average-pool",
        aliases: &["global-avg-pool"],
        about: "the mean of each channel of an image",
        example: "global-average-pool",
        settings: &[],
        make: |_| Ok(Box::new(GlobalAveragePool)),
    },
];

/// The largest number of each window that slides over images `(batch, channels, height, width)`, channel by channel:
/// `(batch, channels, places down, places across)`. Windows stand side by side unless `stride` says otherwise; what is
/// outside of the image counts as smaller than every number.
///
/// Where several numbers of a window are the largest, they share the derivative evenly. PyTorch, TensorFlow and others
/// give all of it to the first of them; ReLU in front makes many zeros, so gradients can differ there.
///
/// ```
/// use limpid_learn::{MaxPool, Model, Network};
///
/// let mut model = Model::new(&Network::new([1, 2, 4], MaxPool::new([2, 2])), 1)?;
/// let image = limpid_graph::Tensor::new([1, 2, 4], vec![1.0, 2.0, 5.0, 6.0, 3.0, 4.0, 8.0, 7.0])?;
/// assert_eq!(model.predict(&image)?.to_f64(), [4.0, 8.0]);
/// # Ok::<(), limpid_learn::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaxPool {
    /// Height and width of the windows.
    pub size: [usize; 2],
    /// How far a window moves, down and across; None for as far as it is large.
    pub stride: Option<[usize; 2]>,
    /// The places around the images at which windows stand, too.
    pub padding: Padding,
}

/// The mean of each window that slides over images `(batch, channels, height, width)`, channel by channel: `(batch,
/// channels, places down, places across)`. Windows stand side by side unless `stride` says otherwise. Padding counts as
/// zeros, as it does in PyTorch; with `exclude_padding` the mean is that of the window's part inside of the image, as in
/// PyTorch with `count_include_pad=False`, and as ONNX, TensorFlow and Keras usually take it.
///
/// ```
/// use limpid_learn::{AveragePool, Model, Network};
///
/// let mut model = Model::new(&Network::new([1, 2, 4], AveragePool::new([2, 2])), 1)?;
/// let image = limpid_graph::Tensor::new([1, 2, 4], vec![1.0, 2.0, 5.0, 6.0, 3.0, 4.0, 8.0, 7.0])?;
/// assert_eq!(model.predict(&image)?.to_f64(), [2.5, 6.5]);
/// # Ok::<(), limpid_learn::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AveragePool {
    /// Height and width of the windows.
    pub size: [usize; 2],
    /// How far a window moves, down and across; None for as far as it is large.
    pub stride: Option<[usize; 2]>,
    /// The zeros around the images.
    pub padding: Padding,
    /// Whether padding is left out of the mean.
    pub exclude_padding: bool,
}

/// The mean of each channel of images: `(batch, channels, height, width)` becomes `(batch, channels)` (Lin et al. 2013).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GlobalAveragePool;

/// A pooling as text, and how it makes one number of each window.
struct Pooling<'l> {
    layer: &'l dyn Layer,
    name: &'static str,
    window: Window,
    outside: Outside,
}

impl MaxPool {
    /// Windows of this height and width, side by side.
    pub fn new(size: [usize; 2]) -> Self {
        Self { size, stride: None, padding: Padding::Each([0, 0]) }
    }
}

impl AveragePool {
    /// Windows of this height and width, side by side.
    pub fn new(size: [usize; 2]) -> Self {
        Self { size, stride: None, padding: Padding::Each([0, 0]), exclude_padding: false }
    }
}

impl Layer for MaxPool {
    fn text(&self) -> String {
        let Self { size, stride, padding } = *self;
        written("max-pool", &[Value::Pair(Some(size)), Value::Pair(stride), Value::Padding(padding)])
    }

    fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
        let window = Window::of_pool(self.size, self.stride, self.padding);
        let (outside, fold) = (Outside::Below, |x: Var<'b>, axes| x.max(axes));
        Pooling { layer: self, name: "max-pool", window, outside }.forward(x, fold, context)
    }
}

impl Layer for AveragePool {
    fn text(&self) -> String {
        let Self { size, stride, padding, exclude_padding } = *self;
        let values =
            [Value::Pair(Some(size)), Value::Pair(stride), Value::Padding(padding), Value::Flag(exclude_padding)];
        written("average-pool", &values)
    }

    fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
        let window = Window::of_pool(self.size, self.stride, self.padding);
        let outside = if self.exclude_padding { Outside::LeftOut } else { Outside::Zero };
        Pooling { layer: self, name: "average-pool", window, outside }.forward(x, |x, axes| x.mean(axes), context)
    }
}

/// What the positions outside of an image count as.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outside {
    /// Smaller than every number.
    Below,
    Zero,
    /// Nothing: a mean is over the others.
    LeftOut,
}

impl Pooling<'_> {
    fn forward<'b>(&self, x: Var<'b>, fold: impl Fn(Var<'b>, Axes) -> Var<'b>, context: &Context<'b>) -> Var<'b> {
        let Some(images) = Images::of(x, self.name, context) else { return x };
        let Window { size, stride, .. } = self.window;
        let (windows, places) = match self.checked(&images) {
            Ok(found) => found,
            Err(fault) => {
                context.builder().poison(self.name, fault, &[x]);
                return context.builder().stand_in(images.shape(images.channels, images.extents));
            }
        };
        self.note_left_over(&images, context, [0, 1].map(|axis| windows[axis].left_over(images.extents[axis])));
        let is_padded = [0, 1].map(|axis| windows[axis].padded(images.extents[axis])) != images.extents;
        if stride == size && !is_padded {
            // Windows side by side are axes of their own.
            let seen = [0, 1].map(|axis| places[axis] * size[axis]);
            let cut = |x: Var<'b>, axis: usize| match images.extents[axis] == seen[axis] {
                true => x,
                false => x.slice(2 + axis as isize, 0..seen[axis]),
            };
            let [down, across, height, width] = [places[0], places[1], size[0], size[1]].map(Dim::known);
            let parts = [images.batch.clone(), images.channels.into(), down, height, across, width];
            return fold(cut(cut(x, 0), 1).reshape(Shape::new(parts)), Axes::from([3, 5]));
        }
        let seen = x.unfold([(2, windows[0]), (3, windows[1])]);
        let axes = Axes::from([4, 5]);
        if !is_padded || self.outside == Outside::Zero {
            return fold(seen, axes);
        }
        let is_inside = context.builder().constant_tensor(inside(&images, &self.window, places));
        match self.outside {
            Outside::Below => fold(is_inside.select(seen, f64::NEG_INFINITY), axes),
            _ => seen.sum(axes) / is_inside.sum([2, 3]),
        }
    }

    /// The windows, of which each sees a part of the image.
    fn checked(&self, images: &Images) -> Result<([Sliding; 2], [usize; 2]), Fault> {
        let Window { size, padding, .. } = self.window;
        if let Padding::Each(each) = padding
            && (0..2).any(|axis| each[axis] >= size[axis] && each[axis] > 0)
        {
            let what = format!("a window of {} sees nothing but a padding of {}", by(size), by(each));
            let hint = "a padding smaller than the window".to_string();
            return Err(Fault::Layer { what, hint });
        }
        images.windows(&self.window)
    }

    fn note_left_over<'b>(&self, images: &Images, context: &Context<'b>, left_over: [usize; 2]) {
        let part = |axis: usize, noun: &str| {
            let (left, extent) = (left_over[axis], images.extents[axis]);
            (left > 0).then(|| format!("the last {left} of {extent} {noun}"))
        };
        let parts: Vec<String> = part(0, "rows").into_iter().chain(part(1, "columns")).collect();
        if !parts.is_empty() {
            let (left, text) = (parts.join(" and "), self.layer.text());
            context.note(format!("`{text}` leaves out {left}; `pad=same`, or windows that fit, would use all"));
        }
    }
}

/// 1 where a window sees a part of the image, 0 where it sees padding: (places, places, height, width).
fn inside(images: &Images, window: &Window, places: [usize; 2]) -> Tensor {
    let sees = |axis: usize, place: usize, at: usize| {
        let ([before, _], extent) = (window.around(axis, images.extents[axis]), images.extents[axis]);
        (place * window.stride[axis] + at).checked_sub(before).is_some_and(|position| position < extent)
    };
    let ([rows, columns], [height, width]) = (places, window.size);
    let mut numbers = Vec::with_capacity(rows * columns * height * width);
    for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
        for (down, across) in (0..height).flat_map(|down| (0..width).map(move |across| (down, across))) {
            numbers.push(f64::from(u8::from(sees(0, row, down) && sees(1, column, across))));
        }
    }
    Tensor::from(numbers)
        .reshaped([rows, columns, height, width])
        .unwrap_or_else(|_| unreachable!("as many numbers as the shape holds"))
}

impl Layer for GlobalAveragePool {
    fn text(&self) -> String {
        "global-average-pool".to_string()
    }

    fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
        match Images::of(x, "global-average-pool", context) {
            Some(_) => x.mean([2, 3]),
            None => x,
        }
    }
}
