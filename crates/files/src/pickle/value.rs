//! How a pickle's values are looked at.

use std::fmt;

use super::Pickle;
use super::node::{ArrayNode, Id, Node, latin_1};
use crate::array::{Array, Dtype};

/// A value in a pickle. Values that Python shares are shared here: a value's parts are looked up when asked for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Value<'p> {
    /// Python's `None`.
    None,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A whole number beyond 64 bits: two's complement, least byte first.
    BigInteger(&'p [u8]),
    /// A number.
    Float(f64),
    /// Text.
    Text(&'p str),
    /// Bytes.
    Bytes(&'p [u8]),
    /// Python 2's `str`: bytes that are often text.
    ByteString(&'p [u8]),
    /// A list.
    List(Items<'p>),
    /// A tuple.
    Tuple(Items<'p>),
    /// A set, in the file's order.
    Set(Items<'p>),
    /// A dict, in the file's order. No two keys are the same text.
    Dict(Entries<'p>),
    /// An array, or a NumPy number.
    Array(ArrayView<'p>),
    /// A type or class that is mentioned, such as `numpy.float32`.
    Name(&'static str),
}

impl<'p> Value<'p> {
    pub(super) fn of(pickle: &'p Pickle<'_>, id: Id) -> Self {
        match &pickle.nodes[pickle.unboxed(id) as usize] {
            Node::None => Self::None,
            Node::Bool(value) => Self::Bool(*value),
            Node::Int(value) => Self::Integer(*value),
            Node::BigInt(bytes) => Self::BigInteger(bytes),
            Node::Float(value) => Self::Float(*value),
            Node::Text(text) => Self::Text(text),
            Node::Bytes(bytes) => Self::Bytes(bytes),
            Node::ByteString(bytes) => Self::ByteString(bytes),
            Node::List(items) => Self::List(Items { pickle, items }),
            Node::Tuple(items) => Self::Tuple(Items { pickle, items }),
            Node::Set(items) => Self::Set(Items { pickle, items }),
            Node::Dict(entries) => Self::Dict(Entries { pickle, entries }),
            Node::Array(node) => {
                let bytes = pickle.nodes[node.source as usize].bytes().unwrap_or_default();
                Self::Array(ArrayView { node, bytes })
            }
            Node::Global(global) => Self::Name(global.label()),
            Node::Dtype(_) => Self::Name("numpy.dtype"),
            // No array in an array is left: see `unboxed`.
            Node::Blank | Node::Boxed(_) => Self::Name("numpy.ndarray"),
            Node::Storage(_) => Self::Name("a torch storage"),
        }
    }

    /// Its text, if it is text; Python 2's strings are taken as Latin-1.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some((*text).to_string()),
            Self::ByteString(bytes) => Some(latin_1(bytes).into_owned()),
            _ => None,
        }
    }
}

/// The items of a list, tuple or set.
#[derive(Clone, Copy)]
pub struct Items<'p> {
    pickle: &'p Pickle<'p>,
    items: &'p [Id],
}

impl<'p> Items<'p> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = Value<'p>> + use<'p> {
        let Self { pickle, items } = *self;
        items.iter().map(move |&id| Value::of(pickle, id))
    }
}

impl fmt::Debug for Items<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} items", self.len())
    }
}

/// The entries of a dict.
#[derive(Clone, Copy)]
pub struct Entries<'p> {
    pickle: &'p Pickle<'p>,
    entries: &'p [(Id, Id)],
}

impl<'p> Entries<'p> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Keys and values, one after the other.
    pub fn iter(&self) -> impl Iterator<Item = (Value<'p>, Value<'p>)> + use<'p> {
        let Self { pickle, entries } = *self;
        entries.iter().map(move |&(key, value)| (Value::of(pickle, key), Value::of(pickle, value)))
    }

    /// The value under that text.
    pub fn get(&self, name: &str) -> Option<Value<'p>> {
        self.iter().find(|(key, _)| key.text().as_deref() == Some(name)).map(|(_, value)| value)
    }
}

impl fmt::Debug for Entries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} entries", self.len())
    }
}

/// An array in a pickle, its numbers still as the file has them.
#[derive(Clone, Copy)]
pub struct ArrayView<'p> {
    node: &'p ArrayNode,
    bytes: &'p [u8],
}

impl<'p> ArrayView<'p> {
    /// The type of its numbers.
    pub fn dtype(&self) -> Dtype {
        self.node.stored.dtype
    }

    /// The extent of each axis.
    pub fn shape(&self) -> &'p [usize] {
        &self.node.shape
    }

    /// Whether it is a NumPy number rather than an array.
    pub fn is_scalar(&self) -> bool {
        self.node.scalar
    }

    /// A copy, row by row and little-endian.
    pub fn to_array(&self) -> Array {
        Array::arranged(self.node.stored, &self.node.shape, &self.node.layout, self.bytes)
    }
}

impl fmt::Debug for ArrayView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.dtype(), self.shape())
    }
}
