//! A signal: its name, and the exit code that it gives.

use std::fmt;

/// A signal that asks the command to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signal(pub(crate) i32);

impl Signal {
    /// 128 and the signal's number, as shells have it: 130 for Ctrl-C.
    pub(crate) fn exit_code(self) -> u8 {
        u8::try_from(128 + self.0).unwrap_or(1)
    }

    /// As POSIX calls it.
    pub(crate) fn name(self) -> &'static str {
        match self.0 {
            1 => "SIGHUP",
            2 => "SIGINT",
            _ => "SIGTERM",
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 == 2 { "Ctrl-C" } else { self.name() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signals_exit_code_is_the_shells() {
        let codes = [(1, "SIGHUP", 129), (2, "Ctrl-C", 130), (15, "SIGTERM", 143)];
        for (number, name, code) in codes {
            assert_eq!((Signal(number).to_string().as_str(), Signal(number).exit_code()), (name, code));
        }
    }
}
