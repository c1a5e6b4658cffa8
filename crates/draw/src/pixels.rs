//! A scene as pixels, drawn by tiny-skia, with text set glyph by glyph in the embedded font: what is measured is what is
//! drawn, wherever this runs.

use tiny_skia::{
    FillRule, FilterQuality, LineCap, LineJoin, Mask, Paint, PathBuilder, Pixmap, PixmapPaint, PremultipliedColorU8,
    StrokeDash, Transform,
};

use crate::colour::{Colour, Theme};
use crate::error::Error;
use crate::font::one_line;
use crate::geometry::{Point, Rect};
use crate::glyphs::Glyphs;
use crate::raster;
use crate::scene::{Group, Image, Item, Marker, Path, Rectangle, Scene, Shape, Stroke, Text, sin_cos};

/// The most pixels a side may have.
const MOST_PIXELS: f64 = 16_384.0;

impl Scene {
    /// The picture as a PNG file, enlarged by `scale`. A theme of [`Theme::Auto`] comes out light.
    ///
    /// The same picture gives the same bytes, except that characters which the embedded font (DejaVu Sans) does not have,
    /// such as Chinese and Japanese ones, are set in a font of the system.
    ///
    /// # Errors
    ///
    /// [`Error::Bounds`] where a side would have less than 1 pixel or more than 16,384, [`Error::MissingFont`] where neither
    /// the embedded font nor the system's fonts have a character.
    pub fn png(&self, scale: f64) -> Result<Vec<u8>, Error> {
        let side = |what, length: f64| {
            let pixels = (length * scale).round();
            if (1.0..=MOST_PIXELS).contains(&pixels) {
                return Ok(pixels as u32);
            }
            Err(Error::Bounds { what, value: pixels, least: 1.0, most: MOST_PIXELS })
        };
        let (width, height) =
            (side("a PNG's width in pixels", self.width)?, side("a PNG's height in pixels", self.height)?);
        let bounds = Error::Bounds { what: "a PNG's pixels", value: 0.0, least: 1.0, most: MOST_PIXELS };
        let pixmap = Pixmap::new(width, height).ok_or(bounds)?;
        let glyphs = Glyphs::for_scene(self)?;
        let scale = scale as f32;
        let mut painter = Painter {
            pixmap,
            theme: self.theme,
            transform: Transform::from_scale(scale, scale),
            clip: None,
            mask: None,
            glyphs,
        };
        painter.pixmap.fill(opaque(crate::colour::Role::Background.into(), self.theme));
        painter.items(&self.items);
        Ok(raster::encode(width, height, painter.pixmap.take_demultiplied().as_slice()))
    }
}

struct Painter {
    pixmap: Pixmap,
    theme: Theme,
    transform: Transform,
    clip: Option<Rect>,
    mask: Option<Mask>,
    glyphs: Glyphs,
}

impl Painter {
    fn items(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Path(path) => self.path(path),
                Item::Box(rectangle) => self.rectangle(rectangle),
                Item::Marker(marker) => self.marker(marker),
                Item::Text(text) => self.text(text),
                Item::Image(image) => self.image(image),
                Item::Group(group) => self.group(group),
            }
        }
    }

    fn group(&mut self, group: &Group) {
        let (clip, mask) = (self.clip, self.mask.clone());
        if let Some(wanted) = group.clip {
            let visible = clip.map_or(wanted, |outer| outer.intersection(&wanted));
            self.clip = Some(visible);
            self.mask = Mask::new(self.pixmap.width(), self.pixmap.height());
            let outline = outline(&visible.corners(), true);
            if let (Some(mask), Some(outline)) = (&mut self.mask, outline) {
                mask.fill_path(&outline, FillRule::Winding, true, self.transform);
            }
        }
        self.items(&group.items);
        (self.clip, self.mask) = (clip, mask);
    }

    fn paint(&self, colour: Colour) -> Paint<'static> {
        let mut paint = Paint { anti_alias: true, ..Paint::default() };
        let [r, g, b] = colour.rgb(self.theme);
        paint.set_color_rgba8(r, g, b, (colour.alpha * 255.0).round() as u8);
        paint
    }

    fn draw(&mut self, outline: &tiny_skia::Path, fill: Option<Colour>, stroke: Option<&Stroke>) {
        if let Some(colour) = fill {
            let paint = self.paint(colour);
            self.pixmap.fill_path(outline, &paint, FillRule::Winding, self.transform, self.mask.as_ref());
        }
        if let Some(stroke) = stroke {
            let paint = self.paint(stroke.colour);
            let mut dashes: Vec<f32> = stroke.dashes.iter().map(|dash| *dash as f32).collect();
            if dashes.len() % 2 == 1 {
                dashes.extend_from_within(..);
            }
            let pen = tiny_skia::Stroke {
                width: stroke.width as f32,
                line_join: LineJoin::Round,
                line_cap: LineCap::Butt,
                dash: if dashes.is_empty() { None } else { StrokeDash::new(dashes, 0.0) },
                ..tiny_skia::Stroke::default()
            };
            self.pixmap.stroke_path(outline, &paint, &pen, self.transform, self.mask.as_ref());
        }
    }

    fn path(&mut self, path: &Path) {
        if let (Some(stroke), Some((shaft, corners))) = (&path.stroke, path.shaft_and_head()) {
            self.path(&Path::line(shaft, stroke.clone()));
            return self.path(&Path::area(corners, stroke.colour));
        }
        if let Some(outline) = outline(&path.points, path.closed) {
            self.draw(&outline, path.fill, path.stroke.as_ref());
        }
    }

    fn rectangle(&mut self, rectangle: &Rectangle) {
        let bounds = rectangle.bounds;
        let outline = match rectangle.radius > 0.0 {
            true => rounded(&bounds, rectangle.radius),
            false => outline(&bounds.corners(), true),
        };
        if let Some(outline) = outline {
            self.draw(&outline, rectangle.fill, rectangle.stroke.as_ref());
        }
    }

    fn marker(&mut self, marker: &Marker) {
        let [x, y] = marker.at.map(|v| v as f32);
        let outline = match marker.shape {
            Shape::Circle => PathBuilder::from_circle(x, y, marker.radius as f32),
            shape => outline(&shape.corners(marker.at, marker.radius), true),
        };
        if let Some(outline) = outline {
            self.draw(&outline, marker.fill, marker.stroke.as_ref());
        }
    }

    fn text(&mut self, text: &Text) {
        let content = one_line(&text.content);
        let width = crate::font::text_width(&content, text.size, text.bold);
        let (sin, cos) = sin_cos(text.rotation);
        let (sin, cos) = (sin as f32, cos as f32);
        let mut pen = text.anchor.offset(width);
        let paint = self.paint(text.colour);
        for c in content.chars() {
            let advance = crate::font::advance(c, text.bold) * text.size;
            if let Some(glyph) = self.glyphs.outline(c, text.bold) {
                let (size, x, y) = (text.size as f32, pen as f32, text.baseline() as f32);
                let place = Transform::from_row(size, 0.0, 0.0, size, x, y)
                    .post_concat(Transform::from_row(cos, sin, -sin, cos, text.at[0] as f32, text.at[1] as f32))
                    .post_concat(self.transform);
                self.pixmap.fill_path(glyph, &paint, FillRule::Winding, place, self.mask.as_ref());
            }
            pen += advance;
        }
    }

    fn image(&mut self, image: &Image) {
        let (width, height) = (image.raster.width() as u32, image.raster.height() as u32);
        let Some(mut pixels) = Pixmap::new(width, height) else { return };
        for (to, [r, g, b, a]) in pixels.pixels_mut().iter_mut().zip(image.raster.pixels()) {
            let by = |c: u8| ((u16::from(c) * u16::from(*a) + 127) / 255) as u8;
            if let Some(pixel) = PremultipliedColorU8::from_rgba(by(*r), by(*g), by(*b), *a) {
                *to = pixel;
            }
        }
        let bounds = image.bounds;
        let place = Transform::from_row(
            (bounds.width / f64::from(width)) as f32,
            0.0,
            0.0,
            (bounds.height / f64::from(height)) as f32,
            bounds.x as f32,
            bounds.y as f32,
        );
        let paint = PixmapPaint { quality: FilterQuality::Nearest, ..PixmapPaint::default() };
        self.pixmap.draw_pixmap(0, 0, pixels.as_ref(), &paint, place.post_concat(self.transform), self.mask.as_ref());
    }
}

fn opaque(colour: Colour, theme: Theme) -> tiny_skia::Color {
    let [r, g, b] = colour.rgb(theme);
    tiny_skia::Color::from_rgba8(r, g, b, 255)
}

fn outline(points: &[Point], closed: bool) -> Option<tiny_skia::Path> {
    if points.len() < 2 {
        return None;
    }
    let mut builder = PathBuilder::new();
    for (place, point) in points.iter().enumerate() {
        let [x, y] = point.map(|v| if v.is_finite() { v.clamp(-1e6, 1e6) as f32 } else { 0.0 });
        if place == 0 {
            builder.move_to(x, y);
        } else {
            builder.line_to(x, y);
        }
    }
    if closed {
        builder.close();
    }
    builder.finish()
}

fn rounded(bounds: &Rect, radius: f64) -> Option<tiny_skia::Path> {
    let radius = radius.min(bounds.width / 2.0).min(bounds.height / 2.0) as f32;
    let (left, top, right, bottom) = (bounds.x as f32, bounds.y as f32, bounds.right() as f32, bounds.bottom() as f32);
    // How far a cubic's handles reach to follow a quarter of a circle.
    let handle = radius * (1.0 - 0.552_284_8);
    let mut builder = PathBuilder::new();
    builder.move_to(left + radius, top);
    builder.line_to(right - radius, top);
    builder.cubic_to(right - handle, top, right, top + handle, right, top + radius);
    builder.line_to(right, bottom - radius);
    builder.cubic_to(right, bottom - handle, right - handle, bottom, right - radius, bottom);
    builder.line_to(left + radius, bottom);
    builder.cubic_to(left + handle, bottom, left, bottom - handle, left, bottom - radius);
    builder.line_to(left, top + radius);
    builder.cubic_to(left, top + handle, left + handle, top, left + radius, top);
    builder.close();
    builder.finish()
}
