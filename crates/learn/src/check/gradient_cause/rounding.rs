//! Whether two derivatives differ by no more than rounding makes of a difference quotient, and which step or tolerance
//! would tell them apart.
//!
//! A loss of size M is known to some ε·M, so that its quotient over a step h is known to some ε·M / h. Where that is more
//! than the tolerance, or than the difference that was found, no other cause can be seen.

use limpid_graph::NodeId;

use super::{Cause, CauseAdvice, ComparedNumber, FailedCheck, SAME};
use crate::check::numeric::quotient;
use crate::check::perturb::Perturbation;
use crate::error::Error;

/// How many roundings a loss is made of, generously: every op on the way adds some.
const ROUNDINGS: f64 = 32.0;
/// The steps that are tried, the usual one first.
const STEPS: [f64; 6] = [1e-4, 1e-5, 1e-3, 1e-6, 1e-2, 1e-7];
/// How far within the tolerance a step that is advised keeps its error.
const MARGIN: f64 = 4.0;

impl FailedCheck<'_> {
    /// What rounding may make of an error by this step, of derivatives of this size.
    pub(crate) fn rounding(&self, step: f64, derivative: f64) -> f64 {
        let largest =
            |id: NodeId| self.base.numbers(id).iter().fold(0.0f64, |largest, number| largest.max(number.abs()));
        // What a moved number reaches: the samples are what they are.
        let mut is_reached = vec![false; self.graph.nodes().len()];
        let mut size = 0.0f64;
        for (id, node) in self.graph.nodes() {
            let is_own = self.leaves.contains(&id);
            is_reached[id.index()] = is_own || node.inputs.iter().any(|input| is_reached[input.index()]);
            if is_reached[id.index()] && !is_own {
                size = size.max(largest(id));
            }
        }
        ROUNDINGS * f64::EPSILON * size / (step * derivative.abs().max(1.0))
    }

    /// Whether two lists are the same derivatives, but for what steps and rounding make of one of them.
    pub(crate) fn agree(tried: &[ComparedNumber]) -> bool {
        let largest = tried.iter().map(|tried| tried.analytic.abs().max(tried.numerical.abs())).fold(0.0, f64::max);
        tried.iter().all(|tried| (tried.analytic - tried.numerical).abs() <= SAME * largest)
    }

    /// That rounding is the cause, where it may be. `worst` is the largest error of the whole check.
    pub(crate) fn of_rounding(
        &self,
        leaf: NodeId,
        tried: &[ComparedNumber],
        worst: f64,
    ) -> Result<Option<Cause>, Error> {
        let Some(here) = tried.iter().max_by(|a, b| a.error.total_cmp(&b.error)) else { return Ok(None) };
        let error = self.rounding(self.step, here.analytic);
        // A tolerance below what rounding makes says nothing of derivatives that agree as far as quotients go.
        if here.error > error && !(error > self.tolerance && Self::agree(tried)) {
            return Ok(None);
        }
        let mut moved = Perturbation::new(self.base, leaf);
        for step in STEPS.into_iter().filter(|&step| step > self.step) {
            let difference = moved.difference(here.element, step)?;
            let apart = (here.analytic - quotient(difference.plus, difference.minus, step)).abs();
            let scale = here.analytic.abs().max(1.0);
            let is_within = |error: f64| error * MARGIN <= self.tolerance;
            if !difference.crosses_kink && is_within(apart / scale) && is_within(self.rounding(step, here.analytic)) {
                return Ok(Some(Cause::Rounding { error, advice: CauseAdvice::Step(step) }));
            }
        }
        Ok(Some(Cause::Rounding { error, advice: CauseAdvice::Tolerance(above(worst.max(error).max(here.error))) }))
    }

    /// The same for directions, where only these fail.
    pub(crate) fn of_directions(&self, derivative: f64, worst: f64) -> Option<Cause> {
        let error = self.rounding(self.step, derivative);
        let advice = CauseAdvice::Tolerance(above(worst.max(error)));
        (worst <= error).then_some(Cause::Rounding { error, advice })
    }
}

/// The next power of ten that leaves some room.
fn above(error: f64) -> f64 {
    let power = libm::ceil(libm::log10(error * 2.0)) as i32;
    // As it is written: 1e-9, not 1.0000000000000001e-9.
    format!("1e{power}").parse().unwrap_or(error)
}
