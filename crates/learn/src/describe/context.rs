//! Where layers and optimizers describe themselves and declare their variables.

use std::cell::{Cell, OnceCell, RefCell};

use limpid_graph::op::STEPS_OF_THE_SECOND;
use limpid_graph::{Builder, Fault, Shape, Stream, Var};

use crate::describe::variable::{Initial, Variable, VariableKind};

/// The name by which a training step is fed its learning rate.
pub(crate) const LEARNING_RATE: &str = "learning rate";
/// The name of the counter of steps. With its space it is no name that a layer gives a variable.
pub(crate) const STEPS: &str = "steps taken";
/// The name of what counts on where a 32-bit float ends.
pub(crate) const ROUNDS: &str = "steps taken, in 2^24s";
/// The seed of draws that nobody chose.
pub(crate) const USUAL_SEED: u64 = 1;

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
    /// The seed that layers draw by.
    seed: u64,
    /// The paths of what is drawn.
    drawn: RefCell<Vec<String>>,
    declared: RefCell<Vec<Variable>>,
    notes: RefCell<Vec<Note>>,
    learning_rate: OnceCell<Var<'b>>,
    /// What a schedule makes of the learning rate.
    scheduled: OnceCell<Var<'b>>,
    steps: OnceCell<Steps<'b>>,
    step_number: OnceCell<Var<'b>>,
    /// The parameter whose next value is asked for, and that value.
    asked: Cell<Option<Var<'b>>>,
    answered: Cell<Option<Var<'b>>>,
}

/// The counter of steps.
#[derive(Clone, Copy, Debug)]
struct Steps<'b> {
    taken: Var<'b>,
    /// Where something is drawn: how often the first number has come to 2²⁴ and begun anew. A 32-bit float counts no
    /// further, and no later step may draw what an earlier one drew.
    rounds: Option<Var<'b>>,
    /// The first number after this step, where it is worked out.
    next: Option<Var<'b>>,
}

/// What a layer remarks, and its path.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub(crate) path: String,
    pub(crate) sentence: String,
}

impl<'b> Context<'b> {
    /// A context for describing into `builder` a graph that changes no variable.
    pub fn new(builder: &'b Builder, mode: Mode) -> Self {
        Self {
            builder,
            mode,
            is_step: false,
            seed: USUAL_SEED,
            drawn: RefCell::default(),
            declared: RefCell::default(),
            notes: RefCell::default(),
            learning_rate: OnceCell::new(),
            steps: OnceCell::new(),
            step_number: OnceCell::new(),
            scheduled: OnceCell::new(),
            asked: Cell::new(None),
            answered: Cell::new(None),
        }
    }

    /// A context for describing a training step into `builder`: the graph changes its variables at the end of each run.
    pub fn of_training_step(builder: &'b Builder) -> Self {
        Self { is_step: true, ..Self::new(builder, Mode::Train) }
    }

    /// The same, with the seed that layers draw by: 1 where none is given.
    pub fn drawing_by(self, seed: u64) -> Self {
        Self { seed, ..self }
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

    /// Whether this is a training step, at whose end variables change: where it is not, what
    /// [`update`](Context::update) would be given need not be described.
    pub fn is_training_step(&self) -> bool {
        self.is_step
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
        match self.asked.get() {
            _ if !self.is_step => {}
            Some(asked) if asked.id() == variable.id() => self.answered.set(Some(next)),
            _ => self.builder.assign(variable, next),
        }
    }

    /// Remarks something that is no mistake but may not be meant, in a sentence for whoever described the network.
    /// [`Network::notes`](crate::Network::notes) answers it with the layer's place.
    pub fn note(&self, sentence: impl Into<String>) {
        self.notes.borrow_mut().push(Note { path: self.builder.path(), sentence: sentence.into() });
    }

    /// What was remarked so far.
    pub(crate) fn notes(&self) -> Vec<Note> {
        self.notes.borrow().clone()
    }

    /// What `describe` makes of a variable by [`update`](Context::update), which does not happen: the caller says what
    /// the variable becomes. None where it was not updated.
    pub(crate) fn next_of(&self, variable: Var<'b>, describe: impl FnOnce()) -> Option<Var<'b>> {
        let outer = (self.asked.replace(Some(variable)), self.answered.take());
        describe();
        self.asked.set(outer.0);
        self.answered.replace(outer.1)
    }

    /// The learning rate: what each training step is fed, or what a schedule makes of it.
    pub fn learning_rate(&self) -> Var<'b> {
        self.scheduled.get().copied().unwrap_or_else(|| self.fed_learning_rate())
    }

    /// The learning rate that each training step is fed.
    pub(crate) fn fed_learning_rate(&self) -> Var<'b> {
        *self.learning_rate.get_or_init(|| self.builder.scalar(LEARNING_RATE))
    }

    /// Lets a schedule make the learning rate of the one that is fed; the first that does stays.
    pub(crate) fn schedule(&self, describe: impl FnOnce() -> Var<'b>) {
        self.scheduled.get_or_init(describe);
    }

    /// The number of this training step, counted from 1 where a training begins anew: one counter for all that ask.
    ///
    /// In 32 bits it stops at 2²⁴, where the next number cannot be told apart; in a graph that draws, it goes on in larger
    /// strides.
    pub fn step_number(&self) -> Var<'b> {
        *self.step_number.get_or_init(|| {
            let Steps { taken, rounds, next } = self.steps(false);
            let _outside = self.builder.outermost();
            let next = next.unwrap_or_else(|| taken + 1.0);
            rounds.map_or(next, |rounds| next + rounds * STEPS_OF_THE_SECOND as f64)
        })
    }

    /// The counter of steps, whoever asks for it first.
    fn steps(&self, for_draws: bool) -> Steps<'b> {
        *self.steps.get_or_init(|| {
            let _outside = self.builder.outermost();
            let taken = self.declare(Variable::optimizer(STEPS, [], 0.0));
            let rounds = for_draws.then(|| self.declare(Variable::optimizer(ROUNDS, [], 0.0)));
            let next = self.is_step.then(|| taken + 1.0);
            match (next, rounds) {
                (Some(next), Some(rounds)) => {
                    let ends = next.greater_equal(STEPS_OF_THE_SECOND as f64);
                    self.update(taken, next - ends * STEPS_OF_THE_SECOND as f64);
                    self.update(rounds, rounds + ends);
                }
                (Some(next), None) => self.update(taken, next),
                (None, _) => {}
            }
            Steps { taken, rounds, next }
        })
    }

    /// Numbers drawn uniformly from [0, 1), afresh in each training step: by the training's seed, the layer's path with
    /// `name`, the number of the step and the place of each number. So neither threads nor a training in parts change them,
    /// and two layers draw different ones.
    ///
    /// A graph for inference draws nothing: ask [`is_training`](Context::is_training) first.
    ///
    /// ```
    /// use limpid_graph::Var;
    /// use limpid_learn::{Context, Layer};
    ///
    /// /// Adds a little to each number, more to some than to others.
    /// #[derive(Debug)]
    /// struct Shaken;
    ///
    /// impl Layer for Shaken {
    ///     fn text(&self) -> String {
    ///         "shaken".into()
    ///     }
    ///     fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
    ///         if context.is_training() { x + 0.01 * context.uniform("shake", x.shape()) } else { x }
    ///     }
    /// }
    /// ```
    #[track_caller]
    pub fn uniform(&self, name: &str, shape: impl Into<Shape>) -> Var<'b> {
        let shape = shape.into();
        let refused = |fault: Fault| {
            self.builder.poison("uniform", fault, &[]);
            self.builder.stand_in(shape.clone())
        };
        if !self.is_training() {
            let what = format!("`{name}` is drawn in a graph for inference, which has no steps");
            let hint = "a layer that draws where `Context::is_training` says so".to_string();
            return refused(Fault::Layer { what, hint });
        }
        let path = self.builder.path_of(name);
        if self.drawn.borrow().contains(&path) {
            let what = format!("`{path}` is drawn twice, and would be the same numbers");
            return refused(Fault::Layer { what, hint: "a name of its own for each draw of a layer".to_string() });
        }
        let Steps { taken, rounds, .. } = self.steps(true);
        let step = [Some(taken), rounds].into_iter().flatten().collect::<Vec<_>>();
        let stream = Stream::new(self.seed, &path);
        self.drawn.borrow_mut().push(path);
        self.builder.uniform(stream, &step, shape)
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
