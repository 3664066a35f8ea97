//! Looking at a subscribed feed: a conditional request, redirects followed one by one, and an import if it has changed.

use itip::{CalAddress, Timestamp};
use scheduling::feed::{FeedUrl, Reach};
use scheduling::import::{ImportOrder, ImportSource, Vanished};
use scheduling::keys::sha256_hex;
use scheduling::ports::{FeedAnswer, FeedFetch, FeedRequest};
use store::accounts;
use store::feeds::{self, FeedRow};

use crate::import::{begin, import_id};
use crate::{IngestError, MailContext};

/// Longest feed, as long as a file.
const FEED_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Longest wait for a whole answer.
const FEED_TIMEOUT_MS: u32 = 20_000;
/// Redirects that are followed.
const REDIRECTS_MAX: usize = 5;
/// The longest rest after failures: a server that is back is found within a day.
const BACK_OFF_MINUTES_MAX: i64 = 1_440;
/// Longest reason that is kept.
const ERROR_CHARS_MAX: usize = 300;

/// What a look at a feed gave.
enum Seen {
    NotModified,
    Content(FeedAnswer),
}

/// Looks at a feed (`Job::Poll`). The word is for the log.
pub async fn poll(
    organizer: &CalAddress,
    feed: &str,
    fetch: &dyn FeedFetch,
    ctx: &MailContext,
) -> Result<&'static str, IngestError> {
    let db = ctx.db.as_ref();
    let Some(mut row) = feeds::feed(db, organizer, feed).await? else { return Ok("gone") };
    let now = ctx.clock.now();
    let suspended = accounts::organizer(db, organizer).await?.is_some_and(|account| account.suspended);
    let seen = if suspended {
        Err("the organizer's account is suspended".to_owned())
    } else {
        look(&row, fetch, &ctx.config.public_url).await
    };
    let done = match seen {
        Ok(Seen::NotModified) => "not modified",
        Ok(Seen::Content(answer)) => {
            (row.etag, row.modified) = (answer.etag, answer.modified);
            let raw = sha256_hex(&answer.body);
            if row.raw.as_deref() == Some(&raw) {
                "same content"
            } else {
                ctx.blobs.put(&raw, answer.body).await?;
                row.import = Some(start(organizer, &row, &raw, now, ctx).await?);
                (row.raw, row.changed) = (Some(raw), Some(now));
                "changed"
            }
        }
        Err(reason) => {
            row.failures = row.failures.saturating_add(1);
            row.error = Some(reason.chars().take(ERROR_CHARS_MAX).collect());
            row.due = now.plus(60 * rest_minutes(row.every_minutes, row.failures));
            db.run(feeds::settle_feed(&row)).await?;
            return Ok("failed");
        }
    };
    (row.failures, row.error, row.checked) = (0, None, Some(now));
    row.due = now.plus(60 * i64::from(row.every_minutes));
    db.run(feeds::settle_feed(&row)).await?;
    Ok(done)
}

/// How long a feed rests after this many failures in a row: twice as long each time.
fn rest_minutes(every_minutes: u32, failures: u32) -> i64 {
    let rest = i64::from(every_minutes) << failures.saturating_sub(1).min(10);
    rest.min(BACK_OFF_MINUTES_MAX.max(i64::from(every_minutes)))
}

/// Each content of a feed is an edition, even one that it had before.
async fn start(
    organizer: &CalAddress,
    row: &FeedRow,
    raw: &str,
    now: Timestamp,
    ctx: &MailContext,
) -> Result<String, IngestError> {
    let id = import_id(&["feed", &row.id, raw, &now.0.to_string()]);
    let order = ImportOrder {
        id: id.clone(),
        raw: raw.to_owned(),
        calendar: format!("feed {}", row.id),
        source: ImportSource::Feed,
        name: row.id.clone(),
        method: None,
        vanished: Vanished::parse(&row.vanished).unwrap_or_default(),
    };
    begin(organizer, order, ctx).await?;
    Ok(id)
}

/// Asks its server. Every address on the way is judged as the first one was.
async fn look(row: &FeedRow, fetch: &dyn FeedFetch, public_url: &str) -> Result<Seen, String> {
    let reach = Reach::of(public_url);
    let mut url = FeedUrl::parse(&row.url, reach).map_err(|error| error.to_string())?;
    // A validator is good for the address that gave it; a redirect may lead elsewhere each time, but to the same feed.
    for _ in 0..=REDIRECTS_MAX {
        let request = FeedRequest {
            url: &url,
            etag: row.etag.as_deref(),
            modified: row.modified.as_deref(),
            bytes_max: FEED_BYTES_MAX,
            timeout_ms: FEED_TIMEOUT_MS,
        };
        let answer = fetch.fetch(request).await?;
        match answer.status {
            200 => return Ok(Seen::Content(answer)),
            304 if row.raw.is_some() => return Ok(Seen::NotModified),
            301 | 302 | 303 | 307 | 308 => {
                let location = answer.location.ok_or("its server redirects to nowhere")?;
                let next = url.follow(&location, reach);
                url =
                    next.map_err(|error| format!("its server redirects to an address that is not opened: {error}"))?;
                if url.is_ours(public_url) {
                    return Err("its server redirects to this server".to_owned());
                }
            }
            status => return Err(format!("its server answers {status}")),
        }
    }
    Err(format!("its server redirects more than {REDIRECTS_MAX} times"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_that_fails_rests_longer_each_time_and_at_most_a_day() {
        let rests: Vec<i64> = (1..8).map(|failures| rest_minutes(60, failures)).collect();
        assert_eq!(rests, [60, 120, 240, 480, 960, 1_440, 1_440]);
        assert_eq!(rest_minutes(10_080, 3), 10_080);
        assert_eq!(rest_minutes(5, u32::MAX), 1_440);
    }
}
