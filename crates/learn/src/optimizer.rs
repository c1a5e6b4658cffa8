//! Optimisers: how a parameter moves against its gradient, as assignments in the graph of the training step.

use std::fmt;

use limpid_graph::{Builder, Var};

/// Describes what a training step makes of a parameter.
///
/// The learning rate is a value that is fed at each step, so that a schedule needs no new graph. State of an optimiser's
/// own (moments, say) is declared by [`Builder::state`] under a name that begins with the parameter's.
pub trait Optimizer: fmt::Debug + Send + Sync {
    /// The optimiser's name.
    fn name(&self) -> &'static str;

    /// Assigns the parameter's next value, and that of any state.
    fn describe<'b>(&self, builder: &'b Builder, parameter: Var<'b>, gradient: Var<'b>, learning_rate: Var<'b>);
}

/// Stochastic gradient descent: w ← w − η·dL/dw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sgd;

impl Optimizer for Sgd {
    fn name(&self) -> &'static str {
        "sgd"
    }

    #[track_caller]
    fn describe<'b>(&self, builder: &'b Builder, parameter: Var<'b>, gradient: Var<'b>, learning_rate: Var<'b>) {
        builder.assign(parameter, parameter - learning_rate * gradient);
    }
}
