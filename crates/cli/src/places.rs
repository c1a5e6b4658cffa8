//! What a command reads and what it writes: no result goes over a file that the same command reads, or over another of
//! its results, and a place that cannot be written is refused before anything is computed.
//!
//! Every flag and argument that takes a path is known here by its name, whatever the verb. A test walks over all verbs,
//! so that a new flag that takes a path has to be entered.

use std::any::TypeId;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fs, io};

use clap::{Arg, ArgMatches, Command};
use limpid::files::{data_sets, is_picture, writable, writable_folder};

use crate::failure::Failure;
use crate::output;

/// What is read.
const READ: &[&str] = &["data", "file", "from", "gradient", "model", "pictures", "input"];
/// What is written: a file, or a folder where the flag's value is called so.
const WRITTEN: &[&str] = &["folder", "history", "output", "results", "to"];

/// A path that was typed, and what for.
struct Place {
    /// `--output`, or `MODEL`.
    flag: String,
    path: PathBuf,
    is_folder: bool,
}

/// Checks the places of the verb that was typed.
///
/// # Errors
/// [`Failure::Usage`] where a result would go over something that is read or written, [`Failure::Output`] where a place
/// cannot be written.
pub(crate) fn check(command: &Command, matches: &ArgMatches) -> Result<(), Failure> {
    if let Some((name, matches)) = matches.subcommand()
        && let Some(command) = command.find_subcommand(name)
    {
        return check(command, matches);
    }
    let (read, written) = (places(READ, command, matches), places(WRITTEN, command, matches));
    for (i, place) in written.iter().enumerate() {
        keeps_all(place, &read, &written[..i])?;
        if place.is_folder { writable_folder(&place.path)? } else { writable(&place.path)? }
    }
    Ok(())
}

/// The paths among the arguments of these names. `-` is a place only where it is read.
fn places(names: &[&str], command: &Command, matches: &ArgMatches) -> Vec<Place> {
    let places = |arg: &Arg| {
        let id = arg.get_id().as_str();
        let paths = matches.try_get_many::<PathBuf>(id).ok().flatten().into_iter().flatten().cloned();
        let words = matches.try_get_many::<OsString>(id).ok().flatten().into_iter().flatten().map(PathBuf::from);
        let (flag, is_folder) = (flag(arg), is_folder(arg));
        let place = |path| Place { flag: flag.clone(), path, is_folder };
        paths.chain(words).map(place).collect::<Vec<_>>()
    };
    let is_written = names == WRITTEN;
    let named = command.get_arguments().filter(|arg| takes_path(arg) && names.contains(&arg.get_id().as_str()));
    named.flat_map(places).filter(|place| !(is_written && output::is_dash(&place.path))).collect()
}

/// Whether an argument's values are paths, or words that may be paths.
fn takes_path(arg: &Arg) -> bool {
    let of = arg.get_value_parser().type_id();
    of == TypeId::of::<PathBuf>() || of == TypeId::of::<OsString>()
}

fn is_folder(arg: &Arg) -> bool {
    arg.get_value_names().is_some_and(|names| names.iter().any(|name| name.as_str() == "FOLDER"))
}

fn flag(arg: &Arg) -> String {
    let long = arg.get_long().map(|long| format!("--{long}"));
    long.or_else(|| arg.get_value_names()?.first().map(ToString::to_string)).unwrap_or_else(|| arg.get_id().to_string())
}

/// Refuses a result that would go over what is read, or over an earlier result.
fn keeps_all(place: &Place, read: &[Place], written: &[Place]) -> Result<(), Failure> {
    let (flag, shown) = (&place.flag, place.path.display());
    if let Some(own) = Identity::of(&place.path) {
        if let Some(other) = read.iter().find(|other| Identity::of_read(&other.path).as_ref() == Some(&own)) {
            return Err(Failure::Usage(format!(
                "{flag} {shown} is the file that {} reads, and would replace it; choose another name for {flag}",
                other.flag
            )));
        }
        if let Some(other) = written.iter().find(|other| Identity::of(&other.path).as_ref() == Some(&own)) {
            return Err(Failure::Usage(format!(
                "{} and {flag} name the same file, {shown}; choose another name for one of them",
                other.flag
            )));
        }
    }
    if place.path.is_file() && (is_published(&place.path) || is_sample(&place.path, read)) {
        return Err(Failure::Usage(format!(
            "{flag} {shown} is a file of the data, and would replace it; choose another name for {flag}"
        )));
    }
    Ok(())
}

/// Whether a file has the name of a published data set's file.
fn is_published(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut files = data_sets().iter().flat_map(|set| set.files);
    files.any(|file| name == file.name || name == file.name.trim_end_matches(".gz"))
}

/// Whether a file is a picture in a folder that is read.
fn is_sample(path: &Path, read: &[Place]) -> bool {
    let Ok(path) = fs::canonicalize(path) else { return false };
    let is_within = |place: &Place| fs::canonicalize(&place.path).is_ok_and(|folder| path.starts_with(folder));
    is_picture(&path) && read.iter().any(|place| place.path.is_dir() && is_within(place))
}

/// Which file a path means, however it is written: with `./`, through links of both kinds, in other case where the
/// system does not tell cases apart.
#[derive(Debug, PartialEq, Eq)]
enum Identity {
    /// A file that is there, by its device and number; elsewhere than on Unix by its canonical path.
    There(FileNumber),
    /// A name that is still free in a folder.
    Free(FileNumber, OsString),
}

impl Identity {
    /// None for devices and pipes, which are not replaced, and for places that nothing can be written to.
    fn of(path: &Path) -> Option<Self> {
        match fs::metadata(path) {
            Ok(found) if found.is_file() => Some(Self::There(file_number(path, &found)?)),
            Ok(_) => None,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                let folder = folder.unwrap_or(Path::new("."));
                let name = path.file_name()?.to_os_string();
                // Systems whose file names differ in more than case.
                let ignores_case = cfg!(any(windows, target_vendor = "apple"));
                let name = if ignores_case { name.to_ascii_lowercase() } else { name };
                Some(Self::Free(file_number(folder, &fs::metadata(folder).ok()?)?, name))
            }
            Err(_) => None,
        }
    }

    /// Of what is read, where `-` is the file that standard input comes from.
    fn of_read(path: &Path) -> Option<Self> {
        if output::is_dash(path) { standard_input().map(Self::There) } else { Self::of(path) }
    }
}

#[cfg(unix)]
type FileNumber = (u64, u64);
#[cfg(not(unix))]
type FileNumber = PathBuf;

#[cfg(unix)]
fn file_number(_: &Path, found: &fs::Metadata) -> Option<FileNumber> {
    use std::os::unix::fs::MetadataExt;

    Some((found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn file_number(path: &Path, _: &fs::Metadata) -> Option<FileNumber> {
    fs::canonicalize(path).ok()
}

#[cfg(unix)]
fn standard_input() -> Option<FileNumber> {
    use std::os::fd::AsFd;

    let found = fs::File::from(io::stdin().as_fd().try_clone_to_owned().ok()?).metadata().ok()?;
    if found.is_file() { file_number(Path::new("-"), &found) } else { None }
}

#[cfg(not(unix))]
fn standard_input() -> Option<FileNumber> {
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;
    use crate::Cli;

    /// Every argument that takes a path, with the verb that has it.
    fn paths() -> Vec<(String, Arg)> {
        fn walk(command: &Command, verb: &str, found: &mut Vec<(String, Arg)>) {
            found.extend(
                command.get_arguments().filter(|arg| takes_path(arg)).map(|arg| (verb.to_string(), arg.clone())),
            );
            for command in command.get_subcommands() {
                walk(command, format!("{verb} {}", command.get_name()).trim(), found);
            }
        }
        let mut found = Vec::new();
        walk(&Cli::command(), "", &mut found);
        found
    }

    #[test]
    fn every_path_that_can_be_typed_is_known_as_read_or_as_written() {
        for (verb, arg) in paths() {
            let id = arg.get_id().as_str();
            let known = READ.contains(&id) != WRITTEN.contains(&id);
            assert!(known, "limpid {verb}: enter `{id}` in READ or in WRITTEN, {}", file!());
        }
    }

    /// What is typed to have a verb write over the file or into the folder `same` (`free` is not there).
    const OVER: &[(&str, &str, &str)] = &[
        ("train", "output", "train --data same --target x --output same"),
        ("train", "history", "train --data same --target x --history same"),
        ("train", "history", "train --output free --history ./free"),
        ("evaluate", "output", "evaluate same --output same"),
        ("lr-find", "output", "lr-find --data same --target x --output same"),
        ("search", "output", "search --vary lr=1|2 --output same/x.svg"),
        ("search", "results", "search --vary lr=1|2 --results same/x"),
        ("convert", "to", "convert same same"),
        ("predict", "output", "predict same --output same"),
        ("predict", "output", "predict other --data same --output same"),
        ("predict", "output", "predict other picture.png same --output same"),
        ("graph", "output", "graph same --output same"),
        ("graph", "output", "graph same --format json --output same"),
        ("plot activation", "output", "plot activation relu --output same/x.svg"),
        ("plot loss", "output", "plot loss mean-squared-error --output same/x.svg"),
        ("plot function", "output", "plot function x --output same/x.svg"),
        ("plot descent", "output", "plot descent x^2 --start 1 --output same/x.svg"),
        ("plot history", "output", "plot history same --output same"),
        ("plot weights", "output", "plot weights same --output same"),
        ("plot confusion", "output", "plot confusion same --output same"),
        ("plot confusion", "output", "plot confusion other --data same --output same"),
        ("plot misclassified", "output", "plot misclassified same --output same"),
        ("data fetch", "folder", "data fetch mnist --folder same"),
        ("data show", "output", "data show mnist --data same --output same"),
        ("book", "output", "book 4.4 --output same"),
        ("book", "output", "book --all --output same/site"),
        ("completions", "output", "completions man --output same"),
    ];

    fn checked(typed: &str, folder: &Path) -> Result<(), Failure> {
        let here = |word: &str| match word.strip_prefix("./").unwrap_or(word).split('/').next() {
            Some("same" | "free" | "other" | "picture.png") => folder.join(word).into_os_string(),
            _ => OsString::from(word),
        };
        let mut command = Cli::command();
        let words = std::iter::once(OsString::from("limpid")).chain(typed.split(' ').map(here));
        let matches = command.try_get_matches_from_mut(words).unwrap();
        check(&command, &matches)
    }

    #[test]
    fn no_verb_writes_over_what_it_reads() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("same"), b"precious").unwrap();
        for (_, _, typed) in OVER {
            let failure = checked(typed, folder.path()).expect_err(typed);
            let message = failure.to_string();
            // Of a picture of a formula there is nothing that is read; a file is in the way of a folder.
            let said = ["would replace it", "name the same file", "is a file, not a folder"];
            assert!(said.iter().any(|said| message.contains(said)), "{typed}: {message}");
        }
        // None of the verbs with a place to write was forgotten.
        let listed: BTreeSet<(String, String)> =
            OVER.iter().map(|(verb, id, _)| (verb.to_string(), id.to_string())).collect();
        let all = paths().into_iter().map(|(verb, arg)| (verb, arg.get_id().to_string()));
        let all: BTreeSet<_> = all.filter(|(_, id)| WRITTEN.contains(&id.as_str())).collect();
        assert_eq!(listed, all);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_refused_before_the_verb_begins() {
        let folder = tempfile::tempdir().unwrap();
        for (verb, id, typed) in OVER.iter().filter(|(_, id, _)| *id != "folder") {
            let words: Vec<&str> = typed.split(' ').collect();
            let place = words.len() - 1;
            for place_in in ["free/model.svg", "."] {
                let place_in = folder.path().join(place_in).display().to_string();
                let words = [&words[..place], &[place_in.as_str()]].concat();
                let outcome = checked(&words.join(" "), folder.path());
                // A folder may be made, and may be there.
                assert_eq!(
                    outcome.is_ok(),
                    ["book", "completions"].contains(verb),
                    "{verb} {id}: {words:?}: {outcome:?}"
                );
            }
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn places_that_differ_are_fine_and_so_are_devices() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("same"), b"precious").unwrap();
        let fine = [
            "train --data same --target x --output free --history other",
            "predict same --data other --output -",
            "convert same -",
            "graph same --output free",
            "train --output /dev/null --history /dev/null",
            "predict /dev/null --output /dev/null",
        ];
        for typed in fine.into_iter().take(if cfg!(unix) { fine.len() } else { 4 }) {
            checked(typed, folder.path()).expect(typed);
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_file_is_known_by_whatever_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("sub")).unwrap();
        fs::write(at("model"), b"precious").unwrap();
        std::os::unix::fs::symlink("model", at("soft")).unwrap();
        std::os::unix::fs::symlink(".", at("around")).unwrap();
        fs::hard_link(at("model"), at("hard")).unwrap();
        let model = Identity::of(&at("model"));
        assert!(matches!(model, Some(Identity::There(_))));
        for name in ["./model", "sub/../model", "soft", "hard", "around/model", "around/around/soft"] {
            assert_eq!(Identity::of(&at(name)), model, "{name}");
        }
        let free = Identity::of(&at("free"));
        assert!(matches!(free, Some(Identity::Free(..))));
        for name in ["./free", "sub/../free", "around/free"] {
            assert_eq!(Identity::of(&at(name)), free, "{name}");
        }
        assert_ne!(Identity::of(&at("sub/free")), free);
        assert_eq!(Identity::of(&at("missing/free")), None);
    }

    #[test]
    fn files_of_the_data_are_no_place_for_a_result() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("cat")).unwrap();
        for name in ["cat/1.png", "cat/notes.json", "t10k-images-idx3-ubyte", "train-labels-idx1-ubyte.gz"] {
            fs::write(at(name), b"data").unwrap();
        }
        let read = [Place { flag: "--data".to_string(), path: folder.path().to_path_buf(), is_folder: false }];
        let outcome = |name: &str, read: &[Place]| {
            let place = Place { flag: "--output".to_string(), path: at(name), is_folder: false };
            keeps_all(&place, read, &[]).map_err(|failure| failure.to_string())
        };
        for name in ["cat/1.png", "t10k-images-idx3-ubyte", "train-labels-idx1-ubyte.gz"] {
            assert!(outcome(name, &read).unwrap_err().contains("is a file of the data"), "{name}");
        }
        // Without --data the published files are looked for here, too; other pictures and other files are not data.
        assert!(outcome("t10k-images-idx3-ubyte", &[]).is_err());
        assert_eq!(outcome("cat/1.png", &[]), Ok(()));
        assert_eq!(outcome("cat/notes.json", &read), Ok(()));
        assert_eq!(outcome("cat/2.png", &read), Ok(()));
    }
}
