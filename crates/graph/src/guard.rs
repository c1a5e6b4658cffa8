//! Where limpid decodes what comes from outside: a panic there becomes an error.
//!
//! Decoders are well kept and fuzzed, and still read bytes that mean harm. Where one of them panics, whoever asked is told
//! that the file is damaged, and nothing else is harmed: a decoder works on its own copy. The rooms of limpid that read
//! files share this; a program that uses limpid seldom needs it.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// Whether this thread is in a decoder.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// A decoder panicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

/// What a message says of it.
pub const STOPPED: &str = "the decoder stopped at bytes that it does not expect";

/// Runs a decoder. Of a panic in it nothing is printed.
///
/// What the decoder was given must not be looked at again after a panic, so that half-done work is never seen.
///
/// # Errors
/// [`Stopped`] where it panicked.
///
/// ```
/// use limpid_graph::guard::{Stopped, guarded};
///
/// let first = |bytes: &[u8]| bytes[0];
/// assert_eq!(guarded(|| first(b"a")), Ok(97));
/// assert_eq!(guarded(|| first(b"")), Err(Stopped));
/// ```
pub fn guarded<T>(decode: impl FnOnce() -> T) -> Result<T, Stopped> {
    static QUIET: Once = Once::new();
    // The message of a panic is printed before it can be caught: by the hook that there is, on any other thread too.
    QUIET.call_once(|| {
        let printing = panic::take_hook();
        panic::set_hook(Box::new(move |about| {
            if !GUARDED.try_with(Cell::get).unwrap_or(false) {
                printing(about);
            }
        }));
    });
    let before = GUARDED.replace(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(decode));
    GUARDED.set(before);
    outcome.map_err(|_| Stopped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_and_the_next_one_is_caught_as_well() {
        assert_eq!(guarded(|| 5), Ok(5));
        for _ in 0..2 {
            let nothing: [u8; 0] = [];
            let place = nothing.len() + 7;
            assert_eq!(guarded(|| nothing[place]), Err(Stopped));
            assert!(!GUARDED.get());
        }
    }
}
