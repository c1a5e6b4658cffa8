//! The layers: a row of a table and an implementation each.

mod convolution;
mod embedding;
mod images;
mod joined;
mod noise;
mod norms;
mod pooling;

pub use convolution::{Conv2d, ConvTranspose2d};
pub use embedding::Embedding;
pub(crate) use joined::{BRANCHES, RESIDUAL};
pub use joined::{Branches, Residual};
pub use noise::{Dropout, Noise};
pub use norms::{BatchNorm, GroupNorm, LayerNorm, Standardize};
pub use pooling::{AveragePool, GlobalAveragePool, MaxPool};

use std::panic::Location;

use limpid_graph::{Dim, Fault, Formula, MapOp, Shape, Var};

use crate::describe::choices::{Choice, Range, Setting, Value};
use crate::describe::context::Context;
use crate::describe::initializer::Initializer;
use crate::describe::layer::Layer;
use crate::describe::variable::{Initial, Variable};

/// Activations with settings, one row each.
static ACTIVATIONS_WITH_SETTINGS: &[Choice<Box<dyn Layer>>] = &[
    Choice {
        name: "leaky-relu",
        aliases: &[],
        about: "x where positive, slope·x elsewhere",
        example: "leaky-relu slope=0.1",
        settings: &[Setting::number("slope", "the slope", 0.01, Range::Finite)],
        make: |settings| Ok(Box::new(LeakyRelu::new(settings.number("slope")))),
    },
    Choice {
        name: "elu",
        aliases: &[],
        about: "x where positive, alpha·(eˣ − 1) elsewhere",
        example: "elu alpha=0.5",
        settings: &[Setting::number("alpha", "alpha", 1.0, Range::Finite)],
        make: |settings| Ok(Box::new(Elu::new(settings.number("alpha")))),
    },
];

/// The layers that are no functions of single numbers, one row each.
static OTHERS: &[Choice<Box<dyn Layer>>] = &[
    Choice {
        name: "affine",
        aliases: &["linear", "dense"],
        about: "x·W + b",
        example: "affine 50",
        settings: &[Setting::count("outputs", "the number of its outputs"), Setting::initializer(Initializer::He)],
        make: |settings| {
            let affine = Affine::to(settings.count("outputs"));
            Ok(Box::new(settings.initializer("init").map_or(affine.clone(), |initializer| affine.init(initializer))))
        },
    },
    Choice {
        name: "softmax",
        aliases: &[],
        about: "softmax along the last axis",
        example: "softmax",
        settings: &[],
        make: |_| Ok(Box::new(Softmax)),
    },
    Choice {
        name: "flatten",
        aliases: &[],
        about: "all axes but the batch made one",
        example: "flatten",
        settings: &[],
        make: |_| Ok(Box::new(Flatten)),
    },
    Choice {
        name: "dropout",
        aliases: &[],
        about: "in training, a share of the numbers set to 0 and the others enlarged as much; in inference, nothing",
        example: "dropout 0.2",
        settings: &[Setting::number("rate", "the rate", 0.5, Range::Share).positional()],
        make: |settings| Ok(Box::new(Dropout::new(settings.number("rate")))),
    },
    Choice {
        name: "noise",
        aliases: &["gaussian-noise"],
        about: "in training, normally distributed numbers added; in inference, nothing",
        example: "noise 0.3",
        settings: &[Setting::number("deviation", "the standard deviation", 0.1, Range::NotNegative).positional()],
        make: |settings| Ok(Box::new(Noise::new(settings.number("deviation")))),
    },
];

/// The layers, one row each.
pub(crate) fn rows() -> impl Iterator<Item = &'static Choice<Box<dyn Layer>>> {
    let files = [OTHERS, convolution::ROWS, pooling::ROWS, norms::ROWS, embedding::ROWS, joined::ROWS];
    files.into_iter().flatten().chain(activation_rows())
}

/// The layers that are a function of each number alone, one row each; those with settings come last.
pub(crate) fn activation_rows() -> impl Iterator<Item = &'static Choice<Box<dyn Layer>>> {
    ACTIVATIONS.iter().chain(ACTIVATIONS_WITH_SETTINGS)
}

/// The numbers that divide so many channels, as a hint: "1, 2 or 4 groups".
fn groups_text(channels: usize) -> String {
    let divisors: Vec<String> = (1..=channels).filter(|&n| channels.is_multiple_of(n)).map(|n| n.to_string()).collect();
    match divisors.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last} groups", others.join(", ")),
        _ => "1 group".to_string(),
    }
}

/// A layer's text.
pub(crate) fn written(name: &str, values: &[Value]) -> String {
    let row = rows().find(|row| row.name == name);
    row.map_or_else(|| name.to_string(), |row| row.written(values))
}

/// x·W + b: weights `(inputs, outputs)`, one bias per output.
///
/// Takes `(…, inputs)` to `(…, outputs)`. A batch whose axes after the first hold `inputs` numbers together, such as
/// images `(batch, 1, 28, 28)` for 784 inputs, is flattened first; and so is what has channels, height and width, as
/// images and what convolutions make of them, where the number of inputs is that of the layer before.
#[derive(Clone, Debug)]
pub struct Affine {
    inputs: Option<usize>,
    outputs: usize,
    initializer: Initializer,
    location: &'static Location<'static>,
}

impl Affine {
    /// From `inputs` numbers to `outputs`.
    #[track_caller]
    pub fn new(inputs: usize, outputs: usize) -> Self {
        Self { inputs: Some(inputs), ..Self::to(outputs) }
    }

    /// To `outputs` numbers; the number of inputs is that of the layer before.
    #[track_caller]
    pub fn to(outputs: usize) -> Self {
        Self { inputs: None, outputs, initializer: Initializer::He, location: Location::caller() }
    }

    /// How its weights are initialized. The default is [`Initializer::He`]; biases begin at 0, and with
    /// [`Initializer::FanIn`] as the weights do.
    pub fn init(self, initializer: Initializer) -> Self {
        Self { initializer, ..self }
    }
}

impl Layer for Affine {
    fn text(&self) -> String {
        written("affine", &[Value::Count(self.outputs), Value::Initializer(self.initializer)])
    }

    #[track_caller]
    fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
        if x.is_poisoned() {
            return x;
        }
        let shape = x.shape();
        let (last, flat) = (shape.dims().last(), Shape::new(shape.dims().iter().skip(1).cloned()).count());
        let is_image = shape.rank() >= 4;
        let own = if is_image { flat.as_known() } else { last.and_then(Dim::as_known) };
        let wanted = self.inputs.or(own);
        let refuse = |what: String, hint: String| context.builder().poison("affine", Fault::Layer { what, hint }, &[x]);
        let (x, inputs) = match wanted {
            Some(inputs) if self.inputs.is_none() && is_image => (x.flatten(1), inputs),
            Some(inputs) if last.and_then(Dim::as_known) == Some(inputs) => (x, inputs),
            Some(inputs) if flat.as_known() == Some(inputs) => (x.flatten(1), inputs),
            Some(inputs) => {
                let what = format!("the layer takes {inputs} numbers per sample, but is given {shape}");
                // A value of one axis is one sample; of more axes, the first is the batch.
                let given = if shape.rank() == 1 { last.cloned().unwrap_or(flat) } else { flat };
                refuse(what, format!("`Affine::new({given}, {})` here, or {inputs} outputs before", self.outputs));
                // What the layer gives is known all the same, so that the layers behind it are checked too.
                let leading = shape.dims().iter().take(shape.rank().saturating_sub(1)).cloned();
                return context.builder().stand_in(Shape::new(leading.chain([self.outputs.into()])));
            }
            None => {
                let what = format!("the layer cannot tell how many numbers it is given: {shape}");
                return refuse(what, "a value whose last axis has a known extent".to_string());
            }
        };
        if inputs == 0 || self.outputs == 0 {
            let what = format!("the layer goes from {inputs} numbers to {}", self.outputs);
            return refuse(what, "at least one input and one output".to_string());
        }
        let w = context.parameter("w", (inputs, self.outputs), self.initializer);
        let initial = Initial::of_biases(self.initializer, inputs);
        let b = context.declare(Variable::learned("b", [self.outputs], initial).without_decay());
        x.matmul(w) + b
    }

    fn location(&self) -> Option<&'static Location<'static>> {
        Some(self.location)
    }
}

macro_rules! activations {
    ($($(#[doc = $doc:literal])* $Name:ident, $text:literal, $row:ident;)*) => {
        $(
            $(#[doc = $doc])*
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
            pub struct $Name;

            impl Layer for $Name {
                fn text(&self) -> String {
                    $text.to_string()
                }

                fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
                    context.builder().map(MapOp::$row, &[x])
                }
            }
        )*

        /// The activations without settings, one row each.
        static ACTIVATIONS: &[Choice<Box<dyn Layer>>] = &[$(Choice {
            name: $text,
            aliases: &[],
            about: concat!($($doc),*),
            example: $text,
            settings: &[],
            make: |_| Ok(Box::new($Name)),
        }),*];
    };
}
activations! {
    /// max(x, 0), element by element.
    Relu, "relu", Relu;
    /// 1 / (1 + e⁻ˣ), element by element.
    Sigmoid, "sigmoid", Sigmoid;
    /// Hyperbolic tangent, element by element.
    Tanh, "tanh", Tanh;
    /// x itself.
    Identity, "identity", Identity;
    /// x·Φ(x), element by element (Hendrycks & Gimpel 2016).
    Gelu, "gelu", Gelu;
    /// ln(1 + eˣ), element by element.
    Softplus, "softplus", Softplus;
    /// x·σ(x), element by element, also called SiLU (Elfwing et al. 2018).
    Swish, "swish", Silu;
    /// 1.0507·x where positive, 1.7581·(eˣ − 1) elsewhere, element by element (Klambauer et al. 2017).
    Selu, "selu", Selu;
    /// x·tanh(ln(1 + eˣ)), element by element (Misra 2019).
    Mish, "mish", Mish;
    /// x·min(max(x + 3, 0), 6) / 6, element by element (Howard et al. 2019).
    HardSwish, "hard-swish", HardSwish;
}

/// A formula of one argument, element by element: an activation of your own.
///
/// ```
/// use limpid_graph::Formula;
/// use limpid_learn::{Affine, Model, Network};
///
/// let squared_relu = Formula::new("squared-relu", |[x]| x.relu().square());
/// let network = Network::new(2, (Affine::to(8), squared_relu, Affine::to(2)));
/// assert_eq!(network.to_string(), "2, affine 8, squared-relu, affine 2");
/// assert_eq!(Model::new(&network, 1)?.predict(&[0.0, 0.0].into())?.to_f64(), [0.0, 0.0]);
/// # Ok::<(), limpid_learn::Error>(())
/// ```
///
/// [`Registry::activation`](crate::Registry::activation) makes its name known in networks as text and in model files.
impl Layer for Formula {
    fn text(&self) -> String {
        self.name().to_string()
    }

    #[track_caller]
    fn forward<'b>(&self, x: Var<'b>, _: &Context<'b>) -> Var<'b> {
        self.apply([x])
    }
}

/// x where positive, `slope`·x elsewhere, element by element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeakyRelu {
    slope: f64,
}

impl LeakyRelu {
    /// With this slope below 0.
    pub fn new(slope: f64) -> Self {
        Self { slope }
    }
}

impl Default for LeakyRelu {
    /// With a slope of 0.01 below 0 (Maas et al. 2013).
    fn default() -> Self {
        Self { slope: 0.01 }
    }
}

impl Layer for LeakyRelu {
    fn text(&self) -> String {
        written("leaky-relu", &[Value::Number(self.slope)])
    }

    fn forward<'b>(&self, x: Var<'b>, _: &Context<'b>) -> Var<'b> {
        x.leaky_relu(self.slope)
    }
}

/// x where positive, `alpha`·(eˣ − 1) elsewhere, element by element (Clevert et al. 2015).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Elu {
    alpha: f64,
}

impl Elu {
    /// With this bound below 0.
    pub fn new(alpha: f64) -> Self {
        Self { alpha }
    }
}

impl Default for Elu {
    /// Bounded by −1.
    fn default() -> Self {
        Self { alpha: 1.0 }
    }
}

impl Layer for Elu {
    fn text(&self) -> String {
        written("elu", &[Value::Number(self.alpha)])
    }

    fn forward<'b>(&self, x: Var<'b>, _: &Context<'b>) -> Var<'b> {
        x.elu(self.alpha)
    }
}

/// Softmax along the last axis, row by row. A network that is trained with softmax cross-entropy must end in scores,
/// without this layer, because the loss applies the softmax itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Softmax;

impl Layer for Softmax {
    fn text(&self) -> String {
        "softmax".to_string()
    }

    fn forward<'b>(&self, x: Var<'b>, _: &Context<'b>) -> Var<'b> {
        x.softmax(-1)
    }
}

/// All axes but the batch made one: `(batch, 1, 28, 28)` becomes `(batch, 784)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flatten;

impl Layer for Flatten {
    fn text(&self) -> String {
        "flatten".to_string()
    }

    fn forward<'b>(&self, x: Var<'b>, _: &Context<'b>) -> Var<'b> {
        x.flatten(1)
    }
}
