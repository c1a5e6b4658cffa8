//! The engine's pool, compiled with loom's threads and atomics: `tests/pool.rs` says what is checked.

#[path = "../../../crates/engine/src/pool/mod.rs"]
pub mod pool;

/// What `crates/engine/src/sync.rs` is to the engine.
mod sync {
    use std::cell::Cell;
    use std::time::Duration;

    pub(crate) use loom::cell::UnsafeCell;
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, fence};
    pub(crate) use loom::sync::{Arc, Mutex};
    pub(crate) use loom::thread::{Builder, JoinHandle, park};

    /// Each look is a branch that loom tries.
    pub(crate) const SPINS: u32 = 1;

    loom::thread_local! {
        static YIELDS: Cell<bool> = Cell::new(false);
    }

    pub(crate) fn spin_loop() {}

    /// Lets others run every second time. A thread that has yielded sees nothing old again, by loom's rules, though a
    /// processor may show it what is old once more: so not every look may have a yield before it.
    pub(crate) fn yield_now() {
        if YIELDS.with(|yields| yields.replace(!yields.get())) {
            loom::thread::yield_now();
        }
    }

    /// Time has always run out, so that a worker falls asleep wherever it finds nothing to do.
    pub(crate) struct Instant;

    impl Instant {
        pub(crate) fn now() -> Self {
            Self
        }

        pub(crate) fn elapsed(&self) -> Duration {
            Duration::MAX
        }
    }
}
