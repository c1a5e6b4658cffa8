//! The safetensors container: notes and pieces of bytes ⇄ one file.
//!
//! Eight bytes with the header's length N (little-endian), N bytes of JSON, then the arrays without gaps. The
//! `safetensors` crate checks what is read. It cannot write what is wanted here: it puts the notes in the order of a
//! hash map, another one each time. So the header is written below, in a fixed order.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use safetensors::{Dtype, tensor::Metadata, tensor::TensorInfo};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{MODEL_CAP_BYTES, ModelError};
use crate::sniff::{Kind, sniff};

/// Where safetensors keeps the notes.
const METADATA_KEY: &str = "__metadata__";
/// The longest header, in bytes: some 80,000 arrays. Parsing one takes up to sixteen times its length in memory.
const HEADER_CAP_BYTES: u64 = 8 << 20;
/// Length of the header's length.
const PREFIX: usize = 8;

/// One array, as bytes.
pub(crate) struct Piece<'a> {
    pub(crate) name: String,
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<usize>,
    pub(crate) bytes: &'a [u8],
}

/// A safetensors file, taken apart.
pub(crate) struct Layout<'a> {
    pub(crate) metadata: BTreeMap<String, String>,
    /// In the order that the header lists them in.
    pub(crate) pieces: Vec<Piece<'a>>,
}

impl<'a> Layout<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, ModelError> {
        let (header, arrays) = split(bytes)?;
        let damaged = |reason: String| ModelError::Header { reason };
        let names: Names = serde_json::from_str(header).map_err(|error| damaged(error.to_string()))?;
        let checked: Metadata = serde_json::from_str(header).map_err(|error| damaged(error.to_string()))?;

        let needed = (bytes.len() - arrays.len() + checked.data_len()) as u64;
        let found = bytes.len() as u64;
        if found < needed {
            return Err(ModelError::Cut { needed, found });
        }
        if found > needed {
            return Err(ModelError::TrailingBytes { needed, found });
        }
        let piece = |name: String| {
            let info = checked.info(&name)?;
            let (start, end) = info.data_offsets;
            Some(Piece { dtype: info.dtype, shape: info.shape.clone(), bytes: arrays.get(start..end)?, name })
        };
        let pieces = names.0.into_iter().map(|name| {
            let missing = format!("no place for array {name:?}");
            piece(name).ok_or_else(|| damaged(missing))
        });
        let pieces = pieces.collect::<Result<_, _>>()?;
        let metadata = checked.metadata().clone().unwrap_or_default().into_iter().collect();
        Ok(Self { metadata, pieces })
    }

    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        let mut names = HashSet::new();
        for Piece { name, .. } in &self.pieces {
            if name == METADATA_KEY {
                return Err(ModelError::Reserved { name: name.clone() });
            }
            if !names.insert(name) {
                return Err(ModelError::Duplicate { name: name.clone() });
            }
        }
        let order = self.order();
        let mut header = serde_json::to_vec(&Header { layout: self, offsets: self.offsets(&order) })
            .map_err(|error| ModelError::Header { reason: error.to_string() })?;
        // Spaces up to a multiple of eight, so that the arrays start aligned.
        header.resize(header.len().next_multiple_of(PREFIX), b' ');

        let length =
            PREFIX as u64 + header.len() as u64 + self.pieces.iter().map(|p| p.bytes.len() as u64).sum::<u64>();
        fits("header", header.len() as u64, HEADER_CAP_BYTES)?;
        fits("file", length, MODEL_CAP_BYTES)?;
        let mut bytes = Vec::with_capacity(length as usize);
        bytes.extend((header.len() as u64).to_le_bytes());
        bytes.extend(header);
        for index in order {
            bytes.extend(self.pieces[index].bytes);
        }
        Ok(bytes)
    }

    /// The order the arrays are stored in: widest numbers first, so that each array is aligned for who maps the file
    /// into memory; within a width as given.
    fn order(&self) -> Vec<usize> {
        let mut order: Vec<_> = (0..self.pieces.len()).collect();
        order.sort_by_key(|&index| std::cmp::Reverse(self.pieces[index].dtype.bitsize()));
        order
    }

    /// Where each array starts and ends, counted from the end of the header.
    fn offsets(&self, order: &[usize]) -> Vec<(usize, usize)> {
        let mut offsets = vec![(0, 0); self.pieces.len()];
        let mut start = 0;
        for &index in order {
            let end = start + self.pieces[index].bytes.len();
            offsets[index] = (start, end);
            start = end;
        }
        offsets
    }
}

fn fits(what: &'static str, bytes: u64, cap_bytes: u64) -> Result<(), ModelError> {
    if bytes > cap_bytes { Err(ModelError::TooLarge { what, bytes, cap_bytes }) } else { Ok(()) }
}

/// The header's text and the bytes after it.
fn split(bytes: &[u8]) -> Result<(&str, &[u8]), ModelError> {
    let found = bytes.len() as u64;
    let Some((prefix, rest)) = bytes.split_first_chunk::<PREFIX>() else {
        return Err(match sniff(bytes) {
            empty if empty.kind() == Kind::Empty => ModelError::NotSafetensors { found: empty },
            _ => ModelError::Cut { needed: PREFIX as u64, found },
        });
    };
    let length = u64::from_le_bytes(*prefix);
    if length > HEADER_CAP_BYTES || rest.first().is_some_and(|&byte| byte != b'{') {
        return Err(ModelError::NotSafetensors { found: sniff(bytes) });
    }
    let Some((header, arrays)) = rest.split_at_checked(length as usize) else {
        return Err(ModelError::Cut { needed: PREFIX as u64 + length, found });
    };
    match std::str::from_utf8(header) {
        Ok(header) => Ok((header, arrays)),
        Err(error) => Err(ModelError::NotUtf8 { offset: PREFIX + error.valid_up_to() }),
    }
}

/// The header in the order it is written in: the notes by key, the arrays as given.
struct Header<'a> {
    layout: &'a Layout<'a>,
    offsets: Vec<(usize, usize)>,
}

impl Serialize for Header<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Layout { metadata, pieces } = self.layout;
        let mut map = serializer.serialize_map(Some(pieces.len() + 1))?;
        map.serialize_entry(METADATA_KEY, metadata)?;
        for (piece, &data_offsets) in pieces.iter().zip(&self.offsets) {
            let info = TensorInfo { dtype: piece.dtype, shape: piece.shape.clone(), data_offsets };
            map.serialize_entry(&piece.name, &info)?;
        }
        map.end()
    }
}

/// The arrays' names in the header's order, which the `safetensors` crate forgets.
struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(NamesVisitor)
    }
}

struct NamesVisitor;

impl<'de> Visitor<'de> for NamesVisitor {
    type Value = Names;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map from array names to their places")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
        let mut seen = HashSet::new();
        let mut names = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            map.next_value::<IgnoredAny>()?;
            // The format forbids it, and readers that take the first or the last would see different models.
            if !seen.insert(name.clone()) {
                return Err(serde::de::Error::custom(format_args!("{name:?} is there twice")));
            }
            if name != METADATA_KEY {
                names.push(name);
            }
        }
        Ok(Names(names))
    }
}
