//! What `limpid plot` draws: settings and numbers → pictures, without a look at files or terminals.

pub(crate) mod activation;
pub(crate) mod classes;
mod curve;
pub(crate) mod descent;
pub(crate) mod function;
pub(crate) mod history;
pub(crate) mod rates;
pub(crate) mod runs;
mod sampled;
#[cfg(test)]
mod tests;
mod walk;
pub(crate) mod weights;

use limpid::draw::Picture;

/// A picture, and what is to be said beside it.
pub(crate) struct Drawn {
    pub(crate) picture: Box<dyn Picture>,
    pub(crate) notes: Vec<String>,
}

impl Drawn {
    fn new(picture: impl Picture + 'static) -> Self {
        Self { picture: Box::new(picture), notes: Vec::new() }
    }

    /// Says how many of some points have no finite value there.
    fn with_gaps<'v>(mut self, values: impl IntoIterator<Item = &'v f64>) -> Self {
        let (mut all, mut gaps) = (0, 0);
        for value in values {
            all += 1;
            gaps += usize::from(!value.is_finite());
        }
        if gaps > 0 {
            self.notes.push(format!("{gaps} of {all} points have no finite value; they are left out"));
        }
        self
    }
}

/// A number as it stands in a title or a legend.
fn short(number: f64) -> String {
    limpid::draw::short_number(number, 6)
}
