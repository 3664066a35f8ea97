//! What an operator or an organizer can set.

use serde::{Deserialize, Serialize};

/// How the reply address of a guest is written (decision 6); all three forms are always understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReplyAddress {
    /// `rsvp+TOKEN@domain`.
    #[default]
    Plus,
    /// `rsvp-TOKEN@domain`, for domains without subaddressing.
    Dash,
    /// `rsvp@domain`; then only authenticated replies count.
    Plain,
}

/// Times that the objects work with, in seconds. Tests shorten them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How long a courier may hold a batch before its fate counts as unknown.
    pub lease_secs: i64,
    /// How long a mail of unknown fate waits for an SES event before it is sent again.
    pub unknown_grace_secs: i64,
    /// After how long a hint that nobody followed is given again.
    pub hint_repeat_secs: i64,
    /// How long "your event is ready" mails after the first are collected into one.
    pub digest_secs: i64,
    /// How long after the last change pages are made anew.
    pub rebuild_secs: i64,
    /// How long after the first change at the latest.
    pub rebuild_max_secs: i64,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            lease_secs: 60,
            unknown_grace_secs: 900,
            hint_repeat_secs: 30,
            digest_secs: 300,
            rebuild_secs: 1,
            rebuild_max_secs: 10,
        }
    }
}

/// The deployment's settings, read once from the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The mail domain: `create@`, `rsvp@`, `bulk@`, `unsubscribe@`, `notification@`.
    pub domain: String,
    /// Where pages live, without a trailing slash.
    pub public_url: String,
    /// How reply addresses are written.
    pub reply_address: ReplyAddress,
    /// Under every invitation; the law of many countries wants a postal address.
    pub postal_footer: String,
    /// Hosts that `landing` may lead to; subdomains included.
    pub landing_hosts: Vec<String>,
    /// The authserv-id whose verdicts count; unset, none do (decision 5).
    pub trusted_authserv_id: Option<String>,
    /// Submissions a day that may name one person, without a key.
    pub keyless_daily_max: u32,
    /// The same with a key.
    pub keyed_daily_max: u32,
    /// Guests an event may have.
    pub event_invites_max: u32,
    /// How long the courier waits for SES, in milliseconds.
    pub ses_timeout_ms: u32,
    /// The objects' times.
    pub timing: Timing,
}

/// What an organizer can set. Absent fields are the defaults, so that older rows stay readable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrganizerSettings {
    /// Updates and cancels wait for a release; pages change at once.
    pub approval: bool,
    /// Changes of time go to everybody who has not declined.
    pub wide_time_changes: bool,
    /// Every edit raises SEQUENCE and asks again.
    pub ask_again: bool,
    /// The invite page never completes the click by itself.
    pub button_only: bool,
    /// Answers to invitations may be mailed to the organizer himself.
    pub reply_to: bool,
    /// Minutes before the start that the guest's calendar reminds him; absent: no alarm.
    pub alarm_minutes: Option<u32>,
    /// Authenticated people who answer without having been invited are counted as `shared`.
    pub allow_shared: bool,
    /// Further hosts that `landing` may lead to.
    pub landing_hosts: Vec<String>,
    /// The place and the links by which one joins are told only in invitations: no public page or feed has them.
    pub hide_place: bool,
    /// The language of notices, and of mails to guests who named none: a tag of BCP 47 such as `es`; empty: none
    /// was chosen.
    pub language: String,
}

impl Default for OrganizerSettings {
    fn default() -> Self {
        Self {
            approval: false,
            wide_time_changes: false,
            ask_again: false,
            button_only: false,
            reply_to: true,
            alarm_minutes: Some(15),
            allow_shared: true,
            landing_hosts: Vec::new(),
            hide_place: false,
            language: String::new(),
        }
    }
}
