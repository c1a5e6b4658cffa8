//! Is back-propagation right? Every parameter's derivative compared with its difference quotient.

use std::fmt::Write;

use limpid::datasets::mnist;
use limpid::draw::{Bars, Plot};
use limpid::learn::GradientCheck;
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let batch = mnist(&Mnist::default())?.0.range(0, 100)?;
    let mut bars =
        Plot::new().title("mean difference of each parameter").labels("parameter", "mean difference").log_y(true);
    for activation in ["sigmoid", "relu"] {
        let text = format!("784, affine 50 init=normal(0.01), {activation}, affine 10 init=normal(0.01)");
        let model = Model::in_precision(&text.parse()?, 1, Precision::F64)?;
        let report = model.check_gradients(&batch, &GradientCheck::default())?;
        writeln!(page, "{activation}:")?;
        let (mut names, mut means) = (Vec::new(), Vec::new());
        for parameter in &report.parameters {
            let (name, checked, kinks) = (&parameter.name, parameter.checked, parameter.at_kinks);
            // The digits of so small a difference are rounding, and may differ from processor to processor.
            let (mean, fine) = (parameter.mean_difference, parameter.mean_difference <= 1e-9);
            writeln!(page, "  {name}: {checked} checked, mean difference at most 1e-9: {fine} (here {mean:.0e})")?;
            writeln!(page, "       left out at kinks: {kinks}")?;
            names.push(name.clone());
            means.push(parameter.mean_difference);
        }
        writeln!(page, "  passed: {}", report.passed())?;
        bars = bars.add(Bars::new(names, means).label(activation));
    }
    page.picture("differences", &bars)?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
