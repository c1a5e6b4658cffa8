//! What a classifier takes for what: the confusion matrix, and the samples that it gets wrong.

use std::path::Path;

use limpid::draw::{ColourMap, Images, Matrix, Raster};
use limpid::evaluation::outputs;
use limpid::learn::{Dataset, Model};
use limpid::predictions::{argmax, true_classes};
use serde::Serialize;

use super::Drawn;
use crate::failure::Failure;

/// A sample with its loss.
#[derive(Debug, Serialize)]
pub(crate) struct TopLoss {
    /// Which sample, counted from 0.
    pub(crate) sample: usize,
    /// Its file, or its line in a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<String>,
    pub(crate) loss: f64,
    /// The right class, of a classification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) class: Option<String>,
    /// The model's class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) predicted: Option<String>,
}

/// What a model says of each sample.
pub(crate) struct Answers {
    /// The right class, the model's class, and how sure it is of that one.
    each: Vec<(usize, usize, f64)>,
    classes: usize,
}

impl Answers {
    pub(crate) fn of(model: &mut Model, data: &Dataset) -> Result<Self, Failure> {
        let rights = true_classes(data);
        let scores = outputs(model, data)?;
        let classes = scores.shape().last().copied().unwrap_or(1);
        let answer = |(scores, right): (&[f64], usize)| {
            let said = argmax(scores);
            (right, said, share(scores, said))
        };
        let each = scores.to_f64().chunks(classes).zip(rights).map(answer).collect();
        Ok(Self { each, classes })
    }

    fn right(&self) -> usize {
        self.each.iter().filter(|(right, said, _)| right == said).count()
    }

    fn accuracy(&self) -> String {
        let all = crate::text::count(self.each.len() as u64);
        format!("{} of {all} right", crate::text::count(self.right() as u64))
    }
}

/// Softmax at one place.
fn share(scores: &[f64], at: usize) -> f64 {
    1.0 / scores.iter().map(|score| (score - scores[at]).exp()).sum::<f64>()
}

/// The name of a class: its number where it has no other.
fn name(names: Option<&[String]>, class: usize) -> String {
    names.and_then(|names| names.get(class)).cloned().unwrap_or_else(|| class.to_string())
}

pub(crate) fn confusion(answers: &Answers, names: Option<&[String]>, title: &str) -> Result<Drawn, Failure> {
    let classes = answers.each.iter().map(|(right, ..)| right + 1).max().unwrap_or(0).max(answers.classes);
    let mut counts = vec![0; classes * classes];
    answers.each.iter().for_each(|(right, said, _)| counts[right * classes + said] += 1);
    let names = (0..classes).map(|class| name(names, class));
    Ok(Drawn::new(Matrix::confusion(names, &counts)?.title(format!("{title}: {}", answers.accuracy()))))
}

/// Samples as grey pictures.
struct Pictures {
    pixels: Vec<f64>,
    size: usize,
    largest: f64,
}

impl Pictures {
    fn of(data: &Dataset) -> Self {
        let pixels = data.inputs().to_f64();
        let largest = pixels.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        Self { pixels, size: data.inputs().len() / data.len().max(1), largest }
    }

    fn raster(&self, row: usize) -> Result<Raster, Failure> {
        let side = self.size.isqrt();
        let [height, width] = if side * side == self.size { [side, side] } else { [1, self.size] };
        let own = &self.pixels[row * self.size..(row + 1) * self.size];
        Ok(Raster::mapped(width, height, own, ColourMap::Grey, [0.0, self.largest])?)
    }
}

/// More than this are no picture.
const MOST_SHOWN: usize = 200;

/// The samples with the largest losses.
pub(crate) fn top_losses(found: &[TopLoss], data: &Dataset, title: &str) -> Result<Images, Failure> {
    let pictures = Pictures::of(data);
    let mut images = Images::new(if found.len() > 20 { 8 } else { 5 }).title(title);
    for TopLoss { sample, loss, class, predicted, .. } in found.iter().take(MOST_SHOWN) {
        let classes = match (class, predicted) {
            (Some(class), Some(predicted)) => format!("{class} read as {predicted}, "),
            _ => String::new(),
        };
        let caption = format!("{classes}loss {}, #{sample}", crate::text::loss(*loss));
        images = images.add(pictures.raster(*sample)?, caption);
    }
    Ok(images)
}

/// The samples that the model gets wrong, those first of which it is surest.
pub(crate) fn misclassified(
    answers: &Answers,
    data: &Dataset,
    names: Option<&[String]>,
    files: &[String],
    title: &str,
    most: usize,
) -> Result<Drawn, Failure> {
    let wrong = answers.each.iter().enumerate().filter(|(_, (right, said, _))| right != said);
    let mut wrong: Vec<(usize, (usize, usize, f64))> = wrong.map(|(row, answer)| (row, *answer)).collect();
    wrong.sort_by(|a, b| b.1.2.total_cmp(&a.1.2));
    let pictures = Pictures::of(data);
    let shown = wrong.len().min(most);
    let mut images = Images::new(if shown > 20 { 8 } else { 5 }).title(format!("{title}: {}", answers.accuracy()));
    for (row, (right, said, share)) in wrong.iter().take(shown) {
        let image = pictures.raster(*row)?;
        let [right, said] = [*right, *said].map(|class| name(names, class));
        // A file by the end of its path, which is what fits below a picture; whole paths are listed.
        let file = files.get(*row).map(|file| Path::new(file).file_name().unwrap_or_default().to_string_lossy());
        let sample = file.map_or_else(|| format!("#{row}"), |file| file.into_owned());
        images = images.add(image, format!("{right} read as {said}, {:.0} %, {sample}", 100.0 * share));
    }
    let mut drawn = Drawn::new(images);
    drawn.notes.extend(wrong.iter().take(shown).filter_map(|(row, (right, said, _))| {
        let [right, said] = [*right, *said].map(|class| name(names, class));
        Some(format!("{}: {right} read as {said}", files.get(*row)?))
    }));
    if shown < wrong.len() {
        drawn.notes.push(format!(
            "the {shown} most confident of {} mistakes; --most {} shows all",
            wrong.len(),
            wrong.len()
        ));
    }
    Ok(drawn)
}
