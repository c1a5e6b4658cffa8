//! Four IDX files: images and labels to train on and to test with.

use std::path::{Path, PathBuf};

use limpid_graph::Tensor;

use super::error::SetError;
use super::{DataSet, Part, Read};
use crate::bytes::read_plain_or_gzip;
use crate::idx::read_idx;

/// The published names begin so: Yann LeCun's for MNIST, which its successors kept.
fn prefix(part: Part) -> &'static str {
    match part {
        Part::Train => "train",
        Part::Test => "t10k",
    }
}

pub(super) fn load(set: &DataSet, folder: &Path) -> Result<Read, SetError> {
    let part = |part| {
        let file = |what: &str| {
            let wanted = format!("{}-{what}", prefix(part));
            let published = set.files.iter().find(|file| file.name.starts_with(&wanted));
            let name = published.map_or("", |file| file.name);
            let missing = || SetError::Missing { folder: folder.to_path_buf(), name, fetched: set.folder };
            find(folder, name).ok_or_else(missing)
        };
        let [_, rows, columns] = set.shape;
        let shapes = [vec![set.samples(part), rows, columns], vec![set.samples(part)]];
        let images = file("images")?;
        let labels = file("labels")?;
        Ok::<_, SetError>((
            array(&images, &read_plain_or_gzip(&images, cap(&shapes[0]))?, &shapes[0])?,
            classes(&labels, array(&labels, &read_plain_or_gzip(&labels, cap(&shapes[1]))?, &shapes[1])?, set, 0)?,
        ))
    };
    Ok([part(Part::Train)?, part(Part::Test)?])
}

/// A file in a folder, packed or not.
pub(super) fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    [name, name.trim_end_matches(".gz")].into_iter().map(|name| folder.join(name)).find(|path| path.is_file())
}

/// What is read of an array's file: twice its length, so that damaged data is called damaged and not too large.
pub(super) fn cap(shape: &[usize]) -> u64 {
    2 * (4 + 4 * shape.len() as u64 + shape.iter().map(|&extent| extent as u64).product::<u64>())
}

/// An array of bytes of the published shape.
pub(super) fn array(path: &Path, bytes: &[u8], shape: &[usize]) -> Result<Tensor, SetError> {
    let array = read_idx(bytes).map_err(|cause| SetError::Idx { path: path.to_path_buf(), cause })?;
    let holds_bytes = array.as_slice::<u8>().is_some();
    if array.shape() != shape || !holds_bytes {
        let found = format!("{} of shape {:?}", if holds_bytes { "bytes" } else { "other numbers" }, array.shape());
        return Err(SetError::Array { path: path.to_path_buf(), expected: shape.to_vec(), found });
    }
    Ok(array)
}

/// Labels as numbers of classes, counted from 0.
pub(super) fn classes(path: &Path, labels: Tensor, set: &DataSet, first: u8) -> Result<Tensor, SetError> {
    let last = first + (set.classes.len() - 1) as u8;
    let labels = labels.as_slice::<u8>().unwrap_or_default();
    if let Some((sample, &label)) = labels.iter().enumerate().find(|(_, label)| !(first..=last).contains(label)) {
        return Err(SetError::Label { path: path.to_path_buf(), sample, label, first, last });
    }
    Ok(labels.iter().map(|label| label - first).collect::<Vec<u8>>().into())
}
