//! Kernels: the loops that do the work, compiled for each [`Level`] and picked when they are called.

pub(crate) mod arrange;
#[allow(unsafe_code)]
pub(crate) mod convert;
pub(crate) mod index;
pub(crate) mod lanes;
mod level;
#[allow(unsafe_code)]
pub(crate) mod product;
pub(crate) mod reduce;
#[allow(unsafe_code)]
pub(crate) mod tile;

pub use level::{Level, VARIABLE};
