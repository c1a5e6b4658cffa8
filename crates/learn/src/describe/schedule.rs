//! Schedules: how the learning rate changes from step to step, as a part of the training step's graph.

use std::f64::consts::FRAC_PI_2;
use std::fmt;
use std::str::FromStr;

use limpid_graph::{Builder, Tensor, Var, interpret};

use crate::describe::choices::{Choice, Range, Setting, Settings, Value, made};
use crate::error::Error;

/// How the learning rate changes over a training: a function of the number of the step alone, which the training step
/// computes itself.
///
/// ```
/// use limpid_learn::{Schedule, Span};
///
/// let schedule: Schedule = "one-cycle warm-up=0.3".parse()?;
/// let rates = schedule.rates(0.01, Span { steps: 11, per_epoch: 11 }, 0..11)?;
/// assert_eq!(rates[0], 0.01 / 25.0);
/// assert!(rates[3] > 0.009 && rates[10] < 1e-7);
/// # Ok::<(), limpid_learn::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Schedule {
    /// Its course.
    pub course: Course,
    /// The share of the training's steps over which the rate rises: from 0 to below 1. For
    /// [`OneCycle`](Course::OneCycle) it is the share of the first half of the cycle. For any other course the rate rises
    /// in a straight line, as by PyTorch's `LinearLR` before a `SequentialLR`, and the course begins after that.
    pub warm_up: f64,
    /// The epochs that it goes over; None takes those of the training. A training that is done in parts says here how many
    /// all of them have.
    pub epochs: Option<usize>,
}

/// The course of a learning rate, with PyTorch's defaults.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Course {
    /// It stays as it is.
    #[default]
    Constant,
    /// It is multiplied by `gamma` after every `step_size` epochs: PyTorch's `StepLR`.
    Step {
        /// Number of epochs between two changes.
        step_size: f64,
        /// The factor.
        gamma: f64,
    },
    /// It is multiplied by `gamma` over each epoch, evenly from step to step: at the beginning of each epoch it is that of
    /// PyTorch's `ExponentialLR`.
    Exponential {
        /// The factor of an epoch.
        gamma: f64,
    },
    /// It falls along half a cosine to `eta_min`: PyTorch's `CosineAnnealingLR` over all steps.
    Cosine {
        /// The rate at the end.
        eta_min: f64,
    },
    /// It rises from `max` / `div` to `max`, then falls to `max` / (`div` · `final_div`), along cosines: PyTorch's
    /// `OneCycleLR`, whose momentum stays as it is. Source: Smith & Topin 2017, "Super-convergence".
    OneCycle {
        /// The largest rate; None takes the training's learning rate.
        max: Option<f64>,
        /// What the first rate is divided by.
        div: f64,
        /// What the last rate is divided by once more.
        final_div: f64,
    },
}

/// The steps that a schedule goes over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Number of steps in all.
    pub steps: usize,
    /// Number of steps in an epoch.
    pub per_epoch: usize,
}

const WARM_UP: Setting = Setting::number("warm-up", "the warm-up", 0.0, Range::Share);
const GAMMA: &str = "gamma";

/// The schedules, one row each.
static SCHEDULES: &[Choice<Schedule>] = &[
    Choice {
        name: "constant",
        aliases: &[],
        about: "the same rate at every step",
        example: "constant warm-up=0.1",
        settings: &[WARM_UP],
        make: |settings| made_of(settings, Course::Constant),
    },
    Choice {
        name: "step",
        aliases: &["step-lr"],
        about: "times gamma after every step-size epochs",
        example: "step 5 gamma=0.5",
        settings: &[
            Setting::number("step-size", "the step size", 10.0, Range::Positive).positional(),
            Setting::number(GAMMA, "gamma", 0.1, Range::Positive),
            WARM_UP,
        ],
        make: |settings| {
            let (step_size, gamma) = (settings.number("step-size"), settings.number(GAMMA));
            made_of(settings, Course::Step { step_size, gamma })
        },
    },
    Choice {
        name: "exponential",
        aliases: &["exponential-lr"],
        about: "times gamma over each epoch, evenly from step to step",
        example: "exponential gamma=0.9",
        settings: &[Setting::number(GAMMA, "gamma", 0.95, Range::Positive), WARM_UP],
        make: |settings| made_of(settings, Course::Exponential { gamma: settings.number(GAMMA) }),
    },
    Choice {
        name: "cosine",
        aliases: &["cosine-annealing", "cosine-annealing-lr"],
        about: "falls along half a cosine to eta-min",
        example: "cosine warm-up=0.05",
        settings: &[Setting::number("eta-min", "the last rate", 0.0, Range::NotNegative), WARM_UP],
        make: |settings| made_of(settings, Course::Cosine { eta_min: settings.number("eta-min") }),
    },
    Choice {
        name: "one-cycle",
        aliases: &["one-cycle-lr"],
        about: "rises from max / div to max, then falls to max / (div * final-div)",
        example: "one-cycle max=0.01 warm-up=0.2",
        settings: &[
            Setting::optional("max", "the largest rate", "the learning rate", Range::Positive),
            Setting::number("warm-up", "the warm-up", 0.3, Range::Share),
            Setting::number("div", "the divisor of the first rate", 25.0, Range::Positive),
            Setting::number("final-div", "the divisor of the last rate", 1e4, Range::Positive),
        ],
        make: |settings| {
            let [div, final_div] = ["div", "final-div"].map(|name| settings.number(name));
            made_of(settings, Course::OneCycle { max: settings.optional("max"), div, final_div })
        },
    },
];

fn made_of(settings: &Settings<'_>, course: Course) -> Result<Schedule, String> {
    Ok(Schedule { course, warm_up: settings.number("warm-up"), epochs: None })
}

/// The schedules, one row each.
pub fn schedule_choices() -> impl Iterator<Item = &'static Choice<Schedule>> {
    SCHEDULES.iter()
}

impl From<Course> for Schedule {
    /// The course with its usual warm-up: PyTorch's 0.3 for one cycle, none for others.
    fn from(course: Course) -> Self {
        let warm_up = if matches!(course, Course::OneCycle { .. }) { 0.3 } else { 0.0 };
        Self { course, warm_up, epochs: None }
    }
}

impl Schedule {
    /// Whether the rate stays as it is at every step.
    pub fn is_constant(&self) -> bool {
        self.course == Course::Constant && self.warm_up == 0.0
    }

    /// The same schedule over so many epochs, of which a training does a part.
    pub fn over(self, epochs: usize) -> Self {
        Self { epochs: Some(epochs), ..self }
    }

    /// The largest rate, where the schedule itself says it.
    pub fn max(&self) -> Option<f64> {
        if let Course::OneCycle { max, .. } = self.course { max } else { None }
    }

    /// Checks its numbers.
    ///
    /// # Errors
    /// [`Error::Setting`] with what to use instead.
    pub fn check(&self) -> Result<(), Error> {
        let (Some(row), values) = (self.row(), self.values()) else { return Ok(()) };
        row.check(&values)
    }

    /// The rate of these steps, counted from 0, where the learning rate is `rate`: what the training step computes, in
    /// 64 bits.
    ///
    /// # Errors
    /// [`Error::Setting`] for a number out of its range.
    pub fn rates(&self, rate: f64, span: Span, steps: impl IntoIterator<Item = usize>) -> Result<Vec<f64>, Error> {
        self.check()?;
        let steps: Vec<f64> = steps.into_iter().map(|step| step as f64).collect();
        let builder = Builder::new();
        let taken = builder.input("taken", steps.len());
        let rates = self.describe(builder.constant(rate).broadcast_to(steps.len()), taken, span);
        let graph = builder.finish([rates])?;
        let steps = Tensor::from(steps);
        Ok(interpret::<f64>(&graph, &[(taken.id(), &steps)])?.tensor(rates.id()).to_f64())
    }

    /// Describes the rate of the step before which `taken` steps were taken.
    pub(crate) fn describe<'b>(&self, rate: Var<'b>, taken: Var<'b>, span: Span) -> Var<'b> {
        if let Course::OneCycle { div, final_div, .. } = self.course {
            return one_cycle(rate, taken, span, (self.warm_up, div, final_div));
        }
        let warm_up = (self.warm_up * span.steps as f64).round();
        let after = if warm_up == 0.0 { taken } else { (taken - warm_up).maximum(0.0) };
        let per_epoch = span.per_epoch as f64;
        let course = match self.course {
            Course::Constant | Course::OneCycle { .. } => rate,
            Course::Step { step_size, gamma } => {
                let size = (step_size * per_epoch).round().max(1.0);
                let most = ((span.steps.saturating_sub(1) as f64 - warm_up) / size).floor().max(0.0);
                rate * power_of_steps(after, (size, gamma, most))
            }
            Course::Exponential { gamma } => rate * (after * (gamma.ln() / per_epoch)).exp(),
            Course::Cosine { eta_min } => {
                let steps = (span.steps as f64 - warm_up).max(1.0);
                eta_min + (rate - eta_min) * (after.minimum(steps) * (FRAC_PI_2 / steps)).cos().square()
            }
        };
        if warm_up == 0.0 { course } else { course * ((taken + 1.0) / (warm_up + 1.0)).minimum(1.0) }
    }

    fn row(&self) -> Option<&'static Choice<Self>> {
        let name = match self.course {
            Course::Constant => "constant",
            Course::Step { .. } => "step",
            Course::Exponential { .. } => "exponential",
            Course::Cosine { .. } => "cosine",
            Course::OneCycle { .. } => "one-cycle",
        };
        SCHEDULES.iter().find(|row| row.name == name)
    }

    /// The values of its settings, in the order of its row.
    fn values(&self) -> Vec<Value> {
        let warm_up = Value::Number(self.warm_up);
        match self.course {
            Course::Constant => vec![warm_up],
            Course::Step { step_size, gamma } => vec![Value::Number(step_size), Value::Number(gamma), warm_up],
            Course::Exponential { gamma } => vec![Value::Number(gamma), warm_up],
            Course::Cosine { eta_min } => vec![Value::Number(eta_min), warm_up],
            Course::OneCycle { max, div, final_div } => {
                vec![max.map_or(Value::Nothing, Value::Number), warm_up, Value::Number(div), Value::Number(final_div)]
            }
        }
    }
}

/// Two half cosines: up over a share of the steps, and down over the rest.
fn one_cycle<'b>(max: Var<'b>, taken: Var<'b>, span: Span, (share, div, final_div): (f64, f64, f64)) -> Var<'b> {
    let steps = span.steps as f64;
    // The last step of each part, as PyTorch counts them; of very few steps the first part has none.
    let (top, last) = (share * steps - 1.0, steps - 1.0);
    let (first, end) = (1.0 / div, 1.0 / (div * final_div));
    // (1 + cos πx) / 2 is cos² πx/2, which loses no digits near 0.
    let down = ((taken.minimum(last) - top) * (FRAC_PI_2 / (last - top))).cos().square();
    let falling = end + (1.0 - end) * down;
    if top <= 0.0 {
        return max * falling;
    }
    let rising = first + (1.0 - first) * (taken * (FRAC_PI_2 / top)).sin().square();
    max * taken.less_equal(top).select(rising, falling)
}

/// `gamma` to the power of how many times `size` goes into `taken`, at most `most` times: digit by binary digit, since a
/// graph has no whole division. All numbers are whole, and exact.
fn power_of_steps<'b>(taken: Var<'b>, (size, gamma, most): (f64, f64, f64)) -> Var<'b> {
    let digits = (most + 1.0).log2().ceil() as i32;
    let (mut rest, mut power) = (taken, None);
    for digit in (0..digits).rev() {
        let times = 2f64.powi(digit);
        let is_set = rest.greater_equal(size * times);
        rest = rest - is_set * (size * times);
        let factor = 1.0 + is_set * (gamma.powf(times) - 1.0);
        power = Some(power.map_or(factor, |power: Var<'b>| power * factor));
    }
    power.unwrap_or_else(|| taken.builder().constant(1.0))
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.row().map_or_else(String::new, |row| row.written(&self.values())))
    }
}

impl FromStr for Schedule {
    type Err = Error;

    /// Its name, alone or with settings: `cosine`, `one-cycle max=0.01 warm-up=0.3`.
    fn from_str(text: &str) -> Result<Self, Error> {
        made("schedule", SCHEDULES, text)
    }
}
