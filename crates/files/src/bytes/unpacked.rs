//! A file read piece by piece, plain or gzip'd: for what is larger than memory.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::GzDecoder;

use super::{GZIP_MAGIC, GzipError, ReadError, open};

/// A file whose contents are read from its beginning, once.
pub(crate) struct Unpacked {
    path: PathBuf,
    length: u64,
    source: Source,
}

enum Source {
    Plain(BufReader<File>),
    /// A member of a gzip file.
    Packed(Box<GzDecoder<Counted>>),
    Ended,
}

/// Counts what was taken.
struct Counted {
    file: BufReader<File>,
    taken: u64,
}

impl Read for Counted {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(to)?;
        self.taken += count as u64;
        Ok(count)
    }
}

impl BufRead for Counted {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.file.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.taken += count as u64;
        self.file.consume(count);
    }
}

impl Unpacked {
    /// Opens a file, which is to be one that can be read again: a pipe is refused.
    pub(crate) fn open(path: &Path) -> Result<Self, ReadError> {
        let unreadable = |cause| ReadError::Unreadable { path: path.to_path_buf(), cause };
        let file = open(path)?;
        let found = file.metadata().map_err(unreadable)?;
        if found.is_dir() {
            return Err(unreadable(io::ErrorKind::IsADirectory.into()));
        }
        if !found.is_file() {
            let what = "a pipe, which can be read only once";
            return Err(ReadError::NotAFile { path: path.to_path_buf(), what });
        }
        let mut file = BufReader::with_capacity(1 << 16, file);
        let is_packed = file.fill_buf().map_err(unreadable)?.starts_with(&GZIP_MAGIC);
        let source = match is_packed {
            true => Source::Packed(Box::new(GzDecoder::new(Counted { file, taken: 0 }))),
            false => Source::Plain(file),
        };
        Ok(Self { path: path.to_path_buf(), length: found.len(), source })
    }

    /// Appends up to `most` bytes; fewer only at the end.
    pub(crate) fn append(&mut self, most: usize, to: &mut Vec<u8>) -> Result<(), ReadError> {
        let wanted = to.len() + most;
        while to.len() < wanted && !matches!(self.source, Source::Ended) {
            self.append_some(wanted - to.len(), to)?;
        }
        Ok(())
    }

    /// Appends what one source has, and goes on to the next where that has ended.
    fn append_some(&mut self, most: usize, to: &mut Vec<u8>) -> Result<(), ReadError> {
        let before = to.len();
        let outcome = match &mut self.source {
            Source::Plain(file) => file.take(most as u64).read_to_end(to),
            Source::Packed(member) => member.take(most as u64).read_to_end(to),
            Source::Ended => return Ok(()),
        };
        if let Err(cause) = outcome {
            return Err(self.refused(cause));
        }
        if to.len() - before == most {
            return Ok(());
        }
        self.source = match std::mem::replace(&mut self.source, Source::Ended) {
            Source::Packed(member) => self.following(member.into_inner())?,
            _ => Source::Ended,
        };
        Ok(())
    }

    /// What follows a member: another, or nothing.
    fn following(&self, mut rest: Counted) -> Result<Source, ReadError> {
        let unreadable = |cause| ReadError::Unreadable { path: self.path.clone(), cause };
        let left = self.length.saturating_sub(rest.taken);
        let next = rest.fill_buf().map_err(unreadable)?;
        match next {
            [] => Ok(Source::Ended),
            // The buffer may end between the two bytes of the magic.
            _ if next.starts_with(&GZIP_MAGIC) || (next == &GZIP_MAGIC[..1] && left > 1) => {
                Ok(Source::Packed(Box::new(GzDecoder::new(rest))))
            }
            _ => {
                let (offset, count) = (rest.taken as usize, left as usize);
                Err(self.gzip(GzipError::TrailingBytes { offset, count }))
            }
        }
    }

    fn refused(&self, cause: io::Error) -> ReadError {
        match &self.source {
            Source::Packed(_) if cause.kind() == io::ErrorKind::UnexpectedEof => {
                self.gzip(GzipError::Cut { length: self.length as usize })
            }
            Source::Packed(member)
                if matches!(cause.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput) =>
            {
                let offset = member.get_ref().taken as usize;
                self.gzip(GzipError::Corrupt { offset, reason: cause.to_string() })
            }
            _ => ReadError::Unreadable { path: self.path.clone(), cause },
        }
    }

    fn gzip(&self, cause: GzipError) -> ReadError {
        ReadError::Gzip { path: self.path.clone(), cause }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::read_plain_or_gzip;
    use crate::bytes::tests::gzip;

    fn in_pieces(path: &Path, piece: usize) -> Result<Vec<u8>, ReadError> {
        let mut unpacked = Unpacked::open(path)?;
        let mut all = Vec::new();
        loop {
            let before = all.len();
            unpacked.append(piece, &mut all)?;
            if all.len() - before < piece {
                return Ok(all);
            }
        }
    }

    #[test]
    fn pieces_are_the_bytes_that_are_read_at_once_and_so_are_the_errors() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let text: Vec<u8> = (0..5000u32).map(|at| ((at * at) >> 5) as u8).collect();
        let (one, two) = (gzip(&text), [gzip(&text), gzip(b""), gzip(b"lake")].concat());
        let mut wrong = one.clone();
        let checksum = wrong.len() - 8;
        wrong[checksum] ^= 1;
        let files = [
            text,
            one.clone(),
            two.clone(),
            Vec::new(),
            wrong,
            one[..one.len() - 3].to_vec(),
            one[..10].to_vec(),
            [&one[..], b"\0\0"].concat(),
            [&one[..], &GZIP_MAGIC[..1]].concat(),
            two[..two.len() - 1].to_vec(),
        ];
        for (number, bytes) in files.iter().enumerate() {
            std::fs::write(&path, bytes).unwrap();
            let wanted = read_plain_or_gzip(&path, 1 << 20).map_err(|error| error.to_string());
            for piece in [1, 7, 4096, 1 << 20] {
                let found = in_pieces(&path, piece).map_err(|error| error.to_string());
                match (&found, &wanted) {
                    // Where a decoder stops depends on how much it is asked for.
                    (Err(found), Err(wanted)) if wanted.contains("damaged") => assert!(found.contains("damaged")),
                    _ => assert_eq!(found, wanted, "file {number} in pieces of {piece}"),
                }
            }
        }
    }
}
