//! Samples that a saved model is evaluated on, read as it learned to read them, and how it does on them.

#[cfg(any(feature = "tables", feature = "pictures"))]
use std::path::Path;

use limpid_graph::Tensor;
#[cfg(any(feature = "tables", feature = "pictures"))]
use limpid_learn::Loss;
use limpid_learn::{Answers, Dataset, Evaluation, Regression, Task, Unknown};

use crate::Error;
#[cfg(any(feature = "tables", feature = "pictures"))]
use crate::datasets::targets_for;
use crate::models::{Part, Samples, Saved, Seen};
pub use crate::predictions::outputs;

/// Samples with their targets, and what is known of them.
#[derive(Debug)]
#[non_exhaustive]
pub struct EvaluationData {
    /// The samples.
    pub data: Dataset,
    /// The data's name, for a report.
    pub name: String,
    /// Which part of the data they are; none where it has no parts, or all of it is meant.
    pub part: Option<Part>,
    /// Where each sample stands: its file, or its line in a table. Empty for a published data set.
    pub places: Vec<String>,
    /// Which of the samples the model was trained on; none where the data has parts of its own, or a part was chosen.
    pub seen: Option<Seen>,
    /// How many rows of a table were left out because nothing is known of their target.
    pub without_target: usize,
    /// Words of a table that no training row had.
    pub unknown: Vec<Unknown>,
    /// What was done to pictures, and how their folder was read, a sentence each.
    pub notes: Vec<String>,
}

impl EvaluationData {
    /// All rows of a table whose target is known (the feature `tables`).
    ///
    /// # Errors
    /// Where a column is not there or does not fit, with the line.
    #[cfg(feature = "tables")]
    pub fn of_table(
        name: impl Into<String>,
        table: &limpid_files::Table,
        preparation: &limpid_learn::Preparation,
        loss: &Loss,
    ) -> Result<Self, Error> {
        let crate::tables::Labelled { data, rows, seen, without_target, unknown } =
            crate::tables::labelled(table, preparation)?;
        let target = preparation.target();
        let data = targets_for(data, target.task(), target.outputs(), loss)?;
        let places = rows.iter().map(|row| format!("line {}", table.line(*row).unwrap_or(0))).collect();
        let (name, notes) = (name.into(), Vec::new());
        Ok(Self { data, name, part: None, places, seen: Some(seen), without_target, unknown, notes })
    }

    /// Pictures of a folder or of arrays: of one that has parts, the part that is asked for, or what is held out; of another
    /// all of them (the feature `pictures`). Each is brought to the model's form, or with `as_is` left as it is.
    ///
    /// # Errors
    /// As [`pictures::for_evaluation`](crate::pictures::for_evaluation).
    #[cfg(feature = "pictures")]
    pub fn of_pictures(
        name: impl Into<String>,
        path: &Path,
        form: &crate::models::PictureForm,
        part: Option<Part>,
        loss: &Loss,
        as_is: bool,
    ) -> Result<Self, Error> {
        let asked = crate::pictures::for_evaluation(path, form, part != Some(Part::Train), as_is)?;
        let own = asked.held_out.map(|held_out| if held_out { Part::Test } else { Part::Train });
        let data = targets_for(asked.data, Task::Classification, form.classes.len(), loss)?;
        let places = asked.paths.iter().map(|path| path.display().to_string()).collect();
        let seen = own.is_none().then_some(asked.seen);
        let (name, unknown, notes) = (name.into(), Vec::new(), asked.notes);
        Ok(Self { data, name, part: own, places, seen, without_target: 0, unknown, notes })
    }

    /// The samples of a part, told as in the training of the model; themselves where they are a part already. None where it
    /// is not known which they are, or there are none.
    ///
    /// # Errors
    /// None for rows that [`Seen`] told.
    pub fn only(self, part: Part) -> Result<Result<Self, Self>, Error> {
        let Some(seen) = &self.seen else { return Ok(Ok(self)) };
        let Some(rows) = seen.rows(part) else { return Ok(Err(self)) };
        let places = rows.iter().filter_map(|&sample| self.places.get(sample).cloned()).collect();
        Ok(Ok(Self { data: self.data.select(rows)?, part: Some(part), places, seen: None, ..self }))
    }
}

/// How a model does on samples.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Evaluated {
    /// Loss and accuracy.
    pub evaluation: Evaluation,
    /// For a regression, how far the numbers are from the right ones, in the target's own units.
    pub regression: Option<Regression>,
}

impl Saved {
    /// Rows of a table in a file, as this model learned to read them, and with `part` only those that it was trained on or
    /// those that were held out (the feature `tables`).
    ///
    /// # Errors
    /// Where the model did not learn from a table, a column is not there or does not fit, or it is not known which rows are
    /// of the part.
    #[cfg(feature = "tables")]
    pub fn read_table(&self, path: impl AsRef<Path>, part: Option<Part>) -> Result<EvaluationData, Error> {
        let (path, preparation) = (path.as_ref(), self.preparation()?);
        let table = limpid_files::Table::read_as(path, &crate::tables::form(preparation))?;
        let table = crate::tables::fitted(table, preparation);
        let all = EvaluationData::of_table(path.display().to_string(), &table, preparation, &self.model.loss())?;
        let Some(part) = part else { return Ok(all) };
        all.only(part)?.map_err(|all| {
            let what = format!("which rows of {} are of this part is not known; take all of them", all.name);
            limpid_learn::Error::Data(what).into()
        })
    }

    /// What the model predicts for each row of a table in a file (the feature `tables`). The table may lack the column that
    /// is predicted.
    ///
    /// # Errors
    /// Where the model did not learn from a table, and where a column is not there or does not fit.
    #[cfg(feature = "tables")]
    pub fn predict_table(&mut self, path: impl AsRef<Path>) -> Result<crate::tables::TablePredictions, Error> {
        let preparation = self.preparation()?.clone();
        let table = limpid_files::Table::read_as(path.as_ref(), &crate::tables::form(&preparation))?;
        let table = crate::tables::fitted(table, &preparation);
        let samples = crate::tables::samples(&table, &preparation)?;
        let rows = (0..table.rows()).collect();
        crate::tables::TablePredictions::of(&mut self.model, table, rows, samples.inputs, &preparation)
    }

    #[cfg(feature = "tables")]
    fn preparation(&self) -> Result<&limpid_learn::Preparation, Error> {
        match &self.samples {
            Some(Samples::Table(preparation)) => Ok(preparation),
            _ => Err(limpid_learn::Error::Data("the model did not learn from a table".to_string()).into()),
        }
    }

    /// How the model does on samples.
    ///
    /// # Errors
    /// Where they do not fit the network or the loss.
    pub fn evaluate(&mut self, samples: &EvaluationData) -> Result<Evaluated, Error> {
        let evaluation = self.model.evaluate(&samples.data)?;
        Ok(Evaluated { evaluation, regression: regression(self, &samples.data)? })
    }
}

/// How far a model's numbers are from the right ones, in the target's own units; none for classes.
///
/// # Errors
/// Where the samples do not fit the network.
pub fn regression(saved: &mut Saved, data: &Dataset) -> Result<Option<Regression>, Error> {
    let Saved { model, samples: Some(Samples::Table(preparation)) } = saved else { return Ok(None) };
    if preparation.target().task() != Task::Regression {
        return Ok(None);
    }
    let said = outputs(model, data)?;
    let own = |numbers: &Tensor| match preparation.answers(numbers, &model.loss())? {
        Answers::Numbers(numbers) => Ok::<_, Error>(numbers),
        Answers::Classes(_) => Ok(Vec::new()),
    };
    Ok(Regression::of(&own(&said)?, &own(data.targets())?))
}
