//! Mirror by mirror, attempt by attempt, until the file is whole and right.

use std::fs;
use std::io::{self, Read};
use std::thread;

use crate::check::{Download, Found};
use crate::client::{Answer, ask};
use crate::error::{FetchError, Reason, Tried};
use crate::part::Part;
use crate::proxy::{Variables, of_this_process};
use crate::settings::Settings;

/// What happens during a fetch.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// There is a file at its place, and it is not the published one. It is replaced once the right one is here.
    Wrong {
        /// Its length.
        bytes: u64,
        /// Its SHA-256.
        sha256: &'a str,
    },
    /// Another process fetches the same file; this one waits for it.
    Waiting,
    /// An address is asked.
    Asking {
        /// The address.
        url: &'a str,
        /// How many bytes are here already.
        from: u64,
    },
    /// Bytes came.
    Progress {
        /// How many are here.
        bytes: u64,
        /// How many there will be.
        total: u64,
    },
    /// The connection broke off; the address is asked again.
    Again {
        /// The address.
        url: &'a str,
        /// Why.
        reason: &'a Reason,
    },
    /// An address will not do; the next one is asked.
    Failed {
        /// The address.
        url: &'a str,
        /// Why.
        reason: &'a Reason,
    },
}

/// How a fetch ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// The file was there, and right.
    Already,
    /// It is there now.
    New,
    /// It is there now, in the place of a wrong one.
    Replaced,
}

/// Sees to it that a file is at its place, and the published one.
///
/// What is there and right is not asked for. Otherwise each address is asked in turn; a connection that breaks off is
/// taken up where it ended, also by another address or another process. Bytes go to `NAME.part`, and get their name
/// when their checksum is right. One process at a time fetches a file; others wait for it. Proxies are those that the
/// environment names (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`).
///
/// # Errors
/// [`FetchError`]: no address had the file, each with its reason; or the disk would not take it.
pub fn fetch(download: &Download, settings: &Settings, on: &mut dyn FnMut(Event<'_>)) -> Result<Fetched, FetchError> {
    if let Some(folder) = download.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(|cause| FetchError::Disk { path: folder.to_path_buf(), cause })?;
    }
    match download.at_its_place()? {
        Some(Found::Right) => return Ok(Fetched::Already),
        Some(Found::Wrong { bytes, sha256 }) => on(Event::Wrong { bytes, sha256: &sha256 }),
        None => {}
    }
    let part = Part::hold(download, &mut || on(Event::Waiting))?;
    // Whoever held it before may have been done with it.
    let fetched = match download.at_its_place()? {
        Some(Found::Right) => {
            part.leave();
            return Ok(Fetched::Already);
        }
        Some(Found::Wrong { .. }) => Fetched::Replaced,
        None => Fetched::New,
    };
    let mut attempt = Attempt { download, settings, part, has_sent: false, on };
    match attempt.every_mirror() {
        Ok(()) => {
            attempt.part.finish(&download.path)?;
            Ok(fetched)
        }
        Err(error) => {
            attempt.part.leave();
            Err(error)
        }
    }
}

/// A fetch that is under way.
struct Attempt<'a> {
    download: &'a Download,
    settings: &'a Settings,
    part: Part,
    /// Whether the address that is asked has sent anything.
    has_sent: bool,
    on: &'a mut dyn FnMut(Event<'_>),
}

/// Why an answer did not complete the file.
enum Stop {
    /// The connection broke off or fell silent: asking again may go on from there.
    Broken(Reason),
    /// The address will not do.
    Unfit(Reason),
    /// This machine cannot keep the file.
    Here(FetchError),
}

impl From<FetchError> for Stop {
    fn from(error: FetchError) -> Self {
        Self::Here(error)
    }
}

impl Attempt<'_> {
    /// Asks each address until the part is the file.
    fn every_mirror(&mut self) -> Result<(), FetchError> {
        if self.part.length() == self.download.bytes && self.part.check(self.download)? == Found::Right {
            return Ok(());
        }
        let mut tried = Vec::new();
        for url in &self.download.urls {
            match self.mirror(url) {
                Ok(()) => return Ok(()),
                Err(Stop::Here(error)) => return Err(error),
                Err(Stop::Broken(reason) | Stop::Unfit(reason)) => {
                    (self.on)(Event::Failed { url, reason: &reason });
                    tried.push(Tried { url: url.clone(), reason });
                }
            }
        }
        Err(FetchError::Mirrors { name: self.download.name(), tried })
    }

    /// Asks one address until the part is the file, or asking is pointless.
    fn mirror(&mut self, url: &str) -> Result<(), Stop> {
        let enough = self.download.bytes / 100 + 1;
        let (mut best, mut failures) = (self.part.length(), 0);
        self.has_sent = false;
        loop {
            let outcome = self.answer(url);
            let Err(Stop::Broken(reason)) = outcome else { return outcome };
            if self.part.length() >= best.saturating_add(enough) {
                (best, failures) = (self.part.length(), 0);
            }
            failures += 1;
            if failures >= self.settings.attempts {
                return Err(Stop::Unfit(match reason {
                    Reason::Cut { received, expected, .. } => Reason::Cut { received, expected, attempts: failures },
                    reason => reason,
                }));
            }
            (self.on)(Event::Again { url, reason: &reason });
            thread::sleep(self.settings.pause.saturating_mul(failures));
        }
    }

    /// Asks an address for what lacks, and takes what it sends. Where the checksum is wrong and some of the bytes came
    /// from elsewhere or earlier, the address is asked for the whole file, once.
    fn answer(&mut self, url: &str) -> Result<(), Stop> {
        if self.part.length() > self.download.most_bytes() {
            self.part.clear()?;
        }
        let has_older_bytes = self.part.length() > 0;
        match self.take(url) {
            Err(Stop::Unfit(Reason::Checksum { .. })) if has_older_bytes => self.take(url),
            outcome => outcome,
        }
    }

    fn take(&mut self, url: &str) -> Result<(), Stop> {
        let from = self.part.length();
        (self.on)(Event::Asking { url, from });
        let none = |_: &str| -> Option<String> { None };
        let variables: Variables<'_> = if self.settings.proxies { &of_this_process } else { &none };
        let answer = match ask(url, from, self.settings, variables) {
            Ok(answer) => answer,
            // A server that has sent some of the file may well come back.
            Err(reason @ (Reason::Connection { .. } | Reason::Stalled { .. })) if self.has_sent => {
                return Err(Stop::Broken(reason));
            }
            Err(reason) => return Err(Stop::Unfit(reason)),
        };
        match answer {
            Answer::NothingThere => self.verify(None),
            Answer::Bytes { from: start, .. } if start != from && start != 0 => {
                self.part.clear()?;
                Err(Stop::Broken(Reason::Status { status: 206 }))
            }
            Answer::Bytes { from: start, length, total, encoding, mut body } => {
                if start != from {
                    self.part.clear()?;
                }
                let announced = total.or(length.map(|length| start.saturating_add(length)));
                if let Some(announced) = announced.filter(|&announced| !self.download.can_have(announced)) {
                    let expected = self.download.bytes;
                    return Err(Stop::Unfit(Reason::Announced { announced, expected, encoding }));
                }
                let total = announced.unwrap_or(self.download.bytes);
                self.drain(&mut *body, total)?;
                // Where no length is announced, a file that was packed anew ends where it ends.
                let is_whole = self.part.length() >= total || (announced.is_none() && self.download.unpacked.is_some());
                if is_whole { self.verify(encoding) } else { Err(self.cut(total)) }
            }
        }
    }

    /// Writes down what comes.
    fn drain(&mut self, body: &mut dyn Read, total: u64) -> Result<(), Stop> {
        let most = self.download.most_bytes();
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = match body.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(read) => read,
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
                Err(cause) => {
                    return Err(match ureq::Error::from(cause) {
                        ureq::Error::Timeout(_) => {
                            Stop::Broken(Reason::Stalled { seconds: self.settings.stall.as_secs_f64() })
                        }
                        _ => self.cut(total),
                    });
                }
            };
            if self.part.length() + read as u64 > most {
                self.part.clear()?;
                return Err(Stop::Unfit(Reason::TooMuch { expected: most }));
            }
            self.part.append(&buffer[..read])?;
            self.has_sent = true;
            (self.on)(Event::Progress { bytes: self.part.length(), total });
        }
    }

    /// Says whether the part is the file; if not, throws it away.
    fn verify(&mut self, encoding: Option<String>) -> Result<(), Stop> {
        match self.part.check(self.download)? {
            Found::Right => Ok(()),
            Found::Wrong { bytes, sha256: found } => {
                self.part.clear()?;
                let expected = self.download.sha256.clone();
                Err(Stop::Unfit(Reason::Checksum { bytes, expected, found, encoding }))
            }
        }
    }

    fn cut(&self, total: u64) -> Stop {
        Stop::Broken(Reason::Cut { received: self.part.length(), expected: total, attempts: 1 })
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;
    use std::path::{Path, PathBuf};

    use super::*;

    #[test]
    fn a_full_disk_ends_the_fetch_at_once_and_says_so() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", server.local_addr().unwrap());
        let requests = thread::spawn(move || {
            let mut count = 0;
            for connection in server.incoming().map(Result::unwrap) {
                let mut connection = connection;
                let mut request = [0; 4096];
                let read = connection.read(&mut request).unwrap();
                if request[..read].starts_with(b"GET /end") {
                    return count;
                }
                count += 1;
                connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfile").unwrap();
            }
            count
        });
        let urls = ["a", "b"].map(|name| format!("{address}/{name}")).to_vec();
        let download = Download { path: PathBuf::from("file"), urls, bytes: 4, sha256: "0".repeat(64), unpacked: None };
        let settings = Settings { proxies: false, ..Settings::default() };
        // A device on which every write finds the disk full.
        let part = Part::on_device(Path::new("/dev/full")).unwrap();
        let mut on = |_: Event<'_>| ();
        let mut attempt = Attempt { download: &download, settings: &settings, part, has_sent: false, on: &mut on };
        let message = attempt.every_mirror().unwrap_err().to_string();
        assert!(message.contains("/dev/full: No space left on device"), "{message}");
        assert!(message.contains("free some space, or choose a folder on another disk"), "{message}");
        let _ = ureq::get(format!("{address}/end")).call();
        assert_eq!(requests.join().unwrap(), 1);
    }
}
