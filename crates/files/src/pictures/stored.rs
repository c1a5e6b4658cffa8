//! Pictures that are kept as arrays: a user's own IDX files, side by side as MNIST's are, and `.npz` archives of
//! `x_train`, `y_train`, `x_test`, `y_test`, as Keras keeps its data sets.

use std::path::{Path, PathBuf};

use limpid_graph::Tensor;

use super::{Pictures, PicturesError, TOGETHER_CAP_BYTES, labels_tensor, visible_entries};
use crate::bytes::decode_plain_or_gzip;
use crate::digest::Checksum;
use crate::idx::read_idx;

/// Classes that labels may name: more are hardly labels.
const MOST_CLASSES: usize = 1 << 16;

/// The images and the labels of a part, each with where it stands.
struct Part {
    images: (PathBuf, Tensor),
    labels: (PathBuf, Tensor),
}

impl Pictures {
    /// Reads pictures that are kept as arrays: a folder of IDX files, or, with the feature `archives`, an `.npz` archive
    /// with `x_train` and `y_train`. What is held out is called `t10k` or `test`, and `x_test`. Nothing, where the path
    /// has neither. The classes are the labels that there are, as text.
    ///
    /// # Errors
    /// [`PicturesError`], with the file: damaged, or images and labels that do not belong together.
    pub fn read_arrays(path: &Path) -> Result<Option<(Self, Option<Self>)>, PicturesError> {
        let (train, test) = if path.is_dir() {
            let Some(train) = idx_part(path, &["train"])? else { return Ok(None) };
            (train, idx_part(path, &["t10k", "test"])?)
        } else {
            #[cfg(feature = "archives")]
            match npz_parts(path)? {
                Some(parts) => parts,
                None => return Ok(None),
            }
            #[cfg(not(feature = "archives"))]
            return Ok(None);
        };
        let mut labels: Vec<usize> = Vec::new();
        for part in [Some(&train), test.as_ref()].into_iter().flatten() {
            labels.extend(part.numbers()?);
        }
        labels.sort_unstable();
        labels.dedup();
        let test = test.map(|part| part.pictures(&labels)).transpose()?;
        Ok(Some((train.pictures(&labels)?, test)))
    }
}

impl Part {
    fn wrong(&self, what: String) -> PicturesError {
        PicturesError::Arrays { path: self.labels.0.clone(), what }
    }

    /// The labels, which are whole numbers.
    fn numbers(&self) -> Result<Vec<usize>, PicturesError> {
        let (_, labels) = &self.labels;
        let number = |(sample, label): (usize, f64)| {
            let fits = label >= 0.0 && label.fract() == 0.0 && label < MOST_CLASSES as f64;
            let wrong = || {
                self.wrong(format!(
                    "label {label} of sample {sample} is not a class; labels are whole numbers from 0 up"
                ))
            };
            if fits { Ok(label as usize) } else { Err(wrong()) }
        };
        labels.to_f64().into_iter().enumerate().map(number).collect()
    }

    /// With the classes that these labels name.
    fn pictures(self, classes: &[usize]) -> Result<Pictures, PicturesError> {
        let own = self.numbers()?;
        let (path, images) = &self.images;
        let wrong = |what: String| PicturesError::Arrays { path: path.clone(), what };
        let shape = images.shape().to_vec();
        let Some(bytes) = images.as_slice::<u8>() else {
            return Err(wrong("images are bytes from 0 to 255, but these are other numbers".to_string()));
        };
        // Grey pictures have two extents each; colours come first as PyTorch has them, or last as Keras has them.
        let (count, channels, height, width, is_last) = match *shape.as_slice() {
            [count, height, width] => (count, 1, height, width, false),
            [count, channels @ (1 | 3), height, width] => (count, channels, height, width, false),
            [count, height, width, channels @ (1 | 3)] => (count, channels, height, width, true),
            _ => {
                return Err(wrong(format!(
                    "an array of shape {shape:?} does not hold images; expected (count, height, width)"
                )));
            }
        };
        if own.len() != count {
            return Err(self.wrong(format!("{} labels for the {count} images of {}", own.len(), path.display())));
        }
        if 3 * bytes.len() > TOGETHER_CAP_BYTES {
            let (path, cap_bytes) = (path.clone(), TOGETHER_CAP_BYTES);
            return Err(PicturesError::TooLarge { path, count, bytes: bytes.len(), cap_bytes });
        }
        let pixels = match is_last && channels > 1 {
            false => bytes.to_vec(),
            true => bytes
                .chunks_exact(height * width * channels)
                .flat_map(|image| (0..channels).flat_map(move |channel| image.iter().skip(channel).step_by(channels)))
                .copied()
                .collect(),
        };
        let mut checksum = Checksum::default();
        own.iter().for_each(|label| checksum.add(label.to_string().as_bytes()));
        checksum.add(format!("{shape:?}").as_bytes());
        checksum.add(bytes);
        let places: Vec<usize> = own.iter().filter_map(|label| classes.binary_search(label).ok()).collect();
        Ok(Pictures {
            images: Tensor::new([count, channels, height, width], pixels)?,
            labels: labels_tensor(&places, classes.len())?,
            classes: classes.iter().map(ToString::to_string).collect(),
            paths: Vec::new(),
            others: Vec::new(),
            checksum: checksum.hex(),
        })
    }
}

/// The images and labels of a folder's IDX files whose names begin so, plain or gzip'd.
fn idx_part(folder: &Path, prefixes: &[&str]) -> Result<Option<Part>, PicturesError> {
    let entries = visible_entries(folder)?;
    let find = |what: &str, axes: &str| {
        entries.iter().find(|path| {
            let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
            let has_prefix = prefixes.iter().any(|prefix| name.starts_with(prefix));
            has_prefix && name.contains(what) && (name.contains(axes) || name.contains("ubyte")) && path.is_file()
        })
    };
    let (Some(images), Some(labels)) = (find("images", "idx"), find("labels", "idx1")) else { return Ok(None) };
    let read = |path: &PathBuf| {
        let wrong = |error: crate::IdxError| PicturesError::Arrays { path: path.clone(), what: error.to_string() };
        let array = decode_plain_or_gzip(path, TOGETHER_CAP_BYTES as u64, |bytes| read_idx(&bytes).map_err(wrong))?;
        Ok::<_, PicturesError>((path.clone(), array))
    };
    Ok(Some(Part { images: read(images)?, labels: read(labels)? }))
}

#[cfg(feature = "archives")]
fn npz_parts(path: &Path) -> Result<Option<(Part, Option<Part>)>, PicturesError> {
    use crate::sniff::Kind;
    use crate::sniff_file::sniff_file;
    if sniff_file(path)?.kind() != Kind::NpzSamples {
        return Ok(None);
    }
    let wrong = |what: String| PicturesError::Arrays { path: path.to_path_buf(), what };
    let arrays = crate::bytes::decode_file(path, TOGETHER_CAP_BYTES as u64, |bytes| {
        crate::read_npz(&bytes).map_err(|error| wrong(error.to_string()))
    })?;
    let array = |name: &str| {
        let found = arrays.iter().find(|named| named.name == name);
        let within = path.join(name);
        found.map(|named| named.array.to_tensor().map(|tensor| (within, tensor))).transpose()
    };
    let part = |images: &str, labels: &str| -> Result<Option<Part>, PicturesError> {
        let unread = |error: crate::ArrayError| wrong(error.to_string());
        let (images, labels) = (array(images).map_err(unread)?, array(labels).map_err(unread)?);
        Ok(images.zip(labels).map(|(images, (path, labels))| {
            // Keras keeps the labels of some sets as a column.
            let count = labels.len();
            let labels = labels.clone().reshaped([count]).unwrap_or(labels);
            Part { images, labels: (path, labels) }
        }))
    };
    let Some(train) = part("x_train", "y_train")? else { return Ok(None) };
    Ok(Some((train, part("x_test", "y_test")?)))
}
