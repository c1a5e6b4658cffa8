//! The test digits that a trained network still gets wrong, and its wrong answers.

use std::fmt::Write;

use limpid::datasets::mnist;
use limpid::draw::{ColourMap, Images, Matrix, Raster};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let (train, test) = mnist(&Mnist::default())?;
    let network: Network = "784, affine 50, relu, affine 10".parse()?;
    let mut model = Model::new(&network, 1)?;
    model.fit(&train, &FitOptions { epochs: 5, seed: 0, ..FitOptions::default() })?;

    let images = Tensor::new([10_000, 784], test.inputs_as_f32())?;
    let scores = model.predict(&images)?.to_f64();
    let labels = test.targets().to_f64();
    let mut counts = vec![0; 100];
    let mut shown = Images::new(8).title("label, and the network's wrong answer");
    let mut wrong = 0;
    for (i, (row, &label)) in scores.chunks(10).zip(&labels).enumerate() {
        let answer = (0..10).fold(0, |best, class| if row[class] > row[best] { class } else { best });
        counts[label as usize * 10 + answer] += 1;
        if answer == label as usize {
            continue;
        }
        wrong += 1;
        if wrong <= 24 {
            let pixels = images.rows(i, i + 1).to_f64();
            shown = shown
                .add(Raster::mapped(28, 28, &pixels, ColourMap::Grey, [0.0, 1.0])?, format!("{label} as {answer}"));
        }
    }
    writeln!(page, "{wrong} of 10,000 test digits get a wrong answer")?;
    page.picture("misclassified", &shown)?;
    let digits = (0..10).map(|digit| digit.to_string());
    page.picture("confusion", &Matrix::confusion(digits, &counts)?.title("confusion matrix"))?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
