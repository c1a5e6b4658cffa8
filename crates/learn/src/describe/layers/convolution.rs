//! Convolutions: learned kernels that slide over images.

use std::panic::Location;

use limpid_graph::{Fault, Shape, Sliding, Var};

use super::images::{Images, Window};
use super::{divisors_text, written};
use crate::describe::choices::{Choice, Padding, Setting, SettingKind, Settings, Value};
use crate::describe::context::Context;
use crate::describe::initializer::Initializer;
use crate::describe::layer::Layer;
use crate::describe::variable::{Initial, Variable};

const FILTERS: Setting = Setting::count("filters", "the number of its filters");
const KERNEL: Setting = Setting {
    name: "kernel",
    title: "the size of the kernels",
    kind: SettingKind::Pair { default: None, needed: true, in_full: true },
    positional: true,
};
const STRIDE: Setting = Setting::pair("stride", "the stride", Some([1, 1]));
const PAD: Setting = Setting { name: "pad", title: "the padding", kind: SettingKind::Padding, positional: false };
const DILATION: Setting = Setting::pair("dilation", "the dilation", Some([1, 1]));
const NO_BIAS: Setting = Setting::flag("no-bias");
const INIT: Setting = Setting {
    name: "init",
    title: "the initializer",
    kind: SettingKind::Initializer(Initializer::He),
    positional: false,
};

/// The layers of this file, one row each.
pub(super) static ROWS: &[Choice<Box<dyn Layer>>] = &[
    Choice {
        name: "conv",
        aliases: &["conv2d", "convolution"],
        about: "learned kernels that slide over images",
        example: "conv 16 3x3 pad=1",
        settings: &[
            FILTERS,
            KERNEL,
            STRIDE,
            PAD,
            DILATION,
            Setting {
                name: "groups",
                title: "the number of groups",
                kind: SettingKind::Count { default: Some(1), least: 1 },
                positional: false,
            },
            NO_BIAS,
            INIT,
        ],
        make: |settings| {
            Ok(Box::new(Conv2d {
                dilation: pair(settings, "dilation"),
                groups: settings.count("groups"),
                kernels: Kernels::of(settings),
                location: Location::caller(),
            }))
        },
    },
    Choice {
        name: "conv-transpose",
        aliases: &["conv-transpose2d"],
        about: "a convolution backwards, which makes images larger by its stride",
        example: "conv-transpose 8 2x2 stride=2",
        settings: &[FILTERS, KERNEL, STRIDE, PAD, NO_BIAS, INIT],
        make: |settings| Ok(Box::new(ConvTranspose2d { kernels: Kernels::of(settings), location: Location::caller() })),
    },
];

fn pair(settings: &Settings<'_>, name: &str) -> [usize; 2] {
    settings.pair(name).unwrap_or([1, 1])
}

/// What both kinds of convolution have.
#[derive(Clone, Copy, Debug)]
struct Kernels {
    filters: usize,
    size: [usize; 2],
    stride: [usize; 2],
    padding: Padding,
    bias: bool,
    initializer: Initializer,
}

impl Kernels {
    fn new(filters: usize, size: [usize; 2]) -> Self {
        let (stride, padding) = ([1, 1], Padding::Each([0, 0]));
        Self { filters, size, stride, padding, bias: true, initializer: Initializer::He }
    }

    fn of(settings: &Settings<'_>) -> Self {
        Self {
            filters: settings.count("filters"),
            size: pair(settings, "kernel"),
            stride: pair(settings, "stride"),
            padding: settings.padding("pad"),
            bias: !settings.flag("no-bias"),
            initializer: settings.initializer("init").unwrap_or(Initializer::He),
        }
    }

    /// What is wrong with kernels for so many channels, however they slide.
    fn refused(&self, channels: usize) -> Option<Fault> {
        let counts = [self.filters, channels, self.size[0], self.size[1]];
        let all = counts.into_iter().try_fold(1usize, |all, count| all.checked_mul(count));
        if all.is_some_and(|all| all > 0) {
            return None;
        }
        let what = format!("the layer has {} kernels of {}", self.filters, super::images::by(self.size));
        Some(Fault::Layer { what, hint: "at least one kernel of at least 1x1, and fewer than memory can hold".into() })
    }

    /// The weights `w` of this shape, which compute an output from so many inputs.
    fn weights<'b>(&self, context: &Context<'b>, shape: [usize; 4], [inputs, outputs]: [usize; 2]) -> Var<'b> {
        let initial = Initial::Weights { initializer: self.initializer, inputs, outputs };
        context.parameter("w", Shape::from(&shape[..]), initial)
    }

    /// The images with a bias for each channel, where there is one; each output is computed from so many inputs.
    fn with_bias<'b>(&self, images: Var<'b>, inputs: usize, context: &Context<'b>) -> Var<'b> {
        if !self.bias {
            return images;
        }
        let initial = self.initializer.of_biases(inputs);
        let b = context.declare(Variable::learned("b", [self.filters], initial).without_decay());
        images + b.reshape(Shape::from((self.filters, 1, 1)))
    }
}

/// The settings that both kinds of convolution have, as methods.
macro_rules! kernel_settings {
    ($Name:ident) => {
        impl $Name {
            /// How far the kernels move from place to place, down and across.
            #[must_use]
            pub fn stride(self, stride: [usize; 2]) -> Self {
                Self { kernels: Kernels { stride, ..self.kernels }, ..self }
            }

            /// The zeros around the images.
            #[must_use]
            pub fn pad(self, padding: Padding) -> Self {
                Self { kernels: Kernels { padding, ..self.kernels }, ..self }
            }

            /// Without a bias, as before a batch norm, which takes it away again.
            #[must_use]
            pub fn without_bias(self) -> Self {
                Self { kernels: Kernels { bias: false, ..self.kernels }, ..self }
            }

            /// How its kernels are initialized. The default is [`Initializer::He`]; biases begin at 0, and with
            /// [`Initializer::FanIn`] as the kernels do.
            #[must_use]
            pub fn init(self, initializer: Initializer) -> Self {
                Self { kernels: Kernels { initializer, ..self.kernels }, ..self }
            }
        }
    };
}
kernel_settings!(Conv2d);
kernel_settings!(ConvTranspose2d);

/// A convolution: each of `filters` kernels slides over images `(batch, channels, height, width)` and gives, at each place,
/// the sum of kernel times image, and a bias. As everywhere in deep learning the kernels are not mirrored (Goodfellow,
/// Bengio, Courville, Deep Learning, 2016, section 9.1).
///
/// The answer is `(batch, filters, places down, places across)`; along an axis there are (extent + padding −
/// dilation·(kernel − 1) − 1) / stride + 1 places, rounded down. With `groups` the channels and the filters are divided
/// into as many groups, and each group of filters sees its own channels alone.
///
/// Its parameters are `w`, of shape `(filters, channels / groups, kernel height, kernel width)`, and `b`.
///
/// ```
/// use limpid_learn::{Affine, Conv2d, MaxPool, Network, Padding, Relu};
///
/// let layers = (Conv2d::new(16, [3, 3]).pad(Padding::Same), Relu, MaxPool::new([2, 2]), Affine::to(10));
/// let network = Network::new([1, 28, 28], layers);
/// assert_eq!(network.to_string(), "1x28x28, conv 16 3x3 pad=same, relu, max-pool 2, affine 10");
/// let shapes: Vec<Vec<usize>> = network.parameters()?.into_iter().map(|parameter| parameter.shape).collect();
/// assert_eq!(shapes, [vec![16, 1, 3, 3], vec![16], vec![16 * 14 * 14, 10], vec![10]]);
/// # Ok::<(), limpid_learn::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Conv2d {
    kernels: Kernels,
    dilation: [usize; 2],
    groups: usize,
    location: &'static Location<'static>,
}

impl Conv2d {
    /// So many filters with kernels of this height and width, which move by 1 over images without padding.
    #[track_caller]
    pub fn new(filters: usize, kernel: [usize; 2]) -> Self {
        let location = Location::caller();
        Self { kernels: Kernels::new(filters, kernel), dilation: [1, 1], groups: 1, location }
    }

    /// How far apart the pixels are that a kernel sees, down and across.
    #[must_use]
    pub fn dilation(self, dilation: [usize; 2]) -> Self {
        Self { dilation, ..self }
    }

    /// Into how many groups channels and filters are divided.
    #[must_use]
    pub fn groups(self, groups: usize) -> Self {
        Self { groups, ..self }
    }
}

impl Layer for Conv2d {
    fn text(&self) -> String {
        let Kernels { filters, size, stride, padding, bias, initializer } = self.kernels;
        let values = [
            Value::Count(filters),
            Value::Pair(Some(size)),
            Value::Pair(Some(stride)),
            Value::Padding(padding),
            Value::Pair(Some(self.dilation)),
            Value::Count(self.groups),
            Value::Flag(!bias),
            Value::Initializer(initializer),
        ];
        written("conv", &values)
    }

    #[track_caller]
    fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
        let Some(images) = Images::of(x, "conv", context) else { return x };
        let Kernels { filters, size: [height, width], stride, padding, .. } = self.kernels;
        let window = Window { noun: "kernel", size: self.kernels.size, stride, dilation: self.dilation, padding };
        let poison = |fault: Fault| context.builder().poison("conv", fault, &[x]);
        if let Some(fault) = self.kernels.refused(images.channels) {
            return poison(fault);
        }
        let windows = images.windows(&window);
        let divides = |count: usize| self.groups > 0 && count.is_multiple_of(self.groups);
        let is_grouped = divides(images.channels) && divides(filters);
        if !is_grouped {
            let what =
                format!("{} groups do not divide {} channels and {filters} filters", self.groups, images.channels);
            poison(Fault::Layer { what, hint: divisors_text("groups", common_divisor(images.channels, filters)) });
        }
        let windows = match windows {
            Ok((windows, _)) if is_grouped => windows,
            // What the layer gives is known about all the same, so that the layers behind it are checked too.
            Ok((_, places)) => return context.builder().stand_in(images.shape(filters, places)),
            Err(fault) => {
                poison(fault);
                return context.builder().stand_in(images.shape(filters, images.extents));
            }
        };
        let own = images.channels / self.groups;
        let fans = [own * height * width, filters / self.groups * height * width];
        let w = self.kernels.weights(context, [filters, own, height, width], fans);
        self.kernels.with_bias(x.convolve(w, windows, self.groups), fans[0], context)
    }

    fn location(&self) -> Option<&'static Location<'static>> {
        Some(self.location)
    }
}

/// A convolution backwards, also called a fractionally strided or up-convolution: each pixel of the images `(batch,
/// channels, height, width)` puts a kernel, times its value, into larger images; where kernels overlap they are added.
///
/// The answer is `(batch, filters, …)`; along an axis there are (extent − 1)·stride + kernel − 2·padding positions, and with
/// [`Padding::Same`] extent·stride.
///
/// Its parameters are `w`, of shape `(channels, filters, kernel height, kernel width)`, and `b`.
///
/// ```
/// use limpid_graph::Tensor;
/// use limpid_learn::{ConvTranspose2d, Model, Network};
///
/// let network = Network::new([8, 7, 7], ConvTranspose2d::new(4, [2, 2]).stride([2, 2]));
/// assert_eq!(network.to_string(), "8x7x7, conv-transpose 4 2x2 stride=2");
/// assert_eq!(Model::new(&network, 1)?.predict(&Tensor::zeros([8, 7, 7]))?.shape(), [4, 14, 14]);
/// # Ok::<(), limpid_learn::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ConvTranspose2d {
    kernels: Kernels,
    location: &'static Location<'static>,
}

impl ConvTranspose2d {
    /// So many filters with kernels of this height and width, which are put at neighbouring places.
    #[track_caller]
    pub fn new(filters: usize, kernel: [usize; 2]) -> Self {
        Self { kernels: Kernels::new(filters, kernel), location: Location::caller() }
    }

    /// The window and the positions along an axis of so many pixels; nothing where padding leaves no position.
    fn along(&self, axis: usize, extent: usize) -> Option<(Sliding, usize)> {
        let (size, stride) = (self.kernels.size[axis], self.kernels.stride[axis]);
        let sliding = Sliding::new(size).stride(stride);
        let all = (extent - 1).checked_mul(stride)?.checked_add(size)?;
        let (around, extent) = match self.kernels.padding {
            Padding::Each(each) => ([each[axis]; 2], all.checked_sub(each[axis].checked_mul(2)?)?),
            Padding::Same => {
                let around = size.saturating_sub(stride);
                ([around / 2, around - around / 2], extent.checked_mul(stride)?)
            }
        };
        let sliding = sliding.pad(around[0], around[1]);
        (extent > 0 && stride > 0).then_some((sliding, extent))
    }
}

impl Layer for ConvTranspose2d {
    fn text(&self) -> String {
        let Kernels { filters, size, stride, padding, bias, initializer } = self.kernels;
        let values = [
            Value::Count(filters),
            Value::Pair(Some(size)),
            Value::Pair(Some(stride)),
            Value::Padding(padding),
            Value::Flag(!bias),
            Value::Initializer(initializer),
        ];
        written("conv-transpose", &values)
    }

    #[track_caller]
    fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
        let Some(images) = Images::of(x, "conv-transpose", context) else { return x };
        let poison = |fault: Fault| context.builder().poison("conv-transpose", fault, &[x]);
        if let Some(fault) = self.kernels.refused(images.channels) {
            return poison(fault);
        }
        let Kernels { filters, size: [height, width], stride, .. } = self.kernels;
        let along = [0, 1].map(|axis| self.along(axis, images.extents[axis]));
        let [Some((down, rows)), Some((across, columns))] = along else {
            let what =
                format!("the padding leaves nothing of what the kernels make of {}", super::images::by(images.extents));
            poison(Fault::Layer { what, hint: "a smaller padding, and a stride of 1 or more".to_string() });
            return context.builder().stand_in(images.shape(filters, images.extents));
        };
        let seen_by = |kernel: usize, stride: usize| kernel.div_ceil(stride);
        let inputs = images.channels * seen_by(height, stride[0]) * seen_by(width, stride[1]);
        let fans = [inputs, filters * height * width];
        let w = self.kernels.weights(context, [images.channels, filters, height, width], fans);
        let made = x.convolve_transposed(w, [down, across], [rows, columns]);
        self.kernels.with_bias(made, inputs, context)
    }

    fn location(&self) -> Option<&'static Location<'static>> {
        Some(self.location)
    }
}

fn common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { common_divisor(b, a % b) }
}
