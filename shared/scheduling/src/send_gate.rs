//! The rate that SES allows, shared by everybody who sends: a token bucket with two lanes.

use itip::Timestamp;
use serde::{Deserialize, Serialize};

/// Who goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Somebody waits for this one mail.
    Single,
    /// Updates, cancels, lists.
    Bulk,
}

/// An answer of the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permit {
    /// How many mails may leave now; 0 to the number asked for.
    pub granted: u32,
    /// When to ask again for the rest, in seconds.
    pub retry_secs: i64,
    /// The rate is not known or old: read `GetAccount` and tell.
    pub ask_account: bool,
}

/// What was learned about the rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// `GetAccount` answered: mails a second, and what is left of the day's quota.
    Account {
        /// Mails a second.
        rate: u32,
        /// Mails left today; `None` without a quota.
        left_today: Option<u32>,
    },
    /// SES said "too fast": half the rate.
    TooFast,
    /// SES holds the account: nothing leaves for this many seconds.
    Held {
        /// Seconds.
        secs: i64,
    },
}

/// The bucket. Lives in one object's memory: after an eviction it starts cautiously anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendGate {
    /// What SES allows, mails a second.
    allowed: u32,
    /// What is used of it: halved on "too fast", one more each clean minute (AIMD).
    rate: u32,
    /// Mails that may leave now.
    tokens: u32,
    refilled: Timestamp,
    raised: Timestamp,
    asked: Option<Timestamp>,
    held_until: Timestamp,
    left_today: Option<u32>,
}

/// SES's sandbox allows one a second; an unknown account is treated a little better, since it answers at once.
const RATE_UNKNOWN: u32 = 14;
/// How long an answer of `GetAccount` is believed, in seconds.
const ACCOUNT_SECS: i64 = 300;
/// A fifth of the bucket stays for single invitations.
const BULK_SHARE_PERCENT: u32 = 80;

impl SendGate {
    /// A gate that knows nothing yet.
    pub fn new(now: Timestamp) -> Self {
        Self {
            allowed: RATE_UNKNOWN,
            rate: RATE_UNKNOWN,
            tokens: RATE_UNKNOWN,
            refilled: now,
            raised: now,
            asked: None,
            held_until: Timestamp(0),
            left_today: None,
        }
    }

    /// Grants as many of `mails` as may leave now.
    pub fn permit(&mut self, lane: Lane, mails: u32, now: Timestamp) -> Permit {
        let ask_account = self.asked.is_none_or(|asked| now >= asked.plus(ACCOUNT_SECS));
        if ask_account {
            // One asker at a time; an answer that never comes is asked for again later.
            self.asked = Some(now);
        }
        if now < self.held_until {
            return Permit { granted: 0, retry_secs: (self.held_until.0 - now.0).min(60), ask_account };
        }
        self.refill(now);
        let reserve = match lane {
            Lane::Single => 0,
            Lane::Bulk => self.rate - self.rate * BULK_SHARE_PERCENT / 100,
        };
        let granted = mails.min(self.tokens.saturating_sub(reserve)).min(self.left_today.unwrap_or(u32::MAX));
        self.tokens -= granted;
        self.left_today = self.left_today.map(|left| left - granted);
        Permit { granted, retry_secs: 1, ask_account }
    }

    /// Learns from SES.
    pub fn pace(&mut self, pace: Pace, now: Timestamp) {
        match pace {
            Pace::Account { rate, left_today } => {
                let known = self.rate < self.allowed;
                self.allowed = rate.max(1);
                self.rate = if known { self.rate.min(self.allowed) } else { self.allowed };
                self.left_today = left_today;
            }
            Pace::TooFast => {
                self.rate = (self.rate / 2).max(1);
                self.tokens = 0;
                self.raised = now;
            }
            Pace::Held { secs } => self.held_until = now.plus(secs),
        }
    }

    fn refill(&mut self, now: Timestamp) {
        let minutes = u32::try_from((now.0 - self.raised.0) / 60).unwrap_or(0);
        if minutes > 0 {
            self.rate = self.rate.saturating_add(minutes).min(self.allowed);
            self.raised = now;
        }
        let seconds = u32::try_from(now.0 - self.refilled.0).unwrap_or(0);
        if seconds > 0 {
            self.tokens = self.tokens.saturating_add(seconds.saturating_mul(self.rate)).min(self.rate);
            self.refilled = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_invitation_passes_a_running_list() {
        let now = Timestamp(1_000);
        let mut gate = SendGate::new(now);
        gate.pace(Pace::Account { rate: 50, left_today: None }, now);
        let later = now.plus(1);
        assert_eq!(gate.permit(Lane::Bulk, 1_000, later).granted, 40);
        assert_eq!(gate.permit(Lane::Bulk, 1, later).granted, 0);
        assert_eq!(gate.permit(Lane::Single, 1, later).granted, 1);
    }

    #[test]
    fn never_more_than_the_rate_leaves_in_a_second() {
        let start = Timestamp(1_000);
        let mut gate = SendGate::new(start);
        gate.pace(Pace::Account { rate: 14, left_today: None }, start);
        for second in 1..100 {
            let granted: u32 = (0..30).map(|_| gate.permit(Lane::Single, 3, start.plus(second)).granted).sum();
            assert_eq!(granted, 14);
        }
    }

    #[test]
    fn too_fast_halves_and_clean_minutes_raise_again() {
        let start = Timestamp(1_000);
        let mut gate = SendGate::new(start);
        gate.pace(Pace::Account { rate: 40, left_today: None }, start);
        gate.pace(Pace::TooFast, start);
        assert_eq!(gate.permit(Lane::Single, 100, start.plus(1)).granted, 20);
        assert_eq!(gate.permit(Lane::Single, 100, start.plus(121)).granted, 22);
    }

    #[test]
    fn the_days_quota_and_a_held_account_stop_everything() {
        let start = Timestamp(1_000);
        let mut gate = SendGate::new(start);
        gate.pace(Pace::Account { rate: 40, left_today: Some(3) }, start);
        assert_eq!(gate.permit(Lane::Single, 10, start.plus(1)).granted, 3);
        assert_eq!(gate.permit(Lane::Single, 10, start.plus(2)).granted, 0);
        gate.pace(Pace::Held { secs: 600 }, start);
        assert_eq!(gate.permit(Lane::Single, 1, start.plus(599)).granted, 0);
    }
}
