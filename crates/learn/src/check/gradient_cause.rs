//! Why a gradient is wrong, by experiment: a mistake is made on purpose, and named where it gives just the gradient
//! that was found; numbers are moved by other steps, and a kink or a step too large is named where the answers say so.
//!
//! Nothing is guessed from names: where no experiment gives the wrong numbers, no cause is named.

use std::fmt;

use limpid_graph::{Builder, Graph, MapOp, NodeId, Op, Tensor, Values, Var, interpret};
use serde::Serialize;

use crate::check::numeric::quotient;
use crate::check::perturb::Perturbation;
use crate::error::Error;

/// The likely cause of a derivative that fails its check, with what was seen of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Cause {
    /// A value on the way is not a finite number.
    NotFinite {
        /// The first such node.
        node: String,
        /// Where it was described.
        location: String,
    },
    /// A kink lies within a step of the number.
    Kink {
        /// The difference quotient ahead of the number.
        ahead: f64,
        /// The one behind.
        behind: f64,
    },
    /// Every number crosses a kink when it is moved, so that nothing was compared.
    OnlyKinks,
    /// The step does not change the number at all.
    StepLost {
        /// The number.
        number: f64,
        /// The step.
        step: f64,
    },
    /// With a tenth of the step the error falls as that of a curved function does.
    StepTooLarge {
        /// The error at a tenth of the step.
        error: f64,
    },
    /// The step or the tolerance asks for more digits than a difference quotient has.
    Rounding {
        /// The error that rounding alone may make.
        error: f64,
        /// A setting with which the check works.
        advice: CauseAdvice,
    },
    /// The derivative is right once that of a `stop_gradient` is added.
    Cut {
        /// What is held constant.
        node: String,
        /// Where it was described.
        location: String,
    },
    /// A value is used several times, and only what one use hands back is there.
    Overwritten {
        /// The value.
        node: String,
        /// The use whose derivative is left.
        kept: String,
    },
    /// Only the last sample's derivative is there.
    LastSample,
    /// Every derivative is the same number of times too large.
    Factor {
        /// How many times.
        factor: f64,
        /// What that number is, where it is known.
        known: Option<KnownFactor>,
    },
    /// All derivatives are 0, and should not be.
    Zero,
    /// Each derivative was cut to the whole number before it.
    WholeNumbers,
    /// It is the derivative of a softmax over other numbers than each sample's own.
    SoftmaxAxis {
        /// SoftmaxOver what.
        over: SoftmaxOver,
    },
    /// It is the derivative of a loss that takes class labels for numbers.
    LabelForm {
        /// How.
        how: LabelMistake,
    },
}

/// A setting with which rounding is small enough.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CauseAdvice {
    /// A larger step.
    Step(f64),
    /// A larger tolerance.
    Tolerance(f64),
}

/// A factor that has a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KnownFactor {
    /// The number of samples.
    Samples,
    /// One over the number of samples.
    OneOverSamples,
    /// −1.
    Sign,
    /// What the samples are divided by.
    Divisor,
}

/// What a softmax was taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SoftmaxOver {
    /// Each class's scores of all samples.
    Samples,
    /// All scores of the batch.
    All,
}

/// What was done to class labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LabelMistake {
    /// The loss of each sample was multiplied by its label.
    Multiplied,
    /// The label was subtracted from each probability.
    Subtracted,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFinite { node, location } => {
                write!(
                    f,
                    "`{node}` ({location}) is not a finite number; use smaller numbers, or a function that is \
                     defined there"
                )
            }
            Self::Kink { ahead, behind } => write!(
                f,
                "a kink lies within the step: the slope is {ahead:.4e} ahead and {behind:.4e} behind; use \
                 numbers away from the kink, or a smaller step"
            ),
            Self::OnlyKinks => write!(f, "every number crosses a kink when it is moved; use a smaller step"),
            Self::StepLost { number, step } => {
                write!(f, "the step {step:e} is lost beside {number:e}: nothing moves; use a larger step")
            }
            Self::StepTooLarge { error } => {
                write!(
                    f,
                    "the step is too large for how the loss curves: with a tenth of it the error is \
                     {error:.2e}; use a smaller step"
                )
            }
            Self::Rounding { error, advice } => {
                write!(f, "rounding: rounding alone may make an error of {error:.1e} here; ")?;
                match advice {
                    CauseAdvice::Step(step) => write!(f, "use a step of {step:e}"),
                    CauseAdvice::Tolerance(tolerance) => write!(f, "use a tolerance of {tolerance:e}"),
                }
            }
            Self::Cut { node, location } => write!(
                f,
                "`stop_gradient` holds `{node}` constant ({location}), and the loss depends on it; without it \
                 the derivative is right"
            ),
            Self::Overwritten { node, kept } => write!(
                f,
                "a derivative was overwritten: `{node}` is used more than once, and only what `{kept}` hands \
                 back is there; add up what all uses do"
            ),
            Self::LastSample => {
                write!(f, "a derivative was overwritten: only the last sample's is there; add up those of all samples")
            }
            Self::Factor { factor, known } => {
                let why = match known {
                    Some(KnownFactor::Samples) => ", the number of samples: divide by it, the loss is a mean",
                    Some(KnownFactor::OneOverSamples) => {
                        ", one over the number of samples: it was divided by that once too often"
                    }
                    Some(KnownFactor::Sign) => ": its sign is wrong",
                    Some(KnownFactor::Divisor) => {
                        ", the divisor of the samples: either they were not divided, or they should not be"
                    }
                    None => "",
                };
                write!(f, "every derivative is {factor:.6} times what it should be{why}")
            }
            Self::Zero => {
                write!(f, "every derivative is 0: nothing arrives here, or an array of whole numbers cut it off")
            }
            Self::WholeNumbers => write!(
                f,
                "every derivative was cut to a whole number: an array of integers holds it, or its input; use \
                 real numbers (float64)"
            ),
            Self::SoftmaxAxis { over } => {
                let over = match over {
                    SoftmaxOver::Samples => "the samples of each class",
                    SoftmaxOver::All => "the whole batch",
                };
                write!(f, "the softmax is over the wrong axis: over {over}; take it over the classes of each sample")
            }
            Self::LabelForm { how } => {
                let how = match how {
                    LabelMistake::Multiplied => "the loss of each sample is multiplied by its label once more",
                    LabelMistake::Subtracted => "labels are subtracted as if they were numbers",
                };
                write!(f, "{how}; a label only says which class's probability counts, as a one-hot row does")
            }
        }
    }
}

/// A mistake made on purpose, and the gradient that it gives, by leaf.
pub(crate) struct Mistake {
    pub(crate) cause: Cause,
    pub(crate) gradients: Vec<Vec<f64>>,
}

/// A number of a leaf whose derivative was compared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ComparedNumber {
    pub(crate) element: usize,
    pub(crate) analytic: f64,
    pub(crate) numerical: f64,
    pub(crate) error: f64,
}

/// What is known of a check that failed.
pub(crate) struct FailedCheck<'c> {
    pub(crate) graph: &'c Graph,
    pub(crate) base: &'c Values<'c, f64>,
    pub(crate) feeds: &'c [(NodeId, &'c Tensor)],
    pub(crate) leaves: &'c [NodeId],
    pub(crate) step: f64,
    pub(crate) tolerance: f64,
    /// How many samples the loss is a mean of, and what they are divided by, where that is known.
    pub(crate) samples: Option<usize>,
    pub(crate) divisor: Option<f64>,
}

/// As equal as two ways to compute the same derivatives are, to the largest of them.
const SAME: f64 = 1e-5;
/// More uses of values than this are not tried one by one.
const MOST_USES: usize = 128;

/// Whether two lists are the same derivatives. Where all are 0 nothing can be said.
fn same(one: impl Iterator<Item = f64>, other: impl Iterator<Item = f64>) -> bool {
    let (mut largest, mut apart) = (0.0f64, 0.0f64);
    for (a, b) in one.zip(other) {
        if !(a.is_finite() && b.is_finite()) {
            return false;
        }
        largest = largest.max(a.abs()).max(b.abs());
        apart = apart.max((a - b).abs());
    }
    largest > 0.0 && apart <= SAME * largest
}

impl FailedCheck<'_> {
    /// The first of `mistakes` that gives what was found for a leaf.
    pub(crate) fn made(mistakes: &[Mistake], leaf: usize, tried: &[ComparedNumber]) -> Option<Cause> {
        let gives = |mistake: &&Mistake| {
            let Some(own) = mistake.gradients.get(leaf) else { return false };
            let found = tried.iter().map(|tried| tried.analytic);
            same(found, tried.iter().map(|tried| own.get(tried.element).copied().unwrap_or(f64::NAN)))
        };
        mistakes.iter().find(gives).map(|mistake| mistake.cause.clone())
    }

    /// What the numbers of a leaf say by themselves.
    pub(crate) fn of_numbers(&self, tried: &[ComparedNumber]) -> Option<Cause> {
        let has_size = |tried: &&ComparedNumber| tried.numerical.abs() > self.tolerance;
        let sized: Vec<&ComparedNumber> = tried.iter().filter(has_size).collect();
        if sized.is_empty() {
            return None;
        }
        if tried.iter().all(|tried| tried.analytic == 0.0) {
            return Some(Cause::Zero);
        }
        let is_cut = |tried: &ComparedNumber| (tried.analytic - tried.numerical.trunc()).abs() < 1e-9;
        if tried.iter().all(is_cut) {
            return Some(Cause::WholeNumbers);
        }
        let largest = sized.iter().max_by(|a, b| a.numerical.abs().total_cmp(&b.numerical.abs()))?;
        let factor = largest.analytic / largest.numerical;
        let is_factor = sized.len() > 1
            && (factor - 1.0).abs() > 1e-3
            && same(tried.iter().map(|t| t.analytic), tried.iter().map(|t| factor * t.numerical));
        is_factor.then(|| Cause::Factor { factor, known: self.known(factor) })
    }

    fn known(&self, factor: f64) -> Option<KnownFactor> {
        let is = |number: f64| (factor / number - 1.0).abs() < 1e-4;
        let samples = self.samples.filter(|&samples| samples > 1).map(|samples| samples as f64);
        match (samples, self.divisor) {
            _ if is(-1.0) => Some(KnownFactor::Sign),
            (Some(samples), _) if is(samples) => Some(KnownFactor::Samples),
            (Some(samples), _) if is(1.0 / samples) => Some(KnownFactor::OneOverSamples),
            (_, Some(divisor)) if is(divisor) || is(1.0 / divisor) => Some(KnownFactor::Divisor),
            _ => None,
        }
    }

    /// That the step does not move the number whose derivatives disagree most.
    pub(crate) fn step_lost(&self, leaf: NodeId, tried: &[ComparedNumber]) -> Option<Cause> {
        let worst = tried.iter().max_by(|a, b| a.error.total_cmp(&b.error))?;
        let number = self.base.numbers(leaf)[worst.element];
        let is_lost = number + self.step == number || number - self.step == number;
        is_lost.then_some(Cause::StepLost { number, step: self.step })
    }

    /// What other steps say of the number whose derivatives disagree most.
    pub(crate) fn of_steps(&self, leaf: NodeId, tried: &[ComparedNumber]) -> Result<Option<Cause>, Error> {
        let Some(worst) = tried.iter().max_by(|a, b| a.error.total_cmp(&b.error)) else { return Ok(None) };
        let Some(&output) = self.graph.outputs().first() else { return Ok(None) };
        let here = self.base.numbers(output)[0];
        let mut moved = Perturbation::new(self.base, leaf);
        let mut slopes = |step: f64| {
            let moved = moved.difference(worst.element, step)?;
            let [ahead, behind] = [(moved.plus - here) / step, (here - moved.minus) / step];
            Ok::<_, Error>((ahead, behind, quotient(moved.plus, moved.minus, step)))
        };
        let (ahead, behind, _) = slopes(self.step)?;
        let (nearer_ahead, nearer_behind, nearer) = slopes(self.step / 10.0)?;
        let scale = worst.analytic.abs().max(worst.numerical.abs()).max(1.0);
        let error = (worst.analytic - nearer).abs() / scale;
        let rounding = 2.0 * f64::EPSILON * here.abs().max(f64::MIN_POSITIVE) / (self.step * scale);
        let (gap, nearer_gap) = ((ahead - behind).abs(), (nearer_ahead - nearer_behind).abs());
        // Of a smooth function the gap is its curvature times the step.
        let is_smooth = (4.0..25.0).contains(&(gap / nearer_gap));
        if gap > 100.0 * rounding * scale && gap > self.tolerance && !is_smooth {
            return Ok(Some(Cause::Kink { ahead, behind }));
        }
        Ok((error < worst.error / 20.0).then_some(Cause::StepTooLarge { error }))
    }

    /// The `stop_gradient`s without which the derivative would be right.
    pub(crate) fn cuts(&self) -> Result<Vec<Mistake>, Error> {
        let cut = |op: &Op| *op == Op::Map(MapOp::StopGradient);
        let stops = self.graph.nodes().filter(|(_, node)| cut(&node.op)).map(|(id, _)| id);
        let mut found = Vec::new();
        let own = self.gradients(|builder, output, wrt| builder.grad(output, wrt))?;
        for stop in stops.take(MOST_USES) {
            let held = self.graph.node(stop).inputs[0];
            let gradients = self.gradients(|builder, output, wrt| {
                let own = builder.grad(output, wrt);
                let arriving = builder.grad(output, &[builder.var(stop)])[0];
                let missing = builder.grad((builder.var(held) * arriving.stop_gradient()).sum_all(), wrt);
                own.into_iter().zip(missing).map(|(own, missing)| own + missing).collect()
            })?;
            // What changes nothing has cut nothing off.
            let is_the_same = own.iter().zip(&gradients).all(|(own, righted)| {
                own.len() == righted.len()
                    && own.iter().zip(righted).all(|(a, b)| (a - b).abs() <= SAME * a.abs().max(b.abs()))
            });
            if is_the_same {
                continue;
            }
            let origin = &self.graph.node(stop).origin;
            let cause = Cause::Cut { node: self.graph.label(held), location: place(origin) };
            found.push(Mistake { cause, gradients });
        }
        Ok(found)
    }

    /// For each value that is used several times, what would be left if one use overwrote the others.
    pub(crate) fn overwritten(&self) -> Result<Vec<Mistake>, Error> {
        let mut uses: Vec<Vec<(NodeId, usize)>> = vec![Vec::new(); self.graph.nodes().len()];
        for (id, node) in self.graph.nodes() {
            node.inputs.iter().enumerate().for_each(|(slot, input)| uses[input.index()].push((id, slot)));
        }
        let shared: Vec<_> =
            self.graph.nodes().filter(|(id, _)| uses[id.index()].len() > 1).map(|(id, _)| id).collect();
        let mut found = Vec::new();
        for value in shared {
            for &(user, slot) in &uses[value.index()] {
                if found.len() == MOST_USES {
                    return Ok(found);
                }
                let gradients = self.gradients(|builder, output, wrt| left(builder, output, wrt, value, user, slot));
                // Where a way has no derivative there is nothing to overwrite.
                let Ok(gradients) = gradients else { continue };
                let (node, kept) = (self.graph.label(value), self.graph.label(user));
                found.push(Mistake { cause: Cause::Overwritten { node, kept }, gradients });
            }
        }
        Ok(found)
    }

    /// The first value that is not finite, forward or on the way back.
    pub(crate) fn not_finite(&self) -> Result<Option<Cause>, Error> {
        let builder = Builder::resume(self.graph);
        let wrt: Vec<Var<'_>> = self.leaves.iter().map(|&leaf| builder.var(leaf)).collect();
        let Some(&output) = self.graph.outputs().first() else { return Ok(None) };
        let graph = builder.finish(builder.grad(builder.var(output), &wrt))?;
        let values = interpret::<f64>(&graph, self.feeds)?;
        let is_wrong = |id: NodeId| values.numbers(id).iter().any(|number| !number.is_finite());
        let first = graph.nodes().find(|(id, node)| !node.inputs.is_empty() && is_wrong(*id));
        Ok(first.map(|(id, node)| Cause::NotFinite { node: graph.label(id), location: place(&node.origin) }))
    }

    /// The numbers of gradients that are described anew, by leaf.
    pub(crate) fn gradients(
        &self,
        describe: impl for<'b> FnOnce(&'b Builder, Var<'b>, &[Var<'b>]) -> Vec<Var<'b>>,
    ) -> Result<Vec<Vec<f64>>, Error> {
        let Some(&output) = self.graph.outputs().first() else { return Ok(Vec::new()) };
        let builder = Builder::resume(self.graph);
        let wrt: Vec<Var<'_>> = self.leaves.iter().map(|&leaf| builder.var(leaf)).collect();
        let described = describe(&builder, builder.var(output), &wrt);
        let graph = builder.finish(described)?;
        let values = interpret::<f64>(&graph, self.feeds)?;
        Ok(graph.outputs().iter().map(|&id| values.numbers(id).to_vec()).collect())
    }
}

/// What is left of the gradient where, of what all uses hand back to `value`, only that of one is kept.
fn left<'b>(
    builder: &'b Builder,
    output: Var<'b>,
    wrt: &[Var<'b>],
    value: NodeId,
    user: NodeId,
    slot: usize,
) -> Vec<Var<'b>> {
    let (value, user) = (builder.var(value), builder.var(user));
    let arriving = builder.grad(output, &[value, user]);
    // The use by itself: along its other inputs nothing comes back.
    let inputs: Vec<Var<'b>> = user
        .inputs()
        .into_iter()
        .enumerate()
        .map(|(i, input)| if i == slot { value } else { input.stop_gradient() })
        .collect();
    let alone = builder.again(user, &inputs);
    let kept = builder.grad((alone * arriving[1].stop_gradient()).sum_all(), &[value])[0];
    let lost = (arriving[0] - kept).stop_gradient();
    let missing = builder.grad((value * lost).sum_all(), wrt);
    builder.grad(output, wrt).into_iter().zip(missing).map(|(own, missing)| own - missing).collect()
}

fn place(origin: &limpid_graph::Origin) -> String {
    let line = format!("{}:{}", origin.location.file(), origin.location.line());
    if origin.path.is_empty() { line } else { format!("layer {} ({}), {line}", origin.path, origin.layer) }
}

mod rounding;
#[cfg(test)]
mod tests;
