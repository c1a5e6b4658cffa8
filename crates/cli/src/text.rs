//! Numbers and words as people read them.

use std::borrow::Cow;
use std::path::Path;

/// A count with its thousands apart: `39,760`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let parts: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|part| std::str::from_utf8(part).ok()).collect();
    parts.join(",")
}

/// A count and its noun: `1 step`, `600 steps`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    let (stem, ending) = match noun.strip_suffix('y') {
        _ if number == 1 => (noun, ""),
        Some(stem) if !stem.ends_with(['a', 'e', 'o']) => (stem, "ies"),
        _ if noun.ends_with('s') => (noun, "es"),
        _ => (noun, "s"),
    };
    format!("{} {stem}{ending}", count(number))
}

/// A number of bytes, in powers of 1000: `159 kB`.
pub(crate) fn bytes(number: u64) -> String {
    scaled(number as f64, "B")
}

/// A number of floating-point operations, in powers of 1000: `31.8 MFLOP`.
pub(crate) fn flops(number: u64) -> String {
    scaled(number as f64, "FLOP")
}

fn scaled(number: f64, unit: &str) -> String {
    const PREFIXES: [&str; 7] = ["", "k", "M", "G", "T", "P", "E"];
    // 999.95 would be printed as 1000 of the smaller unit.
    let step = (0..PREFIXES.len() - 1).find(|&step| number / 1000f64.powi(step as i32) < 999.5);
    let step = step.unwrap_or(PREFIXES.len() - 1);
    let value = number / 1000f64.powi(step as i32);
    let places = if step == 0 || value >= 99.95 { 0 } else { 1 };
    format!("{value:.places$} {}{unit}", PREFIXES[step])
}

/// A measurement, of which four digits mean something: `3,765`, `20.16`, `0.004213`.
pub(crate) fn figures(number: f64) -> String {
    match number.abs() {
        size if (999.95..1e18).contains(&size) => count(number.abs().round() as u64),
        size if size > 0.0 && size.is_finite() => {
            let places = (3.0 - size.log10().floor()).clamp(0.0, 12.0) as usize;
            format!("{number:.places$}")
        }
        _ => number.to_string(),
    }
}

/// A share of one as a percentage: `97.34 %`.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

/// A loss: four digits behind the point, or four digits in all where it is very small or very large.
pub(crate) fn loss(number: f64) -> String {
    match number.abs() {
        0.0 => "0".to_string(),
        size if (1e-3..1e5).contains(&size) || !size.is_finite() => format!("{number:.4}"),
        _ => format!("{number:.3e}"),
    }
}

/// A length of time: `0.42 s`, `42 s`, `7 min 30 s`, `2 h 5 min`.
pub(crate) fn seconds(seconds: f64) -> String {
    let whole = seconds.round().max(0.0) as u64;
    match whole {
        _ if seconds < 9.995 => format!("{seconds:.2} s"),
        _ if seconds < 59.95 => format!("{seconds:.1} s"),
        _ if whole < 3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

/// A time to wait, without fractions: `9 s`, `7 min 30 s`.
pub(crate) fn seconds_left(left: f64) -> String {
    match left {
        left if left < 59.5 => format!("{left:.0} s"),
        left => seconds(left),
    }
}

/// Time of day in UTC as RFC 3339 writes it, to the millisecond: `2026-03-14T15:09:26.535Z`.
pub(crate) fn time_of_day(unix_seconds: f64) -> String {
    let milliseconds = (unix_seconds.max(0.0) * 1e3) as u64;
    let (seconds, milliseconds) = (milliseconds / 1000, milliseconds % 1000);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milliseconds:03}Z")
}

/// The Gregorian date of a day counted from 1970-01-01 (Hinnant, "chrono-compatible low-level date algorithms").
/// Years begin in March there, so that a leap day is the last of its year.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

/// A path as it is typed in a shell.
pub(crate) fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+,:=@%~".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// A text with its control characters written out, but for those that are kept: a name from a file, or a file's name, may
/// not move the cursor of whoever reads it, or colour their terminal.
///
/// What is no text at all, such as U+FFFD for bytes that are not UTF-8, stays as it is.
pub(crate) fn escaped<'t>(text: &'t str, kept: &[char]) -> Cow<'t, str> {
    let is_written_out = |c: char| c.is_control() && !kept.contains(&c);
    if !text.contains(is_written_out) {
        return Cow::Borrowed(text);
    }
    let written = |c: char| match is_written_out(c) {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    Cow::Owned(text.chars().map(written).collect())
}

/// Which way a column of a table is aligned.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Rows of cells as lines of columns, two spaces apart. Control characters of names are written out.
pub(crate) fn table(aligns: &[Align], rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<Cow<'_, str>>> =
        rows.iter().map(|row| row.iter().map(|cell| escaped(cell, &[])).collect()).collect();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..aligns.len()).map(|column| width(column).unwrap_or(0)).collect();
    let line = |row: &Vec<Cow<'_, str>>| {
        let cells = row.iter().zip(aligns).zip(&widths).map(|((cell, align), &width)| match align {
            Align::Left => format!("{cell:<width$}"),
            Align::Right => format!("{cell:>width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_string() + "\n"
    };
    rows.iter().map(line).collect()
}

/// The first names, and how many more there are.
pub(crate) fn first_names(names: &[String]) -> String {
    const MOST: usize = 6;
    match names.len() {
        0..=MOST => names.join(", "),
        count => format!("{}, … ({} more)", names[..MOST].join(", "), count - MOST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!([0, 999, 1000, 39_760, 1_234_567].map(count), ["0", "999", "1,000", "39,760", "1,234,567"]);
        assert_eq!(
            [0, 999, 1000, 159_040, 999_600, 31_800_000].map(bytes),
            ["0 B", "999 B", "1.0 kB", "159 kB", "1.0 MB", "31.8 MB"]
        );
        assert_eq!(bytes(u64::MAX), "18.4 EB");
        assert_eq!([0.0, 2.34567, 1e-7, 3.2e9, f64::NAN].map(loss), ["0", "2.3457", "1.000e-7", "3.200e9", "NaN"]);
        assert_eq!(
            [0.4213, 21.04, 59.96, 450.2, 7530.0].map(seconds),
            ["0.42 s", "21.0 s", "1 min 0 s", "7 min 30 s", "2 h 5 min"]
        );
        assert_eq!(percent(0.9734), "97.34 %");
        assert_eq!([3764.6, 20.157, 0.004_213_4, 0.0].map(figures), ["3,765", "20.16", "0.004213", "0"]);
    }

    #[test]
    fn the_time_of_day_is_that_of_the_calendar() {
        let table = [
            (0.0, "1970-01-01T00:00:00.000Z"),
            (951_782_399.5, "2000-02-28T23:59:59.500Z"),
            (951_782_400.0, "2000-02-29T00:00:00.000Z"),
            (951_868_800.0, "2000-03-01T00:00:00.000Z"),
            (1_773_500_966.535, "2026-03-14T15:09:26.535Z"),
            (4_107_542_400.0, "2100-03-01T00:00:00.000Z"),
        ];
        for (unix_seconds, wanted) in table {
            assert_eq!(time_of_day(unix_seconds), wanted);
        }
    }

    #[test]
    fn control_characters_of_a_name_are_written_out() {
        assert_eq!(escaped("W\0\x1b[31m é\u{9b}\n", &['\n']), "W\\u{0}\\u{1b}[31m é\\u{9b}\n");
        assert_eq!(table(&[Align::Left; 2], &[vec!["a\nb".to_string(), "\x07".to_string()]]), "a\\nb  \\u{7}\n");
    }

    #[test]
    fn a_path_with_a_space_is_quoted_for_the_shell() {
        assert_eq!(shell_word(Path::new("runs/digits.safetensors")), "runs/digits.safetensors");
        assert_eq!(shell_word(Path::new("my digits")), "'my digits'");
        assert_eq!(shell_word(Path::new("it's")), r"'it'\''s'");
    }
}
