//! Stored numbers as floats.

#[cfg(target_arch = "x86_64")]
use super::Level;
use super::Supported;

/// Bytes as floats.
pub(crate) fn bytes(level: Supported, from: &[u8], to: &mut [f32]) {
    match *level {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a supported level is one that this processor has.
        Level::Avx512 => unsafe { bytes_avx512(from, to) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Level::Avx2 => unsafe { bytes_avx2(from, to) },
        _ => bytes_generic(from, to),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw")]
fn bytes_avx512(from: &[u8], to: &mut [f32]) {
    bytes_generic(from, to);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn bytes_avx2(from: &[u8], to: &mut [f32]) {
    bytes_generic(from, to);
}

// A plain loop becomes part of its caller, and is compiled for the caller's processor.
#[inline(always)]
#[allow(clippy::needless_range_loop)]
fn bytes_generic(from: &[u8], to: &mut [f32]) {
    let count = to.len().min(from.len());
    let (from, to) = (&from[..count], &mut to[..count]);
    for i in 0..count {
        to[i] = f32::from(from[i]);
    }
}
