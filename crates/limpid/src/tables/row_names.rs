//! Columns that say nothing of their rows but which of them each is: without a name, and with the numbers of the rows or
//! their names.

use std::collections::HashSet;

use limpid_learn::{Column, LeftOut, Values};

/// A column without a name, as long as it may only count the rows or name them.
pub(super) struct RowNames {
    name: String,
    is_first: bool,
    /// So many words are compared with each other.
    most: usize,
    start: Option<f64>,
    rows: usize,
    words: HashSet<String>,
    /// Why it is left out, as long as that holds; not known before a row was seen.
    why: Option<&'static str>,
    may_be: bool,
}

impl RowNames {
    /// The column at this place.
    pub(super) fn new(name: String, place: usize, most: usize) -> Self {
        let (is_first, words) = (place == 0, HashSet::new());
        Self { name, is_first, most, start: None, rows: 0, words, why: None, may_be: true }
    }

    /// Whether it may still be such a column.
    pub(super) fn may_be(&self) -> bool {
        self.may_be
    }

    /// Takes in its next rows.
    pub(super) fn see(&mut self, column: &Column) {
        match &column.values {
            Values::Numbers(numbers) => {
                self.why = Some("without a name, it counts the rows");
                self.may_be = self.may_be && numbers.iter().all(|number| self.is_next(*number));
            }
            // Only the first column names rows.
            Values::Words(words) => {
                self.why = Some("it names the rows");
                self.may_be = self.may_be && self.is_first && words.iter().all(|word| self.is_new(word));
            }
        }
    }

    /// Whether a number is one more than that of the row before.
    fn is_next(&mut self, number: Option<f64>) -> bool {
        let start = *self.start.get_or_insert(number.unwrap_or(f64::NAN));
        let wanted = start + self.rows as f64;
        self.rows += 1;
        start.fract() == 0.0 && number == Some(wanted)
    }

    /// Whether a word is there, and is another than those before.
    fn is_new(&mut self, word: Option<&str>) -> bool {
        self.rows += 1;
        word.is_some_and(|word| self.words.len() == self.most || self.words.insert(word.to_string()))
    }

    /// The column with the reason, where it is one.
    pub(super) fn left_out(self) -> Option<LeftOut> {
        let why = self.why.filter(|_| self.may_be && self.rows > 1)?;
        Some(LeftOut { name: self.name, why: why.to_string() })
    }
}
