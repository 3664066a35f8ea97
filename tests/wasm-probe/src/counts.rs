//! The counts themselves, compiled twice.

/// Names of HTML's character references, one a line.
const ENTITIES: &str = include_str!("../html_entities.txt");

/// Windows zone names, and some entities, that `imip` recognises.
pub fn imip() -> (usize, usize) {
    imip::probe()
}

/// Character references of HTML that become the character they name.
pub fn entities() -> usize {
    ENTITIES
        .lines()
        .filter(|name| {
            let reference = format!("&{name};");
            imip::html_to_text(&reference) != reference
        })
        .count()
}
