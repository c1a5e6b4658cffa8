//! Lists of numbers, as `array.tolist()` makes them, are arrays: how many axes they have, and their numbers.

use super::Pickle;
use super::node::{Id, Node};
use crate::array::{Array, Dtype, Layout, Stored};

/// More axes than an array has.
const MOST_AXES: u8 = 64;

/// What is known of a value that has been checked.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    /// It is an array or leads to one.
    pub(super) holds_arrays: bool,
    /// It is a list of numbers, or of such lists of the same shape: how many axes it has as an array, 0 for anything
    /// else.
    pub(super) axes: u8,
}

/// How many axes a list has as an array; 0 where it is none. What is in it was looked at before.
pub(super) fn is_grid(nodes: &[Node<'_>], known: &[Known], node: &Node<'_>) -> u8 {
    let Node::List(items) = node else { return 0 };
    let Some((&first, rest)) = items.split_first() else { return 0 };
    let axes = known[first as usize].axes;
    let has_axes = axes > 0 && axes < MOST_AXES;
    if has_axes && rest.iter().all(|&item| has_shape_of(nodes, known, item, first)) {
        return axes + 1;
    }
    u8::from(items.iter().all(|&item| number(&nodes[item as usize])))
}

/// Whether it is one number, Python's or NumPy's.
fn number(node: &Node<'_>) -> bool {
    match node {
        Node::Int(_) | Node::Float(_) => true,
        Node::Array(array) => array.scalar,
        _ => false,
    }
}

/// Whether two values are lists of the same shape. All items of a list have the shape of its first.
fn has_shape_of(nodes: &[Node<'_>], known: &[Known], one: Id, other: Id) -> bool {
    let (mut one, mut other) = (one, other);
    loop {
        let (axes, wanted) = (known[one as usize].axes, known[other as usize].axes);
        if axes != wanted || axes == 0 {
            return axes == wanted;
        }
        let (Node::List(items), Node::List(others)) = (&nodes[one as usize], &nodes[other as usize]) else {
            return false;
        };
        if items.len() != others.len() {
            return false;
        }
        (one, other) = (items[0], others[0]);
    }
}

/// The extents of a list that is an array.
pub(super) fn shape(nodes: &[Node<'_>], known: &[Known], id: Id) -> Vec<usize> {
    let (mut shape, mut id) = (Vec::new(), id);
    while known[id as usize].axes > 0
        && let Node::List(items) = &nodes[id as usize]
    {
        shape.push(items.len());
        id = items[0];
    }
    shape
}

/// A list as an array: of whole numbers where all of them are, of `f64` otherwise.
pub(super) fn array(pickle: &Pickle<'_>, id: Id, shape: Vec<usize>) -> Array {
    let mut is_whole = true;
    each(pickle, id, &mut |node| is_whole &= matches!(node, Node::Int(_)));
    let dtype = if is_whole { Dtype::I64 } else { Dtype::F64 };
    let mut bytes = Vec::new();
    each(pickle, id, &mut |node| match node {
        Node::Int(value) if is_whole => bytes.extend(value.to_le_bytes()),
        Node::Int(value) => bytes.extend((*value as f64).to_le_bytes()),
        Node::Float(value) => bytes.extend(value.to_le_bytes()),
        Node::Array(array) => {
            let source = pickle.nodes[array.source as usize].bytes().unwrap_or_default();
            let one = Array::arranged(array.stored, &array.shape, &array.layout, source).to_f64();
            bytes.extend(one.first().copied().unwrap_or(f64::NAN).to_le_bytes());
        }
        _ => {}
    });
    Array::arranged(Stored { dtype, big_endian: false }, &shape, &Layout::C, &bytes)
}

/// Every number of a list, in order. Lists are at most [`MOST_AXES`] deep here.
fn each(pickle: &Pickle<'_>, id: Id, visit: &mut dyn FnMut(&Node<'_>)) {
    match &pickle.nodes[id as usize] {
        Node::List(items) => items.iter().for_each(|&item| each(pickle, item, visit)),
        number => visit(number),
    }
}
