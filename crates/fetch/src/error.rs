//! Why a file could not be fetched.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// A file that could not be fetched. Whatever arrived stays beside its place as `NAME.part`, and the next fetch goes
/// on from there.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FetchError {
    /// This machine could not keep the file.
    #[error("{}: {cause}; {}", path.display(), disk_advice(cause))]
    Disk {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// Something else stands in the file's place, and is not written to.
    #[error("{}: this is {what}; remove it, or choose another folder", path.display())]
    Foreign {
        /// The place.
        path: PathBuf,
        /// What stands there.
        what: &'static str,
    },
    /// No mirror had the file.
    #[error("{name} could not be fetched:{}\n{}", tried_text(.tried), mirrors_advice(.tried))]
    Mirrors {
        /// The file's name.
        name: String,
        /// Each address, and why it would not do.
        tried: Vec<Tried>,
    },
}

/// An address that was tried, and why it would not do.
#[derive(Debug)]
pub struct Tried {
    /// The address.
    pub url: String,
    /// What was wrong.
    pub reason: Reason,
}

/// Why a mirror would not do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Reason {
    /// The address cannot be used.
    #[error("{what:?} is not an address that can be used; expected one that begins with https:// or http://")]
    Address {
        /// The address, or the part that a redirection gave.
        what: String,
    },
    /// The environment names a proxy that cannot be used.
    #[error(
        "the proxy that {variable} names cannot be used: {what}; use an address such as http://proxy.example.com:3128 or \
         socks5://127.0.0.1:1080, or unset {variable}"
    )]
    Proxy {
        /// The environment variable.
        variable: String,
        /// What is wrong with its value.
        what: String,
    },
    /// There is no way to the server.
    #[error("no connection{}: {what}", via.as_ref().map(|via| format!(" through the proxy {via}")).unwrap_or_default())]
    Connection {
        /// What the system, the proxy or the encryption says.
        what: String,
        /// The proxy, without its password.
        via: Option<String>,
    },
    /// The server is silent.
    #[error("nothing came for {seconds} s")]
    Stalled {
        /// How long it was waited for.
        seconds: f64,
    },
    /// The server answers with something else than the file.
    #[error("the server answers {status}{}", status_text(*.status))]
    Status {
        /// The HTTP status.
        status: u16,
    },
    /// The server sends from one address to the next.
    #[error("redirected {} times, last to {last}{}", .count, if *.circle { ", where it was before" } else { "" })]
    Redirected {
        /// How many times.
        count: u32,
        /// The last address.
        last: String,
        /// Whether the last address was asked before.
        circle: bool,
    },
    /// The answer is announced with a length that the file does not have.
    #[error("announces {announced} bytes, but the file has {expected}{}", encoding_text(.encoding))]
    Announced {
        /// The announced length.
        announced: u64,
        /// The published length.
        expected: u64,
        /// How the server says that it packed the file for the way, though asked not to.
        encoding: Option<String>,
    },
    /// More came than the file has.
    #[error("sends more than the file's {expected} bytes")]
    TooMuch {
        /// The most that is taken.
        expected: u64,
    },
    /// The connection broke off, again and again.
    #[error("the connection broke off after {received} of {expected} bytes{}", again(*.attempts))]
    Cut {
        /// How many bytes there are by now.
        received: u64,
        /// The published length.
        expected: u64,
        /// How many attempts there were.
        attempts: u32,
    },
    /// All came, and it is something else.
    #[error(
        "sends another file: its {bytes} bytes have SHA-256 {found}, expected {expected}{}",
        encoding_text(.encoding)
    )]
    Checksum {
        /// How many bytes came.
        bytes: u64,
        /// The published SHA-256.
        expected: String,
        /// That of what came.
        found: String,
        /// How the server says that it packed the file for the way, though asked not to.
        encoding: Option<String>,
    },
}

impl Reason {
    /// Whether it may be the network here, rather than the server.
    fn is_connection(&self) -> bool {
        matches!(self, Self::Connection { .. } | Self::Stalled { .. })
    }
}

fn disk_advice(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some space, or choose a folder on another disk; what has come is kept"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "make its folder writable for this user, or choose another"
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => "a file stands where a folder should; move it",
        _ => "choose another folder",
    }
}

fn status_text(status: u16) -> &'static str {
    match status {
        401 | 403 => " (not allowed)",
        404 | 410 => " (not there)",
        407 => " (the proxy wants a password)",
        429 => " (too many requests; wait a while)",
        500..=599 => " (it has trouble of its own)",
        _ => "",
    }
}

fn encoding_text(encoding: &Option<String>) -> String {
    encoding.as_ref().map(|encoding| format!(" (sent with the content encoding {encoding})")).unwrap_or_default()
}

fn again(attempts: u32) -> String {
    if attempts > 1 { format!(", {attempts} times in a row") } else { String::new() }
}

fn tried_text(tried: &[Tried]) -> String {
    tried.iter().map(|tried| format!("\n  {}: {}", tried.url, tried.reason)).collect()
}

fn mirrors_advice(tried: &[Tried]) -> &'static str {
    if tried.is_empty() {
        return "no address of it is known; name one";
    }
    if tried.iter().all(|tried| matches!(tried.reason, Reason::Proxy { .. })) {
        return "without a proxy, or with one that works, it can be fetched";
    }
    if tried.iter().all(|tried| tried.reason.is_connection()) {
        return "check the network, and the proxy if you need one (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY); the part that \
                has arrived is kept, and the next attempt continues from there";
    }
    "try again later, or name another mirror"
}
