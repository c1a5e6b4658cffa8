//! limpid's engine: a [`Plan`] says how a graph runs, a [`Session`] runs it.
//!
//! ```text
//! describe ──► differentiate ──► plan ──────────────► run
//!                                fuse, place memory    kernels for the processor at hand
//! ```
//!
//! A session keeps parameters and optimizer state from run to run, and runs graphs with them. In `f32` it plans each
//! graph once for each set of sizes: operations that go row by row are fused, values share one arena of
//! memory, parameters are updated in place, and any number of threads gives the same bits. In `f64`, and in
//! [`Session::reference`], the reference interpreter of [`limpid_graph`] runs the graph.
//!
//! `LIMPID_THREADS` sets the number of threads that sessions share. Two environment variables are for comparisons:
//! `LIMPID_SIMD` = `portable`, `avx2` or `avx512` lowers the instructions that kernels use, `LIMPID_ENGINE` =
//! `interpreter` runs `f32` by the interpreter too. A value that does not fit is an error: [`check_environment`] finds
//! it, and so does the first run of a session.

mod environment;
pub mod kernels;
#[allow(unsafe_code)]
mod memory;
#[allow(unsafe_code)]
mod numbers;
mod plan;
mod pool;
#[allow(unsafe_code)]
mod run;
#[allow(unsafe_code)]
mod session;
mod sparsity;
mod store;
mod sync;

pub use environment::{ENGINE, EnvironmentError, check_environment};
pub use memory::ExitingAllocator;
pub use plan::{Limits, Plan, Storage, Stored, with_permutations_sunk};
pub use pool::{MOST_THREADS, Pool, THREADS, ThreadsError, available_threads, threads_asked_for};
pub use session::{Answers, Precision, Program, Session, SessionError};

/// The engine's parts for its own benchmarks; no promise is made about them.
#[doc(hidden)]
pub mod internals {
    pub use crate::pool::Walk;
}
