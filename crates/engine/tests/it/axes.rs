//! Folds and broadcasts over any axes: the engine computes what the interpreter does, to the same bits in any number of
//! threads, and does it on the way.

#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
use limpid_engine::{Precision, Session};
use limpid_graph::{Builder, Graph, Tensor, Var};

/// Many blocks and tasks, with rows that end within a vector; few items, and columns of which some are padding.
const SHAPES: &[[usize; 4]] = &[[6, 9, 40, 33], [300, 5, 3, 7], [2, 3, 50, 64], [3, 1, 130, 40], [40, 16, 14, 14]];

fn numbers(shape: &[usize], prime: usize) -> Tensor {
    let count: usize = shape.iter().product();
    Tensor::new(shape, (0..count).map(|i| ((i * prime) % 2003) as f32 / 1001.0 - 1.0).collect::<Vec<_>>()).unwrap()
}

fn graph(shape: &[usize], describe: impl for<'b> Fn(&'b Builder, Var<'b>, Var<'b>) -> Vec<Var<'b>>) -> Graph {
    let b = Builder::new();
    let [x, up] = ["x", "up"].map(|name| b.input(name, shape));
    b.finish(describe(&b, x, up)).unwrap().simplified().unwrap()
}

fn answers(mut session: Session, graph: &Graph, shape: &[usize]) -> Vec<Tensor> {
    let [x, up] = [7919, 104_729].map(|prime| numbers(shape, prime));
    let has = |name: &str| graph.fed().any(|(_, node)| node.name.as_deref() == Some(name));
    let feeds: Vec<(&str, &Tensor)> = [("x", &x), ("up", &up)].into_iter().filter(|(name, _)| has(name)).collect();
    let program = session.load(graph.clone());
    session.run(program, &feeds).unwrap()
}

/// Against the interpreter in `f64`, and the same bits in one, two and three threads.
fn agrees(what: &str, graph: &Graph, shape: &[usize]) {
    let engine = |threads: usize| answers(Session::new(Precision::F32).with_threads(threads), graph, shape);
    let wanted = answers(Session::reference(Precision::F64), graph, shape);
    let found = engine(1);
    for (found, wanted) in found.iter().zip(&wanted) {
        assert_eq!(found.shape(), wanted.shape(), "{what}");
        for (a, b) in found.to_f64().into_iter().zip(wanted.to_f64()) {
            assert!((a - b).abs() <= 1e-3 * b.abs().max(1.0), "{what}: {a} for {b}\n{}", graph.show());
        }
    }
    let bits = |answers: &[Tensor]| -> Vec<u64> {
        answers.iter().flat_map(|answer| answer.to_f64().into_iter().map(f64::to_bits)).collect()
    };
    for threads in [2, 3] {
        assert_eq!(bits(&found), bits(&engine(threads)), "{what} in {threads} threads");
    }
}

fn subsets() -> impl Iterator<Item = Vec<isize>> {
    (1..16).map(|which: isize| (0..4).filter(|axis| which >> axis & 1 == 1).collect())
}

#[test]
fn folds_over_any_axes_and_broadcasts_back_agree_with_the_interpreter() {
    for shape in SHAPES {
        for axes in subsets() {
            let what = format!("{shape:?} over {axes:?}");
            let sums = graph(shape, |_, x, up| {
                let sum = x.square().sum_keep(limpid_graph::Axes::Listed(axes.clone()));
                let quotient = x / (sum + 1.0);
                vec![(quotient * up).sum(limpid_graph::Axes::Listed(axes.clone())), quotient]
            });
            agrees(&what, &sums, shape);
            let extremes = graph(shape, |_, x, up| {
                let most = x.max_keep(limpid_graph::Axes::Listed(axes.clone()));
                vec![(x - most).exp() * up, x.min(limpid_graph::Axes::Listed(axes.clone()))]
            });
            agrees(&what, &extremes, shape);
        }
    }
}

#[test]
fn one_number_for_each_position_of_any_axes_goes_there_and_back() {
    for shape in SHAPES {
        for axes in subsets() {
            let of_each: Vec<usize> =
                (0..4).map(|axis| if axes.contains(&(axis as isize)) { 1 } else { shape[axis] }).collect();
            let there_and_back = graph(shape, |b, x, up| {
                let numbers = b.constant_tensor(numbers(&of_each, 17));
                let bias = numbers.reshape(of_each.as_slice());
                let gradients = b.grad(((x + bias).tanh() * bias * up).sum_all(), &[x, bias]);
                vec![gradients[0], gradients[1]]
            });
            agrees(&format!("{shape:?}, one number for each but {axes:?}"), &there_and_back, shape);
        }
    }
}

#[test]
fn a_channel_in_the_middle_is_computed_on_the_way_as_one_at_the_end_is() {
    let planned = |shape: [usize; 4], channels: [usize; 4], axis: isize, others: [isize; 3]| {
        let b = Builder::new();
        let [x, up] = ["x", "up"].map(|name| b.input(name, shape.as_slice()));
        let bias = b.parameter("bias", channels.as_slice());
        let y = x + bias;
        let centred = y - y.sum_keep(others) / 1000.0;
        let normal = centred / (centred.square().sum_keep(others) + 1e-3).sqrt();
        let loss = (normal.relu() * up).sum_all() + y.softmax(axis).square().sum_all();
        let gradients = b.grad(loss, &[bias]);
        let graph = b.finish([loss, gradients[0]]).unwrap().simplified().unwrap();
        let mut session = Session::new(Precision::F32);
        session.set("bias", numbers(&channels, 3));
        let (program, x) = (session.load(graph), numbers(&shape, 7919));
        session.run(program, &[("x", &x), ("up", &x)]).unwrap();
        let plan = session.plan(program).unwrap();
        (plan.steps(), plan.unshared_bytes(), plan.to_string())
    };
    let middle = planned([20, 12, 24, 24], [1, 12, 1, 1], 1, [0, 2, 3]);
    let last = planned([20, 24, 24, 12], [1, 1, 1, 12], 3, [0, 1, 2]);
    assert!(middle.0 <= last.0 && middle.1 <= last.1, "{}\nchannels last:\n{}", middle.2, last.2);
}

#[test]
fn a_flattened_picture_is_read_where_it_stands() {
    for side in [14, 24] {
        let shape = [50, 6, side, side];
        let graph = graph(&shape, |_, x, up| {
            let pictures = (x * up).relu();
            let weights = |name: usize| vec![0.01 * name as f32; 6 * side * side * 10];
            let weights = Tensor::new([6 * side * side, 10], weights(1)).unwrap();
            vec![pictures.flatten(1).matmul(x.builder().constant_tensor(weights))]
        });
        let mut session = Session::new(Precision::F32);
        let (program, x) = (session.load(graph), numbers(&shape, 7919));
        session.run(program, &[("x", &x), ("up", &x)]).unwrap();
        let plan = session.plan(program).unwrap();
        assert_eq!(plan.steps(), 2, "the picture and the product\n{plan}");
    }
}

#[test]
fn a_picture_that_is_permuted_and_permuted_back_is_computed_as_it_lies() {
    let shape = [8, 6, 20, 24];
    fn normal<'b>(x: Var<'b>, bias: Var<'b>, others: [isize; 3]) -> Var<'b> {
        let x = (x + bias).relu();
        (x - x.sum_keep(others) / 100.0) * x
    }
    let of_each = Tensor::new([6], (0..6).map(|i| i as f32 / 10.0).collect::<Vec<_>>()).unwrap();
    let there_and_back = graph(&shape, |b, x, up| {
        let bias = b.constant_tensor(of_each.clone());
        let last = normal(x.permute([0, 2, 3, 1]), bias, [0, 1, 2]);
        vec![last.permute([0, 3, 1, 2]) * up]
    });
    let as_it_lies = graph(&shape, |b, x, up| {
        let bias = b.constant_tensor(of_each.clone()).reshape([6, 1, 1].as_slice());
        vec![normal(x, bias, [0, 2, 3]) * up]
    });
    agrees("permuted and back", &there_and_back, &shape);
    let plan = |graph: &Graph| {
        let mut session = Session::new(Precision::F32);
        let (program, x) = (session.load(graph.clone()), numbers(&shape, 7919));
        session.run(program, &[("x", &x), ("up", &x)]).unwrap();
        let plan = session.plan(program).unwrap();
        (plan.steps(), plan.unshared_bytes(), plan.to_string())
    };
    let (found, wanted) = (plan(&there_and_back), plan(&as_it_lies));
    assert_eq!((found.0, found.1), (wanted.0, wanted.1), "{}\nas it lies:\n{}", found.2, wanted.2);
}
