//! A formula's text as tokens.

use std::ops::Range;

use crate::fault::ExpressionFault;
use crate::function;

/// A token and where it stands, in bytes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) place: Range<usize>,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Number(f64),
    Name,
    Plus,
    Minus,
    Times,
    Divided,
    Power,
    Open,
    Close,
    Comma,
    /// What is no token: told when the parser comes to it, so that mistakes are found from left to right.
    Wrong(ExpressionFault),
    End,
}

/// All tokens, the last one [`Kind::End`].
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (kind, length) = match first {
            _ if first.is_whitespace() => {
                at += first.len_utf8();
                continue;
            }
            '0'..='9' | '.' => number(rest),
            _ if begins_name(first) => name(rest),
            // As Python writes a power.
            _ if rest.starts_with("**") => (Kind::Power, 2),
            _ => match sign(first) {
                Some(kind) => (kind, first.len_utf8()),
                None => wrong(rest, first),
            },
        };
        tokens.push(Token { kind, place: at..at + length });
        at += length;
    }
    tokens.push(Token { kind: Kind::End, place: text.len()..text.len() });
    tokens
}

/// A name at the beginning of `rest`. A function of a module, as `np.sin`, is told by the name that it has here.
fn name(rest: &str) -> (Kind, usize) {
    let end_of = |text: &str| text.find(|c| !begins_name(c) && !continues_name(c)).unwrap_or(text.len());
    let mut end = end_of(rest);
    let mut module = 0;
    while let Some(behind) = rest[end..].strip_prefix('.').filter(|behind| behind.starts_with(begins_name)) {
        module = end + 1;
        end = module + end_of(behind);
    }
    if module == 0 {
        return (Kind::Name, end);
    }
    let found = rest[..module].to_string();
    (Kind::Wrong(ExpressionFault::Character { found, hint: function::hint_for(&rest[module..end]) }), end)
}

fn begins_name(c: char) -> bool {
    (c.is_alphabetic() || c == '_') && superscript(c).is_none()
}

/// Digits, and the small ones below the line.
fn continues_name(c: char) -> bool {
    c.is_numeric() && superscript(c).is_none() && !is_full_width(c)
}

fn sign(c: char) -> Option<Kind> {
    Some(match c {
        '+' => Kind::Plus,
        '-' | '−' => Kind::Minus,
        '*' | '×' | '·' | '⋅' => Kind::Times,
        '/' | '÷' => Kind::Divided,
        '^' => Kind::Power,
        '(' => Kind::Open,
        ')' => Kind::Close,
        ',' => Kind::Comma,
        _ => return None,
    })
}

/// A number at the beginning of `rest`, which begins with a digit or a point.
fn number(rest: &str) -> (Kind, usize) {
    let digits =
        |from: usize| rest[from..].find(|c: char| !c.is_ascii_digit() && c != '.').map_or(rest.len(), |n| from + n);
    let mut end = digits(0);
    // An `e` belongs to the number where digits follow; otherwise it is the number e, or begins a name.
    let exponent = rest[end..].strip_prefix(['e', 'E']).map(|behind| behind.strip_prefix(['+', '-']).unwrap_or(behind));
    if let Some(behind) = exponent.filter(|behind| behind.starts_with(|c: char| c.is_ascii_digit())) {
        end = digits(rest.len() - behind.len());
    }
    let found = rest[..end].to_string();
    let kind = match found.parse::<f64>() {
        Ok(number) if number.is_finite() => Kind::Number(number),
        Ok(_) => Kind::Wrong(ExpressionFault::TooLarge { found }),
        Err(_) => Kind::Wrong(ExpressionFault::Number { found }),
    };
    (kind, end)
}

/// A character that means nothing, with those that belong to it, and what to write instead.
fn wrong(rest: &str, first: char) -> (Kind, usize) {
    const SIGNS: &[(&str, &str)] = &[
        ("==", "to compare two numbers, use `equal(x, y)`"),
        ("!=", "to compare two numbers, use `not_equal(x, y)`"),
        ("<=", "to compare two numbers, use `less_equal(x, y)`"),
        (">=", "to compare two numbers, use `greater_equal(x, y)`"),
        ("≤", "to compare two numbers, use `less_equal(x, y)`"),
        ("≥", "to compare two numbers, use `greater_equal(x, y)`"),
        ("<", "to compare two numbers, use `less(x, y)`"),
        (">", "to compare two numbers, use `greater(x, y)`"),
        ("=", "write only the part after it"),
        ("|", "for the absolute value, use `abs(x)`"),
        ("√", "for the square root, use `sqrt(x)`"),
        ("[", "use `(`"),
        ("{", "use `(`"),
        ("]", "use `)`"),
        ("}", "use `)`"),
        (";", "use `,` between the values of a function"),
    ];
    if let Some((sign, hint)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) {
        let fault = ExpressionFault::Character { found: (*sign).to_string(), hint: (*hint).to_string() };
        return (Kind::Wrong(fault), sign.len());
    }
    let length = match superscript(first) {
        Some(_) => rest.find(|c| superscript(c).is_none()).unwrap_or(rest.len()),
        None => first.len_utf8(),
    };
    let found = rest[..length].to_string();
    let raised: String = found.chars().filter_map(superscript).collect();
    let hint = match char::from_u32(u32::from(first).saturating_sub(0xFEE0)).filter(|_| is_full_width(first)) {
        _ if !raised.is_empty() => format!("for a power, use `^{raised}`"),
        Some(plain) => format!("use the narrow `{plain}`"),
        None => "use numbers, names, functions, + - * / ^ and ( )".to_string(),
    };
    (Kind::Wrong(ExpressionFault::Character { found, hint }), length)
}

/// The letters, digits and signs of ASCII as East Asian keyboards write them.
fn is_full_width(c: char) -> bool {
    ('\u{FF01}'..='\u{FF5E}').contains(&c)
}

/// What a small character above the line stands for.
fn superscript(c: char) -> Option<char> {
    Some(match c {
        '¹' => '1',
        '²' => '2',
        '³' => '3',
        '⁰' => '0',
        '⁴'..='⁹' => char::from_u32(u32::from(c) - 0x2070 + u32::from('0'))?,
        '⁻' => '-',
        'ⁿ' => 'n',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind> {
        tokens(text).into_iter().map(|token| token.kind).collect()
    }

    #[test]
    fn numbers_are_read_to_their_end_and_no_further() {
        let numbers = [("1e-3", 1e-3), (".5", 0.5), ("5.", 5.0), ("1E+2", 100.0), ("0.01", 0.01), ("007", 7.0)];
        for (text, number) in numbers {
            assert_eq!(kinds(text), [Kind::Number(number), Kind::End], "{text}");
        }
        assert_eq!(kinds("2e"), [Kind::Number(2.0), Kind::Name, Kind::End]);
        assert_eq!(kinds("2e+x"), [Kind::Number(2.0), Kind::Name, Kind::Plus, Kind::Name, Kind::End]);
        for wrong in ["1.2.3", ".", "1e5.5", ".."] {
            assert!(matches!(&kinds(wrong)[..], [Kind::Wrong(ExpressionFault::Number { .. }), Kind::End]), "{wrong}");
        }
        assert!(matches!(&kinds("1e999")[..], [Kind::Wrong(ExpressionFault::TooLarge { .. }), Kind::End]));
    }

    #[test]
    fn names_are_of_any_script_and_may_carry_digits() {
        for name in ["x", "x0", "x₁", "_a_1", "税率", "θ", "Ångström"] {
            assert_eq!(kinds(name), [Kind::Name, Kind::End], "{name}");
        }
    }

    #[test]
    fn every_place_is_a_part_of_the_text_in_order() {
        let text = "（x＋１) ² 税*2x√ 1.2.3 €";
        let mut end = 0;
        for Token { place, .. } in tokens(text) {
            assert!(place.start >= end && text.get(place.clone()).is_some(), "{place:?}");
            end = place.end;
        }
        assert_eq!(end, text.len());
    }
}
