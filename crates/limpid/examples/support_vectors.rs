//! A linear support-vector machine reads digits: the method to beat before networks had many layers.

use std::fmt::Write;

use limpid::datasets::mnist;
use limpid::draw::{ColourMap, Images, Raster};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let (train, test) = mnist(&Mnist::default())?;
    // Each class against the others: right by a margin of 1 costs nothing.
    let hinge = Loss::custom("hinge", |scores, labels| {
        let side = labels.one_hot(10) * 2.0 - 1.0;
        (1.0 - side * scores).relu().square().sum(1).mean_all()
    });
    let methods = [
        ("linear support-vector machine", "784, affine 10 init=zeros", hinge.read_as(Loss::SoftmaxCrossEntropy), 0.01),
        ("softmax regression", "784, affine 10 init=zeros", Loss::SoftmaxCrossEntropy, 0.1),
        ("network of two layers", "784, affine 50, relu, affine 10", Loss::SoftmaxCrossEntropy, 0.1),
    ];
    for (name, network, loss, rate) in methods {
        let mut model = Model::new(&network.parse()?, 1)?.with_loss(loss);
        let fit =
            FitOptions { epochs: 10, learning_rate: Some(rate), weight_decay: 1e-4, seed: 0, ..FitOptions::default() };
        model.fit(&train, &fit)?;
        let accuracy = model.evaluate(&test)?.accuracy.unwrap_or(0.0);
        writeln!(page, "{name:<30} accuracy {accuracy:.4} on {} digits", test.len())?;
        if network.contains("50") {
            continue;
        }
        let weights = model.parameters()?.swap_remove(0).1.to_f64();
        let mut shown = Images::new(5).title(format!("{name}: what speaks for each digit, and against it"));
        for class in 0..10 {
            let pixels: Vec<f64> = weights.iter().skip(class).step_by(10).copied().collect();
            let far = pixels.iter().fold(0.0, |far: f64, w| far.max(w.abs()));
            shown = shown.add(Raster::mapped(28, 28, &pixels, ColourMap::Diverging, [-far, far])?, class.to_string());
        }
        page.picture(if name.starts_with('l') { "support-vectors" } else { "softmax" }, &shown)?;
    }
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
