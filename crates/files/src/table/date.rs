//! A cell → a date with its time, or a time of day alone.

/// The order that day, month and year are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
    /// `2024-01-31`, the year first.
    Year,
    /// `31.01.2024`, the day first.
    Day,
    /// `01/31/2024`, the month first.
    Month,
    /// `20240131`, eight digits.
    Digits,
}

/// A date as it stands in a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct DateCell {
    year: i64,
    /// Month and day; or two numbers of which it is not known which is which.
    pair: [u32; 2],
    is_certain: bool,
    /// Since midnight, in UTC where the cell says how far it is from it.
    seconds: f64,
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const SECONDS_A_DAY: f64 = 86_400.0;

impl DateCell {
    pub(super) fn of(cell: &str) -> Option<Self> {
        let cell = cell.trim();
        if !cell.is_ascii() || !(6..=40).contains(&cell.len()) {
            return None;
        }
        let (date, time) = parted(cell);
        let seconds = if time.is_empty() { 0.0 } else { seconds(time)? };
        let (year, pair, is_certain) = day(date)?;
        let own = Self { year, pair, is_certain, seconds };
        let orders = [DateOrder::Day, DateOrder::Month];
        orders.into_iter().any(|order| own.days(order).is_some()).then_some(own)
    }

    /// Whether the first of two numbers can only be the day, or only the month; none where it may be either.
    pub(super) fn order(&self) -> Option<DateOrder> {
        let [first, second] = self.pair;
        match (self.is_certain, first > 12, second > 12) {
            (true, ..) => Some(DateOrder::Year),
            (_, true, _) => Some(DateOrder::Day),
            (_, _, true) => Some(DateOrder::Month),
            _ => None,
        }
    }

    /// Days since 1970-01-01, with the time as their fraction.
    pub(super) fn days(&self, order: DateOrder) -> Option<f64> {
        let [first, second] = self.pair;
        let (month, day) = if !self.is_certain && order == DateOrder::Day { (second, first) } else { (first, second) };
        let lengths = [31, if is_leap(self.year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let length = *lengths.get(month.checked_sub(1)? as usize)?;
        (1..=length)
            .contains(&day)
            .then(|| days_from_civil(self.year, month, day) as f64 + self.seconds / SECONDS_A_DAY)
    }
}

/// Eight digits as a date of the years 1900 to 2100.
pub(super) fn eight_digits(cell: &str) -> Option<f64> {
    if cell.len() != 8 || !cell.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| cell[from..to].parse::<u32>().ok();
    let year = i64::from(number(0, 4)?);
    let own = DateCell { year, pair: [number(4, 6)?, number(6, 8)?], is_certain: true, seconds: 0.0 };
    own.days(DateOrder::Year).filter(|_| (1900..=2100).contains(&year))
}

/// A time of day, `12:30`, `12:30:15.5` or `1:30 pm`, in hours.
pub(super) fn hours(cell: &str) -> Option<f64> {
    seconds(cell.trim()).map(|seconds| seconds / 3600.0)
}

/// The date, and the time behind it.
fn parted(cell: &str) -> (&str, &str) {
    let Some(colon) = cell.find(':') else { return (cell, "") };
    match cell[..colon].rfind(['T', 't', ' ']) {
        Some(at) => (cell[..at].trim_end(), &cell[at + 1..]),
        None => (cell, ""),
    }
}

fn day(text: &str) -> Option<(i64, [u32; 2], bool)> {
    let words: Vec<&str> = text.split(['-', '/', '.', ' ', ',']).filter(|word| !word.is_empty()).collect();
    let number = |word: &str, most: usize| {
        (word.len() <= most && word.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| word.parse::<u32>().ok())
            .flatten()
    };
    let marks = text.bytes().filter(|byte| b"-/. ,".contains(byte)).count();
    match words.as_slice() {
        [year, month] if year.len() == 4 && marks == 1 && month.len() == 2 && !text.contains(['.', ' ', ',']) => {
            Some((i64::from(number(year, 4)?), [number(month, 2)?, 1], true))
        }
        [first, second, third] => {
            let [named_first, named_second] = [first, second].map(|word| month_by_name(word));
            match (named_first, named_second) {
                (None, Some(month)) => Some((year_of(third)?, [month, number(first, 2)?], true)),
                (Some(month), None) => Some((year_of(third)?, [month, number(second, 2)?], true)),
                _ if marks != 2 || text.contains([' ', ',']) => None,
                _ if first.len() == 4 => {
                    Some((i64::from(number(first, 4)?), [number(second, 2)?, number(third, 2)?], true))
                }
                _ => Some((year_of(third)?, [number(first, 2)?, number(second, 2)?], false)),
            }
        }
        _ => None,
    }
}

/// A year of four digits, or of two: 69 to 99 of the last century, as POSIX has it.
fn year_of(word: &str) -> Option<i64> {
    let number = word.bytes().all(|byte| byte.is_ascii_digit()).then(|| word.parse::<i64>().ok()).flatten()?;
    match word.len() {
        4 => Some(number),
        2 => Some(if number < 69 { 2000 + number } else { 1900 + number }),
        _ => None,
    }
}

fn month_by_name(word: &str) -> Option<u32> {
    let word = word.to_ascii_lowercase();
    let is_it =
        |place: &usize| word == MONTHS[*place] || word == MONTHS[*place][..3] || (word == "sept" && *place == 8);
    (0..12).find(is_it).map(|place| place as u32 + 1)
}

fn seconds(text: &str) -> Option<f64> {
    let (text, ahead) = zone(text.trim())?;
    let lower = text.to_ascii_lowercase();
    let (clock, half) = match (lower.strip_suffix("am"), lower.strip_suffix("pm")) {
        (Some(clock), _) => (clock.trim_end(), Some(0.0)),
        (_, Some(clock)) => (clock.trim_end(), Some(12.0)),
        _ => (lower.as_str(), None),
    };
    let parts: Vec<&str> = clock.split(':').collect();
    let two = |word: &str| {
        (matches!(word.len(), 1 | 2) && word.bytes().all(|b| b.is_ascii_digit()))
            .then(|| word.parse::<f64>().ok())
            .flatten()
    };
    let (hour, minute, second) = match parts.as_slice() {
        [hour, minute] => (two(hour)?, two(minute)?, 0.0),
        [hour, minute, second] => {
            let whole = second.split(['.', ',']).next()?;
            two(whole)?;
            (two(hour)?, two(minute)?, second.replace(',', ".").parse::<f64>().ok()?)
        }
        _ => return None,
    };
    let hour = match half {
        Some(half) if (1.0..=12.0).contains(&hour) => hour % 12.0 + half,
        Some(_) => return None,
        None => hour,
    };
    (hour <= 24.0 && minute < 60.0 && second < 61.0).then_some(hour * 3600.0 + minute * 60.0 + second - ahead)
}

/// The time without its zone, and how many seconds the zone is ahead of UTC.
fn zone(text: &str) -> Option<(&str, f64)> {
    if let Some(time) = text.strip_suffix(['Z', 'z']).or_else(|| text.strip_suffix("UTC")) {
        return Some((time.trim_end(), 0.0));
    }
    let Some(at) = text.rfind(['+', '-']) else { return Some((text, 0.0)) };
    let offset: String = text[at + 1..].chars().filter(|&c| c != ':').collect();
    let number = offset.parse::<f64>().ok().filter(|_| offset.bytes().all(|byte| byte.is_ascii_digit()))?;
    let seconds = match offset.len() {
        2 => number * 3600.0,
        4 => (number / 100.0).floor() * 3600.0 + number % 100.0 * 60.0,
        _ => return None,
    };
    Some((text[..at].trim_end(), if text.as_bytes()[at] == b'-' { -seconds } else { seconds }))
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days since 1970-01-01 in the Gregorian calendar: whole cycles of 400 years, then years that begin in March, so that
/// the leap day is the last.
fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    const DAYS_BEFORE_1970: i64 = 719_468;
    const DAYS_A_CYCLE: i64 = 146_097;
    let year = if month <= 2 { year - 1 } else { year };
    let (cycle, of_cycle) = (year.div_euclid(400), year.rem_euclid(400));
    let since_march = i64::from((month + 9) % 12);
    let of_year = (153 * since_march + 2) / 5 + i64::from(day) - 1;
    cycle * DAYS_A_CYCLE + of_cycle * 365 + of_cycle / 4 - of_cycle / 100 + of_year - DAYS_BEFORE_1970
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_since_1970() {
        use DateOrder::{Day, Month, Year};
        let table = [
            ("1970-01-01", Year, 0.0),
            ("2024-01-31", Year, 19_753.0),
            ("2024/1/31", Year, 19_753.0),
            ("2000-02-29", Year, 11_016.0),
            ("1969-12-31", Year, -1.0),
            ("2024-01", Year, 19_723.0),
            ("31.01.2024", Day, 19_753.0),
            ("31.01.2024 12:00", Day, 19_753.5),
            ("31.1.24", Day, 19_753.0),
            ("01/31/2024", Month, 19_753.0),
            ("01/31/2024 6:00 PM", Month, 19_753.75),
            ("2024-01-31T12:00:00Z", Year, 19_753.5),
            ("2024-01-31 12:00:00.000", Year, 19_753.5),
            ("2024-01-31T13:00:00+01:00", Year, 19_753.5),
            ("2024-01-31T07:00:00-0500", Year, 19_753.5),
            ("31 Jan 2024", Day, 19_753.0),
            ("31-Jan-24", Day, 19_753.0),
            ("January 31, 2024", Month, 19_753.0),
        ];
        for (cell, order, days) in table {
            assert_eq!(DateCell::of(cell).and_then(|own| own.days(order)), Some(days), "{cell}");
        }
        for cell in
            ["2024-13-01", "2023-02-29", "1.2.3", "1-2", "12:30", "2024", "1/2", "192.168.0.1", "a-b-2024", "1 2 2024"]
        {
            assert_eq!(DateCell::of(cell), None, "{cell}");
        }
        let orders = ["31/01/2024", "01/31/2024", "01/02/2024", "2024-01-02"]
            .map(|cell| DateCell::of(cell).map(|own| own.order()));
        assert_eq!(orders, [Some(Some(Day)), Some(Some(Month)), Some(None), Some(Some(Year))]);
        assert_eq!(
            [eight_digits("20240131"), eight_digits("20241301"), eight_digits("12345678")],
            [Some(19_753.0), None, None]
        );
    }

    #[test]
    fn times_of_day_are_hours() {
        let table = [
            ("12:30", Some(12.5)),
            ("0:00", Some(0.0)),
            ("1:30 pm", Some(13.5)),
            ("12:00 am", Some(0.0)),
            ("09:00:36", Some(9.01)),
        ];
        for (cell, wanted) in table {
            assert_eq!(hours(cell), wanted, "{cell}");
        }
        assert!(["12", "25:00", "12:60", "1:2:3:4", "a:b", "13:00 pm", ":"].iter().all(|cell| hours(cell).is_none()));
    }
}
