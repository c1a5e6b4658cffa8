//! A training's history: loss by step, accuracy by epoch.

use limpid::draw::{Line, Panels, Plot, Points};
use serde::Deserialize;

use super::Drawn;

/// What a training noted, as far as it is drawn. What is no number in JSON is `null`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct History {
    losses: Vec<Option<f64>>,
    #[serde(default)]
    epochs: Vec<Epoch>,
}

#[derive(Clone, Debug, Deserialize)]
struct Epoch {
    epoch: f64,
    step: f64,
    train_loss: Option<f64>,
    test_loss: Option<f64>,
    train_accuracy: Option<f64>,
    test_accuracy: Option<f64>,
}

impl History {
    /// A history by itself, or in the report of `limpid train --format json`.
    pub(crate) fn read(json: &str) -> Result<Self, String> {
        let value: serde_json::Value =
            serde_json::from_str(json).map_err(|error| format!("this is no JSON: {error}"))?;
        let history = value.get("history").unwrap_or(&value).clone();
        let fits = "the output of `limpid train --format json`, or a file of `limpid train --history`, fits";
        let history: Self =
            serde_json::from_value(history).map_err(|error| format!("this is no history: {error}; {fits}"))?;
        match history.losses.is_empty() && history.epochs.is_empty() {
            true => Err(format!("this history is empty; {fits}")),
            false => Ok(history),
        }
    }

    fn by_epoch(&self, x: impl Fn(&Epoch) -> f64, y: impl Fn(&Epoch) -> Option<f64>) -> Option<(Vec<f64>, Vec<f64>)> {
        let known = |epoch: &Epoch| Some((x(epoch), y(epoch)?));
        let (xs, ys): (Vec<f64>, Vec<f64>) = self.epochs.iter().filter_map(known).unzip();
        (!ys.is_empty()).then_some((xs, ys))
    }
}

/// More points than this say no more than their means.
const MOST_POINTS: usize = 600;

pub(crate) fn draw(history: &History, title: &str) -> Drawn {
    let losses: Vec<f64> = history.losses.iter().map(|loss| loss.unwrap_or(f64::NAN)).collect();
    let together = losses.len().div_ceil(MOST_POINTS).max(1);
    let means: Vec<f64> = losses.chunks(together).map(|part| part.iter().sum::<f64>() / part.len() as f64).collect();
    let middles: Vec<f64> = (0..means.len()).map(|i| (i * together) as f64 + 0.5 * (together as f64 + 1.0)).collect();
    let batches = if together == 1 { "of a batch".to_string() } else { format!("mean of {together} batches") };
    let mut loss = Plot::new().title("loss").labels("step", "");
    if !means.is_empty() {
        loss = loss.add(Line::new(middles, means).label(batches).width(1.2));
    }
    let of_all = [
        ("training data", history.by_epoch(|epoch| epoch.step, |epoch| epoch.train_loss)),
        ("test data", history.by_epoch(|epoch| epoch.step, |epoch| epoch.test_loss)),
    ];
    for (label, (xs, ys)) in of_all.into_iter().filter_map(|(label, points)| Some((label, points?))) {
        // Marks alone: a line from epoch to epoch would cut across what the batches show.
        loss = loss.add(Points::new(xs, ys).label(label));
    }
    let accuracies: Vec<Line> = [
        ("training data", history.by_epoch(|epoch| epoch.epoch, |epoch| epoch.train_accuracy)),
        ("test data", history.by_epoch(|epoch| epoch.epoch, |epoch| epoch.test_accuracy)),
    ]
    .into_iter()
    .filter_map(|(label, points)| points.map(|(xs, ys)| Line::new(xs, ys).label(label).marked()))
    .collect();
    if accuracies.is_empty() {
        return Drawn::new(loss.title(title));
    }
    let accuracy = Plot::new().title("accuracy").labels("epoch", "");
    let accuracy = accuracies.into_iter().fold(accuracy, Plot::add);
    Drawn::new(Panels::new(2).title(title).each(440.0, 320.0).add(loss).add(accuracy)).with_gaps(&losses)
}
