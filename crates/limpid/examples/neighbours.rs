//! k-nearest neighbours: the label of a digit is that of the training images nearest to it.

use std::fmt::Write;

use limpid::datasets::mnist;
use limpid::draw::{ColourMap, Images, Line, Plot, Raster};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

const BATCH: usize = 500; // asked about at a time

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let (train, test) = mnist(&Mnist::default())?;
    let images = |data: &Dataset| Tensor::new([data.len(), 784], data.inputs_as_f32());
    let (known, asked) = (images(&train)?, images(&test)?);
    // |a − b|² = |a|² − 2a·b + |b|²: a matrix product finds the nearest. What is known is transposed once.
    let (once, b, mut session) = (Builder::new(), Builder::new(), limpid::engine::Session::new(Precision::F32));
    let once = session.load(once.finish([once.input("known", (train.len(), 784)).transpose()])?);
    let columns = session.run(once, &[("known", &known)])?.swap_remove(0);
    session.set("columns", columns);
    let (x, columns) = (b.input("x", (BATCH, 784)), b.parameter("columns", (784, train.len())));
    let program = session.load(b.finish([columns.square().sum(0) - 2.0 * x.matmul(columns)])?);
    let (labels, truth) = (train.targets().to_f64(), test.targets().to_f64());
    let (mut right, mut distances) = ([0; 10], Vec::new());
    let mut wrong = Images::new(6).title("test digits and their nearest neighbour, where that is another digit");
    let raster = |t: &Tensor, i| Raster::mapped(28, 28, &t.rows(i, i + 1).to_f64(), ColourMap::Grey, [0.0, 1.0]);
    for i in 0..test.len() {
        if i % BATCH == 0 {
            distances = session.run(program, &[("x", &asked.rows(i, i + BATCH))])?[0].to_f32();
        }
        let (row, mut near) = (&distances[i % BATCH * train.len()..][..train.len()], Vec::<usize>::new());
        for (j, distance) in row.iter().enumerate() {
            if near.len() < 10 || *distance < row[near[9]] {
                near.truncate(9);
                near.insert(near.partition_point(|&nearer| row[nearer] <= *distance), j);
            }
        }
        let mut votes = [0; 10];
        for (right, &next) in right.iter_mut().zip(&near) {
            votes[labels[next] as usize] += 1;
            let most = |label: &f64| votes.iter().max() == Some(&votes[*label as usize]); // the nearer of equals
            *right += usize::from(near.iter().map(|&near| labels[near]).find(most) == Some(truth[i]));
        }
        if labels[near[0]] != truth[i] && i - right[0] < 6 {
            wrong = wrong.add(raster(&asked, i)?, format!("a {}", truth[i]));
            wrong = wrong.add(raster(&known, near[0])?, format!("near: {}", labels[near[0]]));
        }
    }
    let shares = right.map(|right| right as f64 / test.len() as f64);
    for k in [1, 3, 5, 10] {
        writeln!(page, "k = {k:>2}: accuracy {:.4} on {} digits, of {} known", shares[k - 1], test.len(), train.len())?;
    }
    let line = Line::new((1..=10).map(f64::from).collect::<Vec<_>>(), shares).marked();
    page.picture("by-k", &Plot::new().labels("neighbours asked", "accuracy").y_limits(0.9, 1.0).add(line))?;
    Ok(page.picture("wrong", &wrong)?)
}

fn main() -> Outcome {
    Page::show(stop)
}
