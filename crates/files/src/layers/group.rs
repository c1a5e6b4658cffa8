//! Names and shapes → which array is the weight or the bias of which layer. Numbers are not touched before that is known.

use std::collections::HashMap;

use super::form::by_shapes;
use super::name::{Role, natural_order, parts};
use super::orient::{Turn, orient};
use super::outline::{Group, Outline};
use super::{FoundLayer, FoundLayers, LayersError, Orientation};
use crate::array::NamedArray;

/// The layers that arrays belong to, and what is to be done to the arrays.
#[derive(Debug)]
pub(super) struct Plan {
    /// The places of weight and bias, from input to output.
    pub(super) layers: Vec<(usize, Option<usize>)>,
    pub(super) is_turned: bool,
    pub(super) left_out: Vec<usize>,
    pub(super) assumed: Vec<String>,
}

impl Plan {
    /// The plan for all of these arrays, as those of one network.
    pub(super) fn of(arrays: &[Outline<'_>], wanted: Option<Orientation>) -> Result<Self, LayersError> {
        let mut plan = Self { layers: Vec::new(), is_turned: false, left_out: Vec::new(), assumed: Vec::new() };
        let groups = plan.groups(arrays, wanted)?;
        if groups.is_empty() {
            let names = arrays.iter().take(6).map(|array| array.name.to_string()).collect();
            return Err(LayersError::NoWeights { names });
        }
        for group in groups {
            let layer = plan.layer(arrays, &group)?;
            plan.layers.push(layer);
        }
        let Turn { is_turned, sentence } = orient(arrays, &plan.layers, wanted)?;
        plan.is_turned = is_turned;
        // Before what was assumed of single layers.
        plan.assumed.splice(0..0, sentence);
        if !plan.left_out.is_empty() {
            let names: Vec<_> = plan.left_out.iter().map(|&at| arrays[at].name).collect();
            plan.assumed
                .push(format!("Left out, as their names are neither a weight's nor a bias's: {}.", names.join(", ")));
        }
        Ok(plan)
    }

    /// The arrays of each layer, in the layers' order.
    fn groups(&mut self, arrays: &[Outline<'_>], wanted: Option<Orientation>) -> Result<Vec<Group>, LayersError> {
        let named: Vec<_> = arrays.iter().map(|array| parts(array.name)).collect();
        let has = |wanted: Role| named.iter().any(|(_, role)| *role == wanted);
        if has(Role::Weight) || has(Role::Bias) && !has(Role::Place) && arrays.iter().all(|array| array.shape.len() < 2)
        {
            let mut groups = self.by_names(arrays, named)?;
            order(&mut groups, &mut self.assumed);
            return Ok(groups);
        }
        let are_places = has(Role::Place);
        let is_part = |at: &usize| named[*at].1 == Role::Place || !are_places && !arrays[*at].shape.is_empty();
        let (mut chosen, left_out): (Vec<_>, Vec<_>) = (0..arrays.len()).partition(is_part);
        if are_places {
            chosen.sort_by(|&a, &b| natural_order(arrays[a].name, arrays[b].name));
        }
        let found = by_shapes(arrays, &chosen, wanted, are_places);
        let Some((groups, sentence)) = found else { return Ok(Vec::new()) };
        self.left_out.extend(left_out);
        self.assumed.push(sentence);
        Ok(groups)
    }

    fn by_names(&mut self, arrays: &[Outline<'_>], named: Vec<(String, Role)>) -> Result<Vec<Group>, LayersError> {
        let mut groups: Vec<Group> = Vec::new();
        let mut places = HashMap::new();
        for (at, (key, role)) in named.into_iter().enumerate() {
            if matches!(role, Role::Other | Role::Place) {
                self.left_out.push(at);
                continue;
            }
            let group = *places.entry(key.clone()).or_insert(groups.len());
            if group == groups.len() {
                groups.push(Group { key, weight: None, bias: None });
            }
            let (part, slot) = match role {
                Role::Bias => ("bias", &mut groups[group].bias),
                _ => ("weight", &mut groups[group].weight),
            };
            if let Some(first) = slot.replace(at) {
                let [first, second] = [first, at].map(|at| arrays[at].name.to_string());
                return Err(LayersError::Twice { first, second, part });
            }
        }
        Ok(groups)
    }

    fn layer(&mut self, arrays: &[Outline<'_>], group: &Group) -> Result<(usize, Option<usize>), LayersError> {
        let unknown =
            |at: usize| LayersError::Unknown { name: arrays[at].name.to_string(), shape: arrays[at].shape.to_vec() };
        let Some(weight) = group.weight else {
            let bias = group.bias.map_or_else(String::new, |bias| arrays[bias].name.to_string());
            return Err(LayersError::NoWeight { bias });
        };
        let name = arrays[weight].name;
        match group.bias {
            None => self.assumed.push(format!("{name} has no bias.")),
            Some(bias) => {
                let Outline { name, shape } = arrays[bias];
                arrays[bias].bias_length().ok_or_else(|| unknown(bias))?;
                if shape.len() != 1 {
                    self.assumed.push(format!("{name} of shape {shape:?} was flattened."));
                }
            }
        }
        match arrays[weight].shape.len() {
            2 => {}
            4 => self.assumed.push(format!("{name} has four axes: it is a convolution's kernel, kept as it is.")),
            _ => return Err(unknown(weight)),
        }
        Ok((weight, group.bias))
    }

    /// The layers of these arrays, turned and flattened.
    pub(super) fn carried_out(self, arrays: Vec<NamedArray>) -> FoundLayers {
        let mut arrays: Vec<Option<NamedArray>> = arrays.into_iter().map(Some).collect();
        let mut take = |at: usize| arrays.get_mut(at).and_then(Option::take);
        let mut layers = Vec::with_capacity(self.layers.len());
        for (weight, bias) in self.layers {
            let bias = bias.and_then(&mut take).map(flat);
            let Some(mut weight) = take(weight) else { continue };
            layers.push(match weight.array.rank() {
                2 => {
                    if self.is_turned {
                        weight.array = weight.array.transposed();
                    }
                    FoundLayer::Affine { weight, bias }
                }
                _ => FoundLayer::Convolution { kernel: weight, bias },
            });
        }
        let left_out = self.left_out.into_iter().filter_map(take).collect();
        FoundLayers { layers, left_out, assumed: self.assumed }
    }
}

/// A bias with one axis.
fn flat(bias: NamedArray) -> NamedArray {
    let NamedArray { name, array } = bias;
    let length = array.len();
    // As many numbers as before: it is always reshaped.
    let array = array.clone().reshaped([length]).unwrap_or(array);
    NamedArray { name, array }
}

/// By number where the names differ in nothing else; as they stand in the file otherwise.
fn order(groups: &mut [Group], assumed: &mut Vec<String>) {
    let Some(first) = groups.first() else { return };
    let form = without_numbers(&first.key);
    if groups.iter().all(|group| without_numbers(&group.key) == form) {
        groups.sort_by(|a, b| natural_order(&a.key, &b.key));
        return;
    }
    let keys: Vec<_> = groups.iter().map(|group| group.key.as_str()).collect();
    assumed.push(format!("The layers follow one another as they stand in the file: {}.", keys.join(", ")));
}

/// A name with each number in it as `#`.
pub(super) fn without_numbers(name: &str) -> String {
    let mut form = String::with_capacity(name.len());
    for c in name.chars() {
        match c.is_ascii_digit() {
            true if form.ends_with('#') => {}
            true => form.push('#'),
            false => form.push(c),
        }
    }
    form
}
