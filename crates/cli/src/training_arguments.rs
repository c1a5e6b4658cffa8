//! What is asked of a training: the flags that every verb takes which trains.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use limpid::files::Format;
use limpid::learn::{Loss, Sampling, Task, loss_choices};
use limpid::prelude::Precision;
use limpid::training::{TrainingData, TrainingError, TrainingOptions, TrainingSetup};
use limpid::weights::{Hints, not_finite, open};

use crate::arguments::{
    AugmentOption, DataOptions, HoldoutOptions, NetworkOptions, OptimizerOptions, ThreadsOption, at_least_one,
    learning_rate_help, listed, positive, seed, share, whole,
};
use crate::choices::offering;
use crate::failure::Failure;
use crate::model_and_data::explained;
use crate::source::training_data;

/// The network, the data, and how it is trained.
#[derive(Debug, Args)]
pub(crate) struct TrainingArguments {
    #[command(flatten)]
    network: NetworkOptions,
    /// Model or weights to begin with, such as digits.safetensors or weights.pkl [default: numbers drawn by --seed]
    ///
    /// A limpid model brings its network. Bare weights of another program are read as `limpid evaluate` reads them:
    /// --network says what their shapes do not tell, or --activation what stands between them.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["hidden", "init", "preset"], help_heading = "Network")]
    from: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) data: DataOptions,
    #[command(flatten)]
    holdout: HoldoutOptions,
    #[command(flatten)]
    pub(crate) training: TypedTraining,
    #[command(flatten)]
    pub(crate) threads: ThreadsOption,
}

/// How it is trained.
#[derive(Debug, Args)]
#[command(next_help_heading = "Training")]
pub(crate) struct TypedTraining {
    #[arg(id = "learning-rate", long, visible_alias = "lr", value_name = "RATE")]
    #[arg(value_parser = positive, allow_negative_numbers = true, help = learning_rate_help())]
    pub(crate) learning_rate: Option<f64>,

    /// Number of samples in a batch, such as 50 [default: 100; 32 for a table]
    #[arg(long, value_name = "SAMPLES")]
    #[arg(value_parser = at_least_one, allow_negative_numbers = true)]
    pub(crate) batch_size: Option<usize>,

    /// Number of passes over the training data, such as 5 [default: 25; 100 for a table]
    ///
    /// With 0 the model is written untrained.
    #[arg(long, value_name = "N")]
    #[arg(value_parser = whole, allow_negative_numbers = true)]
    pub(crate) epochs: Option<usize>,

    /// Seed of the random numbers for weights and batches; the same seed gives the same model, bit for bit
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = seed, allow_negative_numbers = true)]
    pub(crate) seed: u64,

    /// How batches are sampled: shuffled (each epoch uses every sample once) or with-replacement
    #[arg(long, value_name = "HOW", default_value_t = Sampling::Shuffled)]
    pub(crate) sampling: Sampling,

    #[command(flatten)]
    optimizer: OptimizerOptions,

    #[arg(long, value_name = "NAME", hide_possible_values = true)]
    #[arg(value_parser = offering(loss_choices(), Loss::from_str))]
    #[arg(help = format!(
        "Loss to minimize: {} [default: {}; {} for a regression]",
        listed(Loss::all()), Loss::SoftmaxCrossEntropy, Loss::MeanSquaredError
    ))]
    loss: Option<Loss>,

    /// Label smoothing: the share of the right class that all classes are given, such as 0.1 [default: 0]
    ///
    /// For the losses of classification. Only training steps smooth: the losses that are shown are those of the labels
    /// as they are.
    #[arg(long, value_name = "SHARE", value_parser = share, allow_negative_numbers = true)]
    label_smoothing: Option<f64>,

    #[command(flatten)]
    augment: AugmentOption,

    /// Type of the numbers: f32, or f64, which is more precise and slower
    #[arg(long, value_name = "TYPE", default_value_t = Precision::F32)]
    pub(crate) precision: Precision,
}

impl TrainingArguments {
    /// The training that is asked for, with the times of its steps where these are wanted, and what a reader of its
    /// settings should know of its data.
    pub(crate) fn setup(&self, timed: bool) -> Result<(TrainingSetup, Vec<String>), Failure> {
        let (data, mut notes) = self.read_data()?;
        let setup = self.setup_with(data, timed, &mut notes)?;
        Ok((setup, notes))
    }

    /// The data, and what a reader should know of it.
    pub(crate) fn read_data(&self) -> Result<(TrainingData, Vec<String>), Failure> {
        let TypedTraining { seed, precision, .. } = self.training;
        training_data(&self.data, &self.holdout, seed, precision)
    }

    /// All that the data depends on: trainings for which it is the same learn from the same data.
    pub(crate) fn data_key(&self) -> String {
        let (Self { data, holdout, .. }, TypedTraining { seed, precision, .. }) = (self, &self.training);
        // The samples of a published data set are the same for every seed.
        let drawn = (data.data.is_some() && data.dataset.is_none()).then_some((seed, precision));
        format!("{data:?} {holdout:?} {drawn:?}")
    }

    /// The training that is asked for, on this data.
    pub(crate) fn setup_with(
        &self,
        data: TrainingData,
        timed: bool,
        notes: &mut Vec<String>,
    ) -> Result<TrainingSetup, Failure> {
        let options = self.begun(self.options(timed)?, notes)?;
        options.setup(data).map_err(refused)
    }

    fn options(&self, timed: bool) -> Result<TrainingOptions, Failure> {
        let TypedTraining { learning_rate, batch_size, epochs, seed, sampling, precision, .. } = self.training;
        let preset = self.network.preset.options()?;
        self.network.of(self.training.optimizer.of(TrainingOptions {
            loss: self.training.loss.clone(),
            augmentation: self.training.augment.augment.clone().or(preset.augmentation.clone()),
            label_smoothing: self.training.label_smoothing.unwrap_or(preset.label_smoothing),
            learning_rate,
            batch_size,
            epochs,
            sampling,
            seed,
            precision,
            threads: Some(self.threads.count()),
            timed,
            ..preset
        })?)
    }

    /// The options with the network and the variables of the file to begin with, where there is one, and what was concluded
    /// about bare weights among the notes.
    fn begun(&self, options: TrainingOptions, notes: &mut Vec<String>) -> Result<TrainingOptions, Failure> {
        let Some(path) = &self.from else { return Ok(options) };
        let network = options.network.as_ref().map(ToString::to_string);
        let activation = network.is_none().then(|| options.activation.clone());
        let hints = Hints { activation, network, ..Hints::default() };
        let opened = open(path, &hints).map_err(|error| explained(path, error))?;
        if opened.format == Format::Model && hints.network.is_some() {
            let file = path.display();
            return Err(Failure::Usage(format!(
                "{file} is a limpid model and brings its network: leave out --network"
            )));
        }
        let model = &opened.saved.model;
        let variables = model.variables()?;
        notes.extend(opened.assumed);
        notes.extend(not_finite(variables.iter().map(|(name, value)| (name, value))));
        Ok(TrainingOptions { network: Some(model.network().clone()), variables: Some(variables), ..options })
    }
}

/// Options that do not go with the data are wrong usage, and so are mistakes in a network that was typed.
fn refused(error: limpid::Error) -> Failure {
    match error {
        limpid::Error::Training(error @ TrainingError::Augmentation { .. }) => {
            Failure::Usage(error.to_string().replacen("augmentation", "--augment", 1))
        }
        limpid::Error::Training(TrainingError::TwoRates { learning_rate, max }) => Failure::Usage(format!(
            "--learning-rate is {learning_rate:?}, and the largest rate of --schedule is {max:?}; give one of them"
        )),
        limpid::Error::Training(TrainingError::Loss { loss }) => Failure::Usage(format!(
            "{loss} is for classes, but the target is a number; use --loss {}, or --task {}",
            Loss::MeanSquaredError,
            Task::Classification
        )),
        error => error.into(),
    }
}
