//! Every op's derivative is right: against central differences in `f64`, of first and second order.

use limpid_graph::op::{Layout, Monoid};
use limpid_graph::{Axes, Builder, Fault, Formula, FormulaBody, MapOp, Shape, Tensor, Var};

use crate::support::draws::Draws;
use crate::support::gradient_check::{Order, Report, assert_all, check};

const BOUND: f64 = 1e-7;
const BOTH: Order = Order::FirstAndSecond;

fn random(purpose: &str, shapes: &[&[usize]]) -> Vec<Tensor> {
    let draws = Draws::new(1, purpose);
    shapes.iter().map(|shape| draws.tensor(shape, -1.0, 1.0)).collect()
}

#[test]
fn every_row_of_the_map_table_has_the_derivative_that_it_states() {
    let probed = |op: &&MapOp| !op.info().probes.is_empty();
    let reports: Vec<Report> = MapOp::ALL
        .iter()
        .filter(probed)
        .map(|&op| {
            let info = op.info();
            let argument = |i: usize| Tensor::from(info.probes.iter().map(|probe| probe[i]).collect::<Vec<f64>>());
            let at: Vec<Tensor> = (0..info.arguments.len()).map(argument).collect();
            let order = if info.smooth { BOTH } else { Order::First };
            check(info.name, &at, order, |x| x[0].builder().map(op, x))
        })
        .collect();
    assert_all("map", &reports, BOUND);
    for Report { op, left_out, .. } in reports {
        // A condition of 0 is the kink of `select`, and the only way to its other branch.
        let allowed = if op == "select" { 1 } else { 0 };
        assert_eq!(left_out, allowed, "the probes of {op} stand away from its kinks");
    }
}

#[test]
fn smooth_activations_have_a_second_derivative_on_each_side_of_their_kinks() {
    let kinked = [MapOp::LeakyRelu, MapOp::Elu, MapOp::Relu, MapOp::Abs, MapOp::Maximum, MapOp::Minimum];
    let reports = kinked.map(|op| {
        let info = op.info();
        let argument = |i: usize| Tensor::from(info.probes.iter().map(|probe| probe[i]).collect::<Vec<f64>>());
        let at: Vec<Tensor> = (0..info.arguments.len()).map(argument).collect();
        check(info.name, &at, BOTH, |x| x[0].builder().map(op, x).square())
    });
    assert_all("map with a kink, squared", &reports, BOUND);
}

#[test]
fn stop_gradient_is_the_only_row_without_probes_and_its_derivative_is_zero() {
    let unprobed: Vec<_> = MapOp::ALL.iter().filter(|op| op.info().probes.is_empty()).collect();
    assert_eq!(unprobed, [&MapOp::StopGradient]);
    let b = Builder::new();
    let x = b.scalar("x");
    let y = x.stop_gradient() * x;
    let graph = b.finish([y, b.grad(y, &[x])[0]]).unwrap();
    let answers = graph.run(&[("x", &3.0.into())]).unwrap();
    assert_eq!(answers, [Tensor::scalar(9.0), Tensor::scalar(3.0)], "one factor is held constant");
}

#[test]
fn arguments_that_are_spread_out_receive_the_sum() {
    let shapes: [[&[usize]; 2]; 5] = [[&[], &[3]], [&[3], &[2, 3]], [&[2, 1], &[1, 3]], [&[1], &[]], [&[0], &[2, 1]]];
    let reports = shapes.map(|shapes| {
        let name = format!("multiply {shapes:?}");
        check(&name, &random(&name, &shapes), BOTH, |x| (x[0] * x[1]).tanh())
    });
    assert_all("broadcast in front of a map", &reports, BOUND);
}

#[test]
fn every_monoid_has_its_derivative_over_any_axes() {
    let axes: [&[isize]; 8] = [&[], &[0], &[1], &[2], &[0, 1], &[0, 2], &[-2, -1], &[0, 1, 2]];
    let mut reports = Vec::new();
    for &monoid in Monoid::ALL {
        for axes in axes {
            let name = format!("{} {axes:?}", monoid.name());
            let at = random(&name, &[&[2, 3, 4]]);
            reports.push(check(&name, &at, BOTH, |x| {
                x[0].square().reduce(monoid, Axes::Listed(axes.to_vec()), false).tanh()
            }));
        }
    }
    let kept = random("kept", &[&[2, 3]]);
    reports.push(check("sum_keep", &kept, BOTH, |x| x[0] * x[0].sum_keep(1)));
    reports.push(check("max_keep", &kept, BOTH, |x| x[0] * x[0].max_keep(0)));
    reports.push(check("mean", &kept, BOTH, |x| x[0].square().mean(0).exp()));
    reports.push(check("mean_all", &kept, BOTH, |x| x[0].exp().mean_all()));
    assert_all("reduce", &reports, BOUND);
    assert!(reports.iter().all(|report| report.left_out == 0));
}

#[test]
fn every_kind_of_rearrangement_has_its_derivative() {
    let check_of = |layout: Layout| {
        let name = format!("{layout:?}");
        check(&name, &random(&name, &[&[2, 3, 4]]), BOTH, |x| x[0].square().arrange(layout.clone()).tanh())
    };
    let reports: Vec<Report> = Layout::examples(&[2, 3, 4]).into_iter().map(check_of).collect();
    assert_all("layout", &reports, BOUND);
}

#[test]
fn the_check_itself_notices_a_wrong_derivative() {
    let half = check("x · (x held constant)", &random("wrong", &[&[3]]), BOTH, |x| x[0] * x[0].stop_gradient());
    assert!(half.first > 0.01 && half.second.is_some_and(|error| error > 0.01));
}

#[test]
fn equal_extremes_share_the_derivative() {
    let b = Builder::new();
    let x = b.input("x", 3);
    let y = b.input("y", 3);
    let outputs = [x.max(0), x.min(0), x.maximum(y).sum_all(), x.minimum(y).sum_all()];
    let gradients = outputs.map(|output| b.grad(output, &[x])[0]);
    let graph = b.finish(gradients).unwrap();
    let answers = graph.run(&[("x", &[2.0, 1.0, 2.0].into()), ("y", &[2.0, 0.0, 3.0].into())]).unwrap();
    let answers: Vec<_> = answers.iter().map(Tensor::to_f64).collect();
    assert_eq!(answers, [[0.5, 0.0, 0.5], [0.0, 1.0, 0.0], [0.5, 1.0, 0.0], [0.5, 0.0, 1.0]]);
}

#[test]
fn matrix_products_of_any_ranks_have_their_derivatives() {
    let shapes: [[&[usize]; 2]; 16] = [
        [&[3], &[3]],
        [&[3], &[3, 2]],
        [&[3], &[2, 3, 2]],
        [&[3], &[2, 2, 3, 2]],
        [&[2, 3], &[3]],
        [&[2, 3], &[3, 4]],
        [&[2, 3], &[2, 3, 2]],
        [&[2, 3], &[2, 1, 3, 2]],
        [&[2, 2, 3], &[3]],
        [&[2, 2, 3], &[3, 2]],
        [&[2, 2, 3], &[2, 3, 2]],
        [&[1, 2, 3], &[2, 3, 1]],
        [&[2, 2, 3], &[1, 3, 2]],
        [&[2, 1, 2, 3], &[2, 3, 2]],
        [&[2, 1, 2, 3], &[1, 2, 3, 2]],
        [&[2, 2, 1, 3], &[3]],
    ];
    let reports = shapes.map(|shapes| {
        let name = format!("{:?} · {:?}", shapes[0], shapes[1]);
        check(&name, &random(&name, &shapes), BOTH, |x| x[0].matmul(x[1]).tanh())
    });
    assert_all("contract", &reports, BOUND);
}

#[test]
fn every_layout_has_its_derivative() {
    let cube = random("layout", &[&[2, 3, 4]]);
    let parts = random("concat", &[&[2, 1], &[2, 3], &[2, 2]]);
    let case = |name: &str, layout: fn(Var<'_>) -> Var<'_>| check(name, &cube, BOTH, |x| layout(x[0].square()).tanh());
    let reports = [
        case("reshape", |x| x.reshape([4, 6])),
        case("flatten", |x| x.flatten(1)),
        case("permute", |x| x.permute([2, 0, 1])),
        case("transpose", |x| x.transpose()),
        case("broadcast new axis", |x| x.broadcast_to([2, 2, 3, 4])),
        case("broadcast axis of 1", |x| x.reshape([6, 1, 4]).broadcast_to([6, 2, 4])),
        case("slice", |x| x.slice(1, 1..3)),
        case("slice of nothing", |x| x.slice(-1, 2..2)),
        case("pad", |x| x.pad(1, 1, 2)),
        check("concat", &parts, BOTH, |x| x[0].concat([x[1], x[2], x[0]], -1).square()),
        check("concat first axis", &random("rows", &[&[2, 2], &[1, 2]]), BOTH, |x| x[0].concat([x[1]], 0).exp()),
    ];
    assert_all("layout", &reports, BOUND);
}

#[test]
fn gathers_and_their_transposes_have_their_derivatives() {
    let data = random("gather", &[&[3, 4]]);
    let case = |name: &str, axis: isize, positions: Tensor| {
        check(name, &data, BOTH, |x| {
            x[0].square().gather(axis, x[0].builder().constant_tensor(positions.clone())).exp()
        })
    };
    let scattered = check("scatter_add", &random("scatter", &[&[3, 2]]), BOTH, |x| {
        let b = x[0].builder();
        let data = b.constant_tensor(Tensor::zeros([4, 2]));
        let picked = data.gather(0, b.constant_tensor([1.0, 3.0, 1.0].into()));
        b.vjp(&[picked], &[x[0].square()], &[data])[0].exp()
    });
    let reports = [
        case("gather a row", 0, 2.0.into()),
        case("gather rows twice", 0, [2.0, 0.0, 2.0].into()),
        case("gather columns", -1, [[3.0, 0.0], [0.0, 0.0]].into()),
        case("gather nothing", 0, Tensor::zeros([0])),
        scattered,
    ];
    assert_all("index", &reports, BOUND);
}

#[test]
fn compositions_have_their_derivatives() {
    let scores = random("scores", &[&[3, 4]]);
    let pair = random("pair", &[&[3, 4], &[3, 4]]);
    let probabilities = [Draws::new(2, "probabilities").tensor(&[3, 4], 0.1, 0.9)];
    let reports = [
        check("softmax last axis", &scores, BOTH, |x| x[0].softmax(-1)),
        check("softmax first axis", &scores, BOTH, |x| x[0].softmax(0)),
        check("softmax of a vector", &random("vector", &[&[5]]), BOTH, |x| x[0].softmax(0)),
        check("log_softmax", &scores, BOTH, |x| x[0].log_softmax(-1)),
        check("softmax_cross_entropy, one-hot", &scores, BOTH, |x| x[0].softmax_cross_entropy(labels(x[0]).one_hot(4))),
        check("softmax_cross_entropy, labels", &scores, BOTH, |x| x[0].softmax_cross_entropy(labels(x[0]))),
        check("softmax_cross_entropy, soft targets", &pair, BOTH, |x| x[0].softmax_cross_entropy(x[1])),
        check("cross_entropy, one-hot", &probabilities, BOTH, |x| x[0].cross_entropy(labels(x[0]).one_hot(4), 1e-7)),
        check("cross_entropy, labels", &probabilities, BOTH, |x| x[0].cross_entropy(labels(x[0]), 1e-7)),
        check("sigmoid_cross_entropy", &pair, BOTH, |x| x[0].sigmoid_cross_entropy(x[1])),
        check("half_sum_of_squares", &pair, BOTH, |x| x[0].half_sum_of_squares(x[1])),
        check("mean_squared_error", &pair, BOTH, |x| x[0].mean_squared_error(x[1])),
    ];
    assert_all("compositions", &reports, BOUND);
}

fn labels(scores: Var<'_>) -> Var<'_> {
    scores.builder().constant_tensor([2.0, 0.0, 3.0].into())
}

#[test]
fn a_users_own_formula_has_its_derivative() {
    let swish = Formula::new("swish", |[x]| x.clone() * x.sigmoid());
    let damped = Formula::new("damped", |[x, y]| (-x.clone().square()).exp() * y.clone() + x / (1.5 + y.square()));
    let one = Formula::new("one", |[_]| FormulaBody::Number(1.0));
    let hinge = Formula::new("hinge", |[x]| (1.0 - x).relu().square());
    let (x, pair) = (random("formula", &[&[3]]), random("formulas", &[&[2, 3], &[3]]));
    let reports = [
        check("swish", &x, BOTH, |x| swish.apply([x[0]])),
        check("damped", &pair, BOTH, |x| damped.apply([x[0], x[1]])),
        check("damped, one argument twice", &x, BOTH, |x| damped.apply([x[0], x[0]])),
        check("damped, one argument from the other", &x, BOTH, |x| damped.apply([x[0], x[0].tanh()])),
        check("damped of swish", &x, BOTH, |x| damped.apply([swish.apply([x[0]]), x[0]])),
        check("constant", &x, BOTH, |x| one.apply([x[0]])),
        check("hinge", &x, BOTH, |x| hinge.apply([x[0]])),
    ];
    assert_all("formula", &reports, BOUND);
}

#[test]
fn a_formulas_own_gradient_takes_the_place_of_the_one_that_follows() {
    let square = || Formula::new("square", |[x]| x.clone() * x);
    let told = square().with_gradient(|[x], up| [up * 2.0 * x]);
    let product = Formula::new("product", |[x, y]| x * y).with_gradient(|[x, y], up| [up.clone() * y, up * x]);
    let (x, pair) = (random("told", &[&[3]]), random("told twice", &[&[2, 3], &[3]]));
    let reports = [
        check("square", &x, BOTH, |x| told.apply([x[0]])),
        check("product", &pair, BOTH, |x| product.apply([x[0], x[1]])),
        check("product, one argument twice", &x, BOTH, |x| product.apply([x[0], x[0]])),
        check("product, one argument from the other", &x, BOTH, |x| product.apply([x[0], told.apply([x[0]])])),
    ];
    assert_all("own gradients", &reports, BOUND);
    // What is told is believed, right or wrong; a number reaches every element.
    let slopes = |formula: &Formula| {
        let b = Builder::new();
        let x = b.input("x", (2, 2));
        let slope = b.grad(formula.apply([x]).sum_all(), &[x])[0];
        b.finish([slope]).unwrap().run(&[("x", &[[1.0, -2.0], [3.0, 0.5]].into())]).unwrap()[0].to_f64()
    };
    assert_eq!(slopes(&square().with_gradient(|[_], _| [FormulaBody::Number(7.0)])), [7.0; 4]);
    assert_eq!(slopes(&square().with_gradient(|[_], _| [FormulaBody::Number(0.0)])), [0.0; 4]);
    assert_eq!(slopes(&square().with_gradient(|[_], up| [up])), [1.0; 4]);
    assert_ne!(square(), told);
}

#[test]
fn what_has_no_derivative_says_which_op_why_and_the_way_to_it() {
    type Case = (&'static str, &'static str, &'static str, fn(Var<'_>) -> Var<'_>);
    let cases: [Case; 4] = [
        ("argmax", "the position of the largest number jumps or stays", "`x` → exp → argmax", |x| {
            x.exp().argmax(-1)
        }),
        ("one_hot", "class labels are whole numbers", "`x` → `score` → one_hot", |x| {
            (x * x).named("score").one_hot(3)
        }),
        ("gather", "positions are whole numbers", "`x` → square → gather", |x| {
            x.builder().constant_tensor(Tensor::zeros([9])).gather(0, x.square())
        }),
        ("gather", "positions are whole numbers", "`x` → negate → gather", |x| x.gather(0, -x)),
    ];
    for (wanted_op, wanted_reason, wanted_way, describe) in cases {
        let b = Builder::new();
        let x = b.input("x", 4);
        b.grad(describe(x).sum_all(), &[x]);
        let error = b.finish([]).unwrap_err();
        let limpid_graph::Error::Described(mistakes) = error else { panic!("{error}") };
        assert_eq!(mistakes.0.len(), 1, "{mistakes}");
        let Fault::NoDerivative { op, reason, way } = &mistakes.0[0].fault else { panic!("{mistakes}") };
        assert_eq!((op.as_str(), *reason, way.join(" → ").as_str()), (wanted_op, wanted_reason, wanted_way));
    }
}

#[test]
fn the_positions_of_a_scatter_have_no_derivative_either() {
    let b = Builder::new();
    let (data, positions, up) = (b.input("data", 4), b.input("positions", 2), b.input("up", 2));
    let scattered = b.vjp(&[data.gather(0, positions)], &[up], &[data])[0];
    b.grad(scattered.sum_all(), &[positions]);
    let error = b.finish([]).unwrap_err().to_string();
    assert!(error.contains("through scatter_add: positions are whole numbers"), "{error}");
}

#[test]
fn stop_gradient_before_an_op_without_derivative_leaves_a_derivative_of_zero() {
    let b = Builder::new();
    let x = b.input("x", 3);
    let largest = x.stop_gradient().argmax(0).one_hot(3);
    let gradient = b.grad((x * largest).sum_all(), &[x])[0];
    let graph = b.finish([gradient]).unwrap();
    assert_eq!(graph.run(&[("x", &[1.0, 5.0, 2.0].into())]).unwrap()[0].to_f64(), [0.0, 1.0, 0.0]);
}

#[test]
fn a_derivative_has_the_shape_of_its_variable_and_is_zero_where_nothing_depends_on_it() {
    let b = Builder::new();
    let (x, other) = (b.input("x", ("batch", 3)), b.input("other", ("batch", 2)));
    let gradients = b.grad(x.sum_all(), &[x, other, x.sum(0)]);
    assert_eq!(gradients[0].shape(), x.shape());
    assert_eq!(gradients[1].shape(), other.shape());
    assert_eq!(gradients[2].shape(), Shape::from(3), "a value that is not on the way");
    let graph = b.finish(gradients).unwrap();
    let feeds = [("x", &Tensor::zeros([2, 3])), ("other", &Tensor::zeros([2, 2]))];
    let answers = graph.run(&feeds).unwrap();
    assert_eq!(answers, [[[1.0; 3]; 2].into(), Tensor::zeros([2, 2]), Tensor::zeros([3])]);
}

#[test]
fn a_graph_with_its_gradient_answers_each_derivative_under_its_name() {
    let b = Builder::new();
    let (x, y) = (b.scalar("x"), b.scalar("y"));
    let graph = b.finish([(x + y).named("z")]).unwrap();
    let graph = graph.with_gradient("z", &["x", "y", "x"]).unwrap();
    let names: Vec<_> = graph.outputs().iter().map(|&id| graph.label(id)).collect();
    assert_eq!(names, ["z", "d z / d x", "d z / d y", "d z / d x"]);
    let answers = graph.run(&[("x", &1.0.into()), ("y", &2.0.into())]).unwrap();
    assert_eq!(answers[1..], [Tensor::scalar(1.0), Tensor::scalar(1.0), Tensor::scalar(1.0)]);
}
