//! limpid: deep learning in which **a network is a computational graph, and the graph is a value**.
//!
//! ```no_run
//! use limpid::prelude::*;
//!
//! fn main() -> Result<(), limpid::Error> {
//!     let (train, test) = limpid::datasets::mnist(&Mnist::default())?;
//!     let network = Network::new(784, (Affine::new(784, 50), Relu, Affine::new(50, 10)));
//!     let mut model = Model::new(&network, 1)?;
//!     model.fit(&train, &FitOptions { epochs: 25, ..FitOptions::default() })?;
//!     println!("{:?}", model.evaluate(&test)?);
//!     Ok(())
//! }
//! ```
//!
//! | module | what is in it |
//! |---|---|
//! | [`graph`] | the graph as a value: describe, differentiate, check, interpret, show |
//! | [`engine`] | the session that runs graphs |
//! | [`learn`] | layers, losses, data sets, training, gradient checks |
//! | [`training`] | one way to train, as the command `limpid train` does: options, what is chosen, the trained model |
//! | [`evaluation`], [`predictions`] | samples that a saved model is evaluated on, and what it says of samples |
//! | [`files`] | reading and writing files of any kind |
//! | [`guide`] | from NumPy and PyTorch to limpid, and the book's chapters |
//! | `fetch` | downloads; with the feature `fetch` |
//! | `draw`, `page` | pictures, and pages of text and pictures; with the feature `draw` |
//! | `weights` | models from weights that other programs trained: NumPy's pickles, safetensors, PyTorch; with the feature `arrays` or `archives` |
//! | `tables`, `pictures` | comma-separated values and folders of pictures as data sets; with the features of these names |
//! | `networks` | networks as TOML files; with the feature `toml` |
//! | [`datasets`], [`models`] | MNIST and others as data sets; a model as a file |

pub mod datasets;
mod error;
pub mod evaluation;
pub mod guide;
pub mod models;
#[cfg(feature = "toml")]
pub mod networks;
#[cfg(feature = "draw")]
pub mod page;
#[cfg(feature = "pictures")]
pub mod pictures;
pub mod predictions;
#[cfg(feature = "tables")]
pub mod tables;
pub mod training;
#[cfg(feature = "arrays")]
pub mod weights;

pub use error::Error;
#[cfg(feature = "draw")]
pub use limpid_draw as draw;
#[cfg(feature = "fetch")]
pub use limpid_fetch as fetch;
pub use {limpid_engine as engine, limpid_files as files, limpid_learn as learn};

/// The graph as a value: describe, from Rust or from a formula's text, differentiate, check, interpret, show.
pub mod graph {
    pub use limpid_expression::{Expression, ExpressionError, ExpressionFault};
    pub use limpid_graph::*;
    pub use limpid_learn::{Columns, Difference, Exercise, Perturbation, Verdict};
}

/// What a program that trains a network needs: `use limpid::prelude::*`.
pub mod prelude {
    pub use crate::datasets::Mnist;
    pub use limpid_engine::Precision;
    pub use limpid_graph::{Builder, Graph, Tensor, Var};
    pub use limpid_learn::layers::*;
    pub use limpid_learn::optimizers::*;
    pub use limpid_learn::{
        DataSource, Dataset, Event, FitOptions, History, Initializer, Layer, Loss, Model, Network, Padding, Sampling,
    };
}

/// The pages of the repository whose Rust runs as documentation tests.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../../README.md")]
    struct Readme;
    #[doc = include_str!("../../../CONTRIBUTING.md")]
    struct Contributing;
}
