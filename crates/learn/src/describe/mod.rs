//! The description of a network and of its training: layers, losses, optimizers, as plain data that can be written as text.

pub(crate) mod choices;
pub(crate) mod context;
pub(crate) mod initializer;
pub(crate) mod initializers;
pub(crate) mod layer;
pub mod layers;
pub(crate) mod loss;
pub(crate) mod network;
pub mod optimizers;
pub(crate) mod recipe;
pub(crate) mod registry;
pub(crate) mod schedule;
pub(crate) mod sequence;
pub(crate) mod source;
pub(crate) mod text;
#[cfg(feature = "toml")]
pub(crate) mod toml;
pub(crate) mod variable;
pub(crate) mod words;
