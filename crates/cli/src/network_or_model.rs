//! What `summary`, `graph`, `plan` and `gradcheck` are about: a network written out, or a model file; `graph` also
//! takes a formula.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::Args;
use limpid::files::{Arrays, Format};
use limpid::graph::Expression;
use limpid::learn::step::SampleShape;
use limpid::learn::{Loss, Model, Network};
use limpid::models::{self, Samples};
use limpid::networks::{self, is_toml};

use crate::failure::Failure;
use crate::model_and_data::say_not_finite;
use crate::text;

/// The network that is looked at where none is named, which is also the one that `train` trains.
const DEFAULT: &str = "784, affine 50, relu, affine 10";

/// The argument.
#[derive(Debug, Args)]
pub(crate) struct NetworkOrModelArgument {
    /// Network text, such as "784, affine 50, relu, affine 10", a network as TOML, or a model file
    ///
    /// What ends in .toml is taken for a network as a TOML file, which `limpid summary NETWORK --format toml` writes. What
    /// is the name of another file, or ends in .safetensors, is taken for a model file; anything else for network text.
    #[arg(value_name = "NETWORK|MODEL", default_value = DEFAULT)]
    input: OsString,
}

/// A network, with what a model file adds to it.
#[derive(Debug)]
pub(crate) struct NetworkOrModel {
    pub(crate) network: Network,
    pub(crate) loss: Loss,
    pub(crate) divisor: Option<f64>,
    /// What its samples are made from, where a model file says so.
    pub(crate) samples: Option<Samples>,
    /// With the parameters of the file.
    pub(crate) model: Option<Model>,
    /// The file, where it is one.
    pub(crate) file: Option<String>,
}

impl NetworkOrModelArgument {
    pub(crate) fn read(&self) -> Result<NetworkOrModel, Failure> {
        NetworkOrModel::read(&self.input)
    }
}

/// Whether a word is taken for a file: a model, or a network as TOML.
fn is_file(word: &OsStr) -> bool {
    let path = Path::new(word);
    path.is_file() || is_toml(path) || path.extension().is_some_and(|extension| extension == "safetensors")
}

/// Whether there is something of this name, if it be a folder, a pipe, or a link that leads nowhere.
fn is_anything(word: &OsStr) -> bool {
    Path::new(word).symlink_metadata().is_ok()
}

impl NetworkOrModel {
    fn read(word: &OsStr) -> Result<Self, Failure> {
        if is_file(word) {
            return Self::of_file(Path::new(word));
        }
        let text = word.to_string_lossy();
        let network = match text.parse() {
            Ok(network) => network,
            Err(_) if is_anything(word) => return Self::of_file(Path::new(word)),
            Err(error) => {
                // Nobody who forgot an extension meant a network without a comma.
                let file = if text.contains(',') { "" } else { "\nthere is no file of this name either" };
                return Err(Failure::Usage(format!("{error}{file}")));
            }
        };
        Ok(Self::alone(network, None))
    }

    /// A network without anything that belongs to a model.
    fn alone(network: Network, file: Option<String>) -> Self {
        NetworkOrModel { network, loss: Loss::default(), divisor: None, samples: None, model: None, file }
    }

    fn of_file(path: &Path) -> Result<Self, Failure> {
        if is_toml(path) {
            return Ok(Self::alone(networks::read(path)?, Some(path.display().to_string())));
        }
        let saved = models::load_saved(path).map_err(|error| bare(path).unwrap_or(error.into()))?;
        say_not_finite(path, &saved.model)?;
        Ok(Self {
            network: saved.model.network().clone(),
            loss: saved.model.loss(),
            divisor: saved.model.divisor(),
            samples: saved.samples,
            model: Some(saved.model),
            file: Some(path.display().to_string()),
        })
    }

    /// The shape of the samples that it is trained on: those that a model was trained on, or those that a network takes by
    /// itself.
    pub(crate) fn sample_shape(&self) -> Result<SampleShape, Failure> {
        match &self.samples {
            Some(samples) => Ok(samples.shape(&self.loss, self.divisor)),
            None => Ok(SampleShape::of_network(&self.network, &self.loss, self.divisor)?),
        }
    }

    /// The file, where it is a model's.
    pub(crate) fn model_file(&self) -> Option<String> {
        self.file.clone().filter(|_| self.model.is_some())
    }

    /// A network that was typed is wrong usage; one that is in a file is a file that does not fit.
    pub(crate) fn failure(&self, why: String) -> Failure {
        match &self.file {
            Some(file) => Failure::Input(format!("{file}: {why}")),
            None => Failure::Usage(why),
        }
    }
}

/// What a file of another program's weights is answered with.
fn bare(path: &Path) -> Option<Failure> {
    let read = Arrays::read(path).ok().filter(|read| !read.arrays.is_empty())?;
    let format = read.format.filter(|format| *format != Format::Model)?;
    let (file, model) = (text::shell_word(path), text::shell_word(&path.with_extension("limpid.safetensors")));
    Some(Failure::Input(format!(
        "{}: weights alone ({}), without the network that they belong to; make a model of them with: limpid convert {file} \
         {model} --activation sigmoid",
        path.display(),
        format.described()
    )))
}

/// The argument of `graph`.
#[derive(Debug, Args)]
pub(crate) struct GraphInputArgument {
    /// Formula, such as "(x+y)^2", network text, such as "784, affine 50, relu, affine 10", a network as TOML, or a model
    /// file
    ///
    /// What ends in .toml is taken for a network as a TOML file. What is the name of another file, or ends in
    /// .safetensors, is taken for a model file. What has a comma outside brackets, or is nothing but extents such as 784 or 1x28x28, is a network. Anything else is a formula, and
    /// whatever comes with --at is.
    #[arg(value_name = "FORMULA|NETWORK|MODEL", default_value = DEFAULT, allow_hyphen_values = true)]
    input: OsString,
}

/// What `graph` draws.
#[derive(Debug)]
pub(crate) enum GraphInput {
    Formula(Expression),
    Network(Box<NetworkOrModel>),
}

impl GraphInputArgument {
    pub(crate) fn read(&self, is_formula: bool) -> Result<GraphInput, Failure> {
        let text = self.input.to_string_lossy();
        if !is_formula && (is_file(&self.input) || is_network(&text)) {
            return Ok(GraphInput::Network(Box::new(NetworkOrModel::read(&self.input)?)));
        }
        // `a-folder` is a formula, too.
        if !is_formula && is_anything(&self.input) {
            return Ok(GraphInput::Network(Box::new(NetworkOrModel::of_file(Path::new(&self.input))?)));
        }
        let formula: Expression = match text.parse() {
            Ok(formula) => formula,
            Err(error) if is_formula => return Err(Failure::Usage(error.to_string())),
            Err(error) => {
                let else_ = "there is no file of this name, and a network begins as in `784, affine 50`";
                return Err(Failure::Usage(format!("{error}\n{else_}")));
            }
        };
        // A word alone is more likely the name of a file that is not there than a formula that does nothing.
        match formula.names() {
            [name] if !is_formula && *name == text.trim() => Err(Failure::Usage(format!(
                "there is no file `{name}`; for a formula of only this name, add --at {name}=1"
            ))),
            _ => Ok(GraphInput::Formula(formula)),
        }
    }
}

/// Whether a text is that of a network: layers with commas between them, or extents alone. A formula has commas only
/// between the values of a function.
fn is_network(text: &str) -> bool {
    let mut depth = 0i64;
    let has_comma = text.chars().any(|c| {
        depth += i64::from(c == '(') - i64::from(c == ')');
        c == ',' && depth <= 0
    });
    let is_extent = |part: &str| !part.trim().is_empty() && part.trim().chars().all(|c| c.is_ascii_digit());
    has_comma || text.split(['x', '×']).all(is_extent)
}

#[cfg(test)]
mod tests {
    use super::is_network;

    #[test]
    fn commas_outside_brackets_and_extents_make_a_network() {
        for text in ["784, affine 50", "784,affine 50,relu", "2, affine 3 init=normal(0.5)", "784", "1x28x28", "1 x 28"]
        {
            assert!(is_network(text), "{text}");
        }
        for text in ["(x+y)^2", "max(x, y)", "0.5", "2*x", "x", "x0^2 + x1^2", "", "-3", "max(x, min(y, 2))"] {
            assert!(!is_network(text), "{text}");
        }
    }
}
