//! Micro-kernels: a tile of the result stays in registers while the kernel walks along k.

use super::super::vector::Vector;

/// A tile of the result and what it is made from.
pub(crate) struct Tile {
    /// Steps along k in a run.
    pub(crate) depth: usize,
    /// How many runs there are, each from where the one before began `a_jump` further in `a`; `b` goes on.
    pub(crate) runs: usize,
    pub(crate) a: *const f32,
    /// From one row of `a` to the next.
    pub(crate) a_row: usize,
    /// From one step along k to the next.
    pub(crate) a_step: usize,
    pub(crate) a_jump: usize,
    pub(crate) b: *const f32,
    pub(crate) b_step: usize,
    pub(crate) c: *mut f32,
    pub(crate) c_row: usize,
    /// How many columns of the last vector may be touched in `c`.
    pub(crate) last_columns: usize,
    pub(crate) alpha: f32,
    pub(crate) accumulate: bool,
    /// What is added to each row, a number for each column, unless it is null. Not where `accumulate` is set.
    pub(crate) bias: *const f32,
    /// Whether what is below 0 becomes 0 after that.
    pub(crate) relu: bool,
}

/// # Safety
/// The processor has the level's instructions; `a` holds the kernel's rows × depth, `b` its whole vectors × depth,
/// and nobody else uses the tile of `c`.
pub(super) type Micro = unsafe fn(&Tile);

/// A tile of ROWS × VECTORS. BESIDE: the rows of `a` lie beside each other, `a_row` = 1.
///
/// # Safety
/// As for [`Micro`].
#[inline(always)]
unsafe fn micro<V: Vector, const ROWS: usize, const VECTORS: usize, const BESIDE: bool>(tile: &Tile) {
    // SAFETY: the caller answers for the bounds of the tile.
    unsafe {
        let a_row = if BESIDE { 1 } else { tile.a_row };
        let mut sums = [[V::splat(0.0); VECTORS]; ROWS];
        for i in 0..ROWS {
            for v in 0..VECTORS {
                V::prefetch(tile.c.wrapping_add(i * tile.c_row + v * V::WIDTH));
            }
        }
        let (mut start, mut b) = (tile.a, tile.b);
        // The tile that large products are made of walks in strides of four.
        let stride = if BESIDE && VECTORS == 4 { 4 } else { 1 };
        for _ in 0..tile.runs {
            let mut a = start;
            for _ in 0..tile.depth / stride {
                for _ in 0..stride {
                    step::<V, ROWS, VECTORS>(&mut sums, a, a_row, b);
                    a = a.wrapping_add(tile.a_step);
                    b = b.wrapping_add(tile.b_step);
                }
            }
            for _ in 0..tile.depth % stride {
                step::<V, ROWS, VECTORS>(&mut sums, a, a_row, b);
                a = a.wrapping_add(tile.a_step);
                b = b.wrapping_add(tile.b_step);
            }
            start = start.wrapping_add(tile.a_jump);
        }
        if !tile.bias.is_null() || tile.relu {
            finish(&mut sums, tile);
        }
        let alpha = V::splat(tile.alpha);
        for i in 0..ROWS {
            for v in 0..VECTORS {
                let at = tile.c.add(i * tile.c_row + v * V::WIDTH);
                let sum = sums[i][v];
                if v + 1 < VECTORS || tile.last_columns == V::WIDTH {
                    match tile.accumulate {
                        true => alpha.times_plus(sum, V::load(at)).store(at),
                        false => alpha.times(sum).store(at),
                    }
                } else {
                    let count = tile.last_columns;
                    match tile.accumulate {
                        true => alpha.times_plus(sum, V::load_first(at, count)).store_first(at, count),
                        false => alpha.times(sum).store_first(at, count),
                    }
                }
            }
        }
    }
}

/// Adds a row's bias to each, and makes what is below 0 to 0.
///
/// # Safety
/// The processor has the vector's instructions; the bias, where there is one, can be read at each column.
#[inline(always)]
unsafe fn finish<V: Vector, const ROWS: usize, const VECTORS: usize>(sums: &mut [[V; VECTORS]; ROWS], tile: &Tile) {
    // SAFETY: the caller answers for it.
    unsafe {
        for v in 0..VECTORS {
            let whole = v + 1 < VECTORS || tile.last_columns == V::WIDTH;
            let bias = match tile.bias.is_null() {
                true => V::splat(0.0),
                false if whole => V::load(tile.bias.add(v * V::WIDTH)),
                false => V::load_first(tile.bias.add(v * V::WIDTH), tile.last_columns),
            };
            for i in 0..ROWS {
                let sum = sums[i][v].plus(bias);
                sums[i][v] = if tile.relu { sum.positive() } else { sum };
            }
        }
    }
}

/// Adds a column of `a` times a row of `b`.
///
/// # Safety
/// The processor has the vector's instructions; `a` can be read at each row and `b` in whole vectors.
#[inline(always)]
unsafe fn step<V: Vector, const ROWS: usize, const VECTORS: usize>(
    sums: &mut [[V; VECTORS]; ROWS],
    a: *const f32,
    a_row: usize,
    b: *const f32,
) {
    // SAFETY: the caller answers for both.
    unsafe {
        let mut row = [V::splat(0.0); VECTORS];
        for v in 0..VECTORS {
            row[v] = V::load(b.add(v * V::WIDTH));
        }
        for i in 0..ROWS {
            let x = V::splat(*a.add(i * a_row));
            for v in 0..VECTORS {
                sums[i][v] = x.times_plus(row[v], sums[i][v]);
            }
        }
    }
}

/// A module of a level's kernels: for each number of vectors, the numbers of rows that the registers hold.
macro_rules! level {
    ($module:ident, $lanes:ty, $(#[$features:meta])? rows $most:expr, $($vectors:literal: [$($rows:literal),*]),*) => {
        pub(crate) mod $module {
            use super::{Micro, Tile};

            /// The most rows for each number of vectors.
            pub(crate) const ROWS: [usize; 4] = $most;

            /// # Safety
            /// As for [`Micro`].
            $(#[$features])?
            unsafe fn micro<const ROWS: usize, const VECTORS: usize, const BESIDE: bool>(tile: &Tile) {
                // SAFETY: as the caller promises.
                unsafe { super::micro::<$lanes, ROWS, VECTORS, BESIDE>(tile) }
            }

            pub(crate) fn kernel(vectors: usize, rows: usize, beside: bool) -> Micro {
                match (vectors, rows, beside) {
                    $($(($vectors, $rows, false) => micro::<$rows, $vectors, false>,
                        ($vectors, $rows, true) => micro::<$rows, $vectors, true>,)*)*
                    _ => unreachable!("no tile has {vectors} vectors and {rows} rows"),
                }
            }
        }
    };
}

// Of 32 registers, at most 28 hold the tile, of 16, at most 12; the others hold a row of b and an element of a.
#[cfg(target_arch = "x86_64")]
level!(
    avx512, std::arch::x86_64::__m512,
    #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw")]
    rows [14, 12, 8, 6],
    1: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14],
    2: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    3: [1, 2, 3, 4, 5, 6, 7, 8],
    4: [1, 2, 3, 4, 5, 6]
);
#[cfg(target_arch = "x86_64")]
level!(
    avx2, std::arch::x86_64::__m256,
    #[target_feature(enable = "avx2,fma")]
    rows [6, 6, 2, 2],
    1: [1, 2, 3, 4, 5, 6],
    2: [1, 2, 3, 4, 5, 6],
    3: [1, 2],
    4: [1, 2]
);
level!(
    portable, [f32; 4],
    rows [4, 4, 2, 2],
    1: [1, 2, 3, 4],
    2: [1, 2, 3, 4],
    3: [1, 2],
    4: [1, 2]
);
