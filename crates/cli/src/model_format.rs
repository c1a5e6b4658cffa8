//! In which form `train` keeps a model, and its history: told by the ending of the file's name, as `convert` tells it.

use std::path::Path;

use limpid::files::{
    Arrays, Container, Format as FileFormat, NamedArray, Naming, Orientation, Packing, find_layers, write_atomically,
};
use limpid::models::Saved;

use crate::failure::Failure;

/// A form that a trained model is kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ModelFormat {
    /// A limpid model: network, parameters and what samples are made from.
    Model,
    /// Its arrays alone, for NumPy.
    Arrays(Container),
}

/// What an ending that no model is written under is answered with.
const OTHERS: [(&str, &str); 8] = [
    ("npy", "a .npy file holds one array, and a model has several"),
    ("onnx", "limpid does not write ONNX yet"),
    ("pt", "limpid reads PyTorch's files and does not write them"),
    ("pth", "limpid reads PyTorch's files and does not write them"),
    ("h5", "limpid does not write HDF5"),
    ("keras", "limpid does not write Keras's files"),
    ("json", "limpid does not write models as JSON"),
    ("csv", "a table holds no model"),
];

fn ending(path: &Path) -> String {
    path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase()).unwrap_or_default()
}

/// The form that a file's name stands for. A name without an ending is one of a limpid model.
pub(crate) fn format_of(path: &Path) -> Result<ModelFormat, Failure> {
    let ending = ending(path);
    let format = FileFormat::ALL.into_iter().find(|format| format.endings().contains(&ending.as_str()));
    match format {
        _ if ending.is_empty() => Ok(ModelFormat::Model),
        Some(FileFormat::Model | FileFormat::Safetensors) => Ok(ModelFormat::Model),
        Some(FileFormat::Pickle) => Ok(ModelFormat::Arrays(Container::Pickle { protocol: 2 })),
        Some(FileFormat::Npz) => Ok(ModelFormat::Arrays(Container::Npz(Packing::Stored))),
        _ => {
            let why = OTHERS.iter().find(|(other, _)| *other == ending);
            let why = why.map_or(format!("limpid does not write models as .{ending}"), |(_, why)| (*why).to_string());
            Err(Failure::Usage(format!(
                "{}: {why}; use .safetensors (the whole model), or .pkl or .npz (its arrays, for NumPy)",
                path.display()
            )))
        }
    }
}

/// Refuses a history under a name of another format than JSON.
pub(crate) fn check_history(path: &Path) -> Result<(), Failure> {
    let ending = ending(path);
    let is_of_arrays = FileFormat::ALL.iter().any(|format| format.endings().contains(&ending.as_str()));
    match is_of_arrays || ["onnx", "h5", "keras", "csv", "svg", "png"].contains(&ending.as_str()) {
        true => Err(Failure::Usage(format!(
            "{}: a history is written as JSON; use a name that ends in .json",
            path.display()
        ))),
        false => Ok(()),
    }
}

/// Writes a model in the form that the name stands for.
pub(crate) fn save(saved: &Saved, path: &Path) -> Result<(), Failure> {
    let ModelFormat::Arrays(container) = format_of(path)? else {
        return Ok(saved.save(path)?);
    };
    let arrays: Vec<NamedArray> =
        saved.model.variables()?.into_iter().map(|(name, tensor)| NamedArray::new(name, tensor)).collect();
    // Arrays of layers that NumPy programs have no usual names for keep their own.
    let arrays = match find_layers(arrays.clone(), Some(Orientation::InOut)) {
        Ok(found) if found.left_out.is_empty() => found.named(Naming::NumPy),
        _ => arrays,
    };
    let bytes = Arrays::new(arrays).to_bytes(container).map_err(limpid::Error::from)?;
    Ok(write_atomically(path, &bytes)?)
}

/// What a file of arrays alone leaves out, for whoever reads it later.
pub(crate) fn left_out(path: &Path, model: &str, has_preparation: bool) -> Option<String> {
    let Ok(ModelFormat::Arrays(_)) = format_of(path) else { return None };
    let missing = if has_preparation { "the network and how samples are prepared" } else { "the network" };
    Some(format!(
        "saved {}: the arrays alone (W1, b1, W2, …), without {missing}; a name in .safetensors keeps all. The network is: \
         {model}",
        path.display()
    ))
}
