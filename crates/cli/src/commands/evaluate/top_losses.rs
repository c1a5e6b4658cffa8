//! `--top-losses`: the samples with the largest losses.

use clap::Args;
use limpid::evaluation::outputs;
use limpid::predictions::{argmax, class_name, true_classes};

use crate::arguments::at_least_one;
use crate::failure::Failure;
use crate::model_and_data::EvaluationInput;
use crate::picture::{PictureOptions, SizeOption};
use crate::plots::classes::{TopLoss, top_losses};
use crate::text::{self, Align};

/// How many, and where their picture goes.
#[derive(Debug, Args)]
pub(super) struct TopLosses {
    /// List this many samples with the largest losses; --output FILE draws them
    #[arg(id = "top-losses", long, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true, help_heading = "Output")]
    top_losses: Option<usize>,
    #[command(flatten)]
    picture: PictureOptions,
}

impl TopLosses {
    /// Checks that a picture can be drawn, where one is wanted, before anything is computed.
    pub(super) fn check(&self, input: &EvaluationInput) -> Result<(), Failure> {
        self.picture.check()?;
        if self.is_drawn() { input.check_pictures() } else { Ok(()) }
    }

    fn is_drawn(&self) -> bool {
        self.picture.output.is_some() || self.picture.open
    }

    /// The samples with the largest losses, the largest first; None where they are not asked for. Draws them.
    pub(super) fn find(&self, input: &mut EvaluationInput) -> Result<Option<Vec<TopLoss>>, Failure> {
        let Some(most) = self.top_losses else { return Ok(None) };
        let losses = input.saved.model.losses(&input.data)?;
        let mut rows: Vec<usize> = (0..losses.len()).collect();
        rows.sort_by(|&a, &b| losses[b].total_cmp(&losses[a]).then(a.cmp(&b)));
        rows.truncate(most);
        let classes = input.saved.model.loss().takes_labels();
        let (mut rights, mut said) = (Vec::new(), Vec::new());
        if classes {
            let names = input.classes()?.unwrap_or_default();
            let chosen = input.data.select(&rows)?;
            let scores = outputs(&mut input.saved.model, &chosen)?;
            let width = scores.shape().last().copied().unwrap_or(1).max(1);
            rights = true_classes(&chosen).into_iter().map(|class| class_name(&names, class)).collect();
            said = scores.to_f64().chunks(width).map(|scores| class_name(&names, argmax(scores))).collect();
        }
        let top = |(at, &sample): (usize, &usize)| TopLoss {
            sample,
            place: input.places.get(sample).cloned(),
            loss: losses[sample],
            class: rights.get(at).cloned(),
            predicted: said.get(at).cloned(),
        };
        let found: Vec<TopLoss> = rows.iter().enumerate().map(top).collect();
        if self.is_drawn() {
            let title = format!("the {} largest losses of {}", found.len(), input.described());
            self.picture.show(&top_losses(&found, &input.data, &title)?, &SizeOption { size: None })?;
        }
        Ok(Some(found))
    }
}

/// The samples as a table.
pub(super) fn listed(found: &[TopLoss]) -> String {
    let heading = ["sample", "loss", "class", "predicted"].map(str::to_string).to_vec();
    let row = |top: &TopLoss| {
        let sample = top.place.clone().unwrap_or_else(|| format!("#{}", top.sample));
        let word = |word: &Option<String>| word.clone().unwrap_or_default();
        vec![sample, text::loss(top.loss), word(&top.class), word(&top.predicted)]
    };
    let rows: Vec<_> = std::iter::once(heading).chain(found.iter().map(row)).collect();
    text::table(&[Align::Left, Align::Right, Align::Left, Align::Left], &rows)
}
