//! Packing: parts of `a` and `b` copied into the order in which the micro-kernels read them.

use super::super::vector::Vector;

/// A part of a matrix: element (line, i) stands at `line·line_step + i·step`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) from: *const f32,
    pub(super) lines: usize,
    pub(super) line_step: usize,
    pub(super) across: usize,
    pub(super) step: usize,
}

/// # Safety
/// The processor has the level's instructions. `to` takes `lines` lines at `to_step` from each other, each as long as
/// `across` rounded up to whole vectors; what a line writes beyond `to_step` the next overwrites.
pub(super) type Pack = unsafe fn(Part, to: *mut f32, to_step: usize);

/// Writes each line as whole vectors, filled up with zeros.
///
/// # Safety
/// As for [`Pack`].
#[inline(always)]
unsafe fn pack<V: Vector>(part: Part, to: *mut f32, to_step: usize) {
    let Part { from, lines, line_step, across, step } = part;
    let whole = across / V::WIDTH * V::WIDTH;
    // SAFETY: the caller answers for `from` and `to`.
    unsafe {
        if step == 1 {
            for line in 0..lines {
                let (from, to) = (from.add(line * line_step), to.add(line * to_step));
                for i in (0..whole).step_by(V::WIDTH) {
                    V::load(from.add(i)).store(to.add(i));
                }
                if whole < across {
                    V::load_first(from.add(whole), across - whole).store(to.add(whole));
                }
            }
        } else if line_step == 1 {
            for line in (0..lines).step_by(V::WIDTH) {
                let lines = V::WIDTH.min(lines - line);
                for i in (0..across).step_by(V::WIDTH) {
                    let (from, to) = (from.add(line + i * step), to.add(line * to_step + i));
                    V::transpose(from, step, V::WIDTH.min(across - i), lines, to, to_step);
                }
            }
        } else {
            for line in 0..lines {
                for i in 0..across.next_multiple_of(V::WIDTH) {
                    let x = if i < across { *from.add(line * line_step + i * step) } else { 0.0 };
                    *to.add(line * to_step + i) = x;
                }
            }
        }
    }
}

/// # Safety
/// As for [`Pack`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw")]
pub(super) unsafe fn avx512(part: Part, to: *mut f32, to_step: usize) {
    // SAFETY: as the caller promises.
    unsafe { pack::<std::arch::x86_64::__m512>(part, to, to_step) }
}

/// # Safety
/// As for [`Pack`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn avx2(part: Part, to: *mut f32, to_step: usize) {
    // SAFETY: as the caller promises.
    unsafe { pack::<std::arch::x86_64::__m256>(part, to, to_step) }
}

/// # Safety
/// As for [`Pack`].
pub(super) unsafe fn portable(part: Part, to: *mut f32, to_step: usize) {
    // SAFETY: as the caller promises.
    unsafe { pack::<[f32; 4]>(part, to, to_step) }
}
