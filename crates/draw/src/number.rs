//! Numbers as people write them: no more digits than needed, a true minus sign, powers of ten written out.

/// A number with a few significant digits: `0.5`, `−12.3`, `1.2×10⁻⁷`.
///
/// ```
/// use limpid_draw::short_number;
///
/// assert_eq!(short_number(-0.0, 4), "0");
/// assert_eq!(short_number(0.1 + 0.2, 4), "0.3");
/// assert_eq!(short_number(-1234567.0, 3), "−1.23×10⁶");
/// assert_eq!(short_number(f64::NAN, 4), "NaN");
/// ```
pub fn short_number(value: f64, digits: usize) -> String {
    if value.is_nan() {
        return "NaN".to_string();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞" } else { "−∞" }.to_string();
    }
    if value == 0.0 {
        return "0".to_string();
    }
    let digits = digits.clamp(1, 17);
    let scientific = format!("{value:.*e}", digits - 1);
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6.max(digits as i32)).contains(&exponent) {
        let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
        return trimmed(&format!("{value:.decimals$}"));
    }
    format!("{}×10{}", trimmed(mantissa), superscript(exponent))
}

/// A number with so many digits behind the point.
pub(crate) fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let zero = text.bytes().all(|b| matches!(b, b'-' | b'0' | b'.'));
    if zero { text.trim_start_matches('-').to_string() } else { text.replace('-', "−") }
}

/// Ten to a whole power, exactly rounded.
pub(crate) fn power_of_ten(exponent: i32) -> f64 {
    format!("1e{exponent}").parse().unwrap_or(1.0)
}

/// The exponent of a positive number when it is written with one digit before the point.
pub(crate) fn exponent(value: f64) -> i32 {
    let text = format!("{value:e}");
    text.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0)
}

/// `10` and a power above it.
pub(crate) fn superscript(exponent: i32) -> String {
    let digit = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32(0x2070 + digit.to_digit(10).unwrap_or(0)).unwrap_or(digit),
    };
    exponent.to_string().chars().map(digit).collect()
}

fn trimmed(text: &str) -> String {
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text };
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_true() {
        for (value, text) in [
            (1.0, "1"),
            (-0.5, "−0.5"),
            (100_000.0, "100000"),
            (1e6, "1×10⁶"),
            (0.000_123_4, "0.0001234"),
            (1e-300, "1×10⁻³⁰⁰"),
            (2.0 / 3.0, "0.6667"),
            (99_999.6, "100000"),
        ] {
            assert_eq!(short_number(value, 4), text);
        }
    }

    #[test]
    fn no_zero_is_negative() {
        assert_eq!(fixed(-0.001, 2), "0.00");
        assert_eq!(fixed(-0.01, 2), "−0.01");
    }
}
