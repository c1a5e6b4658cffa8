//! Trainings by hand, step by step. Include it with `#[path = "support/training.rs"] mod training;`.
#![allow(dead_code, clippy::unwrap_used, reason = "whoever includes this module uses a part of it, in tests")]

use limpid_engine::kernels::Level;
use limpid_engine::{Precision, Program, Session, SessionError};
use limpid_graph::{Stream, Tensor};
use limpid_learn::{Batches, Dataset, Loss, Model, Network, Sampling, optimizer, step};

/// What is trained, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recipe {
    pub(crate) network: &'static str,
    pub(crate) optimizer: &'static str,
    pub(crate) batch: usize,
    pub(crate) data: Stored,
}

/// How samples are stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Stored {
    /// Bytes, of which so many in a hundred are zero.
    Bytes { zeros: usize },
    /// 32-bit floats, of which so many in a hundred are zero.
    Floats { zeros: usize },
}

pub(crate) const SAMPLES: usize = 500;

impl Recipe {
    pub(crate) fn network(&self) -> Network {
        self.network.parse().unwrap()
    }

    pub(crate) fn data(&self) -> Dataset {
        let network = self.network();
        let features = network.input().iter().product();
        let classes = self.network.rsplit(' ').next().unwrap().parse().unwrap();
        let stream = Stream::new(1, "samples");
        let labels = (0..SAMPLES as u64).map(|i| stream.below(1, i, classes) as u8).collect::<Vec<_>>();
        let data = Dataset::new(samples(self.data, SAMPLES, features, 0), Tensor::new([SAMPLES], labels).unwrap());
        match self.data {
            Stored::Bytes { .. } => data.unwrap().divided_by(255.0),
            Stored::Floats { .. } => data.unwrap(),
        }
    }
}

/// Random samples.
pub(crate) fn samples(stored: Stored, count: usize, features: usize, seed: u64) -> Tensor {
    let stream = Stream::new(seed, "samples");
    let zeros = |share: usize, i: usize| (stream.below(2, i as u64, 100) as usize) < share;
    let (all, shape) = (0..count * features, [count, features]);
    match stored {
        Stored::Bytes { zeros: share } => {
            let byte = |i: usize| if zeros(share, i) { 0 } else { 1 + stream.below(3, i as u64, 255) as u8 };
            Tensor::new(shape, all.map(byte).collect::<Vec<u8>>()).unwrap()
        }
        Stored::Floats { zeros: share } => {
            let float = |i: usize| if zeros(share, i) { 0.0 } else { stream.uniform(4, i as u64) as f32 - 0.5 };
            Tensor::new(shape, all.map(float).collect::<Vec<f32>>()).unwrap()
        }
    }
}

/// Every level that this processor has.
pub(crate) fn levels() -> impl Iterator<Item = Level> {
    Level::available()
}

/// A training under way.
pub(crate) struct Training {
    pub(crate) session: Session,
    pub(crate) program: Program,
    pub(crate) data: Dataset,
    batches: Batches,
    rows: Tensor,
    next_rows: Tensor,
    learning_rate: Tensor,
    taken: usize,
    /// Whether the rows of the next step are announced.
    pub(crate) announces: bool,
}

impl Training {
    pub(crate) fn new(mut session: Session, recipe: &Recipe) -> Self {
        let (network, data, optimizer) = (recipe.network(), recipe.data(), optimizer(recipe.optimizer).unwrap());
        let step = step::training_step(&network, &data, &Loss::SoftmaxCrossEntropy, optimizer.as_ref()).unwrap();
        step.initial_states().for_each(|(name, zeros)| session.set(name, zeros));
        for (name, value) in Model::new(&network, 1).unwrap().variables().unwrap() {
            session.set(&name, value);
        }
        let program = session.load(step.graph);
        let mut batches = Batches::new(Sampling::WithReplacement, data.len(), recipe.batch, 1).unwrap();
        let (rows, mut next_rows) = (Tensor::zeros([0]), Tensor::zeros([0]));
        batches.write_rows(0, &mut next_rows);
        let learning_rate = Tensor::scalar(0.1 * optimizer.usual_learning_rate());
        Self { session, program, data, batches, rows, next_rows, learning_rate, taken: 0, announces: false }
    }

    /// Takes a step; answers the loss.
    pub(crate) fn step(&mut self) -> f64 {
        std::mem::swap(&mut self.rows, &mut self.next_rows);
        self.taken += 1;
        self.batches.write_rows(self.taken, &mut self.next_rows);
        if self.announces {
            self.session.announce(self.program, ("rows", &self.next_rows));
        }
        let feeds = [
            ("inputs", self.data.inputs()),
            ("targets", self.data.targets()),
            ("rows", &self.rows),
            ("learning rate", &self.learning_rate),
        ];
        self.session.step(self.program, &feeds).unwrap().item(0).unwrap()
    }

    /// A step on these samples and rows of them.
    pub(crate) fn step_on(&mut self, samples: &Tensor, rows: &Tensor) -> Result<f64, SessionError> {
        let feeds = [
            ("inputs", samples),
            ("targets", self.data.targets()),
            ("rows", rows),
            ("learning rate", &self.learning_rate),
        ];
        Ok(self.session.step(self.program, &feeds)?.item(0).unwrap())
    }

    pub(crate) fn steps(&mut self, count: usize) -> Vec<f64> {
        (0..count).map(|_| self.step()).collect()
    }

    /// Everything that the session keeps, by name.
    pub(crate) fn kept(&self) -> Vec<(String, Vec<f32>)> {
        self.session.kept().map(|(name, value)| (name.to_string(), value.to_f32())).collect()
    }

    pub(crate) fn plan(&self) -> String {
        self.session.plan(self.program).unwrap().to_string()
    }
}

/// The first steps of a training: losses, and what is kept after them.
pub(crate) fn trained(session: Session, recipe: &Recipe, steps: usize) -> (Vec<f64>, Vec<(String, Vec<f32>)>) {
    let mut training = Training::new(session, recipe);
    let losses = training.steps(steps);
    (losses, training.kept())
}

/// The engine at a level, with so many threads.
pub(crate) fn engine(level: Level, threads: usize) -> Session {
    Session::new(Precision::F32).at_level(level).with_threads(threads)
}
