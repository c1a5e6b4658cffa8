//! Work of others, compiled for each level.

use super::{Level, Supported};

/// Something to do that may be compiled for several processors.
pub trait Work {
    /// What comes of it.
    type Output;

    /// Does it. Only what is compiled as a part of this function is compiled for the processor: it is marked
    /// `#[inline(always)]`, and so are the functions with the loops that matter.
    fn run(self) -> Self::Output;
}

/// Does the work with the instructions of `level`, or the highest that this processor has where that is lower.
///
/// Multiplications and additions stay apart at every level, so that the bits are the same.
///
/// ```
/// use limpid_engine::kernels::{Level, Work, at_level};
///
/// struct Sum<'n>(&'n [f64]);
///
/// impl Work for Sum<'_> {
///     type Output = f64;
///
///     #[inline(always)]
///     fn run(self) -> f64 {
///         self.0.iter().sum()
///     }
/// }
/// assert_eq!(at_level(Level::of_this_machine(), Sum(&[1.0, 2.0])), 3.0);
/// ```
pub fn at_level<W: Work>(level: Level, work: W) -> W::Output {
    match *Supported::at_most(level) {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a supported level is one that this processor has.
        Level::Avx512 => unsafe { avx512(work) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Level::Avx2 => unsafe { avx2(work) },
        _ => work.run(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw")]
fn avx512<W: Work>(work: W) -> W::Output {
    work.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2<W: Work>(work: W) -> W::Output {
    work.run()
}
