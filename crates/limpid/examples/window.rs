//! A window of 3×3 pixels walks over a digit: at each place it multiplies what it sees by a filter, and adds up.

use std::fmt::Write;

use limpid::datasets::mnist;
use limpid::draw::{ColourMap, Images, Matrix, Panels, Raster};
use limpid::graph::Sliding;
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

const PLACE: [usize; 2] = [7, 9]; // row and column of the window's first pixel

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let digit = mnist(&Mnist::default())?.1.range(0, 1)?;
    let image = Tensor::new([1, 1, 28, 28], digit.inputs_as_f32())?;
    let pixels = image.to_f64();
    let filters = [
        ("upper edges", [-1.0, -1.0, -1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0]),
        ("left edges", [-1.0, 0.0, 1.0, -1.0, 0.0, 1.0, -1.0, 0.0, 1.0]),
    ];
    let ([top, left], filter) = (PLACE, filters[0].1);
    let seen: Vec<f64> = (0..9).map(|i| pixels[(top + i / 3) * 28 + left + i % 3]).collect();
    let products: Vec<f64> = seen.iter().zip(filter).map(|(pixel, weight)| pixel * weight).collect();
    writeln!(page, "a {}; the window stands at row {top}, column {left}, and sees", digit.targets().to_f64()[0])?;
    for (pixel, weight) in seen.chunks(3).zip(filter.chunks(3)) {
        let row: String =
            pixel.iter().zip(weight).map(|(pixel, weight)| format!("  {pixel:.2} · {weight:>2}")).collect();
        writeln!(page, "{row}")?;
    }
    writeln!(page, "the sum of the nine products: {:.4}", products.iter().sum::<f64>())?;

    let grey = Raster::mapped(28, 28, &pixels, ColourMap::Grey, [0.0, 1.0])?;
    let inside = |row: usize, column: usize| (top..top + 3).contains(&row) && (left..left + 3).contains(&column);
    page.picture("window", &Images::new(1).title("the window").add(grey.clone().marked(inside), ""))?;
    let mut panels = Panels::new(3).title("what the window sees, times the filter").each(220.0, 190.0);
    for (name, numbers) in [("pixels", &seen[..]), ("filter", &filter), ("products", &products)] {
        let rounded: Vec<f64> = numbers.iter().map(|number| (100.0 * number).round() / 100.0).collect();
        panels = panels.add(Matrix::new(["0", "1", "2"], ["0", "1", "2"], rounded)?.signed().title(name));
    }
    page.picture("products", &panels)?;

    let mut pictures = Images::new(3).title("the digit, and what two filters answer").add(grey, "the digit");
    for (name, filter) in filters {
        let b = Builder::new();
        let (x, w) = (b.input("x", (1, 1, 28, 28)), b.input("w", (1, 1, 3, 3)));
        let graph = b.finish([x.convolve(w, [Sliding::new(3); 2], 1)])?;
        let weights = Tensor::from(filter).reshaped([1, 1, 3, 3])?;
        let answers = graph.run(&[("x", &image), ("w", &weights)])?.swap_remove(0);
        let &[_, _, rows, columns] = answers.shape() else { continue };
        let answers = answers.to_f64();
        writeln!(page, "{name}: {rows}×{columns} answers, at that place {:.4}", answers[top * columns + left])?;
        pictures = pictures.add(Raster::mapped(columns, rows, &answers, ColourMap::Diverging, [-3.0, 3.0])?, name);
    }
    Ok(page.picture("answers", &pictures)?)
}

fn main() -> Outcome {
    Page::show(stop)
}
