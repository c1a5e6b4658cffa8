//! An optimizer with what goes along with it: a schedule, weight decay, an average of the weights.

use std::sync::Arc;

use limpid_graph::Var;

use crate::describe::choices::{Choice, Value};
use crate::describe::context::Context;
use crate::describe::optimizers::Optimizer;
use crate::describe::schedule::{Schedule, Span};
use crate::error::Error;

/// What an optimizer's state is called that holds the average of a parameter.
pub(crate) const AVERAGE: &str = "average";

/// An optimizer, and what goes along with it, as one optimizer: part of the training step's graph.
///
/// ```
/// use std::sync::Arc;
/// use limpid_learn::{Adam, Optimizer, Recipe, Schedule, Span};
///
/// let schedule: Schedule = "cosine warm-up=0.1".parse()?;
/// let span = Span { steps: 600, per_epoch: 60 };
/// let recipe = Recipe { weight_decay: 0.01, schedule, span, ..Recipe::of(Arc::new(Adam::default())) };
/// assert_eq!(recipe.text(), "adam, cosine warm-up=0.1, weight decay 0.01");
/// # Ok::<(), limpid_learn::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Recipe {
    /// The optimizer.
    pub optimizer: Arc<dyn Optimizer>,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// The steps that the schedule goes over.
    pub span: Span,
    /// How strongly weights are drawn to 0: λ. It applies to what is declared as a weight, and not to biases and the
    /// like ([`Context::decays`]).
    ///
    /// An optimizer that is [coupled](Optimizer::couples_weight_decay) takes λ·w as a part of the gradient, as PyTorch's
    /// `SGD`: it goes into the velocity. For any other one w becomes w − η·λ·w beside the step, as with PyTorch's `AdamW`
    /// (Loshchilov & Hutter 2019, "Decoupled weight decay regularization").
    pub weight_decay: f64,
    /// How much of the running average of each parameter is kept from step to step; None for no averages. At step t it is
    /// the smaller of this and (t − 1) / (t + 8): the first steps do not weigh more than later ones.
    pub average_weights: Option<f64>,
}

impl Recipe {
    /// The optimizer alone.
    pub fn of(optimizer: Arc<dyn Optimizer>) -> Self {
        let (schedule, span) = (Schedule::default(), Span::default());
        Self { optimizer, schedule, span, weight_decay: 0.0, average_weights: None }
    }

    /// The average of a parameter, which becomes `next`.
    fn average<'b>(&self, context: &Context<'b>, parameter: Var<'b>, next: Var<'b>) {
        let Some(kept) = self.average_weights else { return };
        let average = context.optimizer_state(parameter, AVERAGE, 0.0);
        let share = (9.0 / (context.step_number() + 8.0)).maximum(1.0 - kept);
        context.update(average, average + share * (next - average));
    }
}

impl Optimizer for Recipe {
    fn name(&self) -> &'static str {
        self.optimizer.name()
    }

    fn usual_learning_rate(&self) -> f64 {
        self.optimizer.usual_learning_rate()
    }

    fn choice(&self) -> Option<&'static Choice<Arc<dyn Optimizer>>> {
        self.optimizer.choice()
    }

    fn settings(&self) -> Vec<Value> {
        self.optimizer.settings()
    }

    fn couples_weight_decay(&self) -> bool {
        self.optimizer.couples_weight_decay()
    }

    fn text(&self) -> String {
        let schedule = Some(self.schedule).filter(|schedule| !schedule.is_constant());
        let decay = Some(self.weight_decay).filter(|&decay| decay > 0.0);
        let parts = [
            schedule.map(|schedule| schedule.to_string()),
            decay.map(|decay| format!("weight decay {decay:?}")),
            self.average_weights.map(|kept| format!("average of weights {kept:?}")),
        ];
        std::iter::once(self.optimizer.text()).chain(parts.into_iter().flatten()).collect::<Vec<_>>().join(", ")
    }

    fn check(&self) -> Result<(), Error> {
        self.optimizer.check()?;
        self.schedule.check()?;
        if !self.weight_decay.is_finite() || self.weight_decay < 0.0 {
            let (found, hint) = (format!("{:?}", self.weight_decay), "use 0 or more, such as 0.0001".to_string());
            return Err(Error::Setting { name: "the weight decay", found, hint });
        }
        match self.average_weights.filter(|kept| !(0.0..1.0).contains(kept)) {
            Some(kept) => {
                let hint = "use a number from 0 to below 1, such as 0.999".to_string();
                Err(Error::Setting { name: "the average of weights", found: format!("{kept:?}"), hint })
            }
            None => Ok(()),
        }
    }

    #[track_caller]
    fn update<'b>(&self, context: &Context<'b>, parameter: Var<'b>, gradient: Var<'b>) {
        if !self.schedule.is_constant() {
            context.schedule(|| {
                let taken = context.step_number() - 1.0;
                self.schedule.describe(context.fed_learning_rate(), taken, self.span).named("scheduled rate")
            });
        }
        let decays = self.weight_decay > 0.0 && context.decays(parameter);
        let is_coupled = self.couples_weight_decay();
        let gradient = if decays && is_coupled { gradient + self.weight_decay * parameter } else { gradient };
        let update = || self.optimizer.update(context, parameter, gradient);
        let Some(next) = context.next_of(parameter, update) else { return };
        let decayed = || next - (context.learning_rate() * self.weight_decay) * parameter;
        let next = if decays && !is_coupled { decayed() } else { next };
        context.update(parameter, next);
        self.average(context, parameter, next);
    }
}
