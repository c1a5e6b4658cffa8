//! Mistakes that are often made with a classifier's gradient, made on purpose; see
//! [`gradient_cause`](crate::check::gradient_cause).

use limpid_graph::{Builder, Dim, NodeId, Tensor, Var};

use crate::check::gradient_cause::{Cause, FailedCheck, LabelMistake, Mistake, SoftmaxOver};
use crate::data::dataset::Dataset;
use crate::describe::loss::Loss;
use crate::error::Error;
use crate::train::model::Model;
use crate::train::step::ROWS;

/// Where the graph of a batch's loss has its parts.
struct Places {
    scores: NodeId,
    targets: NodeId,
    classes: usize,
}

/// The gradients that a batch's loss has with each mistake.
pub(crate) fn of_classifier(case: &FailedCheck<'_>, model: &Model, data: &Dataset) -> Result<Vec<Mistake>, Error> {
    let mut mistakes = last_sample(case, data)?;
    if model.loss() != Loss::SoftmaxCrossEntropy {
        return Ok(mistakes);
    }
    let (Ok(scores), Ok(targets)) = (case.graph.find("scores"), case.graph.find("batch targets")) else {
        return Ok(mistakes);
    };
    // Further axes than samples and classes are no classifier's of the usual kind.
    let dims = case.graph.node(scores).shape.dims();
    let [_, classes] = dims else { return Ok(mistakes) };
    let Some(classes) = classes.as_known() else { return Ok(mistakes) };
    let at = Places { scores, targets, classes };
    type Describe = for<'b> fn(&Parts<'b>) -> Var<'b>;
    let table: [(Cause, Describe); 4] = [
        (Cause::SoftmaxAxis { over: SoftmaxOver::All }, |parts| parts.arriving(parts.over_all(), parts.targets)),
        (Cause::SoftmaxAxis { over: SoftmaxOver::Samples }, |parts| {
            parts.arriving(parts.scores.softmax(0), parts.targets)
        }),
        (Cause::LabelForm { how: LabelMistake::Multiplied }, |parts| {
            parts.scores.softmax_cross_entropy(parts.targets * parts.labels)
        }),
        (Cause::LabelForm { how: LabelMistake::Subtracted }, |parts| {
            parts.arriving(parts.scores.softmax(-1), parts.labels.broadcast_to(parts.scores.shape()))
        }),
    ];
    for (cause, describe) in table {
        let gradients = case.gradients(|builder, _, wrt| {
            let parts = Parts::of(builder, &at);
            builder.grad(describe(&parts), wrt)
        })?;
        mistakes.push(Mistake { cause, gradients });
    }
    Ok(mistakes)
}

/// Only the last sample's derivative: divided by the number of samples, and not.
fn last_sample(case: &FailedCheck<'_>, data: &Dataset) -> Result<Vec<Mistake>, Error> {
    let (Ok(rows), true) = (case.graph.find(ROWS), data.len() > 1) else { return Ok(Vec::new()) };
    let last = Tensor::from([(data.len() - 1) as f64]);
    let feeds: Vec<(NodeId, &Tensor)> =
        case.feeds.iter().map(|&(id, value)| (id, if id == rows { &last } else { value })).collect();
    let gradients =
        FailedCheck { feeds: &feeds, ..*case }.gradients(|builder, output, wrt| builder.grad(output, wrt))?;
    let share = 1.0 / data.len() as f64;
    let shared = gradients.iter().map(|numbers| numbers.iter().map(|number| number * share).collect()).collect();
    Ok([shared, gradients].map(|gradients| Mistake { cause: Cause::LastSample, gradients }).into())
}

/// The values that mistakes are made with.
struct Parts<'b> {
    builder: &'b Builder,
    scores: Var<'b>,
    /// One-hot.
    targets: Var<'b>,
    /// A column of class labels.
    labels: Var<'b>,
}

impl<'b> Parts<'b> {
    fn of(builder: &'b Builder, at: &Places) -> Self {
        let (scores, targets) = (builder.var(at.scores), builder.var(at.targets));
        let targets = if targets.rank() == 1 { targets.one_hot(at.classes) } else { targets };
        let names: Vec<f64> = (0..at.classes).map(|class| class as f64).collect();
        let labels = (targets * builder.constant_tensor(Tensor::from(names))).sum_keep(-1);
        Self { builder, scores, targets, labels }
    }

    /// Softmax over every score of the batch together.
    fn over_all(&self) -> Var<'b> {
        let largest = self.scores.max_keep(-1).max_keep(0).stop_gradient();
        let exponentials = (self.scores - largest).exp();
        exponentials / exponentials.sum_all()
    }

    /// What has the derivative (y − t) / batch with respect to the scores.
    fn arriving(&self, y: Var<'b>, t: Var<'b>) -> Var<'b> {
        let samples = self.builder.extent(Dim::symbol("batch"));
        (self.scores * ((y - t) / samples).stop_gradient()).sum_all()
    }
}
