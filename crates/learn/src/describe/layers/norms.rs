//! Layers that give numbers mean 0 and variance 1: over a batch, a sample, or groups of channels.

use limpid_graph::{Axes, Dim, Fault, Shape, Var};

use super::written;
use crate::describe::choices::{Choice, Range, Setting, Value};
use crate::describe::context::Context;
use crate::describe::layer::Layer;
use crate::describe::variable::Variable;

/// Added to a variance, so that no number is divided by 0.
const EPS: Setting = Setting::number("eps", "eps", 1e-5, Range::Small);

/// The layers of this file, one row each.
pub(super) static ROWS: &[Choice<Box<dyn Layer>>] = &[
    Choice {
        name: "batch-norm",
        aliases: &["batchnorm"],
        about: "each feature or channel with mean 0 and variance 1 over the batch",
        example: "batch-norm",
        settings: &[EPS, Setting::number("momentum", "the momentum", 0.1, Range::Portion)],
        make: |settings| Ok(Box::new(BatchNorm { eps: settings.number("eps"), momentum: settings.number("momentum") })),
    },
    Choice {
        name: "standardize",
        aliases: &["standardise", "normalize"],
        about: "x less a mean, divided by a deviation: those of the training data",
        example: "standardize mean=0.1307 deviation=0.3081",
        settings: &[
            Setting::number("mean", "the mean", 0.0, Range::Finite),
            Setting::number("deviation", "the deviation", 1.0, Range::Positive),
        ],
        make: |settings| {
            Ok(Box::new(Standardize { mean: settings.number("mean"), deviation: settings.number("deviation") }))
        },
    },
    Choice {
        name: "layer-norm",
        aliases: &["layernorm"],
        about: "each sample with mean 0 and variance 1 over its features",
        example: "layer-norm",
        settings: &[EPS],
        make: |settings| Ok(Box::new(LayerNorm { eps: settings.number("eps") })),
    },
    Choice {
        name: "group-norm",
        aliases: &["groupnorm"],
        about: "each group of a sample's channels with mean 0 and variance 1",
        example: "group-norm 2",
        settings: &[Setting::count("groups", "the number of groups"), EPS],
        make: |settings| Ok(Box::new(GroupNorm { groups: settings.count("groups"), eps: settings.number("eps") })),
    },
];

/// Gives each feature, or each channel of images, mean 0 and variance 1 over the batch, then a learned scale and shift:
/// y = (x − mean) / √(variance + `eps`) · scale + shift (Ioffe & Szegedy 2015).
///
/// Takes `(batch, features)`, or `(batch, channels, height, width)`, of which each channel has one mean over all places.
/// Training uses the batch's own mean and variance, and moves the running ones towards them by the share `momentum`;
/// evaluation and prediction use the running ones. As in PyTorch, the running variance is the unbiased one, divided by
/// n − 1, while the batch is divided by n; weight decay applies to neither scale nor shift.
///
/// A training batch that has one number for each feature has no variance: the answer is then the shift, and the running
/// statistics stay as they are.
///
/// Its variables are `scale` and `shift`, which are learned, and the running `mean` and `variance`.
///
/// ```
/// use limpid_graph::Tensor;
/// use limpid_learn::{BatchNorm, Dataset, FitOptions, Model, Network};
///
/// let data = Dataset::new(Tensor::from([[1.0, 10.0], [3.0, 30.0]]), Tensor::from([0u8, 1]))?;
/// let mut model = Model::new(&Network::new(2, BatchNorm { momentum: 1.0, ..BatchNorm::default() }), 1)?;
/// model.fit(&data, &FitOptions { epochs: 1, ..FitOptions::default() })?;
/// let kept = model.variables()?;
/// assert_eq!(kept[2], ("0/mean".to_string(), Tensor::from([2f32, 20.0])));
/// assert_eq!(kept[3], ("0/variance".to_string(), Tensor::from([2f32, 200.0])));
/// # Ok::<(), limpid_learn::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNorm {
    /// Added to the variance. The usual one is 1e−5.
    pub eps: f64,
    /// By how much the running statistics move towards the batch's. The usual one is 0.1.
    pub momentum: f64,
}

impl Default for BatchNorm {
    fn default() -> Self {
        Self { eps: 1e-5, momentum: 0.1 }
    }
}

impl Layer for BatchNorm {
    fn text(&self) -> String {
        written("batch-norm", &[Value::Number(self.eps), Value::Number(self.momentum)])
    }

    fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
        let Some(channels) = channels(x, "batch-norm", context) else { return x };
        let shape = x.shape();
        let spread = |one: Var<'b>| one.reshape(channel_shape(channels, shape.rank()));
        let [scale, shift] = scale_and_shift(context, &[channels]);
        let running_mean = context.state("mean", channels, 0.0);
        let running_variance = context.state("variance", channels, 1.0);
        if !context.is_training() {
            let factor = scale / (running_variance + self.eps).sqrt();
            return x * spread(factor) + spread(shift - running_mean * factor);
        }
        let others = Axes::Listed((0..shape.rank() as isize).filter(|&axis| axis != 1).collect());
        let mean = x.mean(others.clone());
        let centred = x - spread(mean);
        let variance = centred.square().mean(others);
        if context.is_training_step() {
            let (mean, variance) = (mean.stop_gradient(), variance.stop_gradient());
            let count = context.builder().extent(number_of_each(&shape));
            // Of one number there is no unbiased variance: nothing is learned from it.
            let share = self.momentum * (count - 1.0).minimum(1.0);
            let unbiased = variance * (count / (count - 1.0).maximum(1.0));
            context.update(running_mean, running_mean + share * (mean - running_mean));
            context.update(running_variance, running_variance + share * (unbiased - running_variance));
        }
        centred * spread(scale / (variance + self.eps).sqrt()) + spread(shift)
    }
}

/// (x − `mean`) / `deviation`, element by element, with the mean and the standard deviation of what the network learns
/// from, as numbers: 0.1307 and 0.3081 for MNIST's pixels from 0 to 1. Nothing is learned; the model does to all that it is
/// given what was done to the training data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standardize {
    /// What is subtracted.
    pub mean: f64,
    /// What the rest is divided by: above 0.
    pub deviation: f64,
}

impl Layer for Standardize {
    fn text(&self) -> String {
        written("standardize", &[Value::Number(self.mean), Value::Number(self.deviation)])
    }

    fn forward<'b>(&self, x: Var<'b>, _: &Context<'b>) -> Var<'b> {
        (x - self.mean) / self.deviation
    }
}

/// Gives each sample mean 0 and variance 1 over its features, then each feature a learned scale and shift (Ba et al.
/// 2016). The same in training and in prediction.
///
/// Takes `(…, features)`, each row by itself, or `(batch, channels, height, width)`, of which all of a sample's numbers
/// are normalised together. Its variables are `scale` and `shift`, of the shape that is normalised; weight decay applies
/// to neither.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerNorm {
    /// Added to the variance. The usual one is 1e−5.
    pub eps: f64,
}

impl Default for LayerNorm {
    fn default() -> Self {
        Self { eps: 1e-5 }
    }
}

impl Layer for LayerNorm {
    fn text(&self) -> String {
        written("layer-norm", &[Value::Number(self.eps)])
    }

    fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
        if x.is_poisoned() {
            return x;
        }
        let shape = x.shape();
        let from = if shape.rank() >= 4 { 1 } else { shape.rank().saturating_sub(1) };
        let normalised = Shape::new(shape.dims()[from..].to_vec());
        let Some(extents) = normalised.as_known().filter(|extents| !extents.is_empty()) else {
            let what = format!("the layer normalises a sample's features, but is given {shape}");
            let hint =
                "(batch, features), or (batch, channels, height, width), whose last extents are known".to_string();
            return context.builder().poison("layer-norm", Fault::Layer { what, hint }, &[x]);
        };
        let [scale, shift] = scale_and_shift(context, &extents);
        normalise(x, from, self.eps) * scale + shift
    }
}

/// Gives each of `groups` groups of a sample's channels mean 0 and variance 1, then each channel a learned scale and
/// shift (Wu & He 2018). The same in training and in prediction.
///
/// Takes `(batch, channels, …)`, whose channels `groups` divides: neighbours are a group. One group is all of a sample's
/// numbers together; as many groups as channels is what is called instance norm. Its variables are `scale` and `shift`,
/// one for each channel; weight decay applies to neither.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupNorm {
    /// How many groups there are.
    pub groups: usize,
    /// Added to the variance. The usual one is 1e−5.
    pub eps: f64,
}

impl GroupNorm {
    /// With so many groups.
    pub fn new(groups: usize) -> Self {
        Self { groups, eps: 1e-5 }
    }
}

impl Layer for GroupNorm {
    fn text(&self) -> String {
        written("group-norm", &[Value::Count(self.groups), Value::Number(self.eps)])
    }

    fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
        let Some(channels) = channels(x, "group-norm", context) else { return x };
        let shape = x.shape();
        if self.groups == 0 || !channels.is_multiple_of(self.groups) {
            let what = format!("{} groups do not divide {channels} channels", self.groups);
            let fault = Fault::Layer { what, hint: super::groups_text(channels) };
            context.builder().poison("group-norm", fault, &[x]);
            return context.builder().stand_in(shape);
        }
        let [scale, shift] =
            scale_and_shift(context, &[channels]).map(|v| v.reshape(channel_shape(channels, x.rank())));
        let rest = shape.dims()[2..].iter().cloned().fold(Dim::known(channels / self.groups), |all, dim| all * dim);
        let grouped = x.reshape(Shape::new([shape.dims()[0].clone(), Dim::known(self.groups), rest]));
        normalise(grouped, 2, self.eps).reshape(shape) * scale + shift
    }
}

/// Mean 0 and variance 1 over the axes `from` on, together.
fn normalise(x: Var<'_>, from: usize, eps: f64) -> Var<'_> {
    let shape = x.shape();
    let axes = || Axes::Listed((from as isize..shape.rank() as isize).collect());
    let kept = shape.dims().iter().enumerate().map(|(at, dim)| if at < from { dim.clone() } else { Dim::known(1) });
    let kept = Shape::new(kept);
    let centred = x - x.mean(axes()).reshape(kept.clone());
    let variance = centred.square().mean(axes()).reshape(kept);
    centred / (variance + eps).sqrt()
}

/// The learned scale and shift of a layer, to which weight decay does not apply.
fn scale_and_shift<'b>(context: &Context<'b>, extents: &[usize]) -> [Var<'b>; 2] {
    [("scale", 1.0), ("shift", 0.0)]
        .map(|(name, initial)| context.declare(Variable::learned(name, extents, initial).without_decay()))
}

/// How many features or channels there are, or nothing where that is not known, which is noted.
fn channels<'b>(x: Var<'b>, layer: &str, context: &Context<'b>) -> Option<usize> {
    let shape = x.shape();
    let channels = shape.dims().get(1).and_then(Dim::as_known).filter(|&channels| channels > 0);
    if channels.is_none() && !x.is_poisoned() {
        let what = format!("the layer normalises features or channels, but is given {shape}");
        let hint = "(batch, features), or (batch, channels, height, width)".to_string();
        context.builder().poison(layer, Fault::Layer { what, hint }, &[x]);
    }
    if x.is_poisoned() { None } else { channels }
}

/// The shape by which one number a channel broadcasts to a value of this rank.
fn channel_shape(channels: usize, rank: usize) -> Shape {
    Shape::new([Dim::known(channels)].into_iter().chain((2..rank).map(|_| Dim::known(1))))
}

/// How many numbers each channel has.
fn number_of_each(shape: &Shape) -> Dim {
    let others = shape.dims().iter().enumerate().filter(|(axis, _)| *axis != 1);
    others.fold(Dim::known(1), |count, (_, dim)| count * dim.clone())
}
