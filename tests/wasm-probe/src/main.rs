//! The native counts, as JSON.

mod counts;

fn main() {
    let (zones, common) = counts::imip();
    println!(r#"{{"windows_zones":{zones},"common_entities":{common},"html_entities":{}}}"#, counts::entities());
}
