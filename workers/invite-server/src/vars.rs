//! Variables and secrets, read once into settings. Pure: names and texts come in, settings or every fault come out.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use courier::SesAccess;
use scheduling::keys::{Key, Keys, sha256_hex};
use scheduling::settings::{Config, ReplyAddress, Timing};

/// Everything the environment says, ready for use.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What the surfaces may know.
    pub config: Config,
    /// The secrets that names and links are made with.
    pub keys: Keys,
    /// How to reach SES.
    pub ses: SesAccess,
    /// How to ask DNS.
    pub doh: DohAccess,
    /// SHA-256 of `ADMIN_KEY`.
    pub admin_key_hash: String,
    /// SHA-256 of `STANDARD_KEY`; only the local stack has one.
    pub standard_key_hash: Option<String>,
}

/// A resolver that speaks DNS over HTTPS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DohAccess {
    /// Where it answers `?name=…&type=TXT` with JSON.
    pub url: String,
    /// How long an answer may take, in milliseconds.
    pub timeout_ms: u32,
}

/// What a build insists on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Build {
    /// HTTPS everywhere, secrets of our own.
    Production,
    /// The local stack: fixed keys, everything on loopback.
    Local,
}

impl Build {
    /// The one we are in.
    pub const THIS: Self = if cfg!(feature = "local") { Self::Local } else { Self::Production };
}

/// Every fault of the environment at once. Names only: values may be secrets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults(Vec<String>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

/// Cloudflare's resolver: no other party learns who mails us.
const DOH_URL: &str = "https://cloudflare-dns.com/dns-query";
/// What every key of the local stack begins with; they stand in a public repository.
const LOCAL_KEY_PREFIX: &str = "cvk_local_";
/// `openssl rand -hex 16` gives 128 bits in 32 characters.
const SECRET_CHARS_MIN: usize = 32;

/// A variable that does not go through this function is unknown to the deployment.
struct Reader<'a> {
    vars: &'a BTreeMap<String, String>,
    build: Build,
    taken: Vec<&'static str>,
    faults: Vec<String>,
}

impl Reader<'_> {
    /// The text of a variable; an empty one is as good as none.
    fn optional(&mut self, name: &'static str) -> Option<String> {
        self.taken.push(name);
        self.vars.get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    fn required(&mut self, name: &'static str) -> String {
        self.optional(name).unwrap_or_else(|| {
            self.fault(name, "is missing");
            String::new()
        })
    }

    fn fault(&mut self, name: &str, what: &str) {
        self.faults.push(format!("{name} {what}"));
    }

    fn own_key(&mut self, name: &'static str) -> String {
        let secret = self.required(name);
        if self.build == Build::Production && !secret.is_empty() {
            if secret.starts_with(LOCAL_KEY_PREFIX) {
                self.fault(name, "is the local stack's: set one of your own");
            } else if secret.len() < SECRET_CHARS_MIN {
                self.fault(name, "is shorter than 32 characters");
            }
        }
        secret
    }

    /// An address without a trailing slash; plain HTTP only in the local stack.
    fn url(&mut self, name: &'static str) -> String {
        let url = self.required(name);
        self.checked_url(name, &url)
    }

    fn checked_url(&mut self, name: &'static str, url: &str) -> String {
        let url = url.trim_end_matches('/').to_owned();
        let plain = url.starts_with("http://");
        if plain && self.build == Build::Production {
            self.fault(name, "must begin with https://");
        } else if !url.is_empty() && !plain && !url.starts_with("https://") {
            self.fault(name, "is no address of the web");
        }
        url
    }

    fn number<N: FromStr + PartialOrd + Copy>(&mut self, name: &'static str, default: N, least: N) -> N {
        match self.optional(name).map(|text| text.parse::<N>()) {
            None => default,
            Some(Ok(number)) if number >= least => number,
            Some(_) => {
                self.fault(name, "is no number in its range");
                default
            }
        }
    }
}

/// Reads the variables.
pub fn read(vars: &BTreeMap<String, String>, build: Build) -> Result<Settings, Faults> {
    let mut reader = Reader { vars, build, taken: Vec::new(), faults: Vec::new() };
    let r = &mut reader;
    // For people and dashboards; nothing depends on it.
    r.optional("ENVIRONMENT");

    let domain = r.required("DOMAIN").to_lowercase();
    if !domain.is_empty() && itip::CalAddress::parse(&format!("create@{domain}")).is_err() {
        r.fault("DOMAIN", "is no domain name");
    }
    let public_url = r.url("PUBLIC_URL");
    let reply_address = match r.optional("REPLY_ADDRESS").as_deref() {
        None | Some("plus") => ReplyAddress::Plus,
        Some("dash") => ReplyAddress::Dash,
        Some("plain") => ReplyAddress::Plain,
        Some(_) => {
            r.fault("REPLY_ADDRESS", "is none of plus, dash, plain");
            ReplyAddress::Plus
        }
    };
    let landing_hosts: Vec<String> = r
        .optional("LANDING_HOSTS")
        .unwrap_or_default()
        .split(',')
        .map(|host| host.trim().to_lowercase())
        .filter(|host| !host.is_empty())
        .collect();
    if landing_hosts.iter().any(|host| host.contains(['/', ':', '@', ' '])) {
        r.fault("LANDING_HOSTS", "names something that is no host");
    }
    let timing = Timing::default();
    let config = Config {
        domain,
        public_url,
        reply_address,
        postal_footer: r.optional("POSTAL_FOOTER").unwrap_or_default(),
        landing_hosts,
        trusted_authserv_id: r.optional("TRUSTED_AUTHSERV_ID"),
        keyless_daily_max: r.number("KEYLESS_DAILY_MAX", 200, 0),
        keyed_daily_max: r.number("KEYED_DAILY_MAX", 50_000, 0),
        event_invites_max: r.number("EVENT_INVITES_MAX", 100_000, 0),
        ses_timeout_ms: r.number("SES_TIMEOUT_MS", 20_000, 1),
        timing: Timing {
            lease_secs: r.number("LEASE_SECS", timing.lease_secs, 1),
            unknown_grace_secs: r.number("UNKNOWN_GRACE_SECS", timing.unknown_grace_secs, 1),
            hint_repeat_secs: r.number("HINT_REPEAT_SECS", timing.hint_repeat_secs, 1),
            digest_secs: r.number("DIGEST_SECS", timing.digest_secs, 0),
            rebuild_secs: r.number("REBUILD_SECS", timing.rebuild_secs, 0),
            rebuild_max_secs: r.number("REBUILD_MAX_SECS", timing.rebuild_max_secs, 0),
        },
    };
    // A lease that ends while its mail is still on the way would be taken for lost and sent again.
    if i64::from(config.ses_timeout_ms) >= config.timing.lease_secs.saturating_mul(1000) {
        r.fault("LEASE_SECS", "must be longer than SES_TIMEOUT_MS");
    }
    let ses = SesAccess {
        endpoint: r.url("SES_ENDPOINT"),
        region: r.required("SES_REGION"),
        access_key_id: r.required("SES_ACCESS_KEY_ID"),
        secret_access_key: r.required("SES_SECRET_ACCESS_KEY"),
        session_token: r.optional("SES_SESSION_TOKEN"),
        configuration_set: r.optional("SES_CONFIGURATION_SET"),
    };
    let doh_url = r.optional("DOH_URL").unwrap_or_else(|| DOH_URL.to_owned());
    let doh = DohAccess { url: r.checked_url("DOH_URL", &doh_url), timeout_ms: r.number("DOH_TIMEOUT_MS", 3_000, 1) };
    let keys = Keys { event: Key::new(&r.own_key("EVENT_KEY")), link: Key::new(&r.own_key("LINK_KEY")) };
    let admin_key_hash = sha256_hex(r.own_key("ADMIN_KEY").as_bytes());
    let standard_key_hash = match build {
        Build::Local => r.optional("STANDARD_KEY").map(|key| sha256_hex(key.as_bytes())),
        // Not even known: a key that opens things must not stand in a deployed environment by accident.
        Build::Production => None,
    };

    let Reader { taken, mut faults, .. } = reader;
    faults.extend(
        vars.keys()
            .filter(|name| !taken.contains(&name.as_str()) && !is_platforms(name))
            .map(|name| format!("{name} is not known")),
    );
    if faults.is_empty() {
        Ok(Settings { config, keys, ses, doh, admin_key_hash, standard_key_hash })
    } else {
        Err(Faults(faults))
    }
}

/// Names that Cloudflare and wrangler may add.
fn is_platforms(name: &str) -> bool {
    ["CF_", "CLOUDFLARE_", "__"].iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vars(changes: &[(&str, &str)]) -> BTreeMap<String, String> {
        let mut vars: BTreeMap<String, String> = [
            ("DOMAIN", "calendar.example"),
            ("PUBLIC_URL", "https://calendar.example/"),
            ("SES_REGION", "us-east-1"),
            ("SES_ENDPOINT", "https://email.us-east-1.amazonaws.com"),
            ("SES_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("SES_SECRET_ACCESS_KEY", "secret"),
            ("EVENT_KEY", "0123456789abcdef0123456789abcdef"),
            ("LINK_KEY", "123456789abcdef0123456789abcdef0"),
            ("ADMIN_KEY", "23456789abcdef0123456789abcdef01"),
        ]
        .into_iter()
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .collect();
        for (name, text) in changes {
            if text.is_empty() {
                vars.remove(*name);
            } else {
                vars.insert((*name).to_owned(), (*text).to_owned());
            }
        }
        vars
    }

    fn faults(changes: &[(&str, &str)], build: Build) -> String {
        read(&vars(changes), build).unwrap_err().to_string()
    }

    #[test]
    fn nine_names_are_enough() {
        let settings = read(&vars(&[]), Build::Production).unwrap();
        assert_eq!(settings.config.public_url, "https://calendar.example");
        assert_eq!(settings.config.trusted_authserv_id, None);
        assert_eq!(settings.standard_key_hash, None);
        assert_eq!(settings.doh, DohAccess { url: DOH_URL.to_owned(), timeout_ms: 3_000 });
    }

    #[test]
    fn all_faults_are_told_together_and_no_value_is() {
        let text = faults(
            &[
                ("DOMAIN", ""),
                ("EVENT_KEY", "short-and-secret"),
                ("LEASE_SECS", "soon"),
                ("KEYLES_DAILY_MAX", "3"),
                ("REPLY_ADDRESS", "minus"),
            ],
            Build::Production,
        );
        assert_eq!(
            text,
            "DOMAIN is missing; REPLY_ADDRESS is none of plus, dash, plain; LEASE_SECS is no number in its range; \
             EVENT_KEY is shorter than 32 characters; KEYLES_DAILY_MAX is not known"
        );
    }

    #[test]
    fn production_refuses_what_only_the_local_stack_may_have() {
        let local = [
            ("SES_ENDPOINT", "http://127.0.0.1:8005"),
            ("DOH_URL", "http://127.0.0.1:8053/dns-query"),
            ("PUBLIC_URL", "http://127.0.0.1:8787"),
            ("EVENT_KEY", "cvk_local_event_0000000000000000"),
            ("LINK_KEY", "cvk_local_link_0000000000000000"),
            ("ADMIN_KEY", "cvk_local_admin_0000000000000000"),
            ("STANDARD_KEY", "cvk_local_standard_0000000000000000"),
        ];
        let text = faults(&local, Build::Production);
        for (name, _) in local {
            assert!(text.contains(name), "{name} in {text}");
        }
        let settings = read(&vars(&local), Build::Local).unwrap();
        assert_eq!(settings.standard_key_hash, Some(sha256_hex(b"cvk_local_standard_0000000000000000")));
    }

    #[test]
    fn a_lease_outlives_the_wait_for_ses() {
        let text = faults(&[("LEASE_SECS", "20")], Build::Production);
        assert_eq!(text, "LEASE_SECS must be longer than SES_TIMEOUT_MS");
    }
}
