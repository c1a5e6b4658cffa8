//! Four IDX files: images and labels to train on and to test with.

use std::path::Path;

use limpid_graph::Tensor;

use super::error::SetError;
use super::{DataSet, Part, Read};
use crate::bytes::{decode_file, gunzip};
use crate::digest::sha256_hex;
use crate::idx::read_idx;

/// The published names begin so: Yann LeCun's for MNIST, which its successors kept.
fn prefix(part: Part) -> &'static str {
    match part {
        Part::Train => "train",
        Part::Test => "t10k",
    }
}

pub(super) fn load(set: &DataSet, folder: &Path) -> Result<Read, SetError> {
    let part = |part: Part| {
        let [_, rows, columns] = set.shape;
        let images = file(set, folder, part, "images", &[set.samples(part), rows, columns])?;
        let labels = file(set, folder, part, "labels", &[set.samples(part)])?;
        Ok::<_, SetError>((images, labels))
    };
    Ok([part(Part::Train)?, part(Part::Test)?])
}

/// Reads one of the files and verifies that it is the published one: other data sets have files of these names.
fn file(set: &DataSet, folder: &Path, part: Part, what: &str, shape: &[usize]) -> Result<Tensor, SetError> {
    let wanted = format!("{}-{what}", prefix(part));
    let published = set.files.iter().find(|file| file.name.starts_with(&wanted));
    let (name, expected) = published.map_or(("", ""), |file| (file.name, file.sha256));
    let path = folder.join(name);
    if !path.is_file() {
        return Err(SetError::Missing { folder: folder.to_path_buf(), name, fetched: set.folder });
    }
    let (read, found) = decode_file(&path, packed_cap(cap(shape)), |packed| {
        let unpacked = gunzip(&packed, cap(shape)).map_err(|cause| SetError::Gzip { path: path.clone(), cause })?;
        // Form before checksum: a wrong shape says more than a wrong sum.
        let read = array(&path, &unpacked, shape)?;
        let read = if what == "labels" { classes(&path, read, set, 0)? } else { read };
        Ok::<_, SetError>((read, sha256_hex(&packed)))
    })?;
    if found != expected {
        return Err(SetError::Checksum { path, set: set.name, expected, found, fetched: set.folder });
    }
    Ok(read)
}

/// What packs to no more bytes than these: data that does not pack is a little longer packed.
pub(super) fn packed_cap(cap_bytes: u64) -> u64 {
    cap_bytes.saturating_add(cap_bytes / 1024).saturating_add(64 * 1024)
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
    if let Some((sample, &label)) = labels.iter().enumerate().find(|&(_, label)| !(first..=last).contains(label)) {
        return Err(SetError::Label { path: path.to_path_buf(), sample, label, first, last });
    }
    Ok(labels.iter().map(|label| label - first).collect::<Vec<u8>>().into())
}
