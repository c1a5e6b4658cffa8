//! The guide: for those who come from NumPy, and for those who read the book.

/// From NumPy to limpid, as tables.
#[doc = include_str!("guide/from_numpy.md")]
pub mod from_numpy {}

/// The book's chapters: what each is about, and what of this crate it uses.
#[doc = include_str!("guide/chapters.md")]
pub mod chapters {}
