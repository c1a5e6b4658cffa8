//! The trait of optimizers: how a step changes a parameter by its gradient, as assignments in the graph of the training
//! step.

use std::fmt;
use std::sync::Arc;

use limpid_graph::Var;

use crate::describe::choices::{Choice, Value};
use crate::describe::context::Context;
use crate::error::Error;

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

    /// Its row in the table of limpid's optimizers; none for an optimizer of your own.
    fn choice(&self) -> Option<&'static Choice<Arc<dyn Optimizer>>> {
        None
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
