//! Where a subscribed feed may be: on the public web, and nowhere else.
//!
//! A feed's address is a stranger's word about what our servers shall open, at the first step and after every redirect.
//! So nothing is filtered out of what an address may be; little is let in: https, a host name of the public kind, its
//! usual port.

use std::fmt;

/// Longest address.
const URL_BYTES_MAX: usize = 2_000;
/// Top-level names that lead nowhere public (RFC 2606, RFC 6761, RFC 6762, RFC 8375) or by custom into somebody's own
/// network.
const PRIVATE_NAMES: [&str; 18] = [
    "local",
    "localhost",
    "localdomain",
    "internal",
    "intranet",
    "private",
    "lan",
    "home",
    "corp",
    "mail",
    "test",
    "invalid",
    "onion",
    "arpa",
    "alt",
    "svc",
    "cluster",
    "consul",
];

/// How far a feed's address may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The public web.
    Public,
    /// This machine, too: the local stack.
    Loopback,
}

impl Reach {
    /// Of a deployment with this address: only the local stack has one without https.
    pub fn of(public_url: &str) -> Self {
        if public_url.starts_with("http://127.0.0.1") { Self::Loopback } else { Self::Public }
    }
}

/// An address that may be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedUrl {
    origin: String,
    path: String,
}

/// Why an address may not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FeedUrlError {
    /// Not https.
    #[error("the address must begin with https://")]
    Scheme,
    /// Something that no address has.
    #[error("the address holds characters that do not belong there")]
    Characters,
    /// Too long.
    #[error("the address is too long")]
    TooLong,
    /// `user:password@`.
    #[error("the address may not hold a user or a password")]
    Credentials,
    /// An IP address, a name of a private network, or no host name at all.
    #[error("the host must be a public name such as calendar.example.com")]
    Host,
    /// Another port.
    #[error("only the usual port of https is opened")]
    Port,
}

impl FeedUrl {
    /// Reads an address. `webcal:` is how calendar programs write https.
    pub fn parse(text: &str, reach: Reach) -> Result<Self, FeedUrlError> {
        let text = text.trim();
        if text.len() > URL_BYTES_MAX {
            return Err(FeedUrlError::TooLong);
        }
        // Whatever a URL library might normalise is not let in.
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
            return Err(FeedUrlError::Characters);
        }
        let (scheme, rest) = text.split_once("://").ok_or(FeedUrlError::Scheme)?;
        let scheme = scheme.to_ascii_lowercase();
        let at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(at).ok_or(FeedUrlError::Characters)?;
        let path = path.split('#').next().unwrap_or_default();
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let authority = authority.to_ascii_lowercase();
        if authority.contains('@') {
            return Err(FeedUrlError::Credentials);
        }
        if reach == Reach::Loopback && scheme == "http" && authority.starts_with("127.0.0.1:") {
            return Ok(Self { origin: format!("http://{authority}"), path });
        }
        if scheme != "https" && scheme != "webcal" && scheme != "webcals" {
            return Err(FeedUrlError::Scheme);
        }
        let (host, port) = authority.split_once(':').unwrap_or((&authority, "443"));
        if !is_public_name(host) {
            return Err(FeedUrlError::Host);
        }
        if port != "443" {
            return Err(FeedUrlError::Port);
        }
        Ok(Self { origin: format!("https://{host}"), path })
    }

    /// Where a redirect of this address leads.
    pub fn follow(&self, location: &str, reach: Reach) -> Result<Self, FeedUrlError> {
        let location = location.trim();
        let absolute = match (location.strip_prefix("//"), location.strip_prefix('/')) {
            (Some(rest), _) => format!("https://{rest}"),
            (None, Some(_)) => format!("{}{location}", self.origin),
            (None, None) if location.contains("://") => location.to_owned(),
            (None, None) => {
                let folder = self.path.split('?').next().unwrap_or_default();
                let folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder);
                format!("{}{folder}/{location}", self.origin)
            }
        };
        Self::parse(&absolute, reach)
    }

    /// Whether it leads to a deployment, given by its public address, or to its API. Our own pages would be read as
    /// somebody else's events.
    pub fn is_ours(&self, public_url: &str) -> bool {
        let ours = public_url.split_once("://").map_or(public_url, |(_, host)| host);
        self.host() == ours || self.host().strip_prefix("api.") == Some(ours)
    }

    /// The host, for people.
    pub fn host(&self) -> &str {
        self.origin.split_once("://").map_or("", |(_, host)| host)
    }
}

impl fmt::Display for FeedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.path)
    }
}

/// A name with a public top-level domain. One that ends in letters is no IP address in any spelling: those end in a
/// number, whether decimal, octal or hexadecimal (WHATWG URL section 3.5), or stand in brackets.
fn is_public_name(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let Some((rest, top)) = host.rsplit_once('.') else { return false };
    let is_top = top.len() >= 2 && (top.bytes().all(|byte| byte.is_ascii_alphabetic()) || top.starts_with("xn--"));
    host.len() <= 253 && is_top && host.split('.').all(label) && !PRIVATE_NAMES.contains(&top) && !rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_web_is_let_in() {
        let cases = [
            ("https://calendar.example.com/a/b.ics?x=1#top", "https://calendar.example.com/a/b.ics?x=1"),
            ("webcal://Calendar.Example.com", "https://calendar.example.com/"),
            (" https://calendar.example.com:443/x ", "https://calendar.example.com/x"),
            ("https://xn--bcher-kva.example?x", "https://xn--bcher-kva.example/?x"),
        ];
        for (text, url) in cases {
            assert_eq!(FeedUrl::parse(text, Reach::Public).unwrap().to_string(), url);
        }
    }

    #[test]
    fn nothing_else_is() {
        use FeedUrlError::{Characters, Credentials, Host, Port, Scheme};
        let cases = [
            ("http://calendar.example.com/", Scheme),
            ("ftp://calendar.example.com/", Scheme),
            ("file:///etc/passwd", Scheme),
            ("calendar.example.com", Scheme),
            ("https://user@calendar.example.com/", Credentials),
            ("https://user:secret@calendar.example.com/", Credentials),
            ("https://calendar.example.com@10.0.0.1/", Credentials),
            ("https://calendar.example.com:8443/", Port),
            ("https://calendar.example.com:80/", Port),
            ("https://calendar.example.com:443:1/", Port),
            ("https://calendar.example.com\\@10.0.0.1/", Characters),
            ("https://calendar.example.com\t/", Characters),
            ("https://b\u{fc}cher.example/", Characters),
            ("https://\u{ff11}27.0.0.1/", Characters),
            // Addresses of this machine, of private networks, of metadata services, in every spelling.
            ("https://127.0.0.1/", Host),
            ("https://127.1/", Host),
            ("https://2130706433/", Host),
            ("https://0x7f000001/", Host),
            ("https://0x7f.0.0.1/", Host),
            ("https://0177.0.0.1/", Host),
            ("https://127.0.0.0x1/", Host),
            ("https://0/", Host),
            ("https://10.0.0.1/", Host),
            ("https://192.168.0.1./", Host),
            ("https://169.254.169.254/latest/meta-data/", Host),
            ("https://8.8.8.8/", Host),
            ("https://[::1]/", Host),
            ("https://[fd00::1]/", Host),
            ("https://[::ffff:127.0.0.1]/", Host),
            ("https://%31%32%37.0.0.1/", Host),
            ("https://localhost/", Host),
            ("https://localhost./", Host),
            ("https://calendar.localhost/", Host),
            ("https://metadata.google.internal/", Host),
            ("https://printer.local/", Host),
            ("https://router.lan/", Host),
            ("https://1.0.0.127.in-addr.arpa/", Host),
            ("https://intranet/", Host),
            ("https:///path", Host),
            ("https://.com/", Host),
            ("https://a..com/", Host),
            ("https://-a.example/", Host),
        ];
        for (text, error) in cases {
            assert_eq!(FeedUrl::parse(text, Reach::Public), Err(error), "{text}");
        }
        assert_eq!(
            FeedUrl::parse(&format!("https://a.example/{}", "x".repeat(2_000)), Reach::Public),
            Err(FeedUrlError::TooLong)
        );
    }

    #[test]
    fn a_redirect_is_judged_as_the_first_step_is() {
        let from = FeedUrl::parse("https://a.example/team/feed.ics?x=1", Reach::Public).unwrap();
        let cases = [
            ("https://b.example/x", Some("https://b.example/x")),
            ("//b.example/x", Some("https://b.example/x")),
            ("/x?y", Some("https://a.example/x?y")),
            ("new.ics", Some("https://a.example/team/new.ics")),
            ("http://b.example/x", None),
            ("https://127.0.0.1/x", None),
            ("//localhost/x", None),
            ("https://169.254.169.254/", None),
        ];
        for (location, to) in cases {
            let followed = from.follow(location, Reach::Public).ok().map(|url| url.to_string());
            assert_eq!(followed.as_deref(), to, "{location}");
        }
    }

    #[test]
    fn only_the_local_stack_opens_its_own_machine() {
        let local = "http://127.0.0.1:8821/feed.ics";
        assert_eq!(FeedUrl::parse(local, Reach::of("http://127.0.0.1:8787")).unwrap().to_string(), local);
        assert!(FeedUrl::parse(local, Reach::of("https://convoke.example")).is_err());
        assert!(FeedUrl::parse("http://127.0.0.1.evil.example:80/", Reach::Loopback).is_err());
        assert!(FeedUrl::parse("http://10.0.0.1:80/", Reach::Loopback).is_err());
    }

    #[test]
    fn our_own_addresses_are_known() {
        let is_ours = |text: &str| FeedUrl::parse(text, Reach::Public).unwrap().is_ours("https://calendar.example");
        assert!(is_ours("https://calendar.example/s/a.ics") && is_ours("webcal://API.calendar.example/s/a.ics"));
        assert!(!is_ours("https://club.calendar.example/a.ics") && !is_ours("https://notcalendar.example/a.ics"));
    }
}
