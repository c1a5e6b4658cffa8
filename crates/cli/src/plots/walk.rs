//! The way of a point against, or along, the exact gradient of a formula.

use std::sync::Arc;

use limpid::engine::Session;
use limpid::graph::{Builder, Tensor};
use limpid::learn::{Context, Optimizer};
use limpid::prelude::Precision;

use super::sampled::Sampled;
use crate::failure::Failure;

/// Who goes a way, and how far each step leads.
#[derive(Clone, Debug)]
pub(crate) struct Walker {
    pub(crate) optimizer: Arc<dyn Optimizer>,
    pub(crate) learning_rate: f64,
}

/// The points of a way, each with a number for each name, and how it ends.
pub(super) struct Walk {
    pub(super) points: Vec<Vec<f64>>,
    pub(super) ending: Ending,
}

/// How a way ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// After as many steps as were asked for.
    Walked,
    /// The next step leads beyond the largest number.
    TooLarge,
    /// The formula has no value or no slope there.
    Undefined,
}

/// Goes up to `steps` steps; no point of the way is infinite or no number.
pub(super) fn walked(
    walker: &Walker,
    sampled: &Sampled,
    start: &[f64],
    steps: usize,
    ascends: bool,
) -> Result<Walk, Failure> {
    let mut mover = Mover::new(walker, start)?;
    let mut points = vec![start.to_vec()];
    for _ in 0..steps {
        let here = mover.point()?;
        let columns: Vec<Vec<f64>> = here.iter().map(|&number| vec![number]).collect();
        let slopes: Vec<f64> = sampled
            .slopes(&columns)?
            .iter()
            .map(|slope| slope.first().copied().unwrap_or(f64::NAN))
            .map(|slope| if ascends { -slope } else { slope })
            .collect();
        if sampled.at(&here)?.is_nan() || slopes.iter().any(|slope| slope.is_nan()) {
            return Ok(Walk { points, ending: Ending::Undefined });
        }
        let next = mover.moved(slopes)?;
        if next.iter().any(|number| !number.is_finite()) {
            return Ok(Walk { points, ending: Ending::TooLarge });
        }
        points.push(next);
    }
    Ok(Walk { points, ending: Ending::Walked })
}

/// A point that an optimiser moves, as it moves a network's parameter.
enum Mover {
    /// x ← x − η·∇f(x), without a graph for each step.
    Plain { point: Vec<f64>, learning_rate: f64 },
    /// Whatever another optimiser describes.
    Described { session: Box<Session>, program: limpid::engine::Program, learning_rate: f64 },
}

impl Mover {
    fn new(Walker { optimizer, learning_rate }: &Walker, start: &[f64]) -> Result<Self, Failure> {
        let learning_rate = *learning_rate;
        if optimizer.name() == "sgd" {
            return Ok(Self::Plain { point: start.to_vec(), learning_rate });
        }
        let b = Builder::new();
        let point = b.parameter("point", start.len());
        let gradient = b.input("gradient", start.len());
        let context = Context::of_training_step(&b);
        optimizer.update(&context, point, gradient);
        let graph = b.finish([point])?;
        let mut session = Session::reference(Precision::F64);
        for state in context.into_variables() {
            session.set(&state.name, state.initial_value(0));
        }
        session.set("point", Tensor::from(start.to_vec()));
        let program = session.load(graph);
        Ok(Self::Described { session: Box::new(session), program, learning_rate })
    }

    fn point(&self) -> Result<Vec<f64>, Failure> {
        match self {
            Self::Plain { point, .. } => Ok(point.clone()),
            Self::Described { session, .. } => Ok(session.get("point").map_err(limpid::Error::from)?.to_f64()),
        }
    }

    fn moved(&mut self, slopes: Vec<f64>) -> Result<Vec<f64>, Failure> {
        match self {
            Self::Plain { point, learning_rate } => {
                point.iter_mut().zip(slopes).for_each(|(x, slope)| *x -= *learning_rate * slope);
            }
            Self::Described { session, program, learning_rate } => {
                let feeds = [("gradient", &Tensor::from(slopes)), ("learning rate", &Tensor::scalar(*learning_rate))];
                session.run(*program, &feeds).map_err(limpid::Error::from)?;
            }
        }
        self.point()
    }
}
