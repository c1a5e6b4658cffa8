//! `limpid convert`: named arrays from one file into another, of another format.

use std::collections::HashMap;
use std::hash::Hash;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use limpid::files::{
    Arrays, Container, Dtype, Format as FileFormat, FoundLayers, MODEL_CAP_BYTES, NamedArray, Naming, Orientation,
    Packing, data_sets, find_layers, only, write_atomically,
};
use limpid::models;
use limpid::weights::{from_weights, not_finite_in};
use serde::Serialize;

use crate::arguments::{Format, FormatOption};
use crate::failure::Failure;
use crate::model_and_data::{HintOptions, explained};
use crate::output;
use crate::text::{self, Align};

/// Convert a model or weights from one format to another
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// File to read: a limpid model, a pickle of NumPy arrays, .npz, .npy, safetensors, or PyTorch's .pt; - is stdin
    ///
    /// The format is recognized by its bytes, not by its name. No code from the file is run.
    #[arg(value_name = "FROM")]
    from: PathBuf,
    /// File to write: .pkl, .npz, .npy or .safetensors; - is stdout
    ///
    /// An existing file is replaced as a whole: at every moment there is the old one or the new one.
    #[arg(value_name = "TO")]
    to: PathBuf,

    /// Format to write [default: by the ending of TO]
    ///
    /// A name that ends in .safetensors stands for plain safetensors; with --activation or --network, for a limpid model.
    #[arg(long = "to", value_enum, value_name = "FORMAT", help_heading = "Target")]
    format_to: Option<Target>,
    /// Pickle protocol, from 0 to 5; Python 2 reads up to 2 [default: 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=5), help_heading = "Target")]
    protocol: Option<u8>,
    /// Compress an .npz archive, as numpy.savez_compressed does
    #[arg(long, help_heading = "Target")]
    compress: bool,
    /// Names of the arrays and axes of the weights [default: for a limpid model numpy, torch in safetensors;
    /// otherwise keep]
    #[arg(long, value_enum, value_name = "STYLE", help_heading = "Target")]
    names: Option<Names>,

    #[command(flatten)]
    hints: HintOptions,
    #[command(flatten)]
    format: FormatOption,
}

const EXAMPLES: &str = "\
Examples:
  A model that limpid trained, for NumPy: W1, b1, W2, …, weights (in, out)
    limpid convert digits.safetensors digits.pkl
    python -c \"import pickle; print(pickle.load(open('digits.pkl', 'rb'))['W1'].shape)\"
  The same for torch.nn.Sequential: 0.weight, 0.bias, 2.weight, …, weights (out, in)
    limpid convert digits.safetensors state.safetensors
  Weights of another program as a model of limpid's, which all its verbs take:
    limpid convert weights.pkl digits.safetensors --activation sigmoid
    limpid convert convnet.pt convnet.safetensors --network \"1x28x28, conv 8 3x3, relu, max-pool 2, affine 10\"
  PyTorch's file as an archive of NumPy's, its arrays as they are:
    limpid convert digits.pt digits.npz";

/// A format that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Target {
    /// A pickle of a dict of NumPy arrays
    Pickle,
    /// NumPy's archive of arrays
    Npz,
    /// One NumPy array
    Npy,
    /// Safetensors, for any program
    Safetensors,
    /// A limpid model: needs --activation or --network where the weights do not tell
    Limpid,
}

/// How arrays are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Names {
    /// As they are, bit for bit
    Keep,
    /// W1, b1, W2, b2, …; weights (in, out)
    Numpy,
    /// 0.weight, 0.bias, 2.weight, …; weights (out, in)
    Torch,
    /// 0/w, 0/b, 2/w, …; weights (in, out)
    Limpid,
}

/// What is written, and what is to be said about it.
struct Converted {
    bytes: Vec<u8>,
    arrays: Vec<Row>,
    assumed: Vec<String>,
}

/// One array on its way.
#[derive(Debug, Serialize)]
struct Row {
    from: String,
    to: String,
    dtype: String,
    from_shape: Vec<usize>,
    to_shape: Vec<usize>,
    /// `kept`, `transposed`, `flattened`, `widened` or `converted`.
    change: &'static str,
}

/// The result.
#[derive(Serialize)]
struct Report {
    from: String,
    from_format: String,
    to: String,
    to_format: String,
    bytes: usize,
    /// Whether there was a file of that name before.
    replaced: bool,
    arrays: Vec<Row>,
    assumed: Vec<String>,
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let target = arguments.target()?;
    let read = arguments.read()?;
    let source = read.format.unwrap_or(FileFormat::Pickle);
    let wrong = read.arrays.iter().filter_map(|named| Some(not_finite_in(&named.name, &named.array)? + "."));
    let wrong: Vec<String> = wrong.collect();
    let Converted { bytes, arrays, assumed } = match target {
        Target::Limpid => arguments.model(read)?,
        _ => arguments.arrays(read, target)?,
    };
    let assumed = [assumed, wrong].concat();
    let is_stdout = output::is_dash(&arguments.to);
    let replaced = !is_stdout && arguments.to.exists();
    match is_stdout {
        true => output::bytes(&bytes)?,
        false => write_atomically(&arguments.to, &bytes)?,
    }
    let report = Report {
        from: arguments.from.display().to_string(),
        from_format: source.to_string(),
        to: arguments.to.display().to_string(),
        to_format: target.name(),
        bytes: bytes.len(),
        replaced,
        arrays,
        assumed,
    };
    report.assumed.iter().for_each(|sentence| output::note(sentence));
    if replaced {
        output::note(&format!("replaced {}, which was there before", report.to));
    }
    match arguments.format.format {
        // What was converted is there already.
        _ if is_stdout => output::note(report.text(source, target).trim_end()),
        Format::Json => return output::json(&report),
        Format::Text => return output::report(&report.text(source, target)),
    }
    Ok(())
}

impl Target {
    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_string()).unwrap_or_default()
    }

    fn described(self) -> &'static str {
        match self {
            Self::Pickle => FileFormat::Pickle.described(),
            Self::Npz => FileFormat::Npz.described(),
            Self::Npy => FileFormat::Npy.described(),
            Self::Safetensors => FileFormat::Safetensors.described(),
            Self::Limpid => FileFormat::Model.described(),
        }
    }
}

impl Arguments {
    /// What is to be written; and that no flag is typed that has nothing to do there.
    fn target(&self) -> Result<Target, Failure> {
        let target = match self.format_to {
            Some(target) => target,
            None => self.by_ending()?,
        };
        let of_other_format = |flag: &str, of: &str| {
            Err(Failure::Usage(format!("{flag} is nothing that {} has; it is for {of}", target.described())))
        };
        if self.protocol.is_some() && target != Target::Pickle {
            return of_other_format("--protocol", "pickles");
        }
        if self.compress && target != Target::Npz {
            return of_other_format("--compress", ".npz archives");
        }
        if let (Some(flag), false) = (self.hints.of_a_network(), target == Target::Limpid) {
            return of_other_format(flag, "limpid models: --to limpid");
        }
        if target == Target::Limpid && !matches!(self.names, None | Some(Names::Limpid)) {
            return Err(Failure::Usage("a limpid model names its arrays itself; leave out --names".to_string()));
        }
        if self.hints.orientation.is_some() && target != Target::Limpid && self.names.is_none_or(|n| n == Names::Keep) {
            let hint = "add --names numpy, torch or limpid";
            return Err(Failure::Usage(format!(
                "--orientation changes nothing where arrays are kept as they are; {hint}"
            )));
        }
        Ok(target)
    }

    fn by_ending(&self) -> Result<Target, Failure> {
        let path = self.to.display();
        if output::is_dash(&self.to) {
            return Err(Failure::Usage("stdout has no ending that names a format; add --to FORMAT".to_string()));
        }
        let ending =
            self.to.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        match FileFormat::ALL.into_iter().find(|format| format.endings().contains(&ending.as_str())) {
            Some(FileFormat::Pickle) => Ok(Target::Pickle),
            Some(FileFormat::Npz) => Ok(Target::Npz),
            Some(FileFormat::Npy) => Ok(Target::Npy),
            Some(FileFormat::Model | FileFormat::Safetensors) if self.hints.of_a_network().is_some() => {
                Ok(Target::Limpid)
            }
            Some(FileFormat::Model | FileFormat::Safetensors) => Ok(Target::Safetensors),
            Some(FileFormat::Torch) => Err(Failure::Usage(format!(
                "{path}: limpid reads PyTorch's files but does not write them; use .safetensors, which PyTorch reads with \
                 safetensors.torch.load_file"
            ))),
            _ => Err(Failure::Usage(format!(
                "{path}: its ending names no format; .pkl, .npz, .npy and .safetensors do, or --to FORMAT"
            ))),
        }
    }

    fn read(&self) -> Result<Arrays, Failure> {
        if !output::is_dash(&self.from) {
            return Ok(Arrays::read(&self.from).map_err(limpid::Error::from)?);
        }
        let bytes = output::standard_input(MODEL_CAP_BYTES)?;
        Arrays::from_bytes(&bytes).map_err(|error| Failure::Input(format!("standard input: {error}")))
    }

    /// A limpid model of the arrays.
    fn model(&self, read: Arrays) -> Result<Converted, Failure> {
        let hints = self.hints.hints()?;
        if read.format == Some(FileFormat::Model) {
            let file = self.from.display();
            return Err(Failure::Usage(format!("{file} is a limpid model already; use another --to FORMAT")));
        }
        let (sources, notes) = (self.chosen(read.arrays.clone())?, read.notes());
        let made = from_weights(read.arrays, &hints);
        let made = made.map_err(|error| explained(&self.from, error))?;
        let mut assumed = made.assumed;
        assumed.extend(notes);
        // The samples of the data sets that the command knows are of pixels.
        let numbers: usize = made.model.network().input().iter().product();
        let is_of_pixels = data_sets().iter().any(|set| numbers == set.sample_size());
        let divisor = is_of_pixels.then_some(255.0);
        if divisor.is_some() {
            assumed
                .push("Pixels are divided by 255, as most programs do; evaluate --normalize tries others.".to_string());
        }
        let file = models::to_file(&made.model.with_divisor(divisor))?;
        let arrays: Vec<_> = file.arrays.iter().map(|(name, tensor)| NamedArray::new(name, tensor.clone())).collect();
        // A bias that was not there is one of zeros now.
        let from = made.made_from.into_iter().filter_map(|(name, from)| Some((from?, name)));
        let pairs = from.filter_map(|(from, name)| Some((from, arrays.iter().find(|array| array.name == name)?)));
        let arrays = rows(&sources, pairs);
        let bytes = file.to_bytes().map_err(|error| Failure::Input(error.to_string()))?;
        Ok(Converted { bytes, arrays, assumed })
    }

    /// The arrays alone, renamed and turned as is wanted.
    fn arrays(&self, read: Arrays, target: Target) -> Result<Converted, Failure> {
        let is_model = read.format == Some(FileFormat::Model);
        let naming = match (self.names, is_model) {
            (None, true) if target == Target::Safetensors => Names::Torch,
            (None, true) => Names::Numpy,
            (None, false) => Names::Keep,
            (Some(names), _) => names,
        };
        let naming = match naming {
            Names::Keep => None,
            Names::Numpy => Some(Naming::NumPy),
            Names::Torch => Some(Naming::Torch),
            Names::Limpid => Some(Naming::Limpid),
        };
        let mut assumed = read.notes();
        let sources = self.chosen(read.arrays)?;
        let (names, arrays) = match naming {
            None => (sources.iter().map(|named| named.name.clone()).collect::<Vec<_>>(), sources.clone()),
            Some(naming) => {
                let known = if is_model { Some(Orientation::InOut) } else { self.hints.hints()?.orientation };
                let found = find_layers(sources.clone(), known);
                let found =
                    found.map_err(|error| explained(&self.from, limpid::weights::WeightsError::from(error).into()))?;
                if !is_model {
                    assumed.extend(found.assumed.iter().cloned());
                }
                (originals(&found), found.named(naming))
            }
        };
        if let (Some(network), false) =
            (read.metadata.get("network").filter(|_| is_model), target == Target::Safetensors)
        {
            let file = target.described();
            assumed.push(format!("The network is not part of {file}, only its arrays are. It was: {network}."));
        }
        let mut written = Arrays::new(arrays);
        written.metadata = read.metadata;
        if naming == Some(Naming::Torch) {
            // What PyTorch's programs look for.
            written.metadata.insert("format".to_string(), "pt".to_string());
        }
        assumed.extend(written.widen(self.container(target)));
        let bytes =
            written.to_bytes(self.container(target)).map_err(|error| Failure::Limpid(limpid::Error::from(error)))?;
        let arrays = rows(&sources, names.into_iter().zip(&written.arrays));
        Ok(Converted { bytes, arrays, assumed })
    }

    /// The arrays of the network that is meant.
    fn chosen(&self, arrays: Vec<NamedArray>) -> Result<Vec<NamedArray>, Failure> {
        let chosen = only(arrays, &self.hints.only);
        chosen.map_err(|error| explained(&self.from, limpid::weights::WeightsError::from(error).into()))
    }

    fn container(&self, target: Target) -> Container {
        match target {
            Target::Pickle => Container::Pickle { protocol: self.protocol.unwrap_or(2) },
            Target::Npz if self.compress => Container::Npz(Packing::Deflated),
            Target::Npz => Container::Npz(Packing::Stored),
            Target::Npy => Container::Npy,
            Target::Safetensors | Target::Limpid => Container::Safetensors,
        }
    }
}

/// What the layers' arrays were called, in the layers' order.
fn originals(found: &FoundLayers) -> Vec<String> {
    found.layers.iter().flat_map(|layer| layer.arrays()).map(|named| named.name.clone()).collect()
}

/// Which array became which.
fn rows<'a>(sources: &[NamedArray], pairs: impl Iterator<Item = (String, &'a NamedArray)>) -> Vec<Row> {
    let sources = sources.iter().map(|named| (named.name.as_str(), named));
    let pairs: Vec<(String, &NamedArray)> = pairs.collect();
    let pairs = matched(sources, pairs.iter().map(|(name, array)| (name.as_str(), *array)));
    let row = |(from, to): (&NamedArray, &NamedArray)| {
        let change = match (from.array.shape(), to.array.shape()) {
            _ if from.array == to.array => "kept",
            _ if from.array.dtype() == Dtype::Bf16 && from.array.widened() == to.array => "widened",
            (before, after) if before.len() == 2 && after.len() == 1 => "flattened",
            _ if from.array.transposed() == to.array => "transposed",
            (before, after) if before == after => "converted",
            _ => "transposed and converted",
        };
        Row {
            from: from.name.clone(),
            to: to.name.clone(),
            dtype: to.array.dtype().to_string(),
            from_shape: from.array.shape().to_vec(),
            to_shape: to.array.shape().to_vec(),
            change,
        }
    };
    pairs.into_iter().map(row).collect()
}

/// What goes by the same name in both, in the order of the second; each name is looked up once.
fn matched<N: Hash + Eq, S: Copy, T>(
    sources: impl Iterator<Item = (N, S)>,
    wanted: impl Iterator<Item = (N, T)>,
) -> Vec<(S, T)> {
    let sources: HashMap<N, S> = sources.collect();
    wanted.filter_map(|(name, to)| Some((*sources.get(&name)?, to))).collect()
}

impl Report {
    fn text(&self, source: FileFormat, target: Target) -> String {
        let arrow = |from: String, to: String| if from == to { from } else { format!("{from} → {to}") };
        let shape = |shape: &[usize]| match shape {
            [] => "one number".to_string(),
            extents => extents.iter().map(ToString::to_string).collect::<Vec<_>>().join("×"),
        };
        let row = |row: &Row| {
            let shapes = arrow(shape(&row.from_shape), shape(&row.to_shape));
            vec![arrow(row.from.clone(), row.to.clone()), row.dtype.clone(), shapes, row.change.to_string()]
        };
        let arrays: Vec<_> = self.arrays.iter().map(row).collect();
        let (count, bytes) = (text::counted(self.arrays.len() as u64, "array"), text::bytes(self.bytes as u64));
        format!(
            "{} ({}) → {} ({}): {count}, {bytes}\n{}",
            self.from,
            source.described(),
            self.to,
            target.described(),
            text::table(&[Align::Left; 4], &arrays)
        )
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::hash::{Hash, Hasher};

    use super::matched;

    /// A name that counts how often it is compared.
    struct Counted<'c> {
        name: usize,
        comparisons: &'c Cell<usize>,
    }

    impl Hash for Counted<'_> {
        fn hash<H: Hasher>(&self, state: &mut H) {
            self.name.hash(state);
        }
    }

    impl PartialEq for Counted<'_> {
        fn eq(&self, other: &Self) -> bool {
            self.comparisons.set(self.comparisons.get() + 1);
            self.name == other.name
        }
    }

    impl Eq for Counted<'_> {}

    #[test]
    fn arrays_are_matched_with_a_few_comparisons_each_however_many_there_are() {
        for count in [10, 10_000] {
            let comparisons = Cell::new(0);
            let named = |name| (Counted { name, comparisons: &comparisons }, name);
            let found = matched((0..count).map(named), (0..count).rev().map(named));
            assert!(found.iter().all(|(from, to)| from == to) && found.len() == count);
            assert!(comparisons.get() < 4 * count, "{} comparisons for {count} arrays", comparisons.get());
        }
    }
}
