//! Computational graphs to draw, for the gallery and for the tests.
#![allow(clippy::unwrap_used, reason = "what is drawn is known")]

use limpid_draw::GraphPicture;
use limpid_expression::Expression;
use limpid_graph::show::Drawing;
use limpid_graph::{Builder, Graph, Tensor};
use limpid_learn::{Dataset, Loss, Mode, Network, Sgd};

use crate::support::draws::Draws;

pub(crate) fn traced(graph: &Graph, feeds: &[Tensor]) -> Drawing {
    graph.trace(feeds).unwrap().show()
}

/// Spec K2.
pub(crate) fn apples() -> Drawing {
    let b = Builder::new();
    let (price, count, tax) = (b.scalar("apple price"), b.scalar("apple count"), b.scalar("tax"));
    let shop = b.finish([(price * count * tax).named("total")]).unwrap();
    traced(&shop, &[100.0, 2.0, 1.1].map(Tensor::from))
}

/// Spec K3.
pub(crate) fn shop() -> Graph {
    let b = Builder::new();
    let (apple, apples) = (b.scalar("apple price"), b.scalar("apple count"));
    let (orange, oranges) = (b.scalar("orange price"), b.scalar("orange count"));
    let tax = b.scalar("tax");
    let subtotal = (apple * apples + orange * oranges).named("subtotal");
    b.finish([(subtotal * tax).named("total")]).unwrap()
}

pub(crate) fn shop_feeds() -> [Tensor; 5] {
    [100.0, 2.0, 150.0, 3.0, 1.1].map(Tensor::from)
}

pub(crate) fn formula(text: &str, feeds: &[f64]) -> Drawing {
    let b = Builder::new();
    let z = text.parse::<Expression>().unwrap().build(&b).named("z");
    let feeds: Vec<Tensor> = feeds.iter().map(|&x| x.into()).collect();
    traced(&b.finish([z]).unwrap(), &feeds)
}

/// Numbers for every leaf of a graph with a batch of 3, the same each time; class labels for the targets.
pub(crate) fn fed(graph: &Graph) -> Drawing {
    let draws = Draws::new(7, "pictures");
    let sizes = limpid_graph::Sizes::from([("batch", 3), ("samples", 3)]);
    let leaf = |(_, node): (_, &limpid_graph::Node)| {
        let shape = node.shape.resolve(&sizes).unwrap();
        match node.name.as_deref() {
            Some("targets" | "rows" | "t") => draws.positions(&shape, 2),
            _ => draws.tensor(&shape, -1.0, 1.0),
        }
    };
    let feeds: Vec<Tensor> = graph.fed().map(leaf).collect();
    traced(graph, &feeds)
}

/// The loss of a network on scores and class labels.
pub(crate) fn loss(network: &str) -> Graph {
    let network: Network = network.parse().unwrap();
    let scores = network.graph(Mode::Train).unwrap();
    let b = Builder::resume(&scores);
    let t = b.input("t", "batch");
    let loss = b.var(scores.outputs()[0]).softmax_cross_entropy(t).named("loss");
    b.finish([loss]).unwrap()
}

pub(crate) const TWO: &str = "2, affine 3, relu, affine 2";
pub(crate) const FIVE: &str = "4, affine 5, sigmoid, affine 5, sigmoid, affine 4, relu, affine 4, tanh, affine 2";

/// The step of a training, its backward pass and updates among its nodes.
pub(crate) fn step() -> Graph {
    let network: Network = TWO.parse().unwrap();
    let inputs = Draws::new(3, "inputs").tensor(&[3, 2], -1.0, 1.0);
    let data = Dataset::new(inputs, Tensor::from([0u8, 1, 1])).unwrap();
    limpid_learn::step::training_step(&network, &data, &Loss::SoftmaxCrossEntropy, &Sgd).unwrap().graph
}

/// Each under its name.
pub(crate) fn named() -> Vec<(String, Drawing)> {
    let exercise = limpid_learn::Exercise::of(&shop().trace(&shop_feeds()).unwrap()).show();
    vec![
        ("k2".to_string(), apples()),
        ("k3".to_string(), traced(&shop(), &shop_feeds())),
        ("k5-exercise".to_string(), exercise),
        ("k1-square".to_string(), formula("(x+y)^2", &[3.0, 4.0])),
        ("slope".to_string(), formula("0.01*x^2 + 0.1*x", &[5.0])),
        ("sigmoid".to_string(), formula("1/(1 + exp(-(w*x + b)))", &[0.5, 2.0, -1.0])),
        ("two-layers".to_string(), fed(&loss(TWO))),
        ("two-layers-forward".to_string(), loss(TWO).show()),
        ("five-layers".to_string(), fed(&loss(FIVE))),
        ("five-layers-forward".to_string(), loss(FIVE).show()),
        ("step".to_string(), step().show()),
    ]
}

/// Folded, opened, and with everything.
pub(crate) fn pictures(drawing: &Drawing) -> [(&'static str, GraphPicture<'_>); 3] {
    let picture = GraphPicture::new(drawing);
    [("folded", picture.clone()), ("open", picture.clone().open_all()), ("everything", picture.open_all().everything())]
}
