//! Updates: assignments that add a matrix product to what they assign to, `w ← w ± s·(a·b)`, found in the graph so that
//! the product is added in place. The product may be reshaped on its way, as where a filter of four axes is read as a
//! matrix: the same numbers lie in the same order.

use std::collections::HashMap;

use limpid_graph::{Layout, MapOp, NodeId, Op};

use super::choose_forms::count_users;
use super::reads::Reader;

/// The value that an update adds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Added {
    pub(super) target: NodeId,
    pub(super) product: NodeId,
    pub(super) sign: f32,
    /// The single number that the product is multiplied by.
    pub(super) scale: Option<NodeId>,
}

/// The assigned nodes that are such updates.
pub(super) fn find(reader: Reader<'_>) -> HashMap<NodeId, Added> {
    let users = count_users(reader.graph);
    let is_only_used_here = |id: NodeId| users[id.index()] == 1;
    // The matrix product whose numbers these are, where nobody else reads them on the way.
    let product = |mut id: NodeId| {
        while is_only_used_here(id) {
            match reader.op(id) {
                Op::Layout(Layout::Reshape(_)) => id = reader.inputs(id)[0],
                Op::Contract if reader.shape(id).len() == 2 && reader.convolved(id).is_none() => return Some(id),
                _ => return None,
            }
        }
        None
    };
    let mut found = HashMap::new();
    for assignment in reader.graph.assignments() {
        let (target, value) = (assignment.target, assignment.value);
        let (sign, added) = match (reader.op(value), reader.inputs(value)) {
            (Op::Map(MapOp::Subtract), &[from, added]) if from == target => (-1.0, added),
            (Op::Map(MapOp::Add), &[from, added]) | (Op::Map(MapOp::Add), &[added, from]) if from == target => {
                (1.0, added)
            }
            _ => continue,
        };
        if !is_only_used_here(value) {
            continue;
        }
        let mut added = added;
        while is_only_used_here(added)
            && let Op::Layout(Layout::Reshape(_)) = reader.op(added)
        {
            added = reader.inputs(added)[0];
        }
        let scaled = match (reader.op(added), reader.inputs(added)) {
            (Op::Map(MapOp::Multiply), &[a, b]) if is_only_used_here(added) => {
                match (single(reader, a), single(reader, b)) {
                    (Some(scale), _) => product(b).map(|product| (product, Some(scale))),
                    (_, Some(scale)) => product(a).map(|product| (product, Some(scale))),
                    _ => None,
                }
            }
            _ => product(added).map(|product| (product, None)),
        };
        if let Some((product, scale)) = scaled
            && has_form_of(reader, value, product)
            && has_form_of(reader, target, product)
        {
            found.insert(value, Added { target, product, sign, scale });
        }
    }
    found
}

/// Whether the value is computed and stored as a matrix of the product's rows and columns.
fn has_form_of(reader: Reader<'_>, id: NodeId, product: NodeId) -> bool {
    let matrix = reader.usual(product);
    reader.form(id).matrix() == matrix && reader.usual(id) == matrix
}

/// The node of the single number that `id` repeats.
fn single(reader: Reader<'_>, id: NodeId) -> Option<NodeId> {
    let Op::Layout(Layout::Broadcast(_)) = reader.op(id) else { return None };
    let source = reader.storage(reader.inputs(id)[0]);
    (reader.shape(source).iter().product::<usize>() == 1 && !reader.is_lazy(source)).then_some(source)
}
