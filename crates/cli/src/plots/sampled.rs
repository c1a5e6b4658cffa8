//! Formulas → their values and slopes at many points.

use limpid::graph::{Builder, Expression, Graph, Tensor, Var};

use crate::failure::Failure;

/// A formula that is evaluated at points, each of which gives a number to each of its names.
pub(super) struct Sampled {
    names: Vec<String>,
    values: Graph,
    slopes: Graph,
}

/// So many points at a time: a run keeps what a formula computes on the way, and a long one computes much.
const TOGETHER: usize = 1024;

impl Sampled {
    pub(super) fn new(formula: &Expression) -> Result<Self, Failure> {
        let described = |slopes: bool| {
            let b = Builder::new();
            let inputs: Vec<Var<'_>> = formula.names().iter().map(|name| b.input(name, "points")).collect();
            let value = formula.apply(&b, &inputs);
            match slopes {
                true => b.finish(b.grad(value.sum_all(), &inputs)),
                false => b.finish([value]),
            }
        };
        Ok(Self { names: formula.names().to_vec(), values: described(false)?, slopes: described(true)? })
    }

    /// The values at points, given as a list of numbers for each name.
    pub(super) fn values(&self, points: &[Vec<f64>]) -> Result<Vec<f64>, Failure> {
        let mut answers = self.run(&self.values, points)?;
        Ok(answers.pop().unwrap_or_default())
    }

    /// The slopes along each name.
    pub(super) fn slopes(&self, points: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, Failure> {
        self.run(&self.slopes, points)
    }

    /// The value at one point.
    pub(super) fn at(&self, point: &[f64]) -> Result<f64, Failure> {
        let point: Vec<Vec<f64>> = point.iter().map(|&number| vec![number]).collect();
        Ok(self.values(&point)?.first().copied().unwrap_or(f64::NAN))
    }

    fn run(&self, graph: &Graph, points: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, Failure> {
        let count = points.iter().map(Vec::len).min().unwrap_or(1);
        let mut answers = vec![Vec::with_capacity(count); graph.outputs().len()];
        for start in (0..count).step_by(TOGETHER) {
            let end = count.min(start + TOGETHER);
            let part: Vec<Tensor> =
                points.iter().map(|numbers| Tensor::from(numbers[start.min(numbers.len())..end].to_vec())).collect();
            let feeds: Vec<(&str, &Tensor)> = self.names.iter().map(String::as_str).zip(&part).collect();
            for (answer, found) in answers.iter_mut().zip(graph.run(&feeds)?) {
                let found = found.to_f64();
                // What depends on no name is one number for all points.
                answer.extend((0..end - start).map(|i| found.get(i).or(found.first()).copied().unwrap_or(f64::NAN)));
            }
        }
        Ok(answers)
    }
}

/// So many points, evenly spaced, the ends among them.
pub(super) fn spaced(low: f64, high: f64, points: usize) -> Vec<f64> {
    let last = points.saturating_sub(1).max(1) as f64;
    let share = |i: usize| i as f64 / last;
    (0..points).map(|i| low * (1.0 - share(i)) + high * share(i)).collect()
}
