//! What `limpid bench` measures: a table of workloads, each of which gives rows of numbers.
//!
//! Every measurement is a median of repeats behind a warm-up. Beside it stands its floor: what it would be if every
//! floating-point operation that the graph describes ran at the rate of plain multiply-adds measured at the same time.

mod inference;
mod measure;
mod numerical;
mod peak;
mod start;
mod training;

use std::cell::{OnceCell, RefCell};
use std::path::PathBuf;
use std::str::FromStr;

use limpid::engine::{Answers, Precision, Session};
use limpid::learn::{Loss, Network};
use serde::Serialize;

use crate::data::{Named, Parts};
use crate::failure::Failure;

pub(crate) use measure::Spread;
pub(crate) use peak::Peak;
pub(crate) use start::{START, start};

/// How to measure.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) threads: usize,
    pub(crate) repeats: usize,
    /// Time limit for the repeats of one measurement, in seconds.
    pub(crate) seconds: f64,
    pub(crate) folder: Option<PathBuf>,
}

/// A measurement.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) workload: String,
    pub(crate) threads: usize,
    #[serde(flatten)]
    pub(crate) spread: Spread,
    pub(crate) unit: &'static str,
    /// Floating-point operations of a step, a call, or whatever is measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) flops: Option<u64>,
    /// What the median would be at the rate of plain multiply-adds, in the same unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) floor: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    /// The rate of multiply-adds that the floor was computed with.
    #[serde(skip)]
    rate: f64,
}

impl Row {
    fn new(workload: impl Into<String>, threads: usize, spread: Spread, unit: &'static str) -> Self {
        Self { workload: workload.into(), threads, spread, unit, flops: None, floor: None, note: None, rate: f64::NAN }
    }

    /// With its floor by another rate, and a note where the measurement is better than that.
    fn settled(mut self, rate: f64) -> Self {
        let Some(floor) = self.floor else { return self };
        let is_pace = self.unit.ends_with("/s");
        let floor = if is_pace { floor * rate / self.rate } else { floor * self.rate / rate };
        self.floor = Some(floor);
        if (is_pace && self.spread.median > floor) || (!is_pace && self.spread.median < floor) {
            let why = "better than the floor, which counts products with zeros that are skipped";
            self.note = Some(self.note.map_or(why.to_string(), |note| format!("{note}; {why}")));
        }
        self
    }

    fn with_floor(self, flops: u64, floor: f64) -> Self {
        Self { flops: Some(flops), floor: Some(floor), ..self }
    }
}

/// Something to measure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    run: fn(&Bench) -> Result<Vec<Row>, Failure>,
}

/// Every workload, in the order in which they are measured.
pub(crate) const WORKLOADS: &[Workload] = &[
    Workload {
        name: "W1",
        what: "training 784-50-10, ReLU, batch 100, SGD",
        run: |bench| bench.training("W1", training::W1),
    },
    Workload {
        name: "W1b",
        what: "the same until 97 % of the test images are read, ten seeds",
        run: Bench::to_accuracy,
    },
    Workload {
        name: "W2",
        what: "training 784-512-512-10, ReLU, batch 128, Adam",
        run: |bench| bench.training("W2", training::W2),
    },
    Workload {
        name: "W3",
        what: "training 784-2048-2048-10, ReLU, batch 512, momentum 0.9",
        run: |bench| bench.training("W3", training::W3),
    },
    Workload { name: "W5", what: "reading the test images, sigmoid 784-50-100-10, softmax", run: Bench::throughput },
    Workload { name: "W6", what: "the same net, one image a call", run: Bench::latency },
    Workload { name: "W8", what: "a whole process: build W1's net, one forward pass, exit", run: Bench::process },
    Workload { name: "J3", what: "numerical gradient of 784-50-10, sigmoid, batch 100, in f64", run: Bench::numerical },
    Workload { name: "growth", what: "W1's step with batches and hidden layers of all sizes", run: Bench::growth },
];

impl FromStr for Workload {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = WORKLOADS.iter().find(|workload| workload.name.eq_ignore_ascii_case(text.trim()));
        let names = || WORKLOADS.iter().map(|workload| workload.name).collect::<Vec<_>>().join(", ");
        found.copied().ok_or_else(|| format!("there are: {}", names()))
    }
}

/// The measuring: settings, the machine's rate, and the data once something has asked for it.
pub(crate) struct Bench {
    settings: Settings,
    peak: RefCell<Peak>,
    data: OnceCell<Parts>,
}

impl Bench {
    pub(crate) fn new(settings: Settings, peak: Peak) -> Self {
        Self { settings, peak: RefCell::new(peak), data: OnceCell::new() }
    }

    /// Measures a workload, and then the machine's rate once more.
    pub(crate) fn run(&self, workload: &Workload) -> Result<Vec<Row>, Failure> {
        let mut rows = (workload.run)(self)?;
        rows.iter_mut().for_each(|row| row.rate = self.peak());
        self.peak.borrow_mut().again();
        Ok(rows)
    }

    /// All rows: those of the machine's rate first, and floors by the best rate that was seen between the workloads.
    pub(crate) fn settled(&self, rows: Vec<Row>) -> Vec<Row> {
        let mut all = self.peak.borrow().rows();
        all.extend(rows.into_iter().map(|row| row.settled(self.peak())));
        all
    }

    /// Operations a second at the rate of plain multiply-adds.
    fn peak(&self) -> f64 {
        self.peak.borrow().on(self.settings.threads)
    }

    /// MNIST, read when it is first asked for.
    fn data(&self) -> Result<&Parts, Failure> {
        if let Some(data) = self.data.get() {
            return Ok(data);
        }
        let named = Named::usual();
        let data = named.read(self.settings.folder.as_deref(), named.divisor(), &Loss::default())?;
        Ok(self.data.get_or_init(|| data))
    }

    /// A session with the network's parameters as `seed` draws them.
    fn session(&self, network: &Network, seed: u64) -> Result<Session, Failure> {
        let mut session = Session::new(Precision::F32).with_threads(self.settings.threads);
        for declared in network.variables()? {
            session.set(&declared.name, declared.initial_value(seed));
        }
        Ok(session)
    }
}

/// What a session answers, or says is wrong, as one of the library's errors.
fn answered(answers: Result<Answers<'_>, limpid::engine::SessionError>) -> Result<Answers<'_>, Failure> {
    Ok(answers.map_err(limpid::learn::Error::from)?)
}

#[cfg(test)]
mod tests {
    use super::measure::Spread;
    use super::*;

    #[test]
    fn a_floor_follows_the_best_rate_and_what_beats_it_is_noted() {
        let row = |median, unit, floor| {
            let row = Row { rate: 100.0, ..Row::new("W", 1, Spread::of(vec![median]), unit) };
            row.with_floor(1, floor).settled(200.0)
        };
        let table = [(3.0, "steps/s", 1.0, 2.0, true), (1.5, "steps/s", 1.0, 2.0, false)];
        let times = [(0.4, "s", 1.0, 0.5, true), (0.6, "s", 1.0, 0.5, false)];
        for (median, unit, floor, settled, is_better) in table.into_iter().chain(times) {
            let row = row(median, unit, floor);
            assert_eq!((row.floor, row.note.is_some()), (Some(settled), is_better), "{median} {unit}");
        }
    }
}
