//! Which way round the affine layers' weights are.

use super::{FoundLayer, FoundLayers, LayersError, Orientation};
use crate::array::NamedArray;

/// Turns every affine weight to (in, out), and says why.
pub(super) fn orient(found: &mut FoundLayers, wanted: Option<Orientation>) -> Result<(), LayersError> {
    let names: Vec<String> = affine_names(&found.layers);
    if names.is_empty() {
        return Ok(());
    }
    let (in_out, out_in) = (fit(&found.layers, Orientation::InOut), fit(&found.layers, Orientation::OutIn));
    let (orientation, reason) = match (wanted, in_out, out_in) {
        (Some(Orientation::InOut), Ok(()), _) => (Orientation::InOut, "as was said"),
        (Some(Orientation::OutIn), _, Ok(())) => (Orientation::OutIn, "as was said"),
        (Some(wanted @ Orientation::InOut), Err(reason), _) | (Some(wanted @ Orientation::OutIn), _, Err(reason)) => {
            return Err(LayersError::Orientation { orientation: wanted.text(), reason });
        }
        (None, Ok(()), Err(_)) => (Orientation::InOut, "as only so the shapes fit"),
        (None, Err(_), Ok(())) => (Orientation::OutIn, "as only so the shapes fit"),
        (None, Err(in_out), Err(out_in)) => return Err(LayersError::Broken { in_out, out_in }),
        (None, Ok(()), Ok(())) => convention(&names).ok_or(LayersError::Question { names })?,
    };
    let mut sentence = format!("The weights are {}, {reason}", orientation.text());
    if orientation == Orientation::OutIn {
        for layer in &mut found.layers {
            if let FoundLayer::Affine { weight, .. } = layer {
                weight.array = weight.array.transposed();
            }
        }
        sentence.push_str("; they were transposed");
    }
    // Before what was assumed of single layers.
    found.assumed.insert(0, sentence + ".");
    Ok(())
}

fn affine_names(layers: &[FoundLayer]) -> Vec<String> {
    let names = layers.iter().filter_map(|layer| match layer {
        FoundLayer::Affine { weight, .. } => Some(weight.name.clone()),
        FoundLayer::Convolution { .. } => None,
    });
    names.collect()
}

/// Whether every layer takes what the one before gives, or what does not fit.
fn fit(layers: &[FoundLayer], orientation: Orientation) -> Result<(), String> {
    let mut before: Option<(&str, usize, bool)> = None;
    for layer in layers {
        before = match layer {
            FoundLayer::Convolution { kernel, bias } => Some((&kernel.name, channels(kernel, bias.as_ref())?, true)),
            FoundLayer::Affine { weight, bias } => {
                let (inputs, outputs) = match (weight.array.shape(), orientation) {
                    (&[inputs, outputs], Orientation::InOut) => (inputs, outputs),
                    (&[outputs, inputs], Orientation::OutIn) => (inputs, outputs),
                    _ => continue,
                };
                if let Some(bias) = bias.as_ref().filter(|bias| bias.array.len() != outputs) {
                    return Err(format!("{} gives {outputs}, {} has {}", weight.name, bias.name, bias.array.len()));
                }
                match before {
                    Some((name, given, false)) if given != inputs => {
                        return Err(format!("{name} gives {given}, {} takes {inputs}", weight.name));
                    }
                    // A picture of so many channels, of unknown size.
                    Some((name, given, true)) if given == 0 || !inputs.is_multiple_of(given) => {
                        return Err(format!("{name} gives {given} channels, {} takes {inputs}", weight.name));
                    }
                    _ => Some((&weight.name, outputs, false)),
                }
            }
        };
    }
    Ok(())
}

/// How many channels a convolution gives: the first extent in PyTorch, the last in Keras.
fn channels(kernel: &NamedArray, bias: Option<&NamedArray>) -> Result<usize, String> {
    let (first, last) = (kernel.array.shape()[0], kernel.array.shape()[kernel.array.rank() - 1]);
    match bias {
        None => Ok(first),
        Some(bias) if [first, last].contains(&bias.array.len()) => Ok(bias.array.len()),
        Some(bias) => {
            Err(format!("{} gives {first} or {last} channels, {} has {}", kernel.name, bias.name, bias.array.len()))
        }
    }
}

/// What the names' own program does.
fn convention(names: &[String]) -> Option<(Orientation, &'static str)> {
    let all = |end: &str| names.iter().all(|name| name.strip_suffix(":0").unwrap_or(name).ends_with(end));
    if all(".weight") || names.iter().all(|name| name == "weight") {
        return Some((Orientation::OutIn, "as PyTorch has them (their shapes would fit both ways)"));
    }
    if all("kernel") {
        return Some((Orientation::InOut, "as Keras has them (their shapes would fit both ways)"));
    }
    all("/w").then_some((Orientation::InOut, "as limpid has them (their shapes would fit both ways)"))
}
