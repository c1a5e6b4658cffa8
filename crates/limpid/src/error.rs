//! Everything that can go wrong, in one type.

use thiserror::Error;

/// What can go wrong in limpid. Each says what is wrong, where, and what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The graph.
    #[error(transparent)]
    Graph(#[from] limpid_graph::Error),
    /// The session.
    #[error(transparent)]
    Session(#[from] limpid_engine::SessionError),
    /// Learning.
    #[error(transparent)]
    Learn(#[from] limpid_learn::Error),
    /// The MNIST files.
    #[error(transparent)]
    Mnist(#[from] limpid_files::MnistError),
    /// The files of a data set that is known by name.
    #[cfg(feature = "sets")]
    #[error(transparent)]
    Set(#[from] limpid_files::SetError),
    /// A model file.
    #[error(transparent)]
    ModelFile(#[from] limpid_files::ModelFileError),
    /// A file that is a limpid model, but not one that this version can use.
    #[error("{path}: {what}")]
    Model {
        /// The file.
        path: String,
        /// What is wrong with it.
        what: String,
    },
    /// A file that is to hold a network, and does not.
    #[error("{path}: {what}")]
    Network {
        /// The file.
        path: String,
        /// What is wrong with it.
        what: String,
    },
    /// A file that cannot be read.
    #[error(transparent)]
    Read(#[from] limpid_files::ReadError),
    /// Weights that no model can be made of.
    #[cfg(feature = "arrays")]
    #[error(transparent)]
    Weights(#[from] crate::weights::WeightsError),
    /// A file that cannot be read as arrays.
    #[cfg(feature = "archives")]
    #[error(transparent)]
    Arrays(Box<limpid_files::ArraysFileError>),
    /// Arrays that a format cannot hold.
    #[cfg(feature = "archives")]
    #[error(transparent)]
    Container(#[from] limpid_files::ContainerError),
    /// A table.
    #[cfg(feature = "tables")]
    #[error(transparent)]
    Table(#[from] limpid_files::TableError),
    /// A table's file.
    #[cfg(feature = "tables")]
    #[error(transparent)]
    TableFile(#[from] limpid_files::TableFileError),
    /// A cell of a table that does not fit what was learned.
    #[error("line {line}, column `{column}`: {what}")]
    Cell {
        /// The line that its row begins in, counted from 1.
        line: u64,
        /// The column's name.
        column: String,
        /// What is wrong with it, and what was expected.
        what: String,
    },
    /// A folder of pictures.
    #[cfg(feature = "pictures")]
    #[error(transparent)]
    Pictures(#[from] limpid_files::PicturesError),
    /// Columns that a model cannot be trained on, or that differ from those it was trained on.
    #[error(transparent)]
    Preparation(#[from] limpid_learn::PreparationError),
    /// Options of a training that do not go with its data.
    #[error(transparent)]
    Training(#[from] crate::training::TrainingError),
    /// A tensor's shape.
    #[error(transparent)]
    Tensor(#[from] limpid_graph::TensorError),
}

// Boxed, since it is the largest by far, and every result of the library would be as large.
#[cfg(feature = "archives")]
impl From<limpid_files::ArraysFileError> for Error {
    fn from(error: limpid_files::ArraysFileError) -> Self {
        Self::Arrays(Box::new(error))
    }
}
