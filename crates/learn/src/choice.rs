//! Choosing one of several by its name.

use thiserror::Error;

/// A name that is none of those known.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown {kind} `{found}`{} {known}", there_are(.suggestion.as_deref()))]
pub struct UnknownName {
    /// The kind of choice.
    pub kind: &'static str,
    /// The name that was given.
    pub found: String,
    /// The known name that is most similar.
    pub suggestion: Option<String>,
    /// All known names.
    pub known: String,
}

fn there_are(suggestion: Option<&str>) -> String {
    suggestion.map_or("; there are:".to_string(), |near| format!(", did you mean `{near}`? There are:"))
}

/// Finds `found` among `known`, or names the most similar.
pub(crate) fn choose<T: Copy>(kind: &'static str, found: &str, known: &[(&str, T)]) -> Result<T, UnknownName> {
    let wanted = normalised(found);
    if let Some((_, choice)) = known.iter().find(|(name, _)| *name == wanted) {
        return Ok(*choice);
    }
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    Err(UnknownName::new(kind, found, &names))
}

impl UnknownName {
    /// The error about `found`, which is none of `names`.
    pub(crate) fn new(kind: &'static str, found: &str, names: &[&str]) -> Self {
        let suggestion = nearest(&normalised(found), names).map(str::to_string);
        Self { kind, found: found.to_string(), suggestion, known: names.join(", ") }
    }
}

/// A name as names are compared: without regard to capitals, and with `_` for `-`.
pub(crate) fn normalised(name: &str) -> String {
    name.trim().to_ascii_lowercase().replace('_', "-")
}

/// The name that `found` was most likely meant to be, if one is near.
pub(crate) fn nearest<'n>(found: &str, names: &[&'n str]) -> Option<&'n str> {
    let likeness = |name: &&&str| strsim::jaro_winkler(found, name);
    let best = names.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(&best) >= 0.7).then_some(*best)
}
