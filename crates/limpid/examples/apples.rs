//! Two apples at 100 each and a tax of 10 %: the total, and its derivative by each number.

use std::fmt::Write;

use limpid::draw::GraphPicture;
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let b = Builder::new();
    let (price, count, tax) = (b.scalar("price"), b.scalar("count"), b.scalar("tax"));
    let cost = (price * count).named("cost");
    let shop = b.finish([(cost * tax).named("total")])?;
    let trace = shop.trace(&[100.0.into(), 2.0.into(), 1.1.into()])?;

    writeln!(page, "total: {}", trace.value("total")?)?;
    for name in ["price", "count", "tax"] {
        writeln!(page, "d total / d {name}: {}", trace.derivative(name)?)?;
    }
    page.graph("apples", GraphPicture::new(&trace.show()));
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
