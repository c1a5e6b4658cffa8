//! Models as files: a network, its loss and its parameters in one safetensors file, which other programs open too.

use std::collections::BTreeMap;
use std::path::Path;

use limpid_engine::Precision;
use limpid_files::ModelFile;
use limpid_graph::{Data, Tensor};
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
    Ok(to_file(model, divisor)?.write(path)?)
}

/// A model as the contents of a file, such as [`ModelFile::to_bytes`] gives the bytes of.
///
/// # Errors
/// Does not fail for a model that was made.
pub fn to_file(model: &Model, divisor: Option<f64>) -> Result<ModelFile, Error> {
    let mut metadata = BTreeMap::from([
        (NETWORK.to_string(), model.network().to_string()),
        (LOSS.to_string(), model.loss().to_string()),
    ]);
    metadata.extend(divisor.map(|divisor| (DIVISOR.to_string(), divisor.to_string())));
    Ok(ModelFile { metadata, arrays: model.parameters()? })
}

/// Reads a model from `path`.
///
/// # Errors
/// Where the file cannot be read, is cut or changed, or does not hold what its network needs.
pub fn load(path: &Path) -> Result<Saved, Error> {
    let ModelFile { metadata, arrays } = ModelFile::read(path)?;
    from_entries(&metadata, &arrays, path)
}

/// A model from a model file's notes and arrays.
pub(crate) fn from_entries(
    metadata: &BTreeMap<String, String>,
    arrays: &[(String, Tensor)],
    path: &Path,
) -> Result<Saved, Error> {
    let wrong = |what: String| Error::Model { path: path.display().to_string(), what };
    let entry = |key: &str| metadata.get(key).ok_or_else(|| wrong(format!("the entry `{key}` is missing")));
    let network: Network = entry(NETWORK)?.parse().map_err(|error| wrong(format!("its network: {error}")))?;
    let loss: Loss = entry(LOSS)?.parse().map_err(|error| wrong(format!("its loss: {error}")))?;
    let divisor = match metadata.get(DIVISOR).map(|text| text.parse::<f64>()) {
        None => None,
        Some(Ok(divisor)) if divisor.is_finite() && divisor != 0.0 => Some(divisor),
        Some(_) => return Err(wrong(format!("the entry `{DIVISOR}` is not a number to divide by"))),
    };
    // Before a model is made: its network's text may ask for more memory than there is, the arrays that fit it do not.
    network.check_parameters(arrays).map_err(|error| wrong(error.to_string()))?;
    let mut model = Model::in_precision(&network, 0, precision_of(arrays))?.with_loss(loss);
    model.set_parameters(arrays)?;
    Ok(Saved { model, divisor })
}

/// The precision that a model was trained in is that of its parameters.
fn precision_of(arrays: &[(String, Tensor)]) -> Precision {
    match arrays.iter().any(|(_, array)| matches!(array.data(), Data::F64(_))) {
        true => Precision::F64,
        false => Precision::F32,
    }
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

    #[test]
    fn a_model_comes_back_in_its_precision() {
        let path = std::env::temp_dir().join(format!("limpid-precision-{}.safetensors", std::process::id()));
        let network = "4, affine 2".parse().unwrap();
        let model = Model::in_precision(&network, 7, Precision::F64).unwrap();
        save(&model, None, &path).unwrap();
        let saved = load(&path).unwrap();
        assert_eq!(saved.model.precision(), Precision::F64);
        assert_eq!(saved.model.parameters().unwrap(), model.parameters().unwrap());
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_file_whose_network_asks_for_more_than_its_arrays_hold_is_refused_before_memory_is() {
        let path = std::env::temp_dir().join(format!("limpid-vast-{}.safetensors", std::process::id()));
        let metadata = BTreeMap::from([
            (NETWORK.to_string(), "16777216, affine 16777216".to_string()),
            (LOSS.to_string(), Loss::default().to_string()),
        ]);
        ModelFile { metadata, arrays: Vec::new() }.write(&path).unwrap();
        let error = load(&path).unwrap_err().to_string();
        assert!(error.contains("the parameter `0/w` is missing"), "{error}");
        std::fs::remove_file(&path).unwrap();
    }
}
