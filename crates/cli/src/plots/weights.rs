//! The weights of a network's first layer as images of what each unit looks for.

use limpid::draw::{ColourMap, Images, Matrix, Raster};
use limpid::graph::Tensor;
use limpid::learn::{Encoding, Input, Preparation};

use super::Drawn;
use crate::failure::Failure;

/// Weights `(inputs, units)`, each unit's as an image of a sample's shape.
pub(crate) fn draw(name: &str, weights: &Tensor, input: &[usize], most: usize) -> Result<Drawn, Failure> {
    let &[inputs, units] = weights.shape() else {
        let shape = weights.shape();
        return Err(Failure::Input(format!(
            "{name} has the shape {shape:?}, and an image for each unit needs two axes"
        )));
    };
    let [height, width] = sides(input, inputs);
    let all = weights.to_f64();
    let largest =
        all.iter().copied().filter(|weight| weight.is_finite()).fold(0.0, |most, weight| weight.abs().max(most));
    let largest = if largest > 0.0 { largest } else { 1.0 };
    let shown = units.min(most);
    let columns = (1..=12).find(|columns| columns * columns >= shown).unwrap_or(12);
    let mut images = Images::new(columns).title(format!("{name}: what each of {units} units looks for"));
    for unit in 0..shown {
        let own: Vec<f64> = (0..inputs).map(|input| all[input * units + unit]).collect();
        let image = Raster::mapped(width, height, &own, ColourMap::Diverging, [-largest, largest])?;
        images = images.add(image, unit.to_string());
    }
    let mut drawn = Drawn::new(images);
    drawn
        .notes
        .push(format!("blue is below 0, orange above, pale is 0; the largest weight is {largest:.4} away from it"));
    if shown < units {
        drawn.notes.push(format!("{shown} of {units} units are shown; --most {units} shows all"));
    }
    Ok(drawn)
}

/// Weights `(inputs, units)` of a network that reads tables: a row for each input, by its name, a column for each unit.
pub(crate) fn of_table(name: &str, weights: &Tensor, inputs: &[String], most: usize) -> Result<Drawn, Failure> {
    let &[rows, units] = weights.shape() else {
        return Err(Failure::Input(format!(
            "{name} has the shape {:?}; weights with two axes can be drawn",
            weights.shape()
        )));
    };
    let (shown, kept) = (units.min(most).min(MOST_NAMED), rows.min(MOST_NAMED));
    let all = weights.to_f64();
    let values: Vec<f64> = (0..kept).flat_map(|row| all[row * units..row * units + shown].to_vec()).collect();
    let names = (0..kept).map(|row| inputs.get(row).cloned().unwrap_or_else(|| row.to_string()));
    let matrix = Matrix::new(names, (0..shown).map(|unit| unit.to_string()), values)?;
    let title = format!("{name}: how each of {units} units weighs each input");
    let mut drawn = Drawn::new(matrix.title(title).labels("input", "unit"));
    drawn.notes.push("blue is above 0, orange below, pale is near 0".to_string());
    if shown < units {
        drawn.notes.push(format!("{shown} of {units} units are shown; --most {units} shows more"));
    }
    if kept < rows {
        drawn.notes.push(format!("{kept} of {rows} inputs are shown"));
    }
    Ok(drawn)
}

/// More rows and columns with names than this are not drawn.
const MOST_NAMED: usize = 128;

/// What the numbers of a prepared row are called: a column, a category of it, or whether it is missing.
pub(crate) fn input_names(preparation: &Preparation) -> Vec<String> {
    let names = |input: &Input| -> Vec<String> {
        let mut names = match &input.encoding {
            Encoding::Word { categories } => categories.iter().map(|word| format!("{} = {word}", input.name)).collect(),
            _ => vec![input.name.clone()],
        };
        if input.marks_missing {
            names.push(format!("{} missing", input.name));
        }
        names
    };
    preparation.inputs().iter().flat_map(names).collect()
}

/// How high and wide a sample is as an image: as its last two axes say, else square where it can be, else a row.
fn sides(input: &[usize], inputs: usize) -> [usize; 2] {
    let side = inputs.isqrt();
    match input {
        [.., height, width] if height * width == inputs => [*height, *width],
        _ if side * side == inputs => [side, side],
        _ => [1, inputs],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_samples_sides_are_its_own_or_a_squares() {
        assert_eq!(sides(&[1, 20, 30], 600), [20, 30]);
        assert_eq!(sides(&[784], 784), [28, 28]);
        assert_eq!(sides(&[6], 6), [1, 6]);
    }
}
