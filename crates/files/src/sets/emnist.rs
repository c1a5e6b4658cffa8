//! EMNIST: one zip archive of six ways to cut the same letters and digits, each four gzip'd IDX files.
//!
//! Only what is asked for is read from the archive, which has half a gigabyte. The pictures lie on their side in it
//! (they were written column by column, as MATLAB does) and are stood up here.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use flate2::read::DeflateDecoder;
use limpid_graph::Tensor;
use rawzip::{CompressionMethod, FileReader, RECOMMENDED_BUFFER_SIZE, ZipArchive, ZipArchiveEntryWayfinder};

use super::error::SetError;
use super::idx::{array, cap, classes, packed_cap};
use super::{DataSet, Part, Read};
use crate::bytes::{decode_open, gunzip};

pub(super) fn load(set: &DataSet, folder: &Path, split: &str, first_label: u8) -> Result<Read, SetError> {
    let name = set.files.first().map_or("", |file| file.name);
    let path = folder.join(name);
    if !path.is_file() {
        return Err(SetError::Missing { folder: folder.to_path_buf(), name, fetched: set.folder });
    }
    decode_open(&path, |file| read(set, Archive::of(&path, file)?, split, first_label))
}

fn read(set: &DataSet, mut archive: Archive<'_>, split: &str, first_label: u8) -> Result<Read, SetError> {
    let path = archive.path;
    let mut part = |part: Part| {
        let prefix = match part {
            Part::Train => "train",
            Part::Test => "test",
        };
        let [_, rows, columns] = set.shape;
        let mut read = |what: &str, shape: &[usize]| {
            let member = format!("gzip/emnist-{split}-{prefix}-{what}-ubyte.gz");
            let bytes = archive.unpacked(&member, cap(shape))?;
            let within = path.join(&member);
            Ok::<_, SetError>((array(&within, &bytes, shape)?, within))
        };
        let (mut images, _) = read("images-idx3", &[set.samples(part), columns, rows])?;
        let (labels, within) = read("labels-idx1", &[set.samples(part)])?;
        stand_up(&mut images, rows);
        Ok::<_, SetError>((images, classes(&within, labels, set, first_label)?))
    };
    Ok([part(Part::Train)?, part(Part::Test)?])
}

/// Swaps rows and columns of each picture; they are as wide as high.
fn stand_up(images: &mut Tensor, side: usize) {
    for image in images.as_mut_slice::<u8>().unwrap_or_default().chunks_exact_mut(side * side) {
        for row in 0..side {
            for column in row + 1..side {
                image.swap(row * side + column, column * side + row);
            }
        }
    }
}

/// A zip archive on disk, of which single files are read.
struct Archive<'a> {
    path: &'a Path,
    archive: ZipArchive<FileReader>,
    members: HashMap<String, (ZipArchiveEntryWayfinder, CompressionMethod)>,
}

impl<'a> Archive<'a> {
    fn of(path: &'a Path, file: File) -> Result<Self, SetError> {
        let damaged = |error: rawzip::Error| damaged(path, format!("damaged or cut zip archive ({error})"));
        let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
        let archive = ZipArchive::from_file(file, &mut buffer).map_err(damaged)?;
        let mut members = HashMap::new();
        let mut entries = archive.entries(&mut buffer);
        while let Some(entry) = entries.next_entry().map_err(damaged)? {
            let name = String::from_utf8_lossy(entry.file_path().as_bytes()).into_owned();
            if name.starts_with("gzip/emnist-") {
                members.insert(name, (entry.wayfinder(), entry.compression_method()));
            }
        }
        Ok(Self { path, archive, members })
    }

    /// A gzip'd file of the archive, unpacked to at most so many bytes.
    fn unpacked(&mut self, name: &str, cap_bytes: u64) -> Result<Vec<u8>, SetError> {
        let Some(&(wayfinder, method)) = self.members.get(name) else {
            return Err(damaged(self.path, format!("the archive does not hold {name}")));
        };
        let wrong = |reason: String| damaged(self.path, format!("damaged file {name:?} in the zip archive ({reason})"));
        let entry = self.archive.get_entry(wayfinder).map_err(|error| wrong(error.to_string()))?;
        let most = packed_cap(cap_bytes);
        let mut packed = Vec::new();
        let read = match method {
            CompressionMethod::STORE => entry.verifying_reader(entry.reader()).take(most + 1).read_to_end(&mut packed),
            CompressionMethod::DEFLATE => {
                entry.verifying_reader(DeflateDecoder::new(entry.reader())).take(most + 1).read_to_end(&mut packed)
            }
            other => return Err(wrong(format!("packed by {other}"))),
        };
        read.map_err(|error| wrong(error.to_string()))?;
        if packed.len() as u64 > most {
            return Err(wrong(format!("more than the {most} bytes allowed here")));
        }
        gunzip(&packed, cap_bytes).map_err(|cause| SetError::Gzip { path: self.path.join(name), cause })
    }
}

fn damaged(path: &Path, reason: String) -> SetError {
    SetError::Archive { path: path.to_path_buf(), reason }
}
