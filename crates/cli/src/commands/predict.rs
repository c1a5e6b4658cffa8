//! `limpid predict`: a model file and samples → what the model says of each.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::Args;
use limpid::evaluation::outputs;
use limpid::files::{Pictures, PicturesError, comma_separated, is_picture, read_picture, visible_entries};
use limpid::graph::{Sizes, Tensor};
use limpid::learn::{Answers, Dataset, Mode, Model, Prediction, Preparation};
use limpid::models::{self, PictureForm, Samples, Saved};
use limpid::pictures::{Changes, Ground, brought};
use limpid::predictions::{class_name, of_outputs, probability_text, true_classes};
use limpid::tables::{self, TablePredictions};
use serde_json::Value;

use crate::arguments::{AsIsOption, DataOptions, Format, FormatOption, PartOption, ThreadsOption};
use crate::data::Named;
use crate::failure::Failure;
use crate::model_and_data::say_not_finite;
use crate::source::{Source, evaluation_data, say_changes, set_of, unlike, unprepared};
use crate::tabular::{about_table, read_fitted, unknown_notes};
use crate::{output, seen, text};

mod written;

use written::{Count, Entry, class_entry, entry, json, shown, shown_note};

/// Predict with a saved model
///
/// For a table, each row is written with the prediction after it, and with the probability of each class. For pictures
/// and named data sets, a line for each sample has the class, its probability, and the true class where it is known. The
/// output is comma-separated values, or JSON. Rows and samples are counted from 0, lines of a file from 1.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Model file, as written by `limpid train --output`
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// Pictures, or folders of them, for a model of pictures or of MNIST
    #[arg(value_name = "PICTURE", conflicts_with = "data")]
    pictures: Vec<PathBuf>,
    #[command(flatten)]
    data: DataOptions,
    #[command(flatten)]
    pictures_as: AsIsOption,
    #[command(flatten)]
    part: PartOption,
    #[command(flatten)]
    threads: ThreadsOption,
    /// How many samples are written: all, or the first ones, such as 100 [default: all; 20 at a terminal]
    #[arg(long, value_name = "N|all", allow_negative_numbers = true, help_heading = "Output")]
    count: Option<Count>,
    /// File to write, in place of stdout
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    #[command(flatten)]
    format: FormatOption,
}

const EXAMPLES: &str = "\
Examples:
  A table with the predictions as further columns:
    limpid predict iris.safetensors --data more.csv > predicted.csv
  From another program, and to it:
    grep -v '^#' more.csv | limpid predict iris.safetensors --data - --format json
  Some pictures:
    limpid predict pictures.safetensors cat.png photos/
  The digits that were held out:
    limpid predict digits.safetensors > digits.csv
  The rows that were held out of the table that the model was trained on:
    limpid predict iris.safetensors --data iris.csv --part test";

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let Saved { model, samples } = models::load_saved(&arguments.model)?;
    say_not_finite(&arguments.model, &model)?;
    let mut model = model.with_threads(arguments.threads.count());
    // Pictures may stand in any folder, or alone; a folder may also be that of a data set that is known by name.
    let is_of_set = set_of(samples.as_ref()).is_some();
    let is_of_pictures = |path: &Path| is_picture(path) || (path.is_dir() && !is_of_set);
    let source = match &arguments.data.data {
        Some(path) if matches!(samples, Some(Samples::Pictures(_))) && is_of_pictures(path) => {
            Source::Pictures(path.clone())
        }
        _ => Source::of_model(&arguments.data, samples.as_ref())?,
    };
    let is_named = arguments.pictures.is_empty() && source.named_for(samples.as_ref()).is_some();
    let Said { text, notes } = match (samples, &source) {
        (_, &Source::Named(named)) if is_named => arguments.of_set(&mut model, named)?,
        (Some(Samples::Table(_)), _) if !arguments.pictures.is_empty() => {
            return Err(Failure::Usage("the model learned from a table; use a table: --data FILE.csv".to_string()));
        }
        (Some(Samples::Table(preparation)), Source::Table(path)) => {
            arguments.of_table(&mut model, &preparation, path)?
        }
        (Some(Samples::Pictures(form)), source) => match arguments.picture_paths(source)? {
            Some(paths) => arguments.of_pictures(&mut model, &form, paths)?,
            None => arguments.of_parts(&mut model, form)?,
        },
        (Some(samples), source) => return Err(unlike(&samples, source)),
        (None, _) if !arguments.pictures.is_empty() => {
            let form = arguments.likely_form(&model)?;
            if form.ground.is_some() && !arguments.pictures_as.as_is {
                let file = arguments.model.display();
                output::note(&format!(
                    "{file} does not say what its pictures were like; they are taken to be like MNIST's"
                ));
            }
            arguments.of_pictures(&mut model, &form, all_pictures(&arguments.pictures)?)?
        }
        (None, source) => return Err(unprepared(source)),
    };
    output::result_to(arguments.output.as_deref(), &text)?;
    notes.iter().for_each(|note| output::note(note));
    Ok(())
}

/// What is written, and what is said after it.
struct Said {
    text: String,
    notes: Vec<String>,
}

/// Samples that a model of classes is asked about.
struct List {
    /// Where each stands; where that is nowhere, they are counted from 0.
    places: Vec<String>,
    data: Dataset,
    /// Whether their targets are the right answers.
    is_labelled: bool,
}

impl Arguments {
    /// How many of so many samples are written.
    fn shown(&self, total: usize) -> usize {
        let is_read = self.output.as_deref().is_none_or(output::is_dash) && std::io::stdout().is_terminal();
        shown(self.count, self.format.format, is_read, total)
    }

    fn of_set(&self, model: &mut Model, named: Named) -> Result<Said, Failure> {
        let wrong = |why| Failure::Input(format!("{}: {why}", self.model.display()));
        named.check_fits(model.network()).map_err(wrong)?;
        // What its bytes are divided by is the model's.
        let parts = named.read(self.data.data.as_deref(), None, &model.loss())?;
        let list = List { places: Vec::new(), data: parts.into_part(self.part.or_test()), is_labelled: true };
        self.of_samples(model, &list, &named.class_names())
    }

    fn of_table(&self, model: &mut Model, preparation: &Preparation, path: &Path) -> Result<Said, Failure> {
        let table = read_fitted(path, preparation)?;
        let name = Source::Table(path.to_path_buf()).name();
        let about = |error| about_table(&name, error);
        let encoded = tables::samples(&table, preparation).map_err(about)?;
        unknown_notes(&encoded.unknown).iter().for_each(|note| output::note(note));
        let mut rows: Vec<usize> = match self.part.part {
            None => (0..table.rows()).collect(),
            Some(part) => {
                let (rows, seen) = tables::seen(&table, preparation).map_err(about)?;
                let chosen = seen.rows(part).ok_or_else(|| seen::no_part(&seen, part, "row", &name))?;
                chosen.iter().map(|&sample| rows[sample]).collect()
            }
        };
        let total = rows.len();
        rows.truncate(self.shown(total));
        let notes = shown_note(rows.len(), total, "row").into_iter().collect();
        let predicted = TablePredictions::of(model, table, rows, encoded.inputs, preparation)?;
        if self.format.format == Format::Text {
            return Ok(Said { text: predicted.to_csv(), notes });
        }
        let TablePredictions { table, rows, answers, target, classes, .. } = &predicted;
        let classes = classes.as_deref();
        let entries: Vec<Entry> = match answers {
            Answers::Classes(said) => said.iter().map(|said| class_entry(said, classes.unwrap_or_default())).collect(),
            Answers::Numbers(said) => said.iter().map(|said| entry("prediction", Value::from(*said))).collect(),
        };
        let numbered = entries.into_iter().zip(rows).map(|(own, &row)| {
            let mut numbered = entry("row", Value::from(row));
            numbered.insert("line".to_string(), Value::from(table.line(row)));
            numbered.extend(own);
            numbered
        });
        Ok(Said { text: json(&self.model, Some(target), classes, numbered.collect())?, notes })
    }

    /// The pictures that were named, one by one or by their folders. None where a part of a folder is meant, or pictures
    /// that are kept as arrays.
    fn picture_paths(&self, source: &Source) -> Result<Option<Vec<PathBuf>>, Failure> {
        if !self.pictures.is_empty() {
            return all_pictures(&self.pictures).map(Some);
        }
        match (&self.data.data, source) {
            (Some(path), Source::Pictures(_)) if self.part.part.is_none() && (path.is_dir() || is_picture(path)) => {
                match all_pictures(std::slice::from_ref(path)) {
                    Err(_) if has_arrays(path) => Ok(None),
                    found => found.map(Some),
                }
            }
            _ => Ok(None),
        }
    }

    /// The form of pictures for a model whose file does not say it: grey, as high and wide as its square input.
    fn likely_form(&self, model: &Model) -> Result<PictureForm, Failure> {
        let size: usize = model.network().input().iter().product();
        let side = size.isqrt();
        if side * side != size {
            let file = self.model.display();
            return Err(Failure::Input(format!(
                "{file}: its network takes {size} numbers, which do not make a square picture"
            )));
        }
        let graph = model.network().graph(Mode::Inference)?;
        let shape = graph.outputs().first().map(|&id| graph.node(id).shape.clone()).unwrap_or_default();
        let outputs = shape.resolve(&Sizes::from([("batch", 1)])).map_or(0, |extents| extents.iter().product());
        let classes = (0..outputs).map(|class| class.to_string()).collect();
        // Of 28×28 pixels are MNIST and its successors, all of them light on black.
        let ground = (side == 28).then_some(Ground::MNIST);
        Ok(PictureForm { channels: 1, height: side, width: side, classes, set: None, ground, split: None })
    }

    fn of_pictures(&self, model: &mut Model, form: &PictureForm, paths: Vec<PathBuf>) -> Result<Said, Failure> {
        let (mut pixels, mut changes) = (Vec::new(), Vec::new());
        for path in &paths {
            let mut picture = read_picture(path).map_err(limpid::Error::from)?;
            if !self.pictures_as.as_is {
                let (brought, own) = brought(picture, form);
                picture = brought;
                changes.push(own);
            }
            if (picture.height, picture.width) != (form.height, form.width) {
                return Err(Failure::Input(format!(
                    "{}: {} wide and {} high; the model reads pictures {} wide and {} high, and without --as-is brings \
                     others to that",
                    path.display(),
                    picture.width,
                    picture.height,
                    form.width,
                    form.height
                )));
            }
            pixels.extend(picture.planes(form.channels));
        }
        say_changes(&Changes::notes(&changes));
        let size = form.sample_size().unwrap_or(0);
        let data = unlabelled(Tensor::new([paths.len(), size], pixels).map_err(limpid::Error::from)?)?;
        let places = paths.iter().map(|path| path.display().to_string()).collect();
        self.of_samples(model, &List { places, data, is_labelled: false }, &form.classes)
    }

    /// Pictures with their classes: those of a part, or those that are kept as arrays.
    fn of_parts(&self, model: &mut Model, form: PictureForm) -> Result<Said, Failure> {
        let samples = Samples::Pictures(form.clone());
        let source = Source::of_model(&self.data, Some(&samples))?;
        let (read, notes) = evaluation_data(&source, self.part.part, &samples, &model.loss(), self.pictures_as.as_is)?;
        notes.iter().for_each(|note| output::note(note));
        let list = List { places: read.places, data: read.data, is_labelled: true };
        self.of_samples(model, &list, &form.classes)
    }

    /// A line for each sample: what it is called, its class, the probability of that, and its true class where it is
    /// known.
    fn of_samples(&self, model: &mut Model, list: &List, classes: &[String]) -> Result<Said, Failure> {
        let total = list.data.len();
        let shown = self.shown(total);
        let mut notes: Vec<String> = shown_note(shown, total, "sample").into_iter().collect();
        // The others count where right answers are counted.
        let data = if list.is_labelled { list.data.clone() } else { list.data.range(0, shown)? };
        let loss = model.loss();
        let said = of_outputs(&outputs(model, &data)?, &loss);
        let right = list.is_labelled.then(|| true_classes(&data));
        if let Some(right) = &right {
            let count = said.iter().zip(right).filter(|(said, right)| said.class == **right).count();
            let accuracy = text::percent(count as f64 / total.max(1) as f64);
            let [count, all] = [count, total].map(|count| text::count(count as u64));
            notes.insert(0, format!("{count} of {all} are right: accuracy {accuracy}"));
        }
        let what = if list.places.is_empty() { "sample" } else { "file" };
        if self.format.format == Format::Json {
            let named = said.iter().take(shown).enumerate().map(|(at, said)| {
                let mut named = entry(what, list.places.get(at).map_or(Value::from(at), |place| place.as_str().into()));
                if let Some(right) = &right {
                    named.insert("true_class".to_string(), class_name(classes, right[at]).into());
                }
                named.extend(class_entry(said, classes));
                named
            });
            return Ok(Said { text: json(&self.model, None, Some(classes), named.collect())?, notes });
        }
        let row = |(at, said): (usize, &Prediction)| {
            let own = said.probabilities.as_ref().and_then(|all| all.get(said.class));
            let name = list.places.get(at).cloned().unwrap_or_else(|| at.to_string());
            let own = own.map(|own| probability_text(*own)).unwrap_or_default();
            let right = right.as_ref().map(|right| class_name(classes, right[at]));
            [name, class_name(classes, said.class), own].into_iter().chain(right).collect()
        };
        let rows: Vec<Vec<String>> = said.iter().take(shown).enumerate().map(row).collect();
        let names = [what, "class", "probability"].into_iter().chain(right.as_ref().map(|_| "true_class"));
        let text = comma_separated(names, rows.iter().map(|row| row.iter().map(String::as_str)));
        Ok(Said { text, notes })
    }
}

/// Samples whose targets nobody asks about.
fn unlabelled(inputs: Tensor) -> Result<Dataset, Failure> {
    let count = inputs.shape().first().copied().unwrap_or(0);
    Ok(Dataset::new(inputs, Tensor::from(vec![0u8; count]))?)
}

/// Whether a folder, or a file, has pictures that are kept as arrays.
fn has_arrays(path: &Path) -> bool {
    matches!(Pictures::read_arrays(path), Ok(Some(_)))
}

/// How deep folders are followed: links may lead in circles.
const DEEPEST: usize = 8;

/// The pictures among paths: each file as it is, of each folder what looks like a picture, sorted by name.
fn all_pictures(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = found.len();
            collect(path, DEEPEST, &mut found).map_err(limpid::Error::from)?;
            if found.len() == before {
                return Err(Failure::Input(format!("{}: there is no PNG or JPEG picture in it", path.display())));
            }
        } else {
            found.push(path.clone());
        }
    }
    Ok(found)
}

fn collect(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), PicturesError> {
    for path in visible_entries(folder)? {
        if path.is_dir() {
            if depth > 0 {
                collect(&path, depth - 1, found)?;
            }
        } else if is_picture(&path) {
            found.push(path);
        }
    }
    Ok(())
}
