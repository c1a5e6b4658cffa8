//! What the allowed names mean: the few calls by which NumPy and the standard library put values together.
//!
//! Source: `array_reduce`, `array_setstate`, `arraydescr_reduce` and `arraydescr_setstate` in NumPy's
//! `multiarray/methods.c` and `descriptor.c`; `save_bytes` in CPython's `Lib/pickle.py`.

use std::borrow::Cow;

use super::PickleError;
use super::globals::Global;
use super::machine::{Machine, Outcome};
use super::node::{ArrayNode, Id, Node, NumpyType};
use crate::array::{Layout, Stored, check, split_code};

impl<'a> Machine<'a> {
    /// Stands in for `callable(*arguments)`, and pushes what it gives.
    pub(super) fn call(&mut self, callable: Id, arguments: Id) -> Outcome {
        let global = match self.node(callable) {
            Node::Global(global) => *global,
            other => {
                let what = format!("the result of another call ({})", other.kind());
                return Err(PickleError::Call { verb: "calls", what, offset: self.at });
            }
        };
        let arguments = match self.node(arguments) {
            Node::Tuple(items) if items.len() <= 16 => items.clone(),
            Node::Tuple(_) => return Err(self.wrong(global, "more than 16 arguments")),
            _ => return Err(self.wrong(global, "arguments that are not a tuple")),
        };
        match global {
            Global::Reconstruct | Global::NdArray => self.push(Node::Blank),
            Global::Scalar => self.scalar(&arguments),
            Global::FromBuffer => self.buffer_array(&arguments),
            Global::Dtype => self.numpy_type(&arguments),
            Global::Encode => self.encode(&arguments),
            Global::Bytes | Global::ByteArray => self.byte_string(global, &arguments),
            Global::List | Global::Tuple | Global::Set => self.collection(global, &arguments),
            Global::OrderedDict | Global::Dict => self.dict(global, &arguments),
            // The first argument makes absent entries, which a finished dict has no use for.
            Global::DefaultDict => self.dict(global, arguments.get(1..).unwrap_or_default()),
            Global::Tensor { typed } => self.tensor(typed, &arguments),
            // What is learned from a tensor is the tensor.
            Global::Parameter => self.first(global, &arguments),
            Global::TorchSize => self.collection(Global::Tuple, &arguments),
            Global::TorchDevice => self.push(Node::Text(Cow::Borrowed("device"))),
            Global::Mention(_) | Global::Storage(_) | Global::TorchType(_) => {
                Err(PickleError::Call { verb: "calls", what: global.label().to_string(), offset: self.at })
            }
        }
    }

    /// Stands in for `object.__setstate__(state)`.
    pub(super) fn build(&mut self) -> Outcome {
        let state = self.pop()?;
        let object = self.top()?;
        match self.node(object) {
            Node::Blank | Node::Array(_) => self.fill_array(object, state),
            Node::Dtype(_) => self.describe_type(object, state),
            // An ordered dict's own attributes, such as PyTorch's `_metadata`.
            Node::Dict(_) => Ok(()),
            other => Err(PickleError::Call { verb: "restores", what: other.kind().to_string(), offset: self.at }),
        }
    }

    // NumPy's types.

    fn numpy_type(&mut self, arguments: &[Id]) -> Outcome {
        let code = arguments.first().and_then(|&id| self.node(id).text());
        let Some(code) = code else {
            return Err(self.wrong(Global::Dtype, "the type's code is not text"));
        };
        let (big_endian, code) = split_code(&code);
        let described = NumpyType { code: code.chars().take(16).collect(), big_endian, structured: false };
        self.push(Node::Dtype(Box::new(described)))
    }

    /// The state: version, byte order, sub-array, field names, fields, width, alignment, flags.
    fn describe_type(&mut self, object: Id, state: Id) -> Outcome {
        let items = match self.node(state) {
            Node::Tuple(items) if items.len() >= 5 => &items[1..5],
            _ => return Err(self.wrong(Global::Dtype, "its state is not a tuple of at least five")),
        };
        let Some(order) = self.node(items[0]).text() else {
            return Err(self.wrong(Global::Dtype, "its byte order is not text"));
        };
        let big_endian = order == ">";
        let structured = items[1..].iter().any(|&id| !matches!(self.node(id), Node::None));
        if let Node::Dtype(described) = &mut self.nodes[object as usize] {
            described.big_endian = big_endian;
            described.structured |= structured;
        }
        Ok(())
    }

    fn stored(&self, dtype: Id, name: Option<String>, global: Global) -> Outcome<Stored> {
        match self.node(dtype) {
            Node::Dtype(described) => {
                described.stored().map_err(|found| PickleError::Dtype { name, found, offset: self.at })
            }
            other => Err(self.wrong(global, &format!("{} where a type should be", other.kind()))),
        }
    }

    // NumPy's arrays.

    /// The state: version, shape, type, whether in Fortran order, numbers.
    fn fill_array(&mut self, object: Id, state: Id) -> Outcome {
        let name = self.key_below();
        let items = match self.node(state) {
            Node::Tuple(items) => items.as_slice(),
            _ => &[],
        };
        // Version 0 had no number.
        let items = if items.len() == 4 { items } else { items.get(1..).unwrap_or_default() };
        let &[shape, dtype, order, source] = items else {
            return Err(self.wrong(Global::Reconstruct, "an array's state is not a tuple of five"));
        };
        if let Some(objects) = self.objects(shape, dtype, source)? {
            self.nodes[object as usize] = objects;
            return Ok(());
        }
        let stored = self.stored(dtype, name.clone(), Global::Reconstruct)?;
        let layout = match self.node(order) {
            Node::Bool(false) | Node::Int(0) => Layout::C,
            Node::Bool(true) | Node::Int(_) => Layout::Fortran,
            _ => return Err(self.wrong(Global::Reconstruct, "its order is not a truth value")),
        };
        let shape = self.extents(shape, Global::Reconstruct)?;
        let array = self.array(ArrayNode { stored, shape, layout, source, scalar: false }, name)?;
        self.nodes[object as usize] = array;
        Ok(())
    }

    /// An array of objects is the list of them, without axes its one object. That is how `numpy.save` keeps a dict, and
    /// older NumPys a list of arrays of unlike shapes. Objects that hold no numbers are refused as other types are.
    fn objects(&mut self, shape: Id, dtype: Id, source: Id) -> Outcome<Option<Node<'a>>> {
        let Node::Dtype(described) = self.node(dtype) else { return Ok(None) };
        let (Node::List(items), true) = (self.node(source), described.code.starts_with('O')) else { return Ok(None) };
        let holds_some = |&id: &Id| {
            matches!(
                self.node(id),
                Node::Array(_)
                    | Node::Boxed(_)
                    | Node::Dict(_)
                    | Node::List(_)
                    | Node::Tuple(_)
                    | Node::Int(_)
                    | Node::Float(_)
            )
        };
        let (length, is_plain) = (items.len(), items.iter().all(holds_some));
        let extents = self.extents(shape, Global::Reconstruct)?;
        Ok(match extents[..] {
            [] if is_plain && length == 1 => Some(Node::Boxed(self.items(source)[0])),
            [extent] if is_plain && length == extent => {
                self.spend(length * size_of::<Id>())?;
                Some(Node::List(self.items(source).to_vec()))
            }
            _ => None,
        })
    }

    fn buffer_array(&mut self, arguments: &[Id]) -> Outcome {
        let &[source, dtype, shape, order] = arguments else {
            return Err(self.wrong(Global::FromBuffer, "it takes four arguments"));
        };
        let stored = self.stored(dtype, None, Global::FromBuffer)?;
        let shape = self.extents(shape, Global::FromBuffer)?;
        let layout = match self.node(order).text().as_deref() {
            Some("C") => Layout::C,
            Some("F") => Layout::Fortran,
            _ => return Err(self.wrong(Global::FromBuffer, "its order is neither C nor F")),
        };
        let array = self.array(ArrayNode { stored, shape, layout, source, scalar: false }, None)?;
        self.push(array)
    }

    fn scalar(&mut self, arguments: &[Id]) -> Outcome {
        let &[dtype, source] = arguments else {
            return Err(self.wrong(Global::Scalar, "it takes a type and its bytes"));
        };
        let stored = self.stored(dtype, None, Global::Scalar)?;
        let array = self.array(ArrayNode { stored, shape: vec![], layout: Layout::C, source, scalar: true }, None)?;
        self.push(array)
    }

    pub(super) fn array(&mut self, array: ArrayNode, name: Option<String>) -> Outcome<Node<'a>> {
        let Some(bytes) = self.node(array.source).bytes() else {
            let kind = self.node(array.source).kind();
            return Err(self.malformed(&format!("an array's numbers are {kind}, not bytes")));
        };
        match check(array.stored.dtype, &array.shape, &array.layout, bytes.len()) {
            Ok(()) => Ok(Node::Array(Box::new(array))),
            Err(cause) => Err(PickleError::Array { name, offset: self.at, cause }),
        }
    }

    /// The whole numbers of a shape, or of strides.
    pub(super) fn extents(&mut self, id: Id, global: Global) -> Outcome<Vec<usize>> {
        let extents = match self.node(id) {
            // One more than any array has is enough to be refused.
            Node::Tuple(items) => items.iter().take(65).map(|&item| self.whole(item)).collect::<Option<Vec<_>>>(),
            _ => None,
        };
        let extents =
            extents.ok_or_else(|| self.wrong(global, "a shape that is not a tuple of whole numbers from 0 up"))?;
        self.spend(extents.len() * size_of::<usize>())?;
        Ok(extents)
    }

    pub(super) fn whole(&self, id: Id) -> Option<usize> {
        match self.node(id) {
            Node::Int(value) => usize::try_from(*value).ok(),
            _ => None,
        }
    }

    // The standard library's.

    /// Text as bytes: before protocol 3 there was no other way to write them.
    fn encode(&mut self, arguments: &[Id]) -> Outcome {
        let &[text, encoding] = arguments else {
            return Err(self.wrong(Global::Encode, "it takes a text and an encoding"));
        };
        if !matches!(self.node(encoding).text().as_deref(), Some("latin1" | "latin-1" | "iso-8859-1")) {
            return Err(self.wrong(Global::Encode, "the encoding is not latin1"));
        }
        if let Node::Text(text) = self.node(text) {
            let length = text.len();
            self.spend(length)?;
        }
        let bytes: Option<Vec<u8>> = match self.node(text) {
            Node::Text(text) => text.chars().map(|character| u8::try_from(character).ok()).collect(),
            _ => None,
        };
        match bytes {
            Some(bytes) => self.push(Node::Bytes(Cow::Owned(bytes))),
            None => Err(self.wrong(Global::Encode, "what it encodes is not text in Latin-1")),
        }
    }

    fn byte_string(&mut self, global: Global, arguments: &[Id]) -> Outcome {
        match arguments {
            [] => self.push(Node::Bytes(Cow::Borrowed(&[]))),
            [one] if matches!(self.node(*one), Node::Bytes(_)) => {
                self.push_id(*one);
                Ok(())
            }
            // Python 2's bytearray: its characters, and how they are encoded.
            [_, _] => self.encode(arguments),
            _ => Err(self.wrong(global, "what it is made from is not bytes")),
        }
    }

    fn collection(&mut self, global: Global, arguments: &[Id]) -> Outcome {
        let items = match arguments {
            [] => Vec::new(),
            [one] => match self.node(*one) {
                Node::List(items) | Node::Tuple(items) | Node::Set(items) => {
                    let length = items.len();
                    self.spend(length * size_of::<Id>())?;
                    self.items(*one).to_vec()
                }
                other => return Err(self.wrong(global, &format!("it is made from {}", other.kind()))),
            },
            _ => return Err(self.wrong(global, "it takes one argument")),
        };
        self.push(match global {
            Global::List => Node::List(items),
            Global::Set => Node::Set(items),
            _ => Node::Tuple(items),
        })
    }

    fn items(&self, id: Id) -> &[Id] {
        match self.node(id) {
            Node::List(items) | Node::Tuple(items) | Node::Set(items) => items,
            _ => &[],
        }
    }

    /// From nothing, from another dict, or from a list of pairs, as Python 2 wrote ordered ones.
    fn dict(&mut self, global: Global, arguments: &[Id]) -> Outcome {
        let entries = match arguments {
            [] => Some(Vec::new()),
            [one] => {
                let length = match self.node(*one) {
                    Node::Dict(entries) => entries.len(),
                    _ => self.items(*one).len(),
                };
                self.spend(length * size_of::<(Id, Id)>())?;
                match self.node(*one) {
                    Node::Dict(entries) => Some(entries.clone()),
                    Node::List(items) | Node::Tuple(items) => items.iter().map(|&item| self.pair(item)).collect(),
                    _ => None,
                }
            }
            _ => None,
        };
        match entries {
            Some(entries) => self.push(Node::Dict(entries)),
            None => Err(self.wrong(global, "it is made from no dict and no pairs")),
        }
    }

    fn pair(&self, id: Id) -> Option<(Id, Id)> {
        match *self.items(id) {
            [key, value] => Some((key, value)),
            _ => None,
        }
    }

    fn first(&mut self, global: Global, arguments: &[Id]) -> Outcome {
        match arguments {
            [first, ..] if matches!(self.node(*first), Node::Array(_)) => {
                self.push_id(*first);
                Ok(())
            }
            _ => Err(self.wrong(global, "its first argument is not a tensor")),
        }
    }

    pub(super) fn wrong(&self, global: Global, reason: &str) -> PickleError {
        PickleError::Arguments { what: global.label(), offset: self.at, reason: reason.to_string() }
    }
}
