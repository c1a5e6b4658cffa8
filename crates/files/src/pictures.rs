//! Folders of pictures, a folder a class: `cats/one.png`, `dogs/two.jpg` → bytes of one shape, with labels.

use std::path::{Path, PathBuf};

use limpid_graph::{Tensor, TensorError};
use thiserror::Error;

use crate::bytes::{ReadError, decode_file};
use crate::sniff::Sniffed;

mod decode;
mod folder;
mod resize;
mod stored;

pub use decode::{Picture, PictureError, grey_planes};
pub use folder::{PictureFiles, PictureFolder, is_picture, visible_entries};

/// The largest file of a picture that is read, in bytes: 256 MiB.
pub const PICTURE_CAP_BYTES: u64 = 256 << 20;
/// The most bytes that the pictures of a folder may take together: 4 GiB.
const TOGETHER_CAP_BYTES: usize = 4 << 30;

/// Pictures of one size, each with the class whose folder it stood in.
#[derive(Clone, Debug, PartialEq)]
pub struct Pictures {
    /// Shape (count, channels, height, width), bytes from 0 (black) to 255. One channel where every picture is grey,
    /// otherwise three: red, green, blue.
    pub images: Tensor,
    /// Shape (count), which of `classes` each belongs to.
    pub labels: Tensor,
    /// The names of the classes' folders, sorted.
    pub classes: Vec<String>,
    /// The pictures' files, class by class, sorted within each.
    pub paths: Vec<PathBuf>,
    /// Files in the classes' folders that are no pictures.
    pub others: Vec<PathBuf>,
    /// A checksum of the pictures as they are stored, with their classes and in their order: 64 hexadecimal digits.
    /// What is done to them afterwards does not change it.
    pub checksum: String,
}

/// A folder of pictures that cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PicturesError {
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A folder cannot be read.
    #[error("{}: {cause}; name a folder that can be read", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        cause: std::io::Error,
    },
    /// A file is no picture.
    #[error("{}: {cause}", path.display())]
    Picture {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: PictureError,
    },
    /// A folder without class folders.
    #[error("{}: there is no folder in it; make a folder for each class and put its pictures there",
        path.display())]
    NoClasses {
        /// The folder.
        path: PathBuf,
    },
    /// A class folder without pictures.
    #[error("{}: there is no PNG or JPEG picture in it{}; put some there, or remove the folder", path.display(),
        instead(found.as_ref()))]
    NoPictures {
        /// The folder.
        path: PathBuf,
        /// What its first file is instead.
        found: Option<Sniffed>,
    },
    /// A class without training pictures.
    #[error(
        "the class `{class}` is only in {}, so nothing can be learned about it; put pictures of it into {}, or remove its \
         folder", test.display(), train.display()
    )]
    OnlyTest {
        /// The class.
        class: String,
        /// The folder of what is learned.
        train: PathBuf,
        /// The folder of what is held out.
        test: PathBuf,
    },
    /// A folder where pictures belong.
    #[error(
        "{}: a folder within a class; pictures stand directly in their class's folder, and parts are called train, \
         validation and test", path.display()
    )]
    Nested {
        /// The inner folder.
        path: PathBuf,
    },
    /// Pictures of two sizes.
    #[error(
        "{}: {} wide and {} high, but {} is {} wide and {} high; use pictures of one size",
        path.display(), found.1, found.0, first.display(), expected.1, expected.0
    )]
    Size {
        /// The first file whose size differs.
        path: PathBuf,
        /// Its height and width, in pixels.
        found: (usize, usize),
        /// The file whose size counts.
        first: PathBuf,
        /// Height and width of that, in pixels.
        expected: (usize, usize),
    },
    /// Arrays that are no pictures with labels.
    #[error("{}: {what}", path.display())]
    Arrays {
        /// The file, and the array in it where it is an archive.
        path: PathBuf,
        /// What is wrong, and what was expected.
        what: String,
    },
    /// More than is held.
    #[error("{}: {count} pictures take {bytes} bytes, more than the {cap_bytes} allowed; use fewer or smaller ones",
        path.display())]
    TooLarge {
        /// The folder.
        path: PathBuf,
        /// How many pictures there are.
        count: usize,
        /// What they take, in bytes.
        bytes: usize,
        /// The most that fits.
        cap_bytes: usize,
    },
    /// The pixels do not make a tensor.
    #[error(transparent)]
    Tensor(#[from] TensorError),
}

fn instead(found: Option<&Sniffed>) -> String {
    found.map(|found| format!(", but {}", found.described())).unwrap_or_default()
}

impl Pictures {
    /// Reads a folder whose folders are classes. What is hidden (begins with a point) is passed over.
    ///
    /// Which format a picture has is decided by its first bytes, not by its name. Where
    /// any picture is coloured, the grey ones are given three equal channels.
    ///
    /// # Errors
    /// [`PicturesError`], with the path: nothing to read, not a picture, or the first that differs in size.
    pub fn read(folder: &Path) -> Result<Self, PicturesError> {
        Self::read_brought(folder, None)
    }

    /// Reads a folder as [`read`](Self::read) does, of pictures of any sizes, each of which `bring` brings to one size.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_each(folder: &Path, mut bring: impl FnMut(Picture) -> Picture) -> Result<Self, PicturesError> {
        Self::read_brought(folder, Some(&mut bring))
    }

    fn read_brought(folder: &Path, bring: Option<Bring<'_>>) -> Result<Self, PicturesError> {
        let mut all = PictureFiles::list(folder)?;
        let mut pictures: Vec<Picture> = Vec::with_capacity(all.files.len());
        let checksum = all.decode(bring, |picture| {
            if pictures.is_empty() {
                all.check_room(folder, (picture.height, picture.width))?;
            }
            pictures.push(picture);
            Ok(())
        })?;
        let (height, width) = pictures.first().map_or((0, 0), |first| (first.height, first.width));
        let channels = pictures.iter().map(|picture| picture.channels).max().unwrap_or(1);
        let mut pixels = Vec::with_capacity(pictures.len() * channels * height * width);
        let count = pictures.len();
        // One after the other, so that each is given back as soon as it was copied.
        pictures.into_iter().for_each(|picture| picture.write_planes(channels, &mut pixels));
        let images = Tensor::new([count, channels, height, width], pixels)?;
        let labels: Vec<usize> = all.files.iter().map(|(_, label)| *label).collect();
        let paths = std::mem::take(&mut all.files).into_iter().map(|(path, _)| path).collect();
        Ok(Self {
            images,
            labels: labels_tensor(&labels, all.classes.len())?,
            classes: all.classes,
            paths,
            others: all.others,
            checksum,
        })
    }
}

impl Pictures {
    /// The same pictures, each as `bring` makes it; all to one size and one number of channels.
    ///
    /// # Errors
    /// [`TensorError`] where they differ in size, or no memory holds them.
    pub fn each(self, mut bring: impl FnMut(Picture) -> Picture) -> Result<Self, TensorError> {
        let (channels, (height, width)) = (self.channels(), self.size());
        let pixels = self.images.as_slice::<u8>().unwrap_or_default();
        let mut planes = Vec::new();
        let mut shape = [0, channels, height, width];
        for own in pixels.chunks((channels * height * width).max(1)) {
            let pixels =
                (0..height * width).flat_map(|at| own.iter().skip(at).step_by(height * width)).copied().collect();
            let brought = bring(Picture { height, width, channels, pixels, alpha: None });
            shape = [shape[0] + 1, brought.channels, brought.height, brought.width];
            brought.write_planes(brought.channels, &mut planes);
        }
        Ok(Self { images: Tensor::new(shape, planes)?, ..self })
    }

    /// Height and width of each picture, in pixels.
    pub fn size(&self) -> (usize, usize) {
        let extent = |axis: usize| self.images.shape().get(axis).copied().unwrap_or(0);
        (extent(2), extent(3))
    }

    /// One channel where every picture is grey, otherwise three.
    pub fn channels(&self) -> usize {
        self.images.shape().get(1).copied().unwrap_or(1)
    }

    /// The same pictures with one channel or three, as [`Picture::planes`] brings them to it.
    ///
    /// # Errors
    /// [`TensorError`] where no memory holds them.
    pub fn with_channels(self, channels: usize) -> Result<Self, TensorError> {
        let (own, (height, width)) = (self.channels(), self.size());
        let count = self.images.shape().first().copied().unwrap_or(0);
        if own == channels {
            return Ok(self);
        }
        let pixels = self.images.as_slice::<u8>().unwrap_or_default();
        let mut planes = Vec::with_capacity(pixels.len() / own.max(1) * channels);
        for picture in pixels.chunks((own * height * width).max(1)) {
            decode::write_planes(picture, own, channels, &mut planes);
        }
        Ok(Self { images: Tensor::new([count, channels, height, width], planes)?, ..self })
    }
}

/// What is done to each picture before they are put side by side.
type Bring<'b> = &'b mut dyn FnMut(Picture) -> Picture;

/// Reads one picture, PNG or JPEG.
///
/// # Errors
/// [`PicturesError`], with the path.
pub fn read_picture(path: &Path) -> Result<Picture, PicturesError> {
    read_expecting(path, None, |_| {})
}

fn read_expecting(
    path: &Path,
    expected: Option<(usize, usize)>,
    look: impl FnOnce(&[u8]),
) -> Result<Picture, PicturesError> {
    decode_file(path, PICTURE_CAP_BYTES, |bytes| {
        look(&bytes);
        Picture::expecting(&bytes, expected).map_err(|cause| PicturesError::Picture { path: path.to_path_buf(), cause })
    })
}

fn labels_tensor(labels: &[usize], classes: usize) -> Result<Tensor, TensorError> {
    match classes <= 1 << 8 {
        true => Tensor::new([labels.len()], labels.iter().map(|&label| label as u8).collect::<Vec<_>>()),
        false => Tensor::new([labels.len()], labels.iter().map(|&label| label as f64).collect::<Vec<_>>()),
    }
}
