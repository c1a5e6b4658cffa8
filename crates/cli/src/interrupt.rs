//! Ctrl-C (SIGINT), SIGTERM and SIGHUP: what they end, what is finished first, and the exit code.
//!
//! Mostly the command ends at once: a result that is written whole is there or not. A verb that has something to lose
//! [holds](hold) the first signal back, looks whether one [came](Held::signal), finishes what it must and ends by itself.
//! The second signal ends it at once in any case. A signal that was ignored when the command began, as `nohup` has
//! SIGHUP ignored and a shell SIGINT for jobs in the background, stays ignored.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use crate::failure::Failure;
use crate::signal::Signal;

static RECEIVED: AtomicI32 = AtomicI32::new(0);
static IS_HELD: AtomicBool = AtomicBool::new(false);
static LAST_WORDS: Mutex<&str> = Mutex::new("nothing was written");

/// What is said when a signal ends the command at once.
pub(crate) fn last_words(words: &'static str) {
    if let Ok(mut last) = LAST_WORDS.lock() {
        *last = words;
    }
}

/// While this is there, the first signal waits.
#[must_use]
pub(crate) struct Held;

/// Holds the first signal back. `says` is what its sender is told meanwhile.
pub(crate) fn hold(says: &'static str) -> Held {
    last_words(says);
    IS_HELD.store(true, Ordering::SeqCst);
    Held
}

impl Held {
    /// The signal that came, if one did.
    pub(crate) fn signal(&self) -> Option<Signal> {
        match RECEIVED.load(Ordering::SeqCst) {
            0 => None,
            number => Some(Signal(number)),
        }
    }

    /// Lets signals end the command again; where one came meanwhile, that is a failure now.
    pub(crate) fn release(self) -> Result<(), Failure> {
        let signal = self.signal();
        drop(self);
        signal.map_or(Ok(()), |signal| Err(Failure::Interrupted(signal)))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        IS_HELD.store(false, Ordering::SeqCst);
    }
}

/// Elsewhere the system ends the command.
#[cfg(not(unix))]
pub(crate) fn watch() {}

/// Begins to listen for signals.
#[cfg(unix)]
pub(crate) fn watch() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    let heard = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| !is_ignored(*signal));
    // Where the system lends no handler, its own way of ending the command stays.
    let Ok(mut signals) = Signals::new(heard) else { return };
    std::thread::spawn(move || {
        for number in signals.forever() {
            hear(Signal(number));
        }
    });
}

#[cfg(unix)]
fn hear(signal: Signal) {
    use crate::output;

    let is_first = RECEIVED.swap(signal.0, Ordering::SeqCst) == 0;
    // A bar may be half drawn.
    let clear = if output::can_redraw() { "\r\x1b[2K" } else { "" };
    if is_first && IS_HELD.load(Ordering::SeqCst) {
        let words = LAST_WORDS.lock().map_or("", |words| *words);
        output::note(&format!("{clear}{signal}: {words}; once more ends at once"));
        return;
    }
    let words = match LAST_WORDS.lock() {
        Ok(words) if is_first => *words,
        _ => "ended at once; nothing was written",
    };
    output::note(&format!("{clear}{signal}: {words}"));
    std::process::exit(signal.exit_code().into());
}

/// Whether a signal was ignored already when this process began.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    use std::io::IsTerminal;

    match std::fs::read_to_string("/proc/self/status") {
        Ok(status) => ignored_mask(&status).is_some_and(|mask| mask >> (signal - 1) & 1 == 1),
        // Other systems do not tell. `nohup` sees to it that nothing is written to a terminal.
        Err(_) => signal == 1 && !std::io::stdout().is_terminal() && !std::io::stderr().is_terminal(),
    }
}

/// The set of ignored signals in Linux's words on a process: bit 0 stands for signal 1.
#[cfg(unix)]
fn ignored_mask(status: &str) -> Option<u64> {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_is_ignored_is_read_from_the_systems_words() {
        assert_eq!(ignored_mask("Name:\tlimpid\nSigBlk:\t0000000000000001\nSigIgn:\t0000000000001001\n"), Some(0x1001));
        assert_eq!(ignored_mask("Name:\tlimpid\n"), None);
        assert_eq!(ignored_mask("SigIgn:\tnone"), None);
    }
}
