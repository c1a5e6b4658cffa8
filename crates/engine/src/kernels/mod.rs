//! Kernels: the loops that do the work, compiled for each [`Level`] and picked when they are called.

/// A function that is compiled for each level, and picked when it is called. What it calls becomes part of it, where that is
/// marked `#[inline(always)]`; closures don't.
macro_rules! at_each_level {
    ($(#[$about:meta])* $visibility:vis $name:ident => $generic:ident, $($argument:ident: $kind:ty),*) => {
        $(#[$about])*
        $visibility fn $name(level: $crate::kernels::Supported, $($argument: $kind),*) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw")]
            fn avx512($($argument: $kind),*) {
                $generic($($argument),*);
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2")]
            fn avx2($($argument: $kind),*) {
                $generic($($argument),*);
            }
            match *level {
                #[cfg(target_arch = "x86_64")]
                // SAFETY: a supported level is one that this processor has.
                $crate::kernels::Level::Avx512 => unsafe { avx512($($argument),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: as above.
                $crate::kernels::Level::Avx2 => unsafe { avx2($($argument),*) },
                _ => $generic($($argument),*),
            }
        }
    };
}

#[allow(unsafe_code)]
mod ahead;
pub(crate) mod arrange;
#[allow(unsafe_code)]
#[doc(hidden)]
pub mod bench_support;
#[allow(unsafe_code)]
pub(crate) mod convert;
#[allow(unsafe_code)]
pub(crate) mod convolution;
pub(crate) mod elements;
pub(crate) mod index;
mod level;
#[cfg(test)]
#[allow(unsafe_code)]
mod padding;
#[allow(unsafe_code)]
pub(crate) mod pooling;
#[allow(unsafe_code)]
pub(crate) mod product;
#[allow(unsafe_code)]
pub(crate) mod random;
#[allow(unsafe_code)]
mod rate;
#[allow(unsafe_code)]
pub(crate) mod reduce;
#[allow(unsafe_code)]
pub(crate) mod sparse;
#[allow(unsafe_code)]
pub(crate) mod tile;
#[allow(unsafe_code)]
mod vector;
#[allow(unsafe_code)]
mod work;

pub(crate) use ahead::prefetch;
pub(crate) use level::Supported;
pub use level::{Level, VARIABLE};
#[doc(hidden)]
pub use rate::multiply_adds;
pub use work::{Work, at_level};

/// For the benchmarks of this crate, which stand outside of it: kernels as safe functions. No part of its interface.
#[doc(hidden)]
pub mod internals {
    pub use super::sparse::internals as sparse;
}
