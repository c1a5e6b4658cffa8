//! The first weights: loaded from a file if it exists, otherwise drawn and saved.

use std::fmt::Write;
use std::path::Path;

use limpid::models::{load, save};
use limpid::page::{Outcome, Page};
use limpid::prelude::*;

/// The model in the file; if there is no file, a new model, which is saved.
fn load_or_draw(path: &Path, seed: u64) -> Result<(Model, &'static str), limpid::Error> {
    if path.exists() {
        return Ok((load(path)?, "loaded"));
    }
    let network = Network::new(784, (Affine::new(784, 50), Sigmoid, Affine::new(50, 10)));
    let model = Model::new(&network, seed)?.with_divisor(Some(255.0));
    save(&model, path)?;
    Ok((model, "drawn and saved"))
}

pub(crate) fn stop(page: &mut Page<'_>) -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("first.safetensors");
    let (first, how) = load_or_draw(&path, 1)?;
    writeln!(page, "the first time: {how}, {} bytes", path.metadata()?.len())?;
    // Another seed would draw other weights, but the file is there and is loaded.
    let (again, how) = load_or_draw(&path, 2)?;
    writeln!(page, "the second time: {how}")?;
    writeln!(page, "the same to the last bit: {}", first.parameters()? == again.parameters()?)?;
    Ok(())
}

fn main() -> Outcome {
    Page::show(stop)
}
