//! What a graph costs to run, counted from its shapes alone.

use limpid_tensor::Sizes;

use crate::graph::{Graph, Node};
use crate::map::FormulaBody;
use crate::mistake::Error;
use crate::op::{Index, Op, Windows};

impl Graph {
    /// The floating-point operations of each node, by [`NodeId::index`](crate::NodeId::index), for these sizes.
    ///
    /// | class | operations |
    /// |---|---|
    /// | Contract `(…, m, k) · (…, k, n)` | 2·m·k·n for each of the leading indices: a multiply-add is two |
    /// | Map | 1 for each element of the result, whatever the function |
    /// | a formula of one's own | 1 for each of its ops, for each element |
    /// | Reduce | 1 for each element of the input |
    /// | Index | a scattering addition 1 for each element added; a search 1 for each element compared; otherwise none |
    /// | Window | a sum of windows 1 for each number added; otherwise none |
    /// | Random | 1 for each number drawn |
    /// | Leaf, Layout | none: they move numbers |
    ///
    /// ```
    /// use limpid_graph::{Builder, Sizes};
    ///
    /// let b = Builder::new();
    /// let (x, w) = (b.input("x", ("batch", 784)), b.parameter("w", (784, 50)));
    /// let graph = b.finish([x.matmul(w).relu()])?;
    /// let flops: u64 = graph.flops(&Sizes::from([("batch", 100)]))?.iter().sum();
    /// assert_eq!(flops, 2 * 100 * 784 * 50 + 100 * 50);
    /// # Ok::<(), limpid_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::TooLarge`] where a symbol is not bound, or a number does not fit into 64 bits.
    pub fn flops(&self, sizes: &Sizes) -> Result<Vec<u64>, Error> {
        let of = |(id, node): (_, &Node)| {
            self.node_flops(node, sizes)
                .ok_or_else(|| Error::TooLarge { what: self.label(id), shape: node.shape.clone() })
        };
        self.nodes().map(of).collect()
    }

    fn node_flops(&self, node: &Node, sizes: &Sizes) -> Option<u64> {
        let count = |node: &Node| Some(node.shape.resolve(sizes)?.iter().product::<usize>() as u64);
        let shapes =
            node.inputs.iter().map(|&input| self.node(input).shape.resolve(sizes)).collect::<Option<Vec<_>>>()?;
        let axes = node.op.axes(&shapes.iter().map(Vec::as_slice).collect::<Vec<_>>(), &node.shape.resolve(sizes)?);
        let result = count(node)?;
        match &node.op {
            Op::Leaf(_) | Op::Layout(_) | Op::Index(Index::Gather { .. } | Index::OneHot { .. }) => Some(0),
            Op::Window(Windows::Unfold(_)) => Some(0),
            Op::Window(Windows::Fold(_)) => count(self.node(node.inputs[0])),
            Op::Map(_) | Op::Random(_) => Some(result),
            Op::Formula(formula) => result.checked_mul(op_count(formula.body())),
            Op::Reduce(_) | Op::Index(Index::ArgMax { .. }) => result.checked_mul(axes[0].folded() as u64),
            Op::Contract => result.checked_mul(axes[0].folded() as u64)?.checked_mul(2),
            Op::Index(Index::ScatterAdd { .. }) => count(self.node(node.inputs[0])),
        }
    }
}

/// How many rows of the table an expression applies.
fn op_count(body: &FormulaBody) -> u64 {
    match body {
        FormulaBody::Argument(_) | FormulaBody::Number(_) => 0,
        FormulaBody::Apply(_, inner) => 1 + inner.iter().map(op_count).sum::<u64>(),
    }
}
