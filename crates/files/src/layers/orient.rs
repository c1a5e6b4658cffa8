//! Which way round the affine layers' weights are.

use super::outline::{Layer, Outline};
use super::{LayersError, Orientation};

/// Whether the weights are transposed, and a sentence on why; nothing to say where there are none.
pub(super) struct Transposition {
    pub(super) is_transposed: bool,
    pub(super) sentence: Option<String>,
}

/// Which way round every affine weight is, and why.
pub(super) fn orient(
    arrays: &[Outline<'_>],
    layers: &[Layer],
    wanted: Option<Orientation>,
) -> Result<Transposition, LayersError> {
    let affine = layers.iter().filter(|layer| arrays[layer.weight].shape.len() == 2);
    let names: Vec<String> = affine.map(|layer| arrays[layer.weight].name.to_string()).collect();
    if names.is_empty() {
        // Of no affine weight both ways are one.
        fit(arrays, layers, Orientation::InOut).map_err(|reason| LayersError::Apart { reason })?;
        return Ok(Transposition { is_transposed: false, sentence: None });
    }
    let fit = |orientation| fit(arrays, layers, orientation);
    let (in_out, out_in) = (fit(Orientation::InOut), fit(Orientation::OutIn));
    let (orientation, reason) = match (wanted, in_out, out_in) {
        (Some(Orientation::InOut), Ok(()), _) => (Orientation::InOut, "as was said"),
        (Some(Orientation::OutIn), _, Ok(())) => (Orientation::OutIn, "as was said"),
        (Some(wanted @ Orientation::InOut), Err(reason), _) | (Some(wanted @ Orientation::OutIn), _, Err(reason)) => {
            return Err(LayersError::Orientation { orientation: wanted.text(), reason });
        }
        (None, Ok(()), Err(_)) => (Orientation::InOut, "as the shapes match only this way"),
        (None, Err(_), Ok(())) => (Orientation::OutIn, "as the shapes match only this way"),
        (None, Err(in_out), Err(out_in)) => return Err(LayersError::Broken { in_out, out_in }),
        (None, Ok(()), Ok(())) => match convention(&names).or_else(|| by_biases(arrays, layers)) {
            Some(known) => known,
            None => return Err(LayersError::Question { names }),
        },
    };
    let mut sentence = format!("The weights are {}, {reason}", orientation.text());
    let is_transposed = orientation == Orientation::OutIn;
    if is_transposed {
        sentence.push_str("; they were transposed");
    }
    Ok(Transposition { is_transposed, sentence: Some(sentence + ".") })
}

/// Whether every layer takes what the one before gives.
pub(super) fn fits(arrays: &[Outline<'_>], layers: &[Layer], orientation: Orientation) -> bool {
    fit(arrays, layers, orientation).is_ok()
}

/// Whether every layer takes what the one before gives, or what does not fit.
fn fit(arrays: &[Outline<'_>], layers: &[Layer], orientation: Orientation) -> Result<(), String> {
    let mut before: Option<(&str, usize, bool)> = None;
    for &Layer { weight, bias, statistics } in layers {
        let (Outline { name, shape }, bias) = (arrays[weight], bias.map(|bias| arrays[bias]));
        before = match (shape, orientation) {
            // A batch norm gives what it takes.
            (&[length], _) => {
                let others = bias.into_iter().chain(statistics.into_iter().flatten().map(|at| arrays[at]));
                if let Some(other) = others.into_iter().find(|other| other.bias_length() != Some(length)) {
                    return Err(format!("{name} has {length} numbers, {} has shape {:?}", other.name, other.shape));
                }
                match before {
                    Some((before, given, _)) if given != length => {
                        return Err(format!("{before} gives {given}, {name} takes {length}"));
                    }
                    Some((_, given, is_picture)) => Some((name, given, is_picture)),
                    // Of the input: its features, or the channels of a picture.
                    None => Some((name, length, true)),
                }
            }
            (&[inputs, outputs], Orientation::InOut) | (&[outputs, inputs], Orientation::OutIn) => {
                if let Some((bias, length)) = bias.and_then(|bias| Some((bias, bias.bias_length()?)))
                    && length != outputs
                {
                    return Err(format!("{name} gives {outputs}, {} has {length}", bias.name));
                }
                match before {
                    Some((before, given, false)) if given != inputs => {
                        return Err(format!("{before} gives {given}, {name} takes {inputs}"));
                    }
                    // A picture of so many channels, of unknown size.
                    Some((before, given, true)) if given == 0 || !inputs.is_multiple_of(given) => {
                        return Err(format!("{before} gives {given} channels, {name} takes {inputs}"));
                    }
                    _ => Some((name, outputs, false)),
                }
            }
            (&[first, second, _, last], _) => {
                let given = channels(name, [first, last], bias)?;
                // The kernels' own channels: the second extent in PyTorch, the last but one in Keras.
                let takes = |count: usize| [second, shape[2]].contains(&count);
                match before {
                    Some((before, count, true)) if !takes(count) => {
                        return Err(format!("{before} gives {count} channels, {name} takes {second}"));
                    }
                    _ => Some((name, given, true)),
                }
            }
            _ => continue,
        };
    }
    Ok(())
}

/// How many channels a convolution gives: the first extent in PyTorch, the last in Keras.
fn channels(name: &str, [first, last]: [usize; 2], bias: Option<Outline<'_>>) -> Result<usize, String> {
    match bias.and_then(|bias| Some((bias, bias.bias_length()?))) {
        None => Ok(first),
        Some((_, length)) if [first, last].contains(&length) => Ok(length),
        Some((bias, length)) => Err(format!("{name} gives {first} or {last} channels, {} has {length}", bias.name)),
    }
}

/// What goes with biases of two axes: columns with `W · x + b`, rows with `x · W + b`.
fn by_biases(arrays: &[Outline<'_>], layers: &[Layer]) -> Option<(Orientation, &'static str)> {
    let biases: Option<Vec<&[usize]>> = layers.iter().map(|layer| Some(arrays[layer.bias?].shape)).collect();
    let biases = biases?;
    if biases.iter().all(|shape| matches!(shape, [rows, 1] if *rows > 1)) {
        return Some((Orientation::OutIn, "as biases of shape (n, 1) show (their shapes would fit both ways)"));
    }
    let are_rows = biases.iter().all(|shape| matches!(shape, [1, columns] if *columns > 1));
    are_rows.then_some((Orientation::InOut, "as biases of shape (1, n) show (their shapes would fit both ways)"))
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
    if names.iter().all(|name| name.contains("coefs_")) {
        return Some((Orientation::InOut, "as scikit-learn has them (their shapes would fit both ways)"));
    }
    all("/w").then_some((Orientation::InOut, "as limpid has them (their shapes would fit both ways)"))
}
