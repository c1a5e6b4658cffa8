//! What several tests share. A test file uses some of it, so the rest is dead code there.
// The lints below are off in functions marked as tests, and these are their helpers.
#![allow(dead_code, clippy::unwrap_used, clippy::print_stdout)]

pub(crate) mod draws;
pub(crate) mod gradient_check;
pub(crate) mod random_graph;

use limpid_graph::{Error, Graph, NodeId, Real, Tensor, Values, interpret};

/// Values by name, owned.
pub(crate) type Feeds = Vec<(String, Tensor)>;

/// Those of `feeds` that the graph still has a leaf for, by node.
pub(crate) fn by_node<'t>(graph: &Graph, feeds: &'t Feeds) -> Vec<(NodeId, &'t Tensor)> {
    let leaf = |name: &str| graph.fed().find(|(_, node)| node.name.as_deref() == Some(name)).map(|(id, _)| id);
    feeds.iter().filter_map(|(name, value)| Some((leaf(name)?, value))).collect()
}

/// Every value of a run.
pub(crate) fn values<'g, T: Real>(graph: &'g Graph, feeds: &'g Feeds) -> Result<Values<'g, T>, Error> {
    interpret(graph, &by_node(graph, feeds))
}

/// Whether two numbers are the same bits, or both are no numbers.
pub(crate) fn same_bits(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}
