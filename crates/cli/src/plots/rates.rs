//! Losses of steps over their learning rates.

use limpid::draw::{Line, Note, Plot, Points, Role};
use limpid::learn::RateSearch;

use super::Drawn;

/// A learning rate in two digits: they are known no better.
pub(crate) fn short_rate(rate: f64) -> String {
    format!("{rate:.1e}").parse::<f64>().map_or_else(|_| rate.to_string(), |rate| format!("{rate:?}"))
}

/// The loss over the rate, on a logarithmic axis, with the rates that are named.
pub(crate) fn draw(found: &RateSearch, title: &str) -> Drawn {
    let RateSearch { rates, losses, smoothed } = found;
    let ends = |values: &[f64]| values.iter().fold([f64::INFINITY, 0.0f64], |[l, h], &x| [l.min(x), h.max(x)]);
    let ([least, _], [low, most]) = (ends(losses), ends(smoothed));
    let at = |rate: f64| {
        let place = rates.partition_point(|other| *other < rate).min(smoothed.len().saturating_sub(1));
        (rate, smoothed.get(place).copied().unwrap_or(low))
    };
    let mut plot = Plot::new()
        .title(format!("loss by learning rate: {title}"))
        .labels("learning rate", "loss")
        .log_x(true)
        .add(Line::new(rates.clone(), losses.clone()).label("of a batch").width(0.8).colour(Role::Muted))
        .add(Line::new(rates.clone(), smoothed.clone()).label("running mean"));
    if least.is_finite() && most > least {
        let room = 0.05 * (most - least);
        plot = plot.y_limits((least - room).min(low - room), most + room);
    }
    let marks = [("steepest descent", found.steepest()), ("a tenth of the minimum", found.suggestion())];
    for (name, rate) in marks.into_iter().filter_map(|(name, rate)| Some((name, rate?))) {
        let (x, y) = at(rate);
        plot =
            plot.add(Points::new([x], [y]).radius(5.0)).add(Note::new(x, y, format!("{name}: {}", short_rate(rate))));
    }
    Drawn::new(plot).with_gaps(losses)
}
