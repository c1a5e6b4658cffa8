//! A picture with zeros around its pixels, and between them.

/// A picture with zeros around it, and between its pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Padded {
    pub(super) source: [usize; 2],
    pub(super) channels: usize,
    /// Where the first pixel stands; below 0 where pixels are cut off.
    pub(super) before: [isize; 2],
    /// How far apart pixels stand.
    pub(super) spread: [usize; 2],
    pub(super) extents: [usize; 2],
}

impl Padded {
    /// Where it begins in the source, if it is a part of that whose rows begin where the source's do.
    fn in_source(&self) -> Option<usize> {
        let first = usize::try_from(-self.before[0]).ok()?;
        let fits = first + self.extents[0] <= self.source[0] && self.extents[1] <= self.source[1];
        let is_part = self.before[1] == 0 && self.spread == [1, 1] && fits;
        is_part.then_some(first * self.source[1] * self.channels)
    }

    /// How many numbers of scratch memory it takes.
    pub(super) fn len(&self) -> usize {
        if self.in_source().is_some() { 0 } else { self.extents[0] * self.extents[1] * self.channels }
    }

    /// The picture, in scratch memory where it is not the source, and how many pixels apart its rows are; and the rest of
    /// the scratch memory.
    pub(super) fn of<'s>(&self, source: &'s [f32], scratch: &'s mut [f32]) -> ((&'s [f32], usize), &'s mut [f32]) {
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
