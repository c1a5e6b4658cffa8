//! The proxy of an address, from the variables that curl and others go by.
//!
//! `HTTPS_PROXY` is for `https://`, `HTTP_PROXY` for `http://`, `ALL_PROXY` for both; `NO_PROXY` lists hosts that are
//! asked directly. Each is read in lower case, too. Source: curl's manual page, "ENVIRONMENT".

use ureq::Proxy;
use ureq::http::Uri;

use crate::error::Reason;

/// What is set to which value.
pub(crate) type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The variables of this process.
pub(crate) fn of_this_process(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A proxy as the environment names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    variable: String,
    value: String,
}

impl Named {
    /// The proxy, for the client. What is wrong with it is said without its value, which may hold a password.
    pub(crate) fn proxy(&self) -> Result<Proxy, Reason> {
        let unusable = |what: &str| Reason::Proxy { variable: self.variable.clone(), what: what.to_string() };
        let scheme = self.value.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        const KNOWN: [&str; 7] = ["http", "https", "socks", "socks4", "socks4a", "socks5", "socks5h"];
        match scheme {
            Some(scheme) if !KNOWN.contains(&scheme.as_str()) => {
                Err(unusable(&format!("proxies of the kind {scheme:?} are not known")))
            }
            _ => match Proxy::new(&self.value) {
                Ok(proxy) if has_right_port(proxy.uri()) => Ok(proxy),
                Ok(_) => Err(unusable("its port is not a number from 0 to 65535")),
                Err(_) if self.value.contains('@') => Err(unusable(
                    "it is not an address (in a user name or password, write @ as %40, : as %3A and / as %2F)",
                )),
                Err(_) => Err(unusable("it is not an address")),
            },
        }
    }

    /// The proxy as it may be shown.
    pub(crate) fn shown(&self) -> String {
        without_password(&self.value)
    }
}

/// Whether an address has no port, or one that is a number. The client takes its usual port for any other.
fn has_right_port(uri: &Uri) -> bool {
    let host = uri.authority().map(|authority| authority.as_str().rsplit('@').next().unwrap_or_default());
    let port = host.and_then(|host| host.rsplit(']').next()?.rsplit_once(':'));
    port.is_none() || uri.port_u16().is_some()
}

/// The proxy to ask `uri` through, if any.
pub(crate) fn proxy_for(uri: &Uri, variables: Variables<'_>) -> Option<Named> {
    let set = |name: &str| {
        let lower = name.to_ascii_lowercase();
        let (variable, value) =
            variables(&lower).map(|value| (lower, value)).or_else(|| Some((name.to_string(), variables(name)?)))?;
        let value = value.trim();
        (!value.is_empty()).then(|| Named { variable, value: value.to_string() })
    };
    let host = uri.host()?;
    if set("NO_PROXY").is_some_and(|list| list.value.split(',').any(|entry| spares(entry, host))) {
        return None;
    }
    let own = if uri.scheme_str() == Some("https") { "HTTPS_PROXY" } else { "HTTP_PROXY" };
    set(own).or_else(|| set("ALL_PROXY"))
}

/// Whether an entry of `NO_PROXY` is about a host: the host itself, a domain that it is in, or all.
fn spares(entry: &str, host: &str) -> bool {
    let entry = entry.trim().to_ascii_lowercase();
    let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
    if entry == "*" {
        return true;
    }
    // `host:port` is about any port, as in most programs; an IPv6 address has more than one colon.
    let entry = match entry.split_once(':') {
        Some((name, port)) if !port.contains(':') => name,
        _ => entry.as_str(),
    };
    let domain = entry.trim_start_matches("*.").trim_start_matches('.').trim_matches(['[', ']']);
    !domain.is_empty() && (host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')))
}

/// A proxy's address without the password that it may have.
fn without_password(proxy: &str) -> String {
    match proxy.rsplit_once('@') {
        Some((before, host)) => {
            let scheme = before.find("://").map_or("", |end| &before[..end + 3]);
            format!("{scheme}{host}")
        }
        None => proxy.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(uri: &str, set: &[(&str, &str)]) -> Option<String> {
        let variables = |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_string());
        proxy_for(&uri.parse().unwrap(), &variables).map(|named| named.value)
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_told_by_its_variable_and_without_its_password() {
        let named = |variable: &str, value: &str| {
            let set = [(variable.to_string(), value.to_string())];
            let variables = |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
            proxy_for(&"https://lake.org/x".parse().unwrap(), &variables).unwrap().proxy()
        };
        let good = [
            "http://p:1",
            "https://p",
            "p",
            "p:3128",
            "socks5://127.0.0.1:1",
            "socks5h://p:1080",
            "SOCKS4://p",
            "http://[::1]",
            "http://[::1]:3128",
        ];
        for value in good.into_iter().chain(["http://lake:pa%40ss@p:1", "lake:sec@ret@p:1", " http://p:1 "]) {
            assert!(named("ALL_PROXY", value).is_ok(), "{value}");
        }
        let bad =
            ["http://", "://", "ftp://p:21", "http//p", "a b", "http://p:port", "p:99999", "http://lake:sec@p:", "{}"];
        for value in bad {
            for variable in ["ALL_PROXY", "https_proxy", "HTTPS_PROXY"] {
                let Err(reason @ Reason::Proxy { .. }) = named(variable, value) else { panic!("{variable}={value}") };
                let text = reason.to_string();
                assert!(text.contains(&format!("the proxy that {variable} names cannot be used")), "{text}");
                assert!(!text.contains("sec"), "{text}");
            }
        }
    }

    #[test]
    fn each_scheme_has_its_own_proxy_and_both_share_one() {
        let all = [("HTTPS_PROXY", "http://s:1"), ("http_proxy", "http://p:2"), ("ALL_PROXY", "http://a:3")];
        assert_eq!(proxy("https://lake.org/x", &all).as_deref(), Some("http://s:1"));
        assert_eq!(proxy("http://lake.org/x", &all).as_deref(), Some("http://p:2"));
        assert_eq!(proxy("http://lake.org/x", &all[..1]), None);
        assert_eq!(proxy("http://lake.org/x", &all[2..]).as_deref(), Some("http://a:3"));
        assert_eq!(proxy("https://lake.org/x", &[("HTTPS_PROXY", " ")]), None);
    }

    #[test]
    fn hosts_of_the_list_are_asked_directly() {
        let table = [
            ("lake.org", true),
            ("org", true),
            (".lake.org", true),
            ("*.lake.org", true),
            ("LAKE.org:443", true),
            ("localhost, lake.org", true),
            ("*", true),
            ("ake.org", false),
            ("deep.lake.org", false),
            ("", false),
            (",", false),
        ];
        for (list, direct) in table {
            let set = [("HTTPS_PROXY", "http://s:1"), ("NO_PROXY", list)];
            assert_eq!(proxy("https://lake.org/x", &set).is_none(), direct, "{list:?}");
        }
        let own = [("HTTP_PROXY", "http://p:1"), ("NO_PROXY", "127.0.0.1,::1")];
        assert_eq!(proxy("http://127.0.0.1:8000/x", &own), None);
        assert_eq!(proxy("http://[::1]:8000/x", &own), None);
    }

    #[test]
    fn a_password_is_told_nobody() {
        assert_eq!(without_password("http://lake:pa@ss@proxy:8080"), "http://proxy:8080");
        assert_eq!(without_password("lake:pass@proxy"), "proxy");
        assert_eq!(without_password("http://proxy:8080"), "http://proxy:8080");
    }
}
