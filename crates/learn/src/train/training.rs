//! The training loop.

use std::borrow::Cow;
use std::ops::ControlFlow;

use limpid_graph::op::STEPS_OF_THE_SECOND;
use limpid_graph::{Graph, Tensor};

use crate::data::batches::Batches;
use crate::data::data_source::DataSource;
use crate::data::dataset::Dataset;
use crate::describe::context::{ROUNDS, STEPS};
use crate::describe::recipe::Recipe;
use crate::describe::schedule::Span;
use crate::error::Error;
use crate::train::batch_program::BatchProgram;
use crate::train::clock::Clock;
use crate::train::evaluation::Evaluation;
use crate::train::feed::Feed;
use crate::train::history::{Epoch, Event, History};
use crate::train::model::Model;
use crate::train::options::{FitOptions, checked_learning_rate};
use crate::train::prepared::StepKey;
use crate::train::step::{self, SampleShape, TrainingStep};
use crate::train::step_feed::StepFeed;
use crate::train::trained::{Averages, Drawn, Trained};

/// A training under way, as [`Model::fit_with`] shows it to its callback.
#[derive(Debug)]
pub struct Training<'t> {
    model: &'t mut Model,
    event: Event<'t>,
    history: &'t History,
    learning_rate: &'t mut f64,
}

impl<'t> Training<'t> {
    /// What has just happened.
    pub fn event(&self) -> Event<'t> {
        self.event
    }

    /// The model as it is now: to look at its parameters, to save it, or to make a predictor of it.
    pub fn model(&self) -> &Model {
        self.model
    }

    /// What the training noted so far.
    pub fn history(&self) -> &History {
        self.history
    }

    /// How the model does now on any data.
    ///
    /// # Errors
    /// As [`Model::evaluate`].
    pub fn evaluate(&mut self, data: &dyn DataSource) -> Result<Evaluation, Error> {
        self.model.evaluate(data)
    }

    /// The learning rate of the next step; a schedule changes it from there.
    pub fn learning_rate(&self) -> f64 {
        *self.learning_rate
    }

    /// Sets the learning rate of the next step and of those after it.
    ///
    /// # Errors
    /// [`Error::Setting`] where it is not a finite number above 0.
    pub fn set_learning_rate(&mut self, learning_rate: f64) -> Result<(), Error> {
        *self.learning_rate = checked_learning_rate(learning_rate)?;
        Ok(())
    }
}

impl Model {
    /// Trains on `train`.
    ///
    /// A second call goes on where the first one ended: with what the optimiser gathered (momentum, Adam's means), and
    /// with the batches that come next, where the data and the settings that they are drawn by are the same. So 2 epochs
    /// and then 3 give the bits of 5. With another optimiser, other settings of it, another schedule or one that came to
    /// its end, its state begins at zero; after
    /// [`begin_anew`](Model::begin_anew) everything but the parameters does.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use limpid_graph::Tensor;
    /// use limpid_learn::{Adam, Dataset, FitOptions, Model, Network};
    ///
    /// let network: Network = "2, affine 4, tanh, affine 2".parse()?;
    /// let data = Dataset::new(
    ///     Tensor::from([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]),
    ///     Tensor::from([0u8, 1, 1, 0]),
    /// )?;
    /// let fit = |epochs| FitOptions { epochs, batch_size: 2, optimizer: Arc::new(Adam::default()), ..FitOptions::default() };
    /// let (mut at_once, mut in_parts) = (Model::new(&network, 1)?, Model::new(&network, 1)?);
    /// let history = at_once.fit(&data, &fit(5))?;
    /// assert_eq!((history.losses.len(), history.epochs.len()), (5 * 2, 1 + 5));
    /// in_parts.fit(&data, &fit(2))?;
    /// in_parts.fit(&data, &fit(3))?;
    /// assert_eq!(at_once.parameters()?, in_parts.parameters()?);
    /// # Ok::<(), limpid_learn::Error>(())
    /// ```
    ///
    /// # Errors
    /// A setting out of range, data that does not fit, or a loss that becomes infinite or NaN.
    #[track_caller]
    pub fn fit(&mut self, train: &dyn DataSource, fit: &FitOptions) -> Result<History, Error> {
        self.fit_watched(train, None, fit, |_| ControlFlow::Continue(()))
    }

    /// Trains on `train`, records loss and accuracy on `test` after each epoch, and calls `watch` at every event;
    /// `watch` may stop the training. Where `watch` should see the model, or change the learning rate, use
    /// [`fit_with`](Model::fit_with).
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use limpid_graph::Tensor;
    /// use limpid_learn::{Dataset, Event, FitOptions, Model, Network};
    ///
    /// let network: Network = "1, affine 2".parse()?;
    /// let data = Dataset::new(Tensor::from([[-1.0], [1.0]]), Tensor::from([0u8, 1]))?;
    /// let mut model = Model::new(&network, 1)?;
    /// // Stops as soon as everything is right.
    /// let history = model.fit_watched(&data, None, &FitOptions { epochs: 1000, ..FitOptions::default() }, |event| match event {
    ///     Event::Epoch(epoch) if epoch.train_accuracy == Some(1.0) => ControlFlow::Break(()),
    ///     _ => ControlFlow::Continue(()),
    /// })?;
    /// assert!(history.epochs.len() < 1000);
    /// # Ok::<(), limpid_learn::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`fit`](Model::fit). After [`Error::Diverged`] the parameters are those that diverged.
    #[track_caller]
    pub fn fit_watched(
        &mut self,
        train: &dyn DataSource,
        test: Option<&dyn DataSource>,
        fit: &FitOptions,
        mut watch: impl FnMut(Event<'_>) -> ControlFlow<()>,
    ) -> Result<History, Error> {
        self.fit_with(train, test, fit, |training| Ok::<_, Error>(watch(training.event())))
    }

    /// Trains on `train`, and shows the [`Training`] to `watch` before the first step, after each step and after each
    /// epoch. `watch` may look at the model, evaluate it, save it, set the learning rate, or stop the training; an error
    /// of its own ends the training, too. The errors are of any type that [`Error`] turns into.
    ///
    /// Early stopping that keeps the best parameters:
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use limpid_graph::Tensor;
    /// use limpid_learn::{Dataset, Error, Event, FitOptions, Model, Network};
    ///
    /// # let network: Network = "1, affine 2".parse()?;
    /// # let train = Dataset::new(Tensor::from([[-1.0], [1.0], [0.2]]), Tensor::from([0u8, 1, 0]))?;
    /// # let test = Dataset::new(Tensor::from([[-2.0], [0.3]]), Tensor::from([0u8, 1]))?;
    /// let patience = 5;
    /// let mut model = Model::new(&network, 1)?;
    /// let (mut best, mut best_loss, mut best_epoch) = (model.parameters()?, f64::INFINITY, 0);
    /// model.fit_with(&train, Some(&test), &FitOptions { epochs: 100, ..FitOptions::default() }, |training| {
    ///     let Event::Epoch(epoch) = training.event() else { return Ok(ControlFlow::Continue(())) };
    ///     let loss = epoch.test_loss.unwrap_or(f64::INFINITY);
    ///     if loss < best_loss {
    ///         (best, best_loss, best_epoch) = (training.model().parameters()?, loss, epoch.epoch);
    ///     }
    ///     let has_patience = epoch.epoch < best_epoch + patience;
    ///     Ok::<_, Error>(if has_patience { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    /// })?;
    /// model.set_parameters(&best)?;
    /// assert_eq!(model.evaluate(&test)?.loss, best_loss);
    /// # Ok::<(), limpid_learn::Error>(())
    /// ```
    ///
    /// A learning rate that falls along half a cosine, from step to step:
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use limpid_graph::Tensor;
    /// use limpid_learn::{Dataset, Error, Event, FitOptions, Model, Network};
    ///
    /// # let network: Network = "1, affine 2".parse()?;
    /// # let train = Dataset::new(Tensor::from([[-1.0], [1.0], [0.2]]), Tensor::from([0u8, 1, 0]))?;
    /// let mut model = Model::new(&network, 1)?;
    /// let fit = FitOptions { epochs: 10, batch_size: 1, ..FitOptions::default() };
    /// let mut rates = Vec::new();
    /// model.fit_with(&train, None, &fit, |training| {
    ///     if let Event::Step { step, steps, .. } = training.event() {
    ///         rates.push(training.learning_rate());
    ///         // Rounding leaves a little at the end, where the rate would be 0.
    ///         let share = 0.5 * (1.0 + (std::f64::consts::PI * step as f64 / steps as f64).cos());
    ///         training.set_learning_rate(fit.rate() * share.max(1e-6))?;
    ///     }
    ///     Ok::<_, Error>(ControlFlow::Continue(()))
    /// })?;
    /// assert_eq!((rates.len(), rates[0]), (30, 0.1));
    /// assert!(rates.is_sorted_by(|a, b| a > b) && (rates[15] - 0.05).abs() < 1e-12);
    /// # Ok::<(), limpid_learn::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`fit_watched`](Model::fit_watched), and what `watch` answers.
    #[track_caller]
    pub fn fit_with<E: From<Error>>(
        &mut self,
        train: &dyn DataSource,
        test: Option<&dyn DataSource>,
        fit: &FitOptions,
        mut watch: impl FnMut(&mut Training<'_>) -> Result<ControlFlow<()>, E>,
    ) -> Result<History, E> {
        let divisor = self.divisor();
        let mut run = match Run::begin(self, train, test, fit) {
            Ok(run) => run,
            Err(error) => {
                self.set_divisor(divisor);
                return Err(error.into());
            }
        };
        let outcome = run.go(self, &mut watch);
        let averaged = self.answer_by_averages();
        outcome?;
        averaged?;
        Ok(run.history)
    }

    /// The graph of the training step that the last training ran, as it was run; none before the first training. It is
    /// what [`step::training_step`] describes.
    pub fn training_graph(&self) -> Option<&Graph> {
        Some(self.session.graph(self.trained.as_ref()?.step.as_ref()?.program()))
    }

    /// Forgets what the optimizer gathered and which batches were drawn: the next [`fit`](Model::fit) begins as the
    /// first one did, from the parameters as they are.
    pub fn begin_anew(&mut self) {
        self.trained = None;
    }
}

/// A training under way.
struct Run<'d> {
    fit: &'d FitOptions,
    /// The steps that its schedule goes over.
    span: Span,
    feed: StepFeed<'d>,
    train_source: &'d dyn DataSource,
    test: Option<&'d dyn DataSource>,
    /// How many batches earlier trainings drew.
    drawn: usize,
    /// How many steps an epoch has, how many there will be, and how many were taken.
    per_epoch: usize,
    steps: usize,
    taken: usize,
    /// How many steps of its schedule were taken.
    scheduled: usize,
    learning_rate: f64,
    history: History,
    clock: Clock,
}

impl<'d> Run<'d> {
    /// Checks everything, and notes how the model does before the first step.
    #[track_caller]
    fn begin(
        model: &mut Model,
        train: &'d dyn DataSource,
        test: Option<&'d dyn DataSource>,
        fit: &'d FitOptions,
    ) -> Result<Self, Error> {
        let learning_rate = checked_learning_rate(fit.rate())?;
        if fit.epochs == 0 {
            let (found, hint) = ("0".to_string(), "use 1 or more".to_string());
            return Err(Error::Setting { name: "the number of epochs", found, hint });
        }
        if model.network().parameters()?.is_empty() {
            let what = "the network has no parameters to learn; a layer such as `affine 10` brings some";
            return Err(Error::Parameters(what.to_string()));
        }
        let batches = Batches::new(fit.sampling, train.len(), fit.batch_size, fit.seed)?;
        let (batches, window) = match train.window() {
            Some(window) => (batches.within(window)?, Some(window)),
            None => (batches, None),
        };
        let feed = Feed::new(model, train)?;
        let first = match train.in_memory() {
            Some(whole) => Cow::Borrowed(whole),
            None => Cow::Owned(train.read(&[0])?),
        };
        model.learn_divisor(&first);
        let (samples, batch_size) = (train.len(), batches.batch_size());
        let drawn = Drawn { sampling: fit.sampling, samples, batch_size, seed: fit.seed, window };
        let per_epoch = batches.per_epoch();
        let recipe = fit.recipe(per_epoch)?;
        let (step, steps_before) = model.step_program(feed.shape(), &recipe, fit.label_smoothing, &drawn)?;
        let averages = model.trained.as_ref().map_or(Averages::None, |trained| trained.averages);
        let scheduled = model.steps_of_states();
        let history = History::default();
        let clock = Clock::start();
        let before = model.note(train, test, 0, 0)?;
        if !before.train_loss.is_finite() {
            return Err(model.not_finite(&first, before.train_loss));
        }
        drop(first);
        let trained = Trained {
            recipe: format!("{recipe:?}"),
            smoothing: fit.label_smoothing,
            averages,
            shape: feed.shape().clone(),
            step: Some(step.clone()),
            drawn,
            steps: steps_before,
        };
        model.trained = Some(trained);
        let threads = model.session.threads();
        let augmenter = fit.augmentation.as_ref().map(|it| feed.augmenter(it, fit.seed, threads)).transpose()?;
        let mut run = Self {
            fit,
            span: recipe.span,
            feed: StepFeed::new(step, feed, batches, steps_before, augmenter),
            train_source: train,
            test,
            per_epoch,
            steps: per_epoch.saturating_mul(fit.epochs),
            taken: 0,
            scheduled,
            drawn: steps_before,
            learning_rate,
            history,
            clock,
        };
        let learning_rate = run.rate_of(scheduled)?;
        run.history.epochs.push(Epoch { learning_rate, ..before });
        Ok(run)
    }

    /// What the schedule makes of the learning rate at a step, counted from 0; None where it stays as it is.
    fn rate_of(&self, step: usize) -> Result<Option<f64>, Error> {
        let Self { fit, span, learning_rate, .. } = self;
        if fit.schedule.is_constant() {
            return Ok(None);
        }
        Ok(fit.schedule.rates(*learning_rate, *span, [step])?.first().copied())
    }

    /// The epoch of the last step, counted from 1.
    fn epoch(&self) -> usize {
        self.taken.saturating_sub(1) / self.per_epoch + 1
    }

    /// Takes all steps, unless `watch` stops it.
    fn go<E: From<Error>>(
        &mut self,
        model: &mut Model,
        watch: &mut impl FnMut(&mut Training<'_>) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        let before = self.history.epochs[0];
        let mut flow = self.show(model, Event::Epoch(&before), watch)?;
        while flow.is_continue() && self.taken < self.steps {
            let loss = self.step(model)?;
            let (step, epoch) = (self.taken, self.epoch());
            flow = self.show(model, Event::Step { step, steps: self.steps, epoch, loss }, watch)?;
            if step.is_multiple_of(self.per_epoch) {
                let ended = self.end_epoch(model)?;
                if flow.is_continue() {
                    flow = self.show(model, Event::Epoch(&ended), watch)?;
                }
            }
        }
        Ok(())
    }

    /// Takes a step, and answers the loss of its batch.
    fn step(&mut self, model: &mut Model) -> Result<f64, Error> {
        model.learn_by_parameters()?;
        let loss = self.feed.run(&mut model.session, self.drawn + self.taken, self.learning_rate)?;
        self.taken += 1;
        self.scheduled += 1;
        if let Some(trained) = &mut model.trained {
            trained.steps += 1;
            if self.fit.average_weights.is_some() {
                trained.averages = Averages::Aside;
            }
        }
        self.check(model, loss)?;
        self.history.losses.push(loss);
        self.history.times.extend(self.fit.timed.then(|| self.clock.now()));
        Ok(loss)
    }

    /// Notes how the model does after an epoch.
    fn end_epoch(&mut self, model: &mut Model) -> Result<Epoch, Error> {
        model.answer_by_averages()?;
        let ended = model.note(self.train_source, self.test, self.epoch(), self.taken)?;
        self.check(model, ended.train_loss)?;
        let ended = Epoch { learning_rate: self.rate_of(self.scheduled.saturating_sub(1))?, ..ended };
        self.history.epochs.push(ended);
        Ok(ended)
    }

    /// Checks that a loss is a number. Where it is not, the optimizer's state is none to go on from.
    fn check(&self, model: &mut Model, loss: f64) -> Result<(), Error> {
        if loss.is_finite() {
            return Ok(());
        }
        model.begin_anew();
        let (step, epoch, learning_rate) = (self.taken, self.epoch(), self.learning_rate);
        Err(Error::Diverged { step, epoch, loss, learning_rate })
    }

    fn show<E>(
        &mut self,
        model: &mut Model,
        event: Event<'_>,
        watch: &mut impl FnMut(&mut Training<'_>) -> Result<ControlFlow<()>, E>,
    ) -> Result<ControlFlow<()>, E> {
        let (history, learning_rate) = (&self.history, &mut self.learning_rate);
        watch(&mut Training { model, event, history, learning_rate })
    }
}

impl Model {
    /// The training step for data of this shape, and how many batches were drawn before: of a training that goes on, or of
    /// one that begins.
    #[track_caller]
    fn step_program(
        &mut self,
        shape: &SampleShape,
        recipe: &Recipe,
        smoothing: f64,
        drawn: &Drawn,
    ) -> Result<(BatchProgram, usize), Error> {
        let text = format!("{recipe:?}");
        let is_over = !recipe.schedule.is_constant() && self.steps_of_states() >= recipe.span.steps;
        let before = self.trained.take_if(|trained| trained.recipe == text && !is_over);
        let steps = before.as_ref().filter(|trained| trained.drawn == *drawn).map_or(0, |trained| trained.steps);
        let is_same = |trained: &&Trained| {
            trained.shape == *shape && trained.drawn.seed == drawn.seed && trained.smoothing == smoothing
        };
        if let Some(Trained { step: Some(step), .. }) = before.as_ref().filter(is_same) {
            let step = step.clone();
            self.trained = before;
            return Ok((step, steps));
        }
        let (key, prepared) = (StepKey::new(shape, recipe, smoothing, drawn.seed), self.prepared.take());
        let step = match prepared.and_then(|step| step.for_training(self.network(), &self.loss(), &key)) {
            Some(step) => step,
            None => {
                let loss = self.loss().smoothed(smoothing)?;
                step::training_step_of_seed(self.network(), shape, &loss, recipe, drawn.seed)?
            }
        };
        if before.is_none() {
            self.begin_states(&step)?;
        }
        self.trained = before;
        Ok((BatchProgram::load(&mut self.session, step.graph), steps))
    }

    /// How many steps the optimizer's states have seen.
    fn steps_of_states(&self) -> usize {
        let count = |name| self.session.get(name).ok().and_then(Tensor::item).map_or(0, |count| count as usize);
        count(STEPS) + count(ROUNDS) * STEPS_OF_THE_SECOND as usize
    }

    /// Sets the optimizer's states as they are when a training begins. The network's variables stay as they are.
    fn begin_states(&mut self, step: &TrainingStep) -> Result<(), Error> {
        step.states_fit(self.precision().bytes())?;
        for (name, value) in step.initial_states() {
            self.session.set(name, value);
        }
        Ok(())
    }

    /// How it does after `step` steps.
    #[track_caller]
    fn note(
        &mut self,
        train: &dyn DataSource,
        test: Option<&dyn DataSource>,
        epoch: usize,
        step: usize,
    ) -> Result<Epoch, Error> {
        let on_train = self.evaluate(train)?;
        let on_test = match test {
            Some(test) => Some(self.evaluate(test)?),
            None => None,
        };
        Ok(Epoch {
            epoch,
            step,
            train_loss: on_train.loss,
            train_accuracy: on_train.accuracy,
            test_loss: on_test.map(|test| test.loss),
            test_accuracy: on_test.and_then(|test| test.accuracy),
            learning_rate: None,
        })
    }

    /// Why the loss is not finite before the first step: no fault of the learning rate's.
    fn not_finite(&self, data: &Dataset, loss: f64) -> Error {
        let first_in = |tensor: &Tensor| tensor.to_f64().into_iter().enumerate().find(|(_, x)| !x.is_finite());
        let sample_of = |tensor: &Tensor, at: usize| at / (tensor.len() / data.len()).max(1);
        let in_data =
            [("inputs", data.inputs()), ("targets", data.targets())].into_iter().find_map(|(what, tensor)| {
                let (at, x) = first_in(tensor)?;
                Some(format!("the {what} of sample {} hold {x}", sample_of(tensor, at)))
            });
        let in_divisor = || data.divisor().filter(|d| !d.is_normal()).map(|d| format!("the inputs are divided by {d}"));
        let in_parameters = || {
            let found = self.session.kept().find_map(|(name, value)| Some((name, first_in(value)?.1)));
            found.map(|(name, x)| format!("the parameter `{name}` holds {x}"))
        };
        let too_large = || format!("some numbers on the way are too large for {}; scale the data", self.precision());
        let why = in_data.or_else(in_divisor).or_else(in_parameters).unwrap_or_else(too_large);
        Error::Data(format!("the loss is {loss} before the first step: {why}"))
    }
}
