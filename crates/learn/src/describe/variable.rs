//! What a model keeps from step to step: one declaration for parameters, running statistics and an optimizer's states.

use limpid_graph::Tensor;

use crate::describe::initializer::Initializer;

/// A value that is kept from one step to the next, as it was declared.
///
/// ```
/// use limpid_learn::{Initializer, Variable, VariableKind};
///
/// let bias = Variable::learned("b", [10], Initializer::Zeros).without_decay();
/// assert_eq!((bias.kind, bias.decays, bias.initial_value(1).shape()), (VariableKind::Learned, false, &[10][..]));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Its name. For a layer's variable it is a path, such as `0/w`.
    pub name: String,
    /// Its shape, in numbers.
    pub shape: Vec<usize>,
    /// Its value before the first step.
    pub initial: Initial,
    /// What changes it, and where it is kept.
    pub kind: VariableKind,
    /// Whether weight decay may apply to it: to weights, and not to biases.
    pub decays: bool,
}

/// The value of a variable before the first step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Initial {
    /// Drawn by the model's seed and the variable's name.
    Drawn(Initializer),
    /// The same, of a weight whose shape does not tell how many numbers each output is computed from, such as a
    /// convolution's kernels.
    Weights {
        /// How it is drawn.
        initializer: Initializer,
        /// From how many numbers an output is computed.
        inputs: usize,
        /// To how many outputs a number goes.
        outputs: usize,
    },
    /// This number everywhere.
    Constant(f64),
}

/// What changes a variable, and where it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VariableKind {
    /// A parameter: changed by the optimizer, along its gradient. Saved with the model.
    Learned,
    /// A layer's own record of the samples it saw, such as a running mean. A training step updates it, evaluation reads
    /// it. Saved with the model.
    RunningStatistic,
    /// An optimizer's state, such as a velocity. It is set to its initial value when a training begins anew, and is not
    /// saved.
    Optimizer,
}

impl Variable {
    /// A parameter.
    pub fn learned(name: impl Into<String>, shape: impl Into<Vec<usize>>, initial: impl Into<Initial>) -> Self {
        let (name, shape, initial) = (name.into(), shape.into(), initial.into());
        Self { name, shape, initial, kind: VariableKind::Learned, decays: true }
    }

    /// A layer's running statistic.
    pub fn running(name: impl Into<String>, shape: impl Into<Vec<usize>>, initial: impl Into<Initial>) -> Self {
        Self { kind: VariableKind::RunningStatistic, decays: false, ..Self::learned(name, shape, initial) }
    }

    /// An optimizer's state.
    pub fn optimizer(name: impl Into<String>, shape: impl Into<Vec<usize>>, initial: impl Into<Initial>) -> Self {
        Self { kind: VariableKind::Optimizer, decays: false, ..Self::learned(name, shape, initial) }
    }

    /// The same variable, to which weight decay does not apply.
    pub fn without_decay(self) -> Self {
        Self { decays: false, ..self }
    }

    /// Its value before the first step, for a model of this seed.
    pub fn initial_value(&self, seed: u64) -> Tensor {
        match self.initial {
            Initial::Drawn(initializer) => initializer.draw(&self.shape, seed, &self.name),
            Initial::Weights { initializer, inputs, outputs } => {
                initializer.draw_weights(&self.shape, [inputs, outputs], seed, &self.name)
            }
            Initial::Constant(0.0) => Tensor::zeros(self.shape.clone()),
            Initial::Constant(number) => Tensor::from(vec![number; self.shape.iter().product()])
                .reshaped(self.shape.clone())
                .unwrap_or_else(|_| unreachable!("as many numbers as the shape holds")),
        }
    }

    /// How messages call it.
    pub(crate) fn noun(&self) -> &'static str {
        match self.kind {
            VariableKind::Learned => "parameter",
            VariableKind::RunningStatistic => "running statistic",
            VariableKind::Optimizer => "optimizer state",
        }
    }

    /// Whether it belongs to a network, and so to a model's file.
    pub(crate) fn is_learned(&self) -> bool {
        self.kind == VariableKind::Learned
    }
}

impl Initial {
    /// How biases begin beside weights that are drawn so: at 0, unless the weights begin as PyTorch's do.
    pub(crate) fn of_biases(weights: Initializer, inputs: usize) -> Self {
        match weights {
            Initializer::FanIn => Self::Weights { initializer: weights, inputs, outputs: 1 },
            _ => Self::Drawn(Initializer::Zeros),
        }
    }
}

impl From<Initializer> for Initial {
    fn from(initializer: Initializer) -> Self {
        Self::Drawn(initializer)
    }
}

impl From<f64> for Initial {
    fn from(number: f64) -> Self {
        Self::Constant(number)
    }
}
