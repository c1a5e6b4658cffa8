//! The first of the training images, and the twelve after it.

use std::fmt::Write;

use limpid::datasets::mnist;
use limpid::draw::{ColourMap, Images, Raster};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let (train, _) = mnist(&Mnist { normalize: false, ..Mnist::default() })?;
    let label = |i: usize| train.targets().rows(i, i + 1).to_f64()[0];
    writeln!(page, "the first training image is a {}", label(0))?;

    let raster = |i: usize| {
        let pixels = train.inputs().rows(i, i + 1).to_f64();
        Raster::mapped(28, 28, &pixels, ColourMap::Grey, [0.0, 255.0])
    };
    page.picture("first", &Images::new(1).add(raster(0)?, format!("28 × 28 pixels: a {}", label(0))))?;

    let mut more = Images::new(6).title("and those after it");
    for i in 1..13 {
        more = more.add(raster(i)?, label(i).to_string());
    }
    page.picture("more", &more)?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
