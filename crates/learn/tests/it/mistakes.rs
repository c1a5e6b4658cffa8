//! What a person reads who described a network whose layers do not fit: everything at once, and where.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid_graph::{Tensor, Var};
use limpid_learn::{Affine, Context, Dataset, Flatten, Layer, Loss, Mode, Network, Relu, Sgd, step};

/// Adds a learned row of the wrong length.
#[derive(Debug)]
struct Shift(usize);

impl Layer for Shift {
    fn text(&self) -> String {
        "shift".to_string()
    }

    fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
        x + context.parameter("by", self.0, limpid_learn::Initializer::Zeros)
    }
}

/// The message, in which `mistakes.rs:12:34` becomes `mistakes.rs:…` after it was seen to name a line of this file, so
/// that the tests may move.
fn told(error: &limpid_learn::Error) -> String {
    let lines = include_str!("mistakes.rs").lines().count();
    let message = error.to_string().replace('\\', "/");
    let mut parts = message.split("mistakes.rs:");
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let end = part.find(|c: char| c != ':' && !c.is_ascii_digit()).unwrap_or(part.len());
        let line: usize = part[..end].split(':').next().unwrap().parse().unwrap();
        assert!((1..=lines).contains(&line), "line {line}");
        out += "mistakes.rs:…";
        out += &part[end..];
    }
    out
}

#[test]
fn layers_that_do_not_fit_are_all_reported_with_path_shapes_and_line() {
    let layers =
        (Affine::new(784, 50), Relu, Affine::new(40, 30), Relu, Affine::new(30, 20), Affine::new(12, 10), Shift(3));
    let network = Network::new(784, layers);
    insta::assert_snapshot!(told(&network.graph(Mode::Train).unwrap_err()));
}

#[test]
fn a_layer_of_the_users_own_is_named_where_it_goes_wrong() {
    let network = Network::new([1, 28, 28], (Flatten, Affine::to(5), Shift(10)));
    insta::assert_snapshot!(told(&network.graph(Mode::Train).unwrap_err()));
}

#[test]
fn targets_that_do_not_fit_the_scores_are_reported_beside_the_layers() {
    let network = Network::new(4, (Affine::new(4, 3), Affine::new(2, 3)));
    let data = Dataset::new(Tensor::zeros([6, 4]), Tensor::zeros([6, 5])).unwrap();
    insta::assert_snapshot!(told(&step::training_step(&network, &data, &Loss::default(), &Sgd).unwrap_err()));
}
