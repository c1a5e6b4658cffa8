//! Convolutions: learned kernels that slide over images.

use std::panic::Location;

use limpid_graph::{Fault, Shape, Sliding, Var};

use super::images::{Images, Window};
use super::{groups_text, written};
use crate::describe::choices::{Choice, Padding, Setting, SettingKind, Settings, Value};
use crate::describe::context::Context;
use crate::describe::initializer::Initializer;
use crate::describe::layer::Layer;
use crate::describe::variable::{Initial, Variable};

const FILTERS: Setting = Setting::count("filters", "the number of its filters");
const KERNEL: Setting = Setting::needed_pair("kernel", "the size of the kernels", true);
const STRIDE: Setting = Setting::pair("stride", "the stride", Some([1, 1]));
const DILATION: Setting = Setting::pair("dilation", "the dilation", Some([1, 1]));
const OUTPUT_PADDING: Setting = Setting::named(
    "output-padding",
    "the output padding",
    SettingKind::Pair { default: Some([0, 0]), needed: false, in_full: false, least: 0 },
);
const NO_BIAS: Setting = Setting::flag("no-bias");
const GROUPS: Setting =
    Setting::named("groups", "the number of groups", SettingKind::Count { default: Some(1), least: 1 });
const INIT: Setting = Setting::initializer(Initializer::He);

/// The layers of this file, one row each.
pub(super) static ROWS: &[Choice<Box<dyn Layer>>] = &[
    Choice {
        name: "conv",
        aliases: &["conv2d", "convolution"],
        about: "learned kernels that slide over images",
        example: "conv 16 3x3 pad=1",
        settings: &[FILTERS, KERNEL, STRIDE, Setting::PAD, DILATION, GROUPS, NO_BIAS, INIT],
        make: |settings| Ok(Box::new(Conv2d { kernels: Kernels::of(settings), location: Location::caller() })),
    },
    Choice {
        name: "conv-transpose",
        aliases: &["conv-transpose2d"],
        about: "a convolution backwards, which makes images larger by its stride",
        example: "conv-transpose 8 2x2 stride=2",
        settings: &[FILTERS, KERNEL, STRIDE, Setting::PAD, OUTPUT_PADDING, DILATION, GROUPS, NO_BIAS, INIT],
        make: |settings| {
            let output_padding = settings.pair("output-padding").unwrap_or_default();
            Ok(Box::new(ConvTranspose2d {
                kernels: Kernels::of(settings),
                output_padding,
                location: Location::caller(),
            }))
        },
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
    dilation: [usize; 2],
    groups: usize,
    bias: bool,
    initializer: Initializer,
}

impl Kernels {
    fn new(filters: usize, size: [usize; 2]) -> Self {
        let (stride, dilation, padding) = ([1, 1], [1, 1], Padding::Each([0, 0]));
        Self { filters, size, stride, padding, dilation, groups: 1, bias: true, initializer: Initializer::He }
    }

    fn of(settings: &Settings<'_>) -> Self {
        Self {
            filters: settings.count("filters"),
            size: pair(settings, "kernel"),
            stride: pair(settings, "stride"),
            padding: settings.padding("pad"),
            dilation: pair(settings, "dilation"),
            groups: settings.count("groups"),
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

    /// What is wrong with the number of groups.
    fn not_grouped(&self, channels: usize) -> Option<Fault> {
        let divides = |count: usize| self.groups > 0 && count.is_multiple_of(self.groups);
        if divides(channels) && divides(self.filters) {
            return None;
        }
        let what = format!("{} groups do not divide {channels} channels and {} filters", self.groups, self.filters);
        Some(Fault::Layer { what, hint: groups_text(common_divisor(channels, self.filters)) })
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
        let initial = Initial::of_biases(self.initializer, inputs);
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

            /// How far apart the pixels are that meet neighbouring numbers of a kernel, down and across.
            #[must_use]
            pub fn dilation(self, dilation: [usize; 2]) -> Self {
                Self { kernels: Kernels { dilation, ..self.kernels }, ..self }
            }

            /// Into how many groups channels and filters are divided. With as many groups as channels the convolution is
            /// depthwise: each channel has filters of its own.
            #[must_use]
            pub fn groups(self, groups: usize) -> Self {
                Self { kernels: Kernels { groups, ..self.kernels }, ..self }
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
    location: &'static Location<'static>,
}

impl Conv2d {
    /// So many filters with kernels of this height and width, which move by 1 over images without padding.
    #[track_caller]
    pub fn new(filters: usize, kernel: [usize; 2]) -> Self {
        Self { kernels: Kernels::new(filters, kernel), location: Location::caller() }
    }
}

impl Layer for Conv2d {
    fn text(&self) -> String {
        let Kernels { filters, size, stride, padding, dilation, groups, bias, initializer } = self.kernels;
        let values = [
            Value::Count(filters),
            Value::Pair(Some(size)),
            Value::Pair(Some(stride)),
            Value::Padding(padding),
            Value::Pair(Some(dilation)),
            Value::Count(groups),
            Value::Flag(!bias),
            Value::Initializer(initializer),
        ];
        written("conv", &values)
    }

    #[track_caller]
    fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
        let Some(images) = Images::of(x, "conv", context) else { return x };
        let Kernels { filters, size, stride, padding, dilation, groups, .. } = self.kernels;
        let ([height, width], window) = (size, Window { noun: "kernel", size, stride, dilation, padding });
        let poison = |fault: Fault| context.builder().poison("conv", fault, &[x]);
        if let Some(fault) = self.kernels.refused(images.channels) {
            return poison(fault);
        }
        let windows = images.windows(&window);
        let not_grouped = self.kernels.not_grouped(images.channels);
        let is_grouped = not_grouped.is_none();
        not_grouped.map(poison);
        let windows = match windows {
            Ok((windows, _)) if is_grouped => windows,
            // What the layer gives is known about all the same, so that the layers behind it are checked too.
            Ok((_, places)) => return context.builder().stand_in(images.shape(filters, places)),
            Err(fault) => {
                poison(fault);
                return context.builder().stand_in(images.shape(filters, images.extents));
            }
        };
        let own = images.channels / groups;
        let fans = [own * height * width, filters / groups * height * width];
        let w = self.kernels.weights(context, [filters, own, height, width], fans);
        self.kernels.with_bias(x.convolve(w, windows, groups), fans[0], context)
    }

    fn location(&self) -> Option<&'static Location<'static>> {
        Some(self.location)
    }
}

/// A convolution backwards, also called a fractionally strided or up-convolution: each pixel of the images `(batch,
/// channels, height, width)` puts a kernel, times its value, into larger images; where kernels overlap they are added.
///
/// The answer is `(batch, filters, …)`; along an axis there are (extent − 1)·stride + dilation·(kernel − 1) + 1 + output
/// padding − 2·padding positions, as in PyTorch, and with [`Padding::Same`] extent·stride. With `groups` each group of
/// channels goes into its own group of filters.
///
/// Its parameters are `w`, of shape `(channels, filters / groups, kernel height, kernel width)`, and `b`.
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
    output_padding: [usize; 2],
    location: &'static Location<'static>,
}

impl ConvTranspose2d {
    /// So many filters with kernels of this height and width, which are put at neighbouring places.
    #[track_caller]
    pub fn new(filters: usize, kernel: [usize; 2]) -> Self {
        Self { kernels: Kernels::new(filters, kernel), output_padding: [0, 0], location: Location::caller() }
    }

    /// Rows below the images and columns on their right that the answer has in addition. A convolution with a stride makes
    /// images of several extents equally large; this says which of them the answer has.
    #[must_use]
    pub fn output_padding(self, output_padding: [usize; 2]) -> Self {
        Self { output_padding, ..self }
    }

    /// What is wrong with the output padding.
    fn not_padded(&self) -> Option<Fault> {
        let Kernels { stride, dilation, padding, .. } = self.kernels;
        let most = [0, 1].map(|axis| stride[axis].max(dilation[axis]).saturating_sub(1));
        let given = super::images::by(self.output_padding);
        if padding == Padding::Same && self.output_padding != [0, 0] {
            let what = format!("an output padding of {given} beside `pad=same`, which tells the extents already");
            return Some(Fault::Layer { what, hint: "one of the two".to_string() });
        }
        if (0..2).all(|axis| self.output_padding[axis] <= most[axis]) {
            return None;
        }
        let what = format!("an output padding of {given} is not smaller than the stride or the dilation");
        Some(Fault::Layer { what, hint: format!("at most {}", super::images::by(most)) })
    }

    /// Along an axis of so many pixels; nothing where padding leaves no position.
    fn along(&self, axis: usize, extent: usize) -> Option<Along> {
        let Kernels { size, stride, dilation, padding, .. } = self.kernels;
        let (size, stride, dilation) = (size[axis], stride[axis], dilation[axis]);
        let sliding = Sliding::new(size).stride(stride).dilation(dilation);
        let all = (extent - 1).checked_mul(stride)?.checked_add(sliding.reach())?;
        let (around, extent) = match padding {
            Padding::Each(each) => ([each[axis]; 2], all.checked_sub(each[axis].checked_mul(2)?)?),
            Padding::Same => {
                let around = sliding.reach().saturating_sub(stride);
                ([around / 2, around - around / 2], extent.checked_mul(stride)?)
            }
        };
        // The output padding takes away what was to be cut off behind, and then adds positions that no kernel reaches.
        let more = self.output_padding[axis];
        let (kept, behind) = (more.min(around[1]), more.saturating_sub(around[1]));
        let extent = extent.checked_add(kept)?;
        let sliding = sliding.pad(around[0], around[1] - kept);
        (extent > 0 && stride > 0 && dilation > 0).then_some(Along { sliding, extent, behind })
    }
}

/// How kernels stand along an axis of what they make.
struct Along {
    sliding: Sliding,
    /// The positions that they reach.
    extent: usize,
    /// The positions behind them.
    behind: usize,
}

impl Layer for ConvTranspose2d {
    fn text(&self) -> String {
        let Kernels { filters, size, stride, padding, dilation, groups, bias, initializer } = self.kernels;
        let values = [
            Value::Count(filters),
            Value::Pair(Some(size)),
            Value::Pair(Some(stride)),
            Value::Padding(padding),
            Value::Pair(Some(self.output_padding)),
            Value::Pair(Some(dilation)),
            Value::Count(groups),
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
        let Kernels { filters, size: [height, width], stride, groups, .. } = self.kernels;
        let faults = [self.kernels.not_grouped(images.channels), self.not_padded()];
        let is_wrong = faults.iter().any(Option::is_some);
        for fault in faults.into_iter().flatten() {
            poison(fault);
        }
        let along = [0, 1].map(|axis| self.along(axis, images.extents[axis]));
        let [Some(down), Some(across)] = along else {
            let what =
                format!("the padding leaves nothing of what the kernels make of {}", super::images::by(images.extents));
            poison(Fault::Layer { what, hint: "a smaller padding, and a stride of 1 or more".to_string() });
            return context.builder().stand_in(images.shape(filters, images.extents));
        };
        if is_wrong {
            let extents = [down.extent + down.behind, across.extent + across.behind];
            return context.builder().stand_in(images.shape(filters, extents));
        }
        let (own, of_group) = (images.channels / groups, filters / groups);
        let seen_by = |kernel: usize, stride: usize| kernel.div_ceil(stride);
        let inputs = own * seen_by(height, stride[0]) * seen_by(width, stride[1]);
        let fans = [inputs, of_group * height * width];
        let w = self.kernels.weights(context, [images.channels, of_group, height, width], fans);
        let (windows, extents) = ([down.sliding, across.sliding], [down.extent, across.extent]);
        let made = x.convolve_transposed(w, windows, extents, groups);
        let behind =
            |made: Var<'b>, axis: isize, count: usize| if count == 0 { made } else { made.pad(axis, 0, count) };
        let made = behind(behind(made, 2, down.behind), 3, across.behind);
        self.kernels.with_bias(made, inputs, context)
    }

    fn location(&self) -> Option<&'static Location<'static>> {
        Some(self.location)
    }
}

fn common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { common_divisor(b, a % b) }
}
