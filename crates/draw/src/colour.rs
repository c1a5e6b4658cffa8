//! Colours by what they are for, so that one picture works on light and on dark ground.
//!
//! The series follow the palette of Okabe and Ito, "Color Universal Design" (2008), which people with any common colour
//! blindness can tell apart; its lighter members stand in on dark ground, and its yellow, too pale for lines on white, is
//! left out.

/// The roles of colours. Each has a light and a dark form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// The ground that everything lies on.
    Background,
    /// Boxes that lie on the ground.
    Panel,
    /// The edges of boxes, and axes.
    Outline,
    /// Lines that only help the eye.
    Grid,
    /// Text and what matters.
    Ink,
    /// Text beside what matters.
    Muted,
    /// The colour of a series, of a class, of a value that goes forward (0) or a derivative that comes back (1). Counted
    /// from 0; after the eighth they come again.
    Series(u8),
}

/// How many colours of series there are before they come again.
pub const SERIES: usize = 8;

/// A value on its way forward through a graph.
pub const FORWARD: Role = Role::Series(0);
/// A derivative on its way back.
pub const BACKWARD: Role = Role::Series(1);

/// The ground that a picture is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Theme {
    /// Whichever its reader prefers: an SVG follows `prefers-color-scheme` and a page's `data-theme` attribute, a terminal
    /// its own ground. A PNG is light.
    #[default]
    Auto,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Role {
    /// The role of series number `index`.
    pub fn series(index: usize) -> Self {
        Role::Series((index % SERIES) as u8)
    }

    /// Red, green and blue on the ground of a theme; automatic is light here.
    pub fn rgb(self, theme: Theme) -> [u8; 3] {
        let (light, dark) = self.hex();
        let hex = if theme == Theme::Dark { dark } else { light };
        [(hex >> 16) as u8, (hex >> 8) as u8, hex as u8]
    }

    /// A short name, for classes in SVG.
    pub(crate) fn name(self) -> String {
        match self {
            Role::Background => "ground".to_string(),
            Role::Panel => "panel".to_string(),
            Role::Outline => "outline".to_string(),
            Role::Grid => "grid".to_string(),
            Role::Ink => "ink".to_string(),
            Role::Muted => "muted".to_string(),
            Role::Series(index) => format!("s{}", usize::from(index) % SERIES),
        }
    }

    fn hex(self) -> (u32, u32) {
        match self {
            Role::Background => (0xffffff, 0x16181d),
            Role::Panel => (0xf4f5f7, 0x23272f),
            Role::Outline => (0x7a828e, 0x7d8694),
            Role::Grid => (0xe3e6ea, 0x2f353f),
            Role::Ink => (0x1c2128, 0xe8eaed),
            Role::Muted => (0x57606a, 0xa3abb5),
            Role::Series(index) => match usize::from(index) % SERIES {
                0 => (0x0072b2, 0x56b4e9), // blue; sky on dark
                1 => (0xd55e00, 0xf2853d), // vermilion
                2 => (0x009e73, 0x2cc398), // bluish green
                3 => (0xb4589a, 0xdf9cc6), // reddish purple
                4 => (0xc98a00, 0xf0c04a), // orange
                5 => (0x4aa3d8, 0x2f86c4), // sky; blue on dark
                6 => (0x8c6d46, 0xb89b72), // brown, for a seventh
                _ => (0x3b4048, 0xc9ced6), // grey ink
            },
        }
    }
}

/// A colour by role or by its numbers, and how opaque it is.
///
/// ```
/// use limpid_draw::{Colour, Role};
///
/// let half = Colour::from(Role::Series(0)).alpha(0.5);
/// assert_eq!(half.alpha, 0.5);
/// assert_eq!(Colour::from([255, 0, 0]).alpha, 1.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Colour {
    /// Which colour.
    pub paint: Paint,
    /// From 0, not seen, to 1, opaque.
    pub alpha: f64,
}

/// A colour that follows the theme, or one that does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// What the theme has for this role.
    Role(Role),
    /// Red, green, blue, on any ground.
    Fixed([u8; 3]),
}

impl Colour {
    /// The colour at another opacity.
    pub fn alpha(self, alpha: f64) -> Self {
        Colour { alpha: if alpha.is_finite() { alpha.clamp(0.0, 1.0) } else { 1.0 }, ..self }
    }

    /// Red, green and blue on the ground of a theme, before opacity.
    pub fn rgb(self, theme: Theme) -> [u8; 3] {
        match self.paint {
            Paint::Role(role) => role.rgb(theme),
            Paint::Fixed(rgb) => rgb,
        }
    }

    /// The role, where it has one.
    pub fn role(self) -> Option<Role> {
        match self.paint {
            Paint::Role(role) => Some(role),
            Paint::Fixed(_) => None,
        }
    }
}

impl From<Role> for Colour {
    fn from(role: Role) -> Self {
        Colour { paint: Paint::Role(role), alpha: 1.0 }
    }
}

impl From<[u8; 3]> for Colour {
    fn from(rgb: [u8; 3]) -> Self {
        Colour { paint: Paint::Fixed(rgb), alpha: 1.0 }
    }
}

/// How bright a colour looks, from 0, black, to 1, white: the relative luminance of WCAG 2.2.
pub fn luminance(rgb: [u8; 3]) -> f64 {
    let [r, g, b] = rgb.map(linear);
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// The contrast of two colours, from 1 to 21, as WCAG 2.2 has it.
pub fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (a, b) = (luminance(one), luminance(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Black or white, whichever can be read better on a colour.
pub fn ink_on(rgb: [u8; 3]) -> [u8; 3] {
    let (black, white) = ([0x11, 0x14, 0x18], [0xff; 3]);
    if contrast(rgb, black) >= contrast(rgb, white) { black } else { white }
}

/// An sRGB channel as an amount of light, IEC 61966-2-1.
pub(crate) fn linear(channel: u8) -> f64 {
    let c = f64::from(channel) / 255.0;
    if c <= 0.04045 { c / 12.92 } else { libm::pow((c + 0.055) / 1.055, 2.4) }
}

/// An amount of light as an sRGB channel.
pub(crate) fn channel(linear: f64) -> u8 {
    let l = linear.clamp(0.0, 1.0);
    let c = if l <= 0.003_130_8 { 12.92 * l } else { 1.055 * libm::pow(l, 1.0 / 2.4) - 0.055 };
    (c * 255.0).round() as u8
}

/// `over` at an opacity on `under`.
pub(crate) fn blend(under: [u8; 3], over: [u8; 3], alpha: f64) -> [u8; 3] {
    std::array::from_fn(|i| (f64::from(under[i]) * (1.0 - alpha) + f64::from(over[i]) * alpha).round() as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_can_be_read_and_series_be_seen_on_either_ground() {
        for theme in [Theme::Light, Theme::Dark] {
            let ground = Role::Background.rgb(theme);
            for (role, least) in [(Role::Ink, 7.0), (Role::Muted, 4.5), (Role::Outline, 3.0)] {
                assert!(contrast(role.rgb(theme), ground) >= least, "{role:?} {theme:?}");
            }
            for index in 0..SERIES {
                let seen = contrast(Role::series(index).rgb(theme), ground);
                assert!(seen >= 2.7, "series {index} {theme:?}: {seen}");
            }
        }
    }
}
