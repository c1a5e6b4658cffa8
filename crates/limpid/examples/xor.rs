//! XOR: one straight line cannot separate its answers, two lines can.

use std::fmt::Write;

use limpid::draw::{Grid, Line, Plot, Points, Regions, Role};
use limpid::learn::{Perceptron, xor};
use limpid::page::{Outcome, Page};

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    for (x1, x2) in [(false, false), (true, false), (false, true), (true, true)] {
        writeln!(page, "XOR({}, {}) = {}", u8::from(x1), u8::from(x2), u8::from(xor(x1, x2)))?;
    }

    // Does any single perceptron of a fine grid of weights and biases make XOR? None does.
    let numbers = || (-20..=20).map(|i| f64::from(i) / 10.0);
    let (mut tried, mut found) = (0, 0);
    for (w1, w2, bias) in numbers().flat_map(|w1| numbers().flat_map(move |w2| numbers().map(move |b| (w1, w2, b)))) {
        let gate = Perceptron::new([w1, w2], bias);
        let says = |x1: f64, x2: f64| gate.output(&[x1, x2]);
        tried += 1;
        found += usize::from(!says(0.0, 0.0)? && says(1.0, 0.0)? && says(0.0, 1.0)? && !says(1.0, 1.0)?);
    }
    writeln!(page, "\n{tried} single perceptrons tried, {found} of them make XOR")?;

    let (or, nand, and) = (Perceptron::or(), Perceptron::nand(), Perceptron::and());
    let one = |x: [f64; 2]| or.weighted_sum(&x).map_or(f64::NAN, |sum| f64::from(u8::from(sum > 0.0)));
    let two = |x: [f64; 2]| {
        let says = |gate: &Perceptron, x: [f64; 2]| u8::from(gate.output(&x).is_ok_and(|yes| yes));
        f64::from(says(&and, [says(&nand, x), says(&or, x)].map(f64::from)))
    };
    let picture = |title: &str, class: &dyn Fn([f64; 2]) -> f64| -> Result<Plot, limpid::draw::Error> {
        let classes = Grid::of([-0.5, 1.5], [-0.5, 1.5], 121, 121, |x1, x2| class([x1, x2]))?;
        let points = |x1: [f64; 2], x2: [f64; 2], class| {
            Points::new(x1, x2).label(format!("XOR is {class}")).colour(Role::series(class)).radius(6.0)
        };
        let plot =
            Plot::new().title(title).labels("x1", "x2").equal(true).y_limits(-0.5, 1.5).add(Regions::new(classes));
        let line = |b: f64| Line::new([-0.5, 1.5], [b + 0.5, b - 1.5]).colour(Role::Ink).dashed();
        let plot = if title.starts_with("two") { plot.add(line(0.4)).add(line(1.4)) } else { plot.add(line(0.4)) };
        Ok(plot.add(points([0.0, 1.0], [0.0, 1.0], 0)).add(points([0.0, 1.0], [1.0, 0.0], 1)))
    };
    page.picture("one-line", &picture("one line (OR): wrong at (1, 1)", &one)?)?;
    page.picture("two-lines", &picture("two lines: AND(NAND, OR)", &two)?)?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
