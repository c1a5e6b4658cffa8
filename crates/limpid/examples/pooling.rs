//! A max-pool keeps the largest of each window: the answers become smaller, and small movements change them less.

use std::fmt::Write;

use limpid::datasets::mnist;
use limpid::draw::{ColourMap, Images, Line, Plot, Raster};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

const DIGITS: usize = 200;
const LAYERS: [(&str, &str); 4] = [
    ("pixels", "identity"),
    ("left edges", "conv 1 3x3 no-bias, relu"),
    ("behind a pool", "conv 1 3x3 no-bias, relu, max-pool 2"),
    ("behind two pools", "conv 1 3x3 no-bias, relu, max-pool 2, max-pool 2"),
];

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let digits = mnist(&Mnist::default())?.1.range(0, DIGITS)?.inputs_as_f32();
    // Every digit, moved to the right by so many pixels.
    let moved = |by: usize| {
        let pixel = |i: usize| if i % 28 < by { 0.0 } else { digits[i - by] };
        Tensor::new([DIGITS, 1, 28, 28], (0..digits.len()).map(pixel).collect::<Vec<f32>>())
    };
    let filter = Tensor::from([-1.0, 0.0, 1.0, -1.0, 0.0, 1.0, -1.0, 0.0, 1.0]).reshaped([1, 1, 3, 3])?;
    let mut plot = Plot::new().labels("pixels that digits move", "change").y_limits(0.0, 1.0);
    let (mut here, mut there) = (Images::new(4).title("a digit"), Images::new(4).title("moved by 1 pixel"));
    for (name, layers) in LAYERS {
        let mut model = Model::new(&format!("1 28 28, {layers}").parse()?, 1)?;
        if layers != "identity" {
            model.set_parameters(&[("0/w".to_string(), filter.clone())])?;
        }
        let answers = (0..=4).map(|by| Ok(model.predict(&moved(by)?)?)).collect::<Result<Vec<_>, limpid::Error>>()?;
        let (shape, still) = (answers[0].shape().to_vec(), answers[0].to_f64());
        // How far apart, beside how far they would be if they had nothing in common.
        let change = |other: &Tensor| {
            let pairs = || still.iter().zip(other.to_f64());
            let apart: f64 = pairs().map(|(a, b)| (a - b) * (a - b)).sum();
            (apart / pairs().map(|(a, b)| a * a + b * b).sum::<f64>()).sqrt()
        };
        let changes: Vec<f64> = answers.iter().map(change).collect();
        let written: String = changes[1..].iter().map(|change| format!(" {change:.2}")).collect();
        writeln!(page, "{name:<16} {}×{}: change by{written} for 1, 2, 3, 4 pixels", shape[2], shape[3])?;
        plot = plot.add(Line::counted(changes).label(name).marked());
        let most = if layers == "identity" { 1.0 } else { 3.0 };
        let first = |answer: &Tensor| {
            Raster::mapped(shape[3], shape[2], &answer.rows(0, 1).to_f64(), ColourMap::Grey, [0.0, most])
        };
        (here, there) = (here.add(first(&answers[0])?, name), there.add(first(&answers[1])?, name));
    }
    page.picture("here", &here)?;
    page.picture("there", &there)?;
    Ok(page.picture("changes", &plot.title("how much a movement changes, over 200 digits"))?)
}

fn main() -> Outcome {
    Page::show(stop)
}
