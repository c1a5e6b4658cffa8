//! Choices by name, such as layers and optimizers: one row each, with its settings, and the text of both.
//!
//! Everything that lists, parses, writes or tests choices goes over these rows.

use std::fmt;

use crate::choice::{UnknownName, nearest, normalised};
use crate::describe::initializer::Initializer;
use crate::describe::words::{Piece, Word, Words, Wrong};
use crate::error::{Error, TextError, TextFault};

/// One of several layers, optimizers, losses or initializers.
///
/// ```
/// let adam = limpid_learn::optimizer_choices().find(|choice| choice.name == "adam").expect("there is one");
/// let settings: Vec<String> = adam.settings.iter().map(ToString::to_string).collect();
/// assert_eq!(settings[0], "beta1=0.9 (from 0 to below 1)");
/// ```
pub struct Choice<T> {
    /// Its name, as text has it.
    pub name: &'static str,
    /// Other names by which it is known.
    pub aliases: &'static [&'static str],
    /// What it is, in a few words.
    pub about: &'static str,
    /// An example of its text.
    pub example: &'static str,
    /// Its settings, in the order of its text.
    pub settings: &'static [Setting],
    /// Makes it.
    pub(crate) make: fn(&Settings<'_>) -> Result<T, String>,
}

/// A setting of a choice.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name, as in `beta1=0.9`.
    pub name: &'static str,
    /// What messages call it.
    pub title: &'static str,
    /// Its type, its default and its range.
    pub kind: SettingKind,
    /// Other names by which it is known.
    pub aliases: &'static [&'static str],
    /// Whether text may give its value alone, as the first word after the name.
    pub positional: bool,
}

/// The type of a setting, with its default and its range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SettingKind {
    /// A whole number, such as that of outputs.
    Count {
        /// Its value where text does not give one; None where it must be given.
        default: Option<usize>,
        /// The smallest that it may be.
        least: usize,
    },
    /// A height and a width, written `3x3`, or `3` where they are equal.
    Pair {
        /// Its value where text does not give one; None where the layer chooses, or where it must be given.
        default: Option<[usize; 2]>,
        /// Whether it must be given.
        needed: bool,
        /// Whether equal numbers are both written.
        in_full: bool,
        /// The smallest that either may be.
        least: usize,
    },
    /// The rows and columns put around an image: `same`, `1` or `1x2`.
    Padding,
    /// A number.
    Number {
        /// Its value where text does not give one.
        default: f64,
        /// The values that it may have.
        range: Range,
    },
    /// A number that may be left out.
    Optional {
        /// What is taken where it is left out, in words.
        otherwise: &'static str,
        /// The values that it may have.
        range: Range,
    },
    /// A word that is there or not.
    Flag,
    /// An initializer.
    Initializer(Initializer),
}

/// The values that a number may have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Range {
    /// Any finite number.
    Finite,
    /// From 0 on.
    NotNegative,
    /// Above 0.
    Positive,
    /// From 0 to below 1.
    Share,
    /// From 0 to 1.
    Portion,
    /// Above 0 as a 32-bit float, and small.
    Small,
}

/// The value of a setting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A whole number.
    Count(usize),
    /// A height and a width; None where the layer chooses.
    Pair(Option<[usize; 2]>),
    /// The rows and columns put around an image.
    Padding(Padding),
    /// A number.
    Number(f64),
    /// Nothing, where a number may be left out.
    Nothing,
    /// Whether a flag is there.
    Flag(bool),
    /// An initializer.
    Initializer(Initializer),
}

/// How many rows of zeros are put above and below an image, and how many columns left and right of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// As many as let the output have the input's extents divided by the stride, rounded up. Where that number is odd, the
    /// one more is put below or on the right.
    Same,
    /// So many rows above and below each, and so many columns on either side.
    Each([usize; 2]),
}

/// The values of a choice's settings, for making it.
#[derive(Debug)]
pub(crate) struct Settings<'s> {
    settings: &'s [Setting],
    values: Vec<Value>,
}

/// More numbers than this in one layer is taken for a slip of the finger.
pub(crate) const MOST_UNITS: usize = 1 << 24;

impl Setting {
    /// A setting that text gives as `name=value`.
    pub(crate) const fn named(name: &'static str, title: &'static str, kind: SettingKind) -> Self {
        Self { name, title, kind, aliases: &[], positional: false }
    }

    /// A whole number that must be given, as a word without its name.
    pub(crate) const fn count(name: &'static str, title: &'static str) -> Self {
        Self { name, title, kind: SettingKind::Count { default: None, least: 1 }, aliases: &[], positional: true }
    }

    /// A height and a width that text gives as `name=value`.
    pub(crate) const fn pair(name: &'static str, title: &'static str, default: Option<[usize; 2]>) -> Self {
        let kind = SettingKind::Pair { default, needed: false, in_full: false, least: 1 };
        Self::named(name, title, kind)
    }

    /// A height and a width that must be given, as a word without its name; `in_full` where both are written though they
    /// are equal.
    pub(crate) const fn needed_pair(name: &'static str, title: &'static str, in_full: bool) -> Self {
        Self::named(name, title, SettingKind::Pair { default: None, needed: true, in_full, least: 1 }).positional()
    }

    /// A number that text gives as `name=value`.
    pub(crate) const fn number(name: &'static str, title: &'static str, default: f64, range: Range) -> Self {
        Self::named(name, title, SettingKind::Number { default, range })
    }

    /// A number that may be left out.
    pub(crate) const fn optional(
        name: &'static str,
        title: &'static str,
        otherwise: &'static str,
        range: Range,
    ) -> Self {
        Self::named(name, title, SettingKind::Optional { otherwise, range })
    }

    /// The same, which is known by other names, too.
    pub(crate) const fn also(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// Whether this is one of its names.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }

    /// The same, which may also stand alone as the first word.
    pub(crate) const fn positional(self) -> Self {
        Self { positional: true, ..self }
    }

    /// The zeros around an image, which PyTorch and Keras call its padding.
    pub(crate) const PAD: Self = Self::named("pad", "the padding", SettingKind::Padding).also(&["padding"]);

    /// How parameters are drawn.
    pub(crate) const fn initializer(default: Initializer) -> Self {
        Self::named("init", "the initializer", SettingKind::Initializer(default)).also(&["initializer"])
    }

    /// A word that is there or not.
    pub(crate) const fn flag(name: &'static str) -> Self {
        Self::named(name, name, SettingKind::Flag)
    }

    pub(crate) fn default(&self) -> Option<Value> {
        match self.kind {
            SettingKind::Count { default, .. } => default.map(Value::Count),
            SettingKind::Pair { needed: true, .. } => None,
            SettingKind::Pair { default, .. } => Some(Value::Pair(default)),
            SettingKind::Padding => Some(Value::Padding(Padding::Each([0, 0]))),
            SettingKind::Number { default, .. } => Some(Value::Number(default)),
            SettingKind::Optional { .. } => Some(Value::Nothing),
            SettingKind::Flag => Some(Value::Flag(false)),
            SettingKind::Initializer(initializer) => Some(Value::Initializer(initializer)),
        }
    }

    /// What is wrong with a number for this setting.
    pub(crate) fn refused(&self, number: f64) -> Option<&'static str> {
        let (SettingKind::Number { range, .. } | SettingKind::Optional { range, .. }) = self.kind else { return None };
        (!range.contains(number)).then(|| range.hint())
    }
}

impl fmt::Display for Setting {
    /// The setting with its default and its range: `beta1=0.9 (from 0 to below 1)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            SettingKind::Count { default: None, .. } | SettingKind::Pair { needed: true, .. } => {
                write!(f, "{}", self.title)
            }
            SettingKind::Count { default: Some(default), .. } => write!(f, "{}={default}", self.name),
            SettingKind::Pair { default: Some(default), .. } => write!(f, "{}={}", self.name, pair_text(default)),
            SettingKind::Pair { default: None, .. } => write!(f, "{}=2", self.name),
            SettingKind::Padding => write!(f, "{}=0 (a number, two such as 1x2, or same)", self.name),
            SettingKind::Number { default, range } => {
                let separator = if self.positional { " " } else { "=" };
                // As short as it can be written: 1e-8, and not 0.00000001.
                write!(f, "{}{separator}{default:?} ({})", self.name, range.name())
            }
            SettingKind::Optional { otherwise, range } => {
                write!(f, "{}={otherwise} ({})", self.name, range.name())
            }
            SettingKind::Flag => write!(f, "{}", self.name),
            SettingKind::Initializer(initializer) => write!(f, "{}={initializer}", self.name),
        }
    }
}

impl Range {
    fn contains(self, number: f64) -> bool {
        match self {
            Self::Finite => number.is_finite(),
            Self::NotNegative => number.is_finite() && number >= 0.0,
            Self::Positive => number.is_finite() && number > 0.0,
            Self::Share => (0.0..1.0).contains(&number),
            Self::Portion => (0.0..=1.0).contains(&number),
            // Below this, f32 would divide by zero where the gradient is zero.
            Self::Small => number.is_finite() && number >= f64::from(f32::MIN_POSITIVE),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Finite => "any number",
            Self::NotNegative => "0 or more",
            Self::Positive => "above 0",
            Self::Share => "from 0 to below 1",
            Self::Portion => "from 0 to 1",
            Self::Small => "above 0",
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Self::Finite => "use a finite number",
            Self::NotNegative => "use 0 or more",
            Self::Positive => "use a number above 0",
            Self::Share => "use a number from 0 to below 1",
            Self::Portion => "use a number from 0 to 1",
            Self::Small => "use a small number above 0, such as 1e-8",
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Pair(pair) => f.write_str(&pair_text(pair.unwrap_or_default())),
            Self::Padding(Padding::Same) => f.write_str("same"),
            Self::Padding(Padding::Each(each)) => f.write_str(&pair_text(*each)),
            Self::Number(number) => write!(f, "{number}"),
            Self::Nothing => Ok(()),
            Self::Flag(is_there) => write!(f, "{is_there}"),
            Self::Initializer(initializer) => write!(f, "{initializer}"),
        }
    }
}

/// Two numbers: `1x2`, or `1` where they are equal.
fn pair_text([height, width]: [usize; 2]) -> String {
    if height == width { height.to_string() } else { format!("{height}x{width}") }
}

impl Settings<'_> {
    fn value(&self, name: &str) -> Option<Value> {
        let at = self.settings.iter().position(|setting| setting.name == name)?;
        self.values.get(at).copied()
    }

    /// A whole number by its setting's name.
    pub(crate) fn count(&self, name: &str) -> usize {
        if let Some(Value::Count(count)) = self.value(name) { count } else { 1 }
    }

    /// A height and a width by their setting's name; None where the layer chooses.
    pub(crate) fn pair(&self, name: &str) -> Option<[usize; 2]> {
        if let Some(Value::Pair(pair)) = self.value(name) { pair } else { None }
    }

    /// The padding by its setting's name.
    pub(crate) fn padding(&self, name: &str) -> Padding {
        if let Some(Value::Padding(padding)) = self.value(name) { padding } else { Padding::Each([0, 0]) }
    }

    /// A number by its setting's name.
    pub(crate) fn number(&self, name: &str) -> f64 {
        if let Some(Value::Number(number)) = self.value(name) { number } else { f64::NAN }
    }

    /// A number that may be left out.
    pub(crate) fn optional(&self, name: &str) -> Option<f64> {
        if let Some(Value::Number(number)) = self.value(name) { Some(number) } else { None }
    }

    /// Whether a flag is there.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.value(name) == Some(Value::Flag(true))
    }

    /// An initializer by its setting's name.
    pub(crate) fn initializer(&self, name: &str) -> Option<Initializer> {
        if let Some(Value::Initializer(initializer)) = self.value(name) { Some(initializer) } else { None }
    }
}

impl<T> Choice<T> {
    /// The choice made with its defaults; None where a setting has no default.
    pub fn usual(&self) -> Option<T> {
        let values = self.settings.iter().map(Setting::default).collect::<Option<Vec<_>>>()?;
        (self.make)(&Settings { settings: self.settings, values }).ok()
    }

    /// Words of a text behind its name, as it is called there.
    pub(crate) fn words<'t>(&self, name: Piece<'t>, words: impl Iterator<Item = Word<'t>>) -> Words<'t> {
        Words::of_text(name, words.collect(), self.example.replacen(self.name, name.text, 1))
    }

    /// Whether this is one of its names.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }

    /// Makes it of the words that follow its name, or answers all that is wrong with them.
    pub(crate) fn of_words<'t>(&self, kind: &str, words: Words<'t>) -> Result<T, Vec<Wrong<'t>>> {
        let name = words.name();
        let values = self.values(kind, words)?;
        (self.make)(&Settings { settings: self.settings, values }).map_err(|what| vec![(name, what)])
    }

    /// The values of its settings by the words that follow its name.
    pub(crate) fn values<'t>(&self, kind: &str, mut words: Words<'t>) -> Result<Vec<Value>, Vec<Wrong<'t>>> {
        let (mut values, mut wrong) = (Vec::with_capacity(self.settings.len()), Vec::new());
        for setting in self.settings {
            match words.value(setting, self.settings) {
                Ok(value) => values.push(value),
                Err(what) => wrong.push(what),
            }
        }
        wrong.extend(words.rest().map(|rest| (rest.whole, self.not_taken(kind, words.name(), rest))));
        if wrong.is_empty() {
            return Ok(values);
        }
        // One word may be wrong for a setting and so be left for none.
        wrong.sort_by_key(|(piece, _)| piece.start);
        Err(wrong)
    }

    fn not_taken(&self, kind: &str, name: Piece<'_>, word: Word<'_>) -> String {
        let names: Vec<&str> = self.settings.iter().map(|setting| setting.name).collect();
        let (key, word) = (word.key, word.whole.text);
        let hint = match nearest(key, &names) {
            Some(near) if near != key => format!(", did you mean `{near}`?"),
            Some(_) => "; give each setting once".to_string(),
            None => String::new(),
        };
        format!("the {kind} `{}` does not take `{word}`{hint}", name.text)
    }

    /// Checks that these values of its settings are in their ranges.
    pub(crate) fn check(&self, values: &[Value]) -> Result<(), Error> {
        for (setting, value) in self.settings.iter().zip(values) {
            if let Value::Number(number) = *value
                && let Some(hint) = setting.refused(number)
            {
                let (name, found) = (setting.title, format!("{number:?}"));
                return Err(Error::Setting { name, found, hint: hint.to_string() });
            }
        }
        Ok(())
    }

    /// Its text with these values, in the order of its settings; those that are the default are left out.
    pub(crate) fn written(&self, values: &[Value]) -> String {
        let mut text = self.name.to_string();
        for (setting, value) in self.settings.iter().zip(values).filter(|(s, value)| s.default() != Some(**value)) {
            text += &match setting.kind {
                SettingKind::Flag => format!(" {}", setting.name),
                SettingKind::Pair { in_full: true, .. } if let Value::Pair(Some([height, width])) = value => {
                    format!(" {height}x{width}")
                }
                _ if setting.positional => format!(" {value}"),
                _ => format!(" {}={value}", setting.name),
            };
        }
        text
    }
}

impl<T> fmt::Debug for Choice<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Choice").field("name", &self.name).field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// The choice of this name.
///
/// # Errors
/// [`UnknownName`] with all names.
pub(crate) fn named<T>(
    kind: &'static str,
    rows: &'static [Choice<T>],
    name: &str,
) -> Result<&'static Choice<T>, UnknownName> {
    let wanted = normalised(name);
    let found = rows.iter().find(|row| row.is_called(&wanted));
    found.ok_or_else(|| UnknownName::new(kind, name, &rows.iter().map(|row| row.name).collect::<Vec<_>>()))
}

/// The choice that a text names, made with the settings that follow its name.
///
/// # Errors
/// [`Error::Unknown`] with all names, and [`Error::Text`] with the place of a wrong setting.
pub(crate) fn made<T>(kind: &'static str, rows: &'static [Choice<T>], text: &str) -> Result<T, Error> {
    let whole = Piece::whole(text);
    of_piece(kind, rows, whole)?.map_err(|wrong| Error::Text(misread(text, wrong)))
}

/// The same for a piece of a text. The inner error is what is wrong with the settings.
pub(crate) fn of_piece<'t, T>(
    kind: &'static str,
    rows: &'static [Choice<T>],
    piece: Piece<'t>,
) -> Result<Result<T, Vec<Wrong<'t>>>, UnknownName> {
    let mut words = piece.words();
    let name = words.next().unwrap_or(piece);
    let row = named(kind, rows, name.text)?;
    Ok(row.of_words(kind, row.words(name, words.map(Word::of))))
}

/// The error about pieces of a text.
pub(crate) fn misread(text: &str, wrong: Vec<Wrong<'_>>) -> TextError {
    let faults = wrong.into_iter().map(|(piece, what)| TextFault::new(piece.place(), what)).collect();
    let unread = || TextError::one(text, TextFault::new(0..text.len(), "this cannot be read"));
    TextError::of(text, faults).unwrap_or_else(unread)
}
