//! Memory that may not be there: whoever needs much asks first, and passes the answer on as an error.

use std::cell::Cell;

use crate::mistake::Error;

thread_local! {
    /// How many [`asking`] calls this thread is in.
    static ASKING: Cell<u32> = const { Cell::new(0) };
}

/// Does something that bears a refusal of memory, such as [`Vec::try_reserve_exact`]: an allocator that ends the process
/// where there is no memory leaves the refusal to the caller meanwhile.
///
/// ```
/// use limpid_graph::memory;
///
/// let refused = memory::asking(|| Vec::<u8>::new().try_reserve_exact(usize::MAX));
/// assert!(refused.is_err());
/// ```
pub fn asking<T>(ask: impl FnOnce() -> T) -> T {
    struct Asks;
    impl Drop for Asks {
        fn drop(&mut self) {
            count(|asking| asking - 1);
        }
    }
    count(|asking| asking + 1);
    let _asks = Asks;
    ask()
}

fn count(next: impl Fn(u32) -> u32) {
    // A thread that ends has no such number any more, and is in no call.
    let _ = ASKING.try_with(|asking| asking.set(next(asking.get())));
}

/// Whether this thread is in a call of [`asking`].
pub fn is_asking() -> bool {
    ASKING.try_with(Cell::get).is_ok_and(|asking| asking > 0)
}

/// An empty list with room for `count`.
///
/// # Errors
/// [`Error::NoMemory`] with `what` it is for.
///
/// ```
/// use limpid_graph::memory;
///
/// let mut numbers = memory::room_for::<f64>("the table", 3)?;
/// numbers.extend([1.0, 2.0, 3.0]);
/// let error = memory::room_for::<f64>("the table", 1 << 60).unwrap_err();
/// assert!(error.to_string().starts_with("there is no memory for the table"));
/// # Ok::<(), limpid_graph::Error>(())
/// ```
pub fn room_for<T>(what: &str, count: usize) -> Result<Vec<T>, Error> {
    let mut list = Vec::new();
    match asking(|| list.try_reserve_exact(count)) {
        Ok(()) => Ok(list),
        Err(_) => Err(no_memory(what, count.saturating_mul(size_of::<T>()))),
    }
}

/// Asks for so many bytes and gives them back, before something that takes them in many pieces.
///
/// # Errors
/// As [`room_for`].
pub fn check(what: &str, bytes: usize) -> Result<(), Error> {
    room_for::<u8>(what, bytes).map(drop)
}

/// The error that a refusal is.
pub fn no_memory(what: &str, bytes: usize) -> Error {
    Error::NoMemory { what: what.to_string(), bytes }
}
