//! Threads: how many ([`available_threads`]), fork and join ([`Pool`]), and the walk over stages of tasks ([`Walk`]).
//!
//! ```text
//! Walk::run ──► Pool::run ──► each thread that comes in time: takes tasks, stage by stage
//! ```
//!
//! Nothing here waits for a thread that has not begun: the system may take a core away for a long time, and then the
//! others do its share.

#[allow(unsafe_code)]
mod fork_join;
mod threads;
mod walk;

use std::ops::Deref;

use crate::sync::{SPINS, spin_loop, yield_now};

pub use fork_join::Pool;
pub use threads::{MOST_THREADS, THREADS, ThreadsError, available_threads, threads_asked_for};
pub use walk::Walk;

/// A value in cache lines of its own, so that writing it takes nothing else away from another core. Two lines of 64
/// bytes, because processors fetch them in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct CachePadded<T>(T);

impl<T> Deref for CachePadded<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Waiting for another thread: at first without the system's help, which is quick where that thread runs; then also
/// offering the core, without which more threads than cores would wait for each other's time to run out.
#[derive(Debug, Default)]
struct Backoff {
    turns: u32,
}

impl Backoff {
    /// Waits a little: call between two looks. True where the core was on offer, a moment to look at the clock.
    fn wait(&mut self) -> bool {
        spin_loop();
        self.turns = (self.turns + 1) % SPINS;
        let offer = self.turns == 0;
        if offer {
            yield_now();
        }
        offer
    }
}
