//! Numbers too small to be normal, taken as zero.

use std::marker::PhantomData;

/// While it lives, this thread takes subnormal numbers as zero, as arguments and as results; dropped, it restores the
/// mode that it found.
///
/// Subnormal numbers (below 1.2e-38 in `f32`) are up to twenty times slower to compute with, and a moving average that
/// decays towards 0, as optimisers keep them, ends among them and stays. On x86-64 these are the modes FTZ and DAZ of
/// MXCSR (Intel, *Software Developer's Manual* 1, 10.2.3); elsewhere nothing changes.
#[derive(Debug)]
pub struct Denormals {
    found: u32,
    /// The mode is the thread's, so the guard must stay with it.
    thread: PhantomData<*const ()>,
}

impl Denormals {
    /// From here on, subnormal numbers are zero in this thread.
    #[must_use = "the mode lasts as long as the guard"]
    pub fn as_zero() -> Self {
        Self { found: replace(BOTH), thread: PhantomData }
    }
}

impl Drop for Denormals {
    fn drop(&mut self) {
        replace(self.found);
    }
}

/// Flush to zero (results, bit 15) and denormals are zero (arguments, bit 6).
const BOTH: u32 = 1 << 15 | 1 << 6;

/// Whether there is such a mode. Miri, which interprets the program to check it, knows no assembly.
#[cfg(test)]
pub(super) const KNOWN: bool = cfg!(all(target_arch = "x86_64", not(miri)));

/// Sets the two modes, returns what they were. Rounding, masks and sticky flags stay as they are.
#[cfg(all(target_arch = "x86_64", not(miri)))]
fn replace(modes: u32) -> u32 {
    use std::arch::asm;

    let mut register = 0u32;
    // SAFETY: `stmxcsr` writes the four bytes of `register`, which the pointer is to; it needs SSE, which every x86-64
    // has.
    unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut register, options(nostack, preserves_flags)) };
    let found = register & BOTH;
    register = register & !BOTH | modes;
    // SAFETY: `ldmxcsr` reads the four bytes of `register`. They are what the register held but for two bits that every
    // x86-64 processor has, so no reserved bit is set and no exception unmasked. Rust takes floats to be computed in
    // the default mode. What compilers do on that ground is to compute constants beforehand, and to compute at another
    // place, before the change or behind it: a subnormal number may be itself or zero. No memory access here rests on
    // which of the two, since indices that come from floats are checked as integers.
    unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const register, options(nostack, preserves_flags)) };
    found
}

#[cfg(not(all(target_arch = "x86_64", not(miri))))]
fn replace(_: u32) -> u32 {
    0
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;

    use super::*;

    /// Whether a result and an argument that are subnormal are zero.
    fn zeros() -> [bool; 2] {
        let result = black_box(f32::MIN_POSITIVE) * black_box(0.5);
        let argument = black_box(f32::from_bits(1)) * black_box(f32::MAX);
        [result.to_bits() == 0, argument == 0.0]
    }

    #[test]
    fn the_mode_lasts_as_long_as_the_guard_and_nests() {
        assert_eq!(zeros(), [false, false]);
        let outer = Denormals::as_zero();
        let inside = zeros();
        let inner = Denormals::as_zero();
        drop(inner);
        let still = zeros();
        let elsewhere = std::thread::spawn(|| {
            let _guard = Denormals::as_zero();
        });
        elsewhere.join().unwrap();
        drop(outer);
        assert_eq!(inside, still);
        assert_eq!(inside, [KNOWN, KNOWN]);
        assert_eq!(zeros(), [false, false]);
    }
}
