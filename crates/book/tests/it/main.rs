//! What the book shows is right, and covers what it says it covers.

#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

mod convolution;
mod coverage;
mod generalisation;
mod stops;
