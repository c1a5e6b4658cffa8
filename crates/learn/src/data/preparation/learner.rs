//! Training samples, all at once or part by part → what of them a preparation keeps.

use super::{Encoding, Goal, Input, LeftOut, Preparation, TableNotes, Target, Task, Unchecked, Unknown};
use crate::data::column::{Column, Values};
use crate::error::{MOST_CATEGORIES, PreparationError};

/// Learns a [`Preparation`] from training samples that come part by part, as from a file that is larger than memory.
///
/// The parts are seen twice: first for means and categories, then for deviations. What is learned is what
/// [`Preparation::fit`] learns from all of them at once, to the last bit, however they are cut.
///
/// ```
/// use limpid_learn::{Column, Preparation, PreparationLearner, Task};
///
/// let x = Column::numbers("x", [0.1, 0.7, 0.4, 0.3].map(Some));
/// let y = Column::words("y", ["a", "b", "b", "a"].map(Some));
/// let mut learner = PreparationLearner::new(Task::Classification);
/// let parts = [[0, 1], [2, 3]].map(|rows| ([x.select(&rows)], y.select(&rows)));
/// parts.iter().try_for_each(|(inputs, target)| learner.see(inputs, target))?;
/// parts.iter().try_for_each(|(inputs, target)| learner.see_again(inputs, target))?;
/// assert_eq!(learner.learned()?, Preparation::fit(&[x], &y, Task::Classification)?);
/// # Ok::<(), limpid_learn::PreparationError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PreparationLearner {
    task: Task,
    inputs: Vec<Seen>,
    target: Option<Seen>,
}

/// What is gathered of a column.
#[derive(Clone, Debug)]
struct Seen {
    name: String,
    reading: Option<String>,
    rows: usize,
    known: usize,
    values: Gathered,
}

#[derive(Clone, Debug)]
enum Gathered {
    /// The sum of the numbers, and, when they are seen again, that of their squared distances from the mean.
    Sums { sum: f64, squares: f64 },
    /// The different words, sorted.
    Words(Vec<String>),
    /// The different numbers, sorted.
    Numbers(Vec<f64>),
}

impl PreparationLearner {
    /// Has seen nothing yet.
    pub fn new(task: Task) -> Self {
        Self { task, inputs: Vec::new(), target: None }
    }

    /// Takes in samples. All parts have the same columns in the same order.
    ///
    /// # Errors
    /// [`PreparationError`]: columns of different lengths or of another kind than before, a target that is not known
    /// everywhere or is words where a number is predicted, and more categories or classes than fit among the samples
    /// that came before.
    pub fn see(&mut self, inputs: &[Column], target: &Column) -> Result<(), PreparationError> {
        self.check_room()?;
        check_target(target, self.task, self.target.as_ref().map_or(0, |seen| seen.rows))?;
        let is_class = self.task == Task::Classification;
        self.target.get_or_insert_with(|| Seen::new(target, is_class)).see(target)?;
        if self.inputs.is_empty() {
            self.inputs = inputs.iter().map(|column| Seen::new(column, false)).collect();
        }
        for (seen, column) in self.inputs.iter_mut().zip(inputs) {
            if column.len() != target.len() {
                let (name, found, expected) = (column.name.clone(), column.len(), target.len());
                return Err(PreparationError::Length { name, found, expected });
            }
            seen.see(column)?;
        }
        Ok(())
    }

    /// Takes in the same samples once more, after all were seen.
    ///
    /// # Errors
    /// [`PreparationError::Kind`] for columns of another kind than before.
    pub fn see_again(&mut self, inputs: &[Column], target: &Column) -> Result<(), PreparationError> {
        self.target.iter_mut().try_for_each(|seen| seen.see_again(target))?;
        self.inputs.iter_mut().zip(inputs).try_for_each(|(seen, column)| seen.see_again(column))
    }

    /// Takes in all of one more column, of as many rows as the target has.
    pub(super) fn see_column(&mut self, column: &Column, expected: usize) -> Result<(), PreparationError> {
        if column.len() != expected {
            let (name, found) = (column.name.clone(), column.len());
            return Err(PreparationError::Length { name, found, expected });
        }
        let mut seen = Seen::new(column, false);
        seen.see(column)?;
        seen.see_again(column)?;
        self.inputs.push(seen);
        Ok(())
    }

    /// The words in these columns that no sample had which was seen, each once with how often it is there. Columns that
    /// will be left out have none.
    pub fn unknown(&self, inputs: &[Column]) -> Vec<Unknown> {
        let mut unknown = Vec::new();
        for (seen, column) in self.inputs.iter().zip(inputs) {
            let (Gathered::Words(known), Values::Words(words)) = (&seen.values, &column.values) else { continue };
            if !seen.tells_something(known.len() < 2) {
                continue;
            }
            for word in words.different().iter().filter(|word| known.binary_search(word).is_err()) {
                let rows = words.iter().filter(|own| *own == Some(word.as_str())).count();
                unknown.push(Unknown { column: seen.name.clone(), word: word.clone(), rows });
            }
        }
        unknown
    }

    /// What was learned.
    ///
    /// # Errors
    /// [`PreparationError`]: a target that is the same everywhere, too many categories or classes, numbers too large to
    /// compute with, two columns of one name, or no column left.
    pub fn learned(self) -> Result<Preparation, PreparationError> {
        let Some(target) = self.target else { return Err(PreparationError::NoInputs { left_out: Vec::new() }) };
        let goal = target.goal()?;
        let (mut kept, mut left_out) = (Vec::new(), Vec::new());
        for seen in self.inputs {
            let why = if seen.known > 0 { "the same in every row" } else { "empty in every row" };
            let name = seen.name.clone();
            match seen.input()? {
                Some(input) => kept.push(input),
                None => left_out.push(LeftOut { name, why: why.to_string() }),
            }
        }
        if kept.is_empty() {
            return Err(PreparationError::NoInputs {
                left_out: left_out.into_iter().map(|column| column.name).collect(),
            });
        }
        let target = Target { name: target.name, goal, reading: target.reading };
        Unchecked { inputs: kept, target, left_out, table: TableNotes::default(), split: None }.try_into()
    }

    /// Nothing is gathered on and on of a column that cannot be learned from.
    fn check_room(&self) -> Result<(), PreparationError> {
        self.target.iter().try_for_each(Seen::check_classes)?;
        self.inputs.iter().try_for_each(Seen::check_categories)
    }
}

/// Whether a target is known everywhere, and fits the task. So many rows were seen before.
fn check_target(target: &Column, task: Task, before: usize) -> Result<(), PreparationError> {
    let name = || target.name.clone();
    let unknown = (0..target.len()).find(|&row| !target.is_known(row));
    if (0..target.len()).all(|row| !target.is_known(row)) && before == 0 {
        return Err(PreparationError::NoTarget { name: name() });
    }
    match (unknown, task, &target.values) {
        (Some(row), ..) => Err(PreparationError::Unknown { name: name(), row: before + row }),
        (_, Task::Regression, Values::Words(_)) => Err(PreparationError::Kind { name: name(), wanted: "numbers" }),
        _ => Ok(()),
    }
}

impl Seen {
    fn new(column: &Column, is_class: bool) -> Self {
        let values = match (&column.values, is_class) {
            (Values::Words(_), _) => Gathered::Words(Vec::new()),
            (Values::Numbers(_), true) => Gathered::Numbers(Vec::new()),
            // As the sum of no numbers is in floats: added to any, it changes not even its sign.
            (Values::Numbers(_), false) => Gathered::Sums { sum: -0.0, squares: -0.0 },
        };
        Self { name: column.name.clone(), reading: column.reading.clone(), rows: 0, known: 0, values }
    }

    fn see(&mut self, column: &Column) -> Result<(), PreparationError> {
        self.rows += column.len();
        self.known += (0..column.len()).filter(|&row| column.is_known(row)).count();
        match (&mut self.values, &column.values) {
            (Gathered::Sums { sum, .. }, Values::Numbers(numbers)) => {
                numbers.iter().flatten().for_each(|number| *sum += number);
            }
            (Gathered::Words(different), Values::Words(words)) => {
                let is_new = |word: &&String| different.binary_search(word).is_err();
                let new: Vec<String> = words.different().iter().filter(is_new).cloned().collect();
                different.extend(new);
                different.sort();
            }
            (Gathered::Numbers(different), Values::Numbers(numbers)) => {
                different.extend(numbers.iter().flatten());
                different.sort_by(f64::total_cmp);
                different.dedup();
            }
            _ => return Err(self.other_kind()),
        }
        Ok(())
    }

    fn see_again(&mut self, column: &Column) -> Result<(), PreparationError> {
        let mean = self.mean();
        match (&mut self.values, &column.values) {
            (Gathered::Sums { squares, .. }, Values::Numbers(numbers)) => {
                numbers.iter().flatten().for_each(|x| *squares += (x - mean) * (x - mean));
                Ok(())
            }
            (Gathered::Words(_), Values::Words(_)) | (Gathered::Numbers(_), Values::Numbers(_)) => Ok(()),
            _ => Err(self.other_kind()),
        }
    }

    fn other_kind(&self) -> PreparationError {
        let wanted = if matches!(self.values, Gathered::Words(_)) { "words" } else { "numbers" };
        PreparationError::Kind { name: self.name.clone(), wanted }
    }

    fn mean(&self) -> f64 {
        match &self.values {
            Gathered::Sums { sum, .. } => sum / self.known.max(1) as f64,
            _ => 0.0,
        }
    }

    /// Mean and standard deviation, the latter where the numbers are not all the same: up to rounding, which alone makes
    /// a deviation of some 10⁻¹⁶ of the mean.
    fn mean_and_deviation(&self, squares: f64) -> Result<(f64, Option<f64>), PreparationError> {
        let mean = self.mean();
        let deviation = (squares / self.known.max(1) as f64).sqrt();
        if !mean.is_finite() || !deviation.is_finite() {
            return Err(PreparationError::TooLarge { name: self.name.clone(), row: None });
        }
        let is_same = deviation <= 1e-12 * mean.abs() || deviation < f64::MIN_POSITIVE;
        Ok((mean, (!is_same).then_some(deviation)))
    }

    /// What is the same wherever it is known still tells what is known from what is not.
    fn tells_something(&self, is_same: bool) -> bool {
        self.known > 0 && (!is_same || self.known < self.rows)
    }

    /// How the column is encoded, where it tells samples apart.
    fn input(self) -> Result<Option<Input>, PreparationError> {
        self.check_categories()?;
        let (encoding, is_same) = match &self.values {
            Gathered::Words(words) => (Encoding::Word { categories: words.clone() }, words.len() < 2),
            Gathered::Sums { squares, .. } => {
                let (mean, deviation) = self.mean_and_deviation(*squares)?;
                (Encoding::Number { mean, deviation: deviation.unwrap_or(1.0) }, deviation.is_none())
            }
            Gathered::Numbers(_) => return Err(self.other_kind()),
        };
        let marks_missing = self.known < self.rows;
        let tells_something = self.tells_something(is_same);
        Ok(tells_something.then_some(Input { name: self.name, encoding, marks_missing, reading: self.reading }))
    }

    fn goal(&self) -> Result<Goal, PreparationError> {
        let one = |class: String| PreparationError::OneClass { name: self.name.clone(), class };
        self.check_classes()?;
        match &self.values {
            Gathered::Words(classes) if classes.len() == 1 => Err(one(classes.concat())),
            Gathered::Words(classes) => Ok(Goal::Words(classes.clone())),
            Gathered::Numbers(classes) => match classes.as_slice() {
                [class] => Err(one(class.to_string())),
                _ => Ok(Goal::Numbers(classes.clone())),
            },
            Gathered::Sums { squares, .. } => {
                let (mean, deviation) = self.mean_and_deviation(*squares)?;
                let deviation = deviation.ok_or_else(|| one(mean.to_string()))?;
                Ok(Goal::Number { mean, deviation })
            }
        }
    }

    fn check_categories(&self) -> Result<(), PreparationError> {
        match &self.values {
            Gathered::Words(words) if words.len() > MOST_CATEGORIES => {
                let (name, count, rows) = (self.name.clone(), words.len(), self.rows);
                Err(PreparationError::Categories { name, count, rows })
            }
            _ => Ok(()),
        }
    }

    fn check_classes(&self) -> Result<(), PreparationError> {
        let (count, is_numeric) = match &self.values {
            Gathered::Words(classes) => (classes.len(), false),
            Gathered::Numbers(classes) => (classes.len(), true),
            Gathered::Sums { .. } => return Ok(()),
        };
        match count > MOST_CATEGORIES {
            true => Err(PreparationError::Classes { name: self.name.clone(), count, is_numeric }),
            false => Ok(()),
        }
    }
}
