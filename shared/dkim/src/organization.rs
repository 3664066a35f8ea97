//! Which domains belong to one organization (RFC 7489 section 3.2), by the public suffix list.
//!
//! The list's 10,000 rules are here as a sorted set of short hashes, 15 kB instead of 160: `public_suffixes.bin`, made
//! from the `psl` package by a test of this module. A name that is taken for a public suffix by accident (one in 1024)
//! is only kept apart from its neighbours, so its mail is held where it might have been taken; the other way round
//! there are no accidents. DMARC's newer walk through DNS would cost up to eight lookups and believe each zone about
//! itself.

use sha2::{Digest, Sha256};

/// The number of rules as four bytes, where each of 256 buckets begins as two bytes, then the buckets. A bucket holds
/// the differences between its sorted places in Rice coding: the quotient by 2^[`RICE_BITS`] in unary, and the
/// remainder; ones fill its last byte.
static RULES: &[u8] = include_bytes!("public_suffixes.bin");
const RICE_BITS: u32 = 10;
const BUCKETS: usize = 256;

/// Exceptions from rules with an asterisk: these are no public suffixes.
const EXCEPTIONS: [&str; 8] = [
    "www.ck",
    "city.kawasaki.jp",
    "city.kitakyushu.jp",
    "city.kobe.jp",
    "city.nagoya.jp",
    "city.sapporo.jp",
    "city.sendai.jp",
    "city.yokohama.jp",
];

/// The part of a domain that one organization has registered: a public suffix and one label more. `None` for a public
/// suffix itself. The name is in lower case, its labels in letters, digits and hyphens.
pub fn organizational_domain(name: &str) -> Option<&str> {
    let registered = |suffix: &str| name.len().checked_sub(suffix.len() + 1).and_then(|end| name.get(..end));
    let before = registered(public_suffix(name))?;
    let start = before.rfind('.').map_or(0, |dot| dot + 1);
    name.get(start..)
}

/// Whether a name is one under which anybody can register.
pub fn is_public_suffix(name: &str) -> bool {
    public_suffix(name) == name
}

/// Relaxed alignment (RFC 7489 section 3.1.1): the same organization. Equal names need no list.
pub(crate) fn is_aligned(domain: &str, from_domain: &str) -> bool {
    let organization = |name| organizational_domain(name).filter(|_| name.is_ascii());
    domain == from_domain || organization(domain).is_some_and(|ours| organization(from_domain) == Some(ours))
}

fn public_suffix(name: &str) -> &str {
    let parent = |name: &str| name.split_once('.').map_or("", |(_, parent)| parent).len();
    let last = |length: usize| name.get(name.len() - length..).unwrap_or(name);
    let mut suffix = name;
    loop {
        let above = last(parent(suffix));
        if EXCEPTIONS.contains(&suffix) {
            return above;
        }
        // A name without a rule is under its last label, as under the rule `*`.
        if above.is_empty() || is_rule(suffix) || is_rule(&format!("*.{above}")) {
            return suffix;
        }
        suffix = above;
    }
}

fn is_rule(rule: &str) -> bool {
    let Some((count, rest)) = RULES.split_first_chunk::<4>() else { return false };
    let (bucket, wanted) = place(rule, u32::from_be_bytes(*count));
    let Some((starts, codes)) = rest.split_at_checked(2 * BUCKETS) else { return false };
    let start = |bucket: usize| {
        let bytes = starts.get(2 * bucket..).and_then(<[u8]>::first_chunk::<2>);
        bytes.map_or(codes.len(), |bytes| usize::from(u16::from_be_bytes(*bytes)))
    };
    let code = codes.get(start(bucket)..start(bucket + 1)).unwrap_or_default();
    let mut bits = code.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
    let mut at = 0_u64;
    loop {
        let quotient = bits.by_ref().take_while(|bit| *bit == 1).count() as u64;
        let mut remainder = 0_u64;
        for _ in 0..RICE_BITS {
            let Some(bit) = bits.next() else { return false };
            remainder = remainder << 1 | u64::from(bit);
        }
        at += quotient << RICE_BITS | remainder;
        if at >= wanted {
            return at == wanted;
        }
    }
}

/// The bucket of a rule and where it lies in it, of 2^[`RICE_BITS`] places for each of `count` rules.
fn place(rule: &str, count: u32) -> (usize, u64) {
    let hash = Sha256::digest(rule.as_bytes());
    let [bucket, a, b, c] = hash.first_chunk::<4>().copied().unwrap_or_default();
    let places = (u64::from(count) << RICE_BITS) / BUCKETS as u64;
    (usize::from(bucket), (u64::from(u32::from_be_bytes([0, a, b, c])) * places) >> 24)
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use super::*;

    /// The list that the `psl` package was made from, its rules in the letters of DNS.
    fn rules() -> Vec<String> {
        let cargo = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", "x86_64-unknown-linux-gnu"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        let metadata: serde_json::Value = serde_json::from_slice(&cargo.stdout).unwrap();
        let package = metadata["packages"].as_array().unwrap().iter().find(|package| package["name"] == "psl").unwrap();
        let manifest = PathBuf::from(package["manifest_path"].as_str().unwrap());
        let list = std::fs::read_to_string(manifest.with_file_name("data").join("rules.txt")).unwrap();
        list.lines()
            .filter(|line| !line.is_empty())
            .map(|rule| {
                let mark =
                    if rule.starts_with("*.") { "*." } else { rule.get(..1).filter(|c| *c == "!").unwrap_or("") };
                format!("{mark}{}", idna::domain_to_ascii(rule.trim_start_matches(mark)).unwrap())
            })
            .collect()
    }

    fn encoded(rules: &[&String]) -> Vec<u8> {
        let count = u32::try_from(rules.len()).unwrap();
        let mut buckets = vec![Vec::new(); BUCKETS];
        for (bucket, at) in rules.iter().map(|rule| place(rule, count)) {
            buckets[bucket].push(at);
        }
        let (mut starts, mut codes): (Vec<u8>, Vec<u8>) = (Vec::new(), Vec::new());
        for mut places in buckets {
            starts.extend(u16::try_from(codes.len()).unwrap().to_be_bytes());
            places.sort_unstable();
            let mut bits = Vec::new();
            let mut before = 0;
            for place in places {
                let difference = place - before;
                before = place;
                bits.extend((0..difference >> RICE_BITS).map(|_| 1_u8));
                bits.push(0);
                bits.extend((0..RICE_BITS).rev().map(|bit| u8::from(difference >> bit & 1 == 1)));
            }
            bits.resize(bits.len().next_multiple_of(8), 1);
            codes.extend(bits.chunks(8).map(|eight| eight.iter().fold(0_u8, |byte, bit| byte << 1 | bit)));
        }
        [count.to_be_bytes().to_vec(), starts, codes].concat()
    }

    /// `CONVOKE_UPDATE=1 cargo test -p dkim public_suffixes` writes the file after an update of the package.
    #[test]
    fn public_suffixes_are_those_of_the_package() {
        let rules = rules();
        let (exceptions, rules): (Vec<&String>, Vec<&String>) = rules.iter().partition(|rule| rule.starts_with('!'));
        let mut exceptions: Vec<&str> = exceptions.iter().map(|rule| rule.trim_start_matches('!')).collect();
        exceptions.sort_unstable();
        let mut known = EXCEPTIONS.to_vec();
        known.sort_unstable();
        assert_eq!(exceptions, known);
        let file = encoded(&rules);
        if std::env::var_os("CONVOKE_UPDATE").is_some() {
            std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/public_suffixes.bin"), &file).unwrap();
        }
        assert!(file == RULES, "public_suffixes.bin is not that of the package: run this with CONVOKE_UPDATE=1");
        // Nothing that is a public suffix is ever taken for an organization.
        for rule in rules.iter().step_by(7) {
            let name = rule.replace('*', "any");
            assert!(is_public_suffix(&name), "{name}");
            assert_eq!(organizational_domain(&name), None, "{name}");
        }
    }

    #[test]
    fn organizations_are_those_of_the_package() {
        for name in [
            "example.com",
            "mail.example.com",
            "a.b.example.co.uk",
            "co.uk",
            "uk",
            "octocat.github.io",
            "pages.octocat.github.io",
            "github.io",
            "www.ck",
            "a.www.ck",
            "shop.com.ck",
            "a.shop.com.ck",
            "city.kobe.jp",
            "x.city.kobe.jp",
            "x.other.kobe.jp",
            "club.xn--p1ai",
            "xn--85x722f.xn--55qx5d.cn",
            "mail.club.unknown-tld",
            "s3.amazonaws.com",
            "x.compute.amazonaws.com",
        ] {
            let theirs = psl::domain_str(name);
            assert_eq!(organizational_domain(name), theirs, "{name}");
        }
    }

    #[test]
    fn accidents_are_rare() {
        let names: Vec<String> = (0..4000).map(|number| format!("club{number}.com")).collect();
        let kept_apart = names.iter().filter(|name| organizational_domain(name) != Some(name)).count();
        assert!(kept_apart < 20, "{kept_apart} of 4000");
    }

    #[test]
    fn one_organization_signs_for_itself_and_for_nobody_else() {
        for (domain, from) in [
            ("club.example", "club.example"),
            ("mail.club.example", "club.example"),
            ("club.example", "news.club.example"),
            ("a.club.co.uk", "b.club.co.uk"),
            ("github.io", "github.io"),
        ] {
            assert!(is_aligned(domain, from), "{domain} {from}");
        }
        for (domain, from) in [
            ("evil.example", "club.example"),
            ("notclub.example", "club.example"),
            ("example", "club.example"),
            ("co.uk", "club.co.uk"),
            ("evil.co.uk", "club.co.uk"),
            ("evil.github.io", "club.github.io"),
            ("github.io", "club.github.io"),
            ("evil.github.io", "github.io"),
            ("xn--mller-kva.example", "müller.example"),
            ("mail.müller.example", "müller.example"),
            ("", "club.example"),
        ] {
            assert!(!is_aligned(domain, from), "{domain} {from}");
        }
    }
}
