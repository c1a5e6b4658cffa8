//! What stands in a folder of pictures, before any of it is read: its parts, its classes, its files.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Picture, PictureError, PicturesError, TOGETHER_CAP_BYTES, read_expecting};
use crate::digest::Checksum;
use crate::sniff::Kind;
use crate::sniff_file::sniff_file;

/// The names of pictures end in these; of those that are not read, too, so that they are named and not passed over.
const EXTENSIONS: [&str; 15] =
    ["png", "jpg", "jpeg", "jpe", "jfif", "webp", "bmp", "gif", "tif", "tiff", "avif", "heic", "heif", "jxl", "jp2"];
/// What systems and programs leave in folders, in small letters. What begins with a point is passed over anyway.
const DEBRIS: [&str; 8] = [
    "__macosx",
    "thumbs.db",
    "desktop.ini",
    "$recycle.bin",
    "system volume information",
    "__pycache__",
    "lost+found",
    "@eadir",
];
/// So many folders may lie around everything, each alone in the one before.
const MOST_WRAPPERS: usize = 8;

/// A part of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Train,
    Validation,
    Test,
}

impl Part {
    /// Which part a folder is by its name: `train`, `Training`, `test_set`, `validation-data` …
    fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let letters: String = name.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
        let endings = ["set", "data", "dataset", "images", "imgs", "pictures", "split", "folder"];
        let own = endings.iter().find_map(|ending| letters.strip_suffix(ending)).unwrap_or(&letters);
        match own {
            "train" | "training" | "trn" => Some(Self::Train),
            "val" | "valid" | "validate" | "validating" | "validation" | "dev" | "eval" | "evaluation" => {
                Some(Self::Validation)
            }
            "test" | "testing" | "tst" | "holdout" | "heldout" => Some(Self::Test),
            _ => None,
        }
    }
}

/// A folder of pictures: where what is learned lies in it, and what is held out.
///
/// A folder may have parts, which are known by their names in any of their usual forms: `train`, `Training`, `test_set`,
/// `val`, `validation`, `dev` … Where there is no `test`, `val` is what is held out; where there are both, `val` is left
/// out. One folder around everything, as archives unpack, is stepped into.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PictureFolder {
    /// The folder whose folders are the classes to learn.
    pub train: PathBuf,
    /// The folder of what is held out, where there is one.
    pub test: Option<PathBuf>,
    /// What a reader should know of that choice, a sentence each.
    pub notes: Vec<String>,
}

impl PictureFolder {
    /// Finds the parts of a folder. No picture is read.
    ///
    /// # Errors
    /// [`PicturesError`] where a folder cannot be read, or a class is only among what is held out.
    pub fn find(folder: &Path) -> Result<Self, PicturesError> {
        let mut own = folder.to_path_buf();
        let mut notes = Vec::new();
        for _ in 0..MOST_WRAPPERS {
            let entries = visible_entries(&own)?;
            if let Some(parts) = Self::parts(&entries, &notes)? {
                return Ok(parts);
            }
            match entries.as_slice() {
                [one] if one.is_dir() && visible_entries(one)?.iter().any(|inner| inner.is_dir()) => {
                    own.clone_from(one)
                }
                _ => break,
            }
        }
        if own != folder {
            notes.push(format!("the classes are the folders of {}", own.display()));
        }
        Ok(Self { train: own, test: None, notes })
    }

    /// The parts among these entries, where there are any: what is learned, with classes in it, and another.
    fn parts(entries: &[PathBuf], notes: &[String]) -> Result<Option<Self>, PicturesError> {
        let of = |part: Part| entries.iter().find(|path| path.is_dir() && Part::of(path) == Some(part));
        let [train, validation, test] = [Part::Train, Part::Validation, Part::Test].map(of);
        let Some(train) = train else { return Ok(None) };
        if validation.is_none() && test.is_none() || folders_in(train)?.is_empty() {
            return Ok(None);
        }
        let mut parts = Self { train: train.clone(), test: None, notes: notes.to_vec() };
        for (name, path) in [("test", test), ("validation", validation)] {
            let Some(path) = path else { continue };
            if folders_in(path)?.is_empty() {
                parts.notes.push(format!(
                    "{} has no class folders, so that nobody knows what is right there: it is not tested on; `predict` \
                     takes its pictures",
                    path.display()
                ));
            } else if parts.test.is_none() {
                parts.test = Some(path.clone());
                if name == "validation" {
                    parts.notes.push(format!("{} is held out as the test set", path.display()));
                }
            } else {
                parts.notes.push(format!("{} is left out: neither trained nor tested on", path.display()));
            }
        }
        let is_part = |path: &&PathBuf| [Some(train), validation, test].contains(&Some(*path));
        let others: Vec<_> = entries.iter().filter(|path| path.is_dir() && !is_part(path)).collect();
        if let [first, ..] = others.as_slice() {
            let count = if others.len() == 1 { "1 folder".into() } else { format!("{} folders", others.len()) };
            parts.notes.push(format!("{count} beside the parts left out, such as {}", first.display()));
        }
        parts.check_classes()?;
        Ok(Some(parts))
    }

    /// Nothing can be learned of a class that is only tested on.
    fn check_classes(&self) -> Result<(), PicturesError> {
        let Some(test) = &self.test else { return Ok(()) };
        let names = |folder: &Path| -> Result<Vec<_>, PicturesError> {
            Ok(folders_in(folder)?.into_iter().filter_map(|path| Some(path.file_name()?.to_os_string())).collect())
        };
        let learned = names(&self.train)?;
        match names(test)?.into_iter().find(|class| !learned.contains(class)) {
            None => Ok(()),
            Some(class) => Err(PicturesError::OnlyTest {
                class: class.to_string_lossy().into_owned(),
                train: self.train.clone(),
                test: test.clone(),
            }),
        }
    }
}

fn folders_in(folder: &Path) -> Result<Vec<PathBuf>, PicturesError> {
    Ok(visible_entries(folder)?.into_iter().filter(|path| path.is_dir()).collect())
}

/// Whether a path is a picture, by the end of its name or else by its bytes. Of a format that is not read it is one, too.
pub fn is_picture(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    let is_named = |extension: &str| EXTENSIONS.iter().any(|own| extension.eq_ignore_ascii_case(own));
    extension.is_some_and(is_named)
        || sniff_file(path).is_ok_and(|found| matches!(found.kind(), Kind::Picture | Kind::OtherPicture))
}

/// The pictures of a folder whose folders are classes, before any of them is read.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// for (class, name) in [("dog", "b.png"), ("cat", "a.jpg"), ("cat", "notes.txt")] {
///     std::fs::create_dir_all(folder.path().join(class))?;
///     std::fs::write(folder.path().join(class).join(name), "")?;
/// }
/// let files = limpid_files::PictureFiles::list(folder.path())?;
/// assert_eq!(files.classes, ["cat", "dog"]);
/// assert_eq!(files.files[1], (folder.path().join("dog/b.png"), 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PictureFiles {
    /// The names of the classes' folders, sorted.
    pub classes: Vec<String>,
    /// Each picture's file and which of the classes it belongs to; class by class, sorted within each.
    pub files: Vec<(PathBuf, usize)>,
    /// Files in the classes' folders that are no pictures.
    pub others: Vec<PathBuf>,
}

impl PictureFiles {
    /// Lists a folder. What is hidden (begins with a point) is passed over.
    ///
    /// # Errors
    /// [`PicturesError`]: a folder that cannot be read, no class, or a class without pictures or with folders in it.
    pub fn list(folder: &Path) -> Result<Self, PicturesError> {
        let mut listing = Self { classes: Vec::new(), files: Vec::new(), others: Vec::new() };
        for class in folders_in(folder)? {
            let label = listing.classes.len();
            listing.classes.push(class.file_name().unwrap_or_default().to_string_lossy().into_owned());
            let before = (listing.files.len(), listing.others.len());
            for path in visible_entries(&class)? {
                match (path.is_dir(), is_picture(&path)) {
                    (true, _) => return Err(PicturesError::Nested { path }),
                    (false, true) => listing.files.push((path, label)),
                    (false, false) => listing.others.push(path),
                }
            }
            if listing.files.len() == before.0 {
                let found = listing.others.get(before.1).and_then(|first| sniff_file(first).ok());
                return Err(PicturesError::NoPictures { path: class, found });
            }
        }
        if listing.classes.is_empty() {
            return Err(PicturesError::NoClasses { path: folder.to_path_buf() });
        }
        Ok(listing)
    }

    /// Decodes the pictures one after the other, and hands each on as `bring` makes it; without it they have one size.
    /// Gives their checksum, which is that of [`Pictures`](super::Pictures).
    ///
    /// # Errors
    /// [`PicturesError`], with the path: not a picture, or the first that differs in size; and what `with` answers.
    pub fn decode(
        &self,
        mut bring: Option<&mut dyn FnMut(Picture) -> Picture>,
        mut with: impl FnMut(Picture) -> Result<(), PicturesError>,
    ) -> Result<String, PicturesError> {
        let mut checksum = Checksum::default();
        let mut first: Option<(&PathBuf, (usize, usize))> = None;
        for (path, label) in &self.files {
            let expected = first.map(|(_, size)| size).filter(|_| bring.is_none());
            checksum.add(self.classes.get(*label).map_or("", String::as_str).as_bytes());
            let picture = read_expecting(path, expected, |bytes| checksum.add(bytes));
            let picture = picture.map_err(|error| match (error, first) {
                // Known from the header, before anything is unpacked.
                (PicturesError::Picture { path, cause: PictureError::Size { found, expected } }, Some((first, _))) => {
                    PicturesError::Size { path, found, first: first.clone(), expected }
                }
                (error, _) => error,
            })?;
            let picture = match &mut bring {
                Some(bring) => bring(picture),
                None => picture,
            };
            first.get_or_insert((path, (picture.height, picture.width)));
            with(picture)?;
        }
        Ok(checksum.hex())
    }

    /// Whether as many pictures of this size, in colour, can be held.
    pub(super) fn check_room(&self, folder: &Path, (height, width): (usize, usize)) -> Result<(), PicturesError> {
        let count = self.files.len();
        let bytes = [3, height, width].into_iter().fold(count, usize::saturating_mul);
        if bytes > TOGETHER_CAP_BYTES {
            let (path, cap_bytes) = (folder.to_path_buf(), TOGETHER_CAP_BYTES);
            return Err(PicturesError::TooLarge { path, count, bytes, cap_bytes });
        }
        Ok(())
    }
}

/// What is in a folder, sorted by name, without what is hidden and what systems leave behind, such as `__MACOSX` or
/// `Thumbs.db`.
///
/// # Errors
/// [`PicturesError::Folder`] where the folder cannot be read.
pub fn visible_entries(folder: &Path) -> Result<Vec<PathBuf>, PicturesError> {
    let unreadable = |cause| PicturesError::Folder { path: folder.to_path_buf(), cause };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if !path.file_name().is_some_and(|name| is_debris(&name.to_string_lossy())) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn is_debris(name: &str) -> bool {
    name.starts_with('.') || name == "Icon\r" || DEBRIS.contains(&name.to_ascii_lowercase().as_str())
}
