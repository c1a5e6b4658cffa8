//! What a graph costs, counted from its shapes.
// The lint is off in functions marked as tests, and there are helpers here.
#![allow(clippy::unwrap_used)]

use limpid_graph::{Builder, Error, Formula, Op, Sizes, Var};

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
