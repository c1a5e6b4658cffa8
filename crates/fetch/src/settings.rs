//! How long is waited, and how often something is tried again.

use std::time::Duration;

/// How patient a fetch is.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// How long a connection may take.
    pub connect: Duration,
    /// How long a server may be silent.
    pub stall: Duration,
    /// How many redirections are followed.
    pub redirections: u32,
    /// How often in a row a connection may break off without having brought a hundredth of the file.
    pub attempts: u32,
    /// How long to wait before an attempt to go on, times the number of those that failed.
    pub pause: Duration,
    /// Whether the proxies are used that the environment names.
    pub proxies: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(20),
            stall: Duration::from_secs(30),
            redirections: 8,
            attempts: 4,
            pause: Duration::from_secs(1),
            proxies: true,
        }
    }
}
