//! The counts themselves, compiled twice.

/// Names of HTML's character references, one a line.
const ENTITIES: &str = include_str!("../html_entities.txt");

/// Windows zone names, and some entities, that `imip` recognises.
pub fn imip() -> (usize, usize) {
    imip::probe()
}

/// Character references that mail-parser decodes, of all that HTML has.
pub fn entities() -> usize {
    let is_decoded = |name: &&str| {
        let reference = format!("&{name};");
        let mut out = String::new();
        mail_parser::decoders::html::add_html_token(&mut out, reference.as_bytes(), false);
        out != reference
    };
    ENTITIES.lines().filter(is_decoded).count()
}
