//! The format of a file, detected by its bytes: bytes → a name for a message, and the remedy.
//!
//! Every reader says with it what it was given instead of what it reads. Nothing is decoded here: the first bytes, the
//! last ones, and the names in an archive's directory say enough.

use std::borrow::Cow;
use std::fmt;

pub(crate) mod archives;
mod arrays;
pub(crate) mod marks;
mod protobuf;
mod text;

/// As much of a file is looked at from its start.
pub(crate) const HEAD_BYTES: usize = 64 << 10;
/// And from its end.
pub(crate) const TAIL_BYTES: usize = 64;

/// What a `.npy` file starts with.
pub(crate) const NPY_MAGIC: &[u8; 6] = b"\x93NUMPY";

/// Kinds of files, as far as somebody has to tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// No bytes at all.
    Empty,
    /// Text of no kind that is known.
    Text,
    /// Text with a separator in its lines, as many times in the second as in the first.
    Table,
    /// Text that describes another file, which lies elsewhere: Git LFS, git-annex, DVC.
    Pointer,
    /// A web page, or another text in HTML or XML.
    Markup,
    /// JSON, and a notebook of Jupyter.
    Json,
    /// A table in a form of another program: a workbook, a database, a columnar file.
    OtherTable,
    /// Arrays of another program that are not read: HDF5, MATLAB.
    OtherArrays,
    /// A model of another program that is not read.
    OtherModel,
    /// PNG or JPEG.
    Picture,
    /// A picture in a form that is not read.
    OtherPicture,
    /// A zip archive of no kind that is known.
    Zip,
    /// Packed bytes: gzip, bzip2, xz, zstd; and tar, 7z and rar archives.
    Packed,
    /// IDX, the format that MNIST is published in.
    Idx,
    /// NumPy's `.npy`.
    Npy,
    /// NumPy's `.npz`.
    Npz,
    /// An `.npz` of training and test samples: `x_train`, `y_train`, `x_test`, `y_test`.
    NpzSamples,
    /// A pickle.
    Pickle,
    /// A file that PyTorch saved.
    Torch,
    /// Safetensors that limpid did not write.
    Safetensors,
    /// A model that limpid wrote.
    Model,
    /// Binary data that a transfer changed, taking it for text.
    Changed,
    /// A file that belongs to a system or a program, such as `.DS_Store`.
    Debris,
    /// Something else that is known by name: a program, a document, a film.
    Other,
    /// Binary data of no kind that is known.
    Unknown,
}

impl Kind {
    /// Whether it holds numbers with names, or a model: what weights are read from.
    pub fn is_weights(self) -> bool {
        matches!(self, Self::Npy | Self::Npz | Self::Pickle | Self::Torch | Self::Safetensors | Self::Model)
    }

    /// Whether it holds samples: what is learned from, and what a model is asked about.
    pub fn is_samples(self) -> bool {
        matches!(self, Self::Table | Self::Picture | Self::Idx | Self::NpzSamples)
    }

    /// Whether there is more to say than that it is text, or bytes.
    pub fn is_known(self) -> bool {
        !matches!(self, Self::Text | Self::Table | Self::Unknown)
    }
}

/// What bytes are, in words.
///
/// ```
/// use limpid_files::{Kind, sniff};
///
/// let found = sniff(b"version https://git-lfs.github.com/spec/v1\noid sha256:ab");
/// assert_eq!(found.kind(), Kind::Pointer);
/// assert_eq!(found.to_string(), "a Git LFS pointer, not the file itself; fetch the file with `git lfs pull`");
/// assert_eq!(sniff(b"Hello, lake").to_string(), "text that begins \"Hello, lake\"");
/// assert_eq!(sniff(&[0x17, 0x20, 0x6c, 0xff]).to_string(), "binary data that begins with the bytes 17 20 6c ff");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sniffed {
    kind: Kind,
    described: Cow<'static, str>,
    way_out: Cow<'static, str>,
    idx_shape: Option<Box<[u64]>>,
}

impl Sniffed {
    fn new(kind: Kind, described: impl Into<Cow<'static, str>>, way_out: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, described: described.into(), way_out: way_out.into(), idx_shape: None }
    }

    /// Which kind it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The shape that an IDX file says it has, plain or gzip'd: (samples), or (samples, height, width).
    ///
    /// ```
    /// let file = [&[0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 3][..], b"abc"].concat();
    /// assert_eq!(limpid_files::sniff(&file).idx_shape(), Some(&[1, 3][..]));
    /// assert_eq!(limpid_files::sniff(b"text").idx_shape(), None);
    /// ```
    pub fn idx_shape(&self) -> Option<&[u64]> {
        self.idx_shape.as_deref()
    }

    /// As it stands in a sentence: `an Excel workbook (.xlsx)`.
    pub fn described(&self) -> &str {
        &self.described
    }

    /// How its contents come to where they can be read; nothing where it is read as it is, or not known.
    pub fn way_out(&self) -> Option<&str> {
        Some(self.way_out.as_ref()).filter(|way| !way.is_empty())
    }

    /// What the file is, and what to do; `otherwise` where the kind has no advice of its own.
    pub fn or(&self, otherwise: &str) -> String {
        format!("{}; {}", self.described, self.way_out().unwrap_or(otherwise))
    }
}

impl fmt::Display for Sniffed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.described)?;
        self.way_out().map_or(Ok(()), |way| write!(f, "; {way}"))
    }
}

/// The parts of a file that are looked at.
pub(crate) struct View<'a> {
    pub(crate) head: &'a [u8],
    pub(crate) tail: &'a [u8],
    /// The length of the whole.
    pub(crate) length: u64,
    /// The names in its directory, where it is a zip archive with a whole one.
    pub(crate) names: Option<Vec<String>>,
}

/// The format of bytes, detected by the first and the last of them. They are a whole file's.
pub fn sniff(bytes: &[u8]) -> Sniffed {
    let view = View {
        head: &bytes[..bytes.len().min(HEAD_BYTES)],
        tail: &bytes[bytes.len().saturating_sub(TAIL_BYTES)..],
        length: bytes.len() as u64,
        names: archives::names_in(bytes),
    };
    view.sniffed()
}

impl View<'_> {
    /// The first that recognises it, from the surest on.
    pub(crate) fn sniffed(&self) -> Sniffed {
        type Way = dyn Fn(&View<'_>) -> Option<Sniffed>;
        let ways: [&Way; 7] = [
            &|view| (view.length == 0).then(|| Sniffed::new(Kind::Empty, "an empty file", "copy it again")),
            &archives::found,
            &marks::found,
            &arrays::found,
            &text::found,
            &protobuf::found,
            &text::wide,
        ];
        ways.iter().find_map(|way| way(self)).unwrap_or_else(|| self.unknown())
    }

    fn unknown(&self) -> Sniffed {
        if self.head.iter().all(|&byte| byte == 0) {
            let described = format!("only zeros, {} bytes", grouped(self.length));
            return Sniffed::new(Kind::Unknown, described, "the copy or download did not finish: fetch it again");
        }
        let bytes: Vec<String> = self.head.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let described = format!("binary data that begins with the bytes {}", bytes.join(" "));
        Sniffed::new(Kind::Unknown, described, "")
    }
}

/// A number with commas between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let grouped = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    grouped.collect::<Vec<_>>().join(",")
}

/// Whether bytes have this part somewhere.
fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests;
