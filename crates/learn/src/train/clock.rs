//! Time of day and time passed. The one place that asks the machine's clock, which the web's bare WebAssembly lacks.

use serde::Serialize;

/// When a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct StepTime {
    /// Time of day: seconds since 1970-01-01 00:00 UTC.
    pub unix_seconds: f64,
    /// Seconds since the training began.
    pub elapsed_seconds: f64,
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod machine {
    use std::time::{Instant, SystemTime, UNIX_EPOCH};

    /// Runs from its making.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Clock(Instant);

    impl Clock {
        pub(crate) fn start() -> Self {
            Self(Instant::now())
        }

        pub(crate) fn now(self) -> super::StepTime {
            let unix_seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
            super::StepTime { unix_seconds, elapsed_seconds: self.0.elapsed().as_secs_f64() }
        }
    }
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod machine {
    /// Stands still: there is no clock to ask.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Clock;

    impl Clock {
        pub(crate) fn start() -> Self {
            Self
        }

        pub(crate) fn now(self) -> super::StepTime {
            super::StepTime { unix_seconds: 0.0, elapsed_seconds: 0.0 }
        }
    }
}

pub(crate) use machine::Clock;
