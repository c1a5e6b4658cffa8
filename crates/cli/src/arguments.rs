//! Flags that several verbs share, each defined once.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::{Args, ValueEnum};
use limpid::engine::{MOST_THREADS, THREADS, available_threads};
use limpid::files::{PictureFolder, Table, TableForm};
use limpid::graph::Sizes;
use limpid::learn::{Initializer, Network, Task, activation_choices, activation_names, initializer_choices};
use limpid::models::Part;
use limpid::networks::{self, is_toml};
use limpid::prelude::Precision;
use limpid::tables::TableOptions;
use limpid::training::TrainingOptions;

use crate::choices::{PARTS, offering, one_of};
use crate::data::Named;
use crate::failure::Failure;
pub(crate) use crate::optimizer_arguments::{AugmentOption, OptimizerOptions, learning_rate_help};
use crate::parse::Extent;
use crate::preset::PresetOption;
pub(crate) use crate::value_parsers::{at_least_one, listed, positive, seed, share, whole};

/// The form of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text for people
    #[value(alias = "table")]
    Text,
    /// One JSON object, for programs
    Json,
}

/// `--format`.
#[derive(Debug, Args)]
pub(crate) struct FormatOption {
    /// Format of the result on stdout
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORM", help_heading = "Output")]
    pub(crate) format: Format,
}

/// `--threads`.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct ThreadsOption {
    /// Number of threads [default: one for each available core]
    ///
    /// The result is the same, bit for bit, for any number of threads.
    #[arg(long, value_name = "N", env = THREADS, hide_env_values = true, value_parser = threads)]
    #[arg(allow_negative_numbers = true)]
    pub(crate) threads: Option<usize>,
}

impl ThreadsOption {
    /// How many threads are meant.
    pub(crate) fn count(self) -> usize {
        self.threads.unwrap_or_else(available_threads)
    }
}

/// Parses a number of threads.
pub(crate) fn threads(text: &str) -> Result<usize, String> {
    let found = text.trim().parse().ok().filter(|threads: &usize| (1..=MOST_THREADS).contains(threads));
    found.ok_or_else(|| format!("expected a whole number from 1 to {MOST_THREADS}"))
}

/// `--batch-size`, of a training step that is looked at.
#[derive(Debug, Args)]
pub(crate) struct BatchOption {
    /// Number of samples in the batch of the training step, such as 32
    #[arg(long, value_name = "SAMPLES", default_value = "100")]
    #[arg(value_parser = at_least_one, allow_negative_numbers = true)]
    pub(crate) batch_size: usize,
}

impl BatchOption {
    /// The sizes at which a step over a data set of one batch runs.
    pub(crate) fn sizes(&self) -> Sizes {
        Sizes::from([("batch", self.batch_size), ("samples", self.batch_size)])
    }
}

/// Which data, and where it is.
#[derive(Debug, Args)]
#[command(next_help_heading = "Data")]
pub(crate) struct DataOptions {
    /// Data set that is known by name [default: mnist]
    #[arg(long, value_enum, value_name = "NAME")]
    pub(crate) dataset: Option<Named>,

    /// Table, such as iris.csv, folder of pictures, or folder with the data set's files, such as data/mnist
    ///
    /// A file is a table: comma-separated values under a header (tabs or semicolons serve as well), plain or gzip'd; `-`
    /// reads one from standard input. A folder with a folder for each class holds pictures, PNG or JPEG; its folders may
    /// also be parts, such as `train` and `test`, with the classes in each. IDX files of your own, in a folder, and .npz
    /// archives of x_train, y_train, x_test and y_test are pictures, too.
    ///
    /// Without it, the data set's files are looked for in $LIMPID_DATA, in data/mnist of the current folder and those
    /// above it, and in the user's cache folder, where `limpid data fetch` puts them.
    #[arg(long, value_name = "PATH")]
    pub(crate) data: Option<PathBuf>,
}

/// `--part`, of a verb that is asked about samples.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Data")]
pub(crate) struct PartOption {
    /// Part of the data [default: test; all samples of data without parts]
    ///
    /// A table has parts if it is the one that the model was trained on, and so has a folder of pictures without parts of
    /// its own: the same samples are held out as in the training.
    #[arg(long, value_name = "PART", value_parser = one_of(PARTS))]
    pub(crate) part: Option<Part>,
}

impl PartOption {
    /// The part of data that has parts of its own.
    pub(crate) fn or_test(self) -> Part {
        self.part.unwrap_or(Part::Test)
    }
}

/// What of a table or of pictures is learned, and what is held out.
#[derive(Debug, Args)]
#[command(next_help_heading = "Data")]
pub(crate) struct HoldoutOptions {
    /// Column of a table to predict, such as species
    #[arg(long, value_name = "COLUMN")]
    target: Option<String>,

    /// Columns of a table to leave out, such as id,name
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    ignore: Vec<String>,

    /// Take the first line of a table as a row, not as the names of the columns
    ///
    /// The columns are called by their places then: `column 1`, or 1 for short, as in --target 3.
    #[arg(long)]
    no_header: bool,

    /// What stands for a missing value in a table, beside the usual marks, such as "-,."
    ///
    /// Empty cells, NA, N/A, NaN, null, None, <NA>, #N/A and ? are missing values anyway.
    #[arg(long, value_name = "MARKS", value_delimiter = ',', allow_hyphen_values = true)]
    missing: Vec<String>,

    /// Task: classification or regression [default: chosen by the values of the target column]
    ///
    /// Words are classes, and so are at most 20 different whole numbers; other numbers are a regression's.
    #[arg(long, value_name = "TASK")]
    task: Option<Task>,

    /// Share of a table or of pictures that is held out to test on, such as 0.25; 0 for none [default: 0.2]
    ///
    /// Of each class the same share, drawn by --seed.
    #[arg(long, value_name = "SHARE", value_parser = share, allow_negative_numbers = true)]
    test_share: Option<f64>,

    /// Width and height that pictures are brought to, such as 28x28 [default: their own, where all have the same]
    #[arg(long, value_name = "WIDTHxHEIGHT", allow_negative_numbers = true)]
    pub(crate) size: Option<Extent>,
}

/// What is held out where nothing else is said.
const TEST_SHARE: f64 = 0.2;

/// `--as-is`.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Data")]
pub(crate) struct AsIsOption {
    /// Leave pictures as they are
    ///
    /// Otherwise each is brought to what the model learned from: dark and light change places where its ground is the
    /// other one, what is transparent is laid on black or white, and another size is brought to the model's.
    #[arg(long)]
    pub(crate) as_is: bool,
}

impl DataOptions {
    /// The data set that is known by name, where no other data is named.
    pub(crate) fn named(&self) -> Named {
        self.dataset.unwrap_or_else(Named::usual)
    }
}

impl HoldoutOptions {
    /// Refuses flags that mean nothing for a data set known by name.
    pub(crate) fn check_named(&self, named: Named, folder: Option<&Path>) -> Result<(), Failure> {
        let why = match folder.filter(|folder| named.locate(Some(folder)).is_err()) {
            Some(folder) => format!("{} holds neither", folder.display()),
            None => format!("{} has its own", named.name()),
        };
        let size = self.size.map(|_| "--size");
        match self.of_table().or(self.test_share.map(|_| "--test-share")).or(size) {
            Some(flag) => Err(Failure::Usage(format!(
                "{flag} is for tables and folders of pictures, but {why}; leave it out, or add --data FILE.csv"
            ))),
            None => Ok(()),
        }
    }

    /// The share of a folder of pictures that is held out.
    pub(crate) fn picture_share(&self, folder: &Path) -> Result<f64, Failure> {
        if let Some(flag) = self.of_table() {
            return Err(Failure::Usage(format!("{flag} is for tables; the classes of pictures are their folders")));
        }
        let test = PictureFolder::find(folder).ok().and_then(|found| found.test);
        match (self.test_share, test) {
            (Some(_), Some(test)) => Err(Failure::Usage(format!(
                "{} is already held out as the test set; leave out --test-share",
                test.display()
            ))),
            (share, _) => Ok(share.unwrap_or(TEST_SHARE)),
        }
    }

    /// What is known of a table before it is read.
    pub(crate) fn table_form(&self) -> TableForm {
        TableForm { header: self.no_header.then_some(false), missing: self.missing.clone() }
    }

    /// What of a table is learned.
    pub(crate) fn table_options(
        &self,
        table: &Table,
        name: &str,
        seed: u64,
        precision: Precision,
    ) -> Result<TableOptions, Failure> {
        let Some(target) = &self.target else {
            let names = table.names().iter().take(20).map(String::as_str).collect::<Vec<_>>().join(", ");
            let why = format!("{name}: name the column to predict with --target COLUMN; there are: {names}");
            return Err(Failure::Usage(why));
        };
        if self.ignore.iter().any(|ignored| ignored.trim() == target.trim()) {
            return Err(Failure::Usage(format!(
                "`{target}` is named by both --target and --ignore; leave it out of one"
            )));
        }
        Ok(TableOptions {
            ignored: self.ignore.clone(),
            task: self.task,
            test_share: self.test_share.unwrap_or(TEST_SHARE),
            seed,
            precision,
            ..TableOptions::predicting(target)
        })
    }

    /// The first flag that only tables have a use for.
    fn of_table(&self) -> Option<&'static str> {
        let flags = [
            (self.target.is_some(), "--target"),
            (!self.ignore.is_empty(), "--ignore"),
            (self.no_header, "--no-header"),
            (!self.missing.is_empty(), "--missing"),
            (self.task.is_some(), "--task"),
        ];
        flags.into_iter().find(|(is_given, _)| *is_given).map(|(_, flag)| flag)
    }
}

/// A network by its hidden layers, or written out.
#[derive(Debug, Args)]
#[command(next_help_heading = "Network")]
pub(crate) struct NetworkOptions {
    /// Number of units in each hidden layer, such as 50 or 100,50
    #[arg(
        long,
        value_name = "UNITS",
        value_delimiter = ',',
        default_value = "50",
        allow_negative_numbers = true,
        conflicts_with = "network"
    )]
    hidden: Vec<Units>,

    /// Activation after each hidden layer, such as relu or sigmoid
    #[arg(
        long,
        value_name = "NAME",
        default_value = "relu",
        conflicts_with = "network",
        hide_possible_values = true,
        value_parser = offering(activation_choices(), Activation::from_str),
        long_help = activation_help()
    )]
    activation: Activation,

    #[arg(long, value_name = "INITIALIZER", conflicts_with = "network", hide_possible_values = true)]
    #[arg(value_parser = offering(initializer_choices(), Initializer::from_str), help = initializer_help())]
    init: Option<Initializer>,

    /// The whole network as text, such as "784, affine 50, relu, affine 10", or as a TOML file
    ///
    /// The shape of a sample comes first, then the layers. It replaces --hidden, --activation and --init. A layer may name
    /// its initializer: "784, affine 50 init=xavier, tanh, affine 10". What ends in .toml is the name of a file, such as
    /// `limpid summary NETWORK --format toml` writes.
    #[arg(long, value_name = "TEXT|FILE")]
    network: Option<NetworkText>,

    #[command(flatten)]
    pub(crate) preset: PresetOption,
}

impl NetworkOptions {
    /// What is asked of the network.
    pub(crate) fn of(&self, options: TrainingOptions) -> Result<TrainingOptions, Failure> {
        Ok(TrainingOptions {
            network: self.network.as_ref().map(NetworkText::read).transpose()?,
            hidden: self.hidden.iter().map(|units| units.0).collect(),
            activation: self.activation.to_string(),
            initializer: self.init,
            ..options
        })
    }
}

/// A network as text, or the name of a TOML file of one.
#[derive(Clone, Debug)]
pub(crate) enum NetworkText {
    Text(Network),
    File(PathBuf),
}

impl FromStr for NetworkText {
    type Err = limpid::learn::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_toml(Path::new(text)) { Ok(Self::File(text.into())) } else { text.parse().map(Self::Text) }
    }
}

impl NetworkText {
    /// The network.
    pub(crate) fn read(&self) -> Result<Network, Failure> {
        match self {
            Self::Text(network) => Ok(network.clone()),
            Self::File(path) => Ok(networks::read(path)?),
        }
    }
}

/// The activations, for help.
fn activation_help() -> String {
    let examples: Vec<String> =
        activation_choices().filter(|row| !row.settings.is_empty()).map(|row| format!("\"{}\"", row.example)).collect();
    let takers = match examples.len() {
        1 => "One of them takes".to_string(),
        2 => "Two of them take".to_string(),
        count => format!("{count} of them take"),
    };
    format!(
        "Activation after each hidden layer\n\nOne of: {}. {takers} a number: {}.",
        listed(activation_names()),
        examples.join(", ")
    )
}

/// The initializers, for help.
fn initializer_help() -> String {
    let examples: Vec<&str> = initializer_choices().map(|row| row.example).collect();
    let (last, others) = examples.split_last().unwrap_or((&"", &[]));
    format!(
        "Initializer of the weights: {} or {last} [default: he; xavier for tables, sigmoid and tanh]",
        others.join(", ")
    )
}

/// The units of one hidden layer.
#[derive(Clone, Copy, Debug)]
struct Units(usize);

impl FromStr for Units {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim().parse() {
            Ok(0) | Err(_) => {
                Err("expected a whole number of units, 1 or more, for each hidden layer: 50, or 100,50".into())
            }
            Ok(units) => Ok(Self(units)),
        }
    }
}

/// An activation as network text.
#[derive(Clone, Debug)]
pub(crate) struct Activation(String);

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Activation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let word = text.split_whitespace().next().unwrap_or_default().to_ascii_lowercase().replace('_', "-");
        let names: Vec<_> = activation_names().collect();
        if !names.contains(&word.as_str()) {
            // The library's answer, where it is about activations: `rleu`, did you mean `relu`?
            let suggestion = match format!("1, {word}").parse::<Network>() {
                Err(limpid::learn::Error::Text(error)) => {
                    names.iter().find(|n| error.what().ends_with(&format!("`{n}`?")))
                }
                _ => None,
            };
            return Err(match suggestion {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are: {}", names.join(", ")),
            });
        }
        match format!("1, {text}").parse::<Network>() {
            Ok(network) if network.layers().len() == 1 => Ok(Self(text.to_string())),
            Ok(_) => Err("expected one activation; for a network with several, use --network".to_string()),
            Err(limpid::learn::Error::Text(error)) => Err(error.what().to_string()),
            Err(error) => Err(error.to_string()),
        }
    }
}
