//! The samples to train on: data sets, batches, held-out parts, and columns of tables that become numbers.

pub(crate) mod augmentation;
pub(crate) mod batches;
pub(crate) mod column;
pub(crate) mod data_source;
pub(crate) mod dataset;
pub(crate) mod holdout;
pub(crate) mod labels;
pub(crate) mod preparation;
