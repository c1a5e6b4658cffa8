//! Fill in the derivatives of the shop: `cargo run -p limpid --example exercise` asks for each and checks the answer.

use std::fmt::Write;
use std::io::{self, BufRead};

use limpid::draw::GraphPicture;
use limpid::graph::{Exercise, Verdict};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

/// The shop of apples and oranges: its values are known, its derivatives are asked for.
pub(crate) fn shop() -> Result<Exercise, limpid::Error> {
    let b = Builder::new();
    let apples = (b.scalar("apple price") * b.scalar("apple count")).named("apples");
    let oranges = (b.scalar("orange price") * b.scalar("orange count")).named("oranges");
    let subtotal = (apples + oranges).named("subtotal");
    let shop = b.finish([(subtotal * b.scalar("tax")).named("total")])?;
    Ok(Exercise::of(&shop.trace(&[100.0, 2.0, 150.0, 3.0, 1.1].map(Tensor::scalar))?))
}

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let exercise = shop()?;
    page.graph("blanks", GraphPicture::new(&exercise.show()));
    writeln!(page, "{} derivatives are to be found, from the total back", exercise.open().len())?;
    Ok(())
}

/// Asks for each derivative, from the last node back, until the answer is right. `?` shows the hint; the end of input ends it.
pub(crate) fn ask(page: &mut Page<'_>, answers: impl BufRead) -> Outcome {
    let mut exercise = shop()?;
    let mut answers = answers.lines();
    while let Some(&node) = exercise.open().last() {
        let name = exercise.show().nodes[node.index()].name.clone().unwrap_or_default();
        writeln!(page, "d total / d {name} = ?")?;
        let Some(answer) = answers.next().transpose()? else { break };
        match exercise.answer(node, answer.trim().replace(',', ".").parse().unwrap_or(f64::NAN)) {
            Verdict::Wrong { hint } => writeln!(page, "  not yet: {hint}")?,
            _ => writeln!(page, "  right")?,
        }
    }
    page.graph("filled", GraphPicture::new(&exercise.show()));
    Ok(())
}

fn main() -> Outcome {
    Page::show(|page| {
        stop(page)?;
        ask(page, io::stdin().lock())
    })
}
