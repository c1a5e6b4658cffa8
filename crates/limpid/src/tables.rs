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
//! model.fit(&split.train, &Fit { epochs: 100, batch_size: 10, ..Fit::default() })?;
//! assert_eq!(model.evaluate(&split.test.expect("a quarter was held out"))?.accuracy, Some(1.0));
//! # Ok::<(), limpid::Error>(())
//! ```

use limpid_files::Table;
use limpid_learn::{
    Column, Dataset, Encoded, Encoding, Preparation, PreparationError, Task, Unknown, Values, Words, holdout,
};

use crate::Error;

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
}

impl TableOptions {
    /// Predicts this column from all others; a fifth of the rows is held out.
    pub fn predicting(target: impl Into<String>) -> Self {
        Self { target: target.into(), ignored: Vec::new(), task: None, test_share: 0.2, seed: 1 }
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
}

/// Rows of a table with their targets.
#[derive(Clone, Debug, PartialEq)]
pub struct Labelled {
    /// The samples, in the order of the table's rows.
    pub data: Dataset,
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
    let (target, inputs) = chosen(table, options)?;
    let known: Vec<usize> = (0..target.len()).filter(|&row| target.is_known(row)).collect();
    let without_target = target.len() - known.len();
    if known.is_empty() {
        return Err(PreparationError::NoTarget { name: target.name }.into());
    }
    let known_target = target.select(&known);
    let task = options.task.unwrap_or_else(|| Task::guessed(&known_target));
    if let (Task::Regression, Values::Words(_)) = (task, &target.values) {
        // Says where the first word stands.
        table.numbers(table.column(&target.name)?)?;
    }
    let labels = (task == Task::Classification).then(|| labels(&known_target));
    let (train, test) = holdout(known.len(), labels.as_deref(), options.test_share, options.seed)?;
    let [train, test] = [train, test].map(|part| part.into_iter().map(|place| known[place]).collect::<Vec<_>>());
    let columns = |rows: &[usize]| inputs.iter().map(|column| column.select(rows)).collect::<Vec<_>>();
    let preparation = Preparation::fit(&columns(&train), &target.select(&train), task)?;
    let data = |rows: &[usize]| {
        let Encoded { inputs, unknown } = located(table, rows, preparation.encode(&columns(rows)))?;
        let targets = located(table, rows, preparation.encode_target(&target.select(rows)))?;
        Ok::<_, Error>((Dataset::new(inputs, targets)?, unknown))
    };
    let (train, _) = data(&train)?;
    let (test, unknown) = match test.is_empty() {
        true => (None, Vec::new()),
        false => data(&test).map(|(test, unknown)| (Some(test), unknown))?,
    };
    Ok(TableSplit { train, test, preparation, without_target, unknown })
}

/// Rows with their targets, prepared as they were for the training: to evaluate a model on.
///
/// # Errors
/// Where a column is not there or does not fit, with the line.
pub fn labelled(table: &Table, preparation: &Preparation) -> Result<Labelled, Error> {
    let target = preparation.target();
    let column = column(table, table.column(&target.name)?, target.is_numeric())?;
    let rows: Vec<usize> = (0..column.len()).filter(|&row| column.is_known(row)).collect();
    if rows.is_empty() {
        return Err(PreparationError::NoTarget { name: target.name.clone() }.into());
    }
    let columns: Vec<Column> = columns(table, preparation)?.iter().map(|column| column.select(&rows)).collect();
    let Encoded { inputs, unknown } = located(table, &rows, preparation.encode(&columns))?;
    let targets = located(table, &rows, preparation.encode_target(&column.select(&rows)))?;
    Ok(Labelled { data: Dataset::new(inputs, targets)?, without_target: column.len() - rows.len(), unknown })
}

/// Rows prepared as they were for the training: to ask a model about.
///
/// # Errors
/// Where a column is not there or does not fit, with the line.
pub fn samples(table: &Table, preparation: &Preparation) -> Result<Encoded, Error> {
    let rows: Vec<usize> = (0..table.rows()).collect();
    located(table, &rows, preparation.encode(&columns(table, preparation)?))
}

/// The target and the inputs, as numbers or words.
fn chosen(table: &Table, options: &TableOptions) -> Result<(Column, Vec<Column>), Error> {
    let target = table.column(&options.target)?;
    let ignored: Vec<usize> = options.ignored.iter().map(|name| table.column(name)).collect::<Result<_, _>>()?;
    if ignored.contains(&target) {
        let name = &options.target;
        return Err(limpid_learn::Error::Data(format!(
            "`{name}` is to be predicted and to be ignored; one of the two fits"
        ))
        .into());
    }
    let inputs = (0..table.names().len()).filter(|place| *place != target && !ignored.contains(place));
    let inputs = inputs.map(|place| {
        let own = column(table, place, table.is_numeric(place))?;
        if let Values::Words(words) = &own.values
            && is_mostly_numbers(words)
        {
            // Says where the first word stands.
            table.numbers(place)?;
        }
        Ok(own)
    });
    let inputs = inputs.collect::<Result<_, Error>>()?;
    Ok((column(table, target, table.is_numeric(target))?, inputs))
}

/// More different words than this, nearly all of them numbers: the others are slips, no categories.
const FEW_CATEGORIES: usize = 20;

fn is_mostly_numbers(words: &Words) -> bool {
    let different = words.different();
    let numbers = different.iter().filter(|word| word.parse::<f64>().is_ok()).count();
    different.len() > FEW_CATEGORIES && 10 * numbers >= 9 * different.len()
}

fn column(table: &Table, place: usize, is_numeric: bool) -> Result<Column, Error> {
    let name = table.names().get(place).cloned().unwrap_or_default();
    Ok(match is_numeric {
        true => Column::numbers(name, table.numbers(place)?),
        false => Column::words(name, table.words(place)),
    })
}

/// The columns that a preparation learned from, each as it was then.
fn columns(table: &Table, preparation: &Preparation) -> Result<Vec<Column>, Error> {
    preparation.check_names(table.names().iter().map(String::as_str))?;
    let inputs = preparation
        .inputs()
        .iter()
        .map(|input| column(table, table.column(&input.name)?, matches!(input.encoding, Encoding::Number { .. })));
    inputs.collect()
}

/// Which of the different values each row has, counted from 0.
fn labels(target: &Column) -> Vec<usize> {
    let texts: Words = match &target.values {
        Values::Words(words) => words.clone(),
        Values::Numbers(numbers) => {
            let texts: Vec<_> = numbers.iter().map(|number| number.map(|number| number.to_string())).collect();
            texts.iter().map(Option::as_deref).collect()
        }
    };
    let places: std::collections::HashMap<&str, usize> =
        texts.different().iter().enumerate().map(|(place, word)| (word.as_str(), place)).collect();
    texts.iter().map(|word| word.and_then(|word| places.get(word)).copied().unwrap_or(0)).collect()
}

/// What is wrong with a row, with the line that it stands in.
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
