//! Several networks in one file, as `{"net": {…}, "ema": {…}}` has them: noticed, named, and one of them chosen.

use std::collections::{HashMap, HashSet};

use super::group::{Plan, without_numbers};
use super::name::{Role, parts};
use super::outline::Outline;
use super::{LayersError, Orientation};
use crate::array::NamedArray;

/// What stands between the parts of a name.
const SEPARATORS: [char; 2] = ['.', '/'];

/// The arrays whose names begin alike.
struct Part<'a> {
    /// As it stands before the last separator that all its names share.
    name: &'a str,
    arrays: Vec<usize>,
}

/// The plan for the one network that the arrays are of.
pub(super) fn plan_of_one(arrays: &[Outline<'_>], wanted: Option<Orientation>) -> Result<Plan, LayersError> {
    let parts = parts_of(arrays);
    let candidates: Vec<&Part<'_>> = parts.iter().filter(|part| weights(arrays, part) > 1).collect();
    let names =
        |parts: &[&Part<'_>]| LayersError::Networks { names: parts.iter().map(|p| p.name.to_string()).collect() };
    let copies: Vec<&Part<'_>> = copies(arrays, &candidates);
    if copies.len() > 1 {
        return Err(names(&copies));
    }
    let error = match Plan::of(arrays, wanted) {
        Err(
            error @ (LayersError::Broken { .. }
            | LayersError::Apart { .. }
            | LayersError::Twice { .. }
            | LayersError::Unknown { .. }),
        ) => error,
        other => return other,
    };
    let plan = |part: &Part<'_>| Plan::of(&part.arrays.iter().map(|&at| arrays[at]).collect::<Vec<_>>(), wanted);
    let networks: Vec<_> = candidates
        .into_iter()
        .map(|part| (part, plan(part)))
        .filter(|(_, plan)| matches!(plan, Ok(_) | Err(LayersError::Question { .. })))
        .collect();
    match <[_; 1]>::try_from(networks) {
        Ok([(part, plan)]) => plan.map(|plan| within(plan, part, arrays)),
        Err(none) if none.is_empty() => Err(error),
        Err(several) => Err(names(&several.iter().map(|(part, _)| *part).collect::<Vec<_>>())),
    }
}

/// The plan for a part as one for all arrays, of which the others are left out.
fn within(plan: Plan, part: &Part<'_>, arrays: &[Outline<'_>]) -> Plan {
    let own: HashSet<usize> = part.arrays.iter().copied().collect();
    let others = (0..arrays.len()).filter(|at| !own.contains(at));
    let left_out = plan.left_out.iter().map(|&at| part.arrays[at]).chain(others).collect();
    let layers = plan.layers.iter().map(|layer| layer.at(|at| part.arrays[at]));
    let mut assumed = plan.assumed;
    assumed.push(format!("Only the arrays under {} make a network; the others are left out.", part.name));
    Plan { layers: layers.collect(), left_out, assumed, ..plan }
}

fn weights(arrays: &[Outline<'_>], part: &Part<'_>) -> usize {
    let is_weight = |&&at: &&usize| match parts(arrays[at].name).1 {
        Role::Weight => true,
        Role::Place => arrays[at].shape.len() > 1,
        _ => false,
    };
    part.arrays.iter().filter(is_weight).count()
}

/// Parts whose arrays have the same names and shapes. Numbered ones (`block1`, `block2`) are a network's own.
fn copies<'p, 'a>(arrays: &[Outline<'_>], parts: &[&'p Part<'a>]) -> Vec<&'p Part<'a>> {
    let mut alike: HashMap<Vec<(&str, &[usize])>, Vec<&'p Part<'a>>> = HashMap::new();
    for &part in parts {
        let own = |&at: &usize| (&arrays[at].name[part.name.len()..], arrays[at].shape);
        let mut outline: Vec<_> = part.arrays.iter().map(own).collect();
        outline.sort_unstable();
        alike.entry(outline).or_default().push(part);
    }
    let is_numbered = |parts: &[&Part<'_>]| {
        let form = without_numbers(parts[0].name);
        parts.iter().all(|part| without_numbers(part.name) == form)
    };
    let found = alike.into_values().filter(|parts| parts.len() > 1 && !is_numbered(parts));
    let mut found: Vec<_> = found.flatten().collect();
    found.sort_by_key(|part| part.arrays[0]);
    found
}

/// The arrays by how their names go on behind what all names share; nothing where that is one way.
fn parts_of<'a>(arrays: &[Outline<'a>]) -> Vec<Part<'a>> {
    let mut shared = 0;
    loop {
        let mut parts: Vec<Part<'a>> = Vec::new();
        let mut places = HashMap::new();
        for (at, array) in arrays.iter().enumerate() {
            let Some(length) = array.name[shared..].find(SEPARATORS) else { continue };
            let name = &array.name[..shared + length];
            let place = *places.entry(name).or_insert(parts.len());
            if place == parts.len() {
                parts.push(Part { name, arrays: Vec::new() });
            }
            parts[place].arrays.push(at);
        }
        match parts.as_slice() {
            [one] if one.arrays.len() == arrays.len() => shared = one.name.len() + 1,
            _ => return parts,
        }
    }
}

/// The arrays under one part of the names (`net` of `net.W1`, `net.b1`), without it; of several parts, one behind the
/// other, with their names as they were. Where nothing is named, all arrays.
///
/// ```
/// use limpid_files::{NamedArray, only};
/// use limpid_graph::Tensor;
///
/// let arrays = ["net.W1", "net.b1", "ema.W1"].map(|name| NamedArray::new(name, Tensor::zeros([2])));
/// let names: Vec<String> = only(arrays.to_vec(), &["net"])?.into_iter().map(|named| named.name).collect();
/// assert_eq!(names, ["W1", "b1"]);
/// let error = only(arrays.to_vec(), &["best"]).unwrap_err();
/// assert_eq!(error.to_string(), "no array's name begins with \"best\"; choose one of net, ema");
/// # Ok::<(), limpid_files::LayersError>(())
/// ```
///
/// # Errors
/// [`LayersError::NoPart`]: no array's name begins so.
pub fn only<S: AsRef<str>>(arrays: Vec<NamedArray>, names: &[S]) -> Result<Vec<NamedArray>, LayersError> {
    if names.is_empty() {
        return Ok(arrays);
    }
    let mut parts: Vec<Vec<NamedArray>> = names.iter().map(|_| Vec::new()).collect();
    let tops = tops(&arrays);
    for mut array in arrays {
        let rest = |part: &str| array.name.strip_prefix(part)?.strip_prefix(SEPARATORS).map(str::to_string);
        let Some((at, rest)) = names.iter().enumerate().find_map(|(at, name)| Some((at, rest(name.as_ref())?))) else {
            continue;
        };
        if names.len() == 1 {
            array.name = rest;
        }
        parts[at].push(array);
    }
    match parts.iter().position(Vec::is_empty) {
        Some(at) => Err(LayersError::NoPart { wanted: names[at].as_ref().to_string(), found: tops }),
        None => Ok(parts.into_iter().flatten().collect()),
    }
}

/// What the parts are called, as [`only`] takes them.
fn tops(arrays: &[NamedArray]) -> Vec<String> {
    const MOST: usize = 12;
    let outlines: Vec<_> = arrays.iter().map(Outline::of).collect();
    parts_of(&outlines).into_iter().take(MOST).map(|part| part.name.to_string()).collect()
}
