//! What the site's pages share: one style sheet, one script. No network, no build step.

pub(crate) const STYLE: &str = include_str!("../site/style.css");
pub(crate) const SCRIPT: &str = include_str!("../site/script.js");
