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
        bar.set_length(steps as u64);
        bar.set_prefix(format!("epoch {epoch}/{}", self.epochs));
        bar.set_message(format!(
            "step {step}/{steps}  loss {}  {:.2} ms/step  {} left",
            text::loss(loss),
            1e3 * self.pace.step_seconds(),
            text::seconds_left(left)
        ));
        bar.set_position(step as u64);
    }

    fn epoch_line(&self, epoch: &Epoch, now: Instant) -> String {
        let width = self.epochs.to_string().len();
        let accuracy = |part: &str, share: Option<f64>| {
            share.map(|share| format!("  {part} accuracy {:>7}", text::percent(share))).unwrap_or_default()
        };
        let (train, test) = (accuracy("train", epoch.train_accuracy), accuracy("test", epoch.test_accuracy));
        let test_loss = match (epoch.test_accuracy, epoch.test_loss) {
            (None, Some(loss)) => format!("  test loss {}", text::loss(loss)),
            _ => String::new(),
        };
        format!(
            "epoch {:>width$}/{}  loss {}{train}{test}{test_loss}  {}",
            epoch.epoch,
            self.epochs,
            text::loss(epoch.train_loss),
            text::seconds(now.duration_since(self.started).as_secs_f64())
        )
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
