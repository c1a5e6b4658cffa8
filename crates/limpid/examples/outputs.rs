//! The last layer of a network: the identity for a regression, softmax for a classification.

use std::fmt::Write;

use limpid::draw::{Bars, Plot};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let x = Tensor::from([[0.3, -2.0], [1.0, 4.0]]);

    // How much? One number, which may be any.
    let regression = Network::new(2, (Affine::new(2, 1), Identity));
    let answers = Model::in_precision(&regression, 1, Precision::F64)?.predict(&x)?;
    writeln!(page, "a regression answers {} number per sample:\n{answers}", answers.shape()[1])?;

    // Which of ten? A probability for each: all between 0 and 1, and their sum is 1.
    let classification = Network::new(2, (Affine::new(2, 10), Softmax));
    let shares = Model::in_precision(&classification, 1, Precision::F64)?.predict(&x)?;
    writeln!(page, "\na classification answers {} per sample:", shares.shape()[1])?;
    for (sample, row) in shares.to_f64().chunks(10).enumerate() {
        let most = (0..10).fold(0, |best, class| if row[class] > row[best] { class } else { best });
        let written: Vec<String> = row.iter().map(|share| format!("{share:.4}")).collect();
        writeln!(page, "{}", written.join(" "))?;
        writeln!(page, "  sample {sample}: sum {:.12}, most likely class {most}", row.iter().sum::<f64>())?;
    }
    let names: Vec<String> = (0..10).map(|class| class.to_string()).collect();
    let bars = Bars::new(names, &shares.to_f64()[..10]);
    page.picture("shares", &Plot::new().title("ten probabilities").labels("class", "probability").add(bars))?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
