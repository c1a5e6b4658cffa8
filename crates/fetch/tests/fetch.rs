//! Fetching from servers that do what servers do: break off, lie, stall, send elsewhere.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

mod support;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use limpid_fetch::{Download, Event, FetchError, Fetched, Reason, Settings, Unpacked, fetch, is_right};
use sha2::{Digest, Sha256};
use std::io::Write;
use support::{Act, Server, cut, partial, response, whole};

/// 300,000 bytes that do not repeat.
fn file() -> Vec<u8> {
    (0..300_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn download(folder: &Path, urls: &[String]) -> Download {
    let path = folder.join("set/file.gz");
    Download { path, urls: urls.to_vec(), bytes: file().len() as u64, sha256: sha256(&file()), unpacked: None }
}

/// As usual, and in a hurry.
fn settings() -> Settings {
    Settings {
        connect: Duration::from_secs(5),
        stall: Duration::from_millis(300),
        pause: Duration::ZERO,
        proxies: false,
        ..Settings::default()
    }
}

fn quietly(download: &Download) -> Result<Fetched, FetchError> {
    fetch(download, &settings(), &mut |_| {})
}

/// Fetches from one server that answers so, and gives its only reason.
fn reason(answer: impl Fn(&support::Request) -> Vec<Act> + Send + Sync + 'static) -> Reason {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(answer);
    let download = download(folder.path(), &[server.url("file.gz")]);
    let Err(FetchError::Mirrors { mut tried, .. }) = quietly(&download) else { panic!("it was fetched") };
    assert!(!download.path.exists());
    assert_eq!(tried.len(), 1);
    tried.remove(0).reason
}

/// The names in the folder of the file.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder.join("set")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_file_arrives_once_and_is_not_asked_for_again() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(|request| vec![Act::Send(whole(&file(), request))]);
    let download = download(folder.path(), &[server.url("deep/file.gz")]);
    assert!(!is_right(&download).unwrap());
    let mut last = (0, 0);
    let fetched = fetch(&download, &settings(), &mut |event| {
        if let Event::Progress { bytes, total } = event {
            assert!(bytes > last.0);
            last = (bytes, total);
        }
    });
    assert_eq!(fetched.unwrap(), Fetched::New);
    assert_eq!(last, (300_000, 300_000));
    assert_eq!(fs::read(&download.path).unwrap(), file());
    assert!(is_right(&download).unwrap());
    assert_eq!(quietly(&download).unwrap(), Fetched::Already);
    assert_eq!(names(folder.path()), ["file.gz"]);
    let requests = server.requests.lock().unwrap();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].path, "deep/file.gz");
    assert!(requests[0].headers.iter().any(|line| line.eq_ignore_ascii_case("accept-encoding: identity")));
}

#[test]
fn a_wrong_file_is_told_and_stays_until_the_right_one_takes_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let bad = Server::start(|_| vec![Act::Send(response("404 Not Found", &[], b"no"))]);
    let good = Server::start(|request| vec![Act::Send(whole(&file(), request))]);
    let mut download = download(folder.path(), &[bad.url("file.gz")]);
    fs::create_dir(folder.path().join("set")).unwrap();
    fs::write(&download.path, b"old").unwrap();
    assert!(quietly(&download).is_err());
    assert_eq!(fs::read(&download.path).unwrap(), b"old");
    download.urls = vec![good.url("file.gz")];
    let mut told = String::new();
    let fetched = fetch(&download, &settings(), &mut |event| {
        if let Event::Wrong { bytes: 3, sha256 } = event {
            told = sha256.to_string();
        }
    });
    assert_eq!(fetched.unwrap(), Fetched::Replaced);
    assert_eq!(told, sha256(b"old"));
    assert_eq!(fs::read(&download.path).unwrap(), file());
    assert_eq!(names(folder.path()), ["file.gz"]);
}

#[test]
fn a_connection_that_breaks_off_is_taken_up_where_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    // Every connection brings a twentieth: twenty breaks, none of them without progress.
    let server = Server::start(|request| vec![Act::Send(cut(&file(), request, 15_000))]);
    let download = download(folder.path(), &[server.url("file.gz")]);
    assert_eq!(quietly(&download).unwrap(), Fetched::New);
    assert_eq!(fs::read(&download.path).unwrap(), file());
    let asked = server.asked_from();
    assert_eq!(asked[..3], [None, Some(15_000), Some(30_000)]);
    assert_eq!(asked.len(), 20);
}

#[test]
fn what_has_come_is_taken_up_by_the_next_mirror_and_by_the_next_fetch() {
    let folder = tempfile::tempdir().unwrap();
    let stubborn = Server::start(|request| match request.from {
        None => vec![Act::Send(cut(&file(), request, 100_000))],
        Some(_) => vec![],
    });
    let good = Server::start(|request| vec![Act::Send(whole(&file(), request))]);
    let mut download = download(folder.path(), &[stubborn.url("file.gz")]);
    let message = quietly(&download).unwrap_err().to_string();
    assert!(message.contains("100000") || message.contains("no connection"), "{message}");
    assert_eq!(names(folder.path()), ["file.gz.part"]);
    // Another process, later.
    download.urls = vec![stubborn.url("file.gz"), good.url("file.gz")];
    assert_eq!(quietly(&download).unwrap(), Fetched::New);
    assert_eq!(fs::read(&download.path).unwrap(), file());
    assert_eq!(good.asked_from(), [Some(100_000)]);
}

#[test]
fn a_part_of_something_else_costs_one_more_request_and_not_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(|request| vec![Act::Send(whole(&file(), request))]);
    let download = download(folder.path(), &[server.url("file.gz")]);
    fs::create_dir(folder.path().join("set")).unwrap();
    for part in [&b"something else"[..], &[7; 300_000], &[7; 300_001], &file()[..299_999], &file()] {
        fs::write(folder.path().join("set/file.gz.part"), part).unwrap();
        assert_eq!(quietly(&download).unwrap(), Fetched::New, "{} bytes", part.len());
        assert_eq!(fs::read(&download.path).unwrap(), file());
        assert_eq!(names(folder.path()), ["file.gz"]);
        fs::remove_file(&download.path).unwrap();
    }
    // From the fourteenth byte, then all; a whole wrong part by 416 or at once; the last byte; nothing for a right one.
    assert_eq!(server.asked_from(), [Some(14), None, Some(300_000), None, None, Some(299_999)]);
}

#[test]
fn a_server_that_ignores_ranges_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(|request| {
        let whole = whole(&file(), &support::Request { from: None, ..request.clone() });
        vec![Act::Send(if request.nth == 0 { whole[..150_000].to_vec() } else { whole })]
    });
    let download = download(folder.path(), &[server.url("file.gz")]);
    assert_eq!(quietly(&download).unwrap(), Fetched::New);
    assert_eq!(fs::read(&download.path).unwrap(), file());
    assert_eq!(server.asked_from().len(), 2);
}

#[test]
fn a_server_that_ignores_ranges_and_always_breaks_off_is_given_up() {
    let server = |request: &support::Request| {
        let whole = whole(&file(), &support::Request { from: None, ..request.clone() });
        vec![Act::Send(whole[..150_000].to_vec())]
    };
    let reason = reason(server);
    assert!(matches!(reason, Reason::Cut { expected: 300_000, attempts: 4, .. }), "{reason}");
    assert!(reason.to_string().ends_with("of 300000 bytes, 4 times in a row"), "{reason}");
}

#[test]
fn a_range_that_was_not_asked_for_is_not_joined() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(|request| match request.from {
        Some(from) if request.nth < 2 => vec![Act::Send(partial(&file(), from + 1, 300_000))],
        _ => vec![Act::Send(cut(&file(), request, if request.nth == 0 { 1000 } else { 300_000 }))],
    });
    let download = download(folder.path(), &[server.url("file.gz")]);
    assert_eq!(quietly(&download).unwrap(), Fetched::New);
    assert_eq!(fs::read(&download.path).unwrap(), file());
}

#[test]
fn an_announced_length_that_is_not_the_files_is_refused_before_it_is_read() {
    for length in [0u64, 299_999, 300_001, u64::MAX] {
        let reason = reason(move |_| {
            let head = response("200 OK", &[&format!("Content-Length: {length}")], &[0; 1000]);
            vec![Act::Send(head), Act::Wait(Duration::from_secs(2))]
        });
        assert!(matches!(reason, Reason::Announced { announced, .. } if announced == length), "{reason}");
    }
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("set")).unwrap();
    fs::write(folder.path().join("set/file.gz.part"), &file()[..1000]).unwrap();
    let server = Server::start(|request| vec![Act::Send(partial(&file(), request.from.unwrap(), 1 << 40))]);
    let message = quietly(&download(folder.path(), &[server.url("file.gz")])).unwrap_err().to_string();
    assert!(message.contains("announces 1099511627776 bytes, but the file has 300000"), "{message}");
    // The mirror is wrong, not what came before.
    assert_eq!(fs::read(folder.path().join("set/file.gz.part")).unwrap(), &file()[..1000]);
}

#[test]
fn a_body_without_an_end_is_read_no_further_than_the_files_length() {
    let began = Instant::now();
    let reason = reason(|_| {
        let head = response("200 OK", &[], b"");
        vec![Act::Send(head), Act::Slowly(vec![7; 1 << 26], 1 << 16, Duration::ZERO)]
    });
    assert!(matches!(reason, Reason::TooMuch { expected: 300_000 }), "{reason}");
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_chunked_body_is_as_good_as_one_with_a_length() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(|_| {
        let mut body = Vec::new();
        for chunk in file().chunks(50_000) {
            body.extend(format!("{:x}\r\n", chunk.len()).bytes());
            body.extend(chunk);
            body.extend(b"\r\n");
        }
        body.extend(b"0\r\n\r\n");
        vec![Act::Send(response("200 OK", &["Transfer-Encoding: chunked"], &body))]
    });
    let download = download(folder.path(), &[server.url("file.gz")]);
    assert_eq!(quietly(&download).unwrap(), Fetched::New);
}

#[test]
fn wrong_bytes_are_refused_naming_both_checksums() {
    let mut wrong = file();
    wrong[1000] ^= 1;
    let found = sha256(&wrong);
    let reason = reason(move |request| vec![Act::Send(whole(&wrong, request))]);
    let message = reason.to_string();
    assert_eq!(
        message,
        format!("sends another file: its 300000 bytes have SHA-256 {found}, expected {}", sha256(&file()))
    );
}

#[test]
fn a_content_encoding_is_a_word_about_the_file_and_never_undone() {
    // Servers call a .gz file gzip-encoded: the bytes are the file's.
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(|request| {
        let length = format!("Content-Length: {}", file().len());
        assert!(request.from.is_none());
        vec![Act::Send(response("200 OK", &[&length, "Content-Encoding: gzip"], &file()))]
    });
    assert_eq!(quietly(&download(folder.path(), &[server.url("file.gz")])).unwrap(), Fetched::New);
    // One that packs it though asked not to is told by the length, or the checksum.
    let packed = gzip(&file(), 9);
    let length = format!("Content-Length: {}", packed.len());
    let reason = reason(move |_| vec![Act::Send(response("200 OK", &[&length, "Content-Encoding: gzip"], &packed))]);
    assert!(matches!(reason, Reason::Announced { .. }), "{reason}");
    assert!(reason.to_string().ends_with("(sent with the content encoding gzip)"), "{reason}");
}

#[test]
fn redirections_are_followed_but_not_in_circles_and_not_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(|request| match request.path.as_str() {
        "a" => vec![Act::Send(response("302 Found", &["Location: /deep/b"], b"moved"))],
        "deep/b" => vec![Act::Send(response("307 Temporary Redirect", &["Location: c?x=1"], b""))],
        _ => vec![Act::Send(whole(&file(), request))],
    });
    assert_eq!(quietly(&download(folder.path(), &[server.url("a")])).unwrap(), Fetched::New);
    let paths: Vec<_> = server.requests.lock().unwrap().iter().map(|request| request.path.clone()).collect();
    assert_eq!(paths, ["a", "deep/b", "deep/c?x=1"]);

    let circle = reason(|request| {
        let to = if request.path == "file.gz" { "Location: /b" } else { "Location: /file.gz" };
        vec![Act::Send(response("301 Moved Permanently", &[to], b""))]
    });
    assert!(matches!(circle, Reason::Redirected { count: 2, circle: true, .. }), "{circle}");
    assert!(circle.to_string().ends_with("/file.gz, where it was before"), "{circle}");

    let endless =
        reason(|request| vec![Act::Send(response("302 Found", &[&format!("Location: /{}", request.nth)], b""))]);
    assert!(matches!(endless, Reason::Redirected { count: 9, circle: false, .. }), "{endless}");

    for nowhere in ["file:///etc/passwd", "http://", "gopher://lake/"] {
        let reason = reason(move |_| vec![Act::Send(response("302 Found", &[&format!("Location: {nowhere}")], b""))]);
        assert!(matches!(reason, Reason::Address { .. }), "{reason}");
    }
}

#[test]
fn a_silent_server_is_waited_for_as_long_as_was_said() {
    let began = Instant::now();
    let silent = reason(|_| vec![Act::Wait(Duration::from_secs(20))]);
    assert!(matches!(silent, Reason::Stalled { .. }), "{silent}");
    assert_eq!(silent.to_string(), "nothing came for 0.3 s");
    // In the middle of the file, and after each attempt to go on.
    let stalls = reason(|request| vec![Act::Send(cut(&file(), request, 100)), Act::Wait(Duration::from_secs(20))]);
    assert!(matches!(stalls, Reason::Stalled { .. }), "{stalls}");
    // Headers that never end.
    let dripping = reason(|_| {
        let endless = [b"HTTP/1.1 200 OK\r\nX: ".to_vec(), vec![b'x'; 10_000]].concat();
        vec![Act::Slowly(endless, 1, Duration::from_millis(20))]
    });
    assert!(matches!(dripping, Reason::Stalled { .. }), "{dripping}");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[test]
fn mirrors_are_tried_in_turn_and_each_reason_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Server::start(|_| vec![Act::Send(response("404 Not Found", &[], b"<html>"))]);
    let broken = Server::start(|_| vec![Act::Send(response("500 Internal Server Error", &[], b""))]);
    let babble = Server::start(|_| vec![Act::Send(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec())]);
    let good = Server::start(|request| vec![Act::Send(whole(&file(), request))]);
    let mut download = download(
        folder.path(),
        &[
            missing.url("a"),
            broken.url("b"),
            babble.url("c"),
            // Nobody listens on port 1.
            "http://127.0.0.1:1/d".to_string(),
            "ftp://127.0.0.1/e".to_string(),
            "/home/file.gz".to_string(),
        ],
    );
    let mut failed = 0;
    let error =
        fetch(&download, &settings(), &mut |event| failed += usize::from(matches!(event, Event::Failed { .. })));
    let message = error.unwrap_err().to_string();
    let lines: Vec<_> = message.lines().collect();
    assert_eq!(failed, 6);
    assert_eq!(lines.len(), 8, "{message}");
    assert_eq!(lines[0], "file.gz could not be fetched:");
    assert!(lines[1].ends_with("/a: the server answers 404 (not there)"), "{message}");
    assert!(lines[2].ends_with("/b: the server answers 500 (it has trouble of its own)"), "{message}");
    assert!(lines[3].contains("/c: no connection: "), "{message}");
    assert!(lines[4].contains("/d: no connection: ") && lines[4].to_lowercase().contains("refused"), "{message}");
    assert!(lines[5].contains("is not an address that can be used; expected one that begins with https:// or http://"));
    assert!(lines[6].contains("is not an address"), "{message}");
    assert_eq!(lines[7], "try again later, or name another mirror");
    assert!(names(folder.path()).is_empty());

    download.urls.push(good.url("f"));
    assert_eq!(quietly(&download).unwrap(), Fetched::New);
    assert_eq!(good.requests.lock().unwrap().len(), 1);
}

#[test]
fn without_a_network_the_error_says_what_to_check() {
    let folder = tempfile::tempdir().unwrap();
    let urls = ["http://127.0.0.1:1/a".to_string(), "https://limpid.invalid/b".to_string()];
    let message = quietly(&download(folder.path(), &urls)).unwrap_err().to_string();
    assert!(message.contains("\n  http://127.0.0.1:1/a: no connection: "), "{message}");
    assert!(message.contains("\n  https://limpid.invalid/b: no connection: "), "{message}");
    assert!(message.contains("check the network, and the proxy if you need one (HTTPS_PROXY"), "{message}");
}

#[test]
fn a_file_packed_anew_is_as_good_where_its_contents_are_known() {
    let contents: Vec<u8> = (0..200_000u32).map(|i| (i / 7 % 251) as u8).collect();
    let (published, anew) = (gzip(&contents, 9), gzip(&contents, 1));
    assert_ne!(published, anew);
    let bomb = gzip(&vec![0; 50 << 20], 9);
    let other = gzip(&contents[1..], 9);
    let known = Some(Unpacked { bytes: 200_000, sha256: sha256(&contents) });
    let bytes = published.len() as u64;
    for (served, knows, right) in [
        (&published, false, true),
        (&anew, false, false),
        (&anew, true, true),
        (&bomb, true, false),
        (&other, true, false),
    ] {
        for announced in [true, false] {
            let folder = tempfile::tempdir().unwrap();
            let file = served.clone();
            let server = Server::start(move |request| {
                vec![Act::Send(if announced { whole(&file, request) } else { response("200 OK", &[], &file) })]
            });
            let download = Download {
                sha256: sha256(&published),
                bytes,
                unpacked: known.clone().filter(|_| knows),
                ..download(folder.path(), &[server.url("file.gz")])
            };
            assert_eq!(quietly(&download).is_ok(), right, "{} bytes, {knows}, {announced}", served.len());
            assert_eq!(is_right(&download).unwrap(), right);
        }
    }
}

#[test]
fn two_fetches_at_once_ask_for_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(|request| vec![Act::Slowly(whole(&file(), request), 20_000, Duration::from_millis(10))]);
    let download = download(folder.path(), &[server.url("file.gz")]);
    let fetched: Vec<(Fetched, bool)> = std::thread::scope(|scope| {
        let fetches: Vec<_> = (0..6)
            .map(|_| {
                scope.spawn(|| {
                    let mut waited = false;
                    let fetched =
                        fetch(&download, &settings(), &mut |event| waited |= matches!(event, Event::Waiting)).unwrap();
                    (fetched, waited)
                })
            })
            .collect();
        fetches.into_iter().map(|fetch| fetch.join().unwrap()).collect()
    });
    assert_eq!(fetched.iter().filter(|(fetched, _)| *fetched == Fetched::New).count(), 1);
    assert!(fetched.iter().any(|(_, waited)| *waited));
    assert_eq!(server.requests.lock().unwrap().len(), 1);
    assert_eq!(fs::read(&download.path).unwrap(), file());
    assert_eq!(names(folder.path()), ["file.gz"]);
}

#[test]
fn a_place_that_takes_no_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(|request| vec![Act::Send(whole(&file(), request))]);
    let download = download(folder.path(), &[server.url("a")]);
    fs::write(folder.path().join("set"), b"a file").unwrap();
    let message = quietly(&download).unwrap_err().to_string();
    assert!(message.contains("set: ") && message.contains("a file stands where a folder should"), "{message}");
    fs::remove_file(folder.path().join("set")).unwrap();
    fs::create_dir_all(&download.path).unwrap();
    let message = quietly(&download).unwrap_err().to_string();
    assert!(message.contains("file.gz: "), "{message}");
    assert!(server.requests.lock().unwrap().is_empty());
}

fn gzip(bytes: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Whatever stands at the place of the part or of the file is neither written to nor waited for.
#[test]
#[cfg(unix)]
fn links_pipes_and_folders_in_the_way_are_refused_and_stay_as_they_are() {
    use std::os::unix::fs::symlink;

    let server = Server::start(|request| vec![Act::Send(whole(&file(), request))]);
    type Plant = fn(&Path, &Path);
    let table: [(&str, Plant, &str); 6] = [
        ("file.gz.part", |victim, place| symlink(victim, place).unwrap(), "this is a link"),
        ("file.gz.part", |_, place| symlink("nowhere", place).unwrap(), "this is a link"),
        ("file.gz.part", |victim, place| fs::hard_link(victim, place).unwrap(), "several names (hard links)"),
        ("file.gz.part", |_, place| fs::create_dir(place).unwrap(), "this is a folder"),
        ("file.gz.part", |_, place| pipe(place), "this is a pipe, a socket or a device"),
        ("file.gz", |_, place| pipe(place), "this is a pipe, a socket or a device"),
    ];
    for (name, plant, said) in table {
        let folder = tempfile::tempdir().unwrap();
        let download = download(folder.path(), &[server.url("file.gz")]);
        fs::create_dir(folder.path().join("set")).unwrap();
        let victim = folder.path().join("victim");
        fs::write(&victim, b"precious").unwrap();
        plant(&victim, &folder.path().join("set").join(name));
        let message = quietly(&download).unwrap_err().to_string();
        assert!(message.contains(said) && message.contains(name), "{message}");
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
        assert_eq!(names(folder.path()), [name]);
        assert!(!folder.path().join("set/nowhere").exists());
    }
}

#[test]
#[cfg(unix)]
fn a_link_at_the_files_own_place_is_replaced_and_what_it_leads_to_stays() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(|request| vec![Act::Send(whole(&file(), request))]);
    let download = download(folder.path(), &[server.url("file.gz")]);
    fs::create_dir(folder.path().join("set")).unwrap();
    let victim = folder.path().join("victim");
    fs::write(&victim, b"precious").unwrap();
    std::os::unix::fs::symlink(&victim, &download.path).unwrap();
    assert_eq!(quietly(&download).unwrap(), Fetched::Replaced);
    assert!(!download.path.is_symlink());
    assert_eq!(fs::read(&download.path).unwrap(), file());
    assert_eq!(fs::read(&victim).unwrap(), b"precious");
}

#[cfg(unix)]
fn pipe(place: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(place).status().unwrap().success());
}
