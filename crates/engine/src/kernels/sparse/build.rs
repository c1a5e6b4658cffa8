//! Lists of what is not zero, from bytes or from floats.

use std::mem::MaybeUninit;
use std::ops::Range;

use super::{BLOCK, Blank, Lists, Memory, ROOM, STEP};
#[cfg(target_arch = "x86_64")]
use crate::kernels::Level;
use crate::kernels::{Supported, prefetch};

/// Where the rows of a matrix stand in a slice.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rows<'p> {
    /// Row r at `r·pitch`.
    Pitch(usize),
    /// Row r at `positions[r]·pitch`.
    Gathered(usize, &'p [u32]),
}

impl Rows<'_> {
    #[inline(always)]
    fn start(self, row: usize) -> usize {
        match self {
            Self::Pitch(pitch) => row * pitch,
            Self::Gathered(pitch, positions) => positions[row] as usize * pitch,
        }
    }

    /// Whether all of `rows` rows up to column `end` stand in a slice of `length` numbers.
    fn fit(self, rows: usize, end: usize, length: usize) -> bool {
        let (pitch, last) = match self {
            Self::Pitch(pitch) => (pitch, rows.checked_sub(1)),
            Self::Gathered(pitch, positions) if positions.len() == rows => {
                (pitch, positions.iter().max().map(|&position| position as usize))
            }
            Self::Gathered(..) => return false,
        };
        let end_of = |row: usize| row.checked_mul(pitch)?.checked_add(end);
        last.is_none_or(|row| end_of(row).is_some_and(|end| end <= length))
    }
}

/// Rows so far ahead are asked for while a row is listed.
const AHEAD: usize = 8;

/// Lists the columns `range` of a matrix of bytes b as `table[b]`, zeros left out. Row r begins at `data[positions[r]·k]`.
///
/// `table[0]` must be zero. Other bytes may stand for zero too: they are listed.
///
/// # Panics
/// Where a row does not stand in `data`, the memory is too short, or sizes do not fit: that would be a defect of the plan.
pub(crate) fn list_bytes<'m>(
    level: Supported,
    data: &[u8],
    (k, positions): (usize, &[u32]),
    range: Range<usize>,
    table: &[f32; 256],
    memory: Memory<'m>,
) -> Lists<'m> {
    let (mut made, rows) = (Blank::over(memory, positions.len(), range), Rows::Gathered(k, positions));
    let lists = &mut made;
    assert!(rows.fit(lists.rows, lists.range.end, data.len()) && lists.range.end <= k);
    let task = Bytes { data, rows, table };
    match *level {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a supported level is one that this processor has, and the rest was asked for.
        Level::Avx512 if is_x86_feature_detected!("avx512vbmi2") && is_x86_feature_detected!("popcnt") => unsafe {
            x86::bytes_vbmi2(&task, lists);
        },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above; the level AVX-512 stands above AVX2 and is found only with it.
        Level::Avx512 | Level::Avx2 if is_x86_feature_detected!("popcnt") => unsafe { x86::bytes_avx2(&task, lists) },
        // SAFETY: every processor has what `Portable` needs.
        _ => unsafe { list::<Portable, _>(&task, lists) },
    }
    made.done()
}

/// Lists the columns `range` of `count` rows of floats, zeros of either sign left out.
///
/// # Panics
/// Where a row does not stand in `data`, the memory is too short, or sizes do not fit: that would be a defect of the plan.
pub(crate) fn list_floats<'m>(
    level: Supported,
    data: &[f32],
    rows: Rows<'_>,
    count: usize,
    range: Range<usize>,
    memory: Memory<'m>,
) -> Lists<'m> {
    let mut made = Blank::over(memory, count, range);
    let lists = &mut made;
    assert!(rows.fit(lists.rows, lists.range.end, data.len()));
    let task = Floats { data, rows };
    match *level {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a supported level is one that this processor has, and the rest was asked for.
        Level::Avx512 if is_x86_feature_detected!("popcnt") => unsafe { x86::floats_avx512(&task, lists) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Level::Avx2 if is_x86_feature_detected!("popcnt") => unsafe { x86::floats_avx2(&task, lists) },
        // SAFETY: every processor has what `Portable` needs.
        _ => unsafe { list::<Portable, _>(&task, lists) },
    }
    made.done()
}

struct Bytes<'d> {
    data: &'d [u8],
    rows: Rows<'d>,
    table: &'d [f32; 256],
}

struct Floats<'d> {
    data: &'d [f32],
    rows: Rows<'d>,
}

/// So many numbers are squeezed at a time.
const CHUNK: usize = 64;

/// Keeps what is not zero, by instructions that the processor must have.
trait Squeeze {
    /// Writes those of `count` numbers (at most [`CHUNK`]) that are not zero to `values` and their columns, of which
    /// the first is `first`, to `columns`; says how many they are.
    ///
    /// # Safety
    /// The processor has the instructions. `from` must be good for reading `count` numbers, `values` and `columns` for
    /// writing [`CHUNK`].
    unsafe fn bytes(from: *const u8, count: usize, first: u16, values: *mut u8, columns: *mut u16) -> usize;

    /// As [`Squeeze::bytes`].
    ///
    /// # Safety
    /// As there.
    unsafe fn floats(from: *const f32, count: usize, first: u16, values: *mut f32, columns: *mut u16) -> usize;
}

/// What lists are made from.
trait Source {
    /// A number as it is stored.
    type Number: Copy + Default;
    /// Whether numbers wait to be made floats of, many in one go; otherwise they are floats.
    const WAIT: bool;

    fn data(&self) -> &[Self::Number];
    fn rows(&self) -> Rows<'_>;

    /// # Safety
    /// As for [`Squeeze::bytes`].
    unsafe fn squeeze<S: Squeeze>(
        from: *const Self::Number,
        count: usize,
        first: u16,
        values: *mut Self::Number,
        columns: *mut u16,
    ) -> usize;

    /// The float that a number stands for.
    fn value(&self, number: Self::Number) -> f32;
}

impl Source for Bytes<'_> {
    type Number = u8;
    const WAIT: bool = true;

    fn data(&self) -> &[u8] {
        self.data
    }

    fn rows(&self) -> Rows<'_> {
        self.rows
    }

    #[inline(always)]
    unsafe fn squeeze<S: Squeeze>(
        from: *const u8,
        count: usize,
        first: u16,
        values: *mut u8,
        columns: *mut u16,
    ) -> usize {
        // SAFETY: the caller answers for it.
        unsafe { S::bytes(from, count, first, values, columns) }
    }

    #[inline(always)]
    fn value(&self, number: u8) -> f32 {
        self.table[usize::from(number)]
    }
}

impl Source for Floats<'_> {
    type Number = f32;
    const WAIT: bool = false;

    fn data(&self) -> &[f32] {
        self.data
    }

    fn rows(&self) -> Rows<'_> {
        self.rows
    }

    #[inline(always)]
    unsafe fn squeeze<S: Squeeze>(
        from: *const f32,
        count: usize,
        first: u16,
        values: *mut f32,
        columns: *mut u16,
    ) -> usize {
        // SAFETY: the caller answers for it.
        unsafe { S::floats(from, count, first, values, columns) }
    }

    #[inline(always)]
    fn value(&self, number: f32) -> f32 {
        number
    }
}

/// Numbers wait here until there are enough to make floats of in one go.
const HELD: usize = 2048;

/// Makes all lists. A plain function, to become part of its caller and to be compiled for the caller's processor.
///
/// # Safety
/// The processor has the instructions of `S`.
#[inline(always)]
unsafe fn list<S: Squeeze, T: Source>(source: &T, lists: &mut Blank<'_>) {
    let Range { start, end } = lists.range;
    let width = end - start;
    let Memory { values, columns, starts, .. } = &mut lists.memory;
    let mut held = [const { MaybeUninit::<T::Number>::uninit() }; HELD + BLOCK + ROOM];
    let held = held.as_mut_ptr().cast::<T::Number>();
    // `values[..done]` stand, `held[..waiting]` come behind them.
    let (mut done, mut waiting, mut list) = (0, 0, 0);
    let convert = |waiting: usize, values: &mut [f32]| {
        // SAFETY: so many numbers were written.
        let held = unsafe { std::slice::from_raw_parts(held.cast_const(), waiting) };
        values.iter_mut().zip(held).for_each(|(value, &number)| *value = source.value(number));
    };
    let ask = |row: usize| {
        if let Rows::Gathered(pitch, positions) = source.rows()
            && let Some(&position) = positions.get(row)
        {
            prefetch(source.data().as_ptr().wrapping_add(position as usize * pitch + start), width);
        }
    };
    (0..AHEAD).for_each(ask);
    for row in 0..lists.rows {
        let from = &source.data()[source.rows().start(row)..][start..end];
        ask(row + AHEAD);
        for block in (0..width).step_by(BLOCK) {
            starts[list] = (done + waiting) as u32;
            list += 1;
            let block_end = width.min(block + BLOCK);
            // SAFETY: the caller answers for the processor. The row has `width` numbers; `held`, `values` and `columns` have room for a chunk behind what a
            // block and a row at most fill. Where nothing waits, numbers are floats.
            unsafe {
                let to = if T::WAIT { held } else { values.as_mut_ptr().add(done).cast::<T::Number>() };
                let columns = columns.as_mut_ptr().add(done);
                for chunk in (block..block_end).step_by(CHUNK) {
                    let (count, first) = (CHUNK.min(block_end - chunk), chunk as u16);
                    let from = from.as_ptr().add(chunk);
                    waiting += T::squeeze::<S>(from, count, first, to.add(waiting), columns.add(waiting));
                }
                for fill in waiting..waiting + STEP {
                    *to.add(fill) = T::Number::default();
                    *columns.add(fill) = block as u16;
                }
            }
            waiting = waiting.next_multiple_of(STEP);
            if !T::WAIT {
                (done, waiting) = (done + waiting, 0);
            } else if waiting > HELD {
                convert(waiting, &mut values[done..]);
                (done, waiting) = (done + waiting, 0);
            }
        }
    }
    if T::WAIT {
        convert(waiting, &mut values[done..]);
    }
    starts[list] = (done + waiting) as u32;
}

struct Portable;

/// Both kinds of numbers, one at a time: each is written, and stays where it is not zero.
macro_rules! squeeze_one_by_one {
    ($from:ident, $count:expr, $first:ident, $values:ident, $columns:ident, $zero:literal) => {{
        let mut kept = 0;
        for i in 0..$count {
            // SAFETY: `i` is below `count`, and `kept` is not above `i`.
            unsafe {
                let number = *$from.add(i);
                *$values.add(kept) = number;
                *$columns.add(kept) = $first + i as u16;
                kept += usize::from(number != $zero);
            }
        }
        kept
    }};
}

impl Squeeze for Portable {
    #[inline(always)]
    unsafe fn bytes(from: *const u8, count: usize, first: u16, values: *mut u8, columns: *mut u16) -> usize {
        squeeze_one_by_one!(from, count, first, values, columns, 0)
    }

    #[inline(always)]
    unsafe fn floats(from: *const f32, count: usize, first: u16, values: *mut f32, columns: *mut u16) -> usize {
        squeeze_one_by_one!(from, count, first, values, columns, 0.0)
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Blank, Bytes, CHUNK, Floats, Portable, Squeeze, list};
    use std::arch::x86_64::*;

    #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx512vbmi2,popcnt")]
    pub(super) fn bytes_vbmi2(task: &Bytes<'_>, lists: &mut Blank<'_>) {
        // SAFETY: this function is compiled for, and so called on, processors with the instructions.
        unsafe { list::<Avx512, _>(task, lists) };
    }

    #[target_feature(enable = "avx2,popcnt")]
    pub(super) fn bytes_avx2(task: &Bytes<'_>, lists: &mut Blank<'_>) {
        // SAFETY: this function is compiled for, and so called on, processors with the instructions.
        unsafe { list::<Avx2, _>(task, lists) };
    }

    #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,popcnt")]
    pub(super) fn floats_avx512(task: &Floats<'_>, lists: &mut Blank<'_>) {
        // SAFETY: this function is compiled for, and so called on, processors with the instructions.
        unsafe { list::<Avx512, _>(task, lists) };
    }

    #[target_feature(enable = "avx2,popcnt")]
    pub(super) fn floats_avx2(task: &Floats<'_>, lists: &mut Blank<'_>) {
        // SAFETY: this function is compiled for, and so called on, processors with the instructions.
        unsafe { list::<Avx2, _>(task, lists) };
    }

    /// 0, 1, 2 and so on.
    static PLACES: [u8; CHUNK] = {
        let mut places = [0; CHUNK];
        let mut i = 0;
        while i < CHUNK {
            places[i] = i as u8;
            i += 1;
        }
        places
    };

    /// Compresses by instruction: bytes need VBMI2, floats do not.
    struct Avx512;

    impl Squeeze for Avx512 {
        #[inline(always)]
        unsafe fn bytes(from: *const u8, count: usize, first: u16, values: *mut u8, columns: *mut u16) -> usize {
            // SAFETY: masked lanes are not read; 64 bytes and 64 columns are written, for which there is room.
            unsafe {
                let bytes = _mm512_maskz_loadu_epi8(!0 >> (CHUNK - count), from.cast());
                let kept = _mm512_test_epi8_mask(bytes, bytes);
                _mm512_storeu_epi8(values.cast(), _mm512_maskz_compress_epi8(kept, bytes));
                let places = _mm512_maskz_compress_epi8(kept, _mm512_loadu_epi8(PLACES.as_ptr().cast()));
                let first = _mm512_set1_epi16(first as i16);
                let low = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(places));
                let high = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64::<1>(places));
                _mm512_storeu_epi16(columns.cast(), _mm512_add_epi16(first, low));
                _mm512_storeu_epi16(columns.add(32).cast(), _mm512_add_epi16(first, high));
                kept.count_ones() as usize
            }
        }

        #[inline(always)]
        unsafe fn floats(from: *const f32, count: usize, first: u16, values: *mut f32, columns: *mut u16) -> usize {
            let mut done = 0;
            for start in (0..count).step_by(16) {
                // SAFETY: masked lanes are not read; behind `done`, which is at most `start`, there is room for 16.
                unsafe {
                    let mask = !0 >> (16 - (count - start).min(16));
                    let numbers = _mm512_maskz_loadu_ps(mask, from.add(start));
                    let kept = _mm512_cmp_ps_mask::<_CMP_NEQ_UQ>(numbers, _mm512_setzero_ps());
                    _mm512_storeu_ps(values.add(done), _mm512_maskz_compress_ps(kept, numbers));
                    let places = _mm512_cvtepu8_epi32(_mm_loadu_epi8(PLACES.as_ptr().cast()));
                    let places = _mm512_add_epi32(places, _mm512_set1_epi32(i32::from(first) + start as i32));
                    let places = _mm512_cvtepi32_epi16(_mm512_maskz_compress_epi32(kept, places));
                    _mm256_storeu_epi16(columns.add(done).cast(), places);
                    done += kept.count_ones() as usize;
                }
            }
            done
        }
    }

    /// For each set of eight places: which they are, in bytes from the lowest on.
    static PLACES_OF: [u64; 256] = {
        let mut table = [0; 256];
        let mut set = 0;
        while set < 256 {
            let (mut place, mut kept) = (0, 0);
            while place < 8 {
                if set >> place & 1 == 1 {
                    table[set] |= place << (8 * kept);
                    kept += 1;
                }
                place += 1;
            }
            set += 1;
        }
        table
    };

    /// Looks up where to shuffle eight numbers to.
    struct Avx2;

    impl Squeeze for Avx2 {
        #[inline(always)]
        unsafe fn bytes(from: *const u8, count: usize, first: u16, values: *mut u8, columns: *mut u16) -> usize {
            let (mut done, whole) = (0, count / 8 * 8);
            for start in (0..whole).step_by(8) {
                // SAFETY: eight numbers are read; behind `done`, which is at most `start`, there is room for eight.
                unsafe {
                    let bytes = _mm_loadl_epi64(from.add(start).cast());
                    let zeros = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_setzero_si128()));
                    let kept = (!zeros & 0xff) as usize;
                    let places = _mm_cvtsi64_si128(PLACES_OF[kept] as i64);
                    _mm_storel_epi64(values.add(done).cast(), _mm_shuffle_epi8(bytes, places));
                    let start = _mm_set1_epi16((usize::from(first) + start) as i16);
                    _mm_storeu_si128(columns.add(done).cast(), _mm_add_epi16(start, _mm_cvtepu8_epi16(places)));
                    done += kept.count_ones() as usize;
                }
            }
            // SAFETY: what is left of the same numbers.
            unsafe {
                let first = first + whole as u16;
                done + Portable::bytes(from.add(whole), count - whole, first, values.add(done), columns.add(done))
            }
        }

        #[inline(always)]
        unsafe fn floats(from: *const f32, count: usize, first: u16, values: *mut f32, columns: *mut u16) -> usize {
            let (mut done, whole) = (0, count / 8 * 8);
            for start in (0..whole).step_by(8) {
                // SAFETY: eight numbers are read; behind `done`, which is at most `start`, there is room for eight.
                unsafe {
                    let numbers = _mm256_loadu_ps(from.add(start));
                    let kept = _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_NEQ_UQ>(numbers, _mm256_setzero_ps())) as usize;
                    let places = _mm_cvtsi64_si128(PLACES_OF[kept] as i64);
                    let numbers = _mm256_permutevar8x32_ps(numbers, _mm256_cvtepu8_epi32(places));
                    _mm256_storeu_ps(values.add(done), numbers);
                    let start = _mm_set1_epi16((usize::from(first) + start) as i16);
                    _mm_storeu_si128(columns.add(done).cast(), _mm_add_epi16(start, _mm_cvtepu8_epi16(places)));
                    done += kept.count_ones() as usize;
                }
            }
            // SAFETY: what is left of the same numbers.
            unsafe {
                let first = first + whole as u16;
                done + Portable::floats(from.add(whole), count - whole, first, values.add(done), columns.add(done))
            }
        }
    }
}
