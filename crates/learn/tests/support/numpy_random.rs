//! NumPy's legacy `RandomState`, draw for draw: the generator behind numbers that were printed with it.
//!
//! MT19937 (Matsumoto and Nishimura 1998) seeded from one integer, doubles with 53 bits from two outputs, normals by
//! the polar method (Marsaglia and Bray 1964) with the second of each pair kept for the next call, and the shuffle
//! with masked rejection. NumPy has frozen this stream: its policy (NEP 19) is never to change it.
//!
//! Integers and uniform draws are the same on every platform. A normal takes one logarithm from the C library, as
//! NumPy does, so where two C libraries round a logarithm differently its last digit differs too.
//!
//! limpid itself draws from a counter-based generator; this one is for tests and examples only. Include it with
//! `#[path = "support/numpy_random.rs"] mod numpy_random;`.
#![allow(dead_code, reason = "whoever includes this module uses a part of it")]

const STATE_WORDS: usize = 624;
const MIDDLE_WORD: usize = 397;

/// `numpy.random.RandomState(seed)` for a seed that fits 32 bits.
pub(crate) struct RandomState {
    words: [u32; STATE_WORDS],
    /// The next word to hand out; `STATE_WORDS` when the state must be advanced first.
    next: usize,
    /// The second normal of the pair drawn last.
    spare_normal: Option<f64>,
}

impl RandomState {
    /// `RandomState(seed)`.
    pub(crate) fn new(seed: u32) -> Self {
        let mut words = [0; STATE_WORDS];
        let mut word = seed;
        for (index, slot) in (1_u32..).zip(&mut words) {
            *slot = word;
            word = 1_812_433_253_u32.wrapping_mul(word ^ (word >> 30)).wrapping_add(index);
        }
        Self { words, next: STATE_WORDS, spare_normal: None }
    }

    /// The generator's next 32 bits.
    pub(crate) fn next_u32(&mut self) -> u32 {
        if self.next == STATE_WORDS {
            self.advance();
        }
        let mut word = self.words[self.next];
        self.next += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        word ^ (word >> 18)
    }

    /// `random_sample()`: uniform in [0, 1), a multiple of 2⁻⁵³.
    pub(crate) fn random_sample(&mut self) -> f64 {
        let high = f64::from(self.next_u32() >> 5);
        let low = f64::from(self.next_u32() >> 6);
        (high * 67_108_864.0 + low) / 9_007_199_254_740_992.0
    }

    /// `randn()`: one draw from the standard normal distribution.
    pub(crate) fn randn(&mut self) -> f64 {
        if let Some(normal) = self.spare_normal.take() {
            return normal;
        }
        loop {
            let x = 2.0 * self.random_sample() - 1.0;
            let y = 2.0 * self.random_sample() - 1.0;
            let squared_radius = x * x + y * y;
            if squared_radius < 1.0 && squared_radius != 0.0 {
                let scale = (-2.0 * squared_radius.ln() / squared_radius).sqrt();
                self.spare_normal = Some(scale * x);
                return scale * y;
            }
        }
    }

    /// `permutation(count)`: the integers below `count` in random order.
    pub(crate) fn permutation(&mut self, count: u32) -> Vec<u32> {
        let mut order: Vec<u32> = (0..count).collect();
        for last in (1..count).rev() {
            let other = self.at_most(last);
            order.swap(last as usize, other as usize);
        }
        order
    }

    /// Uniform in 0..=max, for a `max` of at least 1: draws as many bits as it has until they are not above it.
    fn at_most(&mut self, max: u32) -> u32 {
        let mask = u32::MAX >> max.leading_zeros();
        loop {
            let value = self.next_u32() & mask;
            if value <= max {
                return value;
            }
        }
    }

    fn advance(&mut self) {
        for index in 0..STATE_WORDS {
            let following = self.words[(index + 1) % STATE_WORDS];
            let mixed = (self.words[index] & 0x8000_0000) | (following & 0x7fff_ffff);
            let twist = if mixed & 1 == 1 { 0x9908_b0df } else { 0 };
            self.words[index] = self.words[(index + MIDDLE_WORD) % STATE_WORDS] ^ (mixed >> 1) ^ twist;
        }
        self.next = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::RandomState;

    /// Zero where the C library is the one that NumPy's own numbers below came through.
    const NORMAL_TOLERANCE: f64 = if cfg!(all(target_os = "linux", target_env = "gnu")) { 0.0 } else { 1e-15 };

    fn assert_normal(drawn: f64, numpy: f64) {
        assert!((drawn - numpy).abs() <= NORMAL_TOLERANCE * numpy.abs(), "drew {drawn}, NumPy draws {numpy}");
    }

    #[test]
    fn words_are_numpys() {
        let mut random = RandomState::new(42);
        assert_eq!([(); 4].map(|()| random.next_u32()), [1_608_637_542, 3_421_126_067, 4_083_286_876, 787_846_414]);
    }

    #[test]
    fn uniform_draws_are_numpys() {
        let mut random = RandomState::new(42);
        let drawn = [(); 4].map(|()| random.random_sample());
        assert_eq!(
            drawn,
            [0.374_540_118_847_362_5, 0.950_714_306_409_916_2, 0.731_993_941_811_405_1, 0.598_658_484_197_036_6]
        );
    }

    #[test]
    fn normal_draws_are_numpys() {
        let mut random = RandomState::new(42);
        for numpy in
            [0.496_714_153_011_232_7, -0.138_264_301_171_184_66, 0.647_688_538_100_692_5, 1.523_029_856_408_025_4]
        {
            assert_normal(random.randn(), numpy);
        }
        let mut random = RandomState::new(42);
        let many: Vec<f64> = (0..784 * 50 + 50 * 50 + 50 * 10).map(|_| random.randn()).collect();
        assert_normal(many[39_199], 0.126_179_159_673_471_57);
        assert_normal(many[39_200], -0.886_867_284_426_851_5);
        assert_normal(many[42_199], -0.961_910_373_876_652_6);
        assert_normal(RandomState::new(0).randn(), 1.764_052_345_967_664);
        assert_normal(RandomState::new(u32::MAX).randn(), 0.648_408_674_230_652_7);
    }

    #[test]
    fn the_second_normal_of_a_pair_waits_for_the_next_call() {
        let mut random = RandomState::new(42);
        for _ in 0..5 {
            random.randn();
        }
        assert_eq!(random.random_sample(), 0.058_083_612_168_199_46);
        assert_normal(random.randn(), -0.234_136_956_949_180_55);
    }

    #[test]
    fn permutations_are_numpys() {
        assert_eq!(RandomState::new(42).permutation(10), [8, 1, 5, 0, 7, 2, 9, 4, 3, 6]);
        let order = RandomState::new(42).permutation(70_000);
        assert_eq!(order[..8], [46_730, 48_393, 41_416, 34_506, 43_725, 11_615, 24_656, 22_411]);
        assert_eq!((order[13_999], order[69_999]), (63_452, 15_795));
        assert_eq!(RandomState::new(42).permutation(1), [0]);
        assert!(RandomState::new(42).permutation(0).is_empty());
    }
}
