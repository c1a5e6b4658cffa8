//! The runs of a search: how each did, over each of the flags that varied.

use limpid::draw::{Panels, Plot, Points};

use super::Drawn;
use crate::commands::search::{Run, Values, Vary};

/// A panel for each flag: the accuracy on the validation part, or the loss where there is none.
pub(crate) fn draw(varied: &[Vary], runs: &[Run]) -> Drawn {
    let has_accuracy = runs.iter().any(|run| run.accuracy.is_some());
    let figure = |run: &Run| if has_accuracy { run.accuracy } else { run.loss };
    let what = if has_accuracy { "validation accuracy" } else { "validation loss" };
    let panel = |(at, vary): (usize, &Vary)| {
        let place = |run: &Run| {
            let value = run.values.get(at)?;
            match &vary.values {
                Values::Words(words) => words.iter().position(|word| word == value).map(|place| place as f64),
                Values::Range { .. } => value.parse().ok(),
            }
        };
        let points = |is_best: bool| {
            let chosen = runs.iter().enumerate().filter(move |(rank, _)| (*rank == 0) == is_best);
            chosen.filter_map(|(_, run)| Some((place(run)?, figure(run)?))).unzip::<f64, f64, Vec<_>, Vec<_>>()
        };
        let ((xs, ys), (best_x, best_y)) = (points(false), points(true));
        let (label, is_log) = match &vary.values {
            Values::Words(words) => {
                let named = words.iter().enumerate().map(|(place, word)| format!("{place}: {word}"));
                (format!("{} ({})", vary.flag, named.collect::<Vec<_>>().join(", ")), false)
            }
            Values::Range { is_log, .. } => (vary.flag.clone(), *is_log),
        };
        let plot = Plot::new().title(what).labels(label, "").log_x(is_log);
        plot.add(Points::new(xs, ys).label("runs")).add(Points::new(best_x, best_y).label("the best").radius(6.0))
    };
    let panels = varied.iter().enumerate().map(panel);
    let all =
        Panels::new(varied.len().clamp(1, 3)).title(format!("{} runs of a search", runs.len())).each(360.0, 300.0);
    let ys: Vec<f64> = runs.iter().map(|run| figure(run).unwrap_or(f64::NAN)).collect();
    Drawn::new(panels.fold(all, Panels::add)).with_gaps(&ys)
}
