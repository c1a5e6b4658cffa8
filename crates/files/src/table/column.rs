//! A column of a table in memory: what its cells are, and its cells as numbers.

use super::number::is_missing_number;
use super::reading::{Guess, Reading};
use super::tally::{Commas, Plain, Tally, Verdict};
use super::{Table, TableError, quoted};

impl Table {
    /// What a column is. Missing cells say nothing; in a column of numbers or dates `None` is one too.
    ///
    /// # Errors
    /// [`TableError::Mixed`] where most cells are numbers or dates, and a few are not: the first of those, with its line.
    pub fn reading(&self, column: usize) -> Result<Guess, TableError> {
        let words = || self.words(column).flatten();
        let mut plain = Plain::new();
        let is_plain = words().all(|word| plain.see(word));
        let verdict = is_plain.then(|| plain.verdict(self.separator, || self.has_decimal_commas()));
        let verdict = verdict.flatten().unwrap_or_else(|| {
            let mut tally = Tally::default();
            words().for_each(|word| tally.see(word));
            tally.verdict(self.separator)
        });
        match verdict {
            Verdict::Is(guess) => Ok(guess),
            Verdict::Look(mut look) => {
                look.see_column(self, column);
                look.guess(self.names().get(column).map_or("", String::as_str))
            }
        }
    }

    /// Whether a column of this table has commas that can only stand before decimals: `17,36`.
    fn has_decimal_commas(&self) -> bool {
        *self.decimal_commas.get_or_init(|| {
            (0..self.names().len()).any(|column| {
                let mut commas = Commas::new();
                self.words(column).flatten().all(|word| commas.see(word)) && commas.are_decimal()
            })
        })
    }

    /// A column as numbers: the cells read in this way, none where a cell is missing. Dates are days since 1970-01-01.
    ///
    /// # Errors
    /// [`TableError::Number`] with line and column of the first cell that does not read so, or is not finite.
    pub fn read_column(&self, column: usize, reading: &Reading) -> Result<Vec<Option<f64>>, TableError> {
        let value = |(row, word): (usize, Option<&str>)| {
            let Some(word) = word.filter(|word| !is_missing_number(word)) else { return Ok(None) };
            reading.value(word).filter(|number| number.is_finite()).map(Some).ok_or_else(|| TableError::Number {
                line: self.line(row).unwrap_or(0),
                column: self.names().get(column).cloned().unwrap_or_default(),
                found: quoted(word),
                wanted: reading.wanted(word),
            })
        };
        self.words(column).enumerate().map(value).collect()
    }
}
