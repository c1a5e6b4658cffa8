//! The canvas's layers as one character and one pair of colours for each cell.

use super::Colours;
use super::canvas::{Canvas, Cell, DOWN, FILLS_ACROSS, FILLS_DOWN, LEFT, RIGHT, UP};
use super::terminal_rgb;
use crate::colour::{Colour, Role, Theme, blend, ink_on, luminance};

/// What a cell shows: a character, its colour and the colour behind it; `None` is the terminal's own.
#[derive(Clone, Copy, Default, PartialEq)]
struct Shown {
    glyph: char,
    fore: Option<[u8; 3]>,
    back: Option<[u8; 3]>,
    bold: bool,
}

/// Everything as lines of text.
pub(super) fn compose(canvas: &Canvas, theme: Theme, colours: Colours) -> String {
    let mut out = String::new();
    for row in 0..canvas.rows {
        let mut line = Vec::with_capacity(canvas.columns);
        for column in 0..canvas.columns {
            let cell = &canvas.cells[row * canvas.columns + column];
            if cell.covered {
                continue;
            }
            let pieces = canvas.pieces(column, row);
            line.push(if colours.any() { coloured(cell, &pieces, theme) } else { plain(cell, &pieces, theme) });
        }
        while line.last().is_some_and(|shown| shown.glyph == ' ' && shown.back.is_none()) {
            line.pop();
        }
        write_line(&mut out, &line, colours);
    }
    out
}

fn write_line(out: &mut String, line: &[Shown], colours: Colours) {
    let mut now = Shown::default();
    for shown in line {
        let wanted = Shown { glyph: '\0', ..*shown };
        // A space's own colour is not seen.
        let same = wanted == now || (shown.glyph == ' ' && shown.back == now.back);
        if colours.any() && !same {
            *out += "\x1b[0";
            if shown.bold {
                *out += ";1";
            }
            if let Some(rgb) = shown.fore {
                *out += &colours.foreground(rgb);
            }
            if let Some(rgb) = shown.back {
                *out += &colours.background(rgb);
            }
            out.push('m');
            now = wanted;
        }
        out.push(shown.glyph);
    }
    if now != Shown::default() {
        *out += "\x1b[0m";
    }
    out.push('\n');
}

type Pieces = [[Option<Colour>; FILLS_ACROSS]; FILLS_DOWN];

/// The character of the topmost layer that is not an area.
fn top(cell: &Cell) -> Option<(char, Option<Colour>)> {
    if let Some(text) = cell.text {
        return Some((text, cell.text_colour));
    }
    if let Some((glyph, colour)) = cell.glyph {
        return Some((glyph, Some(colour)));
    }
    if cell.dots != 0 {
        return Some((char::from_u32(0x2800 + u32::from(cell.dots))?, cell.dots_colour));
    }
    if cell.contour_dots != 0 {
        return Some((char::from_u32(0x2800 + u32::from(cell.contour_dots))?, cell.contour_colour));
    }
    if cell.rules != 0 {
        return Some((rule_glyph(cell.rules, cell.round), cell.rules_colour));
    }
    None
}

fn coloured(cell: &Cell, pieces: &Pieces, theme: Theme) -> Shown {
    let flat: Vec<Option<[u8; 3]>> = pieces.iter().flatten().map(|piece| piece.map(|c| on_ground(c, theme))).collect();
    let filled = flat.iter().flatten().count();
    if let Some((glyph, colour)) = top(cell) {
        let back = (2 * filled >= flat.len()).then(|| mean(flat.iter().flatten()));
        let fore = match (cell.text, back, colour) {
            // A text is read on whatever is behind it.
            (Some(_), Some(back), _) => Some(ink_on(back)),
            (_, _, Some(colour)) => terminal_rgb(colour, theme),
            _ => None,
        };
        // Ink on an area is not the terminal's own ink, which may be as light as the area.
        let fore = if fore.is_none() { back.map(ink_on) } else { fore };
        return Shown { glyph, fore, back, bold: cell.bold && cell.text.is_some() };
    }
    if filled > 0 {
        return blocks(&flat);
    }
    if cell.grid {
        return Shown { glyph: '·', fore: Some([0x80, 0x80, 0x80]), back: None, bold: false };
    }
    Shown { glyph: ' ', ..Shown::default() }
}

/// A colour on the terminal's ground, which is taken for dark where it is not known.
fn on_ground(colour: Colour, theme: Theme) -> [u8; 3] {
    let ground = Role::Background.rgb(if theme == Theme::Auto { Theme::Dark } else { theme });
    let rgb = terminal_rgb(colour, theme).unwrap_or_else(|| colour.rgb(theme));
    blend(ground, rgb, colour.alpha)
}

fn mean<'a>(colours: impl Iterator<Item = &'a [u8; 3]>) -> [u8; 3] {
    let (mut sum, mut count) = ([0u32; 3], 0);
    for colour in colours {
        sum = std::array::from_fn(|i| sum[i] + u32::from(colour[i]));
        count += 1;
    }
    sum.map(|s| (s / count.max(1)) as u8)
}

/// An area's part of a cell: a block of eighths where one colour lies under another or under nothing, a half at the side
/// where it stands beside, quarters or two halves otherwise. No part is so small that nothing of it is seen.
fn blocks(flat: &[Option<[u8; 3]>]) -> Shown {
    let shown = |glyph, fore, back| Shown { glyph, fore, back, bold: false };
    let row = |down: usize| (flat[down * FILLS_ACROSS], flat[down * FILLS_ACROSS + 1]);
    let (above, below) = (flat[0], flat[flat.len() - 1]);
    let level = (0..FILLS_DOWN).all(|down| row(down).0 == row(down).1);
    if level && above == below && flat.iter().all(|piece| *piece == above) {
        return shown('█', above, None);
    }
    let under = (0..FILLS_DOWN).rev().take_while(|down| row(*down).0 == below).count();
    if level && (0..FILLS_DOWN - under).all(|down| row(down).0 == above) {
        if below.is_none() {
            // Blocks grow from the foot: the upper part is drawn as a half or a whole.
            return match FILLS_DOWN - under {
                6.. => shown('█', above, None),
                1 => shown('▔', above, None),
                _ => shown('▀', above, None),
            };
        }
        return shown(EIGHTHS[under - 1], below, above);
    }
    let (left, right) = (row(0).0, row(0).1);
    if (0..FILLS_DOWN).all(|down| row(down) == (left, right)) {
        return if left.is_some() { shown('▌', left, right) } else { shown('▐', right, left) };
    }
    let first = flat.iter().flatten().next().copied();
    if flat.iter().flatten().all(|piece| Some(*piece) == first) {
        return shown(quarters(flat), first, None);
    }
    halves(flat)
}

/// The quarters of a cell that one colour fills at least by half; else where most of it lies.
fn quarters(flat: &[Option<[u8; 3]>]) -> char {
    const GLYPHS: [char; 16] = [' ', '▘', '▝', '▀', '▖', '▌', '▞', '▛', '▗', '▚', '▐', '▜', '▄', '▙', '▟', '█'];
    let filled = |upper: bool, left: bool| {
        let rows = if upper { 0..FILLS_DOWN / 2 } else { FILLS_DOWN / 2..FILLS_DOWN };
        rows.filter(|down| flat[down * FILLS_ACROSS + usize::from(!left)].is_some()).count()
    };
    let parts = [filled(true, true), filled(true, false), filled(false, true), filled(false, false)];
    let halves = parts.iter().enumerate().filter(|(_, count)| 4 * **count >= FILLS_DOWN);
    match halves.map(|(place, _)| 1 << place).sum::<usize>() {
        0 if parts[2] + parts[3] >= parts[0] + parts[1] => '▁',
        0 => '▔',
        quarters => GLYPHS[quarters],
    }
}

const EIGHTHS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

fn halves(flat: &[Option<[u8; 3]>]) -> Shown {
    let half = |pieces: &[Option<[u8; 3]>]| {
        let filled = pieces.iter().flatten().count();
        (2 * filled >= pieces.len()).then(|| mean(pieces.iter().flatten()))
    };
    let (upper, lower) = flat.split_at(flat.len() / 2);
    match (half(upper), half(lower)) {
        // Of several colours that fill little, the one that is there.
        (None, None) if upper.iter().flatten().count() > lower.iter().flatten().count() => {
            Shown { glyph: '▔', fore: Some(mean(upper.iter().flatten())), ..Shown::default() }
        }
        (None, None) => Shown { glyph: '▁', fore: Some(mean(lower.iter().flatten())), ..Shown::default() },
        (Some(upper), None) => Shown { glyph: '▀', fore: Some(upper), back: None, bold: false },
        (None, Some(lower)) => Shown { glyph: '▄', fore: Some(lower), back: None, bold: false },
        (Some(upper), Some(lower)) => Shown { glyph: '▀', fore: Some(upper), back: Some(lower), bold: false },
    }
}

fn plain(cell: &Cell, pieces: &Pieces, theme: Theme) -> Shown {
    if let Some((glyph, _)) = top(cell) {
        return Shown { glyph, ..Shown::default() };
    }
    let flat: Vec<Option<Colour>> = pieces.iter().flatten().copied().collect();
    if let Some(glyph) = solid_block(&flat) {
        return Shown { glyph, ..Shown::default() };
    }
    let shade: f64 = flat.iter().flatten().map(|colour| shade(*colour, theme)).sum::<f64>() / flat.len() as f64;
    let glyph = match SHADES[((shade * 5.0) as usize).min(4)] {
        ' ' => sliver(&flat).unwrap_or(' '),
        glyph => glyph,
    };
    let glyph = if glyph == ' ' && cell.grid { '·' } else { glyph };
    Shown { glyph, ..Shown::default() }
}

const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];

/// The block of a small part of a cell in the full colour of a series, which would be too pale as a shade.
fn sliver(flat: &[Option<Colour>]) -> Option<char> {
    let is_full = |colour: &Colour| matches!(colour.role(), Some(Role::Series(_))) && colour.alpha > 0.6;
    if flat.iter().all(Option::is_none) || !flat.iter().flatten().all(is_full) {
        return None;
    }
    let plain: Vec<Option<[u8; 3]>> = flat.iter().map(|piece| piece.map(|_| [0; 3])).collect();
    Some(blocks(&plain).glyph)
}

/// The block of an area in one series' full colour over nothing, which shows its height to an eighth.
fn solid_block(flat: &[Option<Colour>]) -> Option<char> {
    let first = flat.iter().flatten().next()?;
    let solid = matches!(first.role(), Some(Role::Series(index)) if index % 4 == 0) && first.alpha > 0.6;
    if !solid || !flat.iter().flatten().all(|colour| colour == first) {
        return None;
    }
    let plain: Vec<Option<[u8; 3]>> = flat.iter().map(|piece| piece.map(|_| [0; 3])).collect();
    Some(blocks(&plain).glyph)
}

/// How much of a cell to fill for a colour. Series have shades of their own; other colours fill as they are bright, on light
/// ground as they are dark.
fn shade(colour: Colour, theme: Theme) -> f64 {
    if let Some(Role::Series(index)) = colour.role() {
        let shades = if colour.alpha > 0.6 { [1.0, 0.5, 0.7, 0.3] } else { [0.0, 0.3, 0.5, 0.7] };
        return shades[usize::from(index % 4)];
    }
    // Lightness as the eye has it, about the cube root of luminance.
    let light = libm::cbrt(luminance(colour.rgb(theme)));
    let light = if theme == Theme::Light { 1.0 - light } else { light };
    light * colour.alpha
}

/// The box-drawing character with lines to the given sides.
fn rule_glyph(sides: u8, round: bool) -> char {
    const UP_RIGHT: u8 = UP | RIGHT;
    const UP_LEFT: u8 = UP | LEFT;
    const DOWN_RIGHT: u8 = DOWN | RIGHT;
    const DOWN_LEFT: u8 = DOWN | LEFT;
    match (sides, round) {
        (UP_RIGHT, false) => '└',
        (UP_RIGHT, true) => '╰',
        (UP_LEFT, false) => '┘',
        (UP_LEFT, true) => '╯',
        (DOWN_RIGHT, false) => '┌',
        (DOWN_RIGHT, true) => '╭',
        (DOWN_LEFT, false) => '┐',
        (DOWN_LEFT, true) => '╮',
        _ => match sides {
            0b1010 | RIGHT | LEFT => '─',
            0b0101 | UP | DOWN => '│',
            0b0111 => '├',
            0b1101 => '┤',
            0b1110 => '┬',
            0b1011 => '┴',
            _ => '┼',
        },
    }
}
