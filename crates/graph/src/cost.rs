//! What a graph costs to run, counted from its shapes alone.

use crate::graph::{Graph, Node};
use crate::map::Expr;
use crate::mistake::Error;
use crate::op::{Index, Op};
use crate::shape::Sizes;

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
            Op::Map(_) => Some(result),
            Op::Formula(formula) => result.checked_mul(op_count(formula.body())),
            Op::Reduce(_) | Op::Index(Index::ArgMax { .. }) => result.checked_mul(axes[0].folded() as u64),
            Op::Contract => result.checked_mul(axes[0].folded() as u64)?.checked_mul(2),
            Op::Index(Index::ScatterAdd { .. }) => count(self.node(node.inputs[0])),
        }
    }
}

/// How many rows of the table an expression applies.
fn op_count(body: &Expr) -> u64 {
    match body {
        Expr::Argument(_) | Expr::Number(_) => 0,
        Expr::Apply(_, inner) => 1 + inner.iter().map(op_count).sum::<u64>(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::{Builder, Var};
    use crate::map::Formula;

    /// The operations of the last node of what is described on `x` (3, 4).
    fn last(describe: impl for<'b> Fn(Var<'b>) -> Var<'b>) -> u64 {
        let b = Builder::new();
        let described = describe(b.input("x", (3, 4)));
        let graph = b.finish([described]).unwrap();
        *graph.flops(&Sizes::default()).unwrap().last().unwrap()
    }

    #[test]
    fn each_class_counts_as_the_table_says() {
        assert_eq!(last(|x| x.sigmoid()), 12);
        assert_eq!(last(|x| x.sum_all()), 12);
        assert_eq!(last(|x| x.transpose()), 0);
        assert_eq!(last(|x| x.matmul(x.transpose())), 2 * 3 * 4 * 3);
        assert_eq!(last(|x| x.argmax(1)), 12);
        assert_eq!(last(|x| x.argmax(1).one_hot(4)), 0);
    }

    #[test]
    fn a_formula_counts_each_of_its_ops() {
        let swish = Formula::new("swish", |[x]| x.clone() * x.sigmoid());
        assert_eq!(last(|x| swish.apply([x])), 2 * 12);
    }

    #[test]
    fn a_gather_is_free_and_its_derivative_adds() {
        let b = Builder::new();
        let (data, rows) = (b.input("data", ("n", 5)), b.input("rows", "batch"));
        let picked = data.gather(0, rows);
        let spread = b.vjp(&[picked], &[picked], &[data])[0];
        let graph = b.finish([spread]).unwrap();
        let flops = graph.flops(&Sizes::from([("n", 100), ("batch", 3)])).unwrap();
        assert_eq!(flops.iter().sum::<u64>(), 3 * 5);
    }

    #[test]
    fn a_backward_pass_costs_two_products_for_each_that_leads_to_a_parameter_behind_it() {
        let b = Builder::new();
        let x = b.input("x", ("batch", 784));
        let (w, v) = (b.parameter("w", (784, 50)), b.parameter("v", (50, 10)));
        let loss = x.matmul(w).matmul(v).sum_all();
        let gradients = b.grad(loss, &[w, v]);
        let graph = b.finish(gradients).unwrap().simplified().unwrap();
        let flops = graph.flops(&Sizes::from([("batch", 100)])).unwrap();
        let products: u64 =
            graph.nodes().filter(|(_, node)| node.op == Op::Contract).map(|(id, _)| flops[id.index()]).sum();
        // x·w; then upstream·vᵀ, xᵀ·upstream and (x·w)ᵀ·upstream. The value x·w·v itself is not asked for.
        assert_eq!(products, 2 * 100 * (784 * 50 + 50 * 10 + 784 * 50 + 50 * 10));
    }

    #[test]
    fn sizes_that_are_missing_or_too_large_are_refused() {
        let b = Builder::new();
        let x = b.input("x", ("batch", 784));
        let graph = b.finish([x.matmul(b.parameter("w", (784, 50)))]).unwrap();
        for sizes in [Sizes::default(), Sizes::from([("batch", usize::MAX)]), Sizes::from([("batch", 1 << 50)])] {
            let error = graph.flops(&sizes).unwrap_err();
            assert!(matches!(error, Error::TooLarge { .. }), "{error}");
        }
    }
}
