//! limpid's engine: a [`Plan`] says how a graph runs, a [`Session`] runs it.
//!
//! ```text
//! describe ──► differentiate ──► plan ──────────────► run
//!                                fuse, place memory    kernels for the processor at hand
//! ```
//!
//! A session keeps what lasts from run to run (parameters, optimiser state) and runs the graphs that it was given over
//! it. In `f32` it plans each graph once for each set of sizes: functions of single numbers that hang together run as
//! one step, values share one arena. In `f64`, and in [`Session::reference`], the reference interpreter of
//! [`limpid_graph`] runs it.
//!
//! Two variables of the environment are for comparing: `LIMPID_SIMD` = `portable`, `avx2` or `avx512` lowers the
//! instructions that kernels use, `LIMPID_ENGINE` = `interpreter` runs `f32` by the interpreter too.

mod arena;
pub mod kernels;
mod plan;
mod pool;
mod run;
mod session;

pub use plan::Plan;
pub use pool::{MOST_THREADS, Pool, THREADS, ThreadsError, available_threads, threads_asked_for};
pub use session::{Precision, Program, Session, SessionError};

/// The engine's parts for its own benchmarks; no promise is made about them.
#[doc(hidden)]
pub mod doors {
    pub use crate::pool::{Denormals, Walk};
}
