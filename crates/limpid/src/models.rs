//! Models as files: a network, its loss and its parameters in one safetensors file, which other programs open too.

use std::collections::BTreeMap;
use std::path::Path;

use limpid_engine::Precision;
use limpid_files::ModelFile;
use limpid_graph::{Data, Tensor};
use limpid_learn::{Loss, Mode, Model, Network, Preparation, Task};
use serde::{Deserialize, Serialize};

use crate::Error;

const NETWORK: &str = "network";
const LOSS: &str = "loss";
const DIVISOR: &str = "input.divisor";
const TABLE: &str = "samples.table";
const PICTURES: &str = "samples.pictures";

/// A model, and what its inputs were divided by when it was trained (255 for pixels).
#[derive(Debug)]
pub struct Saved {
    /// The model.
    pub model: Model,
    /// What its inputs are divided by.
    pub divisor: Option<f64>,
    /// What its samples are made from, where it was trained on a table or on pictures.
    pub samples: Option<Samples>,
}

/// What the samples of a model are made from.
#[derive(Clone, Debug, PartialEq)]
pub enum Samples {
    /// Rows of a table.
    Table(Preparation),
    /// Pictures.
    Pictures(PictureForm),
}

/// The form of pictures that a model reads, and the classes that it tells apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureForm {
    /// 1 for grey, 3 for red, green and blue.
    pub channels: usize,
    /// In pixels.
    pub height: usize,
    /// In pixels.
    pub width: usize,
    /// The classes' names, in the order of the labels.
    pub classes: Vec<String>,
    /// The ground that nearly all pictures of the training lay on, where they did.
    #[cfg(feature = "pictures")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground: Option<crate::pictures::Ground>,
}

impl PictureForm {
    /// How many numbers a picture has; none where that is more than can be counted.
    pub fn sample_size(&self) -> Option<usize> {
        self.channels.checked_mul(self.height)?.checked_mul(self.width)
    }
}

impl Samples {
    /// As a model file's notes have it.
    fn entry(&self) -> Result<(String, String), serde_json::Error> {
        let (key, text) = match self {
            Self::Table(preparation) => (TABLE, serde_json::to_string(preparation)?),
            Self::Pictures(form) => (PICTURES, serde_json::to_string(form)?),
        };
        Ok((key.to_string(), text))
    }

    /// From a model file's notes.
    fn in_entries(metadata: &BTreeMap<String, String>) -> Result<Option<Self>, String> {
        let wrong = |key: &str, error: serde_json::Error| format!("the entry `{key}`: {error}");
        match (metadata.get(TABLE), metadata.get(PICTURES)) {
            (None, None) => Ok(None),
            (Some(text), None) => serde_json::from_str(text)
                .map(|samples| Some(Self::Table(samples)))
                .map_err(|error| wrong(TABLE, error)),
            (None, Some(text)) => serde_json::from_str(text)
                .map(|samples| Some(Self::Pictures(samples)))
                .map_err(|error| wrong(PICTURES, error)),
            (Some(_), Some(_)) => Err(format!("it has both `{TABLE}` and `{PICTURES}`")),
        }
    }

    /// How many numbers a sample has, and how many outputs a network has for it.
    fn sizes(&self) -> (Option<usize>, usize) {
        match self {
            Self::Table(preparation) => (Some(preparation.size()), preparation.target().outputs()),
            Self::Pictures(form) => (form.sample_size(), form.classes.len()),
        }
    }

    /// Checks that they are the samples of this network and loss; they come from a file.
    fn check(&self, network: &Network, loss: Loss) -> Result<(), String> {
        let (size, outputs) = self.sizes();
        let takes = network.input().iter().try_fold(1usize, |product, &extent| product.checked_mul(extent));
        if size.is_none() || size != takes {
            return Err(format!("its network does not take samples of {} numbers", size.unwrap_or(0)));
        }
        let graph = network.graph(Mode::Inference).map_err(|error| error.to_string())?;
        let gives = graph.outputs().first().and_then(|&id| graph.node(id).shape.dims().last()?.as_known());
        if gives != Some(outputs) {
            return Err(format!("its network does not give {outputs} outputs"));
        }
        let channels = if let Self::Pictures(form) = self { form.channels } else { 1 };
        let task = if let Self::Table(preparation) = self { preparation.target().task() } else { Task::Classification };
        match (task, loss) {
            _ if ![1, 3].contains(&channels) => Err(format!("pictures have 1 channel or 3, not {channels}")),
            (Task::Regression, Loss::SoftmaxCrossEntropy | Loss::BinaryCrossEntropy) => {
                Err(format!("a regression has no {loss}"))
            }
            _ => Ok(()),
        }
    }
}

/// Writes a model to `path`: the whole file or nothing.
///
/// # Errors
/// Where the file cannot be written.
pub fn save(model: &Model, divisor: Option<f64>, path: &Path) -> Result<(), Error> {
    save_with(model, divisor, None, path)
}

/// Writes a model to `path` with what its samples are made from: the whole file or nothing.
///
/// # Errors
/// Where the file cannot be written.
pub fn save_with(model: &Model, divisor: Option<f64>, samples: Option<&Samples>, path: &Path) -> Result<(), Error> {
    let wrong = |error: serde_json::Error| Error::Model { path: path.display().to_string(), what: error.to_string() };
    let entry = samples.map(Samples::entry).transpose().map_err(wrong)?;
    let mut file = to_file(model, divisor)?;
    file.metadata.extend(entry);
    Ok(file.write(path)?)
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
    let samples = Samples::in_entries(metadata).map_err(wrong)?;
    if let Some(samples) = &samples {
        samples.check(&network, loss).map_err(wrong)?;
    }
    // Before a model is made: its network's text may ask for more memory than there is, the arrays that fit it do not.
    network.check_parameters(arrays).map_err(|error| wrong(error.to_string()))?;
    let mut model = Model::in_precision(&network, 0, precision_of(arrays))?.with_loss(loss);
    model.set_parameters(arrays)?;
    Ok(Saved { model, divisor, samples })
}

/// The precision that a model was trained in is that of its parameters.
pub(crate) fn precision_of(arrays: &[(String, Tensor)]) -> Precision {
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
    fn what_samples_are_made_from_comes_back_and_a_changed_entry_is_refused() {
        use limpid_learn::Column;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let network = "2, affine 2".parse().unwrap();
        let model = Model::new(&network, 7).unwrap();
        let x = Column::numbers("x", [Some(0.1), None, Some(0.7)]);
        let kind = Column::words("kind", [Some("a"), Some("b"), Some("a")]);
        let table = Samples::Table(Preparation::fit(&[x], &kind, Task::Classification).unwrap());
        let classes = vec!["a".to_string(), "b".to_string()];
        let pictures = Samples::Pictures(PictureForm { channels: 1, height: 2, width: 1, classes, ground: None });
        for samples in [table, pictures] {
            save_with(&model, None, Some(&samples), &path).unwrap();
            assert_eq!(load(&path).unwrap().samples.as_ref(), Some(&samples));
        }
        let whole = ModelFile::read(&path).unwrap();
        let form = |text: &str| (PICTURES, text.to_string());
        let table = [
            form("{}"),
            form("no JSON"),
            form(r#"{"channels":1,"height":3,"width":1,"classes":["a","b"]}"#),
            form(r#"{"channels":2,"height":1,"width":1,"classes":["a","b"]}"#),
            form(r#"{"channels":1,"height":2,"width":1,"classes":["a"]}"#),
            form(r#"{"channels":3,"height":9223372036854775807,"width":9,"classes":["a","b"]}"#),
            (TABLE, "{}".to_string()),
        ];
        for (key, text) in table {
            let mut changed = whole.clone();
            changed.metadata.insert(key.to_string(), text.clone());
            changed.write(&path).unwrap();
            assert!(matches!(load(&path), Err(Error::Model { .. })), "{text}");
        }
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
