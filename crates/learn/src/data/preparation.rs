//! Columns of a table → the numbers that a network is trained on; and the network's outputs → answers.
//!
//! Means, standard deviations and categories come from the training rows alone and are saved with the model, so that
//! every later sample is prepared in the same way.

use std::borrow::Borrow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::str::FromStr;

use limpid_graph::{Element, Tensor};
use serde::{Deserialize, Serialize};

use crate::choice::{choose, nearest};
use crate::data::column::{Column, Values};
use crate::data::holdout::Split;
use crate::error::{Error, MOST_CATEGORIES, PreparationError};

mod answers;
mod learner;
mod target;

pub use answers::{Answers, Prediction};
pub use learner::PreparationLearner;
pub use target::{Goal, Target};

/// What is to be predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// One of several classes.
    Classification,
    /// A number.
    Regression,
}

/// A target of whole numbers with at most so many different ones is taken for classes.
const MOST_NUMBERED_CLASSES: usize = 20;
/// The most numbers that prepared samples may take together.
const MOST_NUMBERS: usize = 1 << 29;

impl Task {
    /// The likely kind of a target: classes if it is words, or at most 20 different whole numbers; otherwise a number.
    pub fn guessed(target: &Column) -> Self {
        let mut guess = TaskGuess::default();
        guess.see(target);
        guess.task()
    }
}

/// What is likely meant by a target that comes part by part, as [`Task::guessed`] decides it.
#[derive(Clone, Debug, Default)]
pub struct TaskGuess {
    different: BTreeSet<u64>,
    is_number: bool,
}

impl TaskGuess {
    /// Takes in a part of the target.
    pub fn see(&mut self, target: &Column) {
        let Values::Numbers(numbers) = &target.values else { return };
        for number in numbers.iter().flatten() {
            if self.is_number {
                return;
            }
            self.different.insert(number.to_bits());
            self.is_number = number.fract() != 0.0 || self.different.len() > MOST_NUMBERED_CLASSES;
        }
    }

    /// What is likely meant by all that was seen.
    pub fn task(&self) -> Task {
        if self.is_number { Task::Regression } else { Task::Classification }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Classification => "classification",
            Self::Regression => "regression",
        })
    }
}

impl FromStr for Task {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Ok(choose("task", text, &[("classification", Self::Classification), ("regression", Self::Regression)])?)
    }
}

/// How samples are prepared and outputs are read, as it was learned from training samples.
///
/// ```
/// use limpid_learn::{Column, Preparation, Task};
///
/// let height = Column::numbers("height", [Some(1.0), Some(3.0), None]);
/// let colour = Column::words("colour", [Some("red"), Some("blue"), Some("red")]);
/// let kind = Column::words("kind", [Some("a"), Some("b"), Some("a")]);
/// let preparation = Preparation::fit(&[height.clone(), colour.clone()], &kind, Task::Classification)?;
/// let prepared = preparation.encode(&[height, colour])?;
/// // Height, whether it is missing, blue, red.
/// assert_eq!(prepared.inputs.shape(), [3, 4]);
/// assert_eq!(prepared.inputs.to_f64()[..8], [-1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0]);
/// assert_eq!(preparation.encode_target(&kind)?.to_f64(), [0.0, 1.0, 0.0]);
/// # Ok::<(), limpid_learn::PreparationError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Preparation {
    inputs: Vec<Input>,
    target: Target,
    left_out: Vec<LeftOut>,
    #[serde(default, skip_serializing_if = "TableNotes::is_usual")]
    table: TableNotes,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    split: Option<Split>,
}

/// How a table was read beside its columns, so that more tables are read in the same way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TableNotes {
    /// What stood for a missing value beside the usual marks.
    pub missing: Vec<String>,
    /// How many columns there were, where none had a name and each is called by its place.
    pub columns_by_place: Option<usize>,
    /// Whether samples are rounded to `f32` as they are prepared, for a model that computes in it. They take half the
    /// memory then.
    pub in_f32: bool,
}

impl TableNotes {
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// A column that samples are made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// How it becomes numbers.
    pub encoding: Encoding,
    /// Whether a further number says that the value is missing. So it is where one was missing in training.
    pub marks_missing: bool,
    /// How cells of text became numbers; see [`Column::reading`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<String>,
}

/// How a value becomes numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// A number, standardised: minus the mean, divided by the standard deviation. A missing one becomes the mean, which
    /// is 0.
    Number {
        /// The mean of the training samples.
        mean: f64,
        /// Their standard deviation; 1 where they are all the same.
        deviation: f64,
    },
    /// A word: 1 at its category, 0 at all others. A missing one, and one that training never saw, is 0 everywhere.
    Word {
        /// The categories, sorted.
        categories: Vec<String>,
    },
}

/// A column that says nothing of its samples.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The column's name.
    pub name: String,
    /// Why it is left out, such as `the same in every row`.
    pub why: String,
}

/// Samples as a network reads them.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoded {
    /// Shape (rows, numbers a sample).
    pub inputs: Tensor,
    /// Words that training never saw, each once.
    pub unknown: Vec<Unknown>,
}

/// A word that training never saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The column's name.
    pub column: String,
    /// The word.
    pub word: String,
    /// How many rows have it.
    pub rows: usize,
}

impl Preparation {
    /// Learns from training samples how they are prepared: for each column of numbers the mean and the standard
    /// deviation, for each column of words the categories, and for the target its classes or mean and deviation.
    ///
    /// Columns that are the same in every row, or known in none, are left out.
    ///
    /// # Errors
    /// [`PreparationError`]: columns of different lengths or one name, a target that is not known everywhere or is the
    /// same everywhere, words as the target of a regression, too many categories, or no column left.
    pub fn fit(inputs: &[Column], target: &Column, task: Task) -> Result<Self, PreparationError> {
        let mut learner = PreparationLearner::new(task);
        learner.see(inputs, target)?;
        learner.see_again(inputs, target)?;
        learner.learned()
    }

    /// As [`fit`](Self::fit), from columns that come one after the other: no more than one has to be held.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), and the first of the columns' own.
    pub fn fit_each<C: Borrow<Column>, E: From<PreparationError>>(
        inputs: impl IntoIterator<Item = Result<C, E>>,
        target: &Column,
        task: Task,
    ) -> Result<Self, E> {
        let mut learner = PreparationLearner::new(task);
        learner.see(&[], target)?;
        learner.see_again(&[], target)?;
        for column in inputs {
            learner.see_column(column?.borrow(), target.len())?;
        }
        Ok(learner.learned()?)
    }

    /// The columns that samples are made of, in the order of their numbers.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// What is predicted.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The columns that said nothing of the training samples.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// How a table was read beside its columns.
    pub fn table(&self) -> &TableNotes {
        &self.table
    }

    /// The same preparation of a table that was read in this way, from which these columns were left out before.
    #[must_use]
    pub fn of_table(mut self, table: TableNotes, left_out: impl IntoIterator<Item = LeftOut>) -> Self {
        self.left_out.extend(left_out);
        Self { table, ..self }
    }

    /// What it was learned from, and what was held out, where that is known.
    pub fn split(&self) -> Option<&Split> {
        self.split.as_ref()
    }

    /// The same preparation with what it was learned from.
    #[must_use]
    pub fn with_split(self, split: Split) -> Self {
        Self { split: Some(split), ..self }
    }

    /// How many numbers a sample has.
    pub fn size(&self) -> usize {
        self.inputs.iter().map(Input::size).sum()
    }

    /// Samples as the network reads them. Columns are found by their names; others may be there too.
    ///
    /// # Errors
    /// [`PreparationError`]: a column is missing, holds words for numbers or the reverse, or is of another length than
    /// the first; or all of it takes more memory than fits.
    pub fn encode(&self, columns: &[Column]) -> Result<Encoded, PreparationError> {
        let by_name: HashMap<&str, &Column> = columns.iter().map(|column| (column.name.as_str(), column)).collect();
        self.check_names(columns.iter().map(|column| column.name.as_str()))?;
        let column = |input: &Input| {
            let missing = || PreparationError::Missing { missing: vec![input.name.clone()], suggestion: None };
            by_name.get(input.name.as_str()).copied().ok_or_else(missing)
        };
        let rows = self.inputs.first().and_then(|input| by_name.get(input.name.as_str())).map_or(0, |own| own.len());
        let mut parts = self.encode_parts(&[&(0..rows).collect::<Vec<_>>()], column)?;
        parts.pop().ok_or(PreparationError::TooMany { rows, size: self.size() })
    }

    /// Samples as [`encode`](Self::encode) gives them, of several parts at once: the rows that each part has. Each column
    /// is asked for once, and no more than one has to be held.
    ///
    /// # Errors
    /// As [`encode`](Self::encode), with the row among all rows, and the first of the columns' own.
    pub fn encode_parts<C: Borrow<Column>, E: From<PreparationError>>(
        &self,
        parts: &[&[usize]],
        column: impl FnMut(&Input) -> Result<C, E>,
    ) -> Result<Vec<Encoded>, E> {
        match self.table.in_f32 {
            true => self.encode_as(parts, column, |number| number as f32),
            false => self.encode_as(parts, column, |number| number),
        }
    }

    fn encode_as<T: Element + Copy + Default, C: Borrow<Column>, E: From<PreparationError>>(
        &self,
        parts: &[&[usize]],
        mut column: impl FnMut(&Input) -> Result<C, E>,
        number: impl Fn(f64) -> T,
    ) -> Result<Vec<Encoded>, E> {
        let (rows, size) = (parts.iter().fold(0usize, |rows, part| rows.saturating_add(part.len())), self.size());
        if rows.checked_mul(size).is_none_or(|count| count > MOST_NUMBERS) {
            return Err(PreparationError::TooMany { rows, size }.into());
        }
        let mut encoded: Vec<(Vec<T>, Vec<Unknown>)> =
            parts.iter().map(|part| (vec![T::default(); part.len() * size], Vec::new())).collect();
        let (mut at, mut expected) = (0, None);
        for input in &self.inputs {
            let column = column(input)?;
            let column = column.borrow();
            let expected = *expected.get_or_insert(column.len());
            if column.len() != expected {
                let (name, found) = (column.name.clone(), column.len());
                return Err(PreparationError::Length { name, found, expected }.into());
            }
            for (part, (numbers, unknown)) in parts.iter().zip(&mut encoded) {
                let mut cells = Cells { numbers, at, size, number: &number };
                input.encode(&column.select(part), &mut cells, unknown).map_err(|error| error.among(part))?;
            }
            at += input.size();
        }
        let encoded = encoded.into_iter().zip(parts).map(|((numbers, unknown), part)| {
            let rows = part.len();
            let inputs = Tensor::new([rows, size], numbers).map_err(|_| PreparationError::TooMany { rows, size })?;
            Ok(Encoded { inputs, unknown })
        });
        encoded.collect()
    }

    /// Checks that all columns are there.
    ///
    /// # Errors
    /// [`PreparationError::Missing`] with every one that is not, and the name that was likely meant.
    pub fn check_names<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Result<(), PreparationError> {
        let names: HashSet<&str> = names.into_iter().collect();
        let is_missing = |input: &&Input| !names.contains(input.name.as_str());
        let missing: Vec<String> = self.inputs.iter().filter(is_missing).map(|input| input.name.clone()).collect();
        match missing.as_slice() {
            [] => Ok(()),
            [first, ..] => {
                let own: HashSet<&str> = self.inputs.iter().map(|input| input.name.as_str()).collect();
                let mut free: Vec<&str> = names.difference(&own).copied().collect();
                free.sort_unstable();
                let suggestion = nearest(first, &free).map(str::to_string);
                Err(PreparationError::Missing { missing, suggestion })
            }
        }
    }

    /// Targets as the losses take them: class labels, or numbers less the mean by the deviation; shape (rows).
    ///
    /// # Errors
    /// [`PreparationError::Class`] with the row of a class that training never saw, [`PreparationError::Unknown`] with the
    /// row of which nothing is known, [`PreparationError::Kind`] for words in the place of numbers.
    pub fn encode_target(&self, column: &Column) -> Result<Tensor, PreparationError> {
        self.target.encode(column)
    }
}

/// A preparation as it stands in a file, which may have been changed.
#[derive(Deserialize)]
struct Unchecked {
    inputs: Vec<Input>,
    target: Target,
    #[serde(default)]
    left_out: Vec<LeftOut>,
    #[serde(default)]
    table: TableNotes,
    #[serde(default)]
    split: Option<Split>,
}

impl TryFrom<Unchecked> for Preparation {
    type Error = PreparationError;

    fn try_from(unchecked: Unchecked) -> Result<Self, PreparationError> {
        let Unchecked { inputs, target, left_out, table, split } = unchecked;
        let mut names = BTreeSet::from([target.name.as_str()]);
        if let Some(twice) = inputs.iter().find(|input| !names.insert(&input.name)) {
            return Err(PreparationError::SameName { name: twice.name.clone() });
        }
        let damaged = |name: &str, what| Err(PreparationError::Damaged { name: name.to_string(), what });
        if inputs.is_empty() {
            return damaged(&target.name, "predicted from no column");
        }
        for Input { name, encoding, .. } in &inputs {
            match encoding {
                Encoding::Number { mean, deviation } if !is_scale(*mean, *deviation) => {
                    return damaged(name, "scaled by what is no mean and deviation");
                }
                Encoding::Word { categories } if categories.len() > MOST_CATEGORIES || !is_ascending(categories) => {
                    return damaged(name, "given categories out of order, or too many");
                }
                _ => {}
            }
        }
        let is_sound = match &target.goal {
            Goal::Words(classes) => classes.len() > 1 && is_ascending(classes),
            Goal::Numbers(classes) => {
                classes.len() > 1 && classes.iter().all(|x| x.is_finite()) && is_ascending(classes)
            }
            Goal::Number { mean, deviation } => is_scale(*mean, *deviation),
        };
        if !is_sound {
            return damaged(&target.name, "given classes out of order, or what is no mean and deviation");
        }
        Ok(Self { inputs, target, left_out, table, split })
    }
}

fn is_scale(mean: f64, deviation: f64) -> bool {
    mean.is_finite() && deviation.is_finite() && deviation > 0.0
}

fn is_ascending<T: PartialOrd>(values: &[T]) -> bool {
    values.windows(2).all(|pair| pair[0] < pair[1])
}

impl Input {
    /// How many numbers of a sample it gives.
    pub fn size(&self) -> usize {
        let size = match &self.encoding {
            Encoding::Number { .. } => 1,
            Encoding::Word { categories } => categories.len(),
        };
        size + usize::from(self.marks_missing)
    }

    /// Writes the numbers of each row into its cells.
    fn encode<T: Copy>(
        &self,
        column: &Column,
        cells: &mut Cells<'_, T, impl Fn(f64) -> T>,
        unknown: &mut Vec<Unknown>,
    ) -> Result<(), PreparationError> {
        let mark = self.marks_missing.then(|| self.size() - 1);
        match (&self.encoding, &column.values) {
            (Encoding::Number { mean, deviation }, Values::Numbers(values)) => {
                for (row, value) in values.iter().enumerate() {
                    let Some(value) = value else {
                        mark.into_iter().for_each(|mark| cells.set(row, mark, 1.0));
                        continue;
                    };
                    let own = (value - mean) / deviation;
                    if !(own as f32).is_finite() {
                        return Err(PreparationError::TooLarge { name: self.name.clone(), row: Some(row) });
                    }
                    cells.set(row, 0, own);
                }
                Ok(())
            }
            (Encoding::Word { categories }, Values::Words(words)) => {
                let places: HashMap<&str, usize> =
                    categories.iter().enumerate().map(|(place, word)| (word.as_str(), place)).collect();
                let mut counts: Vec<(&str, usize)> = Vec::new();
                for (row, word) in words.iter().enumerate() {
                    match word.map(|word| (word, places.get(word))) {
                        None => mark.into_iter().for_each(|mark| cells.set(row, mark, 1.0)),
                        Some((_, Some(&place))) => cells.set(row, place, 1.0),
                        Some((word, None)) => match counts.iter_mut().find(|(known, _)| *known == word) {
                            Some((_, count)) => *count += 1,
                            None => counts.push((word, 1)),
                        },
                    }
                }
                let column = || self.name.clone();
                unknown.extend(counts.into_iter().map(|(word, rows)| Unknown {
                    column: column(),
                    word: word.to_string(),
                    rows,
                }));
                Ok(())
            }
            (encoding, _) => {
                let wanted = if matches!(encoding, Encoding::Number { .. }) { "numbers" } else { "words" };
                Err(PreparationError::Kind { name: self.name.clone(), wanted })
            }
        }
    }
}

/// The numbers that a column has of each sample: from `at` on among its `size`.
struct Cells<'n, T, F> {
    numbers: &'n mut [T],
    at: usize,
    size: usize,
    number: &'n F,
}

impl<T, F: Fn(f64) -> T> Cells<'_, T, F> {
    fn set(&mut self, row: usize, place: usize, number: f64) {
        if let Some(own) = self.numbers.get_mut(row * self.size + self.at + place) {
            *own = (self.number)(number);
        }
    }
}

#[cfg(test)]
mod tests;
