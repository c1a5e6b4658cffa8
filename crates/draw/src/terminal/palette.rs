//! Which colours a terminal has, and how each is asked for: the one place that writes colour sequences.
//!
//! Sources: ECMA-48, "Control Functions for Coded Character Sets", 8.3.117 (SGR); ISO/IEC 8613-6 for 38 and 48; xterm's
//! table of 256 colours (ctlseqs); <https://no-color.org>; <https://github.com/termstandard/colors> on COLORTERM.

/// How many colours a terminal shows.
///
/// ```
/// use limpid_draw::Colours;
///
/// let of = |term: &str, colorterm: &str| {
///     let pairs = [("TERM", term.to_string()), ("COLORTERM", colorterm.to_string())];
///     Colours::of_terminal(|name| pairs.iter().find(|pair| pair.0 == name).map(|pair| pair.1.clone()))
/// };
/// assert_eq!(of("xterm-256color", "truecolor"), Colours::Full);
/// assert_eq!(of("xterm-256color", ""), Colours::Indexed);
/// assert_eq!(of("linux", ""), Colours::Sixteen);
/// assert_eq!(of("dumb", "truecolor"), Colours::None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Colours {
    /// No colours: characters alone.
    #[default]
    None,
    /// The eight colours of ECMA-48 and their bright forms.
    Sixteen,
    /// xterm's table of 256 colours.
    Indexed,
    /// Any red, green and blue: 24 bits.
    Full,
}

impl From<bool> for Colours {
    /// All colours, or none.
    fn from(has_colour: bool) -> Self {
        if has_colour { Colours::Full } else { Colours::None }
    }
}

impl Colours {
    /// The colours of a terminal, as its environment variables tell: `NO_COLOR`, `TERM`, `COLORTERM`, and what tmux,
    /// screen and Windows Terminal set. A terminal of a kind that is not known gets the sixteen that nearly all have.
    pub fn of_terminal(variable: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name: &str| variable(name).filter(|value| !value.is_empty());
        let term = value("TERM").unwrap_or_default().to_ascii_lowercase();
        if value("NO_COLOR").is_some() || term == "dumb" {
            return Colours::None;
        }
        if value("WT_SESSION").is_some() || (term.is_empty() && cfg!(windows)) {
            return Colours::Full;
        }
        if term.is_empty() || term.starts_with("vt") {
            return Colours::None;
        }
        let indexed = if term.contains("256color") { Colours::Indexed } else { Colours::Sixteen };
        // GNU screen hands COLORTERM on from the terminal around it, but shows no 24-bit colours; tmux, which also calls
        // itself screen, does.
        if term.starts_with("screen") && value("TMUX").is_none() {
            return indexed;
        }
        let says_full = value("COLORTERM").is_some_and(|value| matches!(value.as_str(), "truecolor" | "24bit"));
        let is_full = ["-direct", "-truecolor", "kitty", "ghostty", "alacritty", "wezterm", "foot"]
            .iter()
            .any(|part| term.contains(part));
        if says_full || is_full { Colours::Full } else { indexed }
    }

    /// Whether there are any.
    pub fn any(self) -> bool {
        self != Colours::None
    }

    /// What is written after `ESC [ 0` and before `m` for a colour of the characters.
    pub(crate) fn foreground(self, rgb: [u8; 3]) -> String {
        self.parameters(rgb, 30, 38)
    }

    /// The same for the colour behind the characters.
    pub(crate) fn background(self, rgb: [u8; 3]) -> String {
        self.parameters(rgb, 40, 48)
    }

    fn parameters(self, rgb: [u8; 3], first: usize, any: usize) -> String {
        match self {
            Colours::None => String::new(),
            Colours::Sixteen => match named(rgb) {
                dark @ 0..8 => format!(";{}", first + dark),
                bright => format!(";{}", first + 60 + bright - 8),
            },
            Colours::Indexed => format!(";{any};5;{}", indexed(rgb)),
            Colours::Full => {
                let [r, g, b] = rgb;
                format!(";{any};2;{r};{g};{b}")
            }
        }
    }
}

/// The place of a colour among the sixteen, which differ from terminal to terminal but for their hues: by its hue, and
/// bright where it is light; what has next to no hue is black, one of two greys, or white. The bounds between the hues
/// keep the series of a picture apart.
fn named(rgb: [u8; 3]) -> usize {
    let [r, g, b] = rgb.map(f64::from);
    let (most, least) = (r.max(g).max(b), r.min(g).min(b));
    let spread = most - least;
    if spread < 0.18 * most || most < 32.0 {
        return match most {
            ..64.0 => 0,
            ..160.0 => 8,
            ..235.0 => 7,
            _ => 15,
        };
    }
    let sixths = if most == r {
        ((g - b) / spread).rem_euclid(6.0)
    } else if most == g {
        (b - r) / spread + 2.0
    } else {
        (r - g) / spread + 4.0
    };
    let hue = match 60.0 * sixths {
        ..28.0 | 335.0.. => 1,
        ..75.0 => 3,
        ..170.0 => 2,
        ..192.0 => 6,
        ..262.0 => 4,
        _ => 5,
    };
    if most >= 200.0 { hue + 8 } else { hue }
}

/// The place of a colour among xterm's 256: in the cube of 6 × 6 × 6, or among the greys.
fn indexed(rgb: [u8; 3]) -> usize {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let step = |channel: u8| (0..STEPS.len()).min_by_key(|&step| channel.abs_diff(STEPS[step])).unwrap_or_default();
    let cube = rgb.map(step);
    let grey = {
        let mean = rgb.iter().map(|channel| usize::from(*channel)).sum::<usize>() / 3;
        (mean.saturating_sub(3) / 10).min(23)
    };
    let distance =
        |other: [u8; 3]| rgb.iter().zip(other).map(|(a, b)| usize::from(a.abs_diff(b)).pow(2)).sum::<usize>();
    let level = (8 + 10 * grey) as u8;
    match distance([level; 3]) < distance(cube.map(|step| STEPS[step])) {
        true => 232 + grey,
        false => 16 + 36 * cube[0] + 6 * cube[1] + cube[2],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::colour::{Colour, Role, SERIES, Theme};

    fn of(pairs: &[(&str, &str)]) -> Colours {
        Colours::of_terminal(|name| pairs.iter().find(|pair| pair.0 == name).map(|pair| pair.1.to_string()))
    }

    #[test]
    fn a_terminal_gets_the_colours_that_its_environment_names() {
        let xterm = ("TERM", "xterm-256color");
        let full = ("COLORTERM", "truecolor");
        for (pairs, wanted) in [
            // macOS's Terminal.app, Linux's console, xterm, GNU screen within a terminal of 24 bits, tmux.
            (vec![xterm, ("TERM_PROGRAM", "Apple_Terminal")], Colours::Indexed),
            (vec![("TERM", "linux")], Colours::Sixteen),
            (vec![("TERM", "xterm")], Colours::Sixteen),
            (vec![("TERM", "screen"), full], Colours::Sixteen),
            (vec![("TERM", "screen-256color"), full], Colours::Indexed),
            (vec![("TERM", "screen.xterm-256color"), full], Colours::Indexed),
            (vec![("TERM", "tmux-256color")], Colours::Indexed),
            (vec![("TERM", "screen-256color"), full, ("TMUX", "/tmp/tmux-0/default,1,0")], Colours::Full),
            (vec![xterm, full], Colours::Full),
            (vec![xterm, ("COLORTERM", "24bit")], Colours::Full),
            (vec![xterm, ("COLORTERM", "yes")], Colours::Indexed),
            (vec![("TERM", "xterm-kitty")], Colours::Full),
            (vec![("TERM", "xterm-direct")], Colours::Full),
            (vec![("WT_SESSION", "1")], Colours::Full),
            (vec![("TERM", "vt220"), full], Colours::None),
            (vec![("TERM", "dumb"), full], Colours::None),
            (vec![xterm, full, ("NO_COLOR", "1")], Colours::None),
            (vec![xterm, full, ("NO_COLOR", "")], Colours::Full),
        ] {
            assert_eq!(of(&pairs), wanted, "{pairs:?}");
        }
        #[cfg(not(windows))]
        assert_eq!(of(&[]), Colours::None);
    }

    #[test]
    fn the_series_that_a_picture_begins_with_differ_in_sixteen_colours_and_all_in_256() {
        let rgb =
            |index| crate::terminal::terminal_rgb(Colour::from(Role::series(index)), Theme::Auto).expect("a colour");
        let sixteen: BTreeSet<String> = (0..4).map(|index| Colours::Sixteen.foreground(rgb(index))).collect();
        assert_eq!(sixteen.len(), 4, "{sixteen:?}");
        let indexed: BTreeSet<String> = (0..SERIES).map(|index| Colours::Indexed.foreground(rgb(index))).collect();
        assert_eq!(indexed.len(), SERIES, "{indexed:?}");
    }

    #[test]
    fn a_colour_is_asked_for_as_the_terminal_understands_it() {
        for (colours, [fore, back]) in [
            (Colours::None, ["", ""]),
            (Colours::Sixteen, [";91", ";101"]),
            (Colours::Indexed, [";38;5;196", ";48;5;196"]),
            (Colours::Full, [";38;2;255;0;0", ";48;2;255;0;0"]),
        ] {
            assert_eq!([colours.foreground([255, 0, 0]), colours.background([255, 0, 0])], [fore, back]);
        }
        assert_eq!(Colours::Sixteen.foreground([255; 3]), ";97");
        assert_eq!(Colours::Sixteen.background([0; 3]), ";40");
        assert_eq!(Colours::Indexed.foreground([128; 3]), ";38;5;244");
        assert_eq!(Colours::Indexed.foreground([8; 3]), ";38;5;232");
    }
}
