//! Where layers and optimizers describe themselves and declare their variables.

use std::cell::{OnceCell, RefCell};

use limpid_graph::{Builder, Fault, Shape, Var};

use crate::describe::variable::{Initial, Variable, VariableKind};

/// The name by which a training step is fed its learning rate.
pub(crate) const LEARNING_RATE: &str = "learning rate";
/// The name of the counter of steps. With its space it is no name that a layer gives a variable.
const STEPS: &str = "steps taken";

/// What a network's description is for. Some layers differ, dropout for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Learning.
    Train,
    /// Evaluating and predicting.
    Inference,
}

/// Where layers and optimizers describe themselves: a builder, a mode, and the variables declared so far.
///
/// An optimizer outside of a model's training describes itself in the same way:
///
/// ```
/// use limpid_graph::Builder;
/// use limpid_learn::{Context, Momentum, Optimizer};
///
/// let b = Builder::new();
/// let w = b.parameter("w", 3);
/// let loss = w.square().sum_all();
/// let context = Context::of_training_step(&b);
/// Momentum::default().update(&context, w, b.grad(loss, &[w])[0]);
/// let names: Vec<String> = context.into_variables().into_iter().map(|variable| variable.name).collect();
/// assert_eq!(names, ["w velocity"]);
/// let step = b.finish([loss])?;
/// # Ok::<(), limpid_graph::Error>(())
/// ```
#[derive(Debug)]
pub struct Context<'b> {
    builder: &'b Builder,
    mode: Mode,
    /// Whether this is a training step, which changes variables.
    is_step: bool,
    declared: RefCell<Vec<Variable>>,
    learning_rate: OnceCell<Var<'b>>,
    step: OnceCell<Var<'b>>,
}

impl<'b> Context<'b> {
    /// A context for describing into `builder` a graph that changes no variable.
    pub fn new(builder: &'b Builder, mode: Mode) -> Self {
        let (learning_rate, step) = (OnceCell::new(), OnceCell::new());
        Self { builder, mode, is_step: false, declared: RefCell::default(), learning_rate, step }
    }

    /// A context for describing a training step into `builder`: the graph changes its variables at the end of each run.
    pub fn of_training_step(builder: &'b Builder) -> Self {
        Self { is_step: true, ..Self::new(builder, Mode::Train) }
    }

    /// The builder that is described into.
    pub fn builder(&self) -> &'b Builder {
        self.builder
    }

    /// What the description is for.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether the description is for training, and not for evaluating and predicting. One network is described twice,
    /// once for each: nothing is switched.
    ///
    /// ```
    /// use limpid_graph::Var;
    /// use limpid_learn::{Context, Layer, Mode, Network};
    ///
    /// /// Doubles in training alone.
    /// #[derive(Debug)]
    /// struct Doubled;
    ///
    /// impl Layer for Doubled {
    ///     fn text(&self) -> String {
    ///         "doubled".into()
    ///     }
    ///     fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
    ///         if context.is_training() { 2.0 * x } else { x }
    ///     }
    /// }
    ///
    /// let network = Network::new(3, Doubled);
    /// let x = limpid_graph::Tensor::from([[1.0, 2.0, 3.0]]);
    /// let run = |mode| Ok::<_, limpid_learn::Error>(network.graph(mode)?.run(&[("x", &x)])?[0].to_f64());
    /// assert_eq!(run(Mode::Train)?, [2.0, 4.0, 6.0]);
    /// assert_eq!(run(Mode::Inference)?, [1.0, 2.0, 3.0]);
    /// # Ok::<(), limpid_learn::Error>(())
    /// ```
    pub fn is_training(&self) -> bool {
        self.mode == Mode::Train
    }

    /// Declares a parameter of a known shape, to which weight decay may apply; its path is that of the layer and `name`.
    /// A shape that is not known is a mistake: the parameter could not be drawn.
    #[track_caller]
    pub fn parameter(&self, name: &str, shape: impl Into<Shape>, initial: impl Into<Initial>) -> Var<'b> {
        self.known("parameter", name, shape.into(), |shape| Variable::learned(name, shape, initial))
    }

    /// Declares a layer's running statistic of a known shape, such as a running mean; its path is that of the layer and
    /// `name`. [`update`](Context::update) says what a training step makes of it; evaluation and prediction read it. The
    /// model keeps it: it is saved and loaded with the parameters, and is no optimizer's to reset.
    ///
    /// Declare it in every [`Mode`].
    ///
    /// ```
    /// use limpid_graph::{Tensor, Var};
    /// use limpid_learn::{Context, Dataset, FitOptions, Layer, Mode, Model, Network, Affine};
    ///
    /// /// Subtracts the mean of each column: the batch's in training, the running mean in evaluation.
    /// #[derive(Debug)]
    /// struct Centred;
    ///
    /// impl Layer for Centred {
    ///     fn text(&self) -> String {
    ///         "centred".into()
    ///     }
    ///     fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
    ///         let running = context.state("mean", 2, 0.0);
    ///         match context.mode() {
    ///             Mode::Inference => x - running,
    ///             Mode::Train => {
    ///                 let mean = x.mean(0);
    ///                 context.update(running, 0.5 * running + 0.5 * mean.stop_gradient());
    ///                 x - mean
    ///             }
    ///         }
    ///     }
    /// }
    ///
    /// let data = Dataset::new(Tensor::from([[1.0, 3.0], [3.0, 5.0]]), Tensor::from([0u8, 1]))?;
    /// let mut model = Model::new(&Network::new(2, (Centred, Affine::to(2))), 1)?;
    /// model.fit(&data, &FitOptions { epochs: 2, ..FitOptions::default() })?;
    /// assert_eq!(model.variables()?[0], ("0/mean".to_string(), Tensor::from([1.5f32, 3.0])));
    /// # Ok::<(), limpid_learn::Error>(())
    /// ```
    #[track_caller]
    pub fn state(&self, name: &str, shape: impl Into<Shape>, initial: impl Into<Initial>) -> Var<'b> {
        self.known("state", name, shape.into(), |shape| Variable::running(name, shape, initial))
    }

    /// Declares an optimizer's state for a parameter, of the parameter's shape: its name is the parameter's and `what`.
    #[track_caller]
    pub fn optimizer_state(&self, parameter: Var<'b>, what: &str, initial: impl Into<Initial>) -> Var<'b> {
        let name = format!("{} {what}", parameter.name().unwrap_or_default());
        self.known("state", &name, parameter.shape(), |shape| Variable::optimizer(&name, shape, initial))
    }

    #[track_caller]
    fn known(&self, op: &str, name: &str, shape: Shape, variable: impl FnOnce(Vec<usize>) -> Variable) -> Var<'b> {
        let Some(extents) = shape.as_known() else {
            let what = format!("the {op} `{name}` of shape {shape} has no known size");
            let hint = "a shape of numbers alone, of a size that memory can address".to_string();
            return self.builder.poison(op, Fault::Layer { what, hint }, &[]);
        };
        self.declare(variable(extents))
    }

    /// Declares a variable of any kind; its path is that of the layer and its name.
    #[track_caller]
    pub fn declare(&self, variable: Variable) -> Var<'b> {
        let shape = Shape::from(&*variable.shape);
        let var = match variable.kind {
            VariableKind::Learned => self.builder.parameter(&variable.name, shape),
            VariableKind::RunningStatistic | VariableKind::Optimizer => self.builder.state(&variable.name, shape),
        };
        if let Some(name) = var.name() {
            self.declared.borrow_mut().push(Variable { name, ..variable });
        }
        var
    }

    /// Lets a variable become `next` at the end of each training step. In a graph that is not a training step, such as
    /// that of an evaluation, nothing happens.
    #[track_caller]
    pub fn update(&self, variable: Var<'b>, next: Var<'b>) {
        if self.is_step {
            self.builder.assign(variable, next);
        }
    }

    /// The learning rate, which each training step is fed.
    pub fn learning_rate(&self) -> Var<'b> {
        *self.learning_rate.get_or_init(|| self.builder.scalar(LEARNING_RATE))
    }

    /// The number of this training step, counted from 1 where a training begins anew: one counter for all that ask.
    pub fn step_number(&self) -> Var<'b> {
        *self.step.get_or_init(|| {
            let taken = self.declare(Variable::optimizer(STEPS, [], 0.0));
            let number = taken + 1.0;
            self.update(taken, number);
            number
        })
    }

    /// Whether weight decay may apply to a parameter. A parameter that was declared elsewhere is taken for a weight.
    pub fn decays(&self, parameter: Var<'b>) -> bool {
        let name = parameter.name();
        let declared = self.declared.borrow();
        declared.iter().find(|variable| Some(&variable.name) == name.as_ref()).is_none_or(|variable| variable.decays)
    }

    /// The variables declared, in order.
    pub fn into_variables(self) -> Vec<Variable> {
        self.declared.into_inner()
    }
}
