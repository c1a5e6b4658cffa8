//! Pairs: where there are few filters, two neighbouring results are made as one of twice as many, so that a vector is
//! filled. Their window is as much wider as windows move, and half of their filters' weights there are 0.
//!
//! Such a zero times a number that is infinite, or none, is none: where a picture has such pixels, their neighbours' results
//! are none, too.

use super::Convolution;
use crate::kernels::product;

impl Convolution {
    /// Whether two results fit where one does.
    pub(super) fn can_pair(&self) -> bool {
        2 * self.filters <= product::PAD && self.places[1].is_multiple_of(2) && self.windows[1].dilation == 1
            // The more a window moves, the less of it two results share.
            && self.windows[1].stride < self.windows[1].size
    }

    /// The convolution of pairs.
    pub(super) fn pairs(&self) -> Self {
        let [down, across] = self.windows;
        let wider = limpid_graph::op::Window { size: across.size + across.stride, stride: 2 * across.stride, ..across };
        let [rows, columns] = self.places;
        Self { windows: [down, wider], places: [rows, columns / 2], filters: 2 * self.filters, ..*self }
    }

    /// How many rows the matrix of pairs has.
    pub(crate) fn rows_of_pairs(&self) -> usize {
        self.pairs().window()
    }
}

/// A convolution's matrix for pairs, from one with a row for each tap and channel and a column for each filter.
pub(crate) fn paired(convolution: &Convolution, (from, pitch): (&[f32], usize), (out, out_pitch): (&mut [f32], usize)) {
    let Convolution { channels, filters, windows: [_, across], .. } = *convolution;
    let run = (across.size + across.stride) * channels;
    for (row, out) in out.chunks_exact_mut(out_pitch).enumerate() {
        let (ky, at) = (row / run, row % run);
        // The second result's window begins a stride further.
        for (out, shift) in out.chunks_exact_mut(filters).zip([0, across.stride * channels]) {
            match at.checked_sub(shift).filter(|&at| at < across.size * channels) {
                Some(at) => out.copy_from_slice(&from[(ky * across.size * channels + at) * pitch..][..filters]),
                None => out.fill(0.0),
            }
        }
    }
}

/// The filters' derivative `(window, filters)` from that of pairs.
pub(super) fn parted(convolution: &Convolution, of_pairs: &[f32], (out, accumulate): (&mut [f32], bool)) {
    let Convolution { channels, filters, windows: [down, across], .. } = *convolution;
    let shift = across.stride * channels;
    for ky in 0..down.size {
        let from = &of_pairs[ky * (across.size * channels + shift) * 2 * filters..];
        let out = &mut out[ky * across.size * channels * filters..][..across.size * channels * filters];
        for (at, out) in out.chunks_exact_mut(filters).enumerate() {
            let first = &from[at * 2 * filters..][..filters];
            let second = &from[(at + shift) * 2 * filters + filters..][..filters];
            for ((out, first), second) in out.iter_mut().zip(first).zip(second) {
                *out = if accumulate { *out + (first + second) } else { first + second };
            }
        }
    }
}

/// A bias for both results of a pair.
pub(super) fn twice(bias: Option<&[f32]>) -> [f32; product::PAD] {
    let mut twice = [0.0; product::PAD];
    if let Some(bias) = bias {
        twice.chunks_exact_mut(bias.len()).take(2).for_each(|out| out.copy_from_slice(bias));
    }
    twice
}
