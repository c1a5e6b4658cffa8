//! Stored numbers as floats.

at_each_level!(
    /// Bytes as floats.
    pub(crate) bytes => bytes_generic, from: &[u8], to: &mut [f32]
);

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
