//! A training before its first step, while it runs, and after.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use limpid_engine::Precision;
use limpid_graph::{Graph, Sizes, Tensor};
use limpid_learn::step::{GraphKind, SampleShape};
use limpid_learn::{
    Augmentation, Checkpoint, DataSource, Dataset, FitOptions, History, Loss, Model, Network, Optimizer, PreparedStep,
    RateRange, RateSearch, Regression, Sampling, Schedule, Training,
};

#[cfg(feature = "pictures")]
use super::data::PictureData;
#[cfg(feature = "tables")]
use super::data::TableData;
use super::data::{DataKind, Read, TrainingData};
use super::error::TrainingError;
use super::memory::check_memory;
use super::options::{Defaults, TrainingOptions, usual_learning_rate};
use crate::Error;
use crate::evaluation::regression;
use crate::models::{Samples, Saved};

/// Everything that decides a training, apart from its data: none is left to a default any more.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Hyperparameters {
    /// The network.
    pub network: Network,
    /// The loss.
    pub loss: Loss,
    /// How a step changes the parameters.
    pub optimizer: Arc<dyn Optimizer>,
    /// How the learning rate changes from step to step.
    pub schedule: Schedule,
    /// How strongly weights are drawn to 0.
    pub weight_decay: f64,
    /// How much of the right class's 1 all classes share.
    pub label_smoothing: f64,
    /// How much of the running average of the parameters is kept from step to step; None for no averages.
    pub average_weights: Option<f64>,
    /// How pictures to learn from are changed.
    pub augmentation: Option<Augmentation>,
    /// The size of a step.
    pub learning_rate: f64,
    /// The learning rate where none is asked for.
    pub usual_learning_rate: f64,
    /// The number of samples in a batch.
    pub batch_size: usize,
    /// The number of passes over the training data.
    pub epochs: usize,
    /// How batches are sampled.
    pub sampling: Sampling,
    /// The seed of weights and batches.
    pub seed: u64,
    /// The type of the numbers.
    pub precision: Precision,
}

impl TrainingOptions {
    /// Chooses what is not said, and checks that all of it goes with the data and fits this machine. Nothing is computed.
    ///
    /// # Errors
    /// [`TrainingError`], and every mistake in the network.
    pub fn setup(self, data: TrainingData) -> Result<TrainingSetup, Error> {
        TrainingSetup::of(self, data)
    }

    /// Reads a table with the seed and the precision of the training, and goes on as [`setup`](TrainingOptions::setup).
    ///
    /// # Errors
    /// As [`TableData::read`] and [`setup`](TrainingOptions::setup).
    #[cfg(feature = "tables")]
    pub fn for_table(self, table: &TableData) -> Result<TrainingSetup, Error> {
        let data = table.read(self.seed, self.precision)?;
        self.setup(data)
    }

    /// Reads pictures with the seed of the training, and goes on as [`setup`](TrainingOptions::setup).
    ///
    /// # Errors
    /// As [`PictureData::read`] and [`setup`](TrainingOptions::setup).
    #[cfg(feature = "pictures")]
    pub fn for_pictures(self, pictures: &PictureData) -> Result<TrainingSetup, Error> {
        let data = pictures.read(self.seed)?;
        self.setup(data)
    }
}

impl Hyperparameters {
    /// What [`Model::fit`] and its relatives take.
    pub fn fit_options(&self) -> FitOptions {
        FitOptions {
            epochs: self.epochs.max(1),
            batch_size: self.batch_size,
            learning_rate: Some(self.learning_rate),
            optimizer: Arc::clone(&self.optimizer),
            schedule: self.schedule,
            weight_decay: self.weight_decay,
            label_smoothing: self.label_smoothing,
            average_weights: self.average_weights,
            augmentation: self.augmentation.clone(),
            sampling: self.sampling,
            seed: self.seed,
            timed: false,
        }
    }
}

/// A training before its first step: what was chosen, and the data.
#[derive(Debug)]
pub struct TrainingSetup {
    hyperparameters: Hyperparameters,
    /// What is kept before the first step, where it is not drawn.
    variables: Option<Vec<(String, Tensor)>>,
    data: TrainingData,
    shape: SampleShape,
    step: PreparedStep,
    parameters: u64,
    threads: usize,
    timed: bool,
}

impl TrainingSetup {
    pub(super) fn of(options: TrainingOptions, data: TrainingData) -> Result<Self, Error> {
        let network = options.network_for(data.spec(), data.kind())?;
        let loss = options.loss_for(data.spec().task)?;
        let (samples, defaults) = (data.train_samples(), Defaults::of(data.kind()));
        let preset = options.preset;
        let usual_batch = preset.and_then(|preset| preset.batch_size).unwrap_or(defaults.batch_size);
        let batch_size = options.batch_size.unwrap_or(usual_batch.min(samples));
        if batch_size > samples {
            let name = data.spec().name.clone();
            return Err(TrainingError::BatchSize { batch_size, samples, name }.into());
        }
        let threads = options.thread_count();
        let TrainingOptions { optimizer, learning_rate, epochs, sampling, seed, precision, timed, .. } = options;
        let TrainingOptions { schedule, weight_decay, label_smoothing, average_weights, augmentation, .. } = options;
        let variables = options.variables;
        variables.as_ref().map_or(Ok(()), |variables| network.check_variables(variables))?;
        if augmentation.is_some() && data.kind() == DataKind::Table {
            return Err(TrainingError::Augmentation { name: data.spec().name.clone() }.into());
        }
        if let (Some(learning_rate), Some(max)) = (learning_rate, schedule.max()) {
            return Err(TrainingError::TwoRates { learning_rate, max }.into());
        }
        let of_preset = preset.and_then(|preset| preset.learning_rate_with(&optimizer.text()));
        let usual_learning_rate =
            of_preset.unwrap_or_else(|| usual_learning_rate(optimizer.as_ref(), data.spec().task));
        let declared = network.parameters()?;
        let hyperparameters = Hyperparameters {
            learning_rate: learning_rate.or(schedule.max()).unwrap_or(usual_learning_rate),
            usual_learning_rate,
            epochs: epochs.or(preset.and_then(|preset| preset.epochs)).unwrap_or(defaults.epochs),
            network,
            loss,
            optimizer,
            schedule,
            weight_decay,
            label_smoothing,
            average_weights,
            augmentation,
            batch_size,
            sampling,
            seed,
            precision,
        };
        let shape = data.sample_shape(&hyperparameters.loss);
        let parameters = declared.iter().map(|parameter| parameter.shape.iter().product::<usize>() as u64).sum();
        let fit = hyperparameters.fit_options();
        let step = fit.prepare(&hyperparameters.network, &shape, samples, &hyperparameters.loss)?;
        let sizes = Sizes::from([("batch", batch_size), ("samples", samples)]);
        check_memory(&step.step().graph, &sizes)?;
        Ok(Self { hyperparameters, variables, data, shape, step, parameters, threads, timed })
    }

    /// What was asked for, and what was chosen.
    pub fn hyperparameters(&self) -> &Hyperparameters {
        &self.hyperparameters
    }

    /// The data.
    pub fn data(&self) -> &TrainingData {
        &self.data
    }

    /// How many numbers the parameters have.
    pub fn parameters(&self) -> u64 {
        self.parameters
    }

    /// How many steps an epoch has.
    pub fn steps_per_epoch(&self) -> usize {
        self.data.train_samples().div_ceil(self.hyperparameters.batch_size)
    }

    /// A graph of this training, as it is described; the training runs [`GraphKind::Step`], simplified.
    ///
    /// # Errors
    /// Every mistake in the network, or between it, the data and the loss.
    pub fn graph(&self, kind: GraphKind) -> Result<Graph, Error> {
        let Hyperparameters { network, loss, label_smoothing, seed, .. } = &self.hyperparameters;
        let loss = loss.clone().smoothed(*label_smoothing)?;
        let recipe = self.hyperparameters.fit_options().recipe(self.steps_per_epoch())?;
        Ok(kind.graph_of_seed(network, &self.shape, &loss, &recipe, *seed)?)
    }

    /// The folder with the files of a published data set; none for other data.
    ///
    /// # Errors
    /// Where they are not found.
    pub fn locate(&mut self) -> Result<Option<&Path>, Error> {
        self.data.locate()
    }

    /// Reads samples that are not read yet, and draws the parameters.
    ///
    /// # Errors
    /// Where the samples cannot be read, or there is no memory for the parameters.
    pub fn begin(self) -> Result<TrainingRun, Error> {
        let Self { mut hyperparameters, variables, data, step, threads, timed, .. } = self;
        let Hyperparameters { network, loss, seed, precision, .. } = &hyperparameters;
        let Read { train, test, samples } = data.read(loss)?;
        let model = Model::in_precision(network, *seed, *precision)?.with_loss(loss.clone());
        let mut model = model.with_threads(threads).with_step(step);
        variables.map_or(Ok(()), |variables| model.set_variables(&variables))?;
        if let (Some(augmentation), Some(Samples::Pictures(form))) = (&mut hyperparameters.augmentation, &samples) {
            augmentation.extents = Some([form.channels, form.height, form.width]);
            #[cfg(feature = "pictures")]
            if let Some(ground) = &form.ground {
                augmentation.background = f64::from(ground.brightness);
            }
        }
        Ok(TrainingRun { hyperparameters, timed, train, test, saved: Saved { model, samples } })
    }

    /// Trains.
    ///
    /// # Errors
    /// As [`begin`](TrainingSetup::begin), and where the training diverges.
    pub fn train(self) -> Result<TrainedModel, Error> {
        self.begin()?.train(|_| Ok(ControlFlow::Continue(())))
    }
}

/// A training that can begin: samples and parameters are in memory.
#[derive(Debug)]
pub struct TrainingRun {
    hyperparameters: Hyperparameters,
    timed: bool,
    train: Dataset,
    test: Option<Dataset>,
    saved: Saved,
}

impl TrainingRun {
    fn fit_options(&self) -> FitOptions {
        FitOptions { timed: self.timed, ..self.hyperparameters.fit_options() }
    }

    /// Takes steps with growing learning rates, and notes their losses: [`Model::try_learning_rates`].
    ///
    /// # Errors
    /// As there.
    pub fn try_learning_rates(&self, range: RateRange) -> Result<RateSearch, Error> {
        Ok(self.saved.model.try_learning_rates(&self.train, &self.fit_options(), range)?)
    }

    /// Trains for some of its epochs, and answers what was noted on the way. A next call goes on where this one ended; the
    /// schedule goes over all epochs of the training from the first call on. So all calls together give the bits of
    /// [`train`](TrainingRun::train).
    ///
    /// # Errors
    /// Where the training diverges.
    pub fn train_epochs(&mut self, epochs: usize) -> Result<History, Error> {
        let fit = self.fit_options();
        let fit = FitOptions { epochs, schedule: fit.schedule.over(fit.epochs), ..fit };
        let held_out = self.test.as_ref().map(|test| test as &dyn DataSource);
        Ok(self.saved.model.fit_watched(&self.train, held_out, &fit, |_| ControlFlow::Continue(()))?)
    }

    /// What the training goes on from as it is now: [`Model::checkpoint`].
    pub fn checkpoint(&self) -> Checkpoint {
        self.saved.model.checkpoint()
    }

    /// Takes over where another run of this training was: [`Model::restore`].
    ///
    /// # Errors
    /// As there.
    pub fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), Error> {
        Ok(self.saved.model.restore(checkpoint)?)
    }

    /// Trains, and shows the training to `watch` before the first step, after each step and after each epoch; `watch` may
    /// stop it, as with [`Model::fit_with`]. A training of 0 epochs ends before the first step.
    ///
    /// # Errors
    /// Where the training diverges, and what `watch` answers.
    pub fn train(
        self,
        mut watch: impl FnMut(&mut Training<'_>) -> Result<ControlFlow<()>, Error>,
    ) -> Result<TrainedModel, Error> {
        let (epochs, fit) = (self.hyperparameters.epochs, self.fit_options());
        let Self { train, test, mut saved, .. } = self;
        let held_out = test.as_ref().map(|test| test as &dyn DataSource);
        let history = saved.model.fit_with(&train, held_out, &fit, |training| {
            let flow = watch(training)?;
            // Without epochs the model is as it began: it is evaluated, and that is all.
            Ok::<_, Error>(if epochs == 0 { ControlFlow::Break(()) } else { flow })
        })?;
        Ok(TrainedModel { saved, history, train, test })
    }
}

/// A model after its training, with the samples of the training.
#[derive(Debug)]
#[non_exhaustive]
pub struct TrainedModel {
    /// The model, and what its samples are made from.
    pub saved: Saved,
    /// Loss and accuracy before the first step and after each epoch, and the loss of each step.
    pub history: History,
    /// What it learned from.
    pub train: Dataset,
    /// What was held out, if anything.
    pub test: Option<Dataset>,
}

impl TrainedModel {
    /// How far the numbers that it predicts are from the right ones, in the target's own units: on the samples that it
    /// learned from, and on those that were held out. None for classes.
    ///
    /// # Errors
    /// None for data that it was trained on.
    pub fn regressions(&mut self) -> Result<[Option<Regression>; 2], Error> {
        let train = regression(&mut self.saved, &self.train)?;
        let test = match &self.test {
            Some(test) => regression(&mut self.saved, test)?,
            None => None,
        };
        Ok([train, test])
    }
}

#[cfg(all(test, feature = "pictures"))]
mod tests {
    use limpid_graph::Tensor;

    use super::*;
    use crate::models::{Ground, PictureForm};
    use crate::pictures::PictureSplit;

    #[test]
    fn changed_pictures_have_the_extents_and_the_ground_of_the_data() {
        let classes = vec!["a".to_string(), "b".to_string()];
        let ground = Some(Ground { brightness: 250, extent: None, centre: None });
        let form = PictureForm { channels: 3, height: 4, width: 5, classes, set: None, ground, split: None };
        let pixels = Tensor::new([4, 60], vec![250u8; 240]).unwrap();
        let train = Dataset::new(pixels, Tensor::from([0u8, 1, 0, 1])).unwrap();
        let split = PictureSplit { train, test: None, form, others: Vec::new(), notes: Vec::new() };
        let options = TrainingOptions { augmentation: Some("shift 2, crop 2".parse().unwrap()), ..Default::default() };
        let run = options.setup(TrainingData::of_pictures("all light", split)).unwrap().begin().unwrap();
        let augmentation = run.fit_options().augmentation.unwrap();
        assert_eq!((augmentation.extents, augmentation.background), (Some([3, 4, 5]), 250.0));
        // Pictures that are ground all over stay so, wherever they are moved.
        let changed = augmentation.applied(&run.train, &[0, 1, 2, 3], 0, 1).unwrap();
        assert_eq!(changed, run.train);
    }

    #[test]
    fn a_training_that_validates_looks_at_no_test_samples() {
        let rows = |count: usize, value: u8| {
            let labels: Vec<u8> = (0..count).map(|i| (i % 2) as u8).collect();
            Dataset::new(Tensor::new([count, 2], vec![value; 2 * count]).unwrap(), Tensor::from(labels)).unwrap()
        };
        let data =
            TrainingData::of_samples("pairs", rows(20, 1), Some(rows(10, 9)), limpid_learn::Task::Classification, 2);
        let data = data.validating(0.2, 3).unwrap();
        assert_eq!((data.train_samples(), data.test_samples()), (16, 4));
        let run = TrainingOptions::default().setup(data).unwrap().begin().unwrap();
        let test = run.test.as_ref().unwrap();
        assert_eq!((run.train.len(), test.len()), (16, 4));
        assert!(test.inputs().to_f64().iter().all(|&x| x == 1.0));
        // Of each class the same share.
        assert_eq!(test.targets().to_f64().iter().sum::<f64>(), 2.0);
    }
}
