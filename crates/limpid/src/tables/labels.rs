//! Classes → numbers.

use std::collections::HashMap;

use limpid_learn::{Column, Values};

/// The classes that were seen, numbered as they came.
#[derive(Default)]
pub(super) struct Labels {
    places: HashMap<String, usize>,
}

impl Labels {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The number of a row's class; none where it is not known.
    pub(super) fn of(&mut self, target: &Column, row: usize) -> Option<usize> {
        let number;
        let class = match &target.values {
            Values::Words(words) => words.get(row)?,
            Values::Numbers(numbers) => {
                number = numbers.get(row).copied().flatten()?.to_string();
                &number
            }
        };
        let next = self.places.len();
        match self.places.get(class) {
            Some(&place) => Some(place),
            None => {
                self.places.insert(class.to_string(), next);
                Some(next)
            }
        }
    }
}
