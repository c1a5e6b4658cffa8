//! What helps a network that has only 300 digits: weight decay, dropout, changed pictures; and more digits.

use std::fmt::Write;

use limpid::datasets::mnist;
use limpid::draw::{Bars, ColourMap, Images, Plot, Raster};
use limpid::learn::Augmentation;
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let (train, test) = mnist(&Mnist::default())?;
    let few = train.range(0, 300)?;
    let plain = "784, affine 100, relu, affine 100, relu, affine 10";
    let dropped = "784, dropout 0.2, affine 100, relu, dropout 0.3, affine 100, relu, affine 10";
    let changes: Augmentation = "shift 2, rotate 10, scale 0.1".parse()?;
    let changes = changes.of_pictures([1, 28, 28]);
    let trainings = [
        ("nothing", plain, 0.0, None, 300),
        ("weight decay 0.01", plain, 0.01, None, 300),
        ("dropout", dropped, 0.0, None, 300),
        ("changed pictures", plain, 0.0, Some(&changes), 300),
        ("all three", dropped, 0.001, Some(&changes), 300),
        ("3,000 digits", plain, 0.0, None, 3000),
    ];
    let (mut names, mut shares) = (Vec::new(), Vec::new());
    for (name, network, weight_decay, augmentation, samples) in trainings {
        let known = train.range(0, samples)?;
        let mut model = Model::new(&network.parse()?, 1)?;
        let fit = FitOptions { epochs: 60_000 / samples, batch_size: 30, seed: 0, ..FitOptions::default() };
        model.fit(&known, &FitOptions { weight_decay, augmentation: augmentation.cloned(), ..fit })?;
        let (own, others) = (model.evaluate(&few)?, model.evaluate(&test)?);
        let [own_share, share] = [&own, &others].map(|found| 100.0 * found.accuracy.unwrap_or(0.0));
        writeln!(page, "{name:<17}  the first 300 digits: {own_share:5.1} % right, loss {:.3}", own.loss)?;
        writeln!(page, "                          10,000 others: {share:5.1} % right, loss {:.3}", others.loss)?;
        names.push(name);
        shares.push(share);
    }
    let bars = Bars::new(names, shares).numbers();
    let plot = Plot::new().title("what helps with 300 digits").labels("", "% of 10,000 others right");
    page.picture("helps", &plot.y_limits(75.0, 95.0).add(bars))?;

    let mut shown = Images::new(6).title("a digit, and how it is changed in the first epochs");
    let raster = |data: &Dataset| Raster::mapped(28, 28, &data.inputs().to_f64(), ColourMap::Grey, [0.0, 255.0]);
    for digit in 0..2 {
        shown = shown.add(raster(&train.range(digit, digit + 1)?)?, "as it is");
        for epoch in 1..=5 {
            shown = shown.add(raster(&changes.applied(&few, &[digit], epoch, 0)?)?, format!("epoch {epoch}"));
        }
    }
    Ok(page.picture("changed", &shown)?)
}

fn main() -> Outcome {
    Page::show(stop)
}
