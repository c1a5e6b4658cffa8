//! Every stop runs; its numbers are those of the notes; its pictures are whole; the site holds together.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

use limpid::draw::{Rect, Scene};
use limpid::page::Page;
use limpid_book::{ROWS, STOPS, Site, chapters, find};

/// The site, built once for all tests.
fn site() -> &'static Site {
    static SITE: OnceLock<Site> = OnceLock::new();
    SITE.get_or_init(|| {
        let site = Site::build(|_| ()).unwrap();
        assert!(site.lacking.is_empty(), "{:?}", site.lacking);
        site
    })
}

/// The text of a page, without its tags.
fn shown(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            _ if !inside => text.push(c),
            _ => {}
        }
    }
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// What a stop's program has printed.
pub(crate) fn printed(number: &str) -> String {
    shown(page_of(number).split_once("Numbers and pictures").unwrap().1)
}

/// The line of a stop's output that begins so, without its beginning.
pub(crate) fn line(text: &str, begins: &str) -> String {
    let mut lines = text.lines().map(str::trim);
    let found = lines.find_map(|line| line.strip_prefix(begins));
    found.unwrap_or_else(|| panic!("no line begins with {begins:?}:\n{text}")).to_string()
}

/// The numbers in a line, as they come.
pub(crate) fn numbers(line: &str) -> Vec<f64> {
    let is_of_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | '-');
    let words = line.split(|c: char| !is_of_number(c));
    words.filter_map(|word| word.trim_end_matches('.').parse().ok()).collect()
}

fn page_of(number: &str) -> &'static str {
    let name = format!("{number}.html");
    &site().files.iter().find(|(file, _)| *file == name).unwrap().1
}

#[test]
fn each_row_is_printed_by_its_stop_to_the_last_digit() {
    let mut missing = Vec::new();
    for row in ROWS {
        let stops: Vec<_> = STOPS.iter().filter(|stop| stop.rows.contains(&row.id)).collect();
        assert!(!stops.is_empty(), "no stop shows row {}", row.id);
        assert!(!row.printed.is_empty(), "row {} asks its stop for nothing", row.id);
        let text: String = stops.iter().map(|stop| shown(page_of(stop.number))).collect();
        // The words explain; the numbers are in what the program printed.
        let printed = text.split("Numbers and pictures").skip(1).collect::<String>();
        missing.extend(row.printed.iter().filter(|wanted| !printed.contains(**wanted)).map(|wanted| (row.id, wanted)));
    }
    assert!(missing.is_empty(), "not printed: {missing:#?}");
}

#[test]
fn every_row_that_a_stop_names_exists() {
    let known: BTreeSet<&str> = ROWS.iter().map(|row| row.id).collect();
    assert_eq!(known.len(), ROWS.len());
    for stop in STOPS {
        assert!(stop.rows.iter().all(|row| known.contains(row)), "{}: {:?}", stop.number, stop.rows);
    }
}

#[test]
fn stops_are_numbered_through_and_their_programs_are_at_most_60_lines() {
    for chapter in chapters() {
        for (place, stop) in chapter.stops.iter().enumerate() {
            assert_eq!(stop.number, format!("{}.{}", chapter.number, place + 1));
            assert!(stop.source.lines().count() <= 60, "{} has {} lines", stop.example, stop.source.lines().count());
            assert!(stop.source.starts_with("//! "), "{} does not say what it does", stop.example);
        }
    }
    let programs: BTreeSet<String> = STOPS.iter().map(|stop| format!("{}.rs", stop.example)).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../limpid/examples");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(files.collect::<BTreeSet<_>>(), programs, "each example is a stop's");
}

#[test]
fn the_librarys_guide_has_a_page_for_each_stop_and_a_line_on_it() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../limpid/src");
    let read = |name: &str| std::fs::read_to_string(source.join(name)).unwrap();
    let guide = read("guide.rs");
    for chapter in chapters() {
        let page = read(&format!("guide/chapter_{}.md", chapter.number));
        for stop in chapter.stops {
            let entry = format!("    {} {:?} {:?};\n", stop.example, stop.number, stop.title);
            assert!(guide.contains(&entry), "guide.rs has no {entry}");
            let line = format!("[{} {}](chapter_{}::{})", stop.number, stop.title, chapter.number, stop.example);
            assert!(page.contains(&line), "chapter {} has no {line}", chapter.number);
        }
    }
}

#[test]
fn a_stop_that_stands_alone_leads_nowhere_else() {
    let stop = find("5.2").unwrap();
    let mut page = Page::new(80, false);
    (stop.run)(&mut page).unwrap();
    page.end();
    let alone = Site::of_stop(stop, &page).unwrap();
    assert_eq!(alone.first(), "5.2.html");
    let names: Vec<&str> = alone.files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["5.2.html", "style.css", "script.js"]);
    let text = &alone.files[0].1;
    let leads_to = |mark: &str| text.split(mark).skip(1).filter_map(|rest| rest.split('"').next()).collect::<Vec<_>>();
    for target in [leads_to("href=\""), leads_to("src=\"")].concat() {
        assert!(target.starts_with("data:") || names.contains(&target), "{target}");
    }
    assert!(text.contains("220.00000000000003") && !text.contains("id=\"query\"") && !text.contains("id=\"road\""));
}

fn check_labels(number: &str, name: &str, scene: &Scene) {
    let labels: Vec<_> = scene.labels().into_iter().filter(|(text, _)| !text.content.is_empty()).collect();
    let whole = Rect::new(0.0, 0.0, scene.width, scene.height).grown(1.0);
    assert!(!scene.items.is_empty(), "{number}: {name} is empty");
    for (place, (text, bounds)) in labels.iter().enumerate() {
        assert!(whole.encloses(bounds), "{number}: {name}: {:?} leaves the picture", text.content);
        for (other, other_bounds) in &labels[..place] {
            let touch = bounds.grown(-0.5).overlaps(&other_bounds.grown(-0.5));
            assert!(!touch, "{number}: {name}: {:?} covers {:?}", text.content, other.content);
        }
    }
}

#[test]
fn every_picture_of_the_book_is_whole_and_its_labels_stand_apart() {
    for (number, picture) in &site().pictures {
        check_labels(number, &picture.name, &picture.scene);
        check_labels(number, &format!("{} (narrow)", picture.name), &picture.narrow);
        assert!(picture.terminal.lines().count() > 2, "{number}: {}", picture.name);
        let widest = picture.terminal.lines().map(limpid::draw::text_cells).max().unwrap();
        assert!(widest <= 80, "{number}: {} takes {widest} columns", picture.name);
    }
    assert!(site().pictures.len() > 50);
}

#[test]
fn every_link_and_reference_of_the_site_leads_to_a_file_of_it() {
    let files: BTreeSet<&str> = site().files.iter().map(|(name, _)| name.as_str()).collect();
    let mut linked = BTreeSet::from(["index.html"]);
    for (name, text) in site().files.iter().filter(|(name, _)| name.ends_with(".html")) {
        for mark in ["href=\"", "src=\""] {
            for target in text.split(mark).skip(1).filter_map(|rest| rest.split('"').next()) {
                // A place within a page is one that the page names.
                let (file, place) = target.split_once('#').unwrap_or((target, ""));
                if !target.starts_with("data:") {
                    assert!(files.contains(file), "{name} leads to {target}");
                    linked.insert(file);
                }
                if !place.is_empty() {
                    let (_, page) = site().files.iter().find(|(name, _)| name == file).unwrap();
                    assert!(page.contains(&format!("id=\"{place}\"")), "{name} leads to {target}");
                }
            }
        }
        let outside = text.replace("http://www.w3.org/2000/svg", "").replace("http://www.w3.org/1998/Math/MathML", "");
        assert!(!outside.contains("://"), "{name} names something outside");
        for tag in ["<main>", "id=\"query\"", "rel=\"stylesheet\""] {
            assert_eq!(text.matches(tag).count(), 1, "{name}: {tag}");
        }
    }
    assert_eq!(linked, files, "every file can be reached");
}

#[test]
fn the_warnings_of_the_notes_each_have_their_sentence() {
    let warnings = [
        ("1.1", "element by element"),
        ("3.2", "row by row"),
        ("4.1", "there is no mean in it"),
        ("4.2", "agrees with the one-hot form"),
        ("4.2", "normal"),
        ("4.6", "grows"),
        ("4.7", "saddle point"),
        ("4.7", "plateau and vanishing gradients are not the same"),
        ("4.9", "sigmoid before the softmax"),
        ("5.5", "never overwrites"),
        ("5.5", "takes no arguments"),
        ("5.5", "set up when it is made"),
    ];
    for (number, wanted) in warnings {
        let page = page_of(number);
        let asides = page.split("<aside class=\"warning\">").skip(1).filter_map(|rest| rest.split("</aside>").next());
        let text = shown(&asides.collect::<String>()).replace('\n', " ");
        assert!(text.contains(wanted), "{number} does not warn of {wanted:?}: {text}");
    }
}

#[test]
fn a_stop_that_is_named_in_the_words_is_a_link_and_so_are_the_notes() {
    assert!(page_of("5.6").contains("<a href=\"3.9.html\">stop 3.9</a>"));
    let index = &site().files.iter().find(|(name, _)| name == "index.html").unwrap().1;
    assert!(index.contains("id=\"notes\""));
    for stop in STOPS.iter().filter(|stop| stop.words.contains("the notes") || stop.words.contains("The notes")) {
        assert!(page_of(stop.number).contains("href=\"index.html#notes\""), "{}", stop.number);
    }
}

#[test]
fn every_page_lists_the_stops_and_marks_its_own() {
    for stop in STOPS {
        let page = page_of(stop.number);
        let road = page.split("<nav class=\"road\"").nth(1).and_then(|rest| rest.split("</nav>").next()).unwrap();
        assert_eq!(road.matches("<a href=").count(), STOPS.len(), "{}", stop.number);
        let here = format!("<a href=\"{}.html\" aria-current=\"page\">", stop.number);
        assert!(road.contains(&here) && road.matches("aria-current").count() == 1, "{}", stop.number);
    }
}

#[test]
fn in_a_terminal_no_word_of_tex_is_left() {
    for stop in STOPS {
        let head = limpid_book::head(stop, 80, false);
        let without = head.replace("$ limpid", "").replace(" \\\n", "\n");
        assert!(!without.contains('$') && !without.contains('\\'), "{}: {head}", stop.number);
        assert!(head.lines().all(|line| limpid::draw::text_cells(line) <= 80), "{}: {head}", stop.number);
    }
}

#[test]
fn an_unknown_stop_is_answered_with_those_near_it() {
    assert_eq!(find("4.4").unwrap().example, "differences");
    assert_eq!(find("xor").unwrap().number, "2.2");
    let message = find("4.44").unwrap_err().to_string();
    assert!(message.contains("chapter 4 has 4.1, 4.2"), "{message}");
    let message = find("softmaxx").unwrap_err().to_string();
    assert!(message.contains("3.2"), "{message}");
    assert!(find("").unwrap_err().to_string().contains("`limpid book` lists"));
}

#[test]
fn the_exercise_takes_right_answers_and_hints_at_wrong_ones() {
    let mut page = Page::new(80, false);
    let answers = "650\n1\n1.1\n1,1\n1.1\n165\n3.3\n1.1\n110\n2.2\n";
    limpid_book::ask(&mut page, answers.as_bytes()).unwrap();
    let words = page.words();
    assert!(words.contains("not yet: it goes into"), "{words}");
    assert!(words.matches("  right").count() >= 4, "{words}");
    assert_eq!(page.pictures().count(), 1);
}
