//! x0² + x1² three times: as a surface, by its gradients, and from above with a path of gradient descent.

use std::fmt::Write;

use limpid::draw::{Arrows, BACKWARD, Contours, Grid, Line, Plot, Surface};
use limpid::learn::numeric::{H, gradient_descent, numerical_gradient};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

fn bowl(x: &[f64]) -> f64 {
    x[0] * x[0] + x[1] * x[1]
}

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let grid = |points| Grid::of([-5.0, 5.0], [-5.0, 5.0], points, points, |x0, x1| bowl(&[x0, x1]));
    page.picture("surface", &Surface::new(grid(21)?).title("f = x0² + x1²").labels("x0", "x1", "f"))?;

    // Minus the gradient, at the points of a grid.
    let (mut at, mut way) = ([vec![], vec![]], [vec![], vec![]]);
    for (x0, x1) in (-4..=4).flat_map(|x1| (-4..=4).map(move |x0| (f64::from(x0), f64::from(x1)))) {
        let gradient = numerical_gradient(bowl, &Tensor::from([x0, x1]), H)?.to_f64();
        for (axis, x) in [x0, x1].into_iter().enumerate() {
            at[axis].push(x);
            way[axis].push(-gradient[axis]);
        }
    }
    let ([x0, x1], [u, v]) = (at, way);
    let field = Plot::new().title("minus the gradient").labels("x0", "x1").equal(true);
    page.picture("field", &field.add(Arrows::new(x0, x1, u, v)))?;

    let path = gradient_descent(bowl, &Tensor::from([-3.0, 4.0]), 0.1, 20)?;
    let along = |axis: usize| path.points().iter().map(|point| point.to_f64()[axis]).collect::<Vec<_>>();
    writeln!(page, "20 steps from (−3, 4) end at {}", path.end())?;
    let contour = Plot::new().title("20 steps of gradient descent").labels("x0", "x1").equal(true);
    let way = Line::new(along(0), along(1)).label("path").marked().colour(BACKWARD).width(1.5);
    page.picture("path", &contour.add(Contours::new(grid(81)?).label("f")).add(way))?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
