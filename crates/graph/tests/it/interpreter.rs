//! The interpreter: NumPy's rules, both precisions, every way in which a run can fail, and sizes of nothing.

use limpid_graph::{Axes, Builder, Dim, Error, Graph, Shape, Tensor, interpret};

use crate::support::random_graph::{Kind, RandomGraph, random_graph};
use crate::support::values;

fn counting(shape: &[usize]) -> Tensor {
    let count: usize = shape.iter().product();
    Tensor::new(shape, (0..count).map(|i| i as f64).collect()).expect("as many as the shape holds")
}

fn finished<'b>(b: &'b Builder, output: limpid_graph::Var<'b>) -> Graph {
    b.finish([output]).expect("the description is right")
}

// ---- values -----------------------------------------------------------------------------------------------------

#[test]
fn both_precisions_agree_on_random_graphs() {
    let mut compared = 0;
    let mut worst = 0f64;
    for seed in 0..2_000 {
        let RandomGraph { graph, feeds } = random_graph(seed, Kind::Gentle);
        let (single, double) = (values::<f32>(&graph, &feeds).unwrap(), values::<f64>(&graph, &feeds).unwrap());
        // Single precision may stand on the other side of a kink or a jump: from there on the values differ.
        if single.sides() != double.sides() {
            continue;
        }
        compared += 1;
        // Rounding is relative to the largest number on the way, not to what is left after it cancels.
        let mut largest = 1f64;
        for (id, node) in graph.nodes() {
            assert_eq!(single.shape(id), double.shape(id), "graph {seed}");
            let finite = |x: &&f64| x.is_finite();
            largest = double.numbers(id).iter().filter(finite).fold(largest, |largest, x| largest.max(x.abs()));
            for (&a, &b) in single.numbers(id).iter().zip(&*double.numbers(id)) {
                // The mean and the extreme of nothing.
                if !b.is_finite() && (f64::from(a) == b || a.is_nan()) {
                    continue;
                }
                let error = (f64::from(a) - b).abs() / largest;
                worst = worst.max(error);
                assert!(error < 1e-4, "graph {seed}, {}: {a} and {b}", node.op.name());
            }
        }
    }
    println!("{compared} graphs compared, the worst error is {worst:.1e}");
    assert!(compared > 1_500, "only {compared} graphs stand on the same side of every kink");
}

#[test]
fn matrix_products_follow_numpys_rules_for_vectors_and_stacks() {
    // np.matmul(np.arange(...).reshape(left), np.arange(...).reshape(right))
    type Row<'r> = (&'r [usize], &'r [usize], &'r [usize], &'r [f64]);
    let table: &[Row<'_>] = &[
        (&[3], &[3], &[], &[5.0]),
        (&[3], &[3, 2], &[2], &[10.0, 13.0]),
        (&[2, 3], &[3], &[2], &[5.0, 14.0]),
        (&[2, 3], &[3, 2], &[2, 2], &[10.0, 13.0, 28.0, 40.0]),
        (&[2], &[2, 2, 1], &[2, 1], &[1.0, 3.0]),
        (&[2, 1, 2], &[2], &[2, 1], &[1.0, 3.0]),
        (&[2, 1, 2], &[2, 1], &[2, 1, 1], &[1.0, 3.0]),
        (&[1, 2], &[2, 2, 1], &[2, 1, 1], &[1.0, 3.0]),
        (&[2, 1, 2], &[1, 2, 1], &[2, 1, 1], &[1.0, 3.0]),
        (&[2, 1, 1, 2], &[2, 2, 1], &[2, 2, 1, 1], &[1.0, 3.0, 3.0, 13.0]),
        (&[2, 0], &[0, 2], &[2, 2], &[0.0; 4]),
        (&[0, 2], &[2, 3], &[0, 3], &[]),
        (&[0, 2, 3], &[3], &[0, 2], &[]),
    ];
    for &(left, right, shape, wanted) in table {
        let b = Builder::new();
        let product = b.constant_tensor(counting(left)).matmul(b.constant_tensor(counting(right)));
        let answer = finished(&b, product).run(&[]).unwrap().remove(0);
        assert_eq!(answer, Tensor::new(shape, wanted.to_vec()).unwrap(), "{left:?} · {right:?}");
    }
}

#[test]
fn values_broadcast_as_in_numpy_also_over_symbols_that_turn_out_1_or_0() {
    for batch in [0, 1, 3] {
        let b = Builder::new();
        let (x, row) = (b.input("x", ("batch", 2)), b.input("row", 2));
        let graph = b.finish([x + row, x * x.sum_keep(0), x.mean(0)]).unwrap();
        let answers = graph.run(&[("x", &counting(&[batch, 2])), ("row", &[10.0, 20.0].into())]).unwrap();
        assert_eq!((answers[0].shape(), answers[1].shape()), (&[batch, 2][..], &[batch, 2][..]));
        let wanted: Vec<f64> = (0..2 * batch).map(|i| i as f64 + if i % 2 == 0 { 10.0 } else { 20.0 }).collect();
        assert_eq!(answers[0].to_f64(), wanted);
        assert_eq!(answers[2].to_f64().iter().all(|x| x.is_nan()), batch == 0, "the mean of nothing is no number");
    }
}

#[test]
fn values_of_no_numbers_go_through_every_class() {
    let b = Builder::new();
    let x = b.input("x", (0, 3));
    let labels = b.input("labels", 0);
    let outputs = [
        x.exp(),
        x.sum(0),
        x.max(0),
        x.sum_all(),
        x.matmul(b.constant_tensor(counting(&[3, 2]))),
        x.transpose(),
        x.pad(0, 1, 0),
        x.concat([x], 0),
        x.slice(1, 1..2),
        x.argmax(1),
        x.gather(1, labels),
        labels.one_hot(4),
        x.softmax(-1),
    ];
    let graph = b.finish(outputs).unwrap();
    let answers = graph.run(&[("x", &Tensor::zeros([0, 3])), ("labels", &Tensor::zeros([0]))]).unwrap();
    let shapes: Vec<_> = answers.iter().map(|a| a.shape().to_vec()).collect();
    let wanted: [&[usize]; 13] =
        [&[0, 3], &[3], &[3], &[], &[0, 2], &[3, 0], &[1, 3], &[0, 3], &[0, 1], &[0], &[0, 0], &[0, 4], &[0, 3]];
    assert_eq!(shapes, wanted);
    assert_eq!(answers[1].to_f64(), [0.0; 3]);
    assert_eq!(answers[2].to_f64(), [f64::NEG_INFINITY; 3]);
}

#[test]
fn bytes_stay_bytes_until_they_are_used_and_count_as_numbers() {
    let b = Builder::new();
    let (images, rows) = (b.input("images", (3, 2)), b.input("rows", 2));
    let graph = b.finish([images.gather(0, rows), images * 2.0, images.flatten(0)]).unwrap();
    let stored = Tensor::new([3, 2], vec![0u8, 1, 2, 3, 4, 255]).unwrap();
    let answers = graph.run(&[("images", &stored), ("rows", &[2u8, 0].into())]).unwrap();
    assert_eq!(answers[0], [[4.0, 255.0], [0.0, 1.0]].into());
    assert_eq!(answers[1].to_f64(), [0.0, 2.0, 4.0, 6.0, 8.0, 510.0]);
    assert_eq!(answers[2].to_f64()[5], 255.0);
}

#[test]
fn a_long_chain_of_reshapes_is_no_deep_recursion() {
    let b = Builder::new();
    let x = b.input("x", (2, 3));
    let long = (0..200_000).fold(x, |x, i| if i % 2 == 0 { x.reshape((3, 2)) } else { x.reshape((2, 3)) });
    let graph = finished(&b, long);
    assert_eq!(graph.run(&[("x", &counting(&[2, 3]))]).unwrap()[0], counting(&[2, 3]));
}

#[test]
fn all_axes_and_no_axes_are_axes() {
    let b = Builder::new();
    let x = b.constant_tensor(counting(&[2, 2]));
    let graph = b.finish([x.sum(Axes::All), x.sum([]), x.argmax(Axes::All), b.constant(7.0).argmax([])]).unwrap();
    let answers = graph.run(&[]).unwrap();
    assert_eq!(answers, [6.0.into(), counting(&[2, 2]), 3.0.into(), 0.0.into()]);
}

// ---- what stops a run -------------------------------------------------------------------------------------------

fn classifier() -> Graph {
    let b = Builder::new();
    let (x, labels) = (b.input("x", ("batch", 3)), b.input("labels", "batch"));
    let loss = x.matmul(b.parameter("w", (3, 4))).softmax_cross_entropy(labels).named("loss");
    finished(&b, loss)
}

fn message(feeds: &[(&str, &Tensor)]) -> String {
    classifier().run(feeds).expect_err("the feeds are wrong").to_string()
}

#[test]
fn what_is_wrong_with_a_run_is_said_with_names_and_shapes() {
    let (x, labels, w) = (Tensor::zeros([2, 3]), Tensor::from([1.0, 3.0]), Tensor::zeros([3, 4]));
    assert!(classifier().run(&[("x", &x), ("labels", &labels), ("w", &w)]).is_ok());
    assert_eq!(
        message(&[("x", &x), ("labels", &labels)]),
        "`w` (3, 4) was not fed; the graph needs: `x`, `labels`, `w`"
    );
    assert_eq!(message(&[("y", &x)]), "the graph has no input `y`; it has: `labels`, `w`, `x`");
    assert_eq!(message(&[("x", &w)]), "`x` is declared (batch, 3), but a value of shape [3, 4] was fed");
    assert_eq!(message(&[("x", &labels)]), "`x` is declared (batch, 3), but a value of shape [2] was fed");
    assert_eq!(
        message(&[("x", &x), ("labels", &Tensor::zeros([5])), ("w", &w)]),
        "`labels` makes batch = 5, but another value fed makes it 2; both must be equal"
    );
    for (wrong, shown) in [(4.0, "4"), (-1.0, "-1"), (0.5, "0.5"), (f64::NAN, "NaN")] {
        assert_eq!(
            message(&[("x", &x), ("labels", &[1.0, wrong].into()), ("w", &w)]),
            format!("`one_hot` of labels: {shown} is not a position; use a whole number from 0 to 3")
        );
    }
}

#[test]
fn positions_on_an_axis_without_any_are_refused() {
    let b = Builder::new();
    let graph = finished(&b, b.input("x", "n").gather(0, b.constant(0.0)));
    let error = graph.run(&[("x", &Tensor::zeros([0]))]).unwrap_err().to_string();
    assert_eq!(error, "`gather` of constant: 0 is not a position; the axis is empty");
    let error = graph.run(&[("x", &Tensor::zeros([1]))]);
    assert_eq!(error.unwrap(), [Tensor::scalar(0.0)]);
}

#[test]
fn a_value_larger_than_memory_is_refused_before_it_is_made() {
    for shape in [Shape::from((usize::MAX, 2)), Shape::from(usize::MAX / 8), Shape::from((0, usize::MAX, 3))] {
        let b = Builder::new();
        let x = b.scalar("x");
        let error = finished(&b, x.broadcast_to(shape.clone())).run(&[("x", &1.0.into())]).unwrap_err();
        assert_eq!(error.to_string(), format!("broadcast of shape {shape} would be larger than memory"));
    }
}

#[test]
fn products_of_symbols_that_overflow_are_refused() {
    let b = Builder::new();
    let (n, m) = (b.input("n", ("n", 0)), b.input("m", ("m", 0)));
    let spread = b.scalar("x").broadcast_to(("n", "m"));
    let graph = b.finish([n.sum_all() + m.sum_all(), spread]).unwrap();
    let huge = Tensor::new([usize::MAX / 16, 0], Vec::<f64>::new()).unwrap();
    let error = graph.run(&[("n", &huge), ("m", &huge), ("x", &1.0.into())]).unwrap_err();
    assert_eq!(error.to_string(), "broadcast of shape (n, m) would be larger than memory");
}

#[test]
fn a_symbol_that_nothing_says_is_named() {
    let b = Builder::new();
    let graph = finished(&b, b.scalar("x").broadcast_to(("rows", 2)));
    let error = graph.run(&[("x", &1.0.into())]).unwrap_err();
    assert_eq!(error.to_string(), "broadcast has the shape (rows, 2), but nothing that is fed says what `rows` is");
    let b = Builder::new();
    let early = b.constant(0.0).broadcast_to("rows");
    let graph = finished(&b, early + b.input("x", "rows"));
    assert!(matches!(graph.run(&[]).unwrap_err(), Error::NotFed { name, .. } if name == "x"));
    let b = Builder::new();
    b.input("x", 1);
    let error = finished(&b, b.extent(Dim::symbol("columns"))).run(&[("x", &Tensor::zeros([1]))]).unwrap_err();
    assert!(matches!(error, Error::Unbound { symbol, .. } if symbol == "columns"));
}

#[test]
fn only_leaves_of_this_graph_are_fed() {
    let b = Builder::new();
    let x = b.scalar("x");
    let graph = finished(&b, (x + 1.0).named("y"));
    let one = Tensor::scalar(1.0);
    let longer = classifier();
    let outside = longer.nodes().last().unwrap().0;
    for (id, name) in [(graph.outputs()[0], "y".to_string()), (outside, format!("node {}", outside.index()))] {
        let error = interpret::<f64>(&graph, &[(id, &one)]).unwrap_err();
        assert_eq!(error, Error::UnknownFeed { name, known: "`x`".to_string() });
    }
}

// ---- traces -----------------------------------------------------------------------------------------------------

#[test]
fn a_trace_of_a_loss_over_class_labels_has_every_derivative_that_there_is() {
    let (x, labels, w) = (Tensor::from([[1.0, 2.0, 3.0]; 2]), Tensor::from([1.0, 3.0]), Tensor::zeros([3, 4]));
    let trace = classifier().trace(&[x, labels, w]).unwrap();
    assert!((trace.value("loss").unwrap().item().unwrap() - 4f64.ln()).abs() < 1e-15);
    assert_eq!(trace.derivative("loss").unwrap().item(), Some(1.0));
    assert_eq!(trace.derivative("labels").unwrap(), Tensor::zeros([2]), "labels have no derivative");
    let derivative = trace.derivative("w").unwrap().to_f64();
    assert_eq!(derivative[..4], [0.25, -0.25, 0.25, -0.25]);
}

#[test]
fn a_trace_is_given_one_value_for_each_leaf() {
    let one = Tensor::scalar(1.0);
    let error = classifier().trace(&vec![one.clone(); 4]).unwrap_err();
    assert_eq!(error.to_string(), "the graph takes 3 values (`x`, `labels`, `w`), but 4 were given");
    let error = classifier().trace(&[Tensor::zeros([2, 3])]).unwrap_err();
    assert_eq!(error.to_string(), "`labels` (batch,) was not fed; the graph needs: `x`, `labels`, `w`");
    let trace = classifier().trace(&[Tensor::zeros([1, 3]), Tensor::zeros([1]), Tensor::zeros([3, 4])]).unwrap();
    let error = trace.value("weights").unwrap_err().to_string();
    assert_eq!(error, "the graph has no value named `weights`; it has: `x`, `labels`, `w`, `loss`");
}

#[test]
fn a_trace_of_what_is_not_one_number_is_a_mistake_on_the_callers_line() {
    let b = Builder::new();
    let graph = finished(&b, b.input("x", 2) * 2.0);
    let line = line!() + 1;
    let error = graph.trace(&[Tensor::zeros([2])]).unwrap_err().to_string();
    assert!(error.contains("a gradient is taken of a single number, not of (2,)"), "{error}");
    assert!(error.contains(&format!("interpreter.rs:{line}:")), "{error}");
    let empty = Builder::new().finish([]).unwrap();
    assert!(empty.trace(&[]).is_ok());
}
