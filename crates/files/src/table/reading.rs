//! What a column is, decided by all of its cells: numbers and how they are written, dates and in which order, or words.

use std::fmt;
use std::str::FromStr;

use super::date::{DateCell, DateOrder, eight_digits, hours};
use super::number::{Decimal, Parts, is_currency};

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

/// The kind that a column seems to have, and notes for the reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guess {
    /// What it is.
    pub reading: Reading,
    /// What speaks against it.
    pub doubt: Option<Doubt>,
}

/// Reasons against the way in which a column is read. Each names a cell as an example.
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

    /// The number that a cell reads as; none where it cannot be read, and for words.
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
            _ => Err(format!("{text:?} is not a way to read a column")),
        }
    }
}

impl Reading {
    /// What cells of this kind are called.
    pub(super) fn kind(&self) -> String {
        match self {
            Self::Numbers(_, unit) if unit.is_empty() => "numbers".to_string(),
            Self::Numbers(_, unit) => format!("numbers in {unit}"),
            Self::Times => "times".to_string(),
            Self::Dates(_) => "dates".to_string(),
            Self::Words => "words".to_string(),
        }
    }

    /// What a cell is not, and what to write instead.
    pub(super) fn wanted(&self, found: &str) -> String {
        let wanted = match self {
            _ if self.value(found).is_some() => {
                "not a number to compute with; write a finite one, or leave the cell empty"
            }
            Self::Numbers(Decimal::Point, unit)
                if unit.is_empty() && found.replacen(',', ".", 1).parse::<f64>().is_ok() =>
            {
                "not a number; write it with a point: 0.5 for 0,5"
            }
            Self::Numbers(_, unit) if !unit.is_empty() => {
                return format!("not a number in {unit}; write one such as 5 {unit}, or leave the cell empty");
            }
            Self::Numbers(Decimal::Comma, _) => "not a number; write one such as -0,5, or leave the cell empty",
            Self::Times => "not a time of day; write one such as 12:30, or leave the cell empty",
            Self::Dates(DateOrder::Year) => "not a date; write one such as 2024-01-31, or leave the cell empty",
            Self::Dates(DateOrder::Day) => "not a date; write one such as 31.01.2024, or leave the cell empty",
            Self::Dates(DateOrder::Month) => "not a date; write one such as 01/31/2024, or leave the cell empty",
            Self::Dates(DateOrder::Digits) => "not a date; write one such as 20240131, or leave the cell empty",
            _ => "not a number; write one such as -0.5, or leave the cell empty",
        };
        wanted.to_string()
    }
}
