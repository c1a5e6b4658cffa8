//! A scene as SVG: presentation attributes in light colours, which every renderer knows, and rules over them that make it
//! dark where a browser prefers that or where the page around it says so.

use std::collections::BTreeSet;
use std::fmt::Write;

use base64::Engine;

use crate::colour::{Colour, Role, Theme};
use crate::font::{FAMILIES, one_line};
use crate::geometry::{Point, Rect};
use crate::scene::{Anchor, Group, Image, Item, Marker, Path, Rectangle, Scene, Shape, Stroke, Text};

impl Scene {
    /// The picture as an SVG document, which can also stand inside a page of HTML.
    ///
    /// With [`Theme::Auto`] it is light, and dark where `prefers-color-scheme` says so; inside a page, `data-theme="dark"`
    /// or `"light"` on the page's root element decides. With the other themes its colours are fixed.
    pub fn svg(&self) -> String {
        let mut body = Writer { out: String::new(), theme: self.theme, used: BTreeSet::new(), indent: 1 };
        body.rectangle(&Rectangle::new(Rect::new(0.0, 0.0, self.width, self.height)).fill(Role::Background));
        body.items(&self.items);
        let (w, h) = (number(self.width), number(self.height));
        let label = match self.title.is_empty() {
            true => String::new(),
            false => format!(" aria-label=\"{}\"", escape(&self.title)),
        };
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" \
             class=\"limpid\" role=\"img\"{label} font-family=\"{FAMILIES}\" stroke-linejoin=\"round\" stroke-linecap=\"butt\">\n"
        );
        if !self.title.is_empty() {
            let _ = writeln!(out, " <title>{}</title>", escape(&self.title));
        }
        if self.theme == Theme::Auto {
            out += &dark_rules(&body.used);
        }
        out + &body.out + "</svg>\n"
    }
}

/// How a class uses its role's colour.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    Fill,
    Stroke,
}

/// Rules for the classes that occur. The first applies to a picture alone and in a page without a theme of its own, the
/// second to a page that says it is dark. They name no variables: whoever does not know `@media` still sees colours.
fn dark_rules(used: &BTreeSet<(Role, Use)>) -> String {
    let mut rules = [String::new(), String::new()];
    for (role, how) in used {
        let (letter, property) = match how {
            Use::Fill => ("f", "fill"),
            Use::Stroke => ("s", "stroke"),
        };
        let (name, colour) = (role.name(), hex(role.rgb(Theme::Dark)));
        let _ = write!(rules[0], ":root:not([data-theme=light]) .l{letter}-{name}{{{property}:{colour}}}");
        let _ = write!(rules[1], ":root[data-theme=dark] .l{letter}-{name}{{{property}:{colour}}}");
    }
    format!(" <style>@media (prefers-color-scheme:dark){{{}}}{}</style>\n", rules[0], rules[1])
}

struct Writer {
    out: String,
    theme: Theme,
    used: BTreeSet<(Role, Use)>,
    indent: usize,
}

impl Writer {
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

    fn line(&mut self, text: &str) {
        let _ = writeln!(self.out, "{:1$}{text}", "", self.indent);
    }

    fn path(&mut self, path: &Path) {
        if let (Some(stroke), Some((shaft, corners))) = (&path.stroke, path.shaft_and_head()) {
            self.path(&Path::line(shaft, stroke.clone()));
            return self.path(&Path::area(corners, stroke.colour));
        }
        if path.points.len() < 2 {
            return;
        }
        let (fill, stroke) = (path.fill, path.stroke.as_ref());
        let paint = self.paint(fill, stroke);
        let data = path_data(&path.points, path.closed);
        self.line(&format!("<path d=\"{data}\"{paint}/>"));
    }

    fn rectangle(&mut self, rectangle: &Rectangle) {
        let paint = self.paint(rectangle.fill, rectangle.stroke.as_ref());
        let Rect { x, y, width, height } = rectangle.bounds;
        let round =
            if rectangle.radius > 0.0 { format!(" rx=\"{}\"", number(rectangle.radius)) } else { String::new() };
        let place = [("x", x), ("y", y), ("width", width), ("height", height)];
        let place: String = place.iter().map(|(name, v)| format!(" {name}=\"{}\"", number(*v))).collect();
        self.line(&format!("<rect{place}{round}{paint}/>"));
    }

    fn marker(&mut self, marker: &Marker) {
        let paint = self.paint(marker.fill, marker.stroke.as_ref());
        if marker.shape == Shape::Circle {
            let [x, y] = marker.at.map(number);
            return self.line(&format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{}\"{paint}/>", number(marker.radius)));
        }
        let data = path_data(&marker.shape.corners(marker.at, marker.radius), true);
        self.line(&format!("<path d=\"{data}\"{paint}/>"));
    }

    fn text(&mut self, text: &Text) {
        let paint = self.paint(Some(text.colour), None);
        let mut more = String::new();
        match text.anchor {
            Anchor::Start => {}
            Anchor::Middle => more += " text-anchor=\"middle\"",
            Anchor::End => more += " text-anchor=\"end\"",
        }
        if text.bold {
            more += " font-weight=\"bold\"";
        }
        let [x, y] = text.at;
        if text.rotation != 0.0 {
            let _ = write!(more, " transform=\"rotate({} {} {})\"", number(text.rotation), number(x), number(y));
        }
        let (x, y, size) = (number(x), number(y + text.baseline()), number(text.size));
        let content = escape(&one_line(&text.content));
        self.line(&format!("<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\"{more}{paint}>{content}</text>"));
    }

    fn image(&mut self, image: &Image) {
        let Rect { x, y, width, height } = image.bounds;
        let place = [("x", x), ("y", y), ("width", width), ("height", height)];
        let place: String = place.iter().map(|(name, v)| format!(" {name}=\"{}\"", number(*v))).collect();
        let data = base64::engine::general_purpose::STANDARD.encode(image.raster.png());
        self.line(&format!(
            "<image{place} preserveAspectRatio=\"none\" image-rendering=\"optimizeSpeed\" style=\"image-rendering:pixelated\" \
             href=\"data:image/png;base64,{data}\"/>"
        ));
    }

    fn group(&mut self, group: &Group) {
        if group.items.is_empty() {
            return;
        }
        match group.clip {
            None => self.line("<g>"),
            // A nested `svg` cuts off at its edge without an id, which would have to be unique in a page of many pictures.
            Some(Rect { x, y, width, height }) => {
                let [x, y, w, h] = [x, y, width, height].map(number);
                self.line(&format!(
                    "<svg x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" viewBox=\"{x} {y} {w} {h}\" overflow=\"hidden\">"
                ));
            }
        }
        self.indent += 1;
        self.items(&group.items);
        self.indent -= 1;
        self.line(if group.clip.is_some() { "</svg>" } else { "</g>" });
    }

    /// The attributes for a fill and a stroke.
    fn paint(&mut self, fill: Option<Colour>, stroke: Option<&Stroke>) -> String {
        let mut attributes = String::new();
        let mut classes = Vec::new();
        match fill {
            None => attributes += " fill=\"none\"",
            Some(colour) => attributes += &self.colour(colour, Use::Fill, &mut classes),
        }
        if let Some(stroke) = stroke {
            attributes += &self.colour(stroke.colour, Use::Stroke, &mut classes);
            let _ = write!(attributes, " stroke-width=\"{}\"", number(stroke.width));
            if !stroke.dashes.is_empty() {
                let dashes: Vec<String> = stroke.dashes.iter().map(|dash| number(*dash)).collect();
                let _ = write!(attributes, " stroke-dasharray=\"{}\"", dashes.join(" "));
            }
        }
        if !classes.is_empty() {
            let _ = write!(attributes, " class=\"{}\"", classes.join(" "));
        }
        attributes
    }

    fn colour(&mut self, colour: Colour, how: Use, classes: &mut Vec<String>) -> String {
        let (letter, property) = match how {
            Use::Fill => ("f", "fill"),
            Use::Stroke => ("s", "stroke"),
        };
        if let (Some(role), Theme::Auto) = (colour.role(), self.theme) {
            self.used.insert((role, how));
            classes.push(format!("l{letter}-{}", role.name()));
        }
        let mut attribute = format!(" {property}=\"{}\"", hex(colour.rgb(self.theme)));
        if colour.alpha < 1.0 {
            let _ = write!(attribute, " {property}-opacity=\"{}\"", number(colour.alpha));
        }
        attribute
    }
}

fn path_data(points: &[Point], closed: bool) -> String {
    let mut data = String::new();
    for (place, [x, y]) in points.iter().enumerate() {
        let letter = if place == 0 { "M" } else { "L" };
        let _ = write!(data, "{letter}{} {}", number(*x), number(*y));
    }
    if closed {
        data.push('Z');
    }
    data
}

/// A number with at most two digits behind the point, and no more than it needs. What is not finite is 0.
pub(crate) fn number(value: f64) -> String {
    let value = if value.is_finite() { value.clamp(-1e7, 1e7) } else { 0.0 };
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_string() } else { text.to_string() }
}

fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Text that stands for itself in XML. Characters that XML 1.0 does not allow become U+FFFD.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
