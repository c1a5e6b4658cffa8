//! Variables of the environment that sessions heed. A value that does not fit is never passed over in silence: a session
//! says so when it first runs something, and a program asks [`check_environment`] before it begins.

use std::ffi::{OsStr, OsString};

use thiserror::Error;

use crate::kernels::{Level, VARIABLE};
use crate::pool::{ThreadsError, threads_asked_for};

/// The environment variable that says what runs graphs in `f32`: `engine`, or `interpreter` for the reference.
pub const ENGINE: &str = "LIMPID_ENGINE";

/// A variable of the environment whose value does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EnvironmentError {
    /// [`THREADS`](crate::THREADS).
    #[error(transparent)]
    Threads(#[from] ThreadsError),
    /// [`VARIABLE`] names no level.
    #[error("{VARIABLE} is {}, not a set of instructions; {hint}", found.display())]
    UnknownLevel {
        /// What it holds.
        found: OsString,
        /// What this processor has.
        hint: String,
    },
    /// [`VARIABLE`] names a level that this processor lacks.
    #[error("{VARIABLE} is {found}, which this processor lacks; {hint}")]
    LackingLevel {
        /// The level.
        found: Level,
        /// What this processor has.
        hint: String,
    },
    /// [`ENGINE`] names nothing that runs graphs.
    #[error("{ENGINE} is {}, which runs no graphs; use engine or interpreter", found.display())]
    UnknownEngine {
        /// What it holds.
        found: OsString,
    },
}

/// Checks the variables that sessions heed: [`THREADS`](crate::THREADS), [`VARIABLE`] and [`ENGINE`].
///
/// ```
/// assert!(limpid_engine::check_environment().is_ok());
/// ```
///
/// # Errors
/// The first whose value does not fit.
pub fn check_environment() -> Result<(), EnvironmentError> {
    threads_asked_for()?;
    level_asked_for()?;
    interpreter_asked_for().map(drop)
}

/// The level that [`VARIABLE`] asks for, `None` where it is not set.
pub(crate) fn level_asked_for() -> Result<Option<Level>, EnvironmentError> {
    std::env::var_os(VARIABLE).map(|text| level(&text, Level::highest())).transpose()
}

/// Whether [`ENGINE`] asks for the interpreter.
pub(crate) fn interpreter_asked_for() -> Result<bool, EnvironmentError> {
    std::env::var_os(ENGINE).map_or(Ok(false), |text| is_interpreter(&text))
}

fn level(text: &OsStr, highest: Level) -> Result<Level, EnvironmentError> {
    let available: Vec<String> =
        Level::ALL.iter().filter(|&&level| level <= highest).map(ToString::to_string).collect();
    let hint = match &available[..] {
        [lower @ .., highest] if !lower.is_empty() => format!("use {} or {highest}", lower.join(", ")),
        all => format!("use {}", all.concat()),
    };
    match text.to_str().and_then(|text| text.parse::<Level>().ok()) {
        Some(found) if found <= highest => Ok(found),
        Some(found) => Err(EnvironmentError::LackingLevel { found, hint }),
        None => Err(EnvironmentError::UnknownLevel { found: text.to_os_string(), hint }),
    }
}

fn is_interpreter(text: &OsStr) -> Result<bool, EnvironmentError> {
    match text.to_str() {
        Some("engine") => Ok(false),
        Some("interpreter") => Ok(true),
        _ => Err(EnvironmentError::UnknownEngine { found: text.to_os_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_up_to_the_highest_fit_and_others_are_errors_that_say_which_do() {
        let read = |text: &str, highest| level(OsStr::new(text), highest).map_err(|error| error.to_string());
        assert_eq!(read("avx2", Level::Avx512), Ok(Level::Avx2));
        assert_eq!(read("portable", Level::Portable), Ok(Level::Portable));
        let lacking = "LIMPID_SIMD is avx512, which this processor lacks; use portable or avx2";
        assert_eq!(read("avx512", Level::Avx2), Err(lacking.to_string()));
        for text in ["", "foo", "AVX2", "avx2 ", "avx1024"] {
            let message = format!("LIMPID_SIMD is {text}, not a set of instructions; use portable");
            assert_eq!(read(text, Level::Portable), Err(message));
        }
    }

    #[test]
    fn engine_and_interpreter_run_graphs_and_nothing_else_does() {
        assert_eq!(is_interpreter(OsStr::new("engine")), Ok(false));
        assert_eq!(is_interpreter(OsStr::new("interpreter")), Ok(true));
        for text in ["", "foo", "Interpreter"] {
            let message = format!("LIMPID_ENGINE is {text}, which runs no graphs; use engine or interpreter");
            assert_eq!(is_interpreter(OsStr::new(text)).unwrap_err().to_string(), message);
        }
    }
}
