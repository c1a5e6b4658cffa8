//! The verbs, one a file: arguments, what they do, and what they report.

pub(crate) mod bench;
pub(crate) mod book;
pub(crate) mod completions;
pub(crate) mod convert;
pub(crate) mod data;
pub(crate) mod evaluate;
pub(crate) mod gradcheck;
pub(crate) mod graph;
pub(crate) mod lr_find;
pub(crate) mod plan;
pub(crate) mod plot;
pub(crate) mod predict;
pub(crate) mod search;
pub(crate) mod summary;
pub(crate) mod train;
