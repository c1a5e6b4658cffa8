//! Tables at the command: how they are read, and what is said of their columns.

use std::path::Path;

use limpid::files::{Doubt, Reading, TABLE_CAP_BYTES, Table, TableError, TableFileError, TableForm};
use limpid::learn::{Encoding, Goal, Input, Preparation, PreparationError, Unknown};
use limpid::tables::{self, TableSplit};

use crate::failure::Failure;
use crate::output;
use crate::text;

/// Reads a table from a file, or from standard input where that is what `-` stands for.
pub(crate) fn read_table(path: &Path, form: &TableForm) -> Result<Table, Failure> {
    let read = match output::is_dash(path) {
        true => Table::read_named(Path::new("standard input"), output::standard_input(TABLE_CAP_BYTES)?, form),
        false => Table::read_as(path, form),
    };
    read.map_err(|error| {
        let is_row = matches!(&error, TableFileError::Content { cause, .. } if matches!(**cause, TableError::LooksLikeRow { .. }));
        let flag = if is_row { "; with --no-header the columns are called by their places: `column 1`, or 1" } else { "" };
        Failure::Input(format!("{error}{flag}"))
    })
}

/// Reads a table that a model is asked about, as the one was read that it learned from.
pub(crate) fn read_fitted(path: &Path, preparation: &Preparation) -> Result<Table, Failure> {
    let table = read_table(path, &tables::form(preparation))?;
    Ok(tables::fitted(table, preparation))
}

/// Names the table in what went wrong with it; a column that was typed and is not there is wrong usage.
pub(crate) fn about_table(name: &str, error: limpid::Error) -> Failure {
    match error {
        limpid::Error::Table(error @ TableError::NoColumn { .. }) => Failure::Usage(format!("{name}: {error}")),
        limpid::Error::Table(error @ TableError::Mixed { .. }) => Failure::Input(format!(
            "{name}: {error}; --missing takes it for a missing value, --ignore leaves the column out"
        )),
        limpid::Error::Learn(error @ limpid::learn::Error::Setting { .. }) => Failure::Usage(error.to_string()),
        limpid::Error::Preparation(error @ PreparationError::Categories { .. }) => {
            Failure::Input(format!("{name}: {error}; --ignore leaves it out"))
        }
        error => Failure::Input(format!("{name}: {error}")),
    }
}

/// What somebody should know of a table that is learned from: what is predicted, what each column is taken for, and
/// where that may be wrong.
pub(crate) fn split_notes(split: &TableSplit) -> Vec<String> {
    let TableSplit { preparation, without_target, unknown, doubts, .. } = split;
    let target = preparation.target();
    let columns = text::counted(preparation.inputs().len() as u64, "column");
    let goal = match target.classes() {
        Some(classes) => format!("{}, {}", text::counted(classes.len() as u64, "class"), text::first_names(&classes)),
        None => "a number".to_string(),
    };
    let mut notes = vec![format!("{} from {columns}: {goal}", target.name), columns_note(preparation)];
    if let Goal::Numbers(classes) = &target.goal
        && classes.len() > 2
    {
        let count = classes.len();
        notes.push(format!(
            "`{}` has {count} different whole numbers, taken as classes; --task regression predicts a number",
            target.name
        ));
    }
    notes.extend(doubts.iter().map(|(name, doubt)| doubt_note(preparation, name, doubt)));
    notes.extend(without_target_note(*without_target, &target.name));
    notes.extend(unknown_notes(unknown));
    notes
}

/// What the columns are taken for, in one line.
fn columns_note(preparation: &Preparation) -> String {
    let (mut numbers, mut dates, mut times, mut words) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for input in preparation.inputs() {
        match &input.encoding {
            Encoding::Word { categories } => {
                words.push(format!("{} ({})", input.name, text::counted(categories.len() as u64, "category")));
            }
            Encoding::Number { .. } => match reading(input) {
                Some(Reading::Dates(_)) => dates.push(input.name.clone()),
                Some(Reading::Times) => times.push(input.name.clone()),
                Some(Reading::Numbers(_, unit)) if !unit.is_empty() => {
                    numbers.push(format!("{} (in {unit})", input.name))
                }
                _ => numbers.push(input.name.clone()),
            },
        }
    }
    let kinds = [("numbers", numbers), ("words", words), ("dates, as days", dates), ("times, as hours", times)];
    let named = kinds.into_iter().filter(|(_, names)| !names.is_empty());
    let mut parts: Vec<String> = named.map(|(kind, names)| format!("{kind}: {}", text::first_names(&names))).collect();
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for column in preparation.left_out() {
        match reasons.iter_mut().find(|(why, _)| *why == column.why) {
            Some((_, names)) => names.push(column.name.clone()),
            None => reasons.push((&column.why, vec![column.name.clone()])),
        }
    }
    parts.extend(reasons.iter().map(|(why, names)| format!("left out: {} ({why})", text::first_names(names))));
    parts.join("; ")
}

fn reading(input: &Input) -> Option<Reading> {
    input.reading.as_deref()?.parse().ok()
}

fn doubt_note(preparation: &Preparation, name: &str, doubt: &Doubt) -> String {
    let target = preparation.target();
    let input = preparation.inputs().iter().find(|input| input.name == name);
    let own = input
        .map_or(if name == target.name { target.reading.as_deref() } else { None }, |input| input.reading.as_deref());
    let reading = own.and_then(|text| text.parse().ok()).unwrap_or(Reading::PLAIN);
    let is_words = input.map_or(!target.is_numeric(), |input| matches!(input.encoding, Encoding::Word { .. }));
    match doubt {
        Doubt::Thousands(cell) => match reading.value(cell) {
            Some(value) => format!("`{name}`: {cell} is read as {value}, since no cell of the column shows otherwise"),
            None => format!("`{name}`: {cell} may be read in two ways"),
        },
        Doubt::MonthOrDay(cell) => {
            format!(
                "`{name}`: {cell} is read with the month first; where the day comes first, write it as year-month-day"
            )
        }
        Doubt::SomeNumbers(count, cell) => {
            let cells = text::counted(*count as u64, "cell");
            format!("`{name}` is taken as words, though {cells} of it read as numbers or dates, such as {cell}")
        }
        Doubt::Codes(cell) if is_words => format!("`{name}` is taken as words, since codes begin with 0: {cell}"),
        Doubt::Codes(cell) => {
            format!("`{name}` is taken as numbers, though codes begin with 0: {cell}; --ignore leaves it out")
        }
        _ => format!("`{name}` may be read in another way"),
    }
}

pub(crate) fn without_target_note(count: usize, target: &str) -> Option<String> {
    (count > 0).then(|| format!("{} without `{target}` left out", text::counted(count as u64, "row")))
}

/// How a word is answered that training never saw.
pub(crate) fn unknown_notes(unknown: &[Unknown]) -> Vec<String> {
    const MOST: usize = 3;
    let of_column = |of: &[Unknown]| {
        let column = &of[0].column;
        let words: Vec<_> = of.iter().take(MOST).map(|unknown| format!("{:?}", unknown.word)).collect();
        let rows = text::counted(of.iter().map(|unknown| unknown.rows as u64).sum(), "row");
        let more = if of.len() > MOST { format!(" and {} other words", of.len() - MOST) } else { String::new() };
        format!(
            "`{column}` is {}{more} in {rows}, which no row that was learned from has; that counts as no category",
            words.join(", ")
        )
    };
    unknown.chunk_by(|a, b| a.column == b.column).map(of_column).collect()
}
