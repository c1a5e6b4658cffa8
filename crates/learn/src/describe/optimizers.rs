//! Optimizers: how a step changes a parameter by its gradient, as assignments in the graph of the training step. Each is a
//! row of the table and an implementation.

use std::fmt;
use std::sync::Arc;

use limpid_graph::Var;

use crate::describe::choices::{Choice, Range, Setting, Value};
use crate::describe::context::Context;
use crate::error::Error;

const MOMENTUM: Setting = Setting::number("momentum", "the momentum", 0.9, Range::Share);

/// The optimizers, one row each: names, settings with defaults and ranges, and how they are made.
pub(crate) static OPTIMIZERS: &[Choice<Arc<dyn Optimizer>>] = &[
    Choice {
        name: "sgd",
        aliases: &[],
        about: "stochastic gradient descent",
        example: "sgd momentum=0.9",
        settings: &[Setting::number("momentum", "the momentum", 0.0, Range::Share), Setting::flag("nesterov")],
        make: |settings| match (settings.number("momentum"), settings.flag("nesterov")) {
            (0.0, false) => Ok(Arc::new(Sgd)),
            (0.0, true) => Err("nesterov needs a momentum; use `sgd momentum=0.9 nesterov`".to_string()),
            (momentum, nesterov) => Ok(Arc::new(Momentum { momentum, nesterov })),
        },
    },
    Choice {
        name: "momentum",
        aliases: &[],
        about: "steps along a running sum of gradients",
        example: "momentum 0.8",
        settings: &[MOMENTUM.positional(), Setting::flag("nesterov")],
        make: |settings| {
            let (momentum, nesterov) = (settings.number("momentum"), settings.flag("nesterov"));
            Ok(Arc::new(Momentum { momentum, nesterov }))
        },
    },
    Choice {
        name: "nesterov",
        aliases: &[],
        about: "momentum that looks ahead",
        example: "nesterov 0.8",
        settings: &[MOMENTUM.positional()],
        make: |settings| Ok(Arc::new(Momentum { momentum: settings.number("momentum"), nesterov: true })),
    },
    Choice {
        name: "adam",
        aliases: &[],
        about: "steps scaled by running means of the gradient and of its square",
        example: "adam beta1=0.8",
        settings: &[
            Setting::number("beta1", "Adam's beta1", 0.9, Range::Share),
            Setting::number("beta2", "Adam's beta2", 0.999, Range::Share),
            Setting::number("epsilon", "Adam's epsilon", 1e-8, Range::Small),
        ],
        make: |settings| {
            let [beta1, beta2, epsilon] = ["beta1", "beta2", "epsilon"].map(|name| settings.number(name));
            Ok(Arc::new(Adam { beta1, beta2, epsilon }))
        },
    },
];

/// An optimizer: describes how a training step changes a parameter.
///
/// The learning rate ([`Context::learning_rate`]) is fed at each step, so that a schedule needs no new graph. An
/// optimizer's state, such as moments, is declared by [`Context::optimizer_state`]; it has its initial value when a
/// training begins. The number of the step is [`Context::step_number`].
pub trait Optimizer: fmt::Debug + Send + Sync {
    /// The optimizer's name.
    fn name(&self) -> &'static str;

    /// A good first learning rate.
    fn usual_learning_rate(&self) -> f64 {
        0.1
    }

    /// Its row in the table of limpid's optimizers: the one of its name, with as many settings. None for an optimizer of
    /// your own, which should have a name of its own.
    fn choice(&self) -> Option<&'static Choice<Arc<dyn Optimizer>>> {
        let count = self.settings().len();
        OPTIMIZERS.iter().find(|row| row.name == self.name() && row.settings.len() == count)
    }

    /// The values of its settings, in the order in which its row of the table has them.
    fn settings(&self) -> Vec<Value> {
        Vec::new()
    }

    /// The optimizer as text, such as `adam beta1=0.8`: its name, and the settings that are not the usual ones.
    fn text(&self) -> String {
        self.choice().map_or_else(|| self.name().to_string(), |row| row.written(&self.settings()))
    }

    /// The value of one of its numbers by name, such as `momentum`.
    fn setting(&self, name: &str) -> Option<f64> {
        let (_, value) =
            self.choice()?.settings.iter().zip(self.settings()).find(|(setting, _)| setting.name == name)?;
        if let Value::Number(number) = value { Some(number) } else { None }
    }

    /// Checks the optimizer's own settings: by default, that they are in the ranges of its row.
    ///
    /// # Errors
    /// [`Error::Setting`] with what to use instead.
    fn check(&self) -> Result<(), Error> {
        self.choice().map_or(Ok(()), |row| row.check(&self.settings()))
    }

    /// Whether weight decay becomes a part of the gradient, as PyTorch's `SGD` has it, rather than a step of its own, as
    /// with `AdamW`.
    fn couples_weight_decay(&self) -> bool {
        false
    }

    /// Says what a step makes of the parameter and of any state, by [`Context::update`].
    fn update<'b>(&self, context: &Context<'b>, parameter: Var<'b>, gradient: Var<'b>);
}

/// Stochastic gradient descent: w ← w − η·dL/dw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sgd;

impl Optimizer for Sgd {
    fn couples_weight_decay(&self) -> bool {
        true
    }

    fn name(&self) -> &'static str {
        "sgd"
    }

    /// Those of its row: no momentum.
    fn settings(&self) -> Vec<Value> {
        vec![Value::Number(0.0), Value::Flag(false)]
    }

    #[track_caller]
    fn update<'b>(&self, context: &Context<'b>, parameter: Var<'b>, gradient: Var<'b>) {
        context.update(parameter, parameter - context.learning_rate() * gradient);
    }
}

/// Stochastic gradient descent with momentum: v ← μ·v + dL/dw; w ← w − η·v.
///
/// Nesterov's look-ahead takes the step as if the next velocity were known: w ← w − η·(dL/dw + μ·v).
///
/// State: `<parameter> velocity`, of the parameter's shape. The learning rate stands outside the velocity, as in PyTorch
/// (without dampening), so that a schedule changes the step at once. Source: Sutskever et al. 2013, "On the importance of
/// initialization and momentum in deep learning", section 2, with v scaled by −1/η.
///
/// ```
/// use std::sync::Arc;
/// use limpid_learn::{FitOptions, Momentum};
///
/// let optimizer = Arc::new(Momentum { momentum: 0.8, nesterov: true });
/// let fit = FitOptions { optimizer, learning_rate: Some(0.01), ..FitOptions::default() };
/// assert_eq!(fit.optimizer.name(), "nesterov");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Momentum {
    /// How much of the velocity is kept from step to step: 0 to 1, without 1.
    pub momentum: f64,
    /// Whether to look ahead.
    pub nesterov: bool,
}

impl Default for Momentum {
    /// 0.9 of the velocity is kept, without looking ahead.
    fn default() -> Self {
        Self { momentum: 0.9, nesterov: false }
    }
}

impl Optimizer for Momentum {
    fn couples_weight_decay(&self) -> bool {
        true
    }

    fn name(&self) -> &'static str {
        if self.nesterov { "nesterov" } else { "momentum" }
    }

    /// A tenth of plain descent's: what is kept of old gradients makes steps up to 1 / (1 − μ) times as long.
    fn usual_learning_rate(&self) -> f64 {
        0.01
    }

    fn settings(&self) -> Vec<Value> {
        // With Nesterov's look-ahead it has a name of its own, whose row asks for nothing else.
        let momentum = Value::Number(self.momentum);
        if self.nesterov { vec![momentum] } else { vec![momentum, Value::Flag(false)] }
    }

    #[track_caller]
    fn update<'b>(&self, context: &Context<'b>, parameter: Var<'b>, gradient: Var<'b>) {
        let velocity = context.optimizer_state(parameter, "velocity", 0.0);
        let next = self.momentum * velocity + gradient;
        let way = if self.nesterov { gradient + self.momentum * next } else { next };
        context.update(velocity, next);
        context.update(parameter, parameter - context.learning_rate() * way);
    }
}

/// Adam: steps by the running mean of the gradient over the root of the running mean of its square, each corrected for
/// its beginning at zero.
///
/// m ← β1·m + (1 − β1)·g; v ← β2·v + (1 − β2)·g²; w ← w − η·m̂ / (√v̂ + ε) with m̂ = m / (1 − β1^t), v̂ = v / (1 − β2^t).
///
/// State: `<parameter> mean` and `<parameter> square` of the parameter's shape. t is the number of the step, which all
/// parameters share. Source: Kingma & Ba 2014, "Adam: a method for stochastic optimization", algorithm 1.
///
/// # In `f32`
/// The corrections are −expm1(t·ln β): within a few units in the last place at every t. Running products of β would
/// begin with an error of 6·10⁻⁵ in 1 − β2 (0.999 rounded, then subtracted from 1) and gather another at each step. t is
/// a whole number, exact up to 2²⁴ steps, where both corrections have long been 1. The means are moved as
/// m + (1 − β)·(g − m), which rests where m = g whatever the rounding of β.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// How much of the mean of gradients is kept from step to step: 0 to 1, without 1.
    pub beta1: f64,
    /// How much of the mean of squares is kept from step to step: 0 to 1, without 1.
    pub beta2: f64,
    /// A small number that prevents a division by zero.
    pub epsilon: f64,
}

impl Default for Adam {
    /// The paper's: 0.9, 0.999 and 10⁻⁸.
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    }
}

impl Optimizer for Adam {
    fn name(&self) -> &'static str {
        "adam"
    }

    fn usual_learning_rate(&self) -> f64 {
        0.001
    }

    fn settings(&self) -> Vec<Value> {
        [self.beta1, self.beta2, self.epsilon].map(Value::Number).into()
    }

    #[track_caller]
    fn update<'b>(&self, context: &Context<'b>, parameter: Var<'b>, gradient: Var<'b>) {
        let state = |what| context.optimizer_state(parameter, what, 0.0);
        let (mean, square, t) = (state("mean"), state("square"), context.step_number());
        // 1 − β^t. Where β is 0 its logarithm is −∞, and this is 1 as it should be.
        let correction = |beta: f64| -(t * beta.ln()).exp_m1();
        let moved = |from: Var<'b>, to: Var<'b>, beta: f64| from + (1.0 - beta) * (to - from);
        let next_mean = moved(mean, gradient, self.beta1);
        let next_square = moved(square, gradient.square(), self.beta2);
        // What is the same for every number of the parameter is divided once, not for each.
        let (rate, scale) = (context.learning_rate() / correction(self.beta1), 1.0 / correction(self.beta2).sqrt());
        context.update(mean, next_mean);
        context.update(square, next_square);
        context.update(parameter, parameter - rate * next_mean / (scale * next_square.sqrt() + self.epsilon));
    }
}
