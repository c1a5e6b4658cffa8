//! What each layer of a convolutional network sees: its answers for one digit, and the digits that excite a filter most.

use std::fmt::Write;

use limpid::datasets::mnist;
use limpid::draw::{Bars, ColourMap, Images, Plot, Raster};
use limpid::learn::{Mode, optimizer};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

const NETWORK: &str = "1 28 28, conv 8 5x5, relu, max-pool 2, conv 16 3x3, relu, max-pool 2, affine 10";
const ASKED: usize = 1000; // test digits

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let (train, test) = mnist(&Mnist::default())?;
    let mut model = Model::new(&NETWORK.parse()?, 1)?;
    let fit = FitOptions { epochs: 2, batch_size: 50, optimizer: optimizer("adam")?, seed: 0, ..FitOptions::default() };
    model.fit(&train.range(0, 10_000)?, &fit)?;
    writeln!(page, "trained on 10,000 digits: test accuracy {:.3}", model.evaluate(&test)?.accuracy.unwrap_or(0.0))?;
    let digits = Tensor::new([ASKED, 1, 28, 28], test.range(0, ASKED)?.inputs_as_f32())?;
    for layers in [2, 3, 5, 6] {
        let maps = model.first_layers(layers)?.predict(&digits.rows(0, 1))?;
        let (&[_, channels, height, width], values) = (maps.shape(), maps.to_f64()) else { continue };
        let most = values.iter().fold(0.0, |most: f64, value| most.max(*value));
        writeln!(page, "{}: {channels} maps of {height}×{width}", model.network().first_layers(layers))?;
        let mut images = Images::new(8).title(format!("{channels} maps behind layer {}", layers - 1));
        for (channel, map) in values.chunks(height * width).enumerate() {
            images = images.add(Raster::mapped(width, height, map, ColourMap::Grey, [0.0, most])?, channel.to_string());
        }
        page.picture(&format!("layer-{}", layers - 1), &images)?;
    }
    let scores = Bars::new((0..10).map(|digit| digit.to_string()), model.predict(&digits.rows(0, 1))?.to_f64());
    page.picture("scores", &Plot::new().title("the scores").labels("class", "score").add(scores))?;

    // Where four filters of the second convolution answer most, and the pixels that they see there.
    let answers = model.first_layers(5)?.predict(&digits)?.to_f64();
    let (maps, graph) = (answers.len() / ASKED, model.network().first_layers(5).graph(Mode::Inference)?);
    let x = graph.find("x")?;
    let sizes = graph.sizes(&[(x, &digits.rows(0, 1))])?;
    let mut images = Images::new(6).title("what excites four filters most: the pixels that they see are marked");
    for filter in 0..4 {
        let of_digit = |digit: usize| (filter * maps / 16..(filter + 1) * maps / 16).map(move |at| (digit, at));
        let answer = |&(digit, at): &(usize, usize)| answers[digit * maps + at];
        let best = |digit| of_digit(digit).max_by(|a, b| answer(a).total_cmp(&answer(b)));
        let mut places: Vec<(usize, usize)> = (0..ASKED).filter_map(best).collect();
        places.sort_by(|a, b| answer(b).total_cmp(&answer(a)));
        for place in &places[..6] {
            let field = graph.receptive_field(graph.outputs()[0], place.1, x, &sizes)?;
            let pixels = digits.rows(place.0, place.0 + 1).to_f64();
            let image = Raster::mapped(28, 28, &pixels, ColourMap::Grey, [0.0, 1.0])?;
            let image = image.marked(|row, column| field[row * 28 + column]);
            images = images.add(image, format!("{filter}: {:.1}", answer(place)));
        }
    }
    Ok(page.picture("exciting", &images)?)
}

fn main() -> Outcome {
    Page::show(stop)
}
