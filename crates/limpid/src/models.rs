//! Models as files: a network, its loss and its parameters in one safetensors file, which other programs open too.

use std::collections::BTreeMap;
use std::path::Path;

use limpid_engine::Precision;
use limpid_files::ModelFile;
use limpid_graph::{Data, Tensor};
use limpid_learn::step::SampleShape;
use limpid_learn::{Loss, Mode, Model, Network, Preparation, Registry, Split, Task};
use serde::{Deserialize, Serialize};

use crate::Error;

#[cfg(feature = "pictures")]
mod ground;
mod part;
mod seen;

#[cfg(feature = "pictures")]
pub use ground::Ground;
pub use part::Part;
pub use seen::Seen;

const NETWORK: &str = "network";
const LOSS: &str = "loss";
/// Of a loss of the user's own: the loss of limpid's that says how outputs are read, or `none`.
const LOSS_READ_AS: &str = "loss.read-as";
const NONE: &str = "none";
const DIVISOR: &str = "input.divisor";
const TABLE: &str = "samples.table";
const PICTURES: &str = "samples.pictures";

/// A model, and what its samples are made from.
#[derive(Debug)]
pub struct Saved {
    /// The model; it knows what its bytes are divided by.
    pub model: Model,
    /// What its samples are made from, where it was trained on a table or on pictures.
    pub samples: Option<Samples>,
}

impl Saved {
    /// Writes the model to `path` with what its samples are made from: the whole file or nothing.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        save_with(&self.model, self.samples.as_ref(), path)
    }
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PictureForm {
    /// 1 for grey, 3 for red, green and blue.
    pub channels: usize,
    /// In pixels.
    pub height: usize,
    /// In pixels.
    pub width: usize,
    /// The classes' names, in the order of the labels.
    pub classes: Vec<String>,
    /// The data set that was learned, where it is one that is known by name, such as `mnist`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<String>,
    /// The ground that nearly all pictures of the training lay on, where they did.
    #[cfg(feature = "pictures")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground: Option<Ground>,
    /// What the model was trained on, and what was held out, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
}

impl PictureForm {
    /// How many numbers a picture has; none where that is more than can be counted.
    pub fn sample_size(&self) -> Option<usize> {
        self.channels.checked_mul(self.height)?.checked_mul(self.width)
    }
}

impl Samples {
    /// What the model was trained on, and what was held out, where that is known.
    pub fn split(&self) -> Option<&Split> {
        match self {
            Self::Table(preparation) => preparation.split(),
            Self::Pictures(form) => form.split.as_ref(),
        }
    }

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

    /// What is learned of them.
    pub fn task(&self) -> Task {
        match self {
            Self::Table(preparation) => preparation.target().task(),
            Self::Pictures(_) => Task::Classification,
        }
    }

    /// How many outputs a network has for them: their classes, or 1.
    pub fn outputs(&self) -> usize {
        self.sizes().1
    }

    /// The shape of such samples as a training reads them, with targets as `loss` takes them.
    pub fn shape(&self, loss: &Loss, divisor: Option<f64>) -> SampleShape {
        let (size, outputs) = self.sizes();
        let target = match self.task() {
            Task::Classification if !loss.takes_labels() => vec![outputs],
            Task::Classification | Task::Regression => Vec::new(),
        };
        SampleShape { sample: vec![size.unwrap_or(0)], target, divisor }
    }

    /// The names of the classes; none for a regression.
    pub fn classes(&self) -> Option<Vec<String>> {
        match self {
            Self::Table(preparation) => preparation.target().classes(),
            Self::Pictures(form) => Some(form.classes.clone()),
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
    fn check(&self, network: &Network, loss: &Loss) -> Result<(), String> {
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
        match (self.task(), loss.reading()) {
            _ if ![1, 3].contains(&channels) => Err(format!("pictures have 1 channel or 3, not {channels}")),
            (Task::Regression, Some(Loss::SoftmaxCrossEntropy | Loss::BinaryCrossEntropy)) => {
                Err(format!("a regression has no {loss}"))
            }
            _ => Ok(()),
        }
    }
}

/// Writes a model to `path`: the whole file or nothing. The file has the network, the loss, the parameters, and what the
/// bytes of samples are divided by. It does not have what the optimiser gathered: a loaded model learns on as one whose
/// training begins.
///
/// ```
/// use limpid::models;
/// use limpid::prelude::*;
///
/// # let folder = tempfile::tempdir().expect("a folder");
/// # let path = folder.path().join("pixels.safetensors");
/// let pixels = Tensor::new([2, 2], vec![0u8, 255, 255, 51])?;
/// let data = Dataset::new(pixels.clone(), Tensor::from([0u8, 1]))?.divided_by(255.0);
/// let mut model = Model::new(&"2, affine 3, relu, affine 2".parse()?, 1)?;
/// model.fit(&data, &FitOptions { epochs: 3, ..FitOptions::default() })?;
/// models::save(&model, &path)?;
///
/// let mut loaded = models::load(&path)?;
/// assert_eq!(loaded.divisor(), Some(255.0));
/// assert_eq!(loaded.predict(&pixels)?, model.predict(&pixels)?);
/// assert_eq!(loaded.evaluate(&data)?, model.evaluate(&data)?);
/// # Ok::<(), limpid::Error>(())
/// ```
///
/// # Errors
/// Where the file cannot be written.
pub fn save(model: &Model, path: impl AsRef<Path>) -> Result<(), Error> {
    save_with(model, None, path)
}

/// Writes a model to `path` with what its samples are made from: the whole file or nothing.
///
/// # Errors
/// Where the file cannot be written.
pub fn save_with(model: &Model, samples: Option<&Samples>, path: impl AsRef<Path>) -> Result<(), Error> {
    let path = path.as_ref();
    let wrong = |error: serde_json::Error| wrong(path, error.to_string());
    let entry = samples.map(Samples::entry).transpose().map_err(wrong)?;
    let mut file = to_file(model)?;
    file.metadata.extend(entry);
    Ok(file.write(path)?)
}

/// A model as the contents of a file, such as [`ModelFile::to_bytes`] gives the bytes of.
///
/// # Errors
/// None for a model that was built by [`new`](Model::new).
pub fn to_file(model: &Model) -> Result<ModelFile, Error> {
    let loss = model.loss();
    let mut metadata =
        BTreeMap::from([(NETWORK.to_string(), model.network().to_string()), (LOSS.to_string(), loss.to_string())]);
    if let Loss::Custom(_) = loss {
        let read_as = loss.reading().map_or(NONE.to_string(), ToString::to_string);
        metadata.insert(LOSS_READ_AS.to_string(), read_as);
    }
    metadata.extend(model.divisor().map(|divisor| (DIVISOR.to_string(), divisor.to_string())));
    Ok(ModelFile { metadata, arrays: model.variables()? })
}

/// Reads a model from `path`, one of [`save`] or of `limpid train --output`.
///
/// A model with layers of your own is loaded by [`load_into`], or by [`load_with`] and a registry that knows them. A loss
/// of your own is given by a registry, too, or by [`Model::with_loss`] when the model is loaded; until then it predicts.
///
/// # Errors
/// Where the file cannot be read, is cut or changed, or does not hold what its network needs.
pub fn load(path: impl AsRef<Path>) -> Result<Model, Error> {
    Ok(load_saved(path)?.model)
}

/// Reads a model from `path`, with what its samples are made from.
///
/// # Errors
/// As [`load`].
pub fn load_saved(path: impl AsRef<Path>) -> Result<Saved, Error> {
    load_with(path, &Registry::new())
}

/// Reads a model from `path` that has layers or a loss of your own: the registry knows them by their names.
///
/// ```
/// use limpid::graph::Var;
/// use limpid::learn::{Context, Registry};
/// use limpid::models;
/// use limpid::prelude::*;
///
/// /// Adds to its input what a layer makes of it.
/// #[derive(Debug)]
/// struct Residual(Affine);
///
/// impl Layer for Residual {
///     fn text(&self) -> String {
///         format!("residual {}", self.0.text().trim_start_matches("affine "))
///     }
///     fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
///         x + self.0.forward(x, context)
///     }
/// }
///
/// # let folder = tempfile::tempdir().expect("a folder");
/// # let path = folder.path().join("residual.safetensors");
/// let network = Network::new(2, (Residual(Affine::to(2)), Relu, Affine::to(2)));
/// let model = Model::new(&network, 1)?;
/// models::save(&model, &path)?;
///
/// let registry = Registry::new().layer("residual", |words| match words {
///     [units] => Ok(Box::new(Residual(Affine::to(units.parse().map_err(|_| "expected a number of units")?)))),
///     _ => Err("expected one number of units".to_string()),
/// });
/// let loaded = models::load_with(&path, &registry)?.model;
/// assert_eq!(loaded.parameters()?, model.parameters()?);
/// // Or, where the network is at hand:
/// assert_eq!(models::load_into(&network, &path)?.parameters()?, model.parameters()?);
/// # Ok::<(), limpid::Error>(())
/// ```
///
/// # Errors
/// As [`load`].
pub fn load_with(path: impl AsRef<Path>, registry: &Registry) -> Result<Saved, Error> {
    let ModelFile { metadata, arrays } = ModelFile::read(path.as_ref())?;
    from_entries(&metadata, &arrays, path.as_ref(), registry)
}

/// Reads the parameters of `path` into a model of this network, which may have layers of your own. The file's network
/// must read the same as this one; what its text does not say of a layer is not compared.
///
/// # Errors
/// As [`load`], and where the file is of another network.
pub fn load_into(network: &Network, path: impl AsRef<Path>) -> Result<Model, Error> {
    let path = path.as_ref();
    let ModelFile { metadata, arrays } = ModelFile::read(path)?;
    let wrong = |what| wrong(path, what);
    let own = metadata.get(NETWORK).ok_or_else(|| wrong(missing(NETWORK)))?;
    if *own != network.to_string() {
        return Err(wrong(format!("its network is `{own}`, and the one given is `{network}`; give the same network")));
    }
    Ok(with_network(network, &metadata, &arrays, path, &Registry::new())?.model)
}

/// A model from a model file's notes and arrays.
pub(crate) fn from_entries(
    metadata: &BTreeMap<String, String>,
    arrays: &[(String, Tensor)],
    path: &Path,
    registry: &Registry,
) -> Result<Saved, Error> {
    let wrong = |what| wrong(path, what);
    let text = metadata.get(NETWORK).ok_or_else(|| wrong(missing(NETWORK)))?;
    let network = registry.network(text).map_err(|error| {
        let is_unknown = matches!(&error, limpid_learn::Error::Text(error) if error.unknown_layer().is_some());
        let way_out = if is_unknown { WAY_OUT } else { "" };
        wrong(format!("its network: {error}{way_out}"))
    })?;
    with_network(&network, metadata, arrays, path, registry)
}

const WAY_OUT: &str = "\na layer of one's own is loaded by the program that has it: limpid::models::load_into with the \
                       network, or load_with and a Registry that knows the layer's name";

/// What is wrong with a model's file.
fn wrong(path: &Path, what: String) -> Error {
    Error::Model { path: path.display().to_string(), what }
}

fn missing(key: &str) -> String {
    format!("the entry `{key}` is missing")
}

/// A model of this network from a model file's notes and arrays.
fn with_network(
    network: &Network,
    metadata: &BTreeMap<String, String>,
    arrays: &[(String, Tensor)],
    path: &Path,
    registry: &Registry,
) -> Result<Saved, Error> {
    let wrong = |what| wrong(path, what);
    let loss = loss_of(metadata, registry).map_err(wrong)?;
    let divisor = match metadata.get(DIVISOR).map(|text| text.parse::<f64>()) {
        None => None,
        Some(Ok(divisor)) if divisor.is_finite() && divisor != 0.0 => Some(divisor),
        Some(_) => return Err(wrong(format!("the entry `{DIVISOR}` is not a number to divide by"))),
    };
    let samples = Samples::in_entries(metadata).map_err(wrong)?;
    if let Some(samples) = &samples {
        samples.check(network, &loss).map_err(wrong)?;
    }
    // Before a model is made: its network's text may ask for more memory than there is, the arrays that fit it do not.
    network.check_variables(arrays).map_err(|error| wrong(error.to_string()))?;
    let model = Model::in_precision(network, 0, precision_of(arrays))?;
    let mut model = model.with_loss(loss).with_divisor(divisor);
    model.set_variables(arrays)?;
    Ok(Saved { model, samples })
}

/// The loss: limpid's, the registry's, or only its name.
fn loss_of(metadata: &BTreeMap<String, String>, registry: &Registry) -> Result<Loss, String> {
    let name = metadata.get(LOSS).ok_or_else(|| missing(LOSS))?;
    let built_in = |text: &String| text.parse::<Loss>().map_err(|error| format!("its loss: {error}"));
    match metadata.get(LOSS_READ_AS) {
        None => built_in(name),
        Some(read_as) => match registry.loss_named(name) {
            Some(loss) => Ok(loss.clone()),
            None if read_as == NONE => Ok(Loss::unknown(name, None)),
            None => Ok(Loss::unknown(name, Some(built_in(read_as)?))),
        },
    }
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
        let model = Model::new(&network, 7).unwrap().with_loss(Loss::MeanSquaredError).with_divisor(Some(255.0));
        save(&model, &path).unwrap();
        let loaded = load(&path).unwrap();
        assert_eq!(loaded.parameters().unwrap(), model.parameters().unwrap());
        assert_eq!(loaded.network().to_string(), network.to_string());
        assert_eq!((loaded.loss(), loaded.divisor()), (Loss::MeanSquaredError, Some(255.0)));
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_running_statistic_comes_back_by_its_name_and_a_file_without_it_is_refused() {
        use limpid_graph::Var;
        use limpid_learn::{Context, Layer, Mode};

        /// Subtracts a running mean.
        #[derive(Debug)]
        struct Centred;

        impl Layer for Centred {
            fn text(&self) -> String {
                "centred".to_string()
            }
            fn forward<'b>(&self, x: Var<'b>, context: &Context<'b>) -> Var<'b> {
                let running = context.state("mean", 2, 0.0);
                if context.mode() == Mode::Train {
                    context.update(running, 0.5 * running + 0.5 * x.mean(0).stop_gradient());
                }
                x - running
            }
        }

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let registry = Registry::new().layer("centred", |_| Ok(Box::new(Centred)));
        let network = registry.network("2, centred, affine 2").unwrap();
        let mut model = Model::new(&network, 7).unwrap();
        let data = limpid_learn::Dataset::new(Tensor::from([[1.0, 3.0], [3.0, 5.0]]), Tensor::from([0u8, 1])).unwrap();
        model.fit(&data, &limpid_learn::FitOptions { epochs: 2, ..Default::default() }).unwrap();
        save(&model, &path).unwrap();
        let names: Vec<String> = ModelFile::read(&path).unwrap().arrays.into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["0/mean", "1/w", "1/b"]);
        for mut loaded in [load_with(&path, &registry).unwrap().model, load_into(&network, &path).unwrap()] {
            assert_eq!(loaded.variables().unwrap(), model.variables().unwrap());
            assert_eq!(loaded.variables().unwrap()[0].1, Tensor::from([1.5f32, 3.0]));
            assert_eq!(loaded.evaluate(&data).unwrap(), model.evaluate(&data).unwrap());
        }
        let whole = ModelFile::read(&path).unwrap();
        let wrong = [
            (Vec::new(), "the running statistic `0/mean` is missing"),
            (vec![("0/mean".to_string(), Tensor::zeros([3]))], "`0/mean` has shape [3]; the network needs [2]"),
        ];
        for (statistics, wanted) in wrong {
            let arrays = statistics.into_iter().chain(whole.arrays[1..].iter().cloned()).collect();
            ModelFile { metadata: whole.metadata.clone(), arrays }.write(&path).unwrap();
            let told = load_into(&network, &path).unwrap_err().to_string();
            assert!(told.contains(wanted), "{told}");
        }
    }

    #[test]
    fn an_activation_of_ones_own_comes_back_by_its_name() {
        use limpid_graph::Formula;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let squared = || Formula::new("squared-relu", |[x]| x.relu().square());
        let registry = Registry::new().activation(squared());
        let network = registry.network("2, affine 4, squared-relu, affine 2").unwrap();
        let mut model = Model::new(&network, 7).unwrap();
        let x = Tensor::from([[0.5, -1.0], [2.0, 0.25]]);
        let wanted = model.predict(&x).unwrap();
        save(&model, &path).unwrap();
        let told = load(&path).unwrap_err().to_string();
        assert!(told.contains("`squared-relu`") && told.contains("load_with and a Registry"), "{told}");
        let mut loaded = load_with(&path, &registry).unwrap().model;
        assert_eq!(loaded.predict(&x).unwrap(), wanted);
        let told = registry.network("2, squared-relu 3, affine 2").unwrap_err().to_string();
        assert!(told.contains("use `squared-relu` without arguments"), "{told}");
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
        let pictures = PictureForm { channels: 1, height: 2, width: 1, classes, set: None, ground: None, split: None };
        let pictures = Samples::Pictures(pictures);
        for samples in [table, pictures] {
            save_with(&model, Some(&samples), &path).unwrap();
            assert_eq!(load_saved(&path).unwrap().samples.as_ref(), Some(&samples));
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
        save(&model, &path).unwrap();
        let loaded = load(&path).unwrap();
        assert_eq!(loaded.precision(), Precision::F64);
        assert_eq!(loaded.parameters().unwrap(), model.parameters().unwrap());
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
