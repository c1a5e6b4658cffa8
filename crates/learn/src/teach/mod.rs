//! For learning step by step: a perceptron, and one layer that runs alone.

pub(crate) mod perceptron;
pub(crate) mod single_layer;
