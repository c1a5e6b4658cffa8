//! What a model keeps of its training.

use crate::data::batches::Sampling;
use crate::train::batch_program::BatchProgram;
use crate::train::step::SampleShape;

/// What a model knows of its training, for a next one to go on from. The optimizer's states are in the session.
#[derive(Clone, Debug)]
pub(crate) struct Trained {
    /// The optimizer with its settings and what goes along with it.
    pub(crate) recipe: String,
    /// What labels were smoothed by.
    pub(crate) smoothing: f64,
    /// Where the averages of its parameters are.
    pub(crate) averages: Averages,
    pub(crate) shape: SampleShape,
    /// The step as the model's session has it; None where it is not loaded yet.
    pub(crate) step: Option<BatchProgram>,
    pub(crate) drawn: Drawn,
    /// How many batches were drawn so.
    pub(crate) steps: usize,
}

/// Where the averages of a model's parameters are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Averages {
    /// There are none: they were not asked for, or no step was taken.
    #[default]
    None,
    /// Among the optimizer's states.
    Aside,
    /// In the place of the parameters, which are where the averages were.
    InPlace,
}

/// All that the batches of a training depend on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Drawn {
    pub(crate) sampling: Sampling,
    pub(crate) samples: usize,
    pub(crate) batch_size: usize,
    pub(crate) seed: u64,
    pub(crate) window: Option<usize>,
}
