//! A value → the arrays in it, each under the name of the way to it.

use std::collections::HashSet;

use super::grid;
use super::node::{ArrayNode, Id, Node};
use super::{LONE_NAME, Pickle, PickleError};
use crate::array::{Array, NamedArray, element_count};

/// What is unfolded, in bytes: this many times the file, and a little.
const UNFOLD_FACTOR: usize = 4;
const UNFOLD_BYTES: usize = 1 << 20;

/// The arrays in a pickle, and the names of what else there was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unfolded {
    /// The arrays, in their order.
    pub arrays: Vec<NamedArray>,
    /// What is no array, and was left out: its name, and in brackets what it is.
    pub left_out: Vec<String>,
    /// The names of those arrays that are lists of numbers in the pickle.
    pub from_lists: Vec<String>,
}

/// One step of a way: a link to the step before, so that ways share their beginnings.
struct Step {
    before: Option<usize>,
    part: Part,
}

enum Part {
    Key(Id),
    Index(usize),
}

struct Walk<'p, 'a> {
    pickle: &'p Pickle<'a>,
    /// What leads to the root.
    outer: Option<&'p str>,
    steps: Vec<Step>,
    spare: usize,
    names: HashSet<String>,
    found: Unfolded,
}

/// The arrays, their names behind that of what leads to the root, if anything does.
pub(super) fn unfold(pickle: &Pickle<'_>, outer: Option<&str>) -> Result<Unfolded, PickleError> {
    let spare = cap(pickle.file_bytes);
    let mut walk = Walk { pickle, outer, steps: Vec::new(), spare, names: HashSet::new(), found: Unfolded::default() };
    let mut open = vec![(pickle.root, None)];
    while let Some((id, way)) = open.pop() {
        walk.visit(id, way, &mut open)?;
    }
    Ok(walk.found)
}

fn cap(file_bytes: usize) -> usize {
    file_bytes.saturating_mul(UNFOLD_FACTOR).saturating_add(UNFOLD_BYTES)
}

impl Walk<'_, '_> {
    fn visit(&mut self, id: Id, way: Option<usize>, open: &mut Vec<(Id, Option<usize>)>) -> Result<(), PickleError> {
        let pickle = self.pickle;
        let start = open.len();
        match &pickle.nodes[id as usize] {
            Node::Array(array) => {
                self.spend(element_count(&array.shape).unwrap_or(usize::MAX), array.stored.dtype.width_bytes())?;
                self.keep(self.array(array), way)?;
            }
            Node::List(_) if pickle.known[id as usize].axes > 0 => {
                let shape = grid::shape(&pickle.nodes, &pickle.known, id);
                self.spend(element_count(&shape).unwrap_or(usize::MAX), size_of::<f64>())?;
                let name = self.keep(grid::array(pickle, id, shape), way)?;
                self.found.from_lists.push(name);
            }
            Node::Boxed(item) => open.push((*item, way)),
            other if !pickle.known[id as usize].holds_arrays => {
                let name = self.name(way)?;
                self.found.left_out.push(format!("{name} ({})", other.kind()));
            }
            Node::List(items) | Node::Tuple(items) | Node::Set(items) => {
                self.spend(items.len(), size_of::<Step>())?;
                for (index, &item) in items.iter().enumerate() {
                    open.push((item, Some(self.step(way, Part::Index(index)))));
                }
            }
            Node::Dict(entries) => {
                self.spend(entries.len(), size_of::<Step>())?;
                for &(key, value) in entries {
                    open.push((value, Some(self.step(way, Part::Key(key)))));
                }
            }
            _ => {}
        }
        // The last that is opened is visited first.
        open[start..].reverse();
        Ok(())
    }

    fn array(&self, node: &ArrayNode) -> Array {
        let bytes = self.pickle.nodes[node.source as usize].bytes().unwrap_or_default();
        Array::arranged(node.stored, &node.shape, &node.layout, bytes)
    }

    fn keep(&mut self, array: Array, way: Option<usize>) -> Result<String, PickleError> {
        let name = self.name(way)?;
        if !self.names.insert(name.clone()) {
            return Err(PickleError::Duplicate { name });
        }
        self.found.arrays.push(NamedArray { name: name.clone(), array });
        Ok(name)
    }

    fn step(&mut self, before: Option<usize>, part: Part) -> usize {
        self.steps.push(Step { before, part });
        self.steps.len() - 1
    }

    /// The parts of the way, joined by dots.
    fn name(&mut self, way: Option<usize>) -> Result<String, PickleError> {
        let mut parts = Vec::new();
        let mut at = way;
        while let Some(step) = at.and_then(|at| self.steps.get(at)) {
            at = step.before;
            parts.push(match step.part {
                Part::Index(index) => index.to_string(),
                Part::Key(key) => self.key(key),
            });
        }
        parts.extend(self.outer.map(str::to_string));
        self.spend(parts.iter().map(|part| part.len() + 32).sum(), 1)?;
        parts.reverse();
        Ok(if parts.is_empty() { LONE_NAME.to_string() } else { parts.join(".") })
    }

    fn key(&self, id: Id) -> String {
        let node = &self.pickle.nodes[id as usize];
        match node {
            Node::Int(value) => value.to_string(),
            _ => node.text().map_or_else(|| format!("<{}>", node.kind()), |text| text.into_owned()),
        }
    }

    /// Accounts for so many things of so many bytes each.
    fn spend(&mut self, count: usize, bytes: usize) -> Result<(), PickleError> {
        let length = self.pickle.file_bytes;
        let too_large = PickleError::TooLarge { length, cap_bytes: cap(length) };
        self.spare = self.spare.checked_sub(count.saturating_mul(bytes)).ok_or(too_large)?;
        Ok(())
    }
}
