//! Matrix products: `c = α·a·b` or `c += α·a·b`, for any strides of `a` and `b`.
//!
//! A micro-kernel keeps a tile of the result in registers and walks along k. Columns are cut in panels of up to four
//! vectors, k in blocks; a panel of `b` is packed where its rows are long or not contiguous, `a` is read where it lies.
//! The cuts depend on the sizes alone, so that a product's bits do too.

// Loops over constant ranges become registers; iterators over them would not say more.
#![allow(clippy::needless_range_loop)]

use super::Level;

/// A matrix in a slice: element (i, j) stands at `i·row + j·column`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'n> {
    pub(crate) numbers: &'n [f32],
    pub(crate) row: usize,
    pub(crate) column: usize,
}

impl<'n> View<'n> {
    /// The same view of what begins `offset` numbers later.
    pub(crate) fn from(self, offset: usize) -> Self {
        Self { numbers: self.numbers.get(offset..).unwrap_or_default(), ..self }
    }
}

/// The sizes of a product: `(m, k) · (k, n)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) m: usize,
    pub(crate) k: usize,
    pub(crate) n: usize,
}

/// Along k, so much of a panel stays in the first-level cache while all rows pass over it.
const K_BLOCK: usize = 512;

/// The widest panel of any level.
const WIDEST_PANEL: usize = 64;

/// How many numbers of scratch memory a product needs.
pub(crate) fn scratch_len(sizes: Sizes) -> usize {
    sizes.k.min(K_BLOCK) * WIDEST_PANEL
}

/// `c = α·a·b`, or `c += α·a·b` where `accumulate` says so. `c` is row-major, `n` numbers a row.
///
/// # Panics
/// Where a slice is shorter than its matrix: that would be a defect of the plan.
pub(crate) fn product(
    level: Level,
    sizes: Sizes,
    (a, b): (View<'_>, View<'_>),
    c: &mut [f32],
    (alpha, accumulate): (f32, bool),
    scratch: &mut [f32],
) {
    let Sizes { m, k, n } = sizes;
    if m == 0 || n == 0 {
        return;
    }
    if k == 0 {
        if !accumulate {
            c[..m * n].fill(0.0);
        }
        return;
    }
    let last = |view: View<'_>, rows: usize, columns: usize| (rows - 1) * view.row + (columns - 1) * view.column;
    assert!(last(a, m, k) < a.numbers.len() && last(b, k, n) < b.numbers.len() && m * n <= c.len());
    assert!(scratch.len() >= scratch_len(sizes));
    let (micro, width, most_vectors) = micro_kernels(level);
    let panel = width * most_vectors;
    for k_start in (0..k).step_by(K_BLOCK) {
        let depth = K_BLOCK.min(k - k_start);
        let accumulate = accumulate || k_start > 0;
        for column in (0..n).step_by(panel) {
            let columns = panel.min(n - column);
            let vectors = columns.div_ceil(width);
            let part = &b.numbers[k_start * b.row + column * b.column..];
            let packs = b.column != 1 || n > panel;
            if packs {
                pack(View { numbers: part, ..b }, depth, columns, vectors * width, scratch);
            }
            let (b_start, b_row) = if packs { (scratch.as_ptr(), vectors * width) } else { (part.as_ptr(), b.row) };
            let mut row = 0;
            while row < m {
                let (rows, kernel) = micro(vectors, m - row);
                let tile = Tile {
                    depth,
                    a: a.numbers[row * a.row + k_start * a.column..].as_ptr(),
                    a_row: a.row,
                    a_column: a.column,
                    b: b_start,
                    b_row,
                    c: c[row * n + column..].as_mut_ptr(),
                    c_row: n,
                    last_columns: columns - (vectors - 1) * width,
                    alpha,
                    accumulate,
                };
                // SAFETY: the asserted bounds hold for every element that the tile of `rows` × `columns` reads or
                // writes; the level was found on this processor.
                unsafe { kernel(&tile) };
                row += rows;
            }
        }
    }
}

/// Copies `depth` rows of `columns` numbers beside each other, filled up with zeros to `width`.
fn pack(b: View<'_>, depth: usize, columns: usize, width: usize, packed: &mut [f32]) {
    for (p, row) in packed.chunks_exact_mut(width).take(depth).enumerate() {
        let (kept, fill) = row.split_at_mut(columns);
        if b.column == 1 {
            kept.copy_from_slice(&b.numbers[p * b.row..][..columns]);
        } else {
            kept.iter_mut().enumerate().for_each(|(j, x)| *x = b.numbers[p * b.row + j * b.column]);
        }
        fill.fill(0.0);
    }
}

/// A tile of the result and what it is made from.
struct Tile {
    depth: usize,
    a: *const f32,
    a_row: usize,
    a_column: usize,
    b: *const f32,
    b_row: usize,
    c: *mut f32,
    c_row: usize,
    /// How many columns of the last vector there are.
    last_columns: usize,
    alpha: f32,
    accumulate: bool,
}

type Micro = unsafe fn(&Tile);

/// For a panel of so many vectors and so many rows left: how many rows to take, and the kernel that takes them.
type Choice = fn(usize, usize) -> (usize, Micro);

fn micro_kernels(level: Level) -> (Choice, usize, usize) {
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => (avx512::choose, avx512::WIDTH, 4),
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => (avx2::choose, avx2::WIDTH, 2),
        _ => (portable::choose, portable::WIDTH, 2),
    }
}

/// The kernels of a level: a table of (vectors, rows), the most rows that the registers hold first.
macro_rules! choices {
    ($($vectors:literal: [$($rows:literal),*]),*) => {
        pub(super) fn choose(vectors: usize, left: usize) -> (usize, super::Micro) {
            match vectors {
                $($vectors => {
                    $(if left >= $rows {
                        return ($rows, micro::<$rows, $vectors>);
                    })*
                    (1, micro::<1, $vectors>)
                })*
                _ => unreachable!("a panel has at most as many vectors as the level says"),
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use super::Tile;
    use std::arch::x86_64::*;

    pub(super) const WIDTH: usize = 16;

    // Of 32 registers, at most 28 hold the tile; the others hold a row of b and an element of a.
    choices!(1: [14, 8, 4, 2], 2: [12, 8, 4, 2], 3: [8, 4, 2], 4: [6, 4, 2]);

    #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw")]
    unsafe fn micro<const ROWS: usize, const VECTORS: usize>(tile: &Tile) {
        // SAFETY: the caller answers for the bounds of the tile; masked lanes are neither read nor written.
        unsafe {
            let mask = (1u32 << tile.last_columns).wrapping_sub(1) as __mmask16;
            let mut sums = [[_mm512_setzero_ps(); VECTORS]; ROWS];
            let (mut a, mut b) = (tile.a, tile.b);
            for _ in 0..tile.depth {
                let mut row = [_mm512_setzero_ps(); VECTORS];
                for v in 0..VECTORS - 1 {
                    row[v] = _mm512_loadu_ps(b.add(v * WIDTH));
                }
                row[VECTORS - 1] = _mm512_maskz_loadu_ps(mask, b.add((VECTORS - 1) * WIDTH));
                for i in 0..ROWS {
                    let x = _mm512_set1_ps(*a.add(i * tile.a_row));
                    for v in 0..VECTORS {
                        sums[i][v] = _mm512_fmadd_ps(x, row[v], sums[i][v]);
                    }
                }
                a = a.wrapping_add(tile.a_column);
                b = b.wrapping_add(tile.b_row);
            }
            let alpha = _mm512_set1_ps(tile.alpha);
            for i in 0..ROWS {
                for v in 0..VECTORS {
                    let at = tile.c.add(i * tile.c_row + v * WIDTH);
                    let mask = if v == VECTORS - 1 { mask } else { !0 };
                    let sum = match tile.accumulate {
                        true => _mm512_fmadd_ps(alpha, sums[i][v], _mm512_maskz_loadu_ps(mask, at)),
                        false => _mm512_mul_ps(alpha, sums[i][v]),
                    };
                    _mm512_mask_storeu_ps(at, mask, sum);
                }
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::Tile;
    use std::arch::x86_64::*;

    pub(super) const WIDTH: usize = 8;

    // Of 16 registers, at most 12 hold the tile.
    choices!(1: [8, 4, 2], 2: [6, 4, 2]);

    #[target_feature(enable = "avx2,fma")]
    unsafe fn micro<const ROWS: usize, const VECTORS: usize>(tile: &Tile) {
        // SAFETY: the caller answers for the bounds of the tile; masked lanes are neither read nor written.
        unsafe {
            let lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
            let mask = _mm256_cmpgt_epi32(_mm256_set1_epi32(tile.last_columns as i32), lanes);
            let mut sums = [[_mm256_setzero_ps(); VECTORS]; ROWS];
            let (mut a, mut b) = (tile.a, tile.b);
            for _ in 0..tile.depth {
                let mut row = [_mm256_setzero_ps(); VECTORS];
                for v in 0..VECTORS - 1 {
                    row[v] = _mm256_loadu_ps(b.add(v * WIDTH));
                }
                row[VECTORS - 1] = _mm256_maskload_ps(b.add((VECTORS - 1) * WIDTH), mask);
                for i in 0..ROWS {
                    let x = _mm256_broadcast_ss(&*a.add(i * tile.a_row));
                    for v in 0..VECTORS {
                        sums[i][v] = _mm256_fmadd_ps(x, row[v], sums[i][v]);
                    }
                }
                a = a.wrapping_add(tile.a_column);
                b = b.wrapping_add(tile.b_row);
            }
            let alpha = _mm256_set1_ps(tile.alpha);
            let all = _mm256_set1_epi32(-1);
            for i in 0..ROWS {
                for v in 0..VECTORS {
                    let at = tile.c.add(i * tile.c_row + v * WIDTH);
                    let mask = if v == VECTORS - 1 { mask } else { all };
                    let sum = match tile.accumulate {
                        true => _mm256_fmadd_ps(alpha, sums[i][v], _mm256_maskload_ps(at, mask)),
                        false => _mm256_mul_ps(alpha, sums[i][v]),
                    };
                    _mm256_maskstore_ps(at, mask, sum);
                }
            }
        }
    }
}

mod portable {
    use super::Tile;

    pub(super) const WIDTH: usize = 4;

    choices!(1: [4, 2], 2: [4, 2]);

    unsafe fn micro<const ROWS: usize, const VECTORS: usize>(tile: &Tile) {
        let columns = (VECTORS - 1) * WIDTH + tile.last_columns;
        let mut sums = [[[0.0f32; WIDTH]; VECTORS]; ROWS];
        for p in 0..tile.depth {
            let mut row = [[0.0f32; WIDTH]; VECTORS];
            for (j, x) in row.as_flattened_mut().iter_mut().enumerate().take(columns) {
                // SAFETY: the caller answers for the bounds of the tile.
                *x = unsafe { *tile.b.add(p * tile.b_row + j) };
            }
            for (i, sums) in sums.iter_mut().enumerate() {
                // SAFETY: the caller answers for the bounds of the tile.
                let x = unsafe { *tile.a.add(i * tile.a_row + p * tile.a_column) };
                for (sum, b) in sums.as_flattened_mut().iter_mut().zip(row.as_flattened()) {
                    *sum += x * b;
                }
            }
        }
        for (i, sums) in sums.iter().enumerate() {
            for (j, sum) in sums.as_flattened().iter().enumerate().take(columns) {
                // SAFETY: the caller answers for the bounds of the tile.
                let at = unsafe { &mut *tile.c.add(i * tile.c_row + j) };
                *at = tile.alpha * sum + if tile.accumulate { *at } else { 0.0 };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize, seed: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1001.0 - 1.0).collect()
    }

    #[test]
    fn every_level_stride_and_size_agrees_with_the_definition() {
        let sizes =
            [(1, 1, 1), (2, 3, 5), (7, 13, 17), (100, 84, 50), (31, 515, 65), (5, 1030, 130), (3, 0, 4), (0, 2, 2)];
        for (m, k, n) in sizes {
            let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
            let start = numbers(m * n, 3);
            let wanted =
                |i: usize, j: usize| -> f64 { (0..k).map(|p| f64::from(a[i * k + p]) * f64::from(b[p * n + j])).sum() };
            let turned = |x: &[f32], rows: usize, columns: usize| -> Vec<f32> {
                (0..rows * columns).map(|i| x[i % rows * columns + i / rows]).collect()
            };
            let (a_turned, b_turned) = (turned(&a, m, k), turned(&b, k, n));
            let a_views = [View { numbers: &a, row: k, column: 1 }, View { numbers: &a_turned, row: 1, column: m }];
            let b_views = [View { numbers: &b, row: n, column: 1 }, View { numbers: &b_turned, row: 1, column: k }];
            for level in Level::ALL.iter().copied().filter(|level| *level <= Level::highest()) {
                for (a, b) in a_views.iter().flat_map(|&a| b_views.iter().map(move |&b| (a, b))) {
                    for (alpha, accumulate) in [(1.0, false), (-0.5, true)] {
                        let mut c = start.clone();
                        let sizes = Sizes { m, k, n };
                        let mut scratch = vec![f32::NAN; scratch_len(sizes)];
                        product(level, sizes, (a, b), &mut c, (alpha, accumulate), &mut scratch);
                        for i in 0..m * n {
                            let before = if accumulate { f64::from(start[i]) } else { 0.0 };
                            let wanted = f64::from(alpha) * wanted(i / n, i % n) + before;
                            let bound = 1e-5 * (k as f64).sqrt().max(1.0);
                            assert!((f64::from(c[i]) - wanted).abs() <= bound, "{level} {m}×{k}×{n} at {i}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn levels_that_fuse_give_the_same_bits() {
        for (m, k, n) in [(1, 1, 1), (7, 13, 17), (100, 784, 50), (31, 515, 65), (5, 1030, 130)] {
            let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
            let bits = |level: Level| -> Vec<u32> {
                let (mut c, sizes) = (numbers(m * n, 3), Sizes { m, k, n });
                let views = (View { numbers: &a, row: k, column: 1 }, View { numbers: &b, row: n, column: 1 });
                product(level, sizes, views, &mut c, (-0.5, true), &mut vec![0.0; scratch_len(sizes)]);
                c.into_iter().map(f32::to_bits).collect()
            };
            // A level that this processor lacks is the highest that it has.
            let widest = Level::Avx512.min(Level::highest());
            assert_eq!(bits(Level::Avx2.min(widest)), bits(widest), "{m}×{k}×{n}");
        }
    }
}
