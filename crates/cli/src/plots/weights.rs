//! The weights of a network's layer as images of what each unit or filter looks for.

use limpid::draw::{ColourMap, Images, Matrix, Raster};
use limpid::graph::Tensor;
use limpid::learn::{Encoding, Input, Mode, Network, Preparation};

use super::Drawn;
use crate::failure::Failure;

/// Weights of a layer, as they are kept.
pub(crate) struct Weights<'w> {
    /// Their name, such as `0/w`.
    pub(crate) name: &'w str,
    pub(crate) values: &'w Tensor,
    /// The layer as network text, such as `conv 30 5x5`; empty where it is not known.
    pub(crate) layer: String,
    /// The extents of what the layer is given for one sample; empty where it stands within another.
    pub(crate) input: Vec<usize>,
    /// The extents of what it answers.
    pub(crate) output: Vec<usize>,
}

impl<'w> Weights<'w> {
    /// Those of a layer of this network, by its path, or of the first that has any. `parameters` are the network's.
    pub(crate) fn find(
        network: &Network,
        parameters: &'w [(String, Tensor)],
        layer: Option<&str>,
    ) -> Result<Self, Failure> {
        let path_of = |name: &str| name.rsplit_once('/').map_or(String::new(), |(path, _)| path.to_string());
        let mut all = parameters.iter().filter(|(_, values)| values.rank() >= 2);
        let Some((name, values)) = all.clone().find(|(name, _)| layer.is_none_or(|layer| path_of(name) == layer))
        else {
            let mut paths: Vec<String> = all.by_ref().map(|(name, _)| path_of(name)).collect();
            paths.dedup();
            let listed = paths.join(", ");
            return Err(match layer.filter(|_| !paths.is_empty()) {
                Some(layer) => {
                    Failure::Usage(format!("--layer {layer}: no layer with weights; layers with weights are {listed}"))
                }
                None => Failure::Input("no layer of this model has weights".to_string()),
            });
        };
        let place: Option<usize> = path_of(name).parse().ok();
        let layer = place.and_then(|place| network.layers().nth(place)).map(|layer| layer.text()).unwrap_or_default();
        let behind = |layers: Option<usize>| {
            layers.map(|layers| answers_of(&network.first_layers(layers))).transpose().map(Option::unwrap_or_default)
        };
        let (input, output) = (behind(place)?, behind(place.map(|place| place + 1))?);
        Ok(Self { name, values, layer, input, output })
    }

    /// Whether these are the weights by which a network takes its inputs themselves.
    pub(crate) fn read_inputs(&self, network: &Network) -> bool {
        self.values.rank() == 2 && self.input == network.input() && !self.layer.starts_with("embedding")
    }
}

/// The extents of what a network answers for one sample.
fn answers_of(network: &Network) -> Result<Vec<usize>, Failure> {
    let graph = network.graph(Mode::Inference)?;
    let shape = graph.outputs().first().map(|&output| graph.node(output).shape.clone()).unwrap_or_default();
    Ok(shape.dims().iter().skip(1).filter_map(limpid::graph::Dim::as_known).collect())
}

/// How weights are images.
struct Layout {
    count: usize,
    /// What the images are of.
    noun: &'static str,
    /// Channels, height and width of one.
    extents: [usize; 3],
    /// Where the weight of an image's place stands: from the image's number and the place in it.
    at: Box<dyn Fn(usize, usize) -> usize>,
}

impl Layout {
    fn of(weights: &Weights<'_>) -> Result<Self, Failure> {
        let Weights { name, values, layer, input, output } = weights;
        let (count, noun, extents, at): (_, _, _, Box<dyn Fn(usize, usize) -> usize>) = match *values.shape() {
            [rows, columns] if layer.starts_with("embedding") => {
                (1, "positions", [1, rows, columns], Box::new(|_, i| i))
            }
            [inputs, units] => (units, "units", maps(input, inputs), Box::new(move |unit, i| i * units + unit)),
            // Of each group so many filters, which see the channels of their group.
            [channels, of_group, height, width] if layer.starts_with("conv-transpose") => {
                let filters = output.first().copied().unwrap_or(of_group);
                let (own, of_one) = (channels * of_group / filters.max(1), height * width);
                let kernel = move |filter: usize, channel: usize| {
                    (filter / of_group * own + channel) * of_group + filter % of_group
                };
                let at = move |filter, i| kernel(filter, i / of_one) * of_one + i % of_one;
                (filters, "filters", [own, height, width], Box::new(at))
            }
            [filters, channels, height, width] => {
                let of_one = channels * height * width;
                (filters, "filters", [channels, height, width], Box::new(move |filter, i| filter * of_one + i))
            }
            ref shape => {
                let told = format!("{name} has the shape {shape:?}; weights with two or with four axes can be drawn");
                return Err(Failure::Input(told));
            }
        };
        Ok(Self { count, noun, extents, at })
    }
}

/// What each unit of an affine layer, or each filter of a convolution, looks for: an image for each, with the channels side
/// by side.
pub(crate) fn draw(weights: &Weights<'_>, most: usize) -> Result<Drawn, Failure> {
    let Layout { count, noun, extents, at } = Layout::of(weights)?;
    let (name, all) = (weights.name, weights.values.to_f64());
    let largest =
        all.iter().copied().filter(|weight| weight.is_finite()).fold(0.0, |most, weight| weight.abs().max(most));
    let largest = if largest > 0.0 { largest } else { 1.0 };
    let shown = count.min(most);
    let columns = (1..=12).find(|columns| columns * columns >= shown).unwrap_or(12);
    let title = match noun {
        "positions" => format!("{name}: the numbers of each of {} positions, a row each", extents[1]),
        _ => format!("{name}: what each of {count} {noun} looks for"),
    };
    let mut images = Images::new(columns).title(title);
    for unit in 0..shown {
        let own: Vec<f64> = (0..extents.iter().product()).map(|i| all[at(unit, i)]).collect();
        let (width, height, tiled) = side_by_side(&own, extents);
        let image = Raster::mapped(width, height, &tiled, ColourMap::Diverging, [-largest, largest])?;
        images = images.add(image, if noun == "positions" { String::new() } else { unit.to_string() });
    }
    let mut drawn = Drawn::new(images);
    drawn
        .notes
        .push(format!("blue is below 0, orange above, pale is 0; the largest weight is {largest:.4} away from it"));
    if extents[0] > 1 {
        let [channels, height, width] = extents;
        drawn.notes.push(format!("each image has {channels} channels of {height}×{width} side by side, row by row"));
    }
    if shown < count {
        drawn.notes.push(format!("{shown} of {count} {noun} are shown; --most {count} shows all"));
    }
    Ok(drawn)
}

/// Channels of one unit as one image: in rows, with a blank line between them. Its width, its height, its numbers.
fn side_by_side(values: &[f64], [channels, height, width]: [usize; 3]) -> (usize, usize, Vec<f64>) {
    let across = (1..=channels).find(|across| across * across >= channels).unwrap_or(1);
    let down = channels.div_ceil(across);
    let gap = usize::from(height * width > 1);
    let (all_across, all_down) = (across * (width + gap) - gap, down * (height + gap) - gap);
    let mut tiled = vec![f64::NAN; all_across * all_down];
    for (i, &value) in values.iter().enumerate() {
        let (channel, row, column) = (i / (height * width), i / width % height, i % width);
        let (row, column) = (channel / across * (height + gap) + row, channel % across * (width + gap) + column);
        tiled[row * all_across + column] = value;
    }
    (all_across, all_down, tiled)
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
    drawn.notes.push("blue is below 0, orange above, pale is near 0".to_string());
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

/// The inputs of an affine layer as channels of images: as its input's extents say, else a square where it can be, else a
/// row.
fn maps(input: &[usize], inputs: usize) -> [usize; 3] {
    let side = inputs.isqrt();
    match input {
        [channels, height, width] if channels * height * width == inputs => [*channels, *height, *width],
        [.., height, width] if height * width == inputs => [1, *height, *width],
        _ if side * side == inputs => [1, side, side],
        _ => [1, 1, inputs],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_samples_extents_are_its_own_or_a_squares() {
        assert_eq!(maps(&[1, 20, 30], 600), [1, 20, 30]);
        assert_eq!(maps(&[20, 30], 600), [1, 20, 30]);
        assert_eq!(maps(&[8, 12, 12], 1152), [8, 12, 12]);
        assert_eq!(maps(&[784], 784), [1, 28, 28]);
        assert_eq!(maps(&[6], 6), [1, 1, 6]);
    }

    #[test]
    fn channels_stand_side_by_side_with_blank_lines_between_them() {
        let (width, height, tiled) = side_by_side(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [3, 1, 2]);
        assert_eq!((width, height), (5, 3));
        let shown: Vec<i32> = tiled.iter().map(|value| if value.is_nan() { 0 } else { *value as i32 }).collect();
        assert_eq!(shown, [1, 2, 0, 3, 4, 0, 0, 0, 0, 0, 5, 6, 0, 0, 0]);
        assert_eq!(side_by_side(&[7.0, 8.0], [2, 1, 1]), (2, 1, vec![7.0, 8.0]));
    }

    /// The text of the picture and of its notes, for the weights of a layer of a network.
    fn shown(text: &str, layer: Option<&str>, most: usize) -> Result<String, String> {
        let network: Network = text.parse().unwrap();
        let parameters = limpid::learn::Model::new(&network, 1).unwrap().parameters().unwrap();
        let drawn = Weights::find(&network, &parameters, layer).and_then(|weights| draw(&weights, most));
        let drawn = drawn.map_err(|failure| failure.to_string())?;
        Ok(drawn.picture.scene().unwrap().svg() + &drawn.notes.join("\n"))
    }

    #[test]
    fn every_kind_of_layer_with_weights_is_drawn() {
        let network = "2 12 12, conv 6 3x3, batch-norm, relu, max-pool 2, conv-transpose 4 2x2 stride=2, affine 5";
        for (layer, wanted) in [
            (None, ["0/w: what each of 6 filters looks for", "2 channels of 3×3 side by side"]),
            (Some("4"), ["4/w: what each of 4 filters looks for", "6 channels of 2×2 side by side"]),
            (Some("5"), ["5/w: what each of 5 units looks for", "4 channels of 10×10 side by side"]),
        ] {
            let told = shown(network, layer, 50).unwrap();
            assert!(wanted.iter().all(|wanted| told.contains(wanted)), "{layer:?}: {told}");
        }
        let told = shown("4 5 5, conv-transpose 6 3x3 groups=2", None, 50).unwrap();
        assert!(told.contains("each of 6 filters") && told.contains("2 channels of 3×3 side by side"), "{told}");
        assert!(shown("1 5 5, conv 3 2x2", None, 2).unwrap().contains("2 of 3 filters are shown; --most 3 shows all"));
        let told = shown("7, embedding 20 4, flatten, affine 3", None, 50).unwrap();
        assert!(told.contains("0/w: the numbers of each of 20 positions, a row each"), "{told}");
        assert!(shown("1 6 6, residual(conv 1 3x3 pad=1), affine 2", None, 50).unwrap().contains("0/0/w"));
    }

    #[test]
    fn a_transposed_filter_has_the_kernels_of_its_groups_channels() {
        // Two groups of two channels and three filters. The fifth filter is the second of the second group.
        let network: Network = "4 5 5, conv-transpose 6 3x3 groups=2".parse().unwrap();
        let parameters = limpid::learn::Model::new(&network, 1).unwrap().parameters().unwrap();
        assert_eq!(parameters[0].1.shape(), [4, 3, 3, 3]);
        let layout = Layout::of(&Weights::find(&network, &parameters, None).unwrap()).unwrap();
        assert_eq!((layout.count, layout.extents), (6, [2, 3, 3]));
        let kernel = |channel: usize, within: usize| (channel * 3 + within) * 9;
        let found = [0, 8, 9, 17].map(|i| (layout.at)(4, i));
        assert_eq!(found, [kernel(2, 1), kernel(2, 1) + 8, kernel(3, 1), kernel(3, 1) + 8]);
    }

    #[test]
    fn a_layer_without_weights_is_answered_with_those_that_have_some() {
        let told = shown("1 8 8, conv 3 3x3, relu, affine 2", Some("1"), 50).unwrap_err();
        assert!(told.contains("--layer 1: no layer with weights; layers with weights are 0, 2"), "{told}");
        assert!(shown("4, relu", None, 50).unwrap_err().contains("no layer of this model has weights"));
    }
}
