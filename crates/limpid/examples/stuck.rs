//! Where a gradient of 0 is no minimum, or not the lowest; and why a plateau is not a vanishing gradient.

use std::fmt::Write;

use limpid::draw::{ColourMap, Grid, Line, Plot, Points, Surface};
use limpid::learn::SingleLayer;
use limpid::learn::numeric::{H, gradient_descent, numerical_gradient};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let saddle = |x: &[f64]| x[0] * x[0] - x[1] * x[1];
    writeln!(page, "saddle: gradient {} at (0, 0)", numerical_gradient(saddle, &Tensor::from([0.0, 0.0]), H)?)?;
    let free = gradient_descent(saddle, &Tensor::from([1.0, 1e-6]), 0.1, 100)?;
    writeln!(page, "  from (1, 0.000001) a path leads down, to {:.0} after 100 steps", saddle(&free.end().to_f64()))?;
    let grid = Grid::of([-1.0, 1.0], [-1.0, 1.0], 21, 21, |x0, x1| saddle(&[x0, x1]))?;
    page.picture("saddle", &Surface::new(grid).title("a saddle").labels("x0", "x1", "f").map(ColourMap::Diverging))?;

    let wells = |x: &[f64]| x[0].powi(4) - 2.0 * x[0] * x[0] + 0.5 * x[0];
    let mut plot = Plot::new().title("two minima, one lower than the other").labels("x", "f(x)");
    plot = plot.add(Line::of(-1.7, 1.6, 200, |x| wells(&[x])).label("f"));
    for start in [-1.5, 1.5] {
        let path = gradient_descent(wells, &Tensor::from([start]), 0.01, 2000)?;
        let points: Vec<f64> = path.points().iter().step_by(8).map(|x| x.to_f64()[0]).collect();
        let heights: Vec<f64> = points.iter().map(|&x| wells(&[x])).collect();
        writeln!(page, "from {start}: down to {:.4} at {:.4}", wells(&path.end().to_f64()), path.end().to_f64()[0])?;
        plot = plot.add(Points::new(points, heights).label(format!("from {start}")));
    }
    page.picture("minima", &plot)?;

    let plateau = |x: &[f64]| (x[0] * x[0]).max(1.0);
    let path = gradient_descent(plateau, &Tensor::from([0.3]), 0.1, 100)?;
    writeln!(page, "plateau: from 0.3 a hundred steps lead to {}", path.end())?;

    // Ten sigmoid layers: each passes at most a quarter of the derivative back.
    let normal = |deviation| Initializer::Normal(deviation);
    let mut layers: Vec<[SingleLayer; 2]> = (0..10)
        .map(|i| [SingleLayer::layer(Affine::new(8, 8).init(normal(0.5)), i), SingleLayer::layer(Sigmoid, 0)])
        .collect();
    let mut x = normal(1.0).draw(&[4, 8], 5, "x");
    for layer in layers.iter_mut().flatten() {
        x = layer.forward(&x)?;
    }
    let (mut upstream, mut slopes) = (Tensor::new([4, 8], vec![1.0; 32])?, Vec::new());
    for [affine, sigmoid] in layers.iter().rev() {
        let mut backward = affine.backward(&sigmoid.backward(&upstream)?.inputs[0])?;
        slopes.insert(0, backward.parameters[0].1.to_f64().into_iter().fold(0.0, |a: f64, g| a.max(g.abs())));
        upstream = backward.inputs.swap_remove(0);
    }
    writeln!(page, "vanishing: largest derivative {:.1e} in layer 1, {:.2} in layer 10", slopes[0], slopes[9])?;
    let plot =
        Plot::new().title("ten sigmoid layers: the gradient in each").labels("layer", "largest derivative").log_y(true);
    page.picture("vanishing", &plot.add(Points::new((1..=10).map(f64::from).collect::<Vec<_>>(), slopes)))?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
