//! Asking the caches for numbers before they are read.

/// Asks for `count` numbers from `start` on, a line at a time. A hint: no address is wrong, and nothing is read that the
/// program could see.
#[inline(always)]
pub(crate) fn prefetch<T>(start: *const T, count: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        for offset in (0..count * size_of::<T>()).step_by(64) {
            // SAFETY: every processor of the architecture has this instruction, and no address makes it fail.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(start.cast::<i8>().wrapping_add(offset)) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (start, count);
}
