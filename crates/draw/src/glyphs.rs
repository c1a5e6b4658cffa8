//! Outlines of the characters of a picture, from the embedded font, and from the system's where that has none.

use std::collections::{BTreeMap, BTreeSet};

use limpid_graph::guard::guarded;
use tiny_skia::{Path, PathBuilder};
use ttf_parser::{Face, OutlineBuilder};

use crate::error::Error;
use crate::font::face;
use crate::scene::{Item, Scene};

/// Fonts that hold Chinese and Japanese, as their families are called; tried first, in this order.
const EAST_ASIAN: [&str; 12] = [
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans SC",
    "Noto Sans JP",
    "Source Han Sans SC",
    "Source Han Sans",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "IPAexGothic",
    "Droid Sans Fallback",
    "PingFang SC",
    "Microsoft YaHei",
];

const WOULD_DO: &str = "Noto Sans CJK (Debian and Ubuntu: fonts-noto-cjk) or WenQuanYi Zen Hei (fonts-wqy-zenhei)";

/// The outlines, at a size of 1, y down.
pub(crate) struct Glyphs {
    outlines: BTreeMap<(char, bool), Path>,
}

impl Glyphs {
    /// Outlines for all text of a scene.
    pub(crate) fn for_scene(scene: &Scene) -> Result<Self, Error> {
        let mut wanted = BTreeSet::new();
        characters(&scene.items, &mut wanted);
        let mut glyphs = Glyphs { outlines: BTreeMap::new() };
        let mut missing = BTreeSet::new();
        for (c, bold) in wanted {
            match face(bold) {
                Some(face) if face.glyph_index(c).is_some() => glyphs.add(face, c, bold),
                _ => drop(missing.insert((c, bold))),
            }
        }
        if !missing.is_empty() {
            glyphs.add_from_system(missing)?;
        }
        Ok(glyphs)
    }

    /// The outline of a character; none for a space.
    pub(crate) fn outline(&self, c: char, bold: bool) -> Option<&Path> {
        self.outlines.get(&(c, bold))
    }

    fn add(&mut self, face: &Face<'_>, c: char, bold: bool) {
        self.outlines.extend(outline_in(face, c).map(|path| ((c, bold), path)));
    }

    /// Looks through the system's fonts: first the known names, then all, by name so that the order is always the same.
    fn add_from_system(&mut self, mut missing: BTreeSet<(char, bool)>) -> Result<(), Error> {
        // A damaged font of the system is passed over.
        let fonts = guarded(|| {
            let mut fonts = fontdb::Database::new();
            fonts.load_system_fonts();
            fonts
        });
        let fonts = fonts.unwrap_or_else(|_| fontdb::Database::new());
        let rank = |info: &fontdb::FaceInfo| {
            let family = info.families.first().map_or("", |(name, _)| name.as_str());
            let known = EAST_ASIAN.iter().position(|name| *name == family).unwrap_or(EAST_ASIAN.len());
            let plain = info.style != fontdb::Style::Normal;
            (known, plain, info.weight.0.abs_diff(400), info.post_script_name.clone())
        };
        let mut faces: Vec<_> = fonts.faces().map(|info| (rank(info), info.id)).collect();
        faces.sort();
        for (_, id) in faces {
            if missing.is_empty() {
                return Ok(());
            }
            let read = || fonts.with_face_data(id, |data, index| outlines_in(data, index, &missing));
            for (wanted, outline) in guarded(read).ok().flatten().unwrap_or_default() {
                missing.remove(&wanted);
                self.outlines.extend(outline.map(|path| (wanted, path)));
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let characters: BTreeSet<char> = missing.into_iter().map(|(c, _)| c).collect();
        let characters = characters.into_iter().take(20).collect();
        Err(Error::MissingFont { characters, fonts: WOULD_DO })
    }
}

/// The outlines of those characters that a font has. A space has none.
fn outlines_in(font: &[u8], index: u32, wanted: &BTreeSet<(char, bool)>) -> Vec<((char, bool), Option<Path>)> {
    let Ok(face) = Face::parse(font, index) else { return Vec::new() };
    let has = wanted.iter().filter(|(c, _)| face.glyph_index(*c).is_some());
    has.map(|&(c, bold)| ((c, bold), outline_in(&face, c))).collect()
}

fn outline_in(face: &Face<'_>, c: char) -> Option<Path> {
    let glyph = face.glyph_index(c)?;
    let mut pen = Pen { builder: PathBuilder::new(), scale: 1.0 / f32::from(face.units_per_em()) };
    face.outline_glyph(glyph, &mut pen);
    pen.builder.finish()
}

fn characters(items: &[Item], wanted: &mut BTreeSet<(char, bool)>) {
    for item in items {
        match item {
            Item::Text(text) => {
                let seen = text.content.chars().filter(|c| !c.is_control() && !c.is_whitespace());
                // Marks without a width of their own, such as joiners, need no glyph.
                let seen = seen.filter(|c| unicode_width::UnicodeWidthChar::width(*c).unwrap_or(0) > 0);
                wanted.extend(seen.map(|c| (c, text.bold)));
            }
            Item::Group(group) => characters(&group.items, wanted),
            _ => {}
        }
    }
}

struct Pen {
    builder: PathBuilder,
    scale: f32,
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.builder.move_to(x * self.scale, -y * self.scale);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.builder.line_to(x * self.scale, -y * self.scale);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let s = self.scale;
        self.builder.quad_to(x1 * s, -y1 * s, x * s, -y * s);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let s = self.scale;
        self.builder.cubic_to(x1 * s, -y1 * s, x2 * s, -y2 * s, x * s, -y * s);
    }

    fn close(&mut self) {
        self.builder.close();
    }
}
