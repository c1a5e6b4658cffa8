//! Products of lists with dense rows.
//!
//! Dense rows are walked in panels of up to four groups of 16 numbers. A list gathers (`result row += value · row of
//! the column`, in registers) or scatters (`row of the column += value · row of the list`).

// Loops over constant ranges become registers; iterators over them would not say more.
#![allow(clippy::needless_range_loop)]

use std::mem::MaybeUninit;
use std::ops::Range;

use super::{BLOCK, Lists, STEP};
#[cfg(target_arch = "x86_64")]
use crate::kernels::Level;
use crate::kernels::vector::Vector;
use crate::kernels::{Supported, prefetch};

/// The numbers of a group: rows are padded to whole ones.
const GROUP: usize = 16;

/// Fewer rows read a block where it lies.
const FEW: usize = 8;

/// So many groups are a panel.
const PANEL: usize = 4;

/// Rows of bytes that will be listed next: [`forward`] asks for them bit by bit while it works.
#[derive(Clone, Debug)]
pub(crate) struct Ahead<'d> {
    pub(crate) data: &'d [u8],
    /// Row r begins at `data[positions[r]·k]`.
    pub(crate) k: usize,
    pub(crate) positions: &'d [u32],
    pub(crate) columns: Range<usize>,
}

/// `z = x·w` for the listed columns of x, of which `w` points to the row of column 0. `n` numbers a row of w and z.
///
/// Where a column of w, among the listed columns of x, holds an infinity or NaN, that column of z is NaN in each row:
/// a dense product would give NaN wherever x is zero there. Who knows that w `is_finite` saves looking for that.
/// Rows of z are written up to the next multiple of 16.
///
/// # Safety
/// Rows of `w` for all listed columns must be good for reading, and those of `z` for writing, in whole groups of 16
/// numbers; `w_row` and `z_row` are numbers from row to row. The level was found on this processor.
pub(crate) unsafe fn forward(
    level: Supported,
    lists: &Lists<'_>,
    (w, w_row, is_finite): (*const f32, usize, bool),
    n: usize,
    (z, z_row): (*mut f32, usize),
    ahead: Option<&Ahead<'_>>,
) {
    let b = w.wrapping_add(lists.range.start * w_row);
    let task = Task { lists, n, b, b_row: w_row, c: z, c_row: z_row, alpha: 1.0, accumulate: false, ahead };
    // SAFETY: the caller answers for it.
    unsafe { run(level, &task, if is_finite { Way::Gather } else { Way::Checked }) }
}

/// `g = α·xᵀ·d` for the rows of g that belong to the listed columns of x, or `g += α·xᵀ·d` where `accumulate` says so.
/// `g` points to the row of column 0; other rows are not touched. `n` numbers a row of d and g.
///
/// With the same lists `transposed` rows of d are gathered instead of rows of g scattered to: with 512 numbers a row that is
/// several times as fast, with 128 turning costs more than it saves.
///
/// # Safety
/// As for [`forward`]: `d` is read, `g` written (and read where `accumulate` says so).
pub(crate) unsafe fn gradient(
    level: Supported,
    lists: &Lists<'_>,
    transposed: Option<&Lists<'_>>,
    (d, d_row): (*const f32, usize),
    n: usize,
    (alpha, accumulate): (f32, bool),
    (g, g_row): (*mut f32, usize),
) {
    let c = g.wrapping_add(lists.range.start * g_row);
    let task = Task { lists, n, b: d, b_row: d_row, c, c_row: g_row, alpha, accumulate, ahead: None };
    // SAFETY: the caller answers for it.
    unsafe {
        match transposed {
            Some(transposed) => run(level, &Task { lists: transposed, ..task }, Way::Gather),
            None => run(level, &task, Way::Scatter),
        }
    }
}

/// Lists times rows of b (gathered) or lists, transposed, times rows of b (scattered), to rows of c.
///
/// Whoever makes one and passes it on answers for the rows: those of b are good for reading, those of c for reading and
/// writing, in whole groups of [`GROUP`] numbers.
struct Task<'t, 'm> {
    lists: &'t Lists<'m>,
    n: usize,
    b: *const f32,
    b_row: usize,
    c: *mut f32,
    c_row: usize,
    alpha: f32,
    accumulate: bool,
    ahead: Option<&'t Ahead<'t>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Gather,
    /// Gathers, and looks for what is not finite in b.
    Checked,
    Scatter,
}

/// # Safety
/// The rows are there, as [`Task`] says.
unsafe fn run(level: Supported, task: &Task<'_, '_>, way: Way) {
    // SAFETY: the caller answers for it; a supported level is one that this processor has.
    unsafe {
        match *level {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => x86::avx512(task, way),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => x86::avx2(task, way),
            _ => portable(task, way),
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Packed, Task, Vector, Way, panels, walk};
    use std::arch::x86_64::{__m256, __m512};

    /// # Safety
    /// The rows are there, as [`Task`] says.
    #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw")]
    pub(super) unsafe fn avx512(task: &Task<'_, '_>, way: Way) {
        let packed = &mut Packed::new();
        for panel in panels(task) {
            // SAFETY: the caller answers for it.
            unsafe {
                match panel.n.div_ceil(__m512::WIDTH) {
                    1 => walk::<__m512, 1, 1, true>(&panel, way, packed),
                    2 => walk::<__m512, 2, 2, true>(&panel, way, packed),
                    3 => walk::<__m512, 3, 3, true>(&panel, way, packed),
                    _ => walk::<__m512, 4, 4, true>(&panel, way, packed),
                }
            }
        }
    }

    /// # Safety
    /// The rows are there, as [`Task`] says.
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn avx2(task: &Task<'_, '_>, way: Way) {
        let packed = &mut Packed::new();
        for panel in panels(task) {
            // Two sums for each of six vectors stay in the 16 registers; those of seven and eight take transposes.
            // SAFETY: the caller answers for it.
            unsafe {
                match panel.n.div_ceil(__m256::WIDTH) {
                    1 | 2 => walk::<__m256, 1, 2, true>(&panel, way, packed),
                    3 | 4 => walk::<__m256, 2, 4, true>(&panel, way, packed),
                    5 | 6 => walk::<__m256, 3, 6, true>(&panel, way, packed),
                    7 => walk::<__m256, 4, 7, false>(&panel, way, packed),
                    _ => walk::<__m256, 4, 8, false>(&panel, way, packed),
                }
            }
        }
    }
}

/// A block of b, packed.
#[repr(align(64))]
struct Packed([MaybeUninit<f32>; BLOCK * PANEL * GROUP]);

impl Packed {
    #[inline(always)]
    fn new() -> Self {
        Self([MaybeUninit::uninit(); BLOCK * PANEL * GROUP])
    }
}

/// # Safety
/// The rows are there, as [`Task`] says.
unsafe fn portable(task: &Task<'_, '_>, way: Way) {
    let packed = &mut Packed::new();
    for panel in panels(task) {
        // SAFETY: the caller answers for it.
        unsafe {
            match panel.n.div_ceil(GROUP) {
                1 => walk::<[f32; 4], 1, 4, true>(&panel, way, packed),
                2 => walk::<[f32; 4], 2, 4, true>(&panel, way, packed),
                3 => walk::<[f32; 4], 3, 4, true>(&panel, way, packed),
                _ => walk::<[f32; 4], 4, 4, true>(&panel, way, packed),
            }
        }
    }
}

/// The panels of a task: each is what remains from its first column on, of which at most [`PANEL`] groups are meant.
#[inline(always)]
fn panels<'t, 'm>(task: &Task<'t, 'm>) -> impl Iterator<Item = Task<'t, 'm>> {
    (0..task.n).step_by(PANEL * GROUP).map(|first| Task {
        n: task.n - first,
        b: task.b.wrapping_add(first),
        c: task.c.wrapping_add(first),
        ahead: task.ahead.filter(|_| first == 0),
        ..*task
    })
}

/// A panel of `GROUPS` groups: as many times `N` vectors as fit. Where half a group is left, no column stands there.
/// `TOGETHER`: the registers hold two sums for each vector.
///
/// # Safety
/// The rows are there, as [`Task`] says, and the processor has the vector's instructions.
#[inline(always)]
unsafe fn walk<V: Vector, const GROUPS: usize, const N: usize, const TOGETHER: bool>(
    panel: &Task<'_, '_>,
    way: Way,
    packed: &mut Packed,
) {
    // SAFETY: the caller answers for the rows in whole groups.
    unsafe {
        match way {
            Way::Scatter => scatter::<V, GROUPS, N>(panel),
            _ => gather::<V, GROUPS, N, TOGETHER>(panel, way, packed.0.as_mut_ptr().cast()),
        }
    }
}

/// # Safety
/// As for [`walk`]; `packed` is good for writing and reading a [`Packed`].
#[inline(always)]
unsafe fn gather<V: Vector, const GROUPS: usize, const N: usize, const TOGETHER: bool>(
    task: &Task<'_, '_>,
    way: Way,
    packed: *mut f32,
) {
    let pitch = GROUPS * GROUP;
    let width = N * V::WIDTH;
    let Task { lists, b, b_row, c, c_row, alpha, .. } = *task;
    let (rows, blocks, columns_listed) = (lists.rows, lists.blocks(), lists.range.len());
    let (values, columns) = (lists.listed.values.as_ptr(), lists.listed.columns.as_ptr());
    // SAFETY: the caller answers for rows of b and c; lists begin and end as `starts` says, at multiples of `STEP`.
    unsafe {
        if !task.accumulate {
            let untouched = if blocks == 0 { 0 } else { pitch / width * width };
            for row in 0..rows {
                fill_zeros::<V>(c.add(row * c_row + untouched), pitch - untouched);
            }
        }
        for block in 0..blocks {
            let first = block * BLOCK;
            // A block that few rows read is not worth a copy.
            let packs = b_row != pitch && rows >= FEW;
            let stride = if packs { pitch } else { b_row };
            let mut check = [0.0; PANEL * GROUP];
            if packs || way == Way::Checked {
                let to = packs.then_some(packed);
                stage::<V, GROUPS>(b.add(first * b_row), b_row, BLOCK.min(columns_listed - first), to, &mut check);
            }
            let start = if packs { packed.cast_const().wrapping_sub(first * pitch) } else { b };
            let accumulate = task.accumulate || block > 0;
            for (i, (row, list)) in lists.of_block(block).enumerate() {
                if let Some(ahead) = task.ahead {
                    ahead.ask(i, rows, first);
                }
                if accumulate && list.is_empty() {
                    continue;
                }
                for chunk in 0..pitch / width {
                    let b = start.wrapping_add(chunk * width);
                    let c = c.add(row * c_row + chunk * width);
                    // What stands at even places and at odd ones is summed up apart, at each level: twice as many sums in
                    // flight where the registers hold them.
                    let mut sums = [[V::splat(0.0); N]; 2];
                    let entry = |at: usize| (*values.add(at), b.wrapping_add(usize::from(*columns.add(at)) * stride));
                    if TOGETHER {
                        for at in list.clone().step_by(STEP) {
                            for i in 0..STEP {
                                add(&mut sums[i % 2], entry(at + i));
                            }
                        }
                    } else {
                        for (half, sum) in sums.iter_mut().enumerate() {
                            let mut alone = [V::splat(0.0); N];
                            for at in list.clone().step_by(STEP) {
                                for i in (half..STEP).step_by(2) {
                                    add(&mut alone, entry(at + i));
                                }
                            }
                            *sum = alone;
                        }
                    }
                    for v in 0..N {
                        let c = c.add(v * V::WIDTH);
                        let old = if accumulate { V::load(c) } else { V::splat(0.0) };
                        V::splat(alpha).times_plus(sums[0][v].plus(sums[1][v]), old).store(c);
                    }
                }
            }
            if way == Way::Checked && check.iter().any(|x| *x != 0.0) {
                for row in 0..rows {
                    for at in (0..pitch).step_by(V::WIDTH) {
                        let c = c.add(row * c_row + at);
                        V::load(c).plus(V::load(check.as_ptr().add(at))).store(c);
                    }
                }
            }
        }
    }
}

/// Adds a value times a row of vectors.
///
/// # Safety
/// The processor has the vector's instructions, and the row is good for reading `N` vectors.
#[inline(always)]
unsafe fn add<V: Vector, const N: usize>(sums: &mut [V; N], (value, row): (f32, *const f32)) {
    // SAFETY: the caller answers for the processor and the row.
    unsafe {
        let value = V::splat(value);
        for v in 0..N {
            sums[v] = value.times_plus(V::load(row.add(v * V::WIDTH)), sums[v]);
        }
    }
}

/// Reads a block of b, so that it is near, and copies it to `packed`. Sums up 0·b in `check`: zero where all is finite.
///
/// # Safety
/// The processor has the vector's instructions. `rows` rows of b are good for reading `GROUPS` groups, and `packed`, where
/// there is one, for writing as many, one row behind the other.
#[inline(always)]
unsafe fn stage<V: Vector, const GROUPS: usize>(
    b: *const f32,
    b_row: usize,
    rows: usize,
    packed: Option<*mut f32>,
    check: &mut [f32; PANEL * GROUP],
) {
    // SAFETY: the caller answers for the rows of b and, in whole groups, for `packed`; a vector fits into a group.
    unsafe {
        // As many sums as the narrowest vectors need.
        let mut sums = [[V::splat(0.0); GROUPS]; GROUP / 4];
        for row in 0..rows {
            for v in 0..GROUP / V::WIDTH {
                for group in 0..GROUPS {
                    let at = group * GROUP + v * V::WIDTH;
                    let x = V::load(b.add(row * b_row + at));
                    sums[v][group] = x.times_plus(V::splat(0.0), sums[v][group]);
                    if let Some(packed) = packed {
                        x.store(packed.add(row * GROUPS * GROUP + at));
                    }
                }
            }
        }
        for v in 0..GROUP / V::WIDTH {
            for group in 0..GROUPS {
                sums[v][group].store(check.as_mut_ptr().add(group * GROUP + v * V::WIDTH));
            }
        }
    }
}

/// # Safety
/// As for [`walk`].
#[inline(always)]
unsafe fn scatter<V: Vector, const GROUPS: usize, const N: usize>(task: &Task<'_, '_>) {
    let pitch = GROUPS * GROUP;
    let width = N * V::WIDTH;
    let Task { lists, b, b_row, c, c_row, alpha, .. } = *task;
    let columns_listed = lists.range.len();
    let (values, columns) = (lists.listed.values.as_ptr(), lists.listed.columns.as_ptr());
    // SAFETY: the caller answers for rows of b and c; lists begin and end as `starts` says, at multiples of `STEP`.
    unsafe {
        for block in 0..lists.blocks() {
            if !task.accumulate {
                for column in block * BLOCK..columns_listed.min((block + 1) * BLOCK) {
                    fill_zeros::<V>(c.add(column * c_row), pitch);
                }
            }
            for (row, list) in lists.of_block(block) {
                for chunk in 0..pitch / width {
                    let c = c.wrapping_add(chunk * width);
                    let mut scaled = [V::splat(0.0); N];
                    for v in 0..N {
                        let x = V::load(b.add(row * b_row + chunk * width + v * V::WIDTH));
                        scaled[v] = x.times_plus(V::splat(alpha), V::splat(0.0));
                    }
                    for at in list.clone().step_by(STEP) {
                        for i in 0..STEP {
                            let value = V::splat(*values.add(at + i));
                            let c = c.wrapping_add(usize::from(*columns.add(at + i)) * c_row);
                            for v in 0..N {
                                let c = c.add(v * V::WIDTH);
                                value.times_plus(scaled[v], V::load(c)).store(c);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// # Safety
/// The processor has the vector's instructions, and `c` is good for writing `count` numbers, rounded up to whole vectors.
#[inline(always)]
unsafe fn fill_zeros<V: Vector>(c: *mut f32, count: usize) {
    for at in (0..count).step_by(V::WIDTH) {
        // SAFETY: the caller answers for `count` numbers, in whole groups.
        unsafe { V::splat(0.0).store(c.add(at)) };
    }
}

impl Ahead<'_> {
    /// In the `i`th of `rows` steps: what of the rows i, i + rows and so on belongs to the block from column `first` on.
    #[inline(always)]
    fn ask(&self, i: usize, rows: usize, first: usize) {
        let start = self.columns.start + first;
        let count = self.columns.end.saturating_sub(start).min(BLOCK);
        for position in self.positions.iter().skip(i).step_by(rows) {
            prefetch(self.data.as_ptr().wrapping_add(*position as usize * self.k + start), count);
        }
    }
}
