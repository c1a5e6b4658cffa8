//! Folders of pictures as data sets: read by [`files`](crate::files), handed to [`learn`](crate::learn). A folder that is
//! larger than memory is read while a model learns from it: see [`stream`].

use std::path::{Path, PathBuf};

use limpid_files::{Picture, PictureFolder, Pictures, PicturesError};
use limpid_graph::Tensor;
use limpid_learn::{Dataset, Split, holdout};

use crate::Error;
use crate::models::{PictureForm, Seen};

mod bring;
mod stream;

pub use crate::datasets::PIXEL_DIVISOR;
pub use crate::models::Ground;
pub use bring::{Changes, brought};
pub use stream::{PictureSource, PictureStream, stream};

/// A folder of pictures as samples to learn from, and samples that were held out.
#[derive(Clone, Debug, PartialEq)]
pub struct PictureSplit {
    /// Inputs (count, channels × height × width) in bytes, divided by 255; targets (count): class labels.
    pub train: Dataset,
    /// What was held out, if anything.
    pub test: Option<Dataset>,
    /// The pictures' form and classes.
    pub form: PictureForm,
    /// Files that are no pictures.
    pub others: Vec<PathBuf>,
    /// What a reader should know of how the folder was read, a sentence each.
    pub notes: Vec<String>,
}

/// Reads a folder of class folders, or a folder whose parts, `train` and `test` say, are such: see [`PictureFolder`].
/// Where it has no parts of its own, a share of each class is held out, drawn by `seed`.
///
/// # Errors
/// Where a file cannot be read or pictures differ in size or classes, with the path, and where the share leaves nothing.
pub fn split(folder: &Path, test_share: f64, seed: u64) -> Result<PictureSplit, Error> {
    split_sized(folder, None, test_share, seed)
}

/// Reads a folder as [`split`] does, its pictures brought to a height and a width.
///
/// # Errors
/// As [`split`], but for pictures of different sizes.
pub fn split_sized(
    folder: &Path,
    size: Option<(usize, usize)>,
    test_share: f64,
    seed: u64,
) -> Result<PictureSplit, Error> {
    let (train, test, notes) = parts(folder, size)?;
    let channels = test.as_ref().map_or(1, Pictures::channels).max(train.channels());
    let (height, width) = train.size();
    let pixels = train.images.as_slice::<u8>().unwrap_or_default();
    let each = pixels.chunks_exact((train.channels() * height * width).max(1));
    let ground = Ground::of(each, train.channels(), (height, width));
    let classes = train.classes.clone();
    let mut form = PictureForm { channels, height, width, classes, set: None, ground, split: None };
    check_classes(folder, &form)?;
    let mut others = train.others.clone();
    let checksum = train.checksum.clone();
    let train = dataset(train, &form)?;
    if let Some(test) = test {
        others.extend(test.others.iter().cloned());
        form.split = Some(Split { checksum, train: train.len(), test: 0, share: 0.0, seed, in_blocks: false });
        return Ok(PictureSplit { train, test: Some(dataset(test, &form)?), form, others, notes });
    }
    let (rows, held_out) = holdout(train.len(), Some(&labels(&train)), test_share, seed)?;
    form.split =
        Some(Split { checksum, train: rows.len(), test: held_out.len(), share: test_share, seed, in_blocks: false });
    let test = if held_out.is_empty() { None } else { Some(train.select(&held_out)?) };
    let train = if held_out.is_empty() { train } else { train.select(&rows)? };
    Ok(PictureSplit { train, test, form, others, notes })
}

fn check_classes(folder: &Path, form: &PictureForm) -> Result<(), Error> {
    if form.classes.len() >= 2 {
        return Ok(());
    }
    let what = format!("{}: there is only one class, `{}`; use at least two", folder.display(), form.classes.join(""));
    Err(limpid_learn::Error::Data(what).into())
}

/// What the pictures of a data set that is known by name have in common, for a model that learned from them; their ground is
/// measured on its training samples, which are bytes.
///
/// ```
/// use limpid::pictures::{Ground, form_of};
///
/// let options = limpid::datasets::Mnist { normalize: false, ..Default::default() };
/// let (train, _) = limpid::datasets::mnist(&options)?;
/// let form = form_of(limpid::files::data_set("mnist").expect("it is known"), &train);
/// assert_eq!((form.height, form.width, form.ground), (28, 28, Some(Ground::MNIST)));
/// # Ok::<(), limpid::Error>(())
/// ```
#[cfg(feature = "sets")]
pub fn form_of(set: &limpid_files::DataSet, train: &Dataset) -> PictureForm {
    let [channels, height, width] = set.shape;
    let pixels = train.inputs().as_slice::<u8>().unwrap_or_default();
    let ground = Ground::of(pixels.chunks_exact(set.sample_size()), channels, (height, width));
    let classes = set.classes.iter().map(ToString::to_string).collect();
    PictureForm { channels, height, width, classes, set: Some(set.name.to_string()), ground, split: None }
}

/// What is learned and what is held out, of a folder of pictures or of arrays of them, and what is to be said of that.
type Parts = (Pictures, Option<Pictures>, Vec<String>);

fn parts(path: &Path, size: Option<(usize, usize)>) -> Result<Parts, Error> {
    let mut resized = 0u64;
    let mut brought = |picture: Picture, (height, width): (usize, usize)| {
        resized += u64::from((picture.height, picture.width) != (height, width));
        picture.resized(height, width)
    };
    let (train, test, mut notes) = match Pictures::read_arrays(path)? {
        Some((train, test)) => match size {
            None => (train, test, Vec::new()),
            Some(size) => {
                let mut sized = |pictures: Pictures| pictures.each(|picture| brought(picture, size));
                (sized(train)?, test.map(sized).transpose()?, Vec::new())
            }
        },
        None => {
            let PictureFolder { train, test, notes, .. } = PictureFolder::find(path)?;
            let mut read = |folder: PathBuf| match size {
                None => Pictures::read(&folder),
                Some(size) => Pictures::read_each(&folder, |picture| brought(picture, size)),
            };
            (read(train)?, test.map(read).transpose()?, notes)
        }
    };
    notes.extend(resized_note(resized));
    Ok((train, test, notes))
}

fn resized_note(resized: u64) -> Option<String> {
    (resized > 0).then(|| format!("resized, as they are of other sizes: {resized}"))
}

/// Samples that a model is asked about.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EvaluationPictures {
    /// The samples, with labels of the model's classes.
    pub data: Dataset,
    /// The picture's file of each sample; empty where they were kept as arrays.
    pub paths: Vec<PathBuf>,
    /// Whether what is held out was chosen; none where the path has no parts.
    pub held_out: Option<bool>,
    /// Which of the samples the model was trained on.
    pub seen: Seen,
    /// What was done to pictures, and how the folder was read, a sentence each.
    pub notes: Vec<String>,
}

/// Pictures with their classes, of a folder or of arrays, as samples for a model of this form: what is held out, where
/// they have parts, or what was learned from. Each is [`brought`] to the form, or with `as_is` left as it is.
///
/// # Errors
/// As [`dataset`].
pub fn for_evaluation(
    path: &Path,
    form: &PictureForm,
    held_out: bool,
    as_is: bool,
) -> Result<EvaluationPictures, Error> {
    let mut changes = Vec::new();
    let mut bring = |picture| {
        let (picture, own) = brought(picture, form);
        changes.push(own);
        picture
    };
    let (pictures, has_parts, mut notes) = match Pictures::read_arrays(path)? {
        Some((train, test)) => {
            let has_parts = test.is_some();
            let chosen = if held_out { test.unwrap_or(train) } else { train };
            (if as_is { chosen } else { chosen.each(bring)? }, has_parts, Vec::new())
        }
        None => {
            let PictureFolder { train, test, notes, .. } = PictureFolder::find(path)?;
            let has_parts = test.is_some();
            let chosen = if held_out { test.unwrap_or(train) } else { train };
            let read = if as_is { Pictures::read(&chosen)? } else { Pictures::read_each(&chosen, &mut bring)? };
            (read, has_parts, notes)
        }
    };
    notes.extend(Changes::notes(&changes));
    let (paths, checksum) = (pictures.paths.clone(), pictures.checksum.clone());
    let data = dataset(pictures, form)?;
    let seen = Seen::of(form.split.as_ref(), || checksum, data.len(), Some(&labels(&data)));
    Ok(EvaluationPictures { data, paths, held_out: has_parts.then_some(held_out), seen, notes })
}

/// The class of each sample.
fn labels(data: &Dataset) -> Vec<usize> {
    data.targets().to_f64().into_iter().map(|label| label as usize).collect()
}

/// Pictures as samples for a model that reads pictures of this form: channels are brought to its own, labels are those
/// of its classes.
///
/// # Errors
/// Where they are of another size, or of a class that the model does not know.
pub fn dataset(pictures: Pictures, form: &PictureForm) -> Result<Dataset, Error> {
    if pictures.size() != (form.height, form.width) {
        let path = pictures.paths.first().cloned().unwrap_or_default();
        let (found, expected) = (pictures.size(), (form.height, form.width));
        let cause = limpid_files::PictureError::Size { found, expected };
        return Err(PicturesError::Picture { path, cause }.into());
    }
    let places = places(&pictures.classes, form)?;
    let labels = pictures.labels.to_f64().into_iter().map(|label| places.get(label as usize).copied().unwrap_or(0));
    let labels = labels_tensor(labels, form);
    let images = pictures.with_channels(form.channels)?.images;
    let size = images.shape().iter().skip(1).product();
    Ok(Dataset::new(images, labels)?.reshaped(&[size])?.divided_by(PIXEL_DIVISOR))
}

/// Which of a form's classes each of these is.
fn places(classes: &[String], form: &PictureForm) -> Result<Vec<usize>, Error> {
    let place = |class: &String| {
        let unknown = || {
            let known = form.classes.iter().take(20).map(|class| format!("`{class}`")).collect::<Vec<_>>().join(", ");
            limpid_learn::Error::Data(format!("the class `{class}` is none of those that were learned: {known}"))
        };
        form.classes.iter().position(|own| own == class).ok_or_else(unknown)
    };
    Ok(classes.iter().map(place).collect::<Result<_, _>>()?)
}

fn labels_tensor(labels: impl Iterator<Item = usize>, form: &PictureForm) -> Tensor {
    match form.classes.len() <= 1 << 8 {
        true => Tensor::from(labels.map(|label| label as u8).collect::<Vec<_>>()),
        false => Tensor::from(labels.map(|label| label as f64).collect::<Vec<_>>()),
    }
}
