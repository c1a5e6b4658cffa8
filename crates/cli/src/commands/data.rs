//! `limpid data`: the data sets that are known by name, fetched, listed, described and shown.

mod fetch;
mod show;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use limpid::fetch::{Download, Unpacked, is_right};
use limpid::files::{DataSet, PublishedFile, data_sets};
use serde::Serialize;

use crate::arguments::{Format, FormatOption, listed};
use crate::data::Named;
use crate::failure::Failure;
use crate::output;
use crate::text::{self, Align};

/// Fetch, list and look at the data sets that limpid knows by name
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

const EXAMPLES: &str = "\
Examples:
  Which there are, and which are here:
    limpid data list
  Fetch one, and train on it:
    limpid data fetch fashion-mnist
    limpid train --dataset fashion-mnist
  Twenty of its boots, chosen by chance:
    limpid data show fashion-mnist --class \"ankle boot\" --seed 1";

#[derive(Debug, Subcommand)]
enum What {
    Fetch(fetch::Arguments),
    List(List),
    Info(Info),
    Show(show::Arguments),
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.what {
        What::Fetch(arguments) => fetch::run(&arguments),
        What::List(arguments) => arguments.run(),
        What::Info(arguments) => arguments.run(),
        What::Show(arguments) => show::run(&arguments),
    }
}

/// Where the files are looked for.
#[derive(Debug, Args)]
struct Place {
    /// Folder with the files, or with a folder of the data set's name that has them [default: where they usually are]
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

/// List the data sets: samples, classes, size, and where they are
#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    format: FormatOption,
}

/// Describe a data set: files, checksums, source, licence, and where its files are here, its classes
#[derive(Debug, Args)]
struct Info {
    /// Data set, one of those that `limpid data list` lists
    #[arg(value_enum, value_name = "NAME", hide_possible_values = true)]
    name: Named,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    format: FormatOption,
}

/// What is known of a data set without reading it.
#[derive(Serialize)]
struct Known {
    name: &'static str,
    title: &'static str,
    about: &'static str,
    train: usize,
    test: usize,
    /// Channels, rows, columns.
    shape: [usize; 3],
    classes: &'static [&'static str],
    download_bytes: u64,
    /// Where its files are.
    folder: Option<PathBuf>,
}

impl Known {
    fn of(set: &'static DataSet, data: Option<&Path>) -> Self {
        Self {
            name: set.name,
            title: set.title,
            about: set.about,
            train: set.train,
            test: set.test,
            shape: set.shape,
            classes: set.classes,
            download_bytes: set.download_bytes(),
            folder: set.locate(data).ok(),
        }
    }

    fn samples(&self) -> String {
        format!("{} + {}", text::count(self.train as u64), text::count(self.test as u64))
    }
}

/// A sample's extents: `28×28`, `3×32×32`.
fn shape_text(shape: [usize; 3]) -> String {
    let extents: Vec<_> = shape.iter().skip(usize::from(shape[0] == 1)).map(usize::to_string).collect();
    extents.join("×")
}

impl List {
    fn run(&self) -> Result<(), Failure> {
        #[derive(Serialize)]
        struct Report {
            sets: Vec<Known>,
        }
        let report =
            Report { sets: data_sets().iter().map(|set| Known::of(set, self.place.data.as_deref())).collect() };
        if self.format.format == Format::Json {
            return output::json(&report);
        }
        let heading = ["name", "samples", "shape", "classes", "download", "folder"].map(str::to_string).to_vec();
        let rows = report.sets.iter().map(|known| {
            vec![
                known.name.to_string(),
                known.samples(),
                shape_text(known.shape),
                known.classes.len().to_string(),
                text::bytes(known.download_bytes),
                known.folder.as_ref().map_or_else(|| "not here".to_string(), |folder| folder.display().to_string()),
            ]
        });
        let rows: Vec<_> = std::iter::once(heading).chain(rows).collect();
        let aligns = [Align::Left, Align::Right, Align::Right, Align::Right, Align::Right, Align::Left];
        output::result(&text::table(&aligns, &rows))
    }
}

/// What `info` says.
#[derive(Serialize)]
struct Description {
    #[serde(flatten)]
    known: Known,
    files: Vec<FileState>,
    mirrors: &'static [&'static str],
    source: &'static str,
    licence: &'static str,
    cite: &'static str,
    /// How many samples of each class there are, in the order of the classes; of a set that is here.
    train_counts: Option<Vec<usize>>,
    test_counts: Option<Vec<usize>>,
}

#[derive(Serialize)]
struct FileState {
    name: &'static str,
    bytes: u64,
    sha256: &'static str,
    state: State,
}

/// What is at a file's place.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Missing,
    Right,
    Wrong,
    /// There is only what it unpacks to, which is not known by a checksum.
    Unpacked,
}

impl State {
    fn of(file: &PublishedFile, folder: Option<&Path>) -> Result<Self, Failure> {
        let Some(folder) = folder else { return Ok(Self::Missing) };
        let path = folder.join(file.name);
        if path.is_file() {
            let right =
                is_right(&download(file, &path, Vec::new())).map_err(|error| Failure::Input(error.to_string()))?;
            return Ok(if right { Self::Right } else { Self::Wrong });
        }
        let unpacked = folder.join(file.name.trim_end_matches(".gz"));
        Ok(if unpacked.is_file() { Self::Unpacked } else { Self::Missing })
    }

    fn text(self) -> &'static str {
        match self {
            Self::Missing => "not here",
            Self::Right => "here, right",
            Self::Wrong => "here, NOT the published file",
            Self::Unpacked => "here, unpacked",
        }
    }
}

/// A published file as the room of downloads knows it.
fn download(file: &PublishedFile, path: &Path, urls: Vec<String>) -> Download {
    Download {
        path: path.to_path_buf(),
        urls,
        bytes: file.bytes,
        sha256: file.sha256.to_string(),
        unpacked: file.unpacked.map(|(bytes, sha256)| Unpacked { bytes, sha256: sha256.to_string() }),
    }
}

impl Info {
    fn run(&self) -> Result<(), Failure> {
        let set = self.name.set();
        let known = Known::of(set, self.place.data.as_deref());
        let folder = known.folder.as_deref();
        let file = |file: &'static PublishedFile| {
            let PublishedFile { name, bytes, sha256, .. } = *file;
            Ok(FileState { name, bytes, sha256, state: State::of(file, folder)? })
        };
        let files = set.files.iter().map(file).collect::<Result<Vec<_>, Failure>>()?;
        // What is wrong is told, and not read.
        let readable = folder.filter(|_| files.iter().all(|file| file.state != State::Wrong));
        let samples = readable.map(|folder| set.load(folder)).transpose().map_err(limpid::Error::from)?;
        let counts = |labels: &limpid::graph::Tensor| {
            let mut counts = vec![0; set.classes.len()];
            labels.as_slice::<u8>().unwrap_or_default().iter().for_each(|&label| counts[usize::from(label)] += 1);
            counts
        };
        let description = Description {
            train_counts: samples.as_ref().map(|samples| counts(&samples.train_labels)),
            test_counts: samples.as_ref().map(|samples| counts(&samples.test_labels)),
            files,
            mirrors: set.mirrors,
            source: set.source,
            licence: set.licence,
            cite: set.cite,
            known,
        };
        match self.format.format {
            Format::Json => output::json(&description),
            Format::Text => output::result(&description.text()),
        }
    }
}

impl Description {
    fn text(&self) -> String {
        let known = &self.known;
        let folder = match &known.folder {
            Some(folder) => folder.display().to_string(),
            None => format!("not here; `limpid data fetch {}` fetches it", known.name),
        };
        let mut rows = vec![
            ("name", known.name.to_string()),
            ("title", format!("{}: {}", known.title, known.about)),
            (
                "samples",
                format!("{} to train on, {} held out", text::count(known.train as u64), text::count(known.test as u64)),
            ),
            ("sample", format!("{} bytes", shape_text(known.shape))),
            ("source", self.source.to_string()),
            ("licence", self.licence.to_string()),
            ("cite", self.cite.to_string()),
            ("mirrors", listed(self.mirrors.iter())),
            ("folder", folder),
        ];
        if self.train_counts.is_none() {
            rows.push(("classes", listed(known.classes.iter())));
        }
        let rows: Vec<_> = rows.into_iter().map(|(name, value)| vec![name.to_string(), value]).collect();
        let mut text = text::table(&[Align::Left, Align::Left], &rows) + "\n";
        let files = self.files.iter().map(|file| {
            vec![
                file.name.to_string(),
                text::bytes(file.bytes),
                file.state.text().to_string(),
                format!("sha256 {}", file.sha256),
            ]
        });
        text += &text::table(&[Align::Left, Align::Right, Align::Left, Align::Left], &files.collect::<Vec<_>>());
        if let (Some(train), Some(test)) = (&self.train_counts, &self.test_counts) {
            let heading = ["class", "name", "train", "test"].map(str::to_string).to_vec();
            let classes =
                known.classes.iter().zip(train.iter().zip(test)).enumerate().map(|(class, (name, (train, test)))| {
                    vec![class.to_string(), name.to_string(), text::count(*train as u64), text::count(*test as u64)]
                });
            let rows: Vec<_> = std::iter::once(heading).chain(classes).collect();
            text += "\n";
            text += &text::table(&[Align::Right, Align::Left, Align::Right, Align::Right], &rows);
        }
        text
    }
}
