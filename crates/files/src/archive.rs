//! Zip archives: `.npz`, and what PyTorch saves.
//!
//! The `rawzip` crate reads and writes the structure, `flate2` unpacks; what a hostile archive could make of that is
//! bounded here.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::{Read, Write};

use limpid_graph::memory;
use rawzip::path::ZipFilePath;
use rawzip::{CompressionMethod, ZipArchive, ZipArchiveWriter, ZipFileHeaderRecord, ZipSliceArchive};
use thiserror::Error;

use crate::sniff::{Sniffed, sniff};

/// What an archive unpacks to, in bytes: this many times its length, and what a small one of zeros may need.
const UNPACK_FACTOR: u64 = 64;
const UNPACK_BYTES: u64 = 64 << 20;

/// Bytes that are not a whole zip archive.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ZipError {
    /// The bytes do not start as a zip archive does.
    #[error("expected a zip archive, found {}", found.or("is it the right file?"))]
    NotZip {
        /// What they are.
        found: Sniffed,
    },
    /// The archive's directory is missing or wrong, as in an archive that was cut off.
    #[error("damaged or cut zip archive ({reason}); copy the whole file again")]
    Directory {
        /// What is wrong.
        reason: String,
    },
    /// One of its files is wrong.
    #[error("damaged file {name:?} in the zip archive ({reason}); copy the archive again")]
    Member {
        /// The file's name.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// Packed by a method that is not read.
    #[error("{name:?} in the zip archive is packed by {method}; only stored and deflated files are read: pack it so")]
    Method {
        /// The file's name.
        name: String,
        /// The method's name or number.
        method: String,
    },
    /// Two files of one name.
    #[error("the zip archive holds {name:?} twice; write it again")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// It unpacks to more than the reader is willing to hold.
    #[error(
        "the zip archive of {length} bytes unpacks to more than {cap_bytes}, the most for its length; is it damaged?"
    )]
    TooLarge {
        /// The archive's length.
        length: usize,
        /// The most that is unpacked.
        cap_bytes: u64,
    },
    /// It could not be written.
    #[error("the zip archive cannot be written: {reason}")]
    Unwritable {
        /// Why.
        reason: String,
    },
}

/// One file in an archive.
pub(crate) struct Member<'a> {
    pub(crate) name: String,
    pub(crate) bytes: Cow<'a, [u8]>,
}

/// All files of an archive, unpacked and verified.
pub(crate) fn unzip(bytes: &[u8]) -> Result<Vec<Member<'_>>, ZipError> {
    if !bytes.starts_with(b"PK") {
        return Err(ZipError::NotZip { found: sniff(bytes) });
    }
    let damaged = |error: rawzip::Error| ZipError::Directory { reason: error.to_string() };
    let archive = ZipArchive::from_slice(bytes).map_err(damaged)?;
    let mut names = HashSet::new();
    let mut members = Vec::new();
    let length = bytes.len();
    let cap_bytes = (length as u64).saturating_mul(UNPACK_FACTOR).max(UNPACK_BYTES);
    let mut spare = cap_bytes;
    let mut entries = archive.entries();
    while let Some(entry) = entries.next_entry().map_err(damaged)? {
        let name = String::from_utf8_lossy(entry.file_path().as_bytes()).into_owned();
        if !names.insert(name.clone()) {
            return Err(ZipError::Duplicate { name });
        }
        if entry.is_dir() {
            continue;
        }
        let Some(rest) = spare.checked_sub(entry.uncompressed_size_hint()) else {
            return Err(ZipError::TooLarge { length, cap_bytes });
        };
        spare = rest;
        let bytes = unpack(bytes, &archive, &entry, &name)?;
        members.push(Member { name, bytes });
    }
    if members.len() as u64 > archive.entries_hint() {
        return Err(ZipError::Directory { reason: "more files than it says".to_string() });
    }
    Ok(members)
}

/// One file, of as many bytes as the directory says; with more or fewer it is damaged.
fn unpack<'a>(
    bytes: &'a [u8],
    archive: &ZipSliceArchive<&'a [u8]>,
    entry: &ZipFileHeaderRecord<'_>,
    name: &str,
) -> Result<Cow<'a, [u8]>, ZipError> {
    let damaged = |reason: String| ZipError::Member { name: name.to_string(), reason };
    if entry.flags().is_encrypted() {
        return Err(ZipError::Method { name: name.to_string(), method: "encryption".to_string() });
    }
    let member = archive.get_entry(entry.wayfinder()).map_err(|error| damaged(error.to_string()))?;
    let (start, end) = member.compressed_data_range();
    let packed = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    let packed = packed.and_then(|(start, end)| bytes.get(start..end));
    let packed = packed.ok_or_else(|| damaged("it lies outside the archive".to_string()))?;
    let mut verified = Vec::new();
    match entry.compression_method() {
        CompressionMethod::STORE => {
            let mut reader = member.verifying_reader(packed);
            let read = std::io::copy(&mut reader, &mut std::io::sink()).map_err(|error| damaged(error.to_string()))?;
            if read != entry.uncompressed_size_hint() {
                return Err(damaged(format!("it has {read} bytes instead of {}", entry.uncompressed_size_hint())));
            }
            return Ok(Cow::Borrowed(packed));
        }
        CompressionMethod::DEFLATE => {
            let length = entry.uncompressed_size_hint();
            let reserved =
                usize::try_from(length).ok().map(|length| memory::asking(|| verified.try_reserve_exact(length)));
            if !matches!(reserved, Some(Ok(()))) {
                return Err(damaged(format!("there is no memory for its {length} bytes")));
            }
            let reader = member.verifying_reader(flate2::bufread::DeflateDecoder::new(packed));
            let read = reader.take(length.saturating_add(1)).read_to_end(&mut verified);
            if read.map_err(|error| damaged(error.to_string()))? as u64 != length {
                return Err(damaged(format!("it unpacks to more than its {length} bytes")));
            }
        }
        other => return Err(ZipError::Method { name: name.to_string(), method: other.to_string() }),
    }
    Ok(Cow::Owned(verified))
}

/// An archive of these files, which are stored, or with `deflate` packed. The same files give the same bytes.
pub(crate) fn zip<'a>(
    members: impl IntoIterator<Item = (String, [&'a [u8]; 2])>,
    deflate: bool,
) -> Result<Vec<u8>, ZipError> {
    let write =
        |members: &mut dyn Iterator<Item = (String, [&'a [u8]; 2])>| -> Result<Result<Vec<u8>, String>, rawzip::Error> {
            let mut bytes = Vec::new();
            let mut archive = ZipArchiveWriter::new(&mut bytes);
            for (name, parts) in members {
                // What would be taken for a way through folders is not written under another name.
                if ZipFilePath::from_str(&name).as_str() != name {
                    return Ok(Err(name));
                }
                let method = if deflate { CompressionMethod::DEFLATE } else { CompressionMethod::STORE };
                let (mut entry, config) = archive.new_file(name.as_str()).compression_method(method).start()?;
                let descriptor = if deflate {
                    let encoder = flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::default());
                    let mut writer = config.wrap(encoder);
                    parts.iter().try_for_each(|part| writer.write_all(part))?;
                    let (encoder, descriptor) = writer.finish()?;
                    encoder.finish()?;
                    descriptor
                } else {
                    let mut writer = config.wrap(&mut entry);
                    parts.iter().try_for_each(|part| writer.write_all(part))?;
                    writer.finish()?.1
                };
                entry.finish(descriptor)?;
            }
            archive.finish()?;
            Ok(Ok(bytes))
        };
    match write(&mut members.into_iter()) {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(name)) => {
            let reason = format!("{name:?} is not a plain file name; name the array without leading or double slashes");
            Err(ZipError::Unwritable { reason })
        }
        Err(error) => Err(ZipError::Unwritable { reason: format!("{error}; give the arrays shorter names") }),
    }
}
