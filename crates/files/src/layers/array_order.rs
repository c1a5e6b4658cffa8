//! Arrays whose names say nothing: which are weights and which biases, by their shapes and their order.

use super::Orientation;
use super::orient::fits;
use super::outline::{Group, Layer, Outline};

/// The places of each layer's weight and bias.
type Pairs = Vec<(usize, Option<usize>)>;

/// An order in which programs write weights and biases.
struct ArrayOrder {
    /// What is said where it fits.
    sentence: &'static str,
    /// The places of each layer's weight and bias among so many arrays; nothing where the count does not fit.
    pairs: fn(usize) -> Option<Pairs>,
}

/// From the most usual on: the first that fits is taken.
const ORDERS: [ArrayOrder; 5] = [
    ArrayOrder {
        sentence: "each bias is taken to follow its weight",
        pairs: |count| halves(count, |k, _| (2 * k, 2 * k + 1)),
    },
    ArrayOrder {
        sentence: "the weights are taken to come first, then the biases",
        pairs: |count| halves(count, |k, n| (k, n + k)),
    },
    ArrayOrder {
        sentence: "the biases are taken to come first, then the weights",
        pairs: |count| halves(count, |k, n| (n + k, k)),
    },
    ArrayOrder {
        sentence: "each bias is taken to stand before its weight",
        pairs: |count| halves(count, |k, _| (2 * k + 1, 2 * k)),
    },
    ArrayOrder { sentence: "all are taken for weights", pairs: |count| Some((0..count).map(|k| (k, None)).collect()) },
];

/// The pairs of an even count, the k-th of n by a rule.
fn halves(count: usize, rule: fn(usize, usize) -> (usize, usize)) -> Option<Pairs> {
    let pair = |k| {
        let (weight, bias) = rule(k, count / 2);
        (weight, Some(bias))
    };
    (count > 0 && count.is_multiple_of(2)).then(|| (0..count / 2).map(pair).collect())
}

/// The layers of the chosen arrays, in the order of the first form that fits, and what was assumed.
///
/// Arrays that have places, as in a list, are layers, whatever their shapes. Those with names that are unknown (`wih`,
/// `who`) are only where their shapes leave no doubt: two matrices or more, of which each takes what the one before
/// gives.
pub(super) fn by_shapes(
    arrays: &[Outline<'_>],
    chosen: &[usize],
    wanted: Option<Orientation>,
    are_places: bool,
) -> Option<(Vec<Group>, String)> {
    let group = |&Layer { weight, bias, .. }: &Layer| Group {
        key: arrays[weight].name.to_string(),
        weight: Some(weight),
        bias,
        ..Group::default()
    };
    let start = if are_places { "The arrays have no names" } else { "The names do not say what the arrays are" };
    let fitting = ORDERS.iter().find_map(|form| {
        let pairs = (form.pairs)(chosen.len())?;
        let layer = |(weight, bias): (usize, Option<usize>)| Layer { weight, bias, statistics: None };
        let layers: Vec<_> = pairs.into_iter().map(|pair| layer(pair).at(|at| chosen[at])).collect();
        let are_of_kind = |&Layer { weight, bias, .. }: &Layer| {
            matches!(arrays[weight].shape.len(), 2 | 4) && bias.is_none_or(|bias| arrays[bias].bias_length().is_some())
        };
        let is_sure =
            are_places || layers.len() > 1 && layers.iter().all(|layer| arrays[layer.weight].shape.len() == 2);
        let fits_any = |orientation| fits(arrays, &layers, orientation);
        let fits = match wanted {
            Some(orientation) => fits_any(orientation),
            None => fits_any(Orientation::InOut) || fits_any(Orientation::OutIn),
        };
        (is_sure && layers.iter().all(are_of_kind) && fits).then_some((layers, form.sentence))
    });
    if let Some((layers, sentence)) = fitting {
        return Some((layers.iter().map(group).collect(), format!("{start}: {sentence}.")));
    }
    (are_places && !chosen.is_empty()).then(|| (following(arrays, chosen), format!("{start}: {}.", ORDERS[0].sentence)))
}

/// Each bias behind its weight, some weights without one.
fn following(arrays: &[Outline<'_>], chosen: &[usize]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for &at in chosen {
        let Outline { name, shape } = arrays[at];
        let is_vector = shape.len() < 2 || shape.len() == 2 && shape[0] == 1;
        match groups.last_mut() {
            Some(Group { bias: slot @ None, .. }) if is_vector => *slot = Some(at),
            _ => groups.push(Group { key: name.to_string(), weight: Some(at), ..Group::default() }),
        }
    }
    groups
}
