//! A column of a table: a name, and for each row a number or a word, or nothing if the value is missing.

use std::collections::HashMap;

/// A named column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The name.
    pub name: String,
    /// The value of each row.
    pub values: Values,
    /// How cells of text became numbers, in the words of whoever read them; none where they were numbers or words.
    pub reading: Option<String>,
}

/// The values of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Numbers.
    Numbers(Vec<Option<f64>>),
    /// Words.
    Words(Words),
}

/// Words, each different one kept once.
///
/// ```
/// let words: limpid_learn::Words = [Some("red"), None, Some("blue"), Some("red")].into_iter().collect();
/// assert_eq!((words.len(), words.different()), (4, &["red".to_string(), "blue".to_string()][..]));
/// assert_eq!(words.iter().collect::<Vec<_>>(), [Some("red"), None, Some("blue"), Some("red")]);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Words {
    different: Vec<String>,
    /// Which of the different words stands in each row.
    rows: Vec<Option<usize>>,
}

impl Column {
    /// A column of numbers.
    pub fn numbers(name: impl Into<String>, numbers: impl IntoIterator<Item = Option<f64>>) -> Self {
        Self { name: name.into(), values: Values::Numbers(numbers.into_iter().collect()), reading: None }
    }

    /// A column of words.
    pub fn words<'w>(name: impl Into<String>, words: impl IntoIterator<Item = Option<&'w str>>) -> Self {
        Self { name: name.into(), values: Values::Words(words.into_iter().collect()), reading: None }
    }

    /// The same column, with a word on how its cells became numbers. It goes with the model, so that other tables are read
    /// in the same way.
    ///
    /// ```
    /// let day = limpid_learn::Column::numbers("day", [Some(19_753.0)]).read_as("date day first");
    /// assert_eq!(day.reading.as_deref(), Some("date day first"));
    /// ```
    #[must_use]
    pub fn read_as(self, reading: impl Into<String>) -> Self {
        Self { reading: Some(reading.into()), ..self }
    }

    /// How many rows it has.
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Numbers(numbers) => numbers.len(),
            Values::Words(words) => words.len(),
        }
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether something is known of a row.
    pub fn is_known(&self, row: usize) -> bool {
        match &self.values {
            Values::Numbers(numbers) => numbers.get(row).is_some_and(Option::is_some),
            Values::Words(words) => words.rows.get(row).is_some_and(Option::is_some),
        }
    }

    /// The rows at these places, in that order; those that are not there are not known.
    pub fn select(&self, rows: &[usize]) -> Self {
        let values = match &self.values {
            Values::Numbers(numbers) => {
                Values::Numbers(rows.iter().map(|&row| numbers.get(row).copied().flatten()).collect())
            }
            Values::Words(words) => Values::Words(rows.iter().map(|&row| words.get(row)).collect()),
        };
        Self { name: self.name.clone(), values, reading: self.reading.clone() }
    }
}

impl Words {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The different words, in the order that they first stand in.
    pub fn different(&self) -> &[String] {
        &self.different
    }

    /// The word of a row.
    pub fn get(&self, row: usize) -> Option<&str> {
        self.word(*self.rows.get(row)?)
    }

    /// The words row by row.
    pub fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        self.rows.iter().map(|&place| self.word(place))
    }

    fn word(&self, place: Option<usize>) -> Option<&str> {
        place.and_then(|place| self.different.get(place)).map(String::as_str)
    }
}

impl<'w> FromIterator<Option<&'w str>> for Words {
    fn from_iter<I: IntoIterator<Item = Option<&'w str>>>(words: I) -> Self {
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut different = Vec::new();
        let mut place_of = |word| {
            *places.entry(word).or_insert_with(|| {
                different.push(word.to_string());
                different.len() - 1
            })
        };
        let rows = words.into_iter().map(|word| word.map(&mut place_of)).collect();
        Self { different, rows }
    }
}
