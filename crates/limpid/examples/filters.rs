//! The filters of a convolutional network before and after learning, and how well it reads digits that are moved.

use std::fmt::Write;

use limpid::datasets::mnist;
use limpid::draw::{ColourMap, Images, Line, Plot, Raster};
use limpid::learn::optimizer;
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

const DIGITS: usize = 10_000;

/// The filters of the first layer as images, all on one scale.
fn filters(model: &Model, title: &str) -> Result<Images, Box<dyn std::error::Error + Send + Sync>> {
    let weights = model.parameters()?.swap_remove(0).1.to_f64();
    let images = weights.chunks(25).map(|filter| Raster::mapped(5, 5, filter, ColourMap::Diverging, [-0.3, 0.3]));
    let add = |all: Images, (i, image): (usize, Result<_, _>)| Ok(all.add(image?, i.to_string()));
    images.enumerate().try_fold(Images::new(10).title(title), add)
}

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let (train, test) = mnist(&Mnist::default())?;
    let (train, some) = (train.range(0, DIGITS)?, test.range(0, 2000)?);
    let pixels = some.inputs_as_f32();
    let networks = [
        ("two layers", "784, affine 100, relu, affine 10"),
        ("convolutional", "1 28 28, conv 30 5x5 init=normal(0.01), relu, max-pool 2, affine 100, relu, affine 10"),
    ];
    let mut plot = Plot::new().labels("pixels that test digits are moved", "accuracy").y_limits(0.0, 1.0);
    for (name, network) in networks {
        let mut model = Model::new(&network.parse()?, 1)?;
        let before = filters(&model, "30 filters before learning")?;
        let (optimizer, learning_rate) = (optimizer("adam")?, Some(0.004));
        let fit = FitOptions { epochs: 1, batch_size: 25, optimizer, learning_rate, seed: 0, ..FitOptions::default() };
        model.fit(&train, &fit)?;
        if name == "convolutional" {
            page.picture("before", &before)?;
            page.picture("after", &filters(&model, "the same filters after learning")?)?;
        }
        let count: usize = model.parameters()?.iter().map(|(_, value)| value.len()).sum();
        let accuracy = model.evaluate(&test)?.accuracy.unwrap_or(0.0);
        writeln!(page, "{name:<14}{count:>7} parameters, {DIGITS} digits, one epoch: test accuracy {accuracy:.4}")?;
        // Moved to the right; what leaves the picture is lost.
        let mut accuracies = Vec::new();
        for by in 0..=6 {
            let moved: Vec<f32> = (0..pixels.len()).map(|i| if i % 28 < by { 0.0 } else { pixels[i - by] }).collect();
            let data = Dataset::new(Tensor::new([some.len(), 784], moved)?, some.targets().clone())?;
            accuracies.push(model.evaluate(&data)?.accuracy.unwrap_or(0.0));
        }
        let told: String = accuracies[1..].iter().map(|accuracy| format!(" {accuracy:.3}")).collect();
        writeln!(page, "  2,000 test digits, moved by 1 to 6 pixels:{told}")?;
        plot = plot.add(Line::counted(accuracies).label(name).marked());
    }
    Ok(page.picture("moved", &plot.title("test digits moved to the right"))?)
}

fn main() -> Outcome {
    Page::show(stop)
}
