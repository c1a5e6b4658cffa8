//! Adding an op is one row: what every row of the table must say, checked for each row that there is.

use std::collections::BTreeSet;

use limpid_graph::op::Class;
use limpid_graph::op::Leaf;
use limpid_graph::{Builder, Graph, MapOp, NodeId, Op, Real, Tensor, interpret};

use crate::support::draws::Draws;

/// One row as a graph of vectors.
fn alone(op: MapOp) -> Graph {
    let b = Builder::new();
    let arguments: Vec<_> = op.info().arguments.iter().map(|name| b.input(name, "n")).collect();
    b.finish([b.map(op, &arguments)]).expect("a row takes as many arguments as it names")
}

fn run<T: Real>(graph: &Graph, arguments: &[Tensor]) -> Vec<T> {
    let leaves = graph.inputs().map(|(id, _)| id);
    let feeds: Vec<(NodeId, &Tensor)> = leaves.zip(arguments).collect();
    let values = interpret::<T>(graph, &feeds).expect("every argument is fed");
    values.numbers(graph.outputs()[0]).into_owned()
}

#[test]
fn every_row_describes_itself() {
    for op in MapOp::ALL {
        let info = op.info();
        assert!(info.summary.trim().len() > 10, "{}: {:?}", info.name, info.summary);
        assert!(!info.arguments.is_empty() && info.ulp >= 0.0, "{}", info.name);
        for probe in info.probes {
            assert_eq!(probe.len(), info.arguments.len(), "a probe of {}", info.name);
        }
        for name in info.arguments {
            assert!(info.formula.contains(&format!("{{{name}}}")), "{}: {} without {name}", info.name, info.formula);
        }
    }
}

#[test]
fn every_brace_in_a_formula_is_an_argument() {
    for op in MapOp::ALL {
        let info = op.info();
        let letters: Vec<String> = info.arguments.iter().map(|name| format!("<{name}>")).collect();
        let formula = info.formula_of(&letters);
        assert!(!formula.contains(['{', '}']), "{}: {formula}", info.name);
        assert!(letters.iter().all(|letter| formula.contains(letter)), "{}: {formula}", info.name);
    }
    let braces = MapOp::Add.info().formula_of(&["{y}", "2"]);
    assert_eq!(braces, "{y} + 2", "an argument's own braces stay");
}

#[test]
fn names_and_onnx_operators_are_unique() {
    let mut names = BTreeSet::new();
    let mut operators = BTreeSet::new();
    for info in MapOp::ALL.iter().map(|op| op.info()) {
        assert!(names.insert(info.name), "{} stands twice", info.name);
        assert!(info.onnx.is_none_or(|operator| operators.insert(operator)), "{:?} stands twice", info.onnx);
    }
}

#[test]
fn a_row_is_the_op_that_its_method_makes() {
    for &op in MapOp::ALL {
        let graph = alone(op);
        let node = graph.node(graph.outputs()[0]);
        assert_eq!((&node.op, node.op.name(), node.op.class()), (&Op::Map(op), op.info().name, Class::Map));
        assert!(graph.inputs().all(|(_, node)| node.op == Op::Leaf(Leaf::Input)));
    }
}

/// How many `f32`s lie between two, at most; the sign counts.
fn ulps_apart(a: f32, b: f32) -> f64 {
    let ordered = |x: f32| {
        let bits = i64::from(x.to_bits() as i32);
        if bits < 0 { i64::from(i32::MIN) - bits } else { bits }
    };
    if a == b || (a.is_nan() && b.is_nan()) { 0.0 } else { (ordered(a) - ordered(b)).abs() as f64 }
}

/// Argument values where the row is worth having in `f32`: neither overflowing nor denormal.
fn in_range(op: MapOp, draws: &Draws, argument: usize, count: usize) -> Tensor {
    let (low, high) = match (op, argument) {
        (MapOp::Ln | MapOp::Sqrt, _) | (MapOp::Pow, 0) => (0.001, 50.0),
        (MapOp::Ln1P, _) => (-0.999, 50.0),
        (MapOp::Pow, _) => (-4.0, 4.0),
        (MapOp::Select | MapOp::Equal | MapOp::NotEqual, 0) => (-0.5, 0.5),
        // Below, 1 + erf cancels: `gelu_is_close_in_absolute_terms_where_it_vanishes`.
        (MapOp::Gelu, _) => (-1.0, 20.0),
        (MapOp::Softplus | MapOp::Sigmoid, _) => (-60.0, 60.0),
        _ => (-20.0, 20.0),
    };
    let spread = draws.tensor(&[count], low, high).to_f32();
    // Half of them close to the end of the range that is nearest to 0, over many powers of ten.
    let near = (0..count).map(|_| (draws.uniform(-14.0, 0.0).exp() * if draws.once_in(2) { high } else { low }) as f32);
    let mixed = spread.into_iter().zip(near).enumerate();
    mixed.map(|(i, (spread, near))| if i % 2 == 0 { spread } else { near }).collect::<Vec<f32>>().into()
}

/// The `f64` value, rounded, is the true one for an `f32`.
#[test]
fn single_precision_is_as_close_to_the_truth_as_the_row_says() {
    println!("{:<16} {:>8} {:>8}", "row", "found", "stated");
    let mut wrong = Vec::new();
    for &op in MapOp::ALL {
        let info = op.info();
        let draws = Draws::new(1, info.name);
        let arguments: Vec<Tensor> =
            (0..info.arguments.len()).map(|argument| in_range(op, &draws, argument, 40_000)).collect();
        let graph = alone(op);
        let (single, double) = (run::<f32>(&graph, &arguments), run::<f64>(&graph, &arguments));
        let pairs = single.iter().zip(&double);
        let worst = pairs.map(|(&a, &b)| ulps_apart(a, b as f32)).fold(0.0, f64::max);
        println!("{:<16} {worst:>8} {:>8}", info.name, info.ulp);
        // Correctly rounded or exact where the row says so; elsewhere rounding the truth may add one.
        let allowed = if info.ulp <= 0.5 { 0.0 } else { info.ulp + 1.0 };
        if worst > allowed {
            wrong.push(format!("{}: {worst} where {} is stated", info.name, info.ulp));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn gelu_is_close_in_absolute_terms_where_it_vanishes() {
    let x = [Draws::new(1, "gelu").tensor(&[40_000], -20.0, -1.0).to_f32_tensor()];
    let graph = alone(MapOp::Gelu);
    let (single, double) = (run::<f32>(&graph, &x), run::<f64>(&graph, &x));
    let errors = single.iter().zip(&double).map(|(&a, &b)| (f64::from(a) - b).abs());
    assert!(errors.fold(0.0, f64::max) < 5e-7);
}

#[test]
fn both_precisions_agree_at_the_probes() {
    for &op in MapOp::ALL {
        let info = op.info();
        let graph = alone(op);
        let column = |i: usize| info.probes.iter().map(|probe| probe[i] as f32).collect::<Vec<f32>>();
        let arguments: Vec<Tensor> = (0..info.arguments.len()).map(|i| column(i).into()).collect();
        let (single, double) = (run::<f32>(&graph, &arguments), run::<f64>(&graph, &arguments));
        for (&a, &b) in single.iter().zip(&double) {
            assert!(ulps_apart(a, b as f32) <= info.ulp + 1.0, "{}: {a} and {b}", info.name);
        }
    }
}

#[test]
fn conventions_at_the_odd_points() {
    let nan = f64::NAN;
    let at = |op: MapOp, arguments: &[f64]| {
        let arguments: Vec<Tensor> = arguments.iter().map(|&x| [x].into()).collect();
        run::<f64>(&alone(op), &arguments)[0]
    };
    assert_eq!(at(MapOp::Step, &[0.0]), 0.0);
    assert_eq!(at(MapOp::Step, &[-0.0]), 0.0);
    assert_eq!(at(MapOp::Step, &[nan]), 0.0);
    assert_eq!(at(MapOp::Sign, &[0.0]), 0.0);
    assert!(at(MapOp::Sign, &[-0.0]).is_sign_negative());
    assert!(at(MapOp::Relu, &[-0.0]).is_sign_positive());
    assert_eq!(at(MapOp::Sigmoid, &[-1000.0]), 0.0);
    assert_eq!(at(MapOp::Softplus, &[1000.0]), 1000.0);
    assert_eq!(at(MapOp::Pow, &[0.0, 0.0]), 1.0);
    assert_eq!(at(MapOp::Select, &[nan, 1.0, 2.0]), 1.0, "what is not a number is not 0");
    let staying = [MapOp::Sign, MapOp::Relu, MapOp::LeakyRelu, MapOp::Elu, MapOp::Gelu, MapOp::Softplus, MapOp::Abs];
    for op in staying {
        let arguments = vec![nan; 1];
        let arguments = if op.info().arguments.len() == 2 { [arguments, vec![0.5]].concat() } else { arguments };
        assert!(at(op, &arguments).is_nan(), "{} hides what is not a number", op.info().name);
    }
    for op in [MapOp::Maximum, MapOp::Minimum] {
        assert!(at(op, &[nan, 1.0]).is_nan() && at(op, &[1.0, nan]).is_nan());
    }
    for op in [MapOp::Greater, MapOp::GreaterEqual, MapOp::Less, MapOp::LessEqual, MapOp::Equal] {
        assert_eq!((at(op, &[nan, 1.0]), at(op, &[nan, nan])), (0.0, 0.0));
    }
    assert_eq!(at(MapOp::NotEqual, &[nan, nan]), 1.0);
}

#[test]
fn derivatives_at_kinks_follow_the_conventions() {
    let slope = |describe: fn(limpid_graph::Var<'_>) -> limpid_graph::Var<'_>, at: f64| {
        let b = Builder::new();
        let x = b.scalar("x");
        let graph = b.finish([b.grad(describe(x), &[x])[0]]).unwrap();
        graph.run(&[("x", &at.into())]).unwrap()[0].item().unwrap()
    };
    assert_eq!(slope(|x| x.relu(), 0.0), 0.0);
    assert_eq!(slope(|x| x.abs(), 0.0), 0.0);
    assert_eq!(slope(|x| x.step(), 0.0), 0.0);
    assert_eq!(slope(|x| x.leaky_relu(0.01), 0.0), 0.01);
    assert_eq!(slope(|x| x.elu(2.0), 0.0), 2.0);
    assert_eq!(slope(|x| x.maximum(x), 3.0), 1.0, "the halves of equal numbers add up");
    assert_eq!(slope(|x| x.pow(2.0), 0.0), 0.0);
    assert_eq!(slope(|x| x.pow(3.0), -2.0), 12.0);
    assert_eq!(slope(|x| x.pow(1.0), 0.0), 1.0);
    assert_eq!(slope(|x| x.pow(0.0), 0.0), 0.0);
    assert_eq!(slope(|x| 2.0 * x.pow(x.stop_gradient() * 0.0 + 2.0), -3.0), -12.0);
}
