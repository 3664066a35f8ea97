//! Where an invitation link may lead afterwards. Never an open redirect: the host must be allowed by name, and the
//! address is taken apart by rules stricter than any browser's.

use scheduling::settings::{Config, OrganizerSettings};

/// The address to go to, if it is allowed. A missing scheme means `https:`.
pub fn landing(text: &str, config: &Config, settings: &OrganizerSettings) -> Option<String> {
    let text = text.trim();
    if text.is_empty() || text.len() > 2_000 {
        return None;
    }
    // Visible ASCII without what browsers rewrite (backslash) or what has no place in an address.
    if !text.bytes().all(|b| (0x21..=0x7e).contains(&b) && !b"\\<>\"`^{}|".contains(&b)) {
        return None;
    }
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) if scheme.chars().all(|c| c.is_ascii_alphanumeric()) => {
            (scheme.to_ascii_lowercase(), rest)
        }
        _ if text.starts_with('/') || text.contains("://") => return None,
        _ => ("https".to_owned(), text),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    let authority = authority.to_ascii_lowercase();
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority.as_str(), None),
    };
    if port.is_some_and(|port| port.is_empty() || port.len() > 5 || !port.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b == b'-' || b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    if !host.split('.').all(label) {
        return None;
    }
    let own = origin(&config.public_url);
    if Some((scheme.as_str(), authority.as_str())) == own {
        return Some(format!("{scheme}://{authority}{path}"));
    }
    let local = host == "localhost" || host == "127.0.0.1";
    let scheme_fits = scheme == "https" || (scheme == "http" && local && config.public_url.starts_with("http://"));
    let allowed = config.landing_hosts.iter().chain(&settings.landing_hosts).any(|entry| covers(entry, host));
    (scheme_fits && allowed).then(|| format!("{scheme}://{authority}{path}"))
}

/// Scheme and authority of an address.
pub fn origin(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    Some((scheme, rest.split(['/', '?', '#']).next().unwrap_or(rest)))
}

/// Whether an entry of the list names the host, or a domain above it.
fn covers(entry: &str, host: &str) -> bool {
    let entry = entry.trim().trim_start_matches("*.").to_ascii_lowercase();
    if entry.is_empty() {
        return false;
    }
    host == entry || host.strip_suffix(entry.as_str()).is_some_and(|front| front.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use scheduling::settings::{ReplyAddress, Timing};

    use super::*;

    fn config() -> Config {
        Config {
            domain: "convoke.test".into(),
            public_url: "https://convoke.test".into(),
            reply_address: ReplyAddress::Plus,
            postal_footer: String::new(),
            landing_hosts: vec!["shop.example".into()],
            trusted_authserv_id: None,
            keyless_daily_max: 5,
            keyed_daily_max: 50,
            event_invites_max: 2_500,
            ses_timeout_ms: 1,
            timing: Timing::default(),
        }
    }

    fn settings() -> OrganizerSettings {
        OrganizerSettings { landing_hosts: vec!["club.example".into()], ..OrganizerSettings::default() }
    }

    #[test]
    fn allowed_hosts_are_reached() {
        for (text, to) in [
            ("https://shop.example/thanks?a=b#c", "https://shop.example/thanks?a=b#c"),
            ("HTTPS://SHOP.example/Thanks", "https://shop.example/Thanks"),
            ("https://www.shop.example", "https://www.shop.example"),
            ("https://shop.example:8443/", "https://shop.example:8443/"),
            ("shop.example/thanks", "https://shop.example/thanks"),
            ("https://club.example", "https://club.example"),
            ("https://convoke.test/s/club", "https://convoke.test/s/club"),
            ("https://shop.example?next=//evil.example", "https://shop.example?next=//evil.example"),
        ] {
            assert_eq!(landing(text, &config(), &settings()).as_deref(), Some(to), "{text}");
        }
    }

    #[test]
    fn nothing_else_is() {
        for text in [
            "",
            "https://evil.example",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https:\\\\evil.example",
            "https:/evil.example",
            "https:evil.example",
            "http://shop.example",
            "https://shop.example@evil.example",
            "https://shop.example:pw@evil.example",
            "https://evil.example\\@shop.example",
            "https://evil.example/.shop.example",
            "https://evilshop.example",
            "https://shop.example.evil.example",
            "https://shop.example.",
            "https://shop.example:",
            "https://shop.example:80a",
            "https://shop.example:443:443",
            "javascript:alert(1)",
            "javascript://shop.example/%0aalert(1)",
            "data:text/html,x",
            "ftp://shop.example",
            "https://evil.example#shop.example",
            "https://evil.example?shop.example",
            "https://[::1]/",
            "https://sh\u{f6}p.example",
            "https://shop.example\r\nSet-Cookie: a=b",
            "https://shop.example/ x",
            "https://shop%2eexample",
            "https://evil.example%2f.shop.example",
            "http://localhost:8787/",
            "httpevil.example",
            "https://.shop.example",
            "https://-shop.example",
            "https://",
            "://shop.example",
            "https://evil.example://shop.example",
            "http://convoke.test/",
        ] {
            assert_eq!(landing(text, &config(), &settings()), None, "{text}");
        }
    }

    #[test]
    fn a_local_stack_may_lead_to_local_pages() {
        let config =
            Config { public_url: "http://127.0.0.1:8787".into(), landing_hosts: vec!["localhost".into()], ..config() };
        let to = |text: &str| landing(text, &config, &settings());
        assert_eq!(to("http://localhost:3000/x").as_deref(), Some("http://localhost:3000/x"));
        assert_eq!(to("http://127.0.0.1:8787/s/club").as_deref(), Some("http://127.0.0.1:8787/s/club"));
        assert_eq!(to("http://127.0.0.1:9999/"), None);
    }
}
