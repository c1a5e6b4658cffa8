//! The progress of a training on stderr: a bar where it is a terminal, and a line an epoch everywhere.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use limpid::learn::{Epoch, Event};

use crate::{output, text};

/// The bar is drawn again after this long, so that drawing costs nothing beside training.
const REDRAW: Duration = Duration::from_millis(100);

/// Watches a training.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    is_quiet: bool,
    epochs: usize,
    started: Instant,
    drawn: Instant,
    pace: Pace,
}

impl Progress {
    /// Progress of a training of `epochs` epochs; where it is quiet, nothing is shown.
    pub(crate) fn start(epochs: usize, is_quiet: bool) -> Self {
        let bar = (!is_quiet && output::can_redraw()).then(bar);
        let now = Instant::now();
        Self { bar, is_quiet, epochs, started: now, drawn: now, pace: Pace::new(now) }
    }

    /// Takes notice of what happens.
    pub(crate) fn on(&mut self, event: Event<'_>) {
        let now = Instant::now();
        match event {
            Event::Step { step, steps, epoch, loss } => {
                self.pace.step(now);
                if now.duration_since(self.drawn) >= REDRAW {
                    self.drawn = now;
                    self.draw(step, steps, epoch, loss);
                }
            }
            Event::Epoch(epoch) => {
                self.pace.epoch(now);
                self.line(&self.epoch_line(epoch, now));
            }
        }
    }

    /// Shows a step with its time of day and the seconds since the training began.
    pub(crate) fn step_line(&self, step: usize, loss: f64) {
        let unix_seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
        let (time, elapsed) = (text::time_of_day(unix_seconds), self.started.elapsed().as_secs_f64());
        self.line(&format!("step {step}  {time}  {elapsed:.4} s  loss {}", text::loss(loss)));
    }

    /// Shows a line that stays.
    pub(crate) fn line(&self, line: &str) {
        match &self.bar {
            _ if self.is_quiet => {}
            Some(bar) => bar.println(line),
            None => output::note(line),
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn draw(&self, step: usize, steps: usize, epoch: usize, loss: f64) {
        let Some(bar) = &self.bar else { return };
        let evaluations = self.epochs.saturating_sub(epoch) + 1;
        let left = self.pace.left(steps - step, evaluations);
        let parts = [
            (2, format!("step {step}/{steps}")),
            (0, format!("loss {}", text::loss(loss))),
            (3, format!("{:.2} ms/step", 1e3 * self.pace.step_seconds())),
            (1, format!("{} left", text::seconds_left(left))),
        ];
        show(bar, &format!("epoch {epoch}/{}", self.epochs), &parts, step as u64, steps as u64);
    }

    fn epoch_line(&self, epoch: &Epoch, now: Instant) -> String {
        epoch_text(epoch, self.epochs, now.duration_since(self.started).as_secs_f64())
    }
}

/// How wide the line of an epoch is at most.
const MOST_COLUMNS: usize = 80;

/// An epoch in a line of at most [`MOST_COLUMNS`]; a learning rate that a schedule changes is shown where it fits.
fn epoch_text(epoch: &Epoch, epochs: usize, seconds: f64) -> String {
    let width = epochs.to_string().len();
    let share = |share: f64| format!("{:>8}", text::percent(share));
    let rest = match (epoch.train_accuracy, epoch.test_accuracy, epoch.test_loss) {
        (Some(train), Some(test), _) => format!("  accuracy {} (test {})", share(train), share(test)),
        (Some(train), None, _) => format!("  accuracy {}", share(train)),
        (None, _, Some(loss)) => format!("  test loss {}", text::loss(loss)),
        (None, _, None) => String::new(),
    };
    let (loss, seconds) = (text::loss(epoch.train_loss), text::seconds(seconds));
    let line = format!("epoch {:>width$}/{epochs}  loss {loss}{rest}  {seconds}", epoch.epoch);
    let rate = epoch.learning_rate.map(|rate| format!("  lr {rate:.1e}")).unwrap_or_default();
    if line.chars().count() + rate.len() <= MOST_COLUMNS { line + &rate } else { line }
}

/// Draws a bar anew, with as much behind it as the terminal has room for.
pub(crate) fn show(bar: &ProgressBar, prefix: &str, parts: &[(usize, String)], position: u64, length: u64) {
    bar.set_length(length);
    bar.set_prefix(prefix.to_string());
    bar.set_message(fitting(parts, output::error_columns().saturating_sub(prefix.chars().count())));
    bar.set_position(position);
}

/// The narrowest bar that says something, with the spaces around it.
const NARROWEST_BAR: usize = 8;

/// The parts that fit into so many columns beside a bar, in their order. Each has its rank: the last is left out first.
fn fitting(parts: &[(usize, String)], columns: usize) -> String {
    let mut kept: Vec<&(usize, String)> = parts.iter().collect();
    loop {
        let line = kept.iter().map(|(_, part)| part.as_str()).collect::<Vec<_>>().join("  ");
        if kept.is_empty() || line.chars().count() + NARROWEST_BAR <= columns {
            return line;
        }
        let last = kept.iter().map(|(rank, _)| *rank).max();
        kept.retain(|(rank, _)| Some(*rank) != last);
    }
}

/// A bar with room for words behind it.
pub(crate) fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix} {wide_bar} {msg}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸─");
    ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::stderr_with_hz(10)).with_style(style)
}

/// How long a step takes, and how long the evaluation after an epoch: measured over the current epoch.
struct Pace {
    epoch_started: Instant,
    last_step: Instant,
    steps: u32,
    evaluation: Duration,
}

impl Pace {
    fn new(now: Instant) -> Self {
        Self { epoch_started: now, last_step: now, steps: 0, evaluation: Duration::ZERO }
    }

    fn step(&mut self, now: Instant) {
        self.last_step = now;
        self.steps += 1;
    }

    fn epoch(&mut self, now: Instant) {
        *self = Self { evaluation: now.duration_since(self.last_step), ..Self::new(now) };
    }

    fn step_seconds(&self) -> f64 {
        self.last_step.duration_since(self.epoch_started).as_secs_f64() / f64::from(self.steps.max(1))
    }

    fn left(&self, steps: usize, evaluations: usize) -> f64 {
        steps as f64 * self.step_seconds() + evaluations as f64 * self.evaluation.as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(epoch: usize, loss: f64, accuracies: Option<[f64; 2]>) -> Epoch {
        Epoch {
            epoch,
            step: 1,
            train_loss: loss,
            train_accuracy: accuracies.map(|[train, _]| train),
            test_loss: Some(loss),
            test_accuracy: accuracies.map(|[_, test]| test),
            learning_rate: None,
        }
    }

    #[test]
    fn an_epoch_is_a_line_of_at_most_80_columns_and_of_one_width() {
        let mut longest = 0;
        for epochs in [5, 25, 100, 1000] {
            for loss in [0.1234, 1.234e-7, 99_999.0, 4.567e12] {
                for accuracies in [None, Some([1.0, 0.9667]), Some([0.0, 1.0])] {
                    for seconds in [0.01, 59.0, 3599.0, 35_999.0] {
                        let line = epoch_text(&epoch(epochs, loss, accuracies), epochs, seconds);
                        longest = longest.max(line.chars().count());
                        assert!(line.chars().count() <= 80, "{line}");
                    }
                }
            }
        }
        assert_eq!(longest, 80);
        let line = |number: usize, train: f64| epoch_text(&epoch(number, 0.5, Some([train, 0.9667])), 100, 0.01);
        assert_eq!(line(37, 0.9833), "epoch  37/100  loss 0.5000  accuracy  98.33 % (test  96.67 %)  0.01 s");
        assert_eq!(line(100, 1.0), "epoch 100/100  loss 0.5000  accuracy 100.00 % (test  96.67 %)  0.01 s");
        let scheduled = |loss| Epoch { learning_rate: Some(0.00123), ..epoch(37, loss, Some([0.9833, 0.9667])) };
        let wanted = "epoch  37/100  loss 0.5000  accuracy  98.33 % (test  96.67 %)  0.01 s  lr 1.2e-3";
        assert_eq!(epoch_text(&scheduled(0.5), 100, 0.01), wanted);
        let long = epoch_text(&scheduled(4.567e12), 1000, 35_999.0);
        assert!(!long.contains("  lr "), "no room for the rate: {long}");
        let regression = epoch_text(&epoch(1, 0.25, None), 100, 0.01);
        assert_eq!(regression, "epoch   1/100  loss 0.2500  test loss 0.2500  0.01 s");
    }

    #[test]
    fn what_stands_behind_a_bar_fits_the_terminal() {
        let part = |rank: usize, text: &str| (rank, text.to_string());
        let parts =
            [part(2, "step 600/600"), part(0, "loss 0.1234"), part(3, "0.45 ms/step"), part(1, "12 min 30 s left")];
        let table = [
            (80, "step 600/600  loss 0.1234  0.45 ms/step  12 min 30 s left"),
            (60, "step 600/600  loss 0.1234  12 min 30 s left"),
            (40, "loss 0.1234  12 min 30 s left"),
            (30, "loss 0.1234"),
            (10, ""),
        ];
        for (columns, line) in table {
            assert_eq!(fitting(&parts, columns), line);
            assert!(line.is_empty() || line.chars().count() + NARROWEST_BAR <= columns);
        }
    }
}
