//! A graph as plain data to print or draw, and as text, DOT and JSON.

mod dot;
mod text;

use std::fmt;

use limpid_tensor::Tensor;
use serde::Serialize;

use crate::graph::{Graph, NodeId};
use crate::op::Op;
use crate::trace::Trace;

/// A graph ready to be drawn: names, shapes and, of a traced run, numbers.
///
/// `Display` prints it as a listing; see also [`dot`](Drawing::dot) and [`json`](Drawing::json).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Drawing {
    /// The nodes, in an order in which they can be computed.
    pub nodes: Vec<DrawnNode>,
    /// What the graph answers.
    pub outputs: Vec<usize>,
    /// What a run changes.
    pub assignments: Vec<DrawnAssignment>,
}

/// A node as it is drawn.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DrawnNode {
    /// Its place in the order of computation.
    pub id: usize,
    /// The op's name.
    pub op: String,
    /// The op's class.
    pub class: &'static str,
    /// The op itself, for pictures that depend on what it is. It is not in the JSON, which has its name and class.
    #[serde(skip)]
    pub computes: Op,
    /// The op's settings beside its inputs; empty if there are none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub attributes: String,
    /// What it computes, written out over its inputs' labels; for functions of single numbers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formula: Option<String>,
    /// The nodes it computes from.
    pub inputs: Vec<usize>,
    /// Its shape: numbers, and symbols by name.
    pub shape: String,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The path of the layer that described it; empty outside layers.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// What that layer calls itself.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub layer: String,
    /// Where it was written.
    pub location: String,
    /// Its value in a traced run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Numbers>,
    /// The derivative of the first output with respect to it, in a traced run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub derivative: Option<Numbers>,
    /// Whether its derivative is left blank, for a learner to fill in.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_blank: bool,
}

/// A kept value and what it becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DrawnAssignment {
    /// The parameter or state.
    pub target: usize,
    /// Its next value.
    pub value: usize,
}

/// The numbers of a value: all of a small one, and statistics.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Numbers {
    /// The shape.
    pub shape: Vec<usize>,
    /// All of them where they are few, else the first few.
    pub first: Vec<f64>,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// The arithmetic mean.
    pub mean: f64,
}

/// As many numbers as are shown one by one.
const FEW: usize = 6;

impl Numbers {
    fn of(tensor: &Tensor) -> Self {
        let all = tensor.to_f64();
        Self {
            shape: tensor.shape().to_vec(),
            first: all.iter().copied().take(FEW).collect(),
            min: all.iter().copied().fold(f64::INFINITY, f64::min),
            max: all.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            mean: all.iter().sum::<f64>() / all.len() as f64,
        }
    }

    /// A single number as it is; a few as a list; many as their range and mean.
    pub fn text(&self) -> String {
        let count: usize = self.shape.iter().product();
        match (self.shape.len(), count) {
            (0, _) => self.first.first().map(ToString::to_string).unwrap_or_default(),
            (_, few) if few <= FEW => {
                format!("[{}]", self.first.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
            }
            _ => format!("{:.4}..{:.4}, mean {:.4}", self.min, self.max, self.mean),
        }
    }
}

impl Graph {
    /// The graph as data to print or draw.
    ///
    /// ```
    /// use limpid_graph::Builder;
    ///
    /// let b = Builder::new();
    /// let (x, y) = (b.scalar("x"), b.scalar("y"));
    /// let graph = b.finish([(x + y).square().named("z")])?;
    /// let listing = graph.show().to_string();
    /// assert!(listing.contains("%3  z  square  %2"));
    /// # Ok::<(), limpid_graph::Error>(())
    /// ```
    pub fn show(&self) -> Drawing {
        Drawing {
            nodes: self.nodes().map(|(id, _)| self.drawn(id)).collect(),
            outputs: self.outputs.iter().map(|id| id.index()).collect(),
            assignments: self
                .assignments
                .iter()
                .map(|a| DrawnAssignment { target: a.target.index(), value: a.value.index() })
                .collect(),
        }
    }

    fn drawn(&self, id: NodeId) -> DrawnNode {
        let node = self.node(id);
        let label = |input: &NodeId| {
            let input_node = self.node(*input);
            match (&input_node.name, &input_node.op) {
                (Some(name), _) => name.to_string(),
                (None, Op::Leaf(_)) => input_node.op.attributes(),
                (None, _) => format!("%{}", input.index()),
            }
        };
        let labels: Vec<String> = node.inputs.iter().map(label).collect();
        let formula = match &node.op {
            Op::Map(op) => Some(op.info().formula_of(&labels)),
            _ => None,
        };
        let location = node.origin.location;
        DrawnNode {
            id: id.index(),
            op: node.op.name().to_string(),
            class: node.op.class().name(),
            computes: node.op.clone(),
            attributes: node.op.attributes(),
            formula,
            inputs: node.inputs.iter().map(|input| input.index()).collect(),
            shape: node.shape.to_string(),
            name: node.name.as_ref().map(ToString::to_string),
            path: node.origin.path.to_string(),
            layer: node.origin.layer.to_string(),
            location: format!("{}:{}", location.file(), location.line()),
            value: None,
            derivative: None,
            is_blank: false,
        }
    }
}

/// The listing that [`show`](Graph::show) gives.
///
/// ```
/// use limpid_graph::Builder;
///
/// let b = Builder::new();
/// let (x, y) = (b.scalar("x"), b.scalar("y"));
/// let graph = b.finish([(x * y).named("z")])?;
/// assert_eq!(graph.to_string(), graph.show().to_string());
/// # Ok::<(), limpid_graph::Error>(())
/// ```
impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.show(), f)
    }
}

impl Trace {
    /// The traced graph with its numbers: each node's value, and the derivative of the first output with respect to it.
    pub fn show(&self) -> Drawing {
        let mut drawing = self.graph().show();
        for node in &mut drawing.nodes {
            node.value = Some(Numbers::of(self.value_at(NodeId(node.id))));
            node.derivative = self.derivative_at(NodeId(node.id)).map(Numbers::of);
        }
        drawing
    }
}

impl Drawing {
    /// The drawing as JSON.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_else(|_| unreachable!("strings and numbers always serialise"))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Builder, Graph};

    fn step() -> Graph {
        let b = Builder::new();
        let (x, t) = (b.input("x", ("batch", 3)), b.input("t", "batch"));
        let scores = {
            let _layer = b.scope("0", "affine 2", std::panic::Location::caller());
            x.matmul(b.parameter("w", (3, 2))) + b.parameter("b", 2)
        };
        let loss = scores.softmax_cross_entropy(t).named("loss");
        let parameters = b.parameters();
        let gradients = b.grad(loss, &parameters);
        parameters.iter().zip(gradients).for_each(|(&p, g)| b.assign(p, p - 0.1 * g));
        b.finish([loss]).unwrap().simplified().unwrap()
    }

    fn shop() -> String {
        let b = Builder::new();
        let (price, count, tax) = (b.scalar("apple price"), b.scalar("apple count"), b.scalar("tax"));
        let shop = b.finish([(price * count * tax).named("total")]).unwrap();
        shop.trace(&[100.0.into(), 2.0.into(), 1.1.into()]).unwrap().show().to_string()
    }

    #[test]
    fn a_training_step_is_listed() {
        insta::assert_snapshot!(step().show().to_string());
    }

    #[test]
    fn a_trace_is_listed_with_values_and_derivatives() {
        insta::assert_snapshot!(shop());
    }

    #[test]
    fn a_graph_is_dot() {
        insta::assert_snapshot!(step().show().dot());
    }

    #[test]
    fn a_graph_is_json() {
        let b = Builder::new();
        let (x, y) = (b.scalar("x \"quoted\""), b.scalar("y"));
        let graph = b.finish([(x + y).named("z")]).unwrap();
        let json: serde_json::Value = serde_json::from_str(&graph.show().json()).unwrap();
        assert_eq!(json["nodes"][2]["formula"], "x \"quoted\" + y");
        assert_eq!(json["outputs"], serde_json::json!([2]));
    }
}
