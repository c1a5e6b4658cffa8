//! Convolutions with 3×3 windows that move by one pixel, with fewer multiplications: four neighbouring results are made at
//! once, from sums and differences of the 16 pixels that their windows see and of the filters' weights. Each channel of
//! each filter then takes 16 multiplications where windows one by one take 36.
//!
//! A sample goes through in strips of such squares, channels last: the pixels' sums, 16 products of matrices with a row
//! for each square, and the results' sums, within the first-level or second-level cache.
//!
//! (Winograd, Arithmetic Complexity of Computations, 1980; Lavin and Gray, Fast Algorithms for Convolutional Neural
//! Networks, 2016, whose F(2×2, 3×3) this is.)

// Loops over constant ranges become registers; closures would not be compiled for the level.
#![allow(clippy::needless_range_loop)]

use std::ops::Range;

use super::{Convolution, Tail};
use crate::kernels::Supported;
use crate::kernels::product;
use crate::kernels::vector::Vector;

/// How many sums a square's pixels have, and so how many products there are.
const SUMS: usize = 16;

/// A strip has so many squares at most: with 16 channels and filters, its sums and products stay in the first-level cache.
const STRIP: usize = 14;

/// The squares of 2×2 results of a convolution.
pub(crate) fn squares([rows, columns]: [usize; 2]) -> [usize; 2] {
    [rows.div_ceil(2), columns.div_ceil(2)]
}

/// Whether a convolution has such windows, and takes fewer multiplications so. `least` is the number of channels times
/// filters from which that pays for the sums.
pub(crate) fn pays(convolution: &Convolution, least: usize) -> bool {
    let Convolution { channels, filters, windows, places, .. } = *convolution;
    let fits = windows.iter().all(|window| (window.size, window.stride, window.dilation) == (3, 1, 1));
    let [down, across] = squares(places);
    fits && channels * filters >= least && down * across * SUMS < convolution.places() * convolution.taps()
}

/// How many numbers of scratch memory a sample takes, beyond its pixels.
pub(crate) fn scratch_len(channels: usize, filters: usize) -> usize {
    SUMS * STRIP * (channels.next_multiple_of(product::PAD) + filters.next_multiple_of(product::PAD))
}

/// How many rows the matrix of sums of weights has: one for each product and channel.
pub(crate) fn rows(channels: usize) -> usize {
    SUMS * channels
}

/// The sums of weights for some of the products, from a matrix with a row for each tap and channel and a column for each
/// filter.
pub(crate) fn of_weights(
    (from, pitch): (&[f32], usize),
    [channels, filters]: [usize; 2],
    which: Range<usize>,
    (out, out_pitch): (&mut [f32], usize),
) {
    /// A sum of three taps, which are above each other or side by side.
    const TAPS: [[f32; 3]; 4] = [[1.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0.0, 0.0, 1.0]];
    for (sum, out) in which.zip(out.chunks_exact_mut((channels * out_pitch).max(1))) {
        for (channel, out) in out.chunks_exact_mut(out_pitch).enumerate() {
            out[..filters].fill(0.0);
            for (ky, down) in TAPS[sum / 4].into_iter().enumerate().filter(|(_, factor)| *factor != 0.0) {
                for (kx, across) in TAPS[sum % 4].into_iter().enumerate().filter(|(_, factor)| *factor != 0.0) {
                    let (factor, tap) = (down * across, (ky * 3 + kx) * channels + channel);
                    let weights = &from[tap * pitch..][..filters];
                    out[..filters].iter_mut().zip(weights).for_each(|(out, weight)| *out += factor * weight);
                }
            }
        }
    }
}

/// Where a strip's numbers stand.
struct Strip<'s> {
    /// The picture that windows see: the sums of the last square of a row may see pixels beyond the windows.
    picture: &'s [f32],
    /// How many pixels apart its rows are.
    row: usize,
    channels: usize,
    filters: usize,
    /// How many results there are, down and across.
    places: [usize; 2],
    /// The squares of the strip, counted row by row.
    squares: Range<usize>,
}

/// The filtered pixels of some rows of squares: `(places, filters)` of the whole sample, row after row. The picture has what
/// the windows of whole squares see, with rows `row` pixels apart.
///
/// # Safety
/// `matrix` is good for all rows of sums of weights, each rounded up to a multiple of [`product::PAD`], and no other thread
/// uses the results of these rows of squares.
pub(super) unsafe fn filtered(
    level: Supported,
    convolution: &Convolution,
    (picture, row): (&[f32], usize),
    (matrix, pitch): (*const f32, usize),
    tail: Tail<'_>,
    out: &mut [f32],
    scratch: &mut [f32],
) {
    let Convolution { channels, filters, places, .. } = *convolution;
    let [down, across] = squares(places);
    let [of_channels, of_filters] = [channels, filters].map(|count| count.next_multiple_of(product::PAD));
    let (seen, made) = scratch[..scratch_len(channels, filters)].split_at_mut(SUMS * STRIP * of_channels);
    assert!(out.len() >= places[0] * places[1] * filters);
    assert!(picture.len() >= ((2 * down + 1) * row + 2 * across + 2) * channels);
    assert!(tail.bias.is_none_or(|bias| bias.len() >= filters));
    for squares in product::cut(0..down * across, STRIP) {
        let count = squares.len();
        let strip = Strip { picture, row, channels, filters, places, squares };
        sums_of_pixels(level, &strip, seen);
        for sum in 0..SUMS {
            let at = sum * count;
            // SAFETY: a sum's rows are within the strip's sums and products; the caller answers for the matrix.
            unsafe {
                let from = (seen.as_ptr().add(at * of_channels), of_channels);
                let to = (made.as_mut_ptr().add(at * of_filters), of_filters);
                product::make_tiles(
                    level,
                    [count, channels, filters],
                    from,
                    (matrix.add(sum * channels * pitch), pitch),
                    to,
                );
            }
        }
        sums_of_products(level, &strip, made, tail, out);
    }
}

/// A function over vectors, for each level.
macro_rules! by_vectors {
    ($(#[$about:meta])* $name:ident => $generic:ident, $($argument:ident: $kind:ty),*) => {
        $(#[$about])*
        fn $name(level: Supported, $($argument: $kind),*) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw")]
            fn avx512($($argument: $kind),*) {
                // SAFETY: this function is compiled for, and so called on, processors with the instructions.
                unsafe { $generic::<std::arch::x86_64::__m512>($($argument),*) }
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2($($argument: $kind),*) {
                // SAFETY: as above.
                unsafe { $generic::<std::arch::x86_64::__m256>($($argument),*) }
            }
            match *level {
                #[cfg(target_arch = "x86_64")]
                // SAFETY: a supported level is one that this processor has.
                crate::kernels::Level::Avx512 => unsafe { avx512($($argument),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: as above.
                crate::kernels::Level::Avx2 => unsafe { avx2($($argument),*) },
                // SAFETY: portable vectors need no instructions.
                _ => unsafe { $generic::<[f32; 4]>($($argument),*) },
            }
        }
    };
}

by_vectors!(
    /// Sums and differences of each square's pixels: for each of the 16, a row for each square.
    sums_of_pixels => sums_of_pixels_generic, strip: &Strip<'_>, seen: &mut [f32]
);

/// # Safety
/// The processor has the vectors' instructions.
#[inline(always)]
unsafe fn sums_of_pixels_generic<V: Vector>(strip: &Strip<'_>, seen: &mut [f32]) {
    let Strip { picture, row, channels, ref squares, .. } = *strip;
    let (across, count, pitch) =
        (self::squares(strip.places)[1], squares.len(), channels.next_multiple_of(product::PAD));
    for (at, square) in squares.clone().enumerate() {
        let pixel = 2 * (square / across) * row + 2 * (square % across);
        let from = &picture[pixel * channels..][..(3 * row + 4) * channels];
        for first in (0..channels).step_by(V::WIDTH) {
            let few = (channels - first).min(V::WIDTH);
            // SAFETY: the pixels were just looked at, `seen` has 16 rows of whole vectors for each square; the caller
            // answers for the instructions.
            unsafe {
                let mut sums = [[V::splat(0.0); 4]; 4];
                for x in 0..4 {
                    let mut column = [V::splat(0.0); 4];
                    for y in 0..4 {
                        column[y] = load(from.as_ptr().add((y * row + x) * channels + first), few);
                    }
                    let column = differences(column);
                    for y in 0..4 {
                        sums[y][x] = column[y];
                    }
                }
                for y in 0..4 {
                    let of_row = differences(sums[y]);
                    for x in 0..4 {
                        of_row[x].store(seen.as_mut_ptr().add(((y * 4 + x) * count + at) * pitch + first));
                    }
                }
            }
        }
    }
}

/// The first numbers of a vector, which are read alone where they are few.
///
/// # Safety
/// As for [`Vector`].
#[inline(always)]
unsafe fn load<V: Vector>(from: *const f32, few: usize) -> V {
    // SAFETY: as the caller says.
    unsafe { if few < V::WIDTH { V::load_first(from, few) } else { V::load(from) } }
}

/// # Safety
/// As for [`Vector`].
#[inline(always)]
unsafe fn differences<V: Vector>([a, b, c, d]: [V; 4]) -> [V; 4] {
    // SAFETY: the caller answers for the instructions.
    unsafe { [a.minus(c), b.plus(c), c.minus(b), b.minus(d)] }
}

by_vectors!(
    /// The results of each square, from its 16 products; and what is done with them.
    sums_of_products => sums_of_products_generic, strip: &Strip<'_>, made: &[f32], tail: Tail<'_>, out: &mut [f32]
);

/// # Safety
/// The processor has the vectors' instructions.
#[inline(always)]
unsafe fn sums_of_products_generic<V: Vector>(strip: &Strip<'_>, made: &[f32], tail: Tail<'_>, out: &mut [f32]) {
    let Strip { filters, places: [rows, columns], ref squares, .. } = *strip;
    let (across, count, pitch) =
        (self::squares(strip.places)[1], squares.len(), filters.next_multiple_of(product::PAD));
    for (at, square) in squares.clone().enumerate() {
        let (y, x) = (2 * (square / across), 2 * (square % across));
        for first in (0..filters).step_by(V::WIDTH) {
            let few = (filters - first).min(V::WIDTH);
            // SAFETY: `made` has 16 rows of whole vectors for each square, a bias a number for each filter, `out` one for
            // each filter at each place; the caller answers for the instructions.
            unsafe {
                let mut halves = [[V::splat(0.0); 4]; 2];
                for x in 0..4 {
                    let mut column = [V::splat(0.0); 4];
                    for y in 0..4 {
                        column[y] = V::load(made.as_ptr().add(((y * 4 + x) * count + at) * pitch + first));
                    }
                    let half = totals(column);
                    for y in 0..2 {
                        halves[y][x] = half[y];
                    }
                }
                let bias = match tail.bias {
                    Some(bias) => load(bias.as_ptr().add(first), few),
                    None => V::splat(0.0),
                };
                for i in 0..2.min(rows - y) {
                    let of_row = totals(halves[i]);
                    for j in 0..2.min(columns - x) {
                        let mut total = of_row[j];
                        if tail.bias.is_some() {
                            total = total.plus(bias);
                        }
                        if tail.relu {
                            total = total.positive();
                        }
                        let to = out.as_mut_ptr().add(((y + i) * columns + x + j) * filters + first);
                        if few < V::WIDTH { total.store_first(to, few) } else { total.store(to) }
                    }
                }
            }
        }
    }
}

/// # Safety
/// As for [`Vector`].
#[inline(always)]
unsafe fn totals<V: Vector>([a, b, c, d]: [V; 4]) -> [V; 2] {
    // SAFETY: the caller answers for the instructions.
    unsafe { [a.plus(b).plus(c), b.minus(c).minus(d)] }
}
