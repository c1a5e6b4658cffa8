//! Choices by name, such as layers and optimizers: one row each, with its settings, and the text of both.
//!
//! Everything that lists, parses, writes or tests choices goes over these rows.

use std::fmt;

use crate::choice::{UnknownName, nearest, normalised};
use crate::describe::initializer::Initializer;
use crate::error::{Error, TextError};

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
    /// Whether text may give its value alone, as the first word after the name.
    pub positional: bool,
}

/// The type of a setting, with its default and its range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SettingKind {
    /// A number of outputs, which must be given.
    Outputs,
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
    /// Above 0 as a 32-bit float, and small.
    Small,
}

/// The value of a setting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A number of outputs.
    Outputs(usize),
    /// A number.
    Number(f64),
    /// Nothing, where a number may be left out.
    Nothing,
    /// Whether a flag is there.
    Flag(bool),
    /// An initializer.
    Initializer(Initializer),
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
    /// A number that text gives as `name=value`.
    pub(crate) const fn number(name: &'static str, title: &'static str, default: f64, range: Range) -> Self {
        Self { name, title, kind: SettingKind::Number { default, range }, positional: false }
    }

    /// A number that may be left out.
    pub(crate) const fn optional(
        name: &'static str,
        title: &'static str,
        otherwise: &'static str,
        range: Range,
    ) -> Self {
        Self { name, title, kind: SettingKind::Optional { otherwise, range }, positional: false }
    }

    /// The same, which may also stand alone as the first word.
    pub(crate) const fn positional(self) -> Self {
        Self { positional: true, ..self }
    }

    /// A word that is there or not.
    pub(crate) const fn flag(name: &'static str) -> Self {
        Self { name, title: name, kind: SettingKind::Flag, positional: false }
    }

    fn default(&self) -> Option<Value> {
        match self.kind {
            SettingKind::Outputs => None,
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
            SettingKind::Outputs => write!(f, "{}", self.title),
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
            Self::Small => "above 0",
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Self::Finite => "use a finite number",
            Self::NotNegative => "use 0 or more",
            Self::Positive => "use a number above 0",
            Self::Share => "use a number from 0 to below 1",
            Self::Small => "use a small number above 0, such as 1e-8",
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outputs(outputs) => write!(f, "{outputs}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Nothing => Ok(()),
            Self::Flag(is_there) => write!(f, "{is_there}"),
            Self::Initializer(initializer) => write!(f, "{initializer}"),
        }
    }
}

impl Settings<'_> {
    fn value(&self, name: &str) -> Option<Value> {
        let at = self.settings.iter().position(|setting| setting.name == name)?;
        self.values.get(at).copied()
    }

    /// The number of outputs.
    pub(crate) fn outputs(&self) -> usize {
        let is_outputs = |value: &Value| if let Value::Outputs(outputs) = value { Some(*outputs) } else { None };
        self.values.iter().find_map(is_outputs).unwrap_or(1)
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

    /// Whether this is one of its names.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }

    /// Makes it of the words that follow its name.
    pub(crate) fn of_words<'t>(&self, kind: &str, name: Piece<'t>, words: Vec<Piece<'t>>) -> Result<T, Wrong<'t>> {
        let mut words = Words { name, words };
        let settings = self.settings;
        let values = settings.iter().map(|setting| words.value(setting, settings)).collect::<Result<Vec<_>, _>>()?;
        if let Some(&rest) = words.words.first() {
            return Err((rest, self.not_taken(kind, name, rest.text)));
        }
        (self.make)(&Settings { settings, values }).map_err(|what| (name, what))
    }

    fn not_taken(&self, kind: &str, name: Piece<'_>, word: &str) -> String {
        let names: Vec<&str> = self.settings.iter().map(|setting| setting.name).collect();
        let key = word.split('=').next().unwrap_or_default();
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
    let whole = Piece { text, start: 0 };
    of_piece(kind, rows, whole)?.map_err(|wrong| Error::Text(misread(text, wrong)))
}

/// The same for a piece of a text. The inner error is a wrong setting.
pub(crate) fn of_piece<'t, T>(
    kind: &'static str,
    rows: &'static [Choice<T>],
    piece: Piece<'t>,
) -> Result<Result<T, Wrong<'t>>, UnknownName> {
    let mut words = piece.words();
    let name = words.next().unwrap_or(piece);
    Ok(named(kind, rows, name.text)?.of_words(kind, name, words.collect()))
}

/// The error about a piece of a text.
pub(crate) fn misread(text: &str, (word, what): Wrong<'_>) -> TextError {
    TextError { text: text.to_string(), start: word.start, end: word.end(), what, unknown: None }
}

/// A piece of a text, and where it begins.
#[derive(Clone, Copy)]
pub(crate) struct Piece<'t> {
    pub(crate) text: &'t str,
    pub(crate) start: usize,
}

/// A piece that is wrong, and why.
pub(crate) type Wrong<'t> = (Piece<'t>, String);

impl<'t> Piece<'t> {
    pub(crate) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// A part of it. `text` is a slice of its own text.
    pub(crate) fn part(&self, text: &'t str) -> Self {
        Self { text, start: self.start + (text.as_ptr() as usize - self.text.as_ptr() as usize) }
    }

    pub(crate) fn words(self) -> impl Iterator<Item = Piece<'t>> {
        self.text.split_whitespace().map(move |word| self.part(word))
    }
}

/// The words after a choice's name that no setting has taken.
struct Words<'t> {
    name: Piece<'t>,
    words: Vec<Piece<'t>>,
}

impl<'t> Words<'t> {
    /// Takes what the words give for a setting, or its default.
    fn value(&mut self, setting: &Setting, all: &[Setting]) -> Result<Value, Wrong<'t>> {
        match setting.kind {
            SettingKind::Outputs => self.outputs(setting).map(Value::Outputs),
            SettingKind::Number { default, .. } => {
                let word = match self.option(setting.name)? {
                    Some(word) => Some(word),
                    None if setting.positional => self.first_alone(all),
                    None => None,
                };
                word.map_or(Ok(default), |word| number(setting, word)).map(Value::Number)
            }
            SettingKind::Optional { .. } => match self.option(setting.name)? {
                Some(word) => number(setting, word).map(Value::Number),
                None => Ok(Value::Nothing),
            },
            SettingKind::Flag => {
                let at = self.words.iter().position(|word| word.text == setting.name);
                Ok(Value::Flag(at.map(|at| self.words.remove(at)).is_some()))
            }
            SettingKind::Initializer(default) => match self.option(setting.name)? {
                Some(word) => {
                    word.text.parse().map(Value::Initializer).map_err(|e: crate::error::Error| (word, e.to_string()))
                }
                None => Ok(Value::Initializer(default)),
            },
        }
    }

    fn outputs(&mut self, setting: &Setting) -> Result<usize, Wrong<'t>> {
        let what = format!("`{0}` takes {1}, such as `{0} 50`", self.name.text, setting.title);
        if self.words.is_empty() {
            return Err((self.name, what));
        }
        let word = self.words.remove(0);
        match word.text.parse::<usize>() {
            Ok(0) => Err((word, "a layer has at least 1 output".to_string())),
            Ok(units) if units <= MOST_UNITS => Ok(units),
            Ok(_) => Err((word, format!("a layer of more than {MOST_UNITS} outputs is not supported"))),
            Err(_) => Err((word, what)),
        }
    }

    /// The value of `key=value`.
    fn option(&mut self, key: &str) -> Result<Option<Piece<'t>>, Wrong<'t>> {
        let found = self.words.iter().position(|word| word.text.split('=').next() == Some(key));
        let Some(at) = found else { return Ok(None) };
        let word = self.words.remove(at);
        match word.text.split_once('=') {
            Some((_, value)) if !value.is_empty() => Ok(Some(word.part(value))),
            _ => Err((word, format!("`{key}` takes a value, as in `{key}=…`"))),
        }
    }

    /// The first word that stands alone and is no other setting's name, nor meant to be one.
    fn first_alone(&mut self, all: &[Setting]) -> Option<Piece<'t>> {
        let names: Vec<&str> = all.iter().map(|setting| setting.name).collect();
        let is_name = |word: &str| word.parse::<f64>().is_err() && nearest(word, &names).is_some();
        let is_other = |word: &Piece<'_>| word.text.contains('=') || is_name(word.text);
        let at = self.words.iter().position(|word| !is_other(word))?;
        Some(self.words.remove(at))
    }
}

fn number<'t>(setting: &Setting, word: Piece<'t>) -> Result<f64, Wrong<'t>> {
    match word.text.parse::<f64>() {
        Ok(number) => match setting.refused(number) {
            Some(_) if !number.is_finite() => Err((word, format!("`{}` takes a number", setting.name))),
            Some(hint) => Err((word, format!("{} is {number:?}; {hint}", setting.title))),
            None => Ok(number),
        },
        Err(_) => Err((word, format!("`{}` takes a number", setting.name))),
    }
}
