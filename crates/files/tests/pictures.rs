//! Pictures: what each kind of PNG and JPEG is brought to, and how a folder of them is read.

#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::fs;
use std::path::Path;

use limpid_files::{Picture, PictureError, Pictures, PicturesError, read_picture};
use png::{BitDepth, ColorType};
use proptest::prelude::*;

/// A PNG of these rows of packed samples.
fn png(size: (u32, u32), colour: ColorType, depth: BitDepth, data: &[u8], palette: Option<(&[u8], &[u8])>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, size.0, size.1);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    if let Some((colours, alphas)) = palette {
        encoder.set_palette(colours.to_vec());
        encoder.set_trns(alphas.to_vec());
    }
    encoder.write_header().unwrap().write_image_data(data).unwrap();
    bytes
}

fn grey(width: u32, height: u32, value: u8) -> Vec<u8> {
    png((width, height), ColorType::Grayscale, BitDepth::Eight, &vec![value; (width * height) as usize], None)
}

#[test]
fn every_kind_of_png_becomes_grey_or_red_green_blue_in_bytes() {
    use BitDepth::{Eight, One, Sixteen};
    use ColorType::{Grayscale, GrayscaleAlpha, Indexed, Rgb, Rgba};
    let palette: Option<(&[u8], &[u8])> = Some((&[10, 20, 30, 0, 0, 0], &[255, 0]));
    let table: [(Vec<u8>, usize, &[u8]); 8] = [
        (png((2, 1), Grayscale, Eight, &[7, 200], None), 1, &[7, 200]),
        (png((2, 1), Grayscale, One, &[0b0100_0000], None), 1, &[0, 255]),
        (png((2, 1), Grayscale, Sixteen, &[7, 99, 200, 1], None), 1, &[7, 200]),
        (png((2, 1), GrayscaleAlpha, Eight, &[7, 255, 7, 0], None), 1, &[7, 255]),
        (png((2, 1), Rgb, Eight, &[1, 2, 3, 4, 5, 6], None), 3, &[1, 2, 3, 4, 5, 6]),
        (png((1, 1), Rgb, Sixteen, &[1, 9, 2, 9, 3, 9], None), 3, &[1, 2, 3]),
        // Half transparent black on white paper is grey.
        (png((2, 1), Rgba, Eight, &[1, 2, 3, 255, 0, 0, 0, 127], None), 3, &[1, 2, 3, 128, 128, 128]),
        (png((2, 1), Indexed, Eight, &[0, 1], palette), 3, &[10, 20, 30, 255, 255, 255]),
    ];
    for (index, (bytes, channels, pixels)) in table.into_iter().enumerate() {
        let picture = Picture::from_bytes(&bytes).unwrap();
        assert_eq!((picture.channels, picture.pixels.as_slice()), (channels, pixels), "{index}");
    }
}

#[test]
fn planes_stand_one_after_the_other_and_colour_becomes_luma() {
    let colour = Picture { height: 1, width: 2, channels: 3, pixels: vec![1, 2, 3, 255, 0, 0] };
    assert_eq!(colour.planes(3), [1, 255, 2, 0, 3, 0]);
    assert_eq!(colour.planes(1), [2, 76]);
    let grey = Picture { height: 1, width: 2, channels: 1, pixels: vec![9, 8] };
    assert_eq!((grey.planes(1), grey.planes(3)), (vec![9, 8], vec![9, 8, 9, 8, 9, 8]));
}

#[test]
fn a_jpeg_is_read_in_grey_and_in_colour_baseline_and_progressive() {
    let fixtures = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures"));
    for (name, channels, wanted) in [
        ("grey.jpg", 1, [200.0, 200.0, 200.0]),
        ("colour.jpg", 3, [200.0, 50.0, 100.0]),
        ("progressive.jpg", 3, [200.0, 50.0, 100.0]),
    ] {
        let picture = read_picture(&fixtures.join(name)).unwrap();
        assert_eq!((picture.height, picture.width, picture.channels), (9, 17, channels), "{name}");
        for pixel in picture.pixels.chunks(channels) {
            assert!(
                pixel.iter().zip(wanted).all(|(&own, wanted)| (f64::from(own) - wanted).abs() <= 3.0),
                "{name}: {pixel:?}"
            );
        }
    }
}

#[test]
fn what_is_no_picture_is_refused() {
    let whole = grey(4, 4, 9);
    let huge = png((20_000, 20_000), ColorType::Grayscale, BitDepth::One, &vec![0; 2500 * 20_000], None);
    assert!(matches!(Picture::from_bytes(&huge), Err(PictureError::TooLarge { height: 20_000, width: 20_000 })));
    assert!(matches!(Picture::from_bytes(&whole[..whole.len() / 2]), Err(PictureError::Damaged { format: "PNG", .. })));
    assert!(matches!(Picture::from_bytes(b"\xff\xd8\xff\xe0\0"), Err(PictureError::Damaged { format: "JPEG", .. })));
    assert!(matches!(Picture::from_bytes(b""), Err(PictureError::Format { .. })));
}

fn write(folder: &Path, files: &[(&str, Vec<u8>)]) {
    for (name, bytes) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

#[test]
fn a_folder_of_class_folders_is_read_in_the_order_of_names() {
    let folder = tempfile::tempdir().unwrap();
    let red = png((2, 2), ColorType::Rgb, BitDepth::Eight, &[255, 0, 0].repeat(4), None);
    write(
        folder.path(),
        &[
            ("dogs/b.PNG", red),
            ("dogs/a.png", grey(2, 2, 1)),
            ("cats/x.png", grey(2, 2, 5)),
            ("cats/notes.txt", b"cats".to_vec()),
            (".hidden/x.png", b"no picture".to_vec()),
            ("dogs/.DS_Store", b"no picture".to_vec()),
        ],
    );
    let pictures = Pictures::read(folder.path()).unwrap();
    assert_eq!(pictures.classes, ["cats", "dogs"]);
    assert_eq!(pictures.images.shape(), [3, 3, 2, 2]);
    assert_eq!(pictures.labels.to_f64(), [0.0, 1.0, 1.0]);
    let names: Vec<_> = pictures.paths.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["x.png", "a.png", "b.PNG"]);
    assert_eq!(pictures.images.as_slice::<u8>().unwrap()[24..], [[255; 4], [0; 4], [0; 4]].concat());
    assert!(pictures.others.len() == 1 && pictures.others[0].ends_with("cats/notes.txt"));
    let (all, test) = Pictures::read_parts(folder.path()).unwrap();
    assert_eq!((all, test), (pictures, None));
}

#[test]
fn train_and_test_folders_are_two_parts() {
    let folder = tempfile::tempdir().unwrap();
    let files = ["train/a/1.png", "train/b/1.png", "test/a/2.png", "test/b/2.png"];
    write(folder.path(), &files.map(|name| (name, grey(1, 3, 4))));
    let (train, test) = Pictures::read_parts(folder.path()).unwrap();
    assert_eq!((train.classes, test.unwrap().classes), (vec!["a".into(), "b".into()], vec!["a".into(), "b".into()]));
    assert_eq!(train.images.shape(), [2, 1, 3, 1]);
}

#[test]
fn a_folder_that_does_not_fit_is_refused_with_the_path() {
    let refused = |files: &[(&str, Vec<u8>)]| {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), files);
        Pictures::read(folder.path()).unwrap_err().to_string().replace(&folder.path().display().to_string(), "D")
    };
    assert!(refused(&[("a.png", grey(1, 1, 1))]).starts_with("D: there is no folder in it"));
    assert!(refused(&[("a/x.bmp", b"BM".to_vec())]).starts_with("D/a: there is no PNG or JPEG picture"));
    assert!(refused(&[("a/b/x.png", grey(1, 1, 1))]).starts_with("D/a/b: a folder within a class"));
    assert!(
        refused(&[("a/x.png", b"GIF89a".to_vec())])
            .starts_with("D/a/x.png: expected a PNG or JPEG picture, found a GIF picture; save it as PNG")
    );
    let two = [
        ("a/1.png", grey(2, 3, 1)),
        ("a/2.png", grey(2, 3, 1)),
        ("b/1.png", grey(3, 2, 1)),
        ("b/2.png", grey(9, 9, 1)),
    ];
    let said = "D/b/1.png: 3 wide and 2 high, but D/a/1.png is 2 wide and 3 high; pictures of one size fit";
    assert_eq!(refused(&two), said);
    assert!(matches!(Pictures::read(Path::new("nowhere")), Err(PicturesError::Folder { .. })));
}

proptest! {
    #[test]
    fn a_damaged_picture_is_read_or_refused(at in 0usize..200, value: u8, cut in 0usize..400, kind in 0usize..4) {
        let fixtures = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures"));
        let mut bytes = match kind {
            0 => grey(5, 5, 77),
            1 => fs::read(fixtures.join("grey.jpg")).unwrap(),
            2 => fs::read(fixtures.join("colour.jpg")).unwrap(),
            _ => fs::read(fixtures.join("progressive.jpg")).unwrap(),
        };
        let length = bytes.len();
        bytes[at % length] = value;
        bytes.truncate(if cut < 200 { length } else { cut.min(length) });
        if let Ok(picture) = Picture::from_bytes(&bytes) {
            prop_assert_eq!(picture.pixels.len(), picture.height * picture.width * picture.channels);
        }
    }
}
