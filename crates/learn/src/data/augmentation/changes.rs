//! The numbers that are drawn for a picture, and the picture that they make.

use limpid_graph::Stream;

use super::Change;
use super::elastic::Blur;

/// How one picture is changed, as a sum of all changes of an augmentation.
#[derive(Clone, Debug)]
pub(super) struct Changes {
    changes: Vec<Change>,
    height: usize,
    width: usize,
    channels: usize,
    background: f32,
    /// What the brightest is stored as, which noise is a share of.
    range: f32,
    /// Whether numbers are whole and end at 255.
    is_bytes: bool,
    blur: Option<Blur>,
    numbers: Stream,
    noise: Stream,
    field: Stream,
}

/// A picture's own draws stay below this.
const DRAWS: u64 = 64;

/// Memory for the picture under way.
#[derive(Debug)]
pub(super) struct Scratch {
    /// The picture as it is stored, in a frame of background one pixel wide.
    framed: Vec<f32>,
    /// The picture as it becomes.
    out: Vec<f32>,
    /// Where the pixels of a row come from.
    origins: Vec<Origin>,
    /// How far each pixel is moved, and memory for blurring.
    pub(super) fields: [Vec<f32>; 2],
    pub(super) blurred: Vec<f32>,
}

/// Where a pixel's number comes from: the upper left one of four in the frame, and how far to the others.
#[derive(Clone, Copy, Debug, Default)]
struct Origin {
    at: u32,
    right: f32,
    lower: f32,
}

/// A whole number that is at most 1 below `x`, and at most `most`, as float and as bits. `x` is not below 0. Written without
/// a conversion, so that several go through one instruction: a float has no digits after the point from 2²³ on.
#[inline(always)]
fn below(x: f32, most: f32) -> (f32, u32) {
    const WHOLE: f32 = (1u32 << 23) as f32;
    let shifted = ((x - 0.5).max(0.0).min(most)) + WHOLE;
    (shifted - WHOLE, shifted.to_bits() & 0x7F_FFFF)
}

/// From where a pixel's number comes: a matrix around the picture's middle, and a shift.
struct Map {
    matrix: [f32; 4],
    shift: [f32; 2],
}

impl Changes {
    pub(super) fn new(changes: &[Change], [channels, height, width]: [usize; 3], background: f64, seed: u64) -> Self {
        let blur = changes.iter().find_map(|change| match *change {
            Change::Elastic { strength, width: deviation } => Some(Blur::new(strength, deviation, (height, width))),
            _ => None,
        });
        let stream = |purpose: &str| Stream::new(seed, purpose);
        let (numbers, noise, field) =
            (stream("augmentation"), stream("augmentation noise"), stream("augmentation field"));
        let changes = changes.to_vec();
        let background = background as f32;
        Self { changes, height, width, channels, background, range: 1.0, is_bytes: false, blur, numbers, noise, field }
    }

    /// The same for samples that are bytes.
    pub(super) fn of_bytes(self) -> Self {
        Self { range: 255.0, is_bytes: true, ..self }
    }

    /// Memory for one picture after the other, all of it from the beginning.
    pub(super) fn scratch(&self) -> Scratch {
        let (size, plane) = (self.size(), self.height * self.width);
        let of_field = if self.blur.is_some() { plane } else { 0 };
        Scratch {
            framed: Vec::with_capacity(self.channels * (self.height + 2) * (self.width + 2)),
            out: Vec::with_capacity(size),
            origins: Vec::with_capacity(self.width),
            fields: [Vec::with_capacity(of_field), Vec::with_capacity(of_field)],
            blurred: Vec::with_capacity(of_field),
        }
    }

    /// Makes of a sample's numbers what they are in an epoch.
    pub(super) fn apply(
        &self,
        (epoch, sample): (u64, u64),
        from: impl Iterator<Item = f32>,
        scratch: &mut Scratch,
        write: impl FnOnce(&[f32]),
    ) {
        self.frame(from, scratch);
        let map = self.map(epoch, sample);
        let is_elastic = self.blur.as_ref().map(|blur| {
            blur.fill(scratch, |block| self.field.words(epoch, sample * self.blocks() + block));
        });
        self.resample(&map, is_elastic.is_some(), scratch);
        self.add_noise(epoch, sample, &mut scratch.out);
        self.cut_out(epoch, sample, &mut scratch.out);
        if self.is_bytes {
            // What is written is cut off after the point.
            scratch.out.iter_mut().for_each(|x| *x = x.clamp(0.0, 255.0) + 0.5);
        }
        write(&scratch.out);
    }

    fn size(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// More blocks of draws than any of a picture's fields needs.
    fn blocks(&self) -> u64 {
        self.size().max(self.height * self.width) as u64
    }

    /// A number drawn evenly from −1 to 1 for this change of this picture.
    fn draw(&self, (epoch, sample): (u64, u64), number: u64) -> f32 {
        (2.0 * self.numbers.uniform(epoch, sample * DRAWS + number) - 1.0) as f32
    }

    fn below(&self, (epoch, sample): (u64, u64), number: u64, bound: usize) -> usize {
        self.numbers.below(epoch, sample * DRAWS + number, bound as u64) as usize
    }

    /// Copies a picture into its frame.
    fn frame(&self, from: impl Iterator<Item = f32>, scratch: &mut Scratch) {
        let (height, width) = (self.height + 2, self.width + 2);
        scratch.framed.clear();
        scratch.framed.resize(self.channels * height * width, self.background);
        let mut from = from;
        for plane in scratch.framed.chunks_exact_mut(height * width) {
            for row in plane.chunks_exact_mut(width).skip(1).take(self.height) {
                row.iter_mut().skip(1).take(self.width).zip(&mut from).for_each(|(to, x)| *to = x);
            }
        }
    }

    /// All that is the same for each pixel. Turned, slanted and scaled is the picture; its pixels come from the inverse.
    fn map(&self, epoch: u64, sample: u64) -> Map {
        let at = (epoch, sample);
        let mut map = Map { matrix: [1.0, 0.0, 0.0, 1.0], shift: [0.0, 0.0] };
        let radians = |degrees: f64, draw: f32| (degrees.to_radians() * f64::from(draw)) as f32;
        for change in &self.changes {
            match *change {
                Change::Shift(pixels) => map.shifted([0, 1].map(|number| self.draw(at, number) * pixels as f32)),
                Change::Rotate(degrees) => {
                    let angle = radians(degrees, self.draw(at, 2));
                    let (sin, cos) = (libm::sinf(angle), libm::cosf(angle));
                    map.then([cos, sin, -sin, cos]);
                }
                Change::Scale(share) => {
                    let factor = 1.0 / (1.0 + share as f32 * self.draw(at, 3));
                    map.then([factor, 0.0, 0.0, factor]);
                }
                Change::Shear(degrees) => {
                    map.then([1.0, libm::tanf(radians(degrees, self.draw(at, 4))), 0.0, 1.0]);
                }
                Change::Crop(pixels) => {
                    let place = |number| self.below(at, number, 2 * pixels + 1) as f32 - pixels as f32;
                    map.shifted([place(5), place(6)]);
                }
                Change::Flip => {
                    let is_flipped = self.below(at, 7, 2) == 1;
                    map.then([if is_flipped { -1.0 } else { 1.0 }, 0.0, 0.0, 1.0]);
                }
                Change::Elastic { .. } | Change::Noise(_) | Change::CutOut(_) => {}
            }
        }
        map
    }

    /// Takes each pixel from where it comes from, between the four pixels around that place.
    fn resample(&self, map: &Map, is_elastic: bool, scratch: &mut Scratch) {
        let Scratch { framed, out, fields: [down, across], origins, .. } = scratch;
        let (size, stride) = (self.height * self.width, self.width + 2);
        out.clear();
        out.resize(self.size(), 0.0);
        origins.resize(self.width, Origin::default());
        for row in 0..self.height {
            let pixels = row * self.width..(row + 1) * self.width;
            let fields = is_elastic.then(|| (&across[pixels.clone()], &down[pixels.clone()]));
            self.origins(map, row, fields, origins);
            for (plane, out) in framed.chunks_exact((self.height + 2) * stride).zip(out.chunks_exact_mut(size)) {
                for (out, origin) in out[pixels.clone()].iter_mut().zip(&*origins) {
                    let at = origin.at as usize;
                    let (Some(upper), Some(lower)) = (plane.get(at..at + 2), plane.get(at + stride..at + stride + 2))
                    else {
                        continue;
                    };
                    let between = |pair: &[f32]| pair[0] + origin.right * (pair[1] - pair[0]);
                    let (upper, lower) = (between(upper), between(lower));
                    *out = upper + origin.lower * (lower - upper);
                }
            }
        }
    }

    /// Where the pixels of a row come from.
    fn origins(&self, map: &Map, row: usize, fields: Option<(&[f32], &[f32])>, origins: &mut [Origin]) {
        let (height, width) = (self.height as f32, self.width as f32);
        let (middle_x, middle_y) = ((width - 1.0) / 2.0, (height - 1.0) / 2.0);
        let [xx, xy, yx, yy] = map.matrix;
        let y = row as f32 - middle_y - map.shift[1];
        // In the frame's numbers, which begin one pixel earlier.
        let (from_x, from_y) = (xy * y + middle_x + 1.0, yy * y + middle_y + 1.0);
        let first = -middle_x - map.shift[0];
        for (column, origin) in origins.iter_mut().enumerate() {
            let x = column as f32 + first;
            let (moved_x, moved_y) = fields.map_or((0.0, 0.0), |(across, down)| (across[column], down[column]));
            // What lies beyond the frame is background, as the frame is.
            let from_x = (xx * x + from_x + moved_x).clamp(0.0, width + 1.0);
            let from_y = (yx * x + from_y + moved_y).clamp(0.0, height + 1.0);
            let ((left, left_bits), (top, top_bits)) = (below(from_x, width), below(from_y, height));
            let at = top_bits * (self.width as u32 + 2) + left_bits;
            *origin = Origin { at, right: from_x - left, lower: from_y - top };
        }
    }

    /// Adds the sum of four even draws to each number, less its mean: nearly normal, and much quicker to draw.
    fn add_noise(&self, epoch: u64, sample: u64, out: &mut [f32]) {
        let deviation = self.changes.iter().find_map(|change| match *change {
            Change::Noise(deviation) => Some(deviation as f32 * self.range),
            _ => None,
        });
        let Some(deviation) = deviation else { return };
        // Four draws from 0 to 65535 have the variance 4 · 65536² / 12.
        let unit = deviation * (3f32.sqrt() / 65_536.0);
        for (block, pair) in out.chunks_mut(2).enumerate() {
            let words = self.noise.words(epoch, sample * self.blocks() + block as u64);
            for (x, halves) in pair.iter_mut().zip(words.chunks_exact(2)) {
                let sum: u32 = halves.iter().map(|word| (word & 0xFFFF) + (word >> 16)).sum();
                *x += (sum as f32 - 131_070.0) * unit;
            }
        }
    }

    /// Makes a square background, in all channels.
    fn cut_out(&self, epoch: u64, sample: u64, out: &mut [f32]) {
        for change in &self.changes {
            let Change::CutOut(size) = *change else { continue };
            let middle = [self.below((epoch, sample), 8, self.height), self.below((epoch, sample), 9, self.width)];
            let [rows, columns] = [(middle[0], self.height), (middle[1], self.width)].map(|(at, extent)| {
                let end = (at + size.div_ceil(2)).min(extent);
                at.saturating_sub(size / 2)..end
            });
            for plane in out.chunks_exact_mut(self.height * self.width) {
                for row in plane.chunks_exact_mut(self.width).take(rows.end).skip(rows.start) {
                    row[columns.clone()].fill(self.background);
                }
            }
        }
    }
}

impl Map {
    fn shifted(&mut self, [x, y]: [f32; 2]) {
        self.shift = [self.shift[0] + x, self.shift[1] + y];
    }

    /// Applies another matrix to where a pixel comes from.
    fn then(&mut self, [a, b, c, d]: [f32; 4]) {
        let [xx, xy, yx, yy] = self.matrix;
        self.matrix = [a * xx + b * yx, a * xy + b * yy, c * xx + d * yx, c * xy + d * yy];
    }
}
