//! The clock: warm-up, repeats, and what is kept of them.

use std::hint::black_box;
use std::time::Instant;

use serde::Serialize;

use super::Settings;
use crate::failure::Failure;

/// The median of several measurements, the least and the largest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) lo: f64,
    pub(crate) hi: f64,
}

impl Spread {
    /// Of at least one measurement.
    pub(super) fn of(mut measured: Vec<f64>) -> Self {
        measured.sort_by(f64::total_cmp);
        let at = |i: usize| measured.get(i).copied().unwrap_or(f64::NAN);
        Self { median: at(measured.len() / 2), lo: at(0), hi: at(measured.len().saturating_sub(1)) }
    }

    /// Each number multiplied.
    pub(super) fn scaled(self, by: f64) -> Self {
        Self { median: self.median * by, lo: self.lo * by, hi: self.hi * by }
    }
}

/// The seconds that `run` takes.
pub(super) fn seconds<T>(run: impl FnOnce() -> Result<T, Failure>) -> Result<f64, Failure> {
    let started = Instant::now();
    black_box(run()?);
    Ok(started.elapsed().as_secs_f64())
}

/// Steps a second, where `run(n)` takes n steps: a warm-up of a tenth of `steps`, then repeats of `steps`, or of fewer
/// where those would take longer than they may.
pub(super) fn rate(
    settings: &Settings,
    steps: usize,
    mut run: impl FnMut(usize) -> Result<(), Failure>,
) -> Result<Spread, Failure> {
    let warm = (steps / 10).max(3);
    run((warm / 3).max(2))?;
    let each = seconds(|| run(warm))? / warm as f64;
    let fits = (settings.seconds / settings.repeats as f64 / each) as usize;
    let steps = steps.min(fits).max(2);
    let rates: Result<Vec<f64>, Failure> =
        (0..settings.repeats).map(|_| Ok(steps as f64 / seconds(|| run(steps))?)).collect();
    Ok(Spread::of(rates?))
}

/// Calls before the clock is looked at, and calls that are timed.
const CALLS: (usize, usize) = (300, 3000);

/// The microseconds below which half of the calls take, and 99 of 100: the spreads of both over the repeats.
pub(super) fn latency(
    settings: &Settings,
    mut call: impl FnMut(usize) -> Result<(), Failure>,
) -> Result<(Spread, Spread), Failure> {
    (0..CALLS.0).try_for_each(&mut call)?;
    let (mut halves, mut most) = (Vec::new(), Vec::new());
    for _ in 0..settings.repeats {
        let times: Result<Vec<f64>, Failure> = (0..CALLS.1).map(|i| Ok(1e6 * seconds(|| call(i))?)).collect();
        let mut times = times?;
        times.sort_by(f64::total_cmp);
        halves.push(times[CALLS.1 / 2]);
        most.push(times[CALLS.1 * 99 / 100]);
    }
    Ok((Spread::of(halves), Spread::of(most)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_the_middle_and_both_ends() {
        assert_eq!(Spread::of(vec![3.0, 1.0, 2.0]), Spread { median: 2.0, lo: 1.0, hi: 3.0 });
        assert_eq!(Spread::of(vec![5.0]).scaled(2.0), Spread { median: 10.0, lo: 10.0, hi: 10.0 });
    }

    #[test]
    fn steps_are_as_many_as_fit_into_the_time() {
        let settings = Settings { threads: 1, repeats: 3, seconds: 0.03, folder: None };
        let mut runs = Vec::new();
        let sleep = |steps| std::thread::sleep(std::time::Duration::from_millis(2 * steps as u64));
        let spread = rate(&settings, 20, |steps| {
            runs.push(steps);
            sleep(steps);
            Ok(())
        });
        // Two runs of warm-up, then three that share 30 ms at 2 ms (or, on a busy machine, more) a step.
        assert!(runs.len() == 5 && runs[..2] == [2, 3] && (2..=5).contains(&runs[4]), "{runs:?}");
        assert!(spread.is_ok_and(|spread| spread.hi <= 500.0 && spread.lo <= spread.median));
    }
}
