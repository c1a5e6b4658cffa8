//! For learning step by step: a perceptron, one layer that runs alone, and derivatives to fill in.

pub(crate) mod exercise;
pub(crate) mod perceptron;
pub(crate) mod single_layer;
