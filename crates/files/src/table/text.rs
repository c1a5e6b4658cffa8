//! Bytes → the text of a table: UTF-8, UTF-16 with its mark, or Windows-1252, with line feeds at its line ends.

use super::TableError;
use crate::sniff::{Kind, sniff};

/// The mark that some programs begin a UTF-8 text with.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The characters of Windows-1252 from 0x80 to 0x9f (Unicode's `CP1252.TXT`); all others are those of Latin-1.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// The text, and what a reader of it should know.
pub(super) fn text_of(mut bytes: Vec<u8>) -> Result<(String, Vec<String>), TableError> {
    check_format(&bytes)?;
    let mut notes = Vec::new();
    if bytes.starts_with(BYTE_ORDER_MARK) {
        bytes.drain(..BYTE_ORDER_MARK.len());
    }
    let text = match wide(&bytes) {
        Some(units) => {
            notes.push("the text is UTF-16".to_string());
            char::decode_utf16(units).collect::<Result<String, _>>().map_err(|_| TableError::Utf16)?
        }
        None => match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let bytes = error.into_bytes();
                let line = 1 + bytes[..valid].iter().filter(|&&byte| byte == b'\n').count() as u64;
                let text = one_byte_a_character(&bytes)
                    .ok_or_else(|| TableError::NotText { line, found: Box::new(sniff(&bytes)) })?;
                notes.push(format!("line {line} is not UTF-8: the text is read as Windows-1252 (Latin-1)"));
                text
            }
        },
    };
    Ok((without_outer_bars(line_feeds(text)), notes))
}

/// Pairs of bytes, where the text begins with the mark of UTF-16.
pub(super) fn wide(bytes: &[u8]) -> Option<Vec<u16>> {
    let of: fn([u8; 2]) -> u16 = match bytes {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return None,
    };
    Some(bytes[2..].chunks(2).map(|pair| of([pair[0], pair.get(1).copied().unwrap_or(0)])).collect())
}

/// What is no text in any encoding, having control characters in it, is none here either.
pub(super) fn one_byte_a_character(bytes: &[u8]) -> Option<String> {
    let is_control = |byte: &u8| *byte < b' ' && !b"\t\n\r\x0c".contains(byte);
    let character = |&byte: &u8| match byte {
        0x80..=0x9f => WINDOWS_1252[usize::from(byte - 0x80)],
        _ => char::from(byte),
    };
    if bytes.iter().any(is_control) {
        return None;
    }
    let mut text = String::with_capacity(bytes.iter().map(|byte| character(byte).len_utf8()).sum());
    text.extend(bytes.iter().map(character));
    Some(text)
}

/// Old Macintosh programs end lines by a carriage return alone.
fn line_feeds(text: String) -> String {
    match text.contains('\r') && !text.contains('\n') {
        true => text.replace('\r', "\n"),
        false => text,
    }
}

/// Whatever is known not to be a table of text is named for what it is.
pub(super) fn check_format(bytes: &[u8]) -> Result<(), TableError> {
    let found = sniff(bytes);
    let is_other = found.kind().is_known() && !matches!(found.kind(), Kind::Empty | Kind::Debris);
    if is_other && wide(bytes).is_none() { Err(TableError::Format { found: Box::new(found) }) } else { Ok(()) }
}

/// A table between bars, as Markdown has it: without the outer bars and without the line under the header.
fn without_outer_bars(text: String) -> String {
    if !has_outer_bars(&text) {
        return text;
    }
    let inner = |line: &str| match line.trim() {
        line if is_rule(line) => String::new(),
        line => line.strip_prefix('|').unwrap_or(line).strip_suffix('|').unwrap_or(line).to_string(),
    };
    text.lines().map(|line| inner(line) + "\n").collect()
}

pub(super) fn has_outer_bars(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.next().is_some_and(is_barred) && lines.next().is_some_and(is_rule)
}

fn is_barred(line: &str) -> bool {
    line.trim().len() > 1 && line.trim().starts_with('|') && line.trim().ends_with('|')
}

fn is_rule(line: &str) -> bool {
    is_barred(line) && line.chars().all(|c| "|-: \t".contains(c)) && line.contains('-')
}
