//! How many cells of a terminal a character takes, as far as a caret under a column needs it.
//!
//! Source: Unicode Standard Annex 11, East Asian Width; the blocks that are wide as a whole, and the marks that stand
//! over other characters.

/// Blocks whose characters take two cells.
const WIDE: &[(u32, u32)] = &[
    (0x1100, 0x115F),
    (0x2E80, 0x303E),
    (0x3041, 0xA4CF),
    (0xA960, 0xA97C),
    (0xAC00, 0xD7A3),
    (0xF900, 0xFAFF),
    (0xFE30, 0xFE6F),
    (0xFF01, 0xFF60),
    (0xFFE0, 0xFFE6),
    (0x1F300, 0x1F64F),
    (0x1F680, 0x1F6FF),
    (0x1F900, 0x1F9FF),
    (0x20000, 0x3FFFD),
];

/// Blocks whose characters take none.
const MARKS: &[(u32, u32)] =
    &[(0x0300, 0x036F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x2064), (0x20D0, 0x20F0), (0xFE00, 0xFE0F)];

/// The cells that a character takes.
pub(crate) fn cells(character: char) -> usize {
    let within = |blocks: &[(u32, u32)]| blocks.iter().any(|&(first, last)| (first..=last).contains(&character.into()));
    match character {
        _ if within(MARKS) => 0,
        _ if within(WIDE) => 2,
        _ => 1,
    }
}
