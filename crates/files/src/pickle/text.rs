//! The texts of protocol 0: numbers in digits, strings with escapes.

use std::borrow::Cow;

/// The longest number in decimal digits that is read: Python's own limit, as the work grows with the square.
const MAX_DIGITS: usize = 4300;

/// A whole number of any size.
pub(super) enum Whole {
    Small(i64),
    /// Two's complement, least byte first.
    Large(Vec<u8>),
}

/// `-12`, or `12L` as Python 2 wrote long integers.
pub(super) fn whole(line: &[u8]) -> Result<Whole, String> {
    let text = std::str::from_utf8(line).unwrap_or("").trim();
    let text = text.strip_suffix(['L', 'l']).unwrap_or(text);
    if let Ok(small) = text.parse() {
        return Ok(Whole::Small(small));
    }
    let digits = text.trim_start_matches(['-', '+']);
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) || text.len() > digits.len() + 1 {
        return Err(format!("{} is not a whole number", excerpt(line)));
    }
    if digits.len() > MAX_DIGITS {
        return Err(format!("a whole number of {} digits; at most {MAX_DIGITS} are read", digits.len()));
    }
    let mut bytes = Vec::new();
    for digit in digits.bytes() {
        let mut carry = u32::from(digit - b'0');
        for byte in &mut bytes {
            carry += u32::from(*byte) * 10;
            *byte = carry as u8;
            carry >>= 8;
        }
        if carry > 0 {
            bytes.push(carry as u8);
        }
    }
    bytes.push(0);
    if text.starts_with('-') {
        let mut carry = true;
        for byte in &mut bytes {
            (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
        }
    }
    // No more bytes than the sign needs, as the binary instructions have it.
    while let [.., below, last] = bytes.as_slice()
        && *last == if below & 0x80 == 0 { 0 } else { 0xff }
    {
        bytes.pop();
    }
    Ok(Whole::Large(bytes))
}

/// A number with a point.
pub(super) fn float(line: &[u8]) -> Result<f64, String> {
    let text = std::str::from_utf8(line).unwrap_or("").trim();
    text.parse().map_err(|_| format!("{} is not a number", excerpt(line)))
}

/// A Python 2 string as `repr` wrote it: in quotes, with backslash escapes.
pub(super) fn string(line: &[u8]) -> Result<Cow<'_, [u8]>, String> {
    let line = line.trim_ascii_end();
    let inner = match line {
        [b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"'] => inner,
        _ => return Err(format!("{} is not a string in quotes", excerpt(line))),
    };
    if !inner.contains(&b'\\') {
        return Ok(Cow::Borrowed(inner));
    }
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'\\' {
            bytes.push(*first);
            continue;
        }
        let [kind, after @ ..] = rest else {
            return Err("a string ends in a backslash".to_string());
        };
        rest = after;
        match kind {
            b'x' => {
                let (value, after) = hex(rest, 2).ok_or("\\x without two hexadecimal digits in a string")?;
                bytes.push(value as u8);
                rest = after;
            }
            b'0'..=b'7' => {
                let more = rest.iter().take(2).take_while(|digit| matches!(digit, b'0'..=b'7')).count();
                let digits = std::iter::once(kind).chain(&rest[..more]);
                bytes.push(digits.fold(0u32, |value, digit| value * 8 + u32::from(digit - b'0')) as u8);
                rest = &rest[more..];
            }
            _ => match simple_escape(*kind) {
                Some(byte) => bytes.push(byte),
                None => bytes.extend([b'\\', *kind]),
            },
        }
    }
    Ok(Cow::Owned(bytes))
}

fn simple_escape(kind: u8) -> Option<u8> {
    Some(match kind {
        b'\\' | b'\'' | b'"' => kind,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'v' => 11,
        _ => return None,
    })
}

/// Text in Python's `raw-unicode-escape`: Latin-1, and `\u` or `\U` with four or eight digits.
pub(super) fn unicode(line: &[u8]) -> Result<Cow<'_, str>, String> {
    if line.is_ascii() && !line.contains(&b'\\') {
        return Ok(Cow::Borrowed(std::str::from_utf8(line).unwrap_or("")));
    }
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let [first, after @ ..] = rest {
        let digits = match after {
            [b'u', ..] if *first == b'\\' => 4,
            [b'U', ..] if *first == b'\\' => 8,
            _ => {
                text.push(char::from(*first));
                rest = after;
                continue;
            }
        };
        let (code, after) = hex(&after[1..], digits).ok_or("\\u without its hexadecimal digits in a text")?;
        rest = after;
        text.push(char::from_u32(code).ok_or_else(|| format!("\\u{code:04x} in a text is half a character"))?);
    }
    Ok(Cow::Owned(text))
}

fn hex(bytes: &[u8], digits: usize) -> Option<(u32, &[u8])> {
    let (digits, rest) = bytes.split_at_checked(digits)?;
    let value = digits.iter().try_fold(0u32, |value, &digit| Some(value << 4 | char::from(digit).to_digit(16)?))?;
    Some((value, rest))
}

/// A few of the bytes, for a message.
pub(super) fn excerpt(bytes: &[u8]) -> String {
    let start = &bytes[..bytes.len().min(32)];
    let rest = if bytes.len() > start.len() { "…" } else { "" };
    format!("\"{}{rest}\"", start.escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_of(line: &str) -> i128 {
        match whole(line.as_bytes()).unwrap() {
            Whole::Small(small) => small.into(),
            Whole::Large(bytes) => {
                let sign = if bytes[bytes.len() - 1] & 0x80 == 0 { 0 } else { 0xff };
                let mut wide = [sign; 16];
                wide[..bytes.len().min(16)].copy_from_slice(&bytes[..bytes.len().min(16)]);
                assert!(bytes.iter().skip(16).all(|&byte| byte == sign), "{line}");
                i128::from_le_bytes(wide)
            }
        }
    }

    #[test]
    fn whole_numbers_of_any_size_keep_every_digit() {
        let table = [
            ("0", 0),
            ("-7", -7),
            ("12L", 12),
            ("9223372036854775808L", 1 << 63),
            ("-9223372036854775809", -(1 << 63) - 1),
            ("170141183460469231731687303715884105727", i128::MAX),
            ("-170141183460469231731687303715884105728L", i128::MIN),
            ("0000000000000000000000000000000000000000000000001", 1),
        ];
        for (line, expected) in table {
            assert_eq!(value_of(line), expected);
        }
        assert!(whole(&[b'9'; MAX_DIGITS]).is_ok());
        for line in ["", "L", "--1", "1.5", "0x10", "é", &"9".repeat(MAX_DIGITS + 1)] {
            assert!(whole(line.as_bytes()).is_err(), "{line}");
        }
    }

    #[test]
    fn strings_are_read_as_python_2_reads_them() {
        let table: [(&str, &[u8]); 7] = [
            ("'W1'", b"W1"),
            ("\"it's\"", b"it's"),
            (r"'\x00\x80?\xff'", b"\0\x80?\xff"),
            (r"'\n\t\r\\\''", b"\n\t\r\\'"),
            (r"'\0\17\1234'", b"\0\x0f\x534"),
            (r"'\d'", br"\d"),
            ("''", b""),
        ];
        for (line, expected) in table {
            assert_eq!(string(line.as_bytes()).unwrap(), expected, "{line}");
        }
        for line in ["", "'", "W1", "'W1\"", r"'\'", r"'\x0'", r"'\xgg'"] {
            assert!(string(line.as_bytes()).is_err(), "{line}");
        }
    }

    #[test]
    fn texts_are_latin_1_with_escapes_for_the_rest() {
        assert_eq!(unicode(b"W1").unwrap(), "W1");
        assert_eq!(unicode(b"\xe9\\u0000\\u000a\\U0001f30a\\d").unwrap(), "é\0\n🌊\\d");
        for line in [&b"\\u00"[..], b"\\ud800", b"\\U00110000", b"\\uzzzz"] {
            assert!(unicode(line).is_err());
        }
    }
}
