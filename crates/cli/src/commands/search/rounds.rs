//! A round of a search: the same epochs for each of some runs, several at a time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use limpid::learn::{Checkpoint, Error};

use super::results::Results;
use super::shared_data::SharedData;
use super::{Arguments, Run};
use crate::failure::Failure;
use crate::{output, text};

/// Runs of so many epochs.
pub(super) struct Round<'a> {
    pub(super) arguments: &'a Arguments,
    /// The values of each run's flags.
    pub(super) settings: &'a [Vec<String>],
    pub(super) epochs: usize,
    /// The epochs of the last round, over which schedules go.
    pub(super) last: usize,
    pub(super) data: &'a SharedData,
    pub(super) aside: &'a Aside,
}

/// Runs between two rounds.
#[derive(Default)]
pub(super) struct Aside(Mutex<HashMap<usize, Begun>>);

/// A run that has had some of its epochs.
struct Begun {
    epochs: usize,
    seconds: f64,
    checkpoint: Checkpoint,
}

impl Aside {
    fn take(&self, run: usize) -> Option<Begun> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&run)
    }

    fn put(&self, run: usize, begun: Begun) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(run, begun);
    }

    /// Forgets all runs but these.
    pub(super) fn keep(&self, chosen: &[usize]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|run, _| chosen.contains(run));
    }
}

impl Round<'_> {
    /// Trains those of some runs that have not ended yet.
    pub(super) fn train(&self, chosen: &[usize], results: &mut Results) -> Result<(), Failure> {
        let missing: Vec<usize> = chosen.iter().copied().filter(|&run| !results.has(run, self.epochs)).collect();
        let already = chosen.len() - missing.len();
        if already > 0 && !self.arguments.quiet {
            let (runs, epochs) = (counted(already, "run"), counted(self.epochs, "epoch"));
            output::note(&format!("{runs} of {epochs} are in the results already"));
        }
        let next = AtomicUsize::new(0);
        let shared = Mutex::new((results, already));
        let work = || -> Result<(), Failure> {
            while let Some(&run) = missing.get(next.fetch_add(1, Ordering::Relaxed)) {
                let ended = self.run(run)?;
                let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
                shared.1 += 1;
                if !self.arguments.quiet {
                    output::note(&self.line(&ended, shared.1, chosen.len()));
                }
                shared.0.push(ended)?;
            }
            Ok(())
        };
        let workers = self.arguments.threads.count().min(missing.len()).max(1);
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
            let own = work();
            // A run that fails ends the search when those under way have ended.
            if own.is_err() {
                next.store(missing.len(), Ordering::Relaxed);
            }
            others
                .into_iter()
                .map(|other| other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .fold(own, Result::and)
        })
    }

    /// Trains a run to the end of the round: from where the round before left it, or from its beginning, where that was in
    /// an earlier part of the search. Both give the same bits.
    fn run(&self, run: usize) -> Result<Run, Failure> {
        let started = Instant::now();
        let values = self.settings.get(run).cloned().unwrap_or_default();
        let mut asked = self.arguments.parsed(&values)?;
        asked.threads.threads = Some(1);
        asked.training.epochs = Some(self.last);
        let mut training = self.data.setup(&asked)?.begin()?;
        let (mut before, mut seconds) = (0, 0.0);
        if let Some(begun) = self.aside.take(run).filter(|begun| begun.epochs < self.epochs) {
            training.restore(&begun.checkpoint)?;
            (before, seconds) = (begun.epochs, begun.seconds);
        }
        let outcome = training.train_epochs(self.epochs - before);
        let (epochs, seconds) = (self.epochs, seconds + started.elapsed().as_secs_f64());
        let (accuracy, loss, error) = match outcome {
            Ok(history) => {
                let last = history.epochs.last();
                (last.and_then(|epoch| epoch.test_accuracy), last.and_then(|epoch| epoch.test_loss), None)
            }
            Err(limpid::Error::Learn(error @ Error::Diverged { .. })) => (None, None, Some(error.to_string())),
            Err(error) => return Err(error.into()),
        };
        if epochs < self.last && error.is_none() {
            self.aside.put(run, Begun { epochs, seconds, checkpoint: training.checkpoint() });
        }
        Ok(Run { run, values, epochs, accuracy, loss, seconds, error })
    }

    fn line(&self, ended: &Run, count: usize, of: usize) -> String {
        let flags: Vec<String> = self
            .arguments
            .vary
            .iter()
            .zip(&ended.values)
            .map(|(vary, value)| format!("{} {value}", vary.flag))
            .collect();
        let loss = ended.loss.map_or_else(|| "diverged".to_string(), |loss| format!("loss {}", text::loss(loss)));
        let accuracy = ended.accuracy.map(|share| format!("accuracy {}  ", text::percent(share))).unwrap_or_default();
        format!(
            "{count:>width$}/{of}  {}  {accuracy}{loss}  {}",
            flags.join(", "),
            text::seconds(ended.seconds),
            width = of.to_string().len()
        )
    }
}

fn counted(count: usize, what: &str) -> String {
    text::counted(count as u64, what)
}
