//! Functions that are not safe say what their callers answer for. Clippy asks this of public ones only; and that each
//! `unsafe` block says why it is sound, of all (`undocumented_unsafe_blocks`).

use std::path::{Path, PathBuf};
use std::{fs, io};

/// Every Rust file below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        match entry?.path() {
            path if path.is_dir() => sources(&path, found)?,
            path if path.extension().is_some_and(|extension| extension == "rs") => found.push(path),
            _ => {}
        }
    }
    Ok(())
}

#[test]
fn every_unsafe_function_says_what_its_caller_answers_for() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files).unwrap();
    let (mut seen, mut silent) = (0, Vec::new());
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let (mut documented, mut implements) = (false, false);
        for (number, line) in text.lines().enumerate() {
            let code = line.trim_start();
            // What a trait asks is said where its function is declared.
            match code {
                _ if code.starts_with("impl") || code.starts_with("unsafe impl") => implements = code.contains(" for "),
                _ if line.starts_with('}') => implements = false,
                _ => {}
            }
            if code.starts_with("///") {
                documented |= code == "/// # Safety";
            } else if !code.starts_with('#') && !code.starts_with("$(#") {
                let is_unsafe = code.contains("unsafe fn ") && !code.contains("= unsafe fn");
                if is_unsafe && !implements && !code.starts_with("//") {
                    seen += 1;
                    if !documented {
                        silent.push(format!("{}:{}: {code}", file.display(), number + 1));
                    }
                }
                documented = false;
            }
        }
    }
    assert!(seen > 30, "{seen} unsafe functions were found: does this test still read the sources?");
    assert!(silent.is_empty(), "no `# Safety` above\n{}", silent.join("\n"));
}
