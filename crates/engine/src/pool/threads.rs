//! How many threads to compute with.

use std::ffi::{OsStr, OsString};

use thiserror::Error;

/// The environment variable that says how many threads to compute with: a whole number from 1 to [`MOST_THREADS`].
pub const THREADS: &str = "LIMPID_THREADS";

/// The most threads that a pool has.
pub const MOST_THREADS: usize = 1024;

/// [`THREADS`] holds what is no number of threads.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{THREADS} is {}, not a number of threads; use a whole number from 1 to {MOST_THREADS}", found.display())]
pub struct ThreadsError {
    found: OsString,
}

/// How many threads to compute with: what [`THREADS`] asks for, else as many as this process may use at once.
///
/// The latter is the number of cores in the process's affinity mask, or less where a quota allows it less time (on
/// Linux; see [`std::thread::available_parallelism`]). A variable that holds no number of threads counts as not set; a
/// program that wants to say so asks [`threads_asked_for`]. Where there are no threads, as in a browser, it is 1.
///
/// It asks the system each time (tens of microseconds), so keep the answer.
///
/// ```
/// assert!(limpid_engine::available_threads() >= 1);
/// ```
pub fn available_threads() -> usize {
    if cfg!(target_family = "wasm") {
        return 1;
    }
    let asked = threads_asked_for().ok().flatten();
    asked.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)).min(MOST_THREADS)
}

/// How many threads [`THREADS`] asks for, `None` where it is not set.
///
/// # Errors
/// Where it holds anything but a whole number from 1 to [`MOST_THREADS`].
pub fn threads_asked_for() -> Result<Option<usize>, ThreadsError> {
    std::env::var_os(THREADS).as_deref().map(read).transpose()
}

fn read(text: &OsStr) -> Result<usize, ThreadsError> {
    let number = text.to_str().and_then(|text| text.parse().ok());
    let number = number.filter(|number| (1..=MOST_THREADS).contains(number));
    number.ok_or_else(|| ThreadsError { found: text.to_os_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_from_one_on_are_numbers_of_threads() {
        for (text, number) in [("1", 1), ("2", 2), ("064", 64), ("1024", 1024)] {
            assert_eq!(read(OsStr::new(text)), Ok(number));
        }
    }

    #[test]
    fn anything_else_is_an_error_that_says_what_fits() {
        for text in ["", "0", "-1", "1025", "2.0", " 2", "two", "99999999999999999999999"] {
            let message = read(OsStr::new(text)).unwrap_err().to_string();
            assert_eq!(
                message,
                format!("LIMPID_THREADS is {text}, not a number of threads; use a whole number from 1 to 1024")
            );
        }
    }
}
