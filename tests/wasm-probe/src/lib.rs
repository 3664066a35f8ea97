//! Perfect-hash tables are built by a procedural macro on a 64-bit host and used on a 32-bit one.
//! Built for the wrong word size they lose nine names of ten without any error, and no native test can see it.
//! Plain exports, so that node can load the module without bindings.

mod counts;

fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Windows zone names found.
#[unsafe(no_mangle)]
pub extern "C" fn windows_zones() -> u32 {
    small(counts::imip().0)
}

/// Common entities that `imip` decodes.
#[unsafe(no_mangle)]
pub extern "C" fn common_entities() -> u32 {
    small(counts::imip().1)
}

/// All entities of HTML that are decoded.
#[unsafe(no_mangle)]
pub extern "C" fn html_entities() -> u32 {
    small(counts::entities())
}
