//! Folders of pictures as data sets: read by [`files`](crate::files), handed to [`learn`](crate::learn).

use std::path::{Path, PathBuf};

use limpid_files::{Pictures, PicturesError};
use limpid_graph::Tensor;
use limpid_learn::{Dataset, holdout};

use crate::Error;
use crate::models::PictureForm;

/// What a byte of a pixel is divided by: pixels run from 0 to 1 for a network.
pub const PIXEL_DIVISOR: f64 = 255.0;

/// A folder of pictures as samples to learn from, and samples that were held out.
#[derive(Clone, Debug, PartialEq)]
pub struct PictureSplit {
    /// Inputs (count, channels × height × width) in bytes, divided by 255; targets (count): class labels.
    pub train: Dataset,
    /// What was held out, if anything.
    pub test: Option<Dataset>,
    /// The pictures' form and classes.
    pub form: PictureForm,
    /// Files that are neither PNG nor JPEG by their names.
    pub others: Vec<PathBuf>,
}

/// Reads a folder of class folders, or a folder whose `train` and `test` are such. Where it has no parts of its own, a
/// share of each class is held out, drawn by `seed`.
///
/// # Errors
/// Where a file cannot be read or pictures differ in size or classes, with the path, and where the share leaves nothing.
pub fn split(folder: &Path, test_share: f64, seed: u64) -> Result<PictureSplit, Error> {
    let (train, test) = Pictures::read_parts(folder)?;
    let channels = test.as_ref().map_or(1, Pictures::channels).max(train.channels());
    let (height, width) = train.size();
    let form = PictureForm { channels, height, width, classes: train.classes.clone() };
    if form.classes.len() < 2 {
        let what =
            format!("{}: one class, `{}`, is nothing to tell apart; two fit", folder.display(), form.classes.join(""));
        return Err(limpid_learn::Error::Data(what).into());
    }
    let mut others = train.others.clone();
    let train = dataset(train, &form)?;
    if let Some(test) = test {
        others.extend(test.others.iter().cloned());
        return Ok(PictureSplit { train, test: Some(dataset(test, &form)?), form, others });
    }
    let labels: Vec<usize> = train.targets().to_f64().into_iter().map(|label| label as usize).collect();
    let (rows, held_out) = holdout(train.len(), Some(&labels), test_share, seed)?;
    let test = if held_out.is_empty() { None } else { Some(train.select(&held_out)?) };
    let train = if held_out.is_empty() { train } else { train.select(&rows)? };
    Ok(PictureSplit { train, test, form, others })
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
    let place = |class: &String| {
        let unknown = || {
            let known = form.classes.iter().take(20).map(|class| format!("`{class}`")).collect::<Vec<_>>().join(", ");
            limpid_learn::Error::Data(format!("the class `{class}` is none of those that were learned: {known}"))
        };
        form.classes.iter().position(|own| own == class).ok_or_else(unknown)
    };
    let places = pictures.classes.iter().map(place).collect::<Result<Vec<_>, _>>()?;
    let labels = pictures.labels.to_f64().into_iter().map(|label| places.get(label as usize).copied().unwrap_or(0));
    let labels = match form.classes.len() <= 1 << 8 {
        true => Tensor::from(labels.map(|label| label as u8).collect::<Vec<_>>()),
        false => Tensor::from(labels.map(|label| label as f64).collect::<Vec<_>>()),
    };
    let images = pictures.with_channels(form.channels)?.images;
    let size = images.shape().iter().skip(1).product();
    Ok(Dataset::new(images, labels)?.reshaped(&[size])?.divided_by(PIXEL_DIVISOR))
}
