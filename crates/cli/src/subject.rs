//! What `summary`, `graph` and `gradcheck` are about: a network written out, or a model file.

use std::ffi::OsString;
use std::path::Path;

use clap::Args;
use limpid::learn::{Loss, Model, Network};
use limpid::models;

use crate::failure::Failure;

/// The network that is looked at where none is named, which is also the one that `train` trains.
const DEFAULT: &str = "784, affine 50, relu, affine 10";

/// The argument.
#[derive(Debug, Args)]
pub(crate) struct SubjectArgument {
    /// Network text, such as "784, affine 50, relu, affine 10", or a model file
    ///
    /// What is the name of a file, or ends in .safetensors, is taken for a model file; anything else for a network.
    #[arg(value_name = "NETWORK|MODEL", default_value = DEFAULT)]
    subject: OsString,
}

/// A network, with what a model file adds to it.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) network: Network,
    pub(crate) loss: Loss,
    pub(crate) divisor: Option<f64>,
    /// With the parameters of the file.
    pub(crate) model: Option<Model>,
    /// Whether the subject was named, rather than left at its default.
    pub(crate) file: Option<String>,
}

impl SubjectArgument {
    pub(crate) fn read(&self) -> Result<Subject, Failure> {
        let path = Path::new(&self.subject);
        if path.is_file() || path.extension().is_some_and(|extension| extension == "safetensors") {
            let saved = models::load(path)?;
            return Ok(Subject {
                network: saved.model.network().clone(),
                loss: saved.model.loss(),
                divisor: saved.divisor,
                model: Some(saved.model),
                file: Some(path.display().to_string()),
            });
        }
        let text = self.subject.to_string_lossy();
        let network = text.parse().map_err(|error: limpid::learn::Error| {
            // Nobody who forgot an extension meant a network without a comma.
            let file = if text.contains(',') { "" } else { "\nthere is no file of this name either" };
            Failure::Usage(format!("{error}{file}"))
        })?;
        Ok(Subject { network, loss: Loss::default(), divisor: None, model: None, file: None })
    }
}
