//! What the machine builds: values that refer to each other by number, in one list.
//!
//! A pickle may share a value between many, and may tie knots. Numbers into a list can do both without costing more
//! than the instruction that made them, and the list is dropped without walking anything.

use std::borrow::Cow;

use super::globals::Global;
use crate::array::{Dtype, Layout, Stored, foreign_type};

/// A value's place in the list.
pub(super) type Id = u32;

/// One value.
#[derive(Debug)]
pub(super) enum Node<'a> {
    None,
    Bool(bool),
    Int(i64),
    /// Two's complement, least byte first.
    BigInt(Cow<'a, [u8]>),
    Float(f64),
    Text(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
    /// Python 2's `str`.
    ByteString(Cow<'a, [u8]>),
    List(Vec<Id>),
    Tuple(Vec<Id>),
    Set(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    /// Something harmless, by name.
    Global(Global),
    /// A NumPy type.
    Dtype(Box<NumpyType>),
    /// An array that has not been filled yet.
    Blank,
    Array(Box<ArrayNode>),
    /// A NumPy array without axes of one object: that object.
    Boxed(Id),
    /// Numbers that PyTorch keeps in a file of their own.
    Storage(Box<Storage<'a>>),
}

/// A machine's memory is bounded by this times the length of its input.
const _: () = assert!(size_of::<Node<'_>>() <= 32);

/// A NumPy type, as far as it has been described.
#[derive(Clone, Debug)]
pub(super) struct NumpyType {
    /// Kind and width, such as `f4`.
    pub(super) code: String,
    pub(super) big_endian: bool,
    /// It has fields, or is itself an array.
    pub(super) structured: bool,
}

impl NumpyType {
    /// The type of numbers, or in words what it is instead.
    pub(super) fn stored(&self) -> Result<Stored, String> {
        if self.structured {
            return Err(format!("structured records ({})", self.code));
        }
        match Dtype::from_numpy_code(&self.code) {
            Some(dtype) => Ok(Stored { dtype, big_endian: self.big_endian }),
            None => Err(foreign_type(&self.code)),
        }
    }
}

/// An array, its numbers still where the file has them.
#[derive(Debug)]
pub(super) struct ArrayNode {
    pub(super) stored: Stored,
    pub(super) shape: Vec<usize>,
    pub(super) layout: Layout,
    /// The node with the bytes.
    pub(super) source: Id,
    /// A NumPy scalar, not an array.
    pub(super) scalar: bool,
}

/// A PyTorch storage.
#[derive(Debug)]
pub(super) struct Storage<'a> {
    /// `None` for bytes whose type the tensor says.
    pub(super) dtype: Option<Dtype>,
    pub(super) bytes: &'a [u8],
}

impl Node<'_> {
    /// Text of either kind; Python 2's is taken as Latin-1.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Node::Text(text) => Some(Cow::Borrowed(text)),
            Node::ByteString(bytes) => Some(latin_1(bytes)),
            _ => None,
        }
    }

    /// Bytes of any kind.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Node::Bytes(bytes) | Node::ByteString(bytes) => Some(bytes),
            Node::Storage(storage) => Some(storage.bytes),
            _ => None,
        }
    }

    /// What it is, for a message.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Node::None => "None",
            Node::Bool(_) => "a truth value",
            Node::Int(_) | Node::BigInt(_) => "a whole number",
            Node::Float(_) => "a number",
            Node::Text(_) => "a text",
            Node::Bytes(_) | Node::ByteString(_) => "bytes",
            Node::List(_) => "a list",
            Node::Tuple(_) => "a tuple",
            Node::Set(_) => "a set",
            Node::Dict(_) => "a dict",
            Node::Global(_) => "a name",
            Node::Dtype(_) => "a NumPy type",
            Node::Blank | Node::Array(_) | Node::Boxed(_) => "an array",
            Node::Storage(_) => "a storage",
        }
    }
}

/// Bytes as the characters of the same numbers.
pub(super) fn latin_1(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => Cow::Borrowed(text),
        _ => Cow::Owned(bytes.iter().map(|&byte| char::from(byte)).collect()),
    }
}
