//! Reading digits without learning: the nearest of the training images says what it is.

use std::fmt::Write;

use limpid::datasets::mnist;
use limpid::draw::{ColourMap, Images, Line, Plot, Raster};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

/// How many training and test images are used; all of them take a minute and end at 0.9691 for k = 1.
const TRAIN: usize = 10_000;
const TEST: usize = 500;

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let (train, test) = mnist(&Mnist::default())?;
    let (train, test) = (train.range(0, TRAIN)?, test.range(0, TEST)?);

    // |a − b|² = |a|² − 2a·b + |b|², and |a|² is the same for all b: a matrix product finds the nearest.
    let b = Builder::new();
    let (x, known) = (b.input("x", (TEST, 784)), b.input("known", (TRAIN, 784)));
    let distances = known.square().sum(1) - 2.0 * x.matmul(known.transpose());
    let mut session = limpid::engine::Session::new(Precision::F32);
    let program = session.load(b.finish([distances])?);
    let pixels = |data: &Dataset| Tensor::new([data.len(), 784], data.inputs_as_f32());
    let (asked, answers) = (pixels(&test)?, pixels(&train)?);
    let distances = session.run(program, &[("x", &asked), ("known", &answers)])?[0].to_f32();

    let (labels, truth) = (train.targets().to_f64(), test.targets().to_f64());
    let mut right = [0usize; 10];
    let mut wrong = Images::new(6).title("test digits and their nearest neighbour, where that is another digit");
    let raster = |t: &Tensor, i| Raster::mapped(28, 28, &t.rows(i, i + 1).to_f64(), ColourMap::Grey, [0.0, 1.0]);
    let mut shown = 0;
    for (i, row) in distances.chunks(TRAIN).enumerate() {
        let mut order: Vec<usize> = (0..TRAIN).collect();
        order.select_nth_unstable_by(10, |&a, &b| row[a].total_cmp(&row[b]));
        order.truncate(10);
        order.sort_by(|&a, &b| row[a].total_cmp(&row[b]));
        let mut votes = [0; 10];
        for (k, &near) in order.iter().enumerate() {
            votes[labels[near] as usize] += 1;
            // Of classes with as many votes the one that the nearer neighbour has.
            let most = order.iter().map(|&near| labels[near] as usize).max_by_key(|&class| {
                (votes[class], usize::MAX - order.iter().position(|&n| labels[n] as usize == class).unwrap_or(0))
            });
            right[k] += usize::from(most == Some(truth[i] as usize));
        }
        if labels[order[0]] != truth[i] && shown < 6 {
            shown += 1;
            wrong = wrong.add(raster(&asked, i)?, format!("a {}", truth[i]));
            wrong = wrong.add(raster(&answers, order[0])?, format!("near: {}", labels[order[0]]));
        }
    }
    let shares: Vec<f64> = right.iter().map(|&right| right as f64 / TEST as f64).collect();
    for k in [1, 3, 5, 10] {
        writeln!(page, "k = {k:>2}: {:.3} of {TEST} test digits, by {TRAIN} known ones", shares[k - 1])?;
    }
    let ks: Vec<f64> = (1..=10).map(f64::from).collect();
    let plot = Plot::new().title("how many neighbours to ask").labels("k", "accuracy").y_limits(0.9, 1.0);
    page.picture("by-k", &plot.add(Line::new(ks, shares).marked()))?;
    page.picture("wrong", &wrong)?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
