//! Matrix products whose left operand is mostly exact zeros: only what is not zero is listed and multiplied.
//!
//! The format is CSR (compressed sparse row) in blocks: the columns of `x` are cut into blocks of [`BLOCK`], and each row
//! has a list for each block, the values that are not zero and their columns. Columns are counted in two bytes. For `z = x·w` a list gathers rows of `w` that lie in the first-level cache, since all rows
//! of `x` pass over a block before the next block begins. For `g = xᵀ·d` it scatters a row of `d` over rows of `g`, or
//! the lists are transposed first, and gather rows of `d`.
//!
//! Where a list ends is what the processor cannot guess: lists are filled up with zeros to a multiple of [`STEP`], so
//! that there is one guess a list. Walking the lists of a block in the order of their lengths would spare some of them,
//! but the sorting costs what it saves.
//!
//! Skipping a product skips 0·∞ and 0·NaN too. [`forward`] makes up for it: see there.

mod build;
mod multiply;

use std::ops::Range;

pub(crate) use build::{Rows, list_bytes, list_floats};
pub(crate) use multiply::{Ahead, forward, gradient};

/// So many columns are a block: with a panel of 64 numbers a row, a block of the right operand is 32 KiB.
pub(crate) const BLOCK: usize = 128;

/// The most columns that a matrix of lists has: columns are counted in two bytes, from 0 on. A matrix that is transposed has
/// as many rows at most.
pub(crate) const MOST_COLUMNS: usize = 1 << 16;

/// The most entries, room to write whole vectors included: lists begin at numbers of four bytes.
const MOST_ENTRIES: usize = u32::MAX as usize;

/// The length of each list is a multiple of it.
const STEP: usize = 4;

/// Builders write whole vectors, so that there is room for one behind the last list.
const ROOM: usize = 64;

/// The lists of a matrix, in memory that the caller lends.
pub(crate) struct Lists<'m> {
    listed: Listed<'m>,
    rows: usize,
    range: Range<usize>,
}

/// What [`Memory`] holds when lists are made in it.
#[derive(Clone, Copy)]
pub(crate) struct Listed<'m> {
    pub(crate) values: &'m [f32],
    pub(crate) columns: &'m [u16],
    pub(crate) starts: &'m [u32],
}

/// Lists to be made.
struct Blank<'m> {
    memory: Memory<'m>,
    rows: usize,
    range: Range<usize>,
}

/// Where lists are made: of [`Lengths`], any content.
pub(crate) struct Memory<'m> {
    /// List after list: the blocks of the first row, of the second, and so on.
    pub(crate) values: &'m mut [f32],
    /// Counted from the first column that is listed.
    pub(crate) columns: &'m mut [u16],
    /// Where each list begins; behind the last, where that ends.
    pub(crate) starts: &'m mut [u32],
}

/// How long the slices of [`Memory`] must be, at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lengths {
    /// Of `values` and `columns`.
    pub(crate) entries: usize,
    /// Of `starts`.
    pub(crate) starts: usize,
}

impl Lengths {
    /// For lists of `rows` rows and `width` columns. Of `entries`, builders touch what they need.
    pub(crate) fn of(rows: usize, width: usize) -> Self {
        // Sizes beyond what memory has stay beyond it, for `check` to find.
        let entries = rows.saturating_mul(width.next_multiple_of(STEP)).saturating_add(ROOM);
        Self { entries, starts: rows.saturating_mul(width.div_ceil(BLOCK)).saturating_add(1) }
    }

    /// Whether a matrix of `rows` rows and `width` columns can be listed: [`MOST_COLUMNS`] and [`MOST_ENTRIES`] say how far
    /// the numbers in lists count. A planner asks before it lists, or transposes, a matrix.
    pub(crate) fn fit(rows: usize, width: usize) -> bool {
        let entries = width.next_multiple_of(STEP).checked_mul(rows).and_then(|entries| entries.checked_add(ROOM));
        width <= MOST_COLUMNS && entries.is_some_and(|entries| entries <= MOST_ENTRIES)
    }

    fn check(self, range: &Range<usize>, (values, columns, starts): (usize, usize, usize)) {
        assert!(range.start <= range.end && range.len() <= MOST_COLUMNS);
        assert!(self.entries <= MOST_ENTRIES);
        assert!(values.min(columns) >= self.entries && starts >= self.starts);
    }

    /// For what [`Lists::transpose`] makes of lists of `rows` rows and `width` columns into.
    pub(crate) fn transposed(rows: usize, width: usize) -> Self {
        Self::of(width, rows)
    }
}

impl<'m> Lists<'m> {
    /// Lists that a builder made before in the same memory, for the same sizes.
    ///
    /// # Safety
    /// They must stand there unchanged.
    ///
    /// # Panics
    /// Where the memory is too short, or sizes would not fit: that would be a defect of the plan.
    pub(crate) unsafe fn made(listed: Listed<'m>, rows: usize, range: Range<usize>) -> Self {
        let Listed { values, columns, starts } = listed;
        Lengths::of(rows, range.len()).check(&range, (values.len(), columns.len(), starts.len()));
        Self { listed, rows, range }
    }

    fn blocks(&self) -> usize {
        self.range.len().div_ceil(BLOCK)
    }

    /// Rows and their lists of a block.
    #[inline(always)]
    fn of_block(&self, block: usize) -> impl Iterator<Item = (usize, Range<usize>)> {
        let (starts, blocks) = (self.listed.starts, self.blocks());
        (0..self.rows).map(move |row| {
            let list = row * blocks + block;
            (row, starts[list] as usize..starts[list + 1] as usize)
        })
    }

    /// The lists of the transposed matrix, in memory of [`Lengths::transposed`]: what was listed as a zero is dropped. There
    /// are at most [`MOST_COLUMNS`] rows.
    pub(crate) fn transpose<'t>(&self, memory: Memory<'t>) -> Lists<'t> {
        let mut transposed = Blank::over(memory, self.range.len(), 0..self.rows);
        let (blocks, transposed_blocks) = (self.blocks(), self.rows.div_ceil(BLOCK));
        let Memory { values, columns, starts } = &mut transposed.memory;
        let lists = transposed.rows * transposed_blocks;
        let Listed { values: listed, columns: listed_columns, starts: listed_starts } = self.listed;
        let of_row = |row: usize| {
            let entries = listed_starts[row * blocks] as usize..listed_starts[(row + 1) * blocks] as usize;
            entries.filter(|&i| listed[i] != 0.0)
        };
        let list_of = |i: usize, row: usize| usize::from(listed_columns[i]) * transposed_blocks + row / BLOCK;
        // First how many there are in each list, then where its next one goes, at last where the list begins.
        starts[..=lists].fill(0);
        for row in 0..self.rows {
            of_row(row).for_each(|i| starts[list_of(i, row)] += 1);
        }
        let mut end = 0;
        for start in &mut starts[..lists] {
            let count = std::mem::replace(start, end);
            end += count.next_multiple_of(STEP as u32);
        }
        for row in 0..self.rows {
            for i in of_row(row) {
                let place = &mut starts[list_of(i, row)];
                values[*place as usize] = listed[i];
                columns[*place as usize] = row as u16;
                *place += 1;
            }
        }
        let mut start = 0;
        for list in 0..lists {
            let end = std::mem::replace(&mut starts[list], start);
            start = end.next_multiple_of(STEP as u32);
            let fill = end as usize..start as usize;
            values[fill.clone()].fill(0.0);
            columns[fill].fill((list % transposed_blocks * BLOCK) as u16);
        }
        starts[lists] = start;
        transposed.done()
    }
}

impl<'m> Blank<'m> {
    fn over(memory: Memory<'m>, rows: usize, range: Range<usize>) -> Self {
        let Memory { values, columns, starts } = &memory;
        Lengths::of(rows, range.len()).check(&range, (values.len(), columns.len(), starts.len()));
        Self { memory, rows, range }
    }

    fn done(self) -> Lists<'m> {
        let Memory { values, columns, starts } = self.memory;
        Lists { listed: Listed { values, columns, starts }, rows: self.rows, range: self.range }
    }
}

/// For the benchmark of this module: the kernels as safe functions over memory of their own. All of them panic where the
/// processor lacks the level, or a slice is too short.
#[doc(hidden)]
#[allow(missing_docs)]
pub mod internals {
    use super::{Ahead, Lengths, Listed, Memory};
    use crate::kernels::product::{Sizes, View, product, scratch_len};
    use crate::kernels::{Level, Supported};

    /// `z = x·w` without lists, for comparison.
    pub fn dense(level: Level, (m, k, n): (usize, usize, usize), x: &[f32], w: &[f32], z: &mut [f32]) {
        let sizes = Sizes { m, k, n };
        let views = (View { numbers: x, row: k, column: 1 }, View { numbers: w, row: n, column: 1 });
        product(Supported::asserted(level), sizes, views, z, (1.0, false), &mut vec![0.0; scratch_len(sizes)]);
    }

    /// `g -= 10⁻⁶·xᵀ·d` without lists, for comparison.
    pub fn dense_gradient(level: Level, (m, k, n): (usize, usize, usize), x: &[f32], d: &[f32], g: &mut [f32]) {
        let sizes = Sizes { m: k, k: m, n };
        let views = (View { numbers: x, row: 1, column: k }, View { numbers: d, row: n, column: 1 });
        product(Supported::asserted(level), sizes, views, g, (-1e-6, true), &mut vec![0.0; scratch_len(sizes)]);
    }

    #[derive(Debug)]
    pub struct Lists {
        made: Owned,
        transposed: Owned,
        rows: usize,
        k: usize,
    }

    #[derive(Debug)]
    pub(crate) struct Owned {
        values: Vec<f32>,
        columns: Vec<u16>,
        starts: Vec<u32>,
    }

    impl Owned {
        /// As short as may be, and full of what must not matter.
        pub(crate) fn of(lengths: Lengths) -> Self {
            let Lengths { entries, starts } = lengths;
            Self { values: vec![f32::NAN; entries], columns: vec![u16::MAX; entries], starts: vec![0; starts] }
        }

        fn read(&self) -> Listed<'_> {
            let Self { values, columns, starts } = self;
            Listed { values, columns, starts }
        }

        pub(crate) fn lend(&mut self) -> Memory<'_> {
            let Self { values, columns, starts } = self;
            Memory { values, columns, starts }
        }
    }

    impl Lists {
        /// Lists of a matrix of zeros.
        pub fn new(rows: usize, k: usize) -> Self {
            Self { made: Owned::of(Lengths::of(rows, k)), transposed: Owned::of(Lengths::transposed(rows, k)), rows, k }
        }

        /// Lists rows of bytes.
        pub fn list_bytes(&mut self, level: Level, data: &[u8], positions: &[u32], table: &[f32; 256]) {
            assert!(table[0] == 0.0 && positions.len() == self.rows);
            super::list_bytes(
                Supported::asserted(level),
                data,
                (self.k, positions),
                0..self.k,
                table,
                self.made.lend(),
            );
        }

        /// Lists rows of floats.
        pub fn list_floats(&mut self, level: Level, data: &[f32]) {
            super::list_floats(
                Supported::asserted(level),
                data,
                super::Rows::Pitch(self.k),
                self.rows,
                0..self.k,
                self.made.lend(),
            );
        }

        /// `z = x·w`, `pitch` numbers a row.
        pub fn forward(
            &mut self,
            level: Level,
            w: &[f32],
            n: usize,
            z: &mut [f32],
            pitch: usize,
            ahead: (&[u8], &[u32]),
        ) {
            assert!(
                n <= pitch && pitch.is_multiple_of(16) && w.len() >= self.k * pitch && z.len() >= self.rows * pitch
            );
            let ahead = Ahead { data: ahead.0, k: self.k, positions: ahead.1, columns: 0..self.k };
            let level = Supported::asserted(level);
            // SAFETY: the memory is private and lists were made in it last; rows are as long as asserted.
            unsafe {
                let lists = super::Lists::made(self.made.read(), self.rows, 0..self.k);
                super::forward(level, &lists, (w.as_ptr(), pitch, false), n, (z.as_mut_ptr(), pitch), Some(&ahead));
            }
        }

        /// `g -= 10⁻⁶·xᵀ·d`, `pitch` numbers a row.
        pub fn gradient(&mut self, level: Level, transposes: bool, d: &[f32], n: usize, g: &mut [f32], pitch: usize) {
            assert!(
                n <= pitch && pitch.is_multiple_of(16) && d.len() >= self.rows * pitch && g.len() >= self.k * pitch
            );
            let level = Supported::asserted(level);
            // SAFETY: as in `forward`.
            unsafe {
                let lists = super::Lists::made(self.made.read(), self.rows, 0..self.k);
                let (d, g) = ((d.as_ptr(), pitch), (g.as_mut_ptr(), pitch));
                let transposed = transposes.then(|| lists.transpose(self.transposed.lend()));
                super::gradient(level, &lists, transposed.as_ref(), d, n, (-1e-6, true), g);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::internals::Owned;
    use super::*;
    use crate::kernels::{Level, Supported};

    /// Whole numbers that look random, below `below`.
    fn random(count: usize, seed: usize, below: usize) -> Vec<usize> {
        let mut state = seed as u64 * 2 + 1;
        (0..count)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) as usize % below
            })
            .collect()
    }

    fn floats(count: usize, seed: usize) -> Vec<f32> {
        random(count, seed, 2001).into_iter().map(|x| x as f32 / 1000.0 - 1.0).collect()
    }

    fn table() -> [f32; 256] {
        // 3 and 200 stand for zero too.
        std::array::from_fn(|b| if b == 3 || b == 200 { -0.0 } else { b as f32 / -255.0 + (b / 7) as f32 * 0.01 })
    }

    struct Case {
        rows: usize,
        k: usize,
        n: usize,
        range: Range<usize>,
        percent: usize,
    }

    fn cases() -> Vec<Case> {
        let sizes = [
            (0, 5, 3),
            (3, 0, 4),
            (1, 1, 1),
            (2, 3, 5),
            (7, 13, 17),
            (5, 64, 33),
            (3, 127, 50),
            (9, 128, 64),
            (4, 129, 65),
            (100, 784, 50),
            (31, 515, 130),
            (131, 67, 200),
            (263, 31, 16),
        ];
        let mut cases = Vec::new();
        for (rows, k, n) in sizes {
            for percent in [0, 1, 19, 60, 100] {
                for range in [0..k, k / 3..k - k / 5, k / 2..k / 2] {
                    cases.push(Case { rows, k, n, range, percent });
                }
            }
        }
        cases
    }

    impl Case {
        fn data(&self) -> (Vec<u8>, Vec<u32>) {
            let stored = self.rows + 3;
            let keep = random(stored * self.k, 1, 100);
            let bytes = random(stored * self.k, 2, 255);
            let data = keep.iter().zip(bytes).map(|(keep, byte)| if *keep < self.percent { byte as u8 + 1 } else { 0 });
            (data.collect(), random(self.rows, 3, stored).into_iter().map(|x| x as u32).collect())
        }

        fn name(&self, level: Supported) -> String {
            let Self { rows, k, n, range, percent } = self;
            format!("{level}, {rows}×{k}×{n}, columns {range:?}, {percent} %")
        }
    }

    /// What the lists hold, as a matrix.
    fn dense(lists: &Lists<'_>) -> Vec<f32> {
        let width = lists.range.len();
        let mut dense = vec![0.0; lists.rows * width];
        for block in 0..lists.blocks() {
            for (row, list) in lists.of_block(block) {
                assert!(list.len().is_multiple_of(STEP));
                for i in list {
                    let column = usize::from(lists.listed.columns[i]);
                    assert_eq!(column / BLOCK, block);
                    dense[row * width + column] += lists.listed.values[i];
                }
            }
        }
        dense
    }

    #[test]
    fn lists_hold_the_matrix_whatever_it_is_made_from_and_transposed_ones_its_transpose() {
        let table = table();
        for case in cases() {
            let (data, positions) = case.data();
            let (rows, width) = (case.rows, case.range.len());
            let floats: Vec<f32> = data.iter().map(|&b| table[usize::from(b)]).collect();
            let gathered: Vec<f32> =
                positions.iter().flat_map(|&p| floats[p as usize * case.k..][..case.k].to_vec()).collect();
            let wanted: Vec<f32> =
                (0..rows).flat_map(|r| gathered[r * case.k..][..case.k][case.range.clone()].to_vec()).collect();
            for level in Supported::each() {
                for way in 0..3 {
                    let mut memory = Owned::of(Lengths::of(rows, width));
                    let (k, range, memory) = (case.k, case.range.clone(), memory.lend());
                    let lists = match way {
                        0 => list_bytes(level, &data, (k, &positions), range, &table, memory),
                        1 => list_floats(level, &floats, Rows::Gathered(k, &positions), rows, range, memory),
                        _ => list_floats(level, &gathered, Rows::Pitch(k), rows, range, memory),
                    };
                    assert_eq!(dense(&lists), wanted, "{}", case.name(level));
                    let mut memory = Owned::of(Lengths::transposed(rows, width));
                    let transposed = lists.transpose(memory.lend());
                    let wanted_transposed: Vec<f32> =
                        (0..rows * width).map(|i| wanted[i % rows * width + i / rows]).collect();
                    assert_eq!(dense(&transposed), wanted_transposed, "{}", case.name(level));
                }
            }
        }
    }

    #[test]
    fn products_agree_with_the_definition_at_every_level_and_size() {
        let table = table();
        for case in cases() {
            let (data, positions) = case.data();
            let Case { rows, k, n, ref range, .. } = case;
            let number = |i: usize| f64::from(table[usize::from(data[positions[i / k] as usize * k + i % k])]);
            let x: Vec<f64> = (0..rows * k).map(number).collect();
            let pitch = n.next_multiple_of(16);
            for pitch in [pitch, pitch + 16] {
                let (w, d, g) = (floats(k * pitch, 4), floats(rows * pitch, 5), floats(k * pitch, 6));
                let (next, next_positions) = (vec![1u8; 3 * k], [2, 0, 1, 1]);
                let ahead = Ahead { data: &next, k, positions: &next_positions, columns: range.clone() };
                let (mut wanted_z, mut wanted_g) = (vec![0.0; rows * n], vec![0.0; k * n]);
                for (r, c) in (0..rows).flat_map(|r| range.clone().map(move |c| (r, c))) {
                    for j in (0..n).filter(|_| x[r * k + c] != 0.0) {
                        wanted_z[r * n + j] += x[r * k + c] * f64::from(w[c * pitch + j]);
                        wanted_g[c * n + j] += x[r * k + c] * f64::from(d[r * pitch + j]);
                    }
                }
                for level in Supported::each() {
                    let mut memory = Owned::of(Lengths::of(rows, range.len()));
                    let lists = list_bytes(level, &data, (k, &positions), range.clone(), &table, memory.lend());
                    let mut z = vec![f32::NAN; rows * pitch];
                    // SAFETY: whole rows of `pitch` numbers.
                    unsafe {
                        forward(level, &lists, (w.as_ptr(), pitch, false), n, (z.as_mut_ptr(), pitch), Some(&ahead));
                    }
                    let near = |a: f32, b: f64| (f64::from(a) - b).abs() < 1e-4;
                    for (r, j) in (0..rows).flat_map(|r| (0..n).map(move |j| (r, j))) {
                        assert!(near(z[r * pitch + j], wanted_z[r * n + j]), "{} at {r}, {j}", case.name(level));
                    }
                    for (alpha, accumulate, transposes) in
                        [(1.0, false, false), (-0.5, true, false), (1.0, false, true), (-0.5, true, true)]
                    {
                        let mut memory = Owned::of(Lengths::transposed(rows, range.len()));
                        let transposed = transposes.then(|| lists.transpose(memory.lend()));
                        let (mut sum, scale) = (g.clone(), (alpha, accumulate));
                        // SAFETY: whole rows of `pitch` numbers.
                        unsafe {
                            gradient(
                                level,
                                &lists,
                                transposed.as_ref(),
                                (d.as_ptr(), pitch),
                                n,
                                scale,
                                (sum.as_mut_ptr(), pitch),
                            );
                        }
                        for (c, j) in (0..k).flat_map(|c| (0..n).map(move |j| (c, j))) {
                            let at = c * pitch + j;
                            let old = f64::from(g[at]);
                            let wanted = match range.contains(&c) {
                                true => f64::from(alpha) * wanted_g[c * n + j] + if accumulate { old } else { 0.0 },
                                false => old,
                            };
                            assert!(near(sum[at], wanted), "{} at {c}, {j}, transposed {transposes}", case.name(level));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn lists_fit_up_to_what_their_numbers_count() {
        for (rows, width, fits) in [
            (1, MOST_COLUMNS - 1, true),
            (1, MOST_COLUMNS, true),
            (1, MOST_COLUMNS + 1, false),
            ((MOST_ENTRIES - ROOM) / 4, 4, true),
            ((MOST_ENTRIES - ROOM) / 4 + 1, 4, false),
            (usize::MAX, 4, false),
            (usize::MAX / 4, 4, false),
            (usize::MAX, 0, true),
        ] {
            assert_eq!(Lengths::fit(rows, width), fits, "{rows} rows of {width}");
        }
    }

    #[test]
    fn a_weight_that_is_not_finite_shows_in_its_column_though_x_is_zero() {
        let (rows, k) = (6, 300);
        for (n, bad) in [(5usize, f32::INFINITY), (50, f32::NAN), (130, f32::NEG_INFINITY)] {
            let pitch = n.next_multiple_of(16);
            for (at, column) in [(0, 0), (127, n / 2), (128, n - 1), (299, n - 1)] {
                let mut w = floats(k * pitch, 1);
                w[at * pitch + column] = bad;
                for level in Supported::each() {
                    for range in [0..k, 100..290] {
                        let mut memory = Owned::of(Lengths::of(rows, range.len()));
                        let zeros = vec![0.0; rows * k];
                        let lists = list_floats(level, &zeros, Rows::Pitch(k), rows, range.clone(), memory.lend());
                        let mut z = vec![1.0; rows * pitch];
                        // SAFETY: whole rows of `pitch` numbers.
                        unsafe { forward(level, &lists, (w.as_ptr(), pitch, false), n, (z.as_mut_ptr(), pitch), None) };
                        for (r, j) in (0..rows).flat_map(|r| (0..n).map(move |j| (r, j))) {
                            let z = z[r * pitch + j];
                            let shows = j == column && range.contains(&at);
                            assert!(if shows { z.is_nan() } else { z == 0.0 }, "{level}: {z} at {r}, {j}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn levels_that_fuse_give_the_same_bits() {
        let widest = Supported::at_most(Level::Avx512);
        for case in cases() {
            let (data, positions) = case.data();
            let Case { rows, k, n, ref range, .. } = case;
            let pitch = n.next_multiple_of(16);
            let (w, d) = (floats(k * pitch, 4), floats(rows * pitch, 5));
            let bits = |level: Supported, transposes: bool| -> Vec<u32> {
                let mut memory = Owned::of(Lengths::of(rows, range.len()));
                let lists = list_bytes(level, &data, (k, &positions), range.clone(), &table(), memory.lend());
                let mut memory = Owned::of(Lengths::transposed(rows, range.len()));
                let (mut z, mut g) = (vec![0.0; rows * pitch], w.clone());
                // SAFETY: whole rows of `pitch` numbers.
                unsafe {
                    forward(level, &lists, (w.as_ptr(), pitch, false), n, (z.as_mut_ptr(), pitch), None);
                    let (transposed, scale) = (transposes.then(|| lists.transpose(memory.lend())), (-0.5, true));
                    gradient(
                        level,
                        &lists,
                        transposed.as_ref(),
                        (d.as_ptr(), pitch),
                        n,
                        scale,
                        (g.as_mut_ptr(), pitch),
                    );
                }
                // Padding is left out: what it holds is nobody's business.
                let columns = z.chunks_exact(pitch).chain(g.chunks_exact(pitch)).flat_map(|row| &row[..n]);
                columns.map(|x| x.to_bits()).collect()
            };
            for transposes in [false, true] {
                let wanted = bits(widest, transposes);
                for level in Supported::each().filter(|level| **level >= Level::Avx2) {
                    assert_eq!(bits(level, transposes), wanted, "{}", case.name(level));
                }
            }
        }
    }
}
