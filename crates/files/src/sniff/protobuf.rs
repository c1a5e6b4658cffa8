//! Models in protocol buffers, which have no mark: the first fields say whether they are those of a model.
//!
//! Sources: `onnx/onnx.proto` (ModelProto), `tensorflow/core/protobuf/saved_model.proto`,
//! `tensorflow/core/framework/graph.proto`; the wire format at <https://protobuf.dev/programming-guides/encoding/>.

use super::{Kind, Sniffed, View, contains, marks};

/// A field of a message, as it stands in the bytes.
enum Field<'a> {
    Number(u64),
    /// As many of its bytes as there are, and how many there should be.
    Bytes(&'a [u8]),
}

pub(super) fn found(view: &View<'_>) -> Option<Sniffed> {
    onnx(view).or_else(|| tensorflow(view))
}

/// The version comes first, then the producer's name, a domain and such, and the graph.
fn onnx(view: &View<'_>) -> Option<Sniffed> {
    let mut rest = view.head;
    let mut has_version = false;
    loop {
        let (number, field, after) = field(rest)?;
        match (number, field) {
            (1, Field::Number(1..=64)) => has_version = true,
            (2 | 3 | 4 | 6, Field::Bytes(text)) if text.len() < 4096 && std::str::from_utf8(text).is_ok() => {}
            (5, Field::Number(_)) => {}
            (8 | 14, Field::Bytes(_)) => {}
            // The graph begins with a node, its name, or a tensor.
            (7, Field::Bytes([0x0a | 0x12 | 0x2a | 0x5a | 0x62, ..])) if has_version => break,
            _ => return None,
        }
        rest = after;
    }
    Some(Sniffed::new(
        Kind::OtherModel,
        "an ONNX model",
        "write its weights as .npz, with onnx.numpy_helper.to_array of model.graph.initializer and numpy.savez",
    ))
}

fn tensorflow(view: &View<'_>) -> Option<Sniffed> {
    let (first, value, rest) = field(view.head)?;
    match (first, value) {
        (1, Field::Number(1)) => match field(rest)? {
            (2, Field::Bytes([0x0a, ..]), _) => Some(marks::tensorflow("a TensorFlow SavedModel (.pb)")),
            _ => None,
        },
        (1, Field::Bytes([0x0a, ..])) => {
            let start = view.head.get(..512).unwrap_or(view.head);
            let is_graph = [&b"Placeholder"[..], b"Const"].iter().any(|op| contains(start, op));
            is_graph.then(|| marks::tensorflow("a TensorFlow graph (.pb)"))
        }
        _ => None,
    }
}

/// A field's number, what is in it, and what follows. A field of bytes that goes beyond the end is the last.
fn field(bytes: &[u8]) -> Option<(u64, Field<'_>, &[u8])> {
    let (tag, rest) = varint(bytes)?;
    match tag & 7 {
        0 => varint(rest).map(|(number, rest)| (tag >> 3, Field::Number(number), rest)),
        2 => {
            let (length, rest) = varint(rest)?;
            let length = usize::try_from(length).ok()?.min(rest.len());
            Some((tag >> 3, Field::Bytes(&rest[..length]), &rest[length..]))
        }
        _ => None,
    }
}

/// Seven bits a byte, the least first; the highest bit says that another byte follows.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0u64;
    for (place, &byte) in bytes.iter().take(10).enumerate() {
        number |= u64::from(byte & 0x7f).checked_shl(7 * place as u32)?;
        if byte < 0x80 {
            return Some((number, &bytes[place + 1..]));
        }
    }
    None
}
