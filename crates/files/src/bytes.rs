//! The door of every reader: path → bytes, plain or gzip'd and under a cap → what a decoder makes of them.
//!
//! No file is read any other way, and so no decoder of its bytes runs without a guard: where it panics, limpid's own or
//! that of others, that is an error with the file's name. Readers of bytes in memory have no guard, so that fuzzing
//! finds what is wrong in them.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::GzDecoder;
use limpid_graph::guard::{STOPPED, guarded};
use limpid_graph::memory;
use thiserror::Error;

use crate::sniff::{Sniffed, sniff};

#[cfg(feature = "tables")]
mod unpacked;

#[cfg(feature = "tables")]
pub(crate) use unpacked::Unpacked;

/// The two bytes every gzip member starts with (RFC 1952, section 2.3.1).
pub(crate) const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A file that cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The operating system refused.
    #[error("{}: {cause}; {}", path.display(), reading_advice(cause))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// There is something else of that name.
    #[error("{}: {what}, not a file; name a file", path.display())]
    NotAFile {
        /// What was named.
        path: PathBuf,
        /// What it is, such as `a device`.
        what: &'static str,
    },
    /// There is more than the reader is willing to hold.
    #[error("{}: more than the {cap_bytes} bytes allowed here; is it the right file?", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most that is read, in bytes.
        cap_bytes: u64,
    },
    /// It is gzip'd, and does not unpack.
    #[error("{}: {cause}", path.display())]
    Gzip {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: GzipError,
    },
    /// The decoder of its contents panicked.
    #[error("{}: {STOPPED}; the file is damaged, or limpid has a fault: copy or fetch the file again, and report it \
        if that does not help", path.display())]
    Stopped {
        /// The file.
        path: PathBuf,
    },
}

fn reading_advice(cause: &io::Error) -> &'static str {
    if leads_in_circles(cause) {
        return "its links lead in a circle: name the file itself";
    }
    match cause.kind() {
        io::ErrorKind::NotFound => "check the path",
        io::ErrorKind::PermissionDenied => "make it readable for this user",
        io::ErrorKind::IsADirectory => "name a file in it",
        io::ErrorKind::OutOfMemory => "free some memory",
        _ => "copy it to where it can be read",
    }
}

/// Bytes that are not a whole gzip file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GzipError {
    /// They do not start as gzip does.
    #[error("expected gzip, found {}", found.or("read it as it is, or fetch it again"))]
    NotGzip {
        /// What they are.
        found: Sniffed,
    },
    /// The compressed data, or its checksum, is wrong.
    #[error("damaged gzip data near byte {offset} ({reason}); fetch or copy the file again")]
    Corrupt {
        /// Where reading stopped, in bytes from the start of the compressed data.
        offset: usize,
        /// The decoder's reason.
        reason: String,
    },
    /// The compressed data stops before its end.
    #[error("the gzip data is cut off after {length} bytes; fetch or copy the whole file again")]
    Cut {
        /// How many compressed bytes there are.
        length: usize,
    },
    /// Something that is not gzip follows the last member.
    #[error("{count} bytes that are not gzip follow the data at byte {offset}; fetch the file again or cut them off")]
    TrailingBytes {
        /// Where they start, in bytes from the start of the compressed data.
        offset: usize,
        /// How many they are.
        count: usize,
    },
    /// It unpacks to more than the reader is willing to hold.
    #[error("unpacks to more than the {cap_bytes} bytes allowed here; is it the right file?")]
    TooLarge {
        /// The most that is unpacked, in bytes.
        cap_bytes: u64,
    },
}

/// Reads a whole file and, if it is gzip'd, unpacks it.
///
/// Whether it is gzip'd is decided by its first two bytes, never by its name. At most `cap_bytes` are held, counted
/// after unpacking, so that a small file that unpacks to terabytes is refused early.
///
/// # Errors
/// [`ReadError`], with the path.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("labels");
/// std::fs::write(&path, [5, 0, 4])?;
/// assert_eq!(limpid_files::read_plain_or_gzip(&path, 1024)?, [5, 0, 4]);
/// assert!(limpid_files::read_plain_or_gzip(&path, 2).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_plain_or_gzip(path: &Path, cap_bytes: u64) -> Result<Vec<u8>, ReadError> {
    decode_plain_or_gzip(path, cap_bytes, Ok)
}

/// What `decode` makes of a whole file, which is read as [`read_plain_or_gzip`] does. Where it panics, that is an error
/// with the path, and nothing is printed.
///
/// # Errors
/// [`ReadError`], with the path, and what `decode` answers with.
///
/// ```
/// use limpid_files::{ReadError, decode_plain_or_gzip};
///
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("labels");
/// std::fs::write(&path, [5, 0, 4])?;
/// let place = |place: usize| decode_plain_or_gzip(&path, 1024, |bytes| Ok::<_, ReadError>(bytes[place]));
/// assert_eq!(place(2)?, 4);
/// assert!(matches!(place(3), Err(ReadError::Stopped { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn decode_plain_or_gzip<T, E: From<ReadError>>(
    path: &Path,
    cap_bytes: u64,
    decode: impl FnOnce(Vec<u8>) -> Result<T, E>,
) -> Result<T, E> {
    // Deflate falls back to stored blocks, which add five bytes to each 64 KiB, so that a packed file is never much
    // larger than its contents; the rest is room for header fields.
    let packed_cap_bytes = cap_bytes.saturating_add(cap_bytes / 1024).saturating_add(64 * 1024);
    decode_file(path, packed_cap_bytes, |bytes| {
        if bytes.starts_with(&GZIP_MAGIC) {
            let unpacked = gunzip(&bytes, cap_bytes);
            drop(bytes);
            return decode(unpacked.map_err(|cause| ReadError::Gzip { path: path.to_path_buf(), cause })?);
        }
        if bytes.len() as u64 > cap_bytes {
            return Err(ReadError::TooLarge { path: path.to_path_buf(), cap_bytes }.into());
        }
        decode(bytes)
    })
}

/// What `decode` makes of a whole file of at most `cap_bytes`, as it is.
pub(crate) fn decode_file<T, E: From<ReadError>>(
    path: &Path,
    cap_bytes: u64,
    decode: impl FnOnce(Vec<u8>) -> Result<T, E>,
) -> Result<T, E> {
    let bytes = read_capped(path, cap_bytes)?;
    behind_guard(path, || decode(bytes))
}

/// What `decode` makes of an open file, for what is larger than what is wanted of it.
pub(crate) fn decode_open<T, E: From<ReadError>>(
    path: &Path,
    decode: impl FnOnce(File) -> Result<T, E>,
) -> Result<T, E> {
    let file = open(path)?;
    behind_guard(path, || decode(file))
}

/// What `decode` makes of bytes that did not come from a file, and are called by this name.
pub(crate) fn behind_guard<T, E: From<ReadError>>(name: &Path, decode: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    guarded(decode).unwrap_or_else(|_| Err(ReadError::Stopped { path: name.to_path_buf() }.into()))
}

/// Whether the system's reason is that links lead to themselves. Its kind has no name in Rust yet.
fn leads_in_circles(cause: &io::Error) -> bool {
    let too_many_links = if cfg!(target_os = "linux") { 40 } else { 62 };
    cfg!(unix) && cause.raw_os_error() == Some(too_many_links)
}

/// Opens a file. A device may have no end, and to open a pipe by its name is to wait for whoever writes into it: neither
/// is a file. A pipe that the shell opened already, as `<(command)` does, is read.
fn open(path: &Path) -> Result<File, ReadError> {
    let unreadable = |cause| ReadError::Unreadable { path: path.to_path_buf(), cause };
    let found = std::fs::metadata(path).map_err(unreadable)?;
    match special(path, &found) {
        Some(what) => Err(ReadError::NotAFile { path: path.to_path_buf(), what }),
        None => File::open(path).map_err(unreadable),
    }
}

/// Describes what is at a path that is neither a file nor a folder and cannot be read as a file.
#[cfg(unix)]
fn special(path: &Path, found: &std::fs::Metadata) -> Option<&'static str> {
    use std::os::unix::fs::FileTypeExt;
    let kind = found.file_type();
    let is_open = ["/dev/fd", "/dev/stdin", "/proc/self/fd"].iter().any(|place| path.starts_with(place));
    match () {
        () if kind.is_fifo() && is_open => None,
        () if kind.is_fifo() => Some("a pipe (FIFO)"),
        () if kind.is_socket() => Some("a socket"),
        () if kind.is_char_device() || kind.is_block_device() => Some("a device"),
        () => None,
    }
}

#[cfg(not(unix))]
fn special(_: &Path, _: &std::fs::Metadata) -> Option<&'static str> {
    None
}

/// Reads a whole file of at most `cap_bytes`.
fn read_capped(path: &Path, cap_bytes: u64) -> Result<Vec<u8>, ReadError> {
    let unreadable = |cause| ReadError::Unreadable { path: path.to_path_buf(), cause };
    let too_large = || ReadError::TooLarge { path: path.to_path_buf(), cap_bytes };

    let file = open(path)?;
    let length = file.metadata().map_err(unreadable)?.len();
    if length > cap_bytes {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    memory::asking(|| bytes.try_reserve_exact(usize::try_from(length).unwrap_or(usize::MAX))).map_err(|_| {
        unreadable(io::Error::new(io::ErrorKind::OutOfMemory, format!("there is no memory for its {length} bytes")))
    })?;
    // Pipes and devices claim a length of 0, and a file may grow while it is read.
    memory::asking(|| file.take(cap_bytes.saturating_add(1)).read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.len() as u64 > cap_bytes {
        return Err(too_large());
    }
    Ok(bytes)
}

/// Unpacks gzip data: all its members, one after the other, to at most `cap_bytes`.
///
/// Format: [RFC 1952](https://www.rfc-editor.org/rfc/rfc1952). A file may hold several members, and unpacks to their
/// contents joined (section 2.2). Each member's CRC-32 and length are verified.
///
/// # Errors
/// [`GzipError`]: not gzip, damaged, cut off, followed by something else, or larger than `cap_bytes`.
///
/// ```
/// // An empty file, as `gzip -n` packs it.
/// let packed = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/// assert!(limpid_files::gunzip(&packed, 1024)?.is_empty());
/// let cut = limpid_files::gunzip(&packed[..15], 1024).unwrap_err();
/// assert!(cut.to_string().contains("cut off after 15 bytes"));
/// # Ok::<(), limpid_files::GzipError>(())
/// ```
pub fn gunzip(bytes: &[u8], cap_bytes: u64) -> Result<Vec<u8>, GzipError> {
    // A lone first byte of the magic is gzip, cut.
    if bytes.is_empty() || !(bytes.starts_with(&GZIP_MAGIC) || GZIP_MAGIC.starts_with(bytes)) {
        return Err(GzipError::NotGzip { found: sniff(bytes) });
    }
    let mut unpacked = Vec::new();
    let mut rest = bytes;
    loop {
        rest = gunzip_member(bytes, rest, cap_bytes, &mut unpacked)?;
        if rest.is_empty() {
            return Ok(unpacked);
        }
        if !rest.starts_with(&GZIP_MAGIC) {
            return Err(GzipError::TrailingBytes { offset: bytes.len() - rest.len(), count: rest.len() });
        }
    }
}

/// Unpacks the member that `rest`, a tail of `bytes`, starts with; gives what follows it.
fn gunzip_member<'a>(
    bytes: &'a [u8],
    rest: &'a [u8],
    cap_bytes: u64,
    unpacked: &mut Vec<u8>,
) -> Result<&'a [u8], GzipError> {
    let mut member = GzDecoder::new(rest);
    let room = cap_bytes.saturating_sub(unpacked.len() as u64);
    // One byte more than fits, to tell "exactly full" from "too much".
    let outcome = (&mut member).take(room.saturating_add(1)).read_to_end(unpacked);
    if unpacked.len() as u64 > cap_bytes {
        return Err(GzipError::TooLarge { cap_bytes });
    }
    let rest = member.into_inner();
    match outcome {
        Ok(_) => Ok(rest),
        Err(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => Err(GzipError::Cut { length: bytes.len() }),
        Err(cause) => Err(GzipError::Corrupt { offset: bytes.len() - rest.len(), reason: cause.to_string() }),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_decoder_that_panics_is_an_error_with_the_files_name_at_every_door() {
        let folder = tempfile::tempdir().unwrap();
        let (path, packed) = (folder.path().join("deep.bin"), folder.path().join("deep.bin.gz"));
        std::fs::write(&path, b"lake").unwrap();
        std::fs::write(&packed, gzip(b"lake")).unwrap();
        let past_the_end = |bytes: Vec<u8>| Ok::<u8, ReadError>(bytes[bytes.len()]);
        let stopped = [
            (&path, decode_file(&path, 1000, past_the_end)),
            (&path, decode_plain_or_gzip(&path, 1000, past_the_end)),
            (&packed, decode_plain_or_gzip(&packed, 1000, past_the_end)),
            (&path, decode_open(&path, |_| past_the_end(Vec::new()))),
            (&path, behind_guard(&path, || past_the_end(Vec::new()))),
        ];
        for (path, outcome) in stopped {
            let message = outcome.unwrap_err().to_string();
            let start = format!("{}: the decoder stopped at bytes that it does not expect; ", path.display());
            assert!(message.starts_with(&start), "{message}");
        }
    }

    #[test]
    fn several_members_unpack_to_their_contents_joined() {
        let packed = [gzip(b"clear "), gzip(b""), gzip(b"water")].concat();
        assert_eq!(gunzip(&packed, 11).unwrap(), b"clear water");
        assert_eq!(gunzip(&packed, 10), Err(GzipError::TooLarge { cap_bytes: 10 }));
    }

    #[test]
    fn gzip_data_cut_at_any_length_is_refused() {
        let packed = gzip(b"to the bottom of the lake");
        for length in 0..packed.len() {
            let wanted = match length {
                0 => GzipError::NotGzip { found: sniff(b"") },
                _ => GzipError::Cut { length },
            };
            assert_eq!(gunzip(&packed[..length], 1024), Err(wanted), "cut to {length}");
        }
        let two = [packed.clone(), packed.clone()].concat();
        for length in packed.len() + 1..two.len() {
            assert!(gunzip(&two[..length], 1024).is_err(), "second member cut to {}", length - packed.len());
        }
    }

    #[test]
    fn a_flipped_bit_is_noticed_or_changes_nothing() {
        let contents: Vec<u8> = (0..4000u32).map(|i| ((i * i) >> 5) as u8).collect();
        let packed = gzip(&contents);
        let mut noticed = 0;
        for offset in 0..packed.len() {
            let mut damaged = packed.clone();
            damaged[offset] ^= 0x10;
            // The time in the header, or the padding after the last code, may well be different.
            match gunzip(&damaged, 1 << 20) {
                Ok(unpacked) => assert!(unpacked == contents, "byte {offset}"),
                Err(_) => noticed += 1,
            }
        }
        assert!(noticed > packed.len() - 20);
    }

    #[test]
    fn a_wrong_checksum_is_corrupt_and_says_so() {
        let mut packed = gzip(b"lake");
        let checksum = packed.len() - 8;
        packed[checksum] ^= 1;
        let error = gunzip(&packed, 1024).unwrap_err();
        assert!(matches!(error, GzipError::Corrupt { .. }), "{error}");
        assert!(error.to_string().contains("checksum"), "{error}");
    }

    #[test]
    fn what_follows_the_last_member_is_refused_naming_its_offset() {
        let packed = gzip(b"lake");
        let trailing = [&packed[..], b"\0\0\0"].concat();
        assert_eq!(gunzip(&trailing, 1024), Err(GzipError::TrailingBytes { offset: packed.len(), count: 3 }));
    }

    #[test]
    fn a_bomb_is_refused_at_the_cap_and_not_after_it() {
        let bomb = gzip(&vec![0; 64 << 20]);
        assert!(bomb.len() < 100_000);
        assert_eq!(gunzip(&bomb, 1 << 20), Err(GzipError::TooLarge { cap_bytes: 1 << 20 }));
    }

    #[test]
    fn gzip_is_recognised_by_its_bytes_and_not_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let (packed, plain) = (folder.path().join("plain"), folder.path().join("packed.gz"));
        std::fs::write(&packed, gzip(b"lake")).unwrap();
        std::fs::write(&plain, b"lake").unwrap();
        assert_eq!(read_plain_or_gzip(&packed, 4).unwrap(), b"lake");
        assert_eq!(read_plain_or_gzip(&plain, 4).unwrap(), b"lake");
        assert!(matches!(read_plain_or_gzip(&plain, 3), Err(ReadError::TooLarge { cap_bytes: 3, .. })));
        assert!(matches!(read_capped(&plain, 3), Err(ReadError::TooLarge { cap_bytes: 3, .. })));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named_with_what_would_fix_it() {
        let folder = tempfile::tempdir().unwrap();
        let cut = folder.path().join("cut.gz");
        std::fs::write(&cut, &gzip(b"lake")[..12]).unwrap();
        let table = [
            (folder.path().join("nowhere"), "check the path"),
            (cut, "cut off after 12 bytes; fetch or copy the whole file again"),
            #[cfg(unix)]
            (folder.path().to_path_buf(), "name a file in it"),
        ];
        for (path, fix) in table {
            let message = read_plain_or_gzip(&path, 1024).unwrap_err().to_string();
            assert!(message.starts_with(&path.display().to_string()), "{message}");
            assert!(message.ends_with(fix), "{message}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_device_and_a_pipe_are_refused_by_name_and_never_waited_for() {
        let message = read_capped(Path::new("/dev/zero"), 1000).unwrap_err().to_string();
        assert_eq!(message, "/dev/zero: a device, not a file; name a file");
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("x.png");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let message = read_capped(&socket, 1000).unwrap_err().to_string();
        assert!(message.ends_with("x.png: a socket, not a file; name a file"), "{message}");
        let pipe = folder.path().join("pipe.png");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        if made.is_ok_and(|status| status.success()) {
            let message = read_capped(&pipe, 1000).unwrap_err().to_string();
            assert!(message.ends_with("pipe.png: a pipe (FIFO), not a file; name a file"), "{message}");
        }
        let circle = folder.path().join("circle.png");
        std::os::unix::fs::symlink(&circle, &circle).unwrap();
        let message = read_capped(&circle, 1000).unwrap_err().to_string();
        assert!(message.ends_with("its links lead in a circle: name the file itself"), "{message}");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_file_that_claims_a_length_of_nothing_is_read_whole() {
        let status = read_capped(Path::new("/proc/self/status"), 1 << 20).unwrap();
        assert!(status.starts_with(b"Name:"));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn an_open_pipe_is_read_as_the_file_that_it_stands_for() {
        use std::os::fd::AsRawFd;
        let (reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(b"lake").unwrap();
        drop(writer);
        let path = PathBuf::from(format!("/dev/fd/{}", reader.as_raw_fd()));
        assert_eq!(read_capped(&path, 1000).unwrap(), b"lake");
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = gunzip(&bytes, 1 << 16);
            let _ = gunzip(&[&GZIP_MAGIC[..], &[8], &bytes].concat(), 1 << 16);
        }

        #[test]
        fn what_was_packed_unpacks_to_itself(bytes in proptest::collection::vec(any::<u8>(), 0..5000)) {
            prop_assert_eq!(gunzip(&gzip(&bytes), bytes.len() as u64).unwrap(), bytes);
        }
    }
}
