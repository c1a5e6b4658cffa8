//! Training steps: W1, W2, W3, W1b and the growth series.

use std::sync::Arc;

use limpid::engine::{Program, Session};
use limpid::graph::{Graph, Sizes, Tensor};
use limpid::learn::{Adam, Batches, Dataset, Loss, Momentum, Network, Optimizer, Sampling, Sgd, step};

use super::measure::{self, Spread};
use super::{Bench, Row, Settings, answered};
use crate::failure::Failure;

/// A training to measure.
#[derive(Clone, Copy)]
pub(super) struct Recipe {
    hidden: &'static [usize],
    optimizer: fn() -> Arc<dyn Optimizer>,
    learning_rate: f64,
    batch: usize,
    /// How many steps are timed together, if they fit into the time.
    steps: usize,
}

pub(super) const W1: Recipe =
    Recipe { hidden: &[50], optimizer: || Arc::new(Sgd), learning_rate: 0.1, batch: 100, steps: 3000 };
pub(super) const W2: Recipe = Recipe {
    hidden: &[512, 512],
    optimizer: || Arc::new(Adam::default()),
    learning_rate: 1e-3,
    batch: 128,
    steps: 500,
};
pub(super) const W3: Recipe = Recipe {
    hidden: &[2048, 2048],
    optimizer: || Arc::new(Momentum::default()),
    learning_rate: 0.01,
    batch: 512,
    steps: 40,
};

/// W1b's recipe: how many steps an epoch has, what is to be reached, by which seeds, and when it is given up.
const EPOCH: usize = 600;
const ACCURACY: f64 = 0.97;
const SEEDS: std::ops::RangeInclusive<u64> = 1..=10;
const MOST_EPOCHS: usize = 60;

/// How many test images are read at a time.
const TESTED: usize = 1000;

/// A training that is under way.
struct Training<'d> {
    session: Session,
    program: Program,
    flops: u64,
    data: &'d Dataset,
    batches: Batches,
    rows: Tensor,
    next_rows: Tensor,
    learning_rate: Tensor,
    steps: usize,
}

impl<'d> Training<'d> {
    fn new(bench: &Bench, network: &Network, recipe: Recipe, data: &'d Dataset, seed: u64) -> Result<Self, Failure> {
        let step = step::training_step(network, data, &Loss::SoftmaxCrossEntropy, (recipe.optimizer)().as_ref())?;
        let flops = flops(&step.graph, &Sizes::from([("batch", recipe.batch), ("samples", data.len())]))?;
        let mut session = bench.session(network, seed)?;
        step.initial_states().for_each(|(name, zeros)| session.set(name, zeros));
        let mut batches = Batches::new(Sampling::WithReplacement, data.len(), recipe.batch, seed)?;
        let mut next_rows = Tensor::zeros([0]);
        batches.write_rows(0, &mut next_rows);
        Ok(Self {
            program: session.load(step.graph),
            session,
            flops,
            data,
            batches,
            rows: Tensor::zeros([0]),
            next_rows,
            learning_rate: Tensor::scalar(recipe.learning_rate),
            steps: 0,
        })
    }

    /// One step, on samples drawn at random: all that the clock sees.
    fn step(&mut self) -> Result<(), Failure> {
        std::mem::swap(&mut self.rows, &mut self.next_rows);
        self.batches.write_rows(self.steps + 1, &mut self.next_rows);
        self.session.announce(self.program, ("rows", &self.next_rows));
        let feeds = [
            ("inputs", self.data.inputs()),
            ("targets", self.data.targets()),
            ("rows", &self.rows),
            ("learning rate", &self.learning_rate),
        ];
        answered(self.session.step(self.program, &feeds))?;
        self.steps += 1;
        Ok(())
    }

    fn take(&mut self, steps: usize) -> Result<(), Failure> {
        (0..steps).try_for_each(|_| self.step())
    }
}

impl Recipe {
    fn network(&self) -> Result<Network, Failure> {
        network(self.hidden)
    }
}

/// A classifier of digits with ReLU behind each of these hidden layers.
fn network(hidden: &[usize]) -> Result<Network, Failure> {
    let layers: String = hidden.iter().map(|units| format!("affine {units}, relu, ")).collect();
    Ok(format!("784, {layers}affine 10").parse()?)
}

fn positions(rows: Vec<usize>) -> Tensor {
    Tensor::from(rows.into_iter().map(|row| row as f64).collect::<Vec<_>>())
}

/// All floating-point operations of a run of `graph`.
pub(super) fn flops(graph: &Graph, sizes: &Sizes) -> Result<u64, Failure> {
    Ok(graph.flops(sizes)?.iter().sum())
}

impl Bench {
    /// Steps a second.
    pub(super) fn training(&self, name: &str, recipe: Recipe) -> Result<Vec<Row>, Failure> {
        let mut training = Training::new(self, &recipe.network()?, recipe, &self.data()?.train, 1)?;
        let spread = measure::rate(&self.settings, recipe.steps, |steps| training.take(steps))?;
        let row = Row::new(name, self.settings.threads, spread, "steps/s");
        Ok(vec![row.with_floor(training.flops, self.peak() / training.flops as f64)])
    }

    /// Seconds of training until the end of the first epoch behind which the accuracy is reached.
    pub(super) fn to_accuracy(&self) -> Result<Vec<Row>, Failure> {
        let runs: Result<Vec<(f64, usize, u64)>, Failure> = SEEDS.map(|seed| self.reached(seed)).collect();
        let mut runs = runs?;
        runs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let steps = Spread::of(runs.iter().map(|&(_, steps, _)| steps as f64).collect());
        let flops = runs.first().map_or(0, |&(_, _, flops)| flops);
        let spread = Spread::of(runs.iter().map(|&(seconds, ..)| seconds).collect());
        let row = Row::new("W1b", self.settings.threads, spread, "s");
        let floor = steps.median * flops as f64 / self.peak();
        let note = format!("{} to {} steps, median {}", steps.lo, steps.hi, steps.median);
        Ok(vec![Row { note: Some(note), ..row.with_floor(steps.median as u64 * flops, floor) }])
    }

    /// The seconds that one seed takes, its steps, and the operations of a step. Evaluating is not counted.
    fn reached(&self, seed: u64) -> Result<(f64, usize, u64), Failure> {
        let (network, data) = (W1.network()?, self.data()?);
        let mut training = Training::new(self, &network, W1, &data.train, seed)?;
        let evaluation = step::evaluation(&network, &data.test, &Loss::SoftmaxCrossEntropy)?;
        let evaluation = training.session.load(evaluation);
        let mut spent = 0.0;
        for _ in 0..MOST_EPOCHS {
            spent += measure::seconds(|| training.take(EPOCH))?;
            if accuracy(&mut training.session, evaluation, &data.test)? >= ACCURACY {
                return Ok((spent, training.steps, training.flops));
            }
        }
        Err(Failure::Input(format!("W1b: seed {seed} did not reach {ACCURACY} in {MOST_EPOCHS} epochs")))
    }

    /// The rate of W1's step as its batch grows, and as its hidden layer does.
    pub(super) fn growth(&self) -> Result<Vec<Row>, Failure> {
        let sizes = |from: u32, to: u32| (from..=to).map(|power| 1usize << power);
        let batches: Result<Vec<Row>, Failure> =
            sizes(0, 12).map(|batch| self.grown(format!("batch {batch}"), 50, batch)).collect();
        let hidden: Result<Vec<Row>, Failure> =
            sizes(4, 12).map(|hidden| self.grown(format!("hidden {hidden}"), hidden, 100)).collect();
        let (mut batches, mut hidden) = (batches?, hidden?);
        note_slow(&mut batches);
        note_slow(&mut hidden);
        batches.extend(hidden);
        Ok(batches)
    }

    fn grown(&self, size: String, hidden: usize, batch: usize) -> Result<Row, Failure> {
        let recipe = Recipe { batch, ..W1 };
        let mut training = Training::new(self, &network(&[hidden])?, recipe, &self.data()?.train, 1)?;
        // About as many operations for each size, and a tenth of the time that one of the large workloads may take.
        let steps = (2_000_000_000 / training.flops).clamp(4, 1000) as usize;
        let settings = Settings { seconds: self.settings.seconds / 10.0, folder: None, ..self.settings };
        let spread = measure::rate(&settings, steps, |steps| training.take(steps))?;
        let spread = spread.scaled(1e-9 * training.flops as f64);
        let row = Row::new(format!("growth, {size}"), self.settings.threads, spread, "GFLOP/s");
        Ok(row.with_floor(training.flops, 1e-9 * self.peak()))
    }
}

/// A size that takes more than this times as long for each operation as the better of its neighbours is noted.
const SLOWER: f64 = 1.3;

/// Notes which sizes of a series are slow beside their neighbours.
fn note_slow(series: &mut [Row]) {
    let rates: Vec<f64> = series.iter().map(|row| row.spread.median).collect();
    for (i, row) in series.iter_mut().enumerate() {
        let before = i.checked_sub(1).and_then(|i| rates.get(i));
        let better = before.into_iter().chain(rates.get(i + 1)).copied().fold(f64::NAN, f64::max);
        let slower = better / rates[i];
        row.note = (slower > SLOWER)
            .then(|| format!("{slower:.2} times as long per operation as the faster of the two sizes beside it"));
    }
}

/// The share of the test images that are read rightly.
fn accuracy(session: &mut Session, evaluation: Program, test: &Dataset) -> Result<f64, Failure> {
    let mut right = 0.0;
    for start in (0..test.len()).step_by(TESTED) {
        let rows = positions((start..test.len().min(start + TESTED)).collect());
        let feeds = [("inputs", test.inputs()), ("targets", test.targets()), ("rows", &rows)];
        let answers = answered(session.step(evaluation, &feeds))?;
        let share = answers.item(1).unwrap_or(f64::NAN);
        right += (share * rows.len() as f64).round();
    }
    Ok(right / test.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_slow_beside_the_better_of_its_neighbours_only() {
        let row = |rate| Row::new("growth", 1, Spread::of(vec![rate]), "GFLOP/s");
        let mut series = [1.0, 2.0, 1.9, 1.4, 3.0, 3.1].map(row);
        note_slow(&mut series);
        let slow: Vec<bool> = series.iter().map(|row| row.note.is_some()).collect();
        assert_eq!(slow, [true, false, false, true, false, false]);
    }
}
