//! One picture of each kind, as people see it.

use limpid_draw::*;

use crate::common;

/// The kinds whose SVG is kept; the others differ from them only in numbers.
const KEPT: [&str; 12] = [
    "waves",
    "tangent",
    "signed",
    "histogram",
    "heat",
    "written",
    "arrows",
    "surface",
    "regions",
    "digit",
    "matrix",
    "gaps",
];

#[test]
fn each_kind_as_svg() {
    for (name, picture) in common::samples().unwrap().into_iter().filter(|(name, _)| KEPT.contains(name)) {
        insta::assert_snapshot!(format!("{name}.svg"), picture.scene().unwrap().svg());
    }
}

#[test]
fn each_kind_in_a_terminal_without_colours() {
    for (name, picture) in common::samples().unwrap() {
        insta::assert_snapshot!(format!("{name}.txt"), picture.terminal(80, false).unwrap());
    }
}

#[test]
fn a_few_kinds_in_a_terminal_with_colours() {
    for (name, picture) in
        common::samples().unwrap().into_iter().filter(|(name, _)| ["signed", "matrix"].contains(name))
    {
        insta::assert_snapshot!(format!("{name}.ansi"), picture.terminal(60, true).unwrap().replace('\u{1b}', "^"));
    }
}

#[test]
fn no_escape_sequence_is_written_without_colours() {
    for (name, picture) in common::samples().unwrap() {
        assert!(!picture.terminal(80, false).unwrap().contains('\u{1b}'), "{name}");
        assert!(picture.terminal(80, true).unwrap().contains("\u{1b}["), "{name}");
    }
}

#[test]
fn the_same_picture_gives_the_same_bytes() {
    for ((name, one), (_, other)) in common::samples().unwrap().into_iter().zip(common::samples().unwrap()) {
        let (one, other) = (one.scene().unwrap(), other.scene().unwrap());
        assert_eq!(one.svg(), other.svg(), "{name}");
        #[cfg(feature = "png")]
        assert!(one.png(1.0) == other.png(1.0), "{name}");
    }
}

#[test]
fn every_svg_is_well_formed_names_itself_and_has_no_variables_scripts_or_references() {
    for (name, picture) in common::samples().unwrap() {
        let scene = picture.scene().unwrap();
        let svg = scene.svg();
        let document = roxmltree::Document::parse(&svg).unwrap_or_else(|error| panic!("{name}: {error}"));
        let title = document.descendants().find(|node| node.has_tag_name("title")).and_then(|node| node.text());
        assert_eq!(title.unwrap_or(""), scene.title, "{name}");
        assert!(!svg.contains("var(") && !svg.contains("<script") && !svg.contains(" id="), "{name}");
        assert!(!svg.contains("NaN\"") && !svg.contains("\"inf"), "{name}");
    }
}

#[test]
fn an_automatic_svg_is_the_light_one_with_dark_rules_for_every_colour_that_has_a_role() {
    for (name, picture) in common::samples().unwrap() {
        let scene = picture.scene().unwrap();
        let automatic = scene.svg();
        let (light, dark) = (scene.clone().themed(Theme::Light).svg(), scene.themed(Theme::Dark).svg());
        let document = roxmltree::Document::parse(&automatic).unwrap();
        let rules =
            document.descendants().find(|node| node.has_tag_name("style")).and_then(|node| node.text()).unwrap();
        let classes = document.descendants().filter_map(|node| node.attribute("class")).flat_map(str::split_whitespace);
        for class in classes.filter(|class| *class != "limpid") {
            assert_eq!(rules.matches(&format!(".{class}{{")).count(), 2, "{name}: {class}");
        }
        let bare = |svg: &str| {
            let document = roxmltree::Document::parse(svg).unwrap();
            let drawn = document.descendants().filter(|node| node.is_element() && !node.has_tag_name("style"));
            drawn
                .map(|n| {
                    [n.attribute("fill"), n.attribute("stroke"), n.attribute("d")].map(|a| a.unwrap_or("").to_string())
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(bare(&automatic), bare(&light), "{name}");
        assert!(!light.contains("<style") && !dark.contains("<style") && light != dark, "{name}");
    }
}

#[cfg(feature = "png")]
mod png_files {
    use super::*;

    fn decoded(bytes: &[u8]) -> (u32, u32, Vec<u8>) {
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
        let info = reader.next_frame(&mut pixels).expect("pixels");
        (info.width, info.height, pixels)
    }

    #[test]
    fn a_png_has_the_scenes_size_times_the_scale_and_the_themes_ground() {
        let scene = Plot::new().title("t").add(Line::new([0.0, 1.0], [0.0, 1.0])).scene().unwrap();
        for (theme, ground) in [(Theme::Auto, [255, 255, 255]), (Theme::Dark, Role::Background.rgb(Theme::Dark))] {
            let (width, height, pixels) = decoded(&scene.clone().themed(theme).png(1.5).unwrap());
            assert_eq!((width, height), (960, 600));
            assert_eq!(pixels[..3], ground);
        }
    }

    #[test]
    fn the_pixels_of_an_image_stay_sharp() {
        let raster = Raster::new(2, 1, vec![[255, 0, 0, 255], [0, 0, 255, 255]]).unwrap();
        let mut scene = Scene::new(20.0, 10.0);
        scene.add(Image { bounds: Rect::new(0.0, 0.0, 20.0, 10.0), raster });
        let (_, _, pixels) = decoded(&scene.png(1.0).unwrap());
        for (place, pixel) in pixels.as_chunks::<3>().0.iter().enumerate() {
            assert_eq!(*pixel, if place % 20 < 10 { [255, 0, 0] } else { [0, 0, 255] });
        }
    }

    #[test]
    fn text_is_drawn_as_wide_as_it_was_measured() {
        let text = Text::new("WWgradient descent 0.1", [10.0, 20.0]).size(16.0);
        let bounds = text.bounds();
        let mut scene = Scene::new(260.0, 40.0);
        scene.add(text);
        let (width, _, pixels) = decoded(&scene.png(1.0).unwrap());
        let inked = pixels.as_chunks::<3>().0.iter().enumerate().filter(|(_, pixel)| pixel[0] < 128);
        let columns: Vec<f64> = inked.map(|(place, _)| (place % width as usize) as f64).collect();
        let (first, last) = columns.iter().fold((f64::MAX, 0.0f64), |(f, l), c| (f.min(*c), l.max(*c)));
        assert!((first - bounds.x).abs() < 2.5 && (last - bounds.right()).abs() < 3.5, "{first} {last} {bounds:?}");
    }

    #[test]
    fn a_character_without_a_font_is_named_with_fonts_that_would_do() {
        let mut scene = Scene::new(100.0, 20.0);
        scene.add(Text::new("\u{10fffd}", [0.0, 10.0]));
        let message = scene.png(1.0).unwrap_err().to_string();
        assert!(message.contains('\u{10fffd}') && message.contains("Noto Sans CJK"), "{message}");
    }

    #[test]
    fn chinese_and_japanese_come_out_or_the_message_says_which_font_is_missing() {
        let plot = Plot::new().title("損失 损失").labels("エポック", "損失").add(Line::counted([2.0, 1.0, 0.5]));
        match plot.scene().unwrap().png(1.0) {
            Ok(bytes) => assert!(decoded(&bytes).2.iter().any(|channel| *channel < 100)),
            Err(error) => assert!(matches!(error, Error::MissingFont { .. }), "{error}"),
        }
        assert!(plot.scene().unwrap().svg().contains("Noto Sans CJK"));
        assert!(plot.terminal(60, false).unwrap().contains("損失 损失"));
    }

    #[test]
    fn a_size_out_of_bounds_is_refused() {
        for scale in [0.0, -1.0, 1e9, f64::NAN, f64::INFINITY] {
            assert!(matches!(Scene::new(10.0, 10.0).png(scale), Err(Error::Bounds { .. })), "{scale}");
        }
    }
}
