//! The text that a network was written as, for messages that show the place of a mistake in it.

use std::collections::HashMap;
use std::ops::Range;

use limpid_graph::{Mistake, Mistakes};

use crate::error::{Error, TextError, TextFault, place_text};

/// The text that a network was written as.
#[derive(Debug)]
pub(crate) struct Source {
    text: String,
    /// Where each layer stands, by its path.
    places: HashMap<String, Range<usize>>,
}

impl Source {
    pub(crate) fn new(text: &str, places: HashMap<String, Range<usize>>) -> Self {
        Self { text: text.to_string(), places }
    }

    /// Where the layer of a path stands; a part of a layer has the place of the layer.
    fn place(&self, path: &str) -> Option<Range<usize>> {
        let mut path = path;
        loop {
            match (self.places.get(path), path.rsplit_once('/')) {
                (Some(place), _) => return Some(place.clone()),
                (None, Some((outer, _))) => path = outer,
                (None, None) => return None,
            }
        }
    }

    /// The same for people: `line 1, column 6`.
    pub(crate) fn place_text(&self, path: &str) -> Option<String> {
        Some(place_text(&self.text, self.place(path)?.start))
    }

    /// Mistakes in the description as mistakes in the text, where all of them are in its layers.
    pub(crate) fn placed(&self, error: limpid_graph::Error) -> Error {
        let limpid_graph::Error::Described(Mistakes(mistakes)) = &error else { return error.into() };
        let fault = |mistake: &Mistake| {
            let what = format!("{}; expected: {}", mistake.fault, mistake.expected());
            Some(TextFault::new(self.place(&mistake.origin.path)?, what))
        };
        let faults = mistakes.iter().map(fault).collect::<Option<Vec<_>>>();
        match faults.and_then(|faults| TextError::of(&self.text, faults)) {
            Some(placed) => placed.into(),
            None => error.into(),
        }
    }
}
