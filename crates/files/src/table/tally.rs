//! The cells of a column, one after the other → what the column is.
//!
//! Nothing of the cells is kept but counts and examples, so that a table in memory and one that is read in windows are
//! decided in the same way. Where counts do not decide, the cells are looked at once more.

use std::collections::HashSet;

use super::date::{DateCell, DateOrder, eight_digits, hours};
use super::number::{Decimal, Parts, is_currency, is_either, is_missing_number};
use super::reading::{Doubt, Guess, Reading};
use super::{Table, TableError, quoted};

/// Of a column that is no words, at least so many cells of a hundred read alike; the others are mistakes, no categories.
const ALIKE_PERCENT: usize = 90;
/// Where more different cells than this are numbers, few others are mistakes too, however often they stand there.
const FEW_NUMBERS: usize = 20;
/// Codes of this many digits and more may begin with a 0: postal codes. Months and hours are shorter.
const SHORTEST_CODE: usize = 4;
/// More codes than this are no categories.
const MOST_CODES: usize = 256;
/// A column with more units than this is none of numbers.
const MOST_UNITS: usize = 16;
/// So many different cells are told apart. A column of more words than that has too many for categories.
const MOST_DIFFERENT: usize = 1 << 16;

/// What is known of a column after its cells were seen once.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// What it is.
    Is(Guess),
    /// Its cells are to be looked at once more.
    Look(Look),
}

/// Cells that look like numbers as programs write them: the quick way to know most columns.
#[derive(Clone, Debug)]
pub(super) struct Plain {
    known: usize,
    is_digits: bool,
    is_dates: bool,
    has_groups: bool,
    /// The first cell with a point.
    point: Option<String>,
    /// The first cell that begins with a 0, as codes do.
    code: Option<String>,
}

impl Plain {
    pub(super) fn new() -> Self {
        Self { known: 0, is_digits: true, is_dates: true, has_groups: true, point: None, code: None }
    }

    /// Takes in a known cell; false where it is no number as programs write it.
    pub(super) fn see(&mut self, word: &str) -> bool {
        if word.parse::<f64>().is_err() {
            return is_missing_number(word);
        }
        self.known += 1;
        self.is_digits &= word.bytes().all(|byte| byte.is_ascii_digit());
        self.is_dates = self.is_dates && self.is_digits && eight_digits(word).is_some();
        if self.is_digits && self.code.is_none() && word.len() >= SHORTEST_CODE && word.starts_with('0') {
            self.code = Some(quoted(word));
        }
        if word.contains('.') {
            self.has_groups = self.has_groups && is_either(word);
            self.point.get_or_insert_with(|| quoted(word));
        }
        true
    }

    /// What a column is, all of whose cells are such numbers; none where none was known.
    pub(super) fn verdict(&self, separator: u8, has_decimal_commas: impl FnOnce() -> bool) -> Option<Verdict> {
        if self.known == 0 {
            return None;
        }
        if let Some(code) = self.code.clone().filter(|_| self.is_digits) {
            return Some(Verdict::Look(Look::Codes { code, different: HashSet::new() }));
        }
        let is = |reading, doubt| Some(Verdict::Is(Guess { reading, doubt }));
        if self.is_dates {
            return is(Reading::Dates(DateOrder::Digits), None);
        }
        match self.point.clone().filter(|_| self.has_groups && separator != b',' && has_decimal_commas()) {
            Some(example) => is(Reading::Numbers(Decimal::Comma, String::new()), Some(Doubt::Thousands(example))),
            None => is(Reading::PLAIN, None),
        }
    }
}

/// Whether a column has commas that can only stand before decimals: `17,36`.
#[derive(Clone, Debug)]
pub(super) struct Commas {
    is_one: bool,
    is_all: bool,
}

impl Commas {
    pub(super) fn new() -> Self {
        Self { is_one: false, is_all: true }
    }

    /// Takes in a known cell; false where the column has none, whatever follows.
    pub(super) fn see(&mut self, word: &str) -> bool {
        if let Some(has_group) = simple(word) {
            self.is_all &= has_group || !word.contains('.');
        } else if self.is_all {
            let parts = Parts::of(word);
            let [point, comma] = [Decimal::Point, Decimal::Comma]
                .map(|decimal| parts.as_ref().and_then(|parts| parts.number(decimal)).is_some());
            self.is_one |= comma && !point;
            self.is_all = comma || (parts.is_none() && is_missing_number(word));
        }
        self.is_all
    }

    pub(super) fn are_decimal(&self) -> bool {
        self.is_one && self.is_all
    }
}

/// How many cells have a unit, and read as numbers by their decimal mark, point first.
#[derive(Clone, Debug)]
struct Unit {
    name: String,
    cells: usize,
    numbers: [usize; 2],
}

/// How many cells of a column read as what.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    known: usize,
    units: Vec<Unit>,
    /// Infinity, which is refused by its line.
    infinite: usize,
    times: usize,
    /// Dates by their order: the year first, the day first, the month first.
    dates: [usize; 3],
    /// Dates that can only begin with the day, or only with the month.
    certain: [usize; 2],
    /// A number whose mark may be either, a date whose order may be.
    either: Option<String>,
    either_date: Option<String>,
}

impl Tally {
    pub(super) fn see(&mut self, word: &str) {
        if is_missing_number(word) {
            return;
        }
        self.known += 1;
        if let Some(has_group) = simple(word) {
            let is_whole = !word.contains('.');
            self.count_unit("", [true, is_whole || has_group]);
            if has_group {
                self.either.get_or_insert_with(|| word.to_string());
            }
            return;
        }
        self.look(word);
    }

    /// Takes in a cell that may be anything.
    fn look(&mut self, word: &str) {
        if !word.bytes().any(|byte| byte.is_ascii_digit() || b".,".contains(&byte)) {
            // Numbers, times and dates all have a digit.
            self.infinite += usize::from(word.parse::<f64>().is_ok());
            return;
        }
        match Parts::of(word) {
            Some(parts) => {
                let reads = [Decimal::Point, Decimal::Comma].map(|decimal| parts.number(decimal).is_some());
                self.count_unit(parts.unit, reads);
            }
            None => self.infinite += usize::from(word.parse::<f64>().is_ok()),
        }
        if self.either.is_none() && is_either(word) {
            self.either = Some(word.to_string());
        }
        self.times += usize::from(hours(word).is_some());
        let Some(date) = DateCell::of(word) else { return };
        match date.order() {
            Some(DateOrder::Day) => self.certain[0] += 1,
            Some(DateOrder::Month) => self.certain[1] += 1,
            None => {
                self.either_date.get_or_insert_with(|| word.to_string());
            }
            _ => {}
        }
        self.dates[0] += usize::from(date.order() == Some(DateOrder::Year));
        for (order, count) in [DateOrder::Day, DateOrder::Month].into_iter().zip(&mut self.dates[1..]) {
            *count += usize::from(date.days(order).is_some());
        }
    }

    fn count_unit(&mut self, name: &str, reads: [bool; 2]) {
        // Nearly all numbers have no unit, and two texts of no length need not be compared.
        let is_own = |unit: &Unit| if name.is_empty() { unit.name.is_empty() } else { unit.name == name };
        let place = match self.units.iter().position(is_own) {
            Some(place) => place,
            None if self.units.len() < MOST_UNITS => {
                self.units.push(Unit { name: name.to_string(), cells: 0, numbers: [0; 2] });
                self.units.len() - 1
            }
            None => return,
        };
        let unit = &mut self.units[place];
        unit.cells += 1;
        unit.numbers.iter_mut().zip(reads).for_each(|(count, reads)| *count += usize::from(reads));
    }

    /// What a column is whose cells separators of this kind keep apart.
    pub(super) fn verdict(&self, separator: u8) -> Verdict {
        let numbers = self.numbers();
        match self.best(separator, numbers) {
            None => Verdict::Is(Guess { reading: Reading::Words, doubt: None }),
            Some((best, count)) if count == self.known => {
                Verdict::Is(Guess { doubt: self.doubt(&best, numbers), reading: best })
            }
            Some((best, count)) => Verdict::Look(Look::Mixed(Box::new(Mixed {
                best,
                count,
                known: self.known,
                alike: HashSet::new(),
                others: HashSet::new(),
                first: None,
                example: None,
            }))),
        }
    }

    /// The unit that most numbers of the column have.
    fn usual_unit(&self) -> &str {
        let currency = self.units.iter().filter(|unit| is_currency(&unit.name)).max_by_key(|unit| unit.cells);
        // A currency may be left out here and there, any other unit may not.
        let most = self.units.iter().max_by_key(|unit| unit.cells).map_or("", |unit| unit.name.as_str());
        match currency {
            Some(Unit { name, .. }) if most.is_empty() || most == name => name,
            _ => most,
        }
    }

    /// How many cells are numbers of the usual unit, by their decimal mark.
    fn numbers(&self) -> [usize; 2] {
        let usual = self.usual_unit();
        let is_own = |unit: &&Unit| unit.name == usual || (unit.name.is_empty() && is_currency(usual));
        let mut numbers = [if usual.is_empty() { self.infinite } else { 0 }, 0];
        for unit in self.units.iter().filter(is_own) {
            numbers.iter_mut().zip(unit.numbers).for_each(|(all, own)| *all += own);
        }
        numbers
    }

    /// As what most cells read, and how many; none where none reads as a number or date.
    fn best(&self, separator: u8, [point, comma]: [usize; 2]) -> Option<(Reading, usize)> {
        let decimal = match point.cmp(&comma) {
            std::cmp::Ordering::Greater => Decimal::Point,
            std::cmp::Ordering::Less => Decimal::Comma,
            // Where semicolons or tabs separate, commas stand before decimals; where commas do, between thousands.
            _ if self.either.is_some() && separator != b',' => Decimal::Comma,
            _ => Decimal::Point,
        };
        let order = match (self.dates[0] >= self.dates[1].max(self.dates[2]), self.certain) {
            (true, _) => DateOrder::Year,
            (_, [day, month]) if day > month => DateOrder::Day,
            (_, [day, month]) if month > day => DateOrder::Month,
            _ if self.either_date.as_ref().is_some_and(|date| date.contains('.')) => DateOrder::Day,
            _ => DateOrder::Month,
        };
        let of_order = match order {
            DateOrder::Year | DateOrder::Digits => self.dates[0],
            DateOrder::Day => self.dates[1],
            DateOrder::Month => self.dates[2],
        };
        let all = [
            (Reading::Numbers(decimal, self.usual_unit().to_string()), point.max(comma)),
            (Reading::Dates(order), of_order),
            (Reading::Times, self.times),
        ];
        all.into_iter().rev().max_by_key(|(_, count)| *count).filter(|(_, count)| *count > 0)
    }

    fn doubt(&self, reading: &Reading, [point, comma]: [usize; 2]) -> Option<Doubt> {
        match reading {
            Reading::Numbers(..) if point == comma => self.either.as_ref().map(|cell| Doubt::Thousands(quoted(cell))),
            Reading::Dates(DateOrder::Day | DateOrder::Month) if self.certain == [0, 0] => {
                let date = self.either_date.as_ref().filter(|date| !date.contains('.'));
                date.map(|cell| Doubt::MonthOrDay(quoted(cell)))
            }
            _ => None,
        }
    }
}

/// Whether a cell is digits with at most one point among them and a minus before, as nearly all numbers are; and then
/// whether the point may stand between thousands. None where the cell needs a closer look.
fn simple(word: &str) -> Option<bool> {
    let digits = word.strip_prefix('-').unwrap_or(word);
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_simple = all_digits(whole) && all_digits(decimals) && !(whole.is_empty() && decimals.is_empty());
    is_simple.then(|| (1..=3).contains(&whole.len()) && !whole.starts_with('0') && decimals.len() == 3)
}

/// A closer look at the cells of a column.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Look {
    /// Digits that begin with a 0, such as this one: words where there are few.
    Codes { code: String, different: HashSet<String> },
    /// Some cells are numbers or dates, and some are not.
    Mixed(Box<Mixed>),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mixed {
    /// What most cells are, and how many of the known ones.
    best: Reading,
    count: usize,
    known: usize,
    alike: HashSet<String>,
    others: HashSet<String>,
    /// The first cell that is something else, with its line.
    first: Option<(u64, String)>,
    example: Option<String>,
}

impl Look {
    /// Takes in the known cells of a column.
    pub(super) fn see_column(&mut self, table: &Table, column: usize) {
        for (row, word) in table.words(column).enumerate() {
            word.into_iter().for_each(|word| self.see(table.line(row).unwrap_or(0), word));
        }
    }

    /// Takes in a known cell.
    fn see(&mut self, line: u64, word: &str) {
        match self {
            Self::Codes { different, .. } => keep(different, word, MOST_CODES + 1),
            Self::Mixed(mixed) => {
                if mixed.best.value(word).is_none() && !is_missing_number(word) {
                    mixed.first.get_or_insert_with(|| (line, quoted(word)));
                    keep(&mut mixed.others, word, MOST_DIFFERENT);
                } else {
                    mixed.example.get_or_insert_with(|| quoted(word));
                    keep(&mut mixed.alike, word, MOST_DIFFERENT);
                }
            }
        }
    }

    /// What the column is.
    pub(super) fn guess(self, column: &str) -> Result<Guess, TableError> {
        match self {
            Self::Codes { code, different } => {
                let reading = if different.len() <= MOST_CODES { Reading::Words } else { Reading::PLAIN };
                Ok(Guess { reading, doubt: Some(Doubt::Codes(code)) })
            }
            Self::Mixed(mixed) => mixed.guess(column),
        }
    }
}

impl Mixed {
    fn guess(self, column: &str) -> Result<Guess, TableError> {
        let Self { best, count, known, alike, others, first, example } = self;
        let mostly =
            100 * count >= ALIKE_PERCENT * known || (alike.len() > FEW_NUMBERS && 10 * others.len() <= alike.len());
        match first {
            Some((line, found)) if mostly => {
                Err(TableError::Mixed { line, column: column.to_string(), found, kind: best.kind(), count, known })
            }
            _ => {
                let doubt = Some(Doubt::SomeNumbers(count, example.unwrap_or_default()));
                Ok(Guess { reading: Reading::Words, doubt })
            }
        }
    }
}

/// Keeps a word among the different ones, as long as there are not more than that.
fn keep(different: &mut HashSet<String>, word: &str, most: usize) {
    if different.len() < most && !different.contains(word) {
        different.insert(word.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_simple_number_needs_no_closer_look(word in "-?[0-9]{0,9}[.]?[0-9]{0,4}") {
            let (mut quick, mut close) = (Tally::default(), Tally::default());
            quick.see(&word);
            close.known += 1;
            close.look(&word);
            prop_assert_eq!(format!("{quick:?}"), format!("{close:?}"));
        }
    }
}
