//! Matrix products: `c = α·a·b` or `c += α·a·b`, for any strides of `a` and `b`.
//!
//! A micro-kernel keeps a tile of the result in registers and walks along k. Columns are cut into panels of some
//! vectors, which [`pack`] lays out in the order in which the kernels read them; k is cut into blocks. Where several
//! panels pass over the same rows of `a`, those are packed too. Any range of rows × any range of panels can be worked
//! out alone, by any thread, over panels packed once: the blocks depend on k alone and each element's sum runs in order through each block, so
//! the bits do not depend on the ranges.

// Loops over constant ranges become registers; iterators over them would not say more.
#![allow(clippy::needless_range_loop)]

mod micro;
mod pack;
#[cfg(test)]
mod tests;

use std::ops::Range;

use self::micro::Micro;
pub(crate) use self::micro::Tile;
use self::pack::{Pack, Part};
use super::{Level, Supported};

/// A matrix in a slice: element (i, j) stands at `i·row + j·column`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'n> {
    pub(crate) numbers: &'n [f32],
    pub(crate) row: usize,
    pub(crate) column: usize,
}

impl View<'_> {
    fn at(self) -> Matrix {
        Matrix { start: self.numbers.as_ptr(), row: self.row, column: self.column }
    }
}

/// The sizes of a product: `(m, k) · (k, n)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) m: usize,
    pub(crate) k: usize,
    pub(crate) n: usize,
}

/// A matrix in memory: element (i, j) stands at `i·row + j·column`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matrix {
    pub(crate) start: *const f32,
    pub(crate) row: usize,
    pub(crate) column: usize,
}

/// The right factor of a product.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Right {
    /// What [`pack`] has written.
    Packed(*const f32),
    /// Row-major where it lies. From each row's start, `n` rounded up to a multiple of [`PAD`] can be read.
    Direct { start: *const f32, row: usize },
    /// Where it lies. Packed when it is needed, a block of a panel at a time, which stays in the cache: quicker than
    /// [`pack`] where nobody else needs the same panels.
    Plain(Matrix),
}

/// Where a product goes: row-major.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) start: *mut f32,
    pub(crate) row: usize,
    /// Whether `n` rounded up to a multiple of [`PAD`] may be read and written from each row's start.
    pub(crate) padded: bool,
}

/// How a product is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProductOptions {
    /// What it is multiplied by.
    pub(crate) alpha: f32,
    /// Whether it is added to what is there.
    pub(crate) accumulate: bool,
    /// Whether the scratch memory still holds the same rows of `a` from a call that [`keeps_left`].
    pub(crate) has_left: bool,
}

impl ProductOptions {
    /// Written as it is.
    pub(crate) const PLAIN: Self = Self { alpha: 1.0, accumulate: false, has_left: false };
}

/// The widest vector of any level.
pub(crate) const PAD: usize = 16;

/// Along k, a block has at most so many steps: a panel's part of a block is read from the second-level cache.
const K_BLOCK: usize = 512;

/// So many numbers of `a` are packed at once: half of a second-level cache of 2 MiB.
const A_BLOCK: usize = 1 << 18;

/// Where so many panels pass over the same rows of `a`, packing those pays.
const WORTH_PACKING: usize = 4;

/// How a level works.
struct Tuning {
    width: usize,
    /// A panel has so many vectors.
    vectors: usize,
    /// A tile of one, two, three, four vectors has at most so many rows.
    rows: [usize; 4],
    kernel: fn(vectors: usize, rows: usize, beside: bool) -> Micro,
    pack: Pack,
}

impl Tuning {
    fn panel(&self) -> usize {
        self.width * self.vectors
    }

    /// How many rows a tile of a whole panel has, and so of what is packed of `a`.
    fn tile_rows(&self) -> usize {
        self.rows[self.vectors - 1]
    }
}

fn tuning(level: Level) -> Tuning {
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => Tuning {
            width: 16,
            vectors: 4,
            rows: micro::avx512::ROWS,
            kernel: micro::avx512::kernel,
            pack: pack::avx512,
        },
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => {
            Tuning { width: 8, vectors: 2, rows: micro::avx2::ROWS, kernel: micro::avx2::kernel, pack: pack::avx2 }
        }
        _ => Tuning {
            width: 4,
            vectors: 2,
            rows: micro::portable::ROWS,
            kernel: micro::portable::kernel,
            pack: pack::portable,
        },
    }
}

/// How many columns a panel has; the last one may have fewer.
pub(crate) fn panel_width(level: Level) -> usize {
    tuning(level).panel()
}

/// How many panels `n` columns have.
pub(crate) fn panels(level: Level, n: usize) -> usize {
    n.div_ceil(panel_width(level))
}

/// How many numbers `b` takes when it is packed.
pub(crate) fn packed_len(level: Level, k: usize, n: usize) -> usize {
    k * n.next_multiple_of(tuning(level).width)
}

/// Whether `b` should be packed for such a product, where it need not: with few rows in `c`, or few columns, packing
/// takes longer than it saves.
pub(crate) fn packing_pays(level: Level, sizes: Sizes) -> bool {
    sizes.m > tuning(level).rows[3] && sizes.n > 64
}

/// How many numbers of scratch memory [`multiply`] needs.
pub(crate) fn multiply_scratch_len(level: Level, sizes: Sizes) -> usize {
    let (depth, tuning) = (block_depth(sizes.k), tuning(level));
    let rows = rows_at_once(level, depth, sizes.m).min(sizes.m);
    depth * tuning.panel() + rows * depth + rows.div_ceil(tuning.tile_rows()) * PAD
}

/// Blocks along k are as long as each other, up to rounding.
fn block_depth(k: usize) -> usize {
    // Products of few numbers would notice the divisions.
    if k <= K_BLOCK {
        return k;
    }
    k.div_ceil(k.div_ceil(K_BLOCK).max(1)).next_multiple_of(PAD).min(k)
}

/// How many rows of `a` are packed at once, of so many.
fn rows_at_once(level: Level, depth: usize, of: usize) -> usize {
    let rows = tuning(level).tile_rows();
    if of <= rows {
        return rows;
    }
    (A_BLOCK / depth.max(1) / rows).max(1) * rows
}

/// Packs some panels of `b`. Each stands at the same place whichever others are packed with it.
///
/// # Safety
/// `b` can be read where (k, n) stand in it; `packed` is good for [`packed_len`] numbers, and nobody else uses those
/// of the panels at hand.
pub(crate) unsafe fn pack(level: Supported, b: Matrix, (k, n): (usize, usize), which: Range<usize>, packed: *mut f32) {
    let tuning = tuning(*level);
    let (width, panel) = (tuning.width, tuning.panel());
    // So many rows at once, that each is read along while the panels take turns.
    let lines = if b.column == 1 { 8 } else { k.max(1) };
    for line in (0..k).step_by(lines) {
        for column in which.clone().map(|p| p * panel) {
            let across = panel.min(n - column);
            let to_step = across.next_multiple_of(width);
            // SAFETY: within `b` and `packed`, which the caller answers for.
            unsafe {
                let from = b.start.add(line * b.row + column * b.column);
                let part = Part { from, lines: lines.min(k - line), line_step: b.row, across, step: b.column };
                (tuning.pack)(part, packed.add(k * column + line * to_step), to_step);
            }
        }
    }
}

/// Whether tiles are wider than a panel: where there are few rows, more sums are under way at once.
fn is_wide(tuning: &Tuning, b: Right, rows: &Range<usize>) -> bool {
    matches!(b, Right::Direct { .. }) && rows.len() <= tuning.rows[3]
}

/// Whether [`multiply`] packs rows of `a` for so many panels.
fn packs_left(tuning: &Tuning, b: Right, rows: &Range<usize>, which: &Range<usize>) -> bool {
    !is_wide(tuning, b, rows) && which.len() >= WORTH_PACKING
}

/// Whether [`multiply`] leaves all of these rows of `a` packed in its scratch memory.
pub(crate) fn keeps_left(level: Level, sizes: Sizes, b: Right, rows: &Range<usize>, which: &Range<usize>) -> bool {
    let depth = block_depth(sizes.k);
    packs_left(&tuning(level), b, rows, which)
        && depth == sizes.k
        && rows.len() <= rows_at_once(level, depth, rows.len())
}

/// Some rows × the columns of some panels of `c = α·a·b`, or of `c += α·a·b` where `accumulate` says so.
///
/// # Safety
/// `a`, `b` and `c` are good for the sizes; nobody else uses those rows × panels of `c`. What the options says of the scratch
/// memory is true.
///
/// # Panics
/// Where `scratch` is shorter than [`multiply_scratch_len`].
#[allow(clippy::too_many_arguments)]
pub(crate) unsafe fn multiply(
    level: Supported,
    sizes: Sizes,
    a: Matrix,
    b: Right,
    (rows, which): (Range<usize>, Range<usize>),
    c: Target,
    ProductOptions { alpha, accumulate, has_left }: ProductOptions,
    scratch: &mut [f32],
) {
    let Sizes { k, n, .. } = sizes;
    assert!(scratch.len() >= multiply_scratch_len(*level, sizes));
    // Its functions are called where the level is supported, as here.
    let tuning = tuning(*level);
    let panel = tuning.panel();
    let columns = which.start * panel..n.min(which.end * panel);
    if rows.is_empty() || columns.is_empty() {
        return;
    }
    if k == 0 {
        for row in rows.filter(|_| !accumulate) {
            // SAFETY: these are columns of a row that the caller answers for.
            unsafe {
                std::slice::from_raw_parts_mut(c.start.add(row * c.row + columns.start), columns.len()).fill(0.0)
            };
        }
        return;
    }
    let panel = if is_wide(&tuning, b, &rows) { 4 * tuning.width } else { panel };
    let packs = packs_left(&tuning, b, &rows, &which);
    let has_left = has_left && keeps_left(*level, sizes, b, &rows, &which);
    let depth = block_depth(k);
    let (panel_at, left_at) = scratch.split_at_mut(depth * tuning.panel());
    let (panel_at, left_at) = (panel_at.as_mut_ptr(), left_at.as_mut_ptr());
    for step in (0..k).step_by(depth) {
        let depth = depth.min(k - step);
        let accumulate = accumulate || step > 0;
        for block in cut(rows.clone(), rows_at_once(*level, depth, rows.len())) {
            // SAFETY: within `a`, which the caller answers for; scratch is long enough.
            let a = unsafe { Matrix { start: a.start.add(step * a.column + block.start * a.row), ..a } };
            if packs && !has_left {
                // SAFETY: as above.
                unsafe { pack_left(&tuning, a, block.len(), depth, left_at) };
            }
            // A range by steps would be divided to count them.
            let mut next = columns.start;
            while next < columns.end {
                let column = next;
                next += panel;
                let across = panel.min(columns.end - column);
                let vectors = across.div_ceil(tuning.width);
                let width = vectors * tuning.width;
                // SAFETY: within `b`, which the caller answers for; scratch is long enough for a block of a panel.
                let (b, b_step) = unsafe {
                    match b {
                        Right::Packed(start) => (start.add(k * column + step * width), width),
                        Right::Direct { start, row } => (start.add(step * row + column), row),
                        Right::Plain(Matrix { start, row, column: step_across }) => {
                            let from = start.add(step * row + column * step_across);
                            let part = Part { from, lines: depth, line_step: row, across, step: step_across };
                            (tuning.pack)(part, panel_at, width);
                            (panel_at.cast_const(), width)
                        }
                    }
                };
                let last = across - (vectors - 1) * tuning.width;
                let most_rows = if packs { tuning.tile_rows() } else { tuning.rows[vectors - 1] };
                for (t, tile) in cut(0..block.len(), most_rows).enumerate() {
                    // SAFETY: within `a`, `c`, and what was packed.
                    unsafe {
                        let (a, a_row, a_step) = match packs {
                            true => (left_at.cast_const().add(tile.start * depth + t * PAD), 1, tile.len()),
                            false => (a.start.add(tile.start * a.row), a.row, a.column),
                        };
                        let kernel = (tuning.kernel)(vectors, tile.len(), a_row == 1);
                        kernel(&Tile {
                            depth,
                            runs: 1,
                            a,
                            a_row,
                            a_step,
                            a_jump: 0,
                            b,
                            b_step,
                            c: c.start.add((block.start + tile.start) * c.row + column),
                            c_row: c.row,
                            last_columns: if c.padded { tuning.width } else { last },
                            alpha,
                            accumulate,
                            bias: std::ptr::null(),
                            relu: false,
                        });
                    }
                }
            }
        }
    }
}

/// Packs `rows` × `depth` of `a` as tiles, one after the other.
///
/// # Safety
/// `a` can be read there, and `to` is good for rows · depth + [`PAD`] for each tile.
unsafe fn pack_left(tuning: &Tuning, a: Matrix, rows: usize, depth: usize, to: *mut f32) {
    // So many steps along k at once, that long rows are read along while the tiles take turns.
    let lines = if a.row == 1 { 8 } else { depth };
    for line in (0..depth).step_by(lines) {
        for (t, tile) in cut(0..rows, tuning.tile_rows()).enumerate() {
            let across = tile.len();
            // SAFETY: as the caller says; a tile's last line may reach [`PAD`] numbers further.
            unsafe {
                let from = a.start.add(line * a.column + tile.start * a.row);
                let part = Part { from, lines: lines.min(depth - line), line_step: a.column, across, step: a.row };
                (tuning.pack)(part, to.add(tile.start * depth + t * PAD + line * across), across);
            }
        }
    }
}

/// How many columns a tile has at most.
pub(crate) fn tile_width(level: Level) -> usize {
    tuning(level).panel()
}

/// How many vectors a tile of so many columns has, where there are so many.
pub(crate) fn vectors(level: Level, columns: usize) -> usize {
    columns.min(tile_width(level)).div_ceil(tuning(level).width)
}

/// How many of the columns of a tile are in its last vector.
pub(crate) fn last_columns(level: Level, columns: usize) -> usize {
    columns - (vectors(level, columns) - 1) * tuning(level).width
}

/// How many rows a tile of so many vectors has at most.
pub(crate) fn tile_rows(level: Level, vectors: usize) -> usize {
    tuning(level).rows[vectors - 1]
}

/// Makes a tile of so many vectors and rows.
///
/// # Safety
/// `a` and `b` can be read where the tile's runs go, `b` in whole vectors, and nobody else uses the tile of `c`.
pub(crate) unsafe fn make_tile(level: Supported, (vectors, rows): (usize, usize), tile: &Tile) {
    // SAFETY: the level is supported; the caller answers for the rest.
    unsafe { (tuning(*level).kernel)(vectors, rows, tile.a_row == 1)(tile) }
}

/// A product of some rows of `a`, each `a_row` after the one before, with `columns` columns of `b`, read where they lie:
/// written to rows of `c`.
///
/// # Safety
/// `a` can be read at each row × depth, `b` in whole vectors, and nobody else uses the rows of `c`.
pub(crate) unsafe fn make_tiles(
    level: Supported,
    [rows, depth, columns]: [usize; 3],
    (a, a_row): (*const f32, usize),
    (b, b_step): (*const f32, usize),
    (c, c_row): (*mut f32, usize),
) {
    let width = tile_width(*level);
    for first in (0..columns).step_by(width) {
        let vectors = vectors(*level, columns - first);
        for rows in cut(0..rows, tile_rows(*level, vectors)) {
            // SAFETY: the tile is within the product; the caller answers for that.
            unsafe {
                let tile = Tile {
                    depth,
                    runs: 1,
                    a: a.add(rows.start * a_row),
                    a_row,
                    a_step: 1,
                    a_jump: 0,
                    b: b.add(first),
                    b_step,
                    c: c.add(rows.start * c_row + first),
                    c_row,
                    last_columns: last_columns(*level, (columns - first).min(width)),
                    alpha: 1.0,
                    accumulate: false,
                    bias: std::ptr::null(),
                    relu: false,
                };
                make_tile(level, (vectors, rows.len()), &tile);
            }
        }
    }
}

/// Cuts a range into parts of at most `most` that differ by at most one.
pub(crate) fn cut(range: Range<usize>, most: usize) -> impl Iterator<Item = Range<usize>> {
    let (parts, each, more) = match range.len() {
        // The commonest, without divisions.
        len if len <= most => (1, len, 0),
        len => {
            let parts = len.div_ceil(most);
            (parts, len / parts, len % parts)
        }
    };
    let start = move |part: usize| range.start + part * each + part.min(more);
    (0..parts).map(move |part| start(part)..start(part + 1)).filter(|part| !part.is_empty())
}

/// How many numbers of scratch memory [`product`] needs, at any level.
pub(crate) fn scratch_len(sizes: Sizes) -> usize {
    Level::ALL.iter().map(|&level| multiply_scratch_len(level, sizes)).max().unwrap_or(0)
}

/// `c = α·a·b`, or `c += α·a·b` where `accumulate` says so. `c` is row-major, `n` numbers a row.
///
/// # Panics
/// Where a slice is shorter than its matrix: that would be a defect of the plan.
pub(crate) fn product(
    level: Supported,
    sizes: Sizes,
    factors: (View<'_>, View<'_>),
    c: &mut [f32],
    how: (f32, bool),
    scratch: &mut [f32],
) {
    product_into(level, sizes, factors, (c, sizes.n), how, scratch);
}

/// As [`product`], where `c` has `c_row` numbers from row to row. Where those are at least `n` rounded up to a multiple
/// of [`PAD`], so far may be written.
///
/// # Panics
/// Where a slice is shorter than its matrix: that would be a defect of the plan.
pub(crate) fn product_into(
    level: Supported,
    sizes: Sizes,
    (a, b): (View<'_>, View<'_>),
    (c, c_row): (&mut [f32], usize),
    (alpha, accumulate): (f32, bool),
    scratch: &mut [f32],
) {
    let Sizes { m, k, n } = sizes;
    if m == 0 || n == 0 {
        return;
    }
    assert!(n <= c_row && last(c_row, 1, m, n) < c.len());
    assert!(k == 0 || last(a.row, a.column, m, k) < a.numbers.len() && last(b.row, b.column, k, n) < b.numbers.len());
    let padded = n.next_multiple_of(PAD);
    let direct = k > 0 && b.column == 1 && b.row >= padded && last(b.row, 1, k, padded) < b.numbers.len();
    let c_padded = c_row >= padded && last(c_row, 1, m, padded) < c.len();
    let target = Target { start: c.as_mut_ptr(), row: c_row, padded: c_padded };
    let right = match direct && !packing_pays(*level, sizes) {
        true => Right::Direct { start: b.numbers.as_ptr(), row: b.row },
        false => Right::Plain(b.at()),
    };
    let all = (0..m, 0..panels(*level, n));
    // SAFETY: the asserted bounds hold for every element of the three matrices and for the padding that is used.
    unsafe {
        multiply(
            level,
            sizes,
            a.at(),
            right,
            all,
            target,
            ProductOptions { alpha, accumulate, has_left: false },
            scratch,
        )
    }
}

/// Where the last number of a matrix of some rows and columns stands, or further on where that is beyond all memory.
pub(super) fn last(row: usize, column: usize, rows: usize, columns: usize) -> usize {
    (rows - 1).saturating_mul(row).saturating_add((columns - 1).saturating_mul(column))
}
