//! A web server on loopback that does as it is told: well, badly, or not at all.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test uses a part of it, and may stop at what it does not expect"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What a client asks for.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub method: String,
    pub path: String,
    /// The first byte that it wants.
    pub from: Option<usize>,
    /// All header lines.
    pub headers: Vec<String>,
    /// How many requests came before.
    pub nth: usize,
    /// The host and port that it asked to be put through to, of a server that is used as a proxy.
    pub through: Option<String>,
}

/// What the server does with a connection.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Send(Vec<u8>),
    /// This many bytes at a time, with pauses.
    Slowly(Vec<u8>, usize, Duration),
    Wait(Duration),
}

pub(crate) struct Server {
    port: u16,
    pub requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Serves until the test ends.
    pub(crate) fn start(answer: impl Fn(&Request) -> Vec<Act> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (answer, count, seen) = (Arc::new(answer), Arc::new(AtomicUsize::new(0)), Arc::clone(&requests));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (Ok(stream), answer, count, seen) = (stream, answer.clone(), count.clone(), seen.clone()) else {
                    continue;
                };
                thread::spawn(move || {
                    let Some(mut request) = read_request(&stream) else { return };
                    if request.method == "CONNECT" {
                        let through = Some(request.path);
                        let _ = (&stream).write_all(b"HTTP/1.1 200 OK\r\n\r\n");
                        let Some(put_through) = read_request(&stream) else { return };
                        request = Request { through, ..put_through };
                    }
                    request.nth = count.fetch_add(1, Ordering::SeqCst);
                    seen.lock().unwrap().push(request.clone());
                    perform(&stream, answer(&request));
                });
            }
        });
        Self { port, requests }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The first bytes that were asked for, request by request.
    pub(crate) fn asked_from(&self) -> Vec<Option<usize>> {
        self.requests.lock().unwrap().iter().map(|request| request.from).collect()
    }
}

fn read_request(stream: &TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let first = lines.next()?;
    let mut words = first.split(' ');
    let (method, path) = (words.next()?.to_string(), words.next()?.trim_start_matches('/').to_string());
    let headers: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let from = headers.iter().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let value = name.eq_ignore_ascii_case("range").then(|| value.trim())?;
        value.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
    });
    Some(Request { method, path, from, headers, nth: 0, through: None })
}

fn perform(mut stream: &TcpStream, acts: Vec<Act>) {
    for act in acts {
        let done = match act {
            Act::Send(bytes) => stream.write_all(&bytes),
            Act::Slowly(bytes, at_a_time, pause) => bytes.chunks(at_a_time).try_for_each(|part| {
                thread::sleep(pause);
                stream.write_all(part).and_then(|()| stream.flush())
            }),
            Act::Wait(time) => {
                thread::sleep(time);
                Ok(())
            }
        };
        if done.is_err() {
            return;
        }
    }
    // The other side shall read what was sent, not a reset.
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.set_read_timeout(Some(Duration::from_millis(200)));
    let _ = stream.read(&mut [0; 1024]);
}

/// A status line, headers and a body.
pub(crate) fn response(status: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    [format!("HTTP/1.1 {status}\r\n{headers}Connection: close\r\n\r\n").as_bytes(), body].concat()
}

/// What a well-behaved server sends of a file.
pub(crate) fn whole(file: &[u8], request: &Request) -> Vec<u8> {
    match request.from {
        None => response("200 OK", &[&format!("Content-Length: {}", file.len())], file),
        Some(from) if from >= file.len() => {
            response("416 Range Not Satisfiable", &[&format!("Content-Range: bytes */{}", file.len())], b"")
        }
        Some(from) => partial(file, from, file.len()),
    }
}

/// A file's bytes from one on, with a whole length that may be a lie.
pub(crate) fn partial(file: &[u8], from: usize, total: usize) -> Vec<u8> {
    let range = format!("Content-Range: bytes {from}-{}/{total}", file.len() - 1);
    let length = format!("Content-Length: {}", file.len() - from);
    response("206 Partial Content", &[&range, &length], &file[from..])
}

/// The same, broken off after `bytes` bytes of the body.
pub(crate) fn cut(file: &[u8], request: &Request, bytes: usize) -> Vec<u8> {
    let mut answer = whole(file, request);
    let left = file.len() - request.from.unwrap_or(0);
    answer.truncate(answer.len() - left.saturating_sub(bytes));
    answer
}
