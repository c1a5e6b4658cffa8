//! Class labels are checked before a graph is run on them, so that a message names the sample.

use limpid_graph::{Data, Tensor};

use crate::error::{Error, Outputs};

/// Checks labels `(count,)`; targets of another shape are none. `sample` numbers the samples.
pub(crate) fn check(targets: &Tensor, classes: Option<usize>, sample: impl Fn(usize) -> usize) -> Result<(), Error> {
    let (Some(classes), 1) = (classes, targets.rank()) else { return Ok(()) };
    let is_wrong = |label: f64| !(label >= 0.0 && label < classes as f64 && label.fract() == 0.0);
    let first = match targets.data() {
        Data::U8(labels) if classes > usize::from(u8::MAX) => labels.iter().position(|_| false),
        Data::U8(labels) => labels.iter().position(|&label| usize::from(label) >= classes),
        Data::F32(labels) => labels.iter().position(|&label| is_wrong(f64::from(label))),
        Data::F64(labels) => labels.iter().position(|&label| is_wrong(label)),
    };
    match first {
        Some(at) => {
            let label = targets.to_f64().get(at).copied().unwrap_or(f64::NAN);
            Err(Error::Label { label, sample: sample(at), outputs: Outputs(classes) })
        }
        None => Ok(()),
    }
}
