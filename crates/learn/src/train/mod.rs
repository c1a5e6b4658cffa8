//! The training step as a graph, the loop that runs it, and the model that is trained, evaluated and asked.

pub(crate) mod averages;
pub(crate) mod batch_program;
pub(crate) mod checkpoint;
pub(crate) mod clock;
pub(crate) mod evaluation;
pub(crate) mod feed;
pub(crate) mod history;
pub(crate) mod inference;
pub(crate) mod metric;
pub(crate) mod model;
pub(crate) mod options;
pub(crate) mod predictor;
pub(crate) mod prepared;
pub(crate) mod rate_search;
pub mod step;
pub(crate) mod step_feed;
pub(crate) mod trained;
pub(crate) mod training;
