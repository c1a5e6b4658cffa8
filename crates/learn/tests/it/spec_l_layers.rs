//! The course notes' rows on layers, each run forward and backward by itself.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid_engine::{Precision, Session};
use limpid_graph::{Builder, Tensor};
use limpid_learn::{
    Affine, Backward, Context, Dataset, Error, Initializer, Layer, Loss, Network, Optimizer, Relu, Sigmoid,
    SingleLayer, step,
};

fn scalars<const N: usize>(numbers: [f64; N]) -> [Tensor; N] {
    numbers.map(Tensor::scalar)
}

#[test]
fn the_shop_from_multiply_and_add_layers_gives_the_printed_digits() {
    let [mut apples, mut oranges, mut taxed] = [(); 3].map(|()| SingleLayer::multiply());
    let mut both = SingleLayer::add();
    let apple_cost = apples.forward(&scalars([100.0, 2.0])).unwrap();
    let orange_cost = oranges.forward(&scalars([150.0, 3.0])).unwrap();
    let subtotal = both.forward(&[&apple_cost, &orange_cost]).unwrap();
    let total = taxed.forward(&[subtotal, Tensor::scalar(1.1)]).unwrap();
    assert_eq!(total.item(), Some(715.0000000000001));

    let of = |layer: &SingleLayer, upstream: &Tensor| -> Vec<Tensor> { layer.backward(upstream).unwrap().inputs };
    let taxed = of(&taxed, &Tensor::scalar(1.0));
    assert_eq!(taxed, scalars([1.1, 650.0]));
    let both = of(&both, &taxed[0]);
    assert_eq!(both, scalars([1.1, 1.1]));
    assert_eq!(of(&apples, &both[0]), scalars([2.2, 110.00000000000001]));
    assert_eq!(of(&oranges, &both[1]), scalars([3.3000000000000003, 165.0]));
}

#[test]
fn joints_take_arrays_and_give_each_input_a_derivative_of_its_own_shape() {
    let (matrix, row) = (Tensor::from([[1.0, 2.0], [3.0, 4.0]]), Tensor::from([10.0, 20.0]));
    let upstream = Tensor::from([[1.0, 1.0], [1.0, 2.0]]);
    let mut multiply = SingleLayer::multiply();
    assert_eq!(multiply.forward(&[&matrix, &row]).unwrap(), Tensor::from([[10.0, 40.0], [30.0, 80.0]]));
    let backward = multiply.backward(&upstream).unwrap();
    assert_eq!(backward.inputs, [Tensor::from([[10.0, 20.0], [10.0, 40.0]]), Tensor::from([4.0, 10.0])]);
    assert_eq!(backward.parameters, []);
    let mut add = SingleLayer::add();
    assert_eq!(add.forward(&[&matrix, &row]).unwrap(), Tensor::from([[11.0, 22.0], [13.0, 24.0]]));
    assert_eq!(add.backward(&upstream).unwrap().inputs, [upstream, Tensor::from([2.0, 3.0])]);
}

#[test]
fn relu_lets_the_derivative_through_where_its_input_was_positive() {
    let mut relu = SingleLayer::layer(Relu, 0);
    let x = Tensor::from([[1.0, -0.5], [-2.0, 3.0], [0.0, -0.0]]);
    assert_eq!(relu.forward(&x).unwrap(), Tensor::from([[1.0, 0.0], [0.0, 3.0], [0.0, 0.0]]));
    let upstream = Tensor::from([[5.0, 6.0], [7.0, 8.0], [9.0, 10.0]]);
    let wanted = Tensor::from([[5.0, 0.0], [0.0, 8.0], [0.0, 0.0]]);
    assert_eq!(relu.backward(&upstream).unwrap().inputs, [wanted]);
}

#[test]
fn sigmoids_backward_pass_needs_its_output_alone() {
    let mut sigmoid = SingleLayer::layer(Sigmoid, 0);
    let y = sigmoid.forward(&Tensor::from([-3.0, 0.0, 2.5])).unwrap().to_f64();
    let upstream = [1.0, -2.0, 0.3];
    let backward = sigmoid.backward(&Tensor::from(upstream)).unwrap();
    for ((dx, up), y) in backward.inputs[0].to_f64().iter().zip(upstream).zip(y) {
        assert!((dx - up * y * (1.0 - y)).abs() <= 1e-16, "{dx}");
    }

    let b = Builder::new();
    let x = b.input("x", 3);
    let y = b.map(limpid_graph::MapOp::Sigmoid, &[x]);
    let dx = b.vjp(&[y], &[b.input("up", 3)], &[x])[0];
    let graph = b.finish([y, dx]).unwrap();
    let readers = graph.nodes().filter(|(_, node)| node.inputs.contains(&x.id()));
    assert!(readers.map(|(id, _)| id).eq([y.id()]), "nothing in the backward pass reads x");
}

fn affine_2_to_3() -> SingleLayer {
    let mut affine = SingleLayer::layer(Affine::new(2, 3), 1);
    affine.set("w", Tensor::from([[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]])).unwrap();
    affine.set("b", Tensor::from([10.0, 20.0, 30.0])).unwrap();
    affine
}

fn named(backward: Backward) -> [Tensor; 3] {
    let [(w, dw), (b, db)] = <[_; 2]>::try_from(backward.parameters).unwrap();
    assert_eq!((w.as_str(), b.as_str()), ("w", "b"));
    let [dx] = <[_; 1]>::try_from(backward.inputs).unwrap();
    [dx, dw, db]
}

#[test]
fn affine_gives_the_derivatives_of_its_input_its_weights_and_its_bias() {
    let mut affine = affine_2_to_3();
    let x = Tensor::from([[1.0, 2.0], [0.5, -1.0]]);
    assert_eq!(affine.forward(&x).unwrap(), Tensor::from([[15.0, 31.0, 47.0], [8.5, 17.5, 26.5]]));
    let [dx, dw, db] = named(affine.backward(&Tensor::from([[1.0, 0.0, -1.0], [2.0, 1.0, 0.0]])).unwrap());
    // dx = up·Wᵀ, dW = xᵀ·up, db = Σ up.
    assert_eq!(dx, Tensor::from([[-4.0, -4.0], [5.0, 8.0]]));
    assert_eq!(dw, Tensor::from([[2.0, 0.5, -1.0], [0.0, -1.0, -2.0]]));
    assert_eq!(db, Tensor::from([3.0, 1.0, -1.0]));
}

#[test]
fn affine_takes_an_input_of_any_rank_and_each_row_in_it_counts_alike() {
    let rows: Vec<f64> = (0..24).map(|i| f64::from(i % 7) - 3.0).collect();
    let up: Vec<f64> = (0..36).map(|i| f64::from(i % 5) - 2.0).collect();
    let mut affine = affine_2_to_3();
    let mut through = |lead: &[usize]| {
        let shaped = |last: usize, values: &[f64]| Tensor::new([lead, &[last]].concat(), values.to_vec()).unwrap();
        let count: usize = lead.iter().product();
        let y = affine.forward(&shaped(2, &rows[..2 * count])).unwrap();
        let [dx, dw, db] = named(affine.backward(&shaped(3, &up[..3 * count])).unwrap());
        assert_eq!((y.shape(), dx.shape()), (&*[lead, &[3]].concat(), &*[lead, &[2]].concat()));
        [y, dx, dw, db].map(|tensor| tensor.to_f64())
    };
    let flat = through(&[12]);
    assert_eq!(through(&[3, 4]), flat);
    assert_eq!(through(&[2, 3, 2]), flat);
    assert_eq!(through(&[2, 1, 3, 2]), flat);
    assert_eq!(through(&[]), through(&[1]), "one sample without a batch");
}

#[test]
fn softmax_with_loss_goes_back_with_the_difference_over_the_batch() {
    let scores = Tensor::from([[0.3, 2.9, 4.0], [1010.0, 1000.0, 990.0]]);
    let one_hot = Tensor::from([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]);
    let y = SingleLayer::layer(limpid_learn::Softmax, 0).forward(&scores).unwrap().to_f64();
    let wanted: Vec<f64> = y.iter().zip(one_hot.to_f64()).map(|(y, t)| (y - t) / 2.0).collect();
    let mut joint = SingleLayer::softmax_with_loss();
    for targets in [one_hot, Tensor::from([2.0, 0.0]), Tensor::from([2u8, 0])] {
        let loss = joint.forward(&[&scores, &targets]).unwrap();
        assert!((loss.item().unwrap() - (-y[2].ln() - y[3].ln()) / 2.0).abs() < 1e-15);
        for upstream in [1.0, -3.5] {
            let backward = joint.backward(&Tensor::scalar(upstream)).unwrap();
            assert_eq!(backward.inputs.len(), 1, "targets are given, not computed");
            let found = backward.inputs[0].to_f64();
            let near = |(found, wanted): (&f64, &f64)| (found - upstream * wanted).abs() < 1e-15;
            assert!(found.iter().zip(&wanted).all(near), "{found:?}");
        }
    }
}

#[test]
fn a_backward_pass_never_overwrites_the_derivative_handed_to_it() {
    let upstream = Tensor::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let before = upstream.clone();
    let x = Tensor::from([[-1.0, 2.0, 0.0], [1.0, -3.0, 4.0]]);
    let mut layers =
        [SingleLayer::layer(Relu, 0), SingleLayer::layer(Sigmoid, 0), SingleLayer::layer(Affine::new(3, 3), 0)];
    for layer in &mut layers {
        layer.forward(&x).unwrap();
        let first = layer.backward(&upstream).unwrap();
        assert_eq!(upstream, before);
        assert_eq!(layer.backward(&upstream).unwrap(), first, "and it can be asked again");
    }
}

#[test]
fn a_backward_pass_goes_back_through_the_last_forward_pass_with_the_parameters_it_had() {
    let mut affine = affine_2_to_3();
    affine.forward(&Tensor::from([1.0, 1.0])).unwrap();
    affine.forward(&Tensor::from([[1.0, 2.0], [0.5, -1.0]])).unwrap();
    let upstream = Tensor::from([[1.0, 0.0, -1.0], [2.0, 1.0, 0.0]]);
    let before = affine.backward(&upstream).unwrap();
    affine.set("w", Tensor::zeros([2, 3])).unwrap();
    assert_eq!(affine.backward(&upstream).unwrap(), before);
    assert_eq!(affine.forward(&Tensor::from([1.0, 1.0])).unwrap(), Tensor::from([10.0, 20.0, 30.0]));
}

#[test]
fn what_does_not_fit_a_single_layer_is_said() {
    let mut affine = affine_2_to_3();
    assert_eq!(affine.backward(&Tensor::from([1.0, 0.0, 0.0])), Err(Error::NothingForward));
    let message = affine.forward(&Tensor::from([1.0, 2.0, 3.0])).unwrap_err().to_string();
    assert!(message.contains("the layer takes 2 numbers per sample, but is given (3,)"), "{message}");
    assert!(message.contains("spec_l_layers.rs") && message.contains("`Affine::new(3, 3)` here"), "{message}");
    affine.forward(&Tensor::from([1.0, 2.0])).unwrap();
    let message = affine.backward(&Tensor::from([1.0, 0.0])).unwrap_err().to_string();
    assert!(message.contains("`upstream derivative` is declared (3,), but a value of shape [2] was fed"), "{message}");
    let message = affine.set("w", Tensor::zeros([3, 2])).unwrap_err().to_string();
    assert_eq!(message, "`w` has shape [3, 2]; for inputs of this shape the layer needs [2, 3]");
    let message = affine.set("weights", Tensor::zeros([2, 3])).unwrap_err().to_string();
    assert_eq!(message, "the layer has no parameter `weights`; it has `w` [2, 3], `b` [3]");
    let message = SingleLayer::add().forward(&Tensor::scalar(1.0)).unwrap_err().to_string();
    assert_eq!(message, "`add` takes 2 inputs and was given 1");

    let mut set_too_early = SingleLayer::layer(Affine::new(2, 3), 0);
    set_too_early.set("w", Tensor::zeros([3, 2])).unwrap();
    assert!(matches!(set_too_early.forward(&Tensor::from([1.0, 2.0])), Err(Error::Parameters(_))));
}

/// Answers the largest input's position, which has no derivative.
#[derive(Debug)]
struct Position;

impl Layer for Position {
    fn text(&self) -> String {
        "position".into()
    }

    fn forward<'b>(&self, x: limpid_graph::Var<'b>, _: &Context<'b>) -> limpid_graph::Var<'b> {
        x.argmax(-1)
    }
}

#[test]
fn a_layer_without_a_derivative_runs_forward_and_says_why_not_backward() {
    let mut position = SingleLayer::layer(Position, 0);
    assert_eq!(position.forward(&Tensor::from([1.0, 3.0, 2.0])).unwrap(), Tensor::scalar(1.0));
    let message = position.backward(&Tensor::scalar(1.0)).unwrap_err().to_string();
    assert!(message.contains("derivative") && message.contains("argmax"), "{message}");
}

/// Keeps each parameter's gradient instead of moving by it.
#[derive(Debug)]
struct Keep;

impl Optimizer for Keep {
    fn name(&self) -> &'static str {
        "keep"
    }

    fn update<'b>(&self, context: &Context<'b>, parameter: limpid_graph::Var<'b>, gradient: limpid_graph::Var<'b>) {
        context.update(context.optimizer_state(parameter, "gradient", 0.0), gradient);
    }
}

#[test]
fn the_two_layer_net_from_an_ordered_list_of_layers_has_the_training_graphs_gradients() {
    let init = Initializer::Normal(0.3);
    let layers = || (Affine::new(6, 5).init(init), Relu, Affine::new(5, 4).init(init));
    let network = Network::new(6, layers());
    let data = Dataset::new(init.draw(&[8, 6], 3, "inputs"), Tensor::from([0u8, 1, 2, 3, 3, 2, 1, 0])).unwrap();

    let mut session = Session::new(Precision::F64);
    let graph = step::training_step(&network, &data, &Loss::SoftmaxCrossEntropy, &Keep).unwrap().graph;
    let program = session.load(graph);
    for declared in network.parameters().unwrap() {
        let value = declared.initial_value(7);
        session.set(&format!("{} gradient", declared.name), Tensor::zeros(value.shape()));
        session.set(&declared.name, value);
    }
    let rows = Tensor::from([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
    let feeds = [("inputs", data.inputs()), ("targets", data.targets()), ("rows", &rows)];
    let loss = session.run(program, &feeds).unwrap().swap_remove(0);

    let (first, relu, second) = layers();
    let mut list = [SingleLayer::layer(first, 0), SingleLayer::layer(relu, 0), SingleLayer::layer(second, 0)];
    for (i, name) in [(0, "w"), (0, "b"), (2, "w"), (2, "b")] {
        list[i].set(name, session.get(&format!("{i}/{name}")).unwrap().clone()).unwrap();
    }
    let scores = list.iter_mut().fold(data.inputs().clone(), |x, layer| layer.forward(&x).unwrap());
    let mut with_loss = SingleLayer::softmax_with_loss();
    assert_eq!(with_loss.forward(&[&scores, data.targets()]).unwrap(), loss);
    let mut upstream = with_loss.backward(&Tensor::scalar(1.0)).unwrap().inputs.swap_remove(0);
    for (i, layer) in list.iter().enumerate().rev() {
        let mut backward = layer.backward(&upstream).unwrap();
        for (name, gradient) in backward.parameters {
            let wanted = session.get(&format!("{i}/{name} gradient")).unwrap();
            let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-15;
            assert_eq!(gradient.shape(), wanted.shape());
            assert!(gradient.to_f64().iter().zip(&wanted.to_f64()).all(near), "{i}/{name}");
        }
        upstream = backward.inputs.swap_remove(0);
    }
}
