//! Counter-based random numbers: Philox 4×32-10.
//!
//! A stream is a key; a draw is a pure function of the key and a counter. Nothing is advanced, so that no order of
//! drawing, no tiling and no resumption changes a number, and nothing is global.
//!
//! Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).

/// One block of Philox 4×32 with ten rounds: four random words for a counter and a key.
pub fn philox(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
    const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
    let ([mut a, mut b, mut c, mut d], [mut k0, mut k1]) = (counter, key);
    for _ in 0..10 {
        let (high0, low0) = wide_product(MULTIPLIERS[0], a);
        let (high1, low1) = wide_product(MULTIPLIERS[1], c);
        (a, b, c, d) = (high1 ^ b ^ k0, low1, high0 ^ d ^ k1, low0);
        k0 = k0.wrapping_add(WEYL[0]);
        k1 = k1.wrapping_add(WEYL[1]);
    }
    [a, b, c, d]
}

fn wide_product(a: u32, b: u32) -> (u32, u32) {
    let product = u64::from(a) * u64::from(b);
    ((product >> 32) as u32, product as u32)
}

/// A stream of random numbers: a seed and a purpose. Draws are addressed by (step, index).
///
/// ```
/// use limpid_graph::Stream;
///
/// let weights = Stream::new(1, "0/w");
/// assert_eq!(weights.uniform(0, 7), Stream::new(1, "0/w").uniform(0, 7));
/// assert_ne!(weights.uniform(0, 7), Stream::new(1, "1/w").uniform(0, 7));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

    /// A whole number drawn uniformly from `0..bound`; 0 where the bound is 0.
    ///
    /// The bias of the multiplication is below bound / 2⁶⁴.
    pub fn below(self, step: u64, index: u64, bound: u64) -> u64 {
        let [a, b, ..] = self.words(step, index);
        let random = u64::from(a) << 32 | u64::from(b);
        ((u128::from(random) * u128::from(bound)) >> 64) as u64
    }
}

fn unit(a: u32, b: u32) -> f64 {
    let bits = (u64::from(a) << 32 | u64::from(b)) >> 11;
    bits as f64 / (1u64 << 53) as f64
}

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
