//! Which rows are for training, and which are held out for testing.

use limpid_graph::Stream;
use serde::{Deserialize, Serialize};

use crate::data::dataset::permutation;
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
    check_share(share, count)?;
    let wanted = (share * count as f64).round() as usize;
    let mut test = drawn(count, labels, share, seed, 0, wanted);
    test.sort_unstable();
    let train = (0..count).filter(|row| test.binary_search(row).is_err()).collect();
    Ok((train, test))
}

/// A share of so many rows is to leave some on both sides.
fn check_share(share: f64, count: usize) -> Result<(), Error> {
    let wanted = (share * count as f64).round();
    if !((0.0..1.0).contains(&share) && wanted >= 1.0 && wanted < count as f64) {
        return Err(Error::Setting {
            name: "the share that is held out",
            found: share.to_string(),
            hint: format!("use 0, or a share of the {count} samples that leaves at least 1 on both sides"),
        });
    }
    Ok(())
}

/// The rows of a block that are held out.
fn drawn(count: usize, labels: Option<&[usize]>, share: f64, seed: u64, block: u64, wanted: usize) -> Vec<usize> {
    let order = permutation(count, Stream::new(seed, "holdout"), block);
    match labels {
        None => order.into_iter().take(wanted).collect(),
        Some(labels) => stratified(&order, labels, share, wanted),
    }
}

/// So many rows that follow each other have the same share held out, where rows are chosen one block after the other.
pub const HOLDOUT_BLOCK: usize = 1 << 16;

/// Chooses which rows are held out, as [`holdout`] does, of rows that are too many to be looked at together: in blocks of
/// [`HOLDOUT_BLOCK`] rows, each of which has the same share held out, of each label alike. One block or less is what
/// [`holdout`] chooses. A bit is kept of each row.
///
/// ```
/// use limpid_learn::{HOLDOUT_BLOCK, Holdout, holdout};
///
/// let mut rows = Holdout::new(0.25, 7);
/// (0..2 * HOLDOUT_BLOCK).for_each(|row| rows.push(Some(row % 3)));
/// let held_out = rows.chosen()?;
/// assert_eq!((held_out.train(), held_out.test()), (3 * HOLDOUT_BLOCK / 2, HOLDOUT_BLOCK / 2));
///
/// let mut few = Holdout::new(0.25, 7);
/// (0..100).for_each(|_| few.push(None));
/// let few = few.chosen()?;
/// let test: Vec<usize> = (0..100).filter(|&row| few.contains(row)).collect();
/// assert_eq!(test, holdout(100, None, 0.25, 7)?.1);
/// # Ok::<(), limpid_learn::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Holdout {
    share: f64,
    seed: u64,
    /// The labels of the rows of the block under way.
    block: Vec<Option<usize>>,
    chosen: HeldOut,
}

/// Which rows are held out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldOut {
    bits: Vec<u64>,
    rows: usize,
    test: usize,
}

impl Holdout {
    /// Holds out this share of the rows, by `seed`.
    pub fn new(share: f64, seed: u64) -> Self {
        Self { share, seed, block: Vec::new(), chosen: HeldOut::default() }
    }

    /// Takes in the next row. Either all rows have a label or none.
    pub fn push(&mut self, label: Option<usize>) {
        self.block.push(label);
        if self.block.len() == HOLDOUT_BLOCK {
            self.choose();
        }
    }

    /// The rows that were chosen.
    ///
    /// # Errors
    /// As [`holdout`].
    pub fn chosen(mut self) -> Result<HeldOut, Error> {
        self.choose();
        if self.share != 0.0 {
            check_share(self.share, self.chosen.rows)?;
        }
        Ok(self.chosen)
    }

    fn choose(&mut self) {
        let block = (self.chosen.rows / HOLDOUT_BLOCK) as u64;
        let labels: Option<Vec<usize>> = self.block.iter().copied().collect();
        let count = self.block.len();
        self.block.clear();
        let HeldOut { bits, rows, test } = &mut self.chosen;
        let start = *rows;
        *rows += count;
        bits.resize(rows.div_ceil(64), 0);
        // What rounding leaves to a block goes to the next.
        let wanted = ((self.share * *rows as f64).round().max(0.0) as usize).saturating_sub(*test).min(count);
        if self.share > 0.0 && wanted > 0 {
            for row in drawn(count, labels.as_deref(), self.share, self.seed, block, wanted) {
                bits[(start + row) / 64] |= 1 << ((start + row) % 64);
                *test += 1;
            }
        }
    }
}

impl HeldOut {
    /// Whether this row is held out.
    pub fn contains(&self, row: usize) -> bool {
        self.bits.get(row / 64).is_some_and(|bits| bits >> (row % 64) & 1 == 1)
    }

    /// How many rows are learned from.
    pub fn train(&self) -> usize {
        self.rows - self.test
    }

    /// How many rows are held out.
    pub fn test(&self) -> usize {
        self.test
    }
}

/// What a model was trained on, and what was held out: enough to draw both parts of the same data again.
///
/// ```
/// use limpid_learn::{Split, holdout};
///
/// let labels = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1];
/// let (train, test) = holdout(10, Some(&labels), 0.5, 1)?;
/// let (checksum, counts) = ("of the data".to_string(), (train.len(), test.len()));
/// let split = Split { checksum, train: counts.0, test: counts.1, share: 0.5, seed: 1, in_blocks: false };
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
    /// Whether they were drawn by [`Holdout`], block by block, and not from all samples together.
    #[serde(default, skip_serializing_if = "is_false")]
    pub in_blocks: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl Split {
    /// Draws both parts again, as [`holdout`] or [`Holdout`] drew them from so many samples with these labels. None where the samples
    /// are not as many as then, and where a changed file asks for what was never drawn.
    pub fn again(&self, count: usize, labels: Option<&[usize]>) -> Option<(Vec<usize>, Vec<usize>)> {
        if self.train.checked_add(self.test) != Some(count) {
            return None;
        }
        let parts = match self.in_blocks {
            false => holdout(count, labels, self.share, self.seed).ok()?,
            true => {
                let mut rows = Holdout::new(self.share, self.seed);
                (0..count).for_each(|row| rows.push(labels.and_then(|labels| labels.get(row).copied())));
                let held_out = rows.chosen().ok()?;
                (0..count).partition(|&row| !held_out.contains(row))
            }
        };
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
        let rows: Vec<usize> = (0..HOLDOUT_BLOCK + 1000).map(|row| row % 3).collect();
        let (share, seed, checksum) = (0.0001, 3, String::new());
        let split = Split { checksum, train: rows.len() - 7, test: 7, share, seed, in_blocks: true };
        let test = split.again(rows.len(), Some(&rows)).unwrap().1;
        assert_eq!(test, [3141, 11_848, 15_092, 21_012, 24_644, 39_661, 48_840]);
    }

    #[test]
    fn each_block_has_its_share_held_out_of_each_label_and_is_drawn_by_itself() {
        let count = 3 * HOLDOUT_BLOCK + 1001;
        let label = |row: usize| usize::from(row.is_multiple_of(5));
        let mut rows = Holdout::new(0.2, 3);
        (0..count).for_each(|row| rows.push(Some(label(row))));
        let held_out = rows.chosen().unwrap();
        assert_eq!((held_out.test(), held_out.train()), (39_522, count - 39_522));
        let of = |block: usize| {
            let first = block * HOLDOUT_BLOCK;
            (first..count.min(first + HOLDOUT_BLOCK)).map(|row| held_out.contains(row)).collect::<Vec<_>>()
        };
        for block in 0..4 {
            let (own, first) = (of(block), block * HOLDOUT_BLOCK);
            for wanted in 0..2 {
                let all = (0..own.len()).filter(|row| label(first + row) == wanted);
                let held = all.clone().filter(|&row| own[row]).count() as f64;
                assert!((held - 0.2 * all.count() as f64).abs() <= 1.0, "block {block}");
            }
        }
        let first: Vec<usize> = (0..HOLDOUT_BLOCK).map(label).collect();
        let alone = holdout(HOLDOUT_BLOCK, Some(&first), 0.2, 3).unwrap().1;
        assert!(alone.iter().all(|&row| held_out.contains(row)));
        assert_ne!(of(1), of(2));
        for (share, count) in [(1.0, 10), (-0.1, 10), (f64::NAN, 10), (0.01, 10), (0.5, 1), (1.0, HOLDOUT_BLOCK + 1)] {
            let mut rows = Holdout::new(share, 1);
            (0..count).for_each(|_| rows.push(None));
            let (own, whole) = (rows.chosen().unwrap_err(), holdout(count, None, share, 1).unwrap_err());
            assert_eq!(own.to_string(), whole.to_string());
        }
        assert_eq!(Holdout::new(0.0, 1).chosen().unwrap().test(), 0);
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
