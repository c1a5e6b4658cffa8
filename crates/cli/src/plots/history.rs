//! A training's history: loss by step, accuracy by epoch.

use limpid::draw::{Line, Panels, Plot, Points};
use limpid::files::{Kind, sniff};
use serde::Deserialize;

use super::{Drawn, short};

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
    pub(crate) fn read(json: impl AsRef<[u8]>) -> Result<Self, String> {
        let json = json.as_ref();
        let hint = "use the output of `limpid train --format json`, or a file of `limpid train --history`";
        let value: serde_json::Value = serde_json::from_slice(json).map_err(|error| match sniff(json) {
            found if matches!(found.kind(), Kind::Json | Kind::Text) => format!("this is not JSON: {error}"),
            found => format!("expected a training's history, found {}", found.or(hint)),
        })?;
        let history = value.get("history").unwrap_or(&value).clone();
        let history: Self =
            serde_json::from_value(history).map_err(|error| format!("this is not a history: {error}; {hint}"))?;
        match history.losses.is_empty() && history.epochs.is_empty() {
            true => Err(format!("this history is empty; {hint}")),
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
        loss = match ys.len() > MOST_MARKS {
            true => loss.add(Line::new(xs, ys).label(label)),
            // Marks alone: a line from epoch to epoch would cut across what the batches show.
            false => loss.add(Points::new(xs, ys).label(label)),
        };
    }
    let accuracies: Vec<(&str, Vec<f64>, Vec<f64>)> = [
        ("training data", history.by_epoch(|epoch| epoch.epoch, |epoch| epoch.train_accuracy)),
        ("test data", history.by_epoch(|epoch| epoch.epoch, |epoch| epoch.test_accuracy)),
    ]
    .into_iter()
    .filter_map(|(label, points)| points.map(|(xs, ys)| (label, xs, ys)))
    .collect();
    if accuracies.is_empty() {
        return Drawn::new(loss.title(title));
    }
    let mut accuracy = Plot::new().title("accuracy").labels("epoch", "");
    let from = worth_seeing(accuracies.iter().map(|(_, _, ys)| ys.as_slice()));
    if let Some([low, high]) = from {
        accuracy = accuracy.y_limits(low, high);
    }
    for (label, xs, ys) in accuracies {
        let is_marked = ys.len() <= MOST_MARKS;
        let line = Line::new(xs, ys).label(label);
        accuracy = accuracy.add(if is_marked { line.marked() } else { line });
    }
    let mut drawn =
        Drawn::new(Panels::new(2).title(title).each(440.0, 320.0).add(loss).add(accuracy)).with_gaps(&losses);
    if let Some([low, _]) = from {
        drawn.notes.push(format!("the axis of accuracy begins at {}; the first epochs lie below it", short(low)));
    }
    drawn
}

/// More epochs than this have no marks of their own, which would cover the lines.
const MOST_MARKS: usize = 30;

/// The accuracies of all but the first epochs, where many epochs are there and the climb of the first would take most of
/// the room.
fn worth_seeing<'a>(curves: impl Iterator<Item = &'a [f64]> + Clone) -> Option<[f64; 2]> {
    if curves.clone().all(|ys| ys.len() <= MOST_MARKS) {
        return None;
    }
    let ends = |values: &mut dyn Iterator<Item = f64>| {
        values.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], y| [low.min(y), high.max(y)])
    };
    let all = ends(&mut curves.clone().flatten().copied());
    let [low, high] = ends(&mut curves.flat_map(|ys| &ys[ys.len().min(ys.len() / 20 + 1)..]).copied());
    let is_long = all[1] - all[0] > 2.5 * (high - low) && high > low;
    let room = 0.06 * (high - low);
    is_long.then_some([(low - room).max(0.0), (high + room).min(1.0 + room)])
}
