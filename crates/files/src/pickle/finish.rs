//! Before a value is handed out: no knots, no great depth, no name twice, nothing unfinished. What leads to arrays is
//! found on the way.

use std::collections::HashSet;

use super::grid::{Known, is_grid};
use super::node::{Id, Node};
use super::{MAX_DEPTH, MAX_NAME_BYTES, PickleError};

/// Which values are arrays, stand for some or lead to some.
///
/// Children first, without recursion: hostile values are nested as deep as their file is long.
pub(super) fn check(nodes: &[Node<'_>], root: Id) -> Result<Vec<Known>, PickleError> {
    // 0: not seen yet. `OPEN`: on the way from the root. Otherwise the height above the deepest plain value.
    const OPEN: u32 = u32::MAX;
    let mut heights = vec![0u32; nodes.len()];
    let mut stack = vec![(root, 0)];
    heights[root as usize] = OPEN;
    let mut known = vec![Known::default(); nodes.len()];
    let mut deepest = 0;
    while let Some((id, next)) = stack.pop() {
        let node = &nodes[id as usize];
        if let Some(child) = child(node, next) {
            stack.push((id, next + 1));
            match heights[child as usize] {
                0 => {
                    heights[child as usize] = OPEN;
                    stack.push((child, 0));
                }
                OPEN => return Err(PickleError::Recursive),
                _ => {}
            }
            continue;
        }
        if let Node::Blank = node {
            return Err(PickleError::Unfilled);
        }
        if let Node::Dict(entries) = node {
            distinct(nodes, entries)?;
        }
        let children = || (0..next).filter_map(|index| child(node, index));
        let below = children().map(|child| heights[child as usize]).max().unwrap_or(0);
        let axes = is_grid(nodes, &known, node);
        let holds_arrays =
            axes > 0 || matches!(node, Node::Array(_)) || children().any(|child| known[child as usize].holds_arrays);
        known[id as usize] = Known { holds_arrays, axes };
        heights[id as usize] = below + 1;
        deepest = deepest.max(below as usize);
    }
    if deepest > MAX_DEPTH { Err(PickleError::TooDeep { found: deepest }) } else { Ok(known) }
}

fn child(node: &Node<'_>, index: usize) -> Option<Id> {
    match node {
        Node::List(items) | Node::Tuple(items) | Node::Set(items) => items.get(index).copied(),
        Node::Boxed(item) => (index == 0).then_some(*item),
        Node::Dict(entries) => {
            let &(key, value) = entries.get(index / 2)?;
            Some(if index.is_multiple_of(2) { key } else { value })
        }
        _ => None,
    }
}

/// Python keeps one entry a key, so a key that is there twice was not written by it.
fn distinct(nodes: &[Node<'_>], entries: &[(Id, Id)]) -> Result<(), PickleError> {
    let mut names = HashSet::new();
    for &(key, _) in entries {
        let Some(name) = nodes[key as usize].text() else { continue };
        // A name that many dicts share is looked at in each.
        if name.len() > MAX_NAME_BYTES {
            return Err(PickleError::LongKey { length: name.len() });
        }
        if !names.insert(name.clone()) {
            return Err(PickleError::Duplicate { name: name.chars().take(80).collect() });
        }
    }
    Ok(())
}
