//! A cell → a number, as people and spreadsheets write them: `1,234.5`, `1.234,5`, `−5`, `(1,200)`, `$17,360`, `5 %`.

use super::MISSING_NUMBER;

/// Which mark stands before the decimals. The other one, a blank and an apostrophe may stand between thousands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decimal {
    /// `1,234.5`
    Point,
    /// `1.234,5`
    Comma,
}

/// A cell without its sign and its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Parts<'c> {
    is_negative: bool,
    digits: &'c str,
    /// A currency or what stands behind the number: `%`, `kg`; empty without one.
    pub(super) unit: &'c str,
}

/// Signs and codes of currencies, which may stand before and behind a number, and may be left out in some cells.
const CURRENCIES: [&str; 27] = [
    "R$", "US$", "$", "€", "£", "¥", "₹", "₽", "₩", "₺", "₴", "₫", "₪", "฿", "USD", "EUR", "GBP", "CHF", "JPY", "CNY",
    "INR", "AUD", "CAD", "SEK", "NOK", "DKK", "PLN",
];
/// Units that may follow a number without a blank.
const UNITS: [&str; 33] = [
    "%", "‰", "°", "°C", "°F", "kg", "g", "mg", "µg", "t", "lb", "lbs", "oz", "km", "m", "cm", "mm", "µm", "mi", "ft",
    "l", "ml", "h", "min", "s", "ms", "kW", "kWh", "W", "V", "Hz", "MB", "GB",
];
/// The longest unit, in bytes.
const LONGEST_UNIT: usize = 16;

pub(super) fn is_currency(unit: &str) -> bool {
    CURRENCIES.contains(&unit)
}

impl<'c> Parts<'c> {
    /// Takes a cell apart; none where it cannot be a number.
    pub(super) fn of(cell: &'c str) -> Option<Self> {
        let mut rest = cell.trim();
        let mut is_negative = false;
        if let Some(inner) = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            // As accountants write what is below 0.
            (rest, is_negative) = (inner.trim(), true);
        }
        let mut unit = "";
        // `-$5` and `$-5` are both written.
        for _ in 0..2 {
            if let Some(own) = rest.strip_prefix(['-', '\u{2212}', '\u{2013}']) {
                (rest, is_negative) = (own.trim_start(), !is_negative);
            } else if let Some(own) = rest.strip_prefix('+') {
                rest = own.trim_start();
            }
            if let Some(own) = CURRENCIES.iter().find(|own| unit.is_empty() && rest.starts_with(**own)) {
                unit = &rest[..own.len()];
                rest = rest[own.len()..].trim_start();
            }
        }
        if !rest.starts_with(|first: char| first.is_ascii_digit() || first == '.' || first == ',') {
            return None;
        }
        let digits = rest.trim_end_matches(|last: char| !last.is_ascii_digit() && last != '.' && last != ',');
        let behind = &rest[digits.len()..];
        match behind.trim() {
            "" => {}
            own if unit.is_empty() && is_unit(own, behind.starts_with(char::is_whitespace)) => unit = own,
            _ => return None,
        }
        Some(Self { is_negative, digits, unit })
    }

    /// The number, where the digits are written in this way.
    pub(super) fn number(&self, decimal: Decimal) -> Option<f64> {
        let number = digits(self.digits, decimal)?;
        Some(if self.is_negative { -number } else { number })
    }
}

fn is_unit(text: &str, is_apart: bool) -> bool {
    let is_word = |own: &str| own.chars().all(|c| c.is_alphabetic() || "%‰°/²³·µ".contains(c));
    UNITS.contains(&text) || is_currency(text) || (is_apart && text.len() <= LONGEST_UNIT && is_word(text))
}

fn digits(text: &str, decimal: Decimal) -> Option<f64> {
    let (mark, other) = match decimal {
        Decimal::Point => ('.', ','),
        Decimal::Comma => (',', '.'),
    };
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], &text[at..]),
        None => (text, ""),
    };
    let (whole, decimals) = match mantissa.find(mark) {
        Some(at) => (&mantissa[..at], &mantissa[at + 1..]),
        None => (mantissa, ""),
    };
    if !decimals.bytes().all(|byte| byte.is_ascii_digit()) || (whole.is_empty() && decimals.is_empty()) {
        return None;
    }
    let whole = ungrouped(whole, other)?;
    format!("{whole}.{decimals}{exponent}").parse::<f64>().ok().filter(|_| !exponent.contains(char::is_whitespace))
}

/// The digits without what stands between their groups: of three, or of two before the last, as in India.
fn ungrouped(whole: &str, mark: char) -> Option<String> {
    if whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(whole.to_string());
    }
    let between = whole.chars().find(|c| !c.is_ascii_digit())?;
    if !(between == mark || "'\u{2019}_ \u{a0}\u{202f}\u{2009}".contains(between)) {
        return None;
    }
    let groups: Vec<&str> = whole.split(between).collect();
    let (first, rest) = groups.split_first()?;
    let (last, inner) = rest.split_last()?;
    let all_digits = groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_digit()));
    let are_groups = (1..=3).contains(&first.len())
        && !first.starts_with('0')
        && last.len() == 3
        && inner.iter().all(|group| (2..=3).contains(&group.len()));
    (all_digits && are_groups).then(|| groups.concat())
}

/// Whether a cell's digits are a whole number in groups of three, so that the mark between them may be a decimal one too.
pub(super) fn is_either(cell: &str) -> bool {
    let Some(parts) = Parts::of(cell) else { return false };
    let values = [Decimal::Point, Decimal::Comma].map(|decimal| parts.number(decimal));
    matches!(values, [Some(point), Some(comma)] if point != comma)
}

/// Whether a word stands for a missing number in a column of numbers, though it may be a word elsewhere.
pub(super) fn is_missing_number(word: &str) -> bool {
    word.eq_ignore_ascii_case(MISSING_NUMBER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        use Decimal::{Comma, Point};
        let table = [
            ("4,464", Point, Some(4464.0)),
            ("4,464", Comma, Some(4.464)),
            ("4,46", Point, None),
            ("4,46", Comma, Some(4.46)),
            ("1.234,5", Comma, Some(1234.5)),
            ("1.234,5", Point, None),
            ("1,234,567.25", Point, Some(1_234_567.25)),
            ("1 234,5", Comma, Some(1234.5)),
            ("1\u{202f}234\u{202f}567", Point, Some(1_234_567.0)),
            ("1'234.50", Point, Some(1234.5)),
            ("12,34,567", Point, Some(1_234_567.0)),
            ("0,123", Point, None),
            ("0,123", Comma, Some(0.123)),
            (",5", Comma, Some(0.5)),
            ("(1,200)", Point, Some(-1200.0)),
            ("−5", Point, Some(-5.0)),
            ("$17,360", Point, Some(17360.0)),
            ("-$5", Point, Some(-5.0)),
            ("$-5", Point, Some(-5.0)),
            ("12,50 €", Comma, Some(12.5)),
            ("EUR 12", Point, Some(12.0)),
            ("5%", Point, Some(5.0)),
            ("446 kg", Point, Some(446.0)),
            ("1E+03", Point, Some(1000.0)),
            ("1e3", Point, Some(1000.0)),
            ("1,5e3", Comma, Some(1500.0)),
            ("1,2,3", Point, None),
            ("1/2", Point, None),
            ("12A", Point, None),
            ("1st", Point, None),
            ("3+", Point, None),
            ("", Point, None),
            (".", Point, None),
            ("-", Point, None),
            ("1-2", Point, None),
            ("192.168.0.1", Point, None),
        ];
        for (cell, decimal, wanted) in table {
            let number = Parts::of(cell).and_then(|parts| parts.number(decimal));
            assert_eq!(number, wanted, "{cell} by {decimal:?}");
        }
        let units = [("5 %", "%"), ("$5", "$"), ("5 EUR", "EUR"), ("3 km/h", "km/h"), ("5", "")];
        for (cell, unit) in units {
            assert_eq!(Parts::of(cell).map(|parts| parts.unit), Some(unit), "{cell}");
        }
        assert!(is_either("4,464") && is_either("4.464") && !is_either("4,46") && !is_either("4464"));
    }
}
