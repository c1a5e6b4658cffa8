//! Samples that a model may have been trained on: what is said of them, and how the held-out ones are chosen.

use limpid::models::{Part, Samples, Seen};

use crate::choices::{PARTS, name_of};
use crate::failure::Failure;
use crate::text;

/// What a sample is called.
pub(crate) fn noun(samples: &Samples) -> &'static str {
    match samples {
        Samples::Table(_) => "row",
        Samples::Pictures(_) => "picture",
    }
}

/// What the reader of a result should know of the samples that it is about.
pub(crate) fn note(seen: &Seen, noun: &str, name: &str) -> String {
    let why = match seen {
        Seen::Same { train, test } => {
            let [all, count] = [train.len() + test.len(), train.len()].map(|count| text::count(count as u64));
            return match test.len() {
                0 => format!(
                    "the model was trained on all {all} {noun}s of {name}, and results on them say little about new {noun}s"
                ),
                held_out => format!(
                    "the model was trained on {count} of the {all} {noun}s of {name}, and results on those say little about \
                     new {noun}s; --part test takes the {} alone",
                    text::counted(held_out as u64, &format!("held-out {noun}"))
                ),
            };
        }
        Seen::Other => format!("{name} differs from the training data"),
        Seen::Unsaid => "the model file does not say".to_string(),
    };
    format!("whether the model was trained on some of these {noun}s is not known: {why}")
}

/// Why the samples of a part cannot be chosen among these.
pub(crate) fn no_part(seen: &Seen, part: Part, noun: &str, name: &str) -> Failure {
    let why = match seen {
        Seen::Same { .. } => format!("no {noun} of {name} was held out when the model was trained"),
        Seen::Other => {
            format!("{name} has no parts of its own, and differs from the data that the model was trained on")
        }
        Seen::Unsaid => format!("the model file does not say which {noun}s of {name} the model was trained on"),
    };
    let typed = name_of(PARTS, part);
    Failure::Usage(format!("--part {typed}: {why}; leave --part out to use all {noun}s"))
}
