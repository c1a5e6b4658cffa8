//! A table in a file that is larger than memory → samples that are read from it while a model learns.

use std::path::Path;
use std::sync::Arc;

use limpid_files::{Doubt, Reading, Table, TableFile, TableFileError, TableForm};
use limpid_graph::{Element, Tensor};
use limpid_learn::{
    Column, Dataset, HOLDOUT_BLOCK, HeldOut, Holdout, LeftOut, MOST_CATEGORIES, Preparation, PreparationError,
    PreparationLearner, Split, Task, TaskGuess, Unknown, Values, Windowed, Windows,
};

use super::labels::Labels;
use super::row_names::RowNames;
use super::{TableOptions, column, located, notes, places};
use crate::Error;

/// So many words of a first column without a name are compared with each other: where they all differ, it names the rows.
const MOST_ROW_NAMES: usize = 1 << 16;

/// A table in a file as samples to learn from, and samples that were held out, read while a model learns from them.
#[derive(Debug)]
#[non_exhaustive]
pub struct TableStream {
    /// Samples as [`TableSplit::train`](super::TableSplit::train) has them.
    pub train: Windowed,
    /// What was held out, if anything.
    pub test: Option<Windowed>,
    /// How samples are prepared, learned from the training samples alone.
    pub preparation: Preparation,
    /// How many rows the table has.
    pub rows: usize,
    /// How many of them are left out because nothing is known of their target.
    pub without_target: usize,
    /// Words of the test rows that no training row has.
    pub unknown: Vec<Unknown>,
    /// What speaks against the way in which a column was read: its name, and why.
    pub doubts: Vec<(String, Doubt)>,
    /// What was passed over or assumed before the rows, a sentence each.
    pub notes: Vec<String>,
}

/// Makes a table in a file, plain or gzip'd, into samples that are read while a model learns from them. Two windows of
/// `window` samples are held at most, each number of a sample in the precision of the options, and a bit for each row of
/// the file.
///
/// The file is read four times before: for what each column is, for the targets, for means and categories, and for
/// deviations. What is learned of it does not depend on the window, and is to the last bit what [`split`](super::split)
/// learns from the table in memory, as long as the same rows are held out. Those are drawn in blocks of 65,536 rows with a
/// known target ([`HOLDOUT_BLOCK`](limpid_learn::HOLDOUT_BLOCK)), in each block the same share of each class: a table of
/// one block has the very rows held out that [`split`](super::split) holds out. Then each epoch reads the file once.
///
/// Training shuffles within windows. With a window of all samples, a model learns the numbers that it learns in memory.
/// With a smaller one, rows of a file that is sorted by its target come to it sorted: shuffle such a file first.
///
/// ```
/// use limpid::files::TableForm;
/// use limpid::prelude::*;
/// use limpid::tables::{self, TableOptions};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("sizes.csv");
/// let rows: String = (0..4000).map(|i| format!("{},{}\n", i % 7, if i % 7 > 3 { "large" } else { "small" })).collect();
/// std::fs::write(&path, format!("size,kind\n{rows}"))?;
/// let table = tables::stream(&path, &TableForm::default(), &TableOptions::predicting("kind"), 500)?;
/// assert_eq!((table.rows, table.train.len()), (4000, 3200));
/// let network = Network::new(table.preparation.size(), (Affine::new(1, 8), Relu, Affine::new(8, 2)));
/// let mut model = Model::new(&network, 1)?;
/// model.fit(&table.train, &FitOptions { epochs: 5, batch_size: 10, ..FitOptions::default() })?;
/// assert_eq!(model.evaluate(&table.test.expect("a fifth was held out"))?.accuracy, Some(1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`TableFile::open`] and [`split`](super::split), and where the window is 0. Errors of rows name the file and the line.
pub fn stream(path: &Path, form: &TableForm, options: &TableOptions, window: usize) -> Result<TableStream, Error> {
    if window == 0 {
        let (found, hint) = ("0".to_string(), "use 1 or more".to_string());
        return Err(limpid_learn::Error::Setting { name: "the number of samples in a window", found, hint }.into());
    }
    let file = TableFile::open(path, form)?;
    let Surveyed { mut read, doubts, rows, checksum } = Surveyed::of(file, options)?;
    let Targets { task, held_out, without_target, left_out } = Targets::of(&read, options)?;
    read.leave_out(&left_out);
    let doubts = doubts.into_iter().filter(|(name, _)| !left_out.iter().any(|own| own.name == *name)).collect();
    let (learned, unknown) = learned(&read, &held_out, task)?;
    let (train, test) = (held_out.train(), held_out.test());
    let (share, seed, in_blocks) = (options.test_share, options.seed, train + test > HOLDOUT_BLOCK);
    let split = Split { checksum, train, test, share, seed, in_blocks };
    let preparation = learned.of_table(notes(read.file.head(), options.precision), left_out).with_split(split);
    let notes = read.file.head().notes().to_vec();
    let shared = Arc::new(Shared { read, held_out, preparation: preparation.clone() });
    let part = |samples: usize, is_test: bool| {
        let shared = Arc::clone(&shared);
        Windowed::new(samples, window, move || shared.open(is_test, window.min(samples)))
    };
    let test = if test == 0 { None } else { Some(part(test, true)?) };
    Ok(TableStream { train: part(train, false)?, test, preparation, rows, without_target, unknown, doubts, notes })
}

/// The columns that are looked at, with how each is read.
#[derive(Debug)]
struct ReadColumns {
    file: TableFile,
    inputs: Vec<(usize, Reading)>,
    target: (usize, Reading),
}

/// Rows of a window with known targets: their places in it, their inputs and targets.
struct Rows {
    table: Table,
    places: Vec<usize>,
    inputs: Vec<Column>,
    target: Column,
}

/// What the first pass over a table finds.
struct Surveyed {
    read: ReadColumns,
    /// What speaks against what a column was taken for, by its name.
    doubts: Vec<(String, Doubt)>,
    rows: usize,
    checksum: String,
}

impl Surveyed {
    fn of(file: TableFile, options: &TableOptions) -> Result<Self, Error> {
        let head = file.head();
        let (target, inputs) = places(head, options)?;
        let all: Vec<usize> = inputs.iter().copied().chain([target]).collect();
        let readings = file.readings(&all)?;
        let names = all.iter().map(|&place| head.names()[place].clone());
        let doubts = names.zip(&readings.guesses).filter_map(|(name, guess)| Some((name, guess.doubt.clone()?)));
        let doubts = doubts.collect();
        let mut read = all.into_iter().zip(readings.guesses.into_iter().map(|guess| guess.reading));
        let inputs = read.by_ref().take(inputs.len()).collect();
        let target = read.next().unwrap_or((target, Reading::Words));
        let read = ReadColumns { file, inputs, target };
        Ok(Self { read, doubts, rows: readings.rows, checksum: readings.checksum })
    }
}

impl ReadColumns {
    fn windows(&self) -> Result<impl Iterator<Item = Result<Table, Error>> + use<>, Error> {
        Ok(self.file.windows(0)?.map(|table| table.map_err(Error::from)))
    }

    fn column(&self, table: &Table, (place, reading): &(usize, Reading)) -> Result<Column, Error> {
        column(table, *place, reading).map_err(|error| self.in_file(error))
    }

    /// The rows of a window whose number among those with a known target `is_wanted`, of which `known` came before.
    fn rows(&self, table: Table, known: &mut usize, is_wanted: impl Fn(usize) -> bool) -> Result<Rows, Error> {
        let target = self.column(&table, &self.target)?;
        let mut places: Vec<usize> = (0..target.len()).filter(|&row| target.is_known(row)).collect();
        let first = *known;
        *known += places.len();
        let mut number = first;
        places.retain(|_| {
            number += 1;
            is_wanted(number - 1)
        });
        let select = |own: &(usize, Reading)| Ok::<_, Error>(self.column(&table, own)?.select(&places));
        let inputs = self.inputs.iter().map(select).collect::<Result<Vec<_>, _>>()?;
        let target = target.select(&places);
        Ok(Rows { table, places, inputs, target })
    }

    fn leave_out(&mut self, left_out: &[LeftOut]) {
        let names = self.file.head().names();
        self.inputs.retain(|(place, _)| !left_out.iter().any(|own| own.name == names[*place]));
    }

    /// What is wrong with a row, with its file.
    fn in_file(&self, error: Error) -> Error {
        match error {
            Error::Table(cause) => {
                TableFileError::Content { path: self.file.path().to_path_buf(), cause: Box::new(cause) }.into()
            }
            error => error,
        }
    }
}

/// What the targets of all rows tell, and columns that say no more than which row each is.
struct Targets {
    task: Task,
    held_out: HeldOut,
    without_target: usize,
    left_out: Vec<LeftOut>,
}

impl Targets {
    fn of(read: &ReadColumns, options: &TableOptions) -> Result<Self, Error> {
        let head = read.file.head();
        let name = || head.names()[read.target.0].clone();
        // Columns without a name, with how each is read.
        let unnamed = read.inputs.iter().filter(|(place, _)| head.is_unnamed(*place));
        let mut names: Vec<(&(usize, Reading), RowNames)> = unnamed
            .map(|column| (column, RowNames::new(head.names()[column.0].clone(), column.0, MOST_ROW_NAMES)))
            .collect();
        let mut guess = TaskGuess::default();
        let mut labels = Labels::default();
        let rows = || Holdout::new(options.test_share, options.seed);
        let (mut by_class, mut by_row) = (rows(), rows());
        let (mut known, mut without_target) = (0usize, 0);
        for table in read.windows()? {
            let table = table?;
            for (column, own) in names.iter_mut().filter(|(_, own)| own.may_be()) {
                own.see(&read.column(&table, column)?);
            }
            if options.task == Some(Task::Regression) && read.target.1 == Reading::Words {
                // Says where the first word stands.
                read.column(&table, &(read.target.0, Reading::PLAIN))?;
            }
            let target = read.column(&table, &read.target)?;
            guess.see(&target);
            let is_class = options.task.unwrap_or_else(|| guess.task()) == Task::Classification;
            for row in 0..target.len() {
                if !target.is_known(row) {
                    without_target += 1;
                    continue;
                }
                known += 1;
                by_row.push(None);
                if is_class {
                    by_class.push(labels.of(&target, row));
                }
            }
            if is_class && labels.len() > MOST_CATEGORIES {
                let (count, is_numeric) = (labels.len(), matches!(target.values, Values::Numbers(_)));
                return Err(PreparationError::Classes { name: name(), count, is_numeric }.into());
            }
        }
        if known == 0 {
            return Err(PreparationError::NoTarget { name: name() }.into());
        }
        let task = options.task.unwrap_or_else(|| guess.task());
        let held_out = if task == Task::Classification { by_class.chosen()? } else { by_row.chosen()? };
        let left_out = names.into_iter().filter_map(|(_, own)| own.left_out()).collect();
        Ok(Self { task, held_out, without_target, left_out })
    }
}

/// What the training rows teach, and the words that only test rows have.
fn learned(read: &ReadColumns, held_out: &HeldOut, task: Task) -> Result<(Preparation, Vec<Unknown>), Error> {
    let mut learner = PreparationLearner::new(task);
    let mut known = 0;
    for table in read.windows()? {
        let Rows { inputs, target, .. } = read.rows(table?, &mut known, |row| !held_out.contains(row))?;
        if !target.is_empty() {
            learner.see(&inputs, &target)?;
        }
    }
    let mut known = 0;
    let mut unknown: Vec<Unknown> = Vec::new();
    for table in read.windows()? {
        let first = known;
        let Rows { inputs, target, .. } = read.rows(table?, &mut known, |_| true)?;
        let (test, train): (Vec<usize>, Vec<usize>) = (0..target.len()).partition(|row| held_out.contains(first + row));
        let part = |rows: &[usize]| inputs.iter().map(|column| column.select(rows)).collect::<Vec<_>>();
        for own in learner.unknown(&part(&test)) {
            match unknown.iter_mut().find(|other| (&other.column, &other.word) == (&own.column, &own.word)) {
                Some(other) => other.rows += own.rows,
                None => unknown.push(own),
            }
        }
        learner.see_again(&part(&train), &target.select(&train))?;
    }
    let preparation = learner.learned()?;
    // Column by column, as they are found in a table in memory.
    let place = |unknown: &Unknown| preparation.inputs().iter().position(|input| input.name == unknown.column);
    unknown.sort_by_key(place);
    Ok((preparation, unknown))
}

/// What each pass over the samples needs.
#[derive(Debug)]
struct Shared {
    read: ReadColumns,
    held_out: HeldOut,
    preparation: Preparation,
}

impl Shared {
    /// Begins a pass over the samples of a part, in windows.
    fn open(self: &Arc<Self>, is_test: bool, window: usize) -> Result<Windows, limpid_learn::Error> {
        let shared = Arc::clone(self);
        let mut known = 0;
        let samples = self.read.windows().map_err(|error| self.unread(&error))?.map(move |table| {
            let samples = table.and_then(|table| shared.samples(table, &mut known, is_test));
            samples.map_err(|error| shared.unread(&error))
        });
        let size = self.preparation.size();
        Ok(match self.preparation.table().in_f32 {
            true => Box::new(Filled::<_, f32>::new(samples, size, window)),
            false => Box::new(Filled::<_, f64>::new(samples, size, window)),
        })
    }

    /// The samples of a part among the rows of a window.
    fn samples(&self, table: Table, known: &mut usize, is_test: bool) -> Result<(Tensor, Tensor), Error> {
        let rows = self.read.rows(table, known, |row| self.held_out.contains(row) == is_test)?;
        let Rows { table, places, inputs, target } = rows;
        let encoded = located(&table, &places, self.preparation.encode(&inputs))?;
        let targets = located(&table, &places, self.preparation.encode_target(&target))?;
        Ok((encoded.inputs, targets))
    }

    fn unread(&self, error: &Error) -> limpid_learn::Error {
        let text = error.to_string();
        let path = self.read.file.path().display().to_string();
        limpid_learn::Error::Read(if text.starts_with(&path) { text } else { format!("{path}: {text}") })
    }
}

/// Samples that come a few at a time, their inputs in this type, in windows of one size.
struct Filled<S, T> {
    samples: S,
    size: usize,
    window: usize,
    inputs: Vec<T>,
    targets: Vec<f64>,
}

impl<S, T> Filled<S, T> {
    fn new(samples: S, size: usize, window: usize) -> Self {
        Self { samples, size, window, inputs: Vec::new(), targets: Vec::new() }
    }
}

impl<S, T> Iterator for Filled<S, T>
where
    S: Iterator<Item = Result<(Tensor, Tensor), limpid_learn::Error>>,
    T: Element + Copy,
{
    type Item = Result<Dataset, limpid_learn::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.targets.len() < self.window {
            let (inputs, targets) = match self.samples.next() {
                Some(Ok(samples)) => samples,
                Some(Err(error)) => return Some(Err(error)),
                None => break,
            };
            if self.inputs.is_empty() {
                self.inputs.reserve_exact(self.size * (self.window + targets.len()));
            }
            self.inputs.extend(inputs.as_slice::<T>().unwrap_or_default());
            self.targets.extend(targets.as_slice::<f64>().unwrap_or_default());
        }
        let count = self.targets.len().min(self.window);
        if count == 0 {
            return None;
        }
        let rest = (self.inputs.split_off(count * self.size), self.targets.split_off(count));
        let inputs = std::mem::replace(&mut self.inputs, rest.0);
        let targets = std::mem::replace(&mut self.targets, rest.1);
        let inputs =
            Tensor::new([count, self.size], inputs).map_err(|error| limpid_learn::Error::Read(error.to_string()));
        Some(inputs.and_then(|inputs| Dataset::new(inputs, Tensor::from(targets))))
    }
}
