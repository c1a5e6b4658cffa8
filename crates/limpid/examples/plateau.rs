//! Two networks that seem to learn nothing: one stands on a plateau, in the other the gradient vanishes on its way back.

use std::fmt::Write;

use limpid::datasets::mnist;
use limpid::draw::{Line, Plot};
use limpid::learn::{Error, optimizer, step::GraphKind};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

/// How large the loss's derivatives by the weights of each layer are: the root of their mean square.
fn by_layer(model: &Model, data: &Dataset) -> Result<Vec<f64>, Error> {
    let graph = GraphKind::Gradient.graph(model.network(), data, &model.loss(), &Sgd)?;
    let rows = Tensor::from((0..data.len()).map(|row| row as f64).collect::<Vec<_>>());
    let parameters = model.parameters()?;
    let mut feeds = vec![("inputs", data.inputs()), ("targets", data.targets()), ("rows", &rows)];
    feeds.extend(parameters.iter().map(|(name, value)| (name.as_str(), value)));
    let size = |g: &Tensor| (g.to_f64().iter().map(|x| x * x).sum::<f64>() / g.len() as f64).sqrt();
    Ok(graph.run(&feeds)?[1..].iter().filter(|gradient| gradient.rank() == 2).map(size).collect())
}

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let train = mnist(&Mnist::default())?.0.range(0, 10_000)?;
    let deep = |activation: &str, init: &str| {
        format!("784, {}affine 10 init={init}", format!("affine 50 init={init}, {activation}, ").repeat(5))
    };
    let (sigmoid, relu) = (deep("sigmoid", "xavier"), deep("relu", "he"));
    let small =
        "784, affine 50 init=normal(0.01), relu, affine 50 init=normal(0.01), relu, affine 10 init=normal(0.01)";
    let trainings = [
        ("vanishing", &*sigmoid, "sgd"),
        ("vanishing, with momentum", &*sigmoid, "momentum 0.9"),
        ("plateau", small, "sgd"),
        ("plateau, with momentum", small, "momentum 0.9"),
        ("as deep, ReLU and He's weights", &*relu, "sgd"),
    ];
    let (mut slopes, mut losses) = (Plot::new().log_y(true), Plot::new());
    for (name, network, steps) in trainings {
        let mut model = Model::new(&network.parse()?, 1)?;
        let at_first = by_layer(&model, &train.range(0, 100)?)?;
        let (optimizer, learning_rate) = (optimizer(steps)?, Some(0.1));
        let fit = FitOptions { epochs: 6, optimizer, learning_rate, seed: 0, ..FitOptions::default() };
        let all = model.fit(&train, &fit)?.losses;
        let loss: Vec<f64> = all.chunks(20).map(|some| some.iter().sum::<f64>() / 20.0).collect();
        let falls = loss.iter().position(|&loss| loss < 2.0).map(|at| format!("falls below 2 after {} steps", 20 * at));
        writeln!(page, "{name}: the loss {}", falls.as_deref().unwrap_or("never falls below 2"))?;
        if steps == "sgd" {
            let each: String = at_first.iter().map(|slope| format!(" {slope:.0e}")).collect();
            writeln!(page, "  derivatives by layer, before the first step:{each}")?;
            slopes = slopes.add(Line::counted(at_first).label(name).marked());
        }
        losses = losses.add(Line::counted(loss).label(name));
    }
    page.picture("derivatives", &slopes.title("before the first step").labels("layer, from 0", "derivatives"))?;
    Ok(page.picture("loss", &losses.title("training loss").labels("steps, in twenties", "loss").y_limits(0.0, 2.5))?)
}

fn main() -> Outcome {
    Page::show(stop)
}
