//! Convolutions of one sample, channels last: products whose left operand is read from the picture, tap by tap. The matrix
//! of windows is never written.
//!
//! A tile of the result is some neighbouring pixels × some vectors of filters. For each row of the kernel a pixel's window
//! is one run of neighbouring numbers, so that a product's micro-kernel reads it where it lies and jumps from run to run.
//! (Dukhan, The Indirect Convolution Algorithm, 2019, reads windows through a table of addresses; here they are at regular
//! distances, since what is padded is copied to scratch memory with its zeros first.)

use std::fmt;
use std::ops::Range;

use limpid_graph::op::Window;

use super::product::{self, Tile};
use super::{Supported, winograd};

/// A convolution of samples of `extents` pixels of `channels` numbers each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Convolution {
    pub(crate) samples: usize,
    pub(crate) extents: [usize; 2],
    pub(crate) channels: usize,
    pub(crate) windows: [Window; 2],
    pub(crate) places: [usize; 2],
    pub(crate) filters: usize,
}

/// How a convolution, or its images' derivative, is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// Window by window, from the picture.
    Windows,
    /// Four results at a time ([`winograd`]).
    Squares,
    /// By adding up windows: the images' derivative alone.
    Adding,
}

impl fmt::Display for Convolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { channels, filters, windows: [down, across], places: [rows, columns], .. } = self;
        write!(f, "{channels}→{filters} by {}×{} at {rows}×{columns}", down.size, across.size)
    }
}

impl Convolution {
    /// At how many places the window stops.
    pub(crate) fn places(&self) -> usize {
        self.places[0] * self.places[1]
    }

    /// How many pixels a sample has.
    pub(crate) fn pixels(&self) -> usize {
        self.extents[0] * self.extents[1]
    }

    /// How many pixels a window sees.
    pub(crate) fn taps(&self) -> usize {
        self.windows[0].size * self.windows[1].size
    }

    /// How many numbers a window sees.
    pub(crate) fn window(&self) -> usize {
        self.taps() * self.channels
    }

    /// The picture as its windows see it at some rows of places.
    fn seen(&self, method: Method, rows: Range<usize>) -> Padded {
        let [down, across] = self.windows.map(|window| window.before as isize);
        Padded {
            source: self.extents,
            channels: self.channels,
            before: [down - (rows.start * self.windows[0].stride) as isize, across],
            spread: [1, 1],
            extents: self.band(rows).reach(method),
        }
    }

    /// The same at some rows of places: a convolution of what is seen there.
    fn band(&self, rows: Range<usize>) -> Self {
        Self { places: [rows.len(), self.places[1]], ..*self }
    }

    /// The rows of places.
    pub(crate) fn rows(&self) -> Range<usize> {
        0..self.places[0]
    }

    /// How many rows of places are made together.
    pub(crate) fn rows_together(&self, method: Method) -> usize {
        match method {
            Method::Squares => 2,
            Method::Windows | Method::Adding => 1,
        }
    }

    /// How many pixels windows see, down and across.
    fn reach(&self, method: Method) -> [usize; 2] {
        let places = match method {
            Method::Squares => winograd::squares(self.places).map(|count| 2 * count),
            Method::Windows | Method::Adding => self.places,
        };
        [0, 1].map(|axis| reach(self.windows[axis], places[axis]))
    }

    /// How it is made, with a matrix of the filters. `least` is the number of channels times filters from which squares
    /// are thought of.
    pub(crate) fn method(&self, least: usize) -> Method {
        if winograd::pays(self, least) { Method::Squares } else { Method::Windows }
    }

    /// How the images' derivative is made.
    pub(crate) fn method_of_images(&self, least: usize) -> Method {
        if self.adds_windows() { Method::Adding } else { self.mirrored(Method::Windows).0.method(least) }
    }

    /// The convolution that gives the images' derivative from that of the filtered pixels: these, spread by the stride and
    /// padded, under the mirrored kernel.
    fn mirrored(&self, method: Method) -> (Self, Padded) {
        let last = |window: Window| window.dilation * (window.size - 1);
        let windows = self.windows.map(|window| Window { stride: 1, before: 0, ..window });
        let (channels, filters, places) = (self.filters, self.channels, self.extents);
        // Its extents are those of what its windows see, padding included.
        let mirrored = Self { channels, filters, windows, places, ..*self };
        let mirrored = Self { extents: mirrored.reach(method), ..mirrored };
        let padded = Padded {
            source: self.places,
            channels,
            before: self.windows.map(|window| last(window) as isize - window.before as isize),
            spread: self.windows.map(|window| window.stride),
            extents: mirrored.extents,
        };
        (mirrored, padded)
    }

    /// Whether the images' derivative is made by adding up windows, and not by filtering with the mirrored kernel. Filtering
    /// makes whole vectors of channels for each pixel of the image; adding, whole vectors of a window's numbers for each
    /// place, which are fewer where there are few channels, or fewer places than pixels.
    fn adds_windows(&self) -> bool {
        let whole = |count: usize| count.next_multiple_of(product::PAD);
        let filtering = self.pixels() * self.taps() * self.filters * whole(self.channels);
        let adding = self.places() * (self.filters * whole(self.window()) + 2 * self.window());
        adding * 4 < filtering * 3
    }

    /// How many numbers of scratch memory the convolution, or a gradient, needs.
    pub(crate) fn scratch_len(&self, method: Method) -> usize {
        let windows_of_a_row = self.places[1] * self.window();
        let pictures = self.seen(method, self.rows()).len().max(self.mirrored(method).1.len());
        match method {
            Method::Squares => pictures + winograd::scratch_len(self.channels, self.filters),
            Method::Windows | Method::Adding => pictures.max(windows_of_a_row),
        }
    }
}

/// From the first position that a window sees to the last, at so many places.
fn reach(window: Window, places: usize) -> usize {
    (places - 1) * window.stride + (window.size - 1) * window.dilation + 1
}

/// A picture with zeros around it, and between its pixels.
#[derive(Clone, Copy, Debug)]
struct Padded {
    source: [usize; 2],
    channels: usize,
    /// Where the first pixel stands; below 0 where pixels are cut off.
    before: [isize; 2],
    /// How far apart pixels stand.
    spread: [usize; 2],
    extents: [usize; 2],
}

impl Padded {
    /// Where it begins in the source, if it is a part of that whose rows begin where the source's do.
    fn in_source(&self) -> Option<usize> {
        let first = usize::try_from(-self.before[0]).ok()?;
        let fits = first + self.extents[0] <= self.source[0] && self.extents[1] <= self.source[1];
        let is_part = self.before[1] == 0 && self.spread == [1, 1] && fits;
        is_part.then_some(first * self.source[1] * self.channels)
    }

    fn len(&self) -> usize {
        if self.in_source().is_some() { 0 } else { self.extents[0] * self.extents[1] * self.channels }
    }

    /// The picture, in scratch memory where it is not the source, and how many pixels apart its rows are; and the rest of
    /// the scratch memory.
    fn of<'s>(&self, source: &'s [f32], scratch: &'s mut [f32]) -> ((&'s [f32], usize), &'s mut [f32]) {
        if let Some(first) = self.in_source() {
            return ((&source[first..], self.source[1]), scratch);
        }
        let Self { channels, spread, before, extents: [height, width], .. } = *self;
        let (scratch, rest) = scratch.split_at_mut(height * width * channels);
        scratch.fill(0.0);
        let place = |at: usize, axis: usize| {
            let place = before[axis] + (at * spread[axis]) as isize;
            usize::try_from(place).ok().filter(|&place| place < self.extents[axis])
        };
        let columns = (0..self.source[1]).filter(|&x| place(x, 1).is_some());
        let (first, last) = (columns.clone().next().unwrap_or(0), columns.max().map_or(0, |x| x + 1));
        for y in 0..self.source[0] {
            let Some(row) = place(y, 0) else { continue };
            let from = &source[y * self.source[1] * channels..][..self.source[1] * channels];
            let out = &mut scratch[row * width * channels..][..width * channels];
            if spread[1] == 1 {
                let start = place(first, 1).unwrap_or(0) * channels;
                let from = &from[first * channels..last * channels];
                out[start..start + from.len()].copy_from_slice(from);
                continue;
            }
            for x in first..last {
                let start = place(x, 1).unwrap_or(0) * channels;
                out[start..start + channels].copy_from_slice(&from[x * channels..][..channels]);
            }
        }
        ((scratch, width), rest)
    }
}

/// What is done with filtered pixels while they are near.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tail<'n> {
    /// A number for each filter is added.
    pub(crate) bias: Option<&'n [f32]>,
    /// What is below 0 becomes 0.
    pub(crate) relu: bool,
}

/// The filtered pixels of some rows of places of a sample: `(places, filters)`, row after row. These begin with one of
/// those that are made together ([`Convolution::rows_together`]), and end so or with the last. The matrix has a row for each number in a window,
/// `pitch` apart; for squares, [`winograd::rows`].
///
/// # Safety
/// `matrix` is good for all its rows, each rounded up to a multiple of [`product::PAD`].
pub(crate) unsafe fn filtered(
    level: Supported,
    (convolution, method, rows): (&Convolution, Method, Range<usize>),
    image: &[f32],
    matrix: (*const f32, usize),
    tail: Tail<'_>,
    out: &mut [f32],
    scratch: &mut [f32],
) {
    let (picture, rest) = convolution.seen(method, rows.clone()).of(image, scratch);
    // SAFETY: as the caller says; the picture has all that windows see.
    unsafe { made(level, (&convolution.band(rows), method), picture, matrix, tail, out, rest) }
}

/// # Safety
/// As for [`filtered`]; the picture has all that windows see.
unsafe fn made(
    level: Supported,
    (convolution, method): (&Convolution, Method),
    picture: (&[f32], usize),
    matrix: (*const f32, usize),
    tail: Tail<'_>,
    out: &mut [f32],
    scratch: &mut [f32],
) {
    // SAFETY: as the caller says.
    unsafe {
        match method {
            Method::Squares => winograd::filtered(level, convolution, picture, matrix, tail, out, scratch),
            Method::Windows | Method::Adding => slide(level, convolution, picture, matrix, tail, out),
        }
    }
}

/// The derivative of a sample's pixels `(pixels, channels)` from that of its filtered ones. The matrix has a row for each
/// tap from the last to the first and each filter, with a column for each channel; for squares, the sums of these. Where
/// windows are added up, it has a row for each filter, and a column for each number in a window.
///
/// # Safety
/// As for [`filtered`].
pub(crate) unsafe fn of_images(
    level: Supported,
    (convolution, method): (&Convolution, Method),
    up: &[f32],
    matrix: (*const f32, usize),
    out: &mut [f32],
    scratch: &mut [f32],
) {
    if method == Method::Adding {
        // SAFETY: as the caller says.
        return unsafe { of_images_by_adding(level, convolution, up, matrix, out, scratch) };
    }
    let (mirrored, padded) = convolution.mirrored(method);
    let (picture, rest) = padded.of(up, scratch);
    // SAFETY: as above.
    unsafe { made(level, (&mirrored, method), picture, matrix, Tail::default(), out, rest) }
}

/// # Safety
/// As for [`filtered`]; the picture has all that windows see.
unsafe fn slide(
    level: Supported,
    convolution: &Convolution,
    (picture, row): (&[f32], usize),
    (matrix, pitch): (*const f32, usize),
    tail: Tail<'_>,
    out: &mut [f32],
) {
    let Convolution { channels, windows: [down, across], places: [rows, columns], filters, .. } = *convolution;
    assert!(out.len() >= rows * columns * filters && picture.len() >= (reach(down, rows) - 1) * row * channels);
    // Where the kernel's columns lie side by side, each of its rows is one run.
    let is_dense = across.dilation == 1;
    let (depth, runs) = if is_dense { (across.size * channels, down.size) } else { (channels, across.size) };
    let jump = if is_dense { down.dilation * row * channels } else { across.dilation * channels };
    let calls = if is_dense { 1 } else { down.size };
    let bias = tail.bias.filter(|_| calls == 1);
    assert!(bias.is_none_or(|bias| bias.len() >= filters));
    let width = product::tile_width(*level);
    for first in (0..filters).step_by(width) {
        let vectors = product::vectors(*level, filters - first);
        let last = product::last_columns(*level, (filters - first).min(width));
        for y in 0..rows {
            for tile in product::cut(0..columns, product::tile_rows(*level, vectors)) {
                for call in 0..calls {
                    let start = (y * down.stride + call * down.dilation) * row + tile.start * across.stride;
                    // SAFETY: the tile's windows are within the picture, its rows within `out`; the caller answers for
                    // the matrix.
                    unsafe {
                        product::make_tile(
                            level,
                            (vectors, tile.len()),
                            &Tile {
                                depth,
                                runs,
                                a: picture.as_ptr().add(start * channels),
                                a_row: across.stride * channels,
                                a_step: 1,
                                a_jump: jump,
                                b: matrix.add(call * runs * depth * pitch + first),
                                b_step: pitch,
                                c: out.as_mut_ptr().add((y * columns + tile.start) * filters + first),
                                c_row: filters,
                                last_columns: last,
                                alpha: 1.0,
                                accumulate: call > 0,
                                bias: bias.map_or(std::ptr::null(), |bias| bias[first..].as_ptr()),
                                relu: tail.relu && calls == 1,
                            },
                        );
                    }
                }
            }
        }
    }
    // Windows that were added up in several calls are finished when all are.
    if calls > 1 {
        for pixel in out.chunks_exact_mut(filters) {
            let bias = tail.bias.unwrap_or_default().iter().chain(std::iter::repeat(&0.0));
            for (number, bias) in pixel.iter_mut().zip(bias) {
                let sum = *number + bias;
                *number = if tail.relu && sum <= 0.0 { 0.0 } else { sum };
            }
        }
    }
}

/// As [`of_images`], by adding up windows.
///
/// # Safety
/// As for [`filtered`].
unsafe fn of_images_by_adding(
    level: Supported,
    convolution: &Convolution,
    up: &[f32],
    (matrix, pitch): (*const f32, usize),
    out: &mut [f32],
    scratch: &mut [f32],
) {
    let Convolution { places: [rows, columns], filters, .. } = *convolution;
    let window = convolution.window();
    let seen = &mut scratch[..columns * window];
    assert!(up.len() >= rows * columns * filters && out.len() >= convolution.pixels() * convolution.channels);
    out.fill(0.0);
    let width = product::tile_width(*level);
    for y in 0..rows {
        for first in (0..window).step_by(width) {
            let vectors = product::vectors(*level, window - first);
            for tile in product::cut(0..columns, product::tile_rows(*level, vectors)) {
                // SAFETY: the tile is within the derivatives of a row of places and its windows; the caller answers for
                // the matrix.
                unsafe {
                    let tile_of_row = Tile {
                        depth: filters,
                        runs: 1,
                        a: up.as_ptr().add((y * columns + tile.start) * filters),
                        a_row: filters,
                        a_step: 1,
                        a_jump: 0,
                        b: matrix.add(first),
                        b_step: pitch,
                        c: seen.as_mut_ptr().add(tile.start * window + first),
                        c_row: window,
                        last_columns: product::last_columns(*level, (window - first).min(width)),
                        alpha: 1.0,
                        accumulate: false,
                        bias: std::ptr::null(),
                        relu: false,
                    };
                    product::make_tile(level, (vectors, tile.len()), &tile_of_row);
                }
            }
        }
        add_windows(level, convolution, y, seen, out);
    }
}

at_each_level!(
    /// Adds the windows of a row of places to the pixels that they saw.
    add_windows => add_windows_generic, convolution: &Convolution, y: usize, seen: &[f32], out: &mut [f32]
);

#[inline(always)]
fn add_windows_generic(convolution: &Convolution, y: usize, seen: &[f32], out: &mut [f32]) {
    let Convolution { extents: [height, width], channels, windows: [down, across], .. } = *convolution;
    let run = across.size * channels;
    for (x, window) in seen.chunks_exact(convolution.window()).enumerate() {
        // The first column that the window sees, counted from the first of padding.
        let start = x * across.stride;
        for (ky, taps) in window.chunks_exact(run).enumerate() {
            let row = (y * down.stride + ky * down.dilation).checked_sub(down.before).filter(|&row| row < height);
            let Some(out) = row.map(|row| &mut out[row * width * channels..][..width * channels]) else { continue };
            if across.dilation == 1 && start >= across.before && start - across.before + across.size <= width {
                let out = &mut out[(start - across.before) * channels..][..run];
                out.iter_mut().zip(taps).for_each(|(out, x)| *out += x);
                continue;
            }
            for (kx, tap) in taps.chunks_exact(channels).enumerate() {
                let column = (start + kx * across.dilation).checked_sub(across.before).filter(|&column| column < width);
                let Some(column) = column else { continue };
                let out = &mut out[column * channels..][..channels];
                out.iter_mut().zip(tap).for_each(|(out, x)| *out += x);
            }
        }
    }
}

/// Adds a sample's part of the filters' derivative to `out`, `(window, filters)` row after row, or writes it there.
///
/// # Safety
/// From each row of `up`, `filters` rounded up to a multiple of [`product::PAD`] can be read.
pub(crate) unsafe fn of_filters(
    level: Supported,
    convolution: &Convolution,
    image: &[f32],
    up: &[f32],
    (out, accumulate): (&mut [f32], bool),
    scratch: &mut [f32],
) {
    let Convolution { channels, windows: [down, across], places: [rows, columns], filters, .. } = *convolution;
    let ((picture, row), _) = convolution.seen(Method::Windows, convolution.rows()).of(image, scratch);
    assert!(up.len() >= rows * columns * filters && out.len() >= convolution.window() * filters);
    let is_dense = across.dilation == 1;
    let (of_call, calls) = if is_dense { (across.size * channels, 1) } else { (channels, across.size) };
    let width = product::tile_width(*level);
    for (ky, kx) in (0..down.size).flat_map(|ky| (0..calls).map(move |kx| (ky, kx))) {
        let tap = (ky * down.dilation * row + kx * across.dilation) * channels;
        let to = (ky * across.size + kx) * channels;
        for first in (0..filters).step_by(width) {
            let vectors = product::vectors(*level, filters - first);
            let last = product::last_columns(*level, (filters - first).min(width));
            for tile in product::cut(0..of_call, product::tile_rows(*level, vectors)) {
                // SAFETY: what the taps see is within the picture, the tile within `out`; the caller answers for `up`.
                unsafe {
                    product::make_tile(
                        level,
                        (vectors, tile.len()),
                        &Tile {
                            depth: columns,
                            runs: rows,
                            a: picture.as_ptr().add(tap + tile.start),
                            a_row: 1,
                            a_step: across.stride * channels,
                            a_jump: down.stride * row * channels,
                            b: up.as_ptr().add(first),
                            b_step: filters,
                            c: out.as_mut_ptr().add((to + tile.start) * filters + first),
                            c_row: filters,
                            last_columns: last,
                            alpha: 1.0,
                            accumulate,
                            bias: std::ptr::null(),
                            relu: false,
                        },
                    );
                }
            }
        }
    }
}

/// The matrix of a convolution for its images' derivative: the taps from the last to the first, each transposed.
/// `from` has `taps · channels` rows of `filters`; or, where it `is_transposed`, as many columns. `which` are the taps of
/// the result that `out` holds.
pub(crate) fn mirror(
    (from, pitch, is_transposed): (&[f32], usize, bool),
    ([taps, channels, filters], which): ([usize; 3], Range<usize>),
    (out, out_pitch): (&mut [f32], usize),
) {
    for (tap, out) in which.zip(out.chunks_exact_mut((filters * out_pitch).max(1))) {
        let first = (taps - 1 - tap) * channels;
        for (filter, out) in out.chunks_exact_mut(out_pitch).enumerate() {
            let at = |channel: usize| match is_transposed {
                true => filter * pitch + first + channel,
                false => (first + channel) * pitch + filter,
            };
            out[..channels].iter_mut().enumerate().for_each(|(channel, out)| *out = from[at(channel)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_convolution_and_its_gradients_are_the_sums_written_out() {
        let window = |size, stride, dilation, before| Window { size, stride, dilation, before };
        let settings = [
            ([7, 6], 1, [window(3, 1, 1, 0), window(3, 1, 1, 0)], 5),
            ([9, 30], 3, [window(3, 1, 1, 1), window(2, 1, 1, 1)], 30),
            ([8, 8], 16, [window(3, 1, 1, 1), window(3, 1, 1, 1)], 70),
            ([9, 8], 2, [window(2, 3, 2, 1), window(3, 2, 2, 2)], 17),
            ([5, 5], 4, [window(1, 2, 1, 0), window(1, 2, 1, 0)], 3),
            ([7, 8], 5, [window(3, 1, 1, 0), window(3, 1, 1, 2)], 20),
            ([6, 5], 17, [window(3, 1, 1, 2), window(3, 1, 1, 1)], 3),
            ([28, 28], 16, [window(3, 1, 1, 1), window(3, 1, 1, 1)], 16),
        ];
        for (extents, channels, windows, filters) in settings {
            let around = windows.map(|w: Window| w.before);
            let places = [0, 1].map(|i| {
                let reach: usize = windows[i].dilation * (windows[i].size - 1) + 1;
                (extents[i] + 2 * around[i] - reach) / windows[i].stride + 1
            });
            let convolution = Convolution { samples: 1, extents, channels, windows, places, filters };
            check(&convolution);
        }
    }

    fn check(convolution: &Convolution) {
        let Convolution { extents: [height, width], channels, windows: [down, across], places, filters, .. } =
            *convolution;
        let numbers = |count: usize, seed: usize| -> Vec<f32> {
            (0..count).map(|i| ((i * 37 + seed * 11) % 23) as f32 - 11.0).collect()
        };
        let (image, matrix) = (numbers(height * width * channels, 1), numbers(convolution.window() * filters, 2));
        let up = numbers(convolution.places() * filters + product::PAD, 3);
        // Whole numbers, so that any order gives the same sums.
        let mut out = vec![0.0f32; convolution.places() * filters];
        let (mut slopes, mut back) = (vec![0.0f32; matrix.len()], vec![0.0f32; image.len()]);
        for (y, x) in (0..places[0]).flat_map(|y| (0..places[1]).map(move |x| (y, x))) {
            for (ky, kx) in (0..down.size).flat_map(|ky| (0..across.size).map(move |kx| (ky, kx))) {
                let row = (y * down.stride + ky * down.dilation).checked_sub(down.before).filter(|&row| row < height);
                let column = (x * across.stride + kx * across.dilation).checked_sub(across.before);
                let (Some(row), Some(column)) = (row, column.filter(|&column| column < width)) else { continue };
                for (c, f) in (0..channels).flat_map(|c| (0..filters).map(move |f| (c, f))) {
                    let (pixel, place) = ((row * width + column) * channels + c, (y * places[1] + x) * filters + f);
                    let weight = ((ky * across.size + kx) * channels + c) * filters + f;
                    out[place] += image[pixel] * matrix[weight];
                    slopes[weight] += image[pixel] * up[place];
                    back[pixel] += matrix[weight] * up[place];
                }
            }
        }
        let pitch = filters.next_multiple_of(product::PAD);
        let mut padded = vec![f32::NAN; convolution.window() * pitch];
        matrix
            .chunks_exact(filters)
            .zip(padded.chunks_exact_mut(pitch))
            .for_each(|(from, to)| to[..filters].copy_from_slice(from));
        let back_pitch = channels.next_multiple_of(product::PAD);
        let mut mirrored = vec![f32::NAN; convolution.taps() * filters * back_pitch];
        let sizes = [convolution.taps(), channels, filters];
        mirror((&padded, pitch, false), (sizes, 0..convolution.taps()), (&mut mirrored, back_pitch));
        let window_pitch = convolution.window().next_multiple_of(product::PAD);
        let mut by_filters = vec![f32::NAN; filters * window_pitch];
        for (row, numbers) in matrix.chunks_exact(filters).enumerate() {
            numbers.iter().enumerate().for_each(|(filter, &x)| by_filters[filter * window_pitch + row] = x);
        }
        // Four results at a time, where that is possible.
        let sums = |from: &[f32], pitch: usize, [channels, filters]: [usize; 2]| {
            let mut sums = vec![f32::NAN; winograd::rows(channels) * pitch];
            winograd::of_weights((from, pitch), [channels, filters], 0..winograd::rows(1), (&mut sums, pitch));
            sums
        };
        let (method, method_back) = (convolution.method(1), convolution.method_of_images(1));
        let mut ways = vec![(Method::Windows, &padded[..], Method::Windows, &mirrored[..], back_pitch)];
        ways.push((Method::Windows, &padded, Method::Adding, &by_filters, window_pitch));
        let (squares, squares_back);
        if method == Method::Squares {
            squares = sums(&padded, pitch, [channels, filters]);
            squares_back = sums(&mirrored, back_pitch, [filters, channels]);
            ways.push((method, &squares, Method::Squares, &squares_back, back_pitch));
        }
        assert!(method_back != Method::Squares || method == method_back);
        for (level, (method, matrix, method_back, matrix_back, pitch_back)) in
            Supported::each().flat_map(|level| ways.iter().map(move |way| (level, *way)))
        {
            let case = format!("{convolution:?} at {level}, {method:?} and {method_back:?}");
            let scratch_len = convolution.scratch_len(method).max(convolution.scratch_len(method_back));
            let mut scratch = vec![f32::NAN; scratch_len.max(convolution.scratch_len(Method::Windows))];
            let (bias, mut finished) = (numbers(filters, 4), vec![f32::NAN; out.len()]);
            let (mut found, mut found_slopes, mut found_back) =
                (vec![f32::NAN; out.len()], vec![f32::NAN; slopes.len()], vec![f32::NAN; back.len()]);
            // SAFETY: the matrices' rows are padded, and what `up` is read beyond its end.
            unsafe {
                let matrix = (matrix.as_ptr(), pitch);
                let tail = Tail { bias: Some(&bias), relu: true };
                filtered(
                    level,
                    (convolution, method, convolution.rows()),
                    &image,
                    matrix,
                    tail,
                    &mut finished,
                    &mut scratch,
                );
                // In bands of some rows.
                let each = 3usize.next_multiple_of(convolution.rows_together(method));
                let bands = found.chunks_mut(each * places[1] * filters).enumerate();
                for (at, out) in bands {
                    let of = (convolution, method, at * each..places[0].min((at + 1) * each));
                    filtered(level, of, &image, matrix, Tail::default(), out, &mut scratch);
                }
                for accumulate in [false, true] {
                    of_filters(level, convolution, &image, &up, (&mut found_slopes, accumulate), &mut scratch);
                }
                let matrix = (matrix_back.as_ptr(), pitch_back);
                of_images(level, (convolution, method_back), &up, matrix, &mut found_back, &mut scratch);
            }
            assert_eq!(found, out, "{case}");
            let tailed = |(i, x): (usize, &f32)| (x + bias[i % filters]).max(0.0);
            assert_eq!(finished, out.iter().enumerate().map(tailed).collect::<Vec<_>>(), "{case}");
            assert!(found_slopes.iter().zip(&slopes).all(|(a, b)| *a == 2.0 * b), "{case}");
            assert_eq!(found_back, back, "{case}");
        }
    }
}
