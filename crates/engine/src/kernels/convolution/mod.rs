//! Convolutions of one sample, channels last: products whose left operand is read from the picture, tap by tap. The matrix
//! of windows is never written.
//!
//! A tile of the result is some neighbouring pixels × some vectors of filters. For each row of the kernel a pixel's window
//! is one run of neighbouring numbers, so that a product's micro-kernel reads it where it lies and jumps from run to run.
//! (Dukhan, The Indirect Convolution Algorithm, 2019, reads windows through a table of addresses; here they are at regular
//! distances, since what is padded is copied to scratch memory with its zeros first.)

mod padded;
mod pairs;
pub(crate) mod winograd;

use std::fmt;
use std::ops::Range;

use limpid_graph::op::Window;

use self::padded::Padded;
pub(crate) use self::pairs::paired;
use super::Supported;
use super::product::{self, Tile};

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
    /// Two neighbouring results at a time, as one of twice as many filters ([`pairs`]).
    Pairs,
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
            Method::Windows | Method::Pairs | Method::Adding => 1,
        }
    }

    /// How many pixels windows see, down and across.
    fn reach(&self, method: Method) -> [usize; 2] {
        let places = match method {
            Method::Squares => winograd::squares(self.places).map(|count| 2 * count),
            Method::Windows | Method::Pairs | Method::Adding => self.places,
        };
        [0, 1].map(|axis| reach(self.windows[axis], places[axis]))
    }

    /// How it is made, with a matrix of the filters. `least` is the number of channels times filters from which squares
    /// are thought of.
    pub(crate) fn method(&self, least: usize) -> Method {
        match () {
            () if winograd::pays(self, least) => Method::Squares,
            () if self.can_pair() => Method::Pairs,
            () => Method::Windows,
        }
    }

    /// How the filters' derivative is made.
    pub(crate) fn method_of_filters(&self) -> Method {
        if self.can_pair() { Method::Pairs } else { Method::Windows }
    }

    /// How the images' derivative is made.
    pub(crate) fn method_of_images(&self, least: usize) -> Method {
        if self.adds_windows() { Method::Adding } else { self.back().method(least) }
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

    /// As [`mirrored`](Self::mirrored): the convolution of the filtered pixels' derivatives.
    pub(crate) fn back(&self) -> Self {
        self.mirrored(Method::Windows).0
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
            Method::Pairs => pictures + self.pairs().window() * self.pairs().filters,
            Method::Windows | Method::Adding => pictures.max(windows_of_a_row),
        }
    }
}

/// From the first position that a window sees to the last, at so many places.
fn reach(window: Window, places: usize) -> usize {
    (places - 1) * window.stride + (window.size - 1) * window.dilation + 1
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
/// those that are made together ([`Convolution::rows_together`]), and end so or with the last. The matrix has a row for each
/// number in a window, `pitch` apart; for squares and pairs, it is one that is made from that.
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
            Method::Pairs => {
                let bias = pairs::twice(tail.bias.map(|bias| &bias[..convolution.filters]));
                let tail = Tail { bias: tail.bias.map(|_| &bias[..]), ..tail };
                slide(level, &convolution.pairs(), picture, matrix, tail, out);
            }
            Method::Windows | Method::Adding => slide(level, convolution, picture, matrix, tail, out),
        }
    }
}

/// The derivative of a sample's pixels `(pixels, channels)` from that of its filtered ones. The matrix has a row for each
/// tap from the last to the first and each filter, with a column for each channel; for squares and pairs, it is one that is made
/// from that. Where windows are added up, it has a row for each filter, and a column for each number in a window.
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
    for y in 0..rows {
        // SAFETY: the derivatives of a row of places are within `up`, their windows within `seen`; the caller answers for
        // the matrix.
        unsafe {
            let of_row = up.as_ptr().add(y * columns * filters);
            let to = (seen.as_mut_ptr(), window);
            product::make_tiles(level, [columns, filters, window], (of_row, filters), (matrix, pitch), to);
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
    (convolution, method): (&Convolution, Method),
    image: &[f32],
    up: &[f32],
    (out, accumulate): (&mut [f32], bool),
    scratch: &mut [f32],
) {
    let (picture, rest) = convolution.seen(method, convolution.rows()).of(image, scratch);
    if method != Method::Pairs {
        // SAFETY: as the caller says.
        return unsafe { gather(level, convolution, picture, up, (out, accumulate)) };
    }
    let pairs = convolution.pairs();
    let of_pairs = &mut rest[..pairs.window() * pairs.filters];
    // SAFETY: as the caller says; two results side by side are one.
    unsafe { gather(level, &pairs, picture, up, (of_pairs, false)) };
    pairs::parted(convolution, of_pairs, (out, accumulate));
}

/// # Safety
/// As for [`of_filters`]; the picture has all that windows see.
unsafe fn gather(
    level: Supported,
    convolution: &Convolution,
    (picture, row): (&[f32], usize),
    up: &[f32],
    (out, accumulate): (&mut [f32], bool),
) {
    let Convolution { channels, windows: [down, across], places: [rows, columns], filters, .. } = *convolution;
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
mod tests;
