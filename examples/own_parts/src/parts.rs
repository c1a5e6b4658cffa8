//! Parts that limpid does not have. Each is a value that is given to a network or to a training.

use limpid::graph::{Formula, Var};
use limpid::learn::{Context, Error, Optimizer};
use limpid::prelude::*;

/// Points on two spirals that wind around each other, each computed when it is read.
#[derive(Debug)]
pub struct Spirals {
    pub points: usize,
}

impl DataSource for Spirals {
    fn len(&self) -> usize {
        self.points
    }

    fn read(&self, rows: &[usize]) -> Result<Dataset, Error> {
        let (mut places, mut labels) = (Vec::new(), Vec::new());
        for &row in rows {
            let (spiral, along) = (row % 2, (row / 2) as f32 / (self.points / 2) as f32);
            let angle = 9.0 * along + std::f32::consts::PI * spiral as f32;
            let radius = 0.2 + along;
            places.extend([radius * angle.cos(), radius * angle.sin()]);
            labels.push(spiral as u8);
        }
        Dataset::new(Tensor::new([rows.len(), 2], places)?, Tensor::from(labels))
    }
}

/// A layer: adds to its input what an affine layer makes of it (He et al. 2016, "Deep residual learning").
#[derive(Debug)]
pub struct Residual(pub usize);

impl Layer for Residual {
    fn text(&self) -> String {
        format!("residual {}", self.0)
    }

    fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
        x + mish().apply([Affine::to(self.0).forward(x, context)])
    }
}

/// An activation: x·tanh(ln(1 + eˣ)) (Misra 2019, "Mish"). Its gradient follows from the functions that it is made of.
pub fn mish() -> Formula {
    Formula::new("mish", |[x]| x.clone() * x.softplus().tanh())
}

/// A loss: cross-entropy in which classes that are predicted well count less (Lin et al. 2017, "Focal loss", γ = 2).
pub fn focal() -> Loss {
    let focal = Loss::custom("focal", |scores, labels| {
        let logs = scores - scores.exp().sum_keep(-1).ln();
        let log_share = (logs * labels.one_hot(2)).sum(-1);
        let miss = 1.0 - log_share.exp();
        -(miss.square() * log_share).mean_all()
    });
    // Outputs are still scores of classes, so that there is an accuracy.
    focal.read_as(Loss::SoftmaxCrossEntropy)
}

/// An optimizer: a step of one size, in the direction of the sign of the velocity (Bernstein et al. 2018, "signSGD").
#[derive(Debug)]
pub struct Signum {
    pub momentum: f64,
}

impl Optimizer for Signum {
    fn name(&self) -> &'static str {
        "signum"
    }

    fn usual_learning_rate(&self) -> f64 {
        0.002
    }

    fn update<'b>(&self, context: &Context<'b>, parameter: Var<'b>, gradient: Var<'b>) {
        let velocity = context.optimizer_state(parameter, "velocity", 0.0);
        let next = self.momentum * velocity + (1.0 - self.momentum) * gradient;
        context.update(velocity, next);
        context.update(parameter, parameter - context.learning_rate() * next.sign());
    }
}
