//! The text of a network that layers make: what their shapes tell, and what is usual where they do not.

use super::WeightsError;
use super::layers::{Kind, Layer};

/// The sizes of pictures that are tried: MNIST's and its relatives', and CIFAR's, which are in colour.
const SIZES: [usize; 2] = [28, 32];
/// More possible networks than this are not listed.
const LISTED: usize = 3;

/// What shapes do not tell of a convolution.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Guess {
    padding: usize,
    /// Whether the largest number of each 2×2 window is taken behind it.
    pools: bool,
}

/// The network of these layers as text, and a sentence on how it was found.
pub(super) fn described(layers: &[Layer], activation: Option<&str>) -> Result<(String, String), WeightsError> {
    let weighty = layers.iter().filter(|layer| layer.kind != Kind::BatchNorm).count();
    if activation.is_none() && weighty > 1 {
        return Err(WeightsError::Activation { layers: weighty });
    }
    let activation = activation.unwrap_or_default();
    if layers.iter().any(|layer| matches!(layer.kind, Kind::Convolution { .. })) {
        return pictures(layers, activation);
    }
    let first = layers.iter().find_map(|layer| match layer.kind {
        Kind::Affine { inputs, .. } => Some(inputs),
        _ => None,
    });
    let Some(first) = first else {
        return Err(WeightsError::Pictures { candidates: Vec::new() });
    };
    let text = text(layers, &first.to_string(), activation, &[]);
    let units = layers.iter().filter_map(|layer| match layer.kind {
        Kind::Affine { outputs, .. } => Some(outputs.to_string()),
        _ => None,
    });
    let units: Vec<String> = units.collect();
    let behind = if weighty > 1 { format!(", with {activation} behind each but the last") } else { String::new() };
    let norms = if weighty < layers.len() { ", and batch norms between" } else { "" };
    Ok((text, format!("The layers are {first} → {}{behind}{norms}.", units.join(" → "))))
}

/// Convolutions, and affine layers behind them: the size of the pictures, the padding and the pools are those by which the
/// first affine layer takes as many numbers as it does, if there is one way.
fn pictures(layers: &[Layer], activation: &str) -> Result<(String, String), WeightsError> {
    let mut convolutions: Vec<(usize, [usize; 2])> = Vec::new();
    let mut channels = 1;
    let mut affine: Option<(&str, usize)> = None;
    for layer in layers {
        match layer.kind {
            Kind::Convolution { .. } if affine.is_some() => {
                return Err(WeightsError::Pictures { candidates: Vec::new() });
            }
            Kind::Convolution { filters, channels: own, kernel, .. } => {
                channels = if convolutions.is_empty() { own } else { channels };
                convolutions.push((filters, kernel));
            }
            Kind::Affine { inputs, .. } => affine = affine.or(Some((&layer.name, inputs))),
            Kind::BatchNorm => {}
        }
    }
    let (Some((name, inputs)), Some(&(filters, _))) = (affine, convolutions.last()) else {
        return Err(WeightsError::Pictures { candidates: Vec::new() });
    };
    let kernels: Vec<[usize; 2]> = convolutions.iter().map(|&(_, kernel)| kernel).collect();
    let mut sizes = SIZES;
    if channels == 3 {
        sizes.reverse();
    }
    for size in sizes {
        let mut found = Vec::new();
        guesses(&kernels, [size, size], &mut Vec::new(), &mut |[height, width], guesses| {
            if filters * height * width == inputs && found.len() <= LISTED {
                found.push(guesses.to_vec());
            }
        });
        let texts: Vec<String> = found
            .iter()
            .map(|guesses| text(layers, &format!("{channels}x{size}x{size}"), activation, guesses))
            .collect();
        match <[String; 1]>::try_from(texts) {
            Ok([text]) => {
                let sentence = format!("The network is taken to be `{text}`, by which {name} takes {inputs} numbers.");
                return Ok((text, sentence));
            }
            Err(none) if none.is_empty() => {}
            Err(mut several) => {
                several.truncate(LISTED);
                return Err(WeightsError::Pictures { candidates: several });
            }
        }
    }
    Err(WeightsError::Pictures { candidates: Vec::new() })
}

/// Each way in which the convolutions may pad and pool, with the size of the picture behind the last.
fn guesses(
    kernels: &[[usize; 2]],
    [height, width]: [usize; 2],
    so_far: &mut Vec<Guess>,
    tell: &mut impl FnMut([usize; 2], &[Guess]),
) {
    let Some((&[down, across], rest)) = kernels.split_first() else { return tell([height, width], so_far) };
    // More would be a search without an end, and with many answers.
    const MOST: usize = 8;
    if so_far.len() >= MOST {
        return;
    }
    let same = (down == across && down % 2 == 1 && down > 1).then_some(down / 2);
    for padding in std::iter::once(0).chain(same) {
        let behind = |extent: usize, kernel: usize| (extent + 2 * padding + 1).checked_sub(kernel).filter(|&e| e > 0);
        let (Some(height), Some(width)) = (behind(height, down), behind(width, across)) else { continue };
        for pools in [false, true] {
            let fits = !pools || (height.is_multiple_of(2) && width.is_multiple_of(2));
            let by = if pools { 2 } else { 1 };
            if fits {
                so_far.push(Guess { padding, pools });
                guesses(rest, [height / by, width / by], so_far, tell);
                so_far.pop();
            }
        }
    }
}

/// The network's text: behind each layer its batch norm, then the activation, but behind the last.
fn text(layers: &[Layer], input: &str, activation: &str, guesses: &[Guess]) -> String {
    let mut parts = vec![input.to_string()];
    let mut guesses = guesses.iter();
    let mut left = layers.iter().filter(|layer| layer.kind != Kind::BatchNorm).count();
    // A pool that is still to come, behind the activation.
    let mut pools = false;
    for (at, layer) in layers.iter().enumerate() {
        match layer.kind {
            Kind::Affine { outputs, .. } => parts.push(format!("affine {outputs}")),
            Kind::Convolution { filters, kernel: [height, width], has_bias, .. } => {
                let guess = guesses.next().copied().unwrap_or(Guess { padding: 0, pools: false });
                let padding = if guess.padding > 0 { format!(" pad={}", guess.padding) } else { String::new() };
                let bias = if has_bias { "" } else { " no-bias" };
                parts.push(format!("conv {filters} {height}x{width}{padding}{bias}"));
                pools = guess.pools;
            }
            Kind::BatchNorm => parts.push("batch-norm".to_string()),
        }
        left -= usize::from(layer.kind != Kind::BatchNorm);
        let is_first_norm = layer.kind == Kind::BatchNorm && parts.len() == 2;
        let is_followed_by_norm = layers.get(at + 1).is_some_and(|next| next.kind == Kind::BatchNorm);
        if left > 0 && !is_followed_by_norm && !is_first_norm {
            parts.push(activation.to_string());
            parts.extend(std::mem::take(&mut pools).then(|| "max-pool 2".to_string()));
        }
    }
    parts.join(", ")
}
