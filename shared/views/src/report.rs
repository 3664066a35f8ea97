//! The guest list as CSV.

use itip::{InstanceAnswer, RsvpStatus, When};

use crate::api::GuestLine;

/// The columns of the first API's report.
const COLUMNS: [&str; 5] = ["email", "name", "status", "origin", "prodid"];
/// Columns that stand after them when a guest has said more than an answer.
const MORE_COLUMNS: [&str; 3] = ["comment", "request_status", "dates"];

/// A guest list as CSV with a header line: RFC 4180 quoting, CRLF, and no cell that a spreadsheet runs as a formula.
pub fn csv(guests: impl IntoIterator<Item = GuestLine>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let guests: Vec<GuestLine> = guests.into_iter().collect();
    let says_more = |guest: &GuestLine| {
        !(guest.comment.is_empty() && guest.request_status.is_empty() && guest.instances.is_empty())
    };
    let more = guests.iter().any(says_more);
    // Writing into memory does not fail.
    let _ = writer.write_record(COLUMNS.iter().chain(more.then_some(&MORE_COLUMNS).into_iter().flatten()));
    for guest in &guests {
        let cells = [&guest.email, &guest.name, guest.status.as_str(), guest.origin, &guest.prodid];
        let mut cells: Vec<String> = cells.into_iter().map(safe_cell).collect();
        if more {
            cells.extend([&guest.comment, &guest.request_status, &dates(&guest.instances)].map(|text| safe_cell(text)));
        }
        let _ = writer.write_record(cells);
    }
    writer.into_inner().unwrap_or_default()
}

/// Answers to single dates in one cell: `2027-07-05 19:00 declined; 2027-07-12 19:00 accepted`.
fn dates(instances: &[InstanceAnswer]) -> String {
    let one = |answer: &InstanceAnswer| {
        let when = match &answer.when {
            When::Date(date) => date.to_string(),
            When::At(moment) => moment.local.format("%Y-%m-%d %H:%M").to_string(),
        };
        format!("{when} {}", RsvpStatus::from(answer.partstat).as_str())
    };
    instances.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// The file's name.
pub fn file_name(uid: &str) -> String {
    format!("{uid}.csv")
}

/// A cell with `'` in front where a spreadsheet would take it for a formula.
fn safe_cell(text: &str) -> String {
    let formula = text.trim_start_matches([' ', '\u{feff}', '\u{a0}']);
    let starts = formula
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '|', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']);
    if starts { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guest(name: &str, prodid: &str) -> GuestLine {
        GuestLine {
            email: "ana@example.com".into(),
            name: name.into(),
            status: RsvpStatus::NoAction,
            origin: "api",
            prodid: prodid.into(),
            comment: String::new(),
            request_status: String::new(),
            instances: Vec::new(),
        }
    }

    fn line(name: &str, prodid: &str) -> String {
        let text = String::from_utf8(csv([guest(name, prodid)])).unwrap();
        text.strip_prefix("email,name,status,origin,prodid\r\n").unwrap().to_owned()
    }

    #[test]
    fn cells_are_quoted_and_never_run() {
        for (name, cell) in [
            ("Ana", "Ana"),
            ("", ""),
            ("Ana, Bob", "\"Ana, Bob\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=1+1", "'=1+1"),
            ("+49 30", "'+49 30"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-2", "'-2"),
            ("\t=1", "'\t=1"),
            ("  =1", "'  =1"),
            ("\u{ff1d}1", "'\u{ff1d}1"),
            ("=HYPERLINK(\"http://x\")", "\"'=HYPERLINK(\"\"http://x\"\")\""),
        ] {
            assert_eq!(line(name, "x"), format!("ana@example.com,{cell},noaction,api,x\r\n"), "{name:?}");
        }
    }

    #[test]
    fn a_client_name_is_a_cell_like_any_other() {
        assert_eq!(line("", "-//google inc//en"), "ana@example.com,,noaction,api,'-//google inc//en\r\n");
    }

    #[test]
    fn a_comment_adds_columns_after_those_of_the_first_api() {
        let ana = GuestLine { comment: "Late, by train".into(), ..guest("Ana", "x") };
        let text = String::from_utf8(csv([ana, guest("Bob", "x")])).unwrap();
        assert_eq!(
            text,
            "email,name,status,origin,prodid,comment,request_status,dates\r\n\
             ana@example.com,Ana,noaction,api,x,\"Late, by train\",,\r\nana@example.com,Bob,noaction,api,x,,,\r\n"
        );
    }

    #[test]
    fn an_event_without_guests_has_a_header() {
        assert_eq!(csv([]), b"email,name,status,origin,prodid\r\n");
    }
}
