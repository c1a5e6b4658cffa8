//! What is recomputed after one number changed is what a whole run would say, to the bit.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid_graph::{Builder, Graph, NodeId, Tensor, Var, interpret};
use limpid_learn::Perturbation;

use crate::support::draws::Draws;
use crate::support::random_graph::{Kind, RandomGraph, random_graph};
use crate::support::{by_node, same_bits};

#[test]
fn one_changed_number_gives_the_bits_of_a_whole_run() {
    let mut compared = 0;
    for seed in 0..3_000 {
        let RandomGraph { graph, feeds } = random_graph(seed, Kind::Wild);
        let draws = Draws::new(seed, "perturbation");
        let fed = by_node(&graph, &feeds);
        let run = interpret::<f64>(&graph, &fed).unwrap();
        let leaves: Vec<&(NodeId, &Tensor)> = fed.iter().filter(|(_, value)| !value.is_empty()).collect();
        if leaves.is_empty() || run.numbers(graph.outputs()[0]).is_empty() {
            continue;
        }
        let &&(leaf, value) = &leaves[draws.below(leaves.len())];
        let mut perturbed = Perturbation::new(&run, leaf);
        for _ in 0..3 {
            let (element, number) = (draws.below(value.len()), draws.pick(&[0.0, 1.0, -0.75, 2.0]));
            let mut numbers = value.to_f64();
            numbers[element] = number;
            let changed = Tensor::new(value.shape(), numbers).unwrap();
            let feeds: Vec<_> = fed.iter().map(|&(id, old)| (id, if id == leaf { &changed } else { old })).collect();
            let whole = interpret::<f64>(&graph, &feeds).map(|run| run.numbers(graph.outputs()[0])[0]);
            match (perturbed.output_with(element, number), whole) {
                (Ok(a), Ok(b)) => assert!(same_bits(a, b), "graph {seed}, element {element}: {a} is not {b}"),
                (a, b) => assert_eq!(a.err(), b.err(), "graph {seed}"),
            }
            compared += 1;
        }
    }
    assert!(compared > 5_000, "{compared}");
}

/// Compares the differences of a leaf with whole runs.
fn assert_differences_are_those_of_whole_runs(
    name: &str,
    graph: &Graph,
    fed: &[(NodeId, &Tensor)],
    leaf: NodeId,
    step: f64,
) {
    let run = interpret::<f64>(graph, fed).unwrap();
    let value = fed.iter().find(|(id, _)| *id == leaf).unwrap().1;
    let differences = Perturbation::new(&run, leaf).differences(step);
    let whole = |element: usize, step: f64| {
        let mut numbers = value.to_f64();
        numbers[element] += step;
        let changed = Tensor::new(value.shape(), numbers).unwrap();
        let feeds: Vec<_> = fed.iter().map(|&(id, old)| (id, if id == leaf { &changed } else { old })).collect();
        interpret::<f64>(graph, &feeds)
            .map(|whole| (whole.numbers(graph.outputs()[0])[0], whole.sides() != run.sides()))
    };
    let wanted: Result<Vec<_>, _> = (0..value.len()).map(|i| Ok((whole(i, step)?, whole(i, -step)?))).collect();
    match (differences, wanted) {
        (Ok(differences), Ok(wanted)) => {
            assert_eq!(differences.len(), wanted.len());
            for (i, (found, (plus, minus))) in differences.iter().zip(wanted).enumerate() {
                let same = same_bits(found.plus, plus.0) && same_bits(found.minus, minus.0);
                assert!(same, "{name}, element {i}: {found:?} is not {plus:?} and {minus:?}");
                assert_eq!(found.crosses_kink, plus.1 || minus.1, "{name}, element {i}");
            }
        }
        (differences, wanted) => assert_eq!(differences.err(), wanted.err(), "{name}"),
    }
}

#[test]
fn every_number_moved_up_and_down_gives_the_bits_of_whole_runs() {
    for seed in 0..1_000 {
        let RandomGraph { graph, feeds } = random_graph(seed, Kind::Wild);
        let fed = by_node(&graph, &feeds);
        if interpret::<f64>(&graph, &fed).is_ok_and(|run| !run.numbers(graph.outputs()[0]).is_empty()) {
            let step = Draws::new(seed, "step").pick(&[1e-4, 0.5, 2.0]);
            fed.iter().for_each(|&(leaf, _)| {
                assert_differences_are_those_of_whole_runs(&seed.to_string(), &graph, &fed, leaf, step)
            });
        }
    }
}

#[test]
fn every_weight_of_a_network_moved_up_and_down_gives_the_bits_of_whole_runs() {
    type End = for<'b> fn(Var<'b>, Var<'b>) -> Var<'b>;
    let ends: [(&str, End); 6] = [
        ("softmax cross-entropy", |y, t| y.softmax_cross_entropy(t.one_hot(3))),
        ("squares, averaged over the batch first", |y, t| (y.square().mean(0) * 2.0).sum_all() + t.mean_all()),
        ("a product of rows with columns", |y, t| y.matmul(y.transpose()).tanh().sum_all() + t.sum_all()),
        ("a kink behind the batch", |y, t| (y.mean(0) - 0.1).relu().sum_all() * t.mean_all()),
        ("slices", |y, t| (y.slice(1, 1..3).pad(1, 0, 1) * y).reshape((7, 3, 1)).sum([1, 2]).mean_all() + t.mean_all()),
        ("rows alone", |y, _| y.sum(-1)),
    ];
    type Middle = for<'b> fn(Var<'b>) -> Var<'b>;
    let middles: [(&str, Middle); 4] = [
        ("sigmoid", |x| x.sigmoid()),
        ("relu", |x| x.relu()),
        ("normalised", |x| x / x.square().sum_keep(-1).sqrt()),
        ("none", |x| x),
    ];
    let number = |i: usize| ((i * 37 + 11) % 23) as f64 / 11.0 - 1.0;
    let feed =
        |shape: &[usize]| Tensor::new(shape, (0..shape.iter().product()).map(number).collect::<Vec<_>>()).unwrap();
    // Mostly zeros, as digits are, with a column of them and a row.
    let sparse = |i: usize| if i.is_multiple_of(3) || i % 13 == 4 || i / 13 == 2 { 0.0 } else { number(i) };
    let x_value = Tensor::new([7, 13], (0..91).map(sparse).collect::<Vec<_>>()).unwrap();
    let t_value = Tensor::from([0.0, 2.0, 1.0, 1.0, 0.0, 2.0, 2.0]);
    for (middle_name, middle) in middles {
        for (end_name, end) in ends {
            let b = Builder::new();
            let (x, t) = (b.input("x", (7, 13)), b.input("t", 7));
            let shapes: [(&str, &[usize]); 6] =
                [("w1", &[13, 5]), ("b1", &[5]), ("w2", &[5, 4]), ("b2", &[4]), ("w3", &[4, 3]), ("b3", &[3])];
            let p: Vec<Var<'_>> = shapes.iter().map(|(name, shape)| b.parameter(name, *shape)).collect();
            let hidden = middle(middle(x.matmul(p[0]) + p[1]).matmul(p[2]) + p[3]);
            let graph = b.finish([end(hidden.matmul(p[4]) + p[5], t)]).unwrap();
            let values: Vec<Tensor> = shapes.iter().map(|(_, shape)| feed(shape)).collect();
            let fed: Vec<(NodeId, &Tensor)> = [(x.id(), &x_value), (t.id(), &t_value)]
                .into_iter()
                .chain(p.iter().map(|p| p.id()).zip(&values))
                .collect();
            for leaf in &p {
                let name = format!("{middle_name}, {end_name}, {:?}", leaf.name());
                assert_differences_are_those_of_whole_runs(&name, &graph, &fed, leaf.id(), 0.25);
            }
        }
    }
}
