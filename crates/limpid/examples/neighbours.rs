//! Reading digits without learning: the nearest of the training images says what it is.

use std::fmt::Write;

use limpid::datasets::mnist;
use limpid::draw::{ColourMap, Images, Line, Plot, Raster};
use limpid::engine::Session;
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

/// How many images are known, and how many are asked about.
const TRAIN: usize = 10_000;
const TEST: usize = 500;

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let (train, test) = mnist(&Mnist::default())?;
    let (train, test) = (train.range(0, TRAIN)?, test.range(0, TEST)?);
    // |a − b|² = |a|² − 2a·b + |b|², and |a|² is the same for all b: a matrix product finds the nearest.
    let b = Builder::new();
    let (x, known) = (b.input("x", (TEST, 784)), b.input("known", (TRAIN, 784)));
    let distances = known.square().sum(1) - 2.0 * x.matmul(known.transpose());
    let mut session = Session::new(Precision::F32);
    let program = session.load(b.finish([distances])?);
    let asked = Tensor::new([TEST, 784], test.inputs_as_f32())?;
    let answers = Tensor::new([TRAIN, 784], train.inputs_as_f32())?;
    let distances = session.run(program, &[("x", &asked), ("known", &answers)])?[0].to_f32();
    let (labels, truth) = (train.targets().to_f64(), test.targets().to_f64());
    let mut right = [0; 10];
    let mut wrong = Images::new(6).title("test digits and their nearest neighbour, where that is another digit");
    let raster = |t: &Tensor, i| Raster::mapped(28, 28, &t.rows(i, i + 1).to_f64(), ColourMap::Grey, [0.0, 1.0]);
    for (i, row) in distances.chunks(TRAIN).enumerate() {
        let mut order: Vec<usize> = (0..TRAIN).collect();
        order.select_nth_unstable_by(10, |&a, &b| row[a].total_cmp(&row[b]));
        order[..10].sort_by(|&a, &b| row[a].total_cmp(&row[b]));
        let mut votes = [0; 10];
        for (k, &near) in order[..10].iter().enumerate() {
            votes[labels[near] as usize] += 1;
            // Of classes with as many votes, the one that is nearer.
            let most = |label: f64| votes.iter().max() == Some(&votes[label as usize]);
            let class = order[..10].iter().map(|&near| labels[near]).find(|&label| most(label));
            right[k] += usize::from(class == Some(truth[i]));
        }
        if labels[order[0]] != truth[i] && i - right[0] < 6 {
            wrong = wrong.add(raster(&asked, i)?, format!("a {}", truth[i]));
            wrong = wrong.add(raster(&answers, order[0])?, format!("near: {}", labels[order[0]]));
        }
    }
    let shares = right.map(|right| right as f64 / TEST as f64);
    for k in [1, 3, 5, 10] {
        writeln!(page, "k = {k:>2}: {:.3} of {TEST} test digits, by {TRAIN} known ones", shares[k - 1])?;
    }
    let line = Line::new([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0], shares).marked();
    page.picture("by-k", &Plot::new().labels("neighbours asked", "accuracy").y_limits(0.9, 1.0).add(line))?;
    page.picture("wrong", &wrong)?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
