//! Networks as TOML: the input's extents, and a table for each layer, with its kind and its settings.
//!
//! The kinds and the settings are those of the table of layers, so that a new layer needs nothing here. Another table may
//! stand beside these in time, such as one for training.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml_writer::ToTomlValue;

use crate::choice::{nearest, normalised};
use crate::describe::choices::{Choice, Padding, Setting, SettingKind, Value};
use crate::describe::layer::Layer;
use crate::describe::layers::{self, BRANCHES, Branches, RESIDUAL, Residual};
use crate::describe::network::Network;
use crate::describe::registry::Registry;
use crate::describe::sequence::Sequence;
use crate::describe::text::{DEEPEST, Parts, Reading, counted, extents, name_and_rest};
use crate::describe::words::{Piece, Word, Words};
use crate::error::{Error, TextFault};

/// The keys of a network, and of its layers.
const INPUT: &str = "input";
const LAYER: &str = "layer";
const KIND: &str = "kind";
const BRANCH: &str = "branch";
const ARGUMENTS: &str = "arguments";

/// What a layer looks like, for messages.
const EXAMPLE: &str = "a layer is a table `[[layer]]` with a `kind`, such as `kind = \"relu\"`";

/// What is said where a layer that is made of others has none.
const MISSING: &str = "layers are missing here; the kind `identity` hands on what it is given";

impl Registry {
    /// The network of a TOML document; see [`Network::from_toml`]. A layer of your own is given the words of its
    /// `arguments`: `kind = "times"`, `arguments = ["2"]`.
    ///
    /// # Errors
    /// [`Error::Text`] with each mistake's place and a hint.
    #[track_caller]
    pub fn network_from_toml(&self, text: &str) -> Result<Network, Error> {
        let (document, broken) = DeTable::parse_recoverable(text);
        let mut tables = Tables { text, reading: Reading::new(self) };
        for error in &broken {
            tables.fault(error.span().unwrap_or_default(), error.message());
        }
        let parts = if broken.is_empty() { tables.network(document.get_ref()) } else { None };
        tables.reading.finish(text, parts)
    }
}

impl Network {
    /// The network of a TOML document: the extents of a sample, and a table for each layer, whose settings have the names
    /// that they have in network text. A height and a width are a number or two; a flag is true or false. A residual block
    /// has its layers as `[[layer.layer]]`; branches are `[[layer.branch]]` with `[[layer.branch.layer]]`.
    ///
    /// ```
    /// use limpid_learn::Network;
    ///
    /// let network = Network::from_toml(
    ///     r#"
    ///     input = [1, 28, 28]
    ///
    ///     [[layer]]
    ///     kind = "conv"
    ///     filters = 16
    ///     kernel = [3, 3]
    ///     padding = 1
    ///
    ///     [[layer]]
    ///     kind = "residual"
    ///       [[layer.layer]]
    ///       kind = "relu"
    ///
    ///     [[layer]]
    ///     kind = "affine"
    ///     outputs = 10
    ///     "#,
    /// )?;
    /// assert_eq!(network.to_string(), "1x28x28, conv 16 3x3 pad=1, residual(relu), affine 10");
    /// assert_eq!(Network::from_toml(&network.to_toml())?.to_string(), network.to_string());
    /// # Ok::<(), limpid_learn::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Text`] with each mistake's place and a hint.
    #[track_caller]
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        Registry::new().network_from_toml(text)
    }

    /// The network as a TOML document, which [`Network::from_toml`] reads. Settings that have their usual value are left
    /// out.
    pub fn to_toml(&self) -> String {
        let input = match self.input() {
            [count] => count.to_string(),
            extents => array(extents),
        };
        let mut text = format!("{INPUT} = {input}\n");
        write_layers(&mut text, LAYER, self.layers().collect());
        text
    }
}

/// A TOML document that is being read.
struct Tables<'t, 'r> {
    text: &'t str,
    reading: Reading<'r>,
}

/// A key of a layer's table, as the words of a text are.
struct Given {
    whole: Range<usize>,
    /// What messages quote.
    quoted: String,
    key: String,
    value: Option<(Range<usize>, String)>,
}

impl Given {
    fn word(&self) -> Word<'_> {
        let value = self.value.as_ref().map(|(place, text)| Piece::at(place.clone(), text));
        Word { whole: Piece::at(self.whole.clone(), &self.quoted), key: &self.key, value }
    }
}

impl<'t> Tables<'t, '_> {
    fn fault(&mut self, place: Range<usize>, what: impl Into<String>) {
        let end = self.text.floor_char_boundary(place.end);
        let place = self.text.floor_char_boundary(place.start).min(end)..end;
        self.reading.faults.push(TextFault::new(place, what));
    }

    /// The input's extents, and the layers; what is wrong is noted.
    fn network(&mut self, table: &DeTable<'_>) -> Option<Parts> {
        let meant = self.check_keys(table, "a network", &[INPUT, LAYER]);
        let input = match entry(table, INPUT) {
            Some((_, value)) => of_input(value.get_ref()).map_err(|what| self.fault(value.span(), what)).ok(),
            None => {
                let what = "the extents of a sample are missing, such as `input = 784` or `input = [1, 28, 28]`";
                self.missing(0..0, INPUT, &meant, what);
                None
            }
        };
        let layers = match entry(table, LAYER) {
            Some((_, layers)) if is_empty(layers.get_ref()) => {
                self.fault(layers.span(), format!("there is no layer; {EXAMPLE}"));
                Vec::new()
            }
            Some((_, layers)) => self.layers(layers, "", 0),
            None => {
                self.missing(0..0, LAYER, &meant, format!("there is no layer; {EXAMPLE}"));
                Vec::new()
            }
        };
        Some((input?, layers))
    }

    /// Notes the keys of a table that are none of these; answers what they were meant to be.
    fn check_keys<'k>(&mut self, table: &DeTable<'_>, owner: &str, known: &[&'k str]) -> Vec<&'k str> {
        let mut meant = Vec::new();
        for (key, _) in table.iter() {
            let name = normalised(key.get_ref());
            if known.contains(&name.as_str()) {
                continue;
            }
            let near = nearest(&name, known);
            meant.extend(near);
            let hint = near.map_or_else(
                || format!("; it has {}", known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" and ")),
                |near| format!(", did you mean `{near}`?"),
            );
            self.fault(key.span(), format!("{owner} has no `{}`{hint}", key.get_ref()));
        }
        meant
    }

    /// Notes that a key is missing, unless it is there with a slip of the finger, which is told already.
    fn missing(&mut self, place: Range<usize>, key: &str, meant: &[&str], what: impl Into<String>) {
        if !meant.contains(&key) {
            self.fault(place, what);
        }
    }

    /// Layers one after the other, whose paths begin with `within`. Those that are wrong are noted and left out.
    fn layers(&mut self, items: &Spanned<DeValue<'_>>, within: &str, depth: usize) -> Vec<Box<dyn Layer>> {
        let Some(each) = items.get_ref().as_array() else {
            self.fault(items.span(), EXAMPLE);
            return Vec::new();
        };
        let mut layers = Vec::new();
        for (i, item) in each.iter().enumerate() {
            let layer = self.layer(item, &format!("{within}{i}"), depth);
            self.reading.note_unknown(&layer, within, layers.len());
            layers.extend(layer);
        }
        layers
    }

    fn layer(&mut self, item: &Spanned<DeValue<'_>>, path: &str, depth: usize) -> Option<Box<dyn Layer>> {
        if depth > DEEPEST {
            self.fault(item.span(), format!("more than {DEEPEST} layers within one another are not supported"));
            return None;
        }
        let Some(table) = item.get_ref().as_table() else {
            self.fault(item.span(), EXAMPLE);
            return None;
        };
        let Some((key, kind)) = entry(table, KIND) else {
            self.fault(item.span(), format!("this layer has no `{KIND}`; {EXAMPLE}"));
            return None;
        };
        self.reading.places.insert(path.to_string(), key.span().start..kind.span().end);
        let Some(name) = kind.get_ref().as_str() else {
            self.fault(kind.span(), format!("`{KIND}` takes a layer's name, such as `{KIND} = \"affine\"`"));
            return None;
        };
        let name = Piece::at(kind.span(), name);
        if self.reading.constructor(name.text).is_some() {
            return self.own(name, table);
        }
        let known = normalised(name.text);
        if [RESIDUAL, BRANCHES].contains(&known.as_str()) {
            return self.joined(&known, table, path, depth + 1, kind.span());
        }
        let row = self.reading.row(name);
        let found = self.reading.faults.len();
        let made = match row {
            Ok(row) => self.made(row, name, table),
            // What is wrong with a layer that is most likely meant is not told.
            Err(near) => {
                let made = self.made(near?, name, table);
                let is_whole = self.reading.faults.len() == found;
                self.reading.faults.truncate(found);
                made.filter(|_| is_whole)
            }
        };
        made.filter(|_| self.reading.faults.len() == found)
    }

    /// The layer of a row that a table describes; what is wrong with it is noted.
    fn made(
        &mut self,
        row: &'static Choice<Box<dyn Layer>>,
        name: Piece<'_>,
        table: &DeTable<'_>,
    ) -> Option<Box<dyn Layer>> {
        let given: Vec<Given> = table.iter().filter_map(|(key, value)| self.given(row, key, value)).collect();
        let words = Words::of_toml(name, given.iter().map(Given::word).collect(), example(row));
        self.reading.layer_or_faults(row.of_words("layer", words))
    }

    /// A key of a layer and its value as a word; nothing for its kind, and for a flag that is false.
    fn given<T>(
        &mut self,
        row: &Choice<T>,
        key: &Spanned<impl AsRef<str>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<Given> {
        let (name, whole) = (normalised(key.get_ref().as_ref()), key.span().start..value.span().end);
        if name == KIND {
            return None;
        }
        let setting = row.settings.iter().find(|setting| setting.is_called(&name) || opposite(setting) == Some(&name));
        if let Some(setting) = setting.filter(|setting| setting.kind == SettingKind::Flag) {
            let Some(is_true) = value.get_ref().as_bool() else {
                self.fault(value.span(), format!("`{name}` takes true or false"));
                return None;
            };
            let is_there = is_true == setting.is_called(&name);
            let name = setting.name.to_string();
            return is_there.then(|| Given { whole, quoted: name.clone(), key: name, value: None });
        }
        let is_pair = setting.is_some_and(|s| matches!(s.kind, SettingKind::Pair { .. } | SettingKind::Padding));
        let raw = self.text.get(value.span()).unwrap_or_default();
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(_) => {
                integer(value.get_ref()).map_or_else(|| raw.to_string(), |number| number.to_string())
            }
            DeValue::Float(number) => number.as_str().to_string(),
            DeValue::Array(each) if is_pair => {
                let numbers = each.iter().map(|each| integer(each.get_ref()).map(|number| number.to_string()));
                numbers.collect::<Option<Vec<_>>>().map_or_else(|| raw.to_string(), |numbers| numbers.join("x"))
            }
            _ => raw.to_string(),
        };
        let quoted = self.text.get(whole.clone()).and_then(|text| text.lines().next()).unwrap_or_default();
        Some(Given { whole, quoted: quoted.to_string(), key: name, value: Some((value.span(), text)) })
    }

    /// A layer of the registry.
    fn own(&mut self, name: Piece<'_>, table: &DeTable<'_>) -> Option<Box<dyn Layer>> {
        self.check_keys(table, &format!("the layer `{}`", name.text), &[KIND, ARGUMENTS]);
        let mut words = Vec::new();
        if let Some((_, arguments)) = entry(table, ARGUMENTS) {
            let each = arguments.get_ref().as_array().map(|each| each.iter().collect()).unwrap_or(vec![arguments]);
            for argument in each {
                match argument.get_ref() {
                    DeValue::String(text) => words.push(text.to_string()),
                    DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) => {
                        words.push(self.text.get(argument.span()).unwrap_or_default().to_string());
                    }
                    _ => self.fault(argument.span(), "an argument is a text or a number"),
                }
            }
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.reading.own(name, name.place(), &words)
    }

    /// A layer that is made of others.
    fn joined(
        &mut self,
        name: &str,
        table: &DeTable<'_>,
        path: &str,
        depth: usize,
        place: Range<usize>,
    ) -> Option<Box<dyn Layer>> {
        let found = self.reading.faults.len();
        let inside = if name == RESIDUAL { LAYER } else { BRANCH };
        let meant = self.check_keys(table, &format!("the layer `{name}`"), &[KIND, inside]);
        let Some((_, given)) = entry(table, inside) else {
            self.missing(
                place,
                inside,
                &meant,
                format!("`{name}` takes tables `[[layer.{inside}]]`: {}", joined_example(name)),
            );
            return None;
        };
        if name == RESIDUAL {
            let layers = self.some_layers(given, &format!("{path}/"), depth);
            return (self.reading.faults.len() == found).then(|| Box::new(Residual::new(layers)) as Box<dyn Layer>);
        }
        let Some(each) = given.get_ref().as_array() else {
            self.fault(given.span(), format!("`{name}` takes tables `[[layer.{inside}]]`: {}", joined_example(name)));
            return None;
        };
        let mut branches = Vec::new();
        for (i, branch) in each.iter().enumerate() {
            let within = format!("{path}/{i}/");
            let layers = match branch.get_ref().as_table() {
                Some(table) => {
                    let meant = self.check_keys(table, "a branch", &[LAYER]);
                    let Some((_, layers)) = entry(table, LAYER) else {
                        self.missing(branch.span(), LAYER, &meant, MISSING);
                        continue;
                    };
                    layers
                }
                None => branch,
            };
            branches.push(Sequence::from(self.some_layers(layers, &within, depth)));
        }
        (self.reading.faults.len() == found).then(|| Box::new(Branches::new(branches)) as Box<dyn Layer>)
    }

    /// Layers, of which there is at least one.
    fn some_layers(&mut self, items: &Spanned<DeValue<'_>>, within: &str, depth: usize) -> Vec<Box<dyn Layer>> {
        if is_empty(items.get_ref()) {
            self.fault(items.span(), MISSING);
            return Vec::new();
        }
        self.layers(items, within, depth)
    }
}

fn is_empty(value: &DeValue<'_>) -> bool {
    value.as_array().is_some_and(|items| items.is_empty())
}

/// What a table has of this name, with the key as it is written.
fn entry<'d, 'i>(
    table: &'d DeTable<'i>,
    name: &str,
) -> Option<(&'d Spanned<toml::de::DeString<'i>>, &'d Spanned<DeValue<'i>>)> {
    table.iter().find(|(key, _)| normalised(key.get_ref()) == name)
}

fn of_input(value: &DeValue<'_>) -> Result<Vec<usize>, String> {
    let extent =
        |value: &DeValue<'_>| integer(value).and_then(|extent| usize::try_from(extent).ok()).filter(|&e| e > 0);
    let found = match value {
        DeValue::String(text) => return extents(text),
        DeValue::Array(each) if !each.is_empty() => each.iter().map(|each| extent(each.get_ref())).collect(),
        value => extent(value).map(|extent| vec![extent]),
    };
    counted(found.ok_or("`input` takes the extents of a sample, such as `784` or `[1, 28, 28]`")?)
}

fn integer(value: &DeValue<'_>) -> Option<i128> {
    let integer = value.as_integer()?;
    i128::from_str_radix(integer.as_str(), integer.radix()).ok()
}

/// The name under which a flag that takes something away is known where it is true: `bias` for `no-bias`.
fn opposite(setting: &Setting) -> Option<&'static str> {
    setting.name.strip_prefix("no-").filter(|_| setting.kind == SettingKind::Flag)
}

/// A row's example as keys and values.
fn example<T>(row: &Choice<T>) -> String {
    let words = Piece::whole(row.example).words().skip(1).map(Word::of);
    let values = row.values("layer", row.words(Piece::whole(row.name), words)).unwrap_or_default();
    settings_text(row, &values).join(", ")
}

fn joined_example(name: &str) -> String {
    let layer = "[{ kind = \"affine\", outputs = 4 }, { kind = \"tanh\" }]";
    if name == RESIDUAL {
        format!("layer = {layer}")
    } else {
        format!("branch = [{layer}, [{{ kind = \"identity\" }}]]")
    }
}

/// Layers as tables of this name.
fn write_layers(text: &mut String, header: &str, layers: Vec<&dyn Layer>) {
    let indent = "  ".repeat(header.matches('.').count());
    for layer in layers {
        let written = layer.text();
        let (name, rest) = name_and_rest(Piece::whole(&written));
        *text += "\n";
        let mut line = |what: &str| *text += &format!("{indent}{what}\n");
        line(&format!("[[{header}]]"));
        line(&format!("{KIND} = {}", name.text.to_toml_value()));
        let inner = layer.inner();
        let is_joined = rest.text.starts_with('(') && !inner.is_empty();
        if name.text == RESIDUAL && is_joined {
            write_layers(text, &format!("{header}.{LAYER}"), inner.into_iter().map(|(_, layer)| layer).collect());
            continue;
        }
        if name.text == BRANCHES && is_joined {
            write_branches(text, &format!("{header}.{BRANCH}"), &inner);
            continue;
        }
        let row = layers::rows().find(|row| row.name == name.text);
        let values =
            row.and_then(|row| Some((row, row.values("layer", row.words(name, rest.words().map(Word::of))).ok()?)));
        match values {
            Some((row, values)) => settings_text(row, &values).iter().for_each(|setting| line(setting)),
            None if rest.text.is_empty() => {}
            None => {
                let words: Vec<String> = rest.words().map(|word| word.text.to_toml_value()).collect();
                line(&format!("{ARGUMENTS} = [{}]", words.join(", ")));
            }
        }
    }
}

/// Branches as tables of this name. The layers in them are called by the number of their branch, and by their own.
fn write_branches(text: &mut String, header: &str, inner: &[(String, &dyn Layer)]) {
    let indent = "  ".repeat(header.matches('.').count());
    let branch = |path: &str| path.split('/').next().map(str::to_string);
    for branch in inner.chunk_by(|(a, _), (b, _)| branch(a) == branch(b)) {
        *text += &format!("\n{indent}[[{header}]]\n");
        write_layers(text, &format!("{header}.{LAYER}"), branch.iter().map(|(_, layer)| *layer).collect());
    }
}

/// Settings as lines; those that have their default are left out.
fn settings_text<T>(row: &Choice<T>, values: &[Value]) -> Vec<String> {
    let set = row.settings.iter().zip(values).filter(|(setting, value)| setting.default() != Some(**value));
    set.map(|(setting, value)| {
        let value = match *value {
            Value::Flag(is_there) => {
                return match opposite(setting) {
                    Some(opposite) => format!("{opposite} = {}", !is_there),
                    None => format!("{} = {is_there}", setting.name),
                };
            }
            Value::Pair(Some([height, width])) if height == width && !is_in_full(setting) => height.to_string(),
            Value::Pair(Some(pair)) => array(&pair),
            Value::Padding(Padding::Each([height, width])) if height != width => array(&[height, width]),
            Value::Number(number) => format!("{number:?}"),
            Value::Count(_) | Value::Padding(Padding::Each(_)) => value.to_string(),
            value => value.to_string().to_toml_value(),
        };
        format!("{} = {value}", setting.name)
    })
    .collect()
}

fn is_in_full(setting: &Setting) -> bool {
    matches!(setting.kind, SettingKind::Pair { in_full: true, .. })
}

fn array(numbers: &[usize]) -> String {
    format!("[{}]", numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
}
