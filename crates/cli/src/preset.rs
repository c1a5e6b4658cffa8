//! `--preset`.

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use limpid::training::{Preset, TrainingOptions};

use crate::failure::Failure;
use crate::value_parsers::listed;

/// `--preset`.
#[derive(Debug, Args)]
pub(crate) struct PresetOption {
    #[arg(long, value_name = "NAME", conflicts_with_all = ["hidden", "activation", "init"])]
    #[arg(value_parser = named(), hide_possible_values = true, help = help(), long_help = long_help())]
    preset: Option<&'static Preset>,
}

impl PresetOption {
    /// The preset's options, or the usual ones.
    pub(crate) fn options(&self) -> Result<TrainingOptions, Failure> {
        Ok(self.preset.map_or_else(|| Ok(TrainingOptions::default()), Preset::options)?)
    }
}

fn named() -> impl TypedValueParser<Value = &'static Preset> {
    let names = Preset::all().iter().map(|preset| PossibleValue::new(preset.name).help(preset.about));
    PossibleValuesParser::new(names).try_map(|name| Preset::named(&name).ok_or("there is no preset of this name"))
}

fn help() -> String {
    let names = listed(Preset::all().iter().map(|preset| preset.name));
    format!("A network and all that goes along with its training: {names}")
}

fn long_help() -> String {
    let rows = Preset::all().iter().map(|preset| format!("  {}: {}", preset.name, preset.about));
    format!(
        "{}\n\nFlags that are given go first: for the network, the optimizer, the learning rate and its schedule, weight \
         decay, label smoothing, the average of weights, augmentation, batch size and epochs.\n{}",
        help(),
        rows.collect::<Vec<_>>().join("\n")
    )
}
