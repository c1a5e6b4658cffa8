//! `limpid data show`: a data set → a grid of its samples.

use clap::Args;
use limpid::draw::{ColourMap, Images, Raster};
use limpid::files::DataSet;
use limpid::graph::{Stream, Tensor};
use limpid::learn::{Augmentation, Dataset};
use limpid::models::Part;
use limpid::pictures::form_of;
use serde::Serialize;

use super::Place;
use crate::arguments::{AugmentOption, Format, FormatOption, at_least_one, listed, seed};
use crate::choices::{PARTS, adjective, one_of};
use crate::data::Named;
use crate::failure::Failure;
use crate::picture::{PictureOptions, SizeOption};
use crate::{output, text};

/// Show samples of a data set with their labels, in the terminal, as SVG or PNG
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Data set, one of those that `limpid data list` lists
    #[arg(value_enum, value_name = "NAME", hide_possible_values = true)]
    name: Named,
    #[command(flatten)]
    place: Place,
    /// Part of the data set
    #[arg(long, value_name = "PART", value_parser = one_of(PARTS), default_value = "train")]
    part: Part,
    /// Only samples of this class, such as 7 or "ankle boot"
    #[arg(long, value_name = "CLASS")]
    class: Option<String>,
    /// How many
    #[arg(long, value_name = "SAMPLES", default_value = "20", value_parser = at_least_one, allow_negative_numbers = true)]
    count: usize,
    /// Number of samples to skip
    #[arg(long, value_name = "SAMPLES", default_value = "0", conflicts_with = "seed")]
    start: usize,
    /// Choose samples at random; the same seed gives the same ones
    #[arg(long, value_name = "SEED", value_parser = seed, allow_negative_numbers = true)]
    seed: Option<u64>,
    #[command(flatten)]
    augment: AugmentOption,
    #[command(flatten)]
    format: FormatOption,
    #[command(flatten)]
    size: SizeOption,
    #[command(flatten)]
    picture: PictureOptions,
}

const EXAMPLES: &str = "\
Examples:
  The first twenty, in the terminal:
    limpid data show mnist
  A hundred by chance, as a file:
    limpid data show mnist --count 100 --seed 1 --output digits.png
  Those of one class that were held out:
    limpid data show mnist --part test --class 7
  What pictures become in the first epochs of a training:
    limpid data show mnist --count 4 --augment \"shift 2, rotate 10, elastic 8 3\" --output changed.png";

/// More pictures than this are no picture.
const MOST: usize = 1000;

/// What is shown, for programs.
#[derive(Serialize)]
struct Report {
    dataset: Named,
    part: Part,
    samples: Vec<Sample>,
}

#[derive(Serialize)]
struct Sample {
    /// Its place in the part.
    index: usize,
    label: u8,
    class: &'static str,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    arguments.picture.check()?;
    let set = arguments.name.set();
    let each = arguments.augment.augment.as_ref().map_or(1, |_| VARIANTS as usize + 1);
    if arguments.count.saturating_mul(each) > MOST {
        return Err(Failure::Usage(format!(
            "--count {}: a picture can show at most {} samples",
            arguments.count,
            MOST / each
        )));
    }
    let class = arguments.class.as_deref().map(|class| class_of(set, class)).transpose()?;
    let folder = arguments.name.locate(arguments.place.data.as_deref())?;
    let samples = set.load(&folder).map_err(limpid::Error::from)?;
    let (part_images, part_labels) = match arguments.part {
        Part::Train => (&samples.train_images, &samples.train_labels),
        Part::Test => (&samples.test_images, &samples.test_labels),
    };
    let (images, labels) = (bytes(part_images), bytes(part_labels));
    let rows: Vec<usize> = (0..labels.len()).filter(|&row| class.is_none_or(|class| labels[row] == class)).collect();
    let among = rows.len();
    let chosen = arguments.chosen(rows)?;
    if arguments.format.format == Format::Json {
        let sample = |&index: &usize| Sample { index, label: labels[index], class: name_of(set, labels[index]) };
        let report =
            Report { dataset: arguments.name, part: arguments.part, samples: chosen.iter().map(sample).collect() };
        output::json(&report)?;
        if arguments.picture.file().is_none() {
            return Ok(());
        }
    }
    let of_class = class.map(|class| format!(" of class {}", name_of(set, class))).unwrap_or_default();
    let title = format!(
        "{}: {} of {} {} samples{of_class}",
        set.title,
        text::count(chosen.len() as u64),
        text::count(among as u64),
        adjective(arguments.part)
    );
    let caption = |row: usize| format!("{} #{row}", name_of(set, labels[row]));
    let size = set.sample_size();
    if let Some(augmentation) = &arguments.augment.augment {
        let grid = changed(set, augmentation, &chosen, part_images, caption)?;
        return arguments.picture.show(&grid, &arguments.size);
    }
    let mut grid = Images::new(if chosen.len() > 40 { 10 } else { 5 }).title(title);
    for &row in &chosen {
        grid = grid.add(raster(set, &images[row * size..(row + 1) * size])?, caption(row));
    }
    arguments.picture.show(&grid, &arguments.size)
}

/// The seed that a training has where none is given.
const SEED: u64 = 1;
/// How many variants of a sample are shown: those of the first epochs.
const VARIANTS: u64 = 7;

/// Samples, each beside what it becomes in the first epochs of a training.
fn changed(
    set: &DataSet,
    augmentation: &Augmentation,
    chosen: &[usize],
    images: &Tensor,
    caption: impl Fn(usize) -> String,
) -> Result<Images, Failure> {
    let count = images.shape().first().copied().unwrap_or(0);
    let all = Dataset::new(images.clone(), Tensor::from(vec![0u8; count]))?.reshaped(&[set.sample_size()])?;
    let ground = form_of(set, &all).ground.map_or(0.0, |ground| f64::from(ground.brightness));
    let augmentation = augmentation.clone().of_pictures(set.shape).on(ground);
    let title = format!("{}: samples, and what they become by {augmentation}", set.title);
    let mut grid = Images::new(VARIANTS as usize + 1).title(title);
    let epochs = (0..VARIANTS).map(|epoch| augmentation.applied(&all, chosen, epoch, SEED));
    let epochs = epochs.collect::<Result<Vec<_>, _>>()?;
    let size = set.sample_size();
    for (place, &row) in chosen.iter().enumerate() {
        grid = grid.add(raster(set, &bytes(images)[row * size..(row + 1) * size])?, caption(row));
        for (epoch, variants) in epochs.iter().enumerate() {
            let variant = &bytes(variants.inputs())[place * size..(place + 1) * size];
            grid = grid.add(raster(set, variant)?, format!("epoch {}", epoch + 1));
        }
    }
    Ok(grid)
}

fn bytes(tensor: &Tensor) -> &[u8] {
    tensor.as_slice().unwrap_or_default()
}

fn name_of(set: &DataSet, label: u8) -> &'static str {
    set.classes.get(usize::from(label)).copied().unwrap_or("?")
}

/// The class of a name, or of a number.
fn class_of(set: &DataSet, text: &str) -> Result<u8, Failure> {
    let text = text.trim();
    let exact = set.classes.iter().position(|class| *class == text);
    let alike = || set.classes.iter().position(|class| class.eq_ignore_ascii_case(text));
    let number = || text.parse().ok().filter(|&class: &usize| class < set.classes.len());
    let class = exact.or_else(alike).or_else(number).and_then(|class| u8::try_from(class).ok());
    class.ok_or_else(|| {
        Failure::Usage(format!(
            "--class {text}: {} has no such class; use one of {}, or a number from 0 to {}",
            set.name,
            listed(set.classes.iter()),
            set.classes.len() - 1
        ))
    })
}

impl Arguments {
    /// The rows to show, of those that could be.
    fn chosen(&self, mut rows: Vec<usize>) -> Result<Vec<usize>, Failure> {
        let count = self.count.min(rows.len());
        if let Some(seed) = self.seed {
            // The first steps of a shuffle (Durstenfeld 1964).
            let stream = Stream::new(seed, "show");
            for place in 0..count {
                let other = place + stream.below(0, place as u64, (rows.len() - place) as u64) as usize;
                rows.swap(place, other);
            }
            rows.truncate(count);
            return Ok(rows);
        }
        if self.start >= rows.len() {
            return Err(Failure::Usage(format!(
                "--start {}: there are only {} such samples; use a smaller number",
                self.start,
                text::count(rows.len() as u64)
            )));
        }
        Ok(rows.into_iter().skip(self.start).take(self.count).collect())
    }
}

/// A sample as pixels: grey ones, or three planes of red, green and blue.
fn raster(set: &DataSet, sample: &[u8]) -> Result<Raster, Failure> {
    let [channels, height, width] = set.shape;
    if channels == 3 {
        let plane = height * width;
        let pixel = |at: usize| [sample[at], sample[plane + at], sample[2 * plane + at], 255];
        return Ok(Raster::new(width, height, (0..plane).map(pixel).collect())?);
    }
    let numbers: Vec<f64> = sample.iter().map(|&byte| f64::from(byte)).collect();
    Ok(Raster::mapped(width, height, &numbers, ColourMap::Grey, [0.0, 255.0])?)
}
