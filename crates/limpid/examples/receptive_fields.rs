//! Which pixels one number of each layer is computed from: its receptive field, found from the graph.

use std::fmt::Write;

use limpid::datasets::mnist;
use limpid::draw::{ColourMap, Images, Line, Plot, Raster};
use limpid::learn::{Error, Mode};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

/// Which of 28×28 pixels the middle number behind so many layers is computed from.
fn field(network: &Network, layers: usize) -> Result<Vec<bool>, Error> {
    let graph = network.first_layers(layers).graph(Mode::Inference)?;
    let (x, output) = (graph.find("x")?, graph.outputs()[0]);
    let sizes = graph.sizes(&[(x, &Tensor::zeros([1, 1, 28, 28]))])?;
    let shape = graph.shapes(&sizes)?.swap_remove(output.index());
    let middle = if let [_, _, height, width] = shape[..] { height / 2 * width + width / 2 } else { 0 };
    Ok(graph.receptive_field(output, middle, x, &sizes)?)
}

/// How many rows the receptive field reaches over.
fn reach(field: &[bool]) -> usize {
    let mut rows = field.chunks(28).enumerate().filter(|(_, row)| row.contains(&true)).map(|(at, _)| at);
    rows.next().map_or(0, |first| rows.next_back().unwrap_or(first) - first + 1)
}

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let digit = mnist(&Mnist::default())?.1.range(0, 1)?.inputs_as_f32();
    let pixels: Vec<f64> = digit.into_iter().map(f64::from).collect();
    let network: Network = "1 28 28, conv 8 5x5, relu, max-pool 2, conv 16 3x3, relu, max-pool 2, affine 10".parse()?;
    let mut images = Images::new(5).title("the pixels that one number behind each layer sees");
    for (layer, text) in network.layers().map(Layer::text).enumerate().filter(|(_, text)| text != "relu") {
        let field = field(&network, layer + 1)?;
        let count = field.iter().filter(|is_seen| **is_seen).count();
        writeln!(page, "behind layer {layer}, {text:<11} {0}×{0}: {count} of 784 pixels", reach(&field))?;
        let image = Raster::mapped(28, 28, &pixels, ColourMap::Grey, [0.0, 1.0])?;
        images = images.add(image.marked(|row, column| field[row * 28 + column]), format!("{layer}: {text}"));
    }
    page.picture("fields", &images)?;
    let mut plot = Plot::new().title("how the receptive field grows").labels("convolutions", "rows seen");
    for (name, layers, times) in [
        ("3×3", "conv 1 3x3 pad=1", 8),
        ("and a pool after every second", "conv 1 3x3 pad=1, conv 1 3x3 pad=1, max-pool 2", 3),
        ("dilation 1, 2, 4", "conv 1 3x3 pad=1, conv 1 3x3 pad=2 dilation=2, conv 1 3x3 pad=4 dilation=4", 1),
    ] {
        let network: Network = format!("1 28 28, {}", vec![layers; times].join(", ")).parse()?;
        let is_conv = |(_, layer): &(usize, &dyn Layer)| layer.text().starts_with("conv");
        let rows = network.layers().enumerate().filter(is_conv).map(|(at, _)| Ok(reach(&field(&network, at + 1)?)));
        let rows = rows.collect::<Result<Vec<usize>, Error>>()?;
        writeln!(page, "{name}: {rows:?} rows after 1, 2, 3, … convolutions")?;
        let places: Vec<f64> = (1..).map(f64::from).take(rows.len()).collect();
        let rows: Vec<f64> = rows.into_iter().map(|rows| rows as f64).collect();
        plot = plot.add(Line::new(places, rows).label(name).marked());
    }
    Ok(page.picture("growth", &plot)?)
}

fn main() -> Outcome {
    Page::show(stop)
}
