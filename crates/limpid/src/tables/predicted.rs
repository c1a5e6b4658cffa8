//! What a model predicts for the rows of a table.

use limpid_engine::Precision;
use limpid_files::Table;
use limpid_graph::Tensor;
use limpid_learn::{Answers, Dataset, Model, Prediction, Preparation};

use crate::Error;
use crate::predictions::{class_name, number_text, outputs, probability_text};

/// Rows of a table, and what a model predicts for each.
#[derive(Debug)]
#[non_exhaustive]
pub struct TablePredictions {
    /// The table.
    pub table: Table,
    /// The table's row of each prediction, counted from 0.
    pub rows: Vec<usize>,
    /// The predictions.
    pub answers: Answers,
    /// The column that is predicted.
    pub target: String,
    /// The names of the classes; none for a regression.
    pub classes: Option<Vec<String>>,
    precision: Precision,
}

impl TablePredictions {
    /// Predicts these rows of a table, whose samples are `inputs`: those of [`samples`](super::samples).
    ///
    /// # Errors
    /// Where the samples do not fit the network.
    pub fn of(
        model: &mut Model,
        table: Table,
        rows: Vec<usize>,
        inputs: Tensor,
        preparation: &Preparation,
    ) -> Result<Self, Error> {
        let count = inputs.shape().first().copied().unwrap_or(0);
        // Samples whose targets nobody asks about.
        let all = Dataset::new(inputs, Tensor::from(vec![0u8; count]))?;
        // All rows, in their order, need not be copied.
        let is_all = rows.iter().copied().eq(0..count);
        let said = outputs(model, &if is_all { all } else { all.select(&rows)? })?;
        let answers = preparation.answers(&said, &model.loss())?;
        let (target, classes) = (preparation.target().name.clone(), preparation.target().classes());
        Ok(Self { table, rows, answers, target, classes, precision: model.precision() })
    }

    /// The columns that follow those of the table: the prediction, and the probability of each class where there are any.
    /// Names that the table has already end in `_again`.
    pub fn columns(&self) -> Vec<(String, Vec<String>)> {
        let name = format!("predicted_{}", self.target);
        let mut columns = match &self.answers {
            Answers::Numbers(said) => {
                vec![(name, said.iter().map(|said| number_text(*said, self.precision)).collect())]
            }
            Answers::Classes(said) => {
                let classes = self.classes.as_deref().unwrap_or_default();
                let mut columns = vec![(name, said.iter().map(|said| class_name(classes, said.class)).collect())];
                columns.extend(probability_columns(said, classes));
                columns
            }
        };
        let mut taken: Vec<String> = self.table.names().to_vec();
        for (name, _) in &mut columns {
            // A table that was predicted before has columns of these names.
            while taken.contains(name) {
                name.push_str("_again");
            }
            taken.push(name.clone());
        }
        columns
    }

    /// The rows as comma-separated values, with the columns of [`columns`](TablePredictions::columns) after them: what
    /// `limpid predict` writes.
    pub fn to_csv(&self) -> String {
        self.table.rows_to_text(&self.rows, &self.columns())
    }
}

/// A column of probabilities for each class, where there are any.
fn probability_columns(said: &[Prediction], classes: &[String]) -> Vec<(String, Vec<String>)> {
    if said.iter().any(|said| said.probabilities.is_none()) {
        return Vec::new();
    }
    let of = |class: usize| {
        let own = said.iter().map(|said| said.probabilities.as_ref().and_then(|all| all.get(class)).copied());
        own.map(|own| own.map(probability_text).unwrap_or_default()).collect()
    };
    classes.iter().enumerate().map(|(class, name)| (format!("probability_{name}"), of(class))).collect()
}
