//! A network that NumPy trained and pickled: read, evaluated, and written as a pickle again.

use std::fmt::Write;
use std::time::Instant;

use limpid::datasets::{Pixels, mnist};
use limpid::draw::{Line, Plot};
use limpid::files::{Arrays, Container};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;
use limpid::weights::{Hints, from_weights};

/// Written by NumPy 1.16 under Python 2.7; some of its arrays lie row by row, some column by column.
const PICKLE: &[u8] = include_bytes!("../tests/fixtures/sigmoid-net.pkl");

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let mut arrays = Arrays::from_bytes(PICKLE)?.arrays;
    arrays.sort_by(|a, b| a.name.cmp(&b.name));
    for named in &arrays {
        writeln!(page, "{}  {}  {:?}", named.name, named.array.dtype(), named.array.shape())?;
    }
    let made = from_weights(arrays.clone(), &Hints::activation("sigmoid"))?;
    writeln!(page, "\n{}\n", made.assumed.join("\n"))?;

    let mut model = made.model;
    let (_, test) = mnist(&Mnist { normalize: false, ..Mnist::default() })?;
    let mut plot = Plot::new().title("accuracy so far").labels("batches of 100", "accuracy").y_limits(0.8, 1.0);
    for (pixels, name) in [(Pixels::Raw, "raw"), (Pixels::UNIT, "divided by 255")] {
        let data = pixels.applied_to(test.clone(), model.precision());
        for batch_size in [1, 100, 2000] {
            let (mut running, began) = (Vec::new(), Instant::now());
            let seen = model.evaluate_watched(&data, batch_size, |so_far| running.extend(so_far.accuracy))?;
            let (right, all) = (seen.right.unwrap_or(0), seen.samples);
            writeln!(page, "pixels {name:<14} {batch_size:>4} at a time: {right} of {all} right")?;
            page.aside(&format!("     in {:.0} ms", began.elapsed().as_secs_f64() * 1e3));
            if batch_size == 100 {
                plot = plot.add(Line::counted(running).label(name));
            }
        }
    }
    page.picture("running", &plot)?;

    let written = Arrays::new(arrays.clone()).to_bytes(Container::Pickle { protocol: 2 })?;
    let again = Arrays::from_bytes(&written)?.arrays;
    writeln!(page, "written as a pickle and read again, the same to the last bit: {}", again == arrays)?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
