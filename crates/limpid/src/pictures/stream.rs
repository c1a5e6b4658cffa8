//! A folder of pictures that is larger than memory → samples, each read when it is needed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use limpid_files::{Picture, PictureError, PictureFiles, PictureFolder, PicturesError, read_picture};
use limpid_graph::Tensor;
use limpid_learn::{DataSource, Dataset, Split, holdout};

use super::bring::GroundSearch;
use super::{PIXEL_DIVISOR, check_classes, labels_tensor, places, resized_note};
use crate::Error;
use crate::models::PictureForm;

/// A folder of pictures as samples to learn from, and samples that were held out, each read when it is needed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PictureStream {
    /// Samples as [`PictureSplit::train`](super::PictureSplit::train) has them.
    pub train: PictureSource,
    /// What was held out, if anything.
    pub test: Option<PictureSource>,
    /// The pictures' form and classes.
    pub form: PictureForm,
    /// Files that are no pictures.
    pub others: Vec<PathBuf>,
    /// What a reader should know of how the folder was read, a sentence each.
    pub notes: Vec<String>,
}

/// Pictures with their classes, decoded when they are read.
#[derive(Clone, Debug)]
pub struct PictureSource {
    /// Each picture's file, and which of the form's classes it belongs to.
    files: Vec<(PathBuf, usize)>,
    form: Arc<PictureForm>,
    is_resized: bool,
}

/// Reads a folder as [`split_sized`](super::split_sized) does, but keeps no picture: each is decoded whenever its sample
/// is read, in any order. So batches are drawn from all samples, and a model learns from them the very numbers that it
/// learns from the folder in memory. Each epoch decodes every picture once more.
///
/// Before, every picture is decoded once, so that a file that cannot be read is found then, and once more where the
/// pictures have a ground in common ([`Ground`](super::Ground)). Of each picture its path is held. Pictures that are kept
/// as arrays are not read in this way.
///
/// ```
/// use limpid::pictures;
/// use limpid::prelude::*;
///
/// // A PNG of one white pixel, as Pillow writes it, and a black one.
/// # let folder = tempfile::tempdir()?;
/// # let white = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU\0\0\0\nIDATx\x9cc\xf8\x0f\0\x01\x01\x01\0\xb18\xf6\x14\0\0\0\0IEND\xaeB`\x82";
/// # let black = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU\0\0\0\nIDATx\x9cc`\0\0\0\x02\0\x01H\xaf\xa4q\0\0\0\0IEND\xaeB`\x82";
/// for (class, bytes) in [("dark", &black[..]), ("light", &white[..])] {
///     std::fs::create_dir(folder.path().join(class))?;
///     (0..4).try_for_each(|at| std::fs::write(folder.path().join(class).join(format!("{at}.png")), bytes))?;
/// }
/// let data = pictures::stream(folder.path(), None, 0.25, 1)?;
/// assert_eq!((data.train.len(), data.form.classes.as_slice()), (6, &["dark".to_string(), "light".to_string()][..]));
/// let mut model = Model::new(&Network::new(1, Affine::new(1, 2)), 1)?;
/// model.fit(&data.train, &FitOptions { epochs: 100, batch_size: 2, ..FitOptions::default() })?;
/// assert_eq!(model.evaluate(&data.test.expect("a quarter was held out"))?.accuracy, Some(1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`split_sized`](super::split_sized), and for a path that is no folder. A picture that cannot be read any more later
/// is an error where its sample is read.
pub fn stream(folder: &Path, size: Option<(usize, usize)>, test_share: f64, seed: u64) -> Result<PictureStream, Error> {
    if folder.is_file() {
        let what = "is no folder of pictures; arrays of pictures are read at once, by `pictures::split`";
        return Err(limpid_learn::Error::Data(format!("{}: {what}", folder.display())).into());
    }
    let PictureFolder { train, test, mut notes, .. } = PictureFolder::find(folder)?;
    let mut train = PictureFiles::list(&train)?;
    let mut test = test.map(|test| PictureFiles::list(&test)).transpose()?;
    let mut seen = Seen { size, ..Seen::default() };
    let mut search = GroundSearch::default();
    let ((height, width), checksum) = seen.look_at(&train, |picture| search.look(picture))?;
    let own = test.as_ref().map(|test| seen.look_at(test, |_| ())).transpose()?.map(|(size, _)| size);
    if let (Some(found), Some(first)) = (own.filter(|own| *own != (height, width)), test.as_ref()) {
        let path = first.files.first().map(|(path, _)| path.clone()).unwrap_or_default();
        let cause = PictureError::Size { found, expected: (height, width) };
        return Err(PicturesError::Picture { path, cause }.into());
    }
    let ground = match search.brightness() {
        None => None,
        Some(brightness) => {
            for (path, _) in &train.files {
                search.look_again(&brought(path, size)?, brightness);
            }
            search.ground(brightness, (height, width))
        }
    };
    let classes = train.classes.clone();
    let mut form = PictureForm { channels: seen.channels, height, width, classes, set: None, ground, split: None };
    check_classes(folder, &form)?;
    notes.extend(resized_note(seen.resized));
    let mut others = std::mem::take(&mut train.others);
    others.extend(test.iter_mut().flat_map(|test| std::mem::take(&mut test.others)));
    let count = train.files.len();
    let (train, test, share) = match test {
        Some(test) => {
            let places = places(&test.classes, &form)?;
            let files = test.files.into_iter().filter_map(|(path, label)| Some((path, *places.get(label)?))).collect();
            (train.files, files, 0.0)
        }
        None => {
            let labels: Vec<usize> = train.files.iter().map(|(_, label)| *label).collect();
            let (rows, held_out) = holdout(count, Some(&labels), test_share, seed)?;
            let part = |rows: &[usize]| rows.iter().map(|&row| train.files[row].clone()).collect::<Vec<_>>();
            (part(&rows), part(&held_out), test_share)
        }
    };
    let held_out = count - train.len();
    form.split = Some(Split { checksum, train: train.len(), test: held_out, share, seed, in_blocks: false });
    let shared = Arc::new(form.clone());
    let source = |files| PictureSource { files, form: Arc::clone(&shared), is_resized: size.is_some() };
    let test = if test.is_empty() { None } else { Some(source(test)) };
    Ok(PictureStream { train: source(train), test, form, others, notes })
}

/// A picture's file, brought to a size where there is one.
fn brought(path: &Path, size: Option<(usize, usize)>) -> Result<Picture, PicturesError> {
    let picture = read_picture(path)?;
    Ok(match size {
        Some((height, width)) => picture.resized(height, width),
        None => picture,
    })
}

/// What is found out when each picture is decoded for the first time.
#[derive(Default)]
struct Seen {
    size: Option<(usize, usize)>,
    channels: usize,
    resized: u64,
}

impl Seen {
    /// Decodes the pictures of a part. Gives the size that all of them have, and their checksum.
    fn look_at(
        &mut self,
        part: &PictureFiles,
        mut look: impl FnMut(&Picture),
    ) -> Result<((usize, usize), String), PicturesError> {
        let Self { size, channels, resized } = self;
        let mut resize = size.map(|(height, width)| {
            move |picture: Picture| {
                *resized += u64::from((picture.height, picture.width) != (height, width));
                picture.resized(height, width)
            }
        });
        let bring = resize.as_mut().map(|resize| resize as &mut dyn FnMut(Picture) -> Picture);
        let mut found = (0, 0);
        let checksum = part.decode(bring, |picture| {
            found = (picture.height, picture.width);
            *channels = picture.channels.max(*channels);
            look(&picture);
            Ok(())
        })?;
        Ok((found, checksum))
    }
}

impl PictureSource {
    /// The picture's file of each sample.
    pub fn paths(&self) -> impl ExactSizeIterator<Item = &Path> {
        self.files.iter().map(|(path, _)| path.as_path())
    }

    fn write_sample(&self, path: &Path, pixels: &mut Vec<u8>) -> Result<(), PicturesError> {
        let expected = (self.form.height, self.form.width);
        let picture = brought(path, self.is_resized.then_some(expected))?;
        let found = (picture.height, picture.width);
        if found != expected {
            let cause = PictureError::Size { found, expected };
            return Err(PicturesError::Picture { path: path.to_path_buf(), cause });
        }
        pixels.extend(picture.planes(self.form.channels));
        Ok(())
    }
}

impl DataSource for PictureSource {
    fn len(&self) -> usize {
        self.files.len()
    }

    fn read(&self, rows: &[usize]) -> Result<Dataset, limpid_learn::Error> {
        let PictureForm { channels, height, width, .. } = *self.form;
        let size = channels * height * width;
        let mut pixels = Vec::with_capacity(rows.len() * size);
        let mut labels = Vec::with_capacity(rows.len());
        for &row in rows {
            let Some((path, label)) = self.files.get(row) else {
                let what = format!("there is no sample {row} among {}", self.files.len());
                return Err(limpid_learn::Error::Data(what));
            };
            self.write_sample(path, &mut pixels).map_err(|error| limpid_learn::Error::Read(error.to_string()))?;
            labels.push(*label);
        }
        let images = Tensor::new([rows.len(), size], pixels);
        let images = images.map_err(|error| limpid_learn::Error::Read(error.to_string()))?;
        Ok(Dataset::new(images, labels_tensor(labels.into_iter(), &self.form))?.divided_by(PIXEL_DIVISOR))
    }
}
