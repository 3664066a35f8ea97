//! The last part of an organizer's page address, from his name.

use itip::CalAddress;
use scheduling::keys::{Keys, address_hash};

/// Longest slug; a screen's width on a phone.
const SLUG_CHARS_MAX: usize = 40;
/// Numbers tried after the plain name, before the name gets a suffix of its own.
const NUMBERS: std::ops::RangeInclusive<u32> = 2..=5;

/// Candidates from the nicest to one that is free for certain.
pub(crate) fn slugs(name: &str, address: &CalAddress, keys: &Keys) -> Vec<String> {
    let mut base = slugify(name);
    if base.len() < 2 {
        base = slugify(address.local_part());
    }
    if base.is_empty() {
        base.push_str("organizer");
    }
    let hash = address_hash(keys, address);
    let mut slugs = vec![base.clone()];
    slugs.extend(NUMBERS.map(|number| format!("{base}-{number}")));
    for length in [6, 32] {
        slugs.push(format!("{base}-{}", hash.get(..length).unwrap_or(&hash)));
    }
    slugs
}

/// Lower-case letters, digits and single hyphens; Latin letters lose their marks, other scripts are left out.
fn slugify(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        match fold(c) {
            Some(letters) => slug.push_str(letters),
            None if c.is_ascii_alphanumeric() => slug.push(c),
            // An apostrophe or a combining mark joins, everything else divides.
            None if matches!(c, '\'' | '\u{2019}' | '\u{300}'..='\u{36f}') => {}
            None if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            None => {}
        }
        if slug.len() >= SLUG_CHARS_MAX {
            break;
        }
    }
    slug.truncate(SLUG_CHARS_MAX);
    slug.trim_end_matches('-').to_owned()
}

fn fold(c: char) -> Option<&'static str> {
    Some(match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'ĥ' | 'ħ' => "h",
        'ì' | 'í' | 'î' | 'ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
        'ĵ' => "j",
        'ķ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => "o",
        'œ' => "oe",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'ß' => "ss",
        'ţ' | 'ť' | 'ŧ' | 'ț' => "t",
        'þ' => "th",
        'ù' | 'ú' | 'û' | 'ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
        'ŵ' => "w",
        'ý' | 'ÿ' | 'ŷ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use scheduling::keys::Key;

    #[test]
    fn names_become_addresses() {
        for (name, slug) in [
            ("Baltimore Orioles", "baltimore-orioles"),
            ("Łódź Städte & Straße", "lodz-stadte-strasse"),
            ("O'Neil's  Pub!", "oneils-pub"),
            ("--", ""),
            ("東京マラソン 2027", "2027"),
            ("東京", ""),
            ("../../etc", "etc"),
        ] {
            assert_eq!(slugify(name), slug, "{name}");
        }
        assert!(slugify(&"long ".repeat(100)).len() <= SLUG_CHARS_MAX);
    }

    #[test]
    fn the_last_candidate_is_nobody_elses() {
        let keys = Keys { event: Key::new("event"), link: Key::new("link") };
        let (ann, bob) = (CalAddress::parse("ann@x.test").unwrap(), CalAddress::parse("bob@x.test").unwrap());
        let (first, second) = (slugs("東京", &ann, &keys), slugs("東京", &bob, &keys));
        assert_eq!((first[0].as_str(), second[0].as_str()), ("ann", "bob"));
        assert_ne!(slugs("Club", &ann, &keys).last(), slugs("Club", &bob, &keys).last());
    }
}
