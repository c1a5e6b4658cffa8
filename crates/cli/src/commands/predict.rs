//! `limpid predict`: a model file and samples → what the model says of each.

use std::path::{Path, PathBuf};

use clap::Args;
use limpid::files::{PicturesError, comma_separated, is_picture, read_picture, visible_entries};
use limpid::graph::Tensor;
use limpid::learn::{Answers, Dataset, Loss, Model, Prediction, Preparation};
use limpid::models::{self, PictureForm, Samples, Saved};
use limpid::pictures::{Changes, Ground, brought};
use limpid::prelude::Precision;
use limpid::tables;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::arguments::{AsIsOption, DataOptions, Format, FormatOption, ThreadsOption};
use crate::asked::say_not_finite;
use crate::data::Part;
use crate::failure::Failure;
use crate::output;
use crate::source::{Source, outputs, say_changes, unlike, unprepared};
use crate::tabular::{read_fitted, unknown_notes};

/// Predict with a saved model
///
/// For a table, each row is written with the prediction after it, and with the probability of each class. For pictures
/// and named data sets, a line for each sample has the class and its probability. The output is comma-separated values,
/// or JSON.
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
    /// Part of a data set that is known by name
    #[arg(long, value_enum, value_name = "PART", default_value_t = Part::Test, help_heading = "Data")]
    part: Part,
    #[command(flatten)]
    threads: ThreadsOption,
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
    limpid predict digits.safetensors";

/// The result, for programs.
#[derive(Serialize)]
struct Report<'r> {
    model: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    classes: Option<&'r [String]>,
    predictions: Vec<Map<String, Value>>,
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let Saved { model, samples } = models::load_saved(&arguments.model)?;
    let divisor = model.divisor();
    say_not_finite(&arguments.model, &model)?;
    let mut model = model.with_threads(arguments.threads.count());
    // Pictures may stand in any folder, or alone.
    let source = match &arguments.data.data {
        Some(path) if matches!(samples, Some(Samples::Pictures(_))) && (path.is_dir() || is_picture(path)) => {
            Source::Pictures(path.clone())
        }
        _ => Source::of(&arguments.data)?,
    };
    let text = match (samples, &source) {
        (Some(Samples::Table(_)), _) if !arguments.pictures.is_empty() => {
            return Err(Failure::Usage("the model learned from a table; a table fits: --data FILE.csv".to_string()));
        }
        (Some(Samples::Table(preparation)), Source::Table(path)) => {
            arguments.of_table(&mut model, &preparation, path)?
        }
        (Some(Samples::Pictures(form)), _) => {
            let paths = arguments.picture_paths(&Samples::Pictures(form.clone()), &source)?;
            arguments.of_pictures(&mut model, &form, divisor, paths)?
        }
        (Some(samples), source) => return Err(unlike(&samples, source)),
        (None, _) if !arguments.pictures.is_empty() => {
            let form = arguments.likely_form(&model)?;
            arguments.of_pictures(&mut model, &form, divisor, all_pictures(&arguments.pictures)?)?
        }
        (None, Source::Named(named)) => {
            let misfit = |why| Failure::Misfit(format!("{}: {why}", arguments.model.display()));
            named.check_fits(model.network()).map_err(misfit)?;
            let data = named.read(arguments.data.data.as_deref(), divisor, &model.loss())?.into_part(arguments.part);
            let names: Vec<String> = (0..data.len()).map(|row| row.to_string()).collect();
            arguments.of_samples(&mut model, &data, &named.class_names(), "sample", &names)?
        }
        (None, source) => return Err(unprepared(source)),
    };
    output::result_to(arguments.output.as_deref(), &text)
}

impl Arguments {
    fn of_table(&self, model: &mut Model, preparation: &Preparation, path: &Path) -> Result<String, Failure> {
        let table = read_fitted(path, preparation)?;
        let encoded = tables::samples(&table, preparation);
        let encoded = encoded.map_err(|error| Failure::Misfit(format!("{}: {error}", self.data_name())))?;
        unknown_notes(&encoded.unknown).iter().for_each(|note| output::note(note));
        let data = unlabelled(encoded.inputs)?;
        let said = outputs(model, &data)?;
        let answers = preparation.answers(&said, &model.loss()).map_err(limpid::Error::from)?;
        let (target, classes) = (preparation.target().name.as_str(), preparation.target().classes());
        let classes = classes.as_deref();
        if self.format.format == Format::Json {
            let entries: Vec<Map<String, Value>> = match &answers {
                Answers::Classes(said) => {
                    said.iter().map(|said| class_entry(said, classes.unwrap_or_default())).collect()
                }
                Answers::Numbers(said) => said.iter().map(|said| entry("prediction", Value::from(*said))).collect(),
            };
            let numbered = entries.into_iter().enumerate().map(|(row, own)| {
                let mut numbered = entry("row", Value::from(row + 1));
                numbered.extend(own);
                numbered
            });
            let predictions = numbered.collect();
            return self.json(Some(target), classes, predictions);
        }
        let mut more = vec![(format!("predicted_{target}"), Vec::new())];
        match &answers {
            Answers::Numbers(said) => more[0].1 = said.iter().map(|said| number(*said, model.precision())).collect(),
            Answers::Classes(said) => {
                let classes = classes.unwrap_or_default();
                more[0].1 = said.iter().map(|said| class_name(classes, said.class)).collect();
                more.extend(probability_columns(said, classes));
            }
        }
        let mut taken: Vec<String> = table.names().to_vec();
        for (name, _) in &mut more {
            // A table that was predicted before has columns of these names.
            while taken.contains(name) {
                name.push_str("_again");
            }
            taken.push(name.clone());
        }
        Ok(table.to_text(&more))
    }

    fn data_name(&self) -> String {
        Source::of(&self.data).map(|source| source.name()).unwrap_or_default()
    }

    /// The pictures that were named, one by one or by their folders.
    fn picture_paths(&self, samples: &Samples, source: &Source) -> Result<Vec<PathBuf>, Failure> {
        if !self.pictures.is_empty() {
            return all_pictures(&self.pictures);
        }
        match &self.data.data {
            Some(path) if path.is_dir() || is_picture(path) => all_pictures(std::slice::from_ref(path)),
            _ => Err(unlike(samples, source)),
        }
    }

    /// The form of pictures for a model whose file does not say it: grey, as high and wide as its square input.
    fn likely_form(&self, model: &Model) -> Result<PictureForm, Failure> {
        let size: usize = model.network().input().iter().product();
        let side = size.isqrt();
        if side * side != size {
            let file = self.model.display();
            return Err(Failure::Misfit(format!(
                "{file}: its network takes {size} numbers, which are no square picture"
            )));
        }
        let outputs = outputs(&mut Model::new(model.network(), 0)?, &unlabelled(Tensor::zeros([1, size]))?)?.len();
        let classes = (0..outputs).map(|class| class.to_string()).collect();
        // Of 28×28 pixels are MNIST and its successors, all of them light on black.
        let ground = (side == 28).then_some(Ground::MNIST);
        Ok(PictureForm { channels: 1, height: side, width: side, classes, ground })
    }

    fn of_pictures(
        &self,
        model: &mut Model,
        form: &PictureForm,
        divisor: Option<f64>,
        paths: Vec<PathBuf>,
    ) -> Result<String, Failure> {
        let (mut pixels, mut changes) = (Vec::new(), Vec::new());
        for path in &paths {
            let mut picture = read_picture(path).map_err(limpid::Error::from)?;
            if !self.pictures_as.as_is {
                let (brought, own) = brought(picture, form);
                (picture, changes) = (brought, [changes, vec![own]].concat());
            }
            if (picture.height, picture.width) != (form.height, form.width) {
                return Err(Failure::Misfit(format!(
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
        let data = divisor.map_or(data.clone(), |divisor| data.divided_by(divisor));
        let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        self.of_samples(model, &data, &form.classes, "file", &names)
    }

    /// A line for each sample: what it is called, its class, and the probability of that.
    fn of_samples(
        &self,
        model: &mut Model,
        data: &Dataset,
        classes: &[String],
        what: &'static str,
        names: &[String],
    ) -> Result<String, Failure> {
        let loss = model.loss();
        let said = predictions(&outputs(model, data)?, &loss);
        if self.format.format == Format::Json {
            let named = said.iter().zip(names).map(|(said, name)| {
                let mut named = entry(what, Value::from(name.as_str()));
                named.extend(class_entry(said, classes));
                named
            });
            return self.json(None, Some(classes), named.collect());
        }
        let rows: Vec<[String; 3]> = said
            .iter()
            .zip(names)
            .map(|(said, name)| {
                let own = said.probabilities.as_ref().and_then(|all| all.get(said.class));
                [name.clone(), class_name(classes, said.class), own.map(|own| share(*own)).unwrap_or_default()]
            })
            .collect();
        Ok(comma_separated([what, "class", "probability"], rows.iter().map(|row| row.iter().map(String::as_str))))
    }

    fn json(
        &self,
        target: Option<&str>,
        classes: Option<&[String]>,
        predictions: Vec<Map<String, Value>>,
    ) -> Result<String, Failure> {
        let report = Report { model: self.model.display().to_string(), target, classes, predictions };
        serde_json::to_string(&report)
            .map(|line| line + "\n")
            .map_err(|error| Failure::Misfit(format!("the result cannot be put into JSON: {error}")))
    }
}

/// Samples whose targets nobody asks about.
fn unlabelled(inputs: Tensor) -> Result<Dataset, Failure> {
    let count = inputs.shape().first().copied().unwrap_or(0);
    Ok(Dataset::new(inputs, Tensor::from(vec![0u8; count]))?)
}

fn predictions(outputs: &Tensor, loss: &Loss) -> Vec<Prediction> {
    let width = outputs.shape().last().copied().unwrap_or(1).max(1);
    outputs.to_f64().chunks(width).map(|scores| Prediction::of(scores, loss)).collect()
}

fn class_name(classes: &[String], class: usize) -> String {
    classes.get(class).cloned().unwrap_or_else(|| class.to_string())
}

fn entry(name: &str, value: Value) -> Map<String, Value> {
    Map::from_iter([(name.to_string(), value)])
}

fn class_entry(said: &Prediction, classes: &[String]) -> Map<String, Value> {
    let mut entry = entry("prediction", Value::from(class_name(classes, said.class)));
    if let Some(shares) = &said.probabilities {
        let shares = classes.iter().zip(shares).map(|(class, share)| (class.clone(), Value::from(*share)));
        entry.insert("probabilities".to_string(), Value::Object(shares.collect()));
    }
    entry
}

/// A column of probabilities for each class, where there are any.
fn probability_columns(said: &[Prediction], classes: &[String]) -> Vec<(String, Vec<String>)> {
    if said.iter().any(|said| said.probabilities.is_none()) {
        return Vec::new();
    }
    let of = |class: usize| {
        let own = said.iter().map(|said| said.probabilities.as_ref().and_then(|all| all.get(class)).copied());
        own.map(|own| own.map(share).unwrap_or_default()).collect()
    };
    classes.iter().enumerate().map(|(class, name)| (format!("probability_{name}"), of(class))).collect()
}

/// A probability, to a millionth.
fn share(probability: f64) -> String {
    format!("{probability:.6}")
}

/// A number with the digits that its precision has.
fn number(said: f64, precision: Precision) -> String {
    match precision {
        Precision::F32 => (said as f32).to_string(),
        Precision::F64 => said.to_string(),
    }
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
                return Err(Failure::Misfit(format!("{}: there is no PNG or JPEG picture in it", path.display())));
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
