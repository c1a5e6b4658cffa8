//! A round of a search: the same epochs for each of some runs, several at a time.

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use limpid::learn::Error;

use super::results::Results;
use super::{Arguments, Run};
use crate::failure::Failure;
use crate::{output, text};

/// Runs of so many epochs.
pub(super) struct Round<'a> {
    pub(super) arguments: &'a Arguments,
    /// The values of each run's flags.
    pub(super) settings: &'a [Vec<String>],
    pub(super) epochs: usize,
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

    fn run(&self, run: usize) -> Result<Run, Failure> {
        let started = Instant::now();
        let values = self.settings.get(run).cloned().unwrap_or_default();
        let mut asked = self.arguments.parsed(&values)?;
        asked.threads.threads = Some(1);
        asked.training.epochs = Some(self.epochs);
        let (setup, _) = asked.setup(false)?;
        let training = setup.begin()?.validating(self.arguments.validation, self.arguments.seed)?;
        let outcome = training.train(|_| Ok(ControlFlow::Continue(())));
        let (accuracy, loss, error) = match outcome {
            Ok(trained) => {
                let last = trained.history.epochs.last();
                (last.and_then(|epoch| epoch.test_accuracy), last.and_then(|epoch| epoch.test_loss), None)
            }
            Err(limpid::Error::Learn(error @ Error::Diverged { .. })) => (None, None, Some(error.to_string())),
            Err(error) => return Err(error.into()),
        };
        let (epochs, seconds) = (self.epochs, started.elapsed().as_secs_f64());
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
