//! What stands behind a choice's name, in a text or as keys of a table: words → values of its settings.

use std::ops::Range;

use crate::choice::nearest;
use crate::describe::choices::{MOST_UNITS, Padding, Setting, SettingKind, Value};

/// A piece of a text, and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Piece<'t> {
    pub(crate) text: &'t str,
    pub(crate) start: usize,
    end: usize,
}

/// A piece that is wrong, and why.
pub(crate) type Wrong<'t> = (Piece<'t>, String);

impl<'t> Piece<'t> {
    /// The whole of a text.
    pub(crate) fn whole(text: &'t str) -> Self {
        Self { text, start: 0, end: text.len() }
    }

    /// What stands at a place, as it is meant: without quotes, say.
    #[cfg(feature = "toml")]
    pub(crate) fn at(place: Range<usize>, text: &'t str) -> Self {
        Self { text, start: place.start, end: place.end }
    }

    /// Where it stands in its text.
    pub(crate) fn place(&self) -> Range<usize> {
        self.start..self.end
    }

    /// A part of it. `text` is a slice of its own text.
    pub(crate) fn part(&self, text: &'t str) -> Self {
        let start = self.start + (text.as_ptr() as usize - self.text.as_ptr() as usize);
        Self { text, start, end: start + text.len() }
    }

    pub(crate) fn words(self) -> impl Iterator<Item = Piece<'t>> {
        self.text.split_whitespace().map(move |word| self.part(word))
    }
}

/// A word behind a choice's name: a setting with its value, or either alone.
#[derive(Clone, Copy)]
pub(crate) struct Word<'t> {
    pub(crate) whole: Piece<'t>,
    /// What stands in front of the `=`, or the whole word.
    pub(crate) key: &'t str,
    /// What stands behind the `=`, if there is one.
    pub(crate) value: Option<Piece<'t>>,
}

impl<'t> Word<'t> {
    /// A word of a text, such as `slope=0.1`.
    pub(crate) fn of(whole: Piece<'t>) -> Self {
        match whole.text.split_once('=') {
            Some((key, value)) => Self { whole, key, value: Some(whole.part(value)) },
            None => Self { whole, key: whole.text, value: None },
        }
    }
}

/// How settings are written, for what messages ask for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Notation {
    /// `size=1x2`.
    Text,
    /// `size = [1, 2]`.
    #[cfg(feature = "toml")]
    Toml,
}

/// The words after a choice's name that no setting has taken.
pub(crate) struct Words<'t> {
    name: Piece<'t>,
    words: Vec<Word<'t>>,
    /// An example of what there could be.
    example: String,
    notation: Notation,
}

impl<'t> Words<'t> {
    /// Words of a text, with an example of a whole text.
    pub(crate) fn of_text(name: Piece<'t>, words: Vec<Word<'t>>, example: String) -> Self {
        Self { name, words, example, notation: Notation::Text }
    }

    /// Keys of a table, with an example of others.
    #[cfg(feature = "toml")]
    pub(crate) fn of_toml(name: Piece<'t>, words: Vec<Word<'t>>, example: String) -> Self {
        Self { name, words, example, notation: Notation::Toml }
    }

    /// The name in front of them.
    pub(crate) fn name(&self) -> Piece<'t> {
        self.name
    }

    /// What no setting has taken.
    pub(crate) fn rest(&self) -> impl Iterator<Item = Word<'t>> {
        self.words.iter().copied()
    }

    /// Takes what the words give for a setting, or its default.
    pub(crate) fn value(&mut self, setting: &Setting, all: &[Setting]) -> Result<Value, Wrong<'t>> {
        match setting.kind {
            SettingKind::Count { default, least } => match (self.given(setting, all)?, default) {
                (Some(word), _) => self.count(setting, word, least).map(Value::Count),
                (None, Some(default)) => Ok(Value::Count(default)),
                (None, None) => Err((self.name, self.takes(setting))),
            },
            SettingKind::Pair { default, needed, least, .. } => match self.given(setting, all)? {
                Some(word) => self.pair(setting, word, least).map(|pair| Value::Pair(Some(pair))),
                None if needed => Err((self.name, self.takes(setting))),
                None => Ok(Value::Pair(default)),
            },
            SettingKind::Padding => match self.given(setting, all)? {
                Some(word) if word.text == "same" => Ok(Value::Padding(Padding::Same)),
                Some(word) => self.pair(setting, word, 0).map(|pair| Value::Padding(Padding::Each(pair))),
                None => Ok(Value::Padding(Padding::Each([0, 0]))),
            },
            SettingKind::Number { default, .. } => {
                let word = self.given(setting, all)?;
                word.map_or(Ok(default), |word| number(setting, word)).map(Value::Number)
            }
            SettingKind::Optional { .. } => match self.option(setting)? {
                Some(word) => number(setting, word).map(Value::Number),
                None => Ok(Value::Nothing),
            },
            SettingKind::Flag => {
                let at = self.words.iter().position(|word| word.value.is_none() && setting.is_called(word.key));
                Ok(Value::Flag(at.map(|at| self.words.remove(at)).is_some()))
            }
            SettingKind::Initializer(default) => match self.option(setting)? {
                Some(word) => {
                    word.text.parse().map(Value::Initializer).map_err(|e: crate::error::Error| (word, e.to_string()))
                }
                None => Ok(Value::Initializer(default)),
            },
        }
    }

    /// The word that is for a setting: by its name, or alone where it may be.
    fn given(&mut self, setting: &Setting, all: &[Setting]) -> Result<Option<Piece<'t>>, Wrong<'t>> {
        Ok(match self.option(setting)? {
            Some(word) => Some(word),
            None if setting.positional => self.first_alone(all),
            None => None,
        })
    }

    /// What is said where a setting is not given, or as something else.
    fn takes(&self, setting: &Setting) -> String {
        format!("`{}` takes {}, such as `{}`", self.name.text, setting.title, self.example)
    }

    fn count(&self, setting: &Setting, word: Piece<'t>, least: usize) -> Result<usize, Wrong<'t>> {
        match word.text.parse::<usize>() {
            Ok(count) if count < least => Err((word, format!("{} is {count}; use {least} or more", setting.title))),
            Ok(count) if count <= MOST_UNITS => Ok(count),
            Ok(_) => {
                Err((word, format!("{} is {}; more than {MOST_UNITS} is not supported", setting.title, word.text)))
            }
            Err(_) => Err((word, self.takes(setting))),
        }
    }

    fn pair(&self, setting: &Setting, word: Piece<'t>, least: usize) -> Result<[usize; 2], Wrong<'t>> {
        let (height, width) = word.text.split_once(['x', '×']).unwrap_or((word.text, word.text));
        match (height.parse::<usize>(), width.parse::<usize>()) {
            (Ok(height), Ok(width)) if height.min(width) < least => {
                Err((word, format!("{} is {}; use {least} or more", setting.title, word.text)))
            }
            (Ok(height), Ok(width)) if height.max(width) <= MOST_UNITS => Ok([height, width]),
            (Ok(_), Ok(_)) => {
                Err((word, format!("{} is {}; more than {MOST_UNITS} is not supported", setting.title, word.text)))
            }
            _ if setting.kind == SettingKind::Padding => {
                Err((word, format!("`{}` takes a whole number, two such as `{}`, or `same`", setting.name, self.two())))
            }
            _ if setting.positional => Err((word, self.takes(setting))),
            _ => Err((word, format!("`{}` takes a whole number, or two such as `{}`", setting.name, self.two()))),
        }
    }

    /// The value of `key=value`.
    fn option(&mut self, setting: &Setting) -> Result<Option<Piece<'t>>, Wrong<'t>> {
        let Some(at) = self.words.iter().position(|word| setting.is_called(word.key)) else { return Ok(None) };
        let Word { whole, key, value } = self.words.remove(at);
        let given = value.filter(|value| !value.text.is_empty());
        let equals = if self.notation == Notation::Text { "=" } else { " = " };
        given.map(Some).ok_or_else(|| (whole, format!("`{key}` takes a value, as in `{key}{equals}…`")))
    }

    /// The first word that stands alone and is no other setting's name, nor meant to be one.
    fn first_alone(&mut self, all: &[Setting]) -> Option<Piece<'t>> {
        let names: Vec<&str> = all.iter().map(|setting| setting.name).collect();
        let is_name = |word: &str| word.parse::<f64>().is_err() && nearest(word, &names).is_some();
        let is_other = |word: &Word<'_>| word.value.is_some() || is_name(word.key);
        let at = self.words.iter().position(|word| !is_other(word))?;
        Some(self.words.remove(at).whole)
    }

    /// How two numbers are written.
    fn two(&self) -> &'static str {
        if self.notation == Notation::Text { "1x2" } else { "[1, 2]" }
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
