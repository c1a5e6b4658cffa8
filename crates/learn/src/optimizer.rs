//! Optimisers: how a parameter moves against its gradient, as assignments in the graph of the training step.

use std::fmt;
use std::sync::Arc;

use limpid_graph::{Builder, Var};

use crate::error::{Error, choose};

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

type Make = fn() -> Arc<dyn Optimizer>;

const OPTIMIZERS: &[(&str, Make)] = &[("sgd", || Arc::new(Sgd))];

/// The optimiser of this name.
///
/// ```
/// assert_eq!(limpid_learn::optimizer("sgd")?.name(), "sgd");
/// # Ok::<(), limpid_learn::Error>(())
/// ```
///
/// # Errors
/// [`Error::Unknown`] with the names that there are.
pub fn optimizer(name: &str) -> Result<Arc<dyn Optimizer>, Error> {
    choose("optimiser", name, OPTIMIZERS).map(|make| make())
}

/// The optimisers' names.
pub fn optimizer_names() -> impl Iterator<Item = &'static str> {
    OPTIMIZERS.iter().map(|(name, _)| *name)
}
