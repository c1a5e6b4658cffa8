//! A model and the samples that it is asked about, as several verbs take them.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use limpid::datasets::Pixels;
use limpid::files::{Format, LayersError, Orientation};
use limpid::learn::{Dataset, Model};
use limpid::models::Saved;
use limpid::weights::{Hints, Opened, WeightsError, open};
use serde::Serialize;

use crate::arguments::{Activation, DataOptions, ThreadsOption};
use crate::data::Part;
use crate::failure::Failure;
use crate::output;

/// A model that is asked about a data set.
#[derive(Debug, Args)]
pub(crate) struct Asked {
    /// Model file, as written by `limpid train --output`, or weights that another program wrote
    ///
    /// Weights may be a pickle or .npz of NumPy arrays, safetensors, or PyTorch's .pt; the bytes tell which, not the
    /// name. Nothing that a file brings is run.
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) data: DataOptions,
    /// Part of the data set
    #[arg(long, value_enum, value_name = "PART", default_value_t = Part::Test, help_heading = "Data")]
    pub(crate) part: Part,
    /// What is done to pixels first [default: what the model was trained with; unit for weights alone]
    #[arg(long, value_enum, value_name = "HOW", help_heading = "Data")]
    normalize: Option<Normalize>,
    #[command(flatten)]
    hints: HintOptions,
    #[command(flatten)]
    pub(crate) threads: ThreadsOption,
}

/// What is done to pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Normalize {
    /// Nothing: they are 0 to 255
    None,
    /// They are divided by 255, and are 0 to 1
    Unit,
    /// As unit, then less their mean and divided by their standard deviation, both over all pixels of all training samples
    Standard,
}

/// What weights alone do not tell.
#[derive(Debug, Args)]
#[command(next_help_heading = "Weights of other programs")]
pub(crate) struct HintOptions {
    /// Activation behind each layer but the last, such as sigmoid, which weights alone do not tell
    #[arg(long, value_name = "NAME")]
    pub(crate) activation: Option<Activation>,
    /// Which way round weights are, where their names and shapes do not tell
    #[arg(long, value_enum, value_name = "AXES")]
    pub(crate) orientation: Option<Axes>,
}

/// Which axis of a weight is which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Axes {
    /// (in, out), as in x · W + b
    InOut,
    /// (out, in), as PyTorch has them
    OutIn,
}

impl From<Axes> for Orientation {
    fn from(axes: Axes) -> Self {
        match axes {
            Axes::InOut => Self::InOut,
            Axes::OutIn => Self::OutIn,
        }
    }
}

impl HintOptions {
    pub(crate) fn hints(&self) -> Hints {
        let activation = self.activation.as_ref().map(ToString::to_string);
        Hints { activation, orientation: self.orientation.map(Orientation::from) }
    }

    /// The flag that was typed, if any.
    pub(crate) fn typed(&self) -> Option<&'static str> {
        let orientation = self.orientation.map(|_| "--orientation");
        self.activation.as_ref().map(|_| "--activation").or(orientation)
    }
}

/// What is wrong with weights, with the file's name, and the flag that tells what they do not.
pub(crate) fn explained(path: &Path, error: limpid::Error) -> Failure {
    let file = path.display();
    match error {
        limpid::Error::Weights(what @ WeightsError::Activation { .. }) => {
            Failure::Usage(format!("{file}: {what}: --activation sigmoid"))
        }
        limpid::Error::Weights(what @ WeightsError::Layers(LayersError::Question { .. })) => {
            Failure::Usage(format!("{file}: {what}: --orientation in-out, or --orientation out-in"))
        }
        limpid::Error::Weights(what @ WeightsError::Layers(LayersError::Orientation { .. })) => {
            Failure::Usage(format!("{file}: {what}"))
        }
        limpid::Error::Weights(what) => Failure::Misfit(format!("{file}: {what}")),
        other => other.into(),
    }
}

/// A model, and samples for it.
pub(crate) struct Question {
    pub(crate) model: Model,
    /// As the model is to be given them.
    pub(crate) data: Dataset,
    /// What the model's file is.
    pub(crate) format: Format,
    /// What was concluded about bare weights, a sentence each.
    pub(crate) assumed: Vec<String>,
    /// What is done to the pixels.
    pub(crate) pixels: Pixels,
}

impl Asked {
    /// The model, and the samples as it learned to read them. What was assumed is said, unless that is not wanted.
    pub(crate) fn read(&self, is_quiet: bool) -> Result<Question, Failure> {
        let path = &self.model;
        let opened = open(path, &self.hints.hints()).map_err(|error| explained(path, error))?;
        let Opened { saved: Saved { model, divisor }, format, mut assumed, .. } = opened;
        if let (Format::Model, Some(flag)) = (format, self.hints.typed()) {
            let file = path.display();
            return Err(Failure::Usage(format!(
                "{file} is a limpid model and says itself what {flag} would: leave it out"
            )));
        }
        let model = model.with_threads(self.threads.count());
        let named = self.data.dataset;
        named.check_fits(model.network()).map_err(|why| Failure::Misfit(format!("{}: {why}", path.display())))?;
        let parts = named.read(self.data.data.as_deref(), None, model.loss())?;
        let stored = (format == Format::Model).then_some(match divisor {
            Some(divisor) => Pixels::Divided(divisor),
            None => Pixels::Raw,
        });
        let pixels = match (self.normalize, stored) {
            (Some(Normalize::None), _) => Pixels::Raw,
            (Some(Normalize::Unit), _) => Pixels::UNIT,
            (Some(Normalize::Standard), _) => Pixels::standard_of(&parts.train),
            (None, Some(stored)) => stored,
            (None, None) => {
                assumed.push("Pixels are divided by 255, as most programs do; --normalize none leaves them.".into());
                Pixels::UNIT
            }
        };
        if let Some(stored) = stored.filter(|stored| *stored != pixels) {
            assumed.push(format!("The model was trained on {stored}; --normalize takes the place of that: {pixels}."));
        } else if let Pixels::Standard { .. } = pixels {
            assumed.push(format!("What the network is given: {pixels}."));
        }
        if !is_quiet {
            assumed.iter().for_each(|sentence| output::note(sentence));
        }
        let data = pixels.applied_to(parts.into_part(self.part), model.precision());
        Ok(Question { model, data, format, assumed, pixels })
    }
}
