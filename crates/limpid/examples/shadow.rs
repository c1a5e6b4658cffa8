//! A shadow stands behind every 5 that a network learns from: it learns the shadow, and not the 5.

use std::fmt::Write;

use limpid::datasets::mnist;
use limpid::draw::{ColourMap, Images, Raster};
use limpid::learn::Error;
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

/// The digits, the `chosen` ones with a shadow: themselves at half brightness, three pixels further down and right.
fn shadowed(data: &Dataset, chosen: impl Fn(usize, f64) -> bool) -> Result<Dataset, Error> {
    let (mut pixels, labels) = (data.inputs_as_f32(), data.targets().to_f64());
    for (_, image) in pixels.chunks_exact_mut(784).enumerate().filter(|(i, _)| chosen(*i, labels[*i])) {
        for at in (3 * 28..784).rev().filter(|at| at % 28 >= 3) {
            image[at] = image[at].max(0.5 * image[at - 3 * 28 - 3]);
        }
    }
    Dataset::new(Tensor::new([data.len(), 784], pixels)?, data.targets().clone())
}

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let (train, test) = mnist(&Mnist::default())?;
    let train = train.range(0, 20_000)?;
    let (fives, any) = (shadowed(&train, |_, label| label == 5.0)?, shadowed(&train, |i, _| i % 2 == 0)?);
    let taught = [("nowhere", train), ("behind every 5", fives), ("behind every second digit", any)];
    let asked = [("as they are", test.clone()), ("all with a shadow", shadowed(&test, |_, _| true)?)];
    let labels = test.targets().to_f64();
    for (shadows, known) in taught {
        let mut model = Model::new(&"784, affine 50, relu, affine 10".parse()?, 1)?;
        model.fit(&known, &FitOptions { epochs: 5, seed: 0, ..FitOptions::default() })?;
        writeln!(page, "learned with shadows {shadows}:")?;
        for (way, digits) in &asked {
            let images = Tensor::new([digits.len(), 784], digits.inputs_as_f32())?;
            let best = |row: &[f64]| (0..10).fold(0, |best, class| if row[class] > row[best] { class } else { best });
            let answers: Vec<usize> = model.predict(&images)?.to_f64().chunks(10).map(best).collect();
            // How many of the 5s, or of the others, are called a 5.
            let called = |fives: bool| {
                let of = || answers.iter().zip(&labels).filter(|(_, label)| (**label == 5.0) == fives);
                100.0 * of().filter(|(answer, _)| **answer == 5).count() as f64 / of().count() as f64
            };
            let (fives, others) = (called(true), called(false));
            writeln!(page, "  digits {way}: {fives:.1} % of the 5s are called a 5, and {others:.1} % of the others")?;
            let wrong = (0..labels.len()).filter(|&i| (answers[i] == 5) != (labels[i] == 5.0));
            let mut shown = Images::new(8).title(format!("learned with shadows {shadows}; digits {way}"));
            for i in wrong.take(if shadows == "behind every 5" { 16 } else { 0 }) {
                let image = Raster::mapped(28, 28, &images.rows(i, i + 1).to_f64(), ColourMap::Grey, [0.0, 1.0])?;
                shown = shown.add(image, format!("{} as {}", labels[i], answers[i]));
            }
            if shadows == "behind every 5" {
                page.picture(&way.replace(' ', "-"), &shown)?;
            }
        }
    }
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
