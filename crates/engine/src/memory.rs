//! Where memory ends, a program ends with a message.

use std::alloc::{GlobalAlloc, Layout, System};

use limpid_graph::memory::is_asking;

/// The system's allocator, for programs: where it has no memory left, and nobody asked whether it has
/// ([`limpid_graph::memory::asking`]), the process ends with a message and exit code 1. Rust's own answer is to abort.
///
/// ```
/// #[global_allocator]
/// static ALLOCATOR: limpid_engine::ExitingAllocator = limpid_engine::ExitingAllocator;
///
/// assert_eq!(vec![1, 2].len(), 2);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ExitingAllocator;

// SAFETY: all is passed on to the system's allocator, which keeps the contract; `answered` changes nothing of it and never
// unwinds.
unsafe impl GlobalAlloc for ExitingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller answers for the layout.
        answered(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        answered(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above; what this allocator gives is the system's.
        answered(unsafe { System.realloc(old, layout, size) }, size)
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(old, layout) }
    }
}

#[inline]
fn answered(given: *mut u8, size: usize) -> *mut u8 {
    if given.is_null() && !is_asking() {
        end(size);
    }
    given
}

/// Says that there is no memory, and ends the process. Allocates nothing, and takes no lock: who holds one may be whoever
/// asked for memory.
#[cfg(unix)]
#[cold]
fn end(size: usize) -> ! {
    use std::fs::File;
    use std::io::Write;
    use std::mem::ManuallyDrop;
    use std::os::fd::FromRawFd;

    unsafe extern "C" {
        /// POSIX: ends the process at once, without what `exit` calls, which may allocate.
        safe fn _exit(code: i32) -> !;
    }
    // SAFETY: a file that is not dropped closes nothing; where the descriptor is closed, writing fails.
    let mut stderr = ManuallyDrop::new(unsafe { File::from_raw_fd(2) });
    let mut message = [0u8; 256];
    let mut rest = &mut message[..];
    let _ = match size {
        0..1_000_000 => write!(rest, "error: there is no memory left: {size} bytes were asked for"),
        _ => write!(rest, "error: there is no memory left: {} MB were asked for", size / 1_000_000),
    };
    let _ = rest.write(b"; fewer units, a smaller batch or less data need less\n");
    let left = rest.len();
    let _ = stderr.write(&message[..message.len() - left]);
    _exit(1)
}

#[cfg(not(unix))]
#[cold]
fn end(_: usize) -> ! {
    std::process::exit(1)
}
