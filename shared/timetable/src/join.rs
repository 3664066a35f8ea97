//! Links by which people join a meeting. Where an organizer tells the place only in invitations, they are the place.

/// Hosts of meetings. They are looked for as text, because mail gateways wrap links into links of their own.
const HOSTS: &[&str] = &[
    "zoom.us",
    "zoom.com/",
    "zoomgov.com",
    "teams.microsoft.com",
    "teams.live.com",
    "teams.microsoft.us",
    "meet.google.com",
    "hangouts.google.com",
    "g.co/meet",
    "webex.com",
    "whereby.com",
    "meet.jit.si",
    "8x8.vc",
    "gotomeeting.com",
    "gotomeet.me",
    "gotowebinar.com",
    "meet.goto.com",
    "bluejeans.com",
    "chime.aws",
    "v.ringcentral.com",
    "meet.ringcentral",
    "skype.com",
    "discord.gg",
    "discord.com/invite",
    "bigbluebutton",
    "livestorm.co",
    "streamyard.com",
    "around.co/r/",
    "facetime.apple.com",
    "meet.zoho",
    "join.me/",
    "meetup-join",
];

/// What stands beside such links and opens the same door.
const CREDENTIALS: &[&str] = &[
    "meeting id",
    "meeting-id",
    "webinar id",
    "passcode",
    "password:",
    "pass code",
    "access code",
    "meeting number",
    "conference id",
    "phone conference",
    "dial by your location",
    "dial-in",
    "dial in:",
    "one tap mobile",
    "join by phone",
    "meeting key",
    "id de reunion",
    "id de la reunion",
    "id. de reunion",
    "codigo de acceso",
    "código de acceso",
    "contraseña:",
    "id de reunión",
    "id de la reunión",
];

/// Whether an address leads into a meeting.
pub(crate) fn leads_into_meeting(url: &str) -> bool {
    let lower = url.to_lowercase();
    HOSTS.iter().any(|host| lower.contains(host))
}

fn opens(line: &str) -> bool {
    let lower = line.to_lowercase();
    HOSTS.iter().chain(CREDENTIALS).any(|word| lower.contains(word))
}

/// A text without the lines that let a reader join.
pub(crate) fn without_joining(text: &str) -> String {
    let mut kept: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !opens(line)).collect();
    kept.dedup_by(|line, before| line.is_empty() && before.is_empty());
    kept.join("\n").trim().to_owned()
}

/// An address, or nothing where it leads into a meeting.
pub fn public_link(url: &str) -> &str {
    if leads_into_meeting(url) { "" } else { url }
}

/// Safe HTML without what lets a reader join: where there is one, what is left is told as text.
pub fn html_without_joining(html: &str) -> String {
    let text = imip::html_to_text(html);
    // A tag may part a word of the text, and a reference one of the HTML: either reading is enough.
    if opens(html) || opens(&text) { imip::text_to_html(&without_joining(&text)) } else { html.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meetings_are_told_from_other_links() {
        for url in [
            "https://us02web.zoom.us/j/123?pwd=x",
            "https://TEAMS.microsoft.com/l/meetup-join/19%3ameeting",
            "https://meet.google.com/abc-defg-hij",
            "https://club.webex.com/meet/x",
            "https://eu.safelinks.example/?url=https%3A%2F%2Fteams.microsoft.com%2Fl%2F1",
        ] {
            assert!(leads_into_meeting(url), "{url}");
        }
        for url in ["https://club.example/tickets", "https://zoomcamera.example/", "https://teams.example/rovers"] {
            assert!(!leads_into_meeting(url), "{url}");
        }
    }

    #[test]
    fn nothing_that_lets_a_reader_join_is_left() {
        let text = "Talk of the month.\nJoin: https://us02web.zoom.us/j/1\nMeeting ID: 1 Passcode: 2\nBring a pen.";
        assert_eq!(without_joining(text), "Talk of the month.\nBring a pen.");
        let html =
            "<p>Talk of the <b>month</b>.</p><p><a href=\"https://us02web.zoom.us/j/1\">Join</a></p>Bring a pen.";
        assert_eq!(html_without_joining(html), "Talk of the month.<br><br>Bring a pen.");
        let html = "<p>Talk of the <b>month</b>.</p>";
        assert_eq!(html_without_joining(html), html);
        assert_eq!(html_without_joining("zo<b>om.us/j/1</b>"), "");
    }
}
