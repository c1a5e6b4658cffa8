//! Networks as text: layers within layers, and every mistake at once.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid_graph::Tensor;
use limpid_learn::{Affine, Branches, Dataset, FitOptions, Identity, Model, Network, Relu, Residual, Tanh};

fn told(text: &str) -> String {
    text.parse::<Network>().and_then(|network| network.variables()).unwrap_err().to_string()
}

#[test]
fn layers_within_layers_are_read_and_written() {
    let table = [
        ("8, residual(affine 8, relu), affine 2", "8, residual(affine 8, relu), affine 2"),
        ("8, residual( residual(affine 8),tanh )", "8, residual(residual(affine 8), tanh)"),
        (
            "8\nbranches(\n  affine 3, relu  # one, of (two)\n| identity |affine 2\n)\naffine 4",
            "8, branches(affine 3, relu | identity | affine 2), affine 4",
        ),
        (
            "8, branches(residual(affine 8 init=normal(0.1)) | branches(affine 1 | affine 2))",
            "8, branches(residual(affine 8 init=normal(0.1)) | branches(affine 1 | affine 2))",
        ),
        ("1 28 28, flatten, affine 10", "1x28x28, flatten, affine 10"),
        ("1 × 28 × 28, affine 10", "1x28x28, affine 10"),
    ];
    for (text, wanted) in table {
        let network: Network = text.parse().unwrap();
        assert_eq!(network.to_string(), wanted);
        assert_eq!(wanted.parse::<Network>().unwrap().to_string(), wanted);
        Model::new(&network, 1).unwrap();
    }
}

#[test]
fn layers_within_layers_are_named_by_their_path() {
    let network: Network =
        "4, affine 6, residual(affine 3, tanh, affine 6), branches(relu, affine 2 | affine 1)".parse().unwrap();
    let names = network.parameter_names().unwrap();
    let wanted = ["0/w", "0/b", "1/0/w", "1/0/b", "1/2/w", "1/2/b", "2/0/1/w", "2/0/1/b", "2/1/0/w", "2/1/0/b"];
    assert_eq!(names, wanted);
    let layers = (
        Affine::to(6),
        Residual::new((Affine::to(3), Tanh, Affine::to(6))),
        Branches::new([(Relu, Affine::to(2)).into(), Affine::to(1).into()]),
    );
    let written = Network::new(4, layers);
    assert_eq!((written.to_string(), written.parameter_names().unwrap()), (network.to_string(), names));
}

#[test]
fn a_residual_block_adds_its_input_and_branches_stand_side_by_side() {
    let mut model = Model::new(&Network::new(2, Residual::new(Relu)), 1).unwrap();
    assert_eq!(model.predict(&[3.0, -1.0].into()).unwrap().to_f64(), [6.0, -1.0]);
    let network = Network::new(2, Branches::new([Identity.into(), Relu.into()]));
    let mut model = Model::new(&network, 1).unwrap();
    assert_eq!(model.predict(&[3.0, -1.0].into()).unwrap().to_f64(), [3.0, -1.0, 3.0, 0.0]);
    // Images are joined along their channels.
    let network: Network = "2x1x2, branches(identity | relu)".parse().unwrap();
    let mut model = Model::new(&network, 1).unwrap();
    let found = model.predict(&[1.0, -2.0, 3.0, -4.0].into()).unwrap();
    assert_eq!((found.shape(), found.to_f64()), (&[4, 1, 2][..], vec![1.0, -2.0, 3.0, -4.0, 1.0, 0.0, 3.0, 0.0]));
}

#[test]
fn every_mistake_in_a_text_is_told_at_once_with_its_place() {
    let text = "784, affine 0, rleu, residual(affine 5 init=hee, branches(tanh | sofmax)),\nleaky-relu slope=x size=2";
    insta::assert_snapshot!(told(text));
}

#[test]
fn what_does_not_fit_is_told_at_once_with_what_cannot_be_read() {
    // Of a layer that is most likely meant, what it gives is known; behind one of which nothing is known, nothing is.
    let message = told("1x8x8, conv 4 9x9, rleu, cnv 3 3x3, conv 6 3x3 groups=2, conv 0 3x3, conv 2 20x20");
    let lines: Vec<&str> = message.lines().filter(|line| line.contains("(line")).collect();
    insta::assert_snapshot!(lines.join("\n"));
    let toml = "input = [1, 8, 8]\nlayer = [{ kind = \"conv\", filters = 4, kernel = 9 }, { kind = \"max-pol\", size = 2 },\n\
                { kind = \"max-pool\", size = 7 }, { kind = \"conv\", filters = 0 }]";
    let message = Network::from_toml(toml).unwrap_err().to_string();
    for wanted in [
        "5 mistakes",
        "a kernel of 9x9 is larger than its padded input of 8x8",
        "unknown layer `max-pol`, did you mean `max-pool`?",
        "a window of 7x7 is larger than its padded input of 4x4",
        "the number of its filters is 0",
        "takes the size of the kernels",
    ] {
        assert!(message.contains(wanted), "{message}");
    }
}

#[test]
fn every_layer_that_does_not_fit_is_told_at_once_with_its_place() {
    let text =
        "6x2x2, group-norm 4, residual(affine 8, tanh),\n affine 12, group-norm 5, branches(group-norm 7 | relu)";
    insta::assert_snapshot!(told(text));
}

#[test]
fn parentheses_that_do_not_match_and_what_stands_around_them_are_told() {
    let table = [
        ("8, residual(affine 8", "this `(` is not closed (line 1, column 12)"),
        ("8, affine 8), relu", "this `)` closes nothing (line 1, column 12)"),
        ("8, residual()", "layers are missing here; `identity` hands on what it is given (line 1, column 13)"),
        ("8, branches(relu | )", "layers are missing here; `identity` hands on what it is given (line 1, column 19)"),
        ("8, residual", "`residual` takes layers between parentheses, such as `residual(affine 4, tanh)`"),
        ("8, branches", "`branches` takes rows of layers between parentheses, such as `branches("),
        ("8, residual(relu) 3", "`3` stands behind the layer `residual`; a comma separates layers (line 1, column 19)"),
        ("8, resdual(relu)", "unknown layer `resdual`, did you mean `residual`? (line 1, column 4)"),
        ("8, affine(3)", "`affine` takes the number of its outputs, such as `affine 50` (line 1, column 10)"),
        (
            "8, residual(affine 4)",
            "the layers inside make (batch, 4) of (batch, 8), and the two cannot be added; expected: \
          layers that give (batch, 8), which they are given (line 1, column 4)",
        ),
        ("2x3x3, branches(relu | flatten)", "the branches give (batch, 2, 3, 3), (batch, 18), which cannot be joined"),
        ("8, relu | tanh", "the layer `relu` does not take `|`"),
    ];
    for (text, wanted) in table {
        let message = told(text);
        assert!(message.contains(wanted), "{text:?} gives: {message}");
    }
    let deep = format!("8, {}relu{}", "residual(".repeat(50_000), ")".repeat(50_000));
    assert!(told(&deep).starts_with("more than 32 parentheses within one another are not supported"));
    let deep = format!("8, {}relu{}", "residual(".repeat(32), ")".repeat(32));
    assert_eq!(deep.parse::<Network>().unwrap().to_string(), deep);
}

#[test]
fn a_layer_that_no_derivative_comes_through_is_told_with_its_place() {
    let network: Network = "5, affine 4, embedding 10 3, flatten, affine 2".parse().unwrap();
    let mut model = Model::new(&network, 1).unwrap();
    let data = Dataset::new(Tensor::zeros([4, 5]), Tensor::from([0u8, 1, 1, 0])).unwrap();
    let told = model.fit(&data, &FitOptions::default()).unwrap_err().to_string();
    let wanted = "the derivative cannot come through gather: positions are whole numbers; the way there: `0/w` → matmul → \
                  add → gather; expected: an output that does not depend on this op, or `stop_gradient` on the input of this \
                  op (line 1, column 14)";
    assert!(told.starts_with(wanted), "{told}");
}
