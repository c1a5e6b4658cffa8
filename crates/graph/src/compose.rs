//! Ops that are made of other ops: softmax and the losses over it.
//!
//! They are descriptions, not nodes of their own, so their gradients of any order follow from the table, and a plan
//! can fuse a user's variant of them as well as ours.

use limpid_tensor::Shape;

use crate::builder::{Operand, Var};
use crate::mistake::Fault;

impl<'b> Var<'b> {
    /// Softmax along one axis, with the maximum subtracted first so that it cannot overflow.
    ///
    /// Each row of a batch has its own maximum and its own sum.
    #[track_caller]
    pub fn softmax(self, axis: isize) -> Self {
        let exponentials = self.less_its_maximum(axis, "softmax").exp();
        exponentials / exponentials.sum_keep(axis)
    }

    /// Logarithm of the softmax along one axis, without the rounding of taking both.
    #[track_caller]
    pub fn log_softmax(self, axis: isize) -> Self {
        let shifted = self.less_its_maximum(axis, "log_softmax");
        shifted - shifted.exp().sum_keep(axis).ln()
    }

    /// The softmax is the same for any shift of its argument, so that the shift needs no derivative.
    #[track_caller]
    fn less_its_maximum(self, axis: isize, op: &str) -> Self {
        if let Err(fault) = self.axes(&axis.into()) {
            return self.fault(op, fault);
        }
        self - self.max_keep(axis).stop_gradient()
    }

    /// Cross-entropy of the softmax of these scores along the last axis, averaged over the batch. `targets` are
    /// one-hot, of the scores' shape, or class labels, of that shape without its last axis.
    ///
    /// Its derivative with respect to the scores is (softmax − target) / batch.
    #[track_caller]
    pub fn softmax_cross_entropy(self, targets: Self) -> Self {
        let targets = targets.as_one_hot(self, "softmax_cross_entropy");
        (-(targets * self.log_softmax(-1)).sum(-1)).mean_all()
    }

    /// Cross-entropy −Σ t·ln(y + δ) of these probabilities along the last axis, averaged over the batch. `targets` are
    /// one-hot or class labels, as for [`softmax_cross_entropy`](Var::softmax_cross_entropy); a small `delta` such as
    /// 1e−7 keeps the logarithm of 0 away.
    #[track_caller]
    pub fn cross_entropy(self, targets: Self, delta: f64) -> Self {
        let targets = targets.as_one_hot(self, "cross_entropy");
        (-(targets * (self + delta).ln()).sum(-1)).mean_all()
    }

    /// Cross-entropy of the sigmoid of these scores with targets between 0 and 1 of the same shape, averaged over all;
    /// computed from the scores, so that it cannot overflow.
    #[track_caller]
    pub fn sigmoid_cross_entropy(self, targets: impl Operand<'b>) -> Self {
        let targets = targets.into_var(self.builder()).fitting(self, "sigmoid_cross_entropy");
        (self.softplus() - self * targets).mean_all()
    }

    /// Half the sum of squared differences along the last axis, ½Σ(y − t)², averaged over the batch. The targets have
    /// the same shape, or broadcast to it.
    #[track_caller]
    pub fn half_sum_of_squares(self, targets: Self) -> Self {
        let squares = (self - targets.fitting(self, "half_sum_of_squares")).square();
        let per_sample = if squares.rank() == 0 { squares } else { squares.sum(-1) };
        (0.5 * per_sample).mean_all()
    }

    /// Mean of the squared differences over all numbers. The targets have the same shape, or broadcast to it.
    #[track_caller]
    pub fn mean_squared_error(self, targets: Self) -> Self {
        (self - targets.fitting(self, "mean_squared_error")).square().mean_all()
    }

    /// Share of the rows whose largest score stands where the target says. Targets are as for
    /// [`softmax_cross_entropy`](Var::softmax_cross_entropy).
    ///
    /// It has no derivative to learn by, and a gradient of it is refused: it stays as it is or jumps.
    #[track_caller]
    pub fn accuracy(self, targets: Self) -> Self {
        let labels = match targets.kind(self, "accuracy") {
            Ok(Targets::OneHot) => targets.argmax(-1),
            Ok(Targets::Labels) => targets,
            Err(poisoned) => poisoned,
        };
        // 1 where the positions are equal, 0 where they are 1 or more apart. `equal` would say the same and answer a
        // gradient with zeros, before it comes to the position, which refuses it.
        let apart = (self.argmax(-1) - labels).abs();
        (1.0 - apart).relu().mean_all()
    }

    /// Targets that broadcast to the shape of `values`: otherwise a loss would silently compare all with all.
    #[track_caller]
    fn fitting(self, values: Self, op: &str) -> Self {
        if let Some(poisoned) = self.builder().spoiled(op, &[values, self]) {
            return poisoned;
        }
        let wanted = values.shape();
        if self.shape().broadcast(&wanted).as_ref() == Some(&wanted) {
            return self;
        }
        let what = "the targets do not have the shape of what they are compared with".to_string();
        let hint = format!("targets of shape {wanted}, or that broadcast to it");
        self.builder().poison(op, Fault::Layer { what, hint }, &[values, self])
    }

    /// Labels as one-hot rows for `scores`; one-hot rows as they are.
    #[track_caller]
    fn as_one_hot(self, scores: Self, op: &str) -> Self {
        match (self.kind(scores, op), scores.shape().dims()) {
            (Ok(Targets::OneHot), _) => self,
            (Ok(Targets::Labels), [lead @ .., classes]) => match classes.as_known() {
                Some(classes) => self.one_hot(classes),
                None => {
                    let (doing, axis, dim) = ("spread class labels", lead.len(), classes.clone());
                    self.builder().poison(op, Fault::SymbolicAxis { doing, axis, dim }, &[scores, self])
                }
            },
            (Ok(Targets::Labels), []) => self,
            (Err(poisoned), _) => poisoned,
        }
    }

    /// What these targets are to `scores`, by their shape; or poison.
    #[track_caller]
    fn kind(self, scores: Self, op: &str) -> Result<Targets, Self> {
        if let Some(poisoned) = scores.builder().spoiled(op, &[scores, self]) {
            return Err(poisoned);
        }
        let (own, wanted) = (self.shape(), scores.shape());
        let (what, hint) = match wanted.dims() {
            [] => ("the scores are a single number".to_string(), "scores with a last axis for the classes".to_string()),
            [..] if own == wanted => return Ok(Targets::OneHot),
            [lead @ .., _] if lead == own.dims() => return Ok(Targets::Labels),
            [lead @ .., _] => {
                let labels = Shape::new(lead.to_vec());
                let what = "the targets are neither one-hot nor class labels for these scores".to_string();
                (what, format!("one-hot targets of shape {wanted}, or class labels of shape {labels}"))
            }
        };
        Err(scores.builder().poison(op, Fault::Layer { what, hint }, &[scores, self]))
    }
}

/// What targets are to scores.
enum Targets {
    OneHot,
    Labels,
}
