//! A model and the samples that it is asked about, as several verbs take them.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use limpid::datasets::Pixels;
use limpid::evaluation::EvaluationData;
use limpid::files::{Format, LayersError, Orientation};
use limpid::learn::{Dataset, Model};
use limpid::models::{Part, Samples, Saved, Seen};
use limpid::weights::{Hints, Opened, WeightsError, not_finite, open};
use serde::Serialize;

use crate::arguments::{Activation, AsIsOption, DataOptions, NetworkText, PartOption, ThreadsOption};
use crate::choices::adjective;
use crate::data::{Named, Parts};
use crate::failure::Failure;
use crate::source::{Source, evaluation_data, unprepared};
use crate::{output, seen, text};

/// A model that is asked about a data set.
#[derive(Debug, Args)]
pub(crate) struct ModelAndData {
    /// Model file, as written by `limpid train --output`, or weights that another program wrote
    ///
    /// Weights may be a pickle or .npz of NumPy arrays, safetensors, or PyTorch's .pt; the format is recognized
    /// by its bytes, not by its name. No code from a file is run.
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) data: DataOptions,
    #[command(flatten)]
    pictures_as: AsIsOption,
    #[command(flatten)]
    pub(crate) part: PartOption,
    /// How pixels are scaled [default: as the model was trained; unit for bare weights]
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
    /// As unit, then standardized: minus the mean, divided by the standard deviation of all training pixels
    Standard,
}

/// What weights alone do not tell.
#[derive(Debug, Args)]
#[command(next_help_heading = "Weights of other programs")]
pub(crate) struct HintOptions {
    /// Activation after each layer but the last, such as sigmoid, which bare weights do not tell
    #[arg(long, value_name = "NAME")]
    pub(crate) activation: Option<Activation>,
    /// The network of bare weights as text or as a TOML file, where their shapes do not tell it, in place of --activation
    ///
    /// Kernels do not tell the size of the pictures, padding, strides and pools. Where one usual network fits, it is taken,
    /// and said.
    #[arg(long = "network", value_name = "TEXT|FILE", conflicts_with = "activation")]
    pub(crate) network_of_weights: Option<NetworkText>,
    /// Axes of the weights, where their names and shapes do not tell
    #[arg(long, value_enum, value_name = "AXES")]
    pub(crate) orientation: Option<Axes>,
    /// The network that is meant, where a file holds several: what its arrays' names begin with, such as net
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
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
    pub(crate) fn hints(&self) -> Result<Hints, Failure> {
        let activation = self.activation.as_ref().map(ToString::to_string);
        let orientation = self.orientation.map(Orientation::from);
        let network = self.network_of_weights.as_ref().map(NetworkText::read).transpose()?;
        let network = network.map(|network| network.to_string());
        Ok(Hints { activation, orientation, only: self.only.clone(), network })
    }

    /// The flag that says what the network is, if any was typed.
    pub(crate) fn of_a_network(&self) -> Option<&'static str> {
        let network = self.network_of_weights.as_ref().map(|_| "--network");
        self.activation.as_ref().map(|_| "--activation").or(network)
    }

    /// The flag that was typed, if any.
    pub(crate) fn typed(&self) -> Option<&'static str> {
        let orientation = self.orientation.map(|_| "--orientation");
        let only = (!self.only.is_empty()).then_some("--only");
        self.of_a_network().or(orientation).or(only)
    }
}

/// Says by name which parameters of a model from a file hold numbers that are not finite.
pub(crate) fn say_not_finite(path: &Path, model: &Model) -> Result<(), Failure> {
    let wrong = not_finite(model.variables()?.iter().map(|(name, tensor)| (name, tensor)));
    wrong.iter().for_each(|sentence| output::note(&format!("{}: {sentence}", path.display())));
    Ok(())
}

/// What is wrong with weights, with the file's name, and the flag that tells what they do not.
pub(crate) fn explained(path: &Path, error: limpid::Error) -> Failure {
    let file = path.display();
    match error {
        limpid::Error::Weights(what @ WeightsError::Activation { .. }) => {
            Failure::Usage(format!("{file}: {what}: --activation sigmoid"))
        }
        limpid::Error::Weights(what @ WeightsError::Pictures { .. }) => {
            Failure::Usage(format!("{file}: {what}: --network TEXT"))
        }
        limpid::Error::Weights(what @ (WeightsError::Count { .. } | WeightsError::Unfit { .. })) => {
            Failure::Usage(format!("{file}: {what}"))
        }
        limpid::Error::Weights(what @ WeightsError::Layers(LayersError::Question { .. })) => {
            Failure::Usage(format!("{file}: {what}: --orientation in-out, or --orientation out-in"))
        }
        limpid::Error::Weights(WeightsError::Layers(ref what @ LayersError::Networks { ref names })) => {
            let first = names.first().map_or("net", String::as_str);
            Failure::Usage(format!("{file}: {what}: --only {first}"))
        }
        limpid::Error::Weights(
            what @ WeightsError::Layers(LayersError::Orientation { .. } | LayersError::NoPart { .. }),
        ) => Failure::Usage(format!("{file}: {what}")),
        limpid::Error::Weights(what) => Failure::Input(format!("{file}: {what}")),
        other => other.into(),
    }
}

/// A model, and samples for it.
pub(crate) struct EvaluationInput {
    /// The model, with what its samples are made from where they are of one's own.
    pub(crate) saved: Saved,
    /// As the model is to be given them.
    pub(crate) data: Dataset,
    /// The data set, where it is one that is known by name.
    named: Option<Named>,
    /// What the data is called in a report.
    pub(crate) name: String,
    /// Where each sample stands: its file, or its line in a table.
    pub(crate) places: Vec<String>,
    /// None where the data has no parts, or all of it is meant.
    pub(crate) part: Option<Part>,
    /// Which samples the model was trained on, where all of data without parts of its own are meant.
    pub(crate) seen: Option<Seen>,
    /// What the model's file is.
    pub(crate) format: Format,
    /// What was concluded about bare weights, a sentence each.
    pub(crate) assumed: Vec<String>,
    /// What is done to the pixels of a data set that is known by name.
    pub(crate) pixels: Option<Pixels>,
}

impl ModelAndData {
    /// The model, and the samples as it learned to read them. What was assumed is said, unless that is not wanted.
    pub(crate) fn read(&self, is_quiet: bool) -> Result<EvaluationInput, Failure> {
        let path = &self.model;
        let opened = open(path, &self.hints.hints()?).map_err(|error| explained(path, error))?;
        let Opened { saved: Saved { model, samples }, format, mut assumed, .. } = opened;
        if let (Format::Model, Some(flag)) = (format, self.hints.typed()) {
            let file = path.display();
            return Err(Failure::Usage(format!(
                "{file} is a limpid model and says itself what {flag} would: leave it out"
            )));
        }
        if !is_quiet {
            say_not_finite(path, &model)?;
        }
        let model = model.with_threads(self.threads.count());
        let source = Source::of_model(&self.data, samples.as_ref())?;
        let named = source.named_for(samples.as_ref());
        if let (Some(samples), None) = (samples, named) {
            if self.normalize.is_some() {
                let file = path.display();
                return Err(Failure::Usage(format!(
                    "{file} says itself how its samples are prepared, and --normalize would not: leave it out"
                )));
            }
            let as_is = self.pictures_as.as_is;
            let (read, notes) = evaluation_data(&source, self.part.part, &samples, &model.loss(), as_is)?;
            let EvaluationData { data, name, part, places, seen, .. } = read;
            if !is_quiet {
                let about_seen = seen.as_ref().map(|seen| seen::note(seen, seen::noun(&samples), &name));
                notes.iter().chain(&about_seen).for_each(|note| output::note(note));
            }
            let saved = Saved { model, samples: Some(samples) };
            return Ok(EvaluationInput {
                saved,
                data,
                named: None,
                name,
                places,
                part,
                seen,
                format,
                assumed,
                pixels: None,
            });
        }
        let Some(named) = named else { return Err(unprepared(&source)) };
        named.check_fits(model.network()).map_err(|why| Failure::Input(format!("{}: {why}", path.display())))?;
        let parts = named.read(self.data.data.as_deref(), None, &model.loss())?;
        let stored = (format == Format::Model).then_some(match model.divisor() {
            // Bytes that a model was trained on as they are.
            Some(1.0) | None => Pixels::Raw,
            Some(divisor) => Pixels::Divided(divisor),
        });
        let pixels = self.pixels(stored, &parts, &mut assumed);
        if !is_quiet {
            assumed.iter().for_each(|sentence| output::note(sentence));
        }
        // What was asked for takes the place of what the model learned.
        let model = model.with_divisor(pixels.divisor());
        let part = self.part.or_test();
        let data = pixels.applied_to(parts.into_part(part), model.precision());
        Ok(EvaluationInput {
            saved: Saved { model, samples: None },
            data,
            named: Some(named),
            name: named.name().to_string(),
            places: Vec::new(),
            part: Some(part),
            seen: None,
            format,
            assumed,
            pixels: Some(pixels),
        })
    }

    /// What is done to the pixels, where a model says that it was trained on them as `stored`.
    fn pixels(&self, stored: Option<Pixels>, parts: &Parts, assumed: &mut Vec<String>) -> Pixels {
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
        pixels
    }
}

impl EvaluationInput {
    /// The names of the classes, where they are known by more than their numbers.
    pub(crate) fn classes(&self) -> Result<Option<Vec<String>>, Failure> {
        match &self.saved.samples {
            Some(Samples::Table(preparation)) => match preparation.target().classes() {
                Some(classes) => Ok(Some(classes)),
                None => Err(Failure::Usage("the model predicts a number; this picture is of classes".to_string())),
            },
            Some(Samples::Pictures(form)) => Ok(Some(form.classes.clone())),
            None => Ok(self.named.map(Named::class_names)),
        }
    }

    /// Refuses samples that cannot be shown as grey pictures.
    pub(crate) fn check_pictures(&self) -> Result<(), Failure> {
        let what = match &self.saved.samples {
            Some(Samples::Table(_)) => "rows of a table",
            Some(Samples::Pictures(form)) if form.channels > 1 => "coloured pictures",
            None if self.named.is_some_and(|named| named.set().shape[0] > 1) => "coloured pictures",
            _ => return Ok(()),
        };
        Err(Failure::Usage(format!("{what} cannot be drawn; use a model of grey pictures")))
    }

    /// The samples in words: `10,000 test samples of mnist`.
    pub(crate) fn described(&self) -> String {
        let part = self.part.map(|part| format!("{} ", adjective(part))).unwrap_or_default();
        format!("{} {part}samples of {}", text::count(self.data.len() as u64), self.name)
    }
}
