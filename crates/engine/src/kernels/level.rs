//! Which instructions the processor has.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;
use std::sync::OnceLock;

/// A set of instructions that kernels are compiled for.
///
/// Results are the same bits at each level for elementwise work; products may differ between levels, since the wider
/// ones fuse multiplication and addition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// What every processor of the architecture has.
    Portable,
    /// x86-64 with AVX2 and FMA.
    Avx2,
    /// x86-64 with AVX-512 F, VL, DQ and BW.
    Avx512,
}

/// The environment variable that lowers the level: `portable`, `avx2` or `avx512`.
pub const VARIABLE: &str = "LIMPID_SIMD";

impl Level {
    /// Every level, the lowest first.
    pub const ALL: &[Self] = &[Self::Portable, Self::Avx2, Self::Avx512];

    /// Every level that this processor has, the lowest first.
    ///
    /// ```
    /// use limpid_engine::kernels::Level;
    ///
    /// assert_eq!(Level::available().next(), Some(Level::Portable));
    /// assert_eq!(Level::available().last(), Some(Level::highest()));
    /// ```
    pub fn available() -> impl Iterator<Item = Self> {
        let highest = Self::highest();
        Self::ALL.iter().copied().filter(move |level| *level <= highest)
    }

    /// The highest level that this processor has, or the one that [`VARIABLE`] asks for. A value that does not fit counts as
    /// not set here; [`check_environment`](crate::check_environment) and whatever runs by a session say so.
    pub fn of_this_machine() -> Self {
        static LEVEL: OnceLock<Level> = OnceLock::new();
        *LEVEL.get_or_init(|| {
            let asked = crate::environment::level_asked_for().ok().flatten();
            asked.unwrap_or_else(Self::highest)
        })
    }

    /// The highest level that this processor has.
    pub fn highest() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512bw");
            match (avx2, avx512) {
                (true, true) => return Self::Avx512,
                (true, false) => return Self::Avx2,
                _ => {}
            }
        }
        Self::Portable
    }
}

/// A level that this processor has. Anybody can name a [`Level`]; kernels take this, which is made only here, from what
/// the processor was asked. Their `unsafe` calls of functions that are compiled for a level rest on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Supported(Level);

impl Supported {
    /// What every processor has.
    pub(crate) const PORTABLE: Self = Self(Level::Portable);

    /// The level, or the highest that this processor has where that is lower.
    #[inline]
    pub(crate) fn at_most(level: Level) -> Self {
        Self(level.min(Level::highest()))
    }

    /// The level, for benchmarks and tests, which ask for one by name.
    ///
    /// # Panics
    /// Where the processor lacks it.
    pub(crate) fn asserted(level: Level) -> Self {
        assert!(level <= Level::highest(), "this processor lacks {level}");
        Self(level)
    }

    /// Every level that this processor has, the lowest first.
    #[cfg(test)]
    pub(crate) fn each() -> impl Iterator<Item = Self> {
        Level::available().map(Self::asserted)
    }
}

impl fmt::Display for Supported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Deref for Supported {
    type Target = Level;

    fn deref(&self) -> &Level {
        &self.0
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        })
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|level| level.to_string() == text);
        found.copied().ok_or_else(|| format!("unknown instruction set `{text}`; use portable, avx2 or avx512"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tests that walk over [`Level::available`] cover these levels; CI shows what this one prints.
    #[test]
    #[cfg(target_os = "linux")]
    fn the_levels_are_those_that_the_system_says_the_processor_has() {
        let described = std::fs::read_to_string("/proc/cpuinfo").unwrap();
        let flags: Vec<&str> = described
            .lines()
            .find_map(|line| line.strip_prefix("flags")?.split_once(':'))
            .map_or(Vec::new(), |(_, flags)| flags.split_whitespace().collect());
        let has = |names: &[&str]| names.iter().all(|name| flags.contains(name));
        let avx2 = has(&["avx2", "fma"]);
        let avx512 = avx2 && has(&["avx512f", "avx512vl", "avx512dq", "avx512bw"]);
        let (found, lacking): (Vec<Level>, Vec<Level>) = Level::ALL.iter().partition(|level| match level {
            Level::Portable => true,
            Level::Avx2 => avx2,
            Level::Avx512 => avx512,
        });
        assert_eq!(Level::available().collect::<Vec<_>>(), found);
        let names = |levels: &[Level]| match levels {
            [] => "none".to_string(),
            _ => levels.iter().map(Level::to_string).collect::<Vec<_>>().join(" "),
        };
        println!("levels of this processor: {}; not of it: {}", names(&found), names(&lacking));
    }
}
