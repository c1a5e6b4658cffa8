//! The header of a `.npy` file: a Python dict of three entries, in text.

use std::ops::Range;

use super::{Dtype, NPY_MAGIC, NpyError, Stored, foreign_type, split_code};
use crate::sniff::sniff;

/// More extents than any array has.
const MANY_EXTENTS: usize = 65;

pub(super) struct Header {
    pub(super) stored: Stored,
    pub(super) fortran: bool,
    pub(super) shape: Vec<usize>,
}

/// The header, and where the numbers start.
pub(super) fn parse(bytes: &[u8]) -> Result<(Header, usize), NpyError> {
    let (range, end) = text(bytes)?;
    let header = Parser { text: &bytes[range.clone()], at: 0, start: range.start }.header()?;
    Ok((header, end))
}

/// Where the header's text stands, and where the numbers start.
pub(super) fn text(bytes: &[u8]) -> Result<(Range<usize>, usize), NpyError> {
    let cut = |needed| NpyError::HeaderCut { needed, found: bytes.len() };
    let shared = bytes.len().min(NPY_MAGIC.len());
    if bytes[..shared] != NPY_MAGIC[..shared] || bytes.is_empty() {
        return Err(NpyError::NotNpy { found: sniff(bytes) });
    }
    let Some(&[major, minor]) = bytes.get(6..8).and_then(|version| version.first_chunk()) else {
        return Err(cut(8));
    };
    let (start, length) = match (major, minor) {
        (1, 0) => (10, bytes.get(8..10).and_then(|b| b.first_chunk()).map(|&b| u64::from(u16::from_le_bytes(b)))),
        (2 | 3, 0) => (12, bytes.get(8..12).and_then(|b| b.first_chunk()).map(|&b| u64::from(u32::from_le_bytes(b)))),
        _ => return Err(NpyError::Version { major, minor }),
    };
    let length = length.ok_or(cut(start))?;
    let end = usize::try_from(start + length).map_err(|_| cut(start + length))?;
    let range = start as usize..end;
    bytes.get(range.clone()).ok_or(cut(start + length))?;
    Ok((range, end))
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    /// Where the text starts in the file.
    start: usize,
}

impl<'a> Parser<'a> {
    fn header(mut self) -> Result<Header, NpyError> {
        let (mut stored, mut fortran, mut shape) = (None, None, None);
        self.expect(b'{')?;
        while !self.skip(b'}') {
            let key = self.string()?;
            self.expect(b':')?;
            let twice = match key {
                b"descr" => stored.replace(self.dtype()?).is_some(),
                b"fortran_order" => fortran.replace(self.truth()?).is_some(),
                b"shape" => shape.replace(self.shape()?).is_some(),
                _ => return Err(self.wrong("a key that is not one of 'descr', 'fortran_order' and 'shape'")),
            };
            if twice {
                return Err(self.wrong("a key that is there twice"));
            }
            if !self.skip(b',') {
                self.expect(b'}')?;
                break;
            }
        }
        self.space();
        if self.at < self.text.len() {
            return Err(self.wrong("something after the closing brace"));
        }
        match (stored, fortran, shape) {
            (Some(stored), Some(fortran), Some(shape)) => Ok(Header { stored, fortran, shape }),
            _ => Err(self.wrong("one of 'descr', 'fortran_order' and 'shape' is missing")),
        }
    }

    fn dtype(&mut self) -> Result<Stored, NpyError> {
        // A list of fields.
        if self.peek() == Some(b'[') {
            return Err(NpyError::Dtype { found: "structured records".to_string() });
        }
        let code = String::from_utf8_lossy(self.string()?);
        let (big_endian, code) = split_code(&code);
        match Dtype::from_numpy_code(code) {
            Some(dtype) => Ok(Stored { dtype, big_endian }),
            None => Err(NpyError::Dtype { found: foreign_type(code) }),
        }
    }

    fn truth(&mut self) -> Result<bool, NpyError> {
        self.space();
        let rest = &self.text[self.at..];
        for (word, value) in [("True", true), ("False", false)] {
            if rest.starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.wrong("expected True or False"))
    }

    fn shape(&mut self) -> Result<Vec<usize>, NpyError> {
        let mut shape = Vec::new();
        self.expect(b'(')?;
        while !self.skip(b')') {
            shape.push(self.extent()?);
            if shape.len() >= MANY_EXTENTS {
                return Err(self.wrong("more axes than any array has"));
            }
            if !self.skip(b',') {
                self.expect(b')')?;
                break;
            }
        }
        Ok(shape)
    }

    fn extent(&mut self) -> Result<usize, NpyError> {
        self.space();
        let rest = &self.text[self.at..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let extent = std::str::from_utf8(&rest[..digits]).ok().and_then(|digits| digits.parse().ok());
        let extent = extent.ok_or_else(|| self.wrong("expected an extent that memory can address"))?;
        self.at += digits;
        // Python 2's long integers.
        if self.text.get(self.at) == Some(&b'L') {
            self.at += 1;
        }
        Ok(extent)
    }

    fn string(&mut self) -> Result<&'a [u8], NpyError> {
        let quote = match self.peek() {
            Some(quote @ (b'\'' | b'"')) => quote,
            _ => return Err(self.wrong("expected a text in quotes")),
        };
        let rest = &self.text[self.at + 1..];
        let length = rest.iter().position(|&byte| byte == quote);
        let length = length.ok_or_else(|| self.wrong("a text without its closing quote"))?;
        self.at += length + 2;
        Ok(&rest[..length])
    }

    fn space(&mut self) {
        self.at += self.text[self.at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    }

    fn peek(&mut self) -> Option<u8> {
        self.space();
        self.text.get(self.at).copied()
    }

    fn skip(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, byte: u8) -> Result<(), NpyError> {
        if self.skip(byte) { Ok(()) } else { Err(self.wrong(&format!("expected {:?}", char::from(byte)))) }
    }

    fn wrong(&self, reason: &str) -> NpyError {
        NpyError::Header { offset: self.start + self.at, reason: reason.to_string() }
    }
}
