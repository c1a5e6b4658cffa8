//! Models as files: a network, its loss and its parameters in one safetensors file, which other programs open too.

use std::collections::BTreeMap;
use std::path::Path;

use limpid_files::ModelFile;
use limpid_learn::{Loss, Model, Network};

use crate::Error;

const NETWORK: &str = "network";
const LOSS: &str = "loss";
const DIVISOR: &str = "input.divisor";

/// A model, and what its inputs were divided by when it was trained (255 for pixels).
#[derive(Debug)]
pub struct Saved {
    /// The model.
    pub model: Model,
    /// What its inputs are divided by.
    pub divisor: Option<f64>,
}

/// Writes a model to `path`: the whole file or nothing.
///
/// # Errors
/// Where the file cannot be written.
pub fn save(model: &Model, divisor: Option<f64>, path: &Path) -> Result<(), Error> {
    let mut metadata = BTreeMap::from([
        (NETWORK.to_string(), model.network().to_string()),
        (LOSS.to_string(), model.loss().to_string()),
    ]);
    metadata.extend(divisor.map(|divisor| (DIVISOR.to_string(), divisor.to_string())));
    Ok(ModelFile { metadata, arrays: model.parameters()? }.write(path)?)
}

/// Reads a model from `path`.
///
/// # Errors
/// Where the file cannot be read, is cut or changed, or does not hold what its network needs.
pub fn load(path: &Path) -> Result<Saved, Error> {
    let file = ModelFile::read(path)?;
    let wrong = |what: String| Error::Model { path: path.display().to_string(), what };
    let entry = |key: &str| file.metadata.get(key).ok_or_else(|| wrong(format!("the entry `{key}` is missing")));
    let network: Network = entry(NETWORK)?.parse().map_err(|error| wrong(format!("its network: {error}")))?;
    let loss: Loss = entry(LOSS)?.parse().map_err(|error| wrong(format!("its loss: {error}")))?;
    let divisor = match file.metadata.get(DIVISOR).map(|text| text.parse::<f64>()) {
        None => None,
        Some(Ok(divisor)) if divisor.is_finite() && divisor != 0.0 => Some(divisor),
        Some(_) => return Err(wrong(format!("the entry `{DIVISOR}` is not a number to divide by"))),
    };
    let mut model = Model::new(&network, 0)?.with_loss(loss);
    model.set_parameters(&file.arrays).map_err(|error| wrong(error.to_string()))?;
    Ok(Saved { model, divisor })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_comes_back_to_the_bit() {
        let path = std::env::temp_dir().join(format!("limpid-model-{}.safetensors", std::process::id()));
        let network = "4, affine 3 init=normal(0.5), leaky-relu slope=0.2, affine 2".parse().unwrap();
        let model = Model::new(&network, 7).unwrap().with_loss(Loss::MeanSquaredError);
        save(&model, Some(255.0), &path).unwrap();
        let saved = load(&path).unwrap();
        assert_eq!(saved.model.parameters().unwrap(), model.parameters().unwrap());
        assert_eq!(saved.model.network().to_string(), network.to_string());
        assert_eq!((saved.model.loss(), saved.divisor), (Loss::MeanSquaredError, Some(255.0)));
        std::fs::remove_file(&path).unwrap();
    }
}
