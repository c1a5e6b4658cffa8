//! Everything that comes from outside as bytes: data sets and models, read and written.
//!
//! Nothing that arrives here is trusted. Every reader takes a byte slice, checks each length against what there
//! really is before it allocates, and answers with a [`Tensor`](limpid_graph::Tensor) or with a typed error that
//! says where it went wrong and what would fix it. No input makes a reader panic.
//!
//! | to | use |
//! |---|---|
//! | read a file, plain or gzip'd, under a cap | [`read_plain_or_gzip`], [`gunzip`] |
//! | read an IDX array, the format MNIST is published in | [`read_idx`] |
//! | find and load the MNIST digits | [`locate_mnist`], [`Mnist::load`] |
//! | keep named arrays and notes about them | [`ModelFile`] |
//! | know before a long run that its output can be written | [`writable`] |
//!
//! This crate knows arrays and their names, and nothing of networks: what the names mean is the caller's.

mod bytes;
mod digest;
mod idx;
mod mnist;
mod model;
mod output;

pub use bytes::{GzipError, ReadError, gunzip, read_plain_or_gzip};
pub use idx::{IdxError, read_idx};
pub use mnist::{Looked, Mnist, MnistError, MnistPlaces, locate_mnist, locate_mnist_in};
pub use model::{MODEL_CAP_BYTES, ModelError, ModelFile, ModelFileError};
pub use output::{OutputError, writable, write_whole};
