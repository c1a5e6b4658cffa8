//! Tables as data sets: read by [`files`](crate::files), prepared by [`learn`](crate::learn).
//!
//! ```
//! use limpid::files::Table;
//! use limpid::prelude::*;
//! use limpid::tables::{self, TableOptions};
//!
//! let rows: String = (0..40).map(|i| format!("{},{}\n", i % 7, if i % 7 > 3 { "large" } else { "small" })).collect();
//! let table = Table::from_bytes(format!("size,kind\n{rows}").as_bytes())?;
//! let split = tables::split(&table, &TableOptions { test_share: 0.25, ..TableOptions::predicting("kind") })?;
//! let network = Network::new(split.preparation.size(), (Affine::new(1, 8), Relu, Affine::new(8, 2)));
//! let mut model = Model::new(&network, 1)?;
//! model.fit(&split.train, &FitOptions { epochs: 100, batch_size: 10, ..FitOptions::default() })?;
//! assert_eq!(model.evaluate(&split.test.expect("a quarter was held out"))?.accuracy, Some(1.0));
//! # Ok::<(), limpid::Error>(())
//! ```
//!
//! A table that is larger than memory is read while a model learns from it: see [`stream`].

use std::collections::HashSet;

use limpid_engine::Precision;
use limpid_files::{Doubt, Guess, Reading, Table, TableForm};
use limpid_learn::{
    Column, Dataset, Encoded, Encoding, LeftOut, Preparation, PreparationError, Split, TableNotes, Task, Unknown,
    Values, holdout,
};

use crate::Error;
use crate::models::Seen;

mod labels;
mod predicted;
mod row_names;
mod stream;

use labels::Labels;
pub use predicted::TablePredictions;
use row_names::RowNames;
pub use stream::{TableStream, stream};

/// What of a table is learned.
#[derive(Clone, Debug, PartialEq)]
pub struct TableOptions {
    /// The column that is predicted.
    pub target: String,
    /// Columns that are not looked at.
    pub ignored: Vec<String>,
    /// Whether the target is a class or a number; without it, see [`Task::guessed`].
    pub task: Option<Task>,
    /// The share of the rows that is held out, of each class alike; 0 for none.
    pub test_share: f64,
    /// What the rows that are held out are drawn by.
    pub seed: u64,
    /// What samples are prepared in: `f32` takes half the memory, and fits a model that computes in it.
    pub precision: Precision,
}

impl TableOptions {
    /// Predicts this column from all others; a fifth of the rows is held out.
    pub fn predicting(target: impl Into<String>) -> Self {
        Self {
            target: target.into(),
            ignored: Vec::new(),
            task: None,
            test_share: 0.2,
            seed: 1,
            precision: Precision::F64,
        }
    }
}

/// A table as samples to learn from, and samples that were held out.
#[derive(Clone, Debug, PartialEq)]
pub struct TableSplit {
    /// Inputs (rows, numbers a sample), targets (rows): class labels, or numbers less their mean, by their deviation.
    pub train: Dataset,
    /// What was held out, if anything.
    pub test: Option<Dataset>,
    /// How samples were prepared, learned from the training samples alone.
    pub preparation: Preparation,
    /// How many rows were left out because nothing is known of their target.
    pub without_target: usize,
    /// Words of the test rows that no training row has.
    pub unknown: Vec<Unknown>,
    /// What speaks against the way in which a column was read: its name, and why.
    pub doubts: Vec<(String, Doubt)>,
}

/// Rows of a table with their targets.
#[derive(Clone, Debug, PartialEq)]
pub struct Labelled {
    /// The samples, in the order of the table's rows.
    pub data: Dataset,
    /// The table's row of each sample, counted from 0.
    pub rows: Vec<usize>,
    /// Which of the samples the model was trained on.
    pub seen: Seen,
    /// How many rows were left out because nothing is known of their target.
    pub without_target: usize,
    /// Words that no training row had.
    pub unknown: Vec<Unknown>,
}

/// Makes a table into samples to learn from and samples that are held out.
///
/// # Errors
/// Where a column is not there or cannot be learned from, and where the share that is held out leaves nothing.
pub fn split(table: &Table, options: &TableOptions) -> Result<TableSplit, Error> {
    let (place, places) = places(table, options)?;
    let (target, doubt) = guessed(table, place)?;
    let known: Vec<usize> = (0..target.len()).filter(|&row| target.is_known(row)).collect();
    let without_target = target.len() - known.len();
    if known.is_empty() {
        return Err(PreparationError::NoTarget { name: target.name }.into());
    }
    let known_target = target.select(&known);
    let task = options.task.unwrap_or_else(|| Task::guessed(&known_target));
    if let (Task::Regression, Values::Words(_)) = (task, &target.values) {
        // Says where the first word stands.
        table.numbers(place)?;
    }
    let labels = labels(&known_target, task);
    let (share, seed) = (options.test_share, options.seed);
    let (train, test) = holdout(known.len(), labels.as_deref(), share, seed)?;
    let split =
        Split { checksum: table.checksum(), train: train.len(), test: test.len(), share, seed, in_blocks: false };
    let [train, test] = [train, test].map(|part| part.into_iter().map(|place| known[place]).collect::<Vec<_>>());
    // Of a wide table the numbers of all columns would take several times as much memory as the table: no more than one
    // column is held.
    let (mut left_out, mut doubts) = (Vec::new(), Vec::new());
    let inputs = places.into_iter().filter_map(|own| {
        let (column, doubt) = match guessed(table, own) {
            Ok(guessed) => guessed,
            Err(error) => return Some(Err(error)),
        };
        if let Some(own) = counts_rows(table, own, &column) {
            left_out.push(own);
            return None;
        }
        doubts.extend(doubt.map(|doubt| (column.name.clone(), doubt)));
        Some(Ok(column.select(&train)))
    });
    let preparation = Preparation::fit_each(inputs, &target.select(&train), task)?;
    doubts.extend(doubt.map(|doubt| (target.name.clone(), doubt)));
    let notes = notes(table, options.precision);
    let preparation = preparation.of_table(notes, left_out).with_split(split);
    let parts: Vec<&[usize]> = [train.as_slice(), &test].into_iter().filter(|rows| !rows.is_empty()).collect();
    let mut encoded = encoded(table, &parts, &preparation)?.into_iter().zip(parts).map(|(encoded, rows)| {
        let targets = located(table, rows, preparation.encode_target(&target.select(rows)))?;
        Ok::<_, Error>((Dataset::new(encoded.inputs, targets)?, encoded.unknown))
    });
    let nothing = || Err(PreparationError::NoTarget { name: target.name.clone() }.into());
    let (train, _) = encoded.next().unwrap_or_else(nothing)?;
    let (test, unknown) = match encoded.next().transpose()? {
        Some((test, unknown)) => (Some(test), unknown),
        None => (None, Vec::new()),
    };
    drop(encoded);
    Ok(TableSplit { train, test, preparation, without_target, unknown, doubts })
}

/// How a table is read that a model is asked about: as the one that it learned from.
///
/// ```
/// # use limpid::{files::{Table, TableForm}, tables::{self, TableOptions}};
/// let form = TableForm { missing: vec!["-".to_string()], ..TableForm::default() };
/// let table = Table::from_bytes_as(b"size,kind\n1,a\n-,b\n3,a\n4,b\n".to_vec(), &form)?;
/// let split = tables::split(&table, &TableOptions { test_share: 0.0, ..TableOptions::predicting("kind") })?;
/// assert_eq!(tables::form(&split.preparation), TableForm { header: Some(true), missing: vec!["-".to_string()] });
/// # Ok::<(), limpid::Error>(())
/// ```
pub fn form(preparation: &Preparation) -> TableForm {
    let TableNotes { missing, columns_by_place, .. } = preparation.table();
    TableForm { header: Some(columns_by_place.is_none()), missing: missing.clone() }
}

/// A table whose columns are called as those were that a model learned from. Without a header they are called by their
/// places, which are others where the table lacks the column that is to be predicted.
pub fn fitted(mut table: Table, preparation: &Preparation) -> Table {
    if let Some(count) = preparation.table().columns_by_place
        && table.names().len() + 1 == count
    {
        let place = |name: &str| name.rsplit_once(' ')?.1.parse::<usize>().ok()?.checked_sub(1);
        if let Some(place) = place(&preparation.target().name) {
            table.without_place(place);
        }
    }
    table
}

fn notes(table: &Table, precision: Precision) -> TableNotes {
    let TableForm { header, missing } = table.form();
    let columns_by_place = (header == Some(false)).then_some(table.names().len());
    TableNotes { missing, columns_by_place, in_f32: precision == Precision::F32 }
}

/// Rows with their targets, prepared as they were for the training: to evaluate a model on.
///
/// # Errors
/// Where a column is not there or does not fit, with the line.
pub fn labelled(table: &Table, preparation: &Preparation) -> Result<Labelled, Error> {
    let (rows, known) = known_targets(table, preparation)?;
    let Encoded { inputs, unknown } = encoded_rows(table, &rows, preparation)?;
    let targets = located(table, &rows, preparation.encode_target(&known))?;
    let seen = seen_of(table, preparation, &known);
    let without_target = table.rows() - rows.len();
    Ok(Labelled { data: Dataset::new(inputs, targets)?, rows, seen, without_target, unknown })
}

/// The rows of a table whose targets are known, and which of them a model was trained on: what [`labelled`] says of them,
/// without the samples.
///
/// # Errors
/// Where the target's column is not there, or nothing is known in it.
pub fn seen(table: &Table, preparation: &Preparation) -> Result<(Vec<usize>, Seen), Error> {
    let (rows, known) = known_targets(table, preparation)?;
    Ok((rows, seen_of(table, preparation, &known)))
}

/// The rows whose targets are known, and those.
fn known_targets(table: &Table, preparation: &Preparation) -> Result<(Vec<usize>, Column), Error> {
    let target = preparation.target();
    let column = read(table, table.column(&target.name)?, target.is_numeric(), target.reading.as_deref())?;
    let rows: Vec<usize> = (0..column.len()).filter(|&row| column.is_known(row)).collect();
    if rows.is_empty() {
        return Err(PreparationError::NoTarget { name: target.name.clone() }.into());
    }
    let known = column.select(&rows);
    Ok((rows, known))
}

fn seen_of(table: &Table, preparation: &Preparation, known: &Column) -> Seen {
    let labels = labels(known, preparation.target().task());
    Seen::of(preparation.split(), || table.checksum(), known.len(), labels.as_deref())
}

/// Rows prepared as they were for the training: for predictions. [`Preparation::answers`] turns the model's outputs into
/// class names with probabilities, or into numbers in the target's own units:
///
/// ```
/// use limpid::files::Table;
/// use limpid::learn::Answers;
/// use limpid::prelude::*;
/// use limpid::tables::{self, TableOptions};
///
/// let rows: String = (0..40).map(|i| format!("{},{}\n", i % 7, if i % 7 > 3 { "large" } else { "small" })).collect();
/// let table = Table::from_bytes(format!("size,kind\n{rows}").as_bytes())?;
/// let split = tables::split(&table, &TableOptions::predicting("kind"))?;
/// let network = Network::new(split.preparation.size(), (Affine::to(8), Relu, Affine::to(2)));
/// let mut model = Model::new(&network, 1)?;
/// model.fit(&split.train, &FitOptions { epochs: 100, batch_size: 10, ..FitOptions::default() })?;
///
/// // New rows have no column to predict.
/// let new = Table::from_bytes(b"size\n0\n6\n")?;
/// let samples = tables::samples(&new, &split.preparation)?;
/// let outputs = model.predict(&samples.inputs)?;
/// let Answers::Classes(said) = split.preparation.answers(&outputs, &model.loss())? else { unreachable!("classes") };
/// let names = split.preparation.target().classes().expect("classes");
/// assert_eq!([&names[said[0].class], &names[said[1].class]], ["small", "large"]);
/// assert!(said[0].probabilities.as_ref().is_some_and(|shares| shares[said[0].class] > 0.5));
/// # Ok::<(), limpid::Error>(())
/// ```
///
/// # Errors
/// Where a column is not there or does not fit, with the line.
pub fn samples(table: &Table, preparation: &Preparation) -> Result<Encoded, Error> {
    let rows: Vec<usize> = (0..table.rows()).collect();
    encoded_rows(table, &rows, preparation)
}

fn encoded_rows(table: &Table, rows: &[usize], preparation: &Preparation) -> Result<Encoded, Error> {
    let mut parts = encoded(table, &[rows], preparation)?;
    parts.pop().ok_or_else(|| PreparationError::NoTarget { name: preparation.target().name.clone() }.into())
}

/// Parts of a table's rows, prepared column by column, each read as it was for the training.
fn encoded(table: &Table, parts: &[&[usize]], preparation: &Preparation) -> Result<Vec<Encoded>, Error> {
    preparation.check_names(table.names().iter().map(String::as_str))?;
    let column = |input: &limpid_learn::Input| {
        let is_numeric = matches!(input.encoding, Encoding::Number { .. });
        read(table, table.column(&input.name)?, is_numeric, input.reading.as_deref())
    };
    let all: Vec<usize> = (0..table.rows()).collect();
    preparation.encode_parts(parts, column).or_else(|error| match error {
        Error::Preparation(error) => located(table, &all, Err(error)),
        error => Err(error),
    })
}

/// The place of the target, and those of the columns that may be learned from.
fn places(table: &Table, options: &TableOptions) -> Result<(usize, Vec<usize>), Error> {
    let place = table.column(&options.target)?;
    let ignored: HashSet<usize> = options.ignored.iter().map(|name| table.column(name)).collect::<Result<_, _>>()?;
    if ignored.contains(&place) {
        let name = &options.target;
        return Err(limpid_learn::Error::Data(format!("`{name}` cannot be predicted and ignored at once")).into());
    }
    let inputs = (0..table.names().len()).filter(|own| *own != place && !ignored.contains(own)).collect();
    Ok((place, inputs))
}

/// A column as what its cells seem to be.
fn guessed(table: &Table, place: usize) -> Result<(Column, Option<Doubt>), Error> {
    let Guess { reading, doubt } = table.reading(place)?;
    Ok((column(table, place, &reading)?, doubt))
}

fn column(table: &Table, place: usize, reading: &Reading) -> Result<Column, Error> {
    match reading {
        Reading::Words => Ok(words(table, place)),
        reading => numbers(table, place, reading),
    }
}

/// The column with the reason, where it says nothing of its rows but which of them each is.
fn counts_rows(table: &Table, place: usize, column: &Column) -> Option<LeftOut> {
    let mut names = table.is_unnamed(place).then(|| RowNames::new(column.name.clone(), place, usize::MAX))?;
    names.see(column);
    names.left_out()
}

fn words(table: &Table, place: usize) -> Column {
    Column::words(name(table, place), table.words(place))
}

fn numbers(table: &Table, place: usize, reading: &Reading) -> Result<Column, Error> {
    let column = Column::numbers(name(table, place), table.read_column(place, reading)?);
    // What programs write needs no word.
    Ok(if *reading == Reading::PLAIN { column } else { column.read_as(reading.to_string()) })
}

fn name(table: &Table, place: usize) -> String {
    table.names().get(place).cloned().unwrap_or_default()
}

/// A column as it was read for the training. Models that say nothing of it, having been saved before it was noted, read
/// numbers as they come.
fn read(table: &Table, place: usize, is_numeric: bool, reading: Option<&str>) -> Result<Column, Error> {
    let reading = reading.map(str::parse::<Reading>).transpose();
    let reading =
        reading.map_err(|what| limpid_learn::Error::Data(format!("column `{}`: {what}", name(table, place))))?;
    match (is_numeric, reading) {
        (false, _) => Ok(words(table, place)),
        (true, Some(reading)) => numbers(table, place, &reading),
        (true, None) => match table.read_column(place, &Reading::PLAIN) {
            Ok(numbers) => Ok(Column::numbers(name(table, place), numbers)),
            // Another program may have written the numbers otherwise.
            Err(_) => Ok(Column::numbers(name(table, place), table.numbers(place)?)),
        },
    }
}

/// Which of the different values each row has, counted from 0, where they are classes. All are known.
fn labels(target: &Column, task: Task) -> Option<Vec<usize>> {
    if task != Task::Classification {
        return None;
    }
    let mut labels = Labels::default();
    Some((0..target.len()).map(|row| labels.of(target, row).unwrap_or(0)).collect())
}

/// A mistake in a row, with its line.
fn located<T>(table: &Table, rows: &[usize], outcome: Result<T, PreparationError>) -> Result<T, Error> {
    let line = |row: usize| rows.get(row).and_then(|&row| table.line(row)).unwrap_or(0);
    outcome.map_err(|error| match error {
        PreparationError::Class { name, row, found, known } => {
            let known = known.iter().take(20).map(|class| format!("`{class}`")).collect::<Vec<_>>().join(", ");
            let what = format!("{found:?} is none of the classes that were learned: {known}");
            Error::Cell { line: line(row), column: name, what }
        }
        PreparationError::TooLarge { name, row: Some(row) } => {
            let what = "too far from the numbers that were learned from to compute with; correct it".to_string();
            Error::Cell { line: line(row), column: name, what }
        }
        error => error.into(),
    })
}
