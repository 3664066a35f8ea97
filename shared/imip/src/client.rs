//! Which calendar program wrote a message, by its PRODID.

/// Families of calendar programs that reports tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ClientFamily {
    /// Google Calendar.
    Google,
    /// Outlook, Exchange, Microsoft 365, Outlook.com.
    Outlook,
    /// Calendar on macOS, iOS and iCloud.
    Apple,
    /// Yahoo Calendar.
    Yahoo,
    /// Anything else.
    Other,
}

impl ClientFamily {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::Outlook => "outlook",
            Self::Apple => "apple",
            Self::Yahoo => "yahoo",
            Self::Other => "other",
        }
    }
}

/// Tells the family from a raw PRODID, such as `-//Google Inc//Google Calendar 70.9054//EN`.
pub fn client_family(prodid: &str) -> ClientFamily {
    let prodid = prodid.to_ascii_lowercase();
    let names = |words: &[&str]| words.iter().any(|word| prodid.contains(word));
    if names(&["google"]) {
        ClientFamily::Google
    } else if names(&["microsoft", "outlook", "exchange"]) {
        ClientFamily::Outlook
    } else if names(&["apple", "icloud", "iphone"]) {
        ClientFamily::Apple
    } else if names(&["yahoo"]) {
        ClientFamily::Yahoo
    } else {
        ClientFamily::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_prodids_fall_into_their_families() {
        for (prodid, family) in [
            ("-//Google Inc//Google Calendar 70.9054//EN", ClientFamily::Google),
            ("-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN", ClientFamily::Outlook),
            ("Microsoft Exchange Server 2010", ClientFamily::Outlook),
            ("-//Apple Inc.//macOS 14.5//EN", ClientFamily::Apple),
            ("-//CALENDARSERVER.ORG//NONSGML Version 1//EN", ClientFamily::Other),
            ("-//Yahoo//Calendar//EN", ClientFamily::Yahoo),
            ("", ClientFamily::Other),
        ] {
            assert_eq!(client_family(prodid), family, "{prodid}");
        }
    }
}
