//! The proxy of an address, from the variables that curl and others go by.
//!
//! `HTTPS_PROXY` is for `https://`, `HTTP_PROXY` for `http://`, `ALL_PROXY` for both; `NO_PROXY` lists hosts that are
//! asked directly. Each is read in lower case, too. Source: curl's manual page, "ENVIRONMENT".

use ureq::http::Uri;

/// What is set to which value.
pub(crate) type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The variables of this process.
pub(crate) fn of_this_process(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The proxy to ask `uri` through, if any.
pub(crate) fn proxy_for(uri: &Uri, variables: Variables<'_>) -> Option<String> {
    let set = |name: &str| {
        let value = variables(&name.to_ascii_lowercase()).or_else(|| variables(name))?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_string())
    };
    let host = uri.host()?;
    if set("NO_PROXY").is_some_and(|list| list.split(',').any(|entry| spares(entry, host))) {
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
pub(crate) fn without_password(proxy: &str) -> String {
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
        proxy_for(&uri.parse().unwrap(), &variables)
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
