//! The gradient check: back-propagation compared with numerical derivatives of the loss.
//!
//! For each number of each parameter, the loss is computed with the number a little larger and a little smaller, in
//! `f64`; the difference quotient must agree with the derivative that the graph's gradient gives. A perturbation that
//! brings an op to the other side of a kink (a ReLU whose sign flips) is left out and counted, because the quotient
//! means nothing there. Random directions through all parameters at once are checked too.

use std::fmt;

use limpid_engine::available_threads;
use limpid_graph::{Builder, Graph, NodeId, Stream, Tensor, Values, interpret};
use serde::Serialize;

use crate::check::gradient_cause::{Cause, ComparedNumber, FailedCheck, Mistake};
use crate::check::numeric::quotient;
use crate::check::numerical_gradient::{DataLoss, differences};
use crate::check::perturb::{Difference, Perturbation};
use crate::data::dataset::{Dataset, permutation};
use crate::error::Error;
use crate::train::model::Model;

/// How a gradient is checked.
///
/// ```
/// use limpid_graph::Tensor;
/// use limpid_learn::{Dataset, GradientCheck, Model, Network};
///
/// let network: Network = "2, affine 3, tanh, affine 2".parse()?;
/// let data = Dataset::new(Tensor::from([[0.5, -1.0], [2.0, 0.3]]), Tensor::from([0u8, 1]))?;
/// let report = Model::new(&network, 1)?.check_gradients(&data, &GradientCheck::default())?;
/// assert!(report.passed(), "{report}");
/// # Ok::<(), limpid_learn::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GradientCheck {
    /// Step of the central difference: how far a number is moved up and down.
    pub step: f64,
    /// Which numbers of each parameter are moved.
    pub elements: Elements,
    /// Number of random directions through all parameters that are checked too.
    pub directions: usize,
    /// The largest error that passes: |a − n| / max(1, |a|, |n|) of the two derivatives.
    pub tolerance: f64,
    /// Seed by which elements and directions are drawn.
    pub seed: u64,
}

/// Which numbers of a parameter are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elements {
    /// Every one.
    All,
    /// As many, drawn at random; every one where there are fewer.
    AtMost(usize),
}

impl Default for GradientCheck {
    /// A step of 1e−4, every element, 8 directions, a tolerance of 1e−7.
    fn default() -> Self {
        Self { step: 1e-4, elements: Elements::All, directions: 8, tolerance: 1e-7, seed: 0 }
    }
}

/// What a gradient check found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GradientReport {
    /// The largest error that passes.
    pub tolerance: f64,
    /// Parameter by parameter.
    pub parameters: Vec<ParameterCheck>,
    /// Direction by direction.
    pub directions: Vec<Comparison>,
    /// How many directions were left out since they cross a kink.
    pub directions_at_kinks: usize,
    /// Why only directions failed, where an experiment shows that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directions_cause: Option<Cause>,
}

/// What a gradient check found for one parameter.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParameterCheck {
    /// Its name.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// How many of its numbers were compared.
    pub checked: usize,
    /// How many were left out since moving them crosses a kink.
    pub at_kinks: usize,
    /// The mean of |back-propagated − numerical| over those compared.
    pub mean_difference: f64,
    /// Where the error is largest, and both derivatives there; nothing where none were compared.
    pub worst: Option<Worst>,
    /// Why it failed, where an experiment shows that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

/// The number of a parameter at which the two derivatives disagree most.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Worst {
    /// Its position along each axis.
    pub position: Vec<usize>,
    /// What was found there.
    #[serde(flatten)]
    pub comparison: Comparison,
}

/// Two derivatives of the same thing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// By back-propagation.
    pub analytic: f64,
    /// By the difference quotient.
    pub numerical: f64,
    /// |a − n| / max(1, |a|, |n|).
    pub error: f64,
}

impl Comparison {
    fn of(analytic: f64, numerical: f64) -> Self {
        let scale = analytic.abs().max(numerical.abs()).max(1.0);
        Self { analytic, numerical, error: (analytic - numerical).abs() / scale }
    }

    /// Whether the error is within `tolerance`; an error that is not a number is not.
    fn is_within(&self, tolerance: f64) -> bool {
        self.error <= tolerance
    }
}

impl GradientReport {
    /// Whether something was compared, and every comparison is within the tolerance.
    pub fn passed(&self) -> bool {
        let mut all = self.comparisons().peekable();
        all.peek().is_some() && all.all(|comparison| comparison.is_within(self.tolerance))
    }

    /// The largest error; not a number where nothing was compared.
    pub fn worst_error(&self) -> f64 {
        let larger = |a: f64, b: f64| if a.is_nan() || b <= a { a } else { b };
        self.comparisons().map(|comparison| comparison.error).reduce(larger).unwrap_or(f64::NAN)
    }

    fn comparisons(&self) -> impl Iterator<Item = &Comparison> {
        let worst = self.parameters.iter().filter_map(|parameter| parameter.worst.as_ref());
        worst.map(|worst| &worst.comparison).chain(&self.directions)
    }
}

impl fmt::Display for GradientReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.parameters.iter().map(|p| p.name.len()).max().unwrap_or(0).max("parameter".len());
        writeln!(f, "{:width$}   checked  at kinks  mean |a−n|  worst error  where", "parameter")?;
        for parameter in &self.parameters {
            let ParameterCheck { name, checked, at_kinks, mean_difference, worst, .. } = parameter;
            write!(f, "{name:width$}  {checked:>8}  {at_kinks:>8}  {mean_difference:>10.2e}  ")?;
            match worst {
                Some(Worst { position, comparison: Comparison { analytic, numerical, error } }) => {
                    writeln!(f, "{error:>11.2e}  {position:?}: analytic {analytic:e}, numerical {numerical:e}")?;
                }
                None => writeln!(f, "{:>11}", "none")?,
            }
            if let Some(cause) = &parameter.cause {
                writeln!(f, "{:width$}  likely cause: {cause}", "")?;
            }
        }
        let direction = self.directions.iter().map(|d| d.error).fold(0.0, f64::max);
        write!(f, "{} random directions: worst error {direction:.2e}", self.directions.len())?;
        match self.directions_at_kinks {
            0 => writeln!(f)?,
            kinks => writeln!(f, " ({kinks} more cross a kink)")?,
        }
        if let Some(cause) = &self.directions_cause {
            writeln!(f, "likely cause: {cause}")?;
        }
        let verdict = if self.passed() { "passed" } else { "FAILED" };
        write!(f, "{verdict}: worst error {:.2e}, tolerance {:.0e}", self.worst_error(), self.tolerance)
    }
}

impl GradientCheck {
    /// Checks the derivative of the first output of `graph`, a single number, with respect to the leaves named in
    /// `wrt`, where it is fed `feeds`.
    ///
    /// # Errors
    /// A setting out of range, what a run finds in the feeds, and ways to the output that have no derivative.
    pub fn run(&self, graph: &Graph, wrt: &[&str], feeds: &[(&str, &Tensor)]) -> Result<GradientReport, Error> {
        self.report(graph, wrt, feeds, &Given::default())
    }

    /// Checks derivatives that were computed elsewhere, by hand or by another program: of the first output of `graph`,
    /// a single number, with respect to the leaves named in `wrt`, where it is fed `feeds`. Where they are wrong,
    /// mistakes that are often made are made on purpose, to see which one gives these very numbers.
    ///
    /// ```
    /// use limpid_graph::{Builder, Tensor};
    /// use limpid_learn::GradientCheck;
    ///
    /// let b = Builder::new();
    /// let w = b.parameter("w", 2);
    /// let graph = b.finish([w.square().mean_all()])?;
    /// let by_hand = Tensor::from([2.0, 4.0]);
    /// let report = GradientCheck::default().compare(&graph, &["w"], &[("w", &Tensor::from([1.0, 2.0]))], &[by_hand])?;
    /// assert!(report.to_string().contains("every derivative is 2.000000 times what it should be"));
    /// # Ok::<(), limpid_learn::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`run`](GradientCheck::run), and [`Error::Data`] where there is not one array of the leaf's shape for each.
    pub fn compare(
        &self,
        graph: &Graph,
        wrt: &[&str],
        feeds: &[(&str, &Tensor)],
        gradients: &[Tensor],
    ) -> Result<GradientReport, Error> {
        self.report(graph, wrt, feeds, &Given { gradients: Some(gradients), ..Given::default() })
    }

    pub(crate) fn report(
        &self,
        graph: &Graph,
        wrt: &[&str],
        feeds: &[(&str, &Tensor)],
        given: &Given<'_>,
    ) -> Result<GradientReport, Error> {
        if !(self.step.is_finite() && self.step > 0.0) {
            let hint = "use a small number above 0, such as 1e-4".to_string();
            return Err(Error::Setting { name: "the step", found: self.step.to_string(), hint });
        }
        let feeds: Vec<(NodeId, Tensor)> =
            graph.named_feeds(feeds)?.into_iter().map(|(id, value)| (id, value.to_f64_tensor())).collect();
        let feeds: Vec<(NodeId, &Tensor)> = feeds.iter().map(|(id, value)| (*id, value)).collect();
        let leaves = wrt.iter().map(|name| graph.find(name)).collect::<Result<Vec<_>, _>>()?;
        let base = interpret::<f64>(graph, &feeds)?;
        let analytic = match given.gradients {
            Some(gradients) => fitting(gradients, wrt, &leaves, &base)?,
            None => analytic(graph, &leaves, &feeds)?,
        };
        let mut report = GradientReport {
            tolerance: self.tolerance,
            parameters: Vec::with_capacity(wrt.len()),
            directions: Vec::new(),
            directions_at_kinks: 0,
            directions_cause: None,
        };
        let mut tried = Vec::with_capacity(wrt.len());
        for ((&leaf, name), analytic) in leaves.iter().zip(wrt).zip(&analytic) {
            let (checked, numbers) = self.check_leaf(&base, leaf, name, &analytic.to_f64())?;
            report.parameters.push(checked);
            tried.push(numbers);
        }
        for direction in 0..self.directions {
            match self.check_direction(graph, &base, &leaves, &analytic, &feeds, direction as u64)? {
                Some(comparison) => report.directions.push(comparison),
                None => report.directions_at_kinks += 1,
            }
        }
        if !report.passed() {
            let (samples, divisor) = (given.samples, given.divisor);
            let (step, tolerance) = (self.step, self.tolerance);
            let case =
                FailedCheck { graph, base: &base, feeds: &feeds, leaves: &leaves, step, tolerance, samples, divisor };
            explain(&case, given, &mut report, &tried)?;
        }
        Ok(report)
    }

    fn check_leaf(
        &self,
        base: &Values<'_, f64>,
        leaf: NodeId,
        name: &str,
        analytic: &[f64],
    ) -> Result<(ParameterCheck, Vec<ComparedNumber>), Error> {
        let shape = base.shape(leaf).to_vec();
        let (mut compared, mut at_kinks, mut sum, mut worst) = (Vec::new(), 0, 0.0, None::<(usize, Comparison)>);
        let tried: Vec<(usize, Difference)> = match self.chosen(analytic.len(), name) {
            None => {
                let all = differences(base, &[leaf], self.step, available_threads())?;
                all.into_iter().flatten().enumerate().collect()
            }
            Some(chosen) => {
                let mut perturbed = Perturbation::new(base, leaf);
                let tried = |element| Ok::<_, Error>((element, perturbed.difference(element, self.step)?));
                chosen.into_iter().map(tried).collect::<Result<_, _>>()?
            }
        };
        for (element, Difference { plus, minus, crosses_kink }) in tried {
            if crosses_kink {
                at_kinks += 1;
                continue;
            }
            let comparison = Comparison::of(analytic[element], quotient(plus, minus, self.step));
            let Comparison { analytic, numerical, error } = comparison;
            compared.push(ComparedNumber { element, analytic, numerical, error });
            sum += (comparison.analytic - comparison.numerical).abs();
            if worst.is_none_or(|(_, worst)| comparison.error.total_cmp(&worst.error).is_gt()) {
                worst = Some((element, comparison));
            }
        }
        let worst = worst.map(|(element, comparison)| Worst { position: position(&shape, element), comparison });
        let (checked, mean_difference) = (compared.len(), sum / compared.len().max(1) as f64);
        let name = name.to_string();
        Ok((ParameterCheck { name, shape, checked, at_kinks, mean_difference, worst, cause: None }, compared))
    }

    /// The elements to check; nothing for every one.
    fn chosen(&self, count: usize, name: &str) -> Option<Vec<usize>> {
        match self.elements {
            Elements::AtMost(most) if most < count => {
                let mut chosen = permutation(count, Stream::new(self.seed, name), 0);
                chosen.truncate(most);
                Some(chosen)
            }
            _ => None,
        }
    }

    /// Compares along a direction of length 1; nothing where that crosses a kink.
    fn check_direction(
        &self,
        graph: &Graph,
        base: &Values<'_, f64>,
        leaves: &[NodeId],
        analytic: &[Tensor],
        feeds: &[(NodeId, &Tensor)],
        which: u64,
    ) -> Result<Option<Comparison>, Error> {
        let stream = Stream::new(self.seed, "direction");
        let total: usize = analytic.iter().map(Tensor::len).sum();
        let direction: Vec<f64> = (0..total as u64).map(|i| stream.normal(which, i)).collect();
        let length = libm::sqrt(direction.iter().map(|x| x * x).sum());
        let slope = analytic.iter().flat_map(Tensor::to_f64).zip(&direction).map(|(g, d)| g * d / length).sum();
        let mut losses = [0.0; 2];
        for (loss, sign) in losses.iter_mut().zip([1.0, -1.0]) {
            let mut rest = direction.as_slice();
            let mut moved = Vec::with_capacity(leaves.len());
            for (&leaf, gradient) in leaves.iter().zip(analytic) {
                let (own, others) = rest.split_at(gradient.len());
                rest = others;
                let numbers = base.numbers(leaf);
                let shifted: Vec<f64> =
                    numbers.iter().zip(own).map(|(x, d)| x + sign * self.step * d / length).collect();
                let shifted = Tensor::new(gradient.shape(), shifted).map_err(|error| Error::Data(error.to_string()))?;
                moved.push((leaf, shifted));
            }
            let replaced = |&(id, value): &(NodeId, &'_ Tensor)| match moved.iter().find(|(leaf, _)| *leaf == id) {
                Some((_, shifted)) => (id, shifted.clone()),
                None => (id, value.clone()),
            };
            let feeds: Vec<(NodeId, Tensor)> = feeds.iter().map(replaced).collect();
            let feeds: Vec<(NodeId, &Tensor)> = feeds.iter().map(|(id, value)| (*id, value)).collect();
            let run = interpret::<f64>(graph, &feeds)?;
            if run.sides() != base.sides() {
                return Ok(None);
            }
            *loss = run.numbers(graph.outputs()[0])[0];
        }
        Ok(Some(Comparison::of(slope, (losses[0] - losses[1]) / (2.0 * self.step))))
    }
}

/// What is known of a gradient beside its graph.
#[derive(Default)]
pub(crate) struct Given<'g> {
    /// The derivatives, where they were computed elsewhere.
    pub(crate) gradients: Option<&'g [Tensor]>,
    /// How many samples the loss is a mean of.
    pub(crate) samples: Option<usize>,
    /// What these are divided by.
    pub(crate) divisor: Option<f64>,
    /// Mistakes that only who knows the loss can make.
    pub(crate) mistakes: Option<&'g Mistakes<'g>>,
}

/// Makes mistakes on purpose.
pub(crate) type Mistakes<'m> = dyn Fn(&FailedCheck<'_>) -> Result<Vec<Mistake>, Error> + 'm;

/// Looks for the cause of each parameter that failed.
fn explain(
    case: &FailedCheck<'_>,
    given: &Given<'_>,
    report: &mut GradientReport,
    tried: &[Vec<ComparedNumber>],
) -> Result<(), Error> {
    let passes = |parameter: &ParameterCheck| {
        parameter.worst.as_ref().is_some_and(|worst| worst.comparison.is_within(report.tolerance))
    };
    let failed: Vec<bool> = report.parameters.iter().map(|parameter| !passes(parameter)).collect();
    let is_number = |tried: &ComparedNumber| tried.analytic.is_finite() && tried.numerical.is_finite();
    let worst = report.worst_error();
    let mut mistakes = None;
    if !failed.contains(&true) {
        let worst = report.directions.iter().max_by(|a, b| a.error.total_cmp(&b.error));
        report.directions_cause = worst.and_then(|worst| case.of_directions(worst.analytic, worst.error));
    }
    for (leaf, (parameter, tried)) in report.parameters.iter_mut().zip(tried).enumerate() {
        if !failed[leaf] {
            continue;
        }
        if tried.is_empty() {
            parameter.cause = (parameter.at_kinks > 0).then_some(Cause::OnlyKinks);
            continue;
        }
        if !tried.iter().all(is_number) {
            parameter.cause = case.not_finite()?;
            continue;
        }
        // What rounding explains has no other cause, and neither has what agrees as far as a quotient goes.
        let lost = case.step_lost(case.leaves[leaf], tried);
        parameter.cause = match lost {
            Some(lost) => Some(lost),
            None => case.of_rounding(case.leaves[leaf], tried, worst)?,
        };
        if parameter.cause.is_some() {
            continue;
        }
        if FailedCheck::agree(tried) {
            parameter.cause = case.of_steps(case.leaves[leaf], tried)?;
            continue;
        }
        if mistakes.is_none() {
            mistakes = Some(made(case, given)?);
        }
        let (wrong, righted) = mistakes.as_ref().unwrap_or(const { &(Vec::new(), Vec::new()) });
        let right: Vec<ComparedNumber> =
            tried.iter().map(|tried| ComparedNumber { analytic: tried.numerical, ..*tried }).collect();
        parameter.cause = FailedCheck::made(wrong, leaf, tried).or_else(|| FailedCheck::made(righted, leaf, &right));
        if parameter.cause.is_none() && given.gradients.is_some() {
            parameter.cause = case.of_numbers(tried);
        }
        if parameter.cause.is_none() {
            parameter.cause = case.of_steps(case.leaves[leaf], tried)?;
        }
    }
    Ok(())
}

/// Mistakes that give wrong gradients, and changes that make a wrong one right.
fn made(case: &FailedCheck<'_>, given: &Given<'_>) -> Result<(Vec<Mistake>, Vec<Mistake>), Error> {
    if given.gradients.is_none() {
        return Ok((Vec::new(), case.cuts()?));
    }
    let mut wrong = given.mistakes.map(|mistakes| mistakes(case)).transpose()?.unwrap_or_default();
    wrong.extend(case.overwritten()?);
    Ok((wrong, Vec::new()))
}

/// Derivatives from elsewhere, one array of the leaf's shape for each.
fn fitting(
    gradients: &[Tensor],
    wrt: &[&str],
    leaves: &[NodeId],
    base: &Values<'_, f64>,
) -> Result<Vec<Tensor>, Error> {
    if gradients.len() != wrt.len() {
        let (found, wanted) = (gradients.len(), wrt.len());
        return Err(Error::Data(format!(
            "{found} arrays of derivatives were given; give {wanted}, one for each of {wrt:?}"
        )));
    }
    for ((gradient, name), &leaf) in gradients.iter().zip(wrt).zip(leaves) {
        let (found, wanted) = (gradient.shape(), base.shape(leaf));
        if found != wanted {
            return Err(Error::Data(format!(
                "the derivatives of `{name}` have the shape {found:?}; expected {wanted:?}"
            )));
        }
    }
    Ok(gradients.iter().map(Tensor::to_f64_tensor).collect())
}

/// The derivatives by back-propagation.
fn analytic(graph: &Graph, leaves: &[NodeId], feeds: &[(NodeId, &Tensor)]) -> Result<Vec<Tensor>, Error> {
    let builder = Builder::resume(graph);
    let wrt: Vec<_> = leaves.iter().map(|&leaf| builder.var(leaf)).collect();
    let output = graph.outputs().first().ok_or_else(|| Error::Data("the graph has no output to check".to_string()))?;
    let gradients = builder.grad(builder.var(*output), &wrt);
    let differentiated = builder.finish(gradients)?;
    let run = interpret::<f64>(&differentiated, feeds)?;
    Ok(differentiated.outputs().iter().map(|&id| run.tensor(id)).collect())
}

fn position(shape: &[usize], element: usize) -> Vec<usize> {
    let mut rest = element;
    let mut position: Vec<usize> = shape
        .iter()
        .rev()
        .map(|&extent| {
            let at = rest % extent;
            rest /= extent;
            at
        })
        .collect();
    position.reverse();
    position
}

impl Model {
    /// Checks the gradient of this model's loss over all of `data`, with respect to each parameter, in `f64`.
    ///
    /// # Errors
    /// As [`GradientCheck::run`], and where the data does not fit the network.
    pub fn check_gradients(&self, data: &Dataset, check: &GradientCheck) -> Result<GradientReport, Error> {
        let data = &*self.as_read(data)?;
        let loss = DataLoss::new(self, data)?;
        let names: Vec<&str> = loss.parameters.iter().map(|(name, _)| name.as_str()).collect();
        check.run(&loss.graph, &names, &loss.feeds(data))
    }

    /// Checks derivatives of this model's mean loss over all of `data` that were computed elsewhere: an array for each
    /// parameter, by name. Where they are wrong, mistakes that are often made with a classifier are tried, too: a
    /// softmax over the wrong axis, class labels taken for numbers, a derivative overwritten from sample to sample.
    ///
    /// # Errors
    /// As [`check_gradients`](Model::check_gradients), and [`Error::Parameters`] where the arrays are not the
    /// parameters'.
    pub fn compare_gradients(
        &self,
        data: &Dataset,
        gradients: &[(String, Tensor)],
        check: &GradientCheck,
    ) -> Result<GradientReport, Error> {
        self.network().check_parameters(gradients)?;
        let data = &*self.as_read(data)?;
        let loss = DataLoss::new(self, data)?;
        let names: Vec<&str> = loss.parameters.iter().map(|(name, _)| name.as_str()).collect();
        let own = |name: &&str| gradients.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone());
        let gradients: Vec<Tensor> = names.iter().filter_map(own).collect();
        let feeds = loss.feeds(data);
        let mistakes = |case: &FailedCheck<'_>| crate::check::gradient_mistakes::of_classifier(case, self, data);
        let given = Given {
            gradients: Some(&gradients),
            samples: Some(data.len()),
            divisor: data.divisor(),
            mistakes: Some(&mistakes),
        };
        check.report(&loss.graph, &names, &feeds, &given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_gradient_is_found_and_its_place_named() {
        // The derivative that the graph gives through `stop_gradient` is not that of the value.
        let b = Builder::new();
        let w = b.parameter("w", 3);
        let loss = (w * w.stop_gradient()).sum_all();
        let graph = b.finish([loss]).unwrap();
        let feeds = Tensor::from([0.1, -5.0, 0.2]);
        let report = GradientCheck::default().run(&graph, &["w"], &[("w", &feeds)]).unwrap();
        assert!(!report.passed());
        let worst = report.parameters[0].worst.as_ref().unwrap();
        assert_eq!(worst.position, [1]);
        assert!((worst.comparison.analytic + 5.0).abs() < 1e-9 && (worst.comparison.numerical + 10.0).abs() < 1e-6);
        assert!(report.to_string().contains("FAILED"));
    }

    #[test]
    fn perturbations_over_a_kink_are_left_out_and_counted() {
        let b = Builder::new();
        let graph = b.finish([b.parameter("w", 4).relu().sum_all()]).unwrap();
        let feeds = Tensor::from([1.0, 0.0, 5e-5, -1.0]);
        let report = GradientCheck::default().run(&graph, &["w"], &[("w", &feeds)]).unwrap();
        assert_eq!((report.parameters[0].checked, report.parameters[0].at_kinks), (2, 2));
        assert!(report.passed());
    }

    #[test]
    fn a_check_that_compared_nothing_has_not_passed() {
        let b = Builder::new();
        let graph = b.finish([b.parameter("w", 1).relu().sum_all()]).unwrap();
        let check = GradientCheck { directions: 0, ..GradientCheck::default() };
        let report = check.run(&graph, &["w"], &[("w", &Tensor::from([0.0]))]).unwrap();
        assert!(!report.passed() && report.worst_error().is_nan());
    }

    #[test]
    fn a_gradient_that_is_not_a_number_fails() {
        let b = Builder::new();
        let graph = b.finish([b.parameter("w", 1).ln().sum_all()]).unwrap();
        let report = GradientCheck::default().run(&graph, &["w"], &[("w", &Tensor::from([-1.0]))]).unwrap();
        assert!(!report.passed());
    }
}
