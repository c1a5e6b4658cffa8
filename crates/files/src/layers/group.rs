//! Names and shapes → which array is the weight or the bias of which layer. Numbers are not touched before that is known.

use std::collections::{HashMap, HashSet};

use super::array_order::by_shapes;
use super::name::{Role, natural_order, parts};
use super::orient::{Transposition, fits, orient};
use super::outline::{Group, Layer, Outline};
use super::{FoundLayer, FoundLayers, LayersError, Orientation};
use crate::array::NamedArray;

/// The layers that arrays belong to, and what is to be done to the arrays.
#[derive(Debug)]
pub(super) struct Plan {
    /// From input to output.
    pub(super) layers: Vec<Layer>,
    pub(super) is_transposed: bool,
    pub(super) left_out: Vec<usize>,
    /// Parts of layers that say nothing of them.
    pub(super) unused: Vec<usize>,
    pub(super) assumed: Vec<String>,
}

impl Plan {
    /// The plan for all of these arrays, as those of one network.
    pub(super) fn of(arrays: &[Outline<'_>], wanted: Option<Orientation>) -> Result<Self, LayersError> {
        let mut plan = Self {
            layers: Vec::new(),
            is_transposed: false,
            left_out: Vec::new(),
            unused: Vec::new(),
            assumed: Vec::new(),
        };
        let groups = plan.groups(arrays, wanted)?;
        if groups.is_empty() {
            let names = arrays.iter().take(6).map(|array| array.name.to_string()).collect();
            return Err(LayersError::NoWeights { names });
        }
        for group in groups {
            let layer = plan.layer(arrays, &group)?;
            plan.layers.push(layer);
        }
        let Transposition { is_transposed, sentence } = orient(arrays, &plan.layers, wanted)?;
        plan.is_transposed = is_transposed;
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
            order(arrays, &mut groups, wanted, &mut self.assumed);
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
        let keys = |role: Role| named.iter().filter(move |named| named.1 == role).map(|(key, _)| key.clone());
        let means: HashSet<String> = keys(Role::Mean).collect();
        let norms: HashSet<String> = keys(Role::Variance).filter(|key| means.contains(key)).collect();
        // `W1` and `gamma1` are of two layers, `bn.weight` and `bn.running_mean` of one.
        let scales: HashSet<String> = keys(Role::Scale).collect();
        let shifts: HashSet<String> = keys(Role::Shift).collect();
        let both: HashSet<String> = scales.intersection(&shifts).cloned().collect();
        let apart: HashSet<String> = scales.union(&shifts).cloned().collect();
        let mut groups: Vec<Group> = Vec::new();
        let mut places = HashMap::new();
        for (at, (key, role)) in named.into_iter().enumerate() {
            let is_norm = norms.contains(&key);
            let is_apart = apart.contains(&key) && !matches!(role, Role::Weight | Role::Bias);
            let (part, role) = match role {
                Role::Weight => ("weight", role),
                Role::Bias => ("bias", role),
                Role::Scale if is_norm => ("scale", Role::Weight),
                Role::Shift if is_norm => ("shift", Role::Bias),
                Role::Mean if is_norm => ("running mean", role),
                Role::Variance if is_norm => ("running variance", role),
                Role::Count if is_norm => {
                    self.unused.push(at);
                    continue;
                }
                Role::Scale | Role::Shift if both.contains(&key) || is_of_a_norm(arrays[at]) => {
                    return Err(LayersError::NoStatistics { name: arrays[at].name.to_string() });
                }
                _ => {
                    self.left_out.push(at);
                    continue;
                }
            };
            let group = *places.entry((key.clone(), is_apart)).or_insert(groups.len());
            if group == groups.len() {
                groups.push(Group { key, ..Group::default() });
            }
            let group = &mut groups[group];
            let slot = match role {
                Role::Bias => &mut group.bias,
                Role::Mean => &mut group.mean,
                Role::Variance => &mut group.variance,
                _ => &mut group.weight,
            };
            if let Some(first) = slot.replace(at) {
                let [first, second] = [first, at].map(|at| arrays[at].name.to_string());
                return Err(LayersError::Twice { first, second, part });
            }
        }
        Ok(groups)
    }

    fn layer(&mut self, arrays: &[Outline<'_>], group: &Group) -> Result<Layer, LayersError> {
        let unknown =
            |at: usize| LayersError::Unknown { name: arrays[at].name.to_string(), shape: arrays[at].shape.to_vec() };
        let statistics = group.mean.zip(group.variance).map(<[usize; 2]>::from);
        let Some(weight) = group.weight else {
            let alone = group.bias.or(group.mean);
            let bias = alone.map_or_else(String::new, |alone| arrays[alone].name.to_string());
            return Err(LayersError::NoWeight { bias });
        };
        let layer = Layer { weight, bias: group.bias, statistics };
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
        match (arrays[weight].shape.len(), statistics) {
            (1, Some(_)) => {
                self.assumed.push(format!("{name} is a batch norm's scale, since running statistics stand beside it."))
            }
            (2, None) => {}
            (4, None) => {
                self.assumed.push(format!("{name} has four axes: it is a convolution's kernel, kept as it is."))
            }
            _ => return Err(unknown(weight)),
        }
        Ok(layer)
    }

    /// The layers of these arrays, transposed and flattened.
    pub(super) fn carried_out(self, arrays: Vec<NamedArray>) -> FoundLayers {
        let mut arrays: Vec<Option<NamedArray>> = arrays.into_iter().map(Some).collect();
        let mut take = |at: usize| arrays.get_mut(at).and_then(Option::take);
        let mut layers = Vec::with_capacity(self.layers.len());
        for Layer { weight, bias, statistics } in self.layers {
            let bias = bias.and_then(&mut take).map(flat);
            let Some(mut weight) = take(weight) else { continue };
            let statistics = statistics.map(|both| both.map(&mut take));
            layers.push(match weight.array.rank() {
                _ if let Some([Some(mean), Some(variance)]) = statistics => {
                    FoundLayer::BatchNorm { scale: weight, shift: bias, mean, variance }
                }
                2 => {
                    if self.is_transposed {
                        weight.array = weight.array.transposed();
                    }
                    FoundLayer::Affine { weight, bias }
                }
                _ => FoundLayer::Convolution { kernel: weight, bias },
            });
        }
        let left_out = self.left_out.into_iter().chain(self.unused).filter_map(take).collect();
        FoundLayers { layers, left_out, assumed: self.assumed }
    }
}

/// Whether an array is named as only a batch norm's scale and shift are.
fn is_of_a_norm(Outline { name, shape }: Outline<'_>) -> bool {
    let name = name.to_ascii_lowercase();
    shape.len() == 1 && ["gamma", "beta"].iter().any(|word| name.contains(word))
}

/// A bias with one axis.
fn flat(bias: NamedArray) -> NamedArray {
    let NamedArray { name, array } = bias;
    let length = array.len();
    // As many numbers as before: it is always reshaped.
    let array = array.clone().reshaped([length]).unwrap_or(array);
    NamedArray { name, array }
}

/// By number where the names differ in nothing else; as they stand in the file otherwise. A file that sorts its names has
/// `bn1` before `conv1`: where its order makes no network, but convolutions, each with its batch norm behind it, and then
/// the others do, that is taken.
fn order(arrays: &[Outline<'_>], groups: &mut Vec<Group>, wanted: Option<Orientation>, assumed: &mut Vec<String>) {
    let Some(first) = groups.first() else { return };
    let form = without_numbers(&first.key);
    if groups.iter().all(|group| without_numbers(&group.key) == form) {
        groups.sort_by(|a, b| natural_order(&a.key, &b.key).then(a.mean.is_some().cmp(&b.mean.is_some())));
        return;
    }
    let makes_a_network = |groups: &[Group]| {
        let layer = |group: &Group| {
            let statistics = group.mean.zip(group.variance).map(<[usize; 2]>::from);
            Some(Layer { weight: group.weight?, bias: group.bias, statistics })
        };
        let layers: Option<Vec<Layer>> = groups.iter().map(layer).collect();
        let ways = [Orientation::InOut, Orientation::OutIn].into_iter().filter(|way| wanted.is_none_or(|w| w == *way));
        layers.is_some_and(|layers| ways.into_iter().any(|way| fits(arrays, &layers, way)))
    };
    let keys = |groups: &[Group]| groups.iter().map(|group| group.key.as_str()).collect::<Vec<_>>().join(", ");
    let mut sorted = groups.clone();
    let rank = |group: &Group| group.weight.map_or(0, |weight| arrays[weight].shape.len());
    let number = |key: &str| {
        let digits = key.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        key[digits..].parse::<u64>().unwrap_or(0)
    };
    // An affine layer's batch norm has a number behind those of the convolutions, or one that no convolution has.
    let convolutions: Vec<u64> = groups.iter().filter(|g| rank(g) == 4).map(|group| number(&group.key)).collect();
    let is_behind = |group: &Group| match rank(group) {
        4 => false,
        2 => true,
        _ => !convolutions.contains(&number(&group.key)),
    };
    sorted.sort_by_key(|group| (is_behind(group), number(&group.key), rank(group) == 1));
    if !makes_a_network(groups) && makes_a_network(&sorted) {
        *groups = sorted;
        assumed.push(format!("The layers are put in an order in which they follow one another: {}.", keys(groups)));
        return;
    }
    assumed.push(format!("The layers follow one another as they stand in the file: {}.", keys(groups)));
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
