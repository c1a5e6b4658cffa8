//! What a column is, decided by all of its cells: numbers and how they are written, dates and in which order, or words.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use super::date::{DateCell, DateOrder, eight_digits, hours};
use super::number::{Decimal, Parts, is_currency, is_either, is_missing_number};
use super::{Table, TableError, quoted};

/// How the cells of a column are read. As text it goes into a model's file, so that later tables are read in the same way.
///
/// ```
/// use limpid_files::{Reading, Table};
///
/// let table = Table::from_bytes(b"preis;tag\n1.234,5;31.01.2024\n17,36;1.2.2024\n")?;
/// let [price, day] = [0, 1].map(|column| table.reading(column).expect("all cells are alike").reading);
/// assert_eq!(table.read_column(0, &price)?, [Some(1234.5), Some(17.36)]);
/// assert_eq!(table.read_column(1, &day)?, [Some(19_753.0), Some(19_754.0)]);
/// assert_eq!((price.to_string(), day.to_string()), ("comma".to_string(), "date day first".to_string()));
/// assert_eq!("comma".parse(), Ok(price));
/// # Ok::<(), limpid_files::TableError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Numbers: their decimal mark, and the unit that each of them has, such as `%` or `kg`.
    Numbers(Decimal, String),
    /// Times of day, read as hours.
    Times,
    /// Dates, read as days since 1970-01-01, with the time as their fraction.
    Dates(DateOrder),
    /// Words.
    Words,
}

/// What a column seems to be, and what its reader should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guess {
    /// What it is.
    pub reading: Reading,
    /// What speaks against it.
    pub doubt: Option<Doubt>,
}

/// What speaks against the way in which a column is read. Each names a cell as an example.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Doubt {
    /// The mark of every number may stand between thousands or before decimals: `1,234`.
    Thousands(String),
    /// Every date may begin with the month or with the day: `01/02/2024`.
    MonthOrDay(String),
    /// A column of words has this many numbers.
    SomeNumbers(usize, String),
    /// The numbers begin with a 0, as codes do: `01234`.
    Codes(String),
}

impl Reading {
    /// Numbers as programs write them: `-1234.5`.
    pub const PLAIN: Self = Self::Numbers(Decimal::Point, String::new());

    /// What a cell reads as; none where it reads as nothing, and for words.
    pub fn value(&self, cell: &str) -> Option<f64> {
        match self {
            Self::Numbers(decimal, unit) => {
                if *decimal == Decimal::Point
                    && unit.is_empty()
                    && let Ok(number) = cell.parse::<f64>()
                {
                    return Some(number);
                }
                let parts = Parts::of(cell)?;
                let has_unit = parts.unit == unit || (parts.unit.is_empty() && is_currency(unit));
                parts.number(*decimal).filter(|_| has_unit)
            }
            Self::Times => hours(cell),
            Self::Dates(DateOrder::Digits) => eight_digits(cell),
            Self::Dates(order) => DateCell::of(cell)?.days(*order),
            Self::Words => None,
        }
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimal = |decimal: &Decimal| if *decimal == Decimal::Point { "point" } else { "comma" };
        match self {
            Self::Numbers(mark, unit) if unit.is_empty() => f.write_str(decimal(mark)),
            Self::Numbers(mark, unit) => write!(f, "{} in {unit}", decimal(mark)),
            Self::Times => f.write_str("time"),
            Self::Dates(order) => f.write_str(match order {
                DateOrder::Year => "date year first",
                DateOrder::Day => "date day first",
                DateOrder::Month => "date month first",
                DateOrder::Digits => "date eight digits",
            }),
            Self::Words => f.write_str("words"),
        }
    }
}

impl FromStr for Reading {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let orders = [DateOrder::Year, DateOrder::Day, DateOrder::Month, DateOrder::Digits];
        let whole = [Self::Words, Self::Times].into_iter().chain(orders.map(Self::Dates));
        if let Some(own) = whole.into_iter().find(|own| own.to_string() == text) {
            return Ok(own);
        }
        let (mark, unit) = text.split_once(" in ").unwrap_or((text, ""));
        match mark {
            "point" => Ok(Self::Numbers(Decimal::Point, unit.to_string())),
            "comma" => Ok(Self::Numbers(Decimal::Comma, unit.to_string())),
            _ => Err(format!("{text:?} is no way to read a column")),
        }
    }
}

/// Of a column that is no words, at least so many cells of a hundred read alike; the others are mistakes, no categories.
const ALIKE_PERCENT: usize = 90;
/// Where more different cells than this are numbers, few others are mistakes too, however often they stand there.
const FEW_NUMBERS: usize = 20;
/// Codes of this many digits and more may begin with a 0: postal codes. Months and hours are shorter.
const SHORTEST_CODE: usize = 4;
/// More codes than this are no categories.
const MOST_CODES: usize = 256;

impl Table {
    /// What a column is. Missing cells say nothing; in a column of numbers or dates `None` is one too.
    ///
    /// # Errors
    /// [`TableError::Mixed`] where most cells are numbers or dates, and a few are not: the first of those, with its line.
    pub fn reading(&self, column: usize) -> Result<Guess, TableError> {
        if let Some(guess) = self.plain(column) {
            return Ok(guess);
        }
        let tally = Tally::of(self, column);
        let Some((best, count)) = tally.best(self) else { return Ok(Guess { reading: Reading::Words, doubt: None }) };
        if count == tally.known {
            return Ok(Guess { doubt: tally.doubt(&best), reading: best });
        }
        let misfit = |word: &str| best.value(word).is_none() && !is_missing_number(word);
        let (mut alike, mut others) = (HashSet::new(), HashSet::new());
        for word in self.words(column).flatten() {
            if misfit(word) {
                others.insert(word)
            } else {
                alike.insert(word)
            };
        }
        let mostly = 100 * count >= ALIKE_PERCENT * tally.known
            || (alike.len() > FEW_NUMBERS && 10 * others.len() <= alike.len());
        let first = self.words(column).enumerate().find(|(_, word)| word.is_some_and(misfit));
        if let (true, Some((row, Some(word)))) = (mostly, first) {
            let (line, name) = (self.line(row).unwrap_or(0), self.names().get(column).cloned().unwrap_or_default());
            return Err(TableError::Mixed {
                line,
                column: name,
                found: quoted(word),
                kind: best.kind(),
                count,
                known: tally.known,
            });
        }
        let example = self.words(column).flatten().find(|word| !misfit(word)).map(quoted).unwrap_or_default();
        Ok(Guess { reading: Reading::Words, doubt: Some(Doubt::SomeNumbers(count, example)) })
    }

    /// A column whose cells all are numbers as programs write them, or unknown.
    fn plain(&self, column: usize) -> Option<Guess> {
        let (mut known, mut is_digits, mut has_groups, mut has_point) = (0usize, true, true, false);
        let mut code = None;
        for word in self.words(column).flatten() {
            if word.parse::<f64>().is_err() {
                if is_missing_number(word) {
                    continue;
                }
                return None;
            }
            known += 1;
            is_digits &= word.bytes().all(|byte| byte.is_ascii_digit());
            if is_digits && word.len() >= SHORTEST_CODE && word.starts_with('0') && code.is_none() {
                code = Some(word);
            }
            if word.contains('.') {
                has_point = true;
                has_groups &= is_either(word);
            }
        }
        if known == 0 {
            return None;
        }
        if let Some(code) = code.filter(|_| is_digits) {
            let different: HashSet<&str> = self.words(column).flatten().collect();
            let reading = if different.len() <= MOST_CODES { Reading::Words } else { Reading::PLAIN };
            return Some(Guess { reading, doubt: Some(Doubt::Codes(quoted(code))) });
        }
        if is_digits && self.words(column).flatten().all(|word| is_missing_number(word) || eight_digits(word).is_some())
        {
            return Some(Guess { reading: Reading::Dates(DateOrder::Digits), doubt: None });
        }
        if has_point && has_groups && self.separator != b',' && self.has_decimal_commas() {
            let example = self.words(column).flatten().find(|word| word.contains('.')).map(quoted).unwrap_or_default();
            let reading = Reading::Numbers(Decimal::Comma, String::new());
            return Some(Guess { reading, doubt: Some(Doubt::Thousands(example)) });
        }
        Some(Guess { reading: Reading::PLAIN, doubt: None })
    }

    /// Whether a column of this table has commas that can only stand before decimals: `17,36`.
    fn has_decimal_commas(&self) -> bool {
        *self.decimal_commas.get_or_init(|| {
            (0..self.names().len()).any(|column| {
                let mut is_one = false;
                self.words(column).flatten().all(|word| {
                    let Some(parts) = Parts::of(word) else { return is_missing_number(word) };
                    let [point, comma] = [Decimal::Point, Decimal::Comma].map(|decimal| parts.number(decimal));
                    is_one |= point.is_none() && comma.is_some();
                    comma.is_some()
                }) && is_one
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

impl Reading {
    /// What cells of this kind are called.
    fn kind(&self) -> String {
        match self {
            Self::Numbers(_, unit) if unit.is_empty() => "numbers".to_string(),
            Self::Numbers(_, unit) => format!("numbers in {unit}"),
            Self::Times => "times".to_string(),
            Self::Dates(_) => "dates".to_string(),
            Self::Words => "words".to_string(),
        }
    }

    /// Why a cell does not read so, and what would.
    fn wanted(&self, found: &str) -> String {
        let fits = match self {
            _ if self.value(found).is_some() => {
                "no number to compute with; write a finite one, or leave the cell empty"
            }
            Self::Numbers(Decimal::Point, unit)
                if unit.is_empty() && found.replacen(',', ".", 1).parse::<f64>().is_ok() =>
            {
                "no number; write it with a point: 0.5 for 0,5"
            }
            Self::Numbers(_, unit) if !unit.is_empty() => {
                return format!("no number in {unit}; write one such as 5 {unit}, or leave the cell empty");
            }
            Self::Numbers(Decimal::Comma, _) => "no number; write one such as -0,5, or leave the cell empty",
            Self::Times => "no time of day; write one such as 12:30, or leave the cell empty",
            Self::Dates(DateOrder::Year) => "no date; write one such as 2024-01-31, or leave the cell empty",
            Self::Dates(DateOrder::Day) => "no date; write one such as 31.01.2024, or leave the cell empty",
            Self::Dates(DateOrder::Month) => "no date; write one such as 01/31/2024, or leave the cell empty",
            Self::Dates(DateOrder::Digits) => "no date; write one such as 20240131, or leave the cell empty",
            _ => "no number; write one such as -0.5, or leave the cell empty",
        };
        fits.to_string()
    }
}

/// How many cells of a column read as what.
#[derive(Default)]
struct Tally<'t> {
    known: usize,
    unit: &'t str,
    /// Numbers by their decimal mark, point first.
    numbers: [usize; 2],
    times: usize,
    /// Dates by their order: the year first, the day first, the month first.
    dates: [usize; 3],
    /// Dates that can only begin with the day, or only with the month.
    certain: [usize; 2],
    /// A number whose mark may be either, a date whose order may be.
    either: Option<&'t str>,
    either_date: Option<&'t str>,
}

impl<'t> Tally<'t> {
    fn of(table: &'t Table, column: usize) -> Self {
        let mut own = Self { unit: usual_unit(table, column), ..Self::default() };
        for word in table.words(column).flatten().filter(|word| !is_missing_number(word)) {
            own.known += 1;
            own.count(word);
        }
        own
    }

    fn count(&mut self, word: &'t str) {
        let parts = Parts::of(word);
        let has_unit =
            |parts: &&Parts<'_>| parts.unit == self.unit || (parts.unit.is_empty() && is_currency(self.unit));
        if let Some(parts) = parts.as_ref().filter(has_unit) {
            for (decimal, count) in [Decimal::Point, Decimal::Comma].into_iter().zip(&mut self.numbers) {
                *count += usize::from(parts.number(decimal).is_some());
            }
        } else if self.unit.is_empty() && word.parse::<f64>().is_ok() {
            // Infinity, which is refused by its line.
            self.numbers[0] += 1;
        }
        if self.either.is_none() && is_either(word) {
            self.either = Some(word);
        }
        self.times += usize::from(hours(word).is_some());
        let Some(date) = DateCell::of(word) else { return };
        match date.order() {
            Some(DateOrder::Day) => self.certain[0] += 1,
            Some(DateOrder::Month) => self.certain[1] += 1,
            None => self.either_date = self.either_date.or(Some(word)),
            _ => {}
        }
        self.dates[0] += usize::from(date.order() == Some(DateOrder::Year));
        for (order, count) in [DateOrder::Day, DateOrder::Month].into_iter().zip(&mut self.dates[1..]) {
            *count += usize::from(date.days(order).is_some());
        }
    }

    /// As what most cells read, and how many; none where none reads as a number or date.
    fn best(&self, table: &Table) -> Option<(Reading, usize)> {
        let [point, comma] = self.numbers;
        let decimal = match point.cmp(&comma) {
            std::cmp::Ordering::Greater => Decimal::Point,
            std::cmp::Ordering::Less => Decimal::Comma,
            // Where semicolons or tabs separate, commas stand before decimals; where commas do, between thousands.
            _ if self.either.is_some() && table.separator != b',' => Decimal::Comma,
            _ => Decimal::Point,
        };
        let order = match (self.dates[0] >= self.dates[1].max(self.dates[2]), self.certain) {
            (true, _) => DateOrder::Year,
            (_, [day, month]) if day > month => DateOrder::Day,
            (_, [day, month]) if month > day => DateOrder::Month,
            _ if self.either_date.is_some_and(|date| date.contains('.')) => DateOrder::Day,
            _ => DateOrder::Month,
        };
        let of_order = match order {
            DateOrder::Year | DateOrder::Digits => self.dates[0],
            DateOrder::Day => self.dates[1],
            DateOrder::Month => self.dates[2],
        };
        let all = [
            (Reading::Numbers(decimal, self.unit.to_string()), point.max(comma)),
            (Reading::Dates(order), of_order),
            (Reading::Times, self.times),
        ];
        all.into_iter().rev().max_by_key(|(_, count)| *count).filter(|(_, count)| *count > 0)
    }

    fn doubt(&self, reading: &Reading) -> Option<Doubt> {
        match reading {
            Reading::Numbers(..) if self.numbers[0] == self.numbers[1] => {
                self.either.map(|cell| Doubt::Thousands(quoted(cell)))
            }
            Reading::Dates(DateOrder::Day | DateOrder::Month) if self.certain == [0, 0] => {
                self.either_date.filter(|date| !date.contains('.')).map(|cell| Doubt::MonthOrDay(quoted(cell)))
            }
            _ => None,
        }
    }
}

/// The unit that most numbers of a column have.
fn usual_unit(table: &Table, column: usize) -> &str {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for parts in table.words(column).flatten().filter_map(Parts::of) {
        match counts.iter().position(|(unit, _)| *unit == parts.unit) {
            Some(place) => counts[place].1 += 1,
            // A column with more units than this is none of numbers.
            None if counts.len() < 16 => counts.push((parts.unit, 1)),
            None => {}
        }
    }
    let currency = counts.iter().filter(|(unit, _)| is_currency(unit)).max_by_key(|(_, count)| *count);
    // A currency may be left out here and there, any other unit may not.
    let most = counts.iter().max_by_key(|(_, count)| *count);
    match (currency, most) {
        (Some((unit, _)), Some((most, _))) if most.is_empty() || most == unit => unit,
        (_, most) => most.map_or("", |(unit, _)| unit),
    }
}
