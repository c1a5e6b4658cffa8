//! Activation functions as curves, softmax as bars, and losses as curves.

use limpid::draw::{Bars, Line, Plot};
use limpid::graph::{Builder, Expression, Graph, MapOp, Tensor};
use limpid::learn::{Mode, Network};

use super::Drawn;
use super::curve::{Curve, patterns};
use super::sampled::{Sampled, spaced};
use crate::failure::Failure;
use crate::parse::Limits;

/// A function from single numbers to single numbers, by its name.
#[derive(Clone, Debug)]
pub(crate) enum Function {
    /// 0 up to 0, 1 above.
    Step,
    /// Softmax, of several numbers at once.
    Softmax,
    /// A layer's text.
    Layer(String),
}

impl Function {
    fn label(&self) -> &str {
        match self {
            Self::Step => "step",
            Self::Softmax => "softmax",
            Self::Layer(text) => text,
        }
    }

    /// From `x`, a column of numbers, to the function's values and slopes.
    fn graph(&self) -> Result<Graph, Failure> {
        let forward = match self {
            Self::Layer(text) => {
                let network: Network = format!("1, {text}").parse()?;
                network.graph(Mode::Inference)?
            }
            _ => {
                let b = Builder::new();
                let x = b.input("x", ("batch", 1));
                b.finish([if matches!(self, Self::Step) { b.map(MapOp::Step, &[x]) } else { x.softmax(0) }])?
            }
        };
        let b = Builder::resume(&forward);
        let (x, y) = (forward.inputs().next(), forward.outputs().first());
        let (Some((x, _)), Some(&y)) = (x, y) else { return Ok(forward) };
        let slopes = b.grad(b.var(y).sum_all(), &[b.var(x)]);
        Ok(b.finish([b.var(y)].into_iter().chain(slopes))?)
    }
}

/// The curves of activations over a range.
pub(crate) fn activations(functions: &[Function], range: Limits, slopes: bool) -> Result<Drawn, Failure> {
    if functions.iter().any(|function| matches!(function, Function::Softmax)) {
        return softmax(functions, range);
    }
    let xs = spaced(range.low, range.high, 401);
    let mut lines: Vec<(Vec<f64>, Curve, String, usize)> = Vec::new();
    for function in functions {
        let graph = function.graph()?;
        let [ys, steep] = at(&graph, &xs)?;
        let [curve, slope] = [(&ys, 0), (&steep, 1)]
            .map(|(heights, which)| Curve::through(&xs, heights, |xs| Ok(at(&graph, xs)?[which].clone())));
        lines.push((ys, curve?, function.label().to_string(), 0));
        if slopes {
            lines.push((steep, slope?, format!("slope of {}", function.label()), 1));
        }
    }
    let heights: Vec<(&[f64], usize)> = lines.iter().map(|(ys, _, _, least)| (ys.as_slice(), *least)).collect();
    let mut plot = Plot::new().labels("x", "").zero_axes(true).x_limits(range.low, range.high);
    for ((_, curve, label, _), pattern) in lines.iter().zip(patterns(&heights)) {
        plot = plot.add(curve.line().label(label).dashes(pattern));
    }
    Ok(Drawn::new(plot))
}

/// A function's values and slopes.
fn at(graph: &Graph, xs: &[f64]) -> Result<[Vec<f64>; 2], Failure> {
    let column = Tensor::new([xs.len(), 1], xs.to_vec()).map_err(|error| Failure::Input(error.to_string()))?;
    let answers = graph.run(&[("x", &column)])?;
    Ok(std::array::from_fn(|i| answers.get(i).map(Tensor::to_f64).unwrap_or_default()))
}

/// Softmax of the whole numbers of a range.
fn softmax(functions: &[Function], range: Limits) -> Result<Drawn, Failure> {
    if functions.len() > 1 {
        let hint = "draw it alone, over the whole numbers of --range";
        return Err(Failure::Usage(format!(
            "softmax is a function of several numbers at once and has no curve; {hint}"
        )));
    }
    let (low, high) = (range.low.ceil(), range.high.floor());
    if !(low < high && high - low < 32.0 && low.abs().max(high.abs()) < 1e6) {
        let why = "softmax is drawn as bars over the whole numbers of --range; use a range with 2 to 32 of them, such as -2,2";
        return Err(Failure::Usage(why.to_string()));
    }
    let xs: Vec<f64> = (0..=(high - low) as usize).map(|i| low + i as f64).collect();
    let [ys, _] = at(&Function::Softmax.graph()?, &xs)?;
    let names = xs.iter().map(|x| x.to_string().replace('-', "−"));
    Ok(Drawn::new(Plot::new().title("softmax").labels("x", "").add(Bars::new(names, ys).numbers())))
}

/// A loss of one sample, as a curve over what the network says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LossCurve {
    pub(crate) name: &'static str,
    formula: &'static str,
    over: &'static str,
    range: [i32; 2],
}

/// Every loss that there is a curve of.
pub(crate) const LOSSES: &[LossCurve] = &[
    LossCurve {
        name: "cross-entropy",
        formula: "-ln(y)",
        over: "y, the probability of the right class",
        range: [0, 1],
    },
    LossCurve {
        name: "softmax-cross-entropy",
        formula: "softplus(-x)",
        over: "x, by how much the right score of two is larger",
        range: [-5, 5],
    },
    LossCurve {
        name: "binary-cross-entropy",
        formula: "softplus(-x)",
        over: "x, the score of a sample whose answer is yes",
        range: [-5, 5],
    },
    LossCurve { name: "half-sum-of-squares", formula: "0.5*d^2", over: "d, output − target", range: [-2, 2] },
    LossCurve { name: "mean-squared-error", formula: "d^2", over: "d, output − target", range: [-2, 2] },
];

/// The curves of losses: those that are over the same thing together.
pub(crate) fn losses(curves: &[&LossCurve], range: Option<Limits>) -> Result<Drawn, Failure> {
    let Some(first) = curves.first() else { return Err(Failure::Usage("a loss is missing".to_string())) };
    if let Some(other) = curves.iter().find(|curve| curve.over != first.over) {
        let why = format!(
            "{} is drawn over {}, but {} over {}; draw one of them",
            first.name, first.over, other.name, other.over
        );
        return Err(Failure::Usage(why));
    }
    let range = range.unwrap_or(Limits { low: first.range[0].into(), high: first.range[1].into() });
    let xs = spaced(range.low, range.high, 401);
    let mut plot = Plot::new().labels(first.over, "loss").zero_axes(true).x_limits(range.low, range.high);
    let mut all = Vec::new();
    for curve in curves {
        let formula: Expression = curve.formula.parse().map_err(|error| Failure::Input(format!("{error}")))?;
        let ys = Sampled::new(&formula)?.values(std::slice::from_ref(&xs))?;
        plot = plot.add(Line::new(xs.clone(), ys.clone()).label(format!("{}: {formula}", curve.name)));
        all.extend(ys);
    }
    Ok(Drawn::new(plot).with_gaps(&all))
}
