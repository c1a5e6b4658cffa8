//! Where samples come from: a data set that is known by name, a table, or a folder of pictures.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use limpid::evaluation::EvaluationData;
use limpid::files::{Kind, PicturesError, is_picture, sniff_file, visible_entries};
use limpid::learn::Loss;
use limpid::models::{Part, Samples, Seen};
use limpid::prelude::Precision;
use limpid::training::TrainingData;
use limpid::{pictures, tables};

use crate::arguments::{DataOptions, HoldoutOptions};
use crate::data::Named;
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

/// What a training learns from, and what a reader of its settings should know of that. A named data set is known without
/// being read; anything else is read here.
pub(crate) fn training_data(
    data: &DataOptions,
    holdout: &HoldoutOptions,
    seed: u64,
    precision: Precision,
) -> Result<(TrainingData, Vec<String>), Failure> {
    let source = Source::of(data)?;
    let name = source.name();
    match &source {
        Source::Named(named) => {
            holdout.check_named(*named, data.data.as_deref())?;
            Ok((TrainingData::of_set(named.set(), data.data.as_deref()), Vec::new()))
        }
        Source::Table(path) => {
            if holdout.size.is_some() {
                return Err(Failure::Usage(format!("--size is for pictures, and {name} is a table")));
            }
            let table = read_table(path, &holdout.table_form())?;
            let options = holdout.table_options(&table, &name, seed, precision)?;
            let split = tables::split(&table, &options).map_err(|error| about_table(&name, error))?;
            let notes = [split_notes(&split).as_slice(), table.notes()].concat();
            Ok((TrainingData::of_table(name, split), notes))
        }
        Source::Pictures(path) => {
            let share = holdout.picture_share(path)?;
            let size = holdout.size.map(|size| (size.height, size.width));
            let split = pictures::split_sized(path, size, share, seed).map_err(|error| match error {
                limpid::Error::Pictures(error @ PicturesError::Size { expected: (height, width), .. }) => {
                    Failure::Input(format!("{error}; --size {width}x{height} brings all to one size"))
                }
                error => error.into(),
            })?;
            let notes = picture_notes(&split);
            Ok((TrainingData::of_pictures(name, split), notes))
        }
    }
}

fn picture_notes(split: &pictures::PictureSplit) -> Vec<String> {
    let pictures::PictureSplit { form, others, notes: said, .. } = split;
    let colour = if form.channels == 1 { "in grey" } else { "in colour" };
    let classes = text::counted(form.classes.len() as u64, "class");
    let size = format!("{}×{} pixels {colour}", form.width, form.height);
    let mut notes = vec![format!("{size}: {classes}, {}", text::first_names(&form.classes))];
    notes.extend(others.first().map(|first| {
        let count = text::counted(others.len() as u64, "file");
        format!("passed over, no pictures: {count}, such as {}", first.display())
    }));
    notes.extend_from_slice(said);
    notes
}

/// Samples that a saved model is evaluated on, of the kind that it learned from, and what is to be said of them.
pub(crate) fn evaluation_data(
    source: &Source,
    part: Option<Part>,
    samples: &Samples,
    loss: &Loss,
    as_is: bool,
) -> Result<(EvaluationData, Vec<String>), Failure> {
    let name = source.name();
    let (all, notes) = match (samples, source) {
        (Samples::Table(preparation), Source::Table(path)) => {
            let table = read_fitted(path, preparation)?;
            let all = EvaluationData::of_table(name.clone(), &table, preparation, loss);
            let all = all.map_err(|error| about_table(&name, error))?;
            let target = &preparation.target().name;
            let mut notes: Vec<String> = without_target_note(all.without_target, target).into_iter().collect();
            notes.extend(unknown_notes(&all.unknown));
            (all, notes)
        }
        (Samples::Pictures(form), Source::Pictures(path)) => {
            let all = EvaluationData::of_pictures(name.clone(), path, form, part, loss, as_is)?;
            let notes = all.notes.clone();
            (all, notes)
        }
        (samples, source) => return Err(unlike(samples, source)),
    };
    let Some(part) = part else { return Ok((all, notes)) };
    match all.only(part)? {
        Ok(chosen) => Ok((chosen, notes)),
        Err(EvaluationData { seen, .. }) => {
            Err(seen::no_part(&seen.unwrap_or(Seen::Unsaid), part, seen::noun(samples), &name))
        }
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
