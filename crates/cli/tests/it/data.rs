//! `limpid data`: data sets fetched from a server on loopback, listed, described and shown.

#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::server::{Act, Request, Server, response, whole};
use crate::support::{Place, published};

const NAMES: [&str; 4] = [
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
];

/// MNIST's files, packed anew.
fn files() -> HashMap<String, Vec<u8>> {
    NAMES.into_iter().map(|name| (name.to_string(), fs::read(published().join(name)).unwrap())).collect()
}

/// A server that has MNIST's files below `data/mnist`, and sends them through `sent`.
fn server(sent: impl Fn(Vec<u8>) -> Act + Send + Sync + 'static) -> Server {
    let files = Arc::new(files());
    Server::start(move |request: &Request| {
        let file = request.path.strip_prefix("data/mnist/").and_then(|name| files.get(name));
        match file {
            Some(file) => vec![sent(whole(file, request))],
            None => vec![Act::Send(response("404 Not Found", &[], b"no such file"))],
        }
    })
}

/// The command, where no data set is found and no proxy stands between.
fn command(place: &Place, arguments: &[&str]) -> Command {
    let mut command = place.command(arguments);
    for proxy in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(proxy).env_remove(proxy.to_ascii_lowercase());
    }
    command.env("LIMPID_DATA", place.path("data")).env("XDG_CACHE_HOME", place.path("cache"));
    command
}

#[test]
fn a_fetched_set_is_where_it_is_looked_for_and_is_not_fetched_again() {
    let place = Place::new();
    let server = server(Act::Send);
    let mirror = server.url("data/");
    let fetch = |more: &[&str]| {
        let usual = ["data", "fetch", "mnist", "--folder", "data", "--mirror", &mirror, "--format", "json"];
        let arguments = [&usual, more].concat();
        place.outcome(command(&place, &arguments)).done()
    };
    let first = fetch(&[]);
    assert_eq!(first.json()["sets"][0]["folder"], "data/mnist");
    let states = |outcome: &crate::support::Outcome| -> Vec<String> {
        let report = outcome.json();
        let files = report["sets"][0]["files"].as_array().unwrap();
        files.iter().map(|file| file["state"].as_str().unwrap().to_string()).collect()
    };
    assert_eq!(states(&first), ["fetched"; 4]);
    let said = format!("train-images-idx3-ubyte.gz: from {mirror}mnist/train-images-idx3-ubyte.gz");
    assert!(first.stderr.contains(&said), "{}", first.stderr);
    for (name, bytes) in files() {
        assert!(fs::read(place.path("data/mnist").join(name)).unwrap() == bytes);
    }
    assert_eq!(server.requests.lock().unwrap().len(), 4);

    fs::write(place.path("data/mnist").join(NAMES[3]), b"old").unwrap();
    let second = fetch(&["--quiet"]);
    assert_eq!(states(&second), ["already", "already", "already", "replaced"]);
    assert_eq!(second.stderr, "");
    assert_eq!(server.requests.lock().unwrap().len(), 5);

    // Named by none, it is where it is found.
    let third = place.outcome(command(&place, &["data", "fetch", "mnist", "--format", "json"])).done();
    assert_eq!(third.json()["sets"][0]["folder"], json!(place.path("data/mnist")));
    assert_eq!(states(&third), ["already"; 4]);

    let text =
        place.outcome(command(&place, &["data", "fetch", "mnist", "--mirror", &mirror, "--folder", "mine"])).done();
    assert!(text.stdout.starts_with("mnist: 4 files fetched, in mine/mnist"), "{}", text.stdout);
    let info =
        place.outcome(command(&place, &["data", "info", "mnist", "--data", "mine", "--format", "json"])).done().json();
    assert_eq!(info["folder"], "mine/mnist");
    assert_eq!(info["train_counts"], json!([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]));
    assert_eq!(info["test_counts"], json!([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]));
    assert!(info["files"].as_array().unwrap().iter().all(|file| file["state"] == "right"));
}

#[test]
fn a_set_that_is_not_here_says_how_to_fetch_it() {
    let place = Place::new();
    for (name, fetched) in [("kmnist", "kmnist"), ("emnist-letters", "emnist"), ("cifar-10", "cifar-10")] {
        for arguments in [&["train", "--dataset", name, "--epochs", "1"][..], &["data", "show", name]] {
            let outcome = place.outcome(command(&place, arguments));
            outcome.failed(1, &format!("`limpid data fetch {fetched}` fetches them"));
        }
    }
    // Files of the same names are another data set's.
    let mut train = command(&place, &["train", "--dataset", "fashion-mnist", "--data"]);
    train.arg(published());
    let outcome = place.outcome(train);
    outcome.failed(1, "the files of fashion-mnist were not found; looked in\n  the given folder: ");
    // A folder of folders is no folder of pictures, where another data set is named.
    fs::create_dir_all(place.path("sets/mnist")).unwrap();
    let outcome = place.outcome(command(&place, &["train", "--dataset", "kmnist", "--data", "sets"]));
    outcome.failed(1, "the files of kmnist were not found; looked in\n  the given folder: sets");
}

#[test]
fn each_mirror_that_will_not_do_is_told_with_its_reason() {
    let place = Place::new();
    let empty = Server::start(|_| vec![Act::Send(response("404 Not Found", &[], b""))]);
    let wrong = Server::start(|request| vec![Act::Send(whole(b"something else", request))]);
    let mirrors = format!("{},{},http://127.0.0.1:1", empty.url("a"), wrong.url("b"));
    let mut fetch = command(&place, &["data", "fetch", "kmnist"]);
    let outcome = place.outcome(fetch.env("LIMPID_MIRROR", &mirrors));
    for reason in [
        format!("{}: the server answers 404 (not there)", empty.url("a/kmnist/train-images-idx3-ubyte.gz")),
        format!("{}: the server answers 404 (not there)", empty.url("a/train-images-idx3-ubyte.gz")),
        format!("{}: announces 14 bytes, but the file has 18165135", wrong.url("b/kmnist/train-images-idx3-ubyte.gz")),
        "http://127.0.0.1:1/kmnist/train-images-idx3-ubyte.gz: no connection: ".to_string(),
    ] {
        assert!(outcome.stderr.contains(&format!("\n  {reason}")), "{reason} is not in {}", outcome.stderr);
    }
    outcome.failed(1, "--mirror URL names another mirror");
    // Through a proxy, which alone knows the host.
    let proxy = server(Act::Send);
    let mirror = "http://mirror.invalid/data";
    let mut fetch = command(&place, &["data", "fetch", "mnist", "--folder", "data", "--quiet", "--mirror", mirror]);
    place.outcome(fetch.env("HTTP_PROXY", proxy.url("")).env("NO_PROXY", "localhost")).done();
    let through = proxy.requests.lock().unwrap().iter().map(|request| request.through.clone()).collect::<Vec<_>>();
    assert_eq!(through, vec![Some("mirror.invalid:80".to_string()); 4]);
    // Without a network, through a proxy that is not there.
    let mut fetch = command(&place, &["data", "fetch", "kmnist", "--quiet"]);
    let proxy = "http://lake:secret@127.0.0.1:1";
    let outcome = place.outcome(fetch.env("HTTPS_PROXY", proxy).env("HTTP_PROXY", proxy).env("NO_PROXY", ""));
    assert_eq!(outcome.stderr.matches("no connection through the proxy http://127.0.0.1:1: ").count(), 2);
    assert!(!outcome.stderr.contains("secret"), "{}", outcome.stderr);
    outcome.failed(1, "check the network, and the proxy if you need one");
}

#[test]
fn a_proxy_that_cannot_be_used_is_told_by_its_variable_and_nothing_is_left() {
    let place = Place::new();
    let fetch = |variable: &str, value: &str| {
        let arguments = ["data", "fetch", "mnist", "--quiet", "--folder", "data", "--mirror", "http://mirror.invalid"];
        place.outcome(command(&place, &arguments).env(variable, value))
    };
    let refused = [
        ("ALL_PROXY", "socks5://127.0.0.1:1", "no connection through the proxy socks5://127.0.0.1:1"),
        (
            "http_proxy",
            "ftp://lake:secret@p:1",
            "the proxy that http_proxy names cannot be used: proxies of the kind \"ftp\"",
        ),
        ("HTTP_PROXY", "http://lake:secret@p:port", "the proxy that HTTP_PROXY names cannot be used: its port is"),
        ("all_proxy", "http://", "the proxy that all_proxy names cannot be used: it is not an address"),
    ];
    for (variable, value, said) in refused {
        let outcome = fetch(variable, value);
        assert!(!outcome.stderr.contains("secret"), "{}", outcome.stderr);
        outcome.failed(1, said);
        assert_eq!(fs::read_dir(place.path("data/mnist")).unwrap().count(), 0, "{variable}={value}");
    }
}

#[test]
fn a_name_that_is_none_is_answered_with_the_nearest() {
    let place = Place::new();
    place.run(&["data", "fetch", "fashion-minst"]).failed(2, "a similar value exists: 'fashion-mnist'");
    place.run(&["data", "show", "cifar10"]).failed(2, "a similar value exists: 'cifar-10'");
    place.run(&["data", "fetch"]).failed(2, "the following required arguments were not provided");
    place.run(&["data", "show", "mnist", "--class", "ten"]).failed(2, "use one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9");
    place
        .run(&["data", "show", "mnist", "--start", "60000"])
        .failed(2, "there are only 60,000 such samples; use a smaller number");
    place.run(&["data", "show", "mnist", "--count", "0"]).failed(2, "expected a whole number, 1 or more");
    place.run(&["data", "show", "mnist", "--count", "1001"]).failed(2, "a picture can show at most 1000 samples");
    place.run(&["data", "show", "mnist", "--output", "digits.gif"]).failed(2, "use one that ends in .svg or .png");
}

#[test]
fn the_list_says_what_is_here_and_what_is_not() {
    let place = Place::new();
    let mut list = command(&place, &["data", "list", "--format", "json"]);
    let report = place.outcome(list.env("LIMPID_DATA", published())).done().json();
    let sets = report["sets"].as_array().unwrap();
    assert_eq!(sets.len(), 10);
    assert_eq!(sets[0]["name"], "mnist");
    assert_eq!(sets[0]["folder"], json!(published()));
    assert!(sets[1..].iter().all(|set| set["folder"].is_null()));
    let text = place.outcome(command(&place, &["data", "list"])).done().stdout;
    assert!(text.contains("cifar-10"), "{text}");
    assert!(
        text.lines()
            .any(|line| line.split_whitespace().eq("cifar-10 50,000 + 10,000 3×32×32 10 170 MB not here".split(' '))),
        "{text}"
    );
}

#[test]
fn samples_are_shown_as_they_are_asked_for() {
    let place = Place::new();
    let json = |arguments: &[&str]| {
        place.run(&[&["data", "show", "mnist", "--format", "json"], arguments].concat()).done().json()
    };
    let indices = |report: &serde_json::Value| -> Vec<u64> {
        report["samples"].as_array().unwrap().iter().map(|sample| sample["index"].as_u64().unwrap()).collect()
    };
    assert_eq!(indices(&json(&[])), (0..20).collect::<Vec<_>>());
    let first = json(&["--part", "test", "--count", "3"]);
    assert_eq!(first["samples"][0], json!({"index": 0, "label": 7, "class": "7"}));
    let ones = json(&["--class", "1", "--start", "2", "--count", "4"]);
    assert_eq!(indices(&ones), [8, 14, 23, 24]);
    assert!(ones["samples"].as_array().unwrap().iter().all(|sample| sample["label"] == 1));
    let chosen = json(&["--seed", "3", "--count", "50"]);
    assert_eq!(chosen, json(&["--seed", "3", "--count", "50"]));
    assert_ne!(chosen, json(&["--seed", "4", "--count", "50"]));
    let mut distinct = indices(&chosen);
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), 50);

    place.run(&["data", "show", "mnist", "--output", "digits.png"]).done();
    assert!(fs::read(place.path("digits.png")).unwrap().starts_with(b"\x89PNG"));
    let terminal = place.run(&["data", "show", "mnist", "--count", "4"]).done().stdout;
    assert!(terminal.contains("MNIST: 4 of 60,000 training samples") && terminal.contains("5 #0"), "{terminal}");
}

/// A fetch that is killed leaves under each name nothing or the published file, and where there was another file, that
/// or the published one; and the next fetch succeeds. `LIMPID_KILLS=200` for more rounds.
#[test]
fn a_killed_fetch_leaves_no_torn_file_and_the_next_one_succeeds() {
    let rounds: u64 = std::env::var("LIMPID_KILLS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(6);
    let place = Place::new();
    let slow = server(|bytes| Act::Slowly(bytes, 1 << 17, Duration::from_millis(1)));
    let fast = server(Act::Send);
    let files = files();
    let folder = place.path("data/mnist");
    let fetch = |server: &Server| {
        let mirror = server.url("data");
        command(&place, &["data", "fetch", "mnist", "--folder", "data", "--quiet", "--mirror", &mirror])
    };
    let (mut killed, mut resumed) = (0, 0);
    for round in 0..rounds {
        let chance = |what: u64| scrambled(round * 8 + what);
        // Every other round begins with what the last one left, the others anew or with a wrong file.
        if round % 2 == 0 && folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        if chance(0) % 3 == 0 {
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(NAMES[chance(1) as usize % 4]), b"old").unwrap();
        }
        let before = contents(&folder);
        let mut child = fetch(&slow).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_micros(chance(2) % 500_000));
        killed += u64::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        for (name, bytes) in contents(&folder) {
            let is_part = name.ends_with(".part");
            resumed += u64::from(is_part && !bytes.is_empty());
            let right = || files.get(&name) == Some(&bytes) || before.get(&name) == Some(&bytes);
            assert!(is_part || right(), "round {round}: {name} is torn, {} bytes", bytes.len());
        }
        if chance(3) % 2 == 0 {
            place.outcome(fetch(&fast)).done();
            assert!(contents(&folder) == files, "round {round}");
        }
    }
    place.outcome(fetch(&fast)).done();
    assert!(contents(&folder) == files);
    println!("{rounds} rounds, {killed} killed before their end, {resumed} parts left");
    assert!(killed > 0);
}

/// The files of a folder.
fn contents(folder: &Path) -> HashMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .map(|path: PathBuf| (path.file_name().unwrap().to_str().unwrap().to_string(), fs::read(&path).unwrap()))
        .collect()
}

/// A number that follows another without a pattern (Steele et al. 2014, SplitMix).
fn scrambled(number: u64) -> u64 {
    let mut z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
