//! Pictures: what each kind of PNG and JPEG is brought to, and how a folder of them is read.

#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::fs;
use std::path::Path;

use limpid_files::{Picture, PictureError, PictureFolder, Pictures, PicturesError, read_picture};
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
    let colour = Picture { height: 1, width: 2, channels: 3, pixels: vec![1, 2, 3, 255, 0, 0], alpha: None };
    assert_eq!(colour.planes(3), [1, 255, 2, 0, 3, 0]);
    assert_eq!(colour.planes(1), [2, 76]);
    let grey = Picture { height: 1, width: 2, channels: 1, pixels: vec![9, 8], alpha: None };
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
    let found = PictureFolder::find(folder.path()).unwrap();
    assert_eq!((found.train, found.test, found.notes), (folder.path().to_path_buf(), None, Vec::new()));
}

/// A folder with an empty file at each of these places, and what was found in it: train, test, notes.
fn found(files: &[&str]) -> (String, Option<String>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &files.iter().map(|name| (*name, Vec::new())).collect::<Vec<_>>());
    let short = |text: String| text.replace(&folder.path().display().to_string(), "D");
    let shown = |path: &Path| short(path.display().to_string());
    let found = PictureFolder::find(folder.path()).unwrap();
    let notes = found.notes.into_iter().map(short).collect();
    (shown(&found.train), found.test.as_deref().map(shown), notes)
}

#[test]
fn parts_are_known_by_their_names_in_all_their_forms() {
    let table = [
        ("train", "test"),
        ("train", "val"),
        ("train", "valid"),
        ("train", "validation"),
        ("training", "test"),
        ("Training", "Testing"),
        ("TRAIN", "TEST"),
        ("training_set", "test_set"),
        ("train-set", "dev"),
        ("train_images", "test_images"),
        ("trainingData", "evaluation"),
        ("Train data", "eval"),
        ("trn", "tst"),
    ];
    for (train, test) in table {
        let files = [format!("{train}/a/1.png"), format!("{train}/b/1.png"), format!("{test}/a/2.png")];
        let (found_train, found_test, notes) = found(&files.each_ref().map(String::as_str));
        assert_eq!((found_train, found_test), (format!("D/{train}"), Some(format!("D/{test}"))));
        let is_said = notes == [format!("D/{test} is held out as the test set")];
        assert_eq!(is_said, !test.to_lowercase().starts_with('t'), "{test}: {notes:?}");
    }
    let three = ["train/a/1.png", "val/a/1.png", "test/a/1.png", "extra/x.png"];
    let notes = [
        "D/val is left out: neither trained nor tested on".to_string(),
        "1 folder beside the parts left out, such as D/extra".to_string(),
    ];
    assert_eq!(found(&three), ("D/train".into(), Some("D/test".into()), notes.to_vec()));
}

#[test]
fn one_folder_around_everything_is_stepped_into() {
    let parts = |place: &str| (format!("D/{place}/train"), Some(format!("D/{place}/test")));
    for place in ["data", "seas/seas", "a/b/c"] {
        let files = [format!("{place}/train/a/1.png"), format!("{place}/test/a/1.png"), "__MACOSX/x/._1.png".into()];
        let (train, test, notes) = found(&files.each_ref().map(String::as_str));
        assert_eq!(((train, test), notes), (parts(place), Vec::new()));
    }
    let (train, test, notes) = found(&["seas/a/1.png", "seas/b/1.png"]);
    assert_eq!((train, test, notes), ("D/seas".into(), None, vec!["the classes are the folders of D/seas".into()]));
    let (train, test, _) = found(&["train/a/1.png", "train/b/1.png"]);
    assert_eq!((train, test), ("D/train".into(), None));
}

#[test]
fn a_class_may_be_called_as_a_part_is() {
    let (train, test, notes) = found(&["train/1.png", "bus/1.png", "test/1.png"]);
    assert_eq!((train, test, notes), ("D".into(), None, Vec::new()));
}

#[test]
fn a_flat_test_folder_and_a_class_of_the_test_alone_are_named() {
    let (train, test, notes) = found(&["train/a/1.png", "train/b/1.png", "test/7.png"]);
    assert_eq!((train, test), ("D/train".into(), None));
    assert!(notes.len() == 1 && notes[0].starts_with("D/test has no class folders"), "{notes:?}");
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &["train/a/1.png", "test/a/1.png", "test/zebra/1.png"].map(|name| (name, Vec::new())));
    let said = PictureFolder::find(folder.path()).unwrap_err().to_string();
    let short = said.replace(&folder.path().display().to_string(), "D");
    assert!(
        short.starts_with("the class `zebra` is only in D/test, so nothing can be learned about it; put"),
        "{short}"
    );
}

#[test]
fn what_systems_leave_behind_is_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[
            ("a/1.png", grey(1, 1, 1)),
            ("b/1.png", grey(1, 1, 2)),
            ("b/Thumbs.db", vec![0; 9]),
            ("b/desktop.ini", b"[x]".to_vec()),
            ("b/._1.png", b"\0\x05\x16\x07".to_vec()),
            (".ipynb_checkpoints/1.png", grey(1, 1, 1)),
            ("a/.ipynb_checkpoints/1.png", grey(9, 9, 1)),
            ("__MACOSX/a/._1.png", vec![0; 9]),
            ("$RECYCLE.BIN/x", vec![0; 9]),
        ],
    );
    let pictures = Pictures::read(folder.path()).unwrap();
    assert_eq!((pictures.classes, pictures.paths.len(), pictures.others), (vec!["a".into(), "b".into()], 2, vec![]));
}

#[test]
fn a_picture_is_told_by_its_bytes_and_not_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let jpeg = fs::read(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/grey.jpg"))).unwrap();
    let size = Picture::from_bytes(&jpeg).unwrap();
    let png = grey(size.width as u32, size.height as u32, 7);
    write(
        folder.path(),
        &[
            ("a/1.jfif", jpeg.clone()),
            ("a/2.png", jpeg.clone()),
            ("a/3", jpeg.clone()),
            ("b/4.jpg", png.clone()),
            ("b/5.dat", png),
            ("b/6.txt", b"words".to_vec()),
        ],
    );
    let pictures = Pictures::read(folder.path()).unwrap();
    assert_eq!((pictures.paths.len(), pictures.others.len()), (5, 1));
    for (name, bytes, said) in [
        ("w.webp", &b"RIFF\x24\0\0\0WEBPVP8 "[..], "found a WebP picture; save it as PNG"),
        ("w.jpg", b"RIFF\x24\0\0\0WEBPVP8 ", "found a WebP picture; save it as PNG"),
        ("w.gif", b"GIF89a\x08\0", "found a GIF picture; save it as PNG"),
        ("w.png", b"version https://git-lfs.github.com/spec/v1\n", "found a Git LFS pointer"),
        ("w.png", b"\x89PNG\n\x1a\n", "found a PNG picture whose line ends a transfer has changed"),
        ("w.png", b"<!doctype html>", "found a web page (HTML)"),
    ] {
        fs::write(folder.path().join("a").join(name), bytes).unwrap();
        let message = Pictures::read(folder.path()).unwrap_err().to_string();
        assert!(message.contains(name) && message.contains(said), "{message}");
        fs::remove_file(folder.path().join("a").join(name)).unwrap();
    }
}

/// A PNG of one indexed pixel whose palette has so many bytes.
fn png_with_palette(bytes: usize) -> Vec<u8> {
    let chunk = |kind: &[u8; 4], data: &[u8]| {
        let body = [&kind[..], data].concat();
        [&(data.len() as u32).to_be_bytes()[..], &body, &crc32(&body).to_be_bytes()].concat()
    };
    let header = [0, 0, 0, 1, 0, 0, 0, 1, 8, 3, 0, 0, 0];
    let pixels = [0x78, 0x9c, 0x63, 0, 0, 0, 2, 0, 1];
    let parts = [(b"IHDR", &header[..]), (b"PLTE", &vec![7; bytes][..]), (b"IDAT", &pixels), (b"IEND", &[])];
    let chunks: Vec<u8> = parts.into_iter().flat_map(|(kind, data)| chunk(kind, data)).collect();
    [&b"\x89PNG\r\n\x1a\n"[..], &chunks].concat()
}

/// The checksum of a PNG's chunks (ISO 3309), bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 };
    !bytes.iter().fold(!0u32, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), |crc, _| step(crc)))
}

#[test]
fn a_palette_of_any_length_is_read_or_refused() {
    for bytes in (0..=8).chain([100, 766, 767, 768, 769, 770, 1000]) {
        match Picture::from_bytes(&png_with_palette(bytes)) {
            Ok(picture) => assert_eq!((picture.pixels.len(), bytes % 3), (3, 0), "{bytes}"),
            Err(error) => assert!(error.to_string().starts_with("a damaged PNG ("), "{bytes}: {error}"),
        }
    }
}

#[test]
fn a_folder_that_does_not_fit_is_refused_with_the_path() {
    let refused = |files: &[(&str, Vec<u8>)]| {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), files);
        Pictures::read(folder.path()).unwrap_err().to_string().replace(&folder.path().display().to_string(), "D")
    };
    assert!(refused(&[("a.png", grey(1, 1, 1))]).starts_with("D: there is no folder in it"));
    assert!(
        refused(&[("a/x.bmp", b"BM".to_vec())])
            .starts_with("D/a/x.bmp: expected a PNG or JPEG picture, found text that begins")
    );
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
    let said = "D/b/1.png: 3 wide and 2 high, but D/a/1.png is 2 wide and 3 high; use pictures of one size";
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
