//! Counter-based random numbers: Philox 4×32-10.
//!
//! A stream is a key; a draw is a pure function of the key and a counter. Nothing is advanced, so that no order of
//! drawing, no tiling and no resumption changes a number, and nothing is global.
//!
//! Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).

use std::fmt;

/// One block of Philox 4×32 with ten rounds: four random words for a counter and a key.
#[inline(always)]
pub fn philox(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    const MULTIPLIERS: [u64; 2] = [0xD251_1F53, 0xCD9E_8D57];
    const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
    // Each word has 64 bits to itself, of which the lower ones count: a vector multiplies such without moving any.
    let lower = |word: u64| word & u64::from(u32::MAX);
    let ([mut a, mut b, mut c, mut d], [mut k0, mut k1]) = (counter.map(u64::from), key);
    for _ in 0..10 {
        let (product0, product1) = (lower(a) * MULTIPLIERS[0], lower(c) * MULTIPLIERS[1]);
        (a, b) = (product1 >> 32 ^ b ^ u64::from(k0), product1);
        (c, d) = (product0 >> 32 ^ d ^ u64::from(k1), product0);
        k0 = k0.wrapping_add(WEYL[0]);
        k1 = k1.wrapping_add(WEYL[1]);
    }
    [a as u32, b as u32, c as u32, d as u32]
}

/// So many blocks are made together: the vectors of any processor hold a whole part of them.
const LANES: usize = 16;

/// A stream of random numbers: a seed and a purpose. Draws are addressed by (step, index).
///
/// ```
/// use limpid_tensor::Stream;
///
/// let weights = Stream::new(1, "0/w");
/// assert_eq!(weights.uniform(0, 7), Stream::new(1, "0/w").uniform(0, 7));
/// assert_ne!(weights.uniform(0, 7), Stream::new(1, "1/w").uniform(0, 7));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stream {
    key: [u32; 2],
}

impl Stream {
    /// The stream of this seed for this purpose; purposes of different names do not share numbers.
    pub fn new(seed: u64, purpose: &str) -> Self {
        let [a, b, ..] = philox(words(fnv1a(purpose)), halves(seed));
        Self { key: [a, b] }
    }

    /// Four random words.
    pub fn words(self, step: u64, index: u64) -> [u32; 4] {
        let ([i0, i1], [s0, s1]) = (halves(index), halves(step));
        philox([i0, i1, s0, s1], self.key)
    }

    /// A number drawn uniformly from [0, 1), a multiple of 2⁻⁵³.
    pub fn uniform(self, step: u64, index: u64) -> f64 {
        let [a, b, ..] = self.words(step, index);
        unit(a, b)
    }

    /// A number drawn from the normal distribution of mean 0 and standard deviation 1.
    ///
    /// Source: Box & Muller, "A note on the generation of random normal deviates" (1958).
    pub fn normal(self, step: u64, index: u64) -> f64 {
        let [a, b, c, d] = self.words(step, index);
        // 1 − u lies in (0, 1], where the logarithm is finite.
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - unit(a, b)));
        radius * libm::cos(std::f64::consts::TAU * unit(c, d))
    }

    /// A number drawn uniformly from [0, 1), a multiple of 2⁻²⁴: the same in 32 bits and in 64, and never 1.
    ///
    /// Sixty-four draws share the words of sixteen blocks: the sixteen first words come first, then the second ones. So
    /// whoever makes many together computes the blocks beside each other and moves no word.
    pub fn uniform_f32(self, step: u64, index: u64) -> f32 {
        let (run, within) = (index / Self::RUN as u64, index as usize % Self::RUN);
        let block = run * LANES as u64 + (within % LANES) as u64;
        unit_f32(self.words(step, block)[within / LANES])
    }

    /// So many draws are made together: see [`uniforms_f32`](Stream::uniforms_f32).
    pub const RUN: usize = 4 * LANES;

    /// The draws [`uniform_f32`](Stream::uniform_f32) of the indices from `RUN · run` on, beside each other, so that the
    /// compiler keeps them in the processor's vectors.
    ///
    /// ```
    /// use limpid_tensor::Stream;
    ///
    /// let stream = Stream::new(1, "mask");
    /// assert_eq!(stream.uniforms_f32(7, 1)[3], stream.uniform_f32(7, Stream::RUN as u64 + 3));
    /// ```
    #[inline(always)]
    pub fn uniforms_f32(self, step: u64, run: u64) -> [f32; Self::RUN] {
        let ([i0, i1], [s0, s1]) = (halves(run.wrapping_mul(LANES as u64)), halves(step));
        let mut out = [0.0; Self::RUN];
        for lane in 0..LANES {
            // The blocks' numbers differ in their last four bits alone.
            let [a, b, c, d] = philox([i0 | lane as u32, i1, s0, s1], self.key);
            out[lane] = unit_f32(a);
            out[LANES + lane] = unit_f32(b);
            out[2 * LANES + lane] = unit_f32(c);
            out[3 * LANES + lane] = unit_f32(d);
        }
        out
    }

    /// A whole number drawn uniformly from `0..bound`; 0 where the bound is 0.
    ///
    /// The bias of the multiplication is below bound / 2⁶⁴.
    pub fn below(self, step: u64, index: u64, bound: u64) -> u64 {
        let [a, b, ..] = self.words(step, index);
        let random = u64::from(a) << 32 | u64::from(b);
        ((u128::from(random) * u128::from(bound)) >> 64) as u64
    }
}

impl fmt::Display for Stream {
    /// Its key, by which two streams are told apart.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}{:08x}", self.key[0], self.key[1])
    }
}

/// The highest 24 bits as a fraction, which a 32-bit float holds without rounding.
#[inline(always)]
fn unit_f32(word: u32) -> f32 {
    (word >> 8) as f32 * (1.0 / (1u32 << 24) as f32)
}

fn unit(a: u32, b: u32) -> f64 {
    let bits = (u64::from(a) << 32 | u64::from(b)) >> 11;
    bits as f64 / (1u64 << 53) as f64
}

#[inline(always)]
fn halves(word: u64) -> [u32; 2] {
    [word as u32, (word >> 32) as u32]
}

fn words(word: u64) -> [u32; 4] {
    let [low, high] = halves(word);
    [low, high, 0, 0]
}

/// FNV-1a over the bytes of a name: 64 bits. Source: Fowler, Noll, Vo; RFC 9923.
fn fnv1a(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
