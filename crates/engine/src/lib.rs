//! limpid runs graphs: the [`Session`], and what stands behind it.
//!
//! ```text
//! describe ──► differentiate ──► (plan) ──► run
//!                                           here
//! ```
//!
//! A session keeps what lasts from run to run (parameters, optimiser state, data sets) and runs the graphs that it was
//! given over it. Behind it stands the reference interpreter of [`limpid_graph`], in `f32` or `f64`.

mod arena;
pub mod kernels;
mod plan;
mod run;
mod session;

pub use plan::Plan;
pub use session::{Precision, Program, Session, SessionError};
