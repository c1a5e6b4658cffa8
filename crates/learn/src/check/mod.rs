//! Gradients compared with numerical derivatives, and why one is wrong.

pub(crate) mod gradient_cause;
pub(crate) mod gradient_check;
pub(crate) mod gradient_mistakes;
pub mod numeric;
pub(crate) mod numerical_gradient;
pub(crate) mod perturb;
