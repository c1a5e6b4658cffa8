//! One question to one address: follows redirections, and says what is wrong with an answer before it is read.

use std::io::Read;
use std::sync::{Arc, OnceLock};

use ureq::http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, HeaderMap, HeaderName, LOCATION, RANGE,
};
use ureq::http::{StatusCode, Uri};
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Body, Error, Proxy, Timeout};

use crate::error::Reason;
use crate::proxy::{Named, Variables, proxy_for};
use crate::settings::Settings;

/// What a server answers.
pub(crate) enum Answer {
    /// The file, from this byte on.
    Bytes {
        from: u64,
        /// How many bytes follow, where that is announced.
        length: Option<u64>,
        /// The whole file's length, where that is announced.
        total: Option<u64>,
        encoding: Option<String>,
        body: Box<dyn Read>,
    },
    /// There is nothing from that byte on.
    NothingThere,
}

/// Asks for the bytes of `url` from `from` on.
pub(crate) fn ask(url: &str, from: u64, settings: &Settings, variables: Variables<'_>) -> Result<Answer, Reason> {
    let mut seen = vec![address(url)?];
    loop {
        let uri = &seen[seen.len() - 1];
        let response = request(uri, from, settings, variables)?;
        let headers = response.headers();
        match response.status() {
            StatusCode::PARTIAL_CONTENT => {
                let (start, total) = range(headers).unwrap_or((from, None));
                return Ok(bytes(response, start, total));
            }
            StatusCode::OK => {
                let total = number(headers, &CONTENT_LENGTH);
                return Ok(bytes(response, 0, total));
            }
            StatusCode::RANGE_NOT_SATISFIABLE if from > 0 => return Ok(Answer::NothingThere),
            status if status.is_redirection() && headers.contains_key(LOCATION) => {
                let location = text(headers, &LOCATION).unwrap_or_default();
                let next = resolve(uri, &location).ok_or(Reason::Address { what: location })?;
                let (count, circle) = (seen.len() as u32, seen.contains(&next));
                if circle || count > settings.redirections {
                    return Err(Reason::Redirected { count, last: next.to_string(), circle });
                }
                seen.push(next);
            }
            status => return Err(Reason::Status { status: status.as_u16() }),
        }
    }
}

fn bytes(response: ureq::http::Response<Body>, from: u64, total: Option<u64>) -> Answer {
    let headers = response.headers();
    let length = number(headers, &CONTENT_LENGTH);
    let encoding = text(headers, &CONTENT_ENCODING).filter(|encoding| encoding != "identity");
    Answer::Bytes { from, length, total, encoding, body: Box::new(response.into_body().into_reader()) }
}

fn request(
    uri: &Uri,
    from: u64,
    settings: &Settings,
    variables: Variables<'_>,
) -> Result<ureq::http::Response<Body>, Reason> {
    let proxy = proxy_for(uri, variables);
    let via = proxy.as_ref().map(Named::shown);
    let agent = agent(settings, proxy.as_ref().map(Named::proxy).transpose()?);
    // The file is wanted as it lies there: packed anew for the way it would have another length and checksum.
    let mut request = agent.get(uri.clone()).header(ACCEPT_ENCODING, "identity");
    if from > 0 {
        request = request.header(RANGE, format!("bytes={from}-"));
    }
    request.call().map_err(|error| reason(&error, via, settings))
}

fn agent(settings: &Settings, proxy: Option<Proxy>) -> Agent {
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(RootCerts::Specific(system_certificates()))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    Agent::config_builder()
        .tls_config(tls)
        .proxy(proxy)
        .user_agent(concat!("limpid/", env!("CARGO_PKG_VERSION")))
        .http_status_as_error(false)
        // Followed here: each address may need another proxy, and a circle is called one.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_resolve(Some(settings.connect))
        .timeout_connect(Some(settings.connect))
        .timeout_per_read(Some(settings.stall))
        .timeout_per_write(Some(settings.stall))
        // Headers that come a byte at a time must end, too.
        .timeout_recv_response(Some(settings.stall.saturating_mul(4)))
        .build()
        .new_agent()
}

/// The certificates that this machine trusts, a company's own among them. Read once, in some milliseconds.
fn system_certificates() -> Arc<Vec<Certificate<'static>>> {
    static CERTIFICATES: OnceLock<Arc<Vec<Certificate<'static>>>> = OnceLock::new();
    let certificates = CERTIFICATES.get_or_init(|| {
        // One that cannot be read is one that is not trusted; what that means is said where it was needed.
        let found = rustls_native_certs::load_native_certs().certs;
        Arc::new(found.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect())
    });
    Arc::clone(certificates)
}

/// What went wrong before an answer came.
fn reason(error: &Error, via: Option<String>, settings: &Settings) -> Reason {
    let what = match error {
        Error::Timeout(Timeout::PerRead | Timeout::PerWrite | Timeout::RecvResponse) => {
            return Reason::Stalled { seconds: settings.stall.as_secs_f64() };
        }
        Error::Timeout(_) => format!("no answer within {} s", settings.connect.as_secs_f64()),
        Error::HostNotFound => "the name of the host is not known".to_string(),
        Error::Io(cause) => cause.to_string(),
        Error::Rustls(cause) if system_certificates().is_empty() => format!(
            "{cause}: this system has no certificates to know servers by; install them (ca-certificates), or name their \
             file with SSL_CERT_FILE"
        ),
        error => error.to_string(),
    };
    Reason::Connection { what, via }
}

fn address(text: &str) -> Result<Uri, Reason> {
    let uri = text.parse().ok().filter(is_address);
    uri.ok_or_else(|| Reason::Address { what: text.to_string() })
}

fn is_address(uri: &Uri) -> bool {
    matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
}

/// Where a redirection from `base` leads (RFC 3986, section 5.2, without the dots that no mirror sends).
fn resolve(base: &Uri, location: &str) -> Option<Uri> {
    let location = location.split('#').next().unwrap_or_default();
    let (scheme, authority) = (base.scheme_str()?, base.authority()?);
    let absolute = if location.contains("://") {
        location.to_string()
    } else if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if location.starts_with('/') {
        format!("{scheme}://{authority}{location}")
    } else if location.starts_with('?') {
        format!("{scheme}://{authority}{}{location}", base.path())
    } else {
        let folder = &base.path()[..base.path().rfind('/').map_or(0, |slash| slash + 1)];
        format!("{scheme}://{authority}{folder}{location}")
    };
    absolute.parse().ok().filter(is_address)
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.trim().to_string())
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    text(headers, name)?.parse().ok()
}

/// The first byte and the whole length of `bytes 100-199/200` (RFC 9110, section 14.4).
fn range(headers: &HeaderMap) -> Option<(u64, Option<u64>)> {
    let text = text(headers, &CONTENT_RANGE)?;
    let (range, total) = text.strip_prefix("bytes")?.trim().split_once('/')?;
    let (start, _) = range.split_once('-')?;
    Some((start.trim().parse().ok()?, total.trim().parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirection_is_read_as_the_standard_says() {
        let base: Uri = "https://lake.org/deep/file.gz?old".parse().unwrap();
        let table = [
            ("http://other.org/x", Some("http://other.org/x")),
            ("//other.org/x", Some("https://other.org/x")),
            ("/x#part", Some("https://lake.org/x")),
            ("x.gz", Some("https://lake.org/deep/x.gz")),
            ("?token=1", Some("https://lake.org/deep/file.gz?token=1")),
            ("file:///etc/passwd", None),
            ("ftp://lake.org/x", None),
            ("http://", None),
        ];
        for (location, expected) in table {
            assert_eq!(resolve(&base, location).map(|uri| uri.to_string()).as_deref(), expected, "{location}");
        }
    }

    /// A proxy of SOCKS 5 (RFC 1928) that plays the server behind it, too. Gives the host that it was asked for.
    fn socks() -> (std::net::SocketAddr, std::thread::JoinHandle<std::io::Result<Vec<u8>>>) {
        use std::io::Write;

        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let serve = move || {
            let (mut client, _) = listener.accept()?;
            let take = |client: &mut std::net::TcpStream, count: usize| {
                let mut bytes = vec![0; count];
                client.read_exact(&mut bytes).map(|()| bytes)
            };
            let methods = take(&mut client, 2)?[1];
            take(&mut client, usize::from(methods))?;
            client.write_all(&[5, 0])?;
            let mut head = [0; 4];
            client.read_exact(&mut head)?;
            let mut length = [4];
            if head[3] == 3 {
                client.read_exact(&mut length)?;
            }
            let mut host = vec![0; usize::from(length[0]) + 2];
            client.read_exact(&mut host)?;
            client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                client.read_exact(&mut byte)?;
                request.extend(byte);
            }
            client.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")?;
            host.truncate(host.len() - 2);
            Ok(host)
        };
        (address, std::thread::spawn(serve))
    }

    #[test]
    fn a_socks_proxy_is_asked_where_one_is_named() {
        for scheme in ["socks5", "socks5h"] {
            let (address, proxy) = socks();
            let variables = |name: &str| (name == "ALL_PROXY").then(|| format!("{scheme}://{address}"));
            let answer = ask("http://127.0.0.1:9/file.gz", 0, &Settings::default(), &variables);
            let Ok(Answer::Bytes { mut body, total: Some(2), .. }) = answer else { panic!("{:?}", answer.err()) };
            let mut text = String::new();
            body.read_to_string(&mut text).unwrap();
            assert_eq!(text, "ok");
            let host = proxy.join().unwrap().unwrap();
            assert!([&[127, 0, 0, 1][..], b"127.0.0.1"].contains(&&host[..]), "{host:?}");
        }
    }

    #[test]
    fn a_proxy_that_is_not_there_is_told() {
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        for scheme in ["socks5://", "socks4://", "http://", ""] {
            let variables = |name: &str| (name == "all_proxy").then(|| format!("{scheme}lake:secret@{nobody}"));
            let reason = ask("http://lake.invalid/x", 0, &Settings::default(), &variables).err().unwrap();
            let (text, here) = (reason.to_string(), format!("through the proxy {scheme}{nobody}"));
            // Of some kinds of proxies, the name is looked up here.
            assert!(text.contains(&here) && !text.contains("secret"), "{text}");
        }
    }

    #[test]
    fn a_range_that_is_none_is_not_believed() {
        let headers = |text: &'static str| HeaderMap::from_iter([(CONTENT_RANGE, text.parse().unwrap())]);
        assert_eq!(range(&headers("bytes 100-199/200")), Some((100, Some(200))));
        assert_eq!(range(&headers("bytes 100-199/*")), Some((100, None)));
        for text in ["bytes */200", "100-199/200", "bytes -1-2/3", "bytes 99999999999999999999-1/2", "bytes"] {
            assert_eq!(range(&headers(text)), None, "{text}");
        }
    }
}
