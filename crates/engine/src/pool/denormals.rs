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
    #[cfg(target_arch = "x86_64")]
    found: u32,
    /// The mode is the thread's, so the guard must stay with it.
    thread: PhantomData<*const ()>,
}

impl Denormals {
    /// From here on, subnormal numbers are zero in this thread.
    #[must_use = "the mode lasts as long as the guard"]
    pub fn as_zero() -> Self {
        Self {
            #[cfg(target_arch = "x86_64")]
            found: mxcsr::replace(mxcsr::BOTH),
            thread: PhantomData,
        }
    }
}

impl Drop for Denormals {
    fn drop(&mut self) {
        #[cfg(target_arch = "x86_64")]
        mxcsr::replace(self.found);
    }
}

#[cfg(target_arch = "x86_64")]
mod mxcsr {
    use std::arch::asm;

    /// Flush to zero (results, bit 15) and denormals are zero (arguments, bit 6).
    pub(super) const BOTH: u32 = 1 << 15 | 1 << 6;

    /// Sets the two modes, returns what they were. Rounding, masks and sticky flags stay as they are.
    pub(super) fn replace(modes: u32) -> u32 {
        let mut register = 0u32;
        // SAFETY: `stmxcsr` writes the four bytes of `register`, which the pointer is of; it needs SSE, which every
        // x86-64 has.
        unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut register, options(nostack, preserves_flags)) };
        let found = register & BOTH;
        register = register & !BOTH | modes;
        // SAFETY: `ldmxcsr` reads the four bytes of `register`. They are what the register held but for two bits that
        // every x86-64 processor has, so no reserved bit is set and no exception unmasked. Rust takes floats to be
        // computed in the default mode: what it may do on that ground is fold a subnormal constant that the processor
        // would have flushed, so a subnormal intermediate may be either itself or zero. No memory access, index or
        // branch that safety depends on may follow from one; the engine's indices come from plans and from floats
        // that are checked as indices.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const register, options(nostack, readonly, preserves_flags)) };
        found
    }
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
        if cfg!(target_arch = "x86_64") {
            assert_eq!(inside, [true, true]);
        }
        assert_eq!(zeros(), [false, false]);
    }
}
