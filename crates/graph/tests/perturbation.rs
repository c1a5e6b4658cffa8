//! What is recomputed after one number changed is what a whole run would say, to the bit.

mod support;

use limpid_graph::{NodeId, Perturbation, Tensor, interpret};
use support::draws::Draws;
use support::random_graph::{Kind, RandomGraph, random_graph};
use support::{by_node, same_bits};

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
