//! Which rows are for training, and which are held out for testing.

use limpid_graph::Stream;
use serde::{Deserialize, Serialize};

use crate::dataset::permutation;
use crate::error::Error;

/// Chooses which of the rows are held out, by `seed`: their `share`, rounded. Where labels are given, each label has the
/// same share of both parts, as far as whole rows allow, and none loses its last row to the test. Gives the rows to learn
/// from and those held out, each in ascending order.
///
/// # Errors
/// [`Error::Setting`] where the share is not from 0 to below 1, or either part would be empty; a share of 0 holds out
/// nothing.
///
/// ```
/// let labels = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1];
/// let (train, test) = limpid_learn::holdout(10, Some(&labels), 0.5, 1)?;
/// assert_eq!((train.len(), test.len()), (5, 5));
/// assert_eq!(test.iter().filter(|&&row| labels[row] == 0).count(), 3);
/// # Ok::<(), limpid_learn::Error>(())
/// ```
pub fn holdout(
    count: usize,
    labels: Option<&[usize]>,
    share: f64,
    seed: u64,
) -> Result<(Vec<usize>, Vec<usize>), Error> {
    if share == 0.0 {
        return Ok(((0..count).collect(), Vec::new()));
    }
    let wanted = (share * count as f64).round();
    if !((0.0..1.0).contains(&share) && wanted >= 1.0 && wanted < count as f64) {
        return Err(Error::Setting {
            name: "the share that is held out",
            found: share.to_string(),
            fits: format!("0, or a share of the {count} samples that leaves at least 1 on both sides fits"),
        });
    }
    let order = permutation(count, Stream::new(seed, "holdout"), 0);
    let mut test: Vec<usize> = match labels {
        None => order.into_iter().take(wanted as usize).collect(),
        Some(labels) => stratified(&order, labels, share, wanted as usize),
    };
    test.sort_unstable();
    let train = (0..count).filter(|row| test.binary_search(row).is_err()).collect();
    Ok((train, test))
}

/// What a model was trained on, and what was held out: enough to draw both parts of the same data again.
///
/// ```
/// use limpid_learn::{Split, holdout};
///
/// let labels = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1];
/// let (train, test) = holdout(10, Some(&labels), 0.5, 1)?;
/// let split = Split { checksum: "of the data".to_string(), train: train.len(), test: test.len(), share: 0.5, seed: 1 };
/// assert_eq!(split.again(10, Some(&labels)), Some((train, test)));
/// // Other data has no parts.
/// assert_eq!(split.again(11, None), None);
/// # Ok::<(), limpid_learn::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// A checksum of all the data, by which it is known again.
    pub checksum: String,
    /// How many samples the model was trained on.
    pub train: usize,
    /// How many samples were held out.
    pub test: usize,
    /// The share that was held out; 0 for none.
    pub share: f64,
    /// What the samples that were held out were drawn by.
    pub seed: u64,
}

impl Split {
    /// Draws both parts again, as [`holdout`] drew them from so many samples with these labels. None where the samples
    /// are not as many as then, and where a changed file asks for what was never drawn.
    pub fn again(&self, count: usize, labels: Option<&[usize]>) -> Option<(Vec<usize>, Vec<usize>)> {
        if self.train.checked_add(self.test) != Some(count) {
            return None;
        }
        let parts = holdout(count, labels, self.share, self.seed).ok()?;
        (parts.0.len() == self.train).then_some(parts)
    }
}

/// The first rows of each label in this order, `wanted` in all: the whole part of each label's share, and one more where
/// the rest is largest.
fn stratified(order: &[usize], labels: &[usize], share: f64, wanted: usize) -> Vec<usize> {
    let label = |row: usize| labels.get(row).copied().unwrap_or(0);
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); labels.iter().max().map_or(1, |&most| most + 1)];
    order.iter().for_each(|&row| rows[label(row)].push(row));
    let mut taken: Vec<usize> = rows.iter().map(|rows| (share * rows.len() as f64) as usize).collect();
    let rest = |class: usize| share * rows[class].len() as f64 - (share * rows[class].len() as f64).floor();
    let mut by_rest: Vec<usize> = (0..rows.len()).collect();
    by_rest.sort_by(|&a, &b| rest(b).total_cmp(&rest(a)));
    let mut left = wanted.saturating_sub(taken.iter().sum());
    // Once around is enough where every label has a row to spare; where few have, there are fewer rows to hold out.
    while left > 0 {
        let before = left;
        for &class in &by_rest {
            if left > 0 && taken[class] + 1 < rows[class].len() {
                taken[class] += 1;
                left -= 1;
            }
        }
        if left == before {
            break;
        }
    }
    rows.iter().zip(taken).flat_map(|(rows, taken)| rows.iter().take(taken)).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_row_is_in_one_part_and_each_label_stays_in_training(
            labels in prop::collection::vec(0usize..4, 2..60), share in 0.02..0.9, seed: u64
        ) {
            let Ok((train, test)) = holdout(labels.len(), Some(&labels), share, seed) else { return Ok(()) };
            let mut all = [train.clone(), test.clone()].concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..labels.len()).collect::<Vec<_>>());
            let count = |rows: &[usize], label| rows.iter().filter(|&&row| labels[row] == label).count();
            for label in 0..4 {
                let all = count(&train, label) + count(&test, label);
                prop_assert!(all == 0 || count(&train, label) > 0);
            }
            prop_assert_eq!(holdout(labels.len(), Some(&labels), share, seed).unwrap(), (train, test));
        }
    }

    #[test]
    fn saved_models_count_on_the_same_rows_being_drawn_again() {
        // Model files keep the share and the seed, not the rows. If other rows were drawn here, `--part test` would be
        // wrong for every model that was saved before: a new way of drawing needs a new name in the file.
        let labels: Vec<usize> = (0..20).map(|row| row % 3).collect();
        assert_eq!(holdout(20, None, 0.2, 1).unwrap().1, [0, 8, 11, 12]);
        assert_eq!(holdout(20, Some(&labels), 0.3, 7).unwrap().1, [0, 1, 8, 12, 17, 19]);
    }

    #[test]
    fn labels_keep_their_shares_and_another_seed_draws_other_rows() {
        let labels: Vec<usize> = (0..150).map(|row| row / 50).collect();
        let (train, test) = holdout(150, Some(&labels), 0.2, 1).unwrap();
        assert_eq!((train.len(), test.len()), (120, 30));
        assert!((0..3).all(|label| test.iter().filter(|&&row| labels[row] == label).count() == 10));
        assert_ne!(holdout(150, Some(&labels), 0.2, 2).unwrap().1, test);
        assert_eq!(holdout(10, None, 0.25, 3).unwrap().1.len(), 3);
        assert_eq!(holdout(3, None, 0.0, 3).unwrap(), (vec![0, 1, 2], vec![]));
        assert!([1.0, -0.1, f64::NAN, 0.01].iter().all(|&share| holdout(10, None, share, 1).is_err()));
        assert!(holdout(1, None, 0.5, 1).is_err());
    }
}
