//! The guard around decoders, in a process of its own: what is printed of a panic is the whole process's.

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};

use limpid_graph::guard::{Stopped, guarded};

static PRINTED: AtomicUsize = AtomicUsize::new(0);

fn stops() {
    panic!("stopped in a test");
}

#[test]
fn a_guarded_panic_is_not_printed_and_any_other_is() {
    panic::set_hook(Box::new(|_| {
        PRINTED.fetch_add(1, Ordering::SeqCst);
    }));
    let printed = || PRINTED.load(Ordering::SeqCst);
    assert_eq!(guarded(stops), Err(Stopped));
    assert_eq!(printed(), 0);
    assert!(panic::catch_unwind(AssertUnwindSafe(stops)).is_err());
    assert_eq!(printed(), 1);
    // A guard within a guard leaves the outer one standing.
    let inner = guarded(|| {
        let inner = guarded(stops);
        stops();
        inner
    });
    assert_eq!((inner, printed()), (Err(Stopped), 1));
}
