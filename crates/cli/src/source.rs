//! Where samples come from: a data set that is known by name, a table, or a folder of pictures.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use limpid::files::{Kind, PicturesError, is_picture, sniff_file, visible_entries};
use limpid::graph::Tensor;
use limpid::learn::{Answers, Dataset, EVALUATION_BATCH, Loss, Model, Regression, Task};
use limpid::models::{Samples, Seen};
use limpid::prelude::Precision;
use limpid::{pictures, tables};

use crate::arguments::{DataOptions, HoldoutOptions};
use crate::data::{Form, Named, Part};
use crate::failure::Failure;
use crate::output;
use crate::seen;
use crate::tabular::{about_table, read_fitted, read_table, split_notes, unknown_notes, without_target_note};
use crate::text;

/// What kind of data is meant, before any of it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Named(Named),
    /// A file of comma-separated values; `-` is standard input.
    Table(PathBuf),
    /// A folder of class folders.
    Pictures(PathBuf),
}

impl Source {
    /// A folder is that of a data set that is known by name, or one of pictures; a file is a table, or pictures that are
    /// kept as arrays. What is something else says so here, before it is read as what it is not.
    pub(crate) fn of(options: &DataOptions) -> Result<Self, Failure> {
        Self::of_model(options, None)
    }

    /// The same for a model: where nothing else is asked for, the data set that it learned from.
    pub(crate) fn of_model(options: &DataOptions, samples: Option<&Samples>) -> Result<Self, Failure> {
        let usual = set_of(samples).and_then(Named::called).unwrap_or_else(|| options.named());
        let Some(path) = &options.data else { return Ok(Self::Named(options.dataset.unwrap_or(usual))) };
        // A folder for a model of samples of one's own is no named set's, whatever is in it.
        let is_own = samples.is_some() && set_of(samples).is_none() && options.dataset.is_none();
        let found = match () {
            () if output::is_dash(path) => Self::Table(path.clone()),
            () if is_own && path.is_dir() => Self::Pictures(path.clone()),
            () => Self::at(path, options.dataset, usual)?,
        };
        match (&found, options.dataset) {
            (Self::Table(_) | Self::Pictures(_), Some(named)) => Err(Failure::Usage(format!(
                "--dataset {} and --data {} are two data sets; leave --dataset out, or name the folder with its files",
                named.name(),
                path.display()
            ))),
            _ => Ok(found),
        }
    }

    fn at(path: &Path, named: Option<Named>, usual: Named) -> Result<Self, Failure> {
        let about = |what: &str| Failure::Input(format!("{}: {what}", path.display()));
        let found = fs::metadata(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => about("there is no such file or folder; check the path"),
            _ => about(&format!("{error}; name a file or a folder that can be read")),
        })?;
        if found.is_dir() {
            let set = named.unwrap_or(usual);
            let has_own_idx = named.is_none() && holds_own_idx(path);
            let is_named = set.locate(Some(path)).is_ok() && !has_own_idx;
            let is_other = named.is_none() && (has_own_idx || holds_pictures(path));
            return Ok(if !is_named && is_other { Self::Pictures(path.to_path_buf()) } else { Self::Named(set) });
        }
        // A pipe or a device says nothing of itself: whoever reads it answers.
        if !found.is_file() {
            return Ok(Self::Table(path.to_path_buf()));
        }
        let seen = sniff_file(path).map_err(|error| Failure::Input(error.to_string()))?;
        let hint = match seen.kind() {
            Kind::NpzSamples => return Ok(Self::Pictures(path.to_path_buf())),
            Kind::Picture | Kind::OtherPicture => "give --data a folder that has a folder of pictures for each class",
            Kind::Idx => "give --data the folder that holds both the images and the labels",
            Kind::Model => "name the model first, and give --data a table or a folder of samples",
            kind if kind.is_weights() => {
                "give --data samples: a table, a folder of pictures, or the folder of a named set"
            }
            _ => return Ok(Self::Table(path.to_path_buf())),
        };
        Err(about(&format!("{}; {hint}", seen.described())))
    }

    /// The data set, where it is one that is known by name, and a model whose file says this of its samples can be asked
    /// about such: it learned from one, or does not say what from.
    pub(crate) fn named_for(&self, samples: Option<&Samples>) -> Option<Named> {
        match self {
            Self::Named(named) if samples.is_none() || set_of(samples).is_some() => Some(*named),
            _ => None,
        }
    }

    /// What it is called in a report.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Named(named) => named.name().to_string(),
            Self::Table(path) if output::is_dash(path) => "standard input".to_string(),
            Self::Table(path) | Self::Pictures(path) => path.display().to_string(),
        }
    }
}

/// The name of the data set that a model learned from, where that has one.
pub(crate) fn set_of(samples: Option<&Samples>) -> Option<&str> {
    match samples {
        Some(Samples::Pictures(form)) => form.set.as_deref(),
        _ => None,
    }
}

/// Whether a folder has classes' folders in it, or the pictures that belong into such.
fn holds_pictures(path: &Path) -> bool {
    visible_entries(path).is_ok_and(|entries| entries.iter().any(|entry| entry.is_dir() || is_picture(entry)))
}

/// Count, height and width.
const MNISTS_TRAINING_IMAGES: [u64; 3] = [60_000, 28, 28];

/// Whether a folder has IDX files of images to learn that are not as many, or not as large, as MNIST's: those of
/// somebody's own.
fn holds_own_idx(path: &Path) -> bool {
    let is_own = |entry: &PathBuf| {
        let name = entry.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.starts_with("train")
            && name.contains("images")
            && entry.is_file()
            && sniff_file(entry)
                .is_ok_and(|seen| seen.idx_shape().is_some_and(|shape| *shape != MNISTS_TRAINING_IMAGES))
    };
    visible_entries(path).is_ok_and(|entries| entries.iter().any(is_own))
}

/// What a training learns from.
pub(crate) struct Lesson {
    pub(crate) form: Form,
    /// Samples to learn from, and samples to test on.
    pub(crate) counts: [usize; 2],
    pub(crate) divisor: Option<f64>,
    /// What samples of one's own are made from.
    pub(crate) samples: Option<Samples>,
    /// The same of a data set that is known by name, when it was read.
    of_set: Option<Samples>,
    /// What a reader of the settings should know.
    pub(crate) notes: Vec<String>,
    source: Source,
    /// None where it is read when all settings were found to fit.
    read: Option<(Dataset, Option<Dataset>)>,
}

impl Lesson {
    /// A named data set is known without being read; anything else is read here.
    pub(crate) fn open(
        data: &DataOptions,
        holdout: &HoldoutOptions,
        seed: u64,
        precision: Precision,
    ) -> Result<Self, Failure> {
        let source = Source::of(data)?;
        match &source {
            Source::Named(named) => {
                holdout.check_named(*named, data.data.as_deref())?;
                Ok(Self {
                    form: named.form(),
                    counts: [Part::Train, Part::Test].map(|part| named.samples(part)),
                    divisor: named.divisor(),
                    samples: None,
                    of_set: None,
                    notes: Vec::new(),
                    source,
                    read: None,
                })
            }
            Source::Table(path) => {
                if holdout.size.is_some() {
                    return Err(Failure::Usage(format!("--size is for pictures, and {} is a table", source.name())));
                }
                let table = read_table(path, &holdout.table_form())?;
                let options = holdout.table_options(&table, &source.name(), seed, precision)?;
                let split = tables::split(&table, &options).map_err(|error| about_table(&source.name(), error))?;
                Ok(Self::of_table(source, split, table.notes()))
            }
            Source::Pictures(path) => {
                let share = holdout.picture_share(path)?;
                let size = holdout.size.map(|size| (size.height, size.width));
                let split = pictures::split_sized(path, size, share, seed).map_err(|error| match error {
                    limpid::Error::Learn(error) => Failure::from(error),
                    limpid::Error::Pictures(error @ PicturesError::Size { expected: (height, width), .. }) => {
                        Failure::Input(format!("{error}; --size {width}x{height} brings all to one size"))
                    }
                    error => error.into(),
                })?;
                Ok(Self::of_pictures(source, split))
            }
        }
    }

    fn of_table(source: Source, split: tables::TableSplit, read: &[String]) -> Self {
        let notes = [split_notes(&split).as_slice(), read].concat();
        let tables::TableSplit { train, test, preparation, .. } = split;
        let target = preparation.target();
        Self {
            form: Form {
                name: source.name(),
                size: preparation.size(),
                outputs: target.outputs(),
                task: target.task(),
            },
            counts: [train.len(), test.as_ref().map_or(0, Dataset::len)],
            divisor: None,
            samples: Some(Samples::Table(preparation)),
            of_set: None,
            notes,
            source,
            read: Some((train, test)),
        }
    }

    fn of_pictures(source: Source, split: pictures::PictureSplit) -> Self {
        let pictures::PictureSplit { train, test, form, others, notes: said } = split;
        let colour = if form.channels == 1 { "in grey" } else { "in colour" };
        let classes = text::counted(form.classes.len() as u64, "class");
        let size = format!("{}×{} pixels {colour}", form.width, form.height);
        let mut notes = vec![format!("{size}: {classes}, {}", text::first_names(&form.classes))];
        notes.extend(others.first().map(|first| {
            let count = text::counted(others.len() as u64, "file");
            format!("passed over, no pictures: {count}, such as {}", first.display())
        }));
        notes.extend(said);
        Self {
            form: Form {
                name: source.name(),
                size: train.shape().iter().skip(1).product(),
                outputs: form.classes.len(),
                task: Task::Classification,
            },
            counts: [train.len(), test.as_ref().map_or(0, Dataset::len)],
            divisor: train.divisor(),
            samples: Some(Samples::Pictures(form)),
            of_set: None,
            notes,
            source,
            read: Some((train, test)),
        }
    }

    /// What goes with the model, so that it can be asked about more of the kind.
    pub(crate) fn kept(&self) -> Option<&Samples> {
        self.samples.as_ref().or(self.of_set.as_ref())
    }

    /// Whether it is a table.
    pub(crate) fn is_table(&self) -> bool {
        matches!(self.source, Source::Table(_))
    }

    /// The folder that a named data set is in.
    pub(crate) fn folder(&self, data: &DataOptions) -> Result<Option<PathBuf>, Failure> {
        match self.source {
            Source::Named(named) => Ok(Some(named.locate(data.data.as_deref())?)),
            _ => Ok(None),
        }
    }

    /// The samples, with targets as `loss` takes them.
    pub(crate) fn read(&mut self, folder: Option<&Path>, loss: &Loss) -> Result<(Dataset, Option<Dataset>), Failure> {
        let (train, test) = match (self.read.take(), &self.source) {
            (Some(read), _) => read,
            (None, Source::Named(named)) => {
                let parts = named.read(folder, self.divisor, loss)?;
                self.of_set = Some(Samples::Pictures(pictures::form_of(named.set(), &parts.train)));
                return Ok((parts.train, Some(parts.test)));
            }
            (None, source) => return Err(Failure::Input(format!("{} was read already", source.name()))),
        };
        let targeted = |data| targeted(data, &self.form, loss);
        Ok((targeted(train)?, test.map(targeted).transpose()?))
    }
}

/// Labels as a loss takes them: rows of one 1 and else 0, where it is none that takes labels.
fn targeted(data: Dataset, form: &Form, loss: &Loss) -> Result<Dataset, Failure> {
    match form.task {
        Task::Classification if !loss.takes_labels() => Ok(data.one_hot(form.outputs)?),
        _ => Ok(data),
    }
}

/// Labels of so many classes, or numbers, as a loss takes them.
pub(crate) fn labelled_for(
    data: Dataset,
    is_regression: bool,
    outputs: usize,
    loss: &Loss,
) -> Result<Dataset, Failure> {
    let task = if is_regression { Task::Regression } else { Task::Classification };
    targeted(data, &Form { name: String::new(), size: 0, outputs, task }, loss)
}

/// Samples that a saved model is asked about, with what is known of them.
pub(crate) struct Questions {
    pub(crate) data: Dataset,
    pub(crate) name: String,
    /// None where the data has no parts, or all of it is meant.
    pub(crate) part: Option<Part>,
    pub(crate) notes: Vec<String>,
    /// Where each sample stands: its file, or its line in a table.
    pub(crate) places: Vec<String>,
    /// Which samples the model was trained on, where all of data without parts of its own are meant.
    pub(crate) seen: Option<Seen>,
}

impl Questions {
    /// Reads samples of the kind that a model learned from, with their targets.
    pub(crate) fn read(
        source: Source,
        part: Option<Part>,
        samples: &Samples,
        loss: &Loss,
        as_is: bool,
    ) -> Result<Self, Failure> {
        match (samples, &source) {
            (Samples::Table(preparation), Source::Table(path)) => {
                let table = read_fitted(path, preparation)?;
                let labelled = tables::labelled(&table, preparation);
                let tables::Labelled { data, rows, seen, without_target, unknown } =
                    labelled.map_err(|error| about_table(&source.name(), error))?;
                let mut notes: Vec<String> =
                    without_target_note(without_target, &preparation.target().name).into_iter().collect();
                notes.extend(unknown_notes(&unknown));
                let target = preparation.target();
                let form = Form { name: source.name(), size: 0, outputs: target.outputs(), task: target.task() };
                let place = |row: &usize| format!("line {}", table.line(*row).unwrap_or(0));
                let (data, places) = (targeted(data, &form, loss)?, rows.iter().map(place).collect());
                Self { data, name: form.name, part: None, notes, places, seen: Some(seen) }.of_part(part, samples)
            }
            (Samples::Pictures(form), Source::Pictures(path)) => {
                let asked = pictures::asked(path, form, part != Some(Part::Train), as_is)?;
                let own = asked.held_out.map(|held_out| if held_out { Part::Test } else { Part::Train });
                let (outputs, task) = (form.classes.len(), Task::Classification);
                let form = Form { name: source.name(), size: 0, outputs, task };
                let data = targeted(asked.data, &form, loss)?;
                let places = asked.paths.iter().map(|path| path.display().to_string()).collect();
                let seen = own.is_none().then_some(asked.seen);
                let all = Self { data, name: form.name, part: own, notes: asked.notes, places, seen };
                all.of_part(part.filter(|_| own.is_none()), samples)
            }
            (samples, source) => Err(unlike(samples, source)),
        }
    }

    /// The samples of a part, told as in the training of the model.
    fn of_part(self, part: Option<Part>, samples: &Samples) -> Result<Self, Failure> {
        let (Some(part), Some(seen)) = (part, &self.seen) else { return Ok(self) };
        let chosen = seen::part(seen, part, seen::noun(samples), &self.name)?;
        let places = chosen.iter().filter_map(|&sample| self.places.get(sample).cloned()).collect();
        Ok(Self { data: self.data.select(&chosen)?, part: Some(part), places, seen: None, ..self })
    }
}

/// The answer to data of another kind than what was learned from.
pub(crate) fn unlike(samples: &Samples, source: &Source) -> Failure {
    let (wanted, hint) = match samples {
        Samples::Table(_) => ("the rows of a table", "use a table: --data FILE.csv"),
        Samples::Pictures(_) => ("pictures", "use a folder with a folder for each class: --data FOLDER"),
    };
    Failure::Usage(format!("the model learned from {wanted}, not from {}; {hint}", source.name()))
}

/// The answer where a model does not say how its samples are read.
pub(crate) fn unprepared(source: &Source) -> Failure {
    let name = source.name();
    let hint = "use a model that this version trained on such data (train --data …)";
    Failure::Input(format!("the model does not say how it reads {name}; {hint}"))
}

/// Says what was done to pictures, and how it is turned off.
pub(crate) fn say_changes(notes: &[String]) {
    notes.iter().for_each(|note| output::note(note));
    if !notes.is_empty() {
        output::note("--as-is leaves pictures as they are");
    }
}

/// What a model gives for each sample, row by row.
pub(crate) fn outputs(model: &mut Model, data: &Dataset) -> Result<Tensor, Failure> {
    let (mut numbers, mut width) = (Vec::new(), 0);
    for start in (0..data.len()).step_by(EVALUATION_BATCH) {
        let part = data.range(start, start + EVALUATION_BATCH)?;
        let shape = part.shape().to_vec();
        let inputs = match part.divisor() {
            Some(_) => Tensor::new(shape, part.inputs_as_f32()).map_err(limpid::Error::from)?,
            None => part.inputs().clone(),
        };
        let said = model.predict(&inputs)?;
        width = said.shape().last().copied().unwrap_or(1);
        numbers.extend(said.to_f64());
    }
    Ok(Tensor::new([data.len(), width], numbers).map_err(limpid::Error::from)?)
}

/// How far a model's numbers are from the right ones, in the target's own units; none for classes.
pub(crate) fn regression(
    model: &mut Model,
    data: &Dataset,
    samples: Option<&Samples>,
) -> Result<Option<Regression>, Failure> {
    let Some(Samples::Table(preparation)) = samples else { return Ok(None) };
    if preparation.target().task() != Task::Regression {
        return Ok(None);
    }
    let said = outputs(model, data)?;
    let own = |numbers: &Tensor| match preparation.answers(numbers, &model.loss()) {
        Ok(Answers::Numbers(numbers)) => Ok(numbers),
        Ok(Answers::Classes(_)) => Ok(Vec::new()),
        Err(error) => Err(limpid::Error::from(error)),
    };
    let (said, right) = (own(&said)?, own(data.targets())?);
    Ok(Regression::of(&said, &right))
}
