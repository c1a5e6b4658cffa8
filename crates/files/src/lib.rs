//! Reading and writing files: data sets, models, weights, tables and pictures.
//!
//! No file is trusted. A reader takes a byte slice and checks each length against the bytes that there are before it
//! allocates memory. It returns a [`Tensor`](limpid_graph::Tensor), [named arrays](NamedArray) or a typed error that
//! says where the mistake is and how to correct it. No input can make a reader panic, run code, or take more memory
//! than a multiple of the input's length.
//!
//! | to | use |
//! |---|---|
//! | read a file, plain or gzip'd, under a cap | [`read_plain_or_gzip`], [`decode_plain_or_gzip`], [`gunzip`] |
//! | read an IDX array, the format MNIST is published in | [`read_idx`] |
//! | find and load the MNIST digits | [`locate_mnist`], [`Mnist::load`] |
//! | find and load the data sets that are known by name (feature `sets`) | `data_sets`, `DataSet` |
//! | keep a model: named arrays and notes about them, with a checksum | [`ModelFile`] |
//! | read and write NumPy's pickles (feature `arrays`, as are the next) | `read_pickle`, `write_pickle` |
//! | read and write `.npy` | `read_npy`, `write_npy` |
//! | read and write `.npz` (feature `archives`) | `read_npz`, `write_npz` |
//! | read and write any safetensors | `Safetensors` |
//! | read a PyTorch state dict (feature `archives`) | `read_torch` |
//! | read any of them; the bytes decide the format | `Arrays` |
//! | find the layers that named arrays belong to | `find_layers` |
//! | read a table of comma-separated values (feature `tables`) | `Table` |
//! | read one that is larger than memory, a window of rows at a time (feature `tables`) | `TableFile` |
//! | name the format of a file that none of them reads | [`sniff`], [`sniff_file`] |
//! | read pictures, and folders of them (feature `pictures`) | `Pictures`, `Picture` |
//! | list the pictures of a folder, to read each when it is needed (feature `pictures`) | `PictureFiles` |
//! | check before a long run that its output can be written | [`writable`] |
//! | write a file whole or not at all | [`write_atomically`] |
//!
//! This crate knows arrays and their names. It does not know networks; the caller builds them from the arrays.
//!
//! Five features, all on by default: `arrays` reads and writes other programs' arrays; `archives` zip archives too,
//! with the crate `rawzip`; `sets` the data sets beside MNIST, with `tar`; `tables` and `pictures` your own data, with
//! the crates that parse and decode them.

#[cfg(feature = "archives")]
mod archive;
#[cfg(feature = "arrays")]
mod array;
mod bytes;
mod digest;
#[cfg(feature = "archives")]
mod formats;
mod idx;
#[cfg(feature = "arrays")]
mod layers;
mod mnist;
mod model;
#[cfg(feature = "arrays")]
mod npy;
#[cfg(feature = "archives")]
mod npz;
mod output;
#[cfg(feature = "arrays")]
mod pickle;
#[cfg(feature = "pictures")]
mod pictures;
#[cfg(feature = "arrays")]
mod safetensors;
#[cfg(feature = "sets")]
mod sets;
mod sniff;
mod sniff_file;
#[cfg(feature = "tables")]
mod table;
#[cfg(feature = "archives")]
mod torch;

#[cfg(feature = "archives")]
pub use archive::ZipError;
#[cfg(feature = "arrays")]
pub use array::{Array, ArrayError, Dtype, NamedArray};
pub use bytes::{GzipError, ReadError, decode_plain_or_gzip, gunzip, read_plain_or_gzip};
#[cfg(feature = "archives")]
pub use formats::{Arrays, ArraysError, ArraysFileError, Container, ContainerError, Format};
pub use idx::{IdxError, read_idx};
#[cfg(feature = "arrays")]
pub use layers::{FoundLayer, FoundLayers, LayersError, Naming, Orientation, find_layers, only};
pub use mnist::{Looked, Mnist, MnistError, MnistPlaces, locate_mnist, locate_mnist_in};
pub use model::{MODEL_CAP_BYTES, ModelError, ModelFile, ModelFileError};
#[cfg(feature = "arrays")]
pub use npy::{NpyError, read_npy, write_npy};
#[cfg(feature = "archives")]
pub use npz::{NpzError, Packing, read_npz, write_npz};
pub use output::{OutputError, writable, writable_folder, write_atomically};
#[cfg(feature = "arrays")]
pub use pickle::{
    ArrayView, Entries, Items, Pickle, PickleError, PickleWriteError, Unfolded, Value, read_pickle, write_pickle,
};
#[cfg(feature = "pictures")]
pub use pictures::{
    PICTURE_CAP_BYTES, Picture, PictureError, PictureFiles, PictureFolder, Pictures, PicturesError, grey_planes,
    is_picture, read_picture, visible_entries,
};
#[cfg(feature = "arrays")]
pub use safetensors::{Safetensors, SafetensorsError};
#[cfg(feature = "sets")]
pub use sets::{DataSet, PublishedFile, Samples, SetError, data_set, data_sets};
pub use sniff::{Kind, Sniffed, sniff};
pub use sniff_file::sniff_file;
#[cfg(feature = "tables")]
pub use table::{
    DateOrder, Decimal, Doubt, Guess, Reading, TABLE_CAP_BYTES, Table, TableError, TableFile, TableFileError,
    TableForm, TableReadings, TableWindows, comma_separated,
};
#[cfg(feature = "archives")]
pub use torch::{TorchError, read_torch};
