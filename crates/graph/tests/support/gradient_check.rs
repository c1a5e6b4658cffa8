//! Derivatives against central differences, per element and along random directions, of first and second order.

use limpid_graph::{Builder, Graph, NodeId, Tensor, Var, interpret};

use super::draws::Draws;

/// The difference to either side: a power of two near the cube root of the rounding error, where the error of the
/// difference quotient (growing as its square) and that of rounding (falling with it) meet.
const STEP: f64 = 1.0 / 131_072.0;
const DIRECTIONS: usize = 3;

/// How far a description's derivatives are from difference quotients: `|a − n| / max(1, |a|, |n|)` at its worst.
pub(crate) struct Report {
    pub(crate) op: String,
    pub(crate) first: f64,
    pub(crate) second: Option<f64>,
    /// Perturbations of single numbers that cross a kink, and so say nothing.
    pub(crate) left_out: usize,
}

/// Which derivatives are checked.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Order {
    First,
    FirstAndSecond,
}

/// Checks the derivative of what `describe` makes of inputs of these values.
pub(crate) fn check(op: &str, at: &[Tensor], order: Order, describe: impl for<'b> Fn(&[Var<'b>]) -> Var<'b>) -> Report {
    let draws = Draws::new(at.iter().map(|t| t.len() as u64).sum(), op);
    let b = Builder::new();
    let inputs: Vec<_> = at.iter().enumerate().map(|(i, t)| b.input(&format!("x{i}"), t.shape())).collect();
    let value = draws.weighted(describe(&inputs));
    let first = b.grad(value, &inputs);
    let slope = first.iter().fold(b.constant(0.0), |sum, &gradient| sum + draws.weighted(gradient));
    let second = if order == Order::FirstAndSecond { b.grad(slope, &inputs) } else { Vec::new() };
    let outputs: Vec<_> = [value, slope].into_iter().chain(first).chain(second).collect();
    let graph = b.finish(outputs).unwrap_or_else(|error| panic!("{op}: {error}"));
    Check { graph: &graph, at, draws }.report(op, order)
}

impl Draws {
    /// The sum of a value's numbers, each times a random one.
    fn weighted<'b>(&self, value: Var<'b>) -> Var<'b> {
        let shape = value.shape().as_known().unwrap();
        (value * value.builder().constant_tensor(self.tensor(&shape, 0.5, 1.5))).sum_all()
    }
}

struct Check<'g> {
    graph: &'g Graph,
    at: &'g [Tensor],
    draws: Draws,
}

/// The outputs of one run: the value, the slope along the fixed direction, and on which side of each kink it stood.
struct Run {
    outputs: Vec<Vec<f64>>,
    sides: Vec<i8>,
}

impl Check<'_> {
    fn report(&self, op: &str, order: Order) -> Report {
        let here = self.run(&vec![0.0; self.count()]);
        let gradient_of = |which: usize| {
            let from = 2 + which * self.at.len();
            here.outputs.iter().skip(from).take(self.at.len()).flatten().copied().collect::<Vec<f64>>()
        };
        let mut report = Report { op: op.to_string(), first: 0.0, second: None, left_out: 0 };
        let mut smooth = vec![true; self.count()];
        for (i, smooth) in smooth.iter_mut().enumerate() {
            let mut unit = vec![0.0; self.count()];
            unit[i] = 1.0;
            *smooth = self.quotients(&here, &unit).is_some();
            report.left_out += usize::from(!*smooth);
        }
        report.first = self.worst(&here, &smooth, 0, &gradient_of(0));
        if order == Order::FirstAndSecond {
            report.second = Some(self.worst(&here, &smooth, 1, &gradient_of(1)));
        }
        report
    }

    /// The worst error of `gradient`, of output `which`, over the numbers one by one and over random directions.
    fn worst(&self, here: &Run, smooth: &[bool], which: usize, gradient: &[f64]) -> f64 {
        assert_eq!(gradient.len(), self.count());
        let ones = (0..self.count()).filter(|&i| smooth[i]).map(|one| {
            let unit = |i: usize| f64::from(u8::from(i == one));
            (0..self.count()).map(unit).collect::<Vec<_>>()
        });
        let random = (0..DIRECTIONS).map(|_| {
            let along = |&smooth: &bool| if smooth { self.draws.uniform(-1.0, 1.0) } else { 0.0 };
            smooth.iter().map(along).collect()
        });
        let error = |direction: Vec<f64>| {
            let numerical = self.quotients(here, &direction)?[which];
            let analytical: f64 =
                gradient.iter().zip(&direction).map(|(g, d)| if *d == 0.0 { 0.0 } else { g * d }).sum();
            let error = (analytical - numerical).abs() / 1f64.max(analytical.abs()).max(numerical.abs());
            Some(if error.is_nan() { f64::INFINITY } else { error })
        };
        ones.chain(random).filter_map(error).fold(0.0, f64::max)
    }

    /// The difference quotients of the value and the slope; none where the way between the two runs crosses a kink.
    fn quotients(&self, here: &Run, direction: &[f64]) -> Option<[f64; 2]> {
        let scaled = |by: f64| direction.iter().map(|d| d * by).collect::<Vec<_>>();
        let (before, after) = (self.run(&scaled(-STEP)), self.run(&scaled(STEP)));
        let one_piece = before.sides == here.sides && after.sides == here.sides;
        let quotient = |i: usize| (after.outputs[i][0] - before.outputs[i][0]) / (2.0 * STEP);
        one_piece.then(|| [quotient(0), quotient(1)])
    }

    fn run(&self, shift: &[f64]) -> Run {
        let mut shift = shift.iter();
        let shifted = |t: &Tensor| {
            let numbers: Vec<f64> = t.to_f64().into_iter().zip(&mut shift).map(|(x, d)| x + d).collect();
            Tensor::new(t.shape(), numbers).unwrap()
        };
        let fed: Vec<Tensor> = self.at.iter().map(shifted).collect();
        let leaves = self.graph.inputs().map(|(id, _)| id);
        let feeds: Vec<(NodeId, &Tensor)> = leaves.zip(&fed).collect();
        let values = interpret::<f64>(self.graph, &feeds).unwrap();
        let outputs = self.graph.outputs().iter().map(|&id| values.numbers(id).into_owned()).collect();
        Run { outputs, sides: values.sides() }
    }

    fn count(&self) -> usize {
        self.at.iter().map(Tensor::len).sum()
    }
}

/// Prints the reports as a table and asserts that none is worse than `bound`.
pub(crate) fn assert_all(title: &str, reports: &[Report], bound: f64) {
    println!("{title:<44} {:>12} {:>12}  left out", "first order", "second order");
    for Report { op, first, second, left_out } in reports {
        let second = second.map_or("—".to_string(), |error| format!("{error:.1e}"));
        println!("{op:<44} {first:>12.1e} {second:>12}  {left_out}");
    }
    let bad = |r: &&Report| r.first > bound || r.second.is_some_and(|error| error > bound);
    let bad: Vec<_> = reports.iter().filter(bad).map(|r| &r.op).collect();
    assert!(bad.is_empty(), "worse than {bound:e}: {bad:?}");
}
