//! Whether a model was trained on the samples that it is asked about, told by what its file says of its training.

use limpid_learn::Split;

use super::Part;

/// Which of some samples a model was trained on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The model's file does not say what it was trained on.
    Unsaid,
    /// The samples are not those of the training. Whether some of those are among them is not known.
    Other,
    /// The samples are those of the training: the places of those that the model was trained on, and of those that were
    /// held out, both in ascending order.
    Same {
        /// What it was trained on.
        train: Vec<usize>,
        /// What was held out.
        test: Vec<usize>,
    },
}

impl Seen {
    /// Compares samples with what a model's file says of its training. `checksum` is asked for only where there is one to
    /// compare it with; `labels` are the classes of all the samples, or none for a regression.
    ///
    /// ```
    /// use limpid::learn::Split;
    /// use limpid::models::Seen;
    ///
    /// let (checksum, share) = ("ab".to_string(), 0.25);
    /// let split = Split { checksum, train: 3, test: 1, share, seed: 1, in_blocks: false };
    /// let seen = |split, checksum: &str| Seen::of(split, || checksum.to_string(), 4, None);
    /// assert!(matches!(seen(Some(&split), "ab"), Seen::Same { train, test } if (train.len(), test.len()) == (3, 1)));
    /// assert_eq!(seen(Some(&split), "cd"), Seen::Other);
    /// assert_eq!(seen(None, "ab"), Seen::Unsaid);
    /// ```
    pub fn of(
        split: Option<&Split>,
        checksum: impl FnOnce() -> String,
        count: usize,
        labels: Option<&[usize]>,
    ) -> Self {
        let Some(split) = split else { return Self::Unsaid };
        match split.again(count, labels) {
            Some((train, test)) if split.checksum == checksum() => Self::Same { train, test },
            _ => Self::Other,
        }
    }

    /// The places of the samples of a part, where they are known and there are any.
    pub fn rows(&self, part: Part) -> Option<&[usize]> {
        match (self, part) {
            (Self::Same { train, .. }, Part::Train) => Some(train),
            (Self::Same { test, .. }, Part::Test) if !test.is_empty() => Some(test),
            _ => None,
        }
    }
}
