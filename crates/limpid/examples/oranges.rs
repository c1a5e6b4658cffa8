//! Two apples and three oranges: two branches meet in a sum, and the derivative goes back along both.

use std::fmt::Write;

use limpid::draw::GraphPicture;
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let b = Builder::new();
    let apples = (b.scalar("apple price") * b.scalar("apple count")).named("apples");
    let oranges = (b.scalar("orange price") * b.scalar("orange count")).named("oranges");
    let subtotal = (apples + oranges).named("subtotal");
    let shop = b.finish([(subtotal * b.scalar("tax")).named("total")])?;
    let trace = shop.trace(&[100.0, 2.0, 150.0, 3.0, 1.1].map(Tensor::scalar))?;

    writeln!(page, "total: {}", trace.value("total")?)?;
    for name in ["subtotal", "tax", "apple price", "apple count", "orange price", "orange count"] {
        writeln!(page, "d total / d {name}: {}", trace.derivative(name)?)?;
    }
    page.graph("oranges", GraphPicture::new(&trace.show()));
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
