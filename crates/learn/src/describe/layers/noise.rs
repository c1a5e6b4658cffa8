//! Layers that draw in training, and do nothing in inference.

use std::f64::consts::TAU;

use limpid_graph::Var;

use super::written;
use crate::describe::choices::Value;
use crate::describe::context::Context;
use crate::describe::layer::Layer;

/// In training, sets each number to 0 with probability `rate`, drawn afresh in each step, and divides the others by
/// 1 − `rate`, so that their mean stays ("inverted dropout"). In inference it does nothing.
///
/// A gradient check, which computes the loss many times, sees the same numbers dropped each time: what a layer drops is
/// decided by the training's seed, the layer's place in the network, and the number of the step.
///
/// ```
/// use limpid_graph::Tensor;
/// use limpid_learn::{Dropout, SingleLayer};
///
/// let mut dropout = SingleLayer::layer(Dropout::new(0.5), 1);
/// let x = Tensor::from(vec![1.0; 1000]);
/// let y = dropout.forward(&x)?.to_f64();
/// assert!(y.iter().all(|&y| y == 0.0 || y == 2.0));
/// let kept = y.iter().filter(|&&y| y > 0.0).count();
/// assert!((450..550).contains(&kept));
/// # Ok::<(), limpid_learn::Error>(())
/// ```
///
/// Source: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov, "Dropout: a simple way to prevent neural networks from
/// overfitting" (JMLR 2014).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    rate: f64,
}

impl Dropout {
    /// Drops this share of the numbers: from 0 to below 1.
    pub fn new(rate: f64) -> Self {
        Self { rate }
    }
}

impl Default for Dropout {
    /// Drops half of the numbers.
    fn default() -> Self {
        Self { rate: 0.5 }
    }
}

impl Layer for Dropout {
    fn text(&self) -> String {
        written("dropout", &[Value::Number(self.rate)])
    }

    #[track_caller]
    fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
        if !(0.0..1.0).contains(&self.rate) {
            return refused(x, context, "dropout", format!("the rate is {:?}", self.rate), "from 0 to below 1");
        }
        if !context.is_training() || self.rate == 0.0 || x.is_poisoned() {
            return x;
        }
        // A multiple of the unit of draws, which every precision holds: so all drop the same numbers.
        let below = (self.rate * DRAWS).ceil() / DRAWS;
        let kept = context.uniform("kept", x.shape()).greater_equal(below);
        x * (kept * (1.0 / (1.0 - self.rate)))
    }
}

/// A draw is one of so many numbers.
const DRAWS: f64 = (1u32 << 24) as f64;

/// In training, adds to each number one that is drawn afresh in each step from the normal distribution of mean 0 and this
/// standard deviation. In inference it does nothing.
///
/// Source: Bishop, "Training with noise is equivalent to Tikhonov regularization" (1995); the draws are those of Box &
/// Muller, "A note on the generation of random normal deviates" (1958).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    deviation: f64,
}

impl Noise {
    /// Of this standard deviation: 0 or more.
    pub fn new(deviation: f64) -> Self {
        Self { deviation }
    }
}

impl Default for Noise {
    /// Of a standard deviation of 0.1.
    fn default() -> Self {
        Self { deviation: 0.1 }
    }
}

impl Layer for Noise {
    fn text(&self) -> String {
        written("noise", &[Value::Number(self.deviation)])
    }

    #[track_caller]
    fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
        if !(self.deviation.is_finite() && self.deviation >= 0.0) {
            let what = format!("the standard deviation is {:?}", self.deviation);
            return refused(x, context, "noise", what, "0 or more");
        }
        if !context.is_training() || self.deviation == 0.0 || x.is_poisoned() {
            return x;
        }
        // 1 − u lies in (0, 1], where the logarithm is finite.
        let radius = (-2.0 * (1.0 - context.uniform("radius", x.shape())).ln()).sqrt();
        let normal = radius * (TAU * context.uniform("angle", x.shape())).cos();
        x + self.deviation * normal
    }
}

/// Notes a setting that is out of range; what follows is checked all the same.
#[track_caller]
fn refused<'b>(x: Var<'b>, context: &Context<'b>, layer: &str, what: String, range: &str) -> Var<'b> {
    let fault = limpid_graph::Fault::Layer { what, hint: format!("a number {range}") };
    context.builder().poison(layer, fault, &[x]);
    x
}
