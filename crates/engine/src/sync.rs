//! What the pool's threads share and wait with. It stands in one place so that others can stand in for it: `tools/loom`
//! compiles the pool with a module of this name that holds loom's, and tries every order in which threads may run.

use std::cell;

pub(crate) use std::hint::spin_loop;
pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, fence};
pub(crate) use std::sync::{Arc, Mutex};
pub(crate) use std::thread::{Builder, JoinHandle, park, yield_now};
pub(crate) use std::time::Instant;

/// How often a thread looks before it offers its core: one to three microseconds, by processor.
pub(crate) const SPINS: u32 = 64;

/// The standard library's, with loom's interface, which sees when an access begins and ends.
pub(crate) struct UnsafeCell<T>(cell::UnsafeCell<T>);

impl<T> UnsafeCell<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(cell::UnsafeCell::new(value))
    }

    /// A read.
    pub(crate) fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
        read(self.0.get())
    }

    /// A write.
    pub(crate) fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
        write(self.0.get())
    }
}
