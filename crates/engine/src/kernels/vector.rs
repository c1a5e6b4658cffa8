//! The vectors that products are made of, one type for each level: [`super::product`] and [`super::sparse`] are written
//! once over them.

// Loops over constant ranges become registers; iterators over them would not say more.
#![allow(clippy::needless_range_loop)]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// Some numbers beside each other.
///
/// Its functions become part of their callers, which are compiled for the level. So to call any of them is safe only where
/// the processor has the level's instructions, and where pointers are good for what the name says.
pub(super) trait Vector: Copy {
    /// How many there are.
    const WIDTH: usize;

    /// # Safety
    /// As the trait says.
    unsafe fn splat(x: f32) -> Self;
    /// Asks for the line at an address, which need not be good for anything.
    fn prefetch(at: *const f32);
    /// # Safety
    /// As the trait says.
    unsafe fn load(from: *const f32) -> Self;
    /// The first `count`; the others are neither read nor written, and 0 where they are loaded.
    ///
    /// # Safety
    /// As the trait says.
    unsafe fn load_first(from: *const f32, count: usize) -> Self;
    /// # Safety
    /// As the trait says.
    unsafe fn store(self, to: *mut f32);
    /// # Safety
    /// As the trait says.
    unsafe fn store_first(self, to: *mut f32, count: usize);
    /// # Safety
    /// As the trait says.
    unsafe fn plus(self, summand: Self) -> Self;
    /// # Safety
    /// As the trait says.
    unsafe fn minus(self, subtrahend: Self) -> Self;
    /// # Safety
    /// As the trait says.
    unsafe fn times(self, factor: Self) -> Self;
    /// 0 where it is at most 0; elsewhere, and where it is no number, as it is.
    ///
    /// # Safety
    /// As the trait says.
    unsafe fn positive(self) -> Self;
    /// `self · factor + sum`, rounded once where the level has an instruction for it.
    ///
    /// # Safety
    /// As the trait says.
    unsafe fn times_plus(self, factor: Self, sum: Self) -> Self;
    /// Transposes a square: `rows` rows of `columns` numbers, both at most `WIDTH`, each row `from_row` after the one
    /// before. Writes `columns` whole vectors, each `to_row` after the one before and in that order; lanes from `rows`
    /// on are 0.
    ///
    /// # Safety
    /// As the trait says.
    unsafe fn transpose(from: *const f32, from_row: usize, rows: usize, columns: usize, to: *mut f32, to_row: usize);
}

#[cfg(target_arch = "x86_64")]
impl Vector for __m512 {
    const WIDTH: usize = 16;

    #[inline(always)]
    fn prefetch(at: *const f32) {
        // SAFETY: every processor of the architecture has this instruction, and no address makes it fail.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        // SAFETY: as the trait says.
        unsafe { _mm512_set1_ps(x) }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: as the trait says.
        unsafe { _mm512_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn load_first(from: *const f32, count: usize) -> Self {
        // SAFETY: as the trait says; masked lanes are not read.
        unsafe { _mm512_maskz_loadu_ps(first(count), from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: as the trait says.
        unsafe { _mm512_storeu_ps(to, self) }
    }

    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, count: usize) {
        // SAFETY: as the trait says; masked lanes are not written.
        unsafe { _mm512_mask_storeu_ps(to, first(count), self) }
    }

    #[inline(always)]
    unsafe fn plus(self, summand: Self) -> Self {
        // SAFETY: as the trait says.
        unsafe { _mm512_add_ps(self, summand) }
    }

    #[inline(always)]
    unsafe fn minus(self, subtrahend: Self) -> Self {
        // SAFETY: as the trait says.
        unsafe { _mm512_sub_ps(self, subtrahend) }
    }

    #[inline(always)]
    unsafe fn positive(self) -> Self {
        // SAFETY: as the trait says.
        unsafe { _mm512_maskz_mov_ps(!_mm512_cmp_ps_mask::<_CMP_LE_OQ>(self, _mm512_setzero_ps()), self) }
    }

    #[inline(always)]
    unsafe fn times(self, factor: Self) -> Self {
        // SAFETY: as the trait says.
        unsafe { _mm512_mul_ps(self, factor) }
    }

    #[inline(always)]
    unsafe fn times_plus(self, factor: Self, sum: Self) -> Self {
        // SAFETY: as the trait says.
        unsafe { _mm512_fmadd_ps(self, factor, sum) }
    }

    #[inline(always)]
    unsafe fn transpose(from: *const f32, from_row: usize, rows: usize, columns: usize, to: *mut f32, to_row: usize) {
        // SAFETY: as the trait says.
        unsafe {
            let mut x = [Self::splat(0.0); 16];
            for i in 0..16 {
                if i < rows {
                    x[i] = Self::load_first(from.add(i * from_row), columns);
                }
            }
            // Pairs of rows, then fours: after that, quarter q of y[4g + j] is column 4q + j of rows 4g to 4g + 3.
            let mut y = [Self::splat(0.0); 16];
            for i in 0..8 {
                y[2 * i] = _mm512_unpacklo_ps(x[2 * i], x[2 * i + 1]);
                y[2 * i + 1] = _mm512_unpackhi_ps(x[2 * i], x[2 * i + 1]);
            }
            for g in 0..4 {
                x[4 * g] = _mm512_shuffle_ps::<0x44>(y[4 * g], y[4 * g + 2]);
                x[4 * g + 1] = _mm512_shuffle_ps::<0xee>(y[4 * g], y[4 * g + 2]);
                x[4 * g + 2] = _mm512_shuffle_ps::<0x44>(y[4 * g + 1], y[4 * g + 3]);
                x[4 * g + 3] = _mm512_shuffle_ps::<0xee>(y[4 * g + 1], y[4 * g + 3]);
            }
            for j in 0..4 {
                let upper_even = _mm512_shuffle_f32x4::<0x88>(x[j], x[4 + j]);
                let upper_odd = _mm512_shuffle_f32x4::<0xdd>(x[j], x[4 + j]);
                let lower_even = _mm512_shuffle_f32x4::<0x88>(x[8 + j], x[12 + j]);
                let lower_odd = _mm512_shuffle_f32x4::<0xdd>(x[8 + j], x[12 + j]);
                y[j] = _mm512_shuffle_f32x4::<0x88>(upper_even, lower_even);
                y[4 + j] = _mm512_shuffle_f32x4::<0x88>(upper_odd, lower_odd);
                y[8 + j] = _mm512_shuffle_f32x4::<0xdd>(upper_even, lower_even);
                y[12 + j] = _mm512_shuffle_f32x4::<0xdd>(upper_odd, lower_odd);
            }
            for j in 0..16 {
                if j < columns {
                    y[j].store(to.add(j * to_row));
                }
            }
        }
    }
}

/// A mask of the first `count` lanes of sixteen.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn first(count: usize) -> __mmask16 {
    (1u32 << count).wrapping_sub(1) as __mmask16
}

#[cfg(target_arch = "x86_64")]
impl Vector for __m256 {
    const WIDTH: usize = 8;

    #[inline(always)]
    fn prefetch(at: *const f32) {
        // SAFETY: every processor of the architecture has this instruction, and no address makes it fail.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        // SAFETY: as the trait says.
        unsafe { _mm256_set1_ps(x) }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: as the trait says.
        unsafe { _mm256_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn load_first(from: *const f32, count: usize) -> Self {
        // SAFETY: as the trait says; masked lanes are not read.
        unsafe { _mm256_maskload_ps(from, first_of_eight(count)) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: as the trait says.
        unsafe { _mm256_storeu_ps(to, self) }
    }

    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, count: usize) {
        // SAFETY: as the trait says; masked lanes are not written.
        unsafe { _mm256_maskstore_ps(to, first_of_eight(count), self) }
    }

    #[inline(always)]
    unsafe fn plus(self, summand: Self) -> Self {
        // SAFETY: as the trait says.
        unsafe { _mm256_add_ps(self, summand) }
    }

    #[inline(always)]
    unsafe fn minus(self, subtrahend: Self) -> Self {
        // SAFETY: as the trait says.
        unsafe { _mm256_sub_ps(self, subtrahend) }
    }

    #[inline(always)]
    unsafe fn positive(self) -> Self {
        // SAFETY: as the trait says.
        unsafe { _mm256_andnot_ps(_mm256_cmp_ps::<_CMP_LE_OQ>(self, _mm256_setzero_ps()), self) }
    }

    #[inline(always)]
    unsafe fn times(self, factor: Self) -> Self {
        // SAFETY: as the trait says.
        unsafe { _mm256_mul_ps(self, factor) }
    }

    #[inline(always)]
    unsafe fn times_plus(self, factor: Self, sum: Self) -> Self {
        // SAFETY: as the trait says.
        unsafe { _mm256_fmadd_ps(self, factor, sum) }
    }

    #[inline(always)]
    unsafe fn transpose(from: *const f32, from_row: usize, rows: usize, columns: usize, to: *mut f32, to_row: usize) {
        // SAFETY: as the trait says.
        unsafe {
            let mut x = [Self::splat(0.0); 8];
            for i in 0..8 {
                if i < rows {
                    let from = from.add(i * from_row);
                    x[i] = if columns == 8 { Self::load(from) } else { Self::load_first(from, columns) };
                }
            }
            // Pairs of rows, then fours: after that, half h of x[4g + j] is column 4h + j of rows 4g to 4g + 3.
            let mut y = [Self::splat(0.0); 8];
            for i in 0..4 {
                y[2 * i] = _mm256_unpacklo_ps(x[2 * i], x[2 * i + 1]);
                y[2 * i + 1] = _mm256_unpackhi_ps(x[2 * i], x[2 * i + 1]);
            }
            for g in 0..2 {
                x[4 * g] = _mm256_shuffle_ps::<0x44>(y[4 * g], y[4 * g + 2]);
                x[4 * g + 1] = _mm256_shuffle_ps::<0xee>(y[4 * g], y[4 * g + 2]);
                x[4 * g + 2] = _mm256_shuffle_ps::<0x44>(y[4 * g + 1], y[4 * g + 3]);
                x[4 * g + 3] = _mm256_shuffle_ps::<0xee>(y[4 * g + 1], y[4 * g + 3]);
            }
            for j in 0..4 {
                y[j] = _mm256_permute2f128_ps::<0x20>(x[j], x[4 + j]);
                y[4 + j] = _mm256_permute2f128_ps::<0x31>(x[j], x[4 + j]);
            }
            for j in 0..8 {
                if j < columns {
                    y[j].store(to.add(j * to_row));
                }
            }
        }
    }
}

/// A mask of the first `count` lanes of eight.
///
/// # Safety
/// The processor has AVX2.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn first_of_eight(count: usize) -> __m256i {
    // SAFETY: only the level's instructions are needed.
    unsafe { _mm256_cmpgt_epi32(_mm256_set1_epi32(count as i32), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)) }
}

impl Vector for [f32; 4] {
    const WIDTH: usize = 4;

    #[inline(always)]
    fn prefetch(_: *const f32) {}

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        [x; 4]
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: as the trait says.
        unsafe { from.cast::<Self>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn load_first(from: *const f32, count: usize) -> Self {
        // SAFETY: as the trait says.
        std::array::from_fn(|i| if i < count { unsafe { *from.add(i) } } else { 0.0 })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: as the trait says.
        unsafe { to.cast::<Self>().write_unaligned(self) }
    }

    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, count: usize) {
        for (i, x) in self.into_iter().enumerate().take(count) {
            // SAFETY: as the trait says.
            unsafe { *to.add(i) = x }
        }
    }

    #[inline(always)]
    unsafe fn plus(self, summand: Self) -> Self {
        std::array::from_fn(|i| self[i] + summand[i])
    }

    #[inline(always)]
    unsafe fn minus(self, subtrahend: Self) -> Self {
        std::array::from_fn(|i| self[i] - subtrahend[i])
    }

    #[inline(always)]
    unsafe fn positive(self) -> Self {
        self.map(|x| if x <= 0.0 { 0.0 } else { x })
    }

    #[inline(always)]
    unsafe fn times(self, factor: Self) -> Self {
        std::array::from_fn(|i| self[i] * factor[i])
    }

    #[inline(always)]
    unsafe fn times_plus(self, factor: Self, sum: Self) -> Self {
        std::array::from_fn(|i| self[i] * factor[i] + sum[i])
    }

    #[inline(always)]
    unsafe fn transpose(from: *const f32, from_row: usize, rows: usize, columns: usize, to: *mut f32, to_row: usize) {
        for j in 0..columns {
            // SAFETY: as the trait says.
            let column = |i: usize| if i < rows { unsafe { *from.add(i * from_row + j) } } else { 0.0 };
            // SAFETY: as the trait says.
            unsafe { Self::store(std::array::from_fn(column), to.add(j * to_row)) }
        }
    }
}
