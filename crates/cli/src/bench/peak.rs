//! The rate of plain multiply-adds: of one core alone, and of all at once. Where they are far apart, or far from what
//! they were, something else runs on the machine.

use std::fmt;
use std::num::NonZero;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use limpid::engine::kernels::{Level, multiply_adds};

use super::Row;
use super::measure::Spread;

/// Multiply-adds between two looks at the clock: some tens of microseconds.
const ROUNDS: usize = 20_000;
/// How long one measurement takes: short beside the time for which a scheduler lends a core to somebody else, so that
/// some of the repeats have it to themselves.
const SECONDS: f64 = 0.002;
const REPEATS: usize = 25;

/// Floating-point operations a second, a multiply-add being two.
#[derive(Debug)]
pub(crate) struct Peak {
    level: Level,
    alone: Spread,
    together: Vec<Spread>,
}

impl Peak {
    pub(crate) fn measure() -> Self {
        let level = Level::of_this_machine();
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let start = Barrier::new(cores);
        let together = thread::scope(|scope| {
            let measure = || {
                start.wait();
                rate(level)
            };
            let workers: Vec<_> = (0..cores).map(|_| scope.spawn(measure)).collect();
            workers.into_iter().filter_map(|worker| worker.join().ok()).collect()
        });
        Self { level, alone: rate(level), together }
    }

    /// Measures once more and keeps the best: a machine may have been busy with something else before.
    pub(super) fn again(&mut self) {
        let now = Self::measure();
        self.alone.hi = self.alone.hi.max(now.alone.hi);
        for (core, now) in self.together.iter_mut().zip(now.together) {
            core.hi = core.hi.max(now.hi);
        }
    }

    /// Operations a second on as many cores as `threads` can have: the best that was seen, since a floor is to lie below
    /// everything.
    pub(super) fn on(&self, threads: usize) -> f64 {
        let cores = self.together.len();
        match threads {
            1 => self.alone.hi,
            _ => self.sum().hi * threads.min(cores) as f64 / cores as f64,
        }
    }

    fn sum(&self) -> Spread {
        let sum = |of: fn(&Spread) -> f64| self.together.iter().map(of).sum();
        Spread { median: sum(|core| core.median), lo: sum(|core| core.lo), hi: sum(|core| core.hi) }
    }

    pub(crate) fn rows(&self) -> Vec<Row> {
        let row = |threads, spread: Spread| Row::new("multiply-adds", threads, spread.scaled(1e-9), "GFLOP/s");
        match self.together.len() {
            0 | 1 => vec![row(1, self.alone)],
            cores => vec![row(1, self.alone), row(cores, self.sum())],
        }
    }
}

impl fmt::Display for Peak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let giga = |spread: &Spread| format!("{:.0} (at best {:.0})", 1e-9 * spread.median, 1e-9 * spread.hi);
        let each: Vec<String> = self.together.iter().map(giga).collect();
        write!(
            f,
            "plain multiply-adds ({}), GFLOP/s: {} on one core alone; {} on {} at once",
            self.level,
            giga(&self.alone),
            each.join(" + "),
            self.together.len()
        )
    }
}

/// The rate of the core that this thread runs on.
fn rate(level: Level) -> Spread {
    let once = || {
        let (started, mut operations) = (Instant::now(), 0);
        loop {
            operations += multiply_adds(level, ROUNDS);
            let seconds = started.elapsed().as_secs_f64();
            if seconds >= SECONDS {
                return operations as f64 / seconds;
            }
        }
    };
    Spread::of((0..REPEATS).map(|_| once()).collect())
}
