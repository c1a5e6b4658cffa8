//! What the book shows is right, and covers what it says it covers.

mod coverage;
mod stops;
