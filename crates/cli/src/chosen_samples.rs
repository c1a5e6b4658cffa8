//! The samples that a network is looked at with, by `gradcheck` and `graph --values`: of a data set that is known by
//! name, or, for a model that learned from a table or from pictures, of more of the kind.

use limpid::evaluation::EvaluationData;
use limpid::learn::{Dataset, Task};
use limpid::models::{Part, Samples};
use limpid::training::random_samples;

use crate::arguments::DataOptions;
use crate::choices::adjective;
use crate::data::Named;
use crate::failure::Failure;
use crate::network_or_model::NetworkOrModel;
use crate::source::{Source, evaluation_data, unprepared};
use crate::text;

/// Some samples, with what is known of them.
pub(crate) struct ChosenSamples {
    pub(crate) data: Dataset,
    /// The data set, where it is known by name.
    pub(crate) named: Option<Named>,
    /// What the data is called in a report.
    pub(crate) name: String,
    /// As it stands before "sample": `test `, or nothing.
    pub(crate) part: String,
    /// What its reader should know.
    pub(crate) notes: Vec<String>,
    /// Where each sample stands: its file, or its line in a table.
    places: Vec<String>,
}

/// Which samples are wanted, in words where they are not there.
pub(crate) struct Wanted {
    /// Where none is named: what was held out of data with parts, all of other data.
    pub(crate) part: Option<Part>,
    pub(crate) start: usize,
    pub(crate) count: usize,
}

/// Why there are no such samples.
pub(crate) enum NotChosen {
    /// The place of a sample, or a number of samples, beyond those that there are.
    OutOfRange(String),
    /// Anything else.
    Other(Failure),
}

impl From<Failure> for NotChosen {
    fn from(failure: Failure) -> Self {
        Self::Other(failure)
    }
}

impl From<limpid::Error> for NotChosen {
    fn from(error: limpid::Error) -> Self {
        Self::Other(error.into())
    }
}

impl From<limpid::learn::Error> for NotChosen {
    fn from(error: limpid::learn::Error) -> Self {
        Self::Other(error.into())
    }
}

impl From<NotChosen> for Failure {
    fn from(error: NotChosen) -> Self {
        match error {
            NotChosen::OutOfRange(why) => Failure::Usage(why),
            NotChosen::Other(failure) => failure,
        }
    }
}

impl Wanted {
    /// That so many samples are there, of which a data set has `has`.
    fn check(&self, has: usize, part: &str, name: &str) -> Result<(), NotChosen> {
        let Self { start, count, .. } = *self;
        if start.saturating_add(count) <= has {
            return Ok(());
        }
        Err(NotChosen::OutOfRange(match count {
            1 => {
                let (samples, last) = (text::counted(has as u64, &format!("{part}sample")), has.saturating_sub(1));
                format!("{name} has {samples}; use 0 to {last}")
            }
            _ => format!("{count} samples are more than the {has} {part}samples of {name}; use 1 to {has}"),
        }))
    }
}

impl ChosenSamples {
    /// The samples for a network or a model.
    pub(crate) fn read(input: &NetworkOrModel, options: &DataOptions, wanted: &Wanted) -> Result<Self, NotChosen> {
        let source = Source::of_model(options, input.samples.as_ref())?;
        match (&input.samples, source.named_for(input.samples.as_ref())) {
            (_, Some(named)) => Self::of_named(named, input, options, wanted),
            (None, None) => Err(without_model(input, &source).into()),
            (Some(samples), None) => Self::of_kind(samples, input, source, wanted),
        }
    }

    fn of_named(
        named: Named,
        input: &NetworkOrModel,
        options: &DataOptions,
        wanted: &Wanted,
    ) -> Result<Self, NotChosen> {
        named.check_fits(&input.network).map_err(|why| input.failure(why.to_string()))?;
        let chosen = wanted.part.unwrap_or(Part::Test);
        let (part, name) = (format!("{} ", adjective(chosen)), named.name().to_string());
        wanted.check(named.samples(chosen), &part, &name)?;
        let divisor = if input.model.is_some() { input.divisor } else { named.divisor() };
        let parts = named.read(options.data.as_deref(), divisor, &input.loss)?;
        let data = parts.into_part(chosen).range(wanted.start, wanted.start + wanted.count)?;
        Ok(Self { data, named: Some(named), name, part, notes: Vec::new(), places: Vec::new() })
    }

    /// Rows of a table, or pictures, as the model learned to read them.
    fn of_kind(samples: &Samples, input: &NetworkOrModel, source: Source, wanted: &Wanted) -> Result<Self, NotChosen> {
        let (read, mut notes) = evaluation_data(&source, wanted.part, samples, &input.loss, false)?;
        let EvaluationData { data, name, part, places, .. } = read;
        // A file of a few rows is looked at as a whole.
        let count = if wanted.count > 1 { wanted.count.min(data.len()) } else { wanted.count };
        let wanted = Wanted { count, ..*wanted };
        let part = part.map(|part| format!("{} ", adjective(part))).unwrap_or_default();
        wanted.check(data.len(), &part, &name)?;
        let data = data.range(wanted.start, wanted.start + wanted.count)?;
        let places = places.into_iter().skip(wanted.start).take(wanted.count).collect();
        if let Samples::Table(preparation) = samples
            && preparation.target().task() == Task::Regression
        {
            notes.push(format!("{} is counted less its mean, by its standard deviation", preparation.target().name));
        }
        Ok(Self { data, named: None, name, part, notes, places })
    }

    /// Where the only sample stands, where that is known.
    pub(crate) fn place(&self) -> Option<&str> {
        self.places.first().map(String::as_str)
    }

    /// Samples that are drawn at random, for a model of which there is no data at hand.
    pub(crate) fn drawn(input: &NetworkOrModel, samples: &Samples, count: usize, seed: u64) -> Result<Self, Failure> {
        let data = random_samples(&input.network, samples, &input.loss, count, seed)?;
        let name = "random numbers".to_string();
        let notes =
            vec!["without --data the samples are random numbers; --data FILE or FOLDER takes real ones".to_string()];
        Ok(Self { data, named: None, name, part: "random ".to_string(), notes, places: Vec::new() })
    }
}

/// The answer to a table or to pictures for a network that does not say how it reads them.
fn without_model(input: &NetworkOrModel, source: &Source) -> Failure {
    match &input.model {
        Some(_) => unprepared(source),
        None => {
            let name = source.name();
            Failure::Usage(format!(
                "{name}: a network alone does not say how its samples are read; use a model that was trained on {name}: \
                 limpid train --data {name} --output model.safetensors"
            ))
        }
    }
}
