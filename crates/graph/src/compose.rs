//! Ops that are made of other ops: softmax and the losses over it.
//!
//! They are descriptions, not nodes of their own, so their gradients of any order follow from the table, and a plan
//! can fuse a user's variant of them as well as ours.

use crate::builder::{Operand, Var};
use crate::mistake::Fault;

impl<'b> Var<'b> {
    /// Softmax along one axis, with the maximum subtracted first so that it cannot overflow.
    ///
    /// Each row of a batch has its own maximum and its own sum.
    #[track_caller]
    pub fn softmax(self, axis: isize) -> Self {
        let exponentials = self.less_its_maximum(axis).exp();
        exponentials / exponentials.sum_keep(axis)
    }

    /// Logarithm of the softmax along one axis, without the rounding of taking both.
    #[track_caller]
    pub fn log_softmax(self, axis: isize) -> Self {
        let shifted = self.less_its_maximum(axis);
        shifted - shifted.exp().sum_keep(axis).ln()
    }

    /// The softmax is the same for any shift of its argument, so that the shift needs no derivative.
    #[track_caller]
    fn less_its_maximum(self, axis: isize) -> Self {
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
        let targets = targets.into_var(self.builder());
        (self.softplus() - self * targets).mean_all()
    }

    /// Half the sum of squared differences along the last axis, ½Σ(y − t)², averaged over the batch.
    #[track_caller]
    pub fn half_sum_of_squares(self, targets: Self) -> Self {
        let squares = (self - targets).square();
        let per_sample = if squares.rank() == 0 { squares } else { squares.sum(-1) };
        (0.5 * per_sample).mean_all()
    }

    /// Mean of the squared differences over all numbers.
    #[track_caller]
    pub fn mean_squared_error(self, targets: Self) -> Self {
        (self - targets).square().mean_all()
    }

    /// Share of the rows whose largest score stands where the target says. Targets are as for
    /// [`softmax_cross_entropy`](Var::softmax_cross_entropy).
    ///
    /// It has no derivative to learn by, and a gradient of it is refused: it stays as it is or jumps.
    #[track_caller]
    pub fn accuracy(self, targets: Self) -> Self {
        let labels = if targets.rank() == self.rank() { targets.argmax(-1) } else { targets };
        // 1 where the positions are equal, 0 where they are 1 or more apart. `equal` would say the same and answer a
        // gradient with zeros, before it comes to the position, which refuses it.
        let apart = (self.argmax(-1) - labels).abs();
        (1.0 - apart).relu().mean_all()
    }

    /// Labels as one-hot rows for `scores`; one-hot rows as they are.
    #[track_caller]
    fn as_one_hot(self, scores: Self, op: &str) -> Self {
        if self.is_poisoned() || scores.is_poisoned() {
            return self;
        }
        let (own, wanted) = (self.shape(), scores.shape());
        match wanted.dims() {
            _ if own == wanted => self,
            [lead @ .., classes] if lead == own.dims() && classes.as_known().is_some() => {
                self.one_hot(classes.as_known().unwrap_or_default())
            }
            [lead @ .., _] => {
                let labels = crate::shape::Shape::new(lead.to_vec());
                let what = "the targets are neither one-hot nor class labels for these scores".to_string();
                let hint = format!("one-hot targets of shape {wanted}, or class labels of shape {labels}");
                self.builder().poison(op, Fault::Layer { what, hint }, &[scores, self])
            }
            [] => self.builder().poison(op, Fault::MatrixRank, &[scores, self]),
        }
    }
}
