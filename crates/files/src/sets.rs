//! The data sets that are known by name: folder → samples and labels, each verified as far as its files allow.

use std::path::{Path, PathBuf};

use limpid_graph::Tensor;

mod cifar;
mod emnist;
mod error;
mod idx;
mod table;
#[cfg(test)]
mod tests;

pub use error::SetError;
pub use table::{data_set, data_sets};

use crate::bytes::ReadError;
use crate::digest::sha256_hex_of_file;
use crate::mnist::Mnist;
use crate::mnist::places::{self, MnistPlaces};

/// A data set that is published: what it is, where it can be had, and how its files are known.
#[derive(Debug)]
pub struct DataSet {
    /// Its name here, such as `fashion-mnist`.
    pub name: &'static str,
    /// Its name elsewhere.
    pub title: &'static str,
    /// What its samples are.
    pub about: &'static str,
    /// One line for a list: how many samples of what, and how large.
    pub summary: &'static str,
    /// How many samples there are to train on.
    pub train: usize,
    /// How many were held out.
    pub test: usize,
    /// The extents of a sample: channels, rows, columns. Numbers are bytes.
    pub shape: [usize; 3],
    /// What the labels 0, 1, 2, … stand for.
    pub classes: &'static [&'static str],
    /// The folder of its files, in the cache say. Some sets share one.
    pub folder: &'static str,
    /// Its files, all of which are needed.
    pub files: &'static [PublishedFile],
    /// Addresses that have the files, up to their names, in the order in which they are asked.
    pub mirrors: &'static [&'static str],
    /// Under which licence it is published.
    pub licence: &'static str,
    /// The page about it.
    pub source: &'static str,
    /// Whom to cite.
    pub cite: &'static str,
    layout: Layout,
}

/// A file as it is published.
#[derive(Debug, PartialEq, Eq)]
pub struct PublishedFile {
    /// Its name.
    pub name: &'static str,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, hexadecimal.
    pub sha256: &'static str,
    /// The length and SHA-256 of what it unpacks to, where those are published.
    pub unpacked: Option<(u64, &'static str)>,
}

/// How samples lie in files.
#[derive(Clone, Copy, Debug)]
enum Layout {
    /// Four IDX files, known by their contents.
    Mnist,
    /// Four gzip'd IDX files.
    Idx,
    /// A zip archive of gzip'd IDX files, pictures standing on their side.
    Emnist {
        /// Which of the files.
        split: &'static str,
        /// The label of the first class.
        first_label: u8,
    },
    /// A gzip'd tar archive of six files of records.
    Cifar,
}

/// The samples of a data set, stored as the bytes they are published as.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    /// Shape (samples, channels, rows, columns), bytes.
    pub train_images: Tensor,
    /// Shape (samples), bytes: numbers of classes.
    pub train_labels: Tensor,
    /// Shape (samples, channels, rows, columns), bytes.
    pub test_images: Tensor,
    /// Shape (samples), bytes: numbers of classes.
    pub test_labels: Tensor,
}

/// One of the two parts of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Train,
    Test,
}

/// The images and labels of both parts.
type Read = [(Tensor, Tensor); 2];

impl DataSet {
    /// Finds the folder with the files: the named one or its sub-folder [`folder`](DataSet::folder); otherwise the
    /// places of [`locate_mnist`](crate::locate_mnist), under this set's folder instead of `mnist`.
    ///
    /// # Errors
    /// [`SetError::NotFound`], with each place and what was found there.
    ///
    /// ```
    /// let mnist = limpid_files::data_set("mnist").expect("it is known");
    /// assert!(mnist.locate(None)?.is_dir());
    /// # Ok::<(), limpid_files::SetError>(())
    /// ```
    pub fn locate(&self, explicit: Option<&Path>) -> Result<PathBuf, SetError> {
        self.locate_in(explicit, &MnistPlaces::of_this_process())
    }

    /// [`DataSet::locate`] with the places stated instead of read from the environment.
    ///
    /// # Errors
    /// [`SetError::NotFound`], with each place and what was found there.
    pub fn locate_in(&self, explicit: Option<&Path>, places: &MnistPlaces) -> Result<PathBuf, SetError> {
        match self.layout {
            Layout::Mnist => Ok(crate::locate_mnist_in(explicit, places)?),
            _ => places::locate(self.folder, explicit, places, self.files.len(), &|folder: &Path| self.lacking(folder))
                .map_err(|looked| SetError::NotFound { set: self.name, folder: self.folder, looked }),
        }
    }

    /// Where the files go that are fetched without naming a folder: this set's folder in `$LIMPID_DATA`, if that is
    /// set, else in the cache; nothing, where there is neither that nor a home.
    pub fn home(&self, places: &MnistPlaces) -> Option<PathBuf> {
        let stated = places.limpid_data.as_ref().map(|folder| folder.join(self.folder));
        stated.or_else(|| places.cache.as_ref().map(|folder| folder.with_file_name(self.folder)))
    }

    /// Reads all samples from a folder.
    ///
    /// Files are verified by their SHA-256, archives too: what is as long and as well-formed may still be other data.
    ///
    /// # Errors
    /// [`SetError`], with the path.
    pub fn load(&self, folder: &Path) -> Result<Samples, SetError> {
        let [train, test] = match self.layout {
            Layout::Mnist => {
                let Mnist { train_images, train_labels, test_images, test_labels } = Mnist::load(folder)?;
                [(train_images, train_labels), (test_images, test_labels)]
            }
            Layout::Idx => idx::load(self, folder)?,
            Layout::Emnist { split, first_label } => emnist::load(self, folder, split, first_label)?,
            Layout::Cifar => cifar::load(self, folder)?,
        };
        // Form before checksum: what is wrong in an archive says more than a wrong sum.
        if matches!(self.layout, Layout::Emnist { .. } | Layout::Cifar) {
            self.verify_archive(folder)?;
        }
        let [channels, rows, columns] = self.shape;
        let shaped = |images: Tensor, samples| images.reshaped([samples, channels, rows, columns]);
        Ok(Samples {
            train_images: shaped(train.0, self.train)?,
            train_labels: train.1,
            test_images: shaped(test.0, self.test)?,
            test_labels: test.1,
        })
    }

    /// Checks that the one file is the published one.
    fn verify_archive(&self, folder: &Path) -> Result<(), SetError> {
        let Some(file) = self.files.first() else { return Ok(()) };
        let path = folder.join(file.name);
        let unreadable = |cause| ReadError::Unreadable { path: path.clone(), cause };
        let found = sha256_hex_of_file(&path).map_err(unreadable)?;
        match found == file.sha256 {
            true => Ok(()),
            false => {
                let (set, expected, fetched) = (self.name, file.sha256, self.folder);
                Err(SetError::Checksum { path, set, expected, found, fetched })
            }
        }
    }

    /// How many samples a part has.
    fn samples(&self, part: Part) -> usize {
        match part {
            Part::Train => self.train,
            Part::Test => self.test,
        }
    }

    /// How many bytes all files have.
    pub fn download_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// How many numbers a sample has.
    pub fn sample_size(&self) -> usize {
        self.shape.iter().product()
    }

    /// The names of the files that a folder does not have: a file of another length is another data set's, or cut.
    fn lacking(&self, folder: &Path) -> Vec<&'static str> {
        let lacks = |file: &&PublishedFile| {
            let found = folder.join(file.name).metadata();
            !found.is_ok_and(|found| found.is_file() && found.len() == file.bytes)
        };
        self.files.iter().filter(lacks).map(|file| file.name).collect()
    }
}
