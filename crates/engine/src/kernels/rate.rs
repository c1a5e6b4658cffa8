//! How fast this processor multiplies and adds: what the kernels' times are held against.

use std::hint::black_box;

use super::{Level, Supported};

/// Sums that do not wait for each other: more than the latency of a multiply-add times the units that do them.
const SUMS: usize = 16;

// A closure would inherit its function's instructions, but not what calls it, `map` or `fold`: loops are written out here.

/// Multiplies and adds, in registers alone, as the kernels of `level` do; answers how many floating-point operations
/// that took (a multiply-add is two). The caller looks at the clock.
pub fn multiply_adds(level: Level, rounds: usize) -> u64 {
    let width = match *Supported::at_most(level) {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a supported level is one that this processor has.
        Level::Avx512 => unsafe { avx512(rounds) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Level::Avx2 => unsafe { avx2(rounds) },
        _ => portable(rounds),
    };
    2 * (rounds * SUMS * width) as u64
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn avx512(rounds: usize) -> usize {
    use std::arch::x86_64::{_mm512_add_ps, _mm512_fmadd_ps, _mm512_reduce_add_ps, _mm512_set1_ps};
    let (factor, summand) = (_mm512_set1_ps(black_box(0.999)), _mm512_set1_ps(black_box(0.001)));
    let mut sums = [_mm512_set1_ps(black_box(1.0)); SUMS];
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = _mm512_fmadd_ps(*sum, factor, summand);
        }
    }
    let mut total = summand;
    for sum in sums {
        total = _mm512_add_ps(total, sum);
    }
    black_box(_mm512_reduce_add_ps(total));
    16
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2(rounds: usize) -> usize {
    use std::arch::x86_64::{_mm256_add_ps, _mm256_cvtss_f32, _mm256_fmadd_ps, _mm256_set1_ps};
    let (factor, summand) = (_mm256_set1_ps(black_box(0.999)), _mm256_set1_ps(black_box(0.001)));
    // Of 16 registers two hold the factor and the summand: these sums are walked in two halves.
    let mut halves = [[_mm256_set1_ps(black_box(1.0)); SUMS / 2]; 2];
    for half in &mut halves {
        for _ in 0..rounds {
            for sum in &mut *half {
                *sum = _mm256_fmadd_ps(*sum, factor, summand);
            }
        }
    }
    let mut total = summand;
    for sum in halves.as_flattened() {
        total = _mm256_add_ps(total, *sum);
    }
    black_box(_mm256_cvtss_f32(total));
    8
}

/// Four numbers a vector, as every 64-bit processor has; a product and a sum where there is no fused instruction.
fn portable(rounds: usize) -> usize {
    const WIDTH: usize = 4;
    let (factor, summand) = (black_box(0.999f32), black_box(0.001f32));
    let mut halves = [[[black_box(1.0f32); WIDTH]; SUMS / 2]; 2];
    for half in &mut halves {
        for _ in 0..rounds {
            half.as_flattened_mut().iter_mut().for_each(|sum| *sum = *sum * factor + summand);
        }
    }
    black_box(halves);
    WIDTH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_counts_what_it_does() {
        for (&level, width) in Level::ALL.iter().zip([4, 8, 16]) {
            if level <= Level::highest() {
                assert_eq!(multiply_adds(level, 100), 2 * 100 * SUMS as u64 * width, "{level}");
            }
        }
    }
}
