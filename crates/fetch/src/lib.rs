//! Downloads: a published file and where it can be had → the file, whole and verified, under its name.
//!
//! The only crate that uses the network. It knows a file by its length and its SHA-256 checksum, and does not look into
//! it; that is for [`limpid-files`](https://docs.rs/limpid-files). Servers are not trusted: a file
//! of another length is not read to its end, and a file of another checksum never gets the file's name.
//!
//! ```no_run
//! use limpid_fetch::{Download, Settings, fetch};
//!
//! let labels = Download {
//!     path: "mnist/t10k-labels-idx1-ubyte.gz".into(),
//!     urls: vec!["https://storage.googleapis.com/cvdf-datasets/mnist/t10k-labels-idx1-ubyte.gz".to_string()],
//!     bytes: 4542,
//!     sha256: "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6".to_string(),
//!     unpacked: None,
//! };
//! let fetched = fetch(&labels, &Settings::default(), &mut |event| eprintln!("{event:?}"))?;
//! # Ok::<(), limpid_fetch::FetchError>(())
//! ```

mod check;
mod client;
mod error;
mod fetch;
mod part;
mod proxy;
mod settings;

pub use check::{Download, Unpacked, is_right};
pub use error::{FetchError, Reason, Tried};
pub use fetch::{Event, Fetched, fetch};
pub use settings::Settings;
