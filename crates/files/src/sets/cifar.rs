//! CIFAR-10 in its binary version: a gzip'd tar archive of six files of records, each a label and three planes of
//! pixels.
//!
//! Source: "Binary version" at <https://www.cs.toronto.edu/~kriz/cifar.html>.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use limpid_graph::Tensor;
use tar::{Archive, EntryType};

use super::error::SetError;
use super::idx::classes;
use super::{DataSet, Read};
use crate::bytes::decode_open;

/// The training samples lie in so many files.
const BATCHES: usize = 5;
/// Headers, padding and the two small files of names, in bytes.
const AROUND_BYTES: u64 = 1 << 20;

pub(super) fn load(set: &DataSet, folder: &Path) -> Result<Read, SetError> {
    let name = set.files.first().map_or("", |file| file.name);
    let path = folder.join(name);
    if !path.is_file() {
        return Err(SetError::Missing { folder: folder.to_path_buf(), name, fetched: set.folder });
    }
    let files = decode_open(&path, |file| records(set, &path, file))?;
    let [train @ .., test] = &files;
    Ok([split(set, &path, &train.concat())?, split(set, &path, test)?])
}

/// The records of `data_batch_1.bin` to `data_batch_5.bin` and of `test_batch.bin`.
fn records(set: &DataSet, path: &Path, file: File) -> Result<[Vec<u8>; BATCHES + 1], SetError> {
    let damaged = |reason: String| SetError::Archive { path: path.to_path_buf(), reason };
    let broken = |error: std::io::Error| damaged(format!("damaged or cut tar archive ({error})"));
    let record = 1 + set.sample_size();
    // More than belongs there is not unpacked, whatever the headers say.
    let most = (set.train + set.test) as u64 * record as u64 + AROUND_BYTES;
    let mut archive = Archive::new(MultiGzDecoder::new(BufReader::new(file)).take(most));
    let mut files: [Vec<u8>; BATCHES + 1] = Default::default();
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let Some(place) = place(&name).filter(|_| entry.header().entry_type() == EntryType::Regular) else { continue };
        let samples = if place == BATCHES { set.test } else { set.train / BATCHES };
        let (expected, found) = (samples * record, entry.size());
        if found != expected as u64 {
            return Err(damaged(format!("{name} has {found} bytes instead of {expected}")));
        }
        if !files[place].is_empty() {
            return Err(damaged(format!("the archive holds {name} twice")));
        }
        let mut bytes = vec![0; expected];
        entry.read_exact(&mut bytes).map_err(broken)?;
        files[place] = bytes;
    }
    // The gzip checksum stands behind the last file.
    let mut rest = archive.into_inner();
    std::io::copy(&mut rest, &mut std::io::sink()).map_err(broken)?;
    if rest.limit() == 0 {
        return Err(damaged(format!("it unpacks to more than the {most} bytes allowed here")));
    }
    match files.iter().position(Vec::is_empty) {
        Some(BATCHES) => Err(damaged("the archive does not hold test_batch.bin".to_string())),
        Some(place) => Err(damaged(format!("the archive does not hold data_batch_{}.bin", place + 1))),
        None => Ok(files),
    }
}

/// Which of the six files a path in the archive is.
fn place(name: &str) -> Option<usize> {
    match name.rsplit('/').next()? {
        "test_batch.bin" => Some(BATCHES),
        name => {
            let number: usize = name.strip_prefix("data_batch_")?.strip_suffix(".bin")?.parse().ok()?;
            (1..=BATCHES).contains(&number).then(|| number - 1)
        }
    }
}

/// Records as images and labels.
fn split(set: &DataSet, path: &Path, records: &[u8]) -> Result<(Tensor, Tensor), SetError> {
    let size = set.sample_size();
    let samples = records.len() / (1 + size);
    let labels: Vec<u8> = records.iter().copied().step_by(1 + size).collect();
    let pixels = records.chunks_exact(1 + size).flat_map(|record| &record[1..]).copied().collect();
    Ok((Tensor::new([samples, size], pixels)?, classes(path, labels.into(), set, 0)?))
}
