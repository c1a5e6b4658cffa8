//! How wide text is: the advance widths of DejaVu Sans, which PNGs are set in and which SVGs ask for first.

use std::io::Read as _;
use std::sync::OnceLock;

use flate2::read::ZlibDecoder;
use ttf_parser::Face;
use unicode_width::UnicodeWidthChar;

/// Fonts that SVGs ask for, in this order. Those behind the first are no wider, or close.
pub(crate) const FAMILIES: &str = "DejaVu Sans,Verdana,Noto Sans,Noto Sans CJK SC,Noto Sans CJK JP,Noto Sans SC,\
Noto Sans JP,PingFang SC,Hiragino Sans,Microsoft YaHei,Yu Gothic,WenQuanYi Zen Hei,sans-serif";

/// From the baseline up to the top of the tallest letters, as a share of the size.
pub(crate) const ASCENT: f64 = 0.76;
/// From the baseline down to the foot of the lowest letters, as a share of the size.
pub(crate) const DESCENT: f64 = 0.24;

/// The font's faces: regular and bold. Each is unpacked where it is first asked for.
pub(crate) fn face(bold: bool) -> Option<&'static Face<'static>> {
    static REGULAR: OnceLock<Option<Face<'static>>> = OnceLock::new();
    static BOLD: OnceLock<Option<Face<'static>>> = OnceLock::new();
    let unpacked = |packed: &[u8]| {
        let mut font = Vec::new();
        ZlibDecoder::new(packed).read_to_end(&mut font).ok()?;
        Face::parse(font.leak(), 0).ok()
    };
    if bold {
        BOLD.get_or_init(|| unpacked(include_bytes!(concat!(env!("OUT_DIR"), "/bold.zlib")))).as_ref()
    } else {
        REGULAR.get_or_init(|| unpacked(include_bytes!(concat!(env!("OUT_DIR"), "/regular.zlib")))).as_ref()
    }
}

/// How wide text is on a page, in pixels, at a size in pixels.
///
/// ```
/// let (narrow, wide) = (limpid_draw::text_width("i", 12.0, false), limpid_draw::text_width("W", 12.0, false));
/// assert!(narrow < wide);
/// ```
pub fn text_width(text: &str, size: f64, bold: bool) -> f64 {
    text.chars().map(|c| advance(c, bold)).sum::<f64>() * size
}

/// How many cells of a terminal text takes: two for East Asian wide characters.
pub fn text_cells(text: &str) -> usize {
    // Control characters are drawn as spaces.
    text.chars().map(|c| c.width().unwrap_or(1)).sum()
}

/// How far a character moves the pen, as a share of the size. Characters that the font does not have, and that another
/// font will set, count as a square where they are wide.
pub(crate) fn advance(c: char, bold: bool) -> f64 {
    let c = if c.is_control() { ' ' } else { c };
    let own = face(bold).and_then(|face| {
        let glyph = face.glyph_index(c)?;
        Some(f64::from(face.glyph_hor_advance(glyph)?) / f64::from(face.units_per_em()))
    });
    own.unwrap_or_else(|| match c.width() {
        Some(2) => 1.0,
        Some(1) => 0.65,
        _ => 0.0,
    })
}

/// Text without what would end a line or not be seen: control characters are spaces.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
